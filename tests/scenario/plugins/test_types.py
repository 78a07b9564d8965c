# SPDX-License-Identifier: Apache-2.0
"""What editors and linters are told of the Lua API is well-formed, whole, and true of what ships."""
import re
import subprocess

import pytest

from stoa_test.gateway import ROOT

API = ROOT / "lua-plugins" / "api"
LINES = (API / "stoa.d.lua").read_text().splitlines()
BASIC = {"string", "integer", "number", "boolean", "table", "nil", "any"}
CLASSES = {m[1] for line in LINES if (m := re.fullmatch(r"---@class ([\w.]+)", line))}
NAME = r"[A-Za-z_]\w*"


def is_type(text):
    """The types that the file uses: names, T[], T?, A|B, literals, table<K, V>, fun(a: T)."""
    text = text.strip()
    if m := re.fullmatch(r"fun\((.*)\)", text):
        return m[1] == "" or all(re.fullmatch(rf"\s*{NAME}: (.+)", part) and is_type(part.split(":", 1)[1]) for part in m[1].split(","))
    if m := re.fullmatch(r"table<(\w+), (.+)>", text):
        return is_type(m[1]) and is_type(m[2])
    if "|" in text:
        return all(is_type(part) for part in text.split("|"))
    if text.endswith(("[]", "?")):
        return is_type(text[:-2] if text.endswith("[]") else text[:-1])
    return text in BASIC or text in CLASSES or re.fullmatch(r'"[^"]*"|\d+', text) is not None


def type_at_the_start(text):
    """The longest beginning that is a type, at a blank or the end."""
    ends = [m.start() for m in re.finditer(r" |$", text)]
    return next((text[:end] for end in reversed(ends) if is_type(text[:end])), None)


def test_every_line_is_one_that_an_editor_understands():
    params, returns, fields = [], 0, set()
    for number, line in enumerate(LINES, 1):
        where = f"stoa.d.lua:{number}: {line}"
        if m := re.fullmatch(r"---@class ([\w.]+)", line):
            fields = set()
        elif m := re.fullmatch(rf"---@field ({NAME})\?? (.+)", line):
            assert type_at_the_start(m[2]), where
            assert m[1] not in fields, f"{where}: given twice"
            fields.add(m[1])
        elif m := re.fullmatch(rf"---@param ({NAME})\?? (.+)", line):
            assert type_at_the_start(m[2]), where
            params.append(m[1])
        elif m := re.fullmatch(r"---@return (.+)", line):
            assert is_type(m[1]), where
            returns += 1
        elif m := re.fullmatch(rf"function {NAME}(?:[.:]{NAME})+\(([^)]*)\) end", line):
            assert [p for p in m[1].split(", ") if p] == params and returns <= 1, where
            params, returns = [], 0
        else:
            assert re.fullmatch(rf"(local {NAME} = {{}}|stoa = {{ schema = {{}} }}|---@meta|---?[^@].*|)", line), where
    assert not params


def test_it_is_lua():
    subprocess.run(["luac5.4", "-p", API / "stoa.d.lua"], check=True)


def test_every_class_of_the_reference_is_there():
    described = set(re.findall(r'api\.class\("(\w+)"', "".join(p.read_text() for p in API.glob("*.lua"))))
    assert described and {f"stoa.{name}" for name in described - {"stoa"}} <= CLASSES
    manual = (ROOT / "docs" / "stoa-lua.7").read_text()
    assert all(f".SH {name.upper()}\n" in manual for name in described)


def test_the_manual_page_is_set_without_a_warning():
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", ROOT / "docs" / "stoa-lua.7"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr


@pytest.fixture
def bare(tmp_path):
    """What ships, without the comments that tell luacheck about globals."""
    for folder in ("templates", "detect", "curation"):
        for path in (ROOT / "lua-plugins" / folder).glob("*.lua"):
            text = re.sub(r" *-- luacheck: .*", "", path.read_text())
            (tmp_path / f"{folder}-{path.name}").write_text(text)
    return tmp_path


def luacheck(folder):
    return subprocess.run(["luacheck", "--no-color", "--codes", "--config", API / "luacheckrc", folder], capture_output=True, text=True)


def test_luacheck_knows_the_globals(bare):
    done = luacheck(bare)
    assert done.returncode == 0, done.stdout
    (bare / "bad.lua").write_text("local t = os.time()\nreturn stao.set { t, print }\n")
    done = luacheck(bare)
    assert [word in done.stdout for word in ("'os'", "'stao'", "'print'")] == [True] * 3, done.stdout
