/* SPDX-License-Identifier: Apache-2.0 */
/* person - what can be asked and said about one person: consent, and a look at the records that leaves a record.
 *
 * Both go through the recorder, since it alone holds the keys. A look is written and on disk before the first detail
 * is opened: who cannot write down that they looked cannot look. Details of an erased person come out empty, and so do
 * those that are damaged.
 */
#include "audit/recorder.h"
#include "base/json.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

enum st_rc aud_consent_set(struct aud_store *store, const char *person, const char *scope, bool granted, const char *by,
                           struct st_err *err)
{
    char who[PRIV_PSEUDONYM];
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc = ST_ERR;

    ST_CHECK(store, AUD_MAGIC);
    if (*person == 0 || strlen(person) >= sizeof entry.person)
        return st_fail(err, ST_E_LIMIT, "audit.consent", "the person's name is empty or too long", 0);
    /* what waits was done under the old answer, so it goes first */
    if (aud_commit(store, err) != ST_OK || priv_pseudonym(store->priv, by, who, err) != ST_OK)
        return ST_ERR;
    aud_own_entry(store, &entry, AUD_CONSENT);
    memcpy(entry.person, person, strlen(person) + 1);
    snprintf(entry.subject, sizeof entry.subject, "consent");
    st_json_init(&w, &entry.details);
    st_json_object(&w, NULL);
    st_json_str(&w, "scope", scope);
    st_json_bool(&w, "granted", granted);
    st_json_str(&w, "by", who);
    st_json_end(&w);
    if (aud_append_own(store, &entry, NULL, err) == ST_OK)
        rc = aud_commit(store, err);
    aud_entry_fini(&entry);
    return rc;
}

enum st_rc aud_consent_get(struct aud_store *store, const char *person, const char *scope, bool *granted,
                           struct st_err *err)
{
    char pseudonym[PRIV_PSEUDONYM];
    struct db_q *q;
    enum st_rc rc;

    ST_CHECK(store, AUD_MAGIC);
    if (priv_pseudonym(store->priv, person, pseudonym, err) != ST_OK)
        return ST_ERR;
    q = db_q(store->core, "SELECT granted FROM consent WHERE pseudonym = ? AND scope = ?");
    db_text(q, 1, pseudonym);
    db_text(q, 2, scope);
    rc = db_step(q, err);
    *granted = rc == ST_OK && db_col_int(q, 0) != 0;
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

struct reader {
    struct aud_store *store;
    const char *pseudonym;
    aud_record_f *fn;
    void *ctx;
    struct st_buf plain;
    bool is_stopped;
};

static enum st_rc show(struct reader *reader, const struct led_row *row, struct st_err *err)
{
    struct aud_record record = { .seq = row->seq, .wall_ms = row->wall_ms, .pseudonym = reader->pseudonym };
    struct st_err why = ST_ERR_INIT;
    char subject[64];
    enum st_rc rc;

    record.details = row->details;
    record.kind = aud_kind_of(row->kind);
    snprintf(subject, sizeof subject, "%.*s", (int)row->subject.n, (const char *)row->subject.p);
    record.subject = subject;
    if (row->key != 0) {
        record.details = ST_SPAN_NONE;
        struct priv_sealed sealed = { reader->pseudonym, row->key, row->seq, row->kind, row->details };
        rc = priv_unseal(reader->store->priv, &sealed, &reader->plain, &why);
        if (rc == ST_ERR && why.code != ST_E_INTEGRITY)
            return st_fail_at(err, why.code, why.where, why.what, why.num);
        if (rc == ST_ERR) /* the person still gets the rest */
            ST_LOG(AUDIT_DAMAGED, ST_NUM("seq", row->seq), ST_ERRF(&why));
        if (rc == ST_OK)
            record.details = st_buf_view(&reader->plain);
    }
    reader->is_stopped = !reader->fn(reader->ctx, &record);
    return ST_OK;
}

static enum st_rc look_month(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct reader *reader = ctx;
    struct db *db = NULL;
    struct led_row row;
    struct db_q *q;
    enum st_rc rc;

    (void)month;
    if (reader->is_stopped)
        return ST_OK;
    if (db_open(path, &db_log, DB_READ, &db, NULL, err) != ST_OK)
        return ST_ERR;
    q = db_q(db, "SELECT " LED_COLUMNS " FROM record WHERE pseudonym = ? ORDER BY seq");
    db_text(q, 1, reader->pseudonym);
    while ((rc = db_step(q, err)) == ST_OK && !reader->is_stopped) {
        led_row(q, &row);
        if (show(reader, &row, err) != ST_OK) {
            rc = ST_ERR;
            break;
        }
    }
    db_done(q);
    db_close(db);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static enum st_rc record_look(struct aud_store *store, const char *pseudonym, const struct aud_look *look,
                              struct st_err *err)
{
    char who[PRIV_PSEUDONYM];
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc = ST_ERR;

    if (priv_pseudonym(store->priv, look->by, who, err) != ST_OK)
        return ST_ERR;
    aud_own_entry(store, &entry, AUD_ACCESS);
    snprintf(entry.subject, sizeof entry.subject, "records");
    st_json_init(&w, &entry.details);
    st_json_object(&w, NULL);
    st_json_str(&w, "by", who);
    st_json_str(&w, "reason", look->reason);
    st_json_end(&w);
    if (aud_append_own(store, &entry, pseudonym, err) == ST_OK)
        rc = aud_commit(store, err);
    aud_entry_fini(&entry);
    return rc;
}

enum st_rc aud_read_person(struct aud_store *store, const struct aud_look *look, aud_record_f *fn, void *ctx,
                           struct st_err *err)
{
    char pseudonym[PRIV_PSEUDONYM];
    struct reader reader = { .store = store, .pseudonym = pseudonym, .fn = fn, .ctx = ctx };
    enum st_rc rc;

    ST_CHECK(store, AUD_MAGIC);
    if (priv_pseudonym(store->priv, look->person, pseudonym, err) != ST_OK ||
        record_look(store, pseudonym, look, err) != ST_OK)
        return ST_ERR;
    st_buf_init(&reader.plain, 8192);
    rc = led_months(store->dir, look_month, &reader, err);
    st_buf_fini(&reader.plain);
    return rc;
}
