# SPDX-License-Identifier: Apache-2.0
"""A real Prosody with Converse.js (npm) as its web client, behind nginx with TLS and HTTP/2, all on loopback.

One virtual host, rooms that keep what was said, and file sharing by HTTP PUT (XEP-0363).
"""
import third_party
from servers import Nginx, Server
from stoa_test.gateway import free_port

HOST, ROOM = "chat.test", "learning@rooms.chat.test"
PEOPLE = {"ana": "pelican-harbour-quiet-5120", "benno": "lantern-orchard-mild-6634"}

CONFIG = """
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{}}
run_as_root = true
daemonize = false
log = {{ info = "*console" }}
modules_enabled = {{
    "roster", "saslauth", "disco", "carbons", "ping", "pep", "mam", "smacks", "http", "websocket", "bosh" }}
modules_disabled = {{ "s2s", "offline" }}
c2s_ports = {{}}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
consider_websocket_secure = true
consider_bosh_secure = true
http_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {port} }}
https_ports = {{}}
http_default_host = "{host}"
trusted_proxies = {{ "127.0.0.1" }}

VirtualHost "{host}"

Component "rooms.{host}" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_log_by_default = true
    muc_room_locking = false
    muc_room_default_persistent = true
    muc_room_default_history_length = 20

Component "files.{host}" "http_file_share"
    http_host = "{host}"
    http_external_url = "https://{host}/"
    http_file_share_size_limit = 10 * 1024 * 1024
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chat</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/dist/converse.min.css">
<script type="module">
import "/dist/converse.min.js";
converse.initialize({{
    assets_path: "/dist/", {connection}, authentication: "login", auto_reconnect: true,
    auto_join_rooms: ["{room}"], muc_instant_rooms: true, muc_nickname_from_jid: true, view_mode: "fullscreen",
    discover_connection_methods: false, i18n: "en", persistent_store: "sessionStorage", play_sounds: false,
    show_desktop_notifications: false, allow_url_history_change: false, loglevel: "error",
}});
</script></head><body class="converse-fullscreen"></body></html>
"""
PLACES = """
location / {{ root {folder}/site; }}
location /dist/ {{ alias {dist}/; }}
location /xmpp-websocket {{ proxy_pass http://127.0.0.1:{port}; }}
location /http-bind {{ proxy_pass http://127.0.0.1:{port}; proxy_buffering off; }}
location /file_share {{ proxy_pass http://127.0.0.1:{port}; proxy_request_buffering off; }}
"""
CONNECTIONS = {"websocket": f'websocket_url: "wss://{HOST}/xmpp-websocket"',
               "bosh": f'bosh_service_url: "https://{HOST}/http-bind"'}


class Prosody:
    """transport: websocket or bosh, for its web client."""

    def __init__(self, folder, certificate, transport):
        made = third_party.tree("converse", "converse.js@14.0.0", lambda folder: None)
        self.folder = folder / "chat"
        accounts = self.folder / "data" / HOST.replace(".", "%2e") / "accounts"
        accounts.mkdir(parents=True)
        for person, password in PEOPLE.items():
            (accounts / f"{person}.dat").write_text(f'return {{ ["password"] = "{password}"; }};\n')
        (self.folder / "certs").mkdir()  # it looks for one beside its configuration
        site = self.folder / "site"
        site.mkdir()
        (site / "index.html").write_text(PAGE.format(connection=CONNECTIONS[transport], room=ROOM))
        port = free_port()
        config = self.folder / "prosody.cfg.lua"
        config.write_text(CONFIG.format(folder=self.folder, host=HOST, port=port))
        self.server = Server(["prosody", "-F", "--config", config], "Activated service 'http'")
        self.front = Nginx(self.folder, HOST, certificate, free_port(), PLACES.format(
            folder=self.folder, dist=made / "package" / "dist", port=port))
        self.port = self.front.port

    def everything(self):
        """Every byte that it stored: accounts, archives of the rooms, shared files."""
        return b"\0".join(path.read_bytes() for path in sorted((self.folder / "data").rglob("*")) if path.is_file())

    def close(self):
        self.front.close()
        self.server.close()
