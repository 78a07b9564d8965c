/* SPDX-License-Identifier: Apache-2.0 */
/* prove - makes proofs from the log's own files, which it only reads; the recorder may go on writing.
 *
 * The checkpoint is chosen first, so that all its records are there. Leaf hashes of the others are taken from their
 * column; that of the record in question is made from its row. What comes out is checked like anybody would before it
 * is handed out: a proof that does not hold says that the log was changed. Where retention has removed months, the
 * oldest tree that is kept stands for them.
 */
#include "audit/audit.h"
#include "audit/ledger.h"
#include "audit/proof.h"
#include <string.h>

#define ROW_MAX    (16u * 1024u)
#define MONTHS_MAX 1200u

struct month {
    char path[FIL_PATH];
    uint64_t from, to; /* its records are from + 1 … to */
};

struct prover {
    const char *dir;
    struct st_diag *diag;
    struct st_buf months; /* of struct month, oldest first */
    struct tree start;    /* before the oldest */
    struct chk_key key;
    struct chk chk;            /* whose tree is proven */
    struct st_buf note, older; /* as signed */
    struct db *db;             /* the month that is open; NULL: none */
    const struct month *open;
    struct db_q *rows; /* stands before `next` */
    uint64_t next;
};

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static enum st_rc note_month(void *ctx, const char *path, const char *name, struct st_err *err)
{
    struct prover *p = ctx;
    struct month month;
    struct tree start, now;
    struct db *db = NULL;
    enum st_rc rc;

    (void)name;
    if (db_open(path, &db_log, DB_READ, &db, p->diag, err) != ST_OK)
        return ST_ERR;
    rc = led_tree(db, "start", &start, err);
    if (rc == ST_OK)
        rc = led_tree(db, "now", &now, err);
    db_close(db);
    if (rc != ST_OK)
        return ST_ERR;
    if (p->months.n == 0)
        p->start = start;
    (void)snprintf(month.path, sizeof month.path, "%s", path);
    month.from = start.size;
    month.to = now.size;
    st_buf_put(&p->months, &month, sizeof month);
    return st_buf_done(&p->months, err, "audit.prove");
}

static void close_month(struct prover *p)
{
    if (p->rows != NULL)
        db_done(p->rows);
    p->rows = NULL;
    db_close(p->db);
    p->db = NULL;
    p->open = NULL;
}

static enum st_rc open_month(struct prover *p, const struct month *month, struct st_err *err)
{
    if (p->open == month)
        return ST_OK;
    close_month(p);
    if (db_open(month->path, &db_log, DB_READ, &p->db, p->diag, err) != ST_OK)
        return ST_ERR;
    p->open = month;
    return ST_OK;
}

static const struct month *months_of(const struct prover *p, size_t *n)
{
    *n = p->months.n / sizeof(struct month);
    return (const struct month *)(const void *)p->months.p;
}

/* Puts `rows` before this record. */
static enum st_rc seek(struct prover *p, uint64_t seq, struct st_err *err)
{
    size_t n, i = 0;
    const struct month *months = months_of(p, &n);

    while (i < n && seq > months[i].to)
        i++;
    if (i == n || seq <= months[i].from)
        return st_fail(err, ST_E_INTEGRITY, "audit.prove", "a record is missing: run stoa audit verify", (int64_t)seq);
    if (open_month(p, &months[i], err) != ST_OK)
        return ST_ERR;
    if (p->rows != NULL)
        db_done(p->rows);
    p->rows = led_rows(p->db, seq);
    p->next = seq;
    return ST_OK;
}

static enum st_rc read_row(struct prover *p, uint64_t seq, struct led_row *row, struct st_err *err)
{
    enum st_rc rc;

    if ((p->rows == NULL || p->next != seq || seq > p->open->to) && seek(p, seq, err) != ST_OK)
        return ST_ERR;
    if ((rc = db_step(p->rows, err)) == ST_OK)
        led_row(p->rows, row);
    p->next = seq + 1;
    if (rc == ST_AGAIN || (rc == ST_OK && row->seq != seq))
        return st_fail(err, ST_E_INTEGRITY, "audit.prove", "a record is missing: run stoa audit verify", (int64_t)seq);
    return rc;
}

static enum st_rc leaf_at(void *ctx, uint64_t index, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    struct led_row row;

    if (read_row(ctx, index + 1, &row, err) != ST_OK)
        return ST_ERR;
    if (row.leaf.n != ST_SHA256_LEN)
        return st_fail(err, ST_E_INTEGRITY, "audit.prove", "a record was changed: run stoa audit verify",
                       (int64_t)row.seq);
    memcpy(out, row.leaf.p, ST_SHA256_LEN);
    return ST_OK;
}

static enum st_rc leaf_of_row(struct prover *p, uint64_t seq, uint8_t out[ST_SHA256_LEN], struct st_err *err)
{
    struct led_row row;
    struct st_buf scratch;
    enum st_rc rc;

    st_buf_init(&scratch, ROW_MAX);
    rc = read_row(p, seq, &row, err);
    if (rc == ST_OK)
        rc = led_leaf(&row, &scratch, out, err);
    st_buf_fini(&scratch);
    return rc;
}

/* ---- which record ---------------------------------------------------------------------------------------------- */

static enum st_rc no_record(struct st_err *err)
{
    return st_fail(err, ST_E_LIMIT, "audit.prove",
                   "no such record in the months that are kept; `stoa audit tail` lists them", 0);
}

static enum st_rc find_id(struct prover *p, struct st_span id, uint64_t *seq, struct st_err *err)
{
    size_t n;
    const struct month *months = months_of(p, &n);

    for (size_t i = 0; i < n; i++) {
        struct db_q *q;
        enum st_rc rc;

        if (open_month(p, &months[i], err) != ST_OK)
            return ST_ERR;
        q = db_q(p->db, "SELECT seq FROM record WHERE id = ?");
        db_blob(q, 1, id);
        if ((rc = db_step(q, err)) == ST_OK)
            *seq = (uint64_t)db_col_int(q, 0);
        db_done(q);
        if (rc != ST_AGAIN)
            return rc;
    }
    return no_record(err);
}

static enum st_rc find_record(struct prover *p, const char *record, uint64_t *seq, struct st_err *err)
{
    struct st_span text = st_span_str(record);
    uint8_t id[LED_ID_LEN];
    size_t n = 0;

    if (text.n == 2 * (size_t)LED_ID_LEN && st_hex_decode(text, id, &n, NULL) == ST_OK)
        return find_id(p, st_span(id, n), seq, err);
    if (!st_span_u64(text, seq) || *seq == 0)
        return st_fail(err, ST_E_LIMIT, "audit.prove", "a record is named by its number, or by its id of 48 hex digits",
                       0);
    return *seq > p->start.size ? ST_OK : no_record(err);
}

/* ---- which checkpoint ------------------------------------------------------------------------------------------ */

static enum st_rc note_newest(void *ctx, const char *name, struct st_err *err)
{
    (void)err;
    if (chk_is_name(name)) /* in order */
        (void)snprintf(ctx, CHK_DIGITS + 1, "%s", name);
    return ST_OK;
}

static enum st_rc read_note(struct prover *p, uint64_t size, struct chk *chk, struct st_buf *text, struct st_err *err)
{
    char name[CHK_DIGITS + 1] = "", folder[FIL_PATH], path[FIL_PATH];

    if (fil_join(folder, p->dir, "checkpoints", err) != ST_OK)
        return ST_ERR;
    if (size > 0)
        chk_name(size, name);
    else if (fil_each(folder, note_newest, name, err) != ST_OK)
        return ST_ERR;
    if (fil_join(path, folder, name, err) != ST_OK)
        return ST_ERR;
    if (name[0] == '\0')
        return st_fail(err, ST_E_LIMIT, "audit.prove",
                       "nothing is signed yet; the first checkpoint comes within a minute "
                       "(audit.checkpoint)",
                       0);
    if (!fil_exists(path))
        return st_fail(err, ST_E_LIMIT, "audit.prove",
                       "no such checkpoint; their names below audit/checkpoints are sizes", (int64_t)size);
    if (chk_read(path, &p->key, chk, err) != ST_OK)
        return ST_ERR;
    return fil_read(path, text, err);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static enum st_rc prove_record(struct prover *p, const char *record, struct proof *proof, struct st_err *err)
{
    const struct tree_leaves leaves = { .leaf = leaf_at, .ctx = p, .start = &p->start };

    if (find_record(p, record, &proof->seq, err) != ST_OK)
        return ST_ERR;
    if (proof->seq > p->chk.size)
        return st_fail(err, ST_E_LIMIT, "audit.prove",
                       "that checkpoint does not have the record; the newest ones are signed after a moment "
                       "(audit.checkpoint)",
                       (int64_t)proof->seq);
    if (leaf_of_row(p, proof->seq, proof->leaf, err) != ST_OK)
        return ST_ERR;
    return tree_inclusion(proof->seq - 1, p->chk.size, &leaves, &proof->tree, err);
}

static enum st_rc prove_growth(struct prover *p, uint64_t since, struct proof *proof, struct st_err *err)
{
    const struct tree_leaves leaves = { .leaf = leaf_at, .ctx = p, .start = &p->start };
    struct chk older;

    if (read_note(p, since, &older, &p->older, err) != ST_OK)
        return ST_ERR;
    if (older.size > p->chk.size)
        return st_fail(err, ST_E_LIMIT, "audit.prove", "the older checkpoint is the larger one", (int64_t)older.size);
    if (older.size < p->start.size)
        return st_fail(err, ST_E_LIMIT, "audit.prove", "the older checkpoint is of months that were removed",
                       (int64_t)older.size);
    proof->older = st_buf_view(&p->older);
    return tree_consistency(older.size, p->chk.size, &leaves, &proof->tree, err);
}

static enum st_rc prove(struct prover *p, const struct aud_claim *claim, struct st_buf *out, struct st_err *err)
{
    struct proof proof = { .seq = 0 };
    char key[FIL_PATH];
    struct aud_proven proven;
    enum st_rc rc;

    if (fil_join(key, p->dir, "keys/checkpoint.pub", err) != ST_OK || chk_key_read(key, &p->key, err) != ST_OK ||
        read_note(p, claim->size, &p->chk, &p->note, err) != ST_OK || led_months(p->dir, note_month, p, err) != ST_OK)
        return ST_ERR;
    proof.note = st_buf_view(&p->note);
    rc = claim->record != NULL ? prove_record(p, claim->record, &proof, err)
                               : prove_growth(p, claim->since, &proof, err);
    if (rc != ST_OK)
        return ST_ERR;
    if (proof_check(&proof, &p->key, &proven, err) != ST_OK)
        return st_fail_at(err, ST_E_INTEGRITY, "audit.prove", "the log is not what was signed: run stoa audit verify",
                          0);
    proof_write(&proof, out);
    return st_buf_done(out, err, "audit.prove");
}

enum st_rc aud_prove(const char *dir, const struct aud_claim *claim, struct st_buf *out, struct st_diag *diag,
                     struct st_err *err)
{
    struct prover p = { .dir = dir, .diag = diag };
    enum st_rc rc;

    st_buf_init(&p.months, MONTHS_MAX * sizeof(struct month));
    st_buf_init(&p.note, CHK_NOTE);
    st_buf_init(&p.older, CHK_NOTE);
    rc = prove(&p, claim, out, err);
    close_month(&p);
    st_buf_fini(&p.months);
    st_buf_fini(&p.note);
    st_buf_fini(&p.older);
    return rc;
}
