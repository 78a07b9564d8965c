# SPDX-License-Identifier: Apache-2.0
"""The same in the binary answers of engine.io 3, one after the other on one connection."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
POLL = "/socket.io/?EIO=3&transport=polling&t=x&sid="
IBAN = "DE89 3704 0044 0532 0130 00"
SECRET = f"pay to {IBAN} please"
TYPE = ("Content-Type", "text/plain;charset=UTF-8")
PONG = b"\0\1\xff3"


def forum(request):
    """Answers as engine.io does: messages go in by POST, come out by GET. Session `odd` has no messages to give."""
    if request.method == "POST":
        return "200 OK", [("Content-Type", "text/html")], b"ok"
    if request.target.endswith("sid=odd"):
        return "200 OK", [("Content-Type", "application/json")], b'{"code":1}'
    return "200 OK", [("Content-Type", "application/octet-stream")], PONG


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("polls")
    authority = Authority(folder)
    site = Origin("site.test", authority.leaf(["site.test"]), forum)
    with Gateway(folder / "gateway", [site], [POLICY], trust=authority.path) as gateway:
        gateway.stoa("consent", "grant", "someone", check=True)
        client = Client(gateway)
        client.open("site.test")
        yield site, client, gateway
    site.close()


def packet(number, *event):
    text = f"42{number}" + json.dumps(event)
    return f"{len(text)}:{text}".encode()


def say(house, session, body):
    """What the origin got for it."""
    site, client, _ = house
    while not site.requests.empty():
        site.requests.get()
    assert client.request("POST", POLL + session, [TYPE], body).status == 200
    return site.gets().body


def hear(house, session):
    return house[1].request("GET", POLL + session, [("Accept-Encoding", "gzip, br")]).body


def test_an_ordinary_message_and_its_poll_are_left_alone(house):
    body = packet(1, "topics.post", {"title": "Probes", "content": "How do they work?", "cid": 1})
    assert say(house, "a", body) == body
    assert hear(house, "a") == PONG
    assert house[0].gets().header("accept-encoding") == "gzip, br"  # as the client sent it


def test_a_refused_message_is_told_once_in_its_own_session(house):
    assert say(house, "a", packet(2, "topics.post", {"title": "Invoice", "content": SECRET, "cid": 1})) == b"1:2"
    assert hear(house, "b") == PONG
    told = hear(house, "a")
    assert told.endswith(PONG) and told[:1] == b"\0"
    size, text = told[1:-len(PONG)].split(b"\xff", 1)
    assert int("".join(str(digit) for digit in size)) == len(text)
    assert text.startswith(b"432[") and "IBAN" in json.loads(text[3:])[0]["message"]
    assert hear(house, "a") == PONG


def test_a_draft_is_dropped_in_silence(house):
    assert say(house, "a", packet(3, "plugins.composer.renderPreview", SECRET)) == b"1:2"
    assert hear(house, "a") == PONG


def test_an_answer_without_messages_stays_as_it_is(house):
    assert say(house, "odd", packet(4, "posts.reply", {"tid": 1, "content": SECRET})) == b"1:2"
    assert hear(house, "odd") == b'{"code":1}'


def test_nothing_of_it_left_or_stayed(house):
    site, _, gateway = house
    assert b"0532" not in site.received() and not gateway.has_written(IBAN)
    decisions = gateway.wait_records(3, "decision")
    assert len(decisions) == 3
    assert len(gateway.wait_records(1, "learning")) == 1  # the post that went out, and none that did not
