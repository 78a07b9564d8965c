/* SPDX-License-Identifier: Apache-2.0 */
/* conn - a client connection's life: clear exchanges or CONNECT, then pass it, refuse it, or open it.
 *
 * One enum, one setter, one step. After CONNECT the ClientHello is peeked at; its SNI and the CONNECT host are routed,
 * and the stricter of both holds, so that a harmless SNI cannot carry a tunnel past the policy. Passed connections are
 * spliced. For opened ones the origin is reached and verified first, while the keyholder mints; whatever came of it,
 * the client's handshake is completed, so that every "no" is a page in the tunnel. Exchanges (txn.c) then follow one
 * another on it. A connection owns its links, its exchange and its spare origin, and is freed from a zero-time event.
 */
#include "gateway/conn.h"
#include "base/log.h"
#include "gateway/hello.h"
#include "gateway/refuse.h"
#include "gateway/splice.h"
#include "gateway/streams.h"
#include "gateway/txn.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONN_MAGIC       0x636f6e6eu
#define SILENT_CLIENT_MS 1000 /* a server that speaks first is waited for by its client */
#define HELLO_WITHIN_MS  10000
#define UNKNOWN_MS       4000    /* silence on a connection that may not be passed unread */
#define SPLICE_IDLE_MS   3600000 /* a passed connection without a byte */

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

static void conn_step(void *ctx);

/* The only writer of conn->state. */
static void enter(struct conn *conn, enum conn_state next)
{
    ST_CHECK(conn, CONN_MAGIC);
    assert(next > conn->state);
    conn->state = next;
}

static void on_timer(void *ctx)
{
    struct conn *conn = ctx;

    ST_CHECK(conn, CONN_MAGIC);
    conn->is_late = true;
    conn_step(conn);
}

static void arm(struct conn *conn, int64_t ms)
{
    struct st_err ignored;

    conn->is_late = false;
    if (st_timer_arm(conn->worker->loop.timers, &conn->timer, (uint64_t)ms, &ignored) != ST_OK)
        conn->is_late = true;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void conn_gone(void *ctx)
{
    struct conn *conn = ctx;
    struct worker *worker = conn->worker;

    ST_CHECK(conn, CONN_MAGIC);
    *conn->link_in_list = conn->next;
    if (conn->next != NULL)
        conn->next->link_in_list = conn->link_in_list;
    worker->n_conns--;
    http1_free(conn->parser);
    conn->magic = 0;
    free(conn);
    worker_conn_gone(worker);
}

enum ending { END_CUT, END_FINISH };

static void end(struct conn *conn, enum ending ending)
{
    if (conn->state == CONN_GONE)
        return;
    enter(conn, CONN_GONE);
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    later_cancel(&conn->again);
    leaf_cancel(&conn->leaf);
    txn_free(conn->txn);
    conn->txn = NULL;
    streams_free(conn->streams);
    conn->streams = NULL;
    if (conn->env.spare != NULL && conn->env.is_pinned)
        upstream_free(conn->env.spare);
    else
        upstream_give_back(conn->env.spare);
    conn->env.spare = NULL;
    conn->worker->counts.passed_bytes += conn->splice.bytes;
    upstream_free(conn->origin); /* a spliced one carried a stranger's protocol: never to the pool */
    conn->origin = NULL;
    if (ending == END_FINISH)
        link_finish(conn->client);
    else
        link_free(conn->client);
    conn->client = NULL;
    later_call(conn->worker->loop.later, &conn->gone);
}

/* ---- exchanges -------------------------------------------------------------------------------------------------- */

static enum st_rc open_tunnel(struct conn *conn);

/* Between exchanges a connection costs no arena and no txn: true while nothing has come. */
static bool wait_for_request(struct conn *conn)
{
    if (evbuffer_get_length(link_in(conn->client)) > 0) {
        st_timer_disarm(conn->worker->loop.timers, &conn->timer);
        return false;
    }
    if (link_state(conn->client) == LINK_CLOSED || link_state(conn->client) == LINK_ENDED || conn->is_late) {
        end(conn, END_FINISH);
        return false;
    }
    if (conn->timer.due_ms == 0)
        arm(conn, worker_config(conn->worker)->limit.idle_ms);
    return true;
}

/* One exchange after the other. ST_OK: the state changed. */
static enum st_rc exchange(struct conn *conn)
{
    enum txn_outcome outcome;

    if (conn->txn == NULL && wait_for_request(conn))
        return ST_AGAIN;
    if (conn->state == CONN_GONE)
        return ST_OK;
    if (conn->txn == NULL && (conn->txn = txn_new(&conn->env)) == NULL) {
        end(conn, END_CUT);
        return ST_OK;
    }
    outcome = txn_step(conn->txn);
    switch (outcome) {
    case TXN_GOES_ON: return ST_AGAIN;
    case TXN_KEEP:
        txn_free(conn->txn); /* its step has returned: no frame of it is on the stack */
        conn->txn = NULL;
        if (conn->worker->is_draining)
            end(conn, END_FINISH);
        else
            later_call(conn->worker->loop.later, &conn->again); /* others get their turn before the next of ours */
        return ST_AGAIN;
    case TXN_FINISH: end(conn, END_FINISH); return ST_OK;
    case TXN_CUT: end(conn, END_CUT); return ST_OK;
    case TXN_TUNNEL: return open_tunnel(conn);
    }
    return ST_AGAIN;
}

static enum st_rc stream(struct conn *conn)
{
    enum txn_outcome outcome = streams_step(conn->streams);

    if (outcome == TXN_GOES_ON)
        return ST_AGAIN;
    end(conn, outcome == TXN_CUT ? END_CUT : END_FINISH);
    return ST_OK;
}

/* ---- CONNECT ---------------------------------------------------------------------------------------------------- */

static void route(struct conn *conn, const char *host, struct pol_routed *out)
{
    struct generation *gen = conn->worker->rules->gen;
    struct pol_route_facts facts = { .host = st_span_str(host),
                                     .port = conn->connect.port,
                                     .platform = lp_host_platform(gen->plugins, st_span_str(host)),
                                     .groups = pol_groups(gen->policies, conn->person) };

    pol_route(gen->policies, &facts, out);
}

static void say_connected(struct conn *conn)
{
    static const char CONNECTED[] = "HTTP/1.1 200 Connection established\r\n\r\n";

    (void)evbuffer_add(link_out(conn->client), CONNECTED, sizeof CONNECTED - 1);
    link_update(conn->client);
}

static void start_peek(struct conn *conn)
{
    txn_free(conn->txn);
    conn->txn = NULL;
    say_connected(conn);
    arm(conn, conn->route == POL_PASS ? SILENT_CLIENT_MS : UNKNOWN_MS);
    enter(conn, CONN_PEEK);
}

static enum st_rc refuse_tunnel(struct conn *conn, const struct st_err *err)
{
    conn->worker->counts.refused_hosts += err == NULL;
    end(conn, txn_refuse_tunnel(conn->txn, err) == TXN_CUT ? END_CUT : END_FINISH);
    return ST_OK;
}

static enum st_rc dial(struct conn *conn, bool is_tls)
{
    struct upstream_place place = { .port = conn->connect.port, .is_tls = is_tls };
    struct st_err err = ST_ERR_INIT;

    memcpy(place.host, conn->connect.host, sizeof place.host);
    memcpy(place.identity, conn->name, sizeof place.identity);
    conn->env.origin = place;
    if (upstream_open(conn->worker->pool, &place, UINT64_MAX, (struct link_owner){ conn_step, conn }, &conn->origin,
                      &err) == ST_OK)
        return ST_OK;
    conn->env.origin_err = err;
    return ST_ERR;
}

/* The CONNECT's target is known. Only a host that may never be opened is refused here: others get their page inside. */
static enum st_rc open_tunnel(struct conn *conn)
{
    struct pol_routed routed;

    conn->connect = *txn_target(conn->txn);
    memcpy(conn->name, conn->connect.host, sizeof conn->name);
    route(conn, conn->connect.host, &routed);
    conn->route = routed.route;
    if (routed.route == POL_REFUSE && routed.category != NULL)
        return refuse_tunnel(conn, NULL);
    if (routed.route != POL_PASS) {
        start_peek(conn);
        return ST_OK;
    }
    if (dial(conn, false) != ST_OK)
        return refuse_tunnel(conn, &conn->env.origin_err);
    enter(conn, CONN_DIAL);
    return ST_OK;
}

static enum st_rc wait_for_dial(struct conn *conn)
{
    if (link_state(conn->client) == LINK_CLOSED) {
        end(conn, END_CUT);
        return ST_OK;
    }
    switch (upstream_state(conn->origin)) {
    case UPSTREAM_READY: start_peek(conn); return ST_OK;
    case UPSTREAM_FAILED: conn->worker->counts.origin_failed++; return refuse_tunnel(conn, upstream_err(conn->origin));
    case UPSTREAM_RESOLVE:
    case UPSTREAM_CONNECT:
    case UPSTREAM_HANDSHAKE: break;
    }
    return ST_AGAIN;
}

/* ---- the first bytes in the tunnel ------------------------------------------------------------------------------ */

static enum st_rc start_splice(struct conn *conn)
{
    conn->worker->counts.passed++;
    conn->splice = (struct splice){ .a = conn->client, .b = upstream_link(conn->origin) };
    arm(conn, SPLICE_IDLE_MS);
    enter(conn, CONN_SPLICE);
    return ST_OK;
}

static void on_leaf(void *ctx)
{
    struct conn *conn = ctx;

    ST_CHECK(conn, CONN_MAGIC);
    conn->leaf_is_due = false;
    conn_step(conn);
}

/* Opens the connection: the origin and the leaf at the same time. */
static enum st_rc start_prepare(struct conn *conn)
{
    upstream_free(conn->origin); /* of a CONNECT host that would pass; the SNI is to be opened */
    conn->origin = NULL;
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    conn->env.host = conn->name;
    conn->env.is_refused = conn->route == POL_REFUSE;
    if (conn->env.is_refused)
        conn->worker->counts.refused_hosts++;
    else
        conn->worker->counts.opened++;
    if (!conn->env.is_refused)
        (void)dial(conn, true); /* a failure is told in the tunnel */
    conn->leaf.on_done = on_leaf;
    conn->leaf.ctx = conn;
    memcpy(conn->leaf.name, conn->name, sizeof conn->leaf.name);
    conn->leaf_is_due = true;
    leaf_get(conn->worker->leaves, &conn->leaf);
    enter(conn, CONN_PREPARE);
    return ST_OK;
}

/* The SNI may differ from the CONNECT host: the stricter route holds; what may never be opened is closed then. */
static enum st_rc decide(struct conn *conn, const struct hello *hello)
{
    struct pol_routed outer, inner;

    route(conn, conn->connect.host, &outer);
    inner = outer;
    if (hello->sni[0] != '\0' && strcmp(hello->sni, conn->connect.host) != 0) {
        route(conn, hello->sni, &inner);
        if (inner.route >= outer.route) /* else exchanges would be judged as those of a host that nobody looks into */
            memcpy(conn->name, hello->sni, sizeof conn->name);
    }
    conn->route = inner.route > outer.route ? inner.route : outer.route;
    if (conn->route == POL_PASS)
        return start_splice(conn);
    if (inner.category != NULL || (conn->route == POL_REFUSE && outer.category != NULL)) {
        conn->worker->counts.refused_hosts++;
        end(conn, END_CUT);
        return ST_OK;
    }
    return start_prepare(conn);
}

/* Plain HTTP in a tunnel to a host that must be looked into: it is told so where it can be read. */
static enum st_rc refuse_not_tls(struct conn *conn, struct st_span first)
{
    struct refuse_case facts = { .cause = REFUSE_NOT_TLS, .host = conn->connect.host, .id = "-", .closes = true };
    struct st_arena *arena = st_arena_new(65536);
    struct st_err err = ST_ERR_INIT;
    struct st_buf out;

    st_buf_init(&out, 65536);
    if (first.n > 0 && first.p[0] >= 'A' && first.p[0] <= 'Z' && arena != NULL &&
        refuse_write(&facts, arena, &out, &err) == ST_OK)
        (void)evbuffer_add(link_out(conn->client), out.p, out.n);
    conn->worker->counts.refused++;
    st_buf_fini(&out);
    st_arena_free(arena);
    end(conn, END_FINISH);
    return ST_OK;
}

static enum st_rc peek(struct conn *conn)
{
    static uint8_t bytes[HELLO_MAX];
    struct evbuffer *in = link_in(conn->client);
    size_t n = evbuffer_get_length(in);
    struct st_err err = ST_ERR_INIT;
    struct hello hello;
    struct st_span first;
    enum st_rc rc;

    if (link_state(conn->client) == LINK_CLOSED || (link_state(conn->client) == LINK_ENDED && n == 0)) {
        end(conn, END_CUT);
        return ST_OK;
    }
    if (n == 0) {
        if (!conn->is_late)
            return ST_AGAIN;
        return conn->route == POL_PASS ? start_splice(conn) : refuse_not_tls(conn, ST_SPAN_NONE);
    }
    if (!conn->hello_began) { /* silence is over; a hello in pieces gets its own time, and no splice for being slow */
        conn->hello_began = true;
        arm(conn, HELLO_WITHIN_MS);
    }
    if (n > HELLO_MAX)
        n = HELLO_MAX;
    first = st_span(bytes, (size_t)evbuffer_copyout(in, bytes, n));
    rc = hello_parse(first, &hello, &err);
    if (rc == ST_AGAIN && !conn->is_late && link_state(conn->client) != LINK_ENDED)
        return ST_AGAIN;
    if (rc == ST_OK && hello.kind == HELLO_TLS)
        return decide(conn, &hello);
    if (rc == ST_OK && conn->route == POL_PASS)
        return start_splice(conn);
    return refuse_not_tls(conn, first);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool origin_is_decided(struct conn *conn)
{
    return conn->origin == NULL || upstream_state(conn->origin) == UPSTREAM_READY ||
           upstream_state(conn->origin) == UPSTREAM_FAILED;
}

static enum st_rc start_handshake(struct conn *conn)
{
    struct st_err err = ST_ERR_INIT;
    struct tls *tls = NULL;

    if (conn->leaf.leaf == NULL || tls_accept(conn->worker->tls, conn->leaf.leaf, &tls, &err) != ST_OK) {
        ST_LOG(LEAF_FAILED, ST_ERRF(conn->leaf.leaf == NULL ? &conn->leaf.err : &err));
        end(conn, END_CUT);
        return ST_OK;
    }
    tls_leaf_release(conn->leaf.leaf);
    conn->leaf.leaf = NULL;
    if (conn->origin != NULL && upstream_state(conn->origin) == UPSTREAM_FAILED) {
        conn->env.origin_err = *upstream_err(conn->origin);
        conn->worker->counts.origin_failed++;
        ST_LOG(UPSTREAM_FAILED, ST_ERRF(upstream_err(conn->origin)));
        upstream_free(conn->origin);
    } else if (conn->origin != NULL) {
        conn->env.spare = conn->origin;
        tls_prefer_http2(tls);
    }
    conn->origin = NULL;
    arm(conn, worker_config(conn->worker)->upstream.handshake_ms);
    enter(conn, CONN_HANDSHAKE);
    link_start_tls(conn->client, tls);
    return ST_OK;
}

static enum st_rc prepare(struct conn *conn)
{
    if (link_state(conn->client) == LINK_CLOSED) {
        end(conn, END_CUT);
        return ST_OK;
    }
    return conn->leaf_is_due || !origin_is_decided(conn) ? ST_AGAIN : start_handshake(conn);
}

static enum st_rc start_streams(struct conn *conn)
{
    upstream_give_back(conn->env.spare); /* the first stream takes it from the pool */
    conn->env.spare = NULL;
    conn->streams = streams_new(&conn->env);
    if (conn->streams == NULL)
        end(conn, END_CUT);
    else
        enter(conn, CONN_STREAMS);
    return ST_OK;
}

static enum st_rc start_exchanges(struct conn *conn)
{
    const struct pol_config *config = worker_config(conn->worker);
    const struct http1_limits limits = { (size_t)config->limit.head_bytes, (size_t)config->limit.fields };

    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    conn->env.is_tls = true;
    if (tls_is_http2(link_tls(conn->client)))
        return start_streams(conn);
    http1_free(conn->parser);
    conn->front.parser = conn->parser = http1_new(HTTP1_REQUEST, &limits);
    if (conn->parser == NULL)
        end(conn, END_CUT);
    else
        enter(conn, CONN_TLS);
    return ST_OK;
}

static enum st_rc handshake(struct conn *conn)
{
    switch (link_state(conn->client)) {
    case LINK_HANDSHAKE:
    case LINK_CONNECTING:
        if (!conn->is_late)
            return ST_AGAIN;
        break;
    case LINK_OPEN:
    case LINK_ENDED: return start_exchanges(conn);
    case LINK_CLOSED: break;
    }
    conn->worker->counts.client_tls_failed++;
    end(conn, END_CUT);
    return ST_OK;
}

static enum st_rc pass(struct conn *conn)
{
    uint64_t before = conn->splice.bytes;
    enum st_rc rc = conn->is_late ? ST_ERR : splice_step(&conn->splice);

    if (rc == ST_AGAIN && conn->splice.bytes != before)
        arm(conn, SPLICE_IDLE_MS);
    if (rc != ST_AGAIN)
        end(conn, rc == ST_OK || link_state(conn->client) != LINK_CLOSED ? END_FINISH : END_CUT);
    return rc == ST_AGAIN ? ST_AGAIN : ST_OK;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

/* The only entry: links, the origin, the leaf and timers call it. */
static void conn_step(void *ctx)
{
    struct conn *conn = ctx;
    enum st_rc rc = ST_OK;

    ST_CHECK(conn, CONN_MAGIC);
    while (rc == ST_OK && conn->state != CONN_GONE) {
        switch (conn->state) {
        case CONN_CLEAR:
        case CONN_TLS: rc = exchange(conn); break;
        case CONN_DIAL: rc = wait_for_dial(conn); break;
        case CONN_PEEK: rc = peek(conn); break;
        case CONN_SPLICE: rc = pass(conn); break;
        case CONN_PREPARE: rc = prepare(conn); break;
        case CONN_HANDSHAKE: rc = handshake(conn); break;
        case CONN_STREAMS: rc = stream(conn); break;
        case CONN_GONE: break;
        }
    }
}

/* ---- birth ------------------------------------------------------------------------------------------------------ */

static void name_person(struct conn *conn, const struct sockaddr *from)
{
    char address[INET6_ADDRSTRLEN] = "";

    if (from->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)from)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(six))
            (void)inet_ntop(AF_INET, six->s6_addr + 12, address, sizeof address);
        else
            (void)inet_ntop(AF_INET6, six, address, sizeof address);
    } else if (from->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, address, sizeof address);
    }
    (void)snprintf(conn->person, sizeof conn->person, "%s", pol_person(conn->worker->rules->gen->policies, address));
}

void conn_start(struct worker *worker, int fd, const struct sockaddr *from)
{
    const struct pol_config *config = worker_config(worker);
    const struct http1_limits limits = { (size_t)config->limit.head_bytes, (size_t)config->limit.fields };
    struct conn *conn = calloc(1, sizeof *conn);
    struct link *client = link_new(&worker->loop, fd, conn_step, conn);

    if (conn == NULL || client == NULL || (conn->parser = http1_new(HTTP1_REQUEST, &limits)) == NULL) {
        link_free(client);
        free(conn);
        ST_LOG(OOM, ST_NUM("worker", fam_number(worker->child)));
        return;
    }
    conn->magic = CONN_MAGIC;
    conn->worker = worker;
    conn->client = client;
    conn->front = (struct front_http1){ .front = { &front_http1_ops }, .client = client, .parser = conn->parser };
    conn->env = (struct txn_env){ .worker = worker,
                                  .client = client,
                                  .front = &conn->front.front,
                                  .person = conn->person,
                                  .host = "",
                                  .on_event = conn_step,
                                  .ctx = conn };
    conn->timer = (struct st_timer){ .fn = on_timer, .ctx = conn };
    conn->gone = (struct later_item){ .fn = conn_gone, .ctx = conn };
    conn->again = (struct later_item){ .fn = conn_step, .ctx = conn };
    name_person(conn, from);
    conn->next = worker->conns;
    conn->link_in_list = &worker->conns;
    if (conn->next != NULL)
        conn->next->link_in_list = &conn->next;
    worker->conns = conn;
    worker->n_conns++;
    worker->counts.connections++;
    later_call(worker->loop.later, &conn->again); /* begins the wait for the first request */
}

static bool is_idle(const struct conn *conn)
{
    return (conn->state == CONN_CLEAR || conn->state == CONN_TLS) && conn->txn == NULL;
}

void conn_drain_all(struct worker *worker)
{
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn->next) {
        if (is_idle(conn)) {
            end(conn, END_FINISH);
        } else if (conn->state == CONN_STREAMS) {
            streams_leave(conn->streams);
            later_call(worker->loop.later, &conn->again);
        }
    }
}

void conn_free_all(struct worker *worker)
{
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn->next)
        end(conn, END_CUT);
}
