/* SPDX-License-Identifier: Apache-2.0 */
/* resolve - names to addresses, without waiting: fixed hosts of stoa.yaml first, then a cache by TTL, then DNS. */
#ifndef STOA_GATEWAY_RESOLVE_H
#define STOA_GATEWAY_RESOLVE_H
#include "gateway/later.h"
#include "gateway/link.h"
#include <sys/socket.h>

#define RESOLVE_MAX 8

struct pol_config;
struct resolver;
struct resolve_addr {
    struct sockaddr_storage at;
    socklen_t len;
};
struct resolve_list {
    struct resolve_addr addr[RESOLVE_MAX]; /* families in turn, as happy eyeballs wants them (RFC 8305 §4) */
    size_t n;
    bool is_fixed; /* the operator's, from resolver.hosts */
};
struct resolve_query { /* in the asker's storage until done or cancelled; all but on_done and ctx is the resolver's */
    void (*on_done)(void *ctx);
    void *ctx;
    struct resolve_list found; /* n 0: err says why */
    struct st_err err;
    char host[256];
    uint16_t port;
    struct resolve_wait *wait;
    struct later_item item;
};

ST_MUST enum st_rc resolver_new(struct link_loop *loop, const struct pol_config *config, struct resolver **out,
                                struct st_err *err);
void resolver_free(struct resolver *resolver);   /* after all queries were cancelled; NULL is fine */
void resolver_retire(struct resolver *resolver); /* no new queries; frees itself when those under way are answered */
/* on_done is called from a zero-time event at the earliest, once. */
void resolve_start(struct resolver *resolver, struct resolve_query *query);
void resolve_cancel(struct resolve_query *query); /* done or never started is fine */
#endif
