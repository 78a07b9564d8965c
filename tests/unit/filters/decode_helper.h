/* SPDX-License-Identifier: Apache-2.0 */
/* decode_helper - a decoded message in one line, and the property every decoder must keep: re-decoding the bytes that
 * a map points at gives the text again. The re-decoder is written apart from the code under test, and slowly. */
#ifndef STOA_TESTS_FILTERS_DECODE_HELPER_H
#define STOA_TESTS_FILTERS_DECODE_HELPER_H
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/decode.h"
#include "slow_decode.h"
#include "t.h"

#define ARENA_MAX (64u << 20)

static inline struct st_span text_span(const char *s)
{
    return st_span(s, strlen(s));
}

static inline struct flt_doc *decode_in(struct st_arena *arena, const struct flt_input *in)
{
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_decode(arena, in, &doc, &err), err);
    return doc;
}

static inline struct flt_doc *decode_as(struct st_arena *arena, const char *type, struct st_span body)
{
    struct flt_input in = { .body = body, .content_type = text_span(type), .plain_limit = 8u << 20 };

    return decode_in(arena, &in);
}

static inline const struct flt_field *field_at(const struct flt_doc *doc, const char *path)
{
    for (size_t i = 0; i < doc->n; i++) {
        if (st_span_eq(doc->fields[i].path, text_span(path)))
            return &doc->fields[i];
    }
    return NULL;
}

static inline bool has_field(const struct flt_doc *doc, const char *path, const char *text)
{
    for (size_t i = 0; i < doc->n; i++) {
        if (st_span_eq(doc->fields[i].path, text_span(path)) && st_span_eq(doc->fields[i].text, text_span(text)))
            return true;
    }
    return false;
}

/* "path=text|path=text", for tables. */
static inline const char *show(const struct flt_doc *doc)
{
    static char line[4096];
    size_t n = 0;

    line[0] = 0;
    for (size_t i = 0; i < doc->n && n < sizeof line - 1; i++) {
        n += (size_t)snprintf(line + n, sizeof line - n, "%s%.*s=%.*s", i == 0 ? "" : "|", (int)doc->fields[i].path.n,
                              (const char *)doc->fields[i].path.p, (int)doc->fields[i].text.n,
                              (const char *)doc->fields[i].text.p);
    }
    return line;
}

/* Bytes that are not UTF-8 are question marks in a text: equal but for those. */
static inline bool same_but_bad_bytes(struct st_span text, struct st_span again)
{
    if (text.n != again.n)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != again.p[i] && !(text.p[i] == '?' && again.p[i] >= 0x80))
            return false;
    }
    return true;
}

static inline void check_range(const struct flt_doc *doc, const struct flt_field *field, size_t from, size_t to)
{
    uint32_t raw_from = (uint32_t)from, raw_to = (uint32_t)to;
    struct st_span whole = field->place == FLT_IN_QUERY ? doc->query : doc->plain;
    struct st_buf again;

    flt_map_range(field->map, NULL, &raw_from, &raw_to);
    T_CHECK(raw_from <= raw_to && raw_to <= whole.n, "%zu..%zu maps to %u..%u of %zu", from, to, raw_from, raw_to,
            whole.n);
    st_buf_init(&again, 16u << 20);
    slow_decode(field->map, st_span_sub(whole, raw_from, raw_to - raw_from), &again);
    T_CHECK(same_but_bad_bytes(st_span_sub(field->text, from, to - from), st_buf_view(&again)),
            "field %.*s: %zu..%zu maps to %u..%u, which reads otherwise", (int)field->path.n,
            (const char *)field->path.p, from, to, raw_from, raw_to);
    st_buf_fini(&again);
}

static inline size_t to_boundary(struct st_span s, size_t at)
{
    while (at < s.n && (s.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Every field is valid UTF-8, and every cut of it (or many, when it is long) maps back. */
static inline void check_maps(const struct flt_doc *doc)
{
    for (size_t i = 0; i < doc->n; i++) {
        const struct flt_field *field = &doc->fields[i];
        struct st_span text = field->text;

        T_CHECK(flt_utf8_good(text) == text.n, "field %zu is not UTF-8", i);
        T_CHECK(flt_utf8_good(field->path) == field->path.n, "path %zu is not UTF-8", i);
        T_CHECK(field->map != NULL, "field %zu has no map", i);
        T_CHECK((field->depth > 0 || text.n == 0) && field->depth <= FLT_CHAIN_MAX, "field %zu has depth %u", i,
                field->depth);
        if (st_span_ends(field->path, ST_SPAN("@seen"))) /* stands for all it was seen in */
            continue;
        check_range(doc, field, 0, text.n);
        for (size_t j = 0; j < 16 && text.n > 0; j++) {
            size_t a = to_boundary(text, text.n <= 16 ? j % text.n : t_below(text.n));
            size_t b = to_boundary(text, a + t_below(text.n - a + 1));

            check_range(doc, field, a, b);
        }
    }
}
#endif
