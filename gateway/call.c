/* SPDX-License-Identifier: Apache-2.0 */
/* call - a gRPC or Connect call whose request stays open: its messages are judged one by one, and go on.
 *
 * As long as the client sends, a call is held as any body is, so that an ordinary one is judged whole. When it pauses
 * behind a whole message, or has only said its head for a while, it waits for an answer: then the exchange begins, and
 * what was held and what still comes is cut at the lengths that stand before messages. Each message takes the way of a
 * WebSocket's (socket_message.c): held until it is whole, judged, recorded, passed on as it came. Bytes that are no
 * message are held as one until the request ends, and trailers are one more. A message that must not leave ends the
 * call: in an answer that has not begun by a refusal, else by the answer's last words.
 */
#include "gateway/refuse_call.h"
#include "gateway/socket_message.h"
#include "gateway/txn_parts.h"
#include <stdlib.h>
#include <string.h>

#define PIECE      65536u
#define NO_END     UINT64_MAX
#define ANSWER_MAX 65536u

enum call_state {
    CALL_HELD,   /* as any body */
    CALL_READS,  /* a message, or its beginning, is waited for */
    CALL_GIVES,  /* it was judged and goes out */
    CALL_PASSES, /* the rest of one that was too large to be held, and that policy lets pass */
    CALL_REFUSED,
    CALL_ENDED
};

struct call {
    enum call_state state; /* written by call_enter only */
    struct socket_open about;
    struct chain_sight sight;
    struct message *message;     /* owned; NULL: between two */
    uint8_t head[FLT_CALL_HEAD]; /* of the message under way; before the call goes on: of the first */
    size_t n_head;
    uint64_t left;      /* of it, behind its head */
    uint64_t read;      /* of what was held before the call went on */
    struct st_span out; /* GIVES: lives in message */
    bool is_last;       /* out is the end of it */
};

/* The only writer of call->state. */
static void call_enter(struct call *call, enum call_state next)
{
    assert(call->state < CALL_REFUSED);
    call->state = next;
}

bool call_open(struct txn *t)
{
    struct st_span coding = http_field_get(t->head, "content-encoding");

    if (t->way != UPLOAD_HELD || t->framing != HTTP1_CHUNKED || !flt_is_call(t->req.content_type) ||
        (coding.n > 0 && !st_span_ieq(coding, ST_SPAN("identity"))))
        return true;
    if ((t->call = calloc(1, sizeof *t->call)) == NULL)
        return false;
    t->call->about = (struct socket_open){ .worker = t->worker,
                                           .person = t->env->person,
                                           .host = t->target.host,
                                           .head = t->head,
                                           .req = t->req,
                                           .is_call = true };
    t->call->about.req.query = ST_SPAN_NONE; /* judged with the head */
    return true;
}

void call_fini(struct txn *t)
{
    if (t->call == NULL)
        return;
    message_free(t->call->message);
    free(t->call);
    t->call = NULL;
}

size_t call_memory(const struct txn *t)
{
    return t->call != NULL && t->call->message != NULL ? message_memory(t->call->message) : 0;
}

/* ---- while it is held -------------------------------------------------------------------------------------------- */

static void add_head(struct call *call, struct st_span data)
{
    size_t n = FLT_CALL_HEAD - call->n_head;

    n = n < data.n ? n : data.n;
    if (n > 0)
        memcpy(call->head + call->n_head, data.p, n);
    call->n_head += n;
}

void call_saw(struct txn *t, struct st_span data)
{
    if (t->call != NULL)
        add_head(t->call, data);
}

bool call_waits(const struct txn *t)
{
    return t->call != NULL && body_size(t->body) == 0;
}

bool call_stays_open(const struct txn *t)
{
    uint32_t length;

    return t->call != NULL && t->call->n_head == FLT_CALL_HEAD && flt_call_length(t->call->head, &length) &&
           body_size(t->body) >= (uint64_t)FLT_CALL_HEAD + length;
}

/* ---- message by message ------------------------------------------------------------------------------------------ */

bool call_goes_on(const struct txn *t)
{
    return t->call->state != CALL_ENDED;
}

/* The next bytes: first those that were held. took has to follow. */
static enum st_rc next_bytes(struct txn *t, size_t max, struct http1_event *event)
{
    *event = (struct http1_event){ .kind = HTTP1_DATA };
    if (t->call->read == body_size(t->body))
        return txn_read(t, max, event);
    if (body_read(t->body, t->call->read, &event->data, &t->err) != ST_OK)
        return ST_ERR;
    event->data = st_span_sub(event->data, 0, max);
    return ST_OK;
}

static void took(struct txn *t, const struct http1_event *event)
{
    if (t->call->read < body_size(t->body))
        t->call->read += event->data.n;
    else
        txn_took(t);
}

static enum st_rc refuse(struct txn *t)
{
    struct call *call = t->call;

    t->worker->counts.call_refused++;
    if (!t->answer_began) /* else what is told of the answer is told of the call as it began */
        t->chain = *message_chain(call->message);
    memcpy(t->id, message_mark(call->message), sizeof t->id);
    call_enter(call, CALL_REFUSED);
    return txn_refuse(t, message_cause(call->message)) == ST_OK ? ST_AGAIN : ST_ERR;
}

/* why: it cannot be read to its end; NULL when it is whole. */
static enum st_rc judge(struct txn *t, const struct st_err *why)
{
    struct call *call = t->call;

    if (message_judge(call->message, why) != MESSAGE_GOES || message_is_changed(call->message))
        return refuse(t); /* its length is written before it: a message can only go as it came */
    call->out = ST_SPAN_NONE;
    call->is_last = false;
    call_enter(call, CALL_GIVES);
    return ST_OK;
}

static enum st_rc add(struct txn *t, struct st_span data)
{
    struct call *call = t->call;
    struct st_err why = ST_ERR_INIT;
    uint32_t length;

    if (call->message == NULL && (call->message = message_new(&call->about, &call->sight, false)) == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "call.message", "message", 0);
    if (call->n_head < FLT_CALL_HEAD) {
        add_head(call, data);
        if (call->n_head == FLT_CALL_HEAD)
            call->left = flt_call_length(call->head, &length) ? length : NO_END;
    } else {
        call->left -= data.n;
    }
    if (message_add(call->message, data, &why) != ST_OK)
        return judge(t, &why);
    return call->n_head == FLT_CALL_HEAD && call->left == 0 ? judge(t, NULL) : ST_OK;
}

static enum st_rc end(struct txn *t, const struct http1_event *event)
{
    t->request_is_read = true;
    if (trailers_take(t, event) != ST_OK)
        return ST_ERR;
    txn_took(t);
    if (t->call->message != NULL) {
        t->call->left = 0;
        return judge(t, NULL);
    }
    call_enter(t->call, CALL_READS); /* what is behind it, if anything */
    return ST_OK;
}

static size_t wanted(const struct call *call)
{
    if (call->n_head < FLT_CALL_HEAD)
        return FLT_CALL_HEAD - call->n_head;
    return call->left < PIECE ? (size_t)call->left : PIECE;
}

/* The last words: those behind the messages, judged as a message without bytes (trailers.c put them behind t->words).
 */
static enum st_rc last_words(struct txn *t)
{
    size_t n = t->n_trailers * TRAILER_TEXTS;
    struct call *call = t->call;

    if (n == 0) {
        call_enter(call, CALL_ENDED);
        return ST_OK;
    }
    if ((call->message = message_new(&call->about, &call->sight, false)) == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "call.trailers", "message", 0);
    message_words(call->message, t->words + (t->n_words - n), n);
    if (message_judge(call->message, NULL) != MESSAGE_GOES || message_is_changed(call->message))
        return refuse(t);
    call_enter(call, CALL_ENDED);
    return ST_OK;
}

static enum st_rc read_message(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc;

    if (t->request_is_read)
        return last_words(t);
    if ((rc = next_bytes(t, wanted(t->call), &event)) != ST_OK)
        return rc;
    if (event.kind != HTTP1_DATA)
        return end(t, &event);
    rc = add(t, event.data);
    took(t, &event);
    return rc;
}

static void end_message(struct call *call)
{
    message_taken(call->message);
    message_free(call->message);
    call->message = NULL;
    call_enter(call, call->left > 0 ? CALL_PASSES : CALL_READS);
    if (call->left == 0)
        call->n_head = 0;
}

static enum st_rc give(struct txn *t, size_t max)
{
    struct call *call = t->call;
    struct st_span piece;
    enum st_rc rc;

    if (call->out.n == 0 && message_next(call->message, &call->out, &call->is_last, &t->err) != ST_OK)
        return ST_ERR;
    piece = st_span_sub(call->out, 0, max);
    rc = t->back->ops->data(t->back, piece, &t->err);
    call->out = st_span_sub(call->out, piece.n, call->out.n);
    if (call->out.n == 0 && call->is_last)
        end_message(call);
    return rc;
}

static enum st_rc pass(struct txn *t, size_t max)
{
    struct call *call = t->call;
    struct http1_event event;
    enum st_rc rc = next_bytes(t, call->left < max ? (size_t)call->left : max, &event);

    if (rc != ST_OK)
        return rc;
    if (event.kind != HTTP1_DATA)
        return end(t, &event);
    rc = t->back->ops->data(t->back, event.data, &t->err);
    call->left -= event.data.n;
    took(t, &event);
    if (call->left == 0) {
        call->n_head = 0;
        call_enter(call, CALL_READS);
    }
    return rc;
}

enum st_rc call_next(struct txn *t, size_t max)
{
    struct call *call = t->call;

    switch (call->state) {
    case CALL_HELD:
        call->n_head = 0; /* it is read again */
        call_enter(call, CALL_READS);
        return ST_OK;
    case CALL_READS: return read_message(t);
    case CALL_GIVES: return give(t, max);
    case CALL_PASSES: return pass(t, max);
    case CALL_REFUSED:
    case CALL_ENDED: break;
    }
    return ST_AGAIN;
}

/* ---- no ---------------------------------------------------------------------------------------------------------- */

bool call_says_no(struct txn *t)
{
    struct call_refusal no = { .content_type = t->req.content_type, .id = t->id };
    struct refuse_case facts = { .head = t->head, .host = t->target.host };
    struct front *front = t->env->front;
    struct http_field trailers[CALL_TRAILERS];
    struct st_buf text;
    size_t n = 0;
    bool ok;

    if (t->call == NULL || t->call->state != CALL_REFUSED)
        return false;
    facts.cause = message_cause(t->call->message);
    facts.chain = message_chain(t->call->message);
    no.sentence = refuse_sentence(&facts);
    no.status = refuse_status(&facts);
    st_buf_init(&text, ANSWER_MAX);
    ok = call_refusal_end(&no, &text, trailers, &n) && (n > 0 || front->ops->room(front) >= text.n);
    if (ok && n == 0)
        ok = front->ops->data(front, st_buf_view(&text), &t->err) == ST_OK;
    if (ok)
        ok = front->ops->end(front, trailers, n, &t->err) == ST_OK;
    st_buf_fini(&text);
    return ok;
}
