# SPDX-License-Identifier: Apache-2.0
"""F1, F9: what arrives is what was sent, and what two protocols would read differently arrives nowhere."""
import pytest

from stoa_test.ways import BOTH

pytestmark = BOTH

TEXT = ("content-type", "text/plain")


@pytest.mark.parametrize("order", [(":method", ":authority", ":scheme", ":path"), (":method", ":path", ":authority",
                                                                                  ":scheme")])
def test_F1_fields_and_their_order(house, order):
    """Of browsers: Chromium's and Firefox's pseudo fields. Pieces of a cookie are one again."""
    site, client = house.fresh(), house.client()
    pseudo = dict(client.head("GET", "/f1?a=b"))
    fields = [("x-two", "1"), ("accept", "*/*"), ("x-two", "2"), ("te", "trailers"), ("accept-encoding", "gzip, br")]
    site.on_end = lambda request: (request.head(200, [("set-cookie", "a=1"), ("x-odd", ""), ("set-cookie", "b=2"),
                                                      ("alt-svc", 'h3=":443"')]), request.send(b"ok", []))
    stream = client.start("GET", "/", raw=[(name, pseudo[name]) for name in order] + fields)
    answer = client.wait(stream)
    assert answer.fields == [(":status", "200"), ("set-cookie", "a=1"), ("x-odd", ""), ("set-cookie", "b=2")]
    assert site.gets().fields == [(name, pseudo[name]) for name in order] + fields
    site.on_end = site.reply
    client.request("GET", "/", [("cookie", "a=1"), ("x-one", "1"), ("cookie", "b=2")])
    assert site.gets().fields[4:] == [("cookie", "a=1; b=2"), ("x-one", "1")]
    client.close()


def test_F1_nothing_is_added_to_a_post(house):
    site, client = house.fresh(), house.client()
    client.request("POST", "/", [TEXT], b"body")
    client.request("POST", "/", [TEXT, ("content-length", "4")], b"body")
    client.request("POST", "/", [TEXT])
    assert [site.gets().fields[4:] for _ in range(3)] == [[TEXT], [TEXT, ("content-length", "4")], [TEXT]]
    client.close()


def test_F2_a_head_of_60_kb(house):
    site, client = house.fresh(), house.client()
    fields = [("cookie", "c=" + "x" * 16_000)] + [(f"x-{n}", "y" * 1000) for n in range(40)]
    assert client.request("GET", "/large", fields).status == 200
    assert site.gets().fields[4:] == fields
    client.close()


BAD_BYTES = [("x-a", "a\r\nx-b: c"), ("x-a", "a\nb"), ("x-a", "a\0b"), ("x-a\r\nx-b", "c"), ("x a", "c")]
BAD_FIELDS = [("transfer-encoding", "chunked"), ("connection", "close"), ("content-length", "1, 1"),
              ("content-length", "+4"), ("upgrade", "h2c"), *BAD_BYTES]


@pytest.mark.parametrize("name, value", BAD_FIELDS)
def test_F9_a_request_with_two_readings_never_leaves(house, name, value):
    site, client = house.fresh(), house.client(validate=False)
    stream = client.start("POST", "/f9", [TEXT, (name, value)], end=False)
    try:
        client.send(stream, b"evil")
    except Exception:  # noqa: BLE001 - python3-h2 knows of the reset already
        pass
    answer = client.wait(stream)
    assert answer.reset is not None or answer.status == 400
    assert b"evil" not in b"".join(site.received2) and site.heads.empty()
    client.close()


@pytest.mark.parametrize("head", [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 4\r\nContent-Length: 5\r\n",
    b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding : chunked\r\n", b"Content-Length: 4\r\n folded\r\n",
    b"X-A: a\0b\r\n", b"X-A: a\rb\r\n"])
def test_F9_nor_one_of_http1_for_an_http2_origin(house, head):
    client, before = house.client1("insists.test"), house.insists.requests.qsize()
    client.write(b"POST / HTTP/1.1\r\nHost: insists.test\r\n" + head + b"\r\nevil")
    assert client.get().status in (400, 501)
    assert house.insists.requests.qsize() == before and b"evil" not in b"".join(house.insists.received2)
    client.close()


@pytest.mark.parametrize("fields, body", [
    ([("content-length", "3")], b"four"), ([("content-length", "9")], b"four"), ([("connection", "close")], b"x"),
    ([("transfer-encoding", "chunked")], b"x"), ([("x-a", "a\r\nset-cookie: b=1")], b"x"),
    ([("content-length", "x")], b"x")])
@pytest.mark.parametrize("kind", ["h2", "h1"])
def test_F9_nor_an_answer(house, kind, fields, body):
    """It is cut off, for a client of either protocol; nothing that was smuggled in it arrives."""
    site = house.insists
    site.on_end = lambda request: (request.head(200, fields), request.send(body, []))
    if kind == "h2":
        client = house.client("insists.test")
        answer = client.request("GET", "/f9")
        assert answer.status == 502 or (answer.reset is not None and not answer.is_whole)
        assert answer.header("set-cookie") is None
    else:
        client = house.client1("insists.test")
        client.send("GET", "/f9")
        seen = b""
        while data := client.sock.recv(65536):
            seen += data
            if b"</html>" in data or seen.startswith(b"HTTP/1.1 502"):
                break
        assert b"set-cookie" not in seen and (seen.startswith(b"HTTP/1.1 502") or b"\r\n\r\nfour" in seen
                                              or seen.endswith(b"\r\n\r\n"))
    site.calm()
    client.close()


def test_F7_another_host_on_this_connection_is_421(house):
    """Although both are there, and the one session would do: each host has its own policy."""
    site, client = house.fresh(), house.client()
    answer = client.request("GET", "/", [("accept", "text/html")], authority="redacted.example")
    assert answer.status == 421 and b"<html" in answer.body
    assert client.request("GET", "/").body == b"hello" and house.redacted.requests.empty()
    client.close()
