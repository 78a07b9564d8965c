/* SPDX-License-Identifier: Apache-2.0 */
/* views - other readings of a text than the one that normalising makes; internal to this room.
 *
 * A view's map leads to the field's text. Each function reads one view and makes the next; where it finds nothing to
 * do, *any stays false and *out is not to be read. ST_ERR is memory or the arena's ceiling.
 */
#ifndef STOA_FILTERS_VIEWS_H
#define STOA_FILTERS_VIEWS_H
#include "filters/look.h"
#include "filters/normalise.h"

struct flt_doc;
struct flt_scanner;
struct flt_seam;

#define FLT_UNWRAP_MAX 3    /* encodings inside one another */
#define FLT_GROUP_MAX  10u  /* characters of a group that squeeze.c knows */
#define FLT_SEAM_MAX   320u /* bytes of the text of a seam */

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

/* Where in `here` flt_squeeze may take something out (gaps.c); at the end of a text right behind it, too. */
uint64_t flt_gaps(const struct flt_block *before, const struct flt_block *here, const struct flt_block *next);
/* May a run that decodes to a text begin in the first half of that block, which shows it? (unwrap.c) */
bool flt_may_begin_run(const struct flt_block *block);

/* All readings of the running field but the first (views.c). */
ST_MUST enum st_rc flt_read_field(struct flt_scanner *s, struct st_arena *arena, struct st_err *err);
/* What is to be read across the end of one field and the beginning of the next, in the arena; NULL: nothing. (seam.c)
 */
ST_MUST enum st_rc flt_seam(struct st_arena *arena, const struct flt_doc *doc, size_t second, struct flt_seam **out,
                            struct st_err *err);
ST_MUST enum st_rc flt_read_seam(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc,
                                 size_t second, struct st_err *err);
/* One reading through all finders (scanner.c); s->view is then what they saw. */
ST_MUST enum st_rc flt_read(struct flt_scanner *s, struct st_arena *arena, const struct flt_view *view,
                            struct st_err *err);
#endif
