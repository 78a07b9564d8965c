-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- github-web - the pages of github.com and gist.github.com: their forms, uploads, and what is read there.

local rows = stoa.lib "rows"
local web_host, gist_host = "github.com", "gist.github.com"
local web_repo = { type = "repository", id = "+{/1}/{/2}" }
local refused = { status = 422, type = "application/json",
  body = [[{"message":"{message}","errors":[{"resource":"Stoa","field":"body","code":"custom","message":"{id}"}]}]] }

local function form_of(id, path, what)
  return { id = id, match = { method = what.method or { "POST", "PUT" }, host = web_host, path = path,
      body = what.body },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent, group = web_repo,
      answer = what.answer }, typed = what.typed, deny = "page" }
end

local function page(id, path, kind, source)
  return { id = id, match = { method = "GET", host = web_host, path = path },
    activity = { kind = "view", audience = "unknown", group = web_repo,
      object = { type = kind, id = source, url = "https://{host}{path}", title_end = " · *" } }, typed = {} }
end
local rules = {
  -- forms of the pages
  form_of("form-review", { "/*/*/pull/*/page_data/*review*", "/*/*/pull/*/page_data/create_*" }, { kind = "comment",
    object = { type = "comment" }, parent = { type = "pull", id = "/4" }, typed = { "text", "body", "comment/body",
      "**/body", "**/text" } }),
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
  -- What a form made is where its answer sends on to.
  form_of("form-issue", "/*/*/issues", { kind = "post", object = { type = "issue", title = "issue[title]",
    url = "https://github.com/{/1}/{/2}/issues/{id}" }, answer = { id = "^/*/*/issues/{}" },
    typed = { "issue[title]", "issue[body]" } }),
  form_of("form-pull", { "/*/*/pull/create", "/*/*/pull/create/**", "/*/*/compare/**" }, { kind = "post",
    object = { type = "pull", title = "pull_request[title]", url = "https://github.com/{/1}/{/2}/pull/{id}" },
    answer = { id = "^/*/*/pull/{}" }, typed = { "pull_request[title]",
      "pull_request[body]" } }),
  form_of("form-issue-edit", { "/*/*/issues/*", "/*/*/pull/*" }, { kind = "edit",
    object = { type = "issue", id = "/4", title = { "issue[title]", "pull_request[title]" } },
    typed = { "issue[title]", "issue[body]", "pull_request[title]", "pull_request[body]" } }),
  form_of("form-comment", { "/*/*/issue_comments", "/*/*/pull/*/comment", "/*/*/issues/*/comment",
    "/*/*/pull/*/review_comment/**", "/*/*/pull/*/reviews", "/*/*/commit_comment/create" }, { kind = "comment",
    object = { type = "comment" }, parent = { type = "issue", id = { "issue", "/4" } },
    typed = { "comment[body]", "pull_request_review[body]", "commit_comment[body]" } }),
  form_of("form-pull-part", { "/*/*/pull/*/merge", "/*/*/pull/*/page_data/**", "/*/*/issues/*/page_data/**" }, {
    kind = "edit", object = { type = "pull", id = "/4", title = { "title", "issue[title]" } }, typed = {
      "commitMessage", "commitTitle", "commit_message", "commit_title", "title", "**/body", "**/text",
      "**/message" } }),
  form_of("form-comment-edit", { "/*/*/issue_comments/*", "/*/*/discussions/*/comments/*" }, { kind = "edit",
    object = { type = "comment", id = { "/6", "/4" } }, typed = { "issue_comment[body]", "comment[body]" } }),
  form_of("form-discussion-comment", "/*/*/discussions/*/comments", { kind = "comment", object = { type = "comment" },
    parent = { type = "topic", id = "/4" }, typed = { "comment[body]" } }),
  form_of("form-discussion", "/*/*/discussions", { kind = "post",
    object = { type = "topic", title = "discussion[title]", url = "https://github.com/{/1}/{/2}/discussions/{id}" },
    answer = { id = "^/*/*/discussions/{}" }, typed = { "discussion[title]", "discussion[body]" } }),
  form_of("form-file", { "/*/*/create/**", "/*/*/tree-save/**", "/*/*/blob/**" }, { kind = "edit",
    object = { type = "file", id = { "filename", "new_filename" }, title = { "filename", "new_filename" } },
    typed = { "value", "content", "message", "description", "commit_message", "filename" } }),
  form_of("form-release", { "/*/*/releases", "/*/*/releases/*" }, { kind = "post",
    object = { type = "release", title = "release[name]", url = "https://github.com/{/1}/{/2}/releases/tag/{id}" },
    answer = { id = "^/*/*/releases/tag/{}" }, typed = { "release[name]", "release[body]" } }),
  form_of("preview", "/preview", { kind = "draft", object = { type = "issue", id = "subject" }, typed = { "text" } }),
  { id = "form-gist-comment", match = { method = "POST", host = gist_host, path = "/*/*/comments" },
    activity = { kind = "comment", audience = "public", object = { type = "comment" },
      parent = { type = "document", id = "/2" } }, typed = { "comment[body]" } },
  { id = "form-gist-save", match = { method = "POST", host = gist_host, path = { "/*/*/star", "/*/*/unstar",
      "/*/*/fork" } }, activity = { kind = "save", audience = "public", object = { type = "document", id = "/2" } },
    typed = {} },
  { id = "form-gist-delete", match = { method = { "POST", "DELETE" }, host = gist_host, path = "/*/*",
      body = { eq = { _method = "delete" } } }, activity = { kind = "delete", audience = "public",
      object = { type = "document", id = "/2" } }, typed = {} },
  { id = "form-gist-edit", match = { method = { "POST", "PUT" }, host = gist_host, path = "/*/*" },
    activity = { kind = "edit", audience = "public", object = { type = "document", id = "/2",
      title = { "gist[description]", "gist[contents][][name]" } } },
    typed = { "gist[description]", "gist[contents][][name]", "gist[contents][][value]", "gist[contents][*" } },
  { id = "form-gist", match = { method = { "POST", "PUT" }, host = gist_host }, activity = { kind = "post",
    audience = { from = "gist[public]", default = "private", map = { ["1"] = "public", ["0"] = "private" } },
    answer = { id = "^/*/{}" },
    object = { type = "document", title = { "gist[description]", "gist[contents][][name]" } } },
    typed = { "gist[description]", "gist[contents][][name]", "gist[contents][][value]", "gist[contents][*" } },
  { id = "upload-announced", match = { method = "POST", host = web_host, path = "/upload/policies/*" },
    activity = { kind = "upload", phase = "prepare", audience = "unknown", object = { type = "file",
    title = "name" }, group = { type = "repository", id = "repository_id" }, answer = { type = "file",
    id = "%asset/id", url = "{asset/href}", upload = "upload_url" } }, typed = { "name" }, deny = refused },
  { id = "search", match = { method = "GET", host = { web_host, gist_host }, path = { "/search", "/search/*",
      "/*/*/search", "/*/*/issues", "/*/*/pulls", "/*/*/discussions", "/issues", "/pulls" }, query = { q = true } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
  { id = "no-page", ignore = true, match = { method = "GET", host = web_host, path = { "/settings/**",
      "/notifications/**", "/users/**", "/features/**", "/marketplace/**", "/topics/**", "/sponsors/**",
      "/search/**", "/assets/**", "/_private/**", "/_side-panels/**", "/site/**", "/about/**", "/pulls/**",
      "/issues/**", "/dashboard/**", "/apps/**", "/account/**", "/codespaces/**", "/*/*/hovercard/**" } } },
  page("page-organisation", { "/orgs/*/*", "/orgs/*/*/**" }, "organisation", "/2"),
  page("page-issue", "/*/*/issues/*", "issue", "/4"),
  page("page-pull", { "/*/*/pull/*", "/*/*/pull/*/**" }, "pull", "/4"),
  page("page-discussion", "/*/*/discussions/*", "topic", "/4"),
  page("page-file", { "/*/*/blob/**", "/*/*/wiki/**" }, "file", { "/*/*/blob/{}", "/*/*/wiki/{}" }),
  page("page-commit", { "/*/*/commit/*", "/*/*/pull/*/commits/*" }, "commit", { "/*/*/commit/{}", "/6" }),
  page("page-release", { "/*/*/releases/tag/*", "/*/*/releases/latest" }, "release", "/*/*/releases/tag/{}"),
  page("page-wiki", "/*/*/wiki", "file", "=Home"),
  page("page-list", { "/*/*/issues", "/*/*/pulls", "/*/*/discussions", "/*/*/releases", "/*/*/tags", "/*/*/branches",
    "/*/*/actions/**", "/*/*/actions", "/*/*/labels", "/*/*/milestones", "/*/*/milestone/*", "/*/*/projects",
    "/*/*/security/**", "/*/*/security", "/*/*/pulse", "/*/*/graphs/*", "/*/*/network/*", "/*/*/stargazers",
    "/*/*/watchers", "/*/*/forks", "/*/*/contributors", "/*/*/activity", "/*/*/compare/**", "/*/*/blame/**",
    "/*/*/packages", "/*/*/discussions/categories/*" }, "repository", "+{/1}/{/2}"),
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
}

-- A form, the address that its answer sends on to, and what that says.
local function made(rule, path, body, location, id, url)
  return { name = rule .. " that was made", method = "POST", host = path:match "^[^/]+", path = path:match "/.*",
    type = "application/x-www-form-urlencoded", body = body, answer_type = "text/html", location = location,
    expect = { rule = rule, phase = "confirm", id = id, url = url } }
end

local made_tests = {
  made("form-issue", "github.com/a/b/issues", "issue%5Btitle%5D=T", "https://github.com/a/b/issues/12", "12",
    "https://github.com/a/b/issues/12"),
  made("form-pull", "github.com/a/b/pull/create", "pull_request%5Btitle%5D=T", "/a/b/pull/13?x=1#top", "13",
    "https://github.com/a/b/pull/13"),
  made("form-discussion", "github.com/a/b/discussions", "discussion%5Btitle%5D=T", "/a/b/discussions/14", "14",
    "https://github.com/a/b/discussions/14"),
  made("form-release", "github.com/a/b/releases", "release%5Bname%5D=One", "/a/b/releases/tag/v1", "v1",
    "https://github.com/a/b/releases/tag/v1"),
  made("form-gist", "gist.github.com/", "gist%5Bpublic%5D=0&gist%5Bcontents%5D%5B%5D%5Bvalue%5D=v",
    "https://gist.github.com/ana/9f", "9f"),
}
made_tests[6] = made("form-issue", "github.com/a/b/issues", "issue%5Btitle%5D=T",
  "https://github.com/login?return_to=x")
made_tests[6].expect.phase = "commit"

local tests = rows.tests([[
form-star|POST /acme/app/star|context=repository||save|acme/app||
form-review|POST /a/b/pull/8/page_data/create_review_comment|{"text":"why","line":3}||comment|8||why
form-review|POST /a/b/pull/8/page_data/submit_review|{"body":"good","comments":[{"body":"but","text":"here"}]}||comment
  |8||good~but~here
form-follow|POST /users/follow?target=bo|commit=Follow||follow|bo||
form-subscribe|POST /notifications/subscribe|repository_id=12&do=subscribed||follow|12||
form-react|POST /a/b/reactions|input%5BsubjectId%5D=I_1||react|I_1||
form-delete|POST /a/b/issue_comments/55|_method=delete||delete|55||
form-pull|POST /a/b/pull/create|pull_request%5Btitle%5D=T&pull_request%5Bbody%5D=B||post||T|T~B
form-issue-edit|POST /a/b/issues/7|_method=put&issue%5Btitle%5D=T&issue%5Bbody%5D=B||edit|7|T|T~B
form-issue-edit|POST /a/b/pull/8|_method=put&pull_request%5Btitle%5D=T&pull_request%5Bbody%5D=B||edit|8|T|T~B
form-comment|POST /a/b/pull/8/reviews|pull_request_review%5Bbody%5D=B||comment|8||B
form-comment|POST /a/b/commit_comment/create|commit_comment%5Bbody%5D=B||comment|create||B
form-comment-edit|POST /a/b/issue_comments/55|_method=put&issue_comment%5Bbody%5D=B||edit|55||B
form-comment-edit|POST /a/b/discussions/3/comments/5|_method=put&comment%5Bbody%5D=B||edit|5||B
form-discussion-comment|POST /a/b/discussions/3/comments|comment%5Bbody%5D=B||comment|3||B
form-discussion|POST /a/b/discussions|discussion%5Btitle%5D=T&discussion%5Bbody%5D=B||post||T|T~B
form-file|POST /a/b/tree-save/main/a.md|filename=a.md&value=all&message=m&description=d||edit|a.md|a.md|a.md~all~m~d
form-file|POST /a/b/create/main|new_filename=a.md&content=all&commit_message=m||edit|a.md|a.md|all~m
form-release|POST /a/b/releases|release%5Bname%5D=One&release%5Bbody%5D=B||post||One|One~B
form-wiki|POST /a/b/wiki/Start|wiki%5Bname%5D=Start&wiki%5Bbody%5D=all&wiki%5Bcommit%5D=m||edit|Start||Start~all~m
form-pull-part|POST /a/b/pull/13/page_data/merge|{"commitMessage":"M","commitTitle":"T"}||edit|13||M~T
form-gist-comment|POST gist.github.com/ana/9f/comments|comment%5Bbody%5D=B||comment|9f||B
form-gist-save|POST gist.github.com/ana/9f/star|x=1||save|9f||
form-gist-delete|POST gist.github.com/ana/9f|_method=delete||delete|9f||
form-gist-edit|POST gist.github.com/ana/9f|_method=put&gist%5Bdescription%5D=d&gist%5Bcontents%5D%5B%5D%5Bvalue%5D=v
  ||edit|9f|d|d~v
form-gist|POST gist.github.com/|gist%5Bpublic%5D=0&gist%5Bcontents%5D%5B%5D%5Bname%5D=a.md&gist%5Bcontents%5D%5B%5D%5B
  value%5D=v||post||a.md|a.md~v
no-page|GET /topics/kubernetes|||none|||
no-person|GET /trending|||none|||
page-organisation|GET /orgs/acme/repositories|||view|acme||
page-pull|GET /a/b/pull/8/files|||view|8||
page-discussion|GET /a/b/discussions/3||<title>How · a/b · Discussion #3 · GitHub</title>|view|3|How|
page-commit|GET /a/b/commit/abc|||view|abc||
page-release|GET /a/b/releases/tag/v1|||view|v1||
page-wiki|GET /a/b/wiki|||view|Home||
page-list|GET /a/b/issues|||view|a/b||
page-tree|GET /a/b/tree/main/docs|||view|a/b||
page-repository|GET /a/b||<title>a/b: does it · GitHub</title>|view|a/b|a/b: does it|
page-person|GET /ana|||view|ana||
page-gist|GET gist.github.com/ana/9f|||view|9f||
telemetry|POST /a/b.git/git-receive-pack|||none|||
]], web_host)

local secret = { "/session", "/sessions/**", "/login/**", "/login", "/password_reset/**", "/password_reset", "/join",
  "/signup/**", "/signup", "/settings/tokens/**", "/settings/tokens", "/settings/keys/**", "/settings/keys",
  "/settings/personal-access-tokens/**", "/settings/security/**", "/settings/security", "/settings/auth/**",
  "/settings/apps/**", "/settings/developers/**", "/settings/two_factor_authentication/**", "/u2f/**", "/webauthn/**",
  "/*/*/settings/secrets/**" }
local tokens = { "authenticity_token", "timestamp_secret", "required_field_*", "?token", "?access_token",
  "config/secret" }

return { secret = secret, tokens = tokens, rules = rules, tests = rows.joined(tests, made_tests) }
