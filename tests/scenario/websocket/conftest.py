# SPDX-License-Identifier: Apache-2.0
"""One gateway for the tests of WebSocket: origins that echo under every agreement, one that does as a test says."""
import pytest

from stoa_test import ways
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT
from stoa_test.pki import Authority
from stoa_test.sockets import SocketClient, SocketOrigin, hold

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
AGREEMENTS = {
    "plain.test": None,
    "deflate.test": "permessage-deflate",
    "alone.test": "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    "narrow.test": "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
}
PLUGIN = """
-- A chat: what is typed is in "text"; drafts are previews; a refusal comes as an event of the chat's own.
return {
  api = 1, id = "testchat", version = "1.0.0", title = "Test chat", hosts = { "chat.test" },
  rules = {
    { id = "draft", match = { method = "WEBSOCKET", path = "/chat", body = { eq = { kind = "draft" } } },
      activity = { kind = "draft", audience = "unknown", phase = "draft" }, typed = { "text" }, deny = "page" },
    { id = "say", match = { method = "WEBSOCKET", path = "/chat", body = { has = { "text" } } },
      activity = { kind = "message", audience = "group", object = { id = { "room" }, type = "room" } },
      typed = { "text" },
      deny = { status = 403, type = "application/json", body = [[{"error":"{message}"}]],
        socket = [[{"nack":"{n}","why":"{message}"}]] } },
  },
  tests = {
    { name = "a message", method = "WEBSOCKET", host = "chat.test", path = "/chat", type = "text/plain",
      body = [[{"n":"7","room":"r1","text":"hello there all"}]],
      expect = { rule = "say", kind = "message", text = "hello there all" } },
  },
}
"""


COACH = """  - id: coach-mail
    when: { finding: [pii.email.personal] }
    then: coach
"""


class House:
    def __init__(self, folder, more="", workers=1, way="explicit"):
        self.authority = Authority(folder)
        self.origins = {host: SocketOrigin(host, self.authority.leaf([host]), answer=answer)
                        for host, answer in AGREEMENTS.items()}
        for host in ("site.test", "chat.test"):
            self.origins[host] = SocketOrigin(host, self.authority.leaf([host]), serve=hold)
        self.origins["held.test"] = SocketOrigin("held.test", self.authority.leaf(["held.test"]), serve=hold,
                                                 answer="permessage-deflate")
        self.origins["redacted.example"] = SocketOrigin("redacted.example", self.authority.leaf(["redacted.example"]),
                                                        serve=hold, answer="permessage-deflate")
        cards = folder / "cards.policy.yaml"
        cards.write_text((POLICY.parent / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example") + COACH)
        self.plugins = folder / "plugins"
        (self.plugins / "platforms").mkdir(parents=True)
        (self.plugins / "platforms" / "testchat.lua").write_text("-- SPDX-License-Identifier: Apache-2.0" + PLUGIN)
        self.gateway = Gateway(folder / "gateway", self.origins.values(), [POLICY, cards], trust=self.authority.path,
                               more=more, workers=workers, plugins=[self.plugins], way=way)

    def client(self, host, direct=False, address="127.0.0.1", **how):
        client = SocketClient(None if direct else self.gateway, self.origins[host], self.authority.path, address)
        client.reply = client.open(**how)
        return client

    def pair(self, host, **how):
        """Both ends of a socket through the gateway: the client and the origin's peer."""
        origin = self.origins[host]
        while not origin.peers.empty():
            origin.peers.get()
        client = self.client(host, **how)
        assert client.reply.status == 101
        return client.peer, origin.peers.get(timeout=WAIT)

    def count(self, name):
        return self.gateway.count(name)

    def close(self):
        for origin in self.origins.values():
            origin.close()


def pytest_generate_tests(metafunc):
    for house in ("house", "mix"):
        ways.over(metafunc, house)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("websocket"), way=request.param,
                  more="limit: { body_memory: 64KiB, body_max: 256KiB, drain: 1s }")
    with house.gateway:
        yield house
    house.close()
