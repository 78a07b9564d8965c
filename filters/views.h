/* SPDX-License-Identifier: Apache-2.0 */
/* views - other readings of a text than the one that normalising makes; internal to this room.
 *
 * A view's map leads to the field's text. Each function reads one view and makes the next; where it finds nothing to
 * do, *any stays false and *out is not to be read. ST_ERR is memory or the arena's ceiling.
 */
#ifndef STOA_FILTERS_VIEWS_H
#define STOA_FILTERS_VIEWS_H
#include "filters/normalise.h"

struct flt_block;
struct flt_doc;
struct flt_scanner;

#define FLT_UNWRAP_MAX 3 /* encodings inside one another */

/* Escapes of all kinds, up to three on top of one another (peel.c). */
ST_MUST enum st_rc flt_peel(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                            struct st_err *err);
/* What stands between the pieces of a token: groups, lines, quotes of a program (squeeze.c). */
ST_MUST enum st_rc flt_squeeze(struct st_arena *arena, const struct flt_view *from, struct flt_view *out, bool *any,
                               struct st_err *err);
/* Does a line end at `at`, and the next begin with words of its own rather than with the rest of a token? (squeeze.c)
 */
bool flt_begins_a_line(struct st_span text, size_t at);
/* The next run from *at on that decodes to a text (unwrap.c); *at moves behind it. */
ST_MUST enum st_rc flt_unwrap(struct st_arena *arena, const struct flt_view *from, size_t *at, struct flt_view *out,
                              bool *any, struct st_err *err);

/* What flt_squeeze and flt_unwrap look for first, in a text of n bytes that is one block: false where they would find
 * nothing to do. */
bool flt_may_squeeze(const struct flt_block *only, size_t n);
bool flt_may_unwrap(const struct flt_block *only, size_t n);

/* All readings of the running field but the first (views.c). */
ST_MUST enum st_rc flt_read_field(struct flt_scanner *s, struct st_arena *arena, struct st_err *err);
/* What stands across the end of one field and the beginning of the next. */
ST_MUST enum st_rc flt_read_seam(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc,
                                 size_t second, struct st_err *err);
/* One reading through all finders (scanner.c); s->view is then what they saw. */
ST_MUST enum st_rc flt_read(struct flt_scanner *s, struct st_arena *arena, const struct flt_view *view,
                            struct st_err *err);
#endif
