/* SPDX-License-Identifier: Apache-2.0 */
/* tls_verify - the side towards the origin: nothing is sent before its certificate is believed.
 *
 * X509_STRICT, names from SAN only and no partial wildcards: OpenSSL's defaults accept 37 of 107 bad x509-limbo chains,
 * this 28, and no good one is lost (security.md §3.2). A stapled answer is asked for; when it is valid and says
 * revoked, the handshake fails; a missing or broken staple changes nothing, as in browsers. Sessions are offered again
 * only to the same name and port.
 */
#include "gateway/tls_parts.h"
#include "policies/policies.h"
#include <arpa/inet.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* 1: go on; 0: the handshake fails. Called before the certificate is verified in TLS 1.2, after in 1.3. */
static int check_staple(SSL *ssl, void *ctx)
{
    const unsigned char *der = NULL;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    OCSP_RESPONSE *answer = len > 0 ? d2i_OCSP_RESPONSE(NULL, &der, len) : NULL;
    OCSP_BASICRESP *basic = answer != NULL ? OCSP_response_get1_basic(answer) : NULL;
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    X509 *issuer = chain != NULL && sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : NULL;
    OCSP_CERTID *id = leaf != NULL && issuer != NULL ? OCSP_cert_to_id(NULL, leaf, issuer) : NULL;
    int status = V_OCSP_CERTSTATUS_UNKNOWN, is_revoked = 0;

    (void)ctx;
    if (basic != NULL && id != NULL &&
        OCSP_basic_verify(basic, chain, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)), OCSP_TRUSTOTHER) == 1 &&
        OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL) == 1)
        is_revoked = status == V_OCSP_CERTSTATUS_REVOKED;
    if (is_revoked)
        SSL_set_verify_result(ssl, X509_V_ERR_CERT_REVOKED);
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(answer);
    ERR_clear_error();
    return !is_revoked;
}

enum st_rc tls_verify_setup(SSL_CTX *origin, const struct pol_config *config, struct st_err *err)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(origin);
    static const unsigned char OURS[] = "\x08http/1.1";
    const char *trust = config->upstream.trust.s;
    int loaded = trust != NULL ? SSL_CTX_load_verify_file(origin, trust) : SSL_CTX_set_default_verify_paths(origin);

    if (loaded != 1) {
        ERR_clear_error();
        return st_fail(err, ST_E_CONFIG, "tls.trust", "upstream.trust is no PEM bundle of certificates", 0);
    }
    SSL_CTX_set_verify(origin, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    SSL_CTX_set_tlsext_status_type(origin, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(origin, check_staple);
    if (SSL_CTX_set_alpn_protos(origin, OURS, sizeof OURS - 1) != 0)
        return tls_failed(err, "tls.origin");
    return ST_OK;
}

static bool is_address(const char *name)
{
    struct in6_addr six;
    struct in_addr four;

    return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1;
}

static bool set_identity(SSL *ssl, const char *identity)
{
    if (is_address(identity))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), identity) == 1;
    return SSL_set1_host(ssl, identity) == 1 && SSL_set_tlsext_host_name(ssl, identity) == 1;
}

enum st_rc tls_connect(struct tls_context *context, const char *identity, uint16_t port, struct tls **out,
                       struct st_err *err)
{
    struct tls *tls = NULL;
    SSL_SESSION *session;

    if (tls_new(context, context->trust->origin, &tls, err) != ST_OK)
        return ST_ERR;
    if (identity[0] == '\0' || !set_identity(tls->ssl, identity)) {
        tls_free(tls);
        return tls_failed(err, "tls.connect");
    }
    (void)snprintf(tls->key, sizeof tls->key, "%s:%u", identity, port);
    session = st_table_take(context->trust->sessions, st_span_str(tls->key)); /* TLS 1.3 tickets are for one use */
    if (session != NULL) {
        (void)SSL_set_session(tls->ssl, session);
        SSL_SESSION_free(session);
    }
    SSL_set_connect_state(tls->ssl);
    *out = tls;
    return ST_OK;
}

enum st_rc tls_offer_http2(struct tls *tls, struct st_err *err)
{
    static const unsigned char BOTH[] = "\x02h2\x08http/1.1";

    ST_CHECK(tls, TLS_MAGIC);
    return SSL_set_alpn_protos(tls->ssl, BOTH, sizeof BOTH - 1) == 0 ? ST_OK : tls_failed(err, "tls.offer");
}

bool tls_wants_other_protocol(const struct st_err *err)
{
    return err->code == ST_E_TLS && err->num == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL;
}

const char *tls_cert_reason(int64_t num, bool german)
{
    switch (num) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return german ? "Das Zertifikat der Website ist abgelaufen." : "The site's certificate has expired.";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return german ? "Das Zertifikat der Website gilt noch nicht." : "The site's certificate is not yet valid.";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return german ? "Das Zertifikat der Website ist selbst ausgestellt." : "The site's certificate is self-signed.";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return german ? "Das Zertifikat gehört zu einer anderen Website." : "The certificate belongs to another site.";
    case X509_V_ERR_CERT_REVOKED:
        return german ? "Das Zertifikat der Website wurde widerrufen." : "The site's certificate has been revoked.";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return german ? "Das Zertifikat stammt von einer unbekannten Stelle, oder die Website sendet ihre Kette nicht "
                        "ganz."
                      : "The certificate comes from an authority that is not trusted here, or the site does not send "
                        "its whole chain.";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return german ? "Das Zertifikat der Website ist zu schwach." : "The site's certificate is too weak.";
    default:
        return german ? "Das Zertifikat der Website ließ sich nicht bestätigen."
                      : "The site's certificate could not be verified.";
    }
}
