/* SPDX-License-Identifier: Apache-2.0 */
/* survey_test - what a survey says a text lacks, nobody would have found in it.
 *
 * The wide way to look for rows is held against the one that tries each length in turn.
 */
#include "../../../filters/gaps.c"
#include "t.h"

static uint64_t any_bits(void)
{
    uint64_t all = (uint64_t)t_rand() << 32 | (uint32_t)t_rand();

    switch (t_rand() % 4) { /* few and many of them */
    case 0: return all & ((uint64_t)t_rand() << 32 | (uint32_t)t_rand());
    case 1: return all | ((uint64_t)t_rand() << 32 | (uint32_t)t_rand());
    case 2: return 0x2108421084210842u << t_rand() % 5; /* in rows */
    default: return all;
    }
}

T_TEST(lanes_see_what_each_length_in_turn_does)
{
    unsigned n = 0;

    t_seed(20261130);
    for (unsigned round = 0; round < 200000; round++) {
        struct marks m = { .blanks = { any_bits(), any_bits() }, .signs = { any_bits(), any_bits() } };
        uint64_t slowly;

        m.signs.low &= ~m.blanks.low;
        m.signs.high &= ~m.blanks.high;
        m.later = within(m.signs, 2);
        m.near = any_bits();
        slowly = rows_in_turn(&m);
        T_CHECK(rows_as(flt_look_widest(), &m) == slowly, "round %u", round);
        n += slowly != 0;
    }
    T_CHECK(n > 10000, "%u", n);
}

static struct st_span any_text(uint8_t *out, size_t size)
{
    static const char *const parts[] = {
        "word",   " ",       "12",     "-",   "4111 1111 ", "@",    "%41",
        "&nbsp;", "\\u0041", "=41=42", "<b>", "\xC3\xBC",   "\x01", "aGVsbG8gd29ybGQgaGVsbG8=",
        "'+'",    "\x7F",    "Zz9_",   "\n"
    };
    size_t n = 0;

    while (n + 32 < size) {
        const char *part = parts[t_rand() % (t_rand() % 2 == 0 ? 3 : ST_LEN(parts))];

        memcpy(out + n, part, strlen(part));
        n += strlen(part);
    }
    return st_span(out, n);
}

static bool has_any(struct st_span s, const char *bytes)
{
    for (size_t i = 0; i < s.n; i++)
        if (memchr(bytes, s.p[i], strlen(bytes)) != NULL)
            return true;
    return false;
}

/* *told counts what was said to be lacking, by bit. */
static void check(struct st_arena *arena, struct st_span text, unsigned told[8])
{
    struct flt_view raw = { .text = text }, view, out;
    struct st_err err = ST_ERR_INIT;
    struct flt_survey survey;
    bool any = false;
    size_t at = 0;

    T_OK(flt_survey(arena, text, &survey, &err), err);
    for (unsigned i = 0; i < 8; i++)
        told[i] += survey.lacks >> i & 1;
    T_OK(flt_normalise(arena, text, FLT_CASE_KEEP, &view, &err), err);
    T_CHECK((survey.lacks & FLT_LACKS_ODD) == 0 || (view.text.p == text.p && view.text.n == text.n), "odd");
    T_OK(flt_peel(arena, &raw, &out, &any, &err), err);
    T_CHECK((survey.lacks & FLT_LACKS_ESCAPES) == 0 || !any, "escapes");
    T_CHECK((survey.lacks & FLT_LACKS_DIGITS) == 0 || !has_any(text, "0123456789"), "digits");
    T_CHECK((survey.lacks & FLT_LACKS_ATS) == 0 || !has_any(text, "@"), "ats");
    T_OK(flt_squeeze(arena, &raw, &out, &any, &err), err);
    T_CHECK((survey.lacks & FLT_LACKS_GAPS) == 0 || !any, "gaps");
    T_OK(flt_unwrap(arena, &raw, &at, &out, &any, &err), err);
    T_CHECK((~survey.lacks & (FLT_LACKS_RUNS | FLT_LACKS_LATER_RUNS)) != 0 || !any, "runs");
    T_CHECK((flt_survey_bytes(text) & ~survey.lacks) == 0, "bytes");
}

T_TEST(what_is_lacking_is_not_there)
{
    unsigned told[8] = { 0 };

    t_seed(20261130);
    for (unsigned round = 0; round < 6000; round++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        uint8_t bytes[400], *own;
        struct st_span text = any_text(bytes, sizeof bytes);
        size_t from = t_rand() % text.n;

        text = st_span_sub(text, from, t_rand() % (round % 2 == 0 ? 80 : 400));
        T_CHECK((own = st_arena_dup(arena, text.p, text.n)) != NULL, "memory");
        check(arena, st_span(own, text.n), told);
        st_arena_free(arena);
    }
    for (unsigned i = 0; i < 7; i++)
        T_CHECK(told[i] > 100, "%u was told %u times", i, told[i]);
}

/* Each byte, at every place of a text of one block, and of two. */
T_TEST(no_byte_is_passed_by)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    unsigned told[8] = { 0 };

    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 63; n <= 66; n++) {
            uint8_t bytes[66];

            memset(bytes, 'x', sizeof bytes);
            bytes[(c * 7 + n) % n] = (uint8_t)c;
            check(arena, st_span(bytes, n), told);
            bytes[n - 1] = (uint8_t)c;
            check(arena, st_span(bytes, n), told);
        }
    st_arena_free(arena);
}
