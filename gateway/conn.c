/* SPDX-License-Identifier: Apache-2.0 */
/* conn - a client connection's life: clear exchanges or CONNECT, then pass it, refuse it, or open it.
 *
 * One enum, one setter, one step. Exchanges (txn.c) follow one another on it, in clear or, after a CONNECT that is
 * opened (conn_open.c), inside TLS; streams.c has them side by side. A connection owns its links, its exchange and its
 * spare origin, and is freed from a zero-time event.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/conn_parts.h"
#include "gateway/streams.h"
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define RESTED_MS 1000u

void conn_enter(struct conn *conn, enum conn_state next)
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

void conn_arm(struct conn *conn, int64_t ms)
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

void conn_end(struct conn *conn, enum conn_ending ending)
{
    if (conn->state == CONN_GONE)
        return;
    conn_enter(conn, CONN_GONE);
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    later_cancel(&conn->again);
    leaf_cancel(&conn->leaf);
    tls_leaf_release(conn->leaf.leaf); /* a listener's own */
    conn->leaf.leaf = NULL;
    txn_free(conn->txn);
    conn->txn = NULL;
    streams_free(conn->streams);
    conn->streams = NULL;
    if (conn->env.is_pinned)
        upstream_free(conn->env.spare);
    else
        upstream_give_back(conn->env.spare);
    conn->env.spare = NULL;
    if (conn->joint != NULL)
        conn->splice.bytes = conn->joined_at + joint_bytes(conn->joint);
    joint_free(conn->joint); /* before the sockets it borrows */
    conn->joint = NULL;
    conn->worker->counts.passed_bytes += conn->splice.bytes;
    rules_release(conn->door);
    conn->door = NULL;
    upstream_free(conn->origin); /* a spliced one carried a stranger's protocol: never to the pool */
    conn->origin = NULL;
    if (ending == CONN_FINISH)
        link_finish(conn->client);
    else
        link_free(conn->client);
    conn->client = NULL;
    later_call(conn->worker->loop.later, &conn->gone);
}

/* ---- exchanges -------------------------------------------------------------------------------------------------- */

/* A client that is silent keeps no origin waiting for it: whoever asks next may have the connection. */
static void share_origin(struct conn *conn)
{
    if (conn->env.is_pinned)
        return;
    upstream_give_back(conn->env.spare);
    conn->env.spare = NULL;
}

/* Between exchanges a connection costs no arena, no txn and no origin: true while nothing has come. */
static bool wait_for_request(struct conn *conn)
{
    if (evbuffer_get_length(link_in(conn->client)) > 0) {
        st_timer_disarm(conn->worker->loop.timers, &conn->timer);
        return false;
    }
    if (link_state(conn->client) == LINK_CLOSED || link_state(conn->client) == LINK_ENDED || conn->is_late) {
        conn_end(conn, CONN_FINISH);
        return false;
    }
    if (conn->timer.due_ms == 0)
        conn_arm(conn, worker_config(conn->worker)->limit.idle_ms);
    share_origin(conn);
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
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    outcome = txn_step(conn->txn);
    switch (outcome) {
    case TXN_GOES_ON: return ST_AGAIN;
    case TXN_KEEP:
        txn_free(conn->txn); /* its step has returned: no frame of it is on the stack */
        conn->txn = NULL;
        if (conn->worker->is_draining)
            conn_end(conn, CONN_FINISH);
        else
            later_call(conn->worker->loop.later, &conn->again); /* others get their turn before the next of ours */
        return ST_AGAIN;
    case TXN_FINISH: conn_end(conn, CONN_FINISH); return ST_OK;
    case TXN_CUT: conn_end(conn, CONN_CUT); return ST_OK;
    case TXN_TUNNEL: return conn_open_tunnel(conn);
    }
    return ST_AGAIN;
}

static enum st_rc stream(struct conn *conn)
{
    enum txn_outcome outcome = streams_step(conn->streams);

    if (outcome == TXN_GOES_ON)
        return ST_AGAIN;
    conn_end(conn, outcome == TXN_CUT ? CONN_CUT : CONN_FINISH);
    return ST_OK;
}

static enum st_rc start_streams(struct conn *conn)
{
    share_origin(conn); /* the first stream takes it from the pool */
    conn->streams = streams_new(&conn->env);
    if (conn->streams == NULL)
        conn_end(conn, CONN_CUT);
    else
        conn_enter(conn, CONN_STREAMS);
    return ST_OK;
}

enum st_rc conn_start_exchanges(struct conn *conn)
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
        conn_end(conn, CONN_CUT);
    else
        conn_enter(conn, CONN_TLS);
    return ST_OK;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

void conn_step(void *ctx)
{
    struct conn *conn = ctx;
    enum st_rc rc = ST_OK;

    ST_CHECK(conn, CONN_MAGIC);
    while (rc == ST_OK && conn->state != CONN_GONE) {
        switch (conn->state) {
        case CONN_DOOR: rc = conn_door(conn); break;
        case CONN_PROXY: rc = conn_proxy(conn); break;
        case CONN_WELCOME: rc = conn_welcome(conn); break;
        case CONN_GREET: rc = conn_greet(conn); break;
        case CONN_GUESS: rc = conn_guess(conn); break;
        case CONN_CLEAR:
        case CONN_TLS: rc = exchange(conn); break;
        case CONN_DIAL: rc = conn_dial(conn); break;
        case CONN_PEEK: rc = conn_peek(conn); break;
        case CONN_REACH: rc = conn_reach(conn); break;
        case CONN_SPLICE: rc = conn_pass(conn); break;
        case CONN_PREPARE: rc = conn_prepare(conn); break;
        case CONN_HANDSHAKE: rc = conn_handshake(conn); break;
        case CONN_STREAMS: rc = stream(conn); break;
        case CONN_GONE: break;
        }
    }
}

/* ---- birth ------------------------------------------------------------------------------------------------------ */

void conn_start(struct worker *worker, int fd, const struct sockaddr *from, size_t listener)
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
    conn->from = address_of(from);
    conn->door = rules_retain(worker->rules);
    conn->listen = (const struct pol_listen *)config->listen.items + listener;
    conn->next = worker->conns;
    conn->link_in_list = &worker->conns;
    if (conn->next != NULL)
        conn->next->link_in_list = &conn->next;
    worker->conns = conn;
    worker->n_conns++;
    worker->counts.connections++;
    later_call(worker->loop.later, &conn->again); /* goes through the door */
}

static bool is_idle(const struct conn *conn)
{
    return (conn->state == CONN_CLEAR || conn->state == CONN_TLS) && conn->txn == NULL;
}

/* Who has waited a moment for the next request will hardly notice: clients open another connection. */
static bool has_rested(const struct conn *conn)
{
    uint64_t idle_ms = (uint64_t)worker_config(conn->worker)->limit.idle_ms;

    return is_idle(conn) && conn->timer.due_ms > 0 && conn->timer.due_ms + RESTED_MS <= st_clock_ms() + idle_ms;
}

void conn_make_room(struct worker *worker)
{
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn->next) {
        if (!has_rested(conn))
            continue;
        worker->counts.idle_ended++;
        conn_end(conn, CONN_FINISH);
    }
}

void conn_drain_all(struct worker *worker)
{
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn->next) {
        if (is_idle(conn)) {
            conn_end(conn, CONN_FINISH);
        } else if (conn->state == CONN_STREAMS) {
            streams_leave(conn->streams);
            later_call(worker->loop.later, &conn->again);
        } else if (conn->txn != NULL) { /* a socket plans its end */
            later_call(worker->loop.later, &conn->again);
        }
    }
}

void conn_free_all(struct worker *worker)
{
    for (struct conn *conn = worker->conns; conn != NULL; conn = conn->next)
        conn_end(conn, CONN_CUT);
}
