/* SPDX-License-Identifier: Apache-2.0 */
/* pattern - the own matcher against Lua's: random patterns over a small alphabet give the same answers or both fail. */
#include "host/state.h"
#include "t.h"
#include <lualib.h>

static const char script[] =
    "local s, p = subject, pattern "
    "local function all(ok, ...) local t = { ok and 'ok' or 'failed' } "
    "if ok then for i = 1, select('#', ...) do t[#t + 1] = tostring((select(i, ...))) end end "
    "return table.concat(t, '|') end "
    "local function walk() local t = {} for a, b in s:gmatch(p) do t[#t + 1] = tostring(a) .. ':' .. tostring(b) "
    "if #t > 40 then break end end return table.concat(t, ',') end "
    "result = all(pcall(string.find, s, p)) .. '\\n' .. all(pcall(string.find, s, p, 3)) .. '\\n'"
    " .. all(pcall(string.match, s, p, -4)) .. '\\n' .. all(pcall(string.gsub, s, p, '<%0>')) .. '\\n'"
    " .. all(pcall(string.gsub, s, p, '%1', 2)) .. '\\n' .. all(pcall(string.find, s, p, 1, true)) .. '\\n'"
    " .. (p:sub(1, 1) == '^' and '' or all(pcall(walk)))";

struct round {
    char subject[24], pattern[24], result[2048];
    size_t subject_n, pattern_n;
};

static int run_round(lua_State *L)
{
    struct round *r = lua_touserdata(L, 1);
    size_t n;
    const char *s;

    lua_settop(L, 0);
    lua_pushlstring(L, r->subject, r->subject_n);
    lua_setglobal(L, "subject");
    lua_pushlstring(L, r->pattern, r->pattern_n);
    lua_setglobal(L, "pattern");
    if (luaL_loadstring(L, script) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    lua_getglobal(L, "result");
    s = lua_tolstring(L, -1, &n);
    n = n < sizeof r->result - 1 ? n : sizeof r->result - 1;
    memcpy(r->result, s, n);
    r->result[n] = '\0';
    return 0;
}

T_TEST(random_patterns_answer_as_luas_do)
{
    static const char *const parts[] = { "a",     "b",  ".",    "%a",    "%d", "%A", "[ab]", "[^a]", "[a-c]",
                                         "[%d-]", "(",  ")",    "()",    "*",  "+",  "-",    "?",    "^",
                                         "$",     "%1", "%b()", "%f[a]", "[]", "%",  "[",    "]",    "c1" };
    static const char alphabet[] = "aabbc1()-";
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;
    lua_State *plain = luaL_newstate();

    luaL_openlibs(plain);
    T_OK(lp_state_new((size_t)8 << 20, &s, &err), err);
    t_seed(5);
    for (int i = 0; i < 20000; i++) {
        struct round ours = { 0 }, theirs;

        for (size_t k = t_below(6); k > 0; k--)
            ours.pattern_n += (size_t)snprintf(ours.pattern + ours.pattern_n, sizeof ours.pattern - ours.pattern_n,
                                               "%s", parts[t_below(ST_LEN(parts))]) %
                              8;
        for (ours.subject_n = t_below(12); strlen(ours.subject) < ours.subject_n;)
            ours.subject[strlen(ours.subject)] = alphabet[t_below(sizeof alphabet - 1)];
        theirs = ours;
        T_OK(lp_state_run(s, run_round, &ours, 1000000, &err), err);
        lua_pushcfunction(plain, run_round);
        lua_pushlightuserdata(plain, &theirs);
        T_CHECK(lua_pcall(plain, 1, 0, 0) == LUA_OK, "plain Lua: %s", lua_tostring(plain, -1));
        T_CHECK(strcmp(ours.result, theirs.result) == 0, "'%s' on '%s':\n%s\n--\n%s", ours.pattern, ours.subject,
                ours.result, theirs.result);
    }
    lp_state_free(s);
    lua_close(plain);
}
