/* SPDX-License-Identifier: Apache-2.0 */
/* tls_context - what all connections of a worker share: one SSL_CTX a role, one leaf key, the sessions of origins.
 *
 * A context per connection costs more than a handshake's signature (ecosystem.md §1.4), so there are two for the life
 * of the process; certificates are put on the single SSL. The trust store is loaded once per generation. Sessions are
 * kept only after the origin was verified, by name and port, and are forgotten when the trust changes: a session must
 * not outlive the reason to believe it. The keys of tickets for clients come from the supervisor (tls_ticket.c).
 */
#include "base/hash.h"
#include "base/log.h"
#include "gateway/tls_parts.h"
#include "policies/policies.h"
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_MAGIC 0x746c7363u
#define SESSIONS_MAX  4096u

static int context_index = -1; /* SSL -> struct tls, for the session callback */

enum st_rc tls_fail(struct st_err *err, const char *where)
{
    unsigned long code = ERR_peek_last_error();

    ERR_clear_error();
    return st_fail_at(err, ST_E_TLS, where, "TLS failed", ERR_GET_REASON(code));
}

struct tls *tls_of(const SSL *ssl)
{
    return SSL_get_ex_data(ssl, context_index);
}

static void session_free(void *session)
{
    SSL_SESSION_free(session);
}

/* OpenSSL has a new session of an origin; with TLS 1.3 after the handshake. 1: the reference is ours. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls *tls = tls_of(ssl);
    struct st_err ignored;

    if (tls == NULL || tls->key[0] == '\0' || SSL_get_verify_result(ssl) != X509_V_OK ||
        SSL_get_SSL_CTX(ssl) != tls->context->trust->origin) /* verified by a trust that is no more in force */
        return 0;
    return st_table_put(tls->context->trust->sessions, st_span_str(tls->key), session, &ignored) == ST_OK;
}

static SSL_CTX *context_of_role(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_KTLS);
    if (SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256:P-384") == 1 || /* OpenSSL 3.5 and later */
        SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

enum st_rc tls_trust_new(const struct pol_config *config, struct tls_trust **out, struct st_err *err)
{
    struct tls_trust *trust = calloc(1, sizeof *trust);

    if (trust == NULL)
        return st_fail(err, ST_E_NOMEM, "tls.trust", "trust", sizeof *trust);
    trust->sessions = st_table_new(SESSIONS_MAX, true, session_free);
    trust->origin = context_of_role(TLS_client_method());
    if (trust->sessions == NULL || trust->origin == NULL) {
        tls_trust_free(trust);
        return tls_failed(err, "tls.trust");
    }
    SSL_CTX_set_session_cache_mode(trust->origin, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(trust->origin, on_session);
    if (tls_verify_setup(trust->origin, config, err) != ST_OK) {
        tls_trust_free(trust);
        return ST_ERR;
    }
    *out = trust;
    return ST_OK;
}

void tls_trust_free(struct tls_trust *trust)
{
    if (trust == NULL)
        return;
    SSL_CTX_free(trust->origin); /* open connections hold their own reference */
    st_table_free(trust->sessions);
    free(trust);
}

static enum st_rc make_leaf_key(struct tls_context *context, struct st_err *err)
{
    unsigned char *der = NULL;
    int len;

    if ((context->leaf_key = EVP_EC_gen("P-256")) == NULL)
        return tls_failed(err, "tls.leaf_key");
    if ((len = i2d_PUBKEY(context->leaf_key, &der)) <= 0)
        return tls_failed(err, "tls.leaf_key");
    context->spki = der;
    context->spki_len = (size_t)len;
    return ST_OK;
}

enum st_rc tls_context_new(struct tls_context **out, struct st_err *err)
{
    struct tls_context *context = calloc(1, sizeof *context);

    if (context == NULL)
        return st_fail(err, ST_E_NOMEM, "tls.context", "context", sizeof *context);
    context->magic = CONTEXT_MAGIC;
    if (context_index < 0)
        context_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    context->client = context_of_role(TLS_server_method());
    if (context->client == NULL) {
        tls_context_free(context);
        return tls_failed(err, "tls.context");
    }
    if (make_leaf_key(context, err) != ST_OK || tls_client_setup(context, err) != ST_OK) {
        tls_context_free(context);
        return ST_ERR;
    }
    *out = context;
    return ST_OK;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL)
        return;
    ST_CHECK(context, CONTEXT_MAGIC);
    SSL_CTX_free(context->client);
    tls_trust_free(context->trust);
    EVP_PKEY_free(context->leaf_key);
    OPENSSL_free(context->spki);
    BIO_meth_free(context->bio);
    st_wipe(context->tickets, sizeof context->tickets);
    context->magic = 0;
    free(context);
}

void tls_context_trust(struct tls_context *context, struct tls_trust *trust)
{
    ST_CHECK(context, CONTEXT_MAGIC);
    tls_trust_free(context->trust);
    context->trust = trust;
}

struct st_span tls_leaf_key(const struct tls_context *context)
{
    return st_span(context->spki, context->spki_len);
}

enum st_rc tls_new(struct tls_context *context, SSL_CTX *role, struct tls **out, struct st_err *err)
{
    struct tls *tls = calloc(1, sizeof *tls);

    ST_CHECK(context, CONTEXT_MAGIC);
    if (tls == NULL)
        return st_fail(err, ST_E_NOMEM, "tls.new", "tls", sizeof *tls);
    tls->magic = TLS_MAGIC;
    tls->context = context;
    if ((tls->ssl = SSL_new(role)) == NULL || SSL_set_ex_data(tls->ssl, context_index, tls) != 1) {
        tls_free(tls);
        return tls_failed(err, "tls.new");
    }
    *out = tls;
    return ST_OK;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    ST_CHECK(tls, TLS_MAGIC);
    if (tls->ssl != NULL) {
        /* without these flags OpenSSL takes the session for a broken one and forgets it (ecosystem.md trap 7) */
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_set_ex_data(tls->ssl, context_index, NULL);
        SSL_free(tls->ssl);
    }
    ERR_clear_error();
    tls->magic = 0;
    free(tls);
}
