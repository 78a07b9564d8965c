# SPDX-License-Identifier: Apache-2.0
"""`stoa plugin`: a new plugin passes its own tests, what fails is told in one line, and a plugin explains itself."""
import json
import os
import shutil
import subprocess

import pytest

from stoa_test.gateway import BIN, ROOT

STOA = str(BIN / "stoa")
PLACES = {"coach": "detect/{}.lua", "detector": "detect/{}.lua", "curate": "curation/{}.curate.lua",
          "adapter": "platforms/{}.lua", "export": "detect/{}.lua"}


def plugin(*words, folder=None):
    words = [STOA, "plugin", *map(str, words), *(["--plugins", str(folder)] if folder else [])]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def good(*words, folder):
    done = plugin(*words, folder=folder)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout


@pytest.fixture
def house(tmp_path):
    """A folder with a new coach, and its file."""
    good("new", "--template", "coach", "acme.embargo", folder=tmp_path)
    return tmp_path, tmp_path / "detect" / "acme.embargo.lua"


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_every_template_has_a_file_and_a_place():
    kinds = {path.name.split(".")[0] for path in (ROOT / "lua-plugins" / "templates").iterdir()}
    assert kinds == set(PLACES)


@pytest.mark.parametrize("kind", PLACES)
def test_a_new_one_passes_as_made(kind, tmp_path):
    said = good("new", "--template", kind, "acme.first", folder=tmp_path)
    path = tmp_path / PLACES[kind].format("acme.first")
    assert str(path) in said and "owner.name" not in path.read_text()
    assert good("check", folder=tmp_path).endswith(": fine\n")  # without a line of advice
    assert good("test", folder=tmp_path).endswith(": all as they should\n")
    if kind in ("coach", "detector", "export"):
        assert "acme.first" in good("list", folder=tmp_path) and good("doc", "acme.first", folder=tmp_path)
    if shutil.which("luacheck"):
        subprocess.run(["luacheck", "--quiet", path], cwd=ROOT, check=True)


def test_one_folder_of_all_serves_every_command(tmp_path):
    """With the shared modules that ship, and beside all else that ships."""
    for kind in PLACES:
        good("new", "--template", kind, f"acme.{kind}", folder=tmp_path / "p")
    sent = {"request": {"method": "GET", "url": "https://our-forum.example/t/7"}, "response": {"status": 200}}
    (tmp_path / "sent.jsonl").write_text(json.dumps(sent))
    (tmp_path / "page.txt").write_text("How a screen reader finds your headings")
    for words in (["curate", "list"], ["curate", "test"], ["curate", "export"], ["curate", "preview", tmp_path / "page.txt"],
                  ["curate", "run", tmp_path / "sent.jsonl"], ["adapter", "test", tmp_path / "sent.jsonl"], ["rules", "test"],
                  ["curate", "export", "--format", "xapi", "--to", "https://lrs.example", tmp_path / "sent.jsonl"]):
        done = subprocess.run([STOA, *map(str, words), "--plugins", tmp_path / "p"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and done.stdout, (words, done)


def test_nothing_is_overwritten(house):
    folder, file = house
    before = file.read_text()
    done = plugin("new", "--template", "coach", "acme.embargo", folder=folder)
    assert done.returncode == 2 and "is there already" in done.stderr, done
    assert file.read_text() == before


@pytest.mark.parametrize("words, hint", [
    (["acme.one"], "--template is"), (["--template", "cauch", "acme.one"], "--template is"),
    (["--template", "coach"], "one name"), (["--template", "coach", "acme"], "owner.name"),
    (["--template", "coach", "../acme.x"], "a name is"), (["--template", "coach", "acme.X"], "a name is"),
    (["--template", "curate", "-x"], "options are")])
def test_a_name_and_a_template_are_needed(words, hint, tmp_path):
    done = plugin("new", *words, folder=tmp_path / "p")
    assert done.returncode == 2 and hint in done.stderr and "usage: stoa plugin new" in done.stderr, done
    assert not (tmp_path / "p").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_made(tmp_path):
    tmp_path.chmod(0o500)
    done = plugin("new", "--template", "coach", "acme.one", folder=tmp_path / "p")
    assert done.returncode == 2 and "cannot be made" in done.stderr, done


def test_a_failing_test_is_named(house):
    folder, file = house
    edit(file, '"embargo",\n      message', '"other",\n      message')
    done = plugin("test", folder=folder)
    assert done.returncode == 1 and done.stdout == "", done
    assert f"{file}: test 'a name in public is coached': the reason should be 'embargo', is 'other'" in done.stderr
    done = plugin("test", "acme.embargo", "--json", folder=folder)
    assert done.returncode == 1 and done.stderr == "", done
    assert ["a name in public" in f["problem"] for f in json.loads(done.stdout)["failed"]] == [True]


def test_a_mistake_is_told_with_its_place(house):
    folder, file = house
    edit(file, 'on_failure = "skip"', 'on_failure = "sip"')
    for command in ("check", "test", "list", "doc", "profile"):
        done = plugin(command, folder=folder)
        assert done.returncode == 3 and done.stderr == f"{file}: 'on_failure' must be skip, coach or block\n", done
    file.write_text("local x = = 1\n")
    done = plugin("check", folder=folder)
    assert done.returncode == 3 and done.stderr.startswith(f"{file}:1:0: "), done


def test_advice_is_no_error(house):
    folder, file = house
    edit(file, 'license = "Apache-2.0",', "")
    edit(file, '"verdict.coach" }', '"verdict.coach", "verdict.block" }')
    said = good("check", folder=folder)
    assert f"{file}: has no license" in said and "none of its tests ends in block" in said
    assert len(json.loads(good("check", "--json", folder=folder))["advice"]) == 2


def test_a_profile_counts(house):
    folder, _ = house
    posts = folder / "posts.txt"
    posts.write_text("one\ntwo\n")
    rows = json.loads(good("profile", "--rounds", 20, "--text", posts, "--json", folder=folder))
    assert [r["name"] for r in rows] == ["acme.embargo"]
    hook = {h["hook"]: h for h in rows[0]["hooks"]}["activity"]
    assert hook["calls"] == 20 * (6 + 2) and hook["failed"] == 0 and hook["budget_ns"] == 2_000_000
    assert 0 < hook["median_ns"] <= hook["p99_ns"] and 0 < rows[0]["memory"] <= rows[0]["memory_most"] < 512 << 10
    text = good("profile", "--rounds", 1, folder=folder)
    assert "activity" in text and "KiB at most, of 512 KiB" in text
    for words in (["--rounds", "0"], ["--rounds", "x"], ["--text", folder / "none.txt"]):
        assert plugin("profile", *words, folder=folder).returncode == 2


def test_a_page_of_its_own(house):
    folder, _ = house
    page = good("doc", "acme.embargo", folder=folder)
    assert page.startswith("# Names under embargo\n") and "| `until_day` | date | 2030-01-01 |" in page
    assert "- `verdict.coach`: lets a message pass and tells the person so" in page
    assert good("doc", "--lang", "de", folder=folder).startswith("# Namen unter Sperrfrist\n")
    assert json.loads(good("doc", "--json", folder=folder))[0]["markdown"] == page
    done = plugin("doc", "acme.none", folder=folder)
    assert done.returncode == 2 and "stoa plugin list" in done.stderr, done


def explained(config, folder):
    post = folder / "post.json"
    post.write_text('{"text": "see the Blue Heron fly"}')
    done = subprocess.run([STOA, "--config", config, "--json", "explain", post, "--url", "https://forum.example/post",
                           "--type", "application/json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    return done.stdout


def test_settings_of_the_configuration_are_in_force(tmp_path):
    subprocess.run([STOA, "setup", tmp_path / "made"], capture_output=True, check=True, timeout=120)
    config = tmp_path / "made" / "stoa.yaml"
    assert "embargo" not in explained(config, tmp_path)  # it ships switched off
    with config.open("a") as file:
        file.write("plugins:\n  - name: stoa.launch-embargo\n    settings:\n      names: [blue heron]\n"
                   "      until_day: 2099-01-01\n")
    said = explained(config, tmp_path)
    assert '"coach"' in said and "embargo" in said and "This name is under embargo until 2099-01-01." in said
