/* SPDX-License-Identifier: Apache-2.0 */
/* transfer - an upload from its announcement to its bytes, which go to an address that the platform's answer named. */
#ifndef STOA_GATEWAY_TRANSFER_H
#define STOA_GATEWAY_TRANSFER_H
#include "gateway/chain.h"
#include "gateway/worker.h"

struct transfer {                 /* of one exchange */
    const struct lp_route *route; /* NULL: it is no announced upload; borrowed from the rules of the exchange */
    struct st_span id;            /* what the platform calls it, in the arena of the exchange; may be empty */
};
struct transfer_place { /* borrowed */
    struct st_span host, path;
    const char *person;
};
/* Notes every address of told->activity. */
void transfer_learn(struct worker *worker, const struct chain_out *told, const char *person);
/* Is an address of that host noted for that person? */
bool transfer_is_due(struct worker *worker, struct st_span host, const char *person);
/* Is it a noted address? *out is all zero when it is not. */
void transfer_find(struct worker *worker, const struct lp_set *set, const struct transfer_place *place,
                   struct st_arena *arena, struct transfer *out);
#endif
