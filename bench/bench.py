# SPDX-License-Identifier: Apache-2.0
"""What the gateway costs beside its peers: CPU per request, latency, memory of idle pairs, system calls.

usage: bench.py [--rounds N] [--seconds S] [--peers a,b] [--modes x,y] [--idle N] [--no-strace] [--profile] [--write]

Every round starts every proxy anew; inside each mode they come in shuffled order, so that what else the machine does
hits all of them alike. CPU is the time on a core of the proxy's whole process tree, read before the run and 0.2 s after
it, so that work put off counts too. Ratios are taken inside a round; medians over the rounds are printed.
"""
import argparse
import http.client
import json
import os
import random
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("STOA_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path.insert(0, str(ROOT / "tests" / "scenario"))
os.environ["PATH"] += ":/usr/sbin:/sbin"

try:
    import measure  # noqa: E402
    import report  # noqa: E402
    from peers import NAME, PEERS, write_key  # noqa: E402
    from stoa_test import ways  # noqa: E402
    from stoa_test.gateway import BIN  # noqa: E402
    from stoa_test.pki import Authority  # noqa: E402
except ImportError as absent:
    sys.exit(f"bench: the Python module {absent.name} is not here; `make bench` or `tools/setup measure` installs it")

TOOLS = BIN.parent / "bench"
ALL = frozenset(PEERS)
INTERCEPTORS = frozenset({"stoa", "squid", "sslsplit", "mitmproxy"})

# mode: (what it is, arguments of the load, who can do it)
MODES = {
    "keep": ("GET 1,000 B, 16 kept connections", "--get /json/1000 --connections 16", ALL),
    "brought": ("the same, connections that REDIRECT brings to a transparent listener",
                "--get /json/1000 --connections 16 --brought", frozenset({"stoa"})),
    "keep64": ("GET 20,000 B, 64 kept connections", "--get /html/20000 --connections 64", ALL),
    "h2": ("GET 1,000 B over HTTP/2, 8 streams on each of 4 connections",
           "--get /json/1000 --connections 4 --streams 8", frozenset({"stoa", "haproxy"})),
    "h2post4k": ("POST of 4 KiB over HTTP/2, 4 streams on each of 4 connections",
                 "--post 4096 --connections 4 --streams 4", frozenset({"stoa", "haproxy"})),
    "socket": ("WebSocket, a message of 200 B and its echo, 16 connections", "--echo 200 --connections 16", ALL),
    "new": ("a full handshake for each GET of 1,000 B, 8 at once", "--get /json/1000 --connections 8 --fresh", ALL),
    "resume": ("the same, the client offers its last session", "--get /json/1000 --connections 8 --resume", ALL),
    "mint": ("the same, each connection to a name never seen",
             "--get /json/1000 --connections 8 --names 0 --requests 600 --warmup 1", INTERCEPTORS),
    "post4k": ("POST of 4 KiB of JSON, 8 connections", "--post 4096 --connections 8", ALL),
    "post64k": ("POST of 64 KiB, 8 connections", "--post 65536 --connections 8", ALL),
    "post1m": ("POST of 1 MiB, 4 connections", "--post 1048576 --connections 4 --warmup 1", ALL),
    "refuse4k": ("POST of 4 KiB with an IBAN in it, 8 connections", "--post 4096 --secret --connections 8",
                 frozenset({"stoa"})),
    "down10m": ("GET of 10 MiB, 2 connections", "--get /bin/10485760 --connections 2 --warmup 1", ALL),
}
TRACED = {"keep": 400, "post4k": 400, "new": 200}
# what a connection has done once before it is silent, and who can hold it so
IDLE = {"HTTP/1.1": ("--get /json/1000", ALL - {"direct"}), "HTTP/2": ("--get /json/1000 --streams 1", MODES["h2"][2]),
        "WebSocket": ("--echo 200", frozenset({"stoa", "haproxy"}))}


class Stage:
    """What all share in one run of the bench: certificates, and the origin."""

    def __init__(self, folder):
        self.folder = folder
        folder.chmod(0o755)  # squid steps down to another user
        self.origins = Authority(folder, "Bench Origins CA")
        self.mitm = Authority(folder, "Bench Proxy CA")
        self.leaf = self.origins.leaf([NAME, f"*.{NAME}"])
        self.mitm_key = write_key(self.mitm.key, folder / "proxy-ca.key")
        self.mitm_pair = folder / "proxy-ca-pair.pem"
        self.mitm_pair.write_bytes(self.mitm.path.read_bytes() + self.mitm_key.read_bytes())
        self.leaf_key = folder / "leaf.key"
        self.leaf_key.write_text(self.leaf.read_text().split("-----BEGIN CERTIFICATE")[0])
        with measure.on_core(1):
            self.origin = subprocess.Popen([str(TOOLS / "origin"), "--cert", str(self.leaf)], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True)
        self.origin_port = int(self.origin.stdout.readline())

    def close(self):
        self.origin.stdin.close()
        self.origin.wait(timeout=10)

    def fetch(self, path):
        """An answer of the origin, asked for directly."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.origin_port, timeout=30,
                                                 context=ssl._create_unverified_context())
        connection.request("GET", path)
        answer = connection.getresponse().read()
        connection.close()
        return answer


class Load:
    """One run of the load: `ready` after its warm-up, then `go`, then `close`."""

    def __init__(self, peer, words):
        is_brought = "--brought" in words
        to = f"{peer.gateway.door.address}:443" if is_brought else f"127.0.0.1:{peer.port}"
        command = [str(TOOLS / "load"), "--to", to, "--name", NAME, "--ca", str(peer.ca), "--gate",
                   *(word for word in words if word != "--brought")]
        if peer.target is not None and not is_brought:
            command += ["--target", peer.target]
        with measure.on_core(1):
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the load did not get ready: " + " ".join(command))
        time.sleep(0.2)

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        time.sleep(0.2)
        return answer

    def close(self):
        self.process.communicate("end\n", timeout=60)


def cell(peer, mode, seconds):
    """One peer in one mode: the load's figures and the CPU in us for each request."""
    load = Load(peer, [*MODES[mode][1].split(), "--seconds", str(seconds)])
    pids = measure.tree(peer.pid) if peer.pid else []
    before = measure.nanoseconds(pids)
    figures = load.go()
    after = measure.nanoseconds(pids)
    load.close()
    each = 1000 * max(1, figures["requests"])
    figures["by"] = {}
    for pid in pids:
        name = measure.role(pid)
        figures["by"][name] = figures["by"].get(name, 0) + (after[pid] - before[pid]) / each
    figures["cpu"] = sum(figures["by"].values()) if pids else None
    figures["rate"] = figures["requests"] / figures["seconds"]
    return figures


def hold(peer, count, over):
    """KiB of the process tree for a connection that has done `over` once and is silent; and how many were lost."""
    warm = Load(peer, f"--connections 8 --requests 0 {over}".split())
    warm.close()
    time.sleep(0.3)
    pids = measure.tree(peer.pid)
    before, sockets = measure.memory(pids), measure.sockets(pids)
    load = Load(peer, f"--connections {count} --at-once 32 --warmup 1 --each 1 --seconds 60 {over}".split())
    used, opened = measure.memory(pids) - before, measure.sockets(pids) - sockets
    figures = load.go()  # one more request on each: who was lost fails
    load.close()
    return {"kib": used / count / 1024, "lost": count - figures["ok"], "sockets": opened / count,
            "start_mib": before / 2**20}


def idle(name, folder, stage, over, count):
    """`hold` by a peer that was just started, since a heap keeps what it once had."""
    peer = PEERS[name](folder, stage)
    peer.start()
    try:
        return hold(peer, count, over)
    finally:
        peer.stop()


def traced(peer, mode, stage):
    """System calls of the process tree for each request."""
    words = [*MODES[mode][1].split(), "--seconds", "30"]
    words[words.index("--connections") + 1] = "4"
    load = Load(peer, [*words, "--requests", str(TRACED[mode])])
    strace = measure.Strace(measure.tree(peer.pid), stage.folder / "strace")
    figures = load.go()
    calls = strace.end()
    load.close()
    return {name: count / max(1, figures["requests"]) for name, count in calls.items()}


def profile(mode, stage, seconds):
    """Where the gateway's time goes in a mode, by perf."""
    peer = PEERS["stoa"](stage.folder / f"profiled-{mode}", stage)
    peer.start()
    try:
        load = Load(peer, [*MODES[mode][1].split(), "--seconds", str(seconds)])
        perf = measure.Perf(measure.tree(peer.pid), stage.folder / "perf.data")
        load.go()
        text = perf.end()
        load.close()
    finally:
        peer.stop()
    return f"{mode}\n{text}\n"


def scan_speed(stage):
    """MB of prose for each CPU second of `stoa scan`, its start taken off."""
    seconds = []
    for size in (1 << 10, 16 << 20):
        path = stage.folder / f"prose-{size}.json"
        path.write_bytes(stage.fetch(f"/json/{size}"))
        before = os.times()
        subprocess.run([str(BIN / "stoa"), "scan", str(path)], check=True, capture_output=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return 16 * 1.048576 / max(0.001, seconds[1] - seconds[0])


def one_round(number, options, stage, results):
    """All modes with all peers, each started anew."""
    peers = {}
    order = list(options.peers)
    random.shuffle(order)
    for over, (words, who) in IDLE.items():
        for name in (n for n in order if options.idle and n in who):
            found = idle(name, stage.folder / f"{name}-{number}-{over[-1]}", stage, words, options.idle)
            results["idle"].setdefault(over, {}).setdefault(name, []).append(found)
    try:
        for name in order:
            peers[name] = PEERS[name](stage.folder / f"{name}-{number}", stage)
            peers[name].start()
        for mode in options.modes:
            random.shuffle(order)
            for name in (n for n in order if n in MODES[mode][2]):
                try:
                    figures = cell(peers[name], mode, options.seconds)
                except (RuntimeError, OSError, subprocess.SubprocessError, ValueError) as failure:
                    print(f"  {name} {mode}: {failure}", file=sys.stderr)
                    continue
                figures["round"] = number
                results["cells"].setdefault(mode, {}).setdefault(name, []).append(figures)
                if figures["failed"]:
                    print(f"  {name} {mode}: {figures['failed']} failed: {figures['why']}", file=sys.stderr)
        if number == options.rounds - 1 and options.strace:
            for mode in (m for m in TRACED if m in options.modes):
                for name in (n for n in order if n != "direct"):
                    results["calls"].setdefault(mode, {})[name] = traced(peers[name], mode, stage)
    finally:
        for name, peer in peers.items():
            try:
                peer.stop()
            except Exception as failure:  # pylint: disable=broad-except  (the others have to be stopped all the same)
                print(f"  {name}: {failure}", file=sys.stderr)


def parse(arguments):
    parser = argparse.ArgumentParser(description="The gateway's cost beside its peers; bench/README.md.")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "5")))
    parser.add_argument("--seconds", type=float, default=1.2, help="of one cell")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--idle", type=int, default=500, help="idle connections held; 0: none")
    parser.add_argument("--no-strace", dest="strace", action="store_false")
    parser.add_argument("--profile", action="store_true", help="no figures: perf on the gateway, one run a mode")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md")
    options = parser.parse_args(arguments)
    for what, known in (("peers", PEERS), ("modes", MODES)):
        asked = getattr(options, what).split(",")
        unknown = [name for name in asked if name not in known]
        if unknown:
            parser.error(f"no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
        setattr(options, what, asked)
    options.absent = [name for name in options.peers if not PEERS[name].is_there()]
    options.peers = [name for name in options.peers if name not in options.absent]
    for tool in ("load", "origin"):
        if not (TOOLS / tool).exists():
            parser.error(f"{TOOLS / tool} is not built; `make bench` does")
    if options.profile and shutil.which("perf") is None:
        parser.error("--profile needs perf (make bench-peers)")
    leave_out(options)
    return options


def leave_out(options):
    """What this machine cannot measure is said and not tried."""
    if options.absent:
        print(f"not here, so left out: {', '.join(options.absent)} (make bench-peers)", file=sys.stderr)
    if options.strace and shutil.which("strace") is None:
        options.strace = False
        print("strace is not here: system calls are not counted (make bench-peers)", file=sys.stderr)
    if "brought" in options.modes and "stoa" in options.peers:
        ways.enter()
        if ways.why_not() is not None:
            options.modes.remove("brought")
            print(f"`brought` is left out: {ways.why_not()}", file=sys.stderr)


def main(arguments):
    options = parse(arguments)
    results = {"cells": {}, "idle": {}, "calls": {}, "scan": [], "machine": measure.machine(), "rounds": options.rounds,
               "command": " ".join(["bench/bench.py", *arguments]), "date": time.strftime("%Y-%m-%d"),
               "load": [], "absent": options.absent, "modes": {mode: MODES[mode][0] for mode in options.modes},
               "versions": {name: PEERS[name].version() for name in options.peers}, "seconds": options.seconds}
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as name:
        stage = Stage(Path(name))
        try:
            if options.profile:
                for mode in options.modes:
                    print(profile(mode, stage, options.seconds))
                return
            for number in range(options.rounds):
                results["load"].append(os.getloadavg()[0])
                one_round(number, options, stage, results)
                if "stoa" in options.peers:
                    results["scan"].append(scan_speed(stage))
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            results["secrets"] = json.loads(stage.fetch("/counters"))["secrets"]
        finally:
            stage.close()
    text = report.render(results)
    print(text)
    if options.write:
        report.write(results, text, ROOT / "bench" / "RESULTS.md")


if __name__ == "__main__":
    main(sys.argv[1:])
