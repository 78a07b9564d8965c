/* SPDX-License-Identifier: Apache-2.0 */
/* manifest - the table that a plugin's file returns. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_MANIFEST_H
#define STOA_LUA_PLUGINS_HOST_MANIFEST_H
#include "plugin.h"

/* Inside a run, the manifest on the top; what is wrong is a diagnostic in c. */
void lp_manifest_read(struct lp_conf *c, struct lp_plugin *p, const struct lp_plugin_source *source);
const struct lp_chosen *lp_chosen_find(const struct lp_chosen *list, size_t n, const char *plugin); /* NULL: none */
/* Its `tests`, into p->cases; trial.c. */
void lp_cases_read(struct lp_conf *c, struct lp_plugin *p);
#endif
