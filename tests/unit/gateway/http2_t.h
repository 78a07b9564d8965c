/* SPDX-License-Identifier: Apache-2.0 */
/* http2_t - a side of an HTTP/2 conversation in memory, as the tests of http2 use it: it notes what it was told. */
#ifndef STOA_TESTS_UNIT_GATEWAY_HTTP2_T_H
#define STOA_TESTS_UNIT_GATEWAY_HTTP2_T_H
#include "gateway/http2.h"
#include "t.h"

static const struct http2_limits LIMITS = { .head_bytes = 65536,
                                            .fields = 128,
                                            .streams = 100,
                                            .window = 65535,
                                            .connection_window = 65535,
                                            .stream_out = 65536,
                                            .queue = 1000,
                                            .memory = 8 << 20,
                                            .glitches = 1000,
                                            .glitches_per_second = 100 };

struct side;
typedef void on_event_f(struct side *side, const struct http2_event *event);
struct side {
    struct http2 *h2;
    struct st_buf text; /* what happened, as text */
    on_event_f *also;
    void *ctx;
    uint64_t received; /* body bytes */
    size_t ends, closed, heads;
    uint32_t last_code;
    bool keeps_credit; /* does not consume by itself */
    uint8_t order[4];  /* of the last head */
    struct http2_stream *last;
};

static void note_fields(struct st_buf *text, const struct http_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        st_buf_byte(text, ' ');
        st_buf_span(text, fields[i].name);
        st_buf_byte(text, '=');
        st_buf_span(text, fields[i].value);
    }
}

static void note_head(struct st_buf *text, const struct http2_event *event)
{
    const struct http2_head *head = event->head;

    if (head->head.status > 0) {
        st_buf_fmt(text, "%u", head->head.status);
    } else {
        st_buf_span(text, head->head.method);
        st_buf_byte(text, ' ');
        st_buf_span(text, head->scheme);
        st_buf_str(text, "://");
        st_buf_span(text, head->authority);
        st_buf_span(text, head->head.target);
        if (head->protocol.n > 0) {
            st_buf_byte(text, ' ');
            st_buf_span(text, head->protocol);
        }
    }
    note_fields(text, head->head.fields, head->head.n);
    st_buf_str(text, event->is_end ? ".|" : event->is_interim ? "~|" : "|");
}

static void on_event(void *ctx, struct http2 *session, const struct http2_event *event)
{
    struct side *side = ctx;

    T_CHECK(session == side->h2, "another session");
    if (event->stream != NULL)
        side->last = event->stream;
    switch (event->kind) {
    case HTTP2_HEAD:
        side->heads++;
        memcpy(side->order, event->head->head.order, sizeof side->order);
        note_head(&side->text, event);
        break;
    case HTTP2_DATA:
        side->received += event->data.n;
        if (!side->keeps_credit)
            http2_consume(event->stream, event->data.n);
        break;
    case HTTP2_END:
        side->ends++;
        st_buf_str(&side->text, "end");
        note_fields(&side->text, event->trailers, event->n_trailers);
        st_buf_byte(&side->text, '|');
        break;
    case HTTP2_CLOSED:
        side->closed++;
        side->last_code = event->code;
        st_buf_fmt(&side->text, "closed %u|", event->code);
        break;
    case HTTP2_GOAWAY: st_buf_fmt(&side->text, "goaway %u|", event->code); break;
    case HTTP2_PONG: st_buf_str(&side->text, "pong|"); break;
    case HTTP2_WRITABLE:
    case HTTP2_SETTINGS: break;
    }
    if (side->also != NULL)
        side->also(side, event);
    else if (event->kind == HTTP2_CLOSED)
        http2_release(event->stream);
}

static struct side side_new(enum http2_role role, const struct http2_limits *limits, struct side *self)
{
    struct side side = { 0 };
    struct st_err err = ST_ERR_INIT;

    st_buf_init(&side.text, 4 << 20);
    T_OK(http2_new(role, limits, on_event, self, &side.h2, &err), err);
    return side;
}

static void side_fini(struct side *side)
{
    http2_free(side->h2);
    st_buf_fini(&side->text);
}

static const char *said(struct side *side)
{
    st_buf_byte(&side->text, 0);
    side->text.n--;
    return (const char *)side->text.p;
}

/* Moves up to max bytes, in pieces; false when nothing was there. */
static bool move(struct side *from, struct side *to, size_t max, bool in_pieces)
{
    struct st_buf wire;
    struct st_err err = ST_ERR_INIT;
    struct st_span rest;
    bool is_moved;

    st_buf_init(&wire, max + 65536);
    is_moved = http2_pull(from->h2, &wire, max, &err) == ST_OK;
    for (rest = st_buf_view(&wire); rest.n > 0;) {
        size_t n = in_pieces ? 1 + t_below(rest.n) : rest.n;
        uint8_t *piece = malloc(n);

        memcpy(piece, rest.p, n);
        T_OK(http2_feed(to->h2, st_span(piece, n), &err), err);
        free(piece);
        rest = st_span_sub(rest, n, rest.n);
    }
    st_buf_fini(&wire);
    return is_moved;
}

static void settle(struct side *client, struct side *server)
{
    bool goes_on = true;

    while (goes_on) {
        goes_on = move(client, server, 1 + t_below(40000), true);
        goes_on = move(server, client, 1 + t_below(40000), true) || goes_on;
    }
}

#define F(name, value)                \
    {                                 \
        ST_SPAN(name), ST_SPAN(value) \
    }
static struct http2_head request(const char *method, const char *path, struct http_field *fields, size_t n)
{
    return (struct http2_head){
        .head = { .method = st_span_str(method), .target = st_span_str(path), .fields = fields, .n = n },
        .scheme = ST_SPAN("https"),
        .authority = ST_SPAN("forum.example")
    };
}

static struct http2_head response(unsigned status, struct http_field *fields, size_t n)
{
    return (struct http2_head){ .head = { .status = status, .fields = fields, .n = n } };
}

static struct http2_stream *ask(struct side *client, const struct http2_head *head, bool is_end)
{
    struct http2_stream *stream = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(http2_request(client->h2, head, is_end, NULL, &stream, &err), err);
    return stream;
}
#endif
