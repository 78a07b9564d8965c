# SPDX-License-Identifier: Apache-2.0
"""Where a platform counts (a mention names its place in the text), a mask is as long as what it stands for."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = """version: 1
policy: cards
owner: security@example.com
description: { en: Cards stay here., de: Karten bleiben hier. }
applies_to: { hosts: ["www.linkedin.com"] }
inspect: { open: true }
rules:
  - id: cards
    when: { finding: [pii.card.visa] }
    then: redact
"""
CARD = "4111 1111 1111 1111"


@pytest.fixture(scope="module")
def linkedin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keep")
    authority = Authority(folder)
    origin = Origin("www.linkedin.com", authority.leaf(["www.linkedin.com"]), echo)
    (folder / "cards.policy.yaml").write_text(POLICY)
    gateway = Gateway(folder / "gateway", [origin], [folder / "cards.policy.yaml"], trust=authority.path)
    with gateway:
        client = Client(gateway)
        client.open("www.linkedin.com")
        yield client, origin
    origin.close()


def share(linkedin, text, attributes):
    """What LinkedIn gets of a post."""
    client, origin = linkedin
    body = {"visibleToConnectionsOnly": False, "commentaryV2": {"text": text, "attributes": attributes}, "media": []}
    answer = client.request("POST", "/voyager/api/contentcreation/normShares", [("Content-Type", "application/json; charset=UTF-8")],
                            json.dumps(body).encode())
    assert answer.status == 200, answer
    got = json.loads(origin.gets().body)
    assert {**got, "commentaryV2": None} == {**body, "commentaryV2": None} and got["commentaryV2"]["attributes"] == attributes
    return got["commentaryV2"]["text"]


def test_a_mention_stays_where_it_is(linkedin):
    text = f"my \U0001f600 card {CARD}, right @Ana?"
    start = len(text[:text.index("@Ana")].encode("utf-16-le")) // 2
    got = share(linkedin, text, [{"start": start, "length": 4, "type": "PROFILE_MENTION"}])
    assert got.encode("utf-16-le")[2 * start:2 * start + 8].decode("utf-16-le") == "@Ana"
    assert len(got.encode("utf-16-le")) == len(text.encode("utf-16-le")) and "4111" not in got and "[card" in got


def test_without_one_the_mask_stands_alone(linkedin):
    got = share(linkedin, f"my card {CARD}, right?", [])
    assert got.startswith("my card [") and got.endswith("], right?") and "*" not in got
