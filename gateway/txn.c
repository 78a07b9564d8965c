/* SPDX-License-Identifier: Apache-2.0 */
/* txn - the order of one exchange: read the head, plan, hold the body, inspect it and the documents in it, exchange
 * with the origin, or answer no.
 *
 * One enum, one setter, one step; states run forward only, so no event can re-open what was judged. Whatever fails goes
 * through txn_refuse, which fails closed. Nothing of a request's body is given to exchange.c before the verdict
 * (upload.c) but for endpoints that are never read. The arena holds everything of the exchange and goes with it; a new
 * state gets its line in TXN_STATES, its function and its wait in `on_late`.
 */
#include "gateway/txn.h"
#include "base/log.h"
#include "gateway/txn_parts.h"
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/* The only writer of t->state. */
void txn_enter(struct txn *t, enum txn_state next)
{
    ST_CHECK(t, TXN_MAGIC);
    assert(next > t->state);
    t->state = next;
}

static void on_timer(void *ctx)
{
    struct txn *t = ctx;

    ST_CHECK(t, TXN_MAGIC);
    t->is_late = true;
    t->env->on_event(t->env->ctx);
}

void txn_arm(struct txn *t, int64_t ms)
{
    struct st_err ignored;

    if (st_timer_arm(t->worker->loop.timers, &t->timer, (uint64_t)ms, &ignored) != ST_OK)
        t->is_late = true; /* no timer left: a wait without a deadline is not allowed */
}

const char *txn_id(struct txn *t)
{
    return report_id(t->id);
}

struct report_case txn_case(struct txn *t)
{
    return (struct report_case){ .worker = t->worker,
                                 .rules = t->rules,
                                 .person = t->env->person,
                                 .host = t->target.host,
                                 .id = t->id,
                                 .chain = &t->chain,
                                 .is_redacted = t->is_redacted,
                                 .streamed = upload_text_sent(t) };
}

struct txn *txn_new(struct txn_env *env)
{
    const struct pol_config *config = worker_config(env->worker);
    struct txn *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->magic = TXN_MAGIC;
    t->env = env;
    t->worker = env->worker;
    t->rules = rules_retain(env->worker->rules);
    t->timer = (struct st_timer){ .fn = on_timer, .ctx = t };
    t->tail = evbuffer_new();
    t->arena = st_arena_new((size_t)config->limit.txn_memory);
    st_buf_init(&t->whole, (size_t)config->limit.body_max);
    st_buf_init(&t->redacted, (size_t)config->limit.body_max);
    st_buf_init(&t->redacted_query, 65536);
    poll_init(t);
    if (t->tail == NULL || t->arena == NULL) {
        txn_free(t);
        return NULL;
    }
    txn_arm(t, config->limit.head_ms);
    return t;
}

void txn_free(struct txn *t)
{
    if (t == NULL)
        return;
    ST_CHECK(t, TXN_MAGIC);
    st_timer_disarm(t->worker->loop.timers, &t->timer);
    budget_hold(&t->worker->budget, &t->share, 0);
    socket_free(t->socket);
    exchange_fini(t);
    poll_fini(t);
    call_fini(t);
    upload_fini(t);
    upload_text_fini(t);
    opening_free(t->opening);
    sift_free(t->sift);
    body_free(t->body);
    if (t->tail != NULL)
        evbuffer_free(t->tail);
    st_buf_fini(&t->whole);
    st_buf_fini(&t->redacted);
    st_buf_fini(&t->redacted_query);
    st_arena_free(t->arena);
    rules_release(t->rules);
    t->magic = 0;
    free(t);
}

struct st_arena *txn_arena(struct txn *t)
{
    ST_CHECK(t, TXN_MAGIC);
    return t->arena;
}

const struct target *txn_target(const struct txn *t)
{
    return &t->target;
}

/* ---- no --------------------------------------------------------------------------------------------------------- */

static bool must_close(const struct txn *t)
{
    return t->head == NULL || t->head->minor == 0 || http_field_has_token(t->head, "connection", "close") ||
           t->worker->is_draining;
}

enum st_rc txn_refuse(struct txn *t, enum refuse_cause cause)
{
    struct refuse_case facts = {
        .cause = cause, .head = t->head, .host = t->target.host, .chain = &t->chain, .err = &t->err, .id = txn_id(t)
    };
    struct st_err err = ST_ERR_INIT;
    struct st_buf out;

    if (t->state >= TXN_ANSWER)
        return ST_OK;
    if (t->answer_began) {
        t->outcome = call_says_no(t) ? TXN_FINISH : TXN_CUT;
        txn_enter(t, TXN_DONE);
        return ST_OK;
    }
    facts.closes = must_close(t) || !t->request_is_read;
    t->worker->counts.refused++;
    t->outcome = facts.closes ? TXN_FINISH : TXN_KEEP;
    st_buf_init(&out, 256 * 1024);
    if (refuse_write(&facts, t->arena, &out, &err) != ST_OK ||
        t->env->front->ops->refusal(t->env->front, t->arena, st_buf_view(&out), &err) != ST_OK)
        t->outcome = TXN_CUT;
    st_buf_fini(&out);
    if (cause == REFUSE_INTERNAL || t->outcome == TXN_CUT)
        ST_LOG(TXN_FAILED, ST_ERRF(t->err.code != ST_E_NONE ? &t->err : &err));
    txn_enter(t, TXN_ANSWER);
    return ST_OK;
}

enum txn_outcome txn_refuse_tunnel(struct txn *t, const struct st_err *origin_err)
{
    if (origin_err != NULL)
        t->err = *origin_err;
    (void)txn_refuse(t, origin_err != NULL ? refuse_origin_cause(origin_err) : REFUSE_HOST);
    txn_enter(t, TXN_DONE);
    t->env->front->ops->flush(t->env->front);
    return t->outcome == TXN_CUT ? TXN_CUT : TXN_FINISH;
}

/* A request that is too large is well formed. */
static enum st_rc refuse_breach(struct txn *t)
{
    bool is_http1 = t->env->front->ops == &front_http1_ops;

    if (t->err.code != ST_E_LIMIT)
        breach_note(t->worker, is_http1 ? BREACH_CLIENT_HTTP1 : BREACH_CLIENT_HTTP2, &t->err);
    return txn_refuse(t, REFUSE_PROTOCOL);
}

/* ---- READ_HEAD -------------------------------------------------------------------------------------------------- */

enum st_rc txn_read(struct txn *t, size_t max, struct http1_event *event)
{
    return t->env->front->ops->read(t->env->front, t->arena, max, event, &t->err);
}

void txn_took(struct txn *t)
{
    t->env->front->ops->took(t->env->front);
}

enum st_rc txn_client_left(struct txn *t)
{
    t->outcome = TXN_CUT;
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

bool txn_is_memory_full(const struct txn *t)
{
    return budget_level(&t->worker->budget) == BUDGET_FULL;
}

enum st_rc txn_refuse_busy(struct txn *t)
{
    t->worker->counts.memory_refused++;
    return txn_refuse(t, REFUSE_BUSY);
}

static enum st_rc read_head(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc = txn_read(t, SIZE_MAX, &event);

    if (rc == ST_ERR) {
        t->worker->counts.heads_refused += t->err.code == ST_E_LIMIT;
        return t->err.code == ST_E_CLOSED ? txn_client_left(t) : refuse_breach(t);
    }
    if (rc == ST_AGAIN)
        return ST_AGAIN;
    txn_took(t);
    t->head = event.head;
    t->framing = event.framing;
    t->length = event.length;
    txn_enter(t, TXN_PLAN);
    return ST_OK;
}

void txn_say_continue(struct txn *t)
{
    static const struct http_head CONTINUE = { .status = 100, .reason = { (const uint8_t *)"Continue", 8 } };
    struct front *front = t->env->front;
    struct st_err ignored; /* the client goes on without it after a while */

    if (t->expects_continue && !t->request_is_read && !front->ops->has_input(front))
        (void)(front->ops->interim(front, &CONTINUE, NULL, &ignored) == ST_OK);
}

/* ---- READ_BODY and INSPECT -------------------------------------------------------------------------------------- */

static enum st_rc read_body(struct txn *t)
{
    enum st_rc rc = upload_read(t);

    if (rc == ST_ERR)
        return t->err.code == ST_E_CLOSED ? txn_client_left(t) : refuse_breach(t);
    return rc;
}

struct chain_in txn_chain_in(struct txn *t)
{
    return (struct chain_in){ .gen = t->rules->gen,
                              .scanner = t->rules->scanner,
                              .req = t->req,
                              .content_encoding = http_field_get(t->head, "content-encoding"),
                              .words = t->words,
                              .n_words = t->n_words,
                              .groups = pol_groups(t->rules->gen->policies, t->env->person),
                              .facts = t->facts,
                              .plain_limit = (size_t)worker_config(t->worker)->limit.body_max,
                              .not_held = t->not_held,
                              .not_held_bytes = t->length,
                              .drips = &t->worker->drips,
                              .person = t->env->person,
                              .route = t->transfer.route,
                              .open = worker_config(t->worker)->pictures ? FLT_OPEN_PICTURES : FLT_OPEN_DOCUMENTS };
}

/* With the held body, whole. */
static enum st_rc held_chain_in(struct txn *t, struct chain_in *in)
{
    *in = txn_chain_in(t);
    if (t->body == NULL || t->not_held != FLT_REASON_NONE || t->way == UPLOAD_CALL)
        return ST_OK;
    st_buf_reset(&t->whole);
    return body_whole(t->body, &t->whole, &in->body, &t->err);
}

/* The verdict is recorded, or needs no record: it takes effect. */
static enum st_rc carry_out(struct txn *t)
{
    poll_know(t);
    if (t->chain.judgement.verdict == POL_BLOCK && !poll_goes_on(t))
        return txn_refuse(t, t->not_held == FLT_REASON_SIZE ? REFUSE_TOO_LARGE : REFUSE_VERDICT);
    if (!t->chain.has_activity) { /* its names and ids may stand in there; they are told when the platform took it */
        st_buf_fini(&t->whole);
        opening_free(t->opening);
        t->opening = NULL;
    }
    txn_enter(t, TXN_EXCHANGE);
    return ST_OK;
}

/* The chain has run, over `in` unless what it ran over has left (then nothing is redacted). */
static enum st_rc decide(struct txn *t, const struct chain_in *in)
{
    struct report_case c;

    if (t->transfer.route != NULL && t->chain.has_activity && t->chain.activity.object_id.n == 0)
        t->chain.activity.object_id = t->transfer.id;
    if (in != NULL && t->chain.judgement.verdict == POL_REDACT)
        t->is_redacted = chain_redact(in, &t->chain, &t->redacted, &t->redacted_query);
    if (t->is_redacted)
        trailers_redacted(t);
    c = txn_case(t);
    report_counts(&c);
    if (report_decision(&c, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_NO_RECORD);
    return carry_out(t);
}

static enum st_rc open_files(struct txn *t)
{
    t->opening = opening_new(t->worker->files, t->chain.doc, t->env->on_event, t->env->ctx);
    if (t->opening == NULL)
        return txn_refuse(t, REFUSE_INTERNAL);
    txn_arm(t, worker_config(t->worker)->limit.extract_ms);
    txn_enter(t, TXN_OPEN_FILES);
    return ST_OK;
}

/* OPEN_FILES: the doc is there, and borrows from the body, which stays where it is. */
static enum st_rc take_files(struct txn *t)
{
    struct chain_in in;

    if (!opening_is_done(t->opening))
        return ST_AGAIN;
    st_timer_disarm(t->worker->loop.timers, &t->timer);
    in = txn_chain_in(t);
    in.body = t->chain_body;
    in.opened = opening_results(t->opening);
    chain_finish(&in, t->arena, &t->chain);
    return decide(t, &in);
}

static enum st_rc inspect(struct txn *t)
{
    struct chain_in in;

    t->worker->counts.bodies_spooled += t->body != NULL && body_is_spooled(t->body);
    if (t->body != NULL && txn_is_memory_full(t)) /* looking into it takes memory too */
        return txn_refuse_busy(t);
    if (t->way == UPLOAD_MEDIA || t->way == UPLOAD_PARTS ||
        t->way == UPLOAD_TEXT) /* what is let go was judged before */
        return decide(t, NULL);
    if (t->sift != NULL) {
        if (sift_end(t->sift, t->arena, &t->chain, &t->err) != ST_OK)
            return txn_refuse(t, REFUSE_INTERNAL);
        if (t->chain.judgement.verdict != POL_REDACT && !sift_has_files(t->sift))
            return decide(t, NULL);
    } /* what is to be written anew, or opened, has to be there whole */
    if (held_chain_in(t, &in) != ST_OK)
        return txn_refuse(t, REFUSE_INTERNAL);
    t->chain_body = in.body;
    return chain_begin(&in, t->arena, &t->chain) ? open_files(t) : decide(t, &in);
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

/* A deadline passed; what that means depends on what was waited for. */
static enum st_rc on_late(struct txn *t)
{
    switch (t->state) {
    case TXN_READ_HEAD:
    case TXN_PLAN:
    case TXN_READ_BODY:
        if (t->state == TXN_READ_BODY && upload_late(t))
            return ST_OK;
        t->worker->counts.slow_clients++;
        return txn_refuse(t, REFUSE_TIMEOUT);
    case TXN_EXCHANGE: return exchange_late(t);
    case TXN_OPEN_FILES: opening_give_up(t->opening); return ST_OK;
    case TXN_SOCKET: /* it has a timer of its own */
    case TXN_INSPECT:
    case TXN_ANSWER:
    case TXN_DONE: break;
    }
    return ST_OK;
}

static enum st_rc answer(struct txn *t)
{
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

static void count_share(struct txn *t)
{
    size_t held = st_arena_used(t->arena) + evbuffer_get_length(t->tail) + t->whole.cap + t->redacted.cap;

    held += t->redacted_query.cap + t->copy.cap + t->poll.held.cap + (t->body != NULL ? body_memory(t->body) : 0);
    held += upload_memory(t) + call_memory(t) + (t->opening != NULL ? opening_memory(t->opening) : 0);
    held += (t->sift != NULL ? sift_memory(t->sift) : 0) + (t->socket != NULL ? socket_memory(t->socket) : 0);
    budget_hold(&t->worker->budget, &t->share, held);
}

enum txn_outcome txn_step(struct txn *t)
{
    enum st_rc rc = ST_OK;

    ST_CHECK(t, TXN_MAGIC);
    if (t->is_late) {
        t->is_late = false;
        rc = on_late(t);
    }
    while (rc == ST_OK && t->state != TXN_DONE) {
        switch (t->state) {
        case TXN_READ_HEAD: rc = read_head(t); break;
        case TXN_PLAN: rc = txn_plan(t); break;
        case TXN_READ_BODY: rc = read_body(t); break;
        case TXN_INSPECT: rc = inspect(t); break;
        case TXN_OPEN_FILES: rc = take_files(t); break;
        case TXN_EXCHANGE: rc = exchange_step(t); break;
        case TXN_SOCKET: rc = handshake_step(t); break;
        case TXN_ANSWER: rc = answer(t); break;
        case TXN_DONE: break;
        }
        if (rc == ST_ERR)
            rc = txn_refuse(t, t->state == TXN_EXCHANGE ? refuse_origin_cause(&t->err) : REFUSE_INTERNAL);
    }
    count_share(t);
    t->env->front->ops->flush(t->env->front); /* also before a cut: what came in time is delivered */
    return t->state == TXN_DONE || t->outcome == TXN_TUNNEL ? t->outcome : TXN_GOES_ON;
}
