# SPDX-License-Identifier: Apache-2.0
"""An upload is followed from its announcement to the store that its bytes go to, and no further."""
import json
import socket
import ssl

import pytest

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

POLICY = """version: 1
policy: uploads
owner: security@example.com
description: Account numbers do not leave.
applies_to:
  platforms: [discord, slack, linkedin, github, chatgpt]
inspect:
  open: true
rules:
  - id: accounts
    when: { finding: [pii.iban] }
    then: block
    message: { en: Not with an account number. }
---
"""
CLOSED = """version: 1
policy: closed
owner: security@example.com
description: This store is left alone.
applies_to:
  hosts: ["closed.test"]
route: pass
"""
IBAN = b"the account is DE89 3704 0044 0532 0130 00, thank you"
JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
# platform host, how an upload is announced there, and the answer with the address in its place
ANNOUNCED = {
    "discord.com": ("/api/v9/channels/81/attachments", JSON, {"files": [{"filename": "a.txt", "file_size": 5, "id": "1"}]},
                    lambda url: {"attachments": [{"id": 1, "upload_url": url, "upload_filename": "u/a.txt"}]}),
    "acme.slack.com": ("/api/files.getUploadURLExternal", FORM, "filename=a.txt&length=5",
                       lambda url: {"ok": True, "upload_url": url, "file_id": "F1"}),
    "www.linkedin.com": ("/voyager/api/voyagerVideoDashMediaUploadMetadata?action=upload", JSON,
                         {"mediaUploadType": "IMAGE_SHARING", "fileSize": 5, "filename": "a.txt"},
                         lambda url: {"data": {"value": {"urn": "urn:li:a:1", "singleUploadUrl": url}}}),
    "github.com": ("/upload/policies/assets", FORM, "name=a.txt&size=5&content_type=text%2Fplain&repository_id=1",
                   lambda url: {"upload_url": url, "asset": {"id": 7, "href": "https://github.com/x", "name": "a.txt"}}),
    "chatgpt.com": ("/backend-api/files", JSON, {"file_name": "a.txt", "file_size": 5, "use_case": "my_files"},
                    lambda url: {"status": "success", "file_id": "file-1", "upload_url": url}),
}


class House:
    def __init__(self, folder):
        self.authority = Authority(folder)
        self.url = None
        self.platforms = {host: Origin(host, self.authority.leaf([host]), self._announce) for host in ANNOUNCED}
        self.stores = {host: Origin(host, self.authority.leaf([host]), echo)
                       for host in ("store.test", "other.test", "closed.test")}
        policies = []
        for name, text in (("uploads", POLICY.split("---")[0]), ("closed", CLOSED)):
            policies.append(folder / f"{name}.policy.yaml")
            policies[-1].write_text(text)
        self.gateway = Gateway(folder / "gateway", [*self.platforms.values(), *self.stores.values()], policies, workers=2,
                               trust=self.authority.path)

    def _announce(self, request):
        host = request.header("host")
        body = json.dumps(ANNOUNCED[host][3](self.url)).encode() if self.url else b"{}"
        return "200 OK", [("Content-Type", JSON)], body

    def announce(self, url, host="discord.com"):
        self.url = url
        path, kind, body, _ = ANNOUNCED[host]
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        client = Client(self.gateway)
        assert client.open(host).status == 200
        answer = client.request("POST", path, [("content-type", kind)], body)
        client.close()
        assert answer.status == 200 and answer.body
        return self

    def is_opened(self, host):
        """Whose certificate does a client see: the gateway's, or the store's own?"""
        client = Client(self.gateway)
        client.tunnel(host)
        context = ssl.create_default_context(cafile=str(self.gateway.ca))
        try:
            context.wrap_socket(client.sock, server_hostname=host).close()
            return True
        except ssl.SSLCertVerificationError:
            return False
        finally:
            client.close()

    def put(self, path, body, host="store.test", way=Client, method="PUT", kind=TEXT):
        client = way(self.gateway)
        client.open(host)
        answer = client.request(method, path, [("content-type", kind)], body)
        client.close()
        return answer

    def left(self, host="store.test"):
        return self.stores[host].received()

    def total(self, name):
        return sum(self.gateway.counts(name))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("transfers"))
    with house.gateway:
        yield house
    for origin in (*house.platforms.values(), *house.stores.values()):
        origin.close()


@pytest.mark.parametrize("host", ANNOUNCED)
def test_the_bytes_of_an_announced_upload_are_judged_as_the_platforms(house, host):
    path = f"/{host}/a.txt"
    house.announce(f"https://store.test{path}?signature=x", host)
    refused = house.put(path + "?signature=x", IBAN)
    assert refused.status == 403 and b"Not with an account number." in refused.body
    assert refused.header("content-type").startswith("text/plain")
    assert b"0532" not in house.left()
    clean = house.put(path + "?signature=x", b"nothing to see")
    assert clean.status == 200 and clean.body == b"nothing to see"  # the same address again, and it arrived
    platform = host.removeprefix("acme.").removeprefix("www.").split(".")[0]
    house.gateway.wait_written()
    details = [record for record in house.gateway.opened("someone") if record["kind"] == "decision"][-1]["details"]
    assert (details["platform"], details["activity"], details["verdict"]) == (platform, "upload", "block"), details
    assert not house.gateway.has_written("DE89 3704 0044 0532 0130 00")


@pytest.mark.parametrize("way", [Client, Client2])
def test_what_goes_elsewhere_on_that_host_passes_unread(house, way):
    house.announce("https://store.test/ours/b.txt")
    assert house.is_opened("store.test")
    other = house.put("/theirs/b.txt", IBAN + way.__name__.encode(), way=way)
    assert other.status == 200 and other.body == IBAN + way.__name__.encode()
    assert house.put("/ours/b.txt", IBAN, way=way).status == 403


def test_only_the_host_that_was_named_is_opened_and_for_a_time(house):
    assert not house.is_opened("other.test")
    house.announce("https://other.test/c.txt")
    assert house.is_opened("other.test")
    house.gateway.clock(901)
    assert not house.is_opened("other.test")


def test_a_store_that_a_policy_passes_stays_closed(house):
    house.announce("https://closed.test/d.txt")
    assert not house.is_opened("closed.test")


@pytest.mark.parametrize("url", ["http://other.test/e.txt", "other.test/e.txt", "https://u:p@other.test/e.txt", "", "//",
                                 "https://other.test:0x/e.txt", "https://" + "a" * 5000, "\u0000"])
def test_what_is_no_address_is_none(house, url):
    before = house.total("uploads_announced")
    house.announce(url)
    assert house.total("uploads_announced") == before and not house.is_opened("other.test")


def test_no_platform_may_have_another_ones_messages_for_uploads(house):
    house.announce("https://acme.slack.com/api/chat.postMessage", "discord.com")
    client = Client(house.gateway)
    client.open("acme.slack.com")
    answer = client.request("POST", "/api/chat.postMessage", [("content-type", FORM)], b"channel=C1&text=" + IBAN)
    client.close()
    assert json.loads(answer.body)["ok"] is False  # refused as Slack refuses


def test_a_form_for_a_store_and_an_address_without_a_scheme(house):
    house.announce("//store.test/")
    part = b'--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    form = part % (b"key", b"", b"u/a.txt") + part % (b"file", b'; filename="a.txt"', IBAN) + b"--B--\r\n"
    refused = house.put("/", form, method="POST", kind="multipart/form-data; boundary=B")
    assert refused.status == 403 and b"Not with an account number." in refused.body


def test_an_announcement_is_for_the_person_who_got_it(house):
    house.announce("https://store.test/mine.txt")
    client = Client(house.gateway, "127.0.0.1")
    sock = socket.create_connection(("127.0.0.1", house.gateway.port), source_address=("127.0.0.9", 0))
    client.close()
    sock.sendall(b"CONNECT store.test:443 HTTP/1.1\r\nHost: store.test:443\r\n\r\n")
    assert b" 200 " in sock.recv(4096)
    context = ssl.create_default_context(cafile=str(house.authority.path))
    with context.wrap_socket(sock, server_hostname="store.test") as other:  # the store's own certificate
        assert other.getpeercert()
