/* SPDX-License-Identifier: Apache-2.0 */
/* front - the client's side of one exchange, whatever protocol the client speaks.
 *
 * An exchange reads its request from a front as the events of http1.h, piece by piece at its own pace, and gives its
 * answer to it as a head, data and an end. front_http1.c puts that on a connection of its own; streams.c on one stream
 * of an HTTP/2 connection. Only a front knows how a message is framed towards the client.
 *
 * After an answer with status 101, which only a WebSocket's handshake gets, both directions are plain bytes: read gives
 * DATA and, when the client ends its side, END; data and end send them.
 */
#ifndef STOA_GATEWAY_FRONT_H
#define STOA_GATEWAY_FRONT_H
#include "gateway/http1.h"

struct link;

struct front_answer { /* all borrowed */
    const struct http_head *head;
    const char *const *skip;    /* lower-case names that are left out; NULL-terminated */
    struct st_span coach;       /* our own field; empty: none */
    enum http1_framing framing; /* as the origin sent it */
    bool is_end;                /* no body follows */
    bool is_old;                /* HTTP/1.0 asked */
    bool closes;                /* the connection ends after it */
    bool is_bound;              /* who asked is known by the connection (NTLM, Negotiate) */
};

struct front;
struct front_ops {
    /* The next event of the request; what it borrows lives until took is called, which has to follow; DATA holds at
     * most max bytes. ST_AGAIN: more is needed. ST_E_CLOSED: the client went away. */
    enum st_rc (*read)(struct front *front, struct st_arena *arena, size_t max, struct http1_event *event,
                       struct st_err *err);
    void (*took)(struct front *front);
    bool (*has_input)(const struct front *front); /* something is there that was not read */
    /* A 1xx. */
    enum st_rc (*interim)(struct front *front, const struct http_head *head, const char *const *skip,
                          struct st_err *err);
    enum st_rc (*head)(struct front *front, struct st_arena *arena, const struct front_answer *answer,
                       struct st_err *err);
    enum st_rc (*data)(struct front *front, struct st_span data, struct st_err *err); /* at most what room says */
    enum st_rc (*end)(struct front *front, const struct http_field *trailers, size_t n, struct st_err *err);
    /* A whole answer as refuse.c writes it. */
    enum st_rc (*refusal)(struct front *front, struct st_arena *arena, struct st_span message, struct st_err *err);
    size_t (*room)(struct front *front); /* for data now; when it is 0, the owner is stepped once there is some */
    bool (*is_gone)(const struct front *front);
    void (*flush)(struct front *front); /* what was given may leave */
};
struct front { /* embedded in who implements it */
    const struct front_ops *ops;
};

/* One after the other on a connection that is the exchange's alone. */
struct front_http1 {
    struct front front;
    struct link *client;
    struct http1 *parser; /* of its requests */
    size_t used;          /* of what read gave out */
    bool is_chunked;      /* the answer under way */
    bool is_raw;          /* there was a 101: no messages any more */
    struct st_span key;   /* of a WebSocket's handshake; in the exchange's arena */
};
extern const struct front_ops front_http1_ops;
#endif
