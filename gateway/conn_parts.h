/* SPDX-License-Identifier: Apache-2.0 */
/* conn_parts - the inside of a client connection, for the files that share its work: conn.c (birth, exchanges, end) and
 * conn_open.c (a tunnel: passed, refused or opened). Nobody else includes it.
 */
#ifndef STOA_GATEWAY_CONN_PARTS_H
#define STOA_GATEWAY_CONN_PARTS_H
#include "gateway/conn.h"
#include "gateway/splice.h"
#include "gateway/txn.h"

struct streams;

#define CONN_MAGIC 0x636f6e6eu

#define CONN_STATES(X) \
    X(CLEAR)           \
    X(DIAL)            \
    X(PEEK)            \
    X(SPLICE)          \
    X(PREPARE)         \
    X(HANDSHAKE)       \
    X(TLS)             \
    X(STREAMS)         \
    X(GONE)
enum conn_state {
#define X(id) CONN_##id,
    CONN_STATES(X)
#undef X
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
    struct txn *txn;         /* owned; the exchange under way */
    struct streams *streams; /* owned; an HTTP/2 client's exchanges */
    char person[256];
    struct target connect;   /* where CONNECT wants to go */
    enum pol_route route;    /* of the CONNECT host, then of both names */
    char name[256];          /* SNI, else the CONNECT host */
    struct upstream *origin; /* owned; being reached, or spliced */
    struct leaf_wait leaf;
    bool leaf_is_due, is_late, hello_began;
    struct splice splice;
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

/* conn_open.c: what each state does. ST_OK: the state changed; ST_AGAIN: it waits. */
enum st_rc conn_open_tunnel(struct conn *conn); /* CLEAR: the exchange under way is a CONNECT */
enum st_rc conn_dial(struct conn *conn);
enum st_rc conn_peek(struct conn *conn);
enum st_rc conn_pass(struct conn *conn);
enum st_rc conn_prepare(struct conn *conn);
enum st_rc conn_handshake(struct conn *conn);
#endif
