/* SPDX-License-Identifier: Apache-2.0 */
/* tls_ca - the CA and its leaves as OpenSSL's strictest flags see them, and every way a CA can be unusable. */
#include "t.h"
#include "gateway/tls_facts.h"

#include "gateway/tls_ca.c"

#define WEEK_MS (7 * DAY_MS)

static char cert_path[256], key_path[256];
static int serial;

static struct tls_ca *make_ca(void)
{
    struct st_err err = ST_ERR_INIT;
    struct st_diag *diag = st_diag_new();
    struct tls_ca *ca = NULL;
    int fd;

    snprintf(cert_path, sizeof cert_path, "%s/ca%d.crt", t_tmpdir(), ++serial);
    snprintf(key_path, sizeof key_path, "%s/ca%d.key", t_tmpdir(), serial);
    T_OK(tls_ca_create("Stoa CA of a test", cert_path, key_path, &err), err);
    T_CHECK((fd = tls_ca_open_key(key_path, diag)) >= 0, "key file");
    T_OK(tls_ca_load(cert_path, key_path, fd, &ca, diag, &err), err);
    T_CHECK(st_diag_count(diag) == 0, "no complaints");
    st_diag_free(diag);
    return ca;
}

static EVP_PKEY *spki(struct st_buf *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);

    st_buf_init(out, 4096);
    st_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    return key;
}

static X509 *mint(struct tls_ca *ca, const char *host, int64_t lifetime_ms)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf key, leaf;
    const unsigned char *at;
    X509 *cert;

    EVP_PKEY_free(spki(&key));
    st_buf_init(&leaf, 16384);
    T_OK(tls_ca_mint(ca, host, st_buf_view(&key), lifetime_ms, &leaf, &err), err);
    at = leaf.p;
    cert = d2i_X509(NULL, &at, (long)leaf.n);
    T_CHECK(cert != NULL && at == leaf.p + leaf.n, "DER");
    st_buf_fini(&key);
    st_buf_fini(&leaf);
    return cert;
}

/* X509_V_OK or why not, with the flags the gateway itself uses against origins. */
static int verify(struct tls_ca *ca, X509 *leaf, const char *host, int64_t at_ms)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    uint8_t address[16];
    int rc;

    X509_STORE_add_cert(store, ca->cert);
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        X509_VERIFY_PARAM_set1_ip_asc(param, host);
    else
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    X509_verify_cert(ctx);
    rc = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return rc;
}

static bool is_critical(X509 *cert, int nid)
{
    int at = X509_get_ext_by_NID(cert, nid, -1);

    return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(cert, at)) == 1;
}

T_TEST(a_leaf_is_what_the_strictest_client_takes)
{
    static const char *const hosts[] = {
        "example.com", "www.a-very-long-name.that-does-not-fit.into-a-common-name-of-64-bytes.example.com",
        "192.0.2.7",   "2001:db8::1",
        "localhost",   "_x.example",
    };
    struct tls_ca *ca = make_ca();

    for (size_t i = 0; i < ST_LEN(hosts); i++) {
        X509 *leaf = mint(ca, hosts[i], WEEK_MS);
        int rc = verify(ca, leaf, hosts[i], st_clock_wall_ms());
        EVP_PKEY *key = X509_get0_pubkey(leaf);
        const ASN1_OCTET_STRING *akid = X509_get0_authority_key_id(leaf), *skid = X509_get0_subject_key_id(ca->cert);
        GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

        T_CHECK(rc == X509_V_OK, "%s: %s", hosts[i], X509_verify_cert_error_string(rc));
        T_CHECK(verify(ca, leaf, "other.example", st_clock_wall_ms()) != X509_V_OK, "%s: not for others", hosts[i]);
        T_CHECK(sk_GENERAL_NAME_num(names) == 1, "one name");
        T_CHECK(X509_get_extension_flags(leaf) & EXFLAG_BCONS, "CA:false is said");
        T_CHECK(is_critical(leaf, NID_basic_constraints) && is_critical(leaf, NID_key_usage), "and critical");
        T_CHECK(is_critical(ca->cert, NID_basic_constraints) && is_critical(ca->cert, NID_key_usage), "the CA's too");
        T_CHECK((X509_get_extension_flags(leaf) & EXFLAG_CA) == 0, "and it is no CA");
        T_CHECK(X509_get_key_usage(leaf) == KU_DIGITAL_SIGNATURE, "key usage %x", X509_get_key_usage(leaf));
        T_CHECK(X509_get_extended_key_usage(leaf) == XKU_SSL_SERVER, "serverAuth only");
        T_CHECK(akid != NULL && skid != NULL && ASN1_OCTET_STRING_cmp(akid, skid) == 0, "AKI is the CA's SKI");
        T_CHECK(X509_get0_subject_key_id(leaf) != NULL, "SKI");
        T_CHECK(EVP_PKEY_eq(key, ca->key) != 1, "not the CA's key");
        GENERAL_NAMES_free(names);
        X509_free(leaf);
    }
    tls_ca_free(ca);
}

T_TEST(dates_lie_inside_the_issuer_and_the_lifetime)
{
    static const int64_t lifetimes[] = { 3600 * 1000, DAY_MS, WEEK_MS, 90 * DAY_MS };
    struct tls_ca *ca = make_ca();
    int64_t now = st_clock_wall_ms(), from, to;

    for (size_t i = 0; i < ST_LEN(lifetimes); i++) {
        X509 *leaf = mint(ca, "example.com", lifetimes[i]);

        T_CHECK(asn1_ms(X509_get0_notBefore(leaf), &from) && asn1_ms(X509_get0_notAfter(leaf), &to), "dates");
        T_CHECK(to - from <= lifetimes[i] + 1000, "not longer than it may be: %lld", (long long)(to - from));
        T_CHECK(to >= now + lifetimes[i] / 2 - 2000, "half of it is left");
        T_CHECK(from <= now - (lifetimes[i] < 2 * DAY_MS ? lifetimes[i] / 2 : DAY_MS) + 2000, "back-dated");
        T_CHECK(from >= ca->not_before_ms && to <= ca->not_after_ms, "inside the CA");
        X509_free(leaf);
    }
    st_clock_turn((uint64_t)(ca->not_after_ms - now - 2 * DAY_MS)); /* the CA's last days */
    {
        X509 *leaf = mint(ca, "example.com", WEEK_MS);

        T_CHECK(asn1_ms(X509_get0_notAfter(leaf), &to) && to == ca->not_after_ms, "cut at the CA's end");
        T_CHECK(verify(ca, leaf, "example.com", st_clock_wall_ms()) == X509_V_OK, "valid then");
        X509_free(leaf);
    }
    st_clock_turn((uint64_t)(3 * DAY_MS));
    {
        struct st_err err = ST_ERR_INIT;
        struct st_buf key, leaf;

        EVP_PKEY_free(spki(&key));
        st_buf_init(&leaf, 16384);
        T_CHECK(tls_ca_mint(ca, "example.com", st_buf_view(&key), WEEK_MS, &leaf, &err) == ST_ERR &&
                    err.code == ST_E_CERT,
                "an expired CA mints nothing");
        st_buf_fini(&key);
        st_buf_fini(&leaf);
    }
    tls_ca_free(ca);
}

T_TEST(serials_are_random_and_long)
{
    struct tls_ca *ca = make_ca();
    uint8_t seen[32][SERIAL_LEN];

    for (size_t i = 0; i < 32; i++) {
        X509 *leaf = mint(ca, "example.com", WEEK_MS);
        const ASN1_INTEGER *n = X509_get0_serialNumber(leaf);

        T_CHECK(ASN1_STRING_length(n) == SERIAL_LEN && ASN1_STRING_type(n) == V_ASN1_INTEGER, "16 bytes, positive");
        memcpy(seen[i], ASN1_STRING_get0_data(n), SERIAL_LEN);
        for (size_t k = 0; k < i; k++)
            T_CHECK(memcmp(seen[i], seen[k], SERIAL_LEN) != 0, "%zu and %zu", i, k);
        X509_free(leaf);
    }
    tls_ca_free(ca);
}

T_TEST(the_CA_may_not_have_children_that_are_CAs)
{
    struct tls_ca *ca = make_ca();

    T_CHECK(X509_get_pathlen(ca->cert) == 0, "pathlen");
    T_CHECK(X509_get_key_usage(ca->cert) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN), "key usage");
    T_CHECK(X509_get_ext_by_critical(ca->cert, 1, -1) >= 0, "critical extensions");
    T_CHECK(X509_get0_subject_key_id(ca->cert) != NULL, "SKI");
    T_CHECK(ca->not_after_ms - st_clock_wall_ms() > 3640 * DAY_MS, "ten years");
    tls_ca_free(ca);
}

T_TEST(odd_names_and_keys_are_refused)
{
    static const char *const names[] = { "",     ".",    "a..b", "*.example.com",   "exa mple", "EXAMPLE.com",
                                         "a.b.", "a\nb", "x/y",  "\xc3\xa4.example" };
    struct tls_ca *ca = make_ca();
    struct st_err err = ST_ERR_INIT;
    struct st_buf key, leaf;
    unsigned char *der = NULL;
    EVP_PKEY *weak;
    int n;

    EVP_PKEY_free(spki(&key));
    st_buf_init(&leaf, 16384);
    for (size_t i = 0; i < ST_LEN(names); i++)
        T_CHECK(tls_ca_mint(ca, names[i], st_buf_view(&key), WEEK_MS, &leaf, &err) == ST_ERR && err.code == ST_E_SYNTAX,
                "name %zu", i);
    st_buf_byte(&key, 0);
    T_CHECK(tls_ca_mint(ca, "a.example", st_buf_view(&key), WEEK_MS, &leaf, &err) == ST_ERR, "bytes behind the key");
    T_CHECK(tls_ca_mint(ca, "a.example", st_span(key.p, 20), WEEK_MS, &leaf, &err) == ST_ERR, "half a key");
    T_CHECK(tls_ca_mint(ca, "a.example", ST_SPAN_NONE, WEEK_MS, &leaf, &err) == ST_ERR, "no key");
    n = i2d_PUBKEY(ca->key, &der);
    T_CHECK(tls_ca_mint(ca, "a.example", st_span(der, (size_t)n), WEEK_MS, &leaf, &err) == ST_ERR &&
                err.code == ST_E_DENIED,
            "the CA's own key");
    OPENSSL_free(der);
    der = NULL;
    weak = EVP_RSA_gen(1024);
    n = i2d_PUBKEY(weak, &der);
    T_CHECK(tls_ca_mint(ca, "a.example", st_span(der, (size_t)n), WEEK_MS, &leaf, &err) == ST_ERR &&
                err.code == ST_E_DENIED,
            "a weak key");
    T_CHECK(leaf.n == 0, "nothing was written");
    OPENSSL_free(der);
    EVP_PKEY_free(weak);
    st_buf_fini(&key);
    st_buf_fini(&leaf);
    tls_ca_free(ca);
}

T_TEST(files_are_private_and_never_overwritten)
{
    struct st_err err = ST_ERR_INIT;
    struct stat st;

    tls_ca_free(make_ca());
    T_CHECK(stat(key_path, &st) == 0 && (st.st_mode & 07777) == 0600, "key mode");
    T_CHECK(stat(cert_path, &st) == 0 && (st.st_mode & 07777) == 0644, "certificate mode");
    T_CHECK(tls_ca_create("again", cert_path, key_path, &err) == ST_ERR && err.code == ST_E_DENIED, "exists");
    T_CHECK(unlink(cert_path) == 0, "unlink");
    T_CHECK(tls_ca_create("again", cert_path, key_path, &err) == ST_ERR && err.code == ST_E_DENIED, "key exists");
    T_CHECK(access(cert_path, F_OK) != 0, "nothing half-made");
}

static void loads_not(const char *cert, const char *key, const char *expected)
{
    struct st_err err = ST_ERR_INIT;
    struct st_diag *diag = st_diag_new();
    struct tls_ca *ca = NULL;
    int fd = tls_ca_open_key(key, diag);

    T_CHECK(fd < 0 || tls_ca_load(cert, key, fd, &ca, diag, &err) == ST_ERR, "%s: loaded", expected);
    T_CHECK(st_diag_count(diag) == 1, "%s: %zu lines", expected, st_diag_count(diag));
    T_CHECK(strstr(st_diag_at(diag, 0)->text, expected) != NULL, "expected '%s', said '%s'", expected,
            st_diag_at(diag, 0)->text);
    st_diag_free(diag);
}

T_TEST(an_unusable_CA_is_said_in_one_line)
{
    char other_cert[256], other_key[256], path[300];
    struct tls_ca *ca = make_ca();
    X509 *leaf;
    FILE *file;

    memcpy(other_cert, cert_path, sizeof other_cert);
    memcpy(other_key, key_path, sizeof other_key);
    tls_ca_free(make_ca());
    loads_not(cert_path, other_key, "do not belong together");
    loads_not(cert_path, "/nonexistent/key", "stoa setup");
    loads_not("/nonexistent/cert", key_path, "expected a certificate in PEM");
    loads_not(key_path, key_path, "expected a certificate in PEM");
    loads_not(cert_path, cert_path, "open to others");
    T_CHECK(chmod(key_path, 0640) == 0, "chmod");
    loads_not(cert_path, key_path, "chmod 0600");
    T_CHECK(chmod(key_path, 0400) == 0 && chmod(cert_path, 0600) == 0, "chmod");
    loads_not(cert_path, cert_path, "expected a private key in PEM");
    loads_not(cert_path, t_tmpdir(), "no regular file");
    snprintf(path, sizeof path, "%s/leaf.crt", t_tmpdir());
    leaf = mint(ca, "example.com", WEEK_MS);
    file = fopen(path, "w");
    PEM_write_X509(file, leaf);
    fclose(file);
    loads_not(path, other_key, "expected a CA certificate");
    X509_free(leaf);
    tls_ca_free(ca);
    st_clock_turn((uint64_t)(4000 * DAY_MS));
    loads_not(other_cert, other_key, "has expired");
}

T_TEST(a_certificate_is_described)
{
    struct st_err err = ST_ERR_INIT;
    struct tls_facts facts;
    char long_name[400];
    struct st_buf pem;
    FILE *file;
    size_t n;

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    memcpy(long_name + 63, "\xc3\xa4", 2); /* would be cut inside a character */
    snprintf(cert_path, sizeof cert_path, "%s/d.crt", t_tmpdir());
    snprintf(key_path, sizeof key_path, "%s/d.key", t_tmpdir());
    T_OK(tls_ca_create(long_name, cert_path, key_path, &err), err);
    st_buf_init(&pem, 65536);
    file = fopen(cert_path, "r");
    n = fread(st_buf_room(&pem, 8192), 1, 8192, file);
    pem.n += n;
    fclose(file);
    T_OK(tls_facts_read(st_buf_view(&pem), &facts, &err), err);
    T_CHECK(strncmp(facts.subject, "CN=xxx", 6) == 0 && strlen(facts.subject) == 66, "'%s'", facts.subject);
    T_CHECK(facts.from_ms < st_clock_wall_ms() && facts.until_ms > st_clock_wall_ms() + 3600 * DAY_MS, "dates");
    T_CHECK(tls_facts_read(ST_SPAN("hello"), &facts, &err) == ST_ERR, "no certificate");
    st_buf_fini(&pem);
}
