/* SPDX-License-Identifier: Apache-2.0 */
/* back_test - a WebSocket's switch on connections of HTTP/1, both sides: keys, what is no switch, and the pipes after.
 *
 * The origin is a listener of this test, the client the other end of a socket pair.
 */
#include "gateway/back.h"
#include "gateway/front.h"
#include "gateway/later.h"
#include "gateway/link.h"
#include "gateway/listen.h"
#include "gateway/resolve.h"
#include "gateway/upstream.h"
#include "gateway/ws.h"
#include "house.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const struct http1_limits LIMITS = { 65536, 128 };

static struct generation *gen; /* one for all tests: it takes seconds to make */

struct rig {
    struct fam_child *child;
    struct link_loop loop;
    struct resolver *resolver;
    struct tls_context *tls;
    struct upstream_pool *pool;
    struct listener *listener;
    struct link *origin;
    struct upstream *upstream;
    struct back *back;
    struct st_arena *arena;
    struct st_buf seen; /* by the origin */
    unsigned events;
};

static void on_origin(void *ctx)
{
    struct rig *r = ctx;
    struct evbuffer *in = link_in(r->origin);
    size_t n = evbuffer_get_length(in);
    uint8_t *room = st_buf_room(&r->seen, n + 1);

    T_CHECK(room != NULL, "room");
    r->seen.n += (size_t)evbuffer_remove(in, room, n);
    r->seen.p[r->seen.n] = 0;
    link_update(r->origin);
}

static void on_accept(void *ctx, int fd, const struct sockaddr *from)
{
    struct rig *r = ctx;

    (void)from;
    r->origin = link_new(&r->loop, fd, on_origin, r);
}

static void on_event(void *ctx)
{
    ((struct rig *)ctx)->events++;
}

static void setup(struct rig *r)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct upstream_place place = { .host = "site.test" };
    socklen_t len = sizeof at;
    struct st_err err = ST_ERR_INIT;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(r, 0, sizeof *r);
    T_CHECK(bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
                getsockname(fd, (struct sockaddr *)&at, &len) == 0,
            "listener");
    place.port = ntohs(at.sin_port);
    if (gen == NULL)
        gen = house_generation(HOUSE_OPEN_TESTS, "resolver:\n  hosts:\n    site.test: \"127.0.0.1\"\n");
    r->child = house_child();
    r->loop = (struct link_loop){ .base = fam_base(r->child), .timers = fam_timers(r->child) };
    r->loop.later = later_new(r->loop.base);
    T_OK(resolver_new(&r->loop, gen->config, &r->resolver, &err), err);
    r->tls = house_tls(gen->config);
    r->pool = upstream_pool_new(&r->loop, r->resolver, r->tls, gen->config);
    r->listener = listener_new(&r->loop, fd, on_accept, r);
    r->arena = st_arena_new(1 << 20);
    st_buf_init(&r->seen, 1 << 20);
    T_OK(upstream_open(r->pool, &place, 0, (struct link_owner){ on_event, r }, &r->upstream, &err), err);
    HOUSE_TURN_UNTIL(r->child, upstream_state(r->upstream) == UPSTREAM_READY && r->origin != NULL);
    T_OK(back_http1_open(r->upstream, &LIMITS, &r->back, &err), err);
}

static void teardown(struct rig *r)
{
    struct upstream *spare = NULL;

    if (r->back != NULL)
        r->back->ops->close(r->back, &spare);
    T_CHECK(spare == NULL, "a connection that carried a socket may not carry another exchange");
    link_free(r->origin);
    listener_free(r->listener);
    link_free_finishing(&r->loop);
    upstream_pool_free(r->pool);
    later_free(r->loop.later);
    T_CHECK(r->loop.links == 0, "%llu links left", (unsigned long long)r->loop.links);
    resolver_free(r->resolver);
    tls_context_free(r->tls);
    fam_child_free(r->child);
    st_arena_free(r->arena);
    st_buf_fini(&r->seen);
}

static bool saw(const struct rig *r, const char *part)
{
    return st_span_find(st_buf_view(&r->seen), st_span_str(part)) != ST_SPAN_NPOS;
}

/* Sends the handshake of a client whose own key is "k"; leaves the key that the origin got in `key`. */
static void ask(struct rig *r, bool is_socket, char key[WS_KEY_LEN + 1])
{
    struct http_field fields[] = { { ST_SPAN("Host"), ST_SPAN("site.test") },
                                   { ST_SPAN("Connection"), ST_SPAN("Upgrade") },
                                   { ST_SPAN("Upgrade"), ST_SPAN("websocket") },
                                   { ST_SPAN("Sec-WebSocket-Key"), ST_SPAN("k") },
                                   { ST_SPAN("Sec-WebSocket-Version"), ST_SPAN("13") } };
    struct http_head head = { .method = ST_SPAN("GET"), .minor = 1, .fields = fields, .n = ST_LEN(fields) };
    struct back_request request = { .head = &head, .target = ST_SPAN("/s"), .is_end = true, .is_socket = is_socket };
    struct st_err err = ST_ERR_INIT;
    struct st_span rest;
    size_t at;

    T_OK(r->back->ops->head(r->back, r->arena, &request, &err), err);
    r->back->ops->flush(r->back);
    HOUSE_TURN_UNTIL(r->child, saw(r, "\r\n\r\n"));
    T_CHECK(saw(r, "GET /s HTTP/1.1\r\nHost: site.test\r\n") && saw(r, "\r\nSec-WebSocket-Version: 13\r\n"), "%s",
            (char *)r->seen.p);
    key[0] = '\0';
    at = st_span_find(st_buf_view(&r->seen), ST_SPAN("Sec-WebSocket-Key: "));
    T_CHECK(at != ST_SPAN_NPOS, "no key");
    rest = st_span_sub(st_buf_view(&r->seen), at + 19, WS_KEY_LEN);
    if (is_socket)
        (void)snprintf(key, WS_KEY_LEN + 1, "%.*s", (int)rest.n, (const char *)rest.p);
}

static void origin_says(struct rig *r, const char *text)
{
    unsigned before = r->events;

    evbuffer_add(link_out(r->origin), text, strlen(text));
    link_update(r->origin);
    HOUSE_TURN_UNTIL(r->child, r->events > before);
}

static enum st_rc read_back(struct rig *r, size_t max, struct http1_event *event, struct st_err *err)
{
    return r->back->ops->read(r->back, r->arena, max, event, err);
}

T_TEST(after_a_switch_the_origins_connection_is_two_pipes)
{
    char key[WS_KEY_LEN + 1], accept[WS_ACCEPT_LEN + 1], answer[256];
    struct http1_event event;
    struct st_err err = ST_ERR_INIT;
    struct rig r;

    setup(&r);
    ask(&r, true, key);
    T_CHECK(saw(&r, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n") && !saw(&r, "Key: k\r\n"), "%s",
            (char *)r.seen.p);
    T_OK(ws_accept(st_span_str(key), accept, &err), err);
    (void)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: %s\r\n\r\nabc", accept);
    origin_says(&r, answer);
    T_OK(read_back(&r, SIZE_MAX, &event, &err), err);
    T_CHECK(event.kind == HTTP1_HEAD && event.head->status == 101 && !event.is_interim, "%d", event.kind);
    r.back->ops->took(r.back);
    T_OK(read_back(&r, 2, &event, &err), err); /* what came with the head, at the reader's pace */
    T_CHECK(event.kind == HTTP1_DATA && st_span_eq(event.data, ST_SPAN("ab")), "%zu", event.data.n);
    r.back->ops->took(r.back);
    T_OK(read_back(&r, 9, &event, &err), err);
    T_CHECK(event.kind == HTTP1_DATA && st_span_eq(event.data, ST_SPAN("c")), "%zu", event.data.n);
    r.back->ops->took(r.back);
    T_CHECK(read_back(&r, 9, &event, &err) == ST_AGAIN, "there is no more");
    T_CHECK(r.back->ops->room(r.back) > 0, "no room");
    T_OK(r.back->ops->data(r.back, ST_SPAN("xyz"), &err), err);
    r.back->ops->flush(r.back);
    HOUSE_TURN_UNTIL(r.child, saw(&r, "\r\n\r\nxyz"));
    link_end(r.origin);
    HOUSE_TURN_UNTIL(r.child, read_back(&r, 9, &event, &err) != ST_AGAIN);
    T_CHECK(event.kind == HTTP1_END, "%d", event.kind);
    T_CHECK(r.back->ops->room(r.back) > 0, "an origin that sends no more may read on");
    T_OK(r.back->ops->end(r.back, NULL, 0, &err), err);
    HOUSE_TURN_UNTIL(r.child, link_state(r.origin) == LINK_ENDED || link_state(r.origin) == LINK_CLOSED);
    teardown(&r);
}

T_TEST(what_is_not_the_switch_that_was_asked_for_is_refused)
{
    static const struct {
        bool is_socket;
        const char *answer;
    } ROWS[] = {
        { false, "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" },
        { true, "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" },
        { true, "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" },
        { true, "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" },
    };

    for (size_t i = 0; i < ST_LEN(ROWS); i++) {
        char key[WS_KEY_LEN + 1];
        struct http1_event event;
        struct st_err err = ST_ERR_INIT;
        uint32_t code;
        struct rig r;

        setup(&r);
        ask(&r, ROWS[i].is_socket, key);
        origin_says(&r, ROWS[i].answer);
        T_CHECK(read_back(&r, SIZE_MAX, &event, &err) == ST_ERR && err.code == ST_E_PROTO, "row %zu", i);
        T_CHECK(r.back->ops->loss(r.back, &code) == BACK_CUT, "row %zu: it may be sent again", i);
        teardown(&r);
    }
}

/* ---- the client's side ------------------------------------------------------------------------------------------ */

struct wire {
    struct link *mine, *theirs;
    unsigned events;
};

static void on_wire(void *ctx)
{
    ((struct wire *)ctx)->events++;
}

static bool has_come(struct wire *w, const char *text)
{
    struct evbuffer_ptr at = evbuffer_search(link_in(w->theirs), text, strlen(text), NULL);

    return at.pos >= 0;
}

T_TEST(after_a_switch_the_clients_connection_is_two_pipes)
{
    static const char ASK[] = "GET /s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly";
    struct http_field fields[] = { { ST_SPAN("Sec-WebSocket-Accept"), ST_SPAN("of the origin") },
                                   { ST_SPAN("Sec-WebSocket-Protocol"), ST_SPAN("chat") } };
    struct http_head head = { .status = 101, .reason = ST_SPAN("Go"), .minor = 1, .fields = fields, .n = 2 };
    struct front_answer answer = { .head = &head };
    struct http1_event event;
    struct st_err err = ST_ERR_INIT;
    struct wire w = { 0 };
    struct rig r;
    int fds[2];
    struct front_http1 f;
    struct front *front = &f.front;

    setup(&r);
    T_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    w.mine = link_new(&r.loop, fds[0], on_wire, &w);
    w.theirs = link_new(&r.loop, fds[1], on_wire, &w);
    f = (struct front_http1){ .front = { &front_http1_ops }, .client = w.mine };
    f.parser = http1_new(HTTP1_REQUEST, &LIMITS);
    evbuffer_add(link_out(w.theirs), ASK, sizeof ASK - 1);
    link_update(w.theirs);
    HOUSE_TURN_UNTIL(r.child, evbuffer_get_length(link_in(w.mine)) == sizeof ASK - 1);
    T_OK(front->ops->read(front, r.arena, SIZE_MAX, &event, &err), err);
    front->ops->took(front);
    T_OK(front->ops->read(front, r.arena, SIZE_MAX, &event, &err), err);
    T_CHECK(event.kind == HTTP1_END, "%d", event.kind);
    front->ops->took(front);
    T_OK(front->ops->head(front, r.arena, &answer, &err), err);
    front->ops->flush(front);
    HOUSE_TURN_UNTIL(r.child, has_come(&w, "\r\n\r\n"));
    T_CHECK(has_come(&w, "HTTP/1.1 101 Go\r\nSec-WebSocket-Protocol: chat\r\nConnection: Upgrade\r\nUpgrade: websocket"
                         "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            "another answer");
    T_OK(front->ops->read(front, r.arena, 3, &event, &err), err);
    T_CHECK(event.kind == HTTP1_DATA && st_span_eq(event.data, ST_SPAN("ear")), "%zu", event.data.n);
    front->ops->took(front);
    T_OK(front->ops->read(front, r.arena, 3, &event, &err), err);
    T_CHECK(event.kind == HTTP1_DATA && st_span_eq(event.data, ST_SPAN("ly")), "%zu", event.data.n);
    front->ops->took(front);
    T_CHECK(front->ops->read(front, r.arena, 3, &event, &err) == ST_AGAIN, "there is no more");
    T_OK(front->ops->data(front, ST_SPAN("down"), &err), err);
    front->ops->flush(front);
    HOUSE_TURN_UNTIL(r.child, has_come(&w, "\r\n\r\ndown"));
    link_end(w.theirs);
    HOUSE_TURN_UNTIL(r.child, front->ops->read(front, r.arena, 3, &event, &err) != ST_AGAIN);
    T_CHECK(event.kind == HTTP1_END, "%d", event.kind);
    T_OK(front->ops->end(front, NULL, 0, &err), err);
    HOUSE_TURN_UNTIL(r.child, link_state(w.theirs) == LINK_ENDED);
    http1_free(f.parser);
    link_free(w.mine);
    link_free(w.theirs);
    teardown(&r);
}
