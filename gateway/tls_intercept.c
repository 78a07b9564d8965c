/* SPDX-License-Identifier: Apache-2.0 */
/* tls_intercept - the side towards the client: we are the server of a name, with a leaf minted for it.
 *
 * The leaf is there before the handshake begins (conn.c asks the keyholder while the origin is being reached), so it is
 * put on the SSL at once and the handshake never waits inside OpenSSL. Tickets are on; a resumed client costs no
 * signature. HTTP/2 is preferred once the origin was reached, HTTP/1.1 for a page that says why not; a client that
 * insists on something else hears no_application_protocol at once.
 */
#include "base/clock.h"
#include "gateway/tls_parts.h"
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_MAGIC  0x6c656166u
#define NO_PASSWORD ((void *)(uintptr_t) "") /* instead of asking the terminal */

struct tls_leaf {
    unsigned magic, refs;
    X509 *cert, *issuer;    /* issuer NULL: the client has it */
    EVP_PKEY *key;          /* NULL: this process's leaf key */
    STACK_OF(X509) * chain; /* NULL: the issuer is all there is */
    int64_t fresh_until_ms;
};

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned in_len, void *ctx)
{
    static const struct {
        const unsigned char *list;
        unsigned n;
    } ours[] = { [TLS_HTTP1_FIRST] = { (const unsigned char *)"\x08http/1.1\x02h2", 12 },
                 [TLS_HTTP2_FIRST] = { (const unsigned char *)"\x02h2\x08http/1.1", 12 },
                 [TLS_HTTP1_ONLY] = { (const unsigned char *)"\x08http/1.1", 9 } };
    const struct tls *tls = tls_of(ssl);
    unsigned which = tls != NULL ? tls->alpn : TLS_HTTP1_FIRST;
    unsigned char *chosen;

    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, ours[which].list, ours[which].n, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

enum st_rc tls_client_setup(struct tls_context *context, struct st_err *err)
{
    static const unsigned char NAME[] = "stoa";

    SSL_CTX_set_alpn_select_cb(context->client, on_alpn, NULL);
    SSL_CTX_set_options(context->client, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context->client, SSL_SESS_CACHE_OFF); /* tickets only: nothing to keep here */
    SSL_CTX_set_num_tickets(context->client, 1);
    if (SSL_CTX_set_session_id_context(context->client, NAME, sizeof NAME - 1) != 1)
        return tls_failed(err, "tls.client");
    return ST_OK;
}

enum st_rc tls_accept(struct tls_context *context, struct tls_leaf *leaf, struct tls **out, struct st_err *err)
{
    struct tls *tls = NULL;
    bool ok;

    ST_CHECK(leaf, LEAF_MAGIC);
    if (tls_new(context, context->client, &tls, err) != ST_OK)
        return ST_ERR;
    ok = SSL_use_certificate(tls->ssl, leaf->cert) == 1 &&
         SSL_use_PrivateKey(tls->ssl, leaf->key != NULL ? leaf->key : context->leaf_key) == 1 &&
         (leaf->issuer == NULL || SSL_add1_chain_cert(tls->ssl, leaf->issuer) == 1) &&
         (leaf->chain == NULL || SSL_set1_chain(tls->ssl, leaf->chain) == 1);
    if (!ok) {
        tls_free(tls);
        return tls_failed(err, "tls.accept");
    }
    SSL_set_accept_state(tls->ssl);
    *out = tls;
    return ST_OK;
}

void tls_prefer_http2(struct tls *tls)
{
    ST_CHECK(tls, TLS_MAGIC);
    tls->alpn = TLS_HTTP2_FIRST;
}

void tls_only_http1(struct tls *tls)
{
    ST_CHECK(tls, TLS_MAGIC);
    tls->alpn = TLS_HTTP1_ONLY;
}

bool tls_is_http2(const struct tls *tls)
{
    const unsigned char *name;
    unsigned len;

    ST_CHECK(tls, TLS_MAGIC);
    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

/* ---- leaves ----------------------------------------------------------------------------------------------------- */

static X509 *read_der(struct st_span der)
{
    const unsigned char *p = der.p;
    X509 *cert = der.n > 0 ? d2i_X509(NULL, &p, (long)der.n) : NULL;

    if (cert != NULL && p != der.p + der.n) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

/* Milliseconds from now to an ASN.1 time, negative when it is over. */
static int64_t ms_until(const ASN1_TIME *when)
{
    time_t now = (time_t)(st_clock_wall_ms() / 1000);
    ASN1_TIME *from = ASN1_TIME_set(NULL, now);
    int days = 0, seconds = 0, ok = from != NULL && ASN1_TIME_diff(&days, &seconds, from, when);

    ASN1_TIME_free(from);
    return ok ? ((int64_t)days * 86400 + seconds) * 1000 : 0;
}

enum st_rc tls_leaf_read(struct tls_context *context, struct st_span der, struct st_span issuer, struct tls_leaf **out,
                         struct st_err *err)
{
    struct tls_leaf *leaf = calloc(1, sizeof *leaf);
    int64_t left;

    if (leaf == NULL)
        return st_fail(err, ST_E_NOMEM, "tls.leaf", "leaf", sizeof *leaf);
    leaf->magic = LEAF_MAGIC;
    leaf->refs = 1;
    leaf->cert = read_der(der);
    leaf->issuer = read_der(issuer);
    if (leaf->cert == NULL || X509_check_private_key(leaf->cert, context->leaf_key) != 1) {
        tls_leaf_release(leaf);
        ERR_clear_error();
        return st_fail(err, ST_E_CERT, "tls.leaf", "the minted certificate is not for our key", 0);
    }
    if (leaf->issuer != NULL && X509_check_issued(leaf->issuer, leaf->issuer) == X509_V_OK) {
        X509_free(leaf->issuer); /* a root is the client's to know */
        leaf->issuer = NULL;
    }
    ERR_clear_error();
    left = ms_until(X509_get0_notAfter(leaf->cert));
    leaf->fresh_until_ms = st_clock_wall_ms() + left - left / 10;
    *out = leaf;
    return ST_OK;
}

/* The first certificate of the file is the leaf's, the others are its chain. */
static bool read_chain(const char *path, struct tls_leaf *leaf)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *next;

    if (file == NULL)
        return false;
    leaf->cert = PEM_read_bio_X509(file, NULL, NULL, NO_PASSWORD);
    while (leaf->cert != NULL && (next = PEM_read_bio_X509(file, NULL, NULL, NO_PASSWORD)) != NULL)
        if (sk_X509_push(leaf->chain, next) <= 0)
            X509_free(next);
    BIO_free(file);
    return leaf->cert != NULL;
}

enum st_rc tls_leaf_load(const char *certificate, const char *key, struct tls_leaf **out, struct st_err *err)
{
    struct tls_leaf *leaf = calloc(1, sizeof *leaf);
    BIO *file = BIO_new_file(key, "r");
    enum st_rc rc = ST_ERR;

    if (leaf == NULL || (leaf->chain = sk_X509_new_null()) == NULL) {
        free(leaf);
        BIO_free(file);
        return st_fail(err, ST_E_NOMEM, "tls.leaf", "leaf", sizeof *leaf);
    }
    leaf->magic = LEAF_MAGIC;
    leaf->refs = 1;
    leaf->fresh_until_ms = INT64_MAX;
    if (file != NULL)
        leaf->key = PEM_read_bio_PrivateKey(file, NULL, NULL, NO_PASSWORD);
    if (leaf->key == NULL)
        rc = st_fail(err, ST_E_CONFIG, "tls.leaf", "the key file cannot be read or holds no private key (PEM)", errno);
    else if (!read_chain(certificate, leaf))
        rc = st_fail(err, ST_E_CONFIG, "tls.leaf", "the certificate file cannot be read or holds none (PEM)", errno);
    else if (X509_check_private_key(leaf->cert, leaf->key) != 1)
        rc = st_fail(err, ST_E_CONFIG, "tls.leaf", "the certificate is not for this key", 0);
    else
        rc = ST_OK;
    ERR_clear_error();
    BIO_free(file);
    if (rc == ST_OK)
        *out = leaf;
    else
        tls_leaf_release(leaf);
    return rc;
}

struct tls_leaf *tls_leaf_retain(struct tls_leaf *leaf)
{
    ST_CHECK(leaf, LEAF_MAGIC);
    leaf->refs++;
    return leaf;
}

void tls_leaf_release(struct tls_leaf *leaf)
{
    if (leaf == NULL)
        return;
    ST_CHECK(leaf, LEAF_MAGIC);
    if (--leaf->refs > 0)
        return;
    X509_free(leaf->cert);
    X509_free(leaf->issuer);
    EVP_PKEY_free(leaf->key);
    sk_X509_pop_free(leaf->chain, X509_free);
    leaf->magic = 0;
    free(leaf);
}

bool tls_leaf_is_fresh(const struct tls_leaf *leaf)
{
    ST_CHECK(leaf, LEAF_MAGIC);
    return st_clock_wall_ms() < leaf->fresh_until_ms;
}
