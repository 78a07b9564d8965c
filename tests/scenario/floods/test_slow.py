# SPDX-License-Identifier: Apache-2.0
"""Slow clients and slow origins: every wait has a deadline, and none of them keeps others from being served."""
import ssl

import pytest

from stoa_test.client import Client
from stoa_test.wire import Closed

MIB = 1 << 20
HEAD = b"POST /slow HTTP/1.1\r\nHost: echo.test\r\nContent-Type: text/plain\r\n"
HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(100)


def ends(client):
    """The gateway ends the connection; whatever it still says."""
    try:
        while client.sock.recv(65536):
            pass
    except OSError:
        pass
    return True


def fill(house, sock):
    """Sends until nothing more is taken, though the worker has been round three times; answers how much that was."""
    sent, rounds = 0, 0
    sock.settimeout(0)
    while rounds < 3 and sent < 64 * MIB:
        try:
            sent, rounds = sent + sock.send(bytes(16384)), 0
        except ssl.SSLWantWriteError:
            house.gateway.facts()
            rounds += 1
    return sent


def test_slow_heads_are_answered_408(house):
    before, held = house.gateway.count("slow_clients"), [house.client() for _ in range(40)]
    for client in held:
        client.write(b"GET /slow HTTP/1.1\r\nHost: echo.test\r\nX-A: ")
    assert house.is_well()
    house.gateway.clock(31)
    for client in held:
        assert client.get().status == 408
        client.close()
    assert house.gateway.wait_count("slow_clients", before + len(held)) == before + len(held)


def test_a_body_that_drips_is_ended_though_no_pause_is_long(house):
    before = house.gateway.count("slow_clients")
    client = house.client()
    client.write(HEAD + b"Content-Length: 100000\r\n\r\na")
    received = house.echo.received()
    for number in range(3):
        house.gateway.count("requests")  # the worker has been round
        client.write(b"b")
        house.gateway.clock(30 + number)
    assert client.get().status == 408
    assert house.gateway.wait_count("slow_clients", before + 1) == before + 1
    assert house.echo.received() == received
    client.close()


def test_a_slow_but_honest_body_arrives(house):
    client, body = house.client(), b"a piece of text " * 6250
    client.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
    for at in range(0, len(body), 25_000):
        client.write(body[at:at + 25_000])
        house.gateway.count("requests")
        house.gateway.clock(20)
    assert client.get().status == 200
    client.close()


def test_a_pause_in_a_body_has_its_limit(house):
    client = house.client()
    client.write(HEAD + b"Content-Length: 100000\r\n\r\n" + b"a" * 90_000)
    house.gateway.count("requests")
    house.gateway.clock(61)
    assert client.get().status == 408
    client.close()


def test_S5_a_reader_that_stops_holds_little_and_is_cut(house):
    """A slow client and a fast origin: what waits has a ceiling, and so has the wait."""
    before, readers, held = house.memory(), house.gateway.count("slow_readers"), []
    for _ in range(4):
        client = house.client("much.test")
        client.send("GET", "/most")
        assert client.sock.recv(1)
        held.append(client)
    assert house.is_well()
    assert house.memory() - before < len(held) * 2 * MIB
    house.gateway.clock(301)
    assert house.gateway.wait_count("slow_readers", readers + len(held)) == readers + len(held)
    for client in held:
        with pytest.raises((Closed, OSError)):
            client.get()
        client.close()


def test_S5_a_fast_client_waits_for_a_slow_origin(house):
    """What streams to an origin that does not read holds little: a login is forwarded unread, as it comes."""
    before, late, client = house.memory(), house.gateway.count("slow_origins"), house.client("deaf.test")
    client.write(b"POST /users/sign_in HTTP/1.1\r\nHost: deaf.test\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
    peer = house.deaf.peer()
    assert fill(house, client.sock) < 64 * MIB
    assert house.memory() - before < 4 * MIB
    assert house.is_well()
    house.gateway.clock(301)
    assert house.gateway.wait_count("slow_origins", late + 1) == late + 1
    peer.close()
    client.close()


def test_half_a_hello_is_ended(house):
    client = Client(house.gateway)
    assert client.tunnel("echo.test").status == 200
    client.write(HELLO)
    house.gateway.count("requests")
    house.gateway.clock(11)
    assert ends(client)
    client.close()


def test_silence_in_a_tunnel_is_ended(house):
    client = Client(house.gateway)
    assert client.tunnel("echo.test").status == 200
    house.gateway.clock(5)
    assert ends(client)
    client.close()


def test_an_origin_that_is_silent_is_given_up(house):
    before, client = house.gateway.count("slow_origins"), house.client("silent.test")
    client.send("GET", "/never")
    house.silent.gets()
    house.gateway.clock(301)
    assert client.get().status == 504
    assert house.gateway.count("slow_origins") == before + 1
    client.close()


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_MUCH = {
    "chunk extensions without end": (CHUNKED + b"1;" + b"a" * 100_000, 431),
    "many chunk extensions": (CHUNKED + (b"1;" + b"a" * 900 + b"\r\na\r\n") * 50, 400),
    "a head without end": (b"GET / HTTP/1.1\r\nHost: echo.test\r\nX-A: " + b"a" * 200_000, 431),
    "a target without end": (b"GET /" + b"a" * 200_000, 414),
    "many fields": (b"GET / HTTP/1.1\r\nHost: echo.test\r\n" + b"A: b\r\n" * 5000 + b"\r\n", 431),
    "many empty lines": (b"\r\n" * 100_000, 400),
    "trailers without end": (CHUNKED + b"0\r\nX-A: " + b"a" * 200_000, 431),
    "many trailers": (CHUNKED + b"0\r\n" + b"A: b\r\n" * 5000 + b"\r\n", 431),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_has_no_end_is_refused(house, what):
    message, status = TOO_MUCH[what]
    before, client = house.echo.received(), house.client()
    try:
        client.write(message)
    except OSError:
        pass  # it has answered and closed
    try:
        assert client.get().status == status
    except (Closed, OSError):
        pass  # the answer may be lost in a reset: more came than was read
    client.close()
    assert house.echo.received() == before
    assert house.is_well()
