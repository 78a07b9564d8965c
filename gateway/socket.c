/* SPDX-License-Identifier: Apache-2.0 */
/* socket - the life of a WebSocket after its handshake, and the way down from the origin to the client.
 *
 * What the origin sends is relayed as it is, frame after frame (but see socket_swap.c); the gateway's own messages wait
 * for a gap between its messages, and the gateway's close frame for one between its frames. Each direction stops
 * reading while what it gave is not taken. A socket is OPEN until the origin has ended; what the gateway itself ends
 * passes CLOSING, in which nothing that comes goes anywhere and the peers have a moment to answer. A socket on which
 * nothing moves ends after limit.socket_idle; pings move.
 */
#include "gateway/socket.h"
#include "base/clock.h"
#include "gateway/socket_parts.h"
#include <stdlib.h>

#define CLOSING_MS 3000u  /* for the peers to answer a close */
#define GONE_MS    30000u /* for the origin to take what a client said before it went away */
#define PULL_MAX   65536u
#define WINDOW     45056u /* of the reader's inflate stream */

/* The only writer of s->state. */
void socket_enter(struct socket *s, enum socket_state next)
{
    ST_CHECK(s, SOCKET_MAGIC);
    assert(next > s->state);
    s->state = next;
}

void socket_finish(struct socket *s, enum socket_outcome outcome)
{
    if (s->state == SOCKET_DONE)
        return;
    s->outcome = outcome;
    socket_enter(s, SOCKET_DONE);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void on_timer(void *ctx)
{
    struct socket *s = ctx;

    ST_CHECK(s, SOCKET_MAGIC);
    s->is_late = true;
    s->about.on_event(s->about.ctx);
}

static void arm(struct socket *s, uint64_t ms)
{
    struct st_err ignored;

    if (st_timer_arm(s->about.worker->loop.timers, &s->timer, ms, &ignored) != ST_OK)
        s->is_late = true; /* no timer left: a wait without a deadline is not allowed */
}

void socket_moved(struct socket *s)
{
    s->moved_ms = st_clock_ms();
}

/* How long an open socket may stay as it is. */
static uint64_t quiet_until(const struct socket *s)
{
    const struct worker *worker = s->about.worker;
    bool is_gone = s->about.front->ops->is_gone(s->about.front);
    uint64_t until = s->moved_ms + (is_gone ? GONE_MS : (uint64_t)worker_config(worker)->limit.socket_idle_ms);

    return worker->is_draining && worker->drain_by_ms < until ? worker->drain_by_ms : until;
}

/* Only when it is nearer than what is armed: a timer that fires too early is armed anew. */
static void arm_quiet(struct socket *s)
{
    uint64_t now = st_clock_ms(), until = quiet_until(s);

    until = until < swap_due(s) ? until : swap_due(s);
    if (s->timer.due_ms == 0 || until < s->timer.due_ms)
        arm(s, until > now ? until - now : 0);
}

static void on_late(struct socket *s)
{
    s->is_late = false;
    if (s->state == SOCKET_CLOSING)
        socket_finish(s, SOCKET_FINISHED);
    else if (quiet_until(s) <= st_clock_ms())
        socket_shut(s, WS_CLOSE_AWAY, "");
    else if (swap_expire(s, st_clock_ms()) != ST_OK)
        socket_shut(s, WS_CLOSE_INTERNAL, "");
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

struct socket *socket_new(const struct socket_open *open)
{
    struct socket *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->magic = SOCKET_MAGIC;
    s->about = *open;
    s->timer = (struct st_timer){ .fn = on_timer, .ctx = s };
    s->about.worker->counts.sockets++;
    s->about.worker->counts.sockets_open++;
    st_buf_init(&s->own.bytes, 2 * FLOW_FULL + FLOW_FULL);
    st_buf_init(&s->close.bytes, FLOW_FULL);
    swap_init(s);
    s->own_writer = ws_writer_new(WS_FROM_SERVER, NULL, false);
    if (!up_open(s) || s->own_writer == NULL) {
        socket_free(s);
        return NULL;
    }
    socket_moved(s);
    arm_quiet(s);
    return s;
}

void socket_free(struct socket *s)
{
    if (s == NULL)
        return;
    ST_CHECK(s, SOCKET_MAGIC);
    st_timer_disarm(s->about.worker->loop.timers, &s->timer);
    s->about.worker->counts.sockets_open--;
    up_fini(s);
    swap_fini(s);
    ws_writer_free(s->own_writer);
    st_buf_fini(&s->own.bytes);
    st_buf_fini(&s->close.bytes);
    s->magic = 0;
    free(s);
}

size_t socket_memory(const struct socket *s)
{
    size_t held = sizeof *s + s->raw.cap + s->rest.bytes.cap + s->up.bytes.cap + s->own.bytes.cap + s->close.bytes.cap;

    held += s->held.cap + s->down.bytes.cap;
    for (size_t i = 0; i < s->n_swaps; i++)
        held += s->swaps[i].text.cap;
    held += s->about.deflate.is_on ? WINDOW : 0;
    return held + (s->message != NULL ? message_memory(s->message) : 0);
}

void socket_shut(struct socket *s, unsigned code, const char *reason)
{
    if (s->state != SOCKET_OPEN)
        return;
    socket_enter(s, SOCKET_CLOSING);
    if (s->about.is_unread || /* nobody knows where a frame ends */
        ws_write_close(s->own_writer, &s->close.bytes, code, st_span_str(reason), &s->err) != ST_OK) {
        socket_finish(s, SOCKET_FINISHED);
        return;
    }
    up_shut(s); /* reason may be its message's */
    arm(s, CLOSING_MS);
}

/* ---- flows ------------------------------------------------------------------------------------------------------ */

size_t flow_left(const struct flow *flow)
{
    return flow->bytes.n - flow->sent;
}

struct st_span flow_view(const struct flow *flow, size_t max)
{
    return st_span_sub(st_buf_view(&flow->bytes), flow->sent, max);
}

/* An empty one holds no memory, and nothing that was typed. */
void flow_drop(struct flow *flow, size_t n)
{
    size_t limit = flow->bytes.limit, left = flow_left(flow);

    flow->sent += n < left ? n : left; /* it may have been emptied meanwhile */
    if (flow_left(flow) > 0 || flow->bytes.failed != ST_E_NONE)
        return;
    st_buf_fini(&flow->bytes);
    st_buf_init(&flow->bytes, limit);
    flow->sent = 0;
}

/* ---- down ------------------------------------------------------------------------------------------------------- */

/* The only writer of s->down_state. */
static void down_enter(struct socket *s, enum down_state next)
{
    assert(next > s->down_state);
    s->down_state = next;
}

static enum st_rc put_own(struct socket *s, struct flow *flow, size_t room)
{
    struct st_span piece = flow_view(flow, room);

    if (s->about.front->ops->data(s->about.front, piece, &s->err) != ST_OK)
        return ST_ERR;
    flow_drop(flow, piece.n);
    if (flow == &s->close && flow_left(flow) == 0 && s->down_state == DOWN_RELAYS)
        down_enter(s, DOWN_CLOSED);
    return ST_OK;
}

/* What of the gateway's own stands before the origin's next byte; NULL: nothing. */
static struct flow *own_turn(struct socket *s)
{
    bool is_begun = s->own.sent > 0 || s->close.sent > 0;

    if (flow_left(&s->down) > 0)
        return &s->down;
    if (flow_left(&s->own) > 0 && (is_begun || ws_track_between_messages(&s->track)))
        return &s->own;
    if (flow_left(&s->close) > 0 && (is_begun || ws_track_between_frames(&s->track)))
        return &s->close;
    return NULL;
}

/* What the origin said, to the client; after the gateway's close it goes nowhere. */
static enum st_rc pass(struct socket *s, struct st_span data)
{
    if (s->down_state == DOWN_RELAYS && swap_is_looking(s))
        return swap_take(s, data);
    if (!s->about.is_unread)
        ws_track_feed(&s->track, data);
    return s->down_state == DOWN_RELAYS ? s->about.front->ops->data(s->about.front, data, &s->err) : ST_OK;
}

/* How much of the origin may be read at once: up to the next gap, when something waits for it. */
static size_t relay_max(const struct socket *s, size_t room)
{
    bool is_awaited = flow_left(&s->own) > 0 || flow_left(&s->close) > 0 || s->n_swaps > 0 || s->held.n > 0;
    uint64_t left = ws_track_left(&s->track);

    return is_awaited && left < room ? (size_t)left : room;
}

/* The next bytes from the origin, at most max. */
static enum st_rc relay(struct socket *s, size_t max)
{
    struct back *back = s->about.back;
    struct http1_event event;
    enum st_rc rc = back->ops->read(back, s->about.arena, max, &event, &s->err);

    if (rc != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA) {
        rc = pass(s, event.data);
        socket_moved(s);
    }
    back->ops->took(back);
    if (event.kind != HTTP1_END)
        return rc;
    down_enter(s, DOWN_OVER);
    return swap_end(s);
}

/* ST_AGAIN: wait. */
static enum st_rc down_pump(struct socket *s)
{
    struct front *front = s->about.front;
    enum st_rc rc = ST_OK;

    while (rc == ST_OK) {
        size_t room = s->down_state == DOWN_CLOSED ? PULL_MAX : front->ops->room(front);
        struct flow *own = own_turn(s);

        if (room == 0 || (own == NULL && s->down_state == DOWN_OVER))
            return ST_AGAIN;
        if (own != NULL) {
            rc = put_own(s, own, room);
            continue;
        }
        rc = relay(s, relay_max(s, room));
    }
    return rc;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

/* Nothing more can come of it, or be said. */
static bool is_over(struct socket *s)
{
    if (s->down_state == DOWN_OVER)
        return own_turn(s) == NULL;
    return s->state == SOCKET_CLOSING && s->down_state == DOWN_CLOSED && flow_left(&s->up) == 0 &&
           s->client != CLIENT_TALKS && ws_track_has_closed(&s->track);
}

static void end_down(struct socket *s)
{
    struct front *front = s->about.front;

    if (front->ops->end(front, NULL, 0, &s->err) == ST_OK)
        socket_finish(s, SOCKET_FINISHED);
    else
        socket_finish(s, SOCKET_CUT);
}

static enum st_rc pump(struct socket *s)
{
    do {
        if (up_pump(s) == ST_ERR || down_pump(s) == ST_ERR)
            return ST_ERR;
    } while (s->state != SOCKET_DONE && s->down_state != DOWN_OVER && up_is_due(s));
    return ST_OK;
}

enum socket_outcome socket_step(struct socket *s)
{
    ST_CHECK(s, SOCKET_MAGIC);
    if (s->is_late)
        on_late(s);
    if (s->state != SOCKET_DONE && pump(s) != ST_OK)
        socket_finish(s, SOCKET_CUT);
    if (s->state != SOCKET_DONE && is_over(s))
        end_down(s);
    if (s->state == SOCKET_OPEN)
        arm_quiet(s);
    s->about.back->ops->flush(s->about.back);
    return s->state == SOCKET_DONE ? s->outcome : SOCKET_GOES_ON;
}
