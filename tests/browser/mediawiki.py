# SPDX-License-Identifier: Apache-2.0
"""A real MediaWiki (Debian's package, SQLite, PHP's own server) behind TLS on loopback."""
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from stoa_test.loopback import Server

SOURCE = Path("/usr/share/mediawiki")
USER, PASSWORD = "Ana", "correct-horse-battery-7391"


def pump(source, target):
    """Bytes from one socket to another until the end."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for sock in (source, target):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class TlsFront(Server):
    """Terminates TLS and hands plain bytes to a port on loopback; keeps all that came in."""

    def __init__(self, certificate, backend_port):
        super().__init__(certificate)
        self.backend_port = backend_port
        self.start()

    def _serve(self, sock):
        try:
            client = self.context.wrap_socket(sock, server_side=True)
            backend = socket.create_connection(("127.0.0.1", self.backend_port))
        except OSError:
            sock.close()
            return
        threading.Thread(target=pump, args=(backend, client), daemon=True).start()
        pump(client, backend)


class MediaWiki:
    """host: the name under which browsers reach it, with TLS on front.port."""

    def __init__(self, folder, host, certificate):
        self.folder, self.host = Path(folder) / "wiki", host
        self.database = Path(folder) / "db"
        self.database.mkdir()
        shutil.copytree(SOURCE, self.folder, symlinks=False, ignore_dangling_symlinks=True,
                        ignore=shutil.ignore_patterns("LocalSettings.php"))
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        subprocess.run(
            ["php", "maintenance/install.php", "--dbtype", "sqlite", "--dbpath", str(self.database), "--dbname", "wiki",
             "--server", f"https://{host}", "--scriptpath", "", "--pass", PASSWORD, "TestWiki", USER],
            cwd=self.folder, check=True, capture_output=True, timeout=120)
        with (self.folder / "LocalSettings.php").open("a") as settings:
            settings.write("\n$wgEnableUploads = true;\n$wgMainCacheType = CACHE_NONE;\n")
        self.server = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{self.port}", "-t", str(self.folder)], cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"})
        self._wait()
        self.front = TlsFront(certificate, self.port)

    def _wait(self):
        """Until PHP listens: it says nothing when it does, so the port is asked."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self.server.poll() is None, "php -S ended"
        raise AssertionError("php -S does not listen")

    def texts(self):
        """Every text that is stored in the wiki's database."""
        with sqlite3.connect(self.database / "wiki.sqlite") as connection:
            rows = connection.execute("select old_text from text").fetchall()
        return [row[0] if isinstance(row[0], str) else row[0].decode("utf-8", "replace") for row in rows]

    def everything(self):
        """Every byte of its database."""
        return b"".join(path.read_bytes() for path in self.database.iterdir() if path.is_file())

    def close(self):
        self.front.close()
        os.killpg(self.server.pid, signal.SIGTERM)  # its workers do not end with it
        self.server.wait(timeout=20)
