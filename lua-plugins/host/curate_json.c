/* SPDX-License-Identifier: Apache-2.0 */
/* curate_json - curation rules as JSON and back, so that a form can edit what a file says.
 *
 * A file NAME.curate.json holds a list of rules with the keys of a Lua rule and its "name". A condition is an object
 * with one key: {"all": […]}, {"any": […]}, {"not": …}, {"phrase": […]}, {"dwell": "2m"}. It is turned into the very
 * calls that a Lua file makes, so that there is one place that says what a rule may be. Written are the trees as they
 * were read: reading what was written gives the same trees. A where() is Lua, so it can be shown but not read back.
 */
#include "curate_json.h"
#include "set.h"
#include <string.h>

#define DEPTH_MAX 32

/* ---- JSON to Lua ------------------------------------------------------------------------------------------------ */

static void push_value(lua_State *L, const json_t *value, unsigned depth);

static void push_object(lua_State *L, const json_t *object, unsigned depth)
{
    const char *key;
    json_t *value;

    lua_newtable(L);
    json_object_foreach((json_t *)object, key, value)
    {
        push_value(L, value, depth + 1);
        lua_setfield(L, -2, key); /* the table is fresh: no metamethod */
    }
}

static void push_array(lua_State *L, const json_t *array, unsigned depth)
{
    lua_newtable(L);
    for (size_t i = 0; i < json_array_size(array); i++) {
        push_value(L, json_array_get(array, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_value(lua_State *L, const json_t *value, unsigned depth)
{
    luaL_checkstack(L, 8, "nested too deep");
    if (depth > DEPTH_MAX)
        luaL_error(L, "nested deeper than %d", DEPTH_MAX);
    switch (json_typeof(value)) {
    case JSON_OBJECT: push_object(L, value, depth); break;
    case JSON_ARRAY: push_array(L, value, depth); break;
    case JSON_STRING: lua_pushlstring(L, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(value)); break;
    case JSON_REAL: lua_pushnumber(L, json_real_value(value)); break;
    case JSON_TRUE: lua_pushboolean(L, 1); break;
    case JSON_FALSE: lua_pushboolean(L, 0); break;
    case JSON_NULL: lua_pushnil(L); break;
    }
}

static void push_node(lua_State *L, const json_t *node, unsigned depth);

static void push_join(lua_State *L, const char *join, const json_t *kids, unsigned depth)
{
    if (!json_is_array(kids))
        luaL_error(L, "\"%s\" needs a list of conditions", strcmp(join, "all_of") == 0 ? "all" : "any");
    lua_getglobal(L, join);
    lua_newtable(L);
    for (size_t i = 0; i < json_array_size(kids); i++) {
        push_node(L, json_array_get(kids, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_call(L, 1, 1);
}

/* A condition, by the function that a Lua file would call. */
static void push_node(lua_State *L, const json_t *node, unsigned depth)
{
    static const char *const plain[] = { "hashtag", "phrase", "url",   "author", "platform", "kind", "lang",
                                         "dwell",   "length", "trust", "age",    "learners", "dead", NULL };
    void *at = json_is_object(node) ? json_object_iter((json_t *)node) : NULL;
    const char *key = at != NULL ? json_object_iter_key(at) : "";
    const json_t *value = at != NULL ? json_object_iter_value(at) : NULL;
    size_t i = 0;

    luaL_checkstack(L, 8, "nested too deep");
    if (depth > DEPTH_MAX)
        luaL_error(L, "conditions are nested deeper than %d", DEPTH_MAX);
    if (at == NULL || json_object_size(node) != 1)
        luaL_error(L, "a condition is an object with one key, such as {\"phrase\": [\"words\"]}");
    if (strcmp(key, "all") == 0 || strcmp(key, "any") == 0) {
        push_join(L, key[1] == 'l' ? "all_of" : "any_of", value, depth);
        return;
    }
    if (strcmp(key, "not") == 0) {
        push_node(L, value, depth + 1);
        lua_arith(L, LUA_OPBNOT);
        return;
    }
    while (plain[i] != NULL && strcmp(plain[i], key) != 0)
        i++;
    if (plain[i] == NULL)
        luaL_error(L,
                   strcmp(key, "where") == 0 ? "\"where\" is a function; such a rule stays in a .curate.lua file"
                                             : "unknown condition \"%s\"",
                   key);
    lua_getglobal(L, key);
    push_value(L, value, depth);
    lua_call(L, 1, 1);
}

/* Puts the condition `key` of an object, if there is one, into the table on the top. */
static void set_node(lua_State *L, const json_t *object, const char *key)
{
    const json_t *node = json_object_get(object, key);

    if (node == NULL)
        return;
    push_node(L, node, 0);
    lua_setfield(L, -2, key);
}

/* In a Lua file the text of a test comes first, without a name. */
static void set_tests(lua_State *L, const json_t *tests)
{
    if (!json_is_array(tests))
        return;
    lua_newtable(L);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        push_value(L, json_array_get(tests, i), 0);
        if (lua_istable(L, -1)) {
            lua_getfield(L, -1, "text");
            lua_rawseti(L, -2, 1);
            lua_pushnil(L);
            lua_setfield(L, -2, "text");
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "test");
}

/* curate "name" { … } */
static int call_rule(lua_State *L)
{
    const json_t *rule = lua_touserdata(L, 1), *credit = json_object_get(rule, "credit");

    if (!json_is_string(json_object_get(rule, "name")))
        return luaL_error(L, "a rule is an object with a \"name\"");
    lua_getglobal(L, "curate");
    push_value(L, json_object_get(rule, "name"), 0);
    lua_call(L, 1, 1);
    push_value(L, rule, 0);
    lua_pushnil(L);
    lua_setfield(L, -2, "name");
    set_node(L, rule, "when");
    set_tests(L, json_object_get(rule, "test"));
    if (json_is_object(credit)) {
        lua_getfield(L, -1, "credit");
        set_node(L, credit, "when");
        lua_pop(L, 1);
    }
    lua_call(L, 1, 0);
    return 0;
}

void lp_rules_push(lua_State *L, const json_t *rules)
{
    if (!json_is_array(rules))
        luaL_error(L, "a list of rules is expected");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *name = json_string_value(json_object_get(rule, "name"));

        lua_pushcfunction(L, call_rule);
        lua_pushlightuserdata(L, (void *)rule);
        if (lua_pcall(L, 1, 0, 0) == LUA_OK)
            continue;
        if (lua_type(L, -1) == LUA_TSTRING && name != NULL)
            luaL_error(L, "%s: %s", name, lua_tostring(L, -1));
        lua_error(L);
    }
}

/* ---- rules to JSON ---------------------------------------------------------------------------------------------- */

/* The largest unit that gives a whole number. */
static void write_ms(struct st_json *w, const char *key, uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
    char text[32];
    size_t i = 0;

    if (ms == 0)
        return;
    while (ms % units[i].ms != 0)
        i++;
    (void)snprintf(text, sizeof text, "%llu%s", (unsigned long long)(ms / units[i].ms), units[i].unit);
    st_json_str(w, key, text);
}

static void write_str(struct st_json *w, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        st_json_str(w, key, value);
}

static void write_node(struct st_json *w, const char *key, const struct lp_node *node);

static void write_words(struct st_json *w, const char *key, const struct lp_node *node)
{
    st_json_array(w, key);
    for (size_t i = 0; i < node->n_words; i++)
        st_json_str(w, NULL, node->words[i]);
    st_json_end(w);
}

static void write_kids(struct st_json *w, const char *key, const struct lp_node *node)
{
    st_json_array(w, key);
    for (size_t i = 0; i < node->n_kids; i++)
        write_node(w, NULL, node->kids[i]);
    st_json_end(w);
}

static void write_node(struct st_json *w, const char *key, const struct lp_node *node)
{
    st_json_object(w, key);
    switch (node->type) {
    case LP_NODE_ALL: write_kids(w, "all", node); break;
    case LP_NODE_ANY: write_kids(w, "any", node); break;
    case LP_NODE_NOT: write_node(w, "not", node->kids[0]); break;
    case LP_NODE_HASHTAG: write_words(w, "hashtag", node); break;
    case LP_NODE_PHRASE: write_words(w, "phrase", node); break;
    case LP_NODE_URL: write_words(w, "url", node); break;
    case LP_NODE_AUTHOR: write_words(w, "author", node); break;
    case LP_NODE_PLATFORM: write_words(w, "platform", node); break;
    case LP_NODE_KIND: write_words(w, "kind", node); break;
    case LP_NODE_LANG: write_words(w, "lang", node); break;
    case LP_NODE_DWELL: write_ms(w, "dwell", node->least); break;
    case LP_NODE_LENGTH:
        if (node->is_media)
            write_ms(w, "length", node->least);
        else
            st_json_int(w, "length", (int64_t)node->least);
        break;
    case LP_NODE_TRUST: write_words(w, "trust", node); break;
    case LP_NODE_AGE: write_ms(w, "age", node->least); break;
    case LP_NODE_LEARNERS: st_json_int(w, "learners", (int64_t)node->least); break;
    case LP_NODE_DEAD: st_json_bool(w, "dead", true); break;
    case LP_NODE_WHERE: st_json_str(w, "where", node->label); break;
    }
    st_json_end(w);
}

static void write_tests(struct st_json *w, const struct lp_rule *rule)
{
    st_json_array(w, "test");
    for (size_t i = 0; i < rule->n_tests; i++) {
        const struct lp_rule_test *t = &rule->tests[i];

        st_json_object(w, NULL);
        st_json_str(w, "text", t->text);
        st_json_str(w, "kind", t->kind);
        st_json_str(w, "platform", t->platform);
        write_str(w, "lang", t->lang);
        write_str(w, "url", t->url);
        write_str(w, "author", t->author);
        write_str(w, "title", t->title);
        write_ms(w, "dwell", t->dwell_ms);
        write_str(w, "trust", t->trust);
        write_ms(w, "age", t->age_ms);
        if (t->learners > 0)
            st_json_int(w, "learners", (int64_t)t->learners);
        if (t->is_dead)
            st_json_bool(w, "dead", true);
        st_json_bool(w, "match", t->wanted);
        st_json_end(w);
    }
    st_json_end(w);
}

static void write_rule(struct st_json *w, const struct lp_rule *rule)
{
    st_json_object(w, NULL);
    st_json_str(w, "name", rule->name);
    st_json_object(w, "title");
    st_json_str(w, "en", rule->title);
    write_str(w, "de", rule->title_de);
    st_json_end(w);
    write_str(w, "owner", rule->owner);
    write_node(w, "when", rule->when);
    if (rule->tag.topic != NULL) {
        st_json_object(w, "tag");
        st_json_str(w, "topic", rule->tag.topic);
        write_str(w, "level", rule->tag.level);
        st_json_end(w);
    }
    write_str(w, "skill", rule->tag.skill);
    write_str(w, "queue", rule->tag.queue);
    if (rule->tag.verb != NULL) {
        st_json_object(w, "credit");
        if (rule->tag.credit_dwell_ms > 0) {
            st_json_object(w, "when");
            write_ms(w, "dwell", rule->tag.credit_dwell_ms);
            st_json_end(w);
        }
        st_json_str(w, "verb", rule->tag.verb);
        st_json_end(w);
    }
    write_ms(w, "expire", rule->tag.expire_ms);
    write_tests(w, rule);
    st_json_end(w);
}

size_t lp_curate_count(const struct lp_set *set)
{
    return set->rules.n;
}

struct lp_curation lp_curate_rule(const struct lp_set *set, size_t i)
{
    const struct lp_rule *rule = set->rules.items[i];

    return (struct lp_curation){ rule->name,   rule->title, rule->title_de != NULL ? rule->title_de : rule->title,
                                 rule->owner,  rule->file,  &rule->tag,
                                 rule->n_tests };
}

void lp_curate_write(const struct lp_set *set, size_t i, struct st_json *w)
{
    write_rule(w, set->rules.items[i]);
}
