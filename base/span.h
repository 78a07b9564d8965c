/* SPDX-License-Identifier: Apache-2.0 */
/* span - bytes from the wire, borrowed.
 *
 * Everything a peer or a person typed is a span, never a char *: no log, error or trace macro takes one, so the
 * compiler keeps content out of the log (DESIGN §6.3). A span owns nothing; who holds the bytes says so where it is
 * made.
 */
#ifndef STOA_BASE_SPAN_H
#define STOA_BASE_SPAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct st_span {
    const uint8_t *p; /* may be NULL when n is 0 */
    size_t n;
};

#define ST_SPAN(literal) ((struct st_span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })
#define ST_SPAN_NONE     ((struct st_span){ NULL, 0 })
#define ST_SPAN_NPOS     ((size_t)-1)

/* White space of ASCII: SP, and HT to CR. */
static inline bool st_is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct st_span st_span(const void *p, size_t n);
struct st_span st_span_str(const char *s);                           /* up to its NUL; NULL gives an empty span */
struct st_span st_span_sub(struct st_span s, size_t from, size_t n); /* clamped to s */
struct st_span st_span_strip(struct st_span s);                      /* without blanks and ends of lines around it */
struct st_span st_span_trim(struct st_span s);                       /* without leading and trailing SP and HTAB */
bool st_span_eq(struct st_span a, struct st_span b);
bool st_span_ieq(struct st_span a, struct st_span b); /* ASCII case-insensitive */
bool st_span_starts(struct st_span s, struct st_span prefix);
bool st_span_istarts(struct st_span s, struct st_span prefix);
bool st_span_ends(struct st_span s, struct st_span suffix);
size_t st_span_chr(struct st_span s, uint8_t byte);             /* offset of the first, or ST_SPAN_NPOS */
size_t st_span_find(struct st_span hay, struct st_span needle); /* offset of the first, or ST_SPAN_NPOS */
/* Takes the part before the first `sep` off *rest (and the separator); false when *rest is empty. */
bool st_span_next(struct st_span *rest, uint8_t sep, struct st_span *part);
bool st_span_is_digits(struct st_span s); /* decimal ones, or nothing at all */
/* Decimal digits only, the whole span, no sign; false on anything else or on overflow. */
bool st_span_u64(struct st_span s, uint64_t *out);
/* A host name without the dot that may end it: "example.com." and example.com are one host. */
struct st_span st_span_host(struct st_span host);
/* Bytes of the well-formed UTF-8 character at the start of s (1 to 4), or 0 when there is none. */
size_t st_span_utf8(struct st_span s);
/* A code point up to U+10FFFF as UTF-8; answers the bytes written, 1 to 4. */
size_t st_utf8_put(uint32_t cp, uint8_t out[4]);
/* 0 to 15 for a hex digit of either case, else -1. */
int st_hex_digit(uint8_t c);
/* The byte that "%4a" at the start of s stands for, or -1. */
int st_percent(struct st_span s);
#endif
