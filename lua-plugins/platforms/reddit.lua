-- SPDX-License-Identifier: Apache-2.0
-- Reddit: the API and the old site (forms below /api), the new site (shreddit: GraphQL and forms), its chat (Matrix).

local refused = { status = 200, type = "application/json",
  body = [=[{"json":{"errors":[["STOA_REFUSED","{message}","text"]],"data":{"id":"{id}"}}}]=] }
local graphql = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"message":"{message}","extensions":{"code":"FORBIDDEN","id":"{id}"}}]}]] }
local matrix = { status = 403, type = "application/json",
  body = [[{"errcode":"M_FORBIDDEN","error":"{message}","stoa":"{id}"}]] }
local thing = { "thing_id", "id", "fullname", "?thing_id", "?id", "parent", "link", "links" }
local subreddit = { type = "community", id = { "sr", "subreddit", "?sr", "/r/{}/**" } }
local body = { "text", "markdown", "body", "richtext_json/**/t", "richtext_json/**/u" }
local made = { type = "comment", id = { "json/data/things/#/data/name", "json/data/things/#/data/id", "name" },
  author = { "json/data/things/#/data/author", "author" },
  url = "https://www.reddit.com{json/data/things/#/data/permalink}" }
local rich = { "variables/**/markdown", "variables/**/text", "variables/**/title", "variables/**/body",
  "variables/**/richText/**/t", "variables/**/richText/**/u", "variables/**/url", "variables/**/t",
  "variables/**/caption" }

local function api(name)
  return { "/api/" .. name, "/api/" .. name .. ".json", "/r/*/api/" .. name }
end

-- One call on a thing, or several calls of one kind.
local function write(id, names, kind, typed, object)
  local paths = {}
  for _, name in ipairs(type(names) == "table" and names or { names }) do
    for _, path in ipairs(api(name)) do
      paths[#paths + 1] = path
    end
  end
  return { id = id, match = { method = { "POST", "PUT", "PATCH" }, path = paths },
    activity = { kind = kind, audience = "public", group = subreddit, object = object }, typed = typed, deny = refused }
end

local function look(id, paths, object, answer)
  return { id = id, match = { method = "GET", path = paths },
    activity = { kind = "view", audience = "public", object = object, answer = answer }, typed = {} }
end

-- An operation of the new site; gql.reddit.com names it in another field.
local function gql(id, operations, kind, typed, more)
  local what = more or {}
  local object = { type = kind == "post" and "post" or "comment", title = "variables/**/title" }
  local about = { "variables/**/commentId", "variables/**/postId", "variables/**/id", "variables/**/subredditId",
    "variables/**/subredditName" }
  local makes = kind == "post" or kind == "comment" or kind == "reply"
  if kind ~= "comment" and kind ~= "reply" and kind ~= "post" then
    object.id = about
  end
  return { id = id, match = { method = "POST", path = { "/svc/shreddit/graphql", "/" }, type = "json",
      body = { eq = { [what.name or "operation"] = operations }, has = what.has } },
    activity = { kind = kind, audience = "public", object = object,
      parent = makes and { type = kind == "reply" and "comment" or "post",
        id = { "variables/**/parentId", "variables/**/commentId", "variables/**/postId" } } or nil,
      group = kind == "post" and { type = "community", id = { "variables/**/subredditName",
        "variables/**/subredditId" } } or nil,
      answer = makes and { type = kind == "post" and "post" or "comment",
        id = { "data/*/content/id", "data/*/comment/id", "data/*/post/id", "data/*/id" },
        url = { "https://www.reddit.com{data/*/content/permalink}", "https://www.reddit.com{data/*/post/permalink}" } }
        or nil },
    typed = typed, deny = graphql }
end

local form = "application/x-www-form-urlencoded"
local page = { type = "post" }
page.id = { "/duplicates/{}/**", "/duplicates/{}", "/comments/{}/**", "/r/*/comments/{}/**", "/user/*/comments/{}/**",
  "/comments/{}", "/r/*/comments/{}",
  "/user/*/comments/{}" }
page.url = "https://www.reddit.com/comments/{id}"
page.title_end = " : r/*"
local made_page = { title = "#/data/children/#/data/title", author = "#/data/children/#/data/author" }
local community = { type = "community", id = "/2", title = "/2", url = "https://www.reddit.com/r/{id}" }

local tests = {
  { name = "a post", method = "POST", host = "oauth.reddit.com", path = "/api/submit/", query = "raw_json=1",
    type = form, body = "api_type=json&kind=self&sr=redditdev&title=Probes&text=How+do+they+work%3F",
    answer = [[{"json":{"errors":[],"data":{"url":"https://www.reddit.com/r/redditdev/comments/ab1/probes/",]]
      .. [["id":"ab1","name":"t3_ab1"}}}]],
    expect = { rule = "submit", kind = "post", phase = "confirm", audience = "public", id = "t3_ab1",
      title = "Probes",
      group = "redditdev", text = "Probes\nHow do they work?",
      url = "https://www.reddit.com/r/redditdev/comments/ab1/probes/" } },
  { name = "a post in rich text", method = "POST", host = "www.reddit.com", path = "/api/submit", type = form,
    body = "sr=a&title=T&richtext_json=%7B%22document%22%3A%5B%7B%22e%22%3A%22par%22%2C%22c%22%3A%5B%7B%22e%22%3A"
      .. "%22text%22%2C%22t%22%3A%22as+a+tree%22%7D%5D%7D%5D%7D&uh=abc",
    expect = { rule = "submit", text = "T\nas a tree", typed = { "title", "richtext_json/document/#/c/#/t" },
      hidden = { "uh" } } },
  { name = "a comment", method = "POST", host = "oauth.reddit.com", path = "/api/comment/", type = form,
    body = "api_type=json&thing_id=t3_ab1&text=Thanks",
    answer = [[{"json":{"errors":[],"data":{"things":[{"kind":"t1","data":{"name":"t1_c9","author":"ana",]]
      .. [["permalink":"/r/a/comments/ab1/p/c9/"}}]}}}]],
    expect = { rule = "comment", kind = "comment", id = "t1_c9", parent = "t3_ab1", author = "ana", text = "Thanks",
      url = "https://www.reddit.com/r/a/comments/ab1/p/c9/" } },
  { name = "a comment before its answer", method = "POST", host = "oauth.reddit.com", path = "/api/comment",
    type = form, body = "thing_id=t3_ab1&text=Thanks",
    expect = { rule = "comment", phase = "commit", id = "t3_ab1", url = "https://www.reddit.com/comments/ab1" } },
  { name = "an answer to a comment", method = "POST", host = "oauth.reddit.com", path = "/api/comment/", type = form,
    body = "thing_id=t1_c9&text=So+do+I", expect = { rule = "reply", kind = "reply", parent = "t1_c9" } },
  { name = "an answer to a message", method = "POST", host = "oauth.reddit.com", path = "/api/comment/", type = form,
    body = "thing_id=t4_m1&text=Hello", expect = { rule = "message-reply", kind = "message", audience = "direct" } },
  { name = "an edit", method = "POST", host = "oauth.reddit.com", path = "/api/editusertext/", type = form,
    body = "thing_id=t1_c9&text=Better", expect = { rule = "edit", kind = "edit", id = "t1_c9", text = "Better" } },
  { name = "deleting", method = "POST", host = "oauth.reddit.com", path = "/api/del/", type = form, body = "id=t1_c9",
    expect = { rule = "delete", kind = "delete", id = "t1_c9" } },
  { name = "a vote", method = "POST", host = "oauth.reddit.com", path = "/api/vote/", type = form,
    body = "id=t3_ab1&dir=1", expect = { rule = "vote", kind = "react", id = "t3_ab1" } },
  { name = "saving", method = "POST", host = "oauth.reddit.com", path = "/api/save/", type = form, body = "id=t3_ab1",
    expect = { rule = "save", kind = "save", id = "t3_ab1" } },
  { name = "joining", method = "POST", host = "oauth.reddit.com", path = "/api/subscribe/", type = form,
    body = "action=sub&sr_name=rust", expect = { rule = "subscribe", kind = "join", id = "rust" } },
  { name = "following a person", method = "PUT", host = "oauth.reddit.com", path = "/api/v1/me/friends/ana",
    type = "application/json", body = [[{"note":"a colleague"}]],
    expect = { rule = "friend", kind = "follow", id = "ana", text = "a colleague" } },
  { name = "a message", method = "POST", host = "oauth.reddit.com", path = "/api/compose/", type = form,
    body = "to=ana&subject=Lunch&text=At+noon%3F",
    expect = { rule = "compose", kind = "message", audience = "direct", title = "Lunch", text = "Lunch\nAt noon?" } },
  { name = "a wiki page", method = "POST", host = "oauth.reddit.com", path = "/r/rust/api/wiki/edit/", type = form,
    body = "page=index&content=All+of+it", expect = { rule = "wiki", kind = "edit", id = "index",
      text = "All of it" } },
  { name = "text on its way to rich text", method = "POST", host = "oauth.reddit.com",
    path = "/api/convert_rte_body_format", type = form, body = "markdown_text=not+sent+yet&output_mode=rtjson",
    expect = { rule = "rich-text", kind = "draft", phase = "draft", text = "not sent yet" } },
  { name = "an upload is announced", method = "POST", host = "oauth.reddit.com", path = "/api/media/asset.json",
    type = form, body = "filepath=plan.png&mimetype=image%2Fpng",
    answer = [[{"args":{"action":"//x.example"},"asset":{"asset_id":"a7"}}]],
    expect = { rule = "upload", kind = "upload", phase = "prepare", id = "a7", title = "plan.png",
      upload = "//x.example" } },
  { name = "a gallery", method = "POST", host = "oauth.reddit.com", path = "/api/submit_gallery_post.json",
    type = "application/json", body = [[{"sr":"pics","title":"Two","items":[{"caption":"one","media_id":"m"}]}]],
    expect = { rule = "gallery", kind = "post", title = "Two", text = "Two\none" } },
  { name = "a poll", method = "POST", host = "oauth.reddit.com", path = "/api/submit_poll_post",
    type = "application/json", body = [[{"sr":"a","title":"Which?","text":"","options":["this","that"]}]],
    expect = { rule = "poll", kind = "post", title = "Which?", text = "Which?\nthis\nthat" } },
  { name = "a post passed on", method = "POST", host = "oauth.reddit.com", path = "/api/submit", type = form,
    body = "kind=crosspost&crosspost_fullname=t3_ab1&sr=rust&title=Seen+there",
    answer = [[{"json":{"errors":[],"data":{"id":"ab2","name":"t3_ab2"}}}]],
    expect = { rule = "crosspost", kind = "share", id = "t3_ab2", parent = "t3_ab1", title = "Seen there",
      group = "rust" } },
  { name = "a report", method = "POST", host = "oauth.reddit.com", path = "/api/report", type = form,
    body = "id=t3_ab1&reason=not+ours", expect = { rule = "report", kind = "message", id = "t3_ab1",
      text = "not ours" } },
  { name = "a list of posts", method = "POST", host = "oauth.reddit.com",
    path = "/api/v1/collections/create_collection", type = form, body = "title=Start+here&description=for+new+people",
    answer = [[{"json":{"errors":[],"data":{"collection_id":"c7"}}}]],
    expect = { rule = "collection", kind = "post", id = "c7", text = "Start here\nfor new people" } },
  { name = "a look for a name", method = "POST", host = "oauth.reddit.com", path = "/api/search_reddit_names",
    type = form, body = "query=kubernetes", expect = { rule = "names", kind = "search", text = "kubernetes" } },
  { name = "an answer on the new site", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/graphql",
    type = "application/json", body = [[{"operation":"CreateComment","variables":{"input":{"parentId":"t1_c9",]]
      .. [["postId":"t3_ab1","content":{"richText":]]
      .. [["{\"document\":[{\"e\":\"par\",\"c\":[{\"t\":\"so do I\"}]}]}"}}}}]],
    answer = [[{"data":{"createComment":{"content":{"id":"t1_d1","permalink":"/r/a/comments/ab1/p/d1/"}}}}]],
    expect = { rule = "new-reply", kind = "reply", id = "t1_d1", parent = "t1_c9", text = "so do I",
      url = "https://www.reddit.com/r/a/comments/ab1/p/d1/" } },
  { name = "a vote on the new site", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/graphql",
    type = "application/json",
    body = [[{"operation":"UpdatePostVoteState","variables":{"input":{"postId":"t3_ab1","voteState":"UP"}}}]],
    expect = { rule = "new-vote", kind = "react", id = "t3_ab1" } },
  { name = "a thing by its name", host = "oauth.reddit.com", path = "/api/info", query = "id=t3_ab1",
    answer = [[{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"title":"Probes","author":"ana",]]
      .. [["permalink":"/r/a/comments/ab1/p/"}}]}}]],
    expect = { rule = "info", kind = "view", id = "t3_ab1", title = "Probes", author = "ana" } },
  { name = "the page of a thread", host = "www.reddit.com", path = "/r/rust/comments/ab1/probes/",
    answer_type = "text/html", answer = "<title>Probes : r/rust</title>",
    expect = { rule = "view", id = "ab1", title = "Probes" } },
  { name = "a person", host = "oauth.reddit.com", path = "/user/ana/about", answer = [[{"data":{"name":"ana"}}]],
    expect = { rule = "person", kind = "view", id = "ana", title = "ana" } },
  { name = "a comment on the new site", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/graphql",
    type = "application/json", body = [[{"operation":"CreateComment","variables":{"input":{"postId":"t3_ab1",]]
      .. [["content":{"markdown":"on the new site"}}},"csrf_token":"x"}]],
    expect = { rule = "new-comment", kind = "comment", id = "t3_ab1", text = "on the new site",
      hidden = { "csrf_token" } } },
  { name = "a post on the new site", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/graphql",
    type = "application/json",
    body = [[{"operation":"CreatePost","variables":{"input":{"title":"T","content":{"markdown":"B"}}}}]],
    expect = { rule = "new-post", kind = "post", title = "T", text = "T\nB" } },
  { name = "a comment by form", method = "POST", host = "www.reddit.com",
    path = "/svc/shreddit/t3_ab1/create-comment",
    type = form, body = "content=by+form&csrf_token=x",
    expect = { rule = "new-form-comment", kind = "comment", parent = "t3_ab1", text = "by form" } },
  { name = "a chat message", method = "PUT", host = "matrix.redditspace.com",
    path = "/_matrix/client/v3/rooms/%21r1%3Areddit.com/send/m.room.message/m1", type = "application/json",
    body = [[{"msgtype":"m.text","body":"between us"}]],
    expect = { rule = "chat", kind = "message", group = "!r1:reddit.com", text = "between us" } },
  { name = "typing in the chat is nothing", method = "PUT", host = "matrix.redditspace.com",
    path = "/_matrix/client/v3/rooms/%21r1/typing/u", type = "application/json", body = [[{"typing":true}]],
    expect = { none = true } },
  { name = "a search", host = "www.reddit.com", path = "/r/rust/search", query = "q=probes&sort=new",
    expect = { rule = "search", kind = "search", text = "probes" } },
  { name = "reading a thread", host = "oauth.reddit.com", path = "/comments/ab1/", query = "limit=2048",
    answer = [=[[{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"title":"Probes","author":"ana"}}]}}]]=],
    expect = { rule = "view", kind = "view", id = "ab1", title = "Probes", author = "ana",
      url = "https://www.reddit.com/comments/ab1" } },
  { name = "reading a thread of a community", host = "www.reddit.com", path = "/r/rust/comments/ab1/probes/",
    expect = { rule = "view", id = "ab1" } },
  { name = "opening a community", host = "www.reddit.com", path = "/r/rust/",
    expect = { rule = "community", kind = "view", id = "rust" } },
  { name = "telemetry is nothing", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/events",
    type = "application/json", body = [[{"info":[{"text":"long enough to be text"}]}]], expect = { none = true } },
  { name = "tokens are never read", method = "POST", host = "www.reddit.com", path = "/api/v1/access_token",
    type = form, body = "grant_type=password&username=a&password=b", expect = { secret = true } },
  { name = "the chat's login", method = "POST", host = "matrix.redditspace.com", path = "/_matrix/client/v3/login",
    type = "application/json", body = [[{"token":"x"}]], expect = { secret = true } },
}

-- Calls of the API that need no more words: rule, method, path, body, kind, id, text ("~" between fields).
local brief = [[
picture-delete|POST /r/a/api/delete_sr_img|img_name=x|delete|x|
flair-delete|POST /r/a/api/deleteflair|name=bo|delete|bo|
membership|POST /api/leavecontributor|id=t5_a|join|t5_a|
follow-post|POST /api/follow_post|fullname=t3_a&follow=true|follow|t3_a|
follow-collection|POST /api/v1/collections/follow_collection|collection_id=c1|follow|c1|
moderate|POST /api/lock/|id=t3_a|edit|t3_a|
seen|POST /api/read_message/|id=t4_m|view|t4_m|
more-comments|POST /api/morechildren/|link_id=t3_a&children=x|view|t3_a|
flair-seen|POST /r/a/api/flairselector/|link=t3_a|view|t3_a|
flair|POST /r/a/api/selectflair/|link=t3_a&text=My+flair|edit|t3_a|My flair
relation|POST /r/a/api/friend/|name=bo&type=banned&note=was+warned&ban_message=no+spam|edit|bo|was warned~no spam
block|POST /api/block_user/|account_id=t2_b|edit|t2_b|
community-new|POST /api/site_admin/|name=probes&title=Probes&public_description=all|post|probes|Probes~all
community-settings|POST /api/site_admin/|sr=t5_a&title=Probes&description=all|edit|t5_a|Probes~all
stylesheet|POST /r/a/api/subreddit_stylesheet/|stylesheet_contents=a%7B%7D&reason=new|edit||a{}~new
collection-edit|POST /api/v1/collections/update_collection_title|collection_id=c1&title=T|edit|c1|T
unfriend|DELETE /api/v1/me/friends/bo||follow|bo|
multi-copy|POST /api/multi/copy/|from=/user/a/m/x&to=/user/b/m/y&display_name=Y|post|/user/b/m/y|Y
multi-part|PUT /api/multi/user/a/m/x/r/k8s|model=%7B%7D|edit|x|
multi|PUT /api/multi/user/a/m/x/|display_name=X&description_md=all|post|x|X~all
multi-delete|DELETE /api/multi/user/a/m/x/||delete|x|
gild|POST /api/v1/gold/gild/t3_a/||react|t3_a|
settings|PATCH /api/v1/structured_styles/a|x=1|edit|a|
part-delete|DELETE /api/v1/a/emoji/smile||delete|smile|
emoji|POST /api/v1/a/emoji.json|name=smile&s3_key=k|upload|smile|smile
rule|POST /api/add_subreddit_rule|r=a&short_name=Be+kind&description=all&violation_reason=rude|post||Be kind~all~rude
rule-edit|POST /api/update_subreddit_rule|old_short_name=Old&short_name=New&description=all|edit|Old|New~all
rule-delete|POST /api/remove_subreddit_rule|short_name=Old|delete|Old|
widget|POST /r/a/api/widget|json=%7B%22shortName%22%3A%22W%22%2C%22text%22%3A%22all%22%7D|edit||W~all
mod-note|POST /api/mod/notes|user=bo&subreddit=a&note=was+warned|post|bo|was warned
removal-reason|POST /api/v1/t5_a/removal_reasons|title=T&message=off+topic|post||T~off topic
removal-message|POST /api/v1/modactions/removal_link_message|item_id=t3_a&message=m|message|t3_a|m
modmail|POST /api/mod/conversations/|srName=a&subject=S&body=hello|message||S~hello
modmail-reply|POST /api/mod/conversations/cv1|body=hello|message|cv1|hello
modmail-seen|POST /api/mod/conversations/read|conversationIds=cv1|view|cv1|
modmail-state|POST /api/mod/conversations/cv1/archive||edit|cv1|
modmail-view|GET /api/mod/conversations/cv1||view|cv1|
live-new|POST /api/live/create|title=T&description=d&resources=r|post||T~d~r
live-edit|POST /api/live/1x/edit|title=T&description=d|edit|1x|T~d
live|POST /api/live/1x/update|body=news|post|1x|news
live-delete|POST /api/live/1x/delete_update|id=LiveUpdate_u|delete|LiveUpdate_u|
live-join|POST /api/live/1x/leave_contributor||join|1x|
live-state|POST /api/live/1x/close_thread||edit|1x|
live-report|POST /api/live/1x/report|type=spam&details=names+a+customer|message|1x|names a customer
wiki-state|POST /r/a/api/wiki/hide|page=index&revision=r|edit|index|
draft|POST /api/v1/draft|title=T&body=half&kind=markdown|draft||T~half
draft-delete|DELETE /api/v1/draft?draft_id=d1||delete|d1|
search-names|GET /api/search_reddit_names/?query=probes||search||probes
multi-view|GET /api/multi/user/a/m/x/||view|x|
collection-view|GET /api/v1/collections/collection?collection_id=c1||view|c1|
wiki-history|GET /r/a/wiki/revisions/index||view|index|
wiki-page|GET /r/a/wiki/index||view|index|
message-view|GET /message/messages/m1/||view|m1|
new-edit|POST /svc/shreddit/graphql|{"operation":"EditComment","variables":{"id":"t1_c","text":"m"}}|edit|t1_c|m
new-draft|POST /svc/shreddit/graphql|{"operation":"SaveDraft","variables":{"title":"T"}}|draft||T
app-comment|POST /|{"operationName":"CreateComment","variables":{"postId":"t3_a","markdown":"m"}}|comment|t3_a|m
app-post|POST /|{"operationName":"CreatePost","variables":{"title":"T","body":"m"}}|post||T~m
app-edit|POST /|{"operationName":"UpdateComment","variables":{"commentId":"t1_c","text":"m"}}|edit|t1_c|m
live-view|GET /live/1x/about||view|1x|
]]
for row in brief:gmatch "[^\n]+" do
  local rule, method, path, sent, kind, id, text = row:match "^(.-)|(%u+) (.-)|(.-)|(.-)|(.-)|(.*)$"
  local query = path:match "?(.*)$"
  tests[#tests + 1] = { name = rule .. " in brief", method = method, host = "oauth.reddit.com", query = query,
    path = path:gsub("%?.*", ""), body = sent ~= "" and sent or nil,
    type = sent:sub(1, 1) == "{" and "application/json" or sent ~= "" and form or nil,
    expect = { rule = rule, kind = kind, id = id, text = text:gsub("~", "\n") } }
end

return {
  api = 1,
  id = "reddit",
  version = "1.1.0",
  title = "Reddit",
  hosts = { "reddit.com", "www.reddit.com", "old.reddit.com", "new.reddit.com", "sh.reddit.com", "np.reddit.com",
    "m.reddit.com", "oauth.reddit.com", "gql.reddit.com", "gql-fed.reddit.com", "gateway.reddit.com",
    "matrix.redditspace.com", "chat.reddit.com" },

  secret = {
    { path = { "/api/v1/access_token", "/api/v1/revoke_token", "/api/v1/authorize", "/svc/shreddit/account/**",
      "/login/**", "/login", "/api/login", "/api/login/*", "/api/register", "/api/register/*", "/register",
      "/password", "/api/password", "/api/update_password", "/api/v1/login", "/_matrix/client/*/login",
      "/_matrix/client/*/login/**", "/account/**" } },
  },
  redact_always = { "csrf_token", "uh", "modhash", "?csrf_token", "access_token" },

  rules = {
    { id = "gallery", match = { method = "POST", path = api("submit_gallery_post") },
      activity = { kind = "post", audience = "public", group = subreddit, object = { type = "post", title = "title" },
        answer = { type = "post", id = { "json/data/id", "json/data/name" }, url = "{json/data/url}" } },
      typed = { "title", "text", "items/#/caption", "items/#/outbound_url" }, deny = refused },
    { id = "poll", match = { method = "POST", path = api("submit_poll_post") },
      activity = { kind = "post", audience = "public", group = subreddit, object = { type = "post", title = "title" },
        answer = { type = "post", id = { "json/data/name", "json/data/id" }, url = "{json/data/url}" } },
      typed = { "title", "text", "raw_rtjson/**/t", "options/#" }, deny = refused },
    { id = "crosspost", match = { method = "POST", path = api("submit"), body = { eq = { kind = "crosspost" } } },
      activity = { kind = "share", audience = "public", group = subreddit, object = { type = "post", title = "title" },
        parent = { type = "post", id = "crosspost_fullname" },
        answer = { type = "post", id = { "json/data/name", "json/data/id" }, url = "{json/data/url}" } },
      typed = { "title", "text", "flair_text" }, deny = refused },
    { id = "submit", match = { method = "POST", path = api("submit") },
      activity = { kind = "post", audience = "public", group = subreddit, object = { type = "post", title = "title" },
        answer = { type = "post", id = { "json/data/name", "json/data/id" }, url = "{json/data/url}" } },
      typed = { "title", "text", "richtext_json/**/t", "richtext_json/**/u", "url", "flair_text" }, deny = refused },
    { id = "message-reply", match = { method = "POST", path = api("comment"), body = { eq = { thing_id = "t4_*" } } },
      activity = { kind = "message", audience = "direct", object = { type = "message" },
        parent = { type = "message", id = "thing_id" }, answer = { type = "message", id = made.id } },
      typed = body, deny = refused },
    { id = "reply", match = { method = "POST", path = api("comment"), body = { eq = { thing_id = "t1_*" } } },
      activity = { kind = "reply", audience = "public", object = { type = "comment" },
        parent = { type = "comment", id = "thing_id" }, answer = made }, typed = body, deny = refused },
    { id = "comment", match = { method = "POST", path = api("comment") },
      activity = { kind = "comment", audience = "public", object = { type = "comment" },
        parent = { type = "post", id = thing, url = "https://www.reddit.com/comments/{t3_>thing_id}" }, answer = made },
      typed = body, deny = refused },
    { id = "edit", match = { method = "POST", path = api("editusertext") },
      activity = { kind = "edit", audience = "public", object = { type = "post", id = thing },
        answer = { author = "json/data/things/#/data/author", title = "json/data/things/#/data/title" } },
      typed = body, deny = refused },
    write("delete", { "del", "remove", "del_msg", "v1/collections/delete_collection" },
      "delete", {}, { type = "post", id = { "thing_id", "id", "?id", "collection_id" } }),
    write("picture-delete", { "delete_sr_header", "delete_sr_banner", "delete_sr_icon", "delete_sr_img" }, "delete", {},
      { type = "file", id = "img_name" }),
    write("flair-delete", { "deleteflair", "deleteflairtemplate", "clearflairtemplates" }, "delete", {},
      { type = "person", id = { "name", "flair_template_id" } }),
    write("membership", { "accept_moderator_invite", "leavecontributor", "leavemoderator", "quarantine_optin",
      "quarantine_optout" }, "join", {}, { type = "community", id = { "sr_name", "sr", "id", "/r/{}/**" } }),
    write("picture", { "upload_sr_img" }, "upload", { "file", "name" }, { type = "file", title = { "name", "~file" } }),
    write("vote", { "vote", "award" }, "react", {}, { type = "post", id = thing }),
    write("save", { "save", "unsave", "hide", "unhide" }, "save", {}, { type = "post", id = thing }),
    write("follow-post", "follow_post", "follow", {}, { type = "post", id = "fullname" }),
    write("follow-collection", { "v1/collections/follow_collection" }, "follow", {},
      { type = "list", id = "collection_id" }),
    write("moderate", { "approve", "lock", "unlock", "marknsfw", "unmarknsfw", "spoiler", "unspoiler", "sendreplies",
      "distinguish", "set_subreddit_sticky", "set_contest_mode", "set_suggested_sort", "ignore_reports",
      "unignore_reports", "show_comment", "snooze_reports", "unsnooze_reports", "set_original_content",
      "collapse_message", "uncollapse_message" }, "edit", {}, { type = "post", id = thing }),
    write("report", { "report", "report_user" }, "message", { "reason", "other_reason", "site_reason", "custom_text",
      "details", "usernames" }, { type = "post", id = { "thing_id", "id", "user" } }),
    write("seen", { "read_message", "unread_message", "store_visits" }, "view", {}, { type = "post", id = thing }),
    write("more-comments", "morechildren", "view", {}, { type = "post", id = "link_id" }),
    write("flair-seen", "flairselector", "view", {}, { type = "post", id = { "link", "name" } }),
    write("flair", { "selectflair", "flair", "flairtemplate", "flairtemplate_v2", "flairconfig", "flaircsv" }, "edit",
      { "text", "flair_text", "flair_csv", "css_class" }, { type = "post", id = { "link", "name" } }),
    write("relation", { "friend", "unfriend", "setpermissions" }, "edit", { "note", "ban_message", "ban_reason",
      "mod_note" }, { type = "person", id = { "name", "id" } }),
    write("block", { "block", "block_user", "mute_message_author", "unmute_message_author" }, "edit", {},
      { type = "person", id = { "account_id", "name", "id" } }),
    { id = "community-new", match = { method = "POST", path = api("site_admin"), body = { lacks = { "sr" } } },
      activity = { kind = "post", audience = "public", object = { type = "community", id = "name", title = "title" } },
      typed = { "title", "public_description", "description", "submit_text" }, deny = refused },
    write("community-settings", "site_admin", "edit", { "title", "public_description", "description", "submit_text",
      "header-title", "submit_link_label", "submit_text_label", "welcome_message_text" }, { type = "community",
      id = { "sr", "name" }, title = "title" }),
    write("stylesheet", "subreddit_stylesheet", "edit", { "stylesheet_contents", "reason" }, { type = "community" }),
    { id = "collection", match = { method = "POST", path = api("v1/collections/create_collection") },
      activity = { kind = "post", audience = "public", object = { type = "list", title = "title" },
        group = { type = "community", id = "sr_fullname" },
        answer = { type = "list", id = "json/data/collection_id" } },
      typed = { "title", "description" }, deny = refused },
    write("collection-edit", { "v1/collections/update_collection_title",
      "v1/collections/update_collection_description", "v1/collections/add_post_to_collection",
      "v1/collections/remove_post_in_collection", "v1/collections/reorder_collection" }, "edit",
      { "title", "description" }, { type = "list", id = "collection_id", title = "title" }),
    { id = "names", match = { method = "POST", path = api("search_reddit_names"), body = { has = { "query" } } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "query" },
      deny = refused },
    { id = "subscribe", match = { method = "POST", path = api("subscribe") },
      activity = { kind = "join", audience = "private", object = { type = "community", id = { "sr_name", "sr" } } },
      typed = {}, deny = refused },
    { id = "friend", match = { method = "PUT", path = "/api/v1/me/friends/*" },
      activity = { kind = "follow", audience = "private",
        object = { type = "person", id = "/api/v1/me/friends/{}" } }, typed = { "note" }, deny = refused },
    { id = "unfriend", match = { method = "DELETE", path = "/api/v1/me/friends/*" },
      activity = { kind = "follow", audience = "private",
        object = { type = "person", id = "/api/v1/me/friends/{}" } }, typed = {}, deny = refused },
    write("multi-copy", { "multi/copy", "multi/rename" }, "post", { "display_name", "description_md" }, { type = "list",
      id = { "to", "?to", "display_name" }, title = "display_name" }),
    { id = "multi-part", match = { method = { "PUT", "DELETE" }, path = { "/api/multi/user/*/m/*/r/*",
        "/api/filter/user/*/f/*/r/*" } },
      activity = { kind = "edit", audience = "private", object = { type = "list", id = "/6" } }, typed = {},
      deny = refused },
    { id = "multi", match = { method = { "POST", "PUT" }, path = { "/api/multi/user/*/m/*", "/api/multi/**" } },
      activity = { kind = "post", audience = "private", object = { type = "list", title = { "model/display_name",
        "display_name" }, id = { "/api/multi/user/*/m/{}", "/api/multi/{}" } },
        answer = { title = "data/display_name" } },
      typed = { "model/display_name", "model/description_md", "display_name", "description_md" }, deny = refused },
    { id = "multi-delete", match = { method = "DELETE", path = "/api/multi/**" },
      activity = { kind = "delete", audience = "private", object = { type = "list",
        id = { "/api/multi/user/*/m/{}", "/api/multi/{}" } } }, typed = {}, deny = refused },
    { id = "gild", match = { method = "POST", path = { "/api/v1/gold/gild/*", "/api/v1/gold/give/*" } },
      activity = { kind = "react", audience = "public", object = { type = "post", id = "/5" } }, typed = {},
      deny = refused },
    { id = "settings", match = { method = { "PATCH", "PUT", "POST" }, path = { "/api/v1/me/prefs",
        "/api/v1/structured_styles/*", "/r/*/api/widget_order/*" } },
      activity = { kind = "edit", audience = "unknown", group = subreddit, object = { type = "community",
        id = { "/api/v1/structured_styles/{}", "/r/{}/**" } } }, typed = { "**/description", "**/text" },
      deny = refused },
    { id = "part-delete", match = { method = "DELETE", path = { "/api/v1/*/emoji/*", "/r/*/api/widget/*",
        "/api/v1/*/removal_reasons/*", "/api/mod/notes" } },
      activity = { kind = "delete", audience = "public", group = { type = "community", id = { "/r/{}/**", "?subreddit",
        "/api/v1/{}/**" } }, object = { type = "file", id = { "?note_id", "/5" } } }, typed = {}, deny = refused },
    { id = "emoji", match = { method = "POST", path = "/api/v1/*/emoji.json" },
      activity = { kind = "upload", audience = "public", object = { type = "file", id = "name", title = "name" } },
      typed = { "name" }, deny = refused },
    { id = "rule", match = { method = "POST", path = api("add_subreddit_rule") },
      activity = { kind = "post", audience = "public", object = { type = "article", title = "short_name" } },
      typed = { "short_name", "description", "violation_reason" }, deny = refused },
    { id = "rule-edit", match = { method = "POST", path = api("update_subreddit_rule") },
      activity = { kind = "edit", audience = "public", object = { type = "article", id = "old_short_name",
        title = "short_name" } },
      typed = { "short_name", "description", "violation_reason" }, deny = refused },
    { id = "rule-delete", match = { method = "POST", path = api("remove_subreddit_rule") },
      activity = { kind = "delete", audience = "public", object = { type = "article", id = "short_name" } },
      typed = {}, deny = refused },
    { id = "widget", match = { method = { "POST", "PUT" }, path = { "/r/*/api/widget", "/r/*/api/widget/*" } },
      activity = { kind = "edit", audience = "public", group = { type = "community", id = "/2" },
        object = { type = "article", id = { "/r/*/api/widget/{}" }, title = "json/shortName" },
        answer = { id = "id" } },
      typed = { "json/shortName", "json/text", "json/**/text", "json/**/label", "json/description" },
      deny = refused },
    { id = "mod-note", match = { method = "POST", path = "/api/mod/notes" },
      activity = { kind = "post", audience = "group", object = { type = "person", id = "user" },
        group = { type = "community", id = "subreddit" }, answer = { type = "message", id = "created/id" } },
      typed = { "note" }, deny = refused },
    { id = "removal-reason", match = { method = { "POST", "PUT" }, path = { "/api/v1/*/removal_reasons",
        "/api/v1/*/removal_reasons/*" } },
      activity = { kind = "post", audience = "group", group = { type = "community", id = "/3" },
        object = { type = "article", id = "/api/v1/*/removal_reasons/{}", title = "title" },
        answer = { type = "article", id = "id" } }, typed = { "title", "message" }, deny = refused },
    { id = "removal-message", match = { method = "POST", path = { "/api/v1/modactions/removal_comment_message",
        "/api/v1/modactions/removal_link_message" } },
      activity = { kind = "message", audience = "group", object = { type = "message", title = { "json/title",
        "title" } }, parent = { type = "post", id = { "json/item_id/#", "item_id/#", "item_id" } },
        answer = { type = "message", id = { "id", "name" } } },
      typed = { "json/message", "json/title", "message", "title" }, deny = refused },
    { id = "compose", match = { method = "POST", path = api("compose") },
      activity = { kind = "message", audience = "direct", group = { type = "person", id = "to" },
        object = { type = "message", title = "subject" } }, typed = { "subject", "text" }, deny = refused },
    { id = "modmail", match = { method = "POST", path = "/api/mod/conversations" },
      activity = { kind = "message", audience = "group", group = { type = "community", id = "srName" },
        object = { type = "conversation", title = "subject" },
        answer = { type = "conversation", id = "conversation/id" } }, typed = { "subject", "body" }, deny = refused },
    { id = "modmail-seen", match = { method = "POST", path = { "/api/mod/conversations/read",
        "/api/mod/conversations/unread", "/api/mod/conversations/bulk/read" } },
      activity = { kind = "view", audience = "group", object = { type = "conversation", id = "conversationIds" } },
      typed = {} },
    { id = "modmail-state", match = { method = { "POST", "DELETE" }, path = { "/api/mod/conversations/*/archive",
        "/api/mod/conversations/*/unarchive", "/api/mod/conversations/*/highlight", "/api/mod/conversations/*/mute",
        "/api/mod/conversations/*/unmute", "/api/mod/conversations/*/approve",
        "/api/mod/conversations/*/disapprove" } },
      activity = { kind = "edit", audience = "group", object = { type = "conversation", id = "/4" },
        answer = { title = { "conversation/subject", "conversations/subject" } } }, typed = {}, deny = refused },
    { id = "modmail-reply", match = { method = "POST", path = "/api/mod/conversations/*" },
      activity = { kind = "message", audience = "group",
        object = { type = "conversation", id = "/api/mod/conversations/{}" },
        answer = { title = "conversation/subject" } }, typed = { "body" }, deny = refused },
    { id = "modmail-list", ignore = true, match = { method = "GET", path = { "/api/mod/conversations",
      "/api/mod/conversations/subreddits", "/api/mod/conversations/unread/count" } } },
    look("modmail-view", "/api/mod/conversations/*", { type = "conversation", id = "/api/mod/conversations/{}" },
      { title = "conversation/subject" }),
    { id = "live-new", match = { method = "POST", path = "/api/live/create" },
      activity = { kind = "post", audience = "public", object = { type = "topic", title = "title" },
        answer = { type = "topic", id = "json/data/id" } },
      typed = { "title", "description", "resources" }, deny = refused },
    { id = "live-edit", match = { method = "POST", path = "/api/live/*/edit" },
      activity = { kind = "edit", audience = "public",
        object = { type = "topic", id = "/api/live/{}/edit", title = "title" } },
      typed = { "title", "description", "resources" }, deny = refused },
    { id = "live-delete", match = { method = "POST", path = "/api/live/*/delete_update" },
      activity = { kind = "delete", audience = "public", object = { type = "post", id = "id" } }, typed = {},
      deny = refused },
    { id = "live-join", match = { method = "POST", path = { "/api/live/*/accept_contributor_invite",
        "/api/live/*/leave_contributor" } },
      activity = { kind = "join", audience = "public", object = { type = "topic", id = "/3" } }, typed = {},
      deny = refused },
    { id = "live-state", match = { method = "POST", path = { "/api/live/*/close_thread", "/api/live/*/strike_update",
        "/api/live/*/invite_contributor", "/api/live/*/rm_contributor", "/api/live/*/rm_contributor_invite",
        "/api/live/*/set_contributor_permissions" } },
      activity = { kind = "edit", audience = "public", object = { type = "topic", id = { "id", "/3" } } }, typed = {},
      deny = refused },
    { id = "live-report", match = { method = "POST", path = "/api/live/*/report" },
      activity = { kind = "message", audience = "private", object = { type = "topic", id = "/3" } },
      typed = { "reason", "details" }, deny = refused },
    { id = "live", match = { method = "POST", path = "/api/live/*/update" },
      activity = { kind = "post", audience = "public",
        object = { type = "topic", id = "/api/live/{}/update" } }, typed = { "body" }, deny = refused },
    { id = "wiki-state", match = { method = "POST", path = { "/r/*/api/wiki/alloweditor/*", "/r/*/api/wiki/hide",
        "/r/*/api/wiki/revert", "/r/*/wiki/settings/*" } },
      activity = { kind = "edit", audience = "public", group = { type = "community", id = "/2" },
        object = { type = "article", id = { "page", "/r/*/wiki/settings/{}" }, title = { "page",
          "/r/*/wiki/settings/{}" } } }, typed = {}, deny = refused },
    { id = "wiki", match = { method = "POST", path = "/r/*/api/wiki/edit" },
      activity = { kind = "edit", audience = "public", group = { type = "community", id = "/2" },
        object = { type = "article", id = "page", title = "page" } }, typed = { "content", "reason" }, deny = refused },
    { id = "draft", match = { method = { "POST", "PUT" }, path = api("v1/draft") },
      activity = { kind = "draft", phase = "draft", audience = "private",
        object = { type = "post", id = "id", title = "title" }, answer = { type = "post", id = "id" } },
      typed = { "title", "body", "body/**/t", "text" }, deny = refused },
    { id = "draft-delete", match = { method = "DELETE", path = api("v1/draft") },
      activity = { kind = "delete", audience = "private", object = { type = "post", id = "?draft_id" } }, typed = {},
      deny = refused },
    { id = "rich-text", match = { method = "POST", path = api("convert_rte_body_format") },
      activity = { kind = "draft", phase = "draft", audience = "public", object = { type = "post" } },
      typed = { "markdown_text", "richtext_json/**/t" }, deny = refused },
    { id = "upload", match = { method = "POST", path = { "/api/media/asset.json", "/api/media/asset",
        "/api/v1/*/emoji_asset_upload_s3.json", "/api/v1/*/emoji_asset_upload_s3", "/r/*/api/widget_image_upload_s3",
        "/api/v1/style_asset_upload_s3/*", "/api/image_upload_s3.json", "/api/video_upload_s3.json" } },
      activity = { kind = "upload", phase = "prepare", audience = "public",
        object = { type = "file", title = "filepath" }, answer = { type = "file", id = "asset/asset_id",
          upload = { "args/action", "s3UploadLease/action", "action" } } },
      typed = { "filepath" }, deny = refused },

    gql("new-reply", { "CreateComment*", "*CreateComment" }, "reply", rich, { has = { "variables/**/parentId" } }),
    gql("new-comment", { "CreateComment*", "*CreateComment" }, "comment", rich),
    gql("new-post", { "CreatePost*", "*CreatePost", "SubmitPost*", "CreateSubmission*", "Create*Post" }, "post", rich),
    gql("new-vote", "*Vote*", "react", {}),
    gql("new-save", { "*SaveState*", "*HideState*", "UpdatePostHid*" }, "save", {}),
    gql("new-join", { "*Subscribe*", "*Subscription*" }, "join", {}),
    gql("new-follow", { "*Follow*" }, "follow", {}),
    gql("new-delete", { "Delete*", "Remove*" }, "delete", {}),
    gql("new-edit", { "EditComment*", "EditPost*", "UpdateComment*", "UpdatePost*" }, "edit", rich),
    gql("new-draft", { "*Draft*" }, "draft", rich),
    gql("app-comment", { "CreateComment*", "*CreateComment" }, "comment", rich, { name = "operationName" }),
    gql("app-post", { "CreatePost*", "SubmitPost*", "Create*Post" }, "post", rich, { name = "operationName" }),
    gql("app-vote", "*Vote*", "react", {}, { name = "operationName" }),
    gql("app-edit", { "Edit*", "UpdateComment*", "UpdatePost*" }, "edit", rich, { name = "operationName" }),
    gql("app-delete", { "Delete*" }, "delete", {}, { name = "operationName" }),
    { id = "new-form-comment", match = { method = "POST", path = "/svc/shreddit/*/create-comment" },
      activity = { kind = "comment", audience = "public", object = { type = "comment" },
        parent = { type = "post", id = "/svc/shreddit/{}/create-comment" } },
      typed = { "content", "text", "comment", "richText/**", "content/**/t", "text/**/t", "comment/**/t" },
      deny = "page" },

    { id = "chat", match = { method = "PUT", path = { "/_matrix/client/*/rooms/*/send/m.room.message/*",
        "/_matrix/client/*/rooms/*/send/m.room.message" } },
      activity = { kind = "message", audience = "direct", object = { type = "message" },
        group = { type = "conversation", id = "/_matrix/client/*/rooms/{}/send/**" },
        answer = { type = "message", id = "event_id" } },
      typed = { "body", "formatted_body", "m.new_content/body", "filename" }, deny = matrix },
    { id = "chat-machinery", ignore = true, match = { path = "/_matrix/**" } },

    { id = "search", match = { method = "GET", path = { "/search", "/search.json", "/r/*/search", "/r/*/search.json",
        "/subreddits/search", "/subreddits/search.json", "/users/search", "/users/search.json", "/search/**" },
        query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    { id = "search-names", match = { method = "GET", path = { "/api/subreddit_autocomplete*",
        "/api/search_reddit_names", "/api/search_reddit_names.json", "/svc/shreddit/search*",
        "/api/subreddits_by_topic", "/api/subreddits_by_topic.json" },
        query = { query = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?query" } },
    look("view", { "/comments/*/**", "/r/*/comments/*/**", "/user/*/comments/*/**", "/comments/*", "/r/*/comments/*",
      "/user/*/comments/*", "/duplicates/*", "/duplicates/*/**" }, page, made_page),
    look("multi-view", { "/user/*/m/*", "/api/multi/user/*/m/*", "/api/multi/user/*" }, { type = "list",
      id = { "/api/multi/user/*/m/{}", "/user/*/m/{}", "/5" } }, { title = { "data/display_name", "data/name" } }),
    look("collection-view", "/api/v1/collections/collection", { type = "list", id = "?collection_id" }, {
      title = "title" }),
    { id = "wiki-lists", ignore = true, match = { method = "GET", path = { "/r/*/wiki/pages", "/r/*/wiki/revisions" } }
    },
    look("wiki-history", { "/r/*/wiki/revisions/**", "/r/*/wiki/settings/**", "/r/*/wiki/discussions/**" }, {
      type = "article", id = { "/r/*/wiki/revisions/{}", "/r/*/wiki/settings/{}", "/r/*/wiki/discussions/{}" },
      title = { "/r/*/wiki/revisions/{}", "/r/*/wiki/settings/{}", "/r/*/wiki/discussions/{}" } }),
    look("info", { "/api/info", "/api/info.json", "/r/*/api/info", "/by_id/*" },
      { type = "post", id = { "?id", "/by_id/{}", "?url" } }, { title = "data/children/#/data/title",
        author = "data/children/#/data/author", url = "https://www.reddit.com{data/children/#/data/permalink}" }),
    look("more", "/api/morechildren", { type = "post", id = "?link_id" }),
    look("wiki-page", { "/r/*/wiki/**", "/wiki/**" }, { type = "article", id = { "/r/*/wiki/{}", "/wiki/{}" },
      title = { "/r/*/wiki/{}", "/wiki/{}" }, url = "https://www.reddit.com{path}" }),
    look("community-about", { "/r/*/about", "/r/*/about.json" }, community, { title = { "data/title",
      "data/display_name" } }),
    look("community", { "/r/*", "/r/*.json", "/r/*/hot", "/r/*/new", "/r/*/top", "/r/*/rising", "/r/*/best",
      "/r/*/controversial", "/r/*/gilded", "/r/*/comments", "/r/*/random", "/r/*/about/*", "/r/*/hot.json",
      "/r/*/new.json", "/r/*/top.json", "/svc/shreddit/community-more-posts/*" }, community),
    look("person", { "/user/*", "/u/*", "/user/*/about", "/user/*/about.json", "/user/*/overview", "/user/*/submitted",
      "/user/*/comments", "/user/*/saved", "/user/*/upvoted", "/user/*/downvoted", "/user/*/hidden", "/user/*/gilded",
      "/user/*/trophies", "/api/v1/user/*/trophies" },
      { type = "person", id = { "/api/v1/user/{}/trophies", "/2" }, title = { "/api/v1/user/{}/trophies", "/2" },
        url = "https://www.reddit.com/user/{id}", title_end = " (u/*" }, { title = "data/name" }),
    look("message-view", "/message/messages/*", { type = "message", id = "/message/messages/{}" },
      { title = "data/children/#/data/subject", author = "data/children/#/data/author" }),
    look("live-view", { "/live/*", "/live/*/about", "/live/*/contributors", "/live/*/discussions",
      "/live/*/updates/*", "/api/live/*/about", "/api/live/by_id/*" }, { type = "topic", id = { "/api/live/by_id/{}",
        "/api/live/{}/about", "/2" } }, { title = { "data/title", "data/children/#/data/title" } }),
    { id = "telemetry", ignore = true, match = { path = { "/svc/shreddit/events", "/svc/shreddit/perfMetrics",
        "/svc/shreddit/styling-overrides", "/api/v2/**", "/svc/shreddit/graphql", "/timings/**" } } },
  },

  tests = tests,
}
