/* SPDX-License-Identifier: Apache-2.0 */
/* upstream - name, address, connection, handshake; then the pool.
 *
 * Addresses are tried one after another with a head start of 250 ms (RFC 8305), the first that answers wins and the
 * others are dropped. Connecting and shaking hands have a deadline each, from stoa.yaml. An idle connection keeps its
 * link under a watch of its own: the origin may close it at any time, and anything it sends unasked makes it unusable
 * (a late answer must never meet the next person's request). Everything is freed from a zero-time event.
 */
#include "gateway/upstream.h"
#include "base/clock.h"
#include "gateway/egress.h"
#include "gateway/later.h"
#include "gateway/tls.h"
#include "policies/policies.h"
#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAGIC     0x75706f6fu
#define UPSTREAM_MAGIC 0x75707374u
#define HEAD_START_MS  250u
#define IDLE_MAX       256u /* connections that wait */
#define IDLE_MAX_MS    30000u

struct upstream_pool {
    unsigned magic;
    struct link_loop *loop;
    struct resolver *resolver;
    struct tls_context *tls;
    const struct pol_config *config; /* borrowed; of the generation in force */
    struct upstream *idle;           /* newest first */
    size_t n_idle;
    unsigned era; /* a connection of an older era is not pooled again */
};

/* What is needed until a connection is ready, and not while it waits for its exchanges: it is as large as the rest. */
struct dial {
    struct resolve_query query;
    struct link *attempt[RESOLVE_MAX]; /* owned; those still connecting */
    size_t tried;
    struct st_timer head_start;
};

struct upstream {
    unsigned magic, era;
    struct upstream_pool *pool;
    struct upstream *next; /* in the pool */
    struct upstream_place place;
    enum upstream_state state;
    struct st_err err;
    struct dial *dial; /* owned; NULL once it was READY */
    struct link *link; /* owned; the one that answered */
    struct st_timer deadline;
    link_event_f *on_event;
    void *ctx;
    bool was_used, insists;
    uint64_t idle_since_ms;
    struct later_item gone, news;
};

static void on_attempt(void *ctx);
static void on_link(void *ctx);

/* ---- the pool --------------------------------------------------------------------------------------------------- */

struct upstream_pool *upstream_pool_new(struct link_loop *loop, struct resolver *resolver, struct tls_context *tls,
                                        const struct pol_config *config)
{
    struct upstream_pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL)
        return NULL;
    pool->magic = POOL_MAGIC;
    pool->loop = loop;
    pool->tls = tls;
    upstream_pool_configure(pool, resolver, config);
    return pool;
}

void upstream_pool_configure(struct upstream_pool *pool, struct resolver *resolver, const struct pol_config *config)
{
    ST_CHECK(pool, POOL_MAGIC);
    pool->resolver = resolver;
    pool->config = config;
}

void upstream_pool_clear(struct upstream_pool *pool)
{
    ST_CHECK(pool, POOL_MAGIC);
    pool->era++;
    while (pool->idle != NULL) {
        struct upstream *upstream = pool->idle;

        pool->idle = upstream->next;
        upstream_free(upstream);
    }
    pool->n_idle = 0;
}

void upstream_pool_free(struct upstream_pool *pool)
{
    if (pool == NULL)
        return;
    upstream_pool_clear(pool);
    pool->magic = 0;
    free(pool);
}

size_t upstream_pool_idle(const struct upstream_pool *pool)
{
    return pool->n_idle;
}

static void pool_remove(struct upstream *upstream)
{
    struct upstream **at = &upstream->pool->idle;

    while (*at != NULL && *at != upstream)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    *at = upstream->next;
    upstream->pool->n_idle--;
}

bool upstream_is_same(const struct upstream_place *a, const struct upstream_place *b)
{
    return a->port == b->port && a->is_tls == b->is_tls && strcmp(a->host, b->host) == 0 &&
           (!a->is_tls || strcmp(a->identity, b->identity) == 0) && address_is_same(&a->near, &b->near);
}

static bool is_reusable(const struct upstream *upstream)
{
    return upstream->state == UPSTREAM_READY && upstream->era == upstream->pool->era &&
           link_state(upstream->link) == LINK_OPEN && evbuffer_get_length(link_in(upstream->link)) == 0 &&
           link_unsent(upstream->link) == 0;
}

bool upstream_is_alive(struct upstream *upstream)
{
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (is_reusable(upstream))
        link_look(upstream->link);
    return is_reusable(upstream);
}

/* An idle connection said or did something: either way nobody may use it. */
static void on_idle_event(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (is_reusable(upstream))
        return; /* session tickets arrive here: TLS, not content */
    pool_remove(upstream);
    upstream_free(upstream);
}

static void on_idle_late(void *ctx)
{
    pool_remove(ctx);
    upstream_free(ctx);
}

static struct upstream *pool_take(struct upstream_pool *pool, const struct upstream_place *place, uint64_t max_idle_ms)
{
    for (struct upstream *u = pool->idle; u != NULL; u = u->next) {
        if (!upstream_is_same(&u->place, place) || upstream_idle_ms(u) > max_idle_ms || !is_reusable(u))
            continue;
        if (place->offer == UPSTREAM_BOTH && u->place.offer != UPSTREAM_BOTH)
            continue; /* what it would have chosen is not known */
        if (max_idle_ms < UINT64_MAX && !upstream_is_alive(u))
            continue; /* on_idle_event drops it */
        pool_remove(u);
        st_timer_disarm(pool->loop->timers, &u->deadline);
        return u;
    }
    return NULL;
}

/* ---- progress --------------------------------------------------------------------------------------------------- */

static void tell(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (upstream->on_event != NULL)
        upstream->on_event(upstream->ctx);
}

static void drop_attempts(struct upstream *upstream)
{
    struct dial *dial = upstream->dial;

    if (dial == NULL)
        return;
    for (size_t i = 0; i < dial->tried; i++) {
        link_free(dial->attempt[i]);
        dial->attempt[i] = NULL;
    }
    st_timer_disarm(upstream->pool->loop->timers, &dial->head_start);
}

/* The only writer of upstream->state. */
static void enter(struct upstream *upstream, enum upstream_state next)
{
    upstream->state = next;
    if (next != UPSTREAM_READY && next != UPSTREAM_FAILED)
        return;
    drop_attempts(upstream);
    if (next == UPSTREAM_READY) { /* its query was answered long ago */
        free(upstream->dial);
        upstream->dial = NULL;
    }
    st_timer_disarm(upstream->pool->loop->timers, &upstream->deadline);
    later_call(upstream->pool->loop->later, &upstream->news);
}

static void fail(struct upstream *upstream, const struct st_err *err)
{
    upstream->err = *err;
    enter(upstream, UPSTREAM_FAILED);
}

static void on_deadline(void *ctx)
{
    struct upstream *upstream = ctx;
    struct st_err err = ST_ERR_INIT;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    switch (upstream->state) {
    case UPSTREAM_RESOLVE: (void)st_fail(&err, ST_E_DNS, "upstream.resolve", "no answer in time", 0); break;
    case UPSTREAM_CONNECT: (void)st_fail(&err, ST_E_TIMEOUT, "upstream.connect", "no answer in time", 0); break;
    case UPSTREAM_HANDSHAKE: (void)st_fail(&err, ST_E_TIMEOUT, "upstream.handshake", "not done in time", 0); break;
    case UPSTREAM_READY:
    case UPSTREAM_FAILED: return;
    }
    fail(upstream, &err);
}

static enum st_rc arm(struct upstream *upstream, struct st_timer *timer, int64_t ms)
{
    struct st_err err = ST_ERR_INIT;

    if (st_timer_arm(upstream->pool->loop->timers, timer, (uint64_t)ms, &err) == ST_OK)
        return ST_OK;
    fail(upstream, &err);
    return ST_ERR;
}

/* Begins with the next address; false when there is none left. */
static bool try_next(struct upstream *upstream)
{
    while (upstream->dial->tried < upstream->dial->query.found.n) {
        const struct resolve_addr *addr = &upstream->dial->query.found.addr[upstream->dial->tried];
        struct link **place = &upstream->dial->attempt[upstream->dial->tried++];

        if (link_connect(upstream->pool->loop, (const struct sockaddr *)&addr->at, addr->len,
                         (struct link_owner){ on_attempt, upstream }, place, &upstream->err) != ST_OK)
            continue;
        if (upstream->dial->tried < upstream->dial->query.found.n)
            return arm(upstream, &upstream->dial->head_start, HEAD_START_MS) == ST_OK;
        return true;
    }
    return false;
}

static void on_head_start(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (upstream->state == UPSTREAM_CONNECT)
        (void)try_next(upstream);
}

static void on_resolved(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (upstream->state != UPSTREAM_RESOLVE)
        return;
    if (upstream->dial->query.found.n == 0 ||
        egress_filter(upstream->pool->config, &upstream->place.near, &upstream->dial->query.found,
                      &upstream->dial->query.err) != ST_OK) {
        fail(upstream, &upstream->dial->query.err);
        return;
    }
    enter(upstream, UPSTREAM_CONNECT);
    if (!try_next(upstream) && upstream->state == UPSTREAM_CONNECT)
        fail(upstream, &upstream->err);
}

/* An attempt was decided: take it, or go on with the next. */
static void on_attempt(void *ctx)
{
    struct upstream *upstream = ctx;
    bool is_one_open = false;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    for (size_t i = 0; upstream->state == UPSTREAM_CONNECT && i < upstream->dial->tried && upstream->link == NULL;
         i++) {
        struct link *link = upstream->dial->attempt[i];

        if (link == NULL)
            continue;
        switch (link_state(link)) {
        case LINK_CONNECTING: is_one_open = true; break;
        case LINK_OPEN:
        case LINK_ENDED:
        case LINK_HANDSHAKE:
            upstream->link = link;
            upstream->dial->attempt[i] = NULL;
            break;
        case LINK_CLOSED:
            upstream->err = *link_err(link);
            link_free(link);
            upstream->dial->attempt[i] = NULL;
            break;
        }
    }
    if (upstream->state != UPSTREAM_CONNECT)
        return;
    if (upstream->link == NULL) {
        if (!is_one_open && !try_next(upstream) && upstream->state == UPSTREAM_CONNECT)
            fail(upstream, &upstream->err);
        return;
    }
    link_own(upstream->link, on_link, upstream);
    on_link(upstream);
}

static void start_handshake(struct upstream *upstream)
{
    struct st_err err = ST_ERR_INIT;
    struct tls *tls = NULL;

    drop_attempts(upstream);
    enter(upstream, UPSTREAM_HANDSHAKE);
    if (tls_connect(upstream->pool->tls, upstream->place.identity, upstream->place.port, &tls, &err) != ST_OK ||
        ((upstream->insists || upstream->place.offer == UPSTREAM_BOTH) && tls_offer_http2(tls, &err) != ST_OK)) {
        tls_free(tls);
        fail(upstream, &err);
        return;
    }
    if (arm(upstream, &upstream->deadline, upstream->pool->config->upstream.handshake_ms) == ST_OK)
        link_start_tls(upstream->link, tls);
    else
        tls_free(tls);
}

/* HTTP/1.1 was not good enough: once more, with the other offered too. */
static bool try_http2(struct upstream *upstream)
{
    if (upstream->state != UPSTREAM_HANDSHAKE || upstream->insists || upstream->place.offer != UPSTREAM_HTTP1_FIRST ||
        !tls_wants_other_protocol(link_err(upstream->link)))
        return false;
    upstream->insists = true;
    link_free(upstream->link);
    upstream->link = NULL;
    upstream->dial->tried = 0;
    enter(upstream, UPSTREAM_CONNECT);
    return arm(upstream, &upstream->deadline, upstream->pool->config->upstream.connect_ms) != ST_OK ||
           try_next(upstream) || upstream->state != UPSTREAM_CONNECT;
}

/* The link that won changed. */
static void on_link(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    if (upstream->state == UPSTREAM_READY) {
        tell(upstream);
        return;
    }
    if (link_state(upstream->link) == LINK_CLOSED) {
        struct st_err err = *link_err(upstream->link);

        if (!try_http2(upstream))
            fail(upstream, &err);
        return;
    }
    if (upstream->state == UPSTREAM_CONNECT && upstream->place.is_tls)
        start_handshake(upstream);
    else if (upstream->state == UPSTREAM_CONNECT)
        enter(upstream, UPSTREAM_READY);
    else if (upstream->state == UPSTREAM_HANDSHAKE && link_state(upstream->link) != LINK_HANDSHAKE)
        enter(upstream, UPSTREAM_READY);
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

static void upstream_gone(void *ctx)
{
    struct upstream *upstream = ctx;

    ST_CHECK(upstream, UPSTREAM_MAGIC);
    upstream->magic = 0;
    free(upstream->dial);
    free(upstream);
}

enum st_rc upstream_open(struct upstream_pool *pool, const struct upstream_place *place, uint64_t max_idle_ms,
                         struct link_owner owner, struct upstream **out, struct st_err *err)
{
    struct upstream *upstream = pool_take(pool, place, max_idle_ms);

    ST_CHECK(pool, POOL_MAGIC);
    if (upstream != NULL) {
        upstream_own(upstream, owner.on_event, owner.ctx);
        *out = upstream;
        return ST_OK;
    }
    if ((upstream = calloc(1, sizeof *upstream)) == NULL ||
        (upstream->dial = calloc(1, sizeof *upstream->dial)) == NULL) {
        free(upstream);
        return st_fail(err, ST_E_NOMEM, "upstream.open", "upstream", sizeof *upstream);
    }
    upstream->magic = UPSTREAM_MAGIC;
    upstream->era = pool->era;
    upstream->pool = pool;
    upstream->place = *place;
    upstream->on_event = owner.on_event;
    upstream->ctx = owner.ctx;
    upstream->deadline = (struct st_timer){ .fn = on_deadline, .ctx = upstream };
    upstream->dial->head_start = (struct st_timer){ .fn = on_head_start, .ctx = upstream };
    upstream->gone = (struct later_item){ .fn = upstream_gone, .ctx = upstream };
    upstream->news = (struct later_item){ .fn = tell, .ctx = upstream };
    upstream->dial->query.on_done = on_resolved;
    upstream->dial->query.ctx = upstream;
    upstream->dial->query.port = place->port;
    memcpy(upstream->dial->query.host, place->host, sizeof upstream->dial->query.host);
    if (arm(upstream, &upstream->deadline, pool->config->upstream.connect_ms) == ST_OK)
        resolve_start(pool->resolver, &upstream->dial->query);
    *out = upstream;
    return ST_OK;
}

void upstream_free(struct upstream *upstream)
{
    if (upstream == NULL)
        return;
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    upstream->on_event = NULL;
    if (upstream->dial != NULL)
        resolve_cancel(&upstream->dial->query);
    drop_attempts(upstream);
    st_timer_disarm(upstream->pool->loop->timers, &upstream->deadline);
    later_cancel(&upstream->news);
    link_free(upstream->link);
    upstream->link = NULL;
    later_call(upstream->pool->loop->later, &upstream->gone);
}

void upstream_own(struct upstream *upstream, link_event_f *on_event, void *ctx)
{
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    later_cancel(&upstream->news);
    upstream->on_event = on_event;
    upstream->ctx = ctx;
}

void upstream_rest(struct upstream *upstream)
{
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    upstream->was_used = true;
    upstream->idle_since_ms = st_clock_ms();
}

/* The one that waits longest goes, or a pool full of names that nobody asks for again would have every request to the
 * others shake hands anew. */
static void make_room(struct upstream_pool *pool)
{
    struct upstream *oldest = pool->idle;

    if (pool->n_idle < IDLE_MAX)
        return;
    while (oldest->next != NULL)
        oldest = oldest->next;
    pool_remove(oldest);
    upstream_free(oldest);
}

void upstream_give_back(struct upstream *upstream)
{
    struct upstream_pool *pool;

    if (upstream == NULL)
        return;
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    pool = upstream->pool;
    upstream_own(upstream, on_idle_event, upstream);
    upstream->deadline = (struct st_timer){ .fn = on_idle_late, .ctx = upstream };
    if (!is_reusable(upstream) || arm(upstream, &upstream->deadline, IDLE_MAX_MS) != ST_OK) {
        upstream_free(upstream);
        return;
    }
    make_room(pool);
    if (!upstream->was_used)
        upstream->idle_since_ms = st_clock_ms();
    upstream->next = pool->idle;
    pool->idle = upstream;
    pool->n_idle++;
}

/* ---- for the owner ---------------------------------------------------------------------------------------------- */

enum upstream_state upstream_state(const struct upstream *upstream)
{
    ST_CHECK(upstream, UPSTREAM_MAGIC);
    return upstream->state;
}

const struct st_err *upstream_err(const struct upstream *upstream)
{
    return &upstream->err;
}

struct link *upstream_link(struct upstream *upstream)
{
    return upstream->link;
}

bool upstream_is_http2(const struct upstream *upstream)
{
    return link_tls(upstream->link) != NULL && tls_is_http2(link_tls(upstream->link));
}

bool upstream_insists(const struct upstream *upstream)
{
    return upstream->insists;
}

const struct upstream_place *upstream_at(const struct upstream *upstream)
{
    return &upstream->place;
}

bool upstream_is_for(const struct upstream *upstream, const struct upstream_place *place)
{
    return upstream_is_same(&upstream->place, place);
}

bool upstream_is_clean(const struct upstream *upstream)
{
    return is_reusable(upstream);
}

bool upstream_was_used(const struct upstream *upstream)
{
    return upstream->was_used;
}

uint64_t upstream_idle_ms(const struct upstream *upstream)
{
    return upstream->idle_since_ms == 0 ? 0 : st_clock_ms() - upstream->idle_since_ms;
}
