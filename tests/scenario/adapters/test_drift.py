# SPDX-License-Identifier: Apache-2.0
"""A platform changes without a word: what an admin sees of it, in `stoa status` and in the log."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

HOST = "mastodon.social"
POLICY = f"""version: 1
policy: open
owner: security@example.com
description: {{ en: Everything is read., de: Alles wird gelesen. }}
applies_to: {{ hosts: ["{HOST}"] }}
inspect: {{ open: true }}
rules:
  - id: cards
    when: {{ finding: [pii.card.visa] }}
    then: block
"""


@pytest.fixture
def house(tmp_path):
    authority = Authority(tmp_path)
    origin = Origin(HOST, authority.leaf([HOST]), echo)
    (tmp_path / "open.policy.yaml").write_text(POLICY)
    gateway = Gateway(tmp_path / "gateway", [origin], [tmp_path / "open.policy.yaml"], trust=authority.path)
    with gateway:
        client = Client(gateway)
        client.open(HOST)
        yield gateway, client
    origin.close()


def write(client, times, path, body):
    for _ in range(times):
        assert client.request("POST", path, [("Content-Type", "application/json")], json.dumps(body).encode()).status == 200


def counted(gateway):
    facts = gateway.facts()
    names = ("matched", "decoded", "text_found", "unknown")
    return tuple(int(facts[f"worker.0.counters.adapters.mastodon.{name}"]) for name in names)


def test_text_that_is_found_no_more_is_counted_and_told(house):
    gateway, client = house
    write(client, 3, "/api/v1/statuses", {"status": "hello there"})
    assert counted(gateway) == (3, 3, 3, 0)
    write(client, 20, "/api/v1/statuses", {"words": {"v": "hello there"}})
    assert gateway.wait_event("adapter.drift")["platform"] == "mastodon"
    assert counted(gateway) == (23, 23, 3, 0)


def test_writes_in_a_new_place_are_read_by_the_fallback_counted_and_told(house):
    gateway, client = house
    write(client, 20, "/api/v9/toots", {"toot": {"text": "hello there, all of you"}})
    assert gateway.wait_event("adapter.unknown")["platform"] == "mastodon"
    assert counted(gateway) == (0, 0, 0, 20)
    refused = client.request("POST", "/api/v9/toots", [("Content-Type", "application/json")],
                             b'{"toot":{"text":"my card 4111 1111 1111 1111"}}')
    assert refused.status == 403  # by the fallback: what is new is no hole
