/* SPDX-License-Identifier: Apache-2.0 */
/* needs - what plugins ask of the house. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_NEEDS_H
#define STOA_LUA_PLUGINS_HOST_NEEDS_H
#include "plugin.h"

/* The manifest's `api` and `needs`; the manifest is on the top. What this house has for no plugin is in p->missing. */
void lp_needs_read(struct lp_conf *c, struct lp_plugin *p);
/* Inside lp_state_run: runs lib/NAME.lua and leaves its table on the stack, or raises. */
void lp_lib_push(lua_State *L, const struct lp_libs *libs, const char *name);
#endif
