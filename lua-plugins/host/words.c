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

static const uint8_t lower[128] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12,
    0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
    0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
    0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b,
    0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x5b, 0x5c, 0x5d, 0x5e,
    0x5f, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71,
    0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f,
};

static inline uint8_t fold(struct st_span s, size_t i)
{
    uint8_t c = s.p[i];

    if (c < 0x80)
        return lower[c];
    if (c >= 0x80 && c <= 0x9e && c != 0x97 && i > 0 && s.p[i - 1] == 0xc3)
        return c + 32;
    return c;
}

uint8_t lp_words_fold(struct st_span s, size_t i)
{
    return fold(s, i);
}

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c >= 0x80;
}

static unsigned slot_of(uint8_t a, uint8_t b, uint8_t c)
{
    return ((a | (unsigned)b << 8 | (unsigned)c << 16) * 2654435761u) >> 16;
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
    uint32_t *head = &words->short_heads[p[0]];

    if (word->folded.n > 2) {
        unsigned slot = slot_of(p[0], p[1], p[2]);

        words->slots[slot / 64] |= (uint64_t)1 << (slot % 64);
        head = &words->heads[slot / 16];
    }
    word->next = *head;
    *head = number + 1;
    index_first(words, p[0]);
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
            copy[k] = fold(word.folded, k);
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
    while (k < w.n && fold(text, at + k) == w.p[k])
        k++;
    if (k < w.n || (at + w.n < text.n && is_word(w.p[w.n - 1]) && is_word(text.p[at + w.n])))
        return false;
    if (word->is_tag)
        return at > 0 && text.p[at - 1] == '#' && (at < 2 || !is_word(text.p[at - 2]));
    return at == 0 || !is_word(w.p[0]) || !is_word(text.p[at - 1]);
}

/* True when one of the chain is seen for the first time. */
static bool mark(struct lp_words *words, uint32_t head, struct st_span text, size_t at)
{
    struct lp_word *list = (struct lp_word *)(void *)words->list.p;
    bool is_new = false;

    for (uint32_t i = head; i != 0; i = list[i - 1].next)
        if (!list[i - 1].is_seen && stands(&list[i - 1], text, at))
            is_new = list[i - 1].is_seen = true;
    return is_new;
}

/* The slot of the three bytes at `at`; nearly all of them are ASCII. */
static inline unsigned slot_at(struct st_span text, size_t at)
{
    const uint8_t *p = text.p + at;

    if (((p[0] | p[1] | p[2]) & 0x80) == 0)
        return slot_of(lower[p[0]], lower[p[1]], lower[p[2]]);
    return slot_of(fold(text, at), fold(text, at + 1), fold(text, at + 2));
}

static inline bool look_at(struct lp_words *words, struct st_span text, size_t at)
{
    uint32_t shorts = words->short_heads[fold(text, at)];
    bool is_new = shorts != 0 && mark(words, shorts, text, at);
    unsigned slot;

    if (text.n - at < 3)
        return is_new;
    slot = slot_at(text, at);
    if ((words->slots[slot / 64] >> (slot % 64) & 1) == 0)
        return is_new;
    return mark(words, words->heads[slot / 16], text, at) || is_new;
}

/* Bit i: p[i] is part of a word. */
static unsigned words_in(const uint8_t *p)
{
    return st_bytes_in(p, '0', '9') | st_bytes_in(p, 'A', 'Z') | st_bytes_in(p, 'a', 'z') | st_bytes_in(p, '_', '_') |
           st_bytes_high(p);
}

/* Where in the sixteen bytes at `at` a phrase may begin. */
static unsigned beginnings(const struct lp_words *words, struct st_span text, size_t at)
{
    unsigned inside = words_in(text.p + at);
    unsigned begins = inside & ~(inside << 1 | (unsigned)(at > 0 && is_word(text.p[at - 1])));

    for (size_t i = 0; i < words->n_odd; i++)
        begins |= st_bytes_in(text.p + at, words->odd[i], words->odd[i]);
    return begins;
}

static bool may_begin(const struct lp_words *words, struct st_span text, size_t at)
{
    return is_word(text.p[at]) ? at == 0 || !is_word(text.p[at - 1])
                               : memchr(words->odd, text.p[at], words->n_odd) != NULL;
}

/* From words->at on; stops behind sixteen bytes in which something new was seen. */
static bool read_text(struct lp_words *words, struct st_span text)
{
    bool is_new = false;

    for (; !is_new && text.n - words->at >= ST_BYTES_STEP; words->at += ST_BYTES_STEP)
        for (unsigned begins = beginnings(words, text, words->at); begins != 0; begins &= begins - 1)
            is_new = look_at(words, text, words->at + st_bytes_first(begins)) || is_new;
    for (; !is_new && words->at < text.n; words->at++)
        is_new = may_begin(words, text, words->at) && look_at(words, text, words->at);
    return is_new;
}

void lp_words_open(struct lp_words *words, const struct st_span *texts, size_t n)
{
    struct lp_word *list = (struct lp_word *)(void *)words->list.p;

    for (size_t i = 0; i < words->list.n / sizeof *list; i++)
        list[i].is_seen = false;
    for (size_t i = 0; i < n; i++)
        words->texts[i] = texts[i];
    words->n_texts = words->list.n > 0 ? n : 0;
    words->text = words->at = 0;
}

bool lp_words_next(struct lp_words *words)
{
    for (; words->text < words->n_texts; words->text++, words->at = 0)
        if (read_text(words, words->texts[words->text]))
            return true;
    return false;
}

bool lp_words_seen(const struct lp_words *words, size_t first, size_t n)
{
    const struct lp_word *list = (const struct lp_word *)(const void *)words->list.p;

    for (size_t i = 0; i < n; i++)
        if (list[first + i].is_seen)
            return true;
    return false;
}
