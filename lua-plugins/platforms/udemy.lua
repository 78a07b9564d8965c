-- SPDX-License-Identifier: Apache-2.0
-- Udemy and Udemy Business: progress of lectures, questions and answers below a course, notes, reviews, messages, and
-- what instructors write.
--
-- Documented: the instructors' API. Observed: progress, lectures, questions, search. Believed: assignments, the
-- assistant, and the operations of GraphQL.

local refused = { status = 403, type = "application/json", body = [[{"detail":"{message}","stoa":"{id}"}]] }
local mine = "/api-2.0/users/me/subscribed-courses"
local json = "application/json"

-- One call of the page's own API, or of the instructors'.
local function call(id, method, paths, kind, what)
  return { id = id, match = { method = method, path = paths, body = what.body, query = what.query },
    activity = { kind = kind, phase = kind == "draft" and "draft" or nil, audience = what.audience or "group",
      object = what.object, parent = what.parent, group = what.group, answer = what.answer }, typed = what.typed or {},
    deny = refused }
end

local courses, teaching = "/api-2.0/courses", "/instructor-api/v1"
local change = { "PUT", "PATCH", "POST" }

local function called(name, method, path, body, expect, answer)
  return { name = name, method = method, host = "www.udemy.com", path = path, type = body and json, body = body,
    answer = answer, expect = expect }
end

return {
  api = 1,
  id = "udemy",
  version = "1.1.0",
  title = "Udemy",
  hosts = { "www.udemy.com", "*.udemy.com" },
  secret = { { path = { "/join/**", "/api-2.0/auth/**", "/user/edit-account", "/sso/**", "/organization/sso/**",
    "/api-2.0/accounts/**", "/user/edit-api-clients/**", "/user/logout/**", "/oauth2/**" } } },
  redact_always = { "csrfmiddlewaretoken", "access_token", "answers/**", "response", "rawAnswers", "?access_token",
    "client_secret", "csrf_token" },

  rules = {
    { id = "progress", match = { method = "POST", path = mine .. "/*/lectures/*/progress-logs" },
      activity = { kind = "watch.progress", audience = "private",
        object = { type = "lecture", id = mine .. "/*/lectures/{}/progress-logs",
          length = { "%#/total", "%total" } }, parent = { type = "course", id = mine .. "/{}/lectures/**" },
        watch = { from = "=0", to = { "%#/position", "%position" } } }, typed = {} },
    { id = "done", match = { method = "POST", path = mine .. "/*/completed-lectures" },
      activity = { kind = "course.progress", audience = "private",
        object = { type = "lecture", id = { "%lecture_id", "lecture_id" } },
        parent = { type = "course", id = mine .. "/{}/completed-lectures" } }, typed = {} },
    { id = "quiz", match = { method = "POST", path = { mine .. "/*/quizzes/*/user-attempted-quizzes",
        mine .. "/*/user-attempted-quizzes/**" } },
      activity = { kind = "quiz.attempt", audience = "private", object = { type = "lecture", id = "/7" },
        parent = { type = "course", id = "/5" } }, typed = {} },
    { id = "answer", match = { method = "POST", path = "/api-2.0/courses/*/discussions/*/replies" },
      activity = { kind = "reply", audience = "group", object = { type = "post" },
        parent = { type = "question", id = "/5" }, answer = { type = "post", id = "%id" } }, typed = { "body" },
      deny = refused },
    { id = "question", match = { method = "POST", path = "/api-2.0/courses/*/discussions" },
      activity = { kind = "post", audience = "group", object = { type = "question", title = "title" },
        group = { type = "course", id = "/3" }, answer = { type = "question", id = "%id" } }, typed = { "title",
          "body" },
      deny = refused },
    call("answer-edit", change, courses .. "/*/discussions/*/replies/*", "edit", { object = { type = "post",
      id = "/7" },
      parent = { type = "question", id = "/5" }, typed = { "body" } }),
    call("answer-delete", "DELETE", courses .. "/*/discussions/*/replies/*", "delete", { object = { type = "post",
      id = "/7" } }),
    call("upvote", { "POST", "DELETE" }, { courses .. "/*/discussions/*/upvotes/**",
      courses .. "/*/discussions/*/upvotes", courses .. "/*/discussions/*/replies/*/upvotes" }, "react", {
      object = { type = "post", id = { courses .. "/*/discussions/*/replies/{}/upvotes", "/5" } } }),
    call("watch", { "POST", "DELETE" }, { courses .. "/*/discussions/*/followers/**",
      courses .. "/*/discussions/*/followers" }, "follow", { audience = "private", object = { type = "question",
      id = "/5" } }),
    call("question-edit", { "PUT", "PATCH" }, courses .. "/*/discussions/*", "edit", { object = { type = "question",
      id = "/5", title = "title" }, typed = { "title", "body" } }),
    call("question-delete", "DELETE", courses .. "/*/discussions/*", "delete", { object = { type = "question",
      id = "/5" } }),
    call("announcement-comment", "POST", { courses .. "/*/announcements/*/comments" }, "comment", {
      object = { type = "comment" }, parent = { type = "post", id = "/5" }, answer = { type = "comment", id = "%id" },
      typed = { "content", "body" } }),
    call("announcement", "POST", { courses .. "/*/announcements", "/api-2.0/announcements" }, "post", {
      object = { type = "post", title = "title" }, answer = { type = "post", id = "%id" }, typed = { "title",
      "content", "body" } }),

    call("note-delete", "DELETE", { mine .. "/*/notes/*", mine .. "/*/lectures/*/notes/*" }, "delete", {
      audience = "private", object = { type = "message", id = { mine .. "/*/lectures/*/notes/{}",
      mine .. "/*/notes/{}" } } }),
    call("note", change, { mine .. "/*/notes", mine .. "/*/notes/*", mine .. "/*/lectures/*/notes",
      mine .. "/*/lectures/*/notes/*" }, "post", { audience = "private", object = { type = "lecture",
      id = { mine .. "/*/lectures/{}/**", "/5" } }, parent = { type = "course", id = "/5" }, typed = { "body" } }),
    call("work", change, { mine .. "/*/practices/**", mine .. "/*/user-attempted-practices/**",
      mine .. "/*/practice-answers/**" }, "post", { object = { type = "lecture", id = "/7" }, parent = {
      type = "course", id = "/5" }, answer = { type = "post", id = "%id" }, typed = { "body", "text", "feedback",
      "answers_text", "practice_answers/#/body", "feedback_text" } }),
    call("review", change, { "/api-2.0/users/me/course-reviews", "/api-2.0/users/me/course-reviews/*",
      mine .. "/*/reviews", mine .. "/*/reviews/*", courses .. "/*/reviews", courses .. "/*/reviews/*" }, "comment", {
      audience = "public", object = { type = "course", id = { mine .. "/{}/**", courses .. "/{}/**", "%course",
      "%course/id", "course" } }, typed = { "content", "user_modified_content" } }),
    call("review-delete", "DELETE", { mine .. "/*/reviews/*", courses .. "/*/reviews/*" }, "delete", {
      audience = "public", object = { type = "comment", id = { mine .. "/*/reviews/{}", courses .. "/*/reviews/{}" } }
    }),
    call("unfinished", "DELETE", mine .. "/*/completed-lectures/*", "course.progress", { audience = "private",
      object = { type = "lecture", id = mine .. "/*/completed-lectures/{}" }, parent = { type = "course",
        id = "/5" } }),
    call("quiz-done", "POST", { mine .. "/*/completed-quizzes", mine .. "/*/completed-practices",
      mine .. "/*/completed-coding-exercises" }, "course.progress", { audience = "private", object = {
      type = "lecture", id = { "%quiz_id", "quiz_id", "%practice_id", "%id" } }, parent = { type = "course",
      id = "/5" } }),

    call("message", "POST", { "/api-2.0/users/me/message-threads/*/messages", "/api-2.0/message-threads/*/messages",
      teaching .. "/message-threads/*/messages", teaching .. "/messages/*/messages" }, "message", {
      audience = "direct", object = { type = "message" }, group = { type = "conversation",
      id = { "/api-2.0/users/me/message-threads/{}/messages", "/api-2.0/message-threads/{}/messages", "/4" } },
      answer = { type = "message", id = "%id" }, typed = { "content", "message" } }),
    call("thread", "POST", { "/api-2.0/users/me/message-threads", "/api-2.0/message-threads",
      teaching .. "/message-threads" }, "message", { audience = "direct", object = { type = "conversation" },
      group = { type = "person", id = { "%other_user", "%other_user_id", "other_user", "%user_id" } }, answer = {
      type = "conversation", id = "%id" }, typed = { "content", "message", "messages/#/content" } }),
    call("teach-answer", "POST", { teaching .. "/courses/*/questions/*/replies",
      teaching .. "/courses/*/questions/*/answers", teaching .. "/taught-courses/questions/*/replies" }, "reply", {
      object = { type = "post" }, parent = { type = "question", id = { teaching .. "/courses/*/questions/{}/**",
      teaching .. "/taught-courses/questions/{}/**" } }, answer = { type = "post", id = "%id" }, typed = { "body",
      "content" } }),
    call("teach-review", change, { teaching .. "/courses/*/reviews/*/response",
      teaching .. "/taught-courses/reviews/*/response", "/api-2.0/course-reviews/*/response",
      teaching .. "/courses/*/reviews/*/responses" }, "reply", { audience = "public", object = { type = "post" },
      parent = { type = "comment", id = { teaching .. "/courses/*/reviews/{}/**",
      teaching .. "/taught-courses/reviews/{}/**", "/api-2.0/course-reviews/{}/response" } }, typed = { "content",
      "body" } }),

    call("profile", { "PUT", "PATCH" }, { "/api-2.0/users/me", "/api-2.0/users/me/profile" }, "edit", {
      audience = "public", object = { type = "person" }, typed = { "headline", "description", "name", "surname",
      "url_*", "biography" } }),
    call("profile-form", "POST", { "/user/edit-profile", "/user/edit-profile/*" }, "edit", { audience = "public",
      object = { type = "person" }, typed = { "headline", "description", "name", "surname", "url_*" } }),
    call("list", change, { "/api-2.0/users/me/subscribed-courses-collections",
      "/api-2.0/users/me/subscribed-courses-collections/*" }, "post", { audience = "private", object = {
      type = "list", title = "title", id = "/api-2.0/users/me/subscribed-courses-collections/{}" },
      answer = { type = "list", id = "%id" }, typed = { "title", "description" } }),
    call("save", { "POST", "DELETE" }, { "/api-2.0/users/me/wishlisted-courses",
      "/api-2.0/users/me/wishlisted-courses/*", "/api-2.0/users/me/favorited-courses",
      "/api-2.0/users/me/favorited-courses/*", "/api-2.0/users/me/archived-courses",
      "/api-2.0/users/me/subscribed-courses-collections/*/courses" }, "save", { audience = "private", object = {
      type = "course", id = { "%course_id", "course_id", "%course", "/5" } } }),
    call("join", "POST", { "/api-2.0/users/me/subscribed-courses", "/course/subscribe" }, "join", {
      audience = "private", object = { type = "course", id = { "%course_id", "course_id", "?courseId" } } }),
    call("feedback", "POST", { "/api-2.0/feedbacks", "/api-2.0/course-feedbacks", "/api-2.0/abuse-reports",
      courses .. "/*/feedbacks", "/api-2.0/flagged-contents" }, "message", { audience = "private", object = {
      type = "post", id = { "%related_object_id", "related_object_id" } }, typed = { "comment", "content", "body",
      "reason", "issue_details" } }),
    call("assistant", "POST", { "/api-2.0/ai-assistant/**", "/api-2.0/learning-assistant/**",
      "/api/*/ai-assistant/**" },
      "ai.prompt", { audience = "ai", object = { type = "conversation" }, typed = { "message", "prompt", "text",
      "messages/#/content", "query" } }),
    call("gql-search", "POST", { "/api/*/graphql", "/graphql" }, "search", { audience = "private", object = {
      type = "search" }, body = { eq = { operationName = "*Search*" } }, typed = { "variables/query",
      "variables/**/query", "variables/**/searchTerm" } }),
    call("gql-assistant", "POST", { "/api/*/graphql", "/graphql" }, "ai.prompt", { audience = "ai", object = {
      type = "conversation" }, body = { eq = { operationName = { "*Assistant*", "*Chat*" } } },
      typed = { "variables/**/message", "variables/**/prompt", "variables/**/text", "variables/**/content" } }),
    call("typing", "GET", { "/api-2.0/search-suggestions", "/api-2.0/search-courses/suggestions" }, "draft", {
      audience = "private", object = { type = "search" }, typed = { "?q", "?src_q" } }),
    call("search-inside", "GET", { courses .. "/*/discussions", mine .. "/*/curriculum-search",
      mine .. "/*/subscriber-curriculum-search" }, "search", { audience = "private", query = { search = true },
      object = { type = "search" }, parent = { type = "course", id = "/3" }, typed = { "?search" } }),
    call("search-api", "GET", { "/api-2.0/search-courses", "/api-2.0/courses" }, "search", { audience = "private",
      object = { type = "search" }, typed = { "?q", "?search" } }),
    call("read-thread", "GET", { courses .. "/*/discussions/*", courses .. "/*/discussions/*/replies" }, "view", {
      object = { type = "question", id = "/5" }, answer = { title = "title", author = "user/display_name" } }),
    { id = "lecture", match = { method = "GET", path = mine .. "/*/lectures/*" },
      activity = { kind = "view", audience = "private", object = { type = "lecture", id = mine .. "/*/lectures/{}" },
        parent = { type = "course", id = mine .. "/{}/lectures/**" },
        answer = { title = "title", length = "%asset/time_estimation" } }, typed = {} },
    { id = "search", match = { method = "GET", path = "/courses/search", query = { q = true } },
      activity = { kind = "search", audience = "private", object = { type = "search" } }, typed = { "?q" } },
    { id = "lecture-page", match = { method = "GET", path = { "/course/*/learn/lecture/*",
        "/course/*/learn/quiz/*/**", "/course/*/learn/practice/*/**" } },
      activity = { kind = "view", audience = "private", parent = { type = "course", id = "/2" },
        object = { type = "lecture", id = "/5", url = "https://{host}/course/{/2}/learn/{/4}/{id}",
          title_end = " | Udemy" } }, typed = {} },
    { id = "course", match = { method = "GET", path = "/course/*" },
      activity = { kind = "view", audience = "private",
        object = { type = "course", id = "/2", url = "https://{host}/course/{id}", title_end = " | Udemy" } },
          typed = {} },
    { id = "telemetry", ignore = true, match = { path = { "/api-2.0/ecl", "/api-2.0/visits/**",
      "/api-2.0/event-tracking/**",
        "/api-2.0/users/me/subscribed-courses/*/lectures/*/view-logs" } } },
  },

  tests = {
    { name = "telemetry is nothing", method = "POST", host = "www.udemy.com", path = "/api-2.0/ecl",
      type = "application/json", body = [=[{"text":"long enough to be text"}]=], expect = { none = true } },
    { name = "watching", method = "POST", host = "www.udemy.com",
      path = mine .. "/77/lectures/88/progress-logs/", type = json,
      body = [=[[{"total":212,"position":61,"openedTimestamp":1700000000000,"isFullscreen":false}]]=],
      expect = { rule = "progress", kind = "watch.progress", id = "88", parent = "77", intervals = "0-61000",
        length = 212000 } },
    { name = "a lecture is done", method = "POST", host = "acme.udemy.com", path = mine .. "/77/completed-lectures/",
      type = json, body = [[{"lecture_id":88,"downloaded":false}]],
      expect = { rule = "done", kind = "course.progress", id = "88", parent = "77" } },
    { name = "a quiz without its answers", method = "POST", host = "www.udemy.com",
      path = mine .. "/77/user-attempted-quizzes/9/assessment-answers/", type = json, body = [[{"response":"[\"a\"]"}]],
      expect = { rule = "quiz", kind = "quiz.attempt", text = "" } },
    { name = "a question", method = "POST", host = "www.udemy.com", path = "/api-2.0/courses/77/discussions/",
      type = json,
      body = [[{"title":"Probes?","body":"<p>why</p>"}]],
      expect = { rule = "question", kind = "post", group = "77", title = "Probes?", text = "Probes?\n<p>why</p>" } },
    { name = "an answer", method = "POST", host = "www.udemy.com", path = "/api-2.0/courses/77/discussions/5/replies/",
      type = json, body = [[{"body":"because"}]],
      expect = { rule = "answer", kind = "reply", parent = "5", text = "because" } },
    { name = "a review", method = "POST", host = "www.udemy.com", path = mine .. "/77/reviews/", type = json,
      body = [[{"content":"worth it","rating":5}]], expect = { rule = "review", kind = "comment", id = "77" } },
    { name = "a lecture with its length", host = "www.udemy.com", path = mine .. "/77/lectures/88/",
      answer = [[{"id":88,"title":"Probes","asset":{"time_estimation":212}}]],
      expect = { rule = "lecture", kind = "view", id = "88", title = "Probes", length = 212000 } },
    called("an answer is changed", "PUT", courses .. "/77/discussions/5/replies/6/", [[{"body":"better"}]], {
      rule = "answer-edit", kind = "edit", id = "6", parent = "5", text = "better" }),
    called("an answer goes", "DELETE", courses .. "/77/discussions/5/replies/6/", nil, { rule = "answer-delete",
      kind = "delete", id = "6" }),
    called("a vote", "POST", courses .. "/77/discussions/5/upvotes/", "{}", { rule = "upvote", kind = "react",
      id = "5" }),
    called("following", "POST", courses .. "/77/discussions/5/followers/", "{}", { rule = "watch", kind = "follow",
      id = "5" }),
    called("a question is changed", "PATCH", courses .. "/77/discussions/5/", [[{"title":"Probes?","body":"better"}]], {
      rule = "question-edit", kind = "edit", id = "5", text = "Probes?\nbetter" }),
    called("a question goes", "DELETE", courses .. "/77/discussions/5/", nil, { rule = "question-delete",
      kind = "delete", id = "5" }),
    called("a word on an announcement", "POST", courses .. "/77/announcements/4/comments/", [[{"content":"thanks"}]], {
      rule = "announcement-comment", kind = "comment", parent = "4", text = "thanks" }),
    called("an announcement", "POST", courses .. "/77/announcements/", [[{"title":"New","content":"part two"}]], {
      rule = "announcement", kind = "post", id = "4", text = "New\npart two" }, [[{"id":4}]]),
    called("a note", "POST", mine .. "/77/lectures/88/notes/", [[{"body":"remember","position":61}]], { rule = "note",
      kind = "post", audience = "private", id = "88", parent = "77", text = "remember" }),
    called("a note goes", "DELETE", mine .. "/77/lectures/88/notes/3/", nil, { rule = "note-delete", kind = "delete",
      id = "3" }),
    called("an assignment", "POST", mine .. "/77/practices/9/user-attempted-practices/", [[{"body":"my work"}]], {
      rule = "work", kind = "post", parent = "77", text = "my work" }),
    called("a review of all courses", "POST", "/api-2.0/users/me/course-reviews/", [[{"course":77,"content":"good"}]], {
      rule = "review", id = "77", text = "good" }),
    called("a review goes", "DELETE", mine .. "/77/reviews/3/", nil, { rule = "review-delete", kind = "delete",
      id = "3" }),
    called("a lecture is not done after all", "DELETE", mine .. "/77/completed-lectures/88/", nil, {
      rule = "unfinished", kind = "course.progress", id = "88", parent = "77" }),
    called("a quiz is done", "POST", mine .. "/77/completed-quizzes/", [[{"quiz_id":9}]], { rule = "quiz-done",
      kind = "course.progress", id = "9", parent = "77" }),
    called("a message", "POST", "/api-2.0/users/me/message-threads/12/messages/", [[{"content":"between us"}]], {
      rule = "message", kind = "message", audience = "direct", group = "12", id = "44", text = "between us" },
      [[{"id":44}]]),
    called("a first message", "POST", "/api-2.0/users/me/message-threads/", [[{"other_user":5,"content":"hello"}]], {
      rule = "thread", kind = "message", group = "5", text = "hello" }),
    called("an instructor answers", "POST", teaching .. "/courses/77/questions/5/replies/", [[{"body":"by asking"}]], {
      rule = "teach-answer", kind = "reply", parent = "5", text = "by asking" }),
    called("an instructor thanks", "POST", teaching .. "/courses/77/reviews/3/response/", [[{"content":"thanks"}]], {
      rule = "teach-review", kind = "reply", audience = "public", parent = "3", text = "thanks" }),
    called("a profile", "PATCH", "/api-2.0/users/me/", [[{"headline":"ops","description":"bridges"}]], {
      rule = "profile", kind = "edit", text = "ops\nbridges" }),
    { name = "a profile by form", method = "POST", host = "www.udemy.com", path = "/user/edit-profile/",
      type = "application/x-www-form-urlencoded", body = "headline=ops&description=bridges&csrfmiddlewaretoken=x",
      expect = { rule = "profile-form", kind = "edit", text = "ops\nbridges", hidden = { "csrfmiddlewaretoken" } } },
    called("a list", "POST", "/api-2.0/users/me/subscribed-courses-collections/", [[{"title":"Ops","description":"x"}]],
      { rule = "list", kind = "post", id = "8", title = "Ops", text = "Ops\nx" }, [[{"id":8}]]),
    called("a course for later", "POST", "/api-2.0/users/me/wishlisted-courses/", [[{"course_id":77}]], { rule = "save",
      kind = "save", id = "77" }),
    called("a course is joined", "POST", "/api-2.0/users/me/subscribed-courses/", [[{"course_id":77}]], { rule = "join",
      kind = "join", id = "77" }),
    called("what is wrong", "POST", "/api-2.0/feedbacks/", [[{"related_object_id":88,"comment":"no sound"}]], {
      rule = "feedback", kind = "message", id = "88", text = "no sound" }),
    called("the assistant is asked", "POST", "/api-2.0/ai-assistant/chat/", [[{"message":"why probes"}]], {
      rule = "assistant", kind = "ai.prompt", audience = "ai", text = "why probes" }),
    called("the assistant by GraphQL", "POST", "/api/2024-01/graphql/", [[{"operationName":"SendAssistantMessage",]]
      .. [["variables":{"input":{"message":"why"}}}]], { rule = "gql-assistant", kind = "ai.prompt", text = "why" }),
    called("a search by GraphQL", "POST", "/api/2024-01/graphql/",
      [[{"operationName":"SrpMxCourseSearch","variables":{]]
      .. [["query":"rust","page":0}}]], { rule = "gql-search", kind = "search", text = "rust" }),
    { name = "what is typed into the search box", host = "www.udemy.com", path = "/api-2.0/search-suggestions/",
      query = "q=ru", expect = { rule = "typing", kind = "draft", phase = "draft", text = "ru" } },
    { name = "a search in a course", host = "www.udemy.com", path = courses .. "/77/discussions/",
      query = "search=probes&page=1", expect = { rule = "search-inside", kind = "search", text = "probes" } },
    { name = "a search of the page", host = "www.udemy.com", path = "/api-2.0/search-courses/", query = "q=rust",
      expect = { rule = "search-api", kind = "search", text = "rust" } },
    called("a question is read", "GET", courses .. "/77/discussions/5/", nil, { rule = "read-thread", kind = "view",
      id = "5", title = "Probes?", author = "Ana" }, [[{"title":"Probes?","user":{"display_name":"Ana"}}]]),
    { name = "a lecture's page", host = "www.udemy.com", path = "/course/k8s/learn/lecture/88",
      expect = { rule = "lecture-page", kind = "view", id = "88", parent = "k8s",
        url = "https://www.udemy.com/course/k8s/learn/lecture/88" } },
    { name = "a search", host = "www.udemy.com", path = "/courses/search/", query = "q=rust",
      expect = { rule = "search", kind = "search", text = "rust" } },
    { name = "a course", host = "www.udemy.com", path = "/course/kubernetes/",
      expect = { rule = "course", kind = "view", id = "kubernetes", url = "https://www.udemy.com/course/kubernetes" } },
    { name = "telemetry is nothing", method = "POST", host = "www.udemy.com", path = "/api-2.0/ecl", type = json,
      body = [[{"message":"long enough to be text"}]], expect = { none = true } },
    { name = "signing in is never read", method = "POST", host = "www.udemy.com", path = "/join/login-popup/",
      type = "application/x-www-form-urlencoded", body = "email=a&password=b", expect = { secret = true } },
  },
}
