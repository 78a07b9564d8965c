# SPDX-License-Identifier: Apache-2.0
"""What every lint shares: which files there are, how C is read, how a finding is said."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"base": 1, "filters": 2, "audit": 2, "policies": 3, "lua-plugins": 3, "gateway": 4, "portal": 4, "cli": 5}


def files(*suffixes, under=None):
    """The files of the tree that git knows or would add, sorted, as paths relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    picked = [Path(name) for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]
    return sorted(p for p in picked if under is None or p.parts[0] in under)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """C with comments and the insides of literals blanked out, line numbers kept."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + " " * (len(found) - 2) + found[-1]
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def finish(findings, what):
    """Prints findings as file:line: text and ends the program; 1 when there is any."""
    for path, line, text in findings:
        print(f"{path}:{line}: {text}")
    print(f"{what}: {len(findings)} findings")
    sys.exit(1 if findings else 0)
