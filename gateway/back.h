/* SPDX-License-Identifier: Apache-2.0 */
/* back - the origin's side of one exchange, whatever protocol the origin speaks: the mirror of front.h.
 *
 * An exchange gives its request to a back as a head, data and an end, and reads the answer from it as the events of
 * http1.h, at its own pace. back_http1.c puts that on a connection of its own, back_streams.c on one stream of an
 * HTTP/2 session that other exchanges share. Only a back knows how a message is framed towards the origin. reach.c
 * makes one.
 *
 * A request that asks for a WebSocket is told by is_socket. When the origin agrees, read gives a HEAD with status 101,
 * in either protocol; from then on both directions are plain bytes: data and end send them, read gives DATA and, when
 * the origin ends its side, END.
 */
#ifndef STOA_GATEWAY_BACK_H
#define STOA_GATEWAY_BACK_H
#include "gateway/http1.h"

struct upstream;

struct back_request { /* all borrowed; HTTP/1's shape */
    const struct http_head *head;
    struct st_span target;      /* origin form, or "*" */
    const char *const *skip;    /* lower-case names that are left out; NULL-terminated */
    struct st_span host;        /* authority when head has no Host */
    enum http1_framing framing; /* of what follows */
    uint64_t length;            /* HTTP1_LENGTH */
    bool is_end;                /* no body follows: neither data nor end is called */
    bool is_socket;             /* a WebSocket handshake: GET with Upgrade (RFC 6455 §4; RFC 8441 in HTTP/2) */
};

/* What the failure of read says about the request. */
enum back_loss {
    BACK_CUT,        /* the origin may have acted on it */
    BACK_STALE,      /* the connection had been used, and ended before a byte of the answer: likely it was not seen */
    BACK_UNTOUCHED,  /* the origin says that it did nothing with it */
    BACK_WANTS_HTTP1 /* neither, and wants it by HTTP/1.1 */
};

struct back;
struct back_ops {
    enum st_rc (*head)(struct back *back, struct st_arena *arena, const struct back_request *request,
                       struct st_err *err);
    enum st_rc (*data)(struct back *back, struct st_span data, struct st_err *err); /* at most what room says */
    enum st_rc (*end)(struct back *back, const struct http_field *trailers, size_t n, struct st_err *err);
    size_t (*room)(struct back *back); /* for data or an end now; when it is 0, the owner is stepped once there is */
    /* The next event of the answer; what it borrows lives until took is called, which has to follow; DATA holds at most
     * max bytes. ST_AGAIN: more is needed. ST_ERR: the answer is not whole and never will be; loss says more. */
    enum st_rc (*read)(struct back *back, struct st_arena *arena, size_t max, struct http1_event *event,
                       struct st_err *err);
    void (*took)(struct back *back);
    enum back_loss (*loss)(const struct back *back, uint32_t *code); /* enum http2_code: for a client of HTTP/2 */
    void (*flush)(struct back *back);                                /* what was given may leave */
    /* The exchange is over. A connection that can serve the next one on its own comes back in *spare, which is NULL
     * before. Whatever is not whole is cut off. */
    void (*close)(struct back *back, struct upstream **spare);
};
struct back { /* embedded in who implements it */
    const struct back_ops *ops;
};

/* back_http1.c; of HTTP/2: sessions.h. Owns the upstream, which is READY, from now on also when it fails. */
ST_MUST enum st_rc back_http1_open(struct upstream *upstream, const struct http1_limits *limits, struct back **out,
                                   struct st_err *err);
#endif
