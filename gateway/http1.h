/* SPDX-License-Identifier: Apache-2.0 */
/* http1 - a strict HTTP/1 codec without sockets: bytes in, events out (RFC 9112, RFC 9110).
 *
 * The gateway stands between two parsers that may disagree, so everything ambiguous is refused and what is forwarded is
 * written anew from the parsed head: no byte of a peer's head is passed on as it came. The vectors that peers let
 * through (bare CR, obs-fold, both lengths, chunk oddities, a second Host …) are in tests/unit/gateway/http1_test.c.
 */
#ifndef STOA_GATEWAY_HTTP1_H
#define STOA_GATEWAY_HTTP1_H
#include "base/arena.h"
#include "base/buf.h"
#include <stdbool.h>

struct http_field {
    struct st_span name, value; /* name as sent (case kept), value trimmed */
};
struct http_head {                 /* lives in the arena given to http1_feed */
    struct st_span method, target; /* request */
    unsigned status;               /* response: 100..599 */
    struct st_span reason;
    uint8_t minor;             /* HTTP/1.minor: 0 or 1 */
    uint8_t order[4];          /* of pseudo fields, when it came by HTTP/2: enum http2_pseudo; zeros: as usual */
    struct http_field *fields; /* in the order sent */
    size_t n;
};
/* First field of that name (lower-case literal), or an empty span with p NULL. */
struct st_span http_field_get(const struct http_head *head, const char *name);
size_t http_field_count(const struct http_head *head, const char *name);
/* Does a comma list (Connection, Transfer-Encoding …), over all its fields, hold the token? Case-insensitive. */
bool http_field_has_token(const struct http_head *head, const char *name, const char *token);

/* head without the fields of `skip` (lower case, NULL-terminated, or NULL), with room for `more`; borrows the rest.
 * out may be head. */
ST_MUST enum st_rc http_head_without(struct st_arena *arena, const struct http_head *head, const char *const *skip,
                                     size_t more, struct http_head *out, struct st_err *err);

enum http1_role { HTTP1_REQUEST, HTTP1_RESPONSE };
enum http1_framing { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_UNTIL_CLOSE };

struct http1_limits {
    size_t head_bytes, fields; /* 64 KiB, 128 */
};

#define HTTP1_EVENTS(X) \
    X(HEAD, "head")     \
    X(DATA, "data")     \
    X(END, "end")       \
    X(TUNNEL, "tunnel")
enum http1_event_kind {
#define X(id, name) HTTP1_##id,
    HTTP1_EVENTS(X)
#undef X
};
struct http1_event {
    enum http1_event_kind kind;
    struct http_head *head;      /* HEAD; in the arena */
    enum http1_framing framing;  /* HEAD */
    uint64_t length;             /* HEAD with HTTP1_LENGTH */
    bool is_interim;             /* HEAD: a 1xx other than 101 */
    struct st_span data;         /* DATA: borrowed from the input */
    struct http_field *trailers; /* END; in the arena */
    size_t n_trailers;
};

struct http1; /* one direction of one connection */
ST_MUST struct http1 *http1_new(enum http1_role role, const struct http1_limits *limits);
void http1_free(struct http1 *parser); /* NULL is fine */
/* A response's framing depends on the request it answers: say so before its head arrives. */
void http1_expect(struct http1 *parser, bool is_head_request, bool is_connect);
/* Eats from `in` up to the next event; *used says how much (DATA is borrowed from what was used). ST_OK: *event is set;
 * ST_AGAIN: all of `in` was taken, more is needed; ST_ERR: the peer broke the rules, the connection cannot go on
 * (err->code ST_E_SYNTAX, ST_E_LIMIT or ST_E_PROTO; err->num is the HTTP status to answer a request with: 400, 414,
 * 431, 501, 505). The head of the current message is allocated in `arena`. */
ST_MUST enum st_rc http1_feed(struct http1 *parser, struct st_arena *arena, struct st_span in, size_t *used,
                              struct http1_event *event, struct st_err *err);
/* The peer closed: ST_OK with an END event for HTTP1_UNTIL_CLOSE, ST_AGAIN between messages, ST_E_CLOSED inside one. */
ST_MUST enum st_rc http1_eof(struct http1 *parser, struct http1_event *event, struct st_err *err);

/* Writers. Field names and values were validated when parsed; ST_E_SYNTAX otherwise. `skip` names (lower case,
 * NULL-terminated) are left out; hop-by-hop fields (RFC 9110 §7.6.1) always are. */
ST_MUST enum st_rc http1_write_request(struct st_buf *out, const struct http_head *head, struct st_span target,
                                       const char *const *skip, struct st_err *err);
ST_MUST enum st_rc http1_write_response(struct st_buf *out, const struct http_head *head, const char *const *skip,
                                        struct st_err *err);
/* After the fields a caller adds its own with this, then http1_write_end. */
ST_MUST enum st_rc http1_write_field(struct st_buf *out, const char *name, struct st_span value, struct st_err *err);
void http1_write_end(struct st_buf *out);
void http1_write_chunk(struct st_buf *out, struct st_span data); /* an empty span writes nothing */
void http1_write_last_chunk(struct st_buf *out, const struct http_field *trailers, size_t n);
#endif
