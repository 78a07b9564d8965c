/* SPDX-License-Identifier: Apache-2.0 */
/* client - one slot of the load: a connection through a proxy (or straight), and the request it is at. */
#ifndef STOA_BENCH_CLIENT_H
#define STOA_BENCH_CLIENT_H
#include "bench/echo.h"
#include "bench/message.h"
#include "bench/streams.h"
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdint.h>

#define PLAN_REQUESTS 4

struct plan_request {
    char *bytes; /* ready to send; NULL in names: these are made for each connection */
    size_t len, head_len;
};

/* What every client of a run does; set once, borrowed by all. */
struct plan {
    struct sockaddr_in to; /* the proxy, or the server when there is no target */
    SSL_CTX *tls;
    const char *name;   /* for SNI, the certificate and Host */
    const char *target; /* HOST:PORT for CONNECT; ":PORT" means the name; NULL: no CONNECT */
    bool is_fresh;      /* a new connection for each request */
    bool resumes;       /* a new connection offers the slot's last session */
    bool has_names;     /* each new connection has a name never used: n0.NAME, n1.NAME ... */
    unsigned next_name;
    unsigned streams; /* of HTTP/2 on each connection; 0: HTTP/1.1 */
    bool is_socket;   /* requests are messages of a WebSocket, and their echoes */
    struct plan_request requests[PLAN_REQUESTS], handshake;
    char path[64];
    uint64_t handshakes, offered, resumed; /* counted by the clients */
};

enum client_state {
    CLIENT_AT_REST,
    CLIENT_OPEN,
    CLIENT_ASK,
    CLIENT_ASKED,
    CLIENT_SHAKE,
    CLIENT_SEND,
    CLIENT_SWITCH,
    CLIENT_ECHO,
    CLIENT_AWAIT,
    CLIENT_STREAMS
};
enum client_event { CLIENT_GOES_ON, CLIENT_BLOCKED, CLIENT_REPLIED, CLIENT_FAILED }; /* the first stays inside */

struct client {
    enum client_state state, then; /* then: when all is sent */
    int fd;                        /* -1: none */
    SSL *ssl;
    SSL_SESSION *session; /* the newest ticket of this slot; owned */
    char name[128], own[512];
    const char *out;
    size_t out_len, sent;
    unsigned asked; /* requests in this phase; kept by the load */
    unsigned turn;  /* which of the plan's requests is next */
    uint64_t began;
    const char *why; /* of a failure: a literal */
    struct message reply;
    struct streams *streams; /* owned; of an HTTP/2 connection */
    unsigned open;           /* streams asked for */
    char frame[ECHO_FRAME_MAX];
    size_t frame_len;
};

/* What follows the name in Host, as a browser writes it: ":PORT" when that is not 443, else nothing. */
const char *plan_port(const struct plan *plan);
void client_init(struct client *c, unsigned turn);
void client_fini(struct client *c);
/* Begins the next request, on the connection there is or on a new one; then call client_step. */
bool client_begin(struct client *c, struct plan *plan, int epoll);
bool client_has_room(const struct client *c, const struct plan *plan); /* for one more stream */
/* Goes on until the socket has no more to give or take, the reply is whole, or it failed (the connection is then shut).
 */
enum client_event client_step(struct client *c, struct plan *plan);

/* Shuts the connection and says why, as a failed step does. */
enum client_event client_fail(struct client *c, const char *why);

uint64_t bench_now(void); /* monotonic ns */
#endif
