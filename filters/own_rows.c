/* SPDX-License-Identifier: Apache-2.0 */
/* own_rows - from a CSV to a file of keyed hashes: which columns, how they are read, and what counts nothing.
 *
 * A cell becomes one hash, or two for a name with something in the middle; its row and column stand beside it. Values
 * that say nothing about anybody ("unknown", "n/a") are left out when a list names them: they are compared as they are
 * hashed, so case and punctuation do not matter there either.
 */
#include "base/hash.h"
#include "filters/normalise.h"
#include "filters/own_csv.h"
#include "filters/own_words.h"
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 4u /* columns that make one value */
#define STOP_MAX  65536u
#define BAD_MAX   20u /* mistakes that are told before it is given up */

struct column {
    char name[128]; /* "first+last" */
    enum flt_own_type type;
    size_t parts[PARTS_MAX], n_parts;
    uint32_t cells;
};

struct rows {
    const struct flt_rows_plan *plan;
    struct own_keys keys;
    struct column columns[FLT_OWN_COLUMNS_MAX];
    size_t n_columns, n_fields, n_bad;
    uint64_t *stop; /* sorted; owned */
    size_t n_stop;
    struct csv csv;
    struct own_build *build;
    struct own_head head;
    struct flt_rows_told *told;
    struct st_arena *arena; /* of one record */
    struct st_err *err;
};

static enum st_rc wrong_plan(struct rows *r)
{
    return st_fail(r->err, ST_E_CONFIG, "own.columns", "the columns cannot be used", 0);
}

#define SAY(r, line, col, ...) ((void)st_diag_add((r)->plan->diag, (r)->plan->source, line, col, __VA_ARGS__))

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static enum st_rc find_field(struct rows *r, struct st_span name, size_t *out)
{
    const char *known[CSV_FIELDS_MAX];
    const char *word = NULL, *near;
    size_t n = 0;

    for (size_t i = 0; i < r->csv.n; i++) {
        if (st_span_eq(st_span_trim(csv_field(&r->csv, i)), name)) {
            *out = i;
            return ST_OK;
        }
        if ((known[n] = st_arena_str(r->arena, csv_field(&r->csv, i))) != NULL)
            n++;
    }
    word = st_arena_str(r->arena, name);
    near = word != NULL ? st_diag_nearest(word, known, n) : NULL;
    if (near != NULL)
        SAY(r, 1, 1, "no column \"%s\"; did you mean \"%s\"?", word, near);
    else
        SAY(r, 1, 1, "no column \"%s\"; this line has to name it (the separator is '%c', the first name is \"%s\")",
            word != NULL ? word : "", r->csv.separator == '\t' ? 't' : r->csv.separator, n > 0 ? known[0] : "");
    return wrong_plan(r);
}

static enum st_rc read_type(struct rows *r, struct st_span type, struct column *c)
{
    char word[32] = "";

    if (type.n < sizeof word)
        memcpy(word, type.p, type.n);
    for (c->type = FLT_OWN_TEXT; c->type <= FLT_OWN_DATE_US; c->type++)
        if (strcmp(word, flt_own_type_name(c->type)) == 0)
            return ST_OK;
    (void)st_diag_add(r->plan->diag, "--columns", 0, 0,
                      "column \"%s\": expected a type of text, name, number, email, date or date-us behind the colon",
                      c->name);
    return wrong_plan(r);
}

/* first+last:name */
static enum st_rc read_column(struct rows *r, struct st_span spec)
{
    struct column *c = &r->columns[r->n_columns];
    size_t colon = st_span_chr(spec, ':');
    struct st_span names = st_span_trim(st_span_sub(spec, 0, colon)), part;

    if (r->n_columns == FLT_OWN_COLUMNS_MAX || names.n == 0 || names.n >= sizeof c->name) {
        (void)st_diag_add(r->plan->diag, "--columns", 0, 0,
                          "expected 1 to %d names of columns, e.g. account:number,first+last:name",
                          FLT_OWN_COLUMNS_MAX);
        return wrong_plan(r);
    }
    memcpy(c->name, names.p, names.n);
    if (colon != ST_SPAN_NPOS && read_type(r, st_span_trim(st_span_sub(spec, colon + 1, spec.n)), c) != ST_OK)
        return ST_ERR;
    while (st_span_next(&names, '+', &part)) {
        if (c->n_parts == PARTS_MAX) {
            (void)st_diag_add(r->plan->diag, "--columns", 0, 0, "at most %u columns make one value", PARTS_MAX);
            return wrong_plan(r);
        }
        if (find_field(r, part, &c->parts[c->n_parts++]) != ST_OK)
            return ST_ERR;
    }
    r->head.types |= 1u << c->type;
    r->n_columns++;
    return ST_OK;
}

static enum st_rc read_columns(struct rows *r)
{
    struct st_span rest = st_span_str(r->plan->columns), spec;
    enum st_rc rc = csv_next(&r->csv, r->err);

    if (rc == ST_AGAIN) {
        SAY(r, 1, 1, "expected a line with the names of the columns");
        rc = wrong_plan(r);
    }
    r->n_fields = r->csv.n;
    while (rc == ST_OK && st_span_next(&rest, ',', &spec))
        rc = read_column(r, spec);
    if (rc == ST_OK && r->n_columns == 0)
        rc = read_column(r, ST_SPAN_NONE);
    return rc;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool is_stopped(const struct rows *r, const struct own_hashes *h)
{
    return r->n_stop > 0 && bsearch(&h->values[0], r->stop, r->n_stop, sizeof *r->stop, by_number) != NULL;
}

/* A stop value counts nothing in any column. */
static enum st_rc read_stop(struct rows *r)
{
    struct st_span rest = r->plan->stop, line;
    struct own_hashes h;

    if (rest.n == 0)
        return ST_OK;
    if ((r->stop = malloc(STOP_MAX * 4 * sizeof *r->stop)) == NULL)
        return st_fail(r->err, ST_E_NOMEM, "own.stop", "stop values", STOP_MAX);
    while (st_span_next(&rest, '\n', &line)) {
        struct flt_view view;

        if (r->n_stop + FLT_OWN_DATE_US + 1 > 4 * STOP_MAX)
            return st_fail(r->err, ST_E_LIMIT, "own.stop", "too many stop values", STOP_MAX);
        if (flt_normalise(r->arena, line, FLT_CASE_KEEP, &view, r->err) != ST_OK)
            return ST_ERR;
        for (enum flt_own_type t = FLT_OWN_TEXT; t <= FLT_OWN_DATE_US; t++)
            if (own_hash(&r->keys, t, view.text, &h) == OWN_FOUND_VALUE)
                r->stop[r->n_stop++] = h.values[0];
    }
    qsort(r->stop, r->n_stop, sizeof *r->stop, by_number);
    return ST_OK;
}

static void widen(struct st_buf *out, struct st_span s, bool is_latin1)
{
    uint8_t utf8[4];

    for (size_t i = 0; is_latin1 && i < s.n; i++)
        st_buf_put(out, utf8, st_utf8_put(s.p[i], utf8));
    if (!is_latin1)
        st_buf_span(out, s);
}

static bool is_utf8(struct st_span s)
{
    for (size_t n; s.n > 0; s = st_span_sub(s, n, s.n))
        if ((n = st_span_utf8(s)) == 0)
            return false;
    return true;
}

static void bad_cell(struct rows *r, const struct column *c, const char *what)
{
    const struct csv_field *f = &r->csv.fields[c->parts[0]];

    SAY(r, f->line, f->col, "column %s: %s", c->name, what);
    r->n_bad++;
}

static void add_cell(struct rows *r, struct column *c, struct st_span view)
{
    uint32_t ref = (uint32_t)r->told->rows << 4 | (uint32_t)(c - r->columns);
    struct own_hashes h;
    enum own_found found = own_hash(&r->keys, c->type, view, &h);

    if (found == OWN_FOUND_WRONG)
        bad_cell(r, c,
                 c->type == FLT_OWN_EMAIL ? "expected an e-mail address, or nothing"
                                          : "expected a date such as 2024-02-29 or 29.02.2024, or nothing");
    if (found != OWN_FOUND_VALUE || is_stopped(r, &h)) {
        r->told->stopped++;
        return;
    }
    for (size_t i = 0; i < h.n_values; i++)
        own_build_add(r->build, h.values[i], ref);
    for (size_t i = 0; i < h.n_marks; i++)
        own_build_add(r->build, h.marks[i], OWN_REF_NONE);
    if (h.words > r->head.words_max)
        r->head.words_max = h.words;
    r->head.number_lengths |= h.number > 0 ? UINT64_C(1) << h.number : 0;
    c->cells++;
    r->told->cells++;
}

static enum st_rc add_record(struct rows *r)
{
    struct flt_view view;
    struct st_buf text;
    enum st_rc rc = ST_OK;

    if (r->csv.n != r->n_fields) {
        SAY(r, r->csv.fields[0].line, 1, "expected %zu fields as in the first line, found %zu", r->n_fields, r->csv.n);
        r->n_bad++;
        return ST_OK;
    }
    st_buf_init(&text, 4 * CSV_RECORD_MAX);
    for (size_t i = 0; i < r->n_columns && rc == ST_OK; i++) {
        struct column *c = &r->columns[i];

        st_buf_reset(&text);
        for (size_t k = 0; k < c->n_parts; k++) {
            if (k > 0)
                st_buf_byte(&text, ' ');
            widen(&text, csv_field(&r->csv, c->parts[k]), r->plan->is_latin1);
        }
        if ((rc = st_buf_done(&text, r->err, "own.rows")) != ST_OK)
            break;
        if (!is_utf8(st_buf_view(&text))) {
            bad_cell(r, c, "expected UTF-8; if the file is in Latin-1, say --latin1");
            continue;
        }
        rc = flt_normalise(r->arena, st_buf_view(&text), FLT_CASE_KEEP, &view, r->err);
        if (rc == ST_OK)
            add_cell(r, c, view.text);
    }
    st_buf_fini(&text);
    r->told->rows++;
    return rc;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum st_rc renew_arena(struct rows *r)
{
    if (r->arena != NULL && st_arena_used(r->arena) < 1u << 20)
        return ST_OK;
    st_arena_free(r->arena);
    if ((r->arena = st_arena_new(64u << 20)) == NULL)
        return st_fail(r->err, ST_E_NOMEM, "own.rows", "arena", 0);
    return ST_OK;
}

static enum st_rc read_records(struct rows *r)
{
    enum st_rc rc;

    while ((rc = csv_next(&r->csv, r->err)) == ST_OK) {
        if (r->told->rows == FLT_OWN_ROWS_MAX) {
            SAY(r, r->csv.fields[0].line, 1, "a file has at most %u rows", FLT_OWN_ROWS_MAX);
            return wrong_plan(r);
        }
        if (renew_arena(r) != ST_OK || add_record(r) != ST_OK)
            return ST_ERR;
        if (r->n_bad == BAD_MAX) {
            SAY(r, 0, 0, "%u mistakes, the rest was not read", BAD_MAX);
            break;
        }
    }
    if (rc == ST_ERR || r->n_bad > 0)
        return rc == ST_ERR ? rc : st_fail(r->err, ST_E_CONFIG, "own.rows", "the file has mistakes", r->n_bad);
    if (r->told->cells == 0) {
        SAY(r, 0, 0, "no values in these columns");
        return st_fail(r->err, ST_E_CONFIG, "own.rows", "there is nothing to look for", 0);
    }
    return ST_OK;
}

static enum st_rc finish(struct rows *r)
{
    struct st_buf names;
    enum st_rc rc;

    st_buf_init(&names, 1u << 16);
    for (size_t i = 0; i < r->n_columns; i++)
        own_put_name(&names, r->columns[i].type, r->columns[i].cells, st_span_str(r->columns[i].name));
    r->head.kind = OWN_ROWS;
    r->head.n_names = (uint32_t)r->n_columns;
    r->head.rows = r->told->rows;
    memcpy(r->head.key_check, r->keys.check, sizeof r->head.key_check);
    rc = st_buf_done(&names, r->err, "own.rows");
    if (rc == ST_OK)
        rc = own_build_done(r->build, &r->head, st_buf_view(&names), r->err);
    st_buf_fini(&names);
    return rc;
}

enum st_rc flt_rows_build(const struct flt_rows_plan *plan, int fd, const char *to, struct flt_rows_told *told,
                          struct st_err *err)
{
    struct rows *r = calloc(1, sizeof *r);
    enum st_rc rc = ST_ERR;

    *told = (struct flt_rows_told){ .rows = 0 };
    if (r == NULL)
        return st_fail(err, ST_E_NOMEM, "own.rows", "rows", sizeof *r);
    r->plan = plan;
    r->told = told;
    r->err = err;
    csv_init(&r->csv, fd, plan->source, plan->separator, plan->diag);
    if (own_keys_make(&plan->key, &r->keys, err) == ST_OK && renew_arena(r) == ST_OK && read_stop(r) == ST_OK &&
        read_columns(r) == ST_OK && own_build_new(to, &r->build, err) == ST_OK && read_records(r) == ST_OK)
        rc = finish(r);
    own_build_free(r->build);
    csv_fini(&r->csv);
    st_arena_free(r->arena);
    free(r->stop);
    st_wipe(&r->keys, sizeof r->keys);
    free(r);
    return rc;
}

uint64_t flt_own_rows_of(const struct flt_own_table *t, const struct flt_own_key *key, struct st_span value,
                         size_t column)
{
    struct st_arena *arena = st_arena_new(64u << 20);
    uint32_t type = own_type_of(t, column);
    struct own_hashes h = { .n_values = 0 };
    struct flt_view view;
    struct own_keys keys;
    uint64_t found = 0;

    if (arena != NULL && own_keys_make(key, &keys, NULL) == ST_OK &&
        flt_normalise(arena, value, FLT_CASE_KEEP, &view, NULL) == ST_OK)
        (void)own_hash(&keys, (enum flt_own_type)type, view.text, &h);
    if (h.n_values > 0) {
        struct own_cells cells = own_find(t, h.values[0]);

        for (uint32_t i = 0; i < cells.n; i++)
            found += (t->refs[cells.from + i] & 15) == column;
    }
    st_arena_free(arena);
    return found;
}
