/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to bend a log that its keeper might try, and what verify says to each. */
#include "audit/checkpoint.h"
#include "audit/ledger.h"
#include "audit_t.h"
#include <sqlite3.h>

struct all_rows {
    uint64_t sum, n;
};

/* What a reader would see, as one number. */
static uint64_t content(const char *month)
{
    struct db *db = NULL;
    struct st_buf bytes;
    struct led_row row;
    struct db_q *q;
    uint8_t leaf[32], sum[32] = { 0 };
    uint64_t out;

    if (db_open(month, &db_log, DB_READ, &db, NULL, NULL) != ST_OK)
        return 0;
    st_buf_init(&bytes, 65536);
    q = led_rows(db, 0);
    while (db_step(q, NULL) == ST_OK) {
        led_row(q, &row);
        if (led_leaf(&row, &bytes, leaf, NULL) != ST_OK)
            break;
        for (size_t i = 0; i < 32; i++)
            sum[i] = (uint8_t)(sum[i] * 31 + (leaf[i] ^ row.leaf.p[i % row.leaf.n]));
    }
    db_done(q);
    db_close(db);
    st_buf_fini(&bytes);
    memcpy(&out, sum, sizeof out);
    return out | 1;
}

static void make(struct at_log *log, unsigned records)
{
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;

    at_quiet();
    at_fresh(log);
    store = at_open(log);
    for (uint64_t i = 1; i <= records; i++) {
        at_add(store, AUD_DECISION, i, i % 2 ? "ana" : "", "rule", AT_DECISION);
        if (i % 10 == 0) {
            at_commit(store);
            T_OK(aud_checkpoint(store, true, &err), err);
        }
    }
    aud_close(store);
    at_clean(log);
}

static enum st_rc judge(struct at_log *log, struct aud_verdict *verdict)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = aud_verify(log->dir, log->copy, verdict, NULL, &err);

    T_CHECK(rc == ST_OK || err.code == ST_E_INTEGRITY, "%s %s", st_e_name(err.code), err.what);
    T_CHECK((rc == ST_OK) == (verdict->problem == NULL), "a problem has words");
    return rc;
}

T_TEST(a_flipped_byte_is_found_or_changes_nothing)
{
    struct at_log log;
    struct aud_verdict verdict;
    char month[600];
    uint64_t size, whole, named = 0, found = 0, silent = 0, tried = 0;

    make(&log, 60);
    at_month(&log, month, sizeof month);
    size = at_size(month);
    whole = content(month);
    for (uint64_t at = 0; at < size; at += at < 110 ? 1 : 1 + t_below(60)) {
        uint8_t mask = (uint8_t)(1u << t_below(8));
        at_flip(month, at, mask);
        tried++;
        if (judge(&log, &verdict) == ST_OK) {
            silent++;
            T_CHECK(content(month) == whole, "byte %llu of %llu: other content, called clean", (unsigned long long)at,
                    (unsigned long long)size);
        } else {
            found++;
            named += verdict.bad_seq != 0;
            T_CHECK(verdict.bad_seq <= 61, "record %llu", (unsigned long long)verdict.bad_seq);
        }
        at_flip(month, at, mask);
    }
    T_CHECK(found > tried / 3 && named > found / 2, "%llu tried, %llu found, %llu named, %llu in free space",
            (unsigned long long)tried, (unsigned long long)found, (unsigned long long)named,
            (unsigned long long)silent);
    at_clean(&log);
}

static void sql(const struct at_log *log, const char *text)
{
    char month[600], *why = NULL;
    sqlite3 *lite = NULL;

    at_month(log, month, sizeof month);
    T_CHECK(sqlite3_open(month, &lite) == SQLITE_OK, "open");
    T_CHECK(sqlite3_exec(lite, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
    sqlite3_close(lite);
}

T_TEST(damage_that_no_row_shows_is_found_too)
{
    struct at_log log;
    struct aud_verdict verdict;
    sqlite3 *lite = NULL;
    sqlite3_stmt *stmt = NULL;
    char month[600];
    uint64_t page;

    make(&log, 40);
    at_month(&log, month, sizeof month);
    T_CHECK(sqlite3_open(month, &lite) == SQLITE_OK, "open");
    sqlite3_prepare_v2(lite, "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'record'", -1,
                       &stmt, NULL);
    T_CHECK(sqlite3_step(stmt) == SQLITE_ROW, "the index on ids");
    page = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(lite);
    at_flip(month, page * 4096 - 12, 1); /* the last bytes of an index leaf are an id and its seq */
    T_CHECK(judge(&log, &verdict) == ST_ERR && verdict.bad_seq == 0, "%s", verdict.problem ? verdict.problem : "clean");
}

T_TEST(a_changed_column_names_its_record)
{
    static const char *const changes[] = {
        "UPDATE record SET wall_ms = wall_ms + 1 WHERE seq = 23",
        "UPDATE record SET kind = 'system' WHERE seq = 23",
        "UPDATE record SET pseudonym = 'p-aaaaaaaaaaaaaaaa' WHERE seq = 23",
        "UPDATE record SET subject = 'other' WHERE seq = 23",
        "UPDATE record SET key = key + 1 WHERE seq = 23",
        "UPDATE record SET details = x'7b7d' WHERE seq = 23",
        "UPDATE record SET salt = zeroblob(16) WHERE seq = 23",
        "UPDATE record SET leaf = zeroblob(32) WHERE seq = 23",
        "UPDATE record SET leaf = x'' WHERE seq = 23",
        "UPDATE record SET id = zeroblob(24) WHERE seq = 23",
        "DELETE FROM record WHERE seq = 23",
        "UPDATE record SET seq = 1000 WHERE seq = 23",
        "UPDATE record SET subject = subject || 'x', pseudonym = '' WHERE seq >= 23",
        "DELETE FROM record WHERE seq >= 23",
        "DELETE FROM record WHERE seq >= 23; UPDATE tree SET size = 22 WHERE at = 'now'",
    };

    for (size_t i = 0; i < ST_LEN(changes); i++) {
        struct at_log log;
        struct aud_verdict verdict;
        make(&log, 40);
        sql(&log, changes[i]);
        T_CHECK(judge(&log, &verdict) == ST_ERR, "%s", changes[i]);
        T_CHECK(verdict.bad_seq == 23 || i == ST_LEN(changes) - 1, "%s: %llu, %s", changes[i],
                (unsigned long long)verdict.bad_seq, verdict.problem);
    }
}

/* The keeper with all keys: changes record `seq`, hashes everything anew, signs it, and puts old checkpoints away. */
static void rehash(struct at_log *log, uint64_t seq, uint64_t keep)
{
    char month[600], keys[600], checkpoints[600], command[800];
    struct tree tree = { .size = 0 };
    struct chk_signer signer;
    struct st_err err = ST_ERR_INIT;
    struct st_buf scratch;
    struct db *db = NULL;
    uint8_t leaves[100][32];
    struct led_row row;
    struct db_q *q;

    at_month(log, month, sizeof month);
    snprintf(keys, sizeof keys, "%s/keys", log->dir);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", log->dir);
    snprintf(command, sizeof command, "rm -f '%s'/*", checkpoints);
    T_CHECK(system(command) == 0, "rm");
    T_OK(db_open(month, &db_log, DB_WRITE, &db, NULL, &err), err);
    q = db_q(db, "DELETE FROM record WHERE seq > ?");
    db_int(q, 1, (int64_t)keep);
    T_OK(db_run(q, &err), err);
    q = db_q(db, "UPDATE record SET subject = 'harmless' WHERE seq = ?");
    db_int(q, 1, (int64_t)seq);
    T_OK(db_run(q, &err), err);
    st_buf_init(&scratch, 65536);
    q = led_rows(db, 0);
    while (db_step(q, &err) == ST_OK) {
        led_row(q, &row);
        T_OK(led_leaf(&row, &scratch, leaves[row.seq], &err), err);
        T_OK(tree_append(&tree, leaves[row.seq], &err), err);
    }
    for (uint64_t i = 1; i <= tree.size; i++) {
        q = db_q(db, "UPDATE record SET leaf = ? WHERE seq = ?");
        db_blob(q, 1, st_span(leaves[i], 32));
        db_int(q, 2, (int64_t)i);
        T_OK(db_run(q, &err), err);
    }
    q = db_q(db, "UPDATE tree SET size = ?, edge = ? WHERE at = 'now'");
    db_int(q, 1, (int64_t)tree.size);
    db_blob(q, 2, st_span(tree.edge, tree_edges(tree.size) * (size_t)32));
    T_OK(db_run(q, &err), err);
    db_close(db);
    st_buf_fini(&scratch);
    T_OK(chk_signer_open(keys, "stoa/test", false, &signer, NULL, &err), err);
    T_OK(chk_write(&signer, &tree, checkpoints, &err), err);
}

T_TEST(a_full_rehash_is_betrayed_by_the_copy_alone)
{
    struct at_log log;
    struct aud_verdict verdict;
    struct st_err err = ST_ERR_INIT;

    make(&log, 40);
    rehash(&log, 23, 40);
    T_CHECK(aud_verify(log.dir, NULL, &verdict, NULL, &err) == ST_OK, "without the copy it looks fine: %s", err.what);
    T_CHECK(judge(&log, &verdict) == ST_ERR && verdict.bad_seq == 21,
            "the first after the last good checkpoint: %llu, %s", (unsigned long long)verdict.bad_seq, verdict.problem);
}

T_TEST(a_cut_tail_is_betrayed_by_the_copy_alone)
{
    struct at_log log;
    struct aud_verdict verdict;
    struct st_err err = ST_ERR_INIT;

    make(&log, 40);
    rehash(&log, 1000, 25);
    T_CHECK(aud_verify(log.dir, NULL, &verdict, NULL, &err) == ST_OK, "without the copy it looks fine: %s", err.what);
    T_CHECK(judge(&log, &verdict) == ST_ERR && verdict.bad_seq == 26, "%llu, %s", (unsigned long long)verdict.bad_seq,
            verdict.problem);
}

T_TEST(checkpoints_are_held_to_their_own_form)
{
    static const char *const files[] = { "checkpoints/00000000000000000020", "keys/checkpoint.pub" };

    for (size_t f = 0; f < ST_LEN(files); f++) {
        struct at_log log;
        struct aud_verdict verdict;
        char path[700];
        uint64_t size;
        make(&log, 40);
        snprintf(path, sizeof path, "%s/%s", log.dir, files[f]);
        size = at_size(path);
        T_CHECK(size > 50, "%s", path);
        for (uint64_t at = 0; at < size; at++) {
            at_flip(path, at, 1);
            T_CHECK(judge(&log, &verdict) == ST_ERR, "%s byte %llu", files[f], (unsigned long long)at);
            at_flip(path, at, 1);
        }
        at_clean(&log);
    }
}

T_TEST(other_ways_to_bend_it)
{
    static const struct {
        const char *command; /* $D the log, $C the copy */
        bool is_found;
    } ways[] = {
        { "mv $D/checkpoints/00000000000000000020 $D/checkpoints/00000000000000000021", true },
        { "rm $D/log-*.db", true },
        { "truncate -s 8192 $D/log-*.db", true },
        { "truncate -s 0 $D/log-*.db", true },
        { "head -c 4096 /dev/urandom > $D/stoa.db", true },
        { "rm $D/keys/checkpoint.pub", true },
        { "rm $D/checkpoints/*", false }, /* the copies suffice */
        { "rm -r $C/*", false },          /* so do ours */
        { "rm $D/stoa.db", false },       /* an export comes without it */
        { "rm $D/keys/*.key", false },    /* an auditor has no secret */
    };

    for (size_t i = 0; i < ST_LEN(ways); i++) {
        struct at_log log;
        struct aud_verdict verdict;
        char command[2000];
        make(&log, 40);
        snprintf(command, sizeof command, "D='%s' C='%s'; %s", log.dir, log.copy, ways[i].command);
        T_CHECK(system(command) == 0, "%s", command);
        T_CHECK((judge(&log, &verdict) == ST_ERR) == ways[i].is_found, "%s: %s", ways[i].command,
                verdict.problem ? verdict.problem : "clean");
    }
}

T_TEST(verify_survives_every_oom)
{
    struct at_log log;

    make(&log, 12);
    for (int nth = 1;; nth++) {
        struct aud_verdict verdict;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;
        t_fail_alloc(nth);
        rc = aud_verify(log.dir, log.copy, &verdict, NULL, &err);
        if (!t_alloc_failed()) {
            t_fail_alloc(0);
            T_CHECK(rc == ST_OK, "%s", err.what);
            break;
        }
        t_fail_alloc(0);
        T_CHECK(rc == ST_ERR && err.code == ST_E_NOMEM && verdict.problem == NULL, "allocation %d: %s %s %s", nth,
                err.where, err.what, verdict.problem ? verdict.problem : "");
    }
}

T_TEST(it_reads_what_nobody_may_write)
{
    struct at_log log;
    char command[1400];

    make(&log, 12);
    snprintf(command, sizeof command, "chmod -R a-w '%s'", log.dir);
    T_CHECK(system(command) == 0, "chmod");
    at_clean(&log);
    snprintf(command, sizeof command, "chmod -R u+w '%s'", log.dir);
    T_CHECK(system(command) == 0, "chmod");
}

T_TEST(copies_that_are_not_there_are_said)
{
    struct at_log log;
    struct aud_store *store;
    struct aud_verdict verdict;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    char elsewhere[600];

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    aud_close(store);
    T_OK(aud_verify(log.dir, log.copy, &verdict, diag, &err), err);
    T_CHECK(st_diag_count(diag) == 0, "they are there");
    snprintf(elsewhere, sizeof elsewhere, "%s-not-mounted", log.copy);
    T_OK(aud_verify(log.dir, elsewhere, &verdict, diag, &err), err);
    T_CHECK(st_diag_count(diag) == 1 && strcmp(st_diag_at(diag, 0)->file, elsewhere) == 0, "said which");
    st_diag_free(diag);
}
