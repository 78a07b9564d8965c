# SPDX-License-Identifier: Apache-2.0
"""What the gateway costs: CPU time of its processes per request, memory per idle connection, speed of the detectors.

usage: make bench     (release build; medians of ROUNDS interleaved rounds; prints one line a mode and a JSON object)
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STOA_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path.insert(0, str(ROOT / "tests" / "scenario"))

from stoa_test.client import Client  # noqa: E402
from stoa_test.gateway import BIN, Gateway  # noqa: E402
from stoa_test.origin import Origin  # noqa: E402
from stoa_test.pki import Authority  # noqa: E402

ROUNDS = 5
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
TICK = os.sysconf("SC_CLK_TCK")
WORDS = ("the learning curve of consistent hashing is gentle when one starts from the ring and adds virtual nodes later "
         "as people in the forum said last week ").split()


def prose(size):
    """Realistic text without secrets, of that many bytes."""
    text = " ".join(WORDS[(i * 7 + i // 13) % len(WORDS)] for i in range(size // 4 + 1))
    return text[:size]


def nanoseconds(pids):
    """CPU time of all threads of these processes, in ns (schedstat), user and kernel."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def family(gateway):
    roles = ("worker", "keyholder", "recorder", "curator")
    return [gateway.process.pid] + [pid for role in roles for pid in gateway.children(role)]


def memory(pids):
    """Proportional set size in bytes."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def keep_alive(gateway, count, size):
    client = Client(gateway)
    client.open("bench.test")
    body = b"" if not size else json.dumps({"text": prose(size)}).encode()
    method = "POST" if size else "GET"
    fields = [("Content-Type", "application/json")] if size else []
    client.request(method, "/", fields, body)
    before = nanoseconds(family(gateway))
    for _ in range(count):
        assert client.request(method, "/", fields, body).status == 200
    used = nanoseconds(family(gateway)) - before
    client.close()
    return used / count / 1000


def new_connections(gateway, count):
    before = nanoseconds(family(gateway))
    for _ in range(count):
        client = Client(gateway)
        client.open("bench.test")
        assert client.request("GET", "/").status == 200
        client.close()
    return (nanoseconds(family(gateway)) - before) / count / 1000


def idle_pairs(gateway, count):
    before = memory(family(gateway))
    clients = []
    for _ in range(count):
        client = Client(gateway)
        client.open("bench.test")
        assert client.request("GET", "/").status == 200
        clients.append(client)
    used = memory(family(gateway)) - before
    for client in clients:
        client.close()
    return used / count / 1024


def scan_speed(folder):
    """MB/s of CPU time of `stoa scan` over clean prose, its start taken off."""
    small, large = folder / "small.txt", folder / "large.txt"
    small.write_text(prose(1000))
    large.write_text(prose(64 << 20))

    def seconds(path):
        before = os.times()
        subprocess.run([str(BIN / "stoa"), "scan", str(path)], check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return 64 * 1.048576 / (seconds(large) - seconds(small))


MODES = {
    "keep-alive GET, us of CPU": lambda gateway, folder: keep_alive(gateway, 2000, 0),
    "POST 4 KiB JSON, us of CPU": lambda gateway, folder: keep_alive(gateway, 1000, 4 << 10),
    "POST 64 KiB JSON, us of CPU": lambda gateway, folder: keep_alive(gateway, 300, 64 << 10),
    "POST 1 MiB JSON, us of CPU": lambda gateway, folder: keep_alive(gateway, 30, 1 << 20),
    "new connection, us of CPU": lambda gateway, folder: new_connections(gateway, 200),
    "idle intercepted pair, KiB": lambda gateway, folder: idle_pairs(gateway, 200),
    "stoa scan of prose, MB/s": lambda gateway, folder: scan_speed(folder),
}


def main():
    results = {mode: [] for mode in MODES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        body = prose(1000).encode()
        origin = Origin("bench.test", authority.leaf(["bench.test"]), lambda request: ("200 OK", [], body))
        gateway = Gateway(folder / "gateway", [origin], [POLICY], trust=authority.path)
        with gateway:
            for number in range(ROUNDS):
                for mode, run in MODES.items():
                    results[mode].append(run(gateway, folder))
                print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        origin.close()
    print(f"medians of {ROUNDS} rounds, {time.strftime('%Y-%m-%d')}, `make bench`")
    for mode, values in results.items():
        print(f"  {mode:30} {statistics.median(values):10.1f}   ({min(values):.1f} to {max(values):.1f})")
    print(json.dumps({mode: round(statistics.median(values), 1) for mode, values in results.items()}))


if __name__ == "__main__":
    main()
