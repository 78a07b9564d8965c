# SPDX-License-Identifier: Apache-2.0
"""Long polls: servers of engine.io 3 and 4 and of BOSH, clients on chosen workers, and one gateway with two of them."""
import gzip
import json
import os
import queue
import re
import signal
import threading
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import WAIT, Origin
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
TEXT = ("Content-Type", "text/plain;charset=UTF-8")
BOSH = "http://jabber.org/protocol/httpbind"
MARKED = """version: 1
policy: marked
owner: security@example.com
description: A sentence with characters that a page must not take for its own.
applies_to: { hosts: ["*.example"] }
inspect: { open: true }
rules:
  - id: iban
    when: { finding: [pii.iban] }
    then: block
    message: { en: "Ask <i>legal</i> & wait.", de: "Fragen Sie <i>nach</i>." }
"""


def packed(version, *packets):
    """The body of a poll with these packets."""
    if version == 3:
        return "".join(f"{len(packet)}:{packet}" for packet in packets).encode()
    return "\x1e".join(packets).encode()


def unpacked(version, body):
    text, packets = body.decode(), []
    if version == 4:
        return text.split("\x1e")
    while text:
        count, _, rest = text.partition(":")
        packets.append(rest[:int(count)])
        text = rest[int(count):]
    return packets


def event(number, name, *args):
    return f"42{number}" + json.dumps([name, *args])


class EngineOrigin(Origin):
    """engine.io as its server does it: a poll waits for packets, a ping of version 3 is answered, an event too."""

    def __init__(self, host, certificate):
        super().__init__(host, certificate, self.serve)
        self.waiting, self.polled, self.posted = defaultdict(queue.Queue), queue.Queue(), queue.Queue()
        self.coded = False

    def serve(self, request):
        facts = {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
        packets = self.waiting[facts["sid"]]
        version = int(facts["EIO"])
        if request.method == "POST":
            self.posted.put(request.body)
            for packet in unpacked(version, request.body):
                if packet == "2":
                    packets.put(["3"])
                elif (number := re.match(r"42(\d+)", packet)):
                    packets.put([f"43{number[1]}[null]"])
            return "200 OK", [("Content-Type", "text/html")], b"ok"
        self.polled.put(facts["sid"])
        body = packed(version, *packets.get(timeout=WAIT))
        coding = [("Content-Encoding", "gzip")] if self.coded else []
        return "200 OK", [("Content-Type", "text/plain; charset=UTF-8"), *coding], gzip.compress(body) if coding else body


class BoshOrigin(Origin):
    """A connection manager that holds one request of a session and answers the older one when another comes."""

    def __init__(self, host, certificate):
        super().__init__(host, certificate, self.serve)
        self.lock, self.held = threading.Lock(), {}
        self.polled = queue.Queue()

    def serve(self, request):
        sid = re.search(rb"sid=.([a-z0-9]+)", request.body)[1]
        mine = queue.Queue()
        with self.lock:
            before, self.held[sid] = self.held.get(sid), mine
        if before is not None:
            before.put(f'<body xmlns="{BOSH}"/>'.encode())
        self.polled.put(request.body)
        return "200 OK", [("Content-Type", "text/xml; charset=utf-8")], mine.get(timeout=WAIT)

    def says(self, sid, stanza):
        with self.lock:
            self.held.pop(sid.encode()).put(f'<body xmlns="{BOSH}">{stanza}</body>'.encode())


class House:
    def __init__(self, folder):
        authority = Authority(folder)
        self.origins = {host: EngineOrigin(host, authority.leaf([host])) for host in ("forum.test", "forum.example")}
        self.origins["chat.test"] = BoshOrigin("chat.test", authority.leaf(["chat.test"]))
        marked = folder / "marked.policy.yaml"
        marked.write_text(MARKED)
        self.gateway = Gateway(folder / "gateway", self.origins.values(), [POLICY, marked], trust=authority.path,
                               workers=2)
        self.clients = []

    @contextmanager
    def only(self, worker):
        """The other worker takes no connection meanwhile."""
        number = f"--number\0{worker}\0".encode()
        others = [pid for pid in self.gateway.children("worker") if number not in Path(f"/proc/{pid}/cmdline").read_bytes()]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def client(self, worker, host="forum.test", address="127.0.0.1"):
        client = Client(self.gateway, address)
        with self.only(worker):
            assert client.open(host).status == 200
        self.clients.append(client)
        return client

    def counts(self, name):
        """A counter of each worker."""
        return self.gateway.counts(name)

    def close(self):
        for client in self.clients:
            client.close()
        for origin in self.origins.values():
            origin.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("polls"))
    with house.gateway:
        house.gateway.stoa("consent", "grant", "someone", check=True)
        yield house
    house.close()
