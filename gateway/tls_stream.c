/* SPDX-License-Identifier: Apache-2.0 */
/* tls_stream - one TLS connection as a filter between four buffers.
 *
 * OpenSSL reads and writes through a BIO whose two ends are the link's evbuffers, so its records need no copy of their
 * own and several of them leave in one writev. Every loop here runs until OpenSSL wants more or a bound is reached;
 * nothing trusts SSL_pending (ecosystem.md trap 6). The error queue is empty before each call, since it is per
 * process and a stale entry would be read as this connection's.
 */
#include "gateway/tls_parts.h"
#include <event2/buffer.h>
#include <limits.h>
#include <openssl/x509.h>
#include <string.h>

#define RECORD        16384
#define WRITE_RECORDS 16 /* sealed per call: the wire gets a turn in between */
#define SHORT_RECORD  4096
#define NO_BUFFER     INT_MIN

/* ---- the BIO ---------------------------------------------------------------------------------------------------- */

static int bio_write(BIO *bio, const char *data, int n)
{
    struct tls *tls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    return n > 0 && evbuffer_add(tls->to_wire, data, (size_t)n) == 0 ? n : -1;
}

static int bio_read(BIO *bio, char *out, int n)
{
    struct tls *tls = BIO_get_data(bio);
    int got = n > 0 ? evbuffer_remove(tls->from_wire, out, (size_t)n) : 0;

    BIO_clear_retry_flags(bio);
    if (got > 0)
        return got;
    BIO_set_retry_read(bio);
    return -1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *bio_method(struct tls_context *context)
{
    if (context->bio != NULL)
        return context->bio;
    context->bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "evbuffer");
    if (context->bio != NULL) {
        BIO_meth_set_write(context->bio, bio_write);
        BIO_meth_set_read(context->bio, bio_read);
        BIO_meth_set_ctrl(context->bio, bio_ctrl);
        BIO_meth_set_create(context->bio, bio_create);
    }
    return context->bio;
}

void tls_attach(struct tls *tls, struct evbuffer *from_wire, struct evbuffer *to_wire)
{
    BIO *bio;

    ST_CHECK(tls, TLS_MAGIC);
    tls->from_wire = from_wire;
    tls->to_wire = to_wire;
    if (bio_method(tls->context) == NULL || (bio = BIO_new(tls->context->bio)) == NULL)
        return; /* the handshake fails: no BIO set */
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
}

/* ---- the filter ------------------------------------------------------------------------------------------------- */

/* Clearing walks the whole queue, and nearly always there is nothing in it. */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/* Why a call answered <= 0: ST_AGAIN, or an error. */
static enum st_rc explain(struct tls *tls, int answer, struct st_err *err)
{
    switch (SSL_get_error(tls->ssl, answer)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return ST_AGAIN;
    case SSL_ERROR_ZERO_RETURN: return st_fail(err, ST_E_CLOSED, "tls.read", "the peer said it is done", 0);
    default: return tls_failed(err, "tls.stream");
    }
}

enum st_rc tls_handshake(struct tls *tls, struct st_err *err)
{
    enum st_rc rc;
    long verified;
    int answer;

    ST_CHECK(tls, TLS_MAGIC);
    if (SSL_get_rbio(tls->ssl) == NULL)
        return st_fail(err, ST_E_NOMEM, "tls.handshake", "bio", 0);
    forget_errors();
    answer = SSL_do_handshake(tls->ssl);
    if (answer == 1) {
        tls->is_done = true;
        return ST_OK;
    }
    rc = explain(tls, answer, err);
    verified = SSL_get_verify_result(tls->ssl);
    if (rc == ST_ERR && tls->key[0] != '\0' && verified != X509_V_OK)
        return st_fail(err, ST_E_CERT, "tls.handshake", "the origin's certificate did not verify", verified);
    return rc;
}

/* Opens one record, or what there is of it, into `to`. What is short is opened aside and copied: a reserve is a chain
 * of two records' size, and the one that finds nothing would stay with an idle connection. */
static int open_record(struct tls *tls, struct evbuffer *to)
{
    static uint8_t aside[RECORD];
    bool is_short = evbuffer_get_length(tls->from_wire) < SHORT_RECORD;
    struct evbuffer_iovec room = { aside, sizeof aside };
    int got;

    if (!is_short && evbuffer_reserve_space(to, RECORD, &room, 1) != 1)
        return NO_BUFFER;
    forget_errors();
    got = SSL_read(tls->ssl, room.iov_base, RECORD);
    room.iov_len = got > 0 ? (size_t)got : 0;
    if (is_short && got > 0)
        return evbuffer_add(to, aside, room.iov_len) == 0 ? got : NO_BUFFER;
    return is_short || evbuffer_commit_space(to, &room, 1) == 0 ? got : NO_BUFFER;
}

enum st_rc tls_read(struct tls *tls, struct evbuffer *to, size_t limit, struct st_err *err)
{
    ST_CHECK(tls, TLS_MAGIC);
    while (evbuffer_get_length(to) < limit) {
        int got;

        /* Neither on the wire nor inside: SSL_read would take a buffer of 17 KB, find that out, and give it back. */
        if (evbuffer_get_length(tls->from_wire) == 0 && SSL_has_pending(tls->ssl) == 0)
            return ST_AGAIN;
        if ((got = open_record(tls, to)) == NO_BUFFER)
            return st_fail(err, ST_E_NOMEM, "tls.read", "buffer", RECORD);
        if (got <= 0)
            return explain(tls, got, err);
    }
    return ST_OK;
}

/* A stretch of bytes worth a record: small pieces at the front are joined in `joined`. */
static struct st_span next_piece(struct evbuffer *from, uint8_t joined[RECORD])
{
    size_t total = evbuffer_get_length(from), want = total < RECORD ? total : RECORD;
    struct evbuffer_iovec piece = { NULL, 0 };

    if (evbuffer_get_contiguous_space(from) >= want && evbuffer_peek(from, (ev_ssize_t)want, NULL, &piece, 1) == 1)
        return st_span(piece.iov_base, want);
    return st_span(joined, (size_t)evbuffer_copyout(from, joined, want));
}

/* One record of what stands at p; *put is how much of it went in. */
static enum st_rc seal_record(struct tls *tls, const uint8_t *p, size_t n, size_t *put, struct st_err *err)
{
    int answer;

    forget_errors();
    answer = SSL_write(tls->ssl, p, n < RECORD ? (int)n : RECORD);
    *put = answer > 0 ? (size_t)answer : 0;
    return answer > 0 ? ST_OK : explain(tls, answer, err);
}

enum st_rc tls_write(struct tls *tls, struct evbuffer *from, struct st_err *err)
{
    static uint8_t joined[RECORD];

    ST_CHECK(tls, TLS_MAGIC);
    for (int i = 0; i < WRITE_RECORDS && evbuffer_get_length(from) > 0; i++) {
        struct st_span piece = next_piece(from, joined);
        size_t put;
        enum st_rc rc = seal_record(tls, piece.p, piece.n, &put, err);

        if (rc != ST_OK)
            return rc;
        (void)evbuffer_drain(from, put);
    }
    return ST_OK;
}

enum st_rc tls_seal(struct tls *tls, struct st_span *bytes, struct st_err *err)
{
    ST_CHECK(tls, TLS_MAGIC);
    for (int i = 0; i < WRITE_RECORDS && bytes->n > 0; i++) {
        size_t put;
        enum st_rc rc = seal_record(tls, bytes->p, bytes->n, &put, err);

        if (rc != ST_OK)
            return rc;
        *bytes = st_span_sub(*bytes, put, bytes->n);
    }
    return ST_OK;
}

void tls_say_end(struct tls *tls)
{
    ST_CHECK(tls, TLS_MAGIC);
    ERR_clear_error();
    if (tls->is_done)
        (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

bool tls_was_resumed(const struct tls *tls)
{
    return SSL_session_reused(tls->ssl) == 1;
}
