/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog - ends a script at its deadline without a standing cost.
 *
 * A count hook that is always set makes Lua two to three times slower, so there is none: a POSIX timer sends a signal
 * to the thread at the deadline, and the handler arms lua_sethook on the running state, which Lua allows from a signal
 * handler. The hook raises at every instruction until the state is left, so a pcall in the script only catches the
 * first of them. Host loops do not run hooks; they look at s->expired in lp_charge.
 *
 * The budget is the thread's CPU time: a script cannot wait for anything, and a busy machine is not its fault. The
 * timer itself runs on wall time, because the kernel checks CPU timers only at its tick; after four budgets of wall
 * time the script is ended in any case. Reading the CPU clock here is the one use of time outside st_clock: a test that
 * turns the clock must not end a script. One script runs at a time in a process; timers do not survive fork, so the
 * process id is part of the state.
 */
#include "state.h"
#include <errno.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define WATCH_SIGNAL (SIGRTMIN + 3)
#define WALL_BUDGETS 4u
#define TICK_MIN_US  200u

#ifndef sigev_notify_thread_id /* glibc has the union member, but gives it no name */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static struct {
    timer_t timer;
    pid_t owner; /* the process that made the timer; 0: none yet */
    struct lp_state *volatile running;
    uint64_t cpu_end_ns;
    volatile unsigned ticks, ticks_max;
} watch;

static const char expired_key; /* its address is the error value: raising it needs no memory */

uint64_t lp_cpu_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        return UINT64_MAX; /* then wall time alone decides */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

_Noreturn void lp_watch_raise(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)&expired_key);
    lua_error(L);
    __builtin_unreachable();
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lp_watch_raise(L);
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    struct lp_state *s = watch.running;

    (void)sig, (void)info, (void)context;
    if (s != NULL && (++watch.ticks >= watch.ticks_max || lp_cpu_ns() >= watch.cpu_end_ns)) {
        s->expired = 1;
        lua_sethook(s->L, on_hook, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE, 1);
    }
    errno = saved;
}

static enum st_rc make_timer(struct st_err *err)
{
    struct sigaction act = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WATCH_SIGNAL };
    sigset_t unblock;

    event.sigev_notify_thread_id = gettid();
    sigemptyset(&act.sa_mask);
    sigemptyset(&unblock);
    sigaddset(&unblock, WATCH_SIGNAL);
    if (sigaction(WATCH_SIGNAL, &act, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &unblock, NULL) != 0)
        return st_fail(err, ST_E_IO, "lua.watchdog", "signal", errno);
    if (timer_create(CLOCK_MONOTONIC, &event, &watch.timer) != 0)
        return st_fail(err, ST_E_IO, "lua.watchdog", "timer", errno);
    watch.owner = getpid();
    return ST_OK;
}

enum st_rc lp_watch_enter(struct lp_state *s, uint32_t time_us, struct st_err *err)
{
    uint32_t tick = time_us / 8 > TICK_MIN_US ? time_us / 8 : TICK_MIN_US;
    struct itimerspec at = { .it_value = { time_us / 1000000u, (long)(time_us % 1000000u) * 1000 + 1 },
                             .it_interval = { tick / 1000000u, (long)(tick % 1000000u) * 1000 } };
    uint64_t cpu = lp_cpu_ns();

    if (watch.owner != getpid()) {
        watch.running = NULL; /* what ran when the parent forked does not run here */
        if (make_timer(err) != ST_OK)
            return ST_ERR;
    }
    assert(watch.running == NULL);
    s->expired = 0;
    watch.cpu_end_ns = cpu == UINT64_MAX ? 0 : cpu + (uint64_t)time_us * 1000;
    watch.ticks = 0;
    watch.ticks_max = (WALL_BUDGETS - 1) * time_us / tick + 1;
    atomic_signal_fence(memory_order_seq_cst);
    watch.running = s;
    if (timer_settime(watch.timer, 0, &at, NULL) != 0) {
        watch.running = NULL;
        return st_fail(err, ST_E_IO, "lua.watchdog", "arm", errno);
    }
    return ST_OK;
}

void lp_watch_leave(struct lp_state *s)
{
    struct itimerspec off = { { 0, 0 }, { 0, 0 } };

    watch.running = NULL; /* first: a late signal then finds nothing to arm */
    atomic_signal_fence(memory_order_seq_cst);
    (void)timer_settime(watch.timer, 0, &off, NULL);
    lua_sethook(s->L, NULL, 0, 0);
}
