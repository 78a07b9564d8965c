/* SPDX-License-Identifier: Apache-2.0 */
/* validate_americas - personal, tax and health numbers of the Americas.
 *
 * Each check follows the public description named in validators.def; a published sample, or one computed by the public
 * rule, stands beside the function. Where only a structure is public (ITIN, MBI, RAMQ) the answer is SHAPE.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* 912-70-1234: area 9xx, group 50-65, 70-88, 90-92 or 94-99. */
enum flt_valid val_us_itin(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned group;

    if (s.n != 9 || s.p[0] != '9' || flt_is_sequence(s))
        return FLT_V_WRONG;
    group = flt_digits(s, 3, 2);
    return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 99 && group != 93)
               ? FLT_V_SHAPE
               : FLT_V_WRONG;
}

/* The prefixes of the campuses that give EINs. */
enum flt_valid val_us_ein(const struct flt_token *token)
{
    static const uint8_t never[] = { 0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97 };
    struct st_span s = token->text;

    if (s.n != 9 || flt_is_sequence(s) || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return memchr(never, (int)flt_digits(s, 0, 2), sizeof never) == NULL ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* 1234567893 (CMS sample): Luhn with 80840 before it. */
enum flt_valid val_us_npi(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint8_t all[15] = "80840";

    if (s.n != 10 || (s.p[0] != '1' && s.p[0] != '2'))
        return FLT_V_WRONG;
    memcpy(all + 5, s.p, 10);
    return flt_luhn(st_span(all, 15)) ? FLT_V_OK : FLT_V_WRONG;
}

/* AB1234563: kind of registrant, initial, digits; (1+3+5) + 2 (2+4+6) ends with the seventh. */
enum flt_valid val_us_dea(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum;

    if (s.n != 9 || memchr("ABCDEFGHJKLMPRSTUX", flt_to_upper(s.p[0]), 18) == NULL || !flt_is_alpha(s.p[1]))
        return FLT_V_WRONG;
    sum =
        flt_digit(s, 2) + flt_digit(s, 4) + flt_digit(s, 6) + 2 * (flt_digit(s, 3) + flt_digit(s, 5) + flt_digit(s, 7));
    return sum > 0 && sum % 10 == flt_digit(s, 8) ? FLT_V_OK : FLT_V_WRONG;
}

/* 1EG4TE5MK73 (CMS sample): C A AN N A AN N A A N N, where A is a letter but S, L, O, I, B, Z. */
enum flt_valid val_us_mbi(const struct flt_token *token)
{
    static const char classes[] = "CAXNAXNAANN";
    struct st_span s = token->text;

    if (s.n != 11 || s.p[0] == '0')
        return FLT_V_WRONG;
    if (st_span_ieq(s, ST_SPAN("1EG4TE5MK73")) || st_span_ieq(s, ST_SPAN("1EG4TE5MK72")))
        return FLT_V_TEST;
    for (size_t i = 0; i < 11; i++) {
        bool letter = flt_is_alpha(s.p[i]) && memchr("SLOIBZ", flt_to_upper(s.p[i]), 6) == NULL;

        if (classes[i] == 'A' ? !letter : classes[i] == 'X' ? !letter && !flt_is_digit(s.p[i]) : !flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
    }
    return FLT_V_OK;
}

/* 1234567897AB: Luhn over ten digits, then the version. */
enum flt_valid val_ca_ohip(const struct flt_token *token)
{
    struct st_span s = st_span_sub(token->text, 0, 10);

    return s.n == 10 && s.p[0] != '0' ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
}

/* 9012372173: begins with 9, weights 2-4-8-5-10-9-7-3, mod 11. */
enum flt_valid val_ca_bc_phn(const struct flt_token *token)
{
    static const uint8_t weights[] = { 0, 2, 4, 8, 5, 10, 9, 7, 3 };
    struct st_span s = token->text;

    if (s.n != 10 || s.p[0] != '9')
        return FLT_V_WRONG;
    return flt_verdict(11 - flt_weighted(s, weights, 9) % 11 == flt_digit(s, 9), s);
}

/* ABCD 8556 1234: name, year, month (+50: women), day, two places whose rule is not public. */
enum flt_valid val_ca_ramq(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned month;

    if (s.n != 12)
        return FLT_V_WRONG;
    month = flt_digits(s, 6, 2);
    return flt_date_ok(0, month > 50 ? month - 50 : month, flt_digits(s, 8, 2)) ? FLT_V_SHAPE : FLT_V_WRONG;
}

/* BOXW310820HNERXN09: name, birth date, sex, state, consonants, century, check over 0-9A-N, Ñ, O-Z. */
enum flt_valid val_mx_curp(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 18 || !flt_date_ok(0, flt_digits(s, 6, 2), flt_digits(s, 8, 2)) ||
        memchr("HMX", flt_to_upper(s.p[10]), 3) == NULL || !flt_is_digit(s.p[17]))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 17; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10 + (c > 'N');

        sum += v * (unsigned)(18 - i);
    }
    return (10 - sum % 10) % 10 == flt_digit(s, 17) ? FLT_V_OK : FLT_V_WRONG;
}

/* GODE561231GR8: name, date, homoclave, check mod 11 over 0-9A-N&O-Z, space and Ñ; companies have three letters. */
enum flt_valid val_mx_rfc(const struct flt_token *token)
{
    struct st_span s = token->text;
    size_t letters = s.n == 12 ? 3 : 4;
    unsigned sum = s.n == 12 ? 37 * 13 : 0, check; /* a space before the three letters */

    if (s.n == 10) /* without the homoclave */
        return flt_date_ok(0, flt_digits(s, 6, 2), flt_digits(s, 8, 2)) && flt_distinct(s) > 4 ? FLT_V_SHAPE
                                                                                               : FLT_V_WRONG;
    if ((s.n != 12 && s.n != 13) || !flt_date_ok(0, flt_digits(s, letters + 2, 2), flt_digits(s, letters + 4, 2)))
        return FLT_V_WRONG;
    for (size_t i = 0; i + 1 < s.n; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10 + (c > 'N');

        sum += v * (unsigned)(s.n - i);
    }
    check = 11 - sum % 11;
    /* not all that were given out fulfil it */
    return (uint8_t) "0123456789A0"[check] == flt_to_upper(s.p[s.n - 1]) ? FLT_V_OK : FLT_V_SHAPE;
}

/* Weights 3-2-9-8-7-6-5-4-3-2, mod 11. */
enum flt_valid val_br_pis(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 2, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned check;

    if (s.n != 11 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    check = 11 - flt_weighted(s, weights, 10) % 11;
    return flt_verdict((check >= 10 ? 0 : check) == flt_digit(s, 10), s);
}

/* 11222333000181; since 2026 letters may stand in the first twelve places, valued as their code less 48. */
enum flt_valid val_br_cnpj(const struct flt_token *token)
{
    static const uint8_t weights[] = { 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 14 || flt_distinct(s) <= 1 || !flt_is_digit(s.p[12]) || !flt_is_digit(s.p[13]))
        return FLT_V_WRONG;
    for (size_t n = 12; n < 14; n++) {
        unsigned sum = 0;

        for (size_t i = 0; i < n; i++)
            sum += (flt_to_upper(s.p[i]) - 48u) * weights[13 - n + i];
        if ((sum % 11 < 2 ? 0 : 11 - sum % 11) != flt_digit(s, n))
            return FLT_V_WRONG;
    }
    return FLT_V_OK;
}

/* 12ABC34501DE35, 12.ABC.345/01DE-35: the new form alone, with a letter in it. */
enum flt_valid val_br_cnpj_letters(const struct flt_token *token)
{
    struct flt_token bare = *token;
    uint8_t all[14] = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < token->text.n; i++)
        if (flt_is_alnum(token->text.p[i])) {
            if (n == sizeof all)
                return FLT_V_WRONG;
            all[n++] = token->text.p[i];
        }
    bare.text = st_span(all, n);
    return flt_mix(bare.text).digit < n ? val_br_cnpj(&bare) : FLT_V_WRONG;
}

/* The voter's title: eight digits, state 01-28, two checks; São Paulo and Minas count 10 as 1. */
enum flt_valid val_br_titulo(const struct flt_token *token)
{
    static const uint8_t first[] = { 2, 3, 4, 5, 6, 7, 8, 9 };
    struct st_span s = token->text;
    unsigned state, a, b;

    if (s.n != 12 || (state = flt_digits(s, 8, 2)) == 0 || state > 28)
        return FLT_V_WRONG;
    a = flt_weighted(s, first, 8) % 11;
    a = a == 10 ? 0 : a == 0 && state <= 2 ? 1 : a;
    b = (flt_digit(s, 8) * 7 + flt_digit(s, 9) * 8 + a * 9) % 11;
    b = b == 10 ? 0 : b == 0 && state <= 2 ? 1 : b;
    return flt_verdict(a == flt_digit(s, 10) && b == flt_digit(s, 11), s);
}

/* 20055361682 (20-05536168-2): kind, weights 5-4-3-2-7-6-5-4-3-2, mod 11. */
enum flt_valid val_ar_cuit(const struct flt_token *token)
{
    static const uint8_t weights[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    static const uint8_t kinds[] = { 20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 51, 55 };
    struct st_span s = token->text;

    if (s.n != 11 || memchr(kinds, (int)flt_digits(s, 0, 2), sizeof kinds) == NULL)
        return FLT_V_WRONG;
    return flt_verdict((uint8_t) "09987654321"[flt_weighted(s, weights, 10) % 11] == s.p[10], s);
}

/* 125319092 (12.531.909-2), 76086428K …: weights 2 to 7 from the right, 10 is K. Seven or eight digits. */
enum flt_valid val_cl_rut(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0, weight = 2, check;

    if (s.n != 8 && s.n != 9)
        return FLT_V_WRONG;
    for (size_t i = s.n - 1; i-- > 0; weight = weight == 7 ? 2 : weight + 1) {
        if (!flt_is_digit(s.p[i]))
            return FLT_V_WRONG;
        sum += flt_digit(s, i) * weight;
    }
    check = 11 - sum % 11;
    return sum > 0 && (uint8_t) "0123456789K0"[check] == flt_to_upper(s.p[s.n - 1]) ? FLT_V_OK : FLT_V_WRONG;
}

/* 2131234321: primes from the right, mod 11. Companies have nine digits and the check, people those of their cédula. */
enum flt_valid val_co_nit(const struct flt_token *token)
{
    static const uint8_t weights[] = { 43, 41, 37, 29, 23, 19, 17, 13, 7, 3 };
    struct st_span s = token->text;
    unsigned rest;

    if (s.n < 8 || s.n > 11)
        return FLT_V_WRONG;
    rest = flt_weighted(s, weights + 11 - s.n, s.n - 1) % 11;
    return flt_verdict((rest < 2 ? rest : 11 - rest) == flt_digit(s, s.n - 1), s);
}

/* 20512333797: kind, weights 5-4-3-2-7-6-5-4-3-2, mod 11. */
enum flt_valid val_pe_ruc(const struct flt_token *token)
{
    static const uint8_t weights[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    static const uint8_t kinds[] = { 10, 15, 16, 17, 20 };
    struct st_span s = token->text;

    if (s.n != 11 || memchr(kinds, (int)flt_digits(s, 0, 2), sizeof kinds) == NULL)
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 10) % 11) % 10 == flt_digit(s, 10), s);
}

/* Of Ecuador: 01 to 24, or 30 for those who live abroad. */
static bool has_province(struct st_span s)
{
    unsigned province = flt_digits(s, 0, 2);

    return (province >= 1 && province <= 24) || province == 30 || province == 50;
}

/* 1714307103: province, third digit up to 6, Luhn; 30 and 50 are Ecuadorians abroad. */
enum flt_valid val_ec_cedula(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 10 || !has_province(s) || s.p[2] > '6')
        return FLT_V_WRONG;
    return flt_verdict(flt_luhn(s), s);
}

/* 1714307103001: a person's is the cédula and 001; the third digit is 9 for companies and 6 for what is public, whose
 * check digits fill up to 11 and are the tenth and the ninth. A person's may have a 6 there as well by now. */
enum flt_valid val_ec_ruc(const struct flt_token *token)
{
    static const uint8_t company[] = { 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 }, public[] = { 3, 2, 7, 6, 5, 4, 3, 2, 1 };
    struct st_span s = token->text;
    bool ok;

    if (s.n != 13 || !has_province(s) || flt_digits(s, 9, 4) == 0)
        return FLT_V_WRONG;
    ok = s.p[2] <= '6' && flt_digits(s, 10, 3) != 0 && flt_luhn(st_span_sub(s, 0, 10));
    ok = ok || ((s.p[2] == '6' || s.p[2] == '9') && flt_weighted(s, public, 9) % 11 == 0);
    ok = ok || (s.p[2] == '9' && flt_digits(s, 10, 3) != 0 && flt_weighted(s, company, 10) % 11 == 0);
    return flt_verdict(ok, s);
}

/* 12345672 (1.234.567-2): weights 2-9-8-7-6-3-4, mod 10. */
enum flt_valid val_uy_ci(const struct flt_token *token)
{
    static const uint8_t weights[] = { 2, 9, 8, 7, 6, 3, 4 };
    struct st_span s = token->text;

    if (s.n != 8)
        return FLT_V_WRONG;
    return flt_distinct(s) > 2 && (10 - flt_weighted(s, weights, 7) % 10) % 10 == flt_digit(s, 7) ? FLT_V_OK
                                                                                                  : FLT_V_WRONG;
}

/* 211003420017: weights 4-3-2-9-8-7-6-5-4-3-2, mod 11. */
enum flt_valid val_uy_rut(const struct flt_token *token)
{
    static const uint8_t weights[] = { 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;

    if (s.n != 12 || flt_digits(s, 0, 2) == 0 || flt_digits(s, 0, 2) > 22)
        return FLT_V_WRONG;
    return flt_verdict((11 - flt_weighted(s, weights, 11) % 11) % 11 == flt_digit(s, 11), s);
}

/* V114702834: letter as 1, 2, 3 … times 4, weights 3-2-7-6-5-4-3-2, mod 11. */
enum flt_valid val_ve_rif(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned kind;

    if (s.n != 10)
        return FLT_V_WRONG;
    switch (flt_to_upper(s.p[0])) {
    case 'V': kind = 1; break;
    case 'E': kind = 2; break;
    case 'J':
    case 'C': kind = 3; break;
    case 'P': kind = 4; break;
    case 'G': kind = 5; break;
    default: return FLT_V_WRONG;
    }
    s = st_span_sub(s, 1, 9);
    return (uint8_t) "00987654321"[(kind * 4 + flt_weighted(s, weights, 8)) % 11] == s.p[8] ? FLT_V_OK : FLT_V_WRONG;
}
