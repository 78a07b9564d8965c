/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze_test - the walk that steps over most of a text takes out what a walk over each of its bytes would. */
#include "../../../filters/squeeze.c"
#include "t.h"

static uint32_t seed = 20261130;

static uint32_t any_below(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static struct st_span random_text(uint8_t *out, size_t size)
{
    static const char *const parts[] = { "the",
                                         "of",
                                         "a",
                                         "week",
                                         "1",
                                         "22",
                                         "2024",
                                         "4111",
                                         "AbC1",
                                         "k9",
                                         "x",
                                         "ghp_",
                                         "v36.47",
                                         " ",
                                         " ",
                                         " ",
                                         " ",
                                         "-",
                                         "_",
                                         "/",
                                         ";",
                                         ", ",
                                         " - ",
                                         "**",
                                         "\n",
                                         "\r\n  ",
                                         "`",
                                         "\" + \"",
                                         "' . '",
                                         "\"",
                                         "\xC2\xB7",
                                         "=",
                                         "aB3dE",
                                         "sk_live",
                                         "~~",
                                         "4a9f-4bc1-",
                                         "A K I A 7",
                                         "1.1",
                                         "0123456789Ab",
                                         " x ",
                                         "\t",
                                         " \t\n",
                                         "\xE2\x80\x94",
                                         "\x7F",
                                         ")(",
                                         "] [",
                                         "\v",
                                         "\n// ",
                                         "\n # ",
                                         "' || '",
                                         "abcdefgh12 - ",
                                         "22 ",
                                         "4111 4111 222 ",
                                         "abcdefg12\xF0\x9F\x98\x80",
                                         "ab3 ",
                                         "cdefgh1\xC2\xB7",
                                         "uvwxyzabc9\xE2\x80\x94" };
    size_t n = 0, len;

    while (n + 16 < size) {
        const char *part = parts[any_below(ST_LEN(parts))];

        for (uint32_t times = any_below(4) == 0 ? 1 + any_below(9) : 1; times > 0 && n + 16 < size; times--) {
            len = strlen(part);
            memcpy(out + n, part, len);
            n += len;
        }
        if (any_below(300) == 0) { /* far from any digit */
            len = size - n < 150 ? size - n : 150;
            memset(out + n, 'q', len);
            n += len;
        }
    }
    return st_span(out, n);
}

static bool has_digit(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (flt_is_digit(s.p[i]))
            return true;
    return false;
}

static void walk_slowly(struct flt_excerpt *x)
{
    for (size_t at = 0, to; at<x->s.n; at = to> at ? to : at + 1) {
        size_t block = at / ST_BYTES_BLOCK * ST_BYTES_BLOCK, from = block > 0 ? block - ST_BYTES_BLOCK : 0;
        struct ahead ahead = { 0, 0 };

        to = at;
        if (!has_digit(st_span_sub(x->s, from, block + (size_t)2 * ST_BYTES_BLOCK - from)))
            continue;
        for (unsigned i = 0; i < 64; i++) {
            ahead.others |= (uint64_t)(at + i >= x->s.n || !flt_is_alnum(x->s.p[at + i])) << i;
            ahead.digits |= (uint64_t)(at + i < x->s.n && flt_is_digit(x->s.p[at + i])) << i;
        }
        to = take(x, at, &ahead);
    }
}

T_TEST(squeeze_steps_over_nothing)
{
    struct st_err err = ST_ERR_INIT;
    unsigned changed = 0, n_short = 0, n_passed = 0; /* in one block, and passed over */

    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[700];
        struct st_arena *arena = st_arena_new(1u << 20);
        struct flt_view raw = { .text = random_text(bytes, 20 + any_below(sizeof bytes - 20)) }, quick, slow = raw;
        struct flt_excerpt x;
        bool any = false;

        if (round % 3 == 0)
            raw.text = slow.text = st_span_sub(raw.text, 0, any_below(ST_BYTES_BLOCK + 1));
        T_CHECK(flt_squeeze(arena, &raw, &quick, &any, &err) == ST_OK, "round %d", round);
        flt_excerpt_open(&x, arena, &raw);
        walk_slowly(&x);
        T_CHECK(x.any == any, "round %d: \"%.*s\"", round, (int)raw.text.n, (const char *)raw.text.p);
        if (raw.text.n <= ST_BYTES_BLOCK) {
            struct flt_survey survey;
            bool is_passed;

            T_CHECK(flt_survey(arena, raw.text, &survey, &err) == ST_OK, "round %d", round);
            is_passed = (survey.lacks & FLT_LACKS_GAPS) != 0;
            T_CHECK(!x.any || !is_passed, "round %d: \"%.*s\"", round, (int)raw.text.n, (const char *)raw.text.p);
            n_short += x.any;
            n_passed += is_passed;
        }
        T_CHECK(flt_excerpt_close(&x, &raw, &slow, &err) == ST_OK, "round %d", round);
        T_CHECK(!any || st_span_eq(quick.text, slow.text), "round %d: \"%.*s\"", round, (int)raw.text.n,
                (const char *)raw.text.p);
        changed += any;
        st_arena_free(arena);
    }
    T_CHECK(changed > 1000 && n_short > 100 && n_passed > 100, "%u, %u, %u", changed, n_short, n_passed);
}

/* What an excerpt left out stood between two pieces; they are no token cut in two. */
T_TEST(squeeze_joins_nothing_over_what_was_left_out)
{
    struct st_err err = ST_ERR_INIT;
    struct st_arena *arena = st_arena_new(1u << 20);
    char bytes[1200];
    struct flt_view raw = { .text = st_span(bytes, sizeof bytes) }, excerpt, squeezed;
    struct flt_excerpt x;
    bool any = false;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = "so wandering "[i % 13];
    memcpy(bytes + 77, " Zz9aB4c ", 9); /* what follows the first change ends with it, what leads to the other begins */
    memcpy(bytes + 904, " Dd8eE5f ", 9);
    for (size_t second = 1030; second < 1045; second++) {
        flt_excerpt_open(&x, arena, &raw);
        flt_excerpt_put(&x, 0, 1, "", 0);
        flt_excerpt_put(&x, second, 1, "", 0);
        T_CHECK(flt_excerpt_close(&x, &raw, &excerpt, &err) == ST_OK, "second %zu", second);
        T_CHECK(excerpt.text.n < 500, "%zu", excerpt.text.n);
        T_CHECK(flt_squeeze(arena, &excerpt, &squeezed, &any, &err) == ST_OK && !any, "second %zu: \"%.*s\"", second,
                (int)squeezed.text.n, (const char *)squeezed.text.p);
    }
    st_arena_free(arena);
}
