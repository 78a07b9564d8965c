/* SPDX-License-Identifier: Apache-2.0 */
/* drips - what a person sent to one place lately, so that a secret in pieces is seen when its last piece comes.
 *
 * A card number typed digit by digit into a chat is in no message. The ends of the last short texts of a person at one
 * place are kept in memory, under a keyed hash of both, for as long as limit.drip_window after the latest; then they
 * are wiped. The first pieces have left by then: the piece that completes a finding is what policies judge.
 */
#ifndef STOA_GATEWAY_DRIPS_H
#define STOA_GATEWAY_DRIPS_H
#include "base/clock.h"
#include "base/hash64.h"
#include "filters/filters.h"
#include "lua-plugins/plugins.h"

#define DRIP_KEPT 240u /* bytes of one person's texts at one place */

struct drip {
    uint64_t key; /* 0: free */
    uint64_t last_ms;
    size_t n;
    bool is_draft;           /* the last of its texts was one */
    uint8_t text[DRIP_KEPT]; /* the older ones first, with a unit separator between */
};
struct drips { /* all zero at first */
    struct drip *items;
    size_t n; /* items, or as many as there will be; 0: nothing is kept */
    uint64_t window_ms;
    struct st_sip sip;
    struct st_timers *timers; /* borrowed: what is due is wiped; NULL: when it is met */
    struct st_timer timer;
    uint64_t *found; /* findings are counted here; NULL */
};
/* Says how many and how long; what is kept is wiped when the number changes. */
void drips_limit(struct drips *drips, size_t n, uint64_t window_ms);
void drips_fini(struct drips *drips);

struct drip_case { /* one message; borrowed */
    struct st_span person, host, path;
    const struct lp_activity *activity;
    const struct flt_doc *doc;
    struct flt_scanner *scanner;
    struct st_arena *arena;
};
/* Adds to findings those that began in earlier texts and end in this one, with their part of it. */
ST_MUST enum st_rc drips_look(struct drips *drips, const struct drip_case *c, struct flt_findings *findings,
                              struct st_err *err);
/* The message leaves: its text is kept, but for the findings that are masked in it. masked: a mark for each of them;
 * NULL: it leaves as it is. */
ST_MUST enum st_rc drips_note(struct drips *drips, const struct drip_case *c, const struct flt_findings *findings,
                              const bool *masked, struct st_err *err);
#endif
