/* SPDX-License-Identifier: Apache-2.0 */
/* charset - bytes become UTF-8, with a map where lengths change.
 *
 * An allow-list and no iconv: its converters are shared objects that glibc loads from disk, which a sandboxed worker
 * cannot do, and the five charsets that browsers still send need one table of 32 entries. A BOM wins over a declared
 * charset, as in browsers; UTF-16 without either is known by its zero bytes. UTF-7 is off by design. What is of an
 * unknown charset is read as ASCII with question marks, and the receipt says so.
 */
#include "base/bytes.h"
#include "filters/decode.h"
#include <string.h>

#define LOOK            1024u
#define ASCII_PAIRS_MIN 6 /* a shorter row is no number */

static const struct {
    const char *label;
    enum flt_charset charset;
} labels[] = {
    { "utf-8", FLT_CHARSET_UTF8 },          { "utf8", FLT_CHARSET_UTF8 },
    { "us-ascii", FLT_CHARSET_CP1252 },     { "ascii", FLT_CHARSET_CP1252 },
    { "utf-16", FLT_CHARSET_UTF16 },        { "utf-16le", FLT_CHARSET_UTF16LE },
    { "utf-16be", FLT_CHARSET_UTF16BE },    { "iso-8859-1", FLT_CHARSET_LATIN1 },
    { "iso8859-1", FLT_CHARSET_LATIN1 },    { "latin1", FLT_CHARSET_LATIN1 },
    { "windows-1252", FLT_CHARSET_CP1252 }, { "cp1252", FLT_CHARSET_CP1252 },
    { "x-cp1252", FLT_CHARSET_CP1252 },     { "x-user-defined", FLT_CHARSET_CP1252 },
};

enum flt_charset flt_charset_find(struct st_span label)
{
    label = st_span_trim(label);
    if (label.n == 0)
        return FLT_CHARSET_NONE;
    for (size_t i = 0; i < ST_LEN(labels); i++) {
        if (st_span_ieq(label, st_span_str(labels[i].label)))
            return labels[i].charset;
    }
    return FLT_CHARSET_UNKNOWN;
}

/* 0x80..0x9F of Windows-1252; the five holes are the C1 controls, as in browsers. */
static const uint16_t cp1252_high[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

static size_t ascii_run(struct st_span s, size_t at)
{
    while (s.n - at >= ST_BYTES_BLOCK && !st_bytes_any_high(s.p + at))
        at += ST_BYTES_BLOCK;
    for (; s.n - at >= ST_BYTES_STEP; at += ST_BYTES_STEP) {
        unsigned high = st_bytes_high(s.p + at);

        if (high != 0)
            return at + st_bytes_first(high);
    }
    while (at < s.n && s.p[at] < 0x80)
        at++;
    return at;
}

size_t flt_utf8_good(struct st_span s)
{
    size_t at = 0, length;

    while ((at = ascii_run(s, at)) < s.n) {
        for (; at < s.n && s.p[at] >= 0x80; at += length) {
            bool is_pair = s.p[at] >= 0xC2 && s.p[at] <= 0xDF && at + 1 < s.n && (s.p[at + 1] & 0xC0) == 0x80;

            if ((length = is_pair ? 2 : st_span_utf8(st_span_sub(s, at, s.n))) == 0)
                return at;
        }
    }
    return at;
}

void flt_utf8_mend(uint8_t *s, size_t n)
{
    for (size_t at = flt_utf8_good(st_span(s, n)); at < n; at += flt_utf8_good(st_span(s + at, n - at)))
        s[at++] = '?';
}

/* 0 when it is not UTF-16, else 'L' or 'B': more than a third of the bytes are zero, and on one side only. */
static char utf16_by_zeros(struct st_span s)
{
    size_t n = s.n < LOOK ? s.n & ~(size_t)1 : LOOK, zeros[2] = { 0, 0 };

    if (n < 4 || memchr(s.p, 0, n) == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        zeros[i & 1] += s.p[i] == 0;
    if (zeros[0] + zeros[1] < n / 3)
        return 0;
    if (zeros[1] > 8 * zeros[0])
        return 'L';
    return zeros[0] > 8 * zeros[1] ? 'B' : 0;
}

static enum flt_charset bom_of(struct st_span s, size_t *n)
{
    static const struct {
        struct st_span bytes;
        enum flt_charset charset;
    } boms[] = {
        { { (const uint8_t *)"\xEF\xBB\xBF", 3 }, FLT_CHARSET_UTF8 },
        { { (const uint8_t *)"\xFF\xFE", 2 }, FLT_CHARSET_UTF16LE },
        { { (const uint8_t *)"\xFE\xFF", 2 }, FLT_CHARSET_UTF16BE },
    };

    *n = 0;
    for (size_t i = 0; i < ST_LEN(boms); i++) {
        if (st_span_starts(s, boms[i].bytes)) {
            *n = boms[i].bytes.n;
            return boms[i].charset;
        }
    }
    return FLT_CHARSET_NONE;
}

bool flt_file_is_binary(struct st_span s)
{
    size_t n = s.n < LOOK ? s.n : LOOK;

    if (flt_text_likely(s))
        return false;
    for (size_t i = 0; i < n; i++)
        if (s.p[i] < 0x20 && !(s.p[i] >= '\t' && s.p[i] <= '\r') && s.p[i] != 0x1B)
            return true;
    return false;
}

bool flt_text_likely(struct st_span s)
{
    size_t n = s.n < LOOK ? s.n : LOOK, high = 0, i = 0, bom;

    if (bom_of(s, &bom) != FLT_CHARSET_NONE || utf16_by_zeros(s) != 0)
        return true;
    for (; n - i >= ST_BYTES_STEP; i += ST_BYTES_STEP) {
        if ((st_bytes_in(s.p + i, 0x20, 0xFF) | st_bytes_in(s.p + i, '\t', '\r') | st_bytes_in(s.p + i, 0x1B, 0x1B)) !=
            0xFFFF)
            return false;
        high += (size_t)__builtin_popcount(st_bytes_high(s.p + i));
    }
    for (; i < n; i++) {
        uint8_t c = s.p[i];

        if (c < 0x20 && !(c >= '\t' && c <= '\r') && c != 0x1B)
            return false;
        high += c >= 0x80;
    }
    return high == 0 || flt_utf8_good(st_span_sub(s, 0, n)) + 4 > n || high <= n / 2;
}

/* ---- decoding -------------------------------------------------------------------------------------------------- */

static size_t single_byte(struct flt_dec *dec, struct st_span s, bool is_cp1252, uint8_t *out)
{
    size_t made = 0, n;

    for (size_t at = 0; at < s.n;) {
        size_t run = at;
        uint32_t cp;

        while (run < s.n && s.p[run] < 0x80)
            run++;
        memcpy(out + made, s.p + at, run - at);
        flt_build_copy(&dec->build, run - at);
        made += run - at;
        if ((at = run) == s.n)
            break;
        cp = is_cp1252 && s.p[at] < 0xA0 ? cp1252_high[s.p[at] - 0x80] : s.p[at];
        n = st_utf8_put(cp, out + made);
        flt_build_unit(&dec->build, n, 1);
        made += n;
        at++;
    }
    return made;
}

static uint32_t unit16(const uint8_t *p, bool is_big)
{
    return is_big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static bool is_ascii_pair(const uint8_t *p)
{
    return p[0] >= ' ' && p[0] < 0x7F && p[1] >= ' ' && p[1] < 0x7F;
}

/* Half a pair, and an odd byte at the end, become U+FFFD. */
static size_t utf16(struct flt_dec *dec, struct st_span s, bool is_big, uint8_t *out)
{
    size_t made = 0;

    for (size_t at = 0; at < s.n;) {
        uint32_t cp = 0xFFFD;
        size_t used = s.n - at < 2 ? 1 : 2, n;

        if (used == 2)
            cp = unit16(s.p + at, is_big);
        if (cp >= 0xD800 && cp <= 0xDBFF && s.n - at >= 4) {
            uint32_t low = unit16(s.p + at + 2, is_big);

            if (low >= 0xDC00 && low <= 0xDFFF) {
                cp = 0x10000u + ((cp - 0xD800u) << 10) + (low - 0xDC00u);
                used = 4;
            }
        }
        if (cp >= 0xD800 && cp <= 0xDFFF)
            cp = 0xFFFD;
        n = st_utf8_put(cp, out + made);
        flt_build_unit(&dec->build, n, used);
        made += n;
        at += used;
    }
    return made;
}

/* What in UTF-16 would be a row of ideographs, and to a reader of bytes is plain ASCII: a field of its own. Pairs with
 * a zero byte are the letters that the conversion reads. */
static enum st_rc ascii_in_utf16(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err)
{
    size_t pairs = 0, n = bytes->s.n & ~(size_t)1;
    uint8_t *copy;

    for (size_t i = 0; i < n; i += 2)
        pairs += is_ascii_pair(bytes->s.p + i);
    if (pairs < ASCII_PAIRS_MIN)
        return ST_OK;
    if ((copy = st_arena_dup(dec->arena, bytes->s.p, n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.charset");
    for (size_t i = 0; i < n; i += 2) {
        if (!is_ascii_pair(copy + i))
            copy[i] = copy[i + 1] = ' ';
    }
    return flt_dec_seen(dec, st_span(copy, n), bytes, err);
}

static enum st_rc convert(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_layer layer,
                          struct flt_piece *out, struct st_err *err)
{
    uint8_t *room;

    st_buf_reset(&dec->text);
    flt_build_reset(&dec->build);
    if ((room = st_buf_room(&dec->text, bytes->s.n * 3 + 4)) == NULL)
        return st_buf_done(&dec->text, err, "filters.charset");
    if (layer == FLT_LAYER_UTF16LE || layer == FLT_LAYER_UTF16BE)
        out->s.n = utf16(dec, bytes->s, layer == FLT_LAYER_UTF16BE, room);
    else
        out->s.n = single_byte(dec, bytes->s, layer == FLT_LAYER_CP1252, room);
    if ((out->s.p = st_arena_dup(dec->arena, room, out->s.n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.charset");
    out->base = 0;
    return flt_build_done(&dec->build, bytes->up, bytes->base, layer, &out->up, err);
}

/* What is no UTF-8 in it is lost. */
static enum st_rc lossy(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_layer layer, struct flt_piece *out,
                        struct st_err *err)
{
    uint8_t *copy;

    out->s = bytes->s;
    out->base = 0;
    if (flt_utf8_good(bytes->s) < bytes->s.n) {
        if ((copy = st_arena_dup(dec->arena, bytes->s.p, bytes->s.n)) == NULL)
            return st_arena_fail(dec->arena, err, "filters.charset");
        flt_utf8_mend(copy, bytes->s.n);
        out->s.p = copy;
    }
    return flt_map_cut(dec->arena, bytes->up, bytes->base, layer, &out->up, err);
}

static bool has_high_byte(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 0x80)
            return true;
    }
    return false;
}

/* Many readers do not look at the label. So text that is UTF-8 and hardly anything else is read as such: with a
 * character of several bytes it is no Latin-1, without zero bytes no UTF-16. */
static bool is_mislabelled(struct st_span s, enum flt_charset declared, bool is_utf8)
{
    bool is_wide = declared == FLT_CHARSET_UTF16 || declared == FLT_CHARSET_UTF16LE || declared == FLT_CHARSET_UTF16BE;

    if (declared == FLT_CHARSET_NONE || declared == FLT_CHARSET_UNKNOWN || !is_utf8)
        return false;
    return is_wide ? s.n > 0 && memchr(s.p, 0, s.n) == NULL : has_high_byte(s);
}

static enum flt_charset guess(struct st_span s, enum flt_charset declared, bool is_utf8)
{
    char order;

    if (is_mislabelled(s, declared, is_utf8))
        declared = FLT_CHARSET_UTF8;
    if (declared == FLT_CHARSET_UTF16)
        return utf16_by_zeros(s) == 'L' ? FLT_CHARSET_UTF16LE : FLT_CHARSET_UTF16BE;
    if (declared != FLT_CHARSET_NONE && declared != FLT_CHARSET_UTF8)
        return declared;
    if ((order = utf16_by_zeros(s)) != 0)
        return order == 'L' ? FLT_CHARSET_UTF16LE : FLT_CHARSET_UTF16BE;
    if (declared == FLT_CHARSET_NONE && !is_utf8 && flt_text_likely(s))
        return FLT_CHARSET_CP1252;
    return FLT_CHARSET_UTF8;
}

enum st_rc flt_charset_decode(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_charset declared,
                              struct flt_piece *out, struct st_err *err)
{
    size_t bom = 0;
    enum flt_charset charset = bom_of(bytes->s, &bom);
    struct flt_piece rest = flt_piece_sub(bytes, bom, bytes->s.n - bom);
    bool is_utf8 = flt_utf8_good(rest.s) == rest.s.n;

    if (charset == FLT_CHARSET_NONE)
        charset = guess(bytes->s, declared, is_utf8);
    switch (charset) {
    case FLT_CHARSET_UTF16LE:
    case FLT_CHARSET_UTF16BE:
        if (ascii_in_utf16(dec, &rest, err) != ST_OK)
            return ST_ERR;
        return convert(dec, &rest, charset == FLT_CHARSET_UTF16LE ? FLT_LAYER_UTF16LE : FLT_LAYER_UTF16BE, out, err);
    case FLT_CHARSET_LATIN1:
    case FLT_CHARSET_CP1252:
        return convert(dec, &rest, charset == FLT_CHARSET_LATIN1 ? FLT_LAYER_LATIN1 : FLT_LAYER_CP1252, out, err);
    case FLT_CHARSET_UNKNOWN:
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_CHARSET);
        return lossy(dec, &rest, FLT_LAYER_FIXED, out, err);
    case FLT_CHARSET_NONE:
    case FLT_CHARSET_UTF8:
    case FLT_CHARSET_UTF16: break;
    }
    *out = rest;
    if (is_utf8)
        return ST_OK;
    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_CHARSET);
    return lossy(dec, &rest, FLT_LAYER_RAW, out, err);
}

/* ---- and back -------------------------------------------------------------------------------------------------- */

static uint32_t take_char(struct st_span *s)
{
    size_t n = st_span_utf8(*s);
    uint32_t cp = n == 0 ? 0xFFFD : n == 1 ? s->p[0] : (uint32_t)s->p[0] & (0x7Fu >> n);

    for (size_t i = 1; i < n; i++)
        cp = cp << 6 | (s->p[i] & 0x3F);
    *s = st_span_sub(*s, n == 0 ? 1 : n, s->n);
    return cp;
}

static void put16(struct st_buf *out, uint32_t unit, bool is_big)
{
    st_buf_byte(out, (uint8_t)(is_big ? unit >> 8 : unit & 0xFF));
    st_buf_byte(out, (uint8_t)(is_big ? unit & 0xFF : unit >> 8));
}

static bool put_single(struct st_buf *out, uint32_t cp, bool is_cp1252)
{
    if (cp < 0x80 || (cp >= 0xA0 && cp <= 0xFF)) {
        st_buf_byte(out, (uint8_t)cp);
        return true;
    }
    for (size_t i = 0; is_cp1252 && i < ST_LEN(cp1252_high); i++) {
        if (cp1252_high[i] == cp) {
            st_buf_byte(out, (uint8_t)(0x80 + i));
            return true;
        }
    }
    return false;
}

bool flt_charset_encode(enum flt_layer layer, struct st_span utf8, struct st_buf *out)
{
    bool is_big = layer == FLT_LAYER_UTF16BE;

    while (utf8.n > 0) {
        uint32_t cp = take_char(&utf8);

        if (layer == FLT_LAYER_LATIN1 || layer == FLT_LAYER_CP1252) {
            if (!put_single(out, cp, layer == FLT_LAYER_CP1252))
                return false;
        } else if (cp < 0x10000) {
            put16(out, cp, is_big);
        } else {
            put16(out, 0xD800u + ((cp - 0x10000u) >> 10), is_big);
            put16(out, 0xDC00u + ((cp - 0x10000u) & 0x3FFu), is_big);
        }
    }
    return true;
}
