/* SPDX-License-Identifier: Apache-2.0 */
/* validate_east - personal and tax numbers of central, eastern and south-eastern Europe and its neighbours.
 *
 * As validate_europe: each follows the public description named in validators.def. Many of them hold a birth date whose
 * month tells the century or the sex by an addend; the addends are those of the laws.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* 7523169263: Bulgaria, month +20 before 1900 and +40 since 2000. */
enum flt_valid val_bg_egn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 4, 8, 5, 10, 9, 7, 3, 6 };
    struct st_span s = token->text;
    unsigned month;

    if (s.n != 10)
        return FLT_V_WRONG;
    month = flt_digits(s, 2, 2);
    if (month > 52 || !flt_date_ok(0, month % 20, flt_digits(s, 4, 2)))
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 9) % 11 % 10 == flt_digit(s, 9), s);
}

/* 7103192745: Czechia and Slovakia, month +50 for women, +20 and +70 since 2004; nine digits before 1954. */
enum flt_valid val_cz_rodne_cislo(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month, head;

    if (s.n != 9 && s.n != 10)
        return FLT_V_WRONG;
    month = flt_digits(s, 2, 2);
    if (!flt_date_ok(0, month % 50 % 20, flt_digits(s, 4, 2)) || flt_is_sequence(s))
        return FLT_V_WRONG;
    if (s.n == 9)
        return (flt_digits(s, 0, 2) < 54 || flt_digits(s, 0, 2) >= 80) ? FLT_V_SHAPE : FLT_V_WRONG;
    head = flt_digits(s, 0, 9);
    return flt_if_usual(head % 11 % 10 == flt_digit(s, 9) ? FLT_V_OK : FLT_V_WRONG, month % 50 <= 32 && month < 90);
}

/* 33392005961 */
enum flt_valid val_hr_oib(const struct flt_token *token)
{
    return token->text.n == 11 ? flt_verdict(flt_iso7064_11_10(token->text), token->text) : FLT_V_WRONG;
}

/* 111111110: weights 3 and 7 in turn, mod 10. */
enum flt_valid val_hu_taj(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 7, 3, 7, 3, 7, 3, 7 };
    struct st_span s = token->text;

    return s.n == 9 ? flt_verdict(flt_weighted(s, weights, 8) % 10 == flt_digit(s, 8) && flt_distinct(s) > 1, s)
                    : FLT_V_WRONG;
}

/* 8071592153: begins with 8, weights 1 to 9, mod 11. */
enum flt_valid val_hu_adoazonosito(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct st_span s = token->text;

    return s.n == 10 && s.p[0] == '8' ? flt_verdict(flt_weighted(s, weights, 9) % 11 == flt_digit(s, 9), s)
                                      : FLT_V_WRONG;
}

/* Sex and century, birth date, serial, check: weights 1 to 10, since 1997 from 10 down; mod 11. */
enum flt_valid val_hu_personal_id(const struct flt_token *token)
{
    static const uint8_t up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    static const uint8_t down[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;
    bool is_new;

    if (s.n != 11 || s.p[0] < '1' || s.p[0] > '8' || !flt_date_ok(0, flt_digits(s, 3, 2), flt_digits(s, 5, 2)))
        return FLT_V_WRONG;
    is_new = s.p[0] == '3' || s.p[0] == '4' || flt_digits(s, 1, 2) >= 97;
    return flt_verdict(flt_weighted(s, is_new ? down : up, 10) % 11 == flt_digit(s, 10), s);
}

/* 8567346215 */
enum flt_valid val_pl_nip(const struct flt_token *token)
{
    static const uint8_t weights[] = { 6, 5, 7, 2, 3, 4, 5, 6, 7 };
    struct st_span s = token->text;

    return s.n == 10 ? flt_verdict(flt_weighted(s, weights, 9) % 11 == flt_digit(s, 9) && flt_distinct(s) > 1, s)
                     : FLT_V_WRONG;
}

/* 192598184; with five more digits for a branch 12345678512347 */
enum flt_valid val_pl_regon(const struct flt_token *token)
{
    static const uint8_t nine[] = { 8, 9, 2, 3, 4, 5, 6, 7 };
    static const uint8_t fourteen[] = { 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8 };
    struct st_span s = token->text;

    if ((s.n != 9 && s.n != 14) || flt_distinct(s) <= 1 || flt_weighted(s, nine, 8) % 11 % 10 != flt_digit(s, 8))
        return FLT_V_WRONG;
    return s.n == 9 || flt_weighted(s, fourteen, 13) % 11 % 10 == flt_digit(s, 13) ? flt_verdict(true, s) : FLT_V_WRONG;
}

/* ABA300000: the digit behind the letters checks; letters from 10, weights 7-3-1, the check itself weighs 9. */
enum flt_valid val_pl_dowod(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 3, 1, 9, 7, 3, 1, 7, 3 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 9)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++)
        sum += (i < 3 ? flt_to_upper(s.p[i]) - (unsigned)'A' + 10 : flt_digit(s, i)) * weights[i];
    return sum % 10 == 0 ? FLT_V_OK : FLT_V_WRONG;
}

/* 1630615123457: sex and century, birth date, county, serial; 10 becomes 1. */
enum flt_valid val_ro_cnp(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 };
    struct st_span s = token->text;
    unsigned check, county;

    if (s.n != 13 || s.p[0] == '0' || !flt_date_ok(0, flt_digits(s, 3, 2), flt_digits(s, 5, 2)))
        return FLT_V_WRONG;
    county = flt_digits(s, 7, 2);
    check = flt_weighted(s, weights, 12) % 11;
    return flt_if_usual(flt_verdict((check == 10 ? 1 : check) == flt_digit(s, 12), s),
                        county != 0 && (county <= 52 || county == 70 || (county >= 80 && county <= 83)));
}

/* A check of 10 is said not to be given out, and written as 0 where it is. */
static bool is_jmbg(struct st_span s)
{
    static const uint8_t weights[] = { 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };

    return s.n == 13 && flt_date_ok(0, flt_digits(s, 2, 2), flt_digits(s, 0, 2)) &&
           (11 - flt_weighted(s, weights, 12) % 11) % 11 % 10 == flt_digit(s, 12);
}

/* Born in this century or the last, where the number says. */
static enum flt_valid jmbg_of(struct st_span s, uint8_t from, uint8_t to)
{
    if (!is_jmbg(s))
        return FLT_V_WRONG;
    return flt_if_usual(FLT_V_OK, (s.p[4] == '9' || s.p[4] == '0' || s.p[4] == '8') && s.p[7] >= from && s.p[7] <= to);
}

/* 0101006500006: region 50 */
enum flt_valid val_si_emso(const struct flt_token *token)
{
    return jmbg_of(token->text, '5', '5');
}

/* Region 70 to 99: Serbia and its provinces */
enum flt_valid val_rs_jmbg(const struct flt_token *token)
{
    return jmbg_of(token->text, '7', '9');
}

/* Region 41 to 49 */
enum flt_valid val_mk_embg(const struct flt_token *token)
{
    return jmbg_of(token->text, '4', '4');
}

/* Region 10 to 19: Bosnia and Herzegovina; 21 to 29: Montenegro; 30 to 39: Croatia */
enum flt_valid val_ba_jmbg(const struct flt_token *token)
{
    return jmbg_of(token->text, '1', '3');
}

/* 15012557 */
enum flt_valid val_si_davcna(const struct flt_token *token)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned check;

    if (s.n != 8 || s.p[0] == '0')
        return FLT_V_WRONG;
    check = 11 - flt_weighted(s, weights, 7) % 11;
    return flt_verdict(check != 11 && check % 10 == flt_digit(s, 7), s);
}

/* 3184710691: days since 31 December 1899, serial, check. */
enum flt_valid val_ua_rnokpp(const struct flt_token *token)
{
    static const uint8_t weights[] = { 10, 5, 7, 9, 4, 6, 10, 5, 7 }; /* the first is -1, which is 10 mod 11 */
    struct st_span s = token->text;

    if (s.n != 10 || flt_digits(s, 0, 5) == 0)
        return FLT_V_WRONG;
    return flt_if_usual(flt_verdict(flt_weighted(s, weights, 9) % 11 % 10 == flt_digit(s, 9), s),
                        flt_digits(s, 0, 5) <= 54000);
}

/* 7707083893, 500100732259 */
enum flt_valid val_ru_inn(const struct flt_token *token)
{
    static const uint8_t all[] = { 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8 };
    struct st_span s = token->text;

    if ((s.n != 10 && s.n != 12) || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    if (s.n == 10)
        return flt_verdict(flt_weighted(s, all + 2, 9) % 11 % 10 == flt_digit(s, 9), s);
    return flt_verdict(flt_weighted(s, all + 1, 10) % 11 % 10 == flt_digit(s, 10) &&
                           flt_weighted(s, all, 11) % 11 % 10 == flt_digit(s, 11),
                       s);
}

/* 11223344595: weights 9 to 1, mod 101, 100 becomes 00. */
enum flt_valid val_ru_snils(const struct flt_token *token)
{
    static const uint8_t weights[] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;

    if (s.n != 11 || flt_digits(s, 0, 9) <= 1001998)
        return FLT_V_WRONG;
    return flt_verdict(flt_weighted(s, weights, 9) % 101 % 100 == flt_digits(s, 9, 2), s);
}

/* Region of issue (01 to 99), year of the form, number. */
enum flt_valid val_ru_passport(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned year;

    if (s.n != 10 || flt_digits(s, 0, 2) == 0 || flt_is_sequence(s) || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    year = flt_digits(s, 2, 2);
    return year <= 40 || year >= 95 ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 10000000146: the tenth and the eleventh digit check. */
enum flt_valid val_tr_tckn(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned odd = 0, even = 0;

    if (s.n != 11 || s.p[0] == '0')
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++)
        *(i % 2 == 0 ? &odd : &even) += flt_digit(s, i);
    return flt_verdict((odd * 7 + 100 - even) % 10 == flt_digit(s, 9) &&
                           (odd + even + flt_digit(s, 9)) % 10 == flt_digit(s, 10) && flt_distinct(s) > 2,
                       s);
}

/* 4540536920 */
enum flt_valid val_tr_vkn(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 10)
        return FLT_V_WRONG;
    for (unsigned i = 0; i < 9; i++) {
        unsigned v = (flt_digit(s, i) + 9 - i) % 10, product = (v << (9 - i)) % 9;

        sum += v != 0 && product == 0 ? 9 : product;
    }
    return flt_verdict((10 - sum % 10) % 10 == flt_digit(s, 9) && flt_distinct(s) > 2, s);
}

/* Birth date, century and sex, serial, check: weights 1 to 11, and where that gives 10, 3 to 11 and 1, 2. */
enum flt_valid val_kz_iin(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2 };
    struct st_span s = token->text;
    unsigned check;

    if (s.n != 12 || s.p[6] > '6' || !flt_date_ok(0, flt_digits(s, 2, 2), flt_digits(s, 4, 2)))
        return FLT_V_WRONG;
    check = flt_weighted(s, weights, 11) % 11;
    if (check == 10)
        check = flt_weighted(s, weights + 2, 11) % 11;
    return flt_verdict(check == flt_digit(s, 11), s);
}

/* 123456782: weights 1 and 2 in turn with cross sums, which for nine digits is Luhn. */
enum flt_valid val_il_id(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 9 && flt_distinct(s) > 2 ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
}

/* Weights 7-3-1 over 12 digits, mod 10; no published sample was found, so the check only raises. */
enum flt_valid val_md_idnp(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1 };
    struct st_span s = token->text;

    if (s.n != 13 || (s.p[0] != '0' && s.p[0] != '2') || flt_distinct(s) <= 2 || flt_is_sequence(s))
        return FLT_V_WRONG;
    return flt_weighted(s, weights, 12) % 10 == flt_digit(s, 12) ? FLT_V_OK : FLT_V_SHAPE;
}

/* H50114001T: decade of birth as a letter, year, month (+50: women), day, serial, letter. */
enum flt_valid val_al_nid(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month;

    if (s.n != 10 || flt_to_upper(s.p[0]) > 'T' || !flt_is_alpha(s.p[9]))
        return FLT_V_WRONG;
    month = flt_digits(s, 2, 2);
    return flt_date_ok(0, month > 50 ? month - 50 : month, flt_digits(s, 4, 2)) ? FLT_V_SHAPE : FLT_V_WRONG;
}
