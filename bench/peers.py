# SPDX-License-Identifier: Apache-2.0
"""Who is measured: the gateway, and proxies from Debian as good as their settings allow. Each is started anew each round.

A peer says where the load goes (port), what it asks CONNECT for (target, None: none, TLS begins at once), which
CA signed what clients see (ca), and which process stands above all of its own (pid).
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from stoa_test import ways
from stoa_test.gateway import BIN, Gateway, free_port

from measure import on_core

ROOT = Path(__file__).resolve().parents[1]
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
NAME = "bench.test"
NAMES = 640  # n0.bench.test and so on, for connections to names never seen
WAIT = 30


def version(*words):
    """The first line of what a program says of itself."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    return (done.stdout + done.stderr).strip().splitlines()[0]


class Peer:
    """A program of Debian's; `words` answers its command line. Its files lie in a folder of its own."""

    program, intercepts = "", True

    def __init__(self, folder, stage):
        self.folder, self.stage, self.process = Path(folder), stage, None
        self.folder.mkdir()
        self.port, self.ca = free_port(), stage.mitm.path
        self.target = f"127.0.0.1:{stage.origin_port}"

    @classmethod
    def is_there(cls):
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None

    def start(self):
        with on_core(0), open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(self.words(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder)
        self.pid = self.process.pid
        end = time.monotonic() + WAIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.program} does not listen:\n{(self.folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Stoa:
    """One worker, all shipped detectors, records written, a policy that opens the origin's hosts."""

    intercepts = True

    def __init__(self, folder, stage):
        hosts = {name: f"127.0.0.1:{stage.origin_port}" for name in [NAME, *(f"n{i}.{NAME}" for i in range(NAMES))]}
        more = "limit:\n  connections: 20000\n  idle: 10m"
        way = "redirect" if ways.why_not() is None else "explicit"  # beside the explicit one
        self.gateway = Gateway(folder, (), [POLICY], trust=stage.origins.path, hosts=hosts, more=more, way=way)
        self.port, self.ca, self.target = self.gateway.port, self.gateway.ca, ":443"

    @classmethod
    def is_there(cls):
        return (BIN / "stoad").exists()

    @staticmethod
    def version():
        commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True,
                                text=True).stdout.strip()
        return f"stoad at {commit or 'an unknown commit'}"

    def start(self):
        with on_core(0):
            self.gateway.start()
        self.pid = self.gateway.process.pid

    def stop(self):
        self.gateway.stop()


class Haproxy(Peer):
    """TLS in, HTTP, TLS out to one origin with pooled connections and a fixed certificate: the floor, no interceptor."""

    program, intercepts = "haproxy", False

    @staticmethod
    def version():
        return version("haproxy", "-v")

    def words(self):
        self.target, self.ca = None, self.stage.origins.path
        (self.folder / "haproxy.cfg").write_text(f"""
global
    nbthread 1
    maxconn 9000
defaults
    mode http
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
    timeout tunnel 600s
frontend in
    bind 127.0.0.1:{self.port} ssl crt {self.stage.leaf} alpn h2,http/1.1
    default_backend out
backend out
    http-reuse always
    server origin 127.0.0.1:{self.stage.origin_port} ssl verify required ca-file {self.stage.origins.path} \
sni str({NAME}) verifyhost {NAME} alpn http/1.1
""")
        return ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg")]


class Squid(Peer):
    """ssl-bump: peeks at the hello, opens everything, no cache, no access log."""

    program = "squid"

    @staticmethod
    def version():
        return version("squid", "-v")

    def words(self):
        (self.folder / "squid.conf").write_text(f"""
http_port 127.0.0.1:{self.port} ssl-bump tls-cert={self.stage.mitm_pair} generate-host-certificates=on \
dynamic_cert_mem_cache_size=16MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {self.folder}/certificates -M 16MB
sslcrtd_children 2 startup=2
tls_outgoing_options cafile={self.stage.origins.path}
acl hello at_step SslBump1
ssl_bump peek hello
ssl_bump bump all
http_access allow all
hosts_file {self.folder}/hosts
cache deny all
access_log none
cache_store_log none
cache_log {self.folder}/cache.log
pid_filename {self.folder}/squid.pid
coredump_dir {self.folder}
max_filedescriptors 20000
shutdown_lifetime 1 second
visible_hostname bench
client_idle_pconn_timeout 10 minutes
server_idle_pconn_timeout 10 minutes
""")
        self.target = f":{self.stage.origin_port}"
        names = [NAME, *(f"n{i}.{NAME}" for i in range(NAMES))]
        (self.folder / "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in names))
        subprocess.run(["/usr/lib/squid/security_file_certgen", "-c", "-s", str(self.folder / "certificates"), "-M",
                        "16MB"], check=True, capture_output=True)
        if os.geteuid() == 0:  # it steps down to that user by itself
            user = pwd.getpwnam("proxy")
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, user.pw_uid, user.pw_gid)
        return ["squid", "-N", "-f", str(self.folder / "squid.conf")]


class Sslsplit(Peer):
    """Opaque split of TLS to one origin: no HTTP in it at all; a P-256 key for all leaves."""

    program = "sslsplit"

    @staticmethod
    def version():
        return version("sslsplit", "-V")

    def words(self):
        self.target = None
        own = ["-u", "root"] if os.geteuid() == 0 else []
        return ["sslsplit", *own, "-k", str(self.stage.mitm_key), "-c", str(self.stage.mitm.path), "-K",
                str(self.stage.leaf_key), "ssl", "127.0.0.1", str(self.port), "127.0.0.1", str(self.stage.origin_port)]


class Mitmproxy(Peer):
    """mitmdump without add-ons; its own RSA CA."""

    program = "mitmdump"

    @staticmethod
    def version():
        return version("mitmdump", "--version")

    def words(self):
        self.ca = self.folder / "mitmproxy-ca-cert.pem"
        return ["mitmdump", "-q", "--listen-host", "127.0.0.1", "--listen-port", str(self.port), "--set",
                f"confdir={self.folder}", "--set", f"ssl_verify_upstream_trusted_ca={self.stage.origins.path}"]


class Direct:
    """No proxy: where the load and the origin end."""

    intercepts, pid = False, None

    def __init__(self, folder, stage):
        self.port, self.ca, self.target = stage.origin_port, stage.origins.path, None

    @classmethod
    def is_there(cls):
        return True

    @staticmethod
    def version():
        return "the load straight to the origin"

    def start(self):
        pass

    def stop(self):
        pass


PEERS = {"stoa": Stoa, "haproxy": Haproxy, "squid": Squid, "sslsplit": Sslsplit, "mitmproxy": Mitmproxy,
         "direct": Direct}


def write_key(key, path):
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    return path
