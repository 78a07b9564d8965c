/* SPDX-License-Identifier: Apache-2.0 */
/* http2_test - a client and a server session talk in memory, their bytes crossing in random pieces. */
#include "http2_t.h"

/* ---- conversations ---- */

static void answer_hello(struct side *side, const struct http2_event *event)
{
    struct http_field fields[] = {
        F("Content-Type", "text/plain"), F("connection", "close, x-hop"), F("x-hop", "1"), F("Upgrade", "h2c"),
        F("set-cookie", "a=1"),          F("set-cookie", "b=2")
    };
    struct http_field early[] = { F("link", "</style.css>; rel=preload") };
    struct http_field trailers[] = { F("Grpc-Status", "0"), F("content-length", "9") };
    struct http2_head head = response(103, early, 1);
    struct st_err err = ST_ERR_INIT;
    size_t taken;

    if (event->kind == HTTP2_CLOSED)
        http2_release(event->stream);
    if (event->kind != HTTP2_END)
        return;
    T_OK(http2_response(event->stream, &head, false, &err), err);
    head = response(200, fields, ST_LEN(fields));
    T_OK(http2_response(event->stream, &head, false, &err), err);
    T_OK(http2_send(event->stream, ST_SPAN("hello"), &taken, &err), err);
    T_CHECK(taken == 5, "%zu", taken);
    T_OK(http2_end(event->stream, trailers, side->ctx != NULL ? 2 : 0, &err), err);
}

T_TEST(a_request_and_its_answer_with_early_hints_and_trailers)
{
    struct http_field fields[] = { F("Accept", "*/*"),
                                   F("TE", "trailers"),
                                   F("te", "gzip"),
                                   F("Host", "x.example"),
                                   F("Cookie", "a=1"),
                                   F("keep-alive", "3"),
                                   F("proxy-authorization", "secret") };
    struct http2_head head = request("GET", "/feed?q=1", fields, ST_LEN(fields));

    for (int with_trailers = 0; with_trailers < 2; with_trailers++) {
        struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client);
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);

        server.also = answer_hello;
        server.ctx = with_trailers ? &server : NULL;
        (void)ask(&client, &head, true);
        settle(&client, &server);
        T_CHECK(strcmp(said(&server), "GET https://forum.example/feed?q=1 accept=*/* te=trailers cookie=a=1.|end|"
                                      "closed 0|") == 0,
                "%s", said(&server));
        T_CHECK(strcmp(said(&client),
                       with_trailers ? "103 link=</style.css>; rel=preload~|200 content-type=text/plain set-cookie=a=1 "
                                       "set-cookie=b=2|end grpc-status=0|closed 0|"
                                     : "103 link=</style.css>; rel=preload~|200 content-type=text/plain set-cookie=a=1 "
                                       "set-cookie=b=2|end|closed 0|") == 0,
                "%s", said(&client));
        T_CHECK(client.received == 5, "%zu bytes", (size_t)client.received);
        T_CHECK(http2_streams(client.h2) == 0 && http2_streams(server.h2) == 0, "streams are left");
        side_fini(&client);
        side_fini(&server);
    }
}

T_TEST(the_order_of_pseudo_fields_is_kept)
{
    struct http2_head head = request("GET", "/", NULL, 0);
    static const uint8_t ORDERS[][4] = { { 0 },
                                         { HTTP2_METHOD, HTTP2_PATH, HTTP2_AUTHORITY, HTTP2_SCHEME },
                                         { HTTP2_SCHEME, HTTP2_PATH, 0, 0 },
                                         { HTTP2_PATH, HTTP2_PATH, 77, HTTP2_METHOD } };
    static const uint8_t WANT[][4] = { { HTTP2_METHOD, HTTP2_AUTHORITY, HTTP2_SCHEME, HTTP2_PATH },
                                       { HTTP2_METHOD, HTTP2_PATH, HTTP2_AUTHORITY, HTTP2_SCHEME },
                                       { HTTP2_SCHEME, HTTP2_PATH, HTTP2_METHOD, HTTP2_AUTHORITY },
                                       { HTTP2_PATH, HTTP2_METHOD, HTTP2_AUTHORITY, HTTP2_SCHEME } };
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);

    for (size_t i = 0; i < ST_LEN(ORDERS); i++) {
        memcpy(head.head.order, ORDERS[i], 4);
        (void)ask(&client, &head, true);
        settle(&client, &server);
        T_CHECK(server.heads == i + 1 && memcmp(server.order, WANT[i], 4) == 0, "head %zu", i);
    }
    side_fini(&client);
    side_fini(&server);
}

/* ---- big bodies, small windows ---- */

struct pump { /* what one side still sends on a stream */
    uint64_t left, at;
};

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t)(at * 131u + (at >> 8) * 7u);
}

static void pump(struct http2_stream *stream, struct pump *pump)
{
    struct st_err err = ST_ERR_INIT;
    uint8_t bytes[20000];
    size_t taken = 1;

    while (pump->left > 0 && taken > 0) {
        size_t n = pump->left < sizeof bytes ? (size_t)pump->left : 1 + t_below(sizeof bytes);

        for (size_t i = 0; i < n; i++)
            bytes[i] = byte_at(pump->at + i);
        T_OK(http2_send(stream, st_span(bytes, n), &taken, &err), err);
        pump->at += taken;
        pump->left -= taken;
    }
    if (pump->left == 0 && http2_room(stream) > 0)
        T_OK(http2_end(stream, NULL, 0, &err), err);
}

struct echo { /* a server's stream: takes a body, then sends one of the same size */
    struct pump pump;
    uint64_t got;
    bool is_wrong;
};

static void check_bytes(struct echo *echo, struct st_span data)
{
    for (size_t i = 0; i < data.n; i++)
        echo->is_wrong = echo->is_wrong || data.p[i] != byte_at(echo->got + i);
    echo->got += data.n;
}

static void serve_echo(struct side *side, const struct http2_event *event)
{
    struct echo *echo = event->user;
    struct http2_head head = response(200, NULL, 0);
    struct st_err err = ST_ERR_INIT;

    (void)side;
    switch (event->kind) {
    case HTTP2_HEAD: http2_bind(event->stream, calloc(1, sizeof *echo)); break;
    case HTTP2_DATA: check_bytes(echo, event->data); break;
    case HTTP2_END:
        T_CHECK(!echo->is_wrong, "bytes changed on the way in");
        echo->pump.left = echo->got;
        T_OK(http2_response(event->stream, &head, false, &err), err);
        pump(event->stream, &echo->pump);
        break;
    case HTTP2_WRITABLE: pump(event->stream, &echo->pump); break;
    case HTTP2_CLOSED:
        free(echo);
        http2_release(event->stream);
        break;
    case HTTP2_SETTINGS:
    case HTTP2_GOAWAY:
    case HTTP2_PONG: break;
    }
}

static void ask_echo(struct side *side, const struct http2_event *event)
{
    struct echo *echo = event->user;

    (void)side;
    switch (event->kind) {
    case HTTP2_DATA: check_bytes(echo, event->data); break;
    case HTTP2_WRITABLE: pump(event->stream, &echo->pump); break;
    case HTTP2_CLOSED:
        T_CHECK(event->code == 0 && !echo->is_wrong && echo->got == echo->pump.at, "code %u, %zu of %zu", event->code,
                (size_t)echo->got, (size_t)echo->pump.at);
        free(echo);
        http2_release(event->stream);
        break;
    case HTTP2_HEAD:
    case HTTP2_END:
    case HTTP2_SETTINGS:
    case HTTP2_GOAWAY:
    case HTTP2_PONG: break;
    }
}

static void begin_echo(struct side *client, uint64_t size)
{
    struct http2_head head = request("POST", "/upload", NULL, 0);
    struct echo *echo = calloc(1, sizeof *echo);
    struct http2_stream *stream = ask(client, &head, false);

    echo->pump.left = size;
    http2_bind(stream, echo);
    pump(stream, &echo->pump);
}

T_TEST(twenty_megabytes_there_and_back_through_the_smallest_window)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    size_t rounds = 0;

    client.also = ask_echo;
    server.also = serve_echo;
    begin_echo(&client, 20 << 20);
    while (client.closed == 0) {
        bool has_moved = move(&client, &server, 70000, false);

        has_moved = move(&server, &client, 70000, false) || has_moved;
        T_CHECK(has_moved, "stuck after %zu bytes up, %zu down", (size_t)server.received, (size_t)client.received);
        T_CHECK(http2_memory(client.h2) < 1 << 18 && http2_memory(server.h2) < 1 << 18, "memory grows");
        rounds++;
    }
    T_CHECK(server.received == 20 << 20 && client.received == 20 << 20, "not all");
    side_fini(&client);
    side_fini(&server);
}

T_TEST(many_streams_of_random_size_in_random_pieces)
{
    t_seed(9113);
    for (size_t round = 0; round < 12; round++) {
        struct http2_limits small = LIMITS;
        struct side client, server;
        size_t asked = 0, want = 40;

        small.streams = 1 + (uint32_t)t_below(20);
        small.stream_out = 1 + t_below(30000);
        client = side_new(HTTP2_CLIENT, &small, &client);
        server = side_new(HTTP2_SERVER, &small, &server);
        client.also = ask_echo;
        server.also = serve_echo;
        while (client.closed < want) {
            bool has_moved;

            while (asked < want && t_below(3) > 0 && http2_can_request(client.h2)) {
                begin_echo(&client, t_below(4) ? t_below(2000) : t_below(200000));
                asked++;
            }
            has_moved = move(&client, &server, 1 + t_below(30000), true);
            has_moved = move(&server, &client, 1 + t_below(30000), true) || has_moved || asked < want;
            T_CHECK(has_moved, "round %zu is stuck: %zu of %zu", round, client.closed, asked);
        }
        settle(&client, &server);
        T_CHECK(server.closed == want && http2_streams(server.h2) == 0, "round %zu: %zu", round, server.closed);
        side_fini(&client);
        side_fini(&server);
    }
}

T_TEST(without_credit_the_sender_stops_and_with_it_goes_on)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct http2_stream *at_server;

    client.also = ask_echo;
    server.keeps_credit = true;
    begin_echo(&client, 300000);
    settle(&client, &server);
    at_server = server.last;
    T_CHECK(server.received == 65535, "%zu bytes without credit", (size_t)server.received);
    for (size_t given = 65535; given < 300000; given += 65535) {
        http2_consume(at_server, 65535);
        settle(&client, &server);
    }
    T_CHECK(server.received == 300000 && server.ends == 1, "%zu bytes with credit", (size_t)server.received);
    http2_consume(at_server, 1 << 30); /* more than is owed is no harm */
    free(http2_user(client.last));
    http2_release(client.last);
    http2_release(at_server);
    settle(&client, &server);
    T_CHECK(http2_streams(client.h2) == 0 && http2_streams(server.h2) == 0, "streams are left");
    side_fini(&client);
    side_fini(&server);
}

static void refuse_at_once(struct side *side, const struct http2_event *event)
{
    struct http2_head head = response(403, NULL, 0);
    struct st_err err = ST_ERR_INIT;

    (void)side;
    if (event->kind != HTTP2_HEAD)
        return;
    T_OK(http2_response(event->stream, &head, true, &err), err);
    http2_release(event->stream); /* the answer still goes out */
}

static void drop_client(struct side *side, const struct http2_event *event)
{
    (void)side;
    if (event->kind != HTTP2_CLOSED)
        return;
    free(event->user);
    http2_release(event->stream);
}

T_TEST(bodies_nobody_reads_do_not_eat_the_connection_window)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);

    client.also = drop_client;
    server.also = refuse_at_once;
    server.keeps_credit = true;
    for (size_t i = 0; i < 20; i++) {
        begin_echo(&client, 60000);
        settle(&client, &server);
        T_CHECK(client.closed == i + 1 && client.last_code == 0, "request %zu: %s", i, said(&client));
    }
    T_CHECK(http2_streams(server.h2) == 0, "streams are left");
    side_fini(&client);
    side_fini(&server);
}

/* Answers at the end of the body and never consumes. */
static void refuse_at_end(struct side *side, const struct http2_event *event)
{
    struct http2_head head = response(403, NULL, 0);
    struct st_err err = ST_ERR_INIT;

    (void)side;
    if (event->kind != HTTP2_END)
        return;
    T_OK(http2_response(event->stream, &head, true, &err), err);
    http2_release(event->stream);
}

T_TEST(what_is_owed_at_release_is_credited)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);

    client.also = drop_client;
    server.also = refuse_at_end;
    server.keeps_credit = true;
    for (size_t i = 0; i < 5; i++) {
        begin_echo(&client, 60000);
        settle(&client, &server);
        T_CHECK(client.closed == i + 1, "request %zu: %s", i, said(&client));
    }
    side_fini(&client);
    side_fini(&server);
}

T_TEST(an_upload_nobody_waits_for_is_stopped_politely)
{
    struct http2_head head = request("POST", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);

    server.also = refuse_at_once;
    (void)ask(&client, &head, false);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "403.|end|closed 0|") == 0, "%s", said(&client));
    T_CHECK(http2_streams(server.h2) == 0, "a stream is left");
    side_fini(&client);
    side_fini(&server);
}

T_TEST(trailers_wait_behind_the_body_in_memory_of_their_own)
{
    struct http2_head head = request("POST", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct http2_stream *stream = ask(&client, &head, false);
    char text[] = "x-sumabcdef";
    struct http_field trailer = { st_span(text, 5), st_span(text + 5, 6) };
    struct st_err err = ST_ERR_INIT;
    size_t taken;

    T_OK(http2_send(stream, ST_SPAN("body"), &taken, &err), err);
    T_OK(http2_end(stream, &trailer, 1, &err), err);
    memset(text, 'z', sizeof text);
    settle(&client, &server);
    T_CHECK(strcmp(said(&server), "POST https://forum.example/|end x-sum=abcdef|") == 0, "%s", said(&server));
    T_CHECK(http2_send(stream, ST_SPAN("more"), &taken, &err) == ST_ERR && err.code == ST_E_CLOSED, "more was taken");
    side_fini(&client);
    side_fini(&server);
}

/* ---- extended CONNECT ---- */

static void accept_all(struct side *side, const struct http2_event *event)
{
    struct http2_head head = response(200, NULL, 0);
    struct st_err err = ST_ERR_INIT;
    size_t taken;

    (void)side;
    if (event->kind == HTTP2_HEAD)
        T_OK(http2_response(event->stream, &head, false, &err), err);
    if (event->kind == HTTP2_DATA)
        T_OK(http2_send(event->stream, event->data, &taken, &err), err);
    if (event->kind == HTTP2_END)
        T_OK(http2_end(event->stream, NULL, 0, &err), err);
    if (event->kind == HTTP2_CLOSED)
        http2_release(event->stream);
}

T_TEST(websocket_over_http2_only_when_offered)
{
    struct http_field fields[] = { F("sec-websocket-version", "13"), F("origin", "https://forum.example") };
    struct http2_head head = request("CONNECT", "/chat", fields, 2);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct http2_stream *stream;
    struct st_err err = ST_ERR_INIT;
    size_t taken;

    head.protocol = ST_SPAN("websocket");
    server.also = accept_all;
    settle(&client, &server);
    T_CHECK(!http2_peer_offers_connect(client.h2), "offered by itself");
    T_CHECK(http2_request(client.h2, &head, false, NULL, &stream, &err) == ST_ERR && err.code == ST_E_PROTO, "taken");
    T_OK(http2_offer_connect(server.h2, &err), err);
    settle(&client, &server);
    T_CHECK(http2_peer_offers_connect(client.h2), "not offered");
    stream = ask(&client, &head, false);
    settle(&client, &server);
    T_OK(http2_send(stream, ST_SPAN("\x81\x80 frames"), &taken, &err), err);
    settle(&client, &server);
    T_CHECK(client.received == 9 && server.received == 9, "%zu", (size_t)client.received);
    T_OK(http2_end(stream, NULL, 0, &err), err);
    settle(&client, &server);
    T_CHECK(strcmp(said(&server), "CONNECT https://forum.example/chat websocket sec-websocket-version=13 "
                                  "origin=https://forum.example|end|closed 0|") == 0,
            "%s", said(&server));
    T_CHECK(strcmp(said(&client), "200|end|closed 0|") == 0, "%s", said(&client));
    side_fini(&client);
    side_fini(&server);
}

T_TEST(websocket_over_http2_in_the_first_settings)
{
    struct http2_limits limits = LIMITS;
    struct side client, server;

    limits.offer_connect = true;
    client = side_new(HTTP2_CLIENT, &LIMITS, &client);
    server = side_new(HTTP2_SERVER, &limits, &server);
    settle(&client, &server);
    T_CHECK(http2_peer_offers_connect(client.h2) && http2_peer_streams(client.h2) == 100, "settings");
    side_fini(&client);
    side_fini(&server);
}

/* ---- ends ---- */

T_TEST(resets_are_told_with_their_code)
{
    struct http2_head head = request("GET", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct http2_stream *stream = ask(&client, &head, true);

    settle(&client, &server);
    http2_reset(server.last, HTTP2_HTTP_1_1_REQUIRED);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "closed 13|") == 0, "%s", said(&client));
    stream = ask(&client, &head, false);
    settle(&client, &server);
    http2_reset(stream, HTTP2_CANCEL);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "closed 13|closed 8|") == 0, "%s", said(&client));
    T_CHECK(strcmp(said(&server), "GET https://forum.example/.|end|closed 13|GET https://forum.example/|closed 8|") ==
                0,
            "%s", said(&server));
    stream = ask(&client, &head, false); /* before it was sent at all */
    http2_reset(stream, HTTP2_CANCEL);
    settle(&client, &server);
    T_CHECK(client.closed == 3 && http2_streams(client.h2) == 0, "%s", said(&client));
    stream = ask(&client, &head, false);
    http2_release(stream); /* the same, and nobody wants to know */
    settle(&client, &server);
    T_CHECK(http2_streams(client.h2) == 0 && client.closed == 3, "%s", said(&client));
    (void)ask(&client, &head, true);
    settle(&client, &server);
    http2_reset(server.last, HTTP2_NO_ERROR); /* before any answer, so that it was no clean end */
    settle(&client, &server);
    T_CHECK(client.closed == 4 && client.last_code == HTTP2_CANCEL, "%s", said(&client));
    side_fini(&client);
    side_fini(&server);
}

T_TEST(goaway_gives_back_what_was_not_taken)
{
    struct http2_head head = request("GET", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_err err = ST_ERR_INIT;

    (void)ask(&client, &head, true);
    settle(&client, &server);
    T_OK(http2_goaway(server.h2, true, HTTP2_NO_ERROR, &err), err);
    settle(&client, &server);
    T_CHECK(!http2_can_request(client.h2), "requests after the notice");
    T_OK(http2_goaway(server.h2, false, HTTP2_NO_ERROR, &err), err);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "goaway 0|goaway 0|") == 0, "%s", said(&client));
    T_CHECK(!http2_is_over(client.h2), "a stream is open");
    head = response(204, NULL, 0);
    T_OK(http2_response(server.last, &head, true, &err), err);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "goaway 0|goaway 0|204.|end|closed 0|") == 0, "%s", said(&client));
    T_CHECK(http2_is_over(client.h2) && http2_is_over(server.h2), "not over");
    side_fini(&client);
    side_fini(&server);
}

T_TEST(a_request_that_meets_a_goaway_was_refused)
{
    struct http2_head head = request("GET", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_err err = ST_ERR_INIT;

    settle(&client, &server);
    T_OK(http2_goaway(server.h2, false, HTTP2_NO_ERROR, &err), err);
    (void)ask(&client, &head, true); /* not on the wire yet */
    (void)move(&server, &client, 1 << 20, false);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "goaway 0|closed 7|") == 0, "%s", said(&client));
    T_CHECK(http2_streams(client.h2) == 0, "streams are left");
    side_fini(&client);
    side_fini(&server);
}

T_TEST(a_lost_connection_closes_all_streams)
{
    struct http2_head head = request("GET", "/", NULL, 0);
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_err err = ST_ERR_INIT;
    struct st_buf out;

    for (size_t i = 0; i < 3; i++)
        (void)ask(&client, &head, i > 0);
    settle(&client, &server);
    (void)ask(&client, &head, false); /* never sent */
    http2_close_all(client.h2, HTTP2_INTERNAL_ERROR);
    http2_close_all(server.h2, HTTP2_CANCEL);
    T_CHECK(strcmp(said(&client), "closed 2|closed 2|closed 2|closed 2|") == 0, "%s", said(&client));
    T_CHECK(server.closed == 3 && http2_is_over(client.h2) && !http2_can_request(client.h2), "%s", said(&server));
    st_buf_init(&out, 1 << 20);
    T_CHECK(http2_pull(client.h2, &out, 1000, &err) == ST_AGAIN, "something to say");
    T_CHECK(http2_feed(client.h2, ST_SPAN("x"), &err) == ST_ERR && err.code == ST_E_CLOSED, "fed");
    st_buf_fini(&out);
    side_fini(&client);
    side_fini(&server);
}

T_TEST(pings_are_answered)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_err err = ST_ERR_INIT;

    T_OK(http2_ping(client.h2, &err), err);
    settle(&client, &server);
    T_CHECK(strcmp(said(&client), "pong|") == 0 && said(&server)[0] == '\0', "%s", said(&client));
    side_fini(&client);
    side_fini(&server);
}

/* ---- heads for the other protocol ---- */

T_TEST(a_head_for_http1)
{
    struct http_field fields[] = { F("cookie", "a=1"), F("accept", "*/*"), F("cookie", "b=2"), F("cookie", "c=3") };
    struct http2_head head = request("GET", "/x", fields, 4), *kept;
    struct st_arena *arena = st_arena_new(1 << 16);
    struct http_head *flat;
    struct st_buf text;
    struct st_err err = ST_ERR_INIT;

    st_buf_init(&text, 4096);
    T_OK(http2_head_take(arena, &head, &kept, &err), err);
    memset(fields, 0, sizeof fields); /* the copy does not lean on it */
    T_OK(http2_as_http1(arena, kept, &flat, &err), err);
    note_fields(&text, flat->fields, flat->n);
    st_buf_byte(&text, 0);
    T_CHECK(strcmp((char *)text.p, " Host=forum.example cookie=a=1; b=2; c=3 accept=*/*") == 0, "%s", (char *)text.p);
    T_CHECK(st_span_eq(flat->target, ST_SPAN("/x")) && flat->minor == 1, "start line");
    st_buf_fini(&text);
    st_arena_free(arena);
    arena = st_arena_new(64);
    T_CHECK(http2_head_take(arena, &head, &kept, &err) == ST_ERR && err.code == ST_E_LIMIT, "over the ceiling");
    st_arena_free(arena);
}

T_TEST(heads_that_cannot_be_written)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client);
    struct http_field bad_value[] = { F("x", "a\r\nb: c") }, bad_name[] = { F("x y", "1") };
    struct http2_head heads[] = { request("GET", "/", bad_value, 1), request("GET", "/", bad_name, 1),
                                  request("GE T", "/", NULL, 0),     request("GET", "x", NULL, 0),
                                  request("GET", "/ x", NULL, 0),    request("GET", "/", NULL, 0) };
    struct http2_stream *stream;
    struct st_err err = ST_ERR_INIT;

    heads[5].authority = ST_SPAN("a\r\nb");
    for (size_t i = 0; i < ST_LEN(heads); i++)
        T_CHECK(http2_request(client.h2, &heads[i], true, NULL, &stream, &err) == ST_ERR, "case %zu", i);
    T_CHECK(http2_streams(client.h2) == 0, "streams are left");
    side_fini(&client);
}

/* ---- memory ---- */

static bool talk_until(struct side *client, struct side *server, struct st_err *err)
{
    struct side *ends[2] = { client, server };
    enum st_rc rc = ST_OK;
    int idle = 0;

    for (int i = 0; idle < 2 && rc != ST_ERR; i++) {
        struct st_buf wire;

        st_buf_init(&wire, 1 << 20);
        rc = http2_pull(ends[i & 1]->h2, &wire, 1 << 18, err);
        idle = rc == ST_AGAIN ? idle + 1 : 0;
        if (rc == ST_OK)
            rc = http2_feed(ends[(i + 1) & 1]->h2, st_buf_view(&wire), err);
        st_buf_fini(&wire);
    }
    return rc != ST_ERR;
}

static void answer_gently(struct side *side, const struct http2_event *event)
{
    struct http_field fields[] = { F("x-a", "1") };
    struct http2_head head = response(200, fields, 1);
    struct st_err err = ST_ERR_INIT;
    size_t taken;

    (void)side;
    if (event->kind == HTTP2_CLOSED)
        http2_release(event->stream);
    if (event->kind != HTTP2_END)
        return;
    if (http2_response(event->stream, &head, false, &err) != ST_OK ||
        http2_send(event->stream, ST_SPAN("hello"), &taken, &err) != ST_OK ||
        http2_end(event->stream, fields, 1, &err) != ST_OK) {
        T_CHECK(err.code == ST_E_NOMEM, "%s: %s", err.where, err.what);
        http2_reset(event->stream, HTTP2_INTERNAL_ERROR);
    }
}

T_TEST(a_session_survives_every_oom)
{
    struct http_field fields[] = { F("x-a", "1") };
    struct http2_head head = request("POST", "/", fields, 1);
    bool is_over = false;

    for (int nth = 1; !is_over; nth++) {
        struct side client = { 0 }, server = { 0 };
        struct http2_stream *stream = NULL;
        struct st_err err = ST_ERR_INIT;
        bool is_good;

        st_buf_init(&client.text, 4096);
        st_buf_init(&server.text, 4096);
        server.also = answer_gently;
        T_CHECK(st_buf_room(&client.text, 4096) != NULL && st_buf_room(&server.text, 4096) != NULL, "room");
        t_fail_alloc(nth);
        is_good = http2_new(HTTP2_CLIENT, &LIMITS, on_event, &client, &client.h2, &err) == ST_OK &&
                  http2_new(HTTP2_SERVER, &LIMITS, on_event, &server, &server.h2, &err) == ST_OK &&
                  http2_request(client.h2, &head, false, NULL, &stream, &err) == ST_OK &&
                  http2_end(stream, fields, 1, &err) == ST_OK && talk_until(&client, &server, &err);
        is_over = !t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(is_good || err.code == ST_E_NOMEM || err.code == ST_E_LIMIT, "allocation %d: %s: %s %d", nth, err.where,
                err.what, (int)err.code);
        T_CHECK(!is_over || (is_good && client.ends == 1), "the last one: %s", said(&client));
        http2_free(client.h2);
        http2_free(server.h2);
        st_buf_fini(&client.text);
        st_buf_fini(&server.text);
    }
}

T_TEST(an_idle_session_is_small)
{
    struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client), server = side_new(HTTP2_SERVER, &LIMITS, &server);

    settle(&client, &server);
    T_CHECK(http2_memory(server.h2) < 40000 && http2_memory(client.h2) < 40000, "%zu and %zu bytes",
            http2_memory(server.h2), http2_memory(client.h2));
    side_fini(&client);
    side_fini(&server);
}
