-- SPDX-License-Identifier: Apache-2.0
-- Viva Engage (Yammer): GraphQL with the text as a Draft.js tree in a string, and the older REST form.

local refused = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"message":"{message}","extensions":{"code":"FORBIDDEN","stoa":"{id}"}}]}]] }
local graphql = { "/graphql", "/graphql/*" }
local tree = { "variables/**/serializedContentState/**/text", "variables/**/message", "variables/**/title",
  "variables/**/text", "variables/**/body", "variables/**/description", "variables/**/name" }
local json = "application/json"

local function op(id, names, kind, object, parent)
  return { id = id, match = { method = "POST", path = graphql, type = "json",
    body = { eq = { operationName = names } } },
    activity = { kind = kind, audience = "group", object = object, parent = parent,
      group = { type = "community", id = { "variables/**/groupId", "variables/**/networkId" } } },
    typed = tree, deny = refused }
end

return {
  api = 1,
  id = "engage",
  version = "1.0.0",
  title = "Viva Engage (Yammer)",
  hosts = { "engage.cloud.microsoft", "web.yammer.com", "www.yammer.com", "api.yammer.com" },
  secret = { { path = { "/oauth2/**", "/login/**", "/session/**", "/dialog/authenticate", "/api/v1/oauth/**" } } },
  redact_always = { "access_token", "?access_token", "authenticity_token" },

  rules = {
    op("reply", { "*Reply*", "PostMessageInThread*" }, "reply", { type = "post" },
      { type = "topic", id = { "variables/**/threadId", "variables/**/repliedToMessageId" } }),
    op("edit", { "Edit*", "Update*" }, "edit", { type = "post", id = { "variables/**/messageId", "variables/**/id" } }),
    op("draft", "*Draft*", "draft", { type = "post" }),
    op("react", { "*Reaction*", "Like*" }, "react", { type = "post", id = "variables/**/messageId" }),
    { id = "query", ignore = true, match = { method = "POST", path = graphql, type = "json",
        body = { lacks = { "variables/**/serializedContentState/**", "variables/**/message",
          "variables/**/body" } } } },
    { id = "message", match = { method = "POST", path = graphql, type = "json",
        body = { has = { "variables/**/directToUserIds/#" } } },
      activity = { kind = "message", audience = "direct", object = { type = "message" } }, typed = tree,
        deny = refused },
    { id = "post", match = { method = "POST", path = graphql, type = "json" },
      activity = { kind = "post", audience = "group", object = { type = "post", title = "variables/**/title" },
        group = { type = "community", id = "variables/**/groupId" } }, typed = tree, deny = refused },
    { id = "rest-direct", match = { method = "POST", path = "/api/v1/messages.json",
        body = { has = { "direct_to_user_ids" } } },
      activity = { kind = "message", audience = "direct", object = { type = "message" },
        answer = { type = "message", id = "%messages/#/id" } }, typed = { "body", "title" }, deny = refused },
    { id = "rest-reply", match = { method = "POST", path = "/api/v1/messages.json",
        body = { has = { "replied_to_id" } } },
      activity = { kind = "reply", audience = "group", object = { type = "post" },
        parent = { type = "post", id = "replied_to_id" }, answer = { type = "post", id = "%messages/#/id" } },
      typed = { "body", "title" }, deny = refused },
    { id = "rest", match = { method = "POST", path = "/api/v1/messages.json" },
      activity = { kind = "post", audience = "group", object = { type = "post", title = "title" },
        group = { type = "community", id = "group_id" }, answer = { type = "post", id = "%messages/#/id" } },
      typed = { "body", "title", "topic*" }, deny = refused },
  },

  tests = {
    { name = "a post as a tree in a string", method = "POST", host = "engage.cloud.microsoft", path = "/graphql",
      type = json,
        body = [[{"operationName":"PostMessageClients","variables":{"groupId":"g1","serializedContentState":]]
        .. [["{\"blocks\":[{\"key\":\"a\",\"text\":\"hello all\",\"type\":\"unstyled\"}],\"entityMap\":{}}"}}]],
      expect = { rule = "post", kind = "post", audience = "group", group = "g1", text = "hello all",
        typed = { "variables/serializedContentState/blocks/#/text" } } },
    { name = "a reply", method = "POST", host = "engage.cloud.microsoft", path = "/graphql", type = json,
      body = [[{"operationName":"CreateReplyClients","variables":{"threadId":"t1","message":"so do I"}}]],
      expect = { rule = "reply", kind = "reply", parent = "t1", text = "so do I" } },
    { name = "an edit", method = "POST", host = "engage.cloud.microsoft", path = "/graphql", type = json,
      body = [[{"operationName":"EditMessageClients","variables":{"messageId":"m1","message":"better"}}]],
      expect = { rule = "edit", kind = "edit", id = "m1" } },
    { name = "a draft", method = "POST", host = "engage.cloud.microsoft", path = "/graphql", type = json,
      body = [[{"operationName":"SaveDraftClients","variables":{"message":"half a"}}]],
      expect = { rule = "draft", kind = "draft", text = "half a" } },
    { name = "a reaction", method = "POST", host = "engage.cloud.microsoft", path = "/graphql", type = json,
      body = [[{"operationName":"SetViewerMessageReactionClients","variables":{"messageId":"m1"}}]],
      expect = { rule = "react", kind = "react", id = "m1" } },
    { name = "a message to a person", method = "POST", host = "web.yammer.com", path = "/graphql", type = json,
      body = [[{"operationName":"PostPrivateMessage","variables":{"directToUserIds":["u1"],"message":"between us"}}]],
      expect = { rule = "message", kind = "message", audience = "direct", text = "between us" } },
    { name = "a post by the older call", method = "POST", host = "www.yammer.com", path = "/api/v1/messages.json",
      type = "application/x-www-form-urlencoded", body = "body=hello+all&group_id=7",
      expect = { rule = "rest", kind = "post", group = "7", text = "hello all" } },
    { name = "a reply by the older call", method = "POST", host = "www.yammer.com", path = "/api/v1/messages.json",
      type = "application/x-www-form-urlencoded", body = "body=so+do+I&replied_to_id=9",
      expect = { rule = "rest-reply", kind = "reply", parent = "9" } },
    { name = "a query is nothing", method = "POST", host = "engage.cloud.microsoft", path = "/graphql", type = json,
      body = [[{"operationName":"FeedClients","variables":{"feedType":"HOME"}}]], expect = { none = true } },
    { name = "signing in is never read", host = "www.yammer.com", path = "/oauth2/authorize",
      expect = { secret = true } },
  },
}
