/* SPDX-License-Identifier: Apache-2.0 */
/* layout - see layout.h: which reader a file gets, and how a value is put down with its name before it.
 *
 * The end of a name decides where it is one that people use for that alone; a text without a name is taken for JSON, a
 * form, XML or a table by its first bytes. A wrong guess costs a second look and nothing else, since the text is
 * scanned as it is in any case. Values are put down in portions of as many as a message may have, so that a file of any
 * length needs no more memory. When a layout is added: FLT_LAYOUTS, its endings here, and a reader in laid.h.
 */
#include "filters/laid.h"
#include <string.h>

#define VALUE_MIN     3u            /* bytes; a shorter one is nothing that is looked for */
#define VALUE_MAX     65536u        /* bytes; a longer one is a text, and read as such */
#define LINES_PORTION (32u * 1024u) /* bytes of JSON lines read at once: no more fields than fit */

const char *flt_layout_name(enum flt_layout layout)
{
    static const char *const names[] = {
#define X(id, name) name,
        FLT_LAYOUTS(X)
#undef X
    };

    return names[layout];
}

static const struct {
    const char *end;
    enum flt_layout layout;
} endings[] = { { ".json", FLT_LAYOUT_JSON },    { ".geojson", FLT_LAYOUT_JSON },
                { ".ndjson", FLT_LAYOUT_LINES }, { ".jsonl", FLT_LAYOUT_LINES },
                { ".xml", FLT_LAYOUT_XML },      { ".plist", FLT_LAYOUT_XML },
                { ".config", FLT_LAYOUT_XML },   { ".xsd", FLT_LAYOUT_XML },
                { ".csv", FLT_LAYOUT_CSV },      { ".tsv", FLT_LAYOUT_CSV },
                { ".tab", FLT_LAYOUT_CSV },      { ".yaml", FLT_LAYOUT_YAML },
                { ".yml", FLT_LAYOUT_YAML },     { ".env", FLT_LAYOUT_ENV },
                { ".ini", FLT_LAYOUT_INI },      { ".cfg", FLT_LAYOUT_INI },
                { ".conf", FLT_LAYOUT_INI },     { ".cnf", FLT_LAYOUT_INI },
                { ".toml", FLT_LAYOUT_INI },     { ".desktop", FLT_LAYOUT_INI },
                { ".service", FLT_LAYOUT_INI },  { ".properties", FLT_LAYOUT_SETTINGS } };

static struct st_span base_name(struct st_span name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/')
            return st_span_sub(name, i, name.n);
    return name;
}

static bool ends_like(struct st_span name, const char *end)
{
    size_t n = strlen(end);

    return name.n >= n && st_span_ieq(st_span_sub(name, name.n - n, n), st_span_str(end));
}

static struct st_span behind_blanks(struct st_span text)
{
    if (st_span_starts(text, ST_SPAN("\xEF\xBB\xBF")))
        text = st_span_sub(text, 3, text.n);
    while (text.n > 0 && st_is_space(text.p[0]))
        text = st_span_sub(text, 1, text.n);
    return text;
}

/* {…} behind {…} on a line of its own. */
static bool has_json_lines(struct st_span text)
{
    struct st_span line;

    if (!st_span_next(&text, '\n', &line))
        return false;
    line = st_span_trim(line);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    text = behind_blanks(text);
    return line.n > 1 && line.p[0] == '{' && line.p[line.n - 1] == '}' && text.n > 0 && text.p[0] == '{';
}

enum flt_layout flt_layout_of(struct st_span name, struct st_span text)
{
    struct st_span base = base_name(name), first = behind_blanks(text);

    for (size_t i = 0; i < ST_LEN(endings); i++)
        if (ends_like(base, endings[i].end) &&
            (endings[i].layout != FLT_LAYOUT_XML || st_span_starts(first, ST_SPAN("<"))))
            return endings[i].layout;
    if (st_span_istarts(base, ST_SPAN(".env"))) /* .env.local */
        return FLT_LAYOUT_ENV;
    if (has_json_lines(first))
        return FLT_LAYOUT_LINES;
    if (st_span_starts(first, ST_SPAN("{")) || st_span_starts(first, ST_SPAN("[")))
        return FLT_LAYOUT_JSON;
    if (st_span_starts(first, ST_SPAN("<?xml")))
        return FLT_LAYOUT_XML;
    if (flt_form_likely(first, true))
        return FLT_LAYOUT_FORM;
    return flt_csv_likely(first) ? FLT_LAYOUT_CSV : FLT_LAYOUT_TEXT;
}

/* ---- one value ------------------------------------------------------------------------------------------------- */

bool flt_laid_has_room(const struct flt_dec *dec, size_t fields)
{
    return dec->fields.n / sizeof(struct flt_field) + fields <= FLT_FIELDS_MAX && !flt_dec_is_full(dec);
}

/* Into dec->text with its map in dec->build; "" is ". */
static void put_doubled(struct flt_dec *dec, struct st_span value)
{
    while (value.n > 0) {
        size_t quote = st_span_find(value, ST_SPAN("\"\"")), n = quote == ST_SPAN_NPOS ? value.n : quote;

        st_buf_put(&dec->text, value.p, n);
        flt_build_copy(&dec->build, n);
        value = st_span_sub(value, n, value.n);
        if (value.n == 0)
            return;
        st_buf_byte(&dec->text, '"');
        flt_build_unit(&dec->build, 1, 2);
        value = st_span_sub(value, 2, value.n);
    }
}

enum st_rc flt_laid_value(struct flt_dec *dec, const struct flt_laid *laid, struct st_span name, struct st_span value,
                          bool is_doubled, struct st_err *err)
{
    const struct flt_map *map = NULL;
    bool is_json = value.n > 0 && (value.p[0] == '{' || value.p[0] == '[');
    uint8_t *copy;

    if (value.n < VALUE_MIN || value.n > VALUE_MAX)
        return ST_OK;
    st_buf_reset(&dec->text);
    flt_build_reset(&dec->build);
    if (!is_json && name.n > 0) {
        st_buf_span(&dec->text, flt_dec_segment(name));
        st_buf_str(&dec->text, ": ");
        flt_build_unit(&dec->build, dec->text.n, 0);
    }
    if (is_doubled) {
        put_doubled(dec, value);
    } else {
        st_buf_span(&dec->text, value);
        flt_build_copy(&dec->build, value.n);
    }
    if (st_buf_done(&dec->text, err, "filters.layout") != ST_OK ||
        flt_build_done(&dec->build, laid->text.up, laid->text.base + (uint32_t)(value.p - laid->text.s.p),
                       FLT_LAYER_FIXED, &map, err) != ST_OK)
        return ST_ERR;
    if ((copy = st_arena_dup(dec->arena, dec->text.p, dec->text.n)) == NULL)
        return st_arena_fail(dec->arena, err, "filters.layout");
    return flt_dec_string(dec, st_span(copy, dec->text.n), map, err);
}

bool flt_layout_place(const struct flt_doc *doc, const struct flt_finding *finding, uint32_t *from, uint32_t *to)
{
    *from = finding->from;
    *to = finding->to;
    flt_map_range(doc->fields[finding->field].map, NULL, from, to);
    return *from < *to;
}

/* ---- the whole text -------------------------------------------------------------------------------------------- */

/* Its codec is one of messages, and finds the charset itself. */
static bool is_message(enum flt_layout layout)
{
    return layout == FLT_LAYOUT_JSON || layout == FLT_LAYOUT_LINES || layout == FLT_LAYOUT_FORM;
}

/* Others: as UTF-8, whatever they are written in. */
static enum st_rc open_text(struct st_arena *arena, struct st_span text, struct flt_piece *out, struct st_err *err)
{
    struct flt_doc *doc = st_arena_alloc(arena, sizeof *doc);
    struct flt_piece bytes = { text, NULL, 0 };
    struct flt_dec dec;
    enum st_rc rc;

    if (doc == NULL)
        return st_arena_fail(arena, err, "filters.layout");
    flt_dec_init(&dec, arena, doc, text.n);
    rc = flt_charset_decode(&dec, &bytes, FLT_CHARSET_NONE, out, err);
    flt_dec_fini(&dec);
    return rc;
}

enum st_rc flt_layout_open(struct st_arena *arena, enum flt_layout layout, struct st_span text, struct flt_laid **out,
                           struct st_err *err)
{
    struct flt_laid *laid;
    enum st_rc rc;

    *out = NULL;
    if (layout == FLT_LAYOUT_TEXT || text.n == 0 || text.n > UINT32_MAX / 4)
        return ST_OK;
    if ((laid = st_arena_alloc(arena, sizeof *laid)) == NULL)
        return st_arena_fail(arena, err, "filters.layout");
    laid->layout = layout;
    laid->text = (struct flt_piece){ text, NULL, 0 };
    if (layout == FLT_LAYOUT_JSON && has_json_lines(behind_blanks(text)))
        laid->layout = FLT_LAYOUT_LINES;
    if (!is_message(layout) && open_text(arena, text, &laid->text, err) != ST_OK)
        return ST_ERR;
    if (layout == FLT_LAYOUT_CSV && (rc = flt_csv_begin(arena, laid, err)) != ST_OK)
        return rc == ST_AGAIN ? ST_OK : ST_ERR;
    *out = laid;
    return ST_OK;
}

/* All of it, or of lines as many as fit. */
static enum st_rc next_message(struct flt_laid *laid, struct st_arena *arena, struct flt_doc **out, struct st_err *err)
{
    struct flt_input in = { .content_type = laid->layout == FLT_LAYOUT_FORM
                                                ? ST_SPAN("application/x-www-form-urlencoded")
                                                : ST_SPAN("application/json") };
    struct st_span rest = st_span_sub(laid->text.s, laid->at, laid->text.s.n);
    size_t n = rest.n;

    if (laid->layout == FLT_LAYOUT_LINES && n > LINES_PORTION) {
        size_t end = st_span_chr(st_span_sub(rest, LINES_PORTION, rest.n), '\n');

        n = end == ST_SPAN_NPOS ? n : LINES_PORTION + end + 1;
    }
    in.body = st_span_sub(rest, 0, n);
    in.plain_limit = n;
    laid->at += n;
    return flt_decode(arena, &in, out, err);
}

static enum st_rc next_values(struct flt_laid *laid, struct flt_dec *dec, struct st_err *err)
{
    switch (laid->layout) {
    case FLT_LAYOUT_CSV: return flt_csv_rows(laid, dec, err);
    case FLT_LAYOUT_XML: return flt_xml_values(laid, dec, err);
    case FLT_LAYOUT_YAML:
    case FLT_LAYOUT_SETTINGS:
    case FLT_LAYOUT_ENV:
    case FLT_LAYOUT_INI: return flt_setting_lines(laid, dec, err);
    case FLT_LAYOUT_TEXT:
    case FLT_LAYOUT_JSON:
    case FLT_LAYOUT_LINES:
    case FLT_LAYOUT_FORM:
    case FLT_LAYOUTS_END: break;
    }
    return ST_OK;
}

/* Findings of JSON lines stand in their portion; theirs is put where it lies in the file. */
static enum st_rc shift(struct flt_doc *doc, struct st_arena *arena, size_t by, struct st_err *err)
{
    struct flt_map *base;

    if (by == 0)
        return ST_OK;
    if ((base = st_arena_alloc(arena, sizeof *base)) == NULL)
        return st_arena_fail(arena, err, "filters.layout");
    base->base = (uint32_t)by;
    base->layer = FLT_LAYER_FIXED;
    for (size_t i = 0; i < doc->n; i++) {
        const struct flt_map *map = doc->fields[i].map;

        doc->fields[i].map = base;
        if (map != NULL && flt_map_over(arena, map, base, &doc->fields[i].map, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

enum st_rc flt_layout_next(struct flt_laid *laid, struct st_arena *arena, struct flt_doc **out, struct st_err *err)
{
    size_t before = laid->at;
    struct flt_doc *doc;
    struct flt_dec dec;
    enum st_rc rc;

    if (laid->at >= laid->text.s.n)
        return ST_AGAIN;
    if (is_message(laid->layout)) {
        if (next_message(laid, arena, out, err) != ST_OK)
            return ST_ERR;
        return shift(*out, arena, before, err);
    }
    if ((doc = st_arena_alloc(arena, sizeof *doc)) == NULL)
        return st_arena_fail(arena, err, "filters.layout");
    doc->plain = laid->text.s;
    flt_dec_init(&dec, arena, doc, laid->text.s.n);
    dec.whole = laid->text;
    dec.limit = FLT_FIELDS_MAX;
    flt_dec_push(&dec, FLT_CODEC_TEXT);
    rc = next_values(laid, &dec, err);
    if (rc == ST_OK)
        rc = flt_dec_take(&dec, err);
    flt_dec_fini(&dec);
    *out = doc;
    return rc;
}
