# SPDX-License-Identifier: Apache-2.0
"""H3: what a client gets of what it offers, for every kind of origin."""
import subprocess
import time

import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
ORIGINS = {"both": ("h2", "http/1.1"), "old": ("http/1.1",), "new": ("h2",)}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("negotiation")
    authority = Authority(folder)
    origins = [Origin(f"{name}.test", authority.leaf([f"{name}.test"]), echo, alpn=alpn)
               for name, alpn in ORIGINS.items()]
    with Gateway(folder / "gateway", origins, [POLICY], trust=authority.path,
                 hosts={"gone.test": "127.0.0.1:9"}) as gateway:
        yield gateway
    for origin in origins:
        origin.close()


@pytest.mark.parametrize("host", ["both.test", "old.test"])
@pytest.mark.parametrize("offer, got", [
    (("h2", "http/1.1"), "h2"), (("http/1.1", "h2"), "h2"), (("h2",), "h2"), (("http/1.1",), "http/1.1"), ((), None)])
def test_H3_alpn(gateway, host, offer, got):
    client = Client2(gateway)
    assert client.open(host, alpn=offer) == got
    if got == "h2":
        assert client.request("GET", "/").status == 200
    client.close()


@pytest.mark.parametrize("host", ["new.test", "gone.test"])
def test_H3_an_origin_that_cannot_be_had_is_a_page_soon(gateway, host):
    """In whatever the client speaks; HTTP/1.1 when it may choose."""
    start = time.monotonic()
    client = Client2(gateway)
    if host == "gone.test":
        assert client.open(host, alpn=("h2", "http/1.1")) == "http/1.1"
        client.close()
        client = Client2(gateway)
    client.open(host)
    answer = client.request("GET", "/", [("accept", "text/html")])
    assert 500 <= answer.status < 505 and b"<html" in answer.body or answer.status == 200
    client.close()
    assert time.monotonic() - start < 2


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
