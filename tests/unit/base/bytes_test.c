/* SPDX-License-Identifier: Apache-2.0 */
/* bytes_test - the masks of sixteen bytes, against the same byte by byte. */
#include "base/bytes.h"
#include "t.h"

T_TEST(every_byte_in_every_range)
{
    for (unsigned lo = 0; lo < 256; lo++) {
        for (unsigned hi = lo; hi < 256; hi += 1 + hi % 3) {
            for (unsigned first = 0; first < 256; first += ST_BYTES_STEP) {
                uint8_t p[ST_BYTES_STEP];

                for (unsigned i = 0; i < ST_BYTES_STEP; i++)
                    p[i] = (uint8_t)(first + i);
                T_CHECK(st_bytes_in(p, (uint8_t)lo, (uint8_t)hi) == st_bytes_in_slow(p, (uint8_t)lo, (uint8_t)hi),
                        "%02x..%02x at %02x", lo, hi, first);
            }
        }
    }
}

T_TEST(the_first_bit)
{
    const uint8_t p[ST_BYTES_STEP] = { 'a', 0x80, 'b', 0xFF };

    T_CHECK(st_bytes_high(p) == 10, "bits 1 and 3: %u", st_bytes_high(p));
    T_CHECK(st_bytes_first(10) == 1, "the lowest is 1: %u", st_bytes_first(10));
    T_CHECK(st_bytes_first(0x8000) == 15, "the highest alone: %u", st_bytes_first(0x8000));
}
