/* SPDX-License-Identifier: Apache-2.0 */
/* allow - what looks like a finding of a rule, and its pack says that it is none.
 *
 * Asked last, of what would be a finding: too even for something that a generator made, a word inside, an expression
 * over it or its line, or a value that is known, to the rule or to all rules of the set. Known values are kept as
 * digests, so that a pack that lists a leaked or a published one does not spread it. The expressions of all rules are
 * one database of their own, which sees nothing but findings and their lines: they may begin and end with what they
 * like.
 */
#include "filters/scanner.h"
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 2048u /* to either side of the finding */
#define DIGEST_PREFIX  "sha256:"

/* ---- loading ----------------------------------------------------------------------------------------------------- */

#define BAD_AT(file, diag, pos_, ...) ((void)st_diag_add((diag), (file), (pos_).line, (pos_).col, __VA_ARGS__), 1u)
#define BAD(d, diag, pos_, ...)       BAD_AT((d)->file, diag, pos_, __VA_ARGS__)

static bool read_digest(const char *s, uint8_t out[ST_SHA256_LEN])
{
    size_t prefix = strlen(DIGEST_PREFIX);

    if (strncmp(s, DIGEST_PREFIX, prefix) != 0 || strlen(s) != prefix + 2 * ST_SHA256_LEN)
        return false;
    s += prefix;
    for (size_t i = 0; i < ST_SHA256_LEN; i++) {
        int hi = st_hex_digit((uint8_t)s[2 * i]), lo = st_hex_digit((uint8_t)s[2 * i + 1]);

        if (hi < 0 || lo < 0)
            return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

/* How many are none. */
static size_t read_digests(const char *file, const struct st_list *list, uint8_t (*out)[ST_SHA256_LEN],
                           struct st_diag *diag)
{
    const struct st_str *values = list->items;
    size_t n_bad = 0;

    for (size_t i = 0; i < list->n; i++)
        if (!read_digest(values[i].s, out[i]))
            n_bad += BAD_AT(file, diag, values[i].pos,
                            "'%s' is no digest; expected sha256: and 64 hex digits, as of "
                            "`printf %%s VALUE | sha256sum`",
                            values[i].s);
    return n_bad;
}

/* Those that do not compile, or match where nothing stands. */
static size_t check_patterns(const struct flt_detector *d, const struct st_list *list, struct st_diag *diag)
{
    const struct st_str *items = list->items;
    size_t n_bad = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct scan_expr expr = { .pattern = items[i].s };
        struct st_err err;
        unsigned width;
        char why[200];

        if (scan_measure(&expr, &width, why, sizeof why, &err) != ST_OK)
            n_bad += BAD(d, diag, items[i].pos, "the expression does not compile: %s", why);
    }
    return n_bad;
}

/* In lower case, as flt_ifind wants it; NULL: no memory. */
static const struct st_str *lower(struct st_arena *arena, const struct st_list *words)
{
    const struct st_str *items = words->items;
    struct st_str *out = st_arena_alloc(arena, (words->n + 1) * sizeof *out);

    for (size_t i = 0; out != NULL && i < words->n; i++) {
        char *copy = st_arena_str(arena, st_span_str(items[i].s));

        if (copy == NULL)
            return NULL;
        for (char *p = copy; *p != '\0'; p++)
            *p = (char)flt_to_lower((uint8_t)*p);
        out[i] = (struct st_str){ copy, items[i].pos };
    }
    return out;
}

size_t flt_allow_read(struct flt_packs *packs, struct flt_detector *d, const struct flt_allow_option *o,
                      struct st_diag *diag)
{
    const struct st_str *words = lower(packs->arena, &o->words);
    const struct st_list *all[] = { &o->words, &o->patterns, &o->lines, &o->values };
    uint8_t(*digests)[ST_SHA256_LEN] = st_arena_alloc(packs->arena, (o->values.n + 1) * sizeof *digests);
    size_t n_bad = 0;

    if (digests == NULL || words == NULL)
        return BAD(d, diag, d->pos, "the rule's list of what is allowed does not fit into memory");
    for (size_t i = 0; i < ST_LEN(all); i++)
        if (all[i]->n > FLT_ALLOW_MAX)
            return BAD(d, diag, all[i]->pos, "more than %u entries; a rule of its own says it better", FLT_ALLOW_MAX);
    n_bad += read_digests(d->file, &o->values, digests, diag);
    for (size_t i = 0; i < o->words.n; i++)
        if (words[i].s[0] == '\0')
            n_bad += BAD(d, diag, words[i].pos, "an empty word is in everything");
    d->allow = (struct flt_allow){ .words = words,
                                   .patterns = o->patterns.items,
                                   .lines = o->lines.items,
                                   .n_words = o->words.n,
                                   .n_patterns = o->patterns.n,
                                   .n_lines = o->lines.n,
                                   .values = (const uint8_t(*)[ST_SHA256_LEN])digests,
                                   .n_values = o->values.n };
    return n_bad + check_patterns(d, &o->patterns, diag) + check_patterns(d, &o->lines, diag);
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, ST_SHA256_LEN);
}

size_t flt_known_read(struct flt_packs *packs, const char *file, const struct st_list *values, struct st_diag *diag)
{
    size_t n = packs->n_known + values->n, n_bad;
    uint8_t(*all)[ST_SHA256_LEN];

    if (values->n == 0)
        return 0;
    if (n > FLT_KNOWN_MAX)
        return BAD_AT(file, diag, values->pos, "more than %u known values over all packs", FLT_KNOWN_MAX);
    if ((all = st_arena_alloc(packs->arena, n * sizeof *all)) == NULL)
        return BAD_AT(file, diag, values->pos, "the pack's list of what is allowed does not fit into memory");
    if (packs->n_known > 0)
        memcpy(all, packs->known, packs->n_known * sizeof *all);
    n_bad = read_digests(file, values, all + packs->n_known, diag);
    qsort(all, n, sizeof *all, by_digest);
    packs->known = (const uint8_t(*)[ST_SHA256_LEN])all;
    packs->n_known = n;
    return n_bad;
}

/* Each rule has two numbers: for expressions over the finding, and over its line. */
enum { OVER_FINDING, OVER_LINE, OVER_N };

enum st_rc flt_allow_compile(struct flt_packs *packs, const char *cache_dir, struct st_err *err)
{
    struct scan_expr *exprs;
    size_t n = 0;
    enum st_rc rc;

    for (size_t i = 0; i < packs->n; i++)
        n += packs->rules[i].allow.n_patterns + packs->rules[i].allow.n_lines;
    if ((exprs = calloc(n + 1, sizeof *exprs)) == NULL)
        return st_fail(err, ST_E_NOMEM, "packs.load", "expressions", n);
    n = 0;
    for (size_t i = 0; i < packs->n; i++) {
        const struct flt_allow *allow = &packs->rules[i].allow;

        for (size_t k = 0; k < allow->n_patterns; k++)
            exprs[n++] = (struct scan_expr){ .pattern = allow->patterns[k].s, .id = (unsigned)i * OVER_N };
        for (size_t k = 0; k < allow->n_lines; k++)
            exprs[n++] = (struct scan_expr){ .pattern = allow->lines[k].s, .id = (unsigned)i * OVER_N + OVER_LINE };
    }
    rc = scan_db_open(exprs, n, cache_dir, &packs->allow_db, err);
    free(exprs);
    return rc;
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

struct look {
    unsigned wanted;
    bool found;
};

static bool on_match(void *ctx, unsigned id, uint32_t end)
{
    struct look *look = ctx;

    (void)end;
    look->found = look->found || id == look->wanted;
    return !look->found;
}

static bool matches(struct flt_scanner *s, const struct flt_detector *d, unsigned over, struct st_span text)
{
    struct look look = { (unsigned)(d - s->packs->rules) * OVER_N + over, false };

    if (scan_run(s->packs->allow_db, s->allow_scratch, text, on_match, &look, s->err) != ST_OK)
        s->failed = true;
    return look.found;
}

/* The line it stands in, or as much of it as is looked at. */
static struct st_span line_of(const struct flt_scanner *s, const struct flt_guess *g)
{
    uint32_t from = g->from, to = g->to;

    while (from > 0 && g->from - from < LINE_MAX_BYTES && s->text.p[from - 1] != '\n')
        from--;
    while (to < s->text.n && to - g->to < LINE_MAX_BYTES && s->text.p[to] != '\n')
        to++;
    return st_span_sub(s->text, from, to - from);
}

static bool is_known(const struct flt_packs *packs, const struct flt_allow *allow, struct st_span value)
{
    uint8_t digest[ST_SHA256_LEN];

    if (allow->n_values + packs->n_known == 0 || st_sha256(&value, 1, digest, NULL) != ST_OK)
        return false;
    for (size_t i = 0; i < allow->n_values; i++)
        if (memcmp(allow->values[i], digest, sizeof digest) == 0)
            return true;
    return packs->n_known > 0 && bsearch(digest, packs->known, packs->n_known, sizeof digest, by_digest) != NULL;
}

const char *flt_allowed(struct flt_scanner *s, const struct flt_guess *g)
{
    const struct flt_detector *d = g->detector;
    const struct flt_allow *allow = &d->allow;

    if (d->entropy > 0 && flt_entropy(g->text) < d->entropy)
        return "entropy below the rule's";
    for (size_t i = 0; i < allow->n_words; i++)
        if (flt_ifind(g->text, allow->words[i].s))
            return "allowed: a word inside";
    if (is_known(s->packs, allow, g->text))
        return "allowed: a known value";
    if (allow->n_patterns > 0 && matches(s, d, OVER_FINDING, g->text))
        return "allowed: an expression of the rule";
    if (allow->n_lines > 0 && matches(s, d, OVER_LINE, line_of(s, g)))
        return "allowed: an expression over its line";
    return NULL;
}
