/* SPDX-License-Identifier: Apache-2.0 */
/* edits - places of a text that are to become other bytes; internal to this room.
 *
 * They are added in any order, sorted once, and then written in one pass over the text. Of two that share a place the
 * first and longer one stands for both; an encoded run that shares its place with another edit cannot be written.
 */
#ifndef STOA_FILTERS_EDITS_H
#define STOA_FILTERS_EDITS_H
#include "base/buf.h"

struct flt_edit {
    uint32_t from, to;        /* of the text */
    size_t text, n;           /* where in the masks the new bytes lie */
    bool is_run;              /* a run encoded anew: it says more than the mask that it holds */
    struct st_span was;       /* of a run: what stands there, without its escapes */
    bool is_changed, is_bare; /* as of the finding */
};

struct flt_edits; /* at most FLT_FINDINGS_MAX */
ST_MUST enum st_rc flt_edits_new(struct flt_edits **out, struct st_err *err);
void flt_edits_free(struct flt_edits *edits); /* wipes; NULL is fine */
size_t flt_edits_count(const struct flt_edits *edits);
const struct flt_edit *flt_edits_at(const struct flt_edits *edits, size_t i);
struct st_span flt_edits_bytes(const struct flt_edits *edits, const struct flt_edit *edit); /* dies at the next add */
ST_MUST enum st_rc flt_edits_add(struct flt_edits *edits, const struct flt_edit *place, struct st_span bytes,
                                 struct st_err *err);
ST_MUST enum st_rc flt_edits_sort(struct flt_edits *edits, struct st_err *err);

struct flt_writer {
    const struct flt_edits *edits; /* sorted */
    struct st_span from;
    size_t next; /* edit */
    size_t at;   /* what lies before is written */
};
/* Up to `to`, with the edits that begin before it. */
ST_MUST enum st_rc flt_write_up_to(struct flt_writer *w, size_t to, struct st_buf *out, struct st_err *err);
#endif
