/* SPDX-License-Identifier: Apache-2.0 */
/* link - one byte connection, either side, with or without TLS.
 *
 * Bytes arrive in link_in and leave from link_out; both have ceilings, and a full `in` stops reading the socket. The
 * owner gets one call, on_event, whenever something about the link changed, and looks at state and buffers itself.
 */
#ifndef STOA_GATEWAY_LINK_H
#define STOA_GATEWAY_LINK_H
#include "base/err.h"
#include "base/span.h"
#include "gateway/address.h"
#include "gateway/budget.h"
#include <stdbool.h>
#include <sys/socket.h>

struct event_base;
struct evbuffer;
struct later;
struct st_timers;
struct tls;
struct link;

#define LINK_WATERMARK       (256u * 1024u) /* a buffer this full stops its producer */
#define LINK_WATERMARK_TIGHT (64u * 1024u)  /* the same when memory is; a ClientHello still fits in */

#define LINK_OWN 256u /* a power of two */

#define LINK_STATES(X) \
    X(CONNECTING)      \
    X(OPEN)            \
    X(HANDSHAKE)       \
    X(ENDED)           \
    X(CLOSED)
enum link_state { /* ENDED: the peer sends no more, but may still read */
#define X(id) LINK_##id,
                  LINK_STATES(X)
#undef X
};

struct link_loop { /* what all links of a process share; outlives them */
    struct event_base *base;
    struct later *later;
    struct st_timers *timers;
    struct budget *budget;          /* that buffers are counted in; NULL: none */
    uint64_t finish_ms;             /* how long a peer may read nothing of what is owed; 0: 30 s */
    uint64_t links;                 /* alive; those that are being freed too */
    bool watches_own;               /* connections may be brought here: keep what link_is_ours needs */
    struct link *own[LINK_OWN];     /* those that we made, by their own port */
    struct link *finishing;         /* nobody's any more: they write what is owed and end */
    void (*on_finished)(void *ctx); /* the last of those is gone; NULL */
    void *ctx;
};

typedef void link_event_f(void *ctx);
struct link_owner { /* who is told */
    link_event_f *on_event;
    void *ctx;
};

/* Owns fd from the call on (closed when NULL is answered): OPEN. */
ST_MUST struct link *link_new(struct link_loop *loop, int fd, link_event_f *on_event, void *ctx);
/* CONNECTING; then OPEN or CLOSED. */
ST_MUST enum st_rc link_connect(struct link_loop *loop, const struct sockaddr *to, socklen_t len,
                                struct link_owner owner, struct link **out, struct st_err *err);
void link_free(struct link *link); /* silent from now on, gone with the next zero-time event; NULL is fine */
/* As link_free, but what is queued is written first, the end is announced, and the peer gets 2 s to end its side. */
void link_finish(struct link *link);
void link_free_finishing(struct link_loop *loop);                    /* at the end of the process */
void link_own(struct link *link, link_event_f *on_event, void *ctx); /* another owner from now on */

enum link_state link_state(const struct link *link);
const struct st_err *link_err(const struct link *link); /* why CLOSED */
struct evbuffer *link_in(struct link *link);
struct evbuffer *link_out(struct link *link);
/* Behind what is in `out`; much is sealed at once, without a copy. false: no memory. */
ST_MUST bool link_send(struct link *link, struct st_span bytes);
size_t link_unsent(const struct link *link);   /* of out, sealed bytes included */
bool link_is_full(const struct link *link);    /* out is at its watermark: produce no more */
struct tls *link_tls(const struct link *link); /* borrowed; NULL: none */
int link_fd(const struct link *link);
bool link_is_bare(const struct link *link); /* OPEN, without TLS, nothing unread, nothing unsent */
/* Who moves its bytes inside the kernel has the descriptor of a bare link to itself: the link is silent from now on,
 * until link_free or link_finish. */
void link_lend(struct link *link);
/* Whether a connection that comes from there is one that link_connect of this process made: ours, coming back. */
bool link_is_ours(const struct link_loop *loop, const struct address *from);

/* Owns tls. What is in `in` becomes the first bytes of the handshake: HANDSHAKE, then OPEN or CLOSED. On a link with
 * TLS the new one goes inside (a client that speaks TLS with the proxy, and through it with an origin): once only. */
void link_start_tls(struct link *link, struct tls *tls);
/* After the owner took from `in` or put into `out`: resumes reading; what is little is written at the end of the round.
 */
void link_update(struct link *link);
/* Takes what has come by now, before the loop says so: what link_state then answers is news to nobody but the kernel's
 * peer. The owner hears of a change. */
void link_look(struct link *link);
void link_end(struct link *link); /* nothing more will be put into out: announce it when all is written */
#endif
