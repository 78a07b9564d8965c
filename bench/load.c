/* SPDX-License-Identifier: Apache-2.0 */
/* load - the load generator: HTTP/1.1, HTTP/2 or WebSocket over TLS, by CONNECT or straight; loopback only.
 *
 * usage: load --to 127.0.0.1:PORT --name HOST --ca FILE (--get PATH | --post BYTES [--secret] | --echo BYTES) [more,
 * see `options`]
 *
 * A closed loop of N clients in one thread, bounded by a count of requests and by time. First every client does its
 * warm-up; then `ready` is printed and, with --gate, a line on standard input awaited, so that the caller can read the
 * proxy's CPU time between the two; then the run; then one line of JSON, and with --gate another line is awaited before
 * the connections are closed. An idle test is --requests 0 (or one more for each with --each 1) between those two
 * lines. Latency is from the first byte sent (of the connection, where each request has a new one) to the last one of
 * the reply.
 */
#include "bench/client.h"
#include "bench/histogram.h"
#include "bench/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define CONNECTIONS_MAX 20000
#define BODY_MAX        (16U << 20)
#define FAILURES_MAX    200
#define REPLY_DEADLINE  30000000000U /* ns */

struct load {
    struct plan plan;
    struct client *clients;
    int epoll;
    unsigned connections, at_once, warmup, each;
    uint64_t requests;
    double seconds;
    size_t post;
    const char *ca;
    bool has_secret, has_gate;
    /* of the phase that runs */
    unsigned active, next, quota;
    uint64_t begun, limit, deadline;
    uint64_t ok, refused, failed, bytes;
    const char *why; /* of the last failure */
    struct histogram times;
};

static int die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    return 2;
}

/* ---- options ------------------------------------------------------------------------------------------------------
 */

enum option_key {
    OPT_TO = 256,
    OPT_TARGET,
    OPT_NAME,
    OPT_CA,
    OPT_GET,
    OPT_POST,
    OPT_SECRET,
    OPT_ECHO,
    OPT_STREAMS,
    OPT_CONNECTIONS,
    OPT_AT_ONCE,
    OPT_WARMUP,
    OPT_REQUESTS,
    OPT_EACH,
    OPT_SECONDS,
    OPT_FRESH,
    OPT_RESUME,
    OPT_NAMES,
    OPT_GATE
};

static const struct option options[] = {
    { "to", required_argument, NULL, OPT_TO },           /* IPv4:PORT of the proxy or server */
    { "target", required_argument, NULL, OPT_TARGET },   /* CONNECT to HOST:PORT; ":PORT": to the name */
    { "name", required_argument, NULL, OPT_NAME },       /* SNI, certificate, Host */
    { "ca", required_argument, NULL, OPT_CA },           /* PEM: who may have signed the certificate */
    { "get", required_argument, NULL, OPT_GET },         /* the path */
    { "post", required_argument, NULL, OPT_POST },       /* bytes of JSON to /post */
    { "secret", no_argument, NULL, OPT_SECRET },         /* with a valid IBAN in each body */
    { "echo", required_argument, NULL, OPT_ECHO },       /* bytes of each WebSocket message */
    { "streams", required_argument, NULL, OPT_STREAMS }, /* HTTP/2, and so many streams on each connection */
    { "connections", required_argument, NULL, OPT_CONNECTIONS },
    { "at-once", required_argument, NULL, OPT_AT_ONCE },   /* of them active at a time; default all */
    { "warmup", required_argument, NULL, OPT_WARMUP },     /* requests of each client before the run; default 2 */
    { "requests", required_argument, NULL, OPT_REQUESTS }, /* of the run, together; default no more than time allows */
    { "each", required_argument, NULL, OPT_EACH },         /* of the run, for each client */
    { "seconds", required_argument, NULL, OPT_SECONDS },   /* of the run; default 10 */
    { "fresh", no_argument, NULL, OPT_FRESH },             /* a new connection for each request */
    { "resume", no_argument, NULL, OPT_RESUME },           /* offer the last session */
    { "names", required_argument, NULL, OPT_NAMES },       /* a name never used for each connection, from this number */
    { "gate", no_argument, NULL, OPT_GATE },               /* wait for a line before the run and after it */
    { NULL, 0, NULL, 0 }
};

static bool number(const char *text, uint64_t max, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out <= max;
}

static bool address(const char *text, struct sockaddr_in *to)
{
    char host[32];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;

    if (colon == NULL || (size_t)(colon - text) >= sizeof host || !number(colon + 1, 65535, &port))
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    to->sin_family = AF_INET;
    to->sin_port = htons((uint16_t)port);
    /* Loopback and the network of benchmarks (RFC 2544) only: this is no tool to put load on others' machines. */
    return inet_pton(AF_INET, host, &to->sin_addr) == 1 &&
           ((ntohl(to->sin_addr.s_addr) >> 24) == 127 || (ntohl(to->sin_addr.s_addr) & 0xfffe0000u) == 0xc6120000u);
}

static bool take_number(struct load *l, int key, const char *text)
{
    uint64_t value = 0;
    char *end = NULL;

    if (key == OPT_SECONDS) {
        l->seconds = strtod(text, &end);
        return *end == '\0' && l->seconds >= 0 && l->seconds <= 3600;
    }
    if (!number(text, key == OPT_CONNECTIONS || key == OPT_AT_ONCE ? CONNECTIONS_MAX : 1U << 30, &value))
        return false;
    switch (key) {
    case OPT_CONNECTIONS: l->connections = (unsigned)value; return value > 0;
    case OPT_AT_ONCE: l->at_once = (unsigned)value; return value > 0;
    case OPT_WARMUP: l->warmup = (unsigned)value; return true;
    case OPT_REQUESTS: l->requests = value; return true;
    case OPT_EACH: l->each = (unsigned)value; return true;
    case OPT_NAMES:
        l->plan.has_names = l->plan.is_fresh = true;
        l->plan.next_name = (unsigned)value;
        return true;
    case OPT_POST:
        snprintf(l->plan.path, sizeof l->plan.path, "/post");
        l->post = value;
        return value >= TEXT_MIN && value <= BODY_MAX;
    case OPT_ECHO:
        snprintf(l->plan.path, sizeof l->plan.path, ECHO_PATH);
        l->plan.is_socket = true;
        l->post = value;
        return value >= TEXT_MIN && value <= ECHO_FRAME_MAX / 2;
    case OPT_STREAMS: l->plan.streams = (unsigned)value; return value > 0 && value <= STREAMS_MAX;
    default: return false;
    }
}

static bool take_option(struct load *l, int key, const char *text)
{
    switch (key) {
    case OPT_TO: return address(text, &l->plan.to);
    case OPT_TARGET: l->plan.target = text; return true;
    case OPT_NAME: l->plan.name = text; return true;
    case OPT_CA: l->ca = text; return true;
    case OPT_GET: return (size_t)snprintf(l->plan.path, sizeof l->plan.path, "%s", text) < sizeof l->plan.path;
    case OPT_SECRET: l->has_secret = true; return true;
    case OPT_FRESH: l->plan.is_fresh = true; return true;
    case OPT_RESUME: l->plan.is_fresh = l->plan.resumes = true; return true;
    case OPT_GATE: l->has_gate = true; return true;
    default: return take_number(l, key, text);
    }
}

/* ---- setting up ---------------------------------------------------------------------------------------------------
 */

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct client *c = SSL_get_app_data(ssl);

    SSL_SESSION_free(c->session);
    c->session = session;
    return 1; /* the reference is the slot's */
}

static bool set_up_tls(struct load *l)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    const char *alpn = l->plan.streams > 0 ? "\x02h2" : "\x08http/1.1";

    l->plan.tls = tls;
    if (tls == NULL || SSL_CTX_load_verify_locations(tls, l->ca, NULL) != 1 ||
        SSL_CTX_set_alpn_protos(tls, (const unsigned char *)alpn, (unsigned)strlen(alpn)) != 0)
        return false;
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, keep_ticket);
    return true;
}

/* The handshake of a WebSocket and the frames that are sent on it. */
static bool set_up_messages(struct load *l)
{
    static char handshake[512];

    l->plan.handshake.bytes = handshake;
    l->plan.handshake.len =
        (size_t)snprintf(handshake, sizeof handshake,
                         "GET %s HTTP/1.1\r\nHost: %.100s%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         l->plan.path, l->plan.name, plan_port(&l->plan));
    for (unsigned i = 0; i < PLAN_REQUESTS; i++) {
        char *text = text_json(l->post, i, l->has_secret), *frame = malloc(l->post + 16);

        l->plan.requests[i].bytes = frame;
        if (text != NULL && frame != NULL)
            l->plan.requests[i].len = echo_mask(text, l->post, frame);
        free(text);
        if (l->plan.requests[i].len == 0)
            return false;
    }
    return true;
}

/* Every request of the run is made now: what is sent later is one block. */
static bool set_up_requests(struct load *l)
{
    for (unsigned i = 0; i < PLAN_REQUESTS && !l->plan.has_names; i++) {
        char head[512], *body = NULL, *whole;
        int len =
            snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: %.100s%s\r\nUser-Agent: stoa-bench\r\nAccept: */*\r\n",
                     l->post > 0 ? "POST" : "GET", l->plan.path, l->plan.name, plan_port(&l->plan));

        if (l->post > 0) {
            len += snprintf(head + len, sizeof head - (size_t)len,
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n", l->post);
            if ((body = text_json(l->post, i, l->has_secret)) == NULL)
                return false;
        }
        len += snprintf(head + len, sizeof head - (size_t)len, "\r\n");
        whole = malloc((size_t)len + l->post + 1);
        if (whole != NULL) {
            memcpy(whole, head, (size_t)len);
            if (body != NULL)
                memcpy(whole + len, body, l->post);
            l->plan.requests[i].bytes = whole;
            l->plan.requests[i].len = (size_t)len + l->post;
            l->plan.requests[i].head_len = (size_t)len;
        }
        free(body);
        if (whole == NULL)
            return false;
    }
    return true;
}

static bool set_up(struct load *l)
{
    struct rlimit files = { CONNECTIONS_MAX + 64, CONNECTIONS_MAX + 64 };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    (void)setrlimit(RLIMIT_NOFILE, &files); /* what may be had; a socket that is refused is a failure that shows */
    sigaction(SIGPIPE, &ignore, NULL);
    if (l->at_once == 0 || l->at_once > l->connections)
        l->at_once = l->connections;
    l->clients = calloc(l->connections, sizeof *l->clients);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->clients == NULL || l->epoll < 0 || !set_up_tls(l) ||
        !(l->plan.is_socket ? set_up_messages(l) : set_up_requests(l)))
        return false;
    for (unsigned i = 0; i < l->connections; i++)
        client_init(&l->clients[i], i);
    return true;
}

static void tear_down(struct load *l)
{
    for (unsigned i = 0; i < l->connections; i++)
        client_fini(&l->clients[i]);
    for (unsigned i = 0; i < PLAN_REQUESTS; i++)
        free(l->plan.requests[i].bytes);
    free(l->clients);
    SSL_CTX_free(l->plan.tls);
}

/* ---- running ------------------------------------------------------------------------------------------------------
 */

static bool may_ask(const struct load *l, const struct client *c)
{
    return c->asked < l->quota && l->begun < l->limit && l->failed < FAILURES_MAX && bench_now() < l->deadline;
}

static void note(struct load *l, const struct client *c, enum client_event event)
{
    if (event == CLIENT_FAILED) {
        l->failed++;
        l->why = c->why;
        return;
    }
    histogram_add(&l->times, bench_now() - c->began);
    l->bytes += c->reply.body;
    if (c->reply.status >= 200 && c->reply.status < 300) {
        l->ok++;
    } else if (c->reply.status >= 400 && c->reply.status < 500) {
        l->refused++;
    } else {
        l->failed++;
        l->why = "a status that is neither 2xx nor 4xx";
    }
}

static enum client_event ask(struct load *l, struct client *c)
{
    do {
        c->asked++;
        l->begun++;
        if (!client_begin(c, &l->plan, l->epoll))
            return client_fail(c, "socket");
    } while (client_has_room(c, &l->plan) && may_ask(l, c));
    return client_step(c, &l->plan);
}

/* Follows an event of a client until it blocks or has nothing more to ask. */
static void follow(struct load *l, struct client *c, enum client_event event)
{
    while (event != CLIENT_BLOCKED) {
        note(l, c, event);
        if (may_ask(l, c)) {
            event = ask(l, c);
        } else if (c->open > 0) {
            event = client_step(c, &l->plan);
        } else {
            l->active--;
            return;
        }
    }
}

static void launch(struct load *l)
{
    while (l->active < l->at_once && l->next < l->connections) {
        struct client *c = &l->clients[l->next++];
        c->asked = 0;
        if (!may_ask(l, c))
            continue;
        l->active++;
        follow(l, c, ask(l, c));
    }
}

/* A peer that never answers must not hold the run. */
static void sweep(struct load *l)
{
    uint64_t now = bench_now();

    for (unsigned i = 0; i < l->connections; i++) {
        struct client *c = &l->clients[i];
        if (c->state != CLIENT_AT_REST && now - c->began > REPLY_DEADLINE)
            follow(l, c, client_fail(c, "no reply in 30 s"));
    }
}

static void run(struct load *l, unsigned quota, uint64_t limit, double seconds)
{
    struct epoll_event events[256];
    uint64_t swept = bench_now();

    l->next = 0;
    l->quota = quota;
    l->limit = limit;
    l->begun = l->ok = l->refused = l->failed = l->bytes = 0;
    l->plan.handshakes = l->plan.offered = l->plan.resumed = 0;
    memset(&l->times, 0, sizeof l->times);
    l->deadline = swept + (uint64_t)(seconds * 1e9);
    for (launch(l); l->active > 0; launch(l)) {
        int n = epoll_wait(l->epoll, events, 256, 1000);

        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c->state != CLIENT_AT_REST)
                follow(l, c, client_step(c, &l->plan));
        }
        if (bench_now() - swept > 1000000000U) {
            sweep(l);
            swept = bench_now();
        }
    }
}

static void await_line(const struct load *l)
{
    int byte;

    fflush(stdout);
    if (!l->has_gate)
        return;
    do {
        byte = getchar();
    } while (byte != '\n' && byte != EOF);
}

static void report(const struct load *l, double seconds)
{
    const struct histogram *h = &l->times;

    printf("{\"requests\": %ju, \"ok\": %ju, \"refused\": %ju, \"failed\": %ju, \"why\": \"%s\", \"seconds\": %.4f, ",
           (uintmax_t)(l->ok + l->refused + l->failed), (uintmax_t)l->ok, (uintmax_t)l->refused, (uintmax_t)l->failed,
           l->why != NULL ? l->why : "", seconds);
    printf("\"bytes\": %ju, \"handshakes\": %ju, \"offered\": %ju, \"resumed\": %ju, ", (uintmax_t)l->bytes,
           (uintmax_t)l->plan.handshakes, (uintmax_t)l->plan.offered, (uintmax_t)l->plan.resumed);
    printf("\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}\n", (double)histogram_at(h, 0.5) / 1e3,
           (double)histogram_at(h, 0.99) / 1e3, (double)histogram_at(h, 0.999) / 1e3, (double)h->max / 1e3);
}

int main(int argc, char **argv)
{
    static struct load l = { .connections = 1, .warmup = 2, .each = 1U << 30, .requests = UINT64_MAX, .seconds = 10 };
    uint64_t before;
    int key;

    while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (key == '?' || !take_option(&l, key, optarg))
            return die("an option that is none, or a value out of bounds; see bench/load.c");
    }
    if (optind != argc || l.plan.to.sin_port == 0 || l.plan.name == NULL || l.ca == NULL || l.plan.path[0] == '\0')
        return die("needs --to, --name, --ca and one of --get, --post and --echo; see bench/load.c");
    if (!set_up(&l))
        return die("no memory, no epoll, or the --ca file cannot be read");
    run(&l, l.warmup, UINT64_MAX, 120);
    if (l.failed > 0)
        fprintf(stderr, "load: %ju requests of the warm-up failed: %s\n", (uintmax_t)l.failed, l.why);
    printf("ready\n");
    await_line(&l);
    before = bench_now();
    run(&l, l.each, l.requests, l.seconds);
    report(&l, (double)(bench_now() - before) / 1e9);
    await_line(&l);
    tear_down(&l);
    return 0;
}
