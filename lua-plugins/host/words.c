/* SPDX-License-Identifier: Apache-2.0 */
/* words - see words.h: a few hundred phrases cost hardly more than one.
 *
 * A phrase begins where a word of the text begins, so the text is split into words sixty-four bytes at a time, and at
 * each beginning a bitmap says whether any phrase begins with these three bytes; only then is one compared. With AVX2
 * most blocks are passed over before that: by halves of three bytes, no phrase can begin in them. Phrases that begin
 * with a sign, such as ".net", are looked for at each such sign. Words are compared without regard to case and
 * end where a word of the text does; any byte above 127 is a part of a word. The bitmap's bytes have the bit that case
 * is in set, all of them: what fold() makes equal is equal there too, and more than that, so it never hides a phrase.
 */
#include "words.h"
#include "base/bytes.h"
#include "base/ipc.h"
#include <endian.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

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

static inline unsigned slot_for(uint32_t three)
{
    return ((three | 0x202020u) * 2654435761u) >> 16;
}

static unsigned slot_of(const uint8_t *p)
{
    return slot_for(p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16);
}

static unsigned short_of(uint8_t first)
{
    return first | 0x20u;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static void index_first(struct lp_words *words, uint8_t first)
{
    if (is_word(first) || memchr(words->odd, first, words->n_odd) != NULL)
        return;
    words->odd[words->n_odd++] = first;
}

/* Words are put into eight groups; what no group may have at these three places begins no word. */
static void index_halves(struct lp_words *words, struct st_span folded)
{
    uint8_t group = (uint8_t)(1u << (folded.p[0] & 7));

    for (size_t i = 0; i < ST_LEN(words->low); i++) {
        for (unsigned half = 0; half < 16 && i >= folded.n; half++) {
            words->low[i][half] |= group;
            words->high[i][half] |= group;
        }
        if (i < folded.n) {
            words->low[i][folded.p[i] & 15] |= group;
            words->high[i][(folded.p[i] | 0x20) >> 4] |= group;
        }
    }
}

static void index_word(struct lp_words *words, struct lp_word *word, uint32_t number)
{
    const uint8_t *p = word->folded.p;
    uint32_t *head = &words->short_heads[short_of(p[0])];

    if (word->folded.n > 2) {
        unsigned slot = slot_of(p);

        words->slots[slot / 64] |= (uint64_t)1 << (slot % 64);
        head = &words->heads[slot / 16];
    }
    word->next = *head;
    *head = number + 1;
    index_first(words, p[0]);
    index_halves(words, word->folded);
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

static struct lp_word *list_of(const struct lp_words *words)
{
    return (struct lp_word *)(void *)words->list.p;
}

static void see(struct lp_words *words, uint32_t i)
{
    struct lp_word *word = &list_of(words)[i - 1];

    word->is_seen = true;
    word->seen_before = words->last_seen;
    words->last_seen = i;
}

static void mark(struct lp_words *words, uint32_t head, struct st_span text, size_t at)
{
    const struct lp_word *list = list_of(words);

    for (uint32_t i = head; i != 0; i = list[i - 1].next)
        if (!list[i - 1].is_seen && stands(&list[i - 1], text, at))
            see(words, i);
}

static inline void look_at(struct lp_words *words, struct st_span text, size_t at)
{
    uint32_t shorts = words->short_heads[short_of(text.p[at])];
    unsigned slot;

    if (shorts != 0)
        mark(words, shorts, text, at);
    if (text.n - at < 3)
        return;
    slot = slot_of(text.p + at);
    if ((words->slots[slot / 64] >> (slot % 64) & 1) != 0)
        mark(words, words->heads[slot / 16], text, at);
}

/* May a phrase begin with these bytes? Reads four of them. No branch: a CPU cannot guess the answers. */
static inline bool may_stand(const struct lp_words *words, const uint8_t *p)
{
    uint32_t four;
    unsigned slot;

    memcpy(&four, p, sizeof four);
    slot = slot_for(le32toh(four) & 0xFFFFFFu);
    return ((words->slots[slot / 64] >> (slot % 64) & 1) | (words->short_heads[short_of(p[0])] != 0)) != 0;
}

/* Bit i: p[i] is part of a word. */
static unsigned words_in(const uint8_t *p)
{
    return st_bytes_in(p, '0', '9') | st_bytes_in(p, 'A', 'Z') | st_bytes_in(p, 'a', 'z') | st_bytes_in(p, '_', '_') |
           st_bytes_high(p);
}

/* Where in the block at `at` a phrase may begin. */
static uint64_t beginnings(const struct lp_words *words, struct st_span text, size_t at)
{
    const uint8_t *p = text.p + at;
    uint64_t inside = (uint64_t)words_in(p) | (uint64_t)words_in(p + 16) << 16 | (uint64_t)words_in(p + 32) << 32 |
                      (uint64_t)words_in(p + 48) << 48;
    uint64_t begins = inside & ~(inside << 1 | (uint64_t)(at > 0 && is_word(text.p[at - 1])));

    for (size_t i = 0; i < words->n_odd; i++)
        begins |= st_bytes_in_block(p, words->odd[i], words->odd[i]);
    return begins;
}

#ifdef __x86_64__
/* In 32 bytes, each with the two behind it: a bit where the groups of all three have one in common. */
static __attribute__((target("avx2"))) uint32_t grouped_32(const struct lp_words *words, const uint8_t *p)
{
    const __m256i half = _mm256_set1_epi8(15), no_case = _mm256_set1_epi8(0x20);
    __m256i groups = _mm256_set1_epi8(-1);

    for (int i = 0; i < 3; i++) {
        __m256i x = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)(p + i)), no_case);
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)words->low[i]);
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)words->high[i]);
        __m256i by_low = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(low), _mm256_and_si256(x, half));
        __m256i by_high =
            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(high), _mm256_and_si256(_mm256_srli_epi16(x, 4), half));

        groups = _mm256_and_si256(groups, _mm256_and_si256(by_low, by_high));
    }
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256()));
}

static bool is_wide(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
#define grouped_32(words, p) UINT32_MAX

static bool is_wide(void)
{
    return false;
}
#endif

/* The block at `at`, behind which three more bytes lie. */
static void read_block(struct lp_words *words, struct st_span text, size_t at, bool wide)
{
    const uint8_t *p = text.p + at;
    uint64_t begins = wide ? grouped_32(words, p) | (uint64_t)grouped_32(words, p + 32) << 32 : UINT64_MAX;
    uint8_t found[ST_BYTES_BLOCK];
    size_t n = 0;

    if (begins != 0)
        begins &= beginnings(words, text, at);
    for (; begins != 0; begins &= begins - 1) {
        unsigned i = (unsigned)__builtin_ctzll(begins);

        found[n] = (uint8_t)i;
        n += may_stand(words, p + i);
    }
    for (size_t i = 0; i < n; i++)
        look_at(words, text, at + found[i]);
}

static bool may_begin(const struct lp_words *words, struct st_span text, size_t at)
{
    return is_word(text.p[at]) ? at == 0 || !is_word(text.p[at - 1])
                               : memchr(words->odd, text.p[at], words->n_odd) != NULL;
}

static void read_text(struct lp_words *words, struct st_span text, bool wide)
{
    size_t at = 0;

    for (; text.n - at >= ST_BYTES_BLOCK + 3; at += ST_BYTES_BLOCK)
        read_block(words, text, at, wide);
    for (; at < text.n; at++)
        if (may_begin(words, text, at))
            look_at(words, text, at);
}

static void forget(struct lp_words *words)
{
    struct lp_word *list = list_of(words);

    for (uint32_t i = words->last_seen; i != 0; i = list[i - 1].seen_before)
        list[i - 1].is_seen = false;
    words->last_seen = 0;
}

void lp_words_read(struct lp_words *words, const struct st_span *texts, size_t n)
{
    forget(words);
    for (size_t i = 0; i < n && words->list.n > 0; i++)
        read_text(words, texts[i], is_wide());
}

void lp_words_write(const struct lp_words *words, struct st_buf *out)
{
    const struct lp_word *list = list_of(words);

    for (uint32_t i = words->last_seen; i != 0; i = list[i - 1].seen_before) {
        st_pack_u8(out, list[i - 1].is_tag);
        st_pack_span(out, list[i - 1].folded);
    }
}

/* All of the list that are this word, which may stand in several rules. */
static void know(struct lp_words *words, struct st_span folded, bool is_tag)
{
    const struct lp_word *list = list_of(words);
    uint32_t i = folded.n > 2 ? words->heads[slot_of(folded.p) / 16] : words->short_heads[short_of(folded.p[0])];

    for (; i != 0; i = list[i - 1].next)
        if (!list[i - 1].is_seen && list[i - 1].is_tag == is_tag && st_span_eq(list[i - 1].folded, folded))
            see(words, i);
}

void lp_words_know(struct lp_words *words, struct st_span packed)
{
    struct st_unpack u = st_unpack(packed);

    forget(words);
    while (!st_unpack_done(&u) && !u.bad) {
        bool is_tag = st_unpack_u8(&u) != 0;
        struct st_span folded = st_unpack_span(&u);

        if (folded.n > 0)
            know(words, folded, is_tag);
    }
}

bool lp_words_seen(const struct lp_words *words, size_t first, size_t n)
{
    const struct lp_word *list = (const struct lp_word *)(const void *)words->list.p;

    for (size_t i = 0; i < n; i++)
        if (list[first + i].is_seen)
            return true;
    return false;
}
