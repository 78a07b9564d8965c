/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the only source of time, so that tests can turn it.
 *
 * Deadlines are kept on the monotonic clock, stamps on the wall clock. st_clock_turn moves both forward at once for
 * the calling process; nothing in the house reads time in another way (tests/lint/banned).
 */
#ifndef STOA_BASE_CLOCK_H
#define STOA_BASE_CLOCK_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

uint64_t st_clock_ms(void);      /* monotonic milliseconds since an arbitrary start, turns included */
uint64_t st_clock_us(void);      /* the same in microseconds */
int64_t st_clock_wall_ms(void);  /* milliseconds since 1970-01-01T00:00:00Z, turns included */
uint64_t st_clock_cpu_ns(void);  /* CPU time of this thread; no turn moves it */
void st_clock_turn(uint64_t ms); /* for tests: time jumps forward by ms */
/* RFC 3339 with milliseconds, UTC: 2026-11-24T06:35:31.123Z. out holds at least 25 bytes. */
void st_clock_rfc3339(int64_t wall_ms, char *out, size_t size);

/* timers - a heap of deadlines on st_clock; the process loop asks when to wake and then fires what is due. */
struct st_timers;
struct st_timer {
    uint64_t due_ms; /* 0 when not armed; owned by timers */
    size_t slot;     /* heap position + 1; 0 when not armed */
    void (*fn)(void *ctx);
    void *ctx;
};
ST_MUST struct st_timers *st_timers_new(size_t limit); /* at most `limit` armed at once */
void st_timers_free(struct st_timers *timers);
/* (Re)arms; the caller keeps the st_timer alive until it fired or was disarmed. */
ST_MUST enum st_rc st_timer_arm(struct st_timers *timers, struct st_timer *timer, uint64_t in_ms, struct st_err *err);
void st_timer_disarm(struct st_timers *timers, struct st_timer *timer); /* unarmed is fine */
/* Milliseconds until the next deadline, UINT64_MAX when there is none. */
uint64_t st_timers_next(const struct st_timers *timers);
void st_timers_fire(struct st_timers *timers); /* calls every timer that is due; they may re-arm */
#endif
