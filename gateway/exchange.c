/* SPDX-License-Identifier: Apache-2.0 */
/* exchange - what was judged goes to the origin, and its answer comes back at once.
 *
 * Heads are written anew from the parsed ones, with the declared differences and no others: Accept-Encoding is reduced
 * to what can be decoded, dictionary codings and Alt-Svc go, hop-by-hop fields go (http1_write), nothing is added. A
 * redacted message gets its new length. Both directions run while the other does; a full buffer on one side stops the
 * reading of the other. A connection that the origin closed while it was idle is replaced once, when the request may
 * be repeated without harm.
 */
#include "base/clock.h"
#include "gateway/txn_parts.h"
#include <event2/buffer.h>
#include <string.h>

#define ORIGIN_SILENT_MS 300000 /* a long poll of some minutes is ordinary */
#define IDLE_FOR_WRITES  4000u  /* a request that must not be repeated wants a connection that is surely alive */
#define COPY_MAX         (256u * 1024u)

static struct st_span first_stretch(struct evbuffer *buffer)
{
    struct evbuffer_iovec piece = { NULL, 0 };

    if (evbuffer_get_length(buffer) == 0 || evbuffer_peek(buffer, -1, NULL, &piece, 1) < 1)
        return ST_SPAN_NONE;
    return st_span(piece.iov_base, piece.iov_len);
}

static bool has_ended(const struct link *link)
{
    return link_state(link) == LINK_ENDED || link_state(link) == LINK_CLOSED;
}

/* ---- the origin's connection ------------------------------------------------------------------------------------ */

static bool is_repeatable(const struct txn *t)
{
    static const char *const SAFE[] = { "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" };

    if (!t->request_is_read || evbuffer_get_length(t->tail) > 0 || (t->is_unread && t->framing != HTTP1_NO_BODY))
        return false;
    for (size_t i = 0; i < ST_LEN(SAFE); i++) {
        if (st_span_eq(t->head->method, st_span_str(SAFE[i])))
            return true;
    }
    return false;
}

/* Streams of one client share a number of connections to the origin; beyond it they wait their turn. */
static bool take_slot(struct txn *t)
{
    struct txn_slots *slots = t->env->slots;

    t->env->waits_for_slot = slots != NULL && slots->open >= slots->max;
    if (slots != NULL && !t->env->waits_for_slot)
        slots->open++;
    return !t->env->waits_for_slot;
}

/* The connection is no longer this exchange's: it rests for the next, or ends. */
static void leave_origin(struct txn *t, bool is_kept)
{
    if (t->origin == NULL)
        return;
    if (t->env->slots != NULL)
        t->env->slots->open--;
    if (is_kept) {
        upstream_rest(t->origin);
        t->env->spare = t->origin;
    } else {
        upstream_free(t->origin);
    }
    t->origin = NULL;
}

/* ST_AGAIN: there is no slot. */
static enum st_rc open_origin(struct txn *t)
{
    uint64_t max_idle_ms = is_repeatable(t) ? UINT64_MAX : IDLE_FOR_WRITES;
    struct upstream *spare = t->env->spare;

    if (!take_slot(t))
        return ST_AGAIN;
    t->env->spare = NULL;
    if (spare != NULL && upstream_is_for(spare, &t->place) && upstream_is_clean(spare) &&
        (t->env->is_pinned || upstream_idle_ms(spare) <= max_idle_ms)) {
        upstream_own(spare, t->env->on_event, t->env->ctx);
        t->origin = spare;
    } else {
        upstream_give_back(spare);
        if (upstream_open(t->worker->pool, &t->place, max_idle_ms, (struct link_owner){ t->env->on_event, t->env->ctx },
                          &t->origin, &t->err) != ST_OK) {
            if (t->env->slots != NULL)
                t->env->slots->open--;
            return ST_ERR;
        }
    }
    t->worker->counts.origin_reused += upstream_was_used(t->origin);
    txn_arm(t, ORIGIN_SILENT_MS);
    return ST_OK;
}

/* ST_OK: its link may be written to. */
static enum st_rc wait_for_origin(struct txn *t)
{
    switch (upstream_state(t->origin)) {
    case UPSTREAM_READY: return ST_OK;
    case UPSTREAM_FAILED:
        t->err = *upstream_err(t->origin);
        t->worker->counts.origin_failed++;
        return ST_ERR;
    case UPSTREAM_RESOLVE:
    case UPSTREAM_CONNECT:
    case UPSTREAM_HANDSHAKE: break;
    }
    return ST_AGAIN;
}

/* ---- the request's head ----------------------------------------------------------------------------------------- */

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

static enum st_rc number_text(struct txn *t, uint64_t number, struct st_span *out)
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
    return t->body != NULL ? body_size(t->body) : 0;
}

/* Changes the parsed head in place, so that order and case stay. */
static enum st_rc adapt_head(struct txn *t)
{
    for (size_t i = 0; i < t->head->n; i++) {
        struct http_field *field = &t->head->fields[i];

        if (st_span_ieq(field->name, ST_SPAN("accept-encoding"))) {
            field->value = reduced_codings(t, field->value);
        } else if (st_span_ieq(field->name, ST_SPAN("content-length")) && t->is_redacted) {
            if (number_text(t, t->redacted.n, &field->value) != ST_OK)
                return ST_ERR;
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
    for (size_t i = 0; t->is_redacted && i < t->chain.findings.n; i++) {
        const struct flt_finding *finding = &t->chain.findings.items[i];

        if (t->chain.judgement.redact[i] && t->chain.doc->fields[finding->field].is_query)
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

/* HTTP/2 has no need to say how long a body is, and many origins have one to know: a body that is held whole has a
 * length. */
static enum st_rc write_framing(struct txn *t, struct st_buf *out)
{
    bool is_whole = t->request_is_read && evbuffer_get_length(t->tail) == 0 && t->n_trailers == 0;
    struct st_span length;

    if (t->framing == HTTP1_CHUNKED && is_whole && http_field_count(t->head, "transfer-encoding") == 0)
        t->framing = HTTP1_LENGTH;
    if (t->framing == HTTP1_CHUNKED)
        return http1_write_field(out, "Transfer-Encoding", ST_SPAN("chunked"), &t->err);
    if (t->framing != HTTP1_LENGTH || http_field_count(t->head, "content-length") > 0)
        return ST_OK;
    if (number_text(t, held_size(t), &length) != ST_OK)
        return ST_ERR;
    return http1_write_field(out, "Content-Length", length, &t->err);
}

static enum st_rc send_head(struct txn *t)
{
    static const char *const SKIP[] = { "available-dictionary", "dictionary-id", "expect", NULL };
    static const char *const SKIP_REDACTED[] = { "available-dictionary", "dictionary-id", "expect",
                                                 "content-encoding",     "content-md5",   "digest",
                                                 "content-digest",       "repr-digest",   NULL };
    const char *const *skip = t->is_redacted ? SKIP_REDACTED : SKIP;
    struct st_buf out, target;
    enum st_rc rc = ST_ERR;

    st_buf_init(&out, 512 * 1024);
    st_buf_init(&target, 128 * 1024);
    put_target(t, &target);
    if (adapt_head(t) != ST_OK || st_buf_done(&target, &t->err, "exchange.target") != ST_OK ||
        http1_write_request(&out, t->head, st_buf_view(&target), skip, &t->err) != ST_OK)
        goto out;
    if (http_field_count(t->head, "host") == 0 && /* HTTP/1.0 in absolute form */
        http1_write_field(&out, "Host", st_span_str(t->target.host), &t->err) != ST_OK)
        goto out;
    if (write_framing(t, &out) != ST_OK)
        goto out;
    http1_write_end(&out);
    if (st_buf_done(&out, &t->err, "exchange.head") != ST_OK)
        goto out;
    if (evbuffer_add(link_out(upstream_link(t->origin)), out.p, out.n) != 0) {
        (void)st_fail(&t->err, ST_E_NOMEM, "exchange.head", "buffer", out.n);
        goto out;
    }
    t->head_is_sent = true;
    rc = ST_OK;
out:
    st_buf_fini(&out);
    st_buf_fini(&target);
    return rc;
}

static enum st_rc make_parser(struct txn *t)
{
    const struct pol_config *config = worker_config(t->worker);
    const struct http1_limits limits = { (size_t)config->limit.head_bytes, (size_t)config->limit.fields };

    if ((t->origin_parser = http1_new(HTTP1_RESPONSE, &limits)) == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "exchange.parser", "parser", 0);
    http1_expect(t->origin_parser, st_span_eq(t->head->method, ST_SPAN("HEAD")), false);
    return ST_OK;
}

/* ---- the request's body ----------------------------------------------------------------------------------------- */

static enum st_rc put_piece(struct txn *t, struct st_span piece)
{
    struct evbuffer *out = link_out(upstream_link(t->origin));
    bool ok = piece.n == 0 || t->framing != HTTP1_CHUNKED || evbuffer_add_printf(out, "%zx\r\n", piece.n) > 0;

    ok = ok && evbuffer_add(out, piece.p, piece.n) == 0;
    if (ok && piece.n > 0 && t->framing == HTTP1_CHUNKED)
        ok = evbuffer_add(out, "\r\n", 2) == 0;
    return ok ? ST_OK : st_fail(&t->err, ST_E_NOMEM, "exchange.body", "buffer", piece.n);
}

static enum st_rc end_request(struct txn *t)
{
    struct st_buf out;
    enum st_rc rc = ST_OK;

    t->request_is_sent = true;
    if (t->framing != HTTP1_CHUNKED)
        return ST_OK;
    st_buf_init(&out, 256 * 1024);
    http1_write_last_chunk(&out, t->trailers, t->n_trailers);
    if (st_buf_done(&out, &t->err, "exchange.body") != ST_OK ||
        evbuffer_add(link_out(upstream_link(t->origin)), out.p, out.n) != 0)
        rc = st_fail(&t->err, ST_E_NOMEM, "exchange.body", "buffer", out.n);
    st_buf_fini(&out);
    return rc;
}

/* Passes on what the client sends, unread. ST_AGAIN: nothing is there. */
static enum st_rc stream_piece(struct txn *t)
{
    struct http1_event event;
    enum st_rc rc = txn_read(t, &event);

    if (rc != ST_OK)
        return rc;
    if (event.kind == HTTP1_DATA)
        rc = put_piece(t, event.data);
    if (event.kind == HTTP1_END) {
        t->request_is_read = true;
        t->trailers = event.trailers;
        t->n_trailers = event.n_trailers;
    }
    txn_took(t);
    return rc;
}

/* The next piece of the body from where it is: redacted, held, read but not held, still to be read. */
static enum st_rc next_piece(struct txn *t)
{
    uint64_t held = held_size(t);
    struct st_span piece;
    enum st_rc rc;

    if (t->sent < held) {
        piece = st_span_sub(st_buf_view(&t->redacted), t->is_redacted ? (size_t)t->sent : 0, 65536);
        if (!t->is_redacted && body_read(t->body, t->sent, &piece, &t->err) != ST_OK)
            return ST_ERR;
        t->sent += piece.n;
        return put_piece(t, piece);
    }
    if (evbuffer_get_length(t->tail) > 0) {
        piece = first_stretch(t->tail);
        rc = put_piece(t, piece);
        (void)evbuffer_drain(t->tail, piece.n);
        return rc;
    }
    return t->request_is_read ? end_request(t) : stream_piece(t);
}

static enum st_rc pump_request(struct txn *t)
{
    while (!t->request_is_sent && !link_is_full(upstream_link(t->origin)) && !has_ended(upstream_link(t->origin))) {
        enum st_rc rc = next_piece(t);

        if (rc == ST_AGAIN)
            return ST_OK;
        if (rc == ST_ERR)
            return ST_ERR;
        txn_arm(t, ORIGIN_SILENT_MS);
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

    t->origin_closes = t->response->minor == 0 || http_field_has_token(t->response, "connection", "close") ||
                       t->response_framing == HTTP1_UNTIL_CLOSE;
    t->client_closes = is_old_client || http_field_has_token(t->head, "connection", "close") ||
                       t->response_framing == HTTP1_UNTIL_CLOSE || t->worker->is_draining;
}

/* 100 was answered by us, others go on to who understands them. */
static enum st_rc relay_interim(struct txn *t, const struct http_head *head)
{
    static const char *const SKIP[] = { "alt-svc", "content-length", NULL };

    if (head->status == 100 || t->head->minor == 0)
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

    if (event->head->status == 101)
        return st_fail(&t->err, ST_E_PROTO, "exchange.answer", "a protocol switch that nobody asked for", 101);
    t->response = event->head;
    t->response_framing = event->framing;
    plan_connections(t);
    notice_pinning(t);
    report_response(t);
    t->is_copied = report_wants_page(t);
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
    if (t->env->front->ops->end(t->env->front, event->trailers, event->n_trailers, &t->err) != ST_OK)
        return ST_ERR;
    if (t->is_copied)
        report_page(t);
    t->outcome = t->client_closes || !t->request_is_read ? TXN_FINISH : TXN_KEEP;
    leave_origin(t, t->request_is_sent && !t->origin_closes && upstream_is_clean(t->origin));
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

/* The origin ended its side. */
static enum st_rc origin_ended(struct txn *t)
{
    bool is_broken = link_state(upstream_link(t->origin)) == LINK_CLOSED; /* a reset is not the end of an answer */
    struct http1_event event;
    enum st_rc rc = http1_eof(t->origin_parser, &event, &t->err);

    if (rc == ST_OK && !is_broken)
        return end_answer(t, &event);
    if (rc == ST_AGAIN && upstream_was_used(t->origin) && is_repeatable(t) && !t->was_retried) {
        t->was_retried = true;
        t->worker->counts.origin_retried++;
        leave_origin(t, false);
        t->head_is_sent = t->request_is_sent = false;
        t->sent = 0;
        return ST_OK; /* once more, from the beginning */
    }
    if (is_broken && link_err(upstream_link(t->origin))->code != ST_E_NONE)
        t->err = *link_err(upstream_link(t->origin)); /* a late certificate_required, a reset */
    else
        (void)st_fail(&t->err, ST_E_CLOSED, "exchange.answer", "the origin closed before its answer was whole", 0);
    return ST_ERR;
}

static enum st_rc take_event(struct txn *t, const struct http1_event *event)
{
    txn_arm(t, ORIGIN_SILENT_MS);
    switch (event->kind) {
    case HTTP1_HEAD: return event->is_interim ? relay_interim(t, event->head) : begin_answer(t, event);
    case HTTP1_DATA: return relay_data(t, event->data);
    case HTTP1_END: return end_answer(t, event);
    case HTTP1_TUNNEL: break;
    }
    return st_fail(&t->err, ST_E_PROTO, "exchange.answer", "a tunnel that nobody asked for", 0);
}

/* Moves the answer on as far as it goes. ST_OK: done, or to be begun again; ST_AGAIN: wait. */
static enum st_rc pump_answer(struct txn *t)
{
    struct link *link = upstream_link(t->origin);
    size_t room;

    while ((room = t->answer_began ? t->env->front->ops->room(t->env->front) : SIZE_MAX) > 0) {
        struct evbuffer *in = link_in(link);
        struct st_span piece = st_span_sub(first_stretch(in), 0, room);
        struct http1_event event;
        size_t used;
        enum st_rc rc = http1_feed(t->origin_parser, t->arena, piece, &used, &event, &t->err);

        if (rc == ST_ERR)
            return ST_ERR;
        if (rc == ST_OK && event.kind == HTTP1_END) {
            (void)evbuffer_drain(in, used);
            return end_answer(t, &event);
        }
        if (rc == ST_OK && take_event(t, &event) != ST_OK)
            return ST_ERR;
        (void)evbuffer_drain(in, used);
        if (rc == ST_AGAIN && evbuffer_get_length(in) == 0)
            return has_ended(link) ? origin_ended(t) : ST_AGAIN;
    }
    return ST_AGAIN;
}

static enum st_rc client_is_gone(struct txn *t)
{
    t->outcome = TXN_CUT;
    txn_enter(t, TXN_DONE);
    return ST_OK;
}

enum st_rc exchange_step(struct txn *t)
{
    enum st_rc rc;

    if (t->env->front->ops->is_gone(t->env->front))
        return client_is_gone(t);
    if (t->origin == NULL && (rc = open_origin(t)) != ST_OK)
        return rc;
    if ((rc = wait_for_origin(t)) != ST_OK)
        return rc;
    if (!t->head_is_sent) {
        http1_free(t->origin_parser);
        t->origin_parser = NULL;
        if (make_parser(t) != ST_OK || send_head(t) != ST_OK)
            return ST_ERR;
    }
    if (pump_request(t) != ST_OK)
        return t->err.code == ST_E_CLOSED ? client_is_gone(t) : ST_ERR;
    link_update(upstream_link(t->origin));
    rc = pump_answer(t);
    if (t->origin != NULL && rc == ST_AGAIN)
        link_update(upstream_link(t->origin));
    return rc;
}

void exchange_fini(struct txn *t)
{
    http1_free(t->origin_parser);
    t->origin_parser = NULL;
    leave_origin(t, false);
    st_buf_fini(&t->copy);
}
