/* SPDX-License-Identifier: Apache-2.0 */
/* value - the forms a source may have, tried by their first character.
 *
 * "=text" itself · "?name" a query parameter · "/3" a segment of the path · "/a/{}/b" what stands for "{}" · "%a/b" a
 * JSON scalar, for numbers and truth values, which are no fields · "@a/b:2" a field of a packed message in base64 ·
 * "~a/b" the name of the file that this part of a form holds · "^" the address in an answer's head, "^/a/{}" and
 * "^?name" of that ·
 * "+…{source}…" a template · "prefix>source" a value without its prefix, none without it · "source<ending" without its
 * ending · else a field's path. A part that is missing makes a template empty, so that the next source of the list is
 * tried: half an address is none.
 */
#include "value.h"
#include <stdlib.h>
#include <string.h>

#define NESTED_MAX 4u
#define JSON_MAX   64u

static struct st_span value_from(struct lp_reader *r, const char *source, unsigned level);

static struct st_span unescape(struct lp_reader *r, struct st_span raw, bool is_query)
{
    uint8_t *to;
    size_t n = 0;

    raw.n = raw.n < LP_VALUE_MAX ? raw.n : LP_VALUE_MAX;
    if ((to = st_arena_alloc(r->arena, raw.n + 1)) == NULL) {
        r->no_memory = true;
        return ST_SPAN_NONE;
    }
    for (size_t i = 0; i < raw.n;)
        to[n++] = (uint8_t)lp_next_byte(raw, &i, is_query);
    return st_span(to, n);
}

static struct st_span from_path(struct lp_reader *r, struct st_span path, const char *source)
{
    struct st_span rest = path, part = ST_SPAN_NONE;
    char *end;
    unsigned long at = strtoul(source + 1, &end, 10);

    if (*end != '\0' || end == source + 1)
        return lp_path_capture(source, path, &part) ? unescape(r, part, false) : ST_SPAN_NONE;
    for (unsigned long i = 0; i <= at; i++) /* what stands before the first '/' is part 0 */
        if (!st_span_next(&rest, '/', &part))
            return ST_SPAN_NONE;
    return unescape(r, part, false);
}

/* "^/a/{}": the same of the address that an answer's head names; it may be whole or only a path. */
static struct st_span from_location(struct lp_reader *r, const char *source)
{
    struct st_span path = st_span_sub(r->location, 0, st_span_chr(r->location, '#')), query = ST_SPAN_NONE, raw;
    size_t at = st_span_find(path, ST_SPAN("://"));

    if (*source == '\0')
        return st_span_sub(r->location, 0, LP_VALUE_MAX);
    if (at != ST_SPAN_NPOS && at < st_span_chr(path, '/'))
        path = st_span_sub(path, at + 3, path.n);
    path = st_span_sub(path, st_span_chr(path, '/'), path.n);
    if ((at = st_span_chr(path, '?')) != ST_SPAN_NPOS) {
        query = st_span_sub(path, at + 1, path.n);
        path = st_span_sub(path, 0, at);
    }
    if (*source == '?')
        return lp_query_get(query, source + 1, &raw) ? unescape(r, raw, true) : ST_SPAN_NONE;
    return *source == '/' ? from_path(r, path, source) : ST_SPAN_NONE;
}

/* ---- JSON scalars ---------------------------------------------------------------------------------------------- */

struct json_at {
    const uint8_t *p, *end;
    unsigned depth;
};

static void skip_blank(struct json_at *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
        j->p++;
}

static struct st_span take_string(struct json_at *j)
{
    const uint8_t *from = ++j->p;

    while (j->p < j->end && *j->p != '"')
        j->p += *j->p == '\\' && j->p + 1 < j->end ? 2 : 1;
    if (j->p > j->end)
        j->p = j->end;
    j->p += j->p < j->end;
    return st_span(from, (size_t)(j->p - from) - (j->p > from && j->p[-1] == '"'));
}

static struct st_span take_scalar(struct json_at *j)
{
    const uint8_t *from = j->p;

    if (j->p < j->end && *j->p == '"')
        return take_string(j);
    while (j->p < j->end && memchr(",]} \t\r\n", *j->p, 7) == NULL)
        j->p++;
    return st_span(from, (size_t)(j->p - from));
}

static bool search(struct json_at *j, const char *path, struct st_span *out);

/* At an opening bracket: looks below it for the path (NULL: only passes over it). */
static bool search_below(struct json_at *j, const char *path, struct st_span *out)
{
    bool is_object = *j->p++ == '{';
    const char *end = path != NULL ? strchrnul(path, '/') : NULL;
    struct st_span want = path != NULL ? st_span(path, (size_t)(end - path)) : ST_SPAN_NONE;

    if (++j->depth > JSON_MAX)
        j->p = j->end;
    for (skip_blank(j); j->p < j->end && *j->p != '}' && *j->p != ']'; skip_blank(j)) {
        struct st_span key = ST_SPAN("#");
        bool is_it;

        if (is_object) {
            key = *j->p == '"' ? take_string(j) : ST_SPAN_NONE;
            skip_blank(j);
            if (j->p >= j->end || *j->p++ != ':')
                return false;
        }
        is_it = path != NULL && (st_span_eq(want, key) || st_span_eq(want, ST_SPAN("*")));
        if (search(j, is_it ? (*end == '/' ? end + 1 : "") : NULL, out))
            return true;
        skip_blank(j);
        if (j->p < j->end && *j->p == ',')
            j->p++;
        else if (j->p < j->end && *j->p != '}' && *j->p != ']')
            return false;
    }
    j->depth--;
    j->p++;
    return false;
}

static bool search(struct json_at *j, const char *path, struct st_span *out)
{
    struct st_span scalar;

    skip_blank(j);
    if (j->p >= j->end)
        return false;
    if (*j->p == '{' || *j->p == '[')
        return search_below(j, path != NULL && *path != '\0' ? path : NULL, out);
    scalar = take_scalar(j);
    if (path == NULL || *path != '\0' || st_span_eq(scalar, ST_SPAN("null")))
        return false;
    *out = scalar;
    return true;
}

bool lp_json_scalar(struct st_span json, const char *path, struct st_span *out)
{
    struct json_at j = { json.p, json.p + json.n, 0 };

    return json.n > 0 && search(&j, path, out);
}

/* ---- packed messages ------------------------------------------------------------------------------------------- */

static int digit64(int c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

/* Both alphabets, escaped or not: it comes out of a URL as often as out of JSON. */
static size_t unpack64(struct st_span s, uint8_t *out, size_t size)
{
    unsigned bits = 0, have = 0;
    size_t n = 0;

    for (size_t i = 0; i < s.n && n < size;) {
        int d = digit64(lp_next_byte(s, &i, false));

        if (d < 0)
            break;
        bits = (bits << 6 | (unsigned)d) & 0xFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return n;
}

static bool take_varint(struct st_span *s, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && s->n > 0; shift += 7) {
        uint8_t byte = s->p[0];

        *s = st_span_sub(*s, 1, s->n);
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

/* The length-delimited field `wanted` of a message. */
static bool take_field(struct st_span message, uint64_t wanted, struct st_span *out)
{
    uint64_t tag, value;

    while (message.n > 0 && take_varint(&message, &tag)) {
        unsigned wire = tag & 7;

        value = wire == 1 ? 8 : 4;
        if ((wire == 0 || wire == 2) && !take_varint(&message, &value))
            return false;
        if (wire == 0)
            continue;
        if ((wire != 1 && wire != 2 && wire != 5) || value > message.n)
            return false;
        if (wire == 2 && tag >> 3 == wanted) {
            *out = st_span_sub(message, 0, (size_t)value);
            return true;
        }
        message = st_span_sub(message, (size_t)value, message.n);
    }
    return false;
}

static bool is_base64(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (digit64(s.p[i]) < 0 && s.p[i] != '=' && s.p[i] != '%')
            return false;
    return s.n >= 8;
}

size_t lp_packed_get(struct st_span base64, const char *path, uint8_t *out, size_t size)
{
    struct st_span message = st_span(out, unpack64(base64, out, size));

    if (is_base64(message)) /* packed twice, as live chats are: hardly any message is such text by itself */
        message.n = unpack64(message, out, size);
    for (;;) {
        char *end;
        unsigned long wanted = strtoul(path, &end, 10);

        if (end == path || !take_field(message, wanted, &message))
            return 0;
        if (*end != '.')
            break;
        path = end + 1;
    }
    for (size_t i = 0; i < message.n; i++) /* a name; anything else was not the message that was meant */
        if (message.p[i] <= ' ' || message.p[i] >= 0x7F)
            return 0;
    memmove(out, message.p, message.n);
    return message.n;
}

/* "@createCommentParams:2" */
static struct st_span from_packed(struct lp_reader *r, const char *source)
{
    const char *colon = strrchr(source, ':');
    char field[128];
    const struct flt_field *f;
    uint8_t *room;

    if (colon == NULL || (size_t)(colon - source) > sizeof field)
        return ST_SPAN_NONE;
    memcpy(field, source + 1, (size_t)(colon - source) - 1);
    field[colon - source - 1] = '\0';
    if ((f = lp_field_find(r->doc, field)) == NULL)
        return ST_SPAN_NONE;
    if ((room = st_arena_alloc(r->arena, LP_VALUE_MAX)) == NULL) {
        r->no_memory = true;
        return ST_SPAN_NONE;
    }
    return st_span(room, lp_packed_get(f->text, colon + 1, room, LP_VALUE_MAX));
}

/* ---- templates ------------------------------------------------------------------------------------------------- */

static void put_escaped(struct st_buf *b, struct st_span s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/";

    for (size_t i = 0; i < s.n; i++) {
        if (memchr(plain, s.p[i], sizeof plain - 1) != NULL)
            st_buf_byte(b, s.p[i]);
        else
            st_buf_fmt(b, "%%%02X", s.p[i]);
    }
}

/* An address as a platform gave it: its marks mean what they say; only what no address holds is escaped. */
static void put_address(struct st_buf *b, struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] > ' ' && s.p[i] < 0x7F && memchr("\"<>\\^`{|}", s.p[i], 9) == NULL)
            st_buf_byte(b, s.p[i]);
        else
            st_buf_fmt(b, "%%%02X", s.p[i]);
    }
}

/* What one pair of braces stands for; false when it has no value. */
static bool put_part(struct lp_reader *r, struct st_buf *b, const char *name, bool is_url, unsigned level)
{
    struct st_span value;

    if (strcmp(name, "path") == 0) {
        st_buf_span(b, r->req->path);
        return true;
    }
    value = strcmp(name, "host") == 0 ? r->req->host : strcmp(name, "id") == 0 ? r->id : value_from(r, name, level + 1);
    if (!is_url)
        st_buf_span(b, value);
    else if (b->n == 0)
        put_address(b, value);
    else
        put_escaped(b, value);
    return value.n > 0;
}

/* The end of a pair of braces; a place in them may be a path with "{}" in it. */
static const char *part_end(const char *open)
{
    const char *end = strchr(open + 1, '}');

    return end != NULL && end > open + 1 && end[-1] == '{' ? strchr(end + 1, '}') : end;
}

static struct st_span expand(struct lp_reader *r, const char *template, bool is_url, unsigned level)
{
    struct st_span out = ST_SPAN_NONE;
    bool is_whole = true;
    struct st_buf b;
    void *copy;

    st_buf_init(&b, 4 * LP_VALUE_MAX + 4096);
    while (*template != '\0' && is_whole) {
        const char *end = *template == '{' ? part_end(template) : NULL;
        char name[128];

        if (end == NULL || (size_t)(end - template) > sizeof name || end == template + 1) {
            st_buf_byte(&b, (uint8_t) * template ++);
            continue;
        }
        memcpy(name, template + 1, (size_t)(end - template) - 1);
        name[end - template - 1] = '\0';
        is_whole = put_part(r, &b, name, is_url, level);
        template = end + 1;
    }
    if (b.failed == ST_E_NOMEM || (is_whole && b.failed == ST_E_NONE && b.n > 0)) {
        copy = b.failed == ST_E_NONE ? st_arena_dup(r->arena, b.p, b.n) : NULL;
        r->no_memory = r->no_memory || copy == NULL;
        out = copy != NULL ? st_span(copy, b.n) : ST_SPAN_NONE;
    }
    st_buf_fini(&b);
    return out;
}

/* ---- a source -------------------------------------------------------------------------------------------------- */

static struct st_span from_field(struct lp_reader *r, const char *source)
{
    const struct flt_field *f = lp_field_find(r->doc, source);

    return f != NULL && !f->is_secret ? st_span_sub(f->text, 0, LP_VALUE_MAX) : ST_SPAN_NONE;
}

/* "/3<.json": a value without its ending; with another ending it stays whole. */
static struct st_span without_end(struct lp_reader *r, const char *source, const char *mark, unsigned level)
{
    struct st_span value, end = st_span_str(mark + 1);
    char inner[128];

    if ((size_t)(mark - source) >= sizeof inner)
        return ST_SPAN_NONE;
    memcpy(inner, source, (size_t)(mark - source));
    inner[mark - source] = '\0';
    value = value_from(r, inner, level + 1);
    return st_span_ends(value, end) ? st_span_sub(value, 0, value.n - end.n) : value;
}

/* The body, or of a packet what follows its numbers. */
static struct st_span json_of(const struct flt_doc *doc)
{
    size_t at = doc->wire == FLT_WIRE_SOCKETIO ? st_span_chr(doc->plain, '[') : 0;

    return at != ST_SPAN_NPOS ? st_span_sub(doc->plain, at, doc->plain.n) : ST_SPAN_NONE;
}

/* A string of JSON as it stands there, its escapes read by the decoder that reads all others. */
static struct st_span plain_scalar(struct lp_reader *r, struct st_span raw)
{
    struct flt_input in = { .content_type = ST_SPAN("application/json"), .plain_limit = LP_VALUE_MAX };
    struct st_err ignored = ST_ERR_INIT;
    struct flt_doc *doc = NULL;
    uint8_t *list;

    raw = st_span_sub(raw, 0, LP_VALUE_MAX - 4);
    if (st_span_chr(raw, '\\') == ST_SPAN_NPOS)
        return raw;
    if ((list = st_arena_alloc(r->arena, raw.n + 4)) == NULL) {
        r->no_memory = true;
        return ST_SPAN_NONE;
    }
    memcpy(list, "[\"", 2);
    memcpy(list + 2, raw.p, raw.n);
    memcpy(list + 2 + raw.n, "\"]", 2);
    in.body = st_span(list, raw.n + 4);
    if (flt_decode(r->arena, &in, &doc, &ignored) != ST_OK || doc->n == 0)
        return ST_SPAN_NONE;
    return doc->fields[0].text;
}

bool lp_json_value(const struct flt_doc *doc, const char *path, struct st_span *out)
{
    return doc != NULL && lp_json_scalar(json_of(doc), path, out);
}

/* "~file": what the sender calls the file in that part of a form. */
static struct st_span from_file_name(const struct lp_reader *r, const char *source)
{
    for (size_t i = 0; r->doc != NULL && i < r->doc->n; i++) {
        const struct flt_field *f = &r->doc->fields[i];

        if (f->name.n > 0 && !f->is_secret && lp_path_match(source + 1, f->path))
            return st_span_sub(f->name, 0, LP_VALUE_MAX);
    }
    return ST_SPAN_NONE;
}

static struct st_span value_from(struct lp_reader *r, const char *source, unsigned level)
{
    const char *mark = source[0] != '+' && source[0] != '=' ? strchr(source, '>') : NULL;
    struct st_span value = ST_SPAN_NONE, prefix;

    if (level > NESTED_MAX)
        return ST_SPAN_NONE;
    if (mark != NULL) {
        prefix = st_span(source, (size_t)(mark - source));
        value = value_from(r, mark + 1, level + 1);
        return st_span_starts(value, prefix) ? st_span_sub(value, prefix.n, value.n) : ST_SPAN_NONE;
    }
    if ((mark = source[0] != '+' && source[0] != '=' ? strchr(source, '<') : NULL) != NULL)
        return without_end(r, source, mark, level);
    switch (source[0]) {
    case '=': return st_span_str(source + 1);
    case '?': /* a parameter, or what is inside one that holds JSON */
        return lp_query_get(r->req->query, source + 1, &value) ? unescape(r, value, true) : from_field(r, source);
    case '/': return from_path(r, r->req->path, source);
    case '^': return from_location(r, source + 1);
    case '+': return expand(r, source + 1, false, level);
    case '@': return from_packed(r, source);
    case '%': return lp_json_value(r->doc, source + 1, &value) ? plain_scalar(r, value) : ST_SPAN_NONE;
    case '~': return from_file_name(r, source);
    default: return from_field(r, source);
    }
}

struct st_span lp_value_of(struct lp_reader *r, const char *const *sources)
{
    for (; sources != NULL && *sources != NULL; sources++) {
        struct st_span value = value_from(r, *sources, 0);

        if (value.n > 0)
            return value;
    }
    return ST_SPAN_NONE;
}

struct st_span lp_url_of(struct lp_reader *r, const char *const *templates)
{
    for (; templates != NULL && *templates != NULL; templates++) {
        struct st_span url = expand(r, *templates, true, 0);

        if (url.n > 0)
            return url;
    }
    return ST_SPAN_NONE;
}
