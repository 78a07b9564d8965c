/* SPDX-License-Identifier: Apache-2.0 */
/* libs - what a script finds in its globals.
 *
 * An allow list over Lua's own base, string, table, math and utf8 libraries. A C function does not see the watchdog's
 * hook, so every one that could loop for long is replaced by one that charges its work (lp_charge), works on raw
 * tables, and builds nothing longer than LP_STRING_MAX. Coroutines are left out: a coroutine has a hook of its own that
 * the watchdog could not reach. xpcall is replaced, since Lua runs its handler with hooks off when the hook raised.
 * Addresses are never shown (tostring, %p): they would tell where the process lives.
 */
#include "state.h"
#include <lualib.h>
#include <math.h>
#include <string.h>

static void reraise_if_expired(lua_State *L)
{
    if (lp_state_of(L)->expired)
        lp_watch_raise(L);
}

static int lib_pcall(lua_State *L)
{
    int status;

    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    reraise_if_expired(L);
    if (status != LUA_OK) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    return lua_gettop(L);
}

static int lib_xpcall(lua_State *L)
{
    int status;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_insert(L, 3); /* function, handler, true, function, arguments … */
    lua_pushvalue(L, 1);
    lua_insert(L, 4);
    status = lua_pcall(L, lua_gettop(L) - 4, LUA_MULTRET, 0);
    reraise_if_expired(L);
    if (status == LUA_OK)
        return lua_gettop(L) - 2;
    lua_pushvalue(L, 2); /* the handler sees the error after the unwinding, hooks on */
    lua_insert(L, -2);
    status = lua_pcall(L, 1, 1, 0);
    reraise_if_expired(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int lib_setmetatable(lua_State *L)
{
    static const char *const refused[] = { "__gc", "__close" };

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    for (size_t i = 0; lua_istable(L, 2) && i < ST_LEN(refused); i++) {
        lua_pushstring(L, refused[i]);
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "%s is not available", refused[i]);
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int lib_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "this table cannot be changed");
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

/* Pushes the text of a value; a table shows as "table", without its address. */
static void push_text(lua_State *L, int at)
{
    if (luaL_getmetafield(L, at, "__tostring") != LUA_TNIL) {
        lua_pushvalue(L, at);
        lua_call(L, 1, 1);
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
        return;
    }
    switch (lua_type(L, at)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
    case LUA_TBOOLEAN:
    case LUA_TNIL: luaL_tolstring(L, at, NULL); break;
    default: lua_pushstring(L, lua_typename(L, lua_type(L, at))); break;
    }
}

static int lib_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    push_text(L, 1);
    return 1;
}

static int lib_rep(lua_State *L)
{
    size_t n, sep_n;
    const char *s = luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_n);
    luaL_Buffer b;

    if (times <= 0 || n + sep_n == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n + sep_n > LP_STRING_MAX || (size_t)times > LP_STRING_MAX / (n + sep_n))
        return luaL_error(L, "resulting string too long");
    lp_charge(L, (size_t)times);
    luaL_buffinitsize(L, &b, (n + sep_n) * (size_t)times);
    for (lua_Integer i = 0; i < times; i++) {
        luaL_addlstring(&b, s, n);
        if (i + 1 < times)
            luaL_addlstring(&b, sep, sep_n);
    }
    luaL_pushresult(&b);
    return 1;
}

/* Pushes one directive's text: "%5.2f" goes to Lua's own format (upvalue 1), %s and %q are bounded here. */
static void format_one(lua_State *L, const char *spec, size_t n, int arg, int top)
{
    char last = spec[n - 1];

    if (last == 'p')
        luaL_error(L, "%%p is not available");
    if (arg > top)
        luaL_error(L, "bad argument #%d to 'format' (no value)", arg);
    if (last == 's') {
        push_text(L, arg);
        if (n == 2)
            return;
    } else {
        lua_pushvalue(L, arg);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, -2);
    lua_pushlstring(L, spec, n);
    lua_insert(L, -2);
    lua_call(L, 2, 1);
}

static int lib_format(lua_State *L)
{
    int top = lua_gettop(L), arg = 1;
    size_t n, total = 0;
    const char *f = luaL_checklstring(L, 1, &n), *end = f + n;
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    while (f < end) {
        const char *spec = f;
        size_t spec_n;

        if (*f != '%' || (f + 1 < end && f[1] == '%')) {
            luaL_addchar(&b, *f);
            f += *f == '%' ? 2 : 1;
            continue;
        }
        for (f++; f < end && strchr("-+ #0123456789.", *f) != NULL && *f != '\0'; f++)
            ;
        if (f >= end || (spec_n = (size_t)(++f - spec)) > 16)
            return luaL_error(L, "invalid conversion to 'format'");
        lp_charge(L, 16);
        format_one(L, spec, spec_n, ++arg, top);
        total += lua_rawlen(L, -1);
        if (total > LP_STRING_MAX)
            return luaL_error(L, "resulting string too long");
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

static int lib_concat(lua_State *L)
{
    size_t sep_n, total = 0;
    const char *sep;
    lua_Integer from, to;
    luaL_Buffer b;

    luaL_checktype(L, 1, LUA_TTABLE);
    sep = luaL_optlstring(L, 2, "", &sep_n);
    from = luaL_optinteger(L, 3, 1);
    to = luaL_optinteger(L, 4, (lua_Integer)lua_rawlen(L, 1));
    luaL_buffinit(L, &b);
    for (lua_Integer i = from; i <= to; i++) {
        int type = lua_rawgeti(L, 1, i);

        lp_charge(L, 4);
        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            return luaL_error(L, "invalid value in table for 'concat'");
        total += lua_rawlen(L, -1) + sep_n + (type == LUA_TNUMBER ? 24 : 0);
        if (total > LP_STRING_MAX)
            return luaL_error(L, "resulting string too long");
        luaL_addvalue(&b);
        if (i == to)
            break; /* to may be the largest integer */
        luaL_addlstring(&b, sep, sep_n);
    }
    luaL_pushresult(&b);
    return 1;
}

static int lib_insert(lua_State *L)
{
    lua_Integer n, at;

    luaL_checktype(L, 1, LUA_TTABLE);
    n = (lua_Integer)lua_rawlen(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "this table cannot be changed");
    if (lua_gettop(L) == 2) {
        lua_rawseti(L, 1, n + 1);
        return 0;
    }
    luaL_argcheck(L, lua_gettop(L) == 3, 1, "wrong number of arguments to 'insert'");
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, at >= 1 && at <= n + 1, 2, "position out of bounds");
    lp_charge(L, (size_t)(n - at + 2));
    for (lua_Integer i = n; i >= at; i--) {
        lua_rawgeti(L, 1, i);
        lua_rawseti(L, 1, i + 1);
    }
    lua_rawseti(L, 1, at);
    return 0;
}

static int lib_remove(lua_State *L)
{
    lua_Integer n, at;

    luaL_checktype(L, 1, LUA_TTABLE);
    n = (lua_Integer)lua_rawlen(L, 1);
    at = luaL_optinteger(L, 2, n);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "this table cannot be changed");
    lua_settop(L, 1);
    if (n == 0)
        return 0;
    luaL_argcheck(L, at >= 1 && at <= n, 2, "position out of bounds");
    lua_rawgeti(L, 1, at);
    lp_charge(L, (size_t)(n - at + 1));
    for (; at < n; at++) {
        lua_rawgeti(L, 1, at + 1);
        lua_rawseti(L, 1, at);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, n);
    return 1;
}

static int lib_unpack(lua_State *L)
{
    lua_Integer from, to;

    luaL_checktype(L, 1, LUA_TTABLE);
    from = luaL_optinteger(L, 2, 1);
    to = luaL_optinteger(L, 3, (lua_Integer)lua_rawlen(L, 1));
    if (from > to)
        return 0;
    if ((lua_Unsigned)to - (lua_Unsigned)from >= 1024 || !lua_checkstack(L, (int)(to - from + 1)))
        return luaL_error(L, "too many results to unpack");
    for (lua_Integer i = from; i < to; i++)
        lua_rawgeti(L, 1, i);
    lua_rawgeti(L, 1, to);
    return (int)(to - from + 1);
}

/* Is the element at stack index a smaller than the one at b? Index 2 holds the comparison function, or nil. */
static bool is_less(lua_State *L, int a, int b)
{
    size_t na, nb, shorter;
    const char *pa, *pb;
    bool less;
    int order;

    lp_charge(L, 32);
    if (lua_isfunction(L, 2)) {
        lua_pushvalue(L, 2);
        lua_pushvalue(L, a);
        lua_pushvalue(L, b);
        lua_call(L, 2, 1);
        less = lua_toboolean(L, -1);
        lua_pop(L, 1);
        return less;
    }
    if (lua_type(L, a) == LUA_TNUMBER && lua_type(L, b) == LUA_TNUMBER)
        return lua_compare(L, a, b, LUA_OPLT);
    if (lua_type(L, a) != LUA_TSTRING || lua_type(L, b) != LUA_TSTRING)
        luaL_error(L, "attempt to compare values that are neither numbers nor strings");
    pa = lua_tolstring(L, a, &na);
    pb = lua_tolstring(L, b, &nb);
    shorter = na < nb ? na : nb;
    lp_charge(L, shorter / 16);
    order = memcmp(pa, pb, shorter);
    return order < 0 || (order == 0 && na < nb);
}

/* One step of a heap sort: sinks element `root` within the first n. A wrong comparison gives a wrong order, no more. */
static void sink(lua_State *L, lua_Integer root, lua_Integer n)
{
    while (2 * root <= n) {
        lua_Integer child = 2 * root;

        lua_rawgeti(L, 1, child); /* 3 */
        if (child < n) {
            lua_rawgeti(L, 1, child + 1); /* 4 */
            if (is_less(L, 3, 4)) {
                lua_replace(L, 3);
                child++;
            } else {
                lua_pop(L, 1);
            }
        }
        lua_rawgeti(L, 1, root); /* 4 */
        if (!is_less(L, 4, 3)) {
            lua_settop(L, 2);
            return;
        }
        lua_rawseti(L, 1, child);
        lua_rawseti(L, 1, root);
        root = child;
    }
}

static int lib_sort(lua_State *L)
{
    lua_Integer n;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnoneornil(L, 2) || lua_isfunction(L, 2), 2, "function");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "this table cannot be changed");
    n = (lua_Integer)lua_rawlen(L, 1);
    lua_settop(L, 2);
    for (lua_Integer root = n / 2; root >= 1; root--)
        sink(L, root, n);
    for (lua_Integer last = n; last > 1; last--) {
        lua_rawgeti(L, 1, 1);
        lua_rawgeti(L, 1, last);
        lua_rawseti(L, 1, 1);
        lua_rawseti(L, 1, last);
        sink(L, 1, last - 1);
    }
    return 0;
}

/* Copies the named entries of the global table `lib` (or of the globals, lib NULL) into the table on the top. */
static void copy(lua_State *L, const char *lib, const char *const *names)
{
    lua_pushglobaltable(L);
    if (lib != NULL)
        lua_getfield(L, -1, lib);
    for (; *names != NULL; names++) {
        lua_getfield(L, -1, *names);
        lua_setfield(L, lib != NULL ? -4 : -3, *names);
    }
    lua_pop(L, lib != NULL ? 2 : 1);
}

static void add_library(lua_State *L, const char *name, const char *const *names, const luaL_Reg *own)
{
    lua_newtable(L);
    copy(L, name, names);
    if (own != NULL)
        luaL_setfuncs(L, own, 0);
}

static void open_string(lua_State *L)
{
    static const char *const kept[] = { "byte", "char", "len", "lower", "reverse", "sub", "upper", NULL };
    static const luaL_Reg own[] = { { "rep", lib_rep }, { NULL, NULL } };

    add_library(L, "string", kept, own);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    lua_remove(L, -2);
    lua_pushcclosure(L, lib_format, 1);
    lua_setfield(L, -2, "format");
    lp_pattern_open(L);

    lua_pushliteral(L, ""); /* the metatable all strings share: one index, nothing else, and out of reach */
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lp_freeze(L);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

int lp_libs_open(lua_State *L)
{
    static const char *const base[] = { "assert", "error",  "getmetatable", "ipairs",   "next", "pairs", "rawequal",
                                        "rawget", "rawlen", "select",       "tonumber", "type", NULL };
    static const char *const math[] = { "abs",       "ceil", "cos",    "exp",        "floor", "fmod",
                                        "huge",      "log",  "max",    "maxinteger", "min",   "mininteger",
                                        "modf",      "pi",   "random", "sin",        "sqrt",  "tan",
                                        "tointeger", "type", "ult",    NULL };
    static const char *const utf8[] = { "char", "charpattern", "codepoint", "codes", "len", "offset", NULL };
    static const char *const none[] = { NULL };
    static const luaL_Reg own_base[] = { { "pcall", lib_pcall },       { "xpcall", lib_xpcall },
                                         { "rawset", lib_rawset },     { "setmetatable", lib_setmetatable },
                                         { "tostring", lib_tostring }, { NULL, NULL } };
    static const luaL_Reg own_table[] = { { "concat", lib_concat }, { "insert", lib_insert }, { "remove", lib_remove },
                                          { "sort", lib_sort },     { "unpack", lib_unpack }, { NULL, NULL } };

    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, "string", luaopen_string, 1);
    luaL_requiref(L, "math", luaopen_math, 1);
    luaL_requiref(L, "utf8", luaopen_utf8, 1);
    lua_settop(L, 0);
    lua_newtable(L); /* 1: the new globals */
    copy(L, NULL, base);
    luaL_setfuncs(L, own_base, 0);
    open_string(L);
    lp_freeze(L);
    lua_setfield(L, 1, "string");
    add_library(L, "math", math, NULL);
    lp_freeze(L);
    lua_setfield(L, 1, "math");
    add_library(L, "utf8", utf8, NULL);
    lp_freeze(L);
    lua_setfield(L, 1, "utf8");
    lua_newtable(L);
    copy(L, NULL, none);
    luaL_setfuncs(L, own_table, 0);
    lp_freeze(L);
    lua_setfield(L, 1, "table");
    lua_pushvalue(L, 1);
    lua_setfield(L, 1, "_G");
    lua_pushvalue(L, 1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE); /* the originals are garbage now */
    return 0;
}
