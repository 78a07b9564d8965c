/* SPDX-License-Identifier: Apache-2.0 */
/* txn_plan - the head is there: where the request goes, whether it may, and how it is read.
 *
 * Four forms of target (RFC 9112 §3.2) and two kinds of connection meet here: one that speaks with a proxy, and one for
 * which the gateway is the origin. What the target, the Host field and the tunnel say must be the same place. The
 * answer is the next state: held and inspected, exchanged unread, refused, or a tunnel for the connection to open.
 */
#include "gateway/pac.h"
#include "gateway/steer.h"
#include "gateway/txn_parts.h"
#include <string.h>

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

    steer(t->rules->gen, &facts, &routed);
    if (routed.route == POL_REFUSE) {
        t->worker->counts.refused_hosts++;
        return txn_refuse(t, REFUSE_HOST);
    }
    t->is_unread = routed.route == POL_PASS;
    return ST_OK;
}

static struct st_span field_of(const void *head, const char *name)
{
    return http_field_get(head, name);
}

/* Those that want to know of each request that is read. */
static enum st_rc ask_plugins(struct txn *t)
{
    struct lp_set *plugins = t->rules->gen->plugins;

    if (t->is_unread || !lp_wants_requests(plugins))
        return ST_OK;
    const struct lp_asked asked = { .req = &t->req,
                                    .platform = lp_host_platform(plugins, t->req.host),
                                    .groups = pol_groups(t->rules->gen->policies, t->env->person),
                                    .header = field_of,
                                    .ctx = t->head };

    return lp_hook_request(plugins, &asked, t->arena, &t->facts, &t->err);
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

/* Few requests have such fields: room for them is asked for when there is one. */
static enum st_rc find_words(struct txn *t)
{
    const struct http_head *head = t->head;

    for (size_t i = 0; !t->is_unread && i < head->n; i++) {
        struct flt_head_text text = { .name = head->fields[i].name, .value = head->fields[i].value };

        if (!flt_head_has_words(&text))
            continue;
        if (t->words == NULL && (t->words = st_arena_alloc(t->arena, (head->n - i) * sizeof *t->words)) == NULL)
            return st_arena_fail(t->arena, &t->err, "txn.words");
        t->words[t->n_words++] = text;
    }
    return ST_OK;
}

static enum st_rc read_head(struct txn *t)
{
    return ask_plugins(t) == ST_OK ? find_words(t) : ST_ERR;
}

static enum st_rc check_form(struct txn *t)
{
    if (!t->is_unread && !has_one_reading(t->head))
        return st_fail(&t->err, ST_E_PROTO, "txn.plan", "Content-Type or Content-Encoding twice", 400);
    t->is_socket = ws_is_asked(t->head);
    return t->is_socket ? handshake_plan(t) : ST_OK;
}

/* Bytes that a platform asked for. On a host that is open anyhow only its own platform may have: another one could take
 * that one's messages for uploads otherwise. */
static void know_transfer(struct txn *t)
{
    const struct transfer_place place = { t->req.host, t->req.path, t->env->person };
    const struct lp_set *set = t->rules->gen->plugins;
    const char *platform;

    if (!t->env->is_tls || t->is_unread || (!t->env->is_lent && t->request_is_read)) /* a read, or it has no bytes */
        return;
    transfer_find(t->worker, set, &place, t->arena, &t->transfer);
    if (t->env->is_lent) {
        t->is_unread = t->transfer.route == NULL;
        return;
    }
    platform = lp_host_platform(set, t->req.host);
    if (t->transfer.route != NULL && (platform == NULL || strcmp(platform, lp_route_platform(t->transfer.route)) != 0))
        t->transfer = (struct transfer){ 0 };
}

enum st_rc txn_plan(struct txn *t)
{
    bool is_connect = st_span_eq(t->head->method, ST_SPAN("CONNECT"));
    enum st_rc rc = read_empty_body(t);

    if (rc == ST_AGAIN) /* HTTP/2 may say the end of nothing later */
        return ST_AGAIN;
    if (rc == ST_ERR)
        return t->err.code == ST_E_CLOSED ? txn_client_left(t) : txn_refuse(t, REFUSE_PROTOCOL);
    if (txn_is_memory_full(t))
        return txn_refuse_busy(t);
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
    know_transfer(t);
    t->is_on_opened_host = !t->is_unread;
    if (!t->is_unread && lp_is_secret_path(t->rules->gen->plugins, &t->req)) {
        t->is_unread = true;
        t->worker->counts.unread++;
    }
    if (check_form(t) != ST_OK)
        return txn_refuse(t, REFUSE_PROTOCOL);
    if (read_head(t) != ST_OK)
        return txn_refuse_busy(t);
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
