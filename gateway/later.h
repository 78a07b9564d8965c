/* SPDX-License-Identifier: Apache-2.0 */
/* later - what must not happen inside a callback (freeing, stepping a neighbour) happens from a zero-time event.
 *
 * Items are intrusive: an object that can be freed later or stepped later embeds one.
 */
#ifndef STOA_GATEWAY_LATER_H
#define STOA_GATEWAY_LATER_H
#include "base/err.h"
#include <stdbool.h>

struct event_base;
struct later;
struct later_item {
    struct later_item *next, **link; /* owned by later; link NULL: not queued */
    struct later *later;
    void (*fn)(void *ctx);
    void *ctx;
};
ST_MUST struct later *later_new(struct event_base *base);
void later_free(struct later *later);                          /* calls what is still queued; NULL is fine */
void later_call(struct later *later, struct later_item *item); /* once, however often asked for */
void later_cancel(struct later_item *item);                    /* not queued is fine */
bool later_is_due(const struct later_item *item);
#endif
