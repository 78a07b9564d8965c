/* SPDX-License-Identifier: Apache-2.0 */
/* import_put - the tree of an expression as text again: as a pattern for the engine, as the set of characters of a
 * pack, and as a text that it finds.
 *
 * Patterns are written without flags and in ASCII. Examples are of random characters, written as ${fake:CLASS:N}
 * where a class of such fits, so that the pack holds nothing that looks like a live secret; the pack's loader makes
 * the same characters each time.
 */
#include "cli/import.h"
#include <string.h>

static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

static unsigned last_of_range(const struct rx_set *set, unsigned c)
{
    while (c < 255 && rx_set_has(set, (uint8_t)(c + 1)))
        c++;
    return c;
}

/* Letters and digits as ranges of their own kind; all else as \xHH. */
static void put_byte(uint8_t c, struct st_buf *out)
{
    if (is_plain(c) || c == '_')
        st_buf_byte(out, c);
    else
        st_buf_fmt(out, "\\x%02x", c);
}

void import_put_set(const struct rx_set *set, struct st_buf *out)
{
    static const char *const kinds[] = { "09", "AZ", "az" };
    struct rx_set rest = *set;

    for (size_t k = 0; k < ST_LEN(kinds); k++)
        for (unsigned c = (uint8_t)kinds[k][0]; c <= (uint8_t)kinds[k][1]; c++) {
            unsigned last = last_of_range(set, c);

            if (!rx_set_has(set, (uint8_t)c))
                continue;
            last = last > (uint8_t)kinds[k][1] ? (uint8_t)kinds[k][1] : last;
            st_buf_byte(out, (uint8_t)c);
            if (last > c + 1)
                st_buf_byte(out, '-');
            if (last > c)
                st_buf_byte(out, (uint8_t)last);
            for (; c < last; c++)
                rest.bits[c >> 6] &= ~(1ull << (c & 63));
            rest.bits[c >> 6] &= ~(1ull << (c & 63));
        }
    for (unsigned c = 1; c < 256; c++) {
        unsigned last = last_of_range(&rest, c);

        if (!rx_set_has(&rest, (uint8_t)c))
            continue;
        put_byte((uint8_t)c, out);
        if (last > c) {
            if (last > c + 1)
                st_buf_byte(out, '-');
            put_byte((uint8_t)last, out);
        }
        c = last;
    }
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

static void put_class(const struct rx_set *set, bool is_caseless, struct st_buf *out)
{
    unsigned c = 0;

    while (c < 255 && !rx_set_has(set, (uint8_t)c))
        c++;
    if (rx_set_size(set) == 1 || (is_caseless && rx_set_size(set) == 2 && c >= 'A' && c <= 'Z')) {
        put_byte((uint8_t)(is_caseless && c >= 'A' && c <= 'Z' ? c + 32 : c), out);
        return;
    }
    st_buf_byte(out, '[');
    if (rx_set_has(set, 0))
        st_buf_str(out, "\\x00");
    import_put_set(set, out);
    st_buf_byte(out, ']');
}

static void put_repeat(const struct rx *rx, struct st_buf *out)
{
    uint32_t max = rx->max != RX_MANY ? rx->max : rx->min > IMPORT_REPEAT ? rx->min : IMPORT_REPEAT;

    if (rx->min == 0 && max == 1)
        st_buf_byte(out, '?');
    else if (rx->min == max)
        st_buf_fmt(out, "{%u}", max);
    else
        st_buf_fmt(out, "{%u,%u}", rx->min, max);
}

static void put_tree(const struct rx *rx, bool is_caseless, struct st_buf *out)
{
    switch (rx->kind) {
    case RX_SET: put_class(&rx->set, is_caseless, out); break;
    case RX_GROUP:
    case RX_CAT:
        for (size_t i = 0; i < rx->n; i++)
            put_tree(rx->kids[i], is_caseless, out);
        break;
    case RX_ALT:
        for (size_t i = 0; i < rx->n; i++) {
            st_buf_str(out, i == 0 ? "(?:" : "|");
            put_tree(rx->kids[i], is_caseless, out);
        }
        st_buf_byte(out, ')');
        break;
    case RX_REPEAT:
        if (rx->max == 0)
            break;
        if (rx->kids[0]->kind != RX_SET)
            st_buf_str(out, "(?:");
        put_tree(rx->kids[0], is_caseless, out);
        if (rx->kids[0]->kind != RX_SET)
            st_buf_byte(out, ')');
        put_repeat(rx, out);
        break;
    case RX_WORD_EDGE: st_buf_str(out, "\\b"); break;
    case RX_NO_EDGE: st_buf_str(out, "\\B"); break;
    case RX_BEGIN: st_buf_byte(out, '^'); break;
    case RX_END: st_buf_byte(out, '$'); break;
    case RX_LOOK: break; /* refused before */
    }
}

void import_put_regex(const struct rx *rx, struct st_buf *out)
{
    put_tree(rx, false, out);
}

void import_put_pattern(const struct import_take *t, struct st_buf *out)
{
    if (t->begins_at_word)
        st_buf_str(out, "\\b");
    for (size_t i = t->begin; i < t->to; i++)
        put_tree(t->flat[i], t->is_caseless, out);
    if (t->ends_at_word)
        st_buf_str(out, "\\b");
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

#define SOME 24u /* of what may be many */

static void put_some(const struct rx_set *set, uint32_t n, unsigned variant, struct st_buf *out)
{
    static const struct {
        const char *name, *ranges;
    } classes[] = { { "b62", "09AZaz" }, { "low", "09az" }, { "hex", "09af" },     { "UP", "09AZ" },
                    { "b32", "27AZ" },   { "up", "AZ" },    { "letters", "AZaz" }, { "d", "09" } };

    for (unsigned c = 128; c < 256 && rx_set_size(set) == 1; c++) /* of a character beyond ASCII */
        for (uint32_t i = 0; i < n && rx_set_has(set, (uint8_t)c); i++)
            st_buf_byte(out, (uint8_t)c);
    for (size_t i = 0; i < ST_LEN(classes) && n > 0; i++) {
        struct rx_set class = { { 0 } };

        for (const char *r = classes[i].ranges; *r != '\0'; r += 2)
            for (unsigned c = (uint8_t)r[0]; c <= (uint8_t)r[1]; c++)
                rx_set_add(&class, (uint8_t)c);
        if (!rx_set_within(&class, set))
            continue;
        st_buf_fmt(out, "${fake:%s:%u}", classes[i].name, n);
        return;
    }
    for (unsigned c = '!' + 7 * variant, seen = 0; n > 0 && seen < 256; seen++, c++) { /* the next of the set, around */
        uint8_t byte = (uint8_t)(c & 0xff);

        if (!rx_set_has(set, byte) || byte == 0 || byte >= 0x80)
            continue;
        st_buf_byte(out, byte);
        n--;
        seen = 0;
    }
}

static void put_text(const struct rx *rx, bool is_short, unsigned variant, struct st_buf *out)
{
    uint32_t n;

    switch (rx->kind) {
    case RX_SET: put_some(&rx->set, 1, variant, out); break;
    case RX_GROUP:
    case RX_CAT:
        for (size_t i = 0; i < rx->n; i++)
            put_text(rx->kids[i], is_short, variant, out);
        break;
    case RX_ALT: put_text(rx->kids[variant % rx->n], is_short, variant, out); break;
    case RX_REPEAT:
        n = is_short || rx->min >= SOME ? rx->min : rx->max < SOME ? rx->max : SOME;
        n = rx->kids[0]->kind != RX_SET && n > 8 ? (rx->min > 8 ? rx->min : 8) : n;
        if (rx->kids[0]->kind == RX_SET) {
            put_some(&rx->kids[0]->set, n, variant, out);
            break;
        }
        for (uint32_t i = 0; i < n && out->failed == ST_E_NONE; i++)
            put_text(rx->kids[0], is_short, variant, out);
        break;
    case RX_WORD_EDGE:
    case RX_NO_EDGE:
    case RX_BEGIN:
    case RX_END:
    case RX_LOOK: break;
    }
}

void import_put_example(const struct import_take *t, unsigned variant, struct st_buf *out)
{
    bool is_number = t->find != IMPORT_PATTERN;

    for (size_t i = t->begin < t->from ? t->begin : t->from; i < t->to; i++)
        put_text(t->flat[i], i < t->from || (is_number && variant % 2 == 1 && !t->must_be_grouped), variant, out);
}
