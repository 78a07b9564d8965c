# SPDX-License-Identifier: Apache-2.0
"""One gateway for all floods: a site that echoes, one that sends much, one that never answers; each flood looks at what
the worker holds."""
import threading

import pytest

from stoa_test import ways
from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.stage import Stage

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
MIB = 1 << 20


def much(request):
    """More than sockets and gateway take while nobody reads: /most on a connection of its own."""
    return "200 OK", [], bytes(16 * MIB if request.target == "/most" else 2 * MIB)


class House:
    def __init__(self, folder, way):
        authority = Authority(folder)
        self.silence = threading.Event()
        self.echo = Origin("echo.test", authority.leaf(["echo.test"]), echo)
        self.much = Origin("much.test", authority.leaf(["much.test"]), much)
        self.silent = Origin("silent.test", authority.leaf(["silent.test"]), self.never)
        self.deaf = Stage("deaf.test", authority.leaf(["deaf.test"]))  # reads the first bytes only
        self.origins = (self.echo, self.much, self.silent, self.deaf)
        self.gateway = Gateway(folder / "gateway", self.origins, [POLICY], trust=authority.path, way=way)

    def never(self, request):
        self.silence.wait()
        return "204 No Content", [], b""

    def client(self, host="echo.test"):
        client = Client(self.gateway)
        assert client.open(host).status == 200
        return client

    def client2(self, host="echo.test"):
        client = Client2(self.gateway)
        assert client.open(host) == "h2"
        return client

    def memory(self):
        return self.gateway.count("memory")

    def peak(self):
        return self.gateway.count("memory_peak")

    def resident(self):
        worker, = self.gateway.children("worker")
        with open(f"/proc/{worker}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def is_well(self):
        """Who has nothing to do with it is served as ever, by the same process."""
        client = self.client()
        assert client.request("POST", "/others", [("Content-Type", "text/plain")], b"hello").body == b"hello"
        client.close()
        assert len(self.gateway.children("worker")) == 1
        return True


def pytest_generate_tests(metafunc):
    ways.over(metafunc)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("floods"), request.param)
    with house.gateway:
        worker = house.gateway.children("worker")
        yield house
        assert house.gateway.children("worker") == worker
    house.silence.set()
    for origin in house.origins:
        origin.close()
