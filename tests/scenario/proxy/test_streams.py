# SPDX-License-Identifier: Apache-2.0
"""Streaming, framing and limits on opened connections: what a browser would notice, or a memory graph."""
import hashlib
import os
import signal
import socket
import ssl
import threading

import pytest

from stoa_test import wire
from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT, Origin, echo
from stoa_test.pki import Authority
from stoa_test.ways import BOTH, WAYS

pytestmark = BOTH
EXPLICIT = pytest.mark.ways(*WAYS[:1])  # what only who asks a proxy can say

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
MORE = "limit:\n  body_memory: 64KiB\n  body_max: 4MiB\n"


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("streams")
    authority = Authority(folder)
    site = Origin("site.test", authority.leaf(["site.test"]))
    other = Origin("other.test", authority.leaf(["other.test"]), echo)
    plain = Origin("plain.test")
    with Gateway(folder / "gateway", [site, other, plain], [POLICY], trust=authority.path, more=MORE,
                 way=request.param, hosts={"greets.example": "127.0.0.1"}) as gateway:
        yield gateway, site, plain
    for origin in (site, other, plain):
        origin.close()


def opened(house):
    client = Client(house[0])
    client.open("site.test")
    return client


def fresh(house):
    """The site without what an earlier test left over."""
    site = house[1]
    for waiting in (site.requests, site.answers):
        while not waiting.empty():
            waiting.get()
    return site


def test_events_arrive_one_by_one(house):
    site, client = fresh(house), opened(house)
    gate = [threading.Event() for _ in range(4)]

    def events(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in gate:
            event.wait(3 * WAIT)
            sock.sendall(b"9\r\ndata: x\n\n\r\n")
        sock.sendall(b"0\r\n\r\n")

    client.send("GET", "/events")
    site.sends(raw=events)
    seen = b""
    while b"\r\n\r\n" not in seen:  # the head comes before the first event
        seen += client.sock.recv(65536)
    assert seen.startswith(b"HTTP/1.1 200"), seen
    for number, event in enumerate(gate, 1):
        event.set()  # the next one is sent when this one has arrived
        while seen.count(b"data: x") < number:
            seen += client.sock.recv(65536)
    client.close()


def test_F5_a_thousand_requests_on_one_connection(house):
    client = Client(house[0])
    client.open("other.test")
    for number in range(1000):
        reply = client.request("POST", "/echo", body=b"number %d" % number)
        assert reply.status == 200 and reply.body == b"number %d" % number
    client.close()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1_000_000, 4_194_304])
@pytest.mark.parametrize("chunks", [0, 7000])
def test_a_held_body_arrives_whole(house, size, chunks):
    site, client = fresh(house), opened(house)
    body = (b"nothing to see here, move along; " * (size // 33 + 1))[:size]
    site.sends("200 OK", [("Content-Type", "text/plain")], b"taken")
    reply = client.request("POST", "/post", [("Content-Type", "text/plain")], body, chunks=chunks)
    assert reply.status == 200, reply.body
    got = site.gets()
    assert hashlib.sha256(got.body).digest() == hashlib.sha256(body).digest()
    assert (got.header("transfer-encoding") is not None) == bool(chunks)
    client.close()


@pytest.mark.parametrize("where", [0, 65530, 300_000, 999_960])
def test_a_secret_in_a_spooled_body_is_found(house, where):
    site, client = fresh(house), opened(house)
    body = bytearray((b"nothing to see here, move along; " * 31000)[:1_000_000])
    body[where:where + 40] = b" pay DE02 1203 0000 0000 2020 51 please "
    reply = client.request("POST", "/post", [("Content-Type", "text/plain")], bytes(body))
    assert reply.status == 403
    assert site.requests.empty()
    client.close()


def test_what_is_too_large_is_refused_before_it_is_read(house):
    site, client = fresh(house), opened(house)
    client.write(b"POST /post HTTP/1.1\r\nHost: site.test\r\nContent-Type: text/plain\r\nContent-Length: 99999999\r\n\r\n")
    reply = client.get()
    assert reply.status == 413, reply.start
    assert site.requests.empty()
    client.close()


def test_too_large_in_chunks(house):
    site, client = fresh(house), opened(house)
    client.write(b"POST /post HTTP/1.1\r\nHost: site.test\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        for _ in range(80):
            client.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except OSError:
        pass  # the gateway has answered and closed
    assert client.get().status == 413
    assert site.requests.empty()
    client.close()


def test_S5_a_large_answer_at_the_readers_pace(house):
    site, client, stopped = fresh(house), opened(house), threading.Event()
    block = os.urandom(65536)

    def much(sock):
        """Sends until nothing more is taken, says so, and sends the rest."""
        rest = memoryview(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(block) * 400) + block * 400)
        sock.settimeout(0)
        try:
            while rest:
                rest = rest[sock.send(rest[:16384]):]
        except ssl.SSLWantWriteError:
            stopped.set()
        sock.settimeout(WAIT)
        while rest:
            rest = rest[sock.send(rest[:16384]):]

    client.send("GET", "/much")
    site.sends(raw=much)
    assert stopped.wait(WAIT), "nobody reads, and the gateway takes all of it"
    reply = client.get()
    assert reply.status == 200
    assert hashlib.sha256(reply.body).digest() == hashlib.sha256(block * 400).digest()
    client.close()


def test_F3_F4_early_hints_and_trailers(house):
    site, client = fresh(house), opened(house)
    site.sends(raw=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                   b"Trailer: X-Sum\r\n\r\n3;ext=1\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
    client.send("GET", "/hints")
    seen = b""
    while not seen.endswith(b"X-Sum: 7\r\n\r\n"):
        piece = client.sock.recv(65536)
        assert piece, seen
        seen += piece
    assert seen.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"), seen
    assert b"\r\n3\r\nabc\r\n0\r\n" in seen, seen
    client.close()


def test_until_close_is_whole(house):
    site, client = fresh(house), opened(house)

    def answer(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        sock.close()

    client.send("GET", "/close")
    site.sends(raw=answer)
    seen = b""
    while True:
        piece = client.sock.recv(65536)
        if not piece:
            break
        seen += piece
    assert seen.endswith(b"\r\n\r\nuntil the end"), seen
    client.close()


def test_a_cut_answer_is_cut(house):
    site, client = fresh(house), opened(house)

    def answer(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        sock.close()

    client.send("GET", "/cut")
    site.sends(raw=answer)
    with pytest.raises((wire.Closed, OSError)):
        client.get()
    client.close()


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"",
])
def test_a_broken_answer_is_a_page(house, answer):
    site, client = fresh(house), opened(house)

    def reply(sock):
        sock.sendall(answer)
        sock.close()

    client.send("POST", "/broken", body=b"x")  # no second try for a POST
    site.sends(raw=reply)
    assert client.get().status == 502
    client.close()


@EXPLICIT
def test_http_1_0_and_absolute_form(house):
    gateway, _, plain = house
    client = Client(gateway)
    client.plain("plain.test")
    plain.sends("200 OK", [("Content-Type", "text/plain")], b"old")
    client.write(b"GET http://plain.test/x HTTP/1.0\r\nX: y\r\n\r\n")
    got = plain.gets()
    assert got.start.startswith("GET /x HTTP/1.1") and got.header("host") == "plain.test"
    assert client.get().body == b"old"
    client.close()


def test_a_host_that_is_not_the_tunnels(house):
    site, client = fresh(house), opened(house)
    reply = client.request("GET", "/", host="other.test")
    assert reply.status == 421
    assert site.requests.empty()
    client.close()


@EXPLICIT
def test_a_direct_request_is_explained(house):
    client = Client(house[0])
    client.plain("x")
    reply = client.request("GET", "/")
    assert reply.status == 400 and b"proxy" in reply.body
    client.close()


@EXPLICIT
def test_plain_http_in_a_tunnel_to_an_opened_host(house):
    client = Client(house[0])
    client.tunnel("site.test")
    client.write(b"POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 1\r\n\r\nx")
    assert client.get().status == 403
    client.close()


@EXPLICIT
def test_a_server_that_speaks_first_on_a_passed_host(house):
    gateway = house[0]
    listener = socket.create_server(("127.0.0.1", 0))

    def greet():
        sock, _ = listener.accept()
        sock.sendall(b"220 hello\r\n")
        sock.recv(100)
        sock.close()

    threading.Thread(target=greet, daemon=True).start()
    client = Client(gateway)
    client.tunnel("greets.example", listener.getsockname()[1])
    assert client.sock.recv(100) == b"220 hello\r\n"
    client.close()
    listener.close()


def test_a_fetch_gets_json_and_may_read_it(house):
    client = opened(house)
    reply = client.request("POST", "/api", [("Content-Type", "text/plain"), ("Sec-Fetch-Mode", "cors"),
                                            ("Sec-Fetch-Site", "same-site"), ("Origin", "https://www.site.test")],
                           b"DE02 1203 0000 0000 2020 51")
    assert reply.status == 403 and reply.header("access-control-allow-origin") == "https://www.site.test"
    assert b"2020 51" not in reply.body
    reply = client.request("POST", "/api", [("Content-Type", "text/plain"), ("Sec-Fetch-Mode", "cors"),
                                            ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")],
                           b"DE02 1203 0000 0000 2020 51")
    assert reply.header("access-control-allow-origin") is None
    client.close()


def test_connections_to_the_origin_are_used_again(house):
    site = fresh(house)
    names = len(site.names)
    for _ in range(5):
        client = opened(house)
        site.sends("200 OK", [], b"x")
        assert client.request("GET", "/again").status == 200
        client.close()
    assert len(site.names) - names <= 1  # one handshake at most


def test_a_post_meets_no_connection_that_ended_in_the_same_moment(house):
    """Nobody may send it twice. While the worker stands still the next post comes, and then the connection's end."""
    site, client, leaves, left = fresh(house), opened(house), threading.Event(), threading.Event()
    worker, = house[0].children("worker")

    def answer(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        leaves.wait(WAIT)
        sock.close()
        left.set()

    site.sends(raw=answer)
    assert client.request("POST", "/one", body=b"1").body == b"a"
    os.kill(worker, signal.SIGSTOP)
    try:
        client.send("POST", "/two", body=b"2")
        leaves.set()
        assert left.wait(WAIT)
    finally:
        os.kill(worker, signal.SIGCONT)
    site.sends("200 OK", [], b"b")
    assert client.get().body == b"b"
    assert [site.gets().body, site.gets().body] == [b"1", b"2"]
    client.close()


def test_an_idle_connection_that_the_origin_closed_is_replaced(house):
    site, client, closed = fresh(house), opened(house), threading.Event()
    site.sends(raw=lambda sock: (sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), sock.close(),
                                 closed.set()))
    assert client.request("GET", "/one").body == b"a"
    assert closed.wait(WAIT)
    site.sends("200 OK", [], b"b")
    assert client.request("GET", "/two").body == b"b"
    client.close()
