/* SPDX-License-Identifier: Apache-2.0 */
/* budget - the memory that all connections and messages of one process may hold together; or the disk, for spool files.
 *
 * Each of them has its own ceiling, but so many may come that their sum has none. Whoever holds memory keeps a share
 * and says how large it is after each of its steps; when the sum comes near the ceiling, buffers become smaller and
 * bodies go to the spool file, and at the ceiling nothing new is begun until something ends.
 */
#ifndef STOA_GATEWAY_BUDGET_H
#define STOA_GATEWAY_BUDGET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
    size_t max; /* bytes; 0: no ceiling */
    size_t held, peak;
    uint64_t refused; /* how often budget_take said no */
};
enum budget_level {
    BUDGET_EASY,
    BUDGET_TIGHT, /* three quarters are held: be small */
    BUDGET_FULL   /* begin nothing */
};
/* The share is `now` bytes from here on; 0 gives it back. A NULL budget counts nothing. */
void budget_hold(struct budget *budget, size_t *share, size_t now);
/* The same where a share may not be beyond the ceiling: false leaves it as it was. */
bool budget_take(struct budget *budget, size_t *share, size_t now);
enum budget_level budget_level(const struct budget *budget);
#endif
