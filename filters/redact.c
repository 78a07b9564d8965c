/* SPDX-License-Identifier: Apache-2.0 */
/* redact - writes masks into a message so that it stays valid in every layer.
 *
 * A finding's range goes up through the layers of its field to bytes of the plain body; its mask goes up the same way
 * and is quoted by each (quote.c): as JSON inside JSON it gets its backslashes twice, in a form its percent signs. A
 * finding in an encoded run of the text changes that run (rewrap.c). Only the bytes of the match change; every other
 * byte of the message is the one the person sent. A range that lies inside a unit (an escape, a composed character)
 * takes the whole unit. Where a layer cannot be written, the answer is ST_E_UNSUPPORTED and the caller blocks.
 */
#include "filters/decode.h"
#include "filters/fit.h"
#include "filters/quote.h"
#include "filters/runs.h"
#include <stdio.h>

#define MASK_MAX 4096u            /* a mask after the quoting of all its layers */
#define RUN_MAX  (16u * 1048576u) /* an encoded run after the same */

/* Is what is written in the field's text as long as what stands there, where that counts? */
static bool keeps_length(const struct flt_field *field, const struct flt_edit *edit, struct st_span written)
{
    struct st_span was = st_span_sub(field->text, edit->from, edit->to - edit->from);

    return field->keep == FLT_KEEP_NOTHING || flt_fit_units(was, field->keep) == flt_fit_units(written, field->keep);
}

/* One edit of a field's text, up through the layers of the field. */
static enum st_rc add_edit(struct flt_edits *edits, const struct flt_field *field, const struct flt_edit *edit,
                           struct st_span bytes, struct st_err *err)
{
    const struct flt_map *number = NULL; /* its layer puts quotes; escapes of the text are none of a layer's */
    struct flt_edit up = *edit;
    struct st_buf text;
    enum st_rc rc;

    if (field->map == NULL)
        return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a field that is in no message", 0);
    if (field->map->layer == FLT_LAYER_NUMBER) { /* half a number and half a string is neither */
        if (edit->is_run && (edit->from > 0 || edit->to < field->text.n))
            return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a part of a number", 0);
        number = field->map;
        up.from = 0;
        up.to = (uint32_t)field->text.n;
    }
    flt_map_range(field->map, NULL, &up.from, &up.to);
    st_buf_init(&text, edit->is_run ? RUN_MAX : MASK_MAX);
    rc = flt_quote_edit(edit, bytes, field->text, number, &text, err);
    if (field->map->layer != FLT_LAYER_CDATA && field->map->layer != FLT_LAYER_XML)
        flt_quote_cdata(edit, field->text, &text);
    if (rc == ST_OK && !keeps_length(field, edit, st_buf_view(&text)))
        rc = st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a mask that cannot be as long", 0);
    if (rc == ST_OK)
        rc = flt_quote_through(field->map, &text, err);
    if (rc == ST_OK)
        rc = flt_edits_add(edits, &up, st_buf_view(&text), err);
    st_buf_fini(&text);
    return rc;
}

static enum st_rc mask_field(struct flt_edits *edits, const struct flt_masking *masking, struct st_err *err)
{
    struct flt_edits *found = NULL;
    enum st_rc rc = flt_edits_new(&found, err);

    if (rc == ST_OK)
        rc = flt_masking_edits(masking, NULL, masking->field->text, found, err);
    for (size_t i = 0; rc == ST_OK && i < flt_edits_count(found); i++) {
        const struct flt_edit *edit = flt_edits_at(found, i);

        rc = add_edit(edits, masking->field, edit, flt_edits_bytes(found, edit), err);
    }
    flt_edits_free(found);
    return rc;
}

static bool is_in_field(const struct flt_doc *doc, const struct flt_finding *f)
{
    return f->field < doc->n && f->from <= f->to && f->to <= doc->fields[f->field].text.n &&
           (f->run == NULL || (f->in_from <= f->in_to && f->in_to <= f->run->text.n));
}

/* Sorted. */
static enum st_rc collect(struct flt_edits *edits, const struct flt_doc *doc, const struct flt_findings *findings,
                          const bool *mark, bool in_query, struct st_err *err)
{
    for (size_t i = 0, n; i < findings->n; i += n) {
        const struct flt_finding *items = &findings->items[i];
        struct flt_masking masking = { .items = items, .mark = mark + i };
        bool any = false;

        for (n = 0; i + n < findings->n && items[n].field == items->field; n++) {
            if (mark[i + n] && !is_in_field(doc, &items[n]))
                return st_fail(err, ST_E_PROTO, "filters.redact", "a finding outside its message", items->field);
            any = any || mark[i + n];
        }
        if (!any || (doc->fields[items->field].place == FLT_IN_QUERY) != in_query)
            continue;
        masking.field = &doc->fields[items->field];
        masking.n = n;
        if (mask_field(edits, &masking, err) != ST_OK)
            return ST_ERR;
    }
    return flt_edits_sort(edits, err);
}

static void put_length(size_t length, enum flt_count count, struct st_buf *out)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%zu", length);

    for (int i = 0; i < n; i++)
        st_buf_byte(out, (uint8_t)(digits[i] - (count == FLT_COUNT_BYTES ? '0' : 0)));
}

/* The length as it will be, then what it counts. */
static enum st_rc write_counted(struct flt_writer *w, const struct flt_length *length, struct st_buf *out,
                                struct st_err *err)
{
    struct st_buf content;
    enum st_rc rc = flt_write_up_to(w, length->digits, out, err);

    if (rc != ST_OK || w->next == flt_edits_count(w->edits) || flt_edits_at(w->edits, w->next)->from >= length->to)
        return rc; /* nothing of it changes */
    st_buf_init(&content, out->limit);
    w->at = length->from;
    rc = flt_write_up_to(w, length->to, &content, err);
    if (rc == ST_OK) {
        put_length(flt_length_of(st_buf_view(&content), length->count), length->count, out);
        st_buf_span(out, st_span_sub(w->from, length->digits_end, length->from - length->digits_end));
        st_buf_span(out, st_buf_view(&content));
    }
    st_buf_fini(&content);
    return rc;
}

static enum st_rc write_out(const struct flt_edits *edits, const struct flt_doc *doc, struct st_buf *out,
                            struct st_err *err)
{
    struct flt_writer w = { .edits = edits, .from = doc->plain };

    for (size_t i = 0; i < doc->n_lengths; i++) {
        if (write_counted(&w, &doc->lengths[i], out, err) != ST_OK)
            return ST_ERR;
    }
    return flt_write_up_to(&w, w.from.n, out, err);
}

static enum st_rc write_query(const struct flt_edits *edits, struct st_span query, struct st_buf *out,
                              struct st_err *err)
{
    return write_out(edits, &(struct flt_doc){ .plain = query }, out, err);
}

/* A body that came out of its coding only in part must not go on without the coding, not even unchanged. */
static bool is_cut_short(const struct flt_doc *doc)
{
    for (size_t i = 0; doc->was_coded && i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];

        if (field->place == FLT_IN_BODY && field->depth == 1 && field->chain[0] == FLT_CODEC_TEXT &&
            field->map != NULL && field->map->layer == FLT_LAYER_FIXED && field->map->up == NULL)
            return true;
    }
    return false;
}

enum st_rc flt_redact(const struct flt_doc *doc, const struct flt_findings *findings, const bool *mark,
                      struct st_buf *out, struct st_buf *query_out, struct st_err *err)
{
    struct flt_edits *body = NULL, *query = NULL;
    enum st_rc rc = ST_ERR;

    if (is_cut_short(doc))
        return st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "a body that was read only in part", 0);
    if (flt_edits_new(&body, err) != ST_OK || flt_edits_new(&query, err) != ST_OK ||
        collect(query, doc, findings, mark, true, err) != ST_OK)
        goto out;
    if (query_out == NULL && flt_edits_count(query) > 0) {
        st_fail(err, ST_E_UNSUPPORTED, "filters.redact", "no place for the query", 0);
        goto out;
    }
    if (query_out != NULL && write_query(query, doc->query, query_out, err) != ST_OK)
        goto out;
    if (collect(body, doc, findings, mark, false, err) != ST_OK)
        goto out;
    rc = write_out(body, doc, out, err);
out:
    flt_edits_free(body);
    flt_edits_free(query);
    return rc;
}
