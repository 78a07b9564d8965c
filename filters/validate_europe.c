/* SPDX-License-Identifier: Apache-2.0 */
/* validate_europe - personal and tax numbers of northern, western and southern Europe.
 *
 * Each check follows the public description named in validators.def; a published sample, or one computed by the public
 * rule, stands beside the function. Dates inside a number are checked as well as its check digit. Where the state has
 * given up the check digit (Denmark 2007), a number without it is SHAPE.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* day, month at these places, the year unknown */
static bool is_date(struct st_span s, size_t day, size_t month)
{
    return flt_date_ok(0, flt_digits(s, month, 2), flt_digits(s, day, 2));
}

/* 0707614285 (CPR-kontoret's sample 070761-4285): the seventh digit tells the century, 4 and 9 before 37 and 5 to 8
 * before 58 that of 2000; nobody is born after next year yet. */
enum flt_valid val_dk_cpr(const struct flt_token *token)
{
    static const uint8_t weights[] = { 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;

    if (s.n != 10 || !is_date(s, 0, 2) || flt_is_sequence(s))
        return FLT_V_WRONG;
    if (s.p[6] >= '4' && flt_digits(s, 4, 2) > 27 && flt_digits(s, 4, 2) < (s.p[6] == '4' || s.p[6] == '9' ? 37 : 58))
        return FLT_V_WRONG;
    return flt_weighted(s, weights, 10) % 11 == 0 ? FLT_V_OK : FLT_V_SHAPE;
}

/* 131052-308T (DVV's sample), the sign between date and serial may be a letter: 010594Y9021 is its letter form. */
enum flt_valid val_fi_hetu(const struct flt_token *token)
{
    static const char checks[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    struct st_span s = token->text;
    size_t serial = s.n == 11 ? 7 : 6;

    if ((s.n != 10 && s.n != 11) || !is_date(s, 0, 2) || flt_digits(s, serial, 3) < 2)
        return FLT_V_WRONG;
    if (s.n == 11 && memchr("ABCDEFUVWXY", flt_to_upper(s.p[6]), 11) == NULL)
        return FLT_V_WRONG;
    return (uint8_t)checks[(flt_digits(s, 0, 6) * 1000u + flt_digits(s, serial, 3)) % 31] ==
                   flt_to_upper(s.p[serial + 3])
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* 1201743399 (Registers Iceland: 120174-3399); the ninth digit checks, the tenth is the century. */
enum flt_valid val_is_kennitala(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 2, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;
    unsigned day;

    if (s.n != 10 || (s.p[9] != '9' && s.p[9] != '0'))
        return FLT_V_WRONG;
    day = flt_digits(s, 0, 2);
    if (!flt_date_ok(0, flt_digits(s, 2, 2), day > 40 ? day - 40 : day)) /* companies: +40 */
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 9) % 11 == 0, s);
}

/* 15108695088; D numbers have 40 added to the day, H numbers 40 to the month. */
enum flt_valid val_no_fodselsnummer(const struct flt_token *token)
{
    static const uint8_t first[] = { 3, 7, 6, 1, 8, 9, 4, 5, 2, 1 };
    static const uint8_t second[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;
    unsigned day, month;

    if (s.n != 11)
        return FLT_V_WRONG;
    day = flt_digits(s, 0, 2);
    month = flt_digits(s, 2, 2);
    if (!flt_date_ok(0, month > 40 ? month - 40 : month, day > 40 ? day - 40 : day))
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, first, 10) % 11 == 0 && flt_weighted(s, second, 11) % 11 == 0, s);
}

/* 8112289874 (Skatteverket), 12 digits with the century; samordningsnummer have 60 added to the day. */
enum flt_valid val_se_personnummer(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned day;

    if (s.n == 12) {
        if (flt_digits(s, 0, 2) < 18 || flt_digits(s, 0, 2) > 20)
            return FLT_V_WRONG;
        s = st_span_sub(s, 2, 10);
    }
    if (s.n != 10)
        return FLT_V_WRONG;
    day = flt_digits(s, 4, 2);
    if (!flt_date_ok(0, flt_digits(s, 2, 2), day > 60 ? day - 60 : day))
        return FLT_V_WRONG;
    return flt_verdict(flt_luhn(s), s);
}

/* 5560360793; the third digit is 2 or more, so that it is no date. */
enum flt_valid val_se_orgnr(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 10 ? flt_if_usual(flt_verdict(flt_luhn(s), s), s.p[2] >= '2') : FLT_V_WRONG;
}

/* 37605030299: the Baltic scheme, weights 1-9 and 1, and where that gives 10, 3-9 and 1-3. */
enum flt_valid val_ee_isikukood(const struct flt_token *token)
{
    static const uint8_t first[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1 };
    static const uint8_t second[] = { 3, 4, 5, 6, 7, 8, 9, 1, 2, 3 };
    struct st_span s = token->text;
    unsigned check;

    if (s.n != 11 || s.p[0] < '1' || (s.p[0] < '9' && !is_date(s, 5, 3)))
        return FLT_V_WRONG;
    check = flt_weighted(s, first, 10) % 11;
    if (check == 10)
        check = flt_weighted(s, second, 10) % 11 % 10;
    return flt_if_usual(flt_verdict(check == flt_digit(s, 10), s), s.p[0] < '9'); /* 9: no date is known */
}

/* 16117519997 (161175-19997); numbers since 2017 begin with 32 and have no date and no check digit. */
enum flt_valid val_lv_personas_kods(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    struct st_span s = token->text;

    if (s.n != 11)
        return FLT_V_WRONG;
    if (s.p[0] == '3' && s.p[1] == '2')
        return FLT_V_SHAPE;
    if (!is_date(s, 0, 2))
        return FLT_V_WRONG;
    return flt_verdict((1101 - flt_weighted(s, weights, 10)) % 11 % 10 == flt_digit(s, 10), s);
}

/* 6433435F, 6433435OA: the second letter counts nine times its place; W, T and X of old do not. */
enum flt_valid val_ie_pps(const struct flt_token *token)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    uint8_t turned[8] = { '0' };
    unsigned sum, letter;

    if (s.n != 8 && s.n != 9)
        return FLT_V_WRONG;
    if (s.n == 8 && flt_is_alpha(s.p[1])) { /* 8Z49289F, a company's of old: 0492898F */
        memcpy(turned + 1, s.p + 2, 5);
        turned[6] = s.p[0];
        turned[7] = s.p[7];
        s = st_span(turned, 8);
    }
    for (size_t i = 7; i < s.n; i++)
        if (!flt_is_alpha(s.p[i]))
            return FLT_V_WRONG;
    sum = flt_weighted(s, weights, 7);
    if (s.n == 9) {
        letter = flt_to_upper(s.p[8]);
        sum += memchr("WTX", (int)letter, 3) != NULL ? 0 : (letter - (unsigned)'A' + 1) * 9;
    }
    return (uint8_t) "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == flt_to_upper(s.p[7]) ? FLT_V_OK : FLT_V_WRONG;
}

/* Birth date, serial, and a check digit as of the NHS number. */
enum flt_valid val_gb_chi(const struct flt_token *token)
{
    static const uint8_t weights[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;

    if (s.n != 10 || !is_date(s, 0, 2))
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 10) % 11 == 0, s);
}

/* 1955839661 (HMRC test number): the first digit checks the others. */
enum flt_valid val_gb_utr(const struct flt_token *token)
{
    static const uint8_t weights[] = { 0, 6, 7, 8, 9, 10, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 10)
        return FLT_V_WRONG;
    return flt_verdict((uint8_t) "21987654321"[flt_weighted(s, weights, 10) % 11] == s.p[0], s);
}

/* MORGA657054SM9IJ (DVLA's specimen): name padded with 9, decade, month (+5: female), day, year, initials. */
enum flt_valid val_gb_driving_licence(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month;

    if (s.n != 16)
        return FLT_V_WRONG;
    for (size_t i = 0, padded = 0; i < 5; i++) {
        if (padded != 0 ? s.p[i] != '9' : !flt_is_alpha(s.p[i]) && s.p[i] != '9')
            return FLT_V_WRONG;
        padded |= s.p[i] == '9';
    }
    for (size_t i = 5; i < 11; i++)
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
    month = flt_digits(s, 6, 2);
    month = month > 50 ? month - 50 : month;
    return flt_date_ok(0, month, flt_digits(s, 8, 2)) ? FLT_V_OK : FLT_V_WRONG;
}

/* 281234567840: province and number, then their remainder by 97; short numbers are not padded. */
enum flt_valid val_es_nuss(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t province, number;

    if (s.n != 12)
        return FLT_V_WRONG;
    province = flt_digits(s, 0, 2);
    number = flt_digits(s, 2, 8);
    if (province == 0 || province > 66)
        return FLT_V_WRONG;
    number += province * (number < 10000000u ? 10000000u : 100000000u);
    return flt_verdict(number % 97 == flt_digits(s, 10, 2), s);
}

/* A58818501: odd places doubled with cross sum, even as they are; the check is a digit or a letter by the kind. */
enum flt_valid val_es_cif(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0, check;
    uint8_t kind;

    if (s.n != 9 || memchr("ABCDEFGHJNPQRSUVW", kind = flt_to_upper(s.p[0]), 17) == NULL)
        return FLT_V_WRONG;
    for (size_t i = 1; i < 8; i++) {
        unsigned d = flt_digit(s, i);

        if (d > 9)
            return FLT_V_WRONG;
        sum += i % 2 == 0 ? d : d * 2 / 10 + d * 2 % 10;
    }
    check = (10 - sum % 10) % 10;
    if (flt_to_upper(s.p[8]) != (flt_is_digit(s.p[8]) ? '0' + check : (uint8_t) "JABCDEFGHI"[check]))
        return FLT_V_WRONG;
    return FLT_V_OK;
}

/* 3023217600053 (numéro fiscal, OECD's sheet): ten digits and their remainder by 511. */
enum flt_valid val_fr_nif(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;

    if (s.n != 13 || s.p[0] > '3')
        return FLT_V_WRONG;
    for (size_t i = 0; i < 10; i++)
        number = number * 10 + flt_digit(s, i);
    return flt_verdict(number % 511 == flt_digits(s, 10, 3) && number > 0, s);
}

/* 880692310285: year and month of issue, department, serial. */
enum flt_valid val_fr_cni(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month;

    if (s.n != 12 || flt_is_sequence(s))
        return FLT_V_WRONG;
    month = flt_digits(s, 2, 2);
    return month >= 1 && month <= 12 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 1893120105732 (EU sheet on tax numbers): eleven digits, their Luhn digit, their Verhoeff digit. */
enum flt_valid val_lu_matricule(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint8_t verhoeff[12];

    if (s.n != 13 || flt_digits(s, 0, 4) < 1850 || flt_digits(s, 0, 4) > 2100 || !is_date(s, 6, 4))
        return FLT_V_WRONG;
    memcpy(verhoeff, s.p, 11);
    verhoeff[11] = s.p[12];
    return flt_verdict(flt_luhn(st_span_sub(s, 0, 12)) && flt_verhoeff(st_span(verhoeff, 12)), s);
}

/* 094259216: powers of two from the right, mod 11 mod 10. */
enum flt_valid val_gr_afm(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 9)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 8; i++)
        sum += flt_digit(s, i) << (8 - i);
    return flt_verdict(sum != 0 && sum % 11 % 10 == flt_digit(s, 8), s);
}

/* 01013099997: birth date, serial, Luhn. */
enum flt_valid val_gr_amka(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 11 && is_date(s, 0, 2) ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
}

/* 501964843 */
enum flt_valid val_pt_nif(const struct flt_token *token)
{
    static const uint8_t weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 9 || s.p[0] == '0')
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 8) % 11) % 11 % 10 == flt_digit(s, 8), s);
}

/* 000000000ZZ4 (AMA's sample): letters from 10, every second from the right doubled with 9 taken off. */
enum flt_valid val_pt_cc(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 12 || (flt_is_digit(s.p[9]) && flt_is_digit(s.p[10])))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 12; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10;

        if (i % 2 == 0 && (v *= 2) > 9)
            v -= 9;
        sum += v;
    }
    return sum % 10 == 0 ? FLT_V_OK : FLT_V_WRONG;
}

/* 1234567M: seven digits and one of eight letters. */
enum flt_valid val_mt_id_card(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 8 || memchr("MGAPLHBZ", flt_to_upper(s.p[7]), 8) == NULL || flt_is_sequence(st_span_sub(s, 0, 7)))
        return FLT_V_WRONG;
    return FLT_V_SHAPE;
}

/* 10 or 11 digits as printed, 13 for ELSTER: there the fifth is 0 and the first two name the state's office. */
enum flt_valid val_de_steuernummer(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned office;

    if (flt_is_sequence(s) || flt_distinct(s) <= 2)
        return FLT_V_EXAMPLE;
    if (s.n == 10 || s.n == 11)
        return FLT_V_SHAPE;
    if (s.n != 13 || s.p[4] != '0')
        return FLT_V_WRONG;
    office = flt_digits(s, 0, 2);
    return (office >= 10 && office <= 11) || (office >= 21 && office <= 32) || (office >= 40 && office <= 41) ||
                   (office >= 50 && office <= 59) || (office >= 90 && office <= 92)
               ? FLT_V_SHAPE
               : FLT_V_WRONG;
}

/* CHE107787577, written CHE-107.787.577, and with MWST, TVA, IVA or TPV where it is for VAT: weights 5-4-3-2-7-6-5-4,
 * mod 11. */
enum flt_valid val_ch_uid(const struct flt_token *token)
{
    static const uint8_t weights[] = { 5, 4, 3, 2, 7, 6, 5, 4 };
    struct st_span s = token->text;

    if (s.n > 12) {
        struct st_span tax = st_span_sub(s, 12, s.n - 12);

        if (!st_span_ieq(tax, ST_SPAN("MWST")) && !st_span_ieq(tax, ST_SPAN("TVA")) &&
            !st_span_ieq(tax, ST_SPAN("IVA")) && !st_span_ieq(tax, ST_SPAN("TPV")))
            return FLT_V_WRONG;
    }
    s = st_span_sub(s, 3, 9);
    if (s.n != 9 || !st_span_istarts(token->text, ST_SPAN("CHE")))
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 8) % 11) % 11 == flt_digit(s, 8), s);
}
