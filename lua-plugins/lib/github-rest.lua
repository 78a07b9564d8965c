-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- github-rest - the REST API of GitHub: what programs write and read. What is named nowhere else is, at the end, an
-- edit or a view of the repository, organisation or person that the path begins with.

local rows = stoa.lib "rows"
local api_host = "api.github.com"
local refused = { status = 422, type = "application/json",
  body = [[{"message":"{message}","errors":[{"resource":"Stoa","field":"body","code":"custom","message":"{id}"}],]]
    .. [["documentation_url":"https://docs.github.com/rest"}]] }
local repo = { type = "repository", id = "+{/2}/{/3}", title = "+{/2}/{/3}", url = "https://github.com/{/2}/{/3}" }
local in_repo = { type = "repository", id = "+{/2}/{/3}" }
local organisation = { type = "organisation", id = "/2", url = "https://github.com/{id}" }
local person = { type = "person", id = "/2", url = "https://github.com/{id}" }
local made = { id = { "%number", "%id" }, url = "{html_url}", author = "user/login", title = "title" }
local made_comment = { type = "comment", id = "%id", url = "{html_url}", author = "user/login" }
local numbered = { id = "%id", title = "name" }
local names = { "name", "description", "title", "body", "message", "new_name", "commit_message", "label", "labels/#",
  "summary", "comment", "reason", "dismissal_reason", "instructions",
  "general_instructions", "display_name", "**/text", "**/name", "**/description", "**/title",
  "**/body", "**/message", "**/comment", "**/content", "**/instructions", "**/value", "!config/**" }

-- One call; what = { kind, object, parent, answer, typed }.
local function rest(id, method, path, what)
  return { id = id, match = { method = method, host = what.host or api_host, path = path, body = what.body,
      query = what.query },
    activity = { kind = what.kind, phase = what.phase or (what.kind == "draft" and "draft" or nil),
      audience = what.audience or "unknown", object = what.object, parent = what.parent, group = what.group or in_repo,
      answer = what.answer }, typed = what.typed or {}, base64 = what.base64, deny = refused }
end

local function issue(path, kind)
  return { type = kind or "issue", id = path,
    url = "https://github.com/{/2}/{/3}/" .. (kind == "pull" and "pull" or "issues") .. "/{id}" }
end

-- Paths below one of a repository.
local function of(...)
  local paths = {}
  for _, path in ipairs { ... } do
    paths[#paths + 1] = "/repos/*/*/" .. path
  end
  return paths
end

local talk = {
  rest("react", "POST", of "**/reactions", { kind = "react",
    object = { type = "reaction", id = "/repos/*/*/**/{}/reactions" }, typed = {} }),
  rest("unreact-number", "DELETE", "/reactions/*", { kind = "react", group = {},
    object = { type = "reaction", id = "/2" } }),
  rest("unreact", "DELETE", of "**/reactions/*", { kind = "react",
    object = { type = "reaction", id = "/repos/*/*/**/{}/reactions/*" } }),
  rest("watch", { "PUT", "DELETE" }, of "subscription", { kind = "follow", group = {}, object = repo }),
  rest("issue-comment-edit", "PATCH", of "issues/comments/*", { kind = "edit", typed = { "body" },
    object = { type = "comment", id = "/6" }, answer = made_comment }),
  rest("issue-comment-pin", { "PUT", "DELETE" }, of "issues/comments/*/pin", { kind = "edit",
    object = { type = "comment", id = "/6" } }),
  rest("issue-comment-delete", "DELETE", of("issues/comments/*", "pulls/comments/*"), { kind = "delete",
    object = { type = "comment", id = "/6" } }),
  rest("issue-comment", "POST", of "issues/*/comments", { kind = "comment", typed = { "body" },
    object = { type = "comment" }, parent = issue("/repos/*/*/issues/{}/comments"), answer = made_comment }),
  rest("issue-new", "POST", of "issues", { kind = "post", typed = { "title", "body" },
    object = { type = "issue", title = "title" }, answer = made }),
  rest("issue-edit", "PATCH", of "issues/*", { kind = "edit", typed = { "title", "body" },
    object = { type = "issue", id = "/5", title = "title", url = "https://github.com/{/2}/{/3}/issues/{id}" },
    answer = { title = "title", author = "user/login" } }),
  rest("issue-part", { "POST", "PUT", "DELETE", "PATCH" }, of("issues/*/labels", "issues/*/labels/*",
    "issues/*/assignees", "issues/*/lock", "issues/*/sub_issue", "issues/*/sub_issues/**", "issues/*/sub_issues",
    "issues/*/dependencies/**", "issues/*/issue-field-values", "issues/*/issue-field-values/*",
    "issues/*/suggestions/**"), { kind = "edit", object = issue("/5") }),
  rest("pull-comment-edit", "PATCH", of "pulls/comments/*", { kind = "edit", typed = { "body" },
    object = { type = "comment", id = "/6" }, answer = made_comment }),
  rest("pull-reply", "POST", of "pulls/*/comments/*/replies", { kind = "reply", typed = { "body" },
    object = { type = "comment" }, parent = { type = "comment", id = "/7" }, answer = made_comment }),
  rest("pull-answer", "POST", of "pulls/*/comments", { kind = "reply", typed = { "body" },
    body = { has = { "%in_reply_to" } }, object = { type = "comment" },
    parent = { type = "comment", id = "%in_reply_to" }, answer = made_comment }),
  rest("pull-comment", "POST", of "pulls/*/comments", { kind = "comment", typed = { "body" },
    object = { type = "comment" }, parent = issue("/repos/*/*/pulls/{}/comments", "pull"), answer = made_comment }),
  rest("review-edit", "PUT", of("pulls/*/reviews/*", "pulls/*/reviews/*/dismissals"), { kind = "edit",
    typed = { "body", "message" }, object = { type = "comment", id = "/7" } }),
  rest("review-delete", "DELETE", of "pulls/*/reviews/*", { kind = "delete",
    object = { type = "comment", id = "/7" } }),
  rest("review", "POST", of("pulls/*/reviews", "pulls/*/reviews/*/events"), { kind = "comment",
    typed = { "body", "comments/#/body" }, object = { type = "comment" }, parent = issue("/5", "pull"),
    answer = made_comment }),
  rest("pull-new", "POST", of "pulls", { kind = "post", typed = { "title", "body" },
    object = { type = "pull", title = "title" }, answer = made }),
  rest("pull-edit", "PATCH", of "pulls/*", { kind = "edit", typed = { "title", "body" }, object = { type = "pull",
    id = "/5", title = "title", url = "https://github.com/{/2}/{/3}/pull/{id}" },
    answer = { title = "title", author = "user/login" } }),
  rest("pull-part", { "POST", "PUT", "DELETE" }, of("pulls/*/requested_reviewers", "pulls/*/update-branch"), {
    kind = "edit", object = issue("/5", "pull") }),
  rest("merge", "PUT", of("pulls/*/merge", "pulls/*/merge-async"), { kind = "edit",
    typed = { "commit_title", "commit_message" }, object = issue("/5", "pull") }),
  rest("commit-comment", "POST", of "commits/*/comments", { kind = "comment", typed = { "body" },
    object = { type = "comment" }, parent = { type = "commit", id = "/5" }, answer = made_comment }),
  rest("commit-comment-edit", "PATCH", of "comments/*", { kind = "edit", typed = { "body" },
    object = { type = "comment", id = "/5" }, answer = made_comment }),
  rest("commit-comment-delete", "DELETE", of "comments/*", { kind = "delete",
    object = { type = "comment", id = "/5" } }),
  rest("commit-status", "POST", of "statuses/*", { kind = "comment", typed = { "description", "context" },
    object = { type = "comment" }, parent = { type = "commit", id = "/5" },
    answer = { type = "comment", id = "%id" } }),
  rest("check", { "POST", "PATCH" }, of("check-runs", "check-runs/*"), { kind = "comment",
    typed = { "name", "output/title", "output/summary", "output/text", "output/annotations/#/message",
      "output/annotations/#/title", "output/annotations/#/raw_details", "output/images/#/alt",
      "output/images/#/caption", "actions/#/label", "actions/#/description" },
    object = { type = "comment", id = "/5", title = { "output/title", "name" } },
    parent = { type = "commit", id = "head_sha" }, answer = { type = "comment", id = "%id" } }),
}

local things = {
  rest("release-notes", "POST", of "releases/generate-notes", { kind = "draft",
    object = { type = "release", title = "tag_name" }, typed = { "tag_name" }, answer = { title = "name" } }),
  rest("release", "POST", of "releases", { kind = "post", typed = { "name", "body", "tag_name" },
    object = { type = "release", title = { "name", "tag_name" } }, answer = { id = "%id", url = "{html_url}",
      author = "author/login" } }),
  rest("release-file", "POST", of "releases/*/assets", { kind = "upload", host = "uploads.github.com",
    object = { type = "file", title = "?name" }, answer = { type = "file", id = "%id",
      url = "{browser_download_url}" }, typed = { "?name", "?label", "**" } }),
  rest("release-file-edit", "PATCH", of "releases/assets/*", { kind = "edit", typed = { "name", "label" },
    object = { type = "file", id = "/6", title = "name" } }),
  rest("release-file-delete", "DELETE", of "releases/assets/*", { kind = "delete",
    object = { type = "file", id = "/6" } }),
  rest("release-edit", "PATCH", of "releases/*", { kind = "edit", typed = { "name", "body", "tag_name" },
    object = { type = "release", id = "/5", title = { "name", "tag_name" } },
    answer = { title = { "name", "tag_name" }, url = "{html_url}" } }),
  rest("release-delete", "DELETE", of "releases/*", { kind = "delete", object = { type = "release", id = "/5" } }),
  rest("file", "PUT", of "contents/**", { kind = "edit", typed = { "message", "content" }, base64 = { "content" },
    object = { type = "file", id = "/repos/*/*/contents/{}", title = "/repos/*/*/contents/{}",
      url = "https://github.com/{/2}/{/3}/blob/HEAD/{id}" }, answer = { url = "{content/html_url}" } }),
  rest("file-delete", "DELETE", of "contents/**", { kind = "delete", typed = { "message", "?message" },
    object = { type = "file", id = "/repos/*/*/contents/{}", title = "/repos/*/*/contents/{}" } }),
  rest("blob", "POST", of "git/blobs", { kind = "edit", body = { eq = { encoding = "base64" } },
    typed = { "content" }, base64 = { "content" }, object = { type = "file" }, answer = { id = "sha" } }),
  rest("ref-new", "POST", of "git/refs", { kind = "post", typed = { "ref" }, object = { type = "branch", id = "ref",
    title = "ref" }, answer = { id = "ref" } }),
  rest("git-object", "POST", of "git/*", { kind = "edit", typed = { "content", "message", "tree/#/content",
    "tree/#/path", "tag" }, object = { type = "file" }, answer = { id = "sha" } }),
  rest("ref", { "PATCH" }, of "git/refs/**", { kind = "edit",
    object = { type = "branch", id = "/repos/*/*/git/refs/{}" } }),
  rest("ref-delete", "DELETE", of "git/refs/**", { kind = "delete",
    object = { type = "branch", id = "/repos/*/*/git/refs/{}" } }),
  rest("milestone", "POST", of "milestones", { kind = "post", typed = { "title", "description" },
    object = { type = "milestone", title = "title" }, answer = made }),
  rest("label", "POST", of "labels", { kind = "post", typed = { "name", "description" },
    object = { type = "label", title = "name" }, answer = numbered }),
  rest("milestone-edit", "PATCH", of("milestones/*", "labels/*"), { kind = "edit", typed = { "title", "description",
    "name", "new_name" }, object = { type = "milestone", id = "/5", title = { "title", "new_name", "name" } } }),
  rest("milestone-delete", "DELETE", of("milestones/*", "labels/*"), { kind = "delete",
    object = { type = "milestone", id = "/5" } }),
  rest("workflow", "POST", of("dispatches", "actions/workflows/*/dispatches", "deployments",
    "deployments/*/statuses"), { kind = "edit", typed = { "event_type", "client_payload/**", "inputs/**",
      "description", "payload/**" }, object = repo }),
  rest("topics", "PUT", of "topics", { kind = "edit", group = {}, typed = { "names/#" }, object = repo }),
  rest("alert", "PATCH", of("code-scanning/alerts/*", "secret-scanning/alerts/*", "dependabot/alerts/*"), {
    kind = "edit", typed = { "dismissed_comment", "resolution_comment" }, object = { type = "issue", id = "/6" } }),
  rest("advisory", "POST", of("security-advisories", "security-advisories/reports"), { kind = "post",
    typed = { "summary", "description" }, object = { type = "issue", title = "summary" },
    answer = { id = "ghsa_id", url = "{html_url}" } }),
  rest("advisory-edit", "PATCH", of "security-advisories/*", { kind = "edit", typed = { "summary", "description" },
    object = { type = "issue", id = "/5", title = "summary" }, answer = { title = "summary", url = "{html_url}" } }),
  rest("fork", "POST", of "forks", { kind = "save", typed = { "name" }, object = repo }),
  rest("invite", "PUT", { "/repos/*/*/collaborators/*" }, { kind = "share", object = repo }),
  rest("repository-new", "POST", { "/user/repos", "/orgs/*/repos", "/repos/*/*/generate" }, { kind = "post",
    typed = { "name", "description", "homepage" }, object = { type = "repository", title = "name" },
    group = { type = "organisation", id = "/orgs/{}/repos" }, answer = { id = "full_name", url = "{html_url}" } }),
  rest("repository-edit", "PATCH", "/repos/*/*", { kind = "edit", typed = { "name", "description", "homepage" },
    object = repo }),
  rest("repository-delete", "DELETE", "/repos/*/*", { kind = "delete", object = repo }),
  rest("notified", { "PUT", "PATCH", "DELETE" }, { "/notifications", "/notifications/threads/*",
    "/repos/*/*/notifications" }, { kind = "view", audience = "private", group = {}, object = { type = "topic",
      id = { "/notifications/threads/{}", "/repos/{}/notifications" } } }),
  rest("thread-watch", { "PUT", "DELETE" }, { "/notifications/threads/*/subscription", "/user/subscriptions/*/*" }, {
    kind = "follow", audience = "private", group = {}, object = { type = "topic",
      id = { "/notifications/threads/{}/subscription", "+{/3}/{/4}" } } }),
}

local people = {
  rest("project-draft", "POST", { "/orgs/*/projectsV2/*/drafts", "/users/*/projectsV2/*/drafts",
    "/user/*/projectsV2/*/drafts" }, { kind = "post", group = {}, typed = { "title", "body" },
      object = { type = "issue", title = "title" }, answer = { id = "%id" } }),
  rest("project-item", { "POST", "PATCH", "DELETE" }, { "/orgs/*/projectsV2/*/**", "/users/*/projectsV2/*/**" }, {
    kind = "edit", group = {}, typed = { "name", "fields/#/value", "**/name", "**/description" },
      object = { type = "list", id = "/4", title = "name" } }),
  rest("project", "POST", { "/repos/*/*/projects", "/orgs/*/projects", "/user/projects" }, { kind = "post",
    typed = { "name", "body" }, object = { type = "list", title = "name" }, group = {}, answer = { id = "%id" } }),
  rest("project-part", "POST", { "/projects/*/columns", "/projects/columns/*/cards" }, { kind = "post", group = {},
    typed = { "name", "note" }, object = { type = "list", title = "name" }, parent = { type = "list",
      id = { "/projects/columns/{}/cards", "/projects/{}/columns" } }, answer = { type = "list", id = "%id" } }),
  rest("project-move", "POST", { "/projects/columns/*/moves", "/projects/columns/cards/*/moves" }, { kind = "edit",
    group = {}, object = { type = "list", id = { "/projects/columns/cards/{}/moves", "/projects/columns/{}/moves" } } }
  ),
  rest("project-edit", "PATCH", { "/projects/*", "/projects/columns/*", "/projects/columns/cards/*" }, { group = {},
    kind = "edit", typed = { "name", "body", "note" }, object = { type = "list", title = "name",
      id = { "/projects/columns/cards/{}", "/projects/columns/{}", "/projects/{}" } } }),
  rest("project-delete", "DELETE", { "/projects/*", "/projects/columns/*", "/projects/columns/cards/*" }, {
    kind = "delete", group = {}, object = { type = "list",
      id = { "/projects/columns/cards/{}", "/projects/columns/{}", "/projects/{}" } } }),
  rest("team-post", "POST", { "/orgs/*/teams/*/discussions", "/teams/*/discussions" }, { kind = "post",
    audience = "group", typed = { "title", "body" }, group = { type = "group", id = { "/teams/{}/discussions",
      "/orgs/*/teams/{}/discussions" } }, object = { type = "topic", title = "title" }, answer = made }),
  rest("team-comment", "POST", { "/orgs/*/teams/*/discussions/*/comments", "/teams/*/discussions/*/comments" }, {
    kind = "comment", audience = "group", typed = { "body" }, group = {}, object = { type = "comment" },
    parent = { type = "topic", id = { "/orgs/*/teams/*/discussions/{}/comments",
      "/teams/*/discussions/{}/comments" } }, answer = { type = "comment", id = "%number" } }),
  rest("team-post-delete", "DELETE", { "/orgs/*/teams/*/discussions/**", "/teams/*/discussions/**" }, {
    kind = "delete", audience = "group", group = {}, object = { type = "topic",
      id = { "/**/comments/{}", "/**/discussions/{}" } } }),
  rest("team-post-edit", "PATCH", { "/orgs/*/teams/*/discussions/*", "/teams/*/discussions/*" }, { kind = "edit",
    audience = "group", typed = { "title", "body" }, group = {}, answer = { title = "title" },
    object = { type = "topic", title = "title", id = { "/orgs/*/teams/*/discussions/{}",
      "/teams/*/discussions/{}" } } }),
  rest("team-comment-edit", "PATCH", { "/orgs/*/teams/*/discussions/*/comments/*",
    "/teams/*/discussions/*/comments/*" }, { kind = "edit", audience = "group", typed = { "body" }, group = {},
      object = { type = "comment", id = "/**/comments/{}" } }),
  rest("team", "POST", { "/orgs/*/teams", "/enterprises/*/teams" }, { kind = "post", typed = { "name",
    "description" }, group = organisation, object = { type = "group", title = "name" },
    answer = { type = "group", id = "%id" } }),
  rest("team-edit", "PATCH", { "/orgs/*/teams/*", "/teams/*", "/organizations/*/team/*", "/orgs/*" }, {
    kind = "edit", group = {}, typed = { "name", "description", "blog", "company", "location", "email" },
    object = { type = "group", id = { "/orgs/*/teams/{}", "/teams/{}", "/organizations/*/team/{}", "/orgs/{}" },
      title = "name" } }),
  rest("team-delete", "DELETE", { "/orgs/*/teams/*", "/teams/*", "/organizations/*/team/*", "/orgs/*" }, {
    kind = "delete", group = {}, object = { type = "group", id = { "/orgs/*/teams/{}", "/teams/{}",
      "/organizations/*/team/{}", "/orgs/{}" } } }),
  rest("member-invite", { "PUT", "POST" }, { "/orgs/*/memberships/*", "/teams/*/memberships/*", "/teams/*/members/*",
    "/orgs/*/teams/*/memberships/*", "/orgs/*/members/*", "/orgs/*/invitations", "/organizations/*/team/*/members/*",
    "/organizations/*/team/*/memberships/*" }, { kind = "share",
      typed = { "email" }, group = organisation, object = { type = "person", id = { "/orgs/*/teams/*/memberships/{}",
        "/orgs/*/*/{}", "/teams/*/*/{}", "/6" }, title = "email" }, answer = { id = "%id" } }),
  rest("member", { "PUT", "DELETE", "PATCH" }, { "/repos/*/*/collaborators/*", "/orgs/*/members/*", "/orgs/*/blocks/*",
    "/orgs/*/public_members/*", "/orgs/*/teams/*/memberships/*", "/user/blocks/*", "/orgs/*/outside_collaborators/*",
    "/orgs/*/memberships/*", "/teams/*/memberships/*", "/teams/*/members/*", "/user/memberships/orgs/*",
    "/organizations/*/team/*/members/*", "/organizations/*/team/*/memberships/*" }, {
      kind = "edit", group = {}, object = { type = "person", id = { "/repos/*/*/collaborators/{}",
        "/user/blocks/{}", "/user/memberships/orgs/{}", "/orgs/*/teams/*/memberships/{}", "/orgs/*/*/{}",
        "/teams/*/*/{}", "/organizations/*/team/*/*/{}" } } }),
  rest("team-repository", { "PUT", "DELETE" }, { "/orgs/*/teams/*/repos/*/*", "/teams/*/repos/*/*" }, {
    kind = "edit", group = {}, object = { type = "group", id = { "/orgs/*/teams/{}/repos/**", "/2" } } }),
  rest("profile", { "PATCH", "POST", "DELETE" }, { "/user", "/user/emails", "/user/social_accounts",
    "/user/email/visibility" }, { kind = "edit", audience = "public", group = {}, typed = { "name", "bio",
      "company", "blog", "location", "email", "twitter_username", "emails/#", "#", "account_urls/#" },
      object = { type = "person" }, answer = { id = "login" } }),
  rest("preview-api", "POST", { "/markdown", "/markdown/raw" }, { kind = "draft", phase = "draft", group = {},
    typed = { "text" }, object = { type = "document" } }),
  rest("star", { "PUT", "DELETE" }, "/user/starred/*/*", { kind = "save", group = {},
    object = { type = "repository", id = "+{/3}/{/4}", url = "https://github.com/{id}" } }),
  rest("follow", { "PUT", "DELETE" }, "/user/following/*", { kind = "follow", group = {},
    object = { type = "person", id = "/3" } }),
  rest("gist-comment", "POST", "/gists/*/comments", { kind = "comment", typed = { "body" }, group = {},
    object = { type = "comment" }, parent = { type = "document", id = "/2" }, answer = made_comment }),
  rest("gist-comment-edit", "PATCH", "/gists/*/comments/*", { kind = "edit", typed = { "body" }, group = {},
    object = { type = "comment", id = "/4" } }),
  rest("gist-comment-delete", "DELETE", "/gists/*/comments/*", { kind = "delete", group = {},
    object = { type = "comment", id = "/4" } }),
  rest("gist-save", { "PUT", "DELETE", "POST" }, { "/gists/*/star", "/gists/*/forks" }, { kind = "save", group = {},
    object = { type = "document", id = "/2" } }),
  rest("gist", "POST", "/gists", { kind = "post", group = {},
    audience = { from = { "%public", "public" }, default = "private", map = { ["true"] = "public",
      ["false"] = "private" } },
    typed = { "description", "files/**", "files/@key" }, object = { type = "document", title = "description" },
    answer = { id = "id", url = "{html_url}", author = { "owner/login", "user/login" } } }),
  rest("gist-edit", "PATCH", "/gists/*", { kind = "edit", typed = { "description", "files/**", "files/@key" },
    group = {}, object = { type = "document", id = "/2", title = "description" }, answer = { title = "description",
      url = "{html_url}" } }),
  rest("gist-delete", "DELETE", "/gists/*", { kind = "delete", group = {}, object = { type = "document", id = "/2" } }),
  rest("agent-task", "POST", { "/agents/repos/*/*/tasks", "/agents/repos/*/*/tasks/*" }, { kind = "ai.prompt",
    audience = "ai", typed = { "prompt", "**/prompt", "**/content" }, object = { type = "conversation" },
    answer = { type = "conversation", id = { "id", "%id" } },
    group = { type = "repository", id = "+{/3}/{/4}" } }),
  { id = "copilot", match = { method = "POST", host = "*.githubcopilot.com", path = { "/**/completions",
      "/github/chat/threads/*/messages", "/**/responses" } }, activity = { kind = "ai.prompt", audience = "ai",
      object = { type = "conversation" } }, typed = { "messages/#/content", "messages/#/content/#/text", "prompt",
      "suffix", "content", "input", "input/**/text", "input/#/content" }, deny = refused },
}

-- What is named above in no other way.
local rest_of_it = {
  rest("part-delete", "DELETE", of "**", { kind = "delete", object = { type = "repository",
    id = { "/repos/*/*/*/{}", "/4" } } }),
  rest("part-edit", { "POST", "PUT", "PATCH" }, of "**", { kind = "edit", object = repo, typed = names }),
  rest("numbered-edit", { "POST", "PUT", "PATCH", "DELETE" }, { "/repositories/*", "/repositories/*/**" }, {
    kind = "edit", group = {}, object = { type = "repository", id = "/2" }, typed = names,
    answer = { id = "full_name", title = "full_name" } }),
  rest("mine-edit", { "POST", "PUT", "PATCH" }, "/user/**", { kind = "edit", audience = "private", group = {},
    object = { type = "person", id = { "/user/*/{}" } }, typed = names }),
  rest("group-part-delete", "DELETE", { "/orgs/*/**", "/enterprises/*/**", "/users/*/**", "/user/**" }, {
    kind = "delete", group = {}, object = { type = "organisation", id = { "/orgs/*/**/{}", "/enterprises/*/**/{}",
      "/users/*/**/{}", "/user/**/{}" } } }),
  rest("group-part-edit", { "POST", "PUT", "PATCH" }, { "/orgs/*/**", "/enterprises/*/**", "/users/*/**" }, {
    kind = "edit", group = {}, object = organisation, typed = names }),
}

local reads = {
  { id = "search-api", match = { method = "GET", host = api_host, path = { "/search/*" }, query = { q = true } },
    activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
  rest("api-legacy-search", "GET", "/legacy/**", { kind = "search", audience = "private", group = {},
    object = { type = "search", title = { "/legacy/*/search/*/*/*/{}", "/legacy/*/search/{}" } } }),
  rest("api-comments", "GET", of("issues/comments", "pulls/comments", "issues/events", "comments"), { kind = "view",
    object = repo }),
  rest("api-comment", "GET", of("issues/comments/*", "pulls/comments/*", "issues/comments/*/reactions",
    "pulls/comments/*/reactions"), { kind = "view", object = { type = "comment", id = "/6" },
      answer = { url = "{html_url}", author = "user/login" } }),
  rest("api-issue", "GET", of("issues/*", "issues/*/parent"), { kind = "view", object = issue("/5"), answer = made }),
  rest("api-pull", "GET", of "pulls/*", { kind = "view", object = issue("/5", "pull"), answer = made }),
  rest("api-issue-part", "GET", of "issues/*/**", { kind = "view", object = issue("/5") }),
  rest("api-pull-part", "GET", of "pulls/*/**", { kind = "view", object = issue("/5", "pull") }),
  rest("api-files", "GET", of "contents", { kind = "view", object = repo }),
  rest("api-file", "GET", of("contents/**", "readme", "readme/**"), { kind = "view", object = { type = "file",
    id = { "/repos/*/*/contents/{}", "/repos/*/*/readme/{}", "/4" }, title = { "/repos/*/*/contents/{}", "/4" } },
    answer = { id = "path", title = "path", url = "{html_url}" } }),
  rest("api-release-file", "GET", of "releases/assets/*", { kind = "view", object = { type = "file", id = "/6" },
    answer = { title = "name", url = "{browser_download_url}" } }),
  rest("api-release", "GET", of("releases/*", "releases/tags/*"), { kind = "view",
    object = { type = "release", id = { "/repos/*/*/releases/tags/{}", "/5" } },
    answer = { id = "%id", title = { "name", "tag_name" }, url = "{html_url}", author = "author/login" } }),
  rest("api-release-part", "GET", of "releases/*/**", { kind = "view", object = { type = "release", id = "/5" } }),
  rest("api-commit-comment", "GET", of("comments/*", "comments/*/reactions"), { kind = "view",
    object = { type = "comment", id = "/5" }, answer = { url = "{html_url}", author = "user/login" } }),
  rest("api-commit", "GET", of("commits/*", "git/commits/*"), { kind = "view", object = { type = "commit",
    id = { "/repos/*/*/commits/{}", "/6" } }, answer = { id = "sha", url = "{html_url}", author = "author/login" } }),
  rest("api-commit-part", "GET", of("commits/*/**", "statuses/*"), { kind = "view", object = { type = "commit",
    id = "/5" } }),
  rest("api-compare", "GET", of "compare/*", { kind = "view", object = { type = "commit", id = "/5" },
    answer = { url = "{html_url}" } }),
  rest("api-branch", "GET", of("branches/**", "git/ref/**", "git/refs/**", "git/matching-refs/**"), { kind = "view",
    object = { type = "branch", id = { "/repos/*/*/branches/{}/protection/**", "/repos/*/*/branches/{}/protection",
      "/repos/*/*/branches/{}", "/repos/*/*/git/*/{}" } }, answer = { title = { "name", "ref" } } }),
  rest("api-object", "GET", of("git/blobs/*", "git/trees/*", "git/tags/*"), { kind = "view",
    object = { type = "file", id = "/6" }, answer = { title = "tag" } }),
  rest("api-milestone", "GET", of("milestones/*", "labels/*", "milestones/*/labels"), { kind = "view",
    object = { type = "milestone", id = "/5" }, answer = { title = { "title", "name" }, url = "{html_url}",
      author = "creator/login" } }),
  rest("api-advisory", "GET", { "/repos/*/*/security-advisories/*", "/advisories/*" }, { kind = "view",
    object = { type = "issue", id = { "/repos/*/*/security-advisories/{}", "/2" } }, answer = { title = "summary",
      url = "{html_url}" } }),
  rest("api-repository", "GET", "/repos/*/*", { kind = "view", object = repo,
    answer = { title = "full_name", url = "{html_url}", author = "owner/login" } }),
  rest("api-repository-part", "GET", of "**", { kind = "view", object = repo }),
  rest("api-repository-number", "GET", { "/repositories/*", "/repositories/*/**" }, { kind = "view", group = {},
    object = { type = "repository", id = "/2" }, answer = { id = "full_name", title = "full_name" } }),
  rest("api-gist-part", "GET", { "/gists/*/comments", "/gists/*/commits", "/gists/*/forks", "/gists/*/star" }, {
    kind = "view", group = {}, object = { type = "document", id = "/2" } }),
  rest("api-gist-comment", "GET", "/gists/*/comments/*", { kind = "view", group = {}, object = { type = "comment",
    id = "/4" } }),
  rest("api-gists", "GET", { "/gists", "/gists/public", "/gists/starred" }, { kind = "view", group = {},
    audience = "public", object = { type = "list", id = "/2" } }),
  rest("api-gist", "GET", { "/gists/*", "/gists/*/*" }, { kind = "view", group = {}, object = { type = "document",
    id = "/2" }, answer = { title = "description", url = "{html_url}", author = "owner/login" } }),
  rest("api-team", "GET", { "/orgs/*/teams/*", "/teams/*", "/organizations/*/team/*" }, { kind = "view", group = {},
    object = { type = "group", id = { "/orgs/*/teams/{}", "/teams/{}", "/4" } },
    answer = { title = "name", url = "{html_url}" } }),
  rest("api-team-post", "GET", { "/orgs/*/teams/*/discussions/*/**", "/orgs/*/teams/*/discussions/*",
    "/teams/*/discussions/*", "/teams/*/discussions/*/**" }, { kind = "view", group = {}, object = { type = "topic",
      id = { "/orgs/*/teams/*/discussions/{}", "/orgs/*/teams/*/discussions/{}/**", "/4" } },
      answer = { title = "title", url = "{html_url}" } }),
  rest("api-team-part", "GET", { "/orgs/*/teams/*/**", "/teams/*/**", "/organizations/*/team/*/**" }, {
    kind = "view", group = {}, object = { type = "group", id = { "/orgs/*/teams/{}/**", "/teams/{}/**", "/4" } } }),
  rest("api-project", "GET", { "/projects/*", "/projects/columns/*", "/projects/columns/cards/*",
    "/projects/*/columns", "/projects/columns/*/cards", "/orgs/*/projectsV2/*", "/users/*/projectsV2/*" }, {
      kind = "view", group = {}, object = { type = "list", id = { "/projects/columns/cards/{}",
        "/projects/columns/{}/cards", "/projects/columns/{}", "/projects/{}/columns", "/projects/{}", "/4" } },
      answer = { title = { "name", "title" }, url = "{html_url}" } }),
  rest("api-organisation", "GET", { "/orgs/*", "/orgs/*/**" }, { kind = "view", group = {}, audience = "public",
    object = organisation, answer = { title = { "name", "login" } } }),
  rest("api-person", "GET", { "/users/*", "/users/*/**" }, { kind = "view", group = {}, audience = "public",
    object = person, answer = { title = { "name", "login" } } }),
  rest("api-starred", "GET", { "/user/starred/*/*", "/user/subscriptions/*/*" }, { kind = "view", group = {},
    object = { type = "repository", id = "+{/3}/{/4}" } }),
  rest("api-me", "GET", "/user", { kind = "view", group = {}, audience = "private", object = { type = "person" },
    answer = { id = "login", title = { "name", "login" } } }),
  rest("api-mine", "GET", { "/user/**", "/issues", "/notifications", "/notifications/threads/**", "/events" }, {
    kind = "view", group = {}, audience = "private", object = { type = "list",
      id = { "/notifications/threads/{}/subscription", "/notifications/threads/{}", "/user/{}", "/1" } },
    answer = { title = "subject/title" } }),
  rest("api-lists", "GET", { "/organizations", "/organizations/**", "/repositories", "/users", "/hooks", "/hooks/**",
    "/enterprises/**", "/advisories", "/marketplace_listing/**", "/classrooms", "/classrooms/**", "/assignments/**" }, {
      kind = "view", group = {}, object = { type = "list", id = { "/enterprises/{}/**", "/hooks/{}/**",
        "/organizations/{}/**", "/organizations/{}", "/classrooms/{}", "/assignments/{}", "/1" } } }),
  { id = "api-rest", ignore = true, match = { method = { "GET", "HEAD" }, host = api_host } },
}

local tests = rows.tests([[
issue-new|POST /repos/a/b/issues|{"title":"T","body":"B","labels":["bug"]}|{"id":901,"number":7,"title":"T",
  "user":{"login":"ana"}}|post|7|T|T~B
unreact-number|DELETE /reactions/5|||react|5||
team-edit|PATCH /organizations/1/team/7|{"name":"ops"}||edit|7|ops|ops
team-delete|DELETE /organizations/1/team/7|||delete|7||
member-invite|PUT /organizations/1/team/7/memberships/bo|||share|bo||
member|DELETE /organizations/1/team/7/members/bo|||edit|bo||
api-team|GET /organizations/1/team/7||{"name":"ops"}|view|7|ops|
api-team-part|GET /organizations/1/team/7/members|||view|7||
api-starred|GET /user/subscriptions/a/b|||view|a/b||
api-lists|GET /enterprises/e/consumed-licenses|||view|e||
api-lists|GET /organizations|||view|organizations||
unreact|DELETE /repos/a/b/issues/7/reactions/5|||react|7||
watch|PUT /repos/a/b/subscription|{"subscribed":true}||follow|a/b|a/b|
issue-comment-pin|PUT /repos/a/b/issues/comments/55/pin|||edit|55||
pull-comment-edit|PATCH /repos/a/b/pulls/comments/9|{"body":"so"}||edit|9||so
pull-comment|POST /repos/a/b/pulls/8/comments|{"body":"why?","path":"a.c","line":3}|{"id":31,
  "html_url":"https://github.com/a/b/pull/8#discussion_r31"}|comment|31||why?
review-edit|PUT /repos/a/b/pulls/8/reviews/5/dismissals|{"message":"stale"}||edit|5||stale
review-delete|DELETE /repos/a/b/pulls/8/reviews/5|||delete|5||
pull-edit|PATCH /repos/a/b/pulls/8|{"title":"T","body":"B"}||edit|8|T|T~B
pull-part|POST /repos/a/b/pulls/8/requested_reviewers|{"reviewers":["bo"]}||edit|8||
merge|PUT /repos/a/b/pulls/8/merge|{"commit_title":"T","commit_message":"M"}||edit|8||T~M
commit-comment|POST /repos/a/b/commits/abc/comments|{"body":"nice"}|{"id":3}|comment|3||nice
commit-comment-edit|PATCH /repos/a/b/comments/3|{"body":"nicer"}||edit|3||nicer
commit-comment-delete|DELETE /repos/a/b/comments/3|||delete|3||
commit-status|POST /repos/a/b/statuses/abc|{"state":"success","description":"built","context":"ci"}|{"id":4}|comment|4
  ||built~ci
check|POST /repos/a/b/check-runs|{"name":"lint","head_sha":"abc","output":{"title":"T","summary":"S","text":"all",
  "annotations":[{"path":"a.c","message":"m","title":"t","raw_details":"r"}],"images":[{"alt":"A","caption":"C"}]},
  "actions":[{"label":"Fix","description":"it","identifier":"f"}]}|{"id":5}|comment|5|T
  |lint~T~S~all~m~t~r~A~C~Fix~it
release-notes|POST /repos/a/b/releases/generate-notes|{"tag_name":"v2"}||draft||v2|v2
release|POST /repos/a/b/releases|{"tag_name":"v1","name":"One","body":"all new"}|{"id":6}|post|6|One|v1~One~all new
release-file-edit|PATCH /repos/a/b/releases/assets/7|{"name":"n.txt","label":"notes"}||edit|7|n.txt|n.txt~notes
release-file-delete|DELETE /repos/a/b/releases/assets/7|||delete|7||
release-edit|PATCH /repos/a/b/releases/6|{"tag_name":"v1","name":"One","body":"B"}||edit|6|One|v1~One~B
release-delete|DELETE /repos/a/b/releases/6|||delete|6||
file|PUT /repos/a/b/contents/docs/a.md|{"message":"docs","content":"aGVsbG8K\ndGhlcmU="}|{"content":{
  "html_url":"https://github.com/a/b/blob/main/docs/a.md"}}|edit|docs/a.md|docs/a.md|docs~hello~there
file|PUT /repos/a/b/contents/a.bin|{"message":"bytes","content":"/wABAg=="}||edit|a.bin|a.bin|bytes
file|PUT /repos/a/b/contents/a.md|{"message":"not packed","content":"so it is!"}||edit|a.md||not packed~so it is!
file-delete|DELETE /repos/a/b/contents/a.md?message=gone&sha=x|||delete|a.md|a.md|gone
file-delete|DELETE /repos/a/b/contents/a.md|{"message":"gone"}||delete|a.md||gone
blob|POST /repos/a/b/git/blobs|{"content":"aGVsbG8=","encoding":"base64"}|{"sha":"s1"}|edit|s1||hello
ref-new|POST /repos/a/b/git/refs|{"ref":"refs/heads/x","sha":"s"}|{"ref":"refs/heads/x"}|post|refs/heads/x|
  refs/heads/x|refs/heads/x
git-object|POST /repos/a/b/git/trees|{"tree":[{"path":"a.md","content":"hello"}]}|{"sha":"s2"}|edit|s2||a.md~hello
git-object|POST /repos/a/b/git/tags|{"tag":"v1","message":"one"}|{"sha":"s3"}|edit|s3||v1~one
git-object|POST /repos/a/b/git/blobs|{"content":"hello","encoding":"utf-8"}|{"sha":"s1"}|edit|s1||hello
ref|PATCH /repos/a/b/git/refs/heads/x|{"sha":"s"}||edit|heads/x||
ref-delete|DELETE /repos/a/b/git/refs/heads/x|||delete|heads/x||
label|POST /repos/a/b/labels|{"name":"bug","description":"broken"}|{"id":8,"name":"bug"}|post|8|bug|bug~broken
milestone-edit|PATCH /repos/a/b/labels/bug|{"new_name":"bugs","description":"d"}||edit|bug|bugs|bugs~d
milestone-edit|PATCH /repos/a/b/milestones/2|{"title":"T","description":"d"}||edit|2|T|T~d
milestone-edit|PATCH /repos/a/b/labels/bug|{"name":"bug"}||edit|bug|bug|bug
milestone-delete|DELETE /repos/a/b/milestones/2|||delete|2||
workflow|POST /repos/a/b/dispatches|{"event_type":"go","client_payload":{"a":"w"}}||edit|a/b||go~w
workflow|POST /repos/a/b/actions/workflows/1/dispatches|{"ref":"main","inputs":{"who":"Ana"}}||edit|a/b||Ana
workflow|POST /repos/a/b/deployments|{"ref":"x","description":"out","payload":{"note":"p"}}||edit|a/b||out~p
topics|PUT /repos/a/b/topics|{"names":["k8s"]}||edit|a/b||k8s
alert|PATCH /repos/a/b/dependabot/alerts/5|{"state":"dismissed","dismissed_comment":"c"}||edit|5||c
alert|PATCH /repos/a/b/secret-scanning/alerts/5|{"state":"resolved","resolution_comment":"c"}||edit|5||c
advisory|POST /repos/a/b/security-advisories|{"summary":"S","description":"d"}|{"ghsa_id":"G1"}|post|G1|S|S~d
advisory-edit|PATCH /repos/a/b/security-advisories/G1|{"summary":"S","description":"d"}||edit|G1|S|S~d
fork|POST /repos/a/b/forks|{"name":"mine"}||save|a/b||mine
repository-new|POST /user/repos|{"name":"app","description":"d","homepage":"https://a.example"}|{
  "full_name":"ana/app"}|post|ana/app|app|app~d~https://a.example
repository-edit|PATCH /repos/a/b|{"name":"b","description":"d","homepage":"https://a.example"}||edit|a/b|a/b
  |b~d~https://a.example
repository-delete|DELETE /repos/a/b|||delete|a/b||
notified|PATCH /notifications/threads/5|||view|5||
thread-watch|PUT /notifications/threads/5/subscription|{"ignored":true}||follow|5||
project-draft|POST /orgs/a/projectsV2/1/drafts|{"title":"T","body":"B"}|{"id":9}|post|9|T|T~B
project-item|PATCH /orgs/a/projectsV2/6/items/9|{"fields":[{"id":1,"value":"soon"}]}||edit|6||soon
project-item|POST /users/a/projectsV2/6/fields|{"name":"When","options":[{"name":"Now","description":"d"}]}||edit|6|
  When|When~Now~d
project|POST /orgs/a/projects|{"name":"N","body":"B"}|{"id":10}|post|10|N|N~B
project-part|POST /projects/columns/5/cards|{"note":"n"}|{"id":11}|post|11||n
project-part|POST /projects/5/columns|{"name":"Now"}|{"id":12}|post|12|Now|Now
project-move|POST /projects/columns/cards/5/moves|{"position":"top"}||edit|5||
project-edit|PATCH /projects/columns/cards/5|{"note":"n"}||edit|5||n
project-edit|PATCH /projects/5|{"name":"N","body":"B"}||edit|5|N|N~B
project-delete|DELETE /projects/5|||delete|5||
team-post|POST /orgs/a/teams/ops/discussions|{"title":"T","body":"B"}|{"number":1}|post|1|T|T~B
team-comment|POST /orgs/a/teams/ops/discussions/1/comments|{"body":"B"}|{"number":2}|comment|2||B
team-post-delete|DELETE /orgs/a/teams/ops/discussions/1|||delete|1||
team-post-edit|PATCH /orgs/a/teams/ops/discussions/1|{"title":"T","body":"B"}||edit|1|T|T~B
team-comment-edit|PATCH /orgs/a/teams/ops/discussions/1/comments/2|{"body":"B"}||edit|2||B
team|POST /orgs/a/teams|{"name":"N","description":"d"}|{"id":13}|post|13|N|N~d
team-edit|PATCH /orgs/a|{"name":"N","description":"d","blog":"b","company":"c","location":"l","email":"e"}||edit|a|N
  |N~d~b~c~l~e
team-delete|DELETE /teams/13|||delete|13||
member-invite|POST /orgs/a/invitations|{"email":"bo@b.example"}|{"id":14}|share|14|bo@b.example|bo@b.example
member-invite|PUT /orgs/a/memberships/bo|{"role":"admin"}||share|bo||
member|DELETE /orgs/a/members/bo|||edit|bo||
team-repository|PUT /orgs/a/teams/ops/repos/a/b|{"permission":"push"}||edit|ops||
profile|PATCH /user|{"name":"A","bio":"b","company":"c","blog":"d","location":"l","email":"e","twitter_username":"t"}|{
  "login":"ana"}|edit|ana||A~b~c~d~l~e~t
profile|POST /user/emails|{"emails":["bo@b.example"]}||edit|||bo@b.example
profile|POST /user/emails|["bo@b.example"]||edit|||bo@b.example
profile|POST /user/social_accounts|{"account_urls":["https://b.example"]}||edit|||https://b.example
preview-api|POST /markdown|{"text":"half"}||draft|||half
gist-comment|POST /gists/9f/comments|{"body":"B"}|{"id":15}|comment|15||B
gist-comment-edit|PATCH /gists/9f/comments/15|{"body":"B"}||edit|15||B
gist-comment-delete|DELETE /gists/9f/comments/15|||delete|15||
gist-save|PUT /gists/9f/star|||save|9f||
gist-edit|PATCH /gists/9f|{"description":"d","files":{"a":{"content":"w"}}}||edit|9f|d|d~w
gist-delete|DELETE /gists/9f|||delete|9f||
agent-task|POST /agents/repos/a/b/tasks|{"prompt":"fix it"}|{"id":"t1"}|ai.prompt|t1||fix it
agent-task|POST /agents/repos/a/b/tasks/t1|{"turn":{"content":"and this","prompt":"p"}}||ai.prompt|||and this~p
copilot|POST api.githubcopilot.com/v1/responses|{"instructions":"x","input":[{"role":"user","content":[{
  "type":"input_text","text":"why"}]}]}||ai.prompt|||why
copilot|POST api.githubcopilot.com/v1/responses|{"input":[{"role":"user","content":"why"}]}||ai.prompt|||why
copilot|POST api.githubcopilot.com/v1/responses|{"input":"why"}||ai.prompt|||why
copilot|POST api.githubcopilot.com/github/chat/threads/1/messages|{"content":"why"}||ai.prompt|||why
copilot|POST proxy.githubcopilot.com/v1/completions|{"prompt":"int a","suffix":"b;"}||ai.prompt|||int a~b;
copilot|POST api.githubcopilot.com/chat/completions|{"messages":[{"role":"user","content":[{"type":"text",
  "text":"why"}]}]}||ai.prompt|||why
part-delete|DELETE /repos/a/b/hooks/5|||delete|5||
part-edit|POST /repos/a/b/hooks|{"name":"web","config":{"url":"https://h.example","secret":"x"}}||edit|a/b||web
part-edit|PUT /repos/a/b/environments/live|{"reviewers":[{"type":"User","id":1}]}||edit|a/b||
part-edit|POST /repos/a/b/merges|{"base":"b","commit_message":"m"}||edit|a/b||m
group-part-delete|DELETE /orgs/a/hooks/5|||delete|5||
group-part-edit|POST /orgs/a/issue-types|{"name":"Epic","description":"d"}||edit|a||Epic~d
numbered-edit|PATCH /repositories/1296269|{"description":"d"}|{"full_name":"a/b"}|edit|a/b|a/b|d
mine-edit|PATCH /user/repository_invitations/1000|{}||edit|1000||
api-files|GET /repos/a/b/contents/|||view|a/b||
search-api|GET /search/issues?q=probes||{"items":[]}|search|||probes
api-legacy-search|GET /legacy/repos/search/probes|||search||probes|
api-comments|GET /repos/a/b/issues/comments|||view|a/b||
api-comment|GET /repos/a/b/issues/comments/55||{"html_url":"https://github.com/a/b/issues/7#issuecomment-55"}|view|55||
api-pull|GET /repos/a/b/pulls/8||{"number":8,"title":"Fix"}|view|8|Fix|
api-issue-part|GET /repos/a/b/issues/7/timeline|||view|7||
api-pull-part|GET /repos/a/b/pulls/8/files|||view|8||
api-file|GET /repos/a/b/contents/a.md||{"path":"a.md"}|view|a.md|a.md|
api-file|GET /repos/a/b/readme||{"path":"README.md"}|view|README.md|README.md|
api-files|GET /repos/a/b/contents|||view|a/b||
api-release-file|GET /repos/a/b/releases/assets/7||{"name":"n.txt"}|view|7|n.txt|
api-release|GET /repos/a/b/releases/latest||{"id":6,"name":"One","tag_name":"v1"}|view|6|One|
api-release-part|GET /repos/a/b/releases/6/assets|||view|6||
api-commit-comment|GET /repos/a/b/comments/3|||view|3||
api-commit|GET /repos/a/b/commits/main||{"sha":"abc"}|view|abc||
api-commit-part|GET /repos/a/b/commits/abc/status|||view|abc||
api-compare|GET /repos/a/b/compare/x...y|||view|x...y||
api-branch|GET /repos/a/b/branches/main||{"name":"main"}|view|main|main|
api-branch|GET /repos/a/b/branches/main/protection|||view|main||
api-object|GET /repos/a/b/git/blobs/s1|||view|s1||
api-milestone|GET /repos/a/b/milestones/2||{"title":"Autumn"}|view|2|Autumn|
api-advisory|GET /advisories/G1||{"summary":"S"}|view|G1|S|
api-repository-number|GET /repositories/1296269||{"full_name":"a/b"}|view|a/b|a/b|
api-gist-part|GET /gists/9f/commits|||view|9f||
api-gist-comment|GET /gists/9f/comments/15|||view|15||
api-gists|GET /gists/public|||view|public||
api-gist|GET /gists/9f||{"description":"notes"}|view|9f|notes|
api-team|GET /orgs/a/teams/ops||{"name":"Ops"}|view|ops|Ops|
api-team-post|GET /orgs/a/teams/ops/discussions/1||{"title":"T"}|view|1|T|
api-team-part|GET /orgs/a/teams/ops/members|||view|ops||
api-project|GET /projects/5/columns|||view|5||
api-organisation|GET /orgs/a||{"name":"A"}|view|a|A|
api-starred|GET /user/starred/a/b|||view|a/b||
api-me|GET /user||{"login":"ana","name":"Ana"}|view|ana|Ana|
api-mine|GET /user/repos|||view|repos||
api-mine|GET /notifications/threads/5||{"subject":{"title":"T"}}|view|5|T|
api-rest|GET /rate_limit||{"resources":{}}|none|||
]], api_host)

local secret = { "/authorizations/**", "/authorizations", "/applications/**", "/user/keys", "/user/keys/*",
  "/user/gpg_keys", "/repos/*/*/keys", "/repos/*/*/keys/*", "/repos/*/*/actions/secrets/**",
  "/repos/*/*/dependabot/secrets/**", "/orgs/*/actions/secrets/**", "/app/installations/*/access_tokens" }

return { secret = secret, rules = rows.joined(talk, things, people, rest_of_it, reads), tests = tests }
