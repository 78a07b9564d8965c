/* SPDX-License-Identifier: Apache-2.0 */
/* platforms - the files of platforms/: each is run once in a bare state, and the table it returns becomes an adapter.
 *
 * A later file takes the place of an earlier one with the same id. One that is wrong and left out has a stand-in
 * (broken.c).
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
        return lp_adapter_widen(*same, a->hosts, set->arena, err);
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
