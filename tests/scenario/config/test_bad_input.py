# SPDX-License-Identifier: Apache-2.0
"""Bad input gives one line that says where, what was expected and what to do; exit code 3; nothing half-started."""
import json
import re
import socket
import sqlite3
import subprocess

import pytest

from stoa_test.gateway import BIN, Gateway


@pytest.fixture
def gateway(tmp_path, authority):
    return Gateway(tmp_path / "gateway", trust=authority.path)


def start(gateway):
    """Starts stoad where it is expected to refuse; answers (exit code, what it said)."""
    done = subprocess.run([str(BIN / "stoad"), "--config", str(gateway.config)], capture_output=True, text=True,
                          timeout=60)
    assert not (gateway.run_dir / "control.sock").exists(), "a control socket was left"
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def refuses(gateway, pattern):
    """Both `stoad` and `stoa check` say one line that matches."""
    code, said = start(gateway)
    assert code == 3, (code, said)
    lines = [line for line in said.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, said
    assert re.search(pattern, lines[0]), said
    return lines[0]


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[:text.index(old)].count("\n") + 1


def test_an_unknown_option_names_the_nearest(gateway):
    line = replace(gateway.config, "workers: 1", "wokers: 1")
    refuses(gateway, rf"stoa\.yaml:{line}:1: .*wokers.*workers")
    assert gateway.stoa("check").returncode == 3


def test_a_wrong_type(gateway):
    line = replace(gateway.config, "workers: 1", "workers: many")
    refuses(gateway, rf"stoa\.yaml:{line}:10: .*expected.*many")


PLUGIN = """plugins:
  - name: {name}
    settings:
      until_day: {day}
      names: [blue heron, "project falcon"]
"""


@pytest.mark.parametrize("name, day, line, pattern", [
    ("stoa.launch-embargo", "2027-02", 4, r"until_day.*stoa\.launch-embargo.*expected a date such as.*found '2027-02'"),
    ("stoa.launch-embargos", "2027-02-01", 2, r"no plugin 'stoa\.launch-embargos'.*did you mean 'stoa\.launch-embargo'"),
])
def test_settings_of_plugins(gateway, name, day, line, pattern):
    before = gateway.config.read_text()
    gateway.config.write_text(before + PLUGIN.format(name=name, day=day))
    refuses(gateway, rf"stoa\.yaml:{before.count(chr(10)) + line}:\d+: .*{pattern}")


def test_yaml_words_do_not_turn_into_something_else(gateway):
    line = replace(gateway.config, "test_clock: true", "test_clock: yes")
    refuses(gateway, rf"stoa\.yaml:{line}:13: .*true.*yes")


def test_a_duplicate_key(gateway):
    replace(gateway.config, "workers: 1", "workers: 1\nworkers: 2")
    refuses(gateway, r"stoa\.yaml:\d+:1: .*workers")


def test_a_policy_that_names_an_unknown_detector(gateway):
    (gateway.folder / "policy.d" / "60-x.policy.yaml").write_text(
        "version: 1\npolicy: x\nowner: a@example.com\ndescription: x\napplies_to: { hosts: [x.test] }\n"
        "rules:\n  - id: a\n    when: { finding: [pii.ibam] }\n    then: block\n")
    refuses(gateway, r"60-x\.policy\.yaml:8:\d+: .*pii.ibam.*pii.iban")


def test_a_broken_pattern(gateway, tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "own.pack.yaml").write_text(
        "pack: own\nversion: 1.0.0\nlicence: Apache-2.0\nrules:\n  - id: own.number\n    title: { en: Own, de: Eigen }\n"
        "    pattern: 'ACME-[0-9{4}('\n    anchor: ACME-\n    chars: A-Z0-9-\n    severity: low\n    mask: \"[own]\"\n"
        "    examples:\n      match: [\"ACME-1234\", \"ACME-2345\", \"ACME-3456\"]\n"
        "      miss: [\"ACME\", \"ACME-1\", \"ACME-x\"]\n")
    replace(gateway.config, "packs: ", f"packs: {packs} #")
    for path in (gateway.folder / "policy.d").glob("*.policy.yaml"):
        path.unlink()
    refuses(gateway, r"own\.pack\.yaml:7:\d+: .*pattern")


def test_an_example_that_does_not_behave(gateway, tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "own.pack.yaml").write_text(
        "pack: own\nversion: 1.0.0\nlicence: Apache-2.0\nrules:\n  - id: own.number\n    title: { en: Own, de: Eigen }\n"
        "    pattern: 'ACME-[0-9]{4}'\n    anchor: ACME-\n    chars: A-Z0-9-\n    severity: low\n    mask: \"[own]\"\n    confidence: { base: 80 }\n"
        "    examples:\n      match: [\"ACME-1234\", \"ACME-2345\", \"ACNE-3456\"]\n"
        "      miss: [\"ACME\", \"ACME-1\", \"ACME-x\"]\n")
    replace(gateway.config, "packs: ", f"packs: {packs} #")
    for path in (gateway.folder / "policy.d").glob("*.policy.yaml"):
        path.unlink()
    refuses(gateway, r"own\.pack\.yaml:\d+:\d+: .*example")


def test_a_lua_file_that_is_wrong(gateway, tmp_path):
    plugins = tmp_path / "plugins" / "curation"
    plugins.mkdir(parents=True)
    (plugins / "bad.curate.lua").write_text("curate 'x' {\n  when = hashtag 'a'\n  tag = {}\n}\n")
    gateway.plugins = [plugins.parent]
    gateway.write_config()
    done = gateway.stoa("check")
    assert done.returncode == 3 and re.fullmatch(r".*bad\.curate\.lua:3:?\d*: .*", done.stderr.strip()), done
    (plugins.parent / "platforms").mkdir()
    (plugins.parent / "platforms" / "bad.lua").write_text("return {\n  id = 'bad' hosts = {} }\n")
    (plugins / "bad.curate.lua").unlink()
    done = gateway.stoa("check")  # a start leaves it out: tests/scenario/plugins/test_left.py
    assert done.returncode == 3 and re.search(r"platforms/bad\.lua:2:?\d*: ", done.stderr), done


def test_an_unreadable_ca(gateway):
    (gateway.folder / "ca" / "ca.key").unlink()
    refuses(gateway, r"ca\.key.*(stoa setup|make|create)")


def test_a_ca_key_that_others_can_read(gateway):
    (gateway.folder / "ca" / "ca.key").chmod(0o644)
    refuses(gateway, r"ca\.key.*(0600|chmod)")


def test_a_file_that_is_no_certificate(gateway):
    gateway.ca.write_text("hello\n")
    said = refuses(gateway, r"ca\.crt.*certificate")
    assert "generations" not in said, "the copy is named, not the file that a person can mend"


def test_a_trust_bundle_that_is_not_there(gateway):
    (gateway.folder / "origins.pem").unlink()
    refuses(gateway, r"stoa\.yaml:\d+:\d+: .*trust")


@pytest.mark.parametrize("content", ("", "hello\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
def test_a_trust_bundle_that_is_none(gateway, content):
    (gateway.folder / "origins.pem").write_text(content)
    line = gateway.config.read_text().split("  trust:")[0].count("\n") + 1
    said = refuses(gateway, rf"{re.escape(str(gateway.config))}:{line}:10: .*certificates.*origins\.pem")
    done = gateway.stoa("check")
    assert done.returncode == 3 and done.stderr.strip() == said, (said, done.stderr)


def test_a_reload_refuses_a_bad_trust_bundle_as_a_whole(gateway):
    with gateway:
        (gateway.folder / "origins.pem").write_text("hello\n")
        done = gateway.stoa("reload")
        assert done.returncode == 3 and "origins.pem" in done.stderr, (done.returncode, done.stderr)
        assert json.loads(gateway.stoa("--json", "status", check=True).stdout)["generation"] == 1


def test_start_is_said_when_all_work(gateway):
    with gateway:
        status = json.loads(gateway.stoa("--json", "status", check=True).stdout)
        kin = [status["keyholder"], status["recorder"], status["curator"], *status["worker"].values()]
        assert all(k["state"] == "running" and k["answers"] for k in kin), status
        said = [json.loads(line)["event"] for line in gateway.log if line.startswith("{")]
        assert said.index("start") > max(i for i, event in enumerate(said) if event == "process.start"), said


def test_a_busy_port(gateway):
    with socket.create_server((gateway.address, gateway.port)):
        line = refuses(gateway, rf"{gateway.port}")
    assert "in use" in line


def test_a_foreign_database(gateway):
    folder = gateway.folder / "state" / "audit"
    folder.mkdir(parents=True)
    path = folder / "stoa.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table holiday (day text)")
    before = path.read_bytes()
    refuses(gateway, r"stoa\.db: ")
    assert path.read_bytes() == before, "the foreign file was changed"


def test_a_missing_file_is_named(gateway):
    gateway.config.unlink()
    code, said = start(gateway)
    assert code == 3 and "stoa.yaml" in said and "No such file" in said, said


def test_a_bad_reload_leaves_the_old_generation(gateway):
    with gateway:
        replace(gateway.config, "workers: 1", "workers: 1\nwat: 2")
        done = gateway.stoa("reload")
        assert done.returncode == 3, done.stderr
        assert re.search(r"stoa\.yaml:\d+:1: .*wat", done.stderr), done.stderr
        gateway.write_config()
        done = gateway.stoa("reload")
        assert done.returncode == 0, done.stderr
        assert "generation 2" in done.stdout or "generation" in done.stdout


def test_usage_is_said_and_the_exit_code_is_two(gateway):
    for words in (["scan"], ["consent", "maybe", "ana"], ["audit", "tail", "-n", "x"], ["ca", "shoe"], ["clock", "-1"]):
        done = gateway.stoa(*words)
        assert done.returncode == 2, (words, done)
        assert done.stderr.startswith("stoa: "), done.stderr


def test_an_absent_gateway_is_exit_code_four(gateway):
    done = gateway.stoa("status")
    assert done.returncode == 4, done
    assert "no gateway answers" in done.stderr
