/* SPDX-License-Identifier: Apache-2.0 */
/* archive_test - an archive behind other bytes is seen wherever its last record lies, and only there. */
#include "filters/filters.h"
#include "t.h"
#include <string.h>

static uint32_t seed = 88172645;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static bool walked(struct st_span s)
{
    for (size_t at = 0; at + 4 <= s.n; at++)
        if (memcmp(s.p + at, "PK\x05\x06", 4) == 0)
            return true;
    return false;
}

T_TEST(the_last_record_is_seen_among_its_own_bytes)
{
    static const uint8_t bytes[] = "PPKK\x05\x05\x06\x06 a";
    unsigned seen = 0;

    for (unsigned round = 0; round < 200000; round++) {
        uint8_t text[24];
        struct st_span s = { text, any(sizeof text + 1) };
        unsigned kinds = round % 2 == 0 ? 8 : sizeof bytes - 1;

        for (size_t i = 0; i < s.n; i++)
            text[i] = bytes[any(kinds)];
        if (s.n >= 4 && any(8) == 0)
            memcpy(text + any((uint32_t)s.n - 3), "PK\x05\x06", 4);
        seen += walked(s);
        T_CHECK(flt_file_has_archive(s) == walked(s), "round %u", round);
    }
    T_CHECK(seen > 10000, "%u archives", seen);
}

T_TEST(the_last_record_is_seen_at_both_ends_of_a_long_body)
{
    static uint8_t body[200000];

    memset(body, 'x', sizeof body);
    T_CHECK(!flt_file_has_archive(st_span(body, sizeof body)), "there is none");
    memcpy(body + sizeof body - 22, "PK\x05\x06", 4);
    T_CHECK(flt_file_has_archive(st_span(body, sizeof body)), "at the end");
    memset(body + sizeof body - 22, 'x', 4);
    memcpy(body + sizeof body - 65535 - 22, "PK\x05\x06", 4);
    T_CHECK(flt_file_has_archive(st_span(body, sizeof body)), "before the longest comment");
}
