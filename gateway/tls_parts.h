/* SPDX-License-Identifier: Apache-2.0 */
/* tls_parts - what the tls_*.c files share; includes OpenSSL, so nobody else includes it. */
#ifndef STOA_GATEWAY_TLS_PARTS_H
#define STOA_GATEWAY_TLS_PARTS_H
#include "base/table.h"
#include "gateway/tls.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

#define TLS_MAGIC 0x746c7320u

struct tls_ticket { /* TLS_TICKET_KEY_LEN bytes, in parts */
    uint8_t name[16], cipher[32], mac[32];
};

struct tls_trust {
    SSL_CTX *origin;
    struct st_table *sessions; /* "name:port" -> SSL_SESSION, of verified origins only */
};

struct tls_context {
    unsigned magic;
    SSL_CTX *client;         /* the side we talk to */
    struct tls_trust *trust; /* and the other one */
    EVP_PKEY *leaf_key;      /* one for all leaves of this process */
    uint8_t *spki;
    size_t spki_len;
    BIO_METHOD *bio;              /* an evbuffer for each direction */
    struct tls_ticket tickets[2]; /* the one in force, the one before */
    size_t n_tickets;
};

struct tls {
    unsigned magic;
    struct tls_context *context;
    SSL *ssl;
    struct evbuffer *from_wire, *to_wire;
    char key[272]; /* of the session cache; "" towards clients */
    bool is_done;
    enum { TLS_HTTP1_FIRST, TLS_HTTP2_FIRST, TLS_HTTP1_ONLY } alpn; /* towards a client */
};

/* The error that OpenSSL left, with its reason number; the queue is empty afterwards. */
enum st_rc tls_fail(struct st_err *err, const char *where);
#define tls_failed(err, where) tls_fail((err), "" where)
struct tls *tls_of(const SSL *ssl); /* NULL when it is being freed */
ST_MUST enum st_rc tls_new(struct tls_context *context, SSL_CTX *role, struct tls **out, struct st_err *err);
ST_MUST enum st_rc tls_verify_setup(SSL_CTX *origin, const struct pol_config *config, struct st_err *err);
ST_MUST enum st_rc tls_client_setup(struct tls_context *context, struct st_err *err);
#endif
