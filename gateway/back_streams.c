/* SPDX-License-Identifier: Apache-2.0 */
/* back_streams - an exchange's origin on one stream of an HTTP/2 session that others share.
 *
 * The session pushes, the exchange pulls: heads wait in the exchange's arena, body bytes in a buffer that the stream's
 * window bounds; the origin gets credit for what the exchange took. A stream whose reader keeps up gets a larger
 * window, as long as all of them together stay in their budget, so that a far origin fills the line. The head that came
 * by HTTP/1 or HTTP/2 goes out as HTTP/2 has it, and the answer takes HTTP/1's shape.
 */
#include "gateway/sessions_parts.h"
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define BACK_STREAM_MAGIC 0x62616b32u
#define WIDENED_MAX       (64u << 20) /* of a worker */

struct head_event { /* in the exchange's arena */
    struct http1_event event;
    struct head_event *next;
};

enum answer_state {
    ANSWER_COMES,
    ANSWER_ENDED, /* all of it is here */
    ANSWER_CUT,   /* the stream was closed before that */
    ANSWER_OVER,  /* it ended, and the stream was closed */
};

struct back_stream {
    struct back back;
    unsigned magic;
    struct session *session;
    struct link_owner owner;
    struct back_stream *next_ready, **link_ready; /* link_ready NULL: no news */
    struct http2_stream *h2;                      /* NULL before head; released with this */
    struct st_arena *arena;                       /* of the exchange */
    bool is_head_request, is_socket;
    struct head_event *heads, **last_head; /* came, not read */
    struct evbuffer *in;                   /* body bytes that came */
    size_t taken;                          /* of what read gave out */
    uint64_t received;
    size_t window, share; /* share: of the worker's budget */
    struct http_field *trailers;
    size_t n_trailers;
    enum answer_state answer; /* written by answer_enter only */
    uint32_t code;            /* of the close */
    uint64_t heard;           /* the session's, when the request left */
    bool was_used;            /* the session was, before */
    struct st_err err;        /* why the answer cannot be taken */
};

static const struct back_ops back_stream_ops;

static struct back_stream *mine(struct back *back)
{
    struct back_stream *b = (struct back_stream *)back;

    ST_CHECK(b, BACK_STREAM_MAGIC);
    return b;
}

enum st_rc back_stream_open(struct session *session, struct link_owner owner, struct back **out, struct st_err *err)
{
    struct back_stream *b = calloc(1, sizeof *b);

    if (b == NULL || (b->in = evbuffer_new()) == NULL) {
        free(b);
        return st_fail(err, ST_E_NOMEM, "back.open", "back", sizeof *b);
    }
    b->back.ops = &back_stream_ops;
    b->magic = BACK_STREAM_MAGIC;
    b->session = session;
    b->owner = owner;
    b->last_head = &b->heads;
    b->window = SESSION_WINDOW;
    b->was_used = session->opened > 0;
    b->heard = session->heard;
    session->n++;
    session->opened++;
    *out = &b->back;
    return ST_OK;
}

/* ---- what comes from the session -------------------------------------------------------------------------------- */

static void count_share(struct back_stream *b)
{
    size_t held = evbuffer_get_length(b->in) + (b->h2 != NULL ? http2_waiting(b->h2) : 0);

    budget_hold(&b->session->sessions->worker->budget, &b->share, held);
}

static void leave_ready(struct back_stream *b)
{
    if (b->link_ready == NULL)
        return;
    *b->link_ready = b->next_ready;
    if (b->next_ready != NULL)
        b->next_ready->link_ready = b->link_ready;
    b->link_ready = NULL;
}

static void join_ready(struct back_stream *b)
{
    struct session *session = b->session;

    if (b->link_ready != NULL)
        return;
    b->next_ready = session->ready;
    b->link_ready = &session->ready;
    if (b->next_ready != NULL)
        b->next_ready->link_ready = &b->next_ready;
    session->ready = b;
}

void back_stream_tell(struct back_stream *b)
{
    ST_CHECK(b, BACK_STREAM_MAGIC);
    leave_ready(b);
    b->owner.on_event(b->owner.ctx);
}

/* The only writer of b->answer. */
static void answer_enter(struct back_stream *b, enum answer_state next)
{
    assert(next > b->answer);
    b->answer = next;
}

static bool is_closed(const struct back_stream *b)
{
    return b->answer == ANSWER_CUT || b->answer == ANSWER_OVER;
}

/* How HTTP/1 would have framed it. */
static enum st_rc find_framing(const struct back_stream *b, struct http1_event *event, bool is_end, struct st_err *err)
{
    const struct http_head *head = event->head;
    struct st_span length = http_field_get(head, "content-length");

    event->framing = HTTP1_NO_BODY;
    if (event->is_interim || b->is_head_request || head->status == 101 || head->status == 204 || head->status == 304)
        return ST_OK;
    event->framing = is_end || length.p != NULL ? HTTP1_LENGTH : HTTP1_CHUNKED;
    if (length.p == NULL)
        return ST_OK;
    if (http_field_count(head, "content-length") != 1 || !st_span_u64(length, &event->length))
        return st_fail(err, ST_E_PROTO, "back.head", "content-length is malformed", 502);
    return ST_OK;
}

static enum st_rc take_head(struct back_stream *b, const struct http2_event *event, struct st_err *err)
{
    struct head_event *item = st_arena_alloc(b->arena, sizeof *item);
    struct http2_head *head;

    if (item == NULL)
        return st_arena_fail(b->arena, err, "back.head");
    if (http2_head_take(b->arena, event->head, &head, err) != ST_OK)
        return ST_ERR;
    head->head.minor = 1;
    if (b->is_socket && head->head.status / 100 == 2)
        head->head.status = 101; /* RFC 8441 §5: it is open */
    item->event = (struct http1_event){ .kind = HTTP1_HEAD, .head = &head->head, .is_interim = event->is_interim };
    if (find_framing(b, &item->event, event->is_end, err) != ST_OK)
        return ST_ERR;
    if (head->head.status == 421)
        session_no_more(b->session); /* it is not the one for this host */
    *b->last_head = item;
    b->last_head = &item->next;
    return ST_OK;
}

static enum st_rc take_end(struct back_stream *b, const struct http2_event *event, struct st_err *err)
{
    struct http2_head from = { .head = { .fields = (struct http_field *)(uintptr_t)event->trailers,
                                         .n = event->n_trailers } };
    struct http2_head *kept;

    if (b->answer == ANSWER_COMES)
        answer_enter(b, ANSWER_ENDED);
    if (event->n_trailers == 0)
        return ST_OK;
    if (http2_head_take(b->arena, &from, &kept, err) != ST_OK)
        return ST_ERR;
    b->trailers = kept->head.fields;
    b->n_trailers = kept->head.n;
    return ST_OK;
}

void back_stream_take(struct back_stream *b, const struct http2_event *event)
{
    enum st_rc rc = ST_OK;

    ST_CHECK(b, BACK_STREAM_MAGIC);
    switch (event->kind) {
    case HTTP2_HEAD: rc = take_head(b, event, &b->err); break;
    case HTTP2_DATA:
        b->received += event->data.n;
        if (evbuffer_add(b->in, event->data.p, event->data.n) != 0)
            rc = st_fail(&b->err, ST_E_NOMEM, "back.data", "buffer", event->data.n);
        break;
    case HTTP2_END: rc = take_end(b, event, &b->err); break;
    case HTTP2_CLOSED:
        if (!is_closed(b))
            answer_enter(b, b->answer == ANSWER_ENDED ? ANSWER_OVER : ANSWER_CUT);
        b->code = event->code;
        break;
    case HTTP2_WRITABLE:
    case HTTP2_SETTINGS:
    case HTTP2_GOAWAY:
    case HTTP2_PONG: break;
    }
    if (rc == ST_ERR)
        http2_reset(event->stream, HTTP2_INTERNAL_ERROR);
    count_share(b);
    join_ready(b);
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

static enum st_rc head(struct back *back, struct st_arena *arena, const struct back_request *request,
                       struct st_err *err)
{
    static const char *const KEY[] = { "sec-websocket-key", NULL };
    struct back_stream *b = mine(back);
    struct http2_head out = { .scheme = ST_SPAN("https"), .authority = http_field_get(request->head, "host") };
    enum st_rc rc;

    b->arena = arena;
    b->is_head_request = st_span_eq(request->head->method, ST_SPAN("HEAD"));
    b->is_socket = request->is_socket;
    if (out.authority.n == 0)
        out.authority = request->host;
    if (http_head_without(arena, request->head, request->skip, 0, &out.head, err) != ST_OK)
        return ST_ERR;
    out.head.target = request->target;
    if (request->is_socket) { /* in the form of RFC 8441 §5, which has no key */
        out.protocol = ST_SPAN("websocket");
        if (http_head_without(arena, &out.head, KEY, 0, &out.head, err) != ST_OK)
            return ST_ERR;
        out.head.method = ST_SPAN("CONNECT");
    }
    rc = http2_request(b->session->h2, &out, request->is_end && !request->is_socket, b, &b->h2, err);
    session_update(b->session);
    return rc == ST_AGAIN ? st_fail(err, ST_E_CLOSED, "back.head", "the session takes no streams any more", 0) : rc;
}

static enum st_rc data(struct back *back, struct st_span piece, struct st_err *err)
{
    size_t taken = 0;

    if (http2_send(mine(back)->h2, piece, &taken, err) != ST_OK)
        return ST_ERR;
    count_share(mine(back));
    return taken == piece.n ? ST_OK : st_fail(err, ST_E_LIMIT, "back.data", "no room", piece.n);
}

static enum st_rc end(struct back *back, const struct http_field *trailers, size_t n, struct st_err *err)
{
    return http2_end(mine(back)->h2, trailers, n, err);
}

static size_t room(struct back *back)
{
    struct back_stream *b = mine(back);

    return is_closed(b) ? 0 : http2_room(b->h2);
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/* Why there is no more of it. */
static enum st_rc explain(const struct back_stream *b, struct st_err *err)
{
    if (b->err.code != ST_E_NONE) {
        *err = b->err;
        return ST_ERR;
    }
    return st_fail(err, ST_E_CLOSED, "back.answer", "the origin ended the stream before its answer was whole", b->code);
}

static enum st_rc read_event(struct back *back, struct st_arena *arena, size_t max, struct http1_event *event,
                             struct st_err *err)
{
    struct back_stream *b = mine(back);
    struct evbuffer_iovec piece = { NULL, 0 };

    (void)arena; /* it is the same */
    b->taken = 0;
    if (b->heads != NULL) {
        *event = b->heads->event;
        if ((b->heads = b->heads->next) == NULL)
            b->last_head = &b->heads;
        return ST_OK;
    }
    *event = (struct http1_event){ .kind = HTTP1_DATA };
    if (evbuffer_get_length(b->in) > 0 && evbuffer_peek(b->in, -1, NULL, &piece, 1) >= 1) {
        event->data = st_span_sub(st_span(piece.iov_base, piece.iov_len), 0, max);
        b->taken = event->data.n;
        return ST_OK;
    }
    if (b->err.code != ST_E_NONE || b->answer == ANSWER_CUT)
        return explain(b, err);
    if (b->answer == ANSWER_COMES)
        return ST_AGAIN;
    event->kind = HTTP1_END;
    event->trailers = b->trailers;
    event->n_trailers = b->n_trailers;
    return ST_OK;
}

/* The window was what kept the origin from sending more: whoever took all of it may have twice as much. */
static void widen(struct back_stream *b)
{
    size_t most = (size_t)worker_config(b->session->sessions->worker)->upstream.window, more = b->window;

    if (b->answer != ANSWER_COMES || b->received < 2 * b->window || evbuffer_get_length(b->in) > 0)
        return;
    if (more > most - b->window)
        more = most > b->window ? most - b->window : 0;
    if (more == 0 || b->session->sessions->widened + more > WIDENED_MAX ||
        budget_level(&b->session->sessions->worker->budget) != BUDGET_EASY)
        return;
    b->session->sessions->widened += more;
    b->window += more;
    http2_widen(b->h2, (uint32_t)more);
}

static void took(struct back *back)
{
    struct back_stream *b = mine(back);

    if (b->taken == 0)
        return;
    (void)evbuffer_drain(b->in, b->taken);
    http2_consume(b->h2, b->taken);
    b->taken = 0;
    count_share(b);
    widen(b);
    if (http2_has_output(b->session->h2))
        session_update(b->session);
}

static enum back_loss loss(const struct back *back, uint32_t *code)
{
    const struct back_stream *b = (const struct back_stream *)back;

    *code = is_closed(b) ? b->code : HTTP2_INTERNAL_ERROR;
    if (b->err.code != ST_E_NONE || !is_closed(b))
        return BACK_CUT;
    if (b->code == HTTP2_REFUSED_STREAM)
        return BACK_UNTOUCHED;
    if (b->code == HTTP2_HTTP_1_1_REQUIRED)
        return BACK_WANTS_HTTP1;
    return b->was_used && b->heard == b->session->heard ? BACK_STALE : BACK_CUT;
}

static void flush(struct back *back)
{
    session_update(mine(back)->session);
}

static void close_back(struct back *back, struct upstream **spare)
{
    struct back_stream *b = mine(back);

    (void)spare; /* the session is everybody's */
    leave_ready(b);
    budget_hold(&b->session->sessions->worker->budget, &b->share, 0);
    http2_release(b->h2);
    evbuffer_free(b->in);
    b->session->sessions->widened -= b->window - SESSION_WINDOW;
    session_lets_go(b->session);
    b->magic = 0;
    free(b);
}

static const struct back_ops back_stream_ops = { .head = head,
                                                 .data = data,
                                                 .end = end,
                                                 .room = room,
                                                 .read = read_event,
                                                 .took = took,
                                                 .loss = loss,
                                                 .flush = flush,
                                                 .close = close_back };
