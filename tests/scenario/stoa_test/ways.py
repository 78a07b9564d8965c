# SPDX-License-Identifier: Apache-2.0
"""The ways into the gateway, so that one test runs over each of them.

    @pytest.fixture(params=WAYS)            # or a module-scoped one that makes the gateway, as here
    def house(request, tmp_path):
        with Gateway(tmp_path, [origin], POLICIES, trust=authority.path, way=request.param) as gateway: ...

A test that has a parameter "redirect" or "tproxy" is all that is needed: before the first test runs, the whole test
process moves into a network namespace of its own (conftest.py), where it may add rules; everything else of the rig
stays as it is, since the addresses of loopback are there too. Client and Client2 look at gateway.way: over a redirected
way `tunnel` and `open` connect to an address that stands for the origin instead of sending CONNECT (and answer as if
200 had come), `plain` connects to its port 80, and `send` turns absolute-form targets into origin-form. Refusals that
answer a CONNECT have no place there: such tests stay explicit. The origin itself is still reached by its name, which
resolver.hosts of the rig knows.

Where most tests of a folder need only the explicit way, its conftest hands pytest_generate_tests to `over` and its
`house` reads request.param; a test (or a file, by pytestmark) marked `ways.BOTH` then runs on both.

    ways explicit redirect                  (.stoa files: the scenario runs once a way; see language.py)

When the kernel really forbids namespaces or rules, these tests are skipped with that reason."""
import ctypes
import os
import shutil
import subprocess

import pytest

WAYS = ("explicit", "redirect", "tproxy")
BROUGHT = ("redirect", "tproxy")
BOTH = pytest.mark.ways("explicit", "tproxy")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

_why_not = "nobody asked for it before the session began"
_used = 0


def _run(*words, text=None):
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True)


def _unshare():
    """Root needs no user namespace; others get one in which they are root."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if uid else 0)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if uid:
        for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)


def enter():
    """Moves this process into a network namespace of its own, once; afterwards `need` says whether it worked."""
    global _why_not
    if _why_not is None:
        return
    if shutil.which("nft") is None or shutil.which("ip") is None:
        _why_not = "nft or ip is not installed"
        return
    try:
        _unshare()
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "route", "add", "local", "198.18.0.0/15", "dev", "lo")
        _run("ip", "-6", "route", "add", "local", "2001:db8:18::/48", "dev", "lo")
        _run("nft", "-f", "-", text="table inet stoa_probe {\nchain a { type nat hook output priority -100;\n"
             "ip daddr 198.18.255.1 tcp dport 9 redirect to :9\n}\n}\n")
        _run("nft", "delete", "table", "inet", "stoa_probe")
    except (OSError, subprocess.CalledProcessError) as error:
        _why_not = f"this kernel lets no test make a network namespace with rules: {getattr(error, 'stderr', error)}"
        return
    _why_not = None


def over(metafunc, house="house"):
    """A house for each way that a test is marked for; the explicit one for the others."""
    if house in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("ways")
        metafunc.parametrize(house, mark.args if mark else WAYS[:1], indirect=True)


def wants(item):
    """Whether a collected test runs over a redirected way."""
    values = getattr(getattr(item, "callspec", None), "params", {}).values()
    return any(value in BROUGHT for value in values if isinstance(value, str)) or getattr(item, "way", None) in BROUGHT


def why_not():
    """Why connections cannot be redirected here; None: they can."""
    return _why_not


def need():
    if _why_not is not None:
        pytest.skip(_why_not)


class Door:
    """The rules that bring connections to a listener: what comes from loopback (clients) and goes to a network of its
    own, on any port. The gateway's own connections have another source there and go straight; but to `loop` they are
    brought back, as by a rule that forgets to exempt them. Nothing ever answers at `hole`."""

    def __init__(self, way, port):
        global _used
        need()
        _used += 1
        self.table = f"stoa_{port}"
        net = f"198.18.{_used % 250}"
        self.address, self.address6, self.loop, self.hole = f"{net}.1", f"2001:db8:18:{_used:x}::1", f"{net}.250", f"{net}.66"
        four = f"ip daddr {net}.0/24 ip saddr 127.0.0.0/8"
        six, loop = f"ip6 daddr 2001:db8:18:{_used:x}::/64 ip6 saddr ::1", f"ip daddr {net}.250"
        if way == "redirect":
            rules = "chain out { type nat hook output priority -100;\n" + "".join(
                f"{what} meta l4proto tcp redirect to :{port}\n" for what in (four, loop, six)) + "}\n"
        else:
            rules = (f"chain pre {{ type filter hook prerouting priority mangle;\n"
                     f"{four} meta l4proto tcp tproxy ip to 127.0.0.1:{port} accept\n"
                     f"{loop} meta l4proto tcp tproxy ip to 127.0.0.1:{port} accept\n"
                     f"{six} meta l4proto tcp tproxy ip6 to [::1]:{port} accept\n}}\n")
        rules += f"chain hole {{ type filter hook input priority 0;\nip saddr {self.hole} ip daddr {self.hole} drop\n}}\n"
        _run("nft", "-f", "-", text=f"table inet {self.table} {{\n{rules}}}\n")

    def close(self):
        _run("nft", "delete", "table", "inet", self.table)
