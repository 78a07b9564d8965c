# SPDX-License-Identifier: Apache-2.0
"""H2: real Chromium loads, each of a host never seen before; its hello is larger than a segment and its server name lies
anywhere in it. STOA_LOADS says how many; the full count is 100."""
import os
import sys

import pytest

from stoa_test.gateway import ROOT, Gateway
from stoa_test.origin2 import Origin2
from stoa_test.pki import Authority
from stoa_test.ways import WAYS

sys.path.insert(0, str(ROOT / "tests/browser"))

from browser import close_browser, open_browser  # noqa: E402  (it needs the path above)

LOADS = int(os.environ.get("STOA_LOADS", "20"))
POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"


def page(request):
    request.head(200, [("content-type", "text/html"), ("link", "<data:,>; rel=icon")])
    request.send(b"<!doctype html><title>there</title>", [])


def load(driver, names, origin):
    for name in names:
        driver.get(f"https://{name}/")
        assert driver.title == "there", name
        protocol = driver.execute_script("return performance.getEntriesByType('navigation')[0].nextHopProtocol")
        assert protocol == "h2", name
        assert name in origin.names


@pytest.mark.parametrize("way", WAYS[:2])
def test_h2_every_load_has_its_name_and_http2(tmp_path, way):
    names = [f"load-{number}.test" for number in range(LOADS if way == "explicit" else LOADS // 2)]
    authority = Authority(tmp_path)
    origin = Origin2("load.test", authority.leaf(names))
    origin.on_end = page
    gateway = Gateway(tmp_path / "gateway", [], [POLICY], trust=authority.path, way=way,
                      hosts={name: f"127.0.0.1:{origin.port}" for name in names})
    with gateway:
        driver = open_browser(tmp_path, gateway)
        try:
            load(driver, names, origin)
        finally:
            close_browser(driver)
        assert gateway.count("client_tls_failed") == 0
        assert set(origin.names) == set(names)
        pages = [request.header(":authority") for request in list(origin.requests.queue) if request.path == "/"]
        assert sorted(pages) == sorted(names)  # none was asked for twice
    origin.close()
