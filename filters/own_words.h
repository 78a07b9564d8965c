/* SPDX-License-Identifier: Apache-2.0 */
/* own_words - the words of a text and what they hash to, the same for who builds a file and who scans by it.
 *
 * Internal to this room. Texts are views (normalise.h). A value of words is the keyed hash of the sum of its words'
 * keyed hashes: so the order of a name does not matter, and a scan adds one word at a time.
 */
#ifndef STOA_FILTERS_OWN_WORDS_H
#define STOA_FILTERS_OWN_WORDS_H
#include "filters/own_table.h"

struct own_word {
    uint32_t from, to;
    uint64_t hash;
    uint8_t n; /* bytes of text; 0: too long, and no part of any value */
    bool has_digit, is_number;
    uint8_t text[OWN_NUMBER + 4];
};
/* The next word at or behind *at, which moves behind it; false: none. */
bool own_word_next(const struct own_keys *keys, struct st_span text, uint32_t *at, struct own_word *out);
/* May b go on where a ends? */
bool own_words_meet(const struct own_word *a, const struct own_word *b);
/* The same inside a number: one separator. */
bool own_numbers_meet(struct st_span text, const struct own_word *a, const struct own_word *b);

static inline uint64_t own_words_hash(const struct own_keys *keys, uint64_t sum)
{
    return st_siphash_u64(&keys->value, sum);
}
static inline uint64_t own_date_hash(const struct own_keys *keys, uint32_t day)
{
    return st_siphash_u64(&keys->date, day);
}

/* The days that one word (20240229) or three (29 Feb 2024) can mean, as 20240229; at most OWN_DAYS_MAX. */
#define OWN_DAYS_MAX 4
size_t own_days(const struct own_word *const *words, size_t n, uint32_t out[OWN_DAYS_MAX]);
/* Of an address, which is ASCII lower case then. */
uint64_t own_email_hash(const struct own_keys *keys, struct st_span address);

/* What a cell hashes to. */
enum own_found { OWN_FOUND_NOTHING, OWN_FOUND_VALUE, OWN_FOUND_WRONG /* no such value can be of the type */ };
struct own_hashes {
    uint64_t values[2]; /* a name also without what stands in the middle */
    size_t n_values;
    uint64_t marks[64]; /* the filter knows them, so that a scan goes on */
    size_t n_marks;
    uint32_t words, number; /* how long it is */
};
enum own_found own_hash(const struct own_keys *keys, enum flt_own_type type, struct st_span view,
                        struct own_hashes *out);
#endif
