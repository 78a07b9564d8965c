/* SPDX-License-Identifier: Apache-2.0 */
/* tls_ca - creates the certificate authority, loads it, mints leaves.
 *
 * A leaf is what the strictest clients take (Apple, Chromium, Schannel, X509_V_FLAG_X509_STRICT): one exact
 * name, serverAuth, CA:false said and critical, AKI equal to the CA's SKI, a random 128-bit serial so that a fleet
 * never repeats one, back-dated a day inside its lifetime for wrong clocks, and never valid outside its issuer. The key
 * of a leaf is the worker's; it is refused when it is the CA's own. Time is st_clock, so tests can turn it.
 */
#include "gateway/tls_ca.h"
#include "base/clock.h"
#include "base/hash.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_MAGIC        0x63617370u
#define DAY_MS          (86400 * (int64_t)1000)
#define CA_DAYS         3652
#define KEY_MAX         16384
#define SERIAL_LEN      16
#define SECURE_HEAP     131072
#define SECURE_CHUNK    16
#define RSA_MIN         2048
#define COMMON_NAME_MAX 64 /* X.520 ub-common-name */

struct tls_ca {
    unsigned magic;
    X509 *cert;
    EVP_PKEY *key;
    unsigned char *der; /* of cert */
    int der_len;
    int64_t not_before_ms, not_after_ms;
};

static enum st_rc tls_fail(struct st_err *err, const char *what)
{
    unsigned long code = ERR_get_error();

    ERR_clear_error();
    return st_fail_at(err, ST_E_TLS, "tls.ca", what, ERR_GET_REASON(code));
}

/* ---- parts of a certificate -------------------------------------------------------------------------------------- */

static bool set_serial(X509 *cert)
{
    uint8_t bytes[SERIAL_LEN];
    struct st_err err;
    BIGNUM *bn;
    bool ok;

    if (st_random(bytes, sizeof bytes, &err) != ST_OK)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive and always the same length */
    bn = BN_bin2bn(bytes, sizeof bytes, NULL);
    ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;
    BN_free(bn);
    return ok;
}

static bool set_dates(X509 *cert, int64_t from_ms, int64_t to_ms)
{
    return ASN1_TIME_adj(X509_getm_notBefore(cert), (time_t)(from_ms / 1000), 0, 0) != NULL &&
           ASN1_TIME_adj(X509_getm_notAfter(cert), (time_t)(to_ms / 1000), 0, 0) != NULL;
}

static bool add_text_ext(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    bool ok;

    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* RFC 5280 §4.2.1.2 (1): SHA-1 of the public key bits; an identifier, not a security measure. */
static ASN1_OCTET_STRING *key_id(const X509 *cert)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

    if (id != NULL &&
        (X509_pubkey_digest(cert, EVP_sha1(), md, &len) != 1 || ASN1_OCTET_STRING_set(id, md, (int)len) != 1)) {
        ASN1_OCTET_STRING_free(id);
        id = NULL;
    }
    return id;
}

static bool add_authority(X509 *leaf, X509 *issuer)
{
    const ASN1_OCTET_STRING *skid = X509_get0_subject_key_id(issuer);
    AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();
    bool ok = false;

    if (akid != NULL && (akid->keyid = skid != NULL ? ASN1_OCTET_STRING_dup(skid) : key_id(issuer)) != NULL)
        ok = X509_add1_ext_i2d(leaf, NID_authority_key_identifier, akid, 0, X509V3_ADD_DEFAULT) == 1;
    AUTHORITY_KEYID_free(akid);
    return ok;
}

static bool add_subject_key_id(X509 *cert)
{
    ASN1_OCTET_STRING *id = key_id(cert);
    bool ok = id != NULL && X509_add1_ext_i2d(cert, NID_subject_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1;

    ASN1_OCTET_STRING_free(id);
    return ok;
}

/* Cut to what X.520 allows, not inside a character. */
static bool set_common_name(X509_NAME *name, const char *text)
{
    size_t n = strlen(text);

    if (n > COMMON_NAME_MAX)
        for (n = COMMON_NAME_MAX; n > 0 && (text[n] & 0xc0) == 0x80;)
            n--;
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)text, (int)n, -1,
                                      0) == 1;
}

/* ---- creating ------------------------------------------------------------------------------------------------------
 */

static X509 *build_ca(EVP_PKEY *key, const char *common_name)
{
    int64_t now = st_clock_wall_ms();
    X509 *cert = X509_new();

    if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
        set_dates(cert, now - DAY_MS, now + CA_DAYS * DAY_MS) &&
        set_common_name(X509_get_subject_name(cert), common_name) &&
        X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 && X509_set_pubkey(cert, key) == 1 &&
        add_text_ext(cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_text_ext(cert, NID_key_usage, "critical,keyCertSign,cRLSign") && add_subject_key_id(cert) &&
        add_authority(cert, cert) && X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

/* New files only: a key that is lost because of a second run cannot be had again. */
static FILE *create_file(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *file;

    if (fd < 0)
        return NULL;
    if (fchmod(fd, mode) != 0 || (file = fdopen(fd, "w")) == NULL) {
        close(fd);
        return NULL;
    }
    return file;
}

static bool finish_file(FILE *file, bool ok)
{
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && ok;
}

static enum st_rc write_pem(const char *path, mode_t mode, X509 *cert, EVP_PKEY *key, struct st_err *err)
{
    FILE *file = create_file(path, mode);

    if (file == NULL)
        return st_fail(err, errno == EEXIST ? ST_E_DENIED : ST_E_IO, "tls.ca", "file cannot be created", errno);
    if (finish_file(file, cert != NULL ? PEM_write_X509(file, cert) == 1
                                       : PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1))
        return ST_OK;
    unlink(path);
    return st_fail(err, ST_E_IO, "tls.ca", "file cannot be written", errno);
}

enum st_rc tls_ca_create(const char *common_name, const char *cert_path, const char *key_path, struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key != NULL ? build_ca(key, common_name) : NULL;

    if (cert == NULL) {
        rc = tls_fail(err, "certificate cannot be made");
        goto out;
    }
    if (access(cert_path, F_OK) == 0) {
        rc = st_fail(err, ST_E_DENIED, "tls.ca", "certificate file exists", EEXIST);
        goto out;
    }
    if (write_pem(key_path, 0600, NULL, key, err) != ST_OK)
        goto out;
    if (write_pem(cert_path, 0644, cert, NULL, err) != ST_OK) {
        unlink(key_path);
        goto out;
    }
    rc = ST_OK;
out:
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

void tls_ca_guard_memory(void)
{
    (void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_CHUNK);
}

/* ---- loading -------------------------------------------------------------------------------------------------------
 */

int tls_ca_open_key(const char *key_path, struct st_diag *diag)
{
    int fd = open(key_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0) {
        st_diag_add(diag, key_path, 0, 0,
                    "the CA key cannot be read (%s); make one with `stoa setup` or correct ca.key", strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        st_diag_add(diag, key_path, 0, 0, "expected the CA key, found no regular file");
    else if ((st.st_mode & 077) != 0)
        st_diag_add(diag, key_path, 0, 0, "the CA key is open to others (mode %04o); run `chmod 0600` on it",
                    (unsigned)(st.st_mode & 07777));
    else if (st.st_uid != geteuid() && st.st_uid != 0)
        st_diag_add(diag, key_path, 0, 0, "the CA key belongs to user id %u, expected %u; run `chown` on it",
                    (unsigned)st.st_uid, (unsigned)geteuid());
    else
        return fd;
    close(fd);
    return -1;
}

static EVP_PKEY *read_key(int fd)
{
    unsigned char *text = OPENSSL_secure_malloc(KEY_MAX);
    EVP_PKEY *key = NULL;
    ssize_t n = text != NULL ? pread(fd, text, KEY_MAX, 0) : -1;
    BIO *bio = n > 0 && n < KEY_MAX ? BIO_new_mem_buf(text, (int)n) : NULL;

    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) ""); /* never asks for a password */
    BIO_free(bio);
    OPENSSL_secure_clear_free(text, KEY_MAX);
    return key;
}

static X509 *read_cert(const char *path)
{
    BIO *bio = BIO_new_file(path, "r");
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return cert;
}

static bool is_strong(EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return EVP_PKEY_get_bits(key) >= RSA_MIN;
    case EVP_PKEY_EC: return EVP_PKEY_get_bits(key) >= 256;
    default: return false;
    }
}

static bool asn1_ms(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* NULL when all is well, else what is wrong and what to do. */
static const char *problem(struct tls_ca *ca, int64_t now)
{
    if (X509_check_ca(ca->cert) != 1)
        return "expected a CA certificate (basicConstraints CA:TRUE, keyUsage keyCertSign), found another kind";
    if ((X509_get_key_usage(ca->cert) & KU_KEY_CERT_SIGN) == 0)
        return "the certificate's keyUsage does not allow signing certificates (keyCertSign)";
    if (X509_check_private_key(ca->cert, ca->key) != 1)
        return "certificate and key do not belong together; correct ca.certificate or ca.key";
    if (!is_strong(ca->key))
        return "expected an ECDSA key of P-256 or more, or RSA of 2048 bits or more";
    if (!asn1_ms(X509_get0_notBefore(ca->cert), &ca->not_before_ms) ||
        !asn1_ms(X509_get0_notAfter(ca->cert), &ca->not_after_ms))
        return "the certificate's dates cannot be read";
    if (now < ca->not_before_ms)
        return "the certificate is not valid yet; is the clock right?";
    return now >= ca->not_after_ms ? "the certificate has expired; make a new CA" : NULL;
}

static enum st_rc check_loaded(struct tls_ca *ca, const char *cert_path, const char *key_path, struct st_diag *diag,
                               struct st_err *err)
{
    const char *what;

    if (ca->cert == NULL)
        st_diag_add(diag, cert_path, 0, 0,
                    "expected a certificate in PEM, found none that can be read; make one with `stoa setup` or "
                    "correct ca.certificate");
    if (ca->key == NULL)
        st_diag_add(diag, key_path, 0, 0, "expected a private key in PEM without a password, found none");
    if (ca->cert == NULL || ca->key == NULL)
        return tls_fail(err, "CA cannot be read");
    if ((what = problem(ca, st_clock_wall_ms())) == NULL)
        return ST_OK;
    ERR_clear_error();
    st_diag_add(diag, cert_path, 0, 0, "%s", what);
    return st_fail(err, ST_E_CONFIG, "tls.ca", "CA is not usable", 0);
}

enum st_rc tls_ca_load(const char *cert_path, const char *key_path, int key_fd, struct tls_ca **out,
                       struct st_diag *diag, struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    struct tls_ca *ca = calloc(1, sizeof *ca);

    if (ca == NULL) {
        rc = st_fail(err, ST_E_NOMEM, "tls.ca", "ca", sizeof *ca);
        goto out;
    }
    ca->magic = CA_MAGIC;
    ca->cert = read_cert(cert_path);
    ca->key = read_key(key_fd);
    if (check_loaded(ca, cert_path, key_path, diag, err) != ST_OK)
        goto out;
    if ((ca->der_len = i2d_X509(ca->cert, &ca->der)) <= 0) {
        rc = tls_fail(err, "certificate cannot be encoded");
        goto out;
    }
    *out = ca;
    ca = NULL;
    rc = ST_OK;
out:
    close(key_fd);
    tls_ca_free(ca);
    return rc;
}

enum st_rc tls_ca_check(const char *cert_path, const char *key_path, struct st_diag *diag, struct st_err *err)
{
    struct tls_ca *ca = NULL;
    enum st_rc rc;
    int fd;

    if (access(key_path, R_OK) != 0 && errno == EACCES)
        return ST_OK;
    if ((fd = tls_ca_open_key(key_path, diag)) < 0)
        return st_fail(err, ST_E_CONFIG, "tls.ca", "the CA key cannot be used", 0);
    rc = tls_ca_load(cert_path, key_path, fd, &ca, diag, err);
    tls_ca_free(ca);
    return rc;
}

void tls_ca_free(struct tls_ca *ca)
{
    if (ca == NULL)
        return;
    ST_CHECK(ca, CA_MAGIC);
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
    OPENSSL_free(ca->der);
    ca->magic = 0;
    free(ca);
}

struct st_span tls_ca_cert(const struct tls_ca *ca)
{
    ST_CHECK(ca, CA_MAGIC);
    return st_span(ca->der, (size_t)ca->der_len);
}

int64_t tls_ca_expires_ms(const struct tls_ca *ca)
{
    ST_CHECK(ca, CA_MAGIC);
    return ca->not_after_ms;
}

/* ---- minting -------------------------------------------------------------------------------------------------------
 */

/* Lower-case letters, digits, '-', '_', labels of 1 to 63: what may stand in a dNSName. No wildcard, no trailing dot.
 */
static bool is_dns_name(const char *host)
{
    size_t label = 0, n = strlen(host);

    if (n == 0 || n > 253)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = host[i];

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
            if (++label > 63)
                return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

static bool fill_name(GENERAL_NAME *name, const char *host)
{
    uint8_t address[16];
    int family = inet_pton(AF_INET, host, address) == 1 ? 4 : inet_pton(AF_INET6, host, address) == 1 ? 16 : 0;
    ASN1_OCTET_STRING *value = family != 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

    if (value == NULL)
        return false;
    if (family != 0 ? ASN1_OCTET_STRING_set(value, address, family) != 1 : ASN1_STRING_set(value, host, -1) != 1) {
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, family != 0 ? GEN_IPADD : GEN_DNS, value);
    return true;
}

static bool add_host(X509 *leaf, const char *host)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    bool ok = false;

    if (names == NULL || name == NULL || !fill_name(name, host) || sk_GENERAL_NAME_push(names, name) == 0) {
        GENERAL_NAME_free(name);
        goto out;
    }
    ok = X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
out:
    GENERAL_NAMES_free(names);
    return ok;
}

static EVP_PKEY *leaf_key(const struct tls_ca *ca, struct st_span spki, struct st_err *err)
{
    const unsigned char *at = spki.p;
    EVP_PKEY *key = spki.n > 0 && spki.n <= 8192 ? d2i_PUBKEY(NULL, &at, (long)spki.n) : NULL;

    if (key == NULL || at != spki.p + spki.n) {
        EVP_PKEY_free(key);
        ERR_clear_error();
        st_fail(err, ST_E_SYNTAX, "tls.mint", "public key cannot be read", spki.n);
        return NULL;
    }
    if (!is_strong(key) || EVP_PKEY_eq(key, ca->key) == 1) {
        EVP_PKEY_free(key);
        ERR_clear_error();
        st_fail(err, ST_E_DENIED, "tls.mint", "public key is weak or the CA's own", 0);
        return NULL;
    }
    ERR_clear_error();
    return key;
}

static bool set_leaf_dates(const struct tls_ca *ca, X509 *leaf, int64_t lifetime_ms)
{
    int64_t back = lifetime_ms / 2 < DAY_MS ? lifetime_ms / 2 : DAY_MS;
    int64_t from = st_clock_wall_ms() - back, to = from + lifetime_ms;

    if (from < ca->not_before_ms)
        from = ca->not_before_ms;
    if (to > ca->not_after_ms)
        to = ca->not_after_ms;
    return from < to && set_dates(leaf, from, to);
}

static X509 *build_leaf(struct tls_ca *ca, const char *host, EVP_PKEY *key, int64_t lifetime_ms)
{
    X509 *leaf = X509_new();

    if (leaf != NULL && X509_set_version(leaf, X509_VERSION_3) == 1 && set_serial(leaf) &&
        set_leaf_dates(ca, leaf, lifetime_ms) &&
        set_common_name(X509_get_subject_name(leaf), strlen(host) <= COMMON_NAME_MAX ? host : "Stoa") &&
        X509_set_issuer_name(leaf, X509_get_subject_name(ca->cert)) == 1 && X509_set_pubkey(leaf, key) == 1 &&
        add_host(leaf, host) && add_text_ext(leaf, NID_basic_constraints, "critical,CA:FALSE") &&
        add_text_ext(leaf, NID_key_usage, "critical,digitalSignature") &&
        add_text_ext(leaf, NID_ext_key_usage, "serverAuth") && add_subject_key_id(leaf) &&
        add_authority(leaf, ca->cert) && X509_sign(leaf, ca->key, EVP_sha256()) > 0)
        return leaf;
    X509_free(leaf);
    return NULL;
}

enum st_rc tls_ca_mint(struct tls_ca *ca, const char *host, struct st_span spki, int64_t lifetime_ms,
                       struct st_buf *leaf, struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    unsigned char *der = NULL;
    uint8_t address[16];
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    int n;

    ST_CHECK(ca, CA_MAGIC);
    if (inet_pton(AF_INET6, host, address) != 1 && !is_dns_name(host)) /* IPv4 looks like a name */
        return st_fail(err, ST_E_SYNTAX, "tls.mint", "not a host name", strlen(host));
    if (st_clock_wall_ms() >= ca->not_after_ms)
        return st_fail(err, ST_E_CERT, "tls.mint", "the CA has expired", X509_V_ERR_CERT_HAS_EXPIRED);
    if ((key = leaf_key(ca, spki, err)) == NULL)
        goto out;
    if ((cert = build_leaf(ca, host, key, lifetime_ms)) == NULL || (n = i2d_X509(cert, &der)) <= 0) {
        rc = tls_fail(err, "leaf cannot be made");
        goto out;
    }
    st_buf_put(leaf, der, (size_t)n);
    rc = st_buf_done(leaf, err, "tls.mint");
out:
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}
