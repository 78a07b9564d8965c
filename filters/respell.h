/* SPDX-License-Identifier: Apache-2.0 */
/* respell - which texts are read with their words and codes as what they mean, and how; internal to this room. */
#ifndef STOA_FILTERS_RESPELL_H
#define STOA_FILTERS_RESPELL_H
#include "filters/normalise.h"
#include "filters/scan.h"

struct flt_block;

#define FLT_SIGNAL_BASE 0x40000u /* ids of signals in the database of patterns: this and one of the following */
#define FLT_SIGNALS_MAX 64u
enum flt_signal {
    FLT_SIGNAL_WORDS = 1,   /* digits in words */
    FLT_SIGNAL_ADDRESS = 2, /* an @ or a dot in words */
    FLT_SIGNAL_CODES = 4    /* numbers of two and three digits; no pattern tells of them */
};

/* Adds the literals that tell of a text that may be respelled; exprs has room for FLT_SIGNALS_MAX behind *n. */
void flt_signals(struct scan_expr *exprs, size_t *n);
/* What the hit of one of them says, that ends at `end`: a flt_signal, or 0. */
unsigned flt_signal_at(struct st_span text, unsigned id, uint32_t end);
/* Are there as many short numbers in these 64 bytes as a row of codes has? */
bool flt_may_be_codes(const struct flt_block *block);
/* The view of a text with what `signals` (flt_signal, a set) tells of written as it is meant. */
ST_MUST enum st_rc flt_respell(struct st_arena *arena, const struct flt_view *from, unsigned signals,
                               struct flt_view *out, bool *any, struct st_err *err);
#endif
