/* SPDX-License-Identifier: Apache-2.0 */
/* validate_tax - tax and identity numbers of the Americas, Asia and Africa that have a table of weights and no more.
 *
 * The bigger families are in validate_americas and validate_asia; each function here follows the public description
 * named in validators.def, its vector stands beside it.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

static bool is_date(struct st_span s, size_t year, size_t month, size_t day)
{
    unsigned y = flt_digits(s, year, 2);

    return flt_date_ok(y == 0 ? 2000 : 1900 + y, flt_digits(s, month, 2), flt_digits(s, day, 2));
}

/* Sum with weights 2, 3, 4 … from the right over all but the last. */
static unsigned rising(struct st_span s)
{
    unsigned sum = 0;

    for (size_t i = 0; i + 1 < s.n; i++)
        sum += flt_digit(s, s.n - 2 - i) * (unsigned)(i + 2);
    return sum;
}

/* 02650306461: two digits; where the first would be 10, the second is 2 less. */
enum flt_valid val_br_cnh(const struct flt_token *token)
{
    static const uint8_t down[] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 }, up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct st_span s = token->text;
    unsigned first, second, less;

    if (s.n != 11 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    first = flt_weighted(s, down, 9) % 11;
    less = first >= 10 ? 2 : 0;
    first = first >= 10 ? 0 : first;
    second = (flt_weighted(s, up, 9) % 11 + 11 - less) % 11;
    second = second >= 10 ? 0 : second;
    return flt_verdict(first == flt_digit(s, 9) && second == flt_digit(s, 10), s);
}

/* 80028061-0: weights 2, 3, 4 … from the right. */
enum flt_valid val_py_ruc(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n < 5 || s.n > 9 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return flt_verdict((11 - rising(s) % 11) % 11 % 10 == flt_digit(s, s.n - 1), s);
}

/* 576937-K */
enum flt_valid val_gt_nit(const struct flt_token *token)
{
    struct st_span s = token->text, behind = st_span_sub(token->all, token->to, 2);

    if (s.n < 5 || s.n > 12 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    if ((behind.n > 0 && flt_to_upper(behind.p[0]) == 'K') ||
        (behind.n == 2 && behind.p[0] == '-' && flt_to_upper(behind.p[1]) == 'K'))
        return FLT_V_WRONG; /* it goes on, and is checked as a whole */
    for (size_t i = 0; i + 1 < s.n; i++)
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
    return flt_to_upper(s.p[s.n - 1]) == (uint8_t) "0123456789K"[(11 - rising(s) % 11) % 11] ? FLT_V_OK : FLT_V_WRONG;
}

/* 0614-050707-104-8: department and town, date, serial; serials up to 100 have older weights. */
enum flt_valid val_sv_nit(const struct flt_token *token)
{
    static const uint8_t old[] = { 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    static const uint8_t now[] = { 2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned check;

    if (s.n != 14 || s.p[0] > '9')
        return FLT_V_WRONG;
    if (flt_digits(s, 10, 3) <= 100)
        check = flt_weighted(s, old, 13) % 11 % 10;
    else
        check = (11 - flt_weighted(s, now, 13) % 11) % 11 % 10;
    return flt_if_usual(flt_verdict(check == flt_digit(s, 13), s),
                        flt_date_ok(0, flt_digits(s, 6, 2), flt_digits(s, 4, 2)));
}

/* 1-01-85004-3 */
enum flt_valid val_do_rnc(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 9, 8, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 9)
        return FLT_V_WRONG;
    return flt_if_usual(flt_verdict((10 - flt_weighted(s, weights, 8) % 11) % 9 + 1 == flt_digit(s, 8), s),
                        strchr("145", s.p[0]) != NULL);
}

/* 10117410-2 or -G: the check of a DNI, as a digit or a letter. */
enum flt_valid val_pe_dni(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned rest;

    if (s.n != 9 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    rest = flt_weighted(s, weights, 8) % 11;
    return (uint8_t) "65432110987"[rest] == s.p[8] || (uint8_t) "KJIHGFEDCBA"[rest] == flt_to_upper(s.p[8])
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* 123026635, or 123026635 RC 0001: Luhn, then the account of a programme. */
enum flt_valid val_ca_bn(const struct flt_token *token)
{
    struct st_span s = token->text, program = st_span_sub(s, 9, 2);

    if (s.n == 9)
        return flt_distinct(s) > 2 ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
    if (s.n != 15 || !flt_luhn(st_span_sub(s, 0, 9)))
        return FLT_V_WRONG;
    return st_span_ieq(program, ST_SPAN("RC")) || st_span_ieq(program, ST_SPAN("RP")) ||
                   st_span_ieq(program, ST_SPAN("RT")) || st_span_ieq(program, ST_SPAN("RM"))
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* 90122910172: a date and a century in the seventh digit; the check digit's rule is not public. */
enum flt_valid val_cu_ni(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 11 && is_date(s, 0, 2, 4) && flt_distinct(s) > 3 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 90-99 in the middle: 93 is an adoption number, 9xx-93-xxxx. */
enum flt_valid val_us_atin(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 9 && s.p[0] == '9' && flt_digits(s, 3, 2) == 93 && !flt_is_sequence(s) ? FLT_V_OK : FLT_V_WRONG;
}

/* 00501503 (統一編號): digits by 1-2-1-2-1-2-4-1, cross sums, a multiple of 5; a 7 in the seventh place may count 1. */
enum flt_valid val_tw_ubn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 2, 1, 2, 1, 2, 4, 1 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 8 || flt_distinct(s) <= 1)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 8; i++) {
        unsigned d = flt_digit(s, i) * weights[i];

        sum += d / 10 + d % 10;
    }
    return flt_verdict(sum % 5 == 0 || (s.p[6] == '7' && (sum + 1) % 5 == 0), s);
}

static unsigned value_in(const char *alphabet, uint8_t c)
{
    const char *at = strchr(alphabet, flt_to_upper(c));

    return c != 0 && at != NULL ? (unsigned)(at - alphabet) : 99;
}

/* 00192200M, 197401143C, S16FC0121D: businesses, local companies, others. */
enum flt_valid val_sg_uen(const struct flt_token *token)
{
    static const char others[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    static const uint8_t business[] = { 10, 4, 9, 3, 8, 2, 7, 1 }, local[] = { 10, 8, 6, 4, 9, 7, 5, 3, 1 };
    static const uint8_t other[] = { 4, 3, 5, 3, 10, 2, 2, 5, 7 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n == 9 && flt_mix(st_span_sub(s, 0, 8)).digit == 8)
        return (uint8_t) "XMKECAWLJDB"[flt_weighted(s, business, 8) % 11] == flt_to_upper(s.p[8]) ? FLT_V_OK
                                                                                                  : FLT_V_WRONG;
    if (s.n == 10 && flt_mix(st_span_sub(s, 0, 9)).digit == 9)
        return (uint8_t) "ZKCMDNERGWH"[flt_weighted(s, local, 9) % 11] == flt_to_upper(s.p[9]) ? FLT_V_OK : FLT_V_WRONG;
    if (s.n != 10 || strchr("RST", flt_to_upper(s.p[0])) == NULL)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++) {
        unsigned v = value_in(others, s.p[i]);

        if (v == 99)
            return FLT_V_WRONG;
        sum += v * other[i];
    }
    return (uint8_t)others[(sum + 11 - 5) % 11] == flt_to_upper(s.p[9]) ? FLT_V_OK : FLT_V_WRONG;
}

/* 01.312.166.0-091.000: kind, serial and check (Luhn), office, branch. */
enum flt_valid val_id_npwp(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 15 && flt_distinct(s) > 3 ? flt_verdict(flt_luhn(st_span_sub(s, 0, 9)), s) : FLT_V_WRONG;
}

/* 516179157: Luhn, companies begin with 5. */
enum flt_valid val_il_hp(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 9 && s.p[0] == '5' ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
}

/* M180173002331G: first letter of the name, date of birth, serial, check mod 17. */
enum flt_valid val_mu_nid(const struct flt_token *token)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 14 || !flt_is_alpha(s.p[0]) || !flt_date_ok(0, flt_digits(s, 3, 2), flt_digits(s, 1, 2)))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 13; i++) {
        unsigned v = value_in(alphabet, s.p[i]);

        if (v == 99)
            return FLT_V_WRONG;
        sum += (unsigned)(14 - i) * v;
    }
    return (uint8_t)alphabet[(17 - sum % 17) % 17] == flt_to_upper(s.p[13]) ? FLT_V_OK : FLT_V_WRONG;
}

/* C0000803561: P or C, weights 1 to 9 over the digits behind it, mod 11, X is 10. */
enum flt_valid val_gh_tin(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 11 || strchr("PCGQV", flt_to_upper(s.p[0])) == NULL || s.p[1] != '0' || s.p[2] != '0')
        return FLT_V_WRONG;
    for (size_t i = 1; i < 10; i++) {
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
        sum += flt_digit(s, i) * (unsigned)i;
    }
    return (uint8_t) "0123456789X"[sum % 11] == flt_to_upper(s.p[10]) ? FLT_V_OK : FLT_V_WRONG;
}

/* 0001339050: Luhn, individuals and companies by the first digit. */
enum flt_valid val_za_tin(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 10 && strchr("01239", s.p[0]) != NULL && flt_distinct(s) > 3 ? flt_verdict(flt_luhn(s), s)
                                                                               : FLT_V_WRONG;
}

/* 001561191000066: ISO 7064 MOD 97-10. */
enum flt_valid val_ma_ice(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 15 && flt_distinct(s) > 3 ? flt_verdict(flt_mod97(s) == 0, s) : FLT_V_WRONG;
}

/* A801200001001: a check letter over the twelve digits, which begin with the authority; a number for a time has a
 * letter in the last place, which counts by its place among the check letters. */
enum flt_valid val_gb_upn(const struct flt_token *token)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
    struct st_span s = token->text;
    const char *last = s.n == 13 ? memchr(letters, flt_to_upper(s.p[12]), 23) : NULL;
    unsigned sum = 0;

    if (s.n != 13 || flt_mix(st_span_sub(s, 1, 11)).digit != 11 || (last == NULL && !flt_is_digit(s.p[12])))
        return FLT_V_WRONG;
    for (size_t i = 1; i < 12; i++)
        sum += flt_digit(s, i) * (unsigned)(i + 1);
    sum += 13 * (last != NULL ? (unsigned)(last - letters) : flt_digit(s, 12));
    return (uint8_t)letters[sum % 23] == flt_to_upper(s.p[0]) ? FLT_V_OK : FLT_V_WRONG;
}

/* What has no public check: at least it is no sequence and not one digit over and over. */
enum flt_valid val_plain(const struct flt_token *token)
{
    struct st_span s = token->text;

    return flt_is_sequence(s) || flt_distinct(s) < 3 || flt_has_placeholder(s) ? FLT_V_EXAMPLE : FLT_V_SHAPE;
}

/* KKD6085047: three letters of the series, digits with a Luhn check. */
enum flt_valid val_in_epic(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 10 ? flt_verdict(flt_luhn(st_span_sub(s, 3, 7)), s) : FLT_V_WRONG;
}
