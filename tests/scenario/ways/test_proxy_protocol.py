# SPDX-License-Identifier: Apache-2.0
"""PROXY protocol: the client is whom a trusted balancer names; nobody else is who he says he is."""
import socket
import ssl
import struct

import pytest

from conftest import House
from stoa_test import wire
from stoa_test.client import Client
from stoa_test.gateway import free_port

BALANCER = "127.0.0.9"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(source, to="198.51.100.1", port=443):
    return f"PROXY TCP4 {source} {to} 40000 {port}\r\n".encode()


def v2(source, tlvs=b"", command=0x21):
    block = socket.inet_aton(source) + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 40000, 443) + tlvs
    return SIGNATURE + bytes([command, 0x11]) + struct.pack(">H", len(block)) + block


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    ports = free_port(), free_port()
    house = House(tmp_path_factory.mktemp("balanced"), "explicit", listen="\n".join([
        f'  - {{ address: "127.0.0.1:{ports[0]}", proxy_protocol: [{BALANCER}] }}',
        f'  - {{ address: "127.0.0.1:{ports[1]}", kind: transparent, proxy_protocol: {BALANCER} }}']))
    house.ports = ports
    with house.gateway:
        yield house
    house.close()


def connect(house, header, source=BALANCER, port=0, pieces=None):
    client = Client(house.gateway, source)
    client.sock, client.host = client.dial(("127.0.0.1", house.ports[port])), "plain.test"
    client.reader = wire.Reader(client.sock)
    for piece in pieces or [header]:
        client.sock.sendall(piece)
    return client


def post_card(client):
    return client.request("POST", "http://plain.test/", [("Content-Type", "text/plain")], b"4111 1111 1111 1111").status


@pytest.mark.parametrize("header,person", [
    (v1("127.0.0.3"), "ben"), (v2("127.0.0.4"), "cora"), (v2("127.0.0.2", b"\x02\0\4host"), "ana"),
    (b"PROXY UNKNOWN\r\n", BALANCER), (v2("127.0.0.4", command=0x20), BALANCER),
])
def test_the_client_is_whom_the_header_names(balanced, header, person):
    before = len(balanced.gateway.records("decision"))
    client = connect(balanced, header)
    assert post_card(client) == 403
    client.close()
    balanced.gateway.wait_records(before + 1, "decision")
    assert [one for one in balanced.gateway.opened(person) if one["kind"] == "decision"]


def test_a_header_byte_by_byte(balanced):
    for header in (v1("127.0.0.3"), v2("127.0.0.3")):
        client = connect(balanced, header, pieces=[bytes([byte]) for byte in header])
        assert client.request("GET", "http://plain.test/").status == 200
        client.close()


@pytest.mark.parametrize("source,first", [
    ("127.0.0.1", v1("127.0.0.3")), ("127.0.0.1", b""), (BALANCER, b"GET http://plain.test/ HTTP/1.1\r\n\r\n"),
    (BALANCER, b"PROXY TCP4 127.0.0.3 127.0.0.1 1\r\n"), (BALANCER, SIGNATURE + b"\x21\x31\0\1/"),
    (BALANCER, b"PROXY TCP4 " + b"1" * 200),
])
def test_everything_else_is_ended(balanced, source, first):
    before = balanced.gateway.count("proxy_refused")
    client = connect(balanced, first, source)
    try:
        assert client.sock.recv(1) == b""
    except ConnectionError:
        pass
    client.close()
    assert balanced.gateway.wait_count("proxy_refused", before + 1) == before + 1


def test_a_header_that_does_not_come_has_a_deadline(balanced):
    before = balanced.gateway.count("proxy_refused")
    client = connect(balanced, b"PROXY TC")
    balanced.gateway.wait_count("connections", 1)
    balanced.gateway.clock(11)
    assert client.sock.recv(1) == b""
    client.close()
    assert balanced.gateway.count("proxy_refused") == before + 1


def test_the_header_tells_a_transparent_listener_where_to_go(balanced):
    client = connect(balanced, v1("127.0.0.3"), port=1)
    context = ssl.create_default_context(cafile=str(balanced.gateway.ca))
    client.sock = context.wrap_socket(client.sock, server_hostname="echo.test")
    client.reader = wire.Reader(client.sock)
    assert client.request("GET", "/", host="echo.test").body == b"hello"
    client.close()
