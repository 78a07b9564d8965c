/* SPDX-License-Identifier: Apache-2.0 */
/* client - the state machine of one load connection: connect, CONNECT, TLS handshake, request, reply.
 *
 * Sockets are registered once, edge-triggered for both directions, and every step goes on until the socket blocks: the
 * load's own system calls stay few, which matters where it shares a core with the origin. A request is sent with one
 * SSL_write where it fits. A slot keeps its newest session ticket; a ticket is offered once, as TLS 1.3 asks.
 */
#include "bench/client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

const char *plan_port(const struct plan *plan)
{
    return plan->target != NULL && plan->target[0] == ':' && strcmp(plan->target, ":443") != 0 ? plan->target : "";
}

void client_init(struct client *c, unsigned turn)
{
    memset(c, 0, sizeof *c);
    c->fd = -1;
    c->turn = turn;
}

static void hang_up(struct client *c)
{
    if (c->ssl != NULL) {
        /* Says goodbye as browsers do; an SSL freed without both flags would spoil its session. */
        if (SSL_is_init_finished(c->ssl))
            (void)SSL_shutdown(c->ssl);
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(c->ssl);
        ERR_clear_error();
    }
    if (c->fd >= 0)
        close(c->fd);
    streams_free(c->streams);
    c->streams = NULL;
    c->open = 0;
    c->frame_len = 0;
    c->ssl = NULL;
    c->fd = -1;
    c->state = CLIENT_AT_REST;
}

void client_fini(struct client *c)
{
    hang_up(c);
    SSL_SESSION_free(c->session);
    c->session = NULL;
}

enum client_event client_fail(struct client *c, const char *why)
{
    hang_up(c);
    c->why = why;
    return CLIENT_FAILED;
}

static void send_next(struct client *c, const char *bytes, size_t len, enum client_state state, enum client_state then)
{
    c->then = then;
    c->out = bytes;
    c->out_len = len;
    c->sent = 0;
    c->state = state;
}

static void begin_request(struct client *c, struct plan *plan)
{
    unsigned turn = c->turn++ % PLAN_REQUESTS;
    enum client_state then = plan->is_socket ? CLIENT_ECHO : CLIENT_AWAIT;

    message_begin(&c->reply, MESSAGE_REPLY);
    if (plan->requests[turn].bytes != NULL) {
        send_next(c, plan->requests[turn].bytes, plan->requests[turn].len, CLIENT_SEND, then);
        return;
    }
    snprintf(c->own, sizeof c->own, "GET %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: stoa-bench\r\nAccept: */*\r\n\r\n",
             plan->path, c->name, plan_port(plan));
    send_next(c, c->own, strlen(c->own), CLIENT_SEND, then);
}

bool client_has_room(const struct client *c, const struct plan *plan)
{
    return c->open < plan->streams;
}

static bool ask_stream(struct client *c)
{
    c->state = CLIENT_STREAMS;
    return streams_ask(c->streams, c->turn++, c->began);
}

/* From loopback wherever it goes: rules that redirect connections ask for that. */
static bool dial(struct client *c, const struct plan *plan)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int yes = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return false;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(c->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(c->fd, (const struct sockaddr *)&plan->to, sizeof plan->to) != 0 && errno != EINPROGRESS)) {
        hang_up(c);
        return false;
    }
    return true;
}

bool client_begin(struct client *c, struct plan *plan, int epoll)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

    c->began = bench_now();
    c->open += plan->streams > 0;
    if (c->streams != NULL)
        return ask_stream(c);
    if (c->fd >= 0 && plan->streams > 0)
        return true; /* asked when the handshake is done */
    if (c->fd >= 0) {
        begin_request(c, plan);
        return true;
    }
    if (plan->has_names)
        snprintf(c->name, sizeof c->name, "n%u.%.100s", plan->next_name++, plan->name);
    else
        snprintf(c->name, sizeof c->name, "%.100s", plan->name);
    if (!dial(c, plan))
        return false;
    c->state = CLIENT_OPEN;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static bool start_tls(struct client *c, struct plan *plan)
{
    if ((c->ssl = SSL_new(plan->tls)) == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
        return false;
    SSL_set_app_data(c->ssl, c);
    SSL_set_connect_state(c->ssl);
    if (SSL_set_tlsext_host_name(c->ssl, c->name) != 1 || SSL_set1_host(c->ssl, c->name) != 1)
        return false;
    if (plan->resumes && c->session != NULL) {
        (void)SSL_set_session(c->ssl, c->session);
        SSL_SESSION_free(c->session);
        c->session = NULL;
        plan->offered++;
    }
    c->state = CLIENT_SHAKE;
    return true;
}

/* The socket is connected: CONNECT first where there is a proxy that wants it. */
static enum client_event after_open(struct client *c, struct plan *plan)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;

    if (getpeername(c->fd, (struct sockaddr *)&peer, &len) != 0) {
        if (errno == ENOTCONN) {
            int fault = 0;
            len = sizeof fault;
            (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &fault, &len);
            return fault == 0 ? CLIENT_BLOCKED : client_fail(c, "connect");
        }
        return client_fail(c, "connect");
    }
    if (plan->target == NULL)
        return start_tls(c, plan) ? CLIENT_GOES_ON : client_fail(c, "TLS set-up");
    const char *host = plan->target[0] == ':' ? c->name : "";
    snprintf(c->own, sizeof c->own, "CONNECT %s%.64s HTTP/1.1\r\nHost: %s%.64s\r\n\r\n", host, plan->target, host,
             plan->target);
    send_next(c, c->own, strlen(c->own), CLIENT_ASK, CLIENT_ASKED);
    return CLIENT_GOES_ON;
}

static enum client_event ask(struct client *c)
{
    ssize_t n = send(c->fd, c->out + c->sent, c->out_len - c->sent, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN ? CLIENT_BLOCKED : client_fail(c, "sending CONNECT");
    c->sent += (size_t)n;
    if (c->sent < c->out_len)
        return CLIENT_GOES_ON;
    message_begin(&c->reply, MESSAGE_CONNECT_REPLY);
    c->state = c->then;
    return CLIENT_GOES_ON;
}

static enum client_event hear_proxy(struct client *c, struct plan *plan)
{
    char bytes[1024];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

    if (n < 0 && errno == EAGAIN)
        return CLIENT_BLOCKED;
    if (n <= 0)
        return client_fail(c, "the proxy hung up at CONNECT");
    /* Nothing may follow the reply: the server of TLS speaks second. */
    if (message_feed(&c->reply, bytes, (size_t)n) != (size_t)n)
        return client_fail(c, "bytes after the reply to CONNECT");
    if (c->reply.state == MESSAGE_HEAD)
        return CLIENT_GOES_ON;
    if (c->reply.state != MESSAGE_DONE || c->reply.status != 200)
        return client_fail(c, "CONNECT refused");
    return start_tls(c, plan) ? CLIENT_GOES_ON : client_fail(c, "TLS set-up");
}

/* HTTP/2 was agreed on: all that was asked while the connection was made. */
static bool start_streams(struct client *c, const struct plan *plan)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(c->ssl, &chosen, &len);
    if (len != 2 || (c->streams = streams_new(plan)) == NULL)
        return false;
    for (unsigned i = 0; i < c->open; i++)
        if (!ask_stream(c))
            return false;
    return true;
}

/* What an SSL call that did not succeed means. */
static enum client_event blocked_or(struct client *c, int result, const char *why)
{
    int error = SSL_get_error(c->ssl, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? CLIENT_BLOCKED : client_fail(c, why);
}

static enum client_event shake(struct client *c, struct plan *plan)
{
    int result = SSL_do_handshake(c->ssl);

    if (result != 1)
        return blocked_or(c, result, SSL_get_verify_result(c->ssl) == X509_V_OK ? "handshake" : "certificate");
    plan->handshakes++;
    plan->resumed += (uint64_t)SSL_session_reused(c->ssl);
    if (plan->streams > 0)
        return start_streams(c, plan) ? CLIENT_GOES_ON : client_fail(c, "no HTTP/2");
    if (plan->is_socket) {
        message_begin(&c->reply, MESSAGE_CONNECT_REPLY);
        send_next(c, plan->handshake.bytes, plan->handshake.len, CLIENT_SEND, CLIENT_SWITCH);
    } else {
        begin_request(c, plan);
    }
    return CLIENT_GOES_ON;
}

static enum client_event write_out(struct client *c)
{
    int result = SSL_write(c->ssl, c->out + c->sent, (int)(c->out_len - c->sent));

    if (result <= 0)
        return blocked_or(c, result, "sending a request");
    c->sent += (size_t)result;
    if (c->sent == c->out_len)
        c->state = c->then;
    return CLIENT_GOES_ON;
}

/* One read; the reply may come while the request is still being sent (a refusal), so senders look here too. */
static enum client_event hear_server(struct client *c, const struct plan *plan)
{
    static char bytes[65536];
    int result = SSL_read(c->ssl, bytes, sizeof bytes);

    if (result <= 0) {
        if (message_end(&c->reply) && SSL_get_error(c->ssl, result) == SSL_ERROR_ZERO_RETURN) {
            c->reply.state = MESSAGE_DONE;
            c->reply.is_last = true;
        } else {
            return blocked_or(c, result, "reading a reply");
        }
    } else if (message_feed(&c->reply, bytes, (size_t)result) != (size_t)result || c->reply.state == MESSAGE_BAD) {
        return client_fail(c, "a reply that is none");
    }
    if (c->reply.state != MESSAGE_DONE)
        return CLIENT_GOES_ON;
    if (plan->is_fresh || c->reply.is_last || c->sent < c->out_len)
        hang_up(c);
    c->state = CLIENT_AT_REST;
    return CLIENT_GOES_ON;
}

/* The answer to the handshake of a WebSocket; then the message that was asked for goes out. */
static enum client_event hear_switch(struct client *c, struct plan *plan)
{
    char bytes[1024];
    int result = SSL_read(c->ssl, bytes, sizeof bytes);

    if (result <= 0)
        return blocked_or(c, result, "reading the answer to a WebSocket's handshake");
    if (message_feed(&c->reply, bytes, (size_t)result) != (size_t)result)
        return client_fail(c, "bytes after the handshake of a WebSocket");
    if (c->reply.state == MESSAGE_HEAD)
        return CLIENT_GOES_ON;
    if (c->reply.status != 101)
        return client_fail(c, "no WebSocket");
    begin_request(c, plan);
    return CLIENT_GOES_ON;
}

static enum client_event hear_echo(struct client *c)
{
    int result = SSL_read(c->ssl, c->frame + c->frame_len, (int)(sizeof c->frame - c->frame_len));
    size_t len, text_len = 0;
    unsigned opcode = 0;
    char *text;

    if (result <= 0)
        return blocked_or(c, result, "reading an echo");
    c->frame_len += (size_t)result;
    if ((len = echo_read(c->frame, c->frame_len, &text, &text_len, &opcode)) == 0)
        return c->frame_len < sizeof c->frame ? CLIENT_GOES_ON : client_fail(c, "a frame that is none");
    if (opcode != 1 || len != c->frame_len)
        return client_fail(c, "no echo");
    c->frame_len = 0;
    c->reply.status = 200;
    c->reply.body = text_len;
    c->state = CLIENT_AT_REST;
    return CLIENT_REPLIED;
}

/* One stream that ended, else what can be sent, else what can be read. */
static enum client_event step_streams(struct client *c, const struct plan *plan)
{
    static char bytes[65536];
    struct stream_reply reply;
    int result;

    if (streams_take(c->streams, &reply)) {
        c->reply.status = reply.status;
        c->reply.body = reply.body;
        c->began = reply.began;
        c->open--;
        if (c->open == 0 && plan->is_fresh)
            hang_up(c);
        if (c->open == 0)
            c->state = CLIENT_AT_REST;
        return CLIENT_REPLIED;
    }
    if (c->sent == c->out_len) {
        c->sent = 0;
        c->out_len = streams_out(c->streams, &c->out);
    }
    if (c->sent < c->out_len && (result = SSL_write(c->ssl, c->out + c->sent, (int)(c->out_len - c->sent))) > 0) {
        c->sent += (size_t)result;
        return CLIENT_GOES_ON;
    }
    ERR_clear_error();
    if ((result = SSL_read(c->ssl, bytes, sizeof bytes)) <= 0)
        return blocked_or(c, result, "reading streams");
    return streams_feed(c->streams, bytes, (size_t)result) ? CLIENT_GOES_ON : client_fail(c, "the streams ended");
}

static enum client_event send_request(struct client *c, const struct plan *plan)
{
    enum client_event event = write_out(c);

    return event == CLIENT_BLOCKED && c->then == CLIENT_AWAIT ? hear_server(c, plan) : event;
}

enum client_event client_step(struct client *c, struct plan *plan)
{
    enum client_event event = CLIENT_GOES_ON;

    if (c->state == CLIENT_AT_REST)
        return CLIENT_BLOCKED; /* a ticket or a close while nothing is asked; the next request will see it */
    while (event == CLIENT_GOES_ON) {
        switch (c->state) {
        case CLIENT_OPEN: event = after_open(c, plan); break;
        case CLIENT_ASK: event = ask(c); break;
        case CLIENT_ASKED: event = hear_proxy(c, plan); break;
        case CLIENT_SHAKE: event = shake(c, plan); break;
        case CLIENT_SEND: event = send_request(c, plan); break;
        case CLIENT_SWITCH: event = hear_switch(c, plan); break;
        case CLIENT_ECHO: event = hear_echo(c); break;
        case CLIENT_STREAMS: event = step_streams(c, plan); break;
        case CLIENT_AWAIT: event = hear_server(c, plan); break;
        case CLIENT_AT_REST: return CLIENT_REPLIED;
        }
    }
    return event;
}
