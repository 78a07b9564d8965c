-- SPDX-License-Identifier: Apache-2.0
-- phpBB forums (3.0 and later), on any host. The preview and save buttons post the whole text before it is submitted,
-- so does the way from the quick reply to the full editor: drafts. Pages with clean addresses (/app.php/…) carry
-- reports and the chat of a common extension.

local posting, panel, mod = "/**/posting.php", "/**/ucp.php", "/**/mcp.php"
local topic = { type = "topic", id = { "?t", "t", "topic_id" }, title = "subject" }
local forum = { type = "category", id = { "?f", "f", "forum_id" } }
local written = { "subject", "message", "poll_title", "poll_option_text", "edit_reason", "attachment_data[*",
  "comment_list[*", "filecomment", "fileupload", "username", "topic_desc" }
local pm = { i = { "pm", "ucp_pm" } }
local addressed = { "subject", "message", "username_list", "filecomment", "fileupload", "comment_list[*",
  "attachment_data[*" }
local to = { type = "person", id = { "username_list", "?u", "to_h" } }
local form = "application/x-www-form-urlencoded"
-- The page's uploader shows the message of an error in this shape beside the file.
local uploader = { status = 200, type = "application/json",
  body = [[{"jsonrpc":"2.0","id":"id","error":{"code":-600,"message":"{message}"},"stoa":"{id}"}]] }
local ajax = { status = 403, type = "application/json",
  body = [[{"MESSAGE_TITLE":"{id}","MESSAGE_TEXT":"{message}","S_USER_WARNING":true,"error":"{message}"}]] }

-- A form of one of the scripts; `has` are fields that only this one has.
local function sent(id, path, kind, what)
  return { id = id, match = { method = "POST", path = path, query = what.query, body = what.has and {
      has = what.has } or nil },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = what.audience or "group",
      object = what.object or topic, parent = what.parent, group = what.group or forum, answer = what.answer },
    typed = what.typed or {}, deny = what.deny or "page" }
end

local function look(id, path, query, object)
  return { id = id, match = { method = "GET", path = path, query = query },
    activity = { kind = "view", audience = "group", object = object }, typed = {} }
end

-- A form in a test.
local function post(name, script, query, body, expect)
  return { name = name, method = "POST", host = "forum.example", path = script, query = query, type = form, body = body,
    expect = expect }
end

local function multipart(...)
  local parts = {}
  for _, field in ipairs { ... } do
    parts[#parts + 1] = "--B\r\nContent-Disposition: form-data; name=\"" .. field[1] .. "\"" .. (field[3] or "")
      .. "\r\n\r\n" .. field[2] .. "\r\n"
  end
  return table.concat(parts) .. "--B--\r\n"
end

return {
  api = 1,
  id = "phpbb",
  version = "1.1.0",
  title = "phpBB",
  anywhere = true,
  hosts = { "www.phpbb.com", "forums.debian.net", "forum.kde.org", "forums.linuxmint.com", "forums.gentoo.org" },
  secret = {
    { path = "/**/ucp.php", query = { mode = { "login", "register", "confirm", "sendpassword", "resend_act",
      "reg_details", "activate", "login_link", "delete_cookies", "auth_link", "confirm_id" } } },
    { path = { "/**/adm/**", "/**/app.php/user/forgot_password", "/**/app.php/user/reset_password",
      "/**/user/reset_password" }, query = { sid = true } },
  },
  redact_always = { "form_token", "creation_time", "sid", "?sid", "?hash", "confirm_key", "lastclick", "confirm_id",
    "confirm_code", "autologin" },

  rules = {
    -- posting.php: the button tells what becomes of the text.
    sent("preview", posting, "draft", { has = { "message", "preview" }, typed = written }),
    sent("save", posting, "draft", { has = { "message", "save" }, typed = written }),
    sent("full-editor", posting, "draft", { has = { "message", "full_editor" }, typed = written }),
    { id = "attach", match = { method = "POST", path = posting, body = { has = { "fileupload", "name" } } },
      activity = { kind = "upload", audience = "group", object = { type = "file", title = "name" }, group = forum,
        answer = { type = "file", id = { "data/#/attach_id", "%data/#/attach_id" }, title = "data/#/real_filename" } },
      typed = { "fileupload", "name", "message", "subject", "filecomment", "comment_list[*", "attachment_data[*" },
      deny = uploader },
    sent("attach-plain", posting, "upload", { has = { "fileupload", "add_file" }, typed = written,
      object = { type = "file", title = "~fileupload" } }),
    sent("edit", posting, "edit", { query = { mode = "edit" }, has = { "message" }, typed = written,
      object = { type = "post", id = { "?p", "p" }, title = "subject",
        url = "https://{host}{path}?mode=edit&p={id}" } }),
    sent("reply", posting, "reply", { query = { mode = { "reply", "quote" } }, has = { "message" }, typed = written }),
    sent("post", posting, "post", { query = { mode = "post" }, has = { "message" }, typed = written,
      object = { type = "topic", title = "subject" } }),
    sent("delete", posting, "delete", { query = { mode = { "delete", "soft_delete" } }, typed = { "delete_reason" },
      object = { type = "post", id = { "?p", "p" } } }),

    -- Private messages.
    sent("message-preview", panel, "draft", { query = pm, audience = "direct", has = { "message", "preview" },
      typed = addressed, object = { type = "message", title = "subject" }, group = to }),
    sent("message-save", panel, "draft", { query = pm, audience = "direct", has = { "message", "save" },
      typed = addressed, object = { type = "message", title = "subject" }, group = to }),
    { id = "message-attach", match = { method = "POST", path = panel, query = pm,
        body = { has = { "fileupload", "name" } } },
      activity = { kind = "upload", audience = "direct", object = { type = "file", title = "name" }, group = to },
      typed = { "fileupload", "name", "message", "subject" }, deny = uploader },
    sent("message-edit", panel, "edit", { query = { i = pm.i, action = "edit" }, audience = "direct",
      has = { "message" }, object = { type = "message", id = "?p", title = "subject" }, group = to,
        typed = addressed }),
    sent("message", panel, "message", { query = pm, audience = "direct", has = { "message" },
      object = { type = "message", title = "subject" }, parent = { type = "message", id = "?p" }, group = to,
      typed = addressed }),

    -- One's own pages.
    sent("signature", panel, "edit", { has = { "signature" }, audience = "public", object = { type = "person" },
      typed = { "signature" } }),
    sent("profile", panel, "edit", { query = { mode = "profile_info" }, audience = "public",
      object = { type = "person" }, typed = { "pf_*", "jabber", "website", "location", "occupation", "interests" } }),
    sent("draft-edit", panel, "draft", { query = { mode = "drafts" }, has = { "message" }, audience = "private",
      object = { type = "post", id = "?edit", title = "subject" }, typed = { "subject", "message" } }),
    sent("friend", panel, "follow", { query = { i = { "zebra", "ucp_zebra" } }, audience = "private",
      object = { type = "person", id = { "add", "usernames[]" } }, typed = { "add" } }),
    sent("group", panel, "edit", { has = { "group_desc" }, object = { type = "community", id = { "?g", "g" },
      title = "group_name" }, typed = { "group_name", "group_desc" } }),
    sent("mail", "/**/memberlist.php", "message", { has = { "message" }, audience = "direct",
      object = { type = "message", title = "subject" }, group = { type = "person", id = { "?u", "u", "?g", "?t" } },
      typed = { "subject", "message", "name", "email" } }),

    -- Reports and what moderators write.
    sent("report", { "/**/report.php", "/**/app.php/post/*/report", "/**/post/*/report", "/**/app.php/pm/*/report",
      "/**/pm/*/report" }, "message", { has = { "report_text" }, audience = "private",
      object = { type = "post", id = { "?p", "p", "/**/post/{}/report", "/**/pm/{}/report" } },
      typed = { "report_text" } }),
    sent("warn", mod, "message", { has = { "warning" }, audience = "direct", object = { type = "message" },
      group = { type = "person", id = { "?u", "username", "u" } }, typed = { "warning" } }),
    sent("note", mod, "post", { has = { "usernote" }, audience = "private", object = { type = "person",
      id = { "?u", "username", "u" } }, typed = { "usernote" } }),
    sent("split", mod, "post", { has = { "subject", "post_id_list[]" }, object = { type = "topic", title = "subject" },
      parent = { type = "topic", id = { "?t", "t" } }, typed = { "subject" } }),
    sent("ban", mod, "edit", { has = { "banreason" }, audience = "private", object = { type = "person", id = "ban" },
      typed = { "ban", "banreason", "bangivereason" } }),
    sent("judge", mod, "edit", { has = { "reason" }, audience = "private", object = { type = "post",
      id = { "?p", "post_id_list[]" } }, typed = { "reason" } }),

    -- The chat that many boards have beside their topics.
    { id = "chat-edit", match = { method = "POST", path = { "/**/app.php/mchat/action/edit",
      "/**/mchat/action/edit" } },
      activity = { kind = "edit", audience = "group", object = { type = "message", id = "message_id" } },
      typed = { "message" }, deny = ajax },
    { id = "chat", match = { method = "POST", path = { "/**/app.php/mchat/action/add", "/**/mchat/action/add" } },
      activity = { kind = "message", audience = "group", object = { type = "message" } }, typed = { "message" },
      deny = ajax },

    sent("vote", "/**/viewtopic.php", "react", { has = { "vote_id[]" } }),
    { id = "follow", match = { method = "GET", path = { "/**/viewtopic.php", "/**/viewforum.php" },
        query = { watch = true } },
      activity = { kind = "follow", audience = "private", object = { type = "topic", id = { "?t", "?f" } } },
      typed = {} },
    { id = "bookmark", match = { method = "GET", path = "/**/viewtopic.php", query = { bookmark = true } },
      activity = { kind = "save", audience = "private", object = { type = "topic", id = "?t" } }, typed = {} },
    { id = "search", match = { method = { "GET", "POST" }, path = "/**/search.php", query = { keywords = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } },
      typed = { "?keywords", "?author" } },
    sent("search-form", "/**/search.php", "search", { has = { "keywords" }, audience = "private",
      object = { type = "search" }, typed = { "keywords", "author" } }),
    look("view", "/**/viewtopic.php", { t = true }, { type = "topic", id = "?t", url = "https://{host}{path}?t={id}" }),
    look("view-post", "/**/viewtopic.php", { p = true }, { type = "post", id = "?p",
      url = "https://{host}{path}?p={id}" }),
    look("view-forum", "/**/viewforum.php", { f = true }, { type = "category", id = "?f",
      url = "https://{host}{path}?f={id}" }),
    look("view-person", "/**/memberlist.php", { mode = "viewprofile" }, { type = "person", id = "?u" }),
    { id = "view-message", match = { method = "GET", path = panel, query = { i = pm.i, p = true } },
      activity = { kind = "view", audience = "direct", object = { type = "message", id = "?p" } }, typed = {} },
  },

  tests = {
    { name = "a reply", method = "POST", host = "forum.example", path = "/phpBB3/posting.php",
      query = "mode=reply&t=7&f=2",
      type = form, body = "subject=Re%3A+Probes&message=So+do+I&form_token=abc&creation_time=1&post=Submit",
      expect = { rule = "reply", kind = "reply", audience = "group", id = "7", title = "Re: Probes", group = "2",
        text = "Re: Probes\nSo do I", hidden = { "form_token" } } },
    { name = "a topic", method = "POST", host = "forum.example", path = "/posting.php", query = "mode=post&f=2",
      type = form, body = "subject=Probes&message=How%3F&poll_title=Which%3F&poll_option_text=a%0Ab&post=Submit",
      expect = { rule = "post", kind = "post", title = "Probes", text = "Probes\nHow?\nWhich?\na\nb" } },
    { name = "an edit", method = "POST", host = "forum.example", path = "/posting.php", query = "mode=edit&p=31",
      type = form, body = "subject=Probes&message=Better&post=Submit",
      expect = { rule = "edit", kind = "edit", id = "31" } },
    { name = "a preview is a draft", method = "POST", host = "forum.example", path = "/posting.php",
      query = "mode=reply&t=7", type = form, body = "subject=s&message=half+a&preview=Preview",
      expect = { rule = "preview", kind = "draft", phase = "draft", text = "s\nhalf a" } },
    { name = "a kept draft", method = "POST", host = "forum.example", path = "/posting.php", query = "mode=reply&t=7",
      type = form, body = "subject=s&message=half+a&save=Save", expect = { rule = "save", kind = "draft" } },
    { name = "a private message", method = "POST", host = "forum.example", path = "/ucp.php",
      query = "i=pm&mode=compose",
      type = form, body = "username_list=ana&subject=Hi&message=between+us&post=Submit",
      expect = { rule = "message", kind = "message", audience = "direct", group = "ana",
        text = "ana\nHi\nbetween us" } },
    { name = "an upload", method = "POST", host = "forum.example", path = "/posting.php", query = "mode=reply&t=7",
      type = "multipart/form-data; boundary=B",
      body = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nplan.txt\r\n--B\r\nContent-Disposition: fo"
        .. "rm-data; "
        .. "name=\"fileupload\"; filename=\"plan.txt\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
      expect = { rule = "attach", kind = "upload", title = "plan.txt", text = "plan.txt\nthe plan" } },
    post("from the quick reply to the editor", "/posting.php", "mode=reply&t=7", "subject=s&message=half&full_editor=x",
      { rule = "full-editor", kind = "draft", phase = "draft", text = "s\nhalf" }),
    post("a post goes", "/posting.php", "mode=delete&p=31", "delete_reason=names+a+customer&confirm=Yes", {
      rule = "delete", kind = "delete", id = "31", text = "names a customer" }),
    post("a quick reply", "/posting.php", "mode=reply&t=7&f=2", "subject=Re&message=So+do+I&topic_id=7&forum_id=2"
      .. "&edit_reason=none&attachment_data%5B0%5D%5Battach_comment%5D=the+plan&post=Submit&lastclick=1", {
      rule = "reply", group = "2", text = "Re\nSo do I\nnone\nthe plan", hidden = { "lastclick" } }),
    { name = "a file without scripts", method = "POST", host = "forum.example", path = "/posting.php",
      query = "mode=reply&t=7", type = "multipart/form-data; boundary=B", body = multipart({ "message", "see it" },
        { "fileupload", "the plan", "; filename=\"plan.txt\"\r\nContent-Type: text/plain" },
        { "filecomment", "first" }, { "add_file", "Add" }),
      expect = { rule = "attach-plain", kind = "upload", title = "plan.txt", text = "see it\nthe plan\nfirst" } },
    post("a preview of a message", "/ucp.php", "i=pm&mode=compose",
      "username_list=ana&subject=Hi&message=half&preview=x",
      { rule = "message-preview", kind = "draft", audience = "direct", group = "ana", text = "ana\nHi\nhalf" }),
    post("a kept message", "/ucp.php", "i=ucp_pm&mode=compose", "subject=Hi&message=half&save=x", {
      rule = "message-save", kind = "draft", text = "Hi\nhalf" }),
    { name = "a file for a message", method = "POST", host = "forum.example", path = "/ucp.php",
      query = "i=pm&mode=compose", type = "multipart/form-data; boundary=B", body = multipart({ "name", "plan.txt" },
        { "chunk", "0" }, { "fileupload", "the plan", "; filename=\"blob\"\r\nContent-Type: text/plain" }),
      expect = { rule = "message-attach", kind = "upload", audience = "direct", title = "plan.txt",
        text = "plan.txt\nthe plan" } },
    post("a message is changed", "/ucp.php", "i=pm&mode=compose&action=edit&p=5", "subject=Hi&message=better&post=x", {
      rule = "message-edit", kind = "edit", id = "5", text = "Hi\nbetter" }),
    post("an answer to a message", "/ucp.php", "i=pm&mode=compose&action=reply&p=5",
      "subject=Re&message=so+do+I&post=x",
      { rule = "message", parent = "5", text = "Re\nso do I" }),
    post("a signature", "/ucp.php", "i=ucp_profile&mode=signature", "signature=Ana+of+Zurich&submit=x", {
      rule = "signature", kind = "edit", text = "Ana of Zurich" }),
    post("a profile", "/ucp.php", "i=ucp_profile&mode=profile_info", "pf_phpbb_location=Zurich&pf_phpbb_interests=ops",
      {
      rule = "profile", kind = "edit", audience = "public", text = "Zurich\nops" }),
    post("a kept draft is changed", "/ucp.php", "i=ucp_main&mode=drafts&edit=4", "subject=s&message=half&submit=x", {
      rule = "draft-edit", kind = "draft", id = "4", text = "s\nhalf" }),
    post("a friend", "/ucp.php", "i=ucp_zebra&mode=friends", "add=bo&submit=x", { rule = "friend", kind = "follow",
      id = "bo" }),
    post("a group", "/ucp.php", "i=ucp_groups&mode=manage&g=6", "group_name=Ops&group_desc=night+shift", {
      rule = "group", id = "6", title = "Ops", text = "Ops\nnight shift" }),
    post("a mail", "/memberlist.php", "mode=email&u=12", "subject=Hi&message=between+us&submit=x", { rule = "mail",
      kind = "message", audience = "direct", group = "12", text = "Hi\nbetween us" }),
    post("a report", "/app.php/post/31/report", nil, "reason_id=4&report_text=names+a+customer", { rule = "report",
      kind = "message", id = "31", text = "names a customer" }),
    post("a warning", "/mcp.php", "i=warn&mode=warn_user&u=12", "warning=please+stop&notify=1", { rule = "warn",
      kind = "message", group = "12", text = "please stop" }),
    post("a note about a person", "/mcp.php", "i=notes&mode=user_notes&u=12", "usernote=was+warned", { rule = "note",
      kind = "post", id = "12", text = "was warned" }),
    post("posts become a topic", "/mcp.php", "i=main&t=7", "subject=Apart&post_id_list%5B%5D=31&action=split_all", {
      rule = "split", kind = "post", parent = "7", text = "Apart" }),
    post("a ban", "/mcp.php", "i=ban&mode=user", "ban=bo&banreason=spam&bangivereason=no+spam", { rule = "ban",
      id = "bo", text = "bo\nspam\nno spam" }),
    post("a post is turned down", "/mcp.php", "i=queue&mode=unapproved_posts", "post_id_list%5B%5D=31&reason=off+topic",
      { rule = "judge", id = "31", text = "off topic" }),
    post("the chat", "/app.php/mchat/action/add", nil, "message=hello+all&last=3", { rule = "chat", kind = "message",
      text = "hello all" }),
    post("the chat is changed", "/app.php/mchat/action/edit", nil, "message_id=44&message=better", {
      rule = "chat-edit", kind = "edit", id = "44", text = "better" }),
    post("a vote", "/viewtopic.php", "f=2&t=7", "vote_id%5B%5D=2&update=x", { rule = "vote", kind = "react",
      id = "7" }),
    post("a search by form", "/search.php", nil, "keywords=probes&author=ana", { rule = "search-form", kind = "search",
      text = "probes\nana" }),
    { name = "watching", host = "forum.example", path = "/viewtopic.php", query = "f=2&t=7&watch=topic&hash=x",
      expect = { rule = "follow", kind = "follow", id = "7", hidden = { "?hash" } } },
    { name = "a bookmark", host = "forum.example", path = "/viewtopic.php", query = "t=7&bookmark=1&hash=x",
      expect = { rule = "bookmark", kind = "save", id = "7" } },
    { name = "reading at a post", host = "forum.example", path = "/viewtopic.php", query = "p=31",
      expect = { rule = "view-post", kind = "view", id = "31" } },
    { name = "a forum", host = "forum.example", path = "/viewforum.php", query = "f=2", answer_type = "text/html",
      answer = "<title>Probes</title>", expect = { rule = "view-forum", kind = "view", id = "2", title = "Probes" } },
    { name = "a person", host = "forum.example", path = "/memberlist.php", query = "mode=viewprofile&u=12",
      expect = { rule = "view-person", kind = "view", id = "12" } },
    { name = "reading a message", host = "forum.example", path = "/ucp.php", query = "i=pm&mode=view&f=0&p=5",
      expect = { rule = "view-message", kind = "view", audience = "direct", id = "5" } },
    { name = "a search", host = "forum.example", path = "/search.php", query = "keywords=probes",
      expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "reading a topic", host = "forum.example", path = "/viewtopic.php", query = "f=2&t=7&sid=abc",
      expect = { rule = "view", kind = "view", id = "7", url = "https://forum.example/viewtopic.php?t=7" } },
    { name = "the index is nothing", host = "forum.example", path = "/index.php", expect = { none = true } },
    { name = "signing in is never read", method = "POST", host = "forum.example", path = "/ucp.php",
      query = "mode=login",
      type = form, body = "username=a&password=b", expect = { secret = true } },
  },
}
