/* SPDX-License-Identifier: Apache-2.0 */
/* find_shape - identifiers of letters and digits by place: AA999999A.
 *
 * Some sixty shapes could begin at each token with a digit in it, and nearly all of them fall within a few bytes. So
 * all are walked at once, a bit for each: `alive` holds the shapes that fit what was read, and every byte takes away
 * those whose next place wants another class, or whose separators it is none of. What is left when a shape's last place
 * was read stands. The letters and digits a token begins with are one step each, since their numbers are known. The
 * tables are made once for a pack set; a step costs one look-up and one AND for 64 shapes. Nearly all shapes are worth
 * a look only when separators stand where people put them: another one takes them away too, unless a trace wants all.
 * Before that, one look-up says whether any shape that begins so can go on as the text does.
 */
#include "filters/scanner.h"
#include <string.h>

#define BACK_MAX  9u  /* letters before the first digit of an identifier */
#define GROUP_MAX 7u  /* letters of a group of its own */
#define BLOCK     64u /* shapes that are walked at once */

enum class { CLASS_NONE, CLASS_DIGIT, CLASS_ALPHA, CLASSES };
static const uint8_t class_of[256] = { ['0' ... '9'] = CLASS_DIGIT,
                                       ['A' ... 'Z'] = CLASS_ALPHA,
                                       ['a' ... 'z'] = CLASS_ALPHA };

/* How a text goes on behind the first digits of a token. */
enum { ENDS = 1, GOES_ON = 2, CUT_DIGIT = 4, CUT_ALPHA = 8 };

struct block {                                    /* of 64 shapes; bit i is the i-th of the block */
    uint64_t places[FLT_NUMBER_MAX + 1][CLASSES]; /* those whose place takes the class */
    uint64_t ends[FLT_NUMBER_MAX + 1];            /* those with so many places */
    uint64_t separators[256];                     /* those that the byte may separate */
    uint64_t cuts[FLT_NUMBER_MAX + 1];            /* those that may be separated behind so many places */
    /* those whose n places from the first on take letters, and then m places digits */
    uint64_t begins[FLT_NUMBER_MAX + 1][FLT_NUMBER_MAX + 1];
};
struct flt_shapes {
    bool separates[256]; /* in any shape */
    /* how a shape may go on that begins with letters, a separator or none, and digits */
    uint8_t next[2][FLT_NUMBER_MAX + 1][FLT_NUMBER_MAX + 1];
    uint8_t any[2][FLT_NUMBER_MAX + 1]; /* whatever the number of letters */
    struct block blocks[];
};

struct head { /* of a token: up to the end of its first digits */
    uint32_t from, to;
    size_t n_letters, n_digits;
    uint8_t separators[2]; /* between groups of letters, and before the digits; the last is the first */
    size_t behind[2];      /* letters behind each of them */
    size_t n_separators;
    unsigned next; /* what follows */
};

/* Where separators may stand in a candidate that can become a finding. */
static void add_cuts(struct block *block, const struct flt_detector *d, uint64_t bit)
{
    bool is_anywhere = flt_best_score(d, FLT_LIST) >= FLT_CONFIDENCE_MIN;

    for (size_t i = 0; is_anywhere && i <= FLT_NUMBER_MAX; i++)
        block->cuts[i] |= bit;
    for (size_t g = 0; g < d->n_groupings; g++)
        for (size_t k = 0, at = 0; k + 1 < d->groupings[g].n; k++) {
            at += d->groupings[g].len[k];
            if (at <= FLT_NUMBER_MAX)
                block->cuts[at] |= bit;
        }
}

static void add_shape(struct block *block, const struct flt_detector *d, uint64_t bit)
{
    size_t n = strlen(d->shape);

    for (size_t i = 0; i < n; i++) {
        block->places[i][CLASS_DIGIT] |= d->shape[i] != 'A' ? bit : 0;
        block->places[i][CLASS_ALPHA] |= d->shape[i] != '9' ? bit : 0;
    }
    block->ends[n] |= bit;
    for (size_t letters = 0; letters <= n && strspn(d->shape, "AX") >= letters; letters++)
        for (size_t k = 0; letters + k <= n && strspn(d->shape + letters, "9X") >= k; k++)
            block->begins[letters][k] |= bit;
    for (unsigned c = 0; c < 256; c++)
        block->separators[c] |= class_of[c] == CLASS_NONE && flt_set_has(&d->separators, (uint8_t)c) ? bit : 0;
    add_cuts(block, d, bit);
}

static void add_next(struct flt_shapes *shapes, const struct block *block)
{
    for (size_t letters = 0; letters <= FLT_NUMBER_MAX; letters++)
        for (size_t k = 0; letters + k <= FLT_NUMBER_MAX; k++) {
            size_t n = letters + k;

            for (int i = 0; i < 2; i++) { /* without, and with separators before the digits */
                uint64_t all = block->begins[letters][k] & (i == 0 ? UINT64_MAX : block->cuts[letters]);
                uint8_t next = (all & block->ends[n]) != 0 ? ENDS : 0;

                next |= (all & block->places[n][CLASS_ALPHA]) != 0 ? GOES_ON : 0;
                next |= (all & block->cuts[n] & block->places[n][CLASS_DIGIT]) != 0 ? CUT_DIGIT : 0;
                next |= (all & block->cuts[n] & block->places[n][CLASS_ALPHA]) != 0 ? CUT_ALPHA : 0;
                shapes->next[i][letters][k] |= next;
                shapes->any[i][k] |= next;
            }
        }
    for (size_t c = 0; c < 256; c++)
        shapes->separates[c] = shapes->separates[c] || block->separators[c] != 0;
}

enum st_rc flt_shapes_make(struct flt_packs *packs, struct st_err *err)
{
    const struct flt_list *list = &packs->by_find[FLT_FIND_SHAPE];
    size_t blocks = (list->n + BLOCK - 1) / BLOCK;
    struct flt_shapes *shapes = st_arena_alloc(packs->arena, sizeof *shapes + blocks * sizeof *shapes->blocks);

    if ((packs->shapes = shapes) == NULL)
        return st_arena_fail(packs->arena, err, "packs.load");
    for (size_t i = 0; i < list->n; i++)
        add_shape(&shapes->blocks[i / BLOCK], list->items[i], (uint64_t)1 << (i % BLOCK));
    for (size_t i = 0; i < blocks; i++)
        add_next(shapes, &shapes->blocks[i]);
    return ST_OK;
}

/* The shapes that stand where the head begins, with nothing of their kind behind them. Those in `free` may be cut
 * anywhere. */
static uint64_t standing(const struct block *block, struct st_span text, const struct head *head, uint64_t free)
{
    uint64_t alive = block->begins[head->n_letters][head->n_digits], stand = 0;
    uint32_t i = head->to;

    for (size_t k = 0; k < head->n_separators; k++)
        alive &= block->separators[head->separators[k]] & (block->cuts[head->n_letters - head->behind[k]] | free);
    for (size_t n = head->n_letters + head->n_digits; alive != 0; n++, i++) {
        enum class class = i < text.n ? class_of[text.p[i]] : CLASS_NONE;

        if (class == CLASS_NONE) {
            stand |= alive & block->ends[n];
            if (i + 1 >= text.n)
                break;
            alive &= block->separators[text.p[i++]] & (block->cuts[n] | free);
            class = class_of[text.p[i]];
        }
        alive &= block->places[n][class];
    }
    return stand;
}

static void offer_shape(struct flt_scanner *s, const struct flt_detector *d, uint32_t from)
{
    uint8_t compact[FLT_NUMBER_MAX], groups[FLT_NUMBER_MAX + 1] = { 0 };
    uint32_t i = from;
    size_t n = 0, k = 0;
    bool grouped = d->n_groupings > 0;

    for (; d->shape[n] != '\0'; n++, i++) {
        if (class_of[s->text.p[i]] == CLASS_NONE) {
            k++;
            i++;
        }
        compact[n] = s->text.p[i];
        groups[k]++;
    }
    for (size_t g = 0; g < d->n_groupings; g++) {
        grouped = d->groupings[g].n == k + 1 && memcmp(d->groupings[g].len, groups, k + 1) == 0;
        if (grouped)
            break;
    }
    flt_consider(s, &(struct flt_guess){ d, from, i, st_span(compact, n),
                                         grouped ? FLT_GROUPED
                                         : k > 0 ? FLT_LIST
                                                 : 0 });
}

static void try_shapes(struct flt_scanner *s, const struct head *head)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_SHAPE];
    const struct flt_shapes *shapes = s->packs->shapes;
    uint64_t left, free = s->trace != NULL ? UINT64_MAX : 0;

    if (free == 0 && (shapes->next[head->n_separators > 0][head->n_letters][head->n_digits] & head->next) == 0)
        return;
    for (size_t first = 0; first < list->n; first += BLOCK)
        for (left = standing(&shapes->blocks[first / BLOCK], s->text, head, free); left != 0; left &= left - 1)
            offer_shape(s, list->items[first + (size_t)__builtin_ctzll(left)], head->from);
}

/* Letters before the head become part of it, at most `max`. */
static void take_letters(struct st_span text, struct head *head, uint32_t max)
{
    for (; max > 0 && head->from > 0 && flt_is_alpha(text.p[head->from - 1]); max--) {
        head->from--;
        head->n_letters++;
    }
}

static bool is_fraction(struct st_span text, uint32_t from)
{
    return from > 1 && (text.p[from - 1] == '.' || text.p[from - 1] == ',') && flt_is_digit(text.p[from - 2]);
}

static unsigned next_of(const struct flt_shapes *shapes, struct st_span text, uint32_t end)
{
    enum class class = end + 1 < text.n ? class_of[text.p[end + 1]] : CLASS_NONE;

    if (end < text.n && class_of[text.p[end]] != CLASS_NONE)
        return GOES_ON;
    if (class == CLASS_NONE || !shapes->separates[text.p[end]])
        return ENDS;
    return ENDS | (class == CLASS_DIGIT ? CUT_DIGIT : CUT_ALPHA);
}

/* Could any shape have these digits, whatever letters are before them? */
static bool may_stand(const struct flt_scanner *s, const struct head *head)
{
    const struct flt_shapes *shapes = s->packs->shapes;
    bool is_attached = head->from > 0 && flt_is_alpha(s->text.p[head->from - 1]);
    unsigned next = is_attached ? shapes->any[0][head->n_digits]
                                : shapes->next[0][0][head->n_digits] | shapes->any[1][head->n_digits];

    return s->trace != NULL || (next & head->next) != 0;
}

void flt_find_shapes_at(struct flt_scanner *s, uint32_t at, uint32_t end)
{
    struct head head = { .from = at, .to = end, .n_digits = end - at, .next = next_of(s->packs->shapes, s->text, end) };
    uint32_t behind;

    if (!may_stand(s, &head))
        return;
    take_letters(s->text, &head, BACK_MAX);
    if (is_fraction(s->text, head.from))
        return;
    if (head.from > 0 && flt_is_alnum(s->text.p[head.from - 1]))
        return; /* in the middle of something: its first digit was tried, or it is too long */
    try_shapes(s, &head);
    if (head.from != at)
        return;
    while (head.n_separators < ST_LEN(head.separators) && head.from >= 2) { /* "AB 12 34 56 C": groups of letters */
        behind = head.from - 1;
        if (s->text.p[behind] != ' ' && s->text.p[behind] != '-')
            return;
        head.behind[head.n_separators] = head.n_letters;
        head.separators[head.n_separators++] = s->text.p[behind];
        head.from = behind;
        take_letters(s->text, &head, GROUP_MAX);
        if (head.from == behind || (head.from > 0 && flt_is_alnum(s->text.p[head.from - 1])))
            return;
        try_shapes(s, &head);
    }
}
