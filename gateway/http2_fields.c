/* SPDX-License-Identifier: Apache-2.0 */
/* http2_fields - heads in nghttp2's shape, and what a head may say (RFC 9113 §8.2-8.3).
 *
 * The same check stands at both ends: what nghttp2 let in is looked at once more with the eyes of http1, since a byte
 * that is harmless here may end a line there; and what goes out was either parsed so or is refused. Hop-by-hop fields
 * are dropped here and nowhere else. nghttp2 copies names and values and puts names into lower case.
 */
#include "gateway/http1_head.h"
#include "gateway/http2_parts.h"
#include <stdlib.h>
#include <string.h>

#define METHOD_MAX 32u
#define PSEUDO_MAX 5u

static const char *const DROPPED[] = { "connection",
                                       "keep-alive",
                                       "proxy-connection",
                                       "transfer-encoding",
                                       "upgrade",
                                       "proxy-authorization",
                                       "proxy-authenticate",
                                       "http2-settings",
                                       "host",
                                       NULL };
static const char *const NEVER_NAMED[] = {
    "content-length", "content-type",    "content-encoding", "cookie", "authorization", "set-cookie", "origin",
    "referer",        "accept-encoding", "cache-control",    NULL
};
static const char *const NOT_TRAILERS[] = { "transfer-encoding", "content-length", "host", "trailer",
                                            "content-encoding",  "content-type",   "te",   "content-range",
                                            "connection",        "authorization",  NULL };

static bool is_listed(struct st_span name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (st_span_ieq(name, st_span_str(*list)))
            return true;
    }
    return false;
}

bool http2_is_forbidden_trailer(struct st_span name)
{
    return is_listed(name, NOT_TRAILERS);
}

/* ---- what a request may say ------------------------------------------------------------------------------------- */

static bool is_visible(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
            return false;
    }
    return s.n > 0;
}

static bool is_authority(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!is_alnum && (c == 0 || strchr("-._:[]", c) == NULL))
            return false;
    }
    return s.n > 0;
}

static enum st_rc check_target(const struct http2_head *head, struct st_err *err)
{
    struct st_span path = head->head.target, method = head->head.method;
    bool is_star = st_span_eq(path, ST_SPAN("*")) && st_span_eq(method, ST_SPAN("OPTIONS"));

    if (!st_span_eq(head->scheme, ST_SPAN("https")) && !st_span_eq(head->scheme, ST_SPAN("http")))
        return st_fail(err, ST_E_PROTO, "http2.request", "scheme is neither http nor https", 400);
    if (path.n > 0 && !is_visible(path))
        return st_fail(err, ST_E_PROTO, "http2.request", "path holds a byte that has to be percent-encoded", 400);
    if (path.n == 0 || (path.p[0] != '/' && !is_star))
        return st_fail(err, ST_E_PROTO, "http2.request", "path is malformed", 400);
    return ST_OK;
}

enum st_rc http2_check_request(const struct http2_head *head, struct st_err *err)
{
    bool is_connect = st_span_eq(head->head.method, ST_SPAN("CONNECT"));

    if (!http1_is_token(head->head.method) || head->head.method.n > METHOD_MAX)
        return st_fail(err, ST_E_PROTO, "http2.request", "method is not a token", 400);
    if (!is_authority(head->authority))
        return st_fail(err, ST_E_PROTO, "http2.request", "authority is malformed", 400);
    if (head->protocol.n > 0 && (!is_connect || !http1_is_token(head->protocol)))
        return st_fail(err, ST_E_PROTO, "http2.request", "protocol without CONNECT", 400);
    if (!is_connect || head->protocol.n > 0)
        return check_target(head, err);
    if (head->scheme.n > 0 || head->head.target.n > 0)
        return st_fail(err, ST_E_PROTO, "http2.request", "CONNECT with scheme or path", 400);
    return ST_OK;
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static enum st_rc begin(struct http2_fields *out, size_t n, struct st_err *err)
{
    *out = (struct http2_fields){ calloc(n + PSEUDO_MAX, sizeof *out->nv), 0 };
    if (out->nv == NULL)
        return st_fail(err, ST_E_NOMEM, "http2.fields", "fields", n);
    return ST_OK;
}

void http2_fields_fini(struct http2_fields *fields)
{
    free(fields->nv);
    *fields = (struct http2_fields){ 0 };
}

static void add(struct http2_fields *out, struct st_span name, struct st_span value)
{
    nghttp2_nv *nv = &out->nv[out->n++];

    nv->name = (uint8_t *)(uintptr_t)name.p; /* nghttp2 copies */
    nv->namelen = name.n;
    nv->value = (uint8_t *)(uintptr_t)value.p;
    nv->valuelen = value.n;
    nv->flags = NGHTTP2_NV_FLAG_NONE;
}

/* Does a Connection field name it? An HTTP/1 head may come from there. */
static bool is_named(const struct http_head *head, struct st_span name)
{
    for (size_t i = 0; i < head->n; i++) {
        struct st_span rest = head->fields[i].value, part;

        if (!st_span_ieq(head->fields[i].name, ST_SPAN("connection")))
            continue;
        while (st_span_next(&rest, ',', &part)) {
            if (st_span_ieq(st_span_trim(part), name))
                return true;
        }
    }
    return false;
}

static bool is_dropped(const struct http_head *head, const struct http_field *field)
{
    if (is_listed(field->name, DROPPED))
        return true;
    if (st_span_ieq(field->name, ST_SPAN("te")))
        return !st_span_ieq(field->value, ST_SPAN("trailers"));
    return !is_listed(field->name, NEVER_NAMED) && is_named(head, field->name);
}

static enum st_rc add_field(struct http2_fields *out, const struct http_field *field, struct st_err *err)
{
    if (!http1_is_token(field->name) || !http1_is_value(field->value))
        return st_fail(err, ST_E_SYNTAX, "http2.fields", "field cannot be written", 0);
    add(out, field->name, st_span_trim(field->value));
    return ST_OK;
}

static enum st_rc add_head(struct http2_fields *out, const struct http_head *head, struct st_err *err)
{
    for (size_t i = 0; i < head->n; i++) {
        if (is_dropped(head, &head->fields[i]))
            continue;
        if (add_field(out, &head->fields[i], err) != ST_OK) {
            http2_fields_fini(out);
            return ST_ERR;
        }
    }
    return ST_OK;
}

static void add_pseudo(struct http2_fields *out, const struct http2_head *head, enum http2_pseudo which)
{
    switch (which) {
    case HTTP2_METHOD: add(out, ST_SPAN(":method"), head->head.method); break;
    case HTTP2_SCHEME:
        if (head->scheme.n > 0)
            add(out, ST_SPAN(":scheme"), head->scheme);
        break;
    case HTTP2_AUTHORITY: add(out, ST_SPAN(":authority"), head->authority); break;
    case HTTP2_PATH:
        if (head->head.target.n > 0)
            add(out, ST_SPAN(":path"), head->head.target);
        break;
    case HTTP2_NO_PSEUDO: break;
    }
}

enum st_rc http2_fields_request(const struct http2_head *head, struct http2_fields *out, struct st_err *err)
{
    static const uint8_t USUAL[] = { HTTP2_METHOD, HTTP2_AUTHORITY, HTTP2_SCHEME, HTTP2_PATH };
    unsigned seen = 0;

    if (http2_check_request(head, err) != ST_OK || begin(out, head->head.n, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < ST_LEN(head->head.order) + ST_LEN(USUAL); i++) {
        uint8_t which = i < ST_LEN(head->head.order) ? head->head.order[i] : USUAL[i - ST_LEN(head->head.order)];

        if (which > HTTP2_PATH || (seen >> which & 1u) != 0)
            continue;
        seen |= 1u << which;
        add_pseudo(out, head, (enum http2_pseudo)which);
    }
    if (head->protocol.n > 0)
        add(out, ST_SPAN(":protocol"), head->protocol);
    return add_head(out, &head->head, err);
}

enum st_rc http2_fields_response(const struct http2_head *head, char status[4], struct http2_fields *out,
                                 struct st_err *err)
{
    unsigned code = head->head.status;

    if (code < 100 || code > 599 || code == 101)
        return st_fail(err, ST_E_SYNTAX, "http2.fields", "status cannot be written", code);
    if (begin(out, head->head.n, err) != ST_OK)
        return ST_ERR;
    status[0] = (char)('0' + code / 100);
    status[1] = (char)('0' + code / 10 % 10);
    status[2] = (char)('0' + code % 10);
    status[3] = '\0';
    add(out, ST_SPAN(":status"), st_span(status, 3));
    return add_head(out, &head->head, err);
}

enum st_rc http2_fields_trailers(const struct http_field *trailers, size_t n, struct http2_fields *out,
                                 struct st_err *err)
{
    if (begin(out, n, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < n; i++) {
        if (http2_is_forbidden_trailer(trailers[i].name) || is_listed(trailers[i].name, DROPPED))
            continue;
        if (add_field(out, &trailers[i], err) != ST_OK) {
            http2_fields_fini(out);
            return ST_ERR;
        }
    }
    return ST_OK;
}

/* ---- heads of one's own ----------------------------------------------------------------------------------------- */

struct copier {
    struct st_arena *arena;
    bool has_failed;
};

static struct st_span copy(struct copier *copier, struct st_span s)
{
    uint8_t *p;

    if (s.n == 0 || copier->has_failed)
        return ST_SPAN_NONE;
    if ((p = st_arena_dup(copier->arena, s.p, s.n)) == NULL) {
        copier->has_failed = true;
        return ST_SPAN_NONE;
    }
    return st_span(p, s.n);
}

enum st_rc http2_head_take(struct st_arena *arena, const struct http2_head *from, struct http2_head **out,
                           struct st_err *err)
{
    struct copier copier = { arena, false };
    struct http2_head *head = st_arena_dup(arena, from, sizeof *from);
    size_t n = from->head.n;

    if (head == NULL || (head->head.fields = st_arena_alloc(arena, (n + 1) * sizeof *from->head.fields)) == NULL)
        return st_arena_fail(arena, err, "http2.head");
    head->head.method = copy(&copier, from->head.method);
    head->head.target = copy(&copier, from->head.target);
    head->head.reason = copy(&copier, from->head.reason);
    head->scheme = copy(&copier, from->scheme);
    head->authority = copy(&copier, from->authority);
    head->protocol = copy(&copier, from->protocol);
    for (size_t i = 0; i < n; i++) {
        head->head.fields[i].name = copy(&copier, from->head.fields[i].name);
        head->head.fields[i].value = copy(&copier, from->head.fields[i].value);
    }
    if (copier.has_failed)
        return st_arena_fail(arena, err, "http2.head");
    *out = head;
    return ST_OK;
}

static bool is_cookie(const struct http_field *field)
{
    return st_span_ieq(field->name, ST_SPAN("cookie"));
}

/* All pieces with "; " between them; a single one is borrowed. */
static enum st_rc join_cookies(struct st_arena *arena, const struct http_head *from, struct st_span *out,
                               struct st_err *err)
{
    size_t total = 0, at = 0, n = http_field_count(from, "cookie");
    uint8_t *text;

    *out = http_field_get(from, "cookie");
    if (n < 2)
        return ST_OK;
    for (size_t i = 0; i < from->n; i++)
        total += is_cookie(&from->fields[i]) ? from->fields[i].value.n + 2 : 0;
    if ((text = st_arena_alloc(arena, total)) == NULL)
        return st_arena_fail(arena, err, "http2.cookie");
    for (size_t i = 0; i < from->n; i++) {
        struct st_span value = from->fields[i].value;

        if (!is_cookie(&from->fields[i]))
            continue;
        if (at > 0) {
            memcpy(text + at, "; ", 2);
            at += 2;
        }
        if (value.n > 0)
            memcpy(text + at, value.p, value.n);
        at += value.n;
    }
    *out = st_span(text, at);
    return ST_OK;
}

enum st_rc http2_as_http1(struct st_arena *arena, const struct http2_head *from, struct http_head **out,
                          struct st_err *err)
{
    struct http_head *head = st_arena_dup(arena, &from->head, sizeof from->head);
    struct st_span cookies;
    bool has_cookies = false;

    if (head == NULL || (head->fields = st_arena_alloc(arena, (head->n + 1) * sizeof *head->fields)) == NULL)
        return st_arena_fail(arena, err, "http2.http1");
    if (join_cookies(arena, &from->head, &cookies, err) != ST_OK)
        return ST_ERR;
    head->n = 0;
    head->minor = 1;
    if (from->authority.n > 0)
        head->fields[head->n++] = (struct http_field){ ST_SPAN("Host"), from->authority };
    for (size_t i = 0; i < from->head.n; i++) {
        struct http_field *field = &head->fields[head->n];

        if (is_cookie(&from->head.fields[i]) && has_cookies)
            continue;
        *field = from->head.fields[i];
        if (is_cookie(field)) {
            field->value = cookies;
            has_cookies = true;
        }
        head->n++;
    }
    *out = head;
    return ST_OK;
}
