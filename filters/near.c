/* SPDX-License-Identifier: Apache-2.0 */
/* near - is one of a rule's context words around a candidate, or in the name of the field it stands in?
 *
 * Words cost more to look for than all patterns together, and most texts hold no candidate, so nothing is looked for
 * before a candidate asks. The first few get the bytes around them searched; when more of them ask, the whole text is
 * read once and the words are remembered. What a candidate is told is the same either way.
 */
#include "filters/scanner.h"
#include <string.h>

#define WINDOWS_MAX 8u /* candidates of one field that are answered one by one */

/* Short words must stand alone ("tel", but not in "hotel"); long ones may be part of a compound ("Kontonummer"). */
bool flt_word_stands(struct st_span text, uint32_t end, const char *word)
{
    size_t n = strlen(word);
    uint8_t prev, next, last;

    if (n > 4)
        return true;
    if (n > end)
        return false;
    prev = end > n ? text.p[end - n - 1] : ' ';
    next = end < text.n ? text.p[end] : ' ';
    last = text.p[end - 1];
    if (flt_is_alpha(prev) && !(flt_is_lower(prev) && flt_is_upper(text.p[end - n])))
        return false;
    return !flt_is_alpha(next) || (flt_is_lower(last) && flt_is_upper(next)); /* cardNumber */
}

static bool has_word(const struct flt_detector *d, size_t word)
{
    return (d->words[word / 64] >> (word % 64) & 1) != 0;
}

/* For the part of a long text whose words were not remembered. */
static bool search_words(const struct flt_scanner *s, const struct flt_detector *d, struct st_span window)
{
    for (size_t w = 0; w < s->packs->n_words; w++)
        if (has_word(d, w) && flt_ifind(window, s->packs->words[w]))
            return true;
    return false;
}

static bool near_listed(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = from > d->before ? from - d->before : 0;
    size_t a = 0, b = s->n_near;

    while (a < b) {
        size_t mid = a + (b - a) / 2;

        if (s->near[mid].end <= lo)
            a = mid + 1;
        else
            b = mid;
    }
    for (; a < s->n_near && s->near[a].end <= to + d->after; a++)
        if ((s->near[a].end <= from || s->near[a].end > to) && has_word(d, s->near[a].word))
            return true;
    return false;
}

static void note_word(struct flt_scanner *s, size_t word, uint32_t end)
{
    if (!flt_word_stands(s->text, end, s->packs->words[word]))
        return;
    if (s->n_near == FLT_NEAR_MAX) {
        if (end < s->near_until)
            s->near_until = end - 1; /* from here on words are looked up in the text */
        return;
    }
    s->near[s->n_near++] = (struct flt_near){ end, (uint16_t)word };
}

static bool on_word(void *ctx, unsigned id, uint32_t end)
{
    note_word(ctx, id - FLT_WORD_BASE, end);
    return true;
}

/* Hits come nearly in order; what is out of order moves a few places. */
static void sort_near(struct flt_scanner *s)
{
    for (size_t i = 1; i < s->n_near; i++) {
        struct flt_near n = s->near[i];
        size_t k = i;

        for (; k > 0 && s->near[k - 1].end > n.end; k--)
            s->near[k] = s->near[k - 1];
        s->near[k] = n;
    }
}

static void read_words(struct flt_scanner *s)
{
    s->is_near_read = true;
    if (scan_run(s->packs->words_db, s->word_scratch, s->text, on_word, s, s->err) != ST_OK)
        s->failed = true;
    sort_near(s);
}

struct window {
    struct flt_scanner *s;
    const struct flt_detector *d;
    uint32_t base, lo, from, to; /* base: where the searched bytes begin; words end behind lo */
    bool found;
};

static bool on_window_word(void *ctx, unsigned id, uint32_t at)
{
    struct window *w = ctx;
    size_t word = id - FLT_WORD_BASE;
    uint32_t end = w->base + at;

    w->found = end > w->lo && (end <= w->from || end > w->to) && has_word(w->d, word) &&
               flt_word_stands(w->s->text, end, w->s->packs->words[word]);
    return !w->found;
}

static bool in_window(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    struct window w = { s, d, 0, from > d->before ? from - d->before : 0, from, to, false };

    w.base = w.lo > s->longest_word ? w.lo - s->longest_word : 0;
    if (scan_run(s->packs->words_db, s->word_scratch, st_span_sub(s->text, w.base, to + d->after - w.base),
                 on_window_word, &w, s->err) != ST_OK)
        s->failed = true;
    return w.found;
}

static bool in_text(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = from > d->before ? from - d->before : 0;

    if (s->near_until > 0 && !s->is_near_read && s->n_asked++ < WINDOWS_MAX)
        return in_window(s, d, from, to);
    if (s->near_until > 0 && !s->is_near_read)
        read_words(s);
    return near_listed(s, d, from, to) ||
           (to + d->after > s->near_until && search_words(s, d, st_span_sub(s->text, lo, to + d->after - lo)));
}

bool flt_word_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    size_t rule = (size_t)(d - s->packs->rules);

    if (in_text(s, d, from, to))
        return true;
    if (s->path_words[rule] == 0) {
        bool yes = search_words(s, d, s->field->path) || search_words(s, d, s->field->name);

        s->path_words[rule] = yes ? 2 : 1;
    }
    return s->path_words[rule] == 2;
}
