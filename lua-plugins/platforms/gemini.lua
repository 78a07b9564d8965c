-- SPDX-License-Identifier: Apache-2.0
-- Gemini: the form field f.req is a JSON list whose second element is JSON in a string; its first string is the prompt.
-- Lists have no names, so all strings two lists deep are typed text: the prompt, the language, the ids of the chat.

local refused = { status = 403, type = "application/json",
  body = [=[)]}'

[["wrb.fr",null,null,null,null,[7,null,[["stoa.refused",["{message}","{id}"]]]]]]]=] }
local form = "application/x-www-form-urlencoded;charset=UTF-8"

return {
  api = 1,
  id = "gemini",
  version = "1.0.0",
  title = "Gemini",
  hosts = { "gemini.google.com", "content-push.googleapis.com" },
  secret = { { path = { "/signin/**", "/accounts/**", "/ServiceLogin" } } },
  redact_always = { "at", "?f.sid", "?_reqid", "?bl" },

  rules = {
    { id = "prompt", match = { method = "POST", host = "gemini.google.com",
      path = { "/_/BardChatUi/data/*/StreamGenerate",
        "/u/*/_/BardChatUi/data/*/StreamGenerate" } },
      activity = { kind = "ai.prompt", audience = "ai", object = { type = "conversation" } },
      typed = { "f.req/#/#/#", "f.req/#/#/#/#/#", "f.req/#/#/#/#/#/#" }, deny = refused },
    { id = "upload", match = { method = { "POST", "PUT" }, host = "content-push.googleapis.com",
        path = { "/upload", "/upload/**" } },
      activity = { kind = "upload", audience = "ai", object = { type = "file" } }, typed = { "file", "file/**" } },
    { id = "rpc", ignore = true, match = { path = { "/_/BardChatUi/**", "/u/*/_/BardChatUi/**" } } },
  },

  tests = {
    { name = "a prompt inside JSON inside a list inside a form", method = "POST", host = "gemini.google.com",
      path = "/_/BardChatUi/data/assistant.BardFrontendService/StreamGenerate", query = "bl=x&_reqid=1&rt=c",
      type = form,
        body = "f.req=%5Bnull%2C%22%5B%5B%5C%22explain+probes%5C%22%2C0%2Cnull%5D%2C%5B%5C%22en%5C%22%5D%5D%22"
        .. "%5D&at=secret%3A1",
      expect = { rule = "prompt", kind = "ai.prompt", audience = "ai", text = "explain probes\nen",
        hidden = { "at" } } },
    { name = "an upload", method = "POST", host = "content-push.googleapis.com", path = "/upload",
      type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"file\"; "
        .. "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
      expect = { rule = "upload", kind = "upload", text = "the plan" } },
    { name = "titles and history are nothing", method = "POST", host = "gemini.google.com",
      path = "/_/BardChatUi/data/batchexecute", query = "rpcids=MaZiqc", type = form,
      body = "f.req=%5B%5B%5B%22MaZiqc%22%2C%22%5B13%5D%22%5D%5D%5D&at=x", expect = { none = true } },
    { name = "signing in is never read", host = "gemini.google.com", path = "/signin/v2", expect = { secret = true } },
  },
}
