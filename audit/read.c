/* SPDX-License-Identifier: Apache-2.0 */
/* read - the log as anyone with the files may see it: who (by pseudonym), when, what kind; what is sealed stays sealed.
 *
 * Reads each month's file on its own, read-only, beside a running recorder. "The last n" is answered from the newest
 * month backwards: find the record to start from, then read forward from there.
 */
#include "audit/audit.h"
#include "audit/ledger.h"
#include <stdlib.h>
#include <string.h>

#define MONTHS_MAX 1200 /* a hundred years */

struct reader {
    const struct aud_filter *filter;
    aud_record_f *fn;
    void *ctx;
    struct st_diag *diag;
    uint64_t from;
    char (*paths)[FIL_PATH]; /* owned; oldest first */
    size_t n;
    bool is_stopped;
};

static enum st_rc note_path(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct reader *reader = ctx;
    char(*grown)[FIL_PATH];

    (void)month;
    if (reader->n == MONTHS_MAX)
        return st_fail(err, ST_E_LIMIT, "audit.read", "too many months", MONTHS_MAX);
    if ((grown = realloc(reader->paths, (reader->n + 1) * sizeof *grown)) == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.read", "months", FIL_PATH);
    reader->paths = grown;
    snprintf(reader->paths[reader->n++], FIL_PATH, "%s", path);
    return ST_OK;
}

static void bind_filter(struct db_q *q, const struct reader *reader)
{
    const struct aud_filter *filter = reader->filter;

    db_int(q, 1, (int64_t)reader->from);
    if (filter->kind >= 0)
        db_text(q, 2, aud_kind_name((enum aud_kind)filter->kind));
    else
        db_null(q, 2);
    if (filter->pseudonym != NULL)
        db_text(q, 3, filter->pseudonym);
    else
        db_null(q, 3);
}

#define WHERE_FILTER " FROM record WHERE seq >= ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR pseudonym = ?3)"

/* Where the last `wanted` matches of this file begin; fewer: *wanted sinks by what there was. */
static enum st_rc find_start(struct reader *reader, struct db *db, uint64_t *wanted, bool *found, struct st_err *err)
{
    struct db_q *q = db_q(db, "SELECT seq" WHERE_FILTER " ORDER BY seq DESC LIMIT ?4");
    uint64_t seen = 0, seq = 0;
    enum st_rc rc;

    bind_filter(q, reader);
    db_int(q, 4, *wanted > INT64_MAX ? INT64_MAX : (int64_t)*wanted);
    while ((rc = db_step(q, err)) == ST_OK) {
        seq = (uint64_t)db_col_int(q, 0);
        seen++;
    }
    if (rc == ST_ERR)
        return ST_ERR;
    *found = seen == *wanted;
    *wanted -= seen;
    if (*found)
        reader->from = seq;
    return ST_OK;
}

static enum st_rc find_last(struct reader *reader, struct st_err *err)
{
    uint64_t wanted = reader->filter->last;
    bool found = false;

    for (size_t i = reader->n; i > 0 && wanted > 0 && !found; i--) {
        struct db *db = NULL;
        enum st_rc rc;
        if (db_open(reader->paths[i - 1], &db_log, DB_READ, &db, reader->diag, err) != ST_OK)
            return ST_ERR;
        rc = find_start(reader, db, &wanted, &found, err);
        db_close(db);
        if (rc != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

static enum st_rc read_file(struct reader *reader, struct db *db, struct st_err *err)
{
    struct db_q *q =
        db_q(db, "SELECT seq, wall_ms, kind, pseudonym, subject, key, details" WHERE_FILTER " ORDER BY seq");
    struct aud_record record;
    char pseudonym[64], subject[64];
    enum st_rc rc;

    bind_filter(q, reader);
    while ((rc = db_step(q, err)) == ST_OK) {
        record.seq = (uint64_t)db_col_int(q, 0);
        record.wall_ms = db_col_int(q, 1);
        record.kind = aud_kind_of(db_col(q, 2));
        db_col_text(q, 3, pseudonym, sizeof pseudonym);
        db_col_text(q, 4, subject, sizeof subject);
        record.pseudonym = pseudonym;
        record.subject = subject;
        record.details = db_col_int(q, 5) == 0 ? db_col(q, 6) : ST_SPAN_NONE;
        if (!reader->fn(reader->ctx, &record)) {
            reader->is_stopped = true;
            db_done(q);
            return ST_OK;
        }
    }
    return rc == ST_AGAIN ? ST_OK : ST_ERR;
}

enum st_rc aud_read(const char *dir, const struct aud_filter *filter, aud_record_f *fn, void *ctx, struct st_diag *diag,
                    struct st_err *err)
{
    struct reader reader = { .filter = filter, .fn = fn, .ctx = ctx, .diag = diag, .from = filter->from_seq };
    enum st_rc rc = led_months(dir, note_path, &reader, err);

    if (rc != ST_OK)
        st_diag_add(diag, dir, 0, 0, "no record log can be read here; expected the audit folder below state_dir");
    if (rc == ST_OK && filter->last > 0)
        rc = find_last(&reader, err);
    for (size_t i = 0; i < reader.n && rc == ST_OK && !reader.is_stopped; i++) {
        struct db *db = NULL;
        rc = db_open(reader.paths[i], &db_log, DB_READ, &db, diag, err);
        if (rc == ST_OK)
            rc = read_file(&reader, db, err);
        db_close(db);
    }
    free(reader.paths);
    return rc;
}
