/* SPDX-License-Identifier: Apache-2.0 */
/* txn - one HTTP exchange: the unit of inspection and verdict. */
#ifndef STOA_GATEWAY_TXN_H
#define STOA_GATEWAY_TXN_H
#include "gateway/front.h"
#include "gateway/target.h"
#include "gateway/worker.h"

struct txn;
struct txn_slots { /* connections to origins for all exchanges of one client connection */
    size_t open, max;
};
struct txn_env { /* what the connection lends to its exchanges, one at a time; outlives them */
    struct worker *worker;
    struct link *client;
    struct front *front;     /* the client's side of the exchange */
    struct txn_slots *slots; /* NULL: exchanges follow one another, there is no need to count */
    bool waits_for_slot;     /* the exchange does: step it when one is free */
    const char *person;
    const char *host;             /* a TLS connection: the name it was opened for; else "" */
    struct upstream_place origin; /* a TLS connection: where its exchanges go */
    struct address near;          /* a connection that was brought here: where it wanted to go; else port 0 */
    bool origin_is_http2;         /* it spoke that when it was reached: exchanges share sessions */
    bool is_tls;
    bool is_refused;          /* by route: every exchange is answered so */
    bool is_lent;             /* opened for announced uploads alone (transfer.h): all other exchanges pass unread */
    struct st_err origin_err; /* code not NONE: the origin could not be reached or verified */
    struct upstream *spare;   /* owned; the origin's connection between exchanges, NULL */
    bool is_pinned;           /* the origin's connection belongs to this client (NTLM, Negotiate) */
    uint32_t cut_code;        /* enum http2_code: how the answer broke off, 0: no matter */
    link_event_f *on_event;   /* something happened: step */
    void *ctx;
};

enum txn_outcome {
    TXN_GOES_ON,
    TXN_KEEP,   /* done; the next may begin on this connection */
    TXN_FINISH, /* done; close when the answer is written */
    TXN_CUT,    /* the answer broke off: close so that the client notices */
    TXN_TUNNEL, /* it is a CONNECT; txn_target says where to, and the answer is the connection's */
};
ST_MUST struct txn *txn_new(struct txn_env *env); /* when its first byte is there; NULL when memory is out */
void txn_free(struct txn *txn);                   /* not from inside txn_step; NULL is fine */
/* The only entry: on every event of either side and of its timer. */
enum txn_outcome txn_step(struct txn *txn);
struct st_arena *txn_arena(struct txn *txn); /* of the exchange: what is put there lives as long */
const struct target *txn_target(const struct txn *txn);
/* Answers a CONNECT with a refusal; then the outcome is TXN_FINISH. */
enum txn_outcome txn_refuse_tunnel(struct txn *txn, const struct st_err *origin_err);
#endif
