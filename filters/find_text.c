/* SPDX-License-Identifier: Apache-2.0 */
/* find_text - identifiers of letters and digits, telephone numbers, e-mail addresses.
 *
 * All but e-mail start where flt_find_numbers sees a run of digits begin and look a few bytes back; an e-mail starts
 * at its @. Each walks a bounded way and hands over a candidate without separators.
 */
#include "filters/scanner.h"
#include <string.h>

#define BACK_MAX   9u  /* letters before the first digit of an identifier */
#define LOCAL_MAX  64u /* of an e-mail address, RFC 5321 */
#define DOMAIN_MAX 253u

/* ---- shapes ------------------------------------------------------------------------------------------------- */

enum { CLASS_DIGIT = 1, CLASS_ALPHA = 2 };
static const uint8_t classes[256] = { ['0' ... '9'] = CLASS_DIGIT,
                                      ['A' ... 'Z'] = CLASS_ALPHA,
                                      ['a' ... 'z'] = CLASS_ALPHA };

/* The classes a place takes. */
static inline uint8_t takes(char place)
{
    return place == '9' ? CLASS_DIGIT : place == 'A' ? CLASS_ALPHA : CLASS_DIGIT | CLASS_ALPHA;
}

static inline bool separates(const struct flt_detector *d, struct st_span text, uint32_t i)
{
    return i + 1 < text.n && classes[text.p[i]] == 0 && flt_set_has(&d->separators, text.p[i]);
}

/* Does the shape stand at `from`, with nothing of its kind behind it? Most do not; they are told here. */
static bool shape_stands(const struct flt_detector *d, struct st_span text, uint32_t from)
{
    uint32_t i = from;

    for (const char *place = d->shape; *place != '\0'; place++, i++) {
        if (place > d->shape && separates(d, text, i))
            i++;
        if (i >= text.n || (classes[text.p[i]] & takes(*place)) == 0)
            return false;
    }
    return i >= text.n || classes[text.p[i]] == 0;
}

static void offer_shape(struct flt_scanner *s, const struct flt_detector *d, uint32_t from)
{
    uint8_t compact[FLT_NUMBER_MAX], groups[FLT_NUMBER_MAX + 1] = { 0 };
    uint32_t i = from;
    size_t n = 0, k = 0;
    bool grouped = d->n_groupings > 0;

    for (; d->shape[n] != '\0'; n++, i++) {
        if (n > 0 && separates(d, s->text, i)) {
            k++;
            i++;
        }
        compact[n] = s->text.p[i];
        groups[k]++;
    }
    for (size_t g = 0; g < d->n_groupings; g++) {
        grouped = d->groupings[g].n == k + 1 && memcmp(d->groupings[g].len, groups, k + 1) == 0;
        if (grouped)
            break;
    }
    flt_consider(s, &(struct flt_guess){ d, from, i, st_span(compact, n),
                                         grouped ? FLT_GROUPED
                                         : k > 0 ? FLT_LIST
                                                 : 0 });
}

/* Could a run of that kind fill the first n places? */
static bool fills(const char *shape, size_t n, enum flt_run kind)
{
    uint8_t wanted = kind == FLT_RUN_DIGITS ? CLASS_DIGIT : kind == FLT_RUN_LETTERS ? CLASS_ALPHA : 0;

    for (size_t i = 0; i < n; i++)
        if (wanted != 0 && (takes(shape[i]) & wanted) == 0)
            return false;
    return true;
}

static void shape_init(struct flt_scanner *s, const struct flt_detector *d, uint64_t bit)
{
    size_t n = strlen(d->shape);

    for (enum flt_run kind = 0; kind < FLT_RUN_KINDS; kind++) {
        s->whole_runs[kind][n] |= fills(d->shape, n, kind) ? bit : 0;
        for (size_t k = 1; k < n && fills(d->shape, k, kind); k++) {
            s->first_runs[kind][0][k] |= (takes(d->shape[k]) & CLASS_ALPHA) != 0 ? bit : 0;
            s->first_runs[kind][1][k] |= (takes(d->shape[k]) & CLASS_DIGIT) != 0 ? bit : 0;
        }
    }
    s->long_as[n] |= bit;
    for (unsigned c = 0; c < 256; c++)
        s->behind_runs[c] |= flt_set_has(&d->separators, (uint8_t)c) ? bit : 0;
}

void flt_shapes_init(struct flt_scanner *s)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_SHAPE];

    for (size_t i = 0; i < list->n; i++)
        shape_init(s, list->items[i], (uint64_t)1 << (i & 63));
}

/* The run of letters and digits from `from` on: its length, more than FLT_NUMBER_MAX when it is longer, and kind. */
static uint32_t measure(struct st_span text, uint32_t from, enum flt_run *kind)
{
    uint32_t n = 0;
    uint8_t seen = 0;

    while (n <= FLT_NUMBER_MAX && from + n < text.n && classes[text.p[from + n]] != 0)
        seen |= classes[text.p[from + n++]];
    *kind = seen == CLASS_DIGIT ? FLT_RUN_DIGITS : seen == CLASS_ALPHA ? FLT_RUN_LETTERS : FLT_RUN_MIXED;
    return n;
}

/* The shapes that may go on behind a run of that kind, n places long, that ends at `end`: what stands there is a
 * separator of theirs, and what follows fits their next place. */
static uint64_t going_on(const struct flt_scanner *s, enum flt_run kind, uint32_t n, uint32_t end)
{
    const uint8_t *p = s->text.p;

    if (end + 1 >= s->text.n || classes[p[end + 1]] == 0)
        return 0;
    return s->first_runs[kind][flt_is_digit(p[end + 1])][n] & s->behind_runs[p[end]];
}

/* The shapes that could stand at `from`, going by its first two groups and what follows. */
static uint64_t shapes_of_run(const struct flt_scanner *s, uint32_t from)
{
    enum flt_run kind, ignored;
    uint32_t n = measure(s->text, from, &kind), both;
    uint64_t shapes, grouped;

    if (n > FLT_NUMBER_MAX)
        return 0;
    shapes = s->whole_runs[kind][n];
    if ((grouped = going_on(s, kind, n, from + n)) == 0)
        return shapes;
    both = n + measure(s->text, from + n + 1, &ignored);
    if (both > FLT_NUMBER_MAX)
        return shapes;
    return shapes | (grouped & (s->long_as[both] | going_on(s, FLT_RUN_MIXED, both, from + both + 1)));
}

static void try_shapes(struct flt_scanner *s, uint32_t from)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_SHAPE];

    for (uint64_t shapes = shapes_of_run(s, from); shapes != 0; shapes &= shapes - 1)
        for (size_t i = (size_t)__builtin_ctzll(shapes); i < list->n; i += 64)
            if (shape_stands(list->items[i], s->text, from))
                offer_shape(s, list->items[i], from);
}

void flt_find_shapes_at(struct flt_scanner *s, uint32_t at)
{
    uint32_t from = at, letters;

    if (s->packs->by_find[FLT_FIND_SHAPE].n == 0)
        return;
    while (from > 0 && at - from < BACK_MAX && flt_is_alpha(s->text.p[from - 1]))
        from--;
    if (from > 1 && (s->text.p[from - 1] == '.' || s->text.p[from - 1] == ',') && flt_is_digit(s->text.p[from - 2]))
        return; /* a fraction */
    if (from > 0 && flt_is_alnum(s->text.p[from - 1]))
        return; /* in the middle of something: its first digit was tried, or it is too long */
    try_shapes(s, from);
    if (from != at)
        return;
    for (int groups = 0; groups < 2 && from >= 2; groups++) { /* "AB 12 34 56 C": the letters are groups of their own */
        if (s->text.p[from - 1] != ' ' && s->text.p[from - 1] != '-')
            return;
        letters = from - 1;
        while (letters > 0 && from - letters < 8 && flt_is_alpha(s->text.p[letters - 1]))
            letters--;
        if (letters == from - 1 || (letters > 0 && flt_is_alnum(s->text.p[letters - 1])))
            return;
        try_shapes(s, letters);
        from = letters;
    }
}

/* ---- IBAN --------------------------------------------------------------------------------------------------- */

/* Countries whose account part has no letters: a word after the number ends it. */
static bool is_numeric_country(uint8_t a, uint8_t b)
{
    static const char list[] = "AEATBABECHCZDEDKEEESFIFOGLHRHUILISLILTMEMRNOPLPTRSSESISKTLTNXKVA";
    static const char but[] = "AECHLI"; /* letters are allowed, rarely used */

    for (size_t i = 0; i + 1 < sizeof but; i += 2)
        if ((uint8_t)but[i] == a && (uint8_t)but[i + 1] == b)
            return false;
    for (size_t i = 0; i + 1 < sizeof list; i += 2)
        if ((uint8_t)list[i] == a && (uint8_t)list[i + 1] == b)
            return true;
    return false;
}

static bool iban_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '_' || c == '/' || c == '\n' || c == '\t';
}

static bool iban_char(const struct flt_scanner *s, uint32_t at, bool numeric, bool upper)
{
    uint8_t c = s->text.p[at];

    return flt_is_digit(c) || (!numeric && (upper ? flt_is_upper(c) : flt_is_lower(c)));
}

static void offer_iban(struct flt_scanner *s, uint32_t from, uint32_t to, struct st_span text, unsigned marks)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_IBAN];
    uint8_t before = from > 0 ? s->text.p[from - 1] : ' ', after = to < s->text.n ? s->text.p[to] : ' ';
    bool in_more = from > 1 && strchr("-_/+.", before) != NULL && flt_is_alnum(s->text.p[from - 2]);

    if (flt_is_digit(after) || flt_is_digit(before))
        return; /* longer than an IBAN of that country */
    if (flt_is_alpha(before) || in_more)
        marks |= FLT_GLUED;
    if (flt_is_alpha(after))
        marks |= FLT_GLUED;
    if ((marks & FLT_GLUED) != 0 && (flt_is_lower(text.p[0]) || (flt_is_alnum(before) && flt_is_alnum(after))))
        return; /* hexadecimal, base64, part of a UUID */
    for (size_t i = 0; i < list->n; i++)
        flt_consider(s, &(struct flt_guess){ list->items[i], from, to, text, marks });
}

/* Where the country before the check digits at `at` begins: "DE89", "DE 89", "D E 8 9"; `at` when there is none. */
static uint32_t country_before(struct st_span text, uint32_t at, uint8_t *a, uint8_t *b)
{
    const uint8_t *p = text.p;
    uint32_t from = at;

    if (at >= 2 && flt_is_alpha(p[at - 1]))
        from = at - 2;
    else if (at >= 3 && iban_separator(p[at - 1]) && flt_is_upper(p[at - 2]) && flt_is_upper(p[at - 3]))
        from = at == 3 || !flt_is_alnum(p[at - 4]) ? at - 3 : at; /* lower case: "it 16" is a word and a number */
    else if (at >= 4 && iban_separator(p[at - 1]) && iban_separator(p[at - 3]))
        from = at - 4;
    *a = p[from];
    *b = p[at - from == 4 ? from + 2 : from + 1 < text.n ? from + 1 : from];
    return flt_is_alpha(*a) && flt_is_alpha(*b) && flt_is_upper(*a) == flt_is_upper(*b) ? from : at;
}

/* The country's letters begin at `from`, its check digits at `at`. */
static void walk_iban(struct flt_scanner *s, uint32_t from, uint32_t at, uint8_t a, uint8_t b)
{
    uint8_t compact[34] = { a, b };
    size_t length = flt_iban_length(a, b), n = 2, in_group = 2;
    unsigned marks = FLT_GROUPED;
    bool upper = flt_is_upper(a), numeric = is_numeric_country(flt_to_upper(a), flt_to_upper(b));
    uint32_t i;

    for (i = at; i < s->text.n && n < length; i++) {
        if (iban_separator(s->text.p[i]) && i > at && i + 1 < s->text.n && flt_is_alnum(s->text.p[i + 1])) {
            if (in_group != 4)
                marks = FLT_IRREGULAR;
            in_group = 0;
            continue;
        }
        if (!iban_char(s, i, numeric || n < 4, upper))
            return;
        compact[n++] = s->text.p[i];
        in_group++;
    }
    if (n == length && flt_mix(st_span(compact, n)).digit * 2 >= n) /* the rest is a word or two that follow "it 16" */
        offer_iban(s, from, i, st_span(compact, n), in_group == length ? 0 : marks);
}

void flt_find_iban_at(struct flt_scanner *s, uint32_t at)
{
    uint8_t a, b;
    uint32_t from = country_before(s->text, at, &a, &b);

    if (from != at && flt_iban_length(a, b) != 0)
        walk_iban(s, from, at, a, b);
}

/* ---- telephone numbers -------------------------------------------------------------------------------------- */

static bool phone_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

struct dialled {
    uint8_t digits[16];
    size_t n, groups;
    uint32_t to;
};

/* Digits with up to three separators between; the (0) of +49 (0)170 is not dialled. False when too long. */
static bool dial(const struct flt_scanner *s, uint32_t at, struct dialled *out)
{
    const uint8_t *p = s->text.p;
    uint32_t i = at;

    while (i < s->text.n && flt_is_digit(p[i])) {
        out->groups++;
        for (; i < s->text.n && flt_is_digit(p[i]); i++) {
            if (out->n == sizeof out->digits - 1)
                return false;
            out->digits[out->n++] = p[i];
        }
        out->to = i;
        for (int k = 0; k < 3 && i < s->text.n && phone_separator(p[i]); k++)
            i++;
        if (i + 3 < s->text.n && p[i] == '0' && p[i - 1] == '(' && p[i + 1] == ')') {
            i += 2;
            while (i < s->text.n && phone_separator(p[i]))
                i++;
        }
    }
    return true;
}

/* (415) 867-5309 and 415-867-5309 are told by their looks alone; others need a word. */
static unsigned national_marks(struct st_span text, uint32_t from, const struct dialled *call)
{
    if (text.p[from] == '(' && text.p[from + 1] != '0')
        return call->n == 10 ? FLT_GROUPED : 0;
    for (uint32_t i = from; i < call->to; i++)
        if (!flt_is_digit(text.p[i]) && text.p[i] != '-')
            return 0;
    return call->n == 10 && call->groups == 3 && text.p[from + 3] == '-' && text.p[from + 7] == '-' ? FLT_GROUPED : 0;
}

static void offer_phone(struct flt_scanner *s, enum flt_find find, uint32_t from, const struct dialled *call)
{
    const struct flt_list *list = &s->packs->by_find[find];
    unsigned marks = call->groups > 1 ? FLT_GROUPED : 0;

    if (find == FLT_FIND_NATIONAL)
        marks = national_marks(s->text, from, call);
    if (call->groups > 7)
        marks = FLT_IRREGULAR;
    if (call->to < s->text.n && (flt_is_alpha(s->text.p[call->to]) || s->text.p[call->to] == '_'))
        return;
    for (size_t i = 0; i < list->n; i++)
        flt_consider(s, &(struct flt_guess){ list->items[i], from, call->to, st_span(call->digits, call->n), marks });
}

/* Inside a version, a fraction, a path or a longer number, such as an IBAN with a wrong check digit. */
static bool in_other_number(struct st_span text, uint32_t from, bool is_sure)
{
    uint8_t before = from > 0 ? text.p[from - 1] : ' ';

    if (flt_is_alnum(before))
        return true;
    if (!is_sure && from > 1 && phone_separator(before) && flt_is_digit(text.p[from - 2]))
        return true;
    if (before == ':' || before == '=' || before == '/') /* tel:+49…, phone=+49… */
        return !is_sure && text.p[from] != '0';
    return before == '_' || before == '.' || before == '-' || before == ',' || before == '#';
}

void flt_find_phones_at(struct flt_scanner *s, uint32_t at)
{
    struct dialled call = { .n = 0 };
    const uint8_t *p = s->text.p;
    uint8_t before = at > 0 ? p[at - 1] : ' ';
    bool plus = before == '+' || (before == '(' && at > 1 && p[at - 2] == '+');
    uint32_t from = before == '+' || before == '(' ? at - 1 : at;

    if (plus && before == '(')
        from--;
    if ((!plus && p[at] == '1') || in_other_number(s->text, from, plus))
        return;
    if (!dial(s, at, &call) || call.n < 7)
        return;
    if (plus || (call.n > 10 && p[at] == '0' && p[at + 1] == '0'))
        offer_phone(s, FLT_FIND_PHONE, from, &call);
    else if (p[at] == '0' || (call.n == 10 && call.groups == 3))
        offer_phone(s, FLT_FIND_NATIONAL, from, &call);
}

/* ---- e-mail ------------------------------------------------------------------------------------------------- */

static bool is_local(uint8_t c)
{
    return flt_is_alnum(c) || c >= 0x80 || strchr("._%+-'", c) != NULL;
}

static bool is_domain(uint8_t c)
{
    return flt_is_alnum(c) || c >= 0x80 || c == '.' || c == '-';
}

static void offer_email(struct flt_scanner *s, uint32_t at)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_EMAIL];
    uint32_t from = at, to = at + 1;

    while (from > 0 && at - from < LOCAL_MAX && is_local(s->text.p[from - 1]))
        from--;
    while (from < at && strchr("._%+-'", s->text.p[from]) != NULL)
        from++;
    while (to < s->text.n && to - at <= DOMAIN_MAX && is_domain(s->text.p[to]))
        to++;
    while (to > at + 1 && (s->text.p[to - 1] == '.' || s->text.p[to - 1] == '-'))
        to--;
    if (from == at || to - at < 5 || (to < s->text.n && (s->text.p[to] == '@' || s->text.p[to] == '_')))
        return;
    for (size_t i = 0; i < list->n; i++)
        flt_consider(s, &(struct flt_guess){ list->items[i], from, to, st_span_sub(s->text, from, to - from), 0 });
}

void flt_find_emails(struct flt_scanner *s)
{
    size_t at = 0;

    if (s->packs->by_find[FLT_FIND_EMAIL].n == 0)
        return;
    while (at < s->text.n) {
        const uint8_t *p = memchr(s->text.p + at, '@', s->text.n - at);

        if (p == NULL)
            return;
        at = (size_t)(p - s->text.p);
        offer_email(s, (uint32_t)at);
        at++;
    }
}
