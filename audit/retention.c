/* SPDX-License-Identifier: Apache-2.0 */
/* retention - forgetting on time: whole months of the log, and what the projections made of them.
 *
 * A month goes when its last moment is older than the retention; the file is unlinked, not emptied, so nothing of it
 * stays in free pages. Before it goes, a record says which records went and what their root was, and a checkpoint signs
 * that; the tree goes on from the state that the next month's file began with. The month being written never goes.
 */
#include "audit/recorder.h"
#include "base/clock.h"
#include "base/json.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct due {
    struct aud_store *store;
    int64_t before_ms;
    char path[FIL_PATH], month[LED_MONTH]; /* the first that is due; "" */
};

static enum st_rc find_due(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct due *due = ctx;
    char next[LED_MONTH];

    (void)err;
    led_month_next(month, next);
    if (due->path[0] != 0 || strcmp(month, led_month(due->store->led)) == 0 || led_month_ms(next) > due->before_ms)
        return ST_OK;
    snprintf(due->path, sizeof due->path, "%s", path);
    memcpy(due->month, month, LED_MONTH);
    return ST_OK;
}

static enum st_rc say(struct aud_store *store, const struct due *due, const struct tree *start, const struct tree *end,
                      struct st_err *err)
{
    uint8_t root[ST_SHA256_LEN];
    char hex[2 * ST_SHA256_LEN + 1] = "";
    struct aud_entry entry;
    struct st_json w;
    enum st_rc rc;

    if (tree_root(end, root, err) != ST_OK)
        return ST_ERR;
    st_hex(st_span(root, sizeof root), hex);
    aud_own_entry(store, &entry, AUD_SYSTEM);
    snprintf(entry.subject, sizeof entry.subject, "retention");
    st_json_init(&w, &entry.details);
    st_json_object(&w, NULL);
    st_json_str(&w, "month", due->month);
    st_json_int(&w, "from_seq", (int64_t)start->size + 1);
    st_json_int(&w, "to_seq", (int64_t)end->size);
    st_json_str(&w, "root", hex);
    st_json_end(&w);
    rc = aud_append_own(store, &entry, NULL, err);
    aud_entry_fini(&entry);
    if (rc != ST_OK || aud_commit(store, err) != ST_OK)
        return ST_ERR;
    return aud_checkpoint(store, true, err);
}

static enum st_rc bounds(const char *path, struct tree *start, struct tree *end, struct st_err *err)
{
    struct db *db = NULL;
    enum st_rc rc = db_open(path, &db_log, DB_READ, &db, NULL, err);

    if (rc == ST_OK)
        rc = led_tree(db, "start", start, err);
    if (rc == ST_OK)
        rc = led_tree(db, "now", end, err);
    db_close(db);
    return rc;
}

static enum st_rc remove_file(const char *path, const char *suffix, struct st_err *err)
{
    char name[FIL_PATH + 8];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    if (unlink(name) != 0 && errno != ENOENT)
        return st_fail(err, ST_E_IO, "audit.retain", "a month cannot be removed", errno);
    return ST_OK;
}

struct old_checkpoints {
    const char *dir;
    uint64_t below;
};

/* They say nothing any more that could be checked here; the copies elsewhere stay. */
static enum st_rc drop_checkpoint(void *ctx, const char *name, struct st_err *err)
{
    const struct old_checkpoints *old = ctx;
    char path[FIL_PATH];
    uint64_t size;

    if (!chk_is_name(name) || !st_span_u64(st_span_str(name), &size) || size >= old->below)
        return ST_OK;
    if (fil_join(path, old->dir, name, err) != ST_OK)
        return ST_ERR;
    return remove_file(path, "", err);
}

static enum st_rc remove_month(struct aud_store *store, const struct due *due, struct st_err *err)
{
    struct old_checkpoints old = { store->checkpoints_dir, 0 };
    struct tree start, end;

    if (bounds(due->path, &start, &end, err) != ST_OK || say(store, due, &start, &end, err) != ST_OK)
        return ST_ERR;
    old.below = store->copy == AUD_COPY_AWAY ? 0 : end.size; /* what was not copied yet waits for a later month */
    if (remove_file(due->path, "", err) != ST_OK || remove_file(due->path, "-wal", err) != ST_OK ||
        remove_file(due->path, "-shm", err) != ST_OK || fil_sync_dir(store->dir, err) != ST_OK)
        return ST_ERR;
    return fil_each(store->checkpoints_dir, drop_checkpoint, &old, err);
}

enum st_rc aud_retain(struct aud_store *store, struct st_err *err)
{
    struct due due = { .store = store };
    char next[LED_MONTH];

    ST_CHECK(store, AUD_MAGIC);
    if (store->retention_ms <= 0)
        return ST_OK;
    due.before_ms = st_clock_wall_ms() - store->retention_ms;
    for (;;) {
        due.path[0] = 0;
        if (led_months(store->dir, find_due, &due, err) != ST_OK)
            return ST_ERR;
        if (due.path[0] == 0)
            return ST_OK;
        led_month_next(due.month, next);
        if (learn_retain(store->core, led_month_ms(next), err) != ST_OK || remove_month(store, &due, err) != ST_OK)
            return ST_ERR; /* the file last: while it is there, this comes again */
    }
}
