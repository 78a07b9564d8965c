/* SPDX-License-Identifier: Apache-2.0 */
/* unwrap_test - the runs that are passed by after a glance would not have been opened. */
#define next_run next_run_quickly
#include "../../../filters/unwrap.c"
#undef next_run
#include "t.h"

static uint32_t seed = 20261130;

static uint32_t any_below(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static size_t encode(const char *text, size_t phase, enum flt_radix radix, char *out)
{
    static const char *const digits[] = { "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" };
    static const unsigned width[] = { 4, 5, 6 };
    uint32_t value = 0;
    unsigned bits = 0;
    size_t n = 0;

    for (; phase > 0; phase--)
        out[n++] = 'x';
    for (; *text != '\0'; text++) {
        value = value << 8 | (uint8_t)*text;
        for (bits += 8; bits >= width[radix]; bits -= width[radix])
            out[n++] = digits[radix][value >> (bits - width[radix]) & ((1u << width[radix]) - 1)];
    }
    return n;
}

static size_t spaced_hex(const char *text, char *out)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += (size_t)sprintf(out + n, "%s%02x", n > 0 ? " " : "", (unsigned)(uint8_t)*text);
    return n;
}

static struct st_span random_text(char *out, size_t size)
{
    static const char *const parts[] = { "the",
                                         "of",
                                         " ",
                                         ", ",
                                         "urn:li:fsd_profile:ACoAAB1a2b3c4dQxYz",
                                         "0f8fad5b-d9cb-469f-a165-70867728950e",
                                         "averylongwordwithoutanysense",
                                         "9b74c9897bac770ffc029102a200c5de",
                                         "\n",
                                         "<~87cURD]i,\"Ebo80~>",
                                         "https://forum.test/t/some-thread-with-a-name/12",
                                         "12 24 36 48 50",
                                         "=" };
    static const char *const texts[] = { "my card is 4111 1111 1111 1111",
                                         "Gr\xC3\xBC\xC3\x9F"
                                         "e aus K\xC3\xB6ln",
                                         "\x1F\x8B\x08 packed",
                                         "x\x9C packed as well",
                                         "\xFF\xFEw\0i",
                                         "short one!" };
    size_t n = 0;

    while (n + 256 < size) {
        const char *text = texts[any_below(ST_LEN(texts))], *part = parts[any_below(ST_LEN(parts))];

        switch (any_below(6)) {
        case 0: n += encode(text, any_below(4), (enum flt_radix)any_below(3), out + n); break;
        case 1: n += spaced_hex(text, out + n); break;
        default: memcpy(out + n, part, strlen(part)); n += strlen(part);
        }
        out[n++] = any_below(3) == 0 ? '.' : ' ';
    }
    return st_span(out, n);
}

static bool next_run_slowly(struct st_span s, const struct flt_survey *ignored, size_t at, struct run *run)
{
    (void)ignored;
    run->to = s.n;
    for (; at < s.n; at = run->to) {
        size_t n = run_length(s, at);

        run->from = at;
        st_buf_reset(&run->chars);
        if (n >= FLT_RUN_MIN) {
            take_lines(s, run);
            return true;
        }
        if ((n == 2 || n == 4) && take_pairs(s, run))
            return true;
        if (s.p[at] == '<' && at + 1 < s.n && s.p[at + 1] == '~' && take_85(s, run))
            return true;
        run->to = at + (n > 0 ? n : 1);
    }
    return false;
}

/* The next one that is something; FLT_LOOK_NOTHING: none. */
static enum flt_look next_opened(struct st_span s, const struct flt_survey *survey,
                                 bool (*next)(struct st_span, const struct flt_survey *, size_t, struct run *),
                                 struct run *run)
{
    enum flt_look look = FLT_LOOK_NOTHING;
    struct st_buf bytes;

    st_buf_init(&bytes, 1u << 20);
    while (look == FLT_LOOK_NOTHING && next(s, survey, run->to, run))
        look = open_run(run, &bytes);
    st_buf_fini(&bytes);
    return look;
}

static struct flt_survey survey_of(struct st_arena *arena, struct st_span s)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_survey survey;

    T_OK(flt_survey(arena, s, &survey, &err), err);
    return survey;
}

/* Of a text in one block: where the survey says no, no run opens. *passed counts the texts that it turns away. */
static bool survey_is_right(struct st_arena *arena, struct st_span s, unsigned *passed)
{
    const struct flt_survey survey = survey_of(arena, s);
    struct run run = { 0 };
    enum flt_look look;

    if ((~survey.lacks & (FLT_LACKS_RUNS | FLT_LACKS_LATER_RUNS)) != 0)
        return true;
    ++*passed;
    st_buf_init(&run.chars, 1u << 20);
    look = next_opened(s, NULL, next_run_slowly, &run);
    st_buf_fini(&run.chars);
    return look == FLT_LOOK_NOTHING;
}

T_TEST(unwrap_passes_by_no_short_text_that_opens)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    unsigned passed = 0;

    for (int round = 0; round < 20000; round++) {
        char bytes[600];
        struct st_span s = random_text(bytes, sizeof bytes);

        s = st_span_sub(s, any_below((uint32_t)s.n), any_below(ST_BYTES_BLOCK + 1));
        T_CHECK(survey_is_right(arena, s, &passed), "round %d: \"%.*s\"", round, (int)s.n, (const char *)s.p);
    }
    T_CHECK(passed > 1000, "%u", passed);
    st_arena_free(arena);
}

T_TEST(unwrap_passes_by_nothing_that_opens)
{
    unsigned opened = 0;

    for (int round = 0; round < 1500; round++) {
        char bytes[1500];
        struct st_span s = random_text(bytes, 300 + any_below(sizeof bytes - 300));
        struct st_arena *arena = st_arena_new(1u << 20);
        const struct flt_survey survey = survey_of(arena, s);
        struct run quick = { 0 }, slow = { 0 };
        enum flt_look a, b;

        st_buf_init(&quick.chars, 1u << 20);
        st_buf_init(&slow.chars, 1u << 20);
        do {
            a = next_opened(s, &survey, next_run_quickly, &quick);
            b = next_opened(s, NULL, next_run_slowly, &slow);
            T_CHECK(a == b && (a == FLT_LOOK_NOTHING || (quick.from == slow.from && quick.to == slow.to)),
                    "round %d: %zu and %zu of \"%.*s\"", round, quick.from, slow.from, (int)s.n, (const char *)s.p);
            opened += a != FLT_LOOK_NOTHING;
        } while (a == b && a != FLT_LOOK_NOTHING);
        st_buf_fini(&quick.chars);
        st_buf_fini(&slow.chars);
        st_arena_free(arena);
    }
    T_CHECK(opened > 1000, "%u", opened);
}

static bool opens_as_text(const char *text)
{
    struct run run = { .radix = FLT_RADIX_64 };
    struct st_buf bytes;
    char chars[128];
    bool opens;

    st_buf_init(&run.chars, sizeof chars);
    st_buf_init(&bytes, sizeof chars);
    st_buf_put(&run.chars, chars, encode(text, 0, FLT_RADIX_64, chars));
    opens = open_run(&run, &bytes) == FLT_LOOK_TEXT;
    st_buf_fini(&run.chars);
    st_buf_fini(&bytes);
    return opens;
}

/* Two readable characters may be the head of zlib: "x " is. */
T_TEST(unwrap_opens_a_text_whatever_it_begins_with)
{
    char text[] = "?? sent to the bank";

    for (char a = ' '; a < 0x7F; a++)
        for (char b = ' '; b < 0x7F; b++) {
            text[0] = a;
            text[1] = b;
            T_CHECK(opens_as_text(text), "%s", text);
        }
}

T_TEST(unwrap_opens_texts_of_other_alphabets)
{
    static const char *const texts[] = { "\xE2\x80\x9Cso\xE2\x80\x9D it is",
                                         "\xD0\xBC\xD0\xBE\xD0\xB9 \xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C",
                                         "\xE6\x88\x91\xE7\x9A\x84\xE5\xAF\x86\xE7\xA0\x81",
                                         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80 really",
                                         "\xC3\xBC\xC3\xA4\xC3\xB6 and more" };

    for (size_t i = 0; i < ST_LEN(texts); i++)
        T_CHECK(opens_as_text(texts[i]), "%s", texts[i]);
}

T_TEST(unwrap_opens_wide_text_that_is_not_all_ascii)
{
    struct st_span chars = ST_SPAN("bwB1AHIAIAAcIHMAbwAdICAAcABvAHMAdABnAHIA"); /* our “so” postgr */
    enum flt_radix radix = FLT_RADIX_64;
    struct st_buf bytes;
    uint32_t phase = 0;

    st_buf_init(&bytes, chars.n);
    T_CHECK(flt_open_chars(chars, &radix, &phase, &bytes) == FLT_LOOK_UTF16LE, "%u", phase);
    st_buf_fini(&bytes);
}
