# SPDX-License-Identifier: Apache-2.0
"""A gateway, origins whose every piece the test sends, and clients of HTTP/1.1 and HTTP/2."""
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.stage import EXCHANGES, Stage

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
SMALL = "limit:\n  body_memory: 64KiB\n  body_max: 4MiB\n"


def page_of(request):
    """A page that the curator gets a copy of, or one that is too long for that."""
    words = 30_000 if "long" in request.target else 300
    return "200 OK", [("Content-Type", "text/html; charset=utf-8")], b"<title>A film</title>" + b"about this, that " * words


class House:
    def __init__(self, folder, more=SMALL, buffers=0, way="explicit"):
        authority = Authority(folder)
        self.site = Stage("site.test", authority.leaf(["site.test"]), buffers)
        self.page = Stage("www.youtube.com", authority.leaf(["www.youtube.com"]))
        self.echo = Origin("echo.test", authority.leaf(["echo.test"]), echo)
        self.pages = Origin("m.youtube.com", authority.leaf(["m.youtube.com"]), page_of)
        self.redacted = Stage("redacted.example", authority.leaf(["redacted.example"]))
        self.origins = (self.site, self.page, self.pages, self.echo, self.redacted)
        cards, page = folder / "cards.policy.yaml", folder / "page.policy.yaml"
        cards.write_text((POLICY.parent / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example"))
        page.write_text(POLICY.read_text().replace('"*.test"', '"www.youtube.com", "m.youtube.com"').replace("open-tests", "open-page"))
        self.gateway = Gateway(folder / "gateway", self.origins, [POLICY, cards, page], trust=authority.path, more=more,
                               way=way)

    def both(self, protocol, host="site.test"):
        """A client's exchange and, once there is one, the origin's connection for it."""
        stage = next(origin for origin in self.origins if origin.host == host)
        while not stage.peers.empty():
            stage.peers.get().close()
        return EXCHANGES[protocol](self.gateway, host), stage

    def count(self, name):
        """A counter of the worker; 0 for a reason that was not met yet."""
        return sum(self.gateway.counts(name))

    def close(self):
        for origin in self.origins:
            origin.close()
