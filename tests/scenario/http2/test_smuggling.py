# SPDX-License-Identifier: Apache-2.0
"""F9: requests that mean one thing in HTTP/2 and another in HTTP/1.1 are refused, never forwarded."""
import h2.exceptions
import pytest

from stoa_test.ways import BOTH

pytestmark = BOTH

BASE = [(":method", "POST"), (":authority", "echo.test"), (":scheme", "https"), (":path", "/smuggled")]


def changed(name, value):
    return [(n, value if n == name else v) for n, v in BASE]


HEADS = {
    "transfer-encoding": [*BASE, ("transfer-encoding", "chunked")],
    "connection": [*BASE, ("connection", "close")],
    "keep-alive": [*BASE, ("keep-alive", "timeout=5")],
    "upgrade": [*BASE, ("upgrade", "websocket"), ("connection", "upgrade")],
    "proxy-connection": [*BASE, ("proxy-connection", "keep-alive")],
    "te other than trailers": [*BASE, ("te", "gzip")],
    "CRLF in a value": [*BASE, ("x-a", "b\r\nTransfer-Encoding: chunked")],
    "LF in a value": [*BASE, ("x-a", "b\nContent-Length: 3")],
    "CR in a value": [*BASE, ("x-a", "b\rc")],
    "NUL in a value": [*BASE, ("x-a", "b\0c")],
    "CRLF in a name": [*BASE, ("x-a: b\r\ncontent-length", "3")],
    "colon in a name": [*BASE, ("x-a:b", "c")],
    "blank in a name": [*BASE, ("x a", "b")],
    "empty name": [*BASE, ("", "b")],
    "upper case": [*BASE, ("X-Upper", "b")],
    "CRLF in the path": changed(":path", "/ HTTP/1.1\r\nHost: other.test\r\n\r\nGET /x"),
    "blank in the path": changed(":path", "/a HTTP/1.1"),
    "raw UTF-8 in the path": changed(":path", "/gr\xc3\xb6\xc3\x9fe"),
    "tab in the path": changed(":path", "/a\tb"),
    "empty path": changed(":path", ""),
    "absolute path": changed(":path", "https://other.test/"),
    "path without slash": changed(":path", "smuggled"),
    "CRLF in the method": changed(":method", "GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST"),
    "blank in the method": changed(":method", "GET /x"),
    "empty method": changed(":method", ""),
    "CRLF in the authority": changed(":authority", "echo.test\r\nX-A: b"),
    "user in the authority": changed(":authority", "echo.test@other.test"),
    "path in the authority": changed(":authority", "echo.test/x"),
    "another authority": changed(":authority", "other.test"),
    "other scheme": changed(":scheme", "http"),
    "odd scheme": changed(":scheme", "https://echo.test/?"),
    "no method": BASE[1:],
    "no path": BASE[:3],
    "no scheme": [*BASE[:2], BASE[3]],
    "no authority": [BASE[0], *BASE[2:]],
    "two paths": [*BASE, (":path", "/second")],
    "two methods": [*BASE, (":method", "GET")],
    "two authorities": [*BASE, (":authority", "other.test")],
    "late pseudo field": [*BASE[:3], ("x-a", "b"), BASE[3]],
    "unknown pseudo field": [*BASE, (":smuggle", "x")],
    "a response's pseudo field": [*BASE, (":status", "200")],
    "protocol that was not offered": [(":method", "CONNECT"), (":protocol", "websocket"), *BASE[1:]],
    "CONNECT": [(":method", "CONNECT"), (":authority", "other.test:443")],
    "CONNECT with a path": [(":method", "CONNECT"), *BASE[1:]],
    "another Host": [*BASE, ("host", "other.test")],
    "two Hosts": [*BASE, ("host", "echo.test"), ("host", "other.test")],
    "two lengths": [*BASE, ("content-length", "5"), ("content-length", "3")],
    "list of lengths": [*BASE, ("content-length", "5, 5")],
    "signed length": [*BASE, ("content-length", "+5")],
    "length in hex": [*BASE, ("content-length", "0x5")],
    "longer than it says": [*BASE, ("content-length", "3")],
    "shorter than it says": [*BASE, ("content-length", "50")],
    "no length but zero": [*BASE, ("content-length", "0")],
}


@pytest.mark.parametrize("what", HEADS)
def test_F9_refused(house, what):
    before = house.echo.received()
    client = house.client(validate=False)
    stream = client.start("POST", "", raw=HEADS[what], end=False)
    try:
        client.send(stream, b"hello")
    except h2.exceptions.ProtocolError:
        pass  # the stream is closed already
    answer = client.wait(stream)
    assert client.ended or answer.reset is not None or 400 <= answer.status < 500 and answer.status != 403
    client.close()
    assert house.echo.received() == before, "something was forwarded"


@pytest.mark.parametrize("trailers", [[("transfer-encoding", "chunked")], [("content-length", "3")], [(":path", "/x")],
                                      [("host", "other.test")], [("x-a", "b\r\nc: d")]])
def test_F9_trailers(house, trailers):
    before = house.echo.received()
    client = house.client(validate=False)
    stream = client.start("POST", "", raw=[*BASE, ("content-type", "text/plain")], end=False)
    client.send(stream, b"hello", trailers=trailers)
    answer = client.wait(stream)
    assert client.ended or answer.reset is not None or 400 <= answer.status < 500
    client.close()
    assert house.echo.received() == before, "something was forwarded"


def test_F9_the_same_request_without_tricks(house):
    """So that the tests above do not pass because everything is refused."""
    client = house.client(validate=False)
    stream = client.start("POST", "", raw=[*BASE, ("content-length", "5")], end=False)
    client.send(stream, b"hello")
    assert client.wait(stream).body == b"hello"
    client.close()
