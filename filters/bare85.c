/* SPDX-License-Identifier: Apache-2.0 */
/* bare85 - base85 that stands alone: ascii85 without its <~ ~>, and the alphabet of RFC 1924, which Git and Python
 * write.
 *
 * Nearly any word is base85 of something. What makes one sure is what comes out: fifteen characters that say twelve
 * printable ones are no word, since of four bytes by chance one in fifty is printable, and of twelve one in a hundred
 * thousand. A run goes to the next blank, or to the quote that closes the one before it, and has a ceiling: no longer
 * one is looked into, so that none reaches over what hold.c lets go.
 */
#include "base/bytes.h"
#include "filters/decode.h"
#include "filters/runs.h"
#include "filters/validate.h"
#include <string.h>

#define HEAD      15u /* characters that must be printable */
#define SIGNS_IN  32u /* of as many hardly one run has no sign; a multiple of ST_BYTES_STEP */
#define TRIM_MAX  2u  /* signs behind the run that belong to the sentence */
#define GROUP     5u
#define OUT_OF_85 85u

/* The signs behind the letters and digits of FLT_DIGITS_85_GIT; 0: it is none. */
static const uint8_t git_signs[256] = {
    ['!'] = 62, ['#'] = 63, ['$'] = 64, ['%'] = 65, ['&'] = 66, ['('] = 67, [')'] = 68, ['*'] = 69,
    ['+'] = 70, ['-'] = 71, [';'] = 72, ['<'] = 73, ['='] = 74, ['>'] = 75, ['?'] = 76, ['@'] = 77,
    ['^'] = 78, ['_'] = 79, ['`'] = 80, ['{'] = 81, ['|'] = 82, ['}'] = 83, ['~'] = 84
};

/* The digit that c is; OUT_OF_85: none. */
static uint32_t digit_of(uint8_t c, bool is_git)
{
    if (!is_git)
        return c >= '!' && c <= 'u' ? (uint32_t)(c - '!') : OUT_OF_85;
    if (flt_is_digit(c))
        return (uint32_t)(c - '0');
    if (flt_is_alpha(c))
        return flt_is_upper(c) ? (uint32_t)(c - 'A' + 10) : (uint32_t)(c - 'a' + 36);
    return git_signs[c] != 0 ? git_signs[c] : OUT_OF_85;
}

size_t flt_group_85(struct st_span chars, size_t at, enum flt_radix radix, uint8_t out[4])
{
    uint64_t value = 0;
    size_t n = chars.n - at < GROUP ? chars.n - at : GROUP;

    for (size_t i = 0; i < GROUP; i++) {
        uint32_t digit = i < n ? digit_of(chars.p[at + i], radix == FLT_RADIX_85_GIT) : 84;

        if (digit == OUT_OF_85)
            return 0;
        value = value * 85 + digit;
    }
    if (value > UINT32_MAX)
        return 0;
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    return n - 1;
}

/* Text, of which the last character may be cut off, and the first as well where is_end. */
static bool is_text(struct st_span s, bool is_end)
{
    while (is_end && s.n > 0 && (s.p[0] & 0xC0) == 0x80)
        s = st_span_sub(s, 1, s.n);
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < ' ' || s.p[i] == 0x7F) && s.p[i] != '\n' && s.p[i] != '\t')
            return false;
    return flt_utf8_good(s) == s.n || (s.n - flt_utf8_good(s) < 4 && s.p[flt_utf8_good(s)] >= 0xC2);
}

/* Do the characters from `from` on say something printable, up to the end? At most HEAD of them. */
static bool is_printed(struct st_span chars, size_t from, enum flt_radix radix)
{
    uint8_t bytes[HEAD];
    size_t n = 0, more;

    for (size_t at = from; at < chars.n; at += GROUP, n += more)
        if (chars.n - at == 1 || (more = flt_group_85(chars, at, radix, bytes + n)) == 0)
            return false;
    return is_text(st_span(bytes, n), from > 0);
}

/* Where it ends: at a blank, or at the quote that was opened before it. */
static size_t run_end(struct st_span s, size_t at)
{
    uint8_t quote = at > 0 ? s.p[at - 1] : 0;
    size_t n = 0;

    if (quote != '"' && quote != '\'' && quote != '`')
        quote = 0;
    while (at + n < s.n && n <= FLT_BARE_85_MAX && s.p[at + n] > ' ' && (quote == 0 || s.p[at + n] != quote))
        n++;
    return n <= FLT_BARE_85_MAX ? n : 0;
}

static bool may_begin(struct st_span s, size_t at)
{
    return at == 0 || s.p[at - 1] <= ' ' || memchr("\"'`=:([", s.p[at - 1], 7) != NULL;
}

/* Most runs have none of the signs that only base85 writes; a _ is part of many a name. */
static bool has_signs(struct st_span s, size_t at)
{
    for (size_t end = at + SIGNS_IN; at < end; at += ST_BYTES_STEP) {
        const uint8_t *p = s.p + at;

        if (at + ST_BYTES_STEP > s.n ||
            (st_bytes_in(p, '!', '*') | st_bytes_in(p, ';', '@') | st_bytes_in(p, '[', '^') | st_bytes_in(p, '`', '`') |
             st_bytes_in(p, '{', '~')) != 0)
            return true;
    }
    return false;
}

size_t flt_bare_85(struct st_span s, size_t at, enum flt_radix *radix)
{
    size_t n;

    if (at + HEAD > s.n || !may_begin(s, at) || !has_signs(s, at))
        return 0;
    for (enum flt_radix r = FLT_RADIX_85_BARE; r <= FLT_RADIX_85_GIT; r++) {
        if (!is_printed(st_span_sub(s, at, HEAD), 0, r))
            continue;
        n = run_end(s, at);
        for (size_t trim = 0; trim <= TRIM_MAX && n >= HEAD + trim; trim++) {
            struct st_span chars = st_span_sub(s, at, n - trim);

            if (is_printed(chars, chars.n - chars.n % GROUP, r)) {
                *radix = r;
                return chars.n;
            }
        }
    }
    return 0;
}
