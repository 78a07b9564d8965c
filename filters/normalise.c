/* SPDX-License-Identifier: Apache-2.0 */
/* normalise - see normalise.h: text as a detector should see it.
 *
 * Most text stays as it is and is borrowed after one pass that only looks: ASCII sixteen bytes at a time, and letters
 * known to be their own form. The rest is read cluster by cluster: a character with the marks that follow it is
 * composed as NFKC wants it, then folded to ASCII where it has an ASCII meaning. A second pass (alike.c) looks at runs
 * of letters and digits that mix scripts: when look-alikes make all of such a run ASCII, it was meant so. Only utf8proc
 * knows Unicode here; its data decides, not ours (is_stable is held against it by a test, for every character).
 */
#include "filters/normalise.h"
#include "base/bytes.h"
#include "filters/alike.h"
#include "filters/escape.h"
#include "filters/map.h"
#include <string.h>
#include <utf8proc.h>

#define CLUSTER_MAX   32 /* characters of one cluster; more marks than that are a joke, and cut into clusters */
#define EXPANSION_MAX 20 /* U+FDFA becomes 18 characters */
#define NOTHING       (-1)
#define PAINT_RUN     512 /* bytes of a token that are looked through for marks */
#define PAINT_MANY    8u  /* marks */
#define PAINT_SOME    4u  /* with one among them that no language has */

struct scratch { /* of one cluster; large, so it is made only where something changes */
    utf8proc_int32_t cps[CLUSTER_MAX * EXPANSION_MAX];
    uint8_t bytes[4 * CLUSTER_MAX * EXPANSION_MAX];
};

struct maker {
    const uint8_t *p, *end;
    struct scratch *scratch;
    struct st_buf text;
    struct flt_build build;
    const uint8_t *painted_to; /* how far it is known whether marks are paint */
    bool is_painted;
    bool is_folding;
    bool is_changed;
};

/* ---- what a character is --------------------------------------------------------------------------------------- */

static bool is_dropped_control(uint8_t c)
{
    return (c < 0x20 && !(c >= '\t' && c <= '\r')) || c == 0x7F;
}

static bool is_mark(utf8proc_int32_t cp)
{
    utf8proc_category_t category;

    if (cp < 0x300)
        return false;
    category = utf8proc_category(cp);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

/* Default_Ignorable_Code_Point, and what else nobody sees: C1 controls, interlinear annotation. */
static bool is_unseen(utf8proc_int32_t cp)
{
    static const struct {
        utf8proc_int32_t from, to;
    } ranges[] = {
        { 0x80, 0x84 },     { 0x86, 0x9F },       { 0xAD, 0xAD },       { 0x34F, 0x34F },     { 0x61C, 0x61C },
        { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },   { 0x200B, 0x200F },   { 0x202A, 0x202E },
        { 0x2060, 0x206F }, { 0x3164, 0x3164 },   { 0xFE00, 0xFE0F },   { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },
        { 0xFFF0, 0xFFFB }, { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
    };
    size_t low = 0, high = ST_LEN(ranges);

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (cp > ranges[mid].to)
            low = mid + 1;
        else if (cp < ranges[mid].from)
            high = mid;
        else
            return true;
    }
    return false;
}

static bool in(utf8proc_int32_t cp, utf8proc_int32_t from, utf8proc_int32_t to)
{
    return cp >= from && cp <= to;
}

static bool is_stable_sign(utf8proc_int32_t cp)
{
    return in(cp, 0x2018, 0x2022) || cp == 0x20AC || cp == 0x3001 || cp == 0x3002 || cp == 0xA7 || cp == 0xA9 ||
           cp == 0xAB || cp == 0xAE || cp == 0xB0 || cp == 0xB7 || cp == 0xBB;
}

/* Characters that are their own NFKC and say nothing in ASCII: letters of Europe, Russia and East Asia, quotation
 * marks, emoji. None of them is a mark. */
static bool is_stable(utf8proc_int32_t cp)
{
    return in(cp, 0xC0, 0x131) || in(cp, 0x400, 0x482) || in(cp, 0x48A, 0x52F) || in(cp, 0x5D0, 0x5EA) ||
           in(cp, 0x621, 0x64A) || in(cp, 0x4E00, 0x9FFF) || in(cp, 0xAC00, 0xD7A3) || in(cp, 0x3041, 0x3096) ||
           in(cp, 0x30A1, 0x30FA) || in(cp, 0x1F300, 0x1F64F) || is_stable_sign(cp);
}

/* The ASCII digit for one of any script: Unicode keeps the ten of a script in order and without a gap. */
static int digit_of(utf8proc_int32_t cp)
{
    utf8proc_int32_t first = cp;

    if (cp < 0x660 || utf8proc_category(cp) != UTF8PROC_CATEGORY_ND)
        return NOTHING;
    while (cp - first < 50 && utf8proc_category(first - 1) == UTF8PROC_CATEGORY_ND)
        first--;
    return '0' + (int)((cp - first) % 10);
}

/* The ASCII character that says the same, or NOTHING. */
static int ascii_of(utf8proc_int32_t cp)
{
    utf8proc_category_t category;

    if (cp < 0x80)
        return (int)cp;
    if (cp == 0x85 || cp == 0x2028 || cp == 0x2029)
        return '\n';
    if (cp == 0x2212 || cp == 0x2043)
        return '-';
    if (cp == 0x2044 || cp == 0x2215)
        return '/';
    if (in(cp, 0x2776, 0x277E) || in(cp, 0x2780, 0x2788) || in(cp, 0x278A, 0x2792)) /* digits in circles */
        return '1' + (int)((cp - 0x2776) % 10);
    if (cp == 0x24FF)
        return '0';
    category = utf8proc_category(cp);
    if (category == UTF8PROC_CATEGORY_ZS)
        return ' ';
    if (category == UTF8PROC_CATEGORY_PD)
        return '-';
    return category == UTF8PROC_CATEGORY_ND ? digit_of(cp) : NOTHING;
}

/* Digits with a sign of their own around or behind them, "⑴", "⒈": the digit counts, and not the sign. */
static utf8proc_int32_t bare_digit(utf8proc_int32_t cp)
{
    if (in(cp, 0x2474, 0x247C))
        return '1' + cp - 0x2474;
    if (in(cp, 0x2488, 0x2490))
        return '1' + cp - 0x2488;
    return cp == 0x1F100 ? '0' : in(cp, 0x1F101, 0x1F10A) ? '0' + cp - 0x1F101 : cp;
}

/* ---- clusters -------------------------------------------------------------------------------------------------- */

/* The next character; a bad byte is one '?'. */
static size_t take(const uint8_t *p, const uint8_t *end, utf8proc_int32_t *cp)
{
    utf8proc_ssize_t n = utf8proc_iterate(p, end - p, cp);

    if (n > 0)
        return (size_t)n;
    *cp = '?';
    return 1;
}

/* Does cp belong to the cluster before it? Jamo compose without being marks. */
static bool joins(utf8proc_int32_t cp)
{
    return is_mark(cp) || (cp >= 0x1161 && cp <= 0x11FF);
}

/* Composed letters that languages use; an acute on a g is paint to hide a token behind. */
static bool is_language(utf8proc_int32_t cp)
{
    return cp <= 0x17F || cp == 0x1A0 || cp == 0x1A1 || cp == 0x1AF || cp == 0x1B0 || (cp >= 0x1CD && cp <= 0x1DC) ||
           (cp >= 0x218 && cp <= 0x21B) || cp >= 0x1E9E;
}

/* A mark on a letter or digit that has no composed form is paint, and goes. */
static size_t drop_paint(utf8proc_int32_t *cps, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && cps[kept - 1] < 0x80 && is_mark(cps[i]))
            continue;
        cps[kept++] = cps[i];
    }
    return kept;
}

static void put_cps(struct maker *m, const utf8proc_int32_t *cps, size_t n, size_t raw_n)
{
    uint8_t *bytes = m->scratch->bytes;
    size_t made = 0;

    for (size_t i = 0; i < n; i++) {
        int ascii = ascii_of(cps[i]);

        made += (size_t)utf8proc_encode_char(ascii != NOTHING ? ascii : cps[i], bytes + made);
    }
    if (made != raw_n || memcmp(bytes, m->p, made) != 0)
        m->is_changed = true;
    st_buf_put(&m->text, bytes, made);
    flt_build_unit(&m->build, made, raw_n);
}

/* Canonical order: utf8proc_normalize_utf32 composes, but only utf8proc_decompose sorts. */
static void put_in_order(utf8proc_int32_t *cps, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t j = i; j > 0; j--) {
            int before = utf8proc_get_property(cps[j - 1])->combining_class;
            int here = utf8proc_get_property(cps[j])->combining_class;
            utf8proc_int32_t swap = cps[j];

            if (here == 0 || before <= here)
                break;
            cps[j] = cps[j - 1];
            cps[j - 1] = swap;
        }
    }
}

/* NFKC of one cluster. */
static void put_cluster(struct maker *m, const utf8proc_int32_t *in, size_t n, size_t raw_n)
{
    static const size_t room = CLUSTER_MAX * EXPANSION_MAX;
    utf8proc_int32_t *cps = m->scratch->cps;
    utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    utf8proc_ssize_t made;
    size_t count = 0;
    int boundary = 0;

    for (size_t i = 0; i < n; i++) {
        made = utf8proc_decompose_char(bare_digit(in[i]), cps + count, (utf8proc_ssize_t)(room - count),
                                       m->is_folding ? options | UTF8PROC_CASEFOLD : options, &boundary);
        if (made < 0 || (size_t)made > room - count)
            break;
        count += (size_t)made;
    }
    put_in_order(cps, count);
    made = utf8proc_normalize_utf32(cps, (utf8proc_ssize_t)count, options);
    count = made > 0 ? (size_t)made : count;
    if (n > 1 && in[0] < 0x80 && count > 0 && cps[0] >= 0x80 && !is_language(cps[0]))
        cps[0] = in[0];
    put_cps(m, cps, drop_paint(cps, count), raw_n);
}

/* A mark that came off its ASCII character, because something unseen stood between: keycaps do that. */
static bool is_stray_mark(const struct maker *m, utf8proc_int32_t cp)
{
    return m->text.n > 0 && m->text.p[m->text.n - 1] > ' ' && m->text.p[m->text.n - 1] < 0x7F && is_mark(cp);
}

/* In a token with a mark on a digit or a sign, and in one with many, all marks are paint: e with an acute is a letter,
 * and in a row of letters and digits that all have one it is none. */
static bool is_paint(struct maker *m)
{
    const uint8_t *p = m->p;
    utf8proc_int32_t cp, last = 0;
    size_t marks = 0, odd = 0;

    if (m->p < m->painted_to)
        return m->is_painted;
    while (p < m->end && p - m->p<PAINT_RUN && * p> ' ') {
        size_t n = take(p, m->end, &cp);

        if (cp >= 0x80 && !is_mark(cp))
            break;
        marks += cp >= 0x80;
        odd += cp >= 0x80 && last < 'A';
        last = cp < 0x80 ? cp : last;
        p += n;
    }
    m->painted_to = p;
    m->is_painted = marks >= PAINT_MANY || (odd > 0 && marks >= PAINT_SOME);
    return m->is_painted;
}

/* One cluster at m->p. */
static void take_cluster(struct maker *m)
{
    utf8proc_int32_t cps[CLUSTER_MAX];
    size_t n = 1, raw_n = take(m->p, m->end, &cps[0]);

    if (is_unseen(cps[0]) || (cps[0] < 0x80 && is_dropped_control((uint8_t)cps[0])) || is_stray_mark(m, cps[0])) {
        m->is_changed = true;
        flt_build_unit(&m->build, 0, raw_n);
        m->p += raw_n;
        return;
    }
    while (n < CLUSTER_MAX && m->p + raw_n < m->end) {
        size_t more = take(m->p + raw_n, m->end, &cps[n]);

        if (!joins(cps[n]) || is_unseen(cps[n]))
            break;
        raw_n += more;
        n++;
    }
    put_cluster(m, cps, n > 1 && cps[0] > ' ' && cps[0] < 0x80 && is_paint(m) ? 1 : n, raw_n);
    m->p += raw_n;
}

/* ---- what stays as it is ---------------------------------------------------------------------------------------- */

/* Past the ASCII bytes that stay as they are; with fold, upper case does not. It stops where an escape may begin. */
static const uint8_t *plain_run(const uint8_t *p, const uint8_t *end, bool is_folding)
{
    for (; end - p >= ST_BYTES_STEP; p += ST_BYTES_STEP) {
        unsigned changing = ~(st_bytes_in(p, ' ', '~') | st_bytes_in(p, '\t', '\r')) & 0xFFFF;

        changing |= st_bytes_in(p, '%', '&') | st_bytes_in(p, '\\', ']') | st_bytes_in(p, '<', '<');
        if (is_folding)
            changing |= st_bytes_in(p, 'A', 'Z');
        if (changing != 0)
            return p + st_bytes_first(changing);
    }
    while (p < end && *p < 0x80 && !is_dropped_control(*p) && !(is_folding && *p >= 'A' && *p <= 'Z') &&
           !flt_escape_may_begin(*p))
        p++;
    return p;
}

/* Past the text that stays as it is; what comes before a mark is left to its cluster. *has_twins: a letter in it looks
 * like a Latin one. */
static const uint8_t *settled_run(const uint8_t *p, const uint8_t *end, bool is_folding, bool *has_twins)
{
    const uint8_t *last = p; /* the last character passed */

    for (;;) {
        const uint8_t *stop = plain_run(p, end, is_folding);
        utf8proc_int32_t cp;
        size_t n;

        last = stop > p ? stop - 1 : last;
        p = stop;
        if (p == end)
            return p;
        if (*p < 0x80) {
            if (!flt_escape_may_begin(*p) || is_dropped_control(*p) || flt_escape(p, end, &cp) > 0)
                return p;
            last = p++;
            continue;
        }
        n = take(p, end, &cp);
        if (is_folding || !is_stable(cp))
            return joins(cp) && !is_unseen(cp) ? last : p;
        *has_twins = *has_twins || flt_twin_of(cp) != 0;
        last = p;
        p += n;
    }
}

static void take_settled(struct maker *m)
{
    bool ignored = false;
    const uint8_t *stop = settled_run(m->p, m->end, m->is_folding, &ignored);

    st_buf_put(&m->text, m->p, (size_t)(stop - m->p));
    flt_build_copy(&m->build, (size_t)(stop - m->p));
    m->p = stop;
}

static void take_upper(struct maker *m)
{
    st_buf_byte(&m->text, (uint8_t)(*m->p | 0x20));
    flt_build_copy(&m->build, 1);
    m->is_changed = true;
    m->p++;
}

/* A character that is written by its number, as whoever shows the text will show it. */
static bool take_escape(struct maker *m)
{
    utf8proc_int32_t cp;
    size_t raw_n = flt_escape_may_begin(*m->p) ? flt_escape(m->p, m->end, &cp) : 0;

    if (raw_n == 0)
        return false;
    if (cp == FLT_ESCAPE_NOTHING || is_unseen(cp)) {
        m->is_changed = true;
        flt_build_unit(&m->build, 0, raw_n);
    } else {
        put_cluster(m, &cp, 1, raw_n);
    }
    m->p += raw_n;
    return true;
}

static bool next_joins(const struct maker *m)
{
    utf8proc_int32_t cp;

    if (m->end - m->p < 2 || m->p[1] < 0x80)
        return false;
    take(m->p + 1, m->end, &cp);
    return joins(cp) && !is_unseen(cp);
}

/* Not inlined: its scratch is no part of a call that only looks. */
static __attribute__((noinline)) void make(struct maker *m)
{
    struct scratch scratch;

    m->scratch = &scratch;
    if (st_buf_room(&m->text, (size_t)(m->end - m->p)) == NULL) /* what most need, at once; more grows */
        return;
    while (m->p < m->end && m->text.failed == ST_E_NONE) {
        take_settled(m);
        if (m->p == m->end)
            break;
        if (take_escape(m))
            continue;
        if (m->is_folding && *m->p >= 'A' && *m->p <= 'Z' && !next_joins(m))
            take_upper(m);
        else
            take_cluster(m);
    }
    m->scratch = NULL;
}

/* ---- the view -------------------------------------------------------------------------------------------------- */

static enum st_rc finish(struct maker *m, struct st_arena *arena, struct st_span text, struct flt_view *out,
                         struct st_err *err)
{
    const struct flt_map *map = NULL;
    bool any = false;
    size_t n;

    if (st_buf_done(&m->text, err, "filters.normalise") != ST_OK)
        return ST_ERR;
    if (m->build.has_units && flt_build_done(&m->build, NULL, 0, FLT_LAYER_RAW, &map, err) != ST_OK)
        return ST_ERR;
    flt_build_reset(&m->build);
    n = m->text.n > 0 ? flt_fold_alike(m->text.p, m->text.n, &m->build, &any) : 0;
    if (any && flt_build_done(&m->build, map, 0, FLT_LAYER_RAW, &map, err) != ST_OK)
        return ST_ERR;
    *out = (struct flt_view){ .text = text, .map = map };
    if (!any && !m->is_changed)
        return ST_OK;
    out->text.n = n;
    if ((out->text.p = st_arena_dup(arena, m->text.p, n)) == NULL)
        return st_arena_fail(arena, err, "filters.normalise");
    return ST_OK;
}

bool flt_is_settled(struct st_span text, enum flt_case fold)
{
    const uint8_t *end = text.p + text.n, *stop;
    bool has_twins = false;

    return text.n == 0 || (settled_run(text.p, end, fold == FLT_CASE_FOLD, &has_twins) == end &&
                           (!has_twins || flt_mixed_run(text.p, end, &stop) == NULL));
}

enum st_rc flt_normalise(struct st_arena *arena, struct st_span text, enum flt_case fold, struct flt_view *out,
                         struct st_err *err)
{
    struct maker m = { .p = text.p, .is_folding = fold == FLT_CASE_FOLD };
    enum st_rc rc;

    *out = (struct flt_view){ .text = text };
    if (text.n > UINT32_MAX / EXPANSION_MAX)
        return st_fail(err, ST_E_LIMIT, "filters.normalise", "text", text.n);
    if (flt_is_settled(text, fold))
        return ST_OK;
    m.end = text.p + text.n;
    st_buf_init(&m.text, text.n * EXPANSION_MAX + 64);
    flt_build_init(&m.build, arena, (text.n * EXPANSION_MAX + 64) * sizeof(struct flt_map_pt));
    make(&m);
    rc = finish(&m, arena, text, out, err);
    st_buf_fini(&m.text);
    flt_build_fini(&m.build);
    return rc;
}

void flt_view_range(const struct flt_view *view, uint32_t from, uint32_t to, uint32_t *raw_from, uint32_t *raw_to)
{
    *raw_from = from;
    *raw_to = to;
    flt_map_range(view->map, NULL, raw_from, raw_to);
}

size_t flt_fold_char(const uint8_t *p, const uint8_t *end, uint8_t out[FLT_FOLD_MAX], size_t *n)
{
    utf8proc_int32_t cp;
    size_t used = take(p, end, &cp);

    cp = utf8proc_tolower(cp);
    if (cp == 0xdf) {
        out[0] = out[1] = 's';
        *n = 2;
    } else {
        *n = (size_t)utf8proc_encode_char(cp, out);
    }
    return used;
}

size_t flt_upper_char(const uint8_t *p, const uint8_t *end, uint8_t out[FLT_FOLD_MAX])
{
    utf8proc_int32_t cp, upper;

    (void)take(p, end, &cp);
    upper = utf8proc_toupper(cp);
    return upper == cp ? 0 : (size_t)utf8proc_encode_char(upper, out);
}

bool flt_is_word_char(const uint8_t *p, const uint8_t *end)
{
    utf8proc_category_t category;
    utf8proc_int32_t cp;

    (void)take(p, end, &cp);
    category = utf8proc_category(cp);
    return cp == '_' || (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LM) ||
           category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ND;
}

enum flt_plain flt_plain_char(const uint8_t *p, const uint8_t *end, size_t *used, uint8_t out[FLT_FOLD_MAX], size_t *n)
{
    utf8proc_int32_t cp, parts[8];
    int boundary = 0;
    bool is_other; /* letters without upper case: Hebrew and Arabic have borders, Thai and Han do not */

    *used = take(p, end, &cp);
    *n = 0;
    is_other = utf8proc_category(cp) == UTF8PROC_CATEGORY_LO;
    if (cp == '_' || (!is_other && !is_mark(cp) && !flt_is_word_char(p, end)))
        return FLT_PLAIN_BETWEEN;
    if (is_mark(cp))
        return FLT_PLAIN_PART;
    (void)flt_fold_char(p, end, out, n);
    cp = utf8proc_tolower(cp);
    if (cp == 0xE4 || cp == 0xF6 || cp == 0xFC) {
        out[0] = cp == 0xE4 ? 'a' : cp == 0xF6 ? 'o' : 'u';
        out[1] = 'e';
        *n = 2;
    } else if (cp > 0x7F && cp < 0x1F00 &&
               utf8proc_decompose_char(cp, parts, ST_LEN(parts), UTF8PROC_DECOMPOSE, &boundary) > 1) {
        *n = (size_t)utf8proc_encode_char(parts[0], out);
    }
    return is_other && cp >= 0xE00 ? FLT_PLAIN_ALONE : FLT_PLAIN_PART;
}
