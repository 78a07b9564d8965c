# SPDX-License-Identifier: Apache-2.0
"""WebSockets whose client cheats: in control frames, with deflate's odd ends, with a body that is none."""
import zlib

import pytest

from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT
from stoa_test.pki import Authority
from stoa_test.sockets import SocketClient, SocketOrigin, frame, hold

IBAN = "DE02 1203 0000 0000 2020 51"
POLICY = """version: 1
policy: markings
owner: security@example.com
description: { en: Markings stay here., de: Vermerke bleiben hier. }
applies_to:
  hosts: ["*.test"]
inspect:
  open: true
rules:
  - id: markings
    when: { finding: ["pii.iban", "marking.*"] }
    then: block
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sockets")
    authority = Authority(folder)
    policy = folder / "markings.policy.yaml"
    policy.write_text(POLICY)
    origin = SocketOrigin("site.test", authority.leaf(["site.test"]), serve=hold, answer="permessage-deflate")
    gateway = Gateway(folder / "gateway", [origin], [policy], trust=authority.path)

    def pair(**how):
        client = SocketClient(gateway, origin, authority.path)
        assert client.open(**how).status == 101
        return client.peer, origin.peers.get(timeout=WAIT)
    with gateway:
        yield pair
    origin.close()


def heard(peer):
    """Every event until the end."""
    events = []
    while (event := peer.hear()) != ("end",):
        events.append(event)
        if event[0] == "close":
            peer.drop()
            peer.done()
            break
    return events


@pytest.mark.parametrize("marking", ["VS-NfD", "TLP:RED", "TLP: AMBER"])
def test_the_shortest_word_in_a_control_frame(house, marking):
    client, origin = house()
    client.ping(marking.encode())
    client.pong(marking.encode())
    client.ping(b"hello")
    client.shut(1000, marking)
    assert heard(origin) == [("ping", b"hello"), ("close", 1000, "")]
    client.drop()


def test_a_word_cut_by_the_end_of_a_deflate_stream(house):
    """RFC 7692 §7.2.3.5: a stream may end inside a message, and another go on behind it."""
    client, origin = house(extensions="permessage-deflate")
    first, second = zlib.compressobj(wbits=-15), zlib.compressobj(wbits=-15)
    ended = first.compress(IBAN[:11].encode()) + first.flush(zlib.Z_FINISH)
    packed = ended + (second.compress(IBAN[11:].encode()) + second.flush(zlib.Z_SYNC_FLUSH))[:-4]
    client.write(frame(1, packed, rsv=0x40))
    assert [event[0] for event in heard(origin)] == ["close"]
    assert client.hear()[:2] == ("close", 1008)
    client.drop()


def test_a_word_that_comes_out_of_the_window(house):
    """After a message that stayed here, the origin must not be told to copy from it."""
    client, origin = house(extensions="permessage-deflate")
    client.say("before")
    assert origin.hear() == ("text", "before")
    client.say(f"it is VS-NfD, {IBAN}"[:5])
    assert origin.hear() == ("text", "it is")
    client.say("it is VS-NfD, that one")
    assert [event[0] for event in heard(origin)] == ["close"]
    assert b"NfD" not in bytes(origin.raw)
    client.drop()


def test_empty_deflate_blocks_without_end_bloat_nothing(house):
    """Five bytes that are nothing, again and again: the message is never more than it says."""
    client, origin = house(extensions="permessage-deflate")
    client.write(frame(1, b"\x00\x00\x00\xff\xff" * 200_000, fin=False, rsv=0x40))
    packer = zlib.compressobj(wbits=-15)
    client.write(frame(0, (packer.compress(b"hello") + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]))
    assert origin.hear() == ("text", "hello")
    client.drop()
    origin.drop()
    origin.done()
