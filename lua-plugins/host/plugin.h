/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - one plugin file: its manifest, its state, its circuit. */
#ifndef STOA_LUA_PLUGINS_HOST_PLUGIN_H
#define STOA_LUA_PLUGINS_HOST_PLUGIN_H
#include "conf.h"
#include "plugins.h"

#define LP_PLUGIN_MAGIC 0x4c50504cu

struct lp_call; /* what one hook call may see; api.c */

enum lp_on_failure { LP_SKIP, LP_COACH, LP_BLOCK };

/* What a plugin may do, granted by its manifest. */
#define LP_PERMISSIONS(X)               \
    X(TEXT_READ, "text.read")           \
    X(ACTOR_GROUPS, "actor.groups")     \
    X(VERDICT_NOTE, "verdict.note")     \
    X(VERDICT_COACH, "verdict.coach")   \
    X(VERDICT_REDACT, "verdict.redact") \
    X(VERDICT_BLOCK, "verdict.block")
enum lp_permission {
#define X(id, name) LP_MAY_##id,
    LP_PERMISSIONS(X)
#undef X
};

struct lp_circuit {        /* 5 failures in 60 s open it for 60 s; the third opening is for good */
    uint64_t failed_ms[5]; /* when; a ring */
    uint64_t open_until_ms;
    unsigned next, n, openings;
    bool is_dead;
};

struct lp_lib { /* one file of lib/, what stoa.lib("name") gives */
    const char *name;
    struct st_span text; /* in the arena of the set */
};
struct lp_libs {
    struct lp_lib items[64];
    size_t n;
};

struct lp_plugin {
    unsigned magic;
    const char *name, *version, *title, *file; /* in the arena of the set */
    struct lp_state *state;                    /* owned */
    const struct lp_libs *libs;                /* borrowed from the set */
    bool is_enabled, has_activity;
    uint32_t permissions; /* bits of enum lp_permission */
    uint32_t time_us;
    size_t memory;
    enum lp_on_failure on_failure;
    int hook_ref, config_ref; /* in the state's registry */
    struct lp_circuit circuit;
    uint64_t call_key;          /* of the running call; objects with another key are over */
    const struct lp_call *call; /* NULL outside a call */
};

ST_MUST enum st_rc lp_plugin_load(const char *path, const struct lp_libs *libs, struct st_arena *arena,
                                  struct lp_plugin **out, struct st_diag *diag, struct st_err *err);
void lp_plugin_free(struct lp_plugin *p); /* NULL is fine */
/* May it run now? And: it failed. Both on st_clock. */
bool lp_circuit_closed(const struct lp_circuit *c, uint64_t now_ms);
bool lp_circuit_fail(struct lp_circuit *c, uint64_t now_ms); /* true: this was the last straw, it is dead */
#endif
