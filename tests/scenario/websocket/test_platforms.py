# SPDX-License-Identifier: Apache-2.0
"""What real clients say inside a socket is understood and refused in their own words: NodeBB, XMPP."""
import json

SECRET = "pay to DE89 3704 0044 0532 0130 00 please"
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


def test_a_stanza_is_refused_by_an_error_stanza(house):
    client, origin = house.pair("site.test", path=CHAT)
    sign_in = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFuYQBzZWNyZXQ=</auth>'
    client.say(sign_in)
    assert origin.hear() == ("text", sign_in)
    client.say(f'<message xmlns="jabber:client" to="bo@site.test" type="chat" id="m1"><body>{SECRET}</body></message>')
    kind, text = client.hear()
    assert kind == "text" and 'type="error" id="m1" from="bo@site.test"' in text and "IBAN" in text
    good = '<message xmlns="jabber:client" to="bo@site.test" type="chat" id="m2"><body>a &lt;b&gt;</body></message>'
    client.say(good)
    assert origin.hear() == ("text", good)
    client.drop()
    assert origin.hear() == ("end",)
    origin.done()
    assert b"AGFuYQBzZWNyZXQ" not in house.gateway.written() and b"0532" not in house.gateway.written()
