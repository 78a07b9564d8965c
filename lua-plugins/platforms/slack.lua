-- SPDX-License-Identifier: Apache-2.0
-- Slack in the browser and through its Web API. Every call is POST /api/METHOD; the body is multipart (the web
-- client), a
-- form or JSON (programs). Rich text is a tree below `blocks`, in a form as a JSON string.
--
-- The first letter of a channel tells who reads: D one person, G a closed group, C a channel.

local refused = { status = 200, type = "application/json",
  body = [[{"ok":false,"error":"restricted_action","response_metadata":{"messages":["{message}"]},"stoa":"{id}"}]] }
local channel = { "channel", "?channel", "channel_id", "?channel_id", "channels", "?channels" }
local audience = { from = channel, default = "unknown",
  map = { ["D*"] = "direct", ["U*"] = "direct", ["@*"] = "direct", ["G*"] = "private", ["C*"] = "group",
    ["#*"] = "group" } }
local group = { type = "conversation", id = channel }
local written = { "text", "?text", "markdown_text", "?markdown_text", "blocks/**/text", "blocks/**/url",
  "blocks/**/alt_text", "blocks/**/unicode_text", "?blocks/**/text", "?blocks/**/url", "attachments/**/text",
  "attachments/**/title", "attachments/**/pretext", "attachments/**/fallback", "attachments/#/fields/#/value",
  "attachments/#/author_name", "blocks/**/initial_value", "attachments/**/footer", "?attachments/**/text",
    "?attachments/**/title", "!blocks/**/type" }
local thread = { type = "message", id = { "thread_ts", "?thread_ts" } }

local function call(...)
  local paths = {}
  for _, name in ipairs { ... } do
    paths[#paths + 1] = "/api/" .. name
  end
  return paths
end

local function ids(...)
  local places = {}
  for _, name in ipairs { ... } do
    places[#places + 1] = name
    places[#places + 1] = "?" .. name
  end
  return places
end

local function message(id, ...)
  return { id = id, match = { path = call(...) },
    activity = { kind = "message", audience = audience, group = group, parent = thread,
      object = { type = "message" }, answer = { id = { "ts", "message_ts", "scheduled_message_id" },
        type = "message" } },
    typed = written, deny = refused }
end

local function about(id, kind, object, typed, ...)
  return { id = id, match = { path = call(...) },
    activity = { kind = kind, audience = audience, group = group, object = object }, typed = typed, deny = refused }
end

-- A call whose answer names what was made or opened.
local function told(id, kind, object, answer, typed, ...)
  local rule = about(id, kind, object, typed, ...)
  rule.activity.answer = answer
  return rule
end

local function page(id, paths, place)
  return { id = id, match = { method = "GET", path = paths },
    activity = { kind = "view", object = { type = "conversation", id = place, title_end = " | Slack" },
      audience = { from = place, default = "unknown", map = audience.map } }, typed = {} }
end

local stamp = { type = "message", id = ids("ts", "timestamp", "scheduled_message_id", "message_ts") }
local chat = { type = "conversation", id = channel, url = "https://{host}/archives/{id}" }
local chat_answer = { id = "channel/id", type = "conversation", title = "channel/name" }
local file = { type = "file", id = ids("file", "file_id"), title = ids("title", "filename") }
local file_answer = { id = "file/id", type = "file", title = { "file/title", "file/name" }, author = "file/user" }
local form = "application/x-www-form-urlencoded"

local function web(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    parts[#parts + 1] = "--B\r\nContent-Disposition: form-data; name=\"" .. field[1] .. "\"\r\n\r\n" .. field[2]
      .. "\r\n"
  end
  return table.concat(parts) .. "--B--\r\n"
end

local tests = {
    { name = "drafts are looked up", method = "POST", host = "acme.slack.com", path = "/api/drafts.list",
      type = "application/x-www-form-urlencoded", body = [=[token=x]=], expect = { none = true } },
    { name = "telemetry is nothing", method = "POST", host = "acme.slack.com", path = "/clog/track",
      type = "application/json", body = [=[{"text":"long enough to be text"}]=], expect = { none = true } },
  { name = "a message of the web client", method = "POST", host = "acme.slack.com", path = "/api/chat.postMessage",
    query = "_x_id=1&slack_route=T1&fp=a1", type = "multipart/form-data; boundary=B",
    body = web { { "token", "xoxc-1-2" }, { "channel", "C024BE91L" }, { "ts", "1700000000.xxxxx1" },
      { "client_msg_id", "7a-1" }, { "blocks", [=[[{"type":"rich_text","elements":[{"type":"rich_text_section",]=]
        .. [=["elements":[{"type":"text","text":"see "},{"type":"link","url":"https://a.example/b"},]=]
        .. [=[{"type":"emoji","name":"ok"}]}]}]]=] } },
    answer = [[{"ok":true,"channel":"C024BE91L","ts":"1700000000.000200"}]],
    expect = { rule = "message", kind = "message", phase = "confirm", audience = "group", id = "1700000000.000200",
      group = "C024BE91L", text = "see \nhttps://a.example/b", hidden = { "token" },
      typed = { "blocks/#/elements/#/elements/#/text", "blocks/#/elements/#/elements/#/url" } } },
  { name = "a message of a program, as JSON", method = "POST", host = "slack.com", path = "/api/chat.postMessage",
    type = "application/json; charset=utf-8",
    body = [[{"channel":"D024BE91L","text":"hello","attachments":[{"title":"a title","text":"more"}]}]],
    expect = { rule = "message", phase = "commit", audience = "direct", text = "hello\na title\nmore" } },
  { name = "an answer in a thread, as a form", method = "POST", host = "slack.com", path = "/api/chat.postMessage",
    type = form, body = "channel=G1&text=I+agree&thread_ts=1482960137.003543&token=xoxp-1",
    expect = { rule = "message", audience = "private", parent = "1482960137.003543", text = "I agree",
      hidden = { "token" } } },
  { name = "a refusal of the platform confirms nothing", method = "POST", host = "slack.com",
    path = "/api/chat.postMessage", type = form, body = "channel=C1&text=hello+all",
    answer = [[{"ok":false,"error":"channel_not_found"}]], expect = { phase = "commit", group = "C1" } },
  { name = "an edit", method = "POST", host = "acme.slack.com", path = "/api/chat.update", type = form,
    body = "channel=C1&ts=1482960137.003543&text=better",
    expect = { rule = "edit", kind = "edit", id = "1482960137.003543", text = "better" } },
  { name = "deleting a message", method = "POST", host = "slack.com", path = "/api/chat.delete", type = form,
    body = "channel=C1&ts=1.2", expect = { rule = "delete", kind = "delete", id = "1.2" } },
  { name = "a draft is kept while typing", method = "POST", host = "acme.slack.com", path = "/api/drafts.update",
    type = "multipart/form-data; boundary=B", body = web { { "draft_id", "Dr1" },
      { "blocks", [=[[{"type":"rich_text","elements":[{"elements":[{"type":"text","text":"half a"}]}]}]]=] } },
    expect = { rule = "draft", kind = "draft", id = "Dr1", text = "half a" } },
  { name = "a reaction", method = "POST", host = "slack.com", path = "/api/reactions.add", type = form,
    body = "channel=C1&timestamp=1.2&name=thumbsup", expect = { rule = "react", kind = "react", id = "1.2",
      text = "" } },
  { name = "saving a message", method = "POST", host = "slack.com", path = "/api/pins.add", type = form,
    body = "channel=C1&timestamp=1.2", expect = { rule = "save", kind = "save", id = "1.2" } },
  { name = "an upload is announced", host = "slack.com", path = "/api/files.getUploadURLExternal",
    query = "filename=customers.csv&length=53072",
    answer = [[{"ok":true,"upload_url":"https://files.slack.com/upload/v1/ABC","file_id":"F123ABC456"}]],
    expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "customers.csv",
      id = "F123ABC456", upload = "https://files.slack.com/upload/v1/ABC" } },
  { name = "an upload is shared", method = "POST", host = "slack.com", path = "/api/files.completeUploadExternal",
    type = form, body = "files=%5B%7B%22id%22%3A%22F1%22%2C%22title%22%3A%22plan%22%7D%5D&channel_id=C1&"
      .. "initial_comment=the+plan",
    expect = { rule = "upload-shared", kind = "upload", id = "F1", title = "plan", text = "plan\nthe plan" } },
  { name = "an upload of the old kind", method = "POST", host = "slack.com", path = "/api/files.upload",
    type = "multipart/form-data; boundary=B", body = web { { "channels", "C1" }, { "title", "notes" },
      { "content", "long text" } }, answer = [[{"ok":true,"file":{"id":"F9"}}]],
    expect = { rule = "upload", kind = "upload", id = "F9", title = "notes", text = "notes\nlong text" } },
  { name = "the bytes of an upload", method = "POST", host = "files.slack.com", path = "/upload/v1/ABC",
    type = "text/plain", body = "name;iban", expect = { rule = "upload-bytes", kind = "upload",
      text = "name;iban" } },
  { name = "a search in the client", method = "POST", host = "acme.slack.com", path = "/api/search.modules.messages",
    type = form, body = "query=probes&module=messages",
    expect = { rule = "search", kind = "search", text = "probes" } },
  { name = "a search of a program", host = "slack.com", path = "/api/search.messages", query = "query=probes",
    expect = { rule = "search-query", kind = "search", text = "probes" } },
  { name = "reading a channel", method = "POST", host = "acme.slack.com", path = "/api/conversations.history",
    type = form, body = "channel=C1&limit=28",
    expect = { rule = "read", kind = "view", id = "C1", url = "https://acme.slack.com/archives/C1" } },
  { name = "a new channel", method = "POST", host = "slack.com", path = "/api/conversations.create", type = form,
    body = "name=project-x", expect = { rule = "channel", kind = "post", title = "project-x" } },
  { name = "a topic", method = "POST", host = "slack.com", path = "/api/conversations.setTopic", type = form,
    body = "channel=C1&topic=the+release", expect = { rule = "channel-text", kind = "edit", text = "the release" } },
  { name = "joining a channel", method = "POST", host = "slack.com", path = "/api/conversations.join", type = form,
    body = "channel=C1", expect = { rule = "join", kind = "join", id = "C1" } },
  { name = "a status", method = "POST", host = "acme.slack.com", path = "/api/users.profile.set", type = form,
    body = "profile=%7B%22status_text%22%3A%22on+holiday%22%7D",
    expect = { rule = "profile", kind = "edit", text = "on holiday", typed = { "profile/status_text" } } },
  { name = "a canvas", method = "POST", host = "slack.com", path = "/api/canvases.create", type = "application/json",
    body = [[{"title":"Plan","document_content":{"type":"markdown","markdown":"first"}}]],
    expect = { rule = "canvas", kind = "post", title = "Plan", text = "Plan\nfirst" } },
  { name = "a reminder", method = "POST", host = "slack.com", path = "/api/reminders.add", type = form,
    body = "text=eat+a+banana&time=16", answer = [[{"ok":true,"reminder":{"id":"Rm1"}}]],
    expect = { rule = "reminder", kind = "post", id = "Rm1", text = "eat a banana" } },
  { name = "a canvas grows", method = "POST", host = "slack.com", path = "/api/canvases.edit",
    type = "application/json", body = [[{"canvas_id":"F1","changes":[{"document_content":{"markdown":"second"}}]}]],
    expect = { rule = "canvas-edit", kind = "edit", id = "F1", text = "second" } },
  { name = "a link to a message", host = "slack.com", path = "/api/chat.getPermalink",
    query = "channel=C1&message_ts=1.2", expect = { rule = "link", kind = "share", id = "1.2", group = "C1" } },
  { name = "a note on a file", method = "POST", host = "slack.com", path = "/api/files.comments.add", type = form,
    body = "file=F1&comment=well+done", answer = [[{"ok":true,"comment":{"id":"Fc1"}}]],
    expect = { rule = "file-comment", kind = "comment", id = "Fc1", parent = "F1", text = "well done" } },
  { name = "a file with its name", host = "slack.com", path = "/api/files.info", query = "file=F1",
    answer = [[{"ok":true,"file":{"id":"F1","name":"a.png","title":"The plan","user":"U1"}}]],
    expect = { rule = "file-view", kind = "view", id = "F1", title = "The plan", author = "U1" } },
  { name = "a thread", host = "slack.com", path = "/api/conversations.replies", query = "channel=C1&ts=1.2",
    expect = { rule = "read-thread", kind = "view", id = "1.2", group = "C1" } },
  { name = "a channel with its name", host = "slack.com", path = "/api/conversations.info", query = "channel=C1",
    answer = [[{"ok":true,"channel":{"id":"C1","name":"general"}}]],
    expect = { rule = "channel-view", kind = "view", id = "C1", title = "general" } },
  { name = "a look for a colleague", method = "POST", host = "edgeapi.slack.com", path = "/cache/T1/users/search",
    type = "application/json", body = [[{"token":"xoxc-1","query":"ana"}]],
    expect = { rule = "search-edge", kind = "search", text = "ana", hidden = { "token" } } },
  { name = "a workflow is started", method = "POST", host = "hooks.slack.com", path = "/workflows/T0/A0/1/x",
    type = "application/json", body = [[{"request":"a new laptop"}]],
    expect = { rule = "workflow", kind = "message", text = "a new laptop" } },
  { name = "a webhook", method = "POST", host = "hooks.slack.com", path = "/services/T0/B0/xyz",
    type = "application/json", body = [[{"text":"build failed"}]],
    expect = { rule = "webhook", kind = "message", text = "build failed" } },
  { name = "signing in is never read", method = "POST", host = "acme.slack.com", path = "/api/auth.loginMagic",
    type = form, body = "email=a&password=b", expect = { secret = true } },
  { name = "the page for signing in", host = "slack.com", path = "/sign_in_with_password",
    expect = { secret = true } },
  { name = "counters are nothing", method = "POST", host = "acme.slack.com", path = "/api/client.counts", type = form,
    body = "token=xoxc-1&thread_counts_by_channel=true", expect = { none = true } },
  { name = "telemetry is nothing", method = "POST", host = "acme.slack.com", path = "/clog/track", type = form,
    body = "logs=some+long+text+message&message=long+enough+text", expect = { none = true } },
  { name = "a message on the socket", method = "WEBSOCKET", host = "wss-primary.slack.com", path = "/", type = "text",
    body = [[{"id":3,"type":"message","channel":"C1","text":"hello"}]],
    expect = { rule = "socket", kind = "message", group = "C1", text = "hello",
      reply = [[{"ok":false,"reply_to":3,"error":{"code":2,"msg":"No."}}]] } },
  { name = "typing on the socket is nothing", method = "WEBSOCKET", host = "wss-primary.slack.com", path = "/",
    type = "text", body = [[{"id":4,"type":"typing","channel":"C1"}]], expect = { none = true } },
  { name = "a file comes in", host = "files.slack.com", path = "/files-pri/T1-F1/download/plan.pdf",
    expect = { rule = "download", kind = "download", id = "T1-F1", title = "plan.pdf" } },
  { name = "the page of a file", host = "acme.slack.com", path = "/files/U1/F1/plan.pdf",
    expect = { rule = "page-file", kind = "view", id = "F1", title = "plan.pdf" } },
  { name = "the page of a canvas", host = "acme.slack.com", path = "/docs/T1/F1", expect = { rule = "page-canvas",
    kind = "view", id = "F1" } },
  { name = "the page of a channel", host = "acme.slack.com", path = "/archives/C1", expect = { rule = "page",
    kind = "view", audience = "group", id = "C1" } },
  { name = "a channel in the client", host = "app.slack.com", path = "/client/T1/D1", expect = {
    rule = "page-client", kind = "view", audience = "direct", id = "D1" } },
}

-- Calls that need no more words: rule, method of the API, body, kind, id, text ("~" between fields).
local brief = [[
unfurl|chat.unfurl|{"channel":"C1","ts":"1.2","unfurls":{"https://a":{"text":"a preview"}}}|edit|1.2|a preview
draft-delete|drafts.delete|draft_id=Dr1|delete|Dr1|
form-filled|views.submit|{"view_id":"V1","state":{"values":{"b":{"a":{"value":"why"}}}}}|message|V1|why
form-filled|dialog.submit|{"dialog_id":"D1","submission":{"reason":"it broke"}}|message|D1|it broke
thread-title|assistant.threads.setTitle|{"channel_id":"D1","thread_ts":"1.2","title":"Probes"}|edit|1.2|Probes
function|functions.completeSuccess|{"function_execution_id":"Fx1","outputs":{"a":"done"}}|message|Fx1|done
store|apps.datastore.put|{"datastore":"d","item":{"id":"7","note":"a word"}}|post|7|a word
details|entity.presentDetails|{"trigger_id":"t","metadata":{"entity_payload":{"title":"Plan"}}}|message||Plan
follow|subscriptions.thread.add|channel=C1&thread_ts=1.2|follow|1.2|
bookmark|bookmarks.add|{"channel_id":"C1","title":"Plan","link":"https://a.example"}|save||Plan~https://a.example
bookmark-edit|bookmarks.edit|{"channel_id":"C1","bookmark_id":"Bk1","title":"Better"}|edit|Bk1|Better
bookmark-delete|bookmarks.remove|{"channel_id":"C1","bookmark_id":"Bk1"}|delete|Bk1|
file-edit|files.edit|{"file":"F1","title":"Better"}|edit|F1|Better
file-delete|files.delete|file=F1|delete|F1|
file-comment-delete|files.comments.delete|file=F1&id=Fc1|delete|Fc1|
file-public|files.sharedPublicURL|file=F1|share|F1|
file-private|files.revokePublicURL|file=F1|edit|F1|
file-remote|files.remote.add|title=Plan&external_url=https%3A%2F%2Fa.example|upload||Plan~https://a.example
file-remote-edit|files.remote.update|file=F1&title=Better|edit|F1|Better
file-remote-share|files.remote.share|file=F1&channels=C1|share|F1|
typing|search.autocomplete|query=pro|draft||pro
search-canvas|canvases.sections.lookup|{"canvas_id":"F1","criteria":{"contains_text":"probes"}}|search||probes
person-view|users.info|user=U1|view|U1|
invite|conversations.invite|channel=C1&users=U1|share|C1|
invite-person|admin.users.invite|email=bo%40mail.example&custom_message=come+in|share||bo@mail.example~come in
leave|conversations.leave|channel=C1|join|C1|
accept|conversations.acceptSharedInvite|invite_id=I1|join|I1|
section|users.channelSections.create|name=Ops|post||Ops
emoji|admin.emoji.add|name=tada2&url=https%3A%2F%2Fa.example|upload|tada2|tada2~https://a.example
channel-change|conversations.archive|channel=C1|edit|C1|
reminder-view|reminders.info|reminder=Rm1|view|Rm1|
reminder-delete|reminders.delete|reminder=Rm1|delete|Rm1|
reminder-done|reminders.complete|reminder=Rm1|edit|Rm1|
usergroup|usergroups.create|name=Ops&description=night|post||Ops~night
usergroup-edit|usergroups.update|usergroup=S1&name=Ops|edit|S1|Ops
window|views.open|{"view":{"type":"modal","title":{"text":"Ask"},"blocks":[{"label":{"text":"Why"}}]}}|post||Ask~Why
call|calls.add|title=Stand-up&join_url=https%3A%2F%2Fa.example|post||Stand-up~https://a.example
call-edit|calls.update|id=R1&title=Better|edit|R1|Better
list-item|slackLists.items.create|{"list_id":"F1","initial_fields":[{"rich_text":[{"text":"task"}]}]}|post|F1|task
list|slackLists.create|{"name":"Ops","description_blocks":[{"elements":[{"text":"all"}]}]}|post||Ops~all
list-edit|slackLists.update|{"id":"F1","name":"Ops"}|edit|F1|Ops
list-view|slackLists.items.list|{"list_id":"F1"}|view|F1|
list-share|slackLists.access.set|{"list_id":"F1","access_level":"read"}|share|F1|
list-part|lists.records.create|{"list_id":"F1","fields":[{"text":"task"}]}|edit|F1|task
list-delete|slackLists.items.delete|{"list_id":"F1","id":"Rec1"}|delete|Rec1|
canvas-delete|canvases.delete|{"canvas_id":"F1"}|delete|F1|
canvas-share|canvases.access.set|{"canvas_id":"F1","access_level":"read"}|share|F1|
]]
for row in brief:gmatch "[^\n]+" do
  local rule, name, sent, kind, id, text = row:match "^(.-)|(.-)|(.-)|(.-)|(.-)|(.*)$"
  tests[#tests + 1] = { name = name .. ", " .. rule, method = "POST", host = "slack.com", path = "/api/" .. name,
    body = sent, type = sent:sub(1, 1) == "{" and "application/json" or form,
    expect = { rule = rule, kind = kind, id = id, text = text:gsub("~", "\n") } }
end

return {
  api = 1,
  id = "slack",
  version = "1.1.0",
  title = "Slack",
  hosts = { "slack.com", "*.slack.com" },

  secret = {
    { path = { "/api/signin.*", "/api/signup.*", "/api/auth.*", "/api/oauth.*", "/api/openid.*", "/sign_in*",
      "/signin/**",
      "/checkcookie", "/ssb/**", "/get-started/**", "/oauth/**", "/sso/**", "/login/**", "/forgot/**", "/reset/**",
      "/account/**", "/z-app-*" } },
  },
  redact_always = { "token", "?token", "client_secret", "?client_secret", "xArgs/token" },

  rules = {
    message("message", "chat.postMessage", "chat.meMessage", "chat.postEphemeral", "chat.scheduleMessage",
      "chat.command", "chat.shareMessage",
      "chat.startStream", "chat.appendStream", "chat.stopStream"),
    about("edit", "edit", stamp, written, "chat.update"),
    about("unfurl", "edit", stamp, { "unfurls/**/text", "unfurls/**/title", "unfurls/**/fallback",
      "user_auth_message" }, "chat.unfurl"),
    about("delete", "delete", stamp, {}, "chat.delete", "chat.deleteScheduledMessage", "chat.deleteAttachment"),
    about("link", "share", stamp, {}, "chat.getPermalink"),
    about("draft-delete", "delete", { type = "message", id = { "draft_id", "client_draft_id" } }, {}, "drafts.delete"),
    { id = "drafts", ignore = true, match = { path = call("drafts.list", "drafts.listActive", "drafts.info") } },
    told("draft", "draft", { type = "message", id = { "draft_id", "client_draft_id" } },
      { id = "draft/id", type = "message" }, { "blocks/**/text", "blocks/**/url", "text" }, "drafts.*"),
    -- What is filled into a form, a dialogue, or an input inside a message.
    about("form-filled", "message", { type = "document", id = ids("view_id", "dialog_id", "service_id") }, {
      "state/values/**/value", "state/values/**/text", "state/**/value", "submission/*", "submission/**/value",
      "actions/#/value", "actions/#/text/text", "view/state/**/value" }, "views.submit", "dialog.submit",
      "blocks.actions", "attachments.actions", "chat.attachmentAction"),
    about("thread-title", "edit", { type = "conversation", id = ids("thread_ts"), title = ids("title") }, { "title",
      "status", "loading_messages/#", "prompts/#/title", "prompts/#/message", "?title", "?status" },
      "assistant.threads.setTitle", "assistant.threads.setStatus", "assistant.threads.setSuggestedPrompts"),
    about("function", "message", { type = "message", id = ids("function_execution_id") }, { "outputs/**", "error" },
      "functions.completeSuccess", "functions.completeError"),
    about("store", "post", { type = "document", id = { "item/id" }, title = "datastore" }, { "item/**", "items/#/**",
      "!item/id", "!items/#/id" }, "apps.datastore.put", "apps.datastore.update", "apps.datastore.bulkPut"),
    about("details", "message", { type = "document" }, { "metadata/**/title", "metadata/**/text",
      "metadata/**/value", "error/custom_message" }, "entity.presentDetails", "entity.presentComments",
      "entity.acknowledgeCommentAction"),
    about("follow", "follow", { type = "message", id = ids("thread_ts") }, {}, "subscriptions.thread.add",
      "subscriptions.thread.remove"),
    about("react", "react", stamp, {}, "reactions.add", "reactions.remove"),
    told("bookmark", "save", { type = "message", title = ids("title") }, { id = "bookmark/id", type = "message" },
      { "title", "link", "?title", "?link" }, "bookmarks.add"),
    about("bookmark-edit", "edit", { type = "message", id = ids("bookmark_id"), title = ids("title") },
      { "title", "link", "?title", "?link" }, "bookmarks.edit"),
    about("bookmark-delete", "delete", { type = "message", id = ids("bookmark_id") }, {}, "bookmarks.remove"),
    about("save", "save", { type = "message", id = ids("timestamp", "ts", "file", "item_id", "channel") }, {},
      "pins.add", "pins.remove", "stars.add", "stars.remove", "saved.add", "saved.update", "saved.delete"),

    { id = "upload-announced", match = { path = call("files.getUploadURLExternal", "files.getUploadURL") },
      activity = { kind = "upload", phase = "prepare", audience = "unknown",
        object = { type = "file", title = { "filename", "?filename" } },
        answer = { id = "file_id", type = "file", upload = "upload_url" } },
      typed = { "filename", "?filename", "alt_txt", "alt_text" }, deny = refused },
    { id = "upload-shared", match = { path = call("files.completeUploadExternal", "files.completeUpload",
        "files.share") },
      activity = { kind = "upload", audience = audience, group = group, parent = thread,
        object = { type = "file", id = { "files/#/id", "file" }, title = "files/#/title" },
        answer = { title = { "files/#/title", "files/#/name" } } },
      typed = { "files/#/title", "initial_comment", "?initial_comment", "blocks/**/text" }, deny = refused },
    { id = "upload", match = { path = call("files.upload") },
      activity = { kind = "upload", audience = { from = { "channels", "?channels" }, default = "unknown",
          map = { ["D*"] = "direct", ["G*"] = "private", ["C*"] = "group" } },
        group = { type = "conversation", id = { "channels", "?channels" } },
        object = { type = "file", title = { "title", "filename", "?title", "?filename", "~file", "~**" } },
        answer = { id = "file/id", type = "file" } },
      typed = { "title", "filename", "initial_comment", "content", "file", "?title", "?filename", "?initial_comment",
        "?content" }, deny = refused },
    { id = "upload-bytes", match = { method = { "POST", "PUT" }, path = "/upload/v1/**" },
      activity = { kind = "upload", audience = "unknown", object = { type = "file", title = "~**" } },
      typed = { "**" } },
    told("file-view", "view", file, file_answer, {}, "files.info"),
    about("file-delete", "delete", file, {}, "files.delete", "files.remote.remove"),
    about("file-public", "share", file, {}, "files.sharedPublicURL"),
    about("file-private", "edit", file, {}, "files.revokePublicURL"),
    told("file-remote", "upload", { type = "file", title = ids("title") }, file_answer,
      { "title", "external_url", "indexable_file_contents", "?title", "?external_url" }, "files.remote.add"),
    about("file-remote-edit", "edit", { type = "file", id = ids("file", "external_id"), title = ids("title") },
      { "title", "external_url", "?title" }, "files.remote.update"),
    about("file-remote-share", "share", { type = "file", id = ids("file", "external_id") }, {}, "files.remote.share"),
    about("file-edit", "edit", { type = "file", id = ids("file"), title = ids("title") }, { "title", "content",
      "alt_txt", "comment", "?title" }, "files.edit", "files.comments.edit"),
    about("file-comment-delete", "delete", { type = "comment", id = ids("id") }, {}, "files.comments.delete"),
    { id = "file-comment", match = { path = call("files.comments.add") },
      activity = { kind = "comment", audience = "group", object = { type = "comment" },
        parent = { type = "file", id = ids("file") }, answer = { id = "comment/id", type = "comment" } },
      typed = { "comment", "?comment" }, deny = refused },

    { id = "typing", match = { path = call("search.autocomplete*", "search.suggest*") },
      activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "search" } },
      typed = { "query", "?query" }, deny = refused },
    { id = "search-canvas", match = { path = call("canvases.sections.lookup", "assistant.search.context",
        "assistant.search.*") },
      activity = { kind = "search", audience = "private", object = { type = "search" } },
      typed = { "criteria/contains_text", "query", "?query" }, deny = refused },
    { id = "search", match = { path = call("search.*"), body = { has = { "query" } } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "query" },
      deny = refused },
    { id = "search-query", match = { path = call("search.*"), query = { query = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?query" },
      deny = refused },
    { id = "search-edge", match = { method = "POST", path = { "/cache/*/*/search", "/cache/*/*/*/search" },
        body = { has = { "query" } } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "query" },
      deny = refused },
    about("read-thread", "view", { type = "message", id = ids("ts") }, {}, "conversations.replies",
      "channels.replies", "groups.replies", "im.replies", "mpim.replies"),
    told("channel-view", "view", chat, chat_answer, {}, "conversations.info", "conversations.open", "channels.info",
      "groups.info", "im.open", "mpim.open", "conversations.members"),
    told("person-view", "view", { type = "person", id = ids("user", "email") }, { title = { "user/real_name",
      "user/name",
      "profile/real_name" } }, {}, "users.info", "users.profile.get", "users.lookupByEmail"),
    { id = "read", match = { path = call("conversations.history", "conversations.mark",
        "conversations.view", "channels.history", "groups.history", "im.history", "mpim.history", "channels.mark",
        "groups.mark", "im.mark", "mpim.mark") },
      activity = { kind = "view", audience = audience,
        object = { type = "conversation", id = channel, url = "https://{host}/archives/{id}" } },
      typed = {}, deny = refused },
    told("channel", "post", { type = "conversation", title = { "name", "?name" } }, chat_answer,
      { "name", "?name", "description" }, "conversations.create", "channels.create", "groups.create",
      "admin.conversations.create"),
    told("invite", "share", chat, { title = "channel/name" }, {}, "conversations.invite", "channels.invite",
      "groups.invite", "conversations.inviteShared"),
    about("leave", "join", chat, {}, "conversations.leave", "channels.leave", "groups.leave", "conversations.close"),
    about("channel-change", "edit", chat, {}, "conversations.archive", "conversations.unarchive", "conversations.kick",
      "channels.archive", "channels.unarchive", "channels.kick", "groups.archive", "groups.unarchive", "groups.kick"),
    about("channel-text", "edit", { type = "conversation", id = channel, title = { "name", "?name" } },
      { "topic", "purpose", "name", "?topic", "?purpose", "?name" }, "conversations.setTopic",
      "conversations.setPurpose", "conversations.rename", "channels.setTopic", "channels.setPurpose",
      "channels.rename", "groups.rename", "groups.setTopic", "groups.setPurpose", "admin.conversations.rename",
      "huddles.setTopic"),
    about("invite-person", "share", { type = "person", title = ids("email", "emails") }, { "email", "emails/#",
      "custom_message", "real_name", "message/text", "message", "?email", "?custom_message" }, "admin.users.invite",
      "users.admin.invite", "users.admin.inviteBulk", "conversations.requestSharedInvite.approve",
      "conversations.requestSharedInvite.deny"),
    about("section", "post", { type = "list", id = ids("channel_section_id"), title = ids("name") }, { "name", "emoji",
      "?name" }, "users.channelSections.create", "users.channelSections.update"),
    about("emoji", "upload", { type = "file", id = ids("name"), title = ids("name") }, { "name", "image", "url" },
      "emoji.add", "admin.emoji.add"),
    told("accept", "join", { type = "conversation", id = { "channel_id", "invite_id" }, title = "channel_name" },
      { id = "channel_id", type = "conversation" }, {}, "conversations.acceptSharedInvite"),
    told("join", "join", { type = "conversation", id = { "channel", "?channel", "name", "?name" } }, chat_answer, {},
      "conversations.join", "channels.join"),
    { id = "profile", match = { path = call("users.profile.set") },
      activity = { kind = "edit", audience = "group", object = { type = "person" } },
      typed = { "profile/**", "value", "?profile/**", "?value", "!profile/status_emoji" }, deny = refused },
    told("reminder", "post", { type = "reminder" }, { id = "reminder/id", type = "reminder" }, { "text", "?text" },
      "reminders.add"),
    about("reminder-view", "view", { type = "reminder", id = ids("reminder") }, {}, "reminders.info"),
    about("reminder-delete", "delete", { type = "reminder", id = ids("reminder") }, {}, "reminders.delete"),
    about("reminder-done", "edit", { type = "reminder", id = ids("reminder") }, {}, "reminders.complete"),
    told("usergroup", "post", { type = "group", title = ids("name") }, { id = "usergroup/id", type = "group" },
      { "name", "description", "?name", "?description" }, "usergroups.create"),
    about("usergroup-edit", "edit", { type = "group", id = ids("usergroup"), title = ids("name") },
      { "name", "description", "?name", "?description" }, "usergroups.update", "usergroups.enable",
      "usergroups.disable", "usergroups.users.update"),
    told("window", "post", { type = "document", title = { "view/title/text", "dialog/title" } },
      { id = "view/id", type = "document" }, { "view/**/text", "view/**/initial_value", "dialog/**/label",
        "dialog/title", "dialog/**/value", "?dialog/**" }, "views.open", "views.publish", "views.push", "views.update",
      "dialog.open"),
    told("call", "post", { type = "event", title = ids("title") }, { id = "call/id", type = "event" },
      { "title", "join_url", "?title" }, "calls.add"),
    about("call-edit", "edit", { type = "event", id = ids("id"), title = ids("title") }, { "title", "join_url" },
      "calls.update", "calls.end"),
    told("list-item", "post", { type = "list", id = ids("list_id") }, { id = "item/id", type = "list" },
      { "initial_fields/**/text", "initial_fields/**/email", "initial_fields/**/link" }, "slackLists.items.create"),
    told("list", "post", { type = "list", title = "name" }, { id = "list_id", type = "list" },
      { "name", "description_blocks/**/text", "todo_mode" }, "slackLists.create"),
    about("list-edit", "edit", { type = "list", id = ids("list_id", "id"), title = "name" },
      { "name", "cells/**/text", "description_blocks/**/text" }, "slackLists.update", "slackLists.items.update"),
    about("list-view", "view", { type = "list", id = ids("list_id", "id") }, {}, "slackLists.items.list",
      "slackLists.items.info"),
    about("list-share", "share", { type = "list", id = ids("list_id") }, {}, "slackLists.access.set",
      "slackLists.access.delete"),
    about("list-part", "edit", { type = "list", id = ids("list_id", "file") }, { "fields/**/text", "cells/**/text",
      "**/text", "name", "title" }, "lists.*"),
    about("list-delete", "delete", { type = "list", id = ids("id", "list_id") }, {}, "slackLists.items.delete",
      "slackLists.items.deleteMultiple"),
    { id = "canvas", match = { path = call("canvases.create", "conversations.canvases.create") },
      activity = { kind = "post", audience = "group", object = { type = "document", title = "title" },
        answer = { id = "canvas_id", type = "document" } },
      typed = { "title", "document_content/markdown" }, deny = refused },
    { id = "canvas-edit", match = { path = call("canvases.edit") },
      activity = { kind = "edit", audience = "group", object = { type = "document", id = "canvas_id" } },
      typed = { "changes/**/markdown" }, deny = refused },
    about("canvas-delete", "delete", { type = "document", id = ids("canvas_id") }, {}, "canvases.delete"),
    about("canvas-share", "share", { type = "document", id = ids("canvas_id") }, {}, "canvases.access.set",
      "canvases.access.delete"),
    -- Older programs speak on the socket; the page only listens there.
    { id = "socket", match = { method = "WEBSOCKET", body = { eq = { type = "message" }, has = { "text" } } },
      activity = { kind = "message", audience = audience, group = group, parent = thread,
        object = { type = "message" } }, typed = written,
      deny = { status = 403, type = "text/plain", body = "{message} ({id})",
        socket = { [[{"ok":false,"reply_to":{%id},"error":{"code":2,"msg":"{message}"}}]],
          [[{"ok":false,"error":{"code":2,"msg":"{message}"}}]] } } },
    -- What starts a workflow are fields of any name.
    { id = "workflow", match = { method = "POST", host = "hooks.slack.com",
        path = { "/workflows/**", "/triggers/**" } },
      activity = { kind = "message", audience = "group", object = { type = "message" } }, typed = { "*" },
      deny = { status = 403, type = "text/plain", body = "{message} ({id})" } },
    { id = "webhook", match = { method = "POST", host = "hooks.slack.com" },
      activity = { kind = "message", audience = "group", object = { type = "message" } },
      typed = { "text", "blocks/**/text", "attachments/**/text", "attachments/**/title", "attachments/**/pretext",
        "attachments/**/fallback", "payload/text", "payload/**/text" },
      deny = { status = 403, type = "text/plain", body = "{message} ({id})" } },

    { id = "machinery", ignore = true, match = { path = call("client.*", "users.*", "team.*", "emoji.*",
      "experiments.*",
        "conversations.*", "channels.*", "groups.*", "im.*", "mpim.*", "rtm.*", "api.test", "apps.*", "bots.*", "dnd.*",
        "i18n.*", "promo.*", "eventlog.*", "subscriptions.*", "pins.*", "stars.*", "reactions.*", "files.list",
        "files.info", "chat.getPermalink", "commands.*", "help.*", "enterprise.*", "search.*") } },
    { id = "download", match = { method = "GET", path = { "/files-pri/*/*", "/files-pri/*/download/*",
        "/files-tmb/*/*" } },
      activity = { kind = "download", audience = "unknown", object = { type = "file", id = "/2",
        title = { "/files-pri/*/download/{}", "/3" } } }, typed = {} },
    { id = "page-file", match = { method = "GET", path = { "/files/*/*", "/files/*/*/*" } },
      activity = { kind = "view", audience = "unknown", object = { type = "file", id = "/3", title = "/4",
        title_end = " | Slack" } }, typed = {} },
    { id = "page-canvas", match = { method = "GET", path = { "/docs/*/*", "/lists/*/*" } },
      activity = { kind = "view", audience = "unknown", object = { type = "document", id = "/3",
        title_end = " | Slack" } }, typed = {} },
    page("page", { "/archives/*", "/archives/*/*" }, "/2"),
    page("page-client", { "/client/*/*", "/client/*/*/**" }, "/3"),
    { id = "telemetry", ignore = true, match = { path = { "/beacon/**", "/clog/**", "/traces/**", "/cache/**",
      "/csp-report" } } },
  },

  tests = tests,
}
