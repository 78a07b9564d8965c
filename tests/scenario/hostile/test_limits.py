# SPDX-License-Identifier: Apache-2.0
"""Where files and descriptors end, messages are refused; no process dies, nothing goes out unread, everything comes back."""
import resource
import socket

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT, Origin, echo
from stoa_test.pki import Authority

IBAN = b"DE02120300000000202051"
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
TEXT = [("Content-Type", "text/plain")]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limits")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    gateway = Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path)
    with gateway:
        yield gateway, origin
    origin.close()


def status(gateway, body):
    client = Client(gateway)
    client.open("forum.test")
    try:
        return client.request("POST", "/post", TEXT, body).status
    finally:
        client.close()


def test_a_file_at_its_limit_refuses_and_kills_nobody(house):
    gateway, origin = house
    worker, = gateway.children("worker")
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        for end in (b"", IBAN):
            assert status(gateway, b"x " * 1_500_000 + end) >= 500
        assert status(gateway, b"short") == 200
        assert status(gateway, b"my account " + IBAN) == 403
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
    assert status(gateway, b"x " * 1_500_000 + IBAN) == 403
    assert status(gateway, b"x " * 1_500_000) == 200
    assert gateway.children("worker") == [worker]
    assert IBAN not in origin.received()


def test_without_descriptors_it_waits_and_comes_back(house):
    gateway, origin = house
    worker, = gateway.children("worker")
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (40, before[1]))
    held = []
    try:
        for _ in range(60):
            held.append(socket.create_connection((gateway.address, gateway.port), timeout=WAIT))
        gateway.wait_event("accept.paused")
    finally:
        for sock in held:
            sock.close()
    assert status(gateway, b"my account " + IBAN) == 403
    assert gateway.count("accept_pauses") >= 1
    resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    assert gateway.children("worker") == [worker]
    assert IBAN not in origin.received()
