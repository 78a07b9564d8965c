-- SPDX-License-Identifier: Apache-2.0
-- Telegram Web: an own encryption inside a WebSocket, so opaque. Its paste site telegra.ph is ordinary HTTP and public.

local refused = { status = 200, type = "application/json", body = [[{"ok":false,"error":"{message}","stoa":"{id}"}]] }
local page = { type = "article", title = "title", id = "page_id" }

return {
  api = 1,
  id = "telegram",
  version = "1.0.0",
  title = "Telegram Web (opaque) and telegra.ph",
  hosts = { "web.telegram.org", "*.web.telegram.org", "telegra.ph", "api.telegra.ph", "edit.telegra.ph" },
  secret = { { path = { "/auth/**", "/oauth/**" } } },
  redact_always = { "access_token", "save_hash" },
  rules = {
    { id = "chat", match = { path = { "/apiws", "/apiws*", "/apiw*" } },
      activity = { kind = "opaque", audience = "direct", object = { type = "conversation" } }, typed = {} },
    { id = "paste", match = { method = "POST", host = "*telegra.ph", path = { "/save", "/createPage", "/editPage/*",
        "/editPage" } },
      activity = { kind = "post", audience = "public", object = page,
        answer = { type = "article", id = { "page_id", "result/path", "path" } } },
      typed = { "title", "author", "author_name", "content", "content/**", "Data", "Data/**", "data", "data/**" },
      deny = refused },
    { id = "upload", match = { method = "POST", host = "*telegra.ph", path = "/upload" },
      activity = { kind = "upload", audience = "public", object = { type = "file" } }, typed = { "file" },
        deny = refused },
    { id = "page", ignore = true, match = { method = "GET", path = "/**" } },
  },
  tests = {
    { name = "pages are nothing", host = "web.telegram.org", path = "/k/", expect = { none = true } },
    { name = "the socket is opaque", host = "kws2.web.telegram.org", path = "/apiws",
      expect = { rule = "chat", kind = "opaque", text = "" } },
    { name = "a paste is public", method = "POST", host = "edit.telegra.ph", path = "/save",
      type = "multipart/form-data; boundary=B",
      body = "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nPlan\r\n--B\r\nContent-Disposition: form-"
        .. "data; "
        .. "name=\"content\"\r\n\r\n[{\"tag\":\"p\",\"children\":[\"all of it\"]}]\r\n--B--\r\n",
      expect = { rule = "paste", kind = "post", audience = "public", title = "Plan" } },
    { name = "an upload to it", method = "POST", host = "telegra.ph", path = "/upload",
      type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"file\"; "
        .. "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
      expect = { rule = "upload", kind = "upload", text = "the plan" } },
    { name = "the page is nothing", host = "web.telegram.org", path = "/k/", expect = { none = true } },
    { name = "signing in is never read", host = "web.telegram.org", path = "/auth/x", expect = { secret = true } },
  },
}
