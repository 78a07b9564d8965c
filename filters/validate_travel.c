/* SPDX-License-Identifier: Apache-2.0 */
/* validate_travel - machine-readable zones, passports, vehicles and devices.
 *
 * ICAO Doc 9303 puts a check digit behind the number, the birth date and the expiry of a travel document and one behind
 * all of them; the places differ by the size of the document. Vectors are the specimens of Doc 9303 parts 4 to 6.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

struct range {
    uint8_t from, to;
};
struct zone { /* places in the lines, one behind the other */
    size_t n;
    uint8_t number, birth, expiry, all; /* of the check digits; nine, six and six characters stand before them */
    struct range parts[4];              /* what the last checks */
};

static const struct zone zones[] = {
    { 88, 53, 63, 71, 87, { { 44, 54 }, { 57, 64 }, { 65, 87 }, { 0, 0 } } },
    { 90, 14, 36, 44, 59, { { 5, 30 }, { 30, 37 }, { 38, 45 }, { 48, 59 } } },
    { 72, 45, 55, 63, 71, { { 36, 46 }, { 49, 56 }, { 57, 71 }, { 0, 0 } } },
};

static bool checks(struct st_span s, size_t at, size_t n)
{
    return flt_is_digit(s.p[at]) && flt_icao(st_span_sub(s, at - n, n)) == flt_digit(s, at);
}

static bool checks_all(struct st_span s, const struct zone *z)
{
    uint8_t parts[64];
    size_t n = 0;

    for (size_t i = 0; i < 4; i++)
        for (size_t k = z->parts[i].from; k < z->parts[i].to && n < sizeof parts; k++)
            parts[n++] = s.p[k];
    return flt_is_digit(s.p[z->all]) && flt_icao(st_span(parts, n)) == flt_digit(s, z->all);
}

/* Right numbers of the parts with a wrong one of the whole: a finding still, someone mistyped a name or an option. */
enum flt_valid val_mrz(const struct flt_token *token)
{
    uint8_t lines[96] = { 0 };
    struct st_span s;
    size_t n = 0;

    for (size_t i = 0; i < token->text.n && n < sizeof lines; i++)
        if (token->text.p[i] == '<' || flt_is_alnum(token->text.p[i]))
            lines[n++] = flt_to_upper(token->text.p[i]);
    s = st_span(lines, n);
    for (size_t i = 0; i < ST_LEN(zones); i++) {
        const struct zone *z = &zones[i];

        if (z->n != n)
            continue;
        if (!checks(s, z->number, 9) || !checks(s, z->birth, 6) || !checks(s, z->expiry, 6))
            return FLT_V_WRONG;
        return checks_all(s, z) ? FLT_V_OK : FLT_V_SHAPE;
    }
    return FLT_V_WRONG;
}

/* C01X00T478 (BMI's specimen): the kind by the first letter, characters that cannot be misread, 7-3-1. */
enum flt_valid val_de_reisepass(const struct flt_token *token)
{
    struct st_span s = token->text;

    if ((s.n != 9 && s.n != 10) || memchr("CFGHJK", flt_to_upper(s.p[0]), 6) == NULL || flt_mix(s).digit < 3)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++)
        if (!flt_is_digit(s.p[i]) && memchr("CFGHJKLMNPRTVWXYZ", flt_to_upper(s.p[i]), 17) == NULL)
            return FLT_V_WRONG;
    if (s.n == 9)
        return FLT_V_SHAPE;
    return flt_is_digit(s.p[9]) && flt_icao(st_span_sub(s, 0, 9)) == flt_digit(s, 9) ? FLT_V_OK : FLT_V_WRONG;
}

/* 1M8GDM9AXKP042788: I, O and Q never; the ninth place checks in North America and China. */
enum flt_valid val_vin(const struct flt_token *token)
{
    static const uint8_t values[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9 };
    static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 17 || flt_mix(s).digit == 17 || flt_mix(s).lower + flt_mix(s).upper < 3)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 17; i++) {
        uint8_t c = flt_to_upper(s.p[i]);

        if (c == 'I' || c == 'O' || c == 'Q')
            return FLT_V_WRONG;
        sum += (flt_is_digit(c) ? c - (unsigned)'0' : values[c - 'A']) * weights[i];
    }
    return (uint8_t) "0123456789X"[sum % 11] == flt_to_upper(s.p[8]) ? FLT_V_OK : FLT_V_SHAPE;
}

/* 490154203237518 (3GPP TS 23.003 annex B) */
enum flt_valid val_imei(const struct flt_token *token)
{
    struct st_span s = token->text;

    if ((s.n < 14 || s.n > 16) || flt_distinct(s) <= 2)
        return FLT_V_WRONG;
    if (s.n != 15) /* without a check digit, and with the number of the software in its place */
        return FLT_V_SHAPE;
    return flt_if_usual(flt_verdict(flt_luhn(s), s), s.p[0] != '0' || s.p[1] == '1'); /* who reports: 01, 35, 86 … */
}

/* 89, country, issuer, account, Luhn. */
enum flt_valid val_iccid(const struct flt_token *token)
{
    struct st_span s = token->text;

    return (s.n == 19 || s.n == 20) && s.p[0] == '8' && s.p[1] == '9' ? flt_verdict(flt_luhn(s), s) : FLT_V_WRONG;
}
