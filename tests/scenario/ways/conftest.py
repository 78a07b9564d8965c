# SPDX-License-Identifier: Apache-2.0
"""One gateway a way for the tests of the ways in: what is opened (*.test), what passes (*.example), names that only DNS
knows, and clients whose every byte can be cut."""
import ssl

import pytest

from stoa_test import wire
from stoa_test.client import Client
from stoa_test.dns import NameServer
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.ways import WAYS

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


class House:
    def __init__(self, folder, way, door="", more="", names=None, listen=""):
        self.authority = Authority(folder)
        leaf = self.authority.leaf(["echo.test", "pass.example"])
        self.echo, self.passed = Origin("echo.test", leaf, echo), Origin("pass.example", leaf, echo)
        self.plain = Origin("plain.test", None, echo)
        self.dns = NameServer(names or {})
        self.gateway = Gateway(folder / "gateway", [self.echo, self.passed, self.plain], [POLICY], way=way, door=door,
                               more=more, trust=self.authority.path, servers=self.dns.at, listen=listen)

    def client(self, host="echo.test", **how):
        client = Client(self.gateway)
        client.open(host, **how)
        return client

    def close(self):
        for one in (self.echo, self.passed, self.plain, self.dns):
            one.close()


@pytest.fixture(scope="module", params=WAYS)
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("ways"), request.param)
    with house.gateway:
        yield house
    house.close()


class Cut:
    """TLS whose records the test sends as it likes: the hello first, then the rest."""

    def __init__(self, client, host, protocols=("http/1.1",)):
        context = ssl.create_default_context(cafile=str(client.gateway.ca))
        context.set_alpn_protocols(list(protocols))
        self.sock, self.into, self.out = client.sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_hostname=host)
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self.hello = self.out.read()

    def _do(self, what, *words):
        while True:
            try:
                return what(*words)
            except ssl.SSLWantReadError:
                self.flush()
                got = self.sock.recv(65536)
                if not got:
                    raise wire.Closed("end of stream") from None
                self.into.write(got)
            finally:
                self.flush()

    def flush(self):
        if self.out.pending:
            self.sock.sendall(self.out.read())

    def finish(self):
        self._do(self.tls.do_handshake)

    def sendall(self, data):
        self._do(self.tls.write, data)

    def recv(self, size):
        try:
            return self._do(self.tls.read, size)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
