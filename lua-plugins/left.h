/* SPDX-License-Identifier: Apache-2.0 */
/* left - files that are wrong and left out, so that everything else can work. A part of plugins.h, which includes it.
 *
 * Left out can be plugins (detect/), adapters (platforms/), curation rules (curation/) and shared modules (lib/). An
 * adapter that is left out keeps its hosts, as far as they can be told, and the fallback reads what goes there; where
 * an earlier folder has one of the same id, that holds on. The fallback itself is never left out. A plugin that is left
 * out never runs, but its on_failure is honoured as ever: `skip` is as if it were not there, `coach` and `block` hold
 * for everything that it would have been asked about. What its file says of on_failure is read from its text when it
 * does not run.
 */
#ifndef STOA_LUA_PLUGINS_LEFT_H
#define STOA_LUA_PLUGINS_LEFT_H
#include "lua-plugins/plugins.h"

#define LP_LEFT_MAX 64
struct lp_left_file {
    const char *file; /* as lp_set_load names it */
    unsigned line;    /* 0: the whole file */
    const char *why;
};
struct lp_left {
    struct lp_left_file items[LP_LEFT_MAX];
    size_t n;
};
/* Adds the files that diag finds wrong and that can be left out; strings in the arena. ST_AGAIN: there was none that is
 * not in it already, so leaving more out does not help. */
ST_MUST enum st_rc lp_left_add(struct lp_left *left, const struct st_diag *diag, struct st_arena *arena,
                               struct st_err *err);
const struct lp_left_file *lp_left_find(const struct lp_left *left, const char *file); /* NULL: not in it; left too */
/* lp_set_load, but for the files that are wrong and can be left out: they are added to left. */
ST_MUST enum st_rc lp_set_load_most(struct lp_sources *sources, struct lp_left *left, struct st_arena *arena,
                                    struct lp_set **out, struct st_diag *diag, struct st_err *err);
struct lp_stand_in {
    const char *plugin, *file, *on_failure; /* borrowed from the set */
};
bool lp_plugin_stands_in(const struct lp_set *set, size_t i, struct lp_stand_in *out); /* is that plugin left out? */
#endif
