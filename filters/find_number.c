/* SPDX-License-Identifier: Apache-2.0 */
/* find_number - numbers with separators, the digit-anchored finder.
 *
 * Regular expressions over digits are the slowest part of any detector set and would fire everywhere, so numbers are
 * found by hand: skip to the next run of digits, and from there grow group by group ("4111 1111 1111 1111"), asking at
 * each group's end whether some rule wants a number of that many digits with that beginning. Growing starts at every
 * run, so a number inside a row of others is found as well; what stands around it weakens it (marks). Long runs of
 * letters and digits, such as base64, are skipped in one step.
 */
#include "base/bytes.h"
#include "filters/scanner.h"
#include <limits.h>
#include <string.h>

#define SMALL    64u /* bytes of a text in which words are looked for at once */
#define SKIP_RUN 64u /* a run of this many letters and digits holds no number that a person wrote */

enum { SIGN_SEPARATOR = 1, SIGN_RUN = 2, SIGN_PHONE = 4 };
static const uint8_t signs[256] = {
    /* Every separator any rule allows is one of these; each rule then asks for its own. */
    [' '] = SIGN_SEPARATOR | SIGN_PHONE,
    ['-'] = SIGN_SEPARATOR | SIGN_PHONE,
    ['.'] = SIGN_SEPARATOR | SIGN_PHONE,
    ['/'] = SIGN_SEPARATOR | SIGN_PHONE,
    ['('] = SIGN_PHONE,
    [')'] = SIGN_PHONE,
    ['\n'] = SIGN_SEPARATOR,
    ['\t'] = SIGN_SEPARATOR,
    [','] = SIGN_SEPARATOR,
    [':'] = SIGN_SEPARATOR,
    ['|'] = SIGN_SEPARATOR,
    ['*'] = SIGN_SEPARATOR,
    ['_'] = SIGN_SEPARATOR | SIGN_RUN,
    ['+'] = SIGN_RUN,
    ['0' ... '9'] = SIGN_RUN,
    ['A' ... 'Z'] = SIGN_RUN,
    ['a' ... 'z'] = SIGN_RUN,
};

static bool may_separate(uint8_t c)
{
    return (signs[c] & SIGN_SEPARATOR) != 0;
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

#define WORD_MAX 16u

/* What stands before a key of some table, in lower case and in order; and what may stand between. */
static const char *const keys[] = {
    "aktenzeichen", "article",      "artikel",   "auftrag",  "bestellnummer", "bestellung",
    "build",        "bytes",        "case",      "customer", "ean",           "epoch",
    "gid",          "gtin",         "id",        "ids",      "idx",           "imei",
    "invoice",      "isbn",         "issue",     "job",      "kundennummer",  "nonce",
    "offset",       "order",        "orders",    "pid",      "rechnung",      "rechnungsnummer",
    "ref",          "reference",    "request",   "seed",     "sendung",       "sendungsnummer",
    "serial",       "seriennummer", "session",   "size",     "sku",           "status",
    "ticket",       "time",         "timestamp", "trace",    "tracking",      "ts",
    "tweet",        "uid",          "upc",       "version",  "vorgang"
};
static const char *const fillers[] = { "code", "is", "ist", "no", "nr", "num", "number", "nummer" };

/* The word of letters that ends at *end or a few blanks and signs before; *end moves to its beginning. */
static struct st_span word_before(struct st_span text, uint32_t *end)
{
    uint32_t to = *end, from;

    while (to > 0 && *end - to < 4 && strchr(" :=#\"'.(_-", text.p[to - 1]) != NULL)
        to--;
    from = to;
    while (from > 0 && to - from < WORD_MAX && flt_is_alpha(text.p[from - 1]))
        from--;
    *end = from;
    return st_span(text.p + from, to - from);
}

static int order(struct st_span word, const char *listed)
{
    for (size_t i = 0; i < word.n; i++)
        if (flt_to_lower(word.p[i]) != (uint8_t)listed[i])
            return flt_to_lower(word.p[i]) - (uint8_t)listed[i];
    return listed[word.n] == '\0' ? 0 : -1;
}

static bool is_one_of(struct st_span word, const char *const *list, size_t n)
{
    size_t a = 0, b = n;

    while (a < b) {
        size_t mid = a + (b - a) / 2;
        int side = order(word, list[mid]);

        if (side == 0)
            return true;
        if (side < 0)
            b = mid;
        else
            a = mid + 1;
    }
    return false;
}

/* "id=4111…", "/status/4111…", "order no. 4111…": a key of some table. The word must stand right before the number:
 * "ordered with 4111…" is none. */
static bool is_identifier(struct st_span text, uint32_t from)
{
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
    if (word.n > 2 && word.p[word.n - 2] == 'I' && word.p[word.n - 1] == 'd')
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
        if (n != len || (at >= 0 && (size_t)at < text.n && flt_is_alnum(text.p[at])))
            return groups; /* "… 7 and" is a word */
        groups++;
    }
    return groups;
}

/* A grouped number in a row of like groups is a piece of a table; one more group may be an expiry date. */
static unsigned row_of(struct st_span text, const struct grown *g)
{
    unsigned like = like_groups(text, (int64_t)g->from - 1, -1, g->groups[0]) +
                    like_groups(text, g->to, 1, g->groups[g->n_groups - 1]);

    if (g->from > 0 && text.p[g->from - 1] == '.' && g->separators[1] == '.' &&
        !(g->from > 1 && flt_is_alpha(text.p[g->from - 2]))) /* but "Nr.4111.1111" */
        return FLT_LIST;                                     /* "[.4300.0020.": it begins in the middle */
    return like >= 2 ? FLT_LIST : like == 1 ? FLT_IRREGULAR : 0;
}

/* What the place of the number says, whichever detector asks. */
static unsigned marks_of(const struct flt_scanner *s, const struct grown *g)
{
    struct st_span text = s->text;
    uint8_t before = g->from > 0 ? text.p[g->from - 1] : ' ', after = g->to < text.n ? text.p[g->to] : ' ', c = 0;
    unsigned marks = 0;

    if (g->n_groups > 1)
        marks |= row_of(text, g);
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

#define NOT_YET UINT_MAX

/* Marks the rules that have a word near, as long as looking for words costs less than what it saves. */
static bool mark_near(struct flt_scanner *s, const struct flt_list *list, const struct grown *g)
{
    return s->trace == NULL && (s->text.n < SMALL || flt_words_are_read(s, &list->window, g->from, g->to)) &&
           flt_mark_near(s, &list->window, g->from, g->to);
}

static bool lacks_word(const struct flt_scanner *s, const struct flt_detector *d)
{
    return d->require == FLT_REQUIRE_CONTEXT && s->near_mark[d - s->packs->rules] != s->mark;
}

static void offer(struct flt_scanner *s, const struct grown *g)
{
    const struct flt_list *list = &s->packs->by_length[g->n];
    bool is_marked = mark_near(s, list, g), is_alone = is_marked && !s->is_any_near;
    const struct flt_detector *const *items = is_alone ? list->free : list->items;
    unsigned place = NOT_YET;

    for (size_t i = 0; i < (is_alone ? list->n_free : list->n); i++) {
        const struct flt_detector *d = items[i];
        struct flt_guess guess = { d, g->from, g->to, st_span(g->digits, g->n), 0 };

        is_marked = is_marked || mark_near(s, list, g); /* a detector before may have made them look */
        if ((is_marked && lacks_word(s, d)) || !begins_as(d, g) || !separators_allowed(d, g))
            continue;
        if (place == NOT_YET)
            place = marks_of(s, g);
        guess.marks = place | (g->n_groups > 1 ? grouping_of(d, g) : 0);
        flt_consider(s, &guess);
    }
}

/* Grows a number from the run at `at`. */
static void grow(struct flt_scanner *s, uint32_t at)
{
    struct grown g; /* not zeroed: this runs for many digits of a text */
    const uint8_t *p = s->text.p;
    uint32_t i = at, n = (uint32_t)s->text.n;
    uint8_t separator = 0;

    g.n = g.n_groups = 0;
    g.from = at;
    while (i < n && flt_is_digit(p[i])) {
        uint32_t start = i;

        for (; i < n && flt_is_digit(p[i]); i++) {
            if (g.n == FLT_NUMBER_MAX)
                return;
            g.digits[g.n++] = p[i];
        }
        g.separators[g.n_groups] = separator;
        g.groups[g.n_groups++] = (uint8_t)(i - start);
        g.to = i;
        if (s->packs->by_length[g.n].n > 0 && flt_is_asked(s, g.from, g.to))
            offer(s, &g);
        if (i + 1 >= n || !may_separate(p[i]))
            return;
        separator = p[i++];
        if (p[i] == separator && (separator == '*' || separator == ' ') && i + 1 < n)
            i++; /* 4111**1111**: bold */
    }
}

static bool is_run_byte(uint8_t c)
{
    return (signs[c] & SIGN_RUN) != 0;
}

static unsigned letters_in(const uint8_t *p)
{
    return st_bytes_in(p, 'A', 'Z') | st_bytes_in(p, 'a', 'z');
}

/* Where the letters and digits that go on at i end. */
static uint32_t token_end(struct st_span text, uint32_t i)
{
    for (; i + ST_BYTES_STEP <= text.n; i += ST_BYTES_STEP) {
        unsigned others = ~(letters_in(text.p + i) | st_bytes_in(text.p + i, '0', '9')) & 0xFFFF;

        if (others != 0)
            return i + st_bytes_first(others);
    }
    while (i < text.n && flt_is_alnum(text.p[i]))
        i++;
    return i;
}

static uint32_t run_end(struct st_span text, uint32_t i)
{
    do
        i = token_end(text, i);
    while (i < text.n && is_run_byte(text.p[i]) && ++i);
    return i;
}

/* How far the run of letters and digits around `at` goes; *is_long says whether it is one to skip. */
static uint32_t measure_run(struct st_span text, uint32_t at, bool *is_long)
{
    uint32_t from = at, to = run_end(text, at);

    while (from > 0 && at - from < SKIP_RUN && to - from < SKIP_RUN && is_run_byte(text.p[from - 1]))
        from--;
    *is_long = to - from >= SKIP_RUN;
    while (*is_long && to < text.n && text.p[to] == '/')
        to = run_end(text, to + 1);
    return to;
}

/* ---- what cannot be ------------------------------------------------------------------------------------------ */

/* Nearly all digits of a text are years, versions and chapters. Each of these answers false only where its finder
 * would have found nothing, from the bytes right around the digits from `at` to `end`. */

static bool may_be_phone(struct st_span text, uint32_t at, uint32_t end)
{
    uint32_t i = end;

    if (at > 0 && flt_is_alnum(text.p[at - 1]))
        return false;
    if (end - at >= 7)
        return true;
    for (int k = 0; k < 3 && i < text.n && (signs[text.p[i]] & SIGN_PHONE) != 0; k++)
        i++;
    return i > end && i < text.n && flt_is_digit(text.p[i]);
}

/* Two letters right before, or before a sign, or each before a sign of its own; then two digits. */
static bool may_be_iban(struct st_span text, uint32_t at, uint32_t end)
{
    const uint8_t *p = text.p;

    if (at < 2 || !flt_is_alpha(p[at - 2]) || (end - at == 1 && (end == text.n || flt_is_alpha(p[end]))))
        return false;
    if (flt_is_alpha(p[at - 1]))
        return flt_iban_length(p[at - 2], p[at - 1]) != 0;
    if (at < 3 || !may_separate(p[at - 1]))
        return false;
    return (flt_is_upper(p[at - 2]) && flt_is_upper(p[at - 3])) || (at > 3 && may_separate(p[at - 3]));
}

static bool may_be_shape(struct st_span text, uint32_t at)
{
    uint8_t c = at > 0 ? text.p[at - 1] : 0;

    return !((c == '.' || c == ',') && at > 1 && flt_is_digit(text.p[at - 2])); /* a fraction */
}

static bool may_grow(const struct flt_scanner *s, uint32_t at, uint32_t end)
{
    uint32_t n = end - at;

    return n > FLT_NUMBER_MAX || s->packs->by_length[n].n > 0 ||
           (end + 1 < s->text.n && may_separate(s->text.p[end]) &&
            (flt_is_digit(s->text.p[end + 1]) || s->text.p[end + 1] == s->text.p[end]));
}

/* Where the UUID ends whose first digits may be those from `at` to `end`; `at` when it is none. */
static uint32_t uuid_end(struct st_span text, uint32_t at, uint32_t end)
{
    uint32_t from = at;

    if (end >= text.n || (text.p[end] != '-' && !is_hex(text.p[end])))
        return at;
    while (from > 0 && at - from < 8 && is_hex(text.p[from - 1]))
        from--;
    if ((from > 0 && flt_is_alnum(text.p[from - 1])) || !flt_is_uuid_at(text, from))
        return at;
    return from + FLT_UUID_LEN;
}

/* Behind the digits that go on at i. */
static uint32_t digits_end(struct st_span text, uint32_t i)
{
    while (i < text.n && flt_is_digit(text.p[i]))
        i++;
    return i;
}

void flt_find_numbers(struct flt_scanner *s)
{
    uint32_t i = 0, end, measured = 0, token = 0; /* token: where the letters and digits end that were seen last */
    bool is_long;

    for (;; i = end) {
        uint32_t uuid;

        i = flt_next_digit(s->text, i);
        if (i >= s->text.n)
            return;
        end = digits_end(s->text, i);
        if (i >= token && (uuid = uuid_end(s->text, i, end)) > i) {
            end = uuid;
            continue;
        }
        if (i >= measured && i > 0 && flt_is_alpha(s->text.p[i - 1])) {
            measured = measure_run(s->text, i, &is_long);
            if (is_long) {
                end = measured;
                continue;
            }
        }
        if (may_be_phone(s->text, i, end))
            flt_find_phones_at(s, i);
        if (may_be_iban(s->text, i, end))
            flt_find_iban_at(s, i);
        if (i >= token) { /* shapes begin where a token does: its first digits tell */
            token = end < s->text.n && flt_is_alpha(s->text.p[end]) ? token_end(s->text, end) : end;
            if (token - i > FLT_NUMBER_MAX / 2 && token - i <= FLT_BASE58_MAX)
                flt_find_base58_at(s, i, token);
            if (token - i <= FLT_NUMBER_MAX && may_be_shape(s->text, i))
                flt_find_shapes_at(s, i, end);
        }
        if (may_grow(s, i, end))
            grow(s, i);
    }
}
