/* SPDX-License-Identifier: Apache-2.0 */
/* conf - the one reader of tables that files return: adapters, manifests, curation rules.
 *
 * Raw accessors only, so that no metamethod of the file runs here; a wrong type is a diagnostic and reading goes on, so
 * that one run shows every mistake. Names of keys are checked against a list: a misspelt key is an error, not silence.
 */
#include "conf.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lp_conf_no_memory(struct lp_conf *c)
{
    struct st_err why = ST_ERR_INIT;

    (void)st_arena_fail(c->arena, &why, "lua.conf"); /* its ceiling is the files' fault, the machine's memory is not */
    lp_state_of(c->L)->no_memory = why.code == ST_E_NOMEM;
    luaL_error(c->L, "not enough memory");
    __builtin_unreachable();
}

char *lp_conf_copy(struct lp_conf *c, struct st_span text)
{
    char *copy = st_arena_str(c->arena, text);

    if (copy == NULL)
        lp_conf_no_memory(c);
    return copy;
}

void *lp_conf_alloc(struct lp_conf *c, size_t size)
{
    void *p = st_arena_alloc(c->arena, size > 0 ? size : 1);

    if (p == NULL)
        lp_conf_no_memory(c);
    return p;
}

void lp_conf_fail(struct lp_conf *c, const char *fmt, ...)
{
    char text[200];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->failed = true;
    (void)st_diag_add(c->diag, c->file, 0, 0, "%s%s%s", c->where, c->where[0] != '\0' ? ": " : "", text);
}

static bool is_known(const char *known, const char *key)
{
    size_t n = strlen(key);

    for (const char *at = known; (at = strstr(at, key)) != NULL; at += n) {
        if ((at == known || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* Tells which of the known names was meant, perhaps. */
static void fail_unknown(struct lp_conf *c, const char *key, const char *known)
{
    struct st_span rest = st_span_str(known), word;
    const char *names[64], *near;
    char room[1024];
    size_t n = 0, at = 0;

    while (n < ST_LEN(names) && st_span_next(&rest, ' ', &word) && at + word.n < sizeof room) {
        names[n++] = memcpy(room + at, word.p, word.n);
        room[at + word.n] = '\0';
        at += word.n + 1;
    }
    near = st_diag_nearest(key, names, n);
    lp_conf_fail(c, "unknown key '%.40s'%s%s%s; known: %s", key, near != NULL ? ", did you mean '" : "",
                 near != NULL ? near : "", near != NULL ? "'?" : "", known);
}

void lp_conf_keys(struct lp_conf *c, int at, const char *known)
{
    lua_State *L = c->L;

    luaL_checkstack(L, 4, "tables too deep");
    at = lua_absindex(L, at);
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            lp_conf_fail(c, "has an entry without a name; known names: %s", known);
        else if (!is_known(known, lua_tostring(L, -1)))
            fail_unknown(c, lua_tostring(L, -1), known);
    }
}

static int get(struct lp_conf *c, int at, const char *key)
{
    at = lua_absindex(c->L, at);
    luaL_checkstack(c->L, 4, "tables too deep");
    lua_pushstring(c->L, key);
    return lua_rawget(c->L, at);
}

/* Copies the string on the top; it must be free of NUL. */
static const char *take_str(struct lp_conf *c, const char *key)
{
    size_t n;
    const char *s = lua_tolstring(c->L, -1, &n);
    char *copy;

    if (memchr(s, '\0', n) != NULL || n > 4096) {
        lp_conf_fail(c, "'%s' must be text of at most 4096 bytes", key);
        return "";
    }
    copy = lp_conf_alloc(c, n + 1);
    memcpy(copy, s, n);
    return copy;
}

const char *lp_conf_str(struct lp_conf *c, int at, const char *key, const char *fallback)
{
    int type = get(c, at, key);
    const char *s = fallback;

    if (type == LUA_TSTRING)
        s = take_str(c, key);
    else if (type != LUA_TNIL)
        lp_conf_fail(c, "'%s' must be a string", key);
    lua_pop(c->L, 1);
    return s;
}

const char *lp_conf_need(struct lp_conf *c, int at, const char *key)
{
    const char *s = lp_conf_str(c, at, key, NULL);

    if (s == NULL)
        lp_conf_fail(c, "'%s' is missing", key);
    return s != NULL ? s : "";
}

struct st_span lp_conf_span(struct lp_conf *c, int at, const char *key)
{
    struct st_span span = ST_SPAN_NONE;
    int type = get(c, at, key);

    if (type == LUA_TSTRING) {
        size_t n;
        const char *s = lua_tolstring(c->L, -1, &n);
        uint8_t *copy = lp_conf_alloc(c, n + 1);

        memcpy(copy, s, n);
        span = st_span(copy, n);
    } else if (type != LUA_TNIL) {
        lp_conf_fail(c, "'%s' must be a string", key);
    }
    lua_pop(c->L, 1);
    return span;
}

bool lp_conf_bool(struct lp_conf *c, int at, const char *key, bool fallback)
{
    int type = get(c, at, key);
    bool value = type == LUA_TBOOLEAN ? lua_toboolean(c->L, -1) : fallback;

    if (type != LUA_TBOOLEAN && type != LUA_TNIL)
        lp_conf_fail(c, "'%s' must be true or false", key);
    lua_pop(c->L, 1);
    return value;
}

uint64_t lp_conf_num(struct lp_conf *c, int at, const char *key, uint64_t fallback)
{
    int type = get(c, at, key), is_int = 0;
    lua_Integer value = type == LUA_TNUMBER ? lua_tointegerx(c->L, -1, &is_int) : 0;

    lua_pop(c->L, 1);
    if (type == LUA_TNIL)
        return fallback;
    if (!is_int || value < 0)
        lp_conf_fail(c, "'%s' must be a whole number, 0 or more", key);
    return is_int && value >= 0 ? (uint64_t)value : fallback;
}

uint64_t lp_ms_of(const char *text)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    uint64_t n = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9' && n < 1000000; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    for (size_t i = 0; p > text && i < ST_LEN(units); i++) {
        if (strcmp(p, units[i].unit) == 0)
            return n * units[i].ms;
    }
    return 0;
}

uint64_t lp_conf_ms(struct lp_conf *c, int at, const char *key)
{
    const char *text = lp_conf_str(c, at, key, NULL);
    uint64_t ms = text != NULL ? lp_ms_of(text) : 0;

    if (text != NULL && ms == 0)
        lp_conf_fail(c, "'%s' must be a duration such as 500ms, 2m, 12h or 180d", key);
    return ms;
}

size_t lp_conf_len_to(struct lp_conf *c, int at, size_t most)
{
    size_t n = lua_rawlen(c->L, at);

    if (n <= most)
        return n;
    lp_conf_fail(c, "has more than %zu entries", most);
    return 0;
}

size_t lp_conf_len(struct lp_conf *c, int at)
{
    return lp_conf_len_to(c, at, LP_LIST_MAX);
}

const char *const *lp_conf_strs(struct lp_conf *c, int at, const char *key)
{
    int type = get(c, at, key);
    const char **list = NULL;

    if (type == LUA_TSTRING) {
        list = lp_conf_alloc(c, 2 * sizeof *list);
        list[0] = take_str(c, key);
    } else if (type == LUA_TTABLE) {
        size_t n = lp_conf_len(c, -1);

        list = lp_conf_alloc(c, (n + 1) * sizeof *list);
        for (size_t i = 0; i < n; i++) {
            list[i] = "";
            if (lua_rawgeti(c->L, -1, (lua_Integer)i + 1) == LUA_TSTRING)
                list[i] = take_str(c, key);
            else
                lp_conf_fail(c, "'%s' must hold strings only", key);
            lua_pop(c->L, 1);
        }
    } else if (type != LUA_TNIL) {
        lp_conf_fail(c, "'%s' must be a string or a list of strings", key);
    }
    lua_pop(c->L, 1);
    return list;
}

static bool enter(struct lp_conf *c, int type, const char *name, size_t *mark)
{
    size_t n = strlen(c->where);

    *mark = n;
    if (type == LUA_TTABLE) {
        (void)snprintf(c->where + n, sizeof c->where - n, "%s%s", n > 0 && name[0] != '[' ? "." : "", name);
        return true;
    }
    if (type != LUA_TNIL)
        lp_conf_fail(c, "'%s' must be a table", name);
    lua_pop(c->L, 1);
    return false;
}

bool lp_conf_enter(struct lp_conf *c, int at, const char *key, size_t *mark)
{
    return enter(c, get(c, at, key), key, mark);
}

bool lp_conf_enter_at(struct lp_conf *c, int at, size_t i, size_t *mark)
{
    char name[24];

    (void)snprintf(name, sizeof name, "[%zu]", i);
    luaL_checkstack(c->L, 4, "tables too deep");
    return enter(c, lua_rawgeti(c->L, at, (lua_Integer)i), name, mark);
}

void lp_conf_leave(struct lp_conf *c, size_t mark)
{
    c->where[mark] = '\0';
    lua_pop(c->L, 1);
}
