/* SPDX-License-Identifier: Apache-2.0 */
/* front_http1 - an exchange's client on a connection of its own: HTTP/1, straight on the link's buffers.
 *
 * Heads are written anew (http1_write), chunks are cut as the data comes. The parser outlives the exchange: it stands
 * at the next request when the last event of this one was read. A WebSocket's key is answered here, since the origin
 * got one of ours; after 101 the buffers are the two pipes.
 */
#include "gateway/front.h"
#include "gateway/link.h"
#include "gateway/ws.h"
#include <event2/buffer.h>

#define HEAD_MAX (256u * 1024u)

static struct front_http1 *mine(struct front *front)
{
    return (struct front_http1 *)front;
}

static struct st_span first_stretch(struct evbuffer *buffer)
{
    struct evbuffer_iovec piece = { NULL, 0 };

    if (evbuffer_get_length(buffer) == 0 || evbuffer_peek(buffer, -1, NULL, &piece, 1) < 1)
        return ST_SPAN_NONE;
    return st_span(piece.iov_base, piece.iov_len);
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

static bool has_ended(const struct front_http1 *f)
{
    return link_state(f->client) == LINK_ENDED || link_state(f->client) == LINK_CLOSED;
}

static enum st_rc read_raw(struct front_http1 *f, size_t max, struct http1_event *event, struct st_err *err)
{
    *event = (struct http1_event){ .kind = HTTP1_DATA, .data = st_span_sub(first_stretch(link_in(f->client)), 0, max) };
    f->used = event->data.n;
    if (event->data.n > 0)
        return ST_OK;
    if (link_state(f->client) == LINK_CLOSED)
        return st_fail(err, ST_E_CLOSED, "front.raw", "the client went away", 0);
    event->kind = HTTP1_END;
    return has_ended(f) ? ST_OK : ST_AGAIN;
}

/* A WebSocket's key is of this hop alone, so it is checked here. */
static enum st_rc take_key(struct front_http1 *f, const struct http_head *head, struct st_err *err)
{
    f->key = http_field_get(head, "sec-websocket-key");
    if (ws_is_asked(head) && (http_field_count(head, "sec-websocket-key") != 1 || !ws_is_key(f->key)))
        return st_fail(err, ST_E_PROTO, "front.key", "a WebSocket without a key", 400);
    return ST_OK;
}

static enum st_rc read_event(struct front *front, struct st_arena *arena, size_t max, struct http1_event *event,
                             struct st_err *err)
{
    struct front_http1 *f = mine(front);
    struct evbuffer *in = link_in(f->client);

    f->used = 0;
    if (f->is_raw)
        return read_raw(f, max, event, err);
    do {
        size_t used;
        enum st_rc rc = http1_feed(f->parser, arena, st_span_sub(first_stretch(in), 0, max), &used, event, err);

        if (rc == ST_OK)
            f->used = used;
        if (rc == ST_OK && event->kind == HTTP1_HEAD)
            return take_key(f, event->head, err);
        if (rc != ST_AGAIN)
            return rc;
        (void)evbuffer_drain(in, used);
    } while (evbuffer_get_length(in) > 0);
    if (has_ended(f))
        return st_fail(err, ST_E_CLOSED, "front.read", "the client went away", 0);
    return ST_AGAIN;
}

static void took(struct front *front)
{
    struct front_http1 *f = mine(front);

    (void)evbuffer_drain(link_in(f->client), f->used);
    f->used = 0;
}

static bool has_input(const struct front *front)
{
    return evbuffer_get_length(link_in(((const struct front_http1 *)front)->client)) > 0;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static enum st_rc put(struct front_http1 *f, struct st_span bytes, struct st_err *err)
{
    if (!link_send(f->client, bytes))
        return st_fail(err, ST_E_NOMEM, "front.answer", "buffer", bytes.n);
    return ST_OK;
}

static enum st_rc put_head(struct front_http1 *f, struct st_buf *out, struct st_err *err)
{
    http1_write_end(out);
    if (st_buf_done(out, err, "front.answer") != ST_OK)
        return ST_ERR;
    return put(f, st_buf_view(out), err);
}

static enum st_rc interim(struct front *front, const struct http_head *head, const char *const *skip,
                          struct st_err *err)
{
    struct st_buf out;
    enum st_rc rc;

    st_buf_init(&out, HEAD_MAX);
    rc = http1_write_response(&out, head, skip, err);
    if (rc == ST_OK)
        rc = put_head(mine(front), &out, err);
    st_buf_fini(&out);
    return rc;
}

/* The fields of one hop that answer a WebSocket's handshake. */
static enum st_rc write_switch(const struct front_http1 *f, struct st_buf *out, struct st_err *err)
{
    char accept[WS_ACCEPT_LEN + 1];

    if (ws_accept(f->key, accept, err) != ST_OK ||
        http1_write_field(out, "Connection", ST_SPAN("Upgrade"), err) != ST_OK ||
        http1_write_field(out, "Upgrade", ST_SPAN("websocket"), err) != ST_OK)
        return ST_ERR;
    return http1_write_field(out, "Sec-WebSocket-Accept", st_span_str(accept), err);
}

static enum st_rc write_own_fields(struct front_http1 *f, const struct front_answer *answer, struct st_buf *out,
                                   struct st_err *err)
{
    bool has_coding = http_field_count(answer->head, "transfer-encoding") > 0; /* also without a body: HEAD */

    f->is_chunked = answer->framing == HTTP1_CHUNKED && !answer->is_old;
    if ((f->is_chunked || (has_coding && !answer->is_old)) &&
        http1_write_field(out, "Transfer-Encoding", ST_SPAN("chunked"), err) != ST_OK)
        return ST_ERR;
    if (answer->framing == HTTP1_LENGTH && http_field_count(answer->head, "content-length") == 0 &&
        http1_write_field(out, "Content-Length", ST_SPAN("0"), err) != ST_OK) /* HTTP/2 need not say so */
        return ST_ERR;
    if (answer->coach.n > 0 && http1_write_field(out, "Stoa-Coach", answer->coach, err) != ST_OK)
        return ST_ERR;
    if (answer->closes && http1_write_field(out, "Connection", ST_SPAN("close"), err) != ST_OK)
        return ST_ERR;
    return ST_OK;
}

static enum st_rc write_head(struct front_http1 *f, struct st_arena *arena, const struct front_answer *answer,
                             struct st_buf *out, struct st_err *err)
{
    static const char *const ACCEPT[] = { "sec-websocket-accept", NULL };
    struct http_head bare = *answer->head;

    f->is_raw = answer->head->status == 101;
    if (f->is_raw && http_head_without(arena, answer->head, ACCEPT, 0, &bare, err) != ST_OK)
        return ST_ERR;
    if (http1_write_response(out, &bare, answer->skip, err) != ST_OK)
        return ST_ERR;
    return f->is_raw ? write_switch(f, out, err) : write_own_fields(f, answer, out, err);
}

static enum st_rc head(struct front *front, struct st_arena *arena, const struct front_answer *answer,
                       struct st_err *err)
{
    struct st_buf out;
    enum st_rc rc;

    st_buf_init(&out, HEAD_MAX);
    rc = write_head(mine(front), arena, answer, &out, err);
    if (rc == ST_OK)
        rc = put_head(mine(front), &out, err);
    st_buf_fini(&out);
    return rc;
}

static enum st_rc data(struct front *front, struct st_span piece, struct st_err *err)
{
    struct front_http1 *f = mine(front);
    struct evbuffer *out = link_out(f->client);
    bool is_cut = f->is_chunked && piece.n > 0;

    if (is_cut && evbuffer_add_printf(out, "%zx\r\n", piece.n) < 0)
        return st_fail(err, ST_E_NOMEM, "front.answer", "buffer", piece.n);
    if (put(f, piece, err) != ST_OK)
        return ST_ERR;
    return is_cut ? put(f, ST_SPAN("\r\n"), err) : ST_OK;
}

static enum st_rc end(struct front *front, const struct http_field *trailers, size_t n, struct st_err *err)
{
    struct front_http1 *f = mine(front);
    struct st_buf out;
    enum st_rc rc;

    if (f->is_raw)
        link_end(f->client);
    if (!f->is_chunked)
        return ST_OK;
    f->is_chunked = false;
    st_buf_init(&out, HEAD_MAX);
    http1_write_last_chunk(&out, trailers, n);
    rc = st_buf_done(&out, err, "front.answer");
    if (rc == ST_OK)
        rc = put(f, st_buf_view(&out), err);
    st_buf_fini(&out);
    return rc;
}

static enum st_rc refusal(struct front *front, struct st_arena *arena, struct st_span message, struct st_err *err)
{
    (void)arena;
    return put(mine(front), message, err);
}

static size_t room(struct front *front)
{
    return link_is_full(mine(front)->client) ? 0 : SIZE_MAX;
}

static bool is_gone(const struct front *front)
{
    return link_state(((const struct front_http1 *)front)->client) == LINK_CLOSED;
}

static void flush(struct front *front)
{
    link_update(mine(front)->client);
}

const struct front_ops front_http1_ops = { .read = read_event,
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
