-- SPDX-License-Identifier: Apache-2.0
-- Gemini: the form field f.req is a JSON list whose second element is JSON in a string; its first string is the prompt.
-- Lists have no names, so all strings two lists deep are typed text: the prompt, the language, the ids of the chat.
--
-- Documented: the API for programs (generativelanguage.googleapis.com). Observed in the page's traffic: prompts and
-- uploads, and the names of the calls for chats and for gems (assistants), whose text stands in the same lists.

local refused = { status = 403, type = "application/json",
  body = [=[)]}'

[["wrb.fr",null,null,null,null,[7,null,[["stoa.refused",["{message}","{id}"]]]]]]]=] }
local wrong = { status = 403, type = "application/json",
  body = [[{"error":{"code":403,"message":"{message}","status":"PERMISSION_DENIED","details":[{"reason":"{id}"}]}}]] }
local asked = { "contents/#/parts/#/text", "contents/parts/#/text", "contents/parts/text", "contents/#/parts/text",
  "content/parts/#/text", "content/parts/text", "systemInstruction/parts/#/text", "system_instruction/parts/#/text",
  "systemInstruction/parts/text", "system_instruction/parts/text", "requests/#/content/parts/#/text",
  "contents/#/parts/#/functionResponse/**", "instances/#/prompt", "instances/#/content", "input", "input/#/text",
  "input/#/content", "input/#/content/#/text", "prompt/text", "displayName", "title" }
local batch = { "/_/BardChatUi/data/batchexecute", "/u/*/_/BardChatUi/data/batchexecute" }

local function api(id, method, paths, activity, typed)
  return { id = "api-" .. id, match = { method = method, host = "generative*", path = paths }, activity = activity,
    typed = typed, deny = wrong }
end

local form = "application/x-www-form-urlencoded;charset=UTF-8"

return {
  api = 1,
  id = "gemini",
  version = "1.1.0",
  title = "Gemini and its API",
  hosts = { "gemini.google.com", "content-push.googleapis.com", "generativelanguage.googleapis.com" },
  secret = { { path = { "/signin/**", "/accounts/**", "/ServiceLogin" } } },
  redact_always = { "at", "?f.sid", "?_reqid", "?bl", "?key" },

  rules = {
    { id = "prompt", match = { method = "POST", host = "gemini.google.com",
      path = { "/_/BardChatUi/data/*/StreamGenerate",
        "/u/*/_/BardChatUi/data/*/StreamGenerate" } },
      activity = { kind = "ai.prompt", audience = "ai", object = { type = "conversation" } },
      typed = { "f.req/#/#/#", "f.req/#/#/#/#/#", "f.req/#/#/#/#/#/#" }, deny = refused },
    { id = "upload", match = { method = { "POST", "PUT" }, host = "content-push.googleapis.com",
        path = { "/upload", "/upload/**" } },
      activity = { kind = "upload", audience = "ai", object = { type = "file" } }, typed = { "file", "file/**" } },
    { id = "gem", match = { method = "POST", host = "gemini.google.com", path = batch,
        query = { rpcids = { "oMH3Zd*", "kHv0Vd*" } } },
      activity = { kind = "post", audience = "ai", object = { type = "document" } },
      typed = { "f.req/#/#/#/#", "f.req/#/#/#/#/#", "f.req/#/#/#/#/#/#", "f.req/#/#/#/#/#/#/#" }, deny = refused },
    { id = "delete", match = { method = "POST", host = "gemini.google.com", path = batch,
        query = { rpcids = { "UXcSJb*", "GzXR5e*" } } },
      activity = { kind = "delete", audience = "ai", object = { type = "conversation" } }, typed = {},
      deny = refused },
    { id = "rename", match = { method = "POST", host = "gemini.google.com", path = batch,
        query = { rpcids = "MUAZcd*" } },
      activity = { kind = "edit", audience = "ai", object = { type = "conversation" } },
      typed = { "f.req/#/#/#/#", "f.req/#/#/#/#/#", "f.req/#/#/#/#/#/#", "f.req/#/#/#/#/#/#/#" }, deny = refused },
    { id = "view-shared", match = { method = "GET", host = "gemini.google.com", path = "/share/*" },
      activity = { kind = "view", audience = "public", object = { type = "conversation", id = "/2",
        url = "https://gemini.google.com/share/{id}" } }, typed = {} },
    api("prompt", "POST", { "/*/models/*:generateContent", "/*/models/*:streamGenerateContent",
      "/*/models/*:countTokens", "/*/models/*:embedContent", "/*/models/*:batchEmbedContents",
      "/*/models/*:batchGenerateContent", "/*/models/*:predict", "/*/models/*:predictLongRunning",
      "/*/tunedModels/*:generateContent", "/*/interactions", "/*/models/*:generateText" }, { kind = "ai.prompt",
      audience = "ai", object = { type = "conversation" }, answer = { type = "message", id = { "responseId",
        "id" } } }, asked),
    api("cache", "POST", { "/*/cachedContents" }, { kind = "post", audience = "ai", object = { type = "document",
      title = "displayName" }, answer = { type = "document", id = "name" } }, asked),
    api("upload", "POST", { "/upload/*/files", "/*/files" }, { kind = "upload", audience = "ai",
      object = { type = "file", title = { "file/display_name", "file/displayName" } },
      answer = { type = "file", id = "file/name" } }, { "file/display_name", "file/displayName", "**/displayName" }),
    api("upload-bytes", "PUT", { "/upload/*/files" }, { kind = "upload", audience = "ai",
      object = { type = "file" } }, { "**", "!?*" }),
    api("delete", "DELETE", { "/*/files/*", "/*/cachedContents/*" }, { kind = "delete", audience = "ai",
      object = { type = "file", id = "/3" } }, {}),
    { id = "api-live", match = { method = "WEBSOCKET", host = "generative*" },
      activity = { kind = "ai.prompt", audience = "ai", object = { type = "conversation" } },
      typed = { "clientContent/turns/#/parts/#/text", "client_content/turns/#/parts/#/text", "realtimeInput/text",
        "setup/systemInstruction/parts/#/text", "setup/system_instruction/parts/#/text" } },
    { id = "rpc", ignore = true, match = { path = { "/_/BardChatUi/**", "/u/*/_/BardChatUi/**" } } },
  },

  tests = {
    { name = "the bytes of a file of a program", method = "PUT", host = "generativelanguage.googleapis.com",
      path = "/upload/v1beta/files", type = "text/plain", body = "the plan",
      expect = { rule = "api-upload-bytes", kind = "upload", text = "the plan" } },
    { name = "other calls of the page are nothing", method = "POST", host = "gemini.google.com",
      path = "/_/BardChatUi/data/batchexecute", query = "rpcids=otAQ7b", type = "application/x-www-form-urlencoded",
      body = [=[f.req=x]=], expect = { none = true } },
    { name = "an assistant is made", method = "POST", host = "gemini.google.com",
      path = "/_/BardChatUi/data/batchexecute", query = "rpcids=oMH3Zd", type = form,
      body = "f.req=%5B%5B%5B%22oMH3Zd%22%2C%22%5B%5B%5C%22Helper%5C%22%2C%5C%22answer+as+Acme%5C%22%5D%5D%22%2C"
        .. "null%2C%22generic%22%5D%5D%5D&at=secret%3A1",
      expect = { rule = "gem", kind = "post", audience = "ai", text = "Helper\nanswer as Acme", hidden = { "at" } } },
    { name = "an assistant is deleted", method = "POST", host = "gemini.google.com",
      path = "/_/BardChatUi/data/batchexecute", query = "rpcids=UXcSJb", type = form, body = "f.req=%5B%5D&at=x",
      expect = { rule = "delete", kind = "delete" } },
    { name = "a chat gets a name", method = "POST", host = "gemini.google.com",
      path = "/u/1/_/BardChatUi/data/batchexecute", query = "rpcids=MUAZcd", type = form,
      body = "f.req=%5B%5B%5B%22MUAZcd%22%2C%22%5B%5C%22Merger%5C%22%5D%22%5D%5D%5D&at=x",
      expect = { rule = "rename", kind = "edit", text = "Merger" } },
    { name = "a shared chat is read", host = "gemini.google.com", path = "/share/s1",
      expect = { rule = "view-shared", kind = "view", audience = "public", id = "s1" } },
    { name = "a prompt of a program", method = "POST", host = "generativelanguage.googleapis.com",
      path = "/v1beta/models/gemini-2.5-pro:generateContent", query = "key=x", type = "application/json",
      body = [[{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user",]]
        .. [["parts":[{"text":"explain probes"}]}]}]], answer = [[{"responseId":"r1"}]],
      expect = { rule = "api-prompt", kind = "ai.prompt", audience = "ai", id = "r1",
        text = "be brief\nexplain probes", hidden = { "?key" } } },
    { name = "an embedding", method = "POST", host = "generativelanguage.googleapis.com",
      path = "/v1beta/models/embedding-001:batchEmbedContents", type = "application/json",
      body = [[{"requests":[{"content":{"parts":[{"text":"one"}]}}]}]],
      expect = { rule = "api-prompt", text = "one" } },
    { name = "a text kept for later prompts", method = "POST", host = "generativelanguage.googleapis.com",
      path = "/v1beta/cachedContents", type = "application/json",
      body = [[{"displayName":"Plan","contents":[{"parts":[{"text":"the whole plan"}]}]}]],
      answer = [[{"name":"cachedContents/1"}]],
      expect = { rule = "api-cache", kind = "post", id = "cachedContents/1", title = "Plan",
        text = "Plan\nthe whole plan" } },
    { name = "a file of a program", method = "POST", host = "generativelanguage.googleapis.com",
      path = "/upload/v1beta/files", type = "application/json", body = [[{"file":{"display_name":"plan.pdf"}}]],
      answer = [[{"file":{"name":"files/1"}}]],
      expect = { rule = "api-upload", kind = "upload", id = "files/1", title = "plan.pdf" } },
    { name = "a program deletes", method = "DELETE", host = "generativelanguage.googleapis.com",
      path = "/v1beta/files/abc", expect = { rule = "api-delete", kind = "delete", id = "abc" } },
    { name = "words in a live session", method = "WEBSOCKET", host = "generativelanguage.googleapis.com",
      path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", type = "text/plain",
      body = [[{"clientContent":{"turns":[{"role":"user","parts":[{"text":"explain probes"}]}],"turnComplete":true}}]],
      expect = { rule = "api-live", kind = "ai.prompt", text = "explain probes" } },
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
