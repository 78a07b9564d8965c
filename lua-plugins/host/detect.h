/* SPDX-License-Identifier: Apache-2.0 */
/* detect - detectors that plugins bring. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_DETECT_H
#define STOA_LUA_PLUGINS_HOST_DETECT_H
#include "api.h"
#include "set.h"

void lp_detectors_init(struct lp_plugin *p);
void lp_detectors_fini(struct lp_plugin *p);
/* The manifest's `detectors`; the manifest is on the top, its name and titles are read. */
void lp_detectors_read(struct lp_conf *c, struct lp_plugin *p);
/* As the packs want them; borrowed from the plugin. */
struct flt_given lp_detectors_given(struct lp_plugin *p);
/* Compiles them into p->packs, alone: what is wrong with a pattern is a diagnostic of the plugin's file. */
ST_MUST enum st_rc lp_detectors_make(struct lp_plugin *p, struct st_diag *diag, struct st_err *err);
/* The labels that p->packs finds in the case's text, each once; in the arena. ST_E_PLUGIN: a validator failed. */
ST_MUST enum st_rc lp_detectors_try(struct lp_plugin *p, const struct lp_case *k, struct st_arena *arena,
                                    const char *const **out, struct st_err *err);
/* Inside a run: what the validator answered is on the top. */
void lp_hit_take(lua_State *L, struct lp_asked_hit *asked);
void lp_hit_failed(struct lp_asked_hit *asked, enum lp_on_failure on_failure);
#endif
