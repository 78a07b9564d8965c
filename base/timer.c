/* SPDX-License-Identifier: Apache-2.0 */
/* timer - a binary heap of deadlines; declared in clock.h, since a deadline is a time on st_clock.
 *
 * The heap holds pointers to the callers' st_timer, and each st_timer knows its slot, so disarming is O(log n) without
 * a search. A round of st_timers_fire looks at one frozen "now": what is armed during the round fires in the next one
 * at the earliest, so a timer that re-arms itself with 0 cannot hold the loop.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

#define TIMERS_MAGIC 0x54696d65u

struct st_timers {
    unsigned magic;
    bool firing;
    uint64_t now_ms; /* of the round, when firing */
    struct st_timer **heap;
    size_t n, cap, limit;
};

struct st_timers *st_timers_new(size_t limit)
{
    struct st_timers *timers = calloc(1, sizeof *timers);

    if (timers == NULL)
        return NULL;
    timers->magic = TIMERS_MAGIC;
    timers->limit = limit;
    return timers;
}

void st_timers_free(struct st_timers *timers)
{
    if (timers == NULL)
        return;
    ST_CHECK(timers, TIMERS_MAGIC);
    for (size_t i = 0; i < timers->n; i++) {
        timers->heap[i]->slot = 0;
        timers->heap[i]->due_ms = 0;
    }
    timers->magic = 0;
    free(timers->heap);
    free(timers);
}

static void place(struct st_timers *timers, size_t i, struct st_timer *timer)
{
    timers->heap[i] = timer;
    timer->slot = i + 1;
}

static void sift_up(struct st_timers *timers, size_t i, struct st_timer *timer)
{
    while (i > 0 && timers->heap[(i - 1) / 2]->due_ms > timer->due_ms) {
        place(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(timers, i, timer);
}

static void sift_down(struct st_timers *timers, size_t i, struct st_timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= timers->n)
            break;
        if (child + 1 < timers->n && timers->heap[child + 1]->due_ms < timers->heap[child]->due_ms)
            child++;
        if (timers->heap[child]->due_ms >= timer->due_ms)
            break;
        place(timers, i, timers->heap[child]);
        i = child;
    }
    place(timers, i, timer);
}

static enum st_rc grow(struct st_timers *timers, struct st_err *err)
{
    size_t cap = timers->cap == 0 ? 16 : timers->cap * 2;
    struct st_timer **heap;

    if (timers->n == timers->limit)
        return st_fail(err, ST_E_LIMIT, "timer.arm", "too many timers", timers->limit);
    if (timers->n < timers->cap)
        return ST_OK;
    if (cap > timers->limit)
        cap = timers->limit;
    heap = realloc(timers->heap, cap * sizeof *heap);
    if (heap == NULL)
        return st_fail(err, ST_E_NOMEM, "timer.arm", "heap", cap * sizeof *heap);
    timers->heap = heap;
    timers->cap = cap;
    return ST_OK;
}

enum st_rc st_timer_arm(struct st_timers *timers, struct st_timer *timer, uint64_t in_ms, struct st_err *err)
{
    uint64_t due = st_clock_ms();

    ST_CHECK(timers, TIMERS_MAGIC);
    st_timer_disarm(timers, timer);
    if (grow(timers, err) != ST_OK)
        return ST_ERR;
    if (__builtin_add_overflow(due, in_ms, &due))
        due = UINT64_MAX;
    if (timers->firing && due <= timers->now_ms)
        due = timers->now_ms + 1;
    timer->due_ms = due;
    timers->n++;
    sift_up(timers, timers->n - 1, timer);
    return ST_OK;
}

void st_timer_disarm(struct st_timers *timers, struct st_timer *timer)
{
    struct st_timer *last;
    size_t i;

    ST_CHECK(timers, TIMERS_MAGIC);
    if (timer->slot == 0)
        return;
    i = timer->slot - 1;
    assert(i < timers->n && timers->heap[i] == timer);
    timer->slot = 0;
    timer->due_ms = 0;
    last = timers->heap[--timers->n];
    if (last == timer)
        return;
    if (i > 0 && timers->heap[(i - 1) / 2]->due_ms > last->due_ms)
        sift_up(timers, i, last);
    else
        sift_down(timers, i, last);
}

uint64_t st_timers_next(const struct st_timers *timers)
{
    uint64_t now = st_clock_ms();

    ST_CHECK(timers, TIMERS_MAGIC);
    if (timers->n == 0)
        return UINT64_MAX;
    return timers->heap[0]->due_ms <= now ? 0 : timers->heap[0]->due_ms - now;
}

void st_timers_fire(struct st_timers *timers)
{
    ST_CHECK(timers, TIMERS_MAGIC);
    assert(!timers->firing);
    timers->now_ms = st_clock_ms();
    timers->firing = true;
    while (timers->n > 0 && timers->heap[0]->due_ms <= timers->now_ms) {
        struct st_timer *timer = timers->heap[0];

        st_timer_disarm(timers, timer);
        timer->fn(timer->ctx); /* may free the timer: it is not touched again */
    }
    timers->firing = false;
}
