/* SPDX-License-Identifier: Apache-2.0 */
/* verify - is the log what was written? The four steps of CHECK at the top of ledger.c, in that order.
 *
 * Needs no key but checkpoint.pub, and no trust in the database library: a structure that the library calls damaged is
 * a finding, and so is one it calls fine whose rows hash to something else. Checkpoints are read before the months, so
 * that a recorder that goes on writing meanwhile cannot look like a cut tail.
 */
#include "audit/audit.h"
#include "audit/checkpoint.h"
#include "audit/ledger.h"
#include <stdlib.h>
#include <string.h>

#define CHECKPOINTS_MAX (4u * 1024u * 1024u)
#define ROW_MAX         (16u * 1024u)

struct verify {
    struct aud_verdict *out;
    struct st_diag *diag;
    struct chk_key key;
    const char *folder; /* of checkpoints, while it is read */
    struct chk *chks;   /* owned; sorted by size once all are read */
    size_t n, cap, next;
    struct tree tree;
    uint64_t agreed; /* size of the last checkpoint that agreed */
    bool is_started;
    struct st_buf row;
};

/* The first finding stands; later ones follow from it. */
static enum st_rc found(struct verify *v, const char *problem, uint64_t seq, struct st_err *err)
{
    if (v->out->problem == NULL) {
        v->out->problem = problem;
        v->out->bad_seq = seq;
    }
    return st_fail_at(err, ST_E_INTEGRITY, "audit.verify", v->out->problem, (int64_t)v->out->bad_seq);
}

/* ---- step 1: checkpoints --------------------------------------------------------------------------------------- */

static enum st_rc read_checkpoint(void *ctx, const char *name, struct st_err *err)
{
    struct verify *v = ctx;
    char path[FIL_PATH];
    struct chk *grown;

    if (!chk_is_name(name))
        return ST_OK;
    if (v->n == v->cap) {
        size_t cap = v->cap == 0 ? 64 : 2 * v->cap;
        if (cap > CHECKPOINTS_MAX)
            return st_fail(err, ST_E_LIMIT, "audit.verify", "too many checkpoints", CHECKPOINTS_MAX);
        if ((grown = realloc(v->chks, cap * sizeof *grown)) == NULL)
            return st_fail(err, ST_E_NOMEM, "audit.verify", "checkpoints", (int64_t)cap);
        v->chks = grown;
        v->cap = cap;
    }
    if (fil_join(path, v->folder, name, err) != ST_OK)
        return ST_ERR;
    if (chk_read(path, &v->key, &v->chks[v->n], err) == ST_OK) {
        v->n++;
        return ST_OK;
    }
    if (err->code == ST_E_NOMEM)
        return ST_ERR;
    st_diag_add(v->diag, path, 0, 0, "not a checkpoint signed by this log's key");
    return found(v, "a checkpoint is damaged or signed by another key", 0, err);
}

static int by_size(const void *a, const void *b)
{
    const struct chk *x = a, *y = b;

    return (x->size > y->size) - (x->size < y->size);
}

static enum st_rc read_folder(struct verify *v, const char *folder, struct st_err *err)
{
    v->folder = folder;
    return fil_exists(folder) ? fil_each(folder, read_checkpoint, v, err) : ST_OK;
}

static enum st_rc read_key(struct verify *v, const char *dir, const char *copy_dir, struct st_err *err)
{
    char own[FIL_PATH], copy[FIL_PATH] = "";
    struct chk_key here;

    if (fil_join(own, dir, "keys/checkpoint.pub", err) != ST_OK ||
        (copy_dir != NULL && fil_join(copy, copy_dir, "checkpoint.pub", err) != ST_OK))
        return ST_ERR;
    if (chk_key_read(own, &here, err) != ST_OK) {
        if (err->code == ST_E_NOMEM)
            return ST_ERR;
        st_diag_add(v->diag, own, 0, 0, "the checkpoint key cannot be read; expected the line that the recorder wrote");
        return found(v, "the checkpoint key is missing or damaged", 0, err);
    }
    v->key = here;
    if (copy[0] == 0 || !fil_exists(copy))
        return ST_OK;
    if (chk_key_read(copy, &v->key, err) != ST_OK) {
        if (err->code == ST_E_NOMEM)
            return ST_ERR;
    } else if (chk_key_eq(&v->key, &here)) {
        return ST_OK;
    }
    st_diag_add(v->diag, own, 0, 0, "is another key than checkpoint.pub beside the copies");
    return found(v, "the checkpoint key was replaced", 0, err);
}

static enum st_rc read_checkpoints(struct verify *v, const char *dir, const char *copy_dir, struct st_err *err)
{
    char own[FIL_PATH];

    if (copy_dir != NULL && !fil_exists(copy_dir))
        st_diag_add(v->diag, copy_dir, 0, 0,
                    "the copies are not there, so only the log's own checkpoints were read; they prove nothing against "
                    "whoever holds its key");
    if (fil_join(own, dir, "checkpoints", err) != ST_OK || read_key(v, dir, copy_dir, err) != ST_OK ||
        read_folder(v, own, err) != ST_OK || (copy_dir != NULL && read_folder(v, copy_dir, err) != ST_OK))
        return ST_ERR;
    if (v->n > 0)
        qsort(v->chks, v->n, sizeof *v->chks, by_size);
    v->out->checkpoints = v->n;
    return ST_OK;
}

/* ---- step 3: at each size that was signed ------------------------------------------------------------------------ */

static enum st_rc hold_against(struct verify *v, struct st_err *err)
{
    uint8_t root[ST_SHA256_LEN];

    if (v->next == v->n || v->chks[v->next].size != v->tree.size)
        return ST_OK;
    if (tree_root(&v->tree, root, err) != ST_OK)
        return ST_ERR;
    for (; v->next < v->n && v->chks[v->next].size == v->tree.size; v->next++)
        if (memcmp(v->chks[v->next].root, root, sizeof root) != 0)
            return found(v, "the log is not what was signed: some record since the last good checkpoint was changed",
                         v->agreed + 1, err);
    v->agreed = v->tree.size;
    return ST_OK;
}

/* ---- step 2: rows ---------------------------------------------------------------------------------------------- */

static enum st_rc check_row(struct verify *v, const struct led_row *row, struct st_err *err)
{
    uint8_t leaf[ST_SHA256_LEN];

    if (row->seq != v->tree.size + 1)
        return found(v, "a record is missing", v->tree.size + 1, err);
    if (led_leaf(row, &v->row, leaf, err) != ST_OK) {
        if (v->row.failed == ST_E_LIMIT)
            return found(v, "a record was changed", row->seq, err);
        return ST_ERR;
    }
    if (row->leaf.n != sizeof leaf || memcmp(row->leaf.p, leaf, sizeof leaf) != 0)
        return found(v, "a record was changed", row->seq, err);
    if (tree_append(&v->tree, leaf, err) != ST_OK)
        return ST_ERR;
    v->out->records++;
    return hold_against(v, err);
}

static bool is_damage(const struct st_err *err)
{
    return err->code == ST_E_INTEGRITY || err->code == ST_E_IO || err->code == ST_E_CONFIG;
}

static enum st_rc check_start(struct verify *v, struct db *db, struct st_err *err)
{
    struct tree start;

    if (led_tree(db, "start", &start, err) != ST_OK)
        return ST_ERR;
    if (!v->is_started) { /* the oldest month that is kept */
        v->tree = start;
        v->is_started = true;
        v->agreed = start.size;
        while (v->next < v->n && v->chks[v->next].size < start.size)
            v->next++;
        return hold_against(v, err);
    }
    if (start.size != v->tree.size ||
        memcmp(start.edge, v->tree.edge, tree_edges(start.size) * sizeof start.edge[0]) != 0)
        return found(v, "two months do not join: records between them are missing or were changed", v->tree.size + 1,
                     err);
    return ST_OK;
}

static enum st_rc check_now(struct verify *v, struct db *db, struct st_err *err)
{
    struct tree now;

    if (led_tree(db, "now", &now, err) != ST_OK)
        return ST_ERR;
    if (now.size > v->tree.size)
        return found(v, "the log's tail was cut", v->tree.size + 1, err);
    if (now.size != v->tree.size || memcmp(now.edge, v->tree.edge, tree_edges(now.size) * sizeof now.edge[0]) != 0)
        return found(v, "the stored tree is not that of the records", 0, err);
    return ST_OK;
}

static enum st_rc check_rows(struct verify *v, struct db *db, struct st_err *err)
{
    struct led_row row;
    struct db_q *q;
    enum st_rc rc;

    if (db_begin(db, err) != ST_OK || check_start(v, db, err) != ST_OK)
        return ST_ERR;
    q = led_rows(db, 0);
    while ((rc = db_step(q, err)) == ST_OK) {
        led_row(q, &row);
        if (check_row(v, &row, err) != ST_OK) {
            db_done(q);
            return ST_ERR;
        }
    }
    return rc == ST_AGAIN ? check_now(v, db, err) : ST_ERR;
}

static enum st_rc check_month(void *ctx, const char *path, const char *month, struct st_err *err)
{
    struct verify *v = ctx;
    struct db *db = NULL;
    enum st_rc rc;

    (void)month;
    rc = db_open(path, &db_log, DB_READ, &db, v->diag, err);
    if (rc == ST_OK)
        rc = check_rows(v, db, err);
    if (rc == ST_OK) {
        db_rollback(db);
        rc = db_check(db, err); /* after the rows: they can name the record */
    } else if (v->out->problem == NULL && is_damage(err)) {
        rc = found(v, "the database file is damaged", v->is_started ? v->tree.size + 1 : 0, err);
    }
    if (rc != ST_OK && v->out->problem == NULL && is_damage(err))
        rc = found(v, "the database file is damaged", 0, err);
    db_close(db);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static enum st_rc check_core(struct verify *v, const char *dir, struct st_err *err)
{
    char path[FIL_PATH];
    struct db *db = NULL;
    enum st_rc rc;

    if (fil_join(path, dir, "stoa.db", err) != ST_OK)
        return ST_ERR;
    if (!fil_exists(path)) /* an exported log comes without it */
        return ST_OK;
    rc = db_open(path, &db_core, DB_READ, &db, v->diag, err);
    if (rc == ST_OK)
        rc = db_check(db, err);
    db_close(db);
    if (rc != ST_OK && is_damage(err))
        return found(v, "stoa.db is damaged: the log is fine, the projections are not", 0, err);
    return rc;
}

static enum st_rc check_all(struct verify *v, const char *dir, const char *copy_dir, struct st_err *err)
{
    uint8_t root[ST_SHA256_LEN];

    if (read_checkpoints(v, dir, copy_dir, err) != ST_OK || led_months(dir, check_month, v, err) != ST_OK)
        return ST_ERR;
    if (!v->is_started) {
        st_diag_add(v->diag, dir, 0, 0, "no record log here; expected the audit folder below state_dir");
        if (v->n == 0)
            return st_fail(err, ST_E_CONFIG, "audit.verify", "there is no log", 0);
    }
    if (v->next < v->n)
        return found(v, "the log's tail was cut: a checkpoint signed more records", v->tree.size + 1, err);
    if (tree_root(&v->tree, root, err) != ST_OK)
        return ST_ERR;
    st_hex(st_span(root, sizeof root), v->out->root);
    return check_core(v, dir, err);
}

enum st_rc aud_verify(const char *dir, const char *checkpoints_dir, struct aud_verdict *out, struct st_diag *diag,
                      struct st_err *err)
{
    struct verify v = { .out = out, .diag = diag };
    struct st_err own = ST_ERR_INIT;
    enum st_rc rc;

    memset(out, 0, sizeof *out);
    st_buf_init(&v.row, ROW_MAX);
    rc = check_all(&v, dir, checkpoints_dir, &own);
    if (rc != ST_OK && err != NULL)
        *err = own;
    free(v.chks);
    st_buf_fini(&v.row);
    return rc;
}
