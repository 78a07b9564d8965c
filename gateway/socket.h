/* SPDX-License-Identifier: Apache-2.0 */
/* socket - a WebSocket after its handshake: two pipes with an inspection between the client and the origin.
 *
 * It knows neither protocol underneath: front.h and back.h give and take plain bytes since the 101. Each message of the
 * client is held until it is whole, judged as a request's body is, and goes on, goes on redacted, or stays here. What
 * the origin sends goes through frame by frame.
 */
#ifndef STOA_GATEWAY_SOCKET_H
#define STOA_GATEWAY_SOCKET_H
#include "gateway/back.h"
#include "gateway/front.h"
#include "gateway/link.h"
#include "gateway/worker.h"
#include "gateway/ws.h"
#include "lua-plugins/plugins.h"

struct socket_open { /* all borrowed; outlives the socket */
    struct worker *worker;
    struct front *front;
    struct back *back;
    struct st_arena *arena;
    const char *person, *host;
    const struct http_head *head; /* of the handshake */
    struct lp_request req;        /* of the handshake: host, path, query */
    struct ws_deflate deflate;    /* what both ends agreed on */
    bool is_unread;               /* bytes go through, nobody looks into them */
    bool is_call;                 /* no socket, but a call (call.c): messages are of the request's type */
    link_event_f *on_event;       /* its timer fired: step */
    void *ctx;
};

enum socket_outcome {
    SOCKET_GOES_ON,
    SOCKET_FINISHED, /* what was given to front and back may be written, then both end */
    SOCKET_CUT       /* the client is gone */
};

struct socket;
ST_MUST struct socket *socket_new(const struct socket_open *open); /* NULL when memory is out */
void socket_free(struct socket *socket);                           /* NULL is fine */
size_t socket_memory(const struct socket *socket);                 /* bytes it takes up now */
/* The only entry: on every event of either side and of its timer. */
enum socket_outcome socket_step(struct socket *socket);
#endif
