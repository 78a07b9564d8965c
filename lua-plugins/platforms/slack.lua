-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
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

local anything = ids("channel", "channel_id", "invite_id", "app_id", "function_id", "team_id", "user_id", "id",
  "workflow_ids", "file", "request_id")
local stamp = { type = "message", id = ids("ts", "timestamp", "scheduled_message_id", "message_ts") }
local chat = { type = "conversation", id = channel, url = "https://{host}/archives/{id}" }
local chat_answer = { id = "channel/id", type = "conversation", title = "channel/name" }
local file = { type = "file", id = ids("file", "file_id"), title = ids("title", "filename") }
local file_answer = { id = "file/id", type = "file", title = { "file/title", "file/name" }, author = "file/user" }

return {
  api = 1,
  id = "slack",
  version = "1.3.0",
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
    told("file-view", "view", file, file_answer, {}, "files.info", "files.remote.info"),
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
        "dialog/title", "dialog/**/value", "?dialog/**" }, "views.open", "views.publish", "views.push",
      "dialog.open"),
    told("window-edit", "edit", { type = "document", id = "view_id", title = "view/title/text" }, { id = "view/id",
      type = "document" }, { "view/**/text", "view/**/initial_value" }, "views.update"),
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

    about("reactions-view", "view", stamp, {}, "reactions.get"),
    told("people", "view", { type = "person", id = ids("user", "bot") }, { title = { "user/name", "bot/name" },
      id = "user/id" }, {}, "users.getPresence", "users.identity", "users.conversations", "bots.info", "dnd.info",
      "users.discoverableContacts.lookup"),
    told("team-view", "view", { type = "group", id = ids("team_id", "team") }, { id = { "team/id", "profile/id" },
      title = "team/name" }, {}, "team.info", "team.profile.get", "team.billing.info", "team.preferences.list"),
    told("call-view", "view", { type = "event", id = ids("id") }, { title = "call/title" }, {}, "calls.info"),
    about("call-part", "edit", { type = "event", id = ids("id") }, {}, "calls.participants.add",
      "calls.participants.remove"),
    about("photo", "edit", { type = "person", title = "~image" }, { "image" }, "users.setPhoto", "users.deletePhoto"),
    about("admin-search", "search", { type = "search" }, { "query", "?query" }, "admin.conversations.search",
      "admin.workflows.search"),
    about("admin-delete", "delete", { type = "conversation", id = ids("channel_id", "channel_ids", "name",
      "barrier_id", "user_id") }, {}, "admin.conversations.delete", "admin.conversations.bulkDelete",
      "admin.emoji.remove", "admin.barriers.delete"),
    about("lists", "view", { type = "list", id = ids("channel", "channel_id", "usergroup", "user", "file", "team_id",
      "user_id") }, {}, "*.list"),
    about("admin-view", "view", { type = "list", id = ids("team_id", "channel_id", "user_id") }, {}, "*.lookup",
      "admin.conversations.get*", "admin.users.get*", "admin.users.session.get*", "admin.teams.settings.info",
      "admin.analytics.*"),
    about("admin-edit", "edit", { type = "group", id = ids("channel_id", "channel_ids", "user_id", "user_ids",
      "usergroup_id", "team_id", "app_id") }, { "name", "new_name", "alias_for", "description", "?name",
      "?description", "team_name", "team_description" }, "admin.conversations.*", "admin.emoji.*", "admin.teams.*",
      "admin.users.*", "admin.usergroups.*", "admin.inviteRequests.*", "admin.barriers.*", "admin.roles.*"),
    told("agent-new", "post", { type = "conversation", title = "title" }, { id = { "conversation/id", "id" },
      type = "conversation" }, { "title", "description", "**/text", "**/markdown" }, "agents.conversations.create"),
    about("agent", "edit", { type = "conversation", id = ids("conversation_id", "session_id", "channel"),
      title = "title" }, { "title", "name", "status", "**/text", "**/markdown", "**/description" }, "agents.*"),
    about("manifest", "edit", { type = "document", id = ids("app_id"),
      title = "manifest/display_information/name" }, { "manifest/**/name", "manifest/**/description",
      "manifest/**/long_description", "manifest/**/display_name" }, "apps.manifest.create", "apps.manifest.update",
      "apps.manifest.validate"),
    { id = "rtm", ignore = true, match = { path = call("client.*", "users.prefs.*", "experiments.*", "i18n.*",
      "apps.*", "rtm.*", "help.*", "promo.*", "eventlog.*", "commands.*", "emoji.*", "enterprise.*",
      "team.prefs.*") } },
    -- What is named above in no other way: a method ends with what it does.
    about("read-more", "view", { type = "list", id = anything }, {}, "*.list*", "*.info", "*.lookup", "*Logs",
      "*.billableInfo", "*.get", "*.getFile", "*.getEntities"),
    about("delete-more", "delete", { type = "list", id = anything }, {}, "*.delete", "*.remove*", "*.uninstall",
      "*.disconnect"),
    about("edit-more", "edit", { type = "list", id = anything, title = ids("title", "name") }, { "**/text", "**/name",
      "**/title", "**/description", "**/message", "**/markdown", "**/comment", "**/value", "?text", "?name", "?title",
      "?description", "?message" }, "admin.*", "workflows.*", "conversations.*Invite", "conversations.*.set",
      "*.approve*", "*.deny", "*.set", "*.add*", "*.create", "*.update", "*.rename", "*.edit", "*.upsert"),
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

  tests = stoa.lib "slack-tests",
}
