/* SPDX-License-Identifier: Apache-2.0 */
/* bytes - sixteen or sixty-four bytes of text at a time: which of them lie in a range, as a mask with a bit for each.
 *
 * Most bytes of a message are nobody's concern, and the loops that step over them are what looking into it costs. A
 * loop asks for the ranges it must stop at, ORs the masks and takes the lowest bit. SSE2 is part of every x86-64; other
 * machines get the same answer byte by byte.
 */
#ifndef STOA_BASE_BYTES_H
#define STOA_BASE_BYTES_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ST_BYTES_STEP  16
#define ST_BYTES_BLOCK 64

/* Bit i is set when lo <= p[i] <= hi; reads 16 bytes. */
static inline unsigned st_bytes_in_slow(const uint8_t *p, uint8_t lo, uint8_t hi)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < ST_BYTES_STEP; i++)
        mask |= (unsigned)(p[i] >= lo && p[i] <= hi) << i;
    return mask;
}

#ifdef __SSE2__
static inline unsigned st_bytes_in(const uint8_t *p, uint8_t lo, uint8_t hi)
{
    __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)lo));

    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8((char)(hi - lo))), x));
}
#else
static inline unsigned st_bytes_in(const uint8_t *p, uint8_t lo, uint8_t hi)
{
    return st_bytes_in_slow(p, lo, hi);
}
#endif

/* The same for a block: reads 64 bytes. */
static inline uint64_t st_bytes_in_block(const uint8_t *p, uint8_t lo, uint8_t hi)
{
    return (uint64_t)st_bytes_in(p, lo, hi) | (uint64_t)st_bytes_in(p + 16, lo, hi) << 16 |
           (uint64_t)st_bytes_in(p + 32, lo, hi) << 32 | (uint64_t)st_bytes_in(p + 48, lo, hi) << 48;
}

/* Is one of 64 bytes no ASCII? */
static inline bool st_bytes_any_high(const uint8_t *p)
{
    uint64_t w[ST_BYTES_BLOCK / sizeof(uint64_t)];

    memcpy(w, p, sizeof w);
    return ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) & 0x8080808080808080u) != 0;
}

/* Bit i is set when p[i] has its top bit: no ASCII. */
static inline unsigned st_bytes_high(const uint8_t *p)
{
    return st_bytes_in(p, 0x80, 0xFF);
}

/* How many bits below the lowest that is set; mask is not 0. */
static inline unsigned st_bytes_first(unsigned mask)
{
    return (unsigned)__builtin_ctz(mask);
}
#endif
