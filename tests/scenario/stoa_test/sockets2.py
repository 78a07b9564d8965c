# SPDX-License-Identifier: Apache-2.0
"""WebSocket peers on streams of HTTP/2 (RFC 8441): an origin that echoes, and a client."""
import queue
import socket

import h2.exceptions
import h2.settings

from .client2 import Client2
from .origin2 import Session
from .sockets import Peer, SocketOrigin, answer_to

CONNECT = h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL


class Out:
    """Peer's socket on an origin's stream; what comes is given to the peer by on_data."""

    def __init__(self, request):
        self.request = request

    def sendall(self, data):
        self.request.send(data)


class SocketOrigin2(SocketOrigin):
    """offers: it takes WebSockets on streams; insists: it takes nothing else. By HTTP/1.1 it is a SocketOrigin.
    on_message: instead of an echo."""

    ALERT = bytes.fromhex("15030300020278")  # fatal, no_application_protocol

    def __init__(self, *words, offers=True, refuses=None, insists=False, **more):
        self.insists, self.alpn = insists, ("h2",) if insists else ("h2", "http/1.1")
        self.settings = {CONNECT: 1} if offers else {}
        self.refuses, self.on_message = refuses, answer_to
        self.heads, self.resets, self.received2 = queue.Queue(), queue.Queue(), []
        super().__init__(*words, **more)

    def _serve(self, sock):
        if not self.insists or b"\x02h2" in sock.recv(16384, socket.MSG_PEEK):
            super()._serve(sock)
            return
        sock.sendall(self.ALERT)  # Python's own server would go on without a protocol
        sock.close()

    def _serve2(self, sock):
        try:
            Session(self, sock, self.settings).run()
        except h2.exceptions.ProtocolError:
            pass

    def on_head(self, request):
        request.peer = None
        if request.header(":protocol") is None:
            return
        if self.refuses:
            request.head(self.refuses, end=True)
            return
        agreed = self.answer if "permessage-deflate" in (request.header("sec-websocket-extensions") or "") else None
        request.head(200, [("sec-websocket-extensions", agreed)] if agreed else [])
        request.peer = Peer(Out(request), False, agreed)
        self.peers.put(request.peer)

    def on_data(self, request, data):
        if request.peer is None:
            return
        request.peer._take(data)
        while request.peer.events:
            if not self.on_message(request.peer, request.peer.events.pop(0)):
                request.send(b"", [])
                request.peer = None
                return

    def on_end(self, request):
        if request.header(":protocol") is None:
            request.head(200, [("content-type", "text/plain")])
            request.send(b"hello", [])


class In:
    """Peer's socket on a client's stream."""

    def __init__(self, client, stream):
        self.client, self.stream, self.at = client, stream, 0

    def sendall(self, data):
        self.client.send(self.stream, data, end=False)

    def recv(self, size):
        answer = self.client.answers[self.stream]
        self.client.wait(until=lambda: len(answer.body) > self.at or answer.is_whole or answer.reset is not None)
        data, self.at = bytes(answer.body[self.at:]), len(answer.body)
        return data

    def close(self):
        self.client.h2.reset_stream(self.stream)
        self.client.flush()


class SocketClient2(Client2):
    def learns_of_sockets(self, host):
        """Opens the connection; a first request makes the origin known. Is RFC 8441 offered then?"""
        assert self.open(host) == "h2"
        assert self.request("GET", "/").status == 200
        assert self.request("GET", "/").status == 200
        return self.h2.remote_settings.enable_connect_protocol == 1

    def socket(self, path="/chat", extensions=None, protocol="websocket", more=(), version="13", end=False):
        """Answers the stream; `peer` speaks on it when it was opened."""
        fields = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":path", path),
                  (":authority", self.host), *([("sec-websocket-version", version)] if version else []), *more]
        if extensions:
            fields.append(("sec-websocket-extensions", extensions))
        stream = self.start(None, None, raw=fields, end=end)
        answer = self.answers[stream]
        self.wait(until=lambda: answer.status is not None or answer.reset is not None)
        self.peer = Peer(In(self, stream), True, answer.header("sec-websocket-extensions")) if answer.status == 200 \
            else None
        return answer
