# SPDX-License-Identifier: Apache-2.0
"""Sizes: the hard limits of the house, and the list of exceptions, whose numbers may only fall.

limits.txt: one exception a line: `file function measure number  reason`; function is `-` for a measure of the file.
"""
import re
import subprocess

import lint

HARD = {"function-lines": 100, "complexity": 25, "nesting": 4, "parameters": 6, "c-lines": 900, "h-lines": 300,
        "lua-lines": 600, "py-lines": 600}

allowed = {}
for line in lint.read("tests/lint/limits.txt").splitlines():
    if line.strip() and not line.startswith("#"):
        name, function, measure, number, reason = line.split(None, 4)
        allowed[(name, function, measure)] = int(number)

findings, used = [], set()


def check(path, line, function, measure, value):
    key = (str(path), function, measure)
    limit = allowed.get(key, HARD[measure])
    if key in allowed:
        used.add(key)
        if value <= HARD[measure] or value < allowed[key]:
            findings.append((path, line, f"{function} {measure} is now {value}: lower or remove its line in limits.txt"))
    if value > limit:
        findings.append((path, line, f"{function} {measure} is {value}, at most {limit}"))


def shape(path):
    """Nesting and parameters of each function, from the layout that clang-format gives."""
    lines = lint.code_only(lint.read(path)).splitlines()
    for i, line in enumerate(lines):
        if line != "{" or i == 0 or not lines[i - 1].endswith(")"):
            continue
        start = i - 1
        while start > 0 and not re.match(r"\w", lines[start]):
            start -= 1
        head = " ".join(part.strip() for part in lines[start:i])
        name = re.match(r".*?\b(\w+)\s*\(", head)
        arguments = head[head.index("(") + 1:head.rindex(")")]
        flat = re.sub(r"\([^()]*\)", "", arguments)
        count = 0 if flat.strip() in ("", "void") else flat.count(",") + 1
        depth = deepest = 0
        for body in lines[i:]:
            if body == "}":
                break
            for char in re.sub(r"=\s*\{.*", "", body) if re.search(r"=\s*\{.*\}", body) else body:
                depth += (char == "{") - (char == "}")
                deepest = max(deepest, depth)
        if name and name.group(1) not in ("T_TEST",):
            check(path, start + 1, name.group(1), "parameters", count)
            check(path, start + 1, name.group(1), "nesting", deepest - 1)


sources = lint.files(".c", under=set(lint.ROWS) | {"bench"})
for path in sources:
    check(path, 1, "-", "c-lines", lint.read(path).count("\n"))
    shape(path)
for path in lint.files(".h", under=lint.ROWS):
    check(path, 1, "-", "h-lines", lint.read(path).count("\n"))
for path in lint.files(".lua"):
    check(path, 1, "-", "lua-lines", lint.read(path).count("\n"))
for path in lint.files(".py"):
    check(path, 1, "-", "py-lines", lint.read(path).count("\n"))
if sources:
    measured = subprocess.run(["pmccabe", *map(str, sources)], cwd=lint.ROOT, check=True, capture_output=True, text=True)
    for line in measured.stdout.splitlines():
        parts = line.split("\t")
        place = re.match(r"(.*)\((\d+)\): (\w+)", parts[5])
        if place:
            path, number, function = place.group(1), int(place.group(2)), place.group(3)
            check(path, number, function, "complexity", int(parts[0]))
            check(path, number, function, "function-lines", int(parts[4]))
for key in sorted(set(allowed) - used):
    findings.append(("tests/lint/limits.txt", 1, f"no such exception any more: {' '.join(key)}"))
lint.finish(findings, "limits")
