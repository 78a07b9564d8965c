# SPDX-License-Identifier: Apache-2.0
"""Messages that end where they should not: too much behind an answer, half-closed clients, lengths that lie, answers
that come too early, and what is pipelined behind a post that is refused."""
import random
import socket
import threading

import pytest

from stoa_test import wire
from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.loopback import Server
from stoa_test.origin import WAIT, Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
IBAN = b"my account DE02 1203 0000 0000 2020 51"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
FILM = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + random.Random(1).randbytes(8_000_000)
TEXT = b"Host: echo.test\r\nContent-Type: text/plain\r\n"


class Hasty(Server):
    """Answers a request as soon as its head is there, and reads no more. It stays until the end: who closes with bytes
    unread may take its own answer back (a reset), and no gateway could show it."""

    def __init__(self, host, certificate=None):
        self.host, self.is_over = host, threading.Event()
        super().__init__(certificate)
        self.start()

    def _serve(self, sock):
        try:
            with self.context.wrap_socket(sock, server_side=True) if self.context else sock as peer:
                wire.Reader(peer).head()
                peer.sendall(wire.serialise("HTTP/1.1 413 Content Too Large", [("Connection", "close")], b"too much"))
                self.is_over.wait(WAIT)
        except (wire.Closed, OSError, ValueError):
            pass

    def close(self):
        self.is_over.set()
        super().close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ends")
    authority = Authority(folder)
    site = Origin("site.test", authority.leaf(["site.test"]))
    other = Origin("echo.test", authority.leaf(["echo.test"]), echo)
    plain = Origin("plain.test", None, echo)
    hasty, blunt = Hasty("hasty.test", authority.leaf(["hasty.test"])), Hasty("blunt.test")
    origins = [site, other, plain, hasty, blunt]
    with Gateway(folder / "gateway", origins, [POLICY], trust=authority.path) as gateway:
        yield gateway, site, other, plain
    for origin in origins:
        origin.close()


def opened(house, host="site.test"):
    client = Client(house[0])
    assert client.open(host).status == 200
    return client


@pytest.mark.parametrize("method, answer, body", [
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab"),
    ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"ab"),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(POISON), b""),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(POISON), b""),
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(POISON), b""),
    ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
    ("POST", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab"),
])
@pytest.mark.parametrize("is_late", [False, True])
def test_what_comes_behind_an_answer_is_nobodys(house, method, answer, body, is_late):
    """In one piece with it, or later, on the idle connection, which then ends."""
    site, mine, hers = house[1], opened(house), opened(house)
    was_read, has_ended = threading.Event(), threading.Event()

    def reply(sock):
        sock.sendall(answer if is_late else answer + POISON)
        if is_late:
            was_read.wait(WAIT)
            sock.sendall(POISON)
        try:
            if sock.recv(1) == b"":
                has_ended.set()
        except OSError:
            has_ended.set()
        raise wire.Closed("it serves nobody any more")

    site.sends(raw=reply)
    mine.send(method, "/first", [("Content-Type", "text/plain")] if method == "POST" else [], b"hi" * (method == "POST"))
    assert mine.get(to_head=method == "HEAD").body == body
    was_read.set()
    assert has_ended.wait(WAIT)
    site.sends(body=b"fine")
    assert hers.request("GET", "/next").body == b"fine"
    assert (site.gets().target, site.gets().target) == ("/first", "/next")
    mine.close()
    hers.close()


def test_a_client_that_says_no_more_gets_its_answer(house):
    client = Client(house[0])
    client.plain("plain.test")
    client.write(b"POST http://plain.test/half HTTP/1.1\r\nHost: plain.test\r\nContent-Type: text/plain\r\n"
                 b"Content-Length: 5\r\n\r\nhello")
    client.sock.shutdown(socket.SHUT_WR)
    assert client.get().body == b"hello"
    assert client.sock.recv(1) == b""
    client.close()


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n64\r\n"])
@pytest.mark.parametrize("how", [socket.SHUT_WR, socket.SHUT_RDWR])
def test_a_post_that_stops_in_the_middle_never_begins(house, framing, how):
    gateway, plain = house[0], house[3]
    before, cut = len(plain.received()), gateway.count("requests")
    client = Client(gateway)
    client.plain("plain.test")
    client.write(b"POST http://plain.test/cut HTTP/1.1\r\nHost: plain.test\r\nContent-Type: text/plain\r\n" + framing + IBAN)
    gateway.wait_count("requests", cut + 1)
    client.sock.shutdown(how)
    if how == socket.SHUT_WR:
        while client.sock.recv(65536):
            pass
    client.close()
    settles(lambda: gateway.count("open"), lambda count: count == 0)
    assert plain.received()[before:] == b""


@pytest.mark.parametrize("behind", [b"POST /second HTTP/1.1\r\n" + TEXT + b"Content-Length: 5\r\n\r\nhello",
                                    b"GET /second HTTP/1.1\r\nHost: echo.test\r\n\r\n", b"\0\0 neither this\r\n\r\n"])
@pytest.mark.parametrize("cut", [None, 1, 60])
def test_what_follows_a_refused_post_is_no_part_of_it(house, behind, cut):
    """It is answered for itself or not at all; nothing of the post leaves with it."""
    before, client = len(house[2].received()), opened(house, "echo.test")
    post = b"POST /held HTTP/1.1\r\n" + TEXT + b"Content-Length: %d\r\n\r\n" % len(IBAN) + IBAN
    whole = post + behind
    for at in range(0, len(whole), cut or len(whole)):
        client.write(whole[at:at + (cut or len(whole))])
    assert client.get().status == 403
    try:
        status = client.get().status
    except (wire.Closed, OSError):
        status = None
    assert status in (200, 400, None)
    client.close()
    got = house[2].received()[before:]
    assert b"DE02" not in got and b"/held" not in got and got.count(b"/second") == (status == 200)


@pytest.mark.parametrize("lie", [-1, -10, -20])
def test_a_length_that_is_too_short_hides_nothing(house, lie):
    """The rest is the next request, which it is not; the beginning is judged as it will be read."""
    before, client = len(house[2].received()), opened(house, "echo.test")
    body = b"nothing in here, and then " + IBAN
    client.write(b"POST /short HTTP/1.1\r\n" + TEXT + b"Content-Length: %d\r\n\r\n" % (len(body) + lie) + body
                 + b"\r\n\r\n")
    seen = b""
    while piece := client.sock.recv(65536):
        seen += piece
    client.close()
    got = house[2].received()[before:]
    assert b"2020 51" not in got and seen.count(b"HTTP/1.1 ") <= 2
    assert got == b"" or got.endswith(body[:lie])


@pytest.mark.parametrize("waits", [True, False])
def test_100_continue_and_then_no(house, waits):
    """Whoever waits is asked to go on, since nothing can be judged before; what comes then does not leave. Who does not
    wait need not be asked (RFC 9110 section 10.1.1)."""
    before, client = len(house[2].received()), opened(house, "echo.test")
    head = (b"POST /asks HTTP/1.1\r\n" + TEXT + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(IBAN))
    client.write(head + (b"" if waits else IBAN))
    if waits:
        assert client.reader.head().status == 100
        client.write(IBAN)
    assert client.get().status == 403
    client.close()
    assert house[2].received()[before:] == b""


def test_an_answer_to_a_film_that_is_still_on_its_way_arrives(house):
    """The origin has said no and reads no more. In clear: two threads may share a socket, but not a TLS connection."""
    client = Client(house[0])
    client.plain("blunt.test")
    head = (b"POST http://blunt.test/film HTTP/1.1\r\nHost: blunt.test\r\nContent-Type: video/mp4\r\n"
            b"Content-Length: %d\r\n\r\n" % len(FILM))

    def say():
        try:
            client.write(head + FILM)
        except OSError:
            pass  # the connection ends with the answer

    talker = threading.Thread(target=say)
    talker.start()
    reply = client.get()
    assert (reply.status, reply.body) == (413, b"too much")
    client.sock.shutdown(socket.SHUT_RDWR)
    talker.join(WAIT)
    client.close()


def test_such_an_answer_ends_its_stream_only(house):
    client = Client2(house[0])
    assert client.open("hasty.test") == "h2"
    for number in range(3):
        stream = client.start("POST", f"/film/{number}", [("content-type", "video/mp4")], end=False)
        client.send(stream, FILM)
        answer = client.wait(stream)
        assert (answer.status, bytes(answer.body)) == (413, b"too much")
    client.close()
