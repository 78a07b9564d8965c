/* SPDX-License-Identifier: Apache-2.0 */
/* leaf - certificates for the names that clients ask for: a cache of ready ones, and the way to the keyholder. */
#ifndef STOA_GATEWAY_LEAF_H
#define STOA_GATEWAY_LEAF_H
#include "gateway/family.h"
#include "gateway/later.h"
#include "gateway/link.h"
#include "gateway/tls.h"

struct leaf_cache;
struct leaf_limits {
    size_t leaves;      /* kept */
    int64_t per_minute; /* minted for one client */
};
struct leaf_wait { /* in the asker's storage until done or cancelled; all but on_done, ctx, name and client is the
                    * cache's */
    void (*on_done)(void *ctx);
    void *ctx;
    struct tls_leaf *leaf; /* one reference, the asker's; NULL: err says why */
    struct st_err err;
    char name[256];
    const struct address *client;   /* who asks; borrowed until leaf_get returns */
    struct leaf_wait *next, **link; /* link NULL: not waiting */
    struct leaf_cache *cache;
    struct st_timer deadline;
    struct later_item item;
};

ST_MUST struct leaf_cache *leaf_cache_new(struct fam_child *child, struct link_loop *loop, struct tls_context *tls,
                                          const struct leaf_limits *limits);
void leaf_cache_free(struct leaf_cache *cache);   /* after all waits were cancelled; NULL is fine */
void leaf_peer(struct leaf_cache *cache, int fd); /* a (new) channel to the keyholder; owns fd */
/* A new generation may have another CA; and its limits. */
void leaf_forget(struct leaf_cache *cache, const struct leaf_limits *limits);
/* on_done is called from a zero-time event at the earliest, once, within 4 s. */
void leaf_get(struct leaf_cache *cache, struct leaf_wait *wait);
void leaf_cancel(struct leaf_wait *wait); /* done or never started is fine */
size_t leaf_count(const struct leaf_cache *cache);
uint64_t leaf_refused(const struct leaf_cache *cache); /* askers whose client had its fill: ST_E_LIMIT */
#endif
