/* SPDX-License-Identifier: Apache-2.0 */
/* words - the phrases and hashtags of all curation rules, looked for in one pass. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_WORDS_H
#define STOA_LUA_PLUGINS_HOST_WORDS_H
#include "base/arena.h"
#include "base/buf.h"

#define LP_WORDS_MAX   65536
#define LP_WORDS_SLOTS 65536 /* of what three bytes become */

struct lp_word {
    struct st_span folded; /* borrowed from the arena of the set; at least one byte */
    bool is_tag;           /* stands behind a '#' */
    bool is_seen;          /* in the text */
    uint32_t next;         /* of those with the same beginning: index + 1 */
    uint32_t seen_before;  /* the one seen before this one was: index + 1 */
};

struct lp_words {
    struct st_buf list;                  /* of struct lp_word */
    uint64_t slots[LP_WORDS_SLOTS / 64]; /* which three bytes begin a word, hashed */
    uint32_t heads[LP_WORDS_SLOTS / 16]; /* of words of three bytes and more, by their slot: index + 1 */
    uint32_t short_heads[256];           /* of shorter ones, by their first byte */
    uint8_t odd[256];                    /* first bytes that are no part of a word themselves: "++", ".net" */
    size_t n_odd;
    uint8_t low[3][16], high[3][16]; /* of the first three bytes: a bit for each group of words, by half a byte */
    uint32_t last_seen;              /* index + 1; 0: none */
};

/* Adds the words of one condition (NULL-terminated, none empty, living as long as the set); *first is the index of the
 * first, the others follow it. */
ST_MUST enum st_rc lp_words_add(struct lp_words *words, const char *const *list, bool is_tag, struct st_arena *arena,
                                size_t *first, struct st_err *err);
void lp_words_fini(struct lp_words *words);
/* Sees what stands in these texts, and nothing else. */
void lp_words_read(struct lp_words *words, const struct st_span *texts, size_t n);
/* Packs which words are seen; lp_words_know sees the same ones without the texts, in another process too. A word that
 * is in no rule there is none. */
void lp_words_write(const struct lp_words *words, struct st_buf *out);
void lp_words_know(struct lp_words *words, struct st_span packed);
bool lp_words_seen(const struct lp_words *words, size_t first, size_t n);
/* Letters without regard to case: ASCII and the block of UTF-8 that begins with C3. */
uint8_t lp_words_fold(struct st_span s, size_t i);
#endif
