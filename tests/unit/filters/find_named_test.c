/* SPDX-License-Identifier: Apache-2.0 */
/* find_named - in whatever language or file a secret gets its name, its value is found; what is only named alike is
 * not.
 *
 * %s of a form is a value: one of a password's kind, one of a key's. Each form is tried with both. None of the values
 * is anybody's.
 */
#include "filters/filters.h"
#include "t.h"
#include <stdio.h>

static struct flt_packs *packs;
static struct flt_scanner *scanner;

static bool is_found(const char *text, const char *value)
{
    struct st_arena *arena = st_arena_new(8u << 20);
    struct flt_findings findings;
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;
    const char *at = value != NULL ? strstr(text, value) : NULL;
    bool found = false;

    T_OK(flt_text_doc(arena, st_span_str(text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    for (size_t i = 0; i < findings.n; i++)
        found |= strncmp(findings.items[i].rule->id, "secret.", 7) == 0 &&
                 (at == NULL || (findings.items[i].from <= (uint32_t)(at - text) &&
                                 findings.items[i].to >= (uint32_t)(at - text + (long)strlen(value))));
    st_arena_free(arena);
    return found;
}

static void begin(void)
{
    static const char *const dirs[] = { "filters/packs", NULL };
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_packs_load(dirs, t_tmpdir(), &packs, NULL, &err), err);
    T_OK(flt_scanner_new(packs, &scanner, &err), err);
}

static void end(void)
{
    flt_scanner_free(scanner);
    flt_packs_release(packs);
}

T_TEST(a_secret_is_found_in_every_form_it_is_written_in)
{
    static const char *const forms[] = {
        "db_password = \"%s\"",
        "cursor password: %s",
        "my cursor token: %s",
        "the public password is %s",
        "private static final String ADMIN_PASSWORD = \"%s\";",
        "const val API_TOKEN: String = \"%s\"",
        "let client_secret: &'static str = \"%s\";",
        "private readonly password: string = '%s';",
        "Dim dbPassword As String = \"%s\"",
        "adminPassword := `%s`",
        "redis_password <- \"%s\"",
        "SYNC_DB_PASSWORD=\"%s\"",
        "'secret_key' => '%s',",
        "define('AUTH_SECRET', '%s');",
        "props.setProperty(\"db.password\", \"%s\");",
        "os.getenv(\"SECRET_KEY\", \"%s\")",
        "builder.withPassword(\"%s\")",
        "#define MQTT_PASSWORD \"%s\"",
        "if (password == \"%s\") return true;",
        "password: %s",
        "password: >-\n  %s\n",
        "  - name: DB_PASSWORD\n    value: %s\n",
        "{\"name\": \"DB_PASSWORD\", \"value\": \"%s\"}",
        "{\\\"secret_key\\\":\\\"%s\\\"}",
        "<password>\n  %s\n</password>",
        "<add key=\"SmtpPassword\" value=\"%s\" />",
        "<key>apiSecret</key>\n<string>%s</string>",
        "variable \"db_password\" {\n  default = \"%s\"\n}",
        "ENV DB_PASSWORD %s",
        "tool --password %s --verbose",
        "| password | %s |",
        "- **Password**: `%s`",
        "Das Passwort lautet %s und gilt bis Freitag",
        "https://intra.corp.net/login?user=max&password=%s&x=1",
        "X-Auth-Token: %s",
        "secretToken ::= \"%s\"",
        "$secretToken .= \"%s\";",
        "$password ?\?= '%s';",
        "buildConfigField 'String', 'API_TOKEN', '\"%s\"'",
        "<secret>{vault AQAAABAAA %s}</secret>",
        "<AdministratorPassword><Value>%s</Value></AdministratorPassword>",
        "the password for the printer on the third floor is %s",
        "Passwort vom WLAN: %s",
        "the token is now %s",
        "10.1.2.3/password:%s",
        "ID/Password: %s",
        "master/Password (prod): %s",
        "the token below:\n%s\n",
        "admin password ---- %s",
        "| Acme API token | %s |",
    };
    static const char *const values[] = { "kR7vq2Lm9xWt41", "0b6f8c1d94e27a35f1c8b7d2e9406a5c" };
    char text[300];

    begin();
    for (size_t i = 0; i < ST_LEN(forms); i++)
        for (size_t k = 0; k < ST_LEN(values); k++) {
            const char *place = strstr(forms[i], "%s");

            (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(place - forms[i]), forms[i], values[k], place + 2);
            T_CHECK(is_found(text, values[k]), "not found: %s", text);
        }
    T_CHECK(is_found("the API key of the shop is kR7vq2Lm9xWt41Zt4mQ8wLp2x9", "kR7vq2Lm9xWt41Zt4mQ8wLp2x9"), "a key");
    T_CHECK(
        is_found("you will find a secret 0b6f8c1d94e27a35f1c8b7d2e9406a5c in it", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"),
        "a word before it");
    T_CHECK(is_found("shopToken,0b6f8c1d94e27a35f1c8b7d2e9406a5c,", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"), "a row");
    T_CHECK(is_found("weatherbit key: 0b6f8c1d94e27a35f1c8b7d2e9406a5c", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"), "whose");
    T_CHECK(is_found("BANNERBEAR='0b6f8c1d94e27a35f1c8b7d2e9406a5c'", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"), "whose");
    T_CHECK(is_found("(ID)max/(PW)kR7vq2Lm9x", "kR7vq2Lm9x"), "brackets");
    T_CHECK(is_found("ssh max@10.1.2.3 (pw:kR7vq2Lm9x)", "kR7vq2Lm9x"), "brackets");
    T_CHECK(is_found("password(default:kR7vq2Lm9x)", "kR7vq2Lm9x"), "an aside");
    T_CHECK(is_found("max is the user, kR7vq2Lm9x is the password", "kR7vq2Lm9x"), "the value first");
    T_CHECK(is_found("our meraki key is 0b6f8c1d94e27a35f1c8b7d2e9406a5c", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"),
            "whose");
    T_CHECK(is_found("our acme key is kR7vq2Lm9xWt41Zt4mQ8", "kR7vq2Lm9xWt41Zt4mQ8"), "whose, though unknown");
    T_CHECK(is_found("c = MerakiClient(\"0b6f8c1d94e27a35f1c8b7d2e9406a5c\")", "0b6f8c1d94e27a35f1c8b7d2e9406a5c"),
            "a client of a service");
    T_CHECK(is_found("api_key = 'm%L4xk)Qv$7bT'", "m%L4xk)Qv$7bT"), "signs that no key has");
    T_CHECK(is_found("user = 'anna'\npassword = 'thebluewindow'", "thebluewindow"), "beside its user");
    T_CHECK(is_found("pw: kR7vq2Lm9x", "kR7vq2Lm9x"), "a short name");
    T_CHECK(is_found("Zugriffsschl\303\274ssel: kR7vq2Lm9xWt41Zt4mQ8", "kR7vq2Lm9xWt41Zt4mQ8"), "a German key");
    end();
}

/* How sure the surest finding is that begins in the text; 0: none. */
static unsigned surest(const char *text)
{
    struct st_arena *arena = st_arena_new(8u << 20);
    struct flt_findings findings;
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;
    unsigned most = 0;

    T_OK(flt_text_doc(arena, st_span_str(text), &doc, &err), err);
    T_OK(flt_scan(scanner, arena, doc, &findings, NULL, &err), err);
    for (size_t i = 0; i < findings.n; i++)
        if (strncmp(findings.items[i].rule->id, "secret.", 7) == 0 && findings.items[i].confidence > most)
            most = findings.items[i].confidence;
    st_arena_free(arena);
    return most;
}

/* Of one doubt a value frees itself that no name and no word looks like; a short or worded one does not, and of two
 * doubts none does. The shipped policies act on 75 and more. */
T_TEST(a_value_beyond_doubt_makes_up_for_a_doubtful_name)
{
    static const char *const sure[] = {
        "acmehub_key = \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "acmehubKey: 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "you will find a acmehub secret 0b6f8c1d94e27a35f1c8b7d2e9406a5c in it",
        "the secret 3fa85f64-5717-4562-b3fc-2c963f66afa6 is ours",
        "You can use the token VZGyJa4owqsYvMoMHLmxKNtd for it",
        "clarifai: 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "SHIPENGINE='kR7vq2Lm9xWt41Zt4mQ8wLp2x9'",
        "acme_token = 'k2r7vq29xwt41zt4'",
        "acme_token = 'r8zKaoT61NQV2'",
        "acme_token = 'XqTzhWvKentRbJgd'",
        "acme_token = 'kR7vq2Lm|xWt41Zt4(mQ8wLp2x9kR7vq2Lm9x'",
        "ACME_TOKEN=84514306:kR7vq2Lm9xWt41Zt4mQ8wLp2x9_-kR7vq2",
        "acme token = '6105734677340141-ad50ab5ae7eeb1f4f1bc2c794288ff312d6fe7d5'",
    };
    static const char *const doubtful[] = {
        "acmehub_key = \"3fa85f64-5717-4562-b3fc-2c963f66afa6\"", /* as likely the id of a row */
        "acmehub_key = \"kR7vq2Lm9x41\"",
        "acme_token = 'getUserNameFromRow'",
        "acme_token = 'HttpClientFactoryBean'",
        "acmehub_key = \"name-of-a-setting-no-2-of-3-and-more\"",
        "an acmehub key 0b6f8c1d94e27a35f1c8b7d2e9406a5c", /* neither a sign nor a name that tells */
        "youtube: kR7vq2Lm9xWt41Zt4mQ8wLp2x9",             /* a film */
        "spotify = 'kR7vq2Lm9xWt41Zt4mQ8wLp2x9'",
        "AdyRjEopWvTok+5pw QR011vl/lIzZsCp9pNZNRSj4xigprLQgZ", /* of base64, read as a form */
        "commit 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "on monday: 9fceb02d0ae598e95dc970b74767f19372d61af8", /* a commit */
        "replicate: 9fceb02d0ae598e95dc970b74767f193",
        "5xDsAHRIpW,YAAY8pB2CAAe4, XH9PW+wbWHgr7R5jT",
        "ACME_TOKEN=8451:kR7vq2Lm9xWt41Zt4mQ8wLp2x9", /* a port, a line */
    };

    begin();
    for (size_t i = 0; i < ST_LEN(sure); i++)
        T_CHECK(surest(sure[i]) >= 75, "%u: %s", surest(sure[i]), sure[i]);
    for (size_t i = 0; i < ST_LEN(doubtful); i++)
        T_CHECK(surest(doubtful[i]) < 75, "%u: %s", surest(doubtful[i]), doubtful[i]);
    end();
}

T_TEST(what_is_only_named_alike_is_no_secret)
{
    static const char *const texts[] = {
        "nextPageToken = \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "showPassword = \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "csrf_middleware_token = \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "csrf_token: \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "public_key = \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "cacheKey: \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "passwordHash = \"0b6f8c1d94e27a35f1c8b7d2e9406a5c\"",
        "token_address: 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "secretName: db-credentials-v2",
        "passwordField: \"password-input-2\"",
        "token = \"HeaderTokenButtonProvider2\"",
        "token = \"color-sunset-primary-500\"",
        "password = user_password2",
        "PASSWORD_FILE=/run/secrets/db_password2",
        "$pwd = Win32::GetFullPathName",
        "/etc/passwd:eli:x:2098:1000:Eli",
        "a passenger: kR7vq2Lm9x, and his monkey: kR7vq2Lm9x",
        "minPasswordLength: 12, passwordRegex: \"^[A-Z0-9]{8,}$\"",
        "\"key\": \"0b6f8c1d94e27a35f1c8b7d2e9406a5c\"",
        "authToken: process.env.AUTH_TOKEN2",
        "--key-id 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "it is not sufficient to pass `SSL_OP_NO_TLSv1`",
        "they pass desiredCapacity2Hint=0",
        "no password for the meeting, the room is kR7vq2Lm9x",
        "the key is 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "the public key is 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "token.py,sha256=lTQIzSVw8Mg9wv459TjiOQe6wVziqaRlqX2189rp54,2573",
        "rRHHpw=kR7vq2Lm9xWt41",
        "figma_release = \"0b6f8c1d94e27a35f1c8b7d2e9406a5c\"",
        "figmatic: 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "weatherbit 0b6f8c1d94e27a35f1c8b7d2e9406a5c",
        "Sec-WebSocket-Key: NDMyMTUzMjE2MzIxNzMyMQ==",
        "VAPID_KEY = 'kR7vq2Lm9xWt41Zt4mQ8wLp2x9'",
        "authenticity_token: \"kR7vq2Lm9xWt41Zt4mQ8wLp2x9\"",
        "--pinnedpubkey kR7vq2Lm9xWt41Zt4mQ8wLp2x9",
        "the public token is kR7vq2Lm9xWt41Zt4mQ8wLp2x9",
        "X-Mandrill-Signature: kR7vq2Lm9xWt41Zt4mQ8wLp2x9",
        "\"@acme/visitor-keys\": \"4.4.1-alpha.0+ef7dfb68\"",
        "/home/user/token: kR7vq2Lm9xWt41Zt4mQ8wLp2x9",
        "Release GPG key: 9554F04D7259F04124DE6B476D5A82AC7E37093B",
        "\"StatsUser\"|\"StatsPassword\"|\"HealthCheckUrl\"",
        "\"output_token\": \"Jobs[-1].JobId\"",
        "STENCIL_PASS_DEPTH_PASS: 0x8803",
        "passphrase: 'passphrase1'",
        "const prepass = drawOffset >= culled",
        "return getToken(cached2Values) (none): ok",
        "Flexibility is the key",
        "FigmaClient(\"name-of-a-team-in-words\")",
        "\"username\": \"Benutzername\", \"password\": \"Kennwort\"",
        "user: 'string', password: 'string'",
    };

    begin();
    for (size_t i = 0; i < ST_LEN(texts); i++)
        T_CHECK(!is_found(texts[i], NULL), "found in: %s", texts[i]);
    end();
}
