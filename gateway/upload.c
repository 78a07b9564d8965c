/* SPDX-License-Identifier: Apache-2.0 */
/* upload - a request's body on its way to the verdict: held until it is whole, or, when it is media, let go as it
 * comes.
 *
 * A body is held, in memory and beyond limit.body_memory on disk (body.c), until nothing of it is missing; a text that
 * goes to disk is looked into on the way there (sift.c), so that it need not come back to memory as a whole. Pictures,
 * sound and films are not looked into, so when one outgrows the memory its beginning is judged (a type can lie, and
 * failure.media may say no) and the rest passes through. In a multipart body that holds for the inside of media parts
 * only (filters/parts.c): all else is kept, and judged again, together with what was kept before, whenever more media
 * is to follow it or the body ends. Kept bytes are given out after that, so a text behind a film that must not leave
 * ends the upload before its first byte has left. A call (call.c) that stays open goes on message by message. A message
 * that would be redacted is never let go: it is held whole.
 */
#include "base/clock.h"
#include "gateway/txn_parts.h"
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define PIECE        65536u
#define CALL_HEAD_MS 200 /* a call without a message: its head may go then */

struct upload { /* a multipart body that may go, or goes, as it comes */
    struct flt_parts *parts;
    struct st_buf kept;     /* what is looked into, from the beginning */
    size_t judged, sent;    /* of kept */
    uint64_t cut;           /* bytes of the body that parts has given out */
    struct st_span media;   /* its turn comes when all that is judged was sent; lives in parts */
    struct st_arena *arena; /* of the newest verdict; NULL: the exchange's */
};

void upload_fini(struct txn *t)
{
    struct upload *u = t->upload;

    if (u == NULL)
        return;
    flt_parts_free(u->parts);
    st_buf_fini(&u->kept);
    st_arena_free(u->arena);
    free(u);
    t->upload = NULL;
}

/* ---- may it go? ------------------------------------------------------------------------------------------------- */

/* By its head. */
static bool may_go(const struct txn *t)
{
    struct st_span coding = http_field_get(t->head, "content-encoding");

    if (upload_text_may_go(t))
        return true;
    return flt_may_be_media(t->req.content_type) && (coding.n == 0 || st_span_ieq(coding, ST_SPAN("identity")));
}

/* Judges a beginning: what is not known of it is media. The verdict is the exchange's unless it wants a redaction. */
static bool judge_beginning(struct txn *t, struct st_span beginning)
{
    struct chain_in in = txn_chain_in(t);

    in.body = beginning;
    if (chain_begin(&in, t->arena, &t->chain)) /* a document in it: all of it is looked into */
        return false;
    if (t->chain.judgement.verdict == POL_REDACT)
        return false;
    if (t->chain.receipt.bytes < t->length)
        t->chain.receipt.bytes = t->length;
    return true;
}

static bool let_media_go(struct txn *t)
{
    struct st_span beginning = ST_SPAN_NONE;

    if (body_whole(t->body, &t->whole, &beginning, &t->err) != ST_OK ||
        !flt_is_media(t->req.content_type, st_span_sub(beginning, 0, FLT_SNIFF)))
        return false;
    return judge_beginning(t, beginning);
}

/* Takes out of parts what can be told, before anything may go. */
static enum st_rc keep_told(struct upload *u, struct st_err *err)
{
    struct st_span piece;
    enum flt_cut cut;

    while (flt_parts_next(u->parts, &piece, &cut)) {
        u->cut += piece.n;
        if (cut == FLT_CUT_KEEP)
            st_buf_span(&u->kept, piece);
    }
    return st_buf_done(&u->kept, err, "upload.kept");
}

static enum st_rc watch(struct upload *u, struct st_span data, struct st_err *err)
{
    for (size_t at = 0; at < data.n; at += PIECE) {
        if (flt_parts_feed(u->parts, st_span_sub(data, at, PIECE), err) != ST_OK || keep_told(u, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* From the moment when memory no longer suffices, parts follows the body. */
static enum st_rc begin_watch(struct txn *t)
{
    struct flt_parts *parts = flt_parts_new(t->req.content_type);
    struct st_span held = ST_SPAN_NONE;
    struct upload *u = parts != NULL ? calloc(1, sizeof *u) : NULL;

    if (u == NULL) {
        flt_parts_free(parts);
        return ST_ERR;
    }
    u->parts = parts;
    st_buf_init(&u->kept, 2 * (size_t)worker_config(t->worker)->limit.body_memory + PIECE);
    t->upload = u;
    return body_whole(t->body, &t->whole, &held, &t->err) == ST_OK ? watch(u, held, &t->err) : ST_ERR;
}

static bool let_parts_go(struct txn *t)
{
    struct upload *u = t->upload;
    struct st_span held = st_buf_view(&u->kept), close = flt_parts_close(u->parts);
    uint8_t *copy;

    if (!body_is_spooled(t->body) && body_whole(t->body, &t->whole, &held, &t->err) != ST_OK)
        return false; /* memory: the beginnings of media are looked at as well */
    if ((copy = st_arena_alloc(t->arena, held.n + close.n)) == NULL)
        return false;
    memcpy(copy, held.p, held.n);
    memcpy(copy + held.n, close.p, close.n);
    if (!judge_beginning(t, st_span(copy, held.n + close.n)))
        return false;
    u->judged = u->sent = u->kept.n;
    return true;
}

/* The only writer of t->way but for txn_new: HELD is where it begins, and stays when the body gives no reason. */
static void decide(struct txn *t, enum upload_way way)
{
    t->way = way;
    if (way != UPLOAD_HELD || t->upload == NULL)
        return;
    upload_fini(t);
}

/* One more piece does not fit into memory. true: what is held was judged, and data goes on its way. */
static bool let_go(struct txn *t, struct st_span data)
{
    struct st_err ignored;

    if (t->upload == NULL && let_media_go(t)) {
        decide(t, UPLOAD_MEDIA);
        return evbuffer_add(t->tail, data.p, data.n) == 0;
    }
    if (t->upload == NULL && upload_text_begin(t, data)) {
        decide(t, UPLOAD_TEXT);
        return true;
    }
    if (t->upload == NULL && begin_watch(t) != ST_OK) {
        decide(t, UPLOAD_HELD);
        return false;
    }
    if (flt_parts_in_media(t->upload->parts)) {
        bool may = let_parts_go(t) && flt_parts_feed(t->upload->parts, data, &ignored) == ST_OK;

        decide(t, may ? UPLOAD_PARTS : UPLOAD_HELD);
        return may;
    }
    if (watch(t->upload, data, &ignored) != ST_OK)
        decide(t, UPLOAD_HELD);
    return false;
}

/* ---- READ_BODY -------------------------------------------------------------------------------------------------- */

enum st_rc upload_open(struct txn *t)
{
    const struct pol_config *config = worker_config(t->worker);
    struct body_limits limits = body_limits_now(config, &t->worker->budget, &t->worker->spool, t->worker->spool_dir);

    if (may_go(t))
        t->way = UPLOAD_OPEN;
    if (t->way == UPLOAD_HELD && t->framing == HTTP1_LENGTH)
        limits.length = t->length;
    if (t->way == UPLOAD_HELD && t->framing == HTTP1_LENGTH && t->length > limits.max) {
        t->not_held = FLT_REASON_SIZE; /* known before a byte of it is read */
        txn_enter(t, TXN_INSPECT);
        return ST_OK;
    }
    if ((t->body = body_new(&limits)) == NULL) {
        (void)st_fail(&t->err, ST_E_NOMEM, "txn.plan", "body", 0);
        return txn_refuse(t, REFUSE_INTERNAL);
    }
    txn_say_continue(t);
    t->body_began_ms = st_clock_ms();
    if (!call_open(t))
        return txn_refuse(t, REFUSE_INTERNAL);
    txn_arm(t, call_waits(t) ? CALL_HEAD_MS : config->limit.body_ms);
    txn_enter(t, TXN_READ_BODY);
    return ST_OK;
}

static void sift_piece(struct txn *t, struct st_span data)
{
    struct st_err ignored;

    if (t->sift == NULL || sift_feed(t->sift, data, &ignored) == ST_OK)
        return;
    sift_free(t->sift);
    t->sift = NULL;
}

/* It will not fit into memory: if it is a text, it is looked into from now on. Without a sift it is when it is whole.
 */
static void begin_sift(struct txn *t, struct st_span data)
{
    struct st_span coding = http_field_get(t->head, "content-encoding"), held = ST_SPAN_NONE;
    struct chain_in in = txn_chain_in(t);
    struct st_err ignored;

    if (budget_level(&t->worker->budget) != BUDGET_EASY || /* a sift takes more than a spooled body does */
        t->sift != NULL || t->way != UPLOAD_HELD || body_is_spooled(t->body) ||
        lp_wire(in.gen->plugins, &in.req) != FLT_WIRE_NONE ||
        (coding.n > 0 && !st_span_ieq(coding, ST_SPAN("identity"))) ||
        body_whole(t->body, &t->whole, &held, &ignored) != ST_OK)
        return;
    if (sift_new(&in, st_span_sub(held.n > 0 ? held : data, 0, FLT_SNIFF), &t->sift, &ignored) == ST_OK &&
        t->sift != NULL)
        sift_piece(t, held);
}

/* The body cannot be held (any longer): it is judged unread, and what was read so far is kept for a verdict that lets
 * it pass. */
static enum st_rc stop_holding(struct txn *t, struct st_span data)
{
    t->not_held = t->err.code == ST_E_LIMIT ? FLT_REASON_SIZE : FLT_REASON_FAILED;
    sift_free(t->sift);
    t->sift = NULL;
    if (evbuffer_add(t->tail, data.p, data.n) != 0 || body_seal(t->body, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_INTERNAL);
    txn_enter(t, TXN_INSPECT);
    return ST_OK;
}

/* Holds a piece. When the body need not, or cannot, be held any longer, the next state is entered. */
static enum st_rc take_data(struct txn *t, struct st_span data)
{
    uint64_t max = (uint64_t)worker_config(t->worker)->limit.body_max;

    if (t->way == UPLOAD_OPEN && body_is_full(t->body, data.n)) {
        if (let_go(t, data)) {
            if (body_seal(t->body, &t->err) != ST_OK)
                return txn_refuse(t, REFUSE_INTERNAL);
            txn_enter(t, TXN_INSPECT);
            return ST_OK;
        }
        if (t->way == UPLOAD_HELD && t->framing == HTTP1_LENGTH && t->length > max) {
            (void)st_fail(&t->err, ST_E_LIMIT, "upload.data", "body is larger than limit.body_max", max);
            return stop_holding(t, data);
        }
    }
    if (body_is_full(t->body, data.n))
        begin_sift(t, data);
    sift_piece(t, data);
    call_saw(t, data);
    return body_add(t->body, data, &t->err) == ST_OK ? ST_OK : stop_holding(t, data);
}

/* Until when the next piece has to be there: a pause has its limit, and the whole a rate. */
static int64_t body_patience(const struct txn *t)
{
    const struct pol_config *config = worker_config(t->worker);
    int64_t pause = config->limit.body_ms, rate = config->limit.body_rate, left;

    if (rate == 0)
        return pause;
    left = pause + (int64_t)(body_size(t->body) * 1000 / (uint64_t)rate) - (int64_t)(st_clock_ms() - t->body_began_ms);
    if (left < 1)
        return 1;
    return left < pause ? left : pause;
}

/* The client waits for an answer to what it has said so far. */
static enum st_rc begin_call(struct txn *t)
{
    sift_free(t->sift);
    t->sift = NULL;
    if (body_seal(t->body, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_INTERNAL);
    t->worker->counts.calls++;
    decide(t, UPLOAD_CALL);
    txn_enter(t, TXN_INSPECT);
    return ST_OK;
}

bool upload_late(struct txn *t)
{
    return call_waits(t) && begin_call(t) == ST_OK;
}

enum st_rc upload_read(struct txn *t)
{
    struct http1_event event;
    bool is_progress = false;
    enum st_rc rc = ST_OK;

    while (t->state == TXN_READ_BODY && (rc = txn_read(t, PIECE, &event)) == ST_OK) {
        is_progress = true;
        if (event.kind == HTTP1_DATA)
            rc = take_data(t, event.data);
        txn_took(t);
        if (event.kind != HTTP1_END || rc != ST_OK)
            continue;
        decide(t, UPLOAD_HELD);
        t->request_is_read = true;
        if (trailers_take(t, &event) != ST_OK || body_seal(t->body, &t->err) != ST_OK)
            return txn_refuse(t, REFUSE_INTERNAL);
        txn_enter(t, TXN_INSPECT);
    }
    if (t->state != TXN_READ_BODY)
        return ST_OK;
    if (rc == ST_AGAIN && call_stays_open(t))
        return begin_call(t);
    if (rc == ST_AGAIN && is_progress)
        txn_arm(t, body_patience(t));
    return rc;
}

/* ---- EXCHANGE: the rest of a multipart body ------------------------------------------------------------------------
 */

size_t upload_memory(const struct txn *t)
{
    const struct upload *u = t->upload;

    if (t->text != NULL)
        return upload_text_memory(t);
    return u == NULL ? 0 : u->kept.cap + (u->arena != NULL ? st_arena_used(u->arena) : 0);
}

uint64_t upload_held(const struct txn *t)
{
    if (t->way == UPLOAD_CALL)
        return 0;
    if (t->text != NULL)
        return upload_text_before(t);
    if (t->upload != NULL)
        return t->upload->cut < body_size(t->body) ? t->upload->cut : body_size(t->body);
    return body_size(t->body);
}

/* A verdict over more of the body than the last one. ST_AGAIN: a refusal is under way. */
static enum st_rc take_verdict(struct txn *t, const struct chain_out *chain, struct st_arena *arena, bool is_too_large)
{
    bool is_stricter = chain->judgement.verdict > t->chain.judgement.verdict;
    struct report_case c;

    t->chain = *chain;
    st_arena_free(t->upload->arena);
    t->upload->arena = arena;
    if (!is_stricter)
        return ST_OK;
    c = txn_case(t);
    report_counts(&c);
    if (report_decision(&c, &t->err) != ST_OK)
        return txn_refuse(t, REFUSE_NO_RECORD) == ST_OK ? ST_AGAIN : ST_ERR;
    if (t->chain.judgement.verdict == POL_BLOCK)
        return txn_refuse(t, is_too_large ? REFUSE_TOO_LARGE : REFUSE_VERDICT) == ST_OK ? ST_AGAIN : ST_ERR;
    return ST_OK;
}

enum asked { ASK_BEGINNING, ASK_WHOLE, ASK_TOO_LARGE };

/* Judges all that was kept, or that there is more than can be. */
static enum st_rc judge_kept(struct txn *t, enum asked asked)
{
    struct upload *u = t->upload;
    struct st_span close = asked == ASK_BEGINNING ? flt_parts_close(u->parts) : ST_SPAN_NONE;
    struct st_arena *arena = st_arena_new((size_t)worker_config(t->worker)->limit.txn_memory);
    struct chain_out *chain = arena != NULL ? st_arena_alloc(arena, sizeof *chain) : NULL;
    uint8_t *copy = chain != NULL ? st_arena_alloc(arena, u->kept.n + close.n) : NULL;
    struct chain_in in = txn_chain_in(t);
    enum st_rc rc = ST_OK;

    if (copy == NULL) {
        st_arena_free(arena);
        return st_fail(&t->err, ST_E_NOMEM, "upload.judge", "kept", u->kept.n);
    }
    memcpy(copy, u->kept.p, u->kept.n);
    if (close.n > 0)
        memcpy(copy + u->kept.n, close.p, close.n);
    in.body = st_span(copy, u->kept.n + close.n);
    in.not_held = asked == ASK_TOO_LARGE ? FLT_REASON_SIZE : FLT_REASON_NONE;
    chain_run(&in, arena, chain);
    if (chain->judgement.verdict == POL_REDACT) /* what has left cannot be written anew */
        chain_cannot_redact(chain);
    if (chain->judgement.verdict < t->chain.judgement.verdict)
        st_arena_free(arena);
    else
        rc = take_verdict(t, chain, arena, asked == ASK_TOO_LARGE);
    if (rc == ST_OK)
        u->judged = u->kept.n;
    return rc;
}

/* A stretch that parts has cut. */
static enum st_rc take_stretch(struct txn *t, struct st_span piece, enum flt_cut cut)
{
    struct upload *u = t->upload;
    bool is_kept = cut == FLT_CUT_KEEP && piece.n <= u->kept.limit - u->kept.n;
    enum st_rc rc = ST_OK;

    if (is_kept) {
        st_buf_span(&u->kept, piece);
        return st_buf_done(&u->kept, &t->err, "upload.kept");
    }
    if (cut == FLT_CUT_KEEP)
        rc = judge_kept(t, ASK_TOO_LARGE);
    else if (u->judged < u->kept.n)
        rc = judge_kept(t, ASK_BEGINNING);
    if (rc == ST_OK)
        u->media = piece;
    return rc;
}

static enum st_rc read_more(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc = txn_read(t, PIECE, &event);

    if (rc != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA)
        rc = flt_parts_feed(t->upload->parts, event.data, &t->err);
    if (event.kind == HTTP1_END) {
        flt_parts_end(t->upload->parts);
        t->request_is_read = true;
        rc = trailers_take(t, &event);
    }
    txn_took(t);
    return rc;
}

enum st_rc upload_next(struct txn *t, size_t max, struct st_span *piece)
{
    struct upload *u = t->upload;
    enum st_rc rc = ST_OK;
    enum flt_cut cut;

    if (t->text != NULL)
        return upload_text_next(t, max, piece);
    while (rc == ST_OK) {
        if (u->sent < u->judged) {
            *piece = st_span_sub(st_buf_view(&u->kept), u->sent, u->judged - u->sent < max ? u->judged - u->sent : max);
            u->sent += piece->n;
            return ST_OK;
        }
        if (u->media.n > 0) {
            *piece = st_span_sub(u->media, 0, max);
            u->media = st_span_sub(u->media, piece->n, u->media.n);
            return ST_OK;
        }
        if (flt_parts_next(u->parts, piece, &cut))
            rc = take_stretch(t, *piece, cut);
        else if (!t->request_is_read)
            rc = read_more(t);
        else if (u->judged < u->kept.n)
            rc = judge_kept(t, ASK_WHOLE);
        else
            break;
    }
    *piece = ST_SPAN_NONE;
    return rc;
}
