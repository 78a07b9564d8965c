# SPDX-License-Identifier: Apache-2.0
"""Nobody asks through the gateway for the gateway: there it would be the gateway that asks, and not a person."""
import pytest

from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


@pytest.mark.parametrize("listen", ["0.0.0.0", "127.0.0.1"])
def test_a_listener_is_no_origin(tmp_path, listen):
    authority = Authority(tmp_path)
    origin = Origin("echo.test", authority.leaf(["echo.test"]), echo)
    gateway = Gateway(tmp_path / "gateway", [origin], [POLICY], trust=authority.path, address=listen)
    gateway.hosts["self.example"] = f"127.0.0.1:{gateway.port}"
    gateway.write_config()
    gateway.config.write_text(gateway.config.read_text().replace("test_clock: true\n", ""))  # it wants loopback only
    with gateway:
        gateway.address = "127.0.0.1"
        client = Client(gateway)
        for port in (443, gateway.port):
            assert client.tunnel("self.example", port).status == 403
        client.close()
    origin.close()
