# SPDX-License-Identifier: Apache-2.0
"""A chat over BOSH: a blocked stanza stays here, and the request that waits brings the server's error for it."""
import xml.etree.ElementTree as ET

from conftest import BOSH
from stoa_test.origin import WAIT

IBAN = "DE89 3704 0044 0532 0130 00"
XML = ("Content-Type", "text/xml; charset=utf-8")


def wrapped(sid, rid, inside=""):
    return f'<body rid="{rid}" sid="{sid}" xmlns="{BOSH}">{inside}</body>'.encode()


def message(number, text):
    return f'<message xmlns="jabber:client" to="team@muc.chat.test" type="groupchat" id="m{number}"><body>{text}</body></message>'


def stanzas(reply):
    assert reply.status == 200 and len(reply.body) == int(reply.header("content-length"))
    return list(ET.fromstring(reply.body))


def test_a_stanza_is_refused_in_the_request_that_waits(house):
    origin = house.origins["chat.test"]
    waiting, sender = house.client(0, "chat.test"), house.client(1, "chat.test")
    waiting.send("POST", "/http-bind", [XML], wrapped("b1", 1))
    origin.polled.get(timeout=WAIT)
    sender.send("POST", "/http-bind", [XML], wrapped("b1", 2, message(1, f"Send it to {IBAN}")))
    got = origin.polled.get(timeout=WAIT)
    assert ET.fromstring(got).attrib == {"rid": "2", "sid": "b1"} and b"message" not in got
    (error,) = stanzas(waiting.get())
    assert error.attrib == {"type": "error", "id": "m1", "from": "team@muc.chat.test"}
    assert "IBAN" in error.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}text").text

    waiting.send("POST", "/http-bind", [XML], wrapped("b1", 3, message(2, "See you")))  # the session goes on
    assert stanzas(sender.get()) == []
    assert b"See you" in origin.polled.get(timeout=WAIT)
    origin.says("b1", message(3, "I terminate at noon"))
    assert [stanza.attrib["id"] for stanza in stanzas(waiting.get())] == ["m3"]
    assert b"3704" not in origin.received()


def test_two_in_a_row_are_told_in_order_before_what_the_server_says(house):
    origin = house.origins["chat.test"]
    first, second = house.client(0, "chat.test"), house.client(1, "chat.test")
    first.send("POST", "/http-bind", [XML], wrapped("b2", 1, message(1, IBAN)))
    origin.polled.get(timeout=WAIT)
    second.send("POST", "/http-bind", [XML], wrapped("b2", 2, message(2, IBAN)))
    origin.polled.get(timeout=WAIT)
    told = [stanza.attrib["id"] for stanza in stanzas(first.get())]
    origin.says("b2", message(3, "I terminate at noon"))
    told += [stanza.attrib["id"] for stanza in stanzas(second.get())]
    assert told == ["m1", "m2", "m3"]
