# SPDX-License-Identifier: Apache-2.0
"""Hold-back (docs/why/hold-back.md): a large plain text leaves while it comes, but for its tail; what must not leave in
it ends it, and not one of its bytes has left."""
import base64
import gzip
import threading

import pytest

from house import House
from test_memory import MOST, Memory
from test_uploads import arrives, begin, is_refused

IBAN = b"DE02 1203 0000 0000 2020 51"
TOKEN = b"password = aB3xK9qLm2Zt"
TEXT = [("Content-Type", "text/plain; charset=utf-8")]
LIMITS = "limit:\n  body_memory: 256KiB\n  body_max: 1MiB\nhold_back:\n  texts: true\n"
TAIL = 20_000  # bytes that may stay behind, and a cut that moves on a little


def log(size):
    lines, n = [], 0
    while n < size:
        lines.append(b"2026-11-30 12:%02d:%02d worker[%d]: all is well, nothing to see here, move along\n"
                     % (len(lines) // 60 % 60, len(lines) % 60, len(lines) % 7))
        n += len(lines[-1])
    return b"".join(lines)[:size]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("texts"), LIMITS)
    house.gateway.sanitizer += ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"  # what is freed is free
    with house.gateway:
        yield house
    house.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_text_arrives_beyond_every_limit(texts, protocol, chunked):
    before = texts.count("texts_streamed"), texts.count("bodies_spooled"), texts.count("texts_held")
    client, _ = arrives(texts, protocol, log(3_000_000), TEXT, chunked)
    assert client.status == 201
    assert (texts.count("texts_streamed"), texts.count("bodies_spooled"), texts.count("texts_held")) == \
        (before[0] + 1, *before[1:])


def test_it_leaves_while_it_comes(texts, protocol):
    """All but the tail, after a pause; the tail when the client ends."""
    body = log(700_000)
    client, site = begin(texts, protocol, body, TEXT, False)
    client.send(body[:300_000])
    peer = site.peer()
    peer.head()
    got = peer.take(300_000 - TAIL)
    client.send(body[300_000:400_000])
    got += peer.take(400_000 - TAIL - len(got))
    assert len(peer.reader.buffer) < TAIL, "the tail has left"
    got_rest = []
    rest = threading.Thread(target=lambda: got_rest.append(peer.take(700_000 - len(got))))
    rest.start()
    client.send(body[400_000:], end=True)
    rest.join()
    peer.sends(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert client.whole().status == 201 and got + got_rest[0] == body
    client.close()
    peer.close()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("at", [300_000, 700_000, 2_000_000])
def test_a_secret_ends_it(texts, protocol, at, chunked):
    before = texts.count("texts_cut")
    got = is_refused(texts, protocol, log(at) + b"\nXXXX " + IBAN + b"\n" + log(200_000), TEXT, chunked)
    assert b"all is well" in got or at < 700_000, "the test is about a text that had begun"
    assert b"DE02" not in got and b"2020 51" not in got and b"\r\n0\r\n" not in got
    assert len(got) < at + 1000, "bytes behind it have left"
    assert texts.count("texts_cut") == before + 1


def test_the_record_says_how_much_had_left(texts):
    is_refused(texts, "h1", log(700_000) + b"\n" + IBAN + b"\n" + log(200_000), TEXT)
    said = [record for record in texts.gateway.opened("someone") if record["kind"] == "decision"][-1]["details"]
    assert said["verdict"] == "block" and said["coverage"] == "fully"
    assert 500_000 < said["streamed"] < 700_000 < said["inspected"] <= said["bytes"]


@pytest.mark.parametrize("back", [0, 1, 13, 26, 27, 2304, 14_080, 16_384])
def test_a_secret_over_a_border(texts, back):
    """The first stretch is what the memory holds; the next ones have 128 KiB."""
    for border in (256 << 10, (256 << 10) + (112 << 10)):
        got = is_refused(texts, "h1", log(border - back) + b" " + IBAN + b" " + log(300_000), TEXT, True)
        assert b"DE02" not in got and b"2020 51" not in got and b"\r\n0\r\n" not in got


def test_a_secret_in_front_of_all(texts, protocol):
    assert is_refused(texts, protocol, log(1000) + b" " + IBAN + b"\n" + log(500_000), TEXT) == b""


def test_a_secret_in_an_encoded_run_over_a_border(texts):
    run = base64.b64encode(log(60_000) + b" " + IBAN + b"\n" + log(60_000))
    got = is_refused(texts, "h1", log(900_000) + b"\n" + run + b"\n" + log(100_000), TEXT, True)
    assert b"all is well" in got and run[:100] not in got


@pytest.mark.parametrize("body, fields", [
    (b'{"a": "' + b"all is well; " * 40_000 + b'"}', [("Content-Type", "application/json")]),
    (b"<p>" + b"all is well; " * 40_000, [("Content-Type", "text/html")]),
    (b"a=" + b"all+is+well%3B+" * 40_000, [("Content-Type", "application/x-www-form-urlencoded")]),
    (b"all is well; " * 40_000, [("Content-Type", "text/plain; charset=iso-8859-1")]),
    (gzip.compress(log(700_000), 0), TEXT + [("Content-Encoding", "gzip")]),
    (b"all is well; " * 40_000, TEXT),  # one line of half a megabyte
], ids=["json", "html", "form", "latin-1", "gzip", "one-line"])
def test_what_cannot_be_told_in_pieces_waits_for_its_end(texts, body, fields):
    before = texts.count("texts_streamed"), texts.count("bodies_spooled")
    client, _ = arrives(texts, "h1", body, fields)
    assert client.status == 201
    assert (texts.count("texts_streamed"), texts.count("bodies_spooled")) == (before[0], before[1] + 1)


def test_a_run_that_is_long_waits_and_passes(texts, protocol):
    before = texts.count("texts_held")
    body = log(400_000) + b"\n" + base64.b64encode(bytes(range(256)) * 2000) + b"\n" + log(100_000)
    client, _ = arrives(texts, protocol, body, TEXT)
    assert client.status == 201 and texts.count("texts_held") == before + 1


def test_what_is_too_large_to_wait_is_refused(texts, protocol):
    """failure.size: the rest behind a place where it stopped has to be held, and body_max is 1 MiB."""
    body = log(900_000) + b"\n" + base64.b64encode(bytes(range(256)) * 6000) + b"\n" + log(100_000)
    got = is_refused(texts, protocol, body, TEXT, status=413)
    assert b"all is well" in got and len(got) < 920_000


def test_what_has_left_in_part_is_not_redacted(texts, protocol):
    """From the start it is held and masked, as ever; later it can only be ended."""
    card = b"my card 4111 1111 1111 1111, lol\n"
    body = card + log(500_000)
    client, _ = arrives(texts, protocol, body, TEXT, host="redacted.example",
                        arrived=body.replace(b"4111 1111 1111 1111", b"[card]"))
    assert client.status == 201


def test_memory_does_not_grow_with_it(texts, protocol):
    arrives(texts, protocol, log(2_000_000), TEXT, True)
    memory = Memory(texts)
    arrives(texts, protocol, log(16 << 20), TEXT, True)
    assert memory.grown() < MOST, memory.grown()
