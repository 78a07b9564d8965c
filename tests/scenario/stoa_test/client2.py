# SPDX-License-Identifier: Apache-2.0
"""A client of the explicit proxy that speaks HTTP/2 in the tunnel; python3-h2 keeps the state, this the socket."""
import socket
import ssl

import h2.config
import h2.connection
import h2.events
import h2.settings

from .client import Client
from .origin import WAIT


class Answer:
    """What came on a stream so far."""

    def __init__(self):
        self.status, self.fields, self.body, self.trailers = None, [], bytearray(), []  # 20 MB in pieces are no 20 s
        self.interim, self.is_whole, self.reset = [], False, None

    def header(self, name):
        return next((value for key, value in self.fields if key == name), None)


class Connection(h2.connection.H2Connection):
    """Streams go on after GOAWAY (RFC 9113 §6.8); python3-h2 takes it for the end."""

    def _receive_goaway_frame(self, frame):
        event = h2.events.ConnectionTerminated()
        event.error_code = frame.error_code
        return [], [event]


class Client2:
    """open() connects; request() is one stream from end to end, start() and wait() are its parts."""

    def __init__(self, gateway, address="127.0.0.1"):
        self.gateway, self.address = gateway, address
        self.host = self.sock = self.goaway = None
        self.answers, self.ended, self.pongs = {}, False, 0

    def open(self, host, alpn=("h2",), validate=True):
        """Answers the protocol that was agreed on."""
        tunnel = Client(self.gateway, self.address)
        assert tunnel.tunnel(host).status == 200
        context = ssl.create_default_context(cafile=str(self.gateway.ca))
        context.set_alpn_protocols(list(alpn))
        self.sock = context.wrap_socket(tunnel.sock, server_hostname=host)
        self.host = host
        protocol = self.sock.selected_alpn_protocol()
        if protocol == "h2":
            self.h2 = Connection(h2.config.H2Configuration(
                client_side=True, header_encoding="latin-1", validate_outbound_headers=validate,
                normalize_outbound_headers=validate))
            self.h2.initiate_connection()
            self.h2.update_settings({h2.settings.SettingCodes.ENABLE_PUSH: 0})
            self.flush()
        return protocol

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def head(self, method, path, fields=(), authority=None, scheme="https"):
        return [(":method", method), (":authority", authority or self.host), (":scheme", scheme), (":path", path),
                *fields]

    def start(self, method, path, fields=(), end=True, authority=None, raw=None):
        """raw: the whole header list."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, raw or self.head(method, path, fields, authority), end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=True, piece=16384, trailers=None):
        """With the windows' consent; answers are read meanwhile."""
        at = 0
        while at < len(data):
            room = min(piece, self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0:
                self.read()
                if self.answers[stream].reset is not None or self.ended:
                    return at
                continue
            self.h2.send_data(stream, data[at:at + room])
            at += room
            self.flush()
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        elif end:
            self.h2.end_stream(stream)
        self.flush()
        return at

    def read(self, credit=True):
        """What the socket has, at least something."""
        try:
            data = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.ended = True
            return
        for event in self.h2.receive_data(data):
            self._take(event, credit)
        self.flush_quietly()

    def peek(self):
        """As read, but when the socket had nothing for HTTP/2 (a session ticket), there is nothing."""
        self.sock.settimeout(0.01)
        try:
            self.read()
        except TimeoutError:
            pass
        self.sock.settimeout(WAIT)

    def flush_quietly(self):
        try:
            self.flush()
        except (ConnectionError, ssl.SSLError, BrokenPipeError):
            self.ended = True

    def _take(self, event, credit):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(dict(event.headers))
        elif isinstance(event, h2.events.ResponseReceived):
            answer.fields = [(name, value) for name, value in event.headers]
            answer.status = int(answer.header(":status"))
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            if credit and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            answer.is_whole = True
        elif isinstance(event, h2.events.StreamReset):
            if answer is not None:
                answer.reset = int(event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = int(event.error_code)
        elif isinstance(event, h2.events.PingAckReceived):
            self.pongs += 1

    def wait(self, *streams, until=None):
        """Until those have their answers, or a reset; `until`: another condition. Only silence is a failure."""
        self.sock.settimeout(WAIT)

        def done():
            if until is not None:
                return until()
            return all(self.answers[s].is_whole or self.answers[s].reset is not None for s in streams)
        while not done() and not self.ended:
            self.read()
        return self.answers[streams[0]] if streams else None

    def request(self, method, path, fields=(), body=b"", authority=None, piece=16384, trailers=None):
        stream = self.start(method, path, fields, end=not body and not trailers, authority=authority)
        if body or trailers:
            self.send(stream, body, piece=piece, trailers=trailers)
        return self.wait(stream)

    def close(self):
        if self.sock is not None:
            self.sock.close()
        self.sock = None


def raw_frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


__all__ = ["Answer", "Client2", "raw_frame", "socket"]
