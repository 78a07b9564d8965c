/* SPDX-License-Identifier: Apache-2.0 */
/* http1_head - start lines and field lines, read strictly (RFC 9112 §2-5, RFC 9110 §5).
 *
 * Works on a complete block of lines, so every rule is a plain check over bytes that are all there. A line ends with CR
 * LF and nothing else; a name touches its colon; a line that starts with white space is refused, not unfolded; control
 * characters are nowhere allowed. st_err.num is the status that answers the request; for responses it is ignored.
 * When you add a rule, add its vector to the tables of tests/unit/gateway/http1_test.c.
 */
#include "gateway/http1_head.h"
#include <string.h>

static const char TOKEN_CHARS[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static const bool *token_table(void)
{
    static bool table[256];
    static bool is_filled;

    if (!is_filled) {
        for (const char *c = TOKEN_CHARS; *c != '\0'; c++)
            table[(uint8_t)*c] = true;
        is_filled = true;
    }
    return table;
}

static size_t token_length(struct st_span s)
{
    const bool *is_token = token_table();
    size_t n = 0;

    while (n < s.n && is_token[s.p[n]])
        n++;
    return n;
}

bool http1_is_token(struct st_span s)
{
    return s.n > 0 && token_length(s) == s.n;
}

bool http1_is_value(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
            return false;
    }
    return true;
}

/* A quoted string at the start of s (RFC 9110 §5.6.4): its length, 0 when there is none. */
static size_t quoted_length(struct st_span s)
{
    for (size_t i = 1; i < s.n && s.p[0] == '"'; i++) {
        if (s.p[i] == '"')
            return i + 1;
        if (s.p[i] == '\\')
            i++;
    }
    return 0;
}

bool http1_is_chunk_extension(struct st_span s)
{
    while (s.n > 0) {
        size_t name = s.p[0] == ';' ? token_length(st_span_sub(s, 1, s.n)) : 0, value;

        if (name == 0)
            return false;
        s = st_span_sub(s, 1 + name, s.n);
        if (s.n == 0 || s.p[0] != '=')
            continue;
        s = st_span_sub(s, 1, s.n);
        value = quoted_length(s);
        if (value == 0 && (value = token_length(s)) == 0)
            return false;
        s = st_span_sub(s, value, s.n);
    }
    return true;
}

/* Takes one line off *rest, without its CRLF. The caller made sure that each LF follows a CR. */
static struct st_span next_line(struct st_span *rest)
{
    size_t lf = st_span_chr(*rest, '\n');
    struct st_span line = st_span_sub(*rest, 0, lf == ST_SPAN_NPOS ? rest->n : lf - 1);

    *rest = lf == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(*rest, lf + 1, rest->n - lf - 1);
    return line;
}

static enum st_rc parse_version(struct st_span s, uint8_t *minor, struct st_err *err)
{
    if (s.n != 8 || !st_span_starts(s, ST_SPAN("HTTP/")) || s.p[6] != '.')
        return st_fail(err, ST_E_SYNTAX, "http1.version", "not an HTTP version", 400);
    if (s.p[5] != '1' || (s.p[7] != '0' && s.p[7] != '1'))
        return st_fail(err, ST_E_PROTO, "http1.version", "version is neither 1.0 nor 1.1", 505);
    *minor = s.p[7] - '0';
    return ST_OK;
}

static enum st_rc parse_request_line(struct st_span line, struct http_head *head, struct st_err *err)
{
    struct st_span rest = line;

    if (!st_span_next(&rest, ' ', &head->method) || !st_span_next(&rest, ' ', &head->target))
        return st_fail(err, ST_E_SYNTAX, "http1.request", "request line is incomplete", 400);
    if (!http1_is_token(head->method) || head->method.n > 32)
        return st_fail(err, ST_E_SYNTAX, "http1.request", "method is not a token", 400);
    for (size_t i = 0; i < head->target.n; i++) {
        if (head->target.p[i] <= 0x20 || head->target.p[i] >= 0x7f)
            return st_fail(err, ST_E_SYNTAX, "http1.request", "target holds a byte that has to be percent-encoded",
                           400);
    }
    if (head->target.n == 0)
        return st_fail(err, ST_E_SYNTAX, "http1.request", "target is empty", 400);
    return parse_version(rest, &head->minor, err);
}

static enum st_rc parse_status_line(struct st_span line, struct http_head *head, struct st_err *err)
{
    struct st_span code = st_span_sub(line, 9, 3);
    uint64_t status;

    if (parse_version(st_span_sub(line, 0, 8), &head->minor, err) != ST_OK)
        return ST_ERR;
    if (line.n < 12 || line.p[8] != ' ' || !st_span_u64(code, &status) || status < 100 || status > 599)
        return st_fail(err, ST_E_SYNTAX, "http1.response", "status line is malformed", 502);
    head->status = (unsigned)status;
    if (line.n > 12) {
        head->reason = st_span_sub(line, 13, line.n - 13);
        if (line.p[12] != ' ' || !http1_is_value(head->reason))
            return st_fail(err, ST_E_SYNTAX, "http1.response", "reason phrase is malformed", 502);
    }
    return ST_OK;
}

/* Readers differ in whether a tab around these values is white space, and so in where the body ends. */
static bool frames_with_tab(struct st_span name, struct st_span raw)
{
    return st_span_chr(raw, '\t') != ST_SPAN_NPOS &&
           (st_span_ieq(name, ST_SPAN("transfer-encoding")) || st_span_ieq(name, ST_SPAN("content-length")));
}

static enum st_rc parse_field(struct st_span line, struct http_field *field, struct st_err *err)
{
    size_t colon = st_span_chr(line, ':');

    if (colon == ST_SPAN_NPOS)
        return st_fail(err, ST_E_SYNTAX, "http1.field", "line without colon", 400);
    field->name = st_span_sub(line, 0, colon);
    if (!http1_is_token(field->name)) /* also a folded line, and white space before the colon */
        return st_fail(err, ST_E_SYNTAX, "http1.field", "field name is not a token", 400);
    field->value = st_span_trim(st_span_sub(line, colon + 1, line.n - colon - 1));
    if (!http1_is_value(field->value))
        return st_fail(err, ST_E_SYNTAX, "http1.field", "control character in a field value", 400);
    if (frames_with_tab(field->name, st_span_sub(line, colon, line.n)))
        return st_fail(err, ST_E_SYNTAX, "http1.field", "tab beside what says where the body ends", 400);
    return ST_OK;
}

enum st_rc http1_parse_fields(struct st_arena *arena, struct st_span lines, size_t max_fields, struct http_field **out,
                              size_t *n, struct st_err *err)
{
    struct st_span count = lines;
    size_t total = 0;

    while (next_line(&count).n > 0)
        total++;
    *n = 0;
    *out = NULL;
    if (total > max_fields)
        return st_fail(err, ST_E_LIMIT, "http1.fields", "too many fields", 431);
    if (total == 0)
        return ST_OK;
    if ((*out = st_arena_alloc(arena, total * sizeof **out)) == NULL)
        return st_arena_fail(arena, err, "http1.fields");
    for (; *n < total; (*n)++) {
        if (parse_field(next_line(&lines), &(*out)[*n], err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

enum st_rc http1_parse_head(enum http1_role role, struct st_arena *arena, struct st_span lines, size_t max_fields,
                            struct http_head **out, struct st_err *err)
{
    struct http_head *head = st_arena_alloc(arena, sizeof *head);
    struct st_span first;

    if (head == NULL)
        return st_arena_fail(arena, err, "http1.head");
    first = next_line(&lines);
    if (role == HTTP1_REQUEST && parse_request_line(first, head, err) != ST_OK)
        return ST_ERR;
    if (role == HTTP1_RESPONSE && parse_status_line(first, head, err) != ST_OK)
        return ST_ERR;
    if (http1_parse_fields(arena, lines, max_fields, &head->fields, &head->n, err) != ST_OK)
        return ST_ERR;
    *out = head;
    return ST_OK;
}
