/* SPDX-License-Identifier: Apache-2.0 */
/* report - what of a judged message may be kept, and what the curator gets to see.
 *
 * A request and a WebSocket message are reported alike: counted, recorded before anything comes of the verdict, and,
 * once it was taken, counted as learning.
 */
#ifndef STOA_GATEWAY_REPORT_H
#define STOA_GATEWAY_REPORT_H
#include "gateway/chain.h"

struct rules;
struct worker;

#define REPORT_ID_LEN 36
struct report_case { /* one judged message; all borrowed */
    struct worker *worker;
    const struct rules *rules; /* it was judged by */
    const char *person, *host;
    char *id; /* REPORT_ID_LEN + 1 bytes; "" until someone needs it */
    const struct chain_out *chain;
    bool is_redacted;
    uint64_t streamed; /* bytes that left before the end of the body was judged */
};
const char *report_id(char *id); /* makes it when there is none yet */
void report_counts(const struct report_case *c);
/* Before the answer: afterwards the record survives this process. ST_ERR: it cannot, and failure.recorder is block. */
ST_MUST enum st_rc report_decision(const struct report_case *c, struct st_err *err);
bool report_is_learning(const struct report_case *c); /* for who opted in, which the recorder knows */
void report_taken(const struct report_case *c);       /* the platform took it: learning, a post's copy */
#endif
