-- SPDX-License-Identifier: Apache-2.0
-- Decides what the audit log, and all that is exported from it, does not need to hold. It can take fields away, never
-- add any, and what was decided always stays. Try it with `stoa plugin test`; docs/lua-api.md lists the fields.

local s = stoa.schema -- luacheck: read globals stoa

---@type stoa.Plugin
local plugin = {
  api = 1,
  name = "owner.name",
  version = "0.1.0",
  title = { en = "Leaner records", de = "Schlankere Einträge" },
  summary = { en = "Takes hosts and sizes out of records of some platforms.",
              de = "Nimmt Hosts und Größen aus Einträgen mancher Plattformen." },
  license = "Apache-2.0",
  categories = { "export", "safe" },
  permissions = { "record.remove" },
  limits = { memory = "256KiB" },
  config = {
    platforms = s.list { default = { "discourse", "generic" }, help = "Platforms whose records become leaner." },
    fields = s.list { default = { "host", "bytes", "inspected" }, help = "Fields that are taken out." },
  },
}

---Runs once for each record, before it is handed over.
---@param rec stoa.Record
---@param ctx stoa.Context
function plugin.record(rec, ctx)
  local platform = rec:get("platform")
  for _, name in ipairs(ctx.config.platforms) do
    if platform == name then
      for _, field in ipairs(ctx.config.fields) do
        rec:remove(field)
      end
    end
  end
end

plugin.tests = {
  { name = "a forum's record loses its host", hook = "record",
    record = { platform = "discourse", host = "forum.example", bytes = "120", verdict = "block" },
    removes = { "host", "bytes" } },
  { name = "another platform's record stays whole", hook = "record",
    record = { platform = "youtube", host = "www.youtube.com", bytes = "120" } },
  { name = "what was decided cannot be taken out", hook = "record", config = { fields = { "verdict", "host" } },
    record = { platform = "generic", host = "a.example", verdict = "block" }, removes = { "host" } },
}

return plugin
