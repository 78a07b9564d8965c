/* SPDX-License-Identifier: Apache-2.0 */
/* conf - reads a table that a file returned, with raw accessors, and says where it is wrong.
 *
 * Used inside lp_state_run only: memory that runs out is raised as a Lua error. Everything read is copied into the
 * arena. `where` follows the tables entered: "rules[3].match".
 */
#ifndef STOA_LUA_PLUGINS_HOST_CONF_H
#define STOA_LUA_PLUGINS_HOST_CONF_H
#include "base/arena.h"
#include "base/diag.h"
#include "state.h"

#define LP_LIST_MAX 256

struct lp_conf {
    lua_State *L;
    struct st_arena *arena;
    struct st_diag *diag;
    const char *file;
    char where[96];
    bool failed; /* a diagnostic was added */
};

void *lp_conf_alloc(struct lp_conf *c, size_t size);        /* zeroed; raises when there is none */
char *lp_conf_copy(struct lp_conf *c, struct st_span text); /* NUL-terminated; raises the same way */
_Noreturn void lp_conf_no_memory(struct lp_conf *c);        /* raises: the arena had no more */
void lp_conf_fail(struct lp_conf *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The table at stack index `at` may have these keys (space separated) and no others. */
void lp_conf_keys(struct lp_conf *c, int at, const char *known);
const char *lp_conf_str(struct lp_conf *c, int at, const char *key, const char *fallback);
const char *lp_conf_need(struct lp_conf *c, int at, const char *key);    /* never NULL; "" after a diagnostic */
struct st_span lp_conf_span(struct lp_conf *c, int at, const char *key); /* may hold any bytes */
bool lp_conf_bool(struct lp_conf *c, int at, const char *key, bool fallback);
uint64_t lp_conf_num(struct lp_conf *c, int at, const char *key, uint64_t fallback);
uint64_t lp_conf_ms(struct lp_conf *c, int at, const char *key); /* "2m" "90d" "500ms"; 0 when absent */
/* One string or a list of strings; NULL when absent, else NULL-terminated. */
const char *const *lp_conf_strs(struct lp_conf *c, int at, const char *key);
/* Pushes the sub-table, true; or pushes nothing, false. `where` gains the key; leave with lp_conf_leave. */
bool lp_conf_enter(struct lp_conf *c, int at, const char *key, size_t *mark);
bool lp_conf_enter_at(struct lp_conf *c, int at, size_t i, size_t *mark); /* element i, from 1 */
void lp_conf_leave(struct lp_conf *c, size_t mark);
size_t lp_conf_len(struct lp_conf *c, int at); /* entries of a list; a diagnostic and 0 beyond LP_LIST_MAX */
size_t lp_conf_len_to(struct lp_conf *c, int at, size_t most); /* the same with another limit */
uint64_t lp_ms_of(const char *text);                           /* as lp_conf_ms; 0: not a duration */
#endif
