-- SPDX-License-Identifier: Apache-2.0
-- Medium: the editor sends every change as it is typed (drafts); responses and claps are GraphQL.

local refused = { status = 200, type = "application/json",
  body = [=[[{"data":null,"errors":[{"message":"{message}","extensions":{"code":"FORBIDDEN","stoa":"{id}"}}]}]]=] }
local rest = { status = 403, type = "application/json", body = [[{"success":false,"error":"{message}","stoa":"{id}"}]] }
local json = "application/json"

local function op(id, names, kind, object, typed)
  return { id = id, match = { method = "POST", path = { "/_/graphql", "/*/_/graphql" },
      body = { eq = { ["#/operationName"] = names } } },
    activity = { kind = kind, audience = "public", object = object }, typed = typed, deny = refused }
end

local post = { type = "article", id = { "#/variables/targetPostId", "#/variables/postId", "#/variables/**/postId",
  "#/variables/targetPost*" } }

return {
  api = 1,
  id = "medium",
  version = "1.0.0",
  title = "Medium",
  hosts = { "medium.com", "*.medium.com", "towardsdatascience.com", "betterprogramming.pub",
    "levelup.gitconnected.com" },
  secret = { { path = { "/m/signin", "/m/signin/**", "/m/callback/**", "/m/account/**", "/m/oauth/**",
    "/_/oauth/**" } } },
  redact_always = { "xsrf", "token", "?token" },

  rules = {
    op("response", { "*Response*", "*Reply*" }, "comment", post, { "#/variables/**/text",
      "#/variables/deltas/**/text" }),
    op("clap", "Clap*", "react", post, {}),
    op("follow", { "Follow*", "Subscribe*" }, "follow", { type = "person", id = { "#/variables/userId",
      "#/variables/**/userId" } }, {}),
    op("save", { "*Bookmark*", "AddToPredefinedCatalog*", "EditCatalogItems*" }, "save", post, {}),
    op("search", "*Search*", "search", { type = "search" }, { "#/variables/query" }),
    { id = "draft", match = { method = "POST", path = { "/p/*/deltas", "/p/*/autosave" } },
      activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "article", id = "/2" } },
      typed = { "deltas/**/text", "deltas/**/href", "title", "subtitle" }, deny = rest },
    { id = "publish", match = { method = { "POST", "PUT" }, path = { "/p/*/publish", "/p/*/publish/*" } },
      activity = { kind = "post", audience = "public",
        object = { type = "article", id = "/2", title = "title" } },
      typed = { "title", "subtitle", "tags/#" }, deny = rest },
    { id = "query", ignore = true, match = { method = "POST", path = { "/_/graphql", "/*/_/graphql", "/_/batch",
        "/_/fp/**", "/_/clientele/**" } } },
    { id = "view", match = { method = "GET", path = { "/@*/*", "/p/*" } },
      activity = { kind = "view", audience = "public", object = { type = "article", id = "/2",
        url = "https://{host}{path}" } }, typed = {} },
  },

  tests = {
    { name = "a response", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"PublishPostThreadedResponse","variables":{"inResponseToPostId":"p0","postId":"p1",]=]
        .. [=["deltas":[{"type":1,"paragraph":{"text":"well said"}}]}}]]=],
      expect = { rule = "response", kind = "comment", id = "p1", text = "well said" } },
    { name = "the editor sends as one types", method = "POST", host = "medium.com", path = "/p/abc/deltas", type = json,
      body = [[{"id":"abc","deltas":[{"type":3,"paragraph":{"text":"half a thought"}}]}]],
      expect = { rule = "draft", kind = "draft", phase = "draft", id = "abc", text = "half a thought" } },
    { name = "publishing", method = "POST", host = "medium.com", path = "/p/abc/publish", type = json,
      body = [[{"title":"Probes"}]], expect = { rule = "publish", kind = "post", id = "abc", title = "Probes" } },
    { name = "a clap", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"ClapMutation","variables":{"targetPostId":"p1"}}]]=],
      expect = { rule = "clap", kind = "react", id = "p1" } },
    { name = "saving", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"EditCatalogItemsMutation","variables":{"postId":"p1"}}]]=],
      expect = { rule = "save", kind = "save", id = "p1" } },
    { name = "following", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"FollowUserMutation","variables":{"userId":"u1"}}]]=],
      expect = { rule = "follow", kind = "follow", id = "u1" } },
    { name = "a search", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"SearchQuery","variables":{"query":"probes"}}]]=],
      expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "reading", host = "medium.com", path = "/@ana/probes-abc123",
      expect = { rule = "view", kind = "view", id = "probes-abc123", url = "https://medium.com/@ana/probes-abc123" } },
    { name = "a query is nothing", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
      body = [=[[{"operationName":"PostViewQuery","variables":{"text":"long enough to be text"}}]]=],
      expect = { none = true } },
    { name = "signing in is never read", host = "medium.com", path = "/m/signin", expect = { secret = true } },
  },
}
