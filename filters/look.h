/* SPDX-License-Identifier: Apache-2.0 */
/* look - what the bytes of a text are, sixty-four at a time, as masks with a bit for each; internal to this room.
 *
 * The readings of a text (squeeze, unwrap) begin at few of its places. They look for those here, with the widest
 * registers that the CPU has.
 */
#ifndef STOA_FILTERS_LOOK_H
#define STOA_FILTERS_LOOK_H
#include "base/bytes.h"
#include "base/span.h"

/* The sets of ASCII that a block has a mask for. R(x, lo, hi) says which of x lie in a range. */
#define FLT_SET_DIGITS(R, x)   R(x, '0', '9')
#define FLT_SET_WORDS(R, x)    (R(x, '0', '9') | R(x, 'A', 'Z') | R(x, 'a', 'z'))
#define FLT_SET_BLANKS(R, x)   R(x, ' ', ' ')
#define FLT_SET_CONTROLS(R, x) R(x, 0, 0x1F)
#define FLT_SET_QUOTES(R, x)   (R(x, '"', '*') | R(x, '`', '`'))
#define FLT_SET_TILDES(R, x)   R(x, '~', '~')
#define FLT_SET_JOINTS(R, x)   (R(x, '+', '+') | R(x, '-', '-') | R(x, '/', '/') | R(x, '_', '_'))
#define FLT_SET_ATS(R, x)      R(x, '@', '@')
#define FLT_SET_COLONS(R, x)   R(x, ':', ':')
#define FLT_SET_SIGNS(R, x)    (R(x, '%', '&') | R(x, '=', '=') | R(x, '\\', '\\'))
#define FLT_SET_ODD(R, x) \
    (R(x, 0, 8) | R(x, 0x0E, 0x1F) | R(x, '%', '&') | R(x, '<', '<') | R(x, '\\', ']') | R(x, 0x7F, 0x7F))
#define FLT_BLOCK_SETS(X)         \
    X(digits, FLT_SET_DIGITS)     \
    X(words, FLT_SET_WORDS)       \
    X(blanks, FLT_SET_BLANKS)     \
    X(controls, FLT_SET_CONTROLS) \
    X(quotes, FLT_SET_QUOTES)     \
    X(tildes, FLT_SET_TILDES)     \
    X(joints, FLT_SET_JOINTS)     \
    X(ats, FLT_SET_ATS)           \
    X(colons, FLT_SET_COLONS)     \
    X(signs, FLT_SET_SIGNS)       \
    X(odd, FLT_SET_ODD)

struct flt_block {
    uint64_t digits, words; /* words: letters and digits */
    uint64_t blanks, controls;
    uint64_t quotes; /* and what else may stand inside a token */
    uint64_t tildes;
    uint64_t joints; /* what base64, beside words, is written with */
    uint64_t ats, colons;
    uint64_t signs; /* that an escape begins with, of those that peel.c knows */
    uint64_t odd;   /* what normalising may change, or where it has to look closer, beside what is beyond ASCII */
    uint64_t beyond;
};

/* The 64 bytes from `at` on, as if zeros came behind the text. */
void flt_look(struct st_span s, size_t at, struct flt_block *out);

/* How many bytes at once; for flt_look and its test. */
enum flt_look_way { FLT_LOOK_16, FLT_LOOK_32, FLT_LOOK_64 };
enum flt_look_way flt_look_widest(void); /* that this CPU can */
void flt_look_as(enum flt_look_way way, const uint8_t p[ST_BYTES_BLOCK], struct flt_block *out);
#endif
