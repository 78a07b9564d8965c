/* SPDX-License-Identifier: Apache-2.0 */
/* import - rules of other tools, on their way into a pack of this house.
 *
 * A reader (import_gitleaks.c, import_presidio.c) hands over one rule after another; import_take.c makes of its
 * expression what the engine can do; import.c writes it down, lets it prove itself and keeps count. What could not be
 * taken, and what was taken otherwise than it stood, is said in one line each.
 */
#ifndef STOA_CLI_IMPORT_H
#define STOA_CLI_IMPORT_H
#include "cli/cli.h"
#include "cli/regex.h"

#define IMPORT_ANCHORS_MAX 64u
#define IMPORT_ANCHOR_LEN  33u
#define IMPORT_FLAT_MAX    256u
#define IMPORT_NOTES_LEN   512u

enum import_find { IMPORT_PATTERN, IMPORT_DIGITS, IMPORT_SHAPE, IMPORT_WORDS };

struct import_strs { /* borrowed */
    const char **items;
    size_t n;
};

struct import_rule { /* as its reader saw it; all borrowed from the run's arena */
    const char *name, *title;
    unsigned line;
    const char *regex; /* NULL: words are looked for */
    unsigned flags;    /* RX_CASELESS … */
    unsigned group;    /* what of the match is the finding; 0: the first that it captures; RX_WHOLE: all */
    double entropy;
    int score; /* 0..100: how sure it is alone */
    int near;  /* added by a word of `context` */
    bool needs_context;
    struct import_strs context, words; /* words near by; words to look for */
    struct import_strs allow_words, allow_patterns, allow_lines, tags;
    char notes[IMPORT_NOTES_LEN]; /* what is otherwise than it stood; "" */
};

struct import_take { /* what the engine can do of it */
    enum import_find find;
    struct rx *flat[IMPORT_FLAT_MAX]; /* the expression as a row */
    size_t n, begin, from, to;        /* begin..n is looked for; from..to is the finding */
    const char *extent;
    bool is_caseless, is_exact, begins_at_word, ends_at_word;
    struct rx_set chars, not_before, not_after;
    uint32_t min, max;
    char anchors[IMPORT_ANCHORS_MAX][IMPORT_ANCHOR_LEN];
    size_t n_anchors;
    char shape[32], groups[64], separators[8]; /* of numbers and shapes */
    uint32_t least, most;                      /* digits */
    bool must_be_grouped;
};

#define RX_WHOLE      UINT32_MAX /* for `group`: the whole match is the finding */
#define IMPORT_REPEAT 256u       /* what a repeat without end becomes */

/* False: why is one sentence about what cannot be taken. */
ST_MUST bool import_take(struct import_rule *rule, const struct rx *rx, struct import_take *take, char why[RX_WHY]);
/* Numbers and ids without a literal, from flat[from..to): shapes of the house's own finders. */
ST_MUST bool import_take_digits(struct import_rule *rule, struct import_take *take);
bool import_has(const struct rx *rx, enum rx_kind kind);
void import_note(struct import_rule *rule, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool import_width(const struct rx *rx, uint32_t *min, uint32_t *max); /* bytes; RX_MANY: without end */

/* The expression that the engine is given, and a text that it finds. */
void import_put_pattern(const struct import_take *take, struct st_buf *out);
void import_put_regex(const struct rx *rx, struct st_buf *out);    /* as it stands, but for repeats without end */
void import_put_set(const struct rx_set *set, struct st_buf *out); /* as packs write chars */
void import_put_example(const struct import_take *take, unsigned variant, struct st_buf *out);

struct import_run {
    struct cli *cli;
    const char *format, *path, *out, *pack, *severity;
    struct st_arena *arena;   /* owned */
    struct st_buf text, body; /* of the source, of the pack */
    struct st_buf report;
    struct st_json json;
    struct import_strs ids; /* given so far */
    size_t seen, taken, noted, refused;
    struct st_err err;
    bool is_broken; /* err says why */
};
/* Takes the rule or says why not. */
void import_rule(struct import_run *run, struct import_rule *rule);
/* Not taken, and why. */
void import_refuse(struct import_run *run, const struct import_rule *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Something beside the rules that was not taken. */
void import_left_out(struct import_run *run, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Into the list, which is made larger in the arena; false: no memory. */
bool import_push(struct import_run *run, struct import_strs *list, const char *s);

/* Readers: each hands over the rules of run->text, one after another. On ST_ERR diag or run->err says why. */
typedef enum st_rc import_read_f(struct import_run *run, struct st_diag *diag);
import_read_f import_gitleaks, import_presidio;
#endif
