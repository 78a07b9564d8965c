/* SPDX-License-Identifier: Apache-2.0 */
/* reach - an exchange's way to its origin: a stream of a session, or a connection of its own.
 *
 * Where the origin spoke HTTP/2, exchanges share sessions; what is bound to a connection, and what the origin wants so,
 * goes by HTTP/1.1. There the connection that the client's last exchange left is taken before one of the pool, and one
 * of the pool before a new one; what may not be repeated goes over a connection that is surely alive. Whatever was
 * taken is given back in one place, reach_leave.
 */
#include "gateway/txn_parts.h"

#define IDLE_FOR_WRITES 4000u /* a request that must not be repeated wants a connection that is surely alive */

/* ---- a session's stream ----------------------------------------------------------------------------------------- */

/* What is bound to a connection, and a WebSocket where sessions take none; of an origin that has not said it yet that
 * is asked for first. */
static bool wants_own(const struct txn *t)
{
    return t->env->is_pinned || t->needs_http1 ||
           (t->is_socket && sessions_refuses_sockets(t->worker->sessions, &t->place));
}

static bool wants_session(const struct txn *t)
{
    return t->env->origin_is_http2 && !t->turn.is_http1 && !wants_own(t);
}

/* ST_OK with t->back NULL: the origin does not speak HTTP/2 any more. */
static enum st_rc get_stream(struct txn *t)
{
    if (t->turn.place == NULL) {
        t->turn = (struct session_wait){ .place = &t->place,
                                         .owner = { t->env->on_event, t->env->ctx },
                                         .is_socket = t->is_socket };
        exchange_wait(t, TXN_WAITS_FOR_ORIGIN);
    }
    return sessions_get(t->worker->sessions, &t->turn, &t->back, &t->err);
}

/* ---- a connection ----------------------------------------------------------------------------------------------- */

/* Streams of one client share a number of connections to the origin; beyond it they wait their turn. */
static bool take_slot(struct txn *t)
{
    struct txn_slots *slots = t->env->slots;

    t->env->waits_for_slot = slots != NULL && slots->open >= slots->max;
    if (slots != NULL && !t->env->waits_for_slot)
        slots->open++;
    t->has_slot = slots != NULL && !t->env->waits_for_slot;
    return !t->env->waits_for_slot;
}

static void leave_slot(struct txn *t)
{
    if (t->has_slot)
        t->env->slots->open--;
    t->has_slot = false;
}

/* ST_AGAIN: there is no slot. */
static enum st_rc open_origin(struct txn *t, bool is_repeatable)
{
    uint64_t max_idle_ms = is_repeatable ? UINT64_MAX : IDLE_FOR_WRITES;
    struct upstream *spare = t->env->spare;

    if (!take_slot(t))
        return ST_AGAIN;
    if (t->env->origin_is_http2 && wants_own(t))
        t->place.offer = UPSTREAM_HTTP1_ONLY;
    t->env->spare = NULL;
    if (spare != NULL && upstream_is_for(spare, &t->place) &&
        (is_repeatable ? upstream_is_clean(spare) : upstream_is_alive(spare)) &&
        (t->env->is_pinned || upstream_idle_ms(spare) <= max_idle_ms)) {
        upstream_own(spare, t->env->on_event, t->env->ctx);
        t->origin = spare;
    } else {
        upstream_give_back(spare);
        if (upstream_open(t->worker->pool, &t->place, max_idle_ms, (struct link_owner){ t->env->on_event, t->env->ctx },
                          &t->origin, &t->err) != ST_OK)
            return ST_ERR;
    }
    t->worker->counts.origin_reused += upstream_was_used(t->origin);
    exchange_wait(t, TXN_WAITS_FOR_ORIGIN);
    return ST_OK;
}

static enum st_rc make_back(struct txn *t)
{
    const struct pol_config *config = worker_config(t->worker);
    const struct http1_limits limits = { (size_t)config->limit.head_bytes, (size_t)config->limit.fields };
    struct upstream *upstream = t->origin;

    t->origin = NULL; /* moved */
    if (!upstream_is_http2(upstream))
        return back_http1_open(upstream, &limits, &t->back, &t->err);
    leave_slot(t);
    t->env->origin_is_http2 = true;
    if (sessions_adopt(t->worker->sessions, upstream, &t->err) != ST_OK)
        return ST_ERR;
    return get_stream(t);
}

enum st_rc reach_origin(struct txn *t, bool is_repeatable)
{
    enum st_rc rc = ST_OK;

    if (t->back == NULL && t->origin == NULL && wants_session(t))
        rc = get_stream(t);
    if (rc != ST_OK || t->back != NULL)
        return rc;
    if (t->origin == NULL && (rc = open_origin(t, is_repeatable)) != ST_OK)
        return rc;
    switch (upstream_state(t->origin)) {
    case UPSTREAM_READY: return make_back(t);
    case UPSTREAM_FAILED:
        t->err = *upstream_err(t->origin);
        t->worker->counts.origin_failed++;
        return ST_ERR;
    case UPSTREAM_RESOLVE:
    case UPSTREAM_CONNECT:
    case UPSTREAM_HANDSHAKE: break;
    }
    return ST_AGAIN;
}

void reach_leave(struct txn *t)
{
    leave_slot(t);
    sessions_leave(&t->turn);
    t->turn.place = NULL;
    if (t->back != NULL)
        t->back->ops->close(t->back, &t->env->spare);
    upstream_free(t->origin);
    t->back = NULL;
    t->origin = NULL;
}
