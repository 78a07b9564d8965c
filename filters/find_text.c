/* SPDX-License-Identifier: Apache-2.0 */
/* find_text - account numbers of banks, telephone numbers, e-mail addresses.
 *
 * The first two start where flt_find_numbers sees a run of digits begin and look a few bytes back; an e-mail starts at
 * its @. Each walks a bounded way and hands over a candidate without separators.
 */
#include "filters/scanner.h"
#include <string.h>

#define LOCAL_MAX  64u /* of an e-mail address, RFC 5321 */
#define DOMAIN_MAX 253u

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
    /* else the rest is a word or two that follow "it 16" */
    if (n == length && ((upper && marks == FLT_GROUPED) || flt_mix(st_span(compact, n)).digit * 2 >= n))
        offer_iban(s, from, i, st_span(compact, n), in_group == length ? 0 : marks);
}

void flt_find_iban_at(struct flt_scanner *s, uint32_t at)
{
    uint8_t a, b;
    uint32_t from = country_before(s->text, at, &a, &b);

    if (from != at && flt_iban_length(a, b) != 0)
        walk_iban(s, from, at, a, b);
}

/* ---- addresses of cryptocurrencies ------------------------------------------------------------------------------ */

/* The first digit of the word is at `at`: an address in base58 is a word of its own. */
void flt_find_base58_at(struct flt_scanner *s, uint32_t at, uint32_t end)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_BASE58];
    uint32_t from = at;

    while (from > 0 && end - from <= FLT_BASE58_MAX && flt_is_alpha(s->text.p[from - 1]))
        from--;
    if (end - from < FLT_BASE58_MIN || end - from > FLT_BASE58_MAX)
        return;
    for (size_t i = 0; i < list->n; i++)
        flt_consider(s, &(struct flt_guess){ list->items[i], from, end, st_span_sub(s->text, from, end - from), 0 });
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
    return before == '_' || (!is_sure && (before == '.' || before == '-' || before == ',' || before == '#'));
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

/* Texts of scripts without blanks, and quotation marks, stand right beside an address; letters with accents are of it
 * (RFC 6531). */
static bool is_of_other_script(uint8_t c)
{
    return c >= 0xE2;
}

/* Does the address that goes from `from` to the @ at `at` begin there? The character before is of another script. */
static bool begins_anew(struct st_span text, uint32_t from, uint32_t at)
{
    uint32_t first = from - 1;

    if (text.p[first] < 0x80 || (from < at && text.p[from] >= 0x80))
        return false;
    while (first > 0 && from - first < 4 && (text.p[first] & 0xC0) == 0x80) /* to the beginning of the character */
        first--;
    return (from < at && is_of_other_script(text.p[first])) || flt_sign_at(text, first) > 0;
}

/* Is what goes from the @ at `at` up to `to` a whole domain, with another script behind it? */
static bool ends_here(struct st_span text, uint32_t at, uint32_t to)
{
    uint32_t label = to;

    if (!is_of_other_script(text.p[to]))
        return flt_sign_at(text, to) > 0;
    while (label > at && flt_is_alpha(text.p[label - 1]))
        label--;
    return flt_sign_at(text, to) > 0 || (to - label > 1 && text.p[label - 1] == '.');
}

static void offer_email(struct flt_scanner *s, uint32_t at)
{
    const struct flt_list *list = &s->packs->by_find[FLT_FIND_EMAIL];
    uint32_t from = at, to = at + 1;

    while (from > 0 && at - from < LOCAL_MAX && is_local(s->text.p[from - 1]) && !begins_anew(s->text, from, at))
        from--;
    while (from < at && strchr("._%+-'", s->text.p[from]) != NULL)
        from++;
    while (to < s->text.n && to - at <= DOMAIN_MAX && is_domain(s->text.p[to]) && !ends_here(s->text, at, to))
        to++;
    while (to > at + 1 && (s->text.p[to - 1] == '.' || s->text.p[to - 1] == '-'))
        to--;
    if (from == at || to - at < 5 || (to < s->text.n && (s->text.p[to] == '@' || s->text.p[to] == '_')))
        return;
    for (size_t i = 0; i < list->n; i++)
        flt_consider(s, &(struct flt_guess){ list->items[i], from, to, st_span_sub(s->text, from, to - from), 0 });
    flt_find_rows_email(s, from, to);
}

void flt_find_emails(struct flt_scanner *s)
{
    size_t at = 0;

    if (s->packs->by_find[FLT_FIND_EMAIL].n == 0 && s->own == NULL)
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
