-- SPDX-License-Identifier: Apache-2.0
-- Mastodon and what speaks its API, on any host: the rules name paths of that API and nothing wider.

local refused = { status = 422, type = "application/json", body = [[{"error":"{message}","stoa":"{id}"}]] }
local known = {
  "mastodon.social", "mastodon.online", "mstdn.social", "fosstodon.org", "hachyderm.io", "infosec.exchange",
  "techhub.social", "chaos.social", "mas.to", "mastodon.world", "social.vivaldi.net", "floss.social", "ruhr.social",
  "norden.social", "troet.cafe", "mastodon.gamedev.place", "sigmoid.social", "mathstodon.xyz", "scholar.social" }
local audience = { from = { "visibility", "status/visibility", "?visibility" }, default = "public",
  map = { public = "public", unlisted = "public", private = "private", direct = "direct" } }
-- Rails takes a parameter from the query as well as from the body.
local written = { "status", "?status", "spoiler_text", "?spoiler_text", "?poll[options][]",
  "poll/options/#", "poll[options][]", "poll[options][*", "media_attributes/#/description", "media_attributes[*",
  "!media_attributes[][id]", "!media_attributes[][focus]" }
local S, A = "/api/v1/statuses/", "/api/v1/accounts/"
local own_id = { "id", "%id" }
local answer = { id = own_id, type = "post", url = { "{url}", "{uri}" }, author = "account/acct", lang = "language" }
local seen = { id = own_id, type = "post", url = { "{url}", "{uri}" }, author = "account/acct",
  lang = "language", title = { "spoiler_text", "card/title" },
  length = "%media_attachments/#/meta/original/duration" }
local profile = { id = own_id, type = "person", title = { "display_name", "acct" }, url = "{url}", author = "acct" }
local post = { type = "post", title = { "spoiler_text", "?spoiler_text" }, lang = "language" }
local in_reply = { type = "post", id = { "in_reply_to_id", "%in_reply_to_id", "?in_reply_to_id" } }

-- One call; what = { kind, audience, object, parent, answer, typed }.
local function call(id, method, path, what)
  return { id = id, match = { method = method, path = path, body = what.body, query = what.query },
    activity = { kind = what.kind, phase = what.phase, audience = what.audience or "private", object = what.object,
      parent = what.parent, answer = what.answer }, typed = what.typed or {}, deny = refused }
end

local function act(id, kind, action, object)
  return call(id, "POST", S .. "*/" .. action, { kind = kind, audience = "public",
    object = { type = "post", id = S .. "{}/" .. action },
    answer = object and { url = { "{reblog/url}", "{url}" }, author = { "reblog/account/acct", "account/acct" } } })
end

local function about_person(id, kind, method, action, typed)
  return call(id, method, A .. "*/" .. action, { kind = kind, typed = typed,
    audience = kind == "follow" and "public" or "private",
    object = { type = "person", id = A .. "{}/" .. action } })
end

local function look(id, paths, what)
  what.kind, what.audience = "view", what.audience or "public"
  return call(id, "GET", paths, what)
end

local function page_person(id, path, host)
  return { id = id, match = { method = "GET", path = path, host = host },
    activity = { kind = "view", audience = "public", object = { type = "person", title_end = " - Mastodon",
      id = { "@>/1", "/2" }, url = "https://{host}{path}" } }, typed = {} }
end

local own_api = { "/api/v1/**", "/api/v2/**", "/api/v1_alpha/**" }
local json = "application/json"
local form = "application/x-www-form-urlencoded"

local tests = {
  { name = "a post of the web client", method = "POST", host = "mastodon.social", path = "/api/v1/statuses",
    type = json,
    body = [[{"status":"Startup probes explained","in_reply_to_id":null,"media_ids":[],"sensitive":false,]]
      .. [["spoiler_text":"Kubernetes","visibility":"unlisted","poll":null,"language":"en"}]],
    answer = [[{"id":"111","url":"https://mastodon.social/@ana/111","account":{"acct":"ana"}}]],
    expect = { rule = "post", kind = "post", phase = "confirm", audience = "public", id = "111", title = "Kubernetes",
      url = "https://mastodon.social/@ana/111", lang = "en", author = "ana",
      text = "Startup probes explained\nKubernetes" } },
  { name = "a post of a program, on any host", method = "POST", host = "social.example", path = "/api/v1/statuses",
    type = form, body = "status=hello+there&visibility=private",
    expect = { rule = "post", audience = "private", text = "hello there" } },
  { name = "a post whose words are in the query", method = "POST", host = "social.example", path = "/api/v1/statuses",
    query = "status=hello+there&visibility=private&spoiler_text=K8s",
    expect = { rule = "post", audience = "private", title = "K8s", text = "hello there\nK8s" } },
  { name = "a reply", method = "POST", host = "social.example", path = "/api/v1/statuses", type = json,
    body = [[{"status":"@ana so do I","in_reply_to_id":"111","visibility":"public"}]],
    answer = [[{"id":"112","url":"https://social.example/@bo/112"}]],
    expect = { rule = "reply", kind = "reply", id = "112", parent = "111", text = "@ana so do I" } },
  { name = "a direct message", method = "POST", host = "social.example", path = "/api/v1/statuses", type = json,
    body = [[{"status":"@ana between us","visibility":"direct"}]],
    expect = { rule = "direct", kind = "message", audience = "direct" } },
  { name = "a poll", method = "POST", host = "social.example", path = "/api/v1/statuses", type = form,
    body = "status=Which%3F&poll%5Boptions%5D%5B%5D=this&poll%5Boptions%5D%5B%5D=that",
    expect = { rule = "post", text = "Which?\nthis\nthat" } },
  { name = "an edit", method = "PUT", host = "social.example", path = "/api/v1/statuses/111", type = json,
    body = [[{"status":"better"}]], expect = { rule = "edit", kind = "edit", id = "111", text = "better" } },
  { name = "deleting", method = "DELETE", host = "social.example", path = "/api/v1/statuses/111",
    expect = { rule = "delete", kind = "delete", id = "111" } },
  { name = "a favourite", method = "POST", host = "social.example", path = "/api/v1/statuses/111/favourite",
    expect = { rule = "favourite", kind = "react", id = "111" } },
  { name = "a boost", method = "POST", host = "social.example", path = "/api/v1/statuses/111/reblog",
    expect = { rule = "boost", kind = "share", id = "111" } },
  { name = "a bookmark", method = "POST", host = "social.example", path = "/api/v1/statuses/111/bookmark",
    expect = { rule = "bookmark", kind = "save", id = "111" } },
  { name = "following", method = "POST", host = "social.example", path = "/api/v1/accounts/7/follow",
    expect = { rule = "follow", kind = "follow", id = "7" } },
  { name = "an upload with its description", method = "POST", host = "social.example", path = "/api/v2/media",
    type = "multipart/form-data; boundary=B",
    body = "--B\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nthe plan\r\n--B--\r\n",
    answer = [[{"id":"m1","type":"image"}]],
    expect = { rule = "upload", kind = "upload", id = "m1", title = "the plan", text = "the plan" } },
  { name = "a description later", method = "PUT", host = "social.example", path = "/api/v1/media/m1", type = json,
    body = [[{"description":"the new plan"}]],
    expect = { rule = "alt-text", kind = "edit", id = "m1", text = "the new plan" } },
  { name = "an edit of a list", method = "PUT", host = "social.example", path = "/api/v1/lists/8", type = form,
    body = "title=readers", expect = { rule = "list-edit", kind = "edit", id = "8", title = "readers",
      text = "readers" } },
  { name = "a new list", method = "POST", host = "social.example", path = "/api/v1/lists", type = form,
    body = "title=writers", answer = [[{"id":"8","title":"writers"}]],
    expect = { rule = "list", kind = "post", id = "8", title = "writers" } },
  { name = "words to filter", method = "POST", host = "social.example", path = "/api/v2/filters", type = form,
    body = "title=noise&keywords_attributes%5B0%5D%5Bkeyword%5D=gossip",
    expect = { rule = "filter", kind = "post", title = "noise", text = "noise\ngossip" } },
  { name = "a profile", method = "PATCH", host = "social.example", path = "/api/v1/accounts/update_credentials",
    type = form, body = "display_name=Ana&note=I+read&fields_attributes%5B0%5D%5Bvalue%5D=books",
    answer = [[{"id":"7","display_name":"Ana"}]],
    expect = { rule = "profile", kind = "edit", id = "7", text = "Ana\nI read\nbooks" } },
  { name = "reading about a person", host = "social.example", path = "/api/v1/accounts/7",
    answer = [[{"id":"7","acct":"ana","display_name":"Ana","url":"https://social.example/@ana"}]],
    expect = { rule = "view-person", kind = "view", id = "7", title = "Ana", author = "ana" } },
  { name = "who one is", host = "social.example", path = "/api/v1/accounts/verify_credentials",
    answer = [[{"id":"7","acct":"ana","display_name":"Ana"}]],
    expect = { rule = "about-me", kind = "view", id = "7", title = "Ana" } },
  { name = "a tag", host = "social.example", path = "/api/v1/timelines/tag/learning",
    expect = { rule = "view-tag", kind = "view", id = "learning" } },
  { name = "the page of a post", host = "social.example", path = "/@ana/111", answer_type = "text/html",
    answer = "<title>Ana: probes - Mastodon</title>",
    expect = { rule = "page", kind = "view", id = "111", title = "Ana: probes" } },
  { name = "a search", host = "social.example", path = "/api/v2/search", query = "q=probes&type=statuses",
    expect = { rule = "search", kind = "search", text = "probes" } },
  { name = "reading a post", host = "mastodon.social", path = "/api/v1/statuses/111",
    answer = [[{"id":"111","url":"https://mastodon.social/@ana/111","language":"de","account":{"acct":"ana"}}]],
    expect = { rule = "view", kind = "view", id = "111", author = "ana", lang = "de",
      url = "https://mastodon.social/@ana/111" } },
  { name = "reading a thread", host = "social.example", path = "/api/v1/statuses/111/context",
    expect = { rule = "view-thread", kind = "view", id = "111" } },
  { name = "a marker is nothing", method = "POST", host = "social.example", path = "/api/v1/markers", type = json,
    body = [[{"home":{"last_read_id":"111222333444"}}]], expect = { none = true } },
  { name = "signing in is never read", method = "POST", host = "social.example", path = "/auth/sign_in", type = form,
    body = "user%5Bemail%5D=a&user%5Bpassword%5D=b", expect = { secret = true } },
  { name = "registering is never read", method = "POST", host = "social.example", path = "/api/v1/accounts",
    type = form, body = "username=a&password=b", expect = { secret = true } },
  { name = "a token is never read", method = "POST", host = "social.example", path = "/oauth/token", type = form,
    body = "client_secret=x", expect = { secret = true } },
}

-- Calls that need no more words: rule, method, path, body, kind, id, text ("~" between fields).
local brief = [[
reply-number|POST /api/v1/statuses|{"status":"so do I","in_reply_to_id":7,"visibility":"public"}|reply|7|so do I
edit|PUT /api/v1/statuses/111|status=so&media_attributes[][id]=1&media_attributes[][description]=is|edit|111|so~is
quote-policy|PUT /api/v1/statuses/111/interaction_policy|quote_approval_policy=nobody|edit|111|
quote-revoke|POST /api/v1/statuses/111/quotes/5/revoke||edit|111|
unfavourite|POST /api/v1/statuses/111/unfavourite||react|111|
unboost|POST /api/v1/statuses/111/unreblog||share|111|
unbookmark|POST /api/v1/statuses/111/unbookmark||save|111|
pin|POST /api/v1/statuses/111/pin||save|111|
unpin|POST /api/v1/statuses/111/unpin||save|111|
mute-thread|POST /api/v1/statuses/111/mute||edit|111|
unmute-thread|POST /api/v1/statuses/111/unmute||edit|111|
emoji|PUT /api/v1/statuses/111/emoji_reactions/tada||react|111|
announcement-emoji|PUT /api/v1/announcements/8/reactions/tada||react|8|
vote|POST /api/v1/polls/5/votes|choices[]=1|react|5|
translate|POST /api/v1/statuses/111/translate|lang=de|view|111|
unfollow|POST /api/v1/accounts/5/unfollow||follow|5|
note|POST /api/v1/accounts/5/note|comment=was+kind|post|5|was kind
endorse|POST /api/v1/accounts/5/pin||save|5|
unendorse|POST /api/v1/accounts/5/unpin||save|5|
endorse-new|POST /api/v1/accounts/5/endorse||save|5|
unendorse-new|POST /api/v1/accounts/5/unendorse||save|5|
block|POST /api/v1/accounts/5/block||edit|5|
unblock|POST /api/v1/accounts/5/unblock||edit|5|
mute|POST /api/v1/accounts/5/mute|duration=0|edit|5|
unmute|POST /api/v1/accounts/5/unmute||edit|5|
remove|POST /api/v1/accounts/5/remove_from_followers||edit|5|
follow-request|POST /api/v1/follow_requests/5/authorize||follow|5|
follow-address|POST /api/v1/follows|uri=ana%40social.example|follow||
follow-tag|POST /api/v1/tags/k8s/follow||follow|k8s|
tag-feature|POST /api/v1/tags/k8s/feature||save|k8s|
feature-tag|POST /api/v1/featured_tags|name=k8s|save||k8s
unfeature-tag|DELETE /api/v1/featured_tags/2||save|2|
alt-text-delete|DELETE /api/v1/media/5||delete|5|
report|POST /api/v1/reports|account_id=5&status_ids[]=7&comment=names+a+customer|message|5|names a customer
list-delete|DELETE /api/v1/lists/6||delete|6|
list-people|POST /api/v1/lists/6/accounts|account_ids[]=5|edit|6|
filter-edit|PUT /api/v2/filters/9|title=T&keywords_attributes[][keyword]=rivals|edit|9|T~rivals
filter-word|POST /api/v2/filters/9/keywords|keyword=rivals|edit|9|rivals
filter-word-edit|PUT /api/v2/filters/keywords/3|keyword=rivals|edit|3|rivals
filter-word-delete|DELETE /api/v2/filters/keywords/3||delete|3|
filter-post|POST /api/v2/filters/9/statuses|status_id=111|edit|9|
filter-delete|DELETE /api/v2/filters/9||delete|9|
later-edit|PUT /api/v1/scheduled_statuses/3|scheduled_at=2031|edit|3|
later-delete|DELETE /api/v1/scheduled_statuses/3||delete|3|
conversation-delete|DELETE /api/v1/conversations/4||delete|4|
conversation-read|POST /api/v1/conversations/4/read||view|4|
conversation-unread|POST /api/v1/conversations/4/unread||edit|4|
moderate|POST /api/v1/admin/accounts/5/action|type=none&text=please+stop|edit|5|please stop
collection|POST /api/v1_alpha/collections|{"name":"Ops","description":"who runs it"}|post||Ops~who runs it
collection-edit|PATCH /api/v1_alpha/collections/8|{"name":"Ops"}|edit|8|Ops
profile-form|POST /settings/profile|account[display_name]=Ana&account[note]=bridges|edit||Ana~bridges
view-later|GET /api/v1/scheduled_statuses/3||view|3|
view-filter|GET /api/v2/filters/9||view|9|
view-collection|GET /api/v1_alpha/collections/8||view|8|
view-about|GET /api/v1/statuses/111/history||view|111|
view-file|GET /api/v1/media/5||view|5|
view-poll|GET /api/v1/polls/5||view|5|
view-person-named|GET /api/v1/accounts/lookup?acct=ana||view|ana|
view-person-part|GET /api/v1/accounts/5/statuses||view|5|
view-list|GET /api/v1/lists/6||view|6|
view-list-posts|GET /api/v1/timelines/list/6||view|6|
page-tag|GET /tags/k8s||view|k8s|
page-person|GET /@ana||view|ana|
page-user|GET /users/ana||view|ana|
notice-seen|POST /api/v2/notifications/favourite-1-2/dismiss||edit|favourite-1-2|
notice-seen|POST /api/v1/notifications/requests/accept|id[]=5|edit|5|
notice-seen|POST /api/v1/notifications/requests/5/dismiss||edit|5|
notice-rules|PATCH /api/v2/notifications/policy|{"for_not_following":"filter"}|edit|policy|
picture-gone|DELETE /api/v1/profile/avatar||delete|avatar|
year-seen|POST /api/v1/annual_reports/2030/read||view|2030|
view-year|GET /api/v1/annual_reports/2030/state||view|2030|
moderate|POST /api/v1/admin/trends/tags/3/approve||edit|3|
collection-item|POST /api/v1_alpha/collections/18/items|{"account_id":"7"}|edit|18|
collection-delete|DELETE /api/v1/collections/18||delete|18|
view-person-part|GET /api/v1_alpha/accounts/7/collections||view|7|
view-link|GET /api/v1/timelines/link?url=https%3A%2F%2Fa.example%2Fx||view|https://a.example/x|
part-gone|DELETE /api/v1/something/5||delete|5|
part-edit|POST /api/v1/something/5|{"comment":"names a customer"}|edit|5|names a customer
read|GET /api/v1/something/5||view|5|
notice-seen|POST /api/v1/notifications/33/dismiss||edit|33|
block-domain|POST /api/v1/domain_blocks|domain=spam.example|edit|spam.example|spam.example
block-domain|DELETE /api/v1/domain_blocks?domain=spam.example||edit|spam.example|spam.example
no-suggestion|DELETE /api/v1/suggestions/7||edit|7|
moderate-delete|DELETE /api/v1/admin/accounts/7||delete|7|
moderate-look|POST /api/v1/admin/measures|keys[]=active_users|view|measures|
view-filter-part|GET /api/v2/filters/9/keywords||view|9|
about-people|GET /api/v1/accounts/relationships?id=7||view|7|
view-notice|GET /api/v1/notifications/33||view|33|
view-moderated|GET /api/v1/admin/reports/77||view|77|
oembed|GET /api/oembed?url=https%3A%2F%2Fmastodon.social%2F%40ana%2F111||view|https://mastodon.social/@ana/111|
view-server|GET /api/v2/instance||view||
view-lists|GET /api/v1/timelines/home||view|home|
filter|POST /api/v2/filters|title=T&keywords_attributes[][keyword]=k&keywords_attributes[][whole_word]=true|post||T~k
share-text|GET /share?text=half||draft||half
]]
for row in brief:gmatch "[^\n]+" do
  local rule, method, path, sent, kind, id, text = row:match "^(.-)|(%u+) (.-)|(.-)|(.-)|(.-)|(.*)$"
  tests[#tests + 1] = { name = rule .. " in brief", method = method, host = "mastodon.social",
    path = path:gsub("%?.*", ""), query = path:match "?(.*)$", body = sent ~= "" and sent or nil,
    type = sent:sub(1, 1) == "{" and json or sent ~= "" and form or nil,
    expect = { rule = rule, kind = kind, id = id, text = text:gsub("~", "\n") } }
end

return {
  api = 1,
  id = "mastodon",
  version = "1.3.0",
  title = "Mastodon",
  anywhere = true,
  hosts = known,

  secret = {
    { path = { "/auth/sign_in", "/auth/sign_up", "/auth/password", "/auth/password/*", "/auth/confirmation",
      "/auth/confirmation/*", "/auth/setup", "/auth/sessions/**", "/auth/challenge", "/auth/edit",
      "/settings/two_factor_authentication_methods/**", "/oauth/token", "/oauth/revoke", "/oauth/authorize",
      "/oauth/authorize/**" } },
    { method = "POST", path = { "/auth", "/api/v1/accounts", "/api/v1/emails/confirmations" } },
  },
  redact_always = { "authenticity_token", "client_secret", "access_token", "?access_token", "subscription/keys/**" },

  rules = {
    call("direct", "POST", "/api/v1/statuses", { kind = "message", audience = "direct", typed = written,
      body = { eq = { visibility = "direct" } }, object = { type = "message", title = "spoiler_text" },
      parent = in_reply, answer = answer }),
    call("reply", "POST", "/api/v1/statuses", { kind = "reply", audience = audience, typed = written,
      body = { has = { "in_reply_to_id" } }, object = post, parent = in_reply, answer = answer }),
    call("reply-number", "POST", "/api/v1/statuses", { kind = "reply", audience = audience, typed = written,
      body = { has = { "%in_reply_to_id" } }, object = post, parent = in_reply, answer = answer }),
    call("post", "POST", "/api/v1/statuses", { kind = "post", audience = audience, typed = written, object = post,
      answer = answer }),
    call("edit", "PUT", S .. "*", { kind = "edit", audience = audience, typed = written,
      object = { type = "post", id = S .. "{}", title = "spoiler_text", lang = "language" },
      answer = { url = { "{url}", "{uri}" }, author = "account/acct" } }),
    call("delete", "DELETE", S .. "*", { kind = "delete", audience = "public",
      object = { type = "post", id = S .. "{}" } }),
    call("quote-policy", { "PUT", "PATCH" }, S .. "*/interaction_policy", { kind = "edit", audience = "public",
      object = { type = "post", id = S .. "{}/interaction_policy" } }),
    call("quote-revoke", "POST", S .. "*/quotes/*/revoke", { kind = "edit", audience = "public",
      object = { type = "post", id = S .. "{}/quotes/*/revoke" } }),
    act("favourite", "react", "favourite", true), act("unfavourite", "react", "unfavourite"),
    act("boost", "share", "reblog", true), act("unboost", "share", "unreblog"),
    act("bookmark", "save", "bookmark", true), act("unbookmark", "save", "unbookmark"), act("pin", "save", "pin"),
    act("unpin", "save", "unpin"), act("mute-thread", "edit", "mute"), act("unmute-thread", "edit", "unmute"),
    call("emoji", { "PUT", "POST", "DELETE" }, { S .. "*/emoji_reactions/*", S .. "*/react/*", S .. "*/unreact/*",
      "/api/v1/pleroma/statuses/*/reactions/*" }, { kind = "react", audience = "public",
      object = { type = "post", id = { S .. "{}/emoji_reactions/*", S .. "{}/react/*", S .. "{}/unreact/*", "/5" } } }),
    call("announcement-emoji", { "PUT", "DELETE" }, "/api/v1/announcements/*/reactions/*", { kind = "react",
      object = { type = "article", id = "/api/v1/announcements/{}/reactions/*" } }),
    call("vote", "POST", "/api/v1/polls/*/votes", { kind = "react", audience = "public",
      object = { type = "poll", id = "/api/v1/polls/{}/votes" } }),
    call("translate", "POST", S .. "*/translate", { kind = "view", audience = "public",
      object = { type = "post", id = S .. "{}/translate" }, answer = { lang = "language" } }),

    about_person("follow", "follow", "POST", "follow"), about_person("unfollow", "follow", "POST", "unfollow"),
    about_person("note", "post", "POST", "note", { "comment" }),
    about_person("block", "edit", "POST", "block"), about_person("unblock", "edit", "POST", "unblock"),
    about_person("mute", "edit", "POST", "mute"), about_person("unmute", "edit", "POST", "unmute"),
    about_person("remove", "edit", "POST", "remove_from_followers"),
    call("follow-request", "POST", { "/api/v1/follow_requests/*/authorize", "/api/v1/follow_requests/*/reject" }, {
      kind = "follow", object = { type = "person", id = { "/api/v1/follow_requests/{}/authorize",
        "/api/v1/follow_requests/{}/reject" } } }),
    call("tag-feature", "POST", { "/api/v1/tags/*/feature", "/api/v1/tags/*/unfeature" }, { kind = "save",
      audience = "public", object = { type = "tag", id = { "/api/v1/tags/{}/feature",
        "/api/v1/tags/{}/unfeature" } } }),
    about_person("endorse", "save", "POST", "pin"),
    about_person("unendorse", "save", "POST", "unpin"), about_person("endorse-new", "save", "POST", "endorse"),
    about_person("unendorse-new", "save", "POST", "unendorse"),
    call("follow-address", "POST", "/api/v1/follows", { kind = "follow", audience = "public",
      object = { type = "person", title = { "uri", "?uri" } }, answer = { id = own_id, type = "person" } }),
    call("follow-tag", "POST", { "/api/v1/tags/*/follow", "/api/v1/tags/*/unfollow" }, { kind = "follow",
      object = { type = "tag", id = { "/api/v1/tags/{}/follow", "/api/v1/tags/{}/unfollow" } } }),
    call("feature-tag", "POST", "/api/v1/featured_tags", { kind = "save", audience = "public", typed = { "name" },
      object = { type = "tag", title = "name" }, answer = { id = own_id, type = "tag", title = "name" } }),
    call("unfeature-tag", "DELETE", "/api/v1/featured_tags/*", { kind = "save", audience = "public",
      object = { type = "tag", id = "/api/v1/featured_tags/{}" } }),

    call("upload", "POST", { "/api/v2/media", "/api/v1/media" }, { kind = "upload", audience = "unknown",
      object = { type = "file", title = { "description", "~file" } },
      answer = { type = "file", id = own_id, url = "{url}" }, typed = { "description", "file" } }),
    call("alt-text", { "PUT", "PATCH" }, "/api/v1/media/*", { kind = "edit", audience = "unknown",
      object = { type = "file", id = "/api/v1/media/{}", title = "description" }, typed = { "description" } }),
    call("alt-text-delete", "DELETE", "/api/v1/media/*", { kind = "delete", audience = "unknown",
      object = { type = "file", id = "/api/v1/media/{}" } }),
    call("profile", "PATCH", { "/api/v1/accounts/update_credentials", "/api/v1/profile" }, { kind = "edit",
      audience = "public", object = { type = "person" }, answer = { id = own_id, type = "person" },
      typed = { "display_name", "note", "fields_attributes/**", "fields_attributes[*" } }),
    call("report", "POST", "/api/v1/reports", { kind = "message", typed = { "comment" },
      object = { type = "person", id = "account_id" }, answer = { id = own_id, type = "message" } }),
    call("list", "POST", "/api/v1/lists", { kind = "post", typed = { "title" },
      object = { type = "list", title = "title" }, answer = { id = own_id, type = "list" } }),
    call("list-edit", { "PUT", "PATCH" }, "/api/v1/lists/*", { kind = "edit", typed = { "title" },
      object = { type = "list", id = "/api/v1/lists/{}", title = "title" } }),
    call("list-delete", "DELETE", "/api/v1/lists/*", { kind = "delete",
      object = { type = "list", id = "/api/v1/lists/{}" } }),
    call("list-people", { "POST", "DELETE" }, "/api/v1/lists/*/accounts", { kind = "edit",
      object = { type = "list", id = "/api/v1/lists/{}/accounts" } }),
    call("filter", "POST", { "/api/v2/filters", "/api/v1/filters" }, { kind = "post",
      object = { type = "list", title = { "title", "phrase" } }, answer = { id = own_id, type = "list" },
      typed = { "title", "phrase", "keywords_attributes/**/keyword", "keywords_attributes[*",
        "!keywords_attributes[][whole_word]",
        "!keywords_attributes[][id]", "!keywords_attributes[][_destroy]" } }),
    call("filter-edit", { "PUT", "PATCH" }, { "/api/v2/filters/*", "/api/v1/filters/*" }, { kind = "edit",
      object = { type = "list", id = "/4", title = { "title", "phrase" } },
      typed = { "title", "phrase", "keywords_attributes/**/keyword", "keywords_attributes[*",
        "!keywords_attributes[][whole_word]",
        "!keywords_attributes[][id]", "!keywords_attributes[][_destroy]" } }),
    call("filter-word", "POST", "/api/v2/filters/*/keywords", { kind = "edit", typed = { "keyword" },
      object = { type = "list", id = "/4" } }),
    call("filter-word-edit", "PUT", "/api/v2/filters/keywords/*", { kind = "edit", typed = { "keyword" },
      object = { type = "list", id = "/5" } }),
    call("filter-word-delete", "DELETE", { "/api/v2/filters/keywords/*", "/api/v2/filters/statuses/*" }, {
      kind = "delete", object = { type = "list", id = "/5" } }),
    call("filter-post", "POST", "/api/v2/filters/*/statuses", { kind = "edit", object = { type = "list", id = "/4" } }),
    call("filter-delete", "DELETE", { "/api/v2/filters/*", "/api/v1/filters/*" }, { kind = "delete",
      object = { type = "list", id = "/4" } }),
    call("later-edit", "PUT", "/api/v1/scheduled_statuses/*", { kind = "edit",
      object = { type = "post", id = "/api/v1/scheduled_statuses/{}" } }),
    call("later-delete", "DELETE", "/api/v1/scheduled_statuses/*", { kind = "delete",
      object = { type = "post", id = "/api/v1/scheduled_statuses/{}" } }),
    call("conversation-delete", "DELETE", "/api/v1/conversations/*", { kind = "delete", audience = "direct",
      object = { type = "conversation", id = "/api/v1/conversations/{}" } }),
    call("conversation-read", "POST", "/api/v1/conversations/*/read", { kind = "view", audience = "direct",
      object = { type = "conversation", id = "/api/v1/conversations/{}/read" } }),

    call("notice-seen", "POST", { "/api/v1/notifications/*/dismiss", "/api/v1/notifications/clear",
      "/api/v1/notifications/dismiss", "/api/v1/announcements/*/dismiss", "/api/v1/notifications/requests/*",
      "/api/v1/notifications/requests/*/*", "/api/v2/notifications/*/dismiss" }, { kind = "edit",
        object = { type = "message", id = { "/api/v1/notifications/requests/{}/*", "/api/v1/notifications/{}/dismiss",
          "/api/v2/notifications/{}/dismiss", "/api/v1/announcements/{}/dismiss", "id", "id[]", "id/#" } } }),
    call("notice-rules", { "PUT", "PATCH" }, { "/api/v1/notifications/policy", "/api/v2/notifications/policy" }, {
      kind = "edit", object = { type = "list", id = "/4" } }),
    call("picture-gone", "DELETE", { "/api/v1/profile/avatar", "/api/v1/profile/header" }, { kind = "delete",
      audience = "public", object = { type = "file", id = "/4" } }),
    call("year-seen", "POST", "/api/v1/annual_reports/*/*", { kind = "view", object = { type = "document",
      id = "/4" } }),
    call("block-domain", { "POST", "DELETE" }, "/api/v1/domain_blocks", { kind = "edit",
      typed = { "domain", "?domain" }, object = { type = "person", id = { "domain", "?domain" } } }),
    call("no-suggestion", "DELETE", { "/api/v1/suggestions/*", "/api/v2/suggestions/*" }, { kind = "edit",
      object = { type = "person", id = "/4" } }),
    call("moderate-delete", "DELETE", "/api/v1/admin/*/*", { kind = "delete",
      object = { type = "person", id = "/5" } }),
    call("moderate-look", "POST", { "/api/v1/admin/measures", "/api/v1/admin/dimensions", "/api/v1/admin/retention" }, {
      kind = "view", object = { type = "list", id = "/4" } }),
    call("conversation-unread", "POST", "/api/v1/conversations/*/unread", { kind = "edit", audience = "direct",
      object = { type = "conversation", id = "/api/v1/conversations/{}/unread" } }),
    call("moderate", { "POST", "PUT" }, { "/api/v1/admin/accounts/*/*", "/api/v1/admin/reports/*",
      "/api/v1/admin/reports/*/*", "/api/v1/admin/domain_blocks", "/api/v1/admin/domain_blocks/*",
      "/api/v1/admin/ip_blocks", "/api/v1/admin/ip_blocks/*", "/api/v1/admin/tags/*", "/api/v1/admin/trends/*/*/*",
      "/api/v1/admin/email_domain_blocks", "/api/v1/admin/canonical_email_blocks",
      "/api/v1/admin/domain_allows" }, { kind = "edit", answer = { id = own_id },
      object = { type = "person", id = { "/api/v1/admin/trends/*/{}/*", "/5" },
        title = { "domain", "ip", "display_name" } }, typed = { "text",
        "private_comment", "public_comment", "comment", "warning_text", "display_name" } }),
    call("collection", "POST", { "/api/v1_alpha/collections", "/api/v1/collections" }, { kind = "post",
      audience = "public", object = { type = "list", title = "name" }, typed = { "name", "description", "tag_name" },
      answer = { type = "list", id = { "id", "%id", "collection/id", "%collection/id" } } }),
    call("collection-edit", { "PUT", "PATCH" }, { "/api/v1_alpha/collections/*", "/api/v1/collections/*" }, {
      kind = "edit", audience = "public", object = { type = "list", id = "/4", title = "name" }, typed = { "name",
        "description", "tag_name" } }),
    call("collection-item", { "POST", "DELETE" }, { "/api/v1_alpha/collections/*/items",
      "/api/v1_alpha/collections/*/items/*", "/api/v1/collections/*/items", "/api/v1/collections/*/items/*" }, {
        kind = "edit", audience = "public", object = { type = "list", id = "/4" } }),
    call("collection-delete", "DELETE", { "/api/v1_alpha/collections/*", "/api/v1/collections/*" }, { kind = "delete",
      audience = "public", object = { type = "list", id = "/4" } }),
    call("profile-form", "POST", "/settings/profile", { kind = "edit", audience = "public",
      object = { type = "person" }, body = { has = { "account[note]" } }, typed = { "account[display_name]",
        "account[note]", "account[fields_attributes]*", "account[fields_attributes][*" } }),
    { id = "share-text", match = { method = "GET", path = "/share", query = { text = true }, host = known },
      activity = { kind = "draft", phase = "draft", audience = "private", object = { type = "post" } },
      typed = { "?text", "?title", "?url" } },

    { id = "search", match = { method = "GET", path = { "/api/v2/search", "/api/v1/search", "/api/v1/accounts/search" },
        query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    look("view", S .. "*", { object = { type = "post", id = S .. "{}" }, answer = seen }),
    look("view-later", "/api/v1/scheduled_statuses/*", { audience = "private", object = { type = "post",
      id = "/api/v1/scheduled_statuses/{}" } }),
    look("view-filter", { "/api/v2/filters/*", "/api/v1/filters/*" }, { audience = "private", object = { type = "list",
      id = "/4" }, answer = { title = { "title", "phrase" } } }),
    look("view-filter-part", { "/api/v2/filters/*/keywords", "/api/v2/filters/*/statuses",
      "/api/v2/filters/keywords/*", "/api/v2/filters/statuses/*" }, { audience = "private", object = { type = "list",
        id = { "/api/v2/filters/keywords/{}", "/api/v2/filters/statuses/{}", "/4" } } }),
    look("view-collection", { "/api/v1_alpha/collections/*", "/api/v1/collections/*" }, { object = { type = "list",
      id = "/4" }, answer = { title = { "name", "collection/name" } } }),
    look("view-thread", S .. "*/context", { object = { type = "topic", id = S .. "{}/context" } }),
    look("view-about", { S .. "*/history", S .. "*/source", S .. "*/card", S .. "*/favourited_by",
      S .. "*/reblogged_by", S .. "*/quotes" }, { object = { type = "post", id = "/4" } }),
    look("view-file", "/api/v1/media/*", { audience = "unknown", object = { type = "file", id = "/api/v1/media/{}" },
      answer = { title = "description", url = "{url}", length = "%meta/original/duration" } }),
    look("view-poll", "/api/v1/polls/*", { object = { type = "poll", id = "/api/v1/polls/{}" } }),
    look("view-person-named", "/api/v1/accounts/lookup", { query = { acct = true },
      object = { type = "person", id = "?acct", title = "?acct" }, answer = profile }),
    look("about-me", A .. "verify_credentials", { audience = "private", object = { type = "person" },
      answer = profile }),
    look("about-people", { A .. "relationships", A .. "familiar_followers", "/api/v1/accounts" }, {
      audience = "private", object = { type = "person", id = { "?id[]", "?id" } } }),
    look("view-person", A .. "*", { object = { type = "person", id = A .. "{}" }, answer = profile }),
    look("view-person-part", { A .. "*/collections", "/api/v1_alpha/accounts/*/collections",
      A .. "*/statuses", A .. "*/followers", A .. "*/following", A .. "*/featured_tags",
      A .. "*/endorsements", A .. "*/lists", A .. "*/identity_proofs" }, { object = { type = "person", id = "/4" } }),
    look("view-tag", { "/api/v1/timelines/tag/*", "/api/v1/tags/*" }, { object = { type = "tag",
      id = { "/api/v1/timelines/tag/{}", "/api/v1/tags/{}" }, title = { "/api/v1/timelines/tag/{}",
        "/api/v1/tags/{}" } } }),
    look("view-list", "/api/v1/lists/*", { audience = "private", object = { type = "list", id = "/api/v1/lists/{}" },
      answer = { title = "title" } }),
    look("view-list-posts", { "/api/v1/timelines/list/*", "/api/v1/lists/*/accounts" }, { audience = "private",
      object = { type = "list", id = { "/api/v1/timelines/list/{}", "/api/v1/lists/{}/accounts" } } }),
    look("view-notice", { "/api/v1/notifications/*", "/api/v2/notifications/*" }, { audience = "private",
      object = { type = "message", id = "/4" } }),
    look("view-moderated", "/api/v1/admin/*/*", { audience = "private", object = { type = "person", id = "/5" } }),
    look("oembed", "/api/oembed", { query = { url = true }, object = { type = "post", id = "?url" },
      answer = { title = "title", author = "author_name" } }),
    look("view-server", { "/api/v1/instance", "/api/v2/instance", "/api/v1/instance/*" }, { object = { type = "page",
      id = "=" }, answer = { id = { "domain", "uri" }, title = "title" } }),
    look("view-link", "/api/v1/timelines/link", { query = { url = true }, object = { type = "page", id = "?url",
      url = "{?url}" } }),
    look("view-year", { "/api/v1/annual_reports/*", "/api/v1/annual_reports/*/state" }, { audience = "private",
      object = { type = "document", id = "/4" } }),
    -- What has no name but its own: the home of a person, what was saved.
    look("view-lists", { "/api/v1/timelines/*", "/api/v1/favourites", "/api/v1/bookmarks", "/api/v1/mutes",
      "/api/v1/blocks", "/api/v1/domain_blocks", "/api/v1/follow_requests", "/api/v1/endorsements", "/api/v1/lists",
      "/api/v1/filters", "/api/v2/filters", "/api/v1/custom_emojis", "/api/v1/announcements", "/api/v1/conversations",
      "/api/v1/notifications", "/api/v2/notifications", "/api/v1/scheduled_statuses", "/api/v1/featured_tags",
      "/api/v1/featured_tags/suggestions", "/api/v1/followed_tags", "/api/v1/trends", "/api/v1/trends/*",
      "/api/v1/directory", "/api/v1/suggestions", "/api/v2/suggestions", "/api/v1/preferences", "/api/v1/markers",
      "/api/v1/annual_reports", "/api/v1/profile", "/api/v1/apps/verify_credentials", "/api/v1/donation_campaigns",
      "/api/v1/reports", "/api/v1/statuses", "/api/v1/admin/*", "/api/v2/admin/*", "/api/v1/admin/trends/*" }, {
      audience = "private", object = { type = "list", id = { "/api/v1/timelines/{}", "/api/v1/trends/{}", "?id[]",
        "/api/v1/admin/{}", "/api/v2/admin/{}", "/3" } } }),
    { id = "machinery", ignore = true, match = { path = { "/api/v1/markers", "/api/v1/streaming/**",
        "/api/v1/push/**", "/api/web/**", "/api/v1/apps", "/api/v1_alpha/async_refreshes/*" } } },
    -- What is named above in no other way; only where it is sure to be Mastodon.
    { id = "part-gone", match = { method = "DELETE", path = own_api, host = known }, activity = { kind = "delete",
      audience = "private", object = { type = "post", id = { "?id", "/4" } } }, typed = {}, deny = refused },
    { id = "part-edit", match = { method = { "POST", "PUT", "PATCH" }, path = own_api, host = known },
      activity = { kind = "edit", audience = "private", object = { type = "post", id = { "id", "/4" },
        title = { "title", "name" } } }, typed = { "**/text", "**/title", "**/name", "**/comment", "**/description",
          "**/status", "**/note", "**/content", "**/message" }, deny = refused },
    { id = "read", match = { method = "GET", path = own_api, host = known }, activity = { kind = "view",
      audience = "private", object = { type = "list", id = { "?id", "/4", "/3" } } }, typed = {} },

    -- The pages, with or without their scripts.
    { id = "page", match = { method = "GET", path = { "/@*/*", "/web/statuses/*", "/users/*/statuses/*" } },
      activity = { kind = "view", audience = "public", object = { type = "post", title_end = " - Mastodon",
        id = { "/@*/{}", "/web/statuses/{}", "/users/*/statuses/{}" }, url = "https://{host}{path}" } }, typed = {} },
    { id = "page-tag", match = { method = "GET", path = "/tags/*", host = known },
      activity = { kind = "view", audience = "public", object = { type = "tag", id = "/2", title = "/2",
        url = "https://{host}{path}" } }, typed = {} },
    page_person("page-person", "/@*"), page_person("page-user", "/users/*", known),
  },

  tests = tests,
}
