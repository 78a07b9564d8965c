# SPDX-License-Identifier: Apache-2.0
"""Documents in requests are opened before the verdict: whatever carries them, what must not leave in them does not."""
import base64
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import made
import pytest
from test_scan import LOCKED_DOCX, ODD, PLANTED, UNREAD

from stoa_test.client import Client
from stoa_test.client2 import Client2
from stoa_test.gateway import ROOT, Gateway, settles
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority
from stoa_test.wire import Closed

POLICIES = ROOT / "tests/scenario/policies"
I, C = made.IBAN, made.CARD
BAD, GOOD = made.docx(made.runs(I)), made.docx("nothing here")
LENIENT = "failure:\n  encrypted: allow\n  files: allow\nlimit:\n  extractors: 1\n  extract_bytes: 64KiB\n  extract_depth: 2\n"


class House:
    def __init__(self, folder, more="limit:\n  body_memory: 64KiB\n"):
        authority = Authority(folder)
        self.origins = [Origin(host, authority.leaf([host]), echo) for host in ("site.test", "site.example")]
        cards = folder / "cards.policy.yaml"
        cards.write_text((POLICIES / "redact-cards.policy.yaml").read_text().replace("*.test", "*.example"))
        self.gateway = Gateway(folder / "gateway", self.origins, [POLICIES / "open-tests.policy.yaml", cards],
                               trust=authority.path, more=more)

    def post(self, body, fields, host="site.test", method="POST", way=Client):
        client = way(self.gateway)
        client.open(host)
        answer = client.request(method, "/upload", fields, body)
        client.close()
        return answer

    def upload(self, data, name="report.docx", **how):
        return self.post(*multipart(data, name), **how)

    def count(self, name):
        try:
            return self.gateway.count(name)
        except KeyError:
            return 0  # reasons are told once they were met

    def left(self):
        return sum(len(origin.received()) for origin in self.origins)


def houses(name, **how):
    @pytest.fixture(scope="module")
    def fixture(tmp_path_factory):
        house = House(tmp_path_factory.mktemp(name), **how)
        with house.gateway:
            yield house
        for origin in house.origins:
            origin.close()
    return fixture


house = houses("strict")
lenient = houses("lenient", more=LENIENT)


def multipart(data, name="report.docx", kind="image/png"):
    head = (f'--cut\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n--cut\r\nContent-Disposition: form-data; '
            f'name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n').encode()
    return head + data + b"\r\n--cut--\r\n", [("content-type", "multipart/form-data; boundary=cut")]


def as_json(data, mark="", before="hello", **more):
    return (json.dumps({"text": before, "attachments": [{"content": mark + base64.b64encode(data).decode()}], **more}).encode(),
            [("content-type", "application/json")])


CARRIERS = {
    "part": multipart,
    "body": lambda data: (data, [("content-type", "application/octet-stream")]),
    "body, called JSON": lambda data: (data, [("content-type", "application/json")]),
    "body, called nothing": lambda data: (data, []),
    "base64 in JSON": as_json,
    "data: URL in JSON": lambda data: as_json(data, "data:application/msword;base64,"),
    "data: URL in a page": lambda data: (b'<html><p>hello</p><a href="data:x/y;base64,' + base64.b64encode(data)
                                         + b'">it</a></html>', [("content-type", "text/html")]),
    "base64 in a form": lambda data: (b"a=1&file=" + base64.b64encode(data).replace(b"+", b"%2B"),
                                      [("content-type", "application/x-www-form-urlencoded")]),
}


@pytest.mark.parametrize("way", [Client, Client2], ids=["h1", "h2"])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_document_is_opened_whatever_carries_it(house, carrier, way):
    before = house.left()
    answer = house.post(*CARRIERS[carrier](BAD), way=way)
    assert answer.status == 403 and I.encode() not in answer.body and house.left() == before, "bytes reached the origin"
    body, fields = CARRIERS[carrier](GOOD)
    assert house.post(body, fields, way=way).status == 200 and house.left() > before


def test_every_format_of_the_scan_is_found_in_an_upload(house, tmp_path):
    def try_one(what):
        data = PLANTED[what][0]
        data = data(tmp_path) if callable(data) else data
        return what, house.upload(data, "a.bin").status
    with ThreadPoolExecutor(4) as pool:
        got = dict(pool.map(try_one, [what for what in PLANTED if not what.endswith(("zst", "7z"))]))
    got |= dict(try_one(what) for what in PLANTED if what.endswith(("zst", "7z")))  # made in one folder each
    assert [what for what, status in got.items() if status != 403] == []


@pytest.mark.parametrize("what", [what for what in UNREAD if what not in ("picture", "pdf, a scanned page", "doc of old",
                                                                "bytes of no known kind")])
def test_what_cannot_be_read_is_refused_and_recorded_with_the_reason(house, what, tmp_path):
    data, reason = UNREAD[what]
    before, left = house.count(f"files_by.{reason}"), house.left()
    seen = len(house.gateway.records("decision"))
    answer = house.upload(data(tmp_path) if callable(data) else data)
    assert answer.status == 403 and house.left() == left
    assert house.count(f"files_by.{reason}") == before + 1
    house.gateway.wait_records(seen + 1, "decision")
    last = house.gateway.opened("someone")[-2]
    assert last["details"]["reason"] == reason and last["details"]["policy"] in (reason, "open-tests"), last


@pytest.mark.parametrize("what", ODD)
def test_what_goes_on_for_ever_ends_in_a_refusal(house, what):
    crashed = house.count("files_by.extractor-crashed")
    assert house.upload(ODD[what]).status == 403 and house.count("files_by.extractor-crashed") == crashed


def test_a_locked_file_is_refused_with_a_sentence_about_it(house):
    assert b"locked with a password" in house.upload(LOCKED_DOCX).body


def test_a_picture_goes_on_and_the_receipt_says_so(house):
    before = house.count("not_inspected_by.media")
    assert house.upload(b"\x89PNG\r\n\x1a\n" + bytes(4096), "a.png").status == 200
    assert house.count("not_inspected_by.media") == before + 1


def test_a_picture_in_front_lets_no_locked_file_through(house):
    picture, fields = multipart(b"\x89PNG\r\n\x1a\n" + bytes(64), "a.png")
    locked, _ = multipart(LOCKED_DOCX)
    assert house.post(picture.replace(b"--cut--\r\n", b"") + locked, fields).status == 403


def test_a_document_beyond_the_memory_and_behind_a_film_is_opened(house):
    film = b"\0\0\0\x18ftypmp42" + bytes(300_000)
    one, fields = multipart(film, "a.mp4", "video/mp4")
    left = house.left()
    large = made.docx(f"words {I}", core=os.urandom(120_000).hex())
    assert house.upload(large).status == 403
    for size in (10, 70_000, 200_000):
        assert house.post(*as_json(large, "data:x/y;base64,", before="words " * size)).status == 403, size
    for order in ((BAD, film), (film, BAD)):
        parts = [multipart(data, "a")[0].replace(b"--cut--\r\n", b"") for data in order]
        client = Client(house.gateway)
        client.open("site.test")
        client.send("POST", "/upload", fields, b"".join(parts) + b"--cut--\r\n")
        try:
            assert client.get().status == 403
        except (OSError, Closed):
            pass  # the film was under way: the upload is cut off
        client.close()
    assert b"word/document.xml" not in house.origins[0].received()[left:], "the document reached the origin"
    assert house.post(one, fields).status == 200


def test_a_card_in_a_document_cannot_be_taken_out_so_nothing_leaves(house):
    text, fields = as_json(b"no document", note=f"my card {C}")
    assert house.post(text, fields, host="site.example").status == 200, "in a text it is redacted"
    left = house.left()
    assert house.upload(made.docx(C), host="site.example").status == 403 and house.left() == left


def test_what_was_found_is_in_the_record_and_no_name_is(house):
    seen = len(house.gateway.records("decision"))
    assert house.upload(BAD, "4111-secret-plan.docx").status == 403
    house.gateway.wait_records(seen + 1, "decision")
    details = house.gateway.opened("someone")[-2]["details"]
    assert "pii.iban" in details["detectors"] and details["coverage"] == "fully", details
    written = house.gateway.written()
    assert b"secret-plan" not in written and I.encode() not in written


def test_many_at_once_all_get_their_verdict(house):
    files = [BAD, GOOD] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda data: house.upload(data).status, files))
    assert answers == [403, 200] * 8


# ---- the extractor's own life ----


@pytest.fixture
def stopped(house):
    """The extractor does not answer."""
    pids = house.gateway.children("extractor")
    assert len(pids) == 1
    os.kill(pids[0], signal.SIGSTOP)
    yield house
    for pid in pids:
        if os.path.exists(f"/proc/{pid}"):
            os.kill(pid, signal.SIGCONT)


def asked(house):
    client = Client(house.gateway)
    client.open("site.test")
    body, fields = multipart(GOOD)
    client.send("POST", "/upload", fields, body)
    return client


def test_one_that_does_not_answer_is_late_and_the_upload_refused(stopped):
    left, client = stopped.left(), asked(stopped)
    assert stopped.gateway.wait_count("open", 1) >= 1
    client.sock.settimeout(0.2)
    with pytest.raises(Closed):
        client.get()
    client.sock.settimeout(60)
    stopped.gateway.clock(21)
    assert client.get().status == 403 and stopped.left() == left
    assert stopped.count("files_by.extractor-late") >= 1


def test_one_that_dies_is_started_again_and_asked_again(stopped):
    client = asked(stopped)
    assert stopped.gateway.wait_count("open", 1) >= 1
    stopped.gateway.kill("extractor")
    assert client.get().status == 200
    client.close()


def test_who_leaves_is_not_waited_for(house):
    for _ in range(3):
        asked(house).close()
    assert house.upload(GOOD).status == 200
    assert settles(lambda: [house.gateway.facts()[f"extractor.counters.{name}"] for name in ("waiting", "running")],
                   lambda left: left == ["0", "0"]) == ["0", "0"]


# ---- other limits, other words ----


def test_words_of_the_policy_for_what_was_not_read(lenient):
    assert lenient.upload(LOCKED_DOCX).status == 200, "failure.encrypted"
    assert lenient.count("not_inspected_by.encrypted") == 1
    assert lenient.upload(made.zipped({"a": os.urandom(80_000)})).status == 403, "limit.extract_bytes and failure.size"
    assert lenient.count("files_by.too-large") == 1
    assert lenient.upload(made.nested(b"nothing", 2)).status == 200
    assert lenient.upload(made.nested(b"nothing", 5)).status == 403, "limit.extract_depth"
    assert lenient.upload(BAD).status == 403


def test_no_extractors_no_documents(lenient):
    text = lenient.gateway.config.read_text()
    lenient.gateway.config.write_text(text.replace("extractors: 1", "extractors: 0"))
    lenient.gateway.stoa("reload", check=True)
    assert lenient.upload(GOOD).status == 200 and lenient.count("not_inspected_by.not-opened") == 1
    lenient.gateway.config.write_text(text.replace("extractors: 1", "extractors: 0").replace("files: allow", "files: block"))
    lenient.gateway.stoa("reload", check=True)
    assert lenient.upload(GOOD).status == 403
