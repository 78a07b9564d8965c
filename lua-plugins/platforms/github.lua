-- SPDX-License-Identifier: Apache-2.0
-- GitHub: the REST and GraphQL API, the forms and persisted queries of the web pages, gists. What is pushed by git is
-- not looked into.

local api_host, web_host, gist_host = "api.github.com", "github.com", "gist.github.com"
local refused = { status = 422, type = "application/json",
  body = [[{"message":"{message}","errors":[{"resource":"Stoa","field":"body","code":"custom","message":"{id}"}],]]
    .. [["documentation_url":"https://docs.github.com/rest"}]] }
local graphql = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"type":"FORBIDDEN","message":"{message}","extensions":{"stoa":"{id}"}}]}]] }
local repo = { type = "repository", id = "+{/2}/{/3}" }
local web_repo = { type = "repository", id = "+{/1}/{/2}" }
local made = { id = { "%number", "%id" }, url = "{html_url}", author = "user/login", title = "title" }
local made_comment = { type = "comment", id = "%id", url = "{html_url}", author = "user/login" }

-- One call of the REST API; what = { kind, object, parent, answer, typed }.
local function rest(id, method, path, what)
  return { id = id, match = { method = method, host = what.host or api_host, path = path, body = what.body,
      query = what.query },
    activity = { kind = what.kind, phase = what.phase or (what.kind == "draft" and "draft" or nil),
      audience = what.audience or "unknown", object = what.object, parent = what.parent, group = what.group or repo,
      answer = what.answer }, typed = what.typed or {}, deny = refused }
end

local function issue(path, kind)
  return { type = kind or "issue", id = path,
    url = "https://github.com/{/2}/{/3}/" .. (kind == "pull" and "pull" or "issues") .. "/{id}" }
end

-- One operation of GraphQL; some programs write what they say into the query itself.
local function operation(id, names, what)
  local queries = {}
  for _, name in ipairs(names) do
    queries[#queries + 1] = "*" .. name .. "*"
  end
  return { id = id, match = { method = "POST", host = api_host, path = "/graphql",
      body = { eq = { query = queries }, has = what.has } },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent,
      group = what.group, answer = what.answer }, typed = what.typed or {}, deny = graphql }
end

-- A persisted query of the pages, told by its name or by its fields.
local function persisted(id, names, what)
  return { id = id, match = { method = "POST", host = web_host, path = "/_graphql",
      body = { eq = names and { persistedQueryName = names } or nil, has = what.has } },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent,
      group = what.group, answer = what.answer }, typed = what.typed or {}, deny = graphql }
end

local said = { "variables/**/body", "variables/**/title", "variables/**/text", "variables/**/description",
  "variables/**/name", "variables/**/message", "variables/**/headline", "variables/**/commitHeadline",
  "variables/**/commitBody", "variables/**/content", "variables/**/comment", "variables/**/note" }
local removed = { "deleteIssue", "deleteDiscussion", "deletePull", "deleteRef", "deleteProject", "deleteLabel" }
local node = { "variables/**/id", "variables/**/subjectId", "variables/**/discussionId", "variables/**/issueId",
  "variables/**/pullRequestId", "variables/**/commentId", "variables/**/starrableId", "variables/**/userId",
  "variables/**/repositoryId", "variables/**/labelableId", "variables/**/assignableId", "variables/**/subject" }
local in_query = { "query" }

local function form_of(id, path, what)
  return { id = id, match = { method = what.method or { "POST", "PUT" }, host = web_host, path = path,
      body = what.body },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent, group = web_repo },
    typed = what.typed, deny = "page" }
end

local function page(id, path, kind, source)
  return { id = id, match = { method = "GET", host = web_host, path = path },
    activity = { kind = "view", audience = "unknown", group = web_repo,
      object = { type = kind, id = source, url = "https://{host}{path}", title_end = " · *" } }, typed = {} }
end
local json = "application/json"
local form = "application/x-www-form-urlencoded"

local tests = {
  { name = "a file of a release", method = "POST", host = "uploads.github.com",
    path = "/repos/acme/app/releases/5/assets", query = "name=notes.txt", type = "text/plain", body = "what is new",
    status = 201, answer = [[{"id":13}]],
    expect = { rule = "release-file", kind = "upload", id = "13", title = "notes.txt",
      text = "notes.txt\nwhat is new" } },
  { name = "a file", method = "PUT", host = "api.github.com", path = "/repos/acme/app/contents/docs/a.md",
    type = json,
    body = [[{"message":"docs","content":"aGVsbG8="}]],
    expect = { rule = "file", kind = "edit", id = "docs/a.md", typed = { "message", "content" } } },
  { name = "a comment by form", method = "POST", host = "github.com", path = "/acme/app/issue_comments", type = form,
    body = "authenticity_token=abc&issue=7&comment%5Bbody%5D=by+form",
    expect = { rule = "form-comment", kind = "comment", parent = "7", text = "by form",
      hidden = { "authenticity_token" } } },
  { name = "an upload is announced", method = "POST", host = "github.com", path = "/upload/policies/assets",
    type = form, body = "name=plan.png&size=5&content_type=image%2Fpng&repository_id=12",
    answer = [[{"upload_url":"https://x.example","asset":{"id":77,"name":"plan.png"}}]],
    expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "plan.png", id = "77",
      upload = "https://x.example" } },
}
-- The others: name | method, host and path | body | answer | what is expected. A line that begins with blanks goes on.
local brief = [[
an issue through the API | POST api.github.com/repos/acme/app/issues | {"title":"Probes fail","body":"They time out","
  labels":["bug"]} | {"id":901,"number":7,"html_url":"https://github.com/acme/app/issues/7","title":"Probes fail","
  user":{"login":"ana"}} | rule issue-new; kind post; phase confirm; id 7; title Probes fail; author ana; group acme/
  app; url https://github.com/acme/app/issues/7; text Probes fail~They time out
an edit of an issue | PATCH api.github.com/repos/acme/app/issues/7 | {"title":"Probes fail often","state":"open"
  } |  | rule issue-edit; kind edit; id 7; title Probes fail often; url https://github.com/acme/app/issues/7
an invitation | PUT api.github.com/repos/acme/app/collaborators/bo | {"permission":"push"
  } |  | rule invite; kind share; id acme/app
an answer to a review by number | POST api.github.com/repos/acme/app/pulls/3/comments | {"body":"So it is","
  in_reply_to":77} | {"id":78,"user":{"login":"ana"}} | rule pull-answer; kind reply; id 78; parent 77; text So it is
a label on an issue | POST api.github.com/repos/acme/app/issues/7/labels | ["bug"
  ] |  | rule issue-part; kind edit; id 7; url https://github.com/acme/app/issues/7
a milestone | POST api.github.com/repos/acme/app/milestones | {"title":"Autumn","description":"what must be there"
  } | {"number":2} | rule milestone; kind post; id 2; title Autumn; text Autumn~what must be there
a profile of a person | GET api.github.com/users/ana |  | {"login":"ana","name":"Ana"
  } | rule api-person; kind view; id ana; title Ana
an answer in a discussion | POST api.github.com/graphql | {"query":"mutation($i:AddDiscussionCommentInput!){
  addDiscussionComment(input:$i){comment{id}}}","variables":{"i":{"discussionId":"D_1","replyToId":"DC_1","body":"
  So do I"}}} | {"data":{"addDiscussionComment":{"comment":{"id":"DC_2"}}}
  } | rule graphql-reply; kind reply; id DC_2; parent DC_1; text So do I
a mutation that holds its words | POST api.github.com/graphql | {"query":"mutation{addComment(input:{subjectId:\"I_1\"
  ,body:\"hello\"}){x}}"} |  | rule inline-comment; kind comment
a page deletes | POST github.com/_graphql | {"persistedQueryName":"deleteIssueCommentMutation","variables":{"input":{"
  id":"IC_1"}}} |  | rule page-delete; kind delete; id IC_1
a star by form | POST github.com/acme/app/star | context=repository |  | rule form-star; kind save; id acme/app
a page of the wiki | POST github.com/acme/app/wiki | wiki%5Bname%5D=Start&wiki%5Bbody%5D=
  all+of+it |  | rule form-wiki; kind edit; id Start; text Start~all of it
the page of an issue | GET github.com/acme/app/issues/7 |  | <title>Probes fail · Issue #7 · acme/app · GitHub</
  title> | rule page-issue; id 7; title Probes fail
what is in trend is no person | GET github.com/trending |  |  | none
a comment before its answer | POST api.github.com/repos/acme/app/issues/7/comments | {"body":"Same here"
  } |  | rule issue-comment; kind comment; phase commit; id 7; url https://github.com/acme/app/issues/
  7; text Same here
a comment | POST api.github.com/repos/acme/app/issues/7/comments | {"body":"Same here"} | {"id":55,"html_url":"https:/
  /github.com/acme/app/issues/7#issuecomment-55","user":{"login":"bo"}} | id 55; author bo; parent 7; url https://
  github.com/acme/app/issues/7#issuecomment-55
an edit of a comment | PATCH api.github.com/repos/acme/app/issues/comments/55 | {"body":"Not here"
  } |  | rule issue-comment-edit; kind edit; id 55; text Not here
deleting a comment | DELETE api.github.com/repos/acme/app/issues/comments/
  55 |  |  | rule issue-comment-delete; kind delete; id 55
a pull request | POST api.github.com/repos/acme/app/pulls | {"title":"Fix","head":"b","base":"main","body":"
  by waiting"} |  | rule pull-new; kind post; title Fix; text Fix~by waiting
a review | POST api.github.com/repos/acme/app/pulls/8/reviews | {"body":"Good","event":"COMMENT","comments":[{"path":"
  a.c","body":"why?"}]} |  | rule review; kind comment; text Good~why?
an answer in a review | POST api.github.com/repos/acme/app/pulls/8/comments/31/replies | {"body":"because"
  } |  | rule pull-reply; kind reply; parent 31; text because
a public gist | POST api.github.com/gists | {"description":"notes","public":true,"files":{"a.txt":{"content":"
  the text"}}} | {"id":"9f","html_url":"https://gist.github.com/9f","owner":{"login":"ana"}
  } | rule gist; kind post; audience public; id 9f; title notes; author ana; url https://gist.github.com/
  9f; text notes~the text
a secret gist | POST api.github.com/gists | {"public":false,"files":{"a.txt":{"content":"x"}}
  } |  | rule gist; audience private
a star | PUT api.github.com/user/starred/acme/app |  |  | rule star; kind save; id acme/app
following | PUT api.github.com/user/following/ana |  |  | rule follow; kind follow; id ana
a reaction | POST api.github.com/repos/acme/app/issues/7/reactions | {"content":"+1"
  } |  | rule react; kind react; id 7
a comment by GraphQL | POST api.github.com/graphql | {"query":"mutation($i:ID!,$b:String!){addComment(input:{
  subjectId:$i,body:$b}){clientMutationId}}","variables":{"i":"I_1","b":"x","body":"by GraphQL"}
  } |  | rule graphql-comment; kind comment
reading by GraphQL is nothing | POST api.github.com/graphql | {"query":"query { viewer { login } }"} |  | none
a comment of the page | POST github.com/_graphql | {"query":"0f1e","variables":{"connections":[],"input":{"body":"
  from the page","subjectId":"I_1"}}} |  | rule page-comment; kind comment; parent I_1; text from the page
an issue of the page | POST github.com/_graphql | {"query":"0f1f","variables":{"input":{"title":"T","body":"B","
  repositoryId":"R_1"}}} |  | rule page-post; kind post; title T; group R_1; text T~B
a persisted query that asks is nothing | POST github.com/_graphql | {"query":"0f20","variables":{"login":"
  somebody else"}} |  | none
an issue by form | POST github.com/acme/app/issues | issue%5Btitle%5D=T&issue%5Bbody%5D=
  B |  | rule form-issue; kind post; title T; group acme/app; text T~B
a preview is a draft | POST github.com/preview | text=
  half+a+thought |  | rule preview; kind draft; text half a thought
a gist by form | POST gist.github.com/ana | gist%5Bpublic%5D=1&gist%5Bdescription%5D=d&
  gist%5Bcontents%5D%5B%5D%5Bvalue%5D=v |  | rule form-gist; kind post; audience public; text d~v
Copilot | POST api.githubcopilot.com/chat/completions | {"messages":[{"role":"user","content":"explain probes"}]
  } |  | rule copilot; kind ai.prompt; audience ai; text explain probes
a search | GET github.com/search?q=probes&type=code |  |  | rule search; kind search; text probes
reading an issue by API | GET api.github.com/repos/acme/app/issues/7 |  | {"id":901,"number":7,"title":"Probes fail","
  html_url":"https://github.com/acme/app/issues/7"} | rule api-issue; kind view; id 7; title Probes fail
reading a repository by API | GET api.github.com/repos/acme/app |  | {"id":1,"full_name":"acme/app","html_url":"
  https://github.com/acme/app","owner":{"login":"acme"}} | rule api-repository; kind view; id acme/app; author acme
reading an issue | GET github.com/acme/app/issues/7 |  | <html><head><title>Probes fail · GitHub</title></
  head><body>x</body></html> | rule page-issue; kind view; id 7; title Probes fail; url https://github.com/acme/app/
  issues/7
reading a file | GET github.com/acme/app/blob/main/README.md |  |  | rule page-file; kind view; id main/README.md
a list is nothing | GET api.github.com/repos/acme/app/issues |  |  | none
settings are no repository | GET github.com/settings/profile |  |  | none
telemetry is nothing | POST github.com/_private/browser/stats | {"stats":[{"message":"long enough to be text"}]
  } |  | none
signing in is never read | POST github.com/session | login=a&password=b |  | secret
tokens are never read | GET github.com/settings/tokens/new |  |  | secret
]]
for row in (brief:gsub("\n  ", "")):gmatch "[^\n]+" do
  local name, method, host, path, sent, answer, wanted = row:match
    "^(.-) | (%u+) ([^/]+)(.-) | (.-) ?| (.-) ?| (.*)$"
  local expect = {}
  for key, value in (wanted .. "; "):gmatch "(%l+) ?(.-); " do
    expect[key] = value == "" and key ~= "text" and key ~= "id" or value:gsub("~", "\n")
  end
  tests[#tests + 1] = { name = name, method = method, host = host, path = path:gsub("%?.*", ""),
    query = path:match "?(.*)$", body = sent ~= "" and sent or nil, answer = answer ~= "" and answer or nil,
    type = sent:find "^[{[]" and json or sent ~= "" and form or nil, expect = expect,
    answer_type = answer:sub(1, 1) == "<" and "text/html" or nil }
end

return {
  api = 1,
  id = "github",
  version = "1.1.0",
  title = "GitHub",
  hosts = { "github.com", "api.github.com", "gist.github.com", "uploads.github.com", "*.githubcopilot.com" },

  secret = {
    { path = { "/session", "/sessions/**", "/login/**", "/login", "/password_reset/**", "/password_reset", "/join",
      "/signup/**", "/signup", "/settings/tokens/**", "/settings/tokens", "/settings/keys/**", "/settings/keys",
      "/settings/personal-access-tokens/**", "/settings/security/**", "/settings/security", "/settings/auth/**",
      "/settings/apps/**", "/settings/developers/**", "/settings/two_factor_authentication/**", "/u2f/**",
      "/webauthn/**" } },
    { path = { "/authorizations/**", "/authorizations", "/applications/**", "/user/keys", "/user/keys/*",
      "/user/gpg_keys", "/repos/*/*/keys", "/repos/*/*/keys/*", "/repos/*/*/actions/secrets/**",
      "/repos/*/*/dependabot/secrets/**", "/orgs/*/actions/secrets/**", "/*/*/settings/secrets/**",
      "/app/installations/*/access_tokens" } },
  },
  redact_always = { "authenticity_token", "timestamp_secret", "required_field_*", "?token", "?access_token",
    "config/secret" },

  rules = {
    -- REST
    rest("issue-comment-edit", "PATCH", "/repos/*/*/issues/comments/*", { kind = "edit", typed = { "body" },
      object = { type = "comment", id = "/repos/*/*/issues/comments/{}" }, answer = made_comment }),
    rest("issue-comment-delete", "DELETE", { "/repos/*/*/issues/comments/*", "/repos/*/*/pulls/comments/*" },
      { kind = "delete", object = { type = "comment", id = "/6" } }),
    rest("commit-comment-delete", "DELETE", "/repos/*/*/comments/*", { kind = "delete",
      object = { type = "comment", id = "/5" } }),
    rest("react", "POST", "/repos/*/*/**/reactions", { kind = "react",
      object = { type = "reaction", id = "/repos/*/*/**/{}/reactions" } }),
    rest("unreact", "DELETE", "/repos/*/*/**/reactions/*", { kind = "react",
      object = { type = "reaction", id = "/repos/*/*/**/{}/reactions/*" } }),
    rest("watch", { "PUT", "DELETE" }, "/repos/*/*/subscription", { kind = "follow", group = {},
      object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("issue-comment", "POST", "/repos/*/*/issues/*/comments", { kind = "comment", typed = { "body" },
      object = { type = "comment" }, parent = issue("/repos/*/*/issues/{}/comments"), answer = made_comment }),
    rest("issue-new", "POST", "/repos/*/*/issues", { kind = "post", typed = { "title", "body" },
      object = { type = "issue", title = "title" }, answer = made }),
    rest("issue-edit", "PATCH", "/repos/*/*/issues/*", { kind = "edit", typed = { "title", "body" },
      object = { type = "issue", id = "/repos/*/*/issues/{}", title = "title",
        url = "https://github.com/{/2}/{/3}/issues/{id}" }, answer = { title = "title", author = "user/login" } }),
    rest("pull-comment-edit", "PATCH", "/repos/*/*/pulls/comments/*", { kind = "edit", typed = { "body" },
      object = { type = "comment", id = "/repos/*/*/pulls/comments/{}" }, answer = made_comment }),
    rest("pull-reply", "POST", "/repos/*/*/pulls/*/comments/*/replies", { kind = "reply", typed = { "body" },
      object = { type = "comment" }, parent = { type = "comment", id = "/7" }, answer = made_comment }),
    rest("pull-answer", "POST", "/repos/*/*/pulls/*/comments", { kind = "reply", typed = { "body" },
      body = { has = { "%in_reply_to" } }, object = { type = "comment" },
      parent = { type = "comment", id = "%in_reply_to" }, answer = made_comment }),
    rest("pull-comment", "POST", "/repos/*/*/pulls/*/comments", { kind = "comment", typed = { "body" },
      object = { type = "comment" }, parent = issue("/repos/*/*/pulls/{}/comments", "pull"), answer = made_comment }),
    rest("review-edit", "PUT", { "/repos/*/*/pulls/*/reviews/*", "/repos/*/*/pulls/*/reviews/*/dismissals" },
      { kind = "edit", typed = { "body", "message" }, object = { type = "comment", id = "/7" } }),
    rest("review-delete", "DELETE", "/repos/*/*/pulls/*/reviews/*", { kind = "delete",
      object = { type = "comment", id = "/7" } }),
    rest("review", "POST", { "/repos/*/*/pulls/*/reviews",
      "/repos/*/*/pulls/*/reviews/*/events" }, { kind = "comment", typed = { "body", "comments/#/body" },
      object = { type = "comment" }, parent = issue("/5", "pull"), answer = made_comment }),
    rest("pull-new", "POST", "/repos/*/*/pulls", { kind = "post", typed = { "title", "body" },
      object = { type = "pull", title = "title" }, answer = made }),
    rest("pull-edit", "PATCH", "/repos/*/*/pulls/*", { kind = "edit", typed = { "title", "body" },
      object = { type = "pull", id = "/repos/*/*/pulls/{}", title = "title",
        url = "https://github.com/{/2}/{/3}/pull/{id}" }, answer = { title = "title", author = "user/login" } }),
    rest("issue-part", { "POST", "PUT", "DELETE", "PATCH" }, { "/repos/*/*/issues/*/labels",
      "/repos/*/*/issues/*/labels/*", "/repos/*/*/issues/*/assignees", "/repos/*/*/issues/*/lock",
      "/repos/*/*/issues/*/sub_issues", "/repos/*/*/issues/*/sub_issue", "/repos/*/*/issues/*/sub_issues/*" },
      { kind = "edit", object = issue("/5") }),
    rest("pull-part", { "POST", "PUT", "DELETE" }, { "/repos/*/*/pulls/*/requested_reviewers",
      "/repos/*/*/pulls/*/update-branch" }, { kind = "edit", object = issue("/5", "pull") }),
    rest("merge", "PUT", "/repos/*/*/pulls/*/merge", { kind = "edit", typed = { "commit_title", "commit_message" },
      object = { type = "pull", id = "/repos/*/*/pulls/{}/merge" } }),
    rest("commit-comment", "POST", "/repos/*/*/commits/*/comments", { kind = "comment", typed = { "body" },
      object = { type = "comment" }, parent = { type = "commit", id = "/repos/*/*/commits/{}/comments" },
      answer = made_comment }),
    rest("commit-comment-edit", "PATCH", "/repos/*/*/comments/*", { kind = "edit", typed = { "body" },
      object = { type = "comment", id = "/repos/*/*/comments/{}" }, answer = made_comment }),
    rest("release", "POST", "/repos/*/*/releases", { kind = "post", typed = { "name", "body", "tag_name" },
      object = { type = "release", title = { "name", "tag_name" } }, answer = { id = "%id", url = "{html_url}",
        author = "author/login" } }),
    rest("release-notes", "POST", "/repos/*/*/releases/generate-notes", { kind = "draft",
      object = { type = "release", title = "tag_name" }, typed = { "tag_name" } }),
    rest("release-delete", "DELETE", "/repos/*/*/releases/*", { kind = "delete",
      object = { type = "release", id = "/5" } }),
    rest("release-file", "POST", "/repos/*/*/releases/*/assets", { kind = "upload", host = "uploads.github.com",
      object = { type = "file", title = "?name" }, answer = { type = "file", id = "%id",
        url = "{browser_download_url}" }, typed = { "?name", "?label", "**" } }),
    rest("release-file-edit", "PATCH", "/repos/*/*/releases/assets/*", { kind = "edit", typed = { "name", "label" },
      object = { type = "file", id = "/6", title = "name" } }),
    rest("release-file-delete", "DELETE", "/repos/*/*/releases/assets/*", { kind = "delete",
      object = { type = "file", id = "/6" } }),
    rest("release-edit", "PATCH", "/repos/*/*/releases/*", { kind = "edit", typed = { "name", "body" },
      object = { type = "release", id = "/repos/*/*/releases/{}", title = "name" } }),
    rest("file-delete", "DELETE", "/repos/*/*/contents/**", { kind = "delete", typed = { "message" },
      object = { type = "file", id = "/repos/*/*/contents/{}", title = "/repos/*/*/contents/{}" } }),
    rest("file", "PUT", "/repos/*/*/contents/**", { kind = "edit", typed = { "message", "content" },
      object = { type = "file", id = "/repos/*/*/contents/{}", title = "/repos/*/*/contents/{}",
        url = "https://github.com/{/2}/{/3}/blob/HEAD/{id}" }, answer = { url = "{content/html_url}" } }),
    rest("git-object", "POST", "/repos/*/*/git/*", { kind = "edit", typed = { "content", "message", "tree/#/content" },
      object = { type = "file" }, answer = { id = "sha" } }),
    rest("milestone", "POST", "/repos/*/*/milestones", { kind = "post", typed = { "title", "description" },
      object = { type = "milestone", title = "title" }, answer = made }),
    rest("label", "POST", "/repos/*/*/labels", { kind = "post", typed = { "name", "description" },
      object = { type = "label", title = "name" }, answer = { id = "%id", title = "name" } }),
    rest("milestone-edit", "PATCH", { "/repos/*/*/milestones/*", "/repos/*/*/labels/*" }, { kind = "edit",
      typed = { "title", "description", "name", "new_name" },
      object = { type = "milestone", id = "/5", title = { "title", "new_name", "name" } } }),
    rest("milestone-delete", "DELETE", { "/repos/*/*/milestones/*", "/repos/*/*/labels/*" }, { kind = "delete",
      object = { type = "milestone", id = "/5" } }),
    rest("project", "POST", { "/repos/*/*/projects", "/orgs/*/projects", "/user/projects" }, { kind = "post",
      typed = { "name", "body" }, object = { type = "list", title = "name" }, group = {}, answer = { id = "%id" } }),
    rest("project-part", "POST", { "/projects/*/columns", "/projects/columns/*/cards" }, { kind = "post", group = {},
      typed = { "name", "note" }, object = { type = "list", title = "name" }, parent = { type = "list",
      id = { "/projects/columns/{}/cards", "/projects/{}/columns" } }, answer = { type = "list", id = "%id" } }),
    rest("project-edit", "PATCH", { "/projects/*", "/projects/columns/*", "/projects/columns/cards/*" }, { group = {},
      kind = "edit", typed = { "name", "body", "note" }, object = { type = "list", title = "name",
        id = { "/projects/columns/cards/{}", "/projects/columns/{}", "/projects/{}" } } }),
    rest("project-delete", "DELETE", { "/projects/*", "/projects/columns/*", "/projects/columns/cards/*" },
      { kind = "delete", group = {}, object = { type = "list",
        id = { "/projects/columns/cards/{}", "/projects/columns/{}", "/projects/{}" } } }),
    rest("commit-status", "POST", "/repos/*/*/statuses/*", { kind = "comment", typed = { "description", "context" },
      object = { type = "comment" }, parent = { type = "commit", id = "/repos/*/*/statuses/{}" },
      answer = { type = "comment", id = "%id" } }),
    rest("check", { "POST", "PATCH" }, { "/repos/*/*/check-runs", "/repos/*/*/check-runs/*" }, { kind = "comment",
      typed = { "name", "output/title", "output/summary", "output/text", "output/annotations/#/message" },
      object = { type = "comment", id = "/5", title = { "output/title", "name" } },
      parent = { type = "commit", id = "head_sha" }, answer = { type = "comment", id = "%id" } }),
    rest("team", "POST", "/orgs/*/teams", { kind = "post", typed = { "name", "description" },
      group = { type = "organisation", id = "/orgs/{}/teams" }, object = { type = "group", title = "name" },
      answer = { type = "group", id = "%id" } }),
    rest("team-post", "POST", { "/orgs/*/teams/*/discussions", "/teams/*/discussions" }, { kind = "post",
      audience = "group", typed = { "title", "body" }, group = { type = "group", id = { "/teams/{}/discussions",
        "/orgs/*/teams/{}/discussions" } }, object = { type = "topic", title = "title" }, answer = made }),
    rest("team-comment", "POST", { "/orgs/*/teams/*/discussions/*/comments", "/teams/*/discussions/*/comments" },
      { kind = "comment", audience = "group", typed = { "body" }, group = {}, object = { type = "comment" },
        parent = { type = "topic", id = { "/orgs/*/teams/*/discussions/{}/comments",
          "/teams/*/discussions/{}/comments" } }, answer = { type = "comment", id = "%number" } }),
    rest("team-edit", "PATCH", { "/orgs/*/teams/*", "/teams/*", "/orgs/*" }, { kind = "edit", group = {},
      typed = { "name", "description", "blog", "company", "location" },
      object = { type = "group", id = { "/orgs/*/teams/{}", "/teams/{}", "/orgs/{}" }, title = "name" } }),
    rest("invite", "PUT", { "/repos/*/*/collaborators/*", "/orgs/*/memberships/*", "/teams/*/memberships/*",
      "/orgs/*/teams/*/memberships/*", "/orgs/*/members/*" }, { kind = "share",
      object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("topics", "PUT", "/repos/*/*/topics", { kind = "edit", group = {}, typed = { "names/#" },
      object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("profile", "PATCH", "/user", { kind = "edit", audience = "public", group = {}, typed = { "name", "bio",
      "company", "blog", "location", "email" }, object = { type = "person" }, answer = { id = "login" } }),
    rest("preview-api", "POST", { "/markdown", "/markdown/raw" }, { kind = "draft", phase = "draft",
      group = {}, typed = { "text" }, object = { type = "document" } }),
    rest("workflow", "POST", { "/repos/*/*/dispatches", "/repos/*/*/actions/workflows/*/dispatches",
      "/repos/*/*/deployments", "/repos/*/*/deployments/*/statuses" }, { kind = "edit", typed = { "event_type",
      "client_payload/**", "inputs/**", "description" }, object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("fork", "POST", "/repos/*/*/forks", { kind = "save", object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("repository-new", "POST", { "/user/repos", "/orgs/*/repos", "/repos/*/*/generate" }, { kind = "post",
      typed = { "name", "description", "homepage" }, object = { type = "repository", title = "name" },
      group = { type = "organisation", id = "/orgs/{}/repos" }, answer = { id = "full_name", url = "{html_url}" } }),
    rest("repository-edit", "PATCH", "/repos/*/*", { kind = "edit", typed = { "name", "description", "homepage" },
      object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("repository-delete", "DELETE", "/repos/*/*", { kind = "delete",
      object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("star", { "PUT", "DELETE" }, "/user/starred/*/*", { kind = "save", group = {},
      object = { type = "repository", id = "+{/3}/{/4}", url = "https://github.com/{id}" } }),
    rest("follow", { "PUT", "DELETE" }, "/user/following/*", { kind = "follow", group = {},
      object = { type = "person", id = "/user/following/{}" } }),
    rest("gist-comment", "POST", "/gists/*/comments", { kind = "comment", typed = { "body" }, group = {},
      object = { type = "comment" }, parent = { type = "document", id = "/gists/{}/comments" },
        answer = made_comment }),
    rest("gist-comment-edit", "PATCH", "/gists/*/comments/*", { kind = "edit", typed = { "body" }, group = {},
      object = { type = "comment", id = "/4" } }),
    rest("gist-comment-delete", "DELETE", "/gists/*/comments/*", { kind = "delete", group = {},
      object = { type = "comment", id = "/4" } }),
    rest("gist-star", { "PUT", "DELETE" }, "/gists/*/star", { kind = "save", group = {},
      object = { type = "document", id = "/gists/{}/star" } }),
    rest("gist-fork", "POST", "/gists/*/forks", { kind = "save", group = {},
      object = { type = "document", id = "/gists/{}/forks" } }),
    rest("gist", "POST", "/gists", { kind = "post", group = {},
      audience = { from = "%public", default = "private", map = { ["true"] = "public", ["false"] = "private" } },
      typed = { "description", "files/**", "files/@key" }, object = { type = "document", title = "description" },
      answer = { id = "id", url = "{html_url}", author = { "owner/login", "user/login" } } }),
    rest("gist-delete", "DELETE", "/gists/*", { kind = "delete", group = {},
      object = { type = "document", id = "/gists/{}" } }),
    rest("gist-edit", "PATCH", "/gists/*", { kind = "edit", typed = { "description", "files/**" }, group = {},
      object = { type = "document", id = "/gists/{}", title = "description" } }),
    rest("team-post-edit", { "PATCH", "DELETE" }, { "/orgs/*/teams/*/discussions/*", "/teams/*/discussions/*" },
      { kind = "edit", audience = "group", typed = { "title", "body" }, group = {}, answer = { title = "title" },
        object = { type = "topic", title = "title", id = { "/orgs/*/teams/*/discussions/{}",
          "/teams/*/discussions/{}" } } }),
    rest("team-comment-edit", { "PATCH", "DELETE" }, { "/orgs/*/teams/*/discussions/*/comments/*",
      "/teams/*/discussions/*/comments/*" }, { kind = "edit", audience = "group", typed = { "body" }, group = {},
        object = { type = "comment", id = "/**/comments/{}" } }),
    rest("team-delete", "DELETE", { "/orgs/*/teams/*", "/teams/*" }, { kind = "delete", group = {},
      object = { type = "group", id = { "/orgs/*/teams/{}", "/teams/{}" } } }),
    rest("member", { "PUT", "DELETE", "POST" }, { "/repos/*/*/collaborators/*", "/orgs/*/members/*", "/orgs/*/blocks/*",
      "/orgs/*/public_members/*", "/orgs/*/teams/*/repos/*/*", "/orgs/*/teams/*/memberships/*", "/user/blocks/*",
      "/orgs/*/invitations", "/orgs/*/outside_collaborators/*" }, { kind = "edit", group = {}, typed = { "email" },
        object = { type = "person", id = { "/repos/*/*/collaborators/{}", "/user/blocks/{}",
          "/orgs/*/teams/*/memberships/{}", "/orgs/*/teams/{}/repos/**", "/orgs/*/*/{}" } } }),
    rest("ref", { "PATCH", "DELETE" }, "/repos/*/*/git/refs/**", { kind = "edit",
      object = { type = "branch", id = "/repos/*/*/git/refs/{}" } }),
    rest("alert", "PATCH", { "/repos/*/*/code-scanning/alerts/*", "/repos/*/*/secret-scanning/alerts/*",
      "/repos/*/*/dependabot/alerts/*" }, { kind = "edit", typed = { "dismissed_comment", "resolution_comment" },
        object = { type = "issue", id = "/6" } }),
    rest("advisory", { "POST", "PATCH" }, { "/repos/*/*/security-advisories", "/repos/*/*/security-advisories/*",
      "/repos/*/*/security-advisories/reports" }, { kind = "post", typed = { "summary", "description" },
        object = { type = "issue", id = "/5", title = "summary" }, answer = { id = "ghsa_id", url = "{html_url}" } }),
    rest("repository-part", { "POST", "PUT", "PATCH", "DELETE" }, { "/repos/*/*/merges", "/repos/*/*/merge-upstream",
      "/repos/*/*/branches/*/rename", "/repos/*/*/branches/*/protection/**", "/repos/*/*/branches/*/protection",
      "/repos/*/*/transfer", "/repos/*/*/hooks/**", "/repos/*/*/pages/**", "/repos/*/*/autolinks",
      "/repos/*/*/actions/**", "/repos/*/*/import/**" }, { kind = "edit", group = {}, typed = { "commit_message",
        "new_name", "name", "value", "comment", "config/url", "issue/title", "issue/body", "comments/#/body" },
        object = { type = "repository", id = "+{/2}/{/3}" } }),
    rest("notified", { "PUT", "PATCH", "DELETE" }, { "/notifications/threads/*",
      "/notifications/threads/*/subscription",
      "/user/subscriptions/*/*" }, { kind = "follow", audience = "private", group = {}, object = { type = "topic",
        id = { "/notifications/threads/{}/subscription", "/notifications/threads/{}", "+{/3}/{/4}" } } }),
    rest("project-draft", "POST", { "/orgs/*/projectsV2/*/drafts", "/users/*/projectsV2/*/drafts" }, { kind = "post",
      group = {}, typed = { "title", "body" }, object = { type = "issue", title = "title" }, answer = { id = "%id" } }),
    { id = "copilot", match = { method = "POST", host = "*.githubcopilot.com", path = { "/**/completions",
      "/github/chat/threads/*/messages", "/**/responses" } }, activity = { kind = "ai.prompt", audience = "ai",
      object = { type = "conversation" } }, typed = { "messages/#/content", "messages/#/content/#/text", "prompt",
      "suffix", "content", "input/**/text" }, deny = graphql },

    -- GraphQL and the persisted queries of the pages
    { id = "graphql-read", ignore = true, match = { method = "POST", host = api_host, path = "/graphql",
        body = { eq = { query = { "query*", "{*", "\nquery*", "\n query*" } } } } },
    operation("graphql-thread", { "ThreadReply" }, { kind = "reply", has = { "variables/**" }, typed = said,
      object = { type = "comment" }, parent = { type = "comment", id = "variables/**/pullRequestReviewThreadId" },
      answer = { type = "comment", id = "data/*/comment/id" } }),
    operation("graphql-reply", { "addDiscussionComment" }, { kind = "reply", has = { "variables/**/replyToId" },
      object = { type = "comment" }, parent = { type = "comment", id = "variables/**/replyToId" }, typed = said,
      answer = { type = "comment", id = "data/*/comment/id" } }),
    operation("graphql-comment", { "addComment", "addDiscussionComment", "addPullRequestReview" }, { kind = "comment",
      has = { "variables/**" }, object = { type = "comment" }, typed = said, parent = { type = "issue",
        id = { "variables/**/subjectId", "variables/**/discussionId", "variables/**/pullRequestId" } },
      answer = { type = "comment", id = { "data/*/commentEdge/node/id", "data/*/comment/id",
        "data/*/pullRequestReview/id" } } }),
    operation("graphql-post", { "createIssue", "createDiscussion", "createPullRequest" }, { kind = "post",
      has = { "variables/**" }, object = { type = "issue", title = "variables/**/title" }, typed = said,
      group = { type = "repository", id = "variables/**/repositoryId" }, answer = { id = "data/*/*/id" } }),
    operation("graphql-react", { "addReaction", "removeReaction", "addUpvote" }, { kind = "react",
      object = { type = "reaction", id = node } }),
    operation("graphql-star", { "addStar", "removeStar" }, { kind = "save", object = { type = "repository",
      id = node } }),
    operation("graphql-follow", { "followUser", "followOrganization", "updateSubscription" }, { kind = "follow",
      object = { type = "person", id = { "variables/**/userId", "variables/**/organizationId",
        "variables/**/subscribableId" } } }),
    operation("graphql-delete", removed, { kind = "delete", has = { "variables/**" },
      object = { type = "comment", id = node } }),
    operation("graphql-commit", { "createCommitOnBranch" }, { kind = "edit", object = { type = "file",
      id = "variables/**/path" }, typed = { "variables/**/headline", "variables/**/body", "variables/**/contents" } }),
    operation("graphql-edit", { "" }, { kind = "edit", has = { "variables/**" }, object = { type = "issue", id = node,
      title = "variables/**/title" }, typed = said }),
    operation("inline-comment", { "addComment", "addDiscussionComment", "addPullRequestReview" }, { kind = "comment",
      object = { type = "comment" }, answer = { type = "comment", id = { "data/*/commentEdge/node/id",
        "data/*/comment/id" } }, typed = in_query }),
    operation("inline-post", { "createIssue", "createDiscussion", "createPullRequest" }, { kind = "post",
      object = { type = "issue" }, answer = { id = "data/*/*/id" }, typed = in_query }),
    operation("inline-delete", removed, { kind = "delete", object = { type = "comment" }, typed = in_query }),
    operation("inline-edit", { "" }, { kind = "edit", object = { type = "issue" }, typed = in_query }),

    persisted("page-edit", { "update*", "edit*", "*Update*", "*Edit*" }, { kind = "edit",
      object = { type = "issue", id = node, title = "variables/**/title" }, typed = said }),
    persisted("page-delete", { "delete*", "*Delete*" }, { kind = "delete", object = { type = "comment", id = node } }),
    persisted("page-react", { "*Reaction*", "*Upvote*" }, { kind = "react", object = { type = "reaction",
      id = node } }),
    persisted("page-post", nil, { kind = "post", has = { "variables/**/body", "variables/**/title" },
      object = { type = "issue", title = "variables/**/title" }, typed = said,
      group = { type = "repository", id = "variables/**/repositoryId" },
      answer = { id = { "data/*/issue/id", "data/*/discussion/id", "data/*/*/id" } } }),
    persisted("page-comment", nil, { kind = "comment", has = { "variables/**/body" }, object = { type = "comment" },
      parent = { type = "issue", id = { "variables/**/subjectId", "variables/**/id", "variables/**/discussionId" } },
      answer = { type = "comment", id = { "data/*/timelineEdge/node/id", "data/*/commentEdge/node/id",
        "data/*/comment/id" } }, typed = said }),
    { id = "page-query", ignore = true, match = { host = web_host, path = "/_graphql" } },

    -- forms of the pages
    form_of("form-star", { "/*/*/star", "/*/*/unstar" }, { kind = "save", object = web_repo, typed = {} }),
    form_of("form-follow", { "/users/follow", "/users/unfollow" }, { kind = "follow",
      object = { type = "person", id = { "?target", "target" } }, typed = {} }),
    form_of("form-subscribe", "/notifications/subscribe", { kind = "follow", object = { type = "repository",
      id = "repository_id" }, typed = {} }),
    form_of("form-react", { "/*/*/reactions", "/*/*/**/reactions" }, { kind = "react", object = { type = "reaction",
      id = { "input[subjectId]", "subject_id" } }, typed = {} }),
    form_of("form-delete", { "/*/*/issue_comments/*", "/*/*/discussions/*/comments/*", "/*/*/pull/*/review_comment/*" },
      { kind = "delete", method = { "POST", "DELETE" }, body = { eq = { _method = "delete" } },
        object = { type = "comment", id = { "/*/*/discussions/*/comments/{}", "/*/*/pull/*/review_comment/{}", "/4" } },
        typed = {} }),
    form_of("form-wiki", { "/*/*/wiki", "/*/*/wiki/*" }, { kind = "edit", object = { type = "article",
      id = { "wiki[name]", "/4" }, title = { "wiki[name]", "/4" } }, typed = { "wiki[name]", "wiki[body]",
        "wiki[commit]" } }),
    form_of("form-issue", "/*/*/issues", { kind = "post", object = { type = "issue", title = "issue[title]" },
      typed = { "issue[title]", "issue[body]" } }),
    form_of("form-pull", { "/*/*/pull/create", "/*/*/pull/create/**", "/*/*/compare/**" }, { kind = "post",
      object = { type = "pull", title = "pull_request[title]" }, typed = { "pull_request[title]",
        "pull_request[body]" } }),
    form_of("form-issue-edit", { "/*/*/issues/*", "/*/*/pull/*" }, { kind = "edit",
      object = { type = "issue", id = "/4", title = { "issue[title]", "pull_request[title]" } },
      typed = { "issue[title]", "issue[body]", "pull_request[title]", "pull_request[body]" } }),
    form_of("form-comment", { "/*/*/issue_comments", "/*/*/pull/*/comment", "/*/*/issues/*/comment",
      "/*/*/pull/*/review_comment/**", "/*/*/pull/*/reviews", "/*/*/commit_comment/create" }, { kind = "comment",
      object = { type = "comment" }, parent = { type = "issue", id = { "issue", "/4" } },
      typed = { "comment[body]", "pull_request_review[body]", "commit_comment[body]" } }),
    form_of("form-comment-edit", { "/*/*/issue_comments/*", "/*/*/discussions/*/comments/*" }, { kind = "edit",
      object = { type = "comment", id = { "/6", "/4" } }, typed = { "issue_comment[body]", "comment[body]" } }),
    form_of("form-discussion-comment", "/*/*/discussions/*/comments", { kind = "comment", object = { type = "comment" },
      parent = { type = "topic", id = "/4" }, typed = { "comment[body]" } }),
    form_of("form-discussion", "/*/*/discussions", { kind = "post",
      object = { type = "topic", title = "discussion[title]" }, typed = { "discussion[title]", "discussion[body]" } }),
    form_of("form-file", { "/*/*/create/**", "/*/*/tree-save/**", "/*/*/blob/**" }, { kind = "edit",
      object = { type = "file", id = { "filename", "new_filename" }, title = { "filename", "new_filename" } },
      typed = { "value", "content", "message", "description", "commit_message", "filename" } }),
    form_of("form-release", { "/*/*/releases", "/*/*/releases/*" }, { kind = "post",
      object = { type = "release", title = "release[name]" }, typed = { "release[name]", "release[body]" } }),
    form_of("preview", "/preview", { kind = "draft", object = { type = "issue", id = "subject" }, typed = { "text" } }),
    { id = "form-gist-comment", match = { method = "POST", host = gist_host, path = "/*/*/comments" },
      activity = { kind = "comment", audience = "public", object = { type = "comment" },
        parent = { type = "document", id = "/2" } }, typed = { "comment[body]" } },
    { id = "form-gist", match = { method = { "POST", "PUT" }, host = gist_host }, activity = { kind = "post",
      audience = { from = "gist[public]", default = "private", map = { ["1"] = "public", ["0"] = "private" } },
      object = { type = "document", title = { "gist[description]", "gist[contents][][name]" } } },
      typed = { "gist[description]", "gist[contents][][name]", "gist[contents][][value]", "gist[contents]**" } },
    { id = "upload-announced", match = { method = "POST", host = web_host, path = "/upload/policies/*" },
      activity = { kind = "upload", phase = "prepare", audience = "unknown", object = { type = "file",
      title = "name" }, group = { type = "repository", id = "repository_id" }, answer = { type = "file",
      id = "%asset/id", url = "{asset/href}", upload = "upload_url" } }, typed = { "name" }, deny = refused },

    -- reading
    { id = "search", match = { method = "GET", path = { "/search", "/search/*", "/*/*/search", "/*/*/issues",
        "/*/*/pulls", "/*/*/discussions", "/issues", "/pulls" }, query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    rest("api-issue", "GET", "/repos/*/*/issues/*", { kind = "view", object = issue("/repos/*/*/issues/{}"),
      answer = made }),
    rest("api-pull", "GET", "/repos/*/*/pulls/*", { kind = "view", object = issue("/repos/*/*/pulls/{}", "pull"),
      answer = made }),
    rest("api-file", "GET", { "/repos/*/*/contents/**", "/repos/*/*/readme" }, { kind = "view",
      object = { type = "file", id = "/repos/*/*/contents/{}", title = "/repos/*/*/contents/{}" },
      answer = { id = "path", title = "path", url = "{html_url}" } }),
    rest("api-release", "GET", { "/repos/*/*/releases/*", "/repos/*/*/releases/tags/*" }, { kind = "view",
      object = { type = "release", id = { "/repos/*/*/releases/tags/{}", "/repos/*/*/releases/{}" } },
      answer = { id = "%id", title = { "name", "tag_name" }, url = "{html_url}", author = "author/login" } }),
    { id = "api-gists", ignore = true, match = { method = "GET", host = api_host, path = { "/gists/public",
        "/gists/starred" } } },
    rest("api-gist", "GET", "/gists/*", { kind = "view", group = {}, object = { type = "document", id = "/gists/{}" },
      answer = { title = "description", url = "{html_url}", author = "owner/login" } }),
    rest("api-issue-part", "GET", { "/repos/*/*/issues/*/comments", "/repos/*/*/issues/*/events",
      "/repos/*/*/issues/*/timeline", "/repos/*/*/issues/*/labels", "/repos/*/*/issues/*/reactions" },
      { kind = "view", object = issue("/5") }),
    rest("api-pull-part", "GET", { "/repos/*/*/pulls/*/files", "/repos/*/*/pulls/*/commits",
      "/repos/*/*/pulls/*/comments", "/repos/*/*/pulls/*/reviews", "/repos/*/*/pulls/*/reviews/*",
      "/repos/*/*/pulls/*/reviews/*/comments" }, { kind = "view", object = issue("/5", "pull") }),
    rest("api-comment", "GET", { "/repos/*/*/issues/comments/*", "/repos/*/*/pulls/comments/*" }, { kind = "view",
      object = { type = "comment", id = "/6" }, answer = { url = "{html_url}", author = "user/login" } }),
    rest("api-commit-comment", "GET", "/repos/*/*/comments/*", { kind = "view",
      object = { type = "comment", id = "/5" }, answer = { url = "{html_url}", author = "user/login" } }),
    rest("api-commit", "GET", { "/repos/*/*/commits/*", "/repos/*/*/git/commits/*", "/repos/*/*/commits/*/comments" },
      { kind = "view", object = { type = "commit", id = { "/repos/*/*/commits/{}", "/repos/*/*/git/commits/{}",
        "/5" } }, answer = { url = "{html_url}", author = "author/login" } }),
    rest("api-compare", "GET", "/repos/*/*/compare/*", { kind = "view", object = { type = "commit",
      id = "/repos/*/*/compare/{}" }, answer = { url = "{html_url}" } }),
    rest("api-milestone", "GET", { "/repos/*/*/milestones/*", "/repos/*/*/labels/*" }, { kind = "view",
      object = { type = "milestone", id = "/5" }, answer = { title = { "title", "name" }, url = "{html_url}",
        author = "creator/login" } }),
    rest("api-gist-part", "GET", { "/gists/*/comments", "/gists/*/commits", "/gists/*/forks" }, { kind = "view",
      group = {}, object = { type = "document", id = "/2" } }),
    rest("api-person", "GET", { "/users/*", "/users/*/repos", "/users/*/gists", "/users/*/followers",
      "/users/*/following", "/users/*/events", "/users/*/starred", "/orgs/*", "/orgs/*/repos", "/orgs/*/members",
      "/orgs/*/events" }, { kind = "view", group = {}, audience = "public", object = { type = "person", id = "/2",
      url = "https://github.com/{id}" }, answer = { title = { "name", "login" } } }),
    rest("api-legacy-search", "GET", "/legacy/*/search/**", { kind = "search", audience = "private", group = {},
      object = { type = "search" } }),
    rest("api-repository", "GET", "/repos/*/*", { kind = "view",
      object = { type = "repository", id = "+{/2}/{/3}", title = "+{/2}/{/3}", url = "https://github.com/{id}" },
      answer = { title = "full_name", url = "{html_url}", author = "owner/login" } }),
    { id = "api-rest", ignore = true, match = { method = { "GET", "HEAD" }, host = api_host } },
    { id = "no-page", ignore = true, match = { method = "GET", host = web_host, path = { "/settings/**",
        "/notifications/**", "/orgs/**", "/users/**", "/features/**", "/marketplace/**", "/topics/**", "/sponsors/**",
        "/search/**", "/assets/**", "/_private/**", "/_side-panels/**", "/site/**", "/about/**", "/pulls/**",
        "/issues/**", "/dashboard/**", "/apps/**", "/account/**", "/codespaces/**", "/*/*/hovercard/**" } } },
    page("page-issue", "/*/*/issues/*", "issue", "/4"),
    page("page-pull", { "/*/*/pull/*", "/*/*/pull/*/**" }, "pull", "/4"),
    page("page-discussion", "/*/*/discussions/*", "topic", "/4"),
    page("page-file", { "/*/*/blob/**", "/*/*/wiki/**" }, "file", { "/*/*/blob/{}", "/*/*/wiki/{}" }),
    page("page-commit", { "/*/*/commit/*", "/*/*/pull/*/commits/*" }, "commit", { "/*/*/commit/{}", "/6" }),
    page("page-release", { "/*/*/releases/tag/*", "/*/*/releases/latest" }, "release", "/*/*/releases/tag/{}"),
    page("page-wiki", "/*/*/wiki", "file", "=Home"),
    page("page-tree", { "/*/*/tree/**", "/*/*/commits/**" }, "repository", "+{/1}/{/2}"),
    { id = "no-person", ignore = true, match = { method = "GET", host = web_host, path = { "/explore", "/trending",
        "/notifications", "/settings", "/dashboard", "/new", "/issues", "/pulls", "/discussions", "/codespaces",
        "/marketplace", "/copilot", "/about", "/pricing", "/features", "/topics", "/stars", "/projects",
        "/collections", "/events", "/home", "/feed", "/organizations", "/logout", "/manifest.json", "/favicon.ico",
        "/robots.txt", "/opensearch.xml", "/sw.js", "/security", "/team", "/enterprise", "/customer-stories" } } },
    page("page-repository", "/*/*", "repository", "+{/1}/{/2}"),
    page("page-person", "/*", "person", "/1"),
    { id = "page-gist", match = { method = "GET", host = gist_host, path = "/*/*" }, activity = { kind = "view",
      audience = "public", object = { type = "document", id = "/2", url = "https://{host}{path}" } }, typed = {} },
    { id = "telemetry", ignore = true, match = { path = { "/_private/**", "/collect", "/stats", "/**/git-receive-pack",
        "/**/git-upload-pack", "/**/info/lfs/**" } } },
  },

  tests = tests,
}
