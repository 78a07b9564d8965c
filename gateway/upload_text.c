/* SPDX-License-Identifier: Apache-2.0 */
/* upload_text - a plain text beyond the memory budget on its way to the origin while it still comes (hold_back.texts).
 *
 * A sift looks into it (sift.c), and the hold of filters/ says up to where it may go; what lies behind waits in `kept`,
 * a few hundred KiB at most. When the hold stops, or what waits grows beyond that, all the rest goes to a body of its
 * own (in memory, then sealed on disk, up to limit.body_max), and nothing more leaves before the verdict over all. A
 * verdict that wants something taken out of what has left in part is a no: the origin never gets the end of it. When
 * the client pauses, what has come is read at once; its tail stays here all the same.
 */
#include "base/clock.h"
#include "gateway/txn_parts.h"
#include <stdlib.h>

#define PIECE    65536u
#define KEPT_MAX (4 * FLT_STRETCH_USUAL)

enum flow {
    FLOW_FLOWS,  /* as far as the hold says */
    FLOW_SPOOLS, /* what was not sent waits in rest */
    FLOW_JUDGED  /* all that is here may go, and what may follow: the verdict is about that, too */
};

/* Of the client, since its last piece. */
enum pause { PAUSE_NONE, PAUSE_WAITS, PAUSE_OVER, PAUSE_USED };

struct upload_text {
    struct txn *txn;
    enum flow flow;  /* written by flow_enter only */
    uint64_t before; /* bytes that left from txn->body */
    struct st_buf kept;
    uint64_t at;       /* of the body: where kept begins */
    size_t given;      /* of kept: dropped at the next call */
    struct body *rest; /* NULL until SPOOLS */
    uint64_t rest_sent;
    struct st_timer timer;
    enum pause pause;
    struct st_arena *arena; /* of the last verdict; NULL: the exchange's */
};

/* The only writer of flow; forwards only. */
static void flow_enter(struct upload_text *x, enum flow next)
{
    assert(next > x->flow);
    x->flow = next;
}

void upload_text_fini(struct txn *t)
{
    struct upload_text *x = t->text;

    if (x == NULL)
        return;
    st_timer_disarm(t->worker->loop.timers, &x->timer);
    st_buf_fini(&x->kept);
    body_free(x->rest);
    st_arena_free(x->arena);
    free(x);
    t->text = NULL;
}

size_t upload_text_memory(const struct txn *t)
{
    const struct upload_text *x = t->text;

    if (x == NULL)
        return 0;
    return sizeof *x + x->kept.cap + (x->rest != NULL ? body_memory(x->rest) : 0) +
           (x->arena != NULL ? st_arena_used(x->arena) : 0);
}

uint64_t upload_text_before(const struct txn *t)
{
    return t->text->before;
}

uint64_t upload_text_sent(const struct txn *t)
{
    return t->text != NULL ? t->text->at + t->text->given : 0;
}

/* ---- may it go? ------------------------------------------------------------------------------------------------- */

bool upload_text_may_go(const struct txn *t)
{
    struct st_span coding = http_field_get(t->head, "content-encoding");

    return worker_config(t->worker)->hold_back.texts && (coding.n == 0 || st_span_ieq(coding, ST_SPAN("identity"))) &&
           lp_wire(t->rules->gen->plugins, &t->req) == FLT_WIRE_NONE;
}

static void on_pause(void *ctx)
{
    struct upload_text *x = ctx;

    x->pause = PAUSE_OVER;
    x->txn->env->on_event(x->txn->env->ctx);
}

/* held: what was read of it so far; next: what comes behind. */
static enum st_rc keep_tail(struct txn *t, struct st_span held, struct st_span next)
{
    struct upload_text *x = calloc(1, sizeof *x);

    if (x == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "upload.text", "text", sizeof *x);
    t->text = x;
    x->txn = t;
    x->timer = (struct st_timer){ .fn = on_pause, .ctx = x };
    st_buf_init(&x->kept, KEPT_MAX + 2 * PIECE);
    x->before = x->at = sift_may_leave(t->sift);
    st_buf_span(&x->kept, st_span_sub(held, (size_t)x->before, held.n));
    st_buf_span(&x->kept, next);
    if (st_buf_done(&x->kept, &t->err, "upload.text") != ST_OK)
        return ST_ERR;
    return sift_feed(t->sift, next, &t->err);
}

bool upload_text_begin(struct txn *t, struct st_span next)
{
    struct chain_in in = txn_chain_in(t);
    struct st_span held = ST_SPAN_NONE;
    struct st_err ignored;

    if (!upload_text_may_go(t) || budget_level(&t->worker->budget) != BUDGET_EASY ||
        body_whole(t->body, &t->whole, &held, &ignored) != ST_OK ||
        flt_hold_fits(t->req.content_type, st_span_sub(held, 0, FLT_SNIFF), pol_set_packs(in.gen->policies)) !=
            FLT_HOLD_YES ||
        sift_new(&in, st_span_sub(held, 0, FLT_SNIFF), &t->sift, &ignored) != ST_OK || t->sift == NULL)
        return false;
    sift_lets_go(t->sift);
    if (sift_feed(t->sift, held, &ignored) != ST_OK || sift_press(t->sift, &ignored) != ST_OK) {
        sift_free(t->sift);
        t->sift = NULL;
        return false;
    }
    if (sift_may_leave(t->sift) == 0 || sift_so_far(t->sift, t->arena, &t->chain, &ignored) != ST_OK ||
        t->chain.judgement.verdict >= POL_COACH || keep_tail(t, held, next) != ST_OK) {
        upload_text_fini(t);
        return false; /* held to its end; the sift goes on */
    }
    t->worker->counts.texts_streamed++;
    return true;
}

/* ---- verdicts --------------------------------------------------------------------------------------------------- */

/* Over more of the body than the last one. ST_AGAIN: a refusal is under way. */
static enum st_rc take_verdict(struct txn *t, const struct chain_out *chain, struct st_arena *arena)
{
    bool is_new =
        chain->judgement.verdict > t->chain.judgement.verdict || chain->receipt.coverage != t->chain.receipt.coverage;
    struct report_case c;

    t->chain = *chain;
    st_arena_free(t->text->arena);
    t->text->arena = arena;
    if (t->chain.judgement.verdict == POL_REDACT) /* what has left cannot be written anew */
        chain_cannot_redact(&t->chain);
    if (!is_new)
        return ST_OK;
    c = txn_case(t);
    report_counts(&c);
    if (report_decision(&c, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_NO_RECORD) == ST_OK ? ST_AGAIN : ST_ERR;
    if (t->chain.judgement.verdict < POL_BLOCK)
        return ST_OK;
    t->worker->counts.texts_cut++;
    return txn_refuse(t, t->not_held == FLT_REASON_SIZE ? REFUSE_TOO_LARGE : REFUSE_VERDICT) == ST_OK ? ST_AGAIN
                                                                                                      : ST_ERR;
}

enum asked { ASK_SO_FAR, ASK_WHOLE, ASK_TOO_LARGE };

static enum st_rc ask(struct txn *t, enum asked asked, struct st_arena *arena, struct chain_out *chain)
{
    if (asked == ASK_SO_FAR)
        return sift_so_far(t->sift, arena, chain, &t->err);
    if (sift_end(t->sift, arena, chain, &t->err) != ST_OK)
        return ST_ERR;
    if (asked == ASK_TOO_LARGE && chain->judgement.verdict < POL_REDACT) {
        struct chain_in in = txn_chain_in(t);

        in.not_held = t->not_held = FLT_REASON_SIZE;
        chain_run(&in, arena, chain);
    }
    return ST_OK;
}

static enum st_rc judge(struct txn *t, enum asked asked)
{
    struct st_arena *arena = st_arena_new((size_t)worker_config(t->worker)->limit.txn_memory);
    struct chain_out *chain = arena != NULL ? st_arena_alloc(arena, sizeof *chain) : NULL;

    if (chain == NULL || ask(t, asked, arena, chain) != ST_OK) {
        st_arena_free(arena);
        return chain == NULL ? st_fail(&t->err, ST_E_NOMEM, "upload.text", "arena", 0) : ST_ERR;
    }
    if (asked != ASK_SO_FAR)
        flow_enter(t->text, FLOW_JUDGED);
    else if (chain->judgement.verdict < POL_REDACT) { /* it is asked again at the end */
        st_arena_free(arena);
        return ST_OK;
    }
    return take_verdict(t, chain, arena);
}

/* ---- what comes -------------------------------------------------------------------------------------------------- */

/* Nothing more leaves before the end. */
static enum st_rc stop(struct txn *t)
{
    struct upload_text *x = t->text;
    struct body_limits limits =
        body_limits_now(worker_config(t->worker), &t->worker->budget, &t->worker->spool, t->worker->spool_dir);

    if ((x->rest = body_new(&limits)) == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "upload.text", "body", 0);
    t->worker->counts.texts_held++;
    flow_enter(x, FLOW_SPOOLS);
    return judge(t, ASK_SO_FAR);
}

/* The rest is full, or cannot be written: the policy for what is too large decides, and what follows is not looked
 * into. */
static enum st_rc give_up(struct txn *t)
{
    if (t->err.code != ST_E_LIMIT || body_seal(t->text->rest, &t->err) != ST_OK)
        return ST_ERR;
    return judge(t, ASK_TOO_LARGE);
}

static enum st_rc look(struct txn *t, struct st_span data)
{
    struct upload_text *x = t->text;
    enum st_rc rc = sift_feed(t->sift, data, &t->err);

    if (rc == ST_OK && x->flow == FLOW_FLOWS && (sift_has_stopped(t->sift) || x->kept.n + data.n > KEPT_MAX)) {
        if ((rc = stop(t)) != ST_OK)
            return rc;
        if (body_add(x->rest, st_buf_view(&x->kept), &t->err) != ST_OK)
            return give_up(t);
        st_buf_reset(&x->kept);
    }
    return rc;
}

static enum st_rc take_data(struct txn *t, struct st_span data)
{
    struct upload_text *x = t->text;
    enum st_rc rc = x->flow != FLOW_JUDGED ? look(t, data) : ST_OK;

    if (rc != ST_OK)
        return rc;
    x->pause = PAUSE_NONE;
    exchange_wait(t, TXN_WAITS_FOR_ORIGIN); /* a client that is slow is not the origin's fault */
    if (x->flow == FLOW_SPOOLS && body_add(x->rest, data, &t->err) == ST_OK)
        return ST_OK;
    if (x->flow == FLOW_SPOOLS && (rc = give_up(t)) != ST_OK)
        return rc;
    st_buf_span(&x->kept, data); /* behind the rest, if there is one */
    return st_buf_done(&x->kept, &t->err, "upload.text");
}

static enum st_rc take_end(struct txn *t)
{
    if (t->text->rest != NULL && t->text->flow == FLOW_SPOOLS && body_seal(t->text->rest, &t->err) != ST_OK)
        return ST_ERR;
    return t->text->flow != FLOW_JUDGED ? judge(t, ASK_WHOLE) : ST_OK;
}

static void wait_for_more(struct txn *t)
{
    struct upload_text *x = t->text;
    struct st_err ignored;

    if (x->flow != FLOW_FLOWS || x->pause != PAUSE_NONE)
        return;
    x->pause = PAUSE_WAITS;
    if (st_timer_arm(t->worker->loop.timers, &x->timer, (uint64_t)worker_config(t->worker)->hold_back.idle_ms,
                     &ignored) != ST_OK)
        x->pause = PAUSE_USED; /* it is read when there is more of it */
}

static enum st_rc read_more(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc = txn_read(t, PIECE, &event);

    if (rc == ST_AGAIN)
        wait_for_more(t);
    if (rc != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA)
        rc = take_data(t, event.data);
    if (event.kind == HTTP1_END) {
        t->request_is_read = true;
        rc = trailers_take(t, &event) == ST_OK ? take_end(t) : ST_ERR;
    }
    txn_took(t);
    return rc;
}

/* ---- what goes ----------------------------------------------------------------------------------------------------
 */

/* Of kept. */
static size_t may_leave(const struct txn *t)
{
    const struct upload_text *x = t->text;
    uint64_t free_to = x->flow == FLOW_FLOWS ? sift_may_leave(t->sift) : 0, n = free_to > x->at ? free_to - x->at : 0;

    if (x->flow == FLOW_JUDGED || n > x->kept.n)
        return x->kept.n;
    return (size_t)n;
}

static enum st_rc next_here(struct txn *t, size_t max, struct st_span *piece)
{
    struct upload_text *x = t->text;
    bool has_rest = x->flow == FLOW_JUDGED && x->rest != NULL && x->rest_sent < body_size(x->rest);
    size_t n = may_leave(t);

    *piece = ST_SPAN_NONE;
    if (has_rest) {
        if (body_read(x->rest, x->rest_sent, piece, &t->err) != ST_OK)
            return ST_ERR;
        *piece = st_span_sub(*piece, 0, max);
        x->rest_sent += piece->n;
        x->at += piece->n;
    } else if (n > 0) {
        *piece = st_span_sub(st_buf_view(&x->kept), 0, n < max ? n : max);
        x->given = piece->n;
    }
    return ST_OK;
}

enum st_rc upload_text_next(struct txn *t, size_t max, struct st_span *piece)
{
    struct upload_text *x = t->text;
    enum st_rc rc = ST_OK;

    st_buf_drop(&x->kept, x->given);
    x->at += x->given;
    x->given = 0;
    if (x->pause == PAUSE_OVER && x->flow == FLOW_FLOWS) {
        x->pause = PAUSE_USED;
        t->worker->counts.texts_pressed++;
        rc = sift_press(t->sift, &t->err);
        if (rc == ST_OK)
            rc = look(t, ST_SPAN_NONE);
    }
    while (rc == ST_OK) {
        if ((rc = next_here(t, max, piece)) != ST_OK || piece->n > 0 || t->request_is_read)
            return rc;
        rc = read_more(t);
    }
    *piece = ST_SPAN_NONE;
    return rc;
}
