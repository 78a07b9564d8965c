/* SPDX-License-Identifier: Apache-2.0 */
/* words - see words.h: a few hundred phrases cost hardly more than one.
 *
 * A phrase begins where a word of the text begins, so the text is split into words sixteen bytes at a time, and at each
 * beginning a bitmap says whether any phrase begins with these two bytes; only then is one compared. Phrases that begin
 * with a sign, such as ".net", are looked for at each such sign. Words are compared without regard to case and end
 * where a word of the text does; any byte above 127 is a part of a word.
 */
#include "words.h"
#include "base/bytes.h"
#include <string.h>

int lp_words_fold(struct st_span s, size_t i)
{
    int c = s.p[i];

    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if (c >= 0x80 && c <= 0x9e && c != 0x97 && i > 0 && s.p[i - 1] == 0xc3)
        return c + 32;
    return c;
}

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c >= 0x80;
}

static size_t head_of(unsigned pair)
{
    return (pair * 40503u >> 4) % LP_WORDS_HEADS;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static void index_first(struct lp_words *words, uint8_t first)
{
    if (is_word(first) || memchr(words->odd, first, words->n_odd) != NULL)
        return;
    words->odd[words->n_odd++] = first;
}

static void index_word(struct lp_words *words, struct lp_word *word, uint32_t number)
{
    const uint8_t *p = word->folded.p;
    unsigned pair = word->folded.n > 1 ? p[0] | (unsigned)p[1] << 8 : p[0];
    uint32_t *head = &words->heads[head_of(pair)];

    word->next = *head;
    *head = number + 1;
    index_first(words, p[0]);
    words->is_short[p[0]] = words->is_short[p[0]] || word->folded.n == 1;
    for (unsigned second = 0; second < 256; second++)
        if (word->folded.n == 1 || second == p[1])
            words->pairs[(p[0] | second << 8) / 64] |= (uint64_t)1 << ((p[0] | second << 8) % 64);
}

enum st_rc lp_words_add(struct lp_words *words, const char *const *list, bool is_tag, struct st_arena *arena,
                        size_t *first, struct st_err *err)
{
    if (words->list.limit == 0)
        st_buf_init(&words->list, LP_WORDS_MAX * sizeof(struct lp_word));
    *first = words->list.n / sizeof(struct lp_word);
    for (size_t i = 0; list[i] != NULL; i++) {
        struct lp_word word = { .folded = st_span_str(list[i]), .is_tag = is_tag };
        uint8_t *copy = st_arena_alloc(arena, word.folded.n);

        if (copy == NULL)
            return st_arena_fail(arena, err, "lua.words");
        for (size_t k = 0; k < word.folded.n; k++)
            copy[k] = (uint8_t)lp_words_fold(word.folded, k);
        word.folded.p = copy;
        index_word(words, &word, (uint32_t)(*first + i));
        st_buf_put(&words->list, &word, sizeof word);
        if (st_buf_done(&words->list, err, "lua.words") != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

void lp_words_fini(struct lp_words *words)
{
    st_buf_fini(&words->list);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool stands(const struct lp_word *word, struct st_span text, size_t at)
{
    struct st_span w = word->folded;
    size_t k = 0;

    if (w.n > text.n - at)
        return false;
    while (k < w.n && lp_words_fold(text, at + k) == w.p[k])
        k++;
    if (k < w.n || (at + w.n < text.n && is_word(w.p[w.n - 1]) && is_word(text.p[at + w.n])))
        return false;
    if (word->is_tag)
        return at > 0 && text.p[at - 1] == '#' && (at < 2 || !is_word(text.p[at - 2]));
    return at == 0 || !is_word(w.p[0]) || !is_word(text.p[at - 1]);
}

static void mark(struct lp_words *words, unsigned pair, struct st_span text, size_t at)
{
    struct lp_word *list = (struct lp_word *)(void *)words->list.p;

    for (uint32_t i = words->heads[head_of(pair)]; i != 0; i = list[i - 1].next)
        if (!list[i - 1].is_seen && stands(&list[i - 1], text, at))
            list[i - 1].is_seen = true;
}

static void look_at(struct lp_words *words, struct st_span text, size_t at)
{
    unsigned first = (unsigned)lp_words_fold(text, at);
    unsigned pair = first | (at + 1 < text.n ? (unsigned)lp_words_fold(text, at + 1) << 8 : 0);

    if ((words->pairs[pair / 64] >> (pair % 64) & 1) == 0)
        return;
    mark(words, pair, text, at);
    if (words->is_short[first] && pair != first)
        mark(words, first, text, at);
}

/* Bit i: p[i] is part of a word. */
static unsigned words_in(const uint8_t *p)
{
    return st_bytes_in(p, '0', '9') | st_bytes_in(p, 'A', 'Z') | st_bytes_in(p, 'a', 'z') | st_bytes_in(p, '_', '_') |
           st_bytes_high(p);
}

static void read_text(struct lp_words *words, struct st_span text)
{
    size_t at = 0;
    unsigned before = 0; /* 1: the byte before is part of a word */

    for (; at + ST_BYTES_STEP <= text.n; at += ST_BYTES_STEP) {
        unsigned inside = words_in(text.p + at), begins = inside & ~(inside << 1 | before);

        for (size_t i = 0; i < words->n_odd; i++)
            begins |= st_bytes_in(text.p + at, words->odd[i], words->odd[i]);
        before = inside >> (ST_BYTES_STEP - 1);
        for (; begins != 0; begins &= begins - 1)
            look_at(words, text, at + st_bytes_first(begins));
    }
    for (; at < text.n; at++) {
        bool inside = is_word(text.p[at]);

        if (inside ? before == 0 : memchr(words->odd, text.p[at], words->n_odd) != NULL)
            look_at(words, text, at);
        before = inside;
    }
}

void lp_words_read(struct lp_words *words, const struct st_span *texts, size_t n)
{
    struct lp_word *list = (struct lp_word *)(void *)words->list.p;
    size_t count = words->list.n / sizeof *list;

    for (size_t i = 0; i < count; i++)
        list[i].is_seen = false;
    for (size_t i = 0; i < n && count > 0; i++)
        read_text(words, texts[i]);
}

bool lp_words_seen(const struct lp_words *words, size_t first, size_t n)
{
    const struct lp_word *list = (const struct lp_word *)(const void *)words->list.p;

    for (size_t i = 0; i < n; i++)
        if (list[first + i].is_seen)
            return true;
    return false;
}
