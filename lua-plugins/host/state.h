/* SPDX-License-Identifier: Apache-2.0 */
/* state - one sandboxed Lua state: what a script may call, how much memory and how much time it may have.
 *
 * A script's results and errors are hostile data: who reads them uses raw accessors only (lua_rawget, lua_type) and
 * never lets a metamethod of the script run inside the host's own decisions.
 */
#ifndef STOA_LUA_PLUGINS_HOST_STATE_H
#define STOA_LUA_PLUGINS_HOST_STATE_H
#include "base/err.h"
#include "base/span.h"
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>

#define LP_STATE_MAGIC  0x4c53544eu
#define LP_STEPS_PER_US 200u              /* of host loops (matcher, sort, concat): 200 take about a microsecond */
#define LP_STRING_MAX   ((size_t)1 << 20) /* longest string the replaced functions build */
#define LP_SOURCE_MAX   ((size_t)256 << 10)
#define LP_TIME_LOAD_US 200000u
#define LP_MEMORY_BARE  ((size_t)8 << 20)

enum lp_fail { LP_FAIL_NONE, LP_FAIL_RAISED, LP_FAIL_TIME, LP_FAIL_MEMORY };

struct lp_state {
    unsigned magic;
    lua_State *L;
    size_t used, most, cap;        /* bytes: now, at most so far, allowed */
    const void *stack;             /* the block Lua keeps its stack in */
    uint64_t steps;                /* left for host loops in this run */
    volatile sig_atomic_t expired; /* set by the watchdog, read by host loops and by pcall */
    bool hit_cap;                  /* the allocator refused once in this run */
    bool no_memory;                /* the host's own memory ran out in this run: not the script's fault */
    enum lp_fail fail;             /* of the last run */
    char failure[256];     /* its text, cleaned: for diagnostics of the operator's own files, never for the log */
    unsigned failure_line; /* 0: unknown */
    void *host;            /* whose state this is: a plugin, or NULL */
};

ST_MUST enum st_rc lp_state_new(size_t memory, struct lp_state **out, struct st_err *err);
void lp_state_free(struct lp_state *s); /* NULL is fine */
struct lp_state *lp_state_of(lua_State *L);
/* Calls fn(ctx as light userdata) protected, within the budget; leaves the stack empty. ST_E_PLUGIN on any failure. */
ST_MUST enum st_rc lp_state_run(struct lp_state *s, lua_CFunction fn, void *ctx, uint32_t time_us, struct st_err *err);
/* Inside a run: pushes the compiled chunk or raises. Text only, no <close> variables. */
void lp_state_chunk(lua_State *L, struct st_span source);
/* The offset behind a string or a comment that starts at i; i when none does. *is_comment tells which. */
size_t lp_skip_quoted(struct st_span source, size_t i, bool *is_comment);
/* Inside a run: a host loop says what it did; raises when the budget is used up or the deadline has passed. */
void lp_charge(lua_State *L, size_t steps);
/* Replaces the table on the top of the stack by an empty one that shows it and refuses every write. */
void lp_freeze(lua_State *L);

/* libs.c: fills the fresh state's globals; a lua_CFunction. */
int lp_libs_open(lua_State *L);
/* pattern.c: find, match, gmatch, gsub into the table on the top. */
void lp_pattern_open(lua_State *L);

/* watchdog.c */
ST_MUST enum st_rc lp_watch_enter(struct lp_state *s, uint32_t time_us, struct st_err *err);
void lp_watch_leave(struct lp_state *s);
uint64_t lp_cpu_ns(void); /* of this thread; UINT64_MAX: no clock */
/* Raises the deadline's error; inside a run. */
_Noreturn void lp_watch_raise(lua_State *L);
#endif
