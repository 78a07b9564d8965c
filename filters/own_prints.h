/* SPDX-License-Identifier: Apache-2.0 */
/* own_prints - what of a text is remembered to tell a copy of it: winnowed hashes of six words in a row.
 *
 * Internal to this room. Schleimer, Wilkerson, Aiken 2003: of every five neighbouring hashes the least is taken, so any
 * ten words that two texts share give both at least one and the same; on average every third word begins one.
 */
#ifndef STOA_FILTERS_OWN_PRINTS_H
#define STOA_FILTERS_OWN_PRINTS_H
#include "filters/own_words.h"

#define PRINT_WORDS  6u /* in a row that make a hash */
#define PRINT_WINDOW 5u /* hashes of which one is taken */
#define PRINT_EVERY  3u /* words for one that is taken, on average */
#define PRINT_FEW    4u /* fewer than these are chance, unless the document has no more */

struct own_print {
    uint64_t hash;
    uint32_t from, to; /* of its words in the text */
};
struct own_prints { /* over one text */
    const struct own_keys *keys;
    struct st_span text;
    uint32_t at;
    struct own_print words[PRINT_WORDS], window[PRINT_WINDOW];
    uint64_t n_words, n_hashes, taken; /* so far; the number behind the hash that was taken last */
};
void own_prints_start(struct own_prints *p, const struct own_keys *keys, struct st_span text);
bool own_prints_next(struct own_prints *p, struct own_print *out); /* false: no more */

size_t own_cells_once(uint32_t *cells, size_t n); /* each once, in order; answers how many are left */
/* Which documents is this a copy of? cells: those that were hit, in any order, changed. Answers how many documents
 * there are in out, which has room for DOCS_MAX. */
#define OWN_DOCS_MAX 64u
struct own_copy {
    uint32_t document, prints; /* prints: different ones that were hit */
};
struct own_enough { /* what makes a copy */
    const uint32_t *totals;
    unsigned share, words; /* percent of the document; words of it, 0: only its share counts */
};
size_t own_copies(const struct flt_own_table *t, const struct own_enough *enough, uint32_t *cells, size_t n,
                  struct own_copy out[OWN_DOCS_MAX]);
/* How many prints each document has; malloc'd, the caller's. NULL: no memory. */
ST_MUST uint32_t *own_totals(const struct flt_own_table *t);
#endif
