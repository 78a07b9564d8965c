# SPDX-License-Identifier: Apache-2.0
"""A seeded storm: clients and origins of every protocol that cut, reset, hold back and reorder as they like.

Every request carries an id that the answer has to say; whoever gets an answer that is whole gets its own. What was
planted reaches no origin. Afterwards nothing is left open.
"""
import json
import os
import queue
import random
import socket
import ssl
import threading
import time

import h2.connection
import h2.exceptions
import pytest

from stoa_test import wire
from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.origin import IDLE, WAIT, Origin
from stoa_test.origin2 import Origin2
from stoa_test.pki import Authority
from stoa_test.sockets import SocketClient, SocketOrigin

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
SEED = int(os.environ.get("CHAOS_SEED", "7"))
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "12"))
CARD = "4111 1111 1111 1111"
GONE = (OSError, ssl.SSLError, wire.Closed, ValueError, IndexError, AssertionError, h2.exceptions.ProtocolError)
TEXT = ("text/plain; charset=utf-8",)


def answer_to(ident, size):
    """What only this request may be answered."""
    return f"<{ident}>".encode() * (1 + size // (len(ident) + 2))


def answer_by_the_old_way(request):
    ident = request.header("x-id")
    return "200 OK", [("X-Id", ident)], answer_to(ident, int(request.header("x-size")))


class Chaos1(Origin):
    """HTTP/1.1: answers, cuts before or within, closes after, says more than asked for."""

    def __init__(self, host, certificate, seed):
        self.dice = random.Random(seed)
        super().__init__(host, certificate)

    def _serve(self, sock):
        try:
            sock.settimeout(IDLE)
            sock = self.context.wrap_socket(sock, server_side=True)
            reader = wire.Reader(sock)
            self.readers.append(reader)
            while self._one(sock, reader.request()):
                pass
        except GONE:
            pass
        finally:
            sock.close()

    def _one(self, sock, request):
        """False: that was it."""
        body = answer_to(request.header("x-id"), int(request.header("x-size")))
        whole = wire.serialise("HTTP/1.1 200 OK", [("Content-Type", "text/plain"), ("X-Id", request.header("x-id"))],
                               body, self.dice.choice([0, 0, 100]))
        fate = self.dice.random()
        if fate < 0.06:
            return False
        if fate < 0.12:
            sock.sendall(whole[:self.dice.randrange(len(whole))])
            return False
        if fate < 0.18:
            sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole)
        elif fate < 0.24:
            sock.sendall(whole + answer_to("late", 50))  # unasked: whoever comes next must not see it
        else:
            sock.sendall(whole)
        return fate < 0.9


class Chaos2(Origin2):
    """HTTP/2: answers when and in which order it likes, resets, refuses, goes away, cuts."""

    def __init__(self, host, certificate, seed):
        self.dice, self.held, self.lock = random.Random(seed), [], threading.Lock()
        super().__init__(host, certificate)
        self.on_end, self.answer = self.roll, answer_by_the_old_way

    def full(self, request, trailers=()):
        body = answer_to(request.header("x-id"), int(request.header("x-size")))
        length = [("content-length", str(len(body)))] if self.dice.random() < 0.5 else []
        request.head(200, [("x-id", request.header("x-id")), *length])
        request.send(body, list(trailers))

    def release(self, session, most):
        """Some of what was held back on that session, in any order."""
        mine = [request for request in self.held if request.session is session and request.reset is None]
        self.dice.shuffle(mine)
        for request in mine[:most]:
            self.held.remove(request)
            self.full(request)

    def roll(self, request):
        with self.lock:
            fate, session = self.dice.random(), request.session
            if fate < 0.3 and len(self.held) < 30:
                self.held.append(request)
            elif fate < 0.36:
                request.cut(7)
            elif fate < 0.42:
                request.cut(self.dice.choice([1, 2, 8]))
            elif fate < 0.48:
                request.head(200, [("x-id", request.header("x-id"))])
                request.send(answer_to(request.header("x-id"), 20)[:7])
                request.cut(self.dice.choice([0, 2, 8]))
            elif fate < 0.51:
                session.h2.close_connection(0, last_stream_id=request.stream)
                session.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
                self.full(request)
            elif fate < 0.53:
                session.sock.shutdown(socket.SHUT_RDWR)
            else:
                self.full(request, [("x-sum", "1")] if fate < 0.7 else ())
            self.release(session, 3)


def chaos_socket(dice):
    def serve(peer, request):
        while (event := peer.hear())[0] in ("text", "binary"):
            if dice.random() < 0.1:
                return
            peer.say(event[1])
        if event[0] == "close":
            peer.shut(1000)
    return serve


class Storm:
    """What the clients do, and what became of it."""

    def __init__(self, gateway, origins, sockets):
        self.gateway, self.origins, self.sockets = gateway, origins, sockets
        self.lock, self.n, self.wrong, self.count = threading.Lock(), 0, [], {"whole": 0, "failed": 0, "blocked": 0}

    def ident(self, dice):
        with self.lock:
            self.n += 1
            return f"id{self.n}x{dice.randrange(1 << 30):08x}"

    def fields(self, ident, dice):
        return [("X-Id", ident), ("X-Size", str(dice.choice([0, 20, 3000, 70_000])))]

    def note(self, kind):
        with self.lock:
            self.count[kind] += 1

    def judge(self, ident, fields, status, said, body, planted):
        """An answer that is whole."""
        if status == 403:
            self.note("blocked")
            good = planted
        elif status == 200:
            self.note("whole")
            good = not planted and said == ident and body == answer_to(ident, int(fields[1][1]))
        else:
            self.note("failed")
            good = status in (502, 504)
        if not good or (status != 200 and b"<id" in body):
            self.wrong.append((ident, status, said, bytes(body[:60])))

    def request(self, dice):
        ident, planted = self.ident(dice), dice.random() < 0.2
        body = f"{'planted ' + ident + ' ' + CARD if planted else 'hello ' + ident} ".encode()
        return ident, planted, self.fields(ident, dice), body + b"word " * dice.choice([0, 1, 5000])

    def http1(self, dice):
        client = Client(self.gateway)
        try:
            client.open(dice.choice(self.origins).host)
            for _ in range(dice.randrange(1, 6)):
                ident, planted, fields, body = self.request(dice)
                client.send("POST", "/x", [*fields, ("Content-Type", TEXT[0])], body,
                            chunks=dice.choice([0, 0, 1000]))
                if dice.random() < 0.1:
                    return
                reply = client.get()
                self.judge(ident, fields, reply.status, reply.header("x-id"), reply.body, planted)
        except GONE:
            self.note("failed")
        finally:
            client.close()

    def http2(self, dice):
        client, asked = Client2(self.gateway), {}
        try:
            client.open(dice.choice(self.origins).host)
            for _ in range(dice.randrange(2, 9)):
                ident, planted, fields, body = self.request(dice)
                stream = client.start("POST", "/x", [(name.lower(), value) for name, value in fields] +
                                      [("content-type", TEXT[0])], end=False)
                asked[stream] = ident, fields, planted
                client.send(stream, body)
                if dice.random() < 0.2:
                    client.h2.reset_stream(stream, 8)
                    client.flush()
                    del asked[stream]
            self.gather(client, asked)
        except GONE:
            self.note("failed")
        finally:
            client.close()

    def is_held(self, ident):
        """An origin has it, and does not answer by itself."""
        return any(request.header("x-id") == ident for origin in self.origins[1:] for request in list(origin.held))

    def gather(self, client, asked):
        """All answers but those that an origin holds back: they are given up."""
        end = time.monotonic() + WAIT
        client.sock.settimeout(0.1)
        while asked and not client.ended and time.monotonic() < end:
            for stream, (ident, fields, planted) in list(asked.items()):
                answer = client.answers[stream]
                if answer.is_whole:
                    self.judge(ident, fields, answer.status, answer.header("x-id"), answer.body, planted)
                elif answer.reset is not None:
                    self.note("failed")
                else:
                    continue
                del asked[stream]
            if all(self.is_held(ident) for ident, _, _ in asked.values()):
                return
            try:
                client.read()
            except TimeoutError:
                pass  # and look again whether they are held

    def socket(self, dice):
        client = SocketClient(self.gateway, self.sockets, None)
        try:
            if client.open(extensions=dice.choice([None, "permessage-deflate"])).status != 101:
                return
            for _ in range(dice.randrange(1, 8)):
                ident, planted = self.ident(dice), dice.random() < 0.2
                client.peer.say(f"planted {ident} {CARD}" if planted else f"hello {ident}")
                event = client.peer.hear()
                if event[0] != "text":
                    self.note("blocked" if planted else "failed")
                    return
                if planted or event[1] != f"hello {ident}":
                    self.wrong.append((ident, *event))
                self.note("whole")
        except GONE:
            self.note("failed")
        finally:
            client.close()

    def run(self, seed, rounds):
        dice = random.Random(seed)
        for _ in range(rounds):
            dice.choice([self.http1, self.http2, self.http2, self.socket])(dice)


def worker_facts(gateway):
    facts = gateway.facts()
    return {name: int(facts[f"worker.0.counters.{name}"])
            for name in ("open", "sockets_open", "origins_idle", "origins_http2")}


def descriptors(gateway):
    return len(os.listdir(f"/proc/{gateway.children('worker')[0]}/fd"))


@pytest.fixture(scope="module")
def storm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chaos")
    authority = Authority(folder)
    origins = [Chaos1("one.test", authority.leaf(["one.test"]), SEED), Chaos2("two.test", authority.leaf(["two.test"]), SEED),
               Chaos2("three.test", authority.leaf(["three.test"]), SEED + 1)]
    sockets = SocketOrigin("sockets.test", authority.leaf(["sockets.test"]), serve=chaos_socket(random.Random(SEED)),
                           answer="permessage-deflate")
    gateway = Gateway(folder / "gateway", [*origins, sockets], [POLICY], trust=authority.path, more="limit: { answer: 60s }")
    with gateway:
        yield Storm(gateway, origins, sockets)
    for origin in (*origins, sockets):
        origin.close()


def test_everyone_gets_an_answer_of_their_own_and_nothing_is_left(storm):
    gateway = storm.gateway
    before, fds = worker_facts(gateway), descriptors(gateway)
    threads = [threading.Thread(target=storm.run, args=(SEED * 100 + i, ROUNDS)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not storm.wrong, storm.wrong[:5]
    assert storm.count["whole"] > 5 * ROUNDS and storm.count["blocked"] > 0, storm.count
    one, two, three = storm.origins
    plain = b"".join([one.received(), *two.received2, *three.received2])
    said = [event for peer in storm.sockets.seen for event in peer.events]
    assert b"planted" not in plain and CARD.encode() not in plain
    assert b"hello id" in plain and not [event for event in said if "planted" in str(event)]

    def later():
        gateway.clock(70)  # what waits to be used again waits no longer
        return worker_facts(gateway)
    assert settles(later, lambda facts: facts == before) == before
    assert settles(lambda: descriptors(gateway), lambda n: n <= fds) <= fds
    assert json.dumps(storm.count)
