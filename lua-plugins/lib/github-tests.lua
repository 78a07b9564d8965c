-- SPDX-License-Identifier: Apache-2.0
-- github-tests - exchanges of GitHub's three rooms that its adapters show their rules with, beside those of the rooms.

local form = "application/x-www-form-urlencoded"
local json = "application/json"

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
a list is a look at its repository | GET api.github.com/repos/acme/app/issues |  |  | rule api-repository-part; kind
   view; id acme/app
what limits a program is nothing | GET api.github.com/rate_limit |  |  | none
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

return { tests = tests }
