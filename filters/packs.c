/* SPDX-License-Identifier: Apache-2.0 */
/* packs - all packs of one generation, compiled; immutable and counted.
 *
 * Loading is: read the files, sort the rules by id, make the finders' lists, compile patterns and context words,
 * a database each (or take them from the cache), then let every rule prove itself on its examples. A set that fails any
 * of it is never seen by anyone; the generation before stays in force.
 */
#include "filters/normalise.h"
#include "filters/respell.h"
#include "filters/rules.h"
#include "filters/scan.h"
#include <stdlib.h>
#include <string.h>

#define PACKS_ARENA  (64u * 1024u * 1024u)
#define PHRASE_FORMS 7u  /* of a context phrase in the database */
#define PHRASE_MIN   10u /* bytes of one that may run together */

const char *flt_severity_name(enum flt_severity severity)
{
    static const char *const names[] = { "low", "medium", "high", "critical" };

    return (size_t)severity < ST_LEN(names) ? names[severity] : "?";
}

static int by_id(const void *a, const void *b)
{
    const struct flt_detector *x = a, *y = b;

    return strcmp(x->rule.id, y->rule.id);
}

static enum st_rc add(struct flt_packs *packs, struct flt_list *list, const struct flt_detector *d, struct st_err *err)
{
    if (list->items == NULL) {
        list->items = st_arena_alloc(packs->arena, packs->n * sizeof *list->items);
        list->free = st_arena_alloc(packs->arena, packs->n * sizeof *list->free);
        if (list->items == NULL || list->free == NULL)
            return st_arena_fail(packs->arena, err, "packs.load");
    }
    list->items[list->n++] = d;
    if (d->require != FLT_REQUIRE_CONTEXT)
        list->free[list->n_free++] = d;
    list->window.before = d->window.before > list->window.before ? d->window.before : list->window.before;
    list->window.after = d->window.after > list->window.after ? d->window.after : list->window.after;
    return ST_OK;
}

static enum st_rc make_lists(struct flt_packs *packs, struct st_err *err)
{
    for (size_t i = 0; i < packs->n; i++) {
        const struct flt_detector *d = &packs->rules[i];

        if (add(packs, &packs->by_find[d->find], d, err) != ST_OK)
            return ST_ERR;
        for (unsigned n = 0; d->find == FLT_FIND_DIGITS && n <= FLT_NUMBER_MAX; n++)
            if ((d->lengths >> n & 1) != 0 && add(packs, &packs->by_length[n], d, err) != ST_OK)
                return ST_ERR;
    }
    packs->may_glance = true;
    for (size_t i = 0; i < packs->n; i++)
        packs->may_glance =
            packs->may_glance && (packs->rules[i].pattern == NULL || flt_glance_fits(packs->rules[i].pattern));
    if (flt_context_make(packs, err) != ST_OK || flt_words_make(packs, err) != ST_OK)
        return ST_ERR;
    return flt_shapes_make(packs, err);
}

static struct scan_expr word_expr(const char *text, size_t word)
{
    return (struct scan_expr){
        .pattern = text, .id = (unsigned)(FLT_WORD_BASE + word), .is_caseless = true, .is_literal = true
    };
}

enum capitals { CAPITALS_ALL, CAPITALS_WORDS, CAPITALS_FIRST };

/* The phrase with letters that are not ASCII in capitals: all, those that begin a word, or the first of the phrase.
 * One whose length would change stays as it is. NULL: no memory. */
static const char *in_capitals(struct flt_packs *packs, const char *phrase, enum capitals which)
{
    size_t n = strlen(phrase), at = 0;
    char *form = st_arena_dup(packs->arena, phrase, n + 1);
    const uint8_t *p = (const uint8_t *)phrase, *end = p + n;

    for (bool begins = true; form != NULL && p < end;) {
        uint8_t upper[FLT_FOLD_MAX];
        size_t len = 1, big;

        while (p + len < end && (p[len] & 0xC0) == 0x80)
            len++;
        big = *p >= 0x80 && (which == CAPITALS_ALL || begins) ? flt_upper_char(p, end, upper) : 0;
        if (big == len)
            memcpy(form + at, upper, len);
        begins = which == CAPITALS_WORDS && *p < 0x80 && !flt_is_alnum(*p);
        at += len;
        p += len;
    }
    return form;
}

/* Hyperscan folds the case of ASCII only. */
static size_t case_forms(struct flt_packs *packs, size_t word, struct scan_expr *exprs)
{
    size_t n = 0;

    exprs[n++] = word_expr(packs->words[word], word);
    for (int which = CAPITALS_ALL; which <= CAPITALS_FIRST; which++) {
        const char *form = in_capitals(packs, packs->words[word], (enum capitals)which);
        bool is_new = true;

        if (form == NULL)
            return 0;
        for (size_t i = 0; i < n; i++)
            is_new = is_new && strcmp(exprs[i].pattern, form) != 0;
        if (is_new)
            exprs[n++] = word_expr(form, word);
    }
    return n;
}

/* A phrase is also part of a program's names: "tax file number" is tax_file_number, tax-file-number, taxFileNumber.
 * Each is a literal of its own with the same id; a short phrase does not run together, since "id no" is in "valid
 * notes". */
static size_t phrase_forms(struct flt_packs *packs, size_t word, struct scan_expr *exprs)
{
    static const char joints[] = { '_', '-', '\0' };
    const char *phrase = packs->words[word];
    size_t n = case_forms(packs, word, exprs);

    if (n == 0 || strchr(phrase, ' ') == NULL)
        return n;
    for (size_t j = 0; j < sizeof joints; j++) {
        char *form = st_arena_dup(packs->arena, phrase, strlen(phrase) + 1), *to = form;

        if (form == NULL)
            return 0;
        if (joints[j] == '\0' && strlen(phrase) < PHRASE_MIN)
            break;
        for (const char *from = phrase; *from != '\0'; from++)
            if (*from != ' ')
                *to++ = *from;
            else if (joints[j] != '\0')
                *to++ = joints[j];
        *to = '\0';
        exprs[n++] = word_expr(form, word);
    }
    return n;
}

/* Patterns are measured before they are compiled; a database of the cache has their widths. */
static enum st_rc open_patterns(struct flt_packs *packs, struct scan_expr *exprs, size_t n, const char *cache_dir,
                                struct st_diag *diag, struct st_err *err)
{
    enum st_rc rc = scan_db_find(exprs, n, cache_dir, &packs->db, err);

    if (rc == ST_AGAIN && (rc = flt_pack_measure(packs, diag, err)) == ST_OK) {
        for (size_t i = 0; i < n && exprs[i].id < FLT_TERM_BASE; i++)
            exprs[i].width = packs->rules[exprs[i].id].width;
        rc = scan_db_open(exprs, n, cache_dir, &packs->db, err);
    }
    for (size_t i = 0; rc == ST_OK && i < n && exprs[i].id < FLT_TERM_BASE; i++) {
        struct flt_detector *d = &packs->rules[exprs[i].id];

        d->width = scan_db_width(packs->db, i);
        d->gap = d->extent == FLT_EXTENT_MATCH ? d->width : 1;
    }
    return rc;
}

/* exprs has room for all rules. */
static enum st_rc open_starts(struct flt_packs *packs, struct scan_expr *exprs, const char *cache_dir,
                              struct st_diag *diag, struct st_err *err)
{
    const struct flt_detector *d;
    size_t n = 0;

    for (size_t i = 0; i < packs->n; i++) {
        d = &packs->rules[i];
        if (d->find == FLT_FIND_PATTERN && d->extent == FLT_EXTENT_MATCH)
            exprs[n++] = (struct scan_expr){
                .pattern = d->pattern, .id = (unsigned)i, .is_caseless = d->is_caseless, .has_start = true
            };
    }
    if (scan_db_open(exprs, n, cache_dir, &packs->start_db, err) == ST_OK)
        return ST_OK;
    if (err->code == ST_E_CONFIG && err->num >= 0 && (size_t)err->num < n) {
        d = &packs->rules[exprs[err->num].id];
        (void)st_diag_add(diag, d->file, d->pos.line, d->pos.col,
                          "the pattern of '%s' is too large for extent: match; give it an anchor and chars",
                          d->rule.id);
    }
    return ST_ERR;
}

static enum st_rc compile(struct flt_packs *packs, const char *cache_dir, struct st_diag *diag, struct st_err *err)
{
    struct scan_expr *exprs =
        calloc(packs->n + packs->n_terms + PHRASE_FORMS * packs->n_literals + FLT_SIGNALS_MAX, sizeof *exprs);
    enum st_rc rc = ST_OK;
    size_t n = 0;

    if (exprs == NULL)
        return st_fail(err, ST_E_NOMEM, "packs.load", "expressions", packs->n);
    for (size_t i = 0; i < packs->n; i++)
        if (packs->rules[i].find == FLT_FIND_PATTERN)
            exprs[n++] = (struct scan_expr){ .pattern = packs->rules[i].pattern,
                                             .id = (unsigned)i,
                                             .is_caseless = packs->rules[i].is_caseless };
    for (size_t t = 0; t < packs->n_terms && rc == ST_OK; t++) {
        const char *pattern = flt_words_pattern(packs->arena, &packs->terms[t]);

        if (pattern == NULL)
            rc = st_arena_fail(packs->arena, err, "packs.load");
        exprs[n++] = (struct scan_expr){ .pattern = pattern, .id = (unsigned)(FLT_TERM_BASE + t), .is_caseless = true };
    }
    flt_signals(exprs, &n);
    if (rc == ST_OK)
        rc = open_patterns(packs, exprs, n, cache_dir, diag, err);
    if (rc == ST_OK)
        rc = open_starts(packs, exprs, cache_dir, diag, err);
    n = 0;
    for (size_t w = 0; w < packs->n_literals && rc == ST_OK; w++) {
        size_t forms = phrase_forms(packs, w, exprs + n);

        if (forms == 0)
            rc = st_arena_fail(packs->arena, err, "packs.load");
        n += forms;
    }
    if (rc == ST_OK)
        rc = scan_db_open(exprs, n, cache_dir, &packs->words_db, err);
    free(exprs);
    return rc == ST_OK ? flt_allow_compile(packs, cache_dir, err) : rc;
}

enum st_rc flt_packs_load(const char *const *dirs, const char *cache_dir, struct flt_packs **out, struct st_diag *diag,
                          struct st_err *err)
{
    return flt_packs_load_all(&(struct flt_sources){ .dirs = dirs, .cache_dir = cache_dir }, out, diag, err);
}

enum st_rc flt_packs_load_all(const struct flt_sources *sources, struct flt_packs **out, struct st_diag *diag,
                              struct st_err *err)
{
    struct flt_packs *packs = NULL;
    enum st_rc rc = ST_ERR;

    if (scan_platform(err) != ST_OK)
        return ST_ERR;
    if ((packs = calloc(1, sizeof *packs)) == NULL)
        return st_fail(err, ST_E_NOMEM, "packs.load", "packs", sizeof *packs);
    packs->magic = FLT_PACKS_MAGIC;
    packs->refs = 1;
    if ((packs->arena = st_arena_new(PACKS_ARENA)) == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "packs.load", "arena", 0);
        goto out;
    }
    if (flt_pack_read(packs, sources, diag, err) != ST_OK)
        goto out;
    qsort(packs->rules, packs->n, sizeof *packs->rules, by_id);
    if (make_lists(packs, err) != ST_OK || compile(packs, sources->cache_dir, diag, err) != ST_OK)
        goto out;
    if (flt_pack_examples(packs, diag, err) != ST_OK)
        goto out;
    *out = packs;
    packs = NULL; /* moved to the caller */
    rc = ST_OK;
out:
    flt_packs_release(packs);
    return rc;
}

struct flt_packs *flt_packs_retain(struct flt_packs *packs)
{
    ST_CHECK(packs, FLT_PACKS_MAGIC);
    packs->refs++;
    return packs;
}

void flt_packs_release(struct flt_packs *packs)
{
    if (packs == NULL)
        return;
    ST_CHECK(packs, FLT_PACKS_MAGIC);
    if (--packs->refs > 0)
        return;
    for (size_t i = 0; i < packs->n; i++) {
        flt_own_close(packs->rules[i].rows.table);
        flt_own_close(packs->rules[i].copies.table);
    }
    scan_db_free(packs->db);
    scan_db_free(packs->words_db);
    scan_db_free(packs->allow_db);
    scan_db_free(packs->start_db);
    st_arena_free(packs->arena);
    packs->magic = 0;
    free(packs);
}

size_t flt_packs_count(const struct flt_packs *packs)
{
    return packs->n;
}

const struct flt_rule *flt_packs_rule(const struct flt_packs *packs, size_t i)
{
    return i < packs->n ? &packs->rules[i].rule : NULL;
}

const struct flt_rule *flt_packs_find(const struct flt_packs *packs, const char *id)
{
    size_t a = 0, b = packs->n;

    while (a < b) {
        size_t mid = a + (b - a) / 2;
        int order = strcmp(packs->rules[mid].rule.id, id);

        if (order == 0)
            return &packs->rules[mid].rule;
        if (order < 0)
            a = mid + 1;
        else
            b = mid;
    }
    return NULL;
}
