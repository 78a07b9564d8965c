/* SPDX-License-Identifier: Apache-2.0 */
/* normalise_test - views: what folds to what, that NFKC is NFKC, and that every offset finds its way back. */
#include "decode_helper.h"
#include "filters/normalise.h"
#include <utf8proc.h>

static struct flt_view view_of(struct st_arena *arena, struct st_span text, enum flt_case fold)
{
    struct st_err err = ST_ERR_INIT;
    struct flt_view view;

    T_OK(flt_normalise(arena, text, fold, &view, &err), err);
    return view;
}

static const struct {
    const char *text, *view;
} rows[] = {
    { "plain ASCII 4111", "plain ASCII 4111" },
    { "Grüße aus Köln", "Grüße aus Köln" },
    { "привет мир", "привет мир" },
    { "日本語テキスト", "日本語テキスト" },
    { "😀👍", "😀👍" },
    /* digits */
    { "４１１１", "4111" },
    { "٤١١١ ۴۱۱۱ ४१११", "4111 4111 4111" },
    { "𝟒𝟏𝟏𝟏 𝟜𝟙 ⁴₁ ④", "4111 41 41 4" },
    { "4️⃣1️⃣", "41" },
    { "⑷⑴ ⒋⒈⒈ 🄀🄅", "41 411 04" },
    /* letters */
    { "ＤＥ８９＠ｅ．ｃｏｍ", "DE89@e.com" },
    { "𝐀𝐊𝐈𝐀 ﬁ Å", "AKIA fi Å" },
    { "ﷺ", "صلى الله عليه وسلم" },
    /* unseen */
    { "41\u200B11\u200C22\u200D33\u2060", "41112233" },
    { "se\u00ADcret", "secret" },
    { "\u202E4111\u202C \u2066x\u2069", "4111 x" },
    { "4\U000E0031\U000E00311", "41" },
    { "\uFEFFx\uFE0F", "x" },
    { "a\x01\x02\x7F"
      "b\tc\r\n",
      "ab\tc\r\n" },
    { "4\xCC\xB6"
      "1\xCC\xB6"
      "1",
      "411" },
    { "g\xCC\x81hp_", "ghp_" },
    { "u\xCC\x88 e\xCC\x81", "ü é" },
    { "q\xCC\xA3\xCC\x87x", "qx" },
    /* spaces and dashes */
    { "4111\u00A01111\u20071111\u3000x", "4111 1111 1111 x" },
    { "a\u2010b\u2011c\u2013d\u2014e\u2212f\uFE58g", "a-b-c-d-e-f-g" },
    { "a\u2028b\xC2\x85"
      "c",
      "a\nb\nc" },
    /* look-alikes */
    { "АКІА1234", "AKIA1234" },
    { "DЕ89", "DE89" },
    { "GPT-модель", "GPT-модель" },
    { "тест", "тест" },
    { "ghр_аbс", "ghp_abc" },
    { "ΑΚΙΑ_Χ1", "AKIA_X1" },
    { "Größe1", "Größe1" },
    { "слово1", "слово1" },
    /* Hangul composes over starters */
    { "\u1112\u1161\u11AB", "한" },
    { "", "" },
    { "\u200B\u200B", "" }, /* nothing is left */
    /* written by number or name: as whoever shows the text will show it */
    { "DE02&nbsp;1203&#32;0000&#x2009;00&shy;00", "DE02 1203 0000 0000" },
    { "&#68;&#x45;02 &#68E", "DE02 DE" },
    { "\\u0044\\x45\\uFF10\\ud835\\udfd0", "DE02" },
    { "%44E%30%32%201203 %EF%BC%91", "DE02 1203 1" },
    { "<a href=\"mailto:ana@mail.example\">1</a>", "<a href=\"mailto:ana@mail.example\">1" }, /* worth hiding */
    { "<i title=\"password: hunter2!\">x</i><!-- pw: abc123 -->",
      "<i title=\"password: hunter2!\">x<!-- pw: abc123 -->" },
    { "DE<span data-offset-key=\"4h3k2-0-0\">02</span> 12<span class=\"token title\">03</span>", "DE02 1203" },
    { "<b>DE02</b> 12<span class=\"x\">03</span><br/>0000", "DE02 1203\n0000" },
    { "DE02 12<![CDATA[03 0000", "DE02 1203 0000" },
    { "<![CDATA[DE02 12]]>03 <![CDATA[00]]><![CDATA[00", "DE02 1203 0000" },
    { "a[b[0]] > c]>d]", "a[b[0]] > c]>d]" },
    { "p%40ss & 5 < 6 100%, C:\\users <b", "p%40ss & 5 < 6 100%, C:\\users <b" },
    { "<a href=\"/?x=DE02120300000000202051\">", "<a href=\"/?x=DE02120300000000202051\">" },
    { "&#x110000; \\ud835 %ff %4", "&#x110000; \\ud835 %ff %4" },
};

T_TEST(normalise_rows)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_view view = view_of(arena, text_span(rows[i].text), FLT_CASE_KEEP);

        T_CHECK(st_span_eq(view.text, text_span(rows[i].view)), "\"%s\" is seen as \"%.*s\"", rows[i].text,
                (int)view.text.n, (const char *)view.text.p);
        st_arena_free(arena);
    }
}

T_TEST(normalise_borrows)
{
    static const char *const same[] = { "plain ASCII\r\n\tand more of it", "Grüße", "привет мир", "" };

    for (size_t i = 0; i < ST_LEN(same); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_view view = view_of(arena, text_span(same[i]), FLT_CASE_KEEP);

        T_CHECK(view.text.p == (const uint8_t *)same[i] && view.map == NULL, "\"%s\" was copied", same[i]);
        st_arena_free(arena);
    }
}

T_TEST(normalise_folds_case)
{
    static const struct {
        const char *text, *view;
    } folds[] = { { "MiXed 42", "mixed 42" }, { "ÄÖÜ", "äöü" },     { "Straße", "strasse" }, { "ПРИВЕТ", "привет" },
                  { "ＡＢ", "ab" },           { "E\xCC\x81", "é" }, { "small", "small" } };

    for (size_t i = 0; i < ST_LEN(folds); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_view view = view_of(arena, text_span(folds[i].text), FLT_CASE_FOLD);

        T_CHECK(st_span_eq(view.text, text_span(folds[i].view)), "\"%s\" is seen as \"%.*s\"", folds[i].text,
                (int)view.text.n, (const char *)view.text.p);
        st_arena_free(arena);
    }
}

static const struct {
    const char *text, *in_view, *in_text;
} ranges[] = {
    { "my 4111 x", "4111", "4111" },
    { "ü 4111 x", "4111", "4111" },
    { "\u200B4111\u200B", "4111", "4111" },
    { "a\u200B4\u200B1\u200B1\u200B", "411", "4\u200B1\u200B1" },
    { "ＤＥ８９", "E8", "Ｅ８" },
    { "x𝟒𝟏y", "41", "𝟒𝟏" },
    { "ﬁx", "fi", "ﬁ" },
    { "ﬁx", "f", "ﬁ" },
    { "ﬁx", "i", "ﬁ" },
    { "ﬁx", "x", "x" },
    { "\u200BАКІА1 x", "AKIA1", "АКІА1" },
    { "4️⃣1️⃣", "41", "4️⃣1" },
    { "u\xCC\x88"
      "b",
      "ü", "u\xCC\x88" },
    { "u\xCC\x88"
      "b",
      "b", "b" },
};

T_TEST(view_ranges)
{
    for (size_t i = 0; i < ST_LEN(ranges); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_view view = view_of(arena, text_span(ranges[i].text), FLT_CASE_KEEP);
        size_t at = st_span_find(view.text, text_span(ranges[i].in_view));
        uint32_t from, to;

        T_CHECK(at != ST_SPAN_NPOS, "\"%s\" is not in \"%.*s\"", ranges[i].in_view, (int)view.text.n,
                (const char *)view.text.p);
        flt_view_range(&view, (uint32_t)at, (uint32_t)(at + strlen(ranges[i].in_view)), &from, &to);
        T_CHECK(st_span_eq(st_span_sub(text_span(ranges[i].text), from, to - from), text_span(ranges[i].in_text)),
                "\"%s\" in \"%s\" is %u..%u", ranges[i].in_view, ranges[i].text, from, to);
        st_arena_free(arena);
    }
}

static uint32_t random_of(const uint32_t *blocks, size_t n)
{
    return blocks[t_below(n)] + (uint32_t)t_below(0x60);
}

static uint32_t random_code(void)
{
    static const uint32_t blocks[] = { 0x20,   0xA0,   0x100,  0x1E00, 0x370,  0x400,   0x600, 0x900, 0x1100, 0x2000,
                                       0x2100, 0x3000, 0xAC00, 0xFB00, 0xFF00, 0x1D400, 0x300, 0x300, 0x20 };

    return random_of(blocks, ST_LEN(blocks));
}

/* What the view folds on purpose, beyond NFKC. */
static bool is_folded(uint32_t cp)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

    return utf8proc_get_property((utf8proc_int32_t)cp)->ignorable || category == UTF8PROC_CATEGORY_ND ||
           category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_PD || category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CN || cp == 0x37E || cp == 0xFFE3 ||
           cp == 0xFB1E || (cp >= 0x2474 && cp <= 0x247C) || (cp >= 0x2488 && cp <= 0x2490);
}

/* For the rest the view is utf8proc's own NFKC: scripts with their marks, and compatibility forms without. */
T_TEST(normalise_is_nfkc)
{
    static const uint32_t scripts[] = { 0x400,  0x370,  0x600,  0x900,  0x980, 0xAC00, 0x1100,
                                        0x1140, 0x1180, 0x11A0, 0x3040, 0x300, 0x300,  0x300 };
    static const uint32_t forms[] = { 0xC0, 0x100, 0x1E00, 0x2100, 0x2460, 0x3300, 0xFB00, 0xFF00, 0x1D400 };
    size_t compared = 0;

    t_seed(3);
    for (int round = 0; round < 20000; round++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf text;
        utf8proc_uint8_t *nfkc;
        struct flt_view view;

        st_buf_init(&text, 4096);
        for (size_t i = 1 + t_below(6); i > 0; i--) {
            uint32_t cp = round % 2 == 0 ? random_of(scripts, ST_LEN(scripts)) : random_of(forms, ST_LEN(forms));

            if (!is_folded(cp))
                put_code(&text, cp);
        }
        st_buf_byte(&text, 0);
        nfkc = utf8proc_NFKC(text.p);
        T_CHECK(nfkc != NULL, "utf8proc");
        view = view_of(arena, st_span(text.p, text.n - 1), FLT_CASE_KEEP);
        if (strpbrk((char *)nfkc, " \xE2") ==
            NULL) { /* a mark over a space is dropped; fraction slash and minus fold */
            T_CHECK(st_span_eq(view.text, st_span_str((char *)nfkc)),
                    "round %d: \"%s\": NFKC is \"%s\", the view \"%.*s\"", round, (char *)text.p, (char *)nfkc,
                    (int)view.text.n, (const char *)view.text.p);
            compared++;
        }
        free(nfkc);
        st_buf_fini(&text);
        st_arena_free(arena);
    }
    T_CHECK(compared > 15000, "only %zu compared", compared);
}

/* Any text, also bad bytes: the view is UTF-8, ranges are in order and inside, and cut the text into the same pieces.
 */
T_TEST(normalise_random)
{
    t_seed(5);
    for (int round = 0; round < 20000; round++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf text;
        struct flt_view view;
        uint32_t end_before = 0;

        st_buf_init(&text, 4096);
        for (size_t i = t_below(20); i > 0; i--) {
            if (t_below(12) == 0)
                st_buf_byte(&text, (uint8_t)t_rand());
            else
                put_code(&text, random_code());
        }
        view = view_of(arena, st_buf_view(&text), round % 2 == 0 ? FLT_CASE_KEEP : FLT_CASE_FOLD);
        T_CHECK(flt_utf8_good(view.text) == view.text.n, "round %d: not UTF-8", round);
        for (uint32_t i = 0; i < view.text.n; i++) {
            uint32_t from, to;

            flt_view_range(&view, i, i + 1, &from, &to);
            T_CHECK(from < to && to <= text.n && to >= end_before, "round %d: %u is %u..%u after %u of %zu", round, i,
                    from, to, end_before, text.n);
            end_before = to;
        }
        st_buf_fini(&text);
        st_arena_free(arena);
    }
}

T_TEST(normalise_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_err err = ST_ERR_INIT;
        struct flt_view view;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = flt_normalise(arena, ST_SPAN("４ü АК1\u200B"), FLT_CASE_KEEP, &view, &err);
        t_fail_alloc(0);
        st_arena_free(arena);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
}
