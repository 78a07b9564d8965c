# SPDX-License-Identifier: Apache-2.0
"""Two names for one connection: whichever of CONNECT, SNI and Host is to be opened, the number stays inside."""
import ssl

import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

IBAN = b"DE02120300000000202051"
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
OPENED, PASSED = "forum.test", "other.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    authority = Authority(folder)
    leaf = authority.leaf([OPENED, PASSED])  # one certificate for both, as at a large hoster
    origins = [Origin(OPENED, leaf, echo), Origin(PASSED, leaf, echo)]
    gateway = Gateway(folder / "gateway", origins, [POLICY], trust=authority.path)
    with gateway:
        yield gateway, origins
    for origin in origins:
        origin.close()


@pytest.mark.parametrize("connect,sni,host", [
    (OPENED, PASSED, PASSED), (OPENED, PASSED, OPENED), (OPENED, PASSED.upper(), PASSED), (OPENED, None, OPENED),
    (OPENED, None, PASSED), (PASSED, OPENED, OPENED), (PASSED, OPENED, PASSED), (PASSED, OPENED.upper(), OPENED),
    (PASSED, OPENED + ".", OPENED), (OPENED.upper(), OPENED, OPENED), (OPENED + ".", OPENED, OPENED),
])
def test_no_pair_of_names_gets_past(house, connect, sni, host):
    gateway, origins = house
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = Client(gateway)
    assert client.tunnel(connect).status == 200
    client.sock = context.wrap_socket(client.sock, server_hostname=sni)
    client.reader.sock = client.sock
    reply = client.request("POST", "/post", [("Content-Type", "text/plain")], b"my account " + IBAN, host=host)
    client.close()
    assert reply.status in (403, 421)
    assert all(IBAN not in origin.received() for origin in origins)
