-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- reddit-tests - exchanges of Reddit, made up, that show what platforms/reddit.lua knows.

local rows = stoa.lib "rows"
local form = "application/x-www-form-urlencoded"

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
    expect = { rule = "view", id = "t3_ab1", title = "Probes" } },
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
    expect = { rule = "view", kind = "view", id = "t3_ab1", title = "Probes", author = "ana",
      url = "https://www.reddit.com/comments/ab1" } },
  { name = "reading a thread of a community", host = "www.reddit.com", path = "/r/rust/comments/ab1/probes/",
    expect = { rule = "view", id = "t3_ab1" } },
  { name = "opening a community", host = "www.reddit.com", path = "/r/rust/",
    expect = { rule = "community", kind = "view", id = "rust" } },
  { name = "a picture of a community", method = "POST", host = "oauth.reddit.com", path = "/r/a/api/upload_sr_img",
    type = "multipart/form-data; boundary=B",
    body = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nicon\r\n--B\r\nContent-Disposition: "
      .. "form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
    expect = { rule = "picture", kind = "upload", title = "icon", text = "icon\nthe plan" } },
  { name = "telemetry is nothing", method = "POST", host = "www.reddit.com", path = "/svc/shreddit/events",
    type = "application/json", body = [[{"info":[{"text":"long enough to be text"}]}]], expect = { none = true } },
  { name = "tokens are never read", method = "POST", host = "www.reddit.com", path = "/api/v1/access_token",
    type = form, body = "grant_type=password&username=a&password=b", expect = { secret = true } },
  { name = "the chat's login", method = "POST", host = "matrix.redditspace.com", path = "/_matrix/client/v3/login",
    type = "application/json", body = [[{"token":"x"}]], expect = { secret = true } },
}

local brief = rows.tests([[
picture-delete|POST /r/a/api/delete_sr_img|img_name=x||delete|x||
flair-delete|POST /r/a/api/deleteflair|name=bo||delete|bo||
membership|POST /api/leavecontributor|id=t5_a||join|t5_a||
follow-post|POST /api/follow_post|fullname=t3_a&follow=true||follow|t3_a||
follow-collection|POST /api/v1/collections/follow_collection|collection_id=c1||follow|c1||
moderate|POST /api/lock/|id=t3_a||edit|t3_a||
seen|POST /api/read_message/|id=t4_m||view|t4_m||
more-comments|POST /api/morechildren/|link_id=t3_a&children=x||view|t3_a||
flair-seen|POST /r/a/api/flairselector/|link=t3_a||view|t3_a||
flair|POST /r/a/api/selectflair/|link=t3_a&text=My+flair||edit|t3_a||My flair
relation|POST /r/a/api/friend/|name=bo&type=banned&note=was+warned&ban_message=no+spam||edit|bo||was warned~no spam
block|POST /api/block_user/|account_id=t2_b||edit|t2_b||
community-new|POST /api/site_admin/|name=probes&title=Probes&public_description=all||post|probes||Probes~all
community-settings|POST /api/site_admin/|sr=t5_a&title=Probes&description=all||edit|t5_a||Probes~all
stylesheet|POST /r/a/api/subreddit_stylesheet/|stylesheet_contents=a%7B%7D&reason=new||edit|||a{}~new
collection-edit|POST /api/v1/collections/update_collection_title|collection_id=c1&title=T||edit|c1||T
unfriend|DELETE /api/v1/me/friends/bo|||follow|bo||
multi-copy|POST /api/multi/copy/|from=/user/a/m/x&to=/user/b/m/y&display_name=Y||post|/user/b/m/y||Y
multi-part|PUT /api/multi/user/a/m/x/r/k8s|model=%7B%7D||edit|x||
multi|PUT /api/multi/user/a/m/x/|display_name=X&description_md=all||post|x||X~all
multi-delete|DELETE /api/multi/user/a/m/x/|||delete|x||
gild|POST /api/v1/gold/gild/t3_a/|||react|t3_a||
settings|PATCH /api/v1/structured_styles/a|x=1||edit|a||
part-delete|DELETE /api/v1/a/emoji/smile|||delete|smile||
emoji|POST /api/v1/a/emoji.json|name=smile&s3_key=k||upload|smile||smile
rule|POST /api/add_subreddit_rule|r=a&short_name=Be+kind&description=all&violation_reason=rude||post|||Be kind~all~rude
rule-edit|POST /api/update_subreddit_rule|old_short_name=Old&short_name=New&description=all||edit|Old||New~all
rule-delete|POST /api/remove_subreddit_rule|short_name=Old||delete|Old||
widget|POST /r/a/api/widget|json=%7B%22shortName%22%3A%22W%22%2C%22text%22%3A%22all%22%7D||edit|||W~all
mod-note|POST /api/mod/notes|user=bo&subreddit=a&note=was+warned||post|bo||was warned
removal-reason|POST /api/v1/t5_a/removal_reasons|title=T&message=off+topic||post|||T~off topic
removal-message|POST /api/v1/modactions/removal_link_message|item_id=t3_a&message=m||message|t3_a||m
modmail|POST /api/mod/conversations/|srName=a&subject=S&body=hello||message|||S~hello
modmail-reply|POST /api/mod/conversations/cv1|body=hello||message|cv1||hello
modmail-seen|POST /api/mod/conversations/read|conversationIds=cv1||view|cv1||
modmail-state|POST /api/mod/conversations/cv1/archive|||edit|cv1||
modmail-view|GET /api/mod/conversations/cv1|||view|cv1||
live-new|POST /api/live/create|title=T&description=d&resources=r||post|||T~d~r
live-edit|POST /api/live/1x/edit|title=T&description=d||edit|1x||T~d
live|POST /api/live/1x/update|body=news||post|1x||news
live-delete|POST /api/live/1x/delete_update|id=LiveUpdate_u||delete|LiveUpdate_u||
live-join|POST /api/live/1x/leave_contributor|||join|1x||
live-state|POST /api/live/1x/close_thread|||edit|1x||
live-report|POST /api/live/1x/report|type=spam&details=names+a+customer||message|1x||names a customer
wiki-state|POST /r/a/api/wiki/hide|page=index&revision=r||edit|index||
draft|POST /api/v1/draft|title=T&body=half&kind=markdown||draft|||T~half
draft-delete|DELETE /api/v1/draft?draft_id=d1|||delete|d1||
search-names|GET /api/search_reddit_names/?query=probes|||search|||probes
multi-view|GET /api/multi/user/a/m/x/|||view|x||
collection-view|GET /api/v1/collections/collection?collection_id=c1|||view|c1||
wiki-history|GET /r/a/wiki/revisions/index|||view|index||
wiki-page|GET /r/a/wiki/index|||view|index||
message-view|GET /message/messages/m1/|||view|t4_m1||
new-edit|POST /svc/shreddit/graphql|{"operation":"EditComment","variables":{"id":"t1_c","text":"m"}}||edit|t1_c||m
new-draft|POST /svc/shreddit/graphql|{"operation":"SaveDraft","variables":{"title":"T"}}||draft|||T
app-comment|POST /|{"operationName":"CreateComment","variables":{"postId":"t3_a","markdown":"m"}}||comment|t3_a||m
app-post|POST /|{"operationName":"CreatePost","variables":{"title":"T","body":"m"}}||post|||T~m
app-edit|POST /|{"operationName":"UpdateComment","variables":{"commentId":"t1_c","text":"m"}}||edit|t1_c||m
live-view|GET /live/1x/about|||view|1x||
removal-why|POST /api/v1/modactions/removal_reasons|json=%7B%22item_ids%22%3A%5B%22t3_a%22%5D%2C%22mod_note%22%3A%22n%22
  %7D||edit|t3_a||n
announcement-seen|POST /api/announcements/v1/read|ids=ann_1||view|ann_1||
announcement-hide|POST /api/announcements/v1/hide|ids=ann_1||save|ann_1||
settings|PATCH /api/v1/subreddit/update_settings|{"subredditId":"t5_a","title":"T","publicDescription":"p","de
  scription":"d
  ","submitText":"s","welcomeMessageText":"w"}||edit|t5_a|T|T~p~d~s~w
settings|PATCH /api/v1/structured_styles/a|{"a":{"description":"d","text":"t"}}||edit|a||d~t
new-save|POST /svc/shreddit/graphql|{"operation":"UpdatePostSaveState","variables":{"input":{"postId":"t3_a"}}
  }||save|t3_a
  ||
new-join|POST /svc/shreddit/graphql|{"operation":"UpdateSubredditSubscriptions","variables":{"input":{"inputs":[{
  "subredditId":"t5_a"}]}}}||join|t5_a||
new-follow|POST /svc/shreddit/graphql|{"operation":"UpdatePostFollowState","variables":{"input":{"postId":"t3_
  a"}}}||follow
  |t3_a||
new-delete|POST /svc/shreddit/graphql|{"operation":"DeleteComment","variables":{"input":{"commentId":"t1_c"}}}||delete
  |t1_c||
new-form-reply|POST /svc/shreddit/t1_c9/create-comment|content=so+do+I||reply|t1_c9||so do I
new-form-comment|POST /svc/shreddit/t3_ab1/create-comment|content=%7B%22document%22%3A%5B%7B%22c%22%3A%5B%7B%2
  2t%22%3A%22a
  +tree%22%7D%2C%7B%22u%22%3A%22https%3A%2F%2Fa.example%22%7D%5D%7D%5D%7D||comment|t3_ab1||a tree~https://a.example
app-vote|POST /|{"operationName":"UpdatePostVoteState","variables":{"postId":"t3_a"}}||react|t3_a||
app-delete|POST /|{"operationName":"DeleteComment","variables":{"commentId":"t1_c"}}||delete|t1_c||
chat-react|PUT matrix.redditspace.com/_matrix/client/v3/rooms/r1/send/m.reaction/m2|{"m.relates_to":{"event_id":"$e1"}}
  ||react|$e1||
chat-delete|PUT matrix.redditspace.com/_matrix/client/v3/rooms/r1/redact/e1/m3|{"reason":"typo"}||delete|e1||typo
chat-view|GET matrix.redditspace.com/_matrix/client/v3/rooms/r1/messages?limit=20|||view|r1||
more|GET /api/morechildren?link_id=t3_a&children=x|||view|t3_a||
community-about|GET /r/a/about||{"data":{"title":"Probes","display_name":"a"}}|view|a|Probes|
community-part|GET /r/a/about/rules|||view|a||
community-part|GET /api/v1/a/emojis/all|||view|a||
shared|GET /r/a/s/AbC|||view|AbC||
new-comments|GET /svc/shreddit/comments/r/a/t3_ab1|||view|t3_ab1||
modmail-list|GET /api/mod/conversations?limit=5|||view|||
live-now|GET /api/live/happening_now||{"data":{"id":"1x","title":"T"}}|view|1x|T|
notes|GET /api/mod/notes?user=bo|||view|bo||
people|GET /api/user_data_by_account_ids?ids=t2_b|||view|t2_b||
mine|GET /api/v1/me||{"name":"ana"}|view|ana|ana|
inbox|GET /message/inbox|||view|inbox||
lists|GET /subreddits/popular|||view|popular||
lists|GET /|||view|||
view|GET /comments/ab1/_/c9||[{"data":{"children":[{"data":{"title":"T"}}]}}]|view|t3_ab1|T|
view|GET /comments/ab1.json|||view|t3_ab1||
new-draft|POST /svc/shreddit/graphql|{"operation":"CreatePostDraft","variables":{"title":"T"}}||draft|||T
view|GET /r/a/duplicates/ab1|||view|t3_ab1||
multi-view|GET /user/a/m/x/new|||view|x||
multi-view|GET /api/filter/user/a/f/all|||view|all||
multi|POST /api/multi/|model=%7B%22display_name%22%3A%22X%22%7D|{"data":{"name":"x","display_name":"X"}}|post|x|X|X
of-domain|GET /domain/video.example/top|||view|video.example||
person|GET /user/bo/gilded/given|||view|bo|bo|
friend-view|GET /api/v1/me/friends/bo||{"name":"bo"}|view|bo|bo|
gild|POST /api/v2/gold/gild?thing_id=t1_c|api_type=json||react|t1_c||
collection-edit|POST /api/v1/collections/update_collection_display_layout|collection_id=c1&display_layout=||edit|c1||
moderate|POST /api/update_crowd_control_level|id=t3_a&level=2||edit|t3_a||
part-edit|POST /api/reorder_subreddit_rules|r=a&new_rule_order=b||edit|||
part-edit|POST /api/something_new|thing_id=t3_a&title=T&note=was+warned||edit|t3_a|T|T~was warned
part-gone|DELETE /api/something/x9|||delete|something/x9||
read|GET /t/bird|||view|||
read|GET /api/mod/notes/recent|||view|||
]], "oauth.reddit.com")

return rows.joined(tests, brief)
