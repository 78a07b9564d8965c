/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - loads one plugin file into a state of its own and checks its manifest.
 *
 * The file runs once, in the load phase, and returns a table. Everything in it is read with raw accessors; the hook is
 * kept as a reference in the state. Settings get the defaults of the manifest, type by type, as a frozen table. What a
 * plugin may do is its permissions and nothing else; an unknown one is an error, so that a typing mistake does not
 * silently take a right away. lp_hook_activity is in hook.c.
 */
#include "plugin.h"
#include "api.h"
#include "base/log.h"
#include "set.h"
#include <stdlib.h>
#include <string.h>

#define TIME_US_DEFAULT 5000u
#define TIME_MS_MAX     100u
#define MEMORY_DEFAULT  ((size_t)1 << 20)
#define MEMORY_MAX      ((size_t)16 << 20)

struct plugin_run {
    struct lp_conf conf;
    struct lp_plugin *plugin;
    struct st_span text;
};

static uint32_t read_permissions(struct lp_conf *c)
{
    static const char *const names[] = {
#define X(id, name) name,
        LP_PERMISSIONS(X)
#undef X
    };
    const char *const *list = lp_conf_strs(c, -1, "permissions");
    uint32_t bits = 0;

    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        size_t k = 0;

        while (k < ST_LEN(names) && strcmp(names[k], list[i]) != 0)
            k++;
        if (k == ST_LEN(names)) {
            const char *near = st_diag_nearest(list[i], names, ST_LEN(names));

            lp_conf_fail(c, "unknown permission '%.40s'%s%s%s", list[i], near != NULL ? "; did you mean '" : "",
                         near != NULL ? near : "", near != NULL ? "'?" : "");
        } else {
            bits |= 1u << k;
        }
    }
    return bits;
}

static size_t bytes_of(const char *text)
{
    size_t n = 0;

    for (; *text >= '0' && *text <= '9' && n < 1u << 20; text++)
        n = n * 10 + (size_t)(*text - '0');
    return strcmp(text, "KiB") == 0 ? n << 10 : strcmp(text, "MiB") == 0 ? n << 20 : 0;
}

static void read_limits(struct lp_conf *c, struct lp_plugin *p)
{
    const char *memory;
    size_t mark, bytes;
    uint64_t ms;

    if (!lp_conf_enter(c, -1, "limits", &mark))
        return;
    lp_conf_keys(c, -1, "time memory");
    ms = lp_conf_ms(c, -1, "time");
    if (ms > TIME_MS_MAX)
        lp_conf_fail(c, "'time' is at most %ums", TIME_MS_MAX);
    else if (ms > 0)
        p->time_us = (uint32_t)ms * 1000;
    if ((memory = lp_conf_str(c, -1, "memory", NULL)) != NULL) {
        bytes = bytes_of(memory);
        if (bytes < (size_t)128 << 10 || bytes > MEMORY_MAX)
            lp_conf_fail(c, "'memory' must be between 128KiB and 16MiB");
        else
            p->memory = bytes;
    }
    lp_conf_leave(c, mark);
}

static enum lp_on_failure read_on_failure(struct lp_conf *c)
{
    static const char *const words[] = { "skip", "coach", "block" };
    const char *word = lp_conf_str(c, -1, "on_failure", "skip");

    for (size_t i = 0; i < ST_LEN(words); i++) {
        if (strcmp(word, words[i]) == 0)
            return (enum lp_on_failure)i;
    }
    lp_conf_fail(c, "'on_failure' must be skip, coach or block");
    return LP_SKIP;
}

/* The default of the setting on the top must have its type; pushes it (a list as a frozen copy). */
static void push_default(struct lp_conf *c, const char *type)
{
    static const struct {
        const char *name;
        int type;
    } types[] = { { "string", LUA_TSTRING },
                  { "integer", LUA_TNUMBER },
                  { "number", LUA_TNUMBER },
                  { "boolean", LUA_TBOOLEAN },
                  { "list", LUA_TTABLE } };
    lua_State *L = c->L;
    bool held = false;

    lua_pushliteral(L, "default");
    lua_rawget(L, -2);
    for (size_t i = 0; i < ST_LEN(types); i++)
        held = held || (strcmp(type, types[i].name) == 0 && lua_type(L, -1) == types[i].type);
    if (!held || (strcmp(type, "integer") == 0 && !lua_isinteger(L, -1)))
        lp_conf_fail(c, "'default' must be of type %s", type);
    if (lua_istable(L, -1)) {
        size_t n = lp_conf_len(c, -1);

        lua_newtable(L);
        for (size_t i = 1; i <= n; i++) {
            if (lua_rawgeti(L, -2, (lua_Integer)i) != LUA_TSTRING)
                lp_conf_fail(c, "'default' must hold strings only");
            lua_rawseti(L, -2, (lua_Integer)i);
        }
        lua_remove(L, -2);
    }
}

/* Makes ctx.config from the schema. A list stays a plain table (ipairs and # work); it is the plugin's own copy. */
static void read_config(struct lp_conf *c, struct lp_plugin *p)
{
    lua_State *L = c->L;
    size_t mark, inner;

    lua_newtable(L);
    lua_insert(L, -2); /* result, manifest */
    if (lp_conf_enter(c, -1, "config", &mark)) {
        lua_pushnil(L);
        while (lua_next(L, -2) != 0) { /* result, manifest, config, key, setting */
            lua_pop(L, 1);
            if (lua_type(L, -1) != LUA_TSTRING) {
                lp_conf_fail(c, "a setting needs a name");
            } else if (lp_conf_enter(c, -2, lua_tostring(L, -1), &inner)) {
                lp_conf_keys(c, -1, "type default help format of");
                push_default(c, lp_conf_need(c, -1, "type"));
                lua_pushvalue(L, -3); /* … key, setting, default, key */
                lua_insert(L, -2);
                lua_rawset(L, -7);
                lp_conf_leave(c, inner);
            }
        }
        lp_conf_leave(c, mark);
    }
    lua_insert(L, -2); /* manifest, result */
    lp_freeze(L);
    p->config_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

static const char *read_text(struct lp_conf *c, const char *key)
{
    const char *text = NULL;
    size_t mark;

    lua_pushstring(c->L, key);
    if (lua_rawget(c->L, -2) != LUA_TTABLE) {
        lua_pop(c->L, 1);
        return lp_conf_str(c, -1, key, NULL);
    }
    lua_pop(c->L, 1);
    if (lp_conf_enter(c, -1, key, &mark)) {
        lp_conf_keys(c, -1, "en de");
        text = lp_conf_need(c, -1, "en");
        lp_conf_leave(c, mark);
    }
    return text;
}

/* The manifest is on the top. */
static void read_manifest(struct lp_conf *c, struct lp_plugin *p)
{
    lp_conf_keys(c, -1,
                 "api name version title summary license categories permissions limits on_failure enabled config load "
                 "activity");
    if (lp_conf_num(c, -1, "api", 0) != 1)
        lp_conf_fail(c, "'api' must be 1");
    p->name = lp_conf_need(c, -1, "name");
    if (strcmp(st_id(p->name).s, p->name) != 0 || p->name[0] == '\0')
        lp_conf_fail(c, "'name' must be owner.name: letters, digits and ._:-, at most 63");
    p->version = lp_conf_need(c, -1, "version");
    p->title = read_text(c, "title");
    if (p->title == NULL)
        lp_conf_fail(c, "'title' is missing");
    (void)read_text(c, "summary");
    (void)lp_conf_str(c, -1, "license", NULL);
    (void)lp_conf_strs(c, -1, "categories");
    p->is_enabled = lp_conf_bool(c, -1, "enabled", true);
    p->permissions = read_permissions(c);
    p->on_failure = read_on_failure(c);
    read_limits(c, p);
    read_config(c, p);
    lua_pushliteral(c->L, "activity");
    if (lua_rawget(c->L, -2) == LUA_TFUNCTION) {
        p->hook_ref = luaL_ref(c->L, LUA_REGISTRYINDEX);
        p->has_activity = true;
        return;
    }
    if (!lua_isnil(c->L, -1))
        lp_conf_fail(c, "'activity' must be a function");
    lua_pop(c->L, 1);
}

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
    read_manifest(&run->conf, run->plugin);
    if (run->conf.failed)
        return 0;
    lua_pushliteral(L, "load");
    if (lua_rawget(L, -2) == LUA_TFUNCTION) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, run->plugin->config_ref);
        lua_call(L, 1, 0);
    }
    return 0;
}

enum st_rc lp_plugin_load(const char *path, const struct lp_libs *libs, struct st_arena *arena, struct lp_plugin **out,
                          struct st_diag *diag, struct st_err *err)
{
    struct plugin_run run = { .conf = { .arena = arena, .diag = diag, .file = path } };
    const struct lp_call load = { .phase = LP_PHASE_LOAD, .arena = arena };
    struct lp_plugin *p = calloc(1, sizeof *p);
    struct st_buf text = { 0 };
    enum st_rc rc = ST_ERR;

    *out = NULL;
    if (p == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.plugin", "plugin", sizeof *p);
    p->magic = LP_PLUGIN_MAGIC;
    p->file = path;
    p->libs = libs;
    p->time_us = TIME_US_DEFAULT;
    p->memory = MEMORY_DEFAULT;
    if (lp_file_read(path, &text, diag, err) != ST_OK || lp_state_new(MEMORY_MAX, &p->state, err) != ST_OK)
        goto out;
    p->state->host = p;
    p->call = &load;
    run.plugin = p;
    run.text = st_buf_view(&text);
    rc = lp_state_run(p->state, run_plugin, &run, LP_TIME_LOAD_US, err);
    p->call = NULL;
    p->call_key++;
    if (rc != ST_OK && err->code == ST_E_PLUGIN)
        (void)lp_file_diag(p->state, path, diag);
    else if (rc == ST_OK && !run.conf.failed && p->state->used > p->memory)
        lp_conf_fail(&run.conf, "needs more memory than its limits.memory to load");
    if (rc == ST_OK && run.conf.failed)
        rc = st_fail(err, ST_E_CONFIG, "lua.plugin", "manifest", 0);
    p->state->cap = p->memory; /* the manifest says how much; until it was read, the most there is */
out:
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
    lp_state_free(p->state);
    explicit_bzero(p, sizeof *p);
    free(p);
}
