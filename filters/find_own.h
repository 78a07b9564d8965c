/* SPDX-License-Identifier: Apache-2.0 */
/* find_own - rules that look for the customer's own data: what they keep while a message is read.
 *
 * Internal to this room. A message is read twice when one of them may find something, as with dictionaries: first the
 * hits are put together over all fields, then those that belong to a find are candidates. The hits of both readings are
 * the same in the same order, so a hit is known by its number.
 */
#ifndef STOA_FILTERS_FIND_OWN_H
#define STOA_FILTERS_FIND_OWN_H
#include "filters/own_prints.h"
#include "filters/rules.h"

struct flt_scanner;

#define OWN_RING   1024u    /* hits that are remembered, of one rule */
#define OWN_MARKED 1024u    /* hits that belong to finds, of one rule and message */
#define OWN_DRIVE  2048u    /* a value of more rows says only together with a rarer one */
#define OWN_WORK   4000000u /* comparisons of one message; behind that every hit counts as found */

struct own_hit {
    uint64_t from, to; /* bytes since the message's start */
    struct own_cells cells;
    uint32_t number;
};

struct own_rows { /* of one rule with find: rows */
    const struct flt_detector *detector;
    struct own_hit ring[OWN_RING];
    uint32_t n_hits; /* so far; ring[n % OWN_RING] is the latest */
    uint32_t marked[OWN_MARKED];
    size_t n_marked;
    bool is_all; /* the marks did not hold all: every hit is taken */
};

#define OWN_CELLS 16384u /* of fingerprints that are hit, of one rule and message */

struct own_copied { /* of one rule with find: copies */
    const struct flt_detector *detector;
    uint32_t cells[OWN_CELLS];
    size_t n_cells;
    struct own_copy found[OWN_DOCS_MAX]; /* by number */
    size_t n_found;
};

struct flt_own { /* of a scanner; NULL when no rule asks for it */
    struct own_rows *rows;
    size_t n_rows;
    struct own_copied *copied;
    size_t n_copied;
    uint64_t work;
};
ST_MUST enum st_rc flt_own_new(const struct flt_packs *packs, struct flt_own **out, struct st_err *err);
void flt_own_free(struct flt_own *own); /* NULL is fine */

void flt_own_begin(struct flt_scanner *s); /* of a message */
bool flt_own_any(struct flt_scanner *s);   /* after the first reading: is there a find? The second follows */
/* What was hit in the stretches before, and is, the first reading done, one buffer of cells for each rule. */
void flt_copies_resume(struct flt_own *own, const struct st_buf *cells);
ST_MUST enum st_rc flt_copies_keep(struct flt_own *own, struct st_buf *cells, struct st_err *err);
void flt_find_rows(struct flt_scanner *s); /* the view of the running field */
void flt_find_copies(struct flt_scanner *s);
void flt_find_rows_email(struct flt_scanner *s, uint32_t from, uint32_t to);
#endif
