# SPDX-License-Identifier: Apache-2.0
"""A forum over long polls: a blocked event stays here, the session goes on, and the next poll says why."""
import json
import queue

import pytest

from conftest import TEXT, event, packed, unpacked
from stoa_test.client2 import Client2
from stoa_test.origin import WAIT

IBAN = "DE89 3704 0044 0532 0130 00"
SECRET = f"pay to {IBAN} please"
POST = {"title": "Invoice", "content": SECRET, "cid": 1}


def path(sid, version=3):
    return f"/socket.io/?EIO={version}&transport=polling&sid={sid}"


def begin_poll(client, sid, version=3):
    """Sends it; when this returns it waits at the origin."""
    client.send("GET", path(sid, version), [("Accept-Encoding", "gzip, br")])
    assert client_origin(client).polled.get(timeout=WAIT) == sid


def client_origin(client):
    return ORIGINS[client.host]


ORIGINS = {}


@pytest.fixture(autouse=True)
def origins(house):
    ORIGINS.update(house.origins)


def say(client, sid, version, *packets):
    """One POST; answers its reply and what the origin got."""
    reply = client.request("POST", path(sid, version), [TEXT], packed(version, *packets))
    try:
        return reply, client_origin(client).posted.get(timeout=0 if reply.status != 200 else WAIT)
    except queue.Empty:
        return reply, None


def packets_of(reply, version=3):
    assert reply.status == 200
    return unpacked(version, reply.body)


def refusal(packet, number):
    assert packet.startswith(f"43{number}[")
    return json.loads(packet[2 + len(str(number)):])[0]["message"]


def test_the_waiting_poll_says_why_though_another_worker_has_it(house):
    told, records = house.counts("polls_told"), len(house.gateway.records("decision"))
    reader, writer = house.client(1), house.client(0)
    begin_poll(reader, "s1")
    reply, got = say(writer, "s1", 3, event(7, "topics.post", POST))
    assert (reply.status, reply.body, got) == (200, b"ok", b"1:2")
    why, pong = packets_of(reader.get())
    assert "IBAN" in refusal(why, 7) and pong == "3"
    assert [after - before for before, after in zip(told, house.counts("polls_told"))] == [0, 1]
    assert len(house.gateway.wait_records(records + 1, "decision")) == records + 1
    assert house.gateway.records("learning") == []  # the 200 was for a ping

    begin_poll(reader, "s1")  # and the session goes on
    good = event(8, "topics.post", {"title": "Probes", "content": "How do they work?", "cid": 1})
    assert say(writer, "s1", 3, good)[1] == packed(3, good)
    assert packets_of(reader.get()) == ["438[null]"]


@pytest.mark.parametrize("version", (3, 4))
def test_packets_beside_the_refused_one_go_on(house, version):
    """In their order; each refused one is told, a draft is not, and what means nothing alone keeps its neighbours."""
    reader, writer, sid = house.client(0), house.client(1), f"p{version}"
    good = [event(n, "topics.post", {"title": "Probes", "content": f"Überlegung Nummer {n}: how?", "cid": 1}) for n in (4, 6)]
    draft = event(5, "plugins.composer.renderPreview", SECRET)
    begin_poll(reader, sid, version)
    reply, got = say(writer, sid, version, good[0], event(8, "topics.post", POST), draft, good[1], event(9, "topics.post", POST))
    assert (reply.status, unpacked(version, got)) == (200, [*good, "2" if version == 3 else "6"])
    told = packets_of(reader.get(), version)
    assert [refusal(packet, number) for packet, number in zip(told, (8, 9))] and told[2] == "434[null]"


@pytest.mark.parametrize("beside", (
    ["b" + "AAAA" * 9, event(4, "topics.get", 1)],  # an attachment
    ['451-["file",{"_placeholder":true,"num":0}]', "bAAAA"],  # and what it belongs to
    [event(n, "topics.get", n) for n in range(20)]))
def test_what_cannot_be_taken_apart_stays_here_as_one(house, beside):
    _, got = say(house.client(1), "p5", 3, event(8, "topics.post", POST), *beside)
    assert got in (None, b"1:2")  # the request was refused, or says nothing now


def test_what_is_one_secret_in_two_packets_stays_here(house):
    """Each alone is nothing; behind each other they are what the person typed."""
    reader, writer = house.client(0), house.client(1)
    begin_poll(reader, "p6")
    parts = [event(n, "modules.chats.send", {"roomId": 7, "message": text})
             for n, text in ((1, "DE02 1203 0000 "), (2, "0000 2020 51"))]
    say(writer, "p6", 3, parts[0])
    assert packets_of(reader.get()) == ["431[null]"]
    begin_poll(reader, "p6")
    _, got = say(writer, "p6", 3, event(3, "topics.post", POST), parts[1])
    assert got == b"1:2" and len(packets_of(reader.get())) >= 2


def test_a_draft_is_dropped_in_silence(house):
    reader, writer = house.client(0), house.client(1)
    begin_poll(reader, "s2")
    reply, got = say(writer, "s2", 3, event(3, "plugins.composer.renderPreview", SECRET))
    assert (reply.status, got) == (200, b"1:2")
    assert packets_of(reader.get()) == ["3"]


def test_version_4_is_told_with_the_next_ping(house):
    reader, writer = house.client(0), house.client(1)
    begin_poll(reader, "s3", 4)
    for number in (5, 6):
        assert say(writer, "s3", 4, event(number, "topics.post", POST))[1] == b"6"
    house.origins["forum.test"].waiting["s3"].put(["2"])
    first, second, ping = packets_of(reader.get(), 4)
    assert refusal(first, 5) and refusal(second, 6) and ping == "2"


def test_an_answer_in_a_content_coding_is_told_without_one(house):
    origin = house.origins["forum.test"]
    reader, writer = house.client(0), house.client(1)
    origin.coded = True
    try:
        begin_poll(reader, "s4")
        say(writer, "s4", 3, event(1, "topics.post", POST))
        reply = reader.get()
        assert reply.header("content-encoding") is None and refusal(packets_of(reply)[0], 1)
        begin_poll(reader, "s4")
        say(writer, "s4", 3, "2")
        reply = reader.get()
        assert reply.header("content-encoding") == "gzip" and reply.plain() == b"1:3"
    finally:
        origin.coded = False


def test_nobody_else_is_told(house):
    other, ana, writer = house.client(0, address="127.0.0.3"), house.client(1), house.client(0)
    assert say(writer, "s5", 4, event(1, "topics.post", POST))[1] == b"6"
    for client, sid in ((other, "s5"), (ana, "s6")):
        begin_poll(client, sid, 4)
        house.origins["forum.test"].waiting[sid].put(["2"])
        assert packets_of(client.get(), 4) == ["2"]
    begin_poll(ana, "s5", 4)
    house.origins["forum.test"].waiting["s5"].put(["2"])
    assert len(packets_of(ana.get(), 4)) == 2


def test_a_large_answer_passes_and_the_next_one_tells(house):
    reader, writer = house.client(0), house.client(1)
    large = "42" + json.dumps(["event", "x" * 300_000])
    assert say(writer, "s7", 4, event(1, "topics.post", POST))[1] == b"6"
    for packets, want in (([large], 1), (["2"], 2)):
        begin_poll(reader, "s7", 4)
        house.origins["forum.test"].waiting["s7"].put(packets)
        got = packets_of(reader.get(), 4)
        assert len(got) == want and got[-1] == packets[0]


def test_over_http2(house):
    client, writer = Client2(house.gateway), house.client(1)
    assert client.open("forum.test") == "h2"
    stream = client.start("GET", path("s8"))
    house.origins["forum.test"].polled.get(timeout=WAIT)
    assert say(writer, "s8", 3, event(2, "topics.post", POST))[1] == b"1:2"
    answer = client.wait(stream)
    assert answer.status == 200
    assert answer.header("content-length") in (None, str(len(answer.body)))
    assert refusal(unpacked(3, answer.body)[0], 2)


def test_a_policys_words_are_no_markup_in_the_forums_toast(house):
    reader, writer = house.client(0, "forum.example"), house.client(1, "forum.example")
    begin_poll(reader, "s9")
    assert say(writer, "s9", 3, event(2, "topics.post", POST))[1] == b"1:2"
    assert refusal(packets_of(reader.get())[0], 2) == "Ask &lt;i&gt;legal&lt;/i&gt; &amp; wait."


@pytest.mark.parametrize("query, kind, body", (
    ("EIO=3&transport=polling&j=0&sid=t1", "application/x-www-form-urlencoded",
     b"d=" + packed(3, event(1, "topics.post", POST)).replace(b":", b"%3A").replace(b" ", b"+")),
    ("EIO=3&transport=polling", *TEXT[1:], packed(3, event(1, "topics.post", POST))),
))
def test_without_a_way_to_tell_the_request_itself_is_refused(house, query, kind, body):
    client = house.client(0)
    reply = client.request("POST", f"/socket.io/?{query}", [("Content-Type", kind)], body)
    assert reply.status == 403 and b"IBAN" in reply.body
    assert house.origins["forum.test"].posted.empty()


def test_who_does_not_ask_for_two_minutes_is_not_told(house):
    reader, writer = house.client(0), house.client(1)
    assert say(writer, "t2", 4, event(1, "topics.post", POST))[1] == b"6"
    house.gateway.clock(121)
    reader = house.client(0)
    begin_poll(reader, "t2", 4)
    house.origins["forum.test"].waiting["t2"].put(["2"])
    assert packets_of(reader.get(), 4) == ["2"]


def test_what_waits_outlives_the_workers(house):
    writer = house.client(0)
    assert say(writer, "t3", 4, event(1, "topics.post", POST))[1] == b"6"
    house.gateway.kill("worker")
    reader = house.client(1)
    begin_poll(reader, "t3", 4)
    house.origins["forum.test"].waiting["t3"].put(["2"])
    assert refusal(packets_of(reader.get(), 4)[0], 1)


def test_the_forum_never_got_it_and_nothing_was_kept(house):
    for origin in house.origins.values():
        assert b"3704" not in origin.received() and b"Invoice" not in origin.received()
    assert not house.gateway.has_written(IBAN)
