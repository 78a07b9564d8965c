/* SPDX-License-Identifier: Apache-2.0 */
/* socket_message - a WebSocket message takes the way of a request's body: held, run through the chain, recorded.
 *
 * For adapters and policies it is a request of method WEBSOCKET with the handshake's host, path and query; the query
 * itself was judged with the handshake. A message of a call has the call's method and type. Limits are those of a
 * request: beyond limit.body_memory a message waits in a sealed spool file, beyond limit.body_max failure.size decides.
 * What goes out is read from where it is held.
 */
#include "gateway/socket_message.h"
#include "base/log.h"
#include "gateway/body.h"
#include "gateway/report.h"
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAGIC 0x6d736720u
#define PIECE         65536u
#define TAIL_MAX      (1u << 20) /* one event of the codec, or what an h2 frame holds */

struct message {
    unsigned magic;
    const struct socket_open *about;
    struct chain_sight *sight; /* borrowed */
    struct rules *rules;       /* one reference */
    struct body *body;
    struct st_buf tail; /* bytes that came, but did not fit into body */
    bool is_text;
    struct st_arena *arena; /* of the verdict */
    struct chain_in in;
    struct chain_out chain;
    struct st_buf whole; /* a spooled body, read back: the doc and the activity borrow from it */
    struct st_buf redacted;
    bool is_redacted;
    enum refuse_cause cause;
    struct lp_reply reply;
    char id[REPORT_ID_LEN + 1];
    uint64_t sent;
};

static const struct pol_config *config_of(const struct message *m)
{
    return m->rules->gen->config;
}

struct message *message_new(const struct socket_open *about, struct chain_sight *sight, bool is_text)
{
    struct message *m = calloc(1, sizeof *m);
    struct body_limits limits;

    if (m == NULL)
        return NULL;
    m->magic = MESSAGE_MAGIC;
    m->about = about;
    m->sight = sight;
    m->is_text = is_text;
    m->rules = rules_retain(about->worker->rules);
    limits = body_limits_now(config_of(m), &about->worker->budget, &about->worker->spool, about->worker->spool_dir);
    st_buf_init(&m->tail, TAIL_MAX);
    st_buf_init(&m->whole, (size_t)limits.max);
    st_buf_init(&m->redacted, (size_t)limits.max);
    m->cause = REFUSE_VERDICT;
    if ((m->body = body_new(&limits)) != NULL)
        return m;
    message_free(m);
    return NULL;
}

void message_free(struct message *m)
{
    if (m == NULL)
        return;
    ST_CHECK(m, MESSAGE_MAGIC);
    body_free(m->body);
    st_buf_fini(&m->tail);
    st_buf_fini(&m->whole);
    st_buf_fini(&m->redacted);
    st_arena_free(m->arena);
    rules_release(m->rules);
    m->magic = 0;
    free(m);
}

size_t message_memory(const struct message *m)
{
    return body_memory(m->body) + m->tail.cap + m->whole.cap + m->redacted.cap +
           (m->arena != NULL ? st_arena_used(m->arena) : 0);
}

enum st_rc message_add(struct message *m, struct st_span data, struct st_err *err)
{
    ST_CHECK(m, MESSAGE_MAGIC);
    if (body_add(m->body, data, err) == ST_OK)
        return ST_OK;
    st_buf_span(&m->tail, data);
    return ST_ERR;
}

void message_words(struct message *m, const struct flt_head_text *words, size_t n)
{
    ST_CHECK(m, MESSAGE_MAGIC);
    m->in.words = words;
    m->in.n_words = n;
}

/* ---- the verdict ------------------------------------------------------------------------------------------------ */

static enum flt_reason reason_of(const struct message *m, const struct st_err *why)
{
    if (why == NULL)
        return FLT_REASON_NONE;
    return m->tail.n > 0 ? FLT_REASON_SIZE : FLT_REASON_BOMB; /* the codec has no limit of size, but one of ratio */
}

static struct report_case case_of(struct message *m)
{
    return (struct report_case){ .worker = m->about->worker,
                                 .rules = m->rules,
                                 .person = m->about->person,
                                 .host = m->about->host,
                                 .id = m->id,
                                 .chain = &m->chain,
                                 .is_redacted = m->is_redacted };
}

static enum st_rc run_chain(struct message *m, struct st_err *err)
{
    struct st_buf query;
    enum st_rc rc = ST_ERR;

    st_buf_init(&query, 0);
    if ((m->arena = st_arena_new((size_t)config_of(m)->limit.txn_memory)) == NULL) {
        (void)st_fail(err, ST_E_NOMEM, "socket.judge", "arena", 0);
        goto out;
    }
    if (body_seal(m->body, err) != ST_OK ||
        (m->in.not_held == FLT_REASON_NONE && body_whole(m->body, &m->whole, &m->in.body, err) != ST_OK))
        goto out;
    chain_run(&m->in, m->arena, &m->chain);
    if (m->chain.judgement.verdict == POL_REDACT)
        m->is_redacted = chain_redact(&m->in, &m->chain, &m->redacted, &query);
    rc = ST_OK;
out:
    st_buf_fini(&query);
    return rc;
}

static void prepare(struct message *m, const struct st_err *why)
{
    m->in = (struct chain_in){ .gen = m->rules->gen,
                               .scanner = m->rules->scanner,
                               .req = m->about->req,
                               .sight = m->sight,
                               .groups = pol_groups(m->rules->gen->policies, m->about->person),
                               .plain_limit = (size_t)config_of(m)->limit.body_max,
                               .drips = &m->about->worker->drips,
                               .person = m->about->person,
                               .words = m->in.words,
                               .n_words = m->in.n_words,
                               .not_held = reason_of(m, why),
                               .not_held_bytes = body_size(m->body) + m->tail.n };
    if (m->about->is_call)
        return;
    m->in.req.method = LP_WEBSOCKET;
    m->in.req.content_type = m->is_text ? ST_SPAN("text/plain") : ST_SPAN("application/octet-stream");
}

/* Nobody waits for an answer to a draft. What is prepared, as the place of a file, is asked for; but no socket ends for
 * it. */
static enum message_fate fate_of(const struct message *m, enum message_fate fate)
{
    const struct lp_activity *activity = &m->chain.activity;

    if (!m->chain.has_activity)
        return fate;
    if (activity->phase == LP_DRAFT || (activity->phase == LP_PREPARE && fate == MESSAGE_CLOSES))
        return MESSAGE_DROPPED;
    return fate;
}

static struct refuse_case refusal_of(const struct message *m)
{
    return (struct refuse_case){
        .cause = m->cause, .head = m->about->head, .host = m->about->host, .chain = &m->chain, .id = m->id
    };
}

/* How the client hears of it: as the platform would say it, or by the end of the socket. */
static enum message_fate refuse(struct message *m, enum refuse_cause cause)
{
    struct refuse_case facts;
    struct lp_refusal refusal = { .id = report_id(m->id), .findings = &m->chain.findings };
    struct lp_exchange exchange = { &m->in.req, m->chain.doc };
    struct st_err err = ST_ERR_INIT;

    m->cause = cause;
    facts = refusal_of(m);
    refusal.message = refuse_sentence(&facts);
    if (m->arena == NULL || lp_reply(m->chain.route, &exchange, &refusal, m->arena, &m->reply, &err) != ST_OK)
        return MESSAGE_CLOSES;
    switch (m->reply.how) {
    case LP_REPLY_SILENT: return MESSAGE_DROPPED;
    case LP_REPLY_ANSWER: return MESSAGE_ANSWERED;
    case LP_REPLY_CLOSE: break;
    }
    return MESSAGE_CLOSES;
}

/* A file or memory failed under it: what was kept may be incomplete. */
static bool is_damaged(const struct st_err *why)
{
    return why != NULL && why->code != ST_E_LIMIT;
}

enum message_fate message_judge(struct message *m, const struct st_err *why)
{
    struct st_err err = ST_ERR_INIT;
    enum message_fate fate;
    struct report_case c;

    ST_CHECK(m, MESSAGE_MAGIC);
    prepare(m, why);
    if (is_damaged(why) || run_chain(m, &err) != ST_OK) {
        ST_LOG(TXN_FAILED, ST_ERRF(is_damaged(why) ? why : &err));
        return refuse(m, REFUSE_INTERNAL);
    }
    c = case_of(m);
    if (m->about->is_call)
        m->about->worker->counts.call_messages++;
    else
        m->about->worker->counts.socket_messages++;
    report_counts(&c);
    if (report_decision(&c, &err) != ST_OK)
        return refuse(m, REFUSE_NO_RECORD);
    if (m->chain.judgement.verdict != POL_BLOCK)
        return MESSAGE_GOES;
    fate = refuse(m, m->in.not_held == FLT_REASON_SIZE ? REFUSE_TOO_LARGE : REFUSE_VERDICT);
    return fate_of(m, fate);
}

struct st_span message_answer(const struct message *m)
{
    return m->reply.text;
}

struct st_span message_question(const struct message *m)
{
    return strlen(m->id) == REPORT_ID_LEN ? m->reply.instead : ST_SPAN_NONE; /* an id that was made up marks nothing */
}

const char *message_mark(const struct message *m)
{
    return m->id;
}

const struct chain_out *message_chain(const struct message *m)
{
    return &m->chain;
}

enum refuse_cause message_cause(const struct message *m)
{
    return m->cause;
}

unsigned message_close_code(const struct message *m)
{
    if (m->in.not_held == FLT_REASON_SIZE || m->in.not_held == FLT_REASON_BOMB)
        return WS_CLOSE_SIZE;
    return m->cause == REFUSE_VERDICT ? WS_CLOSE_POLICY : WS_CLOSE_INTERNAL;
}

const char *message_close_reason(const struct message *m)
{
    struct refuse_case facts = refusal_of(m);

    return refuse_sentence(&facts);
}

/* ---- out again -------------------------------------------------------------------------------------------------- */

bool message_is_changed(const struct message *m)
{
    return m->is_redacted;
}

/* The stretch at m->sent of what is held, or of what stands for it. */
static enum st_rc held_piece(struct message *m, struct st_span *piece, struct st_err *err)
{
    bool is_one_frame = m->redacted.n <= (size_t)config_of(m)->limit.body_memory;
    struct st_buf none;
    enum st_rc rc;

    if (m->is_redacted) {
        *piece = st_span_sub(st_buf_view(&m->redacted), (size_t)m->sent, is_one_frame ? m->redacted.n : PIECE);
        return ST_OK;
    }
    if (body_is_spooled(m->body))
        return body_read(m->body, m->sent, piece, err);
    st_buf_init(&none, 0);
    rc = body_whole(m->body, &none, piece, err); /* in memory: borrowed from there */
    st_buf_fini(&none);
    return rc;
}

enum st_rc message_next(struct message *m, struct st_span *piece, bool *is_last, struct st_err *err)
{
    uint64_t held = m->is_redacted ? m->redacted.n : body_size(m->body);

    ST_CHECK(m, MESSAGE_MAGIC);
    *piece = st_buf_view(&m->tail);
    if (m->sent < held && held_piece(m, piece, err) != ST_OK)
        return ST_ERR;
    m->sent += piece->n;
    *is_last = m->sent == held + m->tail.n;
    return ST_OK;
}

void message_taken(struct message *m)
{
    struct report_case c = case_of(m);

    report_taken(&c);
}
