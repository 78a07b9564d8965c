/* SPDX-License-Identifier: Apache-2.0 */
/* rules - what a pack file becomes: the rules as packs.c compiles and the finders read them.
 *
 * Internal to this room. Everything lives in the arena of its pack set and never changes after the load, so scanners of
 * many workers read it without a lock.
 */
#ifndef STOA_FILTERS_RULES_H
#define STOA_FILTERS_RULES_H
#include "base/hash.h"
#include "base/yaml.h"
#include "filters/filters.h"
#include "filters/own_prints.h"
#include "filters/validate.h"

/* How candidates of a rule are found. */
#define FLT_FINDERS(X)                                                                    \
    X(PATTERN, "pattern")         /* Hyperscan; `anchor` is the literal it begins with */ \
    X(DIGITS, "digits")           /* runs of digits with separators */                    \
    X(SHAPE, "shape")             /* letters and digits by place: AA999999A */            \
    X(IBAN, "iban")               /* country, check digits, the country's length */       \
    X(BASE58, "base58")           /* a word of 26 to 35 letters and digits */             \
    X(EMAIL, "email")             /* around an @ */                                       \
    X(PHONE, "phone")             /* + or 00 and a country code */                        \
    X(NATIONAL, "phone_national") /* 0… or the North American 3-3-4 */                  \
    X(WORDS, "words")             /* the words and phrases of a file */                   \
    X(ROWS, "rows")               /* values of one row of the customer's table */         \
    X(COPIES, "copies")           /* passages of the customer's documents */
enum flt_find {
#define X(id, name) FLT_FIND_##id,
    FLT_FINDERS(X)
#undef X
};

/* What of a pattern's match is the finding. */
#define FLT_EXTENTS(X)                                                                                     \
    X(WHOLE, "whole")           /* from the anchor over `chars` */                                         \
    X(TAIL, "tail")             /* the last run of `chars` in the match */                                 \
    X(ASSIGNMENT, "assignment") /* the value behind anchor and = or : */                                   \
    X(BLOCK, "block")           /* from the anchor to its -----END line */                                 \
    X(NAMED, "named")           /* the value of what has the anchor in its name */                         \
    X(SERVICE, "service")       /* the same, where the name says whose secret it is, not that it is one */ \
    X(MATCH, "match")           /* the match itself; needs no anchor, and a second look */
enum flt_extent {
#define X(id, name) FLT_EXTENT_##id,
    FLT_EXTENTS(X)
#undef X
};

enum flt_require { FLT_REQUIRE_NOTHING, FLT_REQUIRE_CONTEXT, FLT_REQUIRE_CONTEXT_OR_GROUPS };

#define FLT_RULES_MAX  1024u
#define FLT_WORDS_MAX  4096u
#define FLT_WORD_MIN   2u  /* bytes of a context word */
#define FLT_NUMBER_MAX 24u /* digits of the longest number a rule may ask for */
#define FLT_GROUPS_MAX 8u
#define FLT_WIDTH_MAX  2048u    /* of a pattern (dlp: hold-back stays small) */
#define FLT_WORD_BASE  0x10000u /* ids of context words in the database begin here; below are rules */
#define FLT_TERM_BASE  0x20000u /* ids of dictionary terms begin here */
#define FLT_TERMS_MAX  20000u   /* of all dictionaries */

struct flt_prefix { /* 51-55 is { 51, 55, 2 } */
    uint32_t lo, hi;
    size_t n;
};
struct flt_grouping { /* 4-4-4-4 */
    uint8_t len[FLT_GROUPS_MAX];
    size_t n;
};
struct flt_set { /* of bytes */
    uint64_t bits[4];
};
static inline bool flt_set_has(const struct flt_set *set, uint8_t c)
{
    return (set->bits[c >> 6] >> (c & 63) & 1) != 0;
}

#define FLT_NATIONS_MAX 128u
/* What a label with a country in it says the number is. */
enum flt_label { FLT_LABEL_ANY, FLT_LABEL_PASSPORT, FLT_LABEL_LICENCE, FLT_LABEL_ACCOUNT };
#define FLT_LABELS 4u
struct flt_window { /* around a candidate, in which context words count; bytes */
    uint32_t before, after;
};

#define FLT_ALLOW_MAX 256u   /* words, patterns, or values, of a rule's allow */
#define FLT_KNOWN_MAX 10000u /* values that all rules leave alone, over all packs */
struct flt_allow {           /* what looks like a finding and is none (allow.c) */
    const struct st_str *words, *patterns, *lines;
    size_t n_words, n_patterns, n_lines;
    const uint8_t (*values)[ST_SHA256_LEN]; /* digests */
    size_t n_values;
};

struct flt_detector;
struct flt_term {     /* one word or phrase of a dictionary */
    const char *text; /* normalised and folded, single blanks */
    const struct flt_detector *detector;
    uint32_t weight;
};

struct flt_detector {
    struct flt_rule rule; /* first: what others see */
    const char *file;
    struct st_pos pos;
    enum flt_find find;
    enum flt_extent extent;
    enum flt_require require;
    const struct flt_validator *validator; /* NULL: none */
    const struct flt_given *given;         /* NULL: of a file */
    const char *pattern;
    struct st_pos pattern_pos;
    bool is_caseless;
    const struct st_str *anchors;
    size_t n_anchors;
    struct flt_set chars, separators;
    struct flt_set not_before, not_after; /* bytes beside a pattern's finding that make it none */
    size_t min, max;                      /* shortest and longest finding of a pattern, bytes */
    bool is_exact;                        /* it ends where the match does */
    double entropy;                       /* least of a finding, bits per byte */
    struct flt_allow allow;
    uint32_t width;   /* of the pattern's longest match */
    uint32_t gap;     /* hits so near to each other are worked off as one */
    uint32_t lengths; /* bit n: n digits are possible */
    const char *shape;
    const struct flt_prefix *prefixes;
    size_t n_prefixes;
    const struct flt_grouping *groupings;
    size_t n_groupings;
    uint64_t words[FLT_WORDS_MAX / 64]; /* bit w: context word w is this rule's */
    const struct st_str *labels;        /* those of them that count only right before a candidate */
    size_t n_labels;
    uint64_t nations[FLT_NATIONS_MAX / 64]; /* bit n: the country whose number it is; several, or none */
    struct flt_window window;
    int base, validated, near, grouped; /* confidence, 0..100 */
    const struct st_str *match, *miss, *references;
    size_t n_match, n_miss, n_references;
    struct st_text false_positives;
    struct flt_term *terms; /* of FIND_WORDS */
    size_t n_terms;
    uint32_t threshold; /* of their weights in one message, each counted once */
    struct {            /* of FIND_ROWS */
        struct flt_own_table *table;
        struct own_keys keys;
        uint32_t least, within; /* columns of one row; bytes between their values */
        uint32_t alone;         /* bit c: column c is enough alone */
    } rows;
    struct { /* of FIND_COPIES */
        struct flt_own_table *table;
        struct own_keys keys;
        struct own_enough enough; /* totals in the arena */
    } copies;
};

#define FLT_LABEL_SIGN '='
#define FLT_LABEL_MAX  24u /* bytes */

/* Is context word w one of the rule's? */
static inline bool flt_wants(const struct flt_detector *d, size_t w)
{
    return (d->words[w / 64] >> (w % 64) & 1) != 0;
}

struct flt_list { /* the detectors of one finder, or of one length */
    const struct flt_detector **items, **free;
    size_t n, n_free;         /* free: those that may do without a word near */
    struct flt_window window; /* the widest of theirs */
};

/* What else a context word is (nations.c). */
enum flt_word_kind {
    FLT_WORD_OWN,    /* no more than a word of the detectors that name it */
    FLT_WORD_KIND,   /* "tax", "number": a kind of number */
    FLT_WORD_NAME,   /* "danish": the name of a country */
    FLT_WORD_NATION, /* no text of its own: a name and a kind stand together */
    FLT_WORD_LABEL,  /* counts only right before a candidate, or as its field's name; kept with FLT_LABEL_SIGN before */
};
struct flt_word { /* a context word: packs->word_rules[first] and on are the rules that want it */
    uint32_t first, n;
    enum flt_word_kind kind;
    uint8_t nation; /* of NAME and NATION */
    uint8_t label;  /* of KIND and NATION */
};

struct flt_shapes;
struct scan_db;

struct flt_packs {
    unsigned magic, refs;
    struct st_arena *arena;     /* owned; holds all below but the databases */
    struct flt_detector *rules; /* by id */
    size_t n;
    const uint8_t (*known)[ST_SHA256_LEN]; /* digests of values that no rule finds, in order */
    size_t n_known;
    const char **words;                            /* context words, lower case */
    size_t n_words, n_literals;                    /* those from n_literals on are nations and labels, in no database */
    uint16_t nations[FLT_NATIONS_MAX][FLT_LABELS]; /* the context word of each; 0: of no detector */
    struct flt_word *word_index;                   /* by context word */
    uint16_t *word_slots;                          /* by hash: number + 1 (pack_words.c) */
    uint16_t *word_rules;
    uint32_t longest_word;       /* bytes */
    uint32_t label_lengths[256]; /* bit n: a label of n bytes begins so (lower case) */
    struct flt_term *terms;      /* of all dictionaries; id - FLT_TERM_BASE is the index */
    size_t n_terms;
    struct flt_list by_find[FLT_FIND_COPIES + 1];
    struct flt_list by_length[FLT_NUMBER_MAX + 1]; /* of FIND_DIGITS */
    struct flt_shapes *shapes;                     /* of FIND_SHAPE, 64 in each */
    bool may_glance;                               /* no pattern asks where a text begins or ends */
    struct scan_db *db, *words_db, *allow_db;      /* owned; patterns, context words, patterns of what is allowed */
    struct scan_db *start_db;                      /* owned; once more the patterns of FLT_EXTENT_MATCH */
};
#define FLT_PACKS_MAGIC 0x666c7470u

/* Reads the files into packs->rules and ->words; compiles nothing (pack_load.c). */
ST_MUST enum st_rc flt_pack_read(struct flt_packs *packs, const struct flt_sources *sources, struct st_diag *diag,
                                 struct st_err *err);
/* Compiles every pattern alone for its width; mistakes are in diag, with their place. */
ST_MUST enum st_rc flt_pack_measure(struct flt_packs *packs, struct st_diag *diag, struct st_err *err);
/* Reads a dictionary into d->terms; mistakes are in diag, with their line (words.c). */
ST_MUST enum st_rc flt_words_read(struct flt_packs *packs, struct flt_detector *d, const char *path,
                                  struct st_diag *diag, struct st_err *err);
/* What a rule with find: rows says about itself, and reading it (pack_own.c). The paths are those of the files; a
 * mistake is in diag with its place in the pack, and answers false. */
struct flt_rows_option {
    struct st_pos pos;
    struct st_str file, key;
    int64_t columns, within;
    struct st_list alone;
};
struct flt_copies_option {
    struct st_pos pos;
    struct st_str file;
    int64_t share, words;
};
bool flt_copies_load(struct flt_packs *packs, struct flt_detector *d, const struct flt_copies_option *o,
                     const char *file, struct st_diag *diag);
bool flt_rows_load(struct flt_detector *d, const struct flt_rows_option *o, const char *file, const char *key,
                   struct st_diag *diag);
/* All of them into packs->terms, after the rules are sorted. */
ST_MUST enum st_rc flt_words_make(struct flt_packs *packs, struct st_err *err);
/* The expression that finds the term, NUL-terminated, in the arena; NULL: no memory. */
ST_MUST const char *flt_words_pattern(struct st_arena *arena, const struct flt_term *term);
/* Does the pattern match inside a row of texts whatever it matches in one of them alone? (glance.c) */
bool flt_glance_fits(const char *pattern);
/* Context words (pack_words.c): their tables; the number of one, which is FLT_WORDS_MAX when there are too many; and
 * all that is made of them, after the rules are sorted. */
ST_MUST enum st_rc flt_context_begin(struct flt_packs *packs, struct st_err *err);
ST_MUST enum st_rc flt_context_word(struct flt_packs *packs, const char *word, size_t *out, struct st_err *err);
ST_MUST enum st_rc flt_context_make(struct flt_packs *packs, struct st_err *err);
/* The number of a label, in lower case and without its dots; FLT_WORDS_MAX: it is none. */
size_t flt_label_find(const struct flt_packs *packs, const char *label);
/* Countries and kinds of numbers (nations.c): by code, FLT_NATIONS_MAX when unknown; the names of one and all kinds,
 * NULL behind the last. */
size_t flt_nation_find(const char *code, size_t n);
const char *flt_nation_name(size_t nation, size_t i);
const char *flt_nation_kind(size_t i, enum flt_label *label);
/* The country that the id says it is of, and the label that the rule needs beside its name. */
void flt_nation_default(struct flt_detector *d);
enum flt_label flt_label_wanted(const struct flt_rule *rule);
/* What a rule's allow says, and reading it; a mistake is in diag with its place and counted (allow.c). */
struct flt_allow_option {
    struct st_list words, patterns, lines, values;
};
ST_MUST size_t flt_allow_read(struct flt_packs *packs, struct flt_detector *d, const struct flt_allow_option *o,
                              struct st_diag *diag);
/* The same of a pack's allow, which is for the rules of all packs: adds to packs->known. */
ST_MUST size_t flt_known_read(struct flt_packs *packs, const char *file, const struct st_list *values,
                              struct st_diag *diag);
/* All of their patterns into packs->allow_db, after the rules are sorted. */
ST_MUST enum st_rc flt_allow_compile(struct flt_packs *packs, const char *cache_dir, struct st_err *err);
/* The tables of FIND_SHAPE, from the lists (find_shape.c). */
ST_MUST enum st_rc flt_shapes_make(struct flt_packs *packs, struct st_err *err);
/* Every rule's own examples (pack_examples.c). */
ST_MUST enum st_rc flt_pack_examples(struct flt_packs *packs, struct st_diag *diag, struct st_err *err);
#endif
