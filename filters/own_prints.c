/* SPDX-License-Identifier: Apache-2.0 */
/* own_prints - see own_prints.h: winnowing, and what the hits of a text say about the documents.
 *
 * The hash of six words is a polynomial over the words' keyed hashes, so their order counts, put through the keyed hash
 * again, so that the least of five says nothing about the words.
 */
#include "filters/own_prints.h"
#include <stdlib.h>

void own_prints_start(struct own_prints *p, const struct own_keys *keys, struct st_span text)
{
    *p = (struct own_prints){ .keys = keys, .text = text };
}

/* The hash of the latest six words. */
static struct own_print of_words(const struct own_prints *p)
{
    struct own_print out = { 0, p->words[p->n_words % PRINT_WORDS].from, p->words[(p->n_words - 1) % PRINT_WORDS].to };

    for (uint64_t i = p->n_words - PRINT_WORDS; i < p->n_words; i++)
        out.hash = (out.hash ^ p->words[i % PRINT_WORDS].hash) * 0x9e3779b97f4a7c15u;
    out.hash = own_words_hash(p->keys, out.hash);
    return out;
}

/* The least of the latest n hashes, the last of equal ones; false when it was taken before. */
static bool take_least(struct own_prints *p, uint64_t n, struct own_print *out)
{
    uint64_t least = p->n_hashes - n;

    for (uint64_t i = least; i < p->n_hashes; i++)
        if (p->window[i % PRINT_WINDOW].hash <= p->window[least % PRINT_WINDOW].hash)
            least = i;
    if (least < p->taken)
        return false;
    p->taken = least + 1;
    *out = p->window[least % PRINT_WINDOW];
    return true;
}

bool own_prints_next(struct own_prints *p, struct own_print *out)
{
    struct own_word word;

    while (own_word_next(p->keys, p->text, &p->at, &word)) {
        p->words[p->n_words++ % PRINT_WORDS] = (struct own_print){ word.hash, word.from, word.to };
        if (p->n_words < PRINT_WORDS)
            continue;
        p->window[p->n_hashes % PRINT_WINDOW] = of_words(p);
        p->n_hashes++;
        if (p->n_hashes >= PRINT_WINDOW && take_least(p, PRINT_WINDOW, out))
            return true;
    }
    return p->taken == 0 && p->n_hashes > 0 && p->n_hashes < PRINT_WINDOW && take_least(p, p->n_hashes, out);
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool is_copy(const struct own_enough *enough, uint32_t document, uint32_t prints)
{
    uint32_t total = enough->totals[document];

    if (prints < PRINT_FEW && prints < total)
        return false;
    return (uint64_t)prints * 100 >= (uint64_t)enough->share * total ||
           (enough->words > 0 && prints * PRINT_EVERY >= enough->words);
}

size_t own_cells_once(uint32_t *cells, size_t n)
{
    size_t kept = 0;

    qsort(cells, n, sizeof *cells, by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || cells[i] != cells[i - 1])
            cells[kept++] = cells[i];
    return kept;
}

size_t own_copies(const struct flt_own_table *t, const struct own_enough *enough, uint32_t *cells, size_t n,
                  struct own_copy out[OWN_DOCS_MAX])
{
    size_t kept = own_cells_once(cells, n), found = 0;

    for (size_t i = 0; i < kept; i++) /* now by document */
        cells[i] = t->refs[cells[i]];
    qsort(cells, kept, sizeof *cells, by_number);
    for (size_t i = 0, run; i < kept && found < OWN_DOCS_MAX; i += run) {
        for (run = 1; i + run < kept && cells[i + run] == cells[i];)
            run++;
        if (cells[i] < t->head.n_names && is_copy(enough, cells[i], (uint32_t)run))
            out[found++] = (struct own_copy){ cells[i], (uint32_t)run };
    }
    return found;
}

uint32_t *own_totals(const struct flt_own_table *t)
{
    uint32_t *totals = calloc(t->head.n_names + 1, sizeof *totals);
    struct flt_own_names name;
    uint64_t at = 0;

    for (uint32_t i = 0; totals != NULL && own_name_next(t, &at, &name); i++)
        totals[i] = (uint32_t)name.cells;
    return totals;
}
