/* SPDX-License-Identifier: Apache-2.0 */
/* validate_reference - numbers that payments, invoices, cards and containers are known by.
 *
 * They stand on slips and in forms beside names and amounts. Each is a number by its own public rule, nearly all a
 * remainder by 97; their labels are what tells them from others, so packs ask for one.
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* ISO 7064 MOD 97-10 over digits and letters. */
static bool is_mod97(struct st_span s)
{
    return flt_mod97(s) == 1;
}

/* 591191706458 (a Belgian identity card), 010806817183 (a structured communication): the first ten by 97, 97 for 0. */
enum flt_valid val_be_mod97(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint64_t number = 0;

    if (s.n != 12 || flt_distinct(s) < 3)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 10; i++)
        number = number * 10 + flt_digit(s, i);
    return flt_verdict((number % 97 == 0 ? 97 : number % 97) == flt_digits(s, 10, 2), s);
}

/* 991-03730-19: the address of a German authority for invoices; Land 01 to 16 or 99 of the Bund, MOD 97-10. */
enum flt_valid val_de_leitweg(const struct flt_token *token)
{
    struct st_span rest = token->text, part;
    uint8_t all[46];
    size_t n = 0;
    unsigned land;

    if (rest.n < 5 || rest.n > sizeof all || !flt_is_digit(rest.p[0]) || !flt_is_digit(rest.p[1]))
        return FLT_V_WRONG;
    land = flt_digits(rest, 0, 2);
    while (st_span_next(&rest, '-', &part)) {
        memcpy(all + n, part.p, part.n);
        n += part.n;
    }
    return (land >= 1 && land <= 16) || land == 99 ? is_mod97(st_span(all, n)) ? FLT_V_OK : FLT_V_WRONG : FLT_V_WRONG;
}

/* CSQU3054383: owner, kind U, J or Z, serial; letters are 10 to 38 without the multiples of 11, places powers of 2. */
enum flt_valid val_iso6346(const struct flt_token *token)
{
    struct st_span s = token->text;
    unsigned sum = 0;

    if (s.n != 11 || memchr("UJZR", flt_to_upper(s.p[3]), 4) == NULL)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 10; i++) {
        unsigned value = flt_is_digit(s.p[i]) ? flt_digit(s, i) : flt_to_upper(s.p[i]) - 'A' + 10u;

        value += value > 10 ? (value - 1) / 10 : 0; /* 11, 22 and 33 are nobody's */
        sum += value << i;
    }
    return sum % 11 % 10 == flt_digit(s, 10) ? FLT_V_OK : FLT_V_WRONG;
}

/* LU00000987ABC: a member state, and eleven letters and digits of its own making (the excise number of SEED). Of those,
 * France has FR0 and a digit or letter E, N, C, B in the ninth place, Spain ES000 and the office. */
enum flt_valid val_eu_excise(const struct flt_token *token)
{
    static const char states[] =
        "AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI";
    struct st_span s = token->text;
    char state[3] = { 0 };

    if (s.n != 13)
        return FLT_V_WRONG;
    state[0] = (char)flt_to_upper(s.p[0]);
    state[1] = (char)flt_to_upper(s.p[1]);
    if (!flt_is_alpha(s.p[0]) || !flt_is_alpha(s.p[1]) || strstr(states, state) == NULL)
        return FLT_V_WRONG;
    if (strcmp(state, "FR") == 0)
        return s.p[2] == '0' && memchr("ENCB", flt_to_upper(s.p[8]), 4) != NULL ? FLT_V_OK : FLT_V_WRONG;
    return FLT_V_OK;
}

/* EU372022452: EU, the state of registration by its number of ISO 3166-1, five digits and a check digit of its own. */
enum flt_valid val_eu_oss(const struct flt_token *token)
{
    static const uint16_t states[] = { 40,  56,  100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 372,
                                       380, 428, 440, 442, 470, 528, 616, 620, 642, 703, 705, 724, 752, 900 };
    struct st_span s = token->text;

    if (s.n != 11 || flt_to_upper(s.p[0]) != 'E' || flt_to_upper(s.p[1]) != 'U')
        return FLT_V_WRONG;
    for (size_t i = 0; i < ST_LEN(states); i++)
        if (flt_digits(s, 2, 3) == states[i])
            return FLT_V_OK;
    return FLT_V_WRONG;
}

/* Without its blanks; empty when longer than the room. */
static struct st_span squeezed(struct st_span s, uint8_t *room, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ')
            continue;
        if (n == max)
            return st_span(room, 0);
        room[n++] = flt_to_upper(s.p[i]);
    }
    return st_span(room, n);
}

/* RF18 5390 0754 7034: RF, two check digits, up to 21 signs; MOD 97-10 with the first four at the end. */
enum flt_valid val_iso11649(const struct flt_token *token)
{
    uint8_t room[25], turned[25];
    struct st_span s = squeezed(token->text, room, sizeof room);

    if (s.n < 5 || !st_span_starts(s, ST_SPAN("RF")) || !flt_is_digit(s.p[2]) || !flt_is_digit(s.p[3]))
        return FLT_V_WRONG;
    memcpy(turned, s.p + 4, s.n - 4);
    memcpy(turned + s.n - 4, s.p, 4);
    return is_mod97(st_span(turned, s.n)) ? FLT_V_OK : FLT_V_WRONG;
}

/* 21 00000 00003 13947 14300 09017: modulo 10, recursive, of Swiss payment slips and QR bills. */
enum flt_valid val_ch_reference(const struct flt_token *token)
{
    static const uint8_t next[] = { 0, 9, 4, 6, 8, 2, 7, 1, 3, 5 };
    uint8_t room[27];
    struct st_span s = squeezed(token->text, room, sizeof room);
    unsigned carry = 0;

    if (s.n < 5 || flt_distinct(s) < 3)
        return FLT_V_WRONG;
    for (size_t i = 0; i + 1 < s.n; i++)
        carry = next[(carry + flt_digit(s, i)) % 10];
    return (10 - carry) % 10 == flt_digit(s, s.n - 1) ? FLT_V_OK : FLT_V_WRONG;
}
