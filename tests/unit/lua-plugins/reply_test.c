/* SPDX-License-Identifier: Apache-2.0 */
/* reply - what a client is told inside a session: the first template with a value for each slot, escaped for its place.
 */
#include "base/json.h"
#include "lua_t.h"

static const char chat[] =
    "return { api = 1, id = 'chat', version = '1', title = 'Chat', hosts = { 'chat.test' },\n"
    "speaks = { { method = 'WEBSOCKET', path = '/xmpp', as = 'xmpp' }, { path = '/socket.io', as = 'socket.io' } },\n"
    "rules = {\n"
    "  { id = 'say', match = { method = 'WEBSOCKET', body = { has = { 'text' } } },\n"
    "    activity = { kind = 'message' }, typed = { 'text' },\n"
    "    deny = { status = 403, type = 'text/plain', body = '{message} ({id})', socket = {\n"
    "      [[43{n}[{\"message\":\"{message}\",\"to\":\"{who}\"}] ]],\n"
    "      [[<e to=\"{who}\" id=\"{id}\">{message}</e>]], '{message}' } } },\n"
    "  { id = 'draft', match = { method = 'WEBSOCKET', body = { has = { 'draft' } } },\n"
    "    activity = { kind = 'draft', phase = 'draft' }, typed = { 'draft' },\n"
    "    deny = { body = '{message}', socket = '{message}' } },\n"
    "  { id = 'mute', match = { method = 'WEBSOCKET', body = { has = { 'mute' } } },\n"
    "    activity = { kind = 'message' }, typed = { 'mute' } },\n"
    "  { id = 'page', match = { method = 'WEBSOCKET', body = { has = { 'page' } } },\n"
    "    activity = { kind = 'message' }, typed = { 'page' },\n"
    "    deny = { body = '{message}', socket = '[\"{message|html}\",\"{page}\"]' } },\n"
    "  { id = 'poll', match = { method = 'POST', path = '/socket.io', body = { has = { 'e/**' } } },\n"
    "    activity = { kind = 'message' }, typed = { 'e/#' },\n"
    "    deny = { body = '{message}', socket = '43{e/@id}[{\"message\":\"{message}\"}]' } },\n"
    "},\n"
    "tests = { { name = 'a', method = 'WEBSOCKET', host = 'chat.test', path = '/x', type = 'text/plain',\n"
    "  body = '{\"text\":\"hi\"}', expect = { rule = 'say', text = 'hi' } } } }\n";

struct said {
    struct lp_set *set;
    struct st_arena *arena;
    struct lp_reply reply;
};

static void say(struct said *s, const char *path, const char *body, enum flt_wire wire)
{
    struct lp_request req = { LP_WEBSOCKET, ST_SPAN("chat.test"), st_span_str(path), ST_SPAN_NONE,
                              ST_SPAN("text/plain") };
    struct flt_input in = { .body = st_span_str(body), .content_type = req.content_type, .is_message = true };
    struct lp_refusal refusal = { "Über \"uns\" <b> & \xF0\x9F\x99\x82", "R-1", NULL };
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;
    bool needs_body;

    T_OK(flt_decode(s->arena, &in, &doc, &err), err);
    doc->wire = wire; /* the body is plain JSON here; only the escaping is asked */
    T_OK(lp_reply(lp_route_find(s->set, &req, doc, &needs_body), &(struct lp_exchange){ &req, doc }, &refusal, s->arena,
                  &s->reply, &err),
         err);
}

static const struct {
    const char *body;
    enum flt_wire wire;
    enum lp_reply_how how;
    const char *text;
} rows[] = {
    { "{\"text\":\"x\",\"n\":\"17\",\"who\":\"a\\\"\\u00fc\"}", FLT_WIRE_SOCKETIO, LP_REPLY_ANSWER,
      "4317[{\"message\":\"\\u00dcber \\\"uns\\\" <b> & \\ud83d\\ude42\",\"to\":\"a\\\"\\u00fc\"}] " },
    { "{\"text\":\"x\",\"who\":\"a'\\\"<\"}", FLT_WIRE_XMPP, LP_REPLY_ANSWER,
      "<e to=\"a'&quot;&lt;\" id=\"R-1\">Über &quot;uns&quot; &lt;b&gt; &amp; \xF0\x9F\x99\x82</e>" },
    { "{\"text\":\"x\"}", FLT_WIRE_XMPP, LP_REPLY_ANSWER, "Über &quot;uns&quot; &lt;b&gt; &amp; \xF0\x9F\x99\x82" },
    { "{\"draft\":\"x\"}", FLT_WIRE_SOCKETIO, LP_REPLY_SILENT, "" },
    { "{\"page\":\"<\"}", FLT_WIRE_SOCKETIO, LP_REPLY_ANSWER,
      "[\"\\u00dcber &quot;uns&quot; &lt;b&gt; &amp; \\ud83d\\ude42\",\"<\"]" },
    { "{\"mute\":\"x\"}", FLT_WIRE_SOCKETIO, LP_REPLY_CLOSE, "" },
    { "{\"else\":\"x\"}", FLT_WIRE_SOCKETIO, LP_REPLY_CLOSE, "" },
};

T_TEST(the_first_template_with_all_its_values_is_the_reply)
{
    const char *dir = lt_dir("reply");
    struct said s = { 0 };

    lt_write(dir, "platforms/chat.lua", chat);
    s.set = lt_load(dir, NULL);
    T_CHECK(s.set != NULL, "%s", lt_said);
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        s.arena = st_arena_new(1u << 20);
        say(&s, "/x", rows[i].body, rows[i].wire);
        T_CHECK(s.reply.how == rows[i].how && st_span_eq(s.reply.text, st_span_str(rows[i].text)), "row %zu: %d %.*s",
                i, (int)s.reply.how, (int)s.reply.text.n, (const char *)s.reply.text.p);
        st_arena_free(s.arena);
    }
    lp_set_release(s.set);
}

T_TEST(an_adapter_says_what_a_socket_speaks)
{
    const char *dir = lt_dir("wire");
    struct lp_request req = { LP_WEBSOCKET, ST_SPAN("chat.test"), ST_SPAN("/xmpp"), ST_SPAN_NONE, ST_SPAN_NONE };
    struct lp_set *set;

    lt_write(dir, "platforms/chat.lua", chat);
    T_CHECK((set = lt_load(dir, NULL)) != NULL, "%s", lt_said);
    T_CHECK(lp_wire(set, &req) == FLT_WIRE_XMPP && lp_is_message(&req), "a socket");
    req.method = ST_SPAN("POST");
    T_CHECK(lp_wire(set, &req) == FLT_WIRE_NONE && !lp_is_message(&req), "another method");
    req.path = ST_SPAN("/socket.io/");
    T_CHECK(lp_wire(set, &req) == FLT_WIRE_SOCKETIO, "a poll");
    req.host = ST_SPAN("other.test");
    T_CHECK(lp_wire(set, &req) == FLT_WIRE_NONE, "another host");
    lp_set_release(set);
}

/* A poll goes on without its message, unless something was found in what would go on with it. */
T_TEST(a_poll_goes_on_without_its_message)
{
    static const struct {
        const char *query, *body;
        bool is_found_in_query;
        const char *instead, *text;
    } polls[] = {
        { "EIO=3&sid=ab", "13:425[\"e\",\"hi\"]", false, "1:2", "435[{\"message\":\"No.\"}]" },
        { "EIO=4&sid=ab", "425[\"e\",\"hi\"]", false, "6", "435[{\"message\":\"No.\"}]" },
        { "EIO=3&sid=ab", "13:425[\"e\",\"hi\"]", true, "", "" },
        { "EIO=3", "13:425[\"e\",\"hi\"]", false, "", "" }, /* no session: nothing to put the answer in */
    };
    const char *dir = lt_dir("poll");
    struct lp_set *set;

    lt_write(dir, "platforms/chat.lua", chat);
    T_CHECK((set = lt_load(dir, NULL)) != NULL, "%s", lt_said);
    for (size_t i = 0; i < ST_LEN(polls); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_request req = { ST_SPAN("POST"), ST_SPAN("chat.test"), ST_SPAN("/socket.io/"),
                                  st_span_str(polls[i].query), ST_SPAN("text/plain") };
        struct flt_input in = { .query = req.query,
                                .body = st_span_str(polls[i].body),
                                .content_type = req.content_type,
                                .wire = lp_wire(set, &req) };
        struct flt_finding finding = { .field = 0 }; /* the first field is the query's */
        struct flt_findings findings = { .items = &finding, .n = polls[i].is_found_in_query };
        struct lp_refusal refusal = { "No.", "R-1", &findings };
        struct st_err err = ST_ERR_INIT;
        struct flt_doc *doc = NULL;
        struct lp_reply reply;
        bool needs_body;

        T_OK(flt_decode(arena, &in, &doc, &err), err);
        T_OK(lp_reply(lp_route_find(set, &req, doc, &needs_body), &(struct lp_exchange){ &req, doc }, &refusal, arena,
                      &reply, &err),
             err);
        T_CHECK(st_span_eq(reply.instead, st_span_str(polls[i].instead)) &&
                    st_span_eq(reply.text, st_span_str(polls[i].text)) &&
                    (reply.how == LP_REPLY_CLOSE) == (reply.instead.n == 0) &&
                    st_span_eq(reply.session, reply.instead.n > 0 ? ST_SPAN("ab") : ST_SPAN_NONE),
                "poll %zu: %d %.*s", i, (int)reply.how, (int)reply.instead.n, (const char *)reply.instead.p);
        st_arena_free(arena);
    }
    lp_set_release(set);
}
