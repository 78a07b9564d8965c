/* SPDX-License-Identifier: Apache-2.0 */
/* tls - OpenSSL's door on the data path: contexts shared by all connections, one `tls` per link, leaves from outside.
 *
 * A tls moves bytes between a link's buffers and never touches a socket. Towards origins it verifies chain, name and
 * dates (security.md §1.3); towards clients it shows a leaf that the keyholder minted for this process's own key.
 */
#ifndef STOA_GATEWAY_TLS_H
#define STOA_GATEWAY_TLS_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>

struct evbuffer;
struct pol_config;
struct tls_context; /* of a worker: one SSL_CTX a role, the leaf key, sessions of origins */
struct tls_leaf;    /* a certificate and what was sent with it; refcounted */
struct tls;

#define TLS_TICKET_KEY_LEN 80 /* a name of 16 bytes, AES-256, HMAC-SHA-256; random all of it */

/* What makes an origin believable, of one generation. ST_E_CONFIG: upstream.trust is no bundle of certificates. */
struct tls_trust;
ST_MUST enum st_rc tls_trust_new(const struct pol_config *config, struct tls_trust **out, struct st_err *err);
void tls_trust_free(struct tls_trust *trust); /* NULL is fine */

ST_MUST enum st_rc tls_context_new(struct tls_context **out,
                                   struct st_err *err); /* give it a trust before tls_connect */
void tls_context_free(struct tls_context *context);     /* after every tls of it; NULL is fine */
/* Owns trust from now on; the sessions of origins are forgotten with the old one. */
void tls_context_trust(struct tls_context *context, struct tls_trust *trust);
/* The keys of session tickets towards clients: what is sealed from now on, what is opened besides. */
void tls_context_tickets(struct tls_context *context, struct st_span key, struct st_span before);
struct st_span tls_leaf_key(const struct tls_context *context); /* the public key, SPKI DER, for MINT */

/* issuer may be empty, or the root itself, which is not sent. Checks that the leaf is for our key. */
ST_MUST enum st_rc tls_leaf_read(struct tls_context *context, struct st_span leaf, struct st_span issuer,
                                 struct tls_leaf **out, struct st_err *err);
/* An operator's own: PEM files, the certificate with its chain, and its key. ST_E_CONFIG says which is wrong. */
ST_MUST enum st_rc tls_leaf_load(const char *certificate, const char *key, struct tls_leaf **out, struct st_err *err);
struct tls_leaf *tls_leaf_retain(struct tls_leaf *leaf);
void tls_leaf_release(struct tls_leaf *leaf);        /* NULL is fine */
bool tls_leaf_is_fresh(const struct tls_leaf *leaf); /* has at least a tenth of its life left */

/* Towards a client. Borrows leaf's parts by reference count. */
ST_MUST enum st_rc tls_accept(struct tls_context *context, struct tls_leaf *leaf, struct tls **out, struct st_err *err);
/* Before the handshake: a client that offers HTTP/2 gets it. Otherwise HTTP/1.1 comes first. */
void tls_prefer_http2(struct tls *tls);
void tls_only_http1(struct tls *tls);     /* before the handshake */
bool tls_is_http2(const struct tls *tls); /* after the handshake, either side */
/* Towards an origin. identity: the name or address that its certificate must hold; sends_sni false for addresses. */
ST_MUST enum st_rc tls_connect(struct tls_context *context, const char *identity, uint16_t port, struct tls **out,
                               struct st_err *err);
/* Before the handshake: HTTP/2 is offered too; otherwise HTTP/1.1 alone. */
ST_MUST enum st_rc tls_offer_http2(struct tls *tls, struct st_err *err);
bool tls_wants_other_protocol(const struct st_err *err); /* the origin takes none of those that were offered */
void tls_free(struct tls *tls);                          /* NULL is fine */

/* ---- for link.c ---- */
void tls_attach(struct tls *tls, struct evbuffer *from_wire, struct evbuffer *to_wire); /* borrowed */
/* ST_E_CERT with num X509_V_ERR_*; ST_E_TLS with num OpenSSL's reason. */
ST_MUST enum st_rc tls_handshake(struct tls *tls, struct st_err *err);
/* Opens records into `to` until it holds `limit` bytes (ST_OK) or more is needed (ST_AGAIN); ST_E_CLOSED at the end. */
ST_MUST enum st_rc tls_read(struct tls *tls, struct evbuffer *to, size_t limit, struct st_err *err);
/* Seals from `from`, a bounded number of records. */
ST_MUST enum st_rc tls_write(struct tls *tls, struct evbuffer *from, struct st_err *err);
/* The same from where the bytes stand; those that were not sealed are left in it. */
ST_MUST enum st_rc tls_seal(struct tls *tls, struct st_span *bytes, struct st_err *err);
void tls_say_end(struct tls *tls); /* close_notify */
bool tls_was_resumed(const struct tls *tls);

/* What is wrong with a certificate, for a person: by X509_V_ERR_*; literals. */
const char *tls_cert_reason(int64_t num, bool german);
#endif
