# SPDX-License-Identifier: Apache-2.0
"""One gateway for what nobody may notice: a site that echoes, a scripted one, one whose cards are masked."""
import pytest

from stoa_test import ways
from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICIES = ROOT / "tests/scenario/policies"


class House:
    def __init__(self, folder, more="", way="explicit"):
        authority = Authority(folder)
        self.echo = Origin("echo.test", authority.leaf(["echo.test"]), echo)
        self.site = Origin("site.test", authority.leaf(["site.test"]))
        self.masked = Origin("masked.example", authority.leaf(["masked.example"]), echo)
        cards = folder / "cards.policy.yaml"
        cards.write_text((POLICIES / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example"))
        self.gateway = Gateway(folder / "gateway", [self.echo, self.site, self.masked],
                               [POLICIES / "open-tests.policy.yaml", cards], trust=authority.path, more=more, way=way)

    def client(self, host="echo.test"):
        client = Client(self.gateway)
        assert client.open(host).status == 200
        return client

    def close(self):
        for origin in (self.echo, self.site, self.masked):
            origin.close()


@pytest.fixture(scope="session", params=ways.WAYS)
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("fidelity"), way=request.param)
    with house.gateway:
        yield house
    house.close()


def pytest_generate_tests(metafunc):
    ways.over(metafunc, "strict")


@pytest.fixture(scope="session")
def strict(request, tmp_path_factory):
    """What cannot be looked into is not sent."""
    house = House(tmp_path_factory.mktemp("strict"), way=request.param, more="limit:\n  body_max: 1MiB\n"
                  "failure:\n  size: block\n  type: block\n  media: block\n  scan: block\n")
    with house.gateway:
        yield house
    house.close()


@pytest.fixture(scope="session")
def lenient(strict, tmp_path_factory):
    """What cannot be looked into is sent all the same."""
    house = House(tmp_path_factory.mktemp("lenient"), way=strict.gateway.way, more="limit:\n  body_max: 1MiB\n"
                  "failure:\n  size: allow\n  type: allow\n  media: allow\n  scan: allow\n  encrypted: allow\n")
    with house.gateway:
        yield house
    house.close()
