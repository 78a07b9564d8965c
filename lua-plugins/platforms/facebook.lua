-- SPDX-License-Identifier: Apache-2.0
-- Facebook: the feed, groups and comments. One address takes everything as a form: the operation is named by
-- fb_api_req_friendly_name, its text is JSON in the field variables. Chats between two people are encrypted end to end.

local graphql = { "/api/graphql", "/graphql", "/graphql/query" }
local refused = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"message":"{message}","severity":"ERROR","code":1357004,"summary":"{id}",]]
    .. [["description":"{message}"}],"extensions":{"is_final":true}}]] }
local privacy = { from = { "variables/input/audience/privacy/base_state", "variables/**/base_state" },
  default = "unknown",
  map = { EVERYONE = "public", FRIENDS = "private", SELF = "private", FRIENDS_OF_FRIENDS = "group" } }
local group = { type = "community", id = { "variables/groupID", "variables/input/group_id",
  "variables/input/audience/to_id",
  "variables/input/to_id" } }
local story = { "variables/input/message/text", "variables/input/attachments/**/text",
  "variables/input/attachments/**/url",
  "variables/input/attachments/**/title", "variables/input/**/caption/text", "variables/input/**/question/text",
  "variables/input/**/options/**/text", "variables/input/title" }

local function op(id, names, activity, typed, body)
  body = body or {}
  body.eq = { fb_api_req_friendly_name = names }
  return { id = id, match = { method = "POST", path = graphql, type = "form", body = body }, activity = activity,
    typed = typed, deny = refused }
end

local form = "application/x-www-form-urlencoded"
local made = { type = "post", id = { "data/story_create/story/legacy_story_hideable_id", "data/story_create/story_id",
  "data/story_create/story/id", "data/story_create/post_id" }, url = "{data/story_create/story/url}" }

return {
  api = 1,
  id = "facebook",
  version = "1.0.0",
  title = "Facebook (feed and groups)",
  hosts = { "facebook.com", "www.facebook.com", "m.facebook.com", "web.facebook.com", "mbasic.facebook.com",
    "business.facebook.com", "www.messenger.com", "upload.facebook.com", "rupload.facebook.com",
      "gateway.facebook.com" },
  secret = { { path = { "/login/**", "/login", "/login.php", "/checkpoint/**", "/recover/**", "/reg/**",
    "/cookie/consent/**",
    "/cookie/consent", "/auth/**", "/two_step_verification/**", "/two_factor/**", "/dialog/oauth/**", "/security/**",
    "/ajax/login/**", "/api/graphql/login" } } },
  redact_always = { "fb_dtsg", "lsd", "jazoest", "pass", "encpass", "__user", "__a", "__req", "__hs", "__s", "__dyn",
    "__csr", "__spin_*", "?fb_dtsg*", "variables/input/client_mutation_id", "variables/input/idempotence_token" },

  rules = {
    { id = "login", secret = true, match = { method = "POST", path = graphql, type = "form",
        body = { eq = { fb_api_req_friendly_name = { "*Login*", "*Password*", "*TwoFactor*", "*Credential*" } } } } },
    op("group-post", "ComposerStoryCreateMutation", { kind = "post", audience = "group", group = group,
      object = { type = "post" }, answer = made }, story, { has = { "variables/groupID" } }),
    op("group-post-to", "ComposerStoryCreateMutation", { kind = "post", audience = "group", group = group,
      object = { type = "post" }, answer = made }, story, { has = { "variables/input/audience/to_id" } }),
    op("post", "ComposerStoryCreateMutation", { kind = "post", audience = privacy, object = { type = "post" },
      answer = made }, story),
    op("edit", "ComposerStoryEditMutation", { kind = "edit", audience = privacy, group = group,
      object = { type = "post", id = { "variables/input/story_id", "variables/input/id" } } }, story),
    op("delete", "*StoryDeleteMutation*", { kind = "delete", audience = "unknown",
      object = { type = "post", id = { "variables/input/story_id", "variables/**/story_id" } } }, {}),
    op("comment", { "useCometUFICreateCommentMutation", "CometUFICreateCommentMutation*" }, { kind = "comment",
      audience = "unknown", group = group, object = { type = "comment" },
      parent = { type = "post", id = "variables/input/feedback_id" },
      answer = { type = "comment", id = { "data/comment_create/feedback_comment_edge/node/legacy_fbid",
        "data/comment_create/feedback_comment_edge/node/id" } } },
      { "variables/input/message/text", "variables/input/attachments/**/url" }),
    op("comment-edit", { "useCometUFIEditCommentMutation*", "CometUFIEditCommentMutation*" }, { kind = "edit",
      audience = "unknown", object = { type = "comment", id = "variables/input/comment_id" } },
      { "variables/input/message/text" }),
    op("react", "*FeedbackReactMutation*", { kind = "react", audience = "unknown",
      object = { type = "post", id = "variables/input/feedback_id" } }, {}),
    op("link-preview", "ComposerLinkAttachmentPreviewQuery", { kind = "draft", phase = "draft", audience = "unknown",
      object = { type = "post" } }, { "variables/params/url", "variables/**/url" }),
    op("join", { "GroupCometJoin*", "*GroupRequestToJoin*" }, { kind = "join", audience = "group",
      object = { type = "community", id = { "variables/groupID", "variables/input/group_id" } } },
      { "variables/**/answers/#", "variables/**/answer" }),
    op("chat", "LSPlatformGraphQLLightspeedRequestQuery", { kind = "message", audience = "group",
      object = { type = "message" },
      group = { type = "conversation", id = { "variables/requestPayload/tasks/#/payload/thread_id",
        "%variables/requestPayload/tasks/#/payload/thread_id" } } },
      { "variables/requestPayload/tasks/#/payload/text" },
        { has = { "variables/requestPayload/tasks/#/payload/text" } }),
    { id = "upload", match = { method = "POST", path = { "/ajax/mercury/upload.php",
        "/ajax/react_composer/attachments/photo/upload", "/messenger_*/**" } },
      activity = { kind = "upload", audience = "unknown", object = { type = "file" } },
      typed = { "filename", "caption", "farr", "file", "upload_*", "source" }, deny = "page" },
    op("search", { "SearchCometResults*", "GroupsCometGroupSearch*" }, { kind = "search", audience = "private",
      object = { type = "search" } }, { "variables/**/text", "variables/args/text" }),
    { id = "queries", ignore = true, match = { method = "POST", path = graphql, type = "form",
        body = { eq = { fb_api_req_friendly_name = { "*Query", "*Subscription", "*QueryRendererQuery" } } } } },
    { id = "telemetry", ignore = true, match = { path = { "/ajax/bz", "/ajax/bnzai", "/ajax/webstorage/**",
      "/ajax/qm/**",
        "/ajax/bulk-route-definitions", "/ajax/route-definition", "/ajax/navigation", "/a/bz",
          "/security/hsts-pixel.gif",
        "/data/manifest", "/video/unified_cvc", "/ajax/mercury/delivery_receipts.php" } } },
    { id = "group-view", match = { method = "GET", path = { "/groups/*", "/groups/*/posts/*",
      "/groups/*/permalink/*" } },
      activity = { kind = "view", audience = "group", group = { type = "community", id = "/2" },
        object = { type = "post", id = { "/4", "/2" }, url = "https://www.facebook.com{path}" } }, typed = {} },
  },

  tests = {
    { name = "a post in a group", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_dtsg=NA1&jazoest=2&lsd=x&fb_api_req_friendly_name=ComposerStoryCreateMutation&doc_id=77&variables="
        .. "%7B%22input%22%3A%7B%22message%22%3A%7B%22ranges%22%3A%5B%5D%2C%22text%22%3A%22a+question%22%7D%7D%2C"
        .. "%22groupID%22%3A%221234567%22%7D",
      expect = { rule = "group-post", kind = "post", audience = "group", group = "1234567", text = "a question",
        typed = { "variables/input/message/text" }, hidden = { "fb_dtsg", "lsd", "jazoest" } } },
    { name = "a post for everyone", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=ComposerStoryCreateMutation&variables=%7B%22input%22%3A%7B%22message%22%3A%7B"
        .. "%22text%22%3A%22hello%22%7D%2C%22audience%22%3A%7B%22privacy%22%3A%7B%22base_state%22%3A%22EVERYONE%22%7"
        .. "D%7D"
        .. "%7D%7D", answer = [[{"data":{"story_create":{"story":{"id":"S1","url":"https://www.facebook.com/p/1"}}}}]],
      expect = { rule = "post", kind = "post", audience = "public", id = "S1", text = "hello",
        url = "https://www.facebook.com/p/1" } },
    { name = "an edit", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=ComposerStoryEditMutation&variables=%7B%22input%22%3A%7B%22story_id%22%3A%22S"
        .. "1%22%2C"
        .. "%22message%22%3A%7B%22text%22%3A%22better%22%7D%7D%7D",
      expect = { rule = "edit", kind = "edit", id = "S1", text = "better" } },
    { name = "a comment", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=useCometUFICreateCommentMutation&variables=%7B%22input%22%3A%7B%22feedback_id%22"
        .. "%3A%22ZmVlZGJhY2s6MTIz%22%2C%22message%22%3A%7B%22text%22%3A%22well+said%22%7D%7D%7D",
      expect = { rule = "comment", kind = "comment", parent = "ZmVlZGJhY2s6MTIz", text = "well said" } },
    { name = "a reaction", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=CometUFIFeedbackReactMutation&variables=%7B%22input%22%3A%7B%22feedback_id%22%3A"
        .. "%22Zm%22%7D%7D", expect = { rule = "react", kind = "react", id = "Zm" } },
    { name = "a link is looked up before it is posted", method = "POST", host = "www.facebook.com",
      path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=ComposerLinkAttachmentPreviewQuery&variables=%7B%22params%22%3A%7B%22url%22%3A"
        .. "%22https%3A%2F%2Fa.example%2Fb%22%7D%7D",
      expect = { rule = "link-preview", kind = "draft", phase = "draft", text = "https://a.example/b" } },
    { name = "a message in a group's chat, three layers deep", method = "POST", host = "www.facebook.com",
      path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=LSPlatformGraphQLLightspeedRequestQuery&variables=%7B%22requestPayload%22%3A%"
        .. "22%7B"
        .. "%5C%22tasks%5C%22%3A%5B%7B%5C%22label%5C%22%3A%5C%2246%5C%22%2C%5C%22payload%5C%22%3A%5C%22%7B%5C%5C%5C%22"
        .. "thread_id%5C%5C%5C%22%3A%5C%5C%5C%22777777777%5C%5C%5C%22%2C%5C%5C%5C%22text%5C%5C%5C%22%3A%5C%5C%5C%22deep"
        .. "%5C%5C%5C%22%7D%5C%22%7D%5D%7D%22%7D",
      expect = { rule = "chat", kind = "message", audience = "group", group = "777777777", text = "deep" } },
    { name = "joining a group", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=GroupCometJoinForumMutation&variables=%7B%22groupID%22%3A%22g1%22%7D",
      expect = { rule = "join", kind = "join", id = "g1" } },
    { name = "a group", host = "www.facebook.com", path = "/groups/123/posts/456/",
      expect = { rule = "group-view", kind = "view", id = "456", group = "123" } },
    { name = "a search", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=SearchCometResultsPaginatedResultsQuery&variables=%7B%22args%22%3A%7B%22text%"
        .. "22%3A"
        .. "%22probes%22%7D%7D", expect = { rule = "search", kind = "search", text = "probes" } },
    { name = "deleting", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=useCometFeedStoryDeleteMutation&variables=%7B%22input%22%3A%7B%22story_id%22%3A"
        .. "%22S1%22%7D%7D", expect = { rule = "delete", kind = "delete", id = "S1" } },
    { name = "an upload to a chat", method = "POST", host = "www.facebook.com", path = "/ajax/mercury/upload.php",
      type = "multipart/form-data; boundary=B", body = "--B\r\nContent-Disposition: form-data; name=\"farr\"; "
        .. "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n--B--\r\n",
      expect = { rule = "upload", kind = "upload", text = "the plan" } },
    { name = "a query is nothing", method = "POST", host = "www.facebook.com", path = "/api/graphql/", type = form,
      body = "fb_api_req_friendly_name=CometGroupDiscussionRootSuccessQuery&variables=%7B%22text%22%3A%22long+enough"
        .. "%22%7D",
      expect = { none = true } },
    { name = "telemetry is nothing", method = "POST", host = "www.facebook.com", path = "/ajax/bz", type = form,
      body = "message=long+enough+to+be+text", expect = { none = true } },
    { name = "a password in a mutation is not read", method = "POST", host = "www.facebook.com", path = "/api/graphql/",
      type = form, body = "fb_api_req_friendly_name=useCDSWebLoginMutation&variables=%7B%22pass%22%3A%22x%22%7D",
      expect = { rule = "login", none = true, hidden = { "variables/pass" } } },
    { name = "signing in is never read", method = "POST", host = "www.facebook.com",
      path = "/login/device-based/regular/",
      type = form, body = "email=a&pass=b", expect = { secret = true } },
  },
}
