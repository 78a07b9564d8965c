# SPDX-License-Identifier: Apache-2.0
"""W3: what a client types into a socket is judged message by message; what is blocked leaves in no way."""
import json

import pytest

from stoa_test.sockets import frame
from stoa_test.ways import BOTH

pytestmark = BOTH

OFFER = "permessage-deflate; client_max_window_bits"
IBAN = "DE02 1203 0000 0000 2020 51"
SECRET = f"pay {IBAN} now"
RAW = SECRET.encode()


def said_nothing_of(peer, *parts):
    """Of what the peer heard, unmasked and inflated."""
    heard = repr(peer.heard)
    assert not any(part in heard for part in parts), heard


def drain(peer):
    """Everything until the end of the stream; kept in peer.heard."""
    peer.heard = []
    while (event := peer.hear()) != ("end",):
        peer.heard.append(event)
        if event[0] == "close":
            peer.shut(event[1] if event[1] != 1005 else None)
            if not peer.is_client:
                peer.drop()
                peer.done()
                break
    return peer.heard


def blocked(house, origin, client):
    """The socket ended as it does where no adapter has another way to say it."""
    assert drain(origin) == [("close", 1001, "")]
    heard = drain(client)
    assert heard[-1][:2] == ("close", 1008) and "IBAN" in heard[-1][2], heard


@pytest.mark.parametrize("cut", [*range(4, len(RAW), 3)])
def test_w3_blocked_at_every_fragment_cut(house, cut):
    client, origin = house.pair("site.test")
    client.write(frame(1, RAW[:cut], fin=False) + frame(9, b"p") + frame(0, RAW[cut:]) + frame(1, b"what follows"))
    assert origin.hear() == ("ping", b"p")
    blocked(house, origin, client)


@pytest.mark.parametrize("segment", [1, 2, 5, 13])
def test_w3_blocked_in_records_of_a_few_bytes(house, segment):
    client, origin = house.pair("held.test", extensions=OFFER)
    client.say("something before it")
    assert origin.hear() == ("text", "something before it")
    client.say(SECRET, segment=segment)
    blocked(house, origin, client)


@pytest.mark.parametrize("name, raw", {
    "a text": frame(1, RAW),
    "no mask worth the name": frame(1, RAW, mask=b"\0\0\0\0"),
    "a mask that is text": frame(1, RAW, mask=RAW[4:8]),
    "binary": frame(2, RAW),
    "one byte a fragment": frame(1, RAW[:1], fin=False) + b"".join(frame(0, RAW[i:i + 1], fin=False)
                                                                   for i in range(1, len(RAW))) + frame(0),
    "empty fragments between": frame(1, b"", fin=False) + frame(0, RAW[:12], fin=False) + frame(0, b"", fin=False) +
                               frame(0, RAW[12:]),
    "inside JSON": frame(1, json.dumps({"a": [{"b": SECRET}]}).encode()),
    "escaped in JSON": frame(1, json.dumps({"b": SECRET}).replace("D", "\\u0044").encode()),
}.items())
def test_w3_blocked_however_it_is_framed(house, name, raw):
    client, origin = house.pair("site.test")
    client.write(raw)
    blocked(house, origin, client)


def test_w3_what_is_written_into_control_frames_is_judged(house):
    client, origin = house.pair("site.test")
    client.ping(RAW)
    client.pong(RAW)
    client.ping(b"a harmless payload")
    assert origin.hear() == ("ping", b"a harmless payload")
    client.shut(1000, SECRET)
    assert origin.hear() == ("close", 1000, "")
    origin.shut(1000)
    assert client.hear() == ("close", 1000, "")
    origin.drop()
    origin.done()
    assert client.hear() == ("end",)


@pytest.mark.parametrize("size", [2, 5, 11, 40])
def test_w3_b2_what_is_cut_over_control_frames_is_not_ended(house, size):
    """Pings and pongs in turn, and a close reason; messages between them make no difference."""
    client, origin = house.pair("site.test")
    pieces = [RAW[at:at + size] for at in range(0, len(RAW), size)]
    last = (RAW.index(IBAN.encode()) + len(IBAN) - 1) // size
    for number, piece in enumerate(pieces):
        for _ in range(1 + (number == last)):  # it stays when it is sent again, too
            client.write(client.frame(9 + number % 2, piece))
        client.say("between")
    client.ping(b"harmless")
    heard = []
    while (event := origin.hear()) != ("ping", b"harmless"):
        heard.append(event)
    assert heard.count(("text", "between")) == len(pieces)
    left = b"".join(event[1] for event in heard if event[0] != "text")
    assert IBAN.encode() not in left and len(left) >= RAW.index(b" now") - size - 1
    for piece in pieces[:-1]:
        client.ping(piece)
    client.shut(1000, pieces[-1].decode())
    assert IBAN not in "".join(event[-1].decode() if event[0] == "ping" else event[-1] for event in drain(origin))
    assert client.hear() == ("close", 1000, "")
    assert client.hear() == ("end",)


def test_w3_numbers_in_pings_are_counters(house):
    client, origin = house.pair("redacted.example")
    for number in range(200):
        client.ping(b"%08d" % (41111111 + number * 7919))
        assert origin.hear() == ("ping", b"%08d" % (41111111 + number * 7919))
    client.drop()
    origin.drop()
    origin.done()


def test_w3_redacted_and_what_follows_stays_readable(house):
    client, origin = house.pair("redacted.example", extensions=OFFER)
    for text in ("before the card, before", "my card 4111 1111 1111 1111, lol", "before the card, after",
                 "my card 4111 1111 1111 1111, lol", "the end of the card, lol"):
        client.say(text)
        assert origin.hear() == ("text", text.replace("4111 1111 1111 1111", "[card]"))
    said = {"text": "card 4111111111111111", "n": [1, 2.50, None]}
    client.say(json.dumps(said), fin=False)
    client.say("  ")
    kind, text = origin.hear()
    assert json.loads(text) == {**said, "text": "card [card]"}
    assert not house.gateway.has_written("4111 1111 1111 1111")
    client.shut()
    assert origin.hear()[0] == "close"
    origin.drop()
    origin.done()


def test_w3_what_is_coached_is_sent_as_it_was_and_recorded(house):
    """There is no answer that could carry the advice (docs/policy.md, `then`)."""
    client, origin = house.pair("redacted.example", address="127.0.0.3")
    before, said = house.count("verdict_coach"), "write to maria.schmidt1987@gmail.com, please"
    client.say(said)
    assert origin.hear() == ("text", said)
    assert house.count("verdict_coach") == before + 1
    decisions = [record for record in house.gateway.opened("ben") if record["kind"] == "decision"]
    assert [decision["details"]["verdict"] for decision in decisions] == ["coach"]
    client.drop()
    origin.done()


def test_w3_the_platform_says_no_in_its_own_way(house):
    client, origin = house.pair("chat.test")
    refused, dropped = house.count("socket_refused"), house.count("socket_dropped")
    client.say(json.dumps({"n": "1", "room": "r", "text": "good morning all"}))
    assert json.loads(origin.hear()[1])["n"] == "1"
    client.say(json.dumps({"n": "2", "room": "r", "text": SECRET}))
    answer = json.loads(client.hear()[1])
    assert answer["nack"] == "2" and "IBAN" in answer["why"]
    client.say(json.dumps({"kind": "draft", "text": SECRET}))  # a preview: nobody is told
    client.say(json.dumps({"n": "3", "room": "r", "text": "and good night"}))
    assert json.loads(origin.hear()[1])["n"] == "3"
    client.say(json.dumps({"n": "8", "room": "r", "text": "x" * 100_000 + " " + SECRET}))  # it waits on disk
    assert json.loads(client.hear()[1])["nack"] == "8"
    client.say(json.dumps({"n": "9", "room": "r", "text": "y" * 100_000}))
    assert json.loads(origin.hear()[1])["n"] == "9"
    origin.say("first half, ", fin=False)
    origin.ping(b"between")
    assert client.hear() == ("ping", b"between")
    client.say(json.dumps({"n": "4", "room": "r", "text": SECRET}))
    client.ping(b"behind it")
    assert origin.hear() == ("ping", b"behind it")
    origin.say("second half")
    assert client.hear() == ("text", "first half, second half")
    assert json.loads(client.hear()[1])["nack"] == "4"
    assert (house.count("socket_refused"), house.count("socket_dropped")) == (refused + 3, dropped + 1)
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()


def test_w3_records_say_what_was_stopped_and_hold_nothing_of_it(house):
    client, origin = house.pair("chat.test", address="127.0.0.2")  # ana, who says nothing else here
    client.say(json.dumps({"n": "1", "room": "r", "text": "nothing to see here"}))
    client.say(json.dumps({"n": "2", "room": "r", "text": SECRET}))
    assert "nack" in client.hear()[1]
    client.say(json.dumps({"n": "3", "room": "r", "text": "nor here, either"}))
    assert [json.loads(origin.hear()[1])["n"] for _ in range(2)] == ["1", "3"]
    decisions = []
    while not decisions:  # until it is committed
        decisions = [record for record in house.gateway.opened("ana") if record["kind"] == "decision"]
    assert len(decisions) == 1
    details = decisions[0]["details"]
    assert (details["activity"], details["verdict"], details["host"]) == ("message", "block", "chat.test")
    assert details["detectors"] and details["coverage"] == "fully"
    assert not house.gateway.has_written(IBAN)
    client.drop()
    origin.done()


def test_w3_too_large_is_refused_by_policy(house):
    client, origin = house.pair("held.test", extensions=OFFER)
    client.say("x" * 200_000)  # beyond memory, within limit.body_max
    assert origin.hear() == ("text", "x" * 200_000)
    client.write(frame(2, bytes(300_000)))
    assert origin.hear() == ("close", 1001, "")
    assert client.hear()[:2] == ("close", 1009)
    client.drop()
    origin.drop()
    origin.done()


def test_w3_a_bomb_is_no_message(house):
    client, origin = house.pair("held.test", extensions=OFFER)
    client.say(bytes(8 << 20))
    assert origin.hear() == ("close", 1001, "")
    assert client.hear()[:2] == ("close", 1009)
    client.drop()
    origin.drop()
    origin.done()


def test_w3_a_flood_of_pings_ends(house):
    client, origin = house.pair("site.test")
    broken, breaches = house.count("sockets_broken"), house.count("client_broke_websocket")
    client.write(frame(9) * 5000)
    while (event := client.hear())[0] != "close":
        pass
    assert event[1] == 1008 and house.count("sockets_broken") > broken
    assert house.count("client_broke_websocket") > breaches
    client.drop()
    origin.drop()
    origin.done()
