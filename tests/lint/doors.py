# SPDX-License-Identifier: Apache-2.0
"""A foreign library has one door: the files that may include its headers."""
import fnmatch
import re

import lint

DOORS = {
    r"hs/|hs\.h": ["filters/scan*.c", "filters/packs*.c", "filters/compile*.c", "filters/scan_internal.h"],
    r"lua\.h|lauxlib\.h|lualib\.h|lua5\.4/": ["lua-plugins/host/*"],
    r"sqlite3\.h": ["audit/store_*"],
    r"openssl/": ["gateway/tls_*", "base/hash.c"],
    r"yaml\.h": ["base/yaml*"],
    r"jansson\.h": ["base/json.h"],
    r"ares": ["gateway/resolve.c"],
    r"event2/": ["gateway/*"],
    r"libpsl\.h": ["gateway/*"],
    r"seccomp\.h|linux/seccomp\.h|linux/landlock\.h": ["gateway/sandbox.c", "filters/extract/jail.c"],
    r"zlib\.h|brotli/|zstd\.h": ["filters/coding.c", "gateway/ws_deflate.c"],
    r"nghttp2/": ["gateway/http2*"],
    r"archive": ["filters/extract/archive.c"],
    r"libxml/": ["filters/extract/xml.c"],
    r"utf8proc\.h": ["filters/normalise.c"],
    r"iconv\.h": ["filters/charset.c"],
}

findings = []
for path in lint.files(".c", ".h", under=lint.ROWS):
    for number, line in enumerate(lint.read(path).splitlines(), 1):
        found = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if not found:
            continue
        for header, allowed in DOORS.items():
            if re.match(header, found.group(1)) and not any(fnmatch.fnmatch(str(path), a) for a in allowed):
                findings.append((path, number, f"<{found.group(1)}> has its door at {', '.join(allowed)}"))
lint.finish(findings, "doors")
