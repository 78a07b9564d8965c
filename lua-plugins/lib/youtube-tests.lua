-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- youtube-tests - exchanges of YouTube, made up, that show what platforms/youtube.lua knows.

local rows = stoa.lib "rows"
local json = "application/json"

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

local more = rows.tests([[
feed|POST /youtubei/v1/browse|{"browseId":"FEsubscriptions"}||view|FEsubscriptions||
resolve|POST /youtubei/v1/navigation/resolve_url|{"url":"https://www.youtube.com/@ana"}|{"endpoint":{"browseEndpoint":{
  "browseId":"UC1"}}}|view|UC1||
upload-start|POST upload.youtube.com/upload/youtubei?authuser=0|frontendUploadId=x||upload|||
view-feed|GET /feed/subscriptions||<title>Subscriptions - YouTube</title>|view|subscriptions|Subscriptions|
feed-file|GET /feeds/videos.xml?channel_id=UC1|||view|UC1||
data-search-about|GET www.googleapis.com/youtube/v3/search?channelId=UC1|||search|||
data-channel-named|GET www.googleapis.com/youtube/v3/channels?forHandle=%40ana||{"items":[{"id":"UC1","snippet":{
  "title":"Ana"}}]}|view|UC1|Ana|
data-playlist-item|GET www.googleapis.com/youtube/v3/playlistItems?id=UEx1||{"items":[{"snippet":{"title":"Rust"}}]}
  |view|UEx1|Rust|
data-videos|GET www.googleapis.com/youtube/v3/videos?chart=mostPopular|||view|||
data-lists|GET www.googleapis.com/youtube/v3/activities?channelId=UC1|||view|UC1||
data-lists|GET www.googleapis.com/youtube/v3/liveChat/messages?liveChatId=L1|||view|L1||
data-live-state|POST www.googleapis.com/youtube/v3/liveBroadcasts/transition?id=b1&broadcastStatus=live|||edit|b1||
]], "www.youtube.com")

local related = { name = "what a program says about a video, before its bytes", method = "POST",
  host = "www.googleapis.com", path = "/upload/youtube/v3/videos", type = "multipart/related; boundary=B",
  body = "--B\r\nContent-Type: application/json\r\n\r\n"
    .. "{\"snippet\":{\"title\":\"Plan\",\"description\":\"inside\"}}\r\n--B\r\n"
    .. "Content-Type: video/mp4\r\n\r\n0123\r\n--B--\r\n",
  answer = [[{"id":"v2"}]],
  expect = { rule = "data-upload", kind = "upload", id = "v2", title = "Plan", text = "Plan\ninside" } }

return rows.joined(tests, more, { related })
