# SPDX-License-Identifier: Apache-2.0
"""Content codings by hand, so that no test needs a library: stored blocks where the real coder is not in Python."""
import zlib


def gzip(data):
    coder = zlib.compressobj(wbits=31)
    return coder.compress(data) + coder.flush()


def raw_deflate(data):
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


def brotli(data):
    """One stored meta-block (RFC 7932 §9.2), up to 64 KiB."""
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


def zstd(data):
    """One raw block (RFC 8878 §3.1.1), 256 bytes to 64 KiB."""
    return (b"\x28\xb5\x2f\xfd\x60" + (len(data) - 256).to_bytes(2, "little") +
            (len(data) << 3 | 1).to_bytes(3, "little") + data)


def zstd_bomb(blocks):
    """Blocks that each repeat a byte 131,072 times: 4 bytes become 128 KiB."""
    block = (131072 << 3 | 2).to_bytes(3, "little") + b"a"
    last = (131072 << 3 | 3).to_bytes(3, "little") + b"a"
    return b"\x28\xb5\x2f\xfd\x00\x38" + block * (blocks - 1) + last


CODINGS = {
    "gzip": gzip,
    "x-gzip": gzip,
    "deflate": zlib.compress,
    "deflate without its wrapper": raw_deflate,
    "br": brotli,
    "zstd": zstd,
    "gzip, br": lambda data: brotli(gzip(data)),
    "zstd, gzip": lambda data: gzip(zstd(data)),
    "identity": lambda data: data,
}


def name_of(coding):
    return coding.split(" without")[0]
