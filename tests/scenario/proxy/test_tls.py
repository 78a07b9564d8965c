# SPDX-License-Identifier: Apache-2.0
"""What clients are shown, and which origins are refused: chain, name, dates; pass is byte-identical."""
import os
import socket
import ssl
import threading

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.ways import BOTH

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


@pytest.fixture(scope="module")
def house(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    stranger = Authority(folder, "Stranger CA")
    leaves = {
        "good.test": authority.leaf(["good.test"]),
        "expired.test": authority.leaf(["expired.test"], start=-40, days=30),
        "future.test": authority.leaf(["future.test"], start=5),
        "name.test": authority.leaf(["other.test"]),
        "self.test": authority.leaf(["self.test"], self_signed=True),
        "unknown.test": stranger.leaf(["unknown.test"]),
        "forged.test": authority.leaf(["forged.test"], signer=stranger),
        "passed.example": stranger.leaf(["passed.example"]),
    }
    origins = {host: Origin(host, leaf, echo) for host, leaf in leaves.items()}
    gateway = Gateway(folder / "gateway", origins.values(), [POLICY], trust=authority.path,
                      way=request.param, hosts={"gone.test": "127.0.0.1:9"})
    with gateway:
        yield gateway, origins, stranger
    for origin in origins.values():
        origin.close()


@BOTH
def test_the_leaf_is_short_lived_and_names_the_host(house):
    gateway, _, _ = house
    client = Client(gateway)
    client.open("good.test")
    names = [value for kind, value in client.certificate["subjectAltName"] if kind == "DNS"]
    assert names == ["good.test"]
    assert client.sock.version() == "TLSv1.3"
    assert client.request("GET", "/").status == 200
    client.close()


@BOTH
@pytest.mark.parametrize("host, reason", [
    ("expired.test", b"expired"), ("future.test", b"not yet valid"), ("name.test", b"name"),
    ("self.test", b"self-signed"), ("unknown.test", b"trust"), ("forged.test", b""), ("gone.test", b""),
])
def test_a_bad_origin_is_a_readable_page(house, host, reason):
    gateway, origins, _ = house
    client = Client(gateway)
    client.open(host)
    reply = client.request("GET", "/secret-path", [("Accept", "text/html")])
    assert 502 <= reply.status <= 504, reply.start
    assert reason in reply.body, reply.body
    assert b"<html" in reply.body and b"secret-path" not in reply.body
    if host in origins:
        assert origins[host].requests.empty()
    client.close()


def test_the_page_speaks_german(house):
    gateway, _, _ = house
    client = Client(gateway)
    client.open("expired.test")
    reply = client.request("GET", "/", [("Accept", "text/html"), ("Accept-Language", "de-DE,de;q=0.9")])
    assert b'lang="de"' in reply.body, reply.body
    client.close()


@BOTH
def test_a_passed_host_shows_its_own_certificate(house):
    gateway, _, stranger = house
    client = Client(gateway)
    client.open("passed.example", trust=stranger.path)
    assert client.request("GET", "/").status == 200
    client.close()


def test_pass_is_byte_identical_both_ways(tmp_path, house):
    gateway, _, _ = house
    sent, back = os.urandom(3_000_000), os.urandom(3_000_000)
    got = []
    listener = socket.create_server(("127.0.0.1", 0))
    gateway.hosts["raw.example"] = f"127.0.0.1:{listener.getsockname()[1]}"
    gateway.write_config()
    gateway.stoa("reload", check=True)

    def serve():
        sock, _ = listener.accept()
        data = b""
        while len(data) < len(sent):
            data += sock.recv(65536)
        got.append(data)
        sock.sendall(back)
        sock.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    client = Client(gateway)
    assert client.tunnel("raw.example", 4711).status == 200
    client.sock.sendall(sent)
    received = b""
    while len(received) < len(back) and (more := client.sock.recv(65536)):
        received += more
    thread.join(20)
    assert got == [sent] and received == back


def test_a_hello_in_small_pieces_and_large(house):
    gateway, _, _ = house
    for segment in (1, 3, 100, 1448):
        client = Client(gateway)
        assert client.tunnel("good.test").status == 200
        context = ssl.create_default_context(cafile=str(gateway.ca))
        context.set_alpn_protocols(["http/1.1"] + [f"padding-{i:03}-" + "x" * 200 for i in range(30)])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="good.test")
        while True:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            client.write(outgoing.read(), segment)
            if done:
                break
            incoming.write(client.sock.recv(65536))
        client.close()


@BOTH
def test_resumption(house):
    gateway, _, _ = house
    context = ssl.create_default_context(cafile=str(gateway.ca))
    first = Client(gateway)
    first.open("good.test", context=context)
    assert first.request("GET", "/").status == 200
    session = first.sock.session
    first.close()
    second = Client(gateway)
    second.tunnel("good.test")
    sock = context.wrap_socket(second.sock, server_hostname="good.test", session=session)
    assert sock.session_reused
    sock.close()


def test_ipv6(tmp_path):
    authority = Authority(tmp_path)
    origin = Origin("six.test", authority.leaf(["six.test"]), echo)
    with Gateway(tmp_path / "gateway", [origin], [POLICY], trust=authority.path, address="::1") as gateway:
        client = Client(gateway, "::1")
        client.open("six.test")
        assert client.request("GET", "/").status == 200
        client.close()
    origin.close()
