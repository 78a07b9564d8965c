/* SPDX-License-Identifier: Apache-2.0 */
/* redact - writes masks into a message so that it stays valid in every layer.
 *
 * A finding's range goes up through the layers of its field to bytes of the plain body; its mask goes up the same way
 * and is quoted by each: as JSON inside JSON it gets its backslashes twice, in a form its percent signs. Only the bytes
 * of the match change; every other byte of the message is the one the person sent. A range that lies inside a unit (an
 * escape, a composed character) takes the whole unit. Where a layer cannot be written, the answer is
 * ST_E_UNSUPPORTED and the caller blocks. When a layer is added to map.h, its quoting comes here.
 */
#include "base/json.h"
#include "filters/decode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASK_MAX 4096u /* a mask after the quoting of all its layers */

struct edit {
    uint32_t from, to; /* of the plain body or the query */
    size_t text, n;    /* where in the masks the new bytes lie */
};

struct edits {
    struct edit items[FLT_FINDINGS_MAX];
    size_t n;
    struct st_buf masks;
};

/* ---- quoting --------------------------------------------------------------------------------------------------- */

static bool is_bare_in_form(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '*';
}

static void quote_percent(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_bare_in_form(s.p[i]))
            st_buf_byte(out, s.p[i]);
        else
            st_buf_fmt(out, "%%%02X", s.p[i]);
    }
}

static void quote_html(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': st_buf_str(out, "&amp;"); break;
        case '<': st_buf_str(out, "&lt;"); break;
        case '>': st_buf_str(out, "&gt;"); break;
        case '"': st_buf_str(out, "&quot;"); break;
        default: st_buf_byte(out, s.p[i]);
        }
    }
}

static void quote_xml(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            st_buf_str(out, "&#39;");
        else
            quote_html(st_span_sub(s, i, 1), out);
    }
}

static void quote_twice(struct st_span s, struct st_buf *out)
{
    uint8_t utf8[4];

    for (size_t i = 0; i < s.n; i++)
        st_buf_put(out, utf8, st_utf8_put(s.p[i], utf8));
}

static void quote_slashed(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            st_buf_str(out, "\\n");
        else if (st_span_starts(st_span_sub(s, i, 2), ST_SPAN("\\n")))
            st_buf_str(out, "\\\\n");
        else
            st_buf_byte(out, s.p[i]);
        i += s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n';
    }
}

static void quote_header(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == ';')
            st_buf_fmt(out, "%%%02X", s.p[i]);
        else
            st_buf_byte(out, s.p[i]);
    }
}

static bool quote(enum flt_layer layer, struct st_span s, struct st_buf *out)
{
    switch (layer) {
    case FLT_LAYER_RAW: st_buf_span(out, s); return true;
    case FLT_LAYER_PERCENT: quote_percent(s, out); return true;
    case FLT_LAYER_JSON: st_json_escape(out, s); return true;
    case FLT_LAYER_NUMBER:
        st_buf_byte(out, '"');
        st_json_escape(out, s);
        st_buf_byte(out, '"');
        return true;
    case FLT_LAYER_HTML: quote_html(s, out); return true;
    case FLT_LAYER_XML: quote_xml(s, out); return true;
    case FLT_LAYER_CDATA:
        st_buf_str(out, "]]>");
        quote_xml(s, out);
        st_buf_str(out, "<![CDATA[");
        return true;
    case FLT_LAYER_TWICE: quote_twice(s, out); return true;
    case FLT_LAYER_SLASHED: quote_slashed(s, out); return true;
    case FLT_LAYER_HEADER: quote_header(s, out); return true;
    case FLT_LAYER_LATIN1:
    case FLT_LAYER_CP1252:
    case FLT_LAYER_UTF16LE:
    case FLT_LAYER_UTF16BE: return flt_charset_encode(layer, s, out);
    case FLT_LAYER_FIXED: break;
    }
    return false;
}

/* The mask through every layer, into edits->masks. */
static enum st_rc quote_all(struct edits *edits, struct edit *edit, const struct flt_map *map, struct st_span mask,
                            struct st_err *err)
{
    struct st_buf now, next;
    enum st_rc rc = ST_OK;

    st_buf_init(&now, MASK_MAX);
    st_buf_init(&next, MASK_MAX);
    st_buf_span(&now, mask);
    for (; map != NULL && rc == ST_OK; map = map->up) {
        struct st_buf swap = now;

        if (!quote(map->layer, st_buf_view(&now), &next))
            rc = st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a layer that cannot be written back", map->layer);
        now = next;
        next = swap;
        st_buf_reset(&next);
        if (rc == ST_OK)
            rc = st_buf_done(&now, err, "filters.redact");
    }
    if (rc == ST_OK)
        rc = st_buf_done(&now, err, "filters.redact");
    edit->text = edits->masks.n;
    edit->n = now.n;
    st_buf_span(&edits->masks, st_buf_view(&now));
    st_buf_fini(&now);
    st_buf_fini(&next);
    return rc == ST_OK ? st_buf_done(&edits->masks, err, "filters.redact") : rc;
}

/* ---- collecting ------------------------------------------------------------------------------------------------ */

static enum st_rc add_edit(struct edits *edits, const struct flt_field *field, const struct flt_finding *finding,
                           struct st_err *err)
{
    struct edit *edit = &edits->items[edits->n];

    edit->from = finding->from;
    edit->to = finding->to;
    if (finding->reading == FLT_READ_UNWRAPPED)
        return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "an encoded run in a text", 0);
    if (field->map == NULL)
        return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a field that is in no message", 0);
    if (field->map->layer == FLT_LAYER_NUMBER) { /* half a number and half a string is neither */
        edit->from = 0;
        edit->to = (uint32_t)field->text.n;
    }
    flt_map_range(field->map, NULL, &edit->from, &edit->to);
    if (quote_all(edits, edit, field->map, st_span_str(finding->rule->mask), err) != ST_OK)
        return ST_ERR;
    edits->n++;
    return ST_OK;
}

static enum st_rc collect(struct edits *edits, const struct flt_doc *doc, const struct flt_findings *findings,
                          const bool *mark, bool is_query, struct st_err *err)
{
    edits->n = 0;
    st_buf_reset(&edits->masks);
    for (size_t i = 0; i < findings->n; i++) {
        const struct flt_finding *finding = &findings->items[i];

        if (!mark[i])
            continue;
        if (finding->field >= doc->n || finding->from > finding->to ||
            finding->to > doc->fields[finding->field].text.n || edits->n == FLT_FINDINGS_MAX)
            return st_fail(err, ST_E_PROTO, "filters.redact", "a finding outside its message", finding->field);
        if (doc->fields[finding->field].is_query != is_query)
            continue;
        if (add_edit(edits, &doc->fields[finding->field], finding, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? 1 : x->to > y->to ? -1 : 0; /* the longer one first: it swallows the others */
}

struct writer {
    const struct edits *edits; /* sorted */
    struct st_span from;
    size_t next; /* edit */
    size_t at;   /* what lies before is written */
};

/* Up to `to`, with the edits that begin before it. */
static enum st_rc write_up_to(struct writer *w, size_t to, struct st_buf *out, struct st_err *err)
{
    for (; w->next < w->edits->n; w->next++) {
        const struct edit *edit = &w->edits->items[w->next];

        if (edit->from >= to && to < w->from.n)
            break;
        if (edit->to > to)
            return st_fail(err, ST_E_PROTO, "filters.redact", "a map beyond its message", edit->to);
        if (edit->from < w->at) { /* two findings share a unit: the first mask stands for both */
            w->at = edit->to > w->at ? edit->to : w->at;
            continue;
        }
        st_buf_span(out, st_span_sub(w->from, w->at, edit->from - w->at));
        st_buf_put(out, w->edits->masks.p + edit->text, edit->n);
        w->at = edit->to;
    }
    if (w->at < to)
        st_buf_span(out, st_span_sub(w->from, w->at, to - w->at));
    w->at = to > w->at ? to : w->at;
    return st_buf_done(out, err, "filters.redact");
}

static void put_length(size_t length, enum flt_count count, struct st_buf *out)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%zu", length);

    for (int i = 0; i < n; i++)
        st_buf_byte(out, (uint8_t)(digits[i] - (count == FLT_COUNT_BYTES ? '0' : 0)));
}

/* The length as it will be, then what it counts. */
static enum st_rc write_counted(struct writer *w, const struct flt_length *length, struct st_buf *out,
                                struct st_err *err)
{
    struct st_buf content;
    enum st_rc rc = write_up_to(w, length->digits, out, err);

    if (rc != ST_OK || w->next == w->edits->n || w->edits->items[w->next].from >= length->to)
        return rc; /* nothing of it changes */
    st_buf_init(&content, out->limit);
    w->at = length->from;
    rc = write_up_to(w, length->to, &content, err);
    if (rc == ST_OK) {
        put_length(flt_length_of(st_buf_view(&content), length->count), length->count, out);
        st_buf_span(out, st_span_sub(w->from, length->digits_end, length->from - length->digits_end));
        st_buf_span(out, st_buf_view(&content));
    }
    st_buf_fini(&content);
    return rc;
}

static enum st_rc write_out(struct edits *edits, const struct flt_doc *doc, struct st_buf *out, struct st_err *err)
{
    struct writer w = { .edits = edits, .from = doc->plain };

    qsort(edits->items, edits->n, sizeof edits->items[0], by_place);
    for (size_t i = 0; i < doc->n_lengths; i++) {
        if (write_counted(&w, &doc->lengths[i], out, err) != ST_OK)
            return ST_ERR;
    }
    return write_up_to(&w, w.from.n, out, err);
}

static enum st_rc write_query(struct edits *edits, struct st_span query, struct st_buf *out, struct st_err *err)
{
    return write_out(edits, &(struct flt_doc){ .plain = query }, out, err);
}

/* A body that came out of its coding only in part must not go on without the coding, not even unchanged. */
static bool is_cut_short(const struct flt_doc *doc)
{
    for (size_t i = 0; doc->was_coded && i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];

        if (!field->is_query && field->depth == 1 && field->chain[0] == FLT_CODEC_TEXT && field->map != NULL &&
            field->map->layer == FLT_LAYER_FIXED && field->map->up == NULL)
            return true;
    }
    return false;
}

enum st_rc flt_redact(const struct flt_doc *doc, const struct flt_findings *findings, const bool *mark,
                      struct st_buf *out, struct st_buf *query_out, struct st_err *err)
{
    struct edits *edits;
    enum st_rc rc = ST_ERR;

    if (is_cut_short(doc))
        return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a body that was read only in part", 0);
    if ((edits = malloc(sizeof *edits)) == NULL)
        return st_fail(err, ST_E_NOMEM, "filters.redact", "edits", sizeof *edits);
    st_buf_init(&edits->masks, MASK_MAX * FLT_FINDINGS_MAX);
    if (collect(edits, doc, findings, mark, true, err) != ST_OK)
        goto out;
    if (query_out == NULL && edits->n > 0) {
        st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "no place for the query", 0);
        goto out;
    }
    if (query_out != NULL && write_query(edits, doc->query, query_out, err) != ST_OK)
        goto out;
    if (collect(edits, doc, findings, mark, false, err) != ST_OK)
        goto out;
    rc = write_out(edits, doc, out, err);
out:
    st_buf_fini(&edits->masks);
    free(edits);
    return rc;
}
