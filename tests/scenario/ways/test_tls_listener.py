# SPDX-License-Identifier: Apache-2.0
"""A proxy that is itself spoken to over TLS: TLS in TLS, large bodies both ways, minted and given certificates."""
import os
import subprocess

import pytest

from conftest import House
from stoa_test.gateway import BIN, free_port


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    ports = free_port(), free_port()
    folder = tmp_path_factory.mktemp("secure")
    house = House(folder, "explicit", listen="\n".join([
        f'  - {{ address: "127.0.0.1:{ports[0]}", kind: explicit-tls, name: localhost }}',
        f'  - {{ address: "127.0.0.1:{ports[1]}", kind: explicit-tls, certificate: own.pem, key: own.pem }}']))
    (house.gateway.folder / "own.pem").write_bytes(house.authority.leaf(["localhost"]).read_bytes())
    house.ports = ports
    with house.gateway:
        yield house
    house.close()


def curl(house, url, *words, own=False, **how):
    trust = house.authority.path if own else house.gateway.ca
    return subprocess.run(
        ["curl", "-sS", "--http1.1", "--noproxy", "", "--proxy", f"https://localhost:{house.ports[own]}", "--proxy-cacert", str(trust),
         "--cacert", str(house.gateway.ca), "-m", "60", *words, url], capture_output=True, timeout=90, **how)


@pytest.mark.parametrize("own", [False, True])
def test_tls_in_tls(secure, own):
    done = curl(secure, "https://echo.test/", own=own)
    assert done.stdout == b"hello", done.stderr
    assert curl(secure, "http://plain.test/", own=own).stdout == b"hello"


def test_a_passed_connection_through_it(secure):
    done = curl(secure, "https://pass.example/", "--cacert", str(secure.authority.path))
    assert done.stdout == b"hello", done.stderr


def test_large_bodies_both_ways(secure, tmp_path):
    body = os.urandom(3 << 20)
    sent, got = [], tmp_path / "got"
    secure.passed.answer = lambda request: (sent.append(request.body), ("200 OK", [], request.body))[1]
    (tmp_path / "body").write_bytes(body)
    done = curl(secure, "https://pass.example/", "--cacert", str(secure.authority.path), "--data-binary",
                f"@{tmp_path / 'body'}", "-o", str(got))
    assert done.returncode == 0, done.stderr
    assert sent == [body] and got.read_bytes() == body


def test_what_is_blocked_stays_there_too(secure):
    done = curl(secure, "https://echo.test/", "--data", "my card 4111 1111 1111 1111", "-w", "%{http_code}", "-o", "/dev/null")
    assert done.stdout == b"403", done.stderr


def test_a_key_that_does_not_fit_is_a_line(tmp_path, authority):
    house = House(tmp_path, "explicit", listen=f'  - {{ address: "127.0.0.1:{free_port()}", kind: explicit-tls, '
                                               'certificate: one.pem, key: two.pem }')
    for name in ("one.pem", "two.pem"):
        (house.gateway.folder / name).write_bytes(authority.leaf(["localhost"]).read_bytes())
    done = subprocess.run([str(BIN / "stoad"), "--config", str(house.gateway.config)], capture_output=True, text=True, timeout=90)
    house.close()
    assert done.returncode == 3
    assert "the certificate is not for this key" in done.stderr, done.stderr
