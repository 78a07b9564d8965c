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

/* Country and length of its IBAN, from the SWIFT IBAN registry. */
static const struct {
    char cc[3];
    uint8_t length;
} ibans[] = {
    { "AD", 24 }, { "AE", 23 }, { "AL", 28 }, { "AT", 20 }, { "AZ", 28 }, { "BA", 20 }, { "BE", 16 }, { "BG", 22 },
    { "BH", 22 }, { "BI", 27 }, { "BR", 29 }, { "BY", 28 }, { "CH", 21 }, { "CR", 22 }, { "CY", 28 }, { "CZ", 24 },
    { "DE", 22 }, { "DJ", 27 }, { "DK", 18 }, { "DO", 28 }, { "EE", 20 }, { "EG", 29 }, { "ES", 24 }, { "FI", 18 },
    { "FK", 18 }, { "FO", 18 }, { "FR", 27 }, { "GB", 22 }, { "GE", 22 }, { "GI", 23 }, { "GL", 18 }, { "GR", 27 },
    { "GT", 28 }, { "HN", 28 }, { "HR", 21 }, { "HU", 28 }, { "IE", 22 }, { "IL", 23 }, { "IQ", 23 }, { "IS", 26 },
    { "IT", 27 }, { "JO", 30 }, { "KW", 30 }, { "KZ", 20 }, { "LB", 28 }, { "LC", 32 }, { "LI", 21 }, { "LT", 20 },
    { "LU", 20 }, { "LV", 21 }, { "LY", 25 }, { "MC", 27 }, { "MD", 24 }, { "ME", 22 }, { "MK", 19 }, { "MN", 20 },
    { "MR", 27 }, { "MT", 31 }, { "MU", 30 }, { "NI", 28 }, { "NL", 18 }, { "NO", 15 }, { "OM", 23 }, { "PK", 24 },
    { "PL", 28 }, { "PS", 29 }, { "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 }, { "RU", 33 }, { "SA", 24 },
    { "SC", 31 }, { "SD", 18 }, { "SE", 24 }, { "SI", 19 }, { "SK", 24 }, { "SM", 27 }, { "SO", 23 }, { "ST", 25 },
    { "SV", 28 }, { "TL", 23 }, { "TN", 24 }, { "TR", 26 }, { "UA", 29 }, { "VA", 22 }, { "VG", 24 }, { "XK", 20 },
    { "YE", 30 },
};

size_t flt_iban_length(uint8_t a, uint8_t b)
{
    for (size_t i = 0; i < ST_LEN(ibans); i++)
        if ((uint8_t)ibans[i].cc[0] == flt_to_upper(a) && (uint8_t)ibans[i].cc[1] == flt_to_upper(b))
            return ibans[i].length;
    return 0;
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
    if (sum == 0 || sum % 10 != 0 || !(head <= 12 || (head >= 21 && head <= 32) || (head >= 61 && head <= 72)))
        return FLT_V_WRONG;
    return flt_is_sequence(token->text) ? FLT_V_EXAMPLE : FLT_V_OK;
}
