# SPDX-License-Identifier: Apache-2.0
"""A name server on loopback: A records from a dict, NXDOMAIN for the rest, and silence when it is told so."""
import ipaddress
import socket
import threading


class NameServer:
    def __init__(self, names):
        self.names, self.is_silent, self.asked = dict(names), False, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.at = f"127.0.0.1:{self.sock.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                query, source = self.sock.recvfrom(4096)
            except OSError:
                return
            if not self.is_silent:
                self.sock.sendto(self._answer(query), source)

    def _answer(self, query):
        """RFC 1035 §4.1: one question; its name is pointed at by the answer."""
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, kind = ".".join(labels).lower(), int.from_bytes(query[at + 1:at + 3], "big")
        self.asked.append(name)
        known = name in self.names
        found = [self.names[name]] if known and kind == 1 else []
        head = query[:2] + bytes([0x81, 0x80 if known else 0x83]) + b"\0\1" + len(found).to_bytes(2, "big") + bytes(4)
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ipaddress.IPv4Address(one).packed for one in found)
        return head + query[12:at + 5] + records

    def close(self):
        self.sock.close()
