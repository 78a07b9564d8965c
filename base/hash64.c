/* SPDX-License-Identifier: Apache-2.0 */
/* hash64 - see hash64.h; bytes are taken as little-endian numbers on every machine.
 *
 * The sum multiplies eight lanes of a piece with one another and folds the 128-bit products, so that the processor can
 * work on four at a time; each piece's sum goes into the next, so that the order counts.
 */
#include "base/hash64.h"
#include <string.h>

static uint64_t take_le(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* ---- SipHash ----------------------------------------------------------------------------------------------------- */

struct state {
    uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static inline void sip_round(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = turn(s->b, 13) ^ s->a;
    s->d = turn(s->d, 16) ^ s->c;
    s->a = turn(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = turn(s->b, 17) ^ s->c;
    s->d = turn(s->d, 21) ^ s->a;
    s->c = turn(s->c, 32);
}

static inline struct state sip_start(const struct st_sip *key)
{
    return (struct state){ key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du, key->k0 ^ 0x6c7967656e657261u,
                           key->k1 ^ 0x7465646279746573u };
}

static inline void sip_take(struct state *s, uint64_t block)
{
    s->d ^= block;
    sip_round(s);
    sip_round(s);
    s->a ^= block;
}

static inline uint64_t sip_end(struct state *s)
{
    s->c ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(s);
    return s->a ^ s->b ^ s->c ^ s->d;
}

struct st_sip st_sip_key(const uint8_t bytes[ST_SIP_KEY_LEN])
{
    return (struct st_sip){ take_le(bytes), take_le(bytes + 8) };
}

uint64_t st_siphash(const struct st_sip *key, struct st_span s)
{
    struct state state = sip_start(key);
    uint64_t last = (uint64_t)s.n << 56;
    size_t i = 0;

    for (; s.n - i >= 8; i += 8)
        sip_take(&state, take_le(s.p + i));
    for (unsigned shift = 0; i < s.n; i++, shift += 8)
        last |= (uint64_t)s.p[i] << shift;
    sip_take(&state, last);
    return sip_end(&state);
}

uint64_t st_siphash_u64(const struct st_sip *key, uint64_t value)
{
    struct state state = sip_start(key);

    sip_take(&state, value);
    sip_take(&state, (uint64_t)8 << 56);
    return sip_end(&state);
}

/* ---- the sum ----------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t sum_piece(uint64_t before, const uint8_t p[ST_SUM_STEP])
{
    static const uint64_t odd[4] = { 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                     0x589965cc75374cc3u };
    uint64_t sum = before ^ 0x9e3779b97f4a7c15u;

    for (unsigned i = 0; i < 4; i++)
        sum += mix(take_le(p + 16 * i) ^ odd[i], take_le(p + 16 * i + 8) ^ before ^ odd[3 - i]);
    return sum;
}

uint64_t st_sum64(uint64_t before, struct st_span s)
{
    uint8_t rest[ST_SUM_STEP] = { 0 };
    size_t i = 0;

    for (; s.n - i >= ST_SUM_STEP; i += ST_SUM_STEP)
        before = sum_piece(before, s.p + i);
    if (i == s.n)
        return before;
    memcpy(rest, s.p + i, s.n - i);
    return sum_piece(before, rest) + (s.n - i);
}
