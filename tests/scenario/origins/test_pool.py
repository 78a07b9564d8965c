# SPDX-License-Identifier: Apache-2.0
"""Connections to origins that wait to be used again: the table has a ceiling, and the oldest make room."""
from stoa_test.client import Client
from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin import Origin
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
MANY = 260  # 256 wait at most


def test_a_full_pool_has_room_for_who_comes(tmp_path):
    origin = Origin("site.test", answer=lambda request: ("200 OK", [], b"here"))
    hosts = {f"n{number}.test": f"127.0.0.1:{origin.port}" for number in range(MANY)}
    with Gateway(tmp_path / "gateway", [origin], [POLICY], trust=Authority(tmp_path).path, hosts=hosts) as gateway:
        client = Client(gateway)
        for host in [*hosts, f"n{MANY - 1}.test"]:
            client.plain(host)
            assert client.request("GET", f"http://{host}/").status == 200
        client.close()
    assert len(origin.readers) == MANY, "the last one asked twice over two connections"
    origin.close()
