# SPDX-License-Identifier: Apache-2.0
"""Commands that a page prints, run as they are printed, and what they print."""
import os
import re
import subprocess


def blocks(page):
    """[(command, [expected lines])] of every console block of a page."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.S):
        here = None  # the word that ends a here-document
        for line in block.splitlines():
            if here is not None:
                steps[-1] = (steps[-1][0] + "\n" + line, [])
                here = None if line == here else here
            elif line.startswith("$ "):
                steps.append((line[2:], []))
                here = "END" if line.endswith("<<'END'") else None
            else:
                steps[-1][1].append(line)
    return steps


def as_pattern(lines):
    """Expected output as a pattern; a … is anything, also over lines; blanks count as one."""
    parts = [re.escape(re.sub(r"\s+", " ", line.strip())).replace("…", ".*?") for line in lines]
    return r"\s*".join(part.replace(r"\ ", r"\s+") for part in parts)


def shell(folder, exports, command):
    done = subprocess.run(["bash", "-c", "\n".join([*exports, command])], cwd=folder, capture_output=True, text=True,
                          timeout=120, env={**os.environ, "LANG": "C.UTF-8"})
    assert "command not found" not in done.stderr, done.stderr
    return done.stdout + done.stderr
