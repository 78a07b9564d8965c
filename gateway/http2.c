/* SPDX-License-Identifier: Apache-2.0 */
/* http2 - the session: nghttp2 set up strictly, its callbacks turned into events, its floods into an end.
 *
 * Feed and pull are the only ways into nghttp2's machine, and neither may be called from a handler. Each frame that
 * carries nothing for anybody costs tokens (`cost_of`), paid before nghttp2 acts on it; data earns them back. When they
 * are gone the session is terminated and every later feed fails with the first error. When you add an event, add it to
 * HTTP2_EVENTS and to tests/unit/gateway/http2_test.c; the streams' side of it lives in http2_stream.c.
 */
#include "gateway/http2.h"
#include "gateway/http2_parts.h"
#include <stdlib.h>

#define WINDOW_DEFAULT  65535u
#define UPDATES_A_TOKEN 4u
#define SMALL_PIECE     1024u /* a CONTINUATION frame shorter than this is not made by cutting a head */

void http2_emit(struct http2 *session, struct http2_event *event)
{
    bool was_inside = session->is_inside;

    session->is_inside = true;
    event->user = event->stream != NULL ? event->stream->user : NULL;
    session->handler(session->ctx, session, event);
    session->is_inside = was_inside;
}

int http2_spend(struct http2 *session, uint32_t tokens, const char *what)
{
    if (session->state != SESSION_OPEN)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (glitch_spend(&session->glitch, tokens))
        return 0;
    (void)nghttp2_session_terminate_session(session->ng, HTTP2_ENHANCE_YOUR_CALM);
    if (session->state == SESSION_OPEN)
        session->state = SESSION_DEAD;
    session->err = (struct st_err){ ST_E_LIMIT, "http2.flood", what, tokens };
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

enum st_rc http2_fail(struct http2 *session, int rc, struct st_err *err, const char *where)
{
    struct st_err made = { ST_E_PROTO, where, "the session cannot do that", rc };

    if (session->state != SESSION_OPEN || (rc == NGHTTP2_ERR_CALLBACK_FAILURE && session->err.code != ST_E_NONE)) {
        made = session->err;
    } else if (rc == NGHTTP2_ERR_NOMEM) {
        made.code = ST_E_NOMEM;
        made.what = "memory of the session";
    } else if (rc == NGHTTP2_ERR_FLOODED || rc == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
        made.code = ST_E_LIMIT;
        made.what = "flood";
    }
    if (err != NULL)
        *err = made;
    return ST_ERR;
}

/* ---- callbacks -------------------------------------------------------------------------------------------------- */

/* CONTINUATION frames of one block. */
static size_t most_frames(const struct http2_limits *limits)
{
    return limits->head_bytes / SMALL_PIECE + 4u;
}

static uint32_t cost_of(struct http2 *session, const nghttp2_frame_hd *hd)
{
    switch (hd->type) {
    case NGHTTP2_DATA: return hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0;
    case NGHTTP2_HEADERS: return 0;
    case NGHTTP2_CONTINUATION:
        if (++session->block.frames > most_frames(&session->limits))
            return UINT32_MAX;
        return hd->length < SMALL_PIECE ? 8 : 0;
    case NGHTTP2_PING: return (hd->flags & NGHTTP2_FLAG_ACK) == 0;
    case NGHTTP2_SETTINGS: return (hd->flags & NGHTTP2_FLAG_ACK) == 0 ? 4 : 0;
    case NGHTTP2_WINDOW_UPDATE: return ++session->updates % UPDATES_A_TOKEN == 0;
    case NGHTTP2_RST_STREAM: return 2;
    default: return 1;
    }
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *ctx)
{
    struct http2 *session = ctx;
    uint32_t cost = cost_of(session, hd);

    (void)ng;
    return cost > 0 ? http2_spend(session, cost, "frames that carry nothing") : 0;
}

/* A server's new stream; a client's are made when it asks. */
static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *ctx)
{
    struct http2 *session = ctx;
    struct http2_stream *stream;

    http2_block_reset(session);
    if (session->role == HTTP2_CLIENT || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (session->records >= 2u * session->limits.streams + 16u) { /* the caller is behind with releasing */
        (void)nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id, HTTP2_REFUSED_STREAM);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if ((stream = http2_stream_new(session, frame->hd.stream_id, LIFE_RELEASED)) == NULL) {
        (void)st_fail(&session->err, ST_E_NOMEM, "http2.stream", "stream", sizeof *stream);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id, stream);
}

/* nghttp2 would leave the field out and go on; a message that was changed on the way is nobody's. */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                             uint8_t flags, void *ctx)
{
    (void)ng;
    (void)frame;
    (void)name;
    (void)value;
    (void)flags;
    (void)ctx;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* a reset with PROTOCOL_ERROR; on_invalid_frame follows */
}

static int on_invalid_frame(nghttp2_session *ng, const nghttp2_frame *frame, int code, void *ctx)
{
    (void)ng;
    (void)frame;
    (void)code;
    return http2_spend(ctx, 4, "invalid frames");
}

/* Nobody waits for it any more. */
static int drop_data(struct http2 *session, int32_t id, size_t n)
{
    int rc = session->role == HTTP2_SERVER ? nghttp2_session_consume(session->ng, id, n)
                                           : nghttp2_session_consume_stream(session->ng, id, n);

    return rc == NGHTTP2_ERR_NOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n, void *ctx)
{
    struct http2 *session = ctx;
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(ng, id);
    struct http2_event event = { .kind = HTTP2_DATA, .stream = stream, .data = st_span(data, n) };

    (void)flags;
    glitch_earn(&session->glitch, n);
    /* A client's streams are many people's: one that is not read from must not keep the others waiting. */
    if (session->role == HTTP2_CLIENT && nghttp2_session_consume_connection(ng, n) == NGHTTP2_ERR_NOMEM)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (stream == NULL || stream->life != LIFE_LIVE)
        return drop_data(session, id, n);
    stream->owed += n;
    http2_emit(session, &event);
    return 0;
}

static void tell_settings(struct http2 *session)
{
    struct http2_event event = { .kind = HTTP2_SETTINGS };

    http2_emit(session, &event);
}

static void end_of_data(struct http2 *session, struct http2_stream *stream)
{
    struct http2_event event = { .kind = HTTP2_END, .stream = stream };

    stream->in = IN_END;
    if (stream->life == LIFE_LIVE)
        http2_emit(session, &event);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *ctx)
{
    struct http2 *session = ctx;
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
    bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0, is_ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    struct http2_event event = { 0 };

    switch (frame->hd.type) {
    case NGHTTP2_HEADERS: return stream != NULL ? http2_block_done(session, stream, is_end) : 0;
    case NGHTTP2_DATA:
        if (is_end && stream != NULL)
            end_of_data(session, stream);
        return 0;
    case NGHTTP2_SETTINGS:
        if (!is_ack)
            tell_settings(session);
        return 0;
    case NGHTTP2_GOAWAY:
        event.kind = HTTP2_GOAWAY;
        event.code = frame->goaway.error_code;
        http2_emit(session, &event);
        return 0;
    case NGHTTP2_PING:
        event.kind = HTTP2_PONG;
        if (is_ack)
            http2_emit(session, &event);
        return 0;
    default: return 0;
    }
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *ctx)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(ng, id);

    (void)ctx;
    if (stream != NULL)
        http2_stream_closed(stream, code);
    return 0;
}

static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *ctx)
{
    struct http2_stream *stream = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
    bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    (void)ctx;
    if (stream != NULL && is_end && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
        http2_stream_sent_end(stream);
    /* A reset that the peer provoked costs it as much as one of its own. */
    if (stream != NULL && frame->hd.type == NGHTTP2_RST_STREAM && stream->life == LIFE_LIVE)
        (void)glitch_spend(&stream->session->glitch, 4);
    return 0;
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

static nghttp2_session_callbacks *new_callbacks(void)
{
    nghttp2_session_callbacks *cb;

    if (nghttp2_session_callbacks_new(&cb) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(cb, http2_on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(cb, on_invalid_header);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
    return cb;
}

static nghttp2_option *new_options(const struct http2_limits *limits)
{
    nghttp2_option *option;

    if (nghttp2_option_new(&option) != 0)
        return NULL;
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, limits->queue);
    nghttp2_option_set_max_send_header_block_length(option, limits->head_bytes * 2);
    /* cost_of counts too, but not in a block that is ignored. nghttp2 1.52 counts pieces of input, not frames: up to
     * nine make one frame's head. */
    nghttp2_option_set_max_continuations(option, 9u * most_frames(limits));
    /* A second fence behind our own tokens. */
    nghttp2_option_set_stream_reset_rate_limit(option, limits->glitches, limits->glitches_per_second);
    return option;
}

static enum st_rc open_library(struct http2 *session, struct st_err *err)
{
    nghttp2_session_callbacks *callbacks = new_callbacks();
    nghttp2_option *option = new_options(&session->limits);
    int rc = NGHTTP2_ERR_NOMEM;

    if (callbacks != NULL && option != NULL && session->role == HTTP2_SERVER)
        rc = nghttp2_session_server_new3(&session->ng, callbacks, session, option, &session->mem);
    else if (callbacks != NULL && option != NULL)
        rc = nghttp2_session_client_new3(&session->ng, callbacks, session, option, &session->mem);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return rc == 0 ? ST_OK : http2_fail(session, rc, err, "http2.new");
}

static enum st_rc say_hello(struct http2 *session, struct st_err *err)
{
    const struct http2_limits *limits = &session->limits;
    nghttp2_settings_entry entries[6];
    size_t n = 0;
    int rc;

    if (session->role == HTTP2_SERVER) {
        entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams };
        entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 }; /* no tree to attack */
        if (limits->offer_connect)
            entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };
    } else {
        entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
    }
    entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->window };
    entries[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->head_bytes };
    rc = nghttp2_submit_settings(session->ng, NGHTTP2_FLAG_NONE, entries, n);
    if (rc == 0 && limits->connection_window > WINDOW_DEFAULT)
        rc = nghttp2_session_set_local_window_size(session->ng, NGHTTP2_FLAG_NONE, 0,
                                                   (int32_t)limits->connection_window);
    return rc == 0 ? ST_OK : http2_fail(session, rc, err, "http2.new");
}

enum st_rc http2_new(enum http2_role role, const struct http2_limits *limits, http2_event_f *handler, void *ctx,
                     struct http2 **out, struct st_err *err)
{
    struct http2 *session = calloc(1, sizeof *session);

    if (session == NULL)
        return st_fail(err, ST_E_NOMEM, "http2.new", "session", sizeof *session);
    session->magic = HTTP2_MAGIC;
    session->role = role;
    session->limits = *limits;
    session->handler = handler;
    session->ctx = ctx;
    http2_memory_init(session);
    glitch_init(&session->glitch, limits->glitches, limits->glitches_per_second);
    if (open_library(session, err) != ST_OK || say_hello(session, err) != ST_OK) {
        http2_free(session);
        return ST_ERR;
    }
    *out = session;
    return ST_OK;
}

void http2_free(struct http2 *session)
{
    if (session == NULL)
        return;
    ST_CHECK(session, HTTP2_MAGIC);
    assert(!session->is_inside);
    http2_block_reset(session);
    while (session->streams != NULL)
        http2_stream_free(session->streams);
    http2_memory_fini(session); /* with all that nghttp2_session_del would go through */
    session->magic = 0;
    free(session);
}

void http2_close_all(struct http2 *session, uint32_t code)
{
    struct http2_stream *stream = session->streams;

    ST_CHECK(session, HTTP2_MAGIC);
    assert(!session->is_inside);
    session->state = SESSION_LOST; /* what waits in nghttp2 may point to streams that go now */
    if (session->err.code == ST_E_NONE)
        (void)st_fail(&session->err, ST_E_CLOSED, "http2.close", "the connection is lost", code);
    while (stream != NULL) {
        bool is_open = stream->life != LIFE_CLOSED;

        if (is_open)
            http2_stream_closed(stream, code);
        stream = is_open ? session->streams : stream->next; /* the handler may have released any of them */
    }
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static void die(struct http2 *session, int rc)
{
    struct st_err err;
    uint32_t code;

    (void)http2_fail(session, rc, &err, "http2.feed");
    code = err.code == ST_E_LIMIT   ? HTTP2_ENHANCE_YOUR_CALM
           : err.code == ST_E_NOMEM ? HTTP2_INTERNAL_ERROR
                                    : HTTP2_PROTOCOL_ERROR;
    session->err = err;
    if (session->state != SESSION_OPEN)
        return;
    (void)nghttp2_session_terminate_session(session->ng, code);
    if (session->state == SESSION_OPEN)
        session->state = SESSION_DEAD;
}

enum st_rc http2_feed(struct http2 *session, struct st_span in, struct st_err *err)
{
    ssize_t used;

    ST_CHECK(session, HTTP2_MAGIC);
    assert(!session->is_inside);
    if (session->state == SESSION_OPEN && in.n > 0) {
        session->is_inside = true;
        used = nghttp2_session_mem_recv(session->ng, in.p, in.n);
        session->is_inside = false;
        if (used < 0)
            die(session, (int)used);
        else if (nghttp2_session_get_outbound_queue_size(session->ng) > session->limits.queue)
            die(session, NGHTTP2_ERR_FLOODED);
    }
    if (session->state == SESSION_OPEN)
        return ST_OK;
    if (err != NULL)
        *err = session->err;
    return ST_ERR;
}

enum st_rc http2_pull(struct http2 *session, struct st_buf *out, size_t max, struct st_err *err)
{
    size_t before = out->n;
    const uint8_t *frame;
    ssize_t n = 1;

    ST_CHECK(session, HTTP2_MAGIC);
    assert(!session->is_inside);
    while (n > 0 && out->n < max && session->state != SESSION_LOST) {
        session->is_inside = true;
        n = nghttp2_session_mem_send(session->ng, &frame);
        session->is_inside = false;
        if (n < 0)
            return http2_fail(session, (int)n, err, "http2.pull");
        st_buf_put(out, frame, (size_t)n);
        if (st_buf_done(out, err, "http2.pull") != ST_OK)
            return ST_ERR;
        http2_tell_ready(session);
    }
    return out->n > before ? ST_OK : ST_AGAIN;
}

bool http2_has_output(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return session->state != SESSION_LOST && nghttp2_session_want_write(session->ng) != 0;
}

bool http2_is_over(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return !http2_has_output(session) &&
           (session->state != SESSION_OPEN || nghttp2_session_want_read(session->ng) == 0);
}

/* ---- the connection's own frames -------------------------------------------------------------------------------- */

bool http2_can_request(const struct http2 *session)
{
    uint32_t peer = http2_peer_streams(session), limit = session->limits.streams;

    return session->role == HTTP2_CLIENT && session->state == SESSION_OPEN &&
           session->open < (peer < limit ? peer : limit) && session->records < 2u * limit + 16u &&
           nghttp2_session_check_request_allowed(session->ng) != 0;
}

enum st_rc http2_offer_connect(struct http2 *session, struct st_err *err)
{
    nghttp2_settings_entry entry = { NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };
    int rc;

    ST_CHECK(session, HTTP2_MAGIC);
    assert(session->role == HTTP2_SERVER);
    if (session->state != SESSION_OPEN)
        return http2_fail(session, 0, err, "http2.connect");
    rc = nghttp2_submit_settings(session->ng, NGHTTP2_FLAG_NONE, &entry, 1);
    return rc == 0 ? ST_OK : http2_fail(session, rc, err, "http2.connect");
}

enum st_rc http2_ping(struct http2 *session, struct st_err *err)
{
    int rc;

    ST_CHECK(session, HTTP2_MAGIC);
    if (session->state != SESSION_OPEN)
        return http2_fail(session, 0, err, "http2.ping");
    rc = nghttp2_submit_ping(session->ng, NGHTTP2_FLAG_NONE, NULL);
    return rc == 0 ? ST_OK : http2_fail(session, rc, err, "http2.ping");
}

enum st_rc http2_goaway(struct http2 *session, bool is_notice, uint32_t code, struct st_err *err)
{
    int rc;

    ST_CHECK(session, HTTP2_MAGIC);
    if (session->state != SESSION_OPEN)
        return http2_fail(session, 0, err, "http2.goaway");
    if (is_notice && session->role == HTTP2_SERVER)
        rc = nghttp2_submit_shutdown_notice(session->ng);
    else
        rc = nghttp2_submit_goaway(session->ng, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session->ng),
                                   code, NULL, 0);
    return rc == 0 ? ST_OK : http2_fail(session, rc, err, "http2.goaway");
}

bool http2_peer_offers_connect(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return nghttp2_session_get_remote_settings(session->ng, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

uint32_t http2_peer_streams(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return nghttp2_session_get_remote_settings(session->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

size_t http2_streams(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return session->open;
}
