# SPDX-License-Identifier: Apache-2.0
"""B1 and S5: the size of what passes, and the pace of who takes it, do not show in the worker's memory; nor does the
size of a text that is looked into on its way to the spool."""
import random
import select
import ssl
import threading
from pathlib import Path

import pytest

from house import House
from stoa_test.ways import BOTH

pytestmark = BOTH

MIB = 1 << 20
MOST = 4 * MIB
SIZES = {"h1": 96 * MIB, "h2": 48 * MIB}  # python3-h2 takes its time
BORDER = 128 << 10  # where a stretch of a text ends, and the next begins a little before
IBAN = "DE02120300000000202051"
FILM = b"\0\0\0\x20ftypisom" + random.Random(5).randbytes(MIB - 12)


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("memory"), more="limit:\n  body_max: 128MiB\n",
                  way=request.param)
    house.gateway.sanitizer += ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"  # what is freed is free
    with house.gateway:
        yield house
    house.close()


class Memory:
    """The worker's resident bytes, from now on."""

    def __init__(self, house):
        self.process = Path("/proc") / str(house.gateway.children("worker")[0])
        (self.process / "clear_refs").write_text("5")  # the peak is what it is now
        self.before = self._of("VmRSS")

    def _of(self, name):
        line = next(l for l in (self.process / "status").read_text().splitlines() if l.startswith(name + ":"))
        return int(line.split()[1]) * 1024

    def peak(self):
        return self._of("VmHWM")

    def grown(self):
        return self._of("VmHWM") - self.before


def up(house, protocol, size):
    client, site = house.both(protocol)
    client.start("PUT", "/film", [("Content-Type", "video/mp4"), ("Content-Length", str(size))], end=False)
    got = []

    def serve():
        peer = site.peer()
        peer.head()
        left = size - len(peer.reader.buffer)
        while left > 0:
            left -= len(peer.sock.recv(65536))
        got.append(left)
        peer.sends(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        peer.close()

    origin = threading.Thread(target=serve)
    origin.start()
    for at in range(0, size, MIB):
        client.send(FILM, end=at + MIB >= size)
    assert client.whole().status == 201
    origin.join()
    assert got == [0]
    client.close()


def down(house, protocol, size):
    client, site = house.both(protocol)
    client.start("GET", "/film")

    def serve():
        peer = site.peer()
        peer.head()
        peer.sends(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(0, size, MIB):
            peer.sends(FILM)
        peer.close()

    origin = threading.Thread(target=serve)
    origin.start()
    assert client.drained() == size
    origin.join()
    client.close()


@pytest.mark.parametrize("way", [up, down])
def test_b1_a_large_film_at_constant_memory(house, protocol, way):
    way(house, protocol, 8 * MIB)  # buffers find their size
    memory = Memory(house)
    way(house, protocol, SIZES[protocol])
    assert memory.grown() <= MOST, memory.grown()


def until_nobody_takes_more(sock):
    """Sends until the other side has stopped reading for good; answers how much that was."""
    sent = 0
    sock.settimeout(0)
    while sent < 64 * MIB:
        try:
            sent += sock.send(FILM[:65536])
        except ssl.SSLWantWriteError:
            if not select.select([], [sock], [], 1)[1]:
                break
    return sent


def test_s5_a_client_that_does_not_read(house, protocol):
    client, site = house.both(protocol)
    memory = Memory(house)
    client.start("GET", "/endless")
    peer = site.peer()
    peer.head()
    peer.sends(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    assert until_nobody_takes_more(peer.sock) < 64 * MIB
    assert memory.grown() <= MOST, memory.grown()
    client.close()
    peer.close()


def test_s5_an_origin_that_does_not_read(house):
    client, site = house.both("h1")
    memory = Memory(house)
    client.start("PUT", "/endless", [("Content-Type", "video/mp4"), ("Content-Length", str(1 << 40))], end=False)
    assert until_nobody_takes_more(client.client.sock) < 64 * MIB
    assert memory.grown() <= MOST, memory.grown()
    peer = site.peer()
    assert peer.head().method == "PUT"
    client.close()
    peer.close()


def post(house, protocol, size, secret_at=None, kind="json"):
    """A text of that size, or what the gateway answers to one with an IBAN in it."""
    words = "nothing to see here, just talk about this and that. ".encode()
    front, end = {"json": (b'{"a":[{"text":"', b'"}]}'), "form": (b"a=1&text=", b""), "text": (b"", b"")}[kind]
    types = {"json": "application/json", "form": "application/x-www-form-urlencoded", "text": "text/plain"}
    if kind == "form":
        words = words.replace(b" ", b"+")
    client, site = house.both(protocol)
    client.start("POST", "/post", [("Content-Type", types[kind]), ("Content-Length", str(size))], end=False)
    piece = words * (MIB // len(words) + 1)
    at, got = 0, []

    def serve():
        peer = site.peer()
        peer.head()
        left = size - len(peer.reader.buffer)
        while left > 0:
            left -= len(peer.sock.recv(65536))
        got.append(left)
        peer.sends(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        peer.close()

    origin = threading.Thread(target=serve)
    if secret_at is None:
        origin.start()
    while at < size:
        data = piece[at % len(words):][:min(MIB, size - at)]
        if at == 0:
            data = front + data[len(front):]
        if secret_at is not None and at <= secret_at < at + len(data) - 40:
            data = data[:secret_at - at] + b" " + IBAN.encode() + b" " + data[secret_at - at + len(IBAN) + 2:]
        at += len(data)
        client.send(data[:len(data) - len(end)] + end if at == size else data, end=at == size)
    status = client.whole().status
    if secret_at is None:
        origin.join()
        assert got == [0]
    client.close()
    return status


@pytest.mark.ways("explicit")
@pytest.mark.parametrize("kind", ["json", "form", "text"])
def test_b1_a_large_text_at_constant_memory(house, kind):
    """64 MiB through the packs: some 600 stretches."""
    memory = Memory(house)
    assert post(house, "h1", 4 * MIB, kind=kind) == 201
    small = memory.peak()
    spooled, inspected = house.count("bodies_spooled"), house.count("inspected_fully")
    memory = Memory(house)
    assert post(house, "h1", (64 if kind == "json" else 16) * MIB, kind=kind) == 201
    assert memory.peak() - small <= MOST, memory.peak() - small
    assert house.count("bodies_spooled") == spooled + 1
    assert house.count("inspected_fully") == inspected + 1


@pytest.mark.ways("explicit")
def test_b1_a_secret_at_the_borders_of_a_large_text(house, protocol):
    """In the last piece of all, and wherever a stretch may end or begin."""
    memory = Memory(house)
    assert post(house, protocol, 4 * MIB, 2 * MIB) == 403
    small = memory.peak()
    memory = Memory(house)
    for secret_at in range(BORDER - 30, BORDER + 90, 9) if protocol == "h1" else (BORDER - 9, ):
        assert post(house, protocol, 2 * MIB, secret_at) == 403, secret_at
    step = BORDER - 16384
    for stretch in (2, 3, 5):
        for inside in (-16, 0, 16):
            assert post(house, protocol, 2 * MIB, BORDER + stretch * step + inside) == 403, (stretch, inside)
    assert post(house, protocol, 64 * MIB if protocol == "h1" else 16 * MIB, 16 * MIB - 100) == 403
    assert memory.peak() - small <= MOST, memory.peak() - small
    assert IBAN.encode() not in house.gateway.written()
