/* SPDX-License-Identifier: Apache-2.0 */
/* reload - a new generation in two steps, all or nothing.
 *
 * Snapshot the files, load the copy here (that finds nearly every mistake), let every process load it beside the one in
 * force, and only when all have said yes, tell all to use it. A no, a death or a silence on the way drops the new set;
 * the old one was never touched. What the running family cannot change (its folders, its user, how many it is) is
 * refused with a line that says so.
 */
#include "base/file.h"
#include "base/log.h"
#include "gateway/supervisor.h"
#include "gateway/tls_ca.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBLEMS_MAX (256u << 10)

/* ---- snapshots on disk
 * -------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void set_drop(struct set *set, bool with_files)
{
    generation_release(set->gen);
    if (with_files && set->dir[0] != '\0')
        nftw(set->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* links are removed, not followed */
    *set = (struct set){ .number = 0 };
}

static bool is_number(const char *s)
{
    size_t n = strspn(s, "0123456789");

    return n > 0 && n < 19 && s[n] == '\0';
}

static enum st_rc note_highest(void *ctx, const char *name, struct st_err *err)
{
    uint64_t *highest = ctx, n;

    (void)err;
    if (is_number(name) && st_span_u64(st_span_str(name), &n) && n > *highest)
        *highest = n;
    return ST_OK;
}

/* The folder of the next generation, numbered on from what is there. */
static enum st_rc next_dir(struct supervisor *sup, const char *state_dir, struct st_err *err)
{
    uint64_t number = sup->current.number;
    char parent[SUP_PATH], name[32];

    if (st_path_join(parent, sizeof parent, state_dir, "generations", err) != ST_OK ||
        st_mkdir_p(parent, 0700, err) != ST_OK)
        return ST_ERR;
    if (number == 0 && st_dir_list(parent, "", note_highest, &number, err) != ST_OK)
        return ST_ERR;
    sup->next.number = number + 1;
    snprintf(name, sizeof name, "%llu", (unsigned long long)sup->next.number);
    return st_path_join(sup->next.dir, sizeof sup->next.dir, parent, name, err);
}

struct tidy {
    struct supervisor *sup;
    char parent[SUP_PATH];
};

static enum st_rc remove_old(void *ctx, const char *name, struct st_err *err)
{
    struct tidy *t = ctx;
    struct set old = { .number = 0 };
    uint64_t n;

    if (!is_number(name) || !st_span_u64(st_span_str(name), &n) || n == t->sup->current.number)
        return ST_OK;
    if (st_path_join(old.dir, sizeof old.dir, t->parent, name, err) == ST_OK)
        set_drop(&old, true);
    return ST_OK;
}

void sets_tidy(struct supervisor *sup)
{
    struct st_err err = ST_ERR_INIT;
    struct tidy t = { .sup = sup };
    char *slash;

    snprintf(t.parent, sizeof t.parent, "%s", sup->current.dir);
    if ((slash = strrchr(t.parent, '/')) == NULL)
        return;
    *slash = '\0';
    (void)!st_dir_list(t.parent, "", remove_old, &t, &err); /* what stays costs disk only */
}

static uid_t chown_uid;
static gid_t chown_gid;

static int chown_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return lchown(path, chown_uid, chown_gid);
}

/* All of the state folder is the user's, what root has just written there too. */
static void hand_over(const struct sandbox_user *user, const char *dir)
{
    if (!user->is_set)
        return;
    chown_uid = user->uid;
    chown_gid = user->gid;
    (void)nftw(dir, chown_one, 16, FTW_PHYS);
}

/* ---- making a set
 * --------------------------------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static enum st_rc fixed(struct supervisor *sup, struct st_diag *diag, const struct st_str *s, const char *what)
{
    return st_diag_add(diag, sup->config_path, s->pos.line, s->pos.col,
                       "%s cannot change while the gateway runs; set it back, or restart", what);
}

static enum st_rc check_fixed(struct supervisor *sup, const struct pol_config *new, struct st_diag *diag,
                              struct st_err *err)
{
    const struct pol_config *old = sup->current.gen != NULL ? sup->current.gen->config : NULL;
    const struct st_str nowhere = { .s = NULL };
    enum st_rc rc = ST_OK;

    if (old == NULL)
        return ST_OK;
    if (!same(old->state_dir.s, new->state_dir.s))
        rc = fixed(sup, diag, &new->state_dir, "state_dir");
    if (!same(old->run_dir.s, new->run_dir.s))
        rc = fixed(sup, diag, &new->run_dir, "run_dir");
    if (!same(old->user.s, new->user.s))
        rc = fixed(sup, diag, &new->user, "user");
    if (old->workers != new->workers)
        rc = fixed(sup, diag, &nowhere, "workers");
    if (!listeners_match(sup, new))
        rc = fixed(sup, diag, &nowhere, "listen: an address that is in use by the gateway");
    return rc == ST_OK ? ST_OK : st_fail(err, ST_E_CONFIG, "reload.check", "a setting is fixed while running", 0);
}

/* Plugins that are off because of something they need; once, not by each process. */
static void tell_absences(const struct lp_set *plugins)
{
    struct lp_absence absence;

    for (size_t i = 0; i < lp_plugin_count(plugins); i++)
        if (lp_plugin_lacks(plugins, i, &absence))
            ST_LOG(PLUGIN_WITHOUT, ST_ID("plugin", st_id(absence.plugin)), ST_ID("needs", st_id(absence.needs)));
}

/* What was wrong and is left out: the plugins by their names, the rest by their files'. */
static void tell_left(const struct generation *gen)
{
    struct lp_stand_in in;

    for (size_t i = 0; i < lp_plugin_count(gen->plugins); i++)
        if (lp_plugin_stands_in(gen->plugins, i, &in))
            ST_LOG(PLUGIN_LEFT_OUT, ST_ID("plugin", st_id(in.plugin)), ST_ID("on_failure", st_id(in.on_failure)));
    for (size_t i = 0; i < gen->left.n; i++) {
        const char *file = gen->left.items[i].file, *name = strrchr(file, '/');

        if (strstr(file, "/platforms/") != NULL)
            ST_LOG(ADAPTER_LEFT_OUT, ST_ID("file", st_id(name != NULL ? name + 1 : file)));
        else if (strstr(file, "/detect/") == NULL)
            ST_LOG(CURATION_LEFT_OUT, ST_ID("file", st_id(name != NULL ? name + 1 : file)));
    }
}

/* A reload has an old set to stay with; the start has none, so it makes do with what is right. */
static enum st_rc load_whole(struct supervisor *sup, const char *path, struct generation **whole, struct st_diag *diag,
                             struct st_err *err)
{
    struct st_diag *first;
    enum st_rc rc;

    if (sup->phase != SUP_STARTING)
        return generation_load(path, sup->next.number, whole, diag, err);
    first = st_diag_new(); /* told again by the second try, as far as it counts */
    rc = generation_load(path, sup->next.number, whole, first, err);
    st_diag_free(first);
    return rc == ST_OK ? ST_OK : generation_load_most(path, sup->next.number, whole, diag, err);
}

/* Loads everything once, here, for its mistakes; what is kept is the config. */
static enum st_rc check_whole(struct supervisor *sup, const char *path, struct st_diag *diag, struct st_err *err)
{
    struct generation *whole = NULL;

    if (load_whole(sup, path, &whole, diag, err) != ST_OK)
        return ST_ERR;
    tell_absences(whole->plugins);
    tell_left(whole);
    generation_release(whole);
    return generation_load_config(path, sup->next.number, &sup->next.gen, diag, err);
}

static enum st_rc check_key(struct supervisor *sup, struct st_diag *diag, struct st_err *err)
{
    int fd = tls_ca_open_key(sup->next.gen->config->ca.key.s, diag);

    if (fd < 0)
        return st_fail(err, ST_E_CONFIG, "reload.check", "the CA key cannot be used", 0);
    close(fd);
    return ST_OK;
}

/* The state folder must exist before the snapshot, so it is read from the config as it is. */
static enum st_rc claim_dir(struct supervisor *sup, struct st_diag *diag, struct st_err *err)
{
    struct generation *gen = NULL;
    enum st_rc rc;

    if (generation_load_config(sup->config_path, 0, &gen, diag, err) != ST_OK)
        return ST_ERR;
    rc = check_fixed(sup, gen->config, diag, err);
    if (rc == ST_OK && next_dir(sup, gen->config->state_dir.s, err) != ST_OK) {
        rc = ST_ERR;
        st_diag_add(diag, sup->config_path, gen->config->state_dir.pos.line, gen->config->state_dir.pos.col,
                    "state_dir %s cannot be used (%s); make it, or choose a folder that can be written",
                    gen->config->state_dir.s, strerror((int)err->num));
    }
    generation_release(gen);
    return rc;
}

enum st_rc set_make(struct supervisor *sup, struct st_diag *diag, struct st_err *err)
{
    char path[SUP_PATH];

    set_drop(&sup->next, false);
    if (claim_dir(sup, diag, err) != ST_OK)
        return ST_ERR;
    if (generation_snapshot(sup->config_path, sup->next.dir, path, sizeof path, diag, err) != ST_OK ||
        check_whole(sup, path, diag, err) != ST_OK || check_key(sup, diag, err) != ST_OK ||
        listeners_open(sup, sup->next.gen->config, sup->config_path, diag, err) != ST_OK) {
        set_drop(&sup->next, true);
        return ST_ERR;
    }
    hand_over(&sup->user, sup->next.gen->config->state_dir.s);
    return ST_OK;
}

/* ---- the two steps
 * --------------------------------------------------------------------------------------------------------- */

void reload_problem(struct supervisor *sup, struct st_span text)
{
    struct st_span line;

    if (sup->problems.limit == 0)
        st_buf_init(&sup->problems, PROBLEMS_MAX);
    while (st_span_next(&text, '\n', &line)) { /* two processes often find the same */
        if (line.n == 0 || st_span_find(st_buf_view(&sup->problems), line) != ST_SPAN_NPOS)
            continue;
        st_buf_span(&sup->problems, line);
        st_buf_byte(&sup->problems, '\n');
    }
}

static void problems_of(struct supervisor *sup, const struct st_diag *diag, const struct st_err *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&text, &n);

    if (file == NULL)
        return;
    st_diag_print(diag, file);
    if (st_diag_count(diag) == 0)
        fprintf(file, "%s: %s (%s)\n", sup->config_path, err->what, err->where);
    fclose(file);
    reload_problem(sup, st_span(text, n));
    free(text);
}

static void answer_no(struct supervisor *sup)
{
    struct st_span rest = st_buf_view(&sup->problems), line;
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 2 * PROBLEMS_MAX);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", false);
    st_json_int(&w, "generation", (int64_t)sup->current.number);
    st_json_str(&w, "error", "the new configuration has an error; the old one stays in force");
    st_json_array(&w, "problems");
    while (st_span_next(&rest, '\n', &line))
        if (line.n > 0)
            st_json_span(&w, NULL, line);
    st_json_end(&w);
    st_json_end(&w);
    if (sup->reload_client != 0)
        control_answer(sup->control, sup->reload_client, st_buf_view(&out));
    else /* a SIGHUP has nobody else to tell */
        fwrite(sup->problems.p, 1, sup->problems.n, stderr);
    sup->reload_client = 0;
    st_buf_reset(&sup->problems);
    st_buf_fini(&out);
}

static void reject(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->n_kins; i++) {
        struct kin *kin = &sup->kins[i];

        if (kin->state != KIN_PREPARING && kin->state != KIN_PREPARED)
            continue;
        kin_send(kin, FAM_MSG_ABORT, 0, NULL, -1);
        st_timer_disarm(fam_timers(sup->child), &kin->patience);
        kin->state = KIN_RUNNING;
    }
    listeners_forget_new(sup);
    ST_LOG(GENERATION_REJECTED, ST_NUM("generation", sup->current.number + 1));
    set_drop(&sup->next, true);
    sup->phase = SUP_RUNNING;
    answer_no(sup);
}

void reload_ask(struct supervisor *sup, uint64_t client)
{
    if (sup->phase == SUP_RELOADING || sup->wants_reload) {
        if (client != 0)
            control_error(sup->control, client, "a reload is under way");
        return;
    }
    if (sup->phase != SUP_RUNNING) {
        control_error(sup->control, client, "the gateway is stopping");
        return;
    }
    sup->wants_reload = true;
    sup->reload_client = client;
    reload_try(sup);
}

void reload_try(struct supervisor *sup)
{
    struct st_diag *diag;
    struct st_err err = ST_ERR_INIT;

    if (!sup->wants_reload || sup->phase != SUP_RUNNING || !kins_all(sup, KIN_RUNNING))
        return;
    sup->wants_reload = false;
    sup->phase = SUP_RELOADING;
    diag = st_diag_new();
    if (set_make(sup, diag, &err) != ST_OK) {
        problems_of(sup, diag, &err);
        reject(sup);
    } else {
        for (size_t i = 0; i < sup->n_kins; i++) {
            sup->kins[i].state = KIN_PREPARING;
            kin_prepare(&sup->kins[i], &sup->next);
        }
    }
    st_diag_free(diag);
}

static void give_new_listeners(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->n_kins; i++)
        for (size_t l = sup->n_old_listeners; sup->kins[i].role == FAM_WORKER && l < sup->n_listeners; l++)
            kin_give_listener(&sup->kins[i], &sup->listeners[l]);
    sup->n_old_listeners = sup->n_listeners;
}

void reload_step(struct supervisor *sup)
{
    bool is_waiting = false;

    for (size_t i = 0; i < sup->n_kins; i++)
        is_waiting |= sup->kins[i].state == KIN_PREPARING;
    if (sup->phase != SUP_RELOADING || is_waiting)
        return;
    if (sup->problems.n > 0) {
        reject(sup);
        return;
    }
    for (size_t i = 0; i < sup->n_kins; i++)
        kin_commit(&sup->kins[i]);
    give_new_listeners(sup);
    sup_generation_in_force(sup);
    sup->phase = SUP_RUNNING;
    sets_tidy(sup);
    requests_settle(sup, sup->reload_client);
    sup->reload_client = 0;
}

void reload_kin_died(struct supervisor *sup)
{
    if (sup->phase != SUP_RELOADING)
        return;
    reload_problem(sup, ST_SPAN("a process ended during the reload; try again"));
    reject(sup);
}
