/* SPDX-License-Identifier: Apache-2.0 */
/* validate_asia - personal, tax and company numbers of Asia, the Pacific, the Middle East and Africa.
 *
 * Each check follows the public description named in validators.def; a published sample, or one computed by the public
 * rule, stands beside the function. Where no check digit is public (Qatar, Egypt, Pakistan, Vietnam …) dates and codes
 * of places are checked, and the answer is SHAPE.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

#define NEXT_YEAR 2712u /* YYMM: a new number is nobody's yet beyond it */

static bool is_date(struct st_span s, size_t month, size_t day)
{
    return flt_date_ok(0, flt_digits(s, month, 2), flt_digits(s, day, 2));
}

/* SHAPE unless it is a row or nothing but two digits. */
static enum flt_valid shape(bool ok, struct st_span s)
{
    return ok && !flt_is_sequence(s) && flt_distinct(s) > 2 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 51824753556: one less in the first place, weights 10-1-3-5-…-19, mod 89. */
enum flt_valid val_au_abn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19 };
    struct st_span s = token->text;

    if (s.n != 11 || s.p[0] == '0')
        return FLT_V_WRONG;
    return flt_verdict((flt_weighted(s, weights, 11) - 10) % 89 == 0, s);
}

/* 004085616 (ASIC): weights 8 to 1, mod 10. */
enum flt_valid val_au_acn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;

    if (s.n != 9 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return flt_verdict((10 - flt_weighted(s, weights, 8) % 10) % 10 == flt_digit(s, 8), s);
}

/* 2123456701: begins with 2 to 6, weights 1-3-7-9, the ninth checks, the tenth counts cards. */
enum flt_valid val_au_medicare(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 3, 7, 9, 1, 3, 7, 9 };
    struct st_span s = token->text;

    if ((s.n != 10 && s.n != 11) || s.p[0] < '2' || s.p[0] > '6' || s.p[9] == '0')
        return FLT_V_WRONG;
    return flt_weighted(s, weights, 8) % 10 == flt_digit(s, 8) && flt_distinct(s) > 2 ? FLT_V_OK : FLT_V_WRONG;
}

/* 49091850, 136410132 (IRD's samples): weights 3-2-7-6-5-4-3-2, and where that gives 10, 7-4-3-2-5-2-7-6. */
enum flt_valid val_nz_ird(const struct flt_token *token)
{
    static const uint8_t first[] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    static const uint8_t second[] = { 7, 4, 3, 2, 5, 2, 7, 6 };
    struct st_span s = token->text;
    uint8_t nine[9] = "0";
    unsigned check;

    if (s.n != 8 && s.n != 9)
        return FLT_V_WRONG;
    memcpy(nine + (9 - s.n), s.p, s.n);
    s = st_span(nine, 9);
    if (flt_digits(s, 0, 9) < 10000000u || flt_digits(s, 0, 9) > 150000000u)
        return FLT_V_WRONG;
    check = (11 - flt_weighted(s, first, 8) % 11) % 11;
    if (check == 10)
        check = (11 - flt_weighted(s, second, 8) % 11) % 11;
    return flt_verdict(check == flt_digit(s, 8), s);
}

/* ZAC5361 (HISO 10046): letters without I and O from 1, weights 7 to 2, mod 11. */
enum flt_valid val_nz_nhi(const struct flt_token *token)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 7)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 6; i++) {
        const char *at = i < 3 ? memchr(letters, flt_to_upper(s.p[i]), 24) : NULL;

        if (i < 3 && at == NULL)
            return FLT_V_WRONG;
        sum += (i < 3 ? (unsigned)(at - letters) + 1 : flt_digit(s, i)) * (unsigned)(7 - i);
    }
    return sum % 11 != 0 && (11 - sum % 11) % 10 == flt_digit(s, 6) ? FLT_V_OK : FLT_V_WRONG;
}

/* 11010519491231002X (GB 11643): region, birth date, serial, ISO 7064 MOD 11-2. */
enum flt_valid val_cn_resident_id(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    struct st_span s = token->text;
    unsigned year;

    if (s.n != 18)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 17; i++)
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
    year = flt_digits(s, 6, 4);
    if (s.p[0] == '0' || s.p[0] == '9' || !is_date(s, 10, 12) ||
        (uint8_t) "10X98765432"[flt_weighted(s, weights, 17) % 11] != flt_to_upper(s.p[17]))
        return FLT_V_WRONG;
    return flt_if_usual(FLT_V_OK, year >= 1880 && year <= 2099);
}

/* 91110000600037341L (GB 32100): 31 characters, weights 3^n mod 31. */
enum flt_valid val_cn_uscc(const struct flt_token *token)
{
    static const char chars[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    struct st_span s = token->text;
    unsigned sum = 0, weight = 1;

    if (s.n != 18)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 18; i++, weight = weight * 3 % 31) {
        const char *at = memchr(chars, flt_to_upper(s.p[i]), 31);

        if (at == NULL)
            return FLT_V_WRONG;
        if (i == 17)
            return flt_if_usual((31 - sum % 31) % 31 == (unsigned)(at - chars) ? FLT_V_OK : FLT_V_WRONG,
                                memchr("123456789ANY", flt_to_upper(s.p[0]), 12) != NULL);
        sum += (unsigned)(at - chars) * weight;
    }
    return FLT_V_WRONG;
}

/* A1234563 (Immigration Department's sample A123456(3)): A is 10, a missing first letter 36, weights 9 to 2, mod 11. */
enum flt_valid val_hk_hkid(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t letters = s.n == 9 ? 2 : 1;
    unsigned sum = s.n == 9 ? 0 : 36 * 9, check;

    if (s.n != 8 && s.n != 9)
        return FLT_V_WRONG;
    for (size_t i = 0; i + 1 < s.n; i++) {
        unsigned v = i < letters ? flt_to_upper(s.p[i]) - (unsigned)'A' + 10 : flt_digit(s, i);

        sum += v * (unsigned)(s.n - i);
    }
    check = 11 - sum % 11;
    return (uint8_t) "0123456789A0"[check] == flt_to_upper(s.p[s.n - 1]) ? FLT_V_OK : FLT_V_WRONG;
}

/* The letter as the number of its county, two digits; weights 1-9-8-…-1-1. */
static bool taiwan(struct st_span s)
{
    static const uint8_t counties[] = { 10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                        22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33 };
    unsigned county, sum;

    if (s.n != 10 || !flt_is_alpha(s.p[0]))
        return false;
    county = counties[flt_to_upper(s.p[0]) - 'A'];
    sum = county / 10 + county % 10 * 9;
    for (size_t i = 1; i < 9; i++)
        sum += flt_digit(s, i) * (unsigned)(9 - i);
    return (sum + flt_digit(s, 9)) % 10 == 0;
}

/* A223456781 */
enum flt_valid val_tw_national_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    return taiwan(s) && (s.p[1] == '1' || s.p[1] == '2') ? flt_verdict(true, st_span_sub(s, 1, 9)) : FLT_V_WRONG;
}

/* New form of the resident certificate: 8 or 9 behind the letter. */
enum flt_valid val_tw_arc(const struct flt_token *token)
{
    struct st_span s = token->text;

    return taiwan(s) && (s.p[1] == '8' || s.p[1] == '9') ? flt_verdict(true, st_span_sub(s, 1, 9)) : FLT_V_WRONG;
}

/* 123456789018: weights 6-5-4-3-2-7-6-5-4-3-2, mod 11. */
enum flt_valid val_jp_my_number(const struct flt_token *token)
{
    static const uint8_t weights[] = { 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned rest;

    if (s.n != 12 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    rest = flt_weighted(s, weights, 11) % 11;
    return flt_verdict((rest <= 1 ? 0 : 11 - rest) == flt_digit(s, 11), s);
}

/* 5835678256246 (National Tax Agency): the first digit is 9 less the sum with weights 2 and 1, mod 9. */
enum flt_valid val_jp_corporate_number(const struct flt_token *token)
{
    static const uint8_t weights[] = { 0, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 };
    struct st_span s = token->text;

    if (s.n != 13 || s.p[0] == '0')
        return FLT_V_WRONG;
    return flt_verdict(9 - flt_weighted(s, weights, 13) % 9 == flt_digit(s, 0), s);
}

static unsigned korean(struct st_span s)
{
    static const uint8_t weights[] = { 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5 };

    return flt_weighted(s, weights, 12) % 11;
}

/* Birth date, sex and century, place, check; since October 2020 the last six are random. */
enum flt_valid val_kr_rrn(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned born;

    if (s.n != 13 || !is_date(s, 2, 4))
        return FLT_V_WRONG;
    if (s.p[6] > '4' && s.p[6] < '9' && (13 - korean(s)) % 10 == flt_digit(s, 12))
        return FLT_V_SHAPE;                        /* a foreigner's, under the label that all know */
    if ((11 - korean(s)) % 10 == flt_digit(s, 12)) /* 9 and 0: born before 1900 */
        return flt_if_usual(FLT_V_OK, s.p[6] >= '1' && s.p[6] <= '4');
    /* numbers given since October 2020 have no check digit */
    born = flt_digits(s, 0, 4);
    return (s.p[6] == '3' || s.p[6] == '4') && born >= 2010 && born <= NEXT_YEAR ? FLT_V_SHAPE : FLT_V_WRONG;
}

enum flt_valid val_kr_frn(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 13 || !is_date(s, 2, 4) || s.p[6] < '5' || s.p[6] > '8')
        return FLT_V_WRONG;
    return (13 - korean(s)) % 10 == flt_digit(s, 12) ? FLT_V_OK : FLT_V_SHAPE;
}

/* 1208800767: office, kind, serial, check: weights 1-3-7-1-3-7-1-3-5, the tens of the ninth product count again. The
 * check is in no law: it raises. */
enum flt_valid val_kr_brn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 3, 7, 1, 3, 7, 1, 3, 5 };
    struct st_span s = token->text;

    if (s.n != 10 || flt_digits(s, 0, 3) < 101 || flt_digits(s, 3, 2) == 0 || flt_digits(s, 5, 4) == 0)
        return FLT_V_WRONG;
    if ((10 - (flt_weighted(s, weights, 9) + flt_digit(s, 8) * 5 / 10) % 10) % 10 == flt_digit(s, 9))
        return flt_verdict(true, s);
    return flt_is_sequence(s) ? FLT_V_EXAMPLE : FLT_V_SHAPE;
}

/* ABCPE1234F …: five letters, the fourth tells the kind of holder. */
enum flt_valid val_in_pan(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 10 || memchr("ABCEFGHJKLPT", flt_to_upper(s.p[3]), 12) == NULL || flt_digits(s, 5, 4) == 0)
        return FLT_V_WRONG;
    return st_span_istarts(s, ST_SPAN("ABCDE")) || flt_is_sequence(st_span_sub(s, 0, 9)) ? FLT_V_EXAMPLE : FLT_V_OK;
}

/* 27AAPFU0939F1ZV: state, PAN, entity, Z, check in base 36: digits of the product by 1 and 2. */
enum flt_valid val_in_gstin(const struct flt_token *token)
{
    static const char chars[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct st_span s = token->text;
    unsigned sum = 0, state;

    if (s.n != 15 || flt_to_upper(s.p[13]) != 'Z')
        return FLT_V_WRONG;
    state = flt_digits(s, 0, 2);
    if (state == 0 || (state > 38 && state < 97))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 14; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10;

        v *= i % 2 == 0 ? 1 : 2;
        sum += v / 36 + v % 36;
    }
    return (uint8_t)chars[(36 - sum % 36) % 36] == flt_to_upper(s.p[14]) ? FLT_V_OK : FLT_V_WRONG;
}

/* Province 1 to 7, then district; the last digit tells the sex and is never 0. */
enum flt_valid val_pk_cnic(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 13 ? shape(s.p[0] >= '1' && s.p[0] <= '7' && s.p[12] != '0', s) : FLT_V_WRONG;
}

/* 853400937V: year, day of the year (+500: women); twelve digits since 2016. */
enum flt_valid val_lk_nic(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned day = s.n == 10 ? flt_digits(s, 2, 3) : flt_digits(s, 4, 3);

    if (s.n == 10 && memchr("VX", flt_to_upper(s.p[9]), 2) == NULL)
        return FLT_V_WRONG;
    if (s.n == 12 && (flt_digits(s, 0, 4) < 1900 || flt_digits(s, 0, 4) > 2030))
        return FLT_V_WRONG;
    day = day > 500 ? day - 500 : day;
    return s.n == 10 || s.n == 12 ? shape(day >= 1 && day <= 366, s) : FLT_V_WRONG;
}

/* Birth date, code of the place of birth, serial. */
enum flt_valid val_my_nric(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned place;

    if (s.n != 12)
        return FLT_V_WRONG;
    place = flt_digits(s, 6, 2);
    return shape(is_date(s, 2, 4) && place != 0 && (place < 17 || place > 20) && place != 69 && place != 70 &&
                     place != 73 && place != 80 && place != 81 && (place < 94 || place > 97),
                 s);
}

/* S1234567D: weights 2-7-6-5-4-3-2; T and G add 4, M adds 3. */
enum flt_valid val_sg_nric(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    uint8_t kind;
    unsigned sum;
    const char *letters;

    if (s.n != 9)
        return FLT_V_WRONG;
    kind = flt_to_upper(s.p[0]);
    sum = flt_weighted(st_span_sub(s, 1, 7), weights, 7);
    switch (kind) {
    case 'S':
    case 'T': letters = "JZIHGFEDCBA"; break;
    case 'F':
    case 'G': letters = "XWUTRQPNMLK"; break;
    case 'M': letters = "XWUTRQPNJLK"; break;
    default: return FLT_V_WRONG;
    }
    sum += kind == 'T' || kind == 'G' ? 4 : kind == 'M' ? 3 : 0;
    return (uint8_t)letters[sum % 11] == flt_to_upper(s.p[8]) ? FLT_V_OK : FLT_V_WRONG;
}

/* 1234567890121: weights 13 to 2, mod 11. */
enum flt_valid val_th_citizen_id(const struct flt_token *token)
{
    static const uint8_t weights[] = { 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 13 || s.p[0] == '0' || s.p[0] == '9')
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 12) % 11) % 10 == flt_digit(s, 12) && flt_distinct(s) > 2, s);
}

/* Province 001 to 096, century and sex 0 to 3, year, serial. */
enum flt_valid val_vn_cccd(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 12 ? shape(flt_digits(s, 0, 3) >= 1 && flt_digits(s, 0, 3) <= 96 && s.p[3] <= '3', s) : FLT_V_WRONG;
}

/* 0100233488: weights 31-29-23-19-17-13-7-5-3, 10 less the remainder by 11. */
enum flt_valid val_vn_mst(const struct flt_token *token)
{
    static const uint8_t weights[] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
    struct st_span s = token->text;

    if ((s.n != 10 && s.n != 13) || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return flt_verdict((10 - flt_weighted(s, weights, 9) % 11) == flt_digit(s, 9), s);
}

/* Codes of the provinces (Permendagri 137/2017 and those made since). */
static bool is_province(unsigned n)
{
    static const uint8_t last[] = { 0, 19, 21, 36, 0, 53, 65, 76, 82, 97 }; /* of each ten */

    return n < 100 && n % 10 > 0 && n <= last[n / 10];
}

/* Province, regency, district; birth date (+40: women); serial. */
enum flt_valid val_id_nik(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned day, province;

    if (s.n != 16)
        return FLT_V_WRONG;
    day = flt_digits(s, 6, 2);
    province = flt_digits(s, 0, 2);
    return shape(is_province(province) && flt_date_ok(0, flt_digits(s, 8, 2), day % 40), s);
}

/* 8001015009087: birth date, serial, citizenship 0 to 2, 8 or 9, Luhn. */
enum flt_valid val_za_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 13 || !is_date(s, 2, 4) || s.p[10] > '2')
        return FLT_V_WRONG;
    return flt_verdict(flt_luhn(s), s);
}

/* Century 2 or 3, birth date, governorate, serial. */
enum flt_valid val_eg_national_id(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned place;

    if (s.n != 14 || (s.p[0] != '2' && s.p[0] != '3') || !is_date(s, 3, 5))
        return FLT_V_WRONG;
    place = flt_digits(s, 7, 2);
    return shape((place >= 1 && place <= 35) || place == 88, s);
}

/* 784 and the birth year, serial, Luhn. */
enum flt_valid val_ae_emirates_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 15 || flt_digits(s, 0, 3) != 784 || flt_digits(s, 3, 4) < 1900 || flt_digits(s, 3, 4) > 2035)
        return FLT_V_WRONG;
    return flt_luhn(s) ? FLT_V_OK : FLT_V_WRONG;
}

/* 1 for citizens, 2 for residents, Luhn. */
enum flt_valid val_sa_national_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 10 && (s.p[0] == '1' || s.p[0] == '2') && flt_distinct(s) > 2 ? flt_verdict(flt_luhn(s), s)
                                                                                : FLT_V_WRONG;
}

/* Century 2 or 3, year, country of birth (ISO 3166 numeric), serial. */
enum flt_valid val_qa_qid(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned country;

    if (s.n != 11 || (s.p[0] != '2' && s.p[0] != '3'))
        return FLT_V_WRONG;
    country = flt_digits(s, 3, 3);
    return shape(country >= 4 && country <= 894, s);
}

/* Century 2 or 3, birth date, serial; weights 2-1-6-3-7-9-10-5-8-4-2, 11 less the remainder. */
enum flt_valid val_kw_civil_id(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    struct st_span s = token->text;

    if (s.n != 12 || s.p[0] < '1' || s.p[0] > '3' || !is_date(s, 3, 5))
        return FLT_V_WRONG;
    return flt_verdict(11 - flt_weighted(s, weights, 11) % 11 == flt_digit(s, 11), s);
}

/* Year and month of birth, serial; the rule of the last digit is not public. */
enum flt_valid val_bh_cpr(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month = s.n == 9 ? flt_digits(s, 2, 2) : 0;

    return shape(month >= 1 && month <= 12, s);
}

/* 0499370899: weights 10 to 2, mod 11. */
enum flt_valid val_ir_melli(const struct flt_token *token)
{
    static const uint8_t weights[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned rest;

    if (s.n != 10 || flt_distinct(s) <= 1)
        return FLT_V_WRONG;
    rest = flt_weighted(s, weights, 9) % 11;
    return flt_verdict((rest < 2 ? rest : 11 - rest) == flt_digit(s, 9), s);
}
