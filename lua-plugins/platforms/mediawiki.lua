-- SPDX-License-Identifier: Apache-2.0
-- MediaWiki 1.35 to 1.42: the classic editor, the API, VisualEditor, page views.
--
-- A wiki may have any host name and any script path, so this adapter works anywhere: its rules are narrow (index.php
-- or api.php with a MediaWiki action or field). Preview and "show changes" post the whole text before it is saved:
-- they are drafts.

local index = { "/**/index.php", "/**/index.php/**" }
local title = { "?title", "/**/index.php/{}", "/wiki/{}", "wpTitle" }
local page = { type = "article", id = title, title = title, spaces = true,
  url = "https://{host}{path}?title={id}" }
local api_title = { "title", "?title", "page", "?page" }
local api_page = { type = "article", id = api_title, title = api_title, spaces = true }
local api_error = { status = 200, type = "application/json",
  body = [[{"error":{"code":"stoa-refused","info":"{message}","id":"{id}"}}]] }

local function multipart(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    parts[#parts + 1] = "--B\r\nContent-Disposition: form-data; name=\"" .. field[1] .. "\"\r\n\r\n" .. field[2]
      .. "\r\n"
  end
  return table.concat(parts) .. "--B--\r\n"
end

local form = "application/x-www-form-urlencoded"
local edit_fields = {
  { "wpUnicodeCheck", "x" }, { "wpSection", "" }, { "wpStarttime", "20261124063000" }, { "wpEditToken", "abcdef+\\" },
  { "wpTextbox1", "Pods are the smallest unit.\r\n" }, { "wpSummary", "first words" }, { "wpSave", "Save changes" },
}

return {
  api = 1,
  id = "mediawiki",
  version = "1.0.0",
  title = "MediaWiki",
  anywhere = true,
  hosts = { "*.wikipedia.org", "*.wikimedia.org", "*.wiktionary.org", "*.wikibooks.org", "*.wikiversity.org",
    "*.wikidata.org", "*.mediawiki.org", "www.mediawiki.org", "*.fandom.com" },

  secret = {
    { path = index, query = { title = { "Special:UserLogin*", "Special:CreateAccount*", "Special:ChangePassword*",
      "Special:ChangeCredentials*", "Special:PasswordReset*", "Spezial:Anmelden*", "Spezial:Benutzerkonto_anlegen*",
      "Spezial:Passwort_*" } } },
    { path = { "/**/Special:UserLogin", "/**/Special:UserLogin/**", "/**/Special:CreateAccount",
      "/**/Special:ChangePassword", "/**/Special:ChangeCredentials", "/**/Special:PasswordReset",
      "/**/Spezial:Anmelden", "/**/Spezial:Benutzerkonto_anlegen" } },
    { path = "/**/api.php", query = { action = { "login", "clientlogin", "createaccount", "changeauthenticationdata",
      "linkaccount" } } },
    { path = "/**/rest.php/oauth2/**" },
  },

  redact_always = { "wpEditToken", "wpLoginToken", "wpCreateaccountToken", "wpPassword", "wpRetype", "token",
    "logintoken", "lgtoken", "lgpassword", "password", "retype", "?token" },

  rules = {
    -- Logins may carry the action in the body; nothing of such a request is looked at.
    { id = "api-login", secret = true,
      match = { method = "POST", path = "/**/api.php",
        body = { eq = { action = { "login", "clientlogin", "createaccount", "changeauthenticationdata" } } } } },
    { id = "form-login", secret = true,
      match = { method = "POST", path = index,
        body = { has = { "wpPassword" }, lacks = { "wpTextbox1" } } } },

    { id = "preview", match = { method = "POST", path = index,
        body = { has = { "wpTextbox1", "wpPreview" } } },
      activity = { kind = "draft", phase = "draft", audience = "public", object = page },
      typed = { "wpTextbox1", "wpSummary" } },
    { id = "diff", match = { method = "POST", path = index, body = { has = { "wpTextbox1", "wpDiff" } } },
      activity = { kind = "draft", phase = "draft", audience = "public", object = page },
      typed = { "wpTextbox1", "wpSummary" } },
    { id = "live-preview", match = { method = "POST", path = "/**/api.php",
        body = { eq = { action = { "parse", "stashedit", "compare", "visualeditor" } } } },
      activity = { kind = "draft", phase = "draft", audience = "public", object = api_page },
      typed = { "text", "summary", "wikitext", "html", "totext", "totext-main" }, deny = api_error },
    { id = "edit", match = { method = "POST", path = index, body = { has = { "wpTextbox1" } } },
      activity = { kind = "edit", audience = "public", object = page },
      typed = { "wpTextbox1", "wpSummary" } },
    { id = "api-edit", match = { method = "POST", path = "/**/api.php", body = { eq = { action = "edit" } } },
      activity = { kind = "edit", audience = "public", object = api_page },
      typed = { "text", "appendtext", "prependtext", "summary", "sectiontitle" }, deny = api_error },
    { id = "api-edit-query", match = { method = "POST", path = "/**/api.php", query = { action = "edit" } },
      activity = { kind = "edit", audience = "public", object = api_page },
      typed = { "text", "appendtext", "prependtext", "summary", "sectiontitle" }, deny = api_error },
    { id = "visual-edit", match = { method = "POST", path = "/**/api.php",
        body = { eq = { action = "visualeditoredit" } } },
      activity = { kind = "edit", audience = "public", object = api_page },
      typed = { "html", "wikitext", "summary", "content" }, deny = api_error },
    { id = "talk", match = { method = "POST", path = "/**/api.php",
        body = { eq = { action = { "discussiontoolsedit", "flow" } } } },
      activity = { kind = "comment", audience = "public", object = api_page },
      typed = { "wikitext", "html", "summary", "sectiontitle", "repcontent", "ntcontent" }, deny = api_error },
    { id = "upload", match = { method = "POST",
        path = { "/**/index.php", "/**/Special:Upload", "/**/Spezial:Hochladen" },
        body = { has = { "wpUploadDescription" } } },
      activity = { kind = "upload", audience = "public",
        object = { type = "file", id = "wpDestFile", title = "wpDestFile" } },
      typed = { "wpUploadDescription", "wpDestFile", "wpUploadFile" } },

    -- What the page itself sends while one reads.
    { id = "search", match = { method = "GET", path = index, query = { search = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?search" } },
    { id = "load", ignore = true, match = { path = { "/**/load.php", "/**/thumb.php", "/**/opensearch_desc.php" } } },
    { id = "api-read", ignore = true, match = { method = "GET", path = "/**/api.php" } },
    { id = "no-page", ignore = true, match = { method = "GET", path = index,
        query = { action = { "edit", "submit", "history", "raw", "info", "delete", "watch" } } } },
    { id = "special", ignore = true, match = { method = "GET", path = index,
        query = { title = { "Special:*", "Spezial:*" } } } },
    { id = "special-path", ignore = true, match = { method = "GET", path = { "/wiki/Special:*", "/wiki/Spezial:*",
        "/**/index.php/Special:*", "/**/index.php/Spezial:*" } } },
    { id = "other-software", ignore = true, match = { method = "GET", path = { "/wiki/spaces/**", "/wiki/rest/**",
        "/wiki/api/**", "/wiki/download/**", "/wiki/x/**", "/index.php/apps/**", "/index.php/s/**" } } },
    { id = "view", match = { method = "GET", path = "/**/index.php", query = { title = true } },
      activity = { kind = "view", audience = "public", object = page } },
    { id = "view-path", match = { method = "GET", path = { "/wiki/**", "/**/index.php/**" } },
      activity = { kind = "view", audience = "public",
        object = { type = "article", id = title, title = title, spaces = true, url = "https://{host}{path}" } } },
  },

  tests = {
    { name = "an edit arrives as an edit", method = "POST", host = "wiki.test", path = "/index.php",
      query = "title=Kubernetes_basics&action=submit", type = "multipart/form-data; boundary=B",
      body = multipart(edit_fields),
      expect = { rule = "edit", kind = "edit", phase = "commit", audience = "public", id = "Kubernetes_basics",
        title = "Kubernetes basics", url = "https://wiki.test/index.php?title=Kubernetes_basics",
        text = "Pods are the smallest unit.\r\n\nfirst words", typed = { "wpTextbox1", "wpSummary" },
        hidden = { "wpEditToken" } } },
    { name = "a preview is a draft", method = "POST", host = "wiki.test", path = "/w/index.php",
      query = "title=Pods&action=submit", type = "multipart/form-data; boundary=B",
      body = multipart { { "wpTextbox1", "half a thought" }, { "wpSummary", "" }, { "wpPreview", "Show preview" } },
      expect = { rule = "preview", kind = "draft", phase = "draft", title = "Pods", text = "half a thought" } },
    { name = "show changes is a draft", method = "POST", host = "wiki.test", path = "/index.php",
      query = "title=Pods&action=submit", type = "multipart/form-data; boundary=B",
      body = multipart { { "wpTextbox1", "half a thought" }, { "wpDiff", "Show changes" } },
      expect = { rule = "diff", kind = "draft", phase = "draft" } },
    { name = "an edit through the API", method = "POST", host = "wiki.test", path = "/api.php", type = form,
      body = "action=edit&title=Talk%3APods&appendtext=I+agree+with+this&summary=reply&token=abc%2B%5C",
      expect = { rule = "api-edit", kind = "edit", title = "Talk:Pods", text = "I agree with this\nreply",
        hidden = { "token" } } },
    { name = "the action may be in the query", method = "POST", host = "de.wikipedia.org", path = "/w/api.php",
      query = "action=edit&format=json", type = form, body = "title=Pods&text=short+text&token=x",
      expect = { rule = "api-edit-query", kind = "edit", title = "Pods", text = "short text" } },
    { name = "VisualEditor saves HTML", method = "POST", host = "wiki.test", path = "/api.php",
      type = "multipart/form-data; boundary=B",
      body = multipart { { "action", "visualeditoredit" }, { "page", "Pods" }, { "html", "<p>hello there</p>" },
        { "token", "t" } },
      expect = { rule = "visual-edit", kind = "edit", title = "Pods", typed = { "html" }, hidden = { "token" } } },
    { name = "an answer on a talk page", method = "POST", host = "wiki.test", path = "/api.php", type = form,
      body = "action=discussiontoolsedit&page=Talk%3APods&wikitext=So+do+I&token=x",
      expect = { rule = "talk", kind = "comment", title = "Talk:Pods", text = "So do I" } },
    { name = "an upload", method = "POST", host = "wiki.test", path = "/index.php/Special:Upload",
      type = "multipart/form-data; boundary=B",
      body = multipart { { "wpDestFile", "Plan.png" }, { "wpUploadDescription", "the plan" } },
      expect = { rule = "upload", kind = "upload", title = "Plan.png", text = "Plan.png\nthe plan" } },
    { name = "the login page is never read", method = "POST", host = "wiki.test", path = "/index.php",
      query = "title=Special:UserLogin&returnto=Main+Page", type = form, body = "wpName=A&wpPassword=secret",
      expect = { secret = true } },
    { name = "an escaped login page is one too", host = "wiki.test", path = "/index.php/Special%3AUserLogin",
      expect = { secret = true } },
    { name = "login through the API", method = "POST", host = "wiki.test", path = "/api.php",
      query = "action=clientlogin", type = form, body = "username=A&password=secret", expect = { secret = true } },
    { name = "login with the action in the body", method = "POST", host = "wiki.test", path = "/api.php", type = form,
      body = "action=clientlogin&username=A&password=secret",
      expect = { rule = "api-login", none = true, hidden = { "username", "password", "action" } } },
    { name = "a page view by query", host = "wiki.test", path = "/index.php", query = "title=Kubernetes_basics",
      expect = { rule = "view", kind = "view", title = "Kubernetes basics",
        url = "https://wiki.test/index.php?title=Kubernetes_basics" } },
    { name = "a page view by path", host = "en.wikipedia.org", path = "/wiki/Kubernetes_%28software%29",
      expect = { rule = "view-path", kind = "view", title = "Kubernetes (software)",
        url = "https://en.wikipedia.org/wiki/Kubernetes_%28software%29" } },
    { name = "a page view below index.php", host = "wiki.test", path = "/index.php/Main_Page",
      expect = { rule = "view-path", kind = "view", title = "Main Page" } },
    { name = "another kind of wiki is not ours", host = "team.example", path = "/wiki/spaces/ENG/overview",
      expect = { none = true } },
    { name = "special pages are no views", host = "wiki.test", path = "/index.php/Special:RecentChanges",
      expect = { none = true } },
    { name = "opening the editor is no view", host = "wiki.test", path = "/index.php", query = "title=Pods&action=edit",
      expect = { none = true } },
    { name = "scripts and styles are nothing", host = "wiki.test", path = "/load.php", query = "lang=en&modules=x",
      expect = { none = true } },
    { name = "a search", host = "wiki.test", path = "/index.php", query = "search=container+orchestration",
      expect = { rule = "search", kind = "search", text = "container orchestration" } },
  },
}
