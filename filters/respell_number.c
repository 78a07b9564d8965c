/* SPDX-License-Identifier: Apache-2.0 */
/* respell_number - the half of respell.c that begins at digits: characters as their codes, in decimal, octal and binary
 * digits.
 *
 * What tells of them is in the masks that a text is surveyed with (flt_may_be_codes), or for binary digits in literals
 * among the patterns.
 */
#include "filters/look.h"
#include "filters/respell.h"
#include "filters/validate.h"
#include <string.h>

#define ROW_MIN     8u  /* characters in codes */
#define JOINT_MAX   12u /* between two codes: ") & Chr(" */
#define CODES_MIN   6u  /* in 64 bytes */
#define BITS        8u  /* of a character */
#define BIT_GAP_MAX 2u

/* ---- codes ------------------------------------------------------------------------------------------------------- */

static unsigned count(uint64_t bits)
{
    unsigned n = 0;

    for (; bits != 0; bits &= bits - 1)
        n++;
    return n;
}

bool flt_may_be_codes(const struct flt_block *block)
{
    uint64_t d = block->digits, ends = d & ~(d >> 1) & d << 1 & ~(d << 2 & d << 3); /* of two digits or three */

    return ends != 0 && count(ends) >= CODES_MIN;
}

/* The code of a printable character at `at`, which becomes *c; answers its digits, 0: it is none. Octal ones have
 * three. */
static size_t code_at(struct st_span s, size_t at, unsigned base, uint8_t *c)
{
    unsigned value = 0;
    size_t n = 0;

    for (; at + n < s.n && n < 4 && flt_is_digit(s.p[at + n]) && s.p[at + n] < '0' + base; n++)
        value = base * value + (s.p[at + n] - '0');
    if (at + n < s.n && flt_is_digit(s.p[at + n]))
        return 0;
    *c = (uint8_t)value;
    return (n == 3 || (n == 2 && base == 10)) && (base == 8 || s.p[at] != '0') && value >= ' ' && value <= '~' ? n : 0;
}

/* What stands from `at` to the next digit, without blanks, in joint; answers how many bytes it takes. */
static size_t joint_at(struct st_span s, size_t at, char joint[JOINT_MAX + 1])
{
    size_t n = 0, kept = 0;

    memset(joint, 0, JOINT_MAX + 1);
    for (; at + n < s.n && n < 2 * JOINT_MAX && !flt_is_digit(s.p[at + n]); n++) {
        if (s.p[at + n] <= ' ')
            continue;
        if (kept == JOINT_MAX)
            return 0;
        joint[kept++] = (char)flt_to_lower(s.p[at + n]);
    }
    return at + n < s.n && flt_is_digit(s.p[at + n]) ? n : 0;
}

/* Signs alone, or with the name of what makes a character of a number: "k32, k33" are no codes. */
static bool is_joint(const char *joint)
{
    static const char *const makers[] = { "", "chr", "char", "chrw", "nchar", "unichr", "toenum" };
    char letters[JOINT_MAX + 1] = "";
    size_t n = 0;

    for (; *joint != '\0'; joint++)
        if (flt_is_alnum((uint8_t)*joint))
            letters[n++] = *joint;
    for (size_t i = 0; i < ST_LEN(makers); i++)
        if (strcmp(letters, makers[i]) == 0)
            return true;
    return false;
}

/* How many codes follow one another from `at` on, with one joint between. */
static size_t count_codes(struct st_span s, size_t at, unsigned base)
{
    char first[JOINT_MAX + 1], joint[JOINT_MAX + 1];
    size_t codes = 0, n, gap;
    uint8_t c;

    while ((n = code_at(s, at, base, &c)) > 0) {
        codes++;
        at += n;
        if ((gap = joint_at(s, at, codes == 1 ? first : joint)) == 0 ||
            (codes == 1 ? !is_joint(first) : strcmp(first, joint) != 0))
            break;
        at += gap;
    }
    return codes;
}

static size_t take_codes(struct flt_respelling *r, size_t at)
{
    bool is_first = at == 0 || !flt_is_digit(r->s.p[at - 1]);
    size_t codes = is_first ? count_codes(r->s, at, 10) : 0, octal = is_first ? count_codes(r->s, at, 8) : 0, n, gap;
    char joint[JOINT_MAX + 1];
    unsigned base = octal > codes ? 8 : 10;
    uint8_t c;

    codes = octal > codes ? octal : codes;
    if (codes < ROW_MIN)
        return at;
    for (; codes > 0; codes--, at += n + gap) {
        n = code_at(r->s, at, base, &c);
        gap = codes > 1 ? joint_at(r->s, at + n, joint) : 0;
        flt_excerpt_put(&r->x, at, n + gap, &c, 1);
    }
    return at;
}

/* ---- characters in bits ------------------------------------------------------------------------------------------ */

/* Eight of them at `at`; 0: they are none, or of no printable character. */
static uint8_t bits_at(struct st_span s, size_t at)
{
    unsigned value = 0;

    if (at + BITS > s.n || (at + BITS < s.n && flt_is_digit(s.p[at + BITS])))
        return 0;
    for (size_t i = 0; i < BITS; i++) {
        if (s.p[at + i] != '0' && s.p[at + i] != '1')
            return 0;
        value = value << 1 | (s.p[at + i] - '0');
    }
    return value >= ' ' && value <= '~' ? (uint8_t)value : 0;
}

static size_t bit_gap(struct st_span s, size_t at)
{
    size_t n = 0;

    while (at + n < s.n && n < BIT_GAP_MAX && memchr(" ,.-_\n\t", s.p[at + n], 7) != NULL)
        n++;
    return n;
}

static size_t take_bits(struct flt_respelling *r, size_t at)
{
    size_t codes = 0, next = at, gap = 1;
    uint8_t c;

    if (at > 0 && flt_is_alnum(r->s.p[at - 1]))
        return at;
    for (; gap > 0 && bits_at(r->s, next) != 0; codes++) {
        gap = bit_gap(r->s, next + BITS);
        next += BITS + gap;
    }
    if (codes < ROW_MIN || !flt_signals_in(r->s, at, next, FLT_SIGNAL_BITS))
        return at;
    for (; codes > 0; codes--, at += BITS + gap) {
        c = bits_at(r->s, at);
        gap = codes > 1 ? bit_gap(r->s, at + BITS) : 0;
        flt_excerpt_put(&r->x, at, BITS + gap, &c, 1);
    }
    return at;
}

/* ---- any of them ------------------------------------------------------------------------------------------------- */

bool flt_is_bits(struct st_span s, size_t at)
{
    return bits_at(s, at) != 0;
}

size_t flt_respell_number(struct flt_respelling *r, size_t at, unsigned signals)
{
    size_t to = at;

    if (flt_is_digit(r->s.p[at]) && (signals & FLT_SIGNAL_CODES) != 0)
        to = take_codes(r, at);
    if (to == at && flt_is_digit(r->s.p[at]) && (signals & FLT_SIGNAL_BITS) != 0)
        to = take_bits(r, at);
    return to;
}
