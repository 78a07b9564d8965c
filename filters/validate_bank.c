/* SPDX-License-Identifier: Apache-2.0 */
/* validate_bank - payment cards, IBAN, BIC, routing numbers.
 *
 * A card is Luhn over an issuer's range (the range is the rule's: `first` and `lengths`). Published test numbers stay
 * findings, since people also paste a real card into the same sentence and a policy is tried out with them; sequences
 * are none. IBAN: country length and MOD 97-10. Vectors: 4111111111111111 (test), DE89370400440532013000 (SWIFT
 * registry), BIC COBADEFFXXX, routing number 011000015 (Federal Reserve, Boston).
 */
#include "base/err.h"
#include "filters/validate.h"
#include <string.h>

/* ISO 3166-1 alpha-2 plus XK (user-assigned, used by banks). */
static const char countries[] = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCH"
                                "CICKCLCMCNCOCRCUCVCWCXCYCZDEDJ"
                                "DKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUID"
                                "IEILIMINIOIQIRISITJEJMJOJPKEKG"
                                "KHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ"
                                "NANCNENFNGNINLNONPNRNUNZOMPAPE"
                                "PFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTG"
                                "THTJTKTLTMTNTOTRTTTVTWTZUAUGUM"
                                "USUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

bool flt_is_country(uint8_t a, uint8_t b)
{
    for (size_t i = 0; i + 1 < sizeof countries; i += 2)
        if ((uint8_t)countries[i] == a && (uint8_t)countries[i + 1] == b)
            return true;
    return false;
}

/* Country and length of its IBAN, from the SWIFT IBAN registry; by the country's two letters, since two letters and a
 * digit are in every text. */
#define COUNTRY(a, b) [((a) - 'A') * 26 + (b) - 'A']
static const uint8_t ibans[26 * 26] = {
    COUNTRY('A', 'D') = 24, COUNTRY('A', 'E') = 23, COUNTRY('A', 'L') = 28, COUNTRY('A', 'T') = 20,
    COUNTRY('A', 'Z') = 28, COUNTRY('B', 'A') = 20, COUNTRY('B', 'E') = 16, COUNTRY('B', 'G') = 22,
    COUNTRY('B', 'H') = 22, COUNTRY('B', 'I') = 27, COUNTRY('B', 'R') = 29, COUNTRY('B', 'Y') = 28,
    COUNTRY('C', 'H') = 21, COUNTRY('C', 'R') = 22, COUNTRY('C', 'Y') = 28, COUNTRY('C', 'Z') = 24,
    COUNTRY('D', 'E') = 22, COUNTRY('D', 'J') = 27, COUNTRY('D', 'K') = 18, COUNTRY('D', 'O') = 28,
    COUNTRY('E', 'E') = 20, COUNTRY('E', 'G') = 29, COUNTRY('E', 'S') = 24, COUNTRY('F', 'I') = 18,
    COUNTRY('F', 'K') = 18, COUNTRY('F', 'O') = 18, COUNTRY('F', 'R') = 27, COUNTRY('G', 'B') = 22,
    COUNTRY('G', 'E') = 22, COUNTRY('G', 'I') = 23, COUNTRY('G', 'L') = 18, COUNTRY('G', 'R') = 27,
    COUNTRY('G', 'T') = 28, COUNTRY('H', 'N') = 28, COUNTRY('H', 'R') = 21, COUNTRY('H', 'U') = 28,
    COUNTRY('I', 'E') = 22, COUNTRY('I', 'L') = 23, COUNTRY('I', 'Q') = 23, COUNTRY('I', 'S') = 26,
    COUNTRY('I', 'T') = 27, COUNTRY('J', 'O') = 30, COUNTRY('K', 'W') = 30, COUNTRY('K', 'Z') = 20,
    COUNTRY('L', 'B') = 28, COUNTRY('L', 'C') = 32, COUNTRY('L', 'I') = 21, COUNTRY('L', 'T') = 20,
    COUNTRY('L', 'U') = 20, COUNTRY('L', 'V') = 21, COUNTRY('L', 'Y') = 25, COUNTRY('M', 'C') = 27,
    COUNTRY('M', 'D') = 24, COUNTRY('M', 'E') = 22, COUNTRY('M', 'K') = 19, COUNTRY('M', 'N') = 20,
    COUNTRY('M', 'R') = 27, COUNTRY('M', 'T') = 31, COUNTRY('M', 'U') = 30, COUNTRY('N', 'I') = 28,
    COUNTRY('N', 'L') = 18, COUNTRY('N', 'O') = 15, COUNTRY('O', 'M') = 23, COUNTRY('P', 'K') = 24,
    COUNTRY('P', 'L') = 28, COUNTRY('P', 'S') = 29, COUNTRY('P', 'T') = 25, COUNTRY('Q', 'A') = 29,
    COUNTRY('R', 'O') = 24, COUNTRY('R', 'S') = 22, COUNTRY('R', 'U') = 33, COUNTRY('S', 'A') = 24,
    COUNTRY('S', 'C') = 31, COUNTRY('S', 'D') = 18, COUNTRY('S', 'E') = 24, COUNTRY('S', 'I') = 19,
    COUNTRY('S', 'K') = 24, COUNTRY('S', 'M') = 27, COUNTRY('S', 'O') = 23, COUNTRY('S', 'T') = 25,
    COUNTRY('S', 'V') = 28, COUNTRY('T', 'L') = 23, COUNTRY('T', 'N') = 24, COUNTRY('T', 'R') = 26,
    COUNTRY('U', 'A') = 29, COUNTRY('V', 'A') = 22, COUNTRY('V', 'G') = 24, COUNTRY('X', 'K') = 20,
    COUNTRY('Y', 'E') = 30,
};

size_t flt_iban_length(uint8_t a, uint8_t b)
{
    if (!flt_is_alpha(a) || !flt_is_alpha(b))
        return 0;
    return ibans[(flt_to_upper(a) - 'A') * 26 + flt_to_upper(b) - 'A'];
}

static bool is_test_card(struct st_span s)
{
    static const char *const published[] = {
        "4111111111111111", "4242424242424242", "4012888888881881", "4000000000000002", "4000056655665556",
        "4444333322221111", "4917610000000000", "5555555555554444", "5105105105105100", "5200828282828210",
        "2223003122003222", "2223000048400011", "5454545454545454", "378282246310005",  "371449635398431",
        "378734493671000",  "370000000000002",  "6011111111111117", "6011000990139424", "6011000000000004",
        "30569309025904",   "38520000023237",   "36227206271667",   "3530111333300000", "3566002020360505",
        "36006666333344",   "4222222222222",
    };

    for (size_t i = 0; i < ST_LEN(published); i++)
        if (st_span_eq(s, st_span_str(published[i])))
            return true;
    return false;
}

/* 5210 5211 5212 5213: a table, not a card. */
static bool counts_up(struct st_span s)
{
    unsigned step = s.n == 16 ? flt_digits(s, 4, 4) - flt_digits(s, 0, 4) : 0;

    return step > 0 && step < 100 && flt_digits(s, 8, 4) - flt_digits(s, 4, 4) == step &&
           flt_digits(s, 12, 4) - flt_digits(s, 8, 4) == step;
}

enum flt_valid val_card(const struct flt_token *token)
{
    if (is_test_card(token->text))
        return FLT_V_TEST;
    if (flt_is_sequence(token->text) || counts_up(token->text))
        return FLT_V_EXAMPLE;
    if (!flt_luhn(token->text))
        return FLT_V_WRONG;
    return flt_distinct(token->text) <= 3 ? FLT_V_TEST : FLT_V_OK;
}

enum flt_valid val_luhn(const struct flt_token *token)
{
    if (flt_is_sequence(token->text))
        return FLT_V_EXAMPLE;
    return flt_luhn(token->text) ? FLT_V_OK : FLT_V_WRONG;
}

enum flt_valid val_iban(const struct flt_token *token)
{
    struct st_span s = token->text;
    uint8_t turned[34];

    if (s.n < 15 || s.n > sizeof turned || s.n != flt_iban_length(s.p[0], s.p[1]))
        return FLT_V_WRONG;
    memcpy(turned, s.p + 4, s.n - 4);
    memcpy(turned + s.n - 4, s.p, 4);
    if (flt_mod97(st_span(turned, s.n)) != 1)
        return FLT_V_WRONG;
    return flt_distinct(st_span(s.p + 4, s.n - 4)) == 1 ? FLT_V_EXAMPLE : FLT_V_OK;
}

enum flt_valid val_bic(const struct flt_token *token)
{
    struct st_span s = token->text;

    if (s.n != 8 && s.n != 11)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 6; i++)
        if (!flt_is_upper(s.p[i])) /* "swift language" has a country in it, too */
            return FLT_V_WRONG;
    return flt_is_country(s.p[4], s.p[5]) ? FLT_V_OK : FLT_V_WRONG;
}

enum flt_valid val_aba(const struct flt_token *token)
{
    static const unsigned weights[] = { 3, 7, 1 };
    unsigned sum = 0, head;

    if (token->text.n != 9)
        return FLT_V_WRONG;
    for (size_t i = 0; i < 9; i++)
        sum += weights[i % 3] * (token->text.p[i] - (unsigned)'0');
    head = flt_digits(token->text, 0, 2);
    return flt_if_usual(flt_verdict(sum != 0 && sum % 10 == 0, token->text),
                        head <= 12 || (head >= 21 && head <= 32) || (head >= 61 && head <= 72) || head == 80);
}
