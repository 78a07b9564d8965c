/* SPDX-License-Identifier: Apache-2.0 */
/* own_copies - from documents to a file of their fingerprints, and which of them a text was copied from.
 *
 * The key of such a file is random and lies in the file: who has it can tell whether a passage that he knows is in a
 * document, and nothing more. What stands in the documents to ignore (letterheads, licences, the forms that everybody
 * fills in) is left out of all of them.
 */
#include "base/hash.h"
#include "filters/filters.h"
#include "filters/normalise.h"
#include "filters/own_prints.h"
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX  (64u << 20)
#define PRINTS_MAX (16u << 20) /* of one document, and of all that is ignored */

struct list { /* of hashes */
    uint64_t *p;
    size_t n, room;
};

struct flt_copies {
    struct own_build *build;
    struct own_head head;
    struct own_keys keys;
    struct list ignored, document;
    struct st_buf names;
};

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static enum st_rc add(struct list *l, uint64_t hash, struct st_err *err)
{
    if (l->n == l->room) {
        size_t room = l->room == 0 ? 1024 : 2 * l->room;
        uint64_t *p = room <= PRINTS_MAX ? realloc(l->p, room * sizeof *p) : NULL;

        if (p == NULL)
            return st_fail(err, room > PRINTS_MAX ? ST_E_LIMIT : ST_E_NOMEM, "own.copies", "too many fingerprints",
                           room);
        l->p = p;
        l->room = room;
    }
    l->p[l->n++] = hash;
    return ST_OK;
}

static void sort_once(struct list *l)
{
    size_t kept = 0;

    if (l->n > 0)
        qsort(l->p, l->n, sizeof *l->p, by_number);
    for (size_t i = 0; i < l->n; i++)
        if (i == 0 || l->p[i] != l->p[i - 1])
            l->p[kept++] = l->p[i];
    l->n = kept;
}

/* The fingerprints of all of a document's texts, each once, in order. */
static enum st_rc read_prints(const struct own_keys *keys, const struct flt_doc *doc, struct list *out,
                              struct st_err *err)
{
    struct st_arena *arena = st_arena_new((size_t)1 << 30);
    enum st_rc rc = arena != NULL ? ST_OK : st_fail(err, ST_E_NOMEM, "own.copies", "arena", 0);

    for (size_t i = 0; i < doc->n && rc == ST_OK; i++) {
        struct own_prints prints;
        struct own_print print;
        struct flt_view view;

        if ((rc = flt_normalise(arena, doc->fields[i].text, FLT_CASE_KEEP, &view, err)) != ST_OK)
            break;
        own_prints_start(&prints, keys, view.text);
        while (rc == ST_OK && own_prints_next(&prints, &print))
            rc = add(out, print.hash, err);
    }
    sort_once(out);
    st_arena_free(arena);
    return rc;
}

enum st_rc flt_copies_new(const char *to, struct flt_copies **out, struct st_err *err)
{
    struct flt_copies *c = calloc(1, sizeof *c);
    struct flt_own_key salt;

    if (c == NULL)
        return st_fail(err, ST_E_NOMEM, "own.copies", "copies", sizeof *c);
    st_buf_init(&c->names, NAMES_MAX);
    if (st_random(salt.bytes, sizeof salt.bytes, err) != ST_OK || own_keys_make(&salt, &c->keys, err) != ST_OK ||
        own_build_new(to, &c->build, err) != ST_OK) {
        flt_copies_free(c);
        return ST_ERR;
    }
    memcpy(c->head.salt, salt.bytes, sizeof c->head.salt);
    memcpy(c->head.key_check, c->keys.check, sizeof c->head.key_check);
    *out = c;
    return ST_OK;
}

void flt_copies_free(struct flt_copies *c)
{
    if (c == NULL)
        return;
    own_build_free(c->build);
    free(c->ignored.p);
    free(c->document.p);
    st_buf_fini(&c->names);
    free(c);
}

enum st_rc flt_copies_ignore(struct flt_copies *c, const struct flt_doc *doc, struct st_err *err)
{
    return read_prints(&c->keys, doc, &c->ignored, err);
}

enum st_rc flt_copies_add(struct flt_copies *c, const char *name, const struct flt_doc *doc, size_t *prints,
                          struct st_err *err)
{
    struct list *l = &c->document;

    l->n = *prints = 0;
    if (read_prints(&c->keys, doc, l, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < l->n; i++) {
        if (c->ignored.n > 0 && bsearch(&l->p[i], c->ignored.p, c->ignored.n, sizeof l->p[0], by_number) != NULL)
            continue;
        own_build_add(c->build, l->p[i], c->head.n_names);
        ++*prints;
    }
    if (*prints == 0)
        return ST_OK;
    own_put_name(&c->names, 0, (uint32_t)*prints, st_span_str(name));
    c->head.n_names++;
    return st_buf_done(&c->names, err, "own.copies");
}

enum st_rc flt_copies_done(struct flt_copies *c, struct st_err *err)
{
    c->head.kind = OWN_COPIES;
    c->head.rows = c->head.n_names;
    return own_build_done(c->build, &c->head, st_buf_view(&c->names), err);
}

/* ---- of which documents ------------------------------------------------------------------------------------------ */

enum st_rc flt_copies_check(const struct flt_own_table *t, const struct flt_doc *doc, flt_copy_f *fn, void *ctx,
                            struct st_err *err)
{
    struct own_copy copies[OWN_DOCS_MAX];
    struct list prints = { .p = NULL };
    uint32_t *cells = NULL, *totals = own_totals(t);
    struct flt_own_key salt;
    struct own_keys keys;
    enum st_rc rc = ST_ERR;
    size_t n = 0;

    memcpy(salt.bytes, t->head.salt, sizeof salt.bytes);
    if (totals == NULL || own_keys_make(&salt, &keys, err) != ST_OK || read_prints(&keys, doc, &prints, err) != ST_OK ||
        (cells = malloc((t->head.cells + 1) * sizeof *cells)) == NULL)
        goto out;
    for (size_t i = 0; i < prints.n; i++) {
        struct own_cells found = own_find(t, prints.p[i]);

        for (uint32_t k = 0; k < found.n; k++)
            cells[n++] = found.from + k; /* each once: the prints are different */
    }
    n = own_copies(t, &(struct own_enough){ totals, 1, 0 }, cells, n, copies);
    for (size_t i = 0; i < n; i++) {
        uint32_t total = totals[copies[i].document];
        struct flt_own_names name;

        if (flt_own_name(t, copies[i].document, &name))
            fn(ctx, name.name, (unsigned)((uint64_t)copies[i].prints * 100 / (total > 0 ? total : 1)),
               (uint64_t)copies[i].prints * PRINT_EVERY);
    }
    rc = ST_OK;
out:
    if (rc != ST_OK && (totals == NULL || cells == NULL) && err->code == ST_E_NONE)
        (void)st_fail(err, ST_E_NOMEM, "own.copies", "memory is out", 0);
    free(prints.p);
    free(cells);
    free(totals);
    return rc;
}
