/* SPDX-License-Identifier: Apache-2.0 */
/* judge - what the judge and the words it gives a person share. */
#ifndef STOA_POLICIES_JUDGE_H
#define STOA_POLICIES_JUDGE_H
#include "policies/set.h"

#define POL_TITLES_MAX 3 /* detectors a sentence names; more become "and others" */

enum pol_cause { POL_BY_RULE, POL_BY_PLUGIN, POL_BY_FAILURE };

struct pol_decision { /* the strictest so far */
    enum pol_verdict verdict;
    enum pol_cause cause;
    const struct pol_rule *rule;                   /* NULL unless by rule */
    const struct flt_rule *titles[POL_TITLES_MAX]; /* what it found, each detector once */
    size_t n_titles;
    bool has_more;
};

/* The message for the person: the rule's own when its verdict stands, else a plain sentence. Lives in arena. */
ST_MUST enum st_rc pol_message(const struct pol_decision *decision, enum flt_reason reason, struct st_arena *arena,
                               struct st_text *out, struct st_err *err);
#endif
