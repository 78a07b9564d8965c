-- SPDX-License-Identifier: Apache-2.0
-- YouTube and YouTube Music in the browser: comments, live chat, playlists, search, and watching; the Data API of
-- programs, also on those hosts of Google that serve much else, which nothing here claims.
--
-- The player reports watched stretches itself: api/stats/watchtime carries st and et, comma lists of media seconds,
-- by GET or as a form by POST. Player calls and telemetry are large, frequent and typed by nobody: ignored.

local json_error = { status = 403, type = "application/json",
  body = [[{"error":{"code":403,"message":"{message}","status":"PERMISSION_DENIED","stoa":"{id}"}}]] }
local video = { type = "video", id = { "?docid", "docid", "?v" }, length = { "?len", "len" },
  url = "https://www.youtube.com/watch?v={id}" }
video.title_end = " - YouTube"
-- Some clients get the player's answer alone, some in a list of answers.
local details = { title = { "videoDetails/title", "#/playerResponse/videoDetails/title", "%videoDetails/title" },
  author = { "videoDetails/author", "#/playerResponse/videoDetails/author", "%videoDetails/author" },
  length = { "videoDetails/lengthSeconds", "%videoDetails/lengthSeconds",
    "%#/playerResponse/videoDetails/lengthSeconds" },
  url = { "https://www.youtube.com/watch?v={videoDetails/videoId}" } }
local page_details = { title = details.title, author = details.author, length = details.length, url = details.url,
  script = "ytInitialPlayerResponse" }
local watch_url = "https://www.youtube.com/watch?v={id}"

-- A call of the page's own API that answers with the id of what was made.
local function call(id, path, what)
  return { id = id, match = { method = "POST", path = path, body = what.body },
    activity = { kind = what.kind, audience = what.audience or "public", object = what.object, parent = what.parent,
      answer = what.answer }, typed = what.typed or {}, deny = json_error }
end

-- The same of the Data API, on hosts of Google that serve much else.
local function data(id, method, path, what)
  local list = {}
  for _, name in ipairs(type(path) == "table" and path or { path }) do
    for _, before in ipairs { "/youtube/v3/", "/upload/youtube/v3/", "/resumable/upload/youtube/v3/" } do
      list[#list + 1] = before .. name
    end
  end
  return { id = id, match = { method = method, host = "*.googleapis.com", path = list, query = what.query,
      body = what.body },
    activity = { kind = what.kind, audience = what.audience or "public", object = what.object, parent = what.parent,
      answer = what.answer }, typed = what.typed or {}, deny = json_error }
end

local function page(id, paths, kind, source, url)
  return { id = id, match = { method = "GET", path = paths },
    activity = { kind = "view", audience = "private",
      object = { type = kind, id = source, url = url, title_end = " - YouTube" } }, typed = {} }
end

local state = { from = "status/privacyStatus", default = "unknown",
  map = { public = "public", unlisted = "group", private = "private" } }
local made_comment = { type = "comment", id = { "actions/**/commentRenderer/commentId",
  "actions/**/commentViewModel/commentId", "frameworkUpdates/**/properties/commentId" } }
local hosts = { "www.youtube.com", "m.youtube.com", "music.youtube.com", "studio.youtube.com",
  "youtubei.googleapis.com",
  "s.youtube.com", "upload.youtube.com", "www.youtube-nocookie.com", "youtu.be",
  "youtube.googleapis.com", "suggestqueries-clients6.youtube.com" }
local json = "application/json"
local privacy = { from = { "privacyStatus", "privacy/newPrivacy" }, default = "unknown",
  map = { PUBLIC = "public", UNLISTED = "group", PRIVATE = "private" } }

local rules = {
  { id = "comment", match = { method = "POST", path = "/youtubei/v1/comment/create_comment" },
    activity = { kind = "comment", audience = "public",
      object = { type = "video", id = "@createCommentParams:2", url = "https://www.youtube.com/watch?v={id}" },
      answer = made_comment },
    typed = { "commentText", "pollAttachment/choices/**", "videoAttachment/title" }, deny = json_error },
  { id = "reply", match = { method = "POST", path = "/youtubei/v1/comment/create_comment_reply" },
    activity = { kind = "reply", audience = "public",
      object = { type = "video", id = "@createReplyParams:2", url = "https://www.youtube.com/watch?v={id}" },
      answer = made_comment },
    typed = { "commentText" }, deny = json_error },
  { id = "comment-act", match = { method = "POST", path = "/youtubei/v1/comment/perform_comment_action" },
    activity = { kind = "react", audience = "public", object = { type = "comment", id = "@actions/#:3" } },
    typed = {}, deny = json_error },
  { id = "comment-edit", match = { method = "POST", path = { "/youtubei/v1/comment/update_comment",
      "/youtubei/v1/comment/update_comment_reply" } },
    activity = { kind = "edit", audience = "public", object = { type = "comment",
      id = { "@updateCommentParams:1", "@updateReplyParams:1" } }, answer = made_comment },
    typed = { "commentText", "replyText" }, deny = json_error },
  call("live-chat", "/youtubei/v1/live_chat/send_message", { kind = "message", object = { type = "message" },
    parent = { type = "video", id = "@params:1.5.2", url = watch_url },
    answer = { type = "message", id = "actions/**/liveChatTextMessageRenderer/id" },
    typed = { "richMessage/textSegments/#/text" } }),
  call("post", "/youtubei/v1/backstage/create_post", { kind = "post", object = { type = "post" },
    answer = { type = "post", id = "actions/**/backstagePostRenderer/postId" },
    typed = { "commentText", "pollAttachment/choices/#/text", "quizAttachment/choices/#/text",
      "quizAttachment/choices/#/explanation" } }),
  call("post-edit", "/youtubei/v1/backstage/update_post", { kind = "edit", object = { type = "post" },
    answer = { type = "post", id = "actions/**/backstagePostRenderer/postId" }, typed = { "commentText" } }),
  call("post-share", "/youtubei/v1/backstage/share_post", { kind = "share", object = { type = "post" },
    typed = { "commentText" } }),
  call("post-delete", { "/youtubei/v1/backstage/delete_post", "/youtubei/v1/backstage/edit_post_action" }, {
    kind = "delete", object = { type = "post" } }),
  call("clip", { "/youtubei/v1/clip/create", "/youtubei/v1/clips/create" }, { kind = "post", audience = "unknown",
    object = { type = "video", id = "videoId", title = "title", url = watch_url }, typed = { "title" } }),
  call("channel-text", { "/youtubei/v1/channel/edit_name", "/youtubei/v1/channel/edit_description",
    "/youtubei/v1/channel/edit_handle", "/youtubei/v1/channel_edit/update_channel_page_settings" }, { kind = "edit",
    object = { type = "channel", id = "channelId", title = "givenName" }, typed = { "givenName", "givenDescription",
      "handle", "**/description", "**/newTitle" } }),
  call("report", "/youtubei/v1/flag/flag", { kind = "message", audience = "private", object = { type = "video" },
    typed = { "reportDetails", "flagDetails", "comment" } }),
  call("ask", { "/youtubei/v1/youchat", "/youtubei/v1/youchat/**", "/youtubei/v1/ask_*/**" }, { kind = "ai.prompt",
    audience = "ai", object = { type = "video", id = "videoId" }, typed = { "query", "userInput", "message",
      "prompt" } }),
  call("search-in", "/youtubei/v1/browse", { kind = "search", audience = "private", body = { has = { "query" } },
    object = { type = "search" }, typed = { "query" } }),
  -- As pages wrote until 2021.
  call("comment-older", "/comment_service_ajax", { kind = "comment", object = { type = "comment" },
    parent = { type = "video", id = { "video_id", "?video_id" }, url = watch_url }, typed = { "content" } }),
  call("ajax-older", "/service_ajax", { kind = "comment", object = { type = "comment" }, body = {
    has = { "commentText" } }, typed = { "commentText" } }),
  { id = "playlist", match = { method = "POST", path = "/youtubei/v1/playlist/create" },
    activity = { kind = "post", audience = privacy, object = { type = "playlist", title = "title" },
      answer = { id = "playlistId", type = "playlist" } },
    typed = { "title", "description" }, deny = json_error },
  call("playlist-delete", "/youtubei/v1/playlist/delete", { kind = "delete", audience = "unknown",
    object = { type = "playlist", id = "playlistId" } }),
  call("playlist-name", "/youtubei/v1/browse/edit_playlist", { kind = "edit", audience = "unknown",
    body = { has = { "actions/#/playlistName" } },
    typed = { "actions/#/playlistName", "actions/#/playlistDescription" },
    object = { type = "playlist", id = "playlistId", title = "actions/#/playlistName" } }),
  call("playlist-words", "/youtubei/v1/browse/edit_playlist", { kind = "edit", audience = "unknown",
    body = { has = { "actions/#/playlistDescription" } }, typed = { "actions/#/playlistDescription" },
    object = { type = "playlist", id = "playlistId" } }),
  call("playlist-add", "/youtubei/v1/browse/edit_playlist", { kind = "save", audience = "private",
    body = { has = { "actions/#/addedVideoId" } }, object = { type = "video", id = "actions/#/addedVideoId",
      url = watch_url }, parent = { type = "playlist", id = "playlistId" } }),
  { id = "playlist-edit", match = { method = "POST", path = "/youtubei/v1/browse/edit_playlist" },
    activity = { kind = "save", audience = "unknown", object = { type = "playlist", id = "playlistId" } },
    typed = {}, deny = json_error },
  { id = "upload", match = { method = "POST", path = "/youtubei/v1/upload/createvideo" },
    activity = { kind = "upload", audience = { from = "initialMetadata/privacy/newPrivacy", default = "unknown",
        map = { PUBLIC = "public", UNLISTED = "group", PRIVATE = "private" } },
      object = { type = "video", title = "initialMetadata/title/newTitle" },
      answer = { id = "videoId", type = "video" } },
    typed = { "initialMetadata/title/newTitle", "initialMetadata/description/newDescription",
      "initialMetadata/tags/newTags/#" }, deny = json_error },
  { id = "metadata", match = { method = "POST", path = "/youtubei/v1/video_manager/metadata_update" },
    activity = { kind = "edit", audience = privacy, object = { type = "video", id = "encryptedVideoId",
      title = "title/newTitle" } },
    typed = { "title/newTitle", "description/newDescription", "tags/newTags/#" }, deny = json_error },
  { id = "search", match = { method = "POST", path = "/youtubei/v1/search", body = { has = { "query" } } },
    activity = { kind = "search", audience = "private", object = { type = "search" } },
    typed = { "query" }, deny = json_error },
  { id = "search-page", match = { method = "GET", path = "/results", query = { search_query = true } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?search_query" } },
  { id = "like", match = { method = "POST", path = { "/youtubei/v1/like/like", "/youtubei/v1/like/dislike",
      "/youtubei/v1/like/removelike" } },
    activity = { kind = "react", audience = "public",
      object = { type = "video", id = { "target/videoId", "target/playlistId" },
        url = "https://www.youtube.com/watch?v={target/videoId}" } },
    typed = {}, deny = json_error },
  call("share", "/youtubei/v1/share/get_share_panel", { kind = "share", audience = "unknown",
    object = { type = "video", id = "@serializedSharedEntity:1" } }),
  call("transcript", "/youtubei/v1/get_transcript", { kind = "view", audience = "private",
    object = { type = "video", id = { "externalVideoId", "@params:1" }, url = watch_url } }),
  call("suggest", "/youtubei/v1/music/get_search_suggestions", { kind = "draft", audience = "private",
    object = { type = "search" }, typed = { "input" } }),
  { id = "suggest-query", match = { method = "GET", path = "/complete/search", query = { q = true } },
    activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "search" } },
    typed = { "?q" } },
  { id = "subscribe", match = { method = "POST", path = { "/youtubei/v1/subscription/subscribe",
      "/youtubei/v1/subscription/unsubscribe" } },
    activity = { kind = "follow", audience = "public", object = { type = "channel", id = "channelIds/#" } },
    typed = {}, deny = json_error },

  { id = "watch-start", match = { path = "/api/stats/playback" },
    activity = { kind = "watch.start", audience = "private", object = video }, typed = {} },
  { id = "watch", match = { path = "/api/stats/watchtime" },
    activity = { kind = "watch.progress", audience = "private", object = video,
      watch = { from = { "?st", "st" }, to = { "?et", "et" }, final = { "?final", "final" },
        final_kind = "watch.end" } }, typed = {} },
  { id = "view", match = { method = "GET", path = "/watch", query = { v = true } },
    activity = { kind = "view", audience = "private", object = video, answer = page_details }, typed = {} },

  { id = "view-short", match = { method = "GET", path = { "/shorts/*", "/embed/*", "/live/*" } },
    activity = { kind = "view", audience = "private",
      object = { type = "video", id = "/2", url = "https://www.youtube.com/watch?v={id}",
        title_end = " - YouTube" }, answer = page_details },
    typed = {} },
  { id = "view-link", match = { method = "GET", host = "youtu.be", path = "/*" },
    activity = { kind = "view", audience = "private", object = { type = "video", id = "/1", url = watch_url } },
    typed = {} },
  { id = "search-channel", match = { method = "GET", path = { "/@*/search", "/c/*/search", "/channel/*/search",
      "/user/*/search" }, query = { query = true } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?query" } },
  page("view-tag", "/hashtag/*", "tag", "/2", "https://www.youtube.com/hashtag/{id}"),
  page("view-post", "/post/*", "post", "/2", "https://www.youtube.com/post/{id}"),
  page("view-clip", "/clip/*", "video", "/2", "https://www.youtube.com/clip/{id}"),
  page("view-channel", { "/channel/*", "/channel/*/*", "/c/*", "/c/*/*", "/user/*", "/user/*/*" }, "channel", "/2",
    "https://www.youtube.com/{/1}/{id}"),
  page("view-handle", { "/@*", "/@*/*" }, "channel", "/1", "https://www.youtube.com/{id}"),
  { id = "oembed", match = { method = "GET", path = "/oembed", query = { url = true } },
    activity = { kind = "view", audience = "private", object = { type = "video", id = { "https://youtu.be/>?url",
        "https://www.youtube.com/watch?v=>?url", "?url" } },
      answer = { title = "title", author = "author_name" } }, typed = {} },
  { id = "view-playlist", match = { method = "GET", path = "/playlist", query = { list = true } },
    activity = { kind = "view", audience = "private",
      object = { type = "playlist", id = "?list", url = "https://www.youtube.com/playlist?list={id}",
        title_end = " - YouTube" } }, typed = {} },
  -- Moving on inside the page loads no new page: the player asks for the next video.
  { id = "play", match = { method = "POST", path = { "/youtubei/v1/player", "/youtubei/v1/get_watch" },
      body = { has = { "videoId" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "video", id = "videoId", url = "https://www.youtube.com/watch?v={id}" }, answer = details },
    typed = {} },
  { id = "play-in", match = { method = "POST", path = "/youtubei/v1/get_watch",
      body = { has = { "playerRequest/videoId" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "video", id = "playerRequest/videoId", url = "https://www.youtube.com/watch?v={id}" },
      answer = details }, typed = {} },
  { id = "play-short", match = { method = "POST", path = "/youtubei/v1/reel/reel_item_watch",
      body = { has = { "playerRequest/videoId" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "video", id = "playerRequest/videoId", url = "https://www.youtube.com/watch?v={id}" },
      answer = { title = "playerResponse/videoDetails/title", author = "playerResponse/videoDetails/author",
        length = { "playerResponse/videoDetails/lengthSeconds", "%playerResponse/videoDetails/lengthSeconds" } } },
    typed = {} },
  { id = "page-of", match = { method = "POST", path = "/youtubei/v1/next",
      body = { has = { "videoId" }, lacks = { "continuation" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "video", id = "videoId", url = "https://www.youtube.com/watch?v={id}" },
      answer = { title = { "playerOverlays/**/playerOverlayVideoDetailsRenderer/title/simpleText",
          "contents/**/videoPrimaryInfoRenderer/title/runs/#/text" },
        author = "contents/**/videoSecondaryInfoRenderer/owner/videoOwnerRenderer/title/runs/#/text" } },
    typed = {} },
  { id = "channel", match = { method = "POST", path = "/youtubei/v1/browse",
      body = { eq = { browseId = "UC*" }, lacks = { "continuation" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "channel", id = "browseId", url = "https://www.youtube.com/channel/{id}" },
      answer = { title = { "metadata/channelMetadataRenderer/title", "%metadata/channelMetadataRenderer/title",
        "header/c4TabbedHeaderRenderer/title", "header/pageHeaderRenderer/pageTitle" } } },
        typed = {} },
  { id = "playlist-page", match = { method = "POST", path = "/youtubei/v1/browse",
      body = { eq = { browseId = "VL*" }, lacks = { "continuation" } } },
    activity = { kind = "view", audience = "private",
      object = { type = "playlist", id = "VL>browseId", url = "https://www.youtube.com/playlist?list={id}" },
      answer = { title = { "metadata/playlistMetadataRenderer/title", "%metadata/playlistMetadataRenderer/title",
        "header/pageHeaderRenderer/pageTitle", "microformat/**/title" } } }, typed = {} },

  call("album-page", "/youtubei/v1/browse", { kind = "view", audience = "private",
    body = { eq = { browseId = { "MPRE*", "MPAD*", "MPSP*", "FEmusic_library_privately_owned_release_detail*" } },
      lacks = { "continuation" } }, object = { type = "playlist", id = "browseId" },
    answer = { title = { "microformat/**/title", "header/**/title/runs/#/text" } } }),

  -- The Data API of programs
  data("data-search", "GET", "search", { kind = "search", audience = "private", query = { q = true },
    object = { type = "search" }, typed = { "?q" } }),
  data("data-video", "GET", "videos", { kind = "view", audience = "private", query = { id = true },
    object = { type = "video", id = "?id", url = watch_url }, answer = { title = "items/#/snippet/title",
      author = "items/#/snippet/channelTitle", lang = "items/#/snippet/defaultAudioLanguage",
      length = "items/#/contentDetails/duration" } }),
  data("data-channel", "GET", "channels", { kind = "view", audience = "private", query = { id = true },
    object = { type = "channel", id = "?id" }, answer = { title = "items/#/snippet/title" } }),
  data("data-playlist", "GET", "playlists", { kind = "view", audience = "private", query = { id = true },
    object = { type = "playlist", id = "?id" }, answer = { title = "items/#/snippet/title" } }),
  data("data-playlist-items", "GET", "playlistItems", { kind = "view", audience = "private",
    query = { playlistId = true }, object = { type = "playlist", id = "?playlistId" } }),
  data("data-comments", "GET", "commentThreads", { kind = "view", audience = "private", query = { videoId = true },
    object = { type = "video", id = "?videoId", url = watch_url } }),
  data("data-thread", "GET", "commentThreads", { kind = "view", audience = "private", query = { id = true },
    object = { type = "comment", id = "?id" } }),
  data("data-replies", "GET", "comments", { kind = "view", audience = "private",
    object = { type = "comment", id = { "?parentId", "?id" } } }),
  data("data-comment", "POST", "commentThreads", { kind = "comment", object = { type = "comment" },
    parent = { type = "video", id = { "snippet/videoId", "snippet/channelId" } },
    answer = { id = "id", type = "comment" }, typed = { "snippet/topLevelComment/snippet/textOriginal" } }),
  data("data-reply", "POST", "comments", { kind = "reply", object = { type = "comment" },
    parent = { type = "comment", id = "snippet/parentId" }, answer = { id = "id", type = "comment" },
    typed = { "snippet/textOriginal" } }),
  data("data-comment-edit", "PUT", "comments", { kind = "edit", object = { type = "comment", id = "id" },
    typed = { "snippet/textOriginal" } }),
  data("data-thread-edit", "PUT", "commentThreads", { kind = "edit", object = { type = "comment", id = "id" },
    typed = { "snippet/topLevelComment/snippet/textOriginal" } }),
  data("data-list-new", "POST", "playlists", { kind = "post", audience = state, object = { type = "playlist",
    title = "snippet/title" }, answer = { id = "id", type = "playlist" },
    typed = { "snippet/title", "snippet/description", "snippet/tags/#" } }),
  data("data-list-edit", "PUT", "playlists", { kind = "edit", audience = state, object = { type = "playlist",
    id = "id", title = "snippet/title" }, typed = { "snippet/title", "snippet/description" } }),
  data("data-list-add", "POST", "playlistItems", { kind = "save", audience = "unknown", object = { type = "video",
    id = "snippet/resourceId/videoId", url = watch_url }, parent = { type = "playlist", id = "snippet/playlistId" },
    typed = { "contentDetails/note" } }),
  data("data-subscribe", "POST", "subscriptions", { kind = "follow", object = { type = "channel",
    id = "snippet/resourceId/channelId" } }),
  data("data-unsubscribe", "DELETE", "subscriptions", { kind = "follow", object = { type = "channel", id = "?id" } }),
  data("data-rate", "POST", "videos/rate", { kind = "react", object = { type = "video", id = "?id",
    url = watch_url } }),
  data("data-upload", "POST", "videos", { kind = "upload", audience = state, object = { type = "video",
    title = "snippet/title" }, answer = { id = "id", type = "video" },
    typed = { "snippet/title", "snippet/description", "snippet/tags/#" } }),
  data("data-video-edit", "PUT", "videos", { kind = "edit", audience = state, object = { type = "video", id = "id",
    title = "snippet/title", url = watch_url },
    typed = { "snippet/title", "snippet/description", "snippet/tags/#" } }),
  data("data-channel-edit", "PUT", "channels", { kind = "edit", object = { type = "channel", id = "id" },
    typed = { "brandingSettings/channel/description", "brandingSettings/channel/keywords" } }),
  data("data-live-chat", "POST", "liveChat/messages", { kind = "message", object = { type = "message" },
    parent = { type = "conversation", id = "snippet/liveChatId" }, answer = { id = "id", type = "message" },
    typed = { "snippet/textMessageDetails/messageText" } }),
  data("data-moderate", "POST", "comments/*", { kind = "edit", object = { type = "comment", id = "?id" } }),
  data("data-report", "POST", "videos/reportAbuse", { kind = "message", audience = "private",
    object = { type = "video", id = "videoId", url = watch_url }, typed = { "comments" } }),
  data("data-captions", { "POST", "PUT" }, "captions", { kind = "upload", audience = "unknown",
    object = { type = "file", id = "id", title = "snippet/name" }, parent = { type = "video", id = "snippet/videoId",
      url = watch_url }, answer = { id = "id", type = "file" }, typed = { "snippet/name" } }),
  data("data-picture", "POST", { "thumbnails/set", "watermarks/set", "channelBanners/insert",
    "playlistImages" }, { kind = "upload", audience = "public", object = { type = "file", id = { "?videoId",
      "?channelId" } }, typed = { "**", "!?*" } }),
  data("data-section", { "POST", "PUT" }, "channelSections", { kind = "edit", object = { type = "channel",
    id = { "id", "snippet/channelId" }, title = "snippet/title" }, typed = { "snippet/title" } }),
  data("data-live", "POST", { "liveBroadcasts", "liveStreams" }, { kind = "post", audience = state,
    object = { type = "event", title = "snippet/title" }, answer = { id = "id", type = "event" },
    typed = { "snippet/title", "snippet/description" } }),
  data("data-live-edit", "PUT", { "liveBroadcasts", "liveStreams" }, { kind = "edit", audience = state,
    object = { type = "event", id = "id", title = "snippet/title" }, typed = { "snippet/title",
      "snippet/description" } }),
  data("data-ban", "POST", { "liveChat/bans", "liveChat/moderators" }, { kind = "edit", audience = "private",
    object = { type = "conversation", id = "snippet/liveChatId" } }),
  data("data-bulletin", "POST", "activities", { kind = "post", object = { type = "post" }, answer = { id = "id",
    type = "post" }, typed = { "snippet/description" } }),
  data("data-list-item", "PUT", "playlistItems", { kind = "edit", audience = "unknown", object = { type = "video",
    id = "snippet/resourceId/videoId", url = watch_url }, parent = { type = "playlist", id = "snippet/playlistId" },
    typed = { "contentDetails/note" } }),
  -- The bytes of a video go to the address that the announcement's answer gave in a field of its head.
  { id = "upload-bytes", match = { method = { "POST", "PUT" }, host = { "upload.youtube.com", "*.googleapis.com" },
      path = { "/upload/youtubei", "/upload/youtubei/*", "/upload/youtube/v3/*", "/resumable/upload/youtube/v3/*",
        "/", "/upload/rupio", "/upload/studio", "/upload/studiothumbnail" }, query = { upload_id = true } },
    activity = { kind = "upload", audience = "unknown", object = { type = "file" } }, typed = { "**", "!?*" },
    deny = json_error },
  data("data-delete", "DELETE", "*", { kind = "delete", object = { type = "post", id = "?id" } }),
  data("data-delete-message", "DELETE", "liveChat/messages", { kind = "delete", object = { type = "message",
    id = "?id" } }),

  { id = "telemetry", ignore = true, match = { path = { "/youtubei/v1/log_event", "/api/stats/**", "/ptracking",
      "/generate_204", "/pagead/**", "/error_204", "/csi_204" } } },
  { id = "player", ignore = true, match = { path = { "/youtubei/v1/player", "/youtubei/v1/player/**",
      "/youtubei/v1/next", "/youtubei/v1/browse", "/youtubei/v1/guide", "/youtubei/v1/get_watch",
      "/youtubei/v1/search", "/youtubei/v1/reel/**", "/youtubei/v1/att/**", "/youtubei/v1/updated_metadata",
      "/youtubei/v1/notification/**", "/youtubei/v1/live_chat/get_live_chat", "/youtubei/v1/account/**",
      "/youtubei/v1/feedback", "/sw.js_data", "/videoplayback" } } },
}
-- Away from the hosts above only what names the API in its path is ours.
for _, rule in ipairs(rules) do
  rule.match.host = rule.match.host or hosts
end

local tests = {
  { name = "a comment", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/comment/create_comment",
    query = "prettyPrint=false", type = "application/json",
    body = [[{"context":{"client":{"clientName":"WEB","hl":"en"}},"createCommentParams":"EgtkUXc0",]]
      .. [["commentText":"Thanks, minute four helped"}]],
    expect = { rule = "comment", kind = "comment", audience = "public", id = "", text = "Thanks, minute four helped",
      typed = { "commentText" }, hidden = { "createCommentParams", "context/client/clientName" } } },
  { name = "a comment names its video", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/comment/create_comment", type = "application/json",
    body = [[{"createCommentParams":"EgtkUXc0dzlXZ1hjUSoCCABQBw%3D%3D","commentText":"Good"}]],
    expect = { rule = "comment", id = "dQw4w9WgXcQ", url = "https://www.youtube.com/watch?v=dQw4w9WgXcQ" } },
  { name = "a reply names it too", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/comment/create_comment_reply", type = "application/json",
    body = [[{"createReplyParams":"EgtkUXc0dzlXZ1hjUSoCCAA","commentText":"So do I"}]],
    expect = { rule = "reply", kind = "reply", id = "dQw4w9WgXcQ", text = "So do I" } },
  { name = "the next video in the same page", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/player",
    type = "application/json", body = [[{"context":{},"videoId":"dQw4w9WgXcQ"}]],
    answer = [[{"videoDetails":{"videoId":"dQw4w9WgXcQ","title":"Probes","author":"Ana","lengthSeconds":"212"}}]],
    expect = { rule = "play", kind = "view", id = "dQw4w9WgXcQ", title = "Probes", author = "Ana",
      length = 212000 } },
  { name = "what stands around a video", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/next",
    type = "application/json", body = [[{"videoId":"dQw4w9WgXcQ"}]],
    answer = [[{"contents":{"twoColumnWatchNextResults":{"results":{"results":{"contents":[]]
      .. [[{"videoPrimaryInfoRenderer":{"title":{"runs":[{"text":"Probes"}]}}}]}}}}}]],
    expect = { rule = "page-of", kind = "view", title = "Probes" } },
  { name = "more comments are no view", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/next",
    type = "application/json", body = [[{"continuation":"Eg0SC2RRdzR3OVdnWGNR"}]], expect = { none = true } },
  { name = "a channel", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/browse",
    type = "application/json", body = [[{"browseId":"UC123"}]],
    expect = { rule = "channel", kind = "view", id = "UC123", url = "https://www.youtube.com/channel/UC123" } },
  { name = "a short", host = "www.youtube.com", path = "/shorts/dQw4w9WgXcQ",
    expect = { rule = "view-short", kind = "view", id = "dQw4w9WgXcQ" } },
  { name = "live chat in pieces", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/live_chat/send_message", type = "application/json",
    body = [[{"params":"Cg","clientMessageId":"1",]]
      .. [["richMessage":{"textSegments":[{"text":"hello "},{"text":"all"}]}}]],
    expect = { rule = "live-chat", kind = "message", text = "hello \nall" } },
  { name = "the watch page says who and how long", host = "www.youtube.com", path = "/watch", query = "v=dQw4w9WgXcQ",
    answer_type = "text/html",
    answer = [[<html lang="en"><title>Probes &amp; co - YouTube</title><script>var ytInitialPlayerResponse = ]]
      .. [[{"a":"}","videoDetails":{"videoId":"dQw4w9WgXcQ","title":"Probes \u0026 co","lengthSeconds":"212",]]
      .. [["author":"Ana TV"}};</script></html>]],
    expect = { rule = "view", kind = "view", id = "dQw4w9WgXcQ", title = "Probes & co", author = "Ana TV",
      length = 212000, lang = "en" } },
  { name = "a comment through the Data API", method = "POST", host = "youtube.googleapis.com",
    path = "/youtube/v3/commentThreads", query = "part=snippet", type = "application/json",
    body = [[{"snippet":{"videoId":"dQw4w9WgXcQ","topLevelComment":{"snippet":{"textOriginal":"by program"}}}}]],
    answer = [[{"id":"UgA"}]],
    expect = { rule = "data-comment", kind = "comment", id = "UgA", parent = "dQw4w9WgXcQ", text = "by program" } },
  { name = "a video through the Data API", host = "youtube.googleapis.com", path = "/youtube/v3/videos",
    query = "part=snippet%2CcontentDetails&id=dQw4w9WgXcQ",
    answer = [[{"items":[{"snippet":{"title":"Probes","channelTitle":"Ana"},]]
      .. [["contentDetails":{"duration":"PT3M32S"}}]}]],
    expect = { rule = "data-video", kind = "view", id = "dQw4w9WgXcQ", title = "Probes", author = "Ana",
      length = 212000 } },
  { name = "a playlist is gone", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/playlist/delete",
    type = "application/json", body = [[{"playlistId":"PL1"}]],
    expect = { rule = "playlist-delete", kind = "delete", id = "PL1" } },
  { name = "a video to a playlist", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/browse/edit_playlist", type = "application/json",
    body = [[{"playlistId":"WL","actions":[{"action":"ACTION_ADD_VIDEO","addedVideoId":"dQw4w9WgXcQ"}]}]],
    expect = { rule = "playlist-add", kind = "save", id = "dQw4w9WgXcQ", parent = "WL" } },
  { name = "what is typed into the box", host = "suggestqueries-clients6.youtube.com", path = "/complete/search",
    query = "client=youtube&q=prob", expect = { rule = "suggest-query", kind = "draft", phase = "draft",
      text = "prob" } },
  { name = "a link to share", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/share/get_share_panel",
    type = "application/json", body = [[{"serializedSharedEntity":"CgtkUXc0dzlXZ1hjUQ"}]],
    expect = { rule = "share", kind = "share", id = "dQw4w9WgXcQ" } },
  { name = "a channel by its handle", host = "www.youtube.com", path = "/@anatv/videos",
    expect = { rule = "view-handle", kind = "view", id = "@anatv" } },
  { name = "a private playlist", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/playlist/create",
    type = "application/json",
    body = [[{"title":"Rust talks","privacyStatus":"PRIVATE","videoIds":["dQw4w9WgXcQ"]}]],
    expect = { rule = "playlist", kind = "post", audience = "private", title = "Rust talks", text = "Rust talks" } },
  { name = "watching by GET", host = "www.youtube.com", path = "/api/stats/watchtime",
    query = "ns=yt&docid=dQw4w9WgXcQ&cpn=abcdefghij012345&st=0,12.5&et=4.466,20&len=48.381&state=playing",
    expect = { rule = "watch", kind = "watch.progress", id = "dQw4w9WgXcQ", intervals = "0-4466 12500-20000",
      length = 48381, url = "https://www.youtube.com/watch?v=dQw4w9WgXcQ" } },
  { name = "the last ping, by POST", method = "POST", host = "s.youtube.com", path = "/api/stats/watchtime",
    type = "application/x-www-form-urlencoded", body = "docid=dQw4w9WgXcQ&st=20&et=48.381&len=48&final=1",
    expect = { rule = "watch", kind = "watch.end", intervals = "20000-48381", length = 48000, final = true } },
  { name = "playback begins", host = "www.youtube.com", path = "/api/stats/playback",
    query = "docid=dQw4w9WgXcQ&len=48",
    expect = { rule = "watch-start", kind = "watch.start", id = "dQw4w9WgXcQ" } },
  { name = "a search from the box", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/search",
    type = "application/json", body = [[{"context":{},"query":"kubernetes probes"}]],
    expect = { rule = "search", kind = "search", text = "kubernetes probes" } },
  { name = "more results are no search", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/search",
    type = "application/json", body = [[{"continuation":"EpcDEgV"}]], expect = { none = true } },
  { name = "telemetry is nothing", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/log_event",
    type = "application/json", body = [[{"events":[{"text":"long enough to be text"}]}]], expect = { none = true } },
  { name = "a comment is changed", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/comment/update_comment", type = "application/json", body = [[{"commentText":"better"}]],
    expect = { rule = "comment-edit", kind = "edit", text = "better" } },
  { name = "subscribing", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/subscription/subscribe",
    type = "application/json", body = [[{"channelIds":["UC123"]}]],
    expect = { rule = "subscribe", kind = "follow", id = "UC123" } },
  { name = "a playlist gets a name", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/browse/edit_playlist",
    type = "application/json", body = [[{"playlistId":"PL1","actions":[{"playlistName":"Rust"}]}]],
    expect = { rule = "playlist-name", kind = "edit", id = "PL1", title = "Rust", text = "Rust" } },
  { name = "an upload gets its title", method = "POST", host = "studio.youtube.com",
    path = "/youtubei/v1/upload/createvideo", type = "application/json",
    body = [[{"initialMetadata":{"title":{"newTitle":"Plan"},"description":{"newDescription":"inside"},]]
      .. [["privacy":{"newPrivacy":"UNLISTED"}}}]],
    expect = { rule = "upload", kind = "upload", audience = "group", title = "Plan", text = "Plan\ninside" } },
  { name = "signing in is never read", host = "www.youtube.com", path = "/signin", query = "next=%2Fwatch",
    expect = { secret = true } },
  { name = "a like", method = "POST", host = "www.youtube.com", path = "/youtubei/v1/like/like",
    type = "application/json", body = [[{"target":{"videoId":"dQw4w9WgXcQ"}}]],
    expect = { rule = "like", kind = "react", id = "dQw4w9WgXcQ" } },
  { name = "the bytes of an upload", method = "POST", host = "upload.youtube.com", path = "/upload/youtubei",
    query = "upload_id=ABC&upload_protocol=resumable", type = "text/plain", body = "the plan",
    expect = { rule = "upload-bytes", kind = "upload", text = "the plan" } },
  { name = "a picture for a video", method = "POST", host = "www.googleapis.com",
    path = "/upload/youtube/v3/thumbnails/set", query = "videoId=v", type = "text/plain", body = "the plan",
    expect = { rule = "data-picture", kind = "upload", id = "v", text = "the plan" } },
  { name = "words in a live chat name the video, packed twice", method = "POST", host = "www.youtube.com",
    path = "/youtubei/v1/live_chat/send_message", type = json,
    body = [[{"params":"Q2lrcUp3b1lWVU40ZUhoNGVIaDRlSGg0ZUhoNGVIaDRlSGg0ZUhoNEVndGtVWGMwZHpsWFoxaGpVUkFC",]]
      .. [["richMessage":{"textSegments":[{"text":"hello"}]}}]],
    answer = [[{"actions":[{"addChatItemAction":{"item":{"liveChatTextMessageRenderer":{"id":"Cj1"}}}}]}]],
    expect = { rule = "live-chat", kind = "message", phase = "confirm", id = "Cj1", parent = "dQw4w9WgXcQ" } },
  { name = "a short link", host = "youtu.be", path = "/dQw4w9WgXcQ", expect = { rule = "view-link", kind = "view",
    id = "dQw4w9WgXcQ" } },
  { name = "another service of the same host is not ours", method = "POST", host = "www.googleapis.com",
    path = "/drive/v3/files", type = json, body = [[{"name":"Plan"}]], expect = { none = true } },
  { name = "a page of the same path elsewhere is not ours", host = "shop.example", path = "/watch", query = "v=steel",
    expect = { none = true } },
}

-- Calls that need no more words: rule, method, path, body, kind, id, text ("~" between fields).
local brief = [[
comment-act|POST youtubei/v1/comment/perform_comment_action|{"actions":["CAUQAho"]}|react||
comment-edit|POST youtubei/v1/comment/update_comment|{"updateCommentParams":"x","commentText":"better"}|edit||better
post|POST youtubei/v1/backstage/create_post|{"commentText":"x","pollAttachment":{"choices":[{"text":"a"}]}}|post||x~a
post-edit|POST youtubei/v1/backstage/update_post|{"commentText":"better"}|edit||better
post-share|POST youtubei/v1/backstage/share_post|{"commentText":"look"}|share||look
post-delete|POST youtubei/v1/backstage/delete_post|{"deletePostParams":"x"}|delete||
clip|POST youtubei/v1/clip/create|{"videoId":"dQw4w9WgXcQ","title":"best"}|post|dQw4w9WgXcQ|best
channel-text|POST youtubei/v1/channel/edit_description|{"givenDescription":"bridges"}|edit||bridges
report|POST youtubei/v1/flag/flag|{"flagParams":"x","reportDetails":"names me"}|message||names me
ask|POST youtubei/v1/youchat|{"videoId":"dQw4w9WgXcQ","query":"why probes"}|ai.prompt|dQw4w9WgXcQ|why probes
search-in|POST youtubei/v1/browse|{"browseId":"UC1","query":"probes"}|search||probes
comment-older|POST comment_service_ajax|{"video_id":"dQw4w9WgXcQ","content":"good"}|comment|dQw4w9WgXcQ|good
ajax-older|POST service_ajax|{"commentText":"good"}|comment||good
playlist-words|POST youtubei/v1/browse/edit_playlist|{"playlistId":"P","actions":[{"playlistDescription":"d"}]}|edit|P|d
playlist-edit|POST youtubei/v1/browse/edit_playlist|{"playlistId":"PL1","actions":[{"setVideoId":"x"}]}|save|PL1|
metadata|POST youtubei/v1/video_manager/metadata_update|{"encryptedVideoId":"v","title":{"newTitle":"T"}}|edit|v|T
search-page|GET results?search_query=probes||search||probes
search-channel|GET @ana/search?query=probes||search||probes
transcript|POST youtubei/v1/get_transcript|{"params":"CgtkUXc0dzlXZ1hjUQ"}|view|dQw4w9WgXcQ|
suggest|POST youtubei/v1/music/get_search_suggestions|{"input":"pro"}|draft||pro
view-tag|GET hashtag/k8s||view|k8s|
view-post|GET post/Ugk1||view|Ugk1|
view-clip|GET clip/Ugk1||view|Ugk1|
view-channel|GET channel/UC1||view|UC1|
view-playlist|GET playlist?list=PL1||view|PL1|
oembed|GET oembed?url=https%3A%2F%2Fyoutu.be%2FdQw4w9WgXcQ||view|dQw4w9WgXcQ|
play-in|POST youtubei/v1/get_watch|{"playerRequest":{"videoId":"v"}}|view|v|
play-short|POST youtubei/v1/reel/reel_item_watch|{"playerRequest":{"videoId":"v"}}|view|v|
playlist-page|POST youtubei/v1/browse|{"browseId":"VLPL1"}|view|PL1|
album-page|POST youtubei/v1/browse|{"browseId":"MPREb_1"}|view|MPREb_1|
data-search|GET youtube/v3/search?q=probes||search||probes
data-channel|GET youtube/v3/channels?id=UC1||view|UC1|
data-playlist|GET youtube/v3/playlists?id=PL1||view|PL1|
data-playlist-items|GET youtube/v3/playlistItems?playlistId=PL1||view|PL1|
data-comments|GET youtube/v3/commentThreads?videoId=v||view|v|
data-thread|GET youtube/v3/commentThreads?id=Ug1||view|Ug1|
data-replies|GET youtube/v3/comments?parentId=Ug1||view|Ug1|
data-reply|POST youtube/v3/comments|{"snippet":{"parentId":"Ug1","textOriginal":"so do I"}}|reply|Ug1|so do I
data-comment-edit|PUT youtube/v3/comments|{"id":"Ug1","snippet":{"textOriginal":"better"}}|edit|Ug1|better
data-thread-edit|PUT youtube/v3/commentThreads|{"snippet":{"topLevelComment":{"snippet":{"textOriginal":"b"}}}}|edit||b
data-list-new|POST youtube/v3/playlists|{"snippet":{"title":"T","description":"d","tags":["t"]}}|post||T~d~t
data-list-edit|PUT youtube/v3/playlists|{"id":"PL1","snippet":{"title":"T","description":"d"}}|edit|PL1|T~d
data-list-add|POST youtube/v3/playlistItems|{"snippet":{"playlistId":"PL1","resourceId":{"videoId":"v"}}}|save|v|
data-list-item|PUT youtube/v3/playlistItems|{"snippet":{"playlistId":"P"},"contentDetails":{"note":"n"}}|edit|P|n
data-subscribe|POST youtube/v3/subscriptions|{"snippet":{"resourceId":{"channelId":"UC1"}}}|follow|UC1|
data-unsubscribe|DELETE youtube/v3/subscriptions?id=s1||follow|s1|
data-rate|POST youtube/v3/videos/rate?id=v&rating=like||react|v|
data-report|POST youtube/v3/videos/reportAbuse|{"videoId":"v","comments":"names me"}|message|v|names me
data-upload|POST upload/youtube/v3/videos?part=snippet|{"snippet":{"title":"T","tags":["t"]}}|upload||T~t
data-video-edit|PUT youtube/v3/videos|{"id":"v","snippet":{"title":"T","description":"d"}}|edit|v|T~d
data-channel-edit|PUT youtube/v3/channels|{"id":"UC1","brandingSettings":{"channel":{"description":"d"}}}|edit|UC1|d
data-live-chat|POST youtube/v3/liveChat/messages|{"snippet":{"textMessageDetails":{"messageText":"hi"}}}|message||hi
data-moderate|POST youtube/v3/comments/markAsSpam?id=Ug1||edit|Ug1|
data-captions|POST upload/youtube/v3/captions|{"snippet":{"videoId":"v","name":"English"}}|upload|v|English
data-section|POST youtube/v3/channelSections|{"id":"s1","snippet":{"title":"Best"}}|edit|s1|Best
data-live|POST youtube/v3/liveBroadcasts|{"snippet":{"title":"T","description":"d"}}|post||T~d
data-live-edit|PUT youtube/v3/liveBroadcasts|{"id":"b1","snippet":{"title":"T"}}|edit|b1|T
data-ban|POST youtube/v3/liveChat/bans|{"snippet":{"liveChatId":"L"}}|edit|L|
data-bulletin|POST youtube/v3/activities|{"snippet":{"description":"news"}}|post||news
data-delete|DELETE youtube/v3/comments?id=Ug1||delete|Ug1|
data-delete-message|DELETE youtube/v3/liveChat/messages?id=m1||delete|m1|
]]
for row in brief:gmatch "[^\n]+" do
  local rule, method, path, sent, kind, id, text = row:match "^(.-)|(%u+) (.-)|(.-)|(.-)|(.-)|(.*)$"
  tests[#tests + 1] = { name = rule .. " in brief", method = method, body = sent ~= "" and sent or nil,
    host = path:find("youtube/v3", 1, true) and "www.googleapis.com" or "www.youtube.com",
      type = sent ~= "" and json or nil,
    path = "/" .. path:gsub("%?.*", ""), query = path:match "?(.*)$",
    expect = { rule = rule, kind = kind, id = id, text = text:gsub("~", "\n") } }
end

return {
  api = 1,
  id = "youtube",
  version = "1.1.0",
  title = "YouTube",
  anywhere = true,
  hosts = hosts,
  secret = { { host = hosts, path = { "/signin", "/accounts/**", "/ServiceLogin" } } },
  redact_always = { "context/**", "params", "createCommentParams", "createReplyParams", "serializedShareEntity",
    "updateCommentParams", "updateReplyParams", "createBackstagePostParams", "updateBackstagePostParams", "flagParams",
    "actions/#", "?key" },

  rules = rules,
  tests = tests,
}
