/* SPDX-License-Identifier: Apache-2.0 */
/* validate - does a candidate really look like what its shape promises?
 *
 * A validator sees the candidate without separators and, where it needs it, the text around. It is pure: no memory, no
 * state. A checksum raises confidence; only formats where every genuine value carries it (cards, IBAN, tax ids) let it
 * refuse. The list is validators.def: a new validator is one line there and one function in a validate_*.c.
 */
#ifndef STOA_FILTERS_VALIDATE_H
#define STOA_FILTERS_VALIDATE_H
#include "base/bytes.h"
#include "base/span.h"
#include <stdbool.h>

enum flt_valid {
    FLT_V_WRONG,   /* the checksum or the structure refuses: no finding */
    FLT_V_EXAMPLE, /* a placeholder, a sequence, a value from a manual: no finding */
    FLT_V_SERIES,  /* the checksum confirms, but the digits run up or down, or are all alike: one only beside a word */
    FLT_V_SHAPE,   /* right shape, nothing more known */
    FLT_V_TEST,    /* a published test value: a finding, a little less sure */
    FLT_V_OK,      /* the checksum or the structure confirms */
};

struct flt_token {
    struct st_span text; /* the candidate, separators taken out */
    struct st_span all;  /* the text it was found in */
    size_t from, to;     /* of the candidate in `all` */
};

typedef enum flt_valid flt_validate_f(const struct flt_token *token);
struct flt_validator {
    const char *name; /* as packs write it */
    flt_validate_f *fn;
    const char *source; /* the public description it follows */
};
const struct flt_validator *flt_validator_find(const char *name); /* NULL when unknown */
const struct flt_validator *flt_validator_at(size_t i);           /* NULL past the end */

#define VALIDATOR(name, fn, source) enum flt_valid fn(const struct flt_token *token);
#include "filters/validators.def"
#undef VALIDATOR

/* ---- pieces that several validators and the tests share (validate_word.c, validate_sum.c) ------------------- */

static inline bool flt_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static inline bool flt_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static inline bool flt_is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool flt_is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool flt_is_alpha(uint8_t c)
{
    return flt_is_upper(c) || flt_is_lower(c);
}
static inline bool flt_is_alnum(uint8_t c)
{
    return flt_is_alpha(c) || flt_is_digit(c);
}
/* Where the next digit at or after i is; the end of the text: there is none. */
static inline uint32_t flt_next_digit(struct st_span text, uint32_t i)
{
    for (; i + ST_BYTES_STEP <= text.n; i += ST_BYTES_STEP) {
        unsigned digits = st_bytes_in(text.p + i, '0', '9');

        if (digits != 0)
            return i + st_bytes_first(digits);
    }
    while (i < text.n && !flt_is_digit(text.p[i]))
        i++;
    return i;
}
static inline uint8_t flt_to_lower(uint8_t c)
{
    return flt_is_upper(c) ? (uint8_t)(c + 32) : c;
}
static inline uint8_t flt_to_upper(uint8_t c)
{
    return flt_is_lower(c) ? (uint8_t)(c - 32) : c;
}

static inline unsigned flt_digit(struct st_span s, size_t i)
{
    return s.p[i] - (unsigned)'0';
}
/* sum of digit × weight over the first n */
unsigned flt_weighted(struct st_span s, const uint8_t *weights, size_t n);
/* WRONG unless ok; SERIES for a run up or down the digits, EXAMPLE for one digit over and over. */
enum flt_valid flt_verdict(bool ok, struct st_span s);

/* What the checksum confirms and no office gives out in this form is only a shape. */
static inline enum flt_valid flt_if_usual(enum flt_valid valid, bool usual)
{
    return valid == FLT_V_OK && !usual ? FLT_V_SHAPE : valid;
}

bool flt_ifind(struct st_span hay, const char *needle); /* ASCII case-insensitive */
/* The bytes of the sign beyond ASCII that stands at `at`, 0 for a letter: quotation marks, dashes, arrows, U+00A0 to
 * U+00BF, U+2000 to U+2FFF, U+3000 to U+303F, and what lies above U+FFFF, such as smileys. */
size_t flt_sign_at(struct st_span text, size_t at);
/* "EXAMPLE", "xxxx", "your_key", "<token>", "${VAR}", "changeme" … anywhere in s. */
bool flt_has_placeholder(struct st_span s);
/* One character over and over, a run up or down the alphabet or the digits: nobody's secret. */
bool flt_is_sequence(struct st_span s);
double flt_entropy(struct st_span s);    /* Shannon, bits per byte */
unsigned flt_distinct(struct st_span s); /* different bytes */
/* How many of a hundred pairs of letters are usual ones: some 35 of random letters, 90 of words; 0: too few to say. */
unsigned flt_wordiness(struct st_span s);
unsigned flt_turns(struct st_span s); /* between digits and other characters */
/* Long, and with so many turns between digits and letters as no name, no word and no date has. */
bool flt_is_surely_random(struct st_span s);
struct flt_mix {
    unsigned lower, upper, digit, other;
};
struct flt_mix flt_mix(struct st_span s);
/* Base64 of either alphabet, padding optional, blanks skipped; answers the bytes written (at most cap), -1 on a stray
 * character. Decodes as much as fits: the magic numbers are at the front. */
int flt_unbase64(struct st_span in, uint8_t *out, size_t cap);

bool flt_luhn(struct st_span digits);
unsigned flt_mod97(struct st_span alnum); /* letters as 10..35, over the whole in order; 97 on a stray character */
bool flt_iso7064_11_10(struct st_span digits);
uint32_t flt_crc32(struct st_span s);
unsigned flt_crc16(struct st_span s);     /* XMODEM: polynomial 1021, from 0 */
bool flt_verhoeff(struct st_span digits); /* the last digit checks the others */
unsigned flt_icao(struct st_span s);      /* ICAO 9303's check digit over s; 10 on a stray character */
bool flt_date_ok(unsigned year, unsigned month, unsigned day); /* year 0: any */
unsigned flt_digits(struct st_span s, size_t from, size_t n);  /* value of n decimal digits */
size_t flt_iban_length(uint8_t a, uint8_t b);                  /* of the country's IBAN; 0 when it has none */
bool flt_is_country(uint8_t a, uint8_t b);                     /* ISO 3166-1 alpha-2, upper case */
#endif
