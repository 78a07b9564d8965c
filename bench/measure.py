# SPDX-License-Identifier: Apache-2.0
"""What the kernel says about processes: CPU time, memory, system calls; and which core who runs on."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))


class on_core:
    """Processes started inside run on that core (0: the proxy's, 1: everybody else's); no-op with one core."""

    def __init__(self, number):
        self.core = CORES[min(number, len(CORES) - 1)]

    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        if len(CORES) > 1:
            os.sched_setaffinity(0, {self.core})

    def __exit__(self, *failure):
        os.sched_setaffinity(0, self.before)


def tree(pid):
    """That process and all its descendants."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def nanoseconds(pids):
    """{pid: time on a core of all its threads, user and kernel}: the first number of schedstat."""
    used = {}
    for pid in pids:
        used[pid] = 0
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                used[pid] += int((task / "schedstat").read_text().split()[0])
            except OSError:
                pass  # a thread that has just ended
    return used


def role(pid):
    """What a process is in its family: the word behind --role, or the name of its program."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return words[words.index("--role") + 1] if "--role" in words else Path(words[0]).name


def memory(pids):
    """Proportional set size in bytes: what is shared counts in parts."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def sockets(pids):
    """How many sockets these processes hold open."""
    found = 0
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found += os.readlink(entry).startswith("socket:")
            except OSError:
                pass  # closed meanwhile
    return found


class Strace:
    """strace -c on these processes, all their threads and children, until `end`."""

    def __init__(self, pids, out):
        self.out = Path(out)
        words = ["strace", "-c", "-f", "-o", str(self.out)]
        for pid in pids:
            words += ["-p", str(pid)]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for _ in pids:  # one line each says that it is attached
            if "attached" not in self.process.stderr.readline():
                break
        time.sleep(0.3)

    def end(self):
        """{call: count}"""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        calls = {}
        for line in self.out.read_text().splitlines():
            found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if found and found.group(2) != "total":
                calls[found.group(2)] = int(found.group(1))
        return calls


class Perf:
    """perf record on these processes until `end`."""

    def __init__(self, pids, out):
        self.out = str(out)
        self.process = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-g", "-o", self.out, "-p",
                                         ",".join(map(str, pids))], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        time.sleep(0.5)

    def end(self):
        """Where the samples fell: shares of program, library and symbol, callees only."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        parts = []
        for keys in ("pid,dso", "comm,dso,symbol"):
            done = subprocess.run(["perf", "report", "-i", self.out, "--stdio", "-g", "none", "--no-children", "--sort", keys],
                                  capture_output=True, text=True)
            lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")]
            parts.append("\n".join(lines[:40]))
        return "\n\n".join(parts)


def machine():
    """One line about where this ran."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = next((line.split("=", 1)[1].strip('"') for line in Path("/etc/os-release").read_text().splitlines()
                   if line.startswith("PRETTY_NAME")), "Linux")
    kernel = os.uname().release.split("-")[0]
    return f"{len(CORES)} cores ({model}), {gib:.0f} GiB, Linux {kernel}, {system}"
