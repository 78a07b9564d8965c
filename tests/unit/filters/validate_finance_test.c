/* SPDX-License-Identifier: Apache-2.0 */
/* validate_finance_test - accounts, cards, travel documents and devices: published and computed values, and wrong ones.
 */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "mx_clabe", "032180000118359719", FLT_V_OK },
    { "mx_clabe", "002996494463103042", FLT_V_OK },
    { "mx_clabe", "002582096197303412", FLT_V_OK },
    { "mx_clabe", "032180000118359710", FLT_V_WRONG },
    { "mx_clabe", "000000000000000000", FLT_V_WRONG },
    { "ar_cbu", "2850590940090418135201", FLT_V_OK },
    { "ar_cbu", "0510152420482423547931", FLT_V_OK },
    { "ar_cbu", "0216923754136448475825", FLT_V_OK },
    { "ar_cbu", "2850590940090418135202", FLT_V_WRONG },
    { "ar_cbu", "0000000000000000000000", FLT_V_WRONG },
    { "es_ccc", "12341234161234567890", FLT_V_OK },
    { "es_ccc", "21007165958311938881", FLT_V_OK },
    { "es_ccc", "21004614016458702500", FLT_V_OK },
    { "es_ccc", "12341234161234567891", FLT_V_WRONG },
    { "es_ccc", "00000000000000000000", FLT_V_WRONG },
    { "be_account", "539007547034", FLT_V_OK },
    { "be_account", "021899151345", FLT_V_OK },
    { "be_account", "002720552229", FLT_V_OK },
    { "be_account", "539007547035", FLT_V_WRONG },
    { "be_account", "000000000000", FLT_V_WRONG },
    { "in_ifsc", "HDFC0067236", FLT_V_OK },
    { "in_ifsc", "HDFC0407708", FLT_V_OK },
    { "in_ifsc", "HDFC0717445", FLT_V_OK },
    { "isin", "US0378331005", FLT_V_OK },
    { "isin", "DE0007322398", FLT_V_OK },
    { "isin", "DE0007075855", FLT_V_OK },
    { "isin", "US0378331006", FLT_V_WRONG },
    { "lei", "5493001KJTIIGC8Y1R12", FLT_V_OK },
    { "lei", "529900WEPZMSVTPWJX67", FLT_V_OK },
    { "lei", "5299000KB0NB7481GK48", FLT_V_OK },
    { "lei", "5493001KJTIIGC8Y1R13", FLT_V_WRONG },
    { "cusip", "037833100", FLT_V_OK },
    { "cusip", "013343793", FLT_V_OK },
    { "cusip", "045774908", FLT_V_OK },
    { "cusip", "037833101", FLT_V_WRONG },
    { "cusip", "000000000", FLT_V_EXAMPLE },
    { "de_reisepass", "C01X00T478", FLT_V_OK },
    { "de_reisepass", "C31X60T475", FLT_V_OK },
    { "de_reisepass", "C81X60T414", FLT_V_OK },
    { "de_reisepass", "C01X00T479", FLT_V_WRONG },
    { "vin", "1M8GDM9AXKP042788", FLT_V_OK },
    { "vin", "WVWZZZ1KZ5W365759", FLT_V_SHAPE },
    { "vin", "WVWZZZ1KZ3W116340", FLT_V_SHAPE },
    { "imei", "490154203237518", FLT_V_OK },
    { "imei", "356934856854112", FLT_V_OK },
    { "imei", "356648026857504", FLT_V_OK },
    { "imei", "490154203237519", FLT_V_WRONG },
    { "imei", "000000000000000", FLT_V_WRONG },
    { "iccid", "8949819216236333905", FLT_V_OK },
    { "iccid", "8949603232800754749", FLT_V_OK },
    { "iccid", "8949895339571937416", FLT_V_OK },
    { "iccid", "8949819216236333906", FLT_V_WRONG },
    { "iccid", "0000000000000000000", FLT_V_WRONG },
    { "snomed", "73211009", FLT_V_OK },
    { "snomed", "22298006", FLT_V_OK },
    { "snomed", "404684003", FLT_V_OK },
    { "snomed", "73211000", FLT_V_WRONG },
    { "snomed", "22298007", FLT_V_WRONG },
    { "snomed", "00000000", FLT_V_WRONG },
};

T_TEST(finance_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(finance_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
