# SPDX-License-Identifier: Apache-2.0
"""Files of every format that stoa-extract opens, each with a number planted in it, made here: no binary lies in git."""
import base64
import io
import subprocess
import tarfile
import zipfile
import zlib

IBAN = "DE02 1203 0000 0000 2020 51"
CARD = "4111 1111 1111 1111"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CORE = ('<?xml version="1.0"?><cp:coreProperties xmlns:cp="urn:c" xmlns:dc="urn:d"><dc:creator>{0}</dc:creator>'
        '<cp:keywords>none</cp:keywords></cp:coreProperties>')


def zipped(members, **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(body="", comment="", core="nobody", author="ana"):
    """`body` is markup inside a paragraph's run, so that a number may be cut into runs."""
    return zipped({
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="urn:t"/>',
        "word/document.xml": f'<?xml version="1.0"?><w:document {W}><w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p>'
                             f"</w:body></w:document>",
        "word/comments.xml": f'<?xml version="1.0"?><w:comments {W}><w:comment w:author="{author}"><w:p><w:r><w:t>{comment}'
                             f"</w:t></w:r></w:p></w:comment></w:comments>",
        "docProps/core.xml": CORE.format(core),
    })


def runs(text):
    """The text as a word processor cuts it: every four letters another run, with its own properties."""
    parts = [text[i:i + 4] for i in range(0, len(text), 4)]
    cut = '</w:t></w:r><w:r><w:rPr><w:b/><w:color w:val="FF0000"/></w:rPr><w:t xml:space="preserve">'
    return cut.join(parts)


def deleted(text):
    return f'</w:t></w:r><w:del w:author="ben"><w:r><w:delText>{text}</w:delText></w:r></w:del><w:r><w:t>'


def xlsx(text, sheet=""):
    return zipped({
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="urn:t"/>',
        "xl/sharedStrings.xml": f'<?xml version="1.0"?><sst><si><t>first</t></si><si><r><t>{text[:6]}</t></r><r><t '
                                f'xml:space="preserve">{text[6:]}</t></r></si></sst>',
        "xl/worksheets/sheet1.xml": '<?xml version="1.0"?><worksheet><row><c><v>17</v></c><c><v>18</v></c></row>'
                                    f"{sheet}</worksheet>",
    })


def pptx(text):
    return zipped({
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="urn:t"/>',
        "ppt/notesSlides/notesSlide1.xml": f'<?xml version="1.0"?><p:notes xmlns:p="urn:p" xmlns:a="urn:a"><a:p><a:r><a:t>'
                                           f"{text}</a:t></a:r></a:p></p:notes>",
    })


def odt(text, declaration='<?xml version="1.0"?>', coded="utf-8"):
    parts = text.split(" ")
    spans = "<text:s/>".join(f"<text:span>{p}</text:span>" for p in parts)
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f'{declaration}<o:document xmlns:o="urn:o" xmlns:text="urn:x"><text:p>{spans}</text:p></o:document>'
                       .encode(coded),
    })


def pdf(text, *, encrypt=False, pages=1, title="none", more=()):
    """`more` are objects that no page refers to."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode())
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               b"<< /Type /Pages /Kids [" + b" ".join(b"3 0 R" for _ in range(pages)) + b"] /Count %d >>" % pages,
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
               b"/Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d /Filter /FlateDecode >> stream\n" % len(stream) + stream + b"\nendstream",
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
               b"<< /Title (" + title.encode() + b") >>",
               b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >>", *more]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    lock = b" /Encrypt 7 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]" if encrypt else b""
    out.write(b"trailer << /Size %d /Root 1 0 R /Info 6 0 R%s >>\nstartxref\n%d\n%%%%EOF\n"
              % (len(objects) + 1, lock, table))
    return out.getvalue()


def pdf_stream(kind, data):
    data = zlib.compress(data)
    return b"<< /Type /%s /Filter /FlateDecode /Length %d >>\nstream\r\n" % (kind, len(data)) + data + b"\nendstream"


def pdf_note(text):
    """As PDF 1.5 packs it: a stream of objects, one of them a note."""
    return pdf("hello", more=[pdf_stream(b"ObjStm", b"9 0 << /Type /Annot /Subtype /Text /Contents (%s) >>" % text.encode())])


def pdf_form(text):
    return pdf("hello", more=[b"<< /FT /Tx /T (IBAN) /V <FEFF%s> >>" % text.encode("utf-16-be").hex().encode()])


def pdf_bookmark(text):
    return pdf("hello", more=[b"<< /Title (%s) >>" % "".join(f"\\{ord(c):03o}" for c in text).encode()])


def pdf_attached(data):
    return pdf("hello", more=[pdf_stream(b"EmbeddedFile", data)])


def book(text):
    """A page of a book, whose type is only named."""
    page = f'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd"><html><p>{text[:7]}<b>{text[7:]}</b>&nbsp;</p></html>'
    return zipped({"mimetype": "application/epub+zip", "a.xhtml": page})


def rtf_properties(*texts):
    return ("{\\rtf1{\\info" + "".join("{\\%s %s}" % (name, text) for name, text in zip(("title", "author"), texts)) + "}}").encode()


def rtf(text, where="body"):
    plain = {"body": text, "info": ""}[where]
    info = text if where == "info" else "x"
    cut = "".join(f"\\'{ord(c):02x}" if i % 3 == 0 else f"\\u{ord(c)}?" for i, c in enumerate(plain))
    return (r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\info{\author " + info + r"}} " + cut + r"\par}").encode()


def eml(text, how="base64", attachment=None):
    body = {"base64": base64.encodebytes(text.encode()).decode(),
            "quoted-printable": "".join(f"={ord(c):02X}" for c in text[:10]) + "=\r\n" + text[10:],
            "7bit": text}[how]
    parts = [f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n{body}"]
    if attachment is not None:
        name, data = attachment
        parts.append(f'Content-Type: application/octet-stream; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
                     + base64.encodebytes(data).decode())
    head = ("From: ana\r\nTo: ben\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed;\r\n boundary="cut here"\r\n\r\n')
    return (head + "".join(f"--cut here\r\n{part}\r\n" for part in parts) + "--cut here--\r\n").encode()


def mail_subject(text):
    word = base64.b64encode(text.encode()).decode()
    return (f"From: ana\r\nSubject: =?utf-8?B?{word}?=\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain\r\n\r\nhello\r\n").encode()


def tar(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def packed_by_bsdtar(folder, name, text, *words):
    """What Python cannot write: 7z, zst, locked zip."""
    (folder / "member.txt").write_text(text)
    subprocess.run(["bsdtar", "-a", "-cf", folder / name, *words, "-C", folder, "member.txt"], check=True, timeout=60)
    return (folder / name).read_bytes()


def nested(data, levels):
    for level in range(levels):
        data = zipped({f"level{level}.bin": data})
    return data


def zip_bomb():
    """10 GiB in a few KiB: zips of zeros, many times over."""
    inner = zipped({f"{i}.bin": bytes(10 << 20) for i in range(4)})
    return zipped({f"{i}.zip": inner for i in range(64)})


def laughs():
    entities = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij"))
    return f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><x>&j;</x>'


def tiff_with_gps():
    """One directory with one entry, the pointer to where the picture was taken."""
    return b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x25\x88\x04\0\x01\0\0\0\x20\0\0\0" + bytes(16)


def jpeg_with_exif(text):
    exif = b"Exif\0\0" + tiff_with_gps() + text.encode()
    return b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + b"\xff\xd9"
