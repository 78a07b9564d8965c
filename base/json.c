/* SPDX-License-Identifier: Apache-2.0 */
/* json - reading through jansson, writing as a stream.
 *
 * Reading is strict: duplicate keys, trailing bytes, invalid UTF-8 and NUL in strings are refused (all of them mean
 * that two readers could see two things). The writer cannot fail on its own; what does not fit is remembered by the
 * st_buf. A wrong nesting or a missing key is a bug of the caller and asserted.
 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>

static enum st_rc refused(const json_error_t *e, const char *file, struct st_diag *diag, struct st_err *err)
{
    unsigned line = e->line > 0 ? (unsigned)e->line : 0;
    unsigned col = e->column > 0 ? (unsigned)e->column : 0;

    if (json_error_code(e) == json_error_out_of_memory)
        return st_fail(err, ST_E_NOMEM, "json.read", "jansson", 0);
    (void)st_diag_add(diag, file, line, line > 0 && col == 0 ? 1 : col, "not valid JSON: %s", e->text);
    return st_fail(err, ST_E_SYNTAX, "json.read", "not valid JSON", e->position);
}

static enum st_rc load(struct st_span text, size_t flags, json_t **out, json_error_t *e)
{
    json_t *root = json_loadb(text.n > 0 ? (const char *)text.p : "", text.n, JSON_REJECT_DUPLICATES | flags, e);

    if (root == NULL)
        return ST_ERR;
    *out = root;
    return ST_OK;
}

enum st_rc st_json_read(struct st_span text, const char *file, json_t **out, struct st_diag *diag, struct st_err *err)
{
    json_error_t e;

    return load(text, 0, out, &e) == ST_OK ? ST_OK : refused(&e, file, diag, err);
}

enum st_rc st_json_read_texts(struct st_span text, json_t **out, struct st_err *err)
{
    json_error_t e;

    return load(text, JSON_ALLOW_NUL, out, &e) == ST_OK ? ST_OK : refused(&e, "", NULL, err);
}

void st_json_init(struct st_json *w, struct st_buf *to)
{
    *w = (struct st_json){ .to = to, .first = 1 };
}

static void put_escape(struct st_buf *to, uint8_t c)
{
    if (c == '"' || c == '\\')
        st_buf_put(to, (const uint8_t[]){ '\\', c }, 2);
    else if (c == '\n')
        st_buf_str(to, "\\n");
    else
        st_buf_fmt(to, "\\u%04x", c);
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

void st_json_escape(struct st_buf *to, struct st_span s)
{
    size_t from = 0, at = 0; /* runs of plain bytes go out in one piece */

    while (at < s.n) {
        size_t step = st_span_utf8(st_span(s.p + at, s.n - at));

        if (step > 0 && is_plain(s.p[at])) {
            at += step;
            continue;
        }
        st_buf_put(to, s.p + from, at - from);
        if (step == 0)
            st_buf_str(to, "\xef\xbf\xbd");
        else
            put_escape(to, s.p[at]);
        from = ++at; /* what is escaped is one byte, and so is what is broken */
    }
    st_buf_span(to, st_span_sub(s, from, s.n));
}

static void put_string(struct st_buf *to, struct st_span s)
{
    st_buf_byte(to, '"');
    st_json_escape(to, s);
    st_buf_byte(to, '"');
}

/* Comma and key; every value begins here. */
static void begin(struct st_json *w, const char *key)
{
    uint32_t bit = (uint32_t)1 << w->depth;
    bool named = w->depth > 0 && (w->open_array & bit) == 0;

    assert(named == (key != NULL));
    assert(w->depth > 0 || (w->first & bit) != 0); /* one value at the top */
    if ((w->first & bit) == 0)
        st_buf_byte(w->to, ',');
    w->first &= ~bit;
    if (key != NULL) {
        put_string(w->to, st_span_str(key));
        st_buf_byte(w->to, ':');
    }
}

static void open_level(struct st_json *w, const char *key, bool array)
{
    begin(w, key);
    assert(w->depth < ST_JSON_DEPTH);
    w->depth++;
    w->first |= (uint32_t)1 << w->depth;
    if (array)
        w->open_array |= (uint32_t)1 << w->depth;
    else
        w->open_array &= ~((uint32_t)1 << w->depth);
    st_buf_byte(w->to, array ? '[' : '{');
}

void st_json_object(struct st_json *w, const char *key)
{
    open_level(w, key, false);
}

void st_json_array(struct st_json *w, const char *key)
{
    open_level(w, key, true);
}

void st_json_end(struct st_json *w)
{
    assert(w->depth > 0);
    st_buf_byte(w->to, (w->open_array & (uint32_t)1 << w->depth) != 0 ? ']' : '}');
    w->depth--;
}

void st_json_span(struct st_json *w, const char *key, struct st_span value)
{
    begin(w, key);
    put_string(w->to, value);
}

void st_json_str(struct st_json *w, const char *key, const char *value)
{
    begin(w, key);
    if (value == NULL)
        st_buf_str(w->to, "null");
    else
        put_string(w->to, st_span_str(value));
}

void st_json_int(struct st_json *w, const char *key, int64_t value)
{
    begin(w, key);
    st_buf_fmt(w->to, "%" PRId64, value);
}

void st_json_real(struct st_json *w, const char *key, double value)
{
    begin(w, key);
    if (isfinite(value))
        st_buf_fmt(w->to, "%.6g", value);
    else
        st_buf_str(w->to, "null"); /* JSON has no word for it */
}

void st_json_bool(struct st_json *w, const char *key, bool value)
{
    begin(w, key);
    st_buf_str(w->to, value ? "true" : "false");
}

void st_json_raw(struct st_json *w, const char *key, struct st_span json)
{
    begin(w, key);
    st_buf_span(w->to, json);
}
