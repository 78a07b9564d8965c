/* SPDX-License-Identifier: Apache-2.0 */
/* escape - characters in disguise: %44, \u0044, \x44, &#68; &#x44; &nbsp; and tags inside a word.
 *
 * A codec takes off what the message's type says. What is left inside a text is for a later reader: an address in a
 * JSON string, HTML out of a rich-text editor ("DE02&nbsp;1203", "4111 <b>1111</b>"), a JSON document that came as
 * plain text with a prefix. So a view shows the character that such a reader will see. Only letters, digits, blanks,
 * hyphens and what lies beyond ASCII are read that way: nobody needs to escape them, and other signs may carry meaning
 * for a pattern ("user:p%40ss@host"). A tag goes only when nothing can hide in its attributes.
 */
#include "filters/escape.h"
#include "base/err.h"
#include "base/span.h"
#include "filters/validate.h"
#include <stdbool.h>
#include <string.h>

#define TAG_MAX        400
#define COLOUR_MAX     12
#define TAG_DIGITS_MAX 7  /* a width or a colour; a number worth hiding has more */
#define TAG_RUN_MAX    15 /* letters and digits in a row; a token has more */

static bool is_alnum(int32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Worth reading? */
static bool is_read(int32_t cp)
{
    return cp >= 0x80 || is_alnum(cp) || cp == ' ' || cp == '-' || cp == '\t' || cp == '\n' || cp == '\r';
}

static int32_t hex(const uint8_t *p, const uint8_t *end, size_t n)
{
    int32_t value = 0;

    if ((size_t)(end - p) < n)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int digit = st_hex_digit(p[i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* %44, or the bytes of one character beyond ASCII: %EF%BC%91. */
static size_t percent(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    uint8_t bytes[4];
    size_t n = 0, used;

    while (n < sizeof bytes && (size_t)(end - p) >= 3 * n + 3 && p[3 * n] == '%') {
        int32_t byte = hex(p + 3 * n + 1, end, 2);

        if (byte < 0)
            break;
        bytes[n++] = (uint8_t)byte;
        if (byte < 0x80)
            break;
    }
    if ((used = st_span_utf8(st_span(bytes, n))) == 0)
        return 0;
    *cp = used == 1 ? bytes[0] : bytes[0] & (0x7F >> used);
    for (size_t i = 1; i < used; i++)
        *cp = *cp << 6 | (bytes[i] & 0x3F);
    return 3 * used;
}

/* Behind the backslash: u0044 with its other half if there is one, or x44. */
static size_t backslash(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    int32_t low;

    if (end - p < 4 || (p[1] != 'u' && p[1] != 'x'))
        return 0;
    if (p[1] == 'x') {
        *cp = hex(p + 2, end, 2);
        return *cp >= 0 ? 4 : 0;
    }
    if ((*cp = hex(p + 2, end, 4)) < 0)
        return 0;
    if (*cp < 0xD800 || *cp > 0xDFFF)
        return 6;
    if (*cp > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return 0;
    low = hex(p + 8, end, 4);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

/* &#68; or &#x44; the semicolon may be missing, as browsers allow. */
static size_t numeric(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    bool is_hex = end - p > 3 && (p[2] | 0x20) == 'x';
    size_t from = is_hex ? 3 : 2, i = from;

    *cp = 0;
    for (; i < (size_t)(end - p) && i < from + 8; i++) {
        int digit = st_hex_digit(p[i]);

        if (digit < 0 || (!is_hex && digit > 9))
            break;
        *cp = *cp * (is_hex ? 16 : 10) + digit;
        if (*cp > 0x10FFFF)
            return 0;
    }
    if (i == from || (*cp >= 0xD800 && *cp <= 0xDFFF))
        return 0;
    return i < (size_t)(end - p) && p[i] == ';' ? i + 1 : i;
}

static size_t reference(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    static const struct {
        const char *name;
        int32_t cp;
    } names[] = { { "&nbsp;", ' ' },    { "&ensp;", ' ' },   { "&emsp;", ' ' },
                  { "&thinsp;", ' ' },  { "&numsp;", ' ' },  { "&shy;", 0xAD },
                  { "&zwnj;", 0x200C }, { "&zwj;", 0x200D }, { "&NewLine;", '\n' },
                  { "&Tab;", '\t' },    { "&hyphen;", '-' }, { "&dash;", '-' },
                  { "&ndash;", '-' },   { "&mdash;", '-' },  { "&ZeroWidthSpace;", 0x200B } };
    struct st_span s = st_span(p, (size_t)(end - p));

    if (s.n > 2 && p[1] == '#')
        return numeric(p, end, cp);
    for (size_t i = 0; i < ST_LEN(names) && s.n > 1; i++) {
        if (names[i].name[1] == p[1] && st_span_starts(s, st_span_str(names[i].name))) {
            *cp = names[i].cp;
            return strlen(names[i].name);
        }
    }
    return 0;
}

/* ---- whatever can be escaped ------------------------------------------------------------------------------------- */

static size_t sign_reference(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    static const struct {
        const char *name;
        char sign;
    } names[] = {
        { "&amp;", '&' },    { "&lt;", '<' },     { "&gt;", '>' },    { "&quot;", '"' },  { "&apos;", '\'' },
        { "&commat;", '@' }, { "&lowbar;", '_' }, { "&sol;", '/' },   { "&plus;", '+' },  { "&equals;", '=' },
        { "&colon;", ':' },  { "&period;", '.' }, { "&comma;", ',' }, { "&semi;", ';' },  { "&num;", '#' },
        { "&dollar;", '$' }, { "&percnt;", '%' }, { "&excl;", '!' },  { "&quest;", '?' }, { "&bsol;", '\\' }
    };
    struct st_span s = st_span(p, (size_t)(end - p));

    for (size_t i = 0; i < ST_LEN(names) && s.n > 1; i++) {
        if (names[i].name[1] == p[1] && st_span_starts(s, st_span_str(names[i].name))) {
            *cp = names[i].sign;
            return strlen(names[i].name);
        }
    }
    return 0;
}

/* \u{1F600} */
static size_t braced(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    size_t n = 3;

    if (end - p < 5 || p[1] != 'u' || p[2] != '{')
        return 0;
    for (*cp = 0; n < (size_t)(end - p) && n < 9 && st_hex_digit(p[n]) >= 0; n++)
        *cp = *cp * 16 + st_hex_digit(p[n]);
    return n > 3 && n < (size_t)(end - p) && p[n] == '}' ? n + 1 : 0;
}

/* \N{DIGIT FOUR} */
static size_t named(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    static const char *const digits[] = {
        "ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"
    };
    const struct st_span lead = ST_SPAN("\\N{DIGIT ");
    struct st_span s = st_span(p, (size_t)(end - p));

    if (!st_span_istarts(s, lead))
        return 0;
    for (size_t i = 0; i < ST_LEN(digits); i++) {
        size_t n = lead.n + strlen(digits[i]);

        if (n < s.n && s.p[n] == '}' && st_span_istarts(st_span_sub(s, lead.n, n), st_span_str(digits[i]))) {
            *cp = '0' + (int32_t)i;
            return n + 1;
        }
    }
    return 0;
}

/* Behind a backslash, at least `least` digits and at most `most`. */
static size_t long_hex(const uint8_t *p, const uint8_t *end, size_t least, size_t most, int32_t *cp)
{
    size_t n = 0;

    for (*cp = 0; n < most && (size_t)(end - p) > n && st_hex_digit(p[n]) >= 0; n++)
        *cp = (int32_t)((uint32_t)*cp << 4 | (uint32_t)st_hex_digit(p[n]));
    return n >= least ? n : 0;
}

/* \U00000034; and \000034, \34 with the blank that ends it, as style sheets have them (CSS Syntax 3 §4.3.7). */
static size_t wide_escape(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    size_t n;

    if (end - p > 9 && p[1] == 'U' && long_hex(p + 2, end, 8, 8, cp) > 0)
        return 10;
    if (end - p < 4 || p[1] < '0' || p[1] > '9' || (n = long_hex(p + 1, end, 2, 6, cp)) == 0 || n == 3)
        return 0; /* three are octal */
    if (n < 6)
        return (size_t)(end - p) > n + 1 && p[n + 1] == ' ' ? n + 2 : 0;
    return p[1] == '0' && p[2] == '0' ? n + 1 : 0;
}

/* A line that goes on in the next one, for a shell and for C. */
static size_t joined_line(const uint8_t *p, const uint8_t *end)
{
    size_t n = end - p > 2 && p[1] == '\r' ? 2 : 1;

    return (size_t)(end - p) > n && p[n] == '\n' ? n + 1 : 0;
}

/* \n, \", \/, \104 */
static size_t short_escape(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    static const char letters[] = "nrtvf\"'\\/", stand_for[] = "\n\r\t\v\f\"'\\/";
    const char *at;
    size_t n = 1;

    if (end - p < 2 || p[1] == 0)
        return 0;
    if ((at = strchr(letters, p[1])) != NULL) {
        *cp = stand_for[at - letters];
        return 2;
    }
    for (*cp = 0; n < 4 && n < (size_t)(end - p) && p[n] >= '0' && p[n] <= '7'; n++)
        *cp = *cp * 8 + p[n] - '0';
    return n == 4 ? n : 0;
}

size_t flt_escape_any(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    size_t n = 0;

    if (*p == '%') {
        n = percent(p, end, cp);
        if (n == 0 && end - p > 5 && p[1] == 'u' && (*cp = hex(p + 2, end, 4)) >= 0)
            n = 6;
    } else if (*p == '&') {
        n = reference(p, end, cp);
        n = n > 0 ? n : sign_reference(p, end, cp);
    } else if (*p == '\\') {
        if ((n = joined_line(p, end)) > 0) {
            *cp = FLT_ESCAPE_NOTHING;
            return n;
        }
        n = backslash(p, end, cp);
        n = n > 0 ? n : braced(p, end, cp);
        n = n > 0 ? n : named(p, end, cp);
        n = n > 0 ? n : wide_escape(p, end, cp);
        n = n > 0 ? n : short_escape(p, end, cp);
    }
    return n > 0 && *cp > 0 && *cp <= 0x10FFFF && !(*cp >= 0xD800 && *cp <= 0xDFFF) ? n : 0;
}

/* ---- what a reader will see -------------------------------------------------------------------------------------- */

static bool hides_nothing(struct st_span attributes)
{
    /* what a password is short enough to stand beside, the sign of addresses and of users of databases, and attributes
     * that people read; "key" and "token" are words of editors' own: <span data-offset-key="4h3k2-0-0"> cuts a number
     */
    static const char *const tellers[] = { "@",    "pass",   "pw",     "kennw",  "secret",   "mdp",         "contrase",
                                           "alt=", "title=", "label=", "value=", "content=", "placeholder=" };
    size_t digits = 0, run = 0;

    for (size_t i = 0; i < attributes.n; i++) {
        run = is_alnum(attributes.p[i]) ? run + 1 : 0;
        digits += attributes.p[i] >= '0' && attributes.p[i] <= '9';
        if (run > TAG_RUN_MAX || digits > TAG_DIGITS_MAX)
            return false;
    }
    for (size_t i = 0; i < ST_LEN(tellers); i++)
        if (flt_ifind(attributes, tellers[i]))
            return false;
    return true;
}

/* <!-- x --> is nothing when nothing can hide in it. */
static size_t comment(struct st_span s, int32_t *cp)
{
    size_t close = st_span_find(s, ST_SPAN("-->"));

    *cp = FLT_ESCAPE_NOTHING;
    return close != ST_SPAN_NPOS && close >= 4 && hides_nothing(st_span_sub(s, 4, close - 4)) ? close + 3 : 0;
}

size_t flt_cdata_mark(struct st_span s)
{
    if (st_span_starts(s, ST_SPAN("<![CDATA[")))
        return strlen("<![CDATA[");
    return st_span_starts(s, ST_SPAN("]]>")) ? strlen("]]>") : 0;
}

/* A name with a namespace's prefix, as office documents have them (ODF, OOXML), means what its last part does, where
 * that is a stretch of text: <text:span>, <w:r>, <w:t>, <a:rPr/>. */
static bool is_stretch(struct st_span name)
{
    static const char *const stretches[] = { "span", "r", "t", "rpr", "s", "b", "i", "a", "tspan" };
    size_t colon = st_span_chr(name, ':');
    struct st_span local = colon == ST_SPAN_NPOS ? name : st_span_sub(name, colon + 1, name.n);

    for (size_t i = 0; i < ST_LEN(stretches); i++)
        if (st_span_ieq(local, st_span_str(stretches[i])))
            return colon != ST_SPAN_NPOS;
    return false;
}

/* <b>, </span>, <font color="red"> are nothing, <br> is a line's end. */
static size_t tag(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    static const char *const inlines[] = { "a",      "b",   "bdi", "bdo",   "big", "code", "del",   "em",   "font",
                                           "i",      "ins", "kbd", "mark",  "q",   "s",    "small", "span", "strike",
                                           "strong", "sub", "sup", "tspan", "tt",  "u",    "wbr" };
    struct st_span s = st_span(p, (size_t)(end - p) < TAG_MAX ? (size_t)(end - p) : TAG_MAX), name;
    size_t close = st_span_chr(s, '>'), from = s.n > 1 && p[1] == '/' ? 2 : 1, n = from;

    if (st_span_starts(s, ST_SPAN("<!--")))
        return comment(s, cp);
    if (flt_cdata_mark(s) > 0) {
        *cp = FLT_ESCAPE_NOTHING;
        return flt_cdata_mark(s);
    }
    if (close == ST_SPAN_NPOS)
        return 0;
    while (n < close && (is_alnum(p[n]) || (p[n] == ':' && n > from)))
        n++;
    name = st_span_sub(s, from, n - from);
    if (n < close && p[n] > ' ' && p[n] != '/') /* its name goes on, as that of no element */
        return 0;
    if (!hides_nothing(st_span_sub(s, n, close - n)))
        return 0;
    *cp = '\n';
    if (st_span_ieq(name, ST_SPAN("br")))
        return close + 1;
    *cp = FLT_ESCAPE_NOTHING;
    if (is_stretch(name))
        return close + 1;
    for (size_t i = 0; i < ST_LEN(inlines); i++) {
        if (st_span_ieq(name, st_span_str(inlines[i])))
            return close + 1;
    }
    return 0;
}

/* ESC [ 1 ; 31 m: the colours of a terminal (ECMA-48 §8.3.117). */
static size_t colour(const uint8_t *p, const uint8_t *end)
{
    size_t n = 2;

    if (end - p < 3 || p[1] != '[')
        return 0;
    while (n < (size_t)(end - p) && n < COLOUR_MAX && ((p[n] >= '0' && p[n] <= '9') || p[n] == ';'))
        n++;
    return n < (size_t)(end - p) && (p[n] == 'm' || p[n] == 'K') ? n + 1 : 0;
}

size_t flt_escape(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    size_t n = 0;

    switch (*p) {
    case '%': n = percent(p, end, cp); break;
    case '\\': n = backslash(p, end, cp); break;
    case '&': n = reference(p, end, cp); break;
    case '<': return tag(p, end, cp);
    case 0x1B: *cp = FLT_ESCAPE_NOTHING; return colour(p, end);
    case ']': *cp = FLT_ESCAPE_NOTHING; return flt_cdata_mark(st_span(p, (size_t)(end - p)));
    default: break;
    }
    return n > 0 && is_read(*cp) ? n : 0;
}
