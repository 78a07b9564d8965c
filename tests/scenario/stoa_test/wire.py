# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 on a socket, as little as the tests need; everything received is kept, byte for byte."""
import zlib


class Closed(Exception):
    """The peer closed in the middle of a message."""


class Message:
    """A start line, header fields in order, a body (transfer coding taken off)."""

    def __init__(self, start, fields, body=b""):
        self.start, self.fields, self.body = start, fields, body

    def header(self, name):
        for key, value in self.fields:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def status(self):
        return int(self.start.split(" ", 2)[1])

    @property
    def method(self):
        return self.start.split(" ", 1)[0]

    @property
    def target(self):
        return self.start.split(" ", 2)[1]

    def plain(self):
        """The body without content coding."""
        coding = (self.header("content-encoding") or "").lower()
        if coding in ("gzip", "x-gzip"):
            return zlib.decompress(self.body, 31)
        if coding == "deflate":
            return zlib.decompress(self.body)
        return self.body


class Reader:
    """Reads messages from a socket; `seen` is every byte that came."""

    def __init__(self, sock):
        self.sock, self.buffer, self.seen = sock, b"", bytearray()

    def _more(self):
        try:
            got = self.sock.recv(65536)
        except (ConnectionError, OSError) as error:
            raise Closed(str(error)) from error
        if not got:
            raise Closed("end of stream")
        self.buffer += got
        self.seen += got

    def line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def take(self, count):
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def head(self):
        start = self.line()
        fields = []
        while (line := self.line()):
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))
        return Message(start, fields)

    def body(self, message, is_response=False, to_head=False):
        if is_response and (to_head or message.status in (204, 304) or message.status < 200):
            return
        if (message.header("transfer-encoding") or "").lower() == "chunked":
            while (size := int(self.line().split(";")[0], 16)):
                message.body += self.take(size)
                self.line()
            while self.line():
                pass
        elif message.header("content-length") is not None:
            message.body = self.take(int(message.header("content-length")))
        elif is_response:
            try:
                while True:
                    self._more()
            except Closed:
                message.body, self.buffer = self.buffer, b""

    def request(self):
        message = self.head()
        self.body(message)
        return message

    def response(self, to_head=False):
        message = self.head()
        while 100 <= message.status < 200 and message.status != 101:
            message = self.head()
        self.body(message, is_response=True, to_head=to_head)
        return message


def serialise(start, fields, body=b"", chunks=0):
    """The bytes of a message; chunks > 0: transfer coding in chunks of that size."""
    names = [name.lower() for name, _ in fields]
    if chunks:
        fields = fields + [("Transfer-Encoding", "chunked")]
    elif "content-length" not in names and (body or not start.startswith(("GET ", "HEAD ", "CONNECT "))):
        fields = fields + [("Content-Length", str(len(body)))]
    head = start + "\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n"
    if chunks:
        pieces = [body[i:i + chunks] for i in range(0, len(body), chunks)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return head.encode("latin-1") + body
