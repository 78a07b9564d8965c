# SPDX-License-Identifier: Apache-2.0
"""F6: whatever an HTTP/2 client does for nothing ends its own connection, and costs memory up to a ceiling."""
import select

import h2.exceptions
import h2.settings
import pytest

from stoa_test.client2 import raw_frame
from stoa_test.ways import BOTH

pytestmark = BOTH

CALM = 11
MIB = 1 << 20
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9


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
        yield raw_frame(HEADERS, 5, stream, client.h2.encoder.encode(client.head("GET", "/rapid"))) + then(stream)


def bombs(count):
    """Each head puts 4 KB into the table and names them a thousand times: 5 KB that say 4 MB."""
    value = b"x" * 4000
    length = b"\x7f" + bytes([(len(value) - 127) % 128 + 128, (len(value) - 127) // 128])
    block = b"\x82\x87\x84\x41\x09echo.test" + b"\x40\x01b" + length + value + b"\xbe" * 1000
    for stream in range(3, 2 * count, 2):
        yield raw_frame(HEADERS, 5, stream, block)


FLOODS = {
    "reset": lambda c, s: heads(c, 20_000, lambda stream: raw_frame(RST_STREAM, 0, stream, b"\0\0\0\x08")),
    "ping": lambda c, s: (raw_frame(PING, 0, 0, b"12345678") * 100 for _ in range(1000)),
    "settings": lambda c, s: (raw_frame(SETTINGS, 0, 0) * 100 for _ in range(1000)),
    "settings that change": lambda c, s: (raw_frame(SETTINGS, 0, 0, b"\0\4\0\0" + bytes([n % 256, 1])) * 20
                                          for n in range(2000)),
    "empty data": lambda c, s: (raw_frame(DATA, 0, s) * 100 for _ in range(1000)),
    "priority": lambda c, s: (raw_frame(PRIORITY, 0, s, b"\0\0\0\0\x10") * 100 for _ in range(1000)),
    "window": lambda c, s: (raw_frame(WINDOW_UPDATE, 0, s, b"\0\0\0\1") * 100 for _ in range(10_000)),
    "continuation": lambda c, s: [raw_frame(HEADERS, 0, s + 2)] + [raw_frame(CONTINUATION, 0, s + 2) * 100] * 1000,
    "long continuation": lambda c, s: [raw_frame(HEADERS, 0, s + 2)] +
                                      [raw_frame(CONTINUATION, 0, s + 2, b"\x00\x01a\x7f\x81\x7d" + b"y" * 16128)] * 1000,
    "empty headers": lambda c, s: (raw_frame(HEADERS, 5, stream) for stream in range(3, 40_000, 2)),
    "hpack bomb": lambda c, s: bombs(5000),
}


@pytest.mark.parametrize("what", FLOODS)
def test_F6_floods_end_the_connection(house, what):
    requests, ended = house.gateway.count("requests"), house.gateway.count("http2_ended")
    broken = house.gateway.count("client_broke_http2")
    resident = house.resident()
    client = house.client2()
    stream = client.start("POST", "/held", end=False)
    assert flood(client, FLOODS[what](client, stream)) in (CALM, 1, 9, None)
    client.close()
    assert house.gateway.wait_count("http2_ended", ended + 1) == ended + 1
    assert house.gateway.count("client_broke_http2") > broken
    assert house.gateway.count("requests") - requests < 1000
    assert house.is_well()
    assert house.peak() < 64 * MIB
    assert house.resident() - resident < 64 * MIB


def test_F6_many_tiny_data_frames_are_a_body_or_too_much(house):
    """A body of single bytes is odd, but one; it is held, or its connection ends, and costs no more than a body."""
    client = house.client2()
    stream = client.start("POST", "/tiny", [("content-type", "text/plain")], end=False)
    frames = [raw_frame(DATA, 0, stream, b"a") * 100] * 200 + [raw_frame(DATA, 1, stream, b"a")]
    try:
        for frame in frames:
            client.sock.sendall(frame)
        client.wait(stream)
    except (OSError, h2.exceptions.ProtocolError):
        client.ended = True
    answer = client.answers[stream]
    assert client.ended or client.goaway == CALM or (answer.status == 200 and answer.body == b"a" * 20_001)
    client.close()
    assert house.is_well()
    assert house.peak() < 64 * MIB


@pytest.mark.parametrize("window", [0, 1, 65535])
def test_F6_S5_a_hundred_streams_whose_windows_are_held(house, window):
    """Answers wait up to a ceiling per stream; after limit.send they are given up, and their memory with them."""
    before, readers = house.memory(), house.gateway.count("slow_readers")
    client = house.client2("much.test")
    client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
    client.flush()
    for _ in range(100):
        client.start("GET", "/much")
    client.wait(until=lambda: sum(a.status is not None for a in client.answers.values()) >= 30)
    assert house.memory() - before < 48 * MIB
    assert house.is_well()
    house.gateway.clock(301)
    client.wait(until=lambda: sum(a.reset is not None for a in client.answers.values()) >= 30)
    assert house.gateway.wait_count("slow_readers", readers + 30) >= readers + 30
    client.close()
    assert house.is_well()
    assert house.memory() < before + 2 * MIB
