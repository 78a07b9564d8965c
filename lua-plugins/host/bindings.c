/* SPDX-License-Identifier: Apache-2.0 */
/* bindings - what the functions of the Lua API do.
 *
 * api.c has checked object, phase, permission and argument types; what remains here is to read the running call and to
 * treat tables of the script as hostile: raw access, bounded sizes, ids of a fixed alphabet. When you add a binding,
 * describe it in api/ first.
 */
#include "adapter.h"
#include "api.h"
#include "base/clock.h"
#include "base/log.h"
#include "needs.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINKS_MAX   32
#define MESSAGE_MAX ((size_t)500)

static int push_span(lua_State *L, struct st_span s)
{
    lua_pushlstring(L, s.n > 0 ? (const char *)s.p : "", s.n);
    return 1;
}

static int push_str(lua_State *L, const char *s)
{
    lua_pushstring(L, s != NULL ? s : "");
    return 1;
}

int lp_activity_text(lua_State *L)
{
    return push_span(L, lp_api_call(L)->activity->text);
}

int lp_activity_platform(lua_State *L)
{
    return push_str(L, lp_api_call(L)->activity->platform);
}

int lp_activity_kind(lua_State *L)
{
    return push_str(L, lp_api_call(L)->activity->kind);
}

int lp_activity_audience(lua_State *L)
{
    return push_str(L, lp_api_call(L)->activity->audience);
}

int lp_activity_phase(lua_State *L)
{
    return push_str(L, lp_phase_names[lp_api_call(L)->activity->phase]);
}

int lp_activity_confidence(lua_State *L)
{
    lua_pushinteger(L, lp_api_call(L)->activity->confidence);
    return 1;
}

int lp_activity_url(lua_State *L)
{
    return push_span(L, lp_api_call(L)->activity->url);
}

int lp_activity_title(lua_State *L)
{
    return push_span(L, lp_api_call(L)->activity->title);
}

int lp_activity_lang(lua_State *L)
{
    return push_span(L, lp_api_call(L)->activity->lang);
}

int lp_activity_urls(lua_State *L)
{
    struct st_span text = lp_api_call(L)->activity->text;
    lua_Integer n = 0;

    lua_newtable(L);
    lp_charge(L, text.n / 4);
    for (size_t i = 0; i + 8 < text.n && n < LINKS_MAX; i++) {
        struct st_span rest = st_span_sub(text, i, text.n);
        size_t end = 0;

        if (!st_span_istarts(rest, ST_SPAN("http://")) && !st_span_istarts(rest, ST_SPAN("https://")))
            continue;
        while (end < rest.n && rest.p[end] > ' ' && strchr("<>\"'`{}|\\^", rest.p[end]) == NULL)
            end++;
        while (end > 0 && strchr(".,;:!?)]", rest.p[end - 1]) != NULL)
            end--;
        (void)push_span(L, st_span_sub(rest, 0, end));
        lua_rawseti(L, -2, ++n);
        i += end;
    }
    return 1;
}

static bool is_tag_byte(int c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c >= 0x80;
}

int lp_activity_hashtags(lua_State *L)
{
    struct st_span text = lp_api_call(L)->activity->text;
    lua_Integer n = 0;

    lua_newtable(L);
    lp_charge(L, text.n / 4);
    for (size_t i = 0; i + 1 < text.n && n < LINKS_MAX; i++) {
        char tag[64];
        size_t len = 0, at = i + 1;

        if (text.p[i] != '#' || (i > 0 && is_tag_byte(text.p[i - 1])))
            continue;
        for (; at < text.n && len < sizeof tag && is_tag_byte(text.p[at]); at++)
            tag[len++] = (char)(text.p[at] >= 'A' && text.p[at] <= 'Z' ? text.p[at] + 32 : text.p[at]);
        if (len == 0)
            continue;
        lua_pushlstring(L, tag, len);
        lua_rawseti(L, -2, ++n);
        i = at - 1;
    }
    return 1;
}

int lp_activity_actor(lua_State *L)
{
    lp_api_push(L, LP_CLASS_ACTOR);
    return 1;
}

int lp_activity_has_finding(lua_State *L)
{
    const struct flt_findings *f = lp_api_call(L)->findings;
    size_t n;
    const char *id = lua_tolstring(L, 2, &n);
    bool has = false;

    for (size_t i = 0; f != NULL && !has && i < f->n; i++) {
        const char *got = f->items[i].rule->id;

        has = n > 0 && id[n - 1] == '*' ? strncmp(got, id, n - 1) == 0 : strcmp(got, id) == 0;
    }
    lua_pushboolean(L, has);
    return 1;
}

int lp_actor_in_group(lua_State *L)
{
    const char *const *groups = lp_api_call(L)->groups;
    bool is_in = false;

    for (; groups != NULL && *groups != NULL && !is_in; groups++)
        is_in = strcmp(*groups, lua_tostring(L, 2)) == 0;
    lua_pushboolean(L, is_in);
    return 1;
}

int lp_context_config(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, lp_api_plugin(L)->config_ref);
    return 1;
}

int lp_context_today(lua_State *L)
{
    const char *today = lp_api_call(L)->today;
    char day[32];

    if (today != NULL)
        return push_str(L, today);
    st_clock_rfc3339(st_clock_wall_ms(), day, sizeof day);
    lua_pushlstring(L, day, 10);
    return 1;
}

int lp_context_now(lua_State *L)
{
    const char *today = lp_api_call(L)->today;
    struct tm day = { .tm_hour = 12 };
    int64_t now = st_clock_wall_ms() / 1000;

    if (today != NULL && sscanf(today, "%4d-%2d-%2d", &day.tm_year, &day.tm_mon, &day.tm_mday) == 3) {
        day.tm_year -= 1900;
        day.tm_mon--;
        now = timegm(&day);
    }
    lua_pushinteger(L, now);
    return 1;
}

/* A string of the script's table, in the arena of the transaction; NULL when it is not there or no string. */
static const char *take_text(lua_State *L, int at, const char *key, size_t most)
{
    struct st_arena *arena = lp_api_call(L)->arena;
    char *copy = NULL;
    size_t len, n;

    lua_pushstring(L, key);
    if (lua_rawget(L, at) == LUA_TSTRING) {
        const char *s = lua_tolstring(L, -1, &len);

        n = len < most ? len : most;
        while (n < len && n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80) /* not in the middle of a character */
            n--;
        if ((copy = st_arena_alloc(arena, n + 1)) == NULL)
            luaL_error(L, "not enough memory");
        for (size_t i = 0; i < n; i++) /* control bytes have no place in a message */
            copy[i] = (uint8_t)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i];
    }
    lua_pop(L, 1);
    return copy;
}

static int give_opinion(lua_State *L, uint8_t verdict)
{
    struct lp_opinion *o = lp_api_call(L)->opinion;
    const char *reason = take_text(L, 2, "reason", 63), *en = NULL, *de = NULL;
    struct st_id id = st_id(reason != NULL ? reason : "");

    if (reason == NULL || strcmp(id.s, reason) != 0)
        return luaL_error(L, "'reason' must be an id of letters, digits and ._:-");
    lua_pushliteral(L, "message");
    if (lua_rawget(L, 2) == LUA_TTABLE) {
        en = take_text(L, lua_gettop(L), "en", MESSAGE_MAX);
        de = take_text(L, lua_gettop(L), "de", MESSAGE_MAX);
    }
    lua_settop(L, 0);
    if (verdict <= o->verdict)
        return 0;
    o->verdict = verdict;
    o->plugin = lp_api_plugin(L)->name;
    o->reason = reason;
    o->message_en = en;
    o->message_de = de;
    return 0;
}

int lp_context_note(lua_State *L)
{
    return give_opinion(L, 1);
}

int lp_context_coach(lua_State *L)
{
    return give_opinion(L, 2);
}

int lp_context_redact(lua_State *L)
{
    return give_opinion(L, 3);
}

int lp_context_block(lua_State *L)
{
    return give_opinion(L, 4);
}

/* set:has(value): the members are out of reach, in the upvalue. */
static int set_has(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    lua_rawget(L, lua_upvalueindex(1));
    lua_pushboolean(L, !lua_isnil(L, -1));
    return 1;
}

int lp_stoa_set(lua_State *L)
{
    size_t n = lua_rawlen(L, 1);

    lp_charge(L, n);
    lua_newtable(L); /* 2: members */
    for (size_t i = 1; i <= n; i++) {
        int type = lua_rawgeti(L, 1, (lua_Integer)i);

        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            return luaL_error(L, "a set holds strings and numbers");
        lua_pushboolean(L, 1);
        lua_rawset(L, 2);
    }
    lua_newtable(L); /* 3: what the script gets */
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, set_has, 1);
    lua_setfield(L, 3, "has");
    lp_freeze(L);
    return 1;
}

int lp_stoa_lib(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, "lp.libs") == LUA_TNIL) {
        lua_newtable(L);
        lua_replace(L, 2);
        lua_pushvalue(L, 2);
        lua_setfield(L, LUA_REGISTRYINDEX, "lp.libs");
    } /* 1: name, 2: modules that ran */
    lua_pushvalue(L, 1);
    if (lua_rawget(L, 2) != LUA_TNIL)
        return 1;
    lp_lib_push(L, lp_api_plugin(L)->libs, lua_tostring(L, 1));
    lp_freeze(L);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

/* A setting is its spec with a type; the host reads it when the manifest is checked. */
static int setting(lua_State *L, const char *type)
{
    static const char *const kept[] = { "default", "help", "format", "of", "min", "max", "choices" };

    lua_newtable(L);
    lua_pushstring(L, type);
    lua_setfield(L, -2, "type");
    for (size_t i = 0; lua_istable(L, 1) && i < ST_LEN(kept); i++) {
        lua_pushstring(L, kept[i]);
        lua_rawget(L, 1);
        lua_setfield(L, -2, kept[i]);
    }
    return 1;
}

int lp_schema_string(lua_State *L)
{
    return setting(L, "string");
}

int lp_schema_integer(lua_State *L)
{
    return setting(L, "integer");
}

int lp_schema_number(lua_State *L)
{
    return setting(L, "number");
}

int lp_schema_boolean(lua_State *L)
{
    return setting(L, "boolean");
}

int lp_schema_list(lua_State *L)
{
    return setting(L, "list");
}
