/* SPDX-License-Identifier: Apache-2.0 */
/* chunked - any bytes as a chunked body, and as what is put into one.
 *
 * Read: the cut changes nothing, and what is accepted is what a second reader of the body written anew gets. Written:
 * whatever the payload and the sizes of its chunks, exactly the payload is read back.
 */
#include "tests/fuzz/told.h"

static const struct http1_limits LIMITS = { 4096, 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_head(struct st_buf *out)
{
    st_buf_init(out, 16u << 20);
    st_buf_str(out, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void read_chunks(struct st_span in, size_t step)
{
    struct told whole, cut, again;
    struct st_buf message;

    put_head(&message);
    st_buf_span(&message, in);
    told_read(&whole, TOLD_REQUEST, &LIMITS, st_buf_view(&message), message.n);
    told_read(&cut, TOLD_REQUEST, &LIMITS, st_buf_view(&message), step);
    told_must(whole.n == cut.n && whole.end == cut.end, "as many messages, the same end");
    told_must(whole.n >= 1, "the head is there");
    told_must(told_eq(&whole.items[0].body, &cut.items[0].body), "body");
    told_must(told_eq(&whole.items[0].trailers, &cut.items[0].trailers), "trailers");
    if (whole.items[0].is_whole) {
        told_read(&again, TOLD_REQUEST, &LIMITS, st_buf_view(&whole.again), 1);
        told_must(again.n >= 1 && again.items[0].is_whole, "written anew it is whole");
        told_must(told_eq(&whole.items[0].body, &again.items[0].body), "body written anew");
        told_must(told_eq(&whole.items[0].trailers, &again.items[0].trailers), "trailers written anew");
        told_fini(&again);
    }
    told_fini(&whole);
    told_fini(&cut);
    st_buf_fini(&message);
}

static void write_chunks(struct st_span payload, size_t step)
{
    static const struct http_field TRAILER = { { (const uint8_t *)"x-sum", 5 }, { (const uint8_t *)"7", 1 } };
    struct st_buf message;
    struct told told;

    put_head(&message);
    for (size_t at = 0, n; at < payload.n; at += n) {
        n = 1u + payload.p[at] * step % 997u;
        http1_write_chunk(&message, st_span_sub(payload, at, n));
    }
    http1_write_last_chunk(&message, &TRAILER, 1);
    told_read(&told, TOLD_REQUEST, &LIMITS, st_buf_view(&message), step);
    told_must(told.n == 1 && told.items[0].is_whole && told.end == TOLD_OPEN, "one whole message");
    told_must(st_span_eq(st_buf_view(&told.items[0].body), payload), "the payload and nothing else");
    told_must(st_span_eq(st_buf_view(&told.items[0].trailers), ST_SPAN("x-sum: 7\n")), "the trailer");
    told_fini(&told);
    st_buf_fini(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    read_chunks(st_span(data + 1, size - 1), 1u + data[0] % 32u);
    write_chunks(st_span(data + 1, size - 1), 1u + data[0]);
    return 0;
}
