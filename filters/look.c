/* SPDX-License-Identifier: Apache-2.0 */
/* look - see look.h.
 *
 * Sixteen bytes at once as each x86-64 can are held against each range of a set. Thirty-two with AVX2 and sixty-four
 * with AVX-512BW are looked up: a set is a table by the low half of a byte, in which a bit by the high half says
 * whether that byte is of the set, so each takes two steps however many ranges it has. Which way is asked for at each
 * call; the answer is a flag in memory. Other machines have the first.
 */
#include "filters/look.h"
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

static void look_16(const uint8_t *p, struct flt_block *out)
{
    struct flt_block b;

#define SET(mask, set) b.mask = set(st_bytes_in_block, p);
    FLT_BLOCK_SETS(SET)
#undef SET
    b.beyond = st_bytes_in_block(p, 0x80, 0xFF);
    *out = b;
}

#ifdef __x86_64__
#define ROW(low, lo, hi, high) (uint8_t)((unsigned)((high)*16 + (low) >= (lo) && (high)*16 + (low) <= (hi)) << (high))
#define ROWS(low, lo, hi)                                                                                          \
    (ROW(low, lo, hi, 0) | ROW(low, lo, hi, 1) | ROW(low, lo, hi, 2) | ROW(low, lo, hi, 3) | ROW(low, lo, hi, 4) | \
     ROW(low, lo, hi, 5) | ROW(low, lo, hi, 6) | ROW(low, lo, hi, 7))
#define TABLE(set)                                                                                                \
    {                                                                                                             \
        set(ROWS, 0), set(ROWS, 1), set(ROWS, 2), set(ROWS, 3), set(ROWS, 4), set(ROWS, 5), set(ROWS, 6),         \
            set(ROWS, 7), set(ROWS, 8), set(ROWS, 9), set(ROWS, 10), set(ROWS, 11), set(ROWS, 12), set(ROWS, 13), \
            set(ROWS, 14), set(ROWS, 15)                                                                          \
    }

static const struct tables {
#define SET(mask, set) uint8_t mask[16];
    FLT_BLOCK_SETS(SET)
#undef SET
    uint8_t bits[16]; /* by the high half; none beyond ASCII */
} tables = {
#define SET(mask, set) .mask = TABLE(set),
    FLT_BLOCK_SETS(SET)
#undef SET
        .bits = { 1, 2, 4, 8, 16, 32, 64, 128 }
};

static __attribute__((target("avx2"))) inline __m256i table_32(const uint8_t table[16], __m256i at)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table)), at);
}

static __attribute__((target("avx2"))) inline uint64_t in_32(const uint8_t set[16], __m256i low, __m256i bit)
{
    __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(table_32(set, low), bit), _mm256_setzero_si256());

    return ~(uint32_t)_mm256_movemask_epi8(none);
}

static __attribute__((target("avx2"))) void look_32(const uint8_t *p, struct flt_block *out)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i x[2], low[2], bit[2];
    struct flt_block b;

    for (int i = 0; i < 2; i++) {
        x[i] = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
        low[i] = _mm256_and_si256(x[i], half);
        bit[i] = table_32(tables.bits, _mm256_and_si256(_mm256_srli_epi16(x[i], 4), half));
    }
#define SET(mask, set) b.mask = (uint32_t)in_32(tables.mask, low[0], bit[0]) | in_32(tables.mask, low[1], bit[1]) << 32;
    FLT_BLOCK_SETS(SET)
#undef SET
    b.beyond = (uint32_t)_mm256_movemask_epi8(x[0]) | (uint64_t)(uint32_t)_mm256_movemask_epi8(x[1]) << 32;
    *out = b;
}

static __attribute__((target("avx512bw"))) inline __m512i table_64(const uint8_t table[16], __m512i at)
{
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)table)), at);
}

static __attribute__((target("avx512bw"))) inline void look_at(__m512i x, struct flt_block *out)
{
    const __m512i half = _mm512_set1_epi8(15);
    __m512i low = _mm512_and_si512(x, half);
    __m512i bit = table_64(tables.bits, _mm512_and_si512(_mm512_srli_epi16(x, 4), half));

#define SET(mask, set) out->mask = _mm512_test_epi8_mask(table_64(tables.mask, low), bit);
    FLT_BLOCK_SETS(SET)
#undef SET
    out->beyond = _mm512_movepi8_mask(x);
}

static __attribute__((target("avx512bw"))) void look_64(const uint8_t *p, struct flt_block *out)
{
    look_at(_mm512_loadu_si512(p), out);
}

/* Of fewer bytes than a block: those behind them are not read. */
static __attribute__((target("avx512bw"))) void look_some(const uint8_t *p, size_t n, struct flt_block *out)
{
    look_at(_mm512_maskz_loadu_epi8(((__mmask64)1 << n) - 1, p), out);
}

enum flt_look_way flt_look_widest(void)
{
    if (__builtin_cpu_supports("avx512bw"))
        return FLT_LOOK_64;
    return __builtin_cpu_supports("avx2") ? FLT_LOOK_32 : FLT_LOOK_16;
}
#else
#define look_32              look_16
#define look_64              look_16
#define look_some(p, n, out) look_16(p, out) /* nobody asks */

enum flt_look_way flt_look_widest(void)
{
    return FLT_LOOK_16;
}
#endif

void flt_look_as(enum flt_look_way way, const uint8_t p[ST_BYTES_BLOCK], struct flt_block *out)
{
    switch (way) {
    case FLT_LOOK_16: look_16(p, out); break;
    case FLT_LOOK_32: look_32(p, out); break;
    case FLT_LOOK_64: look_64(p, out); break;
    }
}

void flt_look(struct st_span s, size_t at, struct flt_block *out)
{
    enum flt_look_way way = flt_look_widest();
    uint8_t rest[ST_BYTES_BLOCK];

    if (at + ST_BYTES_BLOCK <= s.n) {
        flt_look_as(way, s.p + at, out);
    } else if (at < s.n && way == FLT_LOOK_64) {
        look_some(s.p + at, s.n - at, out);
    } else if (at < s.n) {
        memset(rest, 0, sizeof rest);
        memcpy(rest, s.p + at, s.n - at);
        flt_look_as(way, rest, out);
    } else {
        *out = (struct flt_block){ .controls = UINT64_MAX, .odd = UINT64_MAX };
    }
}
