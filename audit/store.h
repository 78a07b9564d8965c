/* SPDX-License-Identifier: Apache-2.0 */
/* store - one database file, its transactions and its statements; the only door to the database library.
 *
 * SQL texts are literals in the modules above, in the subset that SQLite and PostgreSQL share where that is possible.
 * Binding is fail-late: ask once, when stepping. One connection belongs to one process and one thread.
 */
#ifndef STOA_AUDIT_STORE_H
#define STOA_AUDIT_STORE_H
#include "base/diag.h"
#include "base/span.h"
#include <stdbool.h>

struct db;
struct db_q; /* one prepared statement; belongs to its db */

struct db_kind {        /* what a file of ours is */
    uint32_t app_id;    /* in the file's header: tells our files from others */
    uint32_t version;   /* of the schema */
    const char *schema; /* run once, in one transaction, when the file is made */
};
extern const struct db_kind db_core, db_log;

enum db_mode { DB_WRITE, DB_READ };
/* DB_WRITE makes an absent file: whole under another name first. A file that is not of this kind, or newer, is
 * ST_E_CONFIG with a diag line and is not opened by the library at all. */
ST_MUST enum st_rc db_open(const char *path, const struct db_kind *kind, enum db_mode mode, struct db **out,
                           struct st_diag *diag, struct st_err *err);
void db_close(struct db *db); /* NULL is fine */
/* Is this file of that kind and of a version we know? Reads its header, changes nothing. */
ST_MUST enum st_rc db_recognise(const char *path, const struct db_kind *kind, struct st_diag *diag, struct st_err *err);

ST_MUST enum st_rc db_begin(struct db *db, struct st_err *err); /* DB_WRITE: takes the write lock at once */
ST_MUST enum st_rc db_commit(struct db *db, struct st_err *err);
void db_rollback(struct db *db); /* fine when there is no transaction */
/* false: the next commits may be lost by a power cut (never torn); for what the log can restore. Not in a transaction.
 * Who cannot set it back must not go on: a person's key would be acknowledged before it is on disk. */
ST_MUST enum st_rc db_durable(struct db *db, bool on, struct st_err *err);
/* Moves everything from the write-ahead file into the database and empties it: nothing old stays behind. */
ST_MUST enum st_rc db_flush(struct db *db, struct st_err *err);
/* ST_E_INTEGRITY when the structure of the file is damaged. */
ST_MUST enum st_rc db_check(struct db *db, struct st_err *err);

/* sql is a literal (it is remembered by address). Never NULL; what went wrong comes out of db_step. */
struct db_q *db_q(struct db *db, const char *sql);
void db_int(struct db_q *q, int place, int64_t value);
void db_text(struct db_q *q, int place, const char *value);    /* borrowed until the step */
void db_blob(struct db_q *q, int place, struct st_span value); /* borrowed until the step; an empty one is not NULL */
void db_null(struct db_q *q, int place);
/* ST_OK: a row is there, until the next step or db_done; ST_AGAIN: no more. */
ST_MUST enum st_rc db_step(struct db_q *q, struct st_err *err);
void db_done(struct db_q *q); /* lets go of the rows; needed after an ST_OK that was the last wanted */
/* Steps to the end, with no interest in rows. */
ST_MUST enum st_rc db_run(struct db_q *q, struct st_err *err);
bool db_changed(const struct db *db); /* did the last db_run change a row */
int64_t db_col_int(struct db_q *q, int col);
struct st_span db_col(struct db_q *q, int col); /* borrowed until the next step */
bool db_col_null(struct db_q *q, int col);
void db_col_text(struct db_q *q, int col, char *out, size_t size); /* cut to fit, NUL-terminated */
#endif
