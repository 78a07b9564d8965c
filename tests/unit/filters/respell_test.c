/* SPDX-License-Identifier: Apache-2.0 */
/* respell_test - what tells of another reading is as wide as the reading: a place is read the same whatever stands far
 * from it, and nothing is read otherwise that no literal near it tells of.
 */
#include "filters/respell.h"
#include "filters/views.h"
#include "t.h"

#define TEXTS    3000u
#define TEXT_MAX 4096u
#define LITERALS (FLT_SIGNALS_ALL & ~(unsigned)FLT_SIGNAL_CODES)

static void put_random(struct st_buf *out, size_t parts)
{
    static const char *const PARTS[] = { "four",     "one",      "zero",        "ZERO",   "drei",         "null",
                                         "six",      "huit",     "z\303\251ro", "double", "nine",         "seven",
                                         "triple",   "Oh",       "4",           "D",      "AKIA",         "T10A",
                                         "apples",   "dot",      "at",          "(at)",   "[dot]",        "anna",
                                         "de",       "firma",    "com",         "52",     "064",          "chr(52)",
                                         "00110100", "00110001", "01000001",    "1234",   "10110100",     "( at )",
                                         "(  at )",  "punkt",    "double four", ".----",  "....-",        "-----",
                                         "-",        ".-.-",     "Bravo",       "Emil",   "C\303\244sar", "golf" };
    static const char *const JOINTS[] = { " ", " ", " ", ", ", "-", " - ", "  ", "\n", "\n> ", " / ", ",", "" };
    const char *joint = JOINTS[t_below(ST_LEN(JOINTS))];

    while (parts-- > 0) {
        const char *part = PARTS[t_below(ST_LEN(PARTS))];

        for (unsigned times = t_below(5) == 0 ? 1 + t_below(9) : 1; times > 0; times--) {
            st_buf_str(out, part);
            st_buf_str(out, t_below(8) == 0 ? JOINTS[t_below(ST_LEN(JOINTS))] : joint);
        }
        if (t_below(8) == 0)
            joint = JOINTS[t_below(ST_LEN(JOINTS))];
    }
}

/* What the literals in the text tell of, found byte by byte. */
static unsigned signals_of(struct st_span text)
{
    static struct scan_expr exprs[FLT_SIGNALS_MAX];
    static size_t n;
    unsigned signals = 0;

    if (n == 0)
        flt_signals(exprs, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t at = 0; at < text.n; at++)
            if (st_span_istarts(st_span_sub(text, at, text.n), st_span_str(exprs[i].pattern)))
                signals |= flt_signal_at(text, exprs[i].id, (uint32_t)(at + strlen(exprs[i].pattern)));
    return signals;
}

static void respell(struct st_arena *arena, struct st_span text, unsigned signals, struct st_buf *out)
{
    struct flt_view from = { .text = text, .is_whole = true }, view = from;
    struct st_err err = ST_ERR_INIT;
    bool any = false;

    T_OK(flt_respell(arena, &from, signals, &view, &any, &err), err);
    st_buf_span(out, any ? view.text : text);
}

T_TEST(nothing_is_respelled_that_no_literal_tells_of)
{
    unsigned changed = 0;
    struct st_buf text, all, told;

    st_buf_init(&text, TEXT_MAX);
    st_buf_init(&all, 2 * TEXT_MAX);
    st_buf_init(&told, 2 * TEXT_MAX);
    for (unsigned i = 0; i < TEXTS; i++) {
        struct st_arena *arena = st_arena_new(1u << 20);

        st_buf_reset(&text);
        st_buf_reset(&all);
        st_buf_reset(&told);
        put_random(&text, 4 + t_below(30));
        respell(arena, st_buf_view(&text), LITERALS, &all);
        respell(arena, st_buf_view(&text), signals_of(st_buf_view(&text)), &told);
        T_CHECK(st_span_eq(st_buf_view(&all), st_buf_view(&told)), "%.*s", (int)text.n, (char *)text.p);
        changed += !st_span_eq(st_buf_view(&all), st_buf_view(&text));
        st_arena_free(arena);
    }
    T_CHECK(changed > TEXTS / 10 && changed < TEXTS, "%u of %u texts were respelled", changed, TEXTS);
    st_buf_fini(&text);
    st_buf_fini(&all);
    st_buf_fini(&told);
}

T_TEST(a_place_is_respelled_the_same_whatever_is_far_from_it)
{
    static const char APART[] = ";\nIt is a quiet day, and nothing happens here at all.\n;";
    struct st_buf text, whole, parts;

    st_buf_init(&text, 4 * TEXT_MAX);
    st_buf_init(&whole, 8 * TEXT_MAX);
    st_buf_init(&parts, 8 * TEXT_MAX);
    for (unsigned i = 0; i < TEXTS; i++) {
        struct st_arena *arena = st_arena_new(4u << 20);
        size_t half;

        st_buf_reset(&text);
        st_buf_reset(&whole);
        st_buf_reset(&parts);
        put_random(&text, 4 + t_below(20));
        half = text.n;
        st_buf_str(&text, APART);
        put_random(&text, 4 + t_below(20));
        respell(arena, st_buf_view(&text), FLT_SIGNALS_ALL, &whole);
        respell(arena, st_span_sub(st_buf_view(&text), 0, half), FLT_SIGNALS_ALL, &parts);
        st_buf_str(&parts, APART);
        respell(arena, st_span_sub(st_buf_view(&text), half + strlen(APART), text.n), FLT_SIGNALS_ALL, &parts);
        T_CHECK(st_span_eq(st_buf_view(&whole), st_buf_view(&parts)), "%.*s", (int)text.n, (char *)text.p);
        st_arena_free(arena);
    }
    st_buf_fini(&text);
    st_buf_fini(&whole);
    st_buf_fini(&parts);
}

/* A row that no literal tells of is walked once, and not from each of its words: else this takes an hour. */
T_TEST(long_rows_are_walked_once)
{
    static const struct {
        const char *unit, *end;
    } rows[] = { { "one ", "apples. See four nine." }, { "1 ", "apples. See four nine." }, { ". ", "x ....- ..--- " } };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(64u << 20);
        struct st_buf text, out;

        st_buf_init(&text, 1u << 20);
        st_buf_init(&out, 2u << 20);
        while (text.n < 500000)
            st_buf_str(&text, rows[i].unit);
        st_buf_str(&text, rows[i].end);
        respell(arena, st_buf_view(&text), FLT_SIGNALS_ALL, &out);
        T_CHECK(st_span_eq(st_buf_view(&out), st_buf_view(&text)), "%s... is respelled", rows[i].unit);
        st_buf_fini(&out);
        st_buf_fini(&text);
        st_arena_free(arena);
    }
}
