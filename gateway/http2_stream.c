/* SPDX-License-Identifier: Apache-2.0 */
/* http2_stream - one request and its response, as the caller holds it.
 *
 * A stream has two ends of life: nghttp2 closes it, the caller releases it; the record goes when both happened, so a
 * handle never dangles and bytes the caller still buffers can be credited after the stream is closed. What is to be
 * sent waits in a buffer of twice the ceiling, so that moving the rest to its front stays rare. Nothing here calls the
 * handler but closing and http2_tell_ready, which run when nghttp2 does not hold the stream.
 */
#include "base/hash.h"
#include "gateway/http2_parts.h"
#include <stdlib.h>
#include <string.h>

struct http2_stream *http2_stream_new(struct http2 *session, int32_t id, enum http2_life life)
{
    struct http2_stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL)
        return NULL;
    stream->magic = HTTP2_STREAM_MAGIC;
    stream->id = id;
    stream->session = session;
    stream->life = life;
    st_buf_init(&stream->wait, 2 * session->limits.stream_out);
    stream->next = session->streams;
    if (stream->next != NULL)
        stream->next->prev = stream;
    session->streams = stream;
    session->records++;
    session->open++;
    return stream;
}

void http2_stream_free(struct http2_stream *stream)
{
    struct http2 *session = stream->session;

    if (stream->prev != NULL)
        stream->prev->next = stream->next;
    else
        session->streams = stream->next;
    if (stream->next != NULL)
        stream->next->prev = stream->prev;
    session->records--;
    session->ready -= stream->is_ready;
    st_buf_fini(&stream->wait);
    http2_fields_fini(&stream->trailers);
    free(stream->trailer_bytes);
    st_wipe(stream, sizeof *stream);
    free(stream);
}

static void not_ready(struct http2_stream *stream)
{
    stream->session->ready -= stream->is_ready;
    stream->is_ready = stream->is_hungry = false;
}

void http2_stream_closed(struct http2_stream *stream, uint32_t code)
{
    struct http2 *session = stream->session;
    struct http2_event event = { .kind = HTTP2_CLOSED, .stream = stream, .code = code };
    enum http2_life before = stream->life;

    session->open--;
    if (before == LIFE_RELEASED) {
        http2_stream_free(stream);
        return;
    }
    if (code == HTTP2_NO_ERROR && stream->in != IN_END)
        event.code = stream->life == LIFE_RESET ? stream->reset_code : HTTP2_CANCEL; /* cut off, however politely */
    stream->life = LIFE_CLOSED;
    not_ready(stream);
    st_buf_fini(&stream->wait);
    stream->wait_at = 0;
    http2_emit(session, &event);
}

void http2_stream_sent_end(struct http2_stream *stream)
{
    struct http2 *session = stream->session;

    stream->out = OUT_SENT;
    /* The peer may stop sending what nobody reads (RFC 9113 §8.1). */
    if (stream->life == LIFE_RELEASED && stream->in != IN_END && session->role == HTTP2_SERVER)
        (void)nghttp2_submit_rst_stream(session->ng, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
}

static bool is_open(const struct http2_stream *stream)
{
    if (stream->session->state == SESSION_LOST)
        return false;
    return stream->life == LIFE_LIVE || stream->life == LIFE_RELEASED;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static size_t waiting(const struct http2_stream *stream)
{
    return stream->wait.n - stream->wait_at;
}

static void resume(struct http2_stream *stream)
{
    if (is_open(stream) && stream->is_deferred && nghttp2_session_resume_data(stream->session->ng, stream->id) == 0)
        stream->is_deferred = false;
}

static void drained(struct http2_stream *stream, size_t n)
{
    struct http2 *session = stream->session;

    stream->wait_at += n;
    if (waiting(stream) == 0) {
        st_buf_reset(&stream->wait);
        stream->wait_at = 0;
    }
    if (stream->is_hungry && !stream->is_ready && waiting(stream) <= session->limits.stream_out / 2) {
        stream->is_ready = true;
        session->ready++;
    }
}

static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
                         nghttp2_data_source *source, void *ctx)
{
    struct http2_stream *stream = source->ptr;
    size_t n = waiting(stream) < length ? waiting(stream) : length;

    (void)ctx;
    if (n == 0 && stream->out == OUT_BODY) {
        stream->is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > 0)
        memcpy(buf, stream->wait.p + stream->wait_at, n);
    drained(stream, n);
    glitch_earn(&stream->session->glitch, n);
    if (stream->out != OUT_ENDING || waiting(stream) > 0)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers.n > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(ng, id, stream->trailers.nv, stream->trailers.n) != 0) {
            (void)st_fail(&stream->session->err, ST_E_NOMEM, "http2.trailer", "memory of the session", 0);
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)n;
}

enum st_rc http2_request(struct http2 *session, const struct http2_head *head, bool is_end, void *user,
                         struct http2_stream **out, struct st_err *err)
{
    struct http2_fields fields;
    struct http2_stream *stream;
    nghttp2_data_provider body = { .read_callback = read_body };
    int32_t id;

    ST_CHECK(session, HTTP2_MAGIC);
    assert(session->role == HTTP2_CLIENT);
    if (!http2_can_request(session))
        return ST_AGAIN;
    if (head->protocol.n > 0 && !http2_peer_offers_connect(session))
        return st_fail(err, ST_E_PROTO, "http2.request", "the peer does not take extended CONNECT", 0);
    if (http2_fields_request(head, &fields, err) != ST_OK)
        return ST_ERR;
    if ((stream = http2_stream_new(session, 0, LIFE_LIVE)) == NULL) {
        http2_fields_fini(&fields);
        return st_fail(err, ST_E_NOMEM, "http2.request", "stream", sizeof *stream);
    }
    body.source.ptr = stream;
    id = nghttp2_submit_request(session->ng, NULL, fields.nv, fields.n, is_end ? NULL : &body, stream);
    http2_fields_fini(&fields);
    if (id < 0) {
        session->open--;
        http2_stream_free(stream);
        return http2_fail(session, id, err, "http2.request");
    }
    stream->id = id;
    stream->user = user;
    stream->out = is_end ? OUT_ENDING : OUT_BODY;
    *out = stream;
    return ST_OK;
}

enum st_rc http2_response(struct http2_stream *stream, const struct http2_head *head, bool is_end, struct st_err *err)
{
    struct http2 *session = stream->session;
    nghttp2_data_provider body = { .source = { .ptr = stream }, .read_callback = read_body };
    bool is_interim = head->head.status < 200;
    struct http2_fields fields;
    char status[4];
    int rc;

    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (!is_open(stream) || stream->out != OUT_HEAD)
        return st_fail(err, ST_E_CLOSED, "http2.response", "the stream takes no head", stream->id);
    if (http2_fields_response(head, status, &fields, err) != ST_OK)
        return ST_ERR;
    if (is_interim)
        rc = nghttp2_submit_headers(session->ng, NGHTTP2_FLAG_NONE, stream->id, NULL, fields.nv, fields.n, NULL);
    else
        rc = nghttp2_submit_response(session->ng, stream->id, fields.nv, fields.n, is_end ? NULL : &body);
    http2_fields_fini(&fields);
    if (rc != 0)
        return http2_fail(session, rc, err, "http2.response");
    if (!is_interim)
        stream->out = is_end ? OUT_ENDING : OUT_BODY;
    return ST_OK;
}

size_t http2_waiting(const struct http2_stream *stream)
{
    return stream->wait.cap;
}

size_t http2_room(struct http2_stream *stream)
{
    size_t limit = stream->session->limits.stream_out;

    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (!is_open(stream) || stream->out != OUT_BODY)
        return 0;
    stream->is_hungry = waiting(stream) >= limit;
    return stream->is_hungry ? 0 : limit - waiting(stream);
}

enum st_rc http2_send(struct http2_stream *stream, struct st_span data, size_t *taken, struct st_err *err)
{
    size_t n = http2_room(stream);

    *taken = 0;
    if (!is_open(stream) || stream->out != OUT_BODY)
        return st_fail(err, ST_E_CLOSED, "http2.send", "the stream takes no body", stream->id);
    if (n > data.n)
        n = data.n;
    if (stream->wait.n + n > stream->wait.limit) {
        st_buf_drop(&stream->wait, stream->wait_at);
        stream->wait_at = 0;
    }
    st_buf_put(&stream->wait, data.p, n);
    if (st_buf_done(&stream->wait, err, "http2.send") != ST_OK)
        return ST_ERR;
    *taken = n;
    stream->is_hungry = n < data.n;
    if (n > 0)
        resume(stream);
    return ST_OK;
}

/* Trailers wait behind the body, so their bytes are kept here. */
static enum st_rc keep_trailers(struct http2_stream *stream, const struct http_field *trailers, size_t n,
                                struct st_err *err)
{
    size_t total = 0, at = 0;

    if (http2_fields_trailers(trailers, n, &stream->trailers, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < stream->trailers.n; i++)
        total += stream->trailers.nv[i].namelen + stream->trailers.nv[i].valuelen;
    if ((stream->trailer_bytes = malloc(total + 1)) == NULL) {
        http2_fields_fini(&stream->trailers);
        return st_fail(err, ST_E_NOMEM, "http2.end", "trailers", total);
    }
    for (size_t i = 0; i < stream->trailers.n; i++) {
        nghttp2_nv *nv = &stream->trailers.nv[i];

        memcpy(stream->trailer_bytes + at, nv->name, nv->namelen);
        nv->name = stream->trailer_bytes + at;
        at += nv->namelen;
        if (nv->valuelen > 0)
            memcpy(stream->trailer_bytes + at, nv->value, nv->valuelen);
        nv->value = stream->trailer_bytes + at;
        at += nv->valuelen;
    }
    return ST_OK;
}

enum st_rc http2_end(struct http2_stream *stream, const struct http_field *trailers, size_t n, struct st_err *err)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (!is_open(stream) || stream->out != OUT_BODY)
        return st_fail(err, ST_E_CLOSED, "http2.end", "the stream takes no end", stream->id);
    if (n > 0 && keep_trailers(stream, trailers, n, err) != ST_OK)
        return ST_ERR;
    stream->out = OUT_ENDING;
    resume(stream);
    return ST_OK;
}

/* Tells who waited for room; a handler may make further streams ready, or release them. */
void http2_tell_ready(struct http2 *session)
{
    while (session->ready > 0) {
        struct http2_stream *stream = session->streams;
        struct http2_event event = { .kind = HTTP2_WRITABLE };

        while (stream != NULL && !stream->is_ready)
            stream = stream->next;
        assert(stream != NULL);
        not_ready(stream);
        event.stream = stream;
        if (stream->life == LIFE_LIVE)
            http2_emit(session, &event);
    }
}

/* ---- receiving and letting go ----------------------------------------------------------------------------------- */

void http2_consume(struct http2_stream *stream, size_t n)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (n > stream->owed)
        n = stream->owed;
    stream->owed -= n;
    if (n == 0 || stream->session->state == SESSION_LOST)
        return;
    if (stream->session->role == HTTP2_SERVER)
        (void)nghttp2_session_consume(stream->session->ng, stream->id, n);
    else
        (void)nghttp2_session_consume_stream(stream->session->ng, stream->id, n);
}

void http2_widen(struct http2_stream *stream, uint32_t n)
{
    nghttp2_session *ng = stream->session->ng;

    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (stream->life != LIFE_LIVE || stream->session->state != SESSION_OPEN)
        return;
    (void)nghttp2_session_set_local_window_size(ng, NGHTTP2_FLAG_NONE, stream->id,
                                                nghttp2_session_get_stream_effective_local_window_size(ng, stream->id) +
                                                    (int32_t)n);
}

void http2_reset(struct http2_stream *stream, uint32_t code)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    if (!is_open(stream))
        return;
    (void)nghttp2_submit_rst_stream(stream->session->ng, NGHTTP2_FLAG_NONE, stream->id, code);
    stream->reset_code = code;
    if (stream->life == LIFE_LIVE)
        stream->life = LIFE_RESET;
    not_ready(stream);
}

void http2_release(struct http2_stream *stream)
{
    if (stream == NULL)
        return;
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    assert(stream->life != LIFE_RELEASED);
    http2_consume(stream, stream->owed);
    if (stream->life == LIFE_CLOSED) {
        http2_stream_free(stream);
        return;
    }
    not_ready(stream);
    stream->user = NULL;
    if (stream->life == LIFE_LIVE && stream->session->role == HTTP2_SERVER && stream->out == OUT_ENDING) {
        stream->life = LIFE_RELEASED; /* goes on alone */
        return;
    }
    if (stream->life == LIFE_LIVE && stream->session->role == HTTP2_SERVER && stream->out == OUT_SENT)
        http2_reset(stream, HTTP2_NO_ERROR);
    else
        http2_reset(stream, HTTP2_CANCEL);
    stream->life = LIFE_RELEASED;
}

void http2_bind(struct http2_stream *stream, void *user)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    stream->user = user;
}

void *http2_user(const struct http2_stream *stream)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    return stream->user;
}

int32_t http2_stream_id(const struct http2_stream *stream)
{
    ST_CHECK(stream, HTTP2_STREAM_MAGIC);
    return stream->id;
}
