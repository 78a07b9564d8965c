# SPDX-License-Identifier: Apache-2.0
"""F6: streams side by side, flow control, resets and ends, as the origin's HTTP/1.1 shows them."""
import hashlib
import json
import os
import threading

import pytest

from stoa_test.origin import WAIT
from stoa_test.ways import BOTH

pytestmark = BOTH

IBAN = "DE02120300000000202051"
TEXT = [("content-type", "text/plain")]


def test_F6_a_hundred_streams_at_once(house):
    client = house.client()
    streams = [client.start("POST", f"/{n}", TEXT, end=False) for n in range(100)]
    for n, stream in enumerate(streams):
        client.send(stream, b"number %d " % n, end=False)
    for n, stream in reversed(list(enumerate(streams))):
        client.send(stream, b"and its end")
    client.wait(*streams)
    for n, stream in enumerate(streams):
        answer = client.answers[stream]
        assert answer.status == 200 and answer.body == b"number %d and its end" % n, (n, answer.status, answer.reset)
    client.close()


def test_a_thousand_requests_on_one_connection(house):
    client = house.client()
    for n in range(1000):
        assert client.request("POST", "/", TEXT, b"number %d" % n).body == b"number %d" % n
    client.close()


@pytest.mark.parametrize("size, piece", [(20_000_000, 16384), (8_000_000, 1000)])
def test_F6_a_post_of_20_mb_does_not_stall(house, size, piece):
    """The client's windows are the protocol's least; the body is scanned meanwhile, other streams go on."""
    body = json.dumps({"text": "words without a secret, again and again. " * (size // 41)}).encode()
    site, client = house.fresh_site(), house.client("site.test")
    stream = client.start("POST", "/upload", [("content-type", "application/json"),
                                              ("content-length", str(len(body)))], end=False)
    client.send(stream, body[:3_000_000], end=False, piece=piece)
    site.sends("200 OK", [], b"beside")
    assert client.request("GET", "/beside").body == b"beside"
    client.send(stream, body[3_000_000:], piece=piece)
    site.sends("200 OK", [], b"done")
    assert client.wait(stream).body == b"done"
    got = [site.gets(), site.gets()][1]
    assert hashlib.sha256(got.body).digest() == hashlib.sha256(body).digest()
    client.close()


def test_F6_a_large_answer_to_a_slow_reader(house):
    """A client that gives no credit stops its stream and no other."""
    body = os.urandom(3_000_000)
    site, client = house.fresh_site(), house.client("site.test")
    site.sends("200 OK", [], body)
    slow = client.start("GET", "/slow")
    client.wait(until=lambda: len(client.answers[slow].body) > 0)  # credit for what comes now is given below
    site.sends("200 OK", [], b"quick")
    assert client.request("GET", "/quick").body == b"quick"
    assert client.wait(slow).body == body
    client.close()


def test_an_answer_without_credit_waits(house):
    body = os.urandom(1_000_000)
    site, client = house.fresh_site(), house.client("site.test")
    site.sends("200 OK", [], body)
    stream = client.start("GET", "/waits")
    while len(client.answers[stream].body) < 65535:
        client.read(credit=False)
    assert len(client.answers[stream].body) == 65535
    client.h2.increment_flow_control_window(2_000_000, stream)
    client.h2.increment_flow_control_window(2_000_000)
    client.flush()
    while not client.answers[stream].is_whole:
        client.read(credit=False)
    assert client.answers[stream].body == body
    client.close()


def test_a_refusal_on_a_stream_leaves_the_others_alone(house):
    client = house.client()
    before = len(house.echo.received())
    long = client.start("POST", "/long", TEXT, end=False)
    client.send(long, b"the first half ", end=False)
    refused = client.request("POST", "/bad", TEXT, b"my account is DE02 1203 0000 0000 2020 51")
    assert refused.status == 403 and b"IBAN" in refused.body and refused.reset is None
    assert len(house.echo.received()) == before
    client.send(long, b"and the second")
    assert client.wait(long).body == b"the first half and the second"
    client.close()


def test_a_refusal_before_the_request_is_whole(house):
    """RFC 9113 §8.1: the answer, then a reset that says no error; nothing more is taken."""
    client = house.client()
    stream = client.start("POST", "/big", [*TEXT, ("content-length", str(10 ** 12))], end=False)
    answer = client.wait(until=lambda: client.answers[stream].reset is not None) or client.answers[stream]
    assert answer.status == 413 and answer.is_whole and answer.reset == 0
    assert client.request("GET", "/next").status == 200
    client.close()


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_reset_in_an_upload_leaves_nothing_at_the_origin(house, kind):
    client = house.client()
    for size in (0, 1, 1000, 60_000):
        stream = client.start("POST", "/given-up", [("content-type", kind)], end=False)
        client.send(stream, b"x" * size, end=False)
        client.h2.reset_stream(stream, 8)
        client.flush()
    assert client.request("GET", "/after").status == 200
    assert b"/given-up" not in house.echo.received() and b"GET /after " in house.echo.received()
    client.close()


def test_a_reset_cancels_the_exchange(house):
    """The origin's connection ends with it."""
    site, client, ended = house.fresh_site(), house.client("site.test"), threading.Event()

    def endless(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                sock.sendall(b"4\r\ntick\r\n")  # as fast as it is taken
        except OSError:
            ended.set()
            raise

    site.sends(raw=endless)
    stream = client.start("GET", "/endless")
    client.wait(until=lambda: client.answers[stream].body)
    client.h2.reset_stream(stream, 8)
    client.flush()
    assert ended.wait(WAIT)
    client.close()


def test_an_origin_that_breaks_off(house):
    """Before its answer: a page; within: a reset, so that nobody takes it for whole."""
    site, client = house.fresh_site(), house.client("site.test")
    site.sends(raw=lambda sock: sock.close())
    assert client.request("POST", "/early", TEXT, b"x").status == 502
    site.sends(raw=lambda sock: (sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal"), sock.close()))
    answer = client.request("GET", "/late")
    assert answer.body == b"hal" and answer.reset == 2 and not answer.is_whole
    client.close()


def test_F4_answers_without_a_body(house):
    site, client = house.fresh_site(), house.client("site.test")
    for method, status, fields in (("HEAD", "200 OK", [("Content-Length", "5")]), ("GET", "204 No Content", []),
                                   ("GET", "304 Not Modified", [("ETag", '"x"')]), ("GET", "200 OK", [])):
        head = f"HTTP/1.1 {status}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields)
        if status == "200 OK" and method == "GET":
            head += "Content-Length: 0\r\n"
        site.sends(raw=(head + "\r\n").encode())
        answer = client.request(method, "/empty")
        assert answer.status == int(status[:3]) and answer.body == b"" and answer.is_whole
        if method == "HEAD":
            assert answer.header("content-length") == "5"
    client.close()


def test_F4_trailers_both_ways(house):
    site, client = house.fresh_site(), house.client("site.test")
    site.sends(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\n"
                   b"X-Sum: 42\r\n\r\n")
    answer = client.request("POST", "/trailers", TEXT, b"hello", trailers=[("x-check", "17")])
    assert answer.body == b"hi" and answer.trailers == [("x-sum", "42")]
    assert any(reader.seen.endswith(b"0\r\nx-check: 17\r\n\r\n") for reader in house.site.readers)
    client.close()


def test_F3_early_hints_and_100(house):
    site, client = house.fresh_site(), house.client("site.test")
    site.sends(raw=b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
                   b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    answer = client.request("GET", "/hints")
    assert answer.body == b"ok" and [hint[":status"] for hint in answer.interim] == ["103"]
    assert answer.interim[0]["link"] == "</a.css>; rel=preload"
    stream = client.start("POST", "/continue", [*TEXT, ("expect", "100-continue")], end=False)
    client.wait(until=lambda: client.answers[stream].interim)
    assert client.answers[stream].interim[0][":status"] == "100"
    site.sends("200 OK", [], b"fine")
    client.send(stream, b"body")
    assert client.wait(stream).body == b"fine"
    client.close()


def test_S1_events_arrive_one_by_one(house):
    site, client = house.fresh_site(), house.client("site.test")
    gate = [threading.Event() for _ in range(4)]

    def events(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in gate:
            event.wait(WAIT)
            sock.sendall(b"9\r\ndata: x\n\n\r\n")
        sock.sendall(b"0\r\n\r\n")

    site.sends(raw=events)
    stream = client.start("GET", "/events")
    client.wait(until=lambda: client.answers[stream].status == 200)
    for number, event in enumerate(gate, 1):
        event.set()  # the next one is sent when this one has arrived
        client.wait(until=lambda n=number: client.answers[stream].body.count(b"data: x") == n)
    client.wait(stream)
    client.close()


def test_F1_fields_arrive_as_they_were(house):
    """But for what one hop says; pieces of a cookie are one again."""
    site, client = house.fresh_site(), house.client("site.test")
    site.sends(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: \xe4\r\n"
                   b"Connection: X-Hop\r\nX-Hop: 1\r\nAlt-Svc: h3=\":443\"\r\nKeep-Alive: timeout=5\r\n\r\nok")
    answer = client.request("GET", "/f1?a=b", [("cookie", "a=1"), ("x-two", "1"), ("cookie", "b=2"), ("x-two", "2"),
                                               ("te", "trailers")])
    assert [f for f in answer.fields if f[0] != "x-odd"] == [
        (":status", "200"), ("content-length", "2"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    got = site.gets()
    assert got.start == "GET /f1?a=b HTTP/1.1"
    assert got.fields == [("Host", "site.test"), ("cookie", "a=1; b=2"), ("x-two", "1"), ("x-two", "2")]
    client.close()


def test_lengths_towards_the_origin(house):
    """A held body has one, an empty one of a POST too."""
    site, client = house.fresh_site(), house.client("site.test")
    for body, length in ((b"12345", "5"), (b"", "0")):
        site.sends("200 OK", [], b"")
        assert client.request("POST", "/length", TEXT, body).status == 200
        got = site.gets()
        assert got.header("content-length") == length and got.header("transfer-encoding") is None
    client.close()


def test_F4_an_empty_body_that_ends_later(house):
    """A length of zero, then an empty frame that says the end."""
    client = house.client()
    stream = client.start("POST", "/zero", [("content-length", "0")], end=False)
    assert client.request("GET", "/between").status == 200
    client.send(stream, b"")
    assert client.wait(stream).body == b"hello"
    never = client.start("POST", "/never", [("content-length", "0")], end=False)
    house.gateway.clock(31)
    assert client.wait(never).status == 408
    client.close()


def test_F2_a_head_of_60_kb(house):
    site, client = house.fresh_site(), house.client("site.test")
    site.sends("200 OK", [], b"ok")
    fields = [("cookie", "c=" + "x" * 16_000)] + [(f"x-{n}", "y" * 1000) for n in range(40)]
    assert client.request("GET", "/large", fields).body == b"ok"
    assert site.gets().header("x-39") == "y" * 1000
    assert client.request("GET", "/too-large", fields * 3).status == 431
    client.close()


def test_F7_another_host_on_this_connection_is_421(house):
    site, client = house.fresh_site(), house.client("site.test")
    answer = client.request("GET", "/", [("accept", "text/html")], authority="echo.test")
    assert answer.status == 421 and b"<html" in answer.body
    site.sends("200 OK", [], b"ok")
    assert client.request("GET", "/").body == b"ok"
    assert site.requests.qsize() == 1
    client.close()


def test_a_redacted_post(house):
    client = house.client("redacted.example")
    answer = client.request("POST", "/post", [("content-type", "application/json")],
                            b'{"text": "my card 4111 1111 1111 1111, lol"}')
    assert answer.status == 200 and answer.header("stoa-coach") is not None
    assert b"4111" not in answer.body and b"my card" in answer.body
    client.close()


def test_a_login_bound_to_the_connection_is_sent_to_http1(house):
    """NTLM over shared connections would let in whoever comes next."""
    site, client = house.fresh_site(), house.client("site.test")
    names = len(site.names)
    site.sends(raw=b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
    assert client.request("GET", "/bound").reset == 13  # HTTP_1_1_REQUIRED
    site.sends("200 OK", [], b"ok")
    assert client.request("GET", "/free").body == b"ok"
    assert len(site.names) > names, "the connection that knows somebody was used again"
    client.close()


def test_streams_wait_for_a_connection_to_the_origin(house):
    """At most 32 at the same time; those that wait come in turn."""
    site, client = house.fresh_site(), house.client("site.test")
    streams = [client.start("GET", f"/{n}") for n in range(60)]
    for _ in range(32):
        site.gets()
    other = house.client()  # a whole exchange beside them: whatever was on its way has arrived by then
    assert other.request("GET", "/beside").status == 200
    other.close()
    assert site.requests.empty()
    client.h2.reset_stream(streams[50], 8)  # one of those that wait: it never gets there
    client.flush()
    for _ in range(59):
        site.sends("200 OK", [], b"ok")
    client.wait(*(s for s in streams if s != streams[50]))
    assert site.requests.qsize() == 59 - 32
    client.close()


def test_what_is_left_when_a_client_goes(house):
    client = house.client()
    for n in range(20):
        client.start("POST", f"/{n}", TEXT, end=False)
    client.close()
    assert house.client().request("GET", "/").status == 200
