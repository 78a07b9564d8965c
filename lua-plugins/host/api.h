/* SPDX-License-Identifier: Apache-2.0 */
/* api - the bindings a plugin calls, as the descriptions in api/ list them. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_API_H
#define STOA_LUA_PLUGINS_HOST_API_H
#include "plugin.h"

enum lp_api_class {
    LP_CLASS_STOA,
    LP_CLASS_CONNECTION,
    LP_CLASS_REQUEST,
    LP_CLASS_ACTIVITY,
    LP_CLASS_ACTOR,
    LP_CLASS_HIT,
    LP_CLASS_FINDING,
    LP_CLASS_RECORD,
    LP_CLASS_ITEM,
    LP_CLASS_STATEMENT,
    LP_CLASS_CONTEXT,
    LP_CLASS_COUNT
};
enum lp_api_kind { LP_KIND_FIELD, LP_KIND_METHOD, LP_KIND_FUNC };

struct lp_api_entry {
    enum lp_api_class class;
    enum lp_api_kind kind;
    const char *name; /* "set", "schema.list" */
    lua_CFunction fn;
    const char *args;    /* one letter each; '?' before the optional ones */
    unsigned phases;     /* bits of enum lp_hook */
    uint32_t permission; /* 0: none needed */
};
extern const struct lp_api_entry lp_api[];
extern const size_t lp_api_count;

struct lp_asked_hit {
    const struct flt_hit_asked *hit;
    int validate_ref; /* the validator, in the state's registry */
    unsigned said;    /* as flt_ask_f */
};
struct lp_call {
    enum lp_hook hook;
    const struct lp_activity *activity; /* of a message; NULL: none that an adapter knows */
    const struct flt_findings *findings;
    const char *const *groups;
    struct st_arena *arena;
    struct lp_opinion *opinion;
    const struct lp_connection *connection; /* this and the rest: in their own hook, else NULL */
    enum lp_way *way;                       /* what was asked for; LP_WAY_OPEN: nothing */
    const struct lp_asked *asked;
    struct lp_facts *noted;       /* by the hook request */
    const struct lp_facts *facts; /* what it noted, in later hooks; NULL: nothing */
    struct lp_asked_hit *hit;
    struct flt_finding *finding;
    struct st_span found; /* its text */
    struct lp_record *record;
    const struct lp_item *item;
    struct lp_tags *tags;
    struct lp_stated *stated;
    struct lp_store *store;     /* NULL: nothing stays */
    struct lp_keeping *keeping; /* what this call changed */
    const char *today;          /* of a test; NULL: the clock's */
};

/* Inside a run: adds the global stoa and the classes. */
void lp_api_open(lua_State *L);
/* Inside a run: pushes an object of the running call. */
void lp_api_push(lua_State *L, enum lp_api_class class);
/* Calls the plugin's hook, which it must have. ST_E_PLUGIN: it failed; p->state knows how. */
ST_MUST enum st_rc lp_hook_run(struct lp_plugin *p, const struct lp_call *call, struct st_err *err);
/* The same when its circuit lets it; what fails counts with its on_failure. ST_ERR: no memory. */
ST_MUST enum st_rc lp_hook_one(struct lp_plugin *p, const struct lp_call *call, struct st_err *err);
/* The hook of its end, where it has one; before lp_plugin_free, of a plugin that was at work. */
void lp_hook_unload(struct lp_plugin *p);
struct lp_plugin *lp_api_plugin(lua_State *L);
const struct lp_call *lp_api_call(lua_State *L); /* never NULL: raises */

#define LP_API(class, kind, name, fn, args, phases, permission) int fn(lua_State *L);
#include "api_table.inc"
#undef LP_API
#endif
