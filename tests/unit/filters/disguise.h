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
static void escape_named(struct st_span s, struct st_buf *out)
{
    static const char *const names[] = {
        "ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"
    };

    for (size_t i = 0; i < s.n; i++) {
        if (isdigit(s.p[i]))
            st_buf_fmt(out, "\\N{DIGIT %s}", names[s.p[i] - '0']);
        else
            st_buf_byte(out, s.p[i]);
    }
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
