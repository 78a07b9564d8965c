/* SPDX-License-Identifier: Apache-2.0 */
/* find_number - numbers with separators, the digit-anchored finder.
 *
 * Regular expressions over digits are the slowest part of any detector set and would fire everywhere, so numbers are
 * found by hand: skip to the next run of digits, and from there grow group by group ("4111 1111 1111 1111"), asking at
 * each group's end whether some rule wants a number of that many digits with that beginning. Growing starts at every
 * run, so a number inside a row of others is found as well; what stands around it weakens it (marks). Long runs of
 * letters and digits, such as base64, are skipped in one step.
 */
#include "filters/scanner.h"
#include <string.h>

#define SKIP_RUN 64u /* a run of this many letters and digits holds no number that a person wrote */

/* Every separator any rule allows is one of these; each rule then asks for its own. */
static bool may_separate(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/' || c == '_' || c == '\n' || c == '\t' || c == ',' || c == ':' ||
           c == '|' || c == '*';
}

struct grown { /* the number as far as it has grown */
    uint8_t digits[FLT_NUMBER_MAX];
    size_t n;
    uint8_t groups[FLT_NUMBER_MAX];
    uint8_t separators[FLT_NUMBER_MAX]; /* before group i */
    size_t n_groups;
    uint32_t from, to;
};

static bool begins_as(const struct flt_detector *d, const struct grown *g)
{
    if (d->n_prefixes == 0)
        return true;
    for (size_t i = 0; i < d->n_prefixes; i++) {
        const struct flt_prefix *p = &d->prefixes[i];
        uint32_t head = flt_digits(st_span(g->digits, g->n), 0, p->n);

        if (g->n >= p->n && head >= p->lo && head <= p->hi)
            return true;
    }
    return false;
}

static bool separators_allowed(const struct flt_detector *d, const struct grown *g)
{
    for (size_t i = 1; i < g->n_groups; i++)
        if (!flt_set_has(&d->separators, g->separators[i]))
            return false;
    return true;
}

static bool one_separator(const struct grown *g)
{
    for (size_t i = 2; i < g->n_groups; i++)
        if (g->separators[i] != g->separators[1])
            return false;
    return true;
}

static bool is_grouped(const struct flt_detector *d, const struct grown *g)
{
    for (size_t i = 0; i < d->n_groupings; i++)
        if (d->groupings[i].n == g->n_groups && memcmp(d->groupings[i].len, g->groups, g->n_groups) == 0)
            return true;
    return false;
}

/* As people write it; each digit alone; or cut at places where nobody would cut it, by blanks or by worse. */
static unsigned grouping_of(const struct flt_detector *d, const struct grown *g)
{
    bool same = one_separator(g), mild = true;

    if (is_grouped(d, g))
        return same ? FLT_GROUPED : 0;
    if (g->n_groups == g->n && same)
        return FLT_IRREGULAR;
    for (size_t i = 1; i < g->n_groups; i++)
        mild = mild && (g->separators[i] == ' ' || g->separators[i] == '-');
    return mild ? FLT_IRREGULAR : FLT_LIST;
}

/* Is the byte at `at` a digit, behind a separator at `at` - step? */
static bool neighbour(struct st_span text, int64_t sep, int step, uint8_t *c)
{
    int64_t digit = sep + step;

    if (sep < 0 || digit < 0 || (size_t)sep >= text.n || (size_t)digit >= text.n)
        return false;
    *c = text.p[sep];
    return may_separate(*c) && flt_is_digit(text.p[digit]);
}

/* The word of letters that ends at *end or a few blanks and signs before; *end moves to its beginning. */
static struct st_span word_before(struct st_span text, uint32_t *end)
{
    uint32_t to = *end, from;

    while (to > 0 && *end - to < 4 && strchr(" :=#\"'.(_-", text.p[to - 1]) != NULL)
        to--;
    from = to;
    while (from > 0 && to - from < 16 && flt_is_alpha(text.p[from - 1]))
        from--;
    *end = from;
    return st_span(text.p + from, to - from);
}

static bool is_one_of(struct st_span word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (st_span_ieq(word, st_span_str(list[i])))
            return true;
    return false;
}

/* "id=4111…", "/status/4111…", "order no. 4111…": a key of some table. The word must stand right before the number:
 * "ordered with 4111…" is none. */
static bool is_identifier(struct st_span text, uint32_t from)
{
    static const char *const fillers[] = { "no", "nr", "num", "number", "nummer", "is", "ist", "code" };
    static const char *const keys[] = { "id",
                                        "ids",
                                        "uid",
                                        "gid",
                                        "pid",
                                        "order",
                                        "orders",
                                        "invoice",
                                        "tracking",
                                        "ticket",
                                        "bestellnummer",
                                        "bestellung",
                                        "rechnung",
                                        "rechnungsnummer",
                                        "sendung",
                                        "sendungsnummer",
                                        "auftrag",
                                        "ref",
                                        "reference",
                                        "serial",
                                        "build",
                                        "version",
                                        "isbn",
                                        "ean",
                                        "upc",
                                        "gtin",
                                        "imei",
                                        "timestamp",
                                        "ts",
                                        "time",
                                        "epoch",
                                        "seed",
                                        "offset",
                                        "article",
                                        "artikel",
                                        "sku",
                                        "seriennummer",
                                        "tweet",
                                        "status",
                                        "issue",
                                        "size",
                                        "bytes",
                                        "nonce",
                                        "vorgang",
                                        "aktenzeichen",
                                        "kundennummer",
                                        "customer",
                                        "case",
                                        "job",
                                        "session",
                                        "request",
                                        "trace",
                                        "idx" };
    uint32_t end = from;
    struct st_span word;

    if (from == 0)
        return false;
    if (text.p[from - 1] == '/' || text.p[from - 1] == '#')
        return true;
    for (int i = 0; i < 3; i++) {
        word = word_before(text, &end);
        if (!is_one_of(word, fillers, ST_LEN(fillers)))
            break;
    }
    if (word.n > 2 && word.p[word.n - 2] == 'I' && word.p[word.n - 1] == 'd' && !is_one_of(word, fillers, 1))
        return true; /* userId */
    return is_one_of(word, keys, ST_LEN(keys));
}

static bool is_hex(uint8_t c)
{
    return flt_is_digit(c) || (flt_to_lower(c) >= 'a' && flt_to_lower(c) <= 'f');
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '-';
}

/* Groups of len hexadecimal digits that follow one another from `at`, in the direction of step; at most two count. */
static unsigned like_groups(struct st_span text, int64_t at, int step, size_t len)
{
    unsigned groups = 0;

    while (groups < 2) {
        size_t n = 0;

        if (at < 0 || (size_t)at >= text.n || !is_blank(text.p[at]))
            return groups;
        for (at += step; at >= 0 && (size_t)at < text.n && is_hex(text.p[at]) && n <= len; at += step)
            n++;
        if (n != len)
            return groups;
        groups++;
    }
    return groups;
}

/* A grouped number in a row of like groups is a piece of a table; one more group may be an expiry date. */
static unsigned row_of(struct st_span text, const struct grown *g)
{
    unsigned like = like_groups(text, (int64_t)g->from - 1, -1, g->groups[0]) +
                    like_groups(text, g->to, 1, g->groups[g->n_groups - 1]);

    return like >= 2 ? FLT_LIST : like == 1 ? FLT_IRREGULAR : 0;
}

static unsigned marks_of(const struct flt_scanner *s, const struct flt_detector *d, const struct grown *g)
{
    struct st_span text = s->text;
    uint8_t before = g->from > 0 ? text.p[g->from - 1] : ' ', after = g->to < text.n ? text.p[g->to] : ' ', c = 0;
    unsigned marks = 0;

    if (g->n_groups > 1)
        marks |= grouping_of(d, g) | row_of(text, g);
    else if (is_identifier(text, g->from))
        marks |= FLT_IDENTIFIER;
    if (flt_is_alpha(before) || flt_is_alpha(after))
        marks |= FLT_GLUED;
    if ((flt_is_alpha(before) && flt_is_alpha(after)) || (before == 'x' && g->from > 1 && text.p[g->from - 2] == '0'))
        marks |= FLT_LIST;
    if (neighbour(text, (int64_t)g->from - 1, -1, &c) && !(c == ' ' || c == '\n' || c == '\t'))
        marks |= c == '.' || c == ',' ? FLT_LIST : FLT_GLUED; /* a fraction; a part of something longer */
    if (neighbour(text, g->to, 1, &c) && (c == '-' || c == '_' || c == '.') &&
        (g->n_groups == 1 || c == g->separators[1]))
        marks |= FLT_LIST;
    return marks;
}

static void offer(struct flt_scanner *s, const struct grown *g)
{
    const struct flt_list *list = &s->packs->by_length[g->n];

    for (size_t i = 0; i < list->n; i++) {
        const struct flt_detector *d = list->items[i];
        struct flt_guess guess = { d, g->from, g->to, st_span(g->digits, g->n), 0 };

        if (!begins_as(d, g) || !separators_allowed(d, g))
            continue;
        guess.marks = marks_of(s, d, g);
        flt_consider(s, &guess);
    }
}

/* Grows a number from the run at `at`; answers where that first run ends. */
static uint32_t grow(struct flt_scanner *s, uint32_t at)
{
    struct grown g; /* not zeroed: this runs for every digit of a text */
    const uint8_t *p = s->text.p;
    uint32_t i = at, n = (uint32_t)s->text.n, first = 0;
    uint8_t separator = 0;

    g.n = g.n_groups = 0;
    g.from = at;
    while (i < n && flt_is_digit(p[i])) {
        uint32_t start = i;

        while (i < n && flt_is_digit(p[i]) && i - start <= FLT_NUMBER_MAX)
            i++;
        while (first == 0 && i < n && flt_is_digit(p[i]))
            i++;
        if (first == 0)
            first = i;
        if (g.n + (i - start) > FLT_NUMBER_MAX)
            break;
        memcpy(g.digits + g.n, p + start, i - start);
        g.n += i - start;
        g.separators[g.n_groups] = separator;
        g.groups[g.n_groups++] = (uint8_t)(i - start);
        g.to = i;
        if (s->packs->by_length[g.n].n > 0)
            offer(s, &g);
        if (i + 1 >= n || !may_separate(p[i]))
            break;
        separator = p[i++];
        if (p[i] == separator && (separator == '*' || separator == ' ') && i + 1 < n)
            i++; /* 4111**1111**: bold */
    }
    return first;
}

static bool is_run_byte(uint8_t c)
{
    return flt_is_alnum(c) || c == '+' || c == '_';
}

/* How far the run of letters and digits around `at` goes; *is_long says whether it is one to skip. */
static uint32_t measure_run(struct st_span text, uint32_t at, bool *is_long)
{
    uint32_t from = at, to = at;

    while (from > 0 && at - from < SKIP_RUN && is_run_byte(text.p[from - 1]))
        from--;
    while (to < text.n && to - from < SKIP_RUN && is_run_byte(text.p[to]))
        to++;
    *is_long = to - from >= SKIP_RUN;
    while (*is_long && to < text.n && (is_run_byte(text.p[to]) || text.p[to] == '/'))
        to++;
    return to;
}

/* The next digit at or after i: eight bytes a step while none of them is one. */
static uint32_t next_digit(struct st_span text, uint32_t i)
{
    const uint64_t ones = 0x0101010101010101ull;

    while (i + 8 <= text.n) {
        uint64_t w, high, flipped;

        memcpy(&w, text.p + i, 8);
        high = w & (ones * 0x80);
        flipped = (w & (ones * 0x7f)) ^ (ones * 0x30);   /* digits are 0..9 now, all else is 10 or more */
        flipped = (flipped + ones * (0x80 - 10)) | high; /* the top bit says "10 or more", or no ASCII */
        if ((~flipped & (ones * 0x80)) != 0)
            break;
        i += 8;
    }
    while (i < text.n && !flt_is_digit(text.p[i]))
        i++;
    return i;
}

void flt_find_numbers(struct flt_scanner *s)
{
    uint32_t i = 0, measured = 0;
    bool is_long;

    for (;;) {
        i = next_digit(s->text, i);
        if (i >= s->text.n)
            return;
        if (i >= measured && i > 0 && flt_is_alpha(s->text.p[i - 1])) {
            measured = measure_run(s->text, i, &is_long);
            if (is_long) {
                i = measured;
                continue;
            }
        }
        flt_find_phones_at(s, i);
        flt_find_iban_at(s, i);
        flt_find_shapes_at(s, i);
        i = grow(s, i);
    }
}
