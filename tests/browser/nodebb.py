# SPDX-License-Identifier: Apache-2.0
"""A real NodeBB forum (npm) on an own Redis, behind nginx with TLS and HTTP/2, all on loopback.

A test begins with a copy of the database that nodebb_setup.py left.
"""
import json
import shutil

import nodebb_setup
from nodebb_setup import HOST, NODE, SECRET, Redis
from servers import Nginx, Server
from stoa_test.gateway import free_port


def settings(redis, port, transports):
    return {"url": f"https://{HOST}", "secret": SECRET, "database": "redis", "port": port, "bind_address": "127.0.0.1",
            "redis": {"host": "127.0.0.1", "port": str(redis.port), "password": "", "database": "0"},
            "socket.io": {"transports": transports}}


class NodeBB:
    """transports: those of socket.io that it offers, in order."""

    def __init__(self, folder, certificate, transports):
        made = nodebb_setup.made()
        self.package = made / "package"
        self.folder = folder / "forum"
        self.folder.mkdir()
        shutil.copy(made / "seed" / "dump.rdb", self.folder)
        for old in (self.package / "public" / "uploads" / "files").iterdir():
            old.unlink()
        self.redis = Redis(self.folder)
        self.redis.ask("hset", "config", "eventLoopCheckEnabled", "0")  # a busy machine is no reason for its 503
        port = free_port()
        config = self.folder / "config.json"
        config.write_text(json.dumps(settings(self.redis, port, transports)))
        self.server = Server([NODE, "app", "--config", config], "NodeBB is now listening", cwd=self.package)
        self.front = Nginx(self.folder, HOST, certificate, free_port(),
                           f"location / {{ proxy_pass http://127.0.0.1:{port}; }}")
        self.port = self.front.port

    def upload(self, address):
        """The bytes of an uploaded file; address as the forum tells it, from /uploads on."""
        return (self.package / "public" / address.lstrip("/")).read_bytes()

    def close(self):
        self.front.close()
        self.server.close()
        self.redis.close()
