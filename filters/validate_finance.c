/* SPDX-License-Identifier: Apache-2.0 */
/* validate_finance - accounts of countries, securities, magnetic stripes of cards, SNOMED codes.
 *
 * IBAN, cards and BIC are in validate_bank; here is what banks used before and still use beside it. Each check follows
 * the public description named in validators.def; the vector stands beside the function.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* 032180000118359719 (CLABE): weights 3-7-1, each product mod 10, mod 10. */
enum flt_valid val_mx_clabe(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7 };
    struct st_span s = token->text;

    if (s.n != 18 || flt_digits(s, 0, 3) < 2)
        return FLT_V_WRONG;
    return flt_verdict((10 - flt_weighted(s, weights, 17) % 10) % 10 == flt_digit(s, 17) && flt_distinct(s) > 2, s);
}

/* 2850590940090418135201 (CBU): bank and branch with their check, account with its check. */
enum flt_valid val_ar_cbu(const struct flt_token *token)
{
    static const uint8_t weights[] = { 3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3 };
    static const uint8_t bank[] = { 7, 1, 3, 9, 7, 1, 3 };
    struct st_span s = token->text;

    if (s.n != 22 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    return (10 - flt_weighted(s, bank, 7) % 10) % 10 == flt_digit(s, 7) &&
                   (10 - flt_weighted(st_span_sub(s, 8, 13), weights, 13) % 10) % 10 == flt_digit(s, 21)
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* 12341234161234567890 (CCC): weights 2^n mod 11 over bank and branch, and over the account. */
enum flt_valid val_es_ccc(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 2, 4, 8, 5, 10, 9, 7, 3, 6 };
    struct st_span s = token->text;
    unsigned a, b;

    if (s.n != 20 || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    a = 11 - flt_weighted(s, weights + 2, 8) % 11;
    b = 11 - flt_weighted(st_span_sub(s, 10, 10), weights, 10) % 11;
    a = a == 11 ? 0 : a == 10 ? 1 : a;
    b = b == 11 ? 0 : b == 10 ? 1 : b;
    return a == flt_digit(s, 8) && b == flt_digit(s, 9) ? FLT_V_OK : FLT_V_WRONG;
}

/* 539007547034: ten digits, their remainder by 97, which is 97 and not 0. */
enum flt_valid val_be_account(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;

    if (s.n != 12)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 10; i++)
        number = number * 10 + flt_digit(s, i);
    return flt_verdict((number % 97 == 0 ? 97 : number % 97) == flt_digits(s, 10, 2) && number > 0, s);
}

/* Letters become two digits, A is 10; then Luhn. */
static bool luhn_alnum(struct st_span s)
{
    uint8_t digits[32];
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 2 <= sizeof digits; i++) {
        uint8_t c = flt_to_upper(s.p[i]);

        if (flt_is_upper(c)) {
            digits[n++] = (uint8_t)('0' + (c - 'A' + 10) / 10);
            digits[n++] = (uint8_t)('0' + (c - 'A' + 10) % 10);
        } else {
            digits[n++] = c;
        }
    }
    return flt_luhn(st_span(digits, n));
}

/* US0378331005 */
enum flt_valid val_isin(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 12 ||
        (!flt_is_country(flt_to_upper(s.p[0]), flt_to_upper(s.p[1])) && !st_span_istarts(s, ST_SPAN("XS"))))
        return FLT_V_WRONG;
    return luhn_alnum(s) ? FLT_V_OK : FLT_V_WRONG;
}

/* 037833100: values of letters from 10, every second doubled, cross sums. */
enum flt_valid val_cusip(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 9 || !flt_is_digit(s.p[8]))
        return FLT_V_WRONG;
    for (size_t i = 0; i < 8; i++) {
        uint8_t c = flt_to_upper(s.p[i]);
        unsigned v = flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10;

        v *= i % 2 == 0 ? 1 : 2;
        sum += v / 10 + v % 10;
    }
    return flt_verdict((10 - sum % 10) % 10 == flt_digit(s, 8), s);
}

/* 5493001KJTIIGC8Y1R12: ISO 7064 MOD 97-10. */
enum flt_valid val_lei(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 20 && flt_is_digit(s.p[18]) && flt_is_digit(s.p[19]) && flt_mod97(s) == 1 && flt_distinct(s) > 6
               ? FLT_V_OK
               : FLT_V_WRONG;
}

/* Bank, 0, branch. */
enum flt_valid val_in_ifsc(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 11 && s.p[4] == '0' ? FLT_V_OK : FLT_V_WRONG;
}

/* %B4111…^NAME^YYMM… and ;4111…=YYMM…: the number must satisfy Luhn, the month exist. */
enum flt_valid val_track(const struct flt_token *token)
{
    struct st_span s = token->text, number;
    size_t from = s.p[0] == '%' ? 2 : 1, to = from, mark = from;

    while (to < s.n && flt_is_digit(s.p[to]))
        to++;
    if (to == s.n || to < from + 12)
        return FLT_V_WRONG;
    number = st_span_sub(s, from, to - from);
    mark = to;
    if (s.p[to] == '^') {
        size_t next = st_span_chr(st_span_sub(s, to + 1, s.n), '^');

        if (next == ST_SPAN_NPOS)
            return FLT_V_WRONG;
        mark = to + 1 + next;
    }
    if (mark + 5 > s.n || flt_digits(s, mark + 3, 2) < 1 || flt_digits(s, mark + 3, 2) > 12)
        return FLT_V_WRONG;
    return flt_luhn(number) ? FLT_V_OK : FLT_V_WRONG;
}

/* 73211009 (diabetes mellitus): partition 00 or 10 before the check digit, Verhoeff. */
enum flt_valid val_snomed(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n < 6 || s.n > 18 || s.p[0] == '0' || s.p[s.n - 2] > '2' || s.p[s.n - 3] > '1')
        return FLT_V_WRONG;
    return flt_verdict(flt_verhoeff(s), s);
}

/* B0YBKJ7, 0263494: consonants and digits, weights 1-3-1-7-3-9. */
enum flt_valid val_sedol(const struct flt_token *token)
{
    static const uint8_t weights[] = { 1, 3, 1, 7, 3, 9 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 7 || !flt_is_digit(s.p[6]) || (flt_is_digit(s.p[0]) && flt_mix(s).digit != 7))
        return FLT_V_WRONG; /* only the old ones begin with a digit, and are nothing but digits */
    for (size_t i = 0; i < 6; i++) {
        uint8_t c = flt_to_upper(s.p[i]);

        if (!flt_is_digit(c) && strchr("BCDFGHJKLMNPQRSTVWXYZ", c) == NULL)
            return FLT_V_WRONG;
        sum += weights[i] * (flt_is_digit(c) ? c - (unsigned)'0' : c - (unsigned)'A' + 10);
    }
    return flt_verdict((10 - sum % 10) % 10 == flt_digit(s, 6), s);
}

static bool divides(struct st_span s, const uint8_t *weights, unsigned mod)
{
    return flt_weighted(s, weights, s.n) % mod == 0;
}

/* The branches that the table has for each bank. */
static bool nz_branch(unsigned bank, unsigned branch)
{
    static const struct {
        uint8_t bank;
        uint16_t from, to;
    } table[] = {
        { 1, 1, 999 },      { 1, 1100, 1199 },  { 1, 1800, 1899 },  { 2, 1, 999 },      { 2, 1200, 1299 },
        { 3, 1, 999 },      { 3, 1300, 1399 },  { 3, 1500, 1599 },  { 3, 1700, 1799 },  { 3, 1900, 1999 },
        { 3, 7350, 7399 },  { 4, 2014, 2024 },  { 6, 1, 999 },      { 6, 1400, 1499 },  { 8, 6500, 6599 },
        { 9, 0, 0 },        { 10, 5165, 5169 }, { 11, 5000, 8999 }, { 12, 3000, 3299 }, { 12, 3400, 3499 },
        { 12, 3600, 3699 }, { 13, 4900, 4999 }, { 14, 4700, 4799 }, { 15, 3900, 3999 }, { 16, 4400, 4499 },
        { 17, 3300, 3399 }, { 18, 3500, 3599 }, { 19, 4600, 4649 }, { 20, 4100, 4199 }, { 21, 4800, 4899 },
        { 22, 4000, 4049 }, { 23, 3700, 3799 }, { 24, 4300, 4349 }, { 25, 2500, 2599 }, { 26, 2600, 2699 },
        { 27, 3800, 3849 }, { 28, 2100, 2149 }, { 29, 2150, 2299 }, { 30, 2900, 2949 }, { 31, 2800, 2849 },
        { 33, 6700, 6799 }, { 35, 2400, 2499 }, { 38, 9000, 9499 },
    };

    for (size_t i = 0; i < ST_LEN(table); i++)
        if (table[i].bank == bank && branch >= table[i].from && branch <= table[i].to)
            return true;
    return false;
}

/* Digits by weight, two-digit products summed across until one digit is left; account and suffix stand at the end. */
static bool nz_across(struct st_span s, const uint8_t weights[16], unsigned modulus)
{
    unsigned sum = 0, suffix = s.n == 15 ? 1 : 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned product = flt_digit(s, i) * weights[i < 13 ? i : i + suffix];

        while (product > 9)
            product = product / 10 + product % 10;
        sum += product;
    }
    return sum % modulus == 0;
}

static bool nz_bank9(struct st_span s)
{
    static const uint8_t weights[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 1 };

    return nz_across(s, weights, 11);
}

static bool nz_bank26(struct st_span s)
{
    static const uint8_t weights[16] = { 0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1 };

    return nz_across(s, weights, 10);
}

/* Bank, branch, account (7, or 8 with a leading 0), suffix (2, or 3 with a leading 0); Inland Revenue's table says
 * which banks check how. 01-0902-0068389-00 */
enum flt_valid val_nz_account(const struct flt_token *token)
{
    static const uint8_t low[] = { 6, 3, 7, 9, 0, 10, 5, 8, 4, 2, 1 }, high[] = { 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1 };
    static const uint8_t bank8[] = { 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1 }, bank25[] = { 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1 };
    struct st_span s = token->text, core = st_span_sub(s, 2, 11);
    unsigned bank = s.n >= 2 ? flt_digits(s, 0, 2) : 0;
    bool is_known, fits, is_weighted = false;

    if (s.n != 15 && s.n != 16)
        return FLT_V_WRONG;
    is_known = nz_branch(bank, flt_digits(s, 2, 4)); /* banks open branches */
    switch (bank) {
    case 8: fits = divides(core, bank8, 11); break;
    case 9: fits = nz_bank9(s); break;
    case 25:
    case 33: fits = divides(core, bank25, 10); break;
    case 26:
    case 28:
    case 29: fits = nz_bank26(s); break;
    case 31: return is_known ? FLT_V_SHAPE : FLT_V_WRONG; /* has no check */
    default:
        is_weighted = flt_digits(s, 6, 7) < 990000 && bank >= 1 && bank <= 38;
        fits = divides(core, is_weighted ? low : high, 11);
    }
    return flt_if_usual(flt_verdict(fits && (is_known || is_weighted), s), is_known);
}

/* The codes of the national bank's list, those of banks that were merged or closed too. */
static bool is_czech_bank(unsigned code)
{
    static const uint16_t banks[] = { 100,  300,  400,  600,  700,  710,  800,  2010, 2020, 2030, 2060, 2070, 2100,
                                      2200, 2210, 2220, 2240, 2250, 2260, 2275, 2310, 2400, 2600, 2700, 3030, 3040,
                                      3050, 3060, 3500, 4000, 4300, 5000, 5400, 5500, 5800, 6000, 6100, 6200, 6210,
                                      6300, 6363, 6700, 6800, 7910, 7940, 7950, 7960, 7970, 7980, 7990 };

    for (size_t i = 0; i < ST_LEN(banks); i++)
        if (banks[i] == code)
            return true;
    return (code >= 8100 && code <= 8299) || code == 8030 || code == 8040 || code == 8060 || code == 8090 ||
           code == 8500;
}

/* 19-2000145399/0800: prefix and number each by weights that are powers of two mod 11; four digits of the bank. */
enum flt_valid val_cz_account(const struct flt_token *token)
{
    static const uint8_t weights[] = { 6, 3, 7, 9, 10, 5, 8, 4, 2, 1 };
    struct st_span all = st_span_sub(token->all, token->from, token->to - token->from), part, number;
    struct st_span rest = all;
    size_t slash = st_span_chr(all, '/'), dash = st_span_chr(all, '-');

    if (token->from > 1 && token->all.p[token->from - 1] == '-' && flt_is_digit(token->all.p[token->from - 2]))
        return FLT_V_WRONG; /* without its prefix */
    if (slash == ST_SPAN_NPOS || all.n - slash != 5 || !is_czech_bank(flt_digits(all, slash + 1, 4)))
        return FLT_V_WRONG;
    number = st_span_sub(rest, 0, slash);
    part = dash == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(rest, 0, dash);
    if (dash != ST_SPAN_NPOS)
        number = st_span_sub(number, dash + 1, number.n - dash - 1);
    if (number.n < 2 || number.n > 10 || part.n > 6 || flt_distinct(number) < 2)
        return FLT_V_WRONG;
    for (size_t i = 0; i < number.n; i++)
        if (!flt_is_digit(number.p[i]))
            return FLT_V_WRONG;
    return flt_verdict(divides(number, weights + 10 - number.n, 11) &&
                           (part.n == 0 || divides(part, weights + 10 - part.n, 11)),
                       number);
}

/* Mobile country codes that ITU-T E.212 has given out, the shared ones of satellites and machines with them. */
static bool is_mobile_country(unsigned code)
{
    static const struct {
        uint16_t from, to;
    } given[] = { { 202, 202 }, { 204, 204 }, { 206, 206 }, { 208, 208 }, { 212, 214 }, { 216, 216 }, { 218, 222 },
                  { 226, 226 }, { 228, 228 }, { 230, 232 }, { 234, 235 }, { 238, 238 }, { 240, 240 }, { 242, 242 },
                  { 244, 244 }, { 246, 248 }, { 250, 250 }, { 255, 255 }, { 257, 257 }, { 259, 260 }, { 262, 262 },
                  { 266, 266 }, { 268, 268 }, { 270, 270 }, { 272, 272 }, { 274, 274 }, { 276, 276 }, { 278, 278 },
                  { 280, 280 }, { 282, 284 }, { 286, 286 }, { 288, 290 }, { 292, 295 }, { 297, 297 }, { 302, 302 },
                  { 308, 308 }, { 310, 316 }, { 330, 330 }, { 332, 332 }, { 334, 334 }, { 338, 338 }, { 340, 340 },
                  { 342, 342 }, { 344, 344 }, { 346, 346 }, { 348, 348 }, { 350, 350 }, { 352, 352 }, { 354, 354 },
                  { 356, 356 }, { 358, 358 }, { 360, 360 }, { 362, 366 }, { 368, 368 }, { 370, 370 }, { 372, 372 },
                  { 374, 374 }, { 376, 376 }, { 400, 402 }, { 404, 406 }, { 410, 410 }, { 412, 422 }, { 424, 432 },
                  { 434, 434 }, { 436, 438 }, { 440, 441 }, { 450, 450 }, { 452, 452 }, { 454, 457 }, { 460, 461 },
                  { 466, 467 }, { 470, 470 }, { 472, 472 }, { 502, 502 }, { 505, 505 }, { 510, 510 }, { 514, 515 },
                  { 520, 520 }, { 525, 525 }, { 528, 528 }, { 530, 530 }, { 536, 537 }, { 539, 555 }, { 602, 643 },
                  { 645, 655 }, { 657, 659 }, { 702, 702 }, { 704, 704 }, { 706, 706 }, { 708, 708 }, { 710, 710 },
                  { 712, 712 }, { 714, 714 }, { 716, 716 }, { 722, 722 }, { 724, 724 }, { 730, 730 }, { 732, 732 },
                  { 734, 734 }, { 736, 736 }, { 738, 738 }, { 740, 740 }, { 742, 742 }, { 744, 744 }, { 746, 746 },
                  { 748, 748 }, { 750, 750 }, { 901, 902 } };

    for (size_t i = 0; i < ST_LEN(given); i++)
        if (code >= given[i].from && code <= given[i].to)
            return true;
    return false;
}

/* A country's code of three digits, network, subscriber. */
enum flt_valid val_imsi(const struct flt_token *token)
{
    struct st_span s = token->text;

    return s.n == 15 && is_mobile_country(flt_digits(s, 0, 3)) && flt_distinct(s) > 4 ? FLT_V_OK : FLT_V_WRONG;
}
