/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog - what a run may use, and how often it is looked at, counted on clocks that the test turns itself.
 *
 * This program's clock_gettime and timer_settime stand before the C library's: time passes where a test lets it, the
 * timer comes at its moment, and nothing depends on how fast or how full the machine is.
 */
#include "host/state.h"
#include "t.h"
#include <signal.h>
#include <time.h>

#define BUDGET_US 80000u
#define BUDGET_NS (BUDGET_US * (uint64_t)1000)
#define LOOK_NS   20000u  /* the shortest time between two looks at a run that goes on */
#define AGAIN_NS  200000u /* and at one that has ended, but does not see it yet */
#define NEVER     UINT64_MAX

static struct {
    uint64_t wall_ns, cpu_ns, due_ns;
    uint64_t in_ns; /* for how long the timer was set last */
    unsigned ticks;
} now = { 1000000000u, 1000000u, NEVER, 0, 0 };

int clock_gettime(clockid_t id, struct timespec *out)
{
    uint64_t ns = id == CLOCK_THREAD_CPUTIME_ID ? now.cpu_ns : now.wall_ns;

    *out = (struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
    return 0;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *at, struct itimerspec *old)
{
    (void)timer, (void)flags, (void)old;
    now.in_ns = (uint64_t)at->it_value.tv_sec * 1000000000u + (uint64_t)at->it_value.tv_nsec;
    now.due_ns = now.wall_ns + now.in_ns;
    return 0;
}

static void step(uint64_t wall_ns, unsigned percent)
{
    now.wall_ns += wall_ns;
    now.cpu_ns += wall_ns * percent / 100;
}

/* Time on the wall, of which the thread has so much of the CPU; the timer comes when it is due. */
static void pass(uint64_t wall_ns, unsigned percent)
{
    uint64_t end = now.wall_ns + wall_ns;

    while (now.due_ns <= end) {
        step(now.due_ns - now.wall_ns, percent);
        now.due_ns = NEVER;
        now.ticks++;
        T_CHECK(raise(SIGRTMIN + 3) == 0, "the watchdog's signal");
    }
    step(end - now.wall_ns, percent);
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* A host function that does not look whether its time is over, until it is. */
static int endless(lua_State *L)
{
    const unsigned *percent = lua_touserdata(L, 1);

    while (!lp_state_of(L)->expired) {
        T_CHECK(now.due_ns != NEVER && now.ticks < 100, "%u looks", now.ticks);
        pass(now.due_ns - now.wall_ns, *percent);
    }
    return 0;
}

static int deaf(lua_State *L)
{
    unsigned percent = 100;

    lua_pushlightuserdata(L, &percent);
    lua_replace(L, 1);
    (void)endless(L);
    for (unsigned i = 0; i < 10; i++) {
        T_CHECK(now.in_ns >= AGAIN_NS, "looked at again within %llu ns", (unsigned long long)now.in_ns);
        pass(now.in_ns, 100);
    }
    return 0;
}

static struct lp_state *fresh(void)
{
    struct st_err err = ST_ERR_INIT;
    struct lp_state *s = NULL;

    T_OK(lp_state_new((size_t)1 << 20, &s, &err), err);
    return s;
}

/* Whether the thread worked or waited between two runs, and whether it has the CPU alone: a run gets its budget of CPU
 * time but for an eighth, and never more than a look's time above it. */
T_TEST(no_run_gets_more_than_its_budget)
{
    static const unsigned shares[] = { 100, 100, 90, 50, 25 }, between[] = { 0, 10, 100 };
    struct lp_state *s = fresh();
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(shares) * ST_LEN(between); i++) {
        unsigned share = shares[i % ST_LEN(shares)];
        uint64_t took, wall;

        pass(2 * BUDGET_NS, 100);
        T_OK(lp_state_run(s, nothing, NULL, BUDGET_US, &err), err);
        pass(i % 2 == 0 ? BUDGET_NS / 10 : BUDGET_NS * 6 / 10, between[i / ST_LEN(shares)]);
        took = now.cpu_ns, wall = now.wall_ns;
        now.ticks = 0;
        T_CHECK(lp_state_run(s, endless, &share, BUDGET_US, &err) == ST_ERR && s->fail == LP_FAIL_TIME, "%u %%", share);
        took = now.cpu_ns - took, wall = now.wall_ns - wall;
        T_CHECK(took <= BUDGET_NS + LOOK_NS, "%u %%: %llu ns", share, (unsigned long long)took);
        T_CHECK(took >= BUDGET_NS - BUDGET_NS / 8 || wall >= 4 * BUDGET_NS - LOOK_NS, "%u %%: %llu ns in %llu", share,
                (unsigned long long)took, (unsigned long long)wall);
        T_CHECK(wall <= 4 * BUDGET_NS + BUDGET_NS, "%u %%: %llu ns on the wall", share, (unsigned long long)wall);
    }
    lp_state_free(s);
}

/* The timer that a run leaves set finds nobody, or the next run, and ends neither for what went before. */
T_TEST(a_timer_that_stayed_set_ends_nobody)
{
    struct lp_state *s = fresh();
    struct st_err err = ST_ERR_INIT;

    for (unsigned i = 0; i < 20; i++) {
        T_OK(lp_state_run(s, nothing, NULL, BUDGET_US, &err), err);
        pass(BUDGET_NS * i / 10, 100);
    }
    lp_state_free(s);
}

T_TEST(who_does_not_see_that_it_has_ended_is_not_asked_all_the_time)
{
    struct lp_state *s = fresh();
    struct st_err err = ST_ERR_INIT;

    now.ticks = 0;
    T_CHECK(lp_state_run(s, deaf, NULL, BUDGET_US, &err) == ST_ERR && s->fail == LP_FAIL_TIME, "its time is over");
    lp_state_free(s);
}
