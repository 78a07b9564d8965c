-- SPDX-License-Identifier: Apache-2.0
-- Coursera: what was watched, read and finished, the forums, work that other learners review, notes. Answers of quizzes
-- are assessment data: that one was tried is seen, not with what; texts that others read (forums, reviewed work) are.
--
-- Observed: progress, videos' events, readings, quizzes. Believed: the names of the peer calls, of notes and of the
-- newer operations of GraphQL.

local refused = { status = 403, type = "application/json",
  body = [[{"errorCode":"refused","message":"{message}","stoa":"{id}"}]] }
local json = "application/json"
local lecture = { type = "lecture", id = "/api/opencourse.v1/user/*/course/*/item/{}/lecture/**" }
local course = { type = "course", id = "/api/opencourse.v1/user/*/course/{}/item/**",
  url = "https://www.coursera.org/learn/{id}" }

-- One resource of the API; an id, a query or an action may follow its name.
local function resource(id, method, names, kind, what)
  local list = {}
  for _, name in ipairs(names) do
    list[#list + 1] = "/api/" .. name
    list[#list + 1] = "/api/" .. name .. "/**"
  end
  return { id = id, match = { method = method, path = list, body = what.body, query = what.query },
    activity = { kind = kind, audience = what.audience or "group", object = what.object, parent = what.parent,
      group = what.group, answer = what.answer }, typed = what.typed or {}, deny = refused }
end

local function gql(id, operations, kind, what)
  return { id = id, match = { method = "POST", path = { "/graphql-gateway", "/graphqlBatch", "/graphql" },
      query = { opname = operations } },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = "private", object = what.object },
    typed = what.typed or {}, deny = refused }
end

local said = { "content/question", "content/**/value", "title", "content/**/text", "text" }
local work = { "**/plainText", "**/richText/**", "**/definition/value", "**/text", "**/title", "**/caption",
  "**/comment", "**/fileName", "**/feedback", "!**/typeName", "!**/dtdId" }

local function event(id, name, kind)
  return { id = id, match = { method = "POST", path = "/api/opencourse.v1/user/*/course/*/item/*/lecture/videoEvents/"
    .. name },
    activity = { kind = kind, audience = "private", object = lecture, parent = course }, typed = {} }
end

local function called(name, method, path, body, expect, answer, query)
  return { name = name, method = method, host = "www.coursera.org", path = path, query = query, type = body and json,
    body = body, answer = answer, expect = expect }
end

return {
  api = 1,
  id = "coursera",
  version = "1.1.0",
  title = "Coursera",
  hosts = { "www.coursera.org", "api.coursera.org", "coursera.org" },
  secret = { { path = { "/api/login/**", "/api/login/v3", "/api/signup/**", "/api/userPasswords.*", "/account/**",
    "/api/passwordReset*", "/api/samlLogin*", "/oauth2/**" } } },
  redact_always = { "csrf3-token", "?csrf3-token", "question/**", "responses/**", "questionResponses/**",
    "argument/**", "variables/**/questionResponses/**", "#/variables/**/questionResponses/**",
    "variables/**/responses/**", "#/variables/**/responses/**", "secret" },

  rules = {
    { id = "progress", match = { method = { "PUT", "POST" }, path = { "/api/onDemandVideoProgresses.v1/*",
        "/api/onDemandVideoProgresses.v1" } },
      activity = { kind = "watch.progress", audience = "private", unit = "ms",
        object = { type = "lecture", id = { "/api/onDemandVideoProgresses.v1/{}", "videoProgressId" } },
        watch = { from = "=0", to = { "%viewedUpTo", "viewedUpTo" } } }, typed = {} },
    event("play", "play", "watch.start"),
    event("ended", "ended", "watch.end"),
    { id = "reading", match = { method = "POST", path = "/api/onDemandSupplementCompletions.v1" },
      activity = { kind = "course.progress", audience = "private", object = { type = "lecture", id = "itemId" },
        parent = { type = "course", id = "courseId" } }, typed = {} },
    { id = "quiz", match = { method = "POST",
      path = { "/api/opencourse.v1/user/*/course/*/item/*/quiz/session/*/action/*",
        "/api/opencourse.v1/user/*/course/*/item/*/quiz/session" } },
      activity = { kind = "quiz.attempt", audience = "private",
        object = { type = "lecture", id = "/api/opencourse.v1/user/*/course/*/item/{}/quiz/**" }, parent = course },
      typed = {} },
    resource("quiz-session", "POST", { "onDemandExamSessions.v1", "onDemandQuizSessions.v1" }, "quiz.attempt", {
      audience = "private", object = { type = "lecture", id = { "itemId", "/3" } }, parent = { type = "course",
        id = "courseId" } }),
    resource("programming", "POST", { "onDemandProgrammingScriptSubmissions.v1",
      "onDemandProgrammingSubmissions.v1" }, "quiz.attempt", { audience = "private", object = { type = "lecture",
      id = { "assignmentKey", "itemId" } } }),
    resource("practice", { "POST", "PUT" }, { "onDemandWidgetProgress.v1", "onDemandWidgetSessions.v1",
      "onDemandNotebookWorkspaces.v1", "onDemandCourseItemProgress.v1" }, "course.progress", { audience = "private",
      object = { type = "lecture", id = { "itemId", "/3" } }, parent = { type = "course", id = "courseId" } }),
    resource("join", "POST", { "courseMemberships.v1", "openCourseMemberships.v1",
      "onDemandSpecializationMemberships.v1",
      "onDemandLearnerMemberships.v1" }, "join", { audience = "private", object = { type = "course",
      id = { "courseId", "s12nId" } } }),
    resource("question-edit", { "PUT", "PATCH" }, { "onDemandCourseForumQuestions.v1", "courseForumQuestions.v1" },
      "edit", { object = { type = "question", id = "/3", title = { "content/question", "title" } }, typed = said }),
    resource("answer-edit", { "PUT", "PATCH" }, { "onDemandCourseForumAnswers.v1", "onDemandCourseForumComments.v1",
      "courseForumAnswers.v1" }, "edit", { object = { type = "post", id = "/3" }, typed = said }),
    resource("forum-delete", "DELETE", { "onDemandCourseForumQuestions.v1", "onDemandCourseForumAnswers.v1",
      "onDemandCourseForumComments.v1", "courseForumQuestions.v1", "courseForumAnswers.v1" }, "delete", {
      object = { type = "post", id = "/3" } }),
    resource("vote", { "POST", "PUT", "DELETE" }, { "onDemandCourseForumQuestionVotes.v1",
      "onDemandCourseForumAnswerVotes.v1", "onDemandCourseForumVotes.v1" }, "react", { object = { type = "post",
      id = { "forumQuestionId", "forumAnswerId", "questionId", "answerId", "/3" } } }),
    resource("watch", { "POST", "PUT", "DELETE" }, { "onDemandCourseForumQuestionFollows.v1",
      "onDemandCourseForumFollows.v1", "onDemandCourseForumSubscriptions.v1" }, "follow", { audience = "private",
      object = { type = "question", id = { "forumQuestionId", "questionId", "courseForumQuestionId", "/3" } } }),
    resource("flag", "POST", { "onDemandCourseForumQuestionFlags.v1", "onDemandCourseForumAnswerFlags.v1",
      "onDemandCourseForumFlags.v1" }, "message", { audience = "private", object = { type = "post",
      id = { "forumQuestionId", "forumAnswerId", "questionId", "answerId" } }, typed = { "reason", "details",
      "comment" } }),
    resource("question", "POST", { "onDemandCourseForumQuestions.v1", "courseForumQuestions.v1" }, "post", {
      object = { type = "question", title = { "content/question", "title" } },
      group = { type = "category", id = { "courseForumId", "forumId" } }, answer = { type = "question",
        id = "elements/#/id" }, typed = said }),
    resource("answer", "POST", { "onDemandCourseForumAnswers.v1", "onDemandCourseForumComments.v1",
      "courseForumAnswers.v1", "onDemandDiscussionPromptAnswers.v1" }, "reply", { object = { type = "post" },
      parent = { type = "question", id = { "courseForumQuestionId", "parentForumAnswerId", "forumQuestionId" } },
      answer = { type = "post", id = "elements/#/id" }, typed = said }),

    -- Work that other learners read and judge.
    resource("work-draft", { "POST", "PUT" }, { "onDemandPeerSubmissionDrafts.v1", "onDemandPeerSubmissionDrafts.v2" },
      "draft", { audience = "private", object = { type = "lecture", id = { "itemId", "/3" }, title = "**/title" },
      typed = work }),
    resource("work", { "POST", "PUT" }, { "onDemandPeerSubmissions.v1", "onDemandPeerSubmissions.v2",
      "onDemandPeerSubmissionSubmits.v1" }, "post", { object = { type = "lecture", id = { "itemId" },
      title = { "title", "submission/title", "**/title" } }, parent = { type = "course", id = "courseId" },
      answer = { type = "post", id = "elements/#/id" }, typed = work }),
    resource("judgement", { "POST", "PUT" }, { "onDemandPeerReviews.v1", "onDemandPeerReviews.v2",
      "onDemandPeerReviewSubmits.v1" }, "comment", { object = { type = "comment" }, parent = { type = "post",
      id = { "submissionId", "**/submissionId", "/3" } }, answer = { type = "comment", id = "elements/#/id" },
      typed = work }),
    resource("work-comment", "POST", { "onDemandPeerSubmissionComments.v1", "onDemandPeerComments.v1" }, "comment", {
      object = { type = "comment" }, parent = { type = "post", id = { "submissionId", "**/submissionId" } },
      answer = { type = "comment", id = "elements/#/id" }, typed = work }),

    resource("note", { "POST", "PUT", "PATCH" }, { "userNotes.v1", "videoNotes.v1", "onDemandVideoNotes.v1",
      "onDemandUserNotes.v1", "notes.v1" }, "post", { audience = "private", object = { type = "lecture",
      id = { "itemId", "**/itemId", "/3" } }, typed = { "userText", "**/userText", "text", "note", "**/value",
      "**/text" } }),
    resource("rating", { "POST", "PUT" }, { "feedback.v1", "courseRatings.v1", "onDemandCourseReviews.v1" }, "comment",
      { audience = "public", object = { type = "course", id = { "courseId", "/api/feedback.v1/course/{}/**" } },
      typed = { "comments/**", "comment", "text", "feedback", "**/value", "!**/typeName", "!**/dtdId" } }),
    resource("profile", { "POST", "PUT", "PATCH" }, { "userBasicProfiles.v1", "profiles.v1",
      "userProfiles.v1" }, "edit", { audience = "public", object = { type = "person", id = "/3" }, typed = { "bio",
      "**/bio", "fullName", "headline", "aboutMe", "location", "**/headline" } }),
    resource("upload", "POST", { "onDemandPeerSubmissionUploads.v1", "fileUploads.v1", "uploads.v1",
      "onDemandCourseForumUploads.v1", "assetUploads.v1" }, "upload", { object = { type = "file", title = { "fileName",
      "filename", "name", "~file" } }, answer = { type = "file", id = "elements/#/id", upload = { "**/uploadUrl",
      "**/signedUrl" } }, typed = { "fileName", "filename", "name", "file" } }),

    gql("gql-try", { "Submission_StartAttempt", "Submission_SaveResponses", "Submission_SubmitLatestDraft" },
      "quiz.attempt", { object = { type = "lecture", id = { "#/variables/**/itemId",
      "variables/**/itemId" } } }),
    gql("gql-typing", { "SearchAutocomplete*", "Autocomplete*", "AutoComplete*", "Typeahead*" }, "draft",
      { object = { type = "search" },
      typed = { "#/variables/**/query", "variables/**/query" } }),
    gql("gql-search", { "Search*", "DiscoverySearch*", "ForumSearch*" }, "search", { object = { type = "search" },
      typed = { "#/variables/requests/#/query", "variables/requests/#/query", "#/variables/query",
        "variables/query" } }),
    gql("gql-coach", { "Coach*", "Assistant*", "Chat*", "SendCoach*" }, "ai.prompt",
      { object = { type = "conversation" },
      typed = { "#/variables/**/message", "#/variables/**/text", "#/variables/**/prompt", "#/variables/**/query",
        "variables/**/message", "variables/**/text", "variables/**/prompt", "variables/**/query" } }),

    { id = "search", match = { method = "GET", path = "/search", query = { query = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?query" } },
    { id = "lecture", match = { method = "GET", path = { "/learn/*/lecture/*", "/learn/*/lecture/*/*",
        "/learn/*/supplement/*/*" } },
      activity = { kind = "view", audience = "private", parent = { type = "course", id = "/2" },
        object = { type = "lecture", id = "/4", url = "https://www.coursera.org/learn/{/2}/{/3}/{/4}",
          title_end = " | Coursera" } }, typed = {} },
    { id = "lecture-more", match = { method = "GET", path = { "/learn/*/exam/*/**", "/learn/*/peer/*/**",
        "/learn/*/assignment-submission/*/**", "/learn/*/ungradedLab/*/**", "/learn/*/programming/*/**",
        "/learn/*/discussionPrompt/*/**", "/learn/*/quiz/*/**" } },
      activity = { kind = "view", audience = "private", parent = { type = "course", id = "/2" },
        object = { type = "lecture", id = "/4", url = "https://www.coursera.org/learn/{/2}/{/3}/{/4}",
          title_end = " | Coursera" } }, typed = {} },
    { id = "thread", match = { method = "GET", path = { "/learn/*/discussions/forums/*/threads/*",
        "/learn/*/discussions/threads/*" } },
      activity = { kind = "view", audience = "group", parent = { type = "course", id = "/2" },
        object = { type = "question", id = { "/learn/*/discussions/forums/*/threads/{}",
          "/learn/*/discussions/threads/{}" }, title_end = " | Coursera" } }, typed = {} },
    { id = "programme", match = { method = "GET", path = { "/specializations/*", "/professional-certificates/*",
        "/degrees/*", "/projects/*" } },
      activity = { kind = "view", audience = "private", object = { type = "course", id = "/2",
        url = "https://www.coursera.org/{/1}/{id}", title_end = " | Coursera" } }, typed = {} },
    { id = "course", match = { method = "GET", path = { "/learn/*", "/learn/*/home/**" } },
      activity = { kind = "view", audience = "private",
        object = { type = "course", id = "/2", url = "https://www.coursera.org/learn/{id}",
          title_end = " | Coursera" } },
      typed = {} },
    { id = "telemetry", ignore = true, match = { path = { "/api/rest/v1/eventing/**", "/api/eventing/**", "/track/**",
        "/api/opencourse.v1/user/*/course/*/item/*/lecture/videoEvents/**", "/api/grpc/**" } } },
  },

  tests = {
    { name = "watching", method = "PUT", host = "www.coursera.org", path = "/api/onDemandVideoProgresses.v1/1~crs~vid",
      type = json, body = [[{"viewedUpTo":61250,"videoProgressId":"1~crs~vid"}]],
      expect = { rule = "progress", kind = "watch.progress", id = "1~crs~vid", intervals = "0-61250" } },
    { name = "a lecture begins", method = "POST", host = "www.coursera.org",
      path = "/api/opencourse.v1/user/1/course/k8s/item/it1/lecture/videoEvents/play", type = json, body = "{}",
      expect = { rule = "play", kind = "watch.start", id = "it1", parent = "k8s" } },
    { name = "a lecture ends", method = "POST", host = "www.coursera.org",
      path = "/api/opencourse.v1/user/1/course/k8s/item/it1/lecture/videoEvents/ended", type = json, body = "{}",
      expect = { rule = "ended", kind = "watch.end", id = "it1" } },
    { name = "a reading is done", method = "POST", host = "www.coursera.org",
      path = "/api/onDemandSupplementCompletions.v1", type = json,
        body = [[{"userId":1,"courseId":"k8s","itemId":"it2"}]],
      expect = { rule = "reading", kind = "course.progress", id = "it2", parent = "k8s" } },
    { name = "a quiz without its answers", method = "POST", host = "www.coursera.org",
      path = "/api/opencourse.v1/user/1/course/k8s/item/it3/quiz/session/s1/action/submitResponse", type = json,
      body = [[{"argument":{"response":{"chosen":"my long answer"}}}]],
      expect = { rule = "quiz", kind = "quiz.attempt", id = "it3", text = "",
        hidden = { "argument/response/chosen" } } },
    { name = "a question in the forum", method = "POST", host = "www.coursera.org",
      path = "/api/onDemandCourseForumQuestions.v1", type = json,
      body = [[{"courseForumId":"f1","content":{"question":"Probes?","details":{"definition":{"value":"<co-content>why]]
        .. [[</co-content>"}}}}]],
      expect = { rule = "question", kind = "post", group = "f1", title = "Probes?",
        text = "Probes?\n<co-content>why</co-content>" } },
    { name = "an answer in the forum", method = "POST", host = "www.coursera.org",
      path = "/api/onDemandCourseForumAnswers.v1", type = json,
      body = [[{"courseForumQuestionId":"q1","content":{"definition":{"value":"because"}}}]],
      expect = { rule = "answer", kind = "reply", parent = "q1", text = "because" } },
    called("an exam without its answers", "POST", "/api/onDemandExamSessions.v1/s1/actions",
      [[{"name":"submitResponses","argument":{"responses":[{"response":{"answer":"my long answer"}}]}}]], {
      rule = "quiz-session", kind = "quiz.attempt", id = "s1", text = "",
      hidden = { "argument/responses/#/response/answer" } }),
    called("a program is handed in", "POST", "/api/onDemandProgrammingScriptSubmissions.v1",
      [[{"assignmentKey":"k1","submitterEmail":"a@b.example","secret":"s3","parts":{"1":{"output":"1 2"}}}]], {
      rule = "programming", kind = "quiz.attempt", id = "k1", hidden = { "secret" } }),
    called("an exercise is done", "PUT", "/api/onDemandWidgetProgress.v1/1~k8s~it5", [[{"progressState":"Completed"}]],
      {
      rule = "practice", kind = "course.progress", id = "1~k8s~it5" }),
    called("a course is joined", "POST", "/api/openCourseMemberships.v1", [[{"courseId":"k8s","userId":1}]], {
      rule = "join", kind = "join", id = "k8s" }),
    called("a question is changed", "PUT", "/api/onDemandCourseForumQuestions.v1/q1", [[{"content":{"question":"Why?",]]
      .. [["details":{"definition":{"value":"better"}}}}]], { rule = "question-edit", kind = "edit", id = "q1",
      title = "Why?", text = "Why?\nbetter" }),
    called("an answer is changed", "PUT", "/api/onDemandCourseForumAnswers.v1/a1",
      [[{"content":{"definition":{"value":"better"}}}]], { rule = "answer-edit", kind = "edit", id = "a1",
      text = "better" }),
    called("an answer goes", "DELETE", "/api/onDemandCourseForumAnswers.v1/a1", nil, { rule = "forum-delete",
      kind = "delete", id = "a1" }),
    called("a vote", "POST", "/api/onDemandCourseForumAnswerVotes.v1", [[{"forumAnswerId":"a1","value":1}]], {
      rule = "vote", kind = "react", id = "a1" }),
    called("following a thread", "POST", "/api/onDemandCourseForumQuestionFollows.v1", [[{"forumQuestionId":"q1"}]], {
      rule = "watch", kind = "follow", id = "q1" }),
    called("a flag", "POST", "/api/onDemandCourseForumAnswerFlags.v1", [[{"forumAnswerId":"a1","details":"rude"}]], {
      rule = "flag", kind = "message", id = "a1", text = "rude" }),
    called("work in progress", "PUT", "/api/onDemandPeerSubmissionDrafts.v1/1~it6",
      [[{"itemId":"it6","parts":{"p1":{"plainText":"half"}},"title":"Plan"}]], { rule = "work-draft", kind = "draft",
      id = "it6", title = "Plan", text = "half\nPlan" }),
    called("work for others to judge", "POST", "/api/onDemandPeerSubmissions.v1",
      [[{"courseId":"k8s","itemId":"it6","title":"Plan","parts":{"p1":{"richText":{"definition":{"value":"<p>all</p>",]]
      .. [["dtdId":"peer/1"}}}}}]], { rule = "work", kind = "post", phase = "confirm", id = "s6", parent = "k8s",
      title = "Plan", text = "Plan\n<p>all</p>" }, [[{"elements":[{"id":"s6"}]}]]),
    called("a judgement", "POST", "/api/onDemandPeerReviews.v1",
      [[{"submissionId":"s6","parts":{"p1":{"comment":"good",]]
      .. [["chosen":"o1"}}}]], { rule = "judgement", kind = "comment", parent = "s6", text = "good" }),
    called("a word on others' work", "POST", "/api/onDemandPeerSubmissionComments.v1",
      [[{"submissionId":"s6","content":{"text":"so do I"}}]], { rule = "work-comment", kind = "comment", parent = "s6",
      text = "so do I" }),
    called("a note", "POST", "/api/videoNotes.v1", [[{"itemId":"it1","ts":61,"userText":"remember"}]], { rule = "note",
      kind = "post", audience = "private", id = "it1", text = "remember" }),
    called("a rating", "POST", "/api/feedback.v1/course/k8s/user/1", [[{"rating":{"value":5},"comments":{"generic":]]
      .. [["worth it"}}]], { rule = "rating", kind = "comment", audience = "public", id = "k8s", text = "worth it" }),
    called("a profile", "PUT", "/api/userBasicProfiles.v1/1", [[{"bio":"bridges","headline":"ops"}]], {
      rule = "profile", kind = "edit", id = "1", text = "bridges\nops" }),
    called("a file is announced", "POST", "/api/fileUploads.v1", [[{"fileName":"plan.pdf"}]], { rule = "upload",
      kind = "upload", title = "plan.pdf", id = "f1", upload = "https://x.example/1" },
      [[{"elements":[{"id":"f1","uploadUrl":"https://x.example/1"}]}]]),
    called("an attempt by GraphQL", "POST", "/graphql-gateway", [=[[{"operationName":"Submission_SaveResponses",]=]
      .. [=["variables":{"input":{"itemId":"it3","questionResponses":[{"plainText":"my long answer"}]}}}]]=], {
      rule = "gql-try", kind = "quiz.attempt", id = "it3", text = "",
      hidden = { "#/variables/input/questionResponses/#/plainText" } }, nil, "opname=Submission_SaveResponses"),
    called("what is typed into the search box", "POST", "/graphql-gateway",
      [=[[{"operationName":"SearchAutocomplete",]=]
      .. [=["variables":{"query":"ru"}}]]=], { rule = "gql-typing", kind = "draft", phase = "draft", text = "ru" }, nil,
      "opname=SearchAutocomplete"),
    called("a search by GraphQL", "POST", "/graphql-gateway", [=[[{"operationName":"Search","variables":{"requests":[]=]
      .. [=[{"entityType":"PRODUCTS","query":"rust"}]}}]]=], { rule = "gql-search", kind = "search", text = "rust" },
        nil,
      "opname=Search"),
    called("the coach is asked", "POST", "/graphql-gateway", [=[[{"operationName":"CoachSendMessage","variables":{]=]
      .. [=["input":{"message":"why probes"}}}]]=], { rule = "gql-coach", kind = "ai.prompt", text = "why probes" },
        nil,
      "opname=CoachSendMessage"),
    { name = "an exam is opened", host = "www.coursera.org", path = "/learn/k8s/exam/it3/probes",
      expect = { rule = "lecture-more", kind = "view", id = "it3", parent = "k8s" } },
    { name = "a thread is read", host = "www.coursera.org", path = "/learn/k8s/discussions/forums/f1/threads/q1",
      answer_type = "text/html", answer = "<title>Probes? | Coursera</title>",
      expect = { rule = "thread", kind = "view", id = "q1", title = "Probes?", parent = "k8s" } },
    { name = "a programme", host = "www.coursera.org", path = "/specializations/k8s",
      expect = { rule = "programme", kind = "view", id = "k8s" } },
    { name = "a search", host = "www.coursera.org", path = "/search", query = "query=rust",
      expect = { rule = "search", kind = "search", text = "rust" } },
    { name = "a lecture's page", host = "www.coursera.org", path = "/learn/k8s/lecture/it1/probes",
      expect = { rule = "lecture", kind = "view", id = "it1", parent = "k8s",
        url = "https://www.coursera.org/learn/k8s/lecture/it1" } },
    { name = "a course", host = "www.coursera.org", path = "/learn/k8s", expect = { rule = "course", kind = "view",
      id = "k8s" } },
    { name = "telemetry is nothing", method = "POST", host = "www.coursera.org",
      path = "/api/rest/v1/eventing/infobatch",
      type = json, body = [[{"message":"long enough to be text"}]], expect = { none = true } },
    { name = "signing in is never read", method = "POST", host = "www.coursera.org", path = "/api/login/v3",
      type = json,
      body = [[{"email":"a","password":"b"}]], expect = { secret = true } },
  },
}
