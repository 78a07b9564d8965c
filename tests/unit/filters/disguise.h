/* SPDX-License-Identifier: Apache-2.0 */
/* disguise - ways to write a value so that a filter may not see it, for evasion_test.c.
 *
 * Each takes a value and writes it in disguise. What the reader of the other side does with it is known for each: a
 * browser, a shell, a decoder in a menu, or the eye. Those that nobody but an accomplice reads (rot13, reversal) are
 * here too, so that the table says what is not found.
 */
#ifndef STOA_TESTS_UNIT_FILTERS_DISGUISE_H
#define STOA_TESTS_UNIT_FILTERS_DISGUISE_H
#include "base/buf.h"
#include <ctype.h>
#include <string.h>
#include <zlib.h>

/* ---- each byte in its own way ------------------------------------------------------------------------------------ */

static void each(struct st_span s, struct st_buf *out, const char *fmt)
{
    for (size_t i = 0; i < s.n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        st_buf_fmt(out, fmt, s.p[i]);
#pragma GCC diagnostic pop
    }
}

static void percent_all(struct st_span s, struct st_buf *out)
{
    each(s, out, "%%%02X");
}
static void percent_twice(struct st_span s, struct st_buf *out)
{
    each(s, out, "%%25%02x");
}
static void percent_thrice(struct st_span s, struct st_buf *out)
{
    each(s, out, "%%2525%02X");
}
static void percent_u(struct st_span s, struct st_buf *out)
{
    each(s, out, "%%u%04X");
}
static void escape_u(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\u%04x");
}
static void escape_braces(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\u{%x}");
}
static void escape_x(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\x%02x");
}
static void escape_octal(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\%03o");
}
static void entity_decimal(struct st_span s, struct st_buf *out)
{
    each(s, out, "&#%u;");
}
static void entity_hex(struct st_span s, struct st_buf *out)
{
    each(s, out, "&#x%x;");
}
static void entity_twice(struct st_span s, struct st_buf *out)
{
    each(s, out, "&amp;#%u;");
}
static void qp_all(struct st_span s, struct st_buf *out)
{
    each(s, out, "=%02X");
}

static void qp_folded(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (i > 0 && i % 7 == 0)
            st_buf_str(out, "=\r\n");
        if (s.p[i] == '=')
            st_buf_str(out, "=3D");
        else
            st_buf_byte(out, s.p[i]);
    }
}

static void form_quoted(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ')
            st_buf_byte(out, '+');
        else if (isalnum(s.p[i]))
            st_buf_byte(out, s.p[i]);
        else
            st_buf_fmt(out, "%%%02X", s.p[i]);
    }
}

/* ---- between the characters -------------------------------------------------------------------------------------- */

static void between(struct st_span s, struct st_buf *out, size_t every, const char *what)
{
    for (size_t i = 0; i < s.n; i++) {
        if (i > 0 && i % every == 0)
            st_buf_str(out, what);
        st_buf_byte(out, s.p[i]);
    }
}

static void halves(struct st_span s, struct st_buf *out, const char *what)
{
    between(s, out, s.n / 2 + s.n % 2, what);
}

#define BETWEEN(name, every, what)                         \
    static void name(struct st_span s, struct st_buf *out) \
    {                                                      \
        between(s, out, every, what);                      \
    }
#define HALVES(name, what)                                 \
    static void name(struct st_span s, struct st_buf *out) \
    {                                                      \
        halves(s, out, what);                              \
    }
BETWEEN(zero_width, 1, "\u200b")
BETWEEN(word_joiner, 3, "\u2060")
BETWEEN(soft_hyphen, 2, "\u00ad")
BETWEEN(bidi_marks, 4, "\u202d")
BETWEEN(tag_characters, 2, "\U000E0041")
BETWEEN(combining, 1, "\u0332")
BETWEEN(variation, 1, "\ufe0f")
BETWEEN(each_space, 1, " ")
BETWEEN(each_dot, 1, ".")
BETWEEN(each_dash, 1, "-")
BETWEEN(each_comma, 1, ", ")
BETWEEN(groups_space, 4, " ")
BETWEEN(groups_nbsp, 4, "\u00a0")
BETWEEN(groups_underscore, 4, "_")
BETWEEN(groups_slash, 4, "/")
BETWEEN(groups_en_dash, 4, "\u2013")
BETWEEN(groups_semicolon, 4, ";")
BETWEEN(groups_middle_dot, 4, "\u00b7")
BETWEEN(groups_spaced_dash, 4, " - ")
BETWEEN(folded, 10, "\r\n ")
BETWEEN(bold, 4, "**")
HALVES(newline_middle, "\n")
HALVES(tag_inside, "<b></b>")
HALVES(span_inside, "<span class=\"x\">")
HALVES(comment_inside, "<!-- x -->")
HALVES(backtick_inside, "`")
HALVES(concat_plus, "\" + \"")
HALVES(concat_dot, "' . '")
HALVES(concat_line, "\" +\n      \"")
BETWEEN(array_join, 5, "\",\"")

/* ---- other letters ----------------------------------------------------------------------------------------------- */

static void put_cp(struct st_buf *out, uint32_t cp)
{
    uint8_t utf8[4];

    st_buf_put(out, utf8, st_utf8_put(cp, utf8));
}

static void full_width(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, s.p[i] > ' ' && s.p[i] < 0x7F ? s.p[i] - '!' + 0xFF01u : s.p[i]);
}

static void digits_from(struct st_span s, struct st_buf *out, uint32_t zero)
{
    for (size_t i = 0; i < s.n; i++)
        put_cp(out, isdigit(s.p[i]) ? zero + s.p[i] - '0' : s.p[i]);
}
static void arabic_digits(struct st_span s, struct st_buf *out)
{
    digits_from(s, out, 0x660);
}
static void bold_digits(struct st_span s, struct st_buf *out)
{
    digits_from(s, out, 0x1D7CE);
}

static void keycaps(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        st_buf_byte(out, s.p[i]);
        if (isdigit(s.p[i]))
            st_buf_str(out, "\ufe0f\u20e3");
    }
}

static void homoglyphs(struct st_span s, struct st_buf *out)
{
    static const char latin[] = "AEOPCTXaeopcx";
    static const uint16_t twin[] = { 0x410, 0x415, 0x41E, 0x420, 0x421, 0x422, 0x425,
                                     0x430, 0x435, 0x43E, 0x440, 0x441, 0x445 };

    for (size_t i = 0; i < s.n; i++) {
        const char *at = strchr(latin, s.p[i]);

        put_cp(out, at != NULL ? twin[at - latin] : s.p[i]);
    }
}

/* ---- encodings --------------------------------------------------------------------------------------------------- */

static void bits(struct st_span s, struct st_buf *out, unsigned width, const char *digits)
{
    uint32_t value = 0;
    unsigned have = 0;

    for (size_t i = 0; i < s.n; i++) {
        value = (value << 8 | s.p[i]) & 0xFFFF;
        for (have += 8; have >= width; have -= width)
            st_buf_byte(out, (uint8_t)digits[value >> (have - width) & ((1u << width) - 1)]);
    }
    if (have > 0)
        st_buf_byte(out, (uint8_t)digits[value << (width - have) & ((1u << width) - 1)]);
}

static void base64(struct st_span s, struct st_buf *out)
{
    bits(s, out, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    st_buf_str(out, &"==="[3 - (3 - s.n % 3) % 3]);
}

static void base64_url(struct st_span s, struct st_buf *out)
{
    bits(s, out, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static void through(struct st_span s, struct st_buf *out, const char *before,
                    void (*first)(struct st_span, struct st_buf *), void (*second)(struct st_span, struct st_buf *))
{
    struct st_buf mid;

    st_buf_init(&mid, 1 << 20);
    st_buf_str(&mid, before);
    if (first != NULL)
        first(s, &mid);
    else
        st_buf_span(&mid, s);
    second(st_buf_view(&mid), out);
    st_buf_fini(&mid);
}

static void base64_shift1(struct st_span s, struct st_buf *out)
{
    through(s, out, "x", NULL, base64);
}
static void base64_shift2(struct st_span s, struct st_buf *out)
{
    through(s, out, "xy", NULL, base64);
}
static void base64_twice(struct st_span s, struct st_buf *out)
{
    through(s, out, "", base64, base64);
}
static void base64_thrice(struct st_span s, struct st_buf *out)
{
    through(s, out, "", base64_twice, base64);
}
static void base64_attached(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "x");
    base64(s, out);
}

static void fold_76(struct st_span s, struct st_buf *out)
{
    between(s, out, 76, "\r\n");
}
static void base64_wrapped(struct st_span s, struct st_buf *out)
{
    through(s, out, "This letter is long enough to be folded by whatever mail program it goes through. ", base64,
            fold_76);
}
static void base64_narrow(struct st_span s, struct st_buf *out)
{
    struct st_buf mid;

    st_buf_init(&mid, 1 << 16);
    base64(s, &mid);
    between(st_buf_view(&mid), out, 24, "\n");
    st_buf_fini(&mid);
}

static void deflated(struct st_span s, struct st_buf *out, int bits_of)
{
    uint8_t room[8192];
    z_stream z = {
        .next_in = (uint8_t *)(uintptr_t)s.p, .avail_in = (unsigned)s.n, .next_out = room, .avail_out = sizeof room
    };

    if (deflateInit2(&z, 9, Z_DEFLATED, bits_of, 8, Z_DEFAULT_STRATEGY) == Z_OK &&
        deflate(&z, Z_FINISH) == Z_STREAM_END)
        st_buf_put(out, room, z.total_out);
    (void)deflateEnd(&z);
}
static void gzipped(struct st_span s, struct st_buf *out)
{
    deflated(s, out, 15 + 16);
}
static void zlibbed(struct st_span s, struct st_buf *out)
{
    deflated(s, out, 15);
}
static void base64_gzip(struct st_span s, struct st_buf *out)
{
    through(s, out, "", gzipped, base64);
}
static void base64_zlib(struct st_span s, struct st_buf *out)
{
    through(s, out, "", zlibbed, base64);
}
static void data_url(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "data:text/plain;base64,");
    base64(s, out);
}

static void hex_plain(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02x");
}
static void hex_spaced(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02X ");
}
static void hex_colons(struct st_span s, struct st_buf *out)
{
    each(s, out, "%02x:");
}
static void hex_prefixed(struct st_span s, struct st_buf *out)
{
    each(s, out, "0x%02x, ");
}
static void base32(struct st_span s, struct st_buf *out)
{
    bits(s, out, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    while (out->n % 8 != 0)
        st_buf_byte(out, '=');
}

static void ascii85(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "<~");
    for (size_t i = 0; i < s.n; i += 4) {
        size_t n = s.n - i < 4 ? s.n - i : 4;
        uint32_t value = 0;
        uint8_t digits[5];

        for (size_t k = 0; k < 4; k++)
            value = value << 8 | (k < n ? s.p[i + k] : 0);
        for (int k = 4; k >= 0; k--, value /= 85)
            digits[k] = (uint8_t)('!' + value % 85);
        st_buf_put(out, digits, n + 1);
    }
    st_buf_str(out, "~>");
}

static void utf16(struct st_span s, struct st_buf *out, bool is_big)
{
    for (size_t i = 0; i < s.n; i++) {
        st_buf_byte(out, is_big ? 0 : s.p[i]);
        st_buf_byte(out, is_big ? s.p[i] : 0);
    }
}
static void utf16_le(struct st_span s, struct st_buf *out)
{
    utf16(s, out, false);
}
static void utf16_be(struct st_span s, struct st_buf *out)
{
    utf16(s, out, true);
}
static void base64_utf16(struct st_span s, struct st_buf *out)
{
    through(s, out, "", utf16_le, base64);
}

/* ---- what only an accomplice reads ------------------------------------------------------------------------------- */

static void reversed(struct st_span s, struct st_buf *out)
{
    for (size_t i = s.n; i > 0; i--)
        st_buf_byte(out, s.p[i - 1]);
}

static void rot13(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], low = c | 0x20;

        st_buf_byte(out, !isalpha(c) ? c : (uint8_t)(low < 'n' ? c + 13 : c - 13));
    }
}

static void spelled(struct st_span s, struct st_buf *out)
{
    static const char *const words[] = {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };

    for (size_t i = 0; i < s.n; i++) {
        if (isdigit(s.p[i]))
            st_buf_fmt(out, " %s ", words[s.p[i] - '0']);
        else
            st_buf_fmt(out, s.p[i] == '@' ? " at " : s.p[i] == '.' ? " dot " : "%c", s.p[i]);
    }
}

/* ---- where it stands --------------------------------------------------------------------------------------------- */

static void plain(struct st_span s, struct st_buf *out)
{
    st_buf_span(out, s);
}
static void in_backticks(struct st_span s, struct st_buf *out)
{
    st_buf_fmt(out, "`%.*s`", (int)s.n, (const char *)s.p);
}
static void in_cdata(struct st_span s, struct st_buf *out)
{
    st_buf_fmt(out, "<a><![CDATA[%.*s]]></a>", (int)s.n, (const char *)s.p);
}
static void in_csv(struct st_span s, struct st_buf *out)
{
    st_buf_fmt(out, "name;value\nanna;\"%.*s\";7", (int)s.n, (const char *)s.p);
}
static void in_brackets(struct st_span s, struct st_buf *out)
{
    st_buf_fmt(out, "[[%.*s]]", (int)s.n, (const char *)s.p);
}
static void in_url_query(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "https://x.test/a?v=");
    form_quoted(s, out);
    st_buf_str(out, "&b=1");
}
static void json_in_json(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "{\\\"v\\\": \\\"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/')
            st_buf_str(out, "\\\\/");
        else if (s.p[i] == '\n')
            st_buf_str(out, "\\\\n");
        else
            st_buf_byte(out, s.p[i]);
    }
    st_buf_str(out, "\\\"}");
}
#endif
