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
static void escape_wide(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\U%08x");
}
static void escape_css(struct st_span s, struct st_buf *out)
{
    each(s, out, "\\%06x");
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
BETWEEN(each_blanks, 1, "  ")
BETWEEN(each_line, 1, "\n")
BETWEEN(acute, 1, "\u0301")
BETWEEN(struck, 1, "\u0336")
HALVES(newline_middle, "\n")
HALVES(quoted_reply, "\n> ")
HALVES(quoted_twice, "\r\n> > ")
HALVES(backslash_line, "\\\n")
HALVES(break_inside, "<br>")
HALVES(tag_inside, "<b></b>")
HALVES(span_inside, "<span class=\"x\">")
HALVES(comment_inside, "<!-- x -->")
HALVES(backtick_inside, "`")
HALVES(concat_plus, "\" + \"")
HALVES(concat_dot, "' . '")
HALVES(concat_line, "\" +\n      \"")
BETWEEN(array_five, 5, "\",\"")
BETWEEN(array_four, 4, "\", \"")
BETWEEN(array_one, 1, "', '")

static void array_join(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "[\"");
    array_five(s, out);
    st_buf_str(out, "\"].join(\"\")");
}
static void array_fours(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "\"\".join([\"");
    array_four(s, out);
    st_buf_str(out, "\"])");
}
static void array_ones(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "['");
    array_one(s, out);
    st_buf_str(out, "']");
}
static void codes(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "String.fromCharCode(");
    each(s, out, "%u,");
    out->n--;
    st_buf_str(out, ")");
}
static void codes_list(struct st_span s, struct st_buf *out)
{
    st_buf_str(out, "[");
    each(s, out, "%u, ");
    out->n -= 2;
    st_buf_str(out, "]");
}
static void codes_chr(struct st_span s, struct st_buf *out)
{
    each(s, out, "chr(%u).");
    out->n--;
}
static void codes_basic(struct st_span s, struct st_buf *out)
{
    each(s, out, "Chr(%u) & ");
    out->n -= 3;
}

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

/* As people write addresses so that no program reads them. */
static void written_out(struct st_span s, struct st_buf *out, const char *at, const char *dot)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '@' || s.p[i] == '.')
            st_buf_str(out, s.p[i] == '@' ? at : dot);
        else
            st_buf_byte(out, s.p[i]);
    }
}
static void at_dot(struct st_span s, struct st_buf *out)
{
    written_out(s, out, " at ", " dot ");
}
static void at_brackets(struct st_span s, struct st_buf *out)
{
    written_out(s, out, " [at] ", ".");
}
static void at_german(struct st_span s, struct st_buf *out)
{
    written_out(s, out, "(AT)", " Punkt ");
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
static void split_cdata(struct st_span s, struct st_buf *out)
{
    size_t third = s.n / 3;

    st_buf_fmt(out, "<a>%.*s<![CDATA[%.*s]]>%.*s</a>", (int)third, (const char *)s.p, (int)third,
               (const char *)s.p + third, (int)(s.n - 2 * third), (const char *)s.p + 2 * third);
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
