/* SPDX-License-Identifier: Apache-2.0 */
/* ledger - the record log. This comment is its whole format: enough to write another checker, in any language, from
 * nothing else (tests/scenario/audit_check.py is one). Numbers are little endian; || joins bytes.
 *
 * FILES below the log's folder
 *   log-YYYY-MM.db      SQLite, one per month of the recorder's clock (UTC), application_id 0x53746f4c, user_version 1
 *   checkpoints/N       a signed checkpoint of the first N records, N as 20 decimal digits
 *   keys/checkpoint.pub the checkpoint key, one line: NAME+HASH+KEY as under CHECKPOINT
 *   stoa.db             what is made from the log (and the wrapped keys of persons): no part of the evidence
 * A second folder may hold copies of the checkpoints and of checkpoint.pub; it should be out of the reach of whoever
 * administers this host. Where both exist, its checkpoint.pub is the one to believe, and the two must be equal.
 *
 * RECORD: table record, one row each
 *   seq INTEGER      1, 2, 3 … without a gap, over all months
 *   id BLOB          24 bytes: who handed it over (16) and that one's counter (8); unique
 *   wall_ms INTEGER  when it happened, milliseconds since 1970-01-01T00:00:00Z, as the sender's clock said
 *   kind TEXT        decision learning resource consent access erasure generation system
 *   pseudonym TEXT   "p-" and 16 letters of base32, or empty
 *   subject TEXT     an id: the rule, the resource …
 *   key INTEGER      0: details is readable JSON (or empty). Else details is sealed with the person's key number `key`
 *   details BLOB     if sealed: nonce (12) || AES-256-GCM ciphertext || tag (16), with u64 seq || kind as bound data
 *   salt BLOB        16 random bytes, so that a leaf's hash tells nothing about a guessable row
 *   leaf BLOB        the leaf hash below; it only serves to name the row that was changed
 *
 * CANONICAL ROW
 *   row  = u8 1 || u64 seq || u64 wall_ms (two's complement) || str(id) || str(kind) || str(pseudonym) || str(subject)
 *          || u32 key || str(details) || str(salt)
 *   str(x) = u32 length in bytes || bytes        (TEXT as its UTF-8 bytes)
 * Erasing a person destroys a key, which is not in the row: rows and hashes stay as they were.
 *
 * TREE (RFC 9162 §2.1, SHA-256)
 *   leaf hash = SHA-256(0x00 || row)       node = SHA-256(0x01 || left || right)       empty tree = SHA-256("")
 *   The root of n > 1 leaves is the node over the root of the first k and the root of the other n - k, where k is the
 *   largest power of two smaller than n. Record seq is leaf number seq - 1.
 * Table tree in each month's file has two rows: at = 'start', the state before the file's first record, and at = 'now',
 * after its last. size is the number of leaves; edge is the roots of the full subtrees they make, one per one bit of
 * size, the largest subtree first, 32 bytes each. To add a leaf hash h: for each trailing one bit of size, take the
 * last edge e off and h = node(e, h); then put h at the end and size = size + 1. Root: h = last edge; for each edge e
 * before it, from right to left, h = node(e, h). 'start' of a month equals 'now' of the one before; where older months
 * were removed (retention), the oldest 'start' stands for them, and the first checkpoint at or above its size confirms
 * it.
 *
 * CHECKPOINT (C2SP tlog-checkpoint in a C2SP signed note): UTF-8 text, each line ends with one newline
 *   line 1: origin      line 2: N in decimal      line 3: base64 of the root of the first N leaves      line 4: empty
 *   line 5: U+2014, space, NAME, space, base64(hash (4 bytes) || Ed25519 signature (64 bytes))
 *   The signature is over lines 1 to 3 with their newlines. NAME is the origin. hash = first 4 bytes of
 *   SHA-256(NAME || 0x0a || 0x01 || public key (32 bytes)). checkpoint.pub: NAME, '+', hash in hex, '+',
 *   base64(0x01 || public key), newline.
 *
 * CHECK, in this order; anything else than what is said here means that the log is not what was written
 *   1. Read every checkpoint of both folders; verify signature, origin, and that its N is its file name.
 *   2. For each month, oldest first: 'start' equals the running tree (the oldest sets it); for each row by seq: seq is
 *      size + 1, the leaf hash from the row equals its leaf column (else this row is the first bad one), append it;
 *      'now' equals the running tree.
 *   3. Whenever the size equals some checkpoint's N, the roots are equal. Else the first bad row is the one after the
 *      last checkpoint that agreed. Since all checkpoints are held against one tree, they are consistent.
 *   4. No checkpoint is larger than the log: else its tail was cut, and the first missing row is size + 1.
 *      Checkpoints smaller than the oldest 'start' can only be checked for their signature.
 *
 * Rows and the tree's 'now' are written in one transaction. Across two files WAL transactions are not atomic, so what
 * stoa.db holds is brought up to date after the log's commit and, after a crash, from the log.
 */
#include "audit/ledger.h"
#include "base/clock.h"
#include "base/ipc.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LED_MAGIC   0x6c656467u
#define ROW_VERSION 1
#define ROW_MAX     (16u * 1024u)
#define SALTS       64                              /* drawn at once: the system call costs more than the bytes */
#define PREV_MS     (3 * (int64_t)24 * 3600 * 1000) /* so long an id may have been written in the month before */

struct ledger {
    unsigned magic;
    char dir[FIL_PATH];
    char month[LED_MONTH];
    struct db *db;   /* the month being written */
    struct db *prev; /* the month before, only for ids handed over twice around midnight; NULL */
    struct tree tree, saved;
    struct st_buf row;
    uint8_t salts[SALTS][LED_SALT_LEN];
    size_t salts_left;
};

/* ---- rows ------------------------------------------------------------------------------------------------------ */

enum st_rc led_leaf(const struct led_row *row, struct st_buf *scratch, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    st_buf_reset(scratch);
    st_pack_u8(scratch, ROW_VERSION);
    st_pack_u64(scratch, row->seq);
    st_pack_u64(scratch, (uint64_t)row->wall_ms);
    st_pack_span(scratch, row->id);
    st_pack_span(scratch, row->kind);
    st_pack_span(scratch, row->pseudonym);
    st_pack_span(scratch, row->subject);
    st_pack_u32(scratch, row->key);
    st_pack_span(scratch, row->details);
    st_pack_span(scratch, row->salt);
    if (st_buf_done(scratch, err, "audit.leaf") != ST_OK)
        return ST_ERR;
    return tree_leaf(st_buf_view(scratch), out, err);
}

struct db_q *led_rows(struct db *db, uint64_t from)
{
    struct db_q *q = db_q(db, "SELECT " LED_COLUMNS " FROM record WHERE seq >= ? ORDER BY seq");

    db_int(q, 1, (int64_t)from);
    return q;
}

void led_row(struct db_q *q, struct led_row *row)
{
    row->seq = (uint64_t)db_col_int(q, 0);
    row->id = db_col(q, 1);
    row->wall_ms = db_col_int(q, 2);
    row->kind = db_col(q, 3);
    row->pseudonym = db_col(q, 4);
    row->subject = db_col(q, 5);
    row->key = (uint32_t)db_col_int(q, 6);
    row->details = db_col(q, 7);
    row->salt = db_col(q, 8);
    row->leaf = db_col(q, 9);
}

/* ---- the tree's two rows --------------------------------------------------------------------------------------- */

enum st_rc led_tree(struct db *db, const char *at, struct tree *out, struct st_err *err)
{
    struct db_q *q = db_q(db, "SELECT size, edge FROM tree WHERE at = ?");
    struct st_span edge;
    enum st_rc rc;

    memset(out, 0, sizeof *out);
    db_text(q, 1, at);
    if ((rc = db_step(q, err)) == ST_AGAIN)
        return st_fail(err, ST_E_INTEGRITY, "audit.tree", "the tree's state is missing", 0);
    if (rc == ST_OK) {
        out->size = (uint64_t)db_col_int(q, 0);
        edge = db_col(q, 1);
        if (out->size >> TREE_DEPTH != 0 || edge.n != tree_edges(out->size) * (size_t)ST_SHA256_LEN)
            rc = st_fail(err, ST_E_INTEGRITY, "audit.tree", "the tree's state is damaged", (int64_t)out->size);
        else if (edge.n > 0)
            memcpy(out->edge, edge.p, edge.n);
    }
    db_done(q);
    return rc;
}

static enum st_rc tree_save(struct db *db, const char *at, const struct tree *tree, struct st_err *err)
{
    struct db_q *q = db_q(db, "INSERT INTO tree (at, size, edge) VALUES (?, ?, ?) ON CONFLICT (at) DO UPDATE SET"
                              " size = excluded.size, edge = excluded.edge");

    db_text(q, 1, at);
    db_int(q, 2, (int64_t)tree->size);
    db_blob(q, 3, st_span(tree->edge, tree_edges(tree->size) * (size_t)ST_SHA256_LEN));
    return db_run(q, err);
}

/* ---- months ---------------------------------------------------------------------------------------------------- */

static void month_of(int64_t wall_ms, char out[LED_MONTH])
{
    char stamp[32];

    st_clock_rfc3339(wall_ms, stamp, sizeof stamp);
    memcpy(out, stamp, LED_MONTH - 1);
    out[LED_MONTH - 1] = 0;
}

static unsigned number(const char *digits, size_t n)
{
    uint64_t v = 0;

    return st_span_u64(st_span(digits, n), &v) ? (unsigned)v : 0;
}

/* Days before a month, by counting years from March so that the leap day comes last. */
int64_t led_month_ms(const char *month)
{
    int64_t y = number(month, 4), m = number(month + 5, 2);
    int64_t shifted = (m + 9) % 12, year = y - (m <= 2);
    int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 - 719468;

    return days * 24 * 3600 * 1000;
}

void led_month_next(const char *month, char out[LED_MONTH])
{
    month_of(led_month_ms(month) + 32 * (int64_t)24 * 3600 * 1000, out);
}

static bool is_month_name(const char *name)
{
    static const char shape[] = "log-dddd-dd.db";

    for (size_t i = 0; i < sizeof shape; i++)
        if (shape[i] == 'd' && i < 11 ? name[i] < '0' || name[i] > '9' : name[i] != shape[i])
            return false;
    return true;
}

struct each_month {
    const char *dir;
    led_month_f *fn;
    void *ctx;
};

static enum st_rc each_name(void *ctx, const char *name, struct st_err *err)
{
    struct each_month *each = ctx;
    char path[FIL_PATH], month[LED_MONTH];

    if (!is_month_name(name))
        return ST_OK;
    snprintf(month, sizeof month, "%.7s", name + 4);
    if (fil_join(path, each->dir, name, err) != ST_OK)
        return ST_ERR;
    return each->fn(each->ctx, path, month, err);
}

enum st_rc led_months(const char *dir, led_month_f *fn, void *ctx, struct st_err *err)
{
    struct each_month each = { dir, fn, ctx };

    return fil_each(dir, each_name, &each, err);
}

/* ---- opening and rolling --------------------------------------------------------------------------------------- */

static enum st_rc month_path(const struct ledger *led, const char *month, char out[FIL_PATH], struct st_err *err)
{
    char name[32];

    snprintf(name, sizeof name, "log-%s.db", month);
    return fil_join(out, led->dir, name, err);
}

static enum st_rc first_state(struct db *db, const struct tree *tree, struct st_err *err)
{
    if (db_begin(db, err) != ST_OK)
        return ST_ERR;
    if (tree_save(db, "start", tree, err) == ST_OK && tree_save(db, "now", tree, err) == ST_OK &&
        db_commit(db, err) == ST_OK)
        return ST_OK;
    db_rollback(db);
    return ST_ERR;
}

/* A month's file that a crash left without its tree begins where the month before ended. */
static enum st_rc open_month(const struct ledger *led, const char *month, const struct tree *before, struct db **out,
                             struct st_diag *diag, struct st_err *err)
{
    char path[FIL_PATH];
    struct db *db = NULL;
    struct db_q *q;
    enum st_rc rc;

    if (month_path(led, month, path, err) != ST_OK || db_open(path, &db_log, DB_WRITE, &db, diag, err) != ST_OK)
        return ST_ERR;
    q = db_q(db, "SELECT 1 FROM tree");
    rc = db_step(q, err);
    db_done(q);
    if (rc == ST_AGAIN)
        rc = first_state(db, before, err);
    if (rc != ST_OK) {
        db_close(db);
        return ST_ERR;
    }
    *out = db;
    return ST_OK;
}

struct newest {
    char last[LED_MONTH], before[LED_MONTH];
};

static enum st_rc note_newest(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct newest *newest = ctx;

    (void)path;
    (void)err;
    memcpy(newest->before, newest->last, LED_MONTH);
    memcpy(newest->last, month, LED_MONTH);
    return ST_OK;
}

static enum st_rc open_newest(struct ledger *led, int64_t wall_ms, struct st_diag *diag, struct st_err *err)
{
    struct newest newest = { "", "" };
    char path[FIL_PATH];

    if (led_months(led->dir, note_newest, &newest, err) != ST_OK)
        return ST_ERR;
    if (newest.last[0] == 0)
        month_of(wall_ms, newest.last);
    if (newest.before[0] != 0) {
        if (month_path(led, newest.before, path, err) != ST_OK ||
            db_open(path, &db_log, DB_READ, &led->prev, diag, err) != ST_OK ||
            led_tree(led->prev, "now", &led->tree, err) != ST_OK)
            return ST_ERR;
    }
    memcpy(led->month, newest.last, LED_MONTH);
    if (open_month(led, led->month, &led->tree, &led->db, diag, err) != ST_OK)
        return ST_ERR;
    return led_tree(led->db, "now", &led->tree, err);
}

/* Rows and tree are written together; when they differ, someone else was here, and nothing is added on top. */
static enum st_rc rows_match(struct ledger *led, struct st_diag *diag, struct st_err *err)
{
    struct db_q *q = db_q(led->db, "SELECT coalesce(max(seq), 0) FROM record");
    uint64_t last = 0, start;
    struct tree tree;
    enum st_rc rc = db_step(q, err);

    if (rc == ST_OK)
        last = (uint64_t)db_col_int(q, 0);
    db_done(q);
    if (rc != ST_OK || led_tree(led->db, "start", &tree, err) != ST_OK)
        return ST_ERR;
    start = tree.size;
    if (led->tree.size == (last > start ? last : start))
        return ST_OK;
    st_diag_add(diag, led->dir, 0, 0,
                "the log has %" PRIu64 " records where its tree has %" PRIu64
                "; expected the same: run `stoa audit verify` and restore a backup",
                last, led->tree.size);
    return st_fail(err, ST_E_INTEGRITY, "audit.ledger", "records and tree differ", (int64_t)last);
}

enum st_rc led_open(const char *dir, int64_t wall_ms, struct ledger **out, struct st_diag *diag, struct st_err *err)
{
    struct ledger *led = calloc(1, sizeof *led);
    enum st_rc rc = ST_ERR;

    if (led == NULL)
        return st_fail(err, ST_E_NOMEM, "audit.ledger", "ledger", sizeof *led);
    led->magic = LED_MAGIC;
    st_buf_init(&led->row, ROW_MAX);
    if ((size_t)snprintf(led->dir, sizeof led->dir, "%s", dir) >= sizeof led->dir) {
        st_fail(err, ST_E_LIMIT, "audit.ledger", "path is too long", FIL_PATH);
        goto out;
    }
    if (open_newest(led, wall_ms, diag, err) != ST_OK || rows_match(led, diag, err) != ST_OK)
        goto out;
    *out = led;
    led = NULL;
    rc = ST_OK;
out:
    led_close(led);
    return rc;
}

void led_close(struct ledger *led)
{
    if (led == NULL)
        return;
    ST_CHECK(led, LED_MAGIC);
    db_close(led->prev);
    db_close(led->db);
    st_buf_fini(&led->row);
    led->magic = 0;
    free(led);
}

const struct tree *led_state(const struct ledger *led)
{
    return &led->tree;
}

const char *led_month(const struct ledger *led)
{
    return led->month;
}

struct db *led_db(struct ledger *led)
{
    return led->db;
}

bool led_roll_due(const struct ledger *led, int64_t wall_ms)
{
    char month[LED_MONTH];

    month_of(wall_ms, month);
    return strcmp(month, led->month) > 0;
}

enum st_rc led_roll(struct ledger *led, int64_t wall_ms, struct st_err *err)
{
    char month[LED_MONTH];
    struct db *db = NULL;

    month_of(wall_ms, month);
    if (open_month(led, month, &led->tree, &db, NULL, err) != ST_OK)
        return ST_ERR;
    db_close(led->prev);
    led->prev = led->db;
    led->db = db;
    memcpy(led->month, month, LED_MONTH);
    return ST_OK;
}

/* ---- adding ---------------------------------------------------------------------------------------------------- */

enum st_rc led_begin(struct ledger *led, int64_t wall_ms, struct st_err *err)
{
    ST_CHECK(led, LED_MAGIC);
    if (led->prev != NULL && wall_ms - led_month_ms(led->month) > PREV_MS) {
        db_close(led->prev);
        led->prev = NULL;
    }
    led->saved = led->tree;
    return db_begin(led->db, err);
}

uint64_t led_next(const struct ledger *led)
{
    return led->tree.size + 1;
}

static enum st_rc in_prev(struct ledger *led, struct st_span id, bool *there, struct st_err *err)
{
    struct db_q *q = db_q(led->prev, "SELECT 1 FROM record WHERE id = ?");
    enum st_rc rc;

    db_blob(q, 1, id);
    rc = db_step(q, err);
    db_done(q);
    *there = rc == ST_OK;
    return rc == ST_ERR ? ST_ERR : ST_OK;
}

static enum st_rc draw_salt(struct ledger *led, struct st_span *out, struct st_err *err)
{
    if (led->salts_left == 0) {
        if (st_random(led->salts, sizeof led->salts, err) != ST_OK)
            return ST_ERR;
        led->salts_left = SALTS;
    }
    *out = st_span(led->salts[--led->salts_left], LED_SALT_LEN);
    return ST_OK;
}

enum st_rc led_add(struct ledger *led, struct led_row *row, struct st_err *err)
{
    uint8_t leaf[ST_SHA256_LEN];
    bool there = false;
    struct db_q *q;

    if (led->prev != NULL && in_prev(led, row->id, &there, err) != ST_OK)
        return ST_ERR;
    if (there)
        return ST_OK;
    row->seq = led_next(led);
    if (draw_salt(led, &row->salt, err) != ST_OK || led_leaf(row, &led->row, leaf, err) != ST_OK)
        return ST_ERR;
    q = db_q(led->db, "INSERT INTO record (" LED_COLUMNS
                      ") VALUES (?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?)"
                      " ON CONFLICT (id) DO NOTHING");
    db_int(q, 1, (int64_t)row->seq);
    db_blob(q, 2, row->id);
    db_int(q, 3, row->wall_ms);
    db_blob(q, 4, row->kind);
    db_blob(q, 5, row->pseudonym);
    db_blob(q, 6, row->subject);
    db_int(q, 7, row->key);
    db_blob(q, 8, row->details);
    db_blob(q, 9, row->salt);
    db_blob(q, 10, st_span(leaf, sizeof leaf));
    if (db_run(q, err) != ST_OK)
        return ST_ERR;
    return db_changed(led->db) ? tree_append(&led->tree, leaf, err) : ST_OK;
}

enum st_rc led_commit(struct ledger *led, struct st_err *err)
{
    if (tree_save(led->db, "now", &led->tree, err) != ST_OK)
        return ST_ERR;
    return db_commit(led->db, err);
}

void led_abort(struct ledger *led)
{
    db_rollback(led->db);
    led->tree = led->saved;
}
