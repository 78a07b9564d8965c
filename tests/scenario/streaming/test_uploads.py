# SPDX-License-Identifier: Apache-2.0
"""B4: media leave as they come, unread and told so; the text around them does not leave before its verdict."""
import hashlib
import json
import random
import threading

import pytest

from house import SMALL, House
from stoa_test.client import Client
from stoa_test.origin import WAIT
from stoa_test.stage import EXCHANGES

IBAN = b"DE02 1203 0000 0000 2020 51"
SAID = b'--cut\r\nContent-Disposition: form-data; name="said"\r\n\r\n'
FILE = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
FORM = [("Content-Type", "multipart/form-data; boundary=cut")]
END = b"\r\n--cut--\r\n"
BOX = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"


def film(size, seed=1):
    return (BOX + random.Random(seed).randbytes(size))[:size]


def begin(house, protocol, body, fields, chunked, method="POST", host="site.test"):
    client, site = house.both(protocol, host)
    client.start(method, "/upload", fields if chunked else [*fields, ("Content-Length", str(len(body)))], end=False)
    return client, site


def send(client, body, step=50_000):
    """All of it, or until nobody takes more; the other side goes on in a thread of its own."""
    for at in range(0, len(body), step):
        if client.send(body[at:at + step], end=at + step >= len(body)) == 0:
            return


def arrives(house, protocol, body, fields, chunked=False, method="POST", status=b"201 Created", extra=b"",
            host="site.test", arrived=None):
    """The origin gets exactly that body, or `arrived`; the client gets its answer."""
    client, site = begin(house, protocol, body, fields, chunked, method, host)
    got = {}

    def serve():
        peer = site.peer()
        got["head"] = peer.head()
        if got["head"].header("content-length") is not None:
            got["body"] = peer.take(int(got["head"].header("content-length")))
        else:
            got["body"] = b""
            while (piece := peer.chunk()):
                got["body"] += piece
        peer.sends(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n%s\r\n" % (status, extra))
        client_done.wait(WAIT)
        peer.close()

    client_done = threading.Event()
    server = threading.Thread(target=serve)
    server.start()
    send(client, body)
    client.whole()
    client_done.set()
    server.join()
    want = body if arrived is None else arrived
    assert hashlib.sha256(got["body"]).digest() == hashlib.sha256(want).digest(), (len(got["body"]), len(want))
    client.close()
    return client, got["head"]


def is_refused(house, protocol, body, fields, chunked=False, status=403):
    """The client gets a no; answers every byte of it that the origin had."""
    client, site = begin(house, protocol, body, fields, chunked)
    got, last = [], b"GET /last HTTP/1.1\r\n"

    def serve():
        while not got or last not in got[-1]:
            got.append(site.peer().until(last))

    origin = threading.Thread(target=serve)
    origin.start()
    send(client, body)
    client.until(lambda: client.status is not None)
    assert client.status == status, client.status
    client.close()
    after = EXCHANGES["h1"](house.gateway, "site.test")
    after.start("GET", "/last")
    origin.join()
    after.close()
    return b"".join(got).split(last)[0]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [1000, 65_536, 65_537, 300_000, 9_000_000])
def test_b4_a_film_arrives_beyond_every_limit(house, protocol, size, chunked):
    """limit.body_max is 4 MiB here: it is about what is looked into."""
    client, _ = arrives(house, protocol, film(size), [("Content-Type", "video/mp4")], chunked)
    assert client.status == 201


@pytest.mark.parametrize("kind", ["video/mp4", "application/octet-stream", None])
def test_b4_a_resumable_upload_in_pieces(house, protocol, kind):
    """As YouTube's: pieces with Content-Range, each but the last answered by 308; only the first has a film's beginning."""
    body, step = film(1_000_000), 262_144
    for at in range(0, len(body), step):
        piece = body[at:at + step]
        last = at + step >= len(body)
        fields = [("Content-Range", f"bytes {at}-{at + len(piece) - 1}/{len(body)}")]
        if kind:
            fields.append(("Content-Type", kind))
        client, head = arrives(house, protocol, piece, fields, method="PUT", host="www.youtube.com",
                               status=b"200 OK" if last else b"308 Resume Incomplete",
                               extra=b"" if last else b"Range: bytes=0-%d\r\n" % (at + step - 1))
        assert client.status == (200 if last else 308) and head.header("content-range") == fields[0][1]
        assert last or client.fields["range"] == f"bytes=0-{at + step - 1}"


def test_the_receipt_says_media(house, protocol):
    before = house.count("not_inspected_by.media")
    arrives(house, protocol, film(200_000), [("Content-Type", "video/mp4")], host="www.youtube.com")
    assert house.count("not_inspected_by.media") == before + 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_form_with_films_arrives(house, protocol, chunked):
    text = b"nothing to see here, move along; " * 500
    body = SAID + text + b"\r\n" + FILE + film(5_000_000) + b"\r\n" + SAID + text + b"\r\n" + FILE + film(200_000, 2) + b"\r\n" \
        + FILE + b"small\r\n" + SAID + b"the end" + END
    client, _ = arrives(house, protocol, body, FORM, chunked)
    assert client.status == 201


def test_a_secret_in_front_of_a_film(house, protocol):
    body = SAID + b"pay " + IBAN + b" please\r\n" + FILE + film(500_000) + END
    got = is_refused(house, protocol, body, FORM)
    assert got == b"", "bytes left before the verdict"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_secret_behind_a_film_stays_here(house, protocol, chunked):
    """The film has left; not one byte of the part with the secret has, and the origin cannot take the rest for whole."""
    body = FILE + film(500_000) + b"\r\n" + SAID + b"XXXX pay " + IBAN + b" please" + END
    got = is_refused(house, protocol, body, FORM, chunked)
    assert b"XXXX" not in got and b'name="said"' not in got and IBAN not in got
    assert not got.endswith(END) and b"\r\n0\r\n" not in got
    assert b"\0\0\0\x20ftyp" in got, "the test is about an upload that had begun"


@pytest.mark.parametrize("shift", [0, 1, 1023, 1024, 1025, 65_535, 65_536, 65_537, 131_072])
def test_b2_a_secret_between_two_films(house, shift):
    body = FILE + film(70_000 + shift) + b"\r\n" + SAID + b"XXXX" + IBAN + b"\r\n" + FILE + film(100_000) + END
    got = is_refused(house, "h1", body, FORM)
    assert b"XXXX" not in got and IBAN not in got and len(got) < 72_000 + shift


@pytest.mark.parametrize("body, fields", [
    (b"nothing yet " * 20_000 + IBAN, [("Content-Type", "video/mp4")]),                    # text called a film
    (BOX + b"\r\n" + IBAN + film(200_000)[32:], [("Content-Type", "video/mp4")]),           # readable where it begins
    (b"\x89PNG\r\n\x1a\n" + b"nothing yet " * 20_000 + IBAN, [("Content-Type", "text/plain")]),  # a film called text
    (FILE + b"nothing yet " * 20_000 + IBAN + END, FORM),
    (FILE + film(100_000) + b"\n--cut\n\n" + IBAN + END, FORM),                             # a delimiter for some readers
    (FILE + film(100_000) + b"\r\n--cut--\r\n" + IBAN, FORM),                               # behind the end
    (FILE + film(100_000) + b"\r\n--cutter\r\n" + IBAN + END, FORM),
    (FILE + film(100_000) + b"\r\n--cut\r\nContent-Type: video/mp4\r\nX-Note: " + IBAN + b"\r\n\r\n" + film(5000) + END, FORM),
])
def test_a_disguise_does_not_help(house, body, fields):
    got = is_refused(house, "h1", body, fields)
    assert IBAN not in got


def test_text_behind_a_film_that_outgrows_the_memory(house, protocol):
    body = FILE + film(100_000) + b"\r\n" + SAID + b"XXXX" + b"nothing to see; " * 30_000 + END
    got = is_refused(house, protocol, body, FORM, status=413)
    assert b"XXXX" not in got


def test_a_client_that_goes_in_the_middle(house):
    client, site = house.both("h1")
    client.start("PUT", "/film", [("Content-Type", "video/mp4"), ("Content-Length", "1000000")], end=False)
    client.send(film(300_000))
    peer = site.peer()
    peer.head()
    peer.take(100_000)
    client.close()
    assert len(peer.until()) < 300_000


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("strict"), SMALL + "failure:\n  media: block\n")
    with house.gateway:
        yield house
    house.close()


def test_failure_media_block_refuses_before_the_first_byte(strict, protocol):
    for body, fields in ((film(300_000), [("Content-Type", "video/mp4")]), (film(1000), [("Content-Type", "image/png")]),
                         (SAID + b"hello\r\n" + FILE + film(300_000) + END, FORM)):
        assert is_refused(strict, protocol, body, fields) == b""


def test_what_is_redacted_is_held_whole(house, protocol):
    """A film that could go waits for the words beside it."""
    body = SAID + b"my card 4111 1111 1111 1111, lol\r\n" + FILE + film(300_000) + END
    redacted = body.replace(b"4111 1111 1111 1111", b"[card]")
    client, head = arrives(house, protocol, body, FORM, host="redacted.example", arrived=redacted)
    assert client.status == 201 and "stoa-coach" in client.fields


def test_what_was_read_of_a_spooled_post_is_told_afterwards(house):
    """Its title stands in the body, which was on disk; the curator's rules are asked when the platform took it."""
    client = Client(house.gateway)
    client.open(house.pages.host)
    body = json.dumps({"title": "kubernetes talks", "description": "about kubernetes, and more of that; " * 4000}).encode()
    for _ in range(3):
        reply = client.request("POST", "/youtubei/v1/playlist/create", [("Content-Type", "application/json")], body)
        assert reply.status == 200
    client.close()
