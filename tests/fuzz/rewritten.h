/* SPDX-License-Identifier: Apache-2.0 */
/* rewritten - what holds for a message of a protocol inside a socket or poll after a mask was written into it. */
#ifndef STOA_TESTS_FUZZ_REWRITTEN_H
#define STOA_TESTS_FUZZ_REWRITTEN_H
#include "filters/escape.h"
#include "tests/fuzz/decoded.h"

static const struct flt_rule fuzz_mask = { .id = "fuzz", .mask = "[<\"m&'\n\xC3\xBC>]" };

static struct st_span fuzz_written(const struct flt_doc *doc, struct flt_finding *finding, struct st_buf *out)
{
    struct flt_findings findings = { .items = finding, .n = finding != NULL };
    struct st_err err = ST_ERR_INIT;
    struct st_buf query;
    bool mark = true;
    enum st_rc rc;

    st_buf_init(out, 64u << 20);
    st_buf_init(&query, 1u << 20);
    rc = flt_redact(doc, &findings, &mark, out, &query, &err);
    st_buf_fini(&query);
    must(rc == ST_OK || err.code == ST_E_UNSUPPORTED || err.code == ST_E_NOMEM);
    return rc == ST_OK ? st_buf_view(out) : ST_SPAN_NONE;
}

static bool fuzz_is_seen(const struct flt_field *field)
{
    return st_span_ends(field->path, ST_SPAN("@seen"));
}

/* The mask stands for all of it but the marks of CDATA, which say nothing and keep what is around them well-formed. */
static bool fuzz_is_mask(struct st_span text)
{
    struct st_span mask = st_span_str(fuzz_mask.mask), rest = st_span_sub(text, mask.n, text.n);
    size_t n;

    while ((n = flt_cdata_mark(rest)) > 0)
        rest = st_span_sub(rest, n, rest.n);
    return st_span_starts(text, mask) && rest.n == 0;
}

/* Of the fields, only the one at `but` differs; names of events are in the paths of others. */
static void fuzz_same(const struct flt_doc *a, const struct flt_doc *b, size_t but)
{
    bool is_name =
        st_span_ends(a->fields[but].path, ST_SPAN("@event")) || st_span_ends(a->fields[but].path, ST_SPAN("@key"));

    must(b->receipt.coverage == FLT_FULLY && a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        must(is_name || st_span_eq(a->fields[i].path, b->fields[i].path));
        must(i == but || fuzz_is_seen(&a->fields[i]) || st_span_eq(a->fields[i].text, b->fields[i].text));
    }
    must(fuzz_is_mask(b->fields[but].text));
}

static void fuzz_rewritten(const struct flt_input *in)
{
    struct st_arena *arena = st_arena_new(256u << 20);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL, *again = NULL;
    struct flt_input next = *in;
    struct st_buf out;

    must(arena != NULL);
    if (flt_decode(arena, in, &doc, &err) != ST_OK)
        goto out;
    must(st_span_eq(fuzz_written(doc, NULL, &out), doc->plain));
    st_buf_fini(&out);
    for (size_t i = 0; doc->receipt.coverage == FLT_FULLY && i < doc->n; i += doc->n / 4 + 1) {
        struct flt_finding finding = {
            .rule = &fuzz_mask, .field = (uint32_t)i, .to = (uint32_t)doc->fields[i].text.n, .confidence = 90
        };

        if (doc->fields[i].place == FLT_IN_QUERY || doc->fields[i].text.n == 0)
            continue;
        next.body = fuzz_written(doc, &finding, &out);
        if (next.body.n > 0 && flt_decode(arena, &next, &again, &err) == ST_OK)
            fuzz_same(doc, again, i);
        st_buf_fini(&out);
    }
out:
    st_arena_free(arena);
}
#endif
