/* SPDX-License-Identifier: Apache-2.0 */
/* find_words - hits of dictionary terms: where they begin, whether they stand alone, whether there are enough.
 *
 * A message is read twice when a dictionary may find something: first the weights of the different terms are summed up
 * over all its fields, then every occurrence of a term of those that reached their threshold is a candidate. So terms
 * that are spread over the fields of a form count together, and redaction takes all of them.
 */
#include "filters/scanner.h"
#include <string.h>

static uint32_t before(struct st_span text, uint32_t at)
{
    at--;
    while (at > 0 && (text.p[at] & 0xc0) == 0x80)
        at--;
    return at;
}

/* Goes back over the term from the end of its hit; answers where it begins, `end` when it does not stand here. */
static uint32_t begin_of(struct st_span text, uint32_t end, struct st_span term)
{
    uint8_t folded[FLT_FOLD_MAX];
    uint32_t at = end;
    size_t left = term.n, n;

    while (left > 0 && at > 0) {
        if (term.p[left - 1] == ' ') {
            if (!flt_is_blank(text.p[at - 1]))
                return end;
            while (at > 0 && flt_is_blank(text.p[at - 1]))
                at--;
            left--;
            continue;
        }
        at = before(text, at);
        (void)flt_fold_char(text.p + at, text.p + text.n, folded, &n);
        if (n > left || memcmp(folded, term.p + left - n, n) != 0)
            return end;
        left -= n;
    }
    return left == 0 ? at : end;
}

/* Is there a border at `at`, or two characters of one word? */
static bool is_border(struct st_span text, uint32_t at)
{
    const uint8_t *end = text.p + text.n;

    return at == 0 || at >= text.n || !flt_is_word_char(text.p + before(text, at), end) ||
           !flt_is_word_char(text.p + at, end);
}

void flt_find_term_at(struct flt_scanner *s, size_t number, uint32_t end)
{
    const struct flt_term *term = &s->packs->terms[number];
    size_t rule = (size_t)(term->detector - s->packs->rules);
    uint32_t from = begin_of(s->text, end, st_span_str(term->text));
    struct flt_guess g = { term->detector, from, end, st_span_sub(s->text, from, end - from), 0 };

    if (from == end || !is_border(s->text, from) || !is_border(s->text, end))
        return;
    if (!s->is_counting) {
        if (s->weights[rule] >= term->detector->threshold)
            flt_consider(s, &g);
        return;
    }
    if ((s->seen[number / 32] >> (number % 32) & 1) != 0)
        return;
    s->seen[number / 32] |= 1u << (number % 32);
    s->weights[rule] += term->weight;
}

bool flt_any_dictionary(const struct flt_scanner *s)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_WORDS];

    for (size_t i = 0; i < list->n; i++)
        if (s->weights[list->items[i] - s->packs->rules] >= list->items[i]->threshold)
            return true;
    return false;
}
