# SPDX-License-Identifier: Apache-2.0
"""F9: requests that two parsers may read differently are refused, never forwarded."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.ways import BOTH
from stoa_test.wire import Closed

pytestmark = BOTH

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
H = b"Host: site.test\r\n"
BAD = {
    "both lengths": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "list of lengths": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 5, 5\r\n\r\nhello",
    "signed length": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: +5\r\n\r\nhello",
    "bare CR": b"POST / HTTP/1.1\r\n" + H + b"A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\n" + H + b"\n\n",
    "obs-fold": b"POST / HTTP/1.1\r\n" + H + b"A: b\r\n Content-Length: 5\r\n\r\nhello",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : site.test\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + H + b"Host: other.test\r\n\r\n",
    "other host than the tunnel's": b"GET / HTTP/1.1\r\nHost: other.test\r\n\r\n",
    "unknown transfer coding": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk size with sign": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    "chunk size overflow": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "chunk without CRLF": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\n" + H + b"A: b\0c\r\n\r\n",
    "tab in the target": b"GET /a\tb HTTP/1.1\r\n" + H + b"\r\n",
    "blank before the colon of the coding": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "vertical tab before the coding": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "tab behind the coding": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    "two codings": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an empty coding and a length": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello",
    "quoted coding": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "coding in a folded line": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "length in hex": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 0x5\r\n\r\nhello",
    "length with a blank inside": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 5 0\r\n\r\nhello",
    "negative length": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: -1\r\n\r\nhello",
    "empty length": b"POST / HTTP/1.1\r\n" + H + b"Content-Length:\r\n\r\nhello",
    "length beyond any number": b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 18446744073709551621\r\n\r\nhello",
    "a field without a name": b"POST / HTTP/1.1\r\n" + H + b": chunked\r\nContent-Length: 5\r\n\r\nhello",
    "chunk size in a bare LF": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    "chunk extension with a bare LF": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
    "chunk extension that breaks off": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0\r\n\r\n",
    "chunk size 0x": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a length in the trailer": b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\n" + H + b"\r\n",
    "no version": b"GET /\r\n" + H + b"\r\n",
    "a head without end": b"GET / HTTP/1.1\r\n" + H + b"A: " + b"x" * 200_000,
    "many fields": b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n" * 5000 + b"\r\n",
}


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smuggling")
    authority = Authority(folder)
    origin = Origin("site.test", authority.leaf(["site.test"]), echo)
    odd = Origin("odd.test", authority.leaf(["odd.test"]))  # its answers are the test's
    with Gateway(folder / "gateway", [origin, odd], [POLICY], trust=authority.path, way=request.param) as gateway:
        gateway.odd = odd
        yield gateway, origin
    origin.close()
    odd.close()


@pytest.mark.parametrize("what", BAD)
def test_F9_refused(house, what):
    gateway, origin = house
    before = origin.received()
    client = Client(gateway)
    client.open("site.test")
    try:
        client.write(BAD[what])
        reply = client.get()
        assert 400 <= reply.status < 600 and reply.status != 403, reply.start
    except (Closed, OSError, ValueError):
        pass  # the connection may also just end
    client.close()
    assert origin.received() == before, "something was forwarded"


@pytest.mark.parametrize("path", ["/größe", "/?q=größe", "/\x7f"])
@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_F9_a_target_in_raw_bytes_is_told_what_to_do(house, path, charset):
    """RFC 9112 §3.2: browsers encode it; what an origin would make of such bytes nobody knows."""
    gateway, origin = house
    before, client = origin.received(), Client(gateway)
    client.open("site.test")
    client.write(b"GET " + path.encode(charset) + b" HTTP/1.1\r\n" + H + b"\r\n")
    reply = client.get()
    assert reply.status == 400 and b"percent-encoded" in reply.body
    client.close()
    assert origin.received() == before


def test_F5_pipelined_requests_are_answered_in_order(house):
    gateway, origin = house
    client = Client(gateway)
    client.open("site.test")
    client.write(b"".join(b"POST /%d HTTP/1.1\r\nHost: site.test\r\nContent-Type: text/plain\r\n"
                          b"Content-Length: 5\r\n\r\nno %02d" % (i, i) for i in range(50)))
    for i in range(50):
        reply = client.get()
        assert reply.status == 200 and reply.body == b"no %02d" % i
    client.close()


def test_expect_100_continue(house):
    gateway, _ = house
    client = Client(gateway)
    client.open("site.test")
    client.write(b"POST / HTTP/1.1\r\nHost: site.test\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
                 b"Expect: 100-continue\r\n\r\n")
    assert client.reader.head().status == 100
    client.write(b"hello")
    assert client.get().body == b"hello"
    client.close()


def told(gateway, peer):
    """Lines about HTTP/1 that this peer broke."""
    events = [json.loads(line) for line in gateway.log if '"protocol.error"' in line]
    return [event for event in events if event["peer"] == peer and event["protocol"] == "http1"]


def break_http1(gateway):
    client = Client(gateway)
    client.open("site.test")
    client.write(BAD["obs-fold"])
    assert client.get().status == 400
    client.close()


def test_F9_a_client_that_breaks_the_protocol_is_counted_and_told_once_a_minute(house):
    gateway, _ = house
    gateway.clock(61)
    before, lines = gateway.count("client_broke_http1"), len(told(gateway, "client"))
    for _ in range(3):
        break_http1(gateway)
    assert gateway.wait_count("client_broke_http1", before + 3) == before + 3
    assert settles(lambda: len(told(gateway, "client")), lambda n: n > lines) == lines + 1
    gateway.clock(61)
    break_http1(gateway)
    assert settles(lambda: len(told(gateway, "client")), lambda n: n > lines + 1) == lines + 2
    assert told(gateway, "client")[-1]["times"] == 3
    assert not any("Content-Length: 5" in line for line in gateway.log)


def test_F9_so_is_an_origin(house):
    gateway, _ = house
    before = gateway.count("origin_broke_http1")
    client = Client(gateway)
    client.open("odd.test")
    client.write(b"GET / HTTP/1.1\r\nHost: odd.test\r\n\r\n")
    gateway.odd.sends(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")
    assert client.get().status == 502
    client.close()
    assert gateway.wait_count("origin_broke_http1", before + 1) == before + 1
    assert settles(lambda: len(told(gateway, "origin")), lambda n: n > 0) == 1
