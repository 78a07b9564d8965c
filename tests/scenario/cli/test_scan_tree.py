# SPDX-License-Identifier: Apache-2.0
"""`stoa scan` over a tree, as a hook or a build runs it: what it opens, what it passes over, SARIF, exit codes."""
import json
import os
import subprocess

import pytest

from stoa_test.gateway import BIN

STOA = str(BIN / "stoa")
CARD = "4111 1111 1111 1111"
IBAN = "DE02 1203 0000 0000 2020 51"


def scan(*words, folder, **how):
    return subprocess.run([STOA, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=240, **how)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    for sub in ("src", "docs/täglich", ".git", "vendor"):
        (folder / sub).mkdir(parents=True)
    (folder / "src" / "pay.py").write_text(f"a = 1\nb = 'für {CARD}'\n")
    (folder / "src" / "fine.py").write_text("print('hello')\n")
    (folder / "src" / "known.py").write_text(f"t = '{IBAN}'  # stoa:allow pii.iban, of the manual\nu = '{CARD}'\n")
    (folder / "docs" / "täglich" / "a b.md").write_text(f"Konto {IBAN}\n")
    (folder / ".git" / "config").write_text(f"x {CARD}\n")
    (folder / "vendor" / "lib.js").write_text(f"x = '{CARD}'\n")
    os.symlink("/etc/passwd", folder / "src" / "link")
    os.mkfifo(folder / "src" / "pipe")
    return folder


def found(done):
    return {line.split(":")[0] for line in done.stdout.splitlines()}


def test_a_folder_is_walked_in_order_and_links_are_not_followed(tree):
    done = scan("scan", ".", folder=tree)
    assert done.returncode == 1, done
    assert found(done) == {"./docs/täglich/a b.md", "./src/known.py", "./src/pay.py", "./vendor/lib.js"}
    assert done.stdout == "".join(sorted(done.stdout.splitlines(keepends=True)))
    assert CARD not in done.stdout and IBAN not in done.stdout


def test_patterns_leave_out_names_and_paths(tree):
    done = scan("scan", "--exclude", "vendor", "--exclude", "*.md", "--exclude", "src/known.*", ".", folder=tree)
    assert found(done) == {"./src/pay.py"}, done


def test_a_line_may_allow_a_detector_by_name_and_no_other(tree):
    done = scan("scan", "src/known.py", folder=tree)
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["pii.card.visa"], done
    assert "1 allowed by their own lines" in done.stderr
    quiet = tree / "allowed.txt"
    quiet.write_text(f"{IBAN} stoa:allow pii.iban\n")
    assert scan("scan", quiet, folder=tree).returncode == 0
    quiet.write_text(f"{IBAN} stoa:allow pii.ibanx pii.card.visa\n")
    assert scan("scan", quiet, folder=tree).returncode == 1
    quiet.unlink()


def test_exit_codes_tell_a_hook_what_to_do(tree):
    assert scan("scan", "src/fine.py", folder=tree).returncode == 0
    assert scan("scan", "src/pay.py", folder=tree).returncode == 1
    done = scan("scan", "src/fine.py", "none.py", folder=tree)
    assert done.returncode == 2 and done.stderr == "stoa: none.py: No such file or directory\n", done
    done = scan("scan", "--sarif", "--jsonl", "x", folder=tree)
    assert done.returncode == 2 and done.stderr.startswith("stoa: --sarif is a report about files"), done


REQUIRED = {  # of SARIF 2.1.0: the name of a member, and what the object or the objects in it must have
    "runs": ["tool"], "driver": ["name"], "rules": ["id"], "results": ["message"], "message": ["text"], "suppressions": ["kind"],
    "invocations": ["executionSuccessful"], "toolExecutionNotifications": ["message"], "physicalLocation": ["artifactLocation"]}
LEAST = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1, "byteOffset": 0, "byteLength": 0, "ruleIndex": 0}
NAMES = {"level": {"none", "note", "warning", "error"}, "kind": {"inSource", "external"}, "columnKind": {"utf16CodeUnits", "unicodeCodePoints"}}


def hold_to_schema(name, value):
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            assert all(member in one for member in REQUIRED.get(name, [])), (name, one)
            for member, inside in one.items():
                hold_to_schema(member, inside)
        assert name not in LEAST or (isinstance(one, int) and one >= LEAST[name]), (name, one)
        assert name not in NAMES or one in NAMES[name], (name, one)


def test_sarif_is_what_a_forge_reads(tree):
    (tree / "locked.pdf").write_bytes(b"%PDF-1.4 nothing more")
    done = scan("scan", "--sarif", ".", folder=tree)
    (tree / "locked.pdf").unlink()
    assert done.returncode == 1, done
    log = json.loads(done.stdout)
    run = log["runs"][0]
    hold_to_schema("", log)
    assert log["version"] == "2.1.0" and run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) > 400
    by_file = {}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        by_file.setdefault(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], []).append(result)
    assert set(by_file) == {"docs/t%C3%A4glich/a%20b.md", "src/known.py", "src/pay.py", "vendor/lib.js"}
    [card] = by_file["src/pay.py"]
    region = card["locations"][0]["physicalLocation"]["region"]
    line = (tree / "src" / "pay.py").read_text().splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1:region["endColumn"] - 1] == CARD
    at = region["byteOffset"]
    assert (tree / "src" / "pay.py").read_bytes()[at:at + region["byteLength"]].decode() == CARD
    assert card["level"] == "error" and "suppressions" not in card
    allowed = [r for r in by_file["src/known.py"] if "suppressions" in r]
    assert [r["ruleId"] for r in allowed] == ["pii.iban"] and allowed[0]["suppressions"] == [{"kind": "inSource"}]
    told = run["invocations"][0]
    assert told["executionSuccessful"] is False
    assert [n["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for n in told["toolExecutionNotifications"]] == ["locked.pdf"]
    assert CARD not in done.stdout and IBAN not in done.stdout


def test_compiled_packs_are_kept_where_caches_are(tree, tmp_path):
    how = {"env": {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}}
    assert scan("scan", "src/pay.py", folder=tree, **how).returncode == 1
    kept = sorted((tmp_path / "stoa").iterdir())
    assert kept and os.stat(tmp_path / "stoa").st_mode & 0o777 == 0o700
    before = [path.stat().st_mtime_ns for path in kept]
    assert scan("scan", "src/pay.py", folder=tree, **how).returncode == 1
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "stoa").iterdir())] == before
    nowhere = {"env": {"PATH": os.environ["PATH"]}}
    assert scan("scan", "src/pay.py", folder=tree, **nowhere).returncode == 1
