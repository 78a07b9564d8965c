-- SPDX-License-Identifier: Apache-2.0
-- Finds numbers of the house by their form and their check digit, and keeps them from leaving in public. Try it with
-- `stoa plugin test`; docs/lua-api.md lists what a plugin may ask and say. A number that needs no check digit is better
-- kept as data: docs/own-words.md.

local s = stoa.schema -- luacheck: read globals stoa
local allowed

---@type stoa.Plugin
local plugin = {
  api = 1,
  name = "owner.name",
  version = "0.1.0",
  title = { en = "Customer numbers", de = "Kundennummern" },
  summary = { en = "Finds customer numbers whose check digit is right.",
              de = "Findet Kundennummern, deren Prüfziffer stimmt." },
  license = "Apache-2.0",
  categories = { "privacy", "safe" },
  permissions = { "text.read", "verdict.note", "verdict.block" },
  limits = { time = "2ms", memory = "512KiB" },
  on_failure = "block",
  config = {
    allow = s.list { default = {}, help = "Published numbers that are never a finding." },
  },
}

function plugin.load(conf)
  allowed = stoa.set(conf.allow) -- luacheck: read globals stoa
end

---K, seven digits; the last one makes the weighted sum right.
local function is_valid(digits)
  local sum = 0
  for i = 1, 6 do
    sum = sum + (digits:byte(i) - 48) * (8 - i)
  end
  return sum % 10 == digits:byte(7) - 48
end

---@param a stoa.Activity
---@param ctx stoa.Context
function plugin.activity(a, ctx)
  for number in a.text:gmatch("%f[%w]K%d%d%d%d%d%d%d%f[%W]") do
    if is_valid(number:sub(2)) and not allowed:has(number) then
      local opinion = {
        reason = "customer-number",
        message = { en = "This text holds a customer number.", de = "Dieser Text enthält eine Kundennummer." },
      }
      if a.audience == "public" or a.audience == "unknown" then
        return ctx:block(opinion)
      end
      ctx:note(opinion)
    end
  end
end

plugin.tests = {
  { name = "a valid number in public is blocked", text = "Ask about K1234567 today", verdict = "block",
    reason = "customer-number" },
  { name = "in a group it is noted", text = "Ask about K1234567 today", audience = "group", verdict = "note" },
  { name = "a wrong check digit is no number", text = "Ask about K1234561 today" },
  { name = "a longer number is another", text = "Ask about K12345670 today" },
  { name = "a published number is fine", text = "K1234567", config = { allow = { "K1234567" } } },
}

return plugin
