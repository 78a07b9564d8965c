-- SPDX-License-Identifier: Apache-2.0
-- Microsoft Teams: one call for channels, chats and meetings; the ending of the thread's name tells which it is.

local refused = { status = 403, type = "application/json",
  body = [[{"errorCode":403,"message":"{message}","stoa":"{id}",]]
    .. [["standardizedError":{"errorCode":403,"errorDescription":"{message}"}}]] }
local messages = { "/v1/users/*/conversations/*/messages", "/api/chatsvc/*/v1/users/*/conversations/*/messages" }
local message = { "/v1/users/*/conversations/*/messages/*", "/api/chatsvc/*/v1/users/*/conversations/*/messages/*" }
local thread = { "/v1/users/*/conversations/{}/messages/**", "/api/chatsvc/*/v1/users/*/conversations/{}/messages/**",
  "/v1/users/*/conversations/{}/messages", "/api/chatsvc/*/v1/users/*/conversations/{}/messages" }
local audience = { from = thread, default = "unknown", map = { ["*@thread.tacv2*"] = "group",
  ["*@thread.v2*"] = "private",
  ["*@thread.skype*"] = "group", ["*@unq.gbl.spaces*"] = "direct", ["8:*"] = "direct" } }
local written = { "content", "properties/subject", "properties/title", "properties/cards/**/text",
  "properties/files/#/fileName", "properties/files/#/title", "properties/links/#/url" }
local group = { type = "conversation", id = thread }
local json = "application/json"

return {
  api = 1,
  id = "teams",
  version = "1.0.0",
  title = "Microsoft Teams",
  hosts = { "teams.microsoft.com", "teams.cloud.microsoft", "teams.live.com", "*.ng.msg.teams.microsoft.com",
    "*.msg.teams.microsoft.com", "chatsvcagg.teams.microsoft.com", "*.asyncgw.teams.microsoft.com", "api.asm.skype.com",
    "*.asm.skype.com" },
  secret = { { path = { "/api/authsvc/**", "/auth/**", "/api/mt/**/authz", "/**/authorize", "/**/oauth2/**" } } },
  redact_always = { "imdisplayname", "properties/mentions", "clientmessageid", "skypetoken" },

  rules = {
    { id = "message", match = { method = "POST", path = messages },
      activity = { kind = "message", audience = audience, object = { type = "message", title = { "properties/subject",
        "properties/title" } }, group = group, answer = { type = "message", id = { "%OriginalArrivalTime",
        "OriginalArrivalTime", "id" } } }, typed = written, deny = refused },
    { id = "edit", match = { method = "PUT", path = message, body = { has = { "content" } } },
      activity = { kind = "edit", audience = audience, group = group,
        object = { type = "message", id = { "/v1/users/*/conversations/*/messages/{}",
          "/api/chatsvc/*/v1/users/*/conversations/*/messages/{}" } } }, typed = written, deny = refused },
    { id = "delete", match = { method = "DELETE", path = message },
      activity = { kind = "delete", audience = audience, group = group,
        object = { type = "message", id = { "/v1/users/*/conversations/*/messages/{}",
          "/api/chatsvc/*/v1/users/*/conversations/*/messages/{}" } } }, typed = {}, deny = refused },
    { id = "read", match = { method = "PUT", path = { "/v1/users/*/conversations/*/properties",
        "/api/chatsvc/*/v1/users/*/conversations/*/properties" }, query = { name = "consumptionhorizon" } },
      activity = { kind = "view", audience = "unknown",
        object = { type = "conversation", id = { "/v1/users/*/conversations/{}/properties",
          "/api/chatsvc/*/v1/users/*/conversations/{}/properties" } } }, typed = {} },
    { id = "upload-announced", match = { method = "POST", path = { "/v1/objects", "/v1/*/objects" } },
      activity = { kind = "upload", phase = "prepare", audience = "unknown",
        object = { type = "file", title = "filename" }, answer = { type = "file", id = "id" } }, typed = { "filename" },
      deny = refused },
    { id = "upload", match = { method = { "PUT", "POST" }, path = { "/v1/objects/*/content/*",
        "/v1/*/objects/*/content/*" } },
      activity = { kind = "upload", audience = "unknown",
        object = { type = "file", id = { "/v1/objects/{}/content/*", "/v1/*/objects/{}/content/*" } } },
      typed = { "**" }, deny = refused },
    { id = "status", match = { method = "PUT", path = "/**/publishnote" },
      activity = { kind = "edit", audience = "group", object = { type = "person" } }, typed = { "message" },
      deny = refused },
    { id = "telemetry", ignore = true, match = { path = { "/**/OneCollector/**", "/Collector/**", "/**/endpoints/**",
        "/**/presence/**", "/**/subscriptions/**", "/registrar/**", "/api/chatsvc/*/v1/users/*/endpoints/**" } } },
  },

  tests = {
    { name = "a message in a channel", method = "POST", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/users/ME/conversations/19%3Aab%40thread.tacv2/messages", type = json,
      body = [[{"content":"<p>hello all</p>","messagetype":"RichText/Html","contenttype":"text","imdisplayname":"Ana",]]
        .. [["clientmessageid":"1234567890","properties":{"subject":"Probes"}}]],
      answer = [[{"OriginalArrivalTime":1700000000123}]], status = 201,
      expect = { rule = "message", kind = "message", phase = "confirm", audience = "group", id = "1700000000123",
        group = "19:ab@thread.tacv2", title = "Probes", text = "<p>hello all</p>\nProbes",
          hidden = { "imdisplayname" } } },
    { name = "a message to one person", method = "POST", host = "amer.ng.msg.teams.microsoft.com",
      path = "/v1/users/ME/conversations/19:a_b@unq.gbl.spaces/messages", type = json,
      body = [[{"content":"hi","messagetype":"Text"}]], expect = { rule = "message", audience = "direct",
        text = "hi" } },
    { name = "an edit", method = "PUT", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/users/ME/conversations/19:ab@thread.v2/messages/17", type = json,
      body = [[{"content":"better"}]], expect = { rule = "edit", kind = "edit", audience = "private", id = "17" } },
    { name = "deleting", method = "DELETE", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/users/ME/conversations/19:ab@thread.v2/messages/17",
      expect = { rule = "delete", kind = "delete", id = "17" } },
    { name = "reading", method = "PUT", host = "teams.microsoft.com",
      path = "/api/chatsvc/emea/v1/users/ME/conversations/19:ab@thread.v2/properties",
        query = "name=consumptionhorizon",
      type = json, body = [[{"consumptionhorizon":"1;2;3"}]],
      expect = { rule = "read", kind = "view", id = "19:ab@thread.v2" } },
    { name = "an upload is announced", method = "POST", host = "api.asm.skype.com", path = "/v1/objects", type = json,
      body = [[{"type":"sharing/file","permissions":{},"filename":"plan.png"}]], answer = [[{"id":"0-weu-d1"}]],
      expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "plan.png", id = "0-weu-d1" } },
    { name = "an upload", method = "PUT", host = "api.asm.skype.com", path = "/v1/objects/0-weu-d1/content/original",
      type = "text/plain", body = "the plan", expect = { rule = "upload", kind = "upload", id = "0-weu-d1" } },
    { name = "telemetry is nothing", method = "POST", host = "teams.microsoft.com", path = "/Collector/3.0/",
      type = json, body = [[{"message":"long enough to be text"}]], expect = { none = true } },
    { name = "tokens are never read", method = "POST", host = "teams.microsoft.com", path = "/api/authsvc/v1.0/authz",
      expect = { secret = true } },
  },
}
