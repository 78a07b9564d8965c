# SPDX-License-Identifier: Apache-2.0
"""The same exchange over each way in, H1 (hellos in any pieces) and H3's page in the tunnel."""
import socket

import pytest

from conftest import Cut
from stoa_test import wire
from stoa_test.client import Client
from stoa_test.client2 import Client2

CARD = b"my card 4111 1111 1111 1111"


def test_an_exchange_in_each_protocol(house):
    one = house.client()
    reply = one.request("POST", "/", [("Content-Type", "text/plain")], b"hello there")
    assert (reply.status, reply.body) == (200, b"hello there")
    two = Client2(house.gateway)
    assert two.open("echo.test") == "h2"
    assert two.request("GET", "/").status == 200
    clear = Client(house.gateway)
    clear.plain("plain.test")
    for _ in range(2):  # and on the same connection
        assert clear.request("GET", "http://plain.test/x").body == b"hello"
    for client in (one, two, clear):
        client.close()
    assert house.echo.names[-1] == "echo.test"


def test_what_is_blocked_stays(house):
    client = house.client()
    assert client.request("POST", "/", [("Content-Type", "text/plain")], CARD).status == 403
    client.close()
    clear = Client(house.gateway)
    clear.plain("plain.test")
    assert clear.request("POST", "http://plain.test/", [("Content-Type", "text/plain")], CARD).status == 403
    clear.close()
    assert b"4111" not in house.echo.received() + house.plain.received()


def answer(house, pieces, make=lambda client: Cut(client, "echo.test")):
    """A handshake whose hello goes out in pieces, and one exchange after it."""
    client = Client(house.gateway)
    assert client.tunnel("echo.test").status == 200
    cut = make(client)
    for piece in pieces(cut.hello):
        client.sock.sendall(piece)
    cut.finish()
    client.sock, client.reader = cut, wire.Reader(cut)
    reply = client.request("GET", "/")
    cut.sock.close()
    return reply.status


def records(hello, count):
    """The same handshake message in that many records."""
    message = hello[5:]
    size = -(-len(message) // count)
    parts = [message[i:i + size] for i in range(0, len(message), size)]
    return b"".join(hello[:3] + len(part).to_bytes(2, "big") + part for part in parts)


def test_h1_a_hello_cut_anywhere(house):
    """Every byte is done in unit/gateway/hello; here the real connection, at each border and a spread of others."""
    probe = Client(house.gateway)
    probe.tunnel("echo.test")
    length = len(Cut(probe, "echo.test").hello)
    probe.close()
    for at in sorted({1, 2, 3, 4, 5, 6, 9, 10, 11, length - 1, *range(17, length, 29)}):
        assert answer(house, lambda hello: (hello[:at], hello[at:])) == 200, at
    assert answer(house, lambda hello: [bytes([byte]) for byte in hello]) == 200


def test_h1_a_hello_in_records(house):
    for count in range(2, 9):
        assert answer(house, lambda hello: [records(hello, count)]) == 200, count


def test_h1_a_hello_of_16_kilobytes(house):
    many = ["http/1.1", *(f"{i:0>50}" for i in range(310))]

    def long(client):
        cut = Cut(client, "echo.test", many)
        assert len(cut.hello) > 16000
        return cut
    assert answer(house, lambda hello: [hello], long) == 200
    assert answer(house, lambda hello: [hello[i:i + 1000] for i in range(0, len(hello), 1000)], long) == 200


@pytest.mark.parametrize("first", [b"\x16\x03\x01\x40\x01\x01" + b"\0" * 32, b"\x16\x03\x01\x00\x00", b"\x16\x03\x09"])
def test_what_breaks_the_format_goes_nowhere(house, first):
    client = Client(house.gateway)
    client.tunnel("echo.test")
    before = house.echo.requests.qsize()
    client.sock.sendall(first)
    client.sock.shutdown(socket.SHUT_WR)
    assert client.sock.recv(1) == b""
    client.close()
    assert house.echo.requests.qsize() == before
