# SPDX-License-Identifier: Apache-2.0
"""kill -9 of each process in turn, under load: no record is lost, the log verifies, the gateway goes on."""
import json
import os
import signal
import sqlite3
import threading

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT, Origin, echo
from stoa_test.pki import Authority
from stoa_test.wire import Closed

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
SECRET = json.dumps({"text": "pay DE02 1203 0000 0000 2020 51 please"}).encode()
REFUSALS = 40


class Load(threading.Thread):
    """A person who posts secrets until told to stop, and counts the refusals that were answered."""

    def __init__(self, gateway, address):
        super().__init__(daemon=True)
        self.gateway, self.client = gateway, Client(gateway, address)
        self.refused, self.enough, self.ending = 0, threading.Event(), threading.Event()

    def run(self):
        while not self.ending.is_set():
            try:
                if self.client.sock is None and self.client.open("forum.test").status != 200:
                    self.client.close()
                    continue
                reply = self.client.request("POST", "/post", [("Content-Type", "application/json")], SECRET)
                if reply.status == 403 and b"IBAN" in reply.body:
                    self.refused += 1
                else:
                    self.client.close()
                if self.refused >= REFUSALS:
                    self.enough.set()
            except (Closed, OSError):
                self.client.close()
        self.client.close()


@pytest.fixture
def house(tmp_path):
    authority = Authority(tmp_path)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    gateway = Gateway(tmp_path / "gateway", [origin], [POLICY], workers=2, trust=authority.path).start()
    yield gateway, origin
    gateway.stop()
    origin.close()


@pytest.mark.parametrize("role", ("worker", "recorder", "keyholder", "curator"))
def test_no_record_is_lost(house, role):
    gateway, origin = house
    loads = [Load(gateway, "127.0.0.2"), Load(gateway, "127.0.0.3")]
    for load in loads:
        load.start()
    for _ in range(3):
        gateway.kill(role)
    for load in loads:
        assert load.enough.wait(3 * WAIT), f"only {load.refused} refusals"
        load.ending.set()
        load.join()  # ends with its socket at the latest
    refused = sum(load.refused for load in loads)
    records = gateway.wait_records(refused, "decision")
    # a worker may have recorded a refusal whose answer was cut off with it: more records than answers, never fewer
    assert len(records) >= refused
    if role != "worker":
        assert len(records) <= refused + len(loads) * 3
    assert b"2020 51" not in origin.received()
    verified = gateway.stoa("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("role", ("worker", "keyholder", "recorder", "curator"))
def test_a_killed_process_is_started_at_once(house, role):
    gateway, _ = house
    os.kill(gateway.children(role)[0], signal.SIGKILL)
    assert gateway.wait_event("process.died", lambda e: e.get("role") == role)["pause_ms"] == 0
    gateway.wait_event("process.start", lambda e: e.get("role") == role)
    client = Client(gateway)
    client.open("forum.test")
    assert client.request("POST", "/post", body=b"hello").status == 200
    client.close()


def test_who_dies_again_and_again_is_started_after_a_pause_until_it_was_quiet(house):
    """Five times at once, then a second later; after ten quiet seconds at once again."""
    gateway, _ = house
    pauses = []
    for _ in range(6):
        os.kill(gateway.children("keyholder")[0], signal.SIGKILL)
        pauses.append(gateway.wait_event("process.died")["pause_ms"])
        if pauses[-1]:
            gateway.clock(1)
        gateway.wait_event("process.start", lambda e: e.get("role") == "keyholder")
    assert pauses == [0, 0, 0, 0, 0, 1000]
    gateway.clock(10)
    os.kill(gateway.children("keyholder")[0], signal.SIGKILL)
    assert gateway.wait_event("process.died")["pause_ms"] == 0
    gateway.wait_event("process.start", lambda e: e.get("role") == "keyholder")


def test_one_flipped_byte_in_the_database_is_named(house):
    gateway, _ = house
    client = Client(gateway)
    client.open("forum.test")
    for _ in range(5):
        assert client.request("POST", "/post", [("Content-Type", "application/json")], SECRET).status == 403
    client.close()
    gateway.wait_records(5, "decision")
    subject = gateway.records("decision")[2]["subject"].encode()
    gateway.stop()
    for path in (gateway.folder / "state" / "audit").rglob("*.db"):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(path.read_bytes())
        at = content.find(subject)
        if at >= 0:
            content[at] ^= 1
            path.write_bytes(content)
            break
    else:
        raise AssertionError("the record is in no database file")
    verified = gateway.stoa("audit", "verify")
    assert verified.returncode == 6, verified.stdout + verified.stderr
    assert "record " in verified.stdout, verified.stdout
