/* SPDX-License-Identifier: Apache-2.0 */
/* person - what can be asked and said about one person: consent, and a look at the records that leaves a record.
 *
 * Both go through the recorder, since it alone holds the keys. A look is written and on disk before the first detail
 * is opened: who cannot write down that they looked cannot look. Details of an erased person come out empty, and so do
 * those that are damaged. What people learned goes out, with a name that is made for the recipient, for as long as they
 * are opted in.
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
    const char *pseudonym; /* of the one person; NULL: the learning of all, for: */
    const char *recipient;
    uint64_t from;
    aud_record_f *fn;
    void *ctx;
    struct st_buf plain;
    bool is_stopped;
};

/* Who the recipient knows the person as. No identity begins with a control character, so it is nobody's pseudonym. */
static enum st_rc name_for(const struct reader *reader, const char *pseudonym, char out[PRIV_PSEUDONYM],
                           struct st_err *err)
{
    char pair[512];
    int n = snprintf(pair, sizeof pair, "\x01%s\x01%s", reader->recipient, pseudonym);

    if (n < 0 || (size_t)n >= sizeof pair)
        return st_fail(err, ST_E_LIMIT, "audit.learned", "the recipient's name is too long", n);
    return priv_pseudonym(reader->store->priv, pair, out, err);
}

/* Opens what is sealed; nothing comes of what was erased or is damaged. */
static enum st_rc open_details(struct reader *reader, const struct led_row *row, const char *pseudonym,
                               struct st_span *out, struct st_err *err)
{
    struct priv_sealed sealed = { pseudonym, row->key, row->seq, row->kind, row->details };
    struct st_err why = ST_ERR_INIT;
    enum st_rc rc;

    *out = row->key == 0 ? row->details : ST_SPAN_NONE;
    if (row->key == 0)
        return ST_OK;
    rc = priv_unseal(reader->store->priv, &sealed, &reader->plain, &why);
    if (rc == ST_ERR && why.code != ST_E_INTEGRITY)
        return st_fail_at(err, why.code, why.where, why.what, why.num);
    if (rc == ST_ERR) /* the person still gets the rest */
        ST_LOG(AUDIT_DAMAGED, ST_NUM("seq", row->seq), ST_ERRF(&why));
    if (rc == ST_OK)
        *out = st_buf_view(&reader->plain);
    return ST_OK;
}

static enum st_rc show(struct reader *reader, const struct led_row *row, struct st_err *err)
{
    struct aud_record record = { .seq = row->seq, .wall_ms = row->wall_ms };
    char subject[64], owner[PRIV_PSEUDONYM], name[PRIV_PSEUDONYM];

    record.kind = aud_kind_of(row->kind);
    snprintf(subject, sizeof subject, "%.*s", (int)row->subject.n, (const char *)row->subject.p);
    snprintf(owner, sizeof owner, "%.*s", (int)row->pseudonym.n, (const char *)row->pseudonym.p);
    record.subject = subject;
    record.pseudonym = owner;
    if (reader->recipient != NULL) {
        if (name_for(reader, owner, name, err) != ST_OK)
            return ST_ERR;
        record.pseudonym = name;
    }
    if (open_details(reader, row, owner, &record.details, err) != ST_OK)
        return ST_ERR;
    reader->is_stopped = !reader->fn(reader->ctx, &record);
    return ST_OK;
}

/* Is the one whom this row is about opted in now? */
static enum st_rc is_in(struct reader *reader, const struct led_row *row, bool *is, struct st_err *err)
{
    struct db_q *q = db_q(reader->store->core, "SELECT granted FROM consent WHERE pseudonym = CAST(? AS TEXT)"
                                               " AND scope = 'learning'");
    enum st_rc rc;

    db_blob(q, 1, row->pseudonym);
    rc = db_step(q, err);
    *is = rc == ST_OK && db_col_int(q, 0) != 0;
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static struct db_q *rows_of(const struct reader *reader, struct db *db)
{
    struct db_q *q;

    if (reader->pseudonym != NULL) {
        q = db_q(db, "SELECT " LED_COLUMNS " FROM record WHERE pseudonym = ? ORDER BY seq");
        db_text(q, 1, reader->pseudonym);
        return q;
    }
    q = db_q(db, "SELECT " LED_COLUMNS " FROM record WHERE kind = 'learning' AND seq >= ? ORDER BY seq");
    db_int(q, 1, (int64_t)reader->from);
    return q;
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
    q = rows_of(reader, db);
    while ((rc = db_step(q, err)) == ST_OK && !reader->is_stopped) {
        bool may = true;

        led_row(q, &row);
        if ((reader->recipient != NULL && is_in(reader, &row, &may, err) != ST_OK) ||
            (may && show(reader, &row, err) != ST_OK)) {
            rc = ST_ERR;
            break;
        }
    }
    db_done(q);
    db_close(db);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

/* pseudonym NULL: it is a look at the learning of all. */
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
    if (pseudonym == NULL)
        st_json_str(&w, "scope", "learning");
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

enum st_rc aud_read_learning(struct aud_store *store, const struct aud_handover *to, aud_record_f *fn, void *ctx,
                             struct st_err *err)
{
    const struct aud_look look = { NULL, to->by, to->reason };
    struct reader reader = { .store = store, .recipient = to->recipient, .from = to->from_seq, .fn = fn, .ctx = ctx };
    enum st_rc rc;

    ST_CHECK(store, AUD_MAGIC);
    if (record_look(store, NULL, &look, err) != ST_OK)
        return ST_ERR;
    st_buf_init(&reader.plain, 8192);
    rc = led_months(store->dir, look_month, &reader, err);
    st_buf_fini(&reader.plain);
    return rc;
}
