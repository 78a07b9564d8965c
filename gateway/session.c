/* SPDX-License-Identifier: Apache-2.0 */
/* session - one HTTP/2 connection to an origin: dialled, shared, checked, left.
 *
 * One step, on every event of its link, of a back, of its timer: bytes in, news to the exchanges, bytes out. Nothing
 * here is stepped from inside an exchange: backs ask for it with session_update, and it happens from a zero-time event,
 * so that what many exchanges gave leaves in one write. A session that waited for a while is checked with a PING along
 * with its next request, so that a dead path is noticed in seconds. It is freed when its last back is closed, whatever
 * became of the connection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/sessions_parts.h"
#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>

#define SESSION_MAGIC  0x73657369u
#define STREAMS_MAX    256u /* of a session; the origin may want fewer */
#define ALL_WINDOW     (16u << 20)
#define IDLE_MAX_MS    60000u /* without a stream */
#define CHECK_AFTER_MS 4000u  /* without a byte: is it alive? */
#define ALIVE_WITHIN   10000u
#define PULL_MAX       65536u
#define FRAME_MAX      (16384u + 9u)

/* The only writer of session->state. */
static void enter(struct session *session, enum session_state next)
{
    assert(next > session->state);
    session->state = next;
}

void session_update(struct session *session)
{
    ST_CHECK(session, SESSION_MAGIC);
    if (session->state != SESSION_IS_GONE)
        later_call(session->sessions->worker->loop.later, &session->again);
}

static void on_timer(void *ctx)
{
    struct session *session = ctx;

    ST_CHECK(session, SESSION_MAGIC);
    session->is_late = true;
    session_update(session);
}

/* The only writer of session->check. */
static void check_enter(struct session *session, enum session_check next)
{
    session->check = next;
}

static void arm(struct session *session, uint64_t ms)
{
    struct st_err ignored;

    session->is_late = false;
    if (st_timer_arm(session->sessions->worker->loop.timers, &session->timer, ms, &ignored) != ST_OK)
        session->is_late = true;
}

static void disarm(struct session *session)
{
    session->is_late = false;
    st_timer_disarm(session->sessions->worker->loop.timers, &session->timer);
}

void session_no_more(struct session *session)
{
    if (session->state == SESSION_IS_OPEN)
        enter(session, SESSION_IS_LEAVING);
    session_update(session);
}

void session_lets_go(struct session *session)
{
    session->n--;
    if (session->n == 0 && session->state == SESSION_IS_OPEN) {
        session->idle_since_ms = st_clock_ms();
        check_enter(session, SESSION_IS_TRUSTED);
        arm(session, IDLE_MAX_MS);
    }
    session_update(session);
}

/* ---- its end ------------------------------------------------------------------------------------------------------
 */

void session_free(struct session *session)
{
    struct sessions *s = session->sessions;

    *session->link = session->next;
    if (session->next != NULL)
        session->next->link = session->link;
    s->n--;
    st_timer_disarm(s->worker->loop.timers, &session->timer);
    later_cancel(&session->again);
    later_cancel(&session->gone);
    budget_hold(&s->worker->budget, &session->share, 0);
    http2_free(session->h2);
    upstream_free(session->upstream);
    session->magic = 0;
    free(session);
}

static void on_gone(void *ctx)
{
    struct session *session = ctx;

    ST_CHECK(session, SESSION_MAGIC);
    session_free(session);
}

static void leave(struct session *session)
{
    enter(session, SESSION_IS_GONE);
    disarm(session);
    later_cancel(&session->again);
    later_call(session->sessions->worker->loop.later, &session->gone);
}

/* Nothing comes or goes any more. What the exchanges have not read of their answers stays theirs. */
static void lose(struct session *session)
{
    enter(session, SESSION_IS_LOST);
    disarm(session);
    http2_close_all(session->h2, HTTP2_INTERNAL_ERROR);
    upstream_free(session->upstream);
    session->upstream = NULL;
}

/* ---- bytes --------------------------------------------------------------------------------------------------------
 */

static void on_event(void *ctx, struct http2 *h2, const struct http2_event *event)
{
    struct session *session = ctx;

    (void)h2;
    ST_CHECK(session, SESSION_MAGIC);
    if (event->kind == HTTP2_SETTINGS) {
        session->has_settings = true;
    } else if (event->kind == HTTP2_GOAWAY) {
        session->sessions->worker->counts.origin_goaway++;
        session_no_more(session);
    } else if (event->user != NULL) {
        back_stream_take(event->user, event);
    }
}

static void give_up(struct session *session, const struct st_err *err)
{
    ST_LOG(UPSTREAM_FAILED, ST_ERRF(err));
    if (session->state == SESSION_IS_OPEN)
        enter(session, SESSION_IS_LEAVING);
}

/* true: something was taken. Streams bound what can come, so an origin that does not read is read from all the same. */
static bool feed(struct session *session)
{
    struct evbuffer *in = link_in(upstream_link(session->upstream));
    struct st_err err = ST_ERR_INIT;
    bool has_moved = false;
    enum st_rc rc = ST_OK;

    while (rc == ST_OK && evbuffer_get_length(in) > 0) {
        struct evbuffer_iovec piece = { NULL, 0 };

        (void)evbuffer_peek(in, -1, NULL, &piece, 1);
        session->heard++;
        rc = http2_feed(session->h2, st_span(piece.iov_base, piece.iov_len), &err);
        (void)evbuffer_drain(in, piece.iov_len);
        has_moved = true;
    }
    if (has_moved && session->check == SESSION_IS_ASKED) {
        check_enter(session, SESSION_IS_TRUSTED);
        disarm(session);
    }
    if (rc == ST_ERR) {
        breach_note(session->sessions->worker, BREACH_ORIGIN_HTTP2, &err);
        give_up(session, &err);
    }
    return has_moved && rc == ST_OK;
}

/* true: something was written. */
static bool pull(struct session *session)
{
    struct link *link = upstream_link(session->upstream);
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = ST_OK;
    bool has_moved = false;
    struct st_buf out;

    st_buf_init(&out, PULL_MAX + FRAME_MAX);
    while (rc == ST_OK && !link_is_full(link) && http2_has_output(session->h2)) {
        st_buf_reset(&out);
        rc = http2_pull(session->h2, &out, PULL_MAX, &err);
        if (rc != ST_ERR && out.n > 0 && evbuffer_add(link_out(link), out.p, out.n) != 0)
            rc = st_fail(&err, ST_E_NOMEM, "sessions.pull", "buffer", out.n);
        has_moved = has_moved || out.n > 0;
    }
    st_buf_fini(&out);
    if (rc == ST_ERR)
        give_up(session, &err);
    return has_moved && rc != ST_ERR;
}

static void tell(struct session *session)
{
    while (session->ready != NULL)
        back_stream_tell(session->ready);
}

static bool is_deaf(struct session *session)
{
    struct link *link = upstream_link(session->upstream);

    return (link_state(link) == LINK_ENDED || link_state(link) == LINK_CLOSED) &&
           evbuffer_get_length(link_in(link)) == 0;
}

/* ---- the step -----------------------------------------------------------------------------------------------------
 */

static enum st_rc open_session(struct session *session, struct st_err *err)
{
    struct worker *worker = session->sessions->worker;
    const struct pol_config *config = worker_config(worker);
    const struct http2_limits limits = { .head_bytes = (size_t)config->limit.head_bytes,
                                         .fields = (size_t)config->limit.fields,
                                         .streams = STREAMS_MAX,
                                         .window = SESSION_WINDOW,
                                         .connection_window = ALL_WINDOW,
                                         .stream_out = (size_t)config->limit.stream_buffer,
                                         .queue = (size_t)config->limit.session_frames,
                                         .memory = (size_t)config->limit.session_memory,
                                         .glitches = (uint32_t)config->limit.glitches,
                                         .glitches_per_second = (uint32_t)config->limit.glitches_per_second };

    if (http2_new(HTTP2_CLIENT, &limits, on_event, session, &session->h2, err) != ST_OK)
        return ST_ERR;
    worker->counts.origin_http2++;
    enter(session, SESSION_IS_OPEN);
    arm(session, IDLE_MAX_MS);
    return ST_OK;
}

/* The connection is decided. */
static void dialled(struct session *session)
{
    struct sessions *s = session->sessions;
    struct upstream_place place = session->place;
    struct st_err err = ST_ERR_INIT;

    if (upstream_state(session->upstream) == UPSTREAM_FAILED) {
        err = *upstream_err(session->upstream);
        s->worker->counts.origin_failed++;
    } else if (!upstream_is_http2(session->upstream)) {
        upstream_give_back(session->upstream);
        session->upstream = NULL;
    } else if (open_session(session, &err) == ST_OK) {
        return;
    }
    leave(session);
    sessions_disappoint(s, &place, err.code != ST_E_NONE ? &err : NULL);
}

static void on_late(struct session *session)
{
    session->is_late = false;
    if (session->check == SESSION_IS_ASKED)
        lose(session);
    else if (session->n == 0 && session->state == SESSION_IS_OPEN)
        enter(session, SESSION_IS_LEAVING);
}

/* Says goodbye; the streams are over. */
static void finish(struct session *session)
{
    struct st_err ignored;

    if (session->state == SESSION_IS_LEAVING && http2_goaway(session->h2, false, HTTP2_NO_ERROR, &ignored) == ST_OK) {
        (void)pull(session);
        link_update(upstream_link(session->upstream));
    }
    leave(session);
}

static void exchange_bytes(struct session *session)
{
    bool has_moved = true;

    while (has_moved && (session->state == SESSION_IS_OPEN || session->state == SESSION_IS_LEAVING)) {
        has_moved = feed(session);
        tell(session);
        has_moved = pull(session) || has_moved;
        link_update(upstream_link(session->upstream));
        if (is_deaf(session) || http2_is_over(session->h2))
            lose(session);
    }
    tell(session);
}

static void step(void *ctx)
{
    struct session *session = ctx;

    ST_CHECK(session, SESSION_MAGIC);
    if (session->state == SESSION_IS_DIAL &&
        (upstream_state(session->upstream) == UPSTREAM_READY || upstream_state(session->upstream) == UPSTREAM_FAILED))
        dialled(session);
    if (session->state == SESSION_IS_DIAL || session->state == SESSION_IS_GONE)
        return;
    if (session->is_late)
        on_late(session);
    exchange_bytes(session);
    budget_hold(&session->sessions->worker->budget, &session->share, http2_memory(session->h2));
    sessions_wake(session->sessions, &session->place);
    if (session->n == 0 && (session->state == SESSION_IS_LEAVING || session->state == SESSION_IS_LOST))
        finish(session);
}

/* ---- for the pool -------------------------------------------------------------------------------------------------
 */

/* Owns upstream when it succeeds; NULL: it will be dialled. */
static struct session *session_new(struct sessions *s, const struct upstream_place *place, struct upstream *upstream)
{
    struct session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return NULL;
    session->magic = SESSION_MAGIC;
    session->sessions = s;
    session->place = *place;
    session->place.offer = UPSTREAM_BOTH;
    session->upstream = upstream;
    session->idle_since_ms = st_clock_ms();
    session->timer = (struct st_timer){ .fn = on_timer, .ctx = session };
    session->again = (struct later_item){ .fn = step, .ctx = session };
    session->gone = (struct later_item){ .fn = on_gone, .ctx = session };
    session->next = s->first;
    session->link = &s->first;
    if (session->next != NULL)
        session->next->link = &session->next;
    s->first = session;
    s->n++;
    return session;
}

enum st_rc session_dial(struct sessions *s, const struct upstream_place *place, struct st_err *err)
{
    struct session *session = session_new(s, place, NULL);

    if (session == NULL)
        return st_fail(err, ST_E_NOMEM, "sessions.dial", "session", sizeof *session);
    if (upstream_open(s->worker->pool, &session->place, 0, (struct link_owner){ step, session }, &session->upstream,
                      err) == ST_OK)
        return ST_OK;
    session_free(session);
    return ST_ERR;
}

enum st_rc session_stream(struct session *session, struct link_owner owner, struct back **out, struct st_err *err)
{
    struct worker *worker = session->sessions->worker;
    bool is_first = session->opened == 0;

    if (back_stream_open(session, owner, out, err) != ST_OK)
        return ST_ERR;
    worker->counts.origin_streams++;
    worker->counts.origin_reused += !is_first;
    if (session->n > 1)
        return ST_OK;
    disarm(session);
    if (st_clock_ms() - session->idle_since_ms >= CHECK_AFTER_MS && http2_ping(session->h2, err) == ST_OK) {
        check_enter(session, SESSION_IS_ASKED);
        arm(session, ALIVE_WITHIN);
    }
    return ST_OK;
}

enum st_rc session_adopt(struct sessions *s, struct upstream *upstream, struct st_err *err)
{
    struct session *session = session_new(s, upstream_at(upstream), upstream);

    if (session == NULL) {
        upstream_free(upstream);
        return st_fail(err, ST_E_NOMEM, "sessions.adopt", "session", sizeof *session);
    }
    if (open_session(session, err) != ST_OK) {
        session_free(session);
        return ST_ERR;
    }
    session->insists = upstream_insists(upstream);
    upstream_own(upstream, step, session);
    session_update(session);
    return ST_OK;
}
