/* SPDX-License-Identifier: Apache-2.0 */
/* validate_sum - the check-digit arithmetic that several identifiers share.
 *
 * Each function takes digits (or letters and digits) without separators and answers whether the check holds. Sources:
 * Luhn: ISO/IEC 7812-1 Annex B, vector 79927398713. Mod 97: ISO 7064 MOD 97-10 as used by ISO 13616, vector
 * GB82WEST12345698765432. MOD 11,10: ISO/IEC 7064 §7, vector 0794 5 ("hybrid system"). CRC-32: ISO 3309, vector
 * "123456789" = cbf43926.
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
