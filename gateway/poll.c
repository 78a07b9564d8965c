/* SPDX-License-Identifier: Apache-2.0 */
/* poll - a message that came in a long poll (engine.io, BOSH) and was blocked: its session goes on, its client is told.
 *
 * The origin gets a request that says nothing in the place of the blocked one, and answers it as it likes. What the
 * client is told waits in the table of notices.h before that request leaves, since the next answer to this session's
 * polls may come through another worker. That answer is held until it is whole, decoded if it has to be, and gets the
 * notice in front of what it carries; one that is too large, or carries no messages, goes on as it is. An answer is
 * held only when a notice waits, so that all other polls stream as ever.
 */
#include "gateway/txn_parts.h"

#define HELD_MAX   ((size_t)256 << 10)
#define PLAIN_MAX  ((size_t)1 << 20)
#define ANSWER_MAX (PLAIN_MAX + NOTICES_MAX * NOTICES_TEXT_MAX * 2)

void poll_init(struct txn *t)
{
    st_buf_init(&t->poll.held, ANSWER_MAX);
}

void poll_fini(struct txn *t)
{
    st_buf_fini(&t->poll.held);
}

/* The only writer of its state. */
static void enter(struct txn *t, enum poll_state next)
{
    assert(next == (t->poll.state + 1) % (POLL_GIVING + 1));
    t->poll.state = next;
}

static struct flt_input input_of(const struct txn *t)
{
    return (struct flt_input){ .query = t->req.query,
                               .content_type = t->req.content_type,
                               .wire = t->chain.doc != NULL ? t->chain.doc->wire : FLT_WIRE_NONE };
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

void poll_know(struct txn *t)
{
    const struct flt_input in = input_of(t);
    struct st_span session = flt_wire_session(&in, t->chain.doc);
    struct st_err ignored; /* without a key it is a request like any other */

    t->poll.has_session =
        session.n > 0 && t->worker->notices[NOTICES_POLLS] != NULL &&
        notices_key(t->req.host, session, st_span_str(t->env->person), &t->poll.key, &ignored) == ST_OK;
}

/* All of the body is here, so that nothing of it follows what goes in its place. JSONP's answers are scripts. */
static bool is_replaceable(const struct txn *t)
{
    return t->poll.has_session && t->request_is_read && t->not_held == FLT_REASON_NONE && t->way == UPLOAD_HELD &&
           t->upload == NULL && st_span_find(t->req.query, ST_SPAN("j=")) == ST_SPAN_NPOS;
}

/* ST_ERR: there is no way to tell, or no place for it. */
static enum st_rc replace(struct txn *t, const struct lp_reply *reply, struct st_err *err)
{
    st_buf_reset(&t->redacted);
    st_buf_span(&t->redacted, reply->instead);
    if (reply->how == LP_REPLY_CLOSE || st_buf_done(&t->redacted, err, "poll.replace") != ST_OK)
        return ST_ERR;
    if (reply->how == LP_REPLY_SILENT)
        return ST_OK;
    return notices_put(t->worker->notices[NOTICES_POLLS], &t->poll.key, reply->text, err);
}

bool poll_goes_on(struct txn *t)
{
    const struct refuse_case facts = {
        .cause = REFUSE_VERDICT, .head = t->head, .host = t->target.host, .chain = &t->chain, .id = txn_id(t)
    };
    const struct lp_refusal refusal = { refuse_sentence(&facts), facts.id, &t->chain.findings };
    const struct lp_exchange exchange = { &t->req, t->chain.doc };
    struct lp_reply reply;
    struct st_err err = ST_ERR_INIT;

    if (!is_replaceable(t))
        return false;
    if (poll_keeps_others(t)) {
        t->is_redacted = true;
        t->n_trailers = 0;
        return true;
    }
    if (lp_reply(t->chain.route, &exchange, &refusal, t->arena, &reply, &err) != ST_OK ||
        replace(t, &reply, &err) != ST_OK)
        return false;
    t->is_redacted = true;
    t->n_trailers = 0;
    if (reply.how == LP_REPLY_SILENT)
        t->worker->counts.polls_dropped++;
    else
        t->worker->counts.polls_refused++;
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static enum st_rc read_back(struct txn *t, size_t max, struct http1_event *event)
{
    return t->back->ops->read(t->back, t->arena, max, event, &t->err);
}

/* engine.io's POSTs are answered "ok". */
static bool is_carrier(const struct txn *t, const struct http1_event *event)
{
    bool is_answered = t->chain.doc->wire == FLT_WIRE_XMPP || st_span_eq(t->head->method, ST_SPAN("GET"));

    return is_answered && event->head->status == 200 && event->framing != HTTP1_NO_BODY &&
           (event->framing != HTTP1_LENGTH || (event->length > 0 && event->length <= HELD_MAX));
}

/* The answer's body without a content coding; an empty span: it cannot be had. */
static struct st_span plain_of(struct txn *t, struct st_arena *arena)
{
    const struct flt_input in = { .body = st_buf_view(&t->poll.held),
                                  .content_type = ST_SPAN("text/plain"),
                                  .content_encoding = http_field_get(t->poll.head.head, "content-encoding"),
                                  .plain_limit = PLAIN_MAX };
    struct flt_doc *doc = NULL;
    struct st_err ignored;

    if (in.content_encoding.n == 0)
        return in.body;
    return flt_decode(arena, &in, &doc, &ignored) == ST_OK && doc->was_coded ? doc->plain : ST_SPAN_NONE;
}

/* Newest first, each in front of the others: so they are in order. */
static bool insert_all(struct txn *t, struct st_buf *plain)
{
    struct flt_input in = input_of(t);
    struct st_buf text, next;
    struct st_err ignored;
    bool is_changed = false;

    in.content_type = http_field_get(t->poll.head.head, "content-type");
    st_buf_init(&text, NOTICES_TEXT_MAX);
    st_buf_init(&next, ANSWER_MAX);
    for (size_t i = 0; i < NOTICES_MAX && notices_take(t->worker->notices[NOTICES_POLLS], &t->poll.key, &text); i++) {
        struct st_buf before = *plain;

        in.body = st_buf_view(plain);
        if (flt_wire_insert(&in, st_buf_view(&text), &next, &ignored) != ST_OK)
            break; /* the session has ended */
        *plain = next;
        next = before;
        st_buf_reset(&next);
        st_buf_reset(&text);
        t->worker->counts.polls_told++;
        is_changed = true;
    }
    st_buf_fini(&next);
    st_buf_fini(&text);
    return is_changed;
}

/* Where its length and its coding were as the origin said, they are as it is now. */
static enum st_rc change_head(struct txn *t)
{
    static const char *const CHANGED[] = { "content-encoding", "content-length", "content-md5", "content-digest",
                                           "repr-digest",      "digest",         "etag",        NULL };
    struct http_head *head = st_arena_alloc(t->arena, sizeof *head);
    struct st_span length;

    if (head == NULL)
        return st_arena_fail(t->arena, &t->err, "poll.head");
    if (http_head_without(t->arena, t->poll.head.head, CHANGED, 1, head, &t->err) != ST_OK ||
        exchange_number(t, t->poll.held.n, &length) != ST_OK)
        return ST_ERR;
    if (t->poll.head.framing == HTTP1_LENGTH)
        head->fields[head->n++] = (struct http_field){ ST_SPAN("Content-Length"), length };
    t->poll.head.head = head;
    t->poll.head.length = t->poll.held.n;
    return ST_OK;
}

/* What is held is whole: it gets what the client is to be told. */
static enum st_rc settle(struct txn *t)
{
    struct st_arena *arena = st_arena_new(4 * PLAIN_MAX);
    struct st_span body = arena != NULL ? plain_of(t, arena) : ST_SPAN_NONE;
    struct st_buf plain;
    enum st_rc rc = ST_OK;

    st_buf_init(&plain, ANSWER_MAX);
    st_buf_span(&plain, body);
    if (plain.n > 0 && plain.failed == ST_E_NONE && insert_all(t, &plain)) {
        struct st_buf held = t->poll.held;

        t->poll.held = plain;
        plain = held;
        rc = change_head(t);
    }
    st_buf_fini(&plain);
    st_arena_free(arena);
    return rc;
}

/* Reads on until the answer is whole or too large. */
static enum st_rc hold(struct txn *t)
{
    struct poll *poll = &t->poll;

    while (!poll->is_whole && poll->held.n < HELD_MAX) {
        struct http1_event event;
        enum st_rc rc = read_back(t, HELD_MAX - poll->held.n, &event);

        if (rc != ST_OK)
            return rc;
        if (event.kind == HTTP1_DATA)
            st_buf_span(&poll->held, event.data);
        if (event.kind == HTTP1_END) {
            poll->end = event;
            poll->is_whole = true;
        }
        t->back->ops->took(t->back);
    }
    if (st_buf_done(&poll->held, &t->err, "poll.hold") != ST_OK)
        return ST_ERR;
    return poll->is_whole ? settle(t) : ST_OK;
}

/* The pieces of what is held, then its end; or, when it was too large, the origin's rest. */
static enum st_rc give(struct txn *t, size_t max, struct http1_event *event)
{
    struct st_span piece = st_span_sub(st_buf_view(&t->poll.held), t->poll.given, max);

    if (piece.n > 0) {
        t->poll.given += piece.n;
        *event = (struct http1_event){ .kind = HTTP1_DATA, .data = piece };
        return ST_OK;
    }
    if (t->poll.is_whole) {
        *event = t->poll.end;
        return ST_OK;
    }
    t->poll.has_session = false; /* for this answer */
    enter(t, POLL_PASSING);
    return read_back(t, max, event);
}

enum st_rc poll_read(struct txn *t, size_t max, struct http1_event *event)
{
    enum st_rc rc;

    if (t->poll.state == POLL_GIVING)
        return give(t, max, event);
    if (t->poll.state == POLL_PASSING) {
        rc = read_back(t, max, event);
        if (rc != ST_OK || event->kind != HTTP1_HEAD || event->is_interim || !t->poll.has_session ||
            !is_carrier(t, event) || !notices_has(t->worker->notices[NOTICES_POLLS], &t->poll.key))
            return rc;
        t->poll.head = *event;
        t->back->ops->took(t->back);
        enter(t, POLL_HOLDING);
    }
    if ((rc = hold(t)) != ST_OK)
        return rc;
    *event = t->poll.head;
    enter(t, POLL_GIVING);
    return ST_OK;
}

void poll_took(struct txn *t)
{
    if (t->poll.state != POLL_GIVING) /* else it was ours */
        t->back->ops->took(t->back);
}
