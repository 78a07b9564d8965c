/* SPDX-License-Identifier: Apache-2.0 */
/* validate_national - published samples of each number, and wrong ones beside them. */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "de_steuer_id", "86095742719", FLT_V_OK },
    { "de_steuer_id", "47036892816", FLT_V_OK },
    { "de_steuer_id", "65929970489", FLT_V_OK },
    { "de_steuer_id", "86095742718", FLT_V_WRONG },
    { "de_steuer_id", "06095742719", FLT_V_WRONG },
    { "de_steuer_id", "11148035720", FLT_V_SHAPE },
    { "de_steuer_id", "${fake:de.steuer_id}", FLT_V_OK },
    { "de_svnr", "65170839J003", FLT_V_OK },
    { "de_svnr", "15070649C103", FLT_V_OK },
    { "de_svnr", "15070649C104", FLT_V_WRONG },
    { "de_svnr", "00070649C103", FLT_V_WRONG },
    { "de_personalausweis", "LZ6311T475", FLT_V_OK },
    { "de_personalausweis", "T220001293", FLT_V_OK },
    { "de_personalausweis", "L01X00T471", FLT_V_OK },
    { "de_personalausweis", "L01X00T472", FLT_V_WRONG },
    { "de_personalausweis", "L01X00T47", FLT_V_SHAPE },
    { "de_personalausweis", "LO1X00T471", FLT_V_WRONG },
    { "de_kvnr", "A499525251", FLT_V_OK },
    { "de_kvnr", "A499525252", FLT_V_WRONG },
    { "at_svnr", "1237010180", FLT_V_OK },
    { "at_svnr", "1238010180", FLT_V_WRONG },
    { "ch_ahv", "7569217076985", FLT_V_OK },
    { "ch_ahv", "7569217076984", FLT_V_WRONG },
    { "us_ssn", "536228726", FLT_V_SHAPE },
    { "us_ssn", "666228726", FLT_V_WRONG },
    { "us_ssn", "900228726", FLT_V_WRONG },
    { "us_ssn", "536008726", FLT_V_WRONG },
    { "us_ssn", "078051120", FLT_V_EXAMPLE },
    { "us_ssn", "123456789", FLT_V_EXAMPLE },
    { "uk_nino", "AB123456C", FLT_V_SHAPE },
    { "uk_nino", "QQ123456C", FLT_V_WRONG },
    { "uk_nino", "GB123456C", FLT_V_WRONG },
    { "uk_nino", "AB123456E", FLT_V_WRONG },
    { "uk_nhs", "9434765919", FLT_V_OK },
    { "uk_nhs", "9434765918", FLT_V_WRONG },
    { "es_dni", "54362315K", FLT_V_OK },
    { "es_dni", "54362315A", FLT_V_WRONG },
    { "es_dni", "X2482300W", FLT_V_OK },
    { "es_dni", "M4126180A", FLT_V_OK },
    { "es_dni", "M4126180B", FLT_V_WRONG },
    { "fr_nir", "255081416802538", FLT_V_OK },
    { "fr_nir", "255081416802539", FLT_V_WRONG },
    { "it_codice_fiscale", "RSSMRA85T10A562S", FLT_V_OK },
    { "it_codice_fiscale", "RSSMRA85T10A562T", FLT_V_WRONG },
    { "nl_bsn", "111222333", FLT_V_OK },
    { "nl_bsn", "111222334", FLT_V_WRONG },
    { "pl_pesel", "44051401359", FLT_V_OK },
    { "pl_pesel", "44051401358", FLT_V_WRONG },
    { "be_rrn", "85073003328", FLT_V_OK },
    { "be_rrn", "17073003384", FLT_V_OK },
    { "be_rrn", "85073003329", FLT_V_WRONG },
    { "ca_sin", "130692544", FLT_V_OK },
    { "ca_sin", "130692545", FLT_V_WRONG },
    { "br_cpf", "52998224725", FLT_V_OK },
    { "br_cpf", "52998224726", FLT_V_WRONG },
    { "br_cpf", "11111111111", FLT_V_WRONG },
    { "in_aadhaar", "234123412346", FLT_V_OK },
    { "in_aadhaar", "234123412347", FLT_V_WRONG },
    { "au_tfn", "459599230", FLT_V_OK },
    { "au_tfn", "459599231", FLT_V_WRONG },
    { "fr_nir", "234752A07924688", FLT_V_SHAPE },
    { "fr_nir", "253072A07300443", FLT_V_OK },
    { "fr_nir", "253072C07300443", FLT_V_WRONG },
    { "fr_nir", "135032A43707080", FLT_V_WRONG },
    { "be_rrn", "17370243128", FLT_V_SHAPE },
    { "at_svnr", "9450694864", FLT_V_SHAPE },
    { "au_tfn", "876543210", FLT_V_SERIES },
    { "au_tfn", "123456782", FLT_V_SERIES },
};

T_TEST(national_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(national_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
