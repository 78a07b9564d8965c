# SPDX-License-Identifier: Apache-2.0
"""What is no flood; drains and idle ends say GOAWAY."""
import threading

from stoa_test.origin import WAIT


def test_a_browser_that_cancels_now_and_then_stays(house):
    client = house.client()
    for _ in range(200):
        stream = client.start("POST", "/cancelled", end=False)
        client.h2.reset_stream(stream, 8)
        client.flush()
    assert client.request("GET", "/").status == 200
    client.close()


def test_more_streams_than_are_allowed(house):
    client = house.client()
    client.read()
    assert client.h2.remote_settings.max_concurrent_streams == 100
    assert client.h2.remote_settings.enable_connect_protocol == 0
    client.close()


def test_no_preface_no_session(house):
    client = house.client()
    client.close()
    client = house.client()
    client.sock.sendall(b"GET / HTTP/1.1\r\nHost: echo.test\r\n\r\n" * 10)
    client.wait(until=lambda: client.ended)
    assert house.client().request("GET", "/").status == 200


def test_an_idle_connection_ends_with_goaway(house):
    client = house.client()
    assert client.request("GET", "/").status == 200
    house.gateway.clock(61)
    client.wait(until=lambda: client.ended)
    assert client.goaway == 0
    client.close()


def test_z_a_drain_says_goaway_and_finishes_streams(house):
    """Last: the gateway of this module ends here."""
    site, client = house.fresh_site(), house.client("site.test")
    idle = house.client()
    stream = client.start("GET", "/under-way")
    site.gets()
    stopper = threading.Thread(target=house.gateway.stop)
    stopper.start()
    client.wait(until=lambda: client.goaway is not None)
    idle.wait(until=lambda: idle.ended)
    assert client.goaway == idle.goaway == 0
    assert not client.answers[stream].is_whole
    site.sends("200 OK", [], b"finished")
    assert client.wait(stream).body == b"finished"
    client.wait(until=lambda: client.ended)
    stopper.join(WAIT)
    assert not stopper.is_alive()
