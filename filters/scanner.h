/* SPDX-License-Identifier: Apache-2.0 */
/* scanner - what the finders of one scan share: the text, the words seen in it, the candidates kept so far.
 *
 * Internal to this room. A scanner belongs to one worker and allocates nothing while it scans; every list has its
 * ceiling here. Offsets are those of the normalised view until keep.c maps them back.
 */
#ifndef STOA_FILTERS_SCANNER_H
#define STOA_FILTERS_SCANNER_H
#include "filters/find_own.h"
#include "filters/normalise.h"
#include "filters/rules.h"
#include "filters/scan.h"

#define FLT_BASE58_MIN     26u /* letters and digits of an address of a cryptocurrency */
#define FLT_BASE58_MAX     35u
#define FLT_PAIR_FAR       40u   /* bytes from the name of a country to a kind of number, between the ends of both */
#define FLT_NEAR_MAX       4096u /* context words remembered of one stretch; behind that they are looked up in the text */
#define FLT_HITS_MAX       4096u /* pattern hits collected before they are worked off */
#define FLT_PATHS_MAX      16u
#define FLT_PATH_WORDS_MAX 22u
#define FLT_QUIET_MAX      64u
#define FLT_FOUND_MAX      512u /* candidates of one field before overlaps are settled */

/* What weakens or strengthens a candidate, seen by its finder. */
enum flt_mark {
    FLT_GROUPED = 1,    /* grouped as people write it */
    FLT_IRREGULAR = 2,  /* separators, but not as anybody would put them */
    FLT_ATTACHED = 4,   /* a letter right before a token with a prefix of its own */
    FLT_GLUED = 8,      /* inside a longer run of letters and digits */
    FLT_LIST = 16,      /* one of a row of like numbers */
    FLT_IDENTIFIER = 32 /* behind "id", "/", "#": a key of some table */
};

struct flt_guess { /* one candidate, as a finder hands it over */
    const struct flt_detector *detector;
    uint32_t from, to;   /* in the view */
    struct st_span text; /* separators taken out */
    unsigned marks;
};

struct flt_near {
    uint32_t end, begin; /* begin: the end of the first of two that make a nation's; else the end too */
    uint16_t word;
};
struct flt_hit {
    uint32_t first, end; /* ends of one match that goes on */
    uint16_t rule;
};

struct flt_path { /* of a field, and its name: the context words in them */
    struct st_span path, name;
    uint16_t words[FLT_PATH_WORDS_MAX];
    uint8_t n_words;
    bool is_read;
    bool is_full; /* there are more */
};

struct flt_table {     /* lines with one sign between their cells, as far as they were walked (label.c) */
    uint32_t from, to; /* the first of them is its head */
    uint8_t sign;      /* 0: no table yet */
    bool has_head;
    uint32_t at, end; /* the candidate asked about last, and the head of its column */
    struct st_span head;
    struct flt_path columns[FLT_PATHS_MAX]; /* heads read last, by place */
};

struct flt_seam {        /* of two fields */
    struct st_span text; /* the end of the one and the beginning of the other */
    uint32_t at;         /* where the second begins in it */
    uint32_t base;       /* where it begins in the first */
    bool has_no_pattern;
    struct flt_survey survey;
};

#define FLT_GLANCE_BYTES  16384u
#define FLT_GLANCE_FIELDS 1024u
struct flt_glance { /* small fields laid side by side (glance.c) */
    uint8_t row[FLT_GLANCE_BYTES];
    uint32_t row_n;
    uint32_t first, n;                      /* fields of the message */
    uint32_t starts[2 * FLT_GLANCE_FIELDS]; /* of each field's seam with the one before it, and of the field */
    struct flt_glanced {
        struct flt_survey survey;
        bool has_no_pattern;
        struct flt_seam *seam; /* with the one before it, in the arena; NULL: none is to be read */
    } fields[FLT_GLANCE_FIELDS];
};

struct flt_scanner {
    unsigned magic;
    struct flt_packs *packs; /* one reference */
    struct scan_scratch *scratch, *word_scratch, *allow_scratch, *start_scratch;
    unsigned n_asked;              /* of this message's candidates: those that somebody else was asked about */
    const struct flt_trace *trace; /* of the present scan; NULL */
    struct flt_findings *out;      /* of the running scan */
    /* of the running field */
    const struct flt_field *field;
    uint32_t field_index;
    struct flt_view view;
    struct st_span text; /* view.text */
    enum flt_reading reading;
    unsigned signals;                    /* flt_signal, a set: what its words and codes may mean */
    bool has_no_pattern;                 /* as it stands */
    struct flt_survey survey;            /* of it as it stands */
    bool is_glanced;                     /* and so seam_before is known */
    struct flt_seam *seam_before;        /* with the field before it; NULL: none is to be read */
    const struct flt_seam *seam;         /* of reading JOINED */
    uint32_t border;                     /* only what lies across it is asked for (across.c); 0: everything is */
    uint64_t message_at, message_before; /* where in the message this field begins, and the one before it */
    struct flt_near near[FLT_NEAR_MAX];
    size_t n_near;
    uint32_t near_from, near_to;          /* words that end behind the one and not behind the other are in near */
    uint32_t near_base;                   /* where the bytes begin that were read for them */
    struct flt_path paths[FLT_PATHS_MAX]; /* those read last, by place */
    struct {                              /* the word right before the candidate at `from`, and where it ends */
        uint32_t from, end;
        uint16_t word;
        bool is_known;
    } label;
    struct flt_table table;                       /* that a candidate stood in last */
    const struct flt_field *quiet[FLT_QUIET_MAX]; /* short ones of this message in which nothing was found, by hash */
    bool failed;                                  /* a look for words failed: err says why */
    struct st_err *err;
    struct flt_hit hits[FLT_HITS_MAX];
    size_t n_hits;
    struct flt_finding found[FLT_FOUND_MAX];
    size_t n_found;
    struct flt_finding kept[FLT_FINDINGS_MAX]; /* out->items of the running scan */
    bool is_counting;    /* dictionaries: weights are summed up; else those that reached their threshold find */
    struct flt_own *own; /* owned; NULL: no rule looks for rows */
    /* per rule, in one block behind the struct; all 0 between fields */
    uint32_t *last_hit; /* index in hits + 1 */
    uint32_t *done_to;  /* end of the rule's last candidate */
    struct flt_glance glance;
    /* of the whole message, behind those */
    uint32_t *weights; /* per rule: of the different terms seen */
    uint32_t *seen;    /* a bit per term */
    /* and never 0 again: the last mark, and per rule the last it was given (flt_mark_near) */
    uint32_t mark, *near_mark;
    bool is_any_near; /* some word is there of those that flt_mark_near looked for last */
};
#define FLT_SCANNER_MAGIC 0x666c7473u

/* Before the first field of a scan (s->out is to be filled); after a field that was left in its middle (scanner.c). */
void flt_begin_fields(struct flt_scanner *s);
void flt_break_off(struct flt_scanner *s);
/* Is anybody interested in what stands there? */
bool flt_is_asked(const struct flt_scanner *s, uint32_t from, uint32_t to);
/* Validates, weighs and keeps or drops (keep.c). */
void flt_consider(struct flt_scanner *s, const struct flt_guess *guess);
/* Why the rule's own allow makes it no finding; NULL: it does not (allow.c). */
const char *flt_allowed(struct flt_scanner *s, const struct flt_guess *guess);
/* The most that a candidate with these marks can reach. */
int flt_best_score(const struct flt_detector *d, unsigned marks);
/* Settles overlaps and moves what stays to the findings (keep.c). */
void flt_settle(struct flt_scanner *s);
/* Is one of the detector's words around [from, to), or in the field's path? (near.c) */
bool flt_word_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to);
/* How plainly a word of the detector's before the candidate says what it is: the nearest says it, and of two that end
 * together the longer one; 0: none does. Compares with that of another detector on the same window. */
uint64_t flt_label_of(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to);
/* Is the nearest label before it one of another country's numbers, and none of its own? */
bool flt_is_of_others(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to);
/* May digits alone, so many, be what a rule looks for that wants one of its words near, since what comes before them
 * has one? Between scans; true when it cannot be told. */
bool flt_number_is_named(struct flt_scanner *s, struct st_span name, size_t digits);
/* Have the words around [from, to) been looked for? If not, asking costs as much as many checksums. */
bool flt_words_are_read(const struct flt_scanner *s, const struct flt_window *w, uint32_t from, uint32_t to);
/* Marks, in near_mark and is_any_near, every rule one of whose words is in the window of [from, to), in the field's
 * path or the column's head, or labels it; false when that is not known. */
ST_MUST bool flt_mark_near(struct flt_scanner *s, const struct flt_window *w, uint32_t from, uint32_t to);
/* The label right before the candidate at `from`; FLT_WORDS_MAX: none (label.c). */
size_t flt_label_before(struct flt_scanner *s, uint32_t from);
/* Adds the labels among the words of a name to those of its path. */
void flt_labels_of(const struct flt_packs *packs, struct st_span name, struct flt_path *path);
/* The head of the column whose cell [from, to) fills; empty: it fills none, or there is no head. */
struct st_span flt_column_head(struct flt_scanner *s, uint32_t from, uint32_t to);
/* Short words must stand alone ("tel", but not in "hotel"); long ones may be part of a compound ("Kontonummer"). */
#define FLT_SHORT_WORD 4u /* letters */
bool flt_word_stands(struct st_span text, uint32_t end, const char *word);
bool flt_word_begins(struct st_span text, uint32_t from); /* no letter goes on into it */

/* Fills s->is_glanced, ->has_no_pattern, ->survey and ->seam_before with what can be known of that field before it is
 * read. Fields come in order. */
ST_MUST enum st_rc flt_glance(struct flt_scanner *s, struct st_arena *arena, const struct flt_doc *doc, uint32_t field);

/* A term of a dictionary ends at `end` (find_words.c). */
void flt_find_term_at(struct flt_scanner *s, size_t term, uint32_t end);
bool flt_any_dictionary(const struct flt_scanner *s); /* did one reach its threshold? */

#define FLT_UUID_LEN 36u
bool flt_is_uuid_at(struct st_span text, size_t at); /* uuid.c */

void flt_find_patterns(struct flt_scanner *s); /* works off s->hits */
/* A stem of a secret's name ends at `end` (find_named.c). */
void flt_find_named(struct flt_scanner *s, const struct flt_detector *d, uint32_t end);
/* Considers [from, to) once for each rule (find_pattern.c). */
void flt_offer(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to, unsigned marks);
bool flt_value_ends(struct st_span text, uint32_t at, uint8_t quote); /* quote: that opened it, or 0 */
void flt_find_numbers(struct flt_scanner *s);
void flt_find_emails(struct flt_scanner *s);
/* Called by flt_find_numbers where a run of digits begins. */
void flt_find_shapes_at(struct flt_scanner *s, uint32_t at, uint32_t end); /* at most FLT_NUMBER_MAX digits */
void flt_find_base58_at(struct flt_scanner *s, uint32_t at, uint32_t end); /* the letters and digits end at `end` */
void flt_find_iban_at(struct flt_scanner *s, uint32_t at);
void flt_find_phones_at(struct flt_scanner *s, uint32_t at);
#endif
