/* SPDX-License-Identifier: Apache-2.0 */
/* validate_register - numbers of registers beside those of people and companies: land, meters, creditors, securities,
 * network cards, telephones.
 *
 * Each check follows the public description named in validators.def; the vectors stand in validate_register_test.c.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* F123456Z: the letter tells the kind; people's numbers end at 699999, those of companies begin there. */
enum flt_valid val_ad_nrt(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned number = flt_digits(s, 1, 6);
    uint8_t kind = flt_to_upper(s.n > 0 ? s.p[0] : 0);

    if (s.n != 8 || !flt_is_alpha(s.p[7]) || memchr("ACDEFGLOPU", kind, 10) == NULL)
        return FLT_V_WRONG;
    if ((kind == 'F' && number > 699999) || ((kind == 'A' || kind == 'L') && (number <= 699999 || number >= 800000)))
        return FLT_V_WRONG;
    return flt_is_sequence(st_span_sub(s, 1, 6)) ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* J91402501L: a letter for the decade from 1990 on; people who trade have one of their birth there. */
enum flt_valid val_al_nipt(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 10 || flt_to_upper(s.p[0]) > 'M')
        return FLT_V_WRONG;
    return flt_is_sequence(st_span_sub(s, 1, 8)) || flt_distinct(s) < 4 ? FLT_V_EXAMPLE : FLT_V_SHAPE;
}

/* A letter of the land register's check: A is 1, N 14, O 16 (behind Ñ). */
static uint8_t catastral_letter(struct st_span s, size_t from)
{
    static const uint8_t weights[] = { 13, 15, 12, 5, 4, 17, 9, 21, 3, 7, 1 };
    unsigned sum = 0;

    for (size_t i = 0; i < 11; i++) {
        uint8_t c = flt_to_upper(s.p[i < 7 ? from + i : 7 + i]);

        sum += weights[i] * (flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 1 + (c > 'N'));
    }
    return (uint8_t) "MQWERTYUIOPASDFGHJKLBZX"[sum % 23];
}

/* 7837301VG8173B0001TT: parcel, sheet, unit; a letter checks each of the first two together with the third. */
enum flt_valid val_es_catastral(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 20)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 20; i++)
        if (!flt_is_alnum(s.p[i]))
            return FLT_V_WRONG;
    return flt_to_upper(s.p[18]) == catastral_letter(s, 0) && flt_to_upper(s.p[19]) == catastral_letter(s, 7)
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* ES1234123456789012JY: 16 digits mod 529, as two letters in base 23. */
enum flt_valid val_es_cups(const struct flt_token *token)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    struct st_span s = token->text;
    unsigned rest = 0;

    if ((s.n != 20 && s.n != 22) || !st_span_istarts(s, ST_SPAN("ES")))
        return FLT_V_WRONG;
    if (s.n == 22 && (!flt_is_digit(s.p[20]) || memchr("FPRCXYZ", flt_to_upper(s.p[21]), 7) == NULL))
        return FLT_V_WRONG; /* of a border point, and what is measured there */
    for (size_t i = 2; i < 18; i++) {
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
        rest = (rest * 10 + flt_digit(s, i)) % 529;
    }
    return flt_to_upper(s.p[18]) == (uint8_t)letters[rest / 23] && flt_to_upper(s.p[19]) == (uint8_t)letters[rest % 23]
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* DE98ZZZ09999999999 (the Bundesbank's sample): MOD 97-10 over what follows the three letters of the business, then
 * country and check digits. */
enum flt_valid val_sepa_creditor(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint8_t turned[35];

    if (s.n < 13 || s.n > sizeof turned || !flt_is_country(flt_to_upper(s.p[0]), flt_to_upper(s.p[1])))
        return FLT_V_WRONG;
    memcpy(turned, s.p + 7, s.n - 7);
    memcpy(turned + s.n - 7, s.p, 4);
    return flt_mod97(st_span(turned, s.n - 3)) == 1 ? FLT_V_OK : FLT_V_WRONG;
}

/* BBG000BLNNH6: every second character counts twice, by cross sums of its value in base 36. */
enum flt_valid val_figi(const struct flt_token *token)
{
    static const char forbidden[] = "BSBMGGGBVG";
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 12 || !flt_is_alpha(s.p[0]) || !flt_is_alpha(s.p[1]) || flt_to_upper(s.p[2]) != 'G' ||
        !flt_is_digit(s.p[11]))
        return FLT_V_WRONG;
    for (size_t i = 0; i + 1 < sizeof forbidden; i += 2)
        if (st_span_istarts(s, st_span((const uint8_t *)forbidden + i, 2)))
            return FLT_V_WRONG;
    for (size_t i = 0; i < 11; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = (flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10) * (unsigned)(i % 2 + 1);

        if (memchr("AEIOU", c, 5) != NULL)
            return FLT_V_WRONG;
        sum += v / 10 + v % 10;
    }
    return (10 - sum % 10) % 10 == flt_digit(s, 11) ? FLT_V_OK : FLT_V_WRONG;
}

/* 101222331: as the BSN, but with the remainder 5, and 10 in front. */
enum flt_valid val_nl_onderwijsnummer(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 9 || s.p[0] != '1' || s.p[1] != '0')
        return FLT_V_WRONG;
    for (size_t i = 0; i < 8; i++)
        sum += flt_digit(s, i) * (unsigned)(9 - i);
    return flt_verdict((sum + 10 * flt_digit(s, 8)) % 11 == 5, s);
}

/* 1234567/L/A/M/000: check letter, kind of tax, kind of taxpayer, branch; only branches have a number. */
enum flt_valid val_tn_mf(const struct flt_token *token)
{
    struct st_span s = token->text, behind;
    bool ok;

    if ((s.n != 13 && s.n != 8) || flt_is_sequence(st_span_sub(s, 0, 7)))
        return FLT_V_WRONG;
    ok = memchr("ABCDEFGHJKLMNPQRSTVWXYZ", flt_to_upper(s.p[7]), 23) != NULL;
    behind = st_span_sub(token->all, token->to, 2);
    if (s.n == 8 && behind.n == 2 && behind.p[0] == '/' && flt_is_alnum(behind.p[1]))
        return FLT_V_WRONG; /* it goes on, and is checked as a whole */
    if (s.n == 8)
        return ok && flt_distinct(s) > 2 ? FLT_V_SHAPE : FLT_V_WRONG;
    ok = ok && memchr("ABDNP", flt_to_upper(s.p[8]), 5) != NULL && memchr("CMNPE", flt_to_upper(s.p[9]), 5) != NULL;
    return ok && (flt_digits(s, 10, 3) == 0 || flt_to_upper(s.p[9]) == 'E') ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 0105536112014 (a company's): the citizen's check, with a 0 in front. */
enum flt_valid val_th_moa(const struct flt_token *token)
{
    static const uint8_t weights[] = { 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 13 || s.p[0] != '0')
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 12) % 11) % 10 == flt_digit(s, 12) && flt_distinct(s) > 2, s);
}

/* J40/1234/2005: kind, county, number, year. */
enum flt_valid val_ro_onrc(const struct flt_token *token)
{
    struct st_span rest = token->text, county, number;
    unsigned code;

    if (!st_span_next(&rest, '/', &county) || !st_span_next(&rest, '/', &number) || rest.n != 4 || county.n < 2)
        return FLT_V_WRONG;
    code = flt_digits(county, 1, county.n - 1);
    return ((code >= 1 && code <= 40) || code == 51 || code == 52) && flt_digits(rest, 0, 4) >= 1990 &&
                   flt_digits(rest, 0, 4) <= 2028
               ? FLT_V_OK
               : FLT_V_WRONG;
}

static int hex_value(uint8_t c)
{
    if (flt_is_digit(c))
        return c - '0';
    c = flt_to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 9c:eb:e8:3b:59:a1: of one device, not of a group, not one byte over and over. */
enum flt_valid val_mac(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint8_t bytes[6];

    if (s.n != 17)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 6; i++) {
        int hi = hex_value(s.p[3 * i]), lo = hex_value(s.p[3 * i + 1]);

        if (hi < 0 || lo < 0 || (i > 0 && s.p[3 * i - 1] != s.p[2]))
            return FLT_V_WRONG;
        bytes[i] = (uint8_t)(hi << 4 | lo);
    }
    if ((bytes[0] & 1) != 0 && (memcmp(bytes, "\x01\x00\x5e", 3) == 0 || memcmp(bytes, "\x33\x33", 2) == 0))
        return FLT_V_WRONG;
    if (memcmp(bytes, "\xff\xff\xff\xff\xff\xff", 6) == 0)
        return FLT_V_WRONG;
    /* RFC 7042 keeps 00:00:5e:00:53 for manuals; 00:11:22 and aa:bb:cc are of nobody */
    if (flt_distinct(st_span(bytes, 6)) < 3 || memcmp(bytes, "\x00\x11\x22", 3) == 0 ||
        memcmp(bytes, "\xaa\xbb\xcc", 3) == 0 || memcmp(bytes, "\x00\x00\x5e\x00\x53", 5) == 0 ||
        memcmp(bytes, "\x12\x34\x56", 3) == 0)
        return FLT_V_EXAMPLE;
    return (bytes[0] & 1) != 0 ? FLT_V_SHAPE : FLT_V_OK;
}

/* A0000000002329: 14 hexadecimal digits, the first two from A0 on. */
enum flt_valid val_meid(const struct flt_token *token)
{
    struct st_span s = token->text;

    if ((s.n != 14 && s.n != 15) || hex_value(s.p[0]) < 10 || flt_distinct(s) < 4)
        return FLT_V_WRONG;
    for (size_t i = 0; i < s.n; i++)
        if (hex_value(s.p[i]) < 0)
            return FLT_V_WRONG;
    return FLT_V_SHAPE;
}

/* A1EWWW, BASF11, 840400: a word of letters alone is none. */
enum flt_valid val_de_wkn(const struct flt_token *token)
{
    struct flt_mix mix = flt_mix(token->text);

    if (token->text.n != 6 || mix.digit == 0)
        return FLT_V_WRONG;
    return flt_is_sequence(token->text) || flt_distinct(token->text) < 2 ? FLT_V_EXAMPLE : FLT_V_SHAPE;
}

/* 1-0613-0584, or 01-0613-0584: province 1 to 7, 8 naturalised, 9 of special cases; volume, entry. */
enum flt_valid val_cr_cedula(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n == 10 && s.p[0] == '0')
        s = st_span_sub(s, 1, 9);
    if (s.n != 9)
        return FLT_V_WRONG;
    return flt_is_sequence(s) || flt_distinct(s) < 3 ? FLT_V_EXAMPLE : FLT_V_SHAPE;
}

/* 3-101-999999: class, kind of entity, serial. */
enum flt_valid val_cr_juridica(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned kind;

    if (s.n != 10)
        return FLT_V_WRONG;
    kind = flt_digits(s, 1, 3);
    switch (s.p[0]) {
    case '2': return kind == 100 || kind == 200 || kind == 300 || kind == 400 ? FLT_V_SHAPE : FLT_V_WRONG;
    case '3': return (kind >= 2 && kind <= 14) || (kind >= 101 && kind <= 110) ? FLT_V_SHAPE : FLT_V_WRONG;
    case '4': return kind == 0 ? FLT_V_SHAPE : FLT_V_WRONG;
    case '5': return kind == 1 ? FLT_V_SHAPE : FLT_V_WRONG;
    default: return FLT_V_WRONG;
    }
}

/* 400339910 (Mozambique): weights 8, 9, 4 to 9; 10 becomes 1, and 0 and 1 stay. */
enum flt_valid val_mz_nuit(const struct flt_token *token)
{
    static const uint8_t weights[] = { 8, 9, 4, 5, 6, 7, 8, 9 };
    struct st_span s = token->text;

    if (s.n != 9)
        return FLT_V_WRONG;
    return flt_verdict("01234567891"[flt_weighted(s, weights, 8) % 11] == (char)s.p[8], s);
}

/* 1022200525819 (ОГРН), 495391250676292 (ОГРНИП, of a person): the number before by 11, or by 13. */
enum flt_valid val_ru_ogrn(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;

    if ((s.n != 13 || s.p[0] == '0') && (s.n != 15 || (s.p[0] != '3' && s.p[0] != '4')))
        return FLT_V_WRONG;
    for (size_t i = 0; i + 1 < s.n; i++)
        number = number * 10 + flt_digit(s, i);
    return flt_verdict(number % (s.n == 13 ? 11 : 13) % 10 == flt_digit(s, s.n - 1), s);
}

/* 9331310 (Slovenia): weights 7 to 2, fill up to 11; 11 is none, 10 becomes 0. */
enum flt_valid val_si_maticna(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned rest;

    if (s.n != 7 && s.n != 10)
        return FLT_V_WRONG;
    rest = flt_weighted(s, weights, 6) % 11;
    return flt_verdict(rest != 0 && (11 - rest) % 10 == flt_digit(s, 6), s);
}

/* 3067221 or 30672212G2 (Senegal): from the right, weights 1 and 2 in turn, a multiple of 10; then the regime, the tax
 * office and the legal form. */
enum flt_valid val_sn_ninea(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t n = s.n > 9 ? s.n - 3 : s.n;
    unsigned sum = 0;

    if (s.n < 7)
        return FLT_V_WRONG;
    for (size_t i = 0; i < n; i++)
        sum += flt_digit(s, i) * ((n - i) % 2 == 1 ? 1 : 2);
    if (sum % 10 != 0 || flt_distinct(s) < 3)
        return FLT_V_WRONG;
    return n == s.n || (s.p[n] <= '2' && memchr("IOXY", flt_to_upper(s.p[n + 1]), 4) == NULL) ? FLT_V_OK : FLT_V_WRONG;
}

/* 2341234123412341: the number that stands for an Aadhaar, from 2 on, Verhoeff. */
enum flt_valid val_in_vid(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 16 && s.p[0] >= '2' && flt_distinct(s) > 2 && flt_verhoeff(s) ? FLT_V_OK : FLT_V_WRONG;
}

/* 1401555071 (Azerbaijan): eight digits, weights 4 1 8 6 2 7 5 3 by 11, and 1 or 2 for what it is. */
enum flt_valid val_az_voen(const struct flt_token *token)
{
    static const uint8_t weights[] = { 4, 1, 8, 6, 2, 7, 5, 3 };
    struct st_span s = token->text;

    if (s.n != 10 || (s.p[9] != '1' && s.p[9] != '2'))
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 8) % 11 == flt_digit(s, 8), s);
}

/* J2012000750528: kind, year, number, county (00 since July 2024), and the sum of the others, the letter its code. */
enum flt_valid val_ro_onrc_new(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned year, county, sum;

    if (s.n != 14 || memchr("JFC", flt_to_upper(s.p[0]), 3) == NULL)
        return FLT_V_WRONG;
    year = flt_digits(s, 1, 4);
    county = flt_digits(s, 11, 2);
    sum = flt_to_upper(s.p[0]) % 10u;
    for (size_t i = 1; i < 13; i++)
        sum += flt_digit(s, i);
    return year >= 1990 && year <= 2040 && (county <= 40 || county == 51 || county == 52) &&
                   sum % 10 == flt_digit(s, 13)
               ? FLT_V_OK
               : FLT_V_WRONG;
}
