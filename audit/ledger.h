/* SPDX-License-Identifier: Apache-2.0 */
/* ledger - the log itself: months, rows, leaves. The format is told at the top of ledger.c. */
#ifndef STOA_AUDIT_LEDGER_H
#define STOA_AUDIT_LEDGER_H
#include "audit/files.h"
#include "audit/store.h"
#include "audit/tree.h"

#define LED_ID_LEN   24
#define LED_SALT_LEN 16
#define LED_MONTH    8 /* "2026-11" and its NUL */

struct led_row { /* spans borrowed: from the caller, or from the statement until its next step */
    uint64_t seq;
    int64_t wall_ms;
    struct st_span id, kind, pseudonym, subject;
    uint32_t key; /* epoch of the person's key that seals details; 0: not sealed */
    struct st_span details, salt, leaf;
};
/* SHA-256(0x00 || row); scratch is reset first. */
ST_MUST enum st_rc led_leaf(const struct led_row *row, struct st_buf *scratch, uint8_t out[ST_SHA256_LEN],
                            struct st_err *err);

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Calls fn for each month's file, oldest first. */
typedef enum st_rc led_month_f(void *ctx, const char *path, const char *month, struct st_err *err);
ST_MUST enum st_rc led_months(const char *dir, led_month_f *fn, void *ctx, struct st_err *err);
int64_t led_month_ms(const char *month);                     /* its first millisecond */
void led_month_next(const char *month, char out[LED_MONTH]); /* the month after it */
struct db_q *led_rows(struct db *db, uint64_t from);         /* rows with seq >= from, in order */
#define LED_COLUMNS "seq, id, wall_ms, kind, pseudonym, subject, key, details, salt, leaf"
void led_row(struct db_q *q, struct led_row *row); /* the row of LED_COLUMNS that the statement stands on */
/* at: "start" (before the file's first row) or "now". ST_E_INTEGRITY when it is missing or has no sense. */
ST_MUST enum st_rc led_tree(struct db *db, const char *at, struct tree *out, struct st_err *err);

/* ---- writing (the recorder) ------------------------------------------------------------------------------------ */

struct ledger;
ST_MUST enum st_rc led_open(const char *dir, int64_t wall_ms, struct ledger **out, struct st_diag *diag,
                            struct st_err *err);
void led_close(struct ledger *led); /* NULL is fine */
const struct tree *led_state(const struct ledger *led);
const char *led_month(const struct ledger *led); /* of the file being written */
struct db *led_db(struct ledger *led);           /* borrowed until the next roll */
/* Is a new month's file due? Never goes back with the clock. */
bool led_roll_due(const struct ledger *led, int64_t wall_ms);
ST_MUST enum st_rc led_roll(struct ledger *led, int64_t wall_ms, struct st_err *err);

/* begin, add …, commit. A failure anywhere: led_abort, and everything is as before the begin. */
ST_MUST enum st_rc led_begin(struct ledger *led, int64_t wall_ms, struct st_err *err);
uint64_t led_next(const struct ledger *led); /* the seq that the next new row gets */
/* Fills row->seq, salt and leaf itself. An id that is there already changes nothing. */
ST_MUST enum st_rc led_add(struct ledger *led, struct led_row *row, struct st_err *err);
ST_MUST enum st_rc led_commit(struct ledger *led, struct st_err *err);
void led_abort(struct ledger *led);
#endif
