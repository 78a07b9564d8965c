-- SPDX-License-Identifier: Apache-2.0
local api = ...

return api.class("Actor", "The person behind an activity. A plugin learns groups, never a name.") {
  api.method "in_group" {
    doc = "Is the person in this group?",
    args = { { "group", "string", "name as in stoa.yaml" } },
    ret = "boolean", phases = { "connect", "request", "activity" },
    permission = "actor.groups", since = 1, c = "lp_actor_in_group" },
}
