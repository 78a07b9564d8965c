# SPDX-License-Identifier: Apache-2.0
"""The language of .stoa files: one line a step, read top to bottom, no sleeping.

    scenario "what it shows"
    ways     explicit redirect tproxy  the scenario runs once over each (stoa_test/ways.py); explicit when not given
    policy   NAME                     tests/scenario/policies/NAME.policy.yaml (any number; none: the shipped ones)
    config   LINE                     one more line of stoa.yaml
    origin   NAME  host HOST [tls|plain] [answers "TEXT"]
    WHO      opens HOST [port N]      CONNECT and TLS; WHO is someone, ana, ben or cora
    WHO      opens HOST is STATUS     the CONNECT is answered with that status
    WHO      sends METHOD PATH [to HOST] [json {…} | form a=b | text "…"] [header "N: v"] [in chunks of N] [in segments of N]
    WHO      gets  STATUS [header NAME present|absent|"value"] [body has "…"] [body lacks "…"]
    NAME     gets  METHOD PATH [body has "…"] [body lacks "…"] [header …]      (an origin)
    NAME     gets  nothing            no request came so far
    NAME     lacks "…"                not a byte of it ever came
    NAME     sends STATUS [json {…}|text "…"] [header "N: v"]
    audit    has N KIND [rule R] [action A] [platform P]
    audit    lacks "…"                in any file that the daemon wrote
    log      lacks "…"  |  log has EVENT
    stoa     WORDS… exit N [says "…"]
    kill     ROLE
    clock    +30s
    reload   ok | fails
"""
import json
import re
import shlex

from . import origin as origins
from .client import Client
from .gateway import ROOT, Gateway
from .pki import Authority

PEOPLE = {"someone": "127.0.0.1", "ana": "127.0.0.2", "ben": "127.0.0.3", "cora": "127.0.0.4"}


class Wrong(Exception):
    """A step that did not hold, with its place."""


def split(line):
    """Words; a JSON object and a quoted text are one word each. Answers [(word, was_quoted)]."""
    words, i = [], 0
    decoder = json.JSONDecoder()
    while i < len(line):
        if line[i].isspace():
            i += 1
        elif line[i] == "#" and (i == 0 or line[i - 1].isspace()):
            break
        elif line[i] in "{[\"":
            value, end = decoder.raw_decode(line, i)
            words.append((value if line[i] == '"' else line[i:end], True))
            i = end
        else:
            found = re.match(r"\S+", line[i:])
            words.append((found.group(0), False))
            i += found.end()
    return words


def parse(text):
    """[(title, [(line number, words)])]: a file may hold several scenarios."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = split(line)
        if not words:
            continue
        if words[0] == ("scenario", False):
            found.append((words[1][0], []))
        else:
            found[-1][1].append((number, words))
    return found


def ways_of(steps):
    """The ways that a scenario names, or the explicit one."""
    for _, words in steps:
        if words[0] == ("ways", False):
            return [word for word, _ in words[1:]]
    return ["explicit"]


class Words:
    """Takes words one after another."""

    def __init__(self, words):
        self.words = [word for word, _ in words]

    def next(self):
        if not self.words:
            raise Wrong("the line ends too early")
        return self.words.pop(0)

    def take(self, *expected):
        """Takes the words when they come next."""
        if self.words[:len(expected)] == list(expected):
            del self.words[:len(expected)]
            return True
        return False

    def rest(self):
        """Drops what was read elsewhere."""
        self.words = []

    def done(self):
        if self.words:
            raise Wrong(f"what is {self.words[0]!r}?")


class Run:
    """One scenario: its gateway, origins and people."""

    def __init__(self, folder, way="explicit"):
        self.folder, self.way = folder, way
        self.authority = Authority(folder)
        self.origins, self.people = {}, {}
        self.policies, self.more, self.gateway = None, [], None
        self.pending = {}

    def close(self):
        for client in self.people.values():
            client.close()
        try:
            if self.gateway is not None:
                self.gateway.stop()
        finally:
            for one in self.origins.values():
                one.close()

    def start(self):
        if self.gateway is None:
            self.gateway = Gateway(self.folder / "gateway", self.origins.values(), self.policies,
                                   more="\n".join(self.more), trust=self.authority.path, way=self.way).start()
        return self.gateway

    def step(self, words):
        subject = words.next()
        before = {"ways": Words.rest, "policy": self.policy, "config": self.config, "origin": self.origin}
        after = {"audit": self.audit, "log": self.log, "stoa": self.stoa, "kill": self.kill, "clock": self.clock,
                 "reload": self.reload}
        if subject in before:
            before[subject](words)
        else:
            self.start()
            if subject in after:
                after[subject](words)
            elif subject in self.origins:
                self.at_origin(self.origins[subject], words)
            else:
                self.person(subject, words)
        words.done()

    # ---- before the gateway runs --------------------------------------------------------------------------------

    def policy(self, words):
        self.policies = (self.policies or []) + [ROOT / "tests" / "scenario" / "policies" / f"{words.next()}.policy.yaml"]

    def config(self, words):
        self.more.append(words.next())

    def origin(self, words):
        name = words.next()
        if not words.take("host"):
            raise Wrong("origin NAME host HOST")
        host = words.next()
        plain = words.take("plain")
        words.take("tls")
        answer = None
        if words.take("answers"):
            text = words.next().encode()
            answer = lambda request: ("200 OK", [("Content-Type", "text/plain")], text)
        certificate = None if plain else self.authority.leaf([host])
        self.origins[name] = origins.Origin(host, certificate, answer)

    # ---- people -------------------------------------------------------------------------------------------------

    def person(self, name, words):
        if name not in PEOPLE:
            raise Wrong(f"nobody is called {name!r}: {', '.join(PEOPLE)}, or an origin")
        client = self.people.setdefault(name, Client(self.gateway, PEOPLE[name]))
        verb = words.next()
        if verb == "opens":
            host = words.next()
            port = int(words.next()) if words.take("port") else 443
            if words.take("is"):
                status = int(words.next())
                self.equal("status", client.tunnel(host, port).status, status)
            else:
                self.equal("status of CONNECT", client.open(host, port).status, 200)
        elif verb == "sends":
            self.send(name, client, words)
        elif verb == "gets":
            reply = client.get(self.pending.get(name) == "HEAD")
            self.equal("status", reply.status, int(words.next()))
            self.expect(reply, words)
        else:
            raise Wrong(f"{name} opens, sends or gets")

    def content(self, words, fields):
        body = b""
        if words.take("json"):
            body = words.next().encode()
            fields.append(("Content-Type", "application/json"))
        elif words.take("form"):
            body = words.next().encode()
            fields.append(("Content-Type", "application/x-www-form-urlencoded"))
        elif words.take("text"):
            body = words.next().encode()
            fields.append(("Content-Type", "text/plain; charset=utf-8"))
        while words.take("header"):
            name, _, value = words.next().partition(": ")
            fields.append((name, value))
        return body

    def send(self, name, client, words):
        method, path = words.next(), words.next()
        if words.take("to"):
            host = words.next()
            client.plain(host)
            path = f"http://{host}{path}"
        elif client.host is None:
            self.equal("status of CONNECT", client.open(next(iter(self.origins.values())).host).status, 200)
        fields = []
        body = self.content(words, fields)
        chunks = int(words.next()) if words.take("in", "chunks", "of") else 0
        segment = int(words.next()) if words.take("in", "segments", "of") else 0
        self.pending[name] = method
        client.send(method, path, fields, body, chunks, segment)

    # ---- origins ------------------------------------------------------------------------------------------------

    def at_origin(self, origin, words):
        verb = words.next()
        if verb == "lacks":
            self.lacks(origin.received(), words.next())
        elif verb == "sends":
            status, fields = words.next(), []
            body = self.content(words, fields)
            origin.sends(f"{status} Answer", fields, body)
        elif verb == "gets" and words.take("nothing"):
            self.equal("requests at the origin", origin.requests.qsize(), 0)
        elif verb == "gets":
            request = origin.gets()
            self.equal("method", request.method, words.next())
            self.equal("path", request.target, words.next())
            self.expect(request, words)
        else:
            raise Wrong("an origin gets, sends or lacks")

    # ---- what is checked ----------------------------------------------------------------------------------------

    @staticmethod
    def equal(what, found, expected):
        if found != expected:
            raise Wrong(f"{what}: expected {expected!r}, found {found!r}")

    @staticmethod
    def lacks(content, text):
        if text.encode() in content:
            raise Wrong(f"{text!r} is in it")

    def expect(self, message, words):
        while words.words:
            if words.take("body", "has"):
                text = words.next()
                if text.encode() not in message.plain():
                    raise Wrong(f"{text!r} is not in the body: {message.plain()[:400]!r}")
            elif words.take("body", "lacks"):
                self.lacks(message.plain(), words.next())
            elif words.take("header"):
                name, expected = words.next(), words.next()
                value = message.header(name)
                if (expected == "present") != (value is not None) if expected in ("present", "absent") \
                        else value != expected:
                    raise Wrong(f"header {name}: expected {expected}, found {value!r}")
            else:
                return

    def audit(self, words):
        if words.take("lacks"):
            self.lacks(self.gateway.written(), words.next())
            return
        if not words.take("has"):
            raise Wrong("audit has N KIND … or audit lacks \"…\"")
        count, kind = int(words.next()), words.next()
        wanted = {}
        while words.words:
            key = words.next()
            wanted[key] = words.next()
        found = self.gateway.wait_records(count, kind)
        if set(wanted) - {"rule"}:  # details of a person are sealed: they are read as an auditor would
            found = [r for name in PEOPLE for r in self.gateway.opened(name) if r["kind"] == kind]
        picked = [r for r in found if all(self.of_record(r, key) == value for key, value in wanted.items())]
        if len(picked) != count:
            raise Wrong(f"expected {count} {kind} records with {wanted}, found {len(picked)} of {found}")

    @staticmethod
    def of_record(record, key):
        names = {"action": "verdict"}
        return str(record["subject"] if key == "rule" else record.get("details", {}).get(names.get(key, key)))

    def log(self, words):
        if words.take("lacks"):
            self.lacks("\n".join(self.gateway.log).encode(), words.next())
        elif words.take("has"):
            self.gateway.wait_event(words.next())
        else:
            raise Wrong("log has EVENT or log lacks \"…\"")

    def stoa(self, words):
        call = []
        while words.words and not words.take("exit"):
            call.append(words.next())
        code = int(words.next())
        done = self.gateway.stoa(*call)
        self.equal(f"exit code of stoa {shlex.join(call)} ({done.stdout}{done.stderr})", done.returncode, code)
        while words.take("says"):
            text = words.next()
            if text not in done.stdout + done.stderr:
                raise Wrong(f"{text!r} is not in: {done.stdout}{done.stderr}")

    def kill(self, words):
        self.gateway.kill(words.next())

    def clock(self, words):
        amount = re.fullmatch(r"\+(\d+)(s|m|h|d)", words.next())
        self.gateway.clock(int(amount.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[amount.group(2)])

    def reload(self, words):
        expected = words.next()
        done = self.gateway.stoa("reload")
        self.equal(f"reload ({done.stdout}{done.stderr})", "ok" if done.returncode == 0 else "fails", expected)
