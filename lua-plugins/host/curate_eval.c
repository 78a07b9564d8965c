/* SPDX-License-Identifier: Apache-2.0 */
/* curate_eval - does a page or post meet a rule, and why.
 *
 * Words are compared without regard to case (ASCII and the Latin letters of UTF-8's C3 block, which German needs) and
 * at word boundaries; any byte above 127 counts as part of a word. A where() that fails counts as not held and is
 * logged: curation is off the data path and never in anyone's way.
 */
#include "base/log.h"
#include "curate.h"
#include "set.h"
#include <string.h>

#define WHERE_TIME_US 20000u
#define WHERE_TEXT    ((size_t)256 << 10)

static int fold(struct st_span s, size_t i)
{
    int c = s.p[i];

    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if (c >= 0x80 && c <= 0x9e && c != 0x97 && i > 0 && s.p[i - 1] == 0xc3)
        return c + 32;
    return c;
}

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c >= 0x80;
}

static bool has_words(struct st_span text, const char *words, bool is_tag)
{
    struct st_span w = st_span_str(words);

    for (size_t at = 0; at + w.n <= text.n; at++) {
        size_t k = 0;

        while (k < w.n && fold(text, at + k) == fold(w, k))
            k++;
        if (k < w.n || (at + w.n < text.n && is_word(w.p[w.n - 1]) && is_word(text.p[at + w.n])))
            continue;
        if (is_tag ? at > 0 && text.p[at - 1] == '#' && (at < 2 || !is_word(text.p[at - 2]))
                   : at == 0 || !is_word(w.p[0]) || !is_word(text.p[at - 1]))
            return true;
    }
    return false;
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
        } else if (at < g.n && fold(g, at) == fold(text, i)) {
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

static bool word_held(const struct lp_node *node, const char *word, const struct lp_item *item)
{
    switch (node->type) {
    case LP_NODE_HASHTAG: return has_words(item->text, word, true) || has_words(item->title, word, true);
    case LP_NODE_PHRASE: return has_words(item->text, word, false) || has_words(item->title, word, false);
    case LP_NODE_URL: return url_is(word, item->url);
    case LP_NODE_AUTHOR: return glob(word, item->author);
    case LP_NODE_PLATFORM: return item->platform != NULL && strcmp(word, item->platform) == 0;
    case LP_NODE_KIND: return item->kind != NULL && strcmp(word, item->kind) == 0;
    case LP_NODE_LANG: return lang_is(word, item->lang);
    case LP_NODE_ALL:
    case LP_NODE_ANY:
    case LP_NODE_NOT:
    case LP_NODE_DWELL:
    case LP_NODE_LENGTH:
    case LP_NODE_WHERE: break;
    }
    return false;
}

struct explain {
    lp_explain_f *fn; /* NULL: only the answer is wanted, and joins stop early */
    void *ctx;
    const struct lp_rule *rule;
};

static bool held(const struct explain *x, const struct lp_node *node, const struct lp_item *item, unsigned depth);

static bool join_held(const struct explain *x, const struct lp_node *node, const struct lp_item *item, unsigned depth)
{
    bool all = node->type == LP_NODE_ALL;
    bool so_far = all;

    for (size_t i = 0; i < node->n_kids; i++) {
        so_far = held(x, node->kids[i], item, depth) == all ? so_far : !all;
        if (so_far != all && x->fn == NULL)
            break;
    }
    return so_far;
}

/* A parent is told before its parts: reading goes from the answer to its reasons. */
static bool held(const struct explain *x, const struct lp_node *node, const struct lp_item *item, unsigned depth)
{
    static const char *const joins[] = { "all of", "any of", "not" };
    const struct explain quiet = { NULL, NULL, x->rule };
    bool is = false;

    switch (node->type) {
    case LP_NODE_ALL:
    case LP_NODE_ANY: is = join_held(&quiet, node, item, depth + 1); break;
    case LP_NODE_NOT: is = !held(&quiet, node->kids[0], item, depth + 1); break;
    case LP_NODE_DWELL: is = item->dwell_ms >= node->least; break;
    case LP_NODE_LENGTH: is = (node->is_media ? item->length_ms : item->text.n) >= node->least; break;
    case LP_NODE_WHERE: is = where_held(x->rule, node, item); break;
    case LP_NODE_HASHTAG:
    case LP_NODE_PHRASE:
    case LP_NODE_URL:
    case LP_NODE_AUTHOR:
    case LP_NODE_PLATFORM:
    case LP_NODE_KIND:
    case LP_NODE_LANG:
        for (size_t i = 0; !is && node->words[i] != NULL; i++)
            is = word_held(node, node->words[i], item);
        break;
    }
    if (x->fn == NULL)
        return is;
    x->fn(x->ctx, x->rule->name, depth, node->type <= LP_NODE_NOT ? joins[node->type] : node->label, is);
    for (size_t i = 0; i < node->n_kids; i++)
        (void)held(x, node->kids[i], item, depth + 1);
    return is;
}

enum st_rc lp_curate(struct lp_set *set, const struct lp_item *item, struct st_arena *arena, struct lp_tag **out,
                     size_t *n, struct st_err *err)
{
    ST_CHECK(set, LP_SET_MAGIC);
    *n = 0;
    *out = st_arena_alloc(arena, (set->rules.n > 0 ? set->rules.n : 1) * sizeof **out);
    if (*out == NULL)
        return st_arena_fail(arena, err, "lua.curate");
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct explain quiet = { NULL, NULL, set->rules.items[i] };

        if (held(&quiet, quiet.rule->when, item, 0))
            (*out)[(*n)++] = quiet.rule->tag;
    }
    return ST_OK;
}

enum st_rc lp_curate_explain(struct lp_set *set, const struct lp_item *item, lp_explain_f *fn, void *ctx,
                             struct st_err *err)
{
    ST_CHECK(set, LP_SET_MAGIC);
    if (fn == NULL)
        return st_fail(err, ST_E_CONFIG, "lua.curate", "no receiver for the explanation", 0);
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct explain x = { fn, ctx, set->rules.items[i] };

        (void)held(&x, x.rule->when, item, 0);
    }
    return ST_OK;
}

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
                                    .dwell_ms = t->dwell_ms };

            if (held(&quiet, quiet.rule->when, &item, 0) == t->wanted)
                continue;
            failed = true;
            (void)st_diag_add(diag, quiet.rule->file, 0, 0, "%s: test %zu \"%.60s\" should%s match, and does%s",
                              quiet.rule->name, k + 1, t->text, t->wanted ? "" : " not", t->wanted ? " not" : "");
        }
    }
    return failed ? st_fail(err, ST_E_CONFIG, "lua.curate", "a rule's own test failed", 0) : ST_OK;
}
