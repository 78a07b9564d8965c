-- SPDX-License-Identifier: Apache-2.0
-- Every hook of a plugin, in running order: its name in the manifest, what it is called with, how long it may take.
-- The order makes the bits of the phases. A hook that is `inside` is no entry of the manifest itself. A new hook is one
-- entry here, the class of its first argument beside it, and its call in host/hook.c.

return {
  { name = "load", args = { { "conf", "table" } }, budget_us = 200000,
    doc = "Once per worker and generation, with the settings: prepares tables." },
  { name = "connect", args = { { "c", "stoa.Connection" }, { "ctx", "stoa.Context" } }, budget_us = 1000,
    doc = "A connection begins: may it pass, be inspected, or be blocked?" },
  { name = "request", args = { { "r", "stoa.Request" }, { "ctx", "stoa.Context" } }, budget_us = 1000,
    doc = "The head of a request on an opened connection has come: notes facts for later hooks, or skips them." },
  { name = "validate", inside = "detectors.*", args = { { "hit", "stoa.Hit" }, { "ctx", "stoa.Context" } },
    budget_us = 200,
    doc = "For each match of a detector of this plugin, 64 of a message: true, false, or a confidence from 0 to 100." },
  { name = "finding", args = { { "f", "stoa.Finding" }, { "ctx", "stoa.Context" } }, budget_us = 1000,
    doc = "After the detectors, for each of the first 64 findings of a message: raises or lowers it." },
  { name = "activity", args = { { "a", "stoa.Activity" }, { "ctx", "stoa.Context" } }, budget_us = 5000,
    doc = "For each post, comment, message or upload that an adapter understood, before it leaves." },
  { name = "record", args = { { "rec", "stoa.Record" }, { "ctx", "stoa.Context" } }, budget_us = 500,
    doc = "Before a record is handed over: takes fields away, never adds text." },
  { name = "curate", args = { { "item", "stoa.Item" }, { "ctx", "stoa.Context" } }, budget_us = 20000,
    doc = "A copy of a page or post that somebody saw, off the data path: tags it as worth learning from." },
  { name = "tick", args = { { "ctx", "stoa.Context" } }, budget_us = 1000000,
    doc = "Once a minute in the curator, off the data path: tidies up what the plugin keeps." },
  { name = "statement", args = { { "st", "stoa.Statement" }, { "ctx", "stoa.Context" } }, budget_us = 5000,
    doc = "Before an xAPI statement is handed over (`stoa curate export --format xapi`): maps it, or drops it." },
  { name = "unload", args = {}, budget_us = 200000,
    doc = "Once per worker and generation, when it ends. Nothing can be asked or kept any more." },
}
