# SPDX-License-Identifier: Apache-2.0
"""B2: a secret across the borders of DATA frames, chunks, multipart delimiters, escapes and spool blocks is found, and
not one byte of it is forwarded."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.ways import BOTH

pytestmark = BOTH

IBAN = "DE02120300000000202051"
TEXT = f"before {IBAN} after"
ESCAPED = "".join(f"\\u{ord(c):04x}" for c in TEXT)
JSON = [("content-type", "application/json")]
BLOCK = 65536  # of the spool; limit.body_memory is the same here

FORMS = {
    "json": (json.dumps({"text": TEXT}).encode(), JSON),
    "escaped": (f'{{"text":"{ESCAPED}"}}'.encode(), JSON),
    "form": (b"a=1&text=" + TEXT.replace(" ", "+").encode(), [("content-type", "application/x-www-form-urlencoded")]),
    "multipart": (b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
                  b'--cut\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + TEXT.encode() + b"\r\n--cut--\r\n",
                  [("content-type", "multipart/form-data; boundary=cut")]),
    "plain": (TEXT.encode(), [("content-type", "text/plain")]),
}


@pytest.fixture
def client(house):
    client = Client2(house.gateway)
    assert client.open("echo.test") == "h2"
    yield client
    client.close()


@pytest.mark.parametrize("form", FORMS)
def test_b2_data_frames_cut_at_every_byte(house, client, form):
    body, fields = FORMS[form]
    before = len(house.echo.received())
    for cut in range(1, len(body)):
        stream = client.start("POST", "/post", fields, end=False)
        client.send(stream, body[:cut], end=False)
        client.send(stream, body[cut:])
        assert client.wait(stream).status == 403, cut
    for piece in (1, 2, 3, 7):
        assert client.request("POST", "/post", fields, body, piece=piece).status == 403, piece
    assert len(house.echo.received()) == before, "bytes reached the origin"


@pytest.mark.parametrize("form", FORMS)
def test_the_same_without_a_secret_arrives(house, client, form):
    body, fields = FORMS[form]
    if form == "escaped":
        body = body.replace(ESCAPED.encode(), b"nothing")
    clean = body.replace(IBAN.encode(), b"nothing of that kind")
    answer = client.request("POST", "/post", fields, clean, piece=5)
    assert answer.status == 200 and clean in house.echo.received()


@pytest.mark.parametrize("form", ["json", "escaped", "multipart", "plain"])
def test_b2_across_the_blocks_of_the_spool(house, client, form):
    """In HTTP/1 each piece is a chunk and a TLS record; in HTTP/2 a DATA frame. The borders fall on the same bytes."""
    body, fields = FORMS[form]
    at = body.index(ESCAPED.encode() if form == "escaped" else IBAN.encode())
    length = len(ESCAPED) if form == "escaped" else len(IBAN)
    padding = b"nothing to see here. " * 8000
    http1 = Client(house.gateway)
    http1.open("echo.test")
    before = len(house.echo.received())
    for border in (BLOCK, 2 * BLOCK):
        for inside in range(0, length + 1, 1 if form == "plain" else 5):
            start = body.index(b"before") if b"before" in body else body.index(ESCAPED.encode())
            long = body[:start] + padding[:border - at - inside] + body[start:] + padding[:1000] * (form == "plain")
            assert http1.request("POST", "/post", fields, long, chunks=border).status == 403, (border, inside)
            if inside % 10 == 0:
                assert client.request("POST", "/post", fields, long, piece=16384).status == 403, (border, inside)
    http1.close()
    assert len(house.echo.received()) == before, "bytes reached the origin"
    assert IBAN.encode() not in house.gateway.written()
