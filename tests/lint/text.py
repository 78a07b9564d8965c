# SPDX-License-Identifier: Apache-2.0
"""Licence lines, comments on top of files, include guards, magic words that differ, trailing blanks, tabs."""
import re

import lint

CODE = (".c", ".h", ".lua", ".py", ".def", ".cmake")
findings, magics = [], {}
for path in lint.files(*CODE):
    text = lint.read(path)
    if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3]) and text.strip():
        findings.append((path, 1, "the first line says SPDX-License-Identifier: Apache-2.0"))
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            findings.append((path, number, "blanks at the end of the line"))
        if "\t" in line and path.suffix in (".c", ".h", ".lua", ".py"):
            findings.append((path, number, "a tab"))
for path in lint.files(".c", ".h", under=lint.ROWS):
    text = lint.read(path)
    if path.suffix == ".c" and not re.search(r"\A/\* SPDX[^\n]*\n/\* \S+", text):
        findings.append((path, 2, "a .c begins with what it is for, below the licence line"))
    if path.suffix == ".h":
        room = path.parts[0].upper().replace("-", "_")
        guard = f"STOA_{room}_" + "_".join(p.upper() for p in path.with_suffix("").parts[1:]).replace("-", "_") + "_H"
        if f"#ifndef {guard}" not in text and f"#ifndef {guard.replace('_HOST_', '_')}" not in text:
            findings.append((path, 1, f"the guard is {guard}"))
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r"#define (\w+_MAGIC)\s+(0x[0-9a-fA-F]+)", line)
        if found:
            value = int(found.group(2), 16)
            if value in magics:
                findings.append((path, number, f"{found.group(1)} has the magic word of {magics[value]}"))
            magics[value] = found.group(1)
lint.finish(findings, "text")
