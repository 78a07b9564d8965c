/* SPDX-License-Identifier: Apache-2.0 */
/* settings - what an operator may set in a plugin, and what was set. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_SETTINGS_H
#define STOA_LUA_PLUGINS_HOST_SETTINGS_H
#include "plugin.h"

/* Inside a run, the manifest on the top: reads its `config` into p->settings, and makes ctx.config of the chosen values
 * (NULL: none) and the defaults. A given value that does not fit is a diagnostic at its own place. */
void lp_settings_read(struct lp_conf *c, struct lp_plugin *p, const struct lp_chosen *chosen);
/* The value on the top of the stack (text, number, true, false, or a list of texts), as somebody would write it. */
void lp_given_read(struct lp_conf *c, const char *name, struct lp_given *out);
bool lp_is_date(const char *text); /* "2027-01-15" */
#endif
