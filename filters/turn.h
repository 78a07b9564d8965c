/* SPDX-License-Identifier: Apache-2.0 */
/* turn - which texts are read backwards, or with each letter thirteen further on, and how; internal to this room. */
#ifndef STOA_FILTERS_TURN_H
#define STOA_FILTERS_TURN_H
#include "filters/normalise.h"
#include "filters/scan.h"

/* Adds the literals that tell of it, as flt_signals does. */
void flt_turn_signals(struct scan_expr *exprs, size_t *n);
/* Does what nobody sees in the text turn the order of what is seen (U+202E)? */
bool flt_is_overridden(struct st_span text);
/* The view of a text with what `signals` (flt_signal, a set) tells of turned round. */
ST_MUST enum st_rc flt_turn(struct st_arena *arena, const struct flt_view *from, unsigned signals, struct flt_view *out,
                            bool *any, struct st_err *err);
#endif
