# SPDX-License-Identifier: Apache-2.0
"""One account number in every disguise that a later reader takes off again: none of them arrives, their harmless twins do."""
import base64
import gzip
import json
import random
import urllib.parse

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

IBAN = "DE02120300000000202051"
GROUPED = "DE02 1203 0000 0000 2020 51"
HARMLESS = str.maketrans("0123456789", "ghijklmnop")  # the same length and shape without a digit
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"

JSON = [("Content-Type", "application/json")]
TEXT = [("Content-Type", "text/plain")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
PARTS = [("Content-Type", "multipart/form-data; boundary=cut")]
GZIP = [*JSON, ("Content-Encoding", "gzip")]


def typed(value):
    return [("Content-Type", value)]


def in_json(text):
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def escaped(iban):
    return ('{"text":"' + "".join(f"\\u{ord(c):04x}" for c in iban) + '"}').encode()


def percent(iban):
    return "".join(f"%{ord(c):02x}" for c in iban)


def wide(iban):
    return "".join(chr(ord(c) + 0xFEE0) for c in iban)


def parts(*each, end=b"--cut--\r\n"):
    return b"".join(b"--cut\r\n" + part + b"\r\n" for part in each) + end


def part(body, head=b"", name=b"t"):
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n' + head + b"\r\n" + body


def gzip_named(iban):
    packed = gzip.compress(b'{"text":"hello there"}', mtime=0)
    return packed[:3] + b"\x08" + packed[4:10] + iban.encode() + b"\0" + packed[10:]


def many(last):
    return b'{"a":[' + b",".join(b'"field%06d"' % i for i in range(17000)) + b'],"t":' + last + b"}"


# name: (fields, body of the number, plain or grouped)
BODIES = {
    "json": (JSON, in_json),
    "two members of gzip": (GZIP, lambda n: gzip.compress(b"   ") + gzip.compress(in_json(n))),
    "the name in a gzip header": (GZIP, gzip_named),
    "gzip that is not called so": (JSON, lambda n: gzip.compress(in_json(n))),
    "gzip as a file": (typed("application/octet-stream"), lambda n: gzip.compress(in_json(n))),
    "called UTF-16 and is none": (typed("application/json; charset=utf-16"), in_json),
    "a form called UTF-16": (typed("application/x-www-form-urlencoded; charset=utf-16le"), lambda n: b"text=" + n.encode()),
    "a UTF-16 mark before ASCII": (TEXT, lambda n: b"\xff\xfex " + n.encode() + b" y"),
    "ASCII behind UTF-16": (TEXT, lambda n: ("hello world " * 100).encode("utf-16-le") + n.encode()),
    "full width called Latin-1": (typed("text/plain; charset=iso-8859-1"), lambda n: wide(n).encode()),
    "nothing seen between, called ASCII": (typed("text/plain; charset=us-ascii"), lambda n: "\u200b".join(n).encode()),
    "a part called UTF-16": (PARTS, lambda n: parts(part(n.encode(), b"Content-Type: text/plain; charset=utf-16\r\n"))),
    "_charset_ of a form": (PARTS, lambda n: parts(part(b"utf-16", name=b"_charset_"), part(n.encode()))),
    "a picture's first bytes": (TEXT, lambda n: b"\x89PNG\r\n\x1a\n\0" + in_json(n)),
    "a picture by name": (typed("image/png"), lambda n: b"\0" + in_json(n)),
    "an archive's first bytes": (JSON, lambda n: b"PK\x03\x04" + in_json(n)),
    "a picture's part": (PARTS, lambda n: parts(part(b"\x89PNG\0" + in_json(n), b"Content-Type: image/png\r\n"))),
    "a comment makes it no JSON": (TEXT, lambda n: b'{/*x*/"t":' + escaped(n) + b"}"),
    "a prefix makes it no JSON": (TEXT, lambda n: b")]}',\n" + escaped(n)),
    "records with a separator": (typed("application/json-seq"), lambda n: b'\x1e{"a":1}\n\x1e' + escaped(n) + b"\n"),
    "more fields than are read": (TEXT, lambda n: many(escaped(n))),
    "a form in JSON": (JSON, lambda n: in_json("text=" + percent(n))),
    "a link in JSON": (JSON, lambda n: in_json("https://x.test/?q=" + urllib.parse.quote(GROUPED if n == IBAN else n))),
    "hard blanks of an editor": (JSON, lambda n: in_json("<p>" + (GROUPED if n == IBAN else n).replace(" ", "&nbsp;"))),
    "numbered characters": (typed("text/html"), lambda n: "".join(f"&#{ord(c)};" for c in n).encode()),
    "numbered characters in XML": (typed("text/xml"), lambda n: "".join(f"&#x{ord(c):x};" for c in n).encode()),
    "tags inside": (JSON, lambda n: in_json(f"<b>{n[:4]}</b>{n[4:8]} <i>{n[8:12]}</i> {n[12:]}")),
    "a form called text": (TEXT, lambda n: b"a=hello world&text=" + percent(n).encode()),
    "a part's own header": (PARTS, lambda n: parts(part(b"hello", b"X-Note: " + n.encode() + b"\r\n"))),
    "a parameter of a part": (PARTS, lambda n: parts(part(b"hello", name=b'f"; foo="' + n.encode()))),
    "the second file name": (PARTS, lambda n: parts(part(b"hello", name=b'f"; filename="a.txt"; filename="' + n.encode()))),
    "an escaped file name": (PARTS, lambda n: parts(part(b"hello", name=b"f\"; filename*=UTF-8''" + percent(n).encode() + b'; x="'))),
    "a part inside a part": (PARTS, lambda n: parts(part(
        b"--in\r\n" + part(escaped(n), b"Content-Type: application/json\r\n") + b"\r\n--in--\r\n",
        b"Content-Type: multipart/mixed; boundary=in\r\n"))),
    "parts called text": (TEXT, lambda n: parts(part(escaped(n), b"Content-Type: application/json\r\n"))),
}
# Harmless or not, nobody can tell: they are refused as they are.
UNREADABLE = {
    "base64 in a part": (PARTS, parts(part(base64.b64encode(IBAN.encode()), b"Content-Transfer-Encoding: base64\r\n"))),
    "a frame that decoders pass over": ([*JSON, ("Content-Encoding", "zstd")], b"\x50\x2a\x4d\x18\x16\0\0\0" + IBAN.encode()),
    "two content codings, the first a lie": ([*JSON, ("Content-Encoding", "identity"), ("Content-Encoding", "gzip")],
                                             gzip.compress(in_json(IBAN))),
    "two content types": ([*TEXT, *FORM], b"a=hello world&text=" + percent(IBAN).encode()),
    "a key": (JSON, b'{"' + IBAN.encode() + b'":1}'),
}
QUERIES = {"plain": IBAN, "grouped": GROUPED.replace(" ", "+"), "escaped": percent(IBAN)}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    gateway = Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path)
    with gateway:
        yield gateway, origin
    origin.close()


def ask(house, method, target, fields=(), body=b"", **how):
    client = Client(house[0])
    client.open("forum.test")
    try:
        return client.request(method, target, list(fields), body, **how)
    finally:
        client.close()


@pytest.mark.parametrize("name", BODIES)
def test_a_number_in_this_form_stays_inside(house, name):
    fields, make = BODIES[name]
    before = len(house[1].received())
    assert ask(house, "POST", "/post", fields, make(IBAN)).status == 403
    assert len(house[1].received()) == before


@pytest.mark.parametrize("name", BODIES)
def test_this_form_without_a_number_arrives(house, name):
    fields, make = BODIES[name]
    expected = 403 if name in ("more fields than are read", "an archive's first bytes") else 200
    assert ask(house, "POST", "/post", fields, make(IBAN.translate(HARMLESS))).status == expected


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_stays_inside(house, name):
    fields, body = UNREADABLE[name]
    before = len(house[1].received())
    assert ask(house, "POST", "/post", fields, body).status in (400, 403)
    assert len(house[1].received()) == before


@pytest.mark.parametrize("method", ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "ANYTHING"))
@pytest.mark.parametrize("form", QUERIES)
def test_a_number_in_the_query_stays_inside(house, method, form):
    before = len(house[1].received())
    assert ask(house, method, "/search?page=2&q=" + QUERIES[form]).status == 403
    assert len(house[1].received()) == before


@pytest.mark.parametrize("method", ("GET", "PUT", "PATCH", "DELETE", "REPORT", "SEARCH", "ANYTHING"))
def test_a_number_in_the_body_of_any_method_stays_inside(house, method):
    before = len(house[1].received())
    assert ask(house, method, "/post", TEXT, f"my account {IBAN}".encode()).status == 403
    assert len(house[1].received()) == before


def test_a_link_keeps_its_signature(house):
    """Keys and signatures that a site puts into its own links are nothing that a person typed."""
    target = "/file?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124&X-Amz-Signature=" + "0123456789abcdef" * 4
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    assert ask(house, "GET", target).status == 200
    assert ask(house, "GET", "/file?token=" + token).status == 200


def with_trailers(house, trailers, kind=b"text/plain", body=b"hello"):
    """The answer's status, and what the origin got."""
    before = len(house[1].received())
    client = Client(house[0])
    client.open("forum.test")
    client.write(b"POST /post HTTP/1.1\r\nHost: forum.test\r\nTransfer-Encoding: chunked\r\nContent-Type: " + kind
                 + b"\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n" + trailers + b"\r\n")
    status = client.get().status
    client.close()
    return status, house[1].received()[before:]


@pytest.mark.parametrize("trailers", [
    b"X-Note: DE02120300000000202051\r\n",
    b"X-Sum: lt0xcQ==\r\nX-Note: my account DE02 1203 0000 0000 2020 51\r\n",
    b"X-Note: SUJBTiBERTAyMTIwMzAwMDAwMDAwMjAyMDUx\r\n",
    b"de02120300000000202051: x\r\n"])
def test_a_number_in_a_trailer_stays_inside(house, trailers):
    assert with_trailers(house, trailers) == (403, b"")


def test_a_harmless_trailer_arrives(house):
    status, got = with_trailers(house, b"X-Note: a few more words, written later\r\nX-Sum: lt0xcQ==\r\n")
    assert status == 200
    assert got.endswith(b"\r\n0\r\nX-Note: a few more words, written later\r\nX-Sum: lt0xcQ==\r\n\r\n")


def test_a_trailer_behind_a_body_that_has_left_ends_at_the_gateway(house):
    film = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + random.Random(1).randbytes(2_000_000)
    before = house[0].count("trailers_dropped")
    status, got = with_trailers(house, b"X-Note: DE02120300000000202051\r\nX-Sum: lt0xcQ==\r\n", b"video/mp4", film)
    assert status == 200 and film[-1000:] in got and got.endswith(b"\r\n0\r\n\r\n")
    assert house[0].wait_count("trailers_dropped", before + 2) == before + 2


def test_nothing_of_it_is_written(house):
    written = house[0].written()
    for secret in (IBAN, GROUPED, percent(IBAN), wide(IBAN)):
        assert secret.encode() not in written
