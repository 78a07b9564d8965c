/* SPDX-License-Identifier: Apache-2.0 */
/* http1 - the framing machine of one direction: where a message begins, how its body is cut, where it ends.
 *
 * Lines (heads, chunk sizes, trailers) are collected in one bounded buffer until they are whole; a bare LF ends the
 * connection at once, so that nobody waits for an end that a stricter reader would never see. Body bytes are never
 * copied: DATA borrows from the input. The parser owns its line buffer only; heads live in the caller's arena.
 * A message's framing is decided in one place, `frame_*`; when you add a rule there, add its vector to http1_test.c.
 */
#include "gateway/http1.h"
#include "gateway/http1_head.h"
#include <stdlib.h>
#include <string.h>

#define HTTP1_MAGIC         0x68747470u
#define CHUNK_LINE_MAX      1024u  /* size, extension and CRLF of one chunk */
#define CHUNK_EXTENSION_MAX 16384u /* extensions of one message: they carry nothing, so many of them are an attack */

#define HTTP1_STATES(X) \
    X(HEAD)             \
    X(LENGTH)           \
    X(UNTIL_CLOSE)      \
    X(CHUNK_SIZE)       \
    X(CHUNK_DATA)       \
    X(CHUNK_END)        \
    X(TRAILER)          \
    X(END)              \
    X(TUNNEL)           \
    X(BROKEN)
enum http1_state {
#define X(id) IN_##id,
    HTTP1_STATES(X)
#undef X
};

struct http1 {
    unsigned magic;
    enum http1_role role;
    enum http1_state state;
    struct http1_limits limits;
    bool is_head_request, is_connect; /* facts about the request that a response answers */
    bool has_skipped_crlf;            /* one empty line before a request line is tolerated (RFC 9112 §2.2) */
    uint64_t left;                    /* of the body or the chunk */
    size_t extension;                 /* bytes of chunk extensions seen in this message */
    struct st_buf lines;
    size_t scanned, line_start; /* of lines: looked at for LF; begin of the current line */
    struct http_field *trailers;
    size_t n_trailers;
};

struct http1 *http1_new(enum http1_role role, const struct http1_limits *limits)
{
    struct http1 *parser = calloc(1, sizeof *parser);

    if (parser == NULL)
        return NULL;
    parser->magic = HTTP1_MAGIC;
    parser->role = role;
    parser->state = IN_HEAD;
    parser->limits = *limits;
    st_buf_init(&parser->lines, limits->head_bytes);
    return parser;
}

void http1_free(struct http1 *parser)
{
    if (parser == NULL)
        return;
    ST_CHECK(parser, HTTP1_MAGIC);
    st_buf_fini(&parser->lines);
    parser->magic = 0;
    free(parser);
}

void http1_expect(struct http1 *parser, bool is_head_request, bool is_connect)
{
    ST_CHECK(parser, HTTP1_MAGIC);
    parser->is_head_request = is_head_request;
    parser->is_connect = is_connect;
}

/* The only writer of parser->state. */
static void enter(struct http1 *parser, enum http1_state next)
{
    if (next == IN_HEAD || next == IN_CHUNK_SIZE || next == IN_TRAILER) {
        st_buf_reset(&parser->lines);
        parser->scanned = parser->line_start = 0;
    }
    parser->state = next;
}

static enum st_rc broken(struct http1 *parser)
{
    enter(parser, IN_BROKEN);
    return ST_ERR;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

enum block { ONE_LINE, UP_TO_EMPTY_LINE };

/* Looks for the end of the block in what is collected; ST_OK sets *end behind its last LF. */
static enum st_rc find_end(struct http1 *parser, enum block block, size_t *end, struct st_err *err)
{
    struct st_buf *lines = &parser->lines;

    while (parser->scanned < lines->n) {
        const uint8_t *from = lines->p + parser->scanned;
        const uint8_t *lf = memchr(from, '\n', lines->n - parser->scanned);
        size_t at;

        if (lf == NULL) {
            parser->scanned = lines->n;
            break;
        }
        at = (size_t)(lf - lines->p);
        if (at == parser->line_start || lines->p[at - 1] != '\r')
            return st_fail(err, ST_E_SYNTAX, "http1.line", "line feed without carriage return", 400);
        parser->scanned = at + 1;
        if (block == ONE_LINE || at - 1 == parser->line_start) {
            *end = at + 1;
            return ST_OK;
        }
        parser->line_start = at + 1;
    }
    return ST_AGAIN;
}

/* Collects a block of lines; *used is what of `in` belongs to it. */
static enum st_rc collect(struct http1 *parser, enum block block, size_t limit, struct st_span in, size_t *used,
                          struct st_err *err)
{
    size_t before = parser->lines.n, room = limit > before ? limit - before : 0, end = 0;
    enum st_rc rc;

    st_buf_span(&parser->lines, st_span_sub(in, 0, room));
    if (st_buf_done(&parser->lines, err, "http1.line") != ST_OK)
        return ST_ERR;
    rc = find_end(parser, block, &end, err);
    if (rc == ST_OK) {
        *used = end - before;
        parser->lines.n = end;
        return ST_OK;
    }
    *used = in.n < room ? in.n : room;
    if (rc == ST_AGAIN && in.n > room) {
        bool in_request_line = parser->state == IN_HEAD && parser->role == HTTP1_REQUEST && parser->line_start == 0;

        return st_fail(err, ST_E_LIMIT, "http1.line", "lines are longer than allowed", in_request_line ? 414 : 431);
    }
    return rc;
}

/* ---- framing ---------------------------------------------------------------------------------------------------- */

struct frame {
    enum http1_framing framing;
    uint64_t length;
};

/* The body's form as the fields say; *has_any is false when neither field is there. */
static enum st_rc frame_fields(const struct http_head *head, struct frame *out, bool *has_any, struct st_err *err)
{
    size_t codings = http_field_count(head, "transfer-encoding"), lengths = http_field_count(head, "content-length");
    struct st_span length = http_field_get(head, "content-length");

    *has_any = codings + lengths > 0;
    if (codings > 0 && lengths > 0)
        return st_fail(err, ST_E_PROTO, "http1.frame", "both Transfer-Encoding and Content-Length", 400);
    if (codings > 0) {
        if (head->minor == 0 || codings > 1)
            return st_fail(err, ST_E_PROTO, "http1.frame", "Transfer-Encoding twice or in HTTP/1.0", 400);
        if (!st_span_ieq(http_field_get(head, "transfer-encoding"), ST_SPAN("chunked")))
            return st_fail(err, ST_E_UNSUPPORTED, "http1.frame", "transfer coding is not chunked alone", 501);
        out->framing = HTTP1_CHUNKED;
        return ST_OK;
    }
    if (lengths > 0) {
        if (lengths > 1 || length.n > 18 || !st_span_u64(length, &out->length))
            return st_fail(err, ST_E_PROTO, "http1.frame", "Content-Length is not one number", 400);
        out->framing = HTTP1_LENGTH;
    }
    return ST_OK;
}

static bool is_host_value(struct st_span host)
{
    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = host.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_alnum && strchr("-._:[]", c) == NULL)
            return false;
    }
    return true;
}

static enum st_rc frame_request(const struct http_head *head, struct frame *out, struct st_err *err)
{
    size_t hosts = http_field_count(head, "host");
    bool has_any;

    if (hosts > 1 || (hosts == 0 && head->minor == 1))
        return st_fail(err, ST_E_PROTO, "http1.frame", "not exactly one Host", 400);
    if (!is_host_value(http_field_get(head, "host")))
        return st_fail(err, ST_E_SYNTAX, "http1.frame", "Host holds a byte that is not allowed", 400);
    if (frame_fields(head, out, &has_any, err) != ST_OK)
        return ST_ERR;
    if (st_span_eq(head->method, ST_SPAN("CONNECT")) && (out->framing == HTTP1_CHUNKED || out->length > 0))
        return st_fail(err, ST_E_PROTO, "http1.frame", "CONNECT with a body",
                       400); /* others take it for the tunnel's */
    return ST_OK;
}

static enum st_rc frame_response(const struct http1 *parser, const struct http_head *head, struct frame *out,
                                 struct st_err *err)
{
    bool has_any;

    if (frame_fields(head, out, &has_any, err) != ST_OK)
        return ST_ERR;
    if (parser->is_head_request || head->status < 200 || head->status == 204 || head->status == 304 ||
        (parser->is_connect && head->status < 300))
        out->framing = HTTP1_NO_BODY;
    else if (!has_any)
        out->framing = HTTP1_UNTIL_CLOSE;
    return ST_OK;
}

static bool opens_tunnel(const struct http1 *parser, const struct http_head *head)
{
    return parser->role == HTTP1_RESPONSE &&
           (head->status == 101 || (parser->is_connect && head->status >= 200 && head->status < 300));
}

static enum http1_state state_after_head(const struct http1 *parser, const struct http1_event *event)
{
    if (event->is_interim)
        return IN_HEAD;
    if (opens_tunnel(parser, event->head))
        return IN_TUNNEL;
    switch (event->framing) {
    case HTTP1_NO_BODY: return IN_END;
    case HTTP1_LENGTH: return event->length > 0 ? IN_LENGTH : IN_END;
    case HTTP1_CHUNKED: return IN_CHUNK_SIZE;
    case HTTP1_UNTIL_CLOSE: return IN_UNTIL_CLOSE;
    }
    return IN_BROKEN;
}

/* ---- steps: each takes what belongs to its state and either makes an event or moves on --------------------------- */

/* Someone who does not speak HTTP/1 at all is told at the first line, not when the head's time is over. */
static enum st_rc check_first_line(const struct http1 *parser, struct st_err *err)
{
    size_t end = st_span_chr(st_buf_view(&parser->lines), '\n');
    struct st_span line = st_span_sub(st_buf_view(&parser->lines), 0, end);
    bool is_http = parser->role == HTTP1_REQUEST ? st_span_find(line, ST_SPAN(" HTTP/")) != ST_SPAN_NPOS
                                                 : st_span_starts(line, ST_SPAN("HTTP/"));

    if (end == ST_SPAN_NPOS || end < 2 || is_http)
        return ST_AGAIN;
    return st_fail(err, ST_E_SYNTAX, "http1.head", "the first line is not HTTP/1", 400);
}

static enum st_rc read_head(struct http1 *parser, struct st_arena *arena, struct st_span in, size_t *used,
                            struct http1_event *event, struct st_err *err)
{
    enum st_rc rc = collect(parser, UP_TO_EMPTY_LINE, parser->limits.head_bytes, in, used, err);
    struct frame frame = { HTTP1_NO_BODY, 0 };
    uint8_t *copy;

    if (rc != ST_OK)
        return rc == ST_AGAIN ? check_first_line(parser, err) : rc;
    if (parser->lines.n == 2 && parser->role == HTTP1_REQUEST && !parser->has_skipped_crlf) {
        parser->has_skipped_crlf = true;
        enter(parser, IN_HEAD);
        return ST_AGAIN;
    }
    if ((copy = st_arena_dup(arena, parser->lines.p, parser->lines.n)) == NULL)
        return st_arena_fail(arena, err, "http1.head");
    if (http1_parse_head(parser->role, arena, st_span(copy, parser->lines.n), parser->limits.fields, &event->head,
                         err) != ST_OK)
        return ST_ERR;
    rc = parser->role == HTTP1_REQUEST ? frame_request(event->head, &frame, err)
                                       : frame_response(parser, event->head, &frame, err);
    if (rc != ST_OK)
        return rc;
    event->kind = HTTP1_HEAD;
    event->framing = frame.framing;
    event->length = parser->left = frame.length;
    event->is_interim = parser->role == HTTP1_RESPONSE && event->head->status < 200 && event->head->status != 101;
    parser->extension = 0;
    parser->n_trailers = 0;
    parser->has_skipped_crlf = false;
    enter(parser, state_after_head(parser, event));
    return ST_OK;
}

static enum st_rc read_chunk_size(struct http1 *parser, struct st_span in, size_t *used, struct st_err *err)
{
    enum st_rc rc = collect(parser, ONE_LINE, CHUNK_LINE_MAX, in, used, err);
    struct st_span line;
    size_t digits = 0;

    if (rc != ST_OK)
        return rc;
    line = st_span(parser->lines.p, parser->lines.n - 2);
    parser->left = 0;
    while (digits < line.n && st_hex_digit(line.p[digits]) >= 0) {
        if (digits == 15)
            return st_fail(err, ST_E_SYNTAX, "http1.chunk", "chunk size is too long", 400);
        parser->left = parser->left * 16 + (uint64_t)st_hex_digit(line.p[digits++]);
    }
    if (digits == 0 || (digits < line.n && line.p[digits] != ';'))
        return st_fail(err, ST_E_SYNTAX, "http1.chunk", "chunk size is malformed", 400);
    if (!http1_is_value(line))
        return st_fail(err, ST_E_SYNTAX, "http1.chunk", "control character in a chunk extension", 400);
    if (!http1_is_chunk_extension(st_span_sub(line, digits, line.n)))
        return st_fail(err, ST_E_SYNTAX, "http1.chunk", "chunk extension is malformed", 400);
    parser->extension += line.n - digits;
    if (parser->extension > CHUNK_EXTENSION_MAX)
        return st_fail(err, ST_E_LIMIT, "http1.chunk", "too many chunk extensions", 400);
    enter(parser, parser->left > 0 ? IN_CHUNK_DATA : IN_TRAILER);
    return ST_OK;
}

static enum st_rc read_chunk_end(struct http1 *parser, struct st_span in, size_t *used, struct st_err *err)
{
    static const uint8_t CRLF[2] = { '\r', '\n' };

    while (*used < in.n && parser->left < 2) {
        if (in.p[*used] != CRLF[parser->left])
            return st_fail(err, ST_E_SYNTAX, "http1.chunk", "chunk data is not followed by CRLF", 400);
        parser->left++;
        (*used)++;
    }
    if (parser->left < 2)
        return ST_AGAIN;
    enter(parser, IN_CHUNK_SIZE);
    return ST_OK;
}

/* What a trailer may not say: it would change how the message before it had to be read (RFC 9110 §6.5.1). */
static bool is_forbidden_trailer(struct st_span name)
{
    static const char *const NAMES[] = {
        "transfer-encoding", "content-length", "host",       "trailer",       "content-encoding",
        "content-type",      "content-range",  "connection", "authorization", "te"
    };

    for (size_t i = 0; i < ST_LEN(NAMES); i++) {
        if (st_span_ieq(name, st_span_str(NAMES[i])))
            return true;
    }
    return false;
}

static enum st_rc read_trailer(struct http1 *parser, struct st_arena *arena, struct st_span in, size_t *used,
                               struct st_err *err)
{
    enum st_rc rc = collect(parser, UP_TO_EMPTY_LINE, parser->limits.head_bytes, in, used, err);
    uint8_t *copy;

    if (rc != ST_OK)
        return rc;
    if (parser->lines.n > 2) {
        if ((copy = st_arena_dup(arena, parser->lines.p, parser->lines.n)) == NULL)
            return st_arena_fail(arena, err, "http1.trailer");
        if (http1_parse_fields(arena, st_span(copy, parser->lines.n), parser->limits.fields, &parser->trailers,
                               &parser->n_trailers, err) != ST_OK)
            return ST_ERR;
    }
    for (size_t i = 0; i < parser->n_trailers; i++) {
        if (is_forbidden_trailer(parser->trailers[i].name))
            return st_fail(err, ST_E_PROTO, "http1.trailer", "field is not allowed in a trailer", 400);
    }
    enter(parser, IN_END);
    return ST_OK;
}

/* Hands out body bytes; next is the state once `left` is used up. */
static enum st_rc read_data(struct http1 *parser, struct st_span in, size_t *used, enum http1_state next,
                            struct http1_event *event)
{
    size_t n = parser->left < in.n ? (size_t)parser->left : in.n;

    if (n == 0)
        return ST_AGAIN;
    event->kind = HTTP1_DATA;
    event->data = st_span_sub(in, 0, n);
    *used = n;
    parser->left -= n;
    if (parser->left == 0)
        enter(parser, next);
    return ST_OK;
}

static enum st_rc read_until_close(struct st_span in, size_t *used, enum http1_event_kind kind,
                                   struct http1_event *event)
{
    if (in.n == 0)
        return ST_AGAIN;
    event->kind = kind;
    event->data = in;
    *used = in.n;
    return ST_OK;
}

static enum st_rc end_message(struct http1 *parser, struct http1_event *event)
{
    event->kind = HTTP1_END;
    event->trailers = parser->n_trailers > 0 ? parser->trailers : NULL;
    event->n_trailers = parser->n_trailers;
    parser->trailers = NULL;
    parser->n_trailers = 0;
    enter(parser, IN_HEAD);
    return ST_OK;
}

/* One state's work. The three line states of a chunked body move on without an event. */
static enum st_rc step(struct http1 *parser, struct st_arena *arena, struct st_span in, size_t *used,
                       struct http1_event *event, struct st_err *err)
{
    switch (parser->state) {
    case IN_HEAD: return read_head(parser, arena, in, used, event, err);
    case IN_LENGTH: return read_data(parser, in, used, IN_END, event);
    case IN_CHUNK_DATA:
        return read_data(parser, in, used, IN_CHUNK_END, event); /* `left` is 0 then, and counts CR LF */
    case IN_UNTIL_CLOSE: return read_until_close(in, used, HTTP1_DATA, event);
    case IN_TUNNEL: return read_until_close(in, used, HTTP1_TUNNEL, event);
    case IN_CHUNK_SIZE: return read_chunk_size(parser, in, used, err);
    case IN_CHUNK_END: return read_chunk_end(parser, in, used, err);
    case IN_TRAILER: return read_trailer(parser, arena, in, used, err);
    case IN_END: return end_message(parser, event);
    case IN_BROKEN: return st_fail(err, ST_E_PROTO, "http1.feed", "the connection is broken already", 400);
    }
    return ST_ERR;
}

enum st_rc http1_feed(struct http1 *parser, struct st_arena *arena, struct st_span in, size_t *used,
                      struct http1_event *event, struct st_err *err)
{
    enum http1_state before;
    enum st_rc rc;

    ST_CHECK(parser, HTTP1_MAGIC);
    *used = 0;
    memset(event, 0, sizeof *event);
    do {
        size_t n = 0;
        bool makes_event =
            parser->state != IN_CHUNK_SIZE && parser->state != IN_CHUNK_END && parser->state != IN_TRAILER;
        before = parser->state;
        rc = step(parser, arena, st_span_sub(in, *used, in.n - *used), &n, event, err);
        *used += n;
        if (rc == ST_OK && makes_event)
            return ST_OK;
    } while (rc == ST_OK || (rc == ST_AGAIN && before == IN_HEAD && *used < in.n && parser->lines.n == 0));
    return rc == ST_ERR ? broken(parser) : rc;
}

enum st_rc http1_eof(struct http1 *parser, struct http1_event *event, struct st_err *err)
{
    ST_CHECK(parser, HTTP1_MAGIC);
    memset(event, 0, sizeof *event);
    if (parser->state == IN_UNTIL_CLOSE || parser->state == IN_END)
        return end_message(parser, event);
    if ((parser->state == IN_HEAD && parser->lines.n == 0) || parser->state == IN_TUNNEL)
        return ST_AGAIN;
    return st_fail(err, ST_E_CLOSED, "http1.eof", "the peer closed inside a message", 0);
}
