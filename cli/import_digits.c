/* SPDX-License-Identifier: Apache-2.0 */
/* import_digits - expressions of nothing but digits, letters and separators.
 *
 * They have no literal, and the house finds such numbers and ids without the engine: by how many digits they have, how
 * they are grouped, or by their places (AA999999A). What is narrower in the expression, as [1-9] or [A-CEGH], those
 * finders do not ask, and that is noted.
 */
#include "cli/import.h"
#include <string.h>

#define PIECES_MAX 64u
#define PLACES_MAX 24u /* of a shape, digits of a number */
#define GROUPS_MAX 8u

struct piece {
    char kind; /* '9' digits, 'A' letters, 'X' either, '-' a separator */
    uint32_t min, max;
};
struct pieces {
    struct piece items[PIECES_MAX];
    size_t n;
    bool is_narrower;
    struct rx_set separators;
};

static struct rx_set set_of(const char *ranges)
{
    struct rx_set set = { { 0 } };

    for (; *ranges != '\0'; ranges += 2)
        for (unsigned c = (uint8_t)ranges[0]; c <= (uint8_t)ranges[1]; c++)
            rx_set_add(&set, (uint8_t)c);
    return set;
}

static char kind_of(struct pieces *pieces, const struct rx_set *set)
{
    const struct rx_set digits = set_of("09"), letters = set_of("AZaz"), either = set_of("09AZaz"),
                        separators = set_of("\t\r  -/");

    if (rx_set_within(set, &digits)) {
        pieces->is_narrower |= rx_set_size(set) < 10;
        return '9';
    }
    if (rx_set_within(set, &letters)) {
        pieces->is_narrower |= rx_set_size(set) < 26;
        return 'A';
    }
    if (rx_set_within(set, &either)) {
        pieces->is_narrower |= rx_set_size(set) < 36;
        return 'X';
    }
    if (!rx_set_within(set, &separators))
        return '\0';
    rx_set_join(&pieces->separators, set);
    return '-';
}

static bool add(struct pieces *pieces, const struct rx *rx, uint32_t min, uint32_t max)
{
    char kind = rx->kind == RX_SET ? kind_of(pieces, &rx->set) : '\0';

    if (rx->kind == RX_CAT || rx->kind == RX_GROUP || (rx->kind == RX_REPEAT && rx->kids[0]->kind != RX_SET)) {
        bool may_lack = rx->kind == RX_REPEAT && rx->min == 0 && rx->max == 1;
        uint32_t rounds = rx->kind == RX_REPEAT ? rx->max : 1;

        if (max != 1 || rounds > GROUPS_MAX || (rx->kind == RX_REPEAT && rx->min != rx->max && !may_lack))
            return false;
        for (uint32_t i = 0; i < rounds; i++)
            for (size_t k = 0; k < rx->n; k++)
                if (!add(pieces, rx->kids[k], may_lack ? 0 : min, 1))
                    return false;
        pieces->is_narrower |= may_lack;
        return true;
    }
    if (rx->kind == RX_REPEAT)
        return add(pieces, rx->kids[0], min == 0 ? 0 : rx->min, rx->max);
    if (kind == '\0' || pieces->n == PIECES_MAX || max == RX_MANY || (kind == '-' && max > 1))
        return false;
    pieces->items[pieces->n++] = (struct piece){ kind, min, max };
    return true;
}

static void put_separators(const struct pieces *pieces, struct import_take *t)
{
    size_t n = 0;

    for (const char *p = " ./-"; *p != '\0'; p++) /* the dash last: there it is itself */
        if (rx_set_has(&pieces->separators, (uint8_t)*p))
            t->separators[n++] = *p;
}

/* 4-4-4-4, when each group has its length, or may lack whole. */
static void put_groups(const struct pieces *pieces, struct import_take *t)
{
    struct st_buf buf;
    uint32_t group = 0;
    size_t n = 1;

    st_buf_init(&buf, sizeof t->groups - 1);
    t->must_be_grouped = false;
    for (size_t i = 0; i < pieces->n; i++) {
        const struct piece *piece = &pieces->items[i];

        if (piece->kind == '-') {
            t->must_be_grouped = n == 1 ? piece->min == 1 : t->must_be_grouped && piece->min == 1;
            st_buf_fmt(&buf, "%u-", group);
            group = 0;
            n++;
        } else {
            group += piece->max;
            n = piece->min == piece->max || piece->min == 0 ? n : GROUPS_MAX + 1;
        }
    }
    st_buf_fmt(&buf, "%u", group);
    if (n > 1 && n <= GROUPS_MAX && buf.failed == ST_E_NONE)
        memcpy(t->groups, buf.p, buf.n);
    else
        t->must_be_grouped = false;
    st_buf_fini(&buf);
}

static bool put_shape(const struct pieces *pieces, struct import_take *t)
{
    size_t n = 0;

    for (size_t i = 0; i < pieces->n; i++) {
        const struct piece *piece = &pieces->items[i];

        if (piece->kind == '-')
            continue;
        if (piece->min != piece->max || n + piece->min > PLACES_MAX)
            return false;
        memset(t->shape + n, piece->kind, piece->min);
        n += piece->min;
    }
    put_groups(pieces, t);
    t->find = IMPORT_SHAPE;
    return n >= 4 && strchr(t->shape, '9') != NULL;
}

static bool put_number(const struct pieces *pieces, struct import_take *t)
{
    for (size_t i = 0; i < pieces->n; i++)
        if (pieces->items[i].kind == '9') {
            t->least += pieces->items[i].min;
            t->most += pieces->items[i].max;
        }
    put_groups(pieces, t);
    t->find = IMPORT_DIGITS;
    return t->least >= 4 && t->most <= PLACES_MAX;
}

bool import_take_digits(struct import_rule *rule, struct import_take *t)
{
    struct pieces pieces = { .n = 0 };
    bool is_number = true;

    for (size_t i = t->from; i < t->to; i++)
        if (!add(&pieces, t->flat[i], 1, 1))
            return false;
    for (size_t i = 0; i < pieces.n; i++)
        is_number = is_number && (pieces.items[i].kind == '9' || pieces.items[i].kind == '-');
    put_separators(&pieces, t);
    if (!(is_number ? put_number(&pieces, t) : put_shape(&pieces, t))) {
        t->find = IMPORT_PATTERN;
        return false;
    }
    if (pieces.is_narrower)
        import_note(rule, "what is narrower than all digits, all letters or all lengths between is not asked for");
    return true;
}
