-- SPDX-License-Identifier: Apache-2.0
-- The fallback for every opened host: what looks like typed text in a write is a post of unknown audience.
--
-- Names decide: a value of eight bytes or more under a text-like name is typed text. hide_names is the list of what
-- nobody may read on any platform (passwords, tokens); it is short on purpose, since a hidden field is never scanned.

local form = "application/x-www-form-urlencoded"

return {
  api = 1,
  id = "generic",
  version = "1.0.0",
  title = "Any other site",
  fallback = true,

  secret = {
    { path = { "/**/login", "/**/signin", "/**/sign_in", "/**/sign-in", "/**/signon", "/**/logon", "/**/login.php",
      "/**/wp-login.php", "/**/oauth/token", "/**/oauth2/token", "/**/oauth2/authorize", "/**/saml2/**", "/**/saml/acs",
      "/**/session/new", "/**/users/password", "/**/password/reset", "/login/*" } },
    { path = "/**/ucp.php", query = { mode = "login" } },
  },

  speaks = { { path = "/**/socket.io", query = { EIO = true }, as = "socket.io" } },
  hide_names = { "*password*", "*passwd*", "*passphrase*", "*passwort*", "pass", "pwd", "*csrf*", "*xsrf*",
    "*authenticity_token*", "*requestverificationtoken*", "access_token", "refresh_token", "id_token", "auth_token",
    "client_secret", "session_id", "sessionid", "otp", "totp", "one_time_code", "g-recaptcha-response" },
  -- Keys and signatures that sites put into their own links: whoever follows one has typed nothing.
  link_names = { "*token*", "*jwt*", "auth", "auth_*", "auth-*", "authkey", "authcode", "authorization", "oauth*",
    "*_auth", "*-auth", "authuser", "*sig", "*signature*", "*credential*", "*session*", "*assertion*",
    "code", "key", "*apikey*", "*api_key*", "*api-key*", "x-amz-*", "x-goog-*", "state", "nonce", "ticket",
    "*policy*", "hash", "hmac" },
  text_names = { "*text*", "*message*", "*body*", "*content*", "*comment*", "*caption*", "*title*", "*subject*",
    "*status*", "*query*", "*prompt*", "raw", "*markdown*", "*html*", "*description*", "note", "notes", "*reply*",
    "*commentary*", "*summary*", "q", "msg" },
  skip_names = { "*pass*", "*pwd*", "*token*", "*secret*", "*csrf*", "*auth*", "*cookie*", "*session*", "*otp*",
    "*code*", "*_id", "*type*", "*status_*", "*operation*" },
  text_min = 8,

  rules = {
    { id = "form", match = { method = { "POST", "PUT", "PATCH" }, type = "form" },
      activity = { kind = "post", audience = "unknown", object = { url = "https://{host}{path}" } }, deny = "page" },
    { id = "write", match = { method = { "POST", "PUT", "PATCH" } },
      activity = { kind = "post", audience = "unknown", object = { url = "https://{host}{path}" } },
      deny = { status = 403, type = "application/json",
        body = [[{"error":{"code":"refused","message":"{message}","id":"{id}"}}]] } },
    { id = "socket", match = { method = "WEBSOCKET" },
      activity = { kind = "message", audience = "unknown", object = { url = "https://{host}{path}" } }, deny = "page" },
  },

  tests = {
    { name = "a forum post as a form", method = "POST", host = "forum.example", path = "/post.cgi",
      query = "mode=reply", type = form,
      body = "subject=Probes&message=Use+a+startup+probe&form_token=1234567890abcdef",
      expect = { rule = "form", kind = "post", audience = "unknown", text = "Use a startup probe",
        url = "https://forum.example/post.cgi" } },
    { name = "JSON text deep inside", method = "POST", host = "chat.example", path = "/api/send",
      type = "application/json",
      body = [[{"variables":{"input":{"message":{"text":"a longer message"},"id":"1234567890"}}}]],
      expect = { rule = "write", text = "a longer message", typed = { "variables/input/message/text" } } },
    { name = "a message on a socket", method = "WEBSOCKET", host = "chat.example", path = "/live", type = "text/plain",
      body = [[{"op":"say","payload":{"text":"a longer message"}}]],
      expect = { rule = "socket", kind = "message", text = "a longer message", reply = "close",
        url = "https://chat.example/live" } },
    { name = "a socket.io event", method = "WEBSOCKET", host = "chat.example", path = "/socket.io/",
      query = "EIO=4&transport=websocket", type = "text/plain", body = [=[420["say",{"text":"a longer message"}]]=],
      expect = { rule = "socket", text = "a longer message", typed = { "say/#/text" } } },
    { name = "heartbeats are nothing", method = "WEBSOCKET", host = "chat.example", path = "/live",
      type = "text/plain", body = [[{"op":"ping","at":1700000000000}]], expect = { none = true } },
    { name = "short values are no text", method = "POST", host = "chat.example", path = "/api/send",
      type = "application/json", body = [[{"text":"ok"}]], expect = { none = true } },
    { name = "passwords are hidden everywhere", method = "POST", host = "shop.example", path = "/account", type = form,
      body = "user_password=correct+horse+battery&comment=hello+there+all",
      expect = { rule = "form", text = "hello there all", hidden = { "user_password" } } },
    { name = "reading is nothing", host = "news.example", path = "/article/1", expect = { none = true } },
    { name = "a login is never read", method = "POST", host = "shop.example", path = "/users/sign_in", type = form,
      body = "email=a&password=b", expect = { secret = true } },
  },
}
