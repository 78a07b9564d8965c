/* SPDX-License-Identifier: Apache-2.0 */
/* http2 - an HTTP/2 session without sockets: bytes in, events out; heads and bodies in, bytes out (RFC 9113, 8441).
 *
 * A thin, strict layer over nghttp2. Flow control is explicit: a peer gets credit only for what http2_consume names,
 * and what is sent waits in a buffer per stream that has a ceiling. Whatever a peer can make this side do for nothing
 * (pings, settings, resets, empty frames) costs tokens; when they run out the session says GOAWAY ENHANCE_YOUR_CALM and
 * ends. Heads have the shape of http1.h, so that one side may speak HTTP/2 and the other HTTP/1.
 */
#ifndef STOA_GATEWAY_HTTP2_H
#define STOA_GATEWAY_HTTP2_H
#include "gateway/http1.h"

enum http2_role { HTTP2_SERVER, HTTP2_CLIENT };

/* RFC 9113 §7; what the gateway itself gives or looks at. */
enum http2_code {
    HTTP2_NO_ERROR = 0,
    HTTP2_PROTOCOL_ERROR = 1,
    HTTP2_INTERNAL_ERROR = 2,
    HTTP2_REFUSED_STREAM = 7, /* nothing was done with it: may be sent again elsewhere */
    HTTP2_CANCEL = 8,
    HTTP2_CONNECT_ERROR = 10,
    HTTP2_ENHANCE_YOUR_CALM = 11,
    HTTP2_HTTP_1_1_REQUIRED = 13
};

struct http2_limits {
    size_t head_bytes, fields;              /* one head as RFC 9113 §6.5.2 counts it: 64 KiB; 128 */
    uint32_t streams;                       /* the peer may have open: 100 */
    uint32_t window, connection_window;     /* credit a peer begins with: per stream, in all (at least 65535). A
                                               client gives the latter back at once: its streams' windows bound it */
    size_t stream_out;                      /* body bytes that wait to be sent, per stream: 64 KiB */
    size_t queue;                           /* frames that wait to be pulled: 1000 */
    size_t memory;                          /* nghttp2's own: 8 MiB */
    uint32_t glitches, glitches_per_second; /* tokens for pointless frames: 1000, 100 */
    bool offer_connect;                     /* extended CONNECT in our first SETTINGS (server) */
};

/* The pseudo fields' order (http_head.order) is one thing that origins look at; a head that came in keeps it going
 * out. Zeros: method, authority, scheme, path. */
enum http2_pseudo { HTTP2_NO_PSEUDO, HTTP2_METHOD, HTTP2_SCHEME, HTTP2_AUTHORITY, HTTP2_PATH };

struct http2_head {
    struct http_head head; /* method and target (":path") or status; fields without pseudo fields and Host */
    struct st_span scheme, authority, protocol; /* of a request; protocol: of an extended CONNECT, else empty */
};

struct http2;        /* one connection */
struct http2_stream; /* one request and its response; lives until both it is closed and http2_release was called */

#define HTTP2_EVENTS(X)     \
    X(HEAD, "head")         \
    X(DATA, "data")         \
    X(END, "end")           \
    X(CLOSED, "closed")     \
    X(WRITABLE, "writable") \
    X(SETTINGS, "settings") \
    X(GOAWAY, "goaway")     \
    X(PONG, "pong")
enum http2_event_kind {
#define X(id, name) HTTP2_##id,
    HTTP2_EVENTS(X)
#undef X
};
struct http2_event {
    enum http2_event_kind kind;
    struct http2_stream *stream;       /* NULL for SETTINGS, GOAWAY, PONG */
    void *user;                        /* of the stream, as bound */
    const struct http2_head *head;     /* HEAD; borrowed until the handler returns: http2_head_take keeps it */
    bool is_interim, is_end;           /* HEAD: a 1xx; no body follows (END comes all the same) */
    struct st_span data;               /* DATA: borrowed until the handler returns; owes http2_consume */
    const struct http_field *trailers; /* END; borrowed as head is */
    size_t n_trailers;
    uint32_t code; /* CLOSED, GOAWAY: enum http2_code; CLOSED with 0: both messages are whole, or the peer wanted no
                      more of ours */
};
/* Called from http2_feed, http2_pull and http2_close_all. May call everything below but these three and http2_free. A
 * server's first HEAD of a stream is where it learns of it; http2_bind there. */
typedef void http2_event_f(void *ctx, struct http2 *session, const struct http2_event *event);

/* Both prefaces (SETTINGS, window) are ready to pull afterwards. */
ST_MUST enum st_rc http2_new(enum http2_role role, const struct http2_limits *limits, http2_event_f *handler, void *ctx,
                             struct http2 **out, struct st_err *err);
/* Streams go with it, without events; NULL is fine. */
void http2_free(struct http2 *session);
/* The connection is lost: CLOSED with that code for every stream that is not closed yet. */
void http2_close_all(struct http2 *session, uint32_t code);

/* Takes all of in. ST_ERR: the connection cannot go on (ST_E_LIMIT: a flood, ST_E_PROTO, ST_E_NOMEM); pull what is
 * left, which says GOAWAY, and close. Do not feed while what was pulled cannot be sent: that is the peer's
 * backpressure. */
ST_MUST enum st_rc http2_feed(struct http2 *session, struct st_span in, struct st_err *err);
/* Appends frames to out until it holds max bytes or nothing waits; one frame (16 KiB + 9) may go beyond max, and
 * out->limit has to allow that. ST_AGAIN: nothing was there. */
ST_MUST enum st_rc http2_pull(struct http2 *session, struct st_buf *out, size_t max, struct st_err *err);
bool http2_has_output(const struct http2 *session);
bool http2_is_over(const struct http2 *session); /* nothing to read or write any more: close */

/* ---- a client's streams ---- */
/* May a request be opened now? False after GOAWAY, at the peer's limit of streams, or when the numbers are used up. */
bool http2_can_request(const struct http2 *session);
/* Opens a stream; hop-by-hop fields (RFC 9110 §7.6.1) are left out, names put into lower case. ST_AGAIN: not now, see
 * http2_can_request. ST_E_PROTO: extended CONNECT that the peer did not offer. */
ST_MUST enum st_rc http2_request(struct http2 *session, const struct http2_head *head, bool is_end, void *user,
                                 struct http2_stream **out, struct st_err *err);
/* ---- a server's streams ---- */
/* A 1xx may come any number of times before the final head. */
ST_MUST enum st_rc http2_response(struct http2_stream *stream, const struct http2_head *head, bool is_end,
                                  struct st_err *err);
/* Announces extended CONNECT later than in the first SETTINGS: once the origin is known to offer it. */
ST_MUST enum st_rc http2_offer_connect(struct http2 *session, struct st_err *err);

/* ---- both ---- */
/* Puts up to all of data into the stream's buffer; *taken says how much. When that is less, WRITABLE follows. ST_ERR:
 * the stream is closed or its end was sent. */
ST_MUST enum st_rc http2_send(struct http2_stream *stream, struct st_span data, size_t *taken, struct st_err *err);
size_t http2_waiting(const struct http2_stream *stream); /* memory of the bytes that wait to be sent */
/* What http2_send would take; 0 once it is closed. When it is 0 on an open one, WRITABLE follows. */
size_t http2_room(struct http2_stream *stream);
/* Nothing more is sent on this stream; trailers (NULL, 0 for none) are copied. */
ST_MUST enum st_rc http2_end(struct http2_stream *stream, const struct http_field *trailers, size_t n,
                             struct st_err *err);
/* n bytes of DATA are buffered within budget or gone: the peer may send as many more. Works on a closed stream too. */
void http2_consume(struct http2_stream *stream, size_t n);
/* The peer may have n more bytes under way on this stream than before. */
void http2_widen(struct http2_stream *stream, uint32_t n);
void http2_reset(struct http2_stream *stream, uint32_t code); /* CLOSED follows when the frame is pulled */
/* The caller is through with it: no more events; bytes it still owes are credited, bytes that still come are dropped.
 * A response whose end was given is still sent; any other open stream is reset with HTTP2_CANCEL. NULL is fine. */
void http2_release(struct http2_stream *stream);
void http2_bind(struct http2_stream *stream, void *user);
void *http2_user(const struct http2_stream *stream);
int32_t http2_stream_id(const struct http2_stream *stream);

ST_MUST enum st_rc http2_ping(struct http2 *session, struct st_err *err); /* PONG answers */
/* is_notice (server): streams in flight are still taken; send the real one a while later. */
ST_MUST enum st_rc http2_goaway(struct http2 *session, bool is_notice, uint32_t code, struct st_err *err);
/* The peer's SETTINGS, or the protocol's defaults before they came. */
bool http2_peer_offers_connect(const struct http2 *session);
uint32_t http2_peer_streams(const struct http2 *session);
size_t http2_streams(const struct http2 *session); /* that are not closed */
size_t http2_memory(const struct http2 *session);  /* bytes that nghttp2 holds */

/* Copies into arena. */
ST_MUST enum st_rc http2_head_take(struct st_arena *arena, const struct http2_head *from, struct http2_head **out,
                                   struct st_err *err);
/* A request's head for HTTP/1.1: Host in front, cookie pieces joined (RFC 9113 §8.2.3). Borrows from `from` what it
 * can; the body's framing is the caller's. */
ST_MUST enum st_rc http2_as_http1(struct st_arena *arena, const struct http2_head *from, struct http_head **out,
                                  struct st_err *err);
#endif
