/* SPDX-License-Identifier: Apache-2.0 */
/* told - what an HTTP/1 parser made of some bytes, in a shape that two tellings can be compared in. */
#ifndef STOA_TESTS_FUZZ_TOLD_H
#define STOA_TESTS_FUZZ_TOLD_H
#include "gateway/http1.h"

#define TOLD_MAX 16u /* messages; the reading stops there */

enum told_kind { TOLD_REQUEST, TOLD_RESPONSE, TOLD_RESPONSE_TO_HEAD };
enum told_end { TOLD_OPEN, TOLD_BROKEN, TOLD_STOPPED };

struct told_message {
    struct st_buf start;  /* "GET /x", "200 OK" */
    struct st_buf fields; /* "name: value\n" each */
    struct st_buf body, trailers;
    unsigned status;
    uint8_t minor;
    bool is_whole;
};
struct told {
    struct told_message items[TOLD_MAX];
    size_t n; /* with a whole head */
    enum told_end end;
    const char *reason;  /* BROKEN: a literal */
    struct st_buf again; /* every whole message, written anew */
};

/* A message whose buffers are ready. */
void told_begin(struct told_message *message);
void told_end_message(struct told_message *message); /* gives back what told_begin took */
/* Stoa's own reading, in pieces of `step` bytes, with an end behind them. */
void told_read(struct told *told, enum told_kind kind, const struct http1_limits *limits, struct st_span in,
               size_t step);
void told_fini(struct told *told);

void told_must(bool cond, const char *what); /* aborts, saying what does not hold */
bool told_eq(const struct st_buf *a, const struct st_buf *b);
/* The bytes with everything but printable ASCII escaped, on stderr. */
void told_show(struct st_span bytes);
#endif
