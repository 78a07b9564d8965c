/* SPDX-License-Identifier: Apache-2.0 */
/* validate_secret - marks, checksums and encodings inside credentials. Tokens are generated (filters/fake.c). */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "azure_client_secret", "${fake:b62:3}8Q~${fake:b62:34}", FLT_V_OK },
    { "azure_client_secret", "${fake:b62:4}8Q~${fake:b62:33}", FLT_V_WRONG },
    { "azure_client_secret", "abc8Q~xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", FLT_V_EXAMPLE },
    { "azure_marked", "${fake:b62:52}JQQJ99BC${fake:b62:24}", FLT_V_OK },
    { "azure_marked", "${fake:b62:51}JQQJ99BC${fake:b62:25}", FLT_V_WRONG },
    { "azure_marked", "${fake:b62:76}AZDO${fake:b62:4}", FLT_V_OK },
    { "azure_marked", "${fake:b62:44}AzFu${fake:b62:5}Q", FLT_V_OK },
    { "azure_marked", "${fake:b62:42}+ACR${fake:b62:6}", FLT_V_OK },
    { "azure_marked", "${fake:b62:41}+ACR${fake:b62:7}", FLT_V_WRONG },
    { "uuid", "sdk-${fake:hex:8}-${fake:hex:4}-4${fake:hex:3}-a${fake:hex:3}-${fake:hex:12}", FLT_V_OK },
    { "uuid", "00000000-0000-0000-0000-000000000000", FLT_V_EXAMPLE },
    { "uuid", "${fake:hex:36}", FLT_V_WRONG },
    { "base64_text", "a1I3dnEyTG05eFp0NG1ROHc=", FLT_V_OK },
    { "base64_text", "AAECAwQFBgc=", FLT_V_SHAPE },
    { "base64_text", "eW91cl9wYXNzd29yZA==", FLT_V_EXAMPLE },
    { "base64_32", "${fake:b64:42}A=", FLT_V_OK },
    { "base64_32", "${fake:b64:40}", FLT_V_WRONG },
    { "crypt_hash", "$6$${fake:b62:16}$${fake:b62:86}", FLT_V_OK },
    { "crypt_hash", "$6$${fake:b62:16}$${fake:b62:85}", FLT_V_WRONG },
    { "crypt_hash", "$2b$12$${fake:b62:53}", FLT_V_OK },
    { "crypt_hash", "$apr1$${fake:b62:8}$${fake:b62:22}", FLT_V_OK },
    { "ntlm_dump", "aad3b435b51404eeaad3b435b51404ee:${fake:hex:32}", FLT_V_OK },
    { "ntlm_dump", "aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0", FLT_V_EXAMPLE },
    { "nkey", "${fake:nats.seed}", FLT_V_OK },
    { "nkey", "SU${fake:b32:56}", FLT_V_WRONG },
    { "pkcs12", "MIIKZwIBAzCCCiMGCSqGSIb3DQEHAaCCChQEggoQMIIKDDCC${fake:b64:90}", FLT_V_OK },
    { "pkcs12", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${fake:b64:32}", FLT_V_WRONG },
    { "cisco7", "0822455D0A16", FLT_V_OK },
    { "cisco7", "0822455D0A", FLT_V_OK },
    { "cisco7", "99FFFFFFFFFF", FLT_V_WRONG },
    { "random_value", "${fake:b64:44}", FLT_V_OK },
    { "random_value", "${fake:hex:48}", FLT_V_OK },
    { "random_value", "base64:${fake:b64:44}", FLT_V_OK },
    { "random_value", "12345678:${fake:b62:35}", FLT_V_OK },
    { "random_value", "image:${fake:b62:35}", FLT_V_WRONG },
    { "random_value", "${fake:d1:16}-${fake:hex:40}", FLT_V_OK },
    { "random_value", "k2r7vq29xwt41zt4", FLT_V_OK },
    { "random_value", "r8zKaoT61NQV2", FLT_V_OK },
    { "random_value", "XqTzhWvKentRbJgd", FLT_V_OK },
    { "random_value", "getUserNameFromRow", FLT_V_WRONG },
    { "random_value", "someLongNameOfAVariableInAProgram", FLT_V_WRONG },
    { "random_value", "your_secret_value_goes_right_here", FLT_V_EXAMPLE },
    { "keyed_connstr", "Endpoint=sb://a/;SharedAccessKey=${fake:b64:42}A=", FLT_V_OK },
    { "keyed_connstr", "AccountKey=${fake:b64:85}A==", FLT_V_OK },
    { "keyed_connstr", "AccountKey=${fake:b64:20}", FLT_V_SHAPE },
    { "conn_password", "kR7vq2Lm9x", FLT_V_OK },
    { "conn_password", "myPassword", FLT_V_EXAMPLE },
    { "conn_password", "{your_password}", FLT_V_EXAMPLE },
    { "token_alone", "EAA${fake:b62:100}", FLT_V_OK },
};

T_TEST(secret_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(secret_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}

T_TEST(a_prefix_inside_a_run_is_none)
{
    struct st_span all = ST_SPAN("AAAAB3EAAbQ9xKr7TmZ2cVn4Lp8sWd6Yf1Gh3Jk5");
    struct flt_token token = { st_span_sub(all, 6, all.n), all, 6, all.n };

    T_CHECK(flt_validator_find("token_alone")->fn(&token) == FLT_V_WRONG, "in the middle of base64");
}

T_TEST(a_signature_needs_its_address)
{
    struct st_span all = ST_SPAN("?sv=2022-11-02&se=2027-01-01&sig=Q9xKr7TmZ2cVn4Lp8sWd6Yf1Gh3Jk5Bv0Nx8Qa7Zt4M=");
    struct flt_token token = { st_span_sub(all, 33, all.n), all, 33, all.n };

    T_CHECK(flt_validator_find("azure_sas")->fn(&token) == FLT_V_OK, "sv and se stand before it");
    token.all = st_span_sub(all, 29, all.n);
    token.from = 4;
    token.to = token.all.n;
    T_CHECK(flt_validator_find("azure_sas")->fn(&token) == FLT_V_WRONG, "some parameter of that name");
}
