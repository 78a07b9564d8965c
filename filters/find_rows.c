/* SPDX-License-Identifier: Apache-2.0 */
/* find_rows - exact data match: values of the customer's table, and whether enough of one row stand together.
 *
 * Words come one after another; at each, the values that may end there are hashed: the last words together, up to the
 * longest value of the file, as long as the filter knows their beginning; numbers over their separators; days; and
 * addresses where find_text.c sees one. Nearly every hash ends at the filter. A hit is held against those before it
 * within reach: do they share a row, in different columns? The rarest value says which rows to ask for.
 */
#include "filters/scanner.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK  16u /* words; a power of two */
#define SHORT_WORD 4u  /* letters that may be a piece of a number: DE, KD */
#define DAY_GAP    2u

enum st_rc flt_own_new(const struct flt_packs *packs, struct flt_own **out, struct st_err *err)
{
    const struct flt_list *rows = &packs->by_find[FLT_FIND_ROWS], *copies = &packs->by_find[FLT_FIND_COPIES];
    struct flt_own *own;

    if (rows->n + copies->n == 0)
        return ST_OK;
    if ((own = calloc(1, sizeof *own)) == NULL || (own->rows = calloc(rows->n + 1, sizeof *own->rows)) == NULL ||
        (own->copied = calloc(copies->n + 1, sizeof *own->copied)) == NULL) {
        flt_own_free(own);
        return st_fail(err, ST_E_NOMEM, "scanner.new", "own data", rows->n + copies->n);
    }
    own->n_rows = rows->n;
    own->n_copied = copies->n;
    for (size_t i = 0; i < rows->n; i++)
        own->rows[i].detector = rows->items[i];
    for (size_t i = 0; i < copies->n; i++)
        own->copied[i].detector = copies->items[i];
    *out = own;
    return ST_OK;
}

void flt_own_free(struct flt_own *own)
{
    if (own == NULL)
        return;
    free(own->rows);
    free(own->copied);
    free(own);
}

void flt_own_begin(struct flt_scanner *s)
{
    for (size_t i = 0; s->own != NULL && i < s->own->n_rows; i++) {
        s->own->rows[i].n_hits = 0;
        s->own->rows[i].n_marked = 0;
        s->own->rows[i].is_all = false;
    }
    for (size_t i = 0; s->own != NULL && i < s->own->n_copied; i++)
        s->own->copied[i].n_cells = s->own->copied[i].n_found = 0;
    if (s->own != NULL)
        s->own->work = 0;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

bool flt_own_any(struct flt_scanner *s)
{
    bool any = false;

    for (size_t i = 0; s->own != NULL && i < s->own->n_rows; i++) {
        struct own_rows *r = &s->own->rows[i];

        any = any || r->n_marked > 0 || r->is_all;
        qsort(r->marked, r->n_marked, sizeof r->marked[0], by_number);
        r->n_hits = 0;
    }
    for (size_t i = 0; s->own != NULL && i < s->own->n_copied; i++) {
        struct own_copied *c = &s->own->copied[i];
        const struct flt_detector *d = c->detector;

        c->n_found = own_copies(d->copies.table, &d->copies.enough, c->cells, c->n_cells, c->found);
        any = any || c->n_found > 0;
    }
    return any;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void mark(struct own_rows *r, uint32_t number)
{
    if (r->n_marked == OWN_MARKED)
        r->is_all = true;
    else if (r->n_marked == 0 || r->marked[r->n_marked - 1] != number)
        r->marked[r->n_marked++] = number;
}

/* The columns of the row in which the hit's value stands, as a mask. */
static uint32_t columns_of(const struct flt_own_table *t, const struct own_cells *cells, uint32_t row)
{
    const uint32_t *refs = t->refs + cells->from;
    uint32_t lo = 0, hi = cells->n, mask = 0;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (refs[mid] >> 4 < row)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < cells->n && refs[lo] >> 4 == row; lo++)
        mask |= 1u << (refs[lo] & 15);
    return mask;
}

static bool lie_apart(const struct own_hit *a, const struct own_hit *b)
{
    return a->to <= b->from || b->to <= a->from;
}

struct near { /* the hits within reach of the latest, itself first */
    const struct own_hit *hits[OWN_RING];
    size_t n;
};

static void collect(const struct own_rows *r, uint32_t latest, struct near *out)
{
    const struct own_hit *hit = &r->ring[latest % OWN_RING];
    uint32_t reach = r->detector->rows.within, first = latest >= OWN_RING ? latest - OWN_RING + 1 : 0;

    out->hits[0] = hit;
    out->n = 1;
    for (uint32_t i = latest; i > first; i--) {
        const struct own_hit *other = &r->ring[(i - 1) % OWN_RING];

        if (lie_apart(other, hit) && other->from <= hit->to + reach && hit->from <= other->to + reach)
            out->hits[out->n++] = other;
    }
}

/* Do enough hits share the row, each in a column of its own? Marks them. */
static bool try_row(struct flt_own *own, struct own_rows *r, const struct near *near, uint32_t row)
{
    const struct own_hit *taken[FLT_OWN_COLUMNS_MAX];
    uint32_t seen = 0, n = 0;

    for (size_t i = 0; i < near->n && n < FLT_OWN_COLUMNS_MAX; i++) {
        uint32_t mask = columns_of(r->detector->rows.table, &near->hits[i]->cells, row) & ~seen;
        bool is_apart = true;

        own->work++;
        if (mask == 0) {
            if (i == 0)
                return false;
            continue;
        }
        for (uint32_t k = 0; k < n; k++)
            is_apart = is_apart && lie_apart(taken[k], near->hits[i]);
        if (!is_apart)
            continue;
        seen |= mask & -mask;
        taken[n++] = near->hits[i];
    }
    if (n < r->detector->rows.least)
        return false;
    while (n > 0)
        mark(r, taken[--n]->number);
    return true;
}

static void try_rows_of(struct flt_own *own, struct own_rows *r, const struct near *near, const struct own_hit *drive)
{
    const struct flt_own_table *t = r->detector->rows.table;
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; i < drive->cells.n && own->work < OWN_WORK; i++) {
        uint32_t row = t->refs[drive->cells.from + i] >> 4;

        if (row != last)
            (void)try_row(own, r, near, row);
        last = row;
    }
}

/* Is one cell enough, since it stands in a column that is enough alone? */
static bool is_alone(const struct own_rows *r, const struct own_hit *hit)
{
    const uint32_t *refs = r->detector->rows.table->refs + hit->cells.from;

    for (uint32_t i = 0; i < hit->cells.n && r->detector->rows.alone != 0; i++)
        if ((r->detector->rows.alone >> (refs[i] & 15) & 1) != 0)
            return true;
    return false;
}

static void join(struct flt_own *own, struct own_rows *r, uint32_t latest)
{
    const struct own_hit *hit = &r->ring[latest % OWN_RING];
    struct near near;

    if (r->detector->rows.least == 1 || is_alone(r, hit) || own->work >= OWN_WORK)
        mark(r, hit->number);
    collect(r, latest, &near);
    if (near.n < r->detector->rows.least)
        return;
    if (hit->cells.n <= OWN_DRIVE) {
        try_rows_of(own, r, &near, hit);
        return;
    }
    for (size_t i = 1; i < near.n; i++)
        if (near.hits[i]->cells.n <= OWN_DRIVE)
            try_rows_of(own, r, &near, near.hits[i]);
}

/* ---- hits -------------------------------------------------------------------------------------------------------- */

static void on_hit(struct flt_scanner *s, struct own_rows *r, struct own_cells cells, uint32_t from, uint32_t to)
{
    struct own_hit *hit = &r->ring[r->n_hits % OWN_RING];
    uint32_t raw_from, raw_to, number = r->n_hits++;
    uint64_t base = s->message_at;

    if (!s->is_counting) {
        struct flt_guess g = { r->detector, from, to, st_span_sub(s->text, from, to - from), 0 };

        if (r->is_all || bsearch(&number, r->marked, r->n_marked, sizeof number, by_number) != NULL)
            flt_consider(s, &g);
        return;
    }
    flt_view_range(&s->view, from, to, &raw_from, &raw_to);
    if (s->reading == FLT_READ_JOINED)
        base = s->message_before + s->seam->base;
    if (s->reading == FLT_READ_UNWRAPPED) { /* the whole run is one place in the field */
        raw_to = raw_from + to;
        raw_from += from;
    }
    *hit = (struct own_hit){ base + raw_from, base + raw_to, cells, number };
    join(s->own, r, number);
}

/* A value that ends a stretch of the view; true when the filter knows it, as one or as the beginning of one. */
static bool look(struct flt_scanner *s, struct own_rows *r, uint64_t hash, uint32_t from, uint32_t to)
{
    const struct flt_own_table *t = r->detector->rows.table;
    struct own_cells cells;

    if (!own_may_have(t, hash))
        return false;
    cells = own_find(t, hash);
    if (cells.n > 0)
        on_hit(s, r, cells, from, to);
    return true;
}

struct walk { /* one view by one rule */
    struct flt_scanner *s;
    struct own_rows *r;
    const struct own_keys *keys;
    const struct own_head *head;
    struct own_word words[LOOK_BACK];
    uint32_t n; /* so far */
};

static const struct own_word *back(const struct walk *w, uint32_t by)
{
    return &w->words[(w->n - 1 - by) % LOOK_BACK];
}

static void look_words(struct walk *w)
{
    uint32_t most = w->head->words_max < w->n ? w->head->words_max : w->n;
    const struct own_word *last = back(w, 0), *next = NULL;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < most && i < OWN_WORDS_MAX; i++) {
        const struct own_word *word = back(w, i);

        if (word->n == 0 || (next != NULL && !own_words_meet(word, next)))
            return;
        sum += word->hash;
        if (!look(w->s, w->r, own_words_hash(w->keys, sum), word->from, last->to))
            return;
        next = word;
    }
}

static void look_numbers(struct walk *w)
{
    const struct own_word *last = back(w, 0), *next = NULL;
    uint8_t text[OWN_NUMBER];
    uint32_t n = 0;
    bool has_digit = false;

    for (uint32_t i = 0; i < LOOK_BACK && i < w->n; i++) {
        const struct own_word *word = back(w, i);

        if (word->n == 0 || n + word->n > OWN_NUMBER || (next != NULL && !own_numbers_meet(w->s->text, word, next)))
            return;
        if (i > 0 && !word->has_digit && word->n > SHORT_WORD)
            return;
        n += word->n;
        memcpy(text + OWN_NUMBER - n, word->text, word->n);
        has_digit = has_digit || word->has_digit;
        if (has_digit && (w->head->number_lengths >> n & 1) != 0)
            (void)look(w->s, w->r, st_siphash(&w->keys->number, st_span(text + OWN_NUMBER - n, n)), word->from,
                       last->to);
        if (!word->has_digit && word->n > SHORT_WORD)
            return;
        next = word;
    }
}

static void look_days(struct walk *w)
{
    const struct own_word *const words[] = { back(w, 2), back(w, 1), back(w, 0) };
    uint32_t days[OWN_DAYS_MAX];
    size_t n = own_days(words + 2, 1, days);

    for (size_t i = 0; i < n; i++)
        (void)look(w->s, w->r, own_date_hash(w->keys, days[i]), words[2]->from, words[2]->to);
    if (w->n < 3 || words[1]->from - words[0]->to > DAY_GAP || words[2]->from - words[1]->to > DAY_GAP)
        return;
    n = own_days(words, 3, days);
    for (size_t i = 0; i < n; i++)
        (void)look(w->s, w->r, own_date_hash(w->keys, days[i]), words[0]->from, words[2]->to);
}

static void walk(struct walk *w)
{
    uint32_t at = 0;

    while (own_word_next(w->keys, w->s->text, &at, &w->words[w->n % LOOK_BACK])) {
        w->n++;
        if ((w->head->types & (1u << FLT_OWN_TEXT | 1u << FLT_OWN_NAME)) != 0)
            look_words(w);
        if (w->head->number_lengths != 0)
            look_numbers(w);
        if ((w->head->types & (1u << FLT_OWN_DATE | 1u << FLT_OWN_DATE_US)) != 0 && back(w, 0)->is_number)
            look_days(w);
    }
}

void flt_find_rows(struct flt_scanner *s)
{
    for (size_t i = 0; s->own != NULL && i < s->own->n_rows; i++) {
        struct own_rows *r = &s->own->rows[i];
        struct walk w = { .s = s, .r = r, .keys = &r->detector->rows.keys, .head = &r->detector->rows.table->head };

        walk(&w);
    }
}

void flt_find_rows_email(struct flt_scanner *s, uint32_t from, uint32_t to)
{
    for (size_t i = 0; s->own != NULL && i < s->own->n_rows; i++) {
        struct own_rows *r = &s->own->rows[i];

        if ((r->detector->rows.table->head.types & 1u << FLT_OWN_EMAIL) != 0)
            (void)look(s, r, own_email_hash(&r->detector->rows.keys, st_span_sub(s->text, from, to - from)), from, to);
    }
}
