/* SPDX-License-Identifier: Apache-2.0 */
/* generation - loads one set of config, policies, packs, plugins and adapters, as a whole or not at all.
 *
 * Plugins come first, since policies may name platforms only that an adapter declares; when they fail, the policies are
 * still read, so that one run reports every mistake. A set that was snapshotted (snapshot.c) holds a file `origins`:
 * what is wrong with the copy is reported under the name of the file that a person can edit.
 */
#include "gateway/generation.h"
#include "base/diag.h"
#include "gateway/tls.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATION_MAGIC 0x67656e65u
#define CONFIG_ARENA     (8u << 20)
#define LEFT_ARENA       (1u << 20)
#define ORIGINS_MAX      64
#define PATH_ROOM        4096

/* ---- names of copies back to names of originals ------------------------------------------------------------------ */

struct origins {
    size_t n;
    struct {
        char *copy, *original;
    } item[ORIGINS_MAX];
};

static void origins_fini(struct origins *o)
{
    for (size_t i = 0; i < o->n; i++) {
        free(o->item[i].copy);
        free(o->item[i].original);
    }
    o->n = 0;
}

/* Lines of `name-in-the-copy TAB original`; a set that is no snapshot has no such file. */
static void origins_read(const char *config_path, struct origins *o)
{
    const char *slash = strrchr(config_path, '/');
    int dir_len = slash == NULL ? 0 : (int)(slash - config_path);
    char path[PATH_ROOM], line[2 * PATH_ROOM];
    FILE *file;

    o->n = 0;
    if (slash == NULL || snprintf(path, sizeof path, "%.*s/origins", dir_len, config_path) >= (int)sizeof path ||
        (file = fopen(path, "re")) == NULL)
        return;
    while (o->n < ORIGINS_MAX && fgets(line, sizeof line, file) != NULL) {
        char *tab = strchr(line, '\t'), *copy = NULL, *original;

        line[strcspn(line, "\n")] = '\0';
        if (tab == NULL)
            continue;
        *tab = '\0';
        if (asprintf(&copy, "%.*s/%s", dir_len, config_path, line) < 0 || (original = strdup(tab + 1)) == NULL) {
            free(copy);
            break;
        }
        o->item[o->n].copy = copy;
        o->item[o->n++].original = original;
    }
    fclose(file);
}

static const char *origin_at(const struct origins *o, const char *at, size_t *len)
{
    for (size_t i = 0; i < o->n; i++) {
        size_t n = strlen(o->item[i].copy);

        if (strncmp(at, o->item[i].copy, n) == 0 && strchr("/:\" ',;)", at[n]) != NULL) {
            *len = n;
            return o->item[i].original;
        }
    }
    return NULL;
}

static void translate(const struct origins *o, const char *text, struct st_buf *out)
{
    st_buf_reset(out);
    for (size_t i = 0; text[i] != '\0';) {
        size_t len = 0;
        const char *original = text[i] == '/' ? origin_at(o, text + i, &len) : NULL;

        if (original != NULL) {
            st_buf_str(out, original);
            i += len;
        } else {
            st_buf_byte(out, (uint8_t)text[i++]);
        }
    }
    st_buf_byte(out, 0);
}

void generation_diag_move(const char *config_path, const struct st_diag *from, struct st_diag *to)
{
    const struct st_diag_item *item;
    struct st_buf file, text;
    struct origins o;

    origins_read(config_path, &o);
    st_buf_init(&file, 1u << 16);
    st_buf_init(&text, 1u << 16);
    for (size_t i = 0; (item = st_diag_at(from, i)) != NULL; i++) {
        translate(&o, item->file == NULL ? "" : item->file, &file);
        translate(&o, item->text, &text);
        if (file.failed == ST_E_NONE && text.failed == ST_E_NONE)
            st_diag_add(to, (const char *)file.p, item->line, item->col, "%s", (const char *)text.p);
        else
            st_diag_add(to, item->file, item->line, item->col, "%s", item->text);
    }
    st_buf_fini(&file);
    st_buf_fini(&text);
    origins_fini(&o);
}

void generation_origin(const char *config_path, const char *file, struct st_buf *out)
{
    struct origins o;

    origins_read(config_path, &o);
    translate(&o, file, out);
    origins_fini(&o);
}

/* ---- what is left out --------------------------------------------------------------------------------------------
 */

/* The file beside stoa.yaml: "line TAB file TAB why", one a line. */
static bool left_path(const char *config_path, char *path, size_t size)
{
    const char *slash = strrchr(config_path, '/');

    return slash != NULL &&
           (size_t)snprintf(path, size, "%.*s/left-out", (int)(slash - config_path), config_path) < size;
}

static enum st_rc left_read(const char *config_path, struct st_arena *arena, struct lp_left *left, struct st_err *err)
{
    char path[PATH_ROOM], line[2 * PATH_ROOM], *end;
    FILE *file = left_path(config_path, path, sizeof path) ? fopen(path, "re") : NULL;
    enum st_rc rc = ST_OK;

    while (file != NULL && rc == ST_OK && left->n < LP_LEFT_MAX && fgets(line, sizeof line, file) != NULL) {
        struct lp_left_file *item = &left->items[left->n];
        char *name = strchr(line, '\t'), *why = name != NULL ? strchr(name + 1, '\t') : NULL;

        if (why == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        *why = '\0';
        item->line = (unsigned)strtoul(line, &end, 10);
        item->file = st_arena_str(arena, st_span_str(name + 1));
        item->why = st_arena_str(arena, st_span_str(why + 1));
        if (item->file == NULL || item->why == NULL)
            rc = st_arena_fail(arena, err, "generation.left");
        else
            left->n++;
    }
    if (file != NULL)
        fclose(file);
    return rc;
}

static enum st_rc left_write(const char *config_path, const struct lp_left *left, struct st_err *err)
{
    char path[PATH_ROOM];
    FILE *file = left_path(config_path, path, sizeof path) ? fopen(path, "we") : NULL;
    bool ok = file != NULL;

    for (size_t i = 0; ok && i < left->n; i++)
        ok = fprintf(file, "%u\t%s\t%s\n", left->items[i].line, left->items[i].file, left->items[i].why) > 0;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    return ok ? ST_OK : st_fail(err, ST_E_IO, "generation.left", "the file left-out cannot be written", errno);
}

/* ---- loading -------------------------------------------------------------------------------------------------------
 */

static const char **names(struct st_arena *arena, const struct st_list *list, struct st_err *err)
{
    const char **out = st_arena_alloc(arena, (list->n + 1) * sizeof *out);

    if (out == NULL) {
        st_arena_fail(arena, err, "generation.load");
        return NULL;
    }
    for (size_t i = 0; i < list->n; i++)
        out[i] = ((const struct st_str *)list->items)[i].s;
    return out;
}

static enum st_rc load_config(struct generation *gen, const char *path, struct st_diag *diag, struct st_err *err)
{
    struct pol_config *config;

    if ((gen->arena = st_arena_new(CONFIG_ARENA)) == NULL)
        return st_fail(err, ST_E_NOMEM, "generation.load", "arena", 0);
    if ((config = st_arena_alloc(gen->arena, sizeof *config)) == NULL)
        return st_arena_fail(gen->arena, err, "generation.load");
    gen->config = config;
    return pol_config_load(path, gen->arena, config, diag, err);
}

/* The worker loads it for good; here it is found in time, by everyone who checks a set. */
static enum st_rc check_trust(const struct pol_config *config, const char *path, struct st_diag *diag,
                              struct st_err *err)
{
    const struct st_str *bundle = &config->upstream.trust;
    struct tls_trust *trust = NULL;

    if (bundle->s == NULL)
        return ST_OK;
    if (tls_trust_new(config, &trust, err) != ST_OK) {
        if (err->code == ST_E_CONFIG)
            st_diag_add(diag, path, bundle->pos.line, bundle->pos.col,
                        "upstream.trust: expected a bundle of certificates (PEM) in %.200s; correct the path or the "
                        "file, or leave upstream.trust out to use the system's",
                        bundle->s);
        return ST_ERR;
    }
    tls_trust_free(trust);
    return ST_OK;
}

/* What stoa.yaml says of one plugin, as the plugins' own room wants it. */
static enum st_rc choose(struct st_arena *arena, const char *path, const struct pol_plugin *from, struct lp_chosen *to)
{
    const struct st_many *many = from->settings.items;
    struct lp_given *given = st_arena_alloc(arena, from->settings.n * sizeof *given + 1);

    if (given == NULL)
        return ST_ERR;
    for (size_t i = 0; i < from->settings.n; i++) {
        const char **items = st_arena_alloc(arena, (many[i].values.n + 1) * sizeof *items);

        if (items == NULL)
            return ST_ERR;
        for (size_t k = 0; k < many[i].values.n; k++)
            items[k] = ((const struct st_str *)many[i].values.items)[k].s;
        given[i] =
            (struct lp_given){ many[i].key.s, path, many[i].values.pos, items, many[i].values.n, many[i].is_list };
    }
    *to = (struct lp_chosen){ from->name.s, path, from->name.pos, from->is_enabled, given, from->settings.n };
    return ST_OK;
}

/* What stoa.yaml says of its own hosts. NULL: no memory. */
static const struct lp_bound *bind(struct generation *gen, const char *path, struct st_err *err)
{
    const struct pol_platform *from = gen->config->platforms.items;
    struct lp_bound *to = st_arena_alloc(gen->arena, gen->config->platforms.n * sizeof *to + 1);

    for (size_t i = 0; to != NULL && i < gen->config->platforms.n; i++) {
        to[i] = (struct lp_bound){ from[i].id.s, path, from[i].id.pos, names(gen->arena, &from[i].hosts, err) };
        if (to[i].hosts == NULL)
            return NULL;
    }
    return to;
}

static enum st_rc load_plugins(struct generation *gen, const char *path, struct st_diag *diag, struct st_err *err)
{
    const struct st_list *plugins = &gen->config->plugins;
    struct lp_chosen *chosen = st_arena_alloc(gen->arena, plugins->n * sizeof *chosen + 1);
    const struct lp_sources sources = { .dirs = names(gen->arena, &gen->config->path.plugins, err),
                                        .disable = names(gen->arena, &gen->config->path.disable, err),
                                        .trusted = names(gen->arena, &gen->config->curation.trusted, err),
                                        .doubtful = names(gen->arena, &gen->config->curation.doubtful, err),
                                        .chosen = chosen,
                                        .n_chosen = plugins->n,
                                        .bound = bind(gen, path, err),
                                        .n_bound = gen->config->platforms.n,
                                        .left = &gen->left };

    if (sources.dirs == NULL || sources.disable == NULL || sources.trusted == NULL || sources.doubtful == NULL ||
        sources.bound == NULL || chosen == NULL)
        return st_arena_fail(gen->arena, err, "generation.load");
    for (size_t i = 0; i < plugins->n; i++)
        if (choose(gen->arena, path, (const struct pol_plugin *)plugins->items + i, &chosen[i]) != ST_OK)
            return st_arena_fail(gen->arena, err, "generation.load");
    return lp_set_load(&sources, &gen->plugins, diag, err);
}

static enum st_rc load_rest(struct generation *gen, const char *path, struct st_diag *diag, struct st_err *err)
{
    enum st_rc trust = check_trust(gen->config, path, diag, err), plugins = load_plugins(gen, path, diag, err);
    struct pol_outside outside = { 0 };
    enum st_rc policies;

    if (plugins == ST_OK) {
        outside.platforms = lp_platforms(gen->plugins);
        outside.detectors = lp_detectors(gen->plugins, &outside.n_detectors);
    }
    policies = pol_set_load(path, &outside, &gen->policies, diag, err);
    if (plugins == ST_OK && policies == ST_OK)
        plugins = lp_set_settle(gen->plugins, pol_set_packs(gen->policies), err);

    return trust != ST_OK ? trust : plugins != ST_OK ? plugins : policies;
}

/* What is wrong is told under the names of the copies. */
static enum st_rc load_as_it_is(const char *path, uint64_t number, bool is_whole, struct generation **out,
                                struct st_diag *found, struct st_err *err)
{
    struct generation *gen = calloc(1, sizeof *gen);

    if (gen == NULL)
        return st_fail(err, ST_E_NOMEM, "generation.load", "generation", sizeof *gen);
    *gen = (struct generation){ .magic = GENERATION_MAGIC, .refs = 1, .number = number };
    if (load_config(gen, path, found, err) != ST_OK || left_read(path, gen->arena, &gen->left, err) != ST_OK ||
        (is_whole && load_rest(gen, path, found, err) != ST_OK)) {
        generation_release(gen);
        return ST_ERR;
    }
    *out = gen;
    return ST_OK;
}

static enum st_rc load(const char *path, uint64_t number, bool is_whole, struct generation **out, struct st_diag *diag,
                       struct st_err *err)
{
    struct st_diag *found = st_diag_new();
    enum st_rc rc;

    if (found == NULL)
        return st_fail(err, ST_E_NOMEM, "generation.load", "diagnostics", 0);
    rc = load_as_it_is(path, number, is_whole, out, found, err);
    if (diag != NULL)
        generation_diag_move(path, found, diag);
    st_diag_free(found);
    return rc;
}

struct most { /* a start that leaves out what it must */
    const char *path;
    uint64_t number;
    struct lp_left left;
    struct st_arena *arena; /* of left */
    struct st_diag *diag;
};

/* Once without those that are left out so far. ST_AGAIN: more have to be. */
static enum st_rc load_without(struct most *m, struct generation **out, struct st_err *err)
{
    struct st_diag *found = st_diag_new();
    enum st_rc rc;

    if (found == NULL)
        return st_fail(err, ST_E_NOMEM, "generation.load", "diagnostics", 0);
    rc = load_as_it_is(m->path, m->number, true, out, found, err);
    if (rc != ST_OK && (err->code == ST_E_CONFIG || err->code == ST_E_PLUGIN) &&
        lp_left_add(&m->left, found, m->arena, err) == ST_OK && left_write(m->path, &m->left, err) == ST_OK)
        rc = ST_AGAIN;
    if (rc == ST_ERR)
        generation_diag_move(m->path, found, m->diag);
    st_diag_free(found);
    return rc;
}

enum st_rc generation_load_most(const char *config_path, uint64_t number, struct generation **out, struct st_diag *diag,
                                struct st_err *err)
{
    struct most m = { .path = config_path, .number = number, .arena = st_arena_new(LEFT_ARENA), .diag = diag };
    struct st_diag *told = st_diag_new();
    enum st_rc rc = ST_AGAIN;

    if (m.arena == NULL || told == NULL)
        rc = st_fail(err, ST_E_NOMEM, "generation.load", "diagnostics", 0);
    while (rc == ST_AGAIN) /* each time at least one more is left out, and their number has a ceiling */
        rc = load_without(&m, out, err);
    for (size_t i = 0; i < m.left.n && told != NULL; i++)
        (void)st_diag_add(told, m.left.items[i].file, m.left.items[i].line, 0,
                          "%s; left out until it is mended and reloaded", m.left.items[i].why);
    if (told != NULL)
        generation_diag_move(config_path, told, diag);
    st_diag_free(told);
    st_arena_free(m.arena);
    return rc;
}

enum st_rc generation_load(const char *config_path, uint64_t number, struct generation **out, struct st_diag *diag,
                           struct st_err *err)
{
    return load(config_path, number, true, out, diag, err);
}

enum st_rc generation_load_config(const char *config_path, uint64_t number, struct generation **out,
                                  struct st_diag *diag, struct st_err *err)
{
    return load(config_path, number, false, out, diag, err);
}

struct generation *generation_retain(struct generation *gen)
{
    ST_CHECK(gen, GENERATION_MAGIC);
    gen->refs++;
    return gen;
}

void generation_release(struct generation *gen)
{
    if (gen == NULL)
        return;
    ST_CHECK(gen, GENERATION_MAGIC);
    if (--gen->refs > 0)
        return;
    pol_set_free(gen->policies);
    lp_set_release(gen->plugins);
    st_arena_free(gen->arena);
    gen->magic = 0;
    free(gen);
}
