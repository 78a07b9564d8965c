/* SPDX-License-Identifier: Apache-2.0 */
/* edits - see edits.h.
 *
 * Everything that changes in a message is first put down here with its place, and only then is the message written, so
 * that lengths in front of what changes are known in time.
 */
#include "filters/edits.h"
#include "filters/filters.h"
#include <stdlib.h>

#define MASKS_MAX (4u << 20) /* runs that are encoded anew, for the most part */

struct flt_edits {
    struct flt_edit items[FLT_FINDINGS_MAX];
    size_t n;
    struct st_buf masks;
};

enum st_rc flt_edits_new(struct flt_edits **out, struct st_err *err)
{
    struct flt_edits *edits = malloc(sizeof *edits);

    if (edits == NULL)
        return st_fail(err, ST_E_NOMEM, "filters.edits", "edits", sizeof *edits);
    edits->n = 0;
    st_buf_init(&edits->masks, MASKS_MAX);
    *out = edits;
    return ST_OK;
}

void flt_edits_free(struct flt_edits *edits)
{
    if (edits != NULL)
        st_buf_fini(&edits->masks);
    free(edits);
}

size_t flt_edits_count(const struct flt_edits *edits)
{
    return edits->n;
}

const struct flt_edit *flt_edits_at(const struct flt_edits *edits, size_t i)
{
    return &edits->items[i];
}

struct st_span flt_edits_bytes(const struct flt_edits *edits, const struct flt_edit *edit)
{
    return st_span_sub(st_buf_view(&edits->masks), edit->text, edit->n);
}

enum st_rc flt_edits_add(struct flt_edits *edits, const struct flt_edit *place, struct st_span bytes,
                         struct st_err *err)
{
    struct flt_edit *edit = &edits->items[edits->n];

    if (edits->n == FLT_FINDINGS_MAX)
        return st_fail(err, ST_E_LIMIT, "filters.edits", "more edits than findings", edits->n);
    *edit = *place;
    edit->text = edits->masks.n;
    edit->n = bytes.n;
    edits->n++;
    st_buf_span(&edits->masks, bytes);
    return st_buf_done(&edits->masks, err, "filters.edits");
}

static int by_place(const void *a, const void *b)
{
    const struct flt_edit *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? 1 : -1; /* the longer one first: it swallows the others */
    return (x->is_run > y->is_run) - (x->is_run < y->is_run);
}

enum st_rc flt_edits_sort(struct flt_edits *edits, struct st_err *err)
{
    const struct flt_edit *wide = edits->items;

    qsort(edits->items, edits->n, sizeof edits->items[0], by_place);
    for (size_t i = 1; i < edits->n; i++) {
        const struct flt_edit *edit = &edits->items[i];
        bool is_covered = edit->to <= wide->to && !wide->is_run;

        if (edit->from < wide->to && !is_covered && (edit->is_run || wide->is_run))
            return st_fail(err, ST_E_UNSUPPORTED, "filters.edits", "an encoded run beside another finding", 0);
        if (edit->to > wide->to)
            wide = edit;
    }
    return ST_OK;
}

enum st_rc flt_write_up_to(struct flt_writer *w, size_t to, struct st_buf *out, struct st_err *err)
{
    for (; w->next < w->edits->n; w->next++) {
        const struct flt_edit *edit = &w->edits->items[w->next];

        if (edit->from >= to && to < w->from.n)
            break;
        if (edit->to > to)
            return st_fail(err, ST_E_PROTO, "filters.edits", "a map beyond its message", edit->to);
        if (edit->from < w->at) { /* two findings share a unit: the first mask stands for both */
            w->at = edit->to > w->at ? edit->to : w->at;
            continue;
        }
        st_buf_span(out, st_span_sub(w->from, w->at, edit->from - w->at));
        st_buf_span(out, flt_edits_bytes(w->edits, edit));
        w->at = edit->to;
    }
    if (w->at < to)
        st_buf_span(out, st_span_sub(w->from, w->at, to - w->at));
    w->at = to > w->at ? to : w->at;
    return st_buf_done(out, err, "filters.edits");
}
