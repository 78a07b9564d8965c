/* SPDX-License-Identifier: Apache-2.0 */
/* platforms - the files of platforms/: each is run once in a bare state, and the table it returns becomes an adapter.
 *
 * A later file takes the place of an earlier one with the same id. One that is wrong and left out has a stand-in
 * (broken.c). A site may say that hosts of its own are of a platform: what runs on any name is known by its requests
 * only while nobody says what it is.
 */
#include "broken.h"
#include "needs.h"
#include "set.h"
#include <string.h>

struct adapter_run {
    struct lp_conf conf;
    const struct lp_libs *libs;
    struct st_span text;
    struct lp_adapter *made;
};

/* stoa.lib: a large platform is written in several files. */
static int adapter_lib(lua_State *L)
{
    lp_lib_push(L, lua_touserdata(L, lua_upvalueindex(1)), luaL_checkstring(L, 1));
    return 1;
}

static int run_adapter(lua_State *L)
{
    struct adapter_run *run = lua_touserdata(L, 1);

    run->conf.L = L;
    lua_newtable(L);
    lua_pushlightuserdata(L, (void *)run->libs);
    lua_pushcclosure(L, adapter_lib, 1);
    lua_setfield(L, -2, "lib");
    lua_setglobal(L, "stoa");
    lua_settop(L, 0);
    lp_state_chunk(L, run->text);
    lua_call(L, 0, 1);
    run->made = lp_adapter_read(&run->conf);
    return 0;
}

static struct lp_adapter **adapter_at(struct lp_adapters *all, const char *id)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i]->id, id) == 0)
            return &all->items[i];
    return NULL;
}

static enum st_rc keep_adapter(struct lp_adapters *all, struct lp_adapter *a, struct st_err *err)
{
    struct lp_adapter **same = adapter_at(all, a->id);

    if (same != NULL) {
        *same = a;
        return ST_OK;
    }
    if (all->n >= LP_LIST_MAX)
        return st_fail(err, ST_E_LIMIT, "lua.platforms", "more than 256 platforms", 0);
    all->items[all->n++] = a;
    return ST_OK;
}

/* In the place of one that is wrong: that of an earlier folder, which takes the hosts over, or one without rules. */
static enum st_rc keep_stand_in(struct lp_set *set, const struct lp_left_adapter *left, struct st_err *err)
{
    struct lp_adapter *a, **same;

    if (lp_adapter_stand_in(left, &a, set->arena, err) != ST_OK)
        return ST_ERR;
    if ((same = adapter_at(&set->adapters, a->id)) != NULL)
        return lp_hosts_join((*same)->hosts, a->hosts, set->arena, &(*same)->hosts, err);
    if (a->is_fallback) /* nothing would be read any more */
        return st_fail(err, ST_E_CONFIG, "lua.platforms", "the fallback is wrong", 0);
    return a->hosts[0] != NULL ? keep_adapter(&set->adapters, a, err) : ST_OK;
}

static enum st_rc read_file(struct adapter_run *run, struct st_buf *text, struct st_err *err)
{
    struct lp_state *state = NULL;
    enum st_rc rc = lp_file_read(run->conf.file, text, run->conf.diag, err);

    if (rc != ST_OK || lp_state_new(LP_MEMORY_BARE, &state, err) != ST_OK)
        return ST_ERR;
    run->text = st_buf_view(text);
    rc = lp_state_run(state, run_adapter, run, LP_TIME_LOAD_US, err);
    if (rc != ST_OK && err->code == ST_E_PLUGIN)
        (void)lp_file_diag(state, run->conf.file, run->conf.diag);
    else if (rc == ST_OK && run->conf.failed)
        rc = st_fail(err, ST_E_CONFIG, "lua.platforms", "platform file", 0);
    lp_state_free(state);
    return rc;
}

/* The entry before this one that has the same host for another platform. */
static bool is_bound_twice(const struct lp_sources *sources, size_t at, const char *host)
{
    for (size_t i = 0; i < at; i++)
        for (const char *const *h = sources->bound[i].hosts; *h != NULL; h++)
            if (strcmp(*h, host) == 0 && strcmp(sources->bound[i].platform, sources->bound[at].platform) != 0)
                return true;
    return false;
}

static void say_unknown(const struct lp_adapters *all, const struct lp_bound *b, struct st_diag *diag)
{
    const char *known[LP_LIST_MAX], *near;

    for (size_t i = 0; i < all->n; i++)
        known[i] = all->items[i]->id;
    near = st_diag_nearest(b->platform, known, all->n);
    (void)st_diag_add(diag, b->file, b->pos.line, b->pos.col, "platforms: there is no adapter '%.60s'%s%s%s",
                      b->platform, near != NULL ? "; did you mean '" : "; `stoa adapter list` names them all",
                      near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* Rules of what runs on any name may be for certain hosts only, which are surely of the platform; so are these. */
static enum st_rc widen_head(struct lp_head *h, const char *const *hosts, struct st_arena *arena, struct st_err *err)
{
    return h->hosts != NULL ? lp_hosts_join(h->hosts, hosts, arena, &h->hosts, err) : ST_OK;
}

static enum st_rc bind_adapter(struct lp_adapter *a, const char *const *hosts, struct st_arena *arena,
                               struct st_err *err)
{
    enum st_rc rc = lp_hosts_join(a->bound, hosts, arena, &a->bound, err);

    for (size_t i = 0; a->is_anywhere && rc == ST_OK && i < a->n_secrets; i++)
        rc = widen_head(&a->secrets[i], hosts, arena, err);
    for (size_t i = 0; a->is_anywhere && rc == ST_OK && i < a->n_speaks; i++)
        rc = widen_head(&a->speaks[i].head, hosts, arena, err);
    for (size_t i = 0; a->is_anywhere && rc == ST_OK && i < a->n_routes; i++)
        rc = widen_head(&a->routes[i].head, hosts, arena, err);
    return rc;
}

enum st_rc lp_adapters_bind(struct lp_adapters *all, const struct lp_sources *sources, struct st_arena *arena,
                            struct st_diag *diag, struct st_err *err)
{
    bool ok = true;

    for (size_t i = 0; i < sources->n_bound; i++) {
        const struct lp_bound *b = &sources->bound[i];
        struct lp_adapter **a = adapter_at(all, b->platform);

        if (a == NULL)
            say_unknown(all, b, diag);
        for (const char *const *host = b->hosts; *host != NULL; host++) {
            if (!is_bound_twice(sources, i, *host))
                continue;
            ok = false;
            (void)st_diag_add(diag, b->file, b->pos.line, b->pos.col,
                              "platforms: '%.100s' is named for two platforms; leave one of them out", *host);
        }
        ok = ok && a != NULL;
        if (a != NULL && bind_adapter(*a, b->hosts, arena, err) != ST_OK)
            return ST_ERR;
    }
    return ok ? ST_OK : st_fail(err, ST_E_CONFIG, "lua.platforms", "a host's platform", 0);
}

struct lp_platform lp_platform_about(const struct lp_set *set, size_t i)
{
    const struct lp_adapter *a = set->adapters.items[i];

    return (struct lp_platform){ .id = a->id,
                                 .version = a->version,
                                 .title = a->title,
                                 .file = a->file,
                                 .broken = a->broken,
                                 .hosts = a->hosts,
                                 .is_anywhere = a->is_anywhere,
                                 .is_fallback = a->is_fallback,
                                 .rules = a->n_routes,
                                 .tests = a->n_checks };
}

enum st_rc lp_adapter_load(struct lp_set *set, const char *path, const struct lp_left_file *left, struct st_diag *diag,
                           struct st_err *err)
{
    struct adapter_run run = { .conf = { .arena = set->arena, .diag = left == NULL ? diag : NULL, .file = path },
                               .libs = &set->libs };
    struct st_buf text;
    enum st_rc rc = read_file(&run, &text, err);

    if (left != NULL && (rc == ST_OK || err->code == ST_E_PLUGIN || err->code == ST_E_CONFIG)) {
        const struct lp_left_adapter wrong = { path, left->why, run.made, run.text, rc == ST_OK };

        if ((rc = keep_stand_in(set, &wrong, err)) != ST_OK && err->code == ST_E_CONFIG)
            (void)st_diag_add(diag, path, left->line, 0, "%s", left->why);
    } else if (rc == ST_OK) {
        rc = keep_adapter(&set->adapters, run.made, err);
    }
    st_buf_fini(&text);
    return rc;
}
