/* SPDX-License-Identifier: Apache-2.0 */
/* validate_token, validate_key, validate_contact, validate_word - structures that confirm, and placeholders. */
#include "validate_t.h"

static const struct vector vectors[] = {
    { "crc62", "${fake:github.pat_classic}", FLT_V_OK },
    { "crc62", "ghp_${fake:b62:36}", FLT_V_SHAPE },
    { "crc62", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", FLT_V_EXAMPLE },
    { "token", "${fake:stripe.secret}", FLT_V_OK },
    { "token", "sk_live_aaaaaaaaaaaaaaaaaaaaaaaa", FLT_V_EXAMPLE },
    { "token", "hf_EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE", FLT_V_EXAMPLE },
    { "hex", "${fake:twilio.api_key}", FLT_V_OK },
    { "hex", "SK00000000000000000000000000000000", FLT_V_EXAMPLE },
    { "jwt", "${fake:jwt}", FLT_V_OK },
    { "jwt", "eyJhIjoxfQ.eyJhIjoxfQ.x", FLT_V_WRONG },
    { "pypi", "${fake:pypi.token}", FLT_V_OK },
    { "pypi", "pypi-AgEIcHlwaS5jb20AAAA", FLT_V_WRONG },
    { "aws_key_id", "AKIAIOSFODNN7EXAMPLE", FLT_V_EXAMPLE },
    { "aws_key_id", "${fake:aws.access_key_id}", FLT_V_OK },
    { "aws_key_id", "AKIAQ0189QWERTZUIOPA", FLT_V_SHAPE },
    { "aws_secret", "${fake:aws.secret_access_key}", FLT_V_OK },
    { "aws_secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", FLT_V_EXAMPLE },
    { "azure_key", "${fake:azure.storage_key}", FLT_V_OK },
    { "azure_key", "c2hvcnQgYnV0IHJhbmRvbSBlbm91Z2g=", FLT_V_WRONG },
    { "slack_token", "${fake:slack.bot}", FLT_V_OK },
    { "slack_token", "${fake:slack.user}", FLT_V_OK },
    { "slack_token", "xoxb-my-own-token", FLT_V_EXAMPLE },
    { "discord_bot", "${fake:discord.bot}", FLT_V_OK },
    { "discord_bot", "www.google.com", FLT_V_WRONG },
    { "telegram_bot", "${fake:telegram.bot}", FLT_V_OK },
    { "telegram_bot", "12:AAx", FLT_V_WRONG },
    { "pem_key", "${fake:pem.pkcs8}", FLT_V_OK },
    { "pem_key", "${fake:pem.rsa}", FLT_V_OK },
    { "pem_key", "${fake:pem.ec}", FLT_V_OK },
    { "pem_key", "${fake:pem.json}", FLT_V_OK },
    { "pem_key", "-----BEGIN PRIVATE KEY-----", FLT_V_EXAMPLE },
    { "openssh_key", "${fake:openssh.private_key}", FLT_V_OK },
    { "pgp_block", "${fake:pgp.private_block}", FLT_V_OK },
    { "userinfo", "https://deploy:kR7vq2Lm9x@git.corp.net/", FLT_V_OK },
    { "userinfo", "https://user:password@git.corp.net/", FLT_V_EXAMPLE },
    { "userinfo", "https://deploy:$TOKEN@git.corp.net/", FLT_V_EXAMPLE },
    { "userinfo", "https://git.corp.net:8443/a@b", FLT_V_WRONG },
    { "http_basic", "c3ZjOmtSN3ZxMkxtOXg=", FLT_V_OK },
    { "http_basic", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", FLT_V_EXAMPLE },
    { "http_basic", "authentication", FLT_V_WRONG },
    { "password", "kR7vq!2Lm9x", FLT_V_OK },
    { "password", "Sommer2024!", FLT_V_OK },
    { "password", "required", FLT_V_EXAMPLE },
    { "password", "encrypted", FLT_V_WRONG },
    { "password", "os.environ", FLT_V_WRONG },
    { "password", "req.body.password", FLT_V_WRONG },
    { "password", "$2", FLT_V_WRONG },
    { "password", "<password>", FLT_V_EXAMPLE },
    { "email", "anna.schmidt@firma-nord.de", FLT_V_OK },
    { "email", "user@example.com", FLT_V_EXAMPLE },
    { "email", "max.muster@example.com", FLT_V_SHAPE },
    { "email", "logo@2x.png", FLT_V_WRONG },
    { "email", "git@github.com", FLT_V_EXAMPLE },
    { "email", "a@b", FLT_V_WRONG },
    { "email", "a@b..de", FLT_V_WRONG },
    { "phone_e164", "491709284711", FLT_V_OK },
    { "phone_e164", "0049309018200", FLT_V_OK },
    { "phone_e164", "12125550147", FLT_V_EXAMPLE },
    { "phone_e164", "999123456789", FLT_V_WRONG },
    { "phone_national", "01709284711", FLT_V_OK },
    { "phone_national", "0011223344", FLT_V_WRONG },
    { "ip_public", "93.184.216.34", FLT_V_OK },
    { "ip_public", "192.168.1.1", FLT_V_WRONG },
    { "ip_public", "192.0.2.1", FLT_V_EXAMPLE },
};

T_TEST(token_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(token_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}

T_TEST(words_and_sums)
{
    uint8_t raw[8];

    T_CHECK(flt_crc32(ST_SPAN("123456789")) == 0xcbf43926u, "CRC-32");
    T_CHECK(flt_iso7064_11_10(ST_SPAN("07945")), "ISO 7064 MOD 11,10");
    T_CHECK(flt_is_sequence(ST_SPAN("12345678901")) && flt_is_sequence(ST_SPAN("zzzzzz")), "sequences");
    T_CHECK(!flt_is_sequence(ST_SPAN("4111")) && !flt_is_sequence(ST_SPAN("kR7vq2Lm9x")), "no sequences");
    T_CHECK(flt_entropy(ST_SPAN("aaaa")) < 0.01, "one character has no entropy");
    T_CHECK(flt_entropy(ST_SPAN("abcdefgh")) > 2.99 && flt_entropy(ST_SPAN("abcdefgh")) < 3.01,
            "eight have three bits");
    T_CHECK(flt_unbase64(ST_SPAN("SGVsbG8="), raw, sizeof raw) == 5 && memcmp(raw, "Hello", 5) == 0, "base64");
    T_CHECK(flt_unbase64(ST_SPAN("SG*s"), raw, sizeof raw) == -1, "a stray character");
    T_CHECK(flt_date_ok(2024, 2, 29) && !flt_date_ok(2023, 2, 29) && !flt_date_ok(0, 13, 1), "dates");
}

T_TEST(every_validator_names_its_source)
{
    const struct flt_validator *v;

    for (size_t i = 0; (v = flt_validator_at(i)) != NULL; i++)
        T_CHECK(strlen(v->source) > 10 && flt_validator_find(v->name) == v, "%s", v->name);
    T_CHECK(flt_validator_find("nonsense") == NULL, "unknown is NULL");
}
