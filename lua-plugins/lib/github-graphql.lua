-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read_globals stoa
-- github-graphql - GitHub's GraphQL: what programs ask of api.github.com, and the persisted queries of the pages.

local rows = stoa.lib "rows"
local api_host, web_host = "api.github.com", "github.com"
local refused = { status = 200, type = "application/json",
  body = [[{"data":null,"errors":[{"type":"FORBIDDEN","message":"{message}","extensions":{"stoa":"{id}"}}]}]] }

-- Some programs write what they say into the query itself.
local function operation(id, names, what)
  local queries = {}
  for _, name in ipairs(names) do
    queries[#queries + 1] = "*" .. name .. "*"
  end
  return { id = id, match = { method = "POST", host = api_host, path = "/graphql",
      body = { eq = { query = queries }, has = what.has } },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent,
      group = what.group, answer = what.answer }, typed = what.typed or {}, base64 = what.base64, deny = refused }
end

-- Told by its name, or by its fields.
local function persisted(id, persisted_names, what)
  return { id = id, match = { method = "POST", host = web_host, path = "/_graphql",
      body = { eq = persisted_names and { persistedQueryName = persisted_names } or nil, has = what.has,
        lacks = what.lacks } },
    activity = { kind = what.kind, audience = "unknown", object = what.object, parent = what.parent,
      group = what.group, answer = what.answer }, typed = what.typed or {}, deny = refused }
end

-- A question of a program, told by what it asks about.
local function question(id, has, object, group)
  return { id = id, match = { method = "POST", host = api_host, path = "/graphql",
      body = { eq = { query = { "query*", "{*", "fragment*", "#*" } }, has = has } },
    activity = { kind = "view", audience = "unknown", object = object, group = group,
      answer = { title = { "data/*/*/title", "data/*/title", "data/*/nameWithOwner", "data/*/name" },
        url = { "{data/*/*/url}", "{data/*/url}" }, author = { "data/*/*/author/login", "data/*/author/login" } } },
    typed = {} }
end

local said = {}
for i, name in ipairs { "body", "title", "text", "description", "name", "message", "headline", "commitHeadline",
  "commitBody", "content", "comment", "note", "comments/#/body", "threads/#/body", "summary", "shortDescription",
  "readme", "fullDescription", "welcomeMessage", "reason", "label", "caption", "topicNames/#", "environmentUrl",
  "rawDetails", "commitMessage", "companyUrl", "customMessage" } do
  said[i] = "variables/**/" .. name
end
local node = {}
for i, name in ipairs { "id", "subjectId", "discussionId", "issueId", "pullRequestId", "commentId", "starrableId",
  "userId", "repositoryId", "labelableId", "assignableId", "subject", "lockableId", "pullRequestReviewId",
  "pullRequestReviewCommentId", "threadId", "itemId", "fieldId", "projectId", "statusUpdateId", "projectCardId",
  "cardId", "columnId", "projectColumnId", "refId", "teamId", "listId", "deploymentId", "environmentId",
  "duplicateId", "subscribableId", "repositoryRulesetId", "branchProtectionRuleId", "linkedBranchId",
  "checkRunId", "packageVersionId", "pollOptionId", "workflowId", "organizationId", "enterpriseId", "ownerId" } do
  node[i] = "variables/**/" .. name
end
local in_query, given = { "query" }, { "variables/**" }
local new_id = { "data/*/commentEdge/node/id", "data/*/timelineEdge/node/id", "data/*/comment/id",
  "data/*/pullRequestReview/id", "data/*/teamDiscussionComment/id", "data/*/*/id" }
local repository = { type = "repository", id = "variables/**/repositoryId" }
local new = { id = "data/*/*/id", url = { "{data/*/*/url}" } }
local comment = { type = "comment" }
local new_comment = { type = "comment", id = new_id, url = { "{data/*/*/node/url}", "{data/*/*/url}" } }
local removed = { "deleteIssue", "deleteDiscussion", "deletePull", "deleteRef", "deleteProject", "deleteLabel",
  "deleteTeam", "deleteUserList", "deleteEnvironment", "deleteDeployment", "deleteLinkedBranch", "deleteBranch",
  "deleteRepository", "deletePackage", "deleteIp", "deleteVerifiable" }
local posts = { "createIssue", "createDiscussion", "createPullRequest", "createTeamDiscussion", "revertPullRequest",
  "addProjectV2DraftIssue", "convertProjectV2DraftIssue", "convertProjectCardNote" }
local comments = { "addComment", "addDiscussionComment", "addPullRequestReview", "createTeamDiscussionComment",
  "submitPullRequestReview" }
local about = { type = "issue", id = { "variables/**/subjectId", "variables/**/discussionId",
  "variables/**/pullRequestId", "variables/**/pullRequestReviewId" } }

local rules = {
  { id = "graphql-search", match = { method = "POST", host = api_host, path = "/graphql",
      body = { eq = { query = "*search(*" }, has = { "variables/**" } } },
    activity = { kind = "search", audience = "private", object = { type = "search" } },
    typed = { "variables/**/query", "variables/**/searchQuery", "variables/**/search", "variables/**/q",
      "variables/**/queryString", "variables/**/search_query" }, deny = refused },
  question("graphql-view", { "%variables/number" }, { type = "issue", id = "%variables/number" },
    { type = "repository", id = { "+{variables/owner}/{variables/name}", "+{variables/owner}/{variables/repo}" } }),
  question("graphql-view-pull", { "%variables/pr_number" }, { type = "pull", id = "%variables/pr_number" },
    { type = "repository", id = { "+{variables/owner}/{variables/repo}", "+{variables/owner}/{variables/name}" } }),
  question("graphql-view-node", { "variables/id" }, { type = "document", id = "variables/id" }),
  question("graphql-view-repository", { "variables/owner" }, { type = "repository",
    id = { "+{variables/owner}/{variables/name}", "+{variables/owner}/{variables/repo}", "variables/owner" } }),
  question("graphql-view-person", { "variables/login" }, { type = "person", id = "variables/login" }),
  question("graphql-read", nil, { type = "list" }),

  operation("graphql-thread", { "ThreadReply" }, { kind = "reply", has = given, typed = said, object = comment,
    parent = { type = "comment", id = "variables/**/pullRequestReviewThreadId" }, answer = new_comment }),
  operation("graphql-reply", { "addDiscussionComment" }, { kind = "reply", has = { "variables/**/replyToId" },
    object = comment, parent = { type = "comment", id = "variables/**/replyToId" }, typed = said,
    answer = new_comment }),
  operation("graphql-answer", { "addPullRequestReviewComment" }, { kind = "reply", has = { "variables/**/inReplyTo" },
    object = comment, parent = { type = "comment", id = "variables/**/inReplyTo" }, typed = said,
    answer = new_comment }),
  operation("graphql-comment", comments, { kind = "comment", has = given, object = comment, typed = said,
    parent = about, answer = new_comment }),
  operation("graphql-post", posts, { kind = "post", has = given, object = { type = "issue",
    title = "variables/**/title" }, typed = said, group = repository, answer = new }),
  operation("graphql-react", { "addReaction", "removeReaction", "addUpvote", "removeUpvote", "addDiscussionPollVote" },
    { kind = "react", object = { type = "reaction", id = node } }),
  operation("graphql-star", { "addStar", "removeStar" }, { kind = "save", object = { type = "repository",
    id = node } }),
  operation("graphql-follow", { "followUser", "followOrganization", "updateSubscription" }, { kind = "follow",
    object = { type = "person", id = { "variables/**/userId", "variables/**/organizationId",
      "variables/**/subscribableId" } } }),
  operation("graphql-edit-setting", { "updateEnterprise" }, { kind = "edit", has = given, typed = said,
    object = { type = "organisation", id = "variables/**/enterpriseId" } }),
  operation("graphql-delete", removed, { kind = "delete", has = given, object = { type = "comment", id = node } }),
  operation("graphql-commit", { "createCommitOnBranch" }, { kind = "edit", object = { type = "file",
    id = "variables/**/path", title = "variables/**/path" },
    typed = { "variables/**/headline", "variables/**/body", "variables/**/contents" },
    base64 = { "variables/**/contents" }, answer = { url = "{data/*/commit/url}" } }),
  operation("graphql-new", { "createProject", "createRepository", "createLabel", "createUserList", "createRef",
    "createLinkedBranch", "createSponsor", "createDeployment", "createCheck", "createEnvironment", "createBranch",
    "addProjectCard", "addProjectColumn", "copyProject", "cloneProject", "cloneTemplate" }, { kind = "post",
      has = given, object = { type = "list", title = { "variables/**/title", "variables/**/name" } }, typed = said,
      group = repository, answer = { id = new_id, url = "{data/*/*/url}" } }),
  operation("graphql-edit", { "" }, { kind = "edit", has = given, object = { type = "issue", id = node,
    title = "variables/**/title" }, typed = said, answer = { url = "{data/*/*/url}" } }),
  operation("inline-comment", comments, { kind = "comment", object = comment, answer = new_comment,
    typed = in_query }),
  operation("inline-post", posts, { kind = "post", object = { type = "issue" }, answer = new, typed = in_query }),
  operation("inline-delete", removed, { kind = "delete", object = comment, typed = in_query }),
  operation("inline-edit", { "" }, { kind = "edit", object = { type = "issue" }, answer = { id = "data/*/*/id" },
    typed = in_query }),

  persisted("page-edit", { "update*", "edit*", "*Update*", "*Edit*" }, { kind = "edit",
    object = { type = "issue", id = node, title = "variables/**/title" }, typed = said }),
  persisted("page-delete", { "delete*", "*Delete*" }, { kind = "delete", object = { type = "comment", id = node } }),
  persisted("page-react", { "*Reaction*", "*Upvote*" }, { kind = "react", object = { type = "reaction",
    id = node } }),
  persisted("page-post", nil, { kind = "post", has = { "variables/**/title", "variables/**/repositoryId" },
    object = { type = "issue", title = "variables/**/title" }, typed = said, group = repository,
    answer = { id = { "%data/*/issue/number", "%data/*/discussion/number", "data/*/*/id" },
      url = { "{data/*/issue/url}", "{data/*/discussion/url}" } } }),
  persisted("page-rename", nil, { kind = "edit", has = { "variables/**/title" }, typed = said,
    object = { type = "issue", id = node, title = "variables/**/title" } }),
  persisted("page-rewrite", nil, { kind = "edit", has = { "variables/input/body", "variables/input/id" },
    lacks = { "variables/input/subjectId" }, object = { type = "comment", id = "variables/input/id" }, typed = said }),
  persisted("page-comment", nil, { kind = "comment", has = { "variables/**/body" }, object = comment, typed = said,
    parent = { type = "issue", id = { "variables/**/subjectId", "variables/**/id", "variables/**/discussionId" } },
    answer = { type = "comment", id = { "%data/*/timelineEdge/node/databaseId", "data/*/timelineEdge/node/id",
      "data/*/commentEdge/node/id", "data/*/comment/id" }, url = { "{data/*/timelineEdge/node/url}",
      "{data/*/commentEdge/node/url}" } } }),
  persisted("page-act", nil, { kind = "edit", has = { "variables/input/**" }, typed = said,
    object = { type = "issue", id = node } }),
  { id = "page-view", match = { method = "GET", host = web_host, path = "/_graphql",
      body = { has = { "?body/variables/owner" } } },
    activity = { kind = "view", audience = "unknown", object = { type = "issue", id = { "%?body/variables/number",
      "?body/variables/id" } }, group = { type = "repository",
        id = { "+{?body/variables/owner}/{?body/variables/repo}", "+{?body/variables/owner}/{?body/variables/name}" } },
      answer = { id = "%data/repository/*/number", title = { "data/repository/*/title", "data/*/*/titleHTML" },
        url = "{data/repository/*/url}", author = "data/repository/*/author/login" } }, typed = {} },
  { id = "page-query", ignore = true, match = { host = web_host, path = "/_graphql" } },
}

local tests = rows.tests([[
graphql-search|POST /graphql|{"query":"query($q:String!){ search(query:$q,type:ISSUE){ issueCount } }","variables":{
  "q":"probes"}}||search|||probes
graphql-view|POST /graphql|{"query":"query I($owner:String!){repository{issue{title}}}","variables":{"owner":"a",
  "name":"b","number":7}}|{"data":{"repository":{"issue":{"title":"T"}}}}|view|7|T|
graphql-view-pull|POST /graphql|{"query":"query P{repository{x{title}}}","variables":{"owner":"a",
  "repo":"b","pr_number":8}}|{"data":{"repository":{"x":{"title":"T"}}}}|view|8|T|
graphql-view-node|POST /graphql|{"query":"query N{node{id}}","variables":{"id":"I_1"}}|{"data":{"node":{"title":"T"}}}
  |view|I_1|T|
graphql-view-repository|POST /graphql|{"query":"query R{repository{id}}","variables":{"owner":"a","name":"b"}}|{
  "data":{"repository":{"nameWithOwner":"a/b"}}}|view|a/b|a/b|
graphql-view-person|POST /graphql|{"query":"{user{name}}","variables":{"login":"ana"}}|{"data":{"user":{"name":"Ana"}}}
  |view|ana|Ana|
graphql-read|POST /graphql|{"query":"query { viewer { login } }"}||view|||
graphql-view-node|POST /graphql|{"query":"\n    query Q($id: ID!) {\n      node(id: $id) {}}","variables":{
  "id":"D_1"}}|{"data":{"node":{"title":"T"}}}|view|D_1|T|
graphql-thread|POST /graphql|{"query":"mutation M{addPullRequestReviewThreadReply(input:$i){x}}","variables":{"i":{
  "pullRequestReviewThreadId":"T1","body":"so"}}}|{"data":{"a":{"comment":{"id":"C2"}}}}|reply|C2||so
graphql-answer|POST /graphql|{"query":"mutation M{addPullRequestReviewComment(input:$i){x}}","variables":{"i":{
  "inReplyTo":"C1","body":"so"}}}|{"data":{"a":{"comment":{"id":"C2"}}}}|reply|C2||so
graphql-comment|POST /graphql|{"query":"mutation M{addPullRequestReview(input:$i){x}}","variables":{"i":{
  "pullRequestId":"P1","body":"good","comments":[{"path":"a","body":"why"}],"threads":[{"path":"a","body":"how"}]}}}
  ||comment|P1||good~why~how
graphql-post|POST /graphql|{"query":"mutation M{createIssue(input:$i){issue{id url}}}","variables":{"i":{
  "repositoryId":"R1","title":"T","body":"B"}}}|{"data":{"createIssue":{"issue":{"id":"I_9",
  "url":"https://github.com/a/b/issues/9"}}}}|post|I_9|T|T~B
graphql-react|POST /graphql|{"query":"mutation M{addReaction(input:$i){x}}","variables":{"i":{"subjectId":"I_1"}}}
  ||react|I_1||
graphql-star|POST /graphql|{"query":"mutation M{addStar(input:$i){x}}","variables":{"i":{"starrableId":"R1"}}}
  ||save|R1||
graphql-follow|POST /graphql|{"query":"mutation M{followUser(input:$i){x}}","variables":{"i":{"userId":"U1"}}}
  ||follow|U1||
graphql-edit-setting|POST /graphql|{"query":"mutation M{updateEnterpriseProfile(input:$i){x}}","variables":{"i":{
  "enterpriseId":"E1","description":"d"}}}||edit|E1||d
graphql-delete|POST /graphql|{"query":"mutation M{deleteIssueComment(input:$i){x}}","variables":{"i":{"id":"C1"}}}
  ||delete|C1||
graphql-commit|POST /graphql|{"query":"mutation M{createCommitOnBranch(input:$i){x}}","variables":{"i":{"message":{
  "headline":"h","body":"b"},"fileChanges":{"additions":[{"path":"a.md","contents":"aGVsbG8="}]}}}}||edit|a.md||
  h~b~hello
graphql-new|POST /graphql|{"query":"mutation M{createProjectV2(input:$i){x}}","variables":{"i":{"ownerId":"O1",
  "title":"T"}}}|{"data":{"createProjectV2":{"projectV2":{"id":"PVT_1"}}}}|post|PVT_1|T|T
graphql-edit|POST /graphql|{"query":"mutation M{updatePullRequest(input:$i){x}}","variables":{"i":{
  "pullRequestId":"P1","title":"T","body":"B"}}}||edit|P1|T|T~B
inline-comment|POST /graphql|{"query":"mutation{addComment(input:{subjectId:\"I_1\",body:\"hi\"}){x}}"}|{"data":{
  "addComment":{"commentEdge":{"node":{"id":"C3"}}}}}|comment|C3||
  mutation{addComment(input:{subjectId:"I_1",body:"hi"}){x}}
inline-post|POST /graphql|{"query":"mutation{createIssue(input:{title:\"T\"}){issue{id}}}"}|{"data":{"createIssue":{
  "issue":{"id":"I_9"}}}}|post|I_9||mutation{createIssue(input:{title:"T"}){issue{id}}}
inline-delete|POST /graphql|{"query":"mutation{deleteIssue(input:{}){x}}"}||delete|||mutation{deleteIssue(input:{}){x}}
inline-edit|POST /graphql|{"query":"mutation{closeIssue(input:{}){issue{id}}}"}|{"data":{"closeIssue":{"issue":{
  "id":"I_9"}}}}|edit|I_9||mutation{closeIssue(input:{}){issue{id}}}
page-edit|POST github.com/_graphql|{"persistedQueryName":"updateIssueMutation","variables":{"input":{"id":"I_1",
  "title":"T"}}}||edit|I_1|T|T
page-react|POST github.com/_graphql|{"persistedQueryName":"addReactionMutation","variables":{"input":{
  "subjectId":"I_1"}}}||react|I_1||
page-post|POST github.com/_graphql|{"query":"0f","variables":{"input":{"title":"T","repositoryId":"R1"}}}|{"data":{
  "createIssue":{"issue":{"id":"I_9","number":9}}}}|post|9|T|T
page-rename|POST github.com/_graphql|{"query":"0f","variables":{"input":{"title":"T","id":"I_1"}}}||edit|I_1|T|T
page-rewrite|POST github.com/_graphql|{"query":"0f","variables":{"input":{"id":"IC_1","body":"B"}}}||edit|IC_1||B
page-act|POST github.com/_graphql|{"query":"0f","variables":{"input":{"issueId":"I_1"}}}||edit|I_1||
page-view|GET github.com/_graphql?body=%7B%22query%22%3A%220f%22%2C%22variables%22%3A%7B%22owner%22%3A%22a%22%2C%22
  number%22%3A7%2C%22repo%22%3A%22b%22%7D%7D||{"data":{"repository":{"issue":{"number":7,"title":"T"}}}}|view|7|T|
page-query|POST github.com/_graphql|{"query":"0f","variables":{"login":"somebody"}}||none|||
]], api_host)

return { rules = rules, tests = tests }
