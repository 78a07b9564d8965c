-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals stoa
local words = stoa.set { "falcon" }
return {
  api = 1, name = "test.words", version = "1", title = "Words", permissions = { "text.read", "verdict.block" },
  config = { names = stoa.schema.list { default = { "a", "b" } } },
  activity = function(a, ctx)
    for word in a.text:gmatch("%a+") do
      if words:has(word) then ctx:block { reason = "word" } end
    end
  end,
}
