# SPDX-License-Identifier: Apache-2.0
"""H3: what each side speaks, for every kind of client and of origin; it works whatever they have in common."""
import pytest

from stoa_test import wire
from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.ways import BOTH

pytestmark = BOTH

# What a client gets from an origin of that kind without a gateway, or, where the two have nothing in common, what it
# gets with one.
TABLE = [("site.test", ("h2", "http/1.1"), "h2"), ("site.test", ("http/1.1", "h2"), "h2"), ("site.test", ("h2",), "h2"),
         ("site.test", ("http/1.1",), "http/1.1"), ("site.test", (), None),
         ("old.test", ("h2", "http/1.1"), "http/1.1"), ("old.test", ("http/1.1", "h2"), "http/1.1"),
         ("old.test", ("h2",), "h2"), ("old.test", ("http/1.1",), "http/1.1"), ("old.test", (), None),
         ("insists.test", ("h2", "http/1.1"), "h2"), ("insists.test", ("h2",), "h2"),
         ("insists.test", ("http/1.1",), "http/1.1"), ("insists.test", (), None)]


@pytest.mark.parametrize("host, offer, got", TABLE)
def test_H3_alpn(house, host, offer, got):
    client = Client2(house.gateway)
    if host == "old.test":
        house.old.sends("200 OK", [], b"hello")
    assert client.open(host, alpn=offer) == got
    if got == "h2":
        assert client.request("GET", "/").body == b"hello"
    else:
        again = Client(house.gateway)
        again.sock, again.host = client.sock, host
        again.reader = wire.Reader(client.sock)
        assert again.request("GET", "/").body == b"hello"
    client.close()


def test_H3_an_http1_client_stays_with_http1_where_it_can(house):
    """So that names of fields keep their case, and nobody sees a difference."""
    site, client = house.fresh(), house.client1()
    site.answer = lambda request: ("200 OK", [("X-ODD-Case", "1")], b"old")
    reply = client.request("GET", "/", [("X-MiXed", "1")])
    assert ("X-ODD-Case", "1") in reply.fields and ("X-MiXed", "1") in site.gets().fields
    client.close()


def test_an_insisting_origin_is_remembered(house):
    """The second client costs no handshake that fails."""
    first = house.client1("insists.test")
    assert first.request("GET", "/").body == b"hello"
    tried = house.insists.tried
    second = house.client1("insists.test")
    assert second.request("GET", "/").body == b"hello"
    assert house.insists.tried == tried
    first.close()
    second.close()


@pytest.mark.parametrize("chunks", [0, 3])
def test_http1_is_translated(house, chunks):
    site, client = house.insists.calm(), house.client1("insists.test")
    reply = client.request("POST", "/x?y=1", [("Content-Type", "text/plain"), ("X-One", "1"), ("Connection", "X-Hop"),
                                               ("X-Hop", "1"), ("Cookie", "a=1; b=2")], b"a body", chunks=chunks)
    assert reply.status == 200 and reply.body == b"a body"
    got = site.gets()
    want = [(":method", "POST"), (":authority", "insists.test"), (":scheme", "https"), (":path", "/x?y=1"),
            ("content-type", "text/plain"), ("x-one", "1"), ("cookie", "a=1; b=2")]
    assert got.fields == want + ([] if chunks else [("content-length", "6")])
    client.close()


def test_answers_are_translated(house):
    """HTTP/1.1 needs to be told where an answer ends."""
    client, site = house.client1("insists.test"), house.insists
    for status, fields, body, want in ((200, [], b"text", ("transfer-encoding", "chunked")),
                                       (200, [("content-length", "4")], b"text", ("content-length", "4")),
                                       (200, [], b"", ("content-length", "0")), (204, [], b"", None),
                                       (304, [("etag", '"x"')], b"", None)):
        def reply(request, status=status, fields=fields, body=body):
            request.head(status, fields, end=not body)
            if body:
                request.send(body, [])
        site.on_end = reply
        answer = client.request("GET", "/")
        framing = [f for f in answer.fields if f[0].lower() in ("transfer-encoding", "content-length")]
        assert answer.status == status and answer.body == body
        assert [(name.lower(), value) for name, value in framing] == ([want] if want else [])
    site.on_end = lambda request: request.head(200, [("content-length", "7")], end=True)
    answer = client.request("HEAD", "/")
    assert answer.status == 200 and answer.header("content-length") == "7"
    site.calm()
    client.close()


def test_trailers_and_hints_are_translated(house):
    site, client = house.insists.calm(), house.client1("insists.test")

    def reply(request):
        request.head(103, [("link", "</a.css>")])
        request.head(200)
        request.send(b"hi", [("x-sum", "42")])

    site.on_end = reply
    client.write(b"POST / HTTP/1.1\r\nHost: insists.test\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"
                 b"\r\n2\r\nab\r\n0\r\nX-Check: 17\r\n\r\n")
    hint = client.reader.head()
    assert hint.status == 103 and hint.header("link") == "</a.css>"
    answer = client.reader.head()
    client.reader.body(answer, is_response=True)
    assert answer.body == b"hi" and client.reader.seen.endswith(b"0\r\nx-sum: 42\r\n\r\n")
    assert site.gets().trailers == [("x-check", "17")]
    site.calm()
    client.close()
