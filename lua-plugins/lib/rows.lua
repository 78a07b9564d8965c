-- SPDX-License-Identifier: Apache-2.0
-- rows - tests of a platform, one exchange a line: local tests = stoa.lib "rows".tests(text, host)
--
--   rule | METHOD [host]/path?query | sent | answer | kind | id | title | text
--
-- No blanks stand around the bars. A line that begins with two blanks goes on; "~" is the end of a line of the text. An
-- empty title is not looked at, an empty id must be none. Where nothing is expected, the kind is "none" or "secret".

local rows = {}
local pattern = "^" .. ("(.-)|"):rep(7) .. "(.*)$"

local function type_of(body)
  return body:find "^[{[]" and "application/json" or body ~= "" and "application/x-www-form-urlencoded" or nil
end

---@param text string
---@param host string of those rows that name none
---@return table[]
function rows.tests(text, host)
  local tests = {}
  for row in (text:gsub("\n  ", "")):gmatch "[^\n]+" do
    local rule, head, sent, answer, kind, id, title, said = row:match(pattern)
    local method, at, path = head:match "^(%u+) ([^/]*)(.*)$"
    local expect = { none = kind == "none" or nil, secret = kind == "secret" or nil }
    if not expect.none and not expect.secret then
      expect = { rule = rule, kind = kind, id = id, title = title ~= "" and title or nil, text = said:gsub("~", "\n") }
    end
    tests[#tests + 1] = { name = rule .. ", row " .. #tests + 1, method = method, host = at ~= "" and at or host,
      path = path:gsub("%?.*", ""), query = path:match "%?(.*)$", body = sent ~= "" and sent or nil,
      type = type_of(sent), answer = answer ~= "" and answer or nil,
      answer_type = answer:sub(1, 1) == "<" and "text/html" or nil, expect = expect }
  end
  return tests
end

---One list of them all, in order.
---@param ... table[]
---@return table[]
function rows.joined(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, item in ipairs(list) do
      all[#all + 1] = item
    end
  end
  return all
end

return rows
