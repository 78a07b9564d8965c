/* SPDX-License-Identifier: Apache-2.0 */
/* polling - a message refused inside a long poll (socket.io): its session goes on without it.
 *
 * The request that carried it goes on with an idle message in the place of its body, which also makes the origin answer
 * the poll that is open; what the client has to be told waits in the worker's box. The answer to a poll is held, when
 * it is short and in one piece, until its end, so that the refusal can be put in front of what it carries. Such answers
 * come uncompressed: Accept-Encoding of a poll is `identity`.
 */
#include "gateway/polls.h"
#include "gateway/txn_parts.h"
#include <string.h>

#define ANSWER_MAX 32768u /* longer ones pass as they come; the next one will do */

static struct flt_input input_of(const struct txn *t)
{
    return (struct flt_input){ .query = t->req.query,
                               .content_type = t->req.content_type,
                               .wire = lp_wire(t->rules->gen->plugins, &t->req) };
}

bool polling_is(const struct txn *t)
{
    return !t->is_unread && !t->is_socket && st_span_eq(t->head->method, ST_SPAN("GET")) &&
           input_of(t).wire == FLT_WIRE_SOCKETIO;
}

/* Of the session that the query names; empty: none. */
static struct st_span session_of(struct txn *t)
{
    struct flt_input in = input_of(t);
    struct flt_idle idle = { ST_SPAN_NONE, ST_SPAN_NONE };
    struct st_err ignored; /* then it is told nothing */

    if (flt_wire_idle(t->arena, &in, t->chain.doc, &idle, &ignored) != ST_OK)
        return ST_SPAN_NONE;
    return idle.session;
}

bool polling_refuses(struct txn *t)
{
    struct refuse_case facts = {
        .cause = REFUSE_VERDICT, .head = t->head, .host = t->target.host, .chain = &t->chain, .id = t->id
    };
    struct lp_refusal refusal = { .id = txn_id(t), .findings = &t->chain.findings };
    struct lp_exchange exchange = { &t->req, t->chain.doc };
    struct lp_reply reply;

    if (t->not_held != FLT_REASON_NONE || t->chain.doc == NULL || t->chain.doc->wire != FLT_WIRE_SOCKETIO)
        return false;
    refusal.message = refuse_sentence(&facts);
    if (lp_reply(t->chain.route, &exchange, &refusal, t->arena, &reply, &t->err) != ST_OK || reply.instead.n == 0)
        return false;
    if (reply.how == LP_REPLY_ANSWER &&
        polls_add(t->worker->polls, t->req.host, reply.session, reply.text, &t->err) != ST_OK)
        return false;
    st_buf_reset(&t->redacted);
    st_buf_span(&t->redacted, reply.instead);
    if (st_buf_done(&t->redacted, &t->err, "polling.instead") != ST_OK)
        return false;
    t->is_redacted = true;
    t->worker->counts.polls_refused++;
    return true;
}

/* ---- the answer to a poll ---------------------------------------------------------------------------------------- */

bool polling_holds(struct txn *t, const struct http1_event *event)
{
    bool is_plain = http_field_count(event->head, "content-encoding") == 0;

    if (!polling_is(t) || !is_plain || event->head->status != 200 || event->framing != HTTP1_LENGTH ||
        event->length == 0 || event->length > ANSWER_MAX ||
        polls_peek(t->worker->polls, t->req.host, session_of(t)).n == 0)
        return false;
    st_buf_init(&t->poll, 2 * ANSWER_MAX);
    t->is_poll_held = true;
    return true;
}

/* Puts the refusal into what was held; it stays as it is when it carries no messages. */
void polling_tell(struct txn *t)
{
    struct st_span session = session_of(t);
    struct flt_input in = input_of(t);
    struct st_buf told;
    struct st_err ignored; /* the next answer will do */

    st_buf_init(&told, 2 * ANSWER_MAX);
    in.content_type = http_field_get(t->response, "content-type");
    in.body = st_buf_view(&t->poll);
    if (flt_wire_insert(&in, polls_peek(t->worker->polls, t->req.host, session), &told, &ignored) == ST_OK) {
        polls_drop(t->worker->polls, t->req.host, session);
        st_buf_fini(&t->poll);
        t->poll = told;
        return;
    }
    st_buf_fini(&told);
}
