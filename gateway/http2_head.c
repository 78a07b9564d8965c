/* SPDX-License-Identifier: Apache-2.0 */
/* http2_head - header blocks as they come in: collected, measured, checked, told.
 *
 * While a block comes, its fields are references into nghttp2's header table, so an indexed field that is named a
 * thousand times costs nothing; beyond the ceiling they are counted only, and far beyond it the connection ends, since
 * the table has to be kept in step until then. A head that is too large is answered with 431, a malformed one with a
 * reset; neither is told.
 */
#include "gateway/http1_head.h"
#include "gateway/http2_parts.h"
#include <stdlib.h>
#include <string.h>

#define FIELD_COST  32u /* RFC 9113 §6.5.2 */
#define PSEUDO_MAX  5u
#define BOMB_FACTOR 8u /* this many times the ceiling is no mistake */
#define MALFORMED   4u /* tokens for a malformed message */

void http2_block_reset(struct http2 *session)
{
    struct http2_block *block = &session->block;

    for (size_t i = 0; i < block->n; i++) {
        nghttp2_rcbuf_decref(block->lines[i].name);
        nghttp2_rcbuf_decref(block->lines[i].value);
    }
    free(block->lines);
    *block = (struct http2_block){ 0 };
}

static enum st_rc grow(struct http2_block *block)
{
    size_t cap = block->cap == 0 ? 32 : block->cap * 2;
    struct http2_line *lines = realloc(block->lines, cap * sizeof *lines);

    if (lines == NULL)
        return ST_ERR;
    block->lines = lines;
    block->cap = cap;
    return ST_OK;
}

int http2_on_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                    uint8_t flags, void *ctx)
{
    struct http2 *session = ctx;
    struct http2_block *block = &session->block;
    const struct http2_limits *limits = &session->limits;

    (void)ng;
    (void)frame;
    (void)flags;
    block->bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + FIELD_COST;
    if (block->kind == BLOCK_GOOD && (block->bytes > limits->head_bytes || block->n >= limits->fields + PSEUDO_MAX)) {
        size_t bytes = block->bytes, frames = block->frames;

        http2_block_reset(session);
        block->kind = BLOCK_BIG;
        block->bytes = bytes;
        block->frames = frames;
    }
    if (block->kind == BLOCK_BIG)
        return block->bytes / BOMB_FACTOR > limits->head_bytes ? http2_spend(session, UINT32_MAX, "header bomb") : 0;
    if (block->n == block->cap && grow(block) != ST_OK) {
        (void)st_fail(&session->err, ST_E_NOMEM, "http2.head", "fields", block->n);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    nghttp2_rcbuf_incref(name);
    nghttp2_rcbuf_incref(value);
    block->lines[block->n++] = (struct http2_line){ name, value };
    return 0;
}

/* ---- a whole block ---------------------------------------------------------------------------------------------- */

struct parsed {
    struct http2_head head;
    struct st_span host;
    size_t hosts, pseudo;
};

static struct st_span span_of(nghttp2_rcbuf *buf)
{
    nghttp2_vec vec = nghttp2_rcbuf_get_buf(buf);

    return st_span(vec.base, vec.len);
}

static void note_order(struct parsed *parsed, enum http2_pseudo which)
{
    if (parsed->pseudo < ST_LEN(parsed->head.head.order))
        parsed->head.head.order[parsed->pseudo++] = (uint8_t)which;
}

/* nghttp2 has checked that it is one of these, once, before the others, and of this direction. */
static enum st_rc parse_pseudo(struct parsed *parsed, struct st_span name, struct st_span value, struct st_err *err)
{
    struct http2_head *head = &parsed->head;
    uint64_t status;

    if (st_span_eq(name, ST_SPAN(":method"))) {
        head->head.method = value;
        note_order(parsed, HTTP2_METHOD);
    } else if (st_span_eq(name, ST_SPAN(":scheme"))) {
        head->scheme = value;
        note_order(parsed, HTTP2_SCHEME);
    } else if (st_span_eq(name, ST_SPAN(":authority"))) {
        head->authority = value;
        note_order(parsed, HTTP2_AUTHORITY);
    } else if (st_span_eq(name, ST_SPAN(":path"))) {
        head->head.target = value;
        note_order(parsed, HTTP2_PATH);
    } else if (st_span_eq(name, ST_SPAN(":protocol"))) {
        head->protocol = value;
    } else if (st_span_eq(name, ST_SPAN(":status"))) {
        if (value.n != 3 || !st_span_u64(value, &status) || status < 100 || status > 599 || status == 101)
            return st_fail(err, ST_E_PROTO, "http2.head", "status is malformed", 502);
        head->head.status = (unsigned)status;
    } else {
        return st_fail(err, ST_E_PROTO, "http2.head", "unknown pseudo field", 400);
    }
    return ST_OK;
}

/* Fields of the block as spans; pseudo fields and a request's Host go to their places. */
static enum st_rc parse_block(struct http2 *session, struct parsed *parsed, struct st_err *err)
{
    const struct http2_block *block = &session->block;
    struct http_head *head = &parsed->head.head;

    if ((head->fields = calloc(block->n + 1, sizeof *head->fields)) == NULL)
        return st_fail(err, ST_E_NOMEM, "http2.head", "fields", block->n);
    for (size_t i = 0; i < block->n; i++) {
        struct st_span name = span_of(block->lines[i].name), value = span_of(block->lines[i].value);

        if (name.n > 0 && name.p[0] == ':') {
            if (parse_pseudo(parsed, name, value, err) != ST_OK)
                return ST_ERR;
        } else if (session->role == HTTP2_SERVER && st_span_eq(name, ST_SPAN("host"))) {
            parsed->host = value;
            parsed->hosts++;
        } else {
            head->fields[head->n++] = (struct http_field){ name, value };
        }
    }
    return ST_OK;
}

static enum st_rc check_request(struct parsed *parsed, struct st_err *err)
{
    struct http2_head *head = &parsed->head;

    if (parsed->hosts > 1 ||
        (parsed->hosts == 1 && head->authority.n > 0 && !st_span_ieq(parsed->host, head->authority)))
        return st_fail(err, ST_E_PROTO, "http2.head", "Host is not the authority", 400);
    if (head->authority.n == 0)
        head->authority = parsed->host;
    return http2_check_request(head, err);
}

static enum st_rc check_trailers(const struct parsed *parsed, struct st_err *err)
{
    const struct http_head *head = &parsed->head.head;

    if (parsed->pseudo > 0 || parsed->hosts > 0)
        return st_fail(err, ST_E_PROTO, "http2.head", "pseudo field or Host in a trailer", 400);
    for (size_t i = 0; i < head->n; i++) {
        if (http2_is_forbidden_trailer(head->fields[i].name))
            return st_fail(err, ST_E_PROTO, "http2.head", "field is not allowed in a trailer", 400);
    }
    return ST_OK;
}

static void tell_head(struct http2 *session, struct http2_stream *stream, const struct parsed *parsed, bool is_end)
{
    unsigned status = parsed->head.head.status;
    struct http2_event event = { .kind = HTTP2_HEAD,
                                 .stream = stream,
                                 .head = &parsed->head,
                                 .is_interim = session->role == HTTP2_CLIENT && status < 200,
                                 .is_end = is_end };

    if (!event.is_interim)
        stream->in = IN_BODY;
    if (is_end)
        stream->in = IN_END;
    http2_emit(session, &event);
    if (is_end && stream->life == LIFE_LIVE) {
        event = (struct http2_event){ .kind = HTTP2_END, .stream = stream };
        http2_emit(session, &event);
    }
}

static void tell_trailers(struct http2 *session, struct http2_stream *stream, const struct parsed *parsed)
{
    struct http2_event event = {
        .kind = HTTP2_END, .stream = stream, .trailers = parsed->head.head.fields, .n_trailers = parsed->head.head.n
    };

    stream->in = IN_END;
    if (stream->life == LIFE_LIVE)
        http2_emit(session, &event);
}

static enum st_rc check_and_tell(struct http2 *session, struct http2_stream *stream, struct parsed *parsed, bool is_end,
                                 struct st_err *err)
{
    if (parse_block(session, parsed, err) != ST_OK)
        return ST_ERR;
    if (stream->in != IN_HEAD) {
        if (check_trailers(parsed, err) != ST_OK)
            return ST_ERR;
        tell_trailers(session, stream, parsed);
        return ST_OK;
    }
    if (session->role == HTTP2_SERVER && check_request(parsed, err) != ST_OK)
        return ST_ERR;
    if (session->role == HTTP2_SERVER)
        stream->life = LIFE_LIVE; /* from here on somebody outside knows it */
    if (stream->life == LIFE_LIVE)
        tell_head(session, stream, parsed, is_end);
    return ST_OK;
}

/* The request is answered here and never told. */
static int answer_431(struct http2 *session, struct http2_stream *stream, bool is_end)
{
    struct http2_head head = { .head = { .status = 431 } };
    struct st_err err;

    stream->in = is_end ? IN_END : IN_BODY;
    if (http2_response(stream, &head, true, &err) != ST_OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return http2_spend(session, MALFORMED, "heads too large");
}

int http2_block_done(struct http2 *session, struct http2_stream *stream, bool is_end)
{
    struct parsed parsed = { 0 };
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc;

    if (session->block.kind == BLOCK_BIG) {
        http2_block_reset(session);
        if (session->role == HTTP2_SERVER && stream->in == IN_HEAD)
            return answer_431(session, stream, is_end);
        http2_reset(stream, HTTP2_ENHANCE_YOUR_CALM);
        return http2_spend(session, MALFORMED, "heads too large");
    }
    rc = check_and_tell(session, stream, &parsed, is_end, &err);
    free(parsed.head.head.fields);
    http2_block_reset(session);
    if (rc == ST_OK) {
        unsigned status = parsed.head.head.status;

        return status > 0 && status < 200 ? http2_spend(session, 2, "interim heads") : 0;
    }
    if (err.code == ST_E_NOMEM) {
        session->err = err;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    http2_reset(stream, HTTP2_PROTOCOL_ERROR);
    return http2_spend(session, MALFORMED, "malformed heads");
}
