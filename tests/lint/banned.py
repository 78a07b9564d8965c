# SPDX-License-Identifier: Apache-2.0
"""Calls that may not be made, and why. A word in the table is a call: name followed by a parenthesis."""
import fnmatch
import re

import lint

BANNED = {  # name: (reason, files that may all the same)
    "strcpy": ("no bound; use st_buf or snprintf", []),
    "strcat": ("no bound; use st_buf", []),
    "strncpy": ("no terminator; use snprintf", []),
    "strncat": ("use st_buf", []),
    "sprintf": ("no bound; use snprintf or st_buf_fmt", []),
    "vsprintf": ("no bound; use vsnprintf", []),
    "gets": ("no bound", []),
    "strtok": ("hidden state; use st_span_next", []),
    "atoi": ("no error; use st_span_u64 or strtoll", []),
    "atol": ("no error", []),
    "atof": ("no error", []),
    "rand": ("not random; use st_random", []),
    "random": ("not random; use st_random", []),
    "time": ("time comes from st_clock", ["base/clock.c"]),
    "gettimeofday": ("time comes from st_clock", ["base/clock.c"]),
    "clock_gettime": ("time comes from st_clock", ["base/clock.c", "lua-plugins/host/watchdog.c"]),
    "system": ("runs a shell", []),
    "popen": ("runs a shell", []),
    "alloca": ("no ceiling", []),
    "signal": ("use sigaction or an event", []),
    "evbuffer_pullup": ("copies the whole buffer; use evbuffer_peek", []),
    "sleep": ("waiting is an event", []),
    "usleep": ("waiting is an event", []),
}
pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")

findings = []
for path in lint.files(".c", ".h", under=lint.ROWS):
    text = lint.read(path)
    for number, line in enumerate(text.splitlines(), 1):  # marks stand in comments
        if re.search(r"\bTODO\b(?!\(#\d+\))", line) or re.search(r"\b(FIXME|XXX|HACK)\b", line):
            findings.append((path, number, "an open mark needs an issue: TODO(#123)"))
    for number, line in enumerate(lint.code_only(text).splitlines(), 1):
        for found in pattern.finditer(line):
            reason, allowed = BANNED[found.group(1)]
            if not any(fnmatch.fnmatch(str(path), a) for a in allowed):
                findings.append((path, number, f"{found.group(1)}() is banned: {reason}"))
        if re.search(r"\btypedef\b(?!.*\()", line):
            findings.append((path, number, "no typedef but for function types"))
lint.finish(findings, "banned")
