/* SPDX-License-Identifier: Apache-2.0 */
/* find_copies - passages that were copied out of the customer's documents.
 *
 * The first reading of a message collects which fingerprints are hit, over all its fields; then it is known of which
 * documents there is enough. What is read in stretches takes the hits along. The second makes passages of the hits of
 * those documents: hits that lie near one another are one, so that a mask covers what was copied and not every third
 * line of it.
 */
#include "filters/scanner.h"
#include <string.h>

#define PASSAGE_GAP 600u /* bytes between two hits of one passage */
#define ALIKE_MAX   64u  /* documents that are looked at for one fingerprint */

static bool is_found(const struct own_copied *c, const struct own_cells *cells)
{
    const uint32_t *refs = c->detector->copies.table->refs + cells->from;

    for (uint32_t i = 0; i < cells->n && i < ALIKE_MAX; i++)
        for (size_t k = 0; k < c->n_found; k++)
            if (refs[i] == c->found[k].document)
                return true;
    return false;
}

static void note(struct own_copied *c, const struct own_cells *cells)
{
    for (uint32_t i = 0; i < cells->n && i < ALIKE_MAX && c->n_cells < OWN_CELLS; i++)
        c->cells[c->n_cells++] = cells->from + i;
}

static void consider(struct flt_scanner *s, const struct own_copied *c, uint32_t from, uint32_t to)
{
    struct flt_guess g = { c->detector, from, to, st_span_sub(s->text, from, to - from), 0 };

    if (to > from)
        flt_consider(s, &g);
}

static void walk(struct flt_scanner *s, struct own_copied *c)
{
    const struct flt_own_table *t = c->detector->copies.table;
    uint32_t from = 0, to = 0; /* the passage */
    struct own_prints prints;
    struct own_print print;

    own_prints_start(&prints, &c->detector->copies.keys, s->text);
    while (own_prints_next(&prints, &print)) {
        struct own_cells cells = { 0, 0 };

        if (own_may_have(t, print.hash))
            cells = own_find(t, print.hash);
        if (s->is_counting)
            note(c, &cells);
        else if (is_found(c, &cells)) {
            if (to == 0 || print.from > to + PASSAGE_GAP) {
                consider(s, c, from, to);
                from = print.from;
            }
            to = print.to;
        }
    }
    consider(s, c, from, to);
}

void flt_find_copies(struct flt_scanner *s)
{
    for (size_t i = 0; s->own != NULL && i < s->own->n_copied; i++)
        if (s->is_counting || s->own->copied[i].n_found > 0)
            walk(s, &s->own->copied[i]);
}

void flt_copies_resume(struct flt_own *own, const struct st_buf *cells)
{
    for (size_t i = 0; own != NULL && i < own->n_copied; i++) {
        struct own_copied *c = &own->copied[i];

        c->n_cells = cells[i].n / sizeof *c->cells;
        if (c->n_cells > 0)
            memcpy(c->cells, cells[i].p, cells[i].n);
    }
}

enum st_rc flt_copies_keep(struct flt_own *own, struct st_buf *cells, struct st_err *err)
{
    for (size_t i = 0; own != NULL && i < own->n_copied; i++) {
        struct own_copied *c = &own->copied[i];

        c->n_cells = own_cells_once(c->cells, c->n_cells);
        st_buf_reset(&cells[i]);
        st_buf_put(&cells[i], c->cells, c->n_cells * sizeof *c->cells);
        if (st_buf_done(&cells[i], err, "scan.copies") != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}
