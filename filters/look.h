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

/* Each range of bytes and the mask it belongs to. */
#define FLT_BLOCK_RANGES(X) \
    X(digits, '0', '9')     \
    X(words, '0', '9')      \
    X(words, 'A', 'Z')      \
    X(words, 'a', 'z')      \
    X(blanks, ' ', ' ')     \
    X(controls, 0, 0x1F)    \
    X(quotes, '"', '*')     \
    X(quotes, '`', '`')     \
    X(tildes, '~', '~')     \
    X(joints, '+', '+')     \
    X(joints, '-', '-')     \
    X(joints, '/', '/')     \
    X(joints, '_', '_')

struct flt_block {
    uint64_t digits, words; /* words: letters and digits */
    uint64_t blanks, controls;
    uint64_t quotes; /* and what else may stand inside a token */
    uint64_t tildes;
    uint64_t joints; /* what base64, beside words, is written with */
};

/* The 64 bytes from `at` on, as if zeros came behind the text. */
void flt_look(struct st_span s, size_t at, struct flt_block *out);

/* How many bytes at once; for flt_look and its test. */
enum flt_look_way { FLT_LOOK_16, FLT_LOOK_32, FLT_LOOK_64 };
enum flt_look_way flt_look_widest(void); /* that this CPU can */
void flt_look_as(enum flt_look_way way, const uint8_t p[ST_BYTES_BLOCK], struct flt_block *out);
#endif
