/* SPDX-License-Identifier: Apache-2.0 */
/* curate_json - curation rules that were written as JSON. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_CURATE_JSON_H
#define STOA_LUA_PLUGINS_HOST_CURATE_JSON_H
#include "base/json.h"
#include "state.h"

/* Calls what a Lua file of these rules would call; raises what is wrong, with the rule's name in front. The conditions
 * are globals of the state by then. */
void lp_rules_push(lua_State *L, const json_t *rules);
#endif
