# SPDX-License-Identifier: Apache-2.0
"""Every hook in the running gateway: what a plugin says of connections, findings, records and pages holds there."""
import json
import re

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
PUBLISHED, SECRET = "DE02120300000000202051", "DE89370400440532013000"
PLUGIN = f"""
return {{
  api = 1, name = "house.hooks", version = "1", title = "Hooks", lower_until = "2999-12-31",
  permissions = {{ "text.read", "route.pass", "route.inspect", "verdict.block", "verdict.lower", "record.remove",
    "tag.write", "headers.read" }},
  detectors = {{ part = {{ label = "secret.house_part", pattern = [[\\bP[0-9]{{6}}\\b]], severity = "high",
    validate = function(hit) return hit.text:byte(7) == hit.text:byte(2) end }} }},
  request = function(r) if r:header("x-purpose") == "joke" then r:note_fact("joke", "yes") end end,
  activity = function(a, ctx) if ctx:fact("joke") then ctx:block {{ reason = "joke" }} end end,
  connect = function(c)
    if c.host == "pass.test" then c:pass() elseif c.host == "block.test" then c:block() end
    if c.host == "en.wikipedia.org" or c.host == "github.com" then c:inspect() end
  end,
  finding = function(f) if f.text == "{PUBLISHED}" then f:lower(0) end end,
  record = function(rec) rec:remove("host") end,
  curate = function(item) if item.title:find("Rust", 1, true) then item:tag {{ topic = "lang/rust" }} end end,
}}
"""
LATER = """return { api = 1, name = "house.later", version = "1", title = "Later", permissions = { "verdict.block" },
  needs = { detectors = { "pii.iban", "pii.moon" } }, activity = function(_, ctx) ctx:block { reason = "later" } end }"""
JSON = [("Content-Type", "application/json")]


GONE = set()


def page(request):
    if request.target in GONE:
        return "410 Gone", [("Content-Type", "text/plain")], b"moved away"
    if request.target.startswith("/wiki/Rust"):
        html = b"<html lang=en><title>Rust in an hour</title><p>" + b"Ownership is a rule of the language. " * 40
        return "200 OK", [("Content-Type", "text/html; charset=utf-8")], html
    if request.target == "/a/b/issues":
        return "302 Found", [("Location", "https://github.com/a/b/issues/12"), ("Content-Type", "text/html")], b""
    return echo(request)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hooks")
    (folder / "own" / "detect").mkdir(parents=True)
    (folder / "own" / "detect" / "hooks.lua").write_text(PLUGIN)
    (folder / "own" / "curation").mkdir()
    (folder / "own" / "curation" / "gone.curate.lua").write_text(
        'curate "house-gone" { title = "Gone", when = dead(), queue = "academy" }')
    (folder / "own" / "detect" / "later.lua").write_text(LATER)
    authority = Authority(folder)
    origins = [Origin(host, authority.leaf([host]), page)
               for host in ("forum.test", "pass.test", "block.test", "en.wikipedia.org", "github.com")]
    gateway = Gateway(folder / "gateway", origins, [POLICY], trust=authority.path, plugins=[folder / "own"])
    with gateway:
        yield gateway, authority, origins[0]
    for origin in origins:
        origin.close()


def post(gateway, text, fields=()):
    client = Client(gateway, "127.0.0.2")
    client.open("forum.test")
    return client.request("POST", "/posts", [*JSON, *fields], json.dumps({"text": text}).encode())


def test_a_connection_passes_is_opened_or_is_refused(house):
    gateway, authority, _ = house
    client = Client(gateway)
    assert client.open("pass.test", trust=authority.path).status == 200  # the origin's own certificate
    assert client.request("GET", "/").status == 200
    assert client.open("en.wikipedia.org").status == 200  # no policy opens it
    assert client.request("GET", "/").status == 200
    assert client.open("block.test").status == 200  # a refusal is a page in the tunnel
    assert client.request("GET", "/").status == 403


def test_a_finding_is_lowered_and_another_is_not(house):
    gateway, _, origin = house
    assert post(gateway, f"pay to {PUBLISHED} please").status == 200
    before = origin.received()
    assert PUBLISHED.encode() in before
    assert post(gateway, f"pay to {SECRET} please").status == 403
    assert SECRET.encode() not in origin.received()
    assert len(gateway.wait_records(1, "decision")) == 1
    said = json.dumps([r for r in gateway.opened("ana") if r["kind"] == "decision"])
    assert "pii.iban" in said and "forum.test" not in said, said  # the record hook took the host away


def test_a_detector_of_its_own(house):
    gateway, _, origin = house
    assert post(gateway, "part P123456 is fine").status == 200  # the validator says no
    assert b"P123456" in origin.received()
    assert post(gateway, "part P123451 is not").status == 403
    assert b"P123451" not in origin.received()
    assert "secret.house_part" in json.dumps(gateway.opened("ana"))


def test_a_plugin_without_what_it_needs_is_off_and_says_so_once(house):
    gateway, _, _ = house
    assert post(gateway, "hello").status == 200
    lines = [line for line in gateway.log if "plugin.without" in line]
    assert len(lines) == 1 and "house.later" in lines[0] and "detector:pii.moon" in lines[0], lines
    said = gateway.stoa("check")
    assert "plugin house.later is off: it needs detector:pii.moon" in said.stderr, said.stderr


def test_a_page_is_tagged(house):
    gateway, _, _ = house
    assert gateway.stoa("consent", "grant", "ana", check=True).returncode == 0
    client = Client(gateway, "127.0.0.2")
    client.open("en.wikipedia.org")
    assert b"Ownership" in client.request("GET", "/wiki/Rust").body
    assert [r["subject"] for r in gateway.wait_records(1, "resource")] == ["house.hooks"]


def test_an_address_that_was_tagged_and_is_gone_goes_to_the_rule_that_asks(house):
    gateway, _, _ = house
    client = Client(gateway, "127.0.0.2")
    client.open("en.wikipedia.org")
    GONE.add("/wiki/Never")
    assert client.request("GET", "/wiki/Never").status == 410  # nobody had tagged it
    before = len(gateway.records("resource"))
    assert client.request("GET", "/wiki/Rust-2").status == 200
    assert gateway.wait_records(before + 1, "resource")[-1]["subject"] == "house.hooks"
    GONE.add("/wiki/Rust-2")
    assert client.request("GET", "/wiki/Rust-2").status == 410
    told = gateway.wait_records(before + 2, "resource")
    assert [r["subject"] for r in told[before + 1:]] == ["house-gone"], told


def test_what_the_head_told_holds_for_the_post(house):
    gateway, _, _ = house
    assert post(gateway, "hello there").status == 200
    assert post(gateway, "hello there", [("X-Purpose", "joke")]).status == 403


def test_what_a_form_made_is_where_its_answer_sends_on_to(house):
    gateway, _, _ = house
    assert gateway.stoa("consent", "grant", "ana", check=True).returncode == 0
    client = Client(gateway, "127.0.0.2")
    client.open("github.com")
    before = len(gateway.records("learning"))
    answer = client.request("POST", "/a/b/issues", [("Content-Type", "application/x-www-form-urlencoded")],
                            b"issue%5Btitle%5D=Probes&issue%5Bbody%5D=hello")
    assert answer.status == 302
    gateway.wait_records(before + 1, "learning")
    told = [r["details"] for r in gateway.opened("ana") if r["kind"] == "learning"][-1]
    assert (told["object_id"], told["phase"], told["activity"]) == ("12", "confirm", "post"), told


RECORDED = """
curate "rust" { title = "Rust", when = phrase "rust" & kind "view" & url "en.wikipedia.org/*" }
curate "ownership" { title = "Ownership", when = phrase "ownership" & dwell "1m" }
curate "talks" { title = "Talks", when = kind "watch.end" & phrase "ownership" }
curate "own" { title = "Own", when = where(function() error "nobody asks" end) | phrase "rust" }
"""


def test_a_rule_is_held_against_what_was_recorded(house, tmp_path):
    gateway, _, _ = house
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "new.curate.lua").write_text(RECORDED)
    client = Client(gateway, "127.0.0.2")
    client.open("en.wikipedia.org")
    url = "https://en.wikipedia.org/wiki/Rust-3"
    assert client.request("GET", "/wiki/Rust-3").status == 200
    settles(lambda: gateway.records("resource"), lambda records: any(r["details"].get("url") == url for r in records))

    def run(*words):
        done = gateway.stoa("curate", "run", "--recorded", "--plugins", str(tmp_path), *words)
        assert done.returncode == 0 and done.stderr == "", done
        return done.stdout
    rules = {said["rule"]: said for said in map(json.loads, run("--json").splitlines())}
    assert list(rules) == ["rust", "ownership", "talks", "own"]
    total = sum(rules["rust"][key] for key in ("yes", "no", "cannot_say"))
    assert total >= 1 and rules["rust"]["yes"] >= 1 and rules["own"]["yes"] == rules["rust"]["yes"], rules
    assert rules["talks"] == {"rule": "talks", "yes": 0, "no": total, "cannot_say": 0, "not_recorded": {}}
    assert rules["ownership"] == {"rule": "ownership", "yes": 0, "no": 0, "cannot_say": total,
                                  "not_recorded": {"text": total, "dwell": total}}
    text = run()  # the curator may have recorded more meanwhile: each run has its own count
    total = re.search(r"^(\d+) resources are recorded", text, re.M)[1]
    assert "ownership" in text and f"text {total}, dwell {total}" in text
    one = {said["url"]: said for said in map(json.loads, run("--json", "ownership").splitlines())}
    assert one[url]["answer"] == "cannot say" and one[url]["not_recorded"] == ["text", "dwell"], one
    assert f"yes         {url}\n" in run("rust")
    done = gateway.stoa("curate", "run", "--recorded", "--plugins", str(tmp_path), "rusty")
    assert done.returncode == 2 and "no rule 'rusty'" in done.stderr, done
