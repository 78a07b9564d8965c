# SPDX-License-Identifier: Apache-2.0
"""What holds for every sub-command of `stoa`: --help, wrong words, a missing or broken file, --json, exit codes."""
import itertools
import json
import os
import re
import sqlite3
import subprocess

import pytest

from stoa_test.gateway import BIN, ROOT, Gateway, settles
from stoa_test.packs import house_pack

STOA = str(BIN / "stoa")
COMMANDS = re.findall(r'^COMMAND\("([^"]+)"', (ROOT / "cli" / "commands.def").read_text(), re.M)
IBAN = "pay DE02 1203 0000 0000 2020 51 please\n"
WORKS = {  # command: words that make it work beside a running gateway, and its exit code
    "setup": (["{folder}/made"], 0),
    "check": ([], 0),
    "scan": (["{folder}/post.txt"], 1),
    "rules list": (["--packs", "{folder}/house"], 0),
    "rules show": (["--packs", "{folder}/house", "house.ticket"], 0),
    "rules test": (["--packs", "{folder}/house"], 0),
    "rules lint": (["--packs", "{folder}/house"], 0),
    "rules bench": (["--packs", "{folder}/house"], 0),
    "rules import": (["gitleaks", "{folder}/rules.toml", "-o", "{folder}/imported"], 0),
    "edm build": (["--columns", "name", "--key-file", "{folder}/edm.key", "{folder}/table.csv", "-o", "{folder}/new.edm"], 0),
    "edm check": (["{folder}/table.edm", "--key-file", "{folder}/edm.key", "ana"], 1),
    "fingerprint build": (["{folder}/plan.txt", "-o", "{folder}/new.fp"], 0),
    "fingerprint check": (["{folder}/plan.fp", "{folder}/plan.txt"], 1),
    "explain": (["{folder}/post.txt"], 0),
    "status": (["--wait"], 0),
    "reload": ([], 0),
    "consent": (["grant", "ana"], 0),
    "audit tail": (["-n", "3"], 0),
    "audit verify": ([], 0),
    "audit prove": (["1"], 0),
    "audit check-proof": (["{folder}/one.tlog-proof"], 0),
    "audit read": (["ana", "--reason", "test"], 0),
    "audit rebuild": ([], 0),
    "ca show": ([], 0),
    "ca export": ([], 0),
    "curate preview": (["{folder}/post.txt"], 0),
    "curate list": ([], 0),
    "curate test": ([], 0),
    "curate run": (["{folder}/exchange.jsonl"], 0),
    "curate export": ([], 0),
    "adapter list": ([], 0),
    "adapter test": (["{folder}/exchange.jsonl"], 0),
    "plugin new": (["--template", "coach", "--plugins", "{folder}/plugins-{fresh}", "acme.one"], 0),
    "plugin check": ([], 0),
    "plugin test": (["stoa.launch-embargo"], 0),
    "plugin list": ([], 0),
    "plugin profile": (["--rounds", "1", "--text", "{folder}/post.txt"], 0),
    "plugin doc": ([], 0),
    "docs": (["config"], 0),
    "clock": (["1"], 0),
    "version": ([], 0),
}
EXCHANGE = json.dumps({"request": {"method": "GET", "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ"}})
OFFLINE = {"setup", "scan", "docs", "adapter list", "adapter test", "rules list", "rules show", "rules test", "rules lint",
           "rules bench", "rules import", "edm build", "edm check", "curate list", "curate test", "curate run", "curate export",
           "fingerprint build", "fingerprint check", "plugin new", "plugin check", "plugin test", "plugin list",
           "plugin profile", "plugin doc"}  # need no stoa.yaml
LINES = {"audit tail", "audit read", "adapter test", "curate run"}  # one JSON value a line
FRESH = itertools.count()
ASKS = {"status", "reload", "consent", "audit read", "clock", "version"}  # the running gateway
ALONE = {"audit rebuild"}  # only while none runs


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "origins.pem").write_bytes(b"")
    gateway = Gateway(folder / "gateway", more="")
    gateway.config.write_text(gateway.config.read_text().replace("  trust: origins.pem\n", ""))
    (gateway.folder / "post.txt").write_text(IBAN)
    (gateway.folder / "house").mkdir()
    (gateway.folder / "house" / "house.pack.yaml").write_text(house_pack())
    (gateway.folder / "exchange.jsonl").write_text(EXCHANGE)
    (gateway.folder / "rules.toml").write_text("[[rules]]\nid = 'one'\nregex = 'acme_[0-9]{8}'\n")
    (gateway.folder / "table.csv").write_text("name\nana\n")
    gateway.stoa("edm", "build", "--columns", "name", "--key-file", f"{folder}/gateway/edm.key",
                 f"{folder}/gateway/table.csv", "-o", f"{folder}/gateway/table.edm", check=True)
    (gateway.folder / "plan.txt").write_text("we shall meet at the old mill before the sun is up and walk\n")
    gateway.stoa("fingerprint", "build", f"{folder}/gateway/plan.txt", "-o", f"{folder}/gateway/plan.fp", check=True)
    with gateway:
        gateway.wait_records(1)
        gateway.clock(61)  # audit.checkpoint
        proof = settles(lambda: gateway.stoa("audit", "prove", "1"), lambda done: done.returncode == 0)
        (gateway.folder / "one.tlog-proof").write_text(proof.stdout)
        yield gateway


def stoa(*words, text=None, **how):
    return subprocess.run([STOA, *map(str, words)], capture_output=True, text=True, input=text, timeout=120, **how)


def words_of(command, gateway):
    fresh = next(FRESH)  # for what overwrites nothing
    return [*command.split(), *(w.format(folder=gateway.folder, fresh=fresh) for w in WORKS[command][0])]


def said_once(done):
    """One readable line, and no trace of the inside."""
    assert done.stderr.startswith("stoa: ") or re.match(r"\S+: ", done.stderr), done.stderr
    assert "(null)" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
    return done.stderr


def test_every_command_is_tried():
    assert set(COMMANDS) == set(WORKS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    for word in ("--help", "-h"):
        done = stoa(*command.split(), word)
        assert done.returncode == 0 and done.stdout.startswith(f"usage: stoa {command}"), done
        assert done.stderr == ""
    assert f"stoa {command}" in stoa("--help").stdout


@pytest.mark.parametrize("group", sorted({c.split()[0] for c in COMMANDS if " " in c}))
def test_a_group_lists_its_commands(group):
    members = [c for c in COMMANDS if c.startswith(group + " ")]
    for words, code in (([group], 2), ([group, "nonsense"], 2), ([group, "--help"], 0)):
        done = stoa(*words)
        assert done.returncode == code, done
        assert all(f"stoa {member}" in done.stdout + done.stderr for member in members), done


def test_the_manual_and_the_help_name_every_command_and_exit_code():
    page, told = stoa("docs", "man").stdout.replace("\\-", "-"), stoa("--help").stdout
    assert re.findall(r"^\.TP\n\\fB([a-z -]+)\\fR", page.split(".SH COMMANDS")[1], re.M) == COMMANDS
    codes = re.findall(r"^\.TP\n\\fB(\d)\\fR\n\\&(.+)", page, re.M)
    assert [code for code, _ in codes] == list("0123456") and all(f"  {code}  {meaning}\n" in told for code, meaning in codes)


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_words(command, gateway):
    for extra in (["--nonsense"], ["one", "two", "three", "four"]):
        done = stoa("--config", gateway.config, *command.split(), *extra)
        if command == "scan" and extra[0] == "one":
            assert done.returncode == 2 and done.stderr.count("No such file") == 4, done
            continue
        if command == "fingerprint check" and extra[0] == "one":  # any words are files
            assert done.returncode == 3 and "one: cannot be read" in done.stderr, done
            continue
        assert done.returncode == 2 and done.stdout == "", done
        assert f"usage: stoa {command}" in said_once(done), done


@pytest.mark.parametrize("words, hint", [
    (["sacn"], "scan"), (["audit", "tial"], "audit tail"), (["nonsense"], "--help"), (["--nonsense"], "--help"),
    (["--lang", "fr", "check"], "en or de"), (["check", "--lang"], "value"), (["--config"], "value")])
def test_a_wrong_command_is_told_in_one_line(words, hint):
    done = stoa(*words)
    assert done.returncode == 2 and hint in said_once(done) and done.stderr.count("\n") == 1, done


def test_nothing_at_all_is_answered_with_the_help():
    done = stoa()
    assert done.returncode == 2 and done.stderr.startswith("usage: stoa"), done


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in OFFLINE])
def test_a_missing_config(command, gateway, tmp_path):
    done = stoa("--config", tmp_path / "none.yaml", *words_of(command, gateway))
    assert done.returncode == 3, done
    assert "none.yaml" in said_once(done) and "No such file" in done.stderr and done.stderr.count("\n") == 1, done


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in OFFLINE])
def test_a_broken_config(command, gateway, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nwokers: 1\n")
    done = stoa("--config", broken, *words_of(command, gateway))
    assert done.returncode == 3 and re.search(r"broken\.yaml:2:1: .*wokers.*workers", done.stderr), done
    done = stoa("--config", broken, "--json", *words_of(command, gateway))
    assert done.returncode == 3
    problems = [p for line in done.stdout.splitlines() for p in json.loads(line).get("problems", [])]
    assert any(p["line"] == 2 and "wokers" in p["problem"] for p in problems), done


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ALONE])
def test_json(command, gateway):
    for words in (["--json", *words_of(command, gateway)], [*words_of(command, gateway), "--json"]):
        done = stoa("--config", gateway.config, *words)
        assert done.returncode == WORKS[command][1] and done.stderr == "", done
        for text in done.stdout.splitlines() if command in LINES else [done.stdout]:
            json.loads(text)
    done = stoa("--config", gateway.config, *words_of(command, gateway))
    assert done.returncode == WORKS[command][1] and done.stderr == "", done
    assert command == "adapter test" or not done.stdout.startswith("{"), done  # its lines are for programs either way


@pytest.mark.parametrize("what", ("config", "policy", "detectors"))
def test_every_reference_has_a_title_and_a_form_for_programs(what):
    assert re.match(r"<!-- SPDX[^\n]*-->\n# \w+\n\n\w", stoa("docs", what).stdout)
    assert json.loads(stoa("docs", what, "--json").stdout)


@pytest.mark.parametrize("command", sorted(ASKS))
def test_no_gateway(command, gateway, tmp_path):
    alone = tmp_path / "stoa.yaml"
    alone.write_text(f"version: 1\nlisten:\n  - address: 127.0.0.1:1\nrun_dir: {tmp_path}\n")
    words = [w for w in words_of(command, gateway) if w != "--wait"]
    done = stoa("--config", alone, *words)
    assert done.returncode == 4 and "no gateway answers" in said_once(done), done
    done = stoa("--config", alone, "--json", *words)
    assert done.returncode == 4, done
    if command == "version":
        assert json.loads(done.stdout)["stoad"] is None


@pytest.mark.parametrize("words", [["--help"], ["docs", "config"], ["docs", "detectors"], ["audit", "tail"], ["status"]])
def test_a_reader_that_has_seen_enough(words, gateway):
    """`stoa … | head -1`, also where the broken pipe is told by an error and not by a signal."""
    for ignored in ("", "trap '' PIPE; "):
        command = f"{ignored}\"$0\" --config {gateway.config} {' '.join(words)} | head -c 10"
        done = subprocess.run(["bash", "-c", command, STOA], capture_output=True, text=True, timeout=60)
        assert done.stderr == "" and len(done.stdout) == 10, done


def test_an_output_that_cannot_be_written_is_an_error(gateway):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([STOA, "docs", "config"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "No space left" in done.stderr, done


def test_german(gateway):
    post = gateway.folder / "post.txt"
    assert "IBAN" in stoa("scan", post, "--lang", "de").stdout
    english, german = (stoa("--lang", lang, "scan", "-", text="-----BEGIN RSA PRIVATE KEY-----\n" + "QUJD" * 60 +
                            "\n-----END RSA PRIVATE KEY-----\n").stdout for lang in ("en", "de"))
    assert english and german and english != german and english.split("  ")[0] == german.split("  ")[0], (english, german)
    words = ["--config", gateway.config, "explain", post, "--url", "https://www.youtube.com/youtubei/v1/comment/create_comment"]
    assert stoa(*words).stdout != stoa(*words, "--lang", "de").stdout


@pytest.mark.parametrize("url, path", [
    ("https://WWW.YouTube.com?v=1", "/"), ("https://www.youtube.com/watch#here", "/watch"),
    ("https://www.youtube.com:8443/watch", "/watch"), ("https://[2001:db8::1]:8443/x", "/x"),
    ("wss://www.youtube.com", "/")])
def test_urls_as_people_paste_them(gateway, url, path):
    done = stoa("--config", gateway.config, "--json", "explain", url)
    assert done.returncode == 0, done
    route = json.loads(done.stdout)["route"]
    assert (route["platform"] == "youtube") == ("youtube" in url.lower()), (path, route)


def test_what_a_post_is_held_for_is_not_hidden_among_what_it_is_not(gateway, tmp_path):
    post = tmp_path / "post.txt"
    post.write_text("".join(f"{n} 3333 4444\n" for n in range(1000, 1060)) + "my IBAN is DE02 1203 0000 0000 2020 51\n")
    words = ["--config", gateway.config, "explain", post]
    short, whole = stoa(*words).stdout.splitlines(), stoa(*words, "--all").stdout.splitlines()
    for lines in (short, whole):
        assert any(re.search(r"pii\.iban .* confidence +(9\d|100) ", line) for line in lines), lines[-20:]
    assert any("that came to nothing; --all shows them" in line for line in short) and len(short) < 100, short
    assert len(whole) > 1000 and any("confidence   0" in line for line in whole)
    scan = json.loads(stoa("--json", *words).stdout)["scan"]
    assert sum(c["confidence"] < 50 for c in scan["candidates"]) == 20 and scan["more"] > 1000


@pytest.mark.parametrize("url", ["https://", "https://[::1", "https://a:0/", "https://a:99999/", "https://a:b/", "https://[::1]x/"])
def test_what_is_no_url(gateway, url):
    done = stoa("--config", gateway.config, "explain", url)
    assert done.returncode == 2 and "usage: stoa explain" in done.stderr, done


def test_json_lines_name_the_line_that_is_none(gateway, tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps({"id": 1, "text": IBAN}) + "\nnonsense\n")
    done = stoa("scan", path)
    assert done.returncode == 2 and said_once(done).startswith(f"stoa: {path}:2: expected"), done
    one, other = map(json.loads, done.stdout.splitlines())
    assert done.stderr.count("\n") == 1 and one["findings"] and one["id"] == 1, done
    assert other == {"id": None, "error": 'expected a JSON object with "id" and "text" on this line', "findings": []}


def test_every_json_line_has_its_answer():
    lines = [{"id": 1, "text": f"\0{IBAN}\0"}, {"id": "a\0b", "text": "\0"}, {"id": 2.5, "text": ""}, {"id": True, "text": IBAN},
             {"id": [], "text": "x"}, {"id": 6, "no": "text"}, {"id": 7, "text": 8}, [], {"id": 9, "text": IBAN}]
    given = "\n".join(map(json.dumps, lines)) + "\n\n" + '{"id": 10, "text": "\\ud800"}\n{"id": 11'
    done = stoa("scan", "--jsonl", "-", text=given)
    told = list(map(json.loads, done.stdout.splitlines()))
    assert [line["id"] for line in told] == [1, "a\0b", 2.5, True, None, 6, 7, None, 9, None, None], done
    assert [i for i, line in enumerate(told) if "error" in line] == [5, 6, 7, 9, 10], done
    assert [i for i, line in enumerate(told) if line["findings"]] == [0, 3, 8], done
    finding = told[0]["findings"][0]
    assert f"\0{IBAN}"[finding["start"]:finding["end"]] == IBAN[4:-8] and done.returncode == 2


def test_a_file_of_other_json_lines_is_a_file_like_any_other(tmp_path):
    (tmp_path / "log.jsonl").write_text(json.dumps({"message": IBAN}) + "\n")
    (tmp_path / "posts.jsonl").write_text(json.dumps({"id": 1, "text": IBAN}) + "\n")
    for words in ([tmp_path / "log.jsonl"], [tmp_path]):  # in a folder every file is one
        done = stoa("scan", *words)
        assert done.returncode == 1 and "log.jsonl:1:" in done.stdout and '"id"' not in done.stdout, done


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_is_not_permitted(gateway):
    os.chmod(gateway.folder, 0o755)
    os.chmod(gateway.folder / "post.txt", 0o644)
    for words in (["audit", "tail"], ["audit", "verify"], ["status"]):
        done = stoa("--config", gateway.config, *words, user=65534, group=65534, extra_groups=[])
        assert done.returncode in (3, 5) and said_once(done), (words, done)


def test_check_finds_what_the_daemon_would(gateway, tmp_path):
    other = tmp_path / "stoa.yaml"
    text = gateway.config.read_text().replace("ca/ca.key", "none.key").replace("policies: policy.d", f"policies: {gateway.folder}/policy.d")
    other.write_text(text.replace("ca/ca.crt", str(gateway.ca)))
    done = stoa("--config", other, "check")
    assert done.returncode == 3 and "none.key" in said_once(done), done


def test_a_proof_is_checked_without_the_log(gateway, tmp_path):
    key = tmp_path / "checkpoint.pub"
    key.write_bytes((gateway.folder / "state/audit/keys/checkpoint.pub").read_bytes())
    proof = (gateway.folder / "one.tlog-proof").read_text()
    alone = ("--config", tmp_path / "none.yaml", "audit", "check-proof", "-", "--key", key)
    done = stoa(*alone, text=proof)
    assert done.returncode == 0 and re.match(r"holds: record 1 is in the log \S+ of \d+ records\nleaf [0-9a-f]{64}\n", done.stdout), done
    told = json.loads(stoa(*alone, "--json", text=proof).stdout)
    assert told["holds"] and told["record"] == 1 and told["leaf"] in done.stdout
    assert json.loads(gateway.stoa("--json", "audit", "prove", "1").stdout)["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    done = stoa(*alone, text=proof.replace("index 0", "index 1"))
    assert done.returncode == 6 and done.stdout.startswith("does not hold"), done
    assert json.loads(stoa(*alone, "--json", text=proof.replace("index 0", "index 1")).stdout) == {"holds": False}
    for text in ("", "nonsense", proof[:-100]):
        done = stoa(*alone, text=text)
        assert done.returncode in (1, 6) and "Sanitizer" not in done.stderr, done


def test_the_log_is_proven_to_go_on(gateway, tmp_path):
    sizes = sorted(int(path.name) for path in (gateway.folder / "state/audit/checkpoints").iterdir())
    made = gateway.stoa("audit", "prove", "--since", str(sizes[0]))
    assert made.returncode == 0 and made.stdout.startswith("stoa/tlog-consistency@v1\n"), made
    (tmp_path / "growth").write_text(made.stdout)
    done = gateway.stoa("audit", "check-proof", str(tmp_path / "growth"))
    assert done.returncode == 0 and f"begins with the {sizes[0]} that were signed before" in done.stdout, done


@pytest.mark.parametrize("words, said", [(["999999"], "does not have the record"), (["x"], "by its number"),
                                         (["1", "--checkpoint", "999999"], "no such checkpoint"),
                                         (["--since", "999999"], "no such checkpoint")])
def test_what_cannot_be_proven_is_said(words, said, gateway):
    done = gateway.stoa("audit", "prove", *words)
    assert done.returncode == 1 and said in said_once(done) and done.stdout == "", done


def test_what_is_beside_the_log_is_made_anew_from_it(gateway):
    gateway.stoa("consent", "grant", "ben", check=True)
    done = gateway.stoa("audit", "rebuild")
    assert done.returncode == 3 and done.stdout == "" and "stoad, while it runs" in said_once(done), done
    gateway.stop()
    with sqlite3.connect(gateway.folder / "state" / "audit" / "stoa.db", timeout=30) as tables:
        tables.execute("DELETE FROM consent")
    tables.close()
    done = gateway.stoa("audit", "rebuild")
    assert done.returncode == 0 and done.stderr == "" and "made anew" in done.stdout, done
    assert json.loads(gateway.stoa("--json", "audit", "rebuild", check=True).stdout) == {"ok": True}
    gateway.start()
    assert '"granted":true' in gateway.stoa("--json", "consent", "show", "ben", check=True).stdout
    assert gateway.stoa("audit", "verify").returncode == 0


def test_where_no_log_is_none_is_made(tmp_path):
    alone = tmp_path / "stoa.yaml"
    alone.write_text(f"version: 1\nlisten:\n  - address: 127.0.0.1:1\nstate_dir: {tmp_path}/none\n")
    done = stoa("--config", alone, "audit", "rebuild")
    assert done.returncode == 3 and "No such file" in said_once(done) and not (tmp_path / "none").exists(), done
