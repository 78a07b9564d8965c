/* SPDX-License-Identifier: Apache-2.0 */
/* trial - plays a plugin's own cases. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_TRIAL_H
#define STOA_LUA_PLUGINS_HOST_TRIAL_H
#include "adapter.h"
#include "api.h"

#define LP_CASE_SETTINGS 32

/* A copy of the plugin with the case's own settings: the caller's. What is wrong with them is a diagnostic. */
ST_MUST enum st_rc lp_trial_copy(const struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                                 struct lp_plugin **out, struct st_diag *diag, struct st_err *err);
struct lp_outcome { /* what is left after a hook; lists in the arena */
    struct lp_opinion opinion;
    enum lp_way way;
    uint8_t confidence;
    bool skips, drops;
    const char *const *removed, *const *tags, *const *facts, *const *findings; /* lists: NULL-terminated, or NULL */
    const char *const *maps, *const *keeps;
};
/* Calls the hook that the case is about; out in the arena. ST_E_PLUGIN: the hook failed, p->state knows how. */
ST_MUST enum st_rc lp_trial_play(struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                                 struct lp_outcome *out, struct st_err *err);
#endif
