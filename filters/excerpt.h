/* SPDX-License-Identifier: Apache-2.0 */
/* excerpt - a text with some places changed, and of long stretches between them only what lies beside a change.
 *
 * Internal to this room. A text is read as it stands before it is read in any other way, so a second reading need not
 * see again what it leaves as it was: only the surroundings, for a token that goes on and for words that say what it
 * is.
 */
#ifndef STOA_FILTERS_EXCERPT_H
#define STOA_FILTERS_EXCERPT_H
#include "filters/map.h"
#include "filters/normalise.h"

#define FLT_LEFT_OUT ST_SPAN("\n;\n") /* stands for what is not there */

struct flt_excerpt {
    struct st_span s; /* the text */
    struct st_buf text;
    struct flt_build build;
    size_t kept; /* what lies before is in `text`, or dropped */
    bool any;
    bool leaves_out_nothing;
};

void flt_excerpt_open(struct flt_excerpt *x, struct st_arena *arena, const struct flt_view *from);
/* The raw_n bytes at `at` become n others (raw_n at most); calls come in the order of `at`. */
void flt_excerpt_put(struct flt_excerpt *x, size_t at, size_t raw_n, const void *bytes, size_t n);
/* Frees what open made; out becomes the view over `from`, when any place was changed. */
ST_MUST enum st_rc flt_excerpt_close(struct flt_excerpt *x, const struct flt_view *from, struct flt_view *out,
                                     struct st_err *err);
#endif
