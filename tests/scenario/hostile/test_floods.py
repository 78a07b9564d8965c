# SPDX-License-Identifier: Apache-2.0
"""Origins that never come to the point: a client that takes nothing must not have it all piled up for it."""
import threading

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Pad: " + b"x" * 1000 + b"\r\n\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("floods")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]))
    gateway = Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path)
    with gateway:
        yield gateway, origin
    origin.close()


def test_early_hints_in_thousands(house):
    gateway, origin = house
    client, sent = Client(gateway), threading.Event()

    def flood(sock):
        sock.sendall(HINT * 2000 + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        sent.set()

    client.open("forum.test")
    client.send("GET", "/hints")
    origin.gets()
    origin.answers.put(flood)
    assert sent.wait(20)
    assert client.get().body == b"done"
    assert client.reader.seen.count(b"103 Early Hints") == 64
    client.close()
