/* SPDX-License-Identifier: Apache-2.0 */
/* conn_open - what becomes of a tunnel: passed, refused, or opened.
 *
 * The ClientHello is peeked at; its SNI and the CONNECT host are routed, and the stricter of both holds, so that a
 * harmless SNI cannot carry a tunnel past the policy. Passed connections are spliced. For opened ones the origin is
 * reached and verified first, while the keyholder mints; whatever came of it, the client's handshake is completed, so
 * that every "no" is a page in the tunnel.
 */
#include "base/log.h"
#include "gateway/conn_parts.h"
#include "gateway/refuse.h"
#include "gateway/sessions.h"
#include "gateway/steer.h"
#include "gateway/transfer.h"
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

/* ---- CONNECT ---------------------------------------------------------------------------------------------------- */

bool conn_route(struct conn *conn, const char *host, struct pol_routed *out)
{
    struct generation *gen = conn->worker->rules->gen;
    struct pol_route_facts facts = { .host = st_span_str(host),
                                     .port = conn->connect.port,
                                     .platform = lp_host_platform(gen->plugins, st_span_str(host)),
                                     .groups = pol_groups(gen->policies, conn->person) };

    steer(gen, &facts, out);
    if (out->route != POL_PASS || out->policy != NULL || out->category != NULL ||
        !transfer_is_due(conn->worker, facts.host, conn->person))
        return false;
    out->route = POL_INSPECT;
    return true;
}

static void say_connected(struct conn *conn)
{
    static const char CONNECTED[] = "HTTP/1.1 200 Connection established\r\n\r\n";

    (void)evbuffer_add(link_out(conn->client), CONNECTED, sizeof CONNECTED - 1);
    link_update(conn->client);
}

bool conn_passes_unknown(const struct conn *conn)
{
    return conn->unknown == POL_UNKNOWN_PASS || (conn->unknown == POL_UNKNOWN_BY_ROUTE && conn->route == POL_PASS);
}

/* A client that says nothing may wait for its server's first word, but only where that may be heard. */
static void start_peek(struct conn *conn)
{
    const struct pol_config *config = worker_config(conn->worker);

    txn_free(conn->txn);
    conn->txn = NULL;
    say_connected(conn);
    conn_arm(conn, conn_passes_unknown(conn) ? config->limit.silence_ms : config->limit.unknown_ms);
    conn_enter(conn, CONN_PEEK);
}

static enum st_rc refuse_tunnel(struct conn *conn, const struct st_err *err)
{
    conn->worker->counts.refused_hosts += err == NULL;
    conn_end(conn, txn_refuse_tunnel(conn->txn, err) == TXN_CUT ? CONN_CUT : CONN_FINISH);
    return ST_OK;
}

static enum st_rc dial(struct conn *conn, bool is_tls)
{
    struct upstream_place place = { .port = conn->connect.port, .is_tls = is_tls, .near = conn->env.near };
    struct st_err err = ST_ERR_INIT;

    memcpy(place.host, conn->connect.host, sizeof place.host);
    memcpy(place.identity, conn->name, sizeof place.identity);
    place.offer = conn->offers_http2 ? UPSTREAM_BOTH : UPSTREAM_HTTP1_FIRST;
    conn->env.origin = place;
    conn->env.origin_is_http2 = is_tls && sessions_has(conn->worker->sessions, &place);
    if (conn->env.origin_is_http2)
        return ST_OK; /* nothing to open: it is there, and verified */
    if (upstream_open(conn->worker->pool, &place, UINT64_MAX, (struct link_owner){ conn_step, conn }, &conn->origin,
                      &err) == ST_OK)
        return ST_OK;
    conn->env.origin_err = err;
    return ST_ERR;
}

/* The CONNECT's target is known. Only a host that may never be opened is refused here: others get their page inside. */
enum st_rc conn_open_tunnel(struct conn *conn)
{
    struct pol_routed routed;

    conn->connect = *txn_target(conn->txn);
    memcpy(conn->name, conn->connect.host, sizeof conn->name);
    conn->env.is_lent = conn_route(conn, conn->connect.host, &routed);
    conn->route = routed.route;
    conn->unknown = routed.unknown;
    if (routed.route == POL_REFUSE && routed.category != NULL)
        return refuse_tunnel(conn, NULL);
    if (routed.route != POL_PASS) {
        start_peek(conn);
        return ST_OK;
    }
    if (dial(conn, false) != ST_OK)
        return refuse_tunnel(conn, &conn->env.origin_err);
    conn_enter(conn, CONN_DIAL);
    return ST_OK;
}

enum st_rc conn_dial(struct conn *conn)
{
    if (link_state(conn->client) == LINK_CLOSED) {
        conn_end(conn, CONN_CUT);
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
    conn_arm(conn, worker_config(conn->worker)->limit.tunnel_idle_ms);
    conn_enter(conn, CONN_SPLICE);
    return ST_OK;
}

enum st_rc conn_start_reach(struct conn *conn)
{
    if (conn->origin != NULL) /* reached before the client spoke */
        return start_splice(conn);
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    if (dial(conn, false) != ST_OK)
        conn_end(conn, CONN_CUT);
    else
        conn_enter(conn, CONN_REACH);
    return ST_OK;
}

/* There is no way to say why not to a client that speaks with the origin itself. */
enum st_rc conn_reach(struct conn *conn)
{
    if (link_state(conn->client) == LINK_CLOSED || upstream_state(conn->origin) == UPSTREAM_FAILED) {
        conn->worker->counts.origin_failed += upstream_state(conn->origin) == UPSTREAM_FAILED;
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    return upstream_state(conn->origin) == UPSTREAM_READY ? start_splice(conn) : ST_AGAIN;
}

/* The only writer of conn->leaf_state. A listener's own leaf comes before a site's. */
static void leaf_enter(struct conn *conn, enum conn_leaf next)
{
    assert(next != conn->leaf_state && next != LEAF_UNASKED);
    conn->leaf_state = next;
}

static void on_leaf(void *ctx)
{
    struct conn *conn = ctx;

    ST_CHECK(conn, CONN_MAGIC);
    leaf_enter(conn, LEAF_DECIDED);
    conn_step(conn);
}

void conn_wait_for_leaf(struct conn *conn, const char *name)
{
    conn->leaf.on_done = on_leaf;
    conn->leaf.ctx = conn;
    conn->leaf.client = &conn->from;
    (void)snprintf(conn->leaf.name, sizeof conn->leaf.name, "%s", name);
    leaf_enter(conn, LEAF_DUE);
    leaf_get(conn->worker->leaves, &conn->leaf);
}

struct tls *conn_accept(struct conn *conn)
{
    struct st_err err = ST_ERR_INIT;
    struct tls *tls = NULL;

    if (conn->leaf.leaf == NULL || tls_accept(conn->worker->tls, conn->leaf.leaf, &tls, &err) != ST_OK) {
        ST_LOG(LEAF_FAILED, ST_ERRF(conn->leaf.leaf == NULL ? &conn->leaf.err : &err));
        conn_end(conn, CONN_CUT);
        return NULL;
    }
    tls_leaf_release(conn->leaf.leaf);
    conn->leaf.leaf = NULL;
    return tls;
}

/* Opens the connection: the origin and the leaf at the same time. */
enum st_rc conn_start_prepare(struct conn *conn)
{
    upstream_free(conn->origin); /* of a CONNECT host that would pass; the SNI is to be opened */
    conn->origin = NULL;
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    conn->env.host = conn->name;
    conn->env.is_refused = conn->route == POL_REFUSE;
    conn->env.is_lent = conn->env.is_lent && conn->route == POL_INSPECT;
    conn->worker->counts.uploads_opened += conn->env.is_lent;
    if (conn->env.is_refused)
        conn->worker->counts.refused_hosts++;
    else
        conn->worker->counts.opened++;
    if (!conn->env.is_refused)
        (void)dial(conn, true); /* a failure is told in the tunnel */
    conn_wait_for_leaf(conn, conn->name);
    conn_enter(conn, CONN_PREPARE);
    return ST_OK;
}

/* The SNI may differ from the CONNECT host: the stricter route holds; what may never be opened is closed then. */
static enum st_rc decide(struct conn *conn, const struct hello *hello)
{
    struct pol_routed outer, inner;
    bool is_lent;

    conn->env.is_lent = conn_route(conn, conn->connect.host, &outer);
    inner = outer;
    if (hello->sni[0] != '\0' && strcmp(hello->sni, conn->connect.host) != 0) {
        is_lent = conn_route(conn, hello->sni, &inner);
        if (inner.route >= outer.route) { /* else it would be judged as a host that nobody looks into */
            memcpy(conn->name, hello->sni, sizeof conn->name);
            conn->env.is_lent = is_lent;
        }
    }
    conn->route = inner.route > outer.route ? inner.route : outer.route;
    conn->offers_http2 = hello->offers_h2;
    if (conn->route == POL_PASS)
        return conn_start_reach(conn);
    if (inner.category != NULL || (conn->route == POL_REFUSE && outer.category != NULL)) {
        conn->worker->counts.refused_hosts++;
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    return conn_start_prepare(conn);
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
    conn_end(conn, CONN_FINISH);
    return ST_OK;
}

struct st_span conn_first_bytes(struct conn *conn)
{
    static uint8_t bytes[HELLO_MAX];
    struct evbuffer *in = link_in(conn->client);
    size_t n = evbuffer_get_length(in);

    if (n > 0 && !conn->hello_began) { /* silence is over; a hello in pieces gets its own time, and no splice for being
                                        * slow */
        conn->hello_began = true;
        conn_arm(conn, worker_config(conn->worker)->limit.hello_ms);
    }
    n = n > HELLO_MAX ? HELLO_MAX : n;
    return st_span(bytes, n > 0 ? (size_t)evbuffer_copyout(in, bytes, n) : 0);
}

enum st_rc conn_peek(struct conn *conn)
{
    size_t n = evbuffer_get_length(link_in(conn->client));
    struct st_err err = ST_ERR_INIT;
    struct hello hello;
    struct st_span first;
    enum st_rc rc;

    if (link_state(conn->client) == LINK_CLOSED || (link_state(conn->client) == LINK_ENDED && n == 0)) {
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    if (n == 0) {
        if (!conn->is_late)
            return ST_AGAIN;
        return conn_passes_unknown(conn) ? conn_start_reach(conn) : refuse_not_tls(conn, ST_SPAN_NONE);
    }
    first = conn_first_bytes(conn);
    rc = hello_parse(first, &hello, &err);
    if (rc == ST_AGAIN && first.p[0] != HELLO_TLS_BYTE && conn->route == POL_PASS && conn_passes_unknown(conn))
        return conn_start_reach(conn); /* whether it is HTTP makes no difference here */
    if (rc == ST_AGAIN && !conn->is_late && link_state(conn->client) != LINK_ENDED)
        return ST_AGAIN;
    if (rc == ST_OK && hello.kind == HELLO_TLS)
        return decide(conn, &hello);
    if (rc == ST_OK && (hello.kind == HELLO_HTTP ? conn->route == POL_PASS : conn_passes_unknown(conn)))
        return conn_start_reach(conn);
    return refuse_not_tls(conn, first);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool origin_is_decided(struct conn *conn)
{
    return conn->origin == NULL || upstream_state(conn->origin) == UPSTREAM_READY ||
           upstream_state(conn->origin) == UPSTREAM_FAILED;
}

/* What came of the origin: a session for all, a connection for this client's exchanges, or a page. */
static void take_origin(struct conn *conn)
{
    struct upstream *origin = conn->origin;

    conn->origin = NULL;
    if (origin == NULL)
        return;
    if (upstream_state(origin) == UPSTREAM_FAILED) {
        conn->env.origin_err = *upstream_err(origin);
        conn->worker->counts.origin_failed++;
        ST_LOG(UPSTREAM_FAILED, ST_ERRF(upstream_err(origin)));
        upstream_free(origin);
    } else if (upstream_is_http2(origin)) {
        conn->env.origin_is_http2 = true;
        (void)(sessions_adopt(conn->worker->sessions, origin, &conn->env.origin_err) == ST_OK); /* a page tells */
    } else {
        conn->env.spare = origin;
    }
}

static enum st_rc start_handshake(struct conn *conn)
{
    struct tls *tls = conn_accept(conn);

    if (tls == NULL)
        return ST_OK;
    take_origin(conn);
    if (conn->env.origin_is_http2)
        tls_prefer_http2(tls);
    conn_arm(conn, worker_config(conn->worker)->upstream.handshake_ms);
    conn_enter(conn, CONN_HANDSHAKE);
    link_start_tls(conn->client, tls);
    return ST_OK;
}

enum st_rc conn_prepare(struct conn *conn)
{
    if (link_state(conn->client) == LINK_CLOSED) {
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    return conn->leaf_state == LEAF_DUE || !origin_is_decided(conn) ? ST_AGAIN : start_handshake(conn);
}

enum st_rc conn_handshake(struct conn *conn)
{
    switch (link_state(conn->client)) {
    case LINK_HANDSHAKE:
    case LINK_CONNECTING:
        if (!conn->is_late)
            return ST_AGAIN;
        break;
    case LINK_OPEN:
    case LINK_ENDED: return conn_start_exchanges(conn);
    case LINK_CLOSED: break;
    }
    conn->worker->counts.client_tls_failed++;
    conn_end(conn, CONN_CUT);
    return ST_OK;
}

/* From now on inside the kernel, once nothing of either side is in our buffers. */
static void join(struct conn *conn)
{
    struct worker *worker = conn->worker;

    if (conn->joint != NULL || !link_is_bare(conn->splice.a) || !link_is_bare(conn->splice.b))
        return;
    conn->joint = joint_new(&worker->loop, worker->pipes, link_fd(conn->splice.a), link_fd(conn->splice.b),
                            (struct link_owner){ conn_step, conn });
    if (conn->joint == NULL)
        return;
    link_lend(conn->splice.a);
    link_lend(conn->splice.b);
    conn->joined_at = conn->splice.bytes;
    worker->counts.passed_joined++;
}

enum st_rc conn_pass(struct conn *conn)
{
    uint64_t before = conn->splice.bytes;
    enum st_rc rc;

    if (conn->joint != NULL) {
        conn->splice.bytes = conn->joined_at + joint_bytes(conn->joint);
        rc = joint_outcome(conn->joint);
    } else {
        rc = splice_step(&conn->splice);
    }
    if (conn->is_late)
        rc = ST_ERR;
    if (rc == ST_AGAIN)
        join(conn);
    if (rc == ST_AGAIN && conn->splice.bytes != before)
        conn_arm(conn, worker_config(conn->worker)->limit.tunnel_idle_ms);
    if (rc != ST_AGAIN)
        conn_end(conn, rc == ST_OK || link_state(conn->client) != LINK_CLOSED ? CONN_FINISH : CONN_CUT);
    return rc == ST_AGAIN ? ST_AGAIN : ST_OK;
}
