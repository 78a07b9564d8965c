# SPDX-License-Identifier: Apache-2.0
"""A site says what runs on its own hosts: a policy for that platform opens them, its rules hold there, and so does its
way to say no."""
import json
import ssl

import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway, settles
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

IBAN = "DE89 3704 0044 0532 0130 00"
POLICY = """version: 1
policy: own-platforms
owner: security@example.com
description: Forums and code of the house.
applies_to: { platforms: [discourse, github-enterprise] }
inspect: { open: true }
rules:
  - id: iban
    when: { finding: pii.iban }
    then: block
"""
PLATFORMS = """platforms:
  - id: discourse
    hosts: [forum.test]
  - { id: github-enterprise, hosts: ["*.code.test"] }
"""


class House:
    def __init__(self, folder):
        (folder / "own.policy.yaml").write_text(POLICY)
        authority = Authority(folder)
        self.origins = [Origin(host, authority.leaf([host]), echo) for host in ("forum.test", "git.code.test", "else.test")]
        self.gateway = Gateway(folder / "gateway", self.origins, [folder / "own.policy.yaml"], trust=authority.path,
                               more=PLATFORMS)

    def ask(self, host, method, path, body=None):
        client = Client(self.gateway, "127.0.0.2")
        client.open(host)
        answer = client.request(method, path, [("Content-Type", "application/json")] if body else [],
                                json.dumps(body).encode() if body else b"")
        client.close()
        return answer

    def matched(self, platform):
        return sum(int(value) for name, value in self.gateway.facts().items() if name.endswith(f".{platform}.matched"))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("own"))
    with made.gateway:
        yield made
    for origin in made.origins:
        origin.close()


@pytest.mark.parametrize("host, path, body, status, said", [
    ("forum.test", "/posts.json", {"raw": f"to {IBAN}", "topic_id": 7}, 422, "errors"),
    ("git.code.test", "/api/v3/repos/acme/app/issues/7/comments", {"body": f"to {IBAN}"}, 422, "documentation_url"),
    ("git.code.test", "/api/graphql", {"query": "mutation{addComment(input:$i){x}}", "variables": {"body": f"to {IBAN}"}},
     200, "errors"),
])
def test_its_own_way_to_say_no(house, host, path, body, status, said):
    answer = house.ask(host, "POST", path, body)
    assert answer.status == status and said in json.loads(answer.body), answer.body
    assert house.ask(host, "POST", path, json.loads(json.dumps(body).replace(IBAN, "nobody"))).status == 200


def test_login_paths_stay_unread_and_the_rest_is_known(house):
    assert house.ask("forum.test", "POST", "/session.json", {"login": "ana", "password": IBAN}).status == 200
    assert house.ask("forum.test", "POST", "/user-api-key", {"key": IBAN}).status == 200  # known only where it is surely one
    assert house.ask("git.code.test", "POST", "/api/v3/user/keys", {"key": IBAN}).status == 200
    before = house.matched("discourse")
    assert house.ask("forum.test", "GET", "/t/probes/7").status == 200
    assert settles(lambda: house.matched("discourse"), lambda n: n > before) > before


def test_nothing_else_is_opened(house):
    with pytest.raises(ssl.SSLCertVerificationError):  # the origin's own certificate, and not the gateway's
        house.ask("else.test", "GET", "/")
    assert house.origins[2].received() == b""


@pytest.mark.parametrize("platforms, said", [
    ("platforms:\n  - { id: discorse, hosts: [a.test] }\n", "there is no adapter 'discorse'; did you mean 'discourse'?"),
    ("platforms:\n  - { id: discourse, hosts: [Forum.test] }\n", "expected a host in lower case"),
    ("platforms:\n  - { id: discourse, hosts: [a.test] }\n  - { id: nodebb, hosts: [a.test] }\n", "named for two platforms"),
    ("platforms:\n  - { id: discourse }\n", "hosts"),
])
def test_a_mistake_is_one_line(house, platforms, said):
    house.gateway.config.write_text(house.gateway.config.read_text().replace(PLATFORMS, platforms))
    done = house.gateway.stoa("check")
    house.gateway.config.write_text(house.gateway.config.read_text().replace(platforms, PLATFORMS))
    lines = done.stderr.splitlines()
    assert done.returncode == 3 and len(lines) == 1 and said in lines[0] and "stoa.yaml:" in lines[0], done
