-- SPDX-License-Identifier: Apache-2.0
-- rules - what platform files call typed text, and their tests, as JSON: lua5.4 rules.lua lua-plugins FILE …

local root = arg[1]
stoa = { lib = function(name) return dofile(root .. "/lib/" .. name .. ".lua") end } -- luacheck: globals stoa

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\127-\255]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function json(value)
  local parts = {}
  if type(value) ~= "table" then
    return type(value) == "string" and quoted(value) or tostring(value)
  elseif value[1] ~= nil or next(value) == nil then
    for i, item in ipairs(value) do parts[i] = json(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do parts[#parts + 1] = quoted(tostring(key)) .. ":" .. json(item) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local all = {}
for i = 2, #arg do
  local file = dofile(arg[i])
  local rules = {}
  for _, rule in ipairs(file.rules) do
    rules[#rules + 1] = { id = rule.id, typed = rule.typed or {}, base64 = rule.base64 or {} }
  end
  all[#all + 1] = { id = file.id, rules = rules, tests = file.tests }
end
print(json(all))
