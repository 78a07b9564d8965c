/* SPDX-License-Identifier: Apache-2.0 */
/* form - application/x-www-form-urlencoded, as a body and as the query of a request target.
 *
 * Read as browsers and servers read it (WHATWG URL §5): a percent sign without two digits stands for itself, so nothing
 * in here is malformed. A name without '=' is text like a value, because that is how a whole text in a query looks.
 * Values that are not UTF-8 after the percent signs come from pages in an old charset: Windows-1252 reads every byte.
 */
#include "filters/decode.h"
#include <string.h>

#define LIKELY_LOOK     4096u /* bytes looked at to tell a form from prose */
#define NAME_MAX_LIKELY 128u

/* Length of the front that stands for itself. */
static size_t plain_run(struct st_span s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] != '%' && s.p[n] != '+')
        n++;
    return n;
}

/* Into dec->text, with its map in dec->build. */
static enum st_rc unquote(struct flt_dec *dec, struct st_span raw, struct st_err *err)
{
    uint8_t *room, *out;

    st_buf_reset(&dec->text);
    flt_build_reset(&dec->build);
    if ((room = out = st_buf_room(&dec->text, raw.n + 1)) == NULL)
        return st_buf_done(&dec->text, err, "filters.form");
    for (size_t at = 0; at < raw.n;) {
        size_t n = plain_run(st_span_sub(raw, at, raw.n - at));
        int escaped;

        memcpy(out, raw.p + at, n);
        out += n;
        at += n;
        flt_build_copy(&dec->build, n);
        if (at == raw.n)
            break;
        if ((escaped = st_percent(st_span_sub(raw, at, 3))) >= 0) {
            *out++ = (uint8_t)escaped;
            flt_build_unit(&dec->build, 1, 3);
            at += 3;
        } else {
            *out++ = raw.p[at] == '+' ? ' ' : raw.p[at];
            flt_build_copy(&dec->build, 1);
            at++;
        }
    }
    dec->text.n = (size_t)(out - room);
    return ST_OK;
}

enum st_rc flt_form_value(struct flt_dec *dec, const struct flt_piece *raw, struct flt_piece *out, struct st_err *err)
{
    struct flt_piece bytes = { raw->s, NULL, 0 };

    if (plain_run(raw->s) == raw->s.n) {
        if (flt_map_cut(dec->arena, raw->up, raw->base, FLT_LAYER_PERCENT, &bytes.up, err) != ST_OK)
            return ST_ERR;
    } else {
        if (unquote(dec, raw->s, err) != ST_OK)
            return ST_ERR;
        bytes.s.n = dec->text.n;
        if ((bytes.s.p = st_arena_dup(dec->arena, dec->text.p, dec->text.n)) == NULL)
            return st_arena_fail(dec->arena, err, "filters.form");
        if (flt_build_done(&dec->build, raw->up, raw->base, FLT_LAYER_PERCENT, &bytes.up, err) != ST_OK)
            return ST_ERR;
    }
    *out = bytes;
    if (flt_utf8_good(bytes.s) == bytes.s.n)
        return ST_OK;
    return flt_charset_decode(dec, &bytes, FLT_CHARSET_CP1252, out, err);
}

static enum st_rc pair(struct flt_dec *dec, const struct flt_piece *part, struct st_err *err)
{
    size_t equals = st_span_chr(part->s, '='), mark = dec->path.n;
    bool is_bare = equals == ST_SPAN_NPOS;
    struct flt_piece name = flt_piece_sub(part, 0, is_bare ? 0 : equals);
    struct flt_piece raw = is_bare ? *part : flt_piece_sub(part, equals + 1, part->s.n - equals - 1);
    struct flt_piece key, value;
    enum st_rc rc;

    if (!is_bare) {
        if (flt_form_value(dec, &name, &key, err) != ST_OK)
            return ST_ERR;
        mark = flt_dec_enter(dec, key.s);
        if (flt_key_is_data(key.s) && flt_dec_key(dec, key.s, key.up, err) != ST_OK)
            return ST_ERR;
    }
    if (flt_form_value(dec, &raw, &value, err) != ST_OK)
        return ST_ERR;
    rc = flt_dec_string(dec, value.s, value.up, err);
    flt_dec_leave(dec, mark);
    return rc;
}

enum st_rc flt_form(struct flt_dec *dec, const struct flt_piece *piece, struct st_span prefix, struct st_err *err)
{
    size_t at = 0, mark = dec->path.n;

    st_buf_span(&dec->path, prefix);
    while (at < piece->s.n && !flt_dec_is_full(dec)) {
        struct st_span rest = st_span_sub(piece->s, at, piece->s.n - at);
        size_t n = st_span_chr(rest, '&');
        struct flt_piece part;

        if (n == ST_SPAN_NPOS)
            n = rest.n;
        part = flt_piece_sub(piece, at, n);
        if (n > 0 && pair(dec, &part, err) != ST_OK)
            return ST_ERR;
        at += n + 1;
    }
    flt_dec_leave(dec, mark);
    return ST_OK;
}

static bool is_name_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("_-.[]%$*+~", c) != NULL);
}

bool flt_form_likely(struct st_span s, bool is_sure)
{
    size_t equals = st_span_chr(s, '='), n = s.n < LIKELY_LOOK ? s.n : LIKELY_LOOK, marks = 0;

    if (equals == ST_SPAN_NPOS || equals == 0 || equals > NAME_MAX_LIKELY)
        return false;
    for (size_t i = 0; i < equals; i++) { /* an address with a query is no form */
        if (!is_name_byte(s.p[i]))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t c = s.p[i];

        if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c) != NULL)
            return false;
        marks += c == '&' || st_percent(st_span_sub(s, i, 3)) >= 0;
    }
    return !is_sure || marks > 0;
}
