/* SPDX-License-Identifier: Apache-2.0 */
/* wire_helper - what the tests of the protocols inside sockets and polls share: a row, the mask over one field, and
 * what must hold for every message wherever it is cut. */
#ifndef STOA_TESTS_FILTERS_WIRE_HELPER_H
#define STOA_TESTS_FILTERS_WIRE_HELPER_H
#include "decode_helper.h"

struct wire_row {
    const char *query, *type, *body;
    size_t body_n; /* 0: a string */
    const char *fields;
    enum flt_coverage coverage;
};

static inline struct st_span row_body(const struct wire_row *row)
{
    return row->body_n > 0 ? st_span(row->body, row->body_n) : text_span(row->body);
}

static inline struct flt_input row_input(const struct wire_row *row, enum flt_wire wire)
{
    return (struct flt_input){ .query = text_span(row->query),
                               .body = row_body(row),
                               .content_type = text_span(row->type),
                               .plain_limit = 1u << 20,
                               .wire = wire,
                               .is_message = row->query[0] == 0 };
}

/* Writes a mask over the field at the path (the nth with it) and shows the message that comes of it. */
static inline bool mask_field(const struct flt_doc *doc, const char *path, const char *word, struct st_buf *out)
{
    static struct flt_rule rule = { .id = "t", .mask = "[<\"m\\ü\n&'>]" };
    struct flt_findings findings = { .n = 1 };
    struct flt_finding finding = { .rule = &rule, .confidence = 90 };
    struct st_err err = ST_ERR_INIT;
    struct st_buf query;
    bool mark = true;
    enum st_rc rc;

    findings.items = &finding;
    for (; finding.field < doc->n; finding.field++) {
        const struct flt_field *field = &doc->fields[finding.field];
        size_t at = st_span_find(field->text, text_span(word));

        if (!st_span_eq(field->path, text_span(path)) || at == ST_SPAN_NPOS)
            continue;
        finding.from = (uint32_t)at;
        finding.to = (uint32_t)(at + strlen(word));
        st_buf_init(&query, 4096);
        rc = flt_redact(doc, &findings, &mark, out, &query, &err);
        st_buf_fini(&query);
        return rc == ST_OK;
    }
    return false;
}

/* Redacting nothing gives the same bytes. */
static inline void check_unchanged(const struct flt_doc *doc)
{
    struct flt_findings none = { 0 };
    struct st_err err = ST_ERR_INIT;
    struct st_buf out, query;

    st_buf_init(&out, 1u << 20);
    st_buf_init(&query, 1u << 20);
    T_OK(flt_redact(doc, &none, NULL, &out, &query, &err), err);
    T_CHECK(st_span_eq(st_buf_view(&out), doc->plain) && st_span_eq(st_buf_view(&query), doc->query), "changed");
    st_buf_fini(&out);
    st_buf_fini(&query);
}

static inline void check_rows(const struct wire_row *rows, size_t n, enum flt_wire wire)
{
    for (size_t i = 0; i < n; i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = row_input(&rows[i], wire);
        struct flt_doc *doc = decode_in(arena, &in);
        size_t skip = 0;

        while (skip < doc->n && doc->fields[skip].place == FLT_IN_QUERY)
            skip++;
        doc->fields += skip;
        doc->n -= skip;
        T_CHECK(strcmp(show(doc), rows[i].fields) == 0, "row %zu gives %s", i, show(doc));
        T_CHECK(doc->receipt.coverage == rows[i].coverage, "row %zu: %s", i, flt_coverage_name(doc->receipt.coverage));
        T_CHECK((rows[i].coverage == FLT_FULLY) == (doc->receipt.reason == FLT_REASON_NONE), "row %zu: reason", i);
        check_maps(doc);
        check_unchanged(doc);
        st_arena_free(arena);
    }
}

/* Every row cut at every byte: no crash, maps inside the message, nothing changed when nothing is masked; what is cut
 * short is seen or told in the receipt. */
static inline void check_cuts(const struct wire_row *rows, size_t n, enum flt_wire wire)
{
    for (size_t i = 0; i < n; i++) {
        struct flt_input in = row_input(&rows[i], wire);

        for (size_t cut = 0; cut < row_body(&rows[i]).n; cut++) {
            struct st_arena *arena = st_arena_new(ARENA_MAX);
            uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that a read past the end is seen */
            struct flt_doc *doc;

            memcpy(exact, rows[i].body, cut);
            in.body = st_span(exact, cut);
            doc = decode_in(arena, &in);
            check_maps(doc);
            check_unchanged(doc);
            st_arena_free(arena);
            free(exact);
        }
    }
}

/* Fails the 1st, 2nd, … allocation in turn. */
static inline void check_every_oom(const struct wire_row *row, enum flt_wire wire)
{
    struct flt_input in = row_input(row, wire);

    for (int nth = 1;; nth++) {
        struct st_arena *arena;
        struct flt_doc *doc = NULL;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc = ST_ERR;

        t_fail_alloc(nth);
        arena = st_arena_new(ARENA_MAX);
        if (arena != NULL)
            rc = flt_decode(arena, &in, &doc, &err);
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || arena == NULL || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        st_arena_free(arena);
        if (rc == ST_OK)
            break;
    }
}
#endif
