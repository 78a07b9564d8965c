# SPDX-License-Identifier: Apache-2.0
"""A plugin or rule file that is wrong: the gateway starts without it and says so, a guard among them still guards, and
a reload takes none of it."""
import json
import re
import subprocess

import pytest

from stoa_test.client import Client
from stoa_test.gateway import BIN, ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
HEAD = "return {{ api = 1, name = 'house.{0}', version = '1', title = '{0}', "
SYNTAX = HEAD.format("syntax") + "\n  activity = function(_, ctx) ctx:block {}\n}\n"
UNTRUE = HEAD.format("untrue") + ("permissions = { 'verdict.block' }, activity = function(_, ctx) ctx:block { reason = 'x' } end,\n"
                                  "  tests = { { name = 'lets it pass', text = 'a' } } }\n")
GOOD = HEAD.format("good") + ("permissions = { 'text.read', 'verdict.block' },\n  activity = function(a, ctx) "
                              "if a.text:find('falcon', 1, true) then ctx:block { reason = 'good' } end end }\n")
GUARD = HEAD.format("guard") + "on_failure = 'block',\n  detectors = { part = { label = 'house.part' oops } } }\n"
BOARD = """return { api = 1, id = "board", version = "1", title = "A board", hosts = { "forum.test" },
  rules = { { id = "say", match = { method = "POST", path = "/posts" }, activity = { kind = "comment", audience = "public" },
    typed = { "words" }, deny = { status = 422, body = [[{"board":"{message}"}]] } } },
  tests = { { name = "saying", method = "POST", host = "forum.test", path = "/posts", type = "application/json",
    body = [[{"words":"hello"}]], expect = { rule = "say", text = "hello" } } } }
"""
BOARD_ONLY = """version: 1
policy: board
owner: security@example.com
description: What goes to the board alone.
applies_to: { platforms: [board] }
inspect: { open: true }
rules:
  - id: iban
    when: { finding: pii.iban, platform: board }
    then: block
"""
IBAN = "to DE89 3704 0044 0532 0130 00 please"
RULES = "curate 'x' {\n  when = hashtag 'a'\n  tag = {}\n}\n"


class House:
    def __init__(self, folder, files, policies=(POLICY,), **more):
        self.own = folder / "own"
        for name in ("detect", "curation", "platforms"):
            (self.own / name).mkdir(parents=True)
        for name, text in files.items():
            (self.own / name).write_text(text)
        self.authority = Authority(folder)
        self.origin = Origin("forum.test", self.authority.leaf(["forum.test"]), echo)
        self.gateway = Gateway(folder / "gateway", [self.origin], policies, trust=self.authority.path,
                               plugins=[self.own], **more)

    def post(self, text, name="text"):
        client = Client(self.gateway, "127.0.0.2")
        client.open("forum.test")
        status = client.request("POST", "/posts", [("Content-Type", "application/json")],
                                json.dumps({name: text}).encode()).status
        client.close()
        return status


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("left"), {
        "detect/syntax.lua": SYNTAX, "detect/untrue.lua": UNTRUE, "detect/good.lua": GOOD,
        "curation/bad.curate.lua": RULES}, workers=2)
    with made.gateway:
        yield made
    made.origin.close()


def test_the_gateway_starts_and_says_what_is_left_out(house):
    lines = [line for line in house.gateway.log if not line.startswith("{")]
    assert len(lines) == 3 and all(line.endswith("left out until it is mended and reloaded") for line in lines), lines
    assert any(re.search(rf"{re.escape(str(house.own))}/detect/syntax\.lua:\d+:", line) for line in lines), lines
    assert any("untrue.lua" in line and "lets it pass" in line for line in lines), lines
    assert any("bad.curate.lua:3" in line for line in lines), lines
    said = [json.loads(line) for line in house.gateway.log if ".left.out" in line]
    assert {(e["event"], e.get("plugin", e.get("file"))) for e in said} == {
        ("plugin.left.out", "syntax.lua"), ("plugin.left.out", "house.untrue"), ("curation.left.out", "bad.curate.lua")}
    assert all(e["process"] == "supervisor" for e in said), said


def test_status_and_the_audit_log_know(house):
    status = json.loads(house.gateway.stoa("--json", "status", check=True).stdout)
    assert status["files_left_out"] == 3
    assert "should be" in status["left_out"][str(house.own / "detect/untrue.lua")], status["left_out"]
    assert status["left_out"][str(house.own / "detect/syntax.lua")].startswith("line "), status["left_out"]
    assert "left_out./" in house.gateway.stoa("status", check=True).stdout
    assert len(house.gateway.wait_records(1, "generation")) == 1


def test_the_others_work_in_every_worker_and_after_a_crash(house):
    for _ in range(2):
        assert [house.post("hello") for _ in range(4)] == [200] * 4
        assert [house.post("our falcon") for _ in range(4)] == [403] * 4
        house.gateway.kill("worker")


def test_the_list_shows_them_beside_the_others(house):
    done = house.gateway.stoa("plugin", "list", "--plugins", str(house.own))
    assert done.returncode == 3, done
    assert re.search(r"house\.good +1 +on ", done.stdout) and re.search(r"syntax\.lua +\? +broken", done.stdout), done
    assert re.search(r"bad\.curate\.lua:3", done.stderr), done.stderr


def test_a_reload_is_strict_and_takes_what_is_mended(house):
    done = house.gateway.stoa("reload")
    assert done.returncode == 3, done
    assert all(name in done.stderr for name in ("syntax.lua", "untrue.lua", "bad.curate.lua")), done.stderr
    assert house.post("our falcon") == 403  # the old one goes on
    assert house.gateway.stoa("check").returncode == 3
    (house.own / "detect/syntax.lua").write_text(SYNTAX.replace("{}\n}", "{} end\n}"))
    (house.own / "detect/untrue.lua").unlink()
    (house.own / "curation/bad.curate.lua").unlink()
    done = house.gateway.stoa("reload")
    assert done.returncode == 0, done.stderr
    assert house.gateway.facts()["files_left_out"] == "0"


def test_a_guard_that_cannot_be_read_lets_no_message_pass(tmp_path):
    house = House(tmp_path, {"detect/guard.lua": GUARD})
    with house.gateway:
        assert '"on_failure":"block"' in next(line for line in house.gateway.log if "plugin.left.out" in line)
        assert house.post("part P123456") == 403
        client = Client(house.gateway, "127.0.0.2")
        client.open("forum.test")
        assert client.request("GET", "/posts").status == 200  # who reads is not in its way
        assert b"P123456" not in house.origin.received()
        said = json.dumps(house.gateway.opened("ana"))
        assert "plugin-failed" in said or "guard.lua" in said, said
    house.origin.close()


@pytest.fixture
def board(tmp_path):
    """An adapter with a mistake, and a policy that is about nothing else."""
    (tmp_path / "board.policy.yaml").write_text(BOARD_ONLY)
    made = House(tmp_path, {"platforms/board.lua": BOARD.replace("rules =", "rules = oops")},
                 policies=[tmp_path / "board.policy.yaml"])
    with made.gateway:
        yield made
    made.origin.close()


def test_without_its_adapter_a_platform_is_opened_and_judged_all_the_same(board):
    lines = [line for line in board.gateway.log if not line.startswith("{")]
    assert len(lines) == 1 and re.search(r"platforms/board\.lua:2:.*left out until it is mended", lines[0]), lines
    assert [json.loads(line)["file"] for line in board.gateway.log if "adapter.left.out" in line] == ["board.lua"]
    assert board.gateway.facts()["files_left_out"] == "1"
    listed = board.gateway.stoa("adapter", "list", "--plugins", str(board.own))
    assert listed.returncode == 3 and re.search(r"^board +\? +broken +0 rules +forum\.test$", listed.stdout, re.M), listed
    assert "board.lua:" in listed.stderr, listed.stderr
    assert board.post("hello") == 200
    assert board.post(IBAN) == 403 and board.post(IBAN, "words") == 403  # the fallback's, or nobody's
    assert b"DE89" not in board.origin.received()
    # a reload is as strict as ever, and takes it once it is mended
    done = board.gateway.stoa("reload")
    assert done.returncode == 3 and "platforms/board.lua:" in done.stderr, done
    assert board.post(IBAN) == 403
    (board.own / "platforms/board.lua").write_text(BOARD)
    assert board.gateway.stoa("reload").returncode == 0
    assert board.post(IBAN, "words") == 422 and board.post("hello", "words") == 200
    assert board.gateway.facts()["files_left_out"] == "0"
    # and one that breaks later leaves the old one running
    (board.own / "platforms/board.lua").write_text(BOARD.replace('text = "hello"', 'text = "good day"'))
    done = board.gateway.stoa("reload")
    assert done.returncode == 3 and "saying" in done.stderr, done
    assert board.post(IBAN, "words") == 422
    assert b"DE89" not in board.origin.received()


@pytest.mark.parametrize("files, said", [
    ({"platforms/board.lua": "return { oops oops }\n"},
     [r"50-needs\.policy\.yaml:.*board", r"platforms/board\.lua:1:.*left out"]),
    ({"detect/guard.lua": GUARD}, [r"50-needs\.policy\.yaml:.*house\.part", r"detect/guard\.lua:.*left out"]),
])
def test_what_nobody_can_stand_in_for_stops_the_start(tmp_path, files, said):
    house = House(tmp_path, files)
    (house.gateway.folder / "policy.d" / "50-needs.policy.yaml").write_text(
        BOARD_ONLY.replace(", platform: board", "") if "platforms/board.lua" in files else
        "version: 1\npolicy: needs\nowner: a@example.com\ndescription: x\napplies_to: { hosts: [x.test] }\n"
        "rules:\n  - id: a\n    when: { finding: [house.part] }\n    then: block\n")
    done = subprocess.run([str(BIN / "stoad"), "--config", str(house.gateway.config)], capture_output=True, text=True,
                          timeout=60)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode == 3 and len(lines) == len(said), done.stderr
    assert all(any(re.search(pattern, line) for line in lines) for pattern in said), done.stderr
    house.origin.close()
