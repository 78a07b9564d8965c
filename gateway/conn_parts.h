/* SPDX-License-Identifier: Apache-2.0 */
/* conn_parts - the inside of a client connection, for the files that share its work: conn.c (birth, exchanges, end),
 * conn_door.c (what comes before the first request), conn_open.c (a tunnel: passed, refused or opened). Nobody else
 * includes it.
 */
#ifndef STOA_GATEWAY_CONN_PARTS_H
#define STOA_GATEWAY_CONN_PARTS_H
#include "gateway/conn.h"
#include "gateway/hello.h"
#include "gateway/joint.h"
#include "gateway/proxy_header.h"
#include "gateway/splice.h"
#include "gateway/txn.h"

struct streams;

#define CONN_MAGIC 0x636f6e6eu

#define CONN_STATES(X)                                            \
    X(DOOR)    /* it was accepted */                              \
    X(PROXY)   /* its PROXY header is read */                     \
    X(WELCOME) /* the certificate of the proxy itself is due */   \
    X(GREET)   /* the handshake with the proxy itself */          \
    X(GUESS)   /* brought here: TLS, HTTP or something else */    \
    X(CLEAR)                                                      \
    X(DIAL)                                                       \
    X(PEEK)                                                       \
    X(REACH) /* it passes, and its client waits for the origin */ \
    X(SPLICE)                                                     \
    X(PREPARE)                                                    \
    X(HANDSHAKE)                                                  \
    X(TLS)                                                        \
    X(STREAMS)                                                    \
    X(GONE)
enum conn_state {
#define X(id) CONN_##id,
    CONN_STATES(X)
#undef X
};

enum conn_leaf {
    LEAF_UNASKED,
    LEAF_DUE,
    LEAF_DECIDED, /* it is there, or will not be */
};

struct conn {
    unsigned magic;
    enum conn_state state; /* written by enter only */
    struct conn *next, **link_in_list;
    struct worker *worker;
    struct link *client; /* owned */
    struct http1 *parser;
    struct front_http1 front; /* of txn */
    struct txn_env env;
    struct txn *txn;                 /* owned; the exchange under way */
    struct streams *streams;         /* owned; an HTTP/2 client's exchanges */
    struct rules *door;              /* one reference until it is through the door; then NULL */
    const struct pol_listen *listen; /* of door */
    struct address from;             /* the client's */
    char person[256];
    struct target connect;    /* where CONNECT, or a connection that was brought here, wants to go */
    enum pol_route route;     /* of the CONNECT host, then of both names */
    enum pol_unknown unknown; /* the same */
    char name[256];           /* SNI, else the CONNECT host */
    struct upstream *origin;  /* owned; being reached, or spliced */
    struct leaf_wait leaf;
    enum conn_leaf leaf_state; /* written by leaf_enter (conn_open.c) only */
    bool is_late, hello_began;
    bool offers_http2; /* the client does */
    struct splice splice;
    struct joint *joint; /* owned; the splice goes on inside the kernel */
    uint64_t joined_at;  /* bytes before that */
    struct st_timer timer;
    struct later_item gone, again;
};

/* The only writer of conn->state. */
void conn_enter(struct conn *conn, enum conn_state next);
void conn_arm(struct conn *conn, int64_t ms); /* is_late and a step after that */

enum conn_ending {
    CONN_CUT,    /* at once */
    CONN_FINISH, /* what is queued is written first */
};
void conn_end(struct conn *conn, enum conn_ending ending);
void conn_step(void *ctx); /* the only entry: links, the origin, the leaf and timers call it */

/* The client's handshake is done: exchanges follow one another, or HTTP/2's streams begin. Always ST_OK. */
enum st_rc conn_start_exchanges(struct conn *conn);

/* conn_door.c */
enum st_rc conn_door(struct conn *conn);
enum st_rc conn_proxy(struct conn *conn);
enum st_rc conn_welcome(struct conn *conn);
enum st_rc conn_greet(struct conn *conn);
enum st_rc conn_guess(struct conn *conn);

/* conn_open.c: what each state does. ST_OK: the state changed; ST_AGAIN: it waits. */
void conn_wait_for_leaf(struct conn *conn, const char *name); /* LEAF_DUE until it is there, or will not be */
/* Our side of the client's TLS, with that leaf. NULL: there is none, and the connection has ended. */
ST_MUST struct tls *conn_accept(struct conn *conn);
bool conn_route(struct conn *conn, const char *host, struct pol_routed *out); /* true: for announced uploads alone */
/* The first bytes that the client sent, at most HELLO_MAX, in one piece; until the next call. */
struct st_span conn_first_bytes(struct conn *conn);
bool conn_passes_unknown(const struct conn *conn); /* what is neither TLS nor HTTP may go to the host */
enum st_rc conn_start_reach(struct conn *conn);    /* it passes: connects, then splices */
enum st_rc conn_start_prepare(struct conn *conn);
enum st_rc conn_reach(struct conn *conn);
enum st_rc conn_open_tunnel(struct conn *conn); /* CLEAR: the exchange under way is a CONNECT */
enum st_rc conn_dial(struct conn *conn);
enum st_rc conn_peek(struct conn *conn);
enum st_rc conn_pass(struct conn *conn);
enum st_rc conn_prepare(struct conn *conn);
enum st_rc conn_handshake(struct conn *conn);
#endif
