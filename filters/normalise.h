/* SPDX-License-Identifier: Apache-2.0 */
/* normalise - the text of a field as a detector should see it, with the way back.
 *
 * Internal to this room: decode makes fields, normalise makes a view of one, scan matches the view and asks where in
 * the field's text a match lies. A view is NFKC; digits of every script are ASCII digits; spaces of every width are
 * ' ' and dashes '-', line separators '\n'; what nobody sees (zero-width, soft hyphen, bidi marks, variation selectors,
 * tags, control bytes but \t \n \v \f \r, combining marks left over on ASCII) is gone; Cyrillic and Greek look-alikes
 * are Latin in runs that become plain ASCII by it. A view is always valid UTF-8.
 */
#ifndef STOA_FILTERS_NORMALISE_H
#define STOA_FILTERS_NORMALISE_H
#include "base/arena.h"
#include "filters/survey.h"

struct flt_map;

enum flt_case { FLT_CASE_KEEP, FLT_CASE_FOLD };

struct flt_view {
    struct st_span text;       /* borrows the field's text when nothing changed, else lives in the arena */
    const struct flt_map *map; /* NULL: offsets are those of the field's text */
    bool is_whole;             /* what is read from it leaves nothing out of it (excerpt.h) */
    struct flt_survey survey;  /* of text */
};

/* text is valid UTF-8, as flt_field.text is; bad bytes become '?'. ST_ERR is memory or the arena's ceiling. */
ST_MUST enum st_rc flt_normalise(struct st_arena *arena, struct st_span text, enum flt_case fold, struct flt_view *out,
                                 struct st_err *err);
/* Does normalising leave it as it is? No memory is asked for; false may be wrong. */
bool flt_is_settled(struct st_span text, enum flt_case fold);
/* The bytes [*raw_from, *raw_to) of the field's text that the view's [from, to) was made of; from <= to <= text.n.
 * Characters dropped at either edge are left out, those between belong to it; a part of a unit means the whole unit. */
void flt_view_range(const struct flt_view *view, uint32_t from, uint32_t to, uint32_t *raw_from, uint32_t *raw_to);

/* One character of a view, as dictionaries compare it: lower case, the German sharp s as "ss". p < end; answers the
 * bytes it has, *n of them are in out. */
#define FLT_FOLD_MAX 4
size_t flt_fold_char(const uint8_t *p, const uint8_t *end, uint8_t out[FLT_FOLD_MAX], size_t *n);
/* The other form of a lower-case character, in UTF-8; 0: it has none. */
size_t flt_upper_char(const uint8_t *p, const uint8_t *end, uint8_t out[FLT_FOLD_MAX]);
/* A letter, digit or _ of a script that puts borders between its words (not Han, Kana, Thai …). */
bool flt_is_word_char(const uint8_t *p, const uint8_t *end);
/* One character of a view, as words of own data compare it: folded, without accents, umlauts as two letters. */
enum flt_plain {
    FLT_PLAIN_BETWEEN, /* words */
    FLT_PLAIN_PART,    /* of a word; a mark has no bytes */
    FLT_PLAIN_ALONE    /* a word by itself, of a script without borders */
};
enum flt_plain flt_plain_char(const uint8_t *p, const uint8_t *end, size_t *used, uint8_t out[FLT_FOLD_MAX], size_t *n);
#endif
