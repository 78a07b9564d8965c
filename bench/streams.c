/* SPDX-License-Identifier: Apache-2.0 */
/* streams - HTTP/2 for the load, over nghttp2.
 *
 * A client asks for as many streams as the plan says and each that ends makes room for the next, so the loop stays
 * closed. Frames of all streams leave together, as a browser's do: streams_out gathers what nghttp2 has into one block.
 */
#include "bench/streams.h"
#include "bench/client.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATHER 16384u
#define WINDOW (16 << 20) /* flow control is not what is measured */

struct stream {
    int32_t id; /* 0: the slot is free */
    struct stream_reply reply;
    const char *body;
    size_t left;
};

struct streams {
    nghttp2_session *ng;
    const struct plan *plan;
    struct stream open[STREAMS_MAX];
    struct stream_reply done[STREAMS_MAX]; /* a ring: they never are more than those that were asked */
    unsigned first, n_done;
    uint8_t out[2 * GATHER + 64];
};

static struct stream *find(struct streams *s, int32_t id)
{
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        if (s->open[i].id == id)
            return &s->open[i];
    return NULL;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
    struct stream *stream = find(ctx, frame->hd.stream_id);

    (void)ng;
    (void)flags;
    if (stream != NULL && name_len == 7 && memcmp(name, ":status", 7) == 0 && value_len == 3)
        stream->reply.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + value[2] - '0';
    return 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *ctx)
{
    struct stream *stream = find(ctx, id);

    (void)ng;
    (void)flags;
    (void)data;
    if (stream != NULL)
        stream->reply.body += len;
    return 0;
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *ctx)
{
    struct streams *s = ctx;
    struct stream *stream = find(s, id);

    (void)ng;
    if (stream == NULL)
        return 0;
    if (code != NGHTTP2_NO_ERROR)
        stream->reply.status = 0;
    s->done[(s->first + s->n_done++) % STREAMS_MAX] = stream->reply;
    stream->id = 0;
    return 0;
}

static ssize_t give_body(nghttp2_session *ng, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *ctx)
{
    struct stream *stream = source->ptr;
    size_t n = stream->left < room ? stream->left : room;

    (void)ng;
    (void)id;
    (void)ctx;
    memcpy(out, stream->body, n);
    stream->body += n;
    stream->left -= n;
    if (stream->left == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

struct streams *streams_new(const struct plan *plan)
{
    const nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW };
    struct streams *s = calloc(1, sizeof *s);
    nghttp2_session_callbacks *calls = NULL;

    if (s == NULL || nghttp2_session_callbacks_new(&calls) != 0) {
        free(s);
        return NULL;
    }
    s->plan = plan;
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    if (nghttp2_session_client_new(&s->ng, calls, s) != 0 ||
        nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, &window, 1) != 0 ||
        nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0, WINDOW) != 0) {
        nghttp2_session_del(s->ng);
        free(s);
        s = NULL;
    }
    nghttp2_session_callbacks_del(calls);
    return s;
}

void streams_free(struct streams *s)
{
    if (s == NULL)
        return;
    nghttp2_session_del(s->ng);
    free(s);
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                         NGHTTP2_NV_FLAG_NONE };
}

bool streams_ask(struct streams *s, unsigned turn, uint64_t began)
{
    const struct plan_request *request = &s->plan->requests[turn % PLAN_REQUESTS];
    struct stream *stream = find(s, 0);
    char authority[160], length[24];
    nghttp2_data_provider body = { { .ptr = stream }, give_body };
    nghttp2_nv fields[8];
    size_t n = 0;

    if (stream == NULL)
        return false;
    *stream = (struct stream){ .reply.began = began };
    snprintf(authority, sizeof authority, "%.100s%.20s", s->plan->name, plan_port(s->plan));
    snprintf(length, sizeof length, "%zu", request->len - request->head_len);
    fields[n++] = field(":method", request->len > request->head_len ? "POST" : "GET");
    fields[n++] = field(":scheme", "https");
    fields[n++] = field(":authority", authority);
    fields[n++] = field(":path", s->plan->path);
    fields[n++] = field("user-agent", "stoa-bench");
    fields[n++] = field("accept", "*/*");
    if (request->len > request->head_len) {
        stream->body = request->bytes + request->head_len;
        stream->left = request->len - request->head_len;
        fields[n++] = field("content-type", "application/json");
        fields[n++] = field("content-length", length);
    }
    stream->id = nghttp2_submit_request(s->ng, NULL, fields, n, stream->left > 0 ? &body : NULL, NULL);
    return stream->id > 0;
}

size_t streams_out(struct streams *s, const char **bytes)
{
    const uint8_t *frame;
    size_t len = 0;
    ssize_t n = 1;

    while (len < GATHER && n > 0) {
        n = nghttp2_session_mem_send(s->ng, &frame);
        if (n > 0 && (size_t)n <= sizeof s->out - len) {
            memcpy(s->out + len, frame, (size_t)n);
            len += (size_t)n;
        }
    }
    *bytes = (const char *)s->out;
    return len;
}

bool streams_feed(struct streams *s, const char *bytes, size_t len)
{
    return nghttp2_session_mem_recv(s->ng, (const uint8_t *)bytes, len) == (ssize_t)len &&
           nghttp2_session_check_request_allowed(s->ng) != 0;
}

bool streams_take(struct streams *s, struct stream_reply *reply)
{
    if (s->n_done == 0)
        return false;
    *reply = s->done[s->first];
    s->first = (s->first + 1) % STREAMS_MAX;
    s->n_done--;
    return true;
}
