/* SPDX-License-Identifier: Apache-2.0 */
/* sessions - a worker's HTTP/2 connections to origins, shared by the exchanges of all its clients.
 *
 * A session belongs to a place: host, port, and the identity that was verified. Whoever has an exchange for that place
 * gets a stream of it; when all that are there are full, another is opened, and beyond a ceiling exchanges wait.
 */
#ifndef STOA_GATEWAY_SESSIONS_H
#define STOA_GATEWAY_SESSIONS_H
#include "gateway/back.h"
#include "gateway/link.h"
#include "gateway/upstream.h"

struct worker;
struct sessions;

/* An exchange's wait for a stream; zeros but for place, owner and is_socket when it begins. */
struct session_wait {
    const struct upstream_place *place; /* borrowed */
    struct link_owner owner;            /* called when it is worth asking again */
    bool is_socket;                     /* it needs to know whether the origin takes one */
    struct sessions *sessions;
    struct session_wait *next, **link; /* link NULL: it does not wait */
    struct st_err err;                 /* why there will be none */
    bool is_http1;                     /* since the origin chose the other protocol */
};

ST_MUST struct sessions *sessions_new(struct worker *worker);
void sessions_free(struct sessions *sessions);  /* after every back; NULL is fine */
void sessions_clear(struct sessions *sessions); /* a new generation: those that are there take no more streams */
size_t sessions_count(const struct sessions *sessions);

/* Is one there that a client with that offer would get, too? */
bool sessions_has(const struct sessions *sessions, const struct upstream_place *place);
/* Does one that is there take WebSockets (RFC 8441)? */
bool sessions_takes_sockets(const struct sessions *sessions, const struct upstream_place *place);
/* Has one that is there said that it does not? */
bool sessions_refuses_sockets(const struct sessions *sessions, const struct upstream_place *place);
/* Owns upstream, which is READY and speaks HTTP/2, from now on also when it fails. */
ST_MUST enum st_rc sessions_adopt(struct sessions *sessions, struct upstream *upstream, struct st_err *err);
/* A stream for an exchange, whose owner is the wait's; its head has to follow at once. ST_AGAIN: the wait goes on until
 * its owner is called, or sessions_leave. ST_OK with *out NULL: the place does not speak HTTP/2. */
ST_MUST enum st_rc sessions_get(struct sessions *sessions, struct session_wait *wait, struct back **out,
                                struct st_err *err);
void sessions_leave(struct session_wait *wait); /* not waiting is fine */
#endif
