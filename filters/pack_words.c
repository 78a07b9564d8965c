/* SPDX-License-Identifier: Apache-2.0 */
/* pack_words - the context words of all detectors: each once, with a number, and from each to those that want it.
 *
 * Detectors name some five thousand, two thousand of them different, so a word is found by its hash. They are kept as
 * flt_normalise leaves texts, in lower case. The words of nations (nations.c) come last: they stand in no text.
 */
#include "filters/normalise.h"
#include "filters/rules.h"
#include <stdio.h>
#include <string.h>

#define SLOTS (2 * FLT_WORDS_MAX) /* a power of two */

static size_t slot_of(const struct flt_packs *packs, const char *word)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    size_t slot;

    for (const char *p = word; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    slot = (hash ^ hash >> 15) % SLOTS;
    while (packs->word_slots[slot] != 0 && strcmp(packs->words[packs->word_slots[slot] - 1], word) != 0)
        slot = (slot + 1) % SLOTS;
    return slot;
}

enum st_rc flt_context_begin(struct flt_packs *packs, struct st_err *err)
{
    packs->words = st_arena_alloc(packs->arena, FLT_WORDS_MAX * sizeof *packs->words);
    packs->word_index = st_arena_alloc(packs->arena, (FLT_WORDS_MAX + 1) * sizeof *packs->word_index);
    packs->word_slots = st_arena_alloc(packs->arena, SLOTS * sizeof *packs->word_slots);
    if (packs->words == NULL || packs->word_index == NULL || packs->word_slots == NULL)
        return st_arena_fail(packs->arena, err, "packs.load");
    return ST_OK;
}

/* In place: a letter whose other case has more bytes stays as it is, and the German sharp s is none of two. */
static void to_lower(uint8_t *word)
{
    const uint8_t *end = word + strlen((char *)word);

    for (uint8_t *p = word; p < end;) {
        uint8_t lower[FLT_FOLD_MAX];
        size_t n = 0, len = flt_fold_char(p, end, lower, &n);

        if (n == len && !(n == 2 && lower[0] == 's'))
            memcpy(p, lower, n);
        p += len;
    }
}

enum st_rc flt_context_word(struct flt_packs *packs, const char *word, size_t *out, struct st_err *err)
{
    struct flt_view view;
    size_t slot;
    char *copy;

    *out = FLT_WORDS_MAX;
    if (flt_normalise(packs->arena, st_span_str(word), FLT_CASE_KEEP, &view, err) != ST_OK)
        return ST_ERR;
    if ((copy = st_arena_str(packs->arena, view.text)) == NULL)
        return st_arena_fail(packs->arena, err, "packs.load");
    to_lower((uint8_t *)copy);
    slot = slot_of(packs, copy);
    if (packs->word_slots[slot] == 0) {
        if (packs->n_words == FLT_WORDS_MAX)
            return ST_OK;
        packs->longest_word = strlen(copy) > packs->longest_word ? (uint32_t)strlen(copy) : packs->longest_word;
        packs->words[packs->n_words++] = copy;
        packs->word_slots[slot] = (uint16_t)packs->n_words;
    }
    *out = packs->word_slots[slot] - 1u;
    return ST_OK;
}

/* ---- nations -------------------------------------------------------------------------------------------------------
 */

static enum st_rc add_text(struct flt_packs *packs, const char *text, struct flt_word what, struct st_err *err)
{
    size_t w;

    if (flt_context_word(packs, text, &w, err) != ST_OK)
        return ST_ERR;
    if (w == FLT_WORDS_MAX)
        return st_fail(err, ST_E_LIMIT, "packs.load", "more context words than there is room for", FLT_WORDS_MAX);
    packs->word_index[w] = what;
    return ST_OK;
}

static bool wants(const struct flt_detector *d, size_t nation, unsigned label)
{
    return (d->nations[nation / 64] >> (nation % 64) & 1) != 0 && flt_label_wanted(&d->rule) == (enum flt_label)label;
}

static bool is_wanted(const struct flt_packs *packs, size_t nation, unsigned label)
{
    for (size_t i = 0; i < packs->n; i++)
        if (wants(&packs->rules[i], nation, label))
            return true;
    return false;
}

static bool is_known(const struct flt_packs *packs, size_t nation)
{
    for (unsigned label = 0; label < FLT_LABELS; label++)
        if (is_wanted(packs, nation, label))
            return true;
    return false;
}

/* The word of its own that all detectors of the nation want which are of that label. */
static enum st_rc add_nation(struct flt_packs *packs, size_t nation, unsigned label, struct st_err *err)
{
    static const char *const nouns[FLT_LABELS] = { " number", " passport", " licence", " account" };
    const char *of = flt_nation_name(nation, 0);
    size_t w = packs->n_words, size = strlen(of) + strlen(nouns[label]) + 1;
    char *name = st_arena_alloc(packs->arena, size);

    if (name == NULL)
        return st_arena_fail(packs->arena, err, "packs.load");
    if (w == FLT_WORDS_MAX)
        return st_fail(err, ST_E_LIMIT, "packs.load", "more context words than there is room for", FLT_WORDS_MAX);
    (void)snprintf(name, size, "%s%s", of, nouns[label]);
    packs->words[packs->n_words++] = name;
    packs->word_index[w] =
        (struct flt_word){ .kind = FLT_WORD_NATION, .nation = (uint8_t)nation, .label = (uint8_t)label };
    packs->nations[nation][label] = (uint16_t)w;
    for (size_t i = 0; i < packs->n; i++)
        if (wants(&packs->rules[i], nation, label))
            packs->rules[i].words[w / 64] |= 1ull << (w % 64);
    return ST_OK;
}

static enum st_rc add_nations(struct flt_packs *packs, struct st_err *err)
{
    for (size_t nation = 0; flt_nation_name(nation, 0) != NULL; nation++)
        for (unsigned label = 0; label < FLT_LABELS; label++)
            if (is_wanted(packs, nation, label) && add_nation(packs, nation, label, err) != ST_OK)
                return ST_ERR;
    return ST_OK;
}

static enum st_rc add_texts(struct flt_packs *packs, struct st_err *err)
{
    enum flt_label label = FLT_LABEL_ANY;
    bool any = false;

    for (size_t nation = 0; flt_nation_name(nation, 0) != NULL; nation++) {
        struct flt_word what = { .kind = FLT_WORD_NAME, .nation = (uint8_t)nation };
        bool known = is_known(packs, nation);
        const char *name;

        any = any || known;
        for (size_t i = 0; known && (name = flt_nation_name(nation, i)) != NULL; i++)
            if (add_text(packs, name, what, err) != ST_OK)
                return ST_ERR;
    }
    for (size_t i = 0; any && flt_nation_kind(i, &label) != NULL; i++)
        if (add_text(packs, flt_nation_kind(i, &label),
                     (struct flt_word){ .kind = FLT_WORD_KIND, .label = (uint8_t)label }, err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

/* ---- labels --------------------------------------------------------------------------------------------------------
 */

#define LABEL_SIZE (FLT_LABEL_MAX + 2) /* with its sign and the end */

size_t flt_label_find(const struct flt_packs *packs, const char *label)
{
    char word[LABEL_SIZE] = { FLT_LABEL_SIGN };
    size_t slot;

    if (strlen(label) > FLT_LABEL_MAX)
        return FLT_WORDS_MAX;
    memcpy(word + 1, label, strlen(label) + 1);
    slot = slot_of(packs, word);
    return packs->word_slots[slot] == 0 ? FLT_WORDS_MAX : packs->word_slots[slot] - 1u;
}

static enum st_rc add_labels(struct flt_packs *packs, struct flt_detector *d, struct st_err *err)
{
    for (size_t i = 0; i < d->n_labels; i++) {
        char word[LABEL_SIZE];
        size_t w;

        (void)snprintf(word, sizeof word, "%c%s", FLT_LABEL_SIGN, d->labels[i].s);
        if (add_text(packs, word, (struct flt_word){ .kind = FLT_WORD_LABEL }, err) != ST_OK ||
            flt_context_word(packs, word, &w, err) != ST_OK)
            return ST_ERR;
        d->words[w / 64] |= 1ull << (w % 64);
        packs->label_lengths[(uint8_t)packs->words[w][1]] |= 1u << (strlen(packs->words[w]) - 1);
    }
    return ST_OK;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------
 */

static enum st_rc index_words(struct flt_packs *packs, struct st_err *err)
{
    size_t used = (packs->n_words + 63) / 64;
    uint32_t n = 0;

    for (size_t i = 0; i < packs->n; i++)
        for (size_t k = 0; k < used; k++)
            for (uint64_t left = packs->rules[i].words[k]; left != 0; left &= left - 1)
                packs->word_index[k * 64 + (size_t)__builtin_ctzll(left)].n++;
    for (size_t w = 0; w < packs->n_words; w++) {
        packs->word_index[w].first = n;
        n += packs->word_index[w].n;
        packs->word_index[w].n = 0;
    }
    if ((packs->word_rules = st_arena_alloc(packs->arena, (n + 1) * sizeof *packs->word_rules)) == NULL)
        return st_arena_fail(packs->arena, err, "packs.load");
    for (size_t i = 0; i < packs->n; i++)
        for (size_t k = 0; k < used; k++)
            for (uint64_t left = packs->rules[i].words[k]; left != 0; left &= left - 1) {
                struct flt_word *word = &packs->word_index[k * 64 + (size_t)__builtin_ctzll(left)];

                packs->word_rules[word->first + word->n++] = (uint16_t)i;
            }
    return ST_OK;
}

enum st_rc flt_context_make(struct flt_packs *packs, struct st_err *err)
{
    if (add_texts(packs, err) != ST_OK)
        return ST_ERR;
    packs->n_literals = packs->n_words;
    for (size_t i = 0; i < packs->n; i++)
        if (add_labels(packs, &packs->rules[i], err) != ST_OK)
            return ST_ERR;
    return add_nations(packs, err) == ST_OK ? index_words(packs, err) : ST_ERR;
}
