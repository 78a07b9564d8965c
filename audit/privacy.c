/* SPDX-License-Identifier: Apache-2.0 */
/* privacy - pseudonyms, the keys of persons, and their destruction.
 *
 * Three secrets, each in a file of its own so that each can be given to someone else: the pseudonym key (who knows it
 * can test whether a pseudonym is Ana's), the master key (wraps the keys of persons), and the checkpoint key (not
 * here). A person's key is made with the first record about that person and never made again: after an erasure a new
 * record, if one must exist, gets a key with the next number, so nothing ever opens the old ones again. The row of a
 * destroyed key stays as a tombstone. A wrapped key that does not open (a damaged row) is said and passed over as if it
 * were destroyed, since one row must not hold up everyone's records; the row stays, as a backup may mend it. A whole
 * key file from somewhere else is told from that by a check value kept beside the wrapped keys. When you add a table
 * that says something about a person, add it to destroy().
 */
#include "audit/privacy.h"
#include "audit/files.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "base/log.h"
#include "base/table.h"
#include <stdlib.h>
#include <string.h>

#define PRIV_MAGIC 0x70726976u
#define CACHE      4096
#define WRAPPED    (ST_SEAL_KEY_LEN + ST_SEAL_EXTRA)

struct privacy {
    unsigned magic;
    struct db *core;        /* borrowed */
    struct st_table *cache; /* identity -> struct priv_person */
    uint8_t pseudonym_key[32], master[ST_SEAL_KEY_LEN];
};

static void person_free(void *value)
{
    st_wipe(value, sizeof(struct priv_person));
    free(value);
}

/* Records under two keys that claim to be one could never be told apart again. The check value, 63 bits of a keyed
 * hash, tells nothing of the key; it is noted when stoa.db first meets the key. */
static enum st_rc key_fits(const struct privacy *priv, const char *name, const uint8_t key[32], struct st_err *err)
{
    const struct st_span what = ST_SPAN("stoa key check");
    uint8_t mac[ST_SHA256_LEN];
    int64_t check = 0;
    struct db_q *q;
    enum st_rc rc;

    if (st_hmac256(st_span(key, 32), &what, 1, mac, err) != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < 8; i++)
        check = (check & (INT64_MAX >> 8)) << 8 | mac[i];
    q = db_q(priv->core, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING");
    db_text(q, 1, name);
    db_int(q, 2, check);
    if (db_run(q, err) != ST_OK)
        return ST_ERR;
    q = db_q(priv->core, "SELECT value FROM meta WHERE name = ?");
    db_text(q, 1, name);
    rc = db_step(q, err);
    if (rc == ST_OK && db_col_int(q, 0) != check)
        rc = st_fail(err, ST_E_CONFIG, "audit.key", "a key is not the one that the records were made with", 0);
    db_done(q);
    return rc == ST_OK ? ST_OK : ST_ERR;
}

enum st_rc priv_open(const char *keys_dir, bool may_make, struct db *core, struct privacy **out, struct st_diag *diag,
                     struct st_err *err)
{
    struct privacy *priv = calloc(1, sizeof *priv);
    struct st_err why = ST_ERR_INIT;
    enum st_rc rc = ST_ERR;

    if (priv == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.privacy", "privacy", sizeof *priv);
    priv->magic = PRIV_MAGIC;
    priv->core = core;
    if (fil_key(keys_dir, "pseudonym.key", may_make, priv->pseudonym_key, diag, err) != ST_OK ||
        fil_key(keys_dir, "master.key", may_make, priv->master, diag, err) != ST_OK)
        goto out;
    if ((priv->cache = st_table_new(CACHE, true, person_free)) == NULL) {
        st_fail(err, ST_E_NOMEM, "audit.privacy", "cache", CACHE);
        goto out;
    }
    if (core != NULL && (key_fits(priv, "pseudonym.key", priv->pseudonym_key, &why) != ST_OK ||
                         key_fits(priv, "master.key", priv->master, &why) != ST_OK)) {
        if (why.code == ST_E_CONFIG)
            st_diag_add(diag, keys_dir, 0, 0,
                        "holds another pseudonym.key or master.key than the one the records were made with; restore "
                        "the whole audit folder from one backup");
        st_fail_at(err, why.code, why.where, why.what, why.num);
        goto out;
    }
    *out = priv;
    priv = NULL;
    rc = ST_OK;
out:
    priv_close(priv);
    return rc;
}

void priv_close(struct privacy *priv)
{
    if (priv == NULL)
        return;
    ST_CHECK(priv, PRIV_MAGIC);
    st_table_free(priv->cache);
    st_wipe(priv, sizeof *priv);
    free(priv);
}

/* RFC 4648 base32 in lower case, of the first 10 bytes: 80 bits, 16 letters. */
enum st_rc priv_pseudonym(struct privacy *priv, const char *identity, char out[PRIV_PSEUDONYM], struct st_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    const struct st_span parts[] = { st_span_str(identity) };
    uint8_t mac[ST_SHA256_LEN];
    uint64_t bits = 0;
    unsigned have = 0;
    size_t n = 2;

    if (st_hmac256(st_span(priv->pseudonym_key, sizeof priv->pseudonym_key), parts, 1, mac, err) != ST_OK)
        return ST_ERR;
    memcpy(out, "p-", 2);
    for (size_t i = 0; i < 10; i++) {
        bits = bits << 8 | mac[i];
        for (have += 8; have >= 5; have -= 5)
            out[n++] = letters[(bits >> (have - 5)) & 31];
    }
    out[n] = 0;
    return ST_OK;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static struct st_span wrap_aad(struct st_buf *buf, const char *pseudonym, uint32_t epoch)
{
    st_pack_str(buf, pseudonym);
    st_pack_u32(buf, epoch);
    return st_buf_view(buf);
}

static enum st_rc unwrap(struct privacy *priv, const char *pseudonym, uint32_t epoch, struct st_span wrapped,
                         uint8_t key[ST_SEAL_KEY_LEN], struct st_err *err)
{
    struct st_buf aad;
    enum st_rc rc;

    if (wrapped.n != WRAPPED)
        return st_fail(err, ST_E_INTEGRITY, "audit.privacy", "a person's key is damaged", (int64_t)wrapped.n);
    st_buf_init(&aad, 64);
    wrap_aad(&aad, pseudonym, epoch);
    rc = st_buf_done(&aad, err, "audit.privacy");
    if (rc == ST_OK)
        rc = st_unseal(priv->master, wrapped, st_buf_view(&aad), key, err);
    st_buf_fini(&aad);
    return rc;
}

/* ST_AGAIN when the key does not open. */
static enum st_rc open_key(struct privacy *priv, const char *pseudonym, uint32_t epoch, struct st_span wrapped,
                           uint8_t key[ST_SEAL_KEY_LEN], struct st_err *err)
{
    struct st_err why = ST_ERR_INIT;

    if (unwrap(priv, pseudonym, epoch, wrapped, key, &why) == ST_OK)
        return ST_OK;
    if (why.code != ST_E_INTEGRITY)
        return st_fail_at(err, why.code, why.where, why.what, why.num);
    ST_LOG(AUDIT_DAMAGED, ST_ID("person", st_id(pseudonym)), ST_NUM("key", epoch), ST_ERRF(&why));
    return ST_AGAIN;
}

static enum st_rc load_key(struct privacy *priv, struct priv_person *person, struct st_err *err)
{
    struct db_q *q = db_q(priv->core, "SELECT epoch, wrapped, (SELECT max(erased_ms) FROM person WHERE pseudonym = ?1)"
                                      " FROM person WHERE pseudonym = ?1 ORDER BY epoch DESC LIMIT 1");
    enum st_rc rc;

    db_text(q, 1, person->pseudonym);
    rc = db_step(q, err);
    if (rc == ST_OK) {
        person->epoch = (uint32_t)db_col_int(q, 0);
        person->erased_ms = db_col_int(q, 2);
        if (!db_col_null(q, 1)) {
            rc = open_key(priv, person->pseudonym, person->epoch, db_col(q, 1), person->key, err);
            person->has_key = rc == ST_OK;
        }
    }
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static enum st_rc load_consent(struct privacy *priv, struct priv_person *person, struct st_err *err)
{
    struct db_q *q =
        db_q(priv->core, "SELECT granted, since_ms FROM consent WHERE pseudonym = ? AND scope = 'learning'");
    enum st_rc rc;

    db_text(q, 1, person->pseudonym);
    rc = db_step(q, err);
    if (rc == ST_OK) {
        person->is_learning = db_col_int(q, 0) != 0;
        person->learning_ms = db_col_int(q, 1);
    }
    db_done(q);
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

enum st_rc priv_find(struct privacy *priv, const char *identity, struct priv_person **out, struct st_err *err)
{
    struct st_span key = st_span_str(identity);
    struct priv_person *person = st_table_get(priv->cache, key);

    ST_CHECK(priv, PRIV_MAGIC);
    if (person != NULL) {
        *out = person;
        return ST_OK;
    }
    if ((person = calloc(1, sizeof *person)) == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.privacy", "person", sizeof *person);
    if (priv_pseudonym(priv, identity, person->pseudonym, err) != ST_OK || load_key(priv, person, err) != ST_OK ||
        load_consent(priv, person, err) != ST_OK || st_table_put(priv->cache, key, person, err) != ST_OK) {
        person_free(person);
        return ST_ERR;
    }
    *out = person;
    return ST_OK;
}

static bool note_one(void *ctx, struct st_span key, void *value)
{
    (void)value;
    *(struct st_span *)ctx = key;
    return false;
}

void priv_forget(struct privacy *priv)
{
    struct st_span key = ST_SPAN_NONE;
    char copy[256]; /* an identity is never longer: struct aud_entry */
    void *person;

    while (st_table_count(priv->cache) > 0) {
        st_table_each(priv->cache, note_one, &key);
        assert(key.n <= sizeof copy);
        memcpy(copy, key.p, key.n);
        if ((person = st_table_take(priv->cache, st_span(copy, key.n))) != NULL)
            person_free(person);
    }
    st_wipe(copy, sizeof copy);
}

enum st_rc priv_need_key(struct privacy *priv, struct priv_person *person, bool *made, struct st_err *err)
{
    uint8_t key[ST_SEAL_KEY_LEN], wrapped[WRAPPED];
    struct st_buf aad;
    struct db_q *q;
    enum st_rc rc = ST_ERR;

    if (person->has_key)
        return ST_OK;
    st_buf_init(&aad, 64);
    wrap_aad(&aad, person->pseudonym, person->epoch + 1);
    if (st_buf_done(&aad, err, "audit.privacy") != ST_OK || st_random(key, sizeof key, err) != ST_OK ||
        st_seal(priv->master, st_span(key, sizeof key), st_buf_view(&aad), wrapped, err) != ST_OK)
        goto out;
    q = db_q(priv->core, "INSERT INTO person (pseudonym, epoch, wrapped, made_ms, erased_ms, is_logged)"
                         " VALUES (?, ?, ?, ?, 0, 1)");
    db_text(q, 1, person->pseudonym);
    db_int(q, 2, person->epoch + 1);
    db_blob(q, 3, st_span(wrapped, sizeof wrapped));
    db_int(q, 4, st_clock_wall_ms());
    if (db_run(q, err) != ST_OK)
        goto out;
    memcpy(person->key, key, sizeof key);
    person->epoch++;
    person->has_key = *made = true;
    rc = ST_OK;
out:
    st_wipe(key, sizeof key);
    st_buf_fini(&aad);
    return rc;
}

/* ---- sealing --------------------------------------------------------------------------------------------------- */

static enum st_rc seal_aad(struct st_buf *buf, uint64_t seq, struct st_span kind, struct st_err *err)
{
    st_buf_init(buf, 64);
    st_pack_u64(buf, seq);
    st_buf_span(buf, kind);
    return st_buf_done(buf, err, "audit.seal");
}

enum st_rc priv_seal(const struct priv_person *person, uint64_t seq, const char *kind, struct st_span plain,
                     struct st_buf *out, struct st_err *err)
{
    struct st_buf aad;
    enum st_rc rc = ST_ERR;
    uint8_t *room;

    st_buf_reset(out);
    room = st_buf_room(out, plain.n + ST_SEAL_EXTRA);
    if (seal_aad(&aad, seq, st_span_str(kind), err) == ST_OK && st_buf_done(out, err, "audit.seal") == ST_OK &&
        st_seal(person->key, plain, st_buf_view(&aad), room, err) == ST_OK) {
        out->n += plain.n + ST_SEAL_EXTRA;
        rc = ST_OK;
    }
    st_buf_fini(&aad);
    return rc;
}

static enum st_rc key_of(struct privacy *priv, const char *pseudonym, uint32_t epoch, uint8_t key[ST_SEAL_KEY_LEN],
                         struct st_err *err)
{
    struct db_q *q = db_q(priv->core, "SELECT wrapped FROM person WHERE pseudonym = ? AND epoch = ?"
                                      " AND wrapped IS NOT NULL");
    enum st_rc rc;

    db_text(q, 1, pseudonym);
    db_int(q, 2, epoch);
    rc = db_step(q, err);
    if (rc == ST_OK)
        rc = open_key(priv, pseudonym, epoch, db_col(q, 0), key, err);
    db_done(q);
    return rc;
}

enum st_rc priv_unseal(struct privacy *priv, const struct priv_sealed *sealed, struct st_buf *out, struct st_err *err)
{
    uint8_t key[ST_SEAL_KEY_LEN], *room;
    struct st_buf aad;
    enum st_rc rc = key_of(priv, sealed->pseudonym, sealed->epoch, key, err);

    if (rc != ST_OK)
        return rc;
    rc = ST_ERR;
    st_buf_reset(out);
    room = st_buf_room(out, sealed->bytes.n);
    if (seal_aad(&aad, sealed->seq, sealed->kind, err) != ST_OK || st_buf_done(out, err, "audit.unseal") != ST_OK)
        goto out;
    if (sealed->bytes.n < ST_SEAL_EXTRA)
        st_fail(err, ST_E_INTEGRITY, "audit.unseal", "sealed details are too short", (int64_t)sealed->bytes.n);
    else if (st_unseal(key, sealed->bytes, st_buf_view(&aad), room, err) == ST_OK) {
        out->n += sealed->bytes.n - ST_SEAL_EXTRA;
        rc = ST_OK;
    }
out:
    st_wipe(key, sizeof key);
    st_buf_fini(&aad);
    return rc;
}

/* ---- erasure --------------------------------------------------------------------------------------------------- */

static enum st_rc run_for(struct privacy *priv, const char *sql, const char *pseudonym, struct st_err *err)
{
    struct db_q *q = db_q(priv->core, sql);

    db_text(q, 1, pseudonym);
    return db_run(q, err);
}

static enum st_rc destroy(struct privacy *priv, const char *pseudonym, int64_t wall_ms, struct st_err *err)
{
    struct db_q *q = db_q(priv->core, "UPDATE person SET wrapped = NULL, erased_ms = ?2, is_logged = 0"
                                      " WHERE pseudonym = ?1 AND wrapped IS NOT NULL");

    db_text(q, 1, pseudonym);
    db_int(q, 2, wall_ms);
    if (db_run(q, err) != ST_OK)
        return ST_ERR;
    if (!db_changed(priv->core)) { /* nothing was sealed: the tombstone alone keeps late events out */
        q = db_q(priv->core, "INSERT INTO person (pseudonym, epoch, wrapped, made_ms, erased_ms, is_logged)"
                             " VALUES (?1, 0, NULL, ?2, ?2, 0) ON CONFLICT (pseudonym, epoch) DO UPDATE SET"
                             " erased_ms = excluded.erased_ms, is_logged = 0");
        db_text(q, 1, pseudonym);
        db_int(q, 2, wall_ms);
        if (db_run(q, err) != ST_OK)
            return ST_ERR;
    }
    if (run_for(priv, "DELETE FROM learning WHERE pseudonym = ?", pseudonym, err) != ST_OK)
        return ST_ERR;
    return run_for(priv, "DELETE FROM consent WHERE pseudonym = ?", pseudonym, err);
}

enum st_rc priv_erase(struct privacy *priv, const char *pseudonym, int64_t wall_ms, struct st_err *err)
{
    enum st_rc rc;

    priv_forget(priv);
    if (db_begin(priv->core, err) != ST_OK)
        return ST_ERR;
    rc = destroy(priv, pseudonym, wall_ms, err);
    if (rc == ST_OK)
        rc = db_commit(priv->core, err);
    if (rc != ST_OK) {
        db_rollback(priv->core);
        return ST_ERR;
    }
    return ST_OK;
}

enum st_rc priv_unlogged(struct privacy *priv, char pseudonym[PRIV_PSEUDONYM], int64_t *erased_ms, struct st_err *err)
{
    struct db_q *q = db_q(priv->core, "SELECT pseudonym, erased_ms FROM person WHERE is_logged = 0 LIMIT 1");
    enum st_rc rc = db_step(q, err);

    if (rc == ST_OK) {
        db_col_text(q, 0, pseudonym, PRIV_PSEUDONYM);
        *erased_ms = db_col_int(q, 1);
    }
    db_done(q);
    return rc;
}

enum st_rc priv_logged(struct privacy *priv, const char *pseudonym, struct st_err *err)
{
    return run_for(priv, "UPDATE person SET is_logged = 1 WHERE pseudonym = ?", pseudonym, err);
}
