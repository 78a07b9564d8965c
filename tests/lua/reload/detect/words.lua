-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals stoa
local words = stoa.set { "falcon" }
return {
  api = 1, name = "test.words", version = "1", title = "Words", permissions = { "text.read", "verdict.block" },
  config = {
    names = stoa.schema.list { default = { "a", "b" }, help = { en = "Names." } },
    day = stoa.schema.string { default = "2027-01-01", format = "date" },
    least = stoa.schema.integer { default = 3, min = 1, max = 9 },
  },
  activity = function(a, ctx)
    for word in a.text:gmatch("%a+") do
      if #word >= ctx.config.least and words:has(word) then ctx:block { reason = "word" } end
    end
  end,
  tests = {
    { name = "blocked", text = "a falcon", verdict = "block", reason = "word", groups = { "a" }, findings = { "x.y" } },
    { name = "short", text = "a falcon", config = { least = 9, names = { "c" } } },
  },
}
