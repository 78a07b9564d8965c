# SPDX-License-Identifier: Apache-2.0
"""What a client gets that offers HTTP/2 to the gateway; what an origin makes of it is in ../origins."""
import subprocess

import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin2 import Origin2
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("negotiation")
    authority = Authority(folder)
    both = Origin2("both.test", authority.leaf(["both.test"]))
    gateway = Gateway(folder / "gateway", [both], [POLICY], trust=authority.path, hosts={"gone.test": "127.0.0.1:9"})
    gateway.config.write_text(gateway.config.read_text().replace("connect: 5s", "connect: 60s"))  # nobody waits for that
    with gateway:
        yield gateway
    both.close()


def test_H3_an_origin_that_cannot_be_had_is_a_page_soon(gateway):
    """In whatever the client speaks; HTTP/1.1 when it may choose."""
    client = Client2(gateway)
    assert client.open("gone.test", alpn=("h2", "http/1.1")) == "http/1.1"
    client.close()
    client.open("gone.test")
    answer = client.request("GET", "/", [("accept", "text/html")])
    assert 500 <= answer.status < 505 and b"<html" in answer.body
    client.close()


def test_an_unknown_protocol_ends_the_handshake(gateway):
    with pytest.raises(OSError):
        Client2(gateway).open("both.test", alpn=("spdy/3",))


@pytest.mark.parametrize("option, got", [("--http2", "2"), ("--http1.1", "1.1")])
def test_curl(gateway, option, got):
    done = subprocess.run(
        ["curl", "-sS", option, "--proxy", f"http://127.0.0.1:{gateway.port}", "--cacert", str(gateway.ca), "-d", "hello",
         "-w", " %{http_version}", "https://both.test/"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"hello {got}"


def test_http1_clients_go_on_as_before(gateway):
    client = Client(gateway)
    client.open("both.test")
    assert client.sock.selected_alpn_protocol() == "http/1.1"
    assert client.request("GET", "/").status == 200
    client.close()
