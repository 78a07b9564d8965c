# SPDX-License-Identifier: Apache-2.0
"""limit.memory: all connections and messages of a worker together; beyond it what is there goes on, and what is new waits
or is told so."""
import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

MIB = 1 << 20
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
IBAN = b"DE02120300000000202051"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    with Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path,
                 more="limit:\n  memory: 32MiB\n  body_memory: 4MiB\n") as gateway:
        yield gateway, origin
    origin.close()


def opened(gateway):
    client = Client(gateway)
    assert client.open("forum.test").status == 200
    return client


SIZE = 3 * MIB


def begin(gateway):
    """A request that is let in; its body may come."""
    client = opened(gateway)
    client.write(b"POST /held HTTP/1.1\r\nHost: forum.test\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % SIZE)
    return client


def go_on(client):
    """A body that is one byte short of its end."""
    client.write(b"a" * (SIZE - 1))


def held(gateway):
    """What the worker holds when nothing moves any more."""
    before, now = -1, gateway.count("memory")
    while now != before:
        before, now = now, gateway.count("memory")
    return now


def fill(gateway, until):
    """Bodies until the worker holds that much; each is there before the next comes."""
    clients = []
    while (before := held(gateway)) < until:
        clients.append(begin(gateway))
        go_on(clients[-1])
        gateway.wait_count("memory", before + 1)
        assert len(clients) < 400
    return clients


def test_tight_memory_sends_bodies_to_the_disk_and_full_memory_makes_them_wait(house):
    gateway, origin = house
    worker, early = gateway.children("worker"), Client2(gateway)
    assert early.open("forum.test") == "h2"
    clients = fill(gateway, 24 * MIB)  # from here on bodies take 64 KiB each
    spooled = gateway.count("bodies_spooled")
    small = opened(gateway)
    assert small.request("POST", "/post", [("Content-Type", "text/plain")], b"b" * 500_000).status == 200
    assert gateway.count("bodies_spooled") == spooled + 1
    assert small.request("POST", "/post", [("Content-Type", "text/plain")], b"b " * 250_000 + IBAN).status == 403
    gateway.clock(2)  # who rests has rested long enough to be asked to come again
    late = [begin(gateway) for _ in range(16)]
    clients += fill(gateway, 30 * MIB)
    for client in late:
        go_on(client)
    clients += late
    assert held(gateway) > 32 * MIB

    refused = gateway.count("memory_refused")
    assert early.request("GET", "/page").status == 503
    assert early.request("POST", "/post", [("content-type", "text/plain")], b"hello").status == 503
    assert gateway.count("memory_refused") == refused + 2
    waiting = Client(gateway)
    waiting.plain("forum.test")  # the kernel takes it, the gateway does not yet
    waiting.write(b"CONNECT forum.test:443 HTTP/1.1\r\nHost: forum.test:443\r\n\r\n")
    assert gateway.wait_count("accept_pauses", 1) >= 1
    assert gateway.count("memory_peak") < 40 * MIB
    assert gateway.count("idle_ended") >= 1 and small.sock.recv(1) == b""

    for client in clients:
        client.close()
    assert waiting.reader.head().status == 200
    waiting.close()
    small.close()
    again = opened(gateway)
    assert again.request("POST", "/post", [("Content-Type", "text/plain")], b"hello").body == b"hello"
    again.close()
    assert gateway.children("worker") == worker
    assert IBAN not in origin.received()
    assert held(gateway) < 4 * MIB
