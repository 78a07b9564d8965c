-- SPDX-License-Identifier: Apache-2.0
-- Decides what leaves. `record` takes fields out of the audit log, never adds any, and what was decided always stays;
-- `statement` says what was learned in the words of the learning record store, or keeps it back. Try it with
-- `stoa plugin test`; docs/lua-api.md lists the fields.

local s = stoa.schema -- luacheck: read globals stoa

---@type stoa.Plugin
local plugin = {
  api = 1,
  name = "owner.name",
  version = "0.1.0",
  title = { en = "Leaner records", de = "Schlankere Einträge" },
  summary = { en = "Takes hosts and sizes out of records of some platforms; counts films for a course.",
              de = "Nimmt Hosts und Größen aus Einträgen mancher Plattformen; rechnet Filme einem Kurs an." },
  license = "Apache-2.0",
  categories = { "export", "safe" },
  permissions = { "record.remove", "statement.map", "statement.drop" },
  limits = { memory = "256KiB" },
  config = {
    platforms = s.list { default = { "discourse", "generic" }, help = "Platforms whose records become leaner." },
    fields = s.list { default = { "host", "bytes", "inspected" }, help = "Fields that are taken out." },
    course = s.string { default = "https://lms.example/course/1", help = "What films count for." },
    least = s.integer { default = 60, min = 0, help = "Films that were watched for fewer seconds do not count." },
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

---Runs once for each statement of `stoa curate export --format xapi`.
---@param st stoa.Statement
---@param ctx stoa.Context
function plugin.statement(st, ctx)
  if st:get("kind"):sub(1, 6) ~= "watch." then
    return
  end
  if tonumber(st:get("seconds")) < ctx.config.least then
    st:drop()
  else
    st:map("parent", ctx.config.course)
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
  { name = "a film counts for the course", hook = "statement", statement = { kind = "watch.end", seconds = "90" },
    maps = { "parent=https://lms.example/course/1" } },
  { name = "a glance does not", hook = "statement", statement = { kind = "watch.end", seconds = "9" }, drops = true },
  { name = "a page is as it is", hook = "statement", statement = { kind = "view", seconds = "9" } },
}

return plugin
