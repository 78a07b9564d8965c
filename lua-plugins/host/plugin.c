/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - loads one plugin file into a state of its own.
 *
 * The file runs once, in the load phase, and returns its manifest (manifest.c), which says what it may do; then its own
 * load hook runs with its settings. What it may use of memory is the manifest's word from then on.
 */
#include "plugin.h"
#include "api.h"
#include "base/log.h"
#include "broken.h"
#include "detect.h"
#include "manifest.h"
#include "set.h"
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT ((size_t)1 << 20)

static const char *const hook_names[] = {
#define LP_HOOK(id, name, budget_us) name,
#include "hooks_table.inc"
#undef LP_HOOK
};
static const uint32_t budgets_us[] = {
#define LP_HOOK(id, name, budget_us) budget_us,
#include "hooks_table.inc"
#undef LP_HOOK
};

const char *lp_hook_name(enum lp_hook hook)
{
    return hook_names[hook];
}

struct plugin_run {
    struct lp_conf conf;
    struct lp_plugin *plugin;
    const struct lp_plugin_source *source;
    struct st_span text;
};

static int run_plugin(lua_State *L)
{
    struct plugin_run *run = lua_touserdata(L, 1);

    run->conf.L = L;
    lua_settop(L, 0);
    lp_api_open(L);
    lp_state_chunk(L, run->text);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        return luaL_error(L, "a plugin file must return its manifest, a table");
    lp_manifest_read(&run->conf, run->plugin, run->source);
    if (!run->conf.failed && (run->plugin->hooks & LP_HOOK_BIT(LP_HOOK_LOAD)) != 0) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, run->plugin->hook_refs[LP_HOOK_LOAD]);
        lua_rawgeti(L, LUA_REGISTRYINDEX, run->plugin->config_ref);
        lua_call(L, 1, 0);
    }
    return 0;
}

static struct lp_plugin *plugin_new(const struct lp_plugin_source *source, struct st_err *err)
{
    struct lp_plugin *p = calloc(1, sizeof *p);

    if (p == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "lua.plugin", "plugin", sizeof *p);
        return NULL;
    }
    p->magic = LP_PLUGIN_MAGIC;
    p->file = source->path;
    p->libs = source->libs;
    lp_detectors_init(p);
    memcpy(p->time_us, budgets_us, sizeof p->time_us);
    p->memory = MEMORY_DEFAULT;
    return p;
}

/* Runs the file, which has that text. */
static enum st_rc run_file(struct lp_plugin *p, const struct lp_plugin_source *source, struct st_span text,
                           struct st_arena *arena, struct st_diag *diag, struct st_err *err)
{
    const char *path = source->path;
    struct plugin_run run = {
        .conf = { .arena = arena, .diag = diag, .file = path }, .plugin = p, .source = source, .text = text
    };
    const struct lp_call load = { .hook = LP_HOOK_LOAD, .arena = arena };
    enum st_rc rc;

    if (lp_state_new(LP_PLUGIN_MEMORY_MAX, &p->state, err) != ST_OK)
        return ST_ERR;
    p->state->host = p;
    p->call = &load;
    rc = lp_state_run(p->state, run_plugin, &run, budgets_us[LP_HOOK_LOAD], err);
    p->call = NULL;
    p->call_key++;
    if (rc != ST_OK && err->code == ST_E_PLUGIN)
        (void)lp_file_diag(p->state, path, diag);
    else if (rc == ST_OK && !run.conf.failed && p->state->used > p->memory)
        lp_conf_fail(&run.conf, "needs more memory than its limits.memory to load");
    if (rc == ST_OK && run.conf.failed)
        rc = st_fail(err, ST_E_CONFIG, "lua.plugin", "manifest", 0);
    p->state->cap = p->memory; /* the manifest says how much; until it was read, the most there is */
    return rc;
}

enum st_rc lp_plugin_load(const struct lp_plugin_source *source, struct st_arena *arena, struct lp_plugin **out,
                          struct st_diag *diag, struct st_err *err)
{
    struct lp_plugin *p = plugin_new(source, err);
    struct st_span view = ST_SPAN_NONE;
    struct st_buf text;
    enum st_rc rc;

    *out = NULL;
    if (p == NULL)
        return ST_ERR;
    rc = lp_file_read(source->path, &text, diag, err);
    if (rc == ST_OK) {
        view = text.n > 0 ? st_buf_view(&text) : ST_SPAN("");
        rc = run_file(p, source, view, arena, diag, err);
    }
    if (source->left != NULL && (rc == ST_OK || err->code == ST_E_PLUGIN || err->code == ST_E_CONFIG))
        rc = lp_stand_in(p, source, view, arena, err);
    st_buf_fini(&text);
    if (rc == ST_OK)
        *out = p;
    else
        lp_plugin_free(p);
    return rc;
}

void lp_plugin_free(struct lp_plugin *p)
{
    if (p == NULL)
        return;
    ST_CHECK(p, LP_PLUGIN_MAGIC);
    lp_detectors_fini(p);
    lp_state_free(p->state);
    explicit_bzero(p, sizeof *p);
    free(p);
}
