# SPDX-License-Identifier: Apache-2.0
"""clang-format 14 decides the layout of C; luacheck looks at Lua; codespell reads the prose."""
import shutil
import subprocess
import sys

import lint

status = 0
c_files = [str(p) for p in lint.files(".c", ".h", under=set(lint.ROWS) | {"tests", "bench"})]
if shutil.which("clang-format-14") is None:  # Debian 13 has none; another version would lay out differently
    print("format: no clang-format-14 here, the layout of C is not looked at")
elif c_files:
    status |= subprocess.run(["clang-format-14", "--dry-run", "--Werror", "--ferror-limit=3", *c_files],
                             cwd=lint.ROOT).returncode
lua_files = [str(p) for p in lint.files(".lua")]
if lua_files:
    status |= subprocess.run(["luacheck", "--quiet", "--codes", *lua_files], cwd=lint.ROOT).returncode
MANY_LANGUAGES = {("tests", "data"), ("filters", "packs"), ("policies", "default")}
prose = [str(p) for p in lint.files(".md", ".c", ".h", ".py", ".lua", ".yaml") if p.parts[:2] not in MANY_LANGUAGES]
status |= subprocess.run(["codespell", "--ignore-words=tests/lint/words.txt", *prose], cwd=lint.ROOT).returncode
print("format:", "findings" if status else "0 findings")
sys.exit(1 if status else 0)
