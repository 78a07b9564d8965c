/* SPDX-License-Identifier: Apache-2.0 */
/* decoded - what holds for every decoded message, whatever was sent; shared by the fuzz targets of filters/. */
#ifndef STOA_TESTS_FUZZ_DECODED_H
#define STOA_TESTS_FUZZ_DECODED_H
#include "filters/decode.h"
#include "filters/normalise.h"
#include <stdlib.h>

static void must(bool cond)
{
    if (!cond)
        abort();
}

static void fuzz_field(struct st_arena *arena, const struct flt_doc *doc, const struct flt_field *field)
{
    size_t whole = field->place == FLT_IN_QUERY ? doc->query.n : doc->plain.n, step = field->text.n / 8 + 1;
    struct st_err err = ST_ERR_INIT;
    struct flt_view view;

    must(flt_utf8_good(field->text) == field->text.n && flt_utf8_good(field->path) == field->path.n);
    must(field->map != NULL && field->depth <= FLT_CHAIN_MAX);
    for (size_t at = 0; at < field->text.n; at += step) {
        uint32_t from = (uint32_t)at, to = (uint32_t)(at + (field->text.n - at + 1) / 2);

        flt_map_range(field->map, NULL, &from, &to);
        must(from <= to && to <= whole);
    }
    if (flt_normalise(arena, field->text, FLT_CASE_KEEP, &view, &err) == ST_OK && view.text.n > 0) {
        uint32_t from, to;

        flt_view_range(&view, 0, (uint32_t)view.text.n, &from, &to);
        must(from < to && to <= field->text.n && flt_utf8_good(view.text) == view.text.n);
    }
}

/* Masks the middle of the first, the middle and the last field. */
static void fuzz_redact(const struct flt_doc *doc)
{
    static const struct flt_rule rule = { .id = "fuzz", .mask = "[\"m\\]" };
    static const bool mark[3] = { true, true, true };
    struct flt_finding items[3];
    struct flt_findings findings = { .items = items, .n = 3 };
    struct st_err err = ST_ERR_INIT;
    struct st_buf out, query;

    for (uint32_t i = 0; i < 3; i++) {
        uint32_t field = (uint32_t)((doc->n - 1) * i / 2), n = (uint32_t)doc->fields[field].text.n;

        items[i] =
            (struct flt_finding){ .rule = &rule, .field = field, .from = n / 3, .to = n - n / 3, .confidence = 90 };
    }
    st_buf_init(&out, 64u << 20);
    st_buf_init(&query, 64u << 20);
    if (flt_redact(doc, &findings, mark, &out, &query, &err) != ST_OK)
        must(err.code == ST_E_UNSUPPORTED || err.code == ST_E_NOMEM);
    st_buf_fini(&out);
    st_buf_fini(&query);
}

static void fuzz_decoded(const struct flt_input *in)
{
    struct st_arena *arena = st_arena_new(256u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    must(arena != NULL);
    if (flt_decode(arena, in, &doc, &err) == ST_OK) {
        must(doc->n <= FLT_FIELDS_MAX);
        must((doc->receipt.coverage == FLT_FULLY) == (doc->receipt.reason == FLT_REASON_NONE));
        must(doc->receipt.inspected <= doc->receipt.bytes);
        must(doc->receipt.coverage != FLT_FULLY || in->body.n == 0 || doc->receipt.inspected == doc->receipt.bytes);
        for (size_t i = 0; i < doc->n; i++)
            fuzz_field(arena, doc, &doc->fields[i]);
        if (doc->n > 0)
            fuzz_redact(doc);
    } else {
        must(err.code == ST_E_LIMIT || err.code == ST_E_NOMEM);
    }
    st_arena_free(arena);
}
#endif
