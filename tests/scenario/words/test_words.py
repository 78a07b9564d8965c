# SPDX-License-Identifier: Apache-2.0
"""A dictionary of the house: terms in the fields of one post add up, the post is held, records do not name them."""
import json

import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

PACK = """pack: house
version: 1.0.0
licence: LicenseRef-house
rules:
  - id: house.names
    title: { en: "Code name", de: "Deckname" }
    severity: high
    mask: "[name]"
    find: words
    dictionary: { file: names.words, threshold: 2 }
    confidence: { base: 85 }
"""
POLICY = """version: 1
policy: names
owner: security@example.com
description: { en: Code names stay here., de: Decknamen bleiben hier. }
applies_to:
  hosts: ["*.test"]
inspect:
  open: true
rules:
  - id: code-names
    when: { finding: ["pack:house"] }
    then: block
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    authority = Authority(folder)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    (folder / "names.policy.yaml").write_text(POLICY)
    gateway = Gateway(folder / "gateway", [origin], [folder / "names.policy.yaml"], trust=authority.path)
    own = gateway.folder / "own-packs"
    own.mkdir()
    (own / "house.pack.yaml").write_text(PACK)
    (own / "names.words").write_text("Falcon\nProjekt Größe\n")
    lines = [line if not line.startswith("  packs:") else "  packs: own-packs"
             for line in gateway.config.read_text().splitlines()]
    gateway.config.write_text("\n".join(lines) + "\n")
    with gateway:
        client = Client(gateway)
        client.open("forum.test")
        yield client, origin, gateway
    origin.close()


def post(client, fields):
    return client.request("POST", "/post", [("Content-Type", "application/json")], json.dumps(fields).encode()).status


def test_terms_of_one_post_add_up(house):
    client, origin, gateway = house
    before = len(origin.received())
    assert post(client, {"title": "the FALCON has landed", "text": "and PROJEKT GRÖSSE is late"}) == 403
    assert len(origin.received()) == before
    assert post(client, {"title": "the falcon, falcon, falcon", "text": "a bird of prey"}) != 403
    assert len(origin.received()) > before
    assert {"code-names"} == {record["subject"] for record in gateway.records("decision")}
    written = gateway.written().lower()
    assert b"falcon has" not in written and b"is late" not in written


def test_a_new_list_is_in_force_after_a_reload(house):
    client, origin, gateway = house
    names = gateway.folder / "own-packs" / "names.words"
    names.write_text("Falcon\t2\n")
    assert post(client, {"text": "one falcon"}) != 403, "the generation keeps the list that it loaded"
    gateway.stoa("reload", check=True)
    client.open("forum.test")
    before = len(origin.received())
    assert post(client, {"text": "one falcon"}) == 403
    assert len(origin.received()) == before


def test_a_mistake_in_a_list_is_one_line_with_its_place(house):
    _, _, gateway = house
    names = gateway.folder / "own-packs" / "names.words"
    good = names.read_text()
    names.write_text("Falcon\nProjekt\tmany\n")
    done = gateway.stoa("check")
    names.write_text(good)
    assert done.returncode == 3
    assert "names.words:2:1: expected a weight from 1 to 1000" in done.stdout + done.stderr
