/* SPDX-License-Identifier: Apache-2.0 */
/* span - tables for each question, then random bytes against slow and obvious twins. */
#include "t.h"

#define S(literal) ST_SPAN(literal)

T_TEST(equality_and_affixes)
{
    static const struct {
        struct st_span a, b;
        bool eq, ieq, starts, istarts, ends;
    } rows[] = {
        { { NULL, 0 }, { NULL, 0 }, true, true, true, true, true },
        { { NULL, 0 }, { (const uint8_t *)"", 0 }, true, true, true, true, true },
        { { (const uint8_t *)"Host", 4 }, { (const uint8_t *)"host", 4 }, false, true, false, true, false },
        { { (const uint8_t *)"Host", 4 }, { (const uint8_t *)"Host", 4 }, true, true, true, true, true },
        { { (const uint8_t *)"Host", 4 }, { (const uint8_t *)"Ho", 2 }, false, false, true, true, false },
        { { (const uint8_t *)"Host", 4 }, { (const uint8_t *)"hO", 2 }, false, false, false, true, false },
        { { (const uint8_t *)"Host", 4 }, { (const uint8_t *)"st", 2 }, false, false, false, false, true },
        { { (const uint8_t *)"Host", 4 }, { NULL, 0 }, false, false, true, true, true },
        { { (const uint8_t *)"Ho", 2 }, { (const uint8_t *)"Host", 4 }, false, false, false, false, false },
        { { (const uint8_t *)"[", 1 }, { (const uint8_t *)"{", 1 }, false, false, false, false, false },
        { { (const uint8_t *)"@", 1 }, { (const uint8_t *)"`", 1 }, false, false, false, false, false },
        { { (const uint8_t *)"\xc4", 1 }, { (const uint8_t *)"\xe4", 1 }, false, false, false, false, false },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        T_CHECK(st_span_eq(rows[i].a, rows[i].b) == rows[i].eq, "row %zu eq", i);
        T_CHECK(st_span_ieq(rows[i].a, rows[i].b) == rows[i].ieq, "row %zu ieq", i);
        T_CHECK(st_span_starts(rows[i].a, rows[i].b) == rows[i].starts, "row %zu starts", i);
        T_CHECK(st_span_istarts(rows[i].a, rows[i].b) == rows[i].istarts, "row %zu istarts", i);
        T_CHECK(st_span_ends(rows[i].a, rows[i].b) == rows[i].ends, "row %zu ends", i);
    }
}

T_TEST(sub_is_clamped)
{
    struct st_span s = S("abcdef");

    T_CHECK(st_span_eq(st_span_sub(s, 2, 3), S("cde")), "inside");
    T_CHECK(st_span_eq(st_span_sub(s, 4, 100), S("ef")), "past the end");
    T_CHECK(st_span_eq(st_span_sub(s, 1, SIZE_MAX), S("bcdef")), "no overflow of from + n");
    T_CHECK(st_span_sub(s, 6, 1).n == 0 && st_span_sub(s, SIZE_MAX, SIZE_MAX).n == 0, "from past the end");
    T_CHECK(st_span_sub(ST_SPAN_NONE, 0, 1).n == 0, "of nothing");
    T_CHECK(st_span_str(NULL).n == 0 && st_span_str("ab").n == 2, "from strings");
}

T_TEST(trim_takes_blanks_and_tabs_only)
{
    T_CHECK(st_span_eq(st_span_trim(S(" \t a b\t ")), S("a b")), "both sides");
    T_CHECK(st_span_eq(st_span_trim(S("\r\na\v")), S("\r\na\v")), "other white space stays");
    T_CHECK(st_span_trim(S(" \t ")).n == 0 && st_span_trim(ST_SPAN_NONE).n == 0, "nothing left");
}

T_TEST(next_splits)
{
    struct st_span rest = S("a,,bc,"), part;

    T_CHECK(st_span_next(&rest, ',', &part) && st_span_eq(part, S("a")), "first");
    T_CHECK(st_span_next(&rest, ',', &part) && part.n == 0, "empty one between");
    T_CHECK(st_span_next(&rest, ',', &part) && st_span_eq(part, S("bc")), "third");
    T_CHECK(!st_span_next(&rest, ',', &part), "nothing is behind the last separator");
}

T_TEST(numbers)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t v;
    } rows[] = {
        { "0", true, 0 },
        { "0017", true, 17 },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "99999999999999999999999", false, 0 },
        { "", false, 0 },
        { "+1", false, 0 },
        { "-1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1a", false, 0 },
        { "0x1", false, 0 },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        uint64_t v = 4711;
        bool ok = st_span_u64(st_span_str(rows[i].text), &v);

        T_CHECK(ok == rows[i].ok, "\"%s\"", rows[i].text);
        T_CHECK(v == (ok ? rows[i].v : 4711), "\"%s\" gives %llu", rows[i].text, (unsigned long long)v);
    }
}

static size_t slow_find(struct st_span hay, struct st_span needle)
{
    for (size_t i = 0; i + needle.n <= hay.n; i++)
        if (st_span_eq(st_span_sub(hay, i, needle.n), needle))
            return i;
    return ST_SPAN_NPOS;
}

T_TEST(find_agrees_with_the_slow_way)
{
    for (int round = 0; round < 5000; round++) {
        uint8_t hay[24], needle[4];
        struct st_span h = { hay, t_below(sizeof hay + 1) }, n = { needle, t_below(sizeof needle + 1) };
        struct st_span rest = h, part;
        size_t parts = 0, bytes = 0, seps = 0;

        for (size_t i = 0; i < sizeof hay; i++)
            hay[i] = (uint8_t)('a' + t_below(2));
        for (size_t i = 0; i < sizeof needle; i++)
            needle[i] = (uint8_t)('a' + t_below(2));
        T_CHECK(st_span_find(h, n) == slow_find(h, n), "round %d", round);
        T_CHECK(st_span_chr(h, 'b') == slow_find(h, S("b")), "round %d", round);
        for (size_t i = 0; i < h.n; i++)
            seps += hay[i] == 'b';
        while (st_span_next(&rest, 'b', &part)) {
            parts++;
            bytes += part.n;
        }
        T_CHECK(bytes == h.n - seps, "round %d: splitting loses bytes", round);
        T_CHECK(parts == seps + (h.n > 0 && hay[h.n - 1] != 'b'), "round %d: %zu parts", round, parts);
    }
}

/* Encodes by the definition; everything that decodes must be one of these. */
T_TEST(utf8_takes_all_that_is_well_formed)
{
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        uint8_t b[5] = { 0 };
        size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

        if (n == 1)
            b[0] = (uint8_t)cp;
        for (size_t i = n; n > 1 && i-- > 0;)
            b[i] = i == 0 ? (uint8_t)((0xf00u >> n) | cp >> (6 * (n - 1)))
                          : (uint8_t)(0x80 | (cp >> (6 * (n - 1 - i)) & 63));
        T_CHECK(st_span_utf8(st_span(b, sizeof b)) == (cp >= 0xd800 && cp <= 0xdfff ? 0 : n), "U+%04X", cp);
        if (n > 1)
            T_CHECK(st_span_utf8(st_span(b, n - 1)) == 0, "U+%04X without its last byte", cp);
    }
}

T_TEST(utf8_refuses_the_rest)
{
    static const char *const bad[] = {
        "\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "\xc3(",        "\xe2\x82(",        "\xf0\x9f\x98("
    };

    for (size_t i = 0; i < ST_LEN(bad); i++)
        T_CHECK(st_span_utf8(st_span_str(bad[i])) == 0, "row %zu", i);
    T_CHECK(st_span_utf8(ST_SPAN_NONE) == 0, "nothing");
}

T_TEST(utf8_is_written_as_it_is_read)
{
    static const uint32_t edges[] = { 0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff };
    static const size_t lengths[] = { 1, 1, 2, 2, 3, 3, 3, 3, 4, 4 };

    for (size_t i = 0; i < ST_LEN(edges); i++) {
        uint8_t out[4];
        size_t n = st_utf8_put(edges[i], out);

        T_CHECK(n == lengths[i] && st_span_utf8(st_span(out, n)) == n, "U+%04X: %zu bytes", edges[i], n);
    }
    {
        uint8_t euro[4];
        T_CHECK(st_utf8_put(0x20ac, euro) == 3 && memcmp(euro, "\xe2\x82\xac", 3) == 0, "the euro sign");
    }
}

T_TEST(hex_digits)
{
    static const char digits[] = "0123456789abcdef", capitals[] = "0123456789ABCDEF";

    for (int i = 0; i < 16; i++)
        T_CHECK(st_hex_digit((uint8_t)digits[i]) == i && st_hex_digit((uint8_t)capitals[i]) == i, "%d", i);
    for (int c = 0; c < 256; c++)
        T_CHECK((st_hex_digit((uint8_t)c) >= 0) == (c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL), "%d", c);
}

T_TEST(percent_escapes)
{
    static const struct {
        struct st_span in;
        int byte;
    } rows[] = { { { (const uint8_t *)"%41", 3 }, 'A' }, { { (const uint8_t *)"%fFx", 4 }, 0xff },
                 { { (const uint8_t *)"%00", 3 }, 0 },   { { (const uint8_t *)"%4", 2 }, -1 },
                 { { (const uint8_t *)"%4g", 3 }, -1 },  { { (const uint8_t *)"%g4", 3 }, -1 },
                 { { (const uint8_t *)"41%", 3 }, -1 },  { { NULL, 0 }, -1 } };

    for (size_t i = 0; i < ST_LEN(rows); i++)
        T_CHECK(st_percent(rows[i].in) == rows[i].byte, "row %zu: %d", i, st_percent(rows[i].in));
}

T_TEST(a_host_may_end_in_a_dot)
{
    static const struct {
        struct st_span in, out;
    } rows[] = {
        { ST_SPAN("a.example."), ST_SPAN("a.example") },
        { ST_SPAN("a.example"), ST_SPAN("a.example") },
        { ST_SPAN("a.."), ST_SPAN("a.") },
        { ST_SPAN("."), ST_SPAN(".") },
        { ST_SPAN_NONE, ST_SPAN_NONE },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++)
        T_CHECK(st_span_eq(st_span_host(rows[i].in), rows[i].out), "row %zu", i);
}
