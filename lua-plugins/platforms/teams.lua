-- SPDX-License-Identifier: Apache-2.0
-- Microsoft Teams: one call for channels, chats and meetings; the ending of the thread's name tells which it is, and a
-- reply has the post's number behind the channel's name.
--
-- Documented: incoming webhooks. Observed in the traffic of the web client: messages, edits, reactions, chats, marks,
-- drafts, files below /v1/objects, search. Believed: teams and channels being made, meetings, the status message.
-- Calls go over media channels of their own, which nobody can read here. Files of a channel go to SharePoint.

local refused = { status = 403, type = "application/json",
  body = [[{"errorCode":403,"message":"{message}","stoa":"{id}",]]
    .. [["standardizedError":{"errorCode":403,"errorDescription":"{message}"}}]] }

-- The chat service has a name for each region, one of its own, and one without a region.
local function chat(path)
  return { "/v1/" .. path, "/api/chatsvc/*/v1/" .. path, "/api/chatsvc/v1/" .. path }
end

local thread = {}
for _, rest in ipairs { "/messages/**", "/messages", "/properties", "/rcmetadata/*" } do
  for _, path in ipairs(chat("users/*/conversations/{}" .. rest)) do
    thread[#thread + 1] = path
  end
end
local audience = { from = thread, default = "unknown", map = { ["*@thread.tacv2*"] = "group",
  ["*@thread.v2*"] = "private", ["*@thread.skype*"] = "group", ["*@unq.gbl.spaces*"] = "direct", ["8:*"] = "direct",
  ["48:notes*"] = "private" } }
local written = { "content", "properties/subject", "properties/title", "properties/cards/**/text",
  "properties/files/#/fileName", "properties/files/#/title", "properties/links/#/url" }
local group = { type = "conversation", id = thread }
local sent = { type = "message", id = { "%OriginalArrivalTime", "OriginalArrivalTime", "id" } }
local one = { type = "message", id = chat("users/*/conversations/*/messages/{}") }
local marked = { type = "message", id = chat("users/*/conversations/*/messages/{}/properties") }
local json = "application/json"
local web = "/api/chatsvc/emea/v1/users/ME/conversations/"

local function rule(id, method, paths, activity, typed, more)
  local match = { method = method, path = paths }
  for key, value in pairs(more or {}) do
    match[key] = value
  end
  return { id = id, match = match, activity = activity, typed = typed, deny = refused }
end

return {
  api = 1,
  id = "teams",
  version = "1.1.0",
  title = "Microsoft Teams",
  hosts = { "teams.microsoft.com", "teams.cloud.microsoft", "teams.live.com", "*.ng.msg.teams.microsoft.com",
    "*.msg.teams.microsoft.com", "chatsvcagg.teams.microsoft.com", "*.asyncgw.teams.microsoft.com", "api.asm.skype.com",
    "*.asm.skype.com", "msgapi.teams.live.com", "*.webhook.office.com", "substrate.office.com" },
  secret = { { path = { "/api/authsvc/**", "/auth/**", "/api/mt/**/authz", "/**/authorize", "/**/oauth2/**" } } },
  redact_always = { "imdisplayname", "properties/mentions", "clientmessageid", "skypetoken", "fromUserId" },

  rules = {
    { id = "typing", ignore = true, match = { method = "POST", path = chat("users/*/conversations/*/messages"),
        body = { eq = { messagetype = "Control/*" } } } },
    rule("reply", "POST", chat("users/*/conversations/*;messageid=*/messages"), { kind = "reply",
      audience = "group", object = { type = "message" }, parent = { type = "message", id = thread }, group = group,
      answer = sent }, written),
    rule("message", "POST", chat("users/*/conversations/*/messages"), { kind = "message", audience = audience,
      object = { type = "message", title = { "properties/subject", "properties/title" } }, group = group,
      answer = sent }, written),
    rule("edit", "PUT", chat("users/*/conversations/*/messages/*"), { kind = "edit", audience = audience,
      group = group, object = one }, written, { body = { has = { "content" } } }),
    rule("delete", "DELETE", chat("users/*/conversations/*/messages/*"), { kind = "delete", audience = audience,
      group = group, object = one }, {}),
    rule("react", { "PUT", "DELETE" }, chat("users/*/conversations/*/messages/*/properties"), { kind = "react",
      audience = audience, group = group, object = marked }, {}, { query = { name = "emotions" } }),
    rule("save", "PUT", chat("users/*/conversations/*/rcmetadata/*"), { kind = "save", audience = "private",
      group = group, object = { type = "message", id = "%mid" } }, {}),
    rule("read", "PUT", chat("users/*/conversations/*/properties"), { kind = "view", audience = audience,
      object = { type = "conversation", id = thread } }, {}, { query = { name = "consumptionhorizon" } }),
    rule("draft", { "POST", "PUT" }, { "/api/chatsvc/*/v1/users/*/drafts", "/api/chatsvc/*/v1/users/*/drafts/*",
      "/v1/users/*/drafts", "/v1/users/*/drafts/*" }, { kind = "draft", phase = "draft", audience = "private",
      object = { type = "message" }, group = { type = "conversation", id = "innerThreadId" } }, written),
    rule("chat", "POST", chat("threads"), { kind = "post", audience = "private",
      object = { type = "conversation", title = "properties/topic" },
      answer = { type = "conversation", id = "threadResource/id" } }, { "properties/topic" }),
    rule("chat-name", "PUT", chat("threads/*/properties"), { kind = "edit", audience = "private",
      object = { type = "conversation", id = chat("threads/{}/properties"), title = { "topic", "description" } } },
      { "topic", "description" }),
    rule("invite", { "POST", "PUT" }, { "/v1/threads/*/members", "/v1/threads/*/members/*",
      "/api/chatsvc/*/v1/threads/*/members", "/api/chatsvc/*/v1/threads/*/members/*" }, { kind = "share",
      audience = "private", object = { type = "conversation", id = { "/v1/threads/{}/**",
        "/api/chatsvc/*/v1/threads/{}/**", "/v1/threads/{}/members", "/api/chatsvc/*/v1/threads/{}/members" } } }, {}),
    rule("favourite", "POST", "/api/csa/*/api/v1/teams/users/me/conversationFolders", { kind = "save",
      audience = "private", object = { type = "conversation", id = "actions/#/itemId" } }, { "actions/#/name" },
      { body = { has = { "actions/#/action" } } }),
    rule("channel", "POST", { "/api/csa/*/api/v1/teams/*/channels", "/api/mt/**/teams/*/channels" }, { kind = "post",
      audience = "group", object = { type = "conversation", title = "displayName" },
      answer = { type = "conversation", id = { "id", "value/id" } } }, { "displayName", "description" }),
    rule("team", "POST", { "/api/csa/*/api/v1/teams", "/api/mt/**/teams/create", "/api/mt/**/teams" }, { kind = "post",
      audience = "group", object = { type = "community", title = { "displayName", "name" } } },
      { "displayName", "name", "description" }),
    rule("meeting", { "POST", "PUT", "PATCH" }, { "/api/mt/**/me/calendars/**/events",
      "/api/mt/**/me/calendars/**/events/*" }, { kind = "post", audience = "private", object = { type = "event",
        title = "subject" }, answer = { type = "event", id = "objectId" } }, { "subject", "bodyContent", "content",
        "location", "location/**" }),
    rule("status", "PUT", "/**/publishnote", { kind = "edit", audience = "group", object = { type = "person" } },
      { "message" }),
    rule("upload-announced", "POST", { "/v1/objects", "/v1/*/objects" }, { kind = "upload", phase = "prepare",
      audience = "unknown", object = { type = "file", title = "filename" }, answer = { type = "file", id = "id" } },
      { "filename" }),
    rule("upload", { "PUT", "POST" }, { "/v1/objects/*/content/*", "/v1/*/objects/*/content/*" }, { kind = "upload",
      audience = "unknown", object = { type = "file", id = { "/v1/objects/{}/content/*",
        "/v1/*/objects/{}/content/*" } } }, { "**", "!?*" }),
    rule("search", "POST", { "/search/api/*/query", "/searchservice/api/*/query" }, { kind = "search",
      audience = "private", object = { type = "search" } }, { "EntityRequests/#/Query/QueryString" }),
    rule("search-typing", { "GET", "POST" }, { "/search/api/*/suggestions", "/search/api/*/init" }, { kind = "draft",
      phase = "draft", audience = "private", object = { type = "search" } }, { "?query",
      "EntityRequests/#/Query/QueryString" }),
    -- Who has a webhook's address may write into its channel, from anywhere.
    { id = "webhook", match = { method = "POST", host = "*.webhook.office.com", path = "/**" },
      activity = { kind = "message", audience = "group", object = { type = "message", title = { "title",
        "summary" } } },
      typed = { "text", "title", "summary", "sections/**/text", "sections/**/activityTitle",
        "sections/**/activitySubtitle", "sections/**/activityText", "sections/**/title", "sections/**/facts/#/name",
        "sections/**/facts/#/value", "attachments/**/text", "attachments/**/title", "attachments/**/value",
        "potentialAction/#/name" },
      deny = { status = 403, type = "text/plain", body = "{message} ({id})" } },
    { id = "telemetry", ignore = true, match = { path = { "/**/OneCollector/**", "/Collector/**", "/**/endpoints/**",
        "/**/presence/**", "/**/subscriptions/**", "/registrar/**", "/ups/**/forceavailability",
        "/ups/**/activity" } } },
  },

  tests = {
    { name = "typing is nothing", method = "POST", host = "teams.microsoft.com",
      path = "/v1/users/ME/conversations/19:a/messages", type = "application/json",
      body = [=[{"messagetype":"Control/Typing","content":""}]=], expect = { none = true } },
    { name = "a message in a channel", method = "POST", host = "teams.microsoft.com",
      path = web .. "19%3Aab%40thread.tacv2/messages", type = json,
      body = [[{"content":"<p>hello all</p>","messagetype":"RichText/Html","contenttype":"text","imdisplayname":"Ana",]]
        .. [["clientmessageid":"1234567890","properties":{"subject":"Probes"}}]],
      answer = [[{"OriginalArrivalTime":1700000000123}]], status = 201,
      expect = { rule = "message", kind = "message", phase = "confirm", audience = "group", id = "1700000000123",
        group = "19:ab@thread.tacv2", title = "Probes", text = "<p>hello all</p>\nProbes",
          hidden = { "imdisplayname" } } },
    { name = "a reply in a channel", method = "POST", host = "teams.cloud.microsoft",
      path = web .. "19%3Aab%40thread.tacv2%3Bmessageid%3D17/messages", type = json,
      body = [[{"content":"<p>so do I</p>","messagetype":"RichText/Html"}]],
      expect = { rule = "reply", kind = "reply", audience = "group", parent = "19:ab@thread.tacv2;messageid=17",
        text = "<p>so do I</p>" } },
    { name = "a message to one person", method = "POST", host = "amer.ng.msg.teams.microsoft.com",
      path = "/v1/users/ME/conversations/19:a_b@unq.gbl.spaces/messages", type = json,
      body = [[{"content":"hi","messagetype":"Text"}]], expect = { rule = "message", audience = "direct",
        text = "hi" } },
    { name = "a message with a file and a card", method = "POST", host = "teams.live.com",
      path = "/api/chatsvc/consumer/v1/users/ME/conversations/19:ab@thread.v2/messages", type = json,
      body = [[{"content":"see","messagetype":"Text","properties":{]]
        .. [["files":"[{\"fileName\":\"plan.docx\",\"title\":\"Plan\"}]","cards":[{"content":{"text":"card"}}]}}]],
      expect = { rule = "message", audience = "private", text = "see\nplan.docx\nPlan\ncard" } },
    { name = "that somebody types is nothing", method = "POST", host = "teams.microsoft.com",
      path = web .. "19:ab@thread.v2/messages", type = json,
      body = [[{"content":"","contenttype":"Application/Message","messagetype":"Control/Typing"}]],
      expect = { none = true } },
    { name = "an edit", method = "PUT", host = "teams.microsoft.com", path = web .. "19:ab@thread.v2/messages/17",
      type = json, body = [[{"content":"better","skypeeditedid":"17"}]],
      expect = { rule = "edit", kind = "edit", audience = "private", id = "17", text = "better" } },
    { name = "deleting", method = "DELETE", host = "teams.microsoft.com", path = web .. "19:ab@thread.v2/messages/17",
      query = "behavior=softDelete", expect = { rule = "delete", kind = "delete", id = "17" } },
    { name = "a reaction", method = "PUT", host = "teams.microsoft.com",
      path = web .. "19:ab@thread.tacv2/messages/17/properties", query = "name=emotions", type = json,
      body = [[{"emotions":{"key":"like","value":1769429691997}}]],
      expect = { rule = "react", kind = "react", audience = "group", id = "17", group = "19:ab@thread.tacv2" } },
    { name = "keeping a message", method = "PUT", host = "teams.microsoft.com",
      path = web .. "19:ab@thread.v2/rcmetadata/17", type = json, body = [[{"s":1,"mid":18}]],
      expect = { rule = "save", kind = "save", id = "18", group = "19:ab@thread.v2" } },
    { name = "reading", method = "PUT", host = "teams.microsoft.com", path = web .. "19:ab@thread.v2/properties",
      query = "name=consumptionhorizon", type = json, body = [[{"consumptionhorizon":"1;2;3"}]],
      expect = { rule = "read", kind = "view", audience = "private", id = "19:ab@thread.v2" } },
    { name = "a message for later is a draft", method = "POST", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/users/ME/drafts", type = json,
      body = [[{"draftType":"ScheduledDraft","innerThreadId":"48:notes","content":"tomorrow"}]],
      expect = { rule = "draft", kind = "draft", phase = "draft", group = "48:notes",
        text = "tomorrow" } },
    { name = "a chat for several", method = "POST", host = "teams.microsoft.com", path = "/api/chatsvc/emea/v1/threads",
      type = json, body = [[{"members":[{"id":"8:orgid:u1","role":"Admin"}],"properties":{"threadType":"chat",]]
        .. [["topic":"Merger"}}]], answer = [[{"threadResource":{"id":"19:new@thread.v2"}}]], status = 201,
      expect = { rule = "chat", kind = "post", phase = "confirm", id = "19:new@thread.v2", text = "Merger" } },
    { name = "a chat gets a name", method = "PUT", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/threads/19:ab@thread.v2/properties", query = "name=topic", type = json,
      body = [[{"topic":"Merger"}]],
      expect = { rule = "chat-name", kind = "edit", id = "19:ab@thread.v2", text = "Merger" } },
    { name = "somebody is invited", method = "POST", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/threads/19:ab@thread.v2/members", type = json,
      body = [[{"members":[{"id":"8:orgid:u2"}]}]],
      expect = { rule = "invite", kind = "share", id = "19:ab@thread.v2" } },
    { name = "a favourite", method = "POST", host = "teams.microsoft.com",
      path = "/api/csa/emea/api/v1/teams/users/me/conversationFolders", type = json,
      body = [[{"actions":[{"action":"AddItem","folderId":"t~u~Favorites","itemId":"19:ab@thread.v2"}]}]],
      expect = { rule = "favourite", kind = "save", id = "19:ab@thread.v2" } },
    { name = "a channel", method = "POST", host = "teams.microsoft.com",
      path = "/api/csa/emea/api/v1/teams/19:t@thread.tacv2/channels", type = json,
      body = [[{"displayName":"Merger","description":"all about it"}]],
      expect = { rule = "channel", kind = "post", title = "Merger", text = "Merger\nall about it" } },
    { name = "a team", method = "POST", host = "teams.microsoft.com", path = "/api/csa/emea/api/v1/teams", type = json,
      body = [[{"displayName":"Acme","description":"the deal"}]],
      expect = { rule = "team", kind = "post", title = "Acme", text = "Acme\nthe deal" } },
    { name = "a meeting", method = "POST", host = "teams.microsoft.com",
      path = "/api/mt/part/emea-01/v2.0/me/calendars/default/events", type = json,
      body = [[{"subject":"Review","bodyContent":"<p>the plan</p>","location":"room 7"}]],
      expect = { rule = "meeting", kind = "post", title = "Review", text = "Review\n<p>the plan</p>\nroom 7" } },
    { name = "a word about oneself", method = "PUT", host = "teams.microsoft.com", path = "/ups/emea/v1/me/publishnote",
      type = json, body = [[{"message":"back on Monday","expiry":"x"}]],
      expect = { rule = "status", kind = "edit", text = "back on Monday" } },
    { name = "an upload is announced", method = "POST", host = "api.asm.skype.com", path = "/v1/objects", type = json,
      body = [[{"type":"sharing/file","permissions":{},"filename":"plan.png"}]], answer = [[{"id":"0-weu-d1"}]],
      expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "plan.png", id = "0-weu-d1" } },
    { name = "an upload", method = "PUT", host = "api.asm.skype.com", path = "/v1/objects/0-weu-d1/content/original",
      type = "text/plain", body = "the plan", expect = { rule = "upload", kind = "upload", id = "0-weu-d1",
        text = "the plan" } },
    { name = "a search", method = "POST", host = "substrate.office.com", path = "/search/api/v2/query", type = json,
      body = [[{"EntityRequests":[{"EntityType":"Message","Query":{"QueryString":"probes"}}]}]],
      expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "what is typed into the search box", host = "substrate.office.com", path = "/search/api/v1/suggestions",
      query = "query=pro&entityTypes=People", expect = { rule = "search-typing", kind = "draft", phase = "draft" } },
    { name = "a webhook", method = "POST", host = "acme.webhook.office.com", path = "/webhookb2/a/IncomingWebhook/b/c",
      type = json, body = [[{"title":"Build","text":"failed","sections":[{"activityTitle":"main","facts":[]]
        .. [[{"name":"who","value":"Ana"}]}]}]],
      expect = { rule = "webhook", kind = "message", title = "Build", text = "Build\nfailed\nmain\nwho\nAna" } },
    { name = "a card by webhook", method = "POST", host = "acme.webhook.office.com",
      path = "/webhookb2/a/IncomingWebhook/b/c", type = json,
      body = [[{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive",]]
        .. [["content":{"body":[{"type":"TextBlock","text":"failed"}]}}]}]],
      expect = { rule = "webhook", text = "failed" } },
    { name = "telemetry is nothing", method = "POST", host = "teams.microsoft.com", path = "/Collector/3.0/",
      type = json, body = [[{"message":"long enough to be text"}]], expect = { none = true } },
    { name = "tokens are never read", method = "POST", host = "teams.microsoft.com", path = "/api/authsvc/v1.0/authz",
      expect = { secret = true } },
  },
}
