# SPDX-License-Identifier: Apache-2.0
"""Both ends of one exchange in the hands of the test: it takes and sends every piece itself, so the order is its own."""
import queue
import socket
import struct

from . import wire
from .client import Client
from .client2 import Client2
from .loopback import Server
from .origin import IDLE, WAIT


def break_off(sock):
    """Its close will be a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Peer:
    """One connection as the origin has it."""

    def __init__(self, sock):
        self.sock, self.reader = sock, wire.Reader(sock)

    def head(self):
        return self.reader.head()

    def take(self, count):
        return self.reader.take(count)

    def chunk(self):
        size = int(self.reader.line(), 16)
        data = self.reader.take(size)
        self.reader.line()
        return data

    def until(self, mark=b"\0no such thing\0"):
        """Everything until the other side has ended, or those bytes have come."""
        try:
            while mark not in self.reader.buffer:
                self.reader._more()
        except wire.Closed:
            pass
        return self.reader.buffer

    def sends(self, data):
        self.sock.sendall(data)

    def close(self):
        self.sock.close()

    def breaks(self):
        """Closes with a reset."""
        break_off(self.sock)
        self.sock.close()


class Stage(Server):
    """An origin that hands every connection to the test, once a byte of a request has come on it."""

    def __init__(self, host, certificate=None, buffers=0):
        self.host, self.peers = host, queue.Queue()
        super().__init__(certificate, buffers=buffers)
        self.start()

    def _serve(self, sock):
        sock.settimeout(IDLE)  # the gateway opens connections ahead of need, and keeps them
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            peer = Peer(self.context.wrap_socket(sock, server_side=True) if self.context is not None else sock)
            peer.reader._more()
        except (OSError, wire.Closed):
            sock.close()
            return
        peer.sock.settimeout(WAIT)
        self.peers.put(peer)

    def peer(self):
        return self.peers.get(timeout=WAIT)


class Exchange1:
    """One exchange of an HTTP/1.1 client; what came so far is in status, fields and body."""

    def __init__(self, gateway, host, address="127.0.0.1"):
        self.client = Client(gateway, address)
        assert self.client.open(host).status == 200
        self.raw, self.rest, self.body = b"", b"", b""
        self.status, self.fields, self.is_whole, self.ended, self.is_chunked, self.left = None, {}, False, False, False, None
        self.interim, self.trailers, self.method = [], [], None

    def start(self, method, path, fields=(), end=True):
        self.method = method
        fields = [("Host", self.client.host), *fields]
        names = [name.lower() for name, _ in fields]
        self.cuts = not end and "content-length" not in names
        if self.cuts:
            fields.append(("Transfer-Encoding", "chunked"))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"
        self.client.sock.sendall(head.encode())

    def send(self, data, end=False):
        """Answers how much was taken: less than all of it when the gateway has ended."""
        piece = b"%x\r\n%s\r\n" % (len(data), data) if self.cuts and data else data
        try:
            self.client.sock.sendall(piece + (b"0\r\n\r\n" if self.cuts and end else b""))
        except OSError:
            return 0
        return len(data)

    def ends(self, trailers):
        """The last chunk and what stands behind it."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        self.client.sock.sendall(f"0\r\n{fields}\r\n".encode())

    def _head(self):
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status, fields = int(lines[0].split(" ")[1]), {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        if status < 200:
            self.interim.append(status)
            return
        self.status, self.fields = status, fields
        self.is_chunked = "chunked" in fields.get("transfer-encoding", "")
        self.left = int(fields["content-length"]) if "content-length" in fields else None
        if self.method == "HEAD" or status in (204, 304):
            self.left, self.is_chunked = 0, False

    def _chunks(self):
        while b"\r\n" in self.rest and not self.is_whole:
            size, rest = self.rest.split(b"\r\n", 1)
            count = int(size.split(b";")[0], 16)
            if count == 0:
                self._trailers(rest)
                return
            if len(rest) < count + 2:
                return
            self.body, self.rest = self.body + rest[:count], rest[count + 2:]

    def _trailers(self, rest):
        last, end, behind = (b"\r\n" + rest).partition(b"\r\n\r\n")
        if end:
            self.trailers = [tuple(line.split(": ", 1)) for line in last.decode("latin-1").split("\r\n")[1:]]
            self.rest, self.is_whole = behind, True

    def read(self):
        try:
            data = self.client.sock.recv(65536)
        except OSError:
            data = b""
        self.ended = not data
        self.raw += data
        self.rest += data
        while self.status is None and b"\r\n\r\n" in self.rest:
            self._head()
        if self.status is None:
            return
        if self.is_chunked:
            self._chunks()
        else:
            self.body, self.rest = self.body + self.rest, b""
            self.is_whole = self.ended if self.left is None else len(self.body) >= self.left

    def until(self, condition):
        while not condition() and not self.ended:
            self.read()
        assert condition(), ("the gateway ended before", self.status, self.body[:200])
        return self

    def whole(self):
        return self.until(lambda: self.is_whole)

    def drained(self):
        """Takes a body with a length without keeping it; answers its bytes."""
        self.until(lambda: self.status is not None)
        got = len(self.body)
        while got < self.left and (data := self.client.sock.recv(65536)):
            got += len(data)
        return got

    def close(self):
        self.client.close()


class Exchange2:
    """The same on a stream of HTTP/2."""

    def __init__(self, gateway, host, address="127.0.0.1"):
        self.client = Client2(gateway, address)
        assert self.client.open(host) == "h2"
        self.stream = None

    def start(self, method, path, fields=(), end=True):
        self.stream = self.client.start(method, path, [(n.lower(), v) for n, v in fields], end=end)

    def send(self, data, end=False, piece=16384):
        if self.answer.reset is not None:
            return 0
        return self.client.send(self.stream, data, end=end, piece=piece)

    def ends(self, trailers):
        self.client.send(self.stream, b"", trailers=trailers)

    @property
    def answer(self):
        return self.client.answers[self.stream]

    @property
    def status(self):
        return self.answer.status

    @property
    def interim(self):
        return [int(head[":status"]) for head in self.answer.interim]

    @property
    def fields(self):
        return dict(self.answer.fields)

    @property
    def body(self):
        return self.answer.body

    @property
    def trailers(self):
        return self.answer.trailers

    @property
    def is_whole(self):
        return self.answer.is_whole

    def until(self, condition):
        self.client.wait(until=lambda: condition() or self.answer.reset is not None)
        assert condition(), ("a reset came before", self.status, self.body[:200], self.answer.reset)
        return self

    def whole(self):
        return self.until(lambda: self.is_whole)

    def drained(self):
        got = 0
        while not self.is_whole and not self.client.ended and self.answer.reset is None:
            self.client.read()
            got += len(self.answer.body)
            self.answer.body = bytearray()
        return got

    def close(self):
        self.client.close()


EXCHANGES = {"h1": Exchange1, "h2": Exchange2}
