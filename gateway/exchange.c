/* SPDX-License-Identifier: Apache-2.0 */
/* exchange - what was judged goes to the origin, and its answer comes back at once.
 *
 * It knows a front and a back, and of neither which protocol it speaks. Heads are written anew from the parsed ones,
 * with the declared differences and no others: Accept-Encoding is reduced to what can be decoded, dictionary codings
 * and Alt-Svc go, hop-by-hop fields go (front and back), nothing is added. A redacted message gets its new length. Both
 * directions run while the other does; a side without room stops the reading of the other. A connection that the origin
 * closed while it was idle is replaced once, when the request may be repeated without harm.
 */
#include "base/clock.h"
#include "gateway/txn_parts.h"
#include <event2/buffer.h>
#include <string.h>

#define COPY_MAX     (256u * 1024u)
#define TRIES_MAX    3u /* of a request that the origin did not look at */
#define PIECE_MAX    65536u
#define INTERIMS_MAX 64u /* that a client gets, who may be one that takes nothing; further ones are dropped */

static struct st_span first_stretch(struct evbuffer *buffer)
{
    struct evbuffer_iovec piece = { NULL, 0 };

    if (evbuffer_get_length(buffer) == 0 || evbuffer_peek(buffer, -1, NULL, &piece, 1) < 1)
        return ST_SPAN_NONE;
    return st_span(piece.iov_base, piece.iov_len);
}

/* ---- the request's head ----------------------------------------------------------------------------------------- */

/* All of the request is still here. */
static bool is_kept(const struct txn *t)
{
    return t->request_is_read && t->not_held == FLT_REASON_NONE && t->way != UPLOAD_MEDIA && t->way != UPLOAD_PARTS &&
           t->way != UPLOAD_TEXT && t->way != UPLOAD_CALL && (!t->is_unread || t->framing == HTTP1_NO_BODY);
}

static bool is_repeatable(const struct txn *t)
{
    static const char *const SAFE[] = { "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" };

    for (size_t i = 0; i < ST_LEN(SAFE); i++) {
        if (st_span_eq(t->head->method, st_span_str(SAFE[i])))
            return is_kept(t);
    }
    return false;
}

static bool is_known_coding(struct st_span name)
{
    static const char *const KNOWN[] = { "gzip", "x-gzip", "deflate", "br", "zstd", "identity" };

    for (size_t i = 0; i < ST_LEN(KNOWN); i++) {
        if (st_span_ieq(name, st_span_str(KNOWN[i])))
            return true;
    }
    return false;
}

/* Only codings that filters/ can take off again stay; order and weights as sent. Nothing to remove: as it came. */
static struct st_span reduced_codings(struct txn *t, struct st_span value)
{
    uint8_t *out = st_arena_alloc(t->arena, 2 * value.n + 1);
    struct st_span rest = value, part;
    bool is_reduced = false;
    size_t n = 0;

    while (out != NULL && st_span_next(&rest, ',', &part)) {
        struct st_span item = st_span_trim(part), params = item, name = ST_SPAN_NONE;

        if (!st_span_next(&params, ';', &name) || !is_known_coding(st_span_trim(name))) {
            is_reduced = true;
            continue;
        }
        if (n > 0) {
            memcpy(out + n, ", ", 2);
            n += 2;
        }
        memcpy(out + n, item.p, item.n);
        n += item.n;
    }
    if (out == NULL)
        return ST_SPAN("identity");
    return is_reduced ? st_span(out, n) : value;
}

enum st_rc exchange_number(struct txn *t, uint64_t number, struct st_span *out)
{
    struct st_buf text;

    st_buf_init(&text, 32);
    st_buf_fmt(&text, "%llu", (unsigned long long)number);
    out->n = text.n;
    out->p = st_arena_dup(t->arena, text.p, text.n);
    st_buf_fini(&text);
    return out->p != NULL ? ST_OK : st_arena_fail(t->arena, &t->err, "exchange.head");
}

/* What goes out of the body that is held. */
static uint64_t held_size(const struct txn *t)
{
    if (t->is_redacted)
        return t->redacted.n;
    return t->body != NULL ? upload_held(t) : 0;
}

/* Of where the client came from, what no number of a person can stand in (RFC 9110 §10.1.3). The address in a browser
 * still has what was masked in the request for the page, and goes along with all that the page fetches. */
static struct st_span cut_referrer(struct st_span value)
{
    size_t scheme = st_span_find(value, ST_SPAN("://")), end = scheme + 3;
    struct st_span site;

    if (scheme == ST_SPAN_NPOS)
        return ST_SPAN("about:blank");
    while (end < value.n && strchr("/?#", value.p[end]) == NULL)
        end++;
    site = st_span_sub(value, 0, end < value.n && value.p[end] == '/' ? end + 1 : end);
    return flt_head_holds_number(site) ? ST_SPAN("about:blank") : site;
}

/* Changes the parsed head in place, so that order and case stay. */
static enum st_rc adapt_head(struct txn *t)
{
    for (size_t i = 0; i < t->head->n; i++) {
        struct http_field *field = &t->head->fields[i];

        if (st_span_ieq(field->name, ST_SPAN("accept-encoding"))) {
            field->value = reduced_codings(t, field->value);
        } else if (st_span_ieq(field->name, ST_SPAN("content-length")) && t->is_redacted) {
            if (exchange_number(t, t->redacted.n, &field->value) != ST_OK)
                return ST_ERR;
        } else if (!t->is_unread && st_span_ieq(field->name, ST_SPAN("referer"))) {
            if (flt_head_holds_number(field->value))
                field->value = cut_referrer(field->value);
        } else if (st_span_ieq(field->name, ST_SPAN("host")) && !t->env->is_tls) {
            struct st_span rest = st_span_sub(t->head->target, 7, t->head->target.n); /* the absolute form decides */
            size_t end = 0;

            while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
                end++;
            field->value = st_span_sub(rest, 0, end);
        }
    }
    return ST_OK;
}

static bool was_query_redacted(const struct txn *t)
{
    bool has_masks = t->is_redacted && t->chain.judgement.verdict == POL_REDACT;

    for (size_t i = 0; has_masks && i < t->chain.findings.n; i++) {
        const struct flt_finding *finding = &t->chain.findings.items[i];

        if (t->chain.judgement.redact[i] && t->chain.doc->fields[finding->field].place == FLT_IN_QUERY)
            return true;
    }
    return false;
}

static void put_target(struct txn *t, struct st_buf *out)
{
    if (!was_query_redacted(t)) {
        st_buf_span(out, t->target.path);
        return;
    }
    st_buf_span(out, t->req.path);
    st_buf_byte(out, '?');
    st_buf_span(out, st_buf_view(&t->redacted_query));
}

/* A client of HTTP/2 has no need to say how long a body is, and many origins have one to know: a body that is held
 * whole has a length. */
static void plan_framing(const struct txn *t, struct back_request *request)
{
    bool is_whole = t->request_is_read && evbuffer_get_length(t->tail) == 0 && t->n_trailers == 0;

    request->framing = t->framing;
    request->length = held_size(t);
    if (t->framing == HTTP1_CHUNKED && is_whole && http_field_count(t->head, "transfer-encoding") == 0)
        request->framing = HTTP1_LENGTH;
    request->is_end = is_whole && request->framing != HTTP1_CHUNKED && request->length == 0;
}

/* The only writer of t->sending. Backwards only to the beginning, for another try. */
static void sending_enter(struct txn *t, enum txn_sending next)
{
    assert(next > t->sending || next == TXN_SENT_NOTHING);
    t->sending = next;
}

static enum st_rc send_head(struct txn *t)
{
    static const char *const SKIP[] = { "available-dictionary", "dictionary-id", "expect", NULL };
    static const char *const SKIP_REDACTED[] = { "available-dictionary", "dictionary-id", "expect",
                                                 "content-encoding",     "content-md5",   "digest",
                                                 "content-digest",       "repr-digest",   NULL };
    struct back_request request = { .head = t->head,
                                    .skip = t->is_redacted ? SKIP_REDACTED : SKIP,
                                    .host = st_span_str(t->target.host),
                                    .is_socket = t->is_socket };
    struct st_buf target;
    enum st_rc rc = ST_ERR;

    st_buf_init(&target, 128 * 1024);
    put_target(t, &target);
    if (adapt_head(t) != ST_OK || st_buf_done(&target, &t->err, "exchange.target") != ST_OK)
        goto out;
    request.target = st_buf_view(&target);
    plan_framing(t, &request);
    rc = t->back->ops->head(t->back, t->arena, &request, &t->err);
    if (rc == ST_OK)
        sending_enter(t, request.is_end ? TXN_SENT_ALL : TXN_SENT_HEAD);
out:
    st_buf_fini(&target);
    return rc;
}

/* ---- the request's body ----------------------------------------------------------------------------------------- */

/* Passes on what the client sends, unread. ST_AGAIN: nothing is there. */
static enum st_rc stream_piece(struct txn *t, size_t max)
{
    struct http1_event event;
    enum st_rc rc = txn_read(t, max, &event);

    if (rc != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA)
        rc = t->back->ops->data(t->back, event.data, &t->err);
    if (event.kind == HTTP1_END) {
        t->request_is_read = true;
        rc = trailers_take(t, &event);
    }
    txn_took(t);
    return rc;
}

/* The next piece of the body from where it is: redacted, held, read but not held, still to be read. */
static enum st_rc next_piece(struct txn *t, size_t max)
{
    uint64_t held = held_size(t);
    struct st_span piece;
    enum st_rc rc;

    if (t->sent < held) {
        piece = st_span_sub(st_buf_view(&t->redacted), t->is_redacted ? (size_t)t->sent : 0, max);
        if (!t->is_redacted && body_read(t->body, t->sent, &piece, &t->err) != ST_OK)
            return ST_ERR;
        piece = st_span_sub(st_span_sub(piece, 0, max), 0, (size_t)(held - t->sent));
        t->sent += piece.n;
        return t->back->ops->data(t->back, piece, &t->err);
    }
    if (evbuffer_get_length(t->tail) > 0) {
        piece = st_span_sub(first_stretch(t->tail), 0, max);
        rc = t->back->ops->data(t->back, piece, &t->err);
        (void)evbuffer_drain(t->tail, piece.n);
        return rc;
    }
    if (t->upload != NULL || t->text != NULL) {
        if ((rc = upload_next(t, max, &piece)) != ST_OK)
            return rc;
        if (piece.n > 0)
            return t->back->ops->data(t->back, piece, &t->err);
    }
    if (t->way == UPLOAD_CALL && call_goes_on(t))
        return call_next(t, max);
    if (!t->request_is_read)
        return stream_piece(t, max);
    sending_enter(t, TXN_SENT_ALL);
    return t->back->ops->end(t->back, t->trailers, t->n_trailers, &t->err);
}

static enum st_rc pump_request(struct txn *t)
{
    size_t room;

    while (t->sending != TXN_SENT_ALL && (room = t->back->ops->room(t->back)) > 0) {
        enum st_rc rc = next_piece(t, room < PIECE_MAX ? room : PIECE_MAX);

        if (rc == ST_AGAIN)
            return ST_OK;
        if (rc == ST_ERR)
            return ST_ERR;
        exchange_wait(t, TXN_WAITS_FOR_ORIGIN);
    }
    return ST_OK;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

static bool names_ntlm(struct st_span value)
{
    return st_span_istarts(value, ST_SPAN("ntlm")) || st_span_istarts(value, ST_SPAN("negotiate"));
}

/* Connection-bound authentication ties the origin's connection to this client for good. */
static void notice_pinning(struct txn *t)
{
    if (names_ntlm(http_field_get(t->head, "authorization")) ||
        names_ntlm(http_field_get(t->response, "www-authenticate")))
        t->env->is_pinned = true;
}

static void plan_connections(struct txn *t)
{
    bool is_old_client = t->head->minor == 0;

    t->client_closes = is_old_client || http_field_has_token(t->head, "connection", "close") ||
                       t->response_framing == HTTP1_UNTIL_CLOSE || t->worker->is_draining;
}

/* 100 was answered by us, others go on to who understands them. */
static enum st_rc relay_interim(struct txn *t, const struct http_head *head)
{
    static const char *const SKIP[] = { "alt-svc", "content-length", NULL };

    if (head->status == 100 || t->head->minor == 0 || ++t->interims > INTERIMS_MAX)
        return ST_OK;
    return t->env->front->ops->interim(t->env->front, head, SKIP, &t->err);
}

static enum st_rc begin_answer(struct txn *t, const struct http1_event *event)
{
    static const char *const SKIP[] = { "alt-svc", NULL };
    static const char *const SKIP_EMPTY[] = { "alt-svc", "content-length", NULL };
    enum pol_verdict verdict = t->chain.judgement.verdict;
    struct front_answer answer = { .head = event->head,
                                   .skip = event->head->status == 204 ? SKIP_EMPTY : SKIP,
                                   .framing = event->framing,
                                   .is_old = t->head->minor == 0 };
    enum st_rc rc;

    t->response = event->head;
    t->response_framing = event->framing;
    plan_connections(t);
    notice_pinning(t);
    t->is_copied = answered_head(t);
    st_buf_init(&t->copy, t->is_copied ? COPY_MAX : 0);
    if (verdict == POL_COACH || verdict == POL_REDACT)
        answer.coach = st_span_str(txn_id(t));
    answer.is_end = event->framing == HTTP1_NO_BODY || (event->framing == HTTP1_LENGTH && event->length == 0);
    answer.closes = t->client_closes;
    answer.is_bound = t->env->is_pinned;
    rc = t->env->front->ops->head(t->env->front, t->arena, &answer, &t->err);
    t->answer_began = rc == ST_OK;
    return rc;
}

static enum st_rc relay_data(struct txn *t, struct st_span data)
{
    if (t->is_copied)
        st_buf_span(&t->copy, data);
    return t->env->front->ops->data(t->env->front, data, &t->err);
}

static enum st_rc end_answer(struct txn *t, const struct http1_event *event)
{
    if (t->is_copied)
        answered_end(t);
    if (t->env->front->ops->end(t->env->front, event->trailers, event->n_trailers, &t->err) != ST_OK)
        return ST_ERR;
    t->outcome = t->client_closes || !t->request_is_read ? TXN_FINISH : TXN_KEEP;
    reach_leave(t);
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

/* May the request be sent again after that? */
static bool may_retry(const struct txn *t, enum back_loss loss)
{
    switch (loss) {
    case BACK_CUT: break;
    case BACK_STALE: return is_repeatable(t) && t->tries == 0;
    case BACK_UNTOUCHED: return is_kept(t) && t->tries < TRIES_MAX;
    case BACK_WANTS_HTTP1: return is_kept(t) && !t->needs_http1;
    }
    return false;
}

/* The answer will never be whole. ST_OK: the request goes once more, from the beginning. */
static enum st_rc origin_failed(struct txn *t)
{
    enum back_loss loss = t->back->ops->loss(t->back, &t->env->cut_code);

    if (t->answer_began || t->poll.state != POLL_PASSING || !may_retry(t, loss)) /* a held answer has begun too */
        return ST_ERR;
    t->tries++;
    t->needs_http1 = loss == BACK_WANTS_HTTP1;
    t->worker->counts.origin_retried++;
    reach_leave(t);
    sending_enter(t, TXN_SENT_NOTHING);
    t->sent = 0;
    return ST_OK;
}

static enum st_rc take_event(struct txn *t, const struct http1_event *event)
{
    exchange_wait(t, TXN_WAITS_FOR_ORIGIN);
    switch (event->kind) {
    case HTTP1_HEAD:
        if (event->head->status == 101)
            return handshake_switch(t, event->head);
        return event->is_interim ? relay_interim(t, event->head) : begin_answer(t, event);
    case HTTP1_DATA: return relay_data(t, event->data);
    case HTTP1_END: return end_answer(t, event);
    case HTTP1_TUNNEL: break;
    }
    return st_fail(&t->err, ST_E_PROTO, "exchange.answer", "a tunnel that nobody asked for", 0);
}

static void note_breach(struct txn *t)
{
    enum breach breach = t->env->origin_is_http2 ? BREACH_ORIGIN_HTTP2 : BREACH_ORIGIN_HTTP1;

    breach_note(t->worker, t->is_socket ? BREACH_ORIGIN_SOCKET : breach, &t->err);
}

/* Moves the answer on as far as it goes. ST_OK: done, or to be begun again; ST_AGAIN: wait. */
static enum st_rc pump_answer(struct txn *t)
{
    size_t room;

    while ((room = t->answer_began ? t->env->front->ops->room(t->env->front) : SIZE_MAX) > 0) {
        struct http1_event event;
        enum st_rc rc = poll_read(t, room, &event);

        if (rc == ST_ERR) {
            note_breach(t);
            return origin_failed(t);
        }
        if (rc == ST_AGAIN)
            return ST_AGAIN;
        if (event.kind != HTTP1_DATA)
            poll_took(t); /* before the end, which lets go of the back; it is all in the arena */
        if (take_event(t, &event) != ST_OK) {
            if (event.kind == HTTP1_HEAD && event.head->status == 101)
                note_breach(t);
            return ST_ERR;
        }
        if (event.kind == HTTP1_END || t->state == TXN_SOCKET)
            return ST_OK;
        if (event.kind == HTTP1_DATA)
            poll_took(t);
    }
    if (t->wait != TXN_WAITS_FOR_CLIENT) /* the answer is there, and nobody takes it */
        exchange_wait(t, TXN_WAITS_FOR_CLIENT);
    return ST_AGAIN;
}

static enum st_rc client_is_gone(struct txn *t)
{
    t->outcome = TXN_CUT;
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

void exchange_wait(struct txn *t, enum txn_wait wait)
{
    const struct pol_config *config = worker_config(t->worker);

    t->wait = wait;
    txn_arm(t, wait == TXN_WAITS_FOR_ORIGIN ? config->limit.answer_ms : config->limit.send_ms);
}

enum st_rc exchange_late(struct txn *t)
{
    if (t->wait == TXN_WAITS_FOR_ORIGIN) {
        t->worker->counts.slow_origins++;
        return txn_refuse(t, REFUSE_ORIGIN_SLOW);
    }
    t->worker->counts.slow_readers++;
    return client_is_gone(t);
}

enum st_rc exchange_step(struct txn *t)
{
    enum st_rc rc;

    if (t->env->front->ops->is_gone(t->env->front))
        return client_is_gone(t);
    if ((rc = reach_origin(t, is_repeatable(t))) != ST_OK)
        return rc;
    if (t->sending == TXN_SENT_NOTHING && send_head(t) != ST_OK)
        return ST_ERR;
    if (pump_request(t) != ST_OK)
        return t->err.code == ST_E_CLOSED ? client_is_gone(t) : ST_ERR;
    if (t->state != TXN_EXCHANGE) /* the rest of the body must not leave */
        return ST_OK;
    t->back->ops->flush(t->back);
    rc = pump_answer(t);
    if (t->back != NULL && rc == ST_AGAIN)
        t->back->ops->flush(t->back);
    return rc;
}

void exchange_fini(struct txn *t)
{
    reach_leave(t);
    answered_cut(t);
    st_buf_fini(&t->copy);
}
