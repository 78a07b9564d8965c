# SPDX-License-Identifier: Apache-2.0
"""One gateway for the tests of HTTP/2 towards origins: a site that speaks both protocols, clients of either."""
import socket

import h2.settings
import pytest

from stoa_test import ways
from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin
from stoa_test.origin2 import Origin2
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
SOCKETS = {h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}


class Insisting(Origin2):
    """Takes HTTP/2 only, and says so with an alert, which Python's own server cannot: it ends others by itself."""

    ALERT = bytes.fromhex("15030300020278")  # fatal, no_application_protocol
    tried = 0

    def _serve(self, sock):
        hello = sock.recv(16384, socket.MSG_PEEK)
        if b"\x02h2" in hello:
            super()._serve(sock)
        else:
            self.tried += 1
            sock.sendall(self.ALERT)
            sock.close()


class House:
    def __init__(self, folder, way):
        authority = Authority(folder)
        self.site = Origin2("site.test", authority.leaf(["site.test"]))
        self.old = Origin("old.test", authority.leaf(["old.test"]))
        self.insists = Insisting("insists.test", authority.leaf(["insists.test"]), alpn=("h2",), settings=SOCKETS)
        self.sockets = Origin2("sockets.test", authority.leaf(["sockets.test"]), settings=SOCKETS)
        self.few = Origin2("few.test", authority.leaf(["few.test"]),
                           settings={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 7})
        self.redacted = Origin2("redacted.example", authority.leaf(["redacted.example"]))
        cards = folder / "cards.policy.yaml"
        cards.write_text((POLICY.parent / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example"))
        origins = [self.site, self.old, self.insists, self.sockets, self.few, self.redacted]
        self.gateway = Gateway(folder / "gateway", origins, [POLICY, cards], trust=authority.path, way=way)

    def fresh(self):
        """The site without what an earlier test left over."""
        return self.site.calm()

    def client(self, host="site.test", **how):
        client = Client2(self.gateway)
        assert client.open(host, **how) == "h2"
        return client

    def client1(self, host="site.test"):
        client = Client(self.gateway)
        assert client.open(host).status == 200
        return client

    def count(self, name):
        """A counter of the first worker."""
        return self.gateway.count(name)


def pytest_generate_tests(metafunc):
    ways.over(metafunc)


@pytest.fixture(scope="session")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("origins"), request.param)
    with house.gateway:
        yield house
    for origin in (house.site, house.old, house.insists, house.sockets, house.few, house.redacted):
        origin.close()

