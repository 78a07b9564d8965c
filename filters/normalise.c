/* SPDX-License-Identifier: Apache-2.0 */
/* normalise - see normalise.h: text as a detector should see it.
 *
 * Most text is ASCII and is borrowed after one pass that only looks. The rest is read cluster by cluster: a character
 * with the marks that follow it is composed as NFKC wants it, then folded to ASCII where it has an ASCII meaning. A
 * second pass looks at runs of letters and digits that mix scripts: when look-alikes make all of such a run ASCII, it
 * was meant to be read as ASCII. Only utf8proc knows Unicode here; its data decides, not ours.
 */
#include "filters/normalise.h"
#include "filters/escape.h"
#include "filters/map.h"
#include <string.h>
#include <utf8proc.h>

#define CLUSTER_MAX   32 /* characters of one cluster; more marks than that are a joke, and cut into clusters */
#define EXPANSION_MAX 20 /* U+FDFA becomes 18 characters */
#define NOTHING       (-1)

struct maker {
    const uint8_t *p, *end;
    struct st_buf text;
    struct flt_build build;
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

/* Letters that are their own NFKC: most of what people write in Europe, Russia and East Asia. */
static bool is_stable(utf8proc_int32_t cp)
{
    return (cp >= 0xC0 && cp <= 0x131) || (cp >= 0x400 && cp <= 0x482) || (cp >= 0x48A && cp <= 0x52F) ||
           (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A1 && cp <= 0x30FA) ||
           (cp >= 0x5D0 && cp <= 0x5EA) || (cp >= 0x621 && cp <= 0x64A) || (cp >= 0x1F300 && cp <= 0x1F64F);
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
    category = utf8proc_category(cp);
    if (category == UTF8PROC_CATEGORY_ZS)
        return ' ';
    if (category == UTF8PROC_CATEGORY_PD)
        return '-';
    return category == UTF8PROC_CATEGORY_ND ? digit_of(cp) : NOTHING;
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
    uint8_t bytes[4 * CLUSTER_MAX * EXPANSION_MAX];
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
    utf8proc_int32_t cps[CLUSTER_MAX * EXPANSION_MAX];
    utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    utf8proc_ssize_t made;
    size_t count = 0;
    int boundary = 0;

    for (size_t i = 0; i < n; i++) {
        made = utf8proc_decompose_char(in[i], cps + count, (utf8proc_ssize_t)(ST_LEN(cps) - count),
                                       m->is_folding ? options | UTF8PROC_CASEFOLD : options, &boundary);
        if (made < 0 || (size_t)made > ST_LEN(cps) - count)
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
    if (n == 1 && is_stable(cps[0]) && !m->is_folding) {
        st_buf_put(&m->text, m->p, raw_n);
        flt_build_copy(&m->build, raw_n);
    } else {
        put_cluster(m, cps, n, raw_n);
    }
    m->p += raw_n;
}

/* ---- ASCII ----------------------------------------------------------------------------------------------------- */

#define EACH(byte) ((uint64_t)(byte)*0x0101010101010101u)

#define HAS(w, byte) ((((w) ^ EACH(byte)) - EACH(0x01)) & ~((w) ^ EACH(byte)) & EACH(0x80))

/* Past the bytes that stay as they are; with fold, upper case does not. It stops where an escape may begin. */
static const uint8_t *plain_run(const uint8_t *p, const uint8_t *end, bool is_folding)
{
    while (end - p >= 8) {
        uint64_t w;

        memcpy(&w, p, sizeof w);
        if ((w | (w - EACH(0x20)) | (w + EACH(0x01))) & EACH(0x80)) { /* not ASCII, a control, or DEL */
            size_t i = 0;

            while (i < 8 && p[i] < 0x80 && !is_dropped_control(p[i]))
                i++;
            if (i < 8 || is_folding)
                break;
        } else if (is_folding) {
            break;
        }
        if (HAS(w, '%') | HAS(w, '\\') | HAS(w, '&') | HAS(w, '<'))
            break;
        p += 8;
    }
    while (p < end && *p < 0x80 && !is_dropped_control(*p) && !(is_folding && *p >= 'A' && *p <= 'Z') &&
           !flt_escape_may_begin(*p))
        p++;
    return p;
}

/* ASCII up to the next character of interest; the last byte before a mark is left to its cluster. */
static void take_ascii(struct maker *m)
{
    const uint8_t *stop = plain_run(m->p + 1, m->end, m->is_folding); /* an escape at m->p was none */

    if (stop < m->end && *stop >= 0x80 && stop > m->p) {
        utf8proc_int32_t cp;

        take(stop, m->end, &cp);
        stop -= joins(cp) && !is_unseen(cp);
    }
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
    size_t raw_n = flt_escape(m->p, m->end, &cp);

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

static void make(struct maker *m)
{
    while (m->p < m->end && m->text.failed == ST_E_NONE) {
        uint8_t c = *m->p;

        if (flt_escape_may_begin(c) && take_escape(m))
            continue;
        if (c >= 0x80 || is_dropped_control(c) || next_joins(m))
            take_cluster(m);
        else if (m->is_folding && c >= 'A' && c <= 'Z')
            take_upper(m);
        else
            take_ascii(m);
    }
}

/* ---- look-alikes ----------------------------------------------------------------------------------------------- */

/* Letters that most fonts draw like a Latin one; small on purpose, it decides about tokens and not about prose. */
static const struct {
    uint16_t cp;
    char latin;
} look_alikes[] = {
    { 0x0391, 'A' }, { 0x0392, 'B' }, { 0x0395, 'E' }, { 0x0396, 'Z' }, { 0x0397, 'H' }, { 0x0399, 'I' },
    { 0x039A, 'K' }, { 0x039C, 'M' }, { 0x039D, 'N' }, { 0x039F, 'O' }, { 0x03A1, 'P' }, { 0x03A4, 'T' },
    { 0x03A5, 'Y' }, { 0x03A7, 'X' }, { 0x03B1, 'a' }, { 0x03B9, 'i' }, { 0x03BA, 'k' }, { 0x03BD, 'v' },
    { 0x03BF, 'o' }, { 0x03C1, 'p' }, { 0x03C5, 'u' }, { 0x03C7, 'x' }, { 0x0405, 'S' }, { 0x0406, 'I' },
    { 0x0408, 'J' }, { 0x0410, 'A' }, { 0x0412, 'B' }, { 0x0415, 'E' }, { 0x041A, 'K' }, { 0x041C, 'M' },
    { 0x041D, 'H' }, { 0x041E, 'O' }, { 0x0420, 'P' }, { 0x0421, 'C' }, { 0x0422, 'T' }, { 0x0423, 'Y' },
    { 0x0425, 'X' }, { 0x0430, 'a' }, { 0x0433, 'r' }, { 0x0435, 'e' }, { 0x043A, 'k' }, { 0x043C, 'm' },
    { 0x043E, 'o' }, { 0x043F, 'n' }, { 0x0440, 'p' }, { 0x0441, 'c' }, { 0x0442, 't' }, { 0x0443, 'y' },
    { 0x0445, 'x' }, { 0x0455, 's' }, { 0x0456, 'i' }, { 0x0458, 'j' }, { 0x0475, 'v' }, { 0x04AE, 'Y' },
    { 0x04BA, 'h' }, { 0x04BB, 'h' }, { 0x04C0, 'I' }, { 0x04CF, 'l' }, { 0x0501, 'd' }, { 0x050C, 'G' },
    { 0x051A, 'Q' }, { 0x051B, 'q' }, { 0x051C, 'W' }, { 0x051D, 'w' },
};

static int look_alike(uint32_t cp)
{
    size_t low = 0, high = ST_LEN(look_alikes);

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (look_alikes[mid].cp == cp)
            return look_alikes[mid].latin;
        if (look_alikes[mid].cp < cp)
            low = mid + 1;
        else
            high = mid;
    }
    return NOTHING;
}

static bool is_token_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* A run of token bytes and two-byte letters from p on; counts both, *all_alike: every letter has a Latin twin. */
static const uint8_t *token_run(const uint8_t *p, const uint8_t *end, size_t *ascii, size_t *letters, bool *all_alike)
{
    *ascii = *letters = 0;
    *all_alike = true;
    while (p < end) {
        if (is_token_byte(*p)) {
            ++*ascii;
            p++;
        } else if (*p >= 0xC3 && *p <= 0xDF && end - p > 1) {
            ++*letters;
            *all_alike = *all_alike && look_alike((uint32_t)(*p & 0x1F) << 6 | (p[1] & 0x3F)) != NOTHING;
            p += 2;
        } else {
            break;
        }
    }
    return p;
}

/* Writes the Latin twins of a run over the text; answers the new end. */
static uint8_t *write_twins(const uint8_t *p, const uint8_t *end, uint8_t *to, struct flt_build *build)
{
    while (p < end) {
        if (*p < 0x80) {
            *to++ = *p++;
            flt_build_copy(build, 1);
            continue;
        }
        *to++ = (uint8_t)look_alike((uint32_t)(*p & 0x1F) << 6 | (p[1] & 0x3F));
        flt_build_unit(build, 1, 2);
        p += 2;
    }
    return to;
}

/* A layer of its own over the first one: in place, since twins are shorter. *any: something was replaced. */
static size_t fold_look_alikes(uint8_t *text, size_t n, struct flt_build *build, bool *any)
{
    const uint8_t *p = text, *end = text + n;
    uint8_t *to = text;

    while (p < end) {
        size_t ascii, letters;
        bool all_alike;
        const uint8_t *stop = token_run(p, end, &ascii, &letters, &all_alike);

        if (letters > 0 && ascii > 0 && all_alike) {
            to = write_twins(p, stop, to, build);
            *any = true;
            p = stop;
            continue;
        }
        while (stop < end && !is_token_byte(*stop) && !(*stop >= 0xC3 && *stop <= 0xDF))
            stop++;
        memmove(to, p, (size_t)(stop - p));
        flt_build_copy(build, (size_t)(stop - p));
        to += stop - p;
        p = stop;
    }
    return (size_t)(to - text);
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
    n = m->text.n > 0 ? fold_look_alikes(m->text.p, m->text.n, &m->build, &any) : 0;
    if (any && flt_build_done(&m->build, map, 0, FLT_LAYER_RAW, &map, err) != ST_OK)
        return ST_ERR;
    *out = (struct flt_view){ text, map };
    if (!any && !m->is_changed)
        return ST_OK;
    out->text.n = n;
    if ((out->text.p = st_arena_dup(arena, m->text.p, n)) == NULL)
        return st_arena_fail(arena, err, "filters.normalise");
    return ST_OK;
}

enum st_rc flt_normalise(struct st_arena *arena, struct st_span text, enum flt_case fold, struct flt_view *out,
                         struct st_err *err)
{
    struct maker m = { .p = text.p, .is_folding = fold == FLT_CASE_FOLD };
    enum st_rc rc;

    *out = (struct flt_view){ text, NULL };
    if (text.n == 0)
        return ST_OK;
    if (text.n > UINT32_MAX / EXPANSION_MAX)
        return st_fail(err, ST_E_LIMIT, "filters.normalise", "text", text.n);
    m.end = text.p + text.n;
    if (plain_run(m.p, m.end, m.is_folding) == m.end)
        return ST_OK;
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
