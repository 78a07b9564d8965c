/* SPDX-License-Identifier: Apache-2.0 */
/* words - the phrases and hashtags of all curation rules, looked for in one pass. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_WORDS_H
#define STOA_LUA_PLUGINS_HOST_WORDS_H
#include "base/arena.h"
#include "base/buf.h"

#define LP_WORDS_MAX   65536
#define LP_WORDS_TEXTS 2
#define LP_WORDS_SLOTS 65536 /* of what three bytes become */

struct lp_word {
    struct st_span folded; /* borrowed from the arena of the set; at least one byte */
    bool is_tag;           /* stands behind a '#' */
    bool is_seen;          /* in the text, as far as it was read */
    uint32_t next;         /* of those with the same beginning: index + 1 */
};

struct lp_words {
    struct st_buf list;                  /* of struct lp_word */
    uint64_t slots[LP_WORDS_SLOTS / 64]; /* which three bytes begin a word, hashed */
    uint32_t heads[LP_WORDS_SLOTS / 16]; /* of words of three bytes and more, by their slot: index + 1 */
    uint32_t short_heads[256];           /* of shorter ones, by their first byte */
    uint8_t odd[256];                    /* first bytes that are no part of a word themselves: "++", ".net" */
    size_t n_odd;
    struct st_span texts[LP_WORDS_TEXTS]; /* being read */
    size_t n_texts, text, at;             /* where the reading is */
};

/* Adds the words of one condition (NULL-terminated, none empty, living as long as the set); *first is the index of the
 * first, the others follow it. */
ST_MUST enum st_rc lp_words_add(struct lp_words *words, const char *const *list, bool is_tag, struct st_arena *arena,
                                size_t *first, struct st_err *err);
void lp_words_fini(struct lp_words *words);
/* Begins with other texts (at most LP_WORDS_TEXTS, borrowed while they are read): nothing is seen yet. */
void lp_words_open(struct lp_words *words, const struct st_span *texts, size_t n);
/* Reads on: to the first place where a word is seen that was not (true), or to the end of the texts (false). */
bool lp_words_next(struct lp_words *words);
bool lp_words_seen(const struct lp_words *words, size_t first, size_t n);
/* Letters without regard to case: ASCII and the block of UTF-8 that begins with C3. */
uint8_t lp_words_fold(struct st_span s, size_t i);
#endif
