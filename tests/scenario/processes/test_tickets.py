# SPDX-License-Identifier: Apache-2.0
"""A client resumes with whichever worker takes its next connection, also with one that came after a kill."""
import os
import signal
import ssl

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
HALF_DAY = 12 * 3600


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tickets")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    with Gateway(folder / "gateway", [origin], [POLICY], workers=4, trust=authority.path) as gateway:
        yield gateway
    origin.close()


class Person:
    """A client that keeps its last ticket, as browsers do."""

    def __init__(self, gateway, version):
        self.gateway, self.session = gateway, None
        self.context = ssl.create_default_context(cafile=str(gateway.ca))
        self.context.maximum_version = version

    def visits(self):
        """One exchange on a connection of its own; was it resumed?"""
        client = Client(self.gateway)
        assert client.tunnel("forum.test").status == 200
        client.sock = self.context.wrap_socket(client.sock, server_hostname="forum.test", session=self.session)
        client.reader.sock = client.sock
        assert client.request("GET", "/").status == 200
        resumed = client.sock.session_reused
        self.session = client.sock.session
        client.close()
        return resumed


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
def test_every_worker_opens_every_ticket(gateway, version):
    person = Person(gateway, version)
    assert not person.visits()
    assert [person.visits() for _ in range(20)] == [True] * 20


def test_a_new_worker_opens_the_tickets_of_its_predecessor(gateway):
    person = Person(gateway, ssl.TLSVersion.TLSv1_3)
    person.visits()
    for pid in gateway.children("worker"):
        os.kill(pid, signal.SIGKILL)
        gateway.wait_event("process.start", lambda event: event.get("role") == "worker")
    assert [person.visits() for _ in range(20)] == [True] * 20


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
def test_a_ticket_outlives_one_turn_of_the_key_and_not_two(gateway, version):
    person = Person(gateway, version)
    person.visits()
    gateway.clock(HALF_DAY)
    assert [person.visits() for _ in range(4)] == [True] * 4
    gateway.clock(HALF_DAY)
    assert person.visits(), "the ticket was made anew after the first turn"
    gateway.clock(HALF_DAY)
    gateway.clock(HALF_DAY)
    assert not person.visits()
