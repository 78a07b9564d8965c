/* SPDX-License-Identifier: Apache-2.0 */
/* validate_company - company and VAT numbers of Europe and its neighbours.
 *
 * Nearly all of them are a weighted sum with a remainder by 11, 10, 37, 89 or 97; the table rows give weights and what
 * the remainder must be, by the public descriptions named in validators.def (for VAT numbers the algorithms of the
 * European Commission's TAXUD and of the states). A VAT number is two letters and the national number, so eu_vat only
 * finds the country's check. Vectors stand in validate_company_test.c; those numbers are published by their owners.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

static bool all_digits(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!flt_is_digit(s.p[i]))
            return false;
    return true;
}

/* n digits whose weighted sum leaves `rest` when divided by mod */
struct sum {
    uint8_t n, mod, rest;
    const uint8_t *weights;
};
#define SUM(n, mod, rest, ...) (&(const struct sum){ n, mod, rest, (const uint8_t[]){ __VA_ARGS__ } })

static bool sums_up(struct st_span s, const struct sum *rule)
{
    return s.n == rule->n && all_digits(s) && flt_weighted(s, rule->weights, rule->n) % rule->mod == rule->rest;
}

/* The check digit is what is missing to 11, modulo 10. */
static bool fills_eleven(struct st_span s, const uint8_t *weights)
{
    unsigned rest = flt_weighted(s, weights, s.n - 1) % 11;

    return (11 - rest) % 11 % 10 == flt_digit(s, s.n - 1);
}

/* The remainder by 11 is the check digit; where it is 10, that of a second row of weights, where 10 counts as 0. */
static bool two_rows(struct st_span s, const uint8_t *first, const uint8_t *second)
{
    unsigned rest = flt_weighted(s, first, s.n - 1) % 11;

    if (rest == 10)
        rest = flt_weighted(s, second, s.n - 1) % 11 % 10;
    return rest == flt_digit(s, s.n - 1);
}

static enum flt_valid digits_verdict(bool ok, struct st_span s)
{
    return s.n > 4 && flt_distinct(s) > 1 ? flt_verdict(ok, s) : FLT_V_WRONG;
}

/* U13585627 without its U: doubled digits count as their cross sum, and 4 is added. */
static bool at_uid(struct st_span s)
{
    unsigned sum = 4;

    if (s.n != 8 || !all_digits(s))
        return false;
    for (size_t i = 0; i < 7; i++) {
        unsigned d = flt_digit(s, i) * (i % 2 + 1);

        sum += d / 10 + d % 10;
    }
    return (10 - sum % 10) % 10 == flt_digit(s, 7);
}

static bool be_enterprise(struct st_span s)
{
    return s.n == 10 && all_digits(s) && 97 - flt_digits(s, 0, 8) % 97 == flt_digits(s, 8, 2);
}

static bool bg_eik(struct st_span s)
{
    static const uint8_t first[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, second[] = { 3, 4, 5, 6, 7, 8, 9, 10 };

    return s.n == 9 && all_digits(s) && two_rows(s, first, second);
}

/* Ten digits: a person's number, or that of somebody who is in no register, mod 11. */
static bool bg_other(struct st_span s)
{
    static const uint8_t weights[] = { 4, 3, 2, 7, 6, 5, 4, 3, 2 };

    return s.n == 10 && all_digits(s) && (11 - flt_weighted(s, weights, 9) % 11) % 11 == flt_digit(s, 9);
}

static bool bg_lnch(struct st_span s)
{
    static const uint8_t weights[] = { 21, 19, 17, 13, 11, 9, 7, 3, 1 };

    return s.n == 10 && all_digits(s) && flt_weighted(s, weights, 9) % 10 == flt_digit(s, 9);
}

/* Digits at odd places are mapped, the sum gives the letter. */
static bool cy_tic(struct st_span s)
{
    static const uint8_t odd[] = { 1, 0, 5, 7, 9, 13, 15, 17, 19, 21 };
    unsigned sum = 0;

    if (s.n != 9 || !all_digits(st_span_sub(s, 0, 8)) || (s.p[0] == '1' && s.p[1] == '2'))
        return false;
    for (size_t i = 0; i < 8; i++)
        sum += i % 2 == 0 ? odd[flt_digit(s, i)] : flt_digit(s, i);
    return flt_to_upper(s.p[8]) == 'A' + sum % 26;
}

static bool cz_ico(struct st_span s)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };

    return s.n == 8 && all_digits(s) && (11 - flt_weighted(s, weights, 7) % 11) % 10 == flt_digit(s, 7);
}

static bool ee_registrikood(struct st_span s)
{
    static const uint8_t first[] = { 1, 2, 3, 4, 5, 6, 7 }, second[] = { 3, 4, 5, 6, 7, 8, 9 };

    return s.n == 8 && all_digits(s) && strchr("1789", s.p[0]) != NULL && two_rows(s, first, second);
}

/* The key of new numbers has a letter; O and I are none. */
static bool fr_letters(struct st_span s)
{
    static const char signs[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    const char *a = memchr(signs, flt_to_upper(s.p[0]), 34), *b = memchr(signs, flt_to_upper(s.p[1]), 34);
    unsigned key;

    if (a == NULL || b == NULL)
        return false;
    key = flt_is_digit(s.p[0]) ? (unsigned)(a - signs) * 24 + (unsigned)(b - signs) - 10
                               : (unsigned)(a - signs) * 34 + (unsigned)(b - signs) - 100;
    return (flt_digits(s, 2, 9) + 1 + key / 11) % 11 == key % 11;
}

/* Two digits (or signs, of new numbers) before a SIREN; Monaco's have 000 in it. */
static bool fr_tva(struct st_span s)
{
    struct st_span siren = st_span_sub(s, 2, 9);

    if (s.n != 11 || !all_digits(siren))
        return false;
    if (!flt_luhn(siren) && flt_digits(siren, 0, 3) != 0)
        return false;
    if (!all_digits(st_span_sub(s, 0, 2)))
        return fr_letters(s);
    return flt_digits(s, 0, 2) == (12 + 3 * (flt_digits(siren, 0, 9) % 97)) % 97;
}

static bool gb_vat(struct st_span s)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };
    unsigned sum;

    if (s.n != 9 || !all_digits(s))
        return false;
    sum = flt_weighted(s, weights, 7) + flt_digits(s, 7, 2);
    return sum % 97 == 0 || sum % 97 == 42 || sum % 97 == 55;
}

/* The last digit but one is 1; twelve digits for a time. */
static bool lt_pvm(struct st_span s)
{
    static const uint8_t first[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2 }, second[] = { 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4 };

    return (s.n == 9 || s.n == 12) && all_digits(s) && s.p[s.n - 2] == '1' && two_rows(s, first, second);
}

static bool lu_tva(struct st_span s)
{
    return s.n == 8 && all_digits(s) && flt_digits(s, 0, 6) % 89 == flt_digits(s, 6, 2);
}

/* 123456782B90: a BSN, or since 2020 the whole with NL before it by MOD 97-10. */
static bool nl_btw(struct st_span s)
{
    uint8_t whole[14] = { 'N', 'L' };
    unsigned sum = 0;

    if (s.n != 12 || flt_to_upper(s.p[9]) != 'B' || !all_digits(st_span_sub(s, 0, 9)) ||
        !all_digits(st_span_sub(s, 10, 2)))
        return false;
    for (size_t i = 0; i < 8; i++)
        sum += flt_digit(s, i) * (unsigned)(9 - i);
    memcpy(whole + 2, s.p, 12);
    return sum % 11 == flt_digit(s, 8) || flt_mod97(st_span(whole, 14)) == 1;
}

/* 18547290: two to ten digits, weights from the right. */
static bool ro_cui(struct st_span s)
{
    static const uint8_t weights[] = { 7, 5, 3, 2, 1, 7, 5, 3, 2 };

    return s.n >= 4 && s.n <= 10 && all_digits(s) && s.p[0] != '0' &&
           10 * flt_weighted(s, weights + 10 - s.n, s.n - 1) % 11 % 10 == flt_digit(s, s.n - 1);
}

/* Ten digits that the remainder by 11 is 0 of, the third one of 2 3 4 7 8 9. */
static bool sk_dph(struct st_span s)
{
    unsigned rest = 0;

    if (s.n != 10 || !all_digits(s) || s.p[0] == '0' || strchr("234789", s.p[2]) == NULL)
        return false;
    for (size_t i = 0; i < 10; i++)
        rest = (rest * 10 + flt_digit(s, i)) % 11;
    return rest == 0;
}

/* Numbers from 30 to 60 million begin their weights with 7. */
static bool ua_edrpou(struct st_span s)
{
    static const uint8_t low[] = { 1, 2, 3, 4, 5, 6, 7 }, low2[] = { 3, 4, 5, 6, 7, 8, 9 };
    static const uint8_t high[] = { 7, 1, 2, 3, 4, 5, 6 }, high2[] = { 9, 3, 4, 5, 6, 7, 8 };
    bool is_high;

    if (s.n != 8 || !all_digits(s))
        return false;
    is_high = s.p[0] >= '3' && s.p[0] <= '5';
    return is_high ? two_rows(s, high, high2) : two_rows(s, low, low2);
}

static bool se_vat(struct st_span s)
{
    return s.n == 12 && all_digits(s) && s.p[10] == '0' && s.p[11] >= '1' && s.p[11] <= '9' &&
           flt_luhn(st_span_sub(s, 0, 10));
}

static bool no_mva(struct st_span s)
{
    return sums_up(s, SUM(9, 11, 0, 3, 2, 7, 6, 5, 4, 3, 2, 1));
}

static bool lv_pvn(struct st_span s)
{
    return s.n == 11 && s.p[0] > '3' && sums_up(s, SUM(11, 11, 3, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1));
}

/* ---- validators ---------------------------------------------------------------------------------------------- */

#define CHECKS(name)                                           \
    enum flt_valid val_##name(const struct flt_token *token)   \
    {                                                          \
        return digits_verdict(name(token->text), token->text); \
    }

CHECKS(bg_eik)
CHECKS(bg_lnch)
CHECKS(cy_tic)
CHECKS(cz_ico)
CHECKS(ee_registrikood)
CHECKS(gb_vat)
CHECKS(lt_pvm)
CHECKS(lu_tva)
CHECKS(ro_cui)
CHECKS(sk_dph)
CHECKS(ua_edrpou)

enum flt_valid val_be_enterprise(const struct flt_token *token)
{
    return flt_if_usual(digits_verdict(be_enterprise(token->text), token->text), token->text.p[0] <= '1');
}

/* Companies' numbers begin with 4 or more; a person who pays VAT does so with the personal number. */
enum flt_valid val_lv_pvn(const struct flt_token *token)
{
    if (token->text.n == 11 && token->text.p[0] <= '3')
        return val_lv_personas_kods(token);
    return digits_verdict(lv_pvn(token->text), token->text);
}

/* 640903926: of somebody without a birth number, weights 8 to 2 over the middle. */
static bool cz_special(struct st_span s)
{
    static const uint8_t weights[] = { 0, 8, 7, 6, 5, 4, 3, 2 };

    return s.n == 9 && all_digits(s) && s.p[0] == '6' &&
           (19 - (11 - flt_weighted(s, weights, 8) % 11)) % 10 == flt_digit(s, 8);
}

/* A company's, or a person's birth number. */
enum flt_valid val_cz_dic(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n == 8 || cz_special(s))
        return digits_verdict(s.n == 8 ? cz_ico(s) : true, s);
    return val_cz_rodne_cislo(token);
}

enum flt_valid val_sk_vat(const struct flt_token *token)
{
    return sk_dph(token->text) ? digits_verdict(true, token->text) : val_cz_rodne_cislo(token);
}

enum flt_valid val_bg_vat(const struct flt_token *token)
{
    struct st_span s = token->text;

    return digits_verdict(bg_eik(s) || bg_lnch(s) || bg_other(s) || (s.n == 10 && val_bg_egn(token) == FLT_V_OK), s);
}

enum flt_valid val_fr_tva(const struct flt_token *token)
{
    return digits_verdict(fr_tva(token->text), token->text);
}

/* A letter among the first two. */
enum flt_valid val_fr_tva_letters(const struct flt_token *token)
{
    if (token->text.n != 11 || all_digits(st_span_sub(token->text, 0, 2)) || !flt_luhn(st_span_sub(token->text, 2, 9)))
        return FLT_V_WRONG;
    return digits_verdict(fr_tva(token->text), token->text);
}

enum flt_valid val_dk_cvr(const struct flt_token *token)
{
    return digits_verdict(sums_up(token->text, SUM(8, 11, 0, 2, 7, 6, 5, 4, 3, 2, 1)) && token->text.p[0] != '0',
                          token->text);
}

enum flt_valid val_ee_kmkr(const struct flt_token *token)
{
    return digits_verdict(sums_up(token->text, SUM(9, 10, 0, 3, 7, 1, 3, 7, 1, 3, 7, 1)), token->text);
}

enum flt_valid val_fi_ytunnus(const struct flt_token *token)
{
    return digits_verdict(sums_up(token->text, SUM(8, 11, 0, 7, 9, 10, 5, 8, 4, 2, 1)), token->text);
}

enum flt_valid val_hu_adoszam(const struct flt_token *token)
{
    struct st_span core = st_span_sub(token->text, 0, 8);

    return digits_verdict(sums_up(core, SUM(8, 10, 0, 9, 7, 3, 1, 9, 7, 3, 1)), token->text);
}

enum flt_valid val_mt_vat(const struct flt_token *token)
{
    return digits_verdict(sums_up(token->text, SUM(8, 37, 0, 3, 4, 6, 7, 8, 9, 10, 1)), token->text);
}

enum flt_valid val_no_orgnr(const struct flt_token *token)
{
    return flt_if_usual(digits_verdict(no_mva(token->text), token->text), token->text.p[0] >= '8');
}

/* 11 digits: bank, kind, customer, check; or those of the post. */
enum flt_valid val_no_account(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n == 7 || (s.n == 11 && flt_digits(s, 0, 4) == 0)) /* of the post: seven digits, Luhn */
        return digits_verdict(all_digits(s) && flt_luhn(st_span_sub(s, s.n - 7, 7)), s);
    return digits_verdict(sums_up(token->text, SUM(11, 11, 0, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)), token->text);
}

/* The German VAT number, the Serbian PIB: ISO 7064 MOD 11,10. */
enum flt_valid val_iso7064_11_10(const struct flt_token *token)
{
    return flt_if_usual(
        digits_verdict(token->text.n == 9 && all_digits(token->text) && flt_iso7064_11_10(token->text), token->text),
        token->text.p[0] != '0');
}

enum flt_valid val_me_pib(const struct flt_token *token)
{
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };

    return digits_verdict(token->text.n == 8 && fills_eleven(token->text, weights), token->text);
}

enum flt_valid val_mk_edb(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };

    return digits_verdict(token->text.n == 13 && fills_eleven(token->text, weights), token->text);
}

enum flt_valid val_by_unp(const struct flt_token *token)
{
    static const uint8_t weights[] = { 29, 23, 19, 17, 13, 7, 5, 3 };
    static const char first[] =
        "ABCEHKMOPT"; /* letters that Cyrillic and Latin share, the second counts by its place; persons have them */
    struct st_span s = token->text;
    const char *a, *b;
    unsigned sum;

    if (s.n != 9)
        return FLT_V_WRONG;
    if (all_digits(s))
        return digits_verdict(flt_weighted(s, weights, 8) % 11 == flt_digit(s, 8), s);
    a = memchr(first, flt_to_upper(s.p[0]), 10);
    b = memchr(first, flt_to_upper(s.p[1]), 10);
    if (a == NULL || b == NULL || !all_digits(st_span_sub(s, 2, 7)))
        return FLT_V_WRONG;
    sum = 29u * (unsigned)(*a - 'A' + 10) + 23u * (unsigned)(b - first) +
          flt_weighted(st_span_sub(s, 2, 6), weights + 2, 6);
    return digits_verdict(sum % 11 == flt_digit(s, 8), s);
}

/* 404833048; one that goes on with five digits is the head of a SIRET, which is checked as a whole. */
enum flt_valid val_fr_siren(const struct flt_token *token)
{
    struct st_span s = token->text, behind = st_span_sub(token->all, token->to, 7);
    unsigned sum = 0, digits = 0;

    while (digits + 1 < behind.n && flt_is_digit(behind.p[digits + 1]))
        digits++;
    if (s.n == 9 && digits == 5 && behind.p[0] == ' ')
        return FLT_V_WRONG;
    if (s.n == 9)
        return digits_verdict(flt_luhn(s), s);
    if (s.n != 14 || !flt_luhn(st_span_sub(s, 0, 9)))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 14; i++)
        sum += flt_digit(s, i);
    /* La Poste's shops: the digits add up to a multiple of 5 */
    return digits_verdict(flt_luhn(s) || (flt_digits(s, 0, 9) == 356000000 && sum % 5 == 0), s);
}

/* The number behind the two letters, as its country's tax office checks it; NULL: other countries' are not in here. */
static enum flt_valid (*vat_of(const char *country))(const struct flt_token *)
{
    static const struct {
        char country[3];
        enum flt_valid (*check)(const struct flt_token *);
    } states[] = {
        { "BE", val_be_enterprise }, { "BG", val_bg_vat },    { "CY", val_cy_tic },  { "CZ", val_cz_dic },
        { "DE", val_iso7064_11_10 }, { "DK", val_dk_cvr },    { "EE", val_ee_kmkr }, { "EL", val_gr_afm },
        { "FI", val_fi_ytunnus },    { "GB", val_gb_vat },    { "HR", val_hr_oib },  { "HU", val_hu_adoszam },
        { "IE", val_ie_pps },        { "IT", val_luhn },      { "LT", val_lt_pvm },  { "LU", val_lu_tva },
        { "LV", val_lv_pvn },        { "MT", val_mt_vat },    { "PL", val_pl_nip },  { "PT", val_pt_nif },
        { "RO", val_ro_cui },        { "SI", val_si_davcna }, { "SK", val_sk_vat },  { "XI", val_gb_vat },
    };

    for (size_t i = 0; i < ST_LEN(states); i++)
        if (memcmp(states[i].country, country, 2) == 0)
            return states[i].check;
    return NULL;
}

/* ATU13585627, DE136695976, BE0428759497, FR83404833048, NL004495445B01, ESB58378431 … */
enum flt_valid val_eu_vat(const struct flt_token *token)
{
    struct st_span s = token->text, number = st_span_sub(s, 2, s.n - 2);
    char country[2];
    enum flt_valid (*check)(const struct flt_token *);

    if (s.n < 8 || !flt_is_upper(s.p[0]) || !flt_is_upper(s.p[1]))
        return FLT_V_WRONG;
    memcpy(country, s.p, 2);
    if (memcmp(country, "AT", 2) == 0)
        return digits_verdict(s.p[2] == 'U' && at_uid(st_span_sub(s, 3, s.n - 3)), number);
    if (memcmp(country, "FR", 2) == 0)
        return digits_verdict(fr_tva(number), number);
    if (memcmp(country, "NL", 2) == 0)
        return digits_verdict(nl_btw(number), number);
    if (memcmp(country, "SE", 2) == 0)
        return digits_verdict(se_vat(number), number);
    if (memcmp(country, "NO", 2) == 0)
        return digits_verdict(no_mva(number), number);
    if (memcmp(country, "ES", 2) == 0 && number.n == 9) {
        enum flt_valid dni = val_es_dni(&(struct flt_token){ number, token->all, token->from, token->to });

        return dni == FLT_V_OK ? dni : val_es_cif(&(struct flt_token){ number, token->all, token->from, token->to });
    }
    check = vat_of(country);
    return check != NULL ? check(&(struct flt_token){ number, token->all, token->from, token->to }) : FLT_V_WRONG;
}

/* 12345674 with a U before it in the text: the Austrian UID alone. */
enum flt_valid val_at_uid(const struct flt_token *token)
{
    return digits_verdict(token->text.n == 9 && flt_to_upper(token->text.p[0]) == 'U' &&
                              at_uid(st_span_sub(token->text, 1, token->text.n - 1)),
                          token->text);
}

enum flt_valid val_nl_btw(const struct flt_token *token)
{
    return digits_verdict(nl_btw(token->text), token->text);
}

enum flt_valid val_se_vat(const struct flt_token *token)
{
    return digits_verdict(se_vat(token->text), token->text);
}

enum flt_valid val_no_mva(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n == 14 && st_span_istarts(s, ST_SPAN("NO")))
        s = st_span_sub(s, 2, 12);
    return digits_verdict(
        s.n == 12 && st_span_ieq(st_span_sub(s, 9, 3), ST_SPAN("MVA")) && no_mva(st_span_sub(s, 0, 9)), s);
}

/* 1003600015231: a company's, as the personal number but with a 1 before. */
enum flt_valid val_md_idno(const struct flt_token *token)
{
    static const uint8_t weights[] = { 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1 };
    struct st_span s = token->text;

    if (s.n != 13)
        return FLT_V_WRONG;
    return flt_if_usual(digits_verdict(flt_weighted(s, weights, 12) % 10 == flt_digit(s, 12), s), s.p[0] == '1');
}
