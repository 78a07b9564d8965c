/* SPDX-License-Identifier: Apache-2.0 */
/* slow_decode - each layer of a field's map, taken off byte by byte: what the codecs are held against. */
#ifndef STOA_TESTS_FILTERS_SLOW_DECODE_H
#define STOA_TESTS_FILTERS_SLOW_DECODE_H
#include "filters/decode.h"
#include "t.h"

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

        while (k < 10 && !st_span_starts(st_span_sub(s, i, s.n), st_span_str(names[k])))
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
#endif
