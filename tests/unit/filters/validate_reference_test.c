/* SPDX-License-Identifier: Apache-2.0 */
/* validate_reference_test - published and computed numbers of slips, cards, containers and registers, and wrong ones.
 */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "be_mod97", "591191706458", FLT_V_OK },
    { "be_mod97", "591201099997", FLT_V_OK }, /* a remainder of 0 is 97 */
    { "be_mod97", "591191706459", FLT_V_WRONG },
    { "be_mod97", "59119170645", FLT_V_WRONG },
    { "de_leitweg", "991-03730-19", FLT_V_OK },
    { "de_leitweg", "04011000-1234512345-06", FLT_V_OK }, /* KoSIT's sample */
    { "de_leitweg", "991-03730-18", FLT_V_WRONG },
    { "de_leitweg", "451-03730-19", FLT_V_WRONG },
    { "iso6346", "CSQU3054383", FLT_V_OK }, /* the standard's */
    { "iso6346", "TASU1170000", FLT_V_OK },
    { "iso6346", "CSQU3054384", FLT_V_WRONG },
    { "iso6346", "CSQX3054383", FLT_V_WRONG },
    { "eu_excise", "LU00000987ABC", FLT_V_OK },
    { "eu_excise", "FR023004N9448", FLT_V_OK },
    { "eu_excise", "FR023004X9448", FLT_V_WRONG },
    { "eu_excise", "QQ00000987ABC", FLT_V_WRONG },
    { "eu_oss", "EU372022452", FLT_V_OK },
    { "eu_oss", "EU999022452", FLT_V_WRONG },
    { "mz_nuit", "400339910", FLT_V_OK },
    { "mz_nuit", "400005834", FLT_V_OK },
    { "mz_nuit", "400339911", FLT_V_WRONG },
    { "ru_ogrn", "1022200525819", FLT_V_OK },
    { "ru_ogrn", "385768585948949", FLT_V_OK },
    { "ru_ogrn", "1022500001328", FLT_V_WRONG },
    { "ru_ogrn", "0022200525819", FLT_V_WRONG },
    { "si_maticna", "9331310", FLT_V_OK },
    { "si_maticna", "4884019", FLT_V_OK },
    { "si_maticna", "9331311", FLT_V_WRONG },
    { "sn_ninea", "3067221", FLT_V_OK },
    { "sn_ninea", "30672212G2", FLT_V_OK },
    { "sn_ninea", "3067222", FLT_V_WRONG },
    { "sn_ninea", "30672215G2", FLT_V_WRONG },
    { "in_vid", "7433392941426820", FLT_V_OK },
    { "in_vid", "1433392941426820", FLT_V_WRONG },
    { "az_voen", "1401555071", FLT_V_OK },
    { "az_voen", "1401555081", FLT_V_WRONG },
    { "az_voen", "1401555073", FLT_V_WRONG },
    { "ro_onrc_new", "J2012000750528", FLT_V_OK },
    { "ro_onrc_new", "J2012000750529", FLT_V_WRONG },
    { "ro_onrc_new", "J2012000750418", FLT_V_WRONG },
    { "br_cnpj_letters", "12ABC34501DE35", FLT_V_OK }, /* Receita Federal's sample */
    { "br_cnpj_letters", "12.ABC.345/01DE-35", FLT_V_OK },
    { "br_cnpj_letters", "12ABC34501DE36", FLT_V_WRONG },
    { "br_cnpj_letters", "11222333000181", FLT_V_WRONG }, /* the old form is another's */
    /* whose date nobody was born on yet, or whose month is none: the check fits, so beside a word only */
    { "cn_resident_id", "140921963109016772", FLT_V_SHAPE },
    { "cn_resident_id", "11010519491231002X", FLT_V_OK },
    { "cz_rodne_cislo", "7103192745", FLT_V_OK },
    { "cz_rodne_cislo", "119219571", FLT_V_SHAPE },
    { "imei", "490154203237518", FLT_V_OK },
    { "imei", "089077490549989", FLT_V_SHAPE },
    { "fr_nir", "074822A50892322", FLT_V_SHAPE },
    /* nobody has them before they are given */
    { "dk_cpr", "2106287682", FLT_V_WRONG },
    { "kr_rrn", "3012124345671", FLT_V_WRONG },
    { "kr_rrn", "2412124345678", FLT_V_SHAPE },
    { "kr_rrn", "2001014345672", FLT_V_WRONG }, /* before October 2020 they had a check digit */
    { "id_nik", "3171231708901234", FLT_V_SHAPE },
    { "id_nik", "2271231708901234", FLT_V_WRONG }, /* there is no province 22 */
    /* New Zealand: the branches of each bank, and how banks 9, 26, 28, 29 and 31 check */
    { "nz_account", "010902006838900", FLT_V_OK },
    { "nz_account", "011002006838900", FLT_V_WRONG },
    { "nz_account", "312826745396777", FLT_V_SHAPE },
    { "nz_account", "017004006838900", FLT_V_SHAPE }, /* a branch that the table does not have */
    { "nz_account", "317004006838900", FLT_V_WRONG }, /* and nothing checks */
    { "iso11649", "RF18539007547034", FLT_V_OK },
    { "iso11649", "RF18 5390 0754 7034", FLT_V_OK },
    { "iso11649", "RF19539007547034", FLT_V_WRONG },
    { "iso11649", "RF185390075470345390075470345", FLT_V_WRONG },
    { "ch_reference", "21 00000 00003 13947 14300 09017", FLT_V_OK },
    { "ch_reference", "210000000003139471430009018", FLT_V_WRONG },
    { "ch_reference", "000000000000000000000000000", FLT_V_WRONG },
    { "imsi", "262073991201234", FLT_V_OK },
    { "imsi", "209073991201234", FLT_V_WRONG },     /* no country has 209 */
    { "imsi", "411073991201234", FLT_V_WRONG },     /* nor 411, between Pakistan and Afghanistan */
    { "imsi", "901288991201234", FLT_V_OK },        /* shared by networks of machines */
    { "cz_rodne_cislo", "640803290", FLT_V_WRONG }, /* nine digits were given before 1954 */
    { "gt_nit", "576937K", FLT_V_OK },
    { "nz_account", "313826745396777", FLT_V_WRONG },
    { "nz_account", "0900007251027346", FLT_V_OK },
    { "nz_account", "0900007251027347", FLT_V_WRONG },
    { "nz_account", "2626004686958969", FLT_V_OK },
    { "nz_account", "2626004686958960", FLT_V_WRONG },
    { "nz_account", "0900010123452001", FLT_V_WRONG },
};

T_TEST(vectors_are_judged_as_their_sources_say)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(no_validator_reads_beyond_its_candidate)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
