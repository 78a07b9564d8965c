/* SPDX-License-Identifier: Apache-2.0 */
/* span - small questions about borrowed bytes.
 *
 * Nothing here allocates, fails or looks at the locale: case means ASCII case, space means SP and HTAB, because that is
 * what the protocols mean. A span with p == NULL and n == 0 is a valid empty span everywhere.
 */
#include "base/span.h"

#include <string.h>

struct st_span st_span(const void *p, size_t n)
{
    return (struct st_span){ p, n };
}

struct st_span st_span_str(const char *s)
{
    return s == NULL ? ST_SPAN_NONE : st_span(s, strlen(s));
}

struct st_span st_span_sub(struct st_span s, size_t from, size_t n)
{
    if (from >= s.n)
        return st_span(s.p == NULL ? NULL : s.p + s.n, 0);
    return st_span(s.p + from, n < s.n - from ? n : s.n - from);
}

struct st_span st_span_strip(struct st_span s)
{
    while (s.n > 0 && st_is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && st_is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct st_span st_span_trim(struct st_span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool st_span_eq(struct st_span a, struct st_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool st_span_ieq(struct st_span a, struct st_span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool st_span_starts(struct st_span s, struct st_span prefix)
{
    return s.n >= prefix.n && st_span_eq(st_span(s.p, prefix.n), prefix);
}

bool st_span_istarts(struct st_span s, struct st_span prefix)
{
    return s.n >= prefix.n && st_span_ieq(st_span(s.p, prefix.n), prefix);
}

bool st_span_ends(struct st_span s, struct st_span suffix)
{
    if (s.n < suffix.n)
        return false;
    return suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0;
}

size_t st_span_chr(struct st_span s, uint8_t byte)
{
    const uint8_t *hit = s.n == 0 ? NULL : memchr(s.p, byte, s.n);

    return hit == NULL ? ST_SPAN_NPOS : (size_t)(hit - s.p);
}

size_t st_span_find(struct st_span hay, struct st_span needle)
{
    const uint8_t *hit;
    size_t from;

    if (needle.n == 0)
        return 0;
    if ((from = st_span_chr(hay, needle.p[0])) == ST_SPAN_NPOS || hay.n - from < needle.n)
        return ST_SPAN_NPOS; /* mostly so, and memchr is several times quicker than memmem */
    hit = memmem(hay.p + from, hay.n - from, needle.p, needle.n);
    return hit == NULL ? ST_SPAN_NPOS : (size_t)(hit - hay.p);
}

bool st_span_next(struct st_span *rest, uint8_t sep, struct st_span *part)
{
    size_t at;

    if (rest->n == 0)
        return false;
    at = st_span_chr(*rest, sep);
    if (at == ST_SPAN_NPOS) {
        *part = *rest;
        *rest = st_span(rest->p + rest->n, 0);
    } else {
        *part = st_span(rest->p, at);
        *rest = st_span(rest->p + at + 1, rest->n - at - 1);
    }
    return true;
}

bool st_span_is_digits(struct st_span s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return i == s.n;
}

bool st_span_u64(struct st_span s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

struct st_span st_span_host(struct st_span host)
{
    return host.n > 1 && host.p[host.n - 1] == '.' ? st_span(host.p, host.n - 1) : host;
}

/* Length and smallest code point by the lead byte, then the two exclusions: surrogates and beyond U+10FFFF. */
size_t st_span_utf8(struct st_span s)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t cp;
    size_t n;

    if (s.n == 0)
        return 0;
    if (s.p[0] < 0x80)
        return 1;
    n = s.p[0] >= 0xf0 ? 4 : s.p[0] >= 0xe0 ? 3 : 2;
    if (s.p[0] < 0xc2 || s.p[0] > 0xf4 || s.n < n)
        return 0;
    cp = s.p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80)
            return 0;
        cp = cp << 6 | (s.p[i] & 0x3fu);
    }
    return cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ? 0 : n;
}

size_t st_utf8_put(uint32_t cp, uint8_t out[4])
{
    static const uint8_t leads[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (cp & 0x3f));
        cp >>= 6;
    }
    out[0] = (uint8_t)(leads[n] | cp);
    return n;
}

int st_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int st_percent(struct st_span s)
{
    int high, low;

    if (s.n < 3 || s.p[0] != '%' || (high = st_hex_digit(s.p[1])) < 0 || (low = st_hex_digit(s.p[2])) < 0)
        return -1;
    return high << 4 | low;
}
