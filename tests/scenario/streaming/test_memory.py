# SPDX-License-Identifier: Apache-2.0
"""B1 and S5: the size of what passes, and the pace of who takes it, do not show in the worker's memory."""
import random
import select
import ssl
import threading
from pathlib import Path

import pytest

from house import House

MIB = 1 << 20
MOST = 4 * MIB
SIZES = {"h1": 96 * MIB, "h2": 48 * MIB}  # python3-h2 takes its time
FILM = b"\0\0\0\x20ftypisom" + random.Random(5).randbytes(MIB - 12)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("memory"), more="")
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
