/* SPDX-License-Identifier: Apache-2.0 */
/* leaf - the worker's client of the keyholder.
 *
 * A name is minted once however many connections wait for it: all of them hang on one `minting`. Ready leaves stay in
 * an LRU table until a tenth of their life is left. A keyholder that dies takes no request with it: what is pending is
 * asked again over the next channel, within the waiters' deadline. Nothing here knows the CA key; the public half of
 * this process's own leaf key travels in MINT.
 */
#include "gateway/leaf.h"
#include "base/log.h"
#include "base/table.h"
#include "gateway/quota.h"
#include <stdlib.h>
#include <string.h>

#define CACHE_MAGIC 0x6c636163u
#define PENDING_MAX 1024u /* names being minted at once */
#define WAIT_MS     4000u
#define QUEUE_BYTES (1024u * 1024u)

struct minting {
    struct minting *next;
    uint64_t id;
    char name[256];
    struct leaf_wait *waits;
};

struct leaf_cache {
    unsigned magic;
    struct fam_child *child;
    struct link_loop *loop;
    struct tls_context *tls;
    struct fam_link *keyholder; /* NULL: away */
    struct st_table *ready;     /* name -> struct tls_leaf */
    struct minting *pending;
    size_t n_pending;
    uint64_t last_id, refused;
    struct quota *quota; /* of minting, by client */
};

static void release(void *leaf)
{
    tls_leaf_release(leaf);
}

struct leaf_cache *leaf_cache_new(struct fam_child *child, struct link_loop *loop, struct tls_context *tls,
                                  const struct leaf_limits *limits)
{
    struct leaf_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL)
        return NULL;
    cache->magic = CACHE_MAGIC;
    cache->child = child;
    cache->loop = loop;
    cache->tls = tls;
    cache->ready = st_table_new(limits->leaves, true, release);
    cache->quota = quota_new(limits->per_minute);
    if (cache->ready == NULL || cache->quota == NULL) {
        leaf_cache_free(cache);
        return NULL;
    }
    return cache;
}

void leaf_cache_free(struct leaf_cache *cache)
{
    if (cache == NULL)
        return;
    ST_CHECK(cache, CACHE_MAGIC);
    fam_link_free(cache->keyholder);
    while (cache->pending != NULL) {
        struct minting *minting = cache->pending;

        cache->pending = minting->next;
        free(minting);
    }
    st_table_free(cache->ready);
    quota_free(cache->quota);
    cache->magic = 0;
    free(cache);
}

size_t leaf_count(const struct leaf_cache *cache)
{
    return st_table_count(cache->ready);
}

uint64_t leaf_refused(const struct leaf_cache *cache)
{
    return cache->refused;
}

/* ---- the waiters ------------------------------------------------------------------------------------------------ */

static void deliver(void *ctx)
{
    struct leaf_wait *wait = ctx;

    wait->on_done(wait->ctx);
}

static void unlink_wait(struct leaf_wait *wait)
{
    if (wait->link == NULL)
        return;
    *wait->link = wait->next;
    if (wait->next != NULL)
        wait->next->link = wait->link;
    wait->link = NULL;
    wait->next = NULL;
}

/* Ends a wait with a leaf, or with the error that is in it. */
static void settle(struct leaf_wait *wait, struct tls_leaf *leaf)
{
    unlink_wait(wait);
    st_timer_disarm(wait->cache->loop->timers, &wait->deadline);
    wait->leaf = leaf != NULL ? tls_leaf_retain(leaf) : NULL;
    later_call(wait->cache->loop->later, &wait->item);
}

static void settle_all(struct minting *minting, struct tls_leaf *leaf, const struct st_err *err)
{
    while (minting->waits != NULL) {
        struct leaf_wait *wait = minting->waits;

        wait->err = *err;
        settle(wait, leaf);
    }
}

static void on_deadline(void *ctx)
{
    struct leaf_wait *wait = ctx;

    (void)st_fail(&wait->err, ST_E_TIMEOUT, "leaf.get", "the keyholder does not answer", 0);
    ST_LOG(LEAF_FAILED, ST_ERRF(&wait->err));
    settle(wait, NULL);
}

void leaf_cancel(struct leaf_wait *wait)
{
    if (wait->cache == NULL)
        return;
    later_cancel(&wait->item);
    unlink_wait(wait);
    st_timer_disarm(wait->cache->loop->timers, &wait->deadline);
    tls_leaf_release(wait->leaf);
    wait->leaf = NULL;
}

/* ---- the keyholder ---------------------------------------------------------------------------------------------- */

static void ask(struct leaf_cache *cache, struct minting *minting)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    if (cache->keyholder == NULL)
        return; /* asked when there is one again */
    st_buf_init(&body, 4096);
    st_pack_str(&body, minting->name);
    st_pack_span(&body, tls_leaf_key(cache->tls));
    if (st_buf_done(&body, &err, "leaf.ask") != ST_OK ||
        fam_link_send(cache->keyholder, FAM_MSG_MINT, minting->id, st_buf_view(&body), &err) != ST_OK)
        ST_LOG(LEAF_FAILED, ST_ERRF(&err)); /* the waiters' deadline ends it */
    st_buf_fini(&body);
}

static struct minting *take_minting(struct leaf_cache *cache, uint64_t id)
{
    for (struct minting **at = &cache->pending; *at != NULL; at = &(*at)->next) {
        struct minting *minting = *at;

        if (minting->id != id)
            continue;
        *at = minting->next;
        cache->n_pending--;
        return minting;
    }
    return NULL;
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct leaf_cache *cache = ctx;
    struct st_unpack u = st_unpack(msg->body);
    struct st_err err = ST_ERR_INIT;
    struct tls_leaf *leaf = NULL;
    struct minting *minting;
    struct st_span der, issuer;
    bool ok;

    ST_CHECK(cache, CACHE_MAGIC);
    if (msg->type != FAM_MSG_LEAF || (minting = take_minting(cache, msg->id)) == NULL)
        return;
    ok = st_unpack_u8(&u) == 1;
    der = st_unpack_span(&u);
    issuer = st_unpack_span(&u);
    if (!ok || !st_unpack_done(&u))
        (void)st_fail(&err, ST_E_CERT, "leaf.mint", "the keyholder did not mint it", 0);
    else if (tls_leaf_read(cache->tls, der, issuer, &leaf, &err) == ST_OK &&
             st_table_put(cache->ready, st_span_str(minting->name), tls_leaf_retain(leaf), &err) != ST_OK)
        tls_leaf_release(leaf); /* the table's reference; the waiters still get theirs */
    if (leaf == NULL)
        ST_LOG(LEAF_FAILED, ST_ERRF(&err));
    settle_all(minting, leaf, &err);
    tls_leaf_release(leaf);
    free(minting);
}

static void on_closed(void *ctx)
{
    (void)ctx; /* the supervisor sends a new channel; until then messages fail and deadlines count */
}

void leaf_peer(struct leaf_cache *cache, int fd)
{
    ST_CHECK(cache, CACHE_MAGIC);
    fam_link_free(cache->keyholder);
    cache->keyholder = fam_link_new(cache->child, fd, QUEUE_BYTES, on_message, on_closed, cache);
    for (struct minting *m = cache->pending; m != NULL; m = m->next)
        ask(cache, m);
}

void leaf_forget(struct leaf_cache *cache, const struct leaf_limits *limits)
{
    struct st_table *fresh = st_table_new(limits->leaves, true, release);
    struct quota *quota = quota_new(limits->per_minute);

    ST_CHECK(cache, CACHE_MAGIC);
    if (fresh != NULL && quota != NULL) { /* else the old ones are still valid certificates */
        st_table_free(cache->ready);
        quota_free(cache->quota);
        cache->ready = fresh;
        cache->quota = quota;
        return;
    }
    st_table_free(fresh);
    quota_free(quota);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static struct minting *minting_for(struct leaf_cache *cache, const struct leaf_wait *wait, struct st_err *err)
{
    const char *name = wait->name;
    struct minting *minting;

    for (minting = cache->pending; minting != NULL; minting = minting->next) {
        if (strcmp(minting->name, name) == 0)
            return minting;
    }
    if (!quota_take(cache->quota, wait->client)) {
        cache->refused++;
        (void)st_fail(err, ST_E_LIMIT, "leaf.get", "the client has asked for limit.mints names", 0);
        return NULL;
    }
    if (cache->n_pending == PENDING_MAX) {
        (void)st_fail(err, ST_E_LIMIT, "leaf.get", "too many names are being minted", PENDING_MAX);
        return NULL;
    }
    if ((minting = calloc(1, sizeof *minting)) == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "leaf.get", "minting", sizeof *minting);
        return NULL;
    }
    minting->id = ++cache->last_id;
    memcpy(minting->name, name, strlen(name) + 1);
    minting->next = cache->pending;
    cache->pending = minting;
    cache->n_pending++;
    ask(cache, minting);
    return minting;
}

void leaf_get(struct leaf_cache *cache, struct leaf_wait *wait)
{
    struct tls_leaf *leaf = st_table_get(cache->ready, st_span_str(wait->name));
    struct minting *minting;

    ST_CHECK(cache, CACHE_MAGIC);
    wait->cache = cache;
    wait->leaf = NULL;
    wait->next = NULL;
    wait->link = NULL;
    wait->item = (struct later_item){ .fn = deliver, .ctx = wait };
    wait->deadline = (struct st_timer){ .fn = on_deadline, .ctx = wait };
    if (leaf != NULL && tls_leaf_is_fresh(leaf)) {
        settle(wait, leaf);
        return;
    }
    minting = minting_for(cache, wait, &wait->err);
    if (minting == NULL || st_timer_arm(cache->loop->timers, &wait->deadline, WAIT_MS, &wait->err) != ST_OK) {
        settle(wait, NULL);
        return;
    }
    wait->next = minting->waits;
    wait->link = &minting->waits;
    if (wait->next != NULL)
        wait->next->link = &wait->next;
    minting->waits = wait;
}
