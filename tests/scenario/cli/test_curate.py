# SPDX-License-Identifier: Apache-2.0
"""`stoa curate`: rules as JSON and back without loss, and what is wrong with a file of them in one line."""
import json
import subprocess

import pytest

from stoa_test.gateway import BIN, ROOT

STOA = str(BIN / "stoa")
RULE = {"name": "tests", "title": {"en": "Testing", "de": "Testen"}, "when": {"phrase": ["unit test"]}}


def curate(*words):
    return subprocess.run([STOA, "curate", *map(str, words)], capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "curation").mkdir()

    def write(rules):
        text = rules if isinstance(rules, str) else json.dumps(rules)
        (tmp_path / "curation" / "house.curate.json").write_text(text)
        return tmp_path
    return write


def exported(*words):
    done = curate("export", *words)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_what_ships_survives_json(folder):
    shipped = [rule for rule in exported() if '"where"' not in json.dumps(rule)]
    assert len(shipped) >= 3
    assert exported("--plugins", folder(shipped)) == shipped


def test_every_condition_survives_json(folder):
    leaves = [{"hashtag": ["k8s", "ops"]}, {"phrase": ["a b", "Größe"]}, {"url": ["*.test/*"]}, {"author": ["ana *"]},
              {"platform": ["youtube"]}, {"kind": ["view", "post"]}, {"lang": ["de"]}, {"dwell": "90s"},
              {"length": "10m"}, {"length": 1500}, {"trust": ["high"]}, {"age": "90d"}, {"learners": 5}, {"dead": True}]
    when = {"all": [{"any": leaves[:5]}, {"not": {"all": leaves[5:]}}, {"not": {"not": leaves[0]}}]}
    rule = {**RULE, "owner": "academy", "when": when, "tag": {"topic": "a/b", "level": "beginner"}, "skill": "skills:x",
            "queue": "academy", "credit": {"when": {"dwell": "2m"}, "verb": "experienced"}, "expire": "180d",
            "test": [{"text": "hello", "kind": "view", "platform": "generic", "lang": "de", "url": "https://x.test/",
                      "author": "ana", "title": "t", "dwell": "1500ms", "trust": "low", "age": "3d", "learners": 7, "dead": True,
                      "match": False}]}
    assert exported("--plugins", folder([rule])) == [rule]


def test_a_json_rule_is_in_force_and_tested(folder):
    rule = {**RULE, "test": [{"text": "how to write a unit test"}, {"text": "nothing", "match": False}]}
    done = curate("test", "--plugins", folder([rule]))
    assert done.returncode == 0 and done.stdout == "1 rules, 2 tests: all as they should\n", done
    (folder([rule]) / "page.txt").write_text("a unit test is short")
    done = curate("preview", "--plugins", folder([rule]), folder([rule]) / "page.txt")
    assert done.returncode == 0 and done.stdout.startswith("tests: matches"), done
    done = curate("test", "--plugins", folder([{**rule, "test": [{"text": "nothing"}]}]))
    assert done.returncode == 3 and 'tests: test 1 "nothing" should match, and does not' in done.stderr, done


@pytest.mark.parametrize("rules, told", [
    ("[", "house.curate.json:1"),
    ({"name": "x"}, "a list of rules is expected"),
    ([{"title": "x"}], 'a rule is an object with a "name"'),
    ([{**RULE, "when": {"frase": ["x"]}}], 'tests: unknown condition "frase"'),
    ([{**RULE, "when": {"where": "custom condition"}}], 'tests: "where" is a function; such a rule stays in a'),
    ([{**RULE, "when": {"phrase": ["x"], "kind": ["view"]}}], "tests: a condition is an object with one key"),
    ([{**RULE, "when": {"any": {"phrase": ["x"]}}}], 'tests: "any" needs a list of conditions'),
    ([{**RULE, "when": {"dwell": "soon"}}], 'tests: a duration such as "2m" is expected'),
    ([{**RULE, "when": [{"phrase": ["x"]}]}], "tests: a condition is an object with one key"),
    ([{**RULE, "que": "x"}], "'que'"),
    ([RULE, RULE], "a rule named 'tests' is already there"),
    ([{**RULE, "when": json.loads('{"not":' * 40 + '{"kind": ["view"]}' + "}" * 40)}], "nested deeper than 32"),
    ([{"name": "tests", "title": "x"}], "'when' is missing"),
])
def test_what_is_wrong_is_told_in_one_line(folder, rules, told):
    done = curate("list", "--plugins", folder(rules))
    assert done.returncode == 3 and done.stdout == "", done
    assert done.stderr.count("\n") == 1 and "house.curate.json" in done.stderr and told in done.stderr, done


def test_a_name_that_is_none():
    done = curate("export", "kubernetes")
    assert done.returncode == 2 and done.stderr.startswith("stoa: there is no rule 'kubernetes'"), done


PAGE = "<html lang=en><title>Pods</title><p>Container orchestration with Kubernetes, from the beginning.</p></html>"


def exchange(method, url, status=200, kind="application/json", body=None, answer="", answered="text/html"):
    return {"request": {"method": method, "url": url, "headers": {"Content-Type": kind}, "body": body or ""},
            "response": {"status": status, "headers": {"Content-Type": answered}, "body": answer}}


@pytest.fixture
def recording(tmp_path):
    """A page, a post, one that is nothing, a login, and one that cannot be read."""
    lines = [exchange("GET", "https://en.wikipedia.org/wiki/Pods", answer=PAGE),
             exchange("POST", "https://forum.example/posts", body=json.dumps({"text": "#kubernetes for beginners"})),
             exchange("GET", "https://forum.example/style.css"),
             exchange("GET", "https://en.wikipedia.org/w/index.php?title=Special:UserLogin", answer=PAGE),
             exchange("GET", "https://en.wikipedia.org/wiki/Cats", answer=PAGE.replace("Kubernetes", "cats").replace("Container orchestration", "Life"))]
    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def test_a_recording_is_curated(recording):
    done = curate("run", "--json", recording)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and done.stderr == "", done
    assert [(s["exchange"], s["rule"]) for s in said] == [(1, "kubernetes-basics"), (2, "kubernetes-basics")]
    assert said[0]["title"] == "Pods" and said[0]["url"] == "https://en.wikipedia.org/wiki/Pods"
    assert "beginners" not in done.stdout  # what was typed is not shown
    done = curate("run", recording)
    assert done.stdout.endswith("5 exchanges, 3 of them something to look at, 2 tagged\n"), done


def test_a_recording_with_rules_of_ones_own(recording, folder):
    own = {"name": "cats", "title": {"en": "Cats", "de": "Katzen"}, "when": {"phrase": ["cats"]}, "tag": {"topic": "fun"}}
    done = curate("run", "--json", "--plugins", folder([own]), recording)
    rules = [(json.loads(line)["exchange"], json.loads(line)["rule"]) for line in done.stdout.splitlines()]
    assert (5, "cats") in rules and (1, "kubernetes-basics") in rules, done


def test_a_page_s_own_day_counts(recording, folder, tmp_path):
    new = {"name": "new", "title": {"en": "New", "de": "Neu"}, "when": {"age": "90d"}, "tag": {"topic": "news"}}
    days = [f"<html><meta name=date content={day}><title>Cats</title><p>All about cats.</html>"
            for day in ("9998-01-01", "2001-01-01")]
    recording.write_text("\n".join(
        json.dumps(exchange("GET", f"https://en.wikipedia.org/wiki/{n}", answer=page)) for n, page in enumerate(days)))
    done = curate("run", "--json", "--plugins", folder([new]), recording)
    assert [json.loads(line)["exchange"] for line in done.stdout.splitlines()] == [1], done
    for page, answer in zip(days, ("matches", "does not match")):
        (tmp_path / "page.html").write_text(page)
        done = curate("preview", "--plugins", tmp_path, tmp_path / "page.html")
        assert done.stdout.startswith(f"new: {answer}"), done


def test_a_recording_that_cannot_be_read(recording, tmp_path):
    assert curate("run", tmp_path / "none.har").returncode == 2
    recording.write_text(recording.read_text() + "\nno json\n")
    done = curate("run", recording)
    assert done.returncode == 1 and "exchange 6: this line is no JSON object" in done.stderr, done


def test_who_has_no_configuration_looks_at_the_rules_that_ship(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<html lang=en><title>Intro to Kubernetes</title><p>" + "Container orchestration for beginners. " * 20)
    alone = {"PATH": "/usr/bin", "STOA_CONFIG": str(tmp_path / "none.yaml")}
    done = subprocess.run([STOA, "curate", "preview", page], capture_output=True, text=True, timeout=120, env=alone)
    assert done.returncode == 0 and "kubernetes: " in done.stdout.replace("-basics", ""), done
    done = subprocess.run([STOA, "--config", tmp_path / "none.yaml", "curate", "preview", page], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 3 and "none.yaml" in done.stderr, done


def test_a_folder_without_rules_says_how_to_begin(tmp_path):
    for word in ("list", "test", "export"):
        done = curate(word, "--plugins", tmp_path)
        assert done.returncode == 0 and "stoa plugin new --template curate" in done.stderr, done


def test_a_word_that_is_no_condition_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "a.curate.lua").write_text('curate "a" {\n  title = "A",\n  when = hashtg "x",\n}\n')
    done = curate("test", "--plugins", tmp_path)
    assert done.returncode == 3 and done.stderr.strip().endswith(
        "a.curate.lua:3:0: there is no condition 'hashtg'; did you mean 'hashtag'?"), done


@pytest.mark.parametrize("when, told", [
    ('phrase "x" and kind "view"', "line 3: 'and' leaves a condition out; they are joined with & (both)"),
    ('phrase "x" or kind "view"', "line 3: 'or' leaves a condition out"),
    ('kind "views"', "a: nothing is ever of the kind 'views'; did you mean 'view'?"),
    ('platform { "yuotube", "reddit" }', "a: there is no adapter for the platform 'yuotube'; did you mean 'youtube'?"),
    ('lang "german"', "a: a language is a code such as \"de\" or \"en\", not 'german'"),
    ('phrase "x" & ~hashtag "#k8s"', "a: a hashtag is written without its '#', not '#k8s'"),
])
def test_what_loads_and_means_something_else_is_told(tmp_path, when, told):
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "a.curate.lua").write_text(f'curate "a" {{\n  title = "A", -- and so on\n  when = {when},\n}}\n')
    done = curate("test", "--plugins", tmp_path)
    assert done.returncode == 0 and done.stderr.count("\n") == 1 and f"a.curate.lua: {told}" in done.stderr, done
    done = subprocess.run([STOA, "plugin", "check", "--plugins", tmp_path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and told in done.stdout and "but for the advice above" in done.stdout, done


def test_what_is_meant_is_left_alone(tmp_path):
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "a.curate.lua").write_text(
        'local both = "this and that" -- and, or\ncurate "a" {\n  title = "A", when = phrase { both, [[x or y]] } & lang "pt-BR"\n'
        '    & where(function(a) if not a.title then return false end return a.title ~= "" and a.text ~= "" end)\n'
        '    & kind { "view", "watch.end" },\n}\nfor _, name in ipairs { "b" } do\n'
        '  curate(name) { title = name == "b" and "B" or "C", when = phrase "x" }\nend\n')
    done = curate("test", "--plugins", tmp_path)
    assert done.returncode == 0 and done.stderr == "", done
    assert curate("test").stderr == ""  # what ships
