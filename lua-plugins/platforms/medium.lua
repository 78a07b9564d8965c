-- SPDX-License-Identifier: Apache-2.0
-- Medium: the editor sends every change as it is typed (drafts); responses, lists and claps are GraphQL, one operation
-- or a list of them; programs had an API of their own, and old tokens still work there.
--
-- Documented: the API of programs. Observed: GraphQL by the names of its operations. Believed: the editor's deltas,
-- its metadata and its uploads, private notes, and the older calls below /_/api.

local refused = { status = 200, type = "application/json",
  body = [=[[{"data":null,"errors":[{"message":"{message}","extensions":{"code":"FORBIDDEN","stoa":"{id}"}}]}]]=] }
local refused_one = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"message":"{message}","extensions":{"code":"FORBIDDEN","stoa":"{id}"}}]}]] }
local rest = { status = 403, type = "application/json", body = [[{"success":false,"error":"{message}","stoa":"{id}"}]] }
local api_error = { status = 403, type = "application/json",
  body = [[{"errors":[{"message":"{message}","code":6027,"stoa":"{id}"}]}]] }
local json = "application/json"
local paths = { "/_/graphql", "/*/_/graphql" }
local own = { "*.medium.com", "towardsdatascience.com", "betterprogramming.pub", "levelup.gitconnected.com" }

local rules

local function below(prefix, places)
  if type(places) ~= "table" then
    return places
  end
  local list = {}
  for i, place in ipairs(places) do
    list[i] = place:sub(1, 5) == "data/" and prefix .. place or (place:gsub("variables", prefix .. "variables"))
  end
  return list
end

-- An operation, alone or in a list.
local function op(id, names, kind, object, typed, answer)
  for _, way in ipairs { { "", "#/", refused }, { "-one", "", refused_one } } do
    local made = {}
    for key, value in pairs(object) do
      made[key] = below(way[2], value)
    end
    rules[#rules + 1] = { id = id .. way[1], match = { method = "POST", path = paths,
        body = { eq = { [way[2] .. "operationName"] = names } } },
      activity = { kind = kind, phase = kind == "draft" and "draft" or nil, object = made,
        audience = (kind == "search" or kind == "save" or kind == "draft") and "private" or "public",
        answer = answer and { type = answer.type, id = below(way[2], answer.id) } },
      typed = below(way[2], typed), deny = way[3] }
  end
end

local function write(id, method, path, kind, what)
  rules[#rules + 1] = { id = id, match = { method = method, path = path, host = what.host },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = what.audience or "public",
      object = what.object, parent = what.parent, group = what.group, answer = what.answer }, typed = what.typed or {},
    deny = what.deny or rest }
end

local post = { type = "article", id = { "variables/targetPostId", "variables/postId", "variables/**/postId",
  "variables/targetPost*" } }
local words = { "variables/**/text", "variables/**/content", "variables/**/title", "variables/**/description",
  "variables/**/name", "variables/**/bio", "variables/**/note", "variables/**/message", "variables/**/subtitle",
  "variables/**/tagline", "variables/**/href", "variables/**/alt" }
local paragraphs = { "deltas/**/text", "deltas/**/href", "deltas/**/alt", "deltas/**/title", "deltas/**/caption",
  "title", "subtitle" }
local catalog = { type = "list", id = { "variables/catalogId", "variables/**/catalogId" },
  title = { "variables/title", "variables/**/title" } }

rules = {}
op("typing", { "*Typeahead*", "*AutoComplete*" }, "draft", { type = "search" }, { "variables/query",
  "variables/**/query", "variables/**/prefix" })
op("search", { "*Search*Query", "*Search", "Search*" }, "search", { type = "search" }, { "variables/query",
  "variables/**/query" })
rules[#rules + 1] = { id = "reading", ignore = true, match = { method = "POST", path = paths,
    body = { eq = { ["#/operationName"] = "*Query" } } } }
rules[#rules + 1] = { id = "reading-one", ignore = true, match = { method = "POST", path = paths,
    body = { eq = { operationName = "*Query" } } } }
op("response", { "*Response*", "*Reply*" }, "comment", post, { "variables/**/text", "variables/**/content",
  "variables/**/href" }, { type = "comment", id = { "data/*/id", "data/*/post/id" } })
op("clap", "Clap*", "react", post, {})
op("delete", { "Delete*", "Remove*" }, "delete", { type = "article", id = { "variables/**/postId",
  "variables/**/targetPostId", "variables/**/catalogId", "variables/id", "variables/**/id" } }, {})
op("follow", { "Follow*", "Unfollow*", "Subscribe*", "*FollowMutation" }, "follow", { type = "person",
  id = { "variables/userId", "variables/**/userId", "variables/**/collectionId", "variables/**/id",
    "variables/**/tagSlug" } }, {})
op("list", { "CreateCatalog*" }, "post", catalog, { "variables/title", "variables/description", "variables/**/title",
  "variables/**/description" }, { type = "list", id = { "data/*/id", "data/*/catalog/id" } })
op("list-edit", { "UpdateCatalog*", "EditCatalogMeta*" }, "edit", catalog, { "variables/**/title",
  "variables/**/description", "variables/title", "variables/description" })
op("save", { "*Bookmark*", "AddToPredefinedCatalog*", "EditCatalogItems*", "*ReadingList*" }, "save", post, {
  "variables/**/note" })
op("highlight", { "*Quote*", "*Highlight*" }, "react", post, { "variables/**/text", "variables/**/note" })
op("note", { "*PrivateNote*", "*Note*Mutation" }, "message", post, { "variables/**/text", "variables/**/content",
  "variables/**/note" })
op("profile", { "UpdateUser*", "EditUser*", "*ProfileMutation" }, "edit", { type = "person",
  id = { "variables/userId", "variables/**/userId" } }, words)
op("publish-op", { "PublishPost*", "SchedulePost*", "SubmitPost*" }, "post", post, words)
op("draft-op", { "*Draft*", "*Delta*", "*Autosave*" }, "draft", post, words)
op("edit-op", { "*Mutation", "Update*", "Edit*", "Create*", "Set*" }, "edit", { type = "article",
  id = { "variables/**/postId", "variables/**/id" } }, words)

-- The editor and the older calls.
write("draft", "POST", { "/p/*/deltas", "/p/*/autosave" }, "draft", { audience = "private", object = {
  type = "article", id = "/2" }, typed = paragraphs })
write("draft-new", "POST", { "/new-story", "/p/new-story" }, "draft", { audience = "private", object = {
  type = "article" }, answer = { type = "article", id = { "payload/value/id", "payload/id" } }, typed = paragraphs })
write("publish", { "POST", "PUT" }, { "/p/*/publish", "/p/*/publish/*" }, "post", { object = { type = "article",
  id = "/2", title = "title" }, typed = { "title", "subtitle", "tags/#", "seoTitle", "seoDescription" } })
write("about", { "POST", "PUT" }, { "/p/*/metadata", "/p/*/virtuals", "/p/*/tags" }, "edit", { audience = "private",
  object = { type = "article", id = "/2", title = "title" }, typed = { "title", "subtitle", "tags/#", "seoTitle",
    "seoDescription", "metaDescription", "**/title", "**/subtitle", "**/metaDescription" } })
write("note-older", "POST", { "/p/*/quotes", "/p/*/notes", "/p/*/quotes/*" }, "message", { audience = "private",
  object = { type = "article", id = "/2" }, typed = { "**/text", "**/content", "comment", "note" } })
write("response-older", "POST", { "/_/api/posts/*/responses", "/p/*/responses" }, "comment", { object = {
  type = "comment" }, parent = { type = "article", id = { "/_/api/posts/{}/responses", "/p/{}/responses" } },
  answer = { type = "comment", id = { "payload/value/id", "payload/value/postId" } }, typed = { "deltas/**/text",
    "**/text", "content" } })
write("profile-older", { "POST", "PUT" }, { "/_/api/users/*/profile", "/me/settings/**" }, "edit", { object = {
  type = "person", id = "/_/api/users/{}/profile" }, typed = { "name", "bio", "**/bio", "**/name" } })
write("delete-older", "DELETE", { "/p/*", "/_/api/posts/*" }, "delete", { object = { type = "article",
  id = { "/_/api/posts/{}", "/p/{}" } } })
write("upload", "POST", { "/_/upload", "/_/upload/**" }, "upload", { audience = "unknown", object = { type = "file",
  title = { "~uploadedFile", "~**" } }, answer = { type = "file", id = { "payload/value/fileId" } },
  typed = { "uploadedFile", "file" } })

-- The API of programs.
local state = { from = "publishStatus", default = "public", map = { public = "public", unlisted = "group",
  draft = "private" } }
write("api-post", "POST", { "/v1/users/*/posts", "/v1/publications/*/posts" }, "post", { host = "api.medium.com",
  audience = state, object = { type = "article", title = "title" }, group = { type = "community",
    id = "/v1/publications/{}/posts" }, answer = { type = "article", id = "data/id", url = "{data/url}" },
  typed = { "title", "content", "tags/#", "canonicalUrl" }, deny = api_error })
write("api-image", "POST", "/v1/images", "upload", { host = "api.medium.com", audience = "unknown", object = {
  type = "file", title = "~image" }, answer = { type = "file", id = "data/md5", url = "{data/url}" },
  typed = { "image" }, deny = api_error })

for _, rule in ipairs {
  { id = "query", ignore = true, match = { method = "POST", path = { "/_/graphql", "/*/_/graphql", "/_/batch",
      "/_/fp/**", "/_/clientele/**" } } },
  { id = "search-page", match = { method = "GET", path = { "/search", "/search/*" }, query = { q = true } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
  { id = "no-article", ignore = true, match = { method = "GET", path = { "/me/**", "/_/**", "/m/**", "/tag/**",
      "/search/**", "/new-story", "/policy/**", "/jobs-at-medium/**", "/@*/about", "/@*/followers", "/@*/following",
      "/@*/lists", "/v1/**", "/feed/**", "/topic/**", "/favicon.ico", "/robots.txt", "/sitemap/**" } } },
  { id = "view", match = { method = "GET", path = { "/@*/*", "/p/*" } },
    activity = { kind = "view", audience = "public", object = { type = "article", id = "/2", title_end = " | by *",
      url = "https://{host}{path}" } }, typed = {} },
  { id = "view-list", match = { method = "GET", path = "/@*/list/*" },
    activity = { kind = "view", audience = "public", object = { type = "list", id = "/3", title_end = " | *",
      url = "https://{host}{path}" } }, typed = {} },
  { id = "view-person", match = { method = "GET", path = "/@*" },
    activity = { kind = "view", audience = "public", object = { type = "person", id = "@>/1", title_end = " – Medium",
      url = "https://{host}{path}" } }, typed = {} },
  { id = "view-publication", match = { method = "GET", host = "medium.com", path = "/*/*" },
    activity = { kind = "view", audience = "public", object = { type = "article", id = "/2", title_end = " | by *",
      url = "https://{host}{path}" }, group = { type = "community", id = "/1" } }, typed = {} },
  { id = "view-own", match = { method = "GET", host = own, path = "/*" },
    activity = { kind = "view", audience = "public", object = { type = "article", id = "/1", title_end = " | by *",
      url = "https://{host}{path}" } }, typed = {} },
} do
  rules[#rules + 1] = rule
end

-- An operation in a test: in a list, and alone.
local tests

local function did(name, operation, variables, expect, answer)
  local body = [[{"operationName":"]] .. operation .. [[","variables":]] .. variables .. [[,"query":"mutation"}]]
  local one = {}
  for key, value in pairs(expect) do
    one[key] = value
  end
  one.rule = expect.rule and expect.rule .. "-one"
  tests[#tests + 1] = { name = name, method = "POST", host = "medium.com", path = "/_/graphql", type = json,
    body = "[" .. body .. "]", answer = answer and "[" .. answer .. "]", expect = expect }
  tests[#tests + 1] = { name = name .. ", alone", method = "POST", host = "medium.com", path = "/_/graphql",
    type = json, body = body, answer = answer, expect = one }
end

local function sent(name, method, path, body, expect, answer)
  tests[#tests + 1] = { name = name, method = method, host = path:sub(1, 4) == "/v1/" and "api.medium.com"
    or "medium.com", path = path, type = body and json, body = body, answer = answer, expect = expect }
end

tests = {
    { name = "what the page asks is nothing", method = "POST", host = "medium.com", path = "/_/graphql",
      type = "application/json", body = [=[[{"operationName":"PostViewerQuery","variables":{}}]]=],
      expect = { none = true } },
    { name = "one question of the page is nothing", method = "POST", host = "medium.com", path = "/_/graphql",
      type = "application/json", body = [=[{"operationName":"PostViewerQuery","variables":{}}]=],
      expect = { none = true } },
    { name = "what has no name is nothing", method = "POST", host = "medium.com", path = "/_/batch",
      type = "application/json", body = [=[{}]=], expect = { none = true } },
    { name = "a tag is no article", host = "medium.com", path = "/tag/rust", expect = { none = true } },
  { name = "a picture", method = "POST", host = "medium.com", path = "/_/upload", query = "source=6",
    type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"uploadedFile\"; "
      .. "filename=\"plan.svg\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
    expect = { rule = "upload", kind = "upload", title = "plan.svg", text = "the plan" } },
  { name = "a picture of a program", method = "POST", host = "api.medium.com", path = "/v1/images",
    type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"image\"; "
      .. "filename=\"plan.svg\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
    answer = [[{"data":{"url":"https://cdn.example/p.svg","md5":"ab"}}]],
    expect = { rule = "api-image", kind = "upload", id = "ab", title = "plan.svg", text = "the plan" } },
  { name = "reading", host = "medium.com", path = "/@ana/probes-abc123", answer_type = "text/html",
    answer = "<title>Probes | by Ana | Medium</title>", expect = { rule = "view", kind = "view", id = "probes-abc123",
      title = "Probes", url = "https://medium.com/@ana/probes-abc123" } },
  { name = "reading in a publication", host = "medium.com", path = "/acme-eng/probes-abc123",
    expect = { rule = "view-publication", kind = "view", id = "probes-abc123", group = "acme-eng" } },
  { name = "reading on an own host", host = "towardsdatascience.com", path = "/probes-abc123",
    expect = { rule = "view-own", kind = "view", id = "probes-abc123" } },
  { name = "a list is read", host = "medium.com", path = "/@ana/list/probes-77", expect = { rule = "view-list",
    id = "probes-77" } },
  { name = "a person", host = "medium.com", path = "/@ana", expect = { rule = "view-person", id = "ana" } },
  { name = "one's own pages are no views", host = "medium.com", path = "/me/stories", expect = { none = true } },
  { name = "the page of a search", host = "medium.com", path = "/search", query = "q=probes",
    expect = { rule = "search-page", kind = "search", text = "probes" } },
  { name = "a query is nothing", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
    body = [=[[{"operationName":"PostViewQuery","variables":{"text":"long enough to be text"}}]]=],
    expect = { none = true } },
  { name = "others' responses are nothing", method = "POST", host = "medium.com", path = "/_/graphql", type = json,
    body = [[{"operationName":"PostResponsesQuery","variables":{"postId":"p1","text":"long enough to be text"}}]],
    expect = { none = true } },
  { name = "telemetry is nothing", method = "POST", host = "medium.com", path = "/_/batch", type = json,
    body = [=[[{"type":"post.clientRead","data":{"text":"long enough to be text"}}]]=], expect = { none = true } },
  { name = "signing in is never read", host = "medium.com", path = "/m/signin", expect = { secret = true } },
}
did("a response", "PublishPostThreadedResponse", [[{"inResponseToPostId":"p0","postId":"p1","deltas":[{"type":1,]]
  .. [["paragraph":{"text":"well said"}}]}]], { rule = "response", kind = "comment", id = "p2", text = "well said" },
  [[{"data":{"publishPostThreadedResponse":{"id":"p2"}}}]])
did("a clap", "ClapMutation", [[{"targetPostId":"p1"}]], { rule = "clap", kind = "react", id = "p1" })
did("a story goes", "DeletePostMutation", [[{"postId":"p1"}]], { rule = "delete", kind = "delete", id = "p1" })
did("following", "FollowUserMutation", [[{"userId":"u1"}]], { rule = "follow", kind = "follow", id = "u1" })
did("a list", "CreateCatalogMutation", [[{"title":"Probes","description":"read these"}]], { rule = "list",
  kind = "post", id = "c1", title = "Probes", text = "Probes\nread these" }, [[{"data":{"createCatalog":{"id":"c1"}}}]])
did("a list changes", "UpdateCatalogMutation", [[{"catalogId":"c1","attributes":{"title":"Better"}}]], {
  rule = "list-edit", kind = "edit", id = "c1", title = "Better", text = "Better" })
did("saving", "EditCatalogItemsMutation", [[{"postId":"p1","operations":[{"note":"for later"}]}]], { rule = "save",
  kind = "save", id = "p1", text = "for later" })
did("a highlight", "CreateQuoteMutation", [[{"postId":"p1","text":"the best part"}]], { rule = "highlight",
  kind = "react", id = "p1", text = "the best part" })
did("a note to the author", "SendPrivateNote", [[{"postId":"p1","content":"a typo here"}]], { rule = "note",
  kind = "message", id = "p1", text = "a typo here" })
did("a profile", "UpdateUserMutation", [[{"userId":"u1","input":{"name":"Ana","bio":"bridges"}}]], { rule = "profile",
  kind = "edit", id = "u1", text = "Ana\nbridges" })
did("publishing by GraphQL", "PublishPostMutation", [[{"postId":"p1","title":"Probes"}]], { rule = "publish-op",
  kind = "post", id = "p1", text = "Probes" })
did("a draft by GraphQL", "SaveDraftMutation", [[{"postId":"p1","deltas":[{"paragraph":{"text":"half"}}]}]], {
  rule = "draft-op", kind = "draft", phase = "draft", id = "p1", text = "half" })
did("what is typed into the search box", "SearchTypeaheadQuery", [[{"query":"pro"}]], { rule = "typing",
  kind = "draft", phase = "draft", text = "pro" })
did("a search", "SearchQuery", [[{"query":"probes"}]], { rule = "search", kind = "search", text = "probes" })
did("another change", "UpdateCollectionMutation", [[{"id":"k1","description":"all of it"}]], { rule = "edit-op",
  kind = "edit", id = "k1", text = "all of it" })
sent("the editor sends as one types", "POST", "/p/abc/deltas", [[{"id":"abc","deltas":[{"type":3,]]
  .. [["paragraph":{"text":"half a thought","markups":[{"href":"https://a.example"}]}}],"xsrf":"x"}]], { rule = "draft",
  kind = "draft", phase = "draft", id = "abc", text = "half a thought\nhttps://a.example", hidden = { "xsrf" } })
sent("a new story", "POST", "/new-story", [[{"deltas":[{"paragraph":{"text":"half"}}],"baseRev":-1}]], {
  rule = "draft-new", kind = "draft", phase = "draft", text = "half" })
sent("publishing", "POST", "/p/abc/publish", [[{"title":"Probes","tags":["k8s"]}]], { rule = "publish", kind = "post",
  id = "abc", title = "Probes", text = "Probes\nk8s" })
sent("what search engines show", "POST", "/p/abc/metadata", [[{"seoTitle":"Probes","metaDescription":"all"}]], {
  rule = "about", kind = "edit", id = "abc", text = "Probes\nall" })
sent("a note, older", "POST", "/p/abc/notes", [[{"content":"a typo here"}]], { rule = "note-older", kind = "message",
  audience = "private", id = "abc", text = "a typo here" })
sent("a response, older", "POST", "/_/api/posts/abc/responses", [[{"deltas":[{"paragraph":{"text":"well said"}}]}]], {
  rule = "response-older", kind = "comment", parent = "abc", text = "well said" })
sent("a profile, older", "PUT", "/_/api/users/u1/profile", [[{"name":"Ana","bio":"bridges"}]], {
  rule = "profile-older", kind = "edit", id = "u1", text = "Ana\nbridges" })
sent("a story goes, older", "DELETE", "/p/abc", nil, { rule = "delete-older", kind = "delete", id = "abc" })
sent("a story of a program", "POST", "/v1/users/u1/posts", [[{"title":"Probes","contentFormat":"markdown",]]
  .. [["content":"# Probes","tags":["k8s"],"publishStatus":"unlisted"}]], { rule = "api-post", kind = "post",
  phase = "confirm", audience = "group", id = "e6", url = "https://medium.com/@ana/probes-e6", title = "Probes",
  text = "Probes\n# Probes\nk8s" }, [[{"data":{"id":"e6","title":"Probes","url":"https://medium.com/@ana/probes-e6"}}]])

return {
  api = 1,
  id = "medium",
  version = "1.1.0",
  title = "Medium",
  hosts = { "medium.com", "*.medium.com", "towardsdatascience.com", "betterprogramming.pub",
    "levelup.gitconnected.com" },
  secret = { { path = { "/m/signin", "/m/signin/**", "/m/callback/**", "/m/account/**", "/m/oauth/**",
    "/_/oauth/**", "/v1/tokens", "/m/connect/**" } } },
  redact_always = { "xsrf", "token", "?token", "xsrfToken", "logLockId" },

  rules = rules,
  tests = tests,
}
