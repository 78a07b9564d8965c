/* SPDX-License-Identifier: Apache-2.0 */
/* streams - many exchanges on one link: feeds the session, steps the exchanges that have news, writes what they gave.
 *
 * The session (http2.h) may not be entered from its own events, so an event only marks its stream; the step then goes
 * round until nothing moves. A stream and its exchange are freed between two steps of exchanges, nowhere else. The
 * windows are such that all streams together may fill theirs: a stream that waits for a connection to the origin never
 * keeps the bytes of another from coming. Ceilings are options (limit.…); each wait has the exchange's deadline, and a
 * connection without exchanges has the idle one.
 */
#include "base/log.h"
#include "gateway/later.h"
#include "gateway/sessions.h"
#include "gateway/streams_parts.h"
#include <event2/buffer.h>
#include <stdlib.h>

#define STREAMS_MAGIC  0x7374726cu
#define WINDOW_MIN     65535u /* RFC 9113 §6.9.2 */
#define PULL_MAX       65536u
#define FRAME_MAX      (16384u + 9u)
#define LEAVE_AFTER_MS 500u /* from the notice to the end of taking streams: longer than a round trip */

#define STREAMS_STATES(X) \
    X(OPEN)               \
    X(NOTICE)             \
    X(GOODBYE)            \
    X(BROKEN)
enum streams_state { /* NOTICE: the client was told to go elsewhere; GOODBYE: no stream is taken any more */
#define X(id) STREAMS_##id,
                     STREAMS_STATES(X)
#undef X
};

struct streams {
    unsigned magic;
    enum streams_state state; /* written by enter only */
    struct txn_env env;       /* the connection's */
    struct txn_slots slots;
    struct http2 *session; /* owned */
    struct stream *first, **last;
    size_t n;
    struct stream *ready, **last_ready;
    struct st_timer timer;
    struct later_item again; /* the connection's step */
    bool is_late;
    bool offers_sockets; /* as the origin does */
    size_t share;        /* of the worker's budget: what the session holds */
};

/* The only writer of streams->state. */
static void enter(struct streams *s, enum streams_state next)
{
    ST_CHECK(s, STREAMS_MAGIC);
    assert(next > s->state);
    s->state = next;
}

static void on_timer(void *ctx)
{
    struct streams *s = ctx;

    ST_CHECK(s, STREAMS_MAGIC);
    s->is_late = true;
    s->env.on_event(s->env.ctx);
}

static void arm(struct streams *s, uint64_t ms)
{
    struct st_err ignored;

    s->is_late = false;
    if (st_timer_arm(s->env.worker->loop.timers, &s->timer, ms, &ignored) != ST_OK)
        s->is_late = true;
}

bool streams_is_deaf(const struct streams *s)
{
    enum link_state state = link_state(s->env.client);

    return (state == LINK_ENDED || state == LINK_CLOSED) && evbuffer_get_length(link_in(s->env.client)) == 0;
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

void stream_ready(struct stream *stream)
{
    struct streams *s = stream->streams;

    ST_CHECK(stream, STREAM_MAGIC);
    if (stream->is_ready)
        return;
    stream->is_ready = true;
    stream->next_ready = NULL;
    *s->last_ready = stream;
    s->last_ready = &stream->next_ready;
}

/* An exchange's timer or its origin has news. All that have some are stepped together, so that their answers leave in
 * one write. */
static void on_exchange(void *ctx)
{
    struct stream *stream = ctx;
    struct streams *s = stream->streams;

    stream_ready(stream);
    later_call(s->env.worker->loop.later, &s->again);
}

/* A slot is free: the one that waits longest is stepped. */
static void wake_one(struct streams *s)
{
    struct stream *stream = s->first;

    while (stream != NULL && !stream->env.waits_for_slot)
        stream = stream->next;
    if (stream != NULL && s->slots.open < s->slots.max)
        stream_ready(stream);
}

/* Not while it is among the ready ones. */
static void stream_free(struct stream *stream)
{
    struct streams *s = stream->streams;

    budget_hold(&s->env.worker->budget, &stream->share, 0);
    txn_free(stream->txn);
    if (stream->env.is_pinned)
        upstream_free(stream->env.spare);
    else
        upstream_give_back(stream->env.spare);
    http2_release(stream->h2);
    if (stream->in != NULL)
        evbuffer_free(stream->in);
    *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    else
        s->last = stream->link;
    s->n--;
    stream->magic = 0;
    free(stream);
}

static bool can_offer_sockets(const struct txn_env *env)
{
    return env->origin_is_http2 && sessions_takes_sockets(env->worker->sessions, &env->origin);
}

/* The origin's settings may have come after ours went out. */
static void offer_sockets(struct streams *s)
{
    struct st_err ignored;

    if (s->offers_sockets || !can_offer_sockets(&s->env))
        return;
    s->offers_sockets = http2_offer_connect(s->session, &ignored) == ST_OK;
}

/* A request began. Without memory for it the stream is refused; the client may try again. */
static void begin(struct streams *s, const struct http2_event *event)
{
    struct stream *stream = calloc(1, sizeof *stream);

    offer_sockets(s);
    if (stream != NULL) {
        *stream = (struct stream){ .front = { &stream_front_ops }, .magic = STREAM_MAGIC, .streams = s };
        stream->env = s->env;
        stream->env.front = &stream->front;
        stream->env.slots = &s->slots;
        stream->env.on_event = on_exchange;
        stream->env.ctx = stream;
        stream->in = evbuffer_new();
        stream->txn = stream->in != NULL ? txn_new(&stream->env) : NULL;
    }
    if (stream == NULL || stream->txn == NULL) {
        if (stream != NULL && stream->in != NULL)
            evbuffer_free(stream->in);
        free(stream);
        http2_reset(event->stream, HTTP2_REFUSED_STREAM);
        http2_release(event->stream);
        return;
    }
    stream->h2 = event->stream;
    http2_bind(event->stream, stream);
    stream->link = s->last;
    *s->last = stream;
    s->last = &stream->next;
    s->n++;
    stream_take_head(stream, event);
    stream_ready(stream);
}

static void on_event(void *ctx, struct http2 *session, const struct http2_event *event)
{
    struct streams *s = ctx;
    struct stream *stream = event->user;

    (void)session;
    ST_CHECK(s, STREAMS_MAGIC);
    switch (event->kind) {
    case HTTP2_HEAD: begin(s, event); return;
    case HTTP2_DATA: stream_take_data(stream, event->data); break;
    case HTTP2_END: stream_take_end(stream, event->trailers, event->n_trailers); break;
    case HTTP2_CLOSED: stream->is_closed = true; break;
    case HTTP2_WRITABLE: break;
    case HTTP2_SETTINGS:
    case HTTP2_GOAWAY:
    case HTTP2_PONG: return;
    }
    if (stream != NULL)
        stream_ready(stream);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static void break_off(struct streams *s, const struct st_err *err)
{
    s->env.worker->counts.http2_ended++;
    breach_note(s->env.worker, BREACH_CLIENT_HTTP2, err);
    enter(s, STREAMS_BROKEN);
}

/* true: something was taken. A client that does not read is not read from. */
static bool feed(struct streams *s)
{
    struct evbuffer *in = link_in(s->env.client);
    struct st_err err = ST_ERR_INIT;
    bool has_moved = false;

    while (s->state != STREAMS_BROKEN && evbuffer_get_length(in) > 0 && !link_is_full(s->env.client)) {
        struct evbuffer_iovec piece = { NULL, 0 };

        (void)evbuffer_peek(in, -1, NULL, &piece, 1);
        if (http2_feed(s->session, st_span(piece.iov_base, piece.iov_len), &err) != ST_OK)
            break_off(s, &err);
        (void)evbuffer_drain(in, piece.iov_len);
        has_moved = true;
    }
    return has_moved;
}

/* true: something was written. */
static bool pull(struct streams *s)
{
    struct evbuffer *to = link_out(s->env.client);
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = ST_OK;
    bool has_moved = false;
    struct st_buf out;

    st_buf_init(&out, PULL_MAX + FRAME_MAX);
    while (rc == ST_OK && !link_is_full(s->env.client) && http2_has_output(s->session)) {
        st_buf_reset(&out);
        rc = http2_pull(s->session, &out, PULL_MAX, &err);
        if (rc != ST_ERR && out.n > 0 && evbuffer_add(to, out.p, out.n) != 0)
            rc = st_fail(&err, ST_E_NOMEM, "streams.pull", "buffer", out.n);
        has_moved = has_moved || out.n > 0;
    }
    st_buf_fini(&out);
    if (rc == ST_ERR && s->state != STREAMS_BROKEN)
        break_off(s, &err);
    return has_moved;
}

/* ---- the exchanges' turn ---------------------------------------------------------------------------------------- */

static void count_share(struct stream *stream)
{
    size_t held = evbuffer_get_length(stream->in) + http2_waiting(stream->h2);

    budget_hold(&stream->env.worker->budget, &stream->share, held);
}

static void step_one(struct streams *s, struct stream *stream)
{
    enum txn_outcome outcome = TXN_KEEP;

    if (!stream->is_over)
        outcome = stream->is_closed ? TXN_CUT : txn_step(stream->txn);
    count_share(stream);
    switch (outcome) {
    case TXN_GOES_ON: return;
    case TXN_TUNNEL: /* refused before it can be; a cut is what is left */
    case TXN_CUT:
        (void)pull(s); /* what came in time is delivered */
        http2_reset(stream->h2, stream->env.cut_code != 0 ? stream->env.cut_code : HTTP2_INTERNAL_ERROR);
        break;
    case TXN_KEEP:
    case TXN_FINISH: break;
    }
    stream->is_over = true;
    if (stream->is_ready)
        return; /* by its own step: it is freed on its next turn */
    stream_free(stream);
    wake_one(s);
}

static void step_ready(struct streams *s)
{
    while (s->ready != NULL) {
        struct stream *stream = s->ready;

        if ((s->ready = stream->next_ready) == NULL)
            s->last_ready = &s->ready;
        stream->is_ready = false;
        step_one(s, stream);
    }
}

/* A client that says no more opens no window either: what waits for one never goes out. */
static void drop_stuck(struct streams *s)
{
    if (!streams_is_deaf(s) || link_is_full(s->env.client) || http2_has_output(s->session))
        return;
    for (struct stream *stream = s->first; stream != NULL; stream = stream->next) {
        if (http2_waiting(stream->h2) == 0)
            continue;
        stream->is_closed = true;
        stream_ready(stream);
    }
    step_ready(s);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void say_goaway(struct streams *s, bool is_notice)
{
    struct st_err err = ST_ERR_INIT;

    if (s->state >= STREAMS_GOODBYE)
        return;
    enter(s, is_notice ? STREAMS_NOTICE : STREAMS_GOODBYE);
    if (http2_goaway(s->session, is_notice, HTTP2_NO_ERROR, &err) != ST_OK)
        break_off(s, &err);
}

void streams_leave(struct streams *s)
{
    ST_CHECK(s, STREAMS_MAGIC);
    if (s->state != STREAMS_OPEN)
        return;
    say_goaway(s, true);
    arm(s, LEAVE_AFTER_MS);
    for (struct stream *stream = s->first; stream != NULL; stream = stream->next)
        stream_ready(stream); /* a socket plans its end */
}

/* A connection without exchanges waits for a while; then it says so and ends. */
static void arm_idle(struct streams *s)
{
    if (s->state != STREAMS_OPEN && s->state != STREAMS_GOODBYE)
        return;
    if (s->n == 0)
        arm(s, (uint64_t)worker_config(s->env.worker)->limit.idle_ms);
    else
        st_timer_disarm(s->env.worker->loop.timers, &s->timer);
}

/* ST_ERR: it has lasted long enough. */
static enum st_rc on_late(struct streams *s)
{
    bool was_told = s->state == STREAMS_GOODBYE;

    s->is_late = false;
    if (s->state == STREAMS_NOTICE || s->n == 0)
        say_goaway(s, false);
    return was_told && s->n == 0 ? ST_ERR : ST_OK;
}

static enum txn_outcome outcome_of(struct streams *s)
{
    struct st_err err = ST_ERR_INIT;

    if (link_state(s->env.client) == LINK_CLOSED)
        return TXN_CUT;
    if (s->state != STREAMS_BROKEN && s->n > 0 && http2_is_over(s->session)) { /* the session gave up by itself */
        (void)st_fail(&err, ST_E_PROTO, "streams.step", "frames that may not be there", 0);
        break_off(s, &err);
    }
    if (s->state == STREAMS_BROKEN)
        return TXN_FINISH;
    if (s->n > 0)
        return TXN_GOES_ON;
    if (http2_is_over(s->session))
        return TXN_FINISH;
    return streams_is_deaf(s) && !http2_has_output(s->session) ? TXN_FINISH : TXN_GOES_ON;
}

enum txn_outcome streams_step(struct streams *s)
{
    bool has_moved;

    ST_CHECK(s, STREAMS_MAGIC);
    if (link_state(s->env.client) == LINK_CLOSED)
        return TXN_CUT;
    if (s->is_late && on_late(s) != ST_OK)
        return TXN_FINISH;
    do {
        has_moved = feed(s);
        if (streams_is_deaf(s)) {
            for (struct stream *stream = s->first; stream != NULL; stream = stream->next)
                stream_ready(stream);
        }
        step_ready(s);
        has_moved = pull(s) || has_moved || s->ready != NULL;
        link_update(s->env.client);
    } while (has_moved && link_state(s->env.client) != LINK_CLOSED);
    drop_stuck(s);
    budget_hold(&s->env.worker->budget, &s->share, http2_memory(s->session));
    arm_idle(s);
    return outcome_of(s);
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

/* All streams may fill their windows; no less than what the protocol begins with. */
static uint32_t connection_window(const struct pol_config *config)
{
    uint64_t all = (uint64_t)config->limit.streams * (uint64_t)config->limit.stream_window;

    return all < WINDOW_MIN ? WINDOW_MIN : (uint32_t)all;
}

struct streams *streams_new(const struct txn_env *env)
{
    const struct pol_config *config = worker_config(env->worker);
    const struct http2_limits limits = { .head_bytes = (size_t)config->limit.head_bytes,
                                         .fields = (size_t)config->limit.fields,
                                         .streams = (uint32_t)config->limit.streams,
                                         .window = (uint32_t)config->limit.stream_window,
                                         .connection_window = connection_window(config),
                                         .stream_out = (size_t)config->limit.stream_buffer,
                                         .queue = (size_t)config->limit.session_frames,
                                         .memory = (size_t)config->limit.session_memory,
                                         .glitches = (uint32_t)config->limit.glitches,
                                         .glitches_per_second = (uint32_t)config->limit.glitches_per_second,
                                         .offer_connect = can_offer_sockets(env) };
    struct streams *s = calloc(1, sizeof *s);
    struct st_err err = ST_ERR_INIT;

    if (s == NULL)
        return NULL;
    s->magic = STREAMS_MAGIC;
    s->env = *env;
    s->env.spare = NULL;
    s->offers_sockets = limits.offer_connect;
    s->slots.max = (size_t)config->limit.origins;
    s->last = &s->first;
    s->last_ready = &s->ready;
    s->timer = (struct st_timer){ .fn = on_timer, .ctx = s };
    s->again = (struct later_item){ .fn = env->on_event, .ctx = env->ctx };
    if (http2_new(HTTP2_SERVER, &limits, on_event, s, &s->session, &err) != ST_OK) {
        ST_LOG(PROTOCOL_ERROR, ST_ERRF(&err));
        free(s);
        return NULL;
    }
    env->worker->counts.http2++;
    return s;
}

void streams_free(struct streams *s)
{
    if (s == NULL)
        return;
    ST_CHECK(s, STREAMS_MAGIC);
    st_timer_disarm(s->env.worker->loop.timers, &s->timer);
    later_cancel(&s->again);
    while (s->first != NULL)
        stream_free(s->first);
    http2_free(s->session);
    budget_hold(&s->env.worker->budget, &s->share, 0);
    s->magic = 0;
    free(s);
}
