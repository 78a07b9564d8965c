/* SPDX-License-Identifier: Apache-2.0 */
/* head - what people wrote in the head of a request, beside its query: in the path, and in some header fields.
 *
 * Paths are full of numbers that mean nothing: ids, dates, hashes. So only a segment with many digits, or one that may
 * be a token, becomes a field. Digits alone do when they may be a card's number, or when the segment before them is a
 * word that some detector wants near its numbers. Short segments in a row become one field when they may be the groups
 * that a card's number or an IBAN is written in, or when such a word comes before them; dates and tiles of maps do not.
 * Each of them may begin such a number, also within another: a sum is right by chance once in ten times.
 * A field has the segment before it for its name, since "card" or "iban" tells what a number is. What is found is then
 * weighed as what stands in an address: digits alone may be an id, which leaves their finding below what the shipped
 * policies act on unless a word says more; and a token that belongs to addresses (a webhook's, a signed link's; its
 * detector has the tag "address") is sent to the very host that gave it out.
 *
 * Services that take a file as the bare body of a request have its name in the head: as a disposition, as JSON, as
 * pairs of a key and base64, or one field a value; others a title, a subject, a note. The last word of such a field's
 * name tells. A field of a service's own ("X-...") is read too when its value is prose, which no token is, or JSON, or
 * has the shape of a number that people have; digits alone may be any id, unless the name says what they are. In any
 * field what has the sum of a card's number or the length of an IBAN is read; its digits are weighed as those of an
 * address. All are read as they stand: the readings of the scan open what they are wrapped in. Other fields are of
 * programs, or hold credentials, which are never read. Nothing is masked in a head: another path would be another
 * place, and each service quotes in its own way. Where the client came from goes along with everything that a page
 * fetches. Refusing all of it for a number that once stood in the page's address, perhaps masked on its way, would end
 * the page; who sends the head cuts the address short.
 */
#include "filters/filters.h"
#include "filters/scanner.h"
#include "filters/validate.h"
#include <string.h>

#define NUMBER_MIN    11 /* bytes of a segment */
#define NUMBER_DIGITS 8
#define CARD_MIN      13
#define CARD_MAX      19
#define IBAN_MAX      34
#define FOUR          4 /* of a card's number or an IBAN, as they are printed */
#define GROUP_MAX     6 /* the second group of American Express (4-6-5) and Diners Club (4-6-4) */
#define LAST_MAX      5
#define TOKEN_MIN     20
#define PROSE_MIN     12
#define AS_AN_ID      15 /* of confidence, that digits alone lose */

/* ---- the path ---------------------------------------------------------------------------------------------------- */

/* Cheap, for every request: most segments are words, ids and hashes. */
static bool is_telling(struct flt_scanner *scanner, struct st_span before, struct st_span segment)
{
    size_t digits = 0, hex = 0, upper = 0;

    if (segment.n < NUMBER_DIGITS)
        return false;
    for (size_t i = 0; i < segment.n; i++) {
        uint8_t c = segment.p[i];

        digits += c >= '0' && c <= '9';
        hex += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
        upper += c >= 'A' && c <= 'Z';
    }
    if (digits == segment.n)
        return digits <= CARD_MAX && /* one in ten numbers has the sum, and each card */
               ((digits >= NUMBER_MIN && flt_luhn(segment)) || flt_number_is_named(scanner, before, digits));
    if (segment.n < NUMBER_MIN)
        return false;
    if (hex == segment.n && (hex == 32 || hex == 36 || hex == 40 || hex == 64))
        return false;
    return digits >= NUMBER_DIGITS || (segment.n >= TOKEN_MIN && digits > 0 && upper > 0);
}

/* One of several segments that a number is written over, without its escapes: digits, or four letters and digits as of
 * an IBAN. Answers its bytes; 0: it is none. */
static size_t read_group(struct st_span segment, uint8_t out[GROUP_MAX])
{
    size_t digits = 0, n = 0;

    for (size_t at = 0; at < segment.n; at++) {
        int escaped = st_percent(st_span_sub(segment, at, 3));
        uint8_t c = escaped >= 0 ? (uint8_t)escaped : segment.p[at];

        if (n == GROUP_MAX || ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z')))
            return 0;
        out[n++] = c;
        digits += c <= '9';
        at += escaped >= 0 ? 2 : 0;
    }
    return digits > 0 && (digits == n || n <= FOUR) ? n : 0;
}

struct telling { /* a segment, or several in a row; with the one before */
    struct st_span before, text;
};
struct tellings {
    struct telling *items;
    size_t n, max;
    bool is_cut; /* there are more */
};

static void keep(struct tellings *all, struct st_span before, struct st_span text)
{
    if (all->n == all->max)
        all->is_cut = true;
    else
        all->items[all->n++] = (struct telling){ before, text };
}

/* All groups from here on, where the segment before them names such a number; else empty. */
static struct st_span named_number(struct flt_scanner *scanner, struct st_span before, struct st_span rest)
{
    struct st_span segment, all = st_span(rest.p, 0);
    uint8_t group[GROUP_MAX];
    size_t bytes = 0, n = 0, size;

    for (; st_span_next(&rest, '/', &segment) && (size = read_group(segment, group)) > 0; n++) {
        bytes += size;
        if (bytes > CARD_MAX || !st_span_is_digits(st_span(group, size)))
            return ST_SPAN_NONE;
        all.n = (size_t)(segment.p + segment.n - all.p);
    }
    return n >= 2 && bytes >= NUMBER_DIGITS && flt_number_is_named(scanner, before, bytes) ? all : ST_SPAN_NONE;
}

static bool may_be_printed_in_groups(struct st_span text)
{
    if (text.n >= CARD_MIN && text.n <= CARD_MAX && st_span_is_digits(text))
        return flt_luhn(text);
    return text.n >= NUMBER_MIN && text.n == flt_iban_length(text.p[0] & 0xDF, text.p[1] & 0xDF);
}

/* The cards' numbers and IBANs that begin with the first of these segments, but for what is known. */
static void keep_numbers(struct tellings *all, struct st_span before, struct st_span rest, struct st_span known)
{
    uint8_t text[IBAN_MAX + GROUP_MAX], group[GROUP_MAX];
    struct st_span segment, so_far = st_span(rest.p, 0);
    size_t n = 0, size = FOUR;

    while ((size == GROUP_MAX || (size == FOUR && n % FOUR == 0)) && n < IBAN_MAX &&
           st_span_next(&rest, '/', &segment)) {
        size_t most = n == FOUR ? GROUP_MAX : size == GROUP_MAX ? LAST_MAX : FOUR;

        size = read_group(segment, group);
        if (size == 0 || size > most)
            return;
        memcpy(text + n, group, size);
        n += size;
        so_far.n = (size_t)(segment.p + segment.n - so_far.p);
        if (may_be_printed_in_groups(st_span(text, n)) && (so_far.p != known.p || so_far.n != known.n))
            keep(all, before, so_far);
    }
}

/* Each segment is looked at once for itself, and as the first of a bounded number of groups. */
static void find_tellings(struct flt_scanner *scanner, struct st_span path, struct tellings *all)
{
    struct st_span rest = path, segment, before = ST_SPAN("/"), name = ST_SPAN_NONE;
    uint8_t group[GROUP_MAX];

    for (; !all->is_cut && st_span_next(&rest, '/', &segment); before = segment) {
        struct st_span here = st_span(segment.p, (size_t)(path.p + path.n - segment.p)), known = ST_SPAN_NONE;

        if (is_telling(scanner, before, segment))
            keep(all, before, segment);
        if (read_group(segment, group) == 0) {
            name = ST_SPAN_NONE;
            continue;
        }
        if (name.p == NULL) { /* the first of a row */
            name = before;
            known = named_number(scanner, name, here);
            if (known.n > 0)
                keep(all, name, known);
        }
        keep_numbers(all, name, here, known);
    }
}

bool flt_path_is_telling(struct flt_scanner *scanner, struct st_span path)
{
    struct tellings none = { 0 };

    find_tellings(scanner, path, &none);
    return none.is_cut;
}

/* Groups are put down as one writes them. A plus sign is one in a path; what is no UTF-8 afterwards is read as it
 * stands. */
static enum st_rc put(struct st_arena *arena, const struct telling *telling, struct flt_field *out, struct st_err *err)
{
    uint8_t *text = st_arena_alloc(arena, telling->text.n);
    size_t n = 0;

    if (text == NULL)
        return st_arena_fail(arena, err, "filters.head");
    for (size_t at = 0; at < telling->text.n; at++) {
        int escaped = st_percent(st_span_sub(telling->text, at, 3));

        text[n++] = escaped >= 0 ? (uint8_t)escaped : telling->text.p[at] == '/' ? '-' : telling->text.p[at];
        at += escaped >= 0 ? 2 : 0;
    }
    *out = (struct flt_field){ .path = telling->before, .text = st_span(text, n), .depth = 1, .place = FLT_IN_PATH };
    out->chain[0] = FLT_CODEC_PATH;
    return ST_OK;
}

/* Room for n more fields behind those of a doc. */
static enum st_rc make_room(struct st_arena *arena, struct flt_doc *doc, size_t n, struct st_err *err)
{
    struct flt_field *fields = st_arena_alloc(arena, (doc->n + n) * sizeof *fields);

    if (fields == NULL)
        return st_arena_fail(arena, err, "filters.head");
    if (doc->n > 0)
        memcpy(fields, doc->fields, doc->n * sizeof *fields);
    doc->fields = fields;
    return ST_OK;
}

enum st_rc flt_path_fields(struct flt_scanner *scanner, struct st_arena *arena, struct st_span path,
                           struct flt_doc *doc, struct st_err *err)
{
    struct telling items[FLT_PATH_FIELDS_MAX];
    struct tellings all = { items, 0, ST_LEN(items), false };

    find_tellings(scanner, path, &all);
    doc->is_path_cut = all.is_cut;
    if (all.n == 0)
        return ST_OK;
    if (make_room(arena, doc, all.n, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < all.n; i++)
        if (put(arena, &items[i], &doc->fields[doc->n++], err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

static bool is_of_addresses(const struct flt_rule *rule)
{
    for (const char *const *tag = rule->tags; tag != NULL && *tag != NULL; tag++)
        if (strcmp(*tag, "address") == 0)
            return true;
    return false;
}

void flt_path_weigh(const struct flt_doc *doc, struct flt_findings *findings)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->n; i++) {
        struct flt_finding finding = findings->items[i];
        const struct flt_field *field = &doc->fields[finding.field];

        if (field->place == FLT_IN_PATH && is_of_addresses(finding.rule))
            continue;
        if ((field->place == FLT_IN_PATH || field->place == FLT_IN_HEAD_ID) &&
            st_span_is_digits(st_span_sub(field->text, finding.from, finding.to - finding.from)))
            finding.confidence = finding.confidence > AS_AN_ID ? finding.confidence - AS_AN_ID : 0;
        if (finding.confidence >= FLT_CONFIDENCE_MIN)
            findings->items[kept++] = finding;
    }
    findings->n = kept;
}

/* ---- header fields ----------------------------------------------------------------------------------------------- */

static bool is_one_of(struct st_span word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (st_span_ieq(word, st_span_str(*list)))
            return true;
    return false;
}

/* What the last word of the name says: the disposition of RFC 6266, the slug of RFC 5023 §9.7, the metadata of tus 1.0,
 * Dropbox's argument, a file's name, the place that WebDAV moves it to (RFC 4918 §10.3), links (RFC 8288), a title. */
static bool is_of_words(struct st_span name)
{
    static const char *const last[] = { "arg",         "caption",  "comment",  "comments", "description", "destination",
                                        "disposition", "filename", "keywords", "label",    "link",        "message",
                                        "metadata",    "name",     "note",     "notes",    "slug",        "subject",
                                        "summary",     "title",    "topic",    NULL };
    static const uint32_t firsts = 1u << ('a' & 31) | 1u << ('c' & 31) | 1u << ('d' & 31) | 1u << ('f' & 31) |
                                   1u << ('k' & 31) | 1u << ('l' & 31) | 1u << ('m' & 31) | 1u << ('n' & 31) |
                                   1u << ('s' & 31) | 1u << ('t' & 31);
    size_t at = name.n;

    while (at > 0 && name.p[at - 1] != '-' && name.p[at - 1] != '_')
        at--;
    return at < name.n && (firsts >> (name.p[at] & 31) & 1) != 0 && is_one_of(st_span_sub(name, at, name.n), last);
}

/* Three words or more, or words in the encoding of RFC 2047. */
static bool is_prose(struct st_span value)
{
    size_t blanks = 0;

    if (value.n < PROSE_MIN)
        return false;
    for (size_t i = 0; i + 3 < value.n; i++)
        blanks += value.p[i] == ' ' || memcmp(value.p + i, "%20", 3) == 0;
    return blanks >= 2 || st_span_starts(value, ST_SPAN("=?"));
}

/* Is any word of the name, at a hyphen or an underscore, in the list? Whatever else the name says. */
static bool has_word_of(struct st_span name, const char *const *list)
{
    size_t from = 0;

    for (size_t at = 0; at <= name.n; at++) {
        if (at < name.n && name.p[at] != '-' && name.p[at] != '_')
            continue;
        if (is_one_of(st_span_sub(name, from, at - from), list))
            return true;
        from = at + 1;
    }
    return false;
}

static bool names_credential(struct st_span name)
{
    static const char *const credentials[] = {
        "apikey",    "auth",       "authentication", "authorization", "authtoken", "bearer",    "cookie",
        "cookies",   "credential", "credentials",    "csrf",          "jwt",       "key",       "keys",
        "oauth",     "passwd",     "password",       "secret",        "session",   "sessionid", "sid",
        "signature", "token",      "tokens",         "xsrf",          NULL
    };

    return has_word_of(name, credentials);
}

static bool names_number(struct st_span name)
{
    static const char *const numbers[] = { "card", "iban", "pan", "passport", "phone", "ssn", NULL };

    return has_word_of(name, numbers);
}

static bool names_metadata(struct st_span name)
{
    static const char *const meta[] = { "meta", NULL };

    return has_word_of(name, meta);
}

/* A number as people write it, whole: an IBAN, or groups of digits with signs between them. No id, no hash, no time and
 * no address of a computer looks like that; one of digits alone does, which is one if the name says so. */
static bool is_printed_number(struct st_span name, struct st_span value)
{
    uint8_t text[IBAN_MAX];
    size_t n = 0, digits = 0;

    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        bool is_digit = c >= '0' && c <= '9';

        if (!is_digit && strchr("-_+/()", c) != NULL && c != 0)
            continue;
        if (n == sizeof text || !(is_digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
        digits += is_digit;
        text[n++] = c;
    }
    if (digits == value.n)
        return n >= NUMBER_DIGITS && names_number(name);
    return digits == n ? n >= NUMBER_DIGITS && value.n >= NUMBER_MIN
                       : n > FOUR && may_be_printed_in_groups(st_span(text, n));
}

/* A field of a service's own: with the metadata of what is stored (S3, Google, Azure, OpenStack Swift), prose, JSON, or
 * a number. */
static bool is_own(struct st_span name, struct st_span value)
{
    if (!st_span_istarts(name, ST_SPAN("x-")))
        return false;
    return names_metadata(name) || is_prose(value) || st_span_starts(value, ST_SPAN("{")) ||
           is_printed_number(name, value);
}

/* Bytes of what may stand between the groups of a number. */
static size_t between_groups(struct st_span s)
{
    if (s.n > 0 && s.p[0] != '\0' && strchr(" -+._/", s.p[0]) != NULL)
        return 1;
    return st_span_starts(s, ST_SPAN("%20")) ? 3 : 0;
}

/* A card's number or an IBAN, as far as its sum or its length tells, from the first byte to where no other follows. */
static bool begins_number(struct st_span s)
{
    size_t most = s.n > 1 ? flt_iban_length(s.p[0] & 0xDF, s.p[1] & 0xDF) : 0, n = 0, at = 0;
    bool is_account = most > 0;
    uint8_t text[IBAN_MAX];

    if (!is_account && (s.p[0] < '2' || s.p[0] > '6'))
        return false;
    for (most = is_account ? most : CARD_MAX; at < s.n && n < most; n++) {
        bool may_be_letter = is_account && n / 2 != 1; /* after the country two digits check it */

        if (!flt_is_alnum(s.p[at]) || (!flt_is_digit(s.p[at]) && !may_be_letter))
            return false;
        text[n] = s.p[at++];
        if ((at == s.n || !flt_is_alnum(s.p[at])) && may_be_printed_in_groups(st_span(text, n + 1)))
            return true;
        at += between_groups(st_span_sub(s, at, s.n));
    }
    return false;
}

static bool has_digits(struct st_span s, size_t wanted)
{
    size_t digits = 0, i = 0;

    for (; i + ST_BYTES_STEP <= s.n && digits < wanted; i += ST_BYTES_STEP)
        digits += (size_t)__builtin_popcount(st_bytes_in(s.p + i, '0', '9'));
    for (; i < s.n && digits < wanted; i++)
        digits += flt_is_digit(s.p[i]);
    return digits >= wanted;
}

/* Neither a letter nor a digit stands before it, but for those of an escape. */
static bool is_first(struct st_span s, size_t at)
{
    return at == 0 || !flt_is_alnum(s.p[at - 1]) || (at >= 3 && s.p[at - 3] == '%');
}

bool flt_head_holds_number(struct st_span value)
{
    for (size_t at = 0; at + NUMBER_MIN <= value.n; at++)
        if (flt_is_alnum(value.p[at]) && is_first(value, at) && begins_number(st_span_sub(value, at, value.n)))
            return true;
    return false;
}

/* What an origin gave out and gets back as it was, and where the client came from. */
static bool is_of_others(struct st_span name)
{
    return st_span_istarts(name, ST_SPAN("if-")) || st_span_ieq(name, ST_SPAN("range")) ||
           st_span_ieq(name, ST_SPAN("referer"));
}

bool flt_head_has_words(struct flt_head_text *field)
{
    field->place = FLT_IN_HEAD;
    if (is_of_words(field->name) || is_own(field->name, field->value))
        return !names_credential(field->name);
    field->place = FLT_IN_HEAD_ID;
    return has_digits(field->value, NUMBER_MIN) && !is_of_others(field->name) && !names_credential(field->name) &&
           flt_head_holds_number(field->value);
}

enum st_rc flt_head_fields(struct st_arena *arena, const struct flt_head_text *texts, size_t n, struct flt_doc *doc,
                           struct st_err *err)
{
    if (n == 0)
        return ST_OK;
    if (make_room(arena, doc, n, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < n; i++) {
        struct flt_field field = { .path = texts[i].name, .text = texts[i].value, .depth = 1, .place = texts[i].place };

        field.chain[0] = FLT_CODEC_HEAD;
        doc->fields[doc->n++] = field;
    }
    return ST_OK;
}
