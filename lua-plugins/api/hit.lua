-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "validate" }

return api.class("Hit", "One match of a plugin's own detector, before it is a finding. Valid inside the hook only.") {
  api.field "text" {
    doc = "What matched.", ret = "string", phases = here, permission = "text.read", since = 1, c = "lp_hit_text" },
  api.field "label" {
    doc = "Of the detector.", ret = "string", phases = here, since = 1, c = "lp_hit_label" },
}
