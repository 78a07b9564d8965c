/* SPDX-License-Identifier: Apache-2.0 */
/* look - see look.h.
 *
 * One list of ranges makes every way: sixteen bytes at once as each x86-64 can, thirty-two with AVX2, sixty-four with
 * AVX-512BW. Which one is asked for at each call; the answer is a flag in memory. Other machines have the first.
 */
#include "filters/look.h"
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

static void look_16(const uint8_t *p, struct flt_block *out)
{
    struct flt_block b = { 0 };

#define RANGE(mask, lo, hi) b.mask |= st_bytes_in_block(p, lo, hi);
    FLT_BLOCK_RANGES(RANGE)
#undef RANGE
    *out = b;
}

#ifdef __x86_64__
static __attribute__((target("avx2"))) inline uint64_t in_32(__m256i x, uint8_t lo, uint8_t hi)
{
    x = _mm256_sub_epi8(x, _mm256_set1_epi8((char)lo));
    x = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8((char)(hi - lo))), x);
    return (uint32_t)_mm256_movemask_epi8(x);
}

static __attribute__((target("avx2"))) void look_32(const uint8_t *p, struct flt_block *out)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)p), high = _mm256_loadu_si256((const __m256i *)(p + 32));
    struct flt_block b = { 0 };

#define RANGE(mask, lo, hi) b.mask |= in_32(low, lo, hi) | in_32(high, lo, hi) << 32;
    FLT_BLOCK_RANGES(RANGE)
#undef RANGE
    *out = b;
}

static __attribute__((target("avx512bw"))) inline uint64_t in_64(__m512i x, uint8_t lo, uint8_t hi)
{
    x = _mm512_sub_epi8(x, _mm512_set1_epi8((char)lo));
    return _mm512_cmple_epu8_mask(x, _mm512_set1_epi8((char)(hi - lo)));
}

static __attribute__((target("avx512bw"))) void look_64(const uint8_t *p, struct flt_block *out)
{
    __m512i all = _mm512_loadu_si512(p);
    struct flt_block b = { 0 };

#define RANGE(mask, lo, hi) b.mask |= in_64(all, lo, hi);
    FLT_BLOCK_RANGES(RANGE)
#undef RANGE
    *out = b;
}

enum flt_look_way flt_look_widest(void)
{
    if (__builtin_cpu_supports("avx512bw"))
        return FLT_LOOK_64;
    return __builtin_cpu_supports("avx2") ? FLT_LOOK_32 : FLT_LOOK_16;
}
#else
#define look_32 look_16
#define look_64 look_16

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
    uint8_t rest[ST_BYTES_BLOCK];

    if (at + ST_BYTES_BLOCK <= s.n) {
        flt_look_as(flt_look_widest(), s.p + at, out);
    } else if (at < s.n) {
        memset(rest, 0, sizeof rest);
        memcpy(rest, s.p + at, s.n - at);
        flt_look_as(flt_look_widest(), rest, out);
    } else {
        *out = (struct flt_block){ .controls = UINT64_MAX };
    }
}
