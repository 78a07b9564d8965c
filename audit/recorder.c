/* SPDX-License-Identifier: Apache-2.0 */
/* recorder - the one writer: a batch of entries becomes rows, a tree, projections and, now and then, a signature.
 *
 * The batch stays in memory until it is on disk. Committing is four steps, each repeatable, so that after a failure or
 * a crash the same batch may simply come again: (1) persons get their keys, on disk before anything is sealed with
 * them; (2) rows and tree in one transaction of the month's file: this is the moment that counts; an id that is there
 * is passed over; (3) projections up to the log's end, by a mark in their own file; (4) the batch is let go. Nothing
 * but the log's own transaction decides what was recorded. A month ends with a checkpoint before the next file begins.
 */
#include "audit/recorder.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEALED_MAX    (8u * 1024u)
#define COPY_RETRY_MS 10000u          /* a share that is away may take seconds to say so: not at every commit */
#define COPY_WHOLE_MS (3600u * 1000u) /* someone may have emptied it, or mounted it late over an empty folder */

/* ---- opening --------------------------------------------------------------------------------------------------- */

static enum st_rc make_folders(struct aud_store *store, const struct aud_options *options, struct st_err *err)
{
    if ((size_t)snprintf(store->dir, sizeof store->dir, "%s", options->dir) >= sizeof store->dir ||
        (size_t)snprintf(store->copy_dir, sizeof store->copy_dir, "%s",
                         options->checkpoint_copy != NULL ? options->checkpoint_copy : "") >= sizeof store->copy_dir)
        return st_fail(err, ST_E_LIMIT, "audit.open", "path is too long", FIL_PATH);
    if (fil_join(store->keys_dir, store->dir, "keys", err) != ST_OK ||
        fil_join(store->checkpoints_dir, store->dir, "checkpoints", err) != ST_OK)
        return ST_ERR;
    if (fil_mkdir(store->dir, err) != ST_OK || fil_mkdir(store->keys_dir, err) != ST_OK)
        return ST_ERR;
    return fil_mkdir(store->checkpoints_dir, err);
}

static enum st_rc take_lock(struct aud_store *store, struct st_diag *diag, struct st_err *err)
{
    char path[FIL_PATH];

    if (fil_join(path, store->dir, "lock", err) != ST_OK)
        return ST_ERR;
    if (fil_lock(path, &store->lock, err) == ST_OK)
        return ST_OK;
    st_diag_add(diag, path, 0, 0,
                "another process writes this log (stoad, while it runs): stop it, or set state_dir to another folder");
    return ST_ERR;
}

static enum st_rc note_size(void *ctx, const char *name, struct st_err *err)
{
    (void)err;
    if (chk_is_name(name)) /* in order, so the largest stays; one too large for u64 is not ours, and verify says so */
        (void)st_span_u64(st_span_str(name), ctx);
    return ST_OK;
}

static enum st_rc look_month(void *ctx, const char *path, const char *month, struct st_err *err)
{
    (void)month;
    return db_recognise(path, &db_log, ctx, err);
}

/* Before anything is made, so that a stranger's folder stays as it is. */
static enum st_rc look_first(const char *dir, struct st_diag *diag, struct st_err *err)
{
    char path[FIL_PATH];

    if (fil_join(path, dir, "stoa.db", err) != ST_OK)
        return ST_ERR;
    if (fil_exists(path) && db_recognise(path, &db_core, diag, err) != ST_OK)
        return ST_ERR;
    return fil_exists(dir) ? led_months(dir, look_month, diag, err) : ST_OK;
}

/* The log's name in its checkpoints: where nobody chose one, of this host, and never of a person. */
static const char *origin_of(const struct aud_options *options, char own[CHK_NAME])
{
    char host[64] = "";

    if (options->origin != NULL)
        return options->origin;
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof host, "host");
    snprintf(own, CHK_NAME, "stoa/%.63s", host);
    return own;
}

static enum st_rc open_all(struct aud_store *store, const struct aud_options *options, struct st_diag *diag,
                           struct st_err *err)
{
    char path[FIL_PATH], own[CHK_NAME];
    const char *origin = origin_of(options, own);
    bool is_new;

    if (look_first(options->dir, diag, err) != ST_OK || make_folders(store, options, err) != ST_OK ||
        take_lock(store, diag, err) != ST_OK || fil_join(path, store->dir, "stoa.db", err) != ST_OK)
        return ST_ERR;
    is_new = !fil_exists(path); /* keys first, then the database: a crash between leaves keys without records */
    if (is_new && chk_signer_open(store->keys_dir, origin, true, &store->signer, diag, err) != ST_OK)
        return ST_ERR;
    if (is_new && priv_open(store->keys_dir, true, NULL, &store->priv, diag, err) != ST_OK)
        return ST_ERR;
    priv_close(store->priv);
    store->priv = NULL;
    if (db_open(path, &db_core, DB_WRITE, &store->core, diag, err) != ST_OK ||
        led_open(store->dir, st_clock_wall_ms(), &store->led, diag, err) != ST_OK ||
        chk_signer_open(store->keys_dir, origin, false, &store->signer, diag, err) != ST_OK ||
        priv_open(store->keys_dir, false, store->core, &store->priv, diag, err) != ST_OK)
        return ST_ERR;
    return fil_each(store->checkpoints_dir, note_size, &store->signed_size, err);
}

static enum st_rc project(struct aud_store *store, struct st_err *err)
{
    bool changed = false;
    enum st_rc rc = learn_catch_up(store->dir, store->core, store->led, store->priv, &changed, err);

    if (changed || rc != ST_OK)
        priv_forget(store->priv);
    return rc;
}

static void own_id(const char *pseudonym, int64_t erased_ms, uint8_t id[AUD_ID_LEN])
{
    const struct st_span parts[] = { ST_SPAN("erasure"), st_span_str(pseudonym), { (uint8_t *)&erased_ms, 8 } };
    uint8_t sum[ST_SHA256_LEN] = { 0 };

    if (st_sha256(parts, ST_LEN(parts), sum, NULL) == ST_OK)
        memcpy(id, sum, AUD_ID_LEN);
}

/* An erasure is done first and recorded second; its id comes from what it is, so that saying it twice is once. */
static enum st_rc log_erasures(struct aud_store *store, struct st_err *err)
{
    char pseudonym[PRIV_PSEUDONYM];
    struct aud_entry entry;
    int64_t erased_ms;
    enum st_rc rc;

    while ((rc = priv_unlogged(store->priv, pseudonym, &erased_ms, err)) == ST_OK) {
        aud_own_entry(store, &entry, AUD_ERASURE);
        own_id(pseudonym, erased_ms, entry.id);
        entry.wall_ms = erased_ms;
        rc = aud_append_own(store, &entry, pseudonym, err);
        aud_entry_fini(&entry);
        if (rc != ST_OK || aud_commit(store, err) != ST_OK || priv_logged(store->priv, pseudonym, err) != ST_OK)
            return ST_ERR;
    }
    return rc == ST_AGAIN ? ST_OK : ST_ERR;
}

enum st_rc aud_open(const struct aud_options *options, struct aud_store **out, struct st_diag *diag, struct st_err *err)
{
    struct aud_store *store = calloc(1, sizeof *store);
    enum st_rc rc = ST_ERR;

    if (store == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.open", "store", sizeof *store);
    store->magic = AUD_MAGIC;
    store->lock = -1;
    store->checkpoint_ms = options->checkpoint_ms;
    store->checkpoint_records = options->checkpoint_records;
    store->retention_ms = options->retention_ms;
    store->copy = options->checkpoint_copy != NULL ? AUD_COPY_BEHIND : AUD_COPY_NONE;
    store->signed_at_ms = st_clock_ms();
    st_buf_init(&store->sealed, SEALED_MAX);
    if ((store->batch = calloc(AUD_BATCH_MAX, sizeof *store->batch)) == NULL) {
        st_fail(err, ST_E_NOMEM, "audit.open", "batch", AUD_BATCH_MAX);
        goto out;
    }
    if (st_random(store->instance, sizeof store->instance, err) != ST_OK ||
        open_all(store, options, diag, err) != ST_OK || project(store, err) != ST_OK ||
        log_erasures(store, err) != ST_OK)
        goto out;
    *out = store;
    store = NULL;
    rc = ST_OK;
out:
    if (store != NULL) {
        priv_close(store->priv); /* no last checkpoint of what could not be opened */
        store->priv = NULL;
        aud_close(store);
    }
    return rc;
}

static void let_batch_go(struct aud_store *store)
{
    for (size_t i = 0; i < store->n; i++)
        aud_entry_fini(&store->batch[i].entry);
    store->n = 0;
}

void aud_close(struct aud_store *store)
{
    struct st_err err = ST_ERR_INIT;

    if (store == NULL)
        return;
    ST_CHECK(store, AUD_MAGIC);
    if (store->priv != NULL && (aud_commit(store, &err) != ST_OK || aud_checkpoint(store, true, &err) != ST_OK))
        ST_LOG(RECORD_FAILED, ST_ERRF(&err)); /* what was not committed was not acknowledged: the workers have it */
    if (store->batch != NULL)
        let_batch_go(store);
    free(store->batch);
    priv_close(store->priv);
    led_close(store->led);
    db_close(store->core);
    st_buf_fini(&store->sealed);
    st_wipe(&store->signer, sizeof store->signer);
    if (store->lock >= 0)
        close(store->lock);
    store->magic = 0;
    free(store);
}

/* ---- the batch ------------------------------------------------------------------------------------------------- */

void aud_own_entry(struct aud_store *store, struct aud_entry *entry, enum aud_kind kind)
{
    aud_entry_init(entry, kind);
    memcpy(entry->id, store->instance, sizeof store->instance);
    store->counter++;
    memcpy(entry->id + sizeof store->instance, &store->counter, sizeof store->counter);
    entry->wall_ms = st_clock_wall_ms();
}

enum st_rc aud_append_own(struct aud_store *store, const struct aud_entry *entry, const char *pseudonym,
                          struct st_err *err)
{
    struct aud_pending *p = &store->batch[store->n];

    if (store->n == AUD_BATCH_MAX)
        return st_fail(err, ST_E_LIMIT, "audit.append", "too many records wait for a commit", AUD_BATCH_MAX);
    if (aud_entry_check(entry, err) != ST_OK)
        return ST_ERR;
    memset(p, 0, sizeof *p);
    p->entry = *entry;
    memset(&p->entry.details, 0, sizeof p->entry.details);
    st_buf_init(&p->entry.details, entry->details.n + 1);
    st_buf_span(&p->entry.details, st_buf_view(&entry->details));
    if (st_buf_done(&p->entry.details, err, "audit.append") != ST_OK) {
        aud_entry_fini(&p->entry);
        return ST_ERR;
    }
    if (pseudonym != NULL)
        snprintf(p->pseudonym, sizeof p->pseudonym, "%s", pseudonym);
    store->n++;
    return ST_OK;
}

enum st_rc aud_append(struct aud_store *store, const struct aud_entry *entry, struct st_err *err)
{
    ST_CHECK(store, AUD_MAGIC);
    if (entry->kind == AUD_CONSENT || entry->kind == AUD_ERASURE)
        return st_fail(err, ST_E_DENIED, "audit.append", "only the recorder makes this kind of record", entry->kind);
    return aud_append_own(store, entry, NULL, err);
}

/* ---- step 1: persons ------------------------------------------------------------------------------------------- */

static bool is_sealed_kind(enum aud_kind kind)
{
    return kind == AUD_DECISION || kind == AUD_LEARNING || kind == AUD_CONSENT;
}

static enum aud_fate fate_of(const struct aud_entry *entry, const struct priv_person *person)
{
    if (entry->kind == AUD_LEARNING && (!person->is_learning || entry->wall_ms < person->learning_ms))
        return AUD_DROPPED;
    if (entry->kind == AUD_DECISION && person->erased_ms != 0 && entry->wall_ms <= person->erased_ms)
        return AUD_BARE;
    return AUD_WHOLE;
}

static enum st_rc prepare_one(struct aud_store *store, struct aud_pending *p, bool *made, struct st_err *err)
{
    struct priv_person *person = NULL;

    if (p->entry.person[0] == 0)
        return ST_OK;
    if (priv_find(store->priv, p->entry.person, &person, err) != ST_OK)
        return ST_ERR;
    p->fate = fate_of(&p->entry, person);
    memcpy(p->pseudonym, person->pseudonym, sizeof p->pseudonym);
    if (p->fate == AUD_BARE)
        p->pseudonym[0] = 0;
    if (p->fate != AUD_WHOLE || !is_sealed_kind(p->entry.kind))
        return ST_OK;
    return priv_need_key(store->priv, person, made, err);
}

static enum st_rc prepare(struct aud_store *store, struct st_err *err)
{
    bool made = false;
    enum st_rc rc = db_begin(store->core, err);

    for (size_t i = 0; i < store->n && rc == ST_OK; i++)
        rc = prepare_one(store, &store->batch[i], &made, err);
    if (rc == ST_OK && made)
        rc = db_commit(store->core, err);
    if (rc != ST_OK)
        priv_forget(store->priv); /* keys in the cache that never reached the disk */
    db_rollback(store->core);
    return rc;
}

/* ---- step 2: rows ---------------------------------------------------------------------------------------------- */

static enum st_rc write_one(struct aud_store *store, struct aud_pending *p, struct st_err *err)
{
    const char *kind = aud_kind_name(p->entry.kind);
    struct priv_person *person = NULL;
    struct led_row row = {
        .wall_ms = p->entry.wall_ms,
        .id = st_span(p->entry.id, AUD_ID_LEN),
        .kind = st_span_str(kind),
        .pseudonym = st_span_str(p->pseudonym),
        .subject = st_span_str(p->entry.subject),
        .details = st_buf_view(&p->entry.details),
    };

    if (p->fate == AUD_DROPPED)
        return ST_OK;
    if (p->fate == AUD_BARE) {
        row.details = ST_SPAN_NONE;
    } else if (p->entry.person[0] != 0 && is_sealed_kind(p->entry.kind)) {
        if (priv_find(store->priv, p->entry.person, &person, err) != ST_OK)
            return ST_ERR;
        if (!person->has_key)
            return st_fail(err, ST_E_INTEGRITY, "audit.commit", "a person's key is gone", 0);
        if (priv_seal(person, led_next(store->led), kind, row.details, &store->sealed, err) != ST_OK)
            return ST_ERR;
        row.details = st_buf_view(&store->sealed);
        row.key = person->epoch;
    }
    return led_add(store->led, &row, err);
}

static enum st_rc write_rows(struct aud_store *store, struct st_err *err)
{
    enum st_rc rc = led_begin(store->led, st_clock_wall_ms(), err);

    if (rc != ST_OK)
        return ST_ERR;
    for (size_t i = 0; i < store->n && rc == ST_OK; i++)
        rc = write_one(store, &store->batch[i], err);
    if (rc == ST_OK)
        rc = led_commit(store->led, err);
    if (rc != ST_OK)
        led_abort(store->led);
    return rc;
}

static enum st_rc roll_month(struct aud_store *store, struct st_err *err)
{
    int64_t now = st_clock_wall_ms();

    if (!led_roll_due(store->led, now))
        return ST_OK;
    if (aud_checkpoint(store, true, err) != ST_OK)
        return ST_ERR;
    return led_roll(store->led, now, err);
}

enum st_rc aud_commit(struct aud_store *store, struct st_err *err)
{
    ST_CHECK(store, AUD_MAGIC);
    if (store->n == 0)
        return ST_OK;
    if (project(store, err) != ST_OK) /* a consent that is in the log must be in force before it is asked for */
        return ST_ERR;
    if (roll_month(store, err) != ST_OK || prepare(store, err) != ST_OK || write_rows(store, err) != ST_OK ||
        project(store, err) != ST_OK)
        return ST_ERR;
    let_batch_go(store);
    return ST_OK;
}

/* ---- signing --------------------------------------------------------------------------------------------------- */

/* The only writer of store->copy once it is open. Said once per absence, and once when it is over. */
static void copy_enter(struct aud_store *store, enum aud_copy next, const struct st_err *err)
{
    if (next == AUD_COPY_AWAY && store->copy != AUD_COPY_AWAY)
        ST_LOG(CHECKPOINT_COPY_AWAY, ST_NUM("records", store->signed_size), ST_ERRF(err));
    if (next == AUD_COPY_IN_STEP && store->copy == AUD_COPY_AWAY)
        ST_LOG(CHECKPOINT_COPY_BACK, ST_NUM("records", store->signed_size));
    store->copy = next;
}

/* The copy lies where others rule, often on a share that comes and goes. That must not stop the recording, and what was
 * signed here stands: so its absence is told and tried again, and is no failure of the checkpoint. */
static void copy_checkpoints(struct aud_store *store, bool is_fresh, bool now)
{
    struct st_err err = ST_ERR_INIT;
    uint64_t ms = st_clock_ms(), size = 0;

    switch (store->copy) {
    case AUD_COPY_NONE: return;
    case AUD_COPY_BEHIND: break;
    case AUD_COPY_IN_STEP:
        if (!is_fresh)
            return;
        if (ms - store->copy_whole_ms < COPY_WHOLE_MS)
            size = store->signed_size;
        break;
    case AUD_COPY_AWAY:
        if (!now && ms - store->copy_tried_ms < COPY_RETRY_MS)
            return;
        break;
    }
    store->copy_tried_ms = ms;
    if (chk_copy(store->checkpoints_dir, store->copy_dir, &store->signer.key, size, &err) != ST_OK) {
        copy_enter(store, AUD_COPY_AWAY, &err);
        return;
    }
    if (size == 0)
        store->copy_whole_ms = ms;
    copy_enter(store, AUD_COPY_IN_STEP, NULL);
}

enum st_rc aud_checkpoint(struct aud_store *store, bool now, struct st_err *err)
{
    const struct tree *tree = led_state(store->led);
    uint64_t fresh, ms = st_clock_ms();
    bool is_due;

    ST_CHECK(store, AUD_MAGIC);
    fresh = tree->size - (store->signed_size < tree->size ? store->signed_size : tree->size);
    is_due = fresh > 0 && (now || fresh >= (uint64_t)store->checkpoint_records ||
                           ms - store->signed_at_ms >= (uint64_t)store->checkpoint_ms);
    if (is_due) {
        if (chk_write(&store->signer, tree, store->checkpoints_dir, err) != ST_OK)
            return ST_ERR;
        store->signed_size = tree->size;
        store->signed_at_ms = ms;
        ST_LOG(CHECKPOINT, ST_NUM("records", tree->size));
    }
    copy_checkpoints(store, is_due, now);
    return ST_OK;
}

void aud_status(const struct aud_store *store, struct aud_status *out)
{
    out->records = led_state(store->led)->size;
    out->waiting = store->n;
    out->signed_records = store->signed_size;
}

enum st_rc aud_rebuild(struct aud_store *store, struct st_err *err)
{
    int64_t keep_from_ms = store->retention_ms > 0 ? st_clock_wall_ms() - store->retention_ms : 0;
    enum st_rc rc;

    ST_CHECK(store, AUD_MAGIC);
    rc = learn_rebuild(store->dir, store->core, store->led, store->priv, keep_from_ms, err);
    priv_forget(store->priv);
    return rc;
}

/* ---- erasure; the rest about one person is in person.c ----------------------------------------------------------- */

enum st_rc aud_erase(struct aud_store *store, const char *person, struct st_err *err)
{
    char pseudonym[PRIV_PSEUDONYM];

    ST_CHECK(store, AUD_MAGIC);
    if (aud_commit(store, err) != ST_OK || priv_pseudonym(store->priv, person, pseudonym, err) != ST_OK ||
        priv_erase(store->priv, pseudonym, st_clock_wall_ms(), err) != ST_OK || log_erasures(store, err) != ST_OK)
        return ST_ERR;
    return db_flush(store->core, err); /* old pages in the write-ahead file still hold the wrapped key */
}
