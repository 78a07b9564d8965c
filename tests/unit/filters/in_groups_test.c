/* SPDX-License-Identifier: Apache-2.0 */
/* in_groups_test - a number in pieces counts without a word that says what it is where its pieces are those of one row,
 * and no other number that a text run together spells by chance does.
 */
#include "shipped.h"

#define CARD "pii.card.mastercard"

/* The finding of one text; NULL: none. */
static const char *found_in(const char *text, unsigned *confidence)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    const struct flt_findings found = found_in_text(arena, text);
    const char *id = NULL;

    if (found.n > 0) {
        id = found.items[0].rule->id;
        *confidence = found.items[0].confidence;
    }
    st_arena_free(arena);
    return id;
}

T_TEST(a_number_in_a_row_of_groups_needs_no_word)
{
    static const struct {
        const char *text, *id;
    } CASES[] = {
        { "it: 5+4+1+2+7+5+0+0+9+3+1+8+2+6+6+6 ok", CARD },
        { "it: 5412\302\2677500\302\2679318\302\2672666 ok", CARD },
        { "it: (5412)(7500)(9318)(2666) ok", CARD },
        { "it: 54,12,75,00,93,18,26,66 ok", CARD },
        { "it: D+E+0+2+1+2+0+3+0+0+0+0+0+0+0+0+2+0+2+0+5+1 ok", "pii.iban" },
        { "it: DE02;1203;0000;0000;2020;51 ok", "pii.iban" },
        { "it: 5+4+1+2+7+5+0+0+9+3+1+8+2+6+6+4 ok", NULL },   /* its check digit */
        { "it: 5+4+1+2+7+5+0+0+9+3+1+8+2+6+6+6+1 ok", NULL }, /* one more */
        { "it: 54127500\n93182666 ok", NULL },
        { "it: \"54127500\", \"93182666\" ok", NULL }, /* two */
        { "it: 9434/7659/19 ok", NULL },               /* a number that needs a word */
        { "mail: p e t r a . k 7 7 @ h a a s . d e thanks", "pii.email" },
    };

    for (size_t i = 0; i < ST_LEN(CASES); i++) {
        unsigned confidence = 0;
        const char *id = found_in(CASES[i].text, &confidence);

        T_CHECK((id == NULL) == (CASES[i].id == NULL) &&
                    (id == NULL || strncmp(id, CASES[i].id, strlen(CASES[i].id)) == 0),
                "%s: %s", CASES[i].text, id != NULL ? id : "nothing");
        T_CHECK(id == NULL || strcmp(id, CARD) != 0 || confidence < 85, "%s: %u", CASES[i].text, confidence);
    }
}
