-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- GitHub, in three rooms: the REST API (lib/github-rest.lua), GraphQL (lib/github-graphql.lua), the pages with their
-- forms (lib/github-web.lua). What is pushed by git is not looked into.

local rows, rest, graphql, web = stoa.lib "rows", stoa.lib "github-rest", stoa.lib "github-graphql",
  stoa.lib "github-web"
local tests = stoa.lib "github-tests".tests

return {
  api = 1,
  id = "github",
  version = "1.3.0",
  title = "GitHub",
  hosts = { "github.com", "api.github.com", "gist.github.com", "uploads.github.com", "*.githubcopilot.com" },

  secret = { { path = web.secret }, { path = rest.secret } },
  redact_always = web.tokens,

  rules = rows.joined(graphql.rules, rest.rules, web.rules),
  tests = rows.joined(tests, rest.tests, graphql.tests, web.tests),
}
