/* SPDX-License-Identifier: Apache-2.0 */
/* scan_values - see scan_values.h.
 *
 * A file with names is read in portions of as many values as a message may have. Where both readings found the same
 * place the surer one says what it is, and of two that are as sure the one that saw the name. Nothing that the text as
 * a whole gave is lost but for such a place.
 */
#include "cli/scan_values.h"
#include <stdlib.h>

#define PORTION_MAX ((size_t)1 << 30)
#define VALUES_MAX  65536u /* findings of one file */

struct values {
    struct flt_findings *whole;
    bool *gone; /* of the whole's: another stands in its place */
    struct st_buf found;
};

/* Is it one place? Most of the longer one is in both, or both mean the same. */
static bool is_one_place(const struct flt_finding *a, const struct flt_finding *b)
{
    uint32_t from = a->from > b->from ? a->from : b->from, to = a->to < b->to ? a->to : b->to;
    uint32_t longer = a->to - a->from > b->to - b->from ? a->to - a->from : b->to - b->from;

    return from < to && (a->rule == b->rule || (to - from) * 2 > longer);
}

static void take(struct values *v, const struct flt_finding *f)
{
    for (size_t i = 0; i < v->whole->n; i++) {
        struct flt_finding *old = &v->whole->items[i];

        if (!is_one_place(f, old))
            continue;
        if (f->rule == old->rule) {
            old->confidence = f->confidence > old->confidence ? f->confidence : old->confidence;
            return;
        }
        if (f->confidence < old->confidence)
            return;
        v->gone[i] = true;
    }
    st_buf_put(&v->found, f, sizeof *f);
}

static enum st_rc scan_portion(struct flt_scanner *scanner, struct flt_laid *laid, struct values *v, struct st_err *err)
{
    struct st_arena *arena = st_arena_new(PORTION_MAX);
    struct flt_findings findings = { 0 };
    struct flt_doc *doc = NULL;
    enum st_rc rc = ST_ERR;

    if (arena == NULL)
        return st_fail(err, ST_E_NOMEM, "cli.values", "arena", 0);
    if ((rc = flt_layout_next(laid, arena, &doc, err)) == ST_OK)
        rc = flt_scan(scanner, arena, doc, &findings, NULL, err);
    for (size_t i = 0; rc == ST_OK && i < findings.n; i++) {
        struct flt_finding f = findings.items[i];

        if (!flt_layout_place(doc, &findings.items[i], &f.from, &f.to))
            continue;
        f.field = 0;
        f.run = NULL;
        if (v->found.n < VALUES_MAX * sizeof f)
            take(v, &f);
        else
            v->whole->is_capped = true;
    }
    st_arena_free(arena);
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct flt_finding *x = a, *y = b;

    return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

/* The whole's that stand, and the values'. */
static enum st_rc put_together(struct values *v, struct st_arena *arena, struct st_err *err)
{
    const struct flt_finding *found = (const void *)v->found.p;
    size_t n_found = v->found.n / sizeof *found, n = 0;
    struct flt_finding *items = st_arena_alloc(arena, (v->whole->n + n_found) * sizeof *items + 1);

    if (items == NULL)
        return st_arena_fail(arena, err, "cli.values");
    for (size_t i = 0; i < v->whole->n; i++)
        if (!v->gone[i])
            items[n++] = v->whole->items[i];
    for (size_t i = 0; i < n_found; i++)
        items[n++] = found[i];
    if (n > 1)
        qsort(items, n, sizeof *items, by_place);
    v->whole->items = items;
    v->whole->n = n;
    return ST_OK;
}

enum st_rc scan_values(struct flt_scanner *scanner, struct st_arena *arena, enum flt_layout layout, struct st_span text,
                       struct flt_findings *findings, struct st_err *err)
{
    struct values v = { .whole = findings };
    struct flt_laid *laid = NULL;
    enum st_rc rc;

    if (flt_layout_open(arena, layout, text, &laid, err) != ST_OK)
        return ST_ERR;
    if (laid == NULL)
        return ST_OK;
    if ((v.gone = st_arena_alloc(arena, findings->n + 1)) == NULL)
        return st_arena_fail(arena, err, "cli.values");
    st_buf_init(&v.found, (VALUES_MAX + 1) * sizeof(struct flt_finding));
    do
        rc = scan_portion(scanner, laid, &v, err);
    while (rc == ST_OK);
    rc = rc == ST_AGAIN ? st_buf_done(&v.found, err, "cli.values") : ST_ERR;
    if (rc == ST_OK)
        rc = put_together(&v, arena, err);
    st_buf_fini(&v.found);
    return rc;
}
