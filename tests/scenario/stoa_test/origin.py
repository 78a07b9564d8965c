# SPDX-License-Identifier: Apache-2.0
"""An origin on loopback: TLS or plain, one thread a connection; scripted by the test, or answering by itself."""
import queue
import socket

from . import wire
from .loopback import Server

WAIT = 60  # seconds without an event until a test that waits for one has failed; no measure of speed
IDLE = 3600  # an origin never ends a connection by itself because a test is slow


class Origin(Server):
    """answer: a function from a request to (status line rest, fields, body), or None: the test calls `answer_with`."""

    def __init__(self, host, certificate=None, answer=None, address="127.0.0.1", alpn=("http/1.1",)):
        self.host, self.answer = host, answer
        self.requests, self.answers = queue.Queue(), queue.Queue()
        self.seen, self.names, self.readers = b"", [], []
        super().__init__(certificate, alpn, address)
        if self.context is not None:
            self.context.sni_callback = lambda sock, name, context: self.names.append(name)
        self.start()

    def _serve(self, sock):
        try:
            sock.settimeout(IDLE)
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                if self._serve_tls(sock):
                    return
            reader = wire.Reader(sock)
            self.readers.append(reader)
            while True:
                request = reader.request()
                self.requests.put(request)
                if self.answer is not None:
                    status, fields, body = self.answer(request)
                    sock.sendall(wire.serialise(f"HTTP/1.1 {status}", fields, body))
                else:
                    reply = self.answers.get(timeout=IDLE)
                    if callable(reply):
                        reply(sock)
                    else:
                        sock.sendall(reply)
                if (request.header("connection") or "").lower() == "close":
                    break
        except (wire.Closed, OSError, queue.Empty, ValueError):
            pass
        finally:
            sock.close()

    def _serve_tls(self, sock):
        """Serves it some other way; False: it did not."""
        return False

    def gets(self):
        """The next request that arrived whole."""
        return self.requests.get(timeout=WAIT)

    def sends(self, status="200 OK", fields=(), body=b"", raw=None):
        self.answers.put(raw if raw is not None else wire.serialise(f"HTTP/1.1 {status}", list(fields), body))

    def received(self):
        """Every plain byte that any client ever sent."""
        return b"".join(reader.seen for reader in list(self.readers))


def echo(request):
    """An answer that says what came."""
    return "200 OK", [("Content-Type", "text/plain; charset=utf-8")], request.plain()[:65536] or b"hello"
