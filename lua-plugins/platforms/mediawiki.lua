-- SPDX-License-Identifier: Apache-2.0
-- MediaWiki 1.35 and later: the classic editor, the action API (VisualEditor, talk pages, translation, Wikibase), the
-- REST API, page views.
--
-- A wiki may have any host name and any script path, so this adapter works anywhere: its rules are narrow (index.php
-- or api.php with a MediaWiki action or field). Preview and "show changes" post the whole text before it is saved:
-- they are drafts.

local index = { "/**/index.php", "/**/index.php/**" }
local title = { "?title", "/**/index.php/{}", "/wiki/{}", "wpTitle" }
local page = { type = "article", id = title, title = title, spaces = true,
  url = "https://{host}{path}?title={id}" }
local api_title = { "title", "?title", "page", "?page", "from", "filename", "target" }
local api_page = { type = "article", id = api_title, title = api_title, spaces = true }
local api_error = { status = 200, type = "application/json",
  body = [[{"error":{"code":"stoa-refused","info":"{message}","id":"{id}"},]]
    .. [["errors":[{"code":"stoa-refused","text":"{message}","module":"main"}]}]] }
local rest_error = { status = 403, type = "application/json",
  body = [[{"httpCode":403,"httpReason":"Forbidden","message":"{message}","messageTranslations":{"en":"{message}"},]]
    .. [["errorKey":"stoa-refused","id":"{id}"}]] }

-- Calls of the action API: the action may stand in the body or in the query.
local rules

local function api(id, actions, kind, what)
  for _, place in ipairs { "body", "query" } do
    local match = { method = "POST", path = "/**/api.php", query = place == "query" and { action = actions } or nil }
    local eq = what.eq or {}
    eq.action = place == "body" and actions or nil
    match.body = next(eq) and { eq = {} } or nil
    for name, value in pairs(eq) do
      match.body.eq[name] = value
    end
    rules[#rules + 1] = { id = place == "query" and id .. "-query" or id, match = match,
      activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = what.audience or "public",
        object = what.object or api_page, parent = what.parent, group = what.group, answer = what.answer },
      typed = what.typed or {}, deny = api_error }
  end
end

local function rest(id, method, paths, kind, what)
  return { id = id, match = { method = method, path = paths, query = what.query, body = what.body },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = what.audience or "public",
      object = what.object, parent = what.parent, answer = what.answer }, typed = what.typed or {},
    deny = rest_error }
end

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
  { id = "edit", match = { method = "POST", path = index, body = { has = { "wpTextbox1" } } },
    activity = { kind = "edit", audience = "public", object = page },
    typed = { "wpTextbox1", "wpSummary" } },
}

local wikitext = { "text", "appendtext", "prependtext", "summary", "sectiontitle" }
local function edits(...)
  return { type = "article", title = { ... }, spaces = true }
end

api("visual-draft", "visualeditoredit", "draft", { eq = { paction = { "diff", "serialize", "serializeforcache" } },
  typed = { "html", "wikitext" } })
api("live-preview", { "parse", "stashedit", "compare", "visualeditor", "expandtemplates", "discussiontoolspreview",
  "flow-parsoid-utils", "templatedata", "cxsave", "parsoid" }, "draft", { typed = { "text", "summary", "wikitext",
  "html", "content", "totext", "totext-*", "fromtext", "fromtext-*", "sectiontitle", "sourcetitle" } })
api("api-edit", "edit", "edit", { typed = wikitext, answer = edits("edit/title") })
api("visual-edit", "visualeditoredit", "edit", { typed = { "html", "wikitext", "summary", "content", "sectiontitle" },
  answer = edits("visualeditoredit/title") })
api("topic", "discussiontoolsedit", "post", { eq = { paction = "addtopic" }, typed = { "wikitext", "html", "summary",
  "sectiontitle" } })
api("talk", "discussiontoolsedit", "comment", { parent = { type = "comment", id = { "commentid", "commentname" } },
  typed = { "wikitext", "html", "summary", "sectiontitle" } })
api("flow", "flow", "comment", { parent = { type = "comment", id = { "repreplyTo", "epid", "etid" } },
  typed = { "repcontent", "ntcontent", "nttopic", "epcontent", "etcontent", "ehcontent", "etscontent",
    "cotreason", "motreason", "mopreason" } })
api("comments", { "cspostcomment", "cspostreply", "cseditcomment", "cseditreply", "commentsubmit" }, "comment", {
  parent = { type = "article", id = { "pageid", "pageID", "commentid" } },
  typed = { "wikitext", "commenttitle", "commentText" } })
api("data", { "wbeditentity", "wbsetlabel", "wbsetdescription", "wbsetaliases", "wbcreateclaim", "wbsetclaim",
  "wbsetclaimvalue", "wbsetreference", "wbsetqualifier", "wbsetsitelink", "wbmergeitems", "wbremoveclaims" }, "edit", {
  object = { type = "article", id = { "id", "entity", "claim" } }, answer = { type = "article", id = "entity/id" },
  typed = { "data/**/value", "data/**/title", "value", "value/**", "add", "set", "linktitle", "summary",
    "claim/**/value", "claim/**/text", "snaks/**/value" } })
api("translated", "cxpublish", "post", { typed = { "html", "title", "categories" }, object = edits("title") })
api("move", "move", "edit", { typed = { "to", "reason" } })
api("delete", "delete", "delete", { typed = { "reason" } })
api("maintain", { "protect", "undelete", "block", "unblock", "userrights", "revisiondelete", "rollback", "import",
  "changecontentmodel", "mergehistory", "managetags", "setpagelanguage", "review", "tag", "imagerotate" }, "edit", {
  typed = { "reason", "summary", "comment" } })
api("mail", "emailuser", "message", { audience = "direct", object = { type = "message", title = "subject" },
  group = { type = "person", id = "target" }, typed = { "subject", "text" } })
api("mass-mail", "massmessage", "message", { audience = "group", object = { type = "message", title = "subject" },
  group = { type = "list", id = "spamlist" }, typed = { "subject", "message", "page-subject-section" } })
api("thank", { "thank", "flowthank" }, "react", { object = { type = "post", id = { "rev", "%rev", "postid" } } })
api("watch", { "watch", "discussiontoolssubscribe" }, "follow", { audience = "private", object = { type = "article",
  id = { "titles", "title", "page", "?titles" }, title = { "titles", "title", "page", "?titles" }, spaces = true } })
api("settings", { "options", "globalpreferences", "globalpreferenceoverrides" }, "edit", { audience = "private",
  object = { type = "person" }, typed = { "optionvalue", "change" } })
api("reading-list", "readinglists", "save", { audience = "private", object = { type = "article", id = "title",
  title = { "title", "name" }, spaces = true }, typed = { "name", "description", "batch/#/name",
  "batch/#/description" } })
api("api-upload", "upload", "upload", { object = { type = "file", id = "filename", title = "filename" },
  answer = { type = "file", title = "upload/filename", url = "{upload/imageinfo/descriptionurl}" },
  typed = { "filename", "comment", "text", "file", "chunk" } })

for _, rule in ipairs {
  { id = "upload", match = { method = "POST",
      path = { "/**/index.php", "/**/Special:Upload", "/**/Spezial:Hochladen" },
      body = { has = { "wpUploadDescription" } } },
    activity = { kind = "upload", audience = "public",
      object = { type = "file", id = "wpDestFile", title = "wpDestFile" } },
    typed = { "wpUploadDescription", "wpDestFile", "wpUploadFile" } },

  -- What the page itself sends while one reads.
  { id = "form-move", match = { method = "POST", path = { index[1], index[2], "/wiki/Special:MovePage*" },
      body = { has = { "wpNewTitleMain", "wpReason" } } },
    activity = { kind = "edit", audience = "public", object = { type = "article", id = "wpOldTitle",
      title = "wpOldTitle", spaces = true } }, typed = { "wpNewTitleMain", "wpReason" } },
  { id = "form-mail", match = { method = "POST", path = { index[1], index[2], "/wiki/Special:EmailUser*",
      "/wiki/Special:EmailUser/*" }, body = { has = { "wpSubject", "wpText" } } },
    activity = { kind = "message", audience = "direct", object = { type = "message", title = "wpSubject" },
      group = { type = "person", id = { "wpTarget", "Special:EmailUser/>?title" } } },
    typed = { "wpSubject", "wpText" } },
  { id = "form-delete", match = { method = "POST", path = index, query = { action = "delete" } },
    activity = { kind = "delete", audience = "public", object = page }, typed = { "wpReason", "wpDeleteReasonList" } },

  -- Fandom's discussions, walls and comments: rich text as a tree in a string of JSON.
  { id = "feed", match = { method = "POST", path = "/**/wikia.php", query = { controller = true } },
    activity = { kind = "comment", audience = "public", object = { type = "comment", title = "title" },
      parent = { type = "topic", id = { "threadId", "?threadId", "?forumId", "pageId" } },
      answer = { type = "comment", id = { "id", "postId", "%id" } } },
    typed = { "title", "body", "rawContent", "jsonModel/**/text", "content", "poll/question", "poll/answers/#/text" },
    deny = rest_error },

  -- REST: of the wiki, of Wikimedia's older service, of Wikibase.
  rest("rest-draft", "POST", { "/**/rest.php/v1/transform/**", "/**/rest.php/*/v3/transform/**",
    "/api/rest_v1/transform/**" }, "draft", { object = { type = "article" }, typed = { "wikitext", "html",
    "html/body", "original/**/body" } }),
  rest("rest-new", "POST", "/**/rest.php/v1/page", "post", { object = { type = "article", id = "title",
    title = "title", spaces = true }, answer = { type = "article", id = "key", title = "title" },
    typed = { "title", "source", "comment" } }),
  rest("rest-edit", "PUT", "/**/rest.php/v1/page/*", "edit", { object = { type = "article",
    id = "/**/rest.php/v1/page/{}", title = "/**/rest.php/v1/page/{}", spaces = true },
    answer = { title = "title" }, typed = { "source", "comment" } }),
  rest("rest-data", { "PUT", "PATCH", "POST", "DELETE" }, "/**/rest.php/wikibase/**", "edit", {
    object = { type = "article", id = { "/**/entities/items/{}/**", "/**/entities/properties/{}/**",
      "/**/entities/items/{}" } }, answer = { type = "article", id = "id" },
    typed = { "label", "description", "aliases/#", "comment", "patch/#/value", "patch/#/value/**",
      "statement/**/content", "item/**", "value/**" } }),
  rest("rest-list", "POST", "/api/rest_v1/data/lists/*/entries/**", "save", { audience = "private",
    object = { type = "article", id = "title", title = "title", spaces = true } }),
  rest("rest-view", "GET", { "/**/rest.php/v1/page/*", "/**/rest.php/v1/page/*/with_html",
    "/**/rest.php/v1/page/*/html", "/api/rest_v1/page/html/*", "/api/rest_v1/page/mobile-html/*" }, "view", {
    object = { type = "article", spaces = true, id = { "/**/rest.php/v1/page/{}/with_html",
      "/**/rest.php/v1/page/{}/html", "/**/rest.php/v1/page/{}", "/5" }, title = { "/**/rest.php/v1/page/{}/with_html",
      "/**/rest.php/v1/page/{}/html", "/**/rest.php/v1/page/{}", "/api/rest_v1/page/html/{}",
      "/api/rest_v1/page/mobile-html/{}" } }, answer = { title = "title" } }),
  rest("rest-search", "GET", "/**/rest.php/v1/search/page", "search", { audience = "private",
    object = { type = "search" }, query = { q = true }, typed = { "?q" } }),
  rest("rest-typing", "GET", "/**/rest.php/v1/search/title", "draft", { audience = "private",
    object = { type = "search" }, query = { q = true }, typed = { "?q" } }),

  { id = "api-search", match = { method = "GET", path = "/**/api.php", query = { list = "search" } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?srsearch" } },
  { id = "typing", match = { method = "GET", path = "/**/api.php", query = { action = "opensearch" } },
    activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "search" } },
    typed = { "?search" } },
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
} do
  rules[#rules + 1] = rule
end

-- An action in the body, as a form; or a call that begins with a brace, as JSON.
local function did(name, body, expect, answer)
  return { name = name, method = "POST", host = "wiki.test", path = "/w/api.php", type = form, body = body,
    answer = answer, expect = expect }
end

local function called(name, method, path, body, expect, answer)
  return { name = name, method = method, host = "wiki.test", path = path, type = body and "application/json",
    body = body, answer = answer, expect = expect }
end

local tests = {
    { name = "scripts are nothing", host = "wiki.example", path = "/w/load.php", expect = { none = true } },
    { name = "what scripts read is nothing", host = "wiki.example", path = "/w/api.php", query = "action=query",
      expect = { none = true } },
    { name = "the history of a page is nothing", host = "wiki.example", path = "/w/index.php",
      query = "title=A&action=history", expect = { none = true } },
    { name = "a special page is nothing", host = "wiki.example", path = "/w/index.php",
      query = "title=Special:Version", expect = { none = true } },
    { name = "a special page by its path is nothing", host = "wiki.example", path = "/wiki/Special:Version",
      expect = { none = true } },
    { name = "another wiki is not MediaWiki", host = "wiki.example", path = "/wiki/spaces/TEAM/pages/1",
      expect = { none = true } },
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
  did("VisualEditor saves as a form",
    "action=visualeditoredit&paction=save&page=Pods&html=%3Cp%3Eha%3C%2Fp%3E&summary=x",
    { rule = "visual-edit", kind = "edit", title = "Pods", text = "<p>ha</p>\nx" }),
  did("an upload from an address", "action=upload&filename=Plan.txt&url=https%3A%2F%2Fa.example&comment=first", {
    rule = "api-upload", kind = "upload", title = "Plan.txt", text = "Plan.txt\nfirst" }),
  { name = "an answer on a talk page", method = "POST", host = "wiki.test", path = "/api.php", type = form,
    body = "action=discussiontoolsedit&page=Talk%3APods&wikitext=So+do+I&token=x",
    expect = { rule = "talk", kind = "comment", title = "Talk:Pods", text = "So do I" } },
  did("VisualEditor looks at the changes", "action=visualeditoredit&paction=diff&page=Pods&html=%3Cp%3Eha%3C%2Fp%3E",
    { rule = "visual-draft", kind = "draft", phase = "draft", title = "Pods", text = "<p>ha</p>" }),
  { name = "the same with the action in the query", method = "POST", host = "wiki.test", path = "/w/api.php",
    query = "action=visualeditoredit", type = form, body = "paction=serialize&page=Pods&html=half",
    expect = { rule = "visual-draft-query", kind = "draft", text = "half" } },
  did("a live preview", "action=parse&title=Pods&text=half&summary=why", { rule = "live-preview", kind = "draft",
    text = "half\nwhy" }),
  did("the editor sends ahead", "action=stashedit&title=Pods&text=half&token=x", { rule = "live-preview",
    phase = "draft", text = "half", hidden = { "token" } }),
  did("two texts are compared", "action=compare&fromtitle=Pods&totext-main=half&toslots=main", {
    rule = "live-preview", text = "half" }),
  did("a preview on a talk page", "action=discussiontoolspreview&page=Talk%3APods&type=topic&wikitext=half", {
    rule = "live-preview", title = "Talk:Pods", text = "half" }),
  did("a page known by its number", "action=edit&pageid=7&text=more&token=x", { rule = "api-edit", title = "Pods",
    text = "more" }, [[{"edit":{"result":"Success","pageid":7,"title":"Pods","newrevid":9}}]]),
  did("a new section", "action=edit&title=Talk%3APods&section=new&sectiontitle=Probes&text=How%3F&summary=asked", {
    rule = "api-edit", text = "Probes\nHow?\nasked" }),
  did("a topic on a talk page", "action=discussiontoolsedit&paction=addtopic&page=Talk%3APods&sectiontitle=Probes"
    .. "&wikitext=How%3F&formtoken=x", { rule = "topic", kind = "post", title = "Talk:Pods", text = "Probes\nHow?",
    hidden = { "formtoken" } }),
  did("an answer to a comment", "action=discussiontoolsedit&paction=addcomment&page=Talk%3APods&commentid=c-ana-1"
    .. "&html=So%20do%20I&summary=re", { rule = "talk", kind = "comment", parent = "c-ana-1", text = "So do I\nre" }),
  did("a topic of Flow", "action=flow&submodule=new-topic&page=Talk%3APods&nttopic=Probes&ntcontent=How%3F", {
    rule = "flow", kind = "comment", text = "Probes\nHow?" }),
  did("an answer in Flow", "action=flow&submodule=reply&page=Topic%3AX&repreplyTo=u1&repcontent=So+do+I", {
    rule = "flow", parent = "u1", text = "So do I" }),
  did("a comment below a page", "action=cspostcomment&pageid=7&commenttitle=Good&wikitext=well+said", {
    rule = "comments", kind = "comment", parent = "7", text = "Good\nwell said" }),
  did("a label of data", "action=wbsetlabel&id=Q42&language=en&value=Probes&summary=new", { rule = "data",
    kind = "edit", id = "Q42", text = "Probes\nnew" }),
  did("data", "action=wbeditentity&new=item&data=%7B%22labels%22%3A%7B%22en%22%3A%7B%22language%22%3A%22en%22%2C%22va"
    .. "lue%22%3A%22Probes%22%7D%7D%7D", { rule = "data", id = "Q43", text = "Probes" },
    [[{"entity":{"id":"Q43","type":"item"}}]]),
  did("a translation is kept", "action=cxsave&from=en&to=de&sourcetitle=Pods&content=halb", { rule = "live-preview",
    kind = "draft", text = "Pods\nhalb" }),
  did("a translation", "action=cxpublish&title=Pods&html=%3Cp%3EGanz%3C%2Fp%3E&from=en&to=de", { rule = "translated",
    kind = "post", title = "Pods", text = "Pods\n<p>Ganz</p>" }),
  did("a page is moved", "action=move&from=Pods&to=Pods+and+more&reason=wider&token=x", { rule = "move",
    title = "Pods", text = "Pods and more\nwider" }),
  did("a page goes", "action=delete&title=Pods&reason=names+a+customer&token=x", { rule = "delete", kind = "delete",
    title = "Pods", text = "names a customer" }),
  did("a page is protected", "action=protect&title=Pods&protections=edit%3Dsysop&reason=quarrel", { rule = "maintain",
    text = "quarrel" }),
  did("a mail to a user", "action=emailuser&target=Bo&subject=Hello&text=between+us", { rule = "mail",
    kind = "message", audience = "direct", group = "Bo", title = "Hello", text = "Hello\nbetween us" }),
  did("a message to many", "action=massmessage&spamlist=List&subject=Hello&message=all", { rule = "mass-mail",
    kind = "message", group = "List", text = "Hello\nall" }),
  did("thanks", "action=thank&rev=77&token=x", { rule = "thank", kind = "react", id = "77" }),
  did("watching", "action=watch&titles=Pods_basics&token=x", { rule = "watch", kind = "follow",
    title = "Pods basics" }),
  did("a signature", "action=options&optionname=nickname&optionvalue=Ana+of+Zurich", { rule = "settings",
    kind = "edit", text = "Ana of Zurich" }),
  did("a list to read", "action=readinglists&command=create&name=Probes&description=later", { rule = "reading-list",
    kind = "save", text = "Probes\nlater" }),
  { name = "an upload through the API", method = "POST", host = "wiki.test", path = "/w/api.php",
    type = "multipart/form-data; boundary=B", body = multipart { { "action", "upload" }, { "filename", "Plan.txt" },
      { "comment", "first" }, { "text", "the plan" }, { "token", "t" } },
    answer = [[{"upload":{"result":"Success","filename":"Plan.txt"}}]],
    expect = { rule = "api-upload", kind = "upload", title = "Plan.txt", text = "Plan.txt\nfirst\nthe plan" } },
  { name = "a page is moved by the form", method = "POST", host = "wiki.test", path = "/index.php",
    query = "title=Special:MovePage&action=submit", type = form,
    body = "wpOldTitle=Pods&wpNewTitleMain=More&wpReason=wider&wpEditToken=x",
    expect = { rule = "form-move", title = "Pods", text = "More\nwider", hidden = { "wpEditToken" } } },
  { name = "a mail by the form", method = "POST", host = "wiki.test", path = "/index.php",
    query = "title=Special:EmailUser/Bo", type = form, body = "wpSubject=Hello&wpText=between+us",
    expect = { rule = "form-mail", kind = "message", audience = "direct", group = "Bo", title = "Hello",
      text = "Hello\nbetween us" } },
  { name = "a page goes by the form", method = "POST", host = "wiki.test", path = "/index.php",
    query = "title=Pods&action=delete", type = form, body = "wpReason=names+a+customer&wpEditToken=x",
    expect = { rule = "form-delete", kind = "delete", title = "Pods", text = "names a customer" } },
  { name = "a discussion on Fandom", method = "POST", host = "acme.fandom.com", path = "/wikia.php",
    query = "controller=DiscussionThread&method=create&forumId=4", type = "application/json",
    body = [[{"title":"Probes","body":"How?","jsonModel":"{\"type\":\"doc\",\"content\":[{\"type\":\"paragraph\",]]
      .. [[\"content\":[{\"type\":\"text\",\"text\":\"How?\"}]}]}"}]], answer = [[{"id":"31"}]],
    expect = { rule = "feed", kind = "comment", phase = "confirm", id = "31", parent = "4", title = "Probes" } },
  called("a draft becomes HTML", "POST", "/w/rest.php/v1/transform/wikitext/to/html/Pods", [[{"wikitext":"half"}]], {
    rule = "rest-draft", kind = "draft", phase = "draft", text = "half" }),
  called("a page by REST", "POST", "/w/rest.php/v1/page", [[{"title":"Pods","source":"smallest","comment":"new"}]], {
    rule = "rest-new", kind = "post", phase = "confirm", id = "Pods", text = "Pods\nsmallest\nnew" },
    [[{"id":7,"key":"Pods","title":"Pods"}]]),
  called("an edit by REST", "PUT", "/w/rest.php/v1/page/Pods_basics", [[{"source":"smaller","comment":"why"}]], {
    rule = "rest-edit", kind = "edit", id = "Pods_basics", title = "Pods basics", text = "smaller\nwhy" }),
  called("a label by REST", "PUT", "/w/rest.php/wikibase/v1/entities/items/Q42/labels/en",
    [[{"label":"Probes","comment":"new"}]], { rule = "rest-data", kind = "edit", id = "Q42", text = "Probes\nnew" }),
  called("a page is kept", "POST", "/api/rest_v1/data/lists/4/entries/", [[{"project":"x","title":"Pods"}]], {
    rule = "rest-list", kind = "save", title = "Pods" }),
  called("a page by REST is read", "GET", "/w/rest.php/v1/page/Pods_basics/with_html", nil, { rule = "rest-view",
    kind = "view", title = "Pods basics", id = "Pods_basics" }),
  { name = "a search by REST", host = "wiki.test", path = "/w/rest.php/v1/search/page", query = "q=probes&limit=5",
    expect = { rule = "rest-search", kind = "search", text = "probes" } },
  { name = "what is typed into the search box", host = "wiki.test", path = "/w/rest.php/v1/search/title",
    query = "q=pro", expect = { rule = "rest-typing", kind = "draft", text = "pro" } },
  { name = "the same, older", host = "wiki.test", path = "/w/api.php", query = "action=opensearch&search=pro",
    expect = { rule = "typing", kind = "draft", phase = "draft", text = "pro" } },
  { name = "a search through the API", host = "wiki.test", path = "/w/api.php",
    query = "action=query&list=search&srsearch=probes", expect = { rule = "api-search", kind = "search",
      text = "probes" } },
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
  { name = "a login form with another name", method = "POST", host = "wiki.test", path = "/index.php", type = form,
    body = "wpName=A&wpPassword=secret", expect = { rule = "form-login", none = true, hidden = { "wpPassword" } } },
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
}

-- Each call once more, with its action in the query.
for i = 1, #tests do
  local test, action = tests[i], (tests[i].body or ""):match("^action=([^&]*)&")
  if action and test.expect.rule and test.expect.rule ~= "api-login" then
    local expect = {}
    for key, value in pairs(test.expect) do
      expect[key] = value
    end
    expect.rule = expect.rule .. "-query"
    tests[#tests + 1] = { name = test.name .. ", the action in the query", method = "POST", host = test.host,
      path = test.path, query = "action=" .. action, type = form, body = test.body:sub(#action + 9),
      answer = test.answer, expect = expect }
  end
end

return {
  api = 1,
  id = "mediawiki",
  version = "1.1.0",
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
    "logintoken", "lgtoken", "lgpassword", "password", "retype", "?token", "formtoken",
    "captchaword", "wpCaptchaWord" },

  rules = rules,

  tests = tests,
}
