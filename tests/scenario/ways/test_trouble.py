# SPDX-License-Identifier: Apache-2.0
"""H12, O5 and O6: origins that are away, names that nobody knows, no descriptors, no certificate for more names."""
import resource
import ssl

import pytest

from conftest import House
from stoa_test.client import Client
from stoa_test.origin import WAIT
from stoa_test.ways import BROUGHT

LIMITS = """limit:
  leaves: 16
  mints: 40
"""
NAMES = {f"n{i}.test": "127.0.0.1" for i in range(200)}


@pytest.fixture(scope="module", params=["explicit", "redirect"])
def strict(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("trouble"), request.param, more=LIMITS)
    house.gateway.connect = "40s"
    house.gateway.hosts.update({"down.test": "127.0.0.1:9", **{name: "127.0.0.1:9" for name in NAMES}})
    house.gateway.write_config()
    with house.gateway:
        if house.gateway.door is not None:
            house.gateway.hosts["hole.test"] = house.gateway.door.hole
            house.gateway.write_config()
            house.gateway.stoa("reload", check=True)
        yield house
    house.close()


def test_h12_an_origin_that_is_down(strict):
    client = strict.client("down.test")
    assert client.request("GET", "/").status == 502
    client.close()


def test_h12_a_name_that_nobody_knows(strict):
    client = strict.client("nobody.test")
    assert client.request("GET", "/").status == 502
    client.close()


def within_the_deadline(strict, name):
    """No page long before the connect timeout (40 s); one when the clock is turned beyond it. Nobody waits."""
    opened = strict.gateway.count("opened")
    client = Client(strict.gateway)
    client.tunnel(name)
    context = ssl.create_default_context(cafile=str(strict.gateway.ca))
    client.sock.setblocking(False)
    tls = context.wrap_socket(client.sock, server_hostname=name, do_handshake_on_connect=False)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    strict.gateway.wait_count("opened", opened + 1)
    strict.gateway.clock(2)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    strict.gateway.clock(38)
    tls.settimeout(WAIT)
    tls.do_handshake()
    client.sock = client.reader.sock = tls
    reply = client.request("GET", "/", host=name)
    client.close()
    return reply.status


def test_h12_an_origin_that_never_answers(strict):
    if strict.gateway.way not in BROUGHT:
        pytest.skip("an address without answers needs the rules of the redirected way")
    assert within_the_deadline(strict, "hole.test") == 504


def test_h12_o5_name_servers_that_do_not_answer(strict):
    strict.dns.is_silent = True
    assert within_the_deadline(strict, "silent.test") == 502
    strict.dns.is_silent = False
    client = strict.client("echo.test")  # and it goes on
    assert client.request("GET", "/").status == 200
    client.close()


def test_o6_the_certificates_kept_and_made_are_bounded(strict):
    """A million names are done in unit/gateway/leaf."""
    before, broken = strict.gateway.count("mints_refused"), 0
    for name in NAMES:
        client = Client(strict.gateway, "127.0.0.7")
        try:
            client.open(name)
        except (ConnectionError, ssl.SSLError):
            broken += 1
        client.close()
    assert strict.gateway.count("leaves") <= 16
    assert 20 <= broken == strict.gateway.count("mints_refused") - before  # some 40 a minute are made
    other = Client(strict.gateway, "127.0.0.8")  # nobody else suffers
    other.open("other.test")
    other.close()
    strict.gateway.clock(60)
    again = Client(strict.gateway, "127.0.0.7")
    again.open("n199.test")
    again.close()


def test_o5_without_descriptors_accepting_pauses_and_goes_on(strict):
    (worker,) = strict.gateway.children("worker")
    pauses = strict.gateway.count("accept_pauses")
    old = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (60, old[1]))
    held = []
    try:
        for _ in range(80):
            held.append(Client(strict.gateway).dial())
        strict.gateway.wait_count("accept_pauses", pauses + 1)
        assert strict.gateway.count("accept_pauses") > pauses
    finally:
        for sock in held:
            sock.close()
        resource.prlimit(worker, resource.RLIMIT_NOFILE, old)
    client = strict.client("echo.test")
    assert client.request("GET", "/").status == 200
    client.close()
    assert strict.gateway.children("worker") == [worker]


def test_o5_without_the_ca_key_nothing_starts(tmp_path):
    house = House(tmp_path, "explicit")
    (house.gateway.folder / "ca" / "ca.key").unlink()
    with pytest.raises(Exception, match="ca.key"):
        house.gateway.start()
    house.gateway.process.wait(timeout=WAIT)
    assert house.gateway.process.returncode == 3
    house.close()
