-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- GitHub Enterprise Server: GitHub on a host of one's own. The rules are GitHub's, with the API below /api/v3, GraphQL
-- at /api/graphql, uploads below /api/uploads and gists below /gist (docs.github.com, "Getting started with the REST
-- API" for GitHub Enterprise Server). Its hosts are told in stoa.yaml: platforms: [{ id: github-enterprise, hosts:
-- [...] }]; github.example stands for them here.

local rows, rest, graphql, web = stoa.lib "rows", stoa.lib "github-rest", stoa.lib "github-graphql",
  stoa.lib "github-web"
local tests = stoa.lib "github-tests".tests
local own = "github.example"
local below = { ["api.github.com"] = "/api/v3", ["uploads.github.com"] = "/api/uploads", ["gist.github.com"] = "/gist",
  ["github.com"] = "" }

local function depth_of(prefix)
  return select(2, prefix:gsub("/", ""))
end

-- A path, or a place in it: "/3" is a segment, "/a/{}" what stands there, "^/a/{}" where an answer sends on to,
-- "{/2}" a segment in a template.
local function moved(text, prefix)
  local by = depth_of(prefix)
  local function later(n)
    return ("%d"):format(tonumber(n) + by)
  end
  if text:find "^/%d+$" then
    return "/" .. later(text:sub(2))
  end
  text = text:gsub("{/(%d+)}", function(n) return "{/" .. later(n) .. "}" end)
  text = text:gsub("^https://github%.com/", "https://{host}/")
  return (text:gsub("^(%^?)/", "%1" .. prefix .. "/"))
end

local function moved_all(value, prefix)
  if type(value) == "string" then
    return moved(value, prefix)
  elseif type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, inner in pairs(value) do
    copy[key] = moved_all(inner, prefix)
  end
  return copy
end

-- nil: there is no such thing on a host of one's own.
local function moved_rule(rule)
  local match, host = {}, rule.match.host
  for key, value in pairs(rule.match) do
    match[key] = value
  end
  local prefix = host and below[type(host) == "table" and host[1] or host] or host == nil and ""
  if not prefix then
    return nil
  end
  if match.path == "/graphql" then
    prefix = "/api"
  end
  match.host = nil
  match.path = moved_all(match.path or prefix ~= "" and "/**" or nil, prefix)
  local copy = {}
  for key, value in pairs(rule) do
    copy[key] = value
  end
  copy.match, copy.activity = match, moved_all(rule.activity, prefix)
  return copy
end

local function here(text)
  return text and text:gsub("https://gist%.github%.com/", "https://" .. own .. "/gist/"):gsub("github%.com", own)
end

local function moved_test(test)
  local prefix, copy = below[test.host], {}
  if not prefix then
    return nil
  end
  for key, value in pairs(test) do
    copy[key] = value
  end
  copy.host, copy.path = own, (test.path == "/graphql" and "/api" or prefix) .. (test.path or "/")
  copy.answer, copy.location = here(test.answer), here(test.location)
  copy.expect = {}
  for key, value in pairs(test.expect) do
    copy.expect[key] = key == "url" and here(value) or value
  end
  return copy
end

-- The API's paths look like pages, so the pages come last.
local function all(list, fn)
  local out, last = {}, {}
  for _, item in ipairs(list) do
    local copy = fn(item)
    local into = copy and (item.match or item).host == "github.com" and last or out
    into[#into + 1] = copy
  end
  return rows.joined(out, last)
end

return {
  api = 1,
  id = "github-enterprise",
  version = "1.0.0",
  title = "GitHub Enterprise Server",
  hosts = { own },
  secret = { { path = web.secret }, { path = moved_all(rest.secret, "/api/v3") } },
  redact_always = web.tokens,
  rules = all(rows.joined(graphql.rules, rest.rules, web.rules), moved_rule),
  tests = all(rows.joined(tests, rest.tests, graphql.tests, web.tests), moved_test),
}
