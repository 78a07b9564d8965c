# SPDX-License-Identifier: Apache-2.0
"""`stoa scan` on files that give values names: a key or a column is a label, and a finding stands where it does in the file."""
import json
import subprocess

import pytest

from stoa_test.gateway import BIN

STOA = str(BIN / "stoa")
SSN, CARD, IBAN, WORD = "536904399", "4539578763621486", "DE02120300000000202051", "Tr0ub4dor&3x"
FAR = ["x" * 60] * 20  # between a column's name and its cells

FILES = {  # the file, and what is found in it by its name alone
    "people.csv": ("user,password,note,ssn\n" + "\n".join(f"u{i},,{pad},x" for i, pad in enumerate(FAR)) + f'\nanna,{WORD},"a ""b"" c",{SSN}\n',
                   {"secret.password.assignment": WORD, "pii.us.ssn": SSN}),
    "people.tsv": (f"note\tssn\n{' '.join(FAR)}\t{SSN}\n", {"pii.us.ssn": SSN}),
    "post.json": (json.dumps({"cardNumber": CARD, "social security": {"a": FAR, "b": {"numbers": [SSN]}}}), {"pii.card.visa": CARD, "pii.us.ssn": SSN}),
    "posts.ndjson": (json.dumps({"id": 1}) + "\n" + json.dumps({"ssn": FAR + [SSN]}) + "\n", {"pii.us.ssn": SSN}),
    "people.yaml": ("# täglich\nssn:\n" + "".join(f"  - {pad}\n" for pad in FAR) + f"  - {SSN}\n", {"pii.us.ssn": SSN}),
    "people.xml": ('<?xml version="1.0"?><n:ssn xmlns:n="urn:x">' + "".join(f"<v>{pad}</v>" for pad in FAR) + f"<v>{SSN}</v></n:ssn>", {"pii.us.ssn": SSN}),
    "people.ini": ("[ssn]\n" + "".join(f"k{i}={pad}\n" for i, pad in enumerate(FAR)) + f"anna={SSN}\n", {"pii.us.ssn": SSN}),
    ".env": (f"DB_PASSWORD='{WORD}'\n", {"secret.password.assignment": WORD}),
    "app.properties": (f"iban={IBAN}\ndb.password={WORD}\n", {"pii.iban": IBAN, "secret.password.assignment": WORD}),
    "form": (f"ssn=536%2D90%2D4399&iban={IBAN}", {"pii.us.ssn": "536%2D90%2D4399", "pii.iban": IBAN}),
}


def stoa(*words, **how):
    return subprocess.run([STOA, *map(str, words)], capture_output=True, text=True, timeout=240, **how)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    at = tmp_path_factory.mktemp("values")
    for name, (text, _) in FILES.items():
        (at / name).write_text(text)
    return at


@pytest.mark.parametrize("name", FILES)
def test_a_name_is_a_label_wherever_it_stands(folder, name):
    text, expected = FILES[name]
    raw = text.encode()
    told = json.loads(stoa("--json", "scan", folder / name).stdout)
    found = {f["detector"]: f for f in told["findings"]}
    assert set(found) == set(expected) and len(told["findings"]) == len(expected), told
    for detector, value in expected.items():
        at = raw.rindex(value.encode())
        assert (found[detector]["start"], found[detector]["end"]) == (at, at + len(value)), (detector, told)
        assert found[detector]["line"] == raw[:at].count(b"\n") + 1


def test_lines_and_sarif_tell_the_same_place(folder):
    text, _ = FILES["people.yaml"]
    line, column = text[:text.index(SSN)].count("\n") + 1, 5
    done = stoa("scan", folder / "people.yaml")
    assert done.returncode == 1 and done.stdout.startswith(f"{folder}/people.yaml:{line}:{column}: pii.us.ssn  high"), done
    [result] = json.loads(stoa("scan", "--sarif", folder / "people.yaml").stdout)["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (line, column, column + len(SSN))
    assert SSN not in done.stdout


def test_a_text_without_a_name_says_itself_what_it_is(folder):
    for name in ("people.csv", "post.json", "posts.ndjson", "people.xml", "form"):
        text, expected = FILES[name]
        told = json.loads(stoa("--json", "scan", "-", input=text).stdout)
        assert {f["detector"] for f in told["findings"]} == set(expected), (name, told)
        line = json.loads(stoa("scan", "--jsonl", "-", input=json.dumps({"id": 1, "text": text}) + "\n").stdout)
        assert [f["start"] for f in line["findings"]] == [f["start"] for f in told["findings"]], (name, line)


def test_as_says_what_it_is_and_text_that_it_is_none(folder):
    text, expected = FILES["people.yaml"]
    assert stoa("scan", "-", input=text).returncode == 0
    assert "pii.us.ssn" in stoa("scan", "--as", "yaml", "-", input=text).stdout
    assert stoa("scan", "--as", "text", folder / "people.yaml").returncode == 0


def test_a_line_allows_what_a_name_found(folder):
    allowed = folder / "allowed.yaml"
    allowed.write_text(FILES["people.yaml"][0].replace(SSN, f"{SSN} # stoa:allow pii.us.ssn"))
    done = stoa("scan", allowed)
    allowed.unlink()
    assert done.returncode == 0 and "1 allowed" in done.stderr, done


PACK = """pack: {id}
version: 2026.11.0
licence: Apache-2.0
description: {{ en: "Own.", de: "Eigenes." }}
rules:
  - id: own.{id}
    title: {{ en: "Own", de: "Eigenes" }}
    severity: high
    mask: "[own]"
    find: pattern
    anchor: "{id}-"
    pattern: '{id}-\\d{{6}}'
    chars: 'a-z0-9-'
    max: 10
    confidence: {{ base: 80 }}
    examples:
      match: ["{id}-123456", "a {id}-234567", "{id}-345678."]
      miss: ["{id}-12345", "{id} 123456", "{id}-"]
"""


def test_packs_of_several_folders(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.pack.yaml").write_text(PACK.format(id=name))
    both = ("--packs", tmp_path / "one", "--packs", tmp_path / "two")
    done = stoa("scan", *both, "-", input="one-111111 two-222222")
    assert done.returncode == 1 and [line.split()[1] for line in done.stdout.splitlines()] == ["own.one", "own.two"], done
    assert stoa("scan", *both[:2], "-", input="two-222222").returncode == 0
    assert json.loads(stoa("--json", "rules", "list", *both).stdout)[1]["id"] == "own.two"
    done = stoa("scan", *both, "--packs", tmp_path / "none", "-", input="")
    assert done.returncode == 3 and done.stderr.splitlines() == [f"{tmp_path}/none: cannot read the folder of packs: No such file or directory"], done
    (tmp_path / "empty").mkdir()
    done = stoa("scan", "--packs", tmp_path / "empty", "-", input="")
    assert done.returncode == 3 and done.stderr == f"{tmp_path}/empty: holds no pack; packs are files called NAME.pack.yaml\n", done


@pytest.mark.parametrize("words, said", [
    (["--as", "word", "-"], "stoa: --as takes text, json, ndjson, form, xml, csv, yaml, properties, env or ini"),
    (["--min-confidence", "101", "-"], "stoa: --min-confidence takes a number from 0 to 100"),
    (["--bogus", "-"], "stoa: no such option, or nothing behind it: --bogus"),
    (["--packs"], "stoa: no such option, or nothing behind it: --packs"),
    (["--packs", "x"] * 17 + ["-"], "stoa: --packs takes a folder, and stands at most 16 times"),
    (["--exclude", "x"] * 65 + ["-"], "stoa: --exclude takes a pattern, and stands at most 64 times"),
    ([], "stoa: name files or folders to scan, or - for standard input"),
    ([""], "stoa: : No such file or directory"),
])
def test_what_is_wrong_is_one_line(words, said):
    done = stoa("scan", *words, input="")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("usage: ")]
    assert done.returncode == 2 and lines == [said] and done.stdout == "", done
