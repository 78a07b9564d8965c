/* SPDX-License-Identifier: Apache-2.0 */
/* hold - how much of a text may leave while the rest of it still comes. A part of filters.h.
 *
 * The text is read in stretches (stretch.h), and whoever reads them tells a hold what came of each. The hold answers
 * up to where the body may go: no finding that a later stretch tells has a byte before that. docs/why/hold-back.md has
 * the rule and its proof.
 */
#ifndef STOA_FILTERS_HOLD_H
#define STOA_FILTERS_HOLD_H
#include "filters/stretch.h"

/* Whether a text can be let go in pieces at all. */
#define FLT_HOLD_FITS(X)             \
    X(YES, "it can")                 \
    X(TYPE, "it is no plain text")   \
    X(CHARSET, "it is not in UTF-8") \
    X(RULES, "a rule looks at all of it: a dictionary, rows or documents of the company's") /* find: words, rows … */
enum flt_hold_fit {
#define X(id, why) FLT_HOLD_##id,
    FLT_HOLD_FITS(X)
#undef X
};
/* first: its beginning, FLT_SNIFF bytes or all of it. */
enum flt_hold_fit flt_hold_fits(struct st_span content_type, struct st_span first, const struct flt_packs *packs);

enum flt_hold_state {
    FLT_HOLD_FLOWS,
    FLT_HOLD_STOPPED /* the rest waits for the verdict over all; there is no way back */
};
struct flt_hold { /* zeroed: nothing may leave yet */
    enum flt_hold_state state;
    uint64_t free; /* bytes of the body, from its beginning, that may leave; grows only */
};
struct flt_looked { /* at a stretch, and what came of it */
    const struct flt_stretch *stretch;
    const struct flt_doc *doc;
    const struct flt_findings *findings;
    bool may_act; /* the policy may do something about what was found so far, now or when there is more of it */
};
/* In the order of the stretches. */
ST_MUST enum st_rc flt_hold_looked(struct flt_hold *hold, const struct flt_looked *looked, struct st_arena *arena,
                                   struct st_err *err);
#endif
