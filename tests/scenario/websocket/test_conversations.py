# SPDX-License-Identifier: Apache-2.0
"""W1: whatever two peers say to each other through the gateway, they hear what they would hear without it."""
import pytest

from stoa_test.sockets import frame
from stoa_test.ways import BOTH

from conftest import AGREEMENTS

pytestmark = BOTH

OFFER = "permessage-deflate; client_max_window_bits"
TEXT = "Lernen heißt: ναι, да, はい, 😀 — and so on. "
SIZES = [0, 1, 2, 125, 126, 127, 128, 1000, 16383, 16384, 65535, 65536, 65537, 150_000]


def hear_until_end(peer):
    """What comes until the stream ends; a reason is the closing side's own."""
    events = []
    while (event := peer.hear()) != ("end",):
        events.append(event[:2] if event[0] == "close" else event)
    return events


def sizes(peer):
    for size in SIZES:
        text = (TEXT * (size // len(TEXT) + 1))[:size]
        peer.say(text)
        yield peer.hear()
        peer.say(text.encode()[:size])
        yield peer.hear()


def fragments(peer):
    for count in (1, 2, 3, 10, 50):
        for i in range(count):
            peer.say(TEXT if i % 3 else "", fin=i == count - 1)
        yield peer.hear()
        for i in range(count):
            peer.say(bytes([i]) * 700, fin=i == count - 1)
        yield peer.hear()


def controls_between_fragments(peer):
    for i in range(8):
        peer.say(TEXT, fin=i == 7)
        peer.ping(b"%d" % i)
        peer.pong(b"unasked")
        yield peer.hear()
    yield peer.hear()


def pings(peer):
    for size in (0, 1, 4, 11, 12, 64, 124, 125):
        peer.ping(bytes(range(size)))
        yield peer.hear()


def text_cut_anywhere(peer):
    raw = "κόσμε 😀".encode()
    for cut in range(len(raw) + 1):
        peer.write(frame(1, raw[:cut], fin=False) + frame(0, raw[cut:]))
        yield peer.hear()
    peer.write(frame(1, b"", fin=False) + b"".join(frame(0, raw[i:i + 1], fin=False) for i in range(len(raw))) +
               frame(0))
    yield peer.hear()


def bytes_one_by_one(peer):
    peer.write(frame(1, TEXT.encode()) + frame(9, b"x") + frame(2, b"", fin=False) + frame(0, bytes(300)), segment=1)
    for _ in range(3):
        yield peer.hear()


def masks(peer):
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x01", b"\x80\0\0\0"):
        peer.write(frame(1, TEXT.encode(), mask=mask))
        yield peer.hear()


def the_same_again(peer):
    """With context takeover each is shorter than the one before."""
    for i in range(30):
        peer.say(f"{TEXT * 5}{i}")
        yield peer.hear()


def many_at_once(peer):
    peer.write(b"".join(frame(1, b"message %d" % i) for i in range(500)))
    for _ in range(500):
        yield peer.hear()


SCRIPTS = [sizes, fragments, controls_between_fragments, pings, text_cut_anywhere, bytes_one_by_one, masks,
           the_same_again, many_at_once]


@pytest.mark.parametrize("host", AGREEMENTS)
def test_w1_conversations_are_the_same_with_and_without_the_gateway(house, host):
    heard = {}
    for direct in (True, False):
        client = house.client(host, direct=direct, extensions=OFFER)
        assert client.reply.status == 101
        heard[direct] = {script.__name__: list(script(client.peer)) for script in SCRIPTS}
        heard[direct]["extensions"] = client.reply.header("sec-websocket-extensions")
        client.peer.shut(1000, "bye")
        heard[direct]["close"] = hear_until_end(client.peer)
    assert heard[False] == heard[True]
    assert heard[True]["close"] == [("close", 1000)]


@pytest.mark.parametrize("code, reason", [
    (None, ""), (1000, ""), (1000, "done"), (1001, "away"), (1003, "x"), (1011, "y" * 123), (3000, "ä"), (4999, "z")])
def test_w1_close_codes_of_the_client(house, code, reason):
    heard = {}
    for direct in (True, False):
        client = house.client("plain.test", direct=direct)
        client.peer.write(frame(8, b"" if code is None else code.to_bytes(2, "big") + reason.encode()))
        heard[direct] = client.peer.hear(), client.peer.hear()
    assert heard[False] == heard[True]
    assert heard[True][0][0] == "close" and heard[True][1] == ("end",)


BROKEN = {
    "reserved opcode": frame(3, b"x"),
    "reserved control opcode": frame(11),
    "a reserved bit": frame(1, b"x", rsv=0x20),
    "compressed without an agreement": frame(1, b"x", rsv=0x40),
    "fragmented ping": frame(9, b"x", fin=False),
    "long ping": frame(9, b"x" * 126),
    "continuation of nothing": frame(0, b"x"),
    "a message inside a message": frame(1, b"x", fin=False) + frame(1, b"y"),
    "invalid text": frame(1, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"),
    "invalid text in the last fragment": frame(1, b"ok", fin=False) + frame(0, b"\xff"),
    "text that ends in a character": frame(1, "ä".encode()[:1]),
    "half a close code": frame(8, b"\x03"),
    "close code 999": frame(8, b"\x03\xe7"),
    "close code 1005": frame(8, b"\x03\xed"),
    "close code 2999": frame(8, b"\x0b\xb7"),
    "close reason that is no text": frame(8, b"\x03\xe8\xff\xff"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_w1_broken_frames_end_with_the_same_code(house, name):
    heard = {}
    for direct in (True, False):
        client = house.client("plain.test", direct=direct)
        client.peer.say("before")
        assert client.peer.hear() == ("text", "before")
        client.peer.write(BROKEN[name])
        heard[direct] = hear_until_end(client.peer)
    assert heard[False] == heard[True]
    assert heard[False][0][0] == "close" and heard[False][0][1] in (1002, 1007)


def test_w1_no_mask_is_a_fault_too(house):
    client = house.client("plain.test")
    client.peer.write(frame(1, b"hello", mask=None))
    assert client.peer.hear()[:2] == ("close", 1002)


@pytest.mark.parametrize("code, reason", [(1000, ""), (1001, "restart"), (4000, "ö" * 61)])
def test_w1_the_origin_closes_first(house, code, reason):
    client, origin = house.pair("site.test")
    origin.say("half", fin=False)
    origin.shut(code, reason)
    assert client.hear() == ("close", code, reason)
    client.shut(code)
    assert origin.hear() == ("close", code, "")
    origin.done()
    assert client.hear() == ("end",)


def test_w1_what_the_origin_says_is_relayed_frame_by_frame(house):
    """Not a byte of it changes, and nothing waits for the end of a message."""
    client, origin = house.pair("held.test", extensions=OFFER)
    said = frame(1, b"he", fin=False, mask=None) + frame(9, b"in between", mask=None)
    origin.write(said)
    assert client.hear() == ("ping", b"in between")
    last = frame(0, b"llo" * 30000, mask=None) + frame(10, b"", mask=None)
    origin.write(last, segment=4000)
    assert client.hear() == ("text", "he" + "llo" * 30000)
    assert client.hear() == ("pong", b"")
    assert bytes(client.raw) == said + last
    origin.drop()
    origin.done()
    assert client.hear() == ("end",)
