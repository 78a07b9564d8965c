/* SPDX-License-Identifier: Apache-2.0 */
/* streams_front - one HTTP/2 stream as the client of its exchange.
 *
 * The session pushes, the exchange pulls: what came waits here, and the client gets credit for body bytes when the
 * exchange takes them, so that what nobody can hold is not sent. A request is turned into HTTP/1's shape, since that is
 * what the exchange judges and the origin gets; what HTTP/1 would read differently was refused by the codec or is here.
 * All copies live in the exchange's arena, but for the body.
 */
#include "gateway/streams_parts.h"
#include <event2/buffer.h>
#include <string.h>

#define REFUSAL_HEAD   65536u
#define REFUSAL_FIELDS 128u

static struct stream *mine(struct front *front)
{
    struct stream *stream = (struct stream *)front;

    ST_CHECK(stream, STREAM_MAGIC);
    return stream;
}

/* ---- what comes from the session -------------------------------------------------------------------------------- */

/* How the body is framed towards an HTTP/1 origin. Without a length and with an end the request has none, but for
 * methods whose origins expect to be told so. */
static enum st_rc find_framing(struct stream *stream, struct http1_event *event, bool is_end)
{
    static const char *const WITH_BODY[] = { "POST", "PUT", "PATCH" };
    struct http_head *head = event->head;
    struct st_span length = http_field_get(head, "content-length");

    event->framing = is_end ? HTTP1_NO_BODY : HTTP1_CHUNKED;
    if (length.p != NULL) {
        event->framing = HTTP1_LENGTH;
        if (http_field_count(head, "content-length") != 1 || !st_span_u64(length, &event->length))
            return st_fail(&stream->err, ST_E_PROTO, "streams.head", "content-length is malformed", 400);
        return ST_OK;
    }
    for (size_t i = 0; is_end && i < ST_LEN(WITH_BODY); i++) {
        if (st_span_eq(head->method, st_span_str(WITH_BODY[i])))
            event->framing = HTTP1_LENGTH;
    }
    return ST_OK;
}

/* The handshake of RFC 8441 as that of RFC 6455, but for the key, which has no use here. */
static enum st_rc make_handshake(struct stream *stream, struct st_span protocol, bool is_end)
{
    struct http_head *head = stream->head.head;

    if (!st_span_ieq(protocol, ST_SPAN("websocket")))
        return st_fail(&stream->err, ST_E_PROTO, "streams.head", "a protocol that is not spoken here", 501);
    if (is_end)
        return st_fail(&stream->err, ST_E_PROTO, "streams.head", "a WebSocket that ends at once", 400);
    if (http_field_count(head, "content-length") > 0) /* whoever believed it would take what is a frame for a body */
        return st_fail(&stream->err, ST_E_PROTO, "streams.head", "a WebSocket is opened without a body", 400);
    if (http_head_without(txn_arena(stream->txn), head, NULL, 2, head, &stream->err) != ST_OK)
        return ST_ERR;
    head->method = ST_SPAN("GET");
    head->fields[head->n++] = (struct http_field){ ST_SPAN("Connection"), ST_SPAN("Upgrade") };
    head->fields[head->n++] = (struct http_field){ ST_SPAN("Upgrade"), ST_SPAN("websocket") };
    stream->head.framing = HTTP1_NO_BODY;
    stream->is_socket = true;
    return ST_OK;
}

void stream_take_head(struct stream *stream, const struct http2_event *event)
{
    struct st_arena *arena = txn_arena(stream->txn);
    struct http2_head *head = NULL;

    stream->head.kind = HTTP1_HEAD;
    if (event->head->scheme.n > 0 && !st_span_eq(event->head->scheme, ST_SPAN("https")))
        (void)st_fail(&stream->err, ST_E_PROTO, "streams.head", "another scheme than the connection's", 400);
    else if (http2_head_take(arena, event->head, &head, &stream->err) == ST_OK &&
             http2_as_http1(arena, head, &stream->head.head, &stream->err) == ST_OK)
        (void)((head->protocol.n > 0
                    ? make_handshake(stream, head->protocol, event->is_end)
                    : find_framing(stream, &stream->head, event->is_end)) == ST_OK); /* an error is told by read */
}

void stream_take_data(struct stream *stream, struct st_span data)
{
    if (evbuffer_add(stream->in, data.p, data.n) != 0)
        (void)st_fail(&stream->err, ST_E_NOMEM, "streams.data", "buffer", data.n);
}

static struct st_span keep(struct st_arena *arena, struct st_span s)
{
    return st_span(s.n > 0 ? st_arena_dup(arena, s.p, s.n) : NULL, s.n);
}

void stream_take_end(struct stream *stream, const struct http_field *trailers, size_t n)
{
    struct st_arena *arena = txn_arena(stream->txn);

    stream->end_is_there = true;
    if (n == 0)
        return;
    stream->trailers = st_arena_alloc(arena, n * sizeof *stream->trailers);
    for (size_t i = 0; stream->trailers != NULL && i < n; i++) {
        struct http_field *field = &stream->trailers[i];

        *field = (struct http_field){ keep(arena, trailers[i].name), keep(arena, trailers[i].value) };
        if (field->name.p == NULL || (field->value.p == NULL && field->value.n > 0))
            stream->trailers = NULL;
    }
    if (stream->trailers != NULL)
        stream->n_trailers = n;
    else
        (void)(st_arena_fail(arena, &stream->err, "streams.trailers") == ST_OK);
}

/* ---- what the exchange reads ------------------------------------------------------------------------------------ */

static enum st_rc read_event(struct front *front, struct st_arena *arena, size_t max, struct http1_event *event,
                             struct st_err *err)
{
    struct stream *stream = mine(front);
    struct evbuffer_iovec piece = { NULL, 0 };

    (void)arena; /* it is the same */
    if (stream->err.code != ST_E_NONE) {
        *err = stream->err;
        return ST_ERR;
    }
    *event = (struct http1_event){ .kind = HTTP1_DATA };
    if (!stream->head_is_read) {
        stream->head_is_read = true;
        *event = stream->head;
        return ST_OK;
    }
    if (stream->is_socket && !stream->end_is_read) { /* of the handshake */
        stream->end_is_read = true;
        event->kind = HTTP1_END;
        return ST_OK;
    }
    if (evbuffer_get_length(stream->in) > 0 && evbuffer_peek(stream->in, -1, NULL, &piece, 1) >= 1) {
        event->data = st_span_sub(st_span(piece.iov_base, piece.iov_len), 0, max);
        stream->taken = event->data.n;
        return ST_OK;
    }
    if (stream->end_is_there && (stream->is_socket || !stream->end_is_read)) {
        stream->end_is_read = true;
        event->kind = HTTP1_END;
        event->trailers = stream->trailers;
        event->n_trailers = stream->n_trailers;
        return ST_OK;
    }
    if (stream->is_closed || streams_is_deaf(stream->streams))
        return st_fail(err, ST_E_CLOSED, "streams.read", "the client went away", 0);
    return ST_AGAIN;
}

static void took(struct front *front)
{
    struct stream *stream = mine(front);

    if (stream->taken == 0)
        return;
    (void)evbuffer_drain(stream->in, stream->taken);
    http2_consume(stream->h2, stream->taken);
    stream->taken = 0;
}

static bool has_input(const struct front *front)
{
    const struct stream *stream = (const struct stream *)front;

    return evbuffer_get_length(stream->in) > 0 || stream->end_is_there;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static enum st_rc put_head(struct stream *stream, const struct front_answer *answer, struct st_err *err)
{
    static const char *const ACCEPT[] = { "sec-websocket-accept", NULL };
    struct st_arena *arena = txn_arena(stream->txn);
    unsigned status = answer->head->status;
    struct http2_head out = { 0 };

    if (http_head_without(arena, answer->head, answer->skip, 1, &out.head, err) != ST_OK)
        return ST_ERR;
    if (status == 101 && http_head_without(arena, &out.head, ACCEPT, 1, &out.head, err) != ST_OK)
        return ST_ERR;
    if (stream->is_socket && status / 100 == 2)
        out.head.status = 502; /* any 2xx would open it here, and there it is not open */
    if (status == 101)
        out.head.status = 200;
    if (answer->coach.n > 0)
        out.head.fields[out.head.n++] = (struct http_field){ ST_SPAN("stoa-coach"), answer->coach };
    stream->is_whole = answer->is_end;
    return http2_response(stream->h2, &out, answer->is_end, err);
}

static enum st_rc interim(struct front *front, const struct http_head *head, const char *const *skip,
                          struct st_err *err)
{
    struct stream *stream = mine(front);
    struct front_answer answer = { .head = head, .skip = skip };

    return stream->is_closed ? ST_OK : put_head(stream, &answer, err);
}

static enum st_rc head(struct front *front, struct st_arena *arena, const struct front_answer *answer,
                       struct st_err *err)
{
    struct stream *stream = mine(front);

    (void)arena;
    if (stream->is_closed)
        return ST_OK;
    if (!answer->is_bound)
        return put_head(stream, answer, err);
    /* streams share connections, so such a login can only be had over HTTP/1: browsers come back with that */
    http2_reset(stream->h2, HTTP2_HTTP_1_1_REQUIRED);
    stream->is_closed = true;
    stream_ready(stream);
    return ST_OK;
}

static enum st_rc data(struct front *front, struct st_span piece, struct st_err *err)
{
    struct stream *stream = mine(front);
    size_t taken = 0;

    if (stream->is_closed || stream->is_whole || piece.n == 0)
        return ST_OK;
    if (http2_send(stream->h2, piece, &taken, err) != ST_OK)
        return ST_ERR;
    return taken == piece.n ? ST_OK : st_fail(err, ST_E_LIMIT, "streams.answer", "no room", piece.n);
}

static enum st_rc end(struct front *front, const struct http_field *trailers, size_t n, struct st_err *err)
{
    struct stream *stream = mine(front);

    return stream->is_closed || stream->is_whole ? ST_OK : http2_end(stream->h2, trailers, n, err);
}

/* One event of a refusal. */
static enum st_rc put_refusal(struct stream *stream, const struct http1_event *event, struct st_err *err)
{
    struct front_answer answer = { .head = event->head, .framing = event->framing };

    switch (event->kind) {
    case HTTP1_HEAD:
        answer.is_end = event->framing == HTTP1_NO_BODY || event->length == 0;
        return put_head(stream, &answer, err);
    case HTTP1_DATA: return data(&stream->front, event->data, err);
    case HTTP1_END: return end(&stream->front, NULL, 0, err);
    case HTTP1_TUNNEL: break;
    }
    return st_fail(err, ST_E_PROTO, "streams.refusal", "not a refusal", 0);
}

/* A refusal is written for HTTP/1; the codec that is there reads it back. */
static enum st_rc refusal(struct front *front, struct st_arena *arena, struct st_span message, struct st_err *err)
{
    static const struct http1_limits LIMITS = { REFUSAL_HEAD, REFUSAL_FIELDS };
    struct stream *stream = mine(front);
    struct http1 *parser;
    struct http1_event event = { .kind = HTTP1_HEAD };
    enum st_rc rc = ST_OK;
    size_t used;

    if (stream->is_closed)
        return ST_OK;
    if ((parser = http1_new(HTTP1_RESPONSE, &LIMITS)) == NULL)
        return st_fail(err, ST_E_NOMEM, "streams.refusal", "parser", 0);
    http1_expect(parser, stream->head.head != NULL && st_span_eq(stream->head.head->method, ST_SPAN("HEAD")), false);
    while (rc == ST_OK && event.kind != HTTP1_END) {
        rc = http1_feed(parser, arena, message, &used, &event, err);
        if (rc == ST_OK)
            rc = put_refusal(stream, &event, err);
        message = st_span_sub(message, used, message.n);
    }
    http1_free(parser);
    return rc == ST_OK ? ST_OK : ST_ERR;
}

static size_t room(struct front *front)
{
    struct stream *stream = mine(front);

    if (stream->is_closed)
        return 0;
    if (stream->is_whole)
        return SIZE_MAX; /* what is left of it is an end */
    return http2_room(stream->h2);
}

static bool is_gone(const struct front *front)
{
    return ((const struct stream *)front)->is_closed;
}

static void flush(struct front *front)
{
    (void)front; /* streams.c does, for all of them */
}

const struct front_ops stream_front_ops = { .read = read_event,
                                            .took = took,
                                            .has_input = has_input,
                                            .interim = interim,
                                            .head = head,
                                            .data = data,
                                            .end = end,
                                            .refusal = refusal,
                                            .room = room,
                                            .is_gone = is_gone,
                                            .flush = flush };
