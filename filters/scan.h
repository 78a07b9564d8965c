/* SPDX-License-Identifier: Apache-2.0 */
/* scan - the one door to Hyperscan (or Vectorscan): expressions in, end offsets out.
 *
 * Block mode, no UTF-8 mode, no combinations: each of them costs most of the speed or is refused by one of the two
 * libraries. Start of match costs as much: only a database of its own has it, run over the few bytes around a hit. What
 * a hit means and where it begins is for the callers.
 */
#ifndef STOA_FILTERS_SCAN_H
#define STOA_FILTERS_SCAN_H
#include "base/err.h"
#include "base/span.h"

struct scan_expr {
    const char *pattern;
    unsigned id; /* given back with each hit */
    bool is_caseless, is_literal;
    bool has_start; /* scan_spans tells where it begins */
    unsigned width; /* of its longest match, as measured; kept with the database */
};
struct scan_db;
struct scan_scratch;

/* Whether this CPU can run the library at all. */
ST_MUST enum st_rc scan_platform(struct st_err *err);
/* The width of one expression in bytes, UINT_MAX when it has no bound. On ST_ERR why holds the library's sentence (of
 * the operator's own file). */
ST_MUST enum st_rc scan_measure(const struct scan_expr *expr, unsigned *width, char *why, size_t why_size,
                                struct st_err *err);
/* The compiled form from cache_dir (NULL: none), when content, library and CPU are the same; ST_AGAIN: none is there.
 * The widths in exprs count for nothing. */
ST_MUST enum st_rc scan_db_find(const struct scan_expr *exprs, size_t n, const char *cache_dir, struct scan_db **out,
                                struct st_err *err);
/* The same, but compiles when none is there, and keeps what it made. */
ST_MUST enum st_rc scan_db_open(const struct scan_expr *exprs, size_t n, const char *cache_dir, struct scan_db **out,
                                struct st_err *err);
void scan_db_free(struct scan_db *db); /* NULL is fine */
bool scan_db_was_cached(const struct scan_db *db);
unsigned scan_db_width(const struct scan_db *db, size_t i); /* of the i-th expression, as it was kept */

ST_MUST enum st_rc scan_scratch_new(const struct scan_db *db, struct scan_scratch **out, struct st_err *err);
void scan_scratch_free(struct scan_scratch *scratch); /* NULL is fine */
/* Called per hit, not always in order of `end`. Return false to stop. */
typedef bool scan_hit_f(void *ctx, unsigned id, uint32_t end);
ST_MUST enum st_rc scan_run(const struct scan_db *db, struct scan_scratch *scratch, struct st_span text,
                            scan_hit_f *on_hit, void *ctx, struct st_err *err);
struct scan_hit {
    unsigned id;
    uint32_t from, to; /* from: of the match that begins leftmost */
};
/* The same for expressions that have their start; in order of `to`. */
typedef bool scan_span_f(void *ctx, const struct scan_hit *hit);
ST_MUST enum st_rc scan_spans(const struct scan_db *db, struct scan_scratch *scratch, struct st_span text,
                              scan_span_f *on_span, void *ctx, struct st_err *err);
#endif
