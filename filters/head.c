/* SPDX-License-Identifier: Apache-2.0 */
/* head - what people wrote in the head of a request, beside its query: in the path, and in some header fields.
 *
 * Paths are full of numbers that mean nothing: ids, dates, hashes. So only a segment with many digits, or one that may
 * be a token, becomes a field, and none goes on in the next one. Digits alone do when they may be a card's number, or
 * when the segment before them is a word that some detector wants near its numbers. A field has the segment before it
 * for its name, since "card" or "iban" tells what a number is. What is found is then weighed as what stands in an
 * address: digits alone may be an id, which leaves their finding below what the shipped policies act on unless a word
 * says more; and a token that belongs to addresses (a webhook's, a signed link's; its detector has the tag "address")
 * is sent to the very host that gave it out.
 *
 * Services that take a file as the bare body of a request have its name in the head: as a disposition, as JSON, as
 * pairs of a key and base64, or one field a value. Those are read as they stand: the readings of the scan open what
 * they are wrapped in. Any other field is of programs, or holds credentials, which are never read. Nothing is masked in
 * a head: another path would be another place, and each service quotes in its own way.
 */
#include "filters/filters.h"
#include "filters/scanner.h"
#include "filters/validate.h"
#include <string.h>

#define NUMBER_MIN    11 /* bytes of a segment */
#define NUMBER_DIGITS 8
#define CARD_MAX      19
#define TOKEN_MIN     20
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

static size_t count_telling(struct flt_scanner *scanner, struct st_span path)
{
    struct st_span segment, before = ST_SPAN_NONE;
    size_t n = 0;

    for (; st_span_next(&path, '/', &segment); before = segment)
        n += is_telling(scanner, before, segment);
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
    size_t n = count_telling(scanner, path);
    struct st_span segment, before = ST_SPAN("/");

    if (n == 0)
        return ST_OK;
    if (make_room(arena, doc, n, err) != ST_OK)
        return ST_ERR;
    for (; n > 0 && st_span_next(&path, '/', &segment); before = segment) {
        if (!is_telling(scanner, before, segment))
            continue;
        if (put_segment(arena, before, segment, &doc->fields[doc->n], err) != ST_OK)
            return ST_ERR;
        doc->n++;
        n--;
    }
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

bool flt_head_has_words(struct st_span name)
{
    static const struct {
        const char *name;
        bool is_prefix;
    } fields[] = {
        { "content-disposition", false }, /* RFC 6266; WordPress, Google */
        { "slug", false },                /* RFC 5023 §9.7 */
        { "upload-metadata", false },     /* tus 1.0; Vimeo, Cloudflare, Supabase */
        { "dropbox-api-arg", false },
        { "x-file-name", false },
        { "x-goog-upload-file-name", false },
        { "x-amz-meta-", true },
        { "x-goog-meta-", true },
        { "x-ms-meta-", true },
        { "x-object-meta-", true }, /* OpenStack Swift */
    };

    for (size_t i = 0; i < ST_LEN(fields); i++) {
        struct st_span known = st_span_str(fields[i].name);

        if (fields[i].is_prefix ? st_span_istarts(name, known) : st_span_ieq(name, known))
            return true;
    }
    return false;
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
