# SPDX-License-Identifier: Apache-2.0
"""O8: a connection that was brought here, without a name, with an address for one, over IPv6, with names that differ, and
with names that lie: whatever is said, no byte goes to an address that the name does not have."""
import socket
import ssl
import threading

import pytest

from conftest import House
from stoa_test import wire
from stoa_test.client import Client
from stoa_test.origin import WAIT
from stoa_test.ways import BROUGHT


@pytest.fixture(scope="module", params=BROUGHT)
def brought(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("brought"), request.param, names={"inside.example": "10.1.2.3"})
    with house.gateway:
        house.dns.names["loop.example"] = house.gateway.door.loop
        house.dns.names["own.example"] = house.gateway.door.address
        yield house
    house.close()


class Witness:
    """Listens at an address that clients are brought away from, and says what came."""

    def __init__(self, address, port):
        self.listener, self.seen = socket.create_server((address, port)), bytearray()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                sock.settimeout(WAIT)
                self.seen += sock.recv(1 << 16)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # else the thread that accepts keeps the port
        self.listener.close()


class Ended:
    """An end of either kind."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return kind is not None and issubclass(kind, ConnectionError)


def nameless():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_o8_without_a_name_the_refusal_is_a_page(brought):
    before = brought.gateway.count("unnamed_refused")
    client = Client(brought.gateway)
    client.tunnel("x.test")
    client.sock = nameless().wrap_socket(client.sock)
    client.reader.sock = client.sock
    assert client.request("GET", "/", host=brought.gateway.door.address).status == 403
    client.close()
    assert brought.gateway.count("unnamed_refused") == before + 1


def test_o8_an_address_is_no_name(brought):
    client = Client(brought.gateway)
    client.tunnel("x.test")
    client.sock = nameless().wrap_socket(client.sock, server_hostname=brought.gateway.door.address)
    client.reader.sock = client.sock
    assert client.request("GET", "/", host=brought.gateway.door.address).status == 403
    client.close()


def test_o8_over_ipv6(brought):
    client = Client(brought.gateway)
    context = ssl.create_default_context(cafile=str(brought.gateway.ca))
    client.sock = context.wrap_socket(client.dial((brought.gateway.door.address6, 443)), server_hostname="echo.test")
    client.host, client.reader = "echo.test", wire.Reader(client.sock)
    assert client.request("GET", "/").body == b"hello"
    client.close()


def test_o8_host_and_server_name_differ(brought):
    client = brought.client("echo.test")
    assert client.request("GET", "/", host="other.test").status == 421
    client.close()
    clear = Client(brought.gateway)
    clear.plain("plain.test")
    clear.write(b"GET http://plain.test/ HTTP/1.1\r\nHost: echo.test\r\n\r\n")
    assert clear.get().status == 421
    clear.close()


def test_o8_another_port_in_host_is_another_place(brought):
    clear = Client(brought.gateway)
    clear.plain("plain.test")
    assert clear.request("GET", "/", host="plain.test:8080").status == 421
    clear.close()


@pytest.mark.parametrize("name", ["echo.test", "pass.example"])
def test_a_name_that_lies_carries_nothing_to_the_address(brought, name):
    witness = Witness(brought.gateway.door.address, 443)
    trust = None if name == "echo.test" else brought.authority.path
    client = brought.client(name, trust=trust)
    assert client.request("POST", "/", body=b"where am I").status == 200
    client.close()
    assert witness.seen == b""
    witness.close()


def test_the_address_is_taken_when_the_name_has_it(brought):
    witness = Witness(brought.gateway.door.address, 80)
    clear = Client(brought.gateway)
    clear.plain("own.example")
    assert clear.request("GET", "/").status == 502  # it took the request and answered nothing
    clear.close()
    assert b"GET / HTTP/1.1" in witness.seen
    witness.close()


def test_a_forged_host_opens_no_internal_address(brought):
    clear = Client(brought.gateway)
    clear.plain("inside.example")
    assert clear.request("GET", "/").status == 403
    clear.close()
    assert "inside.example" in brought.dns.asked


def test_our_own_connection_that_comes_back_isEnded(brought):
    clear = Client(brought.gateway)
    clear.sock, clear.host = clear.dial((brought.gateway.door.loop, 80)), "loop.example"
    clear.reader = wire.Reader(clear.sock)
    assert clear.request("GET", "/").status == 502
    clear.close()
    assert brought.gateway.count("loops") == 1


def test_a_connection_that_nobody_brought_isEnded(brought):
    before = brought.gateway.count("loops")
    client = Client(brought.gateway)
    with client.dial(("127.0.0.1", brought.gateway.door_port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: plain.test\r\n\r\n")
        with Ended():
            assert sock.recv(1) == b""
    assert brought.gateway.count("loops") == before + 1


def test_connect_has_no_place_here(brought):
    clear = Client(brought.gateway)
    clear.plain("plain.test")
    clear.write(b"CONNECT echo.test:443 HTTP/1.1\r\nHost: echo.test:443\r\n\r\n")
    assert clear.get().status == 400
    clear.close()


def test_what_is_unnamed_and_unknown_isEnded_in_time(brought):
    client = Client(brought.gateway)
    for first in (b"SSH-2.0-x\r\n", b""):
        client.tunnel("x.test", 22)
        client.sock.sendall(first)
        with Ended():
            assert client.sock.recv(1) == b""
        client.close()
