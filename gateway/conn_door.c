/* SPDX-License-Identifier: Apache-2.0 */
/* conn_door - what comes before the first request: who the client is, the TLS of the proxy itself, and, for a
 * connection that was brought here, where it wanted to go and what it speaks.
 *
 * Only the addresses in proxy_protocol may use such a listener, and each of their connections begins with the header;
 * nobody else is who he says he is. A connection that was brought here is known by its destination; its first bytes
 * name the host: the SNI, or HTTP's Host field. Which address of that host is taken is egress.c's to say. Without a
 * name there is only the address, and what the listener's `unnamed` allows. One that nobody brought here, and one of
 * our own that came back, are ended at once: either would be an endless loop.
 */
#include "base/log.h"
#include "gateway/conn_parts.h"
#include <event2/buffer.h>
#include <limits.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define IP6T_SO_ORIGINAL_DST 80 /* linux/netfilter_ipv6/ip6_tables.h, which does not go with netinet/in.h */

static void wait_no_more(struct conn *conn)
{
    st_timer_disarm(conn->worker->loop.timers, &conn->timer);
    conn->is_late = false;
}

static enum st_rc turn_away(struct conn *conn, uint64_t *count)
{
    ++*count;
    conn_end(conn, CONN_CUT);
    return ST_OK;
}

/* ---- where a connection wanted to go ---------------------------------------------------------------------------- */

static struct address local_end(int fd)
{
    struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        at.ss_family = AF_UNSPEC;
    return address_of((const struct sockaddr *)&at);
}

/* Before the REDIRECT; port 0 when there was none. */
static struct address before_redirect(int fd)
{
    struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
    struct address here = local_end(fd), out = { .port = 0 };
    socklen_t len = sizeof at;

    if (getsockopt(fd, IPPROTO_IP, SO_ORIGINAL_DST, &at, &len) == 0 ||
        (len = sizeof at, getsockopt(fd, IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, &at, &len) == 0))
        out = address_of((const struct sockaddr *)&at);
    if (address_is_same(&out, &here))
        out.port = 0;
    return out;
}

/* With TPROXY the socket has the destination's address; who dialled the listener itself has the listener's port. */
static struct address before_tproxy(int fd, const struct pol_listen *listen)
{
    struct address out = local_end(fd);
    const char *colon = strrchr(listen->address.s, ':');
    uint64_t own;

    if (colon != NULL && st_span_u64(st_span_str(colon + 1), &own) && own == out.port)
        out.port = 0;
    return out;
}

/* ---- in --------------------------------------------------------------------------------------------------------- */

static void name_person(struct conn *conn)
{
    char address[INET6_ADDRSTRLEN];

    address_text(&conn->from, address);
    (void)snprintf(conn->person, sizeof conn->person, "%s", pol_person(conn->worker->rules->gen->policies, address));
}

/* The client is known; on to what its way in asks for. */
static enum st_rc let_in(struct conn *conn)
{
    const struct pol_listen *listen = conn->listen;
    struct tls_leaf *own;

    name_person(conn);
    if (pol_is_transparent(listen->kind) && conn->env.near.port == 0)
        return turn_away(conn, &conn->worker->counts.loops);
    switch ((enum pol_listen_kind)listen->kind) {
    case POL_EXPLICIT: conn->worker->counts.explicit ++; break;
    case POL_EXPLICIT_TLS: conn->worker->counts.explicit_tls++; break;
    case POL_TRANSPARENT: conn->worker->counts.redirected++; break;
    case POL_TPROXY: conn->worker->counts.tproxied++; break;
    }
    if (listen->kind == POL_EXPLICIT) {
        conn_enter(conn, CONN_CLEAR);
    } else if (listen->kind == POL_EXPLICIT_TLS) {
        if ((own = rules_door_leaf(conn->door, listen)) != NULL)
            conn->leaf.leaf = tls_leaf_retain(own);
        else
            conn_wait_for_leaf(conn, listen->name.s);
        conn_enter(conn, CONN_WELCOME);
    } else {
        conn_arm(conn, worker_config(conn->worker)->limit.silence_ms);
        conn_enter(conn, CONN_GUESS);
    }
    return ST_OK;
}

enum st_rc conn_door(struct conn *conn)
{
    const struct pol_listen *listen = conn->listen;
    int fd = link_fd(conn->client);

    if (listen->kind == POL_TRANSPARENT)
        conn->env.near = before_redirect(fd);
    else if (listen->kind == POL_TPROXY)
        conn->env.near = before_tproxy(fd, listen);
    if (pol_is_transparent(listen->kind) && link_is_ours(&conn->worker->loop, &conn->from))
        return turn_away(conn, &conn->worker->counts.loops);
    if (listen->proxy_protocol.n == 0)
        return let_in(conn);
    if (!pol_networks_have(&listen->proxy_protocol, conn->from.bytes))
        return turn_away(conn, &conn->worker->counts.proxy_refused);
    conn_arm(conn, worker_config(conn->worker)->limit.hello_ms);
    conn_enter(conn, CONN_PROXY);
    return ST_OK;
}

enum st_rc conn_proxy(struct conn *conn)
{
    struct evbuffer *in = link_in(conn->client);
    uint8_t bytes[PROXY_HEADER_MAX];
    size_t n = evbuffer_get_length(in);
    struct st_err err = ST_ERR_INIT;
    struct proxy_header header;
    enum st_rc rc;

    n = n > sizeof bytes ? sizeof bytes : n;
    rc = proxy_header_parse(st_span(bytes, n > 0 ? (size_t)evbuffer_copyout(in, bytes, n) : 0), &header, &err);
    if (rc == ST_AGAIN && !conn->is_late && link_state(conn->client) == LINK_OPEN)
        return ST_AGAIN;
    if (rc != ST_OK)
        return turn_away(conn, &conn->worker->counts.proxy_refused);
    wait_no_more(conn);
    (void)evbuffer_drain(in, header.n);
    link_update(conn->client);
    if (header.has_addresses) {
        conn->from = address_of((const struct sockaddr *)&header.from);
        if (pol_is_transparent(conn->listen->kind))
            conn->env.near = address_of((const struct sockaddr *)&header.to);
    }
    return let_in(conn);
}

/* ---- TLS with the proxy itself ---------------------------------------------------------------------------------- */

enum st_rc conn_welcome(struct conn *conn)
{
    struct tls *tls;

    if (link_state(conn->client) == LINK_CLOSED) {
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    if (conn->leaf_state == LEAF_DUE)
        return ST_AGAIN;
    if ((tls = conn_accept(conn)) == NULL)
        return ST_OK;
    tls_only_http1(tls);
    conn_arm(conn, worker_config(conn->worker)->upstream.handshake_ms);
    conn_enter(conn, CONN_GREET);
    link_start_tls(conn->client, tls);
    return ST_OK;
}

enum st_rc conn_greet(struct conn *conn)
{
    if (link_state(conn->client) == LINK_HANDSHAKE && !conn->is_late)
        return ST_AGAIN;
    if (link_state(conn->client) != LINK_OPEN)
        return turn_away(conn, &conn->worker->counts.client_tls_failed);
    wait_no_more(conn);
    conn_enter(conn, CONN_CLEAR);
    return ST_OK;
}

/* ---- a connection that was brought here ------------------------------------------------------------------------- */

/* It names no host, so its address is all there is to judge it by. ST_ERR: it may not go on. */
static enum st_rc judge_unnamed(struct conn *conn)
{
    struct pol_routed routed;

    conn->env.is_lent = conn_route(conn, conn->connect.host, &routed);
    conn->route = routed.route;
    conn->unknown = routed.unknown;
    if (routed.route != POL_PASS || routed.policy != NULL || conn->listen->unnamed == POL_UNNAMED_PASS)
        return ST_OK;
    conn->route = POL_REFUSE;
    conn->worker->counts.unnamed_refused++;
    return ST_ERR;
}

static enum st_rc open_named(struct conn *conn, const struct hello *hello)
{
    struct pol_routed routed;

    if (hello->sni[0] == '\0') {
        (void)judge_unnamed(conn); /* with TLS even a refusal is a page */
    } else {
        memcpy(conn->connect.host, hello->sni, sizeof conn->connect.host);
        conn->env.is_lent = conn_route(conn, hello->sni, &routed);
        conn->route = routed.route;
        conn->unknown = routed.unknown;
    }
    memcpy(conn->name, conn->connect.host, sizeof conn->name);
    conn->offers_http2 = hello->offers_h2;
    return conn->route == POL_PASS ? conn_start_reach(conn) : conn_start_prepare(conn);
}

/* Neither TLS nor HTTP, or a server that is to speak first. */
static enum st_rc pass_unknown(struct conn *conn)
{
    if (judge_unnamed(conn) == ST_OK && conn_passes_unknown(conn))
        return conn_start_reach(conn);
    conn->worker->counts.refused++;
    conn_end(conn, CONN_CUT);
    return ST_OK;
}

static enum st_rc start_clear(struct conn *conn)
{
    wait_no_more(conn);
    conn_enter(conn, CONN_CLEAR);
    return ST_OK;
}

enum st_rc conn_guess(struct conn *conn)
{
    struct st_span first = conn_first_bytes(conn);
    struct st_err err = ST_ERR_INIT;
    struct hello hello;
    enum st_rc rc;

    if (link_state(conn->client) == LINK_CLOSED || (link_state(conn->client) == LINK_ENDED && first.n == 0)) {
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    address_text(&conn->env.near, conn->connect.host);
    conn->connect.port = conn->env.near.port;
    if (first.n == 0)
        return conn->is_late ? pass_unknown(conn) : ST_AGAIN;
    rc = hello_parse(first, &hello, &err);
    if (rc == ST_AGAIN && !conn->is_late && link_state(conn->client) != LINK_ENDED)
        return ST_AGAIN;
    if (rc != ST_OK) {
        conn->worker->counts.refused++;
        conn_end(conn, CONN_CUT);
        return ST_OK;
    }
    switch (hello.kind) {
    case HELLO_TLS: return open_named(conn, &hello);
    case HELLO_HTTP: return start_clear(conn);
    case HELLO_OTHER: break;
    }
    return pass_unknown(conn);
}
