# SPDX-License-Identifier: Apache-2.0
"""F8, B5, B6: codings go through bit by bit unless a rule changes the body; what cannot be looked into ends as
configured, and the receipt says so."""
import io
import zipfile

import pytest

from stoa_test import wire
from stoa_test.codings import CODINGS, gzip, name_of, zstd_bomb
from stoa_test.ways import BOTH

MIB = 1 << 20
TEXT = b"nothing to see here, move along; " * 30
IBAN = b"DE02 1203 0000 0000 2020 51"
CARD = b"my card is 4111 1111 1111 1111, please"
PLAIN = ("Content-Type", "text/plain; charset=utf-8")


@pytest.mark.parametrize("coding", [*CODINGS, "unheard-of"])
def test_F8_an_answer_arrives_bit_by_bit(house, coding):
    body = CODINGS.get(coding, lambda data: data[::-1])(TEXT)
    client = house.client("site.test")
    house.site.sends("200 OK", [PLAIN, ("Content-Encoding", name_of(coding))], body)
    reply = client.request("GET", "/coded")
    assert reply.body == body and reply.header("content-encoding") == name_of(coding)
    assert reply.header("content-length") == str(len(body))
    house.site.gets()
    client.close()


@pytest.mark.parametrize("coding", [*CODINGS, "unheard-of"])
def test_F8_a_request_arrives_bit_by_bit(house, lenient, coding):
    """By default a coding that nobody knows is not sent: test_B6_."""
    house = house if coding in CODINGS else lenient
    body = CODINGS.get(coding, lambda data: data[::-1])(TEXT)
    client = house.client("site.test")
    house.site.sends("200 OK", [], b"x")
    assert client.request("POST", "/coded", [PLAIN, ("Content-Encoding", name_of(coding))], body).status == 200
    got = house.site.gets()
    assert got.body == body and got.header("content-encoding") == name_of(coding)
    client.close()


@pytest.mark.parametrize("coding", CODINGS)
def test_F8_a_secret_in_any_coding_is_found(house, coding):
    before, client = house.echo.received(), house.client()
    body = CODINGS[coding](TEXT + IBAN + TEXT)
    assert client.request("POST", "/coded", [PLAIN, ("Content-Encoding", name_of(coding))], body).status == 403
    assert house.echo.received() == before
    client.close()


@pytest.mark.parametrize("coding", CODINGS)
def test_F8_a_changed_body_has_its_own_length_and_no_coding(house, coding):
    client = house.client("masked.example")
    body = CODINGS[coding](TEXT + CARD + TEXT)
    assert client.request("POST", "/coded", [PLAIN, ("Content-Encoding", name_of(coding))], body).status == 200
    got = house.masked.gets()
    assert got.header("content-encoding") is None and got.header("content-length") == str(len(got.body))
    assert got.body.startswith(TEXT) and got.body.endswith(TEXT) and b"4111" not in got.body
    client.close()


BOMBS = {
    "gzip in gzip": ("gzip, gzip", lambda: gzip(gzip(bytes(50 * MIB)))),
    "zstd": ("zstd", lambda: zstd_bomb(2000)),
}


@BOTH
@pytest.mark.parametrize("what", BOMBS)
def test_B5_a_bomb_ends_as_configured_not_in_memory(strict, lenient, what):
    """Each is more than ten thousand times as large as it looks."""
    coding, make = BOMBS[what]
    body = make()
    for house, status in ((strict, 403), (lenient, 200)):
        before = house.gateway.count("not_inspected")
        client = house.client()
        assert client.request("POST", "/bomb", [PLAIN, ("Content-Encoding", coding)], body).status == status
        assert house.gateway.count("not_inspected") == before + 1
        assert house.gateway.count("memory_peak") < 64 * MIB
        client.close()


def test_B6_trailers_of_a_body_that_was_not_held_end_at_the_gateway(lenient):
    """failure.size lets the body pass; nobody let the trailers."""
    before, dropped = len(lenient.echo.received()), lenient.gateway.count("trailers_dropped")
    body = b"a few words of no weight\n" * 60_000
    client = lenient.client()
    client.write(b"POST /much HTTP/1.1\r\nHost: echo.test\r\nContent-Type: text/plain\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body
                 + b"\r\n0\r\nX-Note: " + IBAN + b"\r\nX-Sum: 7\r\n\r\n")
    assert client.get().status == 200
    got = lenient.echo.received()[before:]
    assert IBAN not in got and got.endswith(b"\r\n0\r\n\r\n")
    assert lenient.gateway.wait_count("trailers_dropped", dropped + 2) == dropped + 2
    client.close()


def encrypted_archive():
    """A zip whose one entry says that it is encrypted (bit 0 of its flags, in both places)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", TEXT)
    data = bytearray(file.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


UNREADABLE = {
    "larger than the budget": ([PLAIN], b"x" * (2 * MIB), 413, "too-large"),
    "unknown coding": ([PLAIN, ("Content-Encoding", "unheard-of")], TEXT, 403, "unknown-content-coding"),
    "encrypted archive": ([("Content-Type", "application/zip")], encrypted_archive(), 403, "encrypted"),
}


@BOTH
@pytest.mark.parametrize("what", UNREADABLE)
def test_B6_what_cannot_be_read_ends_as_configured_with_a_receipt(strict, lenient, what):
    fields, body, status, reason = UNREADABLE[what]
    for house, expected in ((strict, status), (lenient, 200)):
        before = house.gateway.count("not_inspected")
        records = len(house.gateway.records("decision"))
        received = house.site.received()
        client = house.client("site.test")
        if expected == 200:
            house.site.sends("200 OK", [], b"taken")
        try:
            client.send("POST", "/unreadable", fields, body)
        except OSError:
            pass  # it is answered before it is read
        try:
            assert client.get().status == expected
        except (wire.Closed, OSError):
            assert expected == 413  # more came than was read: the answer may be lost in a reset
        client.close()
        assert house.gateway.count("not_inspected") == before + 1
        if expected == 200:
            assert house.site.gets().body == body
            continue
        assert house.site.received() == received
        assert len(house.gateway.wait_records(records + 1, "decision")) == records + 1
        receipt = [record for record in house.gateway.opened("someone") if record["kind"] == "decision"][-1]["details"]
        assert receipt["verdict"] == "block" and receipt["coverage"] != "fully" and receipt["reason"] == reason
