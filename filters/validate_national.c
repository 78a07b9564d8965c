/* SPDX-License-Identifier: Apache-2.0 */
/* validate_national - numbers that states give to people.
 *
 * Each check follows the public description named in validators.def; the vector stands beside the function. Text comes
 * without separators and, for letters, in either case. Where only a structure exists (SSN, NINO) the answer is SHAPE,
 * so that confidence must come from the words around.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* 86095742719 (BZSt's published sample), 47036892816. Eleven digits, the first not 0; among the first ten one digit
 * occurs two or three times and (two: one digit is missing; three, since 2016: two are missing); never three in a row.
 */
enum flt_valid val_de_steuer_id(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned counts[10] = { 0 }, twice = 0, thrice = 0;

    if (s.n != 11 || s.p[0] == '0' || !flt_iso7064_11_10(s))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 10; i++)
        counts[flt_digit(s, i)]++;
    for (size_t i = 0; i < 10; i++) {
        if (counts[i] > 3)
            return FLT_V_WRONG;
        twice += counts[i] == 2;
        thrice += counts[i] == 3;
    }
    for (size_t i = 0; i + 2 < 10; i++)
        if (s.p[i] == s.p[i + 1] && s.p[i] == s.p[i + 2])
            return twice + thrice == 1 ? FLT_V_SHAPE : FLT_V_WRONG; /* no longer given out */
    return flt_verdict(twice + thrice == 1, s);
}

/* 15070649C103 (Deutsche Rentenversicherung, sample card 65170839J003). Area, birth date, initial, serial, check:
 * the letter counts as two digits, weights 2-1-2-5-7-1-2-1-2-1-2-1, cross sums, mod 10. */
enum flt_valid val_de_svnr(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1 };
    struct st_span s = token->text;
    uint8_t d[12];
    unsigned letter, sum = 0, area, day;

    if (s.n != 12 || !flt_is_alpha(s.p[8]))
        return FLT_V_WRONG;
    letter = flt_to_upper(s.p[8]) - (unsigned)'A' + 1;
    for (size_t i = 0; i < 8; i++)
        d[i] = (uint8_t)flt_digit(s, i);
    d[8] = (uint8_t)(letter / 10);
    d[9] = (uint8_t)(letter % 10);
    d[10] = (uint8_t)flt_digit(s, 9);
    d[11] = (uint8_t)flt_digit(s, 10);
    for (size_t i = 0; i < 12; i++) {
        unsigned product = d[i] * (unsigned)weights[i];

        sum += product / 10 + product % 10;
    }
    area = flt_digits(s, 0, 2);
    day = flt_digits(s, 2, 2);
    if (area < 2 || area > 89 || flt_digits(s, 4, 2) > 12 || day == 0 || day > 81) /* Ausland: +50 per century */
        return FLT_V_WRONG;
    return sum % 10 == flt_digit(s, 11) ? FLT_V_OK : FLT_V_WRONG;
}

/* Value of a character in ICAO's check: digits as they are, A = 10. */
static unsigned icao(uint8_t c)
{
    return flt_is_digit(c) ? c - (unsigned)'0' : flt_to_upper(c) - (unsigned)'A' + 10;
}

/* L01X00T471 (BMI specimen LZ6311T475), T220001293. Only consonants that cannot be misread. */
enum flt_valid val_de_personalausweis(const struct flt_token *token)
{
    static const unsigned weights[] = { 7, 3, 1 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 9 && s.n != 10)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++) {
        if (!flt_is_digit(s.p[i]) && memchr("CFGHJKLMNPRTVWXYZ", flt_to_upper(s.p[i]), 17) == NULL)
            return FLT_V_WRONG;
        sum += icao(s.p[i]) * weights[i % 3];
    }
    if (memchr("LMNPRTVWXY", flt_to_upper(s.p[0]), 10) == NULL || flt_mix(s).digit < 3)
        return FLT_V_WRONG;
    if (s.n == 9)
        return FLT_V_SHAPE;
    return sum % 10 == flt_digit(s, 9) ? FLT_V_OK : FLT_V_WRONG;
}

/* 456789905: six digits of the doctor, weights 4 and 9 in turn, the complement to ten; two of the group. */
enum flt_valid val_de_lanr(const struct flt_token *token)
{
    static const uint8_t weights[] = { 4, 9, 4, 9, 4, 9 };
    struct st_span s = token->text;

    if (s.n != 9)
        return FLT_V_WRONG;
    return flt_verdict((10 - flt_weighted(s, weights, sizeof weights) % 10) % 10 == flt_digit(s, 6), s);
}

/* A123456780: the letter as two digits, weights 1-2-1-2…, cross sums, mod 10. */
enum flt_valid val_de_kvnr(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned letter, sum;

    if (s.n != 10 || !flt_is_alpha(s.p[0]))
        return FLT_V_WRONG;
    letter = flt_to_upper(s.p[0]) - (unsigned)'A' + 1;
    sum = letter / 10 + letter % 10 * 2 / 10 + letter % 10 * 2 % 10;
    for (size_t i = 1; i < 9; i++) {
        unsigned product = flt_digit(s, i) * (i % 2 == 1 ? 1 : 2);

        sum += product / 10 + product % 10;
    }
    return flt_verdict(sum % 10 == flt_digit(s, 9), st_span_sub(s, 1, 9));
}

/* 1237010180: the fourth digit checks the others. A day with too many births has months from 13 on. */
enum flt_valid val_at_svnr(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 7, 9, 0, 5, 8, 4, 2, 1, 6 };
    struct st_span s = token->text;

    if (s.n != 10 || s.p[0] == '0')
        return FLT_V_WRONG;
    return flt_if_usual(flt_verdict(flt_weighted(s, weights, 10) % 11 == flt_digit(s, 3), s),
                        flt_date_ok(0, flt_digits(s, 6, 2), flt_digits(s, 4, 2)));
}

/* 7569217076985 (ZAS sample 756.9217.0769.85). */
enum flt_valid val_ch_ahv(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 13 || memcmp(s.p, "756", 3) != 0)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 12; i++)
        sum += flt_digit(s, i) * (i % 2 == 0 ? 1 : 3);
    return flt_verdict((10 - sum % 10) % 10 == flt_digit(s, 12), s);
}

/* 536228726 is possible; 000, 666 and 9xx areas, group 00 and serial 0000 never are; 078051120 and 219099999 were
 * printed in advertisements. */
enum flt_valid val_us_ssn(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned area;

    if (s.n != 9)
        return FLT_V_WRONG;
    area = flt_digits(s, 0, 3);
    if (area == 0 || area == 666 || area >= 900 || flt_digits(s, 3, 2) == 0 || flt_digits(s, 5, 4) == 0)
        return FLT_V_WRONG;
    if (flt_is_sequence(s) || st_span_eq(s, ST_SPAN("078051120")) || st_span_eq(s, ST_SPAN("219099999")) ||
        flt_distinct(s) <= 2)
        return FLT_V_EXAMPLE;
    return FLT_V_SHAPE;
}

/* AB123456C; HMRC's own example QQ123456C is refused by its prefix. */
enum flt_valid val_uk_nino(const struct flt_token *token)
{
    static const char *const never[] = { "BG", "GB", "KN", "NK", "NT", "TN", "ZZ" };
    struct st_span s = token->text;
    uint8_t a, b, end;

    if (s.n != 9)
        return FLT_V_WRONG;
    a = flt_to_upper(s.p[0]);
    b = flt_to_upper(s.p[1]);
    end = flt_to_upper(s.p[8]);
    if (memchr("DFIQUV", a, 6) != NULL || memchr("DFIOQUV", b, 7) != NULL || end < 'A' || end > 'D')
        return FLT_V_WRONG;
    for (size_t i = 0; i < ST_LEN(never); i++)
        if (a == (uint8_t)never[i][0] && b == (uint8_t)never[i][1])
            return FLT_V_WRONG;
    return FLT_V_SHAPE;
}

/* 9434765919 */
enum flt_valid val_uk_nhs(const struct flt_token *token)
{
    static const uint8_t weights[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    unsigned check;

    if (token->text.n != 10)
        return FLT_V_WRONG;
    check = (11 - flt_weighted(token->text, weights, 9) % 11) % 11;
    return flt_verdict(check == flt_digit(token->text, 9) && flt_distinct(token->text) > 2, token->text);
}

/* 12345678Z (the usual sample, still a possible number), X1234567L for foreigners. */
enum flt_valid val_es_dni(const struct flt_token *token)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE", firsts[] = "0123456789XYZKLM";
    struct st_span s = token->text;
    uint8_t first = flt_to_upper(s.n > 0 ? s.p[0] : 0);
    unsigned number;

    if (s.n != 9 || !flt_is_alpha(s.p[8]) || memchr(firsts, first, sizeof firsts - 1) == NULL)
        return FLT_V_WRONG;
    number = flt_is_digit(first) ? flt_digits(s, 0, 8) : flt_digits(s, 1, 7);
    if (first > 'X') /* a foreigner's: Y is 1, Z is 2; K, L and M, of who has no DNI, do not count */
        number += (first - (unsigned)'X') * 10000000u;
    return (uint8_t)letters[number % 23] == flt_to_upper(s.p[8]) ? FLT_V_OK : FLT_V_WRONG;
}

/* 255081416802538 (INSEE sample 2 55 08 14 168 025 38). */
enum flt_valid val_fr_nir(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;
    unsigned month;

    if (s.n != 15)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 13; i++)
        number = number * 10 + (flt_is_digit(s.p[i]) ? flt_digit(s, i) : 0);
    if (!flt_is_digit(s.p[6])) { /* Corse: 2A counts as 19, 2B as 18 */
        if (s.p[5] != '2' || (flt_to_upper(s.p[6]) != 'A' && flt_to_upper(s.p[6]) != 'B'))
            return FLT_V_WRONG;
        number -= flt_to_upper(s.p[6]) == 'A' ? 1000000u : 2000000u;
    }
    month = flt_digits(s, 3, 2);
    return flt_if_usual(97 - number % 97 == flt_digits(s, 13, 2) ? FLT_V_OK : FLT_V_WRONG,
                        s.p[0] <= '2' && month != 0 && (month <= 12 || month >= 20) && month <= 42 &&
                            s.p[5] + s.p[6] != 2 * '0');
}

/* RSSMRA85T10A562S. Odd places by the decree's table, even places by value; places of omocodia may be letters. */
enum flt_valid val_it_codice_fiscale(const struct flt_token *token)
{
    static const uint8_t odd[] = { 1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                   20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 16 || memchr("ABCDEHLMPRST", flt_to_upper(s.p[8]), 12) == NULL)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 15; i++) {
        unsigned v = flt_is_digit(s.p[i]) ? flt_digit(s, i) : flt_to_upper(s.p[i]) - (unsigned)'A';

        sum += i % 2 == 0 ? odd[v] : v;
    }
    return sum % 26 == flt_to_upper(s.p[15]) - (unsigned)'A' ? FLT_V_OK : FLT_V_WRONG;
}

/* 111222333 */
enum flt_valid val_nl_bsn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned sum;

    if (s.n != 9)
        return FLT_V_WRONG;
    sum = flt_weighted(s, weights, 8);
    return flt_verdict(sum != 0 && sum % 11 == flt_digit(s, 8), s);
}

/* 44051401359 */
enum flt_valid val_pl_pesel(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3 };
    struct st_span s = token->text;

    if (s.n != 11 || !flt_date_ok(0, flt_digits(s, 2, 2) % 20, flt_digits(s, 4, 2)))
        return FLT_V_WRONG;
    return flt_verdict((10 - flt_weighted(s, weights, 10) % 10) % 10 == flt_digit(s, 10), s);
}

/* 85073003328; for births since 2000 a 2 stands before the nine digits. A bis number has 20 or 40 added to the month,
 * one without a known date month 0. */
enum flt_valid val_be_rrn(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;
    unsigned check, month;

    if (s.n != 11)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++)
        number = number * 10 + flt_digit(s, i);
    check = flt_digits(s, 9, 2);
    month = flt_digits(s, 2, 2) % 20;
    return flt_if_usual(flt_verdict(97 - number % 97 == check || 97 - (2000000000u + number) % 97 == check, s),
                        flt_digits(s, 2, 2) < 53 && (month == 0 || flt_date_ok(0, month, flt_digits(s, 4, 2))));
}

/* 046454286; the first digit is never 0 or 8 in numbers given to persons today, 0 stays for the samples. */
enum flt_valid val_ca_sin(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 9 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return flt_if_usual(flt_verdict(flt_luhn(s), s), s.p[0] != '8');
}

/* 52998224725 */
enum flt_valid val_br_cpf(const struct flt_token *token)
{
    static const uint8_t first[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    static const uint8_t second[] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 11 || flt_distinct(s) <= 1)
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, first, 9) * 10 % 11 % 10 == flt_digit(s, 9) &&
                           flt_weighted(s, second, 10) * 10 % 11 % 10 == flt_digit(s, 10),
                       s);
}

/* 234123412346 */
enum flt_valid val_in_aadhaar(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 12 || s.p[0] < '2')
        return FLT_V_WRONG;
    return flt_verdict(flt_verhoeff(s), s);
}

/* 123456782 (ATO sample) */
enum flt_valid val_au_tfn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 4, 3, 7, 5, 8, 6, 9, 10 };
    struct st_span s = token->text;

    if (s.n != 9)
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 9) % 11 == 0 && flt_distinct(s) > 2, s);
}
