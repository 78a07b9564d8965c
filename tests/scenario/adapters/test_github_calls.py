# SPDX-License-Identifier: Apache-2.0
"""GitHub's API call by call: what each means, and that a secret in any of its words is found there and nowhere else."""
import base64
import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest

BIN = pathlib.Path(os.environ.get("STOA_BIN", "build/sanitize/bin"))
R, T = "/repos/acme/app", "/orgs/acme/teams/ops"
MADE = {"id": 901, "number": 7, "html_url": "https://github.com/x", "user": {"login": "ana"}}


def gql(name, variables):
    return {"query": f"mutation M($input: X!) {{ {name}(input: $input) {{ clientMutationId }} }}",
            "variables": {"input": variables}}


# method, path, body, kind, id, words
CALLS = [
    ("POST", f"{R}/pulls/7/comments", {"body": "w1", "path": "a.c", "position": 1}, "comment", "901", ["w1"]),
    ("PATCH", f"{R}/pulls/comments/901", {"body": "w1"}, "edit", "901", ["w1"]),
    ("PUT", f"{R}/pulls/7/reviews/5/dismissals", {"message": "w1"}, "edit", "5", ["w1"]),
    ("DELETE", f"{R}/pulls/7/reviews/5", None, "delete", "5", []),
    ("PATCH", f"{R}/pulls/7", {"title": "w1", "body": "w2"}, "edit", "7", ["w1", "w2"]),
    ("POST", f"{R}/pulls/7/requested_reviewers", {"reviewers": ["bo"]}, "edit", "7", []),
    ("PUT", f"{R}/pulls/7/merge", {"commit_title": "w1", "commit_message": "w2"}, "edit", "7", ["w1", "w2"]),
    ("POST", f"{R}/commits/abc/comments", {"body": "w1"}, "comment", "901", ["w1"]),
    ("PATCH", f"{R}/comments/901", {"body": "w1"}, "edit", "901", ["w1"]),
    ("DELETE", f"{R}/comments/901", None, "delete", "901", []),
    ("DELETE", f"{R}/issues/7/reactions/5", None, "react", "7", []),
    ("PUT", f"{R}/subscription", {"subscribed": True}, "follow", "acme/app", []),
    ("POST", f"{R}/releases", {"tag_name": "w1", "name": "w2", "body": "w3"}, "post", "901", ["w1", "w2", "w3"]),
    ("POST", f"{R}/releases/generate-notes", {"tag_name": "w1"}, "draft", "", ["w1"]),
    ("PATCH", f"{R}/releases/5", {"name": "w1", "body": "w2"}, "edit", "5", ["w1", "w2"]),
    ("DELETE", f"{R}/releases/5", None, "delete", "5", []),
    ("PATCH", f"{R}/releases/assets/5", {"name": "w1", "label": "w2"}, "edit", "5", ["w1", "w2"]),
    ("DELETE", f"{R}/releases/assets/5", None, "delete", "5", []),
    ("DELETE", f"{R}/contents/a/b.md", {"message": "w1", "sha": "s"}, "delete", "a/b.md", ["w1"]),
    ("POST", f"{R}/git/commits", {"message": "w1", "tree": "t"}, "edit", "", ["w1"]),
    ("PATCH", f"{R}/git/refs/heads/x", {"sha": "s"}, "edit", "heads/x", []),
    ("POST", f"{R}/labels", {"name": "w1", "color": "fff", "description": "w2"}, "post", "901", ["w1", "w2"]),
    ("PATCH", f"{R}/milestones/2", {"title": "w1", "description": "w2"}, "edit", "2", ["w1", "w2"]),
    ("DELETE", f"{R}/milestones/2", None, "delete", "2", []),
    ("POST", f"{R}/projects", {"name": "w1", "body": "w2"}, "post", "901", ["w1", "w2"]),
    ("POST", "/projects/columns/5/cards", {"note": "w1"}, "post", "901", ["w1"]),
    ("PATCH", "/projects/columns/cards/5", {"note": "w1"}, "edit", "5", ["w1"]),
    ("DELETE", "/projects/5", None, "delete", "5", []),
    ("POST", "/orgs/acme/projectsV2/1/drafts", {"title": "w1", "body": "w2"}, "post", "901", ["w1", "w2"]),
    ("POST", f"{R}/statuses/abc", {"state": "success", "description": "w1", "context": "w2"}, "comment", "901",
     ["w1", "w2"]),
    ("POST", f"{R}/check-runs", {"name": "w1", "head_sha": "s", "output": {"title": "w2", "summary": "w3"}}, "comment",
     "901", ["w1", "w2", "w3"]),
    ("POST", "/orgs/acme/teams", {"name": "w1", "description": "w2"}, "post", "901", ["w1", "w2"]),
    ("PATCH", T, {"name": "w1", "description": "w2"}, "edit", "ops", ["w1", "w2"]),
    ("DELETE", T, None, "delete", "ops", []),
    ("POST", f"{T}/discussions", {"title": "w1", "body": "w2"}, "post", "7", ["w1", "w2"]),
    ("PATCH", f"{T}/discussions/1", {"body": "w1"}, "edit", "1", ["w1"]),
    ("POST", f"{T}/discussions/1/comments", {"body": "w1"}, "comment", "7", ["w1"]),
    ("PATCH", f"{T}/discussions/1/comments/2", {"body": "w1"}, "edit", "2", ["w1"]),
    ("PUT", "/user/blocks/bo", None, "edit", "bo", []),
    ("PUT", f"{R}/topics", {"names": ["w1"]}, "edit", "acme/app", ["w1"]),
    ("PATCH", "/user", {"bio": "w1", "company": "w2"}, "edit", "", ["w1", "w2"]),
    ("POST", "/markdown", {"text": "w1"}, "draft", "", ["w1"]),
    ("POST", f"{R}/dispatches", {"event_type": "w1", "client_payload": {"a": "w2"}}, "edit", "acme/app", ["w1", "w2"]),
    ("POST", f"{R}/merges", {"base": "b", "head": "h", "commit_message": "w1"}, "edit", "acme/app", ["w1"]),
    ("PATCH", f"{R}/dependabot/alerts/5", {"dismissed_comment": "w1"}, "edit", "5", ["w1"]),
    ("POST", f"{R}/security-advisories", {"summary": "w1", "description": "w2"}, "post", "", ["w1", "w2"]),
    ("POST", f"{R}/forks", {}, "save", "acme/app", []),
    ("POST", "/user/repos", {"name": "w1", "description": "w2"}, "post", "", ["w1", "w2"]),
    ("PATCH", R, {"description": "w1"}, "edit", "acme/app", ["w1"]),
    ("DELETE", R, None, "delete", "acme/app", []),
    ("POST", "/gists/ab/comments", {"body": "w1"}, "comment", "901", ["w1"]),
    ("PATCH", "/gists/ab/comments/901", {"body": "w1"}, "edit", "901", ["w1"]),
    ("DELETE", "/gists/ab/comments/901", None, "delete", "901", []),
    ("PUT", "/gists/ab/star", None, "save", "ab", []),
    ("POST", "/gists/ab/forks", None, "save", "ab", []),
    ("PATCH", "/gists/ab", {"description": "w1", "files": {"a": {"content": "w2"}}}, "edit", "ab", ["w1", "w2"]),
    ("DELETE", "/gists/ab", None, "delete", "ab", []),
    ("PUT", "/notifications/threads/5/subscription", {"ignored": False}, "follow", "5", []),
    ("POST", "/graphql", gql("createDiscussion", {"repositoryId": "R", "title": "w1", "body": "w2"}), "post", "",
     ["w1", "w2"]),
    ("POST", "/graphql", gql("addReaction", {"subjectId": "I", "content": "HEART"}), "react", "I", []),
    ("POST", "/graphql", gql("addStar", {"starrableId": "R"}), "save", "R", []),
    ("POST", "/graphql", gql("followUser", {"userId": "U"}), "follow", "U", []),
    ("POST", "/graphql", gql("deleteIssue", {"issueId": "I"}), "delete", "I", []),
    ("POST", "/graphql", gql("updateIssueComment", {"id": "C", "body": "w1"}), "edit", "C", ["w1"]),
    ("POST", "/graphql", gql("addPullRequestReviewThreadReply", {"pullRequestReviewThreadId": "T", "body": "w1"}),
     "reply", "T", ["w1"]),
    ("POST", "/graphql", gql("addProjectV2DraftIssue", {"projectId": "P", "title": "w1", "body": "w2"}), "post", "",
     ["w1", "w2"]),
    # what the pages send as forms
    ("POST", "//github.com/acme/app/issues/7", {"_method": "put", "issue[title]": "w1", "issue[body]": "w2"}, "edit",
     "7", ["w1", "w2"]),
    ("POST", "//github.com/acme/app/issue_comments/901", {"issue_comment[body]": "w1"}, "edit", "901", ["w1"]),
    ("POST", "//github.com/acme/app/issue_comments/901", {"_method": "delete"}, "delete", "901", []),
    ("POST", "//github.com/acme/app/pull/create", {"pull_request[title]": "w1", "pull_request[body]": "w2"}, "post",
     "", ["w1", "w2"]),
    ("POST", "//github.com/acme/app/discussions", {"discussion[title]": "w1", "discussion[body]": "w2"}, "post", "",
     ["w1", "w2"]),
    ("POST", "//github.com/acme/app/discussions/3/comments", {"comment[body]": "w1"}, "comment", "3", ["w1"]),
    ("POST", "//github.com/acme/app/tree-save/main/a.md", {"filename": "w1", "value": "w2", "message": "w3"}, "edit",
     "w1", ["w1", "w2", "w3"]),
    ("POST", "//github.com/acme/app/releases", {"release[name]": "w1", "release[body]": "w2"}, "post", "",
     ["w1", "w2"]),
    ("POST", "//gist.github.com/ana/ab/comments", {"comment[body]": "w1"}, "comment", "ab", ["w1"]),
    ("POST", "//github.com/users/follow?target=bo", {"commit": "Follow"}, "follow", "bo", []),
    ("GET", "//github.com/acme/app/pull/7", None, "view", "7", []),
    ("GET", "//github.com/acme/app/discussions/3", None, "view", "3", []),
    ("GET", "//github.com/acme/app", None, "view", "acme/app", []),
    ("GET", f"{R}/pulls/7", None, "view", "7", []),
    ("GET", f"{R}/releases/latest", None, "view", "901", []),
    ("GET", f"{R}/commits/abc", None, "view", "abc", []),
    ("GET", "/gists/ab", None, "view", "ab", []),
    ("GET", "/users/ana", None, "view", "ana", []),
]


def exchange(method, path, body, answer=MADE):
    is_form = path.startswith("//")
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    request = {"method": method, "url": "https:" + path if is_form else "https://api.github.com" + path,
               "headers": {"content-type": kind}}
    if body is not None:
        text = urllib.parse.urlencode(body) if is_form else json.dumps(body)
        request["body_base64"] = base64.b64encode(text.encode()).decode()
    response = {"status": 200, "headers": {"content-type": "text/html" if is_form else "application/json"}}
    if not is_form:
        response["body_base64"] = base64.b64encode(json.dumps(answer).encode()).decode()
    return {"request": request, "response": response}


def read(exchanges):
    done = subprocess.run([BIN / "stoa", "adapter", "test", "--all", "-"], check=True, capture_output=True, timeout=60,
                          input="\n".join(json.dumps(item) for item in exchanges).encode())
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.fixture(scope="module")
def seen():
    return read([exchange(*call[:3]) for call in CALLS])


@pytest.mark.parametrize("at", range(len(CALLS)), ids=[f"{c[0]} {c[1]} {i}" for i, c in enumerate(CALLS)])
def test_what_a_call_means(seen, at):
    _, _, _, kind, name, words = CALLS[at]
    found = seen[at]
    assert found["platform"] == "github" and found["kind"] == kind, found
    assert (found.get("object") or {}).get("id", "") == name, found
    assert sorted(found["text"].split("\n")) == sorted(words or [""]), found


@pytest.mark.parametrize("word", ["w1", "w2", "w3"])
def test_words_are_found_where_they_stand(word):
    secret = 'DE89 3704 0044 0532 0130 00 "and \\ more'
    calls = [call for call in CALLS if word in call[5]]
    planted = [exchange(method, path, json.loads(json.dumps(body).replace(f'"{word}"', json.dumps(secret))))
               for method, path, body, *_ in calls]
    for call, found in zip(calls, read(planted), strict=True):
        assert [part["text"] for part in found["scan"]].count(secret) == 1, (call, found)
