/* SPDX-License-Identifier: Apache-2.0 */
/* told - Stoa's reading of some bytes, and the same messages written anew.
 *
 * The writing is done as the gateway does it: http1_write_request or _response, then the framing, then the body. Body
 * bytes are joined, since their pieces follow the cut; everything else is kept as the events said it.
 */
#include "tests/fuzz/told.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_MAX (4u << 20)

void told_must(bool cond, const char *what)
{
    if (cond)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

bool told_eq(const struct st_buf *a, const struct st_buf *b)
{
    return st_span_eq(st_buf_view(a), st_buf_view(b));
}

void told_show(struct st_span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        uint8_t c = bytes.p[i];

        if (c == '\r' || c == '\n')
            fprintf(stderr, c == '\r' ? "\\r" : "\\n");
        else if (c == '\\' || c == '|' || c == '`' || c < ' ' || c > '~')
            fprintf(stderr, "\\x%02x", c);
        else
            fputc(c, stderr);
    }
    fputc('\n', stderr);
}

void told_begin(struct told_message *message)
{
    struct st_buf *const parts[] = { &message->start, &message->fields, &message->body, &message->trailers };

    *message = (struct told_message){ 0 };
    for (size_t i = 0; i < ST_LEN(parts); i++)
        st_buf_init(parts[i], PART_MAX);
}

void told_end_message(struct told_message *message)
{
    st_buf_fini(&message->start);
    st_buf_fini(&message->fields);
    st_buf_fini(&message->body);
    st_buf_fini(&message->trailers);
}

void told_fini(struct told *told)
{
    for (size_t i = 0; i < told->n; i++)
        told_end_message(&told->items[i]);
    st_buf_fini(&told->again);
}

static void note_fields(struct st_buf *out, const struct http_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        st_buf_span(out, fields[i].name);
        st_buf_str(out, ": ");
        st_buf_span(out, fields[i].value);
        st_buf_byte(out, '\n');
    }
}

static void note_head(struct told *told, const struct http1_event *event)
{
    struct told_message *message = &told->items[told->n++];
    const struct http_head *head = event->head;

    told_begin(message);
    if (head->method.n > 0) {
        st_buf_span(&message->start, head->method);
        st_buf_byte(&message->start, ' ');
        st_buf_span(&message->start, head->target);
    } else {
        st_buf_fmt(&message->start, "%u ", head->status);
        st_buf_span(&message->start, head->reason);
    }
    message->status = head->status;
    message->minor = head->minor;
    message->is_whole = event->is_interim;
    note_fields(&message->fields, head->fields, head->n);
}

/* The message as it would go on to the other side. */
static void write_again(struct told *told, const struct http1_event *head, const struct http1_event *end)
{
    const struct told_message *message = &told->items[told->n - 1];
    struct st_err err = ST_ERR_INIT;
    struct st_buf *out = &told->again;
    bool is_request = head->head->method.n > 0;

    told_must((is_request ? http1_write_request(out, head->head, head->head->target, NULL, &err)
                          : http1_write_response(out, head->head, NULL, &err)) == ST_OK,
              "what was accepted can be written");
    if (is_request && http_field_count(head->head, "host") == 0)
        told_must(http1_write_field(out, "Host", ST_SPAN("h"), &err) == ST_OK, "a Host can be added");
    if (head->framing == HTTP1_CHUNKED)
        told_must(http1_write_field(out, "Transfer-Encoding", ST_SPAN("chunked"), &err) == ST_OK, "framing");
    http1_write_end(out);
    if (head->framing != HTTP1_CHUNKED) {
        st_buf_span(out, st_buf_view(&message->body));
    } else {
        http1_write_chunk(out, st_buf_view(&message->body));
        http1_write_last_chunk(out, end->trailers, end->n_trailers);
    }
}

/* One event; false: nothing more is to be read. */
static bool take(struct told *told, struct http1_event *head, const struct http1_event *event)
{
    switch (event->kind) {
    case HTTP1_HEAD:
        if (told->n == TOLD_MAX)
            return false;
        *head = *event;
        note_head(told, event);
        if (event->is_interim)
            write_again(told, head, event);
        return true;
    case HTTP1_DATA: st_buf_span(&told->items[told->n - 1].body, event->data); return true;
    case HTTP1_END:
        note_fields(&told->items[told->n - 1].trailers, event->trailers, event->n_trailers);
        told->items[told->n - 1].is_whole = true;
        write_again(told, head, event);
        return true;
    case HTTP1_TUNNEL: break;
    }
    return false;
}

void told_read(struct told *told, enum told_kind kind, const struct http1_limits *limits, struct st_span in,
               size_t step)
{
    struct http1 *parser = http1_new(kind == TOLD_REQUEST ? HTTP1_REQUEST : HTTP1_RESPONSE, limits);
    struct st_arena *arena = st_arena_new(64u << 20);
    struct http1_event head = { .kind = HTTP1_END }, event;
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = ST_AGAIN;

    *told = (struct told){ .n = 0 };
    st_buf_init(&told->again, PART_MAX);
    told_must(parser != NULL && arena != NULL, "memory");
    http1_expect(parser, kind == TOLD_RESPONSE_TO_HEAD, false);
    for (; in.n > 0 && told->end == TOLD_OPEN && rc != ST_ERR; in = st_span_sub(in, step, in.n)) {
        struct st_span rest = st_span_sub(in, 0, step);
        size_t used = 0;

        while ((rc = http1_feed(parser, arena, rest, &used, &event, &err)) == ST_OK && told->end == TOLD_OPEN) {
            rest = st_span_sub(rest, used, rest.n);
            if (!take(told, &head, &event))
                told->end = TOLD_STOPPED;
        }
        told_must(rc != ST_AGAIN || used == rest.n, "all of the input is taken before more is asked for");
    }
    if (rc == ST_ERR && told->end == TOLD_OPEN)
        told->end = TOLD_BROKEN;
    told->reason = err.what;
    if (told->end == TOLD_OPEN && http1_eof(parser, &event, &err) == ST_OK)
        (void)take(told, &head, &event);
    told_must(told->again.failed == ST_E_NONE, "what is written has an end");
    http1_free(parser);
    st_arena_free(arena);
}
