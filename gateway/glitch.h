/* SPDX-License-Identifier: Apache-2.0 */
/* glitch - how much pointless work one peer may cause on one connection.
 *
 * Pings, empty frames, resets and settings are legal and cheap one by one; a flood of them is an attack. Each costs
 * tokens of a bucket that time and useful bytes refill, so that a busy honest peer never runs dry.
 */
#ifndef STOA_GATEWAY_GLITCH_H
#define STOA_GATEWAY_GLITCH_H
#include <stdbool.h>
#include <stdint.h>

struct glitch {
    uint64_t milli, burst; /* thousandths of a token: left, at most */
    uint64_t at_ms;        /* of the last refill, st_clock_ms */
    uint32_t per_second;
};

void glitch_init(struct glitch *glitch, uint32_t burst, uint32_t per_second);
bool glitch_spend(struct glitch *glitch, uint32_t tokens); /* false: the peer has had enough */
void glitch_earn(struct glitch *glitch, uint64_t bytes);   /* useful bytes, one token per KiB */
#endif
