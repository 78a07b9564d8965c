/* SPDX-License-Identifier: Apache-2.0 */
/* normalise_fast_test - what the quick ways of normalise pass over, the slow way would have left alone, too. */
#include "../../../filters/normalise.c"
#include "t.h"

static uint32_t seed = 20240607;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

/* Cluster by cluster, and every run looked at: no byte is passed over. */
static void slow(struct maker *m)
{
    struct scratch scratch;

    m->scratch = &scratch;
    while (m->p < m->end) {
        if (take_escape(m))
            continue;
        if (m->is_folding && *m->p >= 'A' && *m->p <= 'Z' && !next_joins(m)) {
            take_upper(m);
        } else if (*m->p < 0x80 && !is_dropped_control(*m->p) && !next_joins(m)) {
            st_buf_byte(&m->text, *m->p++);
            flt_build_copy(&m->build, 1);
        } else {
            take_cluster(m);
        }
    }
    m->scratch = NULL;
}

static void check_same(struct st_span text, enum flt_case fold)
{
    struct st_arena *arena = st_arena_new(4u << 20);
    struct maker m = { .p = text.p, .end = text.p + text.n, .is_folding = fold == FLT_CASE_FOLD };
    struct st_err err = ST_ERR_INIT;
    struct flt_view quick, wanted;

    T_OK(flt_normalise(arena, text, fold, &quick, &err), err);
    st_buf_init(&m.text, 1u << 20);
    flt_build_init(&m.build, arena, 1u << 20);
    slow(&m);
    T_OK(finish(&m, arena, text, &wanted, &err), err);
    T_CHECK(st_span_eq(quick.text, wanted.text), "text \"%.*s\" reads \"%.*s\", should \"%.*s\"", (int)text.n,
            (const char *)text.p, (int)quick.text.n, (const char *)quick.text.p, (int)wanted.text.n,
            (const char *)wanted.text.p);
    for (uint32_t from = 0; from < quick.text.n; from++) {
        uint32_t to = from + 1 + any((uint32_t)quick.text.n - from), a, b, c, d;

        flt_view_range(&quick, from, to, &a, &b);
        flt_view_range(&wanted, from, to, &c, &d);
        T_CHECK(a == c && b == d, "%u-%u of \"%.*s\" is %u-%u, should be %u-%u", from, to, (int)text.n,
                (const char *)text.p, a, b, c, d);
    }
    st_buf_fini(&m.text);
    flt_build_fini(&m.build);
    st_arena_free(arena);
}

T_TEST(stable_characters_are_their_own_form)
{
    for (uint32_t cp = 0x80; cp <= 0x10FFFF; cp++) {
        struct st_arena *arena;
        struct scratch scratch;
        struct maker m = { .scratch = &scratch };
        utf8proc_int32_t one = (utf8proc_int32_t)cp;
        uint8_t bytes[4];

        if (!is_stable(one))
            continue;
        arena = st_arena_new(65536);
        m.p = bytes;
        m.end = bytes + st_utf8_put(cp, bytes);
        st_buf_init(&m.text, 256);
        flt_build_init(&m.build, arena, 256);
        put_cluster(&m, &one, 1, (size_t)(m.end - m.p));
        T_CHECK(!m.is_changed && !is_unseen(one) && !joins(one), "U+%04X", cp);
        st_buf_fini(&m.text);
        flt_build_fini(&m.build);
        st_arena_free(arena);
    }
}

T_TEST(quick_and_slow_agree)
{
    static const char *const parts[] = { "a",
                                         "Z",
                                         "7",
                                         " ",
                                         "\n",
                                         "plain text, sixteen and more ",
                                         "\x01",
                                         "\x7f",
                                         "ä",
                                         "ß",
                                         "é",
                                         "e\u0301",
                                         "1\u20e3",
                                         "\u0301",
                                         "\u200b",
                                         "\u00ad",
                                         "\u2013",
                                         "\u2019",
                                         "\u2026",
                                         "\u00a0",
                                         "жизнь",
                                         "ра",
                                         "ypal",
                                         "аb",
                                         "Ωmega",
                                         "１２",
                                         "日本語",
                                         "か\u3099",
                                         "한국",
                                         "\u1100\u1161",
                                         "\uac00\u11a8",
                                         "👍",
                                         "👍🏽",
                                         "\ufe0f",
                                         "\u0662",
                                         "½",
                                         "%41",
                                         "&amp;",
                                         "&",
                                         "<b>",
                                         "\\u0041",
                                         "Ａ_x",
                                         "\u0308",
                                         "\u05d0\u05b8" };

    for (unsigned n = 0; n < 20000; n++) {
        struct st_buf text;

        st_buf_init(&text, 4096);
        for (unsigned i = 1 + any(9); i > 0; i--)
            st_buf_str(&text, parts[any(ST_LEN(parts))]);
        check_same(st_buf_view(&text), n % 3 == 0 ? FLT_CASE_FOLD : FLT_CASE_KEEP);
        st_buf_fini(&text);
    }
}
