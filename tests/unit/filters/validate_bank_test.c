/* SPDX-License-Identifier: Apache-2.0 */
/* validate_bank - published vectors, and every neighbour of them with one wrong digit. */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "card", "4111111111111111", FLT_V_TEST },
    { "card", "4111111111111112", FLT_V_WRONG },
    { "card", "378282246310005", FLT_V_TEST },
    { "card", "4532015112830366", FLT_V_OK },
    { "card", "${fake:card.visa}", FLT_V_OK },
    { "card", "${fake:card.amex}", FLT_V_OK },
    { "card", "4444444444444448", FLT_V_EXAMPLE },
    { "card", "1234567890123456", FLT_V_EXAMPLE },
    { "luhn", "79927398713", FLT_V_OK },
    { "luhn", "79927398710", FLT_V_WRONG },
    { "iban", "DE89370400440532013000", FLT_V_OK },
    { "iban", "DE89370400440532013001", FLT_V_WRONG },
    { "iban", "DE8937040044053201300", FLT_V_WRONG },
    { "iban", "GB82WEST12345698765432", FLT_V_OK },
    { "iban", "gb82west12345698765432", FLT_V_OK },
    { "iban", "NO9386011117947", FLT_V_OK },
    { "iban", "MT84MALT011000012345MTLCAST001S", FLT_V_OK },
    { "iban", "FR1420041010050500013M02606", FLT_V_OK },
    { "iban", "BR1800360305000010009795493C1", FLT_V_OK },
    { "iban", "XX8937040044053201300", FLT_V_WRONG },
    { "iban", "${fake:iban.es}", FLT_V_OK },
    { "bic", "COBADEFFXXX", FLT_V_OK },
    { "bic", "DEUTDEFF", FLT_V_OK },
    { "bic", "ABCDEFGH", FLT_V_WRONG },
    { "bic", "language", FLT_V_WRONG },
    { "bic", "DEUTDEF", FLT_V_WRONG },
    { "aba", "011000015", FLT_V_OK },
    { "aba", "011000016", FLT_V_WRONG },
    { "aba", "000000000", FLT_V_WRONG },
};

T_TEST(bank_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(bank_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}

T_TEST(one_wrong_digit_is_always_seen)
{
    static const char *const right[] = { "4532015112830366", "DE89370400440532013000" };
    static const char *const by[] = { "luhn", "iban" };

    for (size_t i = 0; i < ST_LEN(right); i++)
        for (size_t k = 2; k < strlen(right[i]); k++)
            for (char c = '0'; c <= '9'; c++) {
                char text[32];
                struct flt_token token = { st_span(text, strlen(right[i])), st_span(text, strlen(right[i])), 0, 0 };

                if (c == right[i][k])
                    continue;
                memcpy(text, right[i], strlen(right[i]) + 1);
                text[k] = c;
                T_CHECK(flt_validator_find(by[i])->fn(&token) == FLT_V_WRONG, "%s accepts %s", by[i], text);
            }
}

T_TEST(every_country_has_one_length)
{
    T_CHECK(flt_iban_length('D', 'E') == 22 && flt_iban_length('d', 'e') == 22, "either case");
    T_CHECK(flt_iban_length('U', 'S') == 0, "the United States have none");
    T_CHECK(flt_is_country('D', 'E') && !flt_is_country('E', 'F'), "ISO 3166");
}
