/* SPDX-License-Identifier: Apache-2.0 */
/* packs - detectors: loaded, compiled, and told about. Part of filters.h, which is what other rooms include. */
#ifndef STOA_FILTERS_PACKS_H
#define STOA_FILTERS_PACKS_H
#include "base/diag.h"
#include "base/span.h"
#include <stdbool.h>

enum flt_severity { FLT_LOW, FLT_MEDIUM, FLT_HIGH, FLT_CRITICAL };
const char *flt_severity_name(enum flt_severity severity); /* "low" … "critical" */

struct flt_rule {     /* a detector, as everyone else sees it; lives as long as its pack set */
    const char *id;   /* "pii.de.iban" */
    const char *pack; /* "bank" */
    enum flt_severity severity;
    const char *title_en, *title_de;
    const char *mask;        /* what redaction writes: "[iban]" */
    const char *const *tags; /* NULL-terminated */
};

struct flt_packs; /* all packs of one generation, compiled; refcounted, immutable */

/* Is a file of a folder of packs that is called so one of them? */
bool flt_is_pack_name(const char *name);
/* Loads every *.pack.yaml in the directories (NULL-terminated list), compiles, and runs each rule's own examples; one
 * that does not behave is an error of the file. cache_dir keeps compiled databases keyed by content, library version
 * and CPU; NULL: none. On ST_OK *out holds one reference: the caller's. */
ST_MUST enum st_rc flt_packs_load(const char *const *dirs, const char *cache_dir, struct flt_packs **out,
                                  struct st_diag *diag, struct st_err *err);
/* Detectors beside those of folders: a plugin's. `ask` is heard on each candidate of theirs that their own validator
 * let through, FLT_ASKS_MAX of a message; the others are findings unheard, so that nobody hides one in a crowd. */
#define FLT_ASKS_MAX 64u
struct flt_hit_asked {
    const struct flt_rule *rule;
    struct st_span text; /* separators taken out */
};
#define FLT_SAID_YES     101u
#define FLT_SAID_NOTHING 102u
/* 0: it is none; 1 to 100: it is one, so sure; YES: as sure as the rule says of what is validated; NOTHING: whoever was
 * asked does not look after this rule. */
typedef unsigned flt_ask_f(void *ctx, const struct flt_hit_asked *hit);
struct flt_given {       /* all borrowed for as long as the pack set lives */
    const char *file;    /* for diagnostics, which name no line */
    struct st_span text; /* a pack, as a file has it; without examples */
    flt_ask_f *ask;      /* NULL: nobody */
    void *ctx;
};
struct flt_sources { /* borrowed */
    const char *const *dirs, *cache_dir;
    const struct flt_given *given;
    size_t n_given;
};
ST_MUST enum st_rc flt_packs_load_all(const struct flt_sources *sources, struct flt_packs **out, struct st_diag *diag,
                                      struct st_err *err);
struct flt_packs *flt_packs_retain(struct flt_packs *packs);
void flt_packs_release(struct flt_packs *packs); /* NULL is fine */
size_t flt_packs_count(const struct flt_packs *packs);
const struct flt_rule *flt_packs_rule(const struct flt_packs *packs, size_t i);       /* borrowed */
const struct flt_rule *flt_packs_find(const struct flt_packs *packs, const char *id); /* NULL when unknown */
/* For those who look after packs. All borrowed from the pack set; strings are NULL where the rule has none. */
struct st_str;
struct flt_about {
    const struct flt_rule *rule;
    const char *file; /* where it is written */
    unsigned line;
    const char *finder;                               /* "pattern", "digits" … */
    const char *pattern, *shape, *validator, *source; /* source: the public description the validator follows */
    struct {
        int base, validated, near, grouped; /* percent; near and grouped are added */
    } confidence;
    uint32_t before, after; /* bytes in which a context word counts */
    bool needs_context;
    const struct st_str *match, *miss, *references;
    size_t n_match, n_miss, n_references;
    struct {
        const char *en, *de;
    } false_positives;
    const char *cost; /* what a pattern costs is decided by the shortest literal it may begin with (about.c) */
};
void flt_packs_about(const struct flt_packs *packs, size_t i, struct flt_about *out);
/* The n-th context word of the i-th rule, NULL past the last. */
const char *flt_packs_word(const struct flt_packs *packs, size_t i, size_t n);
#define FLT_COST_ROUNDS 5
struct flt_cost {
    uint64_t ns; /* CPU time of the pattern alone over the text, best of FLT_COST_ROUNDS; 0: no pattern, no such cost */
    size_t hits; /* of the pattern, before anything is validated */
};
ST_MUST enum st_rc flt_packs_cost(const struct flt_packs *packs, size_t i, struct st_span text, struct flt_cost *out,
                                  struct st_err *err);
/* ST_E_UNSUPPORTED with a plain sentence when this CPU cannot run the scanner (hs_valid_platform). */
ST_MUST enum st_rc flt_platform_check(struct st_err *err);
#endif
