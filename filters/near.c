/* SPDX-License-Identifier: Apache-2.0 */
/* near - is one of a rule's context words around a candidate, or in the name of the field it stands in?
 *
 * Words cost more to look for than all patterns together, and most texts hold no candidate, so nothing is looked for
 * before a candidate asks. Then the text around it is read once for the words of all rules, a stretch ahead too, and
 * what was seen is remembered: rules ask in turn about the same number, and the next number is seldom far. A field's
 * path and name are read once for all its candidates.
 */
#include "base/bytes.h"
#include "filters/scanner.h"
#include <string.h>

#define LABEL_STEP 256u  /* more than the letters of a word */
#define LABEL_FAR  4096u /* bytes before a candidate from which on all words are equally far */
#define STRETCH    1024u /* bytes that are read at once, when a candidate's window is not longer */

bool flt_word_begins(struct st_span text, uint32_t from)
{
    uint8_t prev = from > 0 ? text.p[from - 1] : ' ';

    return !flt_is_alpha(prev) || (flt_is_lower(prev) && flt_is_upper(text.p[from])); /* visaCard */
}

/* "Ird", "IRD" or "ird", as a part of a longer name is; "IRd" is three letters of base64. */
static bool is_in_one_case(struct st_span text, uint32_t from, uint32_t to)
{
    bool is_big = from + 1 < to && flt_is_upper(text.p[from + 1]);

    for (uint32_t i = from + 2; i < to; i++)
        if (flt_is_upper(text.p[i]) != is_big)
            return false;
    return !is_big || flt_is_upper(text.p[from]);
}

static bool is_apart(struct st_span text, uint32_t from, uint32_t to)
{
    uint8_t next = to < text.n ? text.p[to] : ' ';

    if (!flt_word_begins(text, from))
        return false;
    if (((from > 0 && flt_is_alpha(text.p[from - 1])) || flt_is_alpha(next)) && !is_in_one_case(text, from, to))
        return false;
    if (flt_to_lower(next) == 's') /* of the plural */
        next = ++to < text.n ? text.p[to] : ' ';
    return !flt_is_alpha(next) || (flt_is_lower(text.p[to - 1]) && flt_is_upper(next)); /* cardNumber */
}

/* "sin\":" is as short as its letters. */
static bool is_short(const char *word)
{
    size_t n = 0;

    while (flt_is_alpha((uint8_t)word[n]) || (uint8_t)word[n] >= 0x80)
        n++;
    return n <= FLT_SHORT_WORD && strchr(word, ' ') == NULL;
}

bool flt_word_stands(struct st_span text, uint32_t end, const char *word)
{
    size_t n = strlen(word);

    return (n > FLT_SHORT_WORD && !is_short(word)) || (n <= end && is_apart(text, end - (uint32_t)n, end));
}

/* For a text of nothing but words, of which the list could not hold all. */
static bool search_words(const struct flt_scanner *s, const struct flt_detector *d, struct st_span window)
{
    for (size_t w = 0; w < s->packs->n_literals; w++)
        if (flt_wants(d, w) && flt_ifind(window, s->packs->words[w]))
            return true;
    return false;
}

static uint32_t window_from(const struct flt_window *w, uint32_t from)
{
    return from > w->before ? from - w->before : 0;
}

static uint32_t window_to(const struct flt_scanner *s, const struct flt_window *w, uint32_t to)
{
    return s->text.n - to > w->after ? to + w->after : (uint32_t)s->text.n;
}

/* The first of the words remembered that ends behind `from`. */
static size_t first_near(const struct flt_scanner *s, uint32_t from)
{
    size_t a = 0, b = s->n_near;

    while (a < b) {
        size_t mid = a + (b - a) / 2;

        if (s->near[mid].end <= from)
            a = mid + 1;
        else
            b = mid;
    }
    return a;
}

static bool near_listed(const struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = window_from(&d->window, from);

    for (size_t a = first_near(s, lo); a < s->n_near && s->near[a].end <= to + d->window.after; a++)
        if ((s->near[a].end <= from || s->near[a].end > to) && s->near[a].begin > lo && flt_wants(d, s->near[a].word))
            return true;
    return false;
}

/* Ends the stretch where the list is full but for the nations. */
static bool on_word(void *ctx, unsigned id, uint32_t at)
{
    struct flt_scanner *s = ctx;
    size_t word = id - FLT_WORD_BASE;
    uint32_t end = s->near_base + at;

    if (end + FLT_PAIR_FAR <= s->near_from || !flt_word_stands(s->text, end, s->packs->words[word]))
        return true;
    if (s->n_near == FLT_NEAR_MAX / 2) {
        s->near_to = end > FLT_PAIR_FAR ? end - 1 - FLT_PAIR_FAR : 0;
        return false;
    }
    s->near[s->n_near++] = (struct flt_near){ end, end, (uint16_t)word };
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

static const struct flt_word *word_at(const struct flt_scanner *s, size_t i)
{
    return &s->packs->word_index[s->near[i].word];
}

static bool are_close(const struct flt_scanner *s, size_t i, size_t k)
{
    return s->near[k].end - s->near[i].end <= FLT_PAIR_FAR;
}

/* A name and a kind of number make a word of the nation's, which ends where the later one does. */
static void pair(struct flt_scanner *s, size_t i, size_t k, unsigned label)
{
    uint8_t nation = word_at(s, word_at(s, i)->kind == FLT_WORD_NAME ? i : k)->nation;
    uint16_t word = s->packs->nations[nation][label];

    if (word != 0 && s->n_near < FLT_NEAR_MAX) /* full: a text of nothing but names of countries */
        s->near[s->n_near++] = (struct flt_near){ s->near[k].end, s->near[i].end, word };
}

/* The name at i, with the kinds from a on and before b: "US passport number" is no number of any other kind. */
static void add_nation(struct flt_scanner *s, size_t i, size_t a, size_t b)
{
    unsigned label = FLT_LABEL_ANY;

    for (size_t k = a; k < b && label == FLT_LABEL_ANY; k++)
        if (word_at(s, k)->kind == FLT_WORD_KIND)
            label = word_at(s, k)->label;
    for (size_t k = a; k < b; k++)
        if (word_at(s, k)->kind == FLT_WORD_KIND)
            pair(s, k < i ? k : i, k < i ? i : k, label);
}

/* "Polish", "number": a word of all numbers of Poland. */
static void add_nations(struct flt_scanner *s)
{
    size_t n = s->n_near;

    for (size_t i = 0; i < n; i++) {
        size_t a = i, b = i + 1;

        if (word_at(s, i)->kind != FLT_WORD_NAME)
            continue;
        while (a > 0 && are_close(s, a - 1, i))
            a--;
        while (b < n && are_close(s, i, b))
            b++;
        add_nation(s, i, a, b);
    }
    if (s->n_near > n)
        sort_near(s);
}

/* Could a word be in it? Each has a letter. */
static bool may_have_words(struct st_span text)
{
    for (; text.n >= ST_BYTES_STEP; text = st_span_sub(text, ST_BYTES_STEP, text.n))
        if ((st_bytes_in(text.p, '@', 'z') | st_bytes_high(text.p)) != 0)
            return true;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] >= '@')
            return true;
    return false;
}

/* Remembers the words that end behind `from` and not behind `to`, or a stretch further; and as far beyond both as a
 * name and a kind may be apart, so that a pair is the same whatever was asked for. */
static void read_words(struct flt_scanner *s, uint32_t from, uint32_t to)
{
    uint32_t back = s->packs->longest_word + FLT_PAIR_FAR;
    struct st_span stretch;

    s->near_from = s->text.n <= STRETCH ? 0 : from;
    s->near_base = s->near_from > back ? s->near_from - back : 0;
    s->near_to = to > s->near_from + STRETCH ? to : s->near_from + STRETCH;
    s->n_near = 0;
    stretch = st_span_sub(s->text, s->near_base, s->near_to + FLT_PAIR_FAR - s->near_base);
    if (may_have_words(stretch) && scan_run(s->packs->words_db, s->word_scratch, stretch, on_word, s, s->err) != ST_OK)
        s->failed = true;
    sort_near(s);
    add_nations(s);
}

/* A name, a number and a date in a field of their own have nothing beside them. */
static bool stands_alone(const struct flt_scanner *s, uint32_t from, uint32_t to)
{
    return from < FLT_WORD_MIN && to == s->text.n;
}

bool flt_words_are_read(const struct flt_scanner *s, const struct flt_window *w, uint32_t from, uint32_t to)
{
    if (stands_alone(s, from, to))
        return true;
    return window_from(w, from) >= s->near_from && window_to(s, w, to) <= s->near_to;
}

static bool in_text(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = window_from(&d->window, from), hi = window_to(s, &d->window, to);

    if (stands_alone(s, from, to))
        return false;
    if (lo < s->near_from || hi > s->near_to)
        read_words(s, lo, hi);
    return near_listed(s, d, from, to) || (hi > s->near_to && search_words(s, d, st_span_sub(s->text, lo, hi - lo)));
}

/* ---- the field's name -------------------------------------------------------------------------------------------- */

struct path_words {
    struct flt_path *path;
    const struct flt_packs *packs;
    struct st_span text; /* its path, or its name */
};

/* Names are run together, and the first part tells what they are: cardnumber, vatno; but no "tel" in hotel. */
static bool on_path_word(void *ctx, unsigned id, uint32_t at)
{
    const struct path_words *look = ctx;
    struct flt_path *path = look->path;
    size_t n = strlen(look->packs->words[id - FLT_WORD_BASE]);

    if (n <= FLT_SHORT_WORD && (n > at || !flt_word_begins(look->text, at - (uint32_t)n)))
        return true;
    if (path->n_words < FLT_PATH_WORDS_MAX)
        path->words[path->n_words++] = (uint16_t)(id - FLT_WORD_BASE);
    else
        path->is_full = true;
    return !path->is_full;
}

static void read_path(struct flt_scanner *s, struct flt_path *path, struct st_span text)
{
    struct path_words look = { path, s->packs, text };

    if (scan_run(s->packs->words_db, s->word_scratch, text, on_path_word, &look, s->err) != ST_OK)
        s->failed = true;
}

/* thai_id, id_poland: a word of the nation's. */
static void add_path_nations(const struct flt_packs *packs, struct flt_path *path)
{
    unsigned label = FLT_LABEL_ANY;
    bool has_kind = false;
    size_t n = path->n_words;

    for (size_t i = 0; i < n; i++) {
        const struct flt_word *w = &packs->word_index[path->words[i]];

        has_kind = has_kind || w->kind == FLT_WORD_KIND;
        label = w->kind == FLT_WORD_KIND && w->label != FLT_LABEL_ANY ? w->label : label;
    }
    for (size_t i = 0; has_kind && i < n && path->n_words < FLT_PATH_WORDS_MAX; i++) {
        const struct flt_word *w = &packs->word_index[path->words[i]];

        if (w->kind == FLT_WORD_NAME && packs->nations[w->nation][label] != 0)
            path->words[path->n_words++] = packs->nations[w->nation][label];
    }
}

/* Some rule for that many digits wants one of the words. */
static bool is_wanted(const struct flt_packs *packs, const struct flt_path *path, size_t digits)
{
    for (size_t i = 0; i < path->n_words; i++) {
        const struct flt_word *w = &packs->word_index[path->words[i]];

        for (uint32_t k = w->first; k < w->first + w->n; k++) {
            const struct flt_detector *d = &packs->rules[packs->word_rules[k]];

            if (d->require != FLT_REQUIRE_NOTHING && (d->lengths >> digits & 1) != 0)
                return true;
        }
    }
    return false;
}

bool flt_number_is_named(struct flt_scanner *s, struct st_span name, size_t digits)
{
    struct flt_path path = { .is_read = true };
    struct path_words look = { &path, s->packs, name };
    struct st_err ignored;

    if (name.n < FLT_WORD_MIN || digits >= 32)
        return false;
    if (scan_run(s->packs->words_db, s->word_scratch, name, on_path_word, &look, &ignored) != ST_OK || path.is_full)
        return true;
    flt_labels_of(s->packs, name, &path);
    add_path_nations(s->packs, &path);
    return is_wanted(s->packs, &path, digits);
}

/* The words in a path and a name, the latter with its labels. Fields of one kind share the bytes of their path, and
 * rows the head of their column, so they are known by where they lie, as long as a scan goes on. */
static const struct flt_path *path_read(struct flt_scanner *s, struct flt_path *known, struct st_span path,
                                        struct st_span name)
{
    struct st_span leaf = name.n > 0 ? name : path;

    if (known->is_read && known->path.p == path.p && known->path.n == path.n && known->name.p == name.p &&
        known->name.n == name.n)
        return known;
    *known = (struct flt_path){ .path = path, .name = name, .is_read = true };
    read_path(s, known, path);
    read_path(s, known, name);
    for (size_t i = leaf.n; i > 0 && name.n == 0; i--)
        if (leaf.p[i - 1] == '/') {
            leaf = st_span_sub(leaf, i, leaf.n);
            break;
        }
    flt_labels_of(s->packs, leaf, known);
    add_path_nations(s->packs, known);
    return known;
}

static const struct flt_path *path_of(struct flt_scanner *s)
{
    struct st_span path = s->field->path;

    return path_read(s, &s->paths[((uintptr_t)path.p >> 4) % FLT_PATHS_MAX], path, s->field->name);
}

/* Of the head of its column; NULL: it has none. */
static const struct flt_path *column_of(struct flt_scanner *s, uint32_t from, uint32_t to)
{
    struct st_span head = flt_column_head(s, from, to);

    if (head.n < FLT_WORD_MIN)
        return NULL;
    return path_read(s, &s->table.columns[(uintptr_t)head.p % FLT_PATHS_MAX], st_span(NULL, 0), head);
}

static bool names(const struct flt_scanner *s, const struct flt_path *path, const struct flt_detector *d)
{
    for (size_t i = 0; i < path->n_words; i++)
        if (flt_wants(d, path->words[i]))
            return true;
    return path->is_full && (search_words(s, d, path->path) || search_words(s, d, path->name));
}

static bool is_labelled(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    size_t label = d->n_labels > 0 ? flt_label_before(s, from) : FLT_WORDS_MAX;
    const struct flt_path *column;

    if ((label != FLT_WORDS_MAX && flt_wants(d, label)) || names(s, path_of(s), d))
        return true;
    column = column_of(s, from, to);
    return column != NULL && names(s, column, d);
}

bool flt_word_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    return in_text(s, d, from, to) || is_labelled(s, d, from, to);
}

/* ---- whose label is it? -------------------------------------------------------------------------------------------
 */

static void rate(const struct flt_scanner *s, size_t word, uint32_t nearness, uint32_t *best, uint32_t *own)
{
    uint32_t label = nearness * LABEL_STEP + (uint32_t)strlen(s->packs->words[word]);

    if (label > *best)
        *best = label;
    if (label > *own && s->packs->word_index[word].kind != FLT_WORD_NATION)
        *own = label;
}

/* A word right in the text says more than the field's name, and the detector's own more than one of its nation. */
uint64_t flt_label_of(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = window_from(&d->window, from), hi = window_to(s, &d->window, to), best = 0, own = 0;
    const struct flt_path *path = path_of(s), *column = column_of(s, from, to);
    size_t label = flt_label_before(s, from);

    for (size_t i = 0; i < path->n_words; i++)
        if (flt_wants(d, path->words[i]))
            rate(s, path->words[i], 0, &best, &own);
    for (size_t i = 0; column != NULL && i < column->n_words; i++)
        if (flt_wants(d, column->words[i]))
            rate(s, column->words[i], 0, &best, &own);
    if (label != FLT_WORDS_MAX && flt_wants(d, label))
        rate(s, label, LABEL_FAR, &best, &own);
    if (stands_alone(s, from, to))
        return (uint64_t)best << 32 | own;
    if (lo < s->near_from || hi > s->near_to)
        read_words(s, lo, hi);
    for (size_t i = first_near(s, lo); i < s->n_near && s->near[i].end <= from; i++)
        if (s->near[i].begin > lo && flt_wants(d, s->near[i].word)) {
            uint32_t away = from - s->near[i].end;

            rate(s, s->near[i].word, away < LABEL_FAR ? LABEL_FAR - away : 1, &best, &own);
        }
    return (uint64_t)best << 32 | own;
}

/* "British SEDOL number": of its country, though by that label no account; but a passport is no other number. */
static bool is_of_its_nation(const struct flt_scanner *s, const struct flt_detector *d, size_t word)
{
    const struct flt_word *w = &s->packs->word_index[word];

    return w->label == FLT_LABEL_ANY && (d->nations[w->nation / 64] >> (w->nation % 64) & 1) != 0;
}

bool flt_is_of_others(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to)
{
    uint32_t lo = window_from(&d->window, from), hi = window_to(s, &d->window, to), word = 0, nation = 0, others = 0;
    size_t label;

    if ((d->nations[0] | d->nations[1]) == 0 || stands_alone(s, from, to))
        return false;
    if ((label = flt_label_before(s, from)) != FLT_WORDS_MAX && flt_wants(d, label))
        word = s->label.end;
    if (lo < s->near_from || hi > s->near_to)
        read_words(s, lo, hi);
    for (size_t i = first_near(s, lo); i < s->n_near && s->near[i].end <= from; i++) {
        const struct flt_near *n = &s->near[i];
        bool is_nation = s->packs->word_index[n->word].kind == FLT_WORD_NATION;

        if (n->begin <= lo)
            continue;
        if (is_nation && !flt_wants(d, n->word) && !is_of_its_nation(s, d, n->word))
            others = n->end;
        else if (is_nation)
            nation = n->end;
        else if (flt_wants(d, n->word) && n->end > word)
            word = n->end;
    }
    return others > nation && others >= word;
}

/* ---- all rules at once ------------------------------------------------------------------------------------------- */

static void mark(struct flt_scanner *s, size_t word)
{
    const struct flt_word *w = &s->packs->word_index[word];

    s->is_any_near = true;
    for (uint32_t i = w->first; i < w->first + w->n; i++)
        s->near_mark[s->packs->word_rules[i]] = s->mark;
}

static void begin_mark(struct flt_scanner *s)
{
    s->is_any_near = false;
    if (++s->mark != 0)
        return;
    memset(s->near_mark, 0, s->packs->n * sizeof *s->near_mark); /* once in four thousand million */
    s->mark = 1;
}

static bool mark_in_text(struct flt_scanner *s, const struct flt_window *w, uint32_t from, uint32_t to)
{
    uint32_t lo = window_from(w, from), hi = window_to(s, w, to);

    if (stands_alone(s, from, to))
        return true;
    if (lo < s->near_from || hi > s->near_to)
        read_words(s, lo, hi);
    for (size_t i = first_near(s, lo); i < s->n_near && s->near[i].end <= hi; i++)
        if (s->near[i].end <= from || s->near[i].end > to) /* more than a rule's own window has; asked again then */
            mark(s, s->near[i].word);
    return hi <= s->near_to;
}

bool flt_mark_near(struct flt_scanner *s, const struct flt_window *w, uint32_t from, uint32_t to)
{
    const struct flt_path *path = path_of(s), *column = column_of(s, from, to);
    size_t label = flt_label_before(s, from);

    begin_mark(s);
    for (size_t i = 0; i < path->n_words; i++)
        mark(s, path->words[i]);
    for (size_t i = 0; column != NULL && i < column->n_words; i++)
        mark(s, column->words[i]);
    if (label != FLT_WORDS_MAX)
        mark(s, label);
    return mark_in_text(s, w, from, to) && !path->is_full && (column == NULL || !column->is_full);
}
