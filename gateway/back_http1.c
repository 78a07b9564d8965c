/* SPDX-License-Identifier: Apache-2.0 */
/* back_http1 - an exchange's origin on a connection of its own: HTTP/1, straight on the link's buffers.
 *
 * The connection may serve another exchange when both messages ended as their framing says, neither side asked for its
 * end, and nothing unasked came. A WebSocket's key is this side's own, so its answer is checked here and the client's
 * key is answered by the client's side; after 101 the buffers are the two pipes.
 */
#include "gateway/back.h"
#include "gateway/http2.h"
#include "gateway/upstream.h"
#include "gateway/ws.h"
#include <assert.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BACK_MAGIC   0x62616b31u
#define HEAD_MAX     (512u * 1024u)
#define TRAILERS_MAX (256u * 1024u)

#define ANSWER_STATES(X) \
    X(AWAITED)           \
    X(BEGUN)             \
    X(WHOLE)             \
    X(RAW)
enum answer_state { /* RAW: after 101 there are no messages */
#define X(id) ANSWER_##id,
                    ANSWER_STATES(X)
#undef X
};

struct back_http1 {
    struct back back;
    unsigned magic;
    struct upstream *upstream; /* owned */
    struct http1 *parser;
    enum answer_state answer; /* written by enter only */
    size_t used;              /* of what read gave out */
    bool is_chunked;          /* the request under way */
    bool request_is_sent;
    bool closes; /* the origin ends the connection after the answer */
    enum back_loss loss;
    char accept[WS_ACCEPT_LEN + 1]; /* what a WebSocket's origin has to answer; "": nobody asked for one */
};

static const struct back_ops back_http1_ops;

static struct back_http1 *mine(struct back *back)
{
    struct back_http1 *b = (struct back_http1 *)back;

    ST_CHECK(b, BACK_MAGIC);
    return b;
}

/* The only writer of b->answer. */
static void enter(struct back_http1 *b, enum answer_state next)
{
    assert(next > b->answer);
    b->answer = next;
}

static bool has_ended(const struct link *link)
{
    return link_state(link) == LINK_ENDED || link_state(link) == LINK_CLOSED;
}

enum st_rc back_http1_open(struct upstream *upstream, const struct http1_limits *limits, struct back **out,
                           struct st_err *err)
{
    struct back_http1 *b = calloc(1, sizeof *b);

    if (b == NULL || (b->parser = http1_new(HTTP1_RESPONSE, limits)) == NULL) {
        free(b);
        upstream_free(upstream);
        return st_fail(err, ST_E_NOMEM, "back.open", "back", sizeof *b);
    }
    b->back.ops = &back_http1_ops;
    b->magic = BACK_MAGIC;
    b->upstream = upstream;
    *out = &b->back;
    return ST_OK;
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

static enum st_rc put(struct back_http1 *b, struct st_span bytes, struct st_err *err)
{
    if (!link_send(upstream_link(b->upstream), bytes))
        return st_fail(err, ST_E_NOMEM, "back.request", "buffer", bytes.n);
    return ST_OK;
}

static enum st_rc write_framing(struct back_http1 *b, const struct back_request *request, struct st_buf *out,
                                struct st_err *err)
{
    char text[24];

    b->is_chunked = request->framing == HTTP1_CHUNKED;
    if (b->is_chunked)
        return http1_write_field(out, "Transfer-Encoding", ST_SPAN("chunked"), err);
    if (request->framing != HTTP1_LENGTH || http_field_count(request->head, "content-length") > 0)
        return ST_OK;
    (void)snprintf(text, sizeof text, "%" PRIu64, request->length);
    return http1_write_field(out, "Content-Length", st_span_str(text), err);
}

/* The fields of one hop that a handshake needs; the version is end to end. */
static enum st_rc write_handshake(struct back_http1 *b, struct st_buf *out, struct st_err *err)
{
    char key[WS_KEY_LEN + 1];

    if (ws_key(key, err) != ST_OK || ws_accept(st_span_str(key), b->accept, err) != ST_OK ||
        http1_write_field(out, "Connection", ST_SPAN("Upgrade"), err) != ST_OK ||
        http1_write_field(out, "Upgrade", ST_SPAN("websocket"), err) != ST_OK)
        return ST_ERR;
    return http1_write_field(out, "Sec-WebSocket-Key", st_span_str(key), err);
}

static enum st_rc write_head(struct back_http1 *b, struct st_arena *arena, const struct back_request *request,
                             struct st_buf *out, struct st_err *err)
{
    static const char *const KEY[] = { "sec-websocket-key", NULL };
    struct http_head bare = *request->head;

    if (request->is_socket && http_head_without(arena, request->head, KEY, 0, &bare, err) != ST_OK)
        return ST_ERR;
    if (http1_write_request(out, &bare, request->target, request->skip, err) != ST_OK)
        return ST_ERR;
    if (http_field_count(request->head, "host") == 0 && http1_write_field(out, "Host", request->host, err) != ST_OK)
        return ST_ERR;
    if (write_framing(b, request, out, err) != ST_OK)
        return ST_ERR;
    if (request->is_socket && write_handshake(b, out, err) != ST_OK)
        return ST_ERR;
    http1_write_end(out);
    return st_buf_done(out, err, "back.head");
}

static enum st_rc head(struct back *back, struct st_arena *arena, const struct back_request *request,
                       struct st_err *err)
{
    struct back_http1 *b = mine(back);
    struct st_buf out;
    enum st_rc rc;

    http1_expect(b->parser, st_span_eq(request->head->method, ST_SPAN("HEAD")), false);
    st_buf_init(&out, HEAD_MAX);
    rc = write_head(b, arena, request, &out, err);
    if (rc == ST_OK)
        rc = put(b, st_buf_view(&out), err);
    st_buf_fini(&out);
    b->request_is_sent = request->is_end;
    return rc;
}

static enum st_rc data(struct back *back, struct st_span piece, struct st_err *err)
{
    struct back_http1 *b = mine(back);
    bool is_cut = b->is_chunked && piece.n > 0 && b->answer != ANSWER_RAW;

    if (is_cut && evbuffer_add_printf(link_out(upstream_link(b->upstream)), "%zx\r\n", piece.n) < 0)
        return st_fail(err, ST_E_NOMEM, "back.request", "buffer", piece.n);
    if (put(b, piece, err) != ST_OK)
        return ST_ERR;
    return is_cut ? put(b, ST_SPAN("\r\n"), err) : ST_OK;
}

static enum st_rc end(struct back *back, const struct http_field *trailers, size_t n, struct st_err *err)
{
    struct back_http1 *b = mine(back);
    struct st_buf out;
    enum st_rc rc;

    b->request_is_sent = true;
    if (b->answer == ANSWER_RAW)
        link_end(upstream_link(b->upstream));
    if (b->answer == ANSWER_RAW || !b->is_chunked)
        return ST_OK;
    st_buf_init(&out, TRAILERS_MAX);
    http1_write_last_chunk(&out, trailers, n);
    rc = st_buf_done(&out, err, "back.end");
    if (rc == ST_OK)
        rc = put(b, st_buf_view(&out), err);
    st_buf_fini(&out);
    return rc;
}

static size_t room(struct back *back)
{
    struct link *link = upstream_link(mine(back)->upstream);
    /* an origin that sends no more may still read what follows a switch, but not the rest of a request */
    bool is_over = link_state(link) == LINK_CLOSED || (has_ended(link) && mine(back)->answer != ANSWER_RAW);

    return is_over || link_is_full(link) ? 0 : SIZE_MAX;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static struct st_span first_stretch(struct evbuffer *buffer)
{
    struct evbuffer_iovec piece = { NULL, 0 };

    if (evbuffer_get_length(buffer) == 0 || evbuffer_peek(buffer, -1, NULL, &piece, 1) < 1)
        return ST_SPAN_NONE;
    return st_span(piece.iov_base, piece.iov_len);
}

/* An origin that switches has to have been asked, and to have read the key. */
static enum st_rc check_switch(struct back_http1 *b, const struct http_head *head, struct st_err *err)
{
    if (b->accept[0] == '\0')
        return st_fail(err, ST_E_PROTO, "back.answer", "a protocol switch that nobody asked for", 101);
    if (!http_field_has_token(head, "upgrade", "websocket") || !http_field_has_token(head, "connection", "upgrade") ||
        !st_span_eq(http_field_get(head, "sec-websocket-accept"), st_span_str(b->accept)))
        return st_fail(err, ST_E_PROTO, "back.answer", "a switch to something that is not this WebSocket", 101);
    enter(b, ANSWER_RAW);
    return ST_OK;
}

static enum st_rc note(struct back_http1 *b, const struct http1_event *event, struct st_err *err)
{
    switch (event->kind) {
    case HTTP1_HEAD:
        if (event->head->status == 101)
            return check_switch(b, event->head, err);
        if (event->is_interim)
            return ST_OK;
        b->closes = event->head->minor == 0 || http_field_has_token(event->head, "connection", "close") ||
                    event->framing == HTTP1_UNTIL_CLOSE;
        enter(b, ANSWER_BEGUN);
        return ST_OK;
    case HTTP1_DATA: return ST_OK;
    case HTTP1_END: enter(b, ANSWER_WHOLE); return ST_OK;
    case HTTP1_TUNNEL: break;
    }
    return st_fail(err, ST_E_PROTO, "back.answer", "a tunnel that nobody asked for", 0);
}

/* The origin ended its side. */
static enum st_rc read_end(struct back_http1 *b, struct http1_event *event, struct st_err *err)
{
    struct link *link = upstream_link(b->upstream);
    bool is_broken = link_state(link) == LINK_CLOSED; /* a reset is not the end of an answer */
    enum st_rc rc = http1_eof(b->parser, event, err);

    if (rc == ST_OK && !is_broken)
        return note(b, event, err);
    b->loss = rc == ST_AGAIN && upstream_was_used(b->upstream) ? BACK_STALE : BACK_CUT;
    if (is_broken && link_err(link)->code != ST_E_NONE) {
        *err = *link_err(link); /* a late certificate_required, a reset */
        return ST_ERR;
    }
    return st_fail(err, ST_E_CLOSED, "back.answer", "the origin closed before its answer was whole", 0);
}

static enum st_rc read_message(struct back_http1 *b, struct st_arena *arena, size_t max, struct http1_event *event,
                               struct st_err *err)
{
    struct link *link = upstream_link(b->upstream);
    struct evbuffer *in = link_in(link);

    do {
        size_t used;
        enum st_rc rc = http1_feed(b->parser, arena, st_span_sub(first_stretch(in), 0, max), &used, event, err);

        if (rc == ST_OK) {
            b->used = used;
            return note(b, event, err);
        }
        if (rc == ST_ERR)
            return ST_ERR;
        (void)evbuffer_drain(in, used);
    } while (evbuffer_get_length(in) > 0);
    return has_ended(link) ? read_end(b, event, err) : ST_AGAIN;
}

static enum st_rc read_raw(struct back_http1 *b, size_t max, struct http1_event *event, struct st_err *err)
{
    struct link *link = upstream_link(b->upstream);

    *event = (struct http1_event){ .kind = HTTP1_DATA, .data = st_span_sub(first_stretch(link_in(link)), 0, max) };
    b->used = event->data.n;
    if (event->data.n > 0)
        return ST_OK;
    if (link_state(link) == LINK_CLOSED)
        return st_fail(err, ST_E_CLOSED, "back.raw", "the connection broke", 0);
    event->kind = HTTP1_END;
    return has_ended(link) ? ST_OK : ST_AGAIN;
}

static enum st_rc read_event(struct back *back, struct st_arena *arena, size_t max, struct http1_event *event,
                             struct st_err *err)
{
    struct back_http1 *b = mine(back);

    b->used = 0;
    return b->answer == ANSWER_RAW ? read_raw(b, max, event, err) : read_message(b, arena, max, event, err);
}

static void took(struct back *back)
{
    struct back_http1 *b = mine(back);

    (void)evbuffer_drain(link_in(upstream_link(b->upstream)), b->used);
    b->used = 0;
}

static enum back_loss loss(const struct back *back, uint32_t *code)
{
    *code = HTTP2_INTERNAL_ERROR;
    return ((const struct back_http1 *)back)->loss;
}

static void flush(struct back *back)
{
    link_update(upstream_link(mine(back)->upstream));
}

static void close_back(struct back *back, struct upstream **spare)
{
    struct back_http1 *b = mine(back);

    if (b->answer == ANSWER_WHOLE && b->request_is_sent && !b->closes && upstream_is_clean(b->upstream)) {
        upstream_rest(b->upstream);
        *spare = b->upstream;
    } else {
        upstream_free(b->upstream);
    }
    http1_free(b->parser);
    b->magic = 0;
    free(b);
}

static const struct back_ops back_http1_ops = { .head = head,
                                                .data = data,
                                                .end = end,
                                                .room = room,
                                                .read = read_event,
                                                .took = took,
                                                .loss = loss,
                                                .flush = flush,
                                                .close = close_back };
