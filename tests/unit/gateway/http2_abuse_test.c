/* SPDX-License-Identifier: Apache-2.0 */
/* http2_abuse_test - a server session is given frames made by hand: floods, bombs, and messages that are none.
 *
 * The attacks are those that security work found in other servers: rapid reset, CONTINUATION, header bombs, pings,
 * settings, empty frames, windows of one byte. Each has to end, early, with GOAWAY and without memory.
 */
#include "base/clock.h"
#include "http2_t.h"

/* ---- frames by hand ---- */

static void put_frame(struct st_buf *out, uint8_t type, uint8_t flags, uint32_t id, struct st_span payload)
{
    st_buf_byte(out, (uint8_t)(payload.n >> 16));
    st_buf_byte(out, (uint8_t)(payload.n >> 8));
    st_buf_byte(out, (uint8_t)payload.n);
    st_buf_byte(out, type);
    st_buf_byte(out, flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        st_buf_byte(out, (uint8_t)(id >> shift));
    st_buf_span(out, payload);
}

static void put_length(struct st_buf *out, size_t n)
{
    if (n < 127) {
        st_buf_byte(out, (uint8_t)n);
        return;
    }
    st_buf_byte(out, 127);
    for (n -= 127; n >= 128; n /= 128)
        st_buf_byte(out, (uint8_t)(n % 128 + 128));
    st_buf_byte(out, (uint8_t)n);
}

/* A literal without indexing. */
static void put_field(struct st_buf *out, struct st_span name, struct st_span value)
{
    st_buf_byte(out, 0);
    put_length(out, name.n);
    st_buf_span(out, name);
    put_length(out, value.n);
    st_buf_span(out, value);
}

static void put_get(struct st_buf *out)
{
    put_field(out, ST_SPAN(":method"), ST_SPAN("GET"));
    put_field(out, ST_SPAN(":scheme"), ST_SPAN("https"));
    put_field(out, ST_SPAN(":authority"), ST_SPAN("a.example"));
    put_field(out, ST_SPAN(":path"), ST_SPAN("/"));
}

static void put_preface(struct st_buf *out)
{
    st_buf_str(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_frame(out, 4, 0, 0, ST_SPAN_NONE);
}

/* Feeds all; answers what the server said last, with the code of its GOAWAY in *goaway (UINT32_MAX: none). */
static enum st_rc attack(struct side *server, struct st_span in, uint32_t *goaway, struct st_err *err)
{
    enum st_rc rc = http2_feed(server->h2, in, err);
    struct st_buf out;
    struct st_err ignored;

    st_buf_init(&out, 64 << 20);
    if (http2_pull(server->h2, &out, 32 << 20, &ignored) == ST_ERR)
        T_CHECK(rc == ST_ERR, "nothing could be pulled");
    for (size_t at = 0; at + 9 <= out.n;) {
        size_t n = (size_t)out.p[at] << 16 | (size_t)out.p[at + 1] << 8 | out.p[at + 2];

        if (out.p[at + 3] == 7)
            *goaway = (uint32_t)out.p[at + 9 + 6] << 8 | out.p[at + 9 + 7];
        at += 9 + n;
    }
    st_buf_fini(&out);
    return rc;
}

struct flood {
    const char *name;
    uint8_t type, flags;
    bool on_stream;
    struct st_span payload;
    size_t most; /* frames until the end, at most */
};

T_TEST(floods_of_cheap_frames_end_with_enhance_your_calm)
{
    static const struct flood FLOODS[] = {
        { "ping", 6, 0, false, { (const uint8_t *)"12345678", 8 }, 1010 },
        { "settings", 4, 0, false, { NULL, 0 }, 260 },
        { "settings that change", 4, 0, false, { (const uint8_t *)"\0\1\0\0\x10\0", 6 }, 260 },
        { "empty data", 0, 0, true, { NULL, 0 }, 1010 },
        { "priority", 2, 0, true, { (const uint8_t *)"\0\0\0\0\x10", 5 }, 1010 },
        { "window", 8, 0, false, { (const uint8_t *)"\0\0\0\1", 4 }, 4100 },
        { "goaway", 7, 0, false, { (const uint8_t *)"\0\0\0\0\0\0\0\0", 8 }, 1010 },
    };

    for (size_t i = 0; i < ST_LEN(FLOODS); i++) {
        const struct flood *flood = &FLOODS[i];
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct st_buf in, block;
        struct st_err err = ST_ERR_INIT;
        uint32_t goaway = UINT32_MAX;
        size_t n = 0;

        st_buf_init(&in, 1 << 20);
        st_buf_init(&block, 1 << 20);
        put_preface(&in);
        put_get(&block);
        put_frame(&in, 1, 4, 1, st_buf_view(&block));
        T_CHECK(attack(&server, st_buf_view(&in), &goaway, &err) == ST_OK, "%s: preface", flood->name);
        st_buf_reset(&in);
        put_frame(&in, flood->type, flood->flags, flood->on_stream ? 1 : 0, flood->payload);
        while (n < 200000 && attack(&server, st_buf_view(&in), &goaway, &err) == ST_OK)
            n++;
        T_CHECK(n <= flood->most && n > 100, "%s: %zu frames", flood->name, n);
        T_CHECK(goaway == HTTP2_ENHANCE_YOUR_CALM && err.code == ST_E_LIMIT, "%s: goaway %u, %s", flood->name, goaway,
                err.what);
        T_CHECK(http2_memory(server.h2) < 1 << 18, "%s: %zu bytes", flood->name, http2_memory(server.h2));
        T_CHECK(http2_is_over(server.h2), "%s: not over", flood->name);
        st_buf_fini(&in);
        st_buf_fini(&block);
        side_fini(&server);
    }
}

/* All at once, without a pull between: what waits to be sent is bounded too. */
T_TEST(a_flood_in_one_piece_queues_no_more)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_buf in;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX;

    st_buf_init(&in, 64 << 20);
    put_preface(&in);
    for (size_t i = 0; i < 200000; i++)
        put_frame(&in, 6, 0, 0, ST_SPAN("12345678"));
    T_CHECK(attack(&server, st_buf_view(&in), &goaway, &err) == ST_ERR && err.code == ST_E_LIMIT, "taken");
    T_CHECK(goaway == HTTP2_ENHANCE_YOUR_CALM, "goaway %u", goaway);
    st_buf_fini(&in);
    side_fini(&server);
}

T_TEST(rapid_reset_ends_after_a_few_hundred_requests)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_buf in, block;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX, id = 1;

    st_buf_init(&in, 1 << 20);
    st_buf_init(&block, 1 << 20);
    put_preface(&in);
    put_get(&block);
    do {
        put_frame(&in, 1, 5, id, st_buf_view(&block));
        put_frame(&in, 3, 0, id, ST_SPAN("\0\0\0\x08"));
        id += 2;
        if (attack(&server, st_buf_view(&in), &goaway, &err) != ST_OK)
            break;
        st_buf_reset(&in);
    } while (id < 200000);
    T_CHECK(server.heads >= 400 && server.heads < 520, "%zu requests", server.heads);
    T_CHECK(goaway == HTTP2_ENHANCE_YOUR_CALM, "goaway %u", goaway);
    T_CHECK(server.closed == server.heads || server.closed + 1 == server.heads, "%zu closed", server.closed);
    st_buf_fini(&in);
    st_buf_fini(&block);
    side_fini(&server);
}

T_TEST(resets_at_a_human_pace_are_fine)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_buf in, block;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX;

    st_buf_init(&in, 1 << 20);
    st_buf_init(&block, 1 << 20);
    put_preface(&in);
    put_get(&block);
    for (uint32_t id = 1; id < 10000; id += 2) {
        put_frame(&in, 1, 5, id, st_buf_view(&block));
        put_frame(&in, 3, 0, id, ST_SPAN("\0\0\0\x08"));
        T_CHECK(attack(&server, st_buf_view(&in), &goaway, &err) == ST_OK, "request %u: %s", id, err.what);
        st_buf_reset(&in);
        if (id % 100 == 99)
            st_clock_turn(1000);
    }
    st_buf_fini(&in);
    st_buf_fini(&block);
    side_fini(&server);
}

/* Streams the peer may not open: refused, and paid for. */
T_TEST(more_streams_than_allowed_are_refused)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_buf in, block;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX;

    st_buf_init(&in, 1 << 20);
    st_buf_init(&block, 1 << 20);
    put_preface(&in);
    put_get(&block);
    for (uint32_t id = 1; id < 300; id += 2)
        put_frame(&in, 1, 5, id, st_buf_view(&block));
    (void)attack(&server, st_buf_view(&in), &goaway, &err);
    T_CHECK(server.heads == 100 && http2_streams(server.h2) == 100, "%zu", server.heads);
    st_buf_fini(&in);
    st_buf_fini(&block);
    side_fini(&server);
}

T_TEST(continuation_floods_end)
{
    static const size_t SIZES[] = { 0, 1, 16000 }; /* 0x82 makes the block malformed; what is ignored is counted too */
    static const size_t MOST[] = { 70, 620, 620 };
    static uint8_t zeros[16384];

    for (size_t i = 0; i < ST_LEN(SIZES); i++) {
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct st_buf in, block;
        struct st_err err = ST_ERR_INIT;
        uint32_t goaway = UINT32_MAX;
        size_t n = 0;

        st_buf_init(&in, 1 << 20);
        st_buf_init(&block, 1 << 20);
        put_preface(&in);
        put_get(&block);
        put_field(&block, ST_SPAN("x"), st_span(zeros, 0));
        put_frame(&in, 1, 1, 1, st_buf_view(&block)); /* END_STREAM, no END_HEADERS */
        st_buf_reset(&block);
        for (size_t k = 0; k < SIZES[i]; k++)
            st_buf_byte(&block, 0x82); /* :method GET, indexed: each one a field */
        while (n < 1000 && attack(&server, st_buf_view(&in), &goaway, &err) == ST_OK) {
            st_buf_reset(&in);
            put_frame(&in, 9, 0, 1, st_buf_view(&block));
            n++;
        }
        T_CHECK(n < MOST[i], "%zu frames of %zu", n, SIZES[i]);
        T_CHECK(goaway == HTTP2_ENHANCE_YOUR_CALM, "goaway %u", goaway);
        T_CHECK(server.heads == 0, "told");
        st_buf_fini(&in);
        st_buf_fini(&block);
        side_fini(&server);
    }
}

/* nghttp2 1.52 alone would count each byte that comes by itself as a frame. */
T_TEST(a_head_in_pieces_that_comes_byte_by_byte_is_fine)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    struct st_buf in, block;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX;

    st_buf_init(&in, 1 << 20);
    st_buf_init(&block, 1 << 20);
    put_preface(&in);
    put_get(&block);
    put_frame(&in, 1, 1, 1, st_span(block.p, 10));
    put_frame(&in, 9, 0, 1, st_span(block.p + 10, 20));
    put_frame(&in, 9, 4, 1, st_span(block.p + 30, block.n - 30));
    for (size_t at = 0; at < in.n; at++)
        T_CHECK(attack(&server, st_span(in.p + at, 1), &goaway, &err) == ST_OK, "byte %zu: %s", at, err.what);
    T_CHECK(server.heads == 1 && goaway == UINT32_MAX, "%s", said(&server));
    st_buf_fini(&in);
    st_buf_fini(&block);
    side_fini(&server);
}

T_TEST(header_bombs_are_counted_not_stored)
{
    struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
    static uint8_t big[4000];
    struct st_buf in, block;
    struct st_err err = ST_ERR_INIT;
    uint32_t goaway = UINT32_MAX;

    memset(big, 'a', sizeof big);
    st_buf_init(&in, 1 << 20);
    st_buf_init(&block, 1 << 20);
    put_preface(&in);
    put_get(&block);
    st_buf_byte(&block, 0x40); /* literal, indexed */
    put_length(&block, 1);
    st_buf_byte(&block, 'x');
    put_length(&block, sizeof big);
    st_buf_put(&block, big, sizeof big);
    while (block.n < 16000)
        st_buf_byte(&block, 0xbe); /* that one again: 12,000 times 4,000 bytes */
    put_frame(&in, 1, 5, 1, st_buf_view(&block));
    T_CHECK(attack(&server, st_buf_view(&in), &goaway, &err) == ST_ERR && err.code == ST_E_LIMIT, "taken");
    T_CHECK(goaway == HTTP2_ENHANCE_YOUR_CALM && server.heads == 0, "goaway %u", goaway);
    T_CHECK(http2_memory(server.h2) < 1 << 18, "%zu bytes", http2_memory(server.h2));
    st_buf_fini(&in);
    st_buf_fini(&block);
    side_fini(&server);
}

T_TEST(heads_of_sixty_kilobytes_pass_and_larger_ones_get_431)
{
    static uint8_t big[50000];

    memset(big, 'c', sizeof big);
    for (size_t i = 0; i < 3; i++) {
        struct side client = side_new(HTTP2_CLIENT, &LIMITS, &client);
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct http_field fields[] = { F("x-small", "1"),
                                       { ST_SPAN("cookie"), st_span(big, 16384) },
                                       { ST_SPAN("x-big"), st_span(big, i == 0 ? 44000 : 50000) } };
        struct http2_head head = request("GET", "/", fields, 3);

        (void)ask(&client, &head, i != 2);
        settle(&client, &server);
        T_CHECK(server.heads == (i == 0), "case %zu: %zu heads", i, server.heads);
        T_CHECK(i == 0 || strcmp(said(&client), "431.|end|closed 0|") == 0, "case %zu: %s", i, said(&client));
        T_CHECK(i == 0 || http2_streams(server.h2) == 0, "case %zu: a stream is left", i);
        side_fini(&client);
        side_fini(&server);
    }
}

/* ---- messages that are none ---- */

struct pair {
    const char *name, *value;
};
static const struct message {
    bool is_good, has_body;
    struct pair fields[7];
} MESSAGES[] = {
#define GET                                       \
    { ":method", "GET" }, { ":scheme", "https" }, \
    {                                             \
        ":authority", "a.example"                 \
    }
    { true, false, { GET, { ":path", "/" } } },
    { true, false, { GET, { ":path", "/" }, { "host", "A.example" } } },
    { true, false, { { ":method", "GET" }, { ":scheme", "https" }, { ":path", "/" }, { "host", "a.example" } } },
    { true, false, { { ":method", "OPTIONS" }, { ":scheme", "https" }, { ":authority", "a" }, { ":path", "*" } } },
    { true, false, { { ":method", "CONNECT" }, { ":authority", "a.example:443" } } },
    { true, false, { GET, { ":path", "/" }, { "te", "trailers" } } },
    { true, true, { GET, { ":path", "/" }, { "content-length", "4" } } },
    { false, true, { GET, { ":path", "/" }, { "content-length", "5" } } },
    { false, true, { GET, { ":path", "/" }, { "content-length", "3" } } },
    { false, false, { GET, { ":path", "/" }, { "content-length", "1" } } },
    { false, true, { GET, { ":path", "/" }, { "content-length", "4" }, { "content-length", "4" } } },
    { false, true, { GET, { ":path", "/" }, { "content-length", "4x" } } },
    { false, false, { GET, { ":path", "/" }, { "Accept", "x" } } },
    { false, false, { GET, { ":path", "/" }, { "connection", "close" } } },
    { false, false, { GET, { ":path", "/" }, { "keep-alive", "1" } } },
    { false, false, { GET, { ":path", "/" }, { "proxy-connection", "x" } } },
    { false, false, { GET, { ":path", "/" }, { "transfer-encoding", "chunked" } } },
    { false, false, { GET, { ":path", "/" }, { "upgrade", "websocket" } } },
    { false, false, { GET, { ":path", "/" }, { "te", "gzip" } } },
    { false, false, { GET, { ":path", "/" }, { "x", "a\rb" } } },
    { false, false, { GET, { ":path", "/" }, { "x", "a\nb" } } },
    { false, false, { GET, { ":path", "/" }, { "x", " a" } } },
    { false, false, { GET, { ":path", "/" }, { "x", "a\t" } } },
    { false, false, { GET, { ":path", "/" }, { "x y", "a" } } },
    { false, false, { GET, { ":path", "/" }, { "x:y", "a" } } },
    { false, false, { GET, { ":path", "/" }, { "", "a" } } },
    { false, false, { GET, { ":path", "/" }, { "host", "b.example" } } },
    { false, false, { GET, { ":path", "/" }, { "host", "a.example" }, { "host", "a.example" } } },
    { false, false, { GET, { ":path", "/" }, { ":path", "/" } } },
    { false, false, { GET, { "accept", "x" }, { ":path", "/" } } },
    { false, false, { GET, { ":path", "/" }, { ":status", "200" } } },
    { false, false, { GET, { ":path", "/" }, { ":odd", "1" } } },
    { false, false, { GET, { ":path", "/" }, { ":protocol", "websocket" } } },
    { false, false, { GET } },
    { false, false, { GET, { ":path", "" } } },
    { false, false, { GET, { ":path", "a" } } },
    { false, false, { GET, { ":path", "*" } } },
    { false, false, { GET, { ":path", "/ HTTP/1.1" } } },
    { false, false, { GET, { ":path", "/\xc3\xa9" } } },
    { false, false, { { ":method", "GE T" }, { ":scheme", "https" }, { ":authority", "a" }, { ":path", "/" } } },
    { false, false, { { ":method", "GET" }, { ":scheme", "ftp" }, { ":authority", "a" }, { ":path", "/" } } },
    { false, false, { { ":method", "GET" }, { ":scheme", "https" }, { ":authority", "u@a" }, { ":path", "/" } } },
    { false, false, { { ":method", "GET" }, { ":scheme", "https" }, { ":authority", "a/b" }, { ":path", "/" } } },
    { false, false, { { ":method", "GET" }, { ":scheme", "https" }, { ":authority", "" }, { ":path", "/" } } },
    { false, false, { { ":method", "GET" }, { ":scheme", "https" }, { ":path", "/" } } },
    { false, false, { { ":scheme", "https" }, { ":authority", "a" }, { ":path", "/" } } },
    { false, false, { { ":method", "CONNECT" }, { ":authority", "a:1" }, { ":path", "/" } } },
    { false, false, { { ":method", "CONNECT" }, { ":scheme", "https" }, { ":path", "/" } } },
};

T_TEST(malformed_requests_are_reset_and_never_finished)
{
    for (size_t i = 0; i < ST_LEN(MESSAGES); i++) {
        const struct message *message = &MESSAGES[i];
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct st_buf in, block;
        struct st_err err = ST_ERR_INIT;
        uint32_t goaway = UINT32_MAX;

        st_buf_init(&in, 1 << 20);
        st_buf_init(&block, 1 << 20);
        put_preface(&in);
        for (size_t k = 0; k < ST_LEN(message->fields) && message->fields[k].name != NULL; k++)
            put_field(&block, st_span_str(message->fields[k].name), st_span_str(message->fields[k].value));
        put_frame(&in, 1, message->has_body ? 4 : 5, 1, st_buf_view(&block));
        if (message->has_body)
            put_frame(&in, 0, 1, 1, ST_SPAN("body"));
        for (size_t at = 0; at < in.n; at++)
            T_CHECK(attack(&server, st_span(in.p + at, 1), &goaway, &err) == ST_OK || !message->is_good, "case %zu", i);
        T_CHECK(server.ends == (message->is_good ? 1u : 0u), "case %zu: %s", i, said(&server));
        T_CHECK(message->is_good || server.heads == 0 ||
                    (message->has_body && server.last_code == HTTP2_PROTOCOL_ERROR),
                "case %zu: %s", i, said(&server));
        T_CHECK(message->is_good || http2_streams(server.h2) == 0 || goaway != UINT32_MAX, "case %zu: a stream is left",
                i);
        st_buf_fini(&in);
        st_buf_fini(&block);
        side_fini(&server);
    }
}

T_TEST(trailers_may_not_say_how_the_message_was_to_be_read)
{
    static const struct pair TRAILERS[] = { { "x-checksum", "1" }, { "content-length", "1" }, { "host", "a.example" },
                                            { ":path", "/" },      { "te", "trailers" },      { "Upper", "1" } };

    for (size_t i = 0; i < ST_LEN(TRAILERS); i++) {
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct st_buf in, block;
        struct st_err err = ST_ERR_INIT;
        uint32_t goaway = UINT32_MAX;

        st_buf_init(&in, 1 << 20);
        st_buf_init(&block, 1 << 20);
        put_preface(&in);
        put_get(&block);
        put_frame(&in, 1, 4, 1, st_buf_view(&block));
        put_frame(&in, 0, 0, 1, ST_SPAN("body"));
        st_buf_reset(&block);
        put_field(&block, st_span_str(TRAILERS[i].name), st_span_str(TRAILERS[i].value));
        put_frame(&in, 1, 5, 1, st_buf_view(&block));
        (void)attack(&server, st_buf_view(&in), &goaway, &err);
        T_CHECK(server.ends == (i == 0), "case %zu: %s", i, said(&server));
        T_CHECK(i == 0 || server.last_code == HTTP2_PROTOCOL_ERROR || goaway != UINT32_MAX, "case %zu: %s", i,
                said(&server));
        st_buf_fini(&in);
        st_buf_fini(&block);
        side_fini(&server);
    }
}

T_TEST(what_is_no_http2_ends_with_an_error)
{
    static const char *const TABLE[] = { "GET / HTTP/1.1\r\n\r\n",
                                         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxxxxxxxxxxx" };

    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct side server = side_new(HTTP2_SERVER, &LIMITS, &server);
        struct st_err err = ST_ERR_INIT;
        uint32_t goaway = UINT32_MAX;
        enum st_rc rc = attack(&server, st_span_str(TABLE[i]), &goaway, &err);

        T_CHECK(rc == ST_ERR || http2_is_over(server.h2), "case %zu: %d", i, (int)rc);
        side_fini(&server);
    }
}
