/* SPDX-License-Identifier: Apache-2.0 */
/* upstream - one connection to an origin, from its name to a link that may be written to.
 *
 * Connections that ended a clean exchange wait in a pool under what they were verified for; whoever asks for the same
 * place gets one of them instead of two handshakes.
 */
#ifndef STOA_GATEWAY_UPSTREAM_H
#define STOA_GATEWAY_UPSTREAM_H
#include "gateway/address.h"
#include "gateway/link.h"

struct pol_config;
struct resolver;
struct tls_context;
struct upstream_pool;
struct upstream;

/* What an origin is offered. The first is for clients that speak HTTP/1.1 only: nobody notices a difference where both
 * are spoken, and an origin that insists is reached all the same. */
enum upstream_offer { UPSTREAM_HTTP1_FIRST, UPSTREAM_BOTH, UPSTREAM_HTTP1_ONLY };
struct upstream_place {
    char host[256]; /* where to connect to; lower case */
    uint16_t port;
    bool is_tls;
    char identity[256];  /* is_tls: what the certificate must hold */
    struct address near; /* where a client that was brought here wanted to go (egress.h); port 0: it named the host */
    enum upstream_offer offer; /* is_tls; no part of what the place is */
};

#define UPSTREAM_STATES(X) \
    X(RESOLVE)             \
    X(CONNECT)             \
    X(HANDSHAKE)           \
    X(READY)               \
    X(FAILED)
enum upstream_state {
#define X(id) UPSTREAM_##id,
    UPSTREAM_STATES(X)
#undef X
};

ST_MUST struct upstream_pool *upstream_pool_new(struct link_loop *loop, struct resolver *resolver,
                                                struct tls_context *tls, const struct pol_config *config);
void upstream_pool_free(struct upstream_pool *pool); /* after every upstream; NULL is fine */
/* A new generation, or room is needed: nothing that waits is used again. */
void upstream_pool_clear(struct upstream_pool *pool);
/* The deadlines and names of a new generation; borrows config until the next; resolver replaces the old one. */
void upstream_pool_configure(struct upstream_pool *pool, struct resolver *resolver, const struct pol_config *config);
size_t upstream_pool_idle(const struct upstream_pool *pool);

/* Takes one that waits when max_idle_ms allows it (READY at once; alive, when that is less than UINT64_MAX), else
 * begins to connect. on_event is called on every change, also of the link's buffers. */
ST_MUST enum st_rc upstream_open(struct upstream_pool *pool, const struct upstream_place *place, uint64_t max_idle_ms,
                                 struct link_owner owner, struct upstream **out, struct st_err *err);
enum upstream_state upstream_state(const struct upstream *upstream);
const struct st_err *upstream_err(const struct upstream *upstream); /* why FAILED */
struct link *upstream_link(struct upstream *upstream);              /* borrowed; READY only */
bool upstream_is_http2(const struct upstream *upstream);            /* READY: what it agreed to speak */
bool upstream_insists(const struct upstream *upstream);             /* it takes nothing but HTTP/2 */
const struct upstream_place *upstream_at(const struct upstream *upstream);
bool upstream_is_same(const struct upstream_place *a, const struct upstream_place *b); /* but for the offer */
bool upstream_is_for(const struct upstream *upstream, const struct upstream_place *place);
/* READY, open, nothing owed and nothing said unasked: the next exchange may use it. */
bool upstream_is_clean(const struct upstream *upstream);
/* The same, and the socket was asked: an origin may have ended the connection in the very round that has the next
 * request, and one that must not be repeated is lost on it. */
bool upstream_is_alive(struct upstream *upstream);
bool upstream_was_used(const struct upstream *upstream);    /* it carried an exchange before */
uint64_t upstream_idle_ms(const struct upstream *upstream); /* since the last upstream_rest; 0: never used */
void upstream_own(struct upstream *upstream, link_event_f *on_event, void *ctx);
void upstream_rest(struct upstream *upstream);      /* an exchange ended cleanly: from now on it is idle */
void upstream_give_back(struct upstream *upstream); /* moves it to the pool, or frees it when it cannot go on */
void upstream_free(struct upstream *upstream);      /* NULL is fine; gone with the next zero-time event */
#endif
