# SPDX-License-Identifier: Apache-2.0
"""WebSocket peers for the tests: an origin that echoes or does as a test says, and a client that can be rude.

A codec of their own: a fault in the gateway's cannot hide in it, and python3-wsproto loses its place when a control
frame stands between compressed fragments.
"""
import base64
import codecs
import hashlib
import queue
import socket
import ssl
import struct
import threading
import zlib

from . import wire
from .client import Client
from .loopback import Server
from .origin import IDLE, WAIT

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def head(start, fields):
    return (start + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n").encode("latin-1")


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def unmask(payload, mask):
    many = int.from_bytes((mask * (len(payload) // 4 + 1))[:len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ many).to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, mask=b"\x37\xfa\x21\x3d", rsv=0):
    """mask None: a server's."""
    head = bytes([(0x80 if fin else 0) | rsv | opcode])
    bit = 0x80 if mask is not None else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    return head + payload if mask is None else head + mask + unmask(payload, mask)


class Broken(Exception):
    """The peer broke the rules; the argument is the code to close with."""


class Deflate:
    """permessage-deflate as agreed, both directions of one end (RFC 7692)."""

    def __init__(self, answer, is_client):
        words = dict(part.strip().partition("=")[::2] for part in answer.split(";")[1:])
        names = ("client", "server") if is_client else ("server", "client")
        self.bits = [int(words.get(f"{name}_max_window_bits") or 15) for name in names]  # ours, theirs
        self.forgets = [f"{name}_no_context_takeover" in words for name in names]
        self.packer = self.unpacker = None

    def pack(self, data, last):
        if self.packer is None:
            self.packer = zlib.compressobj(wbits=-self.bits[0])
        packed = self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        if not last:
            return packed
        if self.forgets[0]:
            self.packer = None
        return packed[:-4]

    def unpack(self, data, last):
        if self.unpacker is None:
            self.unpacker = zlib.decompressobj(wbits=-self.bits[1])
        try:
            plain = self.unpacker.decompress(data + (b"\0\0\xff\xff" if last else b""))
        except zlib.error:
            raise Broken(1007) from None
        if last and self.forgets[1]:
            self.unpacker = None
        return plain


class Peer:
    """One end after the handshake: what it says goes out at once; `hear` gives the next event that arrived."""

    def __init__(self, sock, is_client, agreed=None, first=b""):
        self.sock, self.is_client, self.events = sock, is_client, []
        self.deflate = Deflate(agreed, is_client) if agreed else None
        self.raw, self.buffer = bytearray(), b""
        self.begun = False  # a message of ours
        self.parts, self.opcode, self.packed = [], 0, False  # of theirs
        self._take(first)

    # ---- saying -----------------------------------------------------------------------------------------------

    def write(self, data, segment=0):
        for i in range(0, len(data), segment or max(1, len(data))):
            self.sock.sendall(data[i:i + (segment or len(data))])

    def frame(self, opcode, payload=b"", fin=True, rsv=0):
        return frame(opcode, payload, fin, b"\x37\xfa\x21\x3d" if self.is_client else None, rsv)

    def message(self, payload, fin=True):
        """The frame of a message or of its next fragment."""
        opcode = 0 if self.begun else 1 if isinstance(payload, str) else 2
        rsv = 0x40 if self.deflate and not self.begun else 0
        data = payload.encode() if isinstance(payload, str) else payload
        self.begun = not fin
        return self.frame(opcode, self.deflate.pack(data, fin) if self.deflate else data, fin, rsv)

    def say(self, payload, fin=True, segment=0):
        self.write(self.message(payload, fin), segment)

    def ping(self, payload=b""):
        self.write(self.frame(9, payload))

    def pong(self, payload=b""):
        self.write(self.frame(10, payload))

    def shut(self, code=1000, reason=""):
        self.write(self.frame(8, b"" if code is None else code.to_bytes(2, "big") + reason.encode()))

    # ---- hearing ----------------------------------------------------------------------------------------------

    def _take(self, data):
        self.raw += data
        self.buffer += data
        try:
            while self._frame():
                pass
        except Broken as broken:
            self.events.append(("broken", broken.args[0]))
            self.buffer = b""

    def _frame(self):
        """Takes one whole frame; False when there is none."""
        b = self.buffer
        if len(b) < 2:
            return False
        first, opcode, length, masked = b[0], b[0] & 15, b[1] & 127, b[1] >> 7
        control = opcode >= 8
        if opcode in (3, 4, 5, 6, 7) or opcode > 10 or masked == self.is_client or first & 0x30:
            raise Broken(1002)
        if control and (length > 125 or not first & 0x80) or (first & 0x40 and (control or not opcode or not self.deflate)):
            raise Broken(1002)
        if not control and (opcode == 0) != bool(self.opcode):
            raise Broken(1002)
        extra = {126: 2, 127: 8}.get(length, 0)
        at = 2 + extra + 4 * masked
        if extra:
            length = int.from_bytes(b[2:2 + extra], "big")
        if len(b) < at + length:
            return False
        payload, self.buffer = b[at:at + length], b[at + length:]
        if masked:
            payload = unmask(payload, b[at - 4:at])
        if control:
            self._control(opcode, payload)
        else:
            self._data(opcode, payload, first & 0x80, first & 0x40)
        return True

    def _data(self, opcode, payload, fin, packed):
        if opcode:
            self.opcode, self.packed, self.parts = opcode, bool(packed), []
        self.parts.append(self.deflate.unpack(payload, fin) if self.packed else payload)
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(b"".join(self.parts), bool(fin)) \
                if self.opcode == 1 else None
        except UnicodeDecodeError:
            raise Broken(1007) from None
        if fin:
            self.events.append(("text", text) if self.opcode == 1 else ("binary", b"".join(self.parts)))
            self.opcode = 0

    def _control(self, opcode, payload):
        if opcode != 8:
            self.events.append(("ping" if opcode == 9 else "pong", payload))
            return
        code = int.from_bytes(payload[:2], "big")
        if payload and (len(payload) == 1 or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999)):
            raise Broken(1002)
        try:
            self.events.append(("close", code if payload else 1005, payload[2:].decode()))
        except UnicodeDecodeError:
            raise Broken(1007) from None

    def hear(self):
        """The next event: (kind, …); ("end",) when the stream is over."""
        while not self.events:
            try:
                data = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                return ("end",)
            self._take(data)
        return self.events.pop(0)

    def drop(self):
        self.sock.close()


class SocketOrigin(Server):
    """serve(peer, request) runs in a thread of its own for every socket. answer: an extension header value, or a
    function from the request to the raw bytes of the whole answer."""

    alpn = ("http/1.1",)

    def __init__(self, host, certificate, serve=None, answer=None, protocol=None, address="127.0.0.1"):
        self.host, self.serve, self.answer, self.protocol = host, serve or echo, answer, protocol
        self.requests, self.peers, self.seen = queue.Queue(), queue.Queue(), []
        super().__init__(certificate, self.alpn, address)
        self.start()

    def _serve(self, sock):
        try:
            sock.settimeout(IDLE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
                if sock.selected_alpn_protocol() == "h2":
                    self._serve2(sock)
                    return
            reader = wire.Reader(sock)
            while True:
                request = reader.request()
                self.requests.put(request)
                if callable(self.answer):
                    sock.sendall(self.answer(request))
                    continue
                if request.header("upgrade") is None:
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                    continue
                self._switch(sock, reader, request)
                return
        except (wire.Closed, OSError, ValueError):
            pass
        finally:
            sock.close()

    def _switch(self, sock, reader, request):
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                  ("Sec-WebSocket-Accept", accept_of(request.header("sec-websocket-key")))]
        agreed = self.answer if "permessage-deflate" in (request.header("sec-websocket-extensions") or "") else None
        if agreed:
            fields.append(("Sec-WebSocket-Extensions", agreed))
        if self.protocol:
            fields.append(("Sec-WebSocket-Protocol", self.protocol))
        sock.sendall(head("HTTP/1.1 101 Switching Protocols", fields))
        peer = Peer(sock, False, agreed, bytes(reader.buffer))
        self.seen.append(peer)
        self.peers.put(peer)
        self.serve(peer, request)

    def received(self):
        """Every byte after a handshake, as it came: with masks."""
        return b"".join(bytes(peer.raw) for peer in self.seen)


def answer_to(peer, event):
    """What a test server does: messages come back, pings are answered, a close too. False: it is over."""
    if event[0] in ("text", "binary"):
        peer.say(event[1])
    elif event[0] == "ping":
        peer.pong(event[1])
    elif event[0] == "close":
        peer.shut(event[1] if event[1] != 1005 else None, event[2])
    elif event[0] == "broken":
        peer.shut(event[1])
    return event[0] not in ("close", "broken", "end")


def echo(peer, request):
    while answer_to(peer, peer.hear()):
        pass


def hold(peer, request):
    """The test speaks and listens for it (SocketOrigin.peers); the thread only keeps it alive."""
    done = threading.Event()
    peer.done = done.set
    done.wait(IDLE)


def handshake(path="/chat", host="", extensions=None, key=KEY, upgrade="websocket", more=()):
    fields = [("Host", host), ("Connection", "Upgrade"), ("Upgrade", upgrade), ("Sec-WebSocket-Version", "13")]
    if key is not None:
        fields.append(("Sec-WebSocket-Key", key))
    if extensions:
        fields.append(("Sec-WebSocket-Extensions", extensions))
    return head(f"GET {path} HTTP/1.1", fields + list(more))


class SocketClient:
    """gateway None: straight to the origin. `open` answers the reply; on 101 `peer` speaks."""

    def __init__(self, gateway, origin, trust, address="127.0.0.1"):
        self.gateway, self.origin, self.trust, self.address = gateway, origin, trust, address
        self.peer = None

    def open(self, path="/chat", **how):
        if self.gateway is not None:
            client = Client(self.gateway, self.address)
            assert client.open(self.origin.host).status == 200
            self.sock = client.sock
        else:
            context = ssl.create_default_context(cafile=str(self.trust))
            context.set_alpn_protocols(["http/1.1"])
            self.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", self.origin.port)),
                                            server_hostname=self.origin.host)
            self.sock.settimeout(WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(handshake(path, self.origin.host, **how))
        reader = wire.Reader(self.sock)
        reply = reader.head()
        if reply.status == 101:
            self.peer = Peer(self.sock, True, reply.header("sec-websocket-extensions"), bytes(reader.buffer))
        else:
            reader.body(reply, is_response=True)
        return reply

    def close(self):
        self.sock.close()

