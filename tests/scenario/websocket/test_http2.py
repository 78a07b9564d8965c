# SPDX-License-Identifier: Apache-2.0
"""W2: WebSocket on streams of HTTP/2, where the origin takes it there, and every mix of versions."""
import queue
import signal

import pytest

from stoa_test.gateway import Gateway
from stoa_test.origin import WAIT
from stoa_test.pki import Authority
from stoa_test.sockets import SocketClient, answer_to, frame
from stoa_test.sockets2 import SocketClient2, SocketOrigin2
from stoa_test.ways import BOTH

from conftest import POLICY
from test_conversations import OFFER, SCRIPTS

pytestmark = BOTH

SECRET = "pay DE02 1203 0000 0000 2020 51 now"
DEFLATE = "permessage-deflate"


class Mix:
    def __init__(self, folder, way):
        authority = Authority(folder)
        self.trust = authority.path
        self.origins = {host: SocketOrigin2(host, authority.leaf([host]), answer=DEFLATE, **how) for host, how in {
            "both.test": {}, "old.test": {"offers": False}, "closed.test": {"refuses": 403},
            "only.test": {"insists": True}}.items()}
        self.gateway = Gateway(folder / "gateway", self.origins.values(), [POLICY], trust=self.trust,
                               more="limit: { drain: 1s }", way=way)

    def client2(self, host="both.test"):
        client = SocketClient2(self.gateway)
        assert client.learns_of_sockets(host)
        return client

    def streams_asked(self, host):
        """How many streams the origin was asked to make sockets of since the last look."""
        heads, count = self.origins[host].heads, 0
        while not heads.empty():
            count += heads.get().header(":protocol") is not None
        return count


@pytest.fixture(scope="module")
def mix(request, tmp_path_factory):
    mix = Mix(tmp_path_factory.mktemp("mix"), request.param)
    with mix.gateway:
        yield mix
    for origin in mix.origins.values():
        origin.close()


@pytest.fixture(scope="module")
def direct(mix):
    """What the peers hear without a gateway."""
    client = SocketClient(None, mix.origins["both.test"], mix.trust)
    assert client.open(extensions=OFFER).status == 101
    return conversation(client.peer)


def conversation(peer):
    heard = {script.__name__: list(script(peer)) for script in SCRIPTS}
    peer.shut(1000, "bye")
    heard["end"] = peer.hear(), peer.hear()
    return heard


def test_w2_http2_on_both_sides(mix, direct):
    client = mix.client2()
    mix.streams_asked("both.test")
    assert client.socket(extensions=OFFER).header("sec-websocket-extensions") == DEFLATE
    assert conversation(client.peer) == direct
    assert mix.streams_asked("both.test") == 1
    assert client.request("GET", "/").body == b"hello", "the connection goes on"
    client.close()


def test_w2_a_client_of_http1_and_an_origin_of_http2(mix, direct):
    mix.client2("only.test").close()  # the origin is known
    mix.streams_asked("only.test")
    client = SocketClient(mix.gateway, mix.origins["only.test"], mix.trust)
    assert client.open(extensions=OFFER).status == 101
    assert conversation(client.peer) == direct
    assert mix.streams_asked("only.test") == 1
    client.close()


def test_w2_not_offered_where_the_origin_does_not(mix, direct):
    client = SocketClient2(mix.gateway)
    assert not client.learns_of_sockets("old.test")
    browser = SocketClient(mix.gateway, mix.origins["old.test"], mix.trust)  # goes by HTTP/1.1 then
    assert browser.open(extensions=OFFER).status == 101
    assert conversation(browser.peer) == direct
    assert mix.streams_asked("old.test") == 0
    answer = client.socket()
    assert answer.reset == 1  # PROTOCOL_ERROR
    client.close()
    browser.close()


def test_w2_many_sockets_on_one_connection(mix):
    client = mix.client2()
    peers = []
    for i in range(10):
        assert client.socket().status == 200
        peers.append(client.peer)
        client.peer.say(f"socket {i}")
    for i, peer in reversed(list(enumerate(peers))):
        assert peer.hear() == ("text", f"socket {i}")
    client.close()


@pytest.mark.parametrize("piece", [1, 3, 10])
def test_w2_blocked_at_every_cut_of_the_frames_below(mix, piece):
    origin = mix.origins["both.test"]
    client = mix.client2()
    assert client.socket(extensions=OFFER).status == 200
    del origin.received2[:]
    heard = queue.Queue()
    origin.on_message = lambda peer, event: heard.put(event)  # and ends
    try:
        raw = frame(1, SECRET.encode())
        client.send(client.peer.sock.stream, raw, end=False, piece=piece)
        close = client.peer.hear()
        assert close[:2] == ("close", 1008) and "IBAN" in close[2]
        client.peer.shut(1008)
        assert client.peer.hear() == ("end",)
        assert heard.get(timeout=WAIT) == ("close", 1001, "")
    finally:
        origin.on_message = answer_to
    client.close()


def test_w2_ends_are_told_as_they_are(mix):
    origin = mix.origins["both.test"]
    client = mix.client2()
    assert client.socket().status == 200
    client.peer.drop()  # RST_STREAM
    assert origin.resets.get(timeout=WAIT).reset == 8  # CANCEL
    assert client.socket().status == 200
    stream = client.peer.sock.stream
    origin.on_message = lambda peer, event: peer.sock.request.cut(8) or True
    try:
        client.peer.say("hello")
        client.wait(stream)
        assert client.answers[stream].reset == 8 and not client.answers[stream].is_whole
    finally:
        origin.on_message = answer_to
    client.close()


@pytest.mark.parametrize("how, status", [
    ({"protocol": "webtransport"}, 501), ({"version": None}, 400), ({"version": "8"}, 400), ({"end": True}, 400),
    ({"extensions": "a;;b"}, 400), ({"path": "/chat?text=DE02120300000000202051"}, 403)])
def test_w2_what_opens_no_socket(mix, how, status):
    client = mix.client2()
    mix.streams_asked("both.test")
    assert client.socket(**how).status == status
    assert mix.streams_asked("both.test") == 0
    assert client.request("GET", "/").status == 200
    client.close()


def test_w2_an_origin_that_says_no_is_heard(mix):
    client = mix.client2("closed.test")
    answer = client.socket()
    assert answer.status == 403 and client.peer is None
    client.close()


def test_w2_a_drain_says_goodbye_on_streams_too(mix):
    """The last one here: it ends the gateway."""
    client = mix.client2()
    assert client.socket().status == 200
    mix.gateway.process.send_signal(signal.SIGTERM)
    client.peer.say("while there is time")
    assert client.peer.hear() == ("text", "while there is time")
    assert client.peer.hear() == ("close", 1001, "")
    client.peer.shut(1001)
    assert client.peer.hear() == ("end",)
    client.close()
