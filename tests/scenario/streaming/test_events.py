# SPDX-License-Identifier: Apache-2.0
"""S1, S2, S3, S4: answers come piece by piece, as the origin sends them; also while the request still goes on."""
import os
import signal
import threading
import zlib

import pytest

from stoa_test.client import Client
from stoa_test.ways import BOTH

pytestmark = BOTH

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
MEDIA = [("Content-Type", "video/mp4")]
FILM = b"\0\0\0\x20ftypisom" + bytes(range(128, 256)) * 8


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def packed():
    """Events that are only whole after a flush of the packer."""
    packer = zlib.compressobj(wbits=31)
    return [packer.compress(b"data: %d\n\n" % n) + packer.flush(zlib.Z_SYNC_FLUSH) for n in range(5)]


STREAMS = {
    "sse": (b"Content-Type: text/event-stream\r\n", [b"data: %d\n\n" % n for n in range(5)]),
    "ndjson": (b"Content-Type: application/x-ndjson\r\n", [b'{"n":%d}\n' % n for n in range(5)]),
    "mixed-replace": (b"Content-Type: multipart/x-mixed-replace; boundary=x\r\n",
                      [b"--x\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff%d\r\n" % n for n in range(5)]),
    "untyped": (b"", [b"%d" % n for n in range(5)]),
    "html": (b"Content-Type: text/html\r\n", [b"<p>%d</p>" % n for n in range(5)]),
    "gzip": (b"Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n", packed()),
    "br": (b"Content-Type: text/event-stream\r\nContent-Encoding: br\r\n", [b"\x8b\x03\x80%d" % n for n in range(5)]),
    "zstd": (b"Content-Type: text/html\r\nContent-Encoding: zstd\r\n", [b"\x28\xb5\x2f\xfd%d" % n for n in range(5)]),
    "until-close": (None, [b"%d" % n for n in range(5)]),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("host", ["site.test", "www.youtube.com"])
def test_s1_s2_each_event_before_the_next_is_sent(house, protocol, host, kind):
    """Also on a platform whose pages the curator gets a copy of: the head comes alone, then event n before n+1."""
    fields, events = STREAMS[kind]
    client, site = house.both(protocol, host)
    client.start("GET", "/events")
    peer = site.peer()
    peer.head()
    peer.sends(HEAD + fields + b"\r\n" if fields is not None else b"HTTP/1.1 200 OK\r\n\r\n")
    client.until(lambda: client.status == 200)
    assert client.body == b""
    for number, event in enumerate(events, 1):
        peer.sends(chunk(event) if fields is not None else event)
        client.until(lambda: client.body == b"".join(events[:number]))
    peer.sends(b"0\r\n\r\n" if fields is not None else b"")
    peer.close()
    client.whole()
    client.close()


def test_the_curator_is_never_waited_for(house):
    """It stands still, and pages come all the same; a page too long for a copy is counted, not held."""
    curator, = house.gateway.children("curator")
    client, items, dropped = Client(house.gateway), house.count("items"), house.count("items_dropped")
    client.open(house.pages.host)
    os.kill(curator, signal.SIGSTOP)
    try:
        for path in ["/watch?v=abcdefghijk"] * 5 + ["/watch?v=abcdefghijk&long=1"]:
            assert client.request("GET", path).status == 200
    finally:
        os.kill(curator, signal.SIGCONT)
    assert (house.count("items"), house.count("items_dropped")) == (items + 5, dropped + 1)
    client.close()


def test_s3_an_hour_of_an_idle_event_stream(house, protocol):
    client, site = house.both(protocol)
    client.start("GET", "/idle", [("Accept", "text/event-stream")])
    peer = site.peer()
    peer.head()
    peer.sends(HEAD + b"Content-Type: text/event-stream\r\n\r\n")
    client.until(lambda: client.status == 200)
    for minute in range(66):
        house.gateway.clock(55)
        peer.sends(chunk(b":\n\n"))
        client.until(lambda: len(client.body) == 3 * (minute + 1))
    peer.sends(b"0\r\n\r\n")
    client.whole()
    peer.close()
    client.close()


def test_s3_a_silent_long_poll_of_two_minutes_returns(house, protocol):
    client, site = house.both(protocol)
    client.start("POST", "/poll", [("Content-Type", "application/json"), ("Content-Length", "2")], end=False)
    client.send(b"{}", end=True)
    peer = site.peer()
    peer.head()
    assert peer.take(2) == b"{}"
    house.gateway.clock(60)
    house.gateway.clock(60)
    peer.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews")
    assert client.whole().body == b"news"
    peer.close()
    client.close()


@pytest.mark.parametrize("path", ["/login", "/upload"])
def test_s4_question_and_answer_in_one_exchange(house, protocol, path):
    """What is never read, and media, go both ways at the same time."""
    client, site = house.both(protocol, "www.youtube.com" if path == "/login" else "site.test")
    first = FILM * 100
    client.start("POST", path, MEDIA, end=False)
    client.send(first)
    peer = site.peer()
    assert peer.head().target == path
    got = b""
    while len(got) < len(first):
        got += peer.chunk()
    peer.sends(HEAD + b"\r\n" + chunk(b"got it"))
    client.until(lambda: client.body == b"got it")
    for turn in range(5):
        client.send(b"%d" % turn)
        assert peer.chunk() == b"%d" % turn
        peer.sends(chunk(b"+%d" % turn))
        client.until(lambda: client.body.endswith(b"+%d" % turn))
    client.send(b"", end=True)
    assert peer.chunk() == b""
    peer.sends(b"0\r\n\r\n")
    assert client.whole().body == b"got it+0+1+2+3+4"
    peer.close()
    client.close()


@pytest.mark.parametrize("ending", ["waits", "closes"])
def test_s4_an_early_no_reaches_who_still_uploads(house, protocol, ending):
    """The origin answers and reads no more; the client has gigabytes to go, and hears of it."""
    client, site = house.both(protocol)
    client.start("PUT", "/film", [*MEDIA, ("Content-Length", str(1 << 31))], end=False)
    client.send(FILM * 200)
    peer = site.peer()
    assert peer.head().header("content-length") == str(1 << 31)
    peer.take(1000)
    peer.sends(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
    if ending == "closes":
        peer.close()
    client.until(lambda: client.is_whole)
    assert client.status == 413 and client.body == b"no"
    for _ in range(40):  # whoever does not look at the answer is not held up, either
        if client.send(FILM * 200) == 0:
            break
    peer.close()
    client.close()


def test_s4_an_early_no_while_the_pipe_is_full(house):
    """The origin closes with bytes unread, so its end resets the connection: what it said before that counts."""
    def say_no(peer):
        peer.head()
        peer.sends(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
        peer.close()

    for _ in range(20):
        client, site = house.both("h1")
        client.start("PUT", "/film", [*MEDIA, ("Content-Length", str(1 << 31))], end=False)
        origin = threading.Thread(target=lambda: say_no(site.peer()))
        origin.start()
        for _ in range(20):
            client.send(FILM * 100)
        client.until(lambda: client.is_whole)
        assert client.status == 413 and client.body == b"no"
        origin.join()
        client.close()


@pytest.mark.parametrize("kind, body", [("video/mp4", FILM * 300), ("text/plain", b"words of no weight; " * 3000)],
                         ids=["film", "words"])
def test_s4_an_early_no_and_a_reset_in_one_breath(house, protocol, kind, body):
    """Of the origin's connection nothing is left when the gateway looks; what had come on it counts."""
    def say_no(peer):
        peer.head()
        peer.sends(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 30000\r\n\r\n" + b"n" * 30000)
        peer.breaks()

    for _ in range(10):
        client, site = house.both(protocol)
        origin = threading.Thread(target=lambda: say_no(site.peer()))
        origin.start()
        client.start("POST", "/early", [("Content-Type", kind), ("Content-Length", str(len(body)))], end=False)
        client.send(body, end=True)
        client.until(lambda: client.is_whole)
        assert client.status == 401 and client.body == b"n" * 30000
        origin.join()
        client.close()


def test_expect_100_is_answered_once(house, protocol):
    client, site = house.both(protocol)
    client.start("POST", "/film", [*MEDIA, ("Expect", "100-continue"), ("Content-Length", "4")], end=False)
    client.until(lambda: client.interim == [100])
    client.send(b"film", end=True)
    peer = site.peer()
    assert peer.head().header("expect") is None
    assert peer.take(4) == b"film"
    peer.sends(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert client.whole().status == 201 and client.interim == [100]
    peer.close()
    client.close()
