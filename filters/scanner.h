/* SPDX-License-Identifier: Apache-2.0 */
/* scanner - what the finders of one scan share: the text, the words seen in it, the candidates kept so far.
 *
 * Internal to this room. A scanner belongs to one worker and allocates nothing while it scans; every list has its
 * ceiling here. Offsets are those of the normalised view until keep.c maps them back.
 */
#ifndef STOA_FILTERS_SCANNER_H
#define STOA_FILTERS_SCANNER_H
#include "filters/normalise.h"
#include "filters/rules.h"
#include "filters/scan.h"

#define FLT_NEAR_MAX  16384u /* context words remembered per field; behind that they are looked up in the text */
#define FLT_HITS_MAX  4096u  /* pattern hits collected before they are worked off */
#define FLT_FOUND_MAX 512u   /* candidates of one field before overlaps are settled */

/* What weakens or strengthens a candidate, seen by its finder. */
enum flt_mark {
    FLT_GROUPED = 1,    /* grouped as people write it */
    FLT_IRREGULAR = 2,  /* separators, but not as anybody would put them */
    FLT_ATTACHED = 4,   /* a letter right before a token with a prefix of its own */
    FLT_GLUED = 8,      /* inside a longer run of letters and digits */
    FLT_LIST = 16,      /* one of a row of like numbers */
    FLT_IDENTIFIER = 32 /* behind "id", "/", "#": a key of some table */
};

enum flt_run { FLT_RUN_LETTERS, FLT_RUN_DIGITS, FLT_RUN_MIXED, FLT_RUN_KINDS };

struct flt_guess { /* one candidate, as a finder hands it over */
    const struct flt_detector *detector;
    uint32_t from, to;   /* in the view */
    struct st_span text; /* separators taken out */
    unsigned marks;
};

struct flt_near {
    uint32_t end;
    uint16_t word;
};
struct flt_hit {
    uint32_t end;
    uint16_t rule;
};

struct flt_scanner {
    unsigned magic;
    struct flt_packs *packs; /* one reference */
    struct scan_scratch *scratch, *word_scratch;
    const struct flt_trace *trace; /* of the present scan; NULL */
    struct flt_findings *out;      /* of the running scan */
    /* of the running field */
    const struct flt_field *field;
    uint32_t field_index;
    struct flt_view view;
    struct st_span text; /* view.text */
    struct flt_near near[FLT_NEAR_MAX];
    size_t n_near;
    uint32_t near_until; /* words ending behind it are not in near; 0: hits are worked off in between */
    unsigned n_asked;    /* candidates that asked for words */
    bool is_near_read;   /* near is filled */
    bool failed;         /* a look for words failed: err says why */
    struct st_err *err;
    struct flt_hit hits[FLT_HITS_MAX];
    size_t n_hits;
    struct flt_finding found[FLT_FOUND_MAX];
    size_t n_found;
    /* Which shapes a run of letters and digits may begin (find_text.c): bit i is shape i modulo 64. */
    uint64_t whole_runs[FLT_RUN_KINDS][FLT_NUMBER_MAX + 1];    /* by its length: as the whole of one */
    uint64_t first_runs[FLT_RUN_KINDS][2][FLT_NUMBER_MAX + 1]; /* as its first group, the next begins with a digit: 1 */
    uint64_t behind_runs[256];                                 /* by the byte behind the first group */
    uint64_t long_as[FLT_NUMBER_MAX + 1];                      /* shapes by their length */
    uint32_t longest_word;                                     /* of the packs, bytes */
    /* per rule, in one block behind the struct */
    uint32_t *last_hit;  /* index in hits + 1 */
    uint32_t *done_to;   /* end of the rule's last candidate */
    uint8_t *path_words; /* 0 not looked up yet, 1 no, 2 yes */
};
#define FLT_SCANNER_MAGIC 0x666c7473u

/* Validates, weighs and keeps or drops (keep.c). */
void flt_consider(struct flt_scanner *s, const struct flt_guess *guess);
/* Settles overlaps and moves what stays to the findings (keep.c). */
void flt_settle(struct flt_scanner *s);
/* Is one of the detector's words around [from, to), or in the field's path? (near.c) */
bool flt_word_near(struct flt_scanner *s, const struct flt_detector *d, uint32_t from, uint32_t to);
bool flt_word_stands(struct st_span text, uint32_t end, const char *word);

void flt_find_patterns(struct flt_scanner *s); /* works off s->hits */
void flt_find_numbers(struct flt_scanner *s);
void flt_find_emails(struct flt_scanner *s);
void flt_shapes_init(struct flt_scanner *s); /* once, when the packs are known */
/* Called by flt_find_numbers where a run of digits begins. */
void flt_find_shapes_at(struct flt_scanner *s, uint32_t at);
void flt_find_iban_at(struct flt_scanner *s, uint32_t at);
void flt_find_phones_at(struct flt_scanner *s, uint32_t at);
#endif
