/* SPDX-License-Identifier: Apache-2.0 */
/* clock and timers - turning time, stamps against known dates, and a heap of timers against a sorted list. */
#include "t.h"

#include "base/clock.h"

T_TEST(turns_move_all_clocks)
{
    uint64_t ms = st_clock_ms(), us = st_clock_us();
    int64_t wall = st_clock_wall_ms();

    st_clock_turn(3600000);
    T_CHECK(st_clock_ms() - ms >= 3600000 && st_clock_ms() - ms < 3660000, "ms");
    T_CHECK(st_clock_us() - us >= 3600000000u, "us");
    T_CHECK(st_clock_wall_ms() - wall >= 3600000, "wall");
    T_CHECK(st_clock_wall_ms() > 1577836800000, "the wall clock is in this decade");
}

T_TEST(stamps)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1795502131123, "2026-11-24T06:35:31.123Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { -1000, "1969-12-31T23:59:59.000Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { 253402300800000, "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
    };
    char out[25];

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        st_clock_rfc3339(rows[i].ms, out, sizeof out);
        T_CHECK(strcmp(out, rows[i].text) == 0, "%lld gives %s", (long long)rows[i].ms, out);
    }
}

static int fired;
static struct st_timers *timers;

static void count(void *ctx)
{
    fired++;
    (void)ctx;
}

static void rearm(void *ctx)
{
    struct st_timer *timer = ctx;
    struct st_err err;

    fired++;
    T_CHECK(st_timer_arm(timers, timer, 0, &err) == ST_OK, "re-arming");
}

T_TEST(one_timer)
{
    struct st_timer timer = { .fn = count };
    struct st_err err = ST_ERR_INIT;

    timers = st_timers_new(4);
    fired = 0;
    T_CHECK(st_timers_next(timers) == UINT64_MAX, "none armed");
    T_OK(st_timer_arm(timers, &timer, 5000, &err), err);
    T_CHECK(st_timers_next(timers) > 4000 && st_timers_next(timers) <= 5000, "next");
    st_timers_fire(timers);
    T_CHECK(fired == 0, "too early");
    st_clock_turn(5000);
    T_CHECK(st_timers_next(timers) == 0, "due");
    st_timers_fire(timers);
    st_timers_fire(timers);
    T_CHECK(fired == 1 && timer.slot == 0 && timer.due_ms == 0, "fired %d times", fired);
    st_timer_disarm(timers, &timer);
    T_OK(st_timer_arm(timers, &timer, UINT64_MAX, &err), err);
    T_CHECK(st_timers_next(timers) > UINT64_MAX / 2, "a deadline beyond the end of time");
    st_timers_free(timers);
    T_CHECK(timer.slot == 0, "freeing disarms");
    st_timers_free(NULL);
}

T_TEST(a_timer_that_rearms_itself_does_not_hold_the_loop)
{
    struct st_timer timer = { .fn = rearm, .ctx = &timer };
    struct st_err err = ST_ERR_INIT;

    timers = st_timers_new(4);
    fired = 0;
    T_OK(st_timer_arm(timers, &timer, 0, &err), err);
    for (int i = 1; i <= 3; i++) {
        st_timers_fire(timers);
        T_CHECK(fired == i, "round %d fired %d", i, fired);
        st_clock_turn(1);
    }
    st_timers_free(timers);
}

T_TEST(ceiling)
{
    struct st_timer list[3] = { { .fn = count }, { .fn = count }, { .fn = count } };
    struct st_err err = ST_ERR_INIT;

    timers = st_timers_new(2);
    T_OK(st_timer_arm(timers, &list[0], 1, &err), err);
    T_OK(st_timer_arm(timers, &list[1], 1, &err), err);
    T_CHECK(st_timer_arm(timers, &list[2], 1, &err) == ST_ERR && err.code == ST_E_LIMIT, "a third");
    T_OK(st_timer_arm(timers, &list[1], 2, &err), err); /* one that is armed needs no new place */
    st_timers_free(timers);
}

static uint64_t order_last;
static size_t order_n;

static void in_order(void *ctx)
{
    uint64_t due = *(uint64_t *)ctx;

    T_CHECK(due >= order_last, "%llu after %llu", (unsigned long long)due, (unsigned long long)order_last);
    order_last = due;
    order_n++;
}

T_TEST(many_timers_fire_in_order)
{
    enum { N = 300 };
    static struct st_timer list[N];
    static uint64_t due[N];
    struct st_err err = ST_ERR_INIT;
    size_t armed = 0, round_armed = 0;

    timers = st_timers_new(N);
    for (size_t i = 0; i < N; i++)
        list[i] = (struct st_timer){ .fn = in_order, .ctx = &due[i] };
    for (int step = 0; step < 20000; step++) {
        size_t i = t_below(N);

        if (t_below(3) == 0) {
            st_timer_disarm(timers, &list[i]);
        } else {
            T_OK(st_timer_arm(timers, &list[i], t_below(2000), &err), err);
            due[i] = list[i].due_ms;
        }
        if (step % 500 == 0) {
            order_last = 0;
            order_n = 0;
            st_clock_turn(t_below(500));
            st_timers_fire(timers);
            round_armed += order_n;
        }
    }
    for (size_t i = 0; i < N; i++)
        armed += list[i].slot > 0;
    st_clock_turn(2000);
    order_last = 0;
    order_n = 0;
    st_timers_fire(timers);
    T_CHECK(order_n == armed && round_armed > 0, "fired %zu of %zu", order_n, armed);
    st_timers_free(timers);
}

T_TEST(timers_survive_every_oom)
{
    for (int nth = 1;; nth++) {
        static struct st_timer list[40];
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc = ST_OK;

        memset(list, 0, sizeof list);
        t_fail_alloc(nth);
        timers = st_timers_new(40);
        for (size_t i = 0; timers != NULL && rc == ST_OK && i < ST_LEN(list); i++)
            rc = st_timer_arm(timers, &list[i], i, &err);
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        if (timers != NULL && rc == ST_OK) {
            st_timers_free(timers);
            break;
        }
        st_timers_free(timers);
    }
}
