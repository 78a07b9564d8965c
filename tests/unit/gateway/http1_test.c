/* SPDX-License-Identifier: Apache-2.0 */
/* http1_test - the codec as conversations: bytes in, events out; each accepted one also cut at every byte.
 *
 * The refusals are the vectors that other parsers were seen to let through, and the smuggling corpus.
 */
#include "gateway/http1.h"
#include "t.h"

static const struct http1_limits LIMITS = { 65536, 128 };

struct seen { /* what a conversation came to, as text */
    struct st_buf text;
    struct st_err err;
    enum st_rc rc;
};

static void note_head(struct st_buf *out, enum http1_role role, const struct http1_event *event)
{
    static const char *const FRAMING[] = { "none", "length", "chunked", "close" };

    if (role == HTTP1_REQUEST) {
        st_buf_span(out, event->head->method);
        st_buf_byte(out, ' ');
        st_buf_span(out, event->head->target);
    } else {
        st_buf_fmt(out, "%u", event->head->status);
    }
    st_buf_fmt(out, " %s%s", FRAMING[event->framing], event->is_interim ? " interim" : "");
    if (event->framing == HTTP1_LENGTH)
        st_buf_fmt(out, "=%llu", (unsigned long long)event->length);
    st_buf_byte(out, '|');
}

static void note(struct st_buf *out, enum http1_role role, const struct http1_event *event, bool *in_data)
{
    if (*in_data && event->kind != HTTP1_DATA && event->kind != HTTP1_TUNNEL)
        st_buf_byte(out, '|');
    *in_data = event->kind == HTTP1_DATA || event->kind == HTTP1_TUNNEL;
    switch (event->kind) {
    case HTTP1_HEAD: note_head(out, role, event); break;
    case HTTP1_DATA:
    case HTTP1_TUNNEL: st_buf_span(out, event->data); break;
    case HTTP1_END:
        st_buf_str(out, "end");
        for (size_t i = 0; i < event->n_trailers; i++) {
            st_buf_byte(out, '+');
            st_buf_span(out, event->trailers[i].name);
        }
        st_buf_byte(out, '|');
        break;
    }
}

/* Feeds `in` in pieces of `step` bytes; each piece in its own allocation, so that reading past it is seen. */
static struct seen talk(enum http1_role role, const char *expect, struct st_span in, size_t step, bool then_eof)
{
    struct http1 *parser = http1_new(role, &LIMITS);
    struct st_arena *arena = st_arena_new(1 << 20);
    struct seen seen = { .err = ST_ERR_INIT, .rc = ST_OK };
    struct http1_event event;
    bool in_data = false;

    st_buf_init(&seen.text, 1 << 20);
    http1_expect(parser, strcmp(expect, "HEAD") == 0, strcmp(expect, "CONNECT") == 0);
    for (size_t at = 0; at < in.n && seen.rc != ST_ERR; at += step) {
        size_t n = in.n - at < step ? in.n - at : step, used = 0;
        uint8_t *piece = malloc(n);
        struct st_span rest = st_span(piece, n);

        memcpy(piece, in.p + at, n);
        while ((seen.rc = http1_feed(parser, arena, rest, &used, &event, &seen.err)) == ST_OK) {
            note(&seen.text, role, &event, &in_data);
            rest = st_span_sub(rest, used, rest.n - used);
        }
        T_CHECK(seen.rc == ST_ERR || used == rest.n, "again, but %zu of %zu used", used, rest.n);
        free(piece);
    }
    if (seen.rc != ST_ERR && then_eof) {
        seen.rc = http1_eof(parser, &event, &seen.err);
        if (seen.rc == ST_OK)
            note(&seen.text, role, &event, &in_data);
    }
    st_buf_byte(&seen.text, 0);
    http1_free(parser);
    st_arena_free(arena);
    return seen;
}

struct good {
    const char *in, *want;
};

static void check_good(enum http1_role role, const char *expect, const struct good *table, size_t n, bool then_eof)
{
    for (size_t i = 0; i < n; i++) {
        struct st_span in = st_span_str(table[i].in);

        for (size_t step = in.n; step > 0; step = step > 7 ? step / 2 : step - 1) {
            struct seen seen = talk(role, expect, in, step, then_eof);

            T_CHECK(strcmp((char *)seen.text.p, table[i].want) == 0, "case %zu step %zu: %s (%s)", i, step,
                    (char *)seen.text.p, seen.err.what);
            st_buf_fini(&seen.text);
        }
    }
}

static void check_cut_everywhere(enum http1_role role, const char *in, const char *want)
{
    struct st_span whole = st_span_str(in);

    for (size_t cut = 1; cut < whole.n; cut++) {
        struct http1 *parser = http1_new(role, &LIMITS);
        struct st_arena *arena = st_arena_new(1 << 20);
        struct st_span parts[2] = { st_span_sub(whole, 0, cut), st_span_sub(whole, cut, whole.n - cut) };
        struct st_buf text;
        struct st_err err = ST_ERR_INIT;
        struct http1_event event;
        bool in_data = false;

        st_buf_init(&text, 1 << 16);
        for (int i = 0; i < 2; i++) {
            size_t used;

            while (http1_feed(parser, arena, parts[i], &used, &event, &err) == ST_OK) {
                note(&text, role, &event, &in_data);
                parts[i] = st_span_sub(parts[i], used, parts[i].n - used);
            }
        }
        st_buf_byte(&text, 0);
        T_CHECK(strcmp((char *)text.p, want) == 0, "cut %zu: %s (%s)", cut, (char *)text.p, err.what);
        st_buf_fini(&text);
        http1_free(parser);
        st_arena_free(arena);
    }
}

T_TEST(requests_become_events)
{
    static const struct good TABLE[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / none|end|" },
        { "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / none|end|" },
        { "GET http://a/x?y HTTP/1.1\r\nHost: b\r\n\r\n", "GET http://a/x?y none|end|" },
        { "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT a:443 none|end|" },
        { "GET / HTTP/1.0\r\n\r\n", "GET / none|end|" },
        { "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nhost:a\r\n\r\n",
          "POST /a length=5|hello|end|GET /b none|end|" },
        { "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST /a length=0|end|" },
        { "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
          "POST /a chunked|abcd|end|" },
        { "POST /a HTTP/1.1\r\nHost: a\r\ntransfer-encoding:  CHUNKED \r\n\r\nA\r\n0123456789\r\n00\r\nX-Sum: "
          "1\r\n\r\n",
          "POST /a chunked|0123456789|end+X-Sum|" },
        { "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a=\"b\"\r\n\r\nGET / HTTP/1.1\r\nHost: "
          "[::1]:8\r\n\r\n",
          "POST /a chunked|end|GET / none|end|" },
        { "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\t b\r\nEmpty:\r\n\r\n", "GET / none|end|" },
    };
    check_good(HTTP1_REQUEST, "", TABLE, ST_LEN(TABLE), false);
    for (size_t i = 0; i < ST_LEN(TABLE); i++)
        check_cut_everywhere(HTTP1_REQUEST, TABLE[i].in, TABLE[i].want);
}

T_TEST(responses_become_events)
{
    static const struct good TABLE[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 length=2|ok|end|" },
        { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 length=0|end|" },
        { "HTTP/1.1 204 No Content\r\n\r\n", "204 none|end|" },
        { "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 none|end|" },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
          "1\r\n\r\na",
          "100 none interim|103 none interim|200 length=1|a|end|" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nServer-Timing: x\r\n\r\n",
          "200 chunked|a|end+Server-Timing|" },
        { "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\nframes", "101 none|frames" },
    };
    static const struct good CLOSED[] = {
        { "HTTP/1.0 200 OK\r\n\r\nuntil the end", "200 close|until the end|end|" },
        { "HTTP/1.1 200 OK\r\n\r\n", "200 close|end|" },
    };
    static const struct good HEAD[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n",
          "200 none|end|404 none|end|" },
    };
    static const struct good CONNECT[] = {
        { "HTTP/1.1 200 OK\r\n\r\nraw", "200 none|raw" },
        { "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx", "407 length=1|x|end|" },
    };
    check_good(HTTP1_RESPONSE, "", TABLE, ST_LEN(TABLE), false);
    check_good(HTTP1_RESPONSE, "", CLOSED, ST_LEN(CLOSED), true);
    check_good(HTTP1_RESPONSE, "HEAD", HEAD, ST_LEN(HEAD), false);
    check_good(HTTP1_RESPONSE, "CONNECT", CONNECT, ST_LEN(CONNECT), false);
    for (size_t i = 0; i < ST_LEN(TABLE); i++)
        check_cut_everywhere(HTTP1_RESPONSE, TABLE[i].in, TABLE[i].want);
}

struct bad {
    const char *in;
    size_t n; /* 0: strlen */
    int num;  /* 0: any */
};
#define BAD(text, num)              \
    {                               \
        text, sizeof(text) - 1, num \
    }
#define H       "Host: a\r\n"
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

T_TEST(ambiguous_requests_are_refused)
{
    static const struct bad TABLE[] = {
        /* lines */
        BAD("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: a\rContent-Length: 5\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: a\r\n\tContent-Length: 5\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", 400),
        BAD("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X\t: a\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X(: a\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: \x7f\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X: \x0b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "X\x80: a\r\n\r\n", 400),
        /* request line */
        BAD("GET\t/ HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET  / HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET / x HTTP/1.1\r\n" H "\r\n", 400),
        BAD(" GET / HTTP/1.1\r\n" H "\r\n", 400),
        BAD("G@T / HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET /\tb HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET /\x80 HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET /\0 HTTP/1.1\r\n" H "\r\n", 400),
        BAD("GET / HTTP/1.1 \r\n" H "\r\n", 400),
        BAD("GET /\r\n" H "\r\n", 400),
        BAD("GET / http/1.1\r\n" H "\r\n", 400),
        BAD("GET / HTTP/1.2\r\n" H "\r\n", 505),
        BAD("GET / HTTP/2.0\r\n" H "\r\n", 505),
        BAD("GET / HTTP/9.9\r\n" H "\r\n", 505),
        BAD("GET / HTTP/11\r\n" H "\r\n", 400),
        BAD("GET / HTTP/1.10\r\n" H "\r\n", 400),
        /* host */
        BAD("GET / HTTP/1.1\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\n" H H "\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        BAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        BAD("GET / HTTP/1.0\r\n" H H "\r\n", 400),
        /* lengths */
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5.0\r\n\r\n", 400),
        /* codings */
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked,\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", 501),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        BAD("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 400),
        /* chunks */
        BAD(CHUNKED "\r\n", 400),
        BAD(CHUNKED "g\r\n", 400),
        BAD(CHUNKED "0x1\r\na\r\n", 400),
        BAD(CHUNKED "+1\r\na\r\n", 400),
        BAD(CHUNKED " 1\r\na\r\n", 400),
        BAD(CHUNKED "1 \r\na\r\n", 400),
        BAD(CHUNKED "1\na\r\n", 400),
        BAD(CHUNKED "1\r\nab\r\n", 400),
        BAD(CHUNKED "1\r\na\n", 400),
        BAD(CHUNKED "1\r\na\r\r\n", 400),
        BAD(CHUNKED "1;a\nb\r\na\r\n", 400),
        BAD(CHUNKED "1;a\rb\r\na\r\n", 400),
        BAD(CHUNKED "10000000000000000\r\n", 400),
        BAD(CHUNKED "00000000000000001\r\na\r\n", 400),
        BAD(CHUNKED "0\r\nContent-Length: 5\r\n\r\n", 400),
        BAD(CHUNKED "0\r\nHost: b\r\n\r\n", 400),
        BAD(CHUNKED "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        BAD(CHUNKED "0\r\nX : b\r\n\r\n", 400),
        BAD(CHUNKED "0\r\n\n", 400),
        BAD(CHUNKED "1,2\r\na\r\n", 400),
        BAD(CHUNKED "-1\r\n", 400),
        BAD(CHUNKED "1;\r\na\r\n", 400),
        BAD(CHUNKED "1;a=\r\na\r\n", 400),
        BAD(CHUNKED "1;a b\r\na\r\n", 400),
        BAD(CHUNKED "1;a=\"b\r\na\r\n", 400),
        BAD(CHUNKED "1;a=\"b\"c\r\na\r\n", 400),
        BAD(CHUNKED "1;a=b\"c\"\r\na\r\n", 400),
        BAD("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", 400),
        BAD("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\t1\r\n\r\na", 400),
        BAD("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 1\r\n\r\na", 400),
        BAD("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    };
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct st_span in = st_span(TABLE[i].in, TABLE[i].n);

        for (size_t step = 1; step <= in.n; step += in.n - 1) {
            struct seen seen = talk(HTTP1_REQUEST, "", in, step, false);

            T_CHECK(seen.rc == ST_ERR, "case %zu was taken: %s", i, TABLE[i].in);
            T_CHECK(seen.err.num == TABLE[i].num, "case %zu: %lld, want %d", i, (long long)seen.err.num, TABLE[i].num);
            st_buf_fini(&seen.text);
        }
    }
}

T_TEST(ambiguous_responses_are_refused)
{
    static const struct bad TABLE[] = {
        BAD("hello", 0),
        BAD("HTTP/1.1 20 OK\r\n\r\n", 0),
        BAD("HTTP/1.1 099 OK\r\n\r\n", 0),
        BAD("HTTP/1.1 600 OK\r\n\r\n", 0),
        BAD("HTTP/1.1 2000 OK\r\n\r\n", 0),
        BAD("HTTP/1.1  200 OK\r\n\r\n", 0),
        BAD("HTTP/9.9 200 OK\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", 0),
        BAD("HTTP/1.1 200 O\rK\r\n\r\n", 0),
        BAD("ICY 200 OK\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0),
        BAD("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\nX: a\r\n\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", 0),
        BAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", 0),
        BAD("HTTP/1.1 200 OK\r\nX: a", 0),
    };
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct seen seen = talk(HTTP1_RESPONSE, "", st_span(TABLE[i].in, TABLE[i].n), 1, true);

        T_CHECK(seen.rc == ST_ERR, "case %zu was taken: %s", i, TABLE[i].in);
        st_buf_fini(&seen.text);
    }
}

T_TEST(strangers_are_told_at_the_first_line)
{
    static const char *const REQUESTS[] = { "GET /\r\n", "EHLO a.test\r\n", "GET / http/1.1\r\n" };
    static const char *const RESPONSES[] = { "220 mail.test ready\r\n", "ICY 200 OK\r\n" };

    for (size_t i = 0; i < ST_LEN(REQUESTS); i++) {
        struct seen seen = talk(HTTP1_REQUEST, "", st_span_str(REQUESTS[i]), 1, false);

        T_CHECK(seen.rc == ST_ERR && seen.err.num == 400, "%s", REQUESTS[i]);
        st_buf_fini(&seen.text);
    }
    for (size_t i = 0; i < ST_LEN(RESPONSES); i++) {
        struct seen seen = talk(HTTP1_RESPONSE, "", st_span_str(RESPONSES[i]), 1, false);

        T_CHECK(seen.rc == ST_ERR, "%s", RESPONSES[i]);
        st_buf_fini(&seen.text);
    }
}

T_TEST(ceilings_hold)
{
    struct st_buf in;
    struct seen seen;

    st_buf_init(&in, 1 << 22);
    st_buf_str(&in, "GET /");
    while (in.n < 70000)
        st_buf_byte(&in, 'a');
    seen = talk(HTTP1_REQUEST, "", st_buf_view(&in), 1000, false);
    T_CHECK(seen.rc == ST_ERR && seen.err.num == 414, "%lld", (long long)seen.err.num);
    st_buf_fini(&seen.text);

    st_buf_reset(&in);
    st_buf_str(&in, "GET / HTTP/1.1\r\nHost: a\r\n");
    while (in.n < 60000) /* a head of 60 KB passes, one of 70 KB does not */
        st_buf_str(
            &in,
            "Cookie: "
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n");
    seen = talk(HTTP1_REQUEST, "", st_buf_view(&in), 1000, false);
    T_CHECK(seen.rc == ST_AGAIN, "%s", seen.err.what);
    st_buf_fini(&seen.text);
    while (in.n < 70000)
        st_buf_str(&in, "X: y\r\n");
    seen = talk(HTTP1_REQUEST, "", st_buf_view(&in), 1000, false);
    T_CHECK(seen.rc == ST_ERR && seen.err.num == 431, "%lld", (long long)seen.err.num);
    st_buf_fini(&seen.text);

    st_buf_reset(&in);
    st_buf_str(&in, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 128; i++)
        st_buf_str(&in, "X: y\r\n");
    st_buf_str(&in, "\r\n");
    seen = talk(HTTP1_REQUEST, "", st_buf_view(&in), 1000, false);
    T_CHECK(seen.rc == ST_ERR && seen.err.num == 431, "%lld", (long long)seen.err.num);
    st_buf_fini(&seen.text);

    st_buf_reset(&in);
    st_buf_str(&in, CHUNKED);
    for (int i = 0; i < 40; i++) {
        st_buf_str(&in, "1;");
        for (int j = 0; j < 900; j++)
            st_buf_byte(&in, 'x');
        st_buf_str(&in, "\r\na\r\n");
    }
    seen = talk(HTTP1_REQUEST, "", st_buf_view(&in), 1000, false);
    T_CHECK(seen.rc == ST_ERR && seen.err.code == ST_E_LIMIT, "%s", seen.err.what);
    st_buf_fini(&seen.text);
    st_buf_fini(&in);
}

static struct http_head *parse_one(struct st_arena *arena, enum http1_role role, const char *text)
{
    struct http1 *parser = http1_new(role, &LIMITS);
    struct http1_event event;
    struct st_err err = ST_ERR_INIT;
    size_t used;

    T_OK(http1_feed(parser, arena, st_span_str(text), &used, &event, &err), err);
    http1_free(parser);
    return event.head;
}

T_TEST(heads_are_written_anew)
{
    static const char *const SKIP[] = { "alt-svc", NULL };
    struct st_arena *arena = st_arena_new(1 << 16);
    struct st_err err = ST_ERR_INIT;
    struct http_head *head;
    struct st_buf out;

    st_buf_init(&out, 1 << 16);
    head = parse_one(
        arena, HTTP1_REQUEST,
        "GET http://a/b HTTP/1.1\r\nhOsT: a\r\nX-B:  2 \r\nx-a: 1\r\nConnection: close, X-Hop, Cookie\r\nX-Hop: y\r\n"
        "Cookie: z\r\nTE: trailers\r\nKeep-Alive: 5\r\nProxy-Authorization: p\r\nUpgrade: h2c\r\nX-B: 3\r\n\r\n");
    T_OK(http1_write_request(&out, head, ST_SPAN("/b"), NULL, &err), err);
    T_OK(http1_write_field(&out, "Own", ST_SPAN("1"), &err), err);
    http1_write_end(&out);
    st_buf_byte(&out, 0);
    T_CHECK(strcmp((char *)out.p,
                   "GET /b HTTP/1.1\r\nhOsT: a\r\nX-B: 2\r\nx-a: 1\r\nCookie: z\r\nX-B: 3\r\nOwn: 1\r\n\r\n") == 0,
            "%s", (char *)out.p);
    st_buf_reset(&out);
    head = parse_one(arena, HTTP1_RESPONSE,
                     "HTTP/1.0 404 Not here\r\nAlt-Svc: h3\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n");
    T_OK(http1_write_response(&out, head, SKIP, &err), err);
    http1_write_chunk(&out, ST_SPAN(""));
    http1_write_chunk(&out, ST_SPAN("0123456789abcdef"));
    http1_write_last_chunk(&out, head->fields, 1);
    st_buf_byte(&out, 0);
    T_CHECK(strcmp((char *)out.p,
                   "HTTP/1.1 404 Not here\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n10\r\n0123456789abcdef\r\n"
                   "0\r\nAlt-Svc: h3\r\n\r\n") == 0,
            "%s", (char *)out.p);
    T_CHECK(http1_write_request(&out, head, ST_SPAN("/a b"), NULL, &err) == ST_ERR,
            "a target with a space was written");
    T_CHECK(http1_write_field(&out, "X", ST_SPAN("a\r\nb"), &err) == ST_ERR, "a line break was written");
    T_CHECK(http1_write_field(&out, "X y", ST_SPAN("a"), &err) == ST_ERR, "a bad name was written");
    st_buf_fini(&out);
    st_arena_free(arena);
}

T_TEST(fields_are_found)
{
    struct st_arena *arena = st_arena_new(1 << 16);
    struct http_head *head =
        parse_one(arena, HTTP1_REQUEST,
                  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\nconnection: x , ClosE\r\nEmpty:\r\n\r\n");

    T_CHECK(http_field_count(head, "connection") == 2, "count");
    T_CHECK(http_field_has_token(head, "connection", "close"), "second field, other case");
    T_CHECK(!http_field_has_token(head, "connection", "alive"), "part of a token");
    T_CHECK(http_field_get(head, "none").p == NULL, "absent");
    T_CHECK(http_field_get(head, "empty").p != NULL && http_field_get(head, "empty").n == 0, "empty is not absent");
    st_arena_free(arena);
}

T_TEST(every_oom_is_survived)
{
    for (int nth = 1; nth < 100; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct http1_event event;
        struct st_arena *arena;
        struct http1 *parser;
        size_t used;
        enum st_rc rc = ST_ERR;

        t_fail_alloc(nth);
        arena = st_arena_new(1 << 20);
        parser = http1_new(HTTP1_REQUEST, &LIMITS);
        if (arena != NULL && parser != NULL)
            rc = http1_feed(parser, arena, ST_SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &used, &event, &err);
        http1_free(parser);
        st_arena_free(arena);
        if (rc == ST_OK && !t_alloc_failed())
            break;
        T_CHECK(rc == ST_ERR, "allocation %d did not matter", nth);
    }
    t_fail_alloc(0);
}
