/* SPDX-License-Identifier: Apache-2.0 */
/* api - checks every call of a plugin before a binding sees it.
 *
 * The table is made from api/(name).lua; a described function without a binding does not link. For each call: is the
 * object of this call (its key; a finished call's objects are over), is this the phase, has the plugin the permission,
 * are the arguments of their types. Only then fn runs, with the object at index 1 and the arguments behind it.
 * Objects are userdata that hold a class and a key, never a pointer (a stale pointer in Lua is a use after free).
 */
#include "api.h"
#include <string.h>

#define OBJECT_MAGIC 0x4f424a45u

struct object {
    unsigned magic;
    enum lp_api_class class;
    uint64_t key;
};

const struct lp_api_entry lp_api[] = {
#define LP_API(class, kind, name, fn, args, phases, permission) \
    { LP_CLASS_##class, LP_KIND_##kind, name, fn, args, phases, permission },
#include "api_table.inc"
#undef LP_API
};
const size_t lp_api_count = ST_LEN(lp_api);

static const char *const class_names[LP_CLASS_COUNT] = { "stoa",  "Connection", "Request", "Activity",
                                                         "Actor", "Hit",        "Finding", "Record",
                                                         "Item",  "Statement",  "Context" };

struct lp_plugin *lp_api_plugin(lua_State *L)
{
    struct lp_plugin *p = lp_state_of(L)->host;

    ST_CHECK(p, LP_PLUGIN_MAGIC);
    return p;
}

const struct lp_call *lp_api_call(lua_State *L)
{
    const struct lp_call *call = lp_api_plugin(L)->call;

    if (call == NULL)
        luaL_error(L, "not inside a hook");
    return call;
}

static void check_object(lua_State *L, const struct lp_api_entry *e)
{
    struct object *o = lua_type(L, 1) == LUA_TUSERDATA ? lua_touserdata(L, 1) : NULL;

    if (o == NULL || lua_rawlen(L, 1) != sizeof *o || o->magic != OBJECT_MAGIC || o->class != e->class)
        luaL_error(L, "%s.%s needs its %s before it: call it with ':'", class_names[e->class], e->name,
                   class_names[e->class]);
    if (o->key != lp_api_plugin(L)->call_key || lp_api_plugin(L)->call == NULL)
        luaL_error(L, "this %s is over: objects are valid inside their hook only", class_names[e->class]);
}

static void check_args(lua_State *L, const struct lp_api_entry *e)
{
    int at = e->kind == LP_KIND_FUNC ? 1 : 2;
    bool is_optional = false;

    for (const char *a = e->args; *a != '\0'; a++) {
        if (*a == '?') {
            is_optional = true;
            continue;
        }
        if (!is_optional || !lua_isnoneornil(L, at)) {
            switch (*a) {
            case 's': luaL_checktype(L, at, LUA_TSTRING); break;
            case 'i': (void)luaL_checkinteger(L, at); break;
            case 'n': luaL_checktype(L, at, LUA_TNUMBER); break;
            case 'b': luaL_checktype(L, at, LUA_TBOOLEAN); break;
            default: luaL_checktype(L, at, LUA_TTABLE); break;
            }
        }
        at++;
    }
    lua_settop(L, at - 1);
}

static void check_rights(lua_State *L, const struct lp_api_entry *e)
{
    struct lp_plugin *p = lp_api_plugin(L);

    if ((e->phases & LP_HOOK_BIT(lp_api_call(L)->hook)) == 0)
        luaL_error(L, "%s.%s cannot be used in this hook", class_names[e->class], e->name);
    if ((e->permission & ~p->permissions) != 0)
        luaL_error(L, "%s.%s needs a permission that the manifest does not ask for", class_names[e->class], e->name);
}

static int dispatch(lua_State *L)
{
    const struct lp_api_entry *e = lua_touserdata(L, lua_upvalueindex(1));

    if (e->kind != LP_KIND_FUNC)
        check_object(L, e);
    check_rights(L, e);
    check_args(L, e);
    return e->fn(L);
}

/* __index of every class; upvalue 1 maps names to entries (fields) and closures (methods). */
static int get_member(lua_State *L)
{
    const struct lp_api_entry *e;

    lua_settop(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TLIGHTUSERDATA) {
        if (lua_isnil(L, -1))
            return luaL_error(L, "no such field; see docs/lua-api.md");
        return 1;
    }
    e = lua_touserdata(L, -1);
    lua_settop(L, 1);
    check_object(L, e);
    check_rights(L, e);
    return e->fn(L);
}

static int refuse_member(lua_State *L)
{
    return luaL_error(L, "objects of the host cannot be changed");
}

static void push_closure(lua_State *L, const struct lp_api_entry *e)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)e);
    lua_pushcclosure(L, dispatch, 1);
}

static void open_class(lua_State *L, enum lp_api_class class)
{
    lua_newtable(L); /* the metatable */
    lua_newtable(L); /* its members */
    for (size_t i = 0; i < lp_api_count; i++) {
        if (lp_api[i].class != class)
            continue;
        if (lp_api[i].kind == LP_KIND_FIELD)
            lua_pushlightuserdata(L, (void *)(uintptr_t)&lp_api[i]);
        else
            push_closure(L, &lp_api[i]);
        lua_setfield(L, -2, lp_api[i].name);
    }
    lua_pushcclosure(L, get_member, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_member);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &class_names[class]);
}

void lp_api_open(lua_State *L)
{
    lua_newtable(L); /* stoa */
    lua_newtable(L); /* stoa.schema */
    for (size_t i = 0; i < lp_api_count; i++) {
        bool in_schema = strncmp(lp_api[i].name, "schema.", 7) == 0;

        if (lp_api[i].class != LP_CLASS_STOA)
            continue;
        push_closure(L, &lp_api[i]);
        lua_setfield(L, in_schema ? -2 : -3, lp_api[i].name + (in_schema ? 7 : 0));
    }
    lp_freeze(L);
    lua_setfield(L, -2, "schema");
    lp_freeze(L);
    lua_setglobal(L, "stoa");
    for (int class = LP_CLASS_STOA + 1; class < LP_CLASS_COUNT; class ++)
        open_class(L, (enum lp_api_class) class);
}

void lp_api_push(lua_State *L, enum lp_api_class class)
{
    struct object *o = lua_newuserdatauv(L, sizeof *o, 0);

    *o = (struct object){ OBJECT_MAGIC, class, lp_api_plugin(L)->call_key };
    lua_rawgetp(L, LUA_REGISTRYINDEX, &class_names[class]);
    lua_setmetatable(L, -2);
}
