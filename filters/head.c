/* SPDX-License-Identifier: Apache-2.0 */
/* head - what people wrote in the head of a request, beside its query: in the path, and in some header fields.
 *
 * Paths are full of numbers that mean nothing: ids, dates, hashes. So only a segment with many digits, or one that may
 * be a token, becomes a field. Digits alone do when they may be a card's number, or when the segment before them is a
 * word that some detector wants near its numbers. Short segments in a row become one field when they may be the groups
 * that a card's number or an IBAN is written in, or when such a word comes before them; dates and tiles of maps do not.
 * A field has the segment before it for its name, since "card" or "iban" tells what a number is. What is found is then
 * weighed as what stands in an address: digits alone may be an id, which leaves their finding below what the shipped
 * policies act on unless a word says more; and a token that belongs to addresses (a webhook's, a signed link's; its
 * detector has the tag "address") is sent to the very host that gave it out.
 *
 * Services that take a file as the bare body of a request have its name in the head: as a disposition, as JSON, as
 * pairs of a key and base64, or one field a value; others a title, a subject, a note. The last word of such a field's
 * name tells. A field of a service's own ("X-...") is read too when its value is prose, which no token is. All are read
 * as they stand: the readings of the scan open what they are wrapped in. Any other field is of programs, or holds
 * credentials, which are never read. Nothing is masked in a head: another path would be another place, and each service
 * quotes in its own way.
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
#define GROUP_MAX     6
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

/* One of several segments that a number is written over: digits, or four letters and digits as of an IBAN. */
static bool is_group(struct st_span segment)
{
    size_t digits = 0;

    if (segment.n > GROUP_MAX)
        return false;
    for (size_t i = 0; i < segment.n; i++) {
        uint8_t c = segment.p[i];

        if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z'))
            return false;
        digits += c <= '9';
    }
    return digits > 0 && (digits == segment.n || segment.n <= FOUR);
}

/* The card's number or the IBAN that begins the groups, in fours; none: empty. */
static struct st_span number_before(struct st_span groups)
{
    uint8_t text[IBAN_MAX];
    struct st_span rest = groups, group;
    size_t n = 0;

    while (st_span_next(&rest, '/', &group) && group.n <= FOUR && n + group.n <= sizeof text) {
        struct st_span so_far = st_span(groups.p, (size_t)(group.p + group.n - groups.p));

        memcpy(text + n, group.p, group.n);
        n += group.n;
        if (n >= CARD_MIN && n <= CARD_MAX && st_span_is_digits(st_span(text, n)) && flt_luhn(st_span(text, n)))
            return so_far;
        if (n >= NUMBER_MIN && n == flt_iban_length(text[0] & 0xDF, text[1] & 0xDF))
            return so_far;
        if (group.n < FOUR)
            break;
    }
    return ST_SPAN_NONE;
}

/* What may be a number of these groups: all of them, where the segment before them names it. */
static struct st_span number_in(struct flt_scanner *scanner, struct st_span before, struct st_span groups)
{
    struct st_span rest = groups, group, found = ST_SPAN_NONE;
    size_t bytes = 0, n = 0;
    bool are_digits = true;

    for (; st_span_next(&rest, '/', &group); n++) {
        are_digits = are_digits && st_span_is_digits(group);
        bytes += group.n;
    }
    if (n < 2 || bytes < NUMBER_DIGITS)
        return ST_SPAN_NONE;
    if (are_digits && bytes <= CARD_MAX && flt_number_is_named(scanner, before, bytes))
        return groups;
    for (rest = groups; rest.n > 0 && found.n == 0; (void)st_span_next(&rest, '/', &group))
        found = number_before(rest);
    return found;
}

struct walk { /* over a path */
    struct st_span rest, before;
};

/* The next groups in a row, with the segment before them. */
static bool next_groups(struct walk *walk, struct st_span *before, struct st_span *groups)
{
    struct st_span segment;

    for (*groups = ST_SPAN_NONE; st_span_next(&walk->rest, '/', &segment); walk->before = segment) {
        if (!is_group(segment)) {
            if (groups->n > 0) {
                walk->before = segment;
                return true;
            }
            continue;
        }
        if (groups->n == 0) {
            *before = walk->before;
            groups->p = segment.p;
        }
        groups->n = (size_t)(segment.p + segment.n - groups->p);
    }
    return groups->n > 0;
}

/* The next number over several segments, with the segment before its groups. */
static bool next_number(struct flt_scanner *scanner, struct walk *walk, struct st_span *before, struct st_span *out)
{
    struct st_span groups;

    while (next_groups(walk, before, &groups)) {
        *out = number_in(scanner, *before, groups);
        if (out->n == 0)
            continue;
        walk->rest = st_span(out->p + out->n, (size_t)(walk->rest.p + walk->rest.n - (out->p + out->n)));
        walk->rest = st_span_sub(walk->rest, 1, walk->rest.n); /* the slash */
        walk->before = *before;
        return true;
    }
    return false;
}

static size_t count_telling(struct flt_scanner *scanner, struct st_span path)
{
    struct walk walk = { path, ST_SPAN_NONE };
    struct st_span segment, number, before = ST_SPAN_NONE;
    size_t n = 0;

    for (; st_span_next(&path, '/', &segment); before = segment)
        n += is_telling(scanner, before, segment);
    while (next_number(scanner, &walk, &before, &number))
        n++;
    return n;
}

bool flt_path_is_telling(struct flt_scanner *scanner, struct st_span path)
{
    return count_telling(scanner, path) > 0;
}

/* A plus sign is one in a path; what is no UTF-8 afterwards is read as it stands. */
static enum st_rc put_segment(struct st_arena *arena, struct st_span before, struct st_span segment,
                              struct flt_field *out, struct st_err *err)
{
    uint8_t *text = st_arena_alloc(arena, segment.n);
    size_t n = 0;

    if (text == NULL)
        return st_arena_fail(arena, err, "filters.head");
    for (size_t at = 0; at < segment.n; at++) {
        int escaped = st_percent(st_span_sub(segment, at, 3));

        text[n++] = escaped >= 0 ? (uint8_t)escaped : segment.p[at];
        at += escaped >= 0 ? 2 : 0;
    }
    *out = (struct flt_field){ .path = before, .text = st_span(text, n), .depth = 1, .place = FLT_IN_PATH };
    out->chain[0] = FLT_CODEC_PATH;
    return ST_OK;
}

/* Groups as one writes them; they hold nothing that is escaped. */
static enum st_rc put_groups(struct st_arena *arena, struct st_span before, struct st_span groups,
                             struct flt_field *out, struct st_err *err)
{
    uint8_t *text = st_arena_dup(arena, groups.p, groups.n);

    if (text == NULL)
        return st_arena_fail(arena, err, "filters.head");
    for (size_t i = 0; i < groups.n; i++)
        if (text[i] == '/')
            text[i] = '-';
    *out = (struct flt_field){ .path = before, .text = st_span(text, groups.n), .depth = 1, .place = FLT_IN_PATH };
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
    struct walk walk = { path, ST_SPAN("/") };
    struct st_span segment, number, before = ST_SPAN("/");
    size_t n = count_telling(scanner, path);

    if (n == 0)
        return ST_OK;
    if (make_room(arena, doc, n, err) != ST_OK)
        return ST_ERR;
    for (; st_span_next(&path, '/', &segment); before = segment)
        if (is_telling(scanner, before, segment) &&
            put_segment(arena, before, segment, &doc->fields[doc->n++], err) != ST_OK)
            return ST_ERR;
    while (next_number(scanner, &walk, &before, &number))
        if (put_groups(arena, before, number, &doc->fields[doc->n++], err) != ST_OK)
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
        if (field->place == FLT_IN_PATH &&
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

/* A field of a service's own: with the metadata of what is stored (S3, Google, Azure, OpenStack Swift), or prose. */
static bool is_own(struct st_span name, struct st_span value)
{
    static const char *const credentials[] = { "auth",    "authorization", "cookie", "credential", "credentials",
                                               "csrf",    "key",           "passwd", "password",   "secret",
                                               "session", "signature",     "token",  "xsrf",       NULL };
    struct st_span word;
    bool is_secret = false;

    if (!st_span_istarts(name, ST_SPAN("x-")))
        return false;
    while (st_span_next(&name, '-', &word)) {
        if (st_span_ieq(word, ST_SPAN("meta")))
            return true;
        is_secret = is_secret || is_one_of(word, credentials);
    }
    return !is_secret && is_prose(value);
}

bool flt_head_has_words(const struct flt_head_text *field)
{
    return is_of_words(field->name) || is_own(field->name, field->value);
}

enum st_rc flt_head_fields(struct st_arena *arena, const struct flt_head_text *texts, size_t n, struct flt_doc *doc,
                           struct st_err *err)
{
    if (n == 0)
        return ST_OK;
    if (make_room(arena, doc, n, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < n; i++) {
        struct flt_field field = { .path = texts[i].name, .text = texts[i].value, .depth = 1, .place = FLT_IN_HEAD };

        field.chain[0] = FLT_CODEC_HEAD;
        doc->fields[doc->n++] = field;
    }
    return ST_OK;
}
