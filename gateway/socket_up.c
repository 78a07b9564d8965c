/* SPDX-License-Identifier: Apache-2.0 */
/* socket_up - what the client says: frames taken apart, messages held and judged, and written anew.
 *
 * Nothing of a message gets into `up` before its verdict. Control frames pass at once, also between the fragments of a
 * message that is held; what is written in them is judged too. A compressed message goes on as it came as long as the
 * origin's window is what the client's is, that is until the first one that was changed or stayed here; from then on
 * each is deflated anew. What was read but has to wait (the origin has no room, a large message goes out) is in `rest`.
 */
#include "gateway/socket_parts.h"

#define RATIO       200u
#define RATIO_GRACE (1u << 20)
#define JUDGED_MIN  6u   /* so few bytes hold nothing that a detector knows */
#define CONTROL_MAX 512u /* of what stood in control frames is remembered; two of the longest payloads fit */

bool up_open(struct socket *s)
{
    const struct pol_config *config = worker_config(s->about.worker);
    /* How large a message may be is said by limit.body_max when it is judged; here only what inflates out of all
     * proportion is stopped. */
    const struct ws_limits limits = { UINT64_MAX / 4, RATIO, RATIO_GRACE, (uint32_t)config->limit.glitches,
                                      (uint32_t)config->limit.glitches_per_second };
    const struct ws_deflate *deflate = &s->about.deflate;

    st_buf_init(&s->rest.bytes, FLOW_MAX);
    st_buf_init(&s->up.bytes, FLOW_MAX);
    st_buf_init(&s->control, CONTROL_MAX);
    st_buf_init(&s->raw, (size_t)config->limit.body_memory + FLOW_FULL);
    if (s->about.is_unread)
        return true;
    s->reader = ws_new(WS_FROM_CLIENT, &limits, deflate);
    s->writer = ws_writer_new(WS_FROM_CLIENT, deflate, false);
    if (s->reader == NULL || s->writer == NULL)
        return false;
    s->is_raw_sound = deflate->is_on;
    if (s->is_raw_sound)
        ws_keep_raw(s->reader, &s->raw);
    return true;
}

void up_fini(struct socket *s)
{
    message_free(s->message);
    ws_free(s->reader);
    ws_writer_free(s->writer);
    st_buf_fini(&s->rest.bytes);
    st_buf_fini(&s->up.bytes);
    st_buf_fini(&s->raw);
    st_buf_fini(&s->control);
}

static void drop_message(struct socket *s)
{
    size_t limit = s->raw.limit;

    message_free(s->message);
    s->message = NULL;
    st_buf_fini(&s->raw);
    st_buf_init(&s->raw, limit);
    if (s->reader != NULL)
        ws_keep_raw(s->reader, s->is_raw_sound ? &s->raw : NULL);
}

void up_shut(struct socket *s)
{
    drop_message(s);
    flow_drop(&s->rest, flow_left(&s->rest));
    s->has_more = false;
    if (s->up_state != UP_ENDED &&
        ws_write_close(s->writer, &s->up.bytes, WS_CLOSE_AWAY, ST_SPAN_NONE, &s->err) != ST_OK)
        socket_finish(s, SOCKET_CUT);
}

/* The only writer of s->client. */
static void client_enter(struct socket *s, enum client_state next)
{
    assert(next > s->client);
    s->client = next;
}

/* The client broke the rules: s->err.num is the code to close with. */
static void break_off(struct socket *s)
{
    struct st_err why = s->err;

    client_enter(s, CLIENT_BROKEN);
    s->about.worker->counts.sockets_broken++;
    breach_note(s->about.worker, BREACH_CLIENT_SOCKET, &why);
    if (s->message != NULL && s->up_state == UP_READ && why.code == ST_E_LIMIT && why.num == WS_CLOSE_SIZE)
        (void)message_judge(s->message, &why); /* for the record: it goes nowhere */
    socket_shut(s, (unsigned)why.num, why.what);
}

/* ---- what may go ------------------------------------------------------------------------------------------------ */

/* The message under way does not go out as it came. Where the client agreed to begin each with an empty window, the
 * next may all the same. */
static void lose_raw(struct socket *s)
{
    s->is_raw = false;
    s->is_raw_sound = s->is_raw_sound && s->about.deflate.client_no_takeover;
    ws_keep_raw(s->reader, NULL);
}

static enum st_rc write_part(struct socket *s, struct st_span data, bool is_last)
{
    const struct ws_part part = {
        .is_text = s->is_text, .is_first = !s->is_begun, .is_last = is_last, .is_deflated = s->is_deflated, .data = data
    };

    s->is_begun = true;
    return ws_write(s->writer, &s->up.bytes, &part, &s->err);
}

static void end_message(struct socket *s)
{
    message_taken(s->message);
    drop_message(s);
    s->up_state = UP_READ;
}

/* The next piece of the judged message becomes a frame. */
static enum st_rc send_piece(struct socket *s)
{
    struct st_span piece;
    bool is_last = true;
    enum st_rc rc;

    if (s->is_raw) {
        rc = ws_write_raw(s->writer, &s->up.bytes, s->is_text, st_buf_view(&s->raw), &s->err);
    } else {
        rc = message_next(s->message, &piece, &is_last, &s->err);
        if (rc == ST_OK)
            rc = write_part(s, piece, is_last && !s->is_open);
    }
    if (rc == ST_OK && is_last && s->is_open)
        s->up_state = UP_STREAM;
    else if (rc == ST_OK && is_last)
        end_message(s);
    return rc;
}

/* Where the ends count, the origin gets a question in the place of what stays here. ST_AGAIN: they do not count, or an
 * answer could not be read. */
static enum st_rc ask(struct socket *s)
{
    struct st_span question = message_question(s->message);

    if (question.n == 0 || s->about.deflate.is_on)
        return ST_AGAIN;
    return swap_ask(s, question, &s->err);
}

/* The client is told in a message of the gateway's, which waits for its gap or for the answer to a question. */
static enum st_rc answer(struct socket *s)
{
    const struct ws_part part = {
        .is_text = true, .is_first = true, .is_last = true, .data = message_answer(s->message)
    };
    enum st_rc rc = ask(s);

    if (rc != ST_AGAIN)
        return rc == ST_OK ? swap_add(s, message_mark(s->message), part.data, &s->err) : rc;
    return ws_write(s->own_writer, &s->own.bytes, &part, &s->err);
}

/* why: it cannot be read to its end; NULL when it is whole. */
static enum st_rc decide(struct socket *s, const struct st_err *why)
{
    struct worker_counts *counts = &s->about.worker->counts;
    enum message_fate fate = message_judge(s->message, why);
    enum st_rc rc = ST_OK;

    if (fate != MESSAGE_GOES || message_is_changed(s->message))
        lose_raw(s);
    switch (fate) {
    case MESSAGE_GOES: s->up_state = UP_SEND; return send_piece(s);
    case MESSAGE_DROPPED: /* the client gets the answer: nobody there waits for it */
        counts->socket_dropped++;
        rc = ask(s) == ST_ERR ? ST_ERR : ST_OK;
        break;
    case MESSAGE_ANSWERED:
        counts->socket_refused++;
        rc = answer(s);
        break;
    case MESSAGE_CLOSES:
        counts->socket_refused++;
        socket_shut(s, message_close_code(s->message), message_close_reason(s->message));
        return ST_OK;
    }
    if (s->is_open) { /* there is more of it, which has no place to go */
        socket_shut(s, WS_CLOSE_SIZE, "");
        return ST_OK;
    }
    drop_message(s);
    return rc;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static enum st_rc begin_message(struct socket *s, const struct ws_event *event)
{
    s->is_text = event->is_text;
    s->is_deflated = event->is_deflated;
    s->is_raw = event->is_deflated && s->is_raw_sound;
    s->is_open = true;
    s->is_begun = false;
    s->message = message_new(&s->about, s->is_text ? &s->texts : &s->others, s->is_text);
    return s->message != NULL ? ST_OK : st_fail(&s->err, ST_E_NOMEM, "socket.message", "message", 0);
}

static enum st_rc take_data(struct socket *s, struct st_span data)
{
    struct st_err why = ST_ERR_INIT;

    if (s->up_state == UP_STREAM)
        return write_part(s, data, false);
    if (s->is_raw && s->raw.n > (size_t)worker_config(s->about.worker)->limit.body_memory)
        lose_raw(s);
    if (message_add(s->message, data, &why) == ST_OK)
        return ST_OK;
    lose_raw(s);
    return decide(s, &why);
}

static enum st_rc take_end(struct socket *s)
{
    s->is_open = false;
    if (s->up_state != UP_STREAM)
        return decide(s, NULL);
    if (write_part(s, ST_SPAN_NONE, true) != ST_OK)
        return ST_ERR;
    end_message(s);
    return ST_OK;
}

/* Behind the payloads before it, since a text may be cut over several. Counters and times are groups of their own. */
static bool remember(struct socket *s, struct st_span payload)
{
    if (s->control.n + payload.n + 1 > CONTROL_MAX)
        st_buf_drop(&s->control, s->control.n - CONTROL_MAX / 4); /* a payload has 125 bytes at most */
    if (payload.n >= JUDGED_MIN && st_span_is_digits(payload))
        st_buf_byte(&s->control, ' ');
    st_buf_span(&s->control, payload);
    return s->control.failed == ST_E_NONE;
}

/* What is written into a control frame is typed text as any other; the piece that ends what must not leave stays. */
static bool may_go(struct socket *s, struct st_span payload)
{
    struct st_err err = ST_ERR_INIT;
    struct message *message;
    bool ok;

    if (payload.n == 0)
        return true;
    if (!remember(s, payload))
        return false;
    if (s->control.n < JUDGED_MIN)
        return true;
    message = message_new(&s->about, &s->others, false);
    ok = message != NULL && message_add(message, st_buf_view(&s->control), &err) == ST_OK &&
         message_judge(message, NULL) == MESSAGE_GOES && !message_is_changed(message);
    message_free(message);
    if (!ok) /* what went before it stays, or the piece would go when it is sent again */
        s->control.n -= payload.n;
    s->about.worker->counts.socket_dropped += !ok;
    return ok;
}

static enum st_rc take_close(struct socket *s, const struct ws_event *event)
{
    struct st_span reason = may_go(s, event->data) ? event->data : ST_SPAN_NONE;

    client_enter(s, CLIENT_CLOSED);
    s->up_state = UP_ENDED;
    return ws_write_close(s->writer, &s->up.bytes, event->code, reason, &s->err);
}

static enum st_rc take_event(struct socket *s, const struct ws_event *event)
{
    switch (event->kind) {
    case WS_MESSAGE_BEGIN: return begin_message(s, event);
    case WS_DATA: return take_data(s, event->data);
    case WS_MESSAGE_END: return take_end(s);
    case WS_PING: return may_go(s, event->data) ? ws_write_ping(s->writer, &s->up.bytes, event->data, &s->err) : ST_OK;
    case WS_PONG: return may_go(s, event->data) ? ws_write_pong(s->writer, &s->up.bytes, event->data, &s->err) : ST_OK;
    case WS_CLOSE: return take_close(s, event);
    }
    return ST_OK;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static bool takes_more(const struct socket *s)
{
    return s->state == SOCKET_OPEN && (s->up_state == UP_READ || s->up_state == UP_STREAM) &&
           flow_left(&s->up) < FLOW_FULL && flow_left(&s->own) < FLOW_FULL && !swap_is_full(s);
}

/* Takes frames apart as long as there is room for what they become; answers how much of `in` that was. */
static size_t take_apart(struct socket *s, struct st_span in)
{
    size_t at = 0;

    while (takes_more(s) && (at < in.n || s->has_more)) {
        struct ws_event event;
        size_t used;
        enum st_rc rc = ws_feed(s->reader, st_span_sub(in, at, in.n - at), &used, &event, &s->err);

        at += used;
        s->has_more = rc == ST_OK;
        if (rc == ST_ERR)
            break_off(s);
        else if (rc == ST_OK && take_event(s, &event) != ST_OK)
            socket_shut(s, WS_CLOSE_INTERNAL, "");
    }
    if (s->state == SOCKET_OPEN && s->up_state != UP_ENDED)
        return at;
    s->has_more = false;
    return in.n; /* what follows a close is nothing */
}

/* In CLOSING only one thing is listened for. */
static void await_close(struct socket *s, struct st_span in)
{
    struct ws_event event = { 0 };
    size_t used;
    enum st_rc rc = ST_OK;

    while (rc == ST_OK && s->client == CLIENT_TALKS) {
        rc = ws_feed(s->reader, in, &used, &event, &s->err);
        in = st_span_sub(in, used, in.n - used);
        if (rc == ST_ERR)
            client_enter(s, CLIENT_BROKEN);
        else if (rc == ST_OK && event.kind == WS_CLOSE)
            client_enter(s, CLIENT_CLOSED);
    }
}

static enum st_rc take_input(struct socket *s, struct st_span in)
{
    size_t used = in.n;

    if (s->reader == NULL)
        st_buf_span(&s->up.bytes, in);
    else if (s->state != SOCKET_OPEN)
        await_close(s, in);
    else
        used = take_apart(s, in);
    st_buf_span(&s->rest.bytes, st_span_sub(in, used, in.n - used));
    if (s->reader == NULL && st_buf_done(&s->up.bytes, &s->err, "socket.up") != ST_OK)
        return ST_ERR;
    return st_buf_done(&s->rest.bytes, &s->err, "socket.rest");
}

/* The client sends no more, with or without a close frame before: what may go goes, and the origin hears the same. */
static enum st_rc end_up(struct socket *s)
{
    client_enter(s, CLIENT_OVER);
    s->up_state = UP_ENDED;
    drop_message(s);
    if (s->state == SOCKET_OPEN)
        return s->about.back->ops->end(s->about.back, NULL, 0, &s->err);
    return ST_OK;
}

static enum st_rc read_client(struct socket *s)
{
    struct front *front = s->about.front;
    struct http1_event event;
    enum st_rc rc;

    if (flow_left(&s->rest) > 0 || s->has_more) {
        flow_drop(&s->rest, take_apart(s, flow_view(&s->rest, SIZE_MAX)));
        return ST_OK;
    }
    if ((rc = front->ops->read(front, s->about.arena, FLOW_FULL, &event, &s->err)) != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA)
        rc = take_input(s, event.data);
    front->ops->took(front);
    if (rc == ST_OK && event.kind == HTTP1_END)
        rc = end_up(s);
    return rc;
}

/* ST_AGAIN: the origin has no room. */
static enum st_rc flush_up(struct socket *s)
{
    struct back *back = s->about.back;

    if (st_buf_done(&s->up.bytes, &s->err, "socket.up") != ST_OK)
        return ST_ERR;
    while (flow_left(&s->up) > 0) {
        struct st_span piece = flow_view(&s->up, back->ops->room(back));

        if (piece.n == 0)
            return ST_AGAIN;
        if (back->ops->data(back, piece, &s->err) != ST_OK)
            return ST_ERR;
        flow_drop(&s->up, piece.n);
        socket_moved(s);
    }
    return ST_OK;
}

enum st_rc up_pump(struct socket *s)
{
    enum st_rc rc;

    while ((rc = flush_up(s)) == ST_OK && s->state != SOCKET_DONE) {
        if (s->state == SOCKET_OPEN && s->up_state == UP_SEND) {
            if (send_piece(s) != ST_OK)
                socket_shut(s, WS_CLOSE_INTERNAL, "");
            continue;
        }
        if (s->client == CLIENT_OVER || flow_left(&s->own) >= FLOW_FULL || (s->state == SOCKET_OPEN && swap_is_full(s)))
            return ST_AGAIN;
        if ((rc = read_client(s)) != ST_OK)
            return rc;
    }
    return rc;
}

bool up_is_due(const struct socket *s)
{
    return flow_left(&s->up) == 0 && (flow_left(&s->rest) > 0 || s->has_more) && takes_more(s);
}
