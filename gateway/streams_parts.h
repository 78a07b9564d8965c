/* SPDX-License-Identifier: Apache-2.0 */
/* streams_parts - the inside of a client's HTTP/2 connection: streams.c (the connection), streams_front.c (one stream
 * as the client of its exchange). Nobody else includes it.
 */
#ifndef STOA_GATEWAY_STREAMS_PARTS_H
#define STOA_GATEWAY_STREAMS_PARTS_H
#include "gateway/http2.h"
#include "gateway/streams.h"

#define STREAM_MAGIC 0x7374726du

struct evbuffer;
struct stream { /* one exchange */
    struct front front;
    unsigned magic;
    struct streams *streams;
    struct stream *next, **link; /* of all, oldest first */
    struct stream *next_ready;   /* of those to be stepped */
    bool is_ready;               /* it is among them */
    struct http2_stream *h2;     /* released with this */
    struct txn_env env;          /* its exchange's */
    struct txn *txn;             /* owned */
    struct st_err err;           /* why the request cannot be read */
    bool is_over;                /* the exchange is */
    bool is_closed;              /* by either side: nobody reads an answer any more */
    struct http1_event head;     /* in the exchange's arena, as trailers are */
    bool head_is_read, end_is_there, end_is_read;
    bool is_socket;      /* an extended CONNECT: HTTP/1 has a GET without a body, and after its answer two pipes */
    bool is_whole;       /* the answer: nothing goes out after its head */
    struct evbuffer *in; /* body bytes that came; the client gets credit for what is taken from it */
    size_t taken;        /* of what read gave out */
    struct http_field *trailers;
    size_t n_trailers;
    size_t share; /* of the worker's budget */
};

/* streams_front.c */
extern const struct front_ops stream_front_ops;
/* The request's head as HTTP/1 has it; what is wrong with it stands in stream->err. */
void stream_take_head(struct stream *stream, const struct http2_event *event);
void stream_take_data(struct stream *stream, struct st_span data);
void stream_take_end(struct stream *stream, const struct http_field *trailers, size_t n);

/* streams.c */
void stream_ready(struct stream *stream);            /* it is stepped soon */
bool streams_is_deaf(const struct streams *streams); /* nothing more comes from the client */
#endif
