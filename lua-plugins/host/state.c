/* SPDX-License-Identifier: Apache-2.0 */
/* state - makes, runs and ends one sandboxed Lua state.
 *
 * The memory cap sits in the allocator, so it holds for everything Lua does. Each run is one protected call with the
 * watchdog armed; there is no way into a state but lp_state_run, hence no unprotected error and no call without a
 * deadline. What comes out of a failed run is a reason from a fixed list; the error value itself is only looked at
 * when it is a plain string, and then copied with everything but printable ASCII replaced.
 */
#include "state.h"
#include <stdlib.h>
#include <string.h>

/* A table that is its own __call makes Lua push it again and again in one C loop that no hook can end, moving the whole
 * stack each time. So the stack has a ceiling of its own, low enough for that loop to be over in milliseconds; deep
 * recursion ends there too. Lua allocates the main stack, and nothing else, with this size while the state is made; if
 * a later release changes it, only this ceiling is lost (tests/lua/hostile.txt, stack_call_chain). */
#define STACK_FIRST ((2 * LUA_MINSTACK + 5) * 16)
#define STACK_MAX   ((size_t)45000) /* 2560 slots */

static bool is_refused(struct lp_state *s, const void *p, size_t old, size_t size)
{
    if (size <= old)
        return false;
    return s->expired || size - old > s->cap - s->used || (p != NULL && p == s->stack && size > STACK_MAX);
}

static void *cap_alloc(void *ud, void *p, size_t old_size, size_t size)
{
    struct lp_state *s = ud;
    size_t old = p != NULL ? old_size : 0;
    void *q;

    if (size == 0) {
        if (p != NULL)
            explicit_bzero(p, old); /* posts pass through here */
        free(p);
        s->used -= old;
        return NULL;
    }
    if (is_refused(s, p, old, size)) {
        s->hit_cap = true;
        return NULL;
    }
    q = realloc(p, size);
    if (q == NULL) {
        if (size > old)
            return NULL;
        q = p; /* Lua counts on shrinking never to fail */
    }
    s->used = s->used - old + size;
    s->most = s->used > s->most ? s->used : s->most;
    if (p == s->stack && (p != NULL || (s->L == NULL && size == STACK_FIRST)))
        s->stack = q;
    return q;
}

struct lp_state *lp_state_of(lua_State *L)
{
    struct lp_state *s = *(struct lp_state **)lua_getextraspace(L);

    ST_CHECK(s, LP_STATE_MAGIC);
    return s;
}

enum st_rc lp_state_new(size_t memory, struct lp_state **out, struct st_err *err)
{
    struct lp_state *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.state", "state", sizeof *s);
    s->magic = LP_STATE_MAGIC;
    s->cap = memory;
    s->L = lua_newstate(cap_alloc, s);
    if (s->L == NULL) {
        lp_state_free(s);
        return st_fail(err, ST_E_NOMEM, "lua.state", "lua state", 0);
    }
    *(struct lp_state **)lua_getextraspace(s->L) = s;
    if (lp_state_run(s, lp_libs_open, NULL, LP_TIME_LOAD_US, err) != ST_OK) {
        lp_state_free(s);
        return ST_ERR;
    }
    *out = s;
    return ST_OK;
}

void lp_state_free(struct lp_state *s)
{
    if (s == NULL)
        return;
    ST_CHECK(s, LP_STATE_MAGIC);
    if (s->L != NULL)
        lua_close(s->L); /* no __gc of a script can run: setmetatable refuses it */
    explicit_bzero(s, sizeof *s);
    free(s);
}

void lp_charge(lua_State *L, size_t steps)
{
    struct lp_state *s = lp_state_of(L);

    if (s->expired)
        lp_watch_raise(L);
    if (steps > s->steps) {
        s->steps = 0;
        luaL_error(L, "step budget of the library used up");
    }
    s->steps -= steps;
}

/* Keeps "p:12: text" as line 12 and text; the chunk is always named p (lp_state_chunk). */
static void keep_failure(struct lp_state *s, const char *text, size_t n)
{
    size_t to = 0, from = 0;

    s->failure_line = 0;
    if (n > 2 && text[0] == 'p' && text[1] == ':') {
        for (from = 2; from < n && from < 9 && text[from] >= '0' && text[from] <= '9'; from++)
            s->failure_line = s->failure_line * 10 + (unsigned)(text[from] - '0');
        from += from + 1 < n && text[from] == ':' ? 2 : 0;
    }
    for (; from < n && to + 1 < sizeof s->failure; from++)
        s->failure[to++] = text[from] >= 0x20 && text[from] < 0x7f ? text[from] : ' ';
    s->failure[to] = '\0';
}

static enum st_rc name_failure(struct lp_state *s, int status, struct st_err *err)
{
    size_t n = 0;
    const char *text = lua_type(s->L, -1) == LUA_TSTRING ? lua_tolstring(s->L, -1, &n) : NULL;

    keep_failure(s, text != NULL ? text : "raised a value that is no string", text != NULL ? n : 32);
    if (s->expired) {
        s->fail = LP_FAIL_TIME;
        keep_failure(s, "ran longer than its time budget", 31);
        return st_fail(err, ST_E_PLUGIN, "lua.run", "time budget", 0);
    }
    if (status == LUA_ERRMEM) {
        s->fail = LP_FAIL_MEMORY;
        keep_failure(s, "needs more memory than its budget", 33);
        if (!s->hit_cap)
            return st_fail(err, ST_E_NOMEM, "lua.run", "memory", 0);
        return st_fail(err, ST_E_PLUGIN, "lua.run", "memory budget", s->cap);
    }
    if (s->no_memory)
        return st_fail(err, ST_E_NOMEM, "lua.run", "memory", 0);
    s->fail = LP_FAIL_RAISED;
    return st_fail(err, ST_E_PLUGIN, "lua.run", "raised an error", s->failure_line);
}

enum st_rc lp_state_run(struct lp_state *s, lua_CFunction fn, void *ctx, uint32_t time_us, struct st_err *err)
{
    enum st_rc rc = ST_OK;
    int status;

    ST_CHECK(s, LP_STATE_MAGIC);
    lua_settop(s->L, 0);
    s->fail = LP_FAIL_NONE;
    s->failure[0] = '\0';
    s->failure_line = 0;
    s->hit_cap = false;
    s->no_memory = false;
    s->expired = 0;
    s->steps = (uint64_t)time_us * LP_STEPS_PER_US;
    lua_pushcfunction(s->L, fn);
    lua_pushlightuserdata(s->L, ctx);
    if (lp_watch_enter(s, time_us, err) != ST_OK)
        return ST_ERR;
    status = lua_pcall(s->L, 1, 0, 0);
    lp_watch_leave(s);
    if (status != LUA_OK)
        rc = name_failure(s, status, err);
    lua_settop(s->L, 0);
    return rc;
}

/* The offset behind a long bracket that opens at `at`; `at` itself when none does. */
static size_t skip_long(struct st_span src, size_t at)
{
    size_t level = 0, n;

    if (at >= src.n || src.p[at] != '[')
        return at;
    while (at + 1 + level < src.n && src.p[at + 1 + level] == '=')
        level++;
    if (at + 1 + level >= src.n || src.p[at + 1 + level] != '[')
        return at;
    for (at += level + 2; at < src.n; at++) {
        for (n = 0; n < level && at + 1 + n < src.n && src.p[at] == ']' && src.p[at + 1 + n] == '='; n++)
            ;
        if (src.p[at] == ']' && n == level && at + 1 + n < src.n && src.p[at + 1 + n] == ']')
            return at + level + 2;
    }
    return src.n;
}

size_t lp_skip_quoted(struct st_span src, size_t i, bool *is_comment)
{
    size_t from, at;

    *is_comment = src.p[i] == '-' && i + 1 < src.n && src.p[i + 1] == '-';
    from = *is_comment ? i + 2 : i;
    if ((at = skip_long(src, from)) > from)
        return at;
    if (*is_comment) {
        while (at < src.n && src.p[at] != '\n')
            at++;
        return at;
    }
    if (src.p[i] != '"' && src.p[i] != '\'')
        return i;
    for (at = i + 1; at < src.n && src.p[at] != src.p[i] && src.p[at] != '\n'; at++)
        at += src.p[at] == '\\';
    return at + 1 < src.n ? at + 1 : src.n;
}

/* `local x <close>` runs code after an error, also after the watchdog's: refused in the source, since a metatable may
 * get its __close after setmetatable saw it. `a < close > b` is refused with it; nobody writes that. */
static bool has_close(struct st_span src)
{
    bool is_comment;

    for (size_t i = 0; i < src.n;) {
        size_t next = lp_skip_quoted(src, i, &is_comment);

        if (next > i) {
            i = next;
            continue;
        }
        if (src.p[i++] != '<')
            continue;
        for (next = i; next < src.n; next++) { /* blanks and comments may stand between */
            size_t behind = lp_skip_quoted(src, next, &is_comment);

            if (behind > next)
                next = behind - 1;
            else if (strchr(" \t\r\n\f\v", src.p[next]) == NULL || src.p[next] == '\0')
                break;
        }
        if (next + 5 <= src.n && memcmp(src.p + next, "close", 5) == 0)
            return true;
    }
    return false;
}

static bool is_blank(struct st_span source)
{
    for (size_t i = 0; i < source.n; i++)
        if (source.p[i] > ' ')
            return false;
    return true;
}

void lp_state_chunk(lua_State *L, struct st_span source)
{
    if (is_blank(source)) /* an editor or a full disk left it so: whoever wrote one meant something */
        luaL_error(L, "the file is empty: put back what was in it, or remove it");
    if (source.n > LP_SOURCE_MAX)
        luaL_error(L, "the file is longer than 256 KiB");
    if (has_close(source))
        luaL_error(L, "<close> variables are not available");
    if (luaL_loadbufferx(L, (const char *)source.p, source.n, "=p", "t") != LUA_OK)
        lua_error(L);
}

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "this table cannot be changed");
}

void lp_freeze(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}
