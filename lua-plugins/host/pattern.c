/* SPDX-License-Identifier: Apache-2.0 */
/* pattern - Lua's patterns with a step budget.
 *
 * Lua's own find, match, gmatch and gsub backtrack inside one C call that no hook can interrupt: 240 characters and
 * four lazy items take a minute. This matcher knows the same syntax (classes, sets, * + - ?, captures, %b, %f, %1,
 * anchors), charges every step (lp_charge), and bounds its recursion. A plugin that needs more than the budget wants
 * a detector, which the scanner runs in linear time.
 *
 * match_here answers the offset behind the match, or NO_MATCH. Offsets are into the subject; the pattern is walked by
 * pointer and never written.
 */
#include "state.h"
#include <ctype.h>
#include <string.h>

#define NO_MATCH     ((size_t)-1)
#define CAPTURES_MAX 32
#define DEPTH_MAX    160
#define OPEN         ((size_t)-1) /* capture length while its ')' has not come */
#define POSITION     ((size_t)-2) /* "()" */

struct matcher {
    lua_State *L;
    const uint8_t *s, *p_end;
    size_t n;
    unsigned depth, level;
    struct {
        size_t from, len;
    } capture[CAPTURES_MAX];
};

static size_t match_here(struct matcher *m, size_t at, const uint8_t *p);

/* The end of the single item that starts at p: "a", ".", "%a", "[...]". */
static const uint8_t *item_end(struct matcher *m, const uint8_t *p)
{
    if (*p == '%') {
        if (p + 1 >= m->p_end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[')
        return p + 1;
    p += 1 + (p + 1 < m->p_end && p[1] == '^');
    do { /* a ']' that comes first is a plain character */
        if (p >= m->p_end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        p += *p == '%' ? 2 : 1;
    } while (p >= m->p_end || *p != ']');
    return p + 1;
}

static bool in_class(int c, int class)
{
    bool is;

    switch (tolower(class)) {
    case 'a': is = isalpha(c); break;
    case 'c': is = iscntrl(c); break;
    case 'd': is = isdigit(c); break;
    case 'g': is = isgraph(c); break;
    case 'l': is = islower(c); break;
    case 'p': is = ispunct(c); break;
    case 's': is = isspace(c); break;
    case 'u': is = isupper(c); break;
    case 'w': is = isalnum(c); break;
    case 'x': is = isxdigit(c); break;
    default: return class == c;
    }
    return isupper(class) ? !is : is;
}

/* Set between p ("[") and end (behind "]"). */
static bool in_set(struct matcher *m, int c, const uint8_t *p, const uint8_t *end)
{
    bool is_negated = p[1] == '^', found = false;

    lp_charge(m->L, 1 + (size_t)(end - p) / 4);
    for (p += 1 + is_negated; p < end - 1 && !found; p++) {
        if (*p == '%' && p + 1 < end - 1)
            found = in_class(c, *++p);
        else if (p + 2 < end - 1 && p[1] == '-') {
            found = p[0] <= c && c <= p[2];
            p += 2;
        } else {
            found = *p == c;
        }
    }
    return found != is_negated;
}

static bool matches_one(struct matcher *m, size_t at, const uint8_t *p, const uint8_t *end)
{
    int c;

    if (at >= m->n)
        return false;
    lp_charge(m->L, 1);
    c = m->s[at];
    switch (*p) {
    case '.': return true;
    case '%': return in_class(c, p[1]);
    case '[': return in_set(m, c, p, end);
    default: return *p == c;
    }
}

static size_t match_balanced(struct matcher *m, size_t at, const uint8_t *p)
{
    unsigned open = 1;

    if (p + 1 >= m->p_end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (at >= m->n || m->s[at] != p[0])
        return NO_MATCH;
    while (++at < m->n) {
        lp_charge(m->L, 1);
        if (m->s[at] == p[1] && --open == 0)
            return at + 1;
        open += m->s[at] == p[0] && p[0] != p[1];
    }
    return NO_MATCH;
}

static size_t match_back(struct matcher *m, size_t at, int digit)
{
    unsigned i = (unsigned)(digit - '1');

    if (i >= m->level || m->capture[i].len == OPEN)
        luaL_error(m->L, "invalid capture index in pattern");
    if (m->capture[i].len == POSITION)
        return NO_MATCH;
    lp_charge(m->L, m->capture[i].len / 16);
    if (m->n - at < m->capture[i].len || memcmp(m->s + at, m->s + m->capture[i].from, m->capture[i].len) != 0)
        return NO_MATCH;
    return at + m->capture[i].len;
}

static size_t match_open(struct matcher *m, size_t at, const uint8_t *p, size_t len)
{
    size_t end;

    if (m->level >= CAPTURES_MAX)
        luaL_error(m->L, "too many captures");
    m->capture[m->level].from = at;
    m->capture[m->level++].len = len;
    if ((end = match_here(m, at, p)) == NO_MATCH)
        m->level--;
    return end;
}

static size_t match_shut(struct matcher *m, size_t at, const uint8_t *p)
{
    unsigned i = m->level;
    size_t end;

    while (i > 0 && m->capture[i - 1].len != OPEN)
        i--;
    if (i == 0)
        luaL_error(m->L, "invalid pattern capture");
    m->capture[i - 1].len = at - m->capture[i - 1].from;
    if ((end = match_here(m, at, p)) == NO_MATCH)
        m->capture[i - 1].len = OPEN;
    return end;
}

/* "*" and "+": as many as there are, then fewer; "-": as few as will do. */
static size_t match_many(struct matcher *m, size_t at, const uint8_t *p, const uint8_t *end)
{
    size_t count = 0, least = *end == '+';

    if (*end == '-') {
        for (;; at++) {
            size_t behind = match_here(m, at, end + 1);

            if (behind != NO_MATCH || !matches_one(m, at, p, end))
                return behind;
        }
    }
    while (matches_one(m, at + count, p, end))
        count++;
    for (;; count--) {
        size_t behind = count < least ? NO_MATCH : match_here(m, at + count, end + 1);

        if (behind != NO_MATCH || count == 0)
            return behind;
    }
}

static bool at_frontier(struct matcher *m, size_t at, const uint8_t *p, const uint8_t *end)
{
    int before = at > 0 ? m->s[at - 1] : 0, here = at < m->n ? m->s[at] : 0;

    return !in_set(m, before, p, end) && in_set(m, here, p, end);
}

/* %b, %f and %1: items that are no single character. True when p is one of them; then *at and *p have moved on. */
static bool match_special(struct matcher *m, size_t *at, const uint8_t **p)
{
    const uint8_t *set = *p + 2;

    if (**p != '%' || *p + 1 >= m->p_end)
        return false;
    if ((*p)[1] == 'b') {
        *at = match_balanced(m, *at, *p + 2);
        *p += 4;
        return true;
    }
    if ((*p)[1] == 'f') {
        if (set >= m->p_end || *set != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        *p = item_end(m, set);
        if (!at_frontier(m, *at, set, *p))
            *at = NO_MATCH;
        return true;
    }
    if ((*p)[1] >= '0' && (*p)[1] <= '9') {
        *at = match_back(m, *at, (*p)[1]);
        *p += 2;
        return true;
    }
    return false;
}

/* "(", ")" and a closing "$": they take the rest of the pattern with them. True when p is one; *end is the answer. */
static bool match_group(struct matcher *m, size_t at, const uint8_t *p, size_t *end)
{
    bool is_position = p + 1 < m->p_end && p[1] == ')';

    if (*p == '(')
        *end = match_open(m, at, p + 1 + is_position, is_position ? POSITION : OPEN);
    else if (*p == ')')
        *end = match_shut(m, at, p + 1);
    else if (*p == '$' && p + 1 == m->p_end)
        *end = at == m->n ? at : NO_MATCH;
    else
        return false;
    return true;
}

static size_t match_items(struct matcher *m, size_t at, const uint8_t *p)
{
    while (at != NO_MATCH && p < m->p_end) {
        const uint8_t *end;
        size_t behind;

        if (match_group(m, at, p, &behind))
            return behind;
        if (match_special(m, &at, &p))
            continue;
        end = item_end(m, p);
        if (end < m->p_end && (*end == '*' || *end == '+' || *end == '-'))
            return match_many(m, at, p, end);
        if (end < m->p_end && *end == '?') {
            if (matches_one(m, at, p, end) && (behind = match_here(m, at + 1, end + 1)) != NO_MATCH)
                return behind;
            p = end + 1;
            continue;
        }
        at = matches_one(m, at, p, end) ? at + 1 : NO_MATCH;
        p = end;
    }
    return at;
}

static size_t match_here(struct matcher *m, size_t at, const uint8_t *p)
{
    size_t end;

    lp_charge(m->L, 1);
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    end = match_items(m, at, p);
    m->depth--;
    return end;
}

static void push_capture(struct matcher *m, unsigned i, size_t from, size_t to)
{
    if (i >= m->level) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index");
        lua_pushlstring(m->L, (const char *)m->s + from, to - from);
    } else if (m->capture[i].len == POSITION) {
        lua_pushinteger(m->L, (lua_Integer)m->capture[i].from + 1);
    } else if (m->capture[i].len == OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, (const char *)m->s + m->capture[i].from, m->capture[i].len);
    }
}

/* Pushes all captures; the whole match when there are none and whole is wanted. */
static int push_captures(struct matcher *m, size_t from, size_t to, bool whole)
{
    unsigned n = m->level == 0 && whole ? 1 : m->level;

    luaL_checkstack(m->L, (int)n, "too many captures");
    for (unsigned i = 0; i < n; i++)
        push_capture(m, i, from, to);
    return (int)n;
}

static void matcher_init(struct matcher *m, lua_State *L, int subject, int pattern, const uint8_t **p)
{
    size_t p_n;

    memset(m, 0, sizeof *m);
    m->L = L;
    m->s = (const uint8_t *)luaL_checklstring(L, subject, &m->n);
    *p = (const uint8_t *)luaL_checklstring(L, pattern, &p_n);
    m->p_end = *p + p_n;
}

/* The first match at or behind *from; *from and the result are its two ends. */
static size_t search(struct matcher *m, size_t *from, const uint8_t *p)
{
    bool is_anchored = p < m->p_end && *p == '^';

    for (;; (*from)++) {
        size_t end;

        m->level = m->depth = 0;
        end = match_here(m, *from, p + is_anchored);
        if (end != NO_MATCH || is_anchored || *from >= m->n)
            return end;
    }
}

static size_t start_offset(lua_State *L, int arg, size_t n)
{
    lua_Integer init = luaL_optinteger(L, arg, 1);

    if (init > 0)
        return (lua_Unsigned)init - 1 > n ? NO_MATCH : (size_t)init - 1;
    if (init == 0 || (lua_Unsigned)-init > n)
        return 0;
    return n - (size_t)-init;
}

/* No byte in it means more than itself; ')' and ']' alone do not. */
static bool is_plain(struct st_span pattern)
{
    for (size_t i = 0; i < pattern.n; i++) {
        if (memchr("^$*+?.([%-", pattern.p[i], 10) != NULL)
            return false;
    }
    return true;
}

static int find_or_match(lua_State *L, bool is_find)
{
    struct matcher m;
    const uint8_t *p;
    size_t from, to, p_n;

    matcher_init(&m, L, 1, 2, &p);
    p_n = (size_t)(m.p_end - p);
    from = start_offset(L, 3, m.n);
    if (from == NO_MATCH) {
        lua_pushnil(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || is_plain(st_span(p, p_n)))) {
        struct st_span rest = st_span(m.s + from, m.n - from);

        lp_charge(L, rest.n / 16 + 1);
        to = p_n == 0 ? 0 : st_span_find(rest, st_span(p, p_n));
        if (to == ST_SPAN_NPOS) {
            lua_pushnil(L);
            return 1;
        }
        lua_pushinteger(L, (lua_Integer)(from + to) + 1);
        lua_pushinteger(L, (lua_Integer)(from + to + p_n));
        return 2;
    }
    to = search(&m, &from, p);
    if (to == NO_MATCH) {
        lua_pushnil(L);
        return 1;
    }
    if (!is_find)
        return push_captures(&m, from, to, true);
    lua_pushinteger(L, (lua_Integer)from + 1);
    lua_pushinteger(L, (lua_Integer)to);
    return 2 + push_captures(&m, from, to, false);
}

static int pat_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int pat_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: subject, pattern, offset to go on from, end of the last match (an empty match there would repeat it). */
static int gmatch_next(lua_State *L)
{
    struct matcher m;
    const uint8_t *p;
    size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(3)), last = (size_t)lua_tointeger(L, lua_upvalueindex(4));

    matcher_init(&m, L, lua_upvalueindex(1), lua_upvalueindex(2), &p);
    for (; from <= m.n; from++) {
        size_t to = search(&m, &from, p);

        if (to == NO_MATCH)
            break;
        if (to == last)
            continue;
        lua_pushinteger(L, (lua_Integer)to);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&m, from, to, true);
    }
    return 0;
}

static int pat_gmatch(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* "%1" and "%%" in a replacement string. */
static void add_template(struct matcher *m, luaL_Buffer *b, size_t from, size_t to)
{
    size_t n;
    const char *r = lua_tolstring(m->L, 3, &n);

    lp_charge(m->L, n / 8);
    for (size_t i = 0; i < n; i++) {
        if (r[i] != '%') {
            luaL_addchar(b, r[i]);
            continue;
        }
        i++;
        if (i < n && r[i] == '%')
            luaL_addchar(b, '%');
        else if (i < n && r[i] == '0')
            luaL_addlstring(b, (const char *)m->s + from, to - from);
        else if (i < n && r[i] >= '1' && r[i] <= '9') {
            push_capture(m, (unsigned)(r[i] - '1'), from, to);
            if (lua_type(m->L, -1) == LUA_TNUMBER)
                lua_tostring(m->L, -1);
            luaL_addvalue(b);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

static void add_value(struct matcher *m, luaL_Buffer *b, size_t from, size_t to)
{
    lua_State *L = m->L;
    int type = lua_type(L, 3);

    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        add_template(m, b, from, to);
        return;
    }
    if (type == LUA_TFUNCTION) {
        int n;

        lua_pushvalue(L, 3);
        n = push_captures(m, from, to, true);
        lua_call(L, n, 1);
    } else {
        push_capture(m, 0, from, to);
        lua_rawget(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, (const char *)m->s + from, to - from);
    } else if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER) {
        luaL_addvalue(b);
    } else {
        luaL_error(L, "invalid replacement value");
    }
}

static int pat_gsub(lua_State *L)
{
    struct matcher m;
    const uint8_t *p;
    size_t at = 0, last = NO_MATCH;
    lua_Integer most, count = 0;
    int type = lua_type(L, 3);
    luaL_Buffer b;

    matcher_init(&m, L, 1, 2, &p);
    luaL_argexpected(L, type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    most = luaL_optinteger(L, 4, (lua_Integer)m.n + 1);
    lua_settop(L, 4);
    luaL_buffinit(L, &b);
    while (count < most && at <= m.n) {
        size_t from = at, to = search(&m, &from, p);

        if (to == NO_MATCH)
            break;
        luaL_addlstring(&b, (const char *)m.s + at, from - at);
        if (to != last) {
            count++;
            add_value(&m, &b, from, to);
        }
        if (to > from) {
            at = last = to;
        } else { /* an empty match: one character goes over as it is */
            last = to;
            at = from + 1;
            if (from < m.n)
                luaL_addchar(&b, (char)m.s[from]);
        }
        if (luaL_bufflen(&b) > LP_STRING_MAX)
            return luaL_error(L, "resulting string too long");
        if (*p == '^' && p < m.p_end)
            break;
    }
    if (at < m.n)
        luaL_addlstring(&b, (const char *)m.s + at, m.n - at);
    luaL_pushresult(&b);
    lua_pushinteger(L, count);
    return 2;
}

void lp_pattern_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "find", pat_find }, { "match", pat_match }, { "gmatch", pat_gmatch }, { "gsub", pat_gsub }, { NULL, NULL }
    };

    luaL_setfuncs(L, functions, 0);
}
