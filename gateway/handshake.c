/* SPDX-License-Identifier: Apache-2.0 */
/* handshake - the part of an exchange that is a WebSocket's (RFC 6455 §4): what is asked, what was agreed, the switch.
 *
 * The request takes the way of any other: routed, its query judged, its secret paths unread. Of the client's offers
 * only those go on that the codec can carry, and the client hears what the origin agreed to; keys and the fields of one
 * hop are front's and back's. An origin that answers with anything but 101 is answered as usual. On a host that is
 * passed unread nothing of it is touched, and nothing is read afterwards.
 */
#include "gateway/http2.h"
#include "gateway/txn_parts.h"

#define VALUE_MAX 8192u

/* ---- Sec-WebSocket-Extensions, which may stand in several fields ------------------------------------------------ */

static const char EXTENSIONS[] = "sec-websocket-extensions";

static enum st_rc join(const struct http_head *head, struct st_buf *out, struct st_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < head->n; i++) {
        if (!st_span_ieq(head->fields[i].name, st_span_str(EXTENSIONS)))
            continue;
        st_buf_str(out, n++ > 0 ? ", " : "");
        st_buf_span(out, head->fields[i].value);
    }
    return st_buf_done(out, err, "handshake.extensions");
}

/* The first field gets the value and the others go; all of them when there is none. */
static enum st_rc replace(struct txn *t, struct st_span value)
{
    struct http_head *head = t->head;
    bool has_value = value.n > 0;
    const uint8_t *copy = has_value ? st_arena_dup(t->arena, value.p, value.n) : NULL;
    size_t kept = 0;

    if (has_value && copy == NULL)
        return st_arena_fail(t->arena, &t->err, "handshake.extensions");
    for (size_t i = 0; i < head->n; i++) {
        struct http_field field = head->fields[i];

        if (st_span_ieq(field.name, st_span_str(EXTENSIONS))) {
            if (!has_value)
                continue;
            field.value = st_span(copy, value.n);
            has_value = false;
        }
        head->fields[kept++] = field;
    }
    head->n = kept;
    return ST_OK;
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

/* XMPP's ends count each other's messages, so the origin's have to be readable: no compression (socket_swap.c). */
static bool is_counted(const struct txn *t)
{
    struct lp_request req = t->req;

    req.method = LP_WEBSOCKET;
    return lp_wire(t->rules->gen->plugins, &req) == FLT_WIRE_XMPP;
}

static enum st_rc filter_offer(struct txn *t)
{
    struct st_buf all, kept;
    enum st_rc rc;

    st_buf_init(&all, VALUE_MAX);
    st_buf_init(&kept, VALUE_MAX);
    rc = join(t->head, &all, &t->err);
    if (rc == ST_OK && !is_counted(t))
        rc = ws_filter_offer(st_buf_view(&all), &kept, &t->err);
    if (rc == ST_OK)
        rc = replace(t, st_buf_view(&kept));
    st_buf_fini(&all);
    st_buf_fini(&kept);
    return rc;
}

enum st_rc handshake_plan(struct txn *t)
{
    bool has_version = http_field_count(t->head, "sec-websocket-version") == 1 &&
                       st_span_eq(http_field_get(t->head, "sec-websocket-version"), ST_SPAN("13"));

    if (!st_span_eq(t->head->method, ST_SPAN("GET")) || t->head->minor == 0 || !t->request_is_read || !has_version)
        return st_fail(&t->err, ST_E_PROTO, "handshake.plan", "a WebSocket is opened in another way", 400);
    return t->is_unread ? ST_OK : filter_offer(t);
}

/* ---- the switch ------------------------------------------------------------------------------------------------- */

/* What both ends agree on: the client gets the origin's own words. */
static enum st_rc read_agreement(struct txn *t, const struct http_head *head, struct ws_deflate *out)
{
    struct st_buf answer;
    enum st_rc rc;

    st_buf_init(&answer, VALUE_MAX);
    rc = join(head, &answer, &t->err);
    if (rc == ST_OK)
        rc = ws_read_answer(st_buf_view(&answer), http_field_get(t->head, EXTENSIONS), out, &t->err);
    st_buf_fini(&answer);
    return rc;
}

static enum st_rc tell_client(struct txn *t, const struct http_head *head)
{
    static const char *const SKIP[] = { "alt-svc", "content-length", NULL };
    const struct front_answer answer = { .head = head, .skip = SKIP };
    enum st_rc rc = t->env->front->ops->head(t->env->front, t->arena, &answer, &t->err);

    t->answer_began = rc == ST_OK;
    return rc;
}

/* What the socket does not need, it does not keep for the hours it may last; least of all an old generation. */
static void forget_request(struct txn *t)
{
    st_timer_disarm(t->worker->loop.timers, &t->timer);
    rules_release(t->rules);
    t->rules = NULL;
    body_free(t->body);
    t->body = NULL;
    st_buf_fini(&t->whole);
    st_buf_fini(&t->redacted);
    st_buf_fini(&t->redacted_query);
}

enum st_rc handshake_switch(struct txn *t, const struct http_head *head)
{
    struct socket_open open = { .worker = t->worker,
                                .front = t->env->front,
                                .back = t->back,
                                .arena = t->arena,
                                .person = t->env->person,
                                .host = t->target.host,
                                .head = t->head,
                                .req = t->req,
                                .is_unread = t->is_unread,
                                .on_event = t->env->on_event,
                                .ctx = t->env->ctx };

    if (!t->is_unread && read_agreement(t, head, &open.deflate) != ST_OK)
        return ST_ERR;
    if ((t->socket = socket_new(&open)) == NULL)
        return st_fail(&t->err, ST_E_NOMEM, "handshake.switch", "socket", 0);
    if (tell_client(t, head) != ST_OK)
        return ST_ERR;
    forget_request(t);
    txn_enter(t, TXN_SOCKET);
    return ST_OK;
}

enum st_rc handshake_step(struct txn *t)
{
    switch (socket_step(t->socket)) {
    case SOCKET_GOES_ON: return ST_AGAIN;
    case SOCKET_FINISHED: t->outcome = TXN_FINISH; break;
    case SOCKET_CUT:
        t->outcome = TXN_CUT;
        t->env->cut_code = HTTP2_CANCEL; /* RFC 8441 §5 */
        break;
    }
    txn_enter(t, TXN_DONE);
    return ST_OK;
}
