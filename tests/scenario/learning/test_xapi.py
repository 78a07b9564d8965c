# SPDX-License-Identifier: Apache-2.0
"""What was learned leaves as xAPI statements: of who opted in, under a name for one recipient, as plugins have it."""
import json
import re
import time

import pytest

from stoa_test.client import Client
from stoa_test.gateway import Gateway
from stoa_test.origin import Origin, echo
from stoa_test.pki import Authority

PLUGIN = """return { api = 1, name = "house.lrs", version = "1", title = "LRS",
  permissions = { "statement.map", "statement.drop" },
  statement = function(st)
    if st:get("url"):find("v=dropped0000", 1, true) then st:drop() end
    if st:get("url"):find("v=failing0000", 1, true) then st:drop() error("after it dropped") end
    if st:get("url"):find("v=mapped00000", 1, true) then
      st:map("verb", "http://adlnet.gov/expapi/verbs/completed")
      st:map("parent", "https://lms.example/course/1")
      st:map("platform", "films")
    end
  end }"""
DAY = 86400
LRS, OTHER = "https://lrs.example/", "https://other.example/"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
IRI = re.compile(r"https?://[^ \"<>\\^`{|}]+\Z")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xapi")
    (folder / "own" / "detect").mkdir(parents=True)
    (folder / "own" / "detect" / "lrs.lua").write_text(PLUGIN)
    authority = Authority(folder)
    origin = Origin("www.youtube.com", authority.leaf(["www.youtube.com"]), echo)
    with Gateway(folder / "gateway", [origin], trust=authority.path, plugins=[folder / "own"]) as gateway:
        left = DAY - int(time.time()) % DAY
        if left < 900:  # what is one day's must not begin on one and end on the next
            gateway.clock(left)
        yield gateway
    origin.close()


def watch(gateway, video, *stretches, address="127.0.0.2"):
    client = Client(gateway, address)
    client.open("www.youtube.com")
    for start, end in stretches:
        target = f"/api/stats/watchtime?docid={video}&st={start}&et={end}&len=120&cpn=AAAAAAAAAAAAAAAA&state=playing"
        assert client.request("POST", target).status == 200


def export(gateway, *words, to=LRS):
    done = gateway.stoa("curate", "export", "--format", "xapi", "--to", to, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done


def check(statement):
    """The rules of xAPI 1.0.3 that hold for what is here, and those of the house: nothing of a person, nothing typed."""
    assert set(statement) <= {"id", "actor", "verb", "object", "result", "context", "timestamp"}, statement
    assert UUID.match(statement["id"])
    assert set(statement["actor"]) == {"objectType", "account"} and set(statement["actor"]["account"]) == {"homePage", "name"}
    assert IRI.match(statement["verb"]["id"]) and IRI.match(statement["object"]["id"])
    assert statement["object"]["objectType"] == "Activity" and IRI.match(statement["object"]["definition"]["type"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00\.000Z", statement["timestamp"]), statement["timestamp"]
    assert re.fullmatch(r"PT\d+S", statement.get("result", {}).get("duration", "PT0S"))
    assert "null" not in json.dumps(statement) and '""' not in json.dumps(statement)


def of(statements, video):
    return [s for s in statements if video in s["object"]["id"]]


def test_what_was_learned_is_handed_over(house):
    assert house.stoa("consent", "grant", "ana", check=True).returncode == 0
    watch(house, "watched0000", (0, 30), (30, 60), (20, 40))
    watch(house, "mapped00000", (0, 60))
    watch(house, "dropped0000", (0, 60))
    watch(house, "failing0000", (0, 60))
    watch(house, "bensvideo00", (0, 60), address="127.0.0.3")
    house.wait_records(6, "learning")
    statements, done = export(house)
    for statement in statements:
        check(statement)
    watched, = of(statements, "watched0000")  # three reports, one minute, one statement
    assert watched["verb"]["id"] == "https://w3id.org/xapi/acrossx/verbs/watched"
    assert watched["result"] == {"duration": "PT60S"} and watched["context"]["platform"] == "youtube"
    mapped, = of(statements, "mapped00000")
    assert mapped["verb"] == {"id": "http://adlnet.gov/expapi/verbs/completed"}
    assert mapped["context"]["contextActivities"]["parent"][0]["id"] == "https://lms.example/course/1"
    assert mapped["context"]["platform"] == "films"
    assert not of(statements, "dropped0000") and "1 dropped by plugins" in done.stderr
    assert of(statements, "failing0000"), "what a plugin did before it failed is not done"
    assert "bensvideo00" not in done.stdout, "he is not in"
    assert len(statements) == 3


def test_nobody_is_named_and_no_two_recipients_know_the_same_name(house):
    (first, done), (again, _), (other, _) = export(house), export(house), export(house, to=OTHER)
    assert first == again, "the same statement has the same id"
    assert "ana" not in re.sub(r"[a-z]*analy[a-z]*", "", done.stdout), done.stdout
    names = {s["actor"]["account"]["name"] for s in first}
    assert len(names) == 1 and names.isdisjoint(s["actor"]["account"]["name"] for s in other)
    assert {s["id"] for s in first}.isdisjoint(s["id"] for s in other)
    pseudonyms = {r["person"] for r in house.records() if r.get("person")}
    assert pseudonyms and names.isdisjoint(pseudonyms), "the log's pseudonym does not leave"
    assert not any(name.encode() in house.written() for name in names), "nor does the recipient's stay"


def test_a_look_at_it_is_recorded_and_goes_on_where_it_ended(house):
    before = len(house.records("access"))
    _, done = export(house)
    assert len(house.wait_records(before + 1, "access")) == before + 1
    start = re.search(r"--from (\d+)", done.stderr)[1]
    assert export(house, "--from", start)[0] == []
    watch(house, "later000000", (0, 60))
    house.wait_records(7, "learning")
    statements, _ = export(house, "--from", start)
    assert [s["object"]["id"].split("=")[1] for s in statements] == ["later000000"]


def test_what_is_not_there_is_said(house):
    for words, said in ((("--to", "mailto:x"), "--to names"), (("--to", LRS, "--from", "-1"), "--from"),
                        (("--to", LRS, "a", "b"), "one recording"), (("--format", "csv"), "--format is")):
        done = house.stoa("curate", "export", "--format", "xapi", *words)
        assert done.returncode == 2 and said in done.stderr, done.stderr


def test_who_withdraws_is_no_longer_in_it(house):
    assert export(house)[0] != []
    assert house.stoa("consent", "withdraw", "ana", check=True).returncode == 0
    assert export(house)[0] == []


def test_a_recording_gives_them_without_a_gateway(house, tmp_path):
    base = "https://www.youtube.com/api/stats/watchtime?docid=recorded000&len=120&cpn=AAAAAAAAAAAAAAAA"
    lines = [{"request": {"method": "POST", "url": f"{base}&st=0&et=30"}, "response": {"status": 204}},
             {"request": {"method": "POST", "url": f"{base}&st=30&et=90&final=1"}, "response": {"status": 204}},
             {"request": {"method": "GET", "url": "https://www.youtube.com/results?search_query=secret"},
              "response": {"status": 200}}]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    statements, done = export(house, str(tmp_path / "r.jsonl"))
    check(statements[0])
    assert statements[0]["result"] == {"duration": "PT90S", "completion": True} and len(statements) == 1
    assert "secret" not in done.stdout and "--from" not in done.stderr
