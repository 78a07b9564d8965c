/* SPDX-License-Identifier: Apache-2.0 */
/* pack_examples - a pack proves itself whenever it is loaded.
 *
 * Every rule is scanned over its own examples with the very database and finders of the generation: a match must give
 * a finding of the rule, a miss must not. So a rule that another rule of the set now hides, or a library that behaves
 * differently, is an error of the load and not a hole in the field.
 */
#include "filters/fake.h"
#include "filters/rules.h"
#include "filters/scanner.h"
#include <string.h>

#define EXAMPLE_MAX 65536u

struct trial {
    const struct flt_detector *detector;
    const char *why; /* what became of the rule's last candidate */
    uint8_t confidence;
};

static void on_candidate(void *ctx, const struct flt_candidate *c)
{
    struct trial *t = ctx;

    if (c->rule == &t->detector->rule) {
        t->why = c->why;
        t->confidence = c->confidence;
    }
}

/* *found: does the scan of the example yield the detector's rule? With a trial, why. */
static enum st_rc try_one(struct flt_scanner *scanner, const struct flt_detector *d, struct st_span text, bool *found,
                          struct trial *trial, struct st_err *err)
{
    struct st_arena *arena = st_arena_new(1024u * 1024u);
    struct flt_trace trace = { on_candidate, trial };
    struct flt_findings findings;
    struct flt_doc *doc = NULL;
    enum st_rc rc;

    if (arena == NULL)
        return st_fail(err, ST_E_NOMEM, "packs.examples", "arena", 0);
    rc = flt_text_doc(arena, text, &doc, err);
    if (rc == ST_OK)
        rc = flt_scan(scanner, arena, doc, &findings, trial != NULL ? &trace : NULL, err);
    *found = false;
    for (size_t i = 0; rc == ST_OK && i < findings.n; i++)
        *found = *found || findings.items[i].rule == &d->rule;
    st_arena_free(arena);
    return rc;
}

static enum st_rc check_list(struct flt_scanner *scanner, const struct flt_detector *d, bool is_match,
                             struct st_diag *diag, struct st_err *err, size_t *n_bad)
{
    const struct st_str *list = is_match ? d->match : d->miss;
    size_t n = is_match ? d->n_match : d->n_miss, at;
    enum st_rc rc = ST_OK;
    struct st_buf text;
    bool found = false;

    st_buf_init(&text, EXAMPLE_MAX);
    for (size_t i = 0; i < n; i++) {
        uint64_t seed = (uint64_t)flt_crc32(st_span_str(d->rule.id)) * 31 + i;
        struct trial trial = { d, "no candidate", 0 };

        st_buf_reset(&text);
        if (flt_fake_expand(st_span_str(list[i].s), seed, &text, &at, err) != ST_OK) {
            if (err->code != ST_E_CONFIG) {
                rc = ST_ERR;
                break;
            }
            (void)st_diag_add(diag, d->file, list[i].pos.line, list[i].pos.col, "unknown name in ${fake:...}");
            *n_bad += 1;
            continue;
        }
        if ((rc = try_one(scanner, d, st_buf_view(&text), &found, NULL, err)) != ST_OK)
            break;
        if (found == is_match)
            continue;
        if ((rc = try_one(scanner, d, st_buf_view(&text), &found, &trial, err)) != ST_OK)
            break;
        *n_bad += 1;
        (void)st_diag_add(diag, d->file, list[i].pos.line, list[i].pos.col,
                          "rule '%s' %s this example (%s, confidence %u)", d->rule.id,
                          is_match ? "does not find" : "must not find", trial.why, trial.confidence);
    }
    st_buf_fini(&text);
    return rc;
}

enum st_rc flt_pack_examples(struct flt_packs *packs, struct st_diag *diag, struct st_err *err)
{
    struct flt_scanner *scanner = NULL;
    size_t n_bad = 0;
    enum st_rc rc = ST_OK;

    if (flt_scanner_new(packs, &scanner, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < packs->n && rc == ST_OK; i++) {
        rc = check_list(scanner, &packs->rules[i], true, diag, err, &n_bad);
        if (rc == ST_OK)
            rc = check_list(scanner, &packs->rules[i], false, diag, err, &n_bad);
    }
    flt_scanner_free(scanner);
    if (rc == ST_OK && n_bad > 0)
        rc = st_fail(err, ST_E_CONFIG, "packs.examples", "a rule does not behave on its own examples", n_bad);
    return rc;
}
