/* SPDX-License-Identifier: Apache-2.0 */
/* look_test - every way to look at a block sees the same, and what a look byte by byte sees. */
#include "filters/look.h"
#include "t.h"

static uint32_t seed = 20261130;

static uint8_t any_byte(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return (uint8_t)(seed >> 11);
}

static void look_slowly(struct st_span s, size_t at, struct flt_block *out)
{
    struct flt_block b = { 0 };

    for (unsigned i = 0; i < ST_BYTES_BLOCK; i++) {
        int c = at + i < s.n ? s.p[at + i] : 0;

#define LIES(c, lo, hi) (uint64_t)(c >= (lo) && c <= (hi))
#define SET(mask, set)  b.mask |= set(LIES, c) << i;
        FLT_BLOCK_SETS(SET)
#undef SET
        b.beyond |= LIES(c, 0x80, 0xFF) << i;
    }
    *out = b;
}

T_TEST(every_byte_at_every_place)
{
    enum flt_look_way widest = flt_look_widest();

    for (unsigned first = 0; first < 256; first++) {
        uint8_t p[ST_BYTES_BLOCK];
        struct flt_block wanted, seen;

        for (unsigned i = 0; i < ST_BYTES_BLOCK; i++)
            p[i] = (uint8_t)(first + i * 67);
        look_slowly(st_span(p, sizeof p), 0, &wanted);
        for (enum flt_look_way way = FLT_LOOK_16; way <= widest; way++) {
            flt_look_as(way, p, &seen);
            T_CHECK(memcmp(&seen, &wanted, sizeof seen) == 0, "way %d, first %u", (int)way, first);
        }
    }
}

/* Texts of every length, from every place on to beyond the end; each in memory of its own, so that a byte read behind
 * it is told. */
T_TEST(every_length_from_every_place)
{
    for (size_t n = 0; n <= 3 * (size_t)ST_BYTES_BLOCK; n++) {
        uint8_t *p = malloc(n > 0 ? n : 1);

        T_CHECK(p != NULL, "memory");
        for (size_t i = 0; i < n; i++)
            p[i] = any_byte();
        for (size_t at = 0; at <= n + ST_BYTES_BLOCK; at++) {
            struct flt_block wanted, seen;

            look_slowly(st_span(p, n), at, &wanted);
            flt_look(st_span(p, n), at, &seen);
            T_CHECK(memcmp(&seen, &wanted, sizeof seen) == 0, "%zu bytes from %zu on", n, at);
        }
        free(p);
    }
}
