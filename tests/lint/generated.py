# SPDX-License-Identifier: Apache-2.0
"""Generated files are what their generator makes today. `--write` makes them anew."""
import os
import shutil
import subprocess
import sys

import lint

BIN = os.environ.get("STOA_BIN", str(lint.ROOT / "build/sanitize/bin"))
LUA = [shutil.which("lua5.4") or "lua5.4", "lua-plugins/api/gen.lua"]
MADE = {
    "docs/configuration.md": [f"{BIN}/stoa", "docs", "config"],
    "docs/policy.md": [f"{BIN}/stoa", "docs", "policy"],
    "docs/detectors.md": [f"{BIN}/stoa", "docs", "detectors"],
    "docs/platforms.md": [f"{BIN}/stoa", "docs", "platforms"],
    "docs/stoa.1": [f"{BIN}/stoa", "docs", "man"],
    "docs/lua-api.md": [*LUA, "manual", "lua-plugins/api"],
    "docs/stoa-lua.7": [*LUA, "man", "lua-plugins/api"],
    "lua-plugins/api/stoa.d.lua": [*LUA, "luals", "lua-plugins/api"],
    "lua-plugins/api/luacheckrc": [*LUA, "luacheck", "lua-plugins/api"],
}

findings = []
if not os.access(f"{BIN}/stoa", os.X_OK):
    lint.finish([(BIN, 0, "there is no stoa here; build it, or say where it is in STOA_BIN")], "generated")
for name, words in MADE.items():
    made = subprocess.run(words, cwd=lint.ROOT, check=True, capture_output=True, text=True).stdout
    path = lint.ROOT / name
    if "--write" in sys.argv:
        path.write_text(made)
    elif not path.exists() or path.read_text() != made:
        findings.append((name, 1, "is stale: run tests/lint/generated.py --write after a build"))
lint.finish(findings, "generated")
