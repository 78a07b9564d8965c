/* SPDX-License-Identifier: Apache-2.0 */
/* txn_test - exchanges through a whole worker in one loop: a client's bytes in, what the origin saw and the answer out.
 *
 * The connection is in clear (absolute form), so that both sides are plain text; conn.c, txn.c, exchange.c, upstream.c
 * and resolve.c are the real ones, the origin is a listener of this test on loopback.
 */
#include "gateway/conn.h"
#include "gateway/joint.h"
#include "gateway/later.h"
#include "gateway/listen.h"
#include "house.h"
#include "house_worker.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct rig {
    struct worker worker;
    struct rules rules;
    struct listener *listener;
    struct link *origin, *client;
    int recorder[2]; /* the outbox's end and the recorder's, which answers nothing */
    uint16_t port;
    unsigned origins;     /* connections that the origin took */
    struct st_buf seen;   /* by the origin */
    struct st_buf answer; /* to the client */
    const char *reply;    /* of the origin, sent when `until` was seen; NULL: silent */
    const char *until;
    bool closes; /* after the reply */
};

static struct generation *gen;

static void take(struct link *link, struct st_buf *to)
{
    size_t n = evbuffer_get_length(link_in(link));
    uint8_t *room = st_buf_room(to, n + 1);

    T_CHECK(room != NULL, "room");
    to->n += (size_t)evbuffer_remove(link_in(link), room, n);
    to->p[to->n] = 0;
    link_update(link);
}

static void on_origin(void *ctx)
{
    struct rig *r = ctx;

    take(r->origin, &r->seen);
    if (r->reply == NULL || st_span_find(st_buf_view(&r->seen), st_span_str(r->until)) == ST_SPAN_NPOS)
        return;
    evbuffer_add(link_out(r->origin), r->reply, strlen(r->reply));
    r->reply = NULL;
    if (r->closes)
        link_end(r->origin);
    link_update(r->origin);
}

static void on_client(void *ctx)
{
    struct rig *r = ctx;

    take(r->client, &r->answer);
}

static void on_accept(void *ctx, int fd, const struct sockaddr *from)
{
    struct rig *r = ctx;

    (void)from;
    link_free(r->origin);
    r->origins++;
    r->origin = link_new(&r->worker.loop, fd, on_origin, r);
}

static void connect_client(struct rig *r)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fds[2];

    link_free(r->client);
    T_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    r->client = link_new(&r->worker.loop, fds[0], on_client, r);
    conn_start(&r->worker, fds[1], (struct sockaddr *)&from, 0);
}

/* The origin's listening socket and the generation that names its port: one for all tests, since packs take their time
 * to compile. */
static int open_house(uint16_t *port)
{
    static int fd = -1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    char more[600];

    if (fd < 0) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        T_CHECK(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0, "listener");
    }
    T_CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0, "listener");
    *port = ntohs(at.sin_port);
    (void)snprintf(more, sizeof more,
                   "resolver:\n  hosts:\n    site.test: \"127.0.0.1:%u\"\n    gone.test: \"127.0.0.1:9\"\n"
                   "limit:\n  body_memory: 64KiB\n  body_max: 1MiB\n  head: 5s\n",
                   *port);
    if (gen == NULL)
        gen = house_generation(HOUSE_OPEN_TESTS, more);
    return dup(fd);
}

static void setup(struct rig *r)
{
    struct worker *w = &r->worker;
    struct st_err err = ST_ERR_INIT;
    int fd;

    memset(r, 0, sizeof *r);
    fd = open_house(&r->port);
    w->child = house_child();
    w->loop = (struct link_loop){ .base = fam_base(w->child), .timers = fam_timers(w->child) };
    w->loop.later = later_new(w->loop.base);
    r->rules = (struct rules){ .refs = 1, .gen = gen };
    w->rules = &r->rules;
    T_OK(flt_scanner_new(pol_set_packs(gen->policies), &r->rules.scanner, &err), err);
    T_OK(resolver_new(&w->loop, gen->config, &w->resolver, &err), err);
    w->tls = house_tls(gen->config);
    w->leaves = leaf_cache_new(w->child, &w->loop, w->tls, &(struct leaf_limits){ 4096, 600 });
    w->pool = upstream_pool_new(&w->loop, w->resolver, w->tls, gen->config);
    w->pipes = joint_pipes_new();
    w->outbox = outbox_new(w->child, 1 << 20);
    T_OK(ipc_pair(r->recorder, &err), err);
    outbox_peer(w->outbox, r->recorder[0]);
    (void)snprintf(w->spool_dir, sizeof w->spool_dir, "%s/spool", t_tmpdir());
    r->listener = listener_new(&w->loop, fd, on_accept, r);
    st_buf_init(&r->seen, 8 << 20);
    st_buf_init(&r->answer, 8 << 20);
    connect_client(r);
}

static void teardown(struct rig *r)
{
    struct worker *w = &r->worker;

    link_free(r->client);
    link_free(r->origin);
    listener_free(r->listener);
    conn_free_all(w);
    link_free_finishing(&w->loop);
    upstream_pool_free(w->pool);
    later_free(w->loop.later);
    T_CHECK(w->n_conns == 0 && w->loop.links == 0, "%zu connections, %llu links left", w->n_conns,
            (unsigned long long)w->loop.links);
    T_CHECK(r->rules.refs == 1, "%u references to the rules", r->rules.refs);
    leaf_cache_free(w->leaves);
    joint_pipes_free(w->pipes);
    outbox_free(w->outbox);
    close(r->recorder[1]);
    resolver_free(w->resolver);
    tls_context_free(w->tls);
    flt_scanner_free(r->rules.scanner);
    fam_child_free(w->child);
    st_buf_fini(&r->seen);
    st_buf_fini(&r->answer);
}

static void say(struct rig *r, const char *text)
{
    evbuffer_add(link_out(r->client), text, strlen(text));
    link_update(r->client);
}

static bool answered(const struct rig *r, const char *part)
{
    return st_span_find(st_buf_view(&r->answer), st_span_str(part)) != ST_SPAN_NPOS;
}

static bool saw(const struct rig *r, const char *part)
{
    return st_span_find(st_buf_view(&r->seen), st_span_str(part)) != ST_SPAN_NPOS;
}

static void forget(struct rig *r)
{
    st_buf_reset(&r->seen);
    st_buf_reset(&r->answer);
    if (r->seen.p != NULL)
        r->seen.p[0] = 0;
    if (r->answer.p != NULL)
        r->answer.p[0] = 0;
}

#define POST  "POST http://site.test/post HTTP/1.1\r\nHost: site.test\r\nContent-Type: text/plain\r\n"
#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"

T_TEST(what_is_allowed_goes_through_and_back)
{
    struct rig r;

    setup(&r);
    r.until = "hello";
    r.reply = "HTTP/1.1 200 OK\r\nAlt-Svc: h3\r\nX-Odd: 1\r\nContent-Length: 4\r\n\r\nfine";
    say(&r, POST "Accept-Encoding: br, dcb, x\r\nX-oDD: a\r\nContent-Length: 5\r\n\r\nhello");
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "fine"));
    T_CHECK(saw(&r, "POST /post HTTP/1.1\r\nHost: site.test\r\n"), "%s", (char *)r.seen.p);
    T_CHECK(saw(&r, "\r\nAccept-Encoding: br\r\nX-oDD: a\r\n"), "%s", (char *)r.seen.p);
    T_CHECK(answered(&r, "HTTP/1.1 200 OK\r\nX-Odd: 1\r\nContent-Length: 4\r\n\r\nfine"), "%s", (char *)r.answer.p);
    forget(&r);
    r.until = "GET /two";
    r.reply = OK200;
    say(&r, "GET http://site.test/two HTTP/1.1\r\nHost: site.test\r\n\r\n");
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "fine"));
    T_CHECK(r.origins == 1, "%u connections for two exchanges", r.origins);
    T_CHECK(outbox_pending(r.worker.outbox) == 0, "ordinary traffic left a record");
    teardown(&r);
}

/* The one invariant: whatever the cut, not a byte of the request reaches the origin. */
T_TEST(what_is_blocked_never_leaves_at_any_cut)
{
    static const char MESSAGE[] = POST "Content-Length: 33\r\n\r\npay DE02 1203 0000 0000 2020 51 !";
    struct rig r;

    setup(&r);
    for (size_t cut = 1; cut < sizeof MESSAGE - 1; cut += 3) {
        char first[sizeof MESSAGE];

        (void)snprintf(first, sizeof first, "%.*s", (int)cut, MESSAGE);
        forget(&r);
        say(&r, first);
        for (int i = 0; i < 3; i++)
            event_base_loop(r.worker.loop.base, EVLOOP_NONBLOCK);
        say(&r, MESSAGE + cut);
        HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "\r\n\r\n"));
        T_CHECK(answered(&r, "HTTP/1.1 403 "), "cut %zu: %s", cut, (char *)r.answer.p);
        T_CHECK(!answered(&r, "2020 51"), "the text came back");
        T_CHECK(r.origins == 0 && r.seen.n == 0, "cut %zu: the origin was reached", cut);
    }
    T_CHECK(outbox_pending(r.worker.outbox) == (sizeof MESSAGE + 1) / 3, "%zu records",
            outbox_pending(r.worker.outbox));
    teardown(&r);
}

T_TEST(what_is_redacted_arrives_masked)
{
    struct rig r;

    setup(&r);
    r.until = "X-T: 1";
    r.reply = OK200;
    say(&r, POST "Transfer-Encoding: chunked\r\n\r\n6\r\ncard 4\r\n14\r\n111 1111 1111 1111 e\r\n2\r\nnd\r\n0\r\n"
                 "Content-MD5: x\r\nX-Checksum-Crc32: 1\r\nX-T: 1\r\n\r\n");
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "fine"));
    T_CHECK(!saw(&r, "4111") && !saw(&r, "1111"), "%s", (char *)r.seen.p);
    T_CHECK(saw(&r, "Transfer-Encoding: chunked\r\n\r\n") && saw(&r, "\r\n0\r\nX-T: 1\r\n\r\n"), "%s",
            (char *)r.seen.p);
    T_CHECK(answered(&r, "Stoa-Coach: "), "%s", (char *)r.answer.p);
    teardown(&r);
}

T_TEST(answers_of_the_gateways_own)
{
    static const struct {
        const char *request, *answer;
        bool closes;
    } TABLE[] = {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ", false },
        { "GET http://gone.test/ HTTP/1.1\r\nHost: gone.test\r\n\r\n", "HTTP/1.1 502 ", false },
        { "GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
          "HTTP/1.1 400 ", true },
        { "GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nExpect: tea\r\n\r\n", "HTTP/1.1 417 ", false },
        { "GET https://site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n", "HTTP/1.1 400 ", false },
        { "GET http://u@site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n", "HTTP/1.1 400 ", false },
        { POST "Content-Length: 9999999\r\n\r\n", "HTTP/1.1 413 ", true },
        { "GET http://site.test/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", true },
        { "GET http://site.test/ HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 ", true },
        { "CONNECT site.test HTTP/1.1\r\nHost: site.test\r\n\r\n", "HTTP/1.1 400 ", false },
        { "CONNECT site.test:443 HTTP/1.1\r\nHost: site.test\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 400 ", true },
    };

    t_ignore_log(ST_EV_PROTOCOL_ERROR); /* each worker tells it once a minute */
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct rig r;

        setup(&r);
        say(&r, TABLE[i].request);
        HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "</html>"));
        T_CHECK(answered(&r, TABLE[i].answer), "case %zu: %s", i, (char *)r.answer.p);
        T_CHECK(answered(&r, "Connection: close") == TABLE[i].closes, "case %zu: %s", i, (char *)r.answer.p);
        T_CHECK(r.seen.n == 0, "case %zu: the origin saw something", i);
        if (TABLE[i].closes)
            HOUSE_TURN_UNTIL(r.worker.child, link_state(r.client) == LINK_ENDED);
        teardown(&r);
    }
}

T_TEST(deadlines_are_kept)
{
    struct rig r;

    setup(&r); /* half a head */
    say(&r, "GET http://site.test/ HT");
    for (int i = 0; i < 5; i++)
        event_base_loop(r.worker.loop.base, EVLOOP_NONBLOCK);
    st_clock_turn(3600000);
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "HTTP/1.1 408 "));
    teardown(&r);
    setup(&r); /* half a body */
    say(&r, POST "Content-Length: 5\r\n\r\nhel");
    for (int i = 0; i < 5; i++)
        event_base_loop(r.worker.loop.base, EVLOOP_NONBLOCK);
    st_clock_turn(3600000);
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "HTTP/1.1 408 "));
    teardown(&r);
    setup(&r); /* no answer */
    say(&r, "GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n");
    HOUSE_TURN_UNTIL(r.worker.child, saw(&r, "\r\n\r\n"));
    st_clock_turn(3600000);
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "HTTP/1.1 504 "));
    teardown(&r);
    setup(&r); /* nothing at all */
    for (int i = 0; i < 5; i++)
        event_base_loop(r.worker.loop.base, EVLOOP_NONBLOCK);
    st_clock_turn(3600000);
    HOUSE_TURN_UNTIL(r.worker.child, link_state(r.client) == LINK_ENDED);
    T_CHECK(!answered(&r, "HTTP/"), "%s", (char *)r.answer.p);
    teardown(&r);
}

T_TEST(a_broken_answer_is_never_completed)
{
    static const struct {
        const char *reply, *answer;
        bool closes;
    } TABLE[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly", "HTTP/1.1 200 OK", true },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonlyX", "HTTP/1.1 200 OK", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP/1.1 502 ", false },
        { "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 502 ", false },
        { "nonsense\r\n", "HTTP/1.1 502 ", false },
        { "", "HTTP/1.1 502 ", true },
    };

    t_ignore_log(ST_EV_PROTOCOL_ERROR); /* each worker tells it once a minute */
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct rig r;

        setup(&r);
        r.until = "hello";
        r.reply = TABLE[i].reply;
        r.closes = TABLE[i].closes;
        say(&r, POST "Content-Length: 5\r\n\r\nhello");
        HOUSE_TURN_UNTIL(r.worker.child, answered(&r, TABLE[i].answer));
        if (strstr(TABLE[i].answer, "200") != NULL) {
            HOUSE_TURN_UNTIL(r.worker.child, link_state(r.client) == LINK_ENDED || link_state(r.client) == LINK_CLOSED);
            T_CHECK(!answered(&r, "\r\n0\r\n\r\n"), "case %zu: the end was made up", i);
        }
        teardown(&r);
    }
}

T_TEST(a_client_that_leaves_takes_its_exchange_along)
{
    struct rig r;

    setup(&r);
    say(&r, POST "Content-Length: 50\r\n\r\nhel");
    for (int i = 0; i < 5; i++)
        event_base_loop(r.worker.loop.base, EVLOOP_NONBLOCK);
    link_free(r.client);
    r.client = NULL;
    HOUSE_TURN_UNTIL(r.worker.child, r.worker.n_conns == 0);
    T_CHECK(r.origins == 0, "the origin was reached");
    teardown(&r);
}

T_TEST(no_record_no_answer)
{
    struct rig r;

    setup(&r);
    outbox_free(r.worker.outbox);
    r.worker.outbox = outbox_new(r.worker.child, 10); /* full from the start */
    t_expect_log(ST_EV_TXN_FAILED);
    say(&r, POST "Content-Length: 33\r\n\r\npay DE02 1203 0000 0000 2020 51 !");
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "</html>"));
    T_CHECK(answered(&r, "HTTP/1.1 503 ") || answered(&r, "HTTP/1.1 403 "), "%s", (char *)r.answer.p);
    T_CHECK(r.origins == 0, "the origin was reached");
    teardown(&r);
}

/* The recorder is away: the record is in the journal, so the verdict waits for nobody. */
T_TEST(no_recorder_no_waiting)
{
    struct st_err err = ST_ERR_INIT;
    struct rig r;
    int journal;

    setup(&r);
    outbox_free(r.worker.outbox);
    r.worker.outbox = outbox_new(r.worker.child, 1 << 20);
    T_OK(journal_create(&journal, &err), err);
    T_OK(outbox_keep(r.worker.outbox, journal, &err), err);
    t_expect_log(ST_EV_RECORDER_AWAY);
    say(&r, POST "Content-Length: 33\r\n\r\npay DE02 1203 0000 0000 2020 51 !");
    HOUSE_TURN_UNTIL(r.worker.child, answered(&r, "HTTP/1.1 403 "));
    T_CHECK(outbox_pending(r.worker.outbox) == 1 && r.origins == 0, "%zu records wait",
            outbox_pending(r.worker.outbox));
    teardown(&r);
}

T_TEST(zz_leaves_nothing)
{
    generation_release(gen);
}
