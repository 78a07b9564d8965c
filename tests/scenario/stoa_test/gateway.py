# SPDX-License-Identifier: Apache-2.0
"""The real stoad, started in a folder of its own; its log and its files are part of what is checked."""
import atexit
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from . import ways
from .origin import WAIT

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("STOA_BIN", ROOT / "build" / "sanitize" / "bin"))
COMPILED = BIN.parent / "compiled"  # packs that some gateway compiled; named by content, so they cannot be wrong

CONFIG = """version: 1
listen:
{listen}
workers: {workers}
state_dir: state
run_dir: {run_dir}
ca:
  certificate: ca/ca.crt
  key: ca/ca.key
upstream:
  trust: origins.pem
  connect: {connect}
resolver:
{servers}  hosts:
{hosts}
identity:
  people:
    127.0.0.1: someone
    127.0.0.2: ana
    127.0.0.3: ben
    127.0.0.4: cora
  groups:
    ben: "sales"
    cora: "press-office"
path:
  policies: policy.d
  packs: {packs}
  plugins: [{plugins}]
test_clock: true
{more}
"""


class Failed(Exception):
    """The gateway did not do what a test needs before it can begin."""


def free_port(address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, 0))
        return sock.getsockname()[1]


def share_compiled(from_, to):
    """Compiling takes seconds under the sanitizers, so what one gateway compiled the next ones find."""
    for folder in (to.parent, to):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in from_.glob("*"):
        if path.suffix == ".hsdb" and not (to / path.name).exists():
            part = to / f"{path.name}.{os.getpid()}"
            shutil.copyfile(path, part)
            part.replace(to / path.name)


def settles(look, want):
    """Until what is seen is as wanted: asks again and again, since what is looked at are facts of the daemon's own.
    Answers what was seen last."""
    end = time.monotonic() + WAIT
    while not want(seen := look()) and time.monotonic() < end:
        pass
    return seen


class Gateway:
    """folder: an empty one. policies: paths of policy files; the shipped ones when None. way: how clients come in, see
    ways.py; beside that one there is always an explicit listener; door: more
    options of its entry. listen: more lines of that list. servers: name servers."""

    def __init__(self, folder, origins=(), policies=None, workers=1, more="", address="127.0.0.1", trust=None,
                 plugins=(), hosts=None, way="explicit", listen="", door="", servers=None):
        self.folder, self.address, self.workers = Path(folder), address, workers
        self.port = free_port(address)
        self.way, self.listen, self.door_options, self.door = way, listen, door, None
        if way in ways.BROUGHT:
            ways.need()
            self.door_port = free_port()
        self.config = self.folder / "stoa.yaml"
        self.ca = self.folder / "ca" / "ca.crt"
        self.log, self.process, self.sanitizer = [], None, "abort_on_error=0:detect_leaks=1"
        self._events = queue.Queue()
        self.run_dir = Path("/tmp") / f"stoa-run-{os.getpid()}-{self.port}"  # socket paths are short
        atexit.register(shutil.rmtree, self.run_dir, ignore_errors=True)  # a stopped one may be started again until then
        (self.folder / "policy.d").mkdir(parents=True, exist_ok=True)
        shipped = sorted((ROOT / "policies" / "default").glob("*.yaml"))
        for path in shipped if policies is None else policies:
            (self.folder / "policy.d" / Path(path).name).write_bytes(Path(path).read_bytes())
        if policies is not None:  # protected categories always hold
            for path in shipped:
                if "protected" in path.name:
                    (self.folder / "policy.d" / path.name).write_bytes(path.read_bytes())
        if trust is not None:
            (self.folder / "origins.pem").write_bytes(Path(trust).read_bytes())
        self.hosts = dict(hosts or {})
        for origin in origins:
            self.hosts[origin.host] = f"127.0.0.1:{origin.port}"
        self.more, self.plugins, self.servers, self.connect = more, plugins, servers, "5s"
        self.write_config()
        self.stoa("setup", "--ca-only", str(self.folder), check=True)

    def write_config(self):
        listed = "\n".join(f'    {name}: "{where}"' for name, where in self.hosts.items()) or '    unused.test: "127.0.0.1:9"'
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        listen = [f'  - address: "{bracketed}:{self.port}"']
        if self.way in ways.BROUGHT:
            kind = "transparent" if self.way == "redirect" else "tproxy"
            listen += [f'  - {{ address: "{place}:{self.door_port}", kind: {kind}{self.door_options} }}'
                       for place in ("127.0.0.1", "[::1]")]
        plugins = ", ".join(str(p) for p in (ROOT / "lua-plugins", *self.plugins))
        self.config.write_text(CONFIG.format(
            listen="\n".join([*listen, self.listen]), workers=self.workers, hosts=listed, packs=ROOT / "filters" / "packs",
            plugins=plugins, more=self.more, run_dir=self.run_dir, connect=self.connect,
            servers=f'  servers: "{self.servers}"\n' if self.servers else ""))

    # ---- the process ------------------------------------------------------------------------------------------

    def launch(self):
        """Without waiting for it to be ready."""
        share_compiled(COMPILED, self.folder / "state" / "cache")
        self.process = subprocess.Popen(
            [str(BIN / "stoad"), "--config", str(self.config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env={**os.environ, "ASAN_OPTIONS": self.sanitizer, "UBSAN_OPTIONS": "print_stacktrace=1"})
        self._events = queue.Queue()  # of this process, and not of one that ended before it
        threading.Thread(target=self._read_log, args=(self.process.stderr, self._events), daemon=True).start()
        return self

    def start(self):
        self.launch()
        self.wait_event("start")
        share_compiled(self.folder / "state" / "cache", COMPILED)
        if self.way in ways.BROUGHT and self.door is None:
            self.door = ways.Door(self.way, self.door_port)
        return self

    def _read_log(self, pipe, events):
        for raw in pipe:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.log.append(line)
            try:
                events.put(json.loads(line))
            except ValueError:
                pass
        events.put(None)

    def wait_event(self, name, where=lambda event: True):
        """The next log line of that event for which `where` holds."""
        end = time.monotonic() + 3 * WAIT
        while True:
            try:
                event = self._events.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no {name} in time; the log:\n" + "\n".join(self.log[-40:])) from None
            if event is None:
                raise Failed(f"the daemon ended before {name}; the log:\n" + "\n".join(self.log[-40:]))
            if event.get("event") == name and where(event):
                return event

    def stop(self, expect=0):
        """Drains and ends; a crash, a sanitizer's report or a leftover child fails the test."""
        if self.process is None:
            return
        if self.door is not None:
            self.door.close()
            self.door = None
        self.process.send_signal(signal.SIGTERM)
        self.ended(expect)

    def ended(self, expect):
        """Once it ends by itself: with that exit code, and without a crash."""
        process, self.process = self.process, None
        try:
            code = process.wait(timeout=3 * WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed("the daemon did not end; the log:\n" + "\n".join(self.log[-40:])) from None
        text = "\n".join(self.log)
        assert "Sanitizer" not in text and "runtime error" not in text, text
        assert code == expect, f"exit code {code}\n{text}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.stop()

    def children(self, role):
        """The pids of the processes of a role."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == self.process.pid and b"--role" in words and words[words.index(b"--role") + 1] == role.encode():
                found.append(int(entry.name))
        return found

    def kill(self, role):
        """kill -9; answers when its successor has started."""
        for pid in self.children(role):
            os.kill(pid, signal.SIGKILL)
            self.wait_event("process.start", lambda event: event.get("role") == role)

    # ---- the command line -------------------------------------------------------------------------------------

    def stoa(self, *words, check=False, text=None):
        done = subprocess.run([str(BIN / "stoa"), "--config", str(self.config), *words], capture_output=True,
                              input=text, text=True, timeout=120)
        if check and done.returncode != 0:
            raise Failed(f"stoa {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def clock(self, seconds):
        """When this returns every process has done what it was told before, and lives in the new time."""
        self.stoa("clock", str(seconds), check=True)

    def facts(self):
        """What `stoa status` says, {"worker.0.counters.open": "0", …}; every worker was in time to say it."""
        def look():
            lines = self.stoa("status", check=True).stdout.splitlines()
            return dict(line.strip().split(": ", 1) for line in lines if ": " in line)
        return settles(look, lambda facts: all(value == "yes" for name, value in facts.items()
                                               if re.fullmatch(r"worker\.\d+\.answers", name)))

    def counts(self, name):
        """A counter, of each worker."""
        return [int(value) for key, value in self.facts().items()
                if key.startswith("worker.") and key.endswith(f".counters.{name}")]

    def count(self, name):
        """A counter, over all processes that have one of that name."""
        found = [int(value) for key, value in self.facts().items() if key.endswith(f".{name}")]
        if not found:
            raise KeyError(name)
        return sum(found)

    def wait_count(self, name, least):
        return settles(lambda: self.count(name), lambda value: value >= least)

    def wait_written(self):
        """Until the records of all that was answered are committed: the recorder commits in groups."""
        settles(lambda: self.count("records_waiting"), lambda waiting: waiting == 0)

    def records(self, kind=None):
        """What `stoa audit tail` shows, oldest first."""
        if self.process is not None:
            self.wait_written()
        words = ["--json", "audit", "tail", "-n", "1000000"] + (["--kind", kind] if kind else [])
        return [json.loads(line) for line in self.stoa(*words, check=True).stdout.splitlines()]

    def opened(self, person):
        """A person's records with their details, read through the recorder (which leaves a record of that)."""
        self.wait_written()
        done = self.stoa("--json", "audit", "read", person, "--reason", "scenario", check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_records(self, count, kind=None):
        return settles(lambda: self.records(kind), lambda records: len(records) >= count)

    def written(self):
        """Every byte of every file the daemon wrote, and its log; but its copies of the operator's own files."""
        parts = ["\n".join(self.log).encode()]
        for path in sorted((self.folder / "state").rglob("*")):
            if path.is_file() and "generations" not in path.parts:
                parts.append(path.read_bytes())
        return b"\0".join(parts)

    def has_written(self, number):
        """Whether twelve bytes in a row of it, as it is printed or run together, are in such a file. Fewer are there by
        chance now and then, in ids, times and hashes; one byte twelve times is there, in tables of compiled packs."""
        written, texts = self.written(), (number, number.replace(" ", ""))
        parts = {text[at:at + 12] for text in texts for at in range(len(text) - 11)}
        return any(part.encode() in written for part in parts if len(set(part)) > 1)
