/* SPDX-License-Identifier: Apache-2.0 */
/* http1_write - heads written anew from what was parsed, and the look-ups every user of a head needs.
 *
 * Order, case and duplicates of end-to-end fields stay as the peer sent them; what belongs to one hop (RFC 9110 §7.6.1)
 * is dropped here and nowhere else, so that no caller can forget it. Connection may name further fields, but not the
 * ones that say what the message is: dropping those on a peer's word is an old trick.
 */
#include "gateway/http1.h"
#include "gateway/http1_head.h"
#include <string.h>

static const char *const HOP_BY_HOP[] = { "connection",
                                          "keep-alive",
                                          "proxy-connection",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "te",
                                          "transfer-encoding",
                                          "upgrade",
                                          NULL };
static const char *const NEVER_NAMED[] = { "host",   "content-length", "content-type",    "content-encoding",
                                           "cookie", "authorization",  "accept-encoding", "set-cookie",
                                           "origin", "referer",        "cache-control",   NULL };

/* Every field is held against a dozen words, and nearly all fail at their first byte: nothing is measured before. The
 * word is in lower case. */
static bool is_name(struct st_span name, const char *word)
{
    size_t i = 0;

    for (; i < name.n && word[i] != '\0'; i++) {
        uint8_t c = name.p[i];

        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)word[i])
            return false;
    }
    return i == name.n && word[i] == '\0';
}

static bool is_listed(struct st_span name, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++) {
        if (is_name(name, *list))
            return true;
    }
    return false;
}

struct st_span http_field_get(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->n; i++) {
        if (is_name(head->fields[i].name, name))
            return head->fields[i].value;
    }
    return ST_SPAN_NONE;
}

size_t http_field_count(const struct http_head *head, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->n; i++)
        count += is_name(head->fields[i].name, name);
    return count;
}

static bool has_token(const struct http_head *head, const char *name, struct st_span token)
{
    for (size_t i = 0; i < head->n; i++) {
        struct st_span rest = head->fields[i].value, part;

        if (!is_name(head->fields[i].name, name))
            continue;
        while (st_span_next(&rest, ',', &part)) {
            if (st_span_ieq(st_span_trim(part), token))
                return true;
        }
    }
    return false;
}

bool http_field_has_token(const struct http_head *head, const char *name, const char *token)
{
    return has_token(head, name, st_span_str(token));
}

enum st_rc http_head_without(struct st_arena *arena, const struct http_head *head, const char *const *skip, size_t more,
                             struct http_head *out, struct st_err *err)
{
    const struct http_field *fields = head->fields;
    size_t n = head->n;

    *out = *head;
    if ((out->fields = st_arena_alloc(arena, (n + more + 1) * sizeof *out->fields)) == NULL)
        return st_arena_fail(arena, err, "http1.head");
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_listed(fields[i].name, skip))
            out->fields[out->n++] = fields[i];
    }
    return ST_OK;
}

static bool is_dropped(const struct http_head *head, struct st_span name, const char *const *skip)
{
    if (is_listed(name, HOP_BY_HOP) || is_listed(name, skip))
        return true;
    return !is_listed(name, NEVER_NAMED) && has_token(head, "connection", name);
}

static enum st_rc write_one(struct st_buf *out, struct st_span name, struct st_span value, struct st_err *err)
{
    if (!http1_is_token(name) || !http1_is_value(value))
        return st_fail(err, ST_E_SYNTAX, "http1.write", "field cannot be written", 0);
    st_buf_span(out, name);
    st_buf_str(out, ": ");
    st_buf_span(out, value);
    st_buf_str(out, "\r\n");
    return ST_OK;
}

static enum st_rc write_fields(struct st_buf *out, const struct http_head *head, const char *const *skip,
                               struct st_err *err)
{
    for (size_t i = 0; i < head->n; i++) {
        const struct http_field *field = &head->fields[i];

        if (is_dropped(head, field->name, skip))
            continue;
        if (write_one(out, field->name, field->value, err) != ST_OK)
            return ST_ERR;
    }
    return st_buf_done(out, err, "http1.write");
}

enum st_rc http1_write_request(struct st_buf *out, const struct http_head *head, struct st_span target,
                               const char *const *skip, struct st_err *err)
{
    bool is_clean =
        http1_is_value(target) && st_span_chr(target, ' ') == ST_SPAN_NPOS && st_span_chr(target, '\t') == ST_SPAN_NPOS;

    if (!http1_is_token(head->method) || target.n == 0 || !is_clean)
        return st_fail(err, ST_E_SYNTAX, "http1.write", "request line cannot be written", 0);
    st_buf_span(out, head->method);
    st_buf_byte(out, ' ');
    st_buf_span(out, target);
    st_buf_str(out, " HTTP/1.1\r\n");
    return write_fields(out, head, skip, err);
}

enum st_rc http1_write_response(struct st_buf *out, const struct http_head *head, const char *const *skip,
                                struct st_err *err)
{
    if (head->status < 100 || head->status > 599 || !http1_is_value(head->reason))
        return st_fail(err, ST_E_SYNTAX, "http1.write", "status line cannot be written", 0);
    st_buf_fmt(out, "HTTP/1.1 %u ", head->status);
    st_buf_span(out, head->reason);
    st_buf_str(out, "\r\n");
    return write_fields(out, head, skip, err);
}

enum st_rc http1_write_field(struct st_buf *out, const char *name, struct st_span value, struct st_err *err)
{
    if (write_one(out, st_span_str(name), value, err) != ST_OK)
        return ST_ERR;
    return st_buf_done(out, err, "http1.write");
}

void http1_write_end(struct st_buf *out)
{
    st_buf_str(out, "\r\n");
}

void http1_write_chunk(struct st_buf *out, struct st_span data)
{
    if (data.n == 0)
        return; /* an empty chunk would end the body */
    st_buf_fmt(out, "%zx\r\n", data.n);
    st_buf_span(out, data);
    st_buf_str(out, "\r\n");
}

void http1_write_last_chunk(struct st_buf *out, const struct http_field *trailers, size_t n)
{
    st_buf_str(out, "0\r\n");
    for (size_t i = 0; i < n; i++) {
        struct st_err ignored; /* parsed as a field, so it can be written; a refusal leaves it out */

        if (write_one(out, trailers[i].name, trailers[i].value, &ignored) != ST_OK)
            continue;
    }
    st_buf_str(out, "\r\n");
}
