/* SPDX-License-Identifier: Apache-2.0 */
/* poll - a long poll whose message was refused: what goes to the origin in its place, and how the client is told.
 *
 * A poll's request cannot simply be answered: engine.io reads nothing from the answer to a POST, and BOSH counts its
 * requests. So the origin gets a request that says nothing and, in engine.io 3, makes it answer the waiting poll at
 * once (a ping); and what the client is told rides in front of what that poll's answer carries. Both are made anew from
 * counted and named parts, never from the refused body.
 */
#include "filters/decode.h"
#include <stdio.h>
#include <string.h>

#define TOKEN_MAX  128u
#define RID_MAX    16u
#define IDLE_MAX   1024u
#define PACKET_END 0x1E

static bool is_token(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!is_alnum && (c == 0 || strchr("._:-", c) == NULL))
            return false;
    }
    return s.n > 0 && s.n <= TOKEN_MAX;
}

static struct st_span query_value(struct st_span query, struct st_span name_is)
{
    struct st_span part;

    while (st_span_next(&query, '&', &part)) {
        if (st_span_starts(part, name_is))
            return st_span_sub(part, name_is.n, part.n);
    }
    return ST_SPAN_NONE;
}

static void idle_engine(const struct flt_input *in, struct flt_idle *out)
{
    struct st_span essence = flt_type_essence(in->content_type);
    bool is_form = st_span_ieq(essence, ST_SPAN("application/x-www-form-urlencoded"));

    if (flt_engine_version(in->query) == 4)
        out->body = is_form ? ST_SPAN("d=6") : ST_SPAN("6");
    else if (st_span_ieq(essence, ST_SPAN("application/octet-stream")))
        out->body = ST_SPAN("\0\1\xFF"
                            "2");
    else
        out->body = is_form ? ST_SPAN("d=1%3A2") : ST_SPAN("1:2");
}

static struct st_span bosh_value(const struct flt_doc *doc, struct st_span path)
{
    for (size_t i = 0; i < doc->n; i++) {
        if (st_span_eq(doc->fields[i].path, path))
            return doc->fields[i].text;
    }
    return ST_SPAN_NONE;
}

static enum st_rc idle_bosh(struct st_arena *arena, const struct flt_doc *doc, struct flt_idle *out, struct st_err *err)
{
    static const char *const keys[][2] = { { "@bosh/@key", "key" }, { "@bosh/@newkey", "newkey" } };
    struct st_span rid = bosh_value(doc, ST_SPAN("@bosh/@rid"));
    struct st_buf body;
    enum st_rc rc;
    void *copy = NULL;

    if (rid.n == 0 || rid.n > RID_MAX || flt_digits_at(rid, 0) != rid.n)
        return ST_OK;
    st_buf_init(&body, IDLE_MAX);
    st_buf_str(&body, "<body xmlns=\"http://jabber.org/protocol/httpbind\" rid=\"");
    st_buf_span(&body, rid);
    st_buf_str(&body, "\" sid=\"");
    st_buf_span(&body, out->session);
    for (size_t i = 0; i < ST_LEN(keys); i++) {
        struct st_span value = bosh_value(doc, st_span_str(keys[i][0]));

        if (!is_token(value))
            continue;
        st_buf_fmt(&body, "\" %s=\"", keys[i][1]);
        st_buf_span(&body, value);
    }
    st_buf_str(&body, "\"/>");
    rc = st_buf_done(&body, err, "filters.poll");
    if (rc == ST_OK && (copy = st_arena_dup(arena, body.p, body.n)) == NULL)
        rc = st_arena_fail(arena, err, "filters.poll");
    if (rc == ST_OK)
        out->body = st_span(copy, body.n);
    st_buf_fini(&body);
    return rc;
}

struct st_span flt_wire_session(const struct flt_input *in, const struct flt_doc *doc)
{
    struct st_span sid = ST_SPAN_NONE;

    if (in->is_message || doc == NULL)
        return ST_SPAN_NONE;
    if (in->wire == FLT_WIRE_SOCKETIO && flt_engine_version(in->query) != 0)
        sid = query_value(in->query, ST_SPAN("sid="));
    else if (in->wire == FLT_WIRE_XMPP)
        sid = bosh_value(doc, ST_SPAN("@bosh/@sid"));
    return is_token(sid) ? sid : ST_SPAN_NONE;
}

enum st_rc flt_wire_idle(struct st_arena *arena, const struct flt_input *in, const struct flt_doc *doc,
                         struct flt_idle *out, struct st_err *err)
{
    *out = (struct flt_idle){ ST_SPAN_NONE, flt_wire_session(in, doc) };
    if (out->session.n == 0)
        return ST_OK;
    if (in->wire == FLT_WIRE_SOCKETIO)
        idle_engine(in, out);
    return in->wire == FLT_WIRE_XMPP ? idle_bosh(arena, doc, out, err) : ST_OK;
}

/* ---- packet by packet -------------------------------------------------------------------------------------------- */

/* Bytes of the first packet; 0: it is none. An event with attachments and these belong together. */
static size_t packet_at(unsigned version, struct st_span s)
{
    size_t n = 0, digits = flt_digits_at(s, 0), at = version == 3 ? digits + 1 : 0;
    struct st_span packet;

    if (version == 4) {
        n = st_span_chr(s, PACKET_END);
        n = n == ST_SPAN_NPOS ? s.n : n;
    } else if (!flt_engine_counted(s, &n)) {
        return 0;
    }
    packet = st_span_sub(s, at, n - at);
    if (packet.n == 0 || packet.p[0] == 'b' || st_span_starts(packet, ST_SPAN("45")) ||
        st_span_starts(packet, ST_SPAN("46")))
        return 0;
    return n;
}

size_t flt_wire_packets(const struct flt_input *in, struct st_span *packets, size_t max)
{
    unsigned version = flt_engine_version(in->query);
    size_t count = 0, n;

    if (in->wire != FLT_WIRE_SOCKETIO || version == 0 || in->content_encoding.n > 0 ||
        !st_span_ieq(flt_type_essence(in->content_type), ST_SPAN("text/plain")))
        return 0;
    for (size_t at = 0; at < in->body.n; at += n + (version == 4)) {
        struct st_span rest = st_span_sub(in->body, at, in->body.n);

        if (count == max || (n = packet_at(version, rest)) == 0)
            return 0;
        packets[count++] = st_span_sub(rest, 0, n);
    }
    return count;
}

void flt_wire_join(const struct flt_input *in, struct st_span packet, struct st_buf *body)
{
    if (body->n > 0 && flt_engine_version(in->query) == 4)
        st_buf_byte(body, PACKET_END);
    st_buf_span(body, packet);
}

/* ---- the answer to a poll ---------------------------------------------------------------------------------------- */

static enum st_rc insert_binary(struct st_span body, struct st_span message, struct st_buf *out)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%zu", message.n);

    if (body.p[0] > 1)
        return ST_AGAIN;
    st_buf_byte(out, 0);
    for (int i = 0; i < n; i++)
        st_buf_byte(out, (uint8_t)(digits[i] - '0'));
    st_buf_byte(out, 0xFF);
    st_buf_span(out, message);
    st_buf_span(out, body);
    return ST_OK;
}

static enum st_rc insert_packet(const struct flt_input *in, struct st_span message, struct st_buf *out)
{
    struct st_span essence = flt_type_essence(in->content_type);
    size_t digits = flt_digits_at(in->body, 0);

    if (flt_engine_version(in->query) == 3 && st_span_ieq(essence, ST_SPAN("application/octet-stream")))
        return insert_binary(in->body, message, out);
    if (!st_span_istarts(essence, ST_SPAN("text/plain")))
        return ST_AGAIN; /* a script, an error */
    if (flt_engine_version(in->query) == 3) {
        if (digits == 0 || digits == in->body.n || in->body.p[digits] != ':')
            return ST_AGAIN;
        st_buf_fmt(out, "%zu:", flt_units(message));
        st_buf_span(out, message);
    } else {
        if (digits == 0 && in->body.p[0] != 'b') /* a packet's type, or Base64 */
            return ST_AGAIN;
        st_buf_span(out, message);
        st_buf_byte(out, PACKET_END);
    }
    st_buf_span(out, in->body);
    return ST_OK;
}

/* Behind the start tag of a BOSH body, which may be empty. */
static enum st_rc insert_stanza(struct st_span body, struct st_span message, struct st_buf *out)
{
    uint8_t quote = 0;
    size_t at = 0;

    if (!st_span_starts(body, ST_SPAN("<body")))
        return ST_AGAIN;
    for (; at < body.n && (quote != 0 || body.p[at] != '>'); at++) {
        if (quote != 0)
            quote = body.p[at] == quote ? 0 : quote;
        else if (body.p[at] == '"' || body.p[at] == '\'')
            quote = body.p[at];
    }
    if (at == body.n || st_span_find(st_span_sub(body, 0, at), ST_SPAN("terminate")) != ST_SPAN_NPOS)
        return ST_AGAIN;
    if (body.p[at - 1] == '/') {
        st_buf_span(out, st_span_sub(body, 0, at - 1));
        st_buf_byte(out, '>');
        st_buf_span(out, message);
        st_buf_str(out, "</body>");
    } else {
        st_buf_span(out, st_span_sub(body, 0, at + 1));
        st_buf_span(out, message);
    }
    st_buf_span(out, st_span_sub(body, at + 1, body.n));
    return ST_OK;
}

enum st_rc flt_wire_insert(const struct flt_input *in, struct st_span message, struct st_buf *out, struct st_err *err)
{
    enum st_rc rc = ST_AGAIN;

    if (in->body.n == 0 || message.n == 0)
        return ST_AGAIN;
    if (in->wire == FLT_WIRE_SOCKETIO)
        rc = insert_packet(in, message, out);
    else if (in->wire == FLT_WIRE_XMPP)
        rc = insert_stanza(in->body, message, out);
    return rc == ST_OK ? st_buf_done(out, err, "filters.poll") : rc;
}
