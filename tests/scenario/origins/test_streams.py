# SPDX-License-Identifier: Apache-2.0
"""F3, F4, F6, S4: a client's streams over an origin's session."""
import base64
import gzip
import hashlib
import json
import os
import queue
import socket
import zlib

import pytest

from stoa_test.origin import WAIT
from stoa_test.ways import BOTH

pytestmark = BOTH

TEXT = [("content-type", "text/plain")]


def test_F6_a_hundred_streams_share_one_session(house):
    site, client = house.fresh(), house.client()
    sessions = len(site.sessions)
    streams = [client.start("POST", f"/{n}", TEXT, end=False) for n in range(100)]
    for n, stream in reversed(list(enumerate(streams))):
        client.send(stream, b"number %d" % n)
    client.wait(*streams)
    for n, stream in enumerate(streams):
        assert client.answers[stream].body == b"number %d" % n
    assert len(site.sessions) - sessions <= 1
    client.close()


def test_clients_share_a_session(house):
    site, before = house.fresh(), house.count("origin_streams")
    first, second = house.client(), house.client()
    sessions = len(site.sessions)
    for client in (first, second, first):
        assert client.request("GET", "/").body == b"hello"
    assert len(site.sessions) == sessions and house.count("origin_streams") == before + 3
    first.close()
    assert second.request("GET", "/").body == b"hello"
    second.close()


@pytest.mark.parametrize("to", ["origin", "client"])
def test_F6_20_mb_do_not_stall(house, to):
    """Both sides with windows of 65,535; the body up is scanned meanwhile."""
    site, client = house.fresh(), house.client()
    body = json.dumps({"text": "words without a secret, again and again. " * 480_000}).encode()
    if to == "origin":
        site.on_end = lambda request: (request.head(200), request.send(b"done", []))
        answer = client.request("POST", "/up", [("content-type", "application/json")], body)
        got = site.gets()
        assert answer.body == b"done" and got.header("content-length") is None
        assert hashlib.sha256(got.body).digest() == hashlib.sha256(body).digest()
    else:
        site.on_end = lambda request: (request.head(200), request.send(body, []))
        answer = client.request("GET", "/down")
        assert hashlib.sha256(answer.body).digest() == hashlib.sha256(body).digest()
    client.close()


@pytest.mark.parametrize("leave", [lambda client: client.close(), lambda client: client.sock.shutdown(socket.SHUT_WR)],
                         ids=["closes", "says-no-more"])
def test_F6_a_slow_reader_stops_its_own_stream_only(house, leave):
    """Its window fills, and the session's does not; what waits for a window that nobody will open is given up."""
    site, body = house.fresh(), os.urandom(3_000_000)
    slow, quick = house.client(), house.client()
    site.on_end = lambda request: (request.head(200), request.send(body, []))
    streams = [slow.start("GET", f"/slow/{n}") for n in range(8)]
    while sum(len(slow.answers[s].body) for s in streams) < 65535:
        slow.read(credit=False)
    assert hashlib.sha256(quick.request("GET", "/quick").body).digest() == hashlib.sha256(body).digest()
    waiting = [request for request in site.sessions[-1].streams.values() if request.path.startswith("/slow/")]
    assert len(waiting) == 8 and all(request.at < 1_000_000 for request in waiting)
    leave(slow)
    assert site.is_reset().reset == 8
    quick.close()


def test_the_window_grows_with_a_reader_that_keeps_up(house):
    """From 64 KiB to upstream.window, and no more."""
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: (request.head(200), request.send(bytes(8_000_000), []))
    stream = client.start("GET", "/grows")
    client.h2.increment_flow_control_window(2 ** 30, stream)
    client.h2.increment_flow_control_window(2 ** 30)
    client.flush()
    while not client.answers[stream].is_whole:
        client.read(credit=False)
    assert len(client.answers[stream].body) == 8_000_000
    assert 4 * 65535 < site.sessions[-1].widest <= 1 << 20
    client.close()


def test_F6_the_origins_limit_of_streams_is_kept(house):
    """Seven at a time: further ones get another session, and all are there at the same time."""
    client, few, here = house.client("few.test"), house.few.calm(), queue.Queue()
    assert client.request("GET", "/first").status == 200  # the limit is known now
    few.on_end = here.put
    streams = [client.start("GET", f"/{n}") for n in range(20)]
    held = [here.get(timeout=WAIT) for _ in range(20)]
    assert max(sum(request.session is session for request in held) for session in few.sessions) == 7
    assert sorted(request.path for request in held) == sorted(f"/{n}" for n in range(20))
    for request in held:
        few.reply(request)
    client.wait(*streams)
    assert all(client.answers[s].body == b"hello" for s in streams)
    client.close()


def test_F4_answers_without_a_body(house):
    site, client = house.fresh(), house.client()
    for method, status, fields in (("HEAD", 200, [("content-length", "5")]), ("GET", 204, []),
                                   ("GET", 304, [("etag", '"x"')]), ("GET", 200, [("content-length", "0")]),
                                   ("GET", 200, [])):
        site.on_end = lambda request, s=status, f=fields: request.head(s, f, end=True)
        answer = client.request(method, "/empty")
        assert (answer.status, answer.body, answer.is_whole) == (status, b"", True)
        assert answer.fields == [(":status", str(status)), *fields]
    client.close()


@pytest.mark.parametrize("length", [True, False])
def test_F4_the_end_in_an_empty_frame(house, length):
    site, client = house.fresh(), house.client()

    def reply(request):
        request.head(206, [("content-range", "bytes 0-3/9")] + ([("content-length", "4")] if length else []))
        request.send(b"four")
        request.session.h2.send_data(request.stream, b"", end_stream=True)

    site.on_end = reply
    answer = client.request("GET", "/range", [("range", "bytes=0-3")])
    assert (answer.status, answer.body, answer.header("content-range")) == (206, b"four", "bytes 0-3/9")
    stream = client.start("POST", "/zero", TEXT, end=False)
    client.send(stream, b"x", end=False)
    client.send(stream, b"")
    assert client.wait(stream).status == 206 and site.gets() and site.gets().body == b"x"
    client.close()


def test_F4_trailers_both_ways(house):
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: (request.head(200), request.send(b"hi", [("x-sum", "42")]))
    answer = client.request("POST", "/trailers", TEXT, b"hello", trailers=[("x-check", "17")])
    assert answer.body == b"hi" and answer.trailers == [("x-sum", "42")]
    assert site.gets().trailers == [("x-check", "17")]
    client.close()


def test_F3_early_hints(house):
    site, client = house.fresh(), house.client()

    def reply(request):
        for n in (1, 2):
            request.head(103, [("link", f"</{n}.css>; rel=preload")])
        site.reply(request)

    site.on_end = reply
    answer = client.request("GET", "/hints")
    assert answer.body == b"hello" and [hint["link"][:3] for hint in answer.interim] == ["</1", "</2"]
    client.close()


def test_S4_grpc(house):
    """te: trailers goes along, trailers come back, also alone in the head."""
    site, client = house.fresh(), house.client()
    grpc = [("content-type", "application/grpc"), ("te", "trailers")]
    frame = b"\0\0\0\0\5hello"
    site.on_end = lambda request: (request.head(200, grpc[:1]), request.send(frame, [("grpc-status", "0")]))
    answer = client.request("POST", "/pkg.Service/Call", grpc, frame)
    assert answer.body == frame and answer.trailers == [("grpc-status", "0")]
    got = site.gets()
    assert got.header("te") == "trailers" and got.body == frame
    site.on_end = lambda request: request.head(200, [*grpc[:1], ("grpc-status", "12")], end=True)
    answer = client.request("POST", "/pkg.Service/None", grpc, frame)
    assert answer.header("grpc-status") == "12" and answer.is_whole and answer.body == b""
    client.close()


PACKINGS = {"plain": lambda data: data, "gzip": gzip.compress, "deflate": zlib.compress}


def message(text, packing):
    """One string in a message of a schema that nobody here knows, behind its length."""
    data = PACKINGS[packing](b"\x0a" + bytes([len(text)]) + text)
    return bytes([packing != "plain"]) + len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web+proto", "application/grpc-web-text"])
@pytest.mark.parametrize("packing", PACKINGS)
def test_S4_B2_a_secret_in_a_grpc_message_stays_here(house, packing, kind):
    """It is the second message, after an empty one; what is packed alike without a secret arrives as it was sent."""
    site, client = house.fresh(), house.client()
    fields = [("content-type", kind), ("te", "trailers"), ("grpc-encoding", packing if packing != "plain" else "identity")]

    def body(text):
        parts = [message(b"", "plain"), message(text, packing)]
        return b"".join(map(base64.b64encode, parts)) if kind.endswith("text") else b"".join(parts)

    refused = client.request("POST", "/pkg.Service/Call", fields, body(b"pay DE02 1203 0000 0000 2020 51 now, please"))
    assert refused.header("grpc-status") == "7" and "IBAN" in refused.header("grpc-message")
    good = body(b"pay no more than you must, and not here, please")
    assert client.request("POST", "/pkg.Service/Call", fields, good).status == 200
    assert site.gets().body == good and site.requests.empty()
    client.close()


def test_S4_a_grpc_message_that_nobody_can_unpack_is_refused(house):
    """failure.scan; the record says why."""
    site, client = house.fresh(), house.client()
    odd = b"\x01\x00\x00\x00\x0c\xff\x06\x00\x00sNaPpYxx"
    fields = [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-encoding", "snappy")]
    records = len(house.gateway.records("decision"))
    assert client.request("POST", "/pkg.Service/Call", fields, odd).header("grpc-status") == "7"
    assert len(house.gateway.wait_records(records + 1, "decision")) == records + 1
    receipt = [record for record in house.gateway.opened("someone") if record["kind"] == "decision"][-1]["details"]
    assert receipt["reason"] == "unknown-content-coding" and site.requests.empty()
    client.close()


def test_S4_an_answer_while_the_request_is_open(house):
    """A body that nobody may hold: both directions run at the same time."""
    site, client = house.fresh(), house.client()
    site.on_head = lambda request: request.head(200)
    site.on_data = lambda request, data: data and request.send(b"<" + data + b">")
    site.on_end = lambda request: request.send(b"", [("x-end", "1")])
    stream = client.start("POST", "/login", [("content-type", "application/x-www-form-urlencoded")], end=False)
    client.wait(until=lambda: client.answers[stream].status == 200)
    for n in range(5):
        client.send(stream, b"%d" % n, end=False)
        client.wait(until=lambda n=n: client.answers[stream].body.endswith(b"<%d>" % n))
    client.send(stream, b"")
    answer = client.wait(stream)
    assert answer.body == b"<0><1><2><3><4>" and answer.trailers == [("x-end", "1")]
    client.close()


def test_a_whole_answer_that_wants_no_more(house):
    """RFC 9113 §8.1: NO_ERROR after the answer, while the request is open, is no failure."""
    site, client = house.fresh(), house.client()

    def reply(request):
        request.head(413)
        request.send(b"enough", [])
        request.session.h2.reset_stream(request.stream, 0)
        request.session.flush()

    site.on_head = reply
    stream = client.start("POST", "/login", [("content-type", "application/x-www-form-urlencoded")], end=False)
    answer = client.wait(stream)
    assert (answer.status, answer.body, answer.is_whole) == (413, b"enough", True)
    client.close()


def test_a_redacted_post(house):
    client = house.client("redacted.example")
    answer = client.request("POST", "/post", [("content-type", "application/json")],
                            b'{"text": "my card 4111 1111 1111 1111, lol"}')
    assert answer.status == 200 and answer.header("stoa-coach") is not None
    assert b"4111" not in answer.body and b"my card" in answer.body
    assert b"4111" not in b"".join(house.redacted.received2)
    client.close()


def test_a_blocked_post_never_leaves(house):
    site, client = house.fresh(), house.client()
    answer = client.request("POST", "/bad", TEXT, b"my account is DE02 1203 0000 0000 2020 51", piece=3)
    assert answer.status == 403
    assert client.request("GET", "/next").body == b"hello"
    assert b"DE02" not in b"".join(site.received2) and b"2020 51" not in b"".join(site.received2)
    assert site.gets().path == "/next"
    client.close()
