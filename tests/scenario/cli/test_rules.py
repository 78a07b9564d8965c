# SPDX-License-Identifier: Apache-2.0
"""`stoa rules`: what a detector is and what it costs, and what is wrong with a pack of one's own."""
import json
import subprocess

import pytest

from stoa_test.gateway import BIN, ROOT
from stoa_test.packs import house_pack

STOA = str(BIN / "stoa")


def rules(*words):
    return subprocess.run([STOA, *map(str, words)], capture_output=True, text=True, timeout=240)


@pytest.fixture
def house(tmp_path):
    def write(**change):
        (tmp_path / "house.pack.yaml").write_text(house_pack(**change))
        return tmp_path
    return write


def test_show_is_all_that_a_detector_is(house):
    shown = rules("rules", "show", "--packs", house(), "house.ticket").stdout
    for piece in ("Ticket number, medium, pack house", "house.pack.yaml:5", "HT-[0-9]{6}", "HT-654321",
                  "https://house.example/tickets"):
        assert piece in shown, shown
    assert "Vorgangsnummer" in rules("--lang", "de", "rules", "show", "--packs", house(), "house.ticket").stdout
    told = json.loads(rules("--json", "rules", "show", "pii.iban").stdout)
    assert told["validate"] == "iban" and "ISO 13616" in told["source"] and "konto" in told["words"]


def test_a_word_that_is_none_is_answered_with_the_nearest():
    done = rules("rules", "show", "pii.ibam")
    assert done.returncode == 2 and done.stderr == "stoa: there is no detector 'pii.ibam'; did you mean 'pii.iban'?\n"
    done = rules("rules", "list", "--pack", "paiment")
    assert done.returncode == 2 and "there is no pack 'paiment'" in done.stderr


def test_list_and_test_count_the_same():
    told = json.loads(rules("--json", "rules", "test").stdout)
    assert len(json.loads(rules("--json", "rules", "list").stdout)) == told["detectors"] > 400
    assert told["examples"] >= 6 * (told["detectors"] - 10)


def test_an_example_that_does_not_hold_is_told_with_its_place(house):
    done = rules("rules", "test", "--packs", house(match='["HT-123456", "HT-12", "HT-111222"]'))
    assert done.returncode == 3 and "house.pack.yaml:15:28: rule 'house.ticket' does not find" in done.stderr, done


def test_lint_names_what_hits_too_often(house, tmp_path):
    assert rules("rules", "lint", "--packs", house()).returncode == 0
    text = tmp_path / "text"
    text.write_text("e 12 " * 1000)
    noisy = house(pattern="e [0-9]{2}", anchor="e ", match='["e 12", "e 13", "e 14"]')
    done = rules("rules", "lint", "--packs", noisy, "--text", text)
    assert done.returncode == 3 and "house.pack.yaml:5:1: rule 'house.ticket' is noisy" in done.stderr, done


def test_bench_shows_each_pattern_and_the_slowest_first(tmp_path):
    for name in ("secrets-code", "payment"):
        (tmp_path / f"{name}.pack.yaml").symlink_to(ROOT / "filters" / "packs" / f"{name}.pack.yaml")
    told = json.loads(rules("--json", "rules", "bench", "--packs", tmp_path).stdout)
    speeds = [rule["gb_per_second"] for rule in told if rule["find"] == "pattern"]
    assert len(speeds) > 10 and speeds == sorted(speeds)
    assert any(rule["find"] == "digits" and "gb_per_second" not in rule for rule in told)


def test_a_text_that_is_not_there(house):
    for command in ("bench", "lint"):
        done = rules("rules", command, "--packs", house(), "--text", "/none")
        assert done.returncode == 2 and done.stderr == "stoa: /none: No such file or directory\n", done
