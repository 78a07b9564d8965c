/* SPDX-License-Identifier: Apache-2.0 */
/* own_words - see own_words.h: words, numbers, days and addresses, in all the ways in which people write them.
 *
 * Whatever is said to be the same here is the same for the builder and for the scan, since both call this. A change in
 * it makes files that were built before miss what they should find: then OWN_MAGIC gets another number.
 */
#include "filters/own_words.h"
#include "filters/normalise.h"
#include "filters/validate.h"
#include <string.h>

#define TEXT_LEAST   3u /* bytes of a value of one word */
#define NUMBER_LEAST 5u /* characters of a number, */
#define DIGITS_LEAST 3u /* and digits in it */
#define NAME_MAX     5u /* words of a name that may stand in any order */
#define GAP_MAX      3u /* bytes between two words of a value */

/* ---- words ------------------------------------------------------------------------------------------------------- */

static void put(struct own_word *w, const uint8_t *bytes, size_t n, bool *is_long)
{
    if (w->n + n > OWN_NUMBER) {
        *is_long = true;
        return;
    }
    memcpy(w->text + w->n, bytes, n);
    w->n = (uint8_t)(w->n + n);
}

/* The character at `at`; answers its length in the text. */
static enum flt_plain plain(struct st_span text, uint32_t at, size_t *used, uint8_t out[FLT_FOLD_MAX], size_t *n)
{
    uint8_t c = text.p[at];

    if (c >= 0x80)
        return flt_plain_char(text.p + at, text.p + text.n, used, out, n);
    *used = *n = 1;
    out[0] = flt_to_lower(c);
    return flt_is_alnum(c) ? FLT_PLAIN_PART : FLT_PLAIN_BETWEEN;
}

bool own_word_next(const struct own_keys *keys, struct st_span text, uint32_t *at, struct own_word *out)
{
    uint32_t i = *at, digits = 0;
    uint8_t bytes[FLT_FOLD_MAX];
    size_t used = 0, n = 0;
    enum flt_plain kind = FLT_PLAIN_BETWEEN;
    bool is_long = false;

    while (i < text.n && (kind = plain(text, i, &used, bytes, &n)) == FLT_PLAIN_BETWEEN)
        i += (uint32_t)used;
    if (i >= text.n)
        return false;
    out->from = i;
    out->n = 0;
    do {
        put(out, bytes, n, &is_long);
        digits += n == 1 && flt_is_digit(bytes[0]);
        i += (uint32_t)used;
        if (kind == FLT_PLAIN_ALONE || i >= text.n)
            break;
        kind = plain(text, i, &used, bytes, &n);
    } while (kind == FLT_PLAIN_PART);
    out->to = *at = i;
    out->has_digit = digits > 0;
    out->is_number = digits > 0 && digits == out->n;
    if (is_long)
        out->n = 0;
    out->hash = out->n > 0 ? st_siphash(&keys->word, st_span(out->text, out->n)) : 0;
    return true;
}

bool own_words_meet(const struct own_word *a, const struct own_word *b)
{
    return a->n > 0 && b->n > 0 && b->from - a->to <= GAP_MAX;
}

bool own_numbers_meet(struct st_span text, const struct own_word *a, const struct own_word *b)
{
    uint8_t c = text.p[a->to];

    if (a->n == 0 || b->n == 0 || b->from - a->to > 1)
        return false;
    return b->from == a->to || c == ' ' || c == '-' || c == '.' || c == '/' || c == '_' || c == ':' || c == '\'';
}

/* ---- days -------------------------------------------------------------------------------------------------------- */

static uint32_t value_of(const struct own_word *w)
{
    uint32_t v = 0;

    for (size_t i = 0; i < w->n; i++)
        v = 10 * v + (uint32_t)(w->text[i] - '0');
    return v;
}

/* 1 to 12 for the English or German name of a month or its first three letters, 0 for any other word. */
static uint32_t month_of(const struct own_word *w)
{
    static const char names[][2][10] = {
        { "january", "januar" },  { "february", "februar" },  { "march", "maerz" },
        { "april", "april" },     { "may", "mai" },           { "june", "juni" },
        { "july", "juli" },       { "august", "august" },     { "september", "september" },
        { "october", "oktober" }, { "november", "november" }, { "december", "dezember" }
    };

    for (uint32_t m = 0; m < ST_LEN(names) && w->n >= 3; m++)
        for (size_t lang = 0; lang < 2; lang++)
            if ((w->n == 3 || w->n == strlen(names[m][lang])) && memcmp(w->text, names[m][lang], w->n) == 0)
                return m + 1;
    return 0;
}

static void add_day(uint32_t y, uint32_t m, uint32_t d, uint32_t out[OWN_DAYS_MAX], size_t *n)
{
    uint32_t day = y * 10000 + m * 100 + d;

    if (m < 1 || m > 12 || d < 1 || d > 31 || y < 1000 || y > 2999 || *n == OWN_DAYS_MAX)
        return;
    for (size_t i = 0; i < *n; i++)
        if (out[i] == day)
            return;
    out[(*n)++] = day;
}

/* The year of four figures, or of two in this century and the last. */
static void add_years(const struct own_word *year, uint32_t m, uint32_t d, uint32_t out[OWN_DAYS_MAX], size_t *n)
{
    uint32_t y = value_of(year);

    if (year->n == 4)
        add_day(y, m, d, out, n);
    else if (year->n == 2) {
        add_day(1900 + y, m, d, out, n);
        add_day(2000 + y, m, d, out, n);
    }
}

size_t own_days(const struct own_word *const *w, size_t n, uint32_t out[OWN_DAYS_MAX])
{
    size_t found = 0;
    uint32_t v;

    if (n == 1 && w[0]->is_number && w[0]->n == 8) {
        v = value_of(w[0]);
        add_day(v / 10000, v / 100 % 100, v % 100, out, &found);
        add_day(v % 10000, v / 10000 % 100, v / 1000000, out, &found);
    }
    if (n != 3 || !w[2]->is_number || w[2]->n > 4)
        return found;
    if (w[0]->is_number && w[1]->is_number && w[0]->n == 4 && w[1]->n <= 2 && w[2]->n <= 2) {
        add_day(value_of(w[0]), value_of(w[1]), value_of(w[2]), out, &found);
    } else if (w[0]->is_number && w[1]->is_number && w[0]->n <= 2 && w[1]->n <= 2) {
        add_years(w[2], value_of(w[1]), value_of(w[0]), out, &found); /* the day first */
        add_years(w[2], value_of(w[0]), value_of(w[1]), out, &found);
    } else if (w[0]->is_number && w[0]->n <= 2) {
        add_years(w[2], month_of(w[1]), value_of(w[0]), out, &found);
    } else if (w[1]->is_number && w[1]->n <= 2) {
        add_years(w[2], month_of(w[0]), value_of(w[1]), out, &found);
    }
    return found;
}

/* ---- values of a column ------------------------------------------------------------------------------------------ */

uint64_t own_email_hash(const struct own_keys *keys, struct st_span address)
{
    uint8_t lower[320];
    size_t n = address.n < sizeof lower ? address.n : sizeof lower;

    for (size_t i = 0; i < n; i++)
        lower[i] = flt_to_lower(address.p[i]);
    return st_siphash(&keys->email, st_span(lower, n));
}

static void add_value(struct own_hashes *out, uint64_t hash)
{
    if (out->n_values == 0 || out->values[0] != hash)
        out->values[out->n_values++] = hash;
}

static void add_mark(struct own_hashes *out, uint64_t hash)
{
    if (out->n_marks < ST_LEN(out->marks))
        out->marks[out->n_marks++] = hash;
}

static bool is_title(const struct own_word *w)
{
    static const char *const titles[] = { "dr",   "prof", "mr",  "mrs", "ms",   "miss", "herr",
                                          "frau", "dipl", "ing", "med", "phil", "jur",  "phd" };

    for (size_t i = 0; i < ST_LEN(titles); i++)
        if (w->n == strlen(titles[i]) && memcmp(w->text, titles[i], w->n) == 0)
            return true;
    return false;
}

/* Every part of it that a scan may see before the whole: all, when the order is free; else those at its end. */
static void mark_parts(const struct own_keys *keys, const struct own_word *w, size_t n, bool is_free,
                       struct own_hashes *out)
{
    uint64_t sum = 0;

    if (is_free && n <= NAME_MAX) {
        for (unsigned set = 1; set + 1 < 1u << n; set++) {
            sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += (set >> i & 1) != 0 ? w[i].hash : 0;
            add_mark(out, own_words_hash(keys, sum));
        }
        return;
    }
    for (size_t i = n; i > 1; i--) {
        sum += w[i - 1].hash;
        add_mark(out, own_words_hash(keys, sum));
    }
}

static enum own_found hash_words(const struct own_keys *keys, struct st_span view, bool is_name, struct own_hashes *out)
{
    struct own_word w[OWN_WORDS_MAX];
    size_t n = 0, comma = st_span_chr(view, ','), bytes = 0;
    uint64_t sum = 0;
    uint32_t at = 0;

    while (n < OWN_WORDS_MAX && own_word_next(keys, view, &at, &w[n])) {
        if (is_name && is_title(&w[n]))
            continue;
        if (w[n].n == 0)
            return OWN_FOUND_NOTHING;
        sum += w[n].hash;
        bytes += w[n++].n;
    }
    if (n == 0 || (n == 1 && bytes < TEXT_LEAST))
        return OWN_FOUND_NOTHING;
    add_value(out, own_words_hash(keys, sum));
    if (n > 1)
        mark_parts(keys, w, n, is_name, out);
    if (is_name && n > 2) { /* Anna Maria Schmidt; Schmidt, Anna Maria */
        struct own_word ends[2] = { w[0], w[comma != ST_SPAN_NPOS && comma < w[1].from ? 1 : n - 1] };

        add_value(out, own_words_hash(keys, ends[0].hash + ends[1].hash));
        mark_parts(keys, ends, 2, true, out);
    }
    out->words = (uint32_t)n;
    return OWN_FOUND_VALUE;
}

static enum own_found hash_number(const struct own_keys *keys, struct st_span view, struct own_hashes *out)
{
    uint8_t text[OWN_NUMBER];
    struct own_word w;
    uint32_t at = 0, n = 0, digits = 0;

    while (own_word_next(keys, view, &at, &w)) {
        if (w.n == 0 || n + w.n > OWN_NUMBER)
            return OWN_FOUND_NOTHING;
        memcpy(text + n, w.text, w.n);
        n += w.n;
    }
    for (uint32_t i = 0; i < n; i++)
        digits += flt_is_digit(text[i]);
    if (n < NUMBER_LEAST || digits < DIGITS_LEAST)
        return OWN_FOUND_NOTHING;
    add_value(out, st_siphash(&keys->number, st_span(text, n)));
    out->number = n;
    return OWN_FOUND_VALUE;
}

/* A day that could be two is what the column's type says. */
static enum own_found hash_date(const struct own_keys *keys, struct st_span view, bool is_us, struct own_hashes *out)
{
    struct own_word w[4];
    const struct own_word *const words[] = { &w[0], &w[1], &w[2] };
    uint32_t days[OWN_DAYS_MAX], at = 0;
    size_t n = 0, found;

    while (n < ST_LEN(w) && own_word_next(keys, view, &at, &w[n]))
        n++;
    if (n == 0)
        return OWN_FOUND_NOTHING;
    n = n > 3 ? 3 : n; /* what follows is a time of the day */
    if (n == 3 && w[0].n < 3 && w[2].n != 4)
        return OWN_FOUND_WRONG;
    found = own_days(words, n, days);
    if (found == 0)
        return OWN_FOUND_WRONG;
    add_value(out, own_date_hash(keys, days[is_us && n == 3 ? found - 1 : 0]));
    return OWN_FOUND_VALUE;
}

static enum own_found hash_email(const struct own_keys *keys, struct st_span view, struct own_hashes *out)
{
    struct st_span s = st_span_trim(view);
    size_t at = st_span_chr(s, '@');

    if (s.n == 0)
        return OWN_FOUND_NOTHING;
    if (at == ST_SPAN_NPOS || at == 0 || at + 1 == s.n || s.n > 320 || st_span_chr(s, ' ') != ST_SPAN_NPOS)
        return OWN_FOUND_WRONG;
    add_value(out, own_email_hash(keys, s));
    return OWN_FOUND_VALUE;
}

enum own_found own_hash(const struct own_keys *keys, enum flt_own_type type, struct st_span view,
                        struct own_hashes *out)
{
    *out = (struct own_hashes){ .n_values = 0 };
    switch (type) {
    case FLT_OWN_TEXT: return hash_words(keys, view, false, out);
    case FLT_OWN_NAME: return hash_words(keys, view, true, out);
    case FLT_OWN_NUMBER: return hash_number(keys, view, out);
    case FLT_OWN_EMAIL: return hash_email(keys, view, out);
    case FLT_OWN_DATE: return hash_date(keys, view, false, out);
    case FLT_OWN_DATE_US: return hash_date(keys, view, true, out);
    }
    return OWN_FOUND_NOTHING;
}
