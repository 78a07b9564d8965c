# SPDX-License-Identifier: Apache-2.0
"""The words in a picture are read: by `stoa scan`, and by a gateway that was told to, before anything leaves."""
import io
import json
import subprocess

import made
import pytest
from PIL import Image, ImageDraw, ImageFont
from test_uploads import POLICIES, as_json, multipart

from stoa_test.client import Client
from stoa_test.gateway import BIN, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000")
CARD = f"My card number is\n{made.CARD}\nthanks, Anna"
CLEAN = "Slides of a talk\nabout consistent hashing"
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def picture(text, kind):
    image = Image.new("RGB", (760, 200), "white")
    ImageDraw.Draw(image).multiline_text((20, 20), text, fill="black", font=ImageFont.truetype(FONT, 28), spacing=12)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def scan(*paths):
    done = subprocess.run([str(BIN / "stoa"), "scan", "--json", *paths], capture_output=True, text=True, timeout=240)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_number_in_a_picture_is_found(tmp_path):
    for kind in FORMATS:
        (tmp_path / kind).write_bytes(picture(CARD, kind))
    said = scan(*(tmp_path / kind for kind in FORMATS))
    assert {path["file"].rsplit("/", 1)[1]: [f["detector"] for f in path["findings"]] for path in said} == {
        kind: ["pii.card.visa"] for kind in FORMATS}
    assert all(line["inspected"] == "fully" for line in said), said


def test_a_picture_of_other_words_is_clean_and_one_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(picture(CLEAN, "PNG"))
    (tmp_path / "b.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))
    clean, unread = scan(tmp_path / "a.png", tmp_path / "b.heic")
    assert (clean["inspected"], clean["findings"]) == ("fully", [])
    assert unread["inspected"] != "fully" and unread["reason"] == "media"


@pytest.mark.parametrize("more", ["pictures: true\n", ""], ids=["told to", "not told"])
def test_a_gateway_that_is_told_to_reads_them(tmp_path, more):
    authority = Authority(tmp_path)
    origin = Origin("site.test", authority.leaf(["site.test"]), echo)
    with Gateway(tmp_path / "gateway", [origin], [POLICIES / "open-tests.policy.yaml"], trust=authority.path, more=more) as gateway:
        client = Client(gateway)
        client.open("site.test")
        for body, fields in (multipart(picture(CARD, "PNG"), "a.png"), as_json(picture(CARD, "JPEG"), "data:image/jpeg;base64,")):
            answer = client.request("POST", "/upload", fields, body)
            assert answer.status == (403 if more else 200), answer.body
        assert origin.received().count(b"POST /upload") == (0 if more else 2)
        assert client.request("POST", "/upload", *reversed(multipart(picture(CLEAN, "PNG"), "b.png"))).status == 200
        client.close()
    origin.close()
