# SPDX-License-Identifier: Apache-2.0
"""H10 and H11: what passes is joined in the kernel and identical to the byte, without a certificate; who speaks first
does not matter; and what is neither TLS nor HTTP goes where policy and listener let it."""
import hashlib
import os
import select
import socket
import threading

import pytest

from conftest import House
from stoa_test.client import Client
from stoa_test.origin import WAIT
from stoa_test.ways import BROUGHT, WAYS

MEGABYTES = int(os.environ.get("STOA_PASSED_MB", "64"))
KNOWS = """version: 1
policy: unknown
applies_to:
  hosts: [{hosts}]
inspect:
  open: {opened}
unknown: {unknown}
"""


class Raw:
    """A listener that hands its next connection to a function, in a thread."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.result = self.listener.getsockname()[1], None
        self.thread = threading.Thread(target=self._run, args=(serve,), daemon=True)
        self.thread.start()

    def _run(self, serve):
        try:
            sock, _ = self.listener.accept()
            with sock:
                sock.settimeout(3 * WAIT)
                self.result = serve(sock)
        except OSError as error:
            self.result = error

    def join(self):
        self.thread.join(3 * WAIT)
        self.listener.close()
        return self.result


def exchange_bulk(sock, seed, megabytes, first=b""):
    """Sends its own stream and reads the other's, both at once; answers (sent, received) as hashes."""
    piece = hashlib.shake_256(seed).digest(1 << 20)
    sent, got = hashlib.sha256(first), hashlib.sha256()

    def send():
        sock.sendall(first)
        for number in range(megabytes):
            data = number.to_bytes(4, "big") + piece[4:]
            sent.update(data)
            sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    while (data := sock.recv(1 << 18)):
        got.update(data)
    sender.join()
    return sent.hexdigest(), got.hexdigest()


@pytest.fixture(scope="module", params=WAYS)
def passing(request, tmp_path_factory):
    """Brought connections may go unnamed here; two hosts have a word about unknown protocols."""
    house = House(tmp_path_factory.mktemp("passing"), request.param, door=", unnamed: pass")
    folder = house.gateway.folder / "policy.d"
    (folder / "a.policy.yaml").write_text(KNOWS.format(hosts="open.test", opened="true", unknown="pass"))
    (folder / "b.policy.yaml").write_text(
        KNOWS.format(hosts="shut.example", opened="false", unknown="refuse").replace("policy: unknown", "policy: shut"))
    with house.gateway:
        yield house
    house.close()


def raw_host(house, serve, name="raw.example"):
    """An origin without TLS: by name where clients name it, by its address where they are brought."""
    raw = Raw(serve)
    house.gateway.hosts[name] = f"127.0.0.1:{raw.port}"
    if house.gateway.door is not None:  # an address is a host, too
        house.gateway.hosts[house.gateway.door.address] = f"127.0.0.1:{raw.port}"
    house.gateway.write_config()
    assert house.gateway.stoa("reload").returncode == 0
    return raw


def test_h10_identical_both_ways_and_no_certificate(passing):
    raw = raw_host(passing, lambda sock: exchange_bulk(sock, b"origin", MEGABYTES))
    before = passing.gateway.count("minted"), passing.gateway.count("passed_joined")
    client = Client(passing.gateway)
    assert client.tunnel("raw.example").status == 200
    client.sock.settimeout(3 * WAIT)
    sent, got = exchange_bulk(client.sock, b"client", MEGABYTES, first=b"\0")  # neither TLS nor HTTP
    client.close()
    assert raw.join() == (got, sent)
    assert passing.gateway.count("minted") == before[0]
    assert passing.gateway.count("passed_joined") == before[1] + 1
    assert passing.gateway.wait_count("passed_bytes", 2 * MEGABYTES << 20) >= 2 * MEGABYTES << 20


def test_h10_a_tls_connection_passes_with_the_origins_own_certificate(passing):
    minted = passing.gateway.count("minted")
    client = Client(passing.gateway)
    client.open("pass.example", trust=passing.authority.path)
    assert client.request("POST", "/", body=b"4111 1111 1111 1111").status == 200
    client.close()
    assert passing.gateway.count("minted") == minted


def test_an_end_is_handed_on_as_an_end(passing):
    def serve(sock):
        got = b""
        while (data := sock.recv(4096)):
            got += data
        sock.sendall(b"you said " + got)  # after their end
        return got
    raw = raw_host(passing, serve)
    client = Client(passing.gateway)
    assert client.tunnel("raw.example").status == 200
    client.sock.sendall(b"\0half")
    client.sock.shutdown(socket.SHUT_WR)
    got = b""
    while (data := client.sock.recv(4096)):
        got += data
    client.close()
    assert got == b"you said \0half"
    assert raw.join() == b"\0half"


def test_a_slow_reader_stops_the_sender(passing):
    """What is under way is bounded: by socket buffers and one pipe, not by this process's memory."""
    def serve(sock):
        sock.settimeout(2)
        total = 0
        try:
            while True:
                total += sock.send(bytes(1 << 20))
        except TimeoutError:
            return total
    raw = raw_host(passing, serve)
    client = Client(passing.gateway)
    assert client.tunnel("raw.example").status == 200
    client.sock.sendall(b"\0")
    total = raw.join()
    assert isinstance(total, int) and total < 64 << 20
    client.close()


def test_h11_a_server_that_speaks_first(passing):
    raw = raw_host(passing, lambda sock: (sock.sendall(b"220 ready\r\n"), sock.recv(5))[1])
    client = Client(passing.gateway)
    assert client.tunnel("raw.example", 25).status == 200
    assert client.sock.recv(64) == b"220 ready\r\n"
    client.sock.sendall(b"QUIT\n")
    assert raw.join() == b"QUIT\n"
    client.close()


def test_h11_a_policy_lets_unknown_protocols_into_what_is_opened(passing):
    if passing.gateway.way in BROUGHT:
        pytest.skip("there is no host name to have a policy for")
    raw = raw_host(passing, lambda sock: sock.recv(5), "open.test")
    client = Client(passing.gateway)
    client.tunnel("open.test", 22)
    client.sock.sendall(b"\0\1\2\3\4")
    assert raw.join() == b"\0\1\2\3\4"
    client.close()
    client.tunnel("open.test", 80)  # but HTTP would be a way around
    client.sock.sendall(b"POST / HTTP/1.1\r\n")
    assert client.reader.response().status == 403
    client.close()


@pytest.mark.parametrize("host", ["shut.example", "echo.test"])
def test_h11_what_may_not_go_unread_is_ended_in_time(passing, host):
    """A policy that says refuse, and a host that is opened: with a first byte at once, in silence within 5 s."""
    if passing.gateway.way in BROUGHT:
        pytest.skip("there is no host name to have a policy for")
    client = Client(passing.gateway)
    for first in (b"SSH-2.0-x\r\n", b""):
        client.tunnel(host, 22)
        client.sock.sendall(first)
        passing.gateway.clock(5)
        passing.gateway.facts()  # what was due is done
        assert select.select([client.sock], [], [], 0)[0]
        assert client.sock.recv(1) in (b"", b"H")  # an end, or a page for what may be a browser
        client.close()
