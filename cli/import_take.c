/* SPDX-License-Identifier: Apache-2.0 */
/* import_take - an expression of another tool becomes a pattern as this house's engine wants it.
 *
 * The engine tells where matches end and no more, and a pattern has to begin with a literal. So the expression is laid
 * out as a row; what stands at its edges (\b, look-around, a quote or a line end) becomes not_before and not_after;
 * what comes before the first literal is left away; and the finding is the run of its characters that ends where the
 * match does, no shorter and no longer than the captured part can be. Whatever this loosens finds more, never less,
 * and is noted.
 */
#include "cli/import.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LITERAL_GOOD  3u /* bytes that a pattern should begin with */
#define LITERAL_LEAST 2u
#define WIDTH_MAX     2048u /* of a pattern, as packs have it */
#define FINDING_MAX   4096u /* of one without end */
#define CHOICES_MAX   8u    /* bytes of a set that is spelt out in anchors */
#define BROAD         200u  /* bytes of a set that is nearly everything */

void import_note(struct import_rule *rule, const char *fmt, ...)
{
    size_t n = strlen(rule->notes);
    char one[IMPORT_NOTES_LEN];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(one, sizeof one, fmt, args);
    va_end(args);
    if (strstr(rule->notes, one) == NULL)
        (void)snprintf(rule->notes + n, sizeof rule->notes - n, "%s%s", n > 0 ? "; " : "", one);
}

static bool cannot(char why[RX_WHY], const char *what)
{
    (void)snprintf(why, RX_WHY, "%s", what);
    return false;
}

/* ---- widths ------------------------------------------------------------------------------------------------------ */

static uint32_t times(uint32_t a, uint32_t b)
{
    uint64_t product = (uint64_t)a * b;

    if (a == 0 || b == 0)
        return 0;
    return a == RX_MANY || b == RX_MANY || product >= RX_MANY ? RX_MANY : (uint32_t)product;
}

static uint32_t plus(uint32_t a, uint32_t b)
{
    return a == RX_MANY || b == RX_MANY || (uint64_t)a + b >= RX_MANY ? RX_MANY : a + b;
}

bool import_width(const struct rx *rx, uint32_t *min, uint32_t *max)
{
    uint32_t lo, hi;

    *min = *max = rx->kind == RX_SET;
    if (rx->kind == RX_LOOK)
        return true;
    for (size_t i = 0; i < rx->n; i++) {
        (void)import_width(rx->kids[i], &lo, &hi);
        if (rx->kind == RX_ALT) {
            *min = i == 0 || lo < *min ? lo : *min;
            *max = hi > *max ? hi : *max;
        } else {
            *min = plus(*min, rx->kind == RX_REPEAT ? times(lo, rx->min) : lo);
            *max = plus(*max, rx->kind == RX_REPEAT ? times(hi, rx->max) : hi);
        }
    }
    return *max != RX_MANY;
}

static bool row_width(const struct import_take *t, size_t from, size_t to, uint32_t *min, uint32_t *max)
{
    *min = *max = 0;
    for (size_t i = from; i < to; i++) {
        uint32_t lo, hi;

        (void)import_width(t->flat[i], &lo, &hi);
        *min = plus(*min, lo);
        *max = plus(*max, hi);
    }
    return *max != RX_MANY;
}

/* Bytes at most, when repeats without end are bounded as they will be. */
static uint64_t bounded_width(const struct rx *rx)
{
    uint64_t width = rx->kind == RX_SET, kid;

    for (size_t i = 0; i < rx->n && width < 1u << 20; i++) {
        kid = bounded_width(rx->kids[i]);
        if (rx->kind == RX_ALT)
            width = kid > width ? kid : width;
        else if (rx->kind == RX_REPEAT)
            width = kid * (rx->max != RX_MANY ? rx->max : rx->min > IMPORT_REPEAT ? rx->min : IMPORT_REPEAT);
        else if (rx->kind != RX_LOOK)
            width += kid;
    }
    return width;
}

static bool is_nullable(const struct rx *rx)
{
    uint32_t min, max;

    (void)import_width(rx, &min, &max);
    return min == 0;
}

static bool is_endless(const struct rx *rx)
{
    bool found = rx->kind == RX_REPEAT && rx->max == RX_MANY;

    for (size_t i = 0; i < rx->n && rx->kind != RX_LOOK; i++)
        found = found || is_endless(rx->kids[i]);
    return found;
}

bool import_has(const struct rx *rx, enum rx_kind kind)
{
    bool found = rx->kind == kind;

    for (size_t i = 0; i < rx->n; i++)
        found = found || import_has(rx->kids[i], kind);
    return found;
}

/* ---- the row ----------------------------------------------------------------------------------------------------- */

static unsigned first_group(const struct rx *rx)
{
    unsigned group = rx->kind == RX_GROUP ? rx->group : 0;

    for (size_t i = 0; i < rx->n && group == 0; i++)
        group = first_group(rx->kids[i]);
    return group;
}

/* false: too long */
static bool flatten(struct import_take *t, const struct rx *rx, unsigned wanted)
{
    bool is_wanted = rx->kind == RX_GROUP && rx->group == wanted;

    if (is_wanted)
        t->from = t->n;
    if (rx->kind == RX_CAT || rx->kind == RX_GROUP) {
        for (size_t i = 0; i < rx->n; i++)
            if (!flatten(t, rx->kids[i], wanted))
                return false;
    } else {
        if (t->n == IMPORT_FLAT_MAX)
            return false;
        t->flat[t->n++] = (struct rx *)rx;
    }
    if (is_wanted)
        t->to = t->n;
    return true;
}

/* ---- the edges --------------------------------------------------------------------------------------------------- */

/* Is it one byte of a set, or (*has_edge) the edge of the text? */
static bool as_set(const struct rx *rx, struct rx_set *set, bool *has_edge)
{
    if (rx->kind == RX_SET) {
        rx_set_join(set, &rx->set);
        return true;
    }
    if (rx->kind == RX_BEGIN || rx->kind == RX_END)
        return *has_edge = true;
    if ((rx->kind == RX_GROUP || rx->kind == RX_CAT) && rx->n == 1)
        return as_set(rx->kids[0], set, has_edge);
    if (rx->kind == RX_CAT && rx->n > 1) /* the two characters of an escaped line end: the first decides */
        return as_set(rx->kids[0], set, has_edge);
    if (rx->kind != RX_ALT)
        return false;
    for (size_t i = 0; i < rx->n; i++)
        if (!as_set(rx->kids[i], set, has_edge))
            return false;
    return true;
}

static struct rx_set all_but(const struct rx_set *set)
{
    struct rx_set rest;

    for (size_t i = 0; i < 4; i++)
        rest.bits[i] = ~set->bits[i];
    return rest;
}

/* A look-around of one byte joins the set of what must not stand there. */
static bool take_look(const struct rx *rx, struct rx_set *not_there)
{
    struct rx_set set = { { 0 } };
    bool has_edge = false;

    if (!as_set(rx->kids[0], &set, &has_edge))
        return false;
    if (!rx->is_negative)
        set = all_but(&set);
    rx_set_join(not_there, &set);
    return true;
}

/* Takes what is an edge off the front; false: why. */
static bool take_front(struct import_rule *rule, struct import_take *t, char why[RX_WHY])
{
    size_t limit = t->from > 0 ? t->from : t->n; /* of the whole match, or before what it captures */

    for (; t->begin < t->n; t->begin++) {
        const struct rx *rx = t->flat[t->begin];
        struct rx_set set = { { 0 } };
        bool has_edge = false;

        if (rx->kind == RX_WORD_EDGE) {
            t->begins_at_word = true;
        } else if (rx->kind == RX_LOOK && rx->is_behind) {
            if (!take_look(rx, &t->not_before))
                return cannot(why, "it looks behind at more than one character");
        } else if (rx->kind == RX_BEGIN) {
            return cannot(why, "it asks for the beginning of a text, and what passes a gateway has none of its own");
        } else if (rx->kind == RX_ALT && t->begin < limit && as_set(rx, &set, &has_edge) && has_edge) {
            set = all_but(&set);
            rx_set_join(&t->not_before, &set);
        } else {
            break;
        }
    }
    if (t->from < t->begin)
        t->from = t->begin;
    if (t->begin < t->from && rx_set_size(&t->not_before) > 0) {
        t->not_before = (struct rx_set){ { 0 } };
        import_note(rule, "what must not stand before it is not asked for");
    }
    return true;
}

static void join_sets(const struct rx *rx, struct rx_set *out)
{
    if (rx->kind == RX_SET)
        rx_set_join(out, &rx->set);
    for (size_t i = 0; i < rx->n && rx->kind != RX_LOOK; i++)
        join_sets(rx->kids[i], out);
}

static bool is_edge(const struct rx *rx)
{
    struct rx_set set = { { 0 } };
    bool has_edge = false;

    return rx->kind == RX_WORD_EDGE || (rx->kind == RX_LOOK && !rx->is_behind) ||
           (rx->kind == RX_ALT && as_set(rx, &set, &has_edge) && has_edge);
}

/* What stands behind the finding; false: why. */
static bool take_back(struct import_rule *rule, struct import_take *t, char why[RX_WHY])
{
    struct rx_set set = { { 0 } };
    bool has_edge = false;

    while (t->to > t->from && is_edge(t->flat[t->to - 1])) /* of the whole match */
        t->to--;
    for (size_t i = t->from; i < t->to; i++)
        join_sets(t->flat[i], &t->chars);
    for (size_t i = t->to; i < t->n; i++) {
        const struct rx *rx = t->flat[i];

        if (rx->kind == RX_WORD_EDGE) {
            t->ends_at_word = true;
            continue;
        }
        if (rx->kind == RX_LOOK && !rx->is_behind) {
            if (!take_look(rx, &t->not_after))
                return cannot(why, "it looks ahead at more than one character");
            continue;
        }
        if (rx->kind == RX_END)
            return cannot(why, "it asks for the end of a text, and what passes a gateway has none of its own");
        if (as_set(rx, &set, &has_edge)) { /* a quote, a blank: so that it goes no further */
            rx_set_join(&t->not_after, &t->chars);
            for (size_t k = 0; k < 4; k++)
                t->not_after.bits[k] &= ~set.bits[k];
            return true;
        }
        if (!is_nullable(rx)) {
            import_note(rule, "what must follow the finding is not asked for");
            return true;
        }
    }
    return true;
}

/* ---- literals ---------------------------------------------------------------------------------------------------- */

struct words { /* what a row can begin with */
    char s[IMPORT_ANCHORS_MAX][IMPORT_ANCHOR_LEN];
    bool is_done[IMPORT_ANCHORS_MAX]; /* it cannot be spelt further */
    size_t n;
};

static bool is_letter_pair(const struct rx_set *set, uint8_t *lower)
{
    for (uint8_t c = 'a'; c <= 'z'; c++)
        if (rx_set_has(set, c) && rx_set_has(set, (uint8_t)(c - 32)) && rx_set_size(set) == 2) {
            *lower = c;
            return true;
        }
    return false;
}

static void end_all(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        w->is_done[i] = true;
}

static void append(struct words *w, size_t i, uint8_t c)
{
    size_t n = strlen(w->s[i]);

    if (n + 1 >= IMPORT_ANCHOR_LEN || c == 0) {
        w->is_done[i] = true;
        return;
    }
    w->s[i][n] = (char)c;
    w->s[i][n + 1] = '\0';
}

/* Each word that goes on gets one of the bytes, in as many copies. */
static void spell_set(struct words *w, const struct rx_set *set, bool is_caseless)
{
    uint8_t choices[CHOICES_MAX], lower;
    size_t n = 0, going = 0, before = w->n;

    for (unsigned c = 0; c < 256; c++) {
        if (!rx_set_has(set, (uint8_t)c) || (is_caseless && c >= 'A' && c <= 'Z'))
            continue;
        if (n == CHOICES_MAX) {
            end_all(w);
            return;
        }
        choices[n++] = (uint8_t)c;
    }
    if (is_letter_pair(set, &lower) && is_caseless)
        choices[0] = lower, n = 1;
    for (size_t i = 0; i < w->n; i++)
        going += !w->is_done[i];
    if (n == 0 || w->n + going * (n - 1) > IMPORT_ANCHORS_MAX) {
        end_all(w);
        return;
    }
    for (size_t i = 0; i < before; i++) {
        if (w->is_done[i])
            continue;
        for (size_t k = 1; k < n; k++) {
            memcpy(w->s[w->n], w->s[i], IMPORT_ANCHOR_LEN);
            w->is_done[w->n] = false;
            append(w, w->n++, choices[k]);
        }
        append(w, i, choices[0]);
    }
}

static void spell(struct words *w, const struct rx *rx, bool is_caseless);

static void spell_choice(struct words *w, const struct rx *rx, bool is_caseless)
{
    struct words all = { .n = 0 };

    for (size_t i = 0; i < rx->n; i++) {
        struct words one = *w;

        spell(&one, rx->kids[i], is_caseless);
        if (all.n + one.n > IMPORT_ANCHORS_MAX) {
            end_all(w);
            return;
        }
        memcpy(all.s[all.n], one.s, one.n * sizeof one.s[0]);
        memcpy(&all.is_done[all.n], one.is_done, one.n * sizeof one.is_done[0]);
        all.n += one.n;
    }
    *w = all;
}

static void spell(struct words *w, const struct rx *rx, bool is_caseless)
{
    switch (rx->kind) {
    case RX_SET: spell_set(w, &rx->set, is_caseless); break;
    case RX_CAT:
    case RX_GROUP:
        for (size_t i = 0; i < rx->n; i++)
            spell(w, rx->kids[i], is_caseless);
        break;
    case RX_ALT: spell_choice(w, rx, is_caseless); break;
    case RX_REPEAT:
        for (uint32_t i = 0; i < rx->min && i < 8; i++)
            spell(w, rx->kids[0], is_caseless);
        if (rx->min != rx->max || rx->min > 8)
            end_all(w);
        break;
    case RX_WORD_EDGE:
    case RX_NO_EDGE:
    case RX_BEGIN:
    case RX_END:
    case RX_LOOK: break;
    }
}

static size_t shortest(const struct words *w)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < w->n; i++)
        least = strlen(w->s[i]) < least ? strlen(w->s[i]) : least;
    return w->n == 0 ? 0 : least;
}

static bool is_anywhere(const struct import_take *t, const char *word)
{
    for (size_t i = 0; i < t->n_anchors; i++)
        if (strcmp(t->anchors[i], word) == 0)
            return true;
    return false;
}

/* The first place whose row begins with literals of `least` bytes; false: there is none. */
static bool find_literal(struct import_take *t, size_t least)
{
    for (size_t i = t->begin; i < t->to; i++) {
        struct words w = { .n = 1 };

        for (size_t k = i; k < t->to; k++)
            spell(&w, t->flat[k], t->is_caseless);
        if (shortest(&w) < least)
            continue;
        for (size_t k = 0; k < w.n; k++)
            if (!is_anywhere(t, w.s[k]))
                memcpy(t->anchors[t->n_anchors++], w.s[k], IMPORT_ANCHOR_LEN);
        t->begin = i;
        return true;
    }
    return false;
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static bool is_closed_under_case(const struct rx *rx)
{
    for (uint8_t c = 'a'; rx->kind == RX_SET && c <= 'z'; c++)
        if (rx_set_has(&rx->set, c) != rx_set_has(&rx->set, (uint8_t)(c - 32)))
            return false;
    for (size_t i = 0; i < rx->n; i++)
        if (!is_closed_under_case(rx->kids[i]))
            return false;
    return true;
}

static bool has_letters(const struct rx *rx)
{
    struct rx_set set = { { 0 } };

    join_sets(rx, &set);
    return (set.bits[1] & 0x07fffffe07fffffeull) != 0;
}

/* Of a key in its armour the first line is looked for; the engine knows where such a block ends. */
static void take_block(struct import_take *t)
{
    for (size_t i = t->begin; i < t->to; i++) {
        struct rx_set set = { { 0 } };
        uint32_t min, max;

        join_sets(t->flat[i], &set);
        (void)import_width(t->flat[i], &min, &max);
        if (rx_set_size(&set) < BROAD || max < 64)
            continue;
        t->to = t->n = i;
        t->not_after = (struct rx_set){ { 0 } };
        t->ends_at_word = false;
        t->extent = "block";
        return;
    }
}

static bool take_sizes(struct import_rule *rule, struct import_take *t, char why[RX_WHY])
{
    uint64_t width = 0, finding = 0;

    t->is_exact = row_width(t, t->from, t->to, &t->min, &t->max);
    for (size_t i = t->begin; i < t->to; i++) {
        width += bounded_width(t->flat[i]);
        finding += i >= t->from ? bounded_width(t->flat[i]) : 0;
        if (is_endless(t->flat[i]))
            import_note(rule, "repeats without end are bounded at %u", IMPORT_REPEAT);
    }
    if (width > WIDTH_MAX)
        return cannot(why, "it can match more than 2048 bytes; bound its repeats");
    if (!t->is_exact && (rx_set_has(&t->chars, '\n') || rx_set_size(&t->chars) >= BROAD)) {
        t->is_exact = true; /* else it goes on to the end of the message */
        t->max = (uint32_t)finding;
        t->not_after = (struct rx_set){ { 0 } };
    }
    if (!t->is_exact)
        t->max = FINDING_MAX;
    return t->max > 0 && t->max <= 16384 ? true : cannot(why, "its finding can be empty");
}

/* What is looked for once the row begins at its literal. */
static bool take_from_literal(struct import_rule *rule, struct import_take *t, size_t start, char why[RX_WHY])
{
    for (size_t i = start; i < t->begin && i < t->from; i++)
        if (!is_nullable(t->flat[i]))
            import_note(rule, "it begins at its literal '%s': what must stand before is not asked for", t->anchors[0]);
    t->begins_at_word = t->begins_at_word && t->begin == start;
    t->extent = t->begin == t->from ? "whole" : "tail";
    if (t->begin == t->from && strncasecmp(t->anchors[0], "-----BEGIN", 10) == 0)
        take_block(t);
    for (size_t i = t->begin; i < t->to; i++)
        if (import_has(t->flat[i], RX_LOOK) || import_has(t->flat[i], RX_BEGIN) || import_has(t->flat[i], RX_END))
            return cannot(why, "look-around or the edge of a text in the middle of the expression");
    return take_sizes(rule, t, why);
}

bool import_take(struct import_rule *rule, const struct rx *rx, struct import_take *t, char why[RX_WHY])
{
    unsigned wanted = rule->group > 0 ? rule->group : first_group(rx);
    size_t start;

    *t = (struct import_take){ .find = IMPORT_PATTERN };
    if (!flatten(t, rx, wanted))
        return cannot(why, "the expression is too large");
    if (t->to <= t->from) {
        if (rule->group > 0 && rule->group != RX_WHOLE)
            import_note(rule, "its group %u stands in a choice: the whole match is the finding", rule->group);
        t->from = 0;
        t->to = t->n;
    }
    t->is_caseless = is_closed_under_case(rx) && has_letters(rx);
    if (!take_front(rule, t, why) || !take_back(rule, t, why))
        return false;
    if (t->to <= t->from)
        return cannot(why, "its finding is empty");
    start = t->begin;
    if (find_literal(t, LITERAL_GOOD) || (t->begin == t->from && import_take_digits(rule, t)))
        return t->find != IMPORT_PATTERN || take_from_literal(rule, t, start, why);
    if (find_literal(t, LITERAL_LEAST))
        return take_from_literal(rule, t, start, why);
    return cannot(why, "no literal of two bytes or more that every match has, up to the end of the finding; such a "
                       "pattern would be tried at every byte");
}
