-- SPDX-License-Identifier: Apache-2.0
return {
  api = 1, id = "forum", version = "1.0.0", title = "A forum", hosts = { "forum.test" },
  redact_always = { "token" },
  rules = { { id = "post", match = { method = "POST", path = "/post" },
    activity = { kind = "post", audience = "group" }, typed = { "text" } } },
  tests = { { name = "a post", method = "POST", host = "forum.test", path = "/post", type = "application/json",
    body = [[{"text":"hello","token":"x"}]], expect = { rule = "post", text = "hello", hidden = { "token" } } } },
}
