# SPDX-License-Identifier: Apache-2.0
"""Third-party servers as child processes on loopback: started, waited for by what they say, ended by pid."""
import os
import queue
import signal
import subprocess
import threading
import time

WAIT = 60


class Server:
    """words: the command. ready: what a line of its output has when it serves."""

    def __init__(self, words, ready, cwd=None, env=None):
        self.name, self.lines = words[0], []
        self._seen = queue.Queue()
        self.process = subprocess.Popen(
            [str(word) for word in words], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        threading.Thread(target=self._read, daemon=True).start()
        self._wait(ready)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._seen.put(line)
        self._seen.put(None)

    def _wait(self, ready):
        end = time.monotonic() + WAIT
        while True:
            try:
                line = self._seen.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.close()
                raise AssertionError(f"{self.name} did not start; it said:\n" + "".join(self.lines[-40:]))
            if ready in line:
                return

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


NGINX = """daemon off;
{user}worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; text/css css; text/javascript js; application/json json; image/svg+xml svg; image/png png;
             application/wasm wasm; font/woff2 woff2; }}
    client_max_body_size 64m;
    map $http_upgrade $hop {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        server_name {host};
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For 127.0.0.1;
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $hop;
        proxy_read_timeout 300s;
        add_header Content-Security-Policy "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:" always;
        {places}
    }}
}}
"""


class Nginx:
    """TLS with HTTP/2 in front of a server on loopback, WebSocket upgrades included. places: its location blocks.

    Pages may not load anything from elsewhere, fonts for example: a test stays on the machine.
    """

    def __init__(self, folder, host, certificate, port, places):
        self.folder, self.port = folder / "nginx", port
        self.folder.mkdir()
        config = self.folder / "nginx.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers are of a user who cannot enter the folder
        config.write_text(NGINX.format(folder=self.folder, host=host, certificate=certificate, port=port,
                                       places=places, user=user))
        self.server = Server(["/usr/sbin/nginx", "-e", "stderr", "-p", self.folder, "-c", config],
                             "start worker process ")

    def close(self):
        self.server.close()
