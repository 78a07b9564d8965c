# SPDX-License-Identifier: Apache-2.0
"""F6: how streams and sessions end before they should: RST_STREAM, GOAWAY, a cut, a silence."""
import socket

import h2.connection
import pytest

from stoa_test import wire
from stoa_test.origin import WAIT
from stoa_test.stage import EXCHANGES, break_off

TEXT = [("content-type", "text/plain")]


def once(site, reply):
    """The first request gets `reply`, later ones the usual answer."""
    def choose(request):
        site.on_end = site.reply
        reply(request)
    site.on_end = choose


@pytest.mark.parametrize("method, body", [("GET", b""), ("POST", b"once more")])
def test_a_refused_stream_is_sent_again(house, method, body):
    """REFUSED_STREAM says that nothing was done with it: safe for every method."""
    site, client, before = house.fresh(), house.client(), house.count("origin_retried")
    once(site, lambda request: request.cut(7))
    assert client.request(method, "/again", TEXT, body).body == (body or b"hello")
    assert [site.gets().body, site.gets().body] == [body, body]
    assert house.count("origin_retried") == before + 1
    client.close()


def test_a_stream_that_is_refused_for_ever_is_a_page(house):
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: request.cut(7)
    assert client.request("GET", "/never").status == 502
    assert site.requests.qsize() == 4
    client.close()


@pytest.mark.parametrize("code", [2, 8, 11])
def test_a_reset_stream_is_not_sent_again(house, code):
    """Before the head: a page; within the answer: the same reset, so that nobody takes it for whole."""
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: request.cut(code)
    assert client.request("POST", "/early", TEXT, b"x").status == 502
    assert site.requests.qsize() == 1
    site.on_end = lambda request: (request.head(200), request.send(b"hal"), request.cut(code))
    answer = client.request("GET", "/late")
    assert (answer.body, answer.reset, answer.is_whole) == (b"hal", code, False)
    assert client.request("GET", "/late").reset == code, "the session went with it"
    client.close()


def test_a_cut_answer_cuts_a_client_of_http1(house):
    client = house.client1("insists.test")
    house.insists.on_end = lambda request: (request.head(200), request.send(b"hal"), request.cut(2))
    client.send("GET", "/cut")
    reply = client.reader.head()
    assert reply.header("transfer-encoding") == "chunked"
    with pytest.raises((wire.Closed, ValueError)):
        client.reader.body(reply, is_response=True)
    house.insists.calm()
    client.close()


def test_a_client_that_gives_up_is_told_to_the_origin(house):
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: None
    stream = client.start("GET", "/hangs")
    site.gets()
    client.h2.reset_stream(stream, 8)
    client.flush()
    assert site.is_reset().reset == 8
    client.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_goaway_sends_what_was_not_seen_elsewhere(house, method):
    """What the origin took is answered on the old session; what it did not, on a new one."""
    site, client, before = house.fresh(), house.client(), house.count("origin_goaway")
    held = []

    def leave(request):
        if request.path == "/seen":
            held.append(request)
            return
        site.on_end = site.reply
        request.session.h2.close_connection(0, last_stream_id=held[0].stream)
        request.session.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN  # those it took go on
        request.session.flush()

    site.on_end = leave
    seen = client.start(method, "/seen", TEXT)
    site.begins()
    unseen = client.start(method, "/unseen", TEXT)
    assert client.wait(unseen).status == 200
    site.reply(held[0])
    assert client.wait(seen).status == 200
    assert held[0].session is not site.sessions[-1]
    assert client.request("GET", "/later").status == 200
    assert house.count("origin_goaway") == before + 1
    client.close()


def test_a_session_that_ends_while_it_waits_is_replaced(house):
    """Without a word: a request that may be repeated is, another one is told."""
    site, client, before = house.fresh(), house.client(), len(house.site.sessions)
    once(site, lambda request: request.session.sock.close())
    assert client.request("GET", "/first").status in (200, 502)
    assert client.request("POST", "/next", TEXT, b"x").body == b"x"
    assert len(site.sessions) > before
    client.close()


def test_an_origin_that_is_gone_is_a_page(house):
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: request.session.sock.close()
    assert client.request("POST", "/gone", TEXT, b"x").status == 502
    client.close()


def test_421_is_passed_on_and_the_session_left(house):
    site, client = house.fresh(), house.client()
    once(site, lambda request: request.head(421, end=True))
    assert client.request("GET", "/wrong").status == 421
    sessions = len(site.sessions)
    assert client.request("GET", "/again").body == b"hello"
    assert len(site.sessions) == sessions + 1
    client.close()


def test_what_wants_http1_gets_it(house):
    """HTTP_1_1_REQUIRED: once more over a connection of its own."""
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: request.cut(13)
    site.answer = lambda request: ("200 OK", [], b"by the old way")
    assert client.request("POST", "/old", TEXT, b"x").body == b"by the old way"
    client.close()


def test_a_login_bound_to_the_connection_is_sent_to_http1(house):
    site, client = house.fresh(), house.client()
    site.on_end = lambda request: request.head(401, [("www-authenticate", "NTLM")], end=True)
    assert client.request("GET", "/bound").reset == 13
    site.on_end = site.reply
    assert client.request("GET", "/free").body == b"hello"
    client.close()


def test_a_path_that_is_dead_is_noticed(house):
    """A session that waited is checked along with its next request."""
    site, client = house.fresh(), house.client()
    assert client.request("GET", "/one").status == 200
    house.gateway.clock(5)
    mute = site.sessions[-1]
    mute.flush = lambda: None
    stream = client.start("GET", "/two")
    site.gets(), site.gets()
    sessions = len(site.sessions)
    house.gateway.clock(11)
    client.wait(stream)
    assert client.answers[stream].status in (200, 502)
    assert client.request("GET", "/three").body == b"hello"
    assert len(site.sessions) > sessions
    client.close()


def test_a_session_without_streams_ends(house):
    site, client = house.fresh(), house.client()
    assert client.request("GET", "/").status == 200
    sessions = len(site.sessions)
    client.close()
    house.gateway.clock(61)
    client = house.client()
    assert client.request("GET", "/").status == 200
    assert len(site.sessions) == sessions + 1
    assert site.sessions[-2].left.wait(WAIT) and site.sessions[-2].goaway == 0
    client.close()


def test_a_new_generation_leaves_the_old_sessions(house):
    site, client = house.fresh(), house.client()
    assert client.request("GET", "/").status == 200
    sessions = len(site.sessions)
    house.gateway.stoa("reload", check=True)
    assert client.request("GET", "/").status == 200
    assert len(site.sessions) == sessions + 1
    client.close()


@pytest.mark.parametrize("protocol", EXCHANGES)
@pytest.mark.parametrize("leaves", ["stays", "says-so", "breaks-off"])
def test_S4_an_early_no_whatever_comes_of_the_session(house, protocol, leaves):
    """RFC 9113 §8.1: an answer before the request was whole, a reset that says no error; then perhaps the end of all."""
    site = house.insists.calm()

    def say_no(request):
        session = request.session
        session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the reset takes what it holds back
        request.head(413)
        request.send(b"n" * 30000, [])
        session.h2.reset_stream(request.stream, 0)
        if leaves == "says-so":
            session.h2.close_connection()
        session.flush()
        if leaves == "breaks-off":
            break_off(session.sock)
        if leaves != "stays":
            raise OSError("enough")

    site.on_end = lambda request: None
    site.on_head = say_no
    body = b"words of no weight; " * 100_000
    client = EXCHANGES[protocol](house.gateway, site.host)
    client.start("POST", "/early", [*TEXT, ("Content-Length", str(len(body)))], end=False)
    client.send(body, end=True)
    client.until(lambda: client.is_whole)
    assert client.status == 413 and client.body == b"n" * 30000
    client.close()
