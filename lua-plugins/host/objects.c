/* SPDX-License-Identifier: Apache-2.0 */
/* objects - what the functions of Connection, Finding, Record and Item do.
 *
 * As in bindings.c, api.c has checked object, phase, permission and argument types. Each changes only what its hook
 * may: a record loses fields from a fixed list and gains none, a finding is lowered until the day of the manifest, a
 * tag is made of ids, not of text.
 */
#include "objects.h"
#include "base/clock.h"
#include "base/log.h"
#include <string.h>

static int push_text(lua_State *L, const char *s)
{
    lua_pushstring(L, s != NULL ? s : "");
    return 1;
}

static int push_span(lua_State *L, struct st_span s)
{
    lua_pushlstring(L, s.n > 0 ? (const char *)s.p : "", s.n);
    return 1;
}

/* ---- Connection -------------------------------------------------------------------------------------------------- */

int lp_connection_host(lua_State *L)
{
    return push_span(L, lp_api_call(L)->connection->host);
}

int lp_connection_port(lua_State *L)
{
    lua_pushinteger(L, lp_api_call(L)->connection->port);
    return 1;
}

int lp_connection_platform(lua_State *L)
{
    return push_text(L, lp_api_call(L)->connection->platform);
}

int lp_connection_route(lua_State *L)
{
    return push_text(L, lp_api_call(L)->connection->route == LP_WAY_PASS ? "pass" : "inspect");
}

int lp_connection_is_protected(lua_State *L)
{
    lua_pushboolean(L, lp_api_call(L)->connection->is_protected);
    return 1;
}

static int ask_for(lua_State *L, enum lp_way way)
{
    enum lp_way *asked = lp_api_call(L)->way;

    *asked = way > *asked ? way : *asked;
    return 0;
}

int lp_connection_pass(lua_State *L)
{
    return ask_for(L, LP_WAY_PASS);
}

int lp_connection_inspect(lua_State *L)
{
    return ask_for(L, LP_WAY_INSPECT);
}

int lp_connection_block(lua_State *L)
{
    return ask_for(L, LP_WAY_BLOCK);
}

/* ---- Request ----------------------------------------------------------------------------------------------------- */

int lp_request_method(lua_State *L)
{
    return push_span(L, lp_api_call(L)->asked->req->method);
}

int lp_request_host(lua_State *L)
{
    return push_span(L, lp_api_call(L)->asked->req->host);
}

int lp_request_path(lua_State *L)
{
    return push_span(L, lp_api_call(L)->asked->req->path);
}

int lp_request_platform(lua_State *L)
{
    return push_text(L, lp_api_call(L)->asked->platform);
}

/* Credentials have many names; a name that looks like one is one: with one of these anywhere in it, or with one of the
 * short ones as a word of its own ("x-sid", but not "x-side"). */
static const char *const credential_parts[] = {
    "auth",   "cookie", "token",     "key",        "secret",    "sess",   "csrf", "xsrf",  "pass",   "pwd",
    "jwt",    "jws",    "bearer",    "credential", "signature", "signed", "saml", "oidc",  "oauth",  "dtsg",
    "assert", "ticket", "challenge", "proof",      "dpop",      "totp",   "hmac", "nonce", "digest", "certificate",
};
static const char *const credential_words[] = {
    "sid", "lsd", "sig", "otp", "pin", "mac", "cert", "sso", "ssid", "sas"
};

static bool has_word(const char *name, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = name; *at != '\0';) {
        size_t run = strcspn(at, "-_.");

        if (run == n && memcmp(at, word, n) == 0)
            return true;
        at += run + (at[run] != '\0');
    }
    return false;
}

static bool is_credential(const char *name)
{
    for (size_t i = 0; i < ST_LEN(credential_parts); i++)
        if (strstr(name, credential_parts[i]) != NULL)
            return true;
    for (size_t i = 0; i < ST_LEN(credential_words); i++)
        if (has_word(name, credential_words[i]))
            return true;
    return false;
}

int lp_request_header(lua_State *L)
{
    const struct lp_asked *asked = lp_api_call(L)->asked;
    const char *given = lua_tostring(L, 2);
    struct st_span value = ST_SPAN_NONE;
    char name[64];
    size_t n = strlen(given);

    for (size_t i = 0; i <= n && i < sizeof name; i++)
        name[i] = (char)(given[i] >= 'A' && given[i] <= 'Z' ? given[i] + 'a' - 'A' : given[i]);
    if (n < sizeof name && !is_credential(name))
        value = asked->header(asked->ctx, name);
    if (value.p == NULL)
        lua_pushnil(L);
    else
        (void)push_span(L, value);
    return 1;
}

static void add_fact(lua_State *L, const char *name, const char *value)
{
    struct lp_facts *facts = lp_api_call(L)->noted;

    if (facts->n == LP_FACTS_MAX)
        luaL_error(L, "at most %d facts are noted for a request", LP_FACTS_MAX);
    facts->items[facts->n].plugin = lp_api_plugin(L)->name;
    facts->items[facts->n].name = name;
    facts->items[facts->n++].value = value;
}

int lp_request_note_fact(lua_State *L)
{
    struct st_arena *arena = lp_api_call(L)->arena;
    const char *name = lua_tostring(L, 2);
    size_t n;
    const char *value = lua_tolstring(L, 3, &n);
    char *kept_name, *kept_value;

    if (*name == '\0' || strcmp(st_id(name).s, name) != 0 || n > 256 || strlen(value) != n)
        return luaL_error(L, "a fact has an id for a name, and up to 256 bytes of text");
    kept_name = st_arena_str(arena, st_span_str(name));
    kept_value = st_arena_str(arena, st_span(value, n));
    if (kept_name == NULL || kept_value == NULL)
        return luaL_error(L, "not enough memory");
    add_fact(L, kept_name, kept_value);
    return 0;
}

int lp_request_skip(lua_State *L)
{
    add_fact(L, NULL, NULL);
    return 0;
}

int lp_context_fact(lua_State *L)
{
    const struct lp_facts *facts = lp_api_call(L)->facts;
    const char *mine = lp_api_plugin(L)->name, *value = NULL;

    for (size_t i = 0; facts != NULL && i < facts->n; i++)
        if (strcmp(facts->items[i].plugin, mine) == 0 && facts->items[i].name != NULL &&
            strcmp(facts->items[i].name, lua_tostring(L, 2)) == 0)
            value = facts->items[i].value;
    if (value == NULL)
        lua_pushnil(L);
    else
        lua_pushstring(L, value);
    return 1;
}

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

int lp_finding_id(lua_State *L)
{
    return push_text(L, lp_api_call(L)->finding->rule->id);
}

int lp_finding_severity(lua_State *L)
{
    return push_text(L, flt_severity_name(lp_api_call(L)->finding->rule->severity));
}

int lp_finding_confidence(lua_State *L)
{
    lua_pushinteger(L, lp_api_call(L)->finding->confidence);
    return 1;
}

int lp_finding_text(lua_State *L)
{
    return push_span(L, lp_api_call(L)->found);
}

int lp_finding_platform(lua_State *L)
{
    const struct lp_activity *a = lp_api_call(L)->activity;

    return push_text(L, a != NULL ? a->platform : NULL);
}

int lp_finding_audience(lua_State *L)
{
    const struct lp_activity *a = lp_api_call(L)->activity;

    return push_text(L, a != NULL ? a->audience : "unknown");
}

static uint8_t confidence_at(lua_State *L, int at)
{
    lua_Integer n = lua_tointeger(L, at);

    luaL_argcheck(L, n >= 0 && n <= 100, at, "a confidence is a number from 0 to 100");
    return (uint8_t)n;
}

int lp_finding_raise(lua_State *L)
{
    struct flt_finding *f = lp_api_call(L)->finding;
    uint8_t to = confidence_at(L, 2);

    f->confidence = to > f->confidence ? to : f->confidence;
    return 0;
}

int lp_finding_lower(lua_State *L)
{
    const struct lp_call *call = lp_api_call(L);
    const char *until = lp_api_plugin(L)->lower_until;
    uint8_t to = confidence_at(L, 2);
    bool may = until != NULL;
    char day[32];

    if (call->today == NULL)
        st_clock_rfc3339(st_clock_wall_ms(), day, sizeof day);
    may = may && strncmp(call->today != NULL ? call->today : day, until, 10) <= 0;
    if (may && to < call->finding->confidence)
        call->finding->confidence = to;
    lua_pushboolean(L, may);
    return 1;
}

/* ---- Record ------------------------------------------------------------------------------------------------------ */

static const char *const removable[] = {
#define X(name) #name,
    LP_REMOVABLE(X)
#undef X
};

static uint64_t bit_of(const char *name)
{
    for (size_t i = 0; i < ST_LEN(removable); i++)
        if (strcmp(removable[i], name) == 0)
            return (uint64_t)1 << i;
    return 0;
}

int lp_record_kind(lua_State *L)
{
    return push_text(L, lp_api_call(L)->record->kind);
}

static void add_value(luaL_Buffer *b, const json_t *value)
{
    char number[32];

    if (json_is_string(value)) {
        luaL_addlstring(b, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        luaL_addstring(b, number);
    } else if (json_is_boolean(value)) {
        luaL_addstring(b, json_is_true(value) ? "true" : "false");
    }
}

int lp_record_get(lua_State *L)
{
    const struct lp_record *record = lp_api_call(L)->record;
    const char *name = lua_tostring(L, 2);
    const json_t *value = json_object_get(record->fields, name), *item;
    luaL_Buffer b;
    size_t i;

    if (value == NULL || (record->removed & bit_of(name)) != 0) {
        lua_pushnil(L);
        return 1;
    }
    luaL_buffinit(L, &b);
    add_value(&b, value);
    json_array_foreach(value, i, item)
    {
        if (i > 0)
            luaL_addchar(&b, ',');
        add_value(&b, item);
    }
    luaL_pushresult(&b);
    return 1;
}

int lp_record_remove(lua_State *L)
{
    struct lp_record *record = lp_api_call(L)->record;
    const char *name = lua_tostring(L, 2);
    uint64_t bit = bit_of(name);
    bool is_there = bit != 0 && (record->removed & bit) == 0 && json_object_get(record->fields, name) != NULL;

    record->removed |= is_there ? bit : 0;
    lua_pushboolean(L, is_there);
    return 1;
}

enum st_rc lp_record_removed(const struct lp_record *record, struct st_arena *arena, const char *const **out,
                             struct st_err *err)
{
    const char **names = st_arena_alloc(arena, (ST_LEN(removable) + 1) * sizeof *names);
    size_t n = 0;

    if ((*out = names) == NULL)
        return st_arena_fail(arena, err, "lua.record");
    for (size_t i = 0; i < ST_LEN(removable); i++)
        if ((record->removed & (uint64_t)1 << i) != 0)
            names[n++] = removable[i];
    return ST_OK;
}

static int put(const char *text, size_t n, void *ctx)
{
    st_buf_put(ctx, text, n);
    return 0;
}

enum st_rc lp_record_write(const struct lp_record *record, struct st_buf *details, struct st_err *err)
{
    for (size_t i = 0; i < ST_LEN(removable); i++)
        if ((record->removed & (uint64_t)1 << i) != 0)
            (void)json_object_del(record->fields, removable[i]);
    st_buf_reset(details);
    if (json_dump_callback(record->fields, put, details, JSON_COMPACT) != 0)
        return st_fail(err, ST_E_NOMEM, "lua.record", "record", 0);
    return st_buf_done(details, err, "lua.record");
}

/* ---- Statement --------------------------------------------------------------------------------------------------- */

/* Where the mapping keeps a field; NULL: it is none that may be mapped. */
static const char **mapped(struct lp_mapping *says, const char *name)
{
    const struct {
        const char *name, **at;
    } all[] = {
#define X(field) { #field, &says->field },
        LP_MAPPABLE(X)
#undef X
    };

    for (size_t i = 0; i < ST_LEN(all); i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].at;
    return NULL;
}

int lp_statement_get(lua_State *L)
{
    const struct lp_stated *stated = lp_api_call(L)->stated;
    const char *name = lua_tostring(L, 2), **at = mapped(stated->says, name);

    lua_pushstring(L, at != NULL && *at != NULL ? *at : json_string_value(json_object_get(stated->fields, name)));
    return 1; /* nil for NULL */
}

/* "https:" and what else RFC 3987 lets stand in an IRI, as far as that is one word without quotes. */
static bool is_iri(const char *text)
{
    bool has_scheme = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;

    return has_scheme && strchr(text, '/')[2] != '\0' && strpbrk(text, " \"<>\\^`{|}") == NULL;
}

int lp_statement_map(lua_State *L)
{
    const struct lp_call *call = lp_api_call(L);
    const char *name = lua_tostring(L, 2), **at = mapped(call->stated->says, name), *copy;
    size_t n;
    const char *value = lua_tolstring(L, 3, &n);
    bool is_platform = strcmp(name, "platform") == 0, is_good;

    if (at == NULL)
        return luaL_error(L, "only verb, type, url, parent and platform can be mapped");
    is_good = is_platform ? n > 0 && n <= 63 && strspn(value, LP_ID_BYTES) == n : n <= 512 && is_iri(value);
    for (size_t i = 0; i < n; i++)
        is_good = is_good && (unsigned char)value[i] > ' ' && value[i] != 0x7f;
    if (!is_good)
        return luaL_error(L, is_platform ? "a platform is an id" : "'%s' must be an IRI that begins with https:", name);
    if ((copy = st_arena_str(call->arena, st_span(value, n))) == NULL)
        return luaL_error(L, "not enough memory");
    *at = copy;
    return 0;
}

int lp_statement_drop(lua_State *L)
{
    lp_api_call(L)->stated->says->is_dropped = true;
    return 0;
}

/* ---- Item -------------------------------------------------------------------------------------------------------- */

int lp_item_platform(lua_State *L)
{
    return push_text(L, lp_api_call(L)->item->platform);
}

int lp_item_kind(lua_State *L)
{
    return push_text(L, lp_api_call(L)->item->kind);
}

int lp_item_url(lua_State *L)
{
    return push_span(L, lp_api_call(L)->item->url);
}

int lp_item_title(lua_State *L)
{
    return push_span(L, lp_api_call(L)->item->title);
}

int lp_item_author(lua_State *L)
{
    return push_span(L, lp_api_call(L)->item->author);
}

int lp_item_lang(lua_State *L)
{
    return push_span(L, lp_api_call(L)->item->lang);
}

int lp_item_text(lua_State *L)
{
    return push_span(L, lp_api_call(L)->item->text);
}

static int push_seconds(lua_State *L, uint64_t ms)
{
    lua_pushnumber(L, (lua_Number)ms / 1000);
    return 1;
}

int lp_item_dwell(lua_State *L)
{
    return push_seconds(L, lp_api_call(L)->item->dwell_ms);
}

int lp_item_length(lua_State *L)
{
    return push_seconds(L, lp_api_call(L)->item->length_ms);
}

/* An id of the script's table, in the arena; NULL when it is not there. */
static const char *take_id(lua_State *L, const char *key)
{
    const char *value, *copy = NULL;

    lua_pushstring(L, key);
    if (lua_rawget(L, 2) == LUA_TSTRING) {
        value = lua_tostring(L, -1);
        if (*value == '\0' || strlen(value) > 63 || strspn(value, LP_ID_BYTES) != strlen(value))
            luaL_error(L, "'%s' must be an id: letters, digits and ._:/-, at most 63", key);
        if ((copy = st_arena_str(lp_api_call(L)->arena, st_span_str(value))) == NULL)
            luaL_error(L, "not enough memory");
    } else if (!lua_isnil(L, -1)) {
        luaL_error(L, "'%s' must be a string", key);
    }
    lua_pop(L, 1);
    return copy;
}

int lp_item_tag(lua_State *L)
{
    struct lp_tags *tags = lp_api_call(L)->tags;
    struct lp_tag tag = { .rule = lp_api_plugin(L)->name };

    if ((tag.topic = take_id(L, "topic")) == NULL)
        return luaL_error(L, "a tag needs its topic");
    tag.level = take_id(L, "level");
    tag.skill = take_id(L, "skill");
    tag.queue = take_id(L, "queue");
    tag.verb = take_id(L, "verb");
    if (tags->n >= tags->most)
        return luaL_error(L, "an item is tagged at most %d times", (int)LP_TAGS_MAX);
    tags->items[tags->n++] = tag;
    return 0;
}
