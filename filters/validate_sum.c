/* SPDX-License-Identifier: Apache-2.0 */
/* validate_sum - the check-digit arithmetic that several identifiers share.
 *
 * Each function takes digits (or letters and digits) without separators and answers whether the check holds. Sources:
 * Luhn: ISO/IEC 7812-1 Annex B, vector 79927398713. Mod 97: ISO 7064 MOD 97-10 as used by ISO 13616, vector
 * GB82WEST12345698765432. MOD 11,10: ISO/IEC 7064 §7, vector 0794 5 ("hybrid system"). CRC-32: ISO 3309, vector
 * "123456789" = cbf43926. CRC-16: ITU-T V.41 from 0, "123456789" = 31c3. Verhoeff 1969, vector 2363. MOD 37,36: ISO/IEC
 * 7064, vector A12425GABC1234002M. ICAO Doc 9303 part 3 §4.9, vector L898902C3 -> 6.
 */
#include "filters/validate.h"

bool flt_luhn(struct st_span digits)
{
    unsigned sum = 0;

    for (size_t i = 0; i < digits.n; i++) {
        unsigned d = digits.p[digits.n - 1 - i] - (unsigned)'0';

        if (d > 9)
            return false;
        if (i % 2 == 1)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return digits.n > 1 && sum % 10 == 0;
}

unsigned flt_mod97(struct st_span alnum)
{
    unsigned rest = 0;

    for (size_t i = 0; i < alnum.n; i++) {
        uint8_t c = flt_to_upper(alnum.p[i]);

        if (flt_is_digit(c))
            rest = (rest * 10 + (c - (unsigned)'0')) % 97;
        else if (flt_is_upper(c))
            rest = (rest * 100 + (c - (unsigned)'A' + 10)) % 97;
        else
            return 97;
    }
    return rest;
}

bool flt_iso7064_11_10(struct st_span digits)
{
    unsigned product = 10;

    if (digits.n < 2)
        return false;
    for (size_t i = 0; i + 1 < digits.n; i++) {
        unsigned sum = (digits.p[i] - (unsigned)'0' + product) % 10;

        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digits.p[digits.n - 1] - (unsigned)'0';
}

uint32_t flt_crc32(struct st_span s)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

unsigned flt_crc16(struct st_span s)
{
    unsigned crc = 0;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= (unsigned)s.p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = ((crc & 0x8000u) != 0 ? crc << 1 ^ 0x1021u : crc << 1) & 0xffffu;
    }
    return crc;
}

/* Dihedral group D5, rotations 0-4 and reflections 5-9, the permutation applied by place from the right. */
bool flt_verhoeff(struct st_span digits)
{
    static const uint8_t permutation[8][10] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 }, { 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 },
        { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 }, { 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
        { 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 },
    };
    unsigned c = 0;

    for (size_t i = 0; i < digits.n; i++) {
        unsigned p = digits.p[digits.n - 1 - i] - (unsigned)'0';

        if (p > 9)
            return false;
        p = permutation[i % 8][p];
        if (c < 5)
            c = p < 5 ? (c + p) % 5 : (c + p) % 5 + 5;
        else
            c = p < 5 ? (c + 5 - p) % 5 + 5 : (c + 5 - p) % 5;
    }
    return digits.n > 1 && c == 0;
}

/* 0-9 and A-Z as 0..35; 36 on anything else. */
static unsigned value36(uint8_t c)
{
    uint8_t upper = flt_to_upper(c);

    if (flt_is_digit(c))
        return c - (unsigned)'0';
    return flt_is_upper(upper) ? upper - (unsigned)'A' + 10 : 36;
}

unsigned flt_icao(struct st_span s)
{
    static const unsigned weights[] = { 7, 3, 1 };
    unsigned sum = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned v = s.p[i] == '<' ? 0 : value36(s.p[i]);

        if (v == 36)
            return 10;
        sum += v * weights[i % 3];
    }
    return sum % 10;
}

unsigned flt_weighted(struct st_span s, const uint8_t *weights, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += flt_digit(s, i) * weights[i];
    return sum;
}

enum flt_valid flt_verdict(bool ok, struct st_span s)
{
    if (!ok)
        return FLT_V_WRONG;
    if (s.n >= 8 && flt_distinct(s) <= 1)
        return FLT_V_EXAMPLE;
    return flt_is_sequence(s) || (s.n >= 8 && flt_distinct(s) <= 2) ? FLT_V_SERIES : FLT_V_OK;
}

bool flt_date_ok(unsigned year, unsigned month, unsigned day)
{
    static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    if (month == 2 && day == 29 && year != 0)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return true;
}

unsigned flt_digits(struct st_span s, size_t from, size_t n)
{
    unsigned value = 0;

    for (size_t i = from; i < from + n && i < s.n; i++)
        value = value * 10 + (s.p[i] - (unsigned)'0');
    return value;
}
