# SPDX-License-Identifier: Apache-2.0
"""Each field that a shipped adapter calls typed text is found where it stands: a secret is put into each of them in turn,
into an exchange that the adapter's own tests bring."""
import base64
import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("STOA_BIN", "build/sanitize/bin"))
FORM = "application/x-www-form-urlencoded"
SECRET = 'DE89 3704 0044 0532 0130 00 "and \\ more'


def platforms():
    files = sorted((ROOT / "lua-plugins/platforms").glob("*.lua"))
    done = subprocess.run(["lua5.4", pathlib.Path(__file__).with_name("rules.lua"), ROOT / "lua-plugins", *files],
                          check=True, capture_output=True, timeout=60)
    return json.loads(done.stdout)


def put(value, parts, secret):
    """The value with the secret at the path; texts on the way that hold JSON are opened."""
    if not parts:
        return secret
    if isinstance(value, str):
        try:
            return json.dumps(put(json.loads(value), parts, secret))
        except ValueError:
            value = None
    head, rest = parts[0], parts[1:]
    if head == "#":
        items = value if isinstance(value, list) else []
        if items and rest and isinstance(items[0], dict):
            return [put(items[0], rest, secret), *items[1:]]
        return [*items, put(None, rest, secret)]
    known = dict(value) if isinstance(value, dict) else {}
    known[head] = put(known.get(head), rest, secret)
    return known


def named(pattern):
    """A path that the pattern means: any part is x, any number of them is one."""
    parts = ["x" if part in ("*", "**") else part for part in pattern.split("/")]
    return [part[:-1] + "0]" if part.endswith("[*") else part.removesuffix("**") or "x" for part in parts]


def written(kind, body, parts, secret):
    """The body with the secret in it, or None where this test writes no such body."""
    if kind.startswith("application/json") or kind.startswith("text/plain") and body[:1] in ("{", "["):
        try:
            return json.dumps(put(json.loads(body or "{}"), parts, secret))
        except ValueError:
            return None
    if kind.startswith(FORM):
        fields = urllib.parse.parse_qsl(body, keep_blank_values=True)
        old = dict(fields).get(parts[0])
        new = put(old, parts[1:], secret)
        new = new if isinstance(new, str) else json.dumps(new)
        return urllib.parse.urlencode([f for f in fields if f[0] != parts[0]] + [(parts[0], new)])
    return None


def exchange(test, pattern, packed):
    secret = base64.b64encode(SECRET.encode()).decode() if packed else SECRET
    query, body, kind = test.get("query") or "", test.get("body") or "", test.get("type") or ""
    if pattern.startswith("?"):
        parts = named(pattern[1:])
        kept = [f for f in urllib.parse.parse_qsl(query, keep_blank_values=True) if f[0] != parts[0]]
        new = put(dict(urllib.parse.parse_qsl(query)).get(parts[0]), parts[1:], secret)
        query = urllib.parse.urlencode(kept + [(parts[0], new if isinstance(new, str) else json.dumps(new))])
    else:
        body = written(kind or "application/json", body, named(pattern), secret)
        kind = kind or "application/json"
    if body is None:
        return None
    url = f"https://{test['host']}{urllib.parse.quote(test['path'], safe='/:@!$&()*+,;=~%')}" + ("?" + query if query else "")
    request = {"method": test.get("method", "GET"), "url": url, "headers": {"content-type": kind} if kind else {}}
    if body:
        request["body_base64"] = base64.b64encode(body.encode()).decode()
    return {"request": request, "response": {"status": 200}}


def cases(platform):
    """Of each rule each pattern that a body of JSON, a form or a query can have, with the exchange that shows it."""
    for rule in platform["rules"]:
        tests = [test for test in platform["tests"] if test["expect"].get("rule") == rule["id"]
                 and test.get("method") != "WEBSOCKET" and not test["expect"].get("none")]
        for pattern in rule["typed"] if isinstance(rule["typed"], list) else [rule["typed"]]:
            if pattern.startswith("!") or pattern in ("**", "") or "@" in pattern:
                continue
            made = [x for x in (exchange(test, pattern, pattern in rule["base64"]) for test in tests) if x]
            if made:
                yield rule["id"], pattern, made


PLATFORMS = platforms()


@pytest.mark.parametrize("platform", PLATFORMS, ids=[p["id"] for p in PLATFORMS])
def test_a_secret_in_each_typed_field_is_found_there(platform):
    tried = [(rule, pattern, x) for rule, pattern, made in cases(platform) for x in made]
    lines = "\n".join(json.dumps(x) for _, _, x in tried).encode()
    done = subprocess.run([BIN / "stoa", "adapter", "test", "--all", "-"], input=lines, check=True, capture_output=True,
                          timeout=120)
    found = {}
    for (rule, pattern, _), line in zip(tried, done.stdout.decode().splitlines(), strict=True):
        hit = [part["text"] for part in json.loads(line).get("scan") or []].count(SECRET) == 1
        found[rule, pattern] = found.get((rule, pattern), False) or hit
    missed = [f"{rule}: {pattern}" for (rule, pattern), hit in found.items() if not hit]
    assert not missed, missed


def test_most_fields_can_be_tried():
    """What stands in sockets, packed bytes and parts of multipart alone cannot: the rooms of those have tests of their own."""
    tried = sum(len({(rule, pattern) for rule, pattern, _ in cases(platform)}) for platform in PLATFORMS)
    known = sum(not pattern.startswith("!") for platform in PLATFORMS for rule in platform["rules"]
                for pattern in (rule["typed"] if isinstance(rule["typed"], list) else [rule["typed"]]))
    assert known > 3000 and tried > 0.9 * known, (tried, known)
