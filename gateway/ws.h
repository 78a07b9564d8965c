/* SPDX-License-Identifier: Apache-2.0 */
/* ws - a strict WebSocket codec without sockets (RFC 6455, permessage-deflate of RFC 7692): bytes in, events out.
 *
 * Messages come out plain: unmasked, put together from their fragments, inflated, their UTF-8 checked. They go out
 * again through a writer of the other side, which masks and deflates anew. Over HTTP/2 (RFC 8441) the same bytes ride
 * in DATA.
 */
#ifndef STOA_GATEWAY_WS_H
#define STOA_GATEWAY_WS_H
#include "base/buf.h"
#include <stdbool.h>

enum ws_from { WS_FROM_CLIENT, WS_FROM_SERVER }; /* who made the frames; a client masks, a server does not */

/* Close codes that this codec gives or tells (RFC 6455 §7.4.1). */
enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_NONE = 1005, /* the close frame named no code; never sent */
    WS_CLOSE_DATA = 1007, /* text is not UTF-8, or compressed bytes are broken */
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_SIZE = 1009,
    WS_CLOSE_INTERNAL = 1011
};

/* What both ends agreed on; all zero when there is no compression. Bits are 8 to 15. */
struct ws_deflate {
    bool is_on, client_no_takeover, server_no_takeover;
    uint8_t client_bits, server_bits; /* window of what the client, the server sends */
};

struct ws_limits {
    uint64_t message;            /* plain bytes of one message: 16 MiB */
    uint32_t ratio, ratio_grace; /* plain over compressed, asked once a message is beyond grace: 200, 1 MiB */
    uint32_t controls, controls_per_second; /* control and empty frames: bucket and refill: 200, 20 */
};

#define WS_EVENTS(X)                  \
    X(MESSAGE_BEGIN, "message-begin") \
    X(DATA, "data")                   \
    X(MESSAGE_END, "message-end")     \
    X(PING, "ping")                   \
    X(PONG, "pong")                   \
    X(CLOSE, "close")
enum ws_event_kind {
#define X(id, name) WS_##id,
    WS_EVENTS(X)
#undef X
};
struct ws_event {
    enum ws_event_kind kind;
    bool is_text, is_deflated; /* MESSAGE_BEGIN, DATA, MESSAGE_END: the message came compressed */
    struct st_span data;       /* DATA: plain bytes; PING, PONG: payload; CLOSE: reason. Dies at the next feed. */
    unsigned code;             /* CLOSE */
};

struct ws; /* one direction of one socket */
/* deflate NULL: not negotiated. NULL when memory is out. */
ST_MUST struct ws *ws_new(enum ws_from from, const struct ws_limits *limits, const struct ws_deflate *deflate);
void ws_free(struct ws *ws); /* NULL is fine */
/* From now on the compressed bytes of each compressed message are kept in raw too (emptied at its begin), for
 * ws_write_raw; NULL stops it. raw is the caller's and outlives ws; its ceiling ends the socket with 1009. */
void ws_keep_raw(struct ws *ws, struct st_buf *raw);
/* Eats from `in` up to the next event; *used says how much. ST_OK: *event is set; ST_AGAIN: all of `in` was taken, more
 * is needed; ST_ERR: the peer broke the rules and err->num is the close code to answer with (1002, 1007, 1008, 1009,
 * 1011). What follows a close frame is taken and forgotten. */
ST_MUST enum st_rc ws_feed(struct ws *ws, struct st_span in, size_t *used, struct ws_event *event, struct st_err *err);
bool ws_is_idle(const struct ws *ws); /* between messages and between frames: the socket may end here */

/* ---- writing ---- */

struct ws_writer; /* one direction of one socket */
/* keep_context: compress with what earlier messages left, where the agreement lets it; costs the memory of a deflate
 * state (up to 256 KiB) for the socket's life. Without it each message stands alone, which any agreement allows. */
ST_MUST struct ws_writer *ws_writer_new(enum ws_from from, const struct ws_deflate *deflate, bool keep_context);
void ws_writer_free(struct ws_writer *writer); /* NULL is fine */
/* What a call below writes: one frame, unless compression has nothing to say yet. */
struct ws_part {
    bool is_text, is_first, is_last;
    bool is_deflated; /* asked for with the first part; left out where the agreement or zlib cannot */
    struct st_span data;
};
ST_MUST enum st_rc ws_write(struct ws_writer *writer, struct st_buf *out, const struct ws_part *part,
                            struct st_err *err);
/* A whole message whose data are already compressed (ws_keep_raw). Sound only while every message of this direction
 * since the handshake went out unchanged, or the sender agreed to no context takeover: the receiver's window must be
 * what the sender's was. Not to be mixed with keep_context. */
ST_MUST enum st_rc ws_write_raw(struct ws_writer *writer, struct st_buf *out, bool is_text, struct st_span compressed,
                                struct st_err *err);
/* payload up to 125 bytes. */
ST_MUST enum st_rc ws_write_ping(struct ws_writer *writer, struct st_buf *out, struct st_span payload,
                                 struct st_err *err);
ST_MUST enum st_rc ws_write_pong(struct ws_writer *writer, struct st_buf *out, struct st_span payload,
                                 struct st_err *err);
/* The reason is cut at a character to fit into 123 bytes; WS_CLOSE_NONE writes an empty frame. */
ST_MUST enum st_rc ws_write_close(struct ws_writer *writer, struct st_buf *out, unsigned code, struct st_span reason,
                                  struct st_err *err);

/* ---- handshake ---- */

struct http_head;
bool ws_is_asked(const struct http_head *head); /* Upgrade and Connection say so; the token's case does not matter */
#define WS_KEY_LEN    24
#define WS_ACCEPT_LEN 28
/* Sec-WebSocket-Key: 16 bytes in base64, canonical. */
bool ws_is_key(struct st_span key);
ST_MUST enum st_rc ws_key(char out[WS_KEY_LEN + 1], struct st_err *err); /* a new one */
/* Sec-WebSocket-Accept for a key (gateway/tls_sha1.c: OpenSSL has one door). */
ST_MUST enum st_rc ws_accept(struct st_span key, char out[WS_ACCEPT_LEN + 1], struct st_err *err);
/* A client's Sec-WebSocket-Extensions with only those offers left that this codec can carry, written anew; empty when
 * none is. Several fields are to be joined with commas first. */
ST_MUST enum st_rc ws_filter_offer(struct st_span value, struct st_buf *out, struct st_err *err);
/* A server's answer to that (filtered) offer. ST_E_PROTO: it names what was not offered or is malformed, and the
 * handshake fails (RFC 6455 §4.1, RFC 7692 §7). An empty value is no compression. */
ST_MUST enum st_rc ws_read_answer(struct st_span value, struct st_span offer, struct ws_deflate *out,
                                  struct st_err *err);
#endif
