/* SPDX-License-Identifier: Apache-2.0 */
/* hash64 - the vectors of the SipHash paper; the sum in pieces, and of what differs by a bit. */
#include "base/hash64.h"
#include "t.h"
#include <string.h>

T_TEST(siphash_gives_the_published_values)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } cases[] = { /* key 00…0f, message 00 01 02 …: Aumasson, Bernstein, appendix A and its reference vectors */
                  { 0, 0x726fdb47dd0e0e31u },
                  { 1, 0x74f839c593dc67fdu },
                  { 7, 0xab0200f58b01d137u },
                  { 8, 0x93f5f5799a932462u },
                  { 15, 0xa129ca6149be45e5u }
    };
    uint8_t bytes[16];
    struct st_sip key;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    key = st_sip_key(bytes);
    for (size_t i = 0; i < ST_LEN(cases); i++)
        T_CHECK(st_siphash(&key, st_span(bytes, cases[i].n)) == cases[i].hash, "%zu bytes", cases[i].n);
    assert_true(st_siphash_u64(&key, 0x0706050403020100u) == 0x93f5f5799a932462u);
}

T_TEST(a_sum_in_pieces_is_the_sum_of_the_whole)
{
    uint8_t bytes[5 * ST_SUM_STEP + 7];
    uint64_t whole;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + 7);
    whole = st_sum64(0, st_span(bytes, sizeof bytes));
    for (size_t cut = 0; cut <= 5 * ST_SUM_STEP; cut += ST_SUM_STEP)
        assert_true(st_sum64(st_sum64(0, st_span(bytes, cut)), st_span(bytes + cut, sizeof bytes - cut)) == whole);
}

T_TEST(a_sum_sees_every_bit_and_every_swap)
{
    uint8_t bytes[3 * ST_SUM_STEP + 5] = { 0 }, swapped[sizeof bytes];
    uint64_t whole = st_sum64(0, st_span(bytes, sizeof bytes));

    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        T_CHECK(st_sum64(0, st_span(bytes, sizeof bytes)) != whole, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < sizeof bytes; n++)
        assert_true(st_sum64(0, st_span(bytes, n)) != whole);
    bytes[0] = 1;
    memcpy(swapped, bytes, sizeof bytes);
    memcpy(swapped, bytes + ST_SUM_STEP, ST_SUM_STEP);
    memcpy(swapped + ST_SUM_STEP, bytes, ST_SUM_STEP);
    assert_true(st_sum64(0, st_span(swapped, sizeof bytes)) != st_sum64(0, st_span(bytes, sizeof bytes)));
}
