# SPDX-License-Identifier: Apache-2.0
"""Each behaviour that nobody may notice missing has its id in a test's name, for both kinds of ways in.

A test leads with its ids: test_H3_alpn, test_h12_o5_name_servers. In which way it runs is one of its parameters; without
one it runs over an explicit listener.
"""
import re
import subprocess
import sys

import lint

IDS = [f"{kind}{number}" for kind, numbers in (("h", (1, 2, 3, 10, 11, 12)), ("f", range(1, 10)), ("s", range(1, 6)),
                                               ("b", (1, 2, 5, 6)), ("w", range(1, 5)), ("o", (4, 5, 6, 8)))
       for number in numbers]
LEADING = re.compile(r"^def test_((?:[a-z]\d+_)+)", re.M | re.I)
ONLY_BROUGHT = {"o8"}  # what to do without a server name is no question after CONNECT
BROUGHT = {"redirect", "tproxy"}


def collected(folder):
    """The tests of a folder: what follows `test_` in their names, and their parameters."""
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(folder)],
                          cwd=lint.ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        why = re.findall(r"^(?:E  |ERROR) .*", done.stdout, re.M) or [done.stderr.strip()]
        lint.finish([(folder, 0, "\n".join(["its tests cannot be collected:", *why]))], "ids")
    return re.findall(r"::test_(\w+)(?:\[(.*)\])?$", done.stdout, re.M)


shown = set()
for folder in sorted({path.parent for path in lint.files(".py", under={"tests"}) if LEADING.search(lint.read(path))}):
    for name, parameters in collected(folder):
        way = "brought" if BROUGHT & set(re.split(r"[-\\]", parameters)) else "explicit"
        for word in name.lower().split("_"):
            if word not in IDS:
                break
            shown.add((word, way))
if not shown:
    lint.finish([("tests", 0, "no test's name begins with an id")], "ids")
lint.finish([("tests", 0, f"no test is named after {name.upper()} {what}") for name in IDS
             for way, what in (("explicit", "over an explicit listener"), ("brought", "over a transparent one"))
             if (name, way) not in shown and not (way == "explicit" and name in ONLY_BROUGHT)], "ids")
