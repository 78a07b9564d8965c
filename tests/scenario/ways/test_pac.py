# SPDX-License-Identifier: Apache-2.0
"""The PAC file, as clients get it and as they run it (node stands in for the browser)."""
import json
import shutil
import subprocess

import pytest

from conftest import House
from stoa_test.client import Client

NODE = shutil.which("node") or shutil.which("nodejs")
PAC = """pac:
  proxies: ["proxy-1.example:3128", "https://proxy-2.example:3129", "[::1]:3128"]
  direct: [intranet.example, "*.corp.example", "<local>"]
  protected: true
  fallback: direct
"""
WAY = "PROXY proxy-1.example:3128; HTTPS proxy-2.example:3129; PROXY [::1]:3128; DIRECT"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("pac"), "explicit", more=PAC)
    with house.gateway:
        yield house
    house.close()


def fetch(house, path, method="GET"):
    client = Client(house.gateway)
    client.plain("proxy-1.example:3128")
    reply = client.request(method, path)
    client.close()
    return reply


def test_it_is_served_under_both_names(serving):
    one, two, head = fetch(serving, "/proxy.pac"), fetch(serving, "/wpad.dat?x=1"), fetch(serving, "/proxy.pac", "HEAD")
    assert one.status == two.status == head.status == 200 and one.body == two.body
    assert one.header("content-type") == "application/x-ns-proxy-autoconfig"
    assert int(head.header("content-length")) == len(one.body)
    assert serving.gateway.count("pac_served") == 3


def test_everything_else_is_told_what_this_is(serving):
    assert fetch(serving, "/").status == 400
    assert fetch(serving, "/proxy.pac", "POST").status == 400


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_what_it_says(serving):
    cases = {
        "www.linkedin.com": WAY, "intranet.example": "DIRECT", "x.intranet.example": WAY, "corp.example": WAY,
        "a.corp.example": "DIRECT", "A.B.Corp.Example.": "DIRECT", "printer": "DIRECT", "notcorp.example": WAY,
        "::1": WAY, "constructor": "DIRECT", "constructor.example": WAY, "a.__proto__": WAY, "www.barmer.de": "DIRECT",
    }
    script = fetch(serving, "/proxy.pac").body.decode()
    script += f"\nconsole.log(JSON.stringify({json.dumps(list(cases))}.map(h => FindProxyForURL('https://' + h + '/', h))))"
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    assert dict(zip(cases, json.loads(done.stdout))) == cases
