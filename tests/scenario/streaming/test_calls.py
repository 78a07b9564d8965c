# SPDX-License-Identifier: Apache-2.0
"""S4, B6: large messages in a call that stays open; limit.body_max is 4 MiB here."""
import json

CONNECT = [("Content-Type", "application/connect+proto")]


def message(data):
    return b"\0" + len(data).to_bytes(4, "big") + data


def arrives(peer, count):
    got = b""
    while len(got) < count:
        got += peer.chunk()
    return got


def test_a_large_message_goes_on_and_one_beyond_the_limit_ends_the_call(house, protocol):
    client, site = house.both(protocol)
    refused = house.count("call_refused")
    client.start("POST", "/chat.Chat/Talk", CONNECT, end=False)
    hello, large = message(b"good morning"), message(b"many words that say little. " * 20_000)
    client.send(hello)
    peer = site.peer()
    peer.head()
    assert arrives(peer, len(hello)) == hello
    client.send(large)
    assert arrives(peer, len(large)) == large
    client.send(message(bytes(5 << 20))[:(4 << 20) + 70_000])
    client.whole()
    assert (client.status, client.body[0]) == (200, 2)
    assert json.loads(client.body[5:])["error"]["code"] == "resource_exhausted"
    assert peer.until() == b"" and house.count("call_refused") == refused + 1
    client.close()
