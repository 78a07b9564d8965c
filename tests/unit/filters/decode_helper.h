/* SPDX-License-Identifier: Apache-2.0 */
/* decode_helper - a decoded message in one line, and the property every decoder must keep: re-decoding the bytes that
 * a map points at gives the text again. The re-decoder is written apart from the code under test, and slowly. */
#ifndef STOA_TESTS_FILTERS_DECODE_HELPER_H
#define STOA_TESTS_FILTERS_DECODE_HELPER_H
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/decode.h"
#include "t.h"

#define ARENA_MAX (64u << 20)

static inline struct st_span text_span(const char *s)
{
    return st_span(s, strlen(s));
}

static inline struct flt_doc *decode_in(struct st_arena *arena, const struct flt_input *in)
{
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_decode(arena, in, &doc, &err), err);
    return doc;
}

static inline struct flt_doc *decode_as(struct st_arena *arena, const char *type, struct st_span body)
{
    struct flt_input in = { .body = body, .content_type = text_span(type), .plain_limit = 8u << 20 };

    return decode_in(arena, &in);
}

static inline const struct flt_field *field_at(const struct flt_doc *doc, const char *path)
{
    for (size_t i = 0; i < doc->n; i++) {
        if (st_span_eq(doc->fields[i].path, text_span(path)))
            return &doc->fields[i];
    }
    return NULL;
}

static inline bool has_field(const struct flt_doc *doc, const char *path, const char *text)
{
    for (size_t i = 0; i < doc->n; i++) {
        if (st_span_eq(doc->fields[i].path, text_span(path)) && st_span_eq(doc->fields[i].text, text_span(text)))
            return true;
    }
    return false;
}

/* "path=text|path=text", for tables. */
static inline const char *show(const struct flt_doc *doc)
{
    static char line[4096];
    size_t n = 0;

    line[0] = 0;
    for (size_t i = 0; i < doc->n && n < sizeof line - 1; i++) {
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%.*s=%.*s", i == 0 ? "" : "|", (int)doc->fields[i].path.n,
                              (const char *)doc->fields[i].path.p, (int)doc->fields[i].text.n,
                              (const char *)doc->fields[i].text.p);
    }
    return line;
}

/* ---- the slow way back ---- */

static inline void put_code(struct st_buf *out, unsigned cp)
{
    if (cp < 0x80) {
        st_buf_byte(out, (uint8_t)cp);
    } else if (cp < 0x800) {
        st_buf_byte(out, (uint8_t)(0xC0 + cp / 64));
        st_buf_byte(out, (uint8_t)(0x80 + cp % 64));
    } else if (cp < 0x10000) {
        st_buf_byte(out, (uint8_t)(0xE0 + cp / 4096));
        st_buf_byte(out, (uint8_t)(0x80 + cp / 64 % 64));
        st_buf_byte(out, (uint8_t)(0x80 + cp % 64));
    } else {
        st_buf_byte(out, (uint8_t)(0xF0 + cp / 262144));
        st_buf_byte(out, (uint8_t)(0x80 + cp / 4096 % 64));
        st_buf_byte(out, (uint8_t)(0x80 + cp / 64 % 64));
        st_buf_byte(out, (uint8_t)(0x80 + cp % 64));
    }
}

static inline unsigned slow_hex(const uint8_t *p, int n)
{
    char digits[5] = "";

    memcpy(digits, p, (size_t)n);
    return (unsigned)strtoul(digits, NULL, 16);
}

static inline void slow_json(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n;) {
        const char *at;

        if (s.p[i] != '\\') {
            st_buf_byte(out, s.p[i++]);
        } else if (s.p[i + 1] == 'u') {
            unsigned cp = slow_hex(s.p + i + 2, 4);

            i += 6;
            if (cp >= 0xD800 && cp < 0xDC00 && i + 6 <= s.n && s.p[i] == '\\' && s.p[i + 1] == 'u' &&
                slow_hex(s.p + i + 2, 4) >= 0xDC00 && slow_hex(s.p + i + 2, 4) < 0xE000) {
                cp = 0x10000 + (cp - 0xD800) * 1024 + slow_hex(s.p + i + 2, 4) - 0xDC00;
                i += 6;
            } else if (cp >= 0xD800 && cp < 0xE000) {
                cp = 0xFFFD;
            }
            put_code(out, cp);
        } else {
            at = strchr("b\bf\fn\nr\rt\t", s.p[i + 1]);
            st_buf_byte(out, at != NULL && s.p[i + 1] >= 'a' ? (uint8_t)at[1] : s.p[i + 1]);
            i += 2;
        }
    }
}

static inline void slow_percent(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' && i + 2 < s.n && strchr("0123456789abcdefABCDEF", s.p[i + 1]) != NULL && s.p[i + 1] != 0 &&
            strchr("0123456789abcdefABCDEF", s.p[i + 2]) != NULL && s.p[i + 2] != 0) {
            st_buf_byte(out, (uint8_t)slow_hex(s.p + i + 1, 2));
            i += 2;
        } else {
            st_buf_byte(out, s.p[i] == '+' ? ' ' : s.p[i]);
        }
    }
}

static inline void slow_utf16(struct st_span s, bool is_big, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i += 2) {
        unsigned unit =
            i + 1 < s.n ? (unsigned)s.p[i + !is_big] * 256 + s.p[i + is_big] : 0xFFFD; /* the high byte first */

        if (unit >= 0xD800 && unit < 0xDC00 && i + 3 < s.n) {
            unsigned low = (unsigned)s.p[i + 2 + !is_big] * 256 + s.p[i + 2 + is_big];

            if (low >= 0xDC00 && low < 0xE000) {
                unit = 0x10000 + (unit - 0xD800) * 1024 + low - 0xDC00;
                i += 2;
            }
        }
        put_code(out, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
    }
}

static inline void slow_single(struct st_span s, bool is_cp1252, struct st_buf *out)
{
    static const char *const high[] = { "€",        "\xC2\x81", "‚", "ƒ", "„", "…",        "†", "‡",
                                        "ˆ",        "‰",        "Š", "‹", "Œ", "\xC2\x8D", "Ž", "\xC2\x8F",
                                        "\xC2\x90", "‘",        "’", "“", "”", "•",        "–", "—",
                                        "˜",        "™",        "š", "›", "œ", "\xC2\x9D", "ž", "Ÿ" };

    for (size_t i = 0; i < s.n; i++) {
        if (is_cp1252 && s.p[i] >= 0x80 && s.p[i] < 0xA0)
            st_buf_str(out, high[s.p[i] - 0x80]);
        else
            put_code(out, s.p[i]);
    }
}

static inline void slow_xml(struct st_span s, struct st_buf *out)
{
    static const char *const names[] = { "&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", "\"", "&apos;", "'" };

    for (size_t i = 0; i < s.n;) {
        size_t k = 0;

        while (k < 10 && !st_span_starts(st_span_sub(s, i, s.n), text_span(names[k])))
            k += 2;
        if (k < 10) {
            st_buf_str(out, names[k + 1]);
            i += strlen(names[k]);
        } else if (s.p[i] == '&') {
            char digits[16] = "";
            size_t n = st_span_chr(st_span_sub(s, i, s.n), ';');

            memcpy(digits, s.p + i + 2, n - 2);
            put_code(out, (unsigned)strtoul(digits + (digits[0] == 'x'), NULL, digits[0] == 'x' ? 16 : 10));
            i += n + 1;
        } else {
            st_buf_byte(out, s.p[i++]);
        }
    }
}

static inline void slow_twice(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i += s.p[i] < 0x80 ? 1 : 2)
        st_buf_byte(out, s.p[i] < 0x80 ? s.p[i] : (uint8_t)((s.p[i] & 3) * 64 + (s.p[i + 1] & 63)));
}

static inline void slow_slashed(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (i + 2 < s.n && s.p[i] == '\\' && s.p[i + 1] == '\\' && s.p[i + 2] == 'n')
            continue; /* the first of two */
        if (i + 1 < s.n && s.p[i] == '\\' && s.p[i + 1] == 'n' && (i == 0 || s.p[i - 1] != '\\')) {
            st_buf_byte(out, '\n');
            i++;
        } else {
            st_buf_byte(out, s.p[i]);
        }
    }
}

static inline void slow_layer(enum flt_layer layer, struct st_span s, struct st_buf *out)
{
    switch (layer) {
    case FLT_LAYER_JSON: slow_json(s, out); break;
    case FLT_LAYER_PERCENT: slow_percent(s, out); break;
    case FLT_LAYER_UTF16LE:
    case FLT_LAYER_UTF16BE: slow_utf16(s, layer == FLT_LAYER_UTF16BE, out); break;
    case FLT_LAYER_LATIN1:
    case FLT_LAYER_CP1252: slow_single(s, layer == FLT_LAYER_CP1252, out); break;
    case FLT_LAYER_XML: slow_xml(s, out); break;
    case FLT_LAYER_TWICE: slow_twice(s, out); break;
    case FLT_LAYER_SLASHED: slow_slashed(s, out); break;
    case FLT_LAYER_CDATA:
    case FLT_LAYER_RAW:
    case FLT_LAYER_NUMBER:
    case FLT_LAYER_HTML:
    case FLT_LAYER_HEADER:
    case FLT_LAYER_FIXED: st_buf_span(out, s); break;
    }
}

static inline void slow_decode(const struct flt_map *map, struct st_span raw, struct st_buf *out)
{
    struct st_buf inner;

    st_buf_init(&inner, 16u << 20);
    if (map->up != NULL)
        slow_decode(map->up, raw, &inner);
    else
        st_buf_span(&inner, raw);
    slow_layer(map->layer, st_buf_view(&inner), out);
    st_buf_fini(&inner);
}

/* Bytes that are not UTF-8 are question marks in a text: equal but for those. */
static inline bool same_but_bad_bytes(struct st_span text, struct st_span again)
{
    if (text.n != again.n)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != again.p[i] && !(text.p[i] == '?' && again.p[i] >= 0x80))
            return false;
    }
    return true;
}

static inline void check_range(const struct flt_doc *doc, const struct flt_field *field, size_t from, size_t to)
{
    uint32_t raw_from = (uint32_t)from, raw_to = (uint32_t)to;
    struct st_span whole = field->place == FLT_IN_QUERY ? doc->query : doc->plain;
    struct st_buf again;

    flt_map_range(field->map, NULL, &raw_from, &raw_to);
    T_CHECK(raw_from <= raw_to && raw_to <= whole.n, "%zu..%zu maps to %u..%u of %zu", from, to, raw_from, raw_to,
            whole.n);
    st_buf_init(&again, 16u << 20);
    slow_decode(field->map, st_span_sub(whole, raw_from, raw_to - raw_from), &again);
    T_CHECK(same_but_bad_bytes(st_span_sub(field->text, from, to - from), st_buf_view(&again)),
            "field %.*s: %zu..%zu maps to %u..%u, which reads otherwise", (int)field->path.n,
            (const char *)field->path.p, from, to, raw_from, raw_to);
    st_buf_fini(&again);
}

static inline size_t to_boundary(struct st_span s, size_t at)
{
    while (at < s.n && (s.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Every field is valid UTF-8, and every cut of it (or many, when it is long) maps back. */
static inline void check_maps(const struct flt_doc *doc)
{
    for (size_t i = 0; i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];
        struct st_span text = field->text;

        T_CHECK(flt_utf8_good(text) == text.n, "field %zu is not UTF-8", i);
        T_CHECK(flt_utf8_good(field->path) == field->path.n, "path %zu is not UTF-8", i);
        T_CHECK(field->map != NULL, "field %zu has no map", i);
        T_CHECK((field->depth > 0 || text.n == 0) && field->depth <= FLT_CHAIN_MAX, "field %zu has depth %u", i,
                field->depth);
        if (st_span_ends(field->path, ST_SPAN("@seen"))) /* stands for all it was seen in */
            continue;
        check_range(doc, field, 0, text.n);
        for (size_t j = 0; j < 16 && text.n > 0; j++) {
            size_t a = to_boundary(text, text.n <= 16 ? j % text.n : t_below(text.n));
            size_t b = to_boundary(text, a + t_below(text.n - a + 1));

            check_range(doc, field, a, b);
        }
    }
}
#endif
