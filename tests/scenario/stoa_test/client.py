# SPDX-License-Identifier: Apache-2.0
"""A client of the gateway: CONNECT (or a connection that is brought there, see ways.py), TLS with the gateway's CA,
HTTP/1.1, from an address of its own."""
import socket
import ssl

from . import wire
from .origin import WAIT
from .ways import BROUGHT


class Client:
    """address: the loopback source address, which the gateway knows as a person. way: another one than the gateway's."""

    def __init__(self, gateway, address="127.0.0.1", way=None):
        self.gateway, self.address, self.way = gateway, address, way or gateway.way
        self.sock = self.reader = self.host = None
        self.certificate = None

    def dial(self, to=None):
        """A connection to (address, port); the explicit listener when not given."""
        to = to or (self.gateway.address, self.gateway.port)
        sock = socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET)
        sock.settimeout(WAIT)
        if ":" not in to[0]:
            sock.bind((self.address, 0))
        elif to[0] != "::1":
            sock.bind(("::1", 0))
        sock.connect(to)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def tunnel(self, host, port=443):
        """CONNECT; answers the reply. On 200 the raw socket is self.sock."""
        self.close()
        if self.way in BROUGHT:
            self.sock, self.host = self.dial((self.gateway.door.address, port)), host
            self.reader = wire.Reader(self.sock)
            return wire.Message("HTTP/1.1 200 Brought", [])
        self.sock = self.dial()
        self.sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        reader = wire.Reader(self.sock)
        reply = reader.head()
        if reply.status != 200:
            reader.body(reply, is_response=True)
        self.reader, self.host = reader, host
        return reply

    def open(self, host, port=443, sni=None, trust=None, context=None):
        """CONNECT and TLS; the client verifies what the gateway shows, as a browser would."""
        reply = self.tunnel(host, port)
        if reply.status != 200:
            return reply
        if context is None:
            context = ssl.create_default_context(cafile=str(trust or self.gateway.ca))
            context.set_alpn_protocols(["http/1.1"])
        self.sock = context.wrap_socket(self.sock, server_hostname=sni or host)
        self.certificate = self.sock.getpeercert()
        self.reader = wire.Reader(self.sock)
        return reply

    def plain(self, host):
        """A connection for absolute-form requests to http:// origins."""
        self.close()
        brought = (self.gateway.door.address, 80) if self.way in BROUGHT else None
        self.sock, self.host = self.dial(brought), host
        self.reader = wire.Reader(self.sock)

    def send(self, method, target, fields=(), body=b"", chunks=0, segment=0, host=None):
        """chunks: size of transfer chunks; segment: size of the writes on the socket."""
        fields = [("Host", host or self.host), *fields]
        if self.way in BROUGHT and target.startswith("http://"):
            target = "/" + target.split("/", 3)[3]
        message = wire.serialise(f"{method} {target} HTTP/1.1", list(fields), body, chunks)
        self.write(message, segment)

    def write(self, message, segment=0):
        if not segment:
            self.sock.sendall(message)
            return
        for i in range(0, len(message), segment):
            self.sock.sendall(message[i:i + segment])

    def get(self, to_head=False):
        return self.reader.response(to_head)

    def request(self, method, target, fields=(), body=b"", **how):
        self.send(method, target, fields, body, **how)
        return self.get(to_head=method == "HEAD")

    def close(self):
        if self.sock is not None:
            self.sock.close()
        self.sock = None
