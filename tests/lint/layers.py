# SPDX-License-Identifier: Apache-2.0
"""An include goes down a row, never sideways or up, and other folders see one header of a folder."""
import re

import lint

DOORS = {"filters": ["filters.h", "extract/extract.h", "own.h"],  # the second is for stoa-extract's main(), the third for who builds files of own data
         "audit": ["audit.h"], "policies": ["policies.h"], "lua-plugins": ["plugins.h"], "gateway": None, "portal": None, "base": None}  # None: every header (base is the floor; only cli stands above these)

findings = []
for path in lint.files(".c", ".h", under=lint.ROWS):
    room = path.parts[0]
    for number, line in enumerate(lint.read(path).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        target = found.group(1)
        other = target.split("/")[0] if "/" in target else room
        if other not in lint.ROWS:
            findings.append((path, number, f'include "{target}" names no room; write it from the top: "room/file.h"'))
        elif other == room:
            continue
        elif lint.ROWS[other] >= lint.ROWS[room]:
            findings.append((path, number, f"{room}/ may not include {other}/: only lower rows"))
        elif DOORS[other] is not None and target.split("/", 1)[1] not in DOORS[other]:
            findings.append((path, number, f'"{target}" is inside {other}/; its door is {" ".join(DOORS[other])}'))
lint.finish(findings, "layers")
