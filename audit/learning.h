/* SPDX-License-Identifier: Apache-2.0 */
/* learning - the tables that people look at, made from the log and nothing else. */
#ifndef STOA_AUDIT_LEARNING_H
#define STOA_AUDIT_LEARNING_H
#include "audit/ledger.h"
#include "audit/privacy.h"

/* Brings the projections up to the log's last record, in one transaction with the mark of how far they are. *changed is
 * set when a consent changed (the caller's cache of persons is stale then). */
ST_MUST enum st_rc learn_catch_up(const char *dir, struct db *core, struct ledger *led, struct privacy *priv,
                                  bool *changed, struct st_err *err);
/* Drops what the kept log can tell again and makes it anew, in one transaction: after ST_ERR, or a crash, all is as it
 * was. Rows older than the kept log stay as they are. Learning that ended before keep_from_ms (wall; 0: none) and
 * before the oldest kept month is left out, as retention did. It takes as long as the log is. */
ST_MUST enum st_rc learn_rebuild(const char *dir, struct db *core, struct ledger *led, struct privacy *priv,
                                 int64_t keep_from_ms, struct st_err *err);
/* Removes learning that ended before wall_ms. */
ST_MUST enum st_rc learn_retain(struct db *core, int64_t wall_ms, struct st_err *err);

#define LEARN_SPANS 256
struct learn_spans { /* media time seen: sorted, disjoint, not touching */
    struct learn_span {
        uint64_t from, to;
    } at[LEARN_SPANS];
    size_t n;
};
/* The union with one more interval. At the ceiling an interval that would need a new entry is not credited. */
void learn_union(struct learn_spans *spans, uint64_t from, uint64_t to);
uint64_t learn_total(const struct learn_spans *spans);
#endif
