-- SPDX-License-Identifier: Apache-2.0
-- Every hook of a plugin, in running order: its name in the manifest, what it is called with, how long it may take.
-- The order makes the bits of the phases; a new hook is one entry here and its call in host/hook.c.

return {
  { name = "load", args = { { "conf", "table" } }, budget_us = 200000,
    doc = "Once per worker and generation, with the settings: prepares tables." },
  { name = "activity", args = { { "a", "stoa.Activity" }, { "ctx", "stoa.Context" } }, budget_us = 5000,
    doc = "For each post, comment, message or upload that an adapter understood, before it leaves." },
}
