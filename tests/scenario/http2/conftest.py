# SPDX-License-Identifier: Apache-2.0
"""One gateway for the tests of HTTP/2: a site that echoes, a scripted one, an h2 client of either."""
import pytest

from stoa_test import ways
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


class House:
    def __init__(self, folder, way):
        authority = Authority(folder)
        self.echo = Origin("echo.test", authority.leaf(["echo.test"]), echo)
        self.site = Origin("site.test", authority.leaf(["site.test"]))
        self.redacted = Origin("redacted.example", authority.leaf(["redacted.example"]), echo)
        cards = folder / "cards.policy.yaml"
        cards.write_text((POLICY.parent / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example"))
        self.gateway = Gateway(folder / "gateway", [self.echo, self.site, self.redacted], [POLICY, cards],
                               trust=authority.path, way=way)

    def client(self, host="echo.test", **how):
        client = Client2(self.gateway)
        assert client.open(host, **how) == "h2"
        return client

    def fresh_site(self):
        """The scripted site without what an earlier test left over."""
        for waiting in (self.site.requests, self.site.answers):
            while not waiting.empty():
                waiting.get()
        return self.site

    def count(self, name):
        """A counter of the first worker."""
        return self.gateway.count(name)


def pytest_generate_tests(metafunc):
    ways.over(metafunc)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("http2"), request.param)
    with house.gateway:
        yield house
    house.echo.close()
    house.site.close()
    house.redacted.close()
