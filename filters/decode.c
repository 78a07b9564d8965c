/* SPDX-License-Identifier: Apache-2.0 */
/* decode - one message becomes fields of text.
 *
 * The driver of this half of the room: query first, then the body through content coding, type, charset and codec.
 * Here also lives what every codec does the same way: where it stands (path, chain), how a field is put down, how a
 * wrong guess is undone. Nothing is skipped in silence: what a codec cannot read is scanned as raw text, and the
 * receipt says so. When a codec is added: FLT_CODECS, a function in decode.h, a case in body.c, a layer in redact.c.
 */
#include "filters/decode.h"
#include "filters/validate.h"
#include <string.h>

#define PLAIN_DEFAULT (8u << 20) /* when the caller names no ceiling */
#define SCRATCH_SLACK 4096u
#define KEY_TOKEN_MIN 16

bool flt_dec_is_full(const struct flt_dec *dec)
{
    return dec->full_at != ST_SPAN_NPOS;
}

void flt_dec_note(struct flt_dec *dec, enum flt_coverage coverage, enum flt_reason reason)
{
    struct flt_receipt *receipt = &dec->doc->receipt;

    if (coverage > receipt->coverage)
        receipt->coverage = coverage;
    receipt->others |= 1u << reason;
    if (receipt->reason == FLT_REASON_NONE)
        receipt->reason = reason;
}

void flt_dec_push(struct flt_dec *dec, enum flt_codec codec)
{
    assert(dec->depth < FLT_CHAIN_MAX);
    dec->chain[dec->depth++] = codec;
}

void flt_dec_pop(struct flt_dec *dec)
{
    assert(dec->depth > 0);
    dec->depth--;
}

struct st_span flt_dec_segment(struct st_span name)
{
    size_t n = name.n < FLT_SEGMENT_MAX ? name.n : FLT_SEGMENT_MAX;

    while (n < name.n && n > 0 && (name.p[n] & 0xC0) == 0x80) /* not inside a character */
        n--;
    return st_span_sub(name, 0, n);
}

size_t flt_dec_enter(struct flt_dec *dec, struct st_span segment)
{
    size_t mark = dec->path.n;

    if (mark > 0 && !(mark == 1 && dec->path.p[0] == '?'))
        st_buf_byte(&dec->path, '/');
    st_buf_span(&dec->path, flt_dec_segment(segment));
    return mark;
}

void flt_dec_leave(struct flt_dec *dec, size_t mark)
{
    if (mark <= dec->path.n)
        dec->path.n = mark;
}

/* The paths of one kind of field are equal in every element of an array; where those of a message differ, they nearly
 * always differ in their last bytes or in their length. */
static size_t slot_of(struct st_span path)
{
    uint64_t words[2] = { 0, 0 };
    size_t n = path.n < sizeof words ? path.n : sizeof words;

    memcpy(words, path.p + path.n - n, n);
    words[0] =
        (words[0] ^ path.n) * 0x9E3779B97F4A7C15u; /* 2^64 by the golden ratio: spreads what differs to the top */
    words[1] *= 0xC2B2AE3D27D4EB4Fu;
    return (size_t)((words[0] ^ words[1] ^ words[0] >> 29) >> 32) % FLT_DEC_PATHS;
}

static enum st_rc keep_path(struct flt_dec *dec, struct flt_field *field, struct st_err *err)
{
    struct st_span path = st_buf_view(&dec->path), *kept;

    if (st_buf_done(&dec->path, err, "filters.path") != ST_OK)
        return ST_ERR;
    if (path.n == 0)
        return ST_OK;
    kept = &dec->paths[slot_of(path)];
    if (!st_span_eq(*kept, path)) {
        if ((kept->p = st_arena_dup(dec->arena, path.p, path.n)) == NULL)
            return st_arena_fail(dec->arena, err, "filters.path");
        kept->n = path.n;
    }
    field->path = *kept;
    return ST_OK;
}

/* One field at the present path and chain; text lives in the arena or the message. */
static enum st_rc put_field(struct flt_dec *dec, struct st_span text, const struct flt_map *map, struct st_err *err)
{
    struct flt_field field = { .text = text, .name = dec->name, .place = dec->place, .map = map };

    if (flt_dec_is_full(dec))
        return ST_OK;
    if (flt_dec_attached(dec, text, err) != ST_OK)
        return ST_ERR;
    if (dec->fields.n / sizeof field >= dec->limit) {
        uint32_t from = 0, to = 0;

        flt_map_range(map, dec->whole.up, &from, &to);
        dec->full_at = from;
        return ST_OK;
    }
    if (keep_path(dec, &field, err) != ST_OK)
        return ST_ERR;
    memcpy(field.chain, dec->chain, dec->depth * sizeof dec->chain[0]);
    field.depth = (uint8_t)dec->depth;
    st_buf_put(&dec->fields, &field, sizeof field);
    return st_buf_done(&dec->fields, err, "filters.fields");
}

enum st_rc flt_dec_piece(struct flt_dec *dec, const struct flt_piece *piece, enum flt_layer layer, struct st_err *err)
{
    const struct flt_map *map = NULL;

    if (flt_map_cut(dec->arena, piece->up, piece->base, layer, &map, err) != ST_OK)
        return ST_ERR;
    return put_field(dec, piece->s, map, err);
}

enum st_rc flt_dec_seen(struct flt_dec *dec, struct st_span text, const struct flt_piece *from, struct st_err *err)
{
    const struct flt_map *map = NULL;
    size_t mark;
    bool fits = dec->depth < FLT_CHAIN_MAX;
    enum st_rc rc;

    flt_build_reset(&dec->build);
    flt_build_unit(&dec->build, text.n, from->s.n);
    if (flt_build_done(&dec->build, from->up, from->base, FLT_LAYER_FIXED, &map, err) != ST_OK)
        return ST_ERR;
    mark = flt_dec_enter(dec, ST_SPAN("@seen"));
    if (fits)
        flt_dec_push(dec, FLT_CODEC_TEXT);
    rc = put_field(dec, text, map, err);
    if (fits)
        flt_dec_pop(dec);
    flt_dec_leave(dec, mark);
    return rc;
}

struct flt_mark flt_dec_mark(const struct flt_dec *dec)
{
    return (struct flt_mark){ dec->fields.n, dec->path.n, dec->files.n, dec->depth };
}

void flt_dec_undo(struct flt_dec *dec, struct flt_mark mark)
{
    dec->fields.n = mark.fields;
    dec->path.n = mark.path;
    dec->files.n = mark.files;
    dec->depth = mark.depth;
    dec->full_at = ST_SPAN_NPOS;
}

struct flt_piece flt_piece_sub(const struct flt_piece *piece, size_t from, size_t n)
{
    return (struct flt_piece){ st_span_sub(piece->s, from, n), piece->up, piece->base + (uint32_t)from };
}

static bool is_json_like(struct st_span s)
{
    s = st_span_strip(s);
    return s.n >= 2 && ((s.p[0] == '{' && s.p[s.n - 1] == '}') || (s.p[0] == '[' && s.p[s.n - 1] == ']'));
}

/* Might JSON name a secret? A name is looked for in the text beside its value, and a member's value stands alone. */
static bool names_secret(struct st_span json)
{
    static const char *const stems[] = { "pass", "pwd", "secret", "token", "key", "kennwort", "credential", "auth" };

    for (size_t i = 0; i < ST_LEN(stems); i++)
        if (flt_ifind(json, stems[i]))
            return true;
    return false;
}

/* Is it what people type into? Then JSON in it is text all the same: {"password": "…"} out of a configuration. */
static bool is_typed(struct st_span path)
{
    static const char *const keys[] = { "text",       "body",     "content",  "message",    "comment",
                                        "commentary", "selftext", "markdown", "caption",    "title",
                                        "subject",    "note",     "status",   "description" };
    size_t from = path.n;

    while (from > 0 && path.p[from - 1] != '/')
        from--;
    path = st_span_sub(path, from, path.n - from);
    for (size_t i = 0; i < ST_LEN(keys); i++)
        if (st_span_ieq(path, st_span_str(keys[i])))
            return true;
    return false;
}

enum st_rc flt_dec_string(struct flt_dec *dec, struct st_span text, const struct flt_map *map, struct st_err *err)
{
    struct flt_piece inner = { text, map, 0 };
    struct flt_mark mark = flt_dec_mark(dec);
    struct flt_json_end end;
    bool is_whole;
    enum st_rc rc;

    if (dec->nested > FLT_NEST_MAX || dec->depth == FLT_CHAIN_MAX || !is_json_like(text))
        return put_field(dec, text, map, err);
    dec->nested++; /* one more than is allowed is tried too, only to say so in the receipt */
    flt_dec_push(dec, FLT_CODEC_JSON);
    rc = flt_json(dec, &inner, &end, err);
    dec->nested--;
    if (rc != ST_OK)
        return rc;
    flt_dec_pop(dec);
    is_whole = end.has_value && end.at == text.n;
    if (dec->nested < FLT_NEST_MAX && (flt_dec_is_full(dec) || (is_whole && dec->fields.n > mark.fields)))
        return is_typed(st_buf_view(&dec->path)) && names_secret(text) ? put_field(dec, text, map, err) : ST_OK;
    if (dec->nested == FLT_NEST_MAX ? is_whole : end.reason == FLT_REASON_DEPTH)
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_DEPTH);
    flt_dec_undo(dec, mark);
    return put_field(dec, text, map, err);
}

bool flt_key_is_data(struct st_span key)
{
    size_t digits = 0;

    if (key.n < FLT_DATA_KEY_MIN)
        return false;
    if (key.n > 40)
        return true;
    for (size_t i = 0; i < key.n; i++) {
        uint8_t c = key.p[i];

        if (c <= ' ' || c >= 0x7F || c == '@')
            return true;
        digits += c >= '0' && c <= '9';
    }
    return digits >= 6 || (digits > 0 && key.n >= KEY_TOKEN_MIN); /* a number, or a token */
}

enum st_rc flt_dec_key(struct flt_dec *dec, struct st_span key, const struct flt_map *map, struct st_err *err)
{
    size_t mark = flt_dec_enter(dec, ST_SPAN("@key"));
    enum st_rc rc = put_field(dec, key, map, err);

    flt_dec_leave(dec, mark);
    return rc;
}

/* ---- the driver ------------------------------------------------------------------------------------------------ */

void flt_dec_init(struct flt_dec *dec, struct st_arena *arena, struct flt_doc *doc, size_t size)
{
    *dec = (struct flt_dec){ .arena = arena, .doc = doc, .full_at = ST_SPAN_NPOS };
    st_buf_init(&dec->fields, (FLT_FIELDS_MAX + 1) * sizeof(struct flt_field));
    st_buf_init(&dec->lengths, size + SCRATCH_SLACK);
    st_buf_init(&dec->files, FLT_FILES_MAX * sizeof(struct flt_attached));
    st_buf_init(&dec->path, (size_t)(FLT_SEGMENT_MAX + 1) * FLT_DEPTH_MAX * (FLT_NEST_MAX + 2) + SCRATCH_SLACK);
    st_buf_init(&dec->text, size * 3 + SCRATCH_SLACK);
    flt_build_init(&dec->build, arena, (size * 3 + SCRATCH_SLACK) * sizeof(struct flt_map_pt));
}

void flt_dec_fini(struct flt_dec *dec)
{
    st_buf_fini(&dec->fields);
    st_buf_fini(&dec->lengths);
    st_buf_fini(&dec->files);
    st_buf_fini(&dec->path);
    st_buf_fini(&dec->text);
    flt_build_fini(&dec->build);
}

/* More texts than fields: what found no room is one field more, as it stands in the message. */
static enum st_rc put_rest(struct flt_dec *dec, struct st_err *err)
{
    struct flt_piece rest;
    size_t at;

    if (!flt_dec_is_full(dec))
        return ST_OK;
    at = dec->full_at > dec->whole.base ? dec->full_at - dec->whole.base : 0;
    rest = flt_piece_sub(&dec->whole, at, dec->whole.s.n - at);
    dec->full_at = ST_SPAN_NPOS;
    dec->limit++;
    dec->depth = 0;
    dec->path.n = 0;
    dec->name = ST_SPAN_NONE;
    flt_dec_note(dec, FLT_PARTLY, FLT_REASON_FIELDS);
    return flt_body_raw(dec, &rest, FLT_LAYER_RAW, err);
}

static enum st_rc decode_query(struct flt_dec *dec, struct st_span query, struct st_err *err)
{
    if (query.n == 0)
        return ST_OK;
    if (query.n > UINT32_MAX / 4) {
        flt_dec_note(dec, FLT_PARTLY, FLT_REASON_SIZE);
        return ST_OK;
    }
    dec->place = FLT_IN_QUERY;
    dec->whole = (struct flt_piece){ query, NULL, 0 };
    dec->limit = FLT_FIELDS_MAX / 2 - 1;
    flt_dec_push(dec, FLT_CODEC_QUERY);
    if (flt_form(dec, &dec->whole, ST_SPAN("?"), err) != ST_OK || put_rest(dec, err) != ST_OK)
        return ST_ERR;
    dec->depth = 0;
    dec->path.n = 0;
    dec->place = FLT_IN_BODY;
    return ST_OK;
}

static void free_plain(void *obj)
{
    st_buf_fini(obj);
}

/* The decoded body stays where it grew; the arena only learns to free it. */
static enum st_rc keep_plain(struct flt_dec *dec, struct flt_coded *coded, struct st_err *err)
{
    struct st_buf *kept = st_arena_alloc(dec->arena, sizeof *kept);

    if (kept == NULL)
        return st_arena_fail(dec->arena, err, "filters.plain");
    if (st_arena_cleanup(dec->arena, free_plain, kept, err) != ST_OK)
        return ST_ERR;
    *kept = coded->plain;
    coded->plain = (struct st_buf){ 0 };
    dec->doc->plain = st_buf_view(kept);
    return ST_OK;
}

/* A body that is only a beginning, or was never opened. */
static enum st_rc decode_part_read(struct flt_dec *dec, const struct flt_piece *plain, const struct flt_coded *coded,
                                   size_t limit, struct st_err *err)
{
    struct flt_piece readable = *plain;

    flt_dec_note(dec, FLT_PARTLY, coded->reason);
    if (readable.s.n > limit) {
        dec->skipped = readable.s.n - limit;
        readable.s.n = limit;
    }
    if (coded->reason == FLT_REASON_CODING && !flt_text_likely(readable.s)) {
        dec->skipped = readable.s.n;
        return ST_OK;
    }
    return flt_body_raw(dec, &readable, coded->was_coded ? FLT_LAYER_FIXED : FLT_LAYER_RAW, err);
}

/* A gzip header with a file name or a comment (RFC 1952 §2.3): text that no decoder shows. */
static bool has_gzip_names(struct st_span body)
{
    return body.n > 3 && body.p[0] == 0x1F && body.p[1] == 0x8B && (body.p[3] & 0x1C) != 0;
}

/* What no content type names. When it is not what the adapter says, it is read by its type, and the receipt tells. */
static enum st_rc decode_wire(struct flt_dec *dec, const struct flt_body *body, const struct flt_input *in,
                              struct st_err *err)
{
    struct flt_mark mark = flt_dec_mark(dec);
    bool is_good = true;

    if (in->wire == FLT_WIRE_SOCKETIO && flt_engineio(dec, body, in->is_message, &is_good, err) != ST_OK)
        return ST_ERR;
    if (in->wire == FLT_WIRE_XMPP && flt_xmpp(dec, &body->bytes, &is_good, err) != ST_OK)
        return ST_ERR;
    if (in->wire != FLT_WIRE_NONE && is_good)
        return ST_OK;
    if (in->wire != FLT_WIRE_NONE) {
        flt_dec_undo(dec, mark);
        st_buf_reset(&dec->lengths);
        flt_dec_note(dec, in->wire == FLT_WIRE_XMPP ? FLT_NOT : FLT_PARTLY, FLT_REASON_SYNTAX);
    }
    return flt_body_decode(dec, body, err);
}

static enum st_rc decode_body(struct flt_dec *dec, const struct flt_input *in, size_t limit, struct st_err *err)
{
    struct flt_coded coded = { .reason = FLT_REASON_NONE };
    struct flt_body body = { .content_type = in->content_type };
    enum st_rc rc = ST_ERR;

    dec->limit = FLT_FIELDS_MAX - 1;
    dec->plain_limit = limit;
    if (flt_coding(in->body, in->content_encoding, limit, &coded, err) != ST_OK)
        return ST_ERR;
    dec->doc->plain = in->body;
    dec->doc->was_coded = coded.was_coded;
    if (coded.was_coded && keep_plain(dec, &coded, err) != ST_OK)
        goto out;
    if (coded.was_coded && has_gzip_names(in->body) &&
        flt_body_strings(dec, in->body, &(struct flt_piece){ ST_SPAN_NONE, NULL, 0 }, err) != ST_OK)
        goto out;
    dec->whole = body.bytes = (struct flt_piece){ dec->doc->plain, NULL, 0 };
    rc = coded.reason == FLT_REASON_NONE ? decode_wire(dec, &body, in, err)
                                         : decode_part_read(dec, &body.bytes, &coded, limit, err);
    if (rc == ST_OK)
        rc = put_rest(dec, err);
out:
    st_buf_fini(&coded.plain);
    return rc;
}

/* Inspected is told in bytes as sent, so that it can be held against what the peer sent. */
static void close_receipt(struct flt_dec *dec, const struct flt_input *in, size_t query_fields)
{
    struct flt_doc *doc = dec->doc;
    struct flt_receipt *receipt = &doc->receipt;
    bool has_text = false;

    for (size_t i = query_fields; i < doc->n; i++)
        has_text = has_text || doc->fields[i].text.n > 0;
    if (receipt->coverage == FLT_PARTLY && in->body.n > 0 && !has_text)
        receipt->coverage = FLT_NOT;
    receipt->bytes = in->body.n;
    if (receipt->coverage == FLT_NOT)
        return;
    receipt->inspected = in->body.n;
    if (doc->plain.n > 0 && dec->skipped > 0)
        receipt->inspected -= (uint64_t)((double)in->body.n * ((double)dec->skipped / (double)doc->plain.n));
}

enum st_rc flt_dec_take(struct flt_dec *dec, struct st_err *err)
{
    struct flt_doc *doc = dec->doc;

    if (dec->lengths.n > 0) {
        if ((doc->lengths = st_arena_dup(dec->arena, dec->lengths.p, dec->lengths.n)) == NULL)
            return st_arena_fail(dec->arena, err, "filters.lengths");
        doc->n_lengths = dec->lengths.n / sizeof(struct flt_length);
    }
    if (dec->files.n > 0) {
        if ((doc->files = st_arena_dup(dec->arena, dec->files.p, dec->files.n)) == NULL)
            return st_arena_fail(dec->arena, err, "filters.files");
        doc->n_files = dec->files.n / sizeof(struct flt_attached);
    }
    if (dec->fields.n == 0)
        return ST_OK;
    if ((doc->fields = st_arena_dup(dec->arena, dec->fields.p, dec->fields.n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.fields");
    doc->n = dec->fields.n / sizeof(struct flt_field);
    return ST_OK;
}

enum st_rc flt_decode(struct st_arena *arena, const struct flt_input *in, struct flt_doc **out, struct st_err *err)
{
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);
    size_t limit = in->plain_limit != 0 ? in->plain_limit : PLAIN_DEFAULT, query_fields;
    struct flt_dec dec;
    enum st_rc rc = ST_ERR;

    if (doc == NULL)
        return st_arena_fail(arena, err, "filters.decode");
    if (limit > UINT32_MAX / 4)
        limit = UINT32_MAX / 4; /* offsets have 32 bits, also when a text grows threefold */
    flt_dec_init(&dec, arena, doc, limit + in->query.n);
    dec.open = in->open;
    doc->query = in->query;
    doc->wire = in->wire;
    if (decode_query(&dec, in->query, err) != ST_OK)
        goto out;
    query_fields = dec.fields.n / sizeof(struct flt_field);
    if (in->body.n > 0 && decode_body(&dec, in, limit, err) != ST_OK)
        goto out;
    if (flt_dec_take(&dec, err) != ST_OK)
        goto out;
    close_receipt(&dec, in, query_fields);
    *out = doc;
    rc = ST_OK;
out:
    flt_dec_fini(&dec);
    return rc;
}

enum st_rc flt_text_doc(struct st_arena *arena, struct st_span text, struct flt_doc **doc_out, struct st_err *err)
{
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);
    struct flt_piece bytes = { text, NULL, 0 };
    struct flt_dec dec;
    enum st_rc rc = ST_ERR;

    if (doc == NULL)
        return st_arena_fail(arena, err, "filters.text");
    if (text.n > UINT32_MAX / 4)
        return st_fail(err, ST_E_LIMIT, "filters.text", "a text of a gigabyte or more", text.n);
    doc->plain = text;
    doc->receipt.bytes = doc->receipt.inspected = text.n;
    flt_dec_init(&dec, arena, doc, text.n);
    dec.limit = 1;
    if (flt_body_raw(&dec, &bytes, FLT_LAYER_RAW, err) == ST_OK && flt_dec_take(&dec, err) == ST_OK) {
        *doc_out = doc;
        rc = ST_OK;
    }
    flt_dec_fini(&dec);
    return rc;
}
