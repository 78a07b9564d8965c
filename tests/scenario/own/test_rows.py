# SPDX-License-Identifier: Apache-2.0
"""The customer's table: rows in posts are held or masked, records name no value, and docs/own-data.md is true."""
import json
import os
import re
import shutil

import pytest

from stoa_test.client import Client
from stoa_test.gateway import BIN, ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.printed import as_pattern, blocks, shell

PAGE = ROOT / "docs" / "own-data.md"
POLICY = """version: 1
policy: {host}
owner: security@example.com
description: {{ en: Customers' data stays here., de: Kundendaten bleiben hier. }}
applies_to:
  hosts: ["{host}"]
inspect:
  open: true
rules:
  - id: rows
    when: {{ finding: [customers.row] }}
    then: {then}
"""


def blocks_of(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.S)


def passage(start, count):
    """Words of a made-up text."""
    return " ".join(f"{'abcdefgh'[i % 8]}{'rstuvw'[i * i % 6]}o{i * 7919 % 997}" for i in range(start, start + count))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    authority = Authority(folder)
    hosts = {"forum.test": "block", "wiki.test": "redact"}
    origins = {host: Origin(host, authority.leaf([host]), echo) for host in hosts}
    paths = []
    for host, then in hosts.items():
        paths.append(folder / f"{host}.policy.yaml")
        paths[-1].write_text(POLICY.format(host=host, then=then))
    gateway = Gateway(folder / "gateway", origins.values(), paths, trust=authority.path)
    (gateway.folder / "customers.csv").write_text(blocks_of("csv")[0])
    customers, plans = blocks_of("yaml")
    (gateway.folder / "customers.pack.yaml").write_text(customers)
    for name, start in (("plans/roadmap.txt", 0), ("forms/letter.txt", 5000)):
        (gateway.folder / name).parent.mkdir()
        (gateway.folder / name).write_text(passage(start, 600) + "\n")
    gateway.config.write_text(re.sub(r"(?m)^  packs:.*", "  packs: own-packs", gateway.config.read_text()))
    exports = [f'export PATH="{BIN}:$PATH" STOA_CONFIG="{gateway.config}"']
    for command, expected in blocks(PAGE):
        output = shell(gateway.folder, exports, command)
        assert re.fullmatch(as_pattern(expected) + r"\s*", output, re.S), f"$ {command}\n{output}"
    (gateway.folder / "own-packs" / "plans.pack.yaml").write_text(plans)
    shutil.copy(gateway.folder / "plans.fp", gateway.folder / "own-packs")
    for path in (gateway.folder / "policy.d").glob("*.test.*"):
        path.write_text(path.read_text().replace("[customers.row]", "[customers.row, plans.copied]"))
    with gateway:
        clients = {host: Client(gateway) for host in hosts}
        for host, client in clients.items():
            client.open(host)
        yield clients, origins, gateway, folder
    for origin in origins.values():
        origin.close()


def post(client, fields):
    return client.request("POST", "/post", [("Content-Type", "application/json")], json.dumps(fields).encode())


def test_a_row_is_held_and_a_value_alone_is_not(house):
    clients, origins, gateway, _ = house
    before = len(origins["forum.test"].received())
    assert post(clients["forum.test"], {"text": "ANNA SCHMIDT has 4711.2291.33"}).status == 403
    assert post(clients["forum.test"], {"name": "Schmidt, Anna", "born": "29 Feb 1980"}).status == 403
    assert post(clients["forum.test"], {"to": "anna.schmidt@example.com"}).status == 403, "alone is enough"
    assert len(origins["forum.test"].received()) == before
    assert post(clients["forum.test"], {"text": "Anna Schmidt has 4711-8865-10"}).status != 403, "two rows"
    assert len(origins["forum.test"].received()) > before
    assert "rows" in json.dumps(gateway.wait_records(3, "decision"))
    written = gateway.written().lower()
    assert b"schmidt" not in written and not any(part in written for part in (b"4711.2291", b"47112291"))


def test_redaction_masks_the_values_that_matched(house):
    clients, origins, _, _ = house
    post(clients["wiki.test"], {"text": "Anna Schmidt has 4711.2291.33, Jörg Müller has none"})
    sent = json.loads(origins["wiki.test"].received().rsplit(b"\r\n\r\n", 1)[1])
    assert sent == {"text": "[customer] has [customer], Jörg Müller has none"}


def test_a_passage_of_a_document_is_held_or_masked(house):
    clients, origins, gateway, _ = house
    copied = passage(100, 90).upper().replace(" ", "\n", 3)
    before = len(origins["forum.test"].received())
    assert post(clients["forum.test"], {"text": f"look at this: {copied}. Nice?"}).status == 403
    assert len(origins["forum.test"].received()) == before
    assert post(clients["forum.test"], {"text": passage(100, 20)}).status != 403, "too little of it"
    assert post(clients["forum.test"], {"text": passage(5000, 300)}).status != 403, "not of the documents"
    post(clients["wiki.test"], {"text": f"look: {copied}. Nice?"})
    sent = json.loads(origins["wiki.test"].received().rsplit(b"\r\n\r\n", 1)[1])["text"]
    assert sent.startswith("look: ") and sent.endswith(". Nice?") and "[passage]" in sent and len(sent) < 100
    assert passage(120, 4).upper().encode() not in gateway.written().upper()


def test_a_reload_shares_the_file_and_takes_a_new_one(house):
    clients, origins, gateway, folder = house
    generations = gateway.folder / "state" / "generations"

    def copy():
        newest = max((int(entry.name) for entry in generations.iterdir()))
        return next((generations / str(newest)).rglob("customers.edm"))

    first = copy()
    inode, number = first.stat().st_ino, first.parts[-3]
    assert first.stat().st_mode & 0o777 == 0o600
    gateway.stoa("reload", check=True)
    assert copy().stat().st_ino == inode and copy().parts[-3] != number, "the same file under a second name"
    table = folder / "new.csv"
    table.write_text("account,first,last,born,email\n9900-1122-77,Lena,Voss,,lena@example.org\n")
    gateway.stoa("edm", "build", "--columns", "account:number,first+last:name,born:date,email:email", "--key-file",
                 str(gateway.folder / "edm.key"), str(table), "-o", str(gateway.folder / "own-packs" / "customers.edm"),
                 check=True)
    gateway.stoa("reload", check=True)
    assert copy().stat().st_ino != inode
    client = clients["forum.test"]
    client.open("forum.test")
    assert post(client, {"text": "Lena Voss: 9900112277"}).status == 403
    assert post(client, {"text": "Anna Schmidt: 4711-2291-33"}).status != 403


def test_a_damaged_file_leaves_the_old_one_in_force(house):
    clients, _, gateway, _ = house
    path = gateway.folder / "own-packs" / "customers.edm"
    good = path.read_bytes()
    path.write_bytes(good[:-3])
    done = gateway.stoa("reload")
    assert done.returncode != 0
    assert "own-packs/customers.edm: it is damaged or incomplete; build it again" in done.stdout + done.stderr
    path.write_bytes(good)
    os.chmod(gateway.folder / "own-packs" / "edm.key", 0o644)
    done = gateway.stoa("check")
    assert done.returncode == 3 and "others can read this key" in done.stdout + done.stderr
    os.chmod(gateway.folder / "own-packs" / "edm.key", 0o600)
    assert post(clients["forum.test"], {"text": "Lena Voss: 9900112277"}).status == 403
