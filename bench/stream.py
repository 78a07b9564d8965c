# SPDX-License-Identifier: Apache-2.0
"""What the gateway adds to a stream: the delay of each event, and memory while gigabytes pass.

usage: stream.py [--rounds N] [--events N] [--pause MS] [--gib N]

An origin sends events with the time in them, a client reads them directly and through the gateway, in rounds one after
the other; both stand in this program, so what Python costs is the same on every way and only the difference counts.
Then films of --gib GiB go up and down, and the worker's peak is held against what it had after a small one.
"""
import argparse
import os
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STOA_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path[:0] = [str(ROOT / "tests" / "scenario"), str(ROOT / "tests" / "scenario" / "streaming")]

import test_memory  # noqa: E402
from house import House  # noqa: E402
from stoa_test import wire  # noqa: E402


def send_events(site, count, pause):
    peer = site.peer()
    peer.head()
    peer.sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(count):
        time.sleep(pause)
        event = b"data: %020d\n\n" % time.monotonic_ns()
        peer.sends(b"%x\r\n%s\r\n" % (len(event), event))
    peer.sends(b"0\r\n\r\n")
    peer.close()


class Direct:
    """The origin without a gateway before it."""

    def __init__(self, house):
        context = ssl.create_default_context(cafile=str(house.gateway.folder / "origins.pem"))
        raw = socket.create_connection(("127.0.0.1", house.site.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.body, self.is_whole = context.wrap_socket(raw, server_hostname=house.site.host), b"", False

    def start(self, method, path):
        self.sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: site.test\r\n\r\n".encode())
        self.reader = wire.Reader(self.sock)

    def read(self):
        if not self.reader.seen:
            self.reader.head()
        size = int(self.reader.line(), 16)
        self.body += self.reader.take(size)
        self.reader.line()
        self.is_whole = size == 0

    def close(self):
        self.sock.close()


def delays(house, way, count, pause):
    """Milliseconds from the origin's clock to the client's, for each event."""
    client, site = (Direct(house), house.site) if way == "direct" else house.both(way)
    read = client.client.read if way == "h2" else client.read
    client.start("GET", "/events")
    origin = threading.Thread(target=send_events, args=(site, count, pause))
    origin.start()
    found, at = [], 0
    while not client.is_whole:
        read()
        now = time.monotonic_ns()
        while len(client.body) - at >= 28:
            found.append((now - int(client.body[at + 6:at + 26])) / 1e6)
            at += 28
    origin.join()
    client.close()
    return found


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def events(house, options):
    taken = {"direct": [], "h1": [], "h2": []}
    for _ in range(options.rounds):
        for way, found in taken.items():
            found.append(delays(house, way, options.events, options.pause / 1000))
    print(f"\nEvents, {options.rounds} rounds of {options.events}, ms from origin to client\n\n"
          "| way | median | p99 | added median | added p99 |\n|---|---|---|---|---|")
    for way, found in taken.items():
        rounds = [(percentile(f, .5), percentile(f, .99)) for f in found]
        added = [(m - percentile(d, .5), p - percentile(d, .99)) for (m, p), d in zip(rounds, taken["direct"])]
        figures = [statistics.median(r[i] for r in rows) for rows in (rounds, added) for i in (0, 1)]
        print(f"| {way} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


def films(house, options):
    print(f"\nFilms of {options.gib} GiB\n\n| way | seconds | MiB/s | the worker's peak, MiB over before |\n|---|---|---|---|")
    for protocol in ("h1", "h2"):
        for way in (test_memory.up, test_memory.down):
            size = int(options.gib * (1 << 30)) // test_memory.MIB * test_memory.MIB
            way(house, protocol, 8 * test_memory.MIB)
            memory, began = test_memory.Memory(house), time.monotonic()
            way(house, protocol, size)
            took = time.monotonic() - began
            print(f"| {way.__name__} {protocol} | {took:.1f} | {size / test_memory.MIB / took:.0f} | "
                  f"{memory.grown() / test_memory.MIB:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Delay of events, memory of films; bench/README.md.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--pause", type=float, default=5, help="ms between two events")
    parser.add_argument("--gib", type=float, default=2, help="size of a film; 0: none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stoa-stream-") as name:
        house = House(Path(name), more="")
        with house.gateway:
            events(house, options)
            if options.gib:
                films(house, options)
        house.close()


if __name__ == "__main__":
    main()
