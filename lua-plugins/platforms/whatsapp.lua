-- SPDX-License-Identifier: Apache-2.0
-- WhatsApp Web: encrypted end to end. That it was used, when and how much is all there is; policies allow it or not.

return {
  api = 1,
  id = "whatsapp",
  version = "1.0.0",
  title = "WhatsApp Web (opaque)",
  hosts = { "web.whatsapp.com", "*.whatsapp.net", "*.web.whatsapp.com" },
  rules = {
    { id = "chat", match = { path = { "/ws/chat", "/ws/**" } },
      activity = { kind = "opaque", audience = "direct", object = { type = "conversation" } }, typed = {} },
    { id = "media", match = { method = { "POST", "PUT" }, host = "*.whatsapp.net" },
      activity = { kind = "opaque", audience = "direct", object = { type = "file" } }, typed = {} },
    { id = "page", ignore = true, match = { path = "/**" } },
  },
  tests = {
    { name = "pages are nothing", host = "web.whatsapp.com", path = "/", expect = { none = true } },
    { name = "the socket is opaque", host = "web.whatsapp.com", path = "/ws/chat",
      expect = { rule = "chat", kind = "opaque", text = "" } },
    { name = "media is ciphertext", method = "POST", host = "mmg.whatsapp.net", path = "/mms/image/abc",
      type = "application/octet-stream", body = "\1\2\3\4", expect = { rule = "media", kind = "opaque", text = "" } },
    { name = "the page is nothing", host = "web.whatsapp.com", path = "/", expect = { none = true } },
  },
}
