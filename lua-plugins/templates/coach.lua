-- SPDX-License-Identifier: Apache-2.0
-- Says something to people before they post: what `stoa plugin doc` shows comes from this table. Try it with
-- `stoa plugin test`; docs/lua-api.md lists what a plugin may ask and say.

local s = stoa.schema -- luacheck: read globals stoa
local words = stoa.lib "words" -- luacheck: read globals stoa

---@type stoa.Plugin
local plugin = {
  api = 1,
  name = "owner.name",
  version = "0.1.0",
  title = { en = "Names under embargo", de = "Namen unter Sperrfrist" },
  summary = { en = "Reminds who mentions a name in public before its day.",
              de = "Erinnert, wer einen Namen vor seinem Tag öffentlich nennt." },
  license = "Apache-2.0",
  categories = { "coach", "safe" },
  permissions = { "text.read", "actor.groups", "verdict.coach" },
  limits = { time = "2ms", memory = "512KiB" },
  on_failure = "skip",
  config = {
    names = s.list { default = { "project falcon" }, help = "Names that are not public yet." },
    until_day = s.string { format = "date", default = "2030-01-01", help = "The first day they may be said." },
    exempt = s.list { default = { "press-office" }, help = "Groups that may say them already." },
  },
}

---Runs once for each post, comment, message or upload, before it leaves.
---@param a stoa.Activity
---@param ctx stoa.Context
function plugin.activity(a, ctx)
  local conf = ctx.config
  if a.audience ~= "public" or ctx.today >= conf.until_day then
    return
  end
  for _, group in ipairs(conf.exempt) do
    if a.actor:in_group(group) then
      return
    end
  end
  if words.first(a.text, conf.names) then
    ctx:coach {
      reason = "embargo",
      message = {
        en = "This name is under embargo until " .. conf.until_day .. ".",
        de = "Dieser Name ist bis " .. conf.until_day .. " gesperrt.",
      },
    }
  end
end

plugin.tests = {
  { name = "a name in public is coached", today = "2029-12-31", text = "Project Falcon is great",
    verdict = "coach", reason = "embargo" },
  { name = "in a closed group it is fine", today = "2029-12-31", text = "Project Falcon is great", audience = "group" },
  { name = "so it is on its day", today = "2030-01-01", text = "Project Falcon is great" },
  { name = "the press office may say it", today = "2029-12-31", text = "Project Falcon is great",
    groups = { "press-office" } },
  { name = "other names are set in the configuration", today = "2029-12-31", text = "the blue heron",
    config = { names = { "blue heron" } }, verdict = "coach" },
  { name = "a part of a word is none", today = "2029-12-31", text = "project falconry" },
}

return plugin
