# SPDX-License-Identifier: Apache-2.0
"""A server on loopback, TLS or plain, with a thread for each connection: what every origin of a test stands on."""
import socket
import ssl
import threading


class Server:
    """`_serve(sock)` has the connection, before any handshake. context: None without a certificate."""

    def __init__(self, certificate=None, alpn=("http/1.1",), address="127.0.0.1", buffers=0):
        self.context = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
            self.context.set_alpn_protocols(list(alpn))
        self.listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF) if buffers else ():
            self.listener.setsockopt(socket.SOL_SOCKET, option, buffers)
        self.port = self.listener.getsockname()[1]

    def start(self):
        """Once all that _serve needs is there."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def close(self):
        self.listener.close()
