/* SPDX-License-Identifier: Apache-2.0 */
/* pack_own - a rule's file of own data: opened, held against its key and against what the rule says of its columns.
 *
 * What is wrong with the files themselves is said with their names; what is wrong with the rule, with its place in the
 * pack.
 */
#include "base/hash.h"
#include "filters/rules.h"
#include <stdlib.h>
#include <string.h>

/* The number of the column; n_names of the table when there is none. */
static size_t column_of(const struct flt_own_table *t, const char *name)
{
    struct flt_own_names column;
    size_t i = 0;

    while (flt_own_name(t, i, &column) && strcmp(column.name, name) != 0)
        i++;
    return i;
}

static bool read_alone(struct flt_detector *d, const struct flt_rows_option *o, struct st_diag *diag)
{
    const char *known[FLT_OWN_COLUMNS_MAX];
    const struct st_str *names = o->alone.items;
    struct flt_own_names column;
    bool is_good = true;
    size_t n = 0;

    for (; n < ST_LEN(known) && flt_own_name(d->rows.table, n, &column); n++)
        known[n] = column.name;
    for (size_t i = 0; i < o->alone.n; i++) {
        const char *near = st_diag_nearest(names[i].s, known, n);
        size_t c = column_of(d->rows.table, names[i].s);

        if (c < n) {
            d->rows.alone |= 1u << c;
            continue;
        }
        (void)st_diag_add(diag, d->file, names[i].pos.line, names[i].pos.col,
                          "the file has no column '%s'; `stoa edm check` lists them%s%s%s", names[i].s,
                          near != NULL ? ", did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
        is_good = false;
    }
    if (d->rows.least > n) {
        (void)st_diag_add(diag, d->file, o->pos.line, o->pos.col, "columns: %u, and the file has %zu", d->rows.least,
                          n);
        is_good = false;
    }
    return is_good;
}

bool flt_rows_load(struct flt_detector *d, const struct flt_rows_option *o, const char *file, const char *key,
                   struct st_diag *diag)
{
    struct flt_own_facts facts;
    struct flt_own_key bytes;
    struct st_err why;
    bool is_good = false;

    d->rows.least = (uint32_t)o->columns;
    d->rows.within = (uint32_t)o->within;
    if (flt_own_key_read(key, false, &bytes, diag, &why) != ST_OK)
        return false;
    if (flt_own_open(file, &d->rows.table, diag, &why) != ST_OK)
        goto out;
    flt_own_facts(d->rows.table, &facts);
    if (facts.is_copies)
        (void)st_diag_add(diag, d->file, o->file.pos.line, o->file.pos.col,
                          "'%s' holds fingerprints of documents; find: copies looks for them", o->file.s);
    else if (!flt_own_key_fits(d->rows.table, &bytes))
        (void)st_diag_add(diag, d->file, o->key.pos.line, o->key.pos.col,
                          "'%s' was built with another key than '%s'; build it again with this one", o->file.s,
                          o->key.s);
    else
        is_good = read_alone(d, o, diag) && own_keys_make(&bytes, &d->rows.keys, &why) == ST_OK;
out:
    st_wipe(&bytes, sizeof bytes);
    return is_good;
}

bool flt_copies_load(struct flt_packs *packs, struct flt_detector *d, const struct flt_copies_option *o,
                     const char *file, struct st_diag *diag)
{
    struct flt_own_facts facts;
    struct flt_own_key salt;
    uint32_t *totals = NULL;
    struct st_err why;
    bool is_good = false;

    d->copies.enough.share = (unsigned)o->share;
    d->copies.enough.words = (unsigned)o->words;
    if (flt_own_open(file, &d->copies.table, diag, &why) != ST_OK)
        return false;
    flt_own_facts(d->copies.table, &facts);
    memcpy(salt.bytes, d->copies.table->head.salt, sizeof salt.bytes);
    if (!facts.is_copies)
        (void)st_diag_add(diag, d->file, o->file.pos.line, o->file.pos.col,
                          "'%s' holds rows of a table; find: rows looks for them", o->file.s);
    else if (own_keys_make(&salt, &d->copies.keys, &why) == ST_OK && (totals = own_totals(d->copies.table)) != NULL)
        d->copies.enough.totals = st_arena_dup(packs->arena, totals, (facts.rows + 1) * sizeof *totals);
    is_good = d->copies.enough.totals != NULL;
    if (facts.is_copies && !is_good)
        (void)st_diag_add(diag, d->file, o->file.pos.line, o->file.pos.col, "'%s' does not fit into memory", o->file.s);
    free(totals);
    return is_good;
}
