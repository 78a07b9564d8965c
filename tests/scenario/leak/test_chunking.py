# SPDX-License-Identifier: Apache-2.0
"""A secret cut at every byte of a request, in every transfer form, never reaches the origin: not one byte of it."""
import gzip
import json
import zlib

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo

IBAN = "DE02120300000000202051"
TEXT = f"before the secret {IBAN} after the secret"
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
MULTIPART = ("--cut\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n" + TEXT + "\r\n--cut--\r\n").encode()
JSON = {"Content-Type": "application/json"}

FORMS = {
    "json": (json.dumps({"text": TEXT}).encode(), JSON),
    "escaped": (('{"text":"' + "".join(f"\\u{ord(c):04x}" for c in TEXT) + '"}').encode(), JSON),
    "nested": (json.dumps({"variables": json.dumps({"input": {"text": TEXT}})}).encode(), JSON),
    "form": (b"a=1&text=" + TEXT.replace(" ", "+").encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
    "percent": (b"text=" + "".join(f"%{ord(c):02x}" for c in TEXT).encode(),
                {"Content-Type": "application/x-www-form-urlencoded"}),
    "multipart": (MULTIPART, {"Content-Type": "multipart/form-data; boundary=cut"}),
    "plain": (TEXT.encode(), {"Content-Type": "text/plain"}),
    "untyped": (TEXT.encode(), {}),
    "gzip": (gzip.compress(json.dumps({"text": TEXT}).encode()), {**JSON, "Content-Encoding": "gzip"}),
    "deflate": (zlib.compress(json.dumps({"text": TEXT}).encode()), {**JSON, "Content-Encoding": "deflate"}),
}
TRANSFERS = ("length", "chunked")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    from stoa_test.pki import Authority
    folder = tmp_path_factory.mktemp("chunking")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    gateway = Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path)
    with gateway:
        client = Client(gateway)
        client.open("forum.test")
        yield client, origin, gateway
    origin.close()


def pieces(message, cut):
    return message[:cut], message[cut:]


@pytest.mark.parametrize("transfer", TRANSFERS)
@pytest.mark.parametrize("form", FORMS)
def test_cut_at_every_byte(house, form, transfer):
    client, origin, gateway = house
    body, fields = FORMS[form]
    before = len(origin.received())
    for cut in range(1, len(body)):
        fields_list = [("Host", "forum.test"), *fields.items()]
        if transfer == "length":
            head = [*fields_list, ("Content-Length", str(len(body)))]
            first, second = pieces(body, cut)
        else:
            head = [*fields_list, ("Transfer-Encoding", "chunked")]
            first = b"%x\r\n%s\r\n" % (cut, body[:cut])
            second = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - cut, body[cut:])
        start = "POST /post HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in head) + "\r\n"
        client.write(start.encode() + first)
        client.write(second)
        reply = client.get()
        assert reply.status == 403, (form, transfer, cut, reply.start)
    assert len(origin.received()) == before, "bytes reached the origin"
    assert IBAN.encode() not in gateway.written()


@pytest.mark.parametrize("where", ("body", "query"))
def test_the_whole_request_cut_at_every_byte(house, where):
    """Also in the middle of the head: the request line, a field, the empty line."""
    client, origin, gateway = house
    before = len(origin.received())
    if where == "body":
        body = json.dumps({"text": TEXT}).encode()
        message = (b"POST /post HTTP/1.1\r\nHost: forum.test\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
    else:
        message = f"GET /comment?text={TEXT.replace(' ', '+')} HTTP/1.1\r\nHost: forum.test\r\n\r\n".encode()
    for cut in range(1, len(message)):
        first, second = pieces(message, cut)
        client.write(first)
        client.write(second)
        assert client.get().status == 403, (where, cut)
    assert len(origin.received()) == before, "bytes reached the origin"
    assert IBAN.encode() not in gateway.written()


@pytest.mark.parametrize("segment", (1, 2, 3, 7, 64, 1448))
def test_written_in_small_segments(house, segment):
    client, origin, _ = house
    before = len(origin.received())
    for chunks in (0, 1, 5, 16):
        reply = client.request("POST", "/post", [("Content-Type", "application/json")],
                               json.dumps({"text": TEXT}).encode(), chunks=chunks, segment=segment)
        assert reply.status == 403
    assert len(origin.received()) == before


def test_the_same_forms_without_a_secret_arrive(house):
    """So that the test above does not pass because everything is refused."""
    client, origin, _ = house
    for form, (body, fields) in FORMS.items():
        if form in ("gzip", "deflate", "escaped", "percent"):
            continue
        clean = body.replace(IBAN.encode(), b"nothing of that kind..")
        reply = client.request("POST", "/post", list(fields.items()), clean)
        assert reply.status == 200, (form, reply.body)
        assert clean in origin.received(), form


def test_an_aborted_request_leaves_nothing_at_the_origin(house):
    _, origin, gateway = house
    before = len(origin.received())
    body = json.dumps({"text": TEXT}).encode()
    for cut in range(0, len(body), 5):
        client = Client(gateway)
        client.open("forum.test")
        client.write(b"POST /post HTTP/1.1\r\nHost: forum.test\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body[:cut])
        client.close()
    assert len(origin.received()) == before
