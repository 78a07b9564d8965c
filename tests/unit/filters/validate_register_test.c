/* SPDX-License-Identifier: Apache-2.0 */
/* validate_register_test - computed numbers of registers, and wrong ones beside them. */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "ad_nrt", "F332245G", FLT_V_OK },
    { "ad_nrt", "A712745B", FLT_V_OK },
    { "ad_nrt", "F832245G", FLT_V_WRONG },
    { "ad_nrt", "A612345B", FLT_V_WRONG },
    { "ad_nrt", "B332245G", FLT_V_WRONG },
    { "al_nipt", "J91402501L", FLT_V_SHAPE },
    { "al_nipt", "Z91402501L", FLT_V_WRONG },
    { "al_nipt", "J12345678L", FLT_V_EXAMPLE },
    { "es_catastral", "7837301VG8173B0001TT", FLT_V_OK },
    { "es_catastral", "9872023VH5797S0001WX", FLT_V_OK },
    { "es_catastral", "3497292SB5810O0001IP", FLT_V_OK },
    { "es_catastral", "7837301VG8173B0001TX", FLT_V_WRONG },
    { "es_cups", "ES1234123456789012JY", FLT_V_OK },
    { "es_cups", "ES1234123456789012JX", FLT_V_WRONG },
    { "es_cups", "FR1234123456789012JY", FLT_V_WRONG },
    { "sepa_creditor", "DE98ZZZ09999999999", FLT_V_OK },
    { "sepa_creditor", "DE98ABC09999999999", FLT_V_OK },
    { "sepa_creditor", "DE97ZZZ09999999999", FLT_V_WRONG },
    { "figi", "BBG000BLNNH6", FLT_V_OK },
    { "figi", "BBG000BLNQ16", FLT_V_OK },
    { "figi", "BBG000BLNNH7", FLT_V_WRONG },
    { "figi", "GBG000BLNNH6", FLT_V_WRONG },
    { "nl_onderwijsnummer", "101222331", FLT_V_OK },
    { "nl_onderwijsnummer", "105435850", FLT_V_OK },
    { "nl_onderwijsnummer", "105435851", FLT_V_WRONG },
    { "nl_onderwijsnummer", "115435850", FLT_V_WRONG },
    { "tn_mf", "4213125TAM000", FLT_V_SHAPE },
    { "tn_mf", "4213125TAE001", FLT_V_SHAPE },
    { "tn_mf", "4213125TAM001", FLT_V_WRONG },
    { "tn_mf", "4213125TCM000", FLT_V_WRONG },
    { "th_moa", "0105536112014", FLT_V_OK },
    { "th_moa", "0105553699907", FLT_V_OK },
    { "th_moa", "0105553699908", FLT_V_WRONG },
    { "th_moa", "1105553699907", FLT_V_WRONG },
    { "ro_onrc", "J12/5459/2015", FLT_V_OK },
    { "ro_onrc", "J99/5459/2015", FLT_V_WRONG },
    { "ro_onrc", "J12/5459/1015", FLT_V_WRONG },
    { "mac", "9c:eb:e8:3b:59:a1", FLT_V_OK },
    { "mac", "9C-EB-E8-3B-59-A1", FLT_V_OK },
    { "mac", "9c:eb-e8:3b:59:a1", FLT_V_WRONG },
    { "mac", "ff:ff:ff:ff:ff:ff", FLT_V_WRONG },
    { "mac", "01:00:5e:3b:59:a1", FLT_V_WRONG },
    { "mac", "00:11:22:33:44:55", FLT_V_EXAMPLE },
    { "meid", "A0000046E28F1C", FLT_V_SHAPE },
    { "meid", "90000046E28F1C", FLT_V_WRONG },
    { "de_wkn", "840400", FLT_V_SHAPE },
    { "de_wkn", "A1EWWW", FLT_V_SHAPE },
    { "de_wkn", "LAUTET", FLT_V_WRONG },
    { "de_wkn", "123456", FLT_V_EXAMPLE },
    { "fr_tva", "83404833048", FLT_V_OK },
    { "fr_tva", "84404833048", FLT_V_WRONG },
    { "bg_vat", "131202360", FLT_V_OK },
    { "bg_vat", "5881068084", FLT_V_OK },
    { "bg_vat", "5881068083", FLT_V_WRONG },
    { "es_cups", "ES1234823456787018JY6R", FLT_V_OK },
    { "es_cups", "ES1234823456787018JY6B", FLT_V_WRONG },
    { "es_cups", "ES0228825350487088VC3R", FLT_V_WRONG },
    { "tn_mf", "1182431M", FLT_V_SHAPE },
    { "tn_mf", "1182431O", FLT_V_WRONG },
    { "cr_cedula", "106130584", FLT_V_SHAPE },
    { "cr_cedula", "0106130584", FLT_V_SHAPE },
    { "cr_cedula", "1106130584", FLT_V_WRONG },
    { "cr_juridica", "3101874532", FLT_V_SHAPE },
    { "cr_juridica", "3999874532", FLT_V_WRONG },
    { "cr_juridica", "9101874532", FLT_V_WRONG },
    { "mac", "9d:eb:e8:3b:59:a1", FLT_V_SHAPE },
    { "mac", "01:00:5e:3b:59:a1", FLT_V_WRONG },
};

T_TEST(register_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(register_reads_no_further)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
