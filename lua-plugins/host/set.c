/* SPDX-License-Identifier: Apache-2.0 */
/* set - finds the files below the directories, loads them in name order, and keeps what came of them.
 *
 * Below each directory: lib/NAME.lua (shared modules), platforms/ID.lua (adapters), detect/NAME.lua (plugins),
 * curation/NAME.curate.lua and NAME.curate.json (rules). A later directory wins over an earlier one where both have an
 * adapter or a plugin of the same name, so that a site may put its own beside the shipped ones. Loading goes on after a
 * mistake, so that one run shows all of them; any mistake makes the load fail as a whole. What a mistake is, the
 * diagnostics say; *err is ST_E_CONFIG then.
 */
#include "set.h"
#include "api.h"
#include "base/file.h"
#include "detect.h"
#include "manifest.h"
#include "needs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_MAX ((size_t)16 << 20)

struct loader {
    struct lp_set *set;
    struct st_diag *diag;
    struct st_err *err;
    const struct lp_sources *sources;
    bool failed; /* a file is wrong */
};

enum st_rc lp_file_read(const char *path, struct st_buf *out, struct st_diag *diag, struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;
    enum st_rc rc = ST_ERR;
    struct stat st;

    st_buf_init(out, LP_SOURCE_MAX);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* opening a pipe would wait for its other end */
        st_fail(&why, ST_E_IO, "lua.file", "not a regular file", 0);
    else
        rc = st_file_read(path, LP_SOURCE_MAX, out, &why);
    if (rc == ST_OK)
        return ST_OK;
    if (why.code == ST_E_NOMEM)
        return st_fail(err, ST_E_NOMEM, "lua.file", "source", LP_SOURCE_MAX);
    if (why.code == ST_E_LIMIT)
        (void)st_diag_add(diag, path, 0, 0, "the file is longer than 256 KiB; split it, or move data out of it");
    else
        (void)st_diag_add(diag, path, 0, 0, "the file cannot be read: %s",
                          why.num != 0 ? strerror((int)why.num) : "it is no regular file");
    return st_fail(err, ST_E_CONFIG, "lua.file", "a file cannot be read", why.num);
}

enum st_rc lp_file_diag(const struct lp_state *s, const char *path, struct st_diag *diag)
{
    return st_diag_add(diag, path, s->failure_line, 0, "%s", s->failure);
}

static char *join(struct st_arena *arena, const char *a, const char *b, const char *c)
{
    size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
    char *s = st_arena_alloc(arena, n);

    if (s != NULL)
        (void)snprintf(s, n, "%s%s%s", a, b, c);
    return s;
}

/* A wrong file is noted and loading goes on; only memory and I/O end it. */
static enum st_rc after_file(struct loader *l, enum st_rc rc)
{
    if (rc == ST_OK || (l->err->code != ST_E_PLUGIN && l->err->code != ST_E_CONFIG))
        return rc;
    l->failed = true;
    return ST_OK;
}

typedef enum st_rc load_f(struct loader *l, const char *path);

static enum st_rc load_adapter(struct loader *l, const char *path)
{
    return lp_adapter_load(l->set, path, lp_left_find(l->sources->left, path), l->diag, l->err);
}

/* What path.disable names. */
static void switch_off(const struct loader *l, struct lp_plugin *p)
{
    const char *const *disable = l->sources->disable;

    for (size_t i = 0; disable != NULL && disable[i] != NULL; i++) {
        if (strcmp(disable[i], p->name) != 0)
            continue;
        p->is_enabled = false;
        p->n_detectors = p->broken != NULL ? 0 : p->n_detectors;
    }
}

static enum st_rc load_plugin(struct loader *l, const char *path)
{
    struct lp_set *set = l->set;
    const struct lp_plugin_source source = { .path = path,
                                             .libs = &set->libs,
                                             .chosen = l->sources->chosen,
                                             .n_chosen = l->sources->n_chosen,
                                             .left = lp_left_find(l->sources->left, path) };
    struct lp_plugin *p = NULL;
    size_t at = 0;

    if (lp_plugin_load(&source, set->arena, &p, source.left != NULL ? NULL : l->diag, l->err) != ST_OK)
        return ST_ERR;
    if (p->broken == NULL && lp_detectors_make(p, l->diag, l->err) != ST_OK) {
        lp_plugin_free(p);
        return ST_ERR;
    }
    flt_packs_release(p->packs);
    p->packs = NULL;
    switch_off(l, p);
    while (at < set->n_plugins && strcmp(set->plugins[at]->name, p->name) < 0)
        at++;
    if (at < set->n_plugins && strcmp(set->plugins[at]->name, p->name) == 0 && !p->is_unnamed &&
        !set->plugins[at]->is_unnamed) {
        lp_plugin_free(set->plugins[at]);
        set->plugins[at] = p;
        return ST_OK;
    }
    if (set->n_plugins >= LP_LIST_MAX) {
        lp_plugin_free(p);
        return st_fail(l->err, ST_E_LIMIT, "lua.set", "more than 256 plugins", 0);
    }
    memmove(set->plugins + at + 1, set->plugins + at, (set->n_plugins - at) * sizeof set->plugins[0]);
    set->plugins[at] = p;
    set->n_plugins++;
    return ST_OK;
}

static int run_compile(lua_State *L)
{
    const struct st_span *text = lua_touserdata(L, 1);

    lp_state_chunk(L, *text);
    return 0;
}

/* A file of lib/ is kept as text: each plugin that asks for it runs it in its own state. */
static enum st_rc load_lib(struct loader *l, const char *path)
{
    struct lp_libs *libs = &l->set->libs;
    struct lp_state *state = NULL;
    const char *base = strrchr(path, '/') + 1;
    struct st_span name = st_span(base, strlen(base) - strlen(".lua")), kept = ST_SPAN_NONE;
    struct st_buf text;
    enum st_rc rc;
    size_t at = 0;

    if (lp_left_find(l->sources->left, path) == NULL) {
        rc = lp_file_read(path, &text, l->diag, l->err);
    } else { /* who asks for it does not load either */
        st_buf_init(&text, LP_SOURCE_MAX);
        st_buf_str(&text, "error 'this shared module is left out, since its file is wrong'");
        rc = st_buf_done(&text, l->err, "lua.set");
    }
    if (rc == ST_OK && (rc = lp_state_new(LP_MEMORY_BARE, &state, l->err)) == ST_OK) {
        kept = st_buf_view(&text);
        rc = lp_state_run(state, run_compile, &kept, LP_TIME_LOAD_US, l->err);
        if (rc != ST_OK && l->err->code == ST_E_PLUGIN)
            (void)lp_file_diag(state, path, l->diag);
    }
    while (at < libs->n && !st_span_eq(name, st_span_str(libs->items[at].name)))
        at++;
    if (rc == ST_OK && at == ST_LEN(libs->items))
        rc = st_fail(l->err, ST_E_LIMIT, "lua.set", "more than 64 shared modules", at);
    if (rc == ST_OK) {
        libs->items[at].name = st_arena_str(l->set->arena, name);
        libs->items[at].text =
            st_span(st_arena_dup(l->set->arena, kept.n > 0 ? (const void *)kept.p : "", kept.n), kept.n);
        if (libs->items[at].name == NULL || libs->items[at].text.p == NULL)
            rc = st_arena_fail(l->set->arena, l->err, "lua.set");
        else
            libs->n += at == libs->n;
    }
    lp_state_free(state);
    st_buf_fini(&text);
    return rc;
}

static enum st_rc load_rules(struct loader *l, const char *path)
{
    if (lp_left_find(l->sources->left, path) != NULL)
        return ST_OK;
    return lp_rules_load(&l->set->rules, path, l->set->arena, l->diag, l->err);
}

struct folder {
    struct loader *l;
    const char *path;
    load_f *load;
    unsigned n;
};

static enum st_rc load_file(void *ctx, const char *name, struct st_err *err)
{
    struct folder *folder = ctx;
    char *path = join(folder->l->set->arena, folder->path, "/", name);

    if (path == NULL)
        return st_arena_fail(folder->l->set->arena, err, "lua.set");
    if (++folder->n > LP_FILES_MAX)
        return st_fail(err, ST_E_LIMIT, "lua.set", "more than 512 files in a folder", folder->n);
    return after_file(folder->l, folder->load(folder->l, path));
}

/* Loads every file with the ending, in name order; a missing folder is fine. Hidden files are no plugins. */
static enum st_rc load_folder(struct loader *l, const char *path, const char *ending, load_f *load)
{
    struct folder folder = { .l = l, .path = path, .load = load };
    struct stat st;

    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return ST_OK;
    if (st_dir_list(path, ending, load_file, &folder, l->err) == ST_OK)
        return ST_OK;
    if (l->err->code == ST_E_IO)
        (void)st_diag_add(l->diag, path, 0, 0, "this folder cannot be read: %s", strerror((int)l->err->num));
    return ST_ERR;
}

static enum st_rc load_dir(struct loader *l, const char *dir)
{
    static const struct {
        const char *folder, *ending;
        load_f *load;
    } folders[] = { { "/lib", ".lua", load_lib },
                    { "/platforms", ".lua", load_adapter },
                    { "/detect", ".lua", load_plugin },
                    { "/curation", ".curate.lua", load_rules },
                    { "/curation", ".curate.json", load_rules } };
    struct stat st;

    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        (void)st_diag_add(l->diag, dir, 0, 0,
                          "this plugin directory cannot be read; make it, or correct path.plugins in stoa.yaml");
        l->failed = true;
        return ST_OK;
    }
    for (size_t i = 0; i < ST_LEN(folders); i++) {
        char *path = join(l->set->arena, dir, folders[i].folder, "");

        if (path == NULL)
            return st_arena_fail(l->set->arena, l->err, "lua.set");
        if (load_folder(l, path, folders[i].ending, folders[i].load) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* All of them, whatever fails on the way; only memory and I/O end it. */
static enum st_rc run_tests(struct loader *l)
{
    struct lp_set *set = l->set;

    for (size_t i = 0; i < set->adapters.n; i++)
        if (set->adapters.items[i]->broken == NULL &&
            after_file(l, lp_adapter_check(set, set->adapters.items[i], l->diag, l->err)) != ST_OK)
            return ST_ERR;
    for (size_t i = 0; i < set->n_plugins; i++)
        if (set->plugins[i]->broken == NULL &&
            after_file(l, lp_plugin_check(set->plugins[i], l->diag, l->err)) != ST_OK)
            return ST_ERR;
    return after_file(l, lp_rules_check(set, l->diag, l->err));
}

enum st_rc lp_set_test(struct lp_set *set, const char *plugin, struct st_diag *diag, struct st_err *err)
{
    struct loader l = { .set = set, .diag = diag, .err = err };

    if (plugin == NULL)
        return run_tests(&l) != ST_OK ? ST_ERR
               : l.failed             ? st_fail(err, ST_E_CONFIG, "lua.set", "a test failed", 0)
                                      : ST_OK;
    for (size_t i = 0; i < set->n_plugins; i++)
        if (strcmp(set->plugins[i]->name, plugin) == 0)
            return lp_plugin_check(set->plugins[i], diag, err);
    return st_fail(err, ST_E_CONFIG, "lua.set", "there is no plugin of this name", 0);
}

/* Each plugin that a site names has to be there, and is named once. */
static void check_chosen(struct loader *l)
{
    const struct lp_set *set = l->set;
    const char *known[LP_LIST_MAX], *near;

    if (l->failed || set->has_left) /* it may be the one that did not load */
        return;
    for (size_t i = 0; i < set->n_plugins; i++)
        known[i] = set->plugins[i]->name;
    for (size_t i = 0; i < l->sources->n_chosen; i++) {
        const struct lp_chosen *c = &l->sources->chosen[i];
        bool is_known = false;

        for (size_t k = 0; k < set->n_plugins; k++)
            is_known = is_known || strcmp(known[k], c->plugin) == 0;
        if (is_known && lp_chosen_find(l->sources->chosen, i, c->plugin) == NULL)
            continue;
        near = is_known ? NULL : st_diag_nearest(c->plugin, known, set->n_plugins);
        l->failed = true;
        (void)st_diag_add(l->diag, c->file, c->pos.line, c->pos.col, "plugins: %s '%.60s'%s%s%s",
                          is_known ? "there are two entries for" : "there is no plugin", c->plugin,
                          near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    }
}

/* A copy of the list, for as long as the set lives. */
static enum st_rc keep_hosts(struct loader *l, const char *const *from, const char *const **to)
{
    const char **list;
    size_t n = 0;

    if (from == NULL)
        return ST_OK;
    while (from[n] != NULL)
        n++;
    if ((list = st_arena_alloc(l->set->arena, (n + 1) * sizeof *list)) == NULL)
        return st_arena_fail(l->set->arena, l->err, "lua.set");
    for (size_t i = 0; i < n; i++)
        if ((list[i] = st_arena_str(l->set->arena, st_span_str(from[i]))) == NULL)
            return st_arena_fail(l->set->arena, l->err, "lua.set");
    *to = list;
    return ST_OK;
}

static enum st_rc finish(struct loader *l)
{
    struct lp_set *set = l->set;

    if ((!l->failed && /* else it may be the one that did not load */
         after_file(l, lp_adapters_bind(&set->adapters, l->sources, set->arena, l->diag, l->err)) != ST_OK) ||
        lp_adapters_index(&set->adapters, set->arena, l->err) != ST_OK ||
        keep_hosts(l, l->sources->trusted, &set->rules.trusted) != ST_OK ||
        keep_hosts(l, l->sources->doubtful, &set->rules.doubtful) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < set->adapters.n; i++)
        set->platforms[i] = set->adapters.items[i]->id;
    if (lp_set_settle(set, NULL, l->err) != ST_OK)
        return ST_ERR;
    if ((set->given = st_arena_alloc(set->arena, (set->n_plugins + 1) * sizeof *set->given)) == NULL)
        return st_arena_fail(set->arena, l->err, "lua.set");
    for (size_t i = 0; i < set->n_plugins; i++)
        if ((set->plugins[i]->is_enabled || set->plugins[i]->broken != NULL) && set->plugins[i]->n_detectors > 0)
            set->given[set->n_given++] = lp_detectors_given(set->plugins[i]);
    check_chosen(l);
    if (!l->sources->skip_tests && run_tests(l) != ST_OK)
        return ST_ERR;
    return l->failed ? st_fail(l->err, ST_E_CONFIG, "lua.set", "a file is wrong", st_diag_count(l->diag)) : ST_OK;
}

enum st_rc lp_set_load(const struct lp_sources *sources, struct lp_set **out, struct st_diag *diag, struct st_err *err)
{
    struct st_err local = ST_ERR_INIT;
    struct lp_set *set = calloc(1, sizeof *set);
    struct loader l = { .set = set, .diag = diag, .err = err != NULL ? err : &local, .sources = sources };

    *out = NULL;
    if (set == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.set", "set", sizeof *set);
    set->magic = LP_SET_MAGIC;
    set->refs = 1;
    set->has_left = sources->left != NULL && sources->left->n > 0;
    if ((set->arena = st_arena_new(ARENA_MAX)) == NULL) {
        lp_set_release(set);
        return st_fail(err, ST_E_NOMEM, "lua.set", "arena", 0);
    }
    set->adapters.items = st_arena_alloc(set->arena, LP_LIST_MAX * sizeof(struct lp_adapter *));
    set->platforms = st_arena_alloc(set->arena, (LP_LIST_MAX + 1) * sizeof(char *));
    if (set->adapters.items == NULL || set->platforms == NULL)
        goto no_memory;
    if (sources->libs != NULL && load_folder(&l, sources->libs, ".lua", load_lib) != ST_OK)
        goto failed;
    for (size_t i = 0; sources->dirs[i] != NULL; i++) {
        if (load_dir(&l, sources->dirs[i]) != ST_OK)
            goto failed;
    }
    if (finish(&l) != ST_OK)
        goto failed;
    *out = set;
    return ST_OK;
no_memory:
    (void)st_arena_fail(set->arena, err, "lua.set");
failed:
    lp_set_release(set);
    return ST_ERR;
}

struct lp_set *lp_set_retain(struct lp_set *set)
{
    ST_CHECK(set, LP_SET_MAGIC);
    set->refs++;
    return set;
}

void lp_set_release(struct lp_set *set)
{
    if (set == NULL)
        return;
    ST_CHECK(set, LP_SET_MAGIC);
    if (--set->refs > 0)
        return;
    for (size_t i = 0; i < set->n_plugins; i++) {
        lp_hook_unload(set->plugins[i]);
        lp_plugin_free(set->plugins[i]);
    }
    lp_rules_fini(&set->rules);
    st_arena_free(set->arena);
    explicit_bzero(set, sizeof *set);
    free(set);
}

const char *const *lp_platforms(const struct lp_set *set)
{
    return set->platforms;
}

const struct lp_adapters *lp_set_adapters(const struct lp_set *set)
{
    return &set->adapters;
}
