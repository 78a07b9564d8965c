/* SPDX-License-Identifier: Apache-2.0 */
/* advise - what the author of a curation rule may have meant, where the rule is right for Lua and says something else.
 *
 * `phrase "a" and kind "view"` is one condition: Lua's own words take one side and lose the other, so they are looked
 * for in the text, outside of functions. A kind, language or platform that there is none of never holds. All load, as a
 * plugin or a later adapter may know more than we do: this is advice.
 */
#include "curate.h"
#include "set.h"
#include <ctype.h>
#include <string.h>

struct adviser {
    const struct lp_rule *rule;
    const char *const *own, *const *others; /* platforms that are known, NULL-terminated */
    lp_advice_f *fn;
    void *ctx;
};

static void say(const struct adviser *a, const char *what, const char *word, const char *near)
{
    char text[240];

    (void)snprintf(text, sizeof text, "%.40s: %s '%.40s'%s%.40s%s", a->rule->name, what, word,
                   near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    a->fn(a->ctx, a->rule->file, text);
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static size_t count(const char *const *words)
{
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    return n;
}

static bool is_among(const char *const *words, const char *word)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* "de", "nds", "pt-BR": two or three letters, and what a '-' adds. */
static bool is_lang(const char *word)
{
    size_t n = strcspn(word, "-");

    return n == 2 || n == 3;
}

static void advise_node(const struct adviser *a, const struct lp_node *node)
{
    for (size_t i = 0; i < node->n_words; i++) {
        const char *word = node->words[i];

        if (node->type == LP_NODE_KIND && !is_among(flt_kinds, word))
            say(a, "nothing is ever of the kind", word, st_diag_nearest(word, flt_kinds, count(flt_kinds)));
        if (node->type == LP_NODE_PLATFORM && !is_among(a->own, word) && !is_among(a->others, word))
            say(a, "there is no adapter for the platform", word, st_diag_nearest(word, a->others, count(a->others)));
        if (node->type == LP_NODE_LANG && !is_lang(word))
            say(a, "a language is a code such as \"de\" or \"en\", not", word, NULL);
        if (node->type == LP_NODE_HASHTAG && word[0] == '#')
            say(a, "a hashtag is written without its '#', not", word, NULL);
    }
    for (size_t i = 0; i < node->n_kids; i++)
        advise_node(a, node->kids[i]);
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

/* By how much a word of Lua opens a block. */
static int opens(struct st_span word)
{
    static const char *const openers[] = { "function", "if", "do", "repeat" };

    for (size_t i = 0; i < ST_LEN(openers); i++)
        if (st_span_eq(word, st_span_str(openers[i])))
            return 1;
    return st_span_eq(word, ST_SPAN("end")) || st_span_eq(word, ST_SPAN("until")) ? -1 : 0;
}

static bool joins(struct st_span word)
{
    return st_span_eq(word, ST_SPAN("and")) || st_span_eq(word, ST_SPAN("or")) || st_span_eq(word, ST_SPAN("not"));
}

static void advise_text(const struct adviser *a, struct st_span text)
{
    unsigned line = 1;
    int depth = 0;
    bool is_comment;

    for (size_t at = 0, to; at < text.n; at = to) {
        struct st_span word;

        to = lp_skip_quoted(text, at, &is_comment);
        if (to == at)
            while (to < text.n && (isalnum(text.p[to]) != 0 || text.p[to] == '_'))
                to++;
        word = isalpha(text.p[at]) != 0 ? st_span_sub(text, at, to - at) : ST_SPAN_NONE;
        to += to == at;
        for (size_t i = at; i < to; i++)
            line += text.p[i] == '\n';
        depth += opens(word);
        if (depth == 0 && joins(word)) {
            char said[200];

            (void)snprintf(said, sizeof said,
                           "line %u: '%.*s' leaves a condition out; they are joined with & (both), | (one of them), ~ "
                           "(not)",
                           line, (int)word.n, (const char *)word.p);
            a->fn(a->ctx, a->rule->file, said);
        }
    }
}

void lp_curate_advise(const struct lp_set *set, size_t i, const char *const *platforms, lp_advice_f *fn, void *ctx)
{
    const struct adviser a = { set->rules.items[i], lp_platforms(set), platforms, fn, ctx };
    const char *file = a.rule->file;
    bool is_first = i == 0 || strcmp(set->rules.items[i - 1]->file, file) != 0;
    struct st_err ignored = ST_ERR_INIT;
    struct st_buf text = { 0 };

    advise_node(&a, a.rule->when);
    if (is_first && st_span_ends(st_span_str(file), ST_SPAN(".lua")) &&
        lp_file_read(file, &text, NULL, &ignored) == ST_OK)
        advise_text(&a, st_buf_view(&text));
    st_buf_fini(&text);
}
