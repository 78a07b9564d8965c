# SPDX-License-Identifier: Apache-2.0
"""An origin that speaks HTTP/2 too; python3-h2 keeps the state, this the socket. One thread a connection."""
import queue
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from .origin import WAIT, Origin, echo


class Request2:
    """One stream of a client: what came so far, and what is still to be sent."""

    def __init__(self, session, stream, fields):
        self.session, self.stream, self.fields = session, stream, fields
        self.body, self.trailers, self.is_whole, self.reset = bytearray(), [], False, None
        self.unsent, self.at, self.last = b"", 0, None  # last: trailers, or [] for an end; None: it goes on

    def header(self, name):
        return next((value for key, value in self.fields if key == name), None)

    @property
    def path(self):
        return self.header(":path")

    def head(self, status, fields=(), end=False):
        self.session.h2.send_headers(self.stream, [(":status", str(status)), *fields], end_stream=end)
        self.session.flush()

    def send(self, data, last=None):
        """As the windows allow."""
        self.unsent, self.at = self.unsent[self.at:] + data, 0
        self.last = last
        self.session.push(self)

    def cut(self, code):
        self.session.h2.reset_stream(self.stream, code)
        self.session.flush()


class Session:
    def __init__(self, origin, sock, settings):
        self.origin, self.sock, self.streams, self.goaway = origin, sock, {}, None
        self.left = threading.Event()  # the gateway has said GOAWAY
        self.widest = 0  # window that a stream had
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False, normalize_inbound_headers=False))
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values={
            **{setting: self.h2.local_settings[setting] for setting in self.h2.local_settings}, **settings})
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def push(self, request):
        if request.reset is not None or request.stream not in self.streams:
            return
        while request.at < len(request.unsent):
            room = min(self.h2.local_flow_control_window(request.stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                break
            self.h2.send_data(request.stream, request.unsent[request.at:request.at + room])
            request.at += room
        if request.at >= len(request.unsent) and request.last is not None:
            if request.last:
                self.h2.send_headers(request.stream, request.last, end_stream=True)
            else:
                self.h2.end_stream(request.stream)
            del self.streams[request.stream]
        self.flush()

    def run(self):
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            for event in self.h2.receive_data(data):
                self._take(event)
            self.flush()

    def _take(self, event):
        request = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RequestReceived):
            request = self.streams[event.stream_id] = Request2(self, event.stream_id, list(event.headers))
            self.origin.heads.put(request)
            self.origin.on_head(request)
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.origin.received2.append(event.data)
            if request is not None:
                request.body += event.data
                self.origin.on_data(request, event.data)
        elif isinstance(event, h2.events.TrailersReceived) and request is not None:
            request.trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded) and request is not None:
            request.is_whole = True
            self.origin.requests.put(request)
            self.origin.on_end(request)
        elif isinstance(event, h2.events.StreamReset) and request is not None:
            request.reset = int(event.error_code)
            del self.streams[event.stream_id]
            self.origin.resets.put(request)
        elif isinstance(event, h2.events.WindowUpdated):
            for waiting in list(self.streams.values()):
                self.widest = max(self.widest, self.h2.local_flow_control_window(waiting.stream))
                self.push(waiting)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = int(event.error_code)
            self.left.set()


class Origin2(Origin):
    """on_head, on_data, on_end: what to do with a request (Request2) then; by default on_end says what was sent.
    HTTP/1.1 is served as Origin does, with `answer`."""

    def __init__(self, host, certificate, answer=echo, alpn=("h2", "http/1.1"), settings=None, **more):
        self.heads, self.resets, self.sessions, self.received2 = queue.Queue(), queue.Queue(), [], []
        self.settings = settings or {}
        self.on_head = self.on_data = lambda *ignored: None
        self.on_end = self.reply
        super().__init__(host, certificate, answer, alpn=alpn, **more)

    def reply(self, request):
        request.head(200, [("content-type", "text/plain")])
        request.send(request.body or b"hello", [])

    def _serve_tls(self, sock):
        if sock.selected_alpn_protocol() != "h2":
            return False
        try:
            session = Session(self, sock, self.settings)
            self.sessions.append(session)
            session.run()
        except (OSError, ssl.SSLError, h2.exceptions.ProtocolError):
            pass
        finally:
            sock.close()
        return True

    def begins(self):
        """The next request whose head came."""
        return self.heads.get(timeout=WAIT)

    def is_reset(self):
        return self.resets.get(timeout=WAIT)

    def calm(self):
        """Forgets what an earlier test left over."""
        for waiting in (self.requests, self.answers, self.heads, self.resets):
            while not waiting.empty():
                waiting.get()
        self.on_head = self.on_data = lambda *ignored: None
        self.on_end, self.answer = self.reply, echo
        return self
