-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- slack-tests - exchanges of Slack, made up, that show what platforms/slack.lua knows.

local rows = stoa.lib "rows"
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
    type = "application/x-www-form-urlencoded", body = "token=x", expect = { none = true } },
  { name = "telemetry is nothing", method = "POST", host = "acme.slack.com", path = "/clog/track",
    type = "application/json", body = [[{"text":"long enough to be text"}]], expect = { none = true } },
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

local more = rows.tests([[
window-edit|POST /api/views.update|{"view_id":"V1","view":{"title":{"text":"Ask"},"blocks":[{"element":{
  "initial_value":"x"}}]}}|{"ok":true,"view":{"id":"V1"}}|edit|V1|Ask|Ask~x
reactions-view|GET /api/reactions.get?channel=C1&timestamp=17.1|||view|17.1||
lists|POST /api/pins.list|channel=C1||view|C1||
lists|POST /api/conversations.list|limit=10||view|||
lists|GET /api/usergroups.users.list?usergroup=S1|||view|S1||
people|POST /api/users.getPresence|user=U1||view|U1||
people|GET /api/bots.info?bot=B1||{"ok":true,"bot":{"name":"robot"}}|view|B1|robot|
team-view|POST /api/team.info|token=x|{"ok":true,"team":{"id":"T1","name":"Acme"}}|view|T1|Acme|
call-view|POST /api/calls.info|id=R1|{"ok":true,"call":{"id":"R1","title":"Call"}}|view|R1|Call|
call-part|POST /api/calls.participants.add|id=R1&users=x||edit|R1||
photo|POST /api/users.setPhoto|image=x||edit|||x
admin-search|POST /api/admin.conversations.search|query=gen||search|||gen
admin-delete|POST /api/admin.conversations.delete|channel_id=C1||delete|C1||
admin-delete|POST /api/admin.emoji.remove|name=party||delete|party||
admin-edit|POST /api/admin.teams.settings.setDescription|team_id=T1&description=about+us||edit|T1||about us
admin-edit|POST /api/admin.users.setAdmin|team_id=T1&user_id=U1||edit|U1||
admin-edit|POST /api/admin.emoji.rename|name=a&new_name=b||edit|||a~b
lists|GET /api/admin.users.list?team_id=T1|||view|T1||
admin-view|POST /api/admin.conversations.getTeams|channel_id=C1||view|C1||
agent-new|POST /api/agents.conversations.create|{"title":"Plan"}|{"ok":true,
  "conversation":{"id":"A1"}}|post|A1|Plan|Plan
agent|POST /api/agents.conversations.setProperties|{"conversation_id":"A1","title":"Plan","name":"P","status":"s",
  "description_blocks":[{"text":"x"}],"properties":{"description":"d"}}||edit|A1|Plan|Plan~P~s~x~d
agent|POST /api/agents.conversations.setCanvasContent|{"conversation_id":"A1",
  "document_content":{"markdown":"all"}}||edit|A1||all
manifest|POST /api/apps.manifest.update|{"app_id":"A1","manifest":"{\"display_information\":{\"name\":\"Bot\",
  \"description\":\"d\"}}"}||edit|A1|Bot|Bot~d
read-more|POST /api/team.billableInfo|user=U1||view|||
read-more|POST /api/conversations.listConnectInvites|{"count":5}||view|||
delete-more|POST /api/admin.apps.uninstall|app_id=A1||delete|A1||
edit-more|POST /api/admin.apps.approve|app_id=A1||edit|A1||
edit-more|POST /api/workflows.featured.add|{"channel_id":"C1","trigger_ids":"Ft1"}||edit|C1||
edit-more|POST /api/conversations.approveSharedInvite|invite_id=I1||edit|I1||
edit-more|POST /api/something.new.create|{"title":"T","note":{"text":"names a customer"}}||edit||T|T~names a customer
]], "slack.com")

return rows.joined(tests, more)
