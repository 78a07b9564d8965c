/* SPDX-License-Identifier: Apache-2.0 */
/* curate_eval - does a page or post meet a rule, and why.
 *
 * The text is read once for all phrases of all rules (words.c), and only when a rule asks for one. Joins ask their
 * cheap parts first; what holds does not depend on the order. A where() that fails counts as not held and is logged:
 * curation is off the data path and never in anyone's way.
 */
#include "base/ipc.h"
#include "base/log.h"
#include "curate.h"
#include "objects.h"
#include "set.h"
#include <string.h>

#define WHERE_TIME_US 20000u
#define WHERE_TEXT    ((size_t)256 << 10)

struct look { /* at one item */
    const struct lp_item *item;
    const struct lp_rules *rules;
    struct lp_words *words;
    uint64_t text_bytes;
    bool is_read; /* words knows what is in this item's text */
};

static void know_words(struct look *look)
{
    struct st_unpack u = st_unpack(look->item->words);

    look->text_bytes = st_unpack_u64(&u);
    lp_words_know(look->words, u.rest);
}

static void read_words(struct look *look)
{
    const struct st_span texts[] = { look->item->title, look->item->text };

    if (look->is_read)
        return;
    lp_words_read(look->words, texts, ST_LEN(texts));
    look->is_read = true;
}

static bool words_held(struct look *look, const struct lp_node *node)
{
    read_words(look);
    return lp_words_seen(look->words, node->words_at, node->n_words);
}

/* '*' is any run; the whole text must match. */
static bool glob(const char *pattern, struct st_span text)
{
    struct st_span g = st_span_str(pattern);
    size_t at = 0, star = ST_SPAN_NPOS, i = 0, back = 0; /* star: behind the last '*' seen */

    while (i < text.n) {
        if (at < g.n && g.p[at] == '*') {
            star = ++at;
            back = i;
        } else if (at < g.n && lp_words_fold(g, at) == lp_words_fold(text, i)) {
            at++;
            i++;
        } else if (star != ST_SPAN_NPOS) {
            at = star;
            i = ++back;
        } else {
            return false;
        }
    }
    while (at < g.n && g.p[at] == '*')
        at++;
    return at == g.n;
}

static bool url_is(const char *g, struct st_span url)
{
    size_t scheme = st_span_find(url, ST_SPAN("://"));

    if (strstr(g, "://") == NULL && scheme != ST_SPAN_NPOS)
        url = st_span_sub(url, scheme + 3, url.n);
    return glob(g, url);
}

static bool lang_is(const char *lang, struct st_span got)
{
    struct st_span primary = st_span_sub(got, 0, st_span_chr(got, '-'));

    return st_span_ieq(got, st_span_str(lang)) || st_span_ieq(primary, st_span_str(lang));
}

struct where_run {
    const struct lp_node *node;
    const struct lp_item *item;
    bool held;
};

static void set_span(lua_State *L, const char *key, struct st_span s)
{
    lua_pushlstring(L, s.n > 0 ? (const char *)s.p : "", s.n < WHERE_TEXT ? s.n : WHERE_TEXT);
    lua_setfield(L, -2, key);
}

static int run_where(lua_State *L)
{
    struct where_run *run = lua_touserdata(L, 1);
    const struct lp_item *item = run->item;

    lua_rawgeti(L, LUA_REGISTRYINDEX, run->node->where_ref);
    lua_newtable(L);
    set_span(L, "text", item->text);
    set_span(L, "title", item->title);
    set_span(L, "url", item->url);
    set_span(L, "author", item->author);
    set_span(L, "lang", item->lang);
    set_span(L, "kind", st_span_str(item->kind));
    set_span(L, "platform", st_span_str(item->platform));
    lua_pushinteger(L, (lua_Integer)item->dwell_ms);
    lua_setfield(L, -2, "dwell_ms");
    lua_pushinteger(L, (lua_Integer)item->length_ms);
    lua_setfield(L, -2, "length_ms");
    if (item->has_age) {
        lua_pushinteger(L, (lua_Integer)item->age_ms);
        lua_setfield(L, -2, "age_ms");
    }
    lua_call(L, 1, 1);
    run->held = lua_toboolean(L, -1); /* raw: truth needs no metamethod */
    return 0;
}

static bool where_held(const struct lp_rule *rule, const struct lp_node *node, const struct lp_item *item)
{
    struct where_run run = { node, item, false };
    struct st_err err = ST_ERR_INIT;

    if (lp_state_run(rule->state, run_where, &run, WHERE_TIME_US, &err) == ST_OK)
        return run.held;
    ST_LOG(PLUGIN_FAILED, ST_ID("plugin", st_id(rule->name)), ST_ERRF(&err));
    return false;
}

static bool host_is_in(const char *const *hosts, struct st_span host)
{
    for (; hosts != NULL && *hosts != NULL; hosts++) {
        struct st_span pattern = st_span_str(*hosts);

        if (st_span_starts(pattern, ST_SPAN("*."))
                ? host.n >= pattern.n &&
                      st_span_ieq(st_span_sub(host, host.n - pattern.n + 1, host.n), st_span_sub(pattern, 1, pattern.n))
                : st_span_ieq(host, pattern))
            return true;
    }
    return false;
}

/* The more exact list wins nothing: a host in both is doubtful. */
static const char *trust_of(const struct look *look)
{
    struct st_span url = look->item->url;
    size_t scheme = st_span_find(url, ST_SPAN("://")), end;

    if (look->item->trust != NULL)
        return look->item->trust;
    url = scheme != ST_SPAN_NPOS ? st_span_sub(url, scheme + 3, url.n) : url;
    for (end = 0; end < url.n && strchr("/:?#", url.p[end]) == NULL; end++)
        ;
    url = st_span_sub(url, 0, end);
    if (host_is_in(look->rules->doubtful, url))
        return "low";
    return host_is_in(look->rules->trusted, url) ? "high" : "unknown";
}

static bool word_held(const struct lp_node *node, const char *word, const struct look *look)
{
    const struct lp_item *item = look->item;

    switch (node->type) {
    case LP_NODE_TRUST: return strcmp(word, trust_of(look)) == 0;
    case LP_NODE_URL: return url_is(word, item->url);
    case LP_NODE_AUTHOR: return glob(word, item->author);
    case LP_NODE_PLATFORM: return item->platform != NULL && strcmp(word, item->platform) == 0;
    case LP_NODE_KIND: return item->kind != NULL && strcmp(word, item->kind) == 0;
    case LP_NODE_LANG: return lang_is(word, item->lang);
    case LP_NODE_HASHTAG:
    case LP_NODE_PHRASE:
    case LP_NODE_ALL:
    case LP_NODE_ANY:
    case LP_NODE_NOT:
    case LP_NODE_DWELL:
    case LP_NODE_LENGTH:
    case LP_NODE_AGE:
    case LP_NODE_LEARNERS:
    case LP_NODE_DEAD:
    case LP_NODE_WHERE: break;
    }
    return false;
}

/* What no Lua is needed for, and is no join. */
static bool leaf_held(struct look *look, const struct lp_node *node)
{
    const struct lp_item *item = look->item;

    if (node->type == LP_NODE_DWELL)
        return item->dwell_ms >= node->least;
    if (node->type == LP_NODE_LENGTH)
        return (node->is_media ? item->length_ms : look->text_bytes) >= node->least;
    if (node->type == LP_NODE_AGE)
        return item->has_age && item->age_ms <= node->least;
    if (node->type == LP_NODE_LEARNERS)
        return item->learners >= node->least;
    if (node->type == LP_NODE_DEAD)
        return item->is_dead;
    if (node->cost == LP_COST_TEXT)
        return words_held(look, node);
    for (size_t i = 0; i < node->n_words; i++)
        if (word_held(node, node->words[i], look))
            return true;
    return false;
}

/* Could the node come out as wanted? Whatever a where() would say is possible, and so is what only the curator knows;
 * so is whatever a phrase would say before the text is read. */
static bool may_be(struct look *look, const struct lp_node *node, bool wanted)
{
    bool all = (node->type == LP_NODE_ALL) == wanted; /* each part must, or one of them */

    if (node->type == LP_NODE_WHERE || node->type == LP_NODE_AGE || node->type == LP_NODE_LEARNERS)
        return true;
    if (node->type == LP_NODE_NOT)
        return may_be(look, node->kids[0], !wanted);
    if (node->cost == LP_COST_TEXT && !look->is_read && node->n_kids == 0)
        return true;
    if (node->type != LP_NODE_ALL && node->type != LP_NODE_ANY)
        return leaf_held(look, node) == wanted;
    for (enum lp_node_cost cost = LP_COST_FACT; cost <= node->cost; cost++)
        for (size_t i = 0; i < node->n_kids; i++)
            if (node->kids[i]->cost == cost && may_be(look, node->kids[i], wanted) != all)
                return !all;
    return all;
}

/* What is wanted of the item for the rules that may hold. */
static enum lp_curable wanted_of(struct lp_set *set, struct look *look)
{
    enum lp_curable wanted = LP_CURATE_NO;

    for (size_t i = 0; i < set->rules.n && wanted != LP_CURATE_TEXT; i++)
        if (may_be(look, set->rules.items[i]->when, true))
            wanted = set->rules.items[i]->when->cost == LP_COST_LUA ? LP_CURATE_TEXT : LP_CURATE_WORDS;
    return wanted;
}

struct explain {
    lp_explain_f *fn; /* NULL: only the answer is wanted, and joins stop early */
    void *ctx;
    const struct lp_rule *rule;
};

static bool held(const struct explain *x, const struct lp_node *node, struct look *look, unsigned depth);

static bool join_held(const struct explain *x, const struct lp_node *node, struct look *look, unsigned depth)
{
    bool all = node->type == LP_NODE_ALL;

    for (enum lp_node_cost cost = LP_COST_FACT; cost <= node->cost; cost++)
        for (size_t i = 0; i < node->n_kids; i++)
            if (node->kids[i]->cost == cost && held(x, node->kids[i], look, depth) != all)
                return !all;
    return all;
}

/* A parent is told before its parts: reading goes from the answer to its reasons. */
static bool held(const struct explain *x, const struct lp_node *node, struct look *look, unsigned depth)
{
    static const char *const joins[] = { "all of", "any of", "not" };
    const struct explain quiet = { NULL, NULL, x->rule };
    bool is;

    if (node->type == LP_NODE_ALL || node->type == LP_NODE_ANY)
        is = join_held(&quiet, node, look, depth + 1);
    else if (node->type == LP_NODE_NOT)
        is = !held(&quiet, node->kids[0], look, depth + 1);
    else
        is = node->type == LP_NODE_WHERE ? where_held(x->rule, node, look->item) : leaf_held(look, node);
    if (x->fn == NULL)
        return is;
    x->fn(x->ctx, x->rule->name, depth, node->type <= LP_NODE_NOT ? joins[node->type] : node->label, is);
    for (size_t i = 0; i < node->n_kids; i++)
        (void)held(x, node->kids[i], look, depth + 1);
    return is;
}

static struct look look_at(struct lp_set *set, const struct lp_item *item)
{
    struct look look = { item, &set->rules, &set->rules.words, item->text.n, item->words.n > 0 };

    ST_CHECK(set, LP_SET_MAGIC);
    if (look.is_read)
        know_words(&look);
    return look;
}

/* Most items are told by their kind and platform alone; then the text is not read. */
enum lp_curable lp_curate_may(struct lp_set *set, const struct lp_item *item, struct st_buf *words)
{
    struct look look = look_at(set, item);
    enum lp_curable wanted;

    if (lp_hook_curates(set))
        return LP_CURATE_TEXT;
    if (wanted_of(set, &look) == LP_CURATE_NO)
        return LP_CURATE_NO;
    read_words(&look);
    wanted = wanted_of(set, &look);
    if (wanted != LP_CURATE_WORDS)
        return wanted;
    st_pack_u64(words, item->text.n);
    lp_words_write(look.words, words);
    return words->failed == ST_E_NONE ? LP_CURATE_WORDS : LP_CURATE_TEXT;
}

enum st_rc lp_curate(struct lp_set *set, const struct lp_item *item, struct st_arena *arena, struct lp_tag **out,
                     size_t *n, struct st_err *err)
{
    struct look look = look_at(set, item);
    struct lp_tags tags = { .most = set->rules.n + LP_TAGS_MAX };

    *n = 0;
    if ((*out = tags.items = st_arena_alloc(arena, tags.most * sizeof **out)) == NULL)
        return st_arena_fail(arena, err, "lua.curate");
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct explain quiet = { NULL, NULL, set->rules.items[i] };

        if ((!item->is_dead || quiet.rule->when->asks_dead) && held(&quiet, quiet.rule->when, &look, 0))
            tags.items[tags.n++] = quiet.rule->tag;
    }
    tags.most = tags.n + LP_TAGS_MAX;
    if (!item->is_dead && lp_hook_curate(set, item, &tags, arena, err) != ST_OK)
        return ST_ERR;
    *n = tags.n;
    return ST_OK;
}

enum st_rc lp_curate_explain(struct lp_set *set, const struct lp_item *item, lp_explain_f *fn, void *ctx,
                             struct st_err *err)
{
    struct look look = look_at(set, item);

    if (fn == NULL)
        return st_fail(err, ST_E_CONFIG, "lua.curate", "no receiver for the explanation", 0);
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct explain x = { fn, ctx, set->rules.items[i] };

        (void)held(&x, x.rule->when, &look, 0);
    }
    return ST_OK;
}

/* ---- of what was recorded ---------------------------------------------------------------------------------------- */

const char *lp_lack_name(enum lp_lack lack)
{
    static const char *const names[] = {
#define X(id, name) name,
        LP_LACKS(X)
#undef X
    };

    return names[lack];
}

/* What a condition asks for; LP_LACK_COUNT: what every record has. */
static enum lp_lack asked_by(const struct lp_node *node)
{
    switch (node->type) {
    case LP_NODE_HASHTAG:
    case LP_NODE_PHRASE: return LP_LACK_TEXT;
    case LP_NODE_URL:
    case LP_NODE_TRUST: return LP_LACK_URL;
    case LP_NODE_AUTHOR: return LP_LACK_AUTHOR;
    case LP_NODE_KIND: return LP_LACK_KIND;
    case LP_NODE_LANG: return LP_LACK_LANG;
    case LP_NODE_DWELL: return LP_LACK_DWELL;
    case LP_NODE_LENGTH: return node->is_media ? LP_LACK_LENGTH : LP_LACK_TEXT;
    case LP_NODE_AGE: return LP_LACK_AGE;
    case LP_NODE_LEARNERS: return LP_LACK_LEARNERS;
    case LP_NODE_DEAD: return LP_LACK_DEAD;
    case LP_NODE_WHERE: return LP_LACK_WHERE;
    case LP_NODE_PLATFORM:
    case LP_NODE_ALL:
    case LP_NODE_ANY:
    case LP_NODE_NOT: break;
    }
    return LP_LACK_COUNT;
}

/* Words may stand in the title, which is there; that they do not says nothing of the text. */
static struct lp_said leaf_says(struct look *look, const struct lp_node *node, unsigned lacks)
{
    enum lp_lack asked = asked_by(node);
    bool is_lacking = asked != LP_LACK_COUNT && (lacks & LP_LACKS_BIT(asked)) != 0;

    if (is_lacking && (node->cost != LP_COST_TEXT || !words_held(look, node)))
        return (struct lp_said){ LP_SAYS_NOTHING, LP_LACKS_BIT(asked) };
    return (struct lp_said){ leaf_held(look, node) ? LP_SAYS_YES : LP_SAYS_NO, 0 };
}

/* One part that says what settles the join settles it, whatever the others would say. */
static struct lp_said says(struct look *look, const struct lp_node *node, unsigned lacks)
{
    enum lp_says settles = node->type == LP_NODE_ALL ? LP_SAYS_NO : LP_SAYS_YES;
    struct lp_said out = { node->type == LP_NODE_ALL ? LP_SAYS_YES : LP_SAYS_NO, 0 };

    if (node->type == LP_NODE_NOT) {
        out = says(look, node->kids[0], lacks);
        if (out.says != LP_SAYS_NOTHING)
            out.says = out.says == LP_SAYS_YES ? LP_SAYS_NO : LP_SAYS_YES;
        return out;
    }
    if (node->type != LP_NODE_ALL && node->type != LP_NODE_ANY)
        return leaf_says(look, node, lacks);
    for (size_t i = 0; i < node->n_kids; i++) {
        struct lp_said part = says(look, node->kids[i], lacks);

        if (part.says == settles)
            return part;
        if (part.says == LP_SAYS_NOTHING)
            out.says = LP_SAYS_NOTHING;
        out.lacks |= part.lacks;
    }
    return out;
}

struct lp_said lp_curate_say(struct lp_set *set, size_t i, const struct lp_item *item, unsigned lacks)
{
    struct look look = look_at(set, item);

    return says(&look, set->rules.items[i]->when, lacks | LP_LACKS_BIT(LP_LACK_WHERE));
}

/* ---- the rules' own tests ---------------------------------------------------------------------------------------- */

enum st_rc lp_rules_check(struct lp_set *set, struct st_diag *diag, struct st_err *err)
{
    bool failed = false;

    for (size_t i = 0; i < set->rules.n; i++) {
        const struct explain quiet = { NULL, NULL, set->rules.items[i] };

        for (size_t k = 0; k < quiet.rule->n_tests; k++) {
            const struct lp_rule_test *t = &quiet.rule->tests[k];
            struct lp_item item = { .platform = t->platform,
                                    .kind = t->kind,
                                    .url = st_span_str(t->url),
                                    .title = st_span_str(t->title),
                                    .author = st_span_str(t->author),
                                    .lang = st_span_str(t->lang),
                                    .text = st_span_str(t->text),
                                    .dwell_ms = t->dwell_ms,
                                    .trust = t->trust,
                                    .has_age = t->age_ms > 0,
                                    .age_ms = t->age_ms,
                                    .learners = (unsigned)t->learners,
                                    .is_dead = t->is_dead };
            struct look look = look_at(set, &item);

            if (held(&quiet, quiet.rule->when, &look, 0) == t->wanted)
                continue;
            failed = true;
            (void)st_diag_add(diag, quiet.rule->file, 0, 0, "%s: test %zu \"%.60s\" should%s match, and does%s",
                              quiet.rule->name, k + 1, t->text, t->wanted ? "" : " not", t->wanted ? " not" : "");
        }
    }
    return failed ? st_fail(err, ST_E_CONFIG, "lua.curate", "a rule's own test failed", 0) : ST_OK;
}
