/* SPDX-License-Identifier: Apache-2.0 */
/* broken - what stands in for a plugin whose file is wrong. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_BROKEN_H
#define STOA_LUA_PLUGINS_HOST_BROKEN_H
#include "plugin.h"

/* Makes a stand-in of what of the plugin could be read: it never runs, its on_failure holds. text: of the file, p NULL
 * when it cannot be read. */
ST_MUST enum st_rc lp_stand_in(struct lp_plugin *p, const struct lp_plugin_source *source, struct st_span text,
                               struct st_arena *arena, struct st_err *err);
/* From now on its on_failure stands in for it; why: borrowed, of the set's arena. */
void lp_break(struct lp_plugin *p, const char *why);
#endif
