/* SPDX-License-Identifier: Apache-2.0 */
/* about - what is known of a detector beyond its findings: how it is written, and what it costs.
 *
 * For those who look after packs (`stoa rules`); nothing of the data path comes here. The cost is measured, not
 * guessed: the rule's pattern is compiled alone and run over a text, since a pattern that is slow alone slows the whole
 * set, and one that hits often wakes validators that often.
 */
#include "base/clock.h"
#include "filters/rules.h"
#include "filters/scan.h"
#include <string.h>

static const char *const finders[] = {
#define X(id, name) name,
    FLT_FINDERS(X)
#undef X
};

/* Measured over eight megabytes of manuals and sources, with each pattern alone: 31 to 37 GB/s (the middle of a class)
 * where four bytes or more tell that it may begin, 26 with three, 8 to 12 with fewer. Finders share one pass. */
static const char *cost_of(const struct flt_detector *d)
{
    size_t shortest = SIZE_MAX;

    if (d->find != FLT_FIND_PATTERN)
        return "shared";
    for (size_t i = 0; i < d->n_anchors; i++)
        shortest = strlen(d->anchors[i].s) < shortest ? strlen(d->anchors[i].s) : shortest;
    if (d->extent == FLT_EXTENT_NAMED || d->extent == FLT_EXTENT_SERVICE)
        return "low"; /* a choice of words */
    if (d->n_anchors == 0)
        return "high";
    return shortest >= 4 ? "low" : shortest == 3 ? "middle" : "high";
}

void flt_packs_about(const struct flt_packs *packs, size_t i, struct flt_about *out)
{
    const struct flt_detector *d = &packs->rules[i];

    *out = (struct flt_about){
        .rule = &d->rule,
        .file = d->file,
        .line = d->pos.line,
        .finder = finders[d->find],
        .pattern = d->pattern,
        .shape = d->shape,
        .validator = d->validator != NULL ? d->validator->name : NULL,
        .source = d->validator != NULL ? d->validator->source : NULL,
        .confidence = { d->base, d->validated, d->near, d->grouped },
        .before = d->window.before,
        .after = d->window.after,
        .needs_context = d->require != FLT_REQUIRE_NOTHING,
        .match = d->match,
        .n_match = d->n_match,
        .miss = d->miss,
        .n_miss = d->n_miss,
        .references = d->references,
        .n_references = d->n_references,
        .cost = cost_of(d),
        .false_positives = { d->false_positives.en, d->false_positives.de },
    };
}

const char *flt_packs_word(const struct flt_packs *packs, size_t i, size_t n)
{
    const struct flt_detector *d = &packs->rules[i];

    for (size_t w = 0; w < packs->n_words; w++)
        if ((d->words[w / 64] >> (w % 64) & 1) != 0 && n-- == 0)
            return packs->words[w] + (packs->words[w][0] == FLT_LABEL_SIGN ? 1 : 0);
    return NULL;
}

static bool count(void *ctx, unsigned id, uint32_t end)
{
    size_t *hits = ctx;

    (void)id;
    (void)end;
    *hits += 1;
    return true;
}

enum st_rc flt_packs_cost(const struct flt_packs *packs, size_t i, struct st_span text, struct flt_cost *out,
                          struct st_err *err)
{
    const struct flt_detector *d = &packs->rules[i];
    struct scan_expr expr = { .pattern = d->pattern, .id = 0, .is_caseless = d->is_caseless };
    struct scan_scratch *scratch = NULL;
    struct scan_db *db = NULL;
    enum st_rc rc = ST_ERR;
    uint64_t start;

    *out = (struct flt_cost){ 0 };
    if (d->find != FLT_FIND_PATTERN)
        return ST_OK;
    if (scan_db_open(&expr, 1, NULL, &db, err) != ST_OK || scan_scratch_new(db, &scratch, err) != ST_OK)
        goto out;
    for (int round = 0; round < FLT_COST_ROUNDS; round++) { /* a shared machine only ever adds: the least counts */
        out->hits = 0;
        start = st_clock_cpu_ns();
        if (scan_run(db, scratch, text, count, &out->hits, err) != ST_OK)
            goto out;
        start = st_clock_cpu_ns() - start;
        out->ns = out->ns == 0 || start < out->ns ? start : out->ns;
    }
    rc = ST_OK;
out:
    scan_scratch_free(scratch);
    scan_db_free(db);
    return rc;
}
