/* SPDX-License-Identifier: Apache-2.0 */
/* learning - projections: consent, resources with their tags, and who learned what, by pseudonym.
 *
 * They are a convenience, never the evidence: each table can be dropped and made again from the log (aud_rebuild). The
 * mark `projected` moves in the same transaction as the rows, so a crash between the log's commit and this one is made
 * good at the next start. Watching the same minute twice is one minute: intervals of one playback are kept as
 * a union. What a destroyed key sealed is passed over, and so is what is damaged (said in the log): a commit waits for
 * the projections, and one bad row must not stop every record after it. When you add a projection, add its apply_
 * function to apply().
 */
#include "audit/learning.h"
#include "audit/audit.h"
#include "base/json.h"
#include "base/log.h"
#include <string.h>

#define DETAILS_MAX  (8u * 1024u)
#define SPANS_TEXT   (16u * 1024u)
#define PSEUDO_BYTES 64

struct learn {
    struct db *core;
    struct ledger *led;
    struct privacy *priv;
    struct st_buf plain;
    uint64_t done;        /* seq up to which the projections are */
    int64_t keep_from_ms; /* of a rebuild: by retention, learning that ended before it is gone; 0: none is */
    bool consent_changed;
};

/* ---- intervals ------------------------------------------------------------------------------------------------- */

void learn_union(struct learn_spans *spans, uint64_t from, uint64_t to)
{
    size_t first = 0, last;

    while (first < spans->n && spans->at[first].to < from)
        first++;
    for (last = first; last < spans->n && spans->at[last].from <= to; last++) {
        if (spans->at[last].from < from)
            from = spans->at[last].from;
        if (spans->at[last].to > to)
            to = spans->at[last].to;
    }
    if (last == first && spans->n == LEARN_SPANS)
        return;
    memmove(&spans->at[first + 1], &spans->at[last], (spans->n - last) * sizeof spans->at[0]);
    spans->n = spans->n - (last - first) + 1;
    spans->at[first].from = from;
    spans->at[first].to = to;
}

uint64_t learn_total(const struct learn_spans *spans)
{
    uint64_t total = 0;

    for (size_t i = 0; i < spans->n; i++)
        total += spans->at[i].to - spans->at[i].from;
    return total;
}

static void spans_add(struct learn_spans *spans, const json_t *pairs)
{
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        json_int_t from = json_integer_value(json_array_get(pair, 0)), to = json_integer_value(json_array_get(pair, 1));
        if (from >= 0 && from <= to)
            learn_union(spans, (uint64_t)from, (uint64_t)to);
    }
}

static void spans_write(const struct learn_spans *spans, struct st_buf *out)
{
    struct st_json w;

    st_json_init(&w, out);
    st_json_array(&w, NULL);
    for (size_t i = 0; i < spans->n; i++) {
        st_json_array(&w, NULL);
        st_json_int(&w, NULL, (int64_t)spans->at[i].from);
        st_json_int(&w, NULL, (int64_t)spans->at[i].to);
        st_json_end(&w);
    }
    st_json_end(&w);
}

/* ---- one record into its table --------------------------------------------------------------------------------- */

struct told { /* one record, opened */
    uint64_t seq;
    int64_t wall_ms;
    struct st_span pseudonym, subject;
    json_t *details; /* owned by the caller */
};

static const char *str(const struct told *told, const char *key)
{
    const char *s = json_string_value(json_object_get(told->details, key));

    return s != NULL ? s : "";
}

static int64_t num(const struct told *told, const char *key)
{
    return json_integer_value(json_object_get(told->details, key)); /* 0 when absent */
}

static enum st_rc apply_consent(struct learn *learn, const struct told *told, struct st_err *err)
{
    struct db_q *q =
        db_q(learn->core, "INSERT INTO consent (pseudonym, scope, granted, since_ms, seq)"
                          " VALUES (CAST(? AS TEXT), ?, ?, ?, ?) ON CONFLICT (pseudonym, scope) DO UPDATE"
                          " SET granted = excluded.granted, since_ms = excluded.since_ms, seq = excluded.seq");

    learn->consent_changed = true;
    db_blob(q, 1, told->pseudonym);
    db_text(q, 2, str(told, "scope"));
    db_int(q, 3, json_is_true(json_object_get(told->details, "granted")));
    db_int(q, 4, told->wall_ms);
    db_int(q, 5, (int64_t)told->seq);
    return db_run(q, err);
}

static enum st_rc apply_tag(struct learn *learn, const struct told *told, const char *facet, const char *value,
                            struct st_err *err)
{
    struct db_q *q;

    if (value == NULL || *value == 0)
        return ST_OK;
    q = db_q(learn->core,
             "INSERT INTO resource_tag (resource, facet, value, rule, seq) VALUES (CAST(? AS TEXT), ?, ?, ?, ?)"
             " ON CONFLICT (resource, facet, value) DO UPDATE SET rule = excluded.rule, seq = excluded.seq");
    db_blob(q, 1, told->subject);
    db_text(q, 2, facet);
    db_text(q, 3, value);
    db_text(q, 4, str(told, "rule"));
    db_int(q, 5, (int64_t)told->seq);
    return db_run(q, err);
}

static enum st_rc apply_tags(struct learn *learn, const struct told *told, struct st_err *err)
{
    static const char *const facets[] = { "topic", "level", "skill", "queue", "verb" };
    const json_t *tags = json_object_get(told->details, "tags");

    for (size_t i = 0; i < ST_LEN(facets); i++)
        if (apply_tag(learn, told, facets[i], str(told, facets[i]), err) != ST_OK)
            return ST_ERR;
    for (size_t i = 0; i < json_array_size(tags); i++)
        if (apply_tag(learn, told, "tag", json_string_value(json_array_get(tags, i)), err) != ST_OK)
            return ST_ERR;
    return ST_OK;
}

static enum st_rc apply_resource(struct learn *learn, const struct told *told, struct st_err *err)
{
    struct db_q *q =
        db_q(learn->core,
             "INSERT INTO resource (id, url, title, lang, platform, object_type, length_ms, first_ms, last_ms, seq)"
             " VALUES (CAST(?1 AS TEXT), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9) ON CONFLICT (id) DO UPDATE SET"
             " url = CASE WHEN excluded.url = '' THEN url ELSE excluded.url END,"
             " title = CASE WHEN excluded.title = '' THEN title ELSE excluded.title END,"
             " lang = CASE WHEN excluded.lang = '' THEN lang ELSE excluded.lang END,"
             " length_ms = max(length_ms, excluded.length_ms), last_ms = max(last_ms, excluded.last_ms),"
             " first_ms = min(first_ms, excluded.first_ms), seq = excluded.seq");

    db_blob(q, 1, told->subject);
    db_text(q, 2, str(told, "url"));
    db_text(q, 3, str(told, "title"));
    db_text(q, 4, str(told, "lang"));
    db_text(q, 5, str(told, "platform"));
    db_text(q, 6, str(told, "object_type"));
    db_int(q, 7, num(told, "length_ms"));
    db_int(q, 8, told->wall_ms);
    db_int(q, 9, (int64_t)told->seq);
    if (db_run(q, err) != ST_OK)
        return ST_ERR;
    return apply_tags(learn, told, err);
}

/* Damage is said and over with; what another try may mend stays an error. */
static enum st_rc pass_over(uint64_t seq, const struct st_err *why, struct st_err *err)
{
    if (why->code != ST_E_INTEGRITY && why->code != ST_E_SYNTAX)
        return st_fail_at(err, why->code, why->where, why->what, why->num);
    ST_LOG(AUDIT_DAMAGED, ST_NUM("seq", seq), ST_ERRF(why));
    return ST_OK;
}

static enum st_rc spans_load(struct learn *learn, const struct told *told, struct learn_spans *spans,
                             struct st_err *err)
{
    struct db_q *q = db_q(learn->core, "SELECT intervals FROM learning WHERE pseudonym = CAST(? AS TEXT)"
                                       " AND resource = CAST(? AS TEXT) AND playback = ?");
    struct st_err why = ST_ERR_INIT;
    json_t *pairs = NULL;
    enum st_rc rc;

    spans->n = 0;
    db_blob(q, 1, told->pseudonym);
    db_blob(q, 2, told->subject);
    db_text(q, 3, str(told, "playback"));
    rc = db_step(q, err);
    if (rc == ST_OK && st_json_read(db_col(q, 0), "learning", &pairs, NULL, &why) != ST_OK)
        rc = pass_over(told->seq, &why, err);
    spans_add(spans, pairs); /* of NULL: nothing */
    json_decref(pairs);
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static enum st_rc learning_write(struct learn *learn, const struct told *told, struct st_span intervals,
                                 uint64_t watched_ms, struct st_err *err)
{
    struct db_q *q =
        db_q(learn->core,
             "INSERT INTO learning (pseudonym, resource, playback, platform, activity, url, title, first_ms, last_ms,"
             " count, intervals, watched_ms, dwell_ms, length_ms, final, seq) VALUES (CAST(?1 AS TEXT),"
             " CAST(?2 AS TEXT), ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1, CAST(?9 AS TEXT), ?10, ?11, ?12, ?13, ?14)"
             " ON CONFLICT (pseudonym, resource, playback) DO UPDATE SET activity = excluded.activity,"
             " url = CASE WHEN excluded.url = '' THEN url ELSE excluded.url END,"
             " title = CASE WHEN excluded.title = '' THEN title ELSE excluded.title END,"
             " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms),"
             " count = count + 1, intervals = excluded.intervals, watched_ms = excluded.watched_ms,"
             " dwell_ms = dwell_ms + excluded.dwell_ms, length_ms = max(length_ms, excluded.length_ms),"
             " final = max(final, excluded.final), seq = excluded.seq");

    db_blob(q, 1, told->pseudonym);
    db_blob(q, 2, told->subject);
    db_text(q, 3, str(told, "playback"));
    db_text(q, 4, str(told, "platform"));
    db_text(q, 5, str(told, "activity"));
    db_text(q, 6, str(told, "url"));
    db_text(q, 7, str(told, "title"));
    db_int(q, 8, told->wall_ms);
    db_blob(q, 9, intervals);
    db_int(q, 10, (int64_t)watched_ms);
    db_int(q, 11, num(told, "dwell_ms"));
    db_int(q, 12, num(told, "length_ms"));
    db_int(q, 13, json_is_true(json_object_get(told->details, "final")));
    db_int(q, 14, (int64_t)told->seq);
    return db_run(q, err);
}

static enum st_rc apply_learning(struct learn *learn, const struct told *told, struct st_err *err)
{
    struct learn_spans spans;
    struct st_buf text;
    enum st_rc rc;

    st_buf_init(&text, SPANS_TEXT);
    rc = spans_load(learn, told, &spans, err);
    if (rc == ST_OK) {
        spans_add(&spans, json_object_get(told->details, "intervals"));
        spans_write(&spans, &text);
        rc = st_buf_done(&text, err, "audit.learning");
    }
    if (rc == ST_OK)
        rc = learning_write(learn, told, st_buf_view(&text), learn_total(&spans), err);
    st_buf_fini(&text);
    return rc;
}

/* ---- from the log ---------------------------------------------------------------------------------------------- */

/* ST_AGAIN: the key was destroyed, there is nothing to tell. */
static enum st_rc open_details(struct learn *learn, const struct led_row *row, json_t **out, struct st_err *err)
{
    struct st_span text = row->details;
    char pseudonym[PSEUDO_BYTES];
    enum st_rc rc;

    if (row->key != 0) {
        if (row->pseudonym.n >= sizeof pseudonym)
            return st_fail(err, ST_E_INTEGRITY, "audit.learning", "pseudonym is too long", (int64_t)row->seq);
        memcpy(pseudonym, row->pseudonym.p, row->pseudonym.n);
        pseudonym[row->pseudonym.n] = 0;
        struct priv_sealed sealed = { pseudonym, row->key, row->seq, row->kind, row->details };
        rc = priv_unseal(learn->priv, &sealed, &learn->plain, err);
        if (rc != ST_OK)
            return rc;
        text = st_buf_view(&learn->plain);
    }
    if (text.n == 0)
        text = ST_SPAN("{}");
    return st_json_read(text, "record", out, NULL, err);
}

static enum st_rc apply(struct learn *learn, const struct led_row *row, struct st_err *err)
{
    struct told told = { row->seq, row->wall_ms, row->pseudonym, row->subject, NULL };
    struct st_err why = ST_ERR_INIT;
    enum st_rc rc = open_details(learn, row, &told.details, &why);

    if (rc == ST_AGAIN)
        return ST_OK;
    if (rc == ST_ERR)
        return pass_over(row->seq, &why, err);
    if (rc == ST_OK && st_span_eq(row->kind, ST_SPAN("learning")))
        rc = apply_learning(learn, &told, err);
    else if (rc == ST_OK && st_span_eq(row->kind, ST_SPAN("resource")))
        rc = apply_resource(learn, &told, err);
    else if (rc == ST_OK && st_span_eq(row->kind, ST_SPAN("consent")))
        rc = apply_consent(learn, &told, err);
    json_decref(told.details);
    return rc;
}

static enum st_rc apply_rows(struct learn *learn, struct db *db, struct st_err *err)
{
    struct db_q *q = db_q(db, "SELECT " LED_COLUMNS " FROM record WHERE seq > ?"
                              " AND kind IN ('learning', 'resource', 'consent') ORDER BY seq");
    struct led_row row;
    enum st_rc rc;

    db_int(q, 1, (int64_t)learn->done);
    while ((rc = db_step(q, err)) == ST_OK) {
        led_row(q, &row);
        if (apply(learn, &row, err) != ST_OK) {
            db_done(q);
            return ST_ERR;
        }
    }
    return rc == ST_AGAIN ? ST_OK : ST_ERR;
}

static enum st_rc apply_month(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct learn *learn = ctx;
    struct db *db = NULL;
    struct tree end;
    enum st_rc rc;

    if (strcmp(month, led_month(learn->led)) == 0)
        return apply_rows(learn, led_db(learn->led), err);
    if (db_open(path, &db_log, DB_READ, &db, NULL, err) != ST_OK)
        return ST_ERR;
    rc = led_tree(db, "now", &end, err);
    if (rc == ST_OK && end.size > learn->done)
        rc = apply_rows(learn, db, err);
    db_close(db);
    return rc;
}

static enum st_rc mark_get(struct db *core, uint64_t *done, struct st_err *err)
{
    struct db_q *q = db_q(core, "SELECT value FROM meta WHERE name = 'projected'");
    enum st_rc rc = db_step(q, err);

    *done = rc == ST_OK ? (uint64_t)db_col_int(q, 0) : 0;
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static enum st_rc mark_set(struct db *core, uint64_t done, struct st_err *err)
{
    struct db_q *q = db_q(core, "INSERT INTO meta (name, value) VALUES ('projected', ?) ON CONFLICT (name) DO UPDATE"
                                " SET value = excluded.value");

    db_int(q, 1, (int64_t)done);
    return db_run(q, err);
}

static enum st_rc catch_up(struct learn *learn, const char *dir, struct st_err *err)
{
    struct tree start;

    if (led_tree(led_db(learn->led), "start", &start, err) != ST_OK)
        return ST_ERR;
    if (learn->done >= start.size) { /* the usual case: all of it is in the open file */
        if (apply_rows(learn, led_db(learn->led), err) != ST_OK)
            return ST_ERR;
    } else if (led_months(dir, apply_month, learn, err) != ST_OK) {
        return ST_ERR;
    }
    return mark_set(learn->core, led_state(learn->led)->size, err);
}

/* All of the work or nothing of it. */
static enum st_rc in_one(struct learn *learn, const char *dir,
                         enum st_rc (*work)(struct learn *learn, const char *dir, struct st_err *err),
                         struct st_err *err)
{
    struct st_err own = ST_ERR_INIT;
    enum st_rc rc;

    if (db_durable(learn->core, false, err) != ST_OK) /* the log can tell it again */
        return ST_ERR;
    st_buf_init(&learn->plain, DETAILS_MAX);
    rc = db_begin(learn->core, err);
    if (rc == ST_OK) {
        rc = work(learn, dir, err);
        if (rc == ST_OK)
            rc = db_commit(learn->core, err);
        if (rc != ST_OK)
            db_rollback(learn->core);
    }
    if (db_durable(learn->core, true, &own) != ST_OK && rc == ST_OK)
        rc = st_fail_at(err, own.code, own.where, own.what, own.num);
    st_buf_fini(&learn->plain);
    return rc;
}

enum st_rc learn_catch_up(const char *dir, struct db *core, struct ledger *led, struct privacy *priv, bool *changed,
                          struct st_err *err)
{
    struct learn learn = { .core = core, .led = led, .priv = priv };
    enum st_rc rc;

    if (mark_get(core, &learn.done, err) != ST_OK)
        return ST_ERR;
    if (learn.done >= led_state(led)->size)
        return ST_OK;
    rc = in_one(&learn, dir, catch_up, err);
    *changed = learn.consent_changed;
    return rc;
}

/* ---- starting over, and forgetting ----------------------------------------------------------------------------- */

struct oldest {
    struct tree start;
    char month[LED_MONTH];
    bool is_known;
};

static enum st_rc note_oldest(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct oldest *oldest = ctx;
    struct db *db = NULL;
    enum st_rc rc;

    if (oldest->is_known)
        return ST_OK;
    snprintf(oldest->month, sizeof oldest->month, "%s", month);
    if (db_open(path, &db_log, DB_READ, &db, NULL, err) != ST_OK)
        return ST_ERR;
    rc = led_tree(db, "start", &oldest->start, err);
    oldest->is_known = rc == ST_OK;
    db_close(db);
    return rc;
}

static enum st_rc run_from(struct db *core, const char *sql, int64_t from, struct st_err *err)
{
    struct db_q *q = db_q(core, sql);

    db_int(q, 1, from);
    return db_run(q, err);
}

enum st_rc learn_retain(struct db *core, int64_t wall_ms, struct st_err *err)
{
    return run_from(core, "DELETE FROM learning WHERE last_ms < ?", wall_ms, err);
}

/* What came late, with a time of a month that is gone, is in a later month's log: retention took it, so it goes again.
 */
static enum st_rc start_over(struct learn *learn, const char *dir, struct st_err *err)
{
    static const char *const drop[] = { "DELETE FROM learning WHERE seq > ?", "DELETE FROM consent WHERE seq > ?",
                                        "DELETE FROM resource_tag WHERE seq > ?",
                                        "DELETE FROM resource WHERE seq > ?" };
    struct oldest oldest = { .is_known = false };
    int64_t month_ms;

    if (led_months(dir, note_oldest, &oldest, err) != ST_OK)
        return ST_ERR;
    learn->done = oldest.start.size;
    for (size_t i = 0; i < ST_LEN(drop); i++)
        if (run_from(learn->core, drop[i], (int64_t)learn->done, err) != ST_OK)
            return ST_ERR;
    if (catch_up(learn, dir, err) != ST_OK)
        return ST_ERR;
    month_ms = oldest.is_known ? led_month_ms(oldest.month) : 0;
    return learn_retain(learn->core, month_ms < learn->keep_from_ms ? month_ms : learn->keep_from_ms, err);
}

enum st_rc learn_rebuild(const char *dir, struct db *core, struct ledger *led, struct privacy *priv,
                         int64_t keep_from_ms, struct st_err *err)
{
    struct learn learn = { .core = core, .led = led, .priv = priv, .keep_from_ms = keep_from_ms };

    return in_one(&learn, dir, start_over, err);
}
