# SPDX-License-Identifier: Apache-2.0
"""`stoa scan` opens documents, archives, messages and pictures; what it cannot open it says, and counts as found."""
import json
import lzma
import random
import subprocess
import zlib

import made
import pytest

from stoa_test.gateway import BIN

STOA, EXTRACT = str(BIN / "stoa"), str(BIN / "stoa-extract")
I, C = made.IBAN, made.CARD


def scan_all(folder, files):
    """One call for all of them, since compiling the detectors is most of it; what: what was said."""
    paths = {}
    for number, (what, data) in enumerate(files.items()):
        paths[what] = folder / f"{number}.bin"
        paths[what].write_bytes(data(folder) if callable(data) else data)
    done = subprocess.run([STOA, "scan", "--json", *paths.values()], capture_output=True, text=True, timeout=240)
    assert done.returncode == 1, done.stderr
    assert I not in done.stdout and C not in done.stdout, "what was found is named, never shown"
    said = {line["file"]: line for line in map(json.loads, done.stdout.splitlines())}
    return {what: said[str(path)] for what, path in paths.items()}


@pytest.fixture(scope="module")
def said_of(tmp_path_factory):
    files = {what: data for what, (data, *_) in (*PLANTED.items(), *UNREAD.items())} | CLEAN | ODD
    return scan_all(tmp_path_factory.mktemp("files"), files)


def bsd(name, *words):
    return lambda folder: made.packed_by_bsdtar(folder, name, I, *words)


PLANTED = {  # what: (the file or how to make it, the detector, where it stands)
    "docx, a number in runs": (made.docx(made.runs(I)), "iban", "word/document.xml"),
    "docx, tracked deletion": (made.docx(made.deleted(C)), "card", "word/document.xml"),
    "docx, comment": (made.docx(comment=C), "card", "word/comments.xml"),
    "docx, author of a comment": (made.docx(author=I), "iban", "word/comments.xml@attributes"),
    "docx, property": (made.docx(core=I), "iban", "docProps/core.xml"),
    "xlsx, shared string": (made.xlsx(I), "iban", "xl/sharedStrings.xml"),
    "pptx, notes": (made.pptx(I), "iban", "ppt/notesSlides/notesSlide1.xml"),
    "odt, spans and spaces": (made.odt(C), "card", "content.xml"),
    "odt, no XML declaration": (made.odt(C, ""), "card", "content.xml"),
    "odt, in UTF-16": (made.odt(C, '<?xml version="1.0" encoding="UTF-16"?>', "utf-16"), "card", "content.xml"),
    "pdf": (made.pdf(I), "iban", ""),
    "pdf, title": (made.pdf("hello", title=I), "iban", "@properties"),
    "pdf, note in a stream of objects": (made.pdf_note(I), "iban", "@objects"),
    "pdf, value of a form in UTF-16": (made.pdf_form(I), "iban", "@objects"),
    "pdf, bookmark in escapes": (made.pdf_bookmark(C), "card", "@objects"),
    "pdf, attached docx": (made.pdf_attached(made.docx(made.runs(I))), "iban", "attached/word/document.xml"),
    "pdf, attached text": (made.pdf_attached(C.encode()), "card", "attached"),
    "epub": (made.book(C), "card", "a.xhtml"),
    "xlsx, what a cell asks for": (made.xlsx("a", f'<dataValidation prompt="{I}"/>'), "iban", "xl/worksheets/sheet1.xml@attributes"),
    "rtf, one property after the other": (made.rtf_properties(I, C), "card", ""),
    "rtf, escapes": (made.rtf(I), "iban", ""),
    "rtf, author": (made.rtf(I, "info"), "iban", ""),
    "eml, base64": (made.eml(I), "iban", "part"),
    "eml, quoted-printable": (made.eml(C, "quoted-printable"), "card", "part"),
    "eml, subject": (made.mail_subject(I), "iban", "@headers"),
    "eml, attached docx": (made.eml("hi", attachment=("a.docx", made.docx(I))), "iban", "part/word/document.xml"),
    "eml, attached pdf in a zip": (made.eml("hi", attachment=("a", made.zipped({"a.pdf": made.pdf(I)}))), "iban",
                                   "part/a.pdf"),
    "zip": (made.zipped({"a.txt": I}), "iban", "a.txt"),
    "zip, member's name": (made.zipped({f"{I}.txt": "x"}), "iban", "@names"),
    "zip behind a picture": (b"GIF89a" + bytes(300) + made.zipped({"a.txt": I}), "iban", "a.txt"),
    "tar": (made.tar({"a.txt": I.encode()}), "iban", "a.txt"),
    "tar.gz": (made.tar({"a.txt": I.encode()}, "w:gz"), "iban", "a.txt"),
    "tar.xz": (made.tar({"a.txt": I.encode()}, "w:xz"), "iban", "a.txt"),
    "7z": (bsd("a.7z"), "iban", "member.txt"),
    "tar.zst": (bsd("a.tar.zst"), "iban", "member.txt"),
    "an image of a disc": (bsd("a.iso"), "iban", "member.txt"),
    "tar.lz": (bsd("a.tar.lz", "--lzip"), "iban", "member.txt"),
    "tar.Z": (bsd("a.tar.Z", "--compress"), "iban", "member.txt"),
    "lzma": (lzma.compress(I.encode(), lzma.FORMAT_ALONE), "iban", "data"),
    "zlib": (zlib.compress(I.encode()), "iban", "data"),
    "UTF-16 with umlauts among other bytes": (bytes(300) + f"Kontö {I}".encode("utf-16-le") + b"\1\2" * 99, "iban", "@strings"),
    "four zips in a zip": (made.nested(I.encode(), 5), "iban", "level4.bin/level3.bin/level2.bin/level1.bin/level0.bin"),
    "page in a zip": (made.zipped({"a.html": f"<html><p>{I[:8]}<b>{I[8:]}</b></p>"}), "iban", "a.html"),
    "text in UTF-16 in a zip": (made.zipped({"a": I.encode("utf-16")}), "iban", "a"),
    "jpeg, Exif comment": (made.jpeg_with_exif(I), "iban", "@strings"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_number_is_found_where_it_stands(what, said_of):
    _, detector, where = PLANTED[what]
    said = said_of[what]
    found = [(f["detector"], f["in"]) for f in said["findings"]]
    assert any(detector in d and place == where for d, place in found), (found, said)
    assert said["inspected"] == "fully" or what.startswith(("jpeg", "zip behind", "UTF-16 with")), said


CLEAN = {"clean docx": made.docx("nothing here"), "clean zip": made.zipped({"a.txt": "x", "b/": ""}), "clean pdf": made.pdf("nothing"),
         "clean rtf": made.rtf("nothing"), "clean eml": made.eml("nothing"), "an empty zip": made.zipped({})}


@pytest.mark.parametrize("what", CLEAN)
def test_a_clean_file_is_fully_inspected_and_has_no_finding(what, said_of):
    assert (said_of[what]["inspected"], said_of[what]["findings"]) == ("fully", []), said_of[what]


LOCKED_DOCX = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
UNREAD = {  # what: (the file, the reason)
    "zip of zeros upon zeros": (made.zip_bomb(), "decompression-ratio"),
    "six zips in a zip": (made.nested(I.encode(), 7), "too-deep"),
    "entities upon entities": (made.zipped({"[Content_Types].xml": "<?xml version='1.0'?><a/>",
                                            "word/document.xml": made.laughs()}), "malformed"),
    "many members": (made.zipped({f"{i}": "" for i in range(5100)}), "too-many-fields"),
    "pdf, locked": (made.pdf(I, encrypt=True), "encrypted"),
    "docx, locked": (LOCKED_DOCX, "encrypted"),
    "zip, locked": (bsd("a.zip", "--options", "zip:encryption=zipcrypt", "--passphrase", "secret"), "encrypted"),
    "zip, locked with AES": (bsd("a.zip", "--options", "zip:encryption=aes256", "--passphrase", "secret"), "encrypted"),
    "docx, cut off": (made.docx(made.runs(I))[:400], "malformed"),
    "tar.gz, cut off": (made.tar({"a": bytes(range(256)) * 64}, "w:gz")[:-200], "malformed"),
    "7z, its head only": (b"7z\xbc\xaf\x27\x1c" + b"\xff" * 60, "malformed"),
    "pdf, packed in a way that is not known": (made.pdf("hello", more=[
        b"<< /Type /ObjStm /Filter /LZWDecode >>\nstream\nabc\nendstream"]), "unknown-content-coding"),
    "pdf, a stream of zeros upon zeros": (made.pdf_attached(bytes(40 << 20)), "decompression-ratio"),
    "pdf, a scanned page": (made.pdf("hello", more=[
        b"<< /Subtype /Image /Filter /CCITTFaxDecode >>\nstream\nabc\nendstream"]), "media"),
    "pdf, nonsense": (b"%PDF-1.7\n" + bytes(range(256)) * 8, "malformed"),
    "rtf, cut off": (made.rtf("nothing")[:-10], "malformed"),
    "doc of old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048), "content-type"),
    "bytes of no known kind": (random.Random(1).randbytes(5000), "content-type"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "media"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_told_and_counts(what, said_of):
    assert said_of[what]["inspected"] != "fully" and said_of[what]["reason"] == UNREAD[what][1], said_of[what]


ODD = {"a pdf of endless pages": made.pdf(I, pages=20000),
       "zips that end in the head of one": made.nested(made.zipped({"r.zip": b"PK\x03\x04" + bytes(26)}), 6)}


@pytest.mark.parametrize("what", ODD)
def test_what_goes_on_for_ever_ends(what, said_of):
    assert said_of[what]["findings"] or said_of[what]["inspected"] != "fully"


def test_plain_output_names_the_member(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(made.docx(made.runs(I)))  # a name that lies does not help
    done = subprocess.run([STOA, "scan", tmp_path / "holiday.jpg"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "holiday.jpg: word/document.xml: " in done.stdout


def test_where_a_picture_was_taken_is_told(tmp_path):
    (tmp_path / "a.jpg").write_bytes(made.jpeg_with_exif("x"))
    with open(tmp_path / "a.jpg", "rb") as file:
        done = subprocess.run([EXTRACT], stdin=file, capture_output=True, timeout=60)
    assert b"GPSInfo" in done.stdout and done.returncode == 0


def test_the_jail_refuses_what_it_must():
    done = subprocess.run([EXTRACT, "--prove"], capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 11 and all(line.endswith(": refused") for line in lines), done.stdout


def test_each_cut_of_a_docx_is_survived(tmp_path):
    whole = made.docx(made.runs(I))
    for cut in range(1, len(whole), len(whole) // 12):
        done = subprocess.run([EXTRACT], input=whole[:cut], capture_output=True, timeout=60)
        assert done.returncode == 0 and done.stdout, cut
