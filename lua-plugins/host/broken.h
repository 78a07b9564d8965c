/* SPDX-License-Identifier: Apache-2.0 */
/* broken - what stands in for a plugin or an adapter whose file is wrong. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_BROKEN_H
#define STOA_LUA_PLUGINS_HOST_BROKEN_H
#include "adapter.h"
#include "plugin.h"

/* Makes a stand-in of what of the plugin could be read: it never runs, its on_failure holds. text: of the file, p NULL
 * when it cannot be read. */
ST_MUST enum st_rc lp_stand_in(struct lp_plugin *p, const struct lp_plugin_source *source, struct st_span text,
                               struct st_arena *arena, struct st_err *err);
/* From now on its on_failure stands in for it; why: borrowed, of the set's arena. */
void lp_break(struct lp_plugin *p, const char *why);

struct lp_left_adapter { /* borrowed, of the set's arena */
    const char *file, *why;
    const struct lp_adapter *read; /* what of it could be read; NULL: it did not run, then its text says */
    struct st_span text;           /* p NULL: the file cannot be read */
    bool is_whole;                 /* read without a mistake: a test failed */
};
/* An adapter without rules that has its id and its hosts (none: nobody knows them). */
ST_MUST enum st_rc lp_adapter_stand_in(const struct lp_left_adapter *left, struct lp_adapter **out,
                                       struct st_arena *arena, struct st_err *err);
/* Both lists in one, each name once; a list is NULL-terminated, or NULL. */
ST_MUST enum st_rc lp_hosts_join(const char *const *some, const char *const *more, struct st_arena *arena,
                                 const char *const **out, struct st_err *err);
#endif
