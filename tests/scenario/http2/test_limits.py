# SPDX-License-Identifier: Apache-2.0
"""F6: floods are bounded, each connection's alone; drains and idle ends say GOAWAY."""
import select
import threading

import h2.exceptions
import pytest

from stoa_test.client2 import raw_frame

CALM = 11


def flood(client, frames):
    """Writes until the gateway has enough; answers what its GOAWAY said."""
    try:
        for frame in frames:
            client.sock.sendall(frame)
            if select.select([client.sock], [], [], 0)[0]:
                client.peek()
            if client.ended or client.goaway is not None:
                break
    except (OSError, h2.exceptions.ProtocolError):
        pass
    try:
        client.wait(until=lambda: client.ended)
    except h2.exceptions.ProtocolError:
        pass
    return client.goaway


def heads(client, count, then):
    """Requests past the client's own bookkeeping, each with what `then` says behind it."""
    for stream in range(3, 2 * count, 2):
        yield raw_frame(1, 5, stream, client.h2.encoder.encode(client.head("GET", "/rapid"))) + then(stream)


@pytest.mark.parametrize("what", ["reset", "ping", "settings", "empty data", "priority", "window", "continuation"])
def test_f6_floods_end_the_connection(house, what):
    before, ended = house.count("requests"), house.count("http2_ended")
    client = house.client()
    stream = client.start("POST", "/held", end=False)
    frames = {
        "reset": lambda: heads(client, 20_000, lambda s: raw_frame(3, 0, s, b"\0\0\0\x08")),
        "ping": lambda: (raw_frame(6, 0, 0, b"12345678") * 100 for _ in range(1000)),
        "settings": lambda: (raw_frame(4, 0, 0) * 100 for _ in range(1000)),
        "empty data": lambda: (raw_frame(0, 0, stream) * 100 for _ in range(1000)),
        "priority": lambda: (raw_frame(2, 0, stream, b"\0\0\0\0\x10") * 100 for _ in range(1000)),
        "window": lambda: (raw_frame(8, 0, stream, b"\0\0\0\1") * 100 for _ in range(10_000)),
        "continuation": lambda: [raw_frame(1, 0, stream + 2, b"")] + [raw_frame(9, 0, stream + 2, b"") * 100] * 1000,
    }[what]()
    assert flood(client, frames) in (CALM, 1, None)
    client.close()
    assert house.count("http2_ended") == ended + 1
    assert house.count("requests") - before < 1000
    assert house.client().request("GET", "/others").status == 200


def test_a_browser_that_cancels_now_and_then_stays(house):
    client = house.client()
    for _ in range(200):
        stream = client.start("POST", "/cancelled", end=False)
        client.h2.reset_stream(stream, 8)
        client.flush()
    assert client.request("GET", "/").status == 200
    client.close()


def test_more_streams_than_are_allowed(house):
    client = house.client()
    client.read()
    assert client.h2.remote_settings.max_concurrent_streams == 100
    assert client.h2.remote_settings.enable_connect_protocol == 0
    client.close()


def test_no_preface_no_session(house):
    client = house.client()
    client.close()
    client = house.client()
    client.sock.sendall(b"GET / HTTP/1.1\r\nHost: echo.test\r\n\r\n" * 10)
    client.wait(until=lambda: client.ended)
    assert house.client().request("GET", "/").status == 200


def test_an_idle_connection_ends_with_goaway(house):
    client = house.client()
    assert client.request("GET", "/").status == 200
    house.gateway.clock(61)
    client.wait(until=lambda: client.ended)
    assert client.goaway == 0
    client.close()


def test_z_a_drain_says_goaway_and_finishes_streams(house):
    """Last: the gateway of this module ends here."""
    site, client = house.fresh_site(), house.client("site.test")
    idle = house.client()
    stream = client.start("GET", "/under-way")
    site.gets()
    stopper = threading.Thread(target=house.gateway.stop)
    stopper.start()
    client.wait(until=lambda: client.goaway is not None)
    idle.wait(until=lambda: idle.ended)
    assert client.goaway == idle.goaway == 0
    assert not client.answers[stream].is_whole
    site.sends("200 OK", [], b"finished")
    assert client.wait(stream).body == b"finished"
    client.wait(until=lambda: client.ended)
    stopper.join(30)
    assert not stopper.is_alive()
