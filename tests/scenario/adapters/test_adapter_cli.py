# SPDX-License-Identifier: Apache-2.0
"""`stoa adapter test`: recordings of both forms, bodies in every dress, and recordings that are broken."""
import base64
import gzip
import json
import os
import pathlib
import subprocess

import pytest

BIN = pathlib.Path(os.environ.get("STOA_BIN", "build/sanitize/bin"))


def run(recording, *words, name="-"):
    done = subprocess.run([BIN / "stoa", "adapter", "test", *words, name], input=recording, capture_output=True,
                          timeout=60, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def side(body=b"", headers=None, **more):
    return {**more, "headers": headers or {}, "body_base64": base64.b64encode(body).decode()}


def exchange(method, url, body=b"", headers=None, answer=b"", status=200, answer_headers=None):
    return {"request": side(body, headers, method=method, url=url),
            "response": side(answer, answer_headers or {"content-type": "application/json"}, status=status)}


def lines(*exchanges):
    return "\n".join(json.dumps(item) for item in exchanges).encode()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json; charset=utf-8"}
MASTODON = exchange("POST", "https://mastodon.social/api/v1/statuses",
                    b'{"status":"What I learned","visibility":"direct","spoiler_text":"Probes"}', JSON,
                    b'{"id":"111","url":"https://mastodon.social/@ana/111","account":{"acct":"ana"}}')
SLACK = exchange("POST", "https://acme.slack.com/api/chat.postMessage?_x_id=1", b"channel=C1&text=hello+all&token=xoxc-77",
                 FORM, b'{"ok":true,"ts":"1.2"}')


def test_one_activity_a_line_in_the_schema():
    code, found, _ = run(lines(MASTODON, SLACK))
    assert code == 0
    assert [item["exchange"] for item in found] == [1, 2]
    first = found[0]
    assert first["v"] == 1 and first["platform"] == "mastodon" and first["kind"] == "message"
    assert first["phase"] == "confirm" and first["visibility"] == "direct" and first["confidence"] == 1
    assert first["object"] == {"id": "111", "type": "post", "url": "https://mastodon.social/@ana/111",
                               "title": "Probes", "author": {"name": "ana"}}
    assert first["text"] == "What I learned\nProbes"
    assert [(s["role"], s["text"], s["locator"], s["codec"]) for s in first["scan"]] == [
        ("body", "What I learned", "status", ["json"]), ("body", "Probes", "spoiler_text", ["json"])]
    assert first["carrier"]["host"] == "mastodon.social" and "query" not in first["carrier"]
    assert found[1]["group"]["id"] == "C1" and found[1]["object"]["id"] == "1.2"


def test_hidden_fields_and_secret_paths_stay_hidden():
    login = exchange("POST", "https://github.com/session", b"login=ana&password=hush-hush", FORM)
    done = subprocess.run([BIN / "stoa", "adapter", "test", "-"], input=lines(SLACK, login), capture_output=True,
                          timeout=60, check=True)
    assert b"xoxc-77" not in done.stdout and b"hush-hush" not in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_what_is_nothing_gives_no_line_but_with_all():
    recording = lines(exchange("POST", "https://acme.slack.com/api/client.counts", b"x=1", FORM), SLACK)
    code, found, _ = run(recording)
    assert code == 0 and [item["exchange"] for item in found] == [2]
    code, found, _ = run(recording, "--all")
    assert [(item["exchange"], item["kind"]) for item in found] == [(1, None), (2, "message")]


def test_watched_time():
    ping = "https://www.youtube.com/api/stats/watchtime?docid=dQw4w9WgXcQ&st=0,12.5&et=4.466,20&len=48.381&final=1"
    _, found, _ = run(lines(exchange("GET", ping)))
    assert found[0]["kind"] == "watch.end" and found[0]["object"]["id"] == "dQw4w9WgXcQ"
    assert found[0]["position"] == {"intervals": [[0, 4466], [12500, 20000]], "length_ms": 48381, "final": True}


def test_har():
    entry = {"startedDateTime": "2026-11-24T08:00:00Z",
             "request": {"method": "POST", "url": "https://api.github.com/repos/acme/app/issues",
                         "headers": [{"name": "Content-Type", "value": "application/json"}],
                         "postData": {"mimeType": "application/json", "text": '{"title":"T","body":"B"}'}},
             "response": {"status": 201, "headers": [{"name": "content-encoding", "value": "gzip"}],
                          "content": {"mimeType": "application/json", "text": '{"number":7}'}}}
    form = {"request": {"method": "POST", "url": "https://oauth.reddit.com/api/comment/", "headers": [],
                        "postData": {"mimeType": "application/x-www-form-urlencoded",
                                     "params": [{"name": "thing_id", "value": "t3_a"}, {"name": "text", "value": "a & b"}]}},
            "response": {"status": 200, "headers": [], "content": {
                "mimeType": "application/json", "encoding": "base64", "text": base64.b64encode(
                    b'{"json":{"data":{"things":[{"data":{"name":"t1_c"}}]}}}').decode()}}}
    code, found, _ = run(json.dumps({"log": {"version": "1.2", "entries": [entry, form]}}, indent=1).encode())
    assert code == 0
    assert found[0]["object"]["id"] == "7" and found[0]["group"]["id"] == "acme/app"
    assert found[0]["ts"] == "2026-11-24T08:00:00Z"
    assert found[1]["kind"] == "comment" and found[1]["text"] == "a & b"
    assert found[1]["object"]["id"] == "t1_c" and found[1]["parent"]["id"] == "t3_a"


@pytest.mark.parametrize("headers", [
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    {"content-type": ["application/json"], "content-encoding": ["gzip"]},
    [["Content-Type", "application/json"], ["Content-Encoding", "gzip"]],
    [{"name": "CONTENT-TYPE", "value": "application/json"}, {"name": "content-encoding", "value": "gzip"}],
])
@pytest.mark.parametrize("is_packed", [True, False])
def test_headers_and_codings_in_every_dress(headers, is_packed):
    body = b'{"channel":"D1","text":"packed or not"}'
    item = exchange("POST", "https://slack.com/api/chat.postMessage", gzip.compress(body) if is_packed else body, headers)
    _, found, errors = run(lines(item))
    assert found and found[0]["text"] == "packed or not" and found[0]["visibility"] == "direct", errors


@pytest.mark.parametrize("broken, said", [
    (b"no json", "no JSON object"),
    (b"{}", "no request with a URL"),
    (b'{"request":{"method":"GET","url":"/relative"}}', "no request with a URL"),
    (b'{"request":{"method":"GET","url":"https://a.b/","body_base64":"***"}}', ""),
    (b'[1,2]', "no request with a URL"),
])
def test_a_broken_exchange_is_said_and_the_next_one_follows(broken, said):
    code, found, errors = run(broken + b"\n" + lines(SLACK))
    assert code == 1 and "exchange 1" in errors and said in errors
    assert [item["exchange"] for item in found] == [2]


def test_what_is_no_recording_is_not_told_line_by_line(tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(b"one line of a log\n" * 500)
    code, found, errors = run(b"", name=path)
    said = errors.splitlines()
    assert code == 1 and found == [] and len(said) == 21 and said[0].startswith(f"stoa: {path}: exchange 1: "), errors
    assert said[-1] == f"stoa: {path}: and 480 more; it should be HAR, or one exchange as JSON a line"


def test_files_and_words(tmp_path):
    path = tmp_path / "recording.jsonl"
    path.write_bytes(lines(SLACK))
    assert run(b"", name=path)[0] == 0
    assert run(b"", name=tmp_path / "missing")[0] == 2
    assert run(b"", "--plugins", tmp_path / "missing", name=path)[0] == 3
    assert run(b"", "--odd", name=path)[0] == 2
    assert run(b"") == (0, [], "")


def test_own_adapters(tmp_path):
    platforms = tmp_path / "platforms"
    platforms.mkdir()
    (platforms / "own.lua").write_text("""return { api = 1, id = "own", version = "2.1.0", title = "Own",
      hosts = { "own.test" }, rules = { { id = "say", match = { method = "POST", path = "/say" },
        activity = { kind = "post", audience = "group" }, typed = { "what" } } }, tests = {} }""")
    code, found, _ = run(lines(exchange("POST", "https://own.test/say", b"what=hello", FORM)), "--plugins", tmp_path)
    assert code == 0 and found[0]["adapter_ver"] == "2.1.0" and found[0]["carrier"]["op"] == "say"
