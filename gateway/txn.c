/* SPDX-License-Identifier: Apache-2.0 */
/* txn - the order of one exchange: read the head, plan, hold the body, inspect, exchange with the origin, or answer no.
 *
 * One enum, one setter, one step; states run forward only, so no event can re-open what was judged. Whatever fails goes
 * through txn_refuse, which fails closed. Nothing of a request's body is given to exchange.c before the verdict
 * (upload.c) but for endpoints that are never read. The arena holds everything of the exchange and goes with it; a new
 * state gets its line in TXN_STATES, its function here and its wait in `on_late`.
 */
#include "gateway/txn.h"
#include "base/log.h"
#include "gateway/pac.h"
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
                                 .is_redacted = t->is_redacted };
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
    upload_fini(t);
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
        t->outcome = TXN_CUT;
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

/* ---- READ_HEAD -------------------------------------------------------------------------------------------------- */

enum st_rc txn_read(struct txn *t, size_t max, struct http1_event *event)
{
    return t->env->front->ops->read(t->env->front, t->arena, max, event, &t->err);
}

void txn_took(struct txn *t)
{
    t->env->front->ops->took(t->env->front);
}

static enum st_rc client_left(struct txn *t)
{
    t->outcome = TXN_CUT;
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

static bool is_memory_full(const struct txn *t)
{
    return budget_level(&t->worker->budget) == BUDGET_FULL;
}

static enum st_rc refuse_busy(struct txn *t)
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
        return t->err.code == ST_E_CLOSED ? client_left(t) : txn_refuse(t, REFUSE_PROTOCOL);
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

/* ---- PLAN ------------------------------------------------------------------------------------------------------- */

/* The request's END event, when it has no body: the next message may be read then. */
static enum st_rc read_empty_body(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc;

    if (t->framing == HTTP1_NO_BODY || (t->framing == HTTP1_LENGTH && t->length == 0)) {
        if ((rc = txn_read(t, SIZE_MAX, &event)) != ST_OK)
            return rc;
        txn_took(t);
        if (event.kind != HTTP1_END)
            return st_fail(&t->err, ST_E_PROTO, "txn.plan", "a body where there is none", 400);
        t->request_is_read = true;
    }
    return ST_OK;
}

/* A request to the gateway itself, as by a browser that was told where its PAC file is. */
static enum st_rc answer_for_myself(struct txn *t)
{
    struct generation *gen = t->rules->gen;
    bool is_head = st_span_eq(t->head->method, ST_SPAN("HEAD"));
    struct st_span path, query;
    struct st_buf out;

    target_split(t->head->target, &path, &query);
    if (gen->config->pac.proxies.n == 0 || (!is_head && !st_span_eq(t->head->method, ST_SPAN("GET"))) ||
        (!st_span_eq(path, ST_SPAN("/proxy.pac")) && !st_span_eq(path, ST_SPAN("/wpad.dat"))))
        return txn_refuse(t, REFUSE_NOT_A_PROXY_REQUEST);
    t->worker->counts.pac_served++;
    t->outcome = TXN_FINISH;
    st_buf_init(&out, PAC_MAX);
    if (pac_write(gen->policies, is_head, &out, &t->err) != ST_OK ||
        t->env->front->ops->refusal(t->env->front, t->arena, st_buf_view(&out), &t->err) != ST_OK)
        t->outcome = TXN_CUT;
    st_buf_fini(&out);
    txn_enter(t, TXN_ANSWER);
    return ST_OK;
}

/* Where the request goes, by its form; fills target, place and the facts for adapters. */
static enum st_rc find_place(struct txn *t)
{
    struct http_head *head = t->head;
    bool is_at_origin = t->env->is_tls || t->env->near.port != 0; /* for the client this is the origin */
    struct target host;

    if (st_span_starts(head->target, ST_SPAN("/")) || st_span_eq(head->target, ST_SPAN("*"))) {
        if (!is_at_origin)
            return answer_for_myself(t);
        if (target_authority(http_field_get(head, "host"), &t->target, &t->err) != ST_OK)
            return txn_refuse(t, REFUSE_PROTOCOL);
        t->target.path = head->target;
        t->target.is_https = t->env->is_tls;
    } else if (target_absolute(head->target, &t->target, &t->err) != ST_OK) {
        return txn_refuse(t, REFUSE_PROTOCOL);
    } else if (is_at_origin && http_field_count(head, "host") == 1 &&
               (target_authority(http_field_get(head, "host"), &host, &t->err) != ST_OK ||
                strcmp(host.host, t->target.host) != 0)) {
        return txn_refuse(t, REFUSE_MISDIRECTED);
    }
    if (t->env->is_tls && strcmp(t->target.host, t->env->host) != 0)
        return txn_refuse(t, REFUSE_MISDIRECTED);
    if (t->env->is_tls) {
        t->place = t->env->origin;
    } else {
        if (t->target.is_https)
            return txn_refuse(t, REFUSE_PROTOCOL); /* https goes through CONNECT */
        if (t->env->near.port != 0 && t->target.port != 0 && t->target.port != t->env->near.port)
            return txn_refuse(t, REFUSE_MISDIRECTED);
        memcpy(t->place.host, t->target.host, sizeof t->place.host);
        t->place.near = t->env->near;
        t->place.port = t->target.port != 0 ? t->target.port : t->env->near.port != 0 ? t->env->near.port : 80;
    }
    target_split(t->target.path, &t->req.path, &t->req.query);
    t->req.method = head->method;
    t->req.host = st_span_str(t->target.host);
    t->req.content_type = http_field_get(head, "content-type");
    return ST_OK;
}

/* Plain http has no route yet; a TLS connection was routed before it was opened. */
static enum st_rc route_plain(struct txn *t)
{
    struct pol_route_facts facts = { .host = t->req.host,
                                     .port = t->place.port,
                                     .platform = lp_host_platform(t->rules->gen->plugins, t->req.host),
                                     .groups = pol_groups(t->rules->gen->policies, t->env->person) };
    struct pol_routed routed;

    pol_route(t->rules->gen->policies, &facts, &routed);
    if (routed.route == POL_REFUSE) {
        t->worker->counts.refused_hosts++;
        return txn_refuse(t, REFUSE_HOST);
    }
    t->is_unread = routed.route == POL_PASS;
    return ST_OK;
}

/* What says how a body is read must say it once: which of two the origin believes, nobody knows. */
static bool has_one_reading(const struct http_head *head)
{
    return http_field_count(head, "content-type") < 2 && http_field_count(head, "content-encoding") < 2;
}

/* ST_ERR: a refusal is under way. */
static enum st_rc check_request(struct txn *t)
{
    bool has_expect = http_field_count(t->head, "expect") > 0;

    if (t->env->is_refused)
        return txn_refuse(t, REFUSE_HOST);
    if (t->env->origin_err.code != ST_E_NONE) {
        t->err = t->env->origin_err;
        return txn_refuse(t, refuse_origin_cause(&t->err));
    }
    t->expects_continue = http_field_has_token(t->head, "expect", "100-continue");
    if (has_expect && !t->expects_continue) {
        (void)st_fail(&t->err, ST_E_PROTO, "txn.plan", "an expectation that nobody can meet", 417);
        return txn_refuse(t, REFUSE_PROTOCOL);
    }
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

static enum st_rc check_form(struct txn *t)
{
    if (!t->is_unread && !has_one_reading(t->head))
        return st_fail(&t->err, ST_E_PROTO, "txn.plan", "Content-Type or Content-Encoding twice", 400);
    t->is_socket = ws_is_asked(t->head);
    return t->is_socket ? handshake_plan(t) : ST_OK;
}

static enum st_rc plan(struct txn *t)
{
    bool is_connect = st_span_eq(t->head->method, ST_SPAN("CONNECT"));
    enum st_rc rc = read_empty_body(t);

    if (rc == ST_AGAIN) /* HTTP/2 may say the end of nothing later */
        return ST_AGAIN;
    if (rc == ST_ERR)
        return t->err.code == ST_E_CLOSED ? client_left(t) : txn_refuse(t, REFUSE_PROTOCOL);
    if (is_memory_full(t))
        return refuse_busy(t);
    if (is_connect) {
        if (t->env->is_tls || t->env->near.port != 0 || !t->request_is_read ||
            target_authority(t->head->target, &t->target, &t->err) != ST_OK || t->target.port == 0)
            return txn_refuse(t, REFUSE_PROTOCOL);
        t->outcome = TXN_TUNNEL; /* the connection goes on with it, or comes back with txn_refuse_tunnel */
        return ST_AGAIN;
    }
    t->worker->counts.requests++;
    if (find_place(t) != ST_OK || t->state != TXN_PLAN)
        return ST_OK;
    if (!t->env->is_tls && (route_plain(t) != ST_OK || t->state != TXN_PLAN))
        return ST_OK;
    if (check_request(t) != ST_OK || t->state != TXN_PLAN)
        return ST_OK;
    t->is_on_opened_host = !t->is_unread;
    if (!t->is_unread && lp_is_secret_path(t->rules->gen->plugins, &t->req)) {
        t->is_unread = true;
        t->worker->counts.unread++;
    }
    if (check_form(t) != ST_OK)
        return txn_refuse(t, REFUSE_PROTOCOL);
    if (!t->is_unread && !t->request_is_read)
        return upload_open(t);
    if (t->is_unread) {
        txn_say_continue(t);
        txn_enter(t, TXN_EXCHANGE);
    } else {
        txn_enter(t, TXN_INSPECT);
    }
    return ST_OK;
}

/* ---- READ_BODY and INSPECT -------------------------------------------------------------------------------------- */

static enum st_rc read_body(struct txn *t)
{
    enum st_rc rc = upload_read(t);

    if (rc == ST_ERR)
        return t->err.code == ST_E_CLOSED ? client_left(t) : txn_refuse(t, REFUSE_PROTOCOL);
    return rc;
}

struct chain_in txn_chain_in(struct txn *t)
{
    return (struct chain_in){ .gen = t->rules->gen,
                              .scanner = t->rules->scanner,
                              .req = t->req,
                              .content_encoding = http_field_get(t->head, "content-encoding"),
                              .groups = pol_groups(t->rules->gen->policies, t->env->person),
                              .plain_limit = (size_t)worker_config(t->worker)->limit.body_max,
                              .not_held = t->not_held,
                              .not_held_bytes = t->length };
}

/* Runs the chain over the held body; what is let go was judged before. */
static enum st_rc judge(struct txn *t)
{
    struct chain_in in = txn_chain_in(t);

    if (t->way == UPLOAD_MEDIA || t->way == UPLOAD_PARTS)
        return ST_OK;
    if (t->body != NULL && t->not_held == FLT_REASON_NONE && body_whole(t->body, &t->whole, &in.body, &t->err) != ST_OK)
        return ST_ERR;
    chain_run(&in, t->arena, &t->chain);
    if (t->chain.judgement.verdict == POL_REDACT)
        t->is_redacted = chain_redact(&in, &t->chain, &t->redacted, &t->redacted_query);
    return ST_OK;
}

/* The verdict is recorded, or needs no record: it takes effect. */
static enum st_rc carry_out(struct txn *t)
{
    poll_know(t);
    if (t->chain.judgement.verdict == POL_BLOCK && !poll_goes_on(t))
        return txn_refuse(t, t->not_held == FLT_REASON_SIZE ? REFUSE_TOO_LARGE : REFUSE_VERDICT);
    if (!t->chain.has_activity) /* its names and ids may stand in there; they are told when the platform took it */
        st_buf_fini(&t->whole);
    txn_enter(t, TXN_EXCHANGE);
    return ST_OK;
}

static enum st_rc inspect(struct txn *t)
{
    t->worker->counts.bodies_spooled += t->body != NULL && body_is_spooled(t->body);
    if (t->body != NULL && is_memory_full(t)) /* looking into it takes memory too */
        return refuse_busy(t);
    struct report_case c;

    if (judge(t) != ST_OK)
        return txn_refuse(t, REFUSE_INTERNAL);
    c = txn_case(t);
    report_counts(&c);
    if (report_decision(&c, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_NO_RECORD);
    return carry_out(t);
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

/* A deadline passed; what that means depends on what was waited for. */
static enum st_rc on_late(struct txn *t)
{
    switch (t->state) {
    case TXN_READ_HEAD:
    case TXN_PLAN:
    case TXN_READ_BODY: t->worker->counts.slow_clients++; return txn_refuse(t, REFUSE_TIMEOUT);
    case TXN_EXCHANGE: return exchange_late(t);
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
    held += upload_memory(t) + (t->socket != NULL ? socket_memory(t->socket) : 0);
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
        case TXN_PLAN: rc = plan(t); break;
        case TXN_READ_BODY: rc = read_body(t); break;
        case TXN_INSPECT: rc = inspect(t); break;
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
