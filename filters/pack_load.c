/* SPDX-License-Identifier: Apache-2.0 */
/* pack_load - *.pack.yaml files become detectors.
 *
 * The file format is the option tables below; each option's help is what `stoa check` and the reference page show.
 * Everything that can be wrong with a rule is said here with its place in the file: an unknown validator, a pattern
 * without an anchor or wider than 2048 bytes, a bad range. Loading goes on after a mistake to find the next one.
 * When you add an option, add a field to struct yrule, a line to rule_opts and its meaning to build().
 */
#include "base/file.h"
#include "filters/normalise.h"
#include "filters/rules.h"
#include "filters/scan.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- the file as it is read --------------------------------------------------------------------------------- */

struct ycontext {
    struct st_list words, labels, nations;
    int64_t within;
    int required;
};
struct yconfidence {
    int64_t base, validated, near, grouped;
};
struct yexamples {
    struct st_list match, miss;
};
struct ydictionary {
    struct st_str file;
    int64_t threshold;
};
struct yrule {
    struct st_pos pos;
    struct st_str id, pattern, chars, not_before, not_after, separators, shape, validate, mask;
    struct st_text title, false_positives;
    struct st_list anchor, lengths, first, groups, tags, references;
    int find, extent, severity;
    bool caseless, exact;
    int64_t min, max;
    double entropy;
    struct ycontext context;
    struct yconfidence confidence;
    struct yexamples examples;
    struct flt_allow_option allow;
    struct ydictionary dictionary;
    struct flt_rows_option rows;
    struct flt_copies_option copies;
};
struct yknown {
    struct st_list values;
};
struct ypack {
    struct st_str pack, version, licence, min_stoa;
    struct st_text description;
    struct yknown allow;
    struct st_list rules;
};

static const char *const severities[] = { "low", "medium", "high", "critical", NULL };
static const char *const finders[] = {
#define X(id, name) name,
    FLT_FINDERS(X) NULL
#undef X
};
static const char *const extents[] = {
#define X(id, name) name,
    FLT_EXTENTS(X) NULL
#undef X
};
static const char *const requirements[] = { "nothing", "context", "context-or-groups", NULL };

#define OPT(field, ytype, ...)                                                               \
    {                                                                                        \
        .name = #field, .type = ytype, .offset = offsetof(struct OPT_OF, field), __VA_ARGS__ \
    }

#define OPT_OF ycontext
static const struct st_yaml_opt context_opts[] = {
    OPT(words, ST_Y_STRS, .required = true, .help = "Words that make a candidate likelier, in any language."),
    OPT(labels, ST_Y_STRS,
        .help = "Abbreviations that mean it only right before a candidate, or in the name of its field or column: CR, "
                "PIN."),
    OPT(nations, ST_Y_STRS,
        .help = "Countries whose number it is, as cz; absent: what the id says. \"Czech tax number\" is a word then."),
    OPT(within, ST_Y_INT, .min = 0, .max = 2048, .def = "0",
        .help = "Bytes before and after the candidate; 0: 120 before and 60 after."),
    OPT(required, ST_Y_ENUM, .names = requirements, .def = "nothing", .help = "Without it there is no finding at all."),
};
#undef OPT_OF
#define OPT_OF yconfidence
static const struct st_yaml_opt confidence_opts[] = {
    OPT(base, ST_Y_INT, .min = 0, .max = 100, .def = "40", .help = "Confidence of the shape alone, in percent."),
    OPT(validated, ST_Y_INT, .min = 0, .max = 100, .def = "0",
        .help = "Confidence when the validator confirms; 0: the same as base."),
    OPT(near, ST_Y_INT, .min = 0, .max = 100, .def = "10", .help = "Added when a context word is near."),
    OPT(grouped, ST_Y_INT, .min = 0, .max = 100, .def = "5", .help = "Added when it is grouped as people write it."),
};
#undef OPT_OF
#define OPT_OF yexamples
static const struct st_yaml_opt example_opts[] = {
    OPT(match, ST_Y_STRS, .required = true, .help = "Texts with exactly such a finding; ${fake:NAME} is generated."),
    OPT(miss, ST_Y_STRS, .required = true, .help = "Texts in which this rule finds nothing."),
};
#undef OPT_OF

#define OPT_OF ydictionary
static const struct st_yaml_opt dictionary_opts[] = {
    OPT(file, ST_Y_STR, .required = true,
        .help = "Words and phrases, one a line, beside the pack; a weight may follow after a tab."),
    OPT(threshold, ST_Y_INT, .min = 1, .max = 10000, .def = "1",
        .help = "Least sum of the weights of the different terms in one message."),
};
#undef OPT_OF

#define OPT_OF flt_allow_option
static const struct st_yaml_opt allow_opts[] = {
    OPT(words, ST_Y_STRS, .help = "Words inside a finding that make it none, in any case."),
    OPT(patterns, ST_Y_STRS, .help = "Expressions that a finding must not match; ^ and $ are its ends."),
    OPT(lines, ST_Y_STRS, .help = "Expressions that the line of a finding must not match."),
    OPT(values, ST_Y_STRS, .help = "SHA-256 digests of values that are known and no finding: sha256:, 64 hex digits."),
};
#undef OPT_OF

#define OPT_OF flt_rows_option
static const struct st_yaml_opt rows_opts[] = {
    OPT(file, ST_Y_STR, .required = true, .help = "What `stoa edm build` made, beside the pack."),
    OPT(key, ST_Y_STR, .required = true, .help = "The file with the key that it was made with, beside the pack."),
    OPT(columns, ST_Y_INT, .min = 1, .max = FLT_OWN_COLUMNS_MAX, .def = "2",
        .help = "Least number of columns of one row whose values stand together."),
    OPT(within, ST_Y_INT, .min = 1, .max = 1024, .def = "300", .help = "Bytes between two such values, at most."),
    OPT(alone, ST_Y_STRS, .help = "Columns of which one value is enough: an account, a customer number."),
};
#undef OPT_OF

#define OPT_OF flt_copies_option
static const struct st_yaml_opt copies_opts[] = {
    OPT(file, ST_Y_STR, .required = true, .help = "What `stoa fingerprint build` made, beside the pack."),
    OPT(share, ST_Y_INT, .min = 1, .max = 100, .def = "10", .help = "Percent of one document, at least."),
    OPT(words, ST_Y_INT, .min = 0, .max = 100000, .def = "200",
        .help = "So many words of one document, about, are enough too; 0: its share alone counts."),
};
#undef OPT_OF

#define SCHEMA(type, label, options, position)                                                                    \
    {                                                                                                             \
        .name = label, .size = sizeof(struct type), .pos_offset = position, .opts = options, .n = ST_LEN(options) \
    }
static const struct st_yaml_schema context_schema = SCHEMA(ycontext, "context", context_opts, 0);
static const struct st_yaml_schema allow_schema = SCHEMA(flt_allow_option, "allow", allow_opts, 0);
static const struct st_yaml_schema confidence_schema = SCHEMA(yconfidence, "confidence", confidence_opts, 0);
static const struct st_yaml_schema dictionary_schema = SCHEMA(ydictionary, "dictionary", dictionary_opts, 0);
static const struct st_yaml_schema rows_schema =
    SCHEMA(flt_rows_option, "rows", rows_opts, offsetof(struct flt_rows_option, pos) + 1);
static const struct st_yaml_schema copies_schema =
    SCHEMA(flt_copies_option, "copies", copies_opts, offsetof(struct flt_copies_option, pos) + 1);
static const struct st_yaml_schema examples_schema = SCHEMA(yexamples, "examples", example_opts, 0);

#define OPT_OF yrule
static const struct st_yaml_opt rule_opts[] = {
    OPT(id, ST_Y_STR, .required = true, .help = "Dotted name, unique over all packs: secret.github.pat_classic."),
    OPT(title, ST_Y_TEXT, .required = true, .help = "What it is, for people."),
    OPT(severity, ST_Y_ENUM, .required = true, .names = severities, .help = "How bad its leak is."),
    OPT(mask, ST_Y_STR, .required = true, .help = "What redaction writes in its place."),
    OPT(find, ST_Y_ENUM, .names = finders, .def = "pattern", .help = "How candidates are found."),
    OPT(pattern, ST_Y_STR, .help = "Bounded regular expression that begins with a literal (Hyperscan syntax)."),
    OPT(caseless, ST_Y_BOOL, .def = "false", .help = "The pattern and its anchor ignore ASCII case."),
    OPT(anchor, ST_Y_STRS, .help = "The literal, or literals, that the pattern begins with."),
    OPT(chars, ST_Y_STR, .help = "Characters a finding goes on with, as in a bracket expression: A-Za-z0-9_-."),
    OPT(extent, ST_Y_ENUM, .names = extents, .def = "whole", .help = "What of the match is the finding."),
    OPT(not_before, ST_Y_STR, .help = "Characters that, right before a pattern's finding, make it none."),
    OPT(not_after, ST_Y_STR, .help = "The same, right behind it."),
    OPT(exact, ST_Y_BOOL, .def = "false", .help = "The finding ends where the pattern's match does, not with chars."),
    OPT(min, ST_Y_INT, .min = 0, .max = 16384, .def = "0", .help = "Shortest finding of a pattern, bytes."),
    OPT(max, ST_Y_INT, .min = 1, .max = 16384, .def = "512", .help = "Longest finding of a pattern, bytes."),
    OPT(lengths, ST_Y_STRS, .help = "Numbers: how many digits, 16 or 13-19."),
    OPT(first, ST_Y_STRS, .help = "Numbers: first digits, 4 or 51-55; absent: any."),
    OPT(separators, ST_Y_STR, .def = " -", .help = "Characters that may stand, one at a time, between the others."),
    OPT(groups, ST_Y_STRS, .help = "Numbers: groups as people write them, 4-4-4-4."),
    OPT(shape, ST_Y_STR, .help = "9 is a digit, A a letter, X either."),
    OPT(validate, ST_Y_STR, .help = "A validator of the house: luhn, iban, jwt …"),
    OPT(entropy, ST_Y_REAL, .min = 0, .max = 8, .def = "0", .help = "Least entropy of a finding, bits per character."),
    OPT(allow, ST_Y_MAP, .sub = &allow_schema, .help = "What looks like a finding and is none."),
    OPT(context, ST_Y_MAP, .sub = &context_schema, .help = "Words near by."),
    OPT(confidence, ST_Y_MAP, .sub = &confidence_schema, .help = "How sure a finding is, in percent."),
    OPT(tags, ST_Y_STRS, .help = "For policies and reports: gdpr, pci, credential …"),
    OPT(references, ST_Y_STRS, .help = "Public descriptions of the format."),
    OPT(dictionary, ST_Y_MAP, .sub = &dictionary_schema, .help = "What find: words looks for."),
    OPT(rows, ST_Y_MAP, .sub = &rows_schema, .help = "What find: rows looks for."),
    OPT(copies, ST_Y_MAP, .sub = &copies_schema, .help = "What find: copies looks for."),
    OPT(examples, ST_Y_MAP, .sub = &examples_schema,
        .help = "Checked at every load; find: words, rows and copies need none."),
    OPT(false_positives, ST_Y_TEXT, .help = "What else looks like it."),
};
#undef OPT_OF
static const struct st_yaml_schema rule_schema = SCHEMA(yrule, "rule", rule_opts, offsetof(struct yrule, pos) + 1);

#define OPT_OF yknown
static const struct st_yaml_opt known_opts[] = {
    OPT(values, ST_Y_STRS, .help = "SHA-256 digests of values that no rule of any pack finds: sha256:, 64 hex digits."),
};
#undef OPT_OF
static const struct st_yaml_schema known_schema = SCHEMA(yknown, "allow", known_opts, 0);

#define OPT_OF ypack
static const struct st_yaml_opt pack_opts[] = {
    OPT(pack, ST_Y_STR, .required = true, .help = "Name of the pack."),
    OPT(version, ST_Y_STR, .required = true, .help = "Version of the pack: 2026.11.0."),
    OPT(licence, ST_Y_STR, .required = true, .help = "SPDX identifier."),
    OPT(min_stoa, ST_Y_STR, .help = "Oldest version of the house that can read it."),
    OPT(description, ST_Y_TEXT, .help = "What the pack is for."),
    OPT(allow, ST_Y_MAP, .sub = &known_schema, .help = "What the rules of all packs leave alone."),
    OPT(rules, ST_Y_LIST, .required = true, .sub = &rule_schema, .help = "The detectors."),
};
#undef OPT_OF
static const struct st_yaml_schema pack_schema = SCHEMA(ypack, "pack", pack_opts, 0);

/* ---- one rule ----------------------------------------------------------------------------------------------- */

struct reader {
    struct flt_packs *packs;
    struct st_diag *diag;
    struct st_err *err;
    const char *file; /* in the arena */
    const struct ypack *pack;
    const struct flt_given *given; /* NULL: the file is one */
    bool is_out_of_memory;
    size_t n_bad;
};

#define BAD(r, pos_, ...) ((r)->n_bad++, (void)st_diag_add((r)->diag, (r)->file, (pos_).line, (pos_).col, __VA_ARGS__))

static void *take(struct reader *r, size_t size)
{
    void *p = st_arena_alloc(r->packs->arena, size == 0 ? 1 : size);

    if (p == NULL && !r->is_out_of_memory) {
        r->is_out_of_memory = true;
        (void)st_arena_fail(r->packs->arena, r->err, "packs.load");
    }
    return p;
}

static void set_add(struct flt_set *set, uint8_t c)
{
    set->bits[c >> 6] |= 1ull << (c & 63);
}

/* \x80 at s, as bytes that are no text are written; 0: it stands not there. */
static size_t hex_byte(const char *s, uint8_t *out)
{
    int hi, lo;

    if (s[0] != '\\' || s[1] != 'x' || (hi = st_hex_digit((uint8_t)s[2])) < 0 || (lo = st_hex_digit((uint8_t)s[3])) < 0)
        return 0;
    *out = (uint8_t)(hi << 4 | lo);
    return 4;
}

/* One item of a set: a byte, a range, an escape; answers its length. */
static size_t set_item(const char *s, uint8_t *lo, uint8_t *hi)
{
    size_t n = hex_byte(s, lo), more;

    *hi = *lo;
    if (n > 0) {
        more = s[n] == '-' ? hex_byte(s + n + 1, hi) : 0;
        return more > 0 ? n + 1 + more : n;
    }
    if (s[0] == '\\' && s[1] != '\0') {
        *lo = *hi = s[1] == 'n' ? '\n' : s[1] == 't' ? '\t' : (uint8_t)s[1];
        return 2;
    }
    *lo = *hi = (uint8_t)s[0];
    if (s[1] != '-' || s[2] == '\0')
        return 1;
    *hi = (uint8_t)s[2];
    return 3;
}

/* "A-Za-z0-9_-": ranges, the rest literal; '-' first or last is itself; "\n" and "\t" as in C, "\x80-\xff" for bytes;
 * "nonspace" is all but blanks, quotes and brackets of markup. */
static bool parse_set(const char *s, struct flt_set *out)
{
    uint8_t lo = 0, hi = 0;

    if (strcmp(s, "nonspace") == 0) {
        for (unsigned c = 0x21; c < 256; c++)
            if (strchr("\"'`<>\x7f", (int)c) == NULL)
                set_add(out, (uint8_t)c);
        return true;
    }
    while (*s != '\0') {
        s += set_item(s, &lo, &hi);
        if (hi < lo)
            return false;
        for (unsigned c = lo; c <= hi; c++)
            set_add(out, (uint8_t)c);
    }
    return true;
}

static void build_set(struct reader *r, const struct st_str *s, struct flt_set *out)
{
    if (s->s != NULL && !parse_set(s->s, out))
        BAD(r, s->pos, "a range in '%s' runs backwards; write '-' first or last", s->s);
}

/* "16" or "13-19" */
static bool parse_range(const char *s, uint32_t *lo, uint32_t *hi, size_t *digits)
{
    struct st_span rest = st_span_str(s), part;
    uint64_t a, b;

    if (!st_span_next(&rest, '-', &part) || part.n > 9 || !st_span_u64(part, &a))
        return false;
    *digits = part.n;
    b = a;
    if (rest.n > 0 && (rest.n > 9 || !st_span_u64(rest, &b)))
        return false;
    *lo = (uint32_t)a;
    *hi = (uint32_t)b;
    return b >= a;
}

static void build_number(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const struct st_str *items = y->lengths.items;
    struct flt_prefix *prefixes = take(r, y->first.n * sizeof *prefixes);
    uint32_t lo, hi;
    size_t digits;

    if (y->lengths.n == 0)
        BAD(r, y->pos, "a rule with find: digits needs lengths, e.g. lengths: [16]");
    for (size_t i = 0; i < y->lengths.n; i++) {
        if (!parse_range(items[i].s, &lo, &hi, &digits) || lo < 4 || hi > FLT_NUMBER_MAX) {
            BAD(r, items[i].pos, "'%s' is no length; expected 16 or 13-19, from 4 to %u", items[i].s, FLT_NUMBER_MAX);
            continue;
        }
        for (; lo <= hi; lo++)
            d->lengths |= 1u << lo;
    }
    items = y->first.items;
    for (size_t i = 0; i < y->first.n && prefixes != NULL; i++) {
        if (!parse_range(items[i].s, &prefixes[i].lo, &prefixes[i].hi, &prefixes[i].n))
            BAD(r, items[i].pos, "'%s' is no range of first digits; expected 4 or 51-55", items[i].s);
    }
    d->prefixes = prefixes;
    d->n_prefixes = y->first.n;
}

static void build_groups(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const struct st_str *items = y->groups.items;
    struct flt_grouping *all = take(r, y->groups.n * sizeof *all);

    for (size_t i = 0; i < y->groups.n && all != NULL; i++) {
        struct st_span rest = st_span_str(items[i].s), part;
        uint64_t len;

        while (st_span_next(&rest, '-', &part)) {
            if (all[i].n == FLT_GROUPS_MAX || !st_span_u64(part, &len) || len == 0 || len > FLT_NUMBER_MAX) {
                BAD(r, items[i].pos, "'%s' is no grouping; expected 4-4-4-4, at most %u groups", items[i].s,
                    FLT_GROUPS_MAX);
                break;
            }
            all[i].len[all[i].n++] = (uint8_t)len;
        }
    }
    d->groupings = all;
    d->n_groupings = y->groups.n;
}

/* Behind more of them Hyperscan starts at none, and walks all text with the whole pattern: all others together cost a
 * seventh of that. */
#define ALTERNATIVES_MAX 80u

static size_t count_alternatives(const char *pattern)
{
    size_t n = 1;

    for (; *pattern != '\0'; pattern++)
        n += *pattern == '|';
    return n;
}

static void build_pattern(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    d->pattern_pos = y->pattern.pos;
    if (y->pattern.s == NULL) {
        BAD(r, y->pos, "the rule needs a pattern, or find: with another finder");
        return;
    }
    if (y->extent == FLT_EXTENT_MATCH || y->extent == FLT_EXTENT_NAMED || y->extent == FLT_EXTENT_SERVICE)
        return; /* of a name the whole pattern is the literal */
    if (y->anchor.n == 0)
        BAD(r, y->pattern.pos, "the pattern needs its anchor: the literal it begins with");
    if (count_alternatives(y->pattern.s) > ALTERNATIVES_MAX)
        BAD(r, y->pattern.pos, "more than %u alternatives cost what all other patterns together do not; make two rules",
            ALTERNATIVES_MAX);
    if (y->chars.s == NULL && y->extent != FLT_EXTENT_BLOCK && y->extent != FLT_EXTENT_ASSIGNMENT)
        BAD(r, y->pattern.pos, "the rule needs chars: the characters that a finding consists of");
}

static void measure(struct reader *r, struct flt_detector *d)
{
    struct scan_expr expr = { .pattern = d->pattern, .is_caseless = d->is_caseless };
    struct st_err err;
    char why[200];

    r->file = d->file;
    if (scan_measure(&expr, &d->width, why, sizeof why, &err) != ST_OK)
        BAD(r, d->pattern_pos, "the pattern does not compile: %s", why);
    else if (d->width > FLT_WIDTH_MAX)
        BAD(r, d->pattern_pos, "the pattern can match more than %u bytes; bound its repeats, {8,64} instead of +",
            FLT_WIDTH_MAX);
}

static void build_shape(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    if (y->shape.s == NULL || strspn(y->shape.s, "9AX") != strlen(y->shape.s) || strlen(y->shape.s) < 4 ||
        strlen(y->shape.s) > FLT_NUMBER_MAX || strchr(y->shape.s, '9') == NULL)
        BAD(r, y->shape.s != NULL ? y->shape.pos : y->pos,
            "the rule needs a shape of 4 to %u places with at least one digit, e.g. AA999999A", FLT_NUMBER_MAX);
    else
        d->shape = y->shape.s;
}

/* near.c looks for no word where there is none. */
static bool has_letter(const char *word)
{
    while (*word != '\0' && (uint8_t)*word < '@')
        word++;
    return *word != '\0';
}

static void build_labels(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const struct st_str *labels = y->context.labels.items;

    d->labels = labels;
    d->n_labels = y->context.labels.n;
    for (size_t i = 0; i < d->n_labels; i++)
        if (strlen(labels[i].s) < FLT_WORD_MIN || strlen(labels[i].s) > FLT_LABEL_MAX ||
            strpbrk(labels[i].s, " .:-_/0123456789") != NULL)
            BAD(r, labels[i].pos, "a label is one word of 2 to %u letters, without dots", FLT_LABEL_MAX);
}

static void build_context(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const struct st_str *words = y->context.words.items;

    d->window.before = y->context.within > 0 ? (uint32_t)y->context.within : 120;
    d->window.after = y->context.within > 0 ? (uint32_t)y->context.within : 60;
    d->require = (enum flt_require)y->context.required;
    build_labels(r, y, d);
    for (size_t i = 0; i < y->context.words.n && !r->is_out_of_memory; i++) {
        size_t w;

        if (strlen(words[i].s) < FLT_WORD_MIN || !has_letter(words[i].s)) {
            BAD(r, words[i].pos, "a context word needs at least two characters, one of them a letter");
            continue;
        }
        if (flt_context_word(r->packs, words[i].s, &w, r->err) != ST_OK)
            r->is_out_of_memory = true;
        else if (w == FLT_WORDS_MAX)
            BAD(r, words[i].pos, "more than %u context words over all packs", FLT_WORDS_MAX);
        else
            d->words[w / 64] |= 1ull << (w % 64);
    }
}

static void build_nations(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const struct st_str *codes = y->context.nations.items;

    if (y->context.nations.n == 0)
        flt_nation_default(d);
    for (size_t i = 0; i < y->context.nations.n; i++) {
        size_t at = flt_nation_find(codes[i].s, strlen(codes[i].s));

        if (at == FLT_NATIONS_MAX)
            BAD(r, codes[i].pos, "'%s' is no country that is known here; expected a code such as de", codes[i].s);
        else
            d->nations[at / 64] |= 1ull << (at % 64);
    }
}

static const char *own(struct reader *r, const char *s)
{
    const char *copy = s == NULL ? NULL : st_arena_str(r->packs->arena, st_span_str(s));

    if (s != NULL && copy == NULL)
        (void)take(r, SIZE_MAX / 2);
    return copy;
}

static void build_public(struct reader *r, const struct yrule *y, struct flt_rule *rule)
{
    const struct st_str *tags = y->tags.items;
    const char **list = take(r, (y->tags.n + 1) * sizeof *list);

    rule->id = own(r, y->id.s);
    rule->pack = own(r, r->pack->pack.s);
    rule->severity = (enum flt_severity)y->severity;
    rule->title_en = y->title.en;
    rule->title_de = y->title.de != NULL ? y->title.de : y->title.en;
    rule->mask = own(r, y->mask.s);
    for (size_t i = 0; i < y->tags.n && list != NULL; i++)
        list[i] = tags[i].s;
    rule->tags = list;
    if (strspn(y->id.s, "abcdefghijklmnopqrstuvwxyz0123456789._-") != strlen(y->id.s) || strlen(y->id.s) > 63)
        BAD(r, y->id.pos, "'%s' is no rule id; expected lower-case letters, digits, dots and _ (at most 63)", y->id.s);
}

static void build_validator(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    const char *names[512];
    const struct flt_validator *v;
    const char *near_name;
    size_t n = 0;

    if (y->validate.s == NULL || (d->validator = flt_validator_find(y->validate.s)) != NULL)
        return;
    while (n < ST_LEN(names) && (v = flt_validator_at(n)) != NULL)
        names[n++] = v->name;
    near_name = st_diag_nearest(y->validate.s, names, n);
    if (near_name != NULL)
        BAD(r, y->validate.pos, "unknown validator '%s'; did you mean '%s'?", y->validate.s, near_name);
    else
        BAD(r, y->validate.pos, "unknown validator '%s'; the known ones are in the reference of packs", y->validate.s);
}

/* The path of a file that is named relative to the pack. */
static bool beside(struct reader *r, const struct st_str *name, char path[PATH_MAX])
{
    const char *slash = strrchr(r->file, '/');
    int dir = slash == NULL ? 0 : (int)(slash - r->file);
    char folder[PATH_MAX];

    if ((size_t)snprintf(folder, sizeof folder, "%.*s", dir, r->file) < sizeof folder &&
        st_path_join(path, PATH_MAX, folder, name->s, NULL) == ST_OK)
        return true;
    BAD(r, name->pos, "this path is too long");
    return false;
}

static void needs_base(struct reader *r, const struct yrule *y, const struct flt_detector *d)
{
    if (d->base < FLT_CONFIDENCE_MIN)
        BAD(r, y->pos, "a rule with find: %s needs a confidence of %u at least, e.g. confidence: { base: 80 }",
            finders[d->find], FLT_CONFIDENCE_MIN);
}

static void build_rows(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    char file[PATH_MAX], key[PATH_MAX];

    needs_base(r, y, d);
    if (y->rows.file.s == NULL)
        BAD(r, y->pos, "a rule with find: rows needs its rows, e.g. rows: { file: customers.edm, key: edm.key }");
    else if (beside(r, &y->rows.file, file) && beside(r, &y->rows.key, key) &&
             !flt_rows_load(d, &y->rows, file, key, r->diag))
        r->n_bad++;
}

static void build_copies(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    char file[PATH_MAX];

    needs_base(r, y, d);
    if (y->copies.file.s == NULL)
        BAD(r, y->pos, "a rule with find: copies needs its copies, e.g. copies: { file: plans.fp }");
    else if (beside(r, &y->copies.file, file) && !flt_copies_load(r->packs, d, &y->copies, file, r->diag))
        r->n_bad++;
}

static void build_words(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    struct st_err why = ST_ERR_INIT;
    char path[PATH_MAX];

    if (y->dictionary.file.s == NULL) {
        BAD(r, y->pos, "a rule with find: words needs its dictionary, e.g. dictionary: { file: names.words }");
        return;
    }
    needs_base(r, y, d);
    d->threshold = (uint32_t)y->dictionary.threshold;
    if (!beside(r, &y->dictionary.file, path) || flt_words_read(r->packs, d, path, r->diag, &why) == ST_OK)
        return;
    if (why.code == ST_E_CONFIG)
        r->n_bad++;
    else if (why.code == ST_E_IO)
        BAD(r, y->dictionary.file.pos, "the dictionary '%s' cannot be read: %s", y->dictionary.file.s,
            strerror((int)why.num));
    else if (why.code == ST_E_LIMIT)
        BAD(r, y->dictionary.file.pos, "the dictionary '%s' is too large", y->dictionary.file.s);
    else {
        *r->err = why;
        r->is_out_of_memory = true;
    }
}

static void build(struct reader *r, const struct yrule *y, struct flt_detector *d)
{
    build_public(r, y, &d->rule);
    d->file = r->file;
    d->given = r->given;
    d->pos = y->pos;
    d->find = (enum flt_find)y->find;
    d->extent = (enum flt_extent)y->extent;
    d->pattern = y->pattern.s;
    d->is_caseless = y->caseless;
    d->anchors = y->anchor.items;
    d->n_anchors = y->anchor.n;
    d->is_exact = y->exact;
    d->min = (size_t)y->min;
    d->max = (size_t)y->max;
    d->entropy = y->entropy;
    d->base = (int)y->confidence.base;
    d->validated = y->confidence.validated > 0 ? (int)y->confidence.validated : d->base;
    d->near = (int)y->confidence.near;
    d->grouped = (int)y->confidence.grouped;
    d->match = y->examples.match.items;
    d->n_match = y->examples.match.n;
    d->miss = y->examples.miss.items;
    d->n_miss = y->examples.miss.n;
    d->references = y->references.items;
    d->n_references = y->references.n;
    d->false_positives = y->false_positives;
    build_set(r, &y->chars, &d->chars);
    build_set(r, &y->separators, &d->separators);
    build_set(r, &y->not_before, &d->not_before);
    build_set(r, &y->not_after, &d->not_after);
    r->n_bad += flt_allow_read(r->packs, d, &y->allow, r->diag);
    if (d->given == NULL && d->find < FLT_FIND_WORDS && (d->n_match < 3 || d->n_miss < 3))
        BAD(r, y->pos, "rule '%s' has %zu match and %zu miss examples; at least three of each are needed", y->id.s,
            d->n_match, d->n_miss);
    build_validator(r, y, d);
    build_context(r, y, d);
    build_nations(r, y, d);
    build_groups(r, y, d);
    switch (d->find) {
    case FLT_FIND_PATTERN: build_pattern(r, y, d); break;
    case FLT_FIND_DIGITS: build_number(r, y, d); break;
    case FLT_FIND_SHAPE: build_shape(r, y, d); break;
    case FLT_FIND_WORDS: build_words(r, y, d); break;
    case FLT_FIND_ROWS: build_rows(r, y, d); break;
    case FLT_FIND_COPIES: build_copies(r, y, d); break;
    case FLT_FIND_IBAN:
    case FLT_FIND_BASE58:
    case FLT_FIND_EMAIL:
    case FLT_FIND_PHONE:
    case FLT_FIND_NATIONAL: break;
    }
}

/* ---- files and folders -------------------------------------------------------------------------------------- */

static enum st_rc take_rules(struct reader *r, const struct ypack *pack)
{
    const struct yrule *rules = pack->rules.items;

    r->pack = pack;
    r->n_bad += flt_known_read(r->packs, r->file, &pack->allow.values, r->diag);
    for (size_t i = 0; i < pack->rules.n && !r->is_out_of_memory; i++) {
        struct flt_detector *d;

        if (r->packs->n == FLT_RULES_MAX) {
            BAD(r, rules[i].pos, "more than %u rules over all packs", FLT_RULES_MAX);
            break;
        }
        d = &r->packs->rules[r->packs->n++];
        build(r, &rules[i], d);
        for (size_t k = 0; k + 1 < r->packs->n && d->rule.id != NULL; k++)
            if (strcmp(r->packs->rules[k].rule.id, d->rule.id) == 0)
                BAD(r, rules[i].id.pos, "the rule id '%s' is taken, by %s line %u", d->rule.id, r->packs->rules[k].file,
                    r->packs->rules[k].pos.line);
    }
    return r->is_out_of_memory ? ST_ERR : ST_OK;
}

static enum st_rc read_file(struct reader *r, const char *path)
{
    struct ypack *pack = take(r, sizeof *pack);

    r->file = own(r, path);
    if (pack == NULL || r->file == NULL)
        return ST_ERR;
    if (st_yaml_load(r->file, &pack_schema, r->packs->arena, pack, r->diag, r->err) != ST_OK)
        return ST_ERR;
    return take_rules(r, pack);
}

/* What is wrong with it stands somewhere in its file, but not at these lines. */
static enum st_rc read_given(struct reader *r, const struct flt_given *given)
{
    const struct st_yaml_source source = { given->file, given->text };
    struct ypack *pack = take(r, sizeof *pack);
    struct st_diag *all = r->diag, *found = st_diag_new();
    enum st_rc rc = ST_ERR;

    r->file = own(r, given->file);
    r->given = given;
    r->diag = found;
    if (found == NULL)
        (void)st_fail(r->err, ST_E_NOMEM, "packs.load", "diagnostics", 0);
    else if (pack != NULL && r->file != NULL &&
             st_yaml_parse(&source, &pack_schema, r->packs->arena, pack, found, r->err) == ST_OK)
        rc = take_rules(r, pack);
    for (size_t i = 0; found != NULL && st_diag_at(found, i) != NULL; i++)
        (void)st_diag_add(all, given->file, 0, 0, "detectors: %s", st_diag_at(found, i)->text);
    st_diag_free(found);
    r->diag = all;
    r->given = NULL;
    return rc;
}

bool flt_is_pack_name(const char *name)
{
    return st_span_ends(st_span_str(name), ST_SPAN(".pack.yaml")) && name[0] != '.';
}

static int is_pack(const struct dirent *entry)
{
    return flt_is_pack_name(entry->d_name);
}

static enum st_rc read_dir(struct reader *r, const char *dir)
{
    struct dirent **entries = NULL;
    enum st_rc rc = ST_OK;
    int n = scandir(dir, &entries, is_pack, alphasort);
    char path[PATH_MAX];

    if (n < 0) {
        int why = errno;

        (void)st_diag_add(r->diag, dir, 0, 0, "cannot read the folder of packs: %s", strerror(why));
        return st_fail(r->err, ST_E_CONFIG, "packs.load", "a folder of packs cannot be read", why);
    }
    for (int i = 0; i < n; i++) {
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name) >= sizeof path)
            rc = st_fail(r->err, ST_E_CONFIG, "packs.load", "the path is too long", 0);
        else if (!r->is_out_of_memory && read_file(r, path) != ST_OK)
            rc = ST_ERR; /* the next file may have mistakes of its own */
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static void measure_all(struct reader *r)
{
    for (size_t i = 0; i < r->packs->n; i++)
        if (r->packs->rules[i].find == FLT_FIND_PATTERN && r->packs->rules[i].pattern != NULL)
            measure(r, &r->packs->rules[i]);
}

enum st_rc flt_pack_measure(struct flt_packs *packs, struct st_diag *diag, struct st_err *err)
{
    struct reader r = { .packs = packs, .diag = diag, .err = err };

    measure_all(&r);
    return r.n_bad == 0 ? ST_OK : st_fail(err, ST_E_CONFIG, "packs.load", "a pack has a mistake", r.n_bad);
}

enum st_rc flt_pack_read(struct flt_packs *packs, const struct flt_sources *sources, struct st_diag *diag,
                         struct st_err *err)
{
    struct reader r = { .packs = packs, .diag = diag, .err = err };
    enum st_rc rc = ST_OK;

    packs->rules = take(&r, FLT_RULES_MAX * sizeof *packs->rules);
    if (packs->rules == NULL || flt_context_begin(packs, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; sources->dirs[i] != NULL; i++)
        if (read_dir(&r, sources->dirs[i]) != ST_OK)
            rc = ST_ERR;
    for (size_t i = 0; i < sources->n_given && !r.is_out_of_memory; i++)
        if (read_given(&r, &sources->given[i]) != ST_OK)
            rc = ST_ERR;
    if (rc == ST_OK && r.n_bad > 0) {
        measure_all(&r); /* tells all mistakes at once */
        rc = st_fail(err, ST_E_CONFIG, "packs.load", "a pack has a mistake", r.n_bad);
    }
    return rc;
}
