/* SPDX-License-Identifier: Apache-2.0 */
/* words - the phrases and hashtags of all curation rules, looked for in one pass. Inside this room only. */
#ifndef STOA_LUA_PLUGINS_HOST_WORDS_H
#define STOA_LUA_PLUGINS_HOST_WORDS_H
#include "base/arena.h"
#include "base/buf.h"

#define LP_WORDS_MAX   65536
#define LP_WORDS_HEADS 4096

struct lp_word {
    struct st_span folded; /* borrowed from the arena of the set; at least one byte */
    bool is_tag;           /* stands behind a '#' */
    bool is_seen;          /* in the text of the last lp_words_read */
    uint32_t next;         /* of those with the same first bytes: index + 1 */
};

struct lp_words {
    struct st_buf list; /* of struct lp_word */
    uint32_t heads[LP_WORDS_HEADS];
    uint64_t pairs[65536 / 64]; /* which two bytes begin a word; all with that first byte for a word of one byte */
    bool is_short[256];         /* a word of this one byte */
    uint8_t odd[256];           /* the first bytes that are no part of a word themselves: "++", ".net" */
    size_t n_odd;
};

/* Adds the words of one condition (NULL-terminated, none empty, living as long as the set); *first is the index of the
 * first, the others follow it. */
ST_MUST enum st_rc lp_words_add(struct lp_words *words, const char *const *list, bool is_tag, struct st_arena *arena,
                                size_t *first, struct st_err *err);
void lp_words_fini(struct lp_words *words);
/* Forgets what was seen before, and marks what is in any of the texts. */
void lp_words_read(struct lp_words *words, const struct st_span *texts, size_t n);
bool lp_words_seen(const struct lp_words *words, size_t first, size_t n);
/* Letters without regard to case: ASCII and the block of UTF-8 that begins with C3. */
int lp_words_fold(struct st_span s, size_t i);
#endif
