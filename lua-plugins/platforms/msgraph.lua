-- SPDX-License-Identifier: Apache-2.0
-- Microsoft Graph: what programs, bots and automations write into Teams, mailboxes, calendars and OneDrive, all by one
-- host. The first part of a path is the version (v1.0 or beta); whose mailbox or drive it is stands before the call.
--
-- Documented, all of it: https://learn.microsoft.com/graph/api. A batch holds up to twenty calls; its texts are
-- read, and it counts as one message.

local refused = { status = 403, type = "application/json",
  body = [[{"error":{"code":"accessDenied","message":"{message}","innerError":{"stoa":"{id}"}}}]] }
local json = "application/json"

-- Below one's own name, or below anybody's.
local function mine(...)
  local paths = {}
  for _, rest in ipairs { ... } do
    paths[#paths + 1] = "/*/me/" .. rest
    paths[#paths + 1] = "/*/users/*/" .. rest
  end
  return paths
end

-- A drive is one's own, or one of a person, a group or a site; its files have ids or paths.
local function drive(ending, more)
  local paths = more or {}
  for _, root in ipairs { "/*/me/drive/", "/*/users/*/drive/", "/*/drives/*/", "/*/groups/*/drive/",
    "/*/sites/*/drive/" } do
    paths[#paths + 1] = root .. "root:/**/" .. ending
    paths[#paths + 1] = root .. "items/**/" .. ending
  end
  return paths
end

-- The same call in a chat, in a channel and below a post of a channel.
local function thread(ending)
  return { "/*/chats/*/messages" .. ending, "/*/me/chats/*/messages" .. ending, "/*/users/*/chats/*/messages" .. ending,
    "/*/teams/*/channels/*/messages" .. ending, "/*/teams/*/channels/*/messages/*/replies" .. ending }
end

local chat = { "/*/chats/{}/**", "/*/me/chats/{}/**", "/*/users/*/chats/{}/**" }
local channel = { "/*/teams/*/channels/{}/**" }
local anywhere = { "/*/chats/{}/**", "/*/me/chats/{}/**", "/*/users/*/chats/{}/**", "/*/teams/*/channels/{}/**" }
local audience = { from = anywhere, default = "unknown", map = { ["*@unq.gbl.spaces*"] = "direct",
  ["*@thread.v2*"] = "private", ["*@thread.tacv2*"] = "group", ["*@thread.skype*"] = "group",
  ["48:notes*"] = "private" } }
local group = { type = "conversation", id = anywhere }
local said = { "body/content", "subject", "summary", "attachments/#/name", "attachments/#/content",
  "attachments/**/text", "replyMessage/body/content" }
local letter = { "subject", "body/content", "message/subject", "message/body/content", "comment", "attachments/#/name",
  "message/attachments/#/name", "attachments/#/contentBytes", "message/attachments/#/contentBytes" }
local sent = { type = "message", id = "id" }
local one = { type = "message", id = {} }
for _, place in ipairs { "teams/*/channels/*/messages/*/replies", "teams/*/channels/*/messages", "chats/*/messages",
  "me/chats/*/messages", "users/*/chats/*/messages" } do
  one.id[#one.id + 1] = "/*/" .. place .. "/{}/**"
  one.id[#one.id + 1] = "/*/" .. place .. "/{}"
end
local file = { type = "file", id = { "/*/me/drive/items/{}/**", "/*/users/*/drive/items/{}/**",
  "/*/drives/*/items/{}/**", "/*/groups/*/drive/items/{}/**", "/*/sites/*/drive/items/{}/**" } }

local packed = { "contentBytes", "attachments/#/contentBytes", "message/attachments/#/contentBytes" }

local function rule(id, method, paths, activity, typed)
  return { id = id, match = { method = method, path = paths }, activity = activity, typed = typed, base64 = packed,
    deny = refused }
end

local function made(kind, audience_of, object, title)
  return { kind = kind, audience = audience_of, object = { type = object, title = title },
    answer = { type = object, id = "id" } }
end

return {
  api = 1,
  id = "msgraph",
  version = "1.0.0",
  title = "Microsoft Graph",
  hosts = { "graph.microsoft.com", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn" },
  secret = { { path = { "/*/me/changePassword", "/**/authentication/**", "/**/addPassword", "/**/addKey",
    "/**/invalidateAllRefreshTokens", "/*/oauth2PermissionGrants/**", "/*/directory/**", "/*/identity/**",
    "/*/informationProtection/**" } } },
  redact_always = { "clientState", "passwordProfile", "deltaToken", "?$deltatoken", "?$skiptoken" },

  rules = {
    rule("reply", "POST", "/*/teams/*/channels/*/messages/*/replies", { kind = "reply", audience = "group",
      object = { type = "message", title = "subject" }, group = { type = "conversation", id = channel },
      parent = { type = "message", id = "/*/teams/*/channels/*/messages/{}/replies" }, answer = sent }, said),
    rule("quote", "POST", { "/*/chats/*/messages/replyWithQuote", "/*/me/chats/*/messages/replyWithQuote" },
      { kind = "reply", audience = audience, object = { type = "message" },
        group = { type = "conversation", id = chat }, parent = { type = "message", id = "messageIds/#" },
        answer = sent }, said),
    rule("message", "POST", { "/*/chats/*/messages", "/*/me/chats/*/messages", "/*/users/*/chats/*/messages",
      "/*/teams/*/channels/*/messages" }, { kind = "message", audience = audience,
      object = { type = "message", title = "subject" }, group = group, answer = sent }, said),
    rule("edit", "PATCH", thread("/*"), { kind = "edit", audience = audience, group = group, object = one }, said),
    rule("delete", "POST", thread("/*/softDelete"), { kind = "delete", audience = audience, group = group,
      object = one }, {}),
    rule("react", "POST", thread("/*/setReaction"), { kind = "react", audience = audience, group = group,
      object = one }, {}),
    rule("view", "GET", { "/*/chats/*/messages", "/*/me/chats/*/messages", "/*/teams/*/channels/*/messages",
      "/*/teams/*/channels/*/messages/*/replies" }, { kind = "view", audience = audience,
      object = { type = "conversation", id = anywhere } }, {}),
    rule("chat", "POST", "/*/chats", made("post", "private", "conversation", "topic"), { "topic" }),
    rule("chat-name", "PATCH", "/*/chats/*", { kind = "edit", audience = "private", object = { type = "conversation",
      id = "/3", title = "topic" } }, { "topic" }),
    rule("team", "POST", { "/*/teams", "/*/groups" }, made("post", "group", "community", "displayName"),
      { "displayName", "description", "channels/#/displayName", "channels/#/description" }),
    rule("channel", "POST", "/*/teams/*/channels", made("post", "group", "conversation", "displayName"),
      { "displayName", "description" }),
    rule("channel-edit", "PATCH", { "/*/teams/*/channels/*", "/*/teams/*", "/*/groups/*" }, { kind = "edit",
      audience = "group", object = { type = "community", id = { "/*/teams/*/channels/{}", "/3" },
        title = "displayName" } }, { "displayName", "description" }),
    rule("invite", "POST", { "/*/teams/*/members", "/*/teams/*/channels/*/members", "/*/chats/*/members" },
      { kind = "share", audience = "private", object = { type = "conversation", id = "/3" } }, {}),
    rule("notice", "POST", { "/*/teams/*/sendActivityNotification", "/*/chats/*/sendActivityNotification",
      "/*/users/*/teamwork/sendActivityNotification" }, { kind = "message", audience = "private",
      object = { type = "message" } }, { "previewText/content", "topic/value", "templateParameters/#/value" }),
    rule("status", "POST", mine("presence/setStatusMessage"), { kind = "edit", audience = "group",
      object = { type = "person" } }, { "statusMessage/message/content" }),

    rule("mail", "POST", mine("sendMail", "messages/*/reply", "messages/*/replyAll", "messages/*/forward"),
      { kind = "message", audience = "direct", object = { type = "message", title = "message/subject" } }, letter),
    rule("mail-draft", { "POST", "PATCH" }, mine("messages", "messages/*", "mailFolders/*/messages",
      "messages/*/createReply", "messages/*/createReplyAll", "messages/*/createForward"), { kind = "draft",
      phase = "draft", audience = "private", object = { type = "message", title = "subject" } }, letter),
    rule("mail-file", "POST", mine("messages/*/attachments", "events/*/attachments"), { kind = "upload",
      audience = "direct", object = { type = "file", title = "name" }, answer = { type = "file", id = "id" } },
      { "name", "contentBytes" }),
    rule("event", "POST", mine("events", "calendar/events", "calendars/*/events", "onlineMeetings"),
      made("post", "private", "event", "subject"), { "subject", "body/content", "location/displayName" }),
    rule("event-edit", "PATCH", mine("events/*", "calendar/events/*", "onlineMeetings/*"), { kind = "edit",
      audience = "private", object = { type = "event", title = "subject" }, answer = { type = "event", id = "id" } },
      { "subject", "body/content", "location/displayName" }),
    rule("task", { "POST", "PATCH" }, { "/*/planner/tasks", "/*/planner/tasks/*", "/*/planner/tasks/*/details",
      table.unpack(mine("todo/lists/*/tasks", "todo/lists/*/tasks/*")) }, made("post", "private", "document", "title"),
      { "title", "description", "body/content", "checklist/*/title", "checklistItems/#/displayName" }),

    rule("upload-announced", "POST", drive("createUploadSession"), { kind = "upload", phase = "prepare",
      audience = "unknown", object = { type = "file", id = file.id, title = "item/name" },
      answer = { type = "file", upload = "uploadUrl" } }, { "item/name", "item/description" }),
    rule("upload", "PUT", drive("content"), { kind = "upload", audience = "unknown", object = file,
      answer = { type = "file", id = "id", title = "name", url = "{webUrl}" } }, { "**", "!?*" }),
    rule("share", "POST", drive("createLink", drive("invite")), { kind = "share", audience = "unknown", object = file },
      { "message" }),
    rule("note", "POST", mine("onenote/pages", "onenote/sections/*/pages"), { kind = "post", audience = "private",
      object = { type = "document" }, answer = { type = "document", id = "id", title = "title" } }, { "**", "!?*" }),
    rule("list-item", { "POST", "PATCH" }, { "/*/sites/*/lists/*/items", "/*/sites/*/lists/*/items/*",
      "/*/sites/*/lists/*/items/*/fields" }, made("post", "group", "document", { "fields/Title", "Title" }),
      { "fields/*", "Title" }),
    rule("search", "POST", "/*/search/query", { kind = "search", audience = "private", object = { type = "search" } },
      { "requests/#/query/queryString", "requests/#/query/query_string/query" }),
    rule("batch", "POST", "/*/$batch", { kind = "message", audience = "unknown", object = { type = "message" } },
      { "requests/#/body/subject", "requests/#/body/body/content", "requests/#/body/message/subject",
        "requests/#/body/message/body/content", "requests/#/body/comment", "requests/#/body/topic",
        "requests/#/body/displayName", "requests/#/body/description", "requests/#/body/title" }),
    { id = "presence", ignore = true, match = { path = { "/**/presence/setPresence", "/**/presence/clearPresence",
        "/*/subscriptions", "/*/subscriptions/*", "/*/communications/getPresencesByUserId" } } },
  },

  tests = {
    { name = "a message in a chat", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/chats/19:a_b@unq.gbl.spaces/messages", type = json, body = [[{"body":{"content":"hello Bob"}}]],
      answer = [[{"id":"1616990032035"}]], status = 201,
      expect = { rule = "message", kind = "message", phase = "confirm", audience = "direct", id = "1616990032035",
        group = "19:a_b@unq.gbl.spaces", text = "hello Bob" } },
    { name = "a post in a channel, with a card", method = "POST", host = "graph.microsoft.com",
      path = "/beta/teams/t1/channels/19:c@thread.tacv2/messages", type = json,
      body = [[{"subject":"Probes","body":{"contentType":"html","content":"<p>see</p>"},"attachments":[{"id":"1",]]
        .. [["contentType":"application/vnd.microsoft.card.adaptive","content":"{\"text\":\"card\"}"}]}]],
      expect = { rule = "message", audience = "group", group = "19:c@thread.tacv2", title = "Probes",
        text = "Probes\n<p>see</p>\ncard" } },
    { name = "a reply in a channel", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/teams/t1/channels/19:c@thread.tacv2/messages/17/replies", type = json,
      body = [[{"body":{"content":"so do I"}}]],
      expect = { rule = "reply", kind = "reply", audience = "group", parent = "17", text = "so do I" } },
    { name = "a reply with a quotation", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/chats/19:x@thread.v2/messages/replyWithQuote", type = json,
      body = [[{"messageIds":["17"],"replyMessage":{"body":{"content":"as you say"}}}]],
      expect = { rule = "quote", kind = "reply", audience = "private", parent = "17", text = "as you say" } },
    { name = "an edit", method = "PATCH", host = "graph.microsoft.com",
      path = "/v1.0/teams/t1/channels/19:c@thread.tacv2/messages/17", type = json,
      body = [[{"body":{"content":"better"}}]],
      expect = { rule = "edit", kind = "edit", audience = "group", id = "17", text = "better" } },
    { name = "deleting", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/users/u1/chats/19:x@thread.v2/messages/17/softDelete",
      expect = { rule = "delete", kind = "delete", audience = "private", id = "17" } },
    { name = "a reaction", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/teams/t1/channels/19:c@thread.tacv2/messages/17/replies/18/setReaction", type = json,
      body = [[{"reactionType":"x"}]], expect = { rule = "react", kind = "react", id = "18" } },
    { name = "reading a chat", host = "graph.microsoft.com", path = "/v1.0/chats/19:x@thread.v2/messages",
      query = "$top=20", expect = { rule = "view", kind = "view", id = "19:x@thread.v2" } },
    { name = "a chat for several", method = "POST", host = "graph.microsoft.com", path = "/v1.0/chats", type = json,
      body = [[{"chatType":"group","topic":"Merger","members":[]}]], answer = [[{"id":"19:n@thread.v2"}]], status = 201,
      expect = { rule = "chat", kind = "post", id = "19:n@thread.v2", title = "Merger", text = "Merger" } },
    { name = "a chat gets a name", method = "PATCH", host = "graph.microsoft.com", path = "/v1.0/chats/19:x@thread.v2",
      type = json, body = [[{"topic":"Merger"}]],
      expect = { rule = "chat-name", kind = "edit", id = "19:x@thread.v2", text = "Merger" } },
    { name = "a team", method = "POST", host = "graph.microsoft.com", path = "/v1.0/teams", type = json,
      body = [[{"displayName":"Acme","description":"the deal","channels":[{"displayName":"Bids"}]}]],
      expect = { rule = "team", kind = "post", title = "Acme", text = "Acme\nthe deal\nBids" } },
    { name = "a channel", method = "POST", host = "graph.microsoft.com", path = "/v1.0/teams/t1/channels", type = json,
      body = [[{"displayName":"Merger","description":"all about it"}]], answer = [[{"id":"19:c@thread.tacv2"}]],
      expect = { rule = "channel", kind = "post", id = "19:c@thread.tacv2", text = "Merger\nall about it" } },
    { name = "a channel gets a name", method = "PATCH", host = "graph.microsoft.com",
      path = "/v1.0/teams/t1/channels/19:c@thread.tacv2", type = json, body = [[{"displayName":"Bids"}]],
      expect = { rule = "channel-edit", kind = "edit", id = "19:c@thread.tacv2", text = "Bids" } },
    { name = "somebody is invited", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/chats/19:x@thread.v2/members", type = json, body = [[{"roles":["owner"]}]],
      expect = { rule = "invite", kind = "share", id = "19:x@thread.v2" } },
    { name = "a notice in somebody's feed", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/users/u1/teamwork/sendActivityNotification", type = json,
      body = [[{"topic":{"source":"text","value":"Deal"},"activityType":"a","previewText":{"content":"signed"}}]],
      expect = { rule = "notice", kind = "message", text = "Deal\nsigned" } },
    { name = "a word about oneself", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/me/presence/setStatusMessage", type = json,
      body = [[{"statusMessage":{"message":{"content":"back on Monday","contentType":"text"}}}]],
      expect = { rule = "status", kind = "edit", text = "back on Monday" } },
    { name = "a letter", method = "POST", host = "graph.microsoft.com", path = "/v1.0/me/sendMail", type = json,
      body = [[{"message":{"subject":"Deal","body":{"contentType":"Text","content":"all signed"},"toRecipients":[]}}]],
      status = 202, expect = { rule = "mail", kind = "message", audience = "direct", title = "Deal",
        text = "Deal\nall signed" } },
    { name = "a letter is begun", method = "POST", host = "graph.microsoft.com", path = "/v1.0/users/u1/messages",
      type = json, body = [[{"subject":"Deal","body":{"content":"all si"}}]],
      expect = { rule = "mail-draft", kind = "draft", phase = "draft", text = "Deal\nall si" } },
    { name = "a file goes with a letter", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/me/messages/m1/attachments", type = json,
      body = [[{"@odata.type":"#microsoft.graph.fileAttachment","name":"plan.txt","contentBytes":"dGhlIHBsYW4="}]],
      answer = [[{"id":"a1"}]], expect = { rule = "mail-file", kind = "upload", id = "a1", title = "plan.txt",
        text = "plan.txt\nthe plan" } },
    { name = "a meeting", method = "POST", host = "graph.microsoft.com", path = "/v1.0/me/events", type = json,
      body = [[{"subject":"Review","body":{"content":"the plan"},"location":{"displayName":"room 7"}}]],
      answer = [[{"id":"e1"}]], expect = { rule = "event", kind = "post", id = "e1", title = "Review",
        text = "Review\nthe plan\nroom 7" } },
    { name = "a meeting is moved", method = "PATCH", host = "graph.microsoft.com", path = "/v1.0/me/events/e1",
      type = json, body = [[{"subject":"Review II"}]], answer = [[{"id":"e1"}]],
      expect = { rule = "event-edit", kind = "edit", id = "e1", text = "Review II" } },
    { name = "a task", method = "POST", host = "graph.microsoft.com", path = "/v1.0/me/todo/lists/l1/tasks",
      type = json, body = [[{"title":"call Acme","body":{"content":"about the deal"}}]], answer = [[{"id":"k1"}]],
      expect = { rule = "task", kind = "post", id = "k1", title = "call Acme", text = "call Acme\nabout the deal" } },
    { name = "an upload is announced", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/me/drive/root:/Deals/plan.docx:/createUploadSession", type = json,
      body = [[{"item":{"name":"plan.docx"}}]], answer = [[{"uploadUrl":"https://x.example/up/1"}]],
      expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "plan.docx",
        upload = "https://x.example/up/1" } },
    { name = "an upload by its path", method = "PUT", host = "graph.microsoft.com",
      path = "/v1.0/me/drive/root:/plan.txt:/content", type = "text/plain", body = "the plan",
      answer = [[{"id":"f1","name":"plan.txt"}]],
      expect = { rule = "upload", kind = "upload", id = "f1", title = "plan.txt", text = "the plan" } },
    { name = "a new version of a file", method = "PUT", host = "graph.microsoft.com",
      path = "/v1.0/drives/d1/items/f1/content", type = "text/plain", body = "the new plan",
      expect = { rule = "upload", kind = "upload", id = "f1", text = "the new plan" } },
    { name = "a link for others", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/drives/d1/items/f1/invite", type = json, body = [[{"message":"have a look","recipients":[]}]],
      expect = { rule = "share", kind = "share", id = "f1", text = "have a look" } },
    { name = "a page of a notebook", method = "POST", host = "graph.microsoft.com", path = "/v1.0/me/onenote/pages",
      type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"Presentation\""
        .. "\r\n\r\n<html><body>the plan</body></html>\r\n--B--\r\n", answer = [[{"id":"p1","title":"Plan"}]],
      expect = { rule = "note", kind = "post", id = "p1", title = "Plan" } },
    { name = "an entry of a list", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/sites/s1/lists/l1/items", type = json, body = [[{"fields":{"Title":"Acme","Note":"the deal"}}]],
      answer = [[{"id":"5"}]], expect = { rule = "list-item", kind = "post", id = "5", title = "Acme",
        text = "Acme\nthe deal" } },
    { name = "a search", method = "POST", host = "graph.microsoft.com", path = "/v1.0/search/query", type = json,
      body = [[{"requests":[{"entityTypes":["chatMessage"],"query":{"queryString":"probes"}}]}]],
      expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "several calls in one", method = "POST", host = "graph.microsoft.com", path = "/v1.0/$batch", type = json,
      body = [[{"requests":[{"id":"1","method":"POST","url":"/chats/1/messages","body":{"body":{"content":"one"}}},]]
        .. [[{"id":"2","method":"POST","url":"/me/sendMail","body":{"message":{"subject":"two"}}}]}]],
      expect = { rule = "batch", kind = "message", text = "one\ntwo" } },
    { name = "presence is nothing", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/me/presence/setPresence", type = json, body = [[{"availability":"long enough to be text"}]],
      expect = { none = true } },
    { name = "a new password is never read", method = "POST", host = "graph.microsoft.com",
      path = "/v1.0/me/changePassword", expect = { secret = true } },
  },
}
