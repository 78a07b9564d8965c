/* SPDX-License-Identifier: Apache-2.0 */
/* multipart - multipart/form-data (RFC 7578) and its relatives (RFC 2046 §5.1), strict where parsers differ.
 *
 * A delimiter is CRLF, two hyphens and the boundary, then white space and CRLF or two more hyphens; a line that only
 * begins like one ends the reading, because the next parser may cut there. Text before the first and after the last
 * delimiter is read too: nobody shows it, but it leaves. Each part is a body of its own with its own type and charset;
 * a part without either is a form value. Works on bytes, since every part may have another charset.
 */
#include "filters/decode.h"
#include <string.h>

#define PART_HEADERS_MAX 16
#define HEAD_DIGITS_MAX  7
#define HEAD_RUN_MAX     15

struct part {
    struct st_span disposition, type, transfer;
    bool has_type, has_disposition, has_transfer;
    size_t body; /* offset of the content in the part */
};

struct reader {
    struct flt_dec *dec;
    const struct flt_piece *bytes;
    uint8_t delimiter[FLT_BOUNDARY_MAX + 4]; /* CRLF "--" boundary */
    size_t delimiter_n;
    enum flt_charset charset; /* of parts that name none: what a "_charset_" part said */
};

/* Wider than RFC 2046's bchars, since real clients are; what could end the parameter or the line is out. */
bool flt_is_boundary(struct st_span s)
{
    if (s.n == 0 || s.n > FLT_BOUNDARY_MAX || s.p[s.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    }
    return true;
}

enum after { AFTER_PART, AFTER_CLOSE, AFTER_BAD };

/* What stands behind "--boundary" at `at`; moves it behind the line. */
static enum after after_delimiter(struct st_span s, size_t *at)
{
    size_t i = *at;
    enum after kind = AFTER_PART;

    if (s.n - i >= 2 && s.p[i] == '-' && s.p[i + 1] == '-') {
        kind = AFTER_CLOSE;
        i += 2;
    }
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
        i++;
    if (kind == AFTER_CLOSE && i == s.n) {
        *at = i;
        return kind;
    }
    if (s.n - i < 2 || s.p[i] != '\r' || s.p[i + 1] != '\n')
        return AFTER_BAD;
    *at = i + 2;
    return kind;
}

/* One header line of a part; false on what strict readers refuse. */
static bool header_line(struct part *part, struct st_span line)
{
    size_t colon = st_span_chr(line, ':');
    struct st_span name, value;
    struct {
        struct st_span name, *value;
        bool *has;
    } wanted[] = {
        { ST_SPAN("content-disposition"), &part->disposition, &part->has_disposition },
        { ST_SPAN("content-type"), &part->type, &part->has_type },
        { ST_SPAN("content-transfer-encoding"), &part->transfer, &part->has_transfer },
    };

    if (colon == ST_SPAN_NPOS || colon == 0)
        return false;
    name = st_span_sub(line, 0, colon);
    value = st_span_trim(st_span_sub(line, colon + 1, line.n - colon - 1));
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] >= 0x7F) /* also a folded line */
            return false;
    }
    if (memchr(value.p != NULL ? value.p : line.p, '\r', value.n) != NULL ||
        memchr(value.p != NULL ? value.p : line.p, '\n', value.n) != NULL)
        return false;
    for (size_t i = 0; i < ST_LEN(wanted); i++) {
        if (!st_span_ieq(name, wanted[i].name))
            continue;
        if (*wanted[i].has)
            return false;
        *wanted[i].has = true;
        *wanted[i].value = value;
    }
    return true;
}

static bool read_headers(struct part *part, struct st_span s)
{
    size_t at = 0;

    for (unsigned lines = 0; lines <= PART_HEADERS_MAX; lines++) {
        size_t n = st_span_find(st_span_sub(s, at, s.n - at), ST_SPAN("\r\n"));

        if (n == ST_SPAN_NPOS)
            return false;
        if (n == 0) {
            part->body = at + 2;
            return true;
        }
        if (!header_line(part, st_span_sub(s, at, n)))
            return false;
        at += n + 2;
    }
    return false;
}

static bool is_plain_transfer(const struct part *part)
{
    return !part->has_transfer || st_span_ieq(part->transfer, ST_SPAN("7bit")) ||
           st_span_ieq(part->transfer, ST_SPAN("8bit")) || st_span_ieq(part->transfer, ST_SPAN("binary"));
}

bool flt_part_head(struct st_span head, struct st_span *type)
{
    struct part part = { .body = 0 };

    if (!read_headers(&part, head) || !is_plain_transfer(&part))
        return false;
    *type = part.type;
    return true;
}

/* A parameter's text as browsers write it: %22, %0D and %0A for what would break the quotes, or a backslash before a
 * quote from older ones. The result is valid UTF-8. */
static enum st_rc clean_name(struct flt_dec *dec, struct st_span raw, struct st_span *out, struct st_err *err)
{
    static const struct {
        const char *from;
        char to;
    } escapes[] = { { "%22", '"' }, { "%0D", '\r' }, { "%0A", '\n' } };
    uint8_t *copy;
    size_t n = 0;

    *out = raw;
    if (st_span_chr(raw, '%') == ST_SPAN_NPOS && st_span_chr(raw, '\\') == ST_SPAN_NPOS && flt_utf8_good(raw) == raw.n)
        return ST_OK;
    if ((copy = st_arena_alloc(dec->arena, raw.n + 1)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.multipart");
    for (size_t at = 0; at < raw.n; n++) {
        copy[n] = raw.p[at];
        for (size_t i = 0; i < ST_LEN(escapes); i++) {
            if (st_span_istarts(st_span_sub(raw, at, 3), st_span_str(escapes[i].from))) {
                copy[n] = (uint8_t)escapes[i].to;
                at += 2;
                break;
            }
        }
        if (raw.p[at] == '\\' && at + 1 < raw.n && (raw.p[at + 1] == '"' || raw.p[at + 1] == '\\'))
            copy[n] = raw.p[++at];
        at++;
    }
    flt_utf8_mend(copy, n);
    *out = st_span(copy, n);
    return ST_OK;
}

/* A name that may hold data is a field: segment is "@key" or "@name". */
static enum st_rc name_field(struct reader *r, struct st_span raw, struct st_span segment, struct st_err *err)
{
    struct flt_dec *dec = r->dec;
    struct flt_piece text, bytes = { raw, NULL, 0 };
    size_t mark;
    enum st_rc rc;

    if (!flt_key_is_data(raw))
        return ST_OK;
    if (flt_map_cut(dec->arena, r->bytes->up, r->bytes->base + (uint32_t)(raw.p - r->bytes->s.p), FLT_LAYER_HEADER,
                    &bytes.up, err) != ST_OK)
        return ST_ERR;
    if (flt_charset_decode(dec, &bytes, FLT_CHARSET_NONE, &text, err) != ST_OK)
        return ST_ERR;
    mark = flt_dec_enter(dec, segment);
    rc = flt_dec_piece(dec, &text, FLT_LAYER_RAW, err);
    flt_dec_leave(dec, mark);
    return rc;
}

/* A part without type and file name: the value of a form control. */
static enum st_rc value_part(struct reader *r, const struct flt_piece *content, bool is_charset, struct st_err *err)
{
    struct flt_piece text;
    const struct flt_map *map = NULL;

    if (flt_charset_decode(r->dec, content, r->charset, &text, err) != ST_OK ||
        flt_map_cut(r->dec->arena, text.up, text.base, FLT_LAYER_RAW, &map, err) != ST_OK)
        return ST_ERR;
    if (is_charset)
        r->charset = flt_charset_find(text.s);
    return flt_dec_string(r->dec, text.s, map, err);
}

static enum st_rc part_content(struct reader *r, const struct part *part, const struct flt_piece *content,
                               struct st_span name, struct st_err *err)
{
    struct flt_body body = { *content, part->type, true };

    if (!is_plain_transfer(part)) {
        flt_dec_note(r->dec, FLT_PARTLY, FLT_REASON_CODING);
        return flt_body_raw(r->dec, content, FLT_LAYER_FIXED, err);
    }
    if (!part->has_type && r->dec->name.n == 0 && flt_text_likely(content->s))
        return value_part(r, content, st_span_eq(name, ST_SPAN("_charset_")), err);
    return flt_body_decode(r->dec, &body, err);
}

static enum st_rc file_name(struct reader *r, const struct part *part, struct st_err *err)
{
    static const char *const params[] = { "filename", "filename*" };
    struct st_span raw;

    for (size_t i = 0; i < ST_LEN(params); i++) {
        if (!flt_type_param(part->disposition, st_span_str(params[i]), &raw))
            continue;
        if (r->dec->name.n == 0 && clean_name(r->dec, raw, &r->dec->name, err) != ST_OK)
            return ST_ERR;
        if (name_field(r, raw, ST_SPAN("@name"), err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* No number and no token has room in it. */
static bool says_little(struct st_span s)
{
    size_t digits = 0, run = 0;

    for (size_t i = 0; i < s.n; i++) {
        bool is_digit = s.p[i] >= '0' && s.p[i] <= '9', is_letter = (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';

        digits += is_digit;
        run = is_digit || is_letter ? run + 1 : 0;
        if (digits > HEAD_DIGITS_MAX || run > HEAD_RUN_MAX || s.p[i] >= 0x80)
            return false;
    }
    return true;
}

/* What a part's header lines say beside names and types leaves as well. A usual head says nothing: form-data, a name,
 * a file name that name_field looked at. */
static enum st_rc header_text(struct reader *r, const struct flt_piece *head, struct st_err *err)
{
    size_t mark;
    enum st_rc rc;

    if (says_little(head->s))
        return ST_OK;
    mark = flt_dec_enter(r->dec, ST_SPAN("@head"));
    rc = flt_body_raw(r->dec, head, FLT_LAYER_HEADER, err);
    flt_dec_leave(r->dec, mark);
    return rc;
}

static enum st_rc take_part(struct reader *r, const struct flt_piece *whole, struct st_err *err)
{
    struct flt_dec *dec = r->dec;
    struct part part = { .body = 0 };
    struct flt_piece content, head;
    struct st_span name = ST_SPAN("#"), raw = ST_SPAN_NONE;
    size_t mark = dec->path.n;
    enum st_rc rc = ST_ERR;

    if (!read_headers(&part, whole->s)) {
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
        return flt_body_raw(dec, whole, FLT_LAYER_RAW, err);
    }
    content = flt_piece_sub(whole, part.body, whole->s.n - part.body);
    if (flt_type_param(part.disposition, ST_SPAN("name"), &raw) && clean_name(dec, raw, &name, err) != ST_OK)
        goto out;
    flt_dec_enter(dec, name);
    if (raw.n > 0 && name_field(r, raw, ST_SPAN("@key"), err) != ST_OK)
        goto out;
    if (file_name(r, &part, err) != ST_OK)
        goto out;
    head = flt_piece_sub(whole, 0, part.body);
    if (header_text(r, &head, err) != ST_OK)
        goto out;
    rc = part_content(r, &part, &content, name, err);
out:
    flt_dec_leave(dec, mark);
    dec->name = ST_SPAN_NONE;
    return rc;
}

/* Text outside the parts. */
static enum st_rc take_outside(struct reader *r, size_t from, size_t to, struct st_err *err)
{
    struct flt_piece piece = flt_piece_sub(r->bytes, from, to - from);

    for (size_t i = 0; i < piece.s.n; i++) {
        if (piece.s.p[i] > ' ')
            return flt_body_raw(r->dec, &piece, FLT_LAYER_RAW, err);
    }
    return ST_OK;
}

/* The offset of the first "--boundary" at the front of a line. */
static size_t first_delimiter(const struct reader *r)
{
    struct st_span line = st_span(r->delimiter, r->delimiter_n), bare = st_span_sub(line, 2, line.n - 2);
    size_t n;

    if (st_span_starts(r->bytes->s, bare))
        return 0;
    n = st_span_find(r->bytes->s, line);
    return n == ST_SPAN_NPOS ? n : n + 2;
}

/* From the line of one delimiter to the next; *at moves there. *done: the closing one was read, or it cannot go on. */
static enum st_rc next_part(struct reader *r, size_t *at, bool *done, struct st_err *err)
{
    struct st_span s = r->bytes->s;
    struct flt_piece part;
    size_t start = *at + r->delimiter_n - 2, n, behind;

    *done = true;
    switch (after_delimiter(s, &start)) {
    case AFTER_BAD: return ST_OK;
    case AFTER_CLOSE: *at = s.n; return take_outside(r, start, s.n, err);
    case AFTER_PART: break;
    }
    n = st_span_find(st_span_sub(s, start - 2, s.n - start + 2), st_span(r->delimiter, r->delimiter_n));
    if (n == ST_SPAN_NPOS)
        return ST_OK;
    behind = start - 2 + n + r->delimiter_n;
    if (after_delimiter(s, &behind) == AFTER_BAD)
        return ST_OK;
    part = flt_piece_sub(r->bytes, start, n >= 2 ? n - 2 : 0);
    *at = start + n; /* behind the CRLF of that delimiter */
    *done = false;
    return take_part(r, &part, err);
}

enum st_rc flt_multipart(struct flt_dec *dec, const struct flt_piece *bytes, struct st_span boundary, size_t *at,
                         struct st_err *err)
{
    struct reader r = { .dec = dec, .bytes = bytes };
    bool done = false;
    size_t first;

    *at = 0;
    if (!flt_is_boundary(boundary))
        return ST_OK;
    memcpy(r.delimiter, "\r\n--", 4);
    memcpy(r.delimiter + 4, boundary.p, boundary.n);
    r.delimiter_n = 4 + boundary.n;
    if ((first = first_delimiter(&r)) == ST_SPAN_NPOS)
        return ST_OK;
    if (take_outside(&r, 0, first, err) != ST_OK)
        return ST_ERR;
    *at = first;
    while (!done && !flt_dec_is_full(dec)) {
        if (next_part(&r, at, &done, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}
