# SPDX-License-Identifier: Apache-2.0
"""What real clients say inside a socket is understood and refused in their own words: NodeBB, XMPP."""
import json
import re

IBAN = "DE89 3704 0044 0532 0130 00"
SECRET = f"pay to {IBAN} please"
FORUM = "/socket.io/?EIO=3&transport=websocket&sid=ab"
CHAT = "/xmpp-websocket"


def event(number, name, *args):
    return f"42{number}" + json.dumps([name, *args])


def test_a_forum_post_is_refused_by_its_ack(house):
    client, origin = house.pair("site.test", path=FORUM)
    client.say("2probe")
    assert origin.hear() == ("text", "2probe")
    client.say(event(1, "plugins.composer.renderPreview", SECRET))  # nobody is told of a draft
    client.say(event(2, "topics.post", {"title": "Invoice", "content": SECRET, "cid": 1}))
    kind, text = client.hear()
    assert kind == "text" and text.startswith("432[")
    assert "IBAN" in json.loads(text[3:])[0]["message"]
    good = event(3, "topics.post", {"title": "Probes", "content": "How do they work?", "cid": 1})
    client.say(good)
    assert origin.hear() == ("text", good)
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()


def test_a_forum_post_is_redacted_in_its_packet(house):
    client, origin = house.pair("redacted.example", path=FORUM)
    client.say(event(4, "posts.reply", {"tid": 1, "content": 'my "card" 4111 1111 1111 1111\n'}))
    assert origin.hear() == ("text", event(4, "posts.reply", {"tid": 1, "content": 'my "card" [card]\n'}))
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()


PONG = '<iq xmlns="jabber:client" type="result" id="%s"/>'


def ping(origin):
    """The id of the ping that stands in a refused stanza's place."""
    kind, text = origin.hear()
    found = re.fullmatch(r'<iq xmlns="jabber:client" type="get" id="([^"]+)"><ping xmlns="urn:xmpp:ping"/></iq>', text)
    assert kind == "text" and found, text
    return found[1]


def answer_ping(origin):
    origin.say(PONG % ping(origin))


def test_a_stanza_is_refused_by_an_error_stanza(house):
    client, origin = house.pair("site.test", path=CHAT)
    sign_in = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFuYQBzZWNyZXQ=</auth>'
    client.say(sign_in)
    assert origin.hear() == ("text", sign_in)
    client.say(f'<message xmlns="jabber:client" to="bo@site.test" type="chat" id="m1"><body>{SECRET}</body></message>')
    answer_ping(origin)
    kind, text = client.hear()
    assert kind == "text" and 'type="error" id="m1" from="bo@site.test"' in text and "IBAN" in text
    good = '<message xmlns="jabber:client" to="bo@site.test" type="chat" id="m2"><body>a &lt;b&gt;</body></message>'
    client.say(good)
    assert origin.hear() == ("text", good)
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()
    assert b"AGFuYQBzZWNyZXQ" not in house.gateway.written()
    assert not house.gateway.has_written(IBAN)


def say_secret(client, number):
    client.say(f'<message xmlns="jabber:client" to="bo@site.test" type="chat" id="{number}"><body>{SECRET}</body>'
               "</message>")


def test_both_counts_of_stanzas_stay_right(house):
    """Each end counts the other's stanzas (XEP-0198): as many arrive as were sent, in any order of the answers."""
    client, origin = house.pair("site.test", path=CHAT)
    news = '<message xmlns="jabber:client" from="bo@site.test" id="n%d"><body>%s</body></message>'
    say_secret(client, "m1")
    say_secret(client, "m2")
    first, second = ping(origin), ping(origin)
    assert first != second
    sent = [news % (1, "short"), news % (2, "long " * 2000), PONG % second, news % (3, "é" * 70), PONG % first,
            news % (4, "no more")]
    for stanza in sent:
        origin.say(stanza)
    got = [client.hear()[1] for _ in sent]
    assert [got[i] for i in (0, 1, 3, 5)] == [sent[i] for i in (0, 1, 3, 5)]
    assert 'type="error" id="m2"' in got[2] and 'type="error" id="m1"' in got[4]
    client.say(news % (5, "a last one"))
    assert origin.hear() == ("text", news % (5, "a last one"))
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()


def test_compression_is_not_offered_where_answers_are_looked_into(house):
    client, origin = house.pair("held.test", path=CHAT)
    say_secret(client, "m1")
    answer_ping(origin)
    assert 'type="error" id="m1"' in client.hear()[1]
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()
