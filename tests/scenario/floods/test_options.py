# SPDX-License-Identifier: Apache-2.0
"""Every ceiling is an option: with small values each is reached soon."""
import socket

import h2.exceptions
import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2, raw_frame
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
MORE = """limit:
  streams: 5
  stream_window: 16KiB
  origins: 2
  glitches: 100
  glitches_per_second: 1
  body_rate: 0
  tunnel_idle: 20s
  body_memory: 64KiB
  body_max: 1MiB
  spool: 1MiB
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("options")
    authority = Authority(folder)
    origin = Origin("echo.test", authority.leaf(["echo.test"]), echo)
    site = Origin("site.test", authority.leaf(["site.test"]))
    unread = socket.create_server(("127.0.0.1", 0))
    with Gateway(folder / "gateway", [origin, site], [POLICY], trust=authority.path, more=MORE,
                 hosts={"unread.example": "127.0.0.1:%d" % unread.getsockname()[1]}) as gateway:
        yield gateway, site, unread
    unread.close()
    origin.close()
    site.close()


def opened(gateway, host="echo.test"):
    client = Client2(gateway)
    assert client.open(host) == "h2"
    return client


def test_streams_and_their_window(house):
    client = opened(house[0])
    client.wait(until=lambda: client.h2.remote_settings.max_concurrent_streams == 5)
    assert client.h2.remote_settings.initial_window_size == 16384
    assert client.request("POST", "/post", [("content-type", "text/plain")], b"a" * 60_000).body == b"a" * 60_000
    client.close()


def test_origins(house):
    """Five streams, two connections: the others wait until one of them is free."""
    gateway, site, _ = house
    client, known = opened(gateway, "site.test"), len(site.readers)
    streams = [client.start("GET", f"/{number}") for number in range(5)]
    first = {site.gets().target, site.gets().target}
    assert site.requests.empty() and len(first) == 2
    for _ in streams:
        site.sends("200 OK", [], b"x")
    client.wait(*streams)
    assert all(client.answers[stream].status == 200 for stream in streams)
    assert len(site.readers) - known <= 2
    client.close()


def test_glitches(house):
    gateway, client = house[0], opened(house[0])
    before = gateway.count("http2_ended")
    try:
        client.sock.sendall(raw_frame(6, 0, 0, b"12345678") * 300)
        client.wait(until=lambda: client.ended)
    except (OSError, h2.exceptions.ProtocolError):
        pass
    client.close()
    assert gateway.wait_count("http2_ended", before + 1) == before + 1


def test_no_rate_but_a_pause(house):
    client = Client(house[0])
    client.open("echo.test")
    client.write(b"POST / HTTP/1.1\r\nHost: echo.test\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n")
    for byte in b"hello":
        client.write(bytes([byte]))
        house[0].count("requests")  # the worker has been round
        house[0].clock(50)
    client.write(b"!")
    assert client.get().body == b"hello!"
    client.close()


def test_a_full_spool_is_a_verdict(house):
    """Not held means not sent by default; what is held goes on, and makes room when it is gone."""
    gateway, _, _ = house
    body, first, second = b"nothing to see here; " * 30_000, Client(gateway), Client(gateway)
    for client in (first, second):
        client.open("echo.test")
    before = gateway.count("spool_refused")
    head = b"POST / HTTP/1.1\r\nHost: echo.test\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
    first.write(head + body[:-1])
    assert gateway.wait_count("spool", len(body)) >= len(body)
    second.write(head + body)
    assert second.get().status == 413 and gateway.count("spool_refused") == before + 1
    first.write(body[-1:])
    assert first.get().status == 200
    assert settles(lambda: gateway.count("spool"), lambda held: held == 0) == 0
    second.open("echo.test")
    assert second.request("POST", "/", [("Content-Type", "text/plain")], body).status == 200
    for client in (first, second):
        client.close()


def test_a_silent_tunnel_ends(house):
    gateway, _, unread = house
    client = Client(gateway)
    assert client.tunnel("unread.example").status == 200
    server, _ = unread.accept()
    server.sendall(b"220 hello\r\n")
    gateway.clock(2)  # the client is silent: the server speaks first
    assert client.sock.recv(100) == b"220 hello\r\n"
    gateway.clock(15)
    client.sock.sendall(b"EHLO\r\n")
    assert server.recv(100) == b"EHLO\r\n"
    gateway.clock(15)
    server.sendall(b"250\r\n")
    assert client.sock.recv(100) == b"250\r\n"
    gateway.clock(21)
    assert client.sock.recv(100) == b""
    client.close()
    server.close()
