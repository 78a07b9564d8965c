# SPDX-License-Identifier: Apache-2.0
"""`stoa scan` and `stoa rules` know what plugins find, with the settings that a configuration gives them."""
import json
import subprocess

import pytest

from stoa_test.gateway import BIN

STOA = str(BIN / "stoa")
TEXT = "order P123451, P123456 and Q123451\n"
PLUGIN = """
return { api = 1, name = "house.parts", version = "1", title = { en = "Part numbers", de = "Teilenummern" },
  permissions = { "text.read" }, on_failure = "%s",
  config = { letter = stoa.schema.string { default = "P", help = "The letter they begin with." } },
  detectors = { part = { label = "house.part", pattern = [[\\b[A-Z][0-9]{6}\\b]], severity = "high",
    validate = function(hit, ctx)
      if hit.text == "R000000" then error("this one breaks it") end
      return hit.text:sub(1, 1) == ctx.config.letter and hit.text:byte(7) == hit.text:byte(2)
    end } },
  tests = { { name = "one", text = "part P123451 here", findings = { "house.part" } },
    { name = "another", text = "part P123456", findings = {} } } }
"""


def stoa(*words, text=None):
    return subprocess.run([STOA, *map(str, words)], capture_output=True, text=True, timeout=240, input=text)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors")
    (folder / "own" / "detect").mkdir(parents=True)
    (folder / "own" / "detect" / "parts.lua").write_text(PLUGIN % "skip")
    (folder / "post.txt").write_text(TEXT)
    assert stoa("setup", folder / "run").returncode == 0
    config = folder / "run" / "stoa.yaml"
    text = config.read_text()
    line = next(line for line in text.splitlines() if line.startswith("  plugins: "))
    shipped = line.removeprefix("  plugins: ").strip("[] ")
    text = text.replace(line, f"  plugins: [{shipped}, {folder / 'own'}]", 1)
    config.write_text(text + "\nplugins:\n  - name: house.parts\n    settings:\n      letter: Q\n")
    return folder


def places(done):
    assert done.returncode == 1, done
    return [(f["detector"], f["start"]) for f in json.loads(done.stdout)["findings"]]


def test_a_plugin_is_asked_about_each_match(house):
    assert stoa("scan", house / "post.txt").returncode == 0
    assert places(stoa("--json", "scan", "--plugins", house / "own", house / "post.txt")) == [("house.part", 6)]
    done = stoa("scan", "--plugins", house / "own", "--jsonl", "-", text=json.dumps({"id": 1, "text": TEXT}) + "\n")
    assert '"detector":"house.part","start":6' in done.stdout, done


def test_a_configuration_gives_it_other_settings(house):
    config = ("--config", house / "run" / "stoa.yaml")
    assert places(stoa("--json", *config, "scan", house / "post.txt")) == [("house.part", 27)]
    assert "house.part " in stoa(*config, "rules", "list").stdout


def test_rules_show_list_and_test_know_it(house):
    shown = stoa("rules", "show", "--plugins", house / "own", "house.part").stdout
    assert all(piece in shown for piece in ("Part numbers, high, pack house.parts", "parts.lua", "[part]")), shown
    assert "Teilenummern" in stoa("--lang", "de", "rules", "list", "--plugins", house / "own").stdout
    told = json.loads(stoa("--json", "rules", "test", "--plugins", house / "own").stdout)
    assert told["plugin_tests"] == 2 and told["detectors"] == json.loads(
        stoa("--json", "rules", "test").stdout)["detectors"] + 1
    assert stoa("rules", "show", "house.part").returncode == 2


@pytest.mark.parametrize("on_failure, found", [("skip", []), ("block", ["house.part"])])
def test_one_that_fails_is_said_in_one_line(tmp_path, on_failure, found):
    (tmp_path / "detect").mkdir()
    (tmp_path / "detect" / "parts.lua").write_text(PLUGIN % on_failure)
    done = stoa("--json", "scan", "--plugins", tmp_path, "-", text="part R000000")
    assert done.returncode == 3, done
    assert [f["detector"] for f in json.loads(done.stdout)["findings"]] == found, done
    assert done.stderr.count("\n") == 1 and "parts.lua:7: plugin house.parts failed 1 times" in done.stderr, done
    assert f"({on_failure})" in done.stderr, done


def test_a_plugin_that_is_wrong_is_named(tmp_path):
    (tmp_path / "detect").mkdir()
    (tmp_path / "detect" / "parts.lua").write_text((PLUGIN % "skip").replace("P123456", "P123451"))
    for words in (("scan", "-"), ("rules", "list"), ("rules", "test")):
        done = stoa(*words[:-1], "--plugins", tmp_path, *words[-1:]) if words[0] == "scan" else stoa(
            *words, "--plugins", tmp_path)
        assert done.returncode == 3 and "parts.lua: test 'another'" in done.stderr, done
    done = stoa("scan", "--plugins", tmp_path / "none", "-")
    assert done.returncode == 3 and "none: " in done.stderr, done
