# SPDX-License-Identifier: Apache-2.0
"""S4: gRPC and Connect calls that stay open: each message is judged and goes on before the next is there."""
import gzip
import json

import pytest

from stoa_test.ways import BOTH

pytestmark = BOTH

GRPC = [("content-type", "application/grpc+proto"), ("te", "trailers")]
SECRET = b"pay DE02 1203 0000 0000 2020 51 now, please"


def message(text, packed=False):
    data = b"\x0a" + bytes([len(text)]) + text
    data = gzip.compress(data) if packed else data
    return bytes([packed]) + len(data).to_bytes(4, "big") + data


def told(trailers):
    return dict(trailers).get("grpc-status"), dict(trailers).get("grpc-message", "")


class Call:
    """An open call, and its origin, which answers each piece of data with what `answers` makes of it."""

    def __init__(self, house, path="/chat.Chat/Talk", fields=GRPC, answers=lambda data: data):
        self.site, self.client = house.fresh(), house.client()
        self.site.on_head = lambda request: request.head(200, fields[:1])
        self.site.on_data = lambda request, data: data and request.send(answers(data))
        self.site.on_end = lambda request: request.send(b"", [("grpc-status", "0")])
        self.stream = self.client.start("POST", path, fields, end=False)

    @property
    def answer(self):
        return self.client.answers[self.stream]

    def say(self, data, end=False, piece=16384):
        self.client.send(self.stream, data, end=end, piece=piece)

    def hears(self, data):
        self.client.wait(until=lambda: self.answer.body.endswith(data))

    def ends(self):
        answer = self.client.wait(self.stream)
        return answer

    def arrived(self):
        return b"".join(self.site.received2)


@pytest.fixture
def received(house):
    del house.site.received2[:]


def test_S4_messages_go_on_while_the_request_is_open(house, received):
    calls, messages = house.count("calls"), house.count("call_messages")
    call = Call(house)
    sent = [message(b"line number %d, nothing secret here" % n, packed=n % 2 == 1) for n in range(5)]
    for one in sent:
        call.say(one)
        call.hears(one)
    call.say(b"", end=True)
    assert told(call.ends().trailers) == ("0", "")
    assert call.site.gets().body == b"".join(sent)
    assert (house.count("calls"), house.count("call_messages")) == (calls + 1, messages + 5)
    call.client.close()


def test_S4_a_client_that_waits_for_the_answers_head_gets_it(house):
    """It has said nothing yet; so it does with some libraries before they send."""
    call = Call(house)
    assert house.gateway.wait_count("requests", 1)
    house.gateway.clock(1)
    call.client.wait(until=lambda: call.answer.status == 200)
    call.say(message(b"now, then"))
    call.hears(message(b"now, then"))
    call.say(b"", end=True)
    assert call.ends().is_whole
    call.client.close()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("piece", [1, 7, 16384])
def test_S4_B2_a_message_that_must_not_leave_ends_the_call(house, received, piece, packed):
    """Not one byte of it has left; what was said before has, and the answer's last words say why."""
    refused, records = house.count("call_refused"), len(house.gateway.records("decision"))
    call = Call(house)
    call.say(message(b"good morning"))
    call.hears(message(b"good morning"))
    call.say(message(SECRET, packed), piece=piece)
    status, why = told(call.ends().trailers)
    assert status == "7" and "IBAN" in why
    assert call.site.is_reset().body == message(b"good morning") and call.arrived() == message(b"good morning")
    assert house.count("call_refused") == refused + 1
    assert len(house.gateway.wait_records(records + 1, "decision")) == records + 1
    assert call.client.request("GET", "/next").status == 200  # the connection goes on
    call.client.close()


def test_S4_B2_a_refusal_before_the_answer_has_begun(house, received):
    """It is the whole answer, in one head; behind a message that went on, and in a call that was whole at once."""
    call = Call(house)
    call.site.on_head = call.site.on_data = lambda *ignored: None
    call.say(message(b"good morning"))
    assert call.site.begins().path == "/chat.Chat/Talk"
    call.say(message(SECRET))
    answer = call.ends()
    assert (answer.status, answer.header("content-type"), answer.body) == (200, "application/grpc", b"")
    assert answer.header("grpc-status") == "7" and "IBAN" in answer.header("grpc-message")
    answer = call.client.request("POST", "/chat.Chat/Say", GRPC, message(SECRET))
    assert answer.header("grpc-status") == "7" and "IBAN" in answer.header("grpc-message")
    assert b"DE02" not in call.arrived()
    call.client.close()


def test_S4_B2_what_is_no_message_is_held_until_the_end(house, received):
    call = Call(house)
    call.say(message(b"good morning"))
    call.hears(message(b"good morning"))
    call.say(b"\x55\0\0\0\5" + SECRET)
    house.gateway.count("requests")  # the worker has been round
    assert call.arrived() == message(b"good morning")
    call.say(b" and a rest", end=True)
    assert told(call.ends().trailers)[0] == "7"
    assert call.arrived() == message(b"good morning")
    call.client.close()


def test_S4_trailers_behind_the_last_message_go_on(house, received):
    call = Call(house)
    call.say(message(b"good morning"))
    call.hears(message(b"good morning"))
    call.client.send(call.stream, b"", trailers=[("x-note", "that was all")])
    assert told(call.ends().trailers) == ("0", "")
    assert call.site.gets().trailers == [("x-note", "that was all")]
    call.client.close()


@pytest.mark.parametrize("trailers", [[("x-note", "DE02120300000000202051")], [("de02120300000000202051", "x")],
                                      [("x-sum", "17"), ("x-note", SECRET.decode())]])
def test_S4_B2_trailers_that_must_not_leave_end_the_call(house, received, trailers):
    refused, records = house.count("call_refused"), len(house.gateway.records("decision"))
    call = Call(house)
    call.say(message(b"good morning"))
    call.hears(message(b"good morning"))
    call.client.send(call.stream, b"", trailers=trailers)
    status, why = told(call.ends().trailers)
    assert status == "7" and "IBAN" in why
    request = call.site.is_reset()
    assert request.body == message(b"good morning") and request.trailers == []
    assert house.count("call_refused") == refused + 1
    assert len(house.gateway.wait_records(records + 1, "decision")) == records + 1
    call.client.close()


def test_S4_B2_a_message_that_lacks_its_end_is_judged_all_the_same(house, received):
    call = Call(house)
    call.say(message(b"good morning"))
    call.hears(message(b"good morning"))
    call.say(message(SECRET + b" and more")[:-3], end=True)
    assert told(call.ends().trailers)[0] == "7" and call.arrived() == message(b"good morning")
    call.client.close()


def test_S4_connects_streams_hear_it_in_their_last_message(house, received):
    connect = [("content-type", "application/connect+json")]

    def line(text):
        data = json.dumps({"text": text}).encode()
        return b"\0" + len(data).to_bytes(4, "big") + data

    call = Call(house, fields=connect)
    call.say(line("good morning"))
    call.hears(line("good morning"))
    call.say(line(SECRET.decode()))
    answer = call.ends()
    last = bytes(answer.body)[len(line("good morning")):]
    assert last[0] == 2 and int.from_bytes(last[1:5], "big") == len(last) - 5
    error = json.loads(last[5:])["error"]
    assert error["code"] == "permission_denied" and "IBAN" in error["message"]
    assert call.arrived() == line("good morning")
    call.client.close()
