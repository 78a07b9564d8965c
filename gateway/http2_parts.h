/* SPDX-License-Identifier: Apache-2.0 */
/* http2_parts - what the http2*.c files share; includes nghttp2, so nobody else includes it. */
#ifndef STOA_GATEWAY_HTTP2_PARTS_H
#define STOA_GATEWAY_HTTP2_PARTS_H
#include "gateway/glitch.h"
#include "gateway/http2.h"
#include <nghttp2/nghttp2.h>

#define HTTP2_MAGIC        0x68747432u
#define HTTP2_STREAM_MAGIC 0x68327374u

/* RELEASED: nobody outside holds it (also before a server has told of it); it is freed once nghttp2 closed it. */
enum http2_life { LIFE_LIVE, LIFE_RESET, LIFE_CLOSED, LIFE_RELEASED };
enum http2_in { IN_HEAD, IN_BODY, IN_END };
enum http2_out { OUT_HEAD, OUT_BODY, OUT_ENDING, OUT_SENT };

struct http2_fields { /* what goes out, in nghttp2's shape; borrows from the head */
    nghttp2_nv *nv;   /* owned */
    size_t n;
};

struct http2_stream {
    unsigned magic;
    int32_t id;
    struct http2 *session;
    struct http2_stream *prev, *next;
    void *user;
    enum http2_life life;
    enum http2_in in;
    enum http2_out out;
    bool is_deferred;         /* nghttp2 waits for http2_send or http2_end */
    bool is_hungry, is_ready; /* http2_send could not take all; WRITABLE is due */
    uint32_t reset_code;
    struct st_buf wait; /* body bytes to send, from wait_at on */
    size_t wait_at, owed;
    struct http2_fields trailers; /* borrows from trailer_bytes */
    uint8_t *trailer_bytes;       /* owned */
};

struct http2_line {
    nghttp2_rcbuf *name, *value; /* one reference each */
};
enum http2_block_kind { BLOCK_GOOD, BLOCK_BIG };
struct http2_block { /* the header block that is being received; there is never more than one */
    enum http2_block_kind kind;
    struct http2_line *lines; /* owned; gone between blocks */
    size_t n, cap, bytes;
    size_t frames; /* CONTINUATION */
};

/* DEAD: takes nothing more, err says why; LOST: nghttp2 is not called any more at all. */
enum http2_state { SESSION_OPEN, SESSION_DEAD, SESSION_LOST };

struct http2 {
    unsigned magic;
    enum http2_role role;
    struct http2_limits limits;
    http2_event_f *handler;
    void *ctx;
    nghttp2_session *ng;
    nghttp2_mem mem;
    struct http2_chunk *chunks; /* owned; what nghttp2 holds */
    size_t held;                /* their bytes */
    bool is_inside;             /* of nghttp2: feed and pull may not be called */
    enum http2_state state;
    struct st_err err;
    struct glitch glitch;
    unsigned updates; /* WINDOW_UPDATE frames seen */
    struct http2_block block;
    struct http2_stream *streams;
    size_t records, open; /* all of the list; those that nghttp2 has not closed */
    size_t ready;         /* streams with is_ready */
};

/* http2_memory.c */
void http2_memory_init(struct http2 *session);
void http2_memory_fini(struct http2 *session);

/* http2.c */
void http2_emit(struct http2 *session, struct http2_event *event);
/* Spends tokens; when they are gone the session is ended and the callback's answer is the error. */
int http2_spend(struct http2 *session, uint32_t tokens, const char *what);
/* An answer of nghttp2 as an error of the house. */
enum st_rc http2_fail(struct http2 *session, int rc, struct st_err *err, const char *where);

/* http2_stream.c */
ST_MUST struct http2_stream *http2_stream_new(struct http2 *session, int32_t id, enum http2_life life);
void http2_stream_free(struct http2_stream *stream);
/* nghttp2 is through with it; the stream may be gone afterwards. */
void http2_stream_closed(struct http2_stream *stream, uint32_t code);
void http2_stream_sent_end(struct http2_stream *stream);
void http2_tell_ready(struct http2 *session);

/* http2_head.c */
int http2_on_header(nghttp2_session *ng, const nghttp2_frame *frame, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                    uint8_t flags, void *ctx);
void http2_block_reset(struct http2 *session);
/* The block is whole: tells HEAD, END, or refuses. Answers what a callback of nghttp2 answers. */
int http2_block_done(struct http2 *session, struct http2_stream *stream, bool is_end);

/* http2_fields.c */
ST_MUST enum st_rc http2_check_request(const struct http2_head *head, struct st_err *err);
ST_MUST enum st_rc http2_fields_request(const struct http2_head *head, struct http2_fields *out, struct st_err *err);
ST_MUST enum st_rc http2_fields_response(const struct http2_head *head, char status[4], struct http2_fields *out,
                                         struct st_err *err);
ST_MUST enum st_rc http2_fields_trailers(const struct http_field *trailers, size_t n, struct http2_fields *out,
                                         struct st_err *err);
void http2_fields_fini(struct http2_fields *fields);
bool http2_is_forbidden_trailer(struct st_span name);
#endif
