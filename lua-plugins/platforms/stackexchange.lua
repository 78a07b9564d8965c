-- SPDX-License-Identifier: Apache-2.0
-- Stack Exchange: the sites' forms, drafts that are kept while typing, Teams (below /c/), chat, the API of the sites
-- and that of Teams.
--
-- Documented: both APIs. Observed: the sites' forms, votes, flags and chat. Believed: drafts, staging ground, articles.

-- What the page's own check of a form answers; comments show the plain words of an answer.
local refused = { status = 200, type = "application/json",
  body = [[{"success":false,"Success":false,"errors":{"General":["{message}"]},"Message":"{message}",]]
    .. [["ErrorMessage":"{message}","stoa":"{id}"}]] }
local spoken = { status = 409, type = "text/plain", body = "{message} ({id})" }
local api_error = { status = 400, type = "application/json",
  body = [[{"error_id":400,"error_name":"refused","error_message":"{message}","stoa":"{id}"}]] }
local teams_error = { status = 403, type = "application/json",
  body = [[{"type":"about:blank","title":"{message}","status":403,"detail":"{message}","stoa":"{id}"}]] }
local text = { "post-text", "title", "tagnames", "edit-comment", "comment", "body", "tags", "excerpt", "author",
  "ownAnswer", "answer-text" }
local question = { type = "question", title = "title" }

-- Below /c/TEAM the same paths are a company's own.
local function write(id, paths, kind, object, what)
  local more, list = what or {}, {}
  for _, path in ipairs(type(paths) == "table" and paths or { paths }) do
    list[#list + 1] = path
    if not more.team then
      list[#list + 1] = "/c/*" .. path
    end
  end
  return { id = id, match = { method = more.method or "POST", path = list, body = more.body },
    activity = { kind = kind, phase = kind == "draft" and "draft" or more.phase, audience = more.audience or "public",
      object = object, parent = more.parent, group = more.group, answer = more.answer },
    typed = more.typed or text, deny = more.deny or refused }
end

-- The documented API; the number in front is its version.
local function api(id, path, kind, object, what)
  local more = what or {}
  return { id = "api-" .. id, match = { method = more.method or "POST", host = "api.*", path = path, query = more.query,
      body = more.body },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = more.audience or "public",
      object = object, parent = more.parent, answer = more.answer }, typed = more.typed or { "title", "body", "tags",
      "comment", "?title", "?body", "?tags", "?comment" }, deny = api_error }
end

-- The API of Teams, JSON; a team stands in the path.
local function teams(id, method, path, kind, object, what)
  local more = what or {}
  return { id = "teams-" .. id, match = { method = method, path = { "/v3/teams/*" .. path, "/api/v3/teams/*" .. path,
      "/api/v3" .. path, "/v3" .. path } },
    activity = { kind = kind, audience = "group", object = object, parent = more.parent, answer = more.answer,
      group = { type = "community", id = { "/v3/teams/{}/**", "/api/v3/teams/{}/**" } } },
    typed = more.typed or { "title", "body", "tags/#" }, deny = teams_error }
end

local function look(id, paths, object, answer, host)
  return { id = id, match = { method = "GET", path = paths, host = host },
    activity = { kind = "view", audience = "public", object = object, answer = answer }, typed = {} }
end

local function ending(path)
  return { "/v3/teams/*" .. path, "/api/v3/teams/*" .. path, "/api/v3" .. path, "/v3" .. path }
end

local form = "application/x-www-form-urlencoded"
local json = "application/json"
local SO, CHAT, API, TEAMS = "stackoverflow.com", "chat.stackexchange.com", "api.stackexchange.com",
  "api.stackoverflowteams.com"
local comment_id = { "/posts/comments/{}/**", "/c/*/posts/comments/{}/**", "/posts/comments/{}",
  "/c/*/posts/comments/{}" }
local post_id = { "/c/*/posts/{}/**", "/posts/{}/**", "/c/*/post/{}/**", "/post/{}/**" }

-- A form in a test.
local function sent(name, host, path, body, expect, answer)
  return { name = name, method = "POST", host = host, path = path, body = body, answer = answer, expect = expect,
    type = body:sub(1, 1) == "{" and json or form }
end

return {
  api = 1,
  id = "stackexchange",
  version = "1.1.0",
  title = "Stack Exchange",
  hosts = { "stackoverflow.com", "*.stackoverflow.com", "*.stackexchange.com", "superuser.com", "*.superuser.com",
    "serverfault.com", "*.serverfault.com", "askubuntu.com", "*.askubuntu.com", "stackapps.com", "mathoverflow.net",
    "*.stackoverflowteams.com", "stackoverflowteams.com" },
  secret = { { path = { "/users/login", "/users/login/**", "/users/signup", "/users/signup/**", "/users/authenticate",
    "/users/account-recovery/**", "/users/oauth/**", "/openid/**", "/oauth/**", "/users/login-or-signup/**",
    "/users/email/**", "/users/change-password/**", "/auth/**" } } },
  redact_always = { "fkey", "access_token", "key", "i1l", "?access_token", "?key", "?fkey", "?client_secret" },

  rules = {
    { id = "team", match = { method = "POST", path = { "/c/*/questions/ask/submit", "/c/*/questions/*/answer/submit",
        "/c/*/posts/*/comments", "/c/*/articles/**" } },
      activity = { kind = "post", audience = "group", group = { type = "community", id = "/2" },
        object = { type = "question", title = "title", id = { "/c/*/questions/{}/answer/submit",
          "/c/*/posts/{}/comments" } } }, typed = text, deny = refused },
    write("ask", "/questions/ask/submit", "post", question, { answer = { type = "question", id = { "%id",
      "%questionId", "^/questions/{}/**", "^/questions/{}" },
      url = { "{redirectTo}", "https://{host}/questions/{id}" } } }),
    write("answer", "/questions/*/answer/submit", "reply", { type = "post" }, { parent = { type = "question",
      id = "/questions/{}/answer/submit", url = "https://{host}/questions/{/2}" } }),
    write("comment", "/posts/*/comments", "comment", { type = "comment" }, { parent = { type = "post",
      id = "/posts/{}/comments" }, deny = spoken }),
    write("comment-delete", "/posts/comments/*/vote/10", "delete", { type = "comment", id = comment_id }, {
      typed = {} }),
    write("comment-vote", "/posts/comments/*/vote/*", "react", { type = "comment", id = comment_id }, { typed = {} }),
    write("comment-edit", { "/posts/comments/*/edit", "/posts/comments/*" }, "edit", { type = "comment",
      id = comment_id }, { deny = spoken }),
    write("edit", { "/posts/*/edit-submit/*", "/posts/*/edit-tags", "/posts/*/edit-submit" }, "edit", { type = "post",
      id = post_id, title = "title" }),
    write("tag-wiki", { "/edit-tag-wiki/*", "/tags/*/edit-wiki" }, "edit", { type = "article",
      id = { "/edit-tag-wiki/{}", "/tags/{}/edit-wiki" } }),
    write("draft", { "/post/*/draft", "/posts/*/draft", "/post/draft", "/posts/draft", "/posts/ask/draft",
      "/post/validate-body", "/posts/validate-*", "/posts/heartbeat/*", "/posts/*/editor-heartbeat/*",
      "/posts/*/editor-heartbeat", "/posts/editor-heartbeat/*", "/posts/preview", "/posts/*/preview",
      "/questions/ask/preview" }, "draft", question, { audience = "private", typed = { "post-text", "title", "text",
      "body", "tagnames", "comment", "edit-comment", "answer-text" } }),
    { id = "similar", match = { method = { "GET", "POST" }, path = { "/search/titles", "/c/*/search/titles",
        "/search/more-like-this", "/questions/ask/similar", "/posts/questions/similar" } },
      activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "question",
        title = { "?title", "title" } } }, typed = { "?title", "?body", "title", "body", "tagnames" },
      deny = refused },
    write("staging", { "/staging-ground/ask/submit", "/staging-ground/*/edit-submit" }, "post", question),
    write("staging-comment", "/staging-ground/*/comments", "comment", { type = "comment" }, { parent = {
      type = "question", id = "/2" }, deny = spoken }),
    write("article", { "/articles/submit", "/collectives/*/articles/submit", "/articles/*/edit-submit" }, "post", {
      type = "article", title = "title" }),
    write("close", "/flags/questions/*/close/add", "edit", { type = "question", id = { "/flags/questions/{}/close/add",
      "/c/*/flags/questions/{}/close/add" } }, { typed = { "siteSpecificOtherText", "otherText", "customReason" } }),
    write("flag", "/flags/**", "message", { type = "post", id = { "/flags/posts/{}/**", "/flags/comments/{}/**" } }, {
      audience = "private", typed = { "otherText", "customData", "comment" } }),
    write("follow", { "/posts/*/vote/21", "/posts/*/follow", "/posts/*/vote/22" }, "follow", { type = "post",
      id = post_id }, { audience = "private", typed = {} }),
    write("delete", "/posts/*/vote/10", "delete", { type = "post", id = post_id }, { typed = {} }),
    write("bounty", { "/posts/*/bounty/start", "/posts/bounty/start", "/posts/*/vote/8" }, "share", { type = "post",
      id = { "/posts/{}/bounty/start", "/posts/{}/vote/8", "postId", "id" } }, { typed = { "customMessage",
      "message" } }),
    write("vote", "/posts/*/vote/*", "react", { type = "post", id = post_id }, { typed = {} }),
    write("save", { "/posts/*/save", "/posts/*/bookmark" }, "save", { type = "post", id = post_id }, {
      audience = "private", typed = { "note" } }),
    write("save-list", "/users/saves/**", "save", { type = "list", title = { "listName", "name" } }, {
      audience = "private", typed = { "listName", "name", "note" } }),
    write("review", { "/review/**", "/suggested-edits/*/reject", "/suggested-edits/**" }, "comment",
      { type = "comment" },
      { parent = { type = "post", id = { "/suggested-edits/{}/**", "postId" } }, typed = { "customReason",
        "rejectReason", "comment", "otherText", "post-text", "title" } }),
    write("profile", "/users/edit/*/post", "edit", { type = "person", id = { "/users/edit/{}/post",
      "/c/*/users/edit/{}/post" } }, { typed = { "DisplayName", "Title", "AboutMe", "Location", "WebsiteUrl",
      "TwitterUrl", "GitHubUrl" } }),
    write("upload", "/upload/image", "upload", { type = "file", title = "~file" }, { typed = { "file", "filename",
      "upload-url" }, answer = { type = "file", url = { "{UrlToImage}", "{url}" }, id = { "UrlToImage", "url" } } }),

    -- Chat.
    write("chat", "/chats/*/messages/new", "message", { type = "message" }, { team = true, group = {
      type = "conversation", id = "/2" }, answer = { type = "message", id = "%id" }, typed = { "text" },
      deny = spoken }),
    write("chat-delete", "/messages/*/delete", "delete", { type = "message", id = "/2" }, { team = true, typed = {} }),
    write("chat-star", { "/messages/*/star", "/messages/*/owner-star", "/messages/*/unstar" }, "react", {
      type = "message", id = "/2" }, { team = true, typed = {} }),
    write("chat-edit", "/messages/*", "edit", { type = "message", id = "/2" }, { team = true, typed = { "text" },
      deny = spoken }),
    write("chat-room", { "/rooms/save", "/rooms/create" }, "post", { type = "conversation", title = "name" }, {
      team = true, typed = { "name", "description", "tags" } }),
    write("chat-bookmark", "/conversation/new", "save", { type = "conversation", title = "title" }, { team = true,
      typed = { "title" } }),
    { id = "chat-read", ignore = true, match = { method = "POST", host = "chat.*", path = { "/events",
      "/chats/*/events", "/ws-auth", "/user/info", "/rooms/**" } } },

    -- The API of the sites.
    api("preview", { "/*/questions/add", "/*/questions/*/answers/add", "/*/posts/*/comments/add" }, "draft", question, {
      body = { eq = { preview = "true" } } }),
    api("render", { "/*/questions/render", "/*/answers/render", "/*/questions/*/answers/render",
      "/*/posts/*/comments/render" }, "draft", question),
    api("ask", "/*/questions/add", "post", question, { answer = { type = "question", id = "%items/#/question_id",
      url = "{items/#/link}" } }),
    api("answer", "/*/questions/*/answers/add", "reply", { type = "post" }, { parent = { type = "question", id = "/3" },
      answer = { type = "post", id = "%items/#/answer_id", url = "{items/#/link}" } }),
    api("comment", "/*/posts/*/comments/add", "comment", { type = "comment" }, { parent = { type = "post", id = "/3" },
      answer = { type = "comment", id = "%items/#/comment_id", url = "{items/#/link}" } }),
    api("edit", { "/*/questions/*/edit", "/*/answers/*/edit", "/*/comments/*/edit" }, "edit", { type = "post",
      id = "/3", title = "title" }, { answer = { title = "items/#/title" } }),
    api("delete", { "/*/questions/*/delete", "/*/answers/*/delete", "/*/comments/*/delete" }, "delete", {
      type = "post", id = "/3" }, { typed = {} }),
    api("flag", { "/*/questions/*/flags/add", "/*/answers/*/flags/add", "/*/comments/*/flags/add",
      "/*/questions/*/close/add" }, "message", { type = "post", id = "/3" }, { audience = "private" }),
    api("save", { "/*/questions/*/favorite", "/*/questions/*/favorite/undo" }, "save", { type = "post", id = "/3" }, {
      audience = "private", typed = {} }),
    api("vote", { "/*/questions/*/upvote/**", "/*/questions/*/downvote/**", "/*/answers/*/upvote/**",
      "/*/answers/*/downvote/**", "/*/answers/*/accept/**", "/*/comments/*/upvote/**", "/*/questions/*/upvote",
      "/*/questions/*/downvote", "/*/answers/*/upvote", "/*/answers/*/downvote", "/*/answers/*/accept",
      "/*/comments/*/upvote" }, "react", { type = "post", id = "/3" }, { typed = {} }),
    api("similar", "/*/similar", "draft", { type = "question", title = "?title" }, { method = "GET",
      typed = { "?title" }, audience = "private" }),
    api("search", { "/*/search", "/*/search/advanced", "/*/search/excerpts" }, "search", { type = "search" }, {
      method = "GET", audience = "private", typed = { "?q", "?intitle", "?title", "?body" } }),

    -- The API of Teams.
    teams("answer", "POST", "/questions/*/answers", "reply", { type = "post" }, { parent = { type = "question",
      id = { "/v3/teams/*/questions/{}/answers", "/api/v3/teams/*/questions/{}/answers", "/api/v3/questions/{}/answers",
        "/v3/questions/{}/answers" } }, answer = { type = "post", id = "%id" } }),
    teams("comment", "POST", "/questions/*/comments", "comment", { type = "comment" }, { parent = { type = "question",
      id = { "/v3/teams/*/questions/{}/comments", "/api/v3/teams/*/questions/{}/comments",
        "/api/v3/questions/{}/comments" } }, answer = { type = "comment", id = "%id" } }),
    teams("ask", "POST", "/questions", "post", question, { answer = { type = "question", id = "%id",
      url = "{webUrl}" } }),
    teams("article", "POST", "/articles", "post", { type = "article", title = "title" }, { answer = { type = "article",
      id = "%id", url = "{webUrl}" } }),
    teams("edit", "PUT", "/questions/*", "edit", { type = "question", id = ending("/questions/{}"), title = "title" }),
    teams("article-edit", "PUT", "/articles/*", "edit", { type = "article", id = ending("/articles/{}"),
      title = "title" }),

    -- Reading.
    { id = "search", match = { method = "GET", path = { "/search", "/c/*/search" }, query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    { id = "not-a-question", ignore = true, match = { method = "GET", path = { "/questions/tagged/**", "/questions/ask",
        "/questions/ask/**" } } },
    look("api-view", { "/*/questions/*", "/*/questions/*/answers", "/*/questions/*/comments" }, { type = "question",
      id = "/3" }, { title = "items/#/title", author = "items/#/owner/display_name", url = "{items/#/link}" }, "api.*"),
    { id = "view", match = { method = "GET", path = { "/questions/*", "/questions/*/**", "/c/*/questions/*/**" } },
      activity = { kind = "view", audience = "public",
        object = { type = "question", id = { "/c/*/questions/{}/**", "/questions/{}/**", "/questions/{}" },
          url = "https://{host}/questions/{id}", title_end = " - Stack Overflow" } }, typed = {} },
    look("view-short", { "/q/*", "/q/*/*", "/a/*", "/a/*/*" }, { type = "post", id = "/2",
      url = "https://{host}/{/1}/{id}" }),
    look("view-article", { "/articles/*/**", "/c/*/articles/*/**", "/tags/*/info" }, { type = "article",
      id = { "/c/*/articles/{}/**", "/2" } }),
    look("view-person", { "/users/*", "/users/*/*" }, { type = "person", id = "/2" }),
    look("view-chat", { "/rooms/*", "/rooms/*/*", "/transcript/*" }, { type = "conversation", id = "/2" }, nil,
      "chat.*"),
  },

  tests = {
    { name = "what a chat reads is nothing", method = "POST", host = "chat.stackexchange.com",
      path = "/chats/1/events", type = "application/x-www-form-urlencoded", body = [=[msgCount=100]=],
      expect = { none = true } },
    { name = "a tag is no question", host = "stackoverflow.com", path = "/questions/tagged/rust",
      expect = { none = true } },
    { name = "a question", method = "POST", host = "stackoverflow.com", path = "/questions/ask/submit", type = form,
      body = "fkey=abc&title=Probes&post-text=How+do+they+work%3F&tagnames=kubernetes",
      expect = { rule = "ask", kind = "post", audience = "public", title = "Probes", hidden = { "fkey" },
        text = "Probes\nHow do they work?\nkubernetes" } },
    { name = "an answer", method = "POST", host = "stackoverflow.com", path = "/questions/77/answer/submit",
      type = form,
      body = "post-text=By+asking&fkey=abc",
      expect = { rule = "answer", kind = "reply", parent = "77", url = "https://stackoverflow.com/questions/77" } },
    { name = "a comment", method = "POST", host = "unix.stackexchange.com", path = "/posts/78/comments", type = form,
      body = "comment=Thanks+for+this&fkey=abc", expect = { rule = "comment", kind = "comment", parent = "78" } },
    { name = "an edit", method = "POST", host = "superuser.com", path = "/posts/78/edit-submit/1-2", type = form,
      body = "post-text=Better&edit-comment=typo", expect = { rule = "edit", kind = "edit", id = "78" } },
    { name = "a question in a team", method = "POST", host = "stackoverflow.com", path = "/c/acme/questions/ask/submit",
      type = form, body = "title=Inside&post-text=Only+us",
      expect = { rule = "team", kind = "post", audience = "group", group = "acme" } },
    { name = "a draft is kept while typing", method = "POST", host = "stackoverflow.com", path = "/post/77/draft",
      type = form, body = "text=half+a+thought",
      expect = { rule = "draft", kind = "draft", phase = "draft", text = "half a thought" } },
    { name = "a flag", method = "POST", host = "stackoverflow.com", path = "/flags/posts/78/add/PostOther", type = form,
      body = "otherText=names+a+customer", expect = { rule = "flag", kind = "message", text = "names a customer" } },
    { name = "a vote", method = "POST", host = "stackoverflow.com", path = "/posts/78/vote/2", type = form,
      body = "fkey=a", expect = { rule = "vote", kind = "react", id = "78" } },
    { name = "saving", method = "POST", host = "stackoverflow.com", path = "/posts/78/save", type = form,
      body = "fkey=a",
      expect = { rule = "save", kind = "save", id = "78" } },
    { name = "the chat", method = "POST", host = "chat.stackexchange.com", path = "/chats/1/messages/new", type = form,
      body = "text=hello+all&fkey=a", expect = { rule = "chat", kind = "message", group = "1", text = "hello all" } },
    sent("a question is checked while it is written", SO, "/posts/validate-question", "title=Probes&post-text=half", {
      rule = "draft", kind = "draft", phase = "draft", title = "Probes", text = "Probes\nhalf" }),
    { name = "similar questions are looked for", host = SO, path = "/search/titles", query = "title=Probes",
      expect = { rule = "similar", kind = "draft", title = "Probes", text = "Probes" } },
    sent("a draft of an answer", SO, "/posts/77/editor-heartbeat/answer", "text=half&fkey=a&clientCount=1", {
      rule = "draft", text = "half", hidden = { "fkey" } }),
    sent("a comment is changed", SO, "/posts/comments/9", "comment=better&fkey=a", { rule = "comment-edit",
      kind = "edit", id = "9", text = "better" }),
    sent("a comment is changed, older", SO, "/posts/comments/9/edit", "comment=better", { rule = "comment-edit",
      id = "9" }),
    sent("a comment goes", SO, "/posts/comments/9/vote/10", "fkey=a", { rule = "comment-delete", kind = "delete",
      id = "9" }),
    sent("a comment is useful", SO, "/posts/comments/9/vote/2", "fkey=a", { rule = "comment-vote", kind = "react",
      id = "9" }),
    sent("what a tag is for", SO, "/edit-tag-wiki/12", "excerpt=short&post-text=long&edit-comment=new", {
      rule = "tag-wiki", kind = "edit", id = "12", text = "short\nlong\nnew" }),
    sent("a question for a look", SO, "/staging-ground/ask/submit", "title=Probes&post-text=How%3F&tagnames=k8s", {
      rule = "staging", kind = "post", title = "Probes" }),
    sent("a comment there", SO, "/staging-ground/5/comments", "comment=more+words", { rule = "staging-comment",
      kind = "comment", parent = "5", text = "more words" }),
    sent("an article", SO, "/articles/submit", "title=Probes&post-text=Long", { rule = "article", kind = "post",
      title = "Probes", text = "Probes\nLong" }),
    sent("a question is closed", SO, "/flags/questions/77/close/add", "siteSpecificOtherText=off+topic", {
      rule = "close", kind = "edit", id = "77", text = "off topic" }),
    sent("following", SO, "/posts/78/vote/21", "fkey=a", { rule = "follow", kind = "follow", id = "78" }),
    sent("a post goes", SO, "/posts/78/vote/10", "fkey=a", { rule = "delete", kind = "delete", id = "78" }),
    sent("a bounty", SO, "/posts/bounty/start", "id=77&amount=50&customMessage=needs+care", { rule = "bounty",
      kind = "share", id = "77", text = "needs care" }),
    sent("a list of saves", SO, "/users/saves/create", "listName=Probes&fkey=a", { rule = "save-list", kind = "save",
      title = "Probes", text = "Probes" }),
    sent("an edit is turned down", SO, "/suggested-edits/5/reject", "customReason=changes+too+much", { rule = "review",
      kind = "comment", parent = "5", text = "changes too much" }),
    sent("a profile", SO, "/users/edit/12/post", "DisplayName=Ana&AboutMe=bridges&Location=Zurich", { rule = "profile",
      kind = "edit", id = "12", text = "Ana\nbridges\nZurich" }),
    { name = "a picture", method = "POST", host = SO, path = "/upload/image", query = "method=json",
      type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"file\"; "
        .. "filename=\"plan.svg\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
      answer = [[{"Success":true,"UrlToImage":"https://i.example/p.svg"}]],
      expect = { rule = "upload", kind = "upload", phase = "confirm", title = "plan.svg", text = "the plan",
        url = "https://i.example/p.svg" } },
    sent("the chat is changed", CHAT, "/messages/44", "text=better&fkey=a", { rule = "chat-edit", kind = "edit",
      id = "44", text = "better" }),
    sent("a word in the chat goes", CHAT, "/messages/44/delete", "fkey=a", { rule = "chat-delete", kind = "delete",
      id = "44" }),
    sent("a star in the chat", CHAT, "/messages/44/star", "fkey=a", { rule = "chat-star", kind = "react", id = "44" }),
    sent("a room", CHAT, "/rooms/save", "name=Probes&description=all+of+them&tags=k8s&fkey=a", { rule = "chat-room",
      kind = "post", title = "Probes", text = "Probes\nall of them\nk8s" }),
    sent("a talk is kept", CHAT, "/conversation/new", "title=Probes&roomId=1&fkey=a", { rule = "chat-bookmark",
      kind = "save", title = "Probes", text = "Probes" }),
    sent("asking the chat for news is nothing", CHAT, "/chats/1/events", "since=0&mode=Messages&msgCount=100&fkey=abc",
      { none = true }),
    sent("a question of a program", API, "/2.3/questions/add", "title=Probes&body=How%3F&tags=k8s&site=s&key=k"
      .. "&access_token=t", { rule = "api-ask", kind = "post", phase = "confirm", id = "77", title = "Probes",
      url = "https://stackoverflow.com/q/77", text = "Probes\nHow?\nk8s", hidden = { "key", "access_token" } },
      [[{"items":[{"question_id":77,"link":"https://stackoverflow.com/q/77"}]}]]),
    sent("a question of a program is tried", API, "/2.3/questions/add", "title=Probes&body=How%3F&preview=true", {
      rule = "api-preview", kind = "draft", phase = "draft", text = "Probes\nHow?" }),
    sent("words become HTML", API, "/2.3/answers/render", "body=half", { rule = "api-render", kind = "draft",
      text = "half" }),
    sent("an answer of a program", API, "/2.3/questions/77/answers/add", "body=By+asking&site=s", { rule = "api-answer",
      kind = "reply", parent = "77", id = "78", text = "By asking" }, [[{"items":[{"answer_id":78}]}]]),
    sent("a comment of a program", API, "/2.3/posts/78/comments/add", "body=Thanks&site=s", { rule = "api-comment",
      kind = "comment", parent = "78", id = "9", text = "Thanks" }, [[{"items":[{"comment_id":9}]}]]),
    sent("an edit of a program", API, "/2.3/answers/78/edit", "body=better&comment=typo", { rule = "api-edit",
      kind = "edit", id = "78", title = "Probes", text = "better\ntypo" }, [[{"items":[{"title":"Probes"}]}]]),
    sent("a program deletes", API, "/2.3/comments/9/delete", "site=s", { rule = "api-delete", kind = "delete",
      id = "9" }),
    sent("a flag of a program", API, "/2.3/answers/78/flags/add", "option_id=1&comment=names+a+customer", {
      rule = "api-flag", kind = "message", id = "78", text = "names a customer" }),
    sent("a program saves", API, "/2.3/questions/77/favorite", "site=s", { rule = "api-save", kind = "save",
      id = "77" }),
    sent("a vote of a program", API, "/2.3/answers/78/upvote", "site=s", { rule = "api-vote", kind = "react",
      id = "78" }),
    { name = "a program looks for what is similar", host = API, path = "/2.3/similar", query = "title=Probes&site=s",
      expect = { rule = "api-similar", kind = "draft", text = "Probes" } },
    { name = "a search of a program", host = API, path = "/2.3/search/advanced", query = "q=probes&site=s&key=k",
      expect = { rule = "api-search", kind = "search", text = "probes", hidden = { "?key" } } },
    { name = "a program reads a question", host = API, path = "/2.3/questions/77", query = "site=s",
      answer = [[{"items":[{"title":"Probes","owner":{"display_name":"Ana"},]]
        .. [["link":"https://stackoverflow.com/q/77"}]}]],
      expect = { rule = "api-view", kind = "view", id = "77", title = "Probes", author = "Ana",
        url = "https://stackoverflow.com/q/77" } },
    sent("a question in a team, by a program", TEAMS, "/v3/teams/acme/questions",
      [[{"title":"Inside","body":"Only us","tags":["k8s"]}]], { rule = "teams-ask", kind = "post", audience = "group",
      group = "acme", id = "77", text = "Inside\nOnly us\nk8s" }, [[{"id":77}]]),
    sent("an answer in a team", TEAMS, "/v3/teams/acme/questions/77/answers", [[{"body":"By asking"}]], {
      rule = "teams-answer", kind = "reply", parent = "77", text = "By asking" }),
    sent("a comment in a team", TEAMS, "/v3/teams/acme/questions/77/comments", [[{"body":"Thanks"}]], {
      rule = "teams-comment", kind = "comment", parent = "77", text = "Thanks" }),
    sent("an article in a team", TEAMS, "/v3/teams/acme/articles", [[{"title":"Plan","body":"Long","tags":["x"]}]], {
      rule = "teams-article", kind = "post", title = "Plan", text = "Plan\nLong\nx" }),
    { name = "a question in a team is changed", method = "PUT", host = TEAMS, path = "/v3/teams/acme/questions/77",
      type = json, body = [[{"title":"Inside","body":"better"}]],
      expect = { rule = "teams-edit", kind = "edit", id = "77", text = "Inside\nbetter" } },
    { name = "an article in a team is changed", method = "PUT", host = TEAMS, path = "/v3/teams/acme/articles/5",
      type = json, body = [[{"title":"Plan","body":"better"}]],
      expect = { rule = "teams-article-edit", kind = "edit", id = "5", text = "Plan\nbetter" } },
    { name = "a short link", host = SO, path = "/a/78", expect = { rule = "view-short", kind = "view", id = "78" } },
    { name = "an article is read", host = SO, path = "/articles/5/probes", expect = { rule = "view-article",
      id = "5" } },
    { name = "a person", host = SO, path = "/users/12/ana", expect = { rule = "view-person", id = "12" } },
    { name = "a room of the chat", host = CHAT, path = "/rooms/1/probes", expect = { rule = "view-chat", id = "1" } },
    { name = "a search", host = "stackoverflow.com", path = "/search", query = "q=probes",
      expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "reading a question", host = "stackoverflow.com", path = "/questions/77/how-do-probes-work",
      answer_type = "text/html", answer = "<title>Probes - Stack Overflow</title>",
      expect = { rule = "view", kind = "view", id = "77", title = "Probes",
        url = "https://stackoverflow.com/questions/77" } },
    { name = "a tag is no question", host = "stackoverflow.com", path = "/questions/tagged/rust",
      expect = { none = true } },
    { name = "signing in is never read", method = "POST", host = "stackoverflow.com", path = "/users/login",
      type = form,
      body = "email=a&password=b", expect = { secret = true } },
  },
}
