# SPDX-License-Identifier: Apache-2.0
"""Every lint can fail: each gets a small tree with one fault and must name its file, and a sound tree it must pass.

A case is (lint, {file: text}, what the finding says); the rest of the tree is SOUND. A lint without a case fails here.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LINTS = Path(__file__).resolve().parent
ROOT = LINTS.parents[1]
SPDX_C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SPDX_LUA = "-- SPDX-License-Identifier: Apache-2.0\n"
TOP = SPDX_C + "/* sound - a file without a fault. */\n"
CMAKE = """# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_SOURCE_DIR}/tools/cmake")
include(flags)
add_library(small STATIC base/sound.c)
target_link_libraries(small PRIVATE stoa_flags)
"""
STOA = "#!/bin/sh\necho \"made of $2\"\n"  # what `stoa docs` makes of this small house
LUA_GENERATOR = 'print("-- SPDX-License-Identifier: Apache-2.0\\n-- made of " .. arg[1])\n'
GENERATED = {
    "docs/configuration.md": "made of config\n",
    "docs/policy.md": "made of policy\n",
    "docs/detectors.md": "made of detectors\n",
    "docs/platforms.md": "made of platforms\n",
    "docs/stoa.1": "made of man\n",
    "docs/lua-api.md": SPDX_LUA + "-- made of manual\n",
    "docs/stoa-lua.7": SPDX_LUA + "-- made of man\n",
    "lua-plugins/api/stoa.d.lua": SPDX_LUA + "-- made of luals\n",
    "lua-plugins/api/luacheckrc": SPDX_LUA + "-- made of luacheck\n",
}


def shows(ids, ways=("explicit", "tproxy")):
    """A test named after those ids that runs over those ways."""
    return ("# SPDX-License-Identifier: Apache-2.0\n\"\"\"All that is promised.\"\"\"\nimport pytest\n\n\n"
            f"@pytest.mark.parametrize('way', {ways})\ndef test_{'_'.join(ids)}_hold(way):\n    assert way\n")


IDS = "h1 h2 h3 h10 h11 h12 f1 f2 f3 f4 f5 f6 f7 f8 f9 s1 s2 s3 s4 s5 b1 b2 b5 b6 w1 w2 w3 w4 o4 o5 o6 o8".split()
SOUND = {
    "base/sound.c": TOP + '#include "base/sound.h"\n#include <string.h>\n\nint sound(int a)\n{\n    return a;\n}\n',
    "base/sound.h": SPDX_C + "#ifndef STOA_BASE_SOUND_H\n#define STOA_BASE_SOUND_H\nint sound(int a);\n#endif\n",
    "filters/filters.h": SPDX_C + "#ifndef STOA_FILTERS_FILTERS_H\n#define STOA_FILTERS_FILTERS_H\n#endif\n",
    "policies/judge.c": TOP + '#include "filters/filters.h"\n',
    "lua-plugins/lib/sound.lua": SPDX_LUA + "return {}\n",
    "lua-plugins/api/gen.lua": SPDX_LUA + LUA_GENERATOR,
    "README.md": "# A small house\n",
    "tests/scenario/sound/test_ids.py": shows(IDS),
    "CMakeLists.txt": CMAKE,
    "bin/stoa": STOA,
    **GENERATED,
}


def c_function(body="", parameters="int a"):
    return TOP + f"\nint big({parameters})\n{{\n{body}    return a;\n}}\n"


def nested(depth):
    opened = "".join("    " * (i + 1) + f"if (a > {i}) {{\n" for i in range(depth))
    return opened + "    " * (depth + 1) + "a++;\n" + "".join("    " * (i + 1) + "}\n" for i in reversed(range(depth)))


def header(lines=0, guard="STOA_BASE_OTHER_H"):
    return SPDX_C + f"#ifndef {guard}\n#define {guard}\n" + "struct other;\n" * lines + "#endif\n"


DOORS = ("hs/hs.h", "lua.h", "lua5.4/lua.h", "sqlite3.h", "openssl/ssl.h", "yaml.h", "jansson.h", "ares.h", "event2/event.h",
         "libpsl.h", "seccomp.h", "linux/landlock.h", "zlib.h", "brotli/decode.h", "zstd.h", "nghttp2/nghttp2.h",
         "utf8proc.h", "iconv.h")
BANNED = ("strcpy", "strcat", "strncpy", "strncat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "atof",
          "rand", "random", "time", "gettimeofday", "clock_gettime", "system", "popen", "alloca", "signal",
          "evbuffer_pullup", "sleep", "usleep")
CASES = [
    ("layers", {"base/up.c": TOP + '#include "filters/filters.h"\n'}, "only lower rows"),
    ("layers", {"filters/side.c": TOP + '#include "audit/audit.h"\n'}, "only lower rows"),
    ("layers", {"policies/inside.c": TOP + '#include "filters/scan.h"\n'}, "its door is filters.h"),
    ("layers", {"base/odd.c": TOP + '#include "other/odd.h"\n'}, "names no room"),
    ("layers", {"gateway/side.c": TOP + '#include "portal/portal.h"\n'}, "only lower rows"),
    *[("doors", {"policies/door.c": TOP + f"#include <{name}>\n"}, re.escape(f"<{name}> has its door")) for name in DOORS],
    *[("banned", {"base/call.c": c_function(f"    {name}(a);\n")}, rf"{name}\(\) is banned") for name in BANNED],
    ("banned", {"base/mark.c": c_function("    /* TODO: later */\n")}, "needs an issue"),
    ("banned", {"base/mark.c": c_function("    // FIXME\n")}, "needs an issue"),
    ("banned", {"base/type.c": TOP + "typedef struct {\n    int a;\n} other;\n"}, "no typedef"),
    ("limits", {"base/big.c": c_function("    a++;\n" * 100)}, "big function-lines is"),
    ("limits", {"base/big.c": c_function("    if (a > 1)\n        a++;\n" * 26)}, "big complexity is"),
    ("limits", {"base/big.c": c_function(nested(5))}, "big nesting is 5"),
    ("limits", {"base/big.c": c_function(parameters=", ".join(f"int {c}" for c in "abcdefg"))}, "big parameters is 7"),
    ("limits", {"base/big.c": TOP + "int a;\n" * 900}, "c-lines is"),
    ("limits", {"base/other.h": header(300)}, "h-lines is"),
    ("limits", {"lua-plugins/lib/big.lua": SPDX_LUA * 601}, "lua-lines is"),
    ("limits", {"tools/big.py": "# SPDX-License-Identifier: Apache-2.0\n" * 601}, "py-lines is"),
    ("limits", {"tests/lint/limits.txt": "base/sound.c sound parameters 7 gone\n"}, "lower or remove"),
    ("limits", {"tests/lint/limits.txt": "base/gone.c gone parameters 7 gone\n"}, "no such exception any more"),
    ("text", {"base/bare.c": "/* bare - no licence. */\n"}, "the first line says SPDX"),
    ("text", {"base/top.c": SPDX_C + "int a;\n"}, "begins with what it is for"),
    ("text", {"base/blank.c": TOP + "int a; \n"}, "blanks at the end"),
    ("text", {"base/tab.c": TOP + "\tint a;\n"}, "a tab"),
    ("text", {"base/other.h": header(guard="OTHER_H")}, "the guard is STOA_BASE_OTHER_H"),
    ("text", {"base/a.c": TOP + "#define A_MAGIC 0x1234u\n", "base/b.c": TOP + "#define B_MAGIC 0x1234u\n"}, "magic word"),
    ("format", {"base/wide.c": TOP + "int  wide;\n"}, r"wide\.c"),
    ("format", {"lua-plugins/lib/odd.lua": SPDX_LUA + "local unused = 1\n"}, r"odd\.lua"),
    ("format", {"docs/typo.md": "They rec" + "ieve it.\n"}, r"typo\.md"),
    ("ids", {"tests/scenario/sound/test_ids.py": shows([i for i in IDS if i != "o6"])}, "named after O6 over an explicit"),
    ("ids", {"tests/scenario/sound/test_ids.py": shows(IDS, ("explicit", "h2"))}, "named after F9 over a transparent"),
    ("ids", {"tests/scenario/sound/test_ids.py": shows(IDS) + "import nothing_such\n"}, "cannot be collected"),
    *[("generated", {name: "old\n"}, "is stale") for name in GENERATED],
    ("clang", {"base/sound.c": TOP + "int sound(int a);\nint sound(int a)\n{\n    a = a;\n    return a;\n}\n"}, "Wself-assign"),
]


def plant(folder, changes):
    """The sound tree with the changes, as a work tree of git, with the lints in their place."""
    files = {**SOUND, **changes}
    for name in ("lint.py", "limits.txt", "words.txt", *(p.name for p in lints())):
        shutil.copy(LINTS / name, folder / "tests/lint" / name)
    shutil.copy(ROOT / ".clang-format", folder)
    shutil.copy(ROOT / "tools/cmake/flags.cmake", folder / "tools/cmake")
    (folder / "tests/lint/limits.txt").write_text("")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "bin/stoa").chmod(0o755)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


def lints():
    return [p for p in sorted(LINTS.iterdir()) if p.name not in ("lint.py", "selftest.py") and p.suffix in (".py", "")
            and p.is_file()]


def run(name, changes):
    """(exit code, output) of a lint over the sound tree with changes."""
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there)
        for inner in ("tests/lint", "tools/cmake"):
            (folder / inner).mkdir(parents=True)
        plant(folder, changes)
        path = folder / "tests/lint" / name
        words = [str(path), str(folder / "build")] if path.exists() else [sys.executable, f"{path}.py"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True,
                              env={**os.environ, "STOA_BIN": str(folder / "bin")})
        return done.returncode, done.stdout + done.stderr


def sound(name):
    """What is wrong with a lint as such; None when nothing is."""
    if name not in {case[0] for case in CASES}:
        return f"{name}: has no case in selftest.py"
    code, said = run(name, {})
    return f"{name}: finds a fault in a sound tree:\n{said}" if code != 0 else None


def sees(case):
    """The same of a case."""
    name, changes, pattern = case
    code, said = run(name, changes)
    folders = {str(folder) for path in changes for folder in Path(path).parents}
    named = any(path in said for path in changes) or any(f"{folder}:" in said for folder in folders) or "limits.txt" in said
    if code != 0 and "Traceback" not in said and named and re.search(pattern, said):
        return None
    return f"{name}: does not see {pattern!r} in {', '.join(changes)} (exit {code}):\n{said}"


with ThreadPoolExecutor(os.cpu_count()) as pool:
    answers = [*pool.map(sound, [p.stem for p in lints()]), *pool.map(sees, CASES)]
failures = [answer for answer in answers if answer is not None]
for failure in failures:
    print(failure)
print(f"selftest: {len(CASES)} cases, {len(failures)} failures")
sys.exit(1 if failures else 0)
