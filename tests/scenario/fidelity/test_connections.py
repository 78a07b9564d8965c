# SPDX-License-Identifier: Apache-2.0
"""F2, F5, O4: large heads, many requests on one connection, logins that belong to a connection, many idle ones."""
import pytest

from stoa_test.client import Client

KIB = 1024


def test_F2_a_head_of_60_kb_passes(house):
    fields = [(f"X-Field-{number}", "v" * 480) for number in range(120)]
    client = house.client("site.test")
    house.site.sends("200 OK", [], b"x")
    assert client.request("GET", "/large", fields).status == 200
    assert [pair for pair in house.site.gets().fields if pair[0].startswith("X-Field")] == fields
    client.close()


def test_F2_a_cookie_of_16_kb_passes(house):
    cookie = "; ".join(f"name{number}={'c' * 170}" for number in range(96))
    assert len(cookie) > 16 * KIB
    client = house.client("site.test")
    house.site.sends("200 OK", [], b"x")
    assert client.request("GET", "/cookie", [("Cookie", cookie)]).status == 200
    assert house.site.gets().header("cookie") == cookie
    client.close()


def test_F2_an_answers_head_of_60_kb_passes(house):
    fields = [("Set-Cookie", f"name{number}={'c' * 480}") for number in range(120)]
    client = house.client("site.test")
    house.site.sends("200 OK", fields, b"x")
    reply = client.request("GET", "/cookies")
    assert [pair for pair in reply.fields if pair[0] == "Set-Cookie"] == fields
    assert house.site.gets().target == "/cookies"
    client.close()


LOGIN = [("Authorization", "NTLM TlRMTVNTUAABAAAA")]


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_F5_a_login_by_connection_keeps_its_own(house, scheme):
    """Who logged in is known by the connection: it serves this client, to the end, and never another one."""
    ana, ben = house.client("site.test"), house.client("site.test")
    house.site.sends("401 Unauthorized", [("WWW-Authenticate", scheme), ("Connection", "keep-alive")])
    assert ana.request("GET", "/ana/0").status == 401
    for number in range(1, 6):
        house.site.sends("200 OK", [], b"x")
        fields = [("Authorization", f"{scheme} TlRMTVNTUAABAAAA")] if number < 3 else []
        assert ana.request("GET", f"/ana/{number}", fields).status == 200
        house.site.sends("200 OK", [], b"x")
        assert ben.request("GET", f"/ben/{number}").status == 200
    ana.close()
    for number in range(6, 9):
        house.site.sends("200 OK", [], b"x")
        assert ben.request("GET", f"/ben/{number}").status == 200
    ben.close()
    hers = [bytes(reader.seen) for reader in house.site.readers if b"GET /ana/" in reader.seen]
    assert len(hers[-1:]) == 1 and all(b"GET /ana/%d " % number in hers[-1] for number in range(6))
    assert not any(b"GET /ben/" in seen[seen.index(b"GET /ana/0 "):] for seen in hers[-1:])
    while not house.site.requests.empty():
        house.site.requests.get()


def test_O4_hundreds_of_idle_pairs_are_held(house):
    """Each had an exchange and rests; all are there afterwards, and none has an exchange's memory."""
    before, clients = house.gateway.count("memory"), []
    for number in range(250):
        client = house.client()
        assert client.request("GET", f"/{number}").status == 200
        clients.append(client)
    assert house.gateway.count("open") >= len(clients)
    assert house.gateway.count("memory") - before < len(clients) * 64 * KIB
    for client in clients:
        assert client.request("POST", "/again", [("Content-Type", "text/plain")], b"hello").body == b"hello"
        client.close()


def test_F5_pipelined_requests_of_two_kinds(house):
    client = Client(house.gateway)
    client.open("echo.test")
    client.write(b"".join(
        b"POST /%d HTTP/1.1\r\nHost: echo.test\r\nContent-Type: text/plain\r\n" % number +
        (b"Content-Length: 2\r\n\r\n%02d" if number % 2 else b"Transfer-Encoding: chunked\r\n\r\n2\r\n%02d\r\n0\r\n\r\n")
        % number for number in range(40)))
    assert [client.get().body for _ in range(40)] == [b"%02d" % number for number in range(40)]
    client.close()
