# SPDX-License-Identifier: Apache-2.0
"""W4: handshakes: what opens a socket, what does not, and what an origin may answer."""
import pytest

from stoa_test.client import Client
from stoa_test.origin import Origin
from stoa_test.sockets import KEY, SocketClient, SocketOrigin, accept_of, frame, handshake, head, hold
from stoa_test.ways import BOTH

pytestmark = BOTH

IBAN = "DE02120300000000202051"


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "WEBSOCKET", "h2c, WebSocket"])
def test_w4_the_upgrade_token_has_no_case(house, upgrade):
    client = house.client("plain.test", upgrade=upgrade)
    assert client.reply.status == 101 and client.reply.header("sec-websocket-accept") == accept_of(KEY)
    client.peer.say("hello")
    assert client.peer.hear() == ("text", "hello")
    client.close()


def test_w4_an_unknown_subprotocol_passes_with_a_receipt(house):
    origin = house.origins["site.test"]
    origin.protocol = "x.unknown.v7"
    before = house.count("not_inspected")
    client, peer = house.pair("site.test", more=[("Sec-WebSocket-Protocol", "x.unknown.v7, other"), ("X-Odd", "1")])
    origin.protocol = None
    request = [r for r in iter_queue(origin.requests)][-1]
    assert request.header("sec-websocket-protocol") == "x.unknown.v7, other" and request.header("x-odd") == "1"
    assert request.header("sec-websocket-key") != KEY
    client.say(bytes(range(256)))
    assert peer.hear() == ("binary", bytes(range(256)))
    assert house.count("not_inspected") == before + 1
    client.drop()
    peer.done()


def iter_queue(queue):
    while not queue.empty():
        yield queue.get()


def test_w4_only_what_can_be_carried_is_offered(house):
    offer = "x-webkit-frame, permessage-deflate; unknown=1, permessage-deflate; client_max_window_bits"
    client, peer = house.pair("held.test", extensions=offer)
    request = [r for r in iter_queue(house.origins["held.test"].requests)][-1]
    assert request.header("sec-websocket-extensions") == "permessage-deflate; client_max_window_bits"
    client.say("hello")
    assert peer.hear() == ("text", "hello")
    client.drop()
    peer.done()


@pytest.mark.parametrize("why, raw", {
    "no key": handshake(host="plain.test", key=None),
    "a short key": handshake(host="plain.test", key="dGhl"),
    "two keys": handshake(host="plain.test", more=[("Sec-WebSocket-Key", KEY)]),
    "a key that is no base64": handshake(host="plain.test", key="!" * 24),
    "an old version": handshake(host="plain.test").replace(b"Version: 13", b"Version: 8"),
    "no version": handshake(host="plain.test").replace(b"Sec-WebSocket-Version: 13\r\n", b""),
    "a POST": handshake(host="plain.test").replace(b"GET /", b"POST /"),
    "HTTP/1.0": handshake(host="plain.test").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a body": handshake(host="plain.test", more=[("Content-Length", "1")]) + b"x",
    "extensions that are none": handshake(host="plain.test", extensions="a;;b"),
}.items())
def test_w4_garbled_handshakes_are_refused(house, why, raw):
    requests = house.origins["plain.test"].requests
    list(iter_queue(requests))
    client = Client(house.gateway)
    client.open("plain.test")
    client.write(raw)
    assert client.get().status == 400
    assert requests.empty(), "the origin was asked"
    client.close()


def test_w4_a_secret_in_the_address_stays_here(house):
    list(iter_queue(house.origins["site.test"].requests))
    client = house.client("site.test", path=f"/chat?room={IBAN}")
    assert client.reply.status == 403
    assert house.origins["site.test"].requests.empty()
    client.close()


ANSWERS = {
    "wrong accept": (502, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept_of(KEY))]),
    "no accept": (502, [("Upgrade", "websocket"), ("Connection", "Upgrade")]),
    "another protocol": (502, [("Upgrade", "h2c"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", None)]),
    "an extension nobody offered": (502, [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                                          ("Sec-WebSocket-Accept", None),
                                          ("Sec-WebSocket-Extensions", "permessage-deflate")]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_w4_what_is_no_switch_is_an_answer_of_ours(house, name):
    status, fields = ANSWERS[name]
    origin = house.origins["site.test"]
    origin.answer = lambda request: head("HTTP/1.1 101 Switching Protocols", [
        (key, value if value is not None else accept_of(request.header("sec-websocket-key"))) for key, value in fields])
    try:
        client = house.client("site.test")
        assert client.reply.status == status
        client.close()
    finally:
        origin.answer = None


def test_w4_an_origin_that_says_no_is_heard(house):
    origin = house.origins["site.test"]
    origin.answer = lambda request: b"HTTP/1.1 403 No\r\nX-Why: full\r\nContent-Length: 4\r\n\r\nfull"
    try:
        client = Client(house.gateway)
        client.open("site.test")
        for _ in range(2):
            client.write(handshake(host="site.test"))
            reply = client.get()
            assert (reply.status, reply.header("x-why"), reply.body) == (403, "full", b"full")
        client.close()
    finally:
        origin.answer = None


def test_w4_frames_may_follow_the_handshake_at_once(house):
    client = Client(house.gateway)
    client.open("plain.test")
    client.write(handshake(host="plain.test") + frame(1, b"early"))
    assert client.reader.head().status == 101
    assert client.reader.take(7) == b"\x81\x05early"
    client.close()


def test_w4_secret_paths_are_relayed_unread(house):
    client, origin = house.pair("site.test", path="/users/sign_in", extensions="x-anything; a=1")
    judged = house.count("socket_messages")
    request = [r for r in iter_queue(house.origins["site.test"].requests)][-1]
    assert request.header("sec-websocket-extensions") == "x-anything; a=1"
    client.sock.sendall(frame(1, f"my password {IBAN}".encode()))
    assert origin.hear() == ("text", f"my password {IBAN}")
    origin.say("welcome")
    assert client.hear() == ("text", "welcome")
    assert house.count("socket_messages") == judged
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()
