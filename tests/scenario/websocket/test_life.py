# SPDX-License-Identifier: Apache-2.0
"""Sockets over time: S3, an origin that dies, a reload, a drain."""
import json
import signal

import pytest

from stoa_test.stage import break_off

from conftest import POLICY, House

CARD = "my card 4111 1111 1111 1111"


@pytest.fixture(scope="module", params=["explicit", "redirect"])
def own(request, tmp_path_factory):
    """A gateway whose clock and policies are these tests'; the last one drains it."""
    house = House(tmp_path_factory.mktemp("life"), way=request.param,
                  more="limit: { drain: 1s, body_memory: 64KiB, body_max: 128KiB }\nfailure: { size: allow }")
    with house.gateway:
        yield house
    house.close()


def test_s3_a_socket_with_keep_alives_lives_on_and_a_silent_one_ends(own):
    busy, busy_origin = own.pair("site.test")
    quiet, quiet_origin = own.pair("held.test")
    assert own.count("sockets") == 2 and own.count("sockets_open") == 2
    for _ in range(3):
        own.gateway.clock(1900)
        busy.ping(b"")
        assert busy_origin.hear() == ("ping", b"")
    assert quiet.hear() == ("close", 1001, "") and quiet_origin.hear() == ("close", 1001, "")
    busy_origin.say("still here")
    assert busy.hear() == ("text", "still here")


def test_an_origin_that_dies_is_an_end_without_a_close(own):
    client, origin = own.pair("site.test")
    client.say("hello")
    assert origin.hear() == ("text", "hello")
    origin.say("half of it", fin=False)
    break_off(origin.sock)
    origin.drop()
    origin.done()
    assert client.hear() == ("end",)


@pytest.mark.parametrize("host", ["site.test", "held.test"])
def test_what_is_too_large_to_be_held_may_stream_by_policy(own, host):
    client, origin = own.pair(host, extensions="permessage-deflate")
    before = own.count("not_inspected")
    pieces = [bytes([i]) * 50_000 for i in range(20)]
    for piece in pieces:
        client.say(piece, fin=False)
    client.ping(b"in between")
    assert origin.hear() == ("ping", b"in between")
    client.say(b"", fin=True)
    assert origin.hear() == ("binary", b"".join(pieces))
    assert own.count("not_inspected") == before + 1
    client.say("the next one is held again, and " + CARD)
    assert origin.hear() == ("close", 1001, "")
    client.drop()
    origin.drop()
    origin.done()


def test_messages_are_read_by_the_adapter_in_force(own):
    client, origin = own.pair("chat.test")
    client.say(json.dumps({"n": "1", "text": CARD}))
    assert json.loads(client.hear()[1])["nack"] == "1"
    adapter = own.plugins / "platforms" / "testchat.lua"
    adapter.write_text(adapter.read_text().replace('"nack"', '"nope"'))
    own.gateway.stoa("reload", check=True)
    client.say(json.dumps({"n": "2", "text": CARD}))
    assert json.loads(client.hear()[1])["nope"] == "2"
    client.say(json.dumps({"n": "3", "text": "nothing in it"}))
    assert json.loads(origin.hear()[1])["n"] == "3"
    client.drop()
    origin.drop()
    origin.done()


def test_messages_are_judged_by_the_rules_in_force(own):
    client, origin = own.pair("site.test")
    client.say("half of it, ", fin=False)
    client.ping(b"")
    assert origin.hear() == ("ping", b"")
    policy = own.gateway.folder / "policy.d" / POLICY.name
    policy.write_text(policy.read_text().replace("then: block", "then: note"))
    own.gateway.stoa("reload", check=True)
    client.say("and " + CARD)  # began under the old rules
    assert origin.hear() == ("close", 1001, "")
    assert client.hear()[:2] == ("close", 1008)
    client, origin = own.pair("site.test")
    client.say(CARD)
    assert origin.hear() == ("text", CARD)
    policy.write_text(policy.read_text().replace("then: note", "then: redact"))
    own.gateway.stoa("reload", check=True)
    client.say(CARD)
    assert origin.hear() == ("text", "my card [card]")


def test_a_drain_says_goodbye_to_both(own):
    client, origin = own.pair("site.test")
    own.gateway.process.send_signal(signal.SIGTERM)
    client.say("while there is time")
    assert origin.hear() == ("text", "while there is time")
    assert origin.hear() == ("close", 1001, "")
    assert client.hear() == ("close", 1001, "")
    client.shut(1001)
    origin.shut(1001)
    origin.drop()
    origin.done()
    assert client.hear() == ("end",)
