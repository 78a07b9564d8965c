# SPDX-License-Identifier: Apache-2.0
"""H3, F4, F6 with other people's code: curl as the client, nginx and node as origins."""
import hashlib
import os
import shutil
import subprocess

import pytest

from stoa_test.gateway import ROOT, Gateway, free_port
from stoa_test.pki import Authority

POLICY = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
NGINX = """
daemon off; user root; worker_processes 1; error_log stderr; pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; http2_max_concurrent_streams 8; client_body_buffer_size 1k;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_certificate {leaf}; ssl_certificate_key {leaf}; root {folder};
    location /length {{ client_body_in_file_only clean; proxy_pass http://127.0.0.1:{inner}; }}
  }}
  server {{ listen 127.0.0.1:{inner}; location / {{ return 200 "$http_content_length $server_protocol"; }} }}
}}
"""
NODE = """
const fs = require('fs'), http2 = require('http2');
const pem = fs.readFileSync(process.argv[2]);
const server = http2.createSecureServer({ key: pem, cert: pem, allowHTTP1: false });
server.on('stream', (stream, headers) => {
  let length = 0;
  stream.on('error', () => {});
  stream.on('data', (piece) => { length += piece.length; });
  stream.on('end', () => {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
    stream.respond({ ':status': 200, 'x-length': String(length) }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
    stream.end(headers[':method'] + ' ' + headers[':path']);
  });
});
server.listen(Number(process.argv[3]), '127.0.0.1', () => console.log('ready'));
"""


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    authority = Authority(folder)
    free = set()
    while len(free) < 3:
        free.add(free_port())
    ports = dict(zip(("nginx.test", "node.test", "inner"), free))
    (folder / "large").write_bytes(os.urandom(5_000_000))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=ports["nginx.test"], inner=ports["inner"],
                                                    leaf=authority.leaf(["nginx.test"])))
    (folder / "node.js").write_text(NODE)
    nginx = subprocess.Popen([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", str(folder), "-c",
                              str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    node = subprocess.Popen(["node", str(folder / "node.js"), str(authority.leaf(["node.test"])),
                             str(ports["node.test"])], stdout=subprocess.PIPE)
    hosts = {host: f"127.0.0.1:{port}" for host, port in ports.items()}
    try:
        assert node.stdout.readline() == b"ready\n"
        with Gateway(folder / "gateway", [], [POLICY], trust=authority.path, hosts=hosts) as gateway:
            yield folder, gateway
    finally:
        for process in (nginx, node):
            process.terminate()
            process.wait()


def curl(gateway, *words):
    done = subprocess.run(["curl", "-sS", "--proxy", f"http://127.0.0.1:{gateway.port}", "--cacert", str(gateway.ca),
                           *words], capture_output=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
@pytest.mark.parametrize("host", ["nginx.test", "node.test"])
def test_H3_curl_gets_what_it_asks_for(peers, version, host):
    """Also HTTP/1.1 of an origin that takes HTTP/2 only, and says so with an alert."""
    got = curl(peers[1], version, "-d", "hello", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
               f"https://{host}/length")
    assert got == (b"2 200" if version == "--http2" else b"1.1 200")


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_F6_files_of_nginx_side_by_side(peers, version):
    """More than it takes streams; each whole."""
    folder, gateway = peers
    names = [f"{folder}/got{n}" for n in range(12)]
    words = [word for name in names for word in ("-o", name, "https://nginx.test/large")]
    curl(gateway, version, "--parallel", "--parallel-immediate", *words)
    want = hashlib.sha256((folder / "large").read_bytes()).digest()
    for name in names:
        assert hashlib.sha256(open(name, "rb").read()).digest() == want
    assert curl(gateway, version, "-r", "10-13", "https://nginx.test/large") == (folder / "large").read_bytes()[10:14]
    assert b"content-length: 5000000" in curl(gateway, version, "-I", "https://nginx.test/large").lower()


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
@pytest.mark.parametrize("host", ["nginx.test", "node.test"])
def test_F6_an_upload_of_20_mb(peers, version, host):
    folder, gateway = peers
    (folder / "up").write_bytes(b"words without a secret, again and again\n" * 500_000)
    got = curl(gateway, version, "-D", "-", "-H", "Content-Type: text/plain", "--data-binary", f"@{folder}/up",
               f"https://{host}/length").lower()
    assert b"20000000" in got if host == "nginx.test" else b"x-length: 20000000" in got


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_F4_trailers_and_hints_of_node(peers, version):
    got = curl(peers[1], version, "-D", "-", "-d", "x", "https://node.test/").lower()
    assert b" 103" in got and b"link: </a.css>" in got and b"x-sum: 42" in got
