# SPDX-License-Identifier: Apache-2.0
"""B2: a secret cut over DATA frames at every byte never reaches the origin: not one byte of it."""
import json

import pytest

from stoa_test.ways import BOTH

pytestmark = BOTH

IBAN = "DE02120300000000202051"
TEXT = f"before the secret {IBAN} after the secret"
FORMS = {
    "json": (json.dumps({"text": TEXT}).encode(), "application/json"),
    "form": (b"a=1&text=" + TEXT.replace(" ", "+").encode(), "application/x-www-form-urlencoded"),
    "plain": (TEXT.encode(), "text/plain"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("padded", [False, True])
def test_B2_cut_at_every_byte(house, form, padded):
    body, kind = FORMS[form]
    client, before = house.client(), len(house.echo.received())
    streams = []
    for cut in range(1, len(body)):
        stream = client.start("POST", "/post", [("content-type", kind)], end=False)
        client.h2.send_data(stream, body[:cut], pad_length=7 if padded else None)
        client.flush()
        client.h2.send_data(stream, body[cut:], end_stream=cut % 2 == 0)
        client.flush()
        if cut % 2:
            client.h2.end_stream(stream)  # an empty frame
            client.flush()
        streams.append(stream)
        if len(streams) == 20:
            client.wait(*streams)
            streams.clear()
    client.wait(*streams)
    assert {answer.status for answer in client.answers.values()} == {403}
    assert len(house.echo.received()) == before, "bytes reached the origin"
    assert IBAN.encode() not in house.gateway.written()
    client.close()


def test_B2_one_byte_a_frame(house):
    client, before = house.client(), len(house.echo.received())
    body, kind = FORMS["json"]
    assert client.request("POST", "/post", [("content-type", kind)], body, piece=1).status == 403
    assert len(house.echo.received()) == before
    client.close()


def test_B2_a_request_that_is_never_whole(house):
    client, (body, kind) = house.client(), FORMS["json"]
    for cut in range(0, len(body), 7):
        stream = client.start("POST", "/unfinished", [("content-type", kind)], end=False)
        client.send(stream, body[:cut], end=False)
        if cut % 2:
            client.h2.reset_stream(stream, 8)
            client.flush()
    client.close()
    assert house.client().request("GET", "/after").status == 200
    assert b"/unfinished" not in house.echo.received() and b"GET /after " in house.echo.received()


@pytest.mark.parametrize("name", ["foo", "x-foo", "user-agent", "customer-account"])
def test_B2_in_any_field_of_the_head(house, name):
    client, before = house.client(), house.echo.received()
    for value in (IBAN, f"v=1; of {IBAN}, please", "4111-1111-1111-1111", "4111 1111 1111 1111"):
        assert client.request("GET", "/field", [(name, value)]).status == 403
    assert house.echo.received() == before
    client.close()


def test_B2_in_the_path_and_in_trailers(house):
    client = house.client()
    before = house.echo.received()
    answer = client.request("GET", f"/search?q={IBAN}")
    assert answer.status in (200, 403)
    if answer.status == 403:
        assert house.echo.received() == before
    before = house.echo.received()
    assert client.request("POST", "/trailers", [("content-type", "text/plain")], b"hello",
                          trailers=[("x-note", IBAN)]).status == 403
    assert house.echo.received() == before
    client.close()
