/* SPDX-License-Identifier: Apache-2.0 */
/* respell - which texts are read with their words and codes as what they mean, and how; internal to this room. */
#ifndef STOA_FILTERS_RESPELL_H
#define STOA_FILTERS_RESPELL_H
#include "filters/excerpt.h"
#include "filters/scan.h"

struct flt_block;

#define FLT_SIGNAL_BASE 0x40000u /* ids of signals in the database of patterns: this and one of the following */
#define FLT_SIGNALS_MAX 96u
enum flt_signal {
    FLT_SIGNAL_WORDS = 1,   /* digits in words */
    FLT_SIGNAL_ADDRESS = 2, /* an @ or a dot in words */
    FLT_SIGNAL_CODES = 4,   /* numbers of two and three digits; no pattern tells of them */
    FLT_SIGNAL_BITS = 8,    /* characters in binary digits */
    FLT_SIGNAL_MORSE = 16,
    FLT_SIGNAL_QUOTED = 32 /* lines that are quoted, as in a reply */
};
#define FLT_SIGNALS_ALL \
    (FLT_SIGNAL_WORDS | FLT_SIGNAL_ADDRESS | FLT_SIGNAL_CODES | FLT_SIGNAL_BITS | FLT_SIGNAL_MORSE | FLT_SIGNAL_QUOTED)

/* Adds the literals that tell of a text that may be respelled; exprs has room for FLT_SIGNALS_MAX behind *n. */
void flt_signals(struct scan_expr *exprs, size_t *n);
/* What the hit of one of them says, that ends at `end`: a flt_signal, or 0. */
unsigned flt_signal_at(struct st_span text, unsigned id, uint32_t end);
/* Does [from, to) of a text have a literal of that signal, or one that begins or ends a byte beside it? What is read
 * otherwise has one of its own, so that it does not depend on what stands far away. */
bool flt_signals_in(struct st_span text, size_t from, size_t to, enum flt_signal signal);
/* Are there as many short numbers in these 64 bytes as a row of codes has? */
bool flt_may_be_codes(const struct flt_block *block);

struct flt_respelling { /* a text while it is respelled */
    struct flt_excerpt x;
    struct st_span s;
    size_t no_words_to; /* no row of words that begins before it is one */
};
/* A number at `at` that is written otherwise; answers where to go on, `at`: there is none. (respell_number.c) */
size_t flt_respell_number(struct flt_respelling *r, size_t at, unsigned signals);
bool flt_is_bits(struct st_span s, size_t at); /* eight of them, of a printable character */
/* A row of dots and dashes at `at`; answers where to go on, `at`: there is none, and more: it
 * was passed over or taken. (respell_morse.c) */
size_t flt_respell_morse(struct flt_respelling *r, size_t at);
/* The letter that people mean by it who spell over the phone: "Bravo", "Cäsar"; 0: none. */
uint8_t flt_spelled_letter(struct st_span word);
/* The view of a text with what `signals` (flt_signal, a set) tells of written as it is meant. */
ST_MUST enum st_rc flt_respell(struct st_arena *arena, const struct flt_view *from, unsigned signals,
                               struct flt_view *out, bool *any, struct st_err *err);
#endif
