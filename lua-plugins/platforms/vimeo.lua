-- SPDX-License-Identifier: Apache-2.0
-- Vimeo: the player says what it plays; the player's configuration names the video; pages and programs write through
-- one documented API. Uploads are announced there, and their bytes go where the answer says (tus, a store, a link).

local refused = { status = 403, type = "application/json",
  body = [[{"error":"{message}","developer_message":"{message}","error_code":3200,"link":null,"stoa":"{id}"}]] }
local video = { type = "video", id = { "%#/video_id", "#/video_id", "%video_id", "video_id", "?video_id", "?clip_id" },
  url = "https://vimeo.com/{id}", length = { "%#/duration", "%duration", "%#/video_duration" } }
local stats = { "/add/player-stats", "/player-stats", "/player-events/**" }
local json = "application/json"
local watch_url = "https://vimeo.com/{id}"

local function event(id, names, kind)
  return { id = id, match = { method = "POST", path = stats, body = { eq = { ["#/event"] = names } } },
    activity = { kind = kind, audience = "private", object = video }, typed = {} }
end

-- One call of the API. "/VIDEO" stands for a video, wherever it is reached from.
local function call(id, method, path, kind, what)
  local list = {}
  for _, p in ipairs(type(path) == "table" and path or { path }) do
    if p:sub(1, 6) == "/VIDEO" then
      for _, from in ipairs { "/videos/*", "/users/*/videos/*", "/me/videos/*", "/channels/*/videos/*" } do
        list[#list + 1] = from .. p:sub(7)
      end
    elseif p:sub(1, 3) == "/ME" then
      list[#list + 1] = "/me" .. p:sub(4)
      list[#list + 1] = "/users/*" .. p:sub(4)
    else
      list[#list + 1] = p
    end
  end
  return { id = id, match = { method = method, path = list, host = what.host, query = what.query },
    activity = { kind = kind, phase = what.phase, audience = what.audience or "public", object = what.object,
      parent = what.parent, answer = what.answer }, typed = what.typed or {}, deny = refused }
end

local function of(rest)
  return { "/videos/{}" .. rest, "/users/*/videos/{}" .. rest, "/me/videos/{}" .. rest, "/channels/*/videos/{}"
    .. rest }
end

local function mine(rest) return { "/me" .. rest, "/users/*" .. rest } end

local about = { "name", "description", "title", "tags/#/name", "embed/title/name", "content_rating/#",
  "review_page/notes" }
local privacy = { from = "privacy/view", default = "unknown", map = { anybody = "public", unlisted = "group",
  nobody = "private", disable = "private", password = "private", users = "group" } }

local function called(name, method, path, body, expect, answer)
  return { name = name, method = method, host = "api.vimeo.com", path = path, type = body and json, body = body,
    answer = answer, expect = expect }
end

return {
  api = 1,
  id = "vimeo",
  version = "1.1.0",
  title = "Vimeo",
  hosts = { "vimeo.com", "www.vimeo.com", "player.vimeo.com", "api.vimeo.com", "fresnel.vimeocdn.com",
    "player-telemetry.vimeo.com" },
  secret = { { path = { "/log_in", "/log_in/**", "/login", "/join", "/join/**", "/oauth/**", "/forgot_password",
    "/_rv/jwt",
    "/_rv/viewer", "/_next/jwt" } } },
  redact_always = { "token", "xsrft", "password", "#/session_id", "?session-id", "privacy/password", "?password",
    "access_token", "client_secret" },

  rules = {
    event("start", { "video-start-time", "video-start" }, "watch.start"),
    event("end", { "video-ended", "video-finished" }, "watch.end"),
    event("watch", { "video-played", "video-minute-watched", "video-paused", "video-seek", "video-seeked" },
      "watch.progress"),
    call("reply", "POST", "/VIDEO/comments/*/replies", "reply", { object = { type = "comment" }, parent = {
      type = "comment", id = { "/videos/*/comments/{}/replies", "/users/*/videos/*/comments/{}/replies",
        "/me/videos/*/comments/{}/replies", "/channels/*/videos/*/comments/{}/replies" } }, answer = {
      type = "comment", id = "uri" }, typed = { "text" } }),
    call("comment-edit", "PATCH", "/VIDEO/comments/*", "edit", { object = { type = "comment",
      id = { "/videos/*/comments/{}", "/users/*/videos/*/comments/{}", "/me/videos/*/comments/{}" } },
      typed = { "text" } }),
    call("comment-delete", "DELETE", "/VIDEO/comments/*", "delete", { object = { type = "comment",
      id = { "/videos/*/comments/{}", "/users/*/videos/*/comments/{}", "/me/videos/*/comments/{}" } } }),
    call("note", { "POST", "PATCH" }, { "/VIDEO/notes", "/VIDEO/notes/*", "/VIDEO/versions/*/notes",
      "/VIDEO/review_comments" }, "comment", { audience = "group", object = { type = "comment" }, parent = {
      type = "video", id = { "/videos/{}/**", "/users/*/videos/{}/**", "/me/videos/{}/**" }, url = watch_url },
      answer = { type = "comment", id = "uri" }, typed = { "text", "content" } }),
    call("comment", "POST", { "/VIDEO/comments" }, "comment", { object = { type = "comment" },
      parent = { type = "video",
      id = of "/comments", url = watch_url }, answer = { type = "comment", id = "uri" }, typed = { "text" } }),
    call("upload", "POST", "/ME/videos", "upload", { phase = "prepare", audience = privacy, object = { type = "video",
      title = { "name", "upload/filename", "file_name" } }, answer = { type = "video", id = { "/videos/>uri", "uri" },
        url = "{link}", title = "name", upload = { "upload/upload_link", "upload/gcs/#/upload_link",
        "upload_link_secure", "upload/link" } }, typed = { "name", "description", "upload/filename", "file_name",
        "upload/link" } }),
    call("version", "POST", "/VIDEO/versions", "upload", { phase = "prepare", audience = "unknown", object = {
      type = "file", title = "file_name" }, parent = { type = "video", id = of "/versions", url = watch_url },
      answer = { type = "file", id = "uri", upload = { "upload/upload_link", "upload/gcs/#/upload_link" } },
      typed = { "file_name" } }),
    call("captions", "POST", { "/VIDEO/texttracks", "/VIDEO/pictures", "/VIDEO/transcripts", "/ME/pictures" }, "upload",
      { phase = "prepare", audience = "unknown", object = { type = "file", title = "name" }, parent = { type = "video",
        id = { "/videos/{}/**", "/users/*/videos/{}/**", "/me/videos/{}/**" }, url = watch_url },
      answer = { type = "file", id = "uri", upload = "link" }, typed = { "name" } }),
    call("captions-edit", "PATCH", { "/VIDEO/texttracks/*", "/VIDEO/pictures/*" }, "edit", { audience = "unknown",
      object = { type = "file", id = "/4", title = "name" }, typed = { "name" } }),
    call("chapter", { "POST", "PATCH" }, { "/VIDEO/chapters", "/VIDEO/chapters/*" }, "edit", { object = {
      type = "video", id = { "/videos/{}/**", "/users/*/videos/{}/**", "/me/videos/{}/**" }, url = watch_url },
      typed = { "title" } }),
    call("tags", { "PUT", "POST", "DELETE" }, { "/VIDEO/tags", "/VIDEO/tags/*" }, "edit", { object = { type = "video",
      id = { "/videos/{}/**", "/users/*/videos/{}/**", "/me/videos/{}/**" }, url = watch_url }, typed = { "#/name",
        "name", "#/tag" } }),
    call("share", { "PUT", "DELETE" }, { "/VIDEO/privacy/users/*", "/VIDEO/privacy/users", "/VIDEO/privacy/domains/*" },
      "share", { audience = "group", object = { type = "video", id = { "/videos/{}/**", "/users/*/videos/{}/**",
        "/me/videos/{}/**" }, url = watch_url } }),
    call("like", { "PUT", "DELETE" }, "/ME/likes/*", "react", { object = { type = "video", id = mine "/likes/{}" } }),
    call("save", { "PUT", "DELETE" }, { "/ME/watchlater/*", "/ME/albums/*/videos/*", "/ME/projects/*/videos/*",
      "/ME/folders/*/videos/*", "/albums/*/videos/*", "/channels/*/videos/*", "/groups/*/videos/*" }, "save", {
      audience = "private", object = { type = "video", id = { "/me/watchlater/{}", "/users/*/watchlater/{}",
        "/**/videos/{}" }, url = watch_url } }),
    call("follow", { "PUT", "DELETE" }, { "/ME/following/*", "/ME/channels/*", "/ME/categories/*" }, "follow", {
      object = { type = "person", id = { "/me/following/{}", "/users/*/following/{}", "/me/channels/{}",
        "/users/*/channels/{}", "/me/categories/{}" } } }),
    call("join", { "PUT", "DELETE" }, "/ME/groups/*", "join", { object = { type = "community",
      id = mine "/groups/{}" } }),
    call("list", "POST", { "/ME/albums", "/ME/projects", "/ME/folders", "/ME/portfolios", "/channels", "/groups",
      "/ME/ondemand/pages", "/ME/presets" }, "post", { audience = privacy, object = { type = "list",
      title = { "name", "title" } }, answer = { type = "list", id = "uri", url = "{link}" }, typed = about }),
    call("list-edit", "PATCH", { "/ME/albums/*", "/ME/projects/*", "/ME/folders/*", "/albums/*", "/channels/*",
      "/groups/*", "/ondemand/pages/*", "/ME/portfolios/*" }, "edit", { audience = privacy, object = { type = "list",
      id = { "/me/albums/{}", "/users/*/albums/{}", "/me/projects/{}", "/users/*/projects/{}", "/me/folders/{}",
        "/users/*/folders/{}", "/albums/{}", "/channels/{}", "/groups/{}", "/ondemand/pages/{}" },
      title = { "name", "title" } }, typed = about }),
    call("live", { "POST", "PATCH" }, { "/ME/live_events", "/ME/live_events/*", "/live_events", "/live_events/*",
      "/ME/webinars", "/ME/webinars/*" }, "post", { audience = "unknown", object = { type = "event",
      title = { "title", "name" } }, answer = { type = "event", id = "uri", url = "{link}" }, typed = { "title", "name",
      "description", "stream_title", "stream_description", "stream_embed/**/text" } }),
    call("live-chat", "POST", { "/ME/live_events/*/chat", "/live_events/*/chat/messages", "/live_events/*/qna/**",
      "/VIDEO/chat/messages", "/live_events/*/polls/**" }, "message", { audience = "group", object = {
      type = "message" }, typed = { "text", "message", "question", "options/#" } }),
    call("profile", "PATCH", { "/me", "/users/*" }, "edit", { object = { type = "person", id = "/users/{}" },
      typed = { "name", "bio", "short_bio", "location", "websites/#/name", "websites/#/description",
        "websites/#/link", "link" } }),
    call("delete", "DELETE", { "/VIDEO", "/ME/albums/*", "/albums/*", "/ME/projects/*", "/channels/*", "/groups/*",
      "/ME/live_events/*", "/live_events/*" }, "delete", { audience = "unknown", object = { type = "video",
      id = { "/videos/{}", "/me/videos/{}", "/users/*/videos/{}", "/me/albums/{}", "/albums/{}", "/me/projects/{}",
        "/channels/{}", "/groups/{}", "/me/live_events/{}", "/live_events/{}" } } }),
    call("edit", "PATCH", "/VIDEO", "edit", { audience = privacy, object = { type = "video", id = of "",
      title = "name", url = watch_url }, answer = { title = "name" }, typed = about }),
    call("assistant", "POST", { "/VIDEO/ai/**", "/ai/**", "/VIDEO/qa" }, "ai.prompt", { audience = "ai", object = {
      type = "video", id = { "/videos/{}/**" } }, typed = { "question", "query", "prompt", "message", "text" } }),
    { id = "config", match = { method = "GET", path = "/video/*/config" },
      activity = { kind = "view", audience = "private",
        object = { type = "video", id = "/2", url = "https://vimeo.com/{id}" },
        answer = { title = "video/title", author = "video/owner/name", length = "%video/duration" } }, typed = {} },
    { id = "api-video", match = { method = "GET", host = "api.vimeo.com", path = "/videos/*" },
      activity = { kind = "view", audience = "private",
        object = { type = "video", id = "/2", url = "https://vimeo.com/{id}" },
        answer = { title = "name", author = "user/name", length = "%duration" } }, typed = {} },
    { id = "search", match = { method = "GET", path = { "/search", "/search/videos", "/search/people" },
      query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    call("search-api", "GET", { "/search", "/videos", "/channels", "/users", "/groups", "/ME/videos" }, "search", {
      host = "api.vimeo.com", audience = "private", query = { query = true }, object = { type = "search" },
      typed = { "?query" } }),
    call("typing", "GET", { "/search/suggest", "/search/autocomplete", "/search/suggestions" }, "draft", {
      audience = "private", phase = "draft", object = { type = "search" }, typed = { "?q", "?query" } }),
    { id = "embedded", match = { method = "GET", host = "player.vimeo.com", path = "/video/*" },
      activity = { kind = "view", audience = "private", object = { type = "video", id = "/2", url = watch_url,
        title_end = " on Vimeo" } }, typed = {} },
    { id = "page", match = { method = "GET", host = { "vimeo.com", "www.vimeo.com" }, path = { "/1*", "/2*", "/3*",
        "/4*", "/5*", "/6*", "/7*", "/8*", "/9*" } },
      activity = { kind = "view", audience = "private", object = { type = "video", id = "/1", url = watch_url,
        title_end = " on Vimeo" } }, typed = {} },
    { id = "page-in", match = { method = "GET", host = { "vimeo.com", "www.vimeo.com" }, path = { "/channels/*/*",
        "/groups/*/videos/*", "/showcase/*/video/*", "/album/*/video/*", "/manage/videos/*", "/event/*",
        "/ondemand/*/*" } },
      activity = { kind = "view", audience = "private", object = { type = "video", url = watch_url,
        id = { "/groups/*/videos/{}", "/showcase/*/video/{}", "/album/*/video/{}", "/channels/*/{}",
          "/ondemand/*/{}", "/manage/videos/{}", "/event/{}" }, title_end = " on Vimeo" } }, typed = {} },
    { id = "stats", ignore = true, match = { path = { "/add/**", "/player-stats", "/player-events/**",
      "/ablincoln/**" } } },
  },

  tests = {
    { name = "other reports of the player are nothing", method = "POST", host = "fresnel.vimeocdn.com",
      path = "/add/cdn-stats", type = "application/json", body = [=[{"text":"x"}]=], expect = { none = true } },
    { name = "a video begins", method = "POST", host = "fresnel.vimeocdn.com", path = "/add/player-stats",
      query = "beacon=1&session-id=abc", type = "text/plain",
      body = [=[[{"type":"vimeo-vod","event":"video-start-time","video_id":76979871,"time":0}]]=],
      expect = { rule = "start", kind = "watch.start", id = "76979871", url = "https://vimeo.com/76979871" } },
    { name = "a minute was watched", method = "POST", host = "fresnel.vimeocdn.com", path = "/add/player-stats",
      query = "beacon=1", type = json, body = [=[[{"event":"video-minute-watched","video_id":76979871}]]=],
      expect = { rule = "watch", kind = "watch.progress", id = "76979871" } },
    { name = "a video ends", method = "POST", host = "fresnel.vimeocdn.com", path = "/add/player-stats", type = json,
      body = [=[[{"event":"video-ended","video_id":76979871}]]=], expect = { rule = "end", kind = "watch.end" } },
    { name = "a comment", method = "POST", host = "api.vimeo.com", path = "/videos/76979871/comments", type = json,
      body = [[{"text":"well explained"}]],
      expect = { rule = "comment", kind = "comment", parent = "76979871", text = "well explained" } },
    { name = "an upload is announced", method = "POST", host = "api.vimeo.com", path = "/me/videos", type = json,
      body = [[{"name":"Plan","description":"inside","privacy":{"view":"unlisted"},"upload":{"approach":"tus"}}]],
      answer = [[{"uri":"/videos/9","link":"https://vimeo.com/9","upload":{"upload_link":"https://x.example/9"}}]],
      expect = { rule = "upload", kind = "upload", phase = "prepare", audience = "group", id = "9", title = "Plan",
        upload = "https://x.example/9" } },
    { name = "a new description", method = "PATCH", host = "api.vimeo.com", path = "/videos/9", type = json,
      body = [[{"description":"better"}]], expect = { rule = "edit", kind = "edit", id = "9", text = "better" } },
    { name = "a like", method = "PUT", host = "api.vimeo.com", path = "/me/likes/9",
      expect = { rule = "like", kind = "react", id = "9" } },
    { name = "a player opens", host = "player.vimeo.com", path = "/video/76979871/config",
      answer = [[{"video":{"title":"Probes","duration":62,"owner":{"name":"Ana"}}}]],
      expect = { rule = "config", kind = "view", id = "76979871", title = "Probes", author = "Ana", length = 62000 } },
    called("a reply", "POST", "/videos/9/comments/4/replies", [[{"text":"so do I"}]], { rule = "reply", kind = "reply",
      parent = "4", text = "so do I" }),
    called("a comment is changed", "PATCH", "/videos/9/comments/4", [[{"text":"better"}]], { rule = "comment-edit",
      kind = "edit", id = "4", text = "better" }),
    called("a comment goes", "DELETE", "/videos/9/comments/4", nil, { rule = "comment-delete", kind = "delete",
      id = "4" }),
    called("a note for a review", "POST", "/videos/9/versions/2/notes", [[{"text":"cut here","timecode":"00:00:10"}]], {
      rule = "note", kind = "comment", audience = "group", parent = "9", text = "cut here" }),
    called("an upload through a store", "POST", "/users/5/videos", [[{"name":"Plan","upload":{"approach":"gcs"}}]], {
      rule = "upload", id = "9", upload = "https://x.example/g" },
      [[{"uri":"/videos/9","upload":{"gcs":[{"upload_link":"https://x.example/g"}]}}]]),
    called("a new version", "POST", "/videos/9/versions", [[{"file_name":"plan.mp4","upload":{"approach":"tus"}}]], {
      rule = "version", kind = "upload", phase = "prepare", title = "plan.mp4", parent = "9",
      upload = "https://x.example/9" }, [[{"upload":{"upload_link":"https://x.example/9"}}]]),
    called("captions", "POST", "/videos/9/texttracks", [[{"type":"captions","language":"en","name":"plan.vtt"}]], {
      rule = "captions", kind = "upload", title = "plan.vtt", upload = "https://x.example/t" },
      [[{"uri":"/videos/9/texttracks/3","link":"https://x.example/t"}]]),
    called("captions get a name", "PATCH", "/videos/9/texttracks/3", [[{"name":"English"}]], { rule = "captions-edit",
      kind = "edit", id = "3", text = "English" }),
    called("a chapter", "POST", "/videos/9/chapters", [[{"title":"Probes","timecode":61}]], { rule = "chapter",
      kind = "edit", id = "9", text = "Probes" }),
    called("tags", "PUT", "/videos/9/tags", [=[[{"name":"k8s"},{"name":"ops"}]]=], { rule = "tags", id = "9",
      text = "k8s\nops" }),
    called("somebody may see it", "PUT", "/videos/9/privacy/users/5", nil, { rule = "share", kind = "share",
      id = "9" }),
    called("a video for later", "PUT", "/me/watchlater/9", nil, { rule = "save", kind = "save", id = "9" }),
    called("a video into a showcase", "PUT", "/me/albums/4/videos/9", nil, { rule = "save", id = "9" }),
    called("following", "PUT", "/me/following/5", nil, { rule = "follow", kind = "follow", id = "5" }),
    called("joining", "PUT", "/me/groups/7", nil, { rule = "join", kind = "join", id = "7" }),
    called("a showcase", "POST", "/me/albums", [[{"name":"Ops","description":"all"}]], { rule = "list", kind = "post",
      title = "Ops", text = "Ops\nall", id = "/users/5/albums/4", url = "https://vimeo.com/showcase/4" },
      [[{"uri":"/users/5/albums/4","link":"https://vimeo.com/showcase/4"}]]),
    called("a showcase changes", "PATCH", "/users/5/albums/4", [[{"description":"some"}]], { rule = "list-edit",
      kind = "edit", id = "4", text = "some" }),
    called("an event", "POST", "/me/live_events", [[{"title":"Live","stream_description":"us"}]], { rule = "live",
      kind = "post", title = "Live", text = "Live\nus" }),
    called("the chat of an event", "POST", "/live_events/3/chat/messages", [[{"text":"hello all"}]], {
      rule = "live-chat", kind = "message", text = "hello all" }),
    called("a profile", "PATCH", "/me", [[{"name":"Ana","bio":"bridges","websites":[{"description":"mine"}]}]], {
      rule = "profile", kind = "edit", text = "Ana\nbridges\nmine" }),
    called("a video goes", "DELETE", "/videos/9", nil, { rule = "delete", kind = "delete", id = "9" }),
    called("a question about a video", "POST", "/videos/9/ai/ask", [[{"question":"what is said"}]], {
      rule = "assistant", kind = "ai.prompt", id = "9", text = "what is said" }),
    called("a video of a program", "GET", "/videos/9", nil, { rule = "api-video", kind = "view", id = "9",
      title = "Probes", author = "Ana", length = 62000 }, [[{"name":"Probes","duration":62,"user":{"name":"Ana"}}]]),
    { name = "a search of a program", host = "api.vimeo.com", path = "/videos", query = "query=rust&page=1",
      expect = { rule = "search-api", kind = "search", text = "rust" } },
    { name = "what is typed into the search box", host = "vimeo.com", path = "/search/autocomplete", query = "q=ru",
      expect = { rule = "typing", kind = "draft", phase = "draft", text = "ru" } },
    { name = "a video in another page", host = "player.vimeo.com", path = "/video/9", answer_type = "text/html",
      answer = "<title>Probes on Vimeo</title>", expect = { rule = "embedded", kind = "view", id = "9",
        title = "Probes" } },
    { name = "a video's page", host = "vimeo.com", path = "/76979871", expect = { rule = "page", kind = "view",
      id = "76979871", url = "https://vimeo.com/76979871" } },
    { name = "a video in a showcase", host = "vimeo.com", path = "/showcase/4/video/9", expect = { rule = "page-in",
      id = "9" } },
    { name = "a search", host = "vimeo.com", path = "/search", query = "q=rust",
      expect = { rule = "search", kind = "search", text = "rust" } },
    { name = "other beacons are nothing", method = "POST", host = "fresnel.vimeocdn.com", path = "/add/player-stats",
      type = json, body = [=[[{"event":"quality-change","message":"long enough to be text"}]]=],
        expect = { none = true } },
    { name = "signing in is never read", method = "POST", host = "vimeo.com", path = "/log_in",
      type = "application/x-www-form-urlencoded", body = "email=a&password=b", expect = { secret = true } },
  },
}
