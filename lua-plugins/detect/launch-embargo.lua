-- SPDX-License-Identifier: Apache-2.0
-- An example: reminds people of names that are not public yet. It ships switched off; copy it to your own plugin
-- directory below detect/, set your names and day, and set enabled = true (a later directory wins over this one).

local s = stoa.schema -- luacheck: read globals stoa
local words = stoa.lib "words" -- luacheck: read globals stoa
local exempt

---@type stoa.Plugin
local plugin = {
  api = 1,
  name = "stoa.launch-embargo",
  version = "1.0.0",
  title = { en = "Launch embargo reminder", de = "Hinweis zur Sperrfrist" },
  summary = { en = "Coaches who mentions a name in public before its day." },
  license = "Apache-2.0",
  categories = { "coach", "safe" },
  permissions = { "text.read", "actor.groups", "verdict.coach" },
  limits = { time = "2ms", memory = "512KiB" },
  on_failure = "skip",
  enabled = false,
  config = {
    names = s.list { default = { "project falcon" }, help = "Names under embargo." },
    until_day = s.string { format = "date", default = "2027-03-01", help = "The first day they may be said." },
    exempt = s.list { default = { "press-office" }, help = "Groups that may say them already." },
  },
}

function plugin.load(conf)
  exempt = conf.exempt
end

---Runs once per outgoing post, comment or message.
---@param a stoa.Activity
---@param ctx stoa.Context
function plugin.activity(a, ctx)
  local conf = ctx.config
  if a.phase ~= "commit" or (a.audience ~= "public" and a.audience ~= "unknown") or ctx.today >= conf.until_day then
    return
  end
  for _, group in ipairs(exempt) do
    if a.actor:in_group(group) then return end
  end
  for _, name in ipairs(conf.names) do
    if words.has(a.text, name) then
      return ctx:coach {
        reason = "embargo",
        message = {
          en = "This name is under embargo until " .. conf.until_day .. ".",
          de = "Dieser Name ist bis " .. conf.until_day .. " gesperrt.",
        },
      }
    end
  end
end

return plugin
