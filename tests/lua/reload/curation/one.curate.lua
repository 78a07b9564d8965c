-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate phrase kind where
curate "one" {
  title = "One", when = phrase "one" & kind "view" & where(function(a) return #a.text > 2 end),
  tag = { topic = "one" }, test = { { "one two" }, { "two", match = false } },
}
