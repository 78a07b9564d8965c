-- SPDX-License-Identifier: Apache-2.0
-- What requests to a platform mean: which ones carry typed text, who can read it, and how to say no there. It is data:
-- no function runs for a request. docs/activity.md explains each key; try it with `stoa plugin test`, and with
-- recordings of your own with `stoa adapter test`.

local json = "application/json"

return {
  api = 1,
  id = "owner.name",
  version = "0.1.0",
  title = "Our forum",
  hosts = { "our-forum.example", "*.our-forum.example" },
  -- forwarded unread, unscanned, unlogged
  secret = { { path = { "/login", "/**/login", "/session" } }, { path = "/oauth/**" } },
  -- fields that are never scanned, shown or handed on
  redact_always = { "csrf_token", "password" },
  rules = {
    { id = "topic",
      match = { method = "POST", path = "/api/topics", type = "json", body = { has = { "raw" } } },
      activity = { kind = "post", audience = "public", object = { type = "topic", title = "title" },
        answer = { type = "topic", id = { "%id", "id" }, url = "https://{host}/t/{id}" } },
      typed = { "title", "raw" },
      deny = { status = 422, type = json, body = [[{"errors":["{message}"]}]] } },
    { id = "reply",
      match = { method = "POST", path = "/api/topics/*/replies", type = "json" },
      activity = { kind = "reply", audience = "public",
        object = { type = "topic", id = "/3", url = "https://{host}/t/{id}" } },
      typed = { "raw" },
      deny = { status = 422, type = json, body = [[{"errors":["{message}"]}]] } },
    { id = "read",
      match = { method = "GET", path = "/t/*" },
      activity = { kind = "view", audience = "public",
        object = { type = "topic", id = "/2", url = "https://{host}/t/{id}" } },
      typed = {} },
  },
  tests = {
    { name = "a new topic", method = "POST", host = "our-forum.example", path = "/api/topics", type = json,
      body = [[{"title":"Probes","raw":"How do you use them?","csrf_token":"t0ken"}]],
      answer = [[{"id":7}]], answer_type = json,
      expect = { rule = "topic", kind = "post", id = "7", title = "Probes", text = "Probes\nHow do you use them?" } },
    { name = "a reply", method = "POST", host = "our-forum.example", path = "/api/topics/7/replies", type = json,
      body = [[{"raw":"Thanks for this"}]],
      expect = { rule = "reply", kind = "reply", id = "7", text = "Thanks for this",
        url = "https://our-forum.example/t/7" } },
    { name = "reading", host = "our-forum.example", path = "/t/7",
      expect = { rule = "read", kind = "view", id = "7" } },
    { name = "signing in is never read", method = "POST", host = "our-forum.example", path = "/login",
      expect = { secret = true } },
  },
}
