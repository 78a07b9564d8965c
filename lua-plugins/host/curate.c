/* SPDX-License-Identifier: Apache-2.0 */
/* curate - reads curation files: rules are Lua (or JSON, curate_json.c), their conditions are data.
 *
 * `phrase "x"`, `hashtag "y"` and their kin return nodes; & | ~ and all_of, any_of join them. A node in Lua is an index
 * into the loader's list, so that a script cannot forge one; the tree itself is C and lives in the arena of the set.
 * Only where(function) stays Lua: the state of the file is kept for it. Evaluation is in curate_eval.c. When you add a
 * condition: one line in LP_NODES, one in `conditions` here, one case in held().
 */
#include "curate.h"
#include "curate_json.h"
#include "set.h"
#include <stdlib.h>
#include <string.h>

#define NODES_MAX  4096
#define NODE_MAGIC 0x4e4f4445u

struct rules_run {
    struct lp_conf conf;
    struct st_span text; /* of a Lua file */
    json_t *json;        /* of a JSON file; owned; NULL: it is none */
    struct lp_rules *rules;
    struct lp_node *nodes[NODES_MAX];
    size_t n_nodes;
    bool is_full;
};

struct node_handle {
    unsigned magic;
    uint32_t index;
};

/* The run that builds nodes in this state; raises when the file has finished loading. */
static struct rules_run *building(lua_State *L)
{
    struct rules_run *run = lp_state_of(L)->host;

    if (run == NULL)
        luaL_error(L, "conditions are built while the file loads, not later");
    return run;
}

static struct lp_node *push_node(lua_State *L, enum lp_node_type type)
{
    struct rules_run *run = building(L);
    struct lp_node *node = lp_conf_alloc(&run->conf, sizeof *node);
    struct node_handle *h;

    if (run->n_nodes >= NODES_MAX)
        luaL_error(L, "more than %d conditions in one file", NODES_MAX);
    node->type = type;
    node->size = 1;
    node->where_ref = LUA_NOREF;
    node->label = "";
    h = lua_newuserdatauv(L, sizeof *h, 0);
    *h = (struct node_handle){ NODE_MAGIC, (uint32_t)run->n_nodes };
    run->nodes[run->n_nodes++] = node;
    lua_getfield(L, LUA_REGISTRYINDEX, "lp.node");
    lua_setmetatable(L, -2);
    return node;
}

static struct lp_node *to_node(lua_State *L, int at)
{
    struct rules_run *run = building(L);
    struct node_handle *h = lua_type(L, at) == LUA_TUSERDATA ? lua_touserdata(L, at) : NULL;

    if (h == NULL || lua_rawlen(L, at) != sizeof *h || h->magic != NODE_MAGIC || h->index >= run->n_nodes)
        luaL_error(L, "a condition is expected here, such as phrase \"words\"");
    return run->nodes[h->index];
}

static void add_kid(lua_State *L, struct lp_node *node, const struct lp_node *kid)
{
    struct rules_run *run = building(L);
    const struct lp_node **kids;

    if ((node->size += kid->size) > NODES_MAX)
        luaL_error(L, "a condition has more than %d parts", NODES_MAX);
    node->cost = kid->cost > node->cost ? kid->cost : node->cost;
    node->asks_dead = node->asks_dead || kid->asks_dead;
    kids = lp_conf_alloc(&run->conf, (node->n_kids + 1) * sizeof *kids);
    if (node->n_kids > 0)
        memcpy(kids, node->kids, node->n_kids * sizeof *kids);
    kids[node->n_kids++] = kid;
    node->kids = kids;
}

static int join_two(lua_State *L, enum lp_node_type type)
{
    const struct lp_node *a = to_node(L, 1), *b = to_node(L, 2);
    struct lp_node *node = push_node(L, type);

    add_kid(L, node, a);
    add_kid(L, node, b);
    return 1;
}

static int node_and(lua_State *L)
{
    return join_two(L, LP_NODE_ALL);
}

static int node_or(lua_State *L)
{
    return join_two(L, LP_NODE_ANY);
}

static int node_not(lua_State *L)
{
    const struct lp_node *a = to_node(L, 1);

    add_kid(L, push_node(L, LP_NODE_NOT), a);
    return 1;
}

static int join_list(lua_State *L, enum lp_node_type type)
{
    struct lp_node *node;
    size_t n;

    luaL_checktype(L, 1, LUA_TTABLE);
    n = lua_rawlen(L, 1);
    if (n == 0 || n > LP_LIST_MAX)
        return luaL_error(L, "a list of 1 to %d conditions is expected", LP_LIST_MAX);
    node = push_node(L, type);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i);
        add_kid(L, node, to_node(L, -1));
        lua_pop(L, 1);
    }
    return 1;
}

static int all_of(lua_State *L)
{
    return join_list(L, LP_NODE_ALL);
}

static int any_of(lua_State *L)
{
    return join_list(L, LP_NODE_ANY);
}

/* 'phrase "a", "b"' for explain. */
static const char *label_of(struct rules_run *run, const char *name, const char *const *words)
{
    struct st_buf b;
    char *label;

    st_buf_init(&b, 200);
    st_buf_str(&b, name);
    for (size_t i = 0; words[i] != NULL; i++)
        st_buf_fmt(&b, "%s \"%.60s\"", i > 0 ? "," : "", words[i]);
    label = st_arena_str(run->conf.arena, st_buf_view(&b));
    st_buf_fini(&b);
    if (label == NULL)
        lp_conf_no_memory(&run->conf);
    return label;
}

static enum lp_node_cost cost_of(enum lp_node_type type)
{
    if (type == LP_NODE_HASHTAG || type == LP_NODE_PHRASE)
        return LP_COST_TEXT;
    return type == LP_NODE_URL || type == LP_NODE_AUTHOR ? LP_COST_GLOB : LP_COST_FACT;
}

static void list_words(lua_State *L, struct lp_node *node)
{
    struct rules_run *run = building(L);
    struct st_err err = ST_ERR_INIT;

    if (node->cost == LP_COST_TEXT && lp_words_add(&run->rules->words, node->words, node->type == LP_NODE_HASHTAG,
                                                   run->conf.arena, &node->words_at, &err) != ST_OK) {
        if (err.code == ST_E_NOMEM)
            lp_conf_no_memory(&run->conf);
        luaL_error(L, "more than %d words in all rules", LP_WORDS_MAX);
    }
}

static const char *const names[] = {
#define X(id, name) name,
    LP_NODES(X)
#undef X
};

/* high, low, unknown */
static bool is_trust(const char *word)
{
    return strcmp(word, "high") == 0 || strcmp(word, "low") == 0 || strcmp(word, "unknown") == 0;
}

static int word_node(lua_State *L)
{
    enum lp_node_type type = (enum lp_node_type)lua_tointeger(L, lua_upvalueindex(1));
    struct rules_run *run = building(L);
    const char *const *words;
    struct lp_node *node;
    size_t n;

    if (lua_type(L, 1) != LUA_TSTRING && lua_type(L, 1) != LUA_TTABLE)
        return luaL_error(L, "%s needs a string or a list of strings", names[type]);
    lua_settop(L, 1);
    lua_newtable(L);
    lua_insert(L, 1);
    lua_setfield(L, 1, names[type]); /* the table is fresh: no metamethod */
    words = lp_conf_strs(&run->conf, 1, names[type]);
    for (n = 0; n == 0 || words[n] != NULL; n++) {
        if (words[n] == NULL || words[n][0] == '\0')
            return luaL_error(L, "%s needs a word", names[type]);
        if (type == LP_NODE_TRUST && !is_trust(words[n]))
            return luaL_error(L, "trust is \"high\", \"low\" or \"unknown\"");
    }
    node = push_node(L, type);
    node->cost = cost_of(type);
    node->words = words;
    node->n_words = n;
    list_words(L, node);
    node->label = label_of(run, names[type], words);
    return 1;
}

static int least_node(lua_State *L)
{
    enum lp_node_type type = (enum lp_node_type)lua_tointeger(L, lua_upvalueindex(1));
    bool is_text = lua_type(L, 1) == LUA_TSTRING;
    const char *const shown[] = { is_text ? lua_tostring(L, 1) : "bytes of text", NULL };
    lua_Integer bytes = is_text ? 0 : luaL_checkinteger(L, 1);
    struct lp_node *node = push_node(L, type);

    node->is_media = is_text;
    node->least = is_text ? lp_ms_of(shown[0]) : bytes > 0 ? (uint64_t)bytes : 0;
    if (node->least == 0 || (type != LP_NODE_LENGTH && !is_text))
        return luaL_error(L, "a duration such as \"2m\" is expected%s",
                          type == LP_NODE_LENGTH ? ", or a number of bytes" : "");
    node->label = label_of(building(L), names[type], shown);
    return 1;
}

static int learners_node(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    char shown[32];
    const char *const words[] = { shown, NULL };
    struct lp_node *node = push_node(L, LP_NODE_LEARNERS);

    if (n < (lua_Integer)LP_LEARNERS_MIN || n > (lua_Integer)LP_LEARNERS_MAX)
        return luaL_error(L, "learners needs a number from %d to %d: fewer people say who they are",
                          (int)LP_LEARNERS_MIN, (int)LP_LEARNERS_MAX);
    (void)snprintf(shown, sizeof shown, "%d or more", (int)n);
    node->least = (uint64_t)n;
    node->label = label_of(building(L), "learners", words);
    return 1;
}

static int dead_node(lua_State *L)
{
    struct lp_node *node;

    if (!lua_isnoneornil(L, 1) && !(lua_isboolean(L, 1) && lua_toboolean(L, 1)))
        return luaL_error(L, "dead() takes nothing; ~dead() is its opposite");
    node = push_node(L, LP_NODE_DEAD);
    node->asks_dead = true;
    node->label = "dead";
    return 1;
}

static int where_node(lua_State *L)
{
    struct lp_node *node;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    node = push_node(L, LP_NODE_WHERE);
    node->cost = LP_COST_LUA;
    lua_pushvalue(L, 1);
    node->where_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    node->label = "custom condition";
    return 1;
}

static void read_title(struct lp_conf *c, struct lp_rule *rule)
{
    size_t mark;

    lua_pushliteral(c->L, "title");
    if (lua_rawget(c->L, -2) == LUA_TTABLE) {
        lua_pop(c->L, 1);
        if (!lp_conf_enter(c, -1, "title", &mark))
            return;
        lp_conf_keys(c, -1, "en de");
        rule->title = lp_conf_need(c, -1, "en");
        rule->title_de = lp_conf_str(c, -1, "de", NULL);
        lp_conf_leave(c, mark);
        return;
    }
    lua_pop(c->L, 1);
    rule->title = lp_conf_need(c, -1, "title");
}

static void read_credit(struct lp_conf *c, struct lp_rule *rule)
{
    size_t mark;

    if (!lp_conf_enter(c, -1, "credit", &mark))
        return;
    lp_conf_keys(c, -1, "when verb");
    rule->tag.verb = lp_conf_str(c, -1, "verb", "experienced");
    lua_pushliteral(c->L, "when");
    if (lua_rawget(c->L, -2) != LUA_TNIL) {
        const struct lp_node *node = to_node(c->L, -1);

        rule->tag.credit_dwell_ms = node->least;
        if (node->type != LP_NODE_DWELL)
            lp_conf_fail(c, "'when' must be a dwell condition");
    }
    lua_pop(c->L, 1);
    lp_conf_leave(c, mark);
}

static void read_tests(struct lp_conf *c, struct lp_rule *rule)
{
    size_t mark, inner, n;
    struct lp_rule_test *list;

    if (!lp_conf_enter(c, -1, "test", &mark))
        return;
    n = lp_conf_len(c, -1);
    rule->tests = list = lp_conf_alloc(c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        struct lp_rule_test *t = &list[rule->n_tests];

        if (!lp_conf_enter_at(c, -1, i + 1, &inner))
            continue;
        lua_rawgeti(c->L, -1, 1); /* the text comes first, without a name */
        lua_setfield(c->L, -2, "text");
        lua_pushnil(c->L);
        lua_rawseti(c->L, -2, 1);
        lp_conf_keys(c, -1, "text kind lang platform url author title dwell trust age learners dead match");
        t->text = lp_conf_need(c, -1, "text");
        t->kind = lp_conf_str(c, -1, "kind", "view");
        t->platform = lp_conf_str(c, -1, "platform", "generic");
        t->lang = lp_conf_str(c, -1, "lang", "");
        t->url = lp_conf_str(c, -1, "url", "");
        t->author = lp_conf_str(c, -1, "author", "");
        t->title = lp_conf_str(c, -1, "title", "");
        t->dwell_ms = lp_conf_ms(c, -1, "dwell");
        t->age_ms = lp_conf_ms(c, -1, "age");
        t->learners = lp_conf_num(c, -1, "learners", 0);
        t->is_dead = lp_conf_bool(c, -1, "dead", false);
        if ((t->trust = lp_conf_str(c, -1, "trust", NULL)) != NULL && !is_trust(t->trust))
            lp_conf_fail(c, "'trust' is high, low or unknown");
        t->wanted = lp_conf_bool(c, -1, "match", true);
        rule->n_tests++;
        lp_conf_leave(c, inner);
    }
    lp_conf_leave(c, mark);
}

/* The table of a rule is on the top. */
static void read_rule(struct lp_conf *c, struct lp_rule *rule)
{
    size_t mark;

    lp_conf_keys(c, -1, "title owner when tag skill queue credit expire test");
    read_title(c, rule);
    rule->owner = lp_conf_str(c, -1, "owner", NULL);
    rule->tag.skill = lp_conf_str(c, -1, "skill", NULL);
    rule->tag.queue = lp_conf_str(c, -1, "queue", NULL);
    rule->tag.expire_ms = lp_conf_ms(c, -1, "expire");
    if (lp_conf_enter(c, -1, "tag", &mark)) {
        lp_conf_keys(c, -1, "topic level");
        rule->tag.topic = lp_conf_need(c, -1, "topic");
        rule->tag.level = lp_conf_str(c, -1, "level", NULL);
        lp_conf_leave(c, mark);
    }
    read_credit(c, rule);
    read_tests(c, rule);
    lua_pushliteral(c->L, "when");
    if (lua_rawget(c->L, -2) == LUA_TNIL)
        lp_conf_fail(c, "'when' is missing");
    else
        rule->when = to_node(c->L, -1);
    lua_pop(c->L, 1);
}

static int take_rule(lua_State *L)
{
    struct rules_run *run = building(L);
    struct lp_conf *c = &run->conf;
    struct lp_rules *rules = run->rules;
    struct lp_rule *rule;
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    size_t n = strlen(name);

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__index") != LUA_TNIL || n == 0 || n > 63)
        return luaL_error(L, "curate needs a name of at most 63 bytes and a plain table");
    if (rules->n >= ST_LEN(rules->items))
        return luaL_error(L, "more than %d rules", (int)ST_LEN(rules->items));
    rule = lp_conf_alloc(c, sizeof *rule);
    rule->name = rule->tag.rule = memcpy(lp_conf_alloc(c, n + 1), name, n);
    rule->file = c->file;
    rule->state = lp_state_of(L);
    (void)snprintf(c->where, sizeof c->where, "%s", rule->name);
    read_rule(c, rule);
    c->where[0] = '\0';
    for (size_t i = 0; i < rules->n; i++) {
        if (strcmp(rules->items[i]->name, rule->name) == 0)
            return luaL_error(L, "a rule named '%s' is already there", rule->name);
    }
    if (rule->when != NULL)
        rules->items[rules->n++] = rule;
    return 0;
}

static int curate_name(lua_State *L)
{
    (void)building(L);
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 1);
    lua_pushcclosure(L, take_rule, 1);
    return 1;
}

static const struct {
    const char *name;
    enum lp_node_type type;
    lua_CFunction fn;
} conditions[] = { { "hashtag", LP_NODE_HASHTAG, word_node },   { "phrase", LP_NODE_PHRASE, word_node },
                   { "url", LP_NODE_URL, word_node },           { "author", LP_NODE_AUTHOR, word_node },
                   { "platform", LP_NODE_PLATFORM, word_node }, { "kind", LP_NODE_KIND, word_node },
                   { "lang", LP_NODE_LANG, word_node },         { "dwell", LP_NODE_DWELL, least_node },
                   { "length", LP_NODE_LENGTH, least_node },    { "trust", LP_NODE_TRUST, word_node },
                   { "age", LP_NODE_AGE, least_node },          { "learners", LP_NODE_LEARNERS, learners_node },
                   { "dead", LP_NODE_DEAD, dead_node },         { "where", LP_NODE_WHERE, where_node },
                   { "all_of", LP_NODE_ALL, all_of },           { "any_of", LP_NODE_ANY, any_of },
                   { "curate", LP_NODE_ALL, curate_name } };

/* What Lua says of a name that nobody gave is no help to who does not program. */
static enum st_rc unknown_condition(const struct lp_state *s, const char *path, struct st_diag *diag)
{
    static const char called[] = "attempt to call a nil value (global '";
    const char *at = strstr(s->failure, called), *known[ST_LEN(conditions)], *near;
    char name[64];

    if (at == NULL)
        return lp_file_diag(s, path, diag);
    (void)snprintf(name, sizeof name, "%.63s", at + strlen(called));
    name[strcspn(name, "'")] = '\0';
    for (size_t i = 0; i < ST_LEN(conditions); i++)
        known[i] = conditions[i].name;
    near = st_diag_nearest(name, known, ST_LEN(known));
    return st_diag_add(diag, path, s->failure_line, 0, "there is no condition '%s'%s%s%s", name,
                       near != NULL ? "; did you mean '" : "; docs/first-curation-rule.md lists them",
                       near != NULL ? near : "", near != NULL ? "'?" : "");
}

static void add_conditions(lua_State *L)
{
    static const luaL_Reg operators[] = {
        { "__band", node_and }, { "__bor", node_or }, { "__bnot", node_not }, { NULL, NULL }
    };

    lua_newtable(L);
    luaL_setfuncs(L, operators, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setfield(L, LUA_REGISTRYINDEX, "lp.node");
    for (size_t i = 0; i < ST_LEN(conditions); i++) {
        lua_pushinteger(L, conditions[i].type);
        lua_pushcclosure(L, conditions[i].fn, 1);
        lua_setglobal(L, conditions[i].name);
    }
}

static int run_rules(lua_State *L)
{
    struct rules_run *run = lua_touserdata(L, 1);

    run->conf.L = L;
    lua_settop(L, 0);
    add_conditions(L);
    if (run->json != NULL) {
        lp_rules_push(L, run->json);
        return 0;
    }
    lp_state_chunk(L, run->text);
    lua_call(L, 0, 0);
    return 0;
}

enum st_rc lp_rules_load(struct lp_rules *rules, const char *path, struct st_arena *arena, struct st_diag *diag,
                         struct st_err *err)
{
    struct rules_run *run = calloc(1, sizeof *run);
    struct lp_state *state = NULL;
    struct st_buf text = { 0 };
    enum st_rc rc = ST_ERR;

    if (run == NULL)
        return st_fail(err, ST_E_NOMEM, "lua.curate", "loader", sizeof *run);
    run->conf = (struct lp_conf){ .arena = arena, .diag = diag, .file = path };
    run->rules = rules;
    if (rules->n_states >= ST_LEN(rules->states)) {
        (void)st_fail(err, ST_E_LIMIT, "lua.curate", "too many curation files", 0);
        goto out;
    }
    if (lp_file_read(path, &text, diag, err) != ST_OK || lp_state_new(LP_MEMORY_BARE, &state, err) != ST_OK)
        goto out;
    rules->states[rules->n_states++] = state; /* the rules read so far point to it, whatever comes */
    state->host = run;
    run->text = st_buf_view(&text);
    if (st_span_ends(st_span_str(path), ST_SPAN(".json")) &&
        st_json_read(run->text, path, &run->json, diag, err) != ST_OK) {
        if (err->code == ST_E_SYNTAX) /* a mistake like any other */
            (void)st_fail(err, ST_E_CONFIG, "lua.curate", "curation file", 0);
        goto out;
    }
    rc = lp_state_run(state, run_rules, run, LP_TIME_LOAD_US, err);
    state->host = NULL;
    if (rc != ST_OK && err->code == ST_E_PLUGIN)
        (void)unknown_condition(state, path, diag);
    else if (rc == ST_OK && run->conf.failed)
        rc = st_fail(err, ST_E_CONFIG, "lua.curate", "curation file", 0);
out:
    json_decref(run->json);
    st_buf_fini(&text);
    free(run);
    return rc;
}

void lp_rules_fini(struct lp_rules *rules)
{
    for (size_t i = 0; i < rules->n_states; i++)
        lp_state_free(rules->states[i]);
    lp_words_fini(&rules->words);
}
