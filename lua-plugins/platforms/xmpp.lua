-- SPDX-License-Identifier: Apache-2.0
-- XMPP web chats (Converse.js and others) on any host, over WebSocket (RFC 7395) or BOSH (XEP-0124, 0206).
--
-- Names of elements are the paths. What OMEMO encrypts cannot be read. A refusal is the error stanza that a server
-- would send for the same message: the client marks the message as not delivered and shows the text. Both ends count
-- stanzas (XEP-0198), so the server gets a ping in the message's place, and the error stands in its answer's place.

local sockets = { "/**/xmpp-websocket", "/**/ws-xmpp" }
local bosh = { "/**/http-bind", "/**/bosh" }
local paths = { sockets[1], sockets[2], bosh[1], bosh[2] }
local methods = { "WEBSOCKET", "POST" }
local xml = "text/xml; charset=utf-8"
local wrap = '<body rid="77" sid="s1" xmlns="http://jabber.org/protocol/httpbind">%s</body>'

-- An error stanza of a kind, with as much of the address as the client gave.
local function refused(stanza)
  local function shape(attributes)
    return "<" .. stanza .. ' xmlns="jabber:client" type="error"' .. attributes .. '><error type="modify">'
      .. '<policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>'
      .. '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">{message}</text></error></' .. stanza .. ">"
  end
  local id = ' id="{' .. stanza .. '/@id}"'
  local from = ' from="{' .. stanza .. '/@to}"'
  local to = ' to="{' .. stanza .. '/@from}"'
  return { status = 200, type = xml,
    body = '<body type="terminate" condition="policy-violation" xmlns="http://jabber.org/protocol/httpbind">'
      .. '<text xmlns="urn:ietf:params:xml:ns:xmpp-streams">{message} ({id})</text></body>',
    ask = '<iq xmlns="jabber:client" type="get" id="{id}"><ping xmlns="urn:xmpp:ping"/></iq>',
    socket = { shape(id .. from .. to), shape(id .. from), shape(id), shape(from) } }
end

local function stanza(id, body, activity, typed, kind)
  return { id = id, match = { method = methods, path = paths, body = body }, activity = activity, typed = typed,
    deny = refused(kind or "message") }
end

local written = { "message/body", "message/subject", "message/html/**", "message/x/url",
  "message/x/desc", "message/jingle/**/name", "message/jingle/**/desc", "message/reference/@uri",
  "!message/**/@xmlns" }
local function group(kind, id)
  return { kind = kind, audience = "group", object = { type = "message", id = id },
    group = { type = "conversation", id = "message/@to" } }
end
local function direct(kind, id)
  return { kind = kind, audience = "direct", object = { type = "message", id = id },
    group = { type = "person", id = "message/@to" } }
end
local room = { ["message/@type"] = "groupchat" }

return {
  api = 1,
  id = "xmpp",
  version = "1.0.0",
  title = "XMPP web chat",
  anywhere = true,
  speaks = {
    { method = "WEBSOCKET", path = sockets, as = "xmpp" },
    { method = "POST", path = bosh, as = "xmpp" },
  },
  redact_always = { "auth/**", "response/**", "authenticate/**", "iq/query/password", "iq/query/digest",
    "presence/x/password" },

  rules = {
    { id = "sign-in", secret = true, match = { method = methods, path = paths,
      body = { has = { "auth/**" }, lacks = { "message/**", "iq/**", "presence/**" } } } },
    { id = "sign-in-more", secret = true, match = { method = methods, path = paths,
      body = { has = { "response/**" }, lacks = { "message/**", "iq/**", "presence/**" } } } },
    { id = "sign-in-2", secret = true, match = { method = methods, path = paths,
      body = { has = { "authenticate/**" }, lacks = { "message/**", "iq/**", "presence/**" } } } },
    stanza("encrypted", { has = { "message/encrypted/**" } }, { kind = "opaque", audience = "direct" }, {}),
    stanza("edit-room", { has = { "message/replace/@id", "message/body" }, eq = room },
      group("edit", "message/replace/@id"), written),
    stanza("edit", { has = { "message/replace/@id", "message/body" } }, direct("edit", "message/replace/@id"), written),
    stanza("room", { has = { "message/body" }, eq = room }, group("message"), written),
    stanza("message", { has = { "message/body" } }, direct("message"), written),
    stanza("subject", { has = { "message/subject" } }, group("edit"), written),
    stanza("react", { has = { "message/reactions/**" } }, group("react", "message/reactions/@id"),
      { "message/reactions/reaction" }),
    stanza("upload-announced", { has = { "iq/request/@filename" } }, { kind = "upload", phase = "prepare",
      audience = "group", object = { type = "file", title = "iq/request/@filename" } },
      { "iq/request/@filename" }, "iq"),
    stanza("blog", { has = { "iq/pubsub/publish/item/entry/**" } }, { kind = "post", audience = "group",
      object = { type = "post", title = "iq/pubsub/publish/item/entry/title" } },
      { "iq/pubsub/publish/item/entry/**", "!iq/pubsub/publish/item/entry/**/@xmlns",
        "!iq/pubsub/publish/item/entry/@xmlns" }, "iq"),
    stanza("card", { has = { "iq/vCard/**" }, eq = { ["iq/@type"] = "set" } },
      { kind = "edit", audience = "public", object = { type = "person" } },
      { "iq/vCard/**", "!iq/vCard/@xmlns", "!iq/vCard/PHOTO/**" }, "iq"),
    stanza("status", { has = { "presence/status" } }, { kind = "edit", audience = "group",
      object = { type = "person" } }, { "presence/status" }, "presence"),

    { id = "upload-bytes", match = { method = "PUT", path = { "/file_share/*/*", "/upload/*/*",
        "/upload/*/*/*", "/httpfileupload/*/*", "/httpupload/*/*", "/http_upload/*/*" } },
      activity = { kind = "upload", audience = "group", object = { type = "file", title = { "/upload/*/*/{}",
        "/3" } } },
      typed = { "**" } },
  },

  tests = {
    { name = "a message to a room", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<message xmlns="jabber:client" to="team@muc.chat.example" type="groupchat" id="m1"><body>a &lt;b&gt; ]]
        .. [[&amp; c</body><active xmlns="http://jabber.org/protocol/chatstates"/></message>]],
      expect = { rule = "room", kind = "message", audience = "group", group = "team@muc.chat.example",
        text = "a <b> & c", typed = { "message/body" },
        reply = [[<message xmlns="jabber:client" type="error" id="m1" from="team@muc.chat.example">]]
          .. [[<error type="modify"><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>]]
          .. [[<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">No.</text></error></message>]] } },
    { name = "a message to a person", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket/",
      type = xml, body = [[<message from="ana@chat.example/w" to="bo@chat.example" type="chat" id="m2"]]
        .. [[ xmlns="jabber:client"><body>hello</body></message>]],
      expect = { rule = "message", kind = "message", audience = "direct", group = "bo@chat.example", text = "hello",
        reply = [[<message xmlns="jabber:client" type="error" id="m2" from="bo@chat.example" to="ana@chat.example/w">]]
          .. [[<error type="modify"><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>]]
          .. [[<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">No.</text></error></message>]] } },
    { name = "a message over BOSH", method = "POST", host = "chat.example", path = "/http-bind", type = xml,
      body = wrap:format [[<message to="bo@chat.example" id="m3" xmlns="jabber:client"><body>hello</body></message>]],
      expect = { rule = "message", group = "bo@chat.example", text = "hello",
        reply = [[<message xmlns="jabber:client" type="error" id="m3" from="bo@chat.example"><error type="modify">]]
          .. [[<policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>]]
          .. [[<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">No.</text></error></message>]] } },
    { name = "a message with a link to a file", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<message to="bo@chat.example"><body>https://up.chat.example/f</body>]]
        .. [[<x xmlns="jabber:x:oob"><url>https://up.chat.example/f?a=1&amp;b</url><desc>a plan</desc></x></message>]],
      expect = { rule = "message", typed = { "message/body", "message/x/url", "message/x/desc" } } },
    { name = "a message with a format", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<message to="bo@chat.example"><body>plain</body><html><body><p>bright</p></body></html>]]
        .. [[</message>]],
      expect = { rule = "message", kind = "message", audience = "direct" } },
    { name = "a correction", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<message to="bo@chat.example"><body>better</body><replace id="m2" xmlns="urn:xmpp:message-correct:0"/>]]
        .. [[</message>]], expect = { rule = "edit", kind = "edit", audience = "direct", id = "m2", text = "better" } },
    { name = "a correction in a room", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<message to="r@muc.chat.example" type="groupchat"><body>better</body><replace id="m2"/>]]
        .. [[</message>]], expect = { rule = "edit-room", kind = "edit", audience = "group", id = "m2" } },
    { name = "a room's subject", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<message to="r@muc.chat.example" type="groupchat"><subject>the release</subject></message>]],
      expect = { rule = "subject", kind = "edit", group = "r@muc.chat.example", text = "the release" } },
    { name = "a reaction", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<message to="r@muc.chat.example" type="groupchat"><reactions id="m1" xmlns="urn:xmpp:reactions:0">]]
        .. [[<reaction>ok</reaction></reactions></message>]], expect = { rule = "react", kind = "react", id = "m1" } },
    { name = "an encrypted message is opaque", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<message to="bo@chat.example"><encrypted xmlns="eu.siacs.conversations.axolotl">]]
        .. [[<payload>AAECAw==</payload></encrypted><body>an encrypted message</body></message>]],
      expect = { rule = "encrypted", kind = "opaque", text = "" } },
    { name = "a file is announced", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<iq to="up.chat.example" type="get" id="u1"><request xmlns="urn:xmpp:http:upload:0" ]]
        .. [[filename="plan &amp; x.png" size="5"/></iq>]],
      expect = { rule = "upload-announced", kind = "upload", phase = "prepare", title = "plan & x.png",
        reply = [[<iq xmlns="jabber:client" type="error" id="u1" from="up.chat.example"><error type="modify">]]
          .. [[<policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>]]
          .. [[<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">No.</text></error></iq>]] } },
    { name = "the bytes of a file", method = "PUT", host = "up.chat.example", path = "/file_share/tok1/notes.txt",
      type = "text/plain", body = "some notes",
      expect = { rule = "upload-bytes", kind = "upload", title = "notes.txt", text = "some notes" } },
    { name = "the bytes of a file, on another server", method = "PUT", host = "up.chat.example",
      path = "/upload/ab12/cd34/notes.txt", type = "text/plain", body = "some notes",
      expect = { rule = "upload-bytes", kind = "upload", title = "notes.txt", text = "some notes" } },
    { name = "a microblog", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<iq type="set" id="p1"><pubsub><publish node="urn:xmpp:microblog:0"><item><entry><title>Hi</title>]]
        .. [[<content>all</content></entry></item></publish></pubsub></iq>]],
      expect = { rule = "blog", kind = "post", title = "Hi", text = "Hi\nall" } },
    { name = "a card", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<iq type="set" id="v1"><vCard xmlns="vcard-temp"><FN>Ana</FN><TEL><NUMBER>5</NUMBER></TEL>]]
        .. [[</vCard></iq>]],
      expect = { rule = "card", kind = "edit", audience = "public", text = "Ana\n5" } },
    { name = "a status", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<presence><show>away</show><status>in a meeting</status></presence>]],
      expect = { rule = "status", kind = "edit", text = "in a meeting" } },
    { name = "typing is nothing", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<message to="bo@chat.example" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/>]]
        .. [[</message>]], expect = { none = true } },
    { name = "opening a stream is nothing", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="chat.example" version="1.0"/>]],
      expect = { none = true } },
    { name = "signing in is hidden", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFuYQBzZWNyZXQ=</auth>]],
      expect = { rule = "sign-in", none = true, hidden = { "auth", "auth/@mechanism" } } },
    { name = "so are its answers", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket", type = xml,
      body = [[<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">Yz1iaXdzLHI9</response>]],
      expect = { rule = "sign-in-more", none = true, hidden = { "response" } } },
    { name = "and the newer way", method = "POST", host = "chat.example", path = "/http-bind", type = xml,
      body = wrap:format([[<authenticate mechanism="SCRAM-SHA-1"><initial-response>biws</initial-response>]]
        .. [[</authenticate>]]),
      expect = { rule = "sign-in-2", none = true, hidden = { "authenticate/initial-response" } } },
    { name = "a message beside a sign-in is read all the same", method = "POST", host = "chat.example",
      path = "/http-bind", type = xml,
      body = wrap:format [[<auth>AGFuYQ==</auth><message to="bo@chat.example"><body>hello</body></message>]],
      expect = { rule = "message", text = "hello", hidden = { "auth" } } },
    { name = "a new password is hidden", method = "WEBSOCKET", host = "chat.example", path = "/xmpp-websocket",
      type = xml, body = [[<iq type="set"><query xmlns="jabber:iq:register"><username>ana</username>]]
        .. [[<password>correct horse</password></query></iq>]],
      expect = { none = true, hidden = { "iq/query/password" } } },
  },
}
