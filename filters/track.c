/* SPDX-License-Identifier: Apache-2.0 */
/* track - the two grammars of track.h: RFC 8259, as json.c reads it, and the pairs of a form.
 *
 * json.c sees a whole body; this sees one byte and where the ones before have led. Whatever json.c takes, this takes,
 * else a body would be called malformed for being large. A key that is longer than any path shows is remembered by its
 * beginning.
 */
#include "filters/track.h"
#include "base/bytes.h"
#include "filters/validate.h"
#include <string.h>

#define KEY_MAX 780u /* as sent: FLT_SEGMENT_MAX bytes, each of them an escape */

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* The only writer of t->at. */
static void go(struct flt_track_json *t, enum flt_json_at at)
{
    t->at = at;
}

static void open_level(struct flt_track_json *t, bool is_object)
{
    if (t->depth == FLT_DEPTH_MAX) {
        go(t, FLT_AT_WRONG);
        return;
    }
    t->levels[t->depth].is_object = is_object;
    t->levels[t->depth].key = (uint16_t)t->keys_n;
    t->levels[t->depth].key_n = 0;
    t->depth++;
    go(t, FLT_AT_FIRST);
}

static void close_level(struct flt_track_json *t)
{
    t->depth--;
    t->keys_n = t->levels[t->depth].key;
    t->has_line_end = false;
    go(t, FLT_AT_NEXT);
}

static void begin_value(struct flt_track_json *t, uint8_t c)
{
    t->escape = 0;
    if (flt_is_blank(c))
        return;
    if (c == '"') {
        go(t, FLT_AT_STRING);
    } else if (c == '{' || c == '[') {
        open_level(t, c == '{');
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        t->number = c == '-' ? FLT_NUM_MINUS : c == '0' ? FLT_NUM_ZERO : FLT_NUM_INT;
        go(t, FLT_AT_NUMBER);
    } else {
        t->word = (c == 't' ? "true" : c == 'f' ? "false" : "null") + 1;
        go(t, c == 't' || c == 'f' || c == 'n' ? FLT_AT_WORD : FLT_AT_WRONG);
    }
}

static void begin_key(struct flt_track_json *t, uint8_t c)
{
    if (flt_is_blank(c))
        return;
    t->escape = 0;
    t->is_key_full = false;
    t->keys_n = t->levels[t->depth - 1].key;
    t->levels[t->depth - 1].key_n = 0;
    go(t, c == '"' && t->keys_n + KEY_MAX + 8 < FLT_TRACK_KEYS ? FLT_AT_NAME : FLT_AT_WRONG);
}

static void first(struct flt_track_json *t, uint8_t c)
{
    bool is_object = t->levels[t->depth - 1].is_object;

    if (c == (is_object ? '}' : ']'))
        close_level(t);
    else if (is_object)
        begin_key(t, c);
    else if (!flt_is_blank(c))
        begin_value(t, c);
}

static void next(struct flt_track_json *t, uint8_t c)
{
    bool is_object = t->depth > 0 && t->levels[t->depth - 1].is_object;

    t->has_line_end = t->has_line_end || c == '\n';
    if (flt_is_blank(c))
        return;
    if (t->depth == 0) {
        t->has_lines = t->has_lines || t->has_line_end;
        go(t, t->has_line_end ? FLT_AT_VALUE : FLT_AT_WRONG);
        if (t->has_line_end)
            begin_value(t, c);
    } else if (c == ',') {
        go(t, is_object ? FLT_AT_KEY : FLT_AT_VALUE);
    } else if (c == (is_object ? '}' : ']')) {
        close_level(t);
    } else {
        go(t, FLT_AT_WRONG);
    }
}

static void end_value(struct flt_track_json *t)
{
    t->has_line_end = false;
    go(t, FLT_AT_NEXT);
}

static void keep_key_byte(struct flt_track_json *t, uint8_t c)
{
    uint16_t *n = &t->levels[t->depth - 1].key_n;

    if (t->escape == 0 && *n >= KEY_MAX - 8 && (c & 0xC0) != 0x80)
        t->is_key_full = true;
    if (t->is_key_full)
        return;
    t->keys[t->keys_n++] = c;
    (*n)++;
}

/* One byte of a string behind its quote, the closing one too. */
static void in_string(struct flt_track_json *t, uint8_t c)
{
    bool is_name = t->at == FLT_AT_NAME;

    if (is_name && (c != '"' || t->escape > 0))
        keep_key_byte(t, c);
    if (t->escape == 1) {
        t->escape = c == 'u' ? 5 : 0;
        if (c == 0 || strchr("\"\\/bfnrtu", c) == NULL)
            go(t, FLT_AT_WRONG);
    } else if (t->escape > 1) {
        t->escape = t->escape == 2 ? 0 : t->escape - 1;
        if (st_hex_digit(c) < 0)
            go(t, FLT_AT_WRONG);
    } else if (c == '\\') {
        t->escape = 1;
    } else if (c < 0x20) {
        go(t, FLT_AT_WRONG);
    } else if (c == '"' && is_name) {
        go(t, FLT_AT_COLON);
    } else if (c == '"') {
        end_value(t);
    }
}

/* false: the number ended before c. */
static bool in_number(struct flt_track_json *t, uint8_t c)
{
    bool is_digit = c >= '0' && c <= '9', is_e = c == 'e' || c == 'E';

    switch (t->number) {
    case FLT_NUM_MINUS: t->number = c == '0' ? FLT_NUM_ZERO : FLT_NUM_INT; return is_digit;
    case FLT_NUM_INT:
    case FLT_NUM_ZERO:
        if (is_digit)
            return t->number == FLT_NUM_INT;
        t->number = c == '.' ? FLT_NUM_DOT : is_e ? FLT_NUM_E : t->number;
        return c == '.' || is_e;
    case FLT_NUM_DOT: t->number = FLT_NUM_FRACTION; return is_digit;
    case FLT_NUM_FRACTION: t->number = is_e ? FLT_NUM_E : t->number; return is_digit || is_e;
    case FLT_NUM_E:
        t->number = c == '+' || c == '-' ? FLT_NUM_SIGN : FLT_NUM_EXPONENT;
        return c == '+' || c == '-' || is_digit;
    case FLT_NUM_SIGN: t->number = FLT_NUM_EXPONENT; return is_digit;
    case FLT_NUM_EXPONENT: return is_digit;
    }
    return false;
}

static bool is_whole_number(const struct flt_track_json *t)
{
    return t->number == FLT_NUM_ZERO || t->number == FLT_NUM_INT || t->number == FLT_NUM_FRACTION ||
           t->number == FLT_NUM_EXPONENT;
}

static void number(struct flt_track_json *t, uint8_t c)
{
    bool is_whole = is_whole_number(t);

    if (in_number(t, c))
        return;
    end_value(t);
    if (is_whole)
        next(t, c);
    else
        go(t, FLT_AT_WRONG);
}

static void word(struct flt_track_json *t, uint8_t c)
{
    if (c != (uint8_t)*t->word)
        go(t, FLT_AT_WRONG);
    else if (*++t->word == '\0')
        end_value(t);
}

static void colon(struct flt_track_json *t, uint8_t c)
{
    if (!flt_is_blank(c))
        go(t, c == ':' ? FLT_AT_VALUE : FLT_AT_WRONG);
}

/* Past the bytes of a string that stand for themselves. */
static size_t plain_run(struct st_span s, size_t at)
{
    for (; s.n - at >= ST_BYTES_STEP; at += ST_BYTES_STEP) {
        unsigned stops =
            st_bytes_in(s.p + at, '"', '"') | st_bytes_in(s.p + at, '\\', '\\') | st_bytes_in(s.p + at, 0, 0x1F);

        if (stops != 0)
            return at + st_bytes_first(stops);
    }
    return at;
}

void flt_track_json(struct flt_track_json *t, struct st_span bytes)
{
    size_t i = 0;

    while (i < bytes.n && t->at != FLT_AT_WRONG) {
        if (t->at == FLT_AT_STRING && t->escape == 0 && (i = plain_run(bytes, i)) == bytes.n)
            break;
        switch (t->at) {
        case FLT_AT_VALUE: begin_value(t, bytes.p[i]); break;
        case FLT_AT_FIRST: first(t, bytes.p[i]); break;
        case FLT_AT_KEY: begin_key(t, bytes.p[i]); break;
        case FLT_AT_COLON: colon(t, bytes.p[i]); break;
        case FLT_AT_NEXT: next(t, bytes.p[i]); break;
        case FLT_AT_STRING:
        case FLT_AT_NAME: in_string(t, bytes.p[i]); break;
        case FLT_AT_NUMBER: number(t, bytes.p[i]); break;
        case FLT_AT_WORD: word(t, bytes.p[i]); break;
        case FLT_AT_WRONG: break;
        }
        i++;
    }
}

bool flt_track_json_may_cut(const struct flt_track_json *t)
{
    return t->escape == 0;
}

static struct st_span key_of(const struct flt_track_json *t, unsigned level)
{
    return st_span(t->keys + t->levels[level].key, t->levels[level].key_n);
}

void flt_track_json_open(const struct flt_track_json *t, struct st_buf *out)
{
    static const char *const numbers[] = { "-", "0", "1", "1.", "1.0", "1e", "1e+", "1e1" };
    static const char *const words[] = { "true", "false", "null" };

    if (t->has_lines)
        st_buf_str(out, "0\n");
    for (unsigned i = 0; i < t->depth; i++) {
        bool is_inmost = i + 1 == t->depth, has_key = t->levels[i].is_object;

        st_buf_byte(out, has_key ? '{' : '[');
        if (is_inmost && (t->at == FLT_AT_FIRST || t->at == FLT_AT_KEY || t->at == FLT_AT_NAME))
            has_key = false;
        if (!has_key)
            continue;
        st_buf_byte(out, '"');
        st_buf_span(out, key_of(t, i));
        st_buf_str(out, is_inmost && t->at == FLT_AT_COLON ? "\"" : "\":");
    }
    if (t->at == FLT_AT_STRING || t->at == FLT_AT_NAME)
        st_buf_byte(out, '"');
    if (t->at == FLT_AT_NEXT)
        st_buf_str(out, t->depth == 0 && t->has_line_end ? "0\n" : "0");
    if (t->at == FLT_AT_NUMBER)
        st_buf_str(out, numbers[t->number]);
    for (size_t i = 0; t->at == FLT_AT_WORD && i < ST_LEN(words); i++) {
        size_t n = strlen(words[i]), left = strlen(t->word);

        if (left < n && strcmp(words[i] + n - left, t->word) == 0) {
            st_buf_put(out, words[i], n - left);
            break;
        }
    }
}

void flt_track_json_close(const struct flt_track_json *t, struct st_buf *out)
{
    switch (t->at) {
    case FLT_AT_VALUE: st_buf_byte(out, '0'); break;
    case FLT_AT_KEY: st_buf_str(out, "\"\":0"); break;
    case FLT_AT_COLON: st_buf_str(out, ":0"); break;
    case FLT_AT_STRING: st_buf_byte(out, '"'); break;
    case FLT_AT_NAME: st_buf_str(out, "\":0"); break;
    case FLT_AT_NUMBER: st_buf_str(out, is_whole_number(t) ? "" : "0"); break;
    case FLT_AT_WORD: st_buf_str(out, t->word); break;
    case FLT_AT_FIRST:
    case FLT_AT_NEXT:
    case FLT_AT_WRONG: break;
    }
    for (unsigned i = t->depth; i > 0; i--)
        st_buf_byte(out, t->levels[i - 1].is_object ? '}' : ']');
}

/* ---- forms ------------------------------------------------------------------------------------------------------ */

void flt_track_form(struct flt_track_form *t, struct st_span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '&') {
            t->is_value = false;
            t->name_n = 0;
        } else if (!t->is_value && bytes.p[i] == '=') {
            t->is_value = true;
        } else if (!t->is_value && t->name_n < FLT_TRACK_NAME) {
            t->name[t->name_n++] = bytes.p[i];
        }
    }
}

void flt_track_form_open(const struct flt_track_form *t, struct st_buf *out)
{
    if (!t->is_value)
        return;
    st_buf_put(out, t->name, t->name_n);
    st_buf_byte(out, '=');
}
