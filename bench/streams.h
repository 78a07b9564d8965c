/* SPDX-License-Identifier: Apache-2.0 */
/* streams - the load's side of one HTTP/2 connection: requests as streams beside each other, bytes in and out. */
#ifndef STOA_BENCH_STREAMS_H
#define STOA_BENCH_STREAMS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAMS_MAX 64

struct plan;
struct streams;

struct stream_reply {
    int status; /* 0: the stream was reset */
    uint64_t body, began;
};

struct streams *streams_new(const struct plan *plan); /* borrows the plan; NULL: no memory */
void streams_free(struct streams *streams);           /* NULL is fine */
/* Begins a request as the plan's number `turn`; at most STREAMS_MAX are open. */
bool streams_ask(struct streams *streams, unsigned turn, uint64_t began);
/* Bytes for the wire, valid until the next call; answers how many. */
size_t streams_out(struct streams *streams, const char **bytes);
bool streams_feed(struct streams *streams, const char *bytes, size_t len); /* false: not HTTP/2, or the end of it */
bool streams_take(struct streams *streams, struct stream_reply *reply);    /* the next that is whole */
#endif
