/* SPDX-License-Identifier: Apache-2.0 */
/* http2 - any bytes as the peer's frames; what is told must not depend on how they were cut, and all ends in bounds.
 *
 * The first byte says: which role, whether the preface is given as a present, whether extended CONNECT is offered, and
 * how they are cut the second time. A client has two requests open, so that answers have somewhere to go.
 */
#include "gateway/http2.h"
#include <stdlib.h>
#include <string.h>

static const struct http2_limits LIMITS = { .head_bytes = 8192,
                                            .fields = 32,
                                            .streams = 8,
                                            .window = 65535,
                                            .connection_window = 65535,
                                            .stream_out = 4096,
                                            .queue = 1000,
                                            .memory = 4u << 20,
                                            .glitches = 200,
                                            .glitches_per_second = 0 };

struct run {
    struct http2 *h2;
    struct st_buf text; /* what was told; bodies apart, since their pieces follow the cut */
    uint64_t body;
    bool is_leaving; /* GOAWAY came: nghttp2 looks for the end at each new piece of input */
    enum st_rc rc;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct http2_stream *stream)
{
    struct http_field field = { ST_SPAN("x-a"), ST_SPAN("1") };
    struct http2_head head = { .head = { .status = 200, .fields = &field, .n = 1 } };
    struct st_err err;
    size_t taken;

    if (http2_response(stream, &head, false, &err) == ST_OK &&
        http2_send(stream, ST_SPAN("hello"), &taken, &err) == ST_OK && http2_end(stream, &field, 1, &err) != ST_OK)
        abort();
}

/* A head that was let in can be kept, and be written as HTTP/1. */
static void keep(const struct http2_head *head)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    struct http2_head *kept;
    struct http_head *flat;
    struct st_buf out;
    struct st_err err;

    if (arena == NULL || http2_head_take(arena, head, &kept, &err) != ST_OK)
        abort();
    st_buf_init(&out, 1u << 20);
    if (head->head.method.n > 0 && !st_span_eq(head->head.method, ST_SPAN("CONNECT"))) {
        if (http2_as_http1(arena, kept, &flat, &err) != ST_OK ||
            http1_write_request(&out, flat, flat->target, NULL, &err) != ST_OK)
            abort();
    }
    st_buf_fini(&out);
    st_arena_free(arena);
}

static void on_event(void *ctx, struct http2 *session, const struct http2_event *event)
{
    struct run *run = ctx;

    if (event->kind == HTTP2_DATA) {
        run->body += event->data.n;
        http2_consume(event->stream, event->data.n);
        return;
    }
    st_buf_fmt(&run->text, "<%d %d %u>", (int)event->kind, event->stream != NULL ? http2_stream_id(event->stream) : 0,
               event->code);
    run->is_leaving = run->is_leaving || event->kind == HTTP2_GOAWAY;
    if (event->kind == HTTP2_HEAD) {
        keep(event->head);
        for (size_t i = 0; i < event->head->head.n; i++)
            st_buf_span(&run->text, event->head->head.fields[i].value);
    }
    if (event->kind == HTTP2_END && !http2_can_request(session) && event->user == NULL)
        answer(event->stream);
    if (event->kind == HTTP2_CLOSED)
        http2_release(event->stream);
}

static void open_requests(struct run *run)
{
    struct http2_head head = { .head = { .method = ST_SPAN("POST"), .target = ST_SPAN("/") },
                               .scheme = ST_SPAN("https"),
                               .authority = ST_SPAN("a.example") };
    static int mark;
    struct http2_stream *stream;
    struct st_err err;

    for (int i = 0; i < 2; i++) {
        if (http2_request(run->h2, &head, i == 0, &mark, &stream, &err) != ST_OK)
            abort();
    }
}

static void pull_all(struct run *run)
{
    struct st_buf out;
    struct st_err err;

    st_buf_init(&out, 64u << 20);
    if (http2_pull(run->h2, &out, 32u << 20, &err) == ST_ERR && run->rc == ST_OK)
        run->rc = ST_ERR;
    st_buf_fini(&out);
}

static void go(struct run *run, uint8_t flags, struct st_span in, size_t step)
{
    struct http2_limits limits = LIMITS;
    struct st_err err;

    *run = (struct run){ 0 };
    limits.offer_connect = (flags & 4) != 0;
    st_buf_init(&run->text, 16u << 20);
    if (http2_new((flags & 1) != 0 ? HTTP2_CLIENT : HTTP2_SERVER, &limits, on_event, run, &run->h2, &err) != ST_OK)
        abort();
    if ((flags & 1) != 0)
        open_requests(run);
    pull_all(run);
    if ((flags & 3) == 2)
        run->rc = http2_feed(run->h2, ST_SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"), &err);
    for (; in.n > 0 && run->rc == ST_OK; in = st_span_sub(in, step, in.n))
        run->rc = http2_feed(run->h2, st_span_sub(in, 0, step), &err);
    if (http2_memory(run->h2) > LIMITS.memory)
        abort();
}

static void end(struct run *run)
{
    pull_all(run);
    http2_close_all(run->h2, HTTP2_CANCEL);
    if (http2_streams(run->h2) != 0 && run->rc == ST_OK)
        abort();
    http2_free(run->h2);
    st_buf_fini(&run->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, cut;
    struct st_span in;

    if (size < 1)
        return 0;
    in = st_span(data + 1, size - 1);
    go(&whole, data[0], in, in.n + 1);
    go(&cut, data[0], in, 1u + (data[0] >> 3));
    if (!whole.is_leaving && !cut.is_leaving) {
        if (whole.rc != cut.rc)
            abort();
        /* Bytes beyond Content-Length are told up to the piece that goes beyond it. */
        if (whole.rc == ST_OK &&
            (whole.body > cut.body || !st_span_eq(st_buf_view(&whole.text), st_buf_view(&cut.text))))
            abort();
    }
    end(&whole);
    end(&cut);
    return 0;
}
