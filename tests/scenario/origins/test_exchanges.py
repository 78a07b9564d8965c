# SPDX-License-Identifier: Apache-2.0
"""F3, F4, F8: one exchange means the same whatever either side speaks."""
import pytest

from stoa_test.codings import CODINGS, name_of
from stoa_test.stage import EXCHANGES
from stoa_test.ways import BOTH

pytestmark = BOTH

TEXT = ("Content-Type", "text/plain")
IBAN = b"DE02 1203 0000 0000 2020 51"
WORDS = b"nothing to see here, move along; " * 30


class Old:
    """The origin of HTTP/1.1, in the words of both."""

    def __init__(self, house):
        self.origin, self.host = house.old, house.old.host
        for waiting in (self.origin.requests, self.origin.answers):
            while not waiting.empty():
                waiting.get()

    def says(self, status, fields=(), pieces=(), hints=(), trailers=()):
        def head(status, fields):
            return f"HTTP/1.1 {status} Word\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"

        has_length = any(name.lower() == "content-length" for name, _ in fields) or status in (204, 304)
        fields = [*fields] if has_length else [*fields, ("Transfer-Encoding", "chunked")]
        body = b"".join(pieces if has_length else [b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces])
        ends = "" if has_length else "0\r\n" + "".join(f"{n}: {v}\r\n" for n, v in trailers) + "\r\n"
        self.origin.sends(raw="".join(head(103, [hint]) for hint in hints).encode() + head(status, fields).encode() +
                          body + ends.encode())

    def gets(self):
        got = self.origin.gets()
        seen = bytes(self.origin.readers[-1].seen)
        trailers = seen.rpartition(b"\r\n0\r\n")[2] if got.header("transfer-encoding") else b""
        return got, [tuple(line.split(": ", 1)) for line in trailers.decode().split("\r\n") if line]


class New:
    """The origin that takes HTTP/2 only."""

    def __init__(self, house):
        self.origin, self.host = house.insists.calm(), house.insists.host

    def says(self, status, fields=(), pieces=(), hints=(), trailers=()):
        def reply(request):
            for hint in hints:
                request.head(103, [(hint[0].lower(), hint[1])])
            request.head(status, [(name.lower(), value) for name, value in fields], end=not pieces and not trailers)
            if pieces or trailers:
                request.send(b"".join(pieces), [(name.lower(), value) for name, value in trailers])

        self.origin.on_end = reply

    def gets(self):
        got = self.origin.gets()
        return got, got.trailers


@pytest.fixture(params=[Old, New], ids=["to-h1", "to-h2"])
def origin(request, house):
    return request.param(house)


@pytest.fixture(params=EXCHANGES)
def ask(request, house, origin):
    """Begins an exchange with the origin in the client's protocol."""
    begun = []

    def begin(*what, **how):
        begun.append(EXCHANGES[request.param](house.gateway, origin.host))
        begun[-1].start(*what, **how)
        return begun[-1]

    yield begin
    for exchange in begun:
        exchange.close()


def lower(pairs):
    return [(name.lower(), value) for name, value in pairs]


@pytest.mark.parametrize("method, status, fields", [
    ("HEAD", 200, [("Content-Length", "5")]), ("HEAD", 200, [("Content-Length", "0")]), ("GET", 204, []),
    ("GET", 304, [("ETag", '"x"')]), ("GET", 200, [("Content-Length", "0")])])
def test_F4_an_answer_without_a_body(origin, ask, method, status, fields):
    origin.says(status, fields)
    got = ask(method, "/empty").whole()
    assert (got.status, got.body) == (status, b"")
    assert dict(lower(fields)).items() <= got.fields.items()


def test_F4_a_range(origin, ask):
    origin.says(206, [("Content-Range", "bytes 0-3/9"), ("Content-Length", "4")], [b"four"])
    got = ask("GET", "/range", [("Range", "bytes=0-3")]).whole()
    assert (got.status, got.body) == (206, b"four")
    assert got.fields["content-range"] == "bytes 0-3/9" and got.fields["content-length"] == "4"
    assert origin.gets()[0].header("range") == "bytes=0-3"


def test_F4_an_end_that_comes_alone(origin, ask):
    """The last chunk, or an empty frame, behind everything else."""
    origin.says(200, [TEXT], [b"one ", b"two"])
    asked = ask("POST", "/alone", [TEXT], end=False)
    asked.send(b"hello")
    asked.send(b"", end=True)
    assert asked.whole().body == b"one two"
    assert origin.gets()[0].body == b"hello"


def test_F4_an_empty_body_and_its_end(origin, ask):
    origin.says(200, [TEXT])
    asked = ask("POST", "/empty", [TEXT], end=False)
    asked.send(b"", end=True)
    assert asked.whole().body == b"" and asked.status == 200
    assert origin.gets()[0].body == b""


def test_F4_trailers_of_an_answer(origin, ask):
    origin.says(200, [TEXT], [b"hi"], trailers=[("X-Sum", "42"), ("X-More", "a b")])
    got = ask("GET", "/trailers").whole()
    assert got.body == b"hi" and lower(got.trailers) == [("x-sum", "42"), ("x-more", "a b")]


def test_F4_trailers_of_a_request(origin, ask):
    origin.says(200, [TEXT], [b"hi"])
    asked = ask("POST", "/trailers", [TEXT], end=False)
    asked.send(b"hello")
    asked.ends([("x-check", "17")])
    assert asked.whole().body == b"hi"
    got, trailers = origin.gets()
    assert got.body == b"hello" and trailers == [("x-check", "17")]


def test_F3_hints_come_before_the_answer(origin, ask):
    origin.says(200, [TEXT], [b"page"], hints=[("Link", f"</{n}.css>; rel=preload") for n in (1, 2)])
    got = ask("GET", "/hints").whole()
    assert got.body == b"page" and got.interim == [103, 103] and origin.gets()


def test_F3_who_waits_for_100_gets_it_once(origin, ask):
    origin.says(201, [("Content-Length", "0")])
    asked = ask("POST", "/continue", [TEXT, ("Expect", "100-continue"), ("Content-Length", "5")], end=False)
    asked.until(lambda: asked.interim == [100])
    asked.send(b"hello", end=True)
    assert asked.whole().status == 201 and asked.interim == [100]
    assert origin.gets()[0].body == b"hello"


@pytest.mark.parametrize("coding", CODINGS)
def test_F8_codings_go_both_ways_bit_by_bit(origin, ask, coding):
    body = CODINGS[coding](WORDS)
    fields = [TEXT, ("Content-Encoding", name_of(coding)), ("Content-Length", str(len(body)))]
    origin.says(200, fields, [body])
    asked = ask("POST", "/coded", fields, end=False)
    asked.send(body, end=True)
    got = asked.whole()
    assert got.body == body and dict(lower(fields)).items() <= got.fields.items()
    sent = origin.gets()[0]
    assert sent.body == body
    assert [pair for pair in lower(sent.fields) if pair in lower(fields)] == lower(fields)


@pytest.mark.parametrize("coding", CODINGS)
def test_F8_a_secret_in_any_coding_stays_here(origin, ask, coding):
    body = CODINGS[coding](WORDS + IBAN + WORDS)
    asked = ask("POST", "/coded", [TEXT, ("Content-Encoding", name_of(coding))], end=False)
    asked.send(body, end=True)
    assert asked.whole().status == 403
    origin.says(200, [TEXT], [b"next"])
    assert ask("GET", "/next").whole().body == b"next"
    got = origin.gets()[0]
    assert "/next" in (got.path if hasattr(got, "path") else got.target)
