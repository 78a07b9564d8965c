# SPDX-License-Identifier: Apache-2.0
"""W2: WebSockets over HTTP/2 (RFC 8441), offered only where the origin offers them, and translated where it must be."""
import h2.settings
import pytest

from stoa_test.sockets import KEY, accept_of, frame
from stoa_test.ways import BOTH

pytestmark = BOTH

CONNECT = h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL
IBAN = b"pay DE02 1203 0000 0000 2020 51 now"


def opens(request):
    """The origin's side: a socket that says everything twice."""
    request.head(200)


def says(request, data):
    if data:
        request.send(frame(1, b"twice", mask=None))


def ask_twice(client):
    """The second request begins when the origin's settings have come, wherever the gateway's own went out before."""
    for _ in range(2):
        assert client.request("GET", "/").status == 200


def is_offered(client):
    ask_twice(client)
    client.wait(until=lambda: client.h2.remote_settings.get(CONNECT) == 1)


def connect(client, host="sockets.test"):
    return client.start("CONNECT", "/chat", raw=[
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"),
        (":authority", host), ("sec-websocket-version", "13"), ("origin", "https://sockets.test")], end=False)


def settings_came(client):
    client.wait(until=lambda: client.h2.remote_settings.get(h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS, 0) == 100)
    return client.h2.remote_settings[CONNECT]


def test_W2_offered_as_the_origin_does(house):
    with_sockets, without = house.client("sockets.test"), house.client()
    is_offered(with_sockets)
    ask_twice(without)
    assert settings_came(without) == 0
    with_sockets.close()
    without.close()


def test_W2_from_end_to_end(house):
    site, client = house.sockets.calm(), house.client("sockets.test")
    site.on_head, site.on_data, site.on_end = opens, says, lambda request: request.send(b"", [])
    stream = connect(client)
    client.wait(until=lambda: client.answers[stream].status == 200)
    got = site.begins()
    assert got.header(":method") == "CONNECT" and got.header(":protocol") == "websocket" and got.path == "/chat"
    assert not [name for name, _ in got.fields if name in ("sec-websocket-key", "upgrade", "connection")]
    client.send(stream, frame(1, b"hello"), end=False)
    client.wait(until=lambda: client.answers[stream].body == frame(1, b"twice", mask=None))
    client.close()


@pytest.mark.parametrize("piece", [1, 7])
def test_W3_what_is_blocked_never_leaves(house, piece):
    site, client = house.sockets.calm(), house.client("sockets.test")
    site.on_head, site.on_end = opens, lambda request: None
    before = len(site.received2)
    stream = connect(client)
    client.wait(until=lambda: client.answers[stream].status == 200)
    message = frame(1, IBAN, mask=b"\0\0\0\0")
    for at in range(0, len(message), piece):
        client.send(stream, message[at:at + piece], end=False)
    client.wait(until=lambda: b"\x03\xf0" in client.answers[stream].body)  # 1008
    assert b"2020 51" not in b"".join(site.received2[before:])
    client.close()


def test_W2_from_http1_to_an_origin_that_insists(house):
    """It is the first request of a session, whose settings are not there yet."""
    house.gateway.clock(61)  # no other session is left
    client, site = house.client1("insists.test"), house.insists.calm()
    site.on_head, site.on_data, site.on_end = opens, says, lambda request: None
    client.write(b"GET /chat HTTP/1.1\r\nHost: insists.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n\r\n")
    reply = client.reader.head()
    assert reply.status == 101 and reply.header("sec-websocket-accept") == accept_of(KEY)
    assert site.begins().header(":protocol") == "websocket"
    client.write(frame(1, b"hello"))
    want = frame(1, b"twice", mask=None)
    assert client.reader.take(len(want)) == want
    site.calm()
    client.close()


def test_W2_a_refused_handshake_is_told(house):
    site, client = house.sockets.calm(), house.client("sockets.test")
    is_offered(client)
    site.on_head = lambda request: request.head(403, [("x-why", "no")], end=True)
    site.on_end = lambda request: None
    stream = connect(client)
    assert client.wait(stream).status == 403 and client.answers[stream].header("x-why") == "no"
    client.close()


def test_F9_a_handshake_with_a_length_is_refused(house):
    """An origin that believes it takes the beginning of a frame for a body."""
    site, client = house.sockets.calm(), house.client("sockets.test", validate=False)
    is_offered(client)
    site.calm()
    stream = client.start("CONNECT", "/chat", raw=[
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"),
        (":authority", "sockets.test"), ("sec-websocket-version", "13"), ("content-length", "5")], end=False)
    assert client.wait(stream).status == 400
    assert site.heads.empty(), "the origin was asked"
    client.close()
