/* SPDX-License-Identifier: Apache-2.0 */
/* body - which codec reads a body, or one part of a multipart body.
 *
 * The declared type is a hint, not the truth: pages send JSON as text/plain, forms as nothing at all, and who wants to
 * hide something calls it an image. So a type that is missing, unknown or only "text" is checked against the first
 * bytes, and a guess that turns out wrong is undone. Real media is left to the extractors: here it is a receipt, and
 * the rows of printable bytes in it, since a few bytes in front make a picture of any text.
 */
#include "filters/decode.h"
#include <string.h>

#define STRING_MIN  12 /* of readable characters in a row: a shorter one holds no number that stands alone */
#define STRINGS_MAX (256u * 1024u) /* of one picture, film, archive */
#define PACKED_LOOK (4u << 20)

enum kind { KIND_NONE, KIND_TEXT, KIND_HTML, KIND_JSON, KIND_FORM, KIND_MULTIPART, KIND_GRPC, KIND_MEDIA, KIND_OTHER };

static const struct {
    const char *name; /* a trailing '/' is a whole tree, a leading '+' a suffix */
    enum kind kind;
} kinds[] = {
    { "application/json", KIND_JSON },
    { "+json", KIND_JSON },
    { "text/json", KIND_JSON },
    { "application/x-ndjson", KIND_JSON },
    { "application/ndjson", KIND_JSON },
    { "application/jsonl", KIND_JSON },
    { "application/json-patch", KIND_JSON },
    { "application/csp-report", KIND_JSON },
    { "application/x-www-form-urlencoded", KIND_FORM },
    { "multipart/", KIND_MULTIPART },
    { "text/html", KIND_HTML },
    { "application/xhtml+xml", KIND_HTML },
    { "text/", KIND_TEXT },
    { "application/xml", KIND_TEXT },
    { "image/svg+xml", KIND_TEXT },
    { "+xml", KIND_TEXT },
    { "application/javascript", KIND_TEXT },
    { "application/x-javascript", KIND_TEXT },
    { "application/x-yaml", KIND_TEXT },
    { "application/yaml", KIND_TEXT },
    { "application/sql", KIND_TEXT },
    { "application/graphql", KIND_TEXT },
    { "image/", KIND_MEDIA },
    { "video/", KIND_MEDIA },
    { "audio/", KIND_MEDIA },
    { "font/", KIND_MEDIA },
};

static enum kind kind_of(struct st_span essence)
{
    if (essence.n == 0)
        return KIND_NONE;
    if (flt_is_grpc(essence))
        return KIND_GRPC;
    for (size_t i = 0; i < ST_LEN(kinds); i++) {
        struct st_span name = st_span_str(kinds[i].name);
        bool is_tree = name.p[name.n - 1] == '/';

        if (name.p[0] == '+' && essence.n > name.n &&
            st_span_ieq(st_span_sub(essence, essence.n - name.n, name.n), name))
            return kinds[i].kind;
        if (is_tree ? st_span_istarts(essence, name) : st_span_ieq(essence, name))
            return kinds[i].kind;
    }
    return KIND_OTHER;
}

enum magic { MAGIC_NONE, MAGIC_MEDIA, MAGIC_PACKED }; /* PACKED: documents and archives, which hold text */

static const struct {
    const char *bytes;
    uint8_t n, at;
} media[] = {
    { "\x89PNG", 4, 0 }, { "\xFF\xD8\xFF", 3, 0 }, { "GIF8", 4, 0 },  { "RIFF", 4, 0 },
    { "ftyp", 4, 4 },    { "OggS", 4, 0 },         { "ID3", 3, 0 },   { "\x1A\x45\xDF\xA3", 4, 0 },
    { "wOFF", 4, 0 },    { "wOF2", 4, 0 },         { "II*\0", 4, 0 }, { "MM\0*", 4, 0 },
    { "fLaC", 4, 0 },
};

static enum magic magic_of(struct st_span s)
{
    enum flt_file type;

    for (size_t i = 0; i < ST_LEN(media); i++) {
        if (s.n >= (size_t)media[i].at + media[i].n && memcmp(s.p + media[i].at, media[i].bytes, media[i].n) == 0)
            return MAGIC_MEDIA;
    }
    type = flt_file_type(s);
    return type == FLT_FILE_ARCHIVE || type == FLT_FILE_PDF || type == FLT_FILE_COMPOUND ? MAGIC_PACKED : MAGIC_NONE;
}

bool flt_is_media(struct st_span content_type, struct st_span first)
{
    enum kind kind = kind_of(flt_type_essence(content_type));
    enum magic magic = magic_of(first);

    if (flt_text_likely(first) || magic == MAGIC_PACKED)
        return false;
    return kind == KIND_MEDIA || (magic == MAGIC_MEDIA && (kind == KIND_NONE || kind == KIND_OTHER));
}

bool flt_may_be_media(struct st_span content_type)
{
    enum kind kind = kind_of(flt_type_essence(content_type));

    return kind == KIND_MEDIA || kind == KIND_NONE || kind == KIND_OTHER || kind == KIND_MULTIPART;
}

enum st_rc flt_body_raw(struct flt_dec *dec, const struct flt_piece *bytes, enum flt_layer layer, struct st_err *err)
{
    struct flt_piece piece = *bytes;
    struct st_span s = bytes->s;
    enum st_rc rc;

    if (flt_utf8_good(s) < s.n) {
        uint8_t *copy = st_arena_dup(dec->arena, s.p, s.n);

        if (copy == NULL)
            return st_arena_fail(dec->arena, err, "filters.raw");
        flt_utf8_mend(copy, s.n);
        piece.s.p = copy;
    }
    if (dec->depth == FLT_CHAIN_MAX)
        return flt_dec_piece(dec, &piece, layer, err);
    flt_dec_push(dec, FLT_CODEC_TEXT);
    rc = flt_dec_piece(dec, &piece, layer, err);
    flt_dec_pop(dec);
    return rc;
}

/* ---- JSON as a body -------------------------------------------------------------------------------------------- */

static enum st_rc json_line(struct flt_dec *dec, const struct flt_piece *line, bool *is_json, struct st_err *err)
{
    struct flt_mark mark = flt_dec_mark(dec);
    struct flt_json_end end;

    flt_dec_push(dec, FLT_CODEC_JSON);
    if (flt_json(dec, line, &end, err) != ST_OK)
        return ST_ERR;
    flt_dec_pop(dec);
    *is_json = flt_dec_is_full(dec) || (end.has_value && end.at == line->s.n);
    if (!*is_json)
        flt_dec_undo(dec, mark);
    return ST_OK;
}

/* One value a line. A line that is none is raw text when must_take, else the whole guess is dropped. */
static enum st_rc json_lines(struct flt_dec *dec, const struct flt_piece *text, bool must_take, bool *taken,
                             struct st_err *err)
{
    struct flt_mark start = flt_dec_mark(dec);
    size_t mark = flt_dec_enter(dec, ST_SPAN("#"));
    size_t at = 0;

    *taken = true;
    while (at < text->s.n && !flt_dec_is_full(dec)) {
        struct st_span rest = st_span_sub(text->s, at, text->s.n - at);
        size_t n = st_span_chr(rest, '\n');
        struct flt_piece line = flt_piece_sub(text, at, n == ST_SPAN_NPOS ? rest.n : n);
        bool is_json = true;

        at += n == ST_SPAN_NPOS ? rest.n : n + 1;
        if (line.s.n > 0 && line.s.p[line.s.n - 1] == '\r')
            line.s.n--;
        if (st_span_trim(line.s).n == 0)
            continue;
        if (json_line(dec, &line, &is_json, err) != ST_OK)
            return ST_ERR;
        if (is_json)
            continue;
        if (!must_take) {
            flt_dec_undo(dec, start);
            *taken = false;
            return ST_OK;
        }
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
        if (flt_body_raw(dec, &line, FLT_LAYER_RAW, err) != ST_OK)
            return ST_ERR;
    }
    flt_dec_leave(dec, mark);
    return ST_OK;
}

static bool has_line_end(struct st_span s, size_t before)
{
    while (before > 0 && (s.p[before - 1] == ' ' || s.p[before - 1] == '\t' || s.p[before - 1] == '\r'))
        before--;
    return before > 0 && s.p[before - 1] == '\n';
}

/* must_take: the type says JSON, so a broken one is told in the receipt and its rest is raw text. Otherwise it was a
 * guess: *taken false and no field when it is not JSON from end to end. */
static enum st_rc json_body(struct flt_dec *dec, const struct flt_piece *text, bool must_take, bool *taken,
                            struct st_err *err)
{
    struct flt_mark mark = flt_dec_mark(dec);
    struct flt_json_end end;
    struct flt_piece rest;

    flt_dec_push(dec, FLT_CODEC_JSON);
    if (flt_json(dec, text, &end, err) != ST_OK)
        return ST_ERR;
    flt_dec_pop(dec);
    *taken = true;
    if (flt_dec_is_full(dec) || (end.has_value && end.at == text->s.n))
        return ST_OK;
    if (end.has_value && has_line_end(text->s, end.at)) {
        flt_dec_undo(dec, mark);
        return json_lines(dec, text, must_take, taken, err);
    }
    if (end.reason != FLT_REASON_DEPTH && (!must_take || dec->fields.n == mark.fields)) {
        flt_dec_undo(dec, mark);
        *taken = false;
        if (must_take)
            flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
        return ST_OK;
    }
    flt_dec_note(dec, FLT_PARTLY, end.reason);
    rest = flt_piece_sub(text, end.at, text->s.n - end.at);
    return flt_body_raw(dec, &rest, FLT_LAYER_RAW, err);
}

/* ---- which codec ----------------------------------------------------------------------------------------------- */

static bool starts_like_json(struct st_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r')
            continue;
        return s.p[i] == '{' || s.p[i] == '[';
    }
    return false;
}

enum flt_codec flt_body_codec(struct st_span content_type, struct st_span first)
{
    enum kind kind = kind_of(flt_type_essence(content_type));

    if (kind == KIND_MULTIPART)
        return FLT_CODEC_MULTIPART;
    if (kind == KIND_GRPC || !flt_text_likely(first))
        return FLT_CODEC_FILE;
    if (kind == KIND_JSON || starts_like_json(first))
        return FLT_CODEC_JSON;
    if (kind == KIND_FORM || (kind != KIND_HTML && flt_form_likely(first, kind == KIND_TEXT)))
        return FLT_CODEC_FORM;
    return kind == KIND_HTML ? FLT_CODEC_HTML : FLT_CODEC_TEXT;
}

/* Behind what sites put before their JSON so that no script of another site can load it. */
static struct flt_piece without_guard(const struct flt_piece *text)
{
    static const char *const guards[] = { ")]}'", ")]}", "for(;;);", "for (;;);", "while(1);", "while (1);" };

    for (size_t i = 0; i < ST_LEN(guards); i++) {
        if (st_span_starts(text->s, st_span_str(guards[i]))) {
            size_t n = strlen(guards[i]);

            n += n < text->s.n && text->s.p[n] == ',';
            return flt_piece_sub(text, n, text->s.n);
        }
    }
    return *text;
}

/* Percent signs are over bytes: a page in an old charset writes %FC beside bytes of its own. So a form whose charset
 * was only read one byte for one is read as it was sent, and each value finds its charset for itself. */
static enum st_rc form_body(struct flt_dec *dec, const struct flt_body *body, const struct flt_piece *text,
                            struct st_err *err)
{
    const struct flt_map *layer = text->up == body->bytes.up ? NULL : text->up;
    struct flt_piece form = *text;
    enum st_rc rc;

    if (layer != NULL &&
        (layer->layer == FLT_LAYER_LATIN1 || layer->layer == FLT_LAYER_CP1252 || layer->layer == FLT_LAYER_RAW)) {
        form = body->bytes;
        if (!body->is_part)
            dec->whole = form;
    }
    flt_dec_push(dec, FLT_CODEC_FORM);
    rc = flt_form(dec, &form, ST_SPAN_NONE, err);
    flt_dec_pop(dec);
    return rc;
}

/* Does it give names to pieces of text (XML 1.0 §4.2)? Who reads it puts them together; nobody does so here. */
static bool has_own_entities(struct st_span s)
{
    return st_span_starts(st_span_strip(s), ST_SPAN("<")) && st_span_find(s, ST_SPAN("<!DOCTYPE")) != ST_SPAN_NPOS &&
           st_span_find(s, ST_SPAN("<!ENTITY")) != ST_SPAN_NPOS;
}

static enum st_rc text_body(struct flt_dec *dec, const struct flt_body *body, const struct flt_piece *text,
                            enum kind kind, struct st_err *err)
{
    enum flt_codec codec = kind == KIND_HTML ? FLT_CODEC_HTML : FLT_CODEC_TEXT;
    enum st_rc rc;

    if (!body->is_part && kind != KIND_HTML && flt_form_likely(text->s, kind == KIND_TEXT))
        return form_body(dec, body, text, err);
    if (has_own_entities(text->s))
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
    flt_dec_push(dec, codec);
    rc = flt_dec_piece(dec, text, kind == KIND_HTML ? FLT_LAYER_HTML : FLT_LAYER_RAW, err);
    flt_dec_pop(dec);
    return rc;
}

static enum st_rc multipart_body(struct flt_dec *dec, const struct flt_body *body, struct st_err *err)
{
    struct st_span boundary = ST_SPAN_NONE;
    struct flt_piece rest;
    size_t at = 0;

    if (body->is_part) { /* RFC 7578 §4.3 knows no multipart inside a part any more */
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_TYPE);
        return flt_body_raw(dec, &body->bytes, FLT_LAYER_RAW, err);
    }
    if (flt_type_param(body->content_type, ST_SPAN("boundary"), &boundary) && boundary.n > 0) {
        flt_dec_push(dec, FLT_CODEC_MULTIPART);
        if (flt_multipart(dec, &body->bytes, boundary, &at, err) != ST_OK)
            return ST_ERR;
        flt_dec_pop(dec);
    }
    if (at == body->bytes.s.n || flt_dec_is_full(dec))
        return ST_OK;
    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SYNTAX);
    rest = flt_piece_sub(&body->bytes, at, body->bytes.s.n - at);
    return flt_body_raw(dec, &rest, FLT_LAYER_RAW, err);
}

/* Packed without being called so, as scripts do with what they upload: the beginning is read, as far as it is text. */
static enum st_rc packed_text(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };
    struct st_span plain = ST_SPAN_NONE;
    bool is_gzip = st_span_starts(bytes->s, ST_SPAN("\x1F\x8B\x08"));
    uint8_t *copy;
    enum st_rc rc = ST_OK;

    if (!is_gzip && !flt_is_zlib(bytes->s))
        return ST_OK;
    if (flt_coding(bytes->s, is_gzip ? ST_SPAN("gzip") : ST_SPAN("deflate"), PACKED_LOOK, &coded, err) != ST_OK)
        return ST_ERR;
    if (coded.plain.n > 0 && flt_text_likely(st_buf_view(&coded.plain))) {
        plain.n = coded.plain.n < PACKED_LOOK ? coded.plain.n : PACKED_LOOK;
        plain.p = copy = st_arena_dup(dec->arena, coded.plain.p, plain.n);
        if (copy == NULL) {
            rc = st_arena_fail(dec->arena, err, "filters.gzip");
        } else {
            flt_utf8_mend(copy, plain.n);
            rc = flt_dec_seen(dec, plain, bytes, err);
        }
    }
    st_buf_fini(&coded.plain);
    return rc;
}

/* What flt_rows gave becomes one more field. Takes the buffer. */
static enum st_rc rows_seen(struct flt_dec *dec, struct st_buf *rows, const struct flt_piece *whole, struct st_err *err)
{
    struct st_span text = { NULL, rows->n };
    enum st_rc rc = ST_OK;

    if (rows->n > 0) {
        text.p = st_arena_dup(dec->arena, rows->p, rows->n);
        rc = text.p != NULL ? flt_dec_seen(dec, text, whole, err) : st_arena_fail(dec->arena, err, "filters.strings");
    }
    st_buf_fini(rows);
    return rc;
}

enum st_rc flt_body_strings(struct flt_dec *dec, struct st_span bytes, const struct flt_piece *whole,
                            struct st_err *err)
{
    struct st_buf rows;

    st_buf_init(&rows, STRINGS_MAX);
    flt_rows(bytes, 1, STRING_MIN, &rows);
    flt_rows(bytes, 2, STRING_MIN, &rows);
    return rows_seen(dec, &rows, whole, err);
}

/* Bytes of no known kind are read as if they were text; what stands in them in UTF-16 is read beside that. */
static enum st_rc unknown_body(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err)
{
    struct st_buf rows;

    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_TYPE);
    if (flt_body_raw(dec, bytes, FLT_LAYER_RAW, err) != ST_OK)
        return ST_ERR;
    st_buf_init(&rows, STRINGS_MAX);
    flt_rows(bytes->s, 2, STRING_MIN, &rows);
    if (rows_seen(dec, &rows, bytes, err) != ST_OK)
        return ST_ERR;
    return packed_text(dec, bytes, err);
}

/* A document: its text is found elsewhere, but for the rows that stand in it as they are. */
static enum st_rc file_body(struct flt_dec *dec, const struct flt_piece *bytes, struct st_err *err)
{
    struct flt_piece none = { ST_SPAN_NONE, bytes->up, bytes->base };

    if (flt_dec_file(dec, bytes->s, bytes->s.n, err) != ST_OK || flt_body_strings(dec, bytes->s, bytes, err) != ST_OK)
        return ST_ERR;
    return flt_dec_piece(dec, &none, FLT_LAYER_RAW, err); /* so that its name and path are known */
}

/* Bytes that are no text. *done when there is nothing more to do with them. */
static enum st_rc binary_body(struct flt_dec *dec, const struct flt_piece *bytes, enum kind kind, bool *done,
                              struct st_err *err)
{
    struct flt_piece none = { ST_SPAN_NONE, bytes->up, bytes->base };

    *done = true;
    if (kind == KIND_MEDIA || magic_of(bytes->s) != MAGIC_NONE) {
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_MEDIA);
        dec->skipped += bytes->s.n;
        if (flt_body_strings(dec, bytes->s, bytes, err) != ST_OK || packed_text(dec, bytes, err) != ST_OK)
            return ST_ERR;
        return flt_dec_piece(dec, &none, FLT_LAYER_RAW, err); /* so that its name and path are known */
    }
    if (kind == KIND_OTHER || kind == KIND_NONE)
        return unknown_body(dec, bytes, err);
    *done = false;
    return ST_OK;
}

enum st_rc flt_body_decode(struct flt_dec *dec, const struct flt_body *body, struct st_err *err)
{
    enum kind kind = kind_of(flt_type_essence(body->content_type));
    struct st_span label = ST_SPAN_NONE;
    struct flt_piece text, inner;
    bool done = false;

    if (kind == KIND_MULTIPART)
        return multipart_body(dec, body, err);
    if (kind == KIND_GRPC && !body->is_part)
        return flt_grpc(dec, body, err);
    if (kind == KIND_GRPC)
        kind = KIND_OTHER;
    if (flt_dec_opens(dec, body->bytes.s)) {
        if (flt_file_type(body->bytes.s) != FLT_FILE_MAIL)
            return file_body(dec, &body->bytes, err);
        if (flt_dec_file(dec, body->bytes.s, body->bytes.s.n, err) != ST_OK) /* and it is text as well */
            return ST_ERR;
    }
    if (!flt_text_likely(body->bytes.s)) {
        if (binary_body(dec, &body->bytes, kind, &done, err) != ST_OK)
            return ST_ERR;
        if (done)
            return ST_OK;
    }
    if (kind == KIND_MEDIA || kind == KIND_OTHER)
        kind = KIND_NONE;
    (void)flt_type_param(body->content_type, ST_SPAN("charset"), &label);
    if (flt_charset_decode(dec, &body->bytes, flt_charset_find(label), &text, err) != ST_OK)
        return ST_ERR;
    if (!body->is_part)
        dec->whole = text;
    inner = without_guard(&text);
    if (kind == KIND_JSON || starts_like_json(inner.s)) {
        if (json_body(dec, &inner, kind == KIND_JSON, &done, err) != ST_OK)
            return ST_ERR;
        if (done)
            return ST_OK;
    }
    if (kind == KIND_FORM)
        return form_body(dec, body, &text, err);
    return text_body(dec, body, &text, kind, err);
}
