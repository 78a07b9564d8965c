/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog - ends a script at its deadline, and costs next to nothing when there is none to end.
 *
 * A count hook that is always set makes Lua two to three times slower. So a POSIX timer sends a signal to the thread,
 * and the handler arms lua_sethook on the running state, which Lua allows there. The hook raises at every instruction
 * until the state is left: a pcall in the script only catches the first. Host loops look at s->expired in lp_charge.
 *
 * Setting a timer costs more than an empty hook, so it stays set from one run to the next. When it comes it looks at
 * the run that is going on, whose-ever it was set for; where nobody is, it is not set again. The budget is the thread's
 * CPU time, since a busy machine is not a script's fault; four budgets of wall time end it in any case. The CPU clock
 * is a system call, so it is read when the timer comes, and at a run's begin only where the last look is long ago: a
 * run is thought to have used all that the thread has used since. So it never gets more than its budget, and at most an
 * eighth less. Behind its budget of wall time the timer comes when what is left of it could be used up. These clocks
 * are not st_clock: who turns that one must not end a script.
 */
#include "state.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define WATCH_SIGNAL (SIGRTMIN + 3)
#define WALL_BUDGETS 4u
#define TICK_MIN_NS  20000u
#define AGAIN_NS     200000u /* to a run that has ended, and does not see it yet: the hook is set once more */
#define FRESH_PART   8u      /* of its budget: by so much, at most, a run is thought to have used more than it did */
#define NEVER        UINT64_MAX

#ifndef sigev_notify_thread_id /* glibc has the union member, but gives it no name */
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct moment {
    uint64_t wall_ns, cpu_ns;
};
static struct {
    enum { WATCH_NONE, WATCH_MADE, WATCH_FORKED } state; /* FORKED: the timer is the parent's */
    timer_t timer;
    struct lp_state *volatile running;
    uint64_t began_ns, budget_ns; /* of the run: on the wall; of CPU time */
    uint64_t used_ns;             /* of CPU time, as far as looked */
    uint64_t step_ns, waited_ns;  /* behind its budget of wall time: until the next look, and until the last in all */
    volatile uint64_t due_ns;     /* on the wall: when the timer comes; NEVER: it is not set */
    struct moment known;          /* when both clocks were last read */
} watch;

static const char expired_key; /* its address is the error value: raising it needs no memory */

static uint64_t read_ns(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0)
        return NEVER;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t lp_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
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

static uint64_t used_ns(const struct moment *now)
{
    return now->cpu_ns != NEVER && watch.known.cpu_ns != NEVER ? now->cpu_ns - watch.known.cpu_ns : 0;
}

static void set_timer(uint64_t now_ns, uint64_t in_ns)
{
    struct itimerspec at = { .it_value = { (time_t)(in_ns / 1000000000u), (long)(in_ns % 1000000000u) } };

    watch.due_ns = now_ns + in_ns; /* before it is: should it come meanwhile, it is set again, only too often */
    if (timer_settime(watch.timer, 0, &at, NULL) != 0)
        watch.due_ns = NEVER;
}

/* From now on; a look that was set for another run came before this one's time. */
static uint64_t next_look(const struct moment *now)
{
    uint64_t wall = now->wall_ns - watch.began_ns, left = watch.budget_ns - watch.used_ns;

    if (wall < watch.budget_ns)
        return watch.budget_ns - wall;
    return left > TICK_MIN_NS ? left : TICK_MIN_NS;
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    struct lp_state *s = watch.running;
    struct moment now;
    uint64_t step_ns;

    (void)sig, (void)info, (void)context;
    watch.due_ns = NEVER;
    if (s != NULL) {
        now = (struct moment){ read_ns(CLOCK_MONOTONIC), lp_cpu_ns() };
        watch.used_ns += used_ns(&now);
        watch.known = now;
        watch.waited_ns += watch.step_ns; /* not the wall's time: a thread that is kept waiting gets one look for all */
        if (now.wall_ns - watch.began_ns >= watch.budget_ns &&
            (watch.waited_ns >= (WALL_BUDGETS - 1) * watch.budget_ns || watch.used_ns >= watch.budget_ns)) {
            s->expired = 1;
            lua_sethook(s->L, on_hook, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE, 1);
        }
        step_ns = s->expired ? AGAIN_NS : next_look(&now);
        watch.step_ns = now.wall_ns - watch.began_ns >= watch.budget_ns ? step_ns : 0;
        set_timer(now.wall_ns, step_ns);
    }
    errno = saved;
}

/* The child of a fork has neither the timer nor the run. */
static void on_fork(void)
{
    watch.running = NULL;
    watch.state = WATCH_FORKED;
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
    watch.due_ns = NEVER;
    if (sigaction(WATCH_SIGNAL, &act, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &unblock, NULL) != 0)
        return st_fail(err, ST_E_IO, "lua.watchdog", "signal", errno);
    if (timer_create(CLOCK_MONOTONIC, &event, &watch.timer) != 0)
        return st_fail(err, ST_E_IO, "lua.watchdog", "timer", errno);
    if (watch.state == WATCH_NONE && pthread_atfork(NULL, NULL, on_fork) != 0)
        return st_fail(err, ST_E_NOMEM, "lua.watchdog", "fork", 0);
    watch.state = WATCH_MADE;
    return ST_OK;
}

enum st_rc lp_watch_enter(struct lp_state *s, uint32_t time_us, struct st_err *err)
{
    uint64_t now = read_ns(CLOCK_MONOTONIC), budget = (uint64_t)time_us * 1000, due;

    if (watch.state != WATCH_MADE && make_timer(err) != ST_OK)
        return ST_ERR;
    assert(watch.running == NULL);
    s->expired = 0;
    watch.began_ns = now;
    watch.budget_ns = budget;
    watch.used_ns = 0;
    watch.step_ns = watch.waited_ns = 0;
    if (now - watch.known.wall_ns > budget / FRESH_PART)
        watch.known = (struct moment){ now, lp_cpu_ns() };
    atomic_signal_fence(memory_order_seq_cst);
    watch.running = s; /* from here on the timer looks after it, whenever it comes */
    atomic_signal_fence(memory_order_seq_cst);
    due = watch.due_ns;
    if (due == NEVER || due <= now || due > now + budget)
        set_timer(now, budget > 0 ? budget : 1);
    if (watch.due_ns != NEVER)
        return ST_OK;
    watch.running = NULL;
    return st_fail(err, ST_E_IO, "lua.watchdog", "arm", errno);
}

void lp_watch_leave(struct lp_state *s)
{
    watch.running = NULL; /* first: a late signal then finds nothing to end */
    atomic_signal_fence(memory_order_seq_cst);
    if (s->expired)
        lua_sethook(s->L, NULL, 0, 0);
}
