# SPDX-License-Identifier: Apache-2.0
"""`stoa rules import`: a file of rules as other tools have them becomes a pack, or says of each rule why not."""
import json
import subprocess

import pytest

from stoa_test.client import Client
from stoa_test.gateway import BIN, Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

STOA = str(BIN / "stoa")

GITLEAKS = r"""title = "house rules"
[extend]
useDefault = true
[[allowlists]]
stopwords = ["sample"]
regexes = ['''^acme_0{8}''']
paths = ['''vendor/''']
[[rules]]
id = "acme-token"
description = "A token's prefix, and 32 more"
regex = '''\b(acme_[a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
entropy = 3
keywords = ["acme_"]
[[rules]]
id = "Widget Key"
description = "behind its name"
regex = '''(?i)[\w.-]{0,50}?(?:widget)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|:)[\x60'"\s=]{0,5}([a-f0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
keywords = ["widget"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''(?i)documentation''']
[[rules]]
id = "globex-pair"
regex = '''[a-zA-Z0-9]{14}\.globexv1\.[a-zA-Z0-9_=-]{60,70}'''
[[rules]]
id = "initech-key"
regex = '''initech-[A-Z]{4}-\w+'''
keywords = ["initrode"]
[[rules]]
id = "armour"
regex = '''(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S-]{64,}?KEY(?: BLOCK)?-----'''
[[rules]]
id = "hooli-case"
regex = '''hooli(?i)-key-(?P<body>[a-z0-9]{20})\b'''
[[rules]]
id = "url-password"
regex = '''(?P<scheme>massive)://[a-z]{1,20}:(?P<password>[^@\s]{8,60})@'''
secretGroup = 2
[[rules]]
id = "unicode"
regex = '''größe=(?:ä|[öü]){2}[0-9]{6}'''
[[rules]]
id = "hex"
regex = '''\b[a-f0-9]{40}\b'''
[[rules]]
id = "of-a-file"
regex = '''umbrella_[0-9]{10}'''
path = '''(?i)\.env$'''
[[rules]]
id = "ahead"
regex = '''hooli(?=[0-9])[a-z0-9]{20}'''
[[rules]]
id = "possessive"
regex = '''soylent_[a-z0-9]++'''
[[rules]]
id = "back"
regex = '''(a)tyrell_\1'''
[[rules]]
id = "start"
regex = '''^tyrell_[0-9]{6}'''
[[rules]]
id = "wide"
regex = '''tyrell_(?:[0-9]{30}-){80}'''
[[rules]]
id = "broken"
regex = '''tyrell_([0-9]{6}'''
"""

PRESIDIO = r"""recognizers:
  - name: Badge number
    supported_languages:
      - { language: en, context: [badge, employee] }
      - { language: de, context: [Ausweis] }
    supported_entity: BADGE
    patterns:
      - { name: weak, regex: '(\b\d{5}(?:-\d{4})?\b)', score: 0.01 }
      - { name: strong, regex: '(?<![\w-])B\d{3}[- ]?\d{4}(?![\w-])', score: 0.4 }
  - name: Ticket
    supported_language: en
    supported_entity: TICKET
    patterns: [{ name: t, regex: '(?<!x)\bTICK-[0-9]{6}\b', score: 0.8 }]
  - name: Case number
    supported_entity: CASE
    patterns: [{ name: c, regex: '\b(\d{3})-(\d{2})-(\d{4})\b', score: 0.85 }]
  - name: Weak
    supported_entity: W
    patterns: [{ name: c, regex: 'weak-\d{5}', score: 0.2 }]
  - name: Projects
    supported_entity: PROJECT
    deny_list: [Falcon, "Blue Harbour"]
  - name: Off
    enabled: false
    supported_entity: OFF
    deny_list: [off]
  - name: CreditCardRecognizer
    type: predefined
  - SpacyRecognizer
"""


def stoa(*words):
    return subprocess.run([STOA, *map(str, words)], capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Both files, imported: the folder, and what was said."""
    folder = tmp_path_factory.mktemp("import")
    (folder / "acme.toml").write_text(GITLEAKS)
    (folder / "people.yaml").write_text(PRESIDIO)
    said = [stoa("rules", "import", "gitleaks", folder / "acme.toml", "-o", folder / "packs"),
            stoa("rules", "import", "presidio-yaml", folder / "people.yaml", "-o", folder / "packs", "--severity", "medium")]
    return folder, said


def test_of_every_rule_one_line_says_what_became_of_it(imported):
    _, (done, _) = imported
    assert done.returncode == 1 and done.stderr == "", done
    lines = done.stdout.splitlines()
    told = {line.split(": ")[1]: line for line in lines}
    for name in ("acme-token", "Widget Key", "globex-pair", "initech-key", "armour", "hooli-case", "url-password", "unicode"):
        assert ": taken as acme." in told[name], done.stdout
    for name, why in (("hex", "no literal of two bytes"), ("of-a-file", "a file's path"), ("ahead", "look-around"),
                      ("possessive", "possessive"), ("back", "reference back"), ("start", "beginning of a text"),
                      ("wide", "more than 2048 bytes"), ("broken", "a group has no end")):
        assert f": {name}: not taken: " in told[name] and why in told[name], told[name]
    assert "bounded at 256" in told["initech-key"] and "keywords must stand" in told["initech-key"]
    assert sum(": left out: " in line for line in lines) == 2, lines  # extend, paths
    assert lines[-1].startswith("16 rules: 8 taken, 1 of them with a note; 8 not taken: "), lines[-1]


def test_recognizers_are_told_too(imported):
    _, (_, done) = imported
    assert done.returncode == 1 and done.stderr == "", done
    lines = done.stdout.splitlines()
    for name in ("Badge number-weak", "Badge number-strong", "Ticket", "Case number", "Projects"):
        assert any(f": {name}: taken as people." in line for line in lines), done.stdout
    for name, why in (("Weak", "score is below"), ("Off", "switched off"), ("CreditCardRecognizer", "code of Presidio"),
                      ("SpacyRecognizer", "neither patterns nor")):
        assert any(f": {name}: not taken: " in line and why in line for line in lines), done.stdout
    assert lines[-1].startswith("9 rules: 5 taken, "), lines[-1]


def test_lint_and_test_take_what_was_made(imported):
    folder, _ = imported
    for word in ("lint", "test"):
        done = stoa("rules", word, "--packs", folder / "packs")
        assert done.returncode == 0, done


TOKEN = "acme_a8f3k2l9q0w7e6r5t4y3u2i1o0p9z8x7"
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
BODY = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj" for _ in range(12))


@pytest.mark.parametrize("text, detector, value", [
    (f'token = "{TOKEN}"', "acme.acme-token", TOKEN),
    (f"in prose: {TOKEN}.", "acme.acme-token", TOKEN),
    (f"{TOKEN}q is longer", None, None),
    (f"x{TOKEN} has a letter before it", None, None),
    ("acme_" + "a" * 32 + " is too even", None, None),
    ("acme_00000000q0w7e6r5t4y3u2i1o0p9z8x7 is allowed by the file", None, None),
    ("acme_sample" + TOKEN[11:] + " is allowed by a word", None, None),
    (f"widget_api_key: {HEX}", "acme.widget-key", HEX),
    (f"WIDGET-KEY = '{HEX}'", "acme.widget-key", HEX),
    (f"widget_api_key: {HEX}0", None, None),
    (f"widget_api_key: {HEX}, see documentation", None, None),
    ("initech-ABCD-q0w7e6r5t4y3u2i1", None, None),
    ("of initrode: initech-ABCD-q0w7e6r5t4y3u2i1", "acme.initech-key", "initech-ABCD-q0w7e6r5t4y3u2i1"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----\nand after", "acme.armour",
     f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"),
    ("hooli-KEY-a8f3k2l9q0w7e6r5t4y3", "acme.hooli-case", "a8f3k2l9q0w7e6r5t4y3"),
    ("HOOLI-KEY-a8f3k2l9q0w7e6r5t4y3", None, None),
    ("massive://me:correct-horse@db", "acme.url-password", "massive://me:correct-horse"),
    ("die größe=äö123456 also", "acme.unicode", "größe=äö123456"),
    ("aB3dE6gH9jK2mN.globexv1." + "q0w7e6r5t4" * 6, "acme.globex-pair", "aB3dE6gH9jK2mN.globexv1." + "q0w7e6r5t4" * 6),
    ("my badge B123-4567", "people.badge-number-strong", "B123-4567"),
    ("my B123-4567", None, None),
    ("Ausweis 12345-6789", "people.badge-number-weak", "12345-6789"),
    ("see tick-123456!", "people.ticket", "tick-123456"),
    ("case 123-45-6789", "people.case-number", "123-45-6789"),
    ("case 123456789", None, None),
    ("of blue harbour, all", "people.projects", "blue harbour")])
def test_the_pack_finds_what_the_rules_meant(imported, tmp_path, text, detector, value):
    (tmp_path / "post.txt").write_text(text)
    done = stoa("--json", "scan", "--packs", imported[0] / "packs", tmp_path / "post.txt")
    found = [(f["detector"], text.encode()[f["start"]:f["end"]].decode()) for f in json.loads(done.stdout)["findings"]]
    assert found == ([(detector, value)] if detector else []), done.stdout


def test_json_is_one_object(imported, tmp_path):
    done = stoa("--json", "rules", "import", "gitleaks", imported[0] / "acme.toml", "-o", tmp_path, "--pack", "Own Name")
    told = json.loads(done.stdout)
    assert (told["rules"], told["taken"], told["refused"]) == (16, 8, 8)
    assert told["pack"] == str(tmp_path / "own-name.pack.yaml") and told["report"][2]["id"] == "own-name.acme-token"
    assert [p.name for p in tmp_path.iterdir()] == ["own-name.pack.yaml"]  # nothing of the trials stays


@pytest.mark.parametrize("format, text, says", [
    ("gitleaks", "title = 'x'\n", "r:1:1: no rule is in this file; rules stand below [[rules]]"),
    ("gitleaks", "[[rules]]\nid = 1979-05-27\n", "r:2:10: this value is not understood"),
    ("gitleaks", "recognizers:\n", "r:1:12: = is expected behind 'recognizers'"),
    ("presidio-yaml", "recognizers:\n  - name: x\n    pattern: y\n", "r:3:5: expected an option of recognizer, found \"pattern\"; did you mean \"patterns\"?"),
    ("presidio-yaml", "title = 'x'\n", "r:1:1: expected a mapping")])
def test_a_file_that_is_none_is_told_with_its_line(tmp_path, format, text, says):
    (tmp_path / "r").write_text(text)
    done = stoa("rules", "import", format, tmp_path / "r", "-o", tmp_path / "out")
    assert done.returncode == 3 and f"{tmp_path}/{says}" in done.stderr, done
    assert list((tmp_path / "out").iterdir()) == []


def test_words_of_the_call(tmp_path):
    for words in (["nonsense", "x", "-o", tmp_path], ["gitleaks", "x"], ["gitleaks", "x", "-o", tmp_path, "--severity", "huge"]):
        done = stoa("rules", "import", *words)
        assert done.returncode == 2 and "usage: stoa rules import" in done.stderr, done
    assert stoa("rules", "import", "gitleaks", tmp_path / "none", "-o", tmp_path).returncode == 3


POLICY = """version: 1
policy: imported
owner: security@example.com
description: { en: Imported rules hold., de: Importierte Regeln gelten. }
applies_to: { hosts: ["*.test"] }
inspect: { open: true }
rules:
  - id: imported
    when: { finding: ["pack:acme"] }
    then: redact
"""


def test_what_was_imported_holds_for_a_post(imported, tmp_path):
    authority = Authority(tmp_path)
    origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
    (tmp_path / "imported.policy.yaml").write_text(POLICY)
    gateway = Gateway(tmp_path / "gateway", [origin], [tmp_path / "imported.policy.yaml"], trust=authority.path)
    packs = f"  packs: {imported[0] / 'packs'}"
    gateway.config.write_text("".join((packs if line.startswith("  packs:") else line) + "\n"
                                      for line in gateway.config.read_text().splitlines()))
    with gateway:
        client = Client(gateway)
        client.open("forum.test")
        answer = client.request("POST", "/p", [("Content-Type", "application/json")],
                                json.dumps({"text": f"it is {TOKEN}, keep it"}).encode())
        assert answer.status == 200
        assert json.loads(origin.gets().body) == {"text": "it is [acme-token], keep it"}
    origin.close()
