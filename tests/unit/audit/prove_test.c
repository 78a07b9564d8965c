/* SPDX-License-Identifier: Apache-2.0 */
/* prove_test - what is in the log is proven over months and after retention; what was bent is not; no record shows. */
#include "audit/store.h"
#include "audit_t.h"

#define MONTH_MS ((uint64_t)31 * 24 * 3600 * 1000)

static struct at_log log_;

/* A log over several months, a signed tree after each record. */
static void make_log(unsigned months, unsigned each, int64_t retention_ms)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_store *store;
    uint64_t number = 0;

    at_quiet();
    at_fresh(&log_);
    log_.options.retention_ms = retention_ms;
    store = at_open(&log_);
    for (unsigned month = 0; month < months; month++) {
        for (unsigned i = 0; i < each; i++) {
            at_add(store, AUD_DECISION, number++, "ana@example.test", "secret-rule", AT_DECISION);
            at_commit(store);
            T_OK(aud_checkpoint(store, true, &err), err);
        }
        if (month + 1 < months)
            st_clock_turn(MONTH_MS);
    }
    if (retention_ms > 0)
        T_OK(aud_retain(store, &err), err);
    aud_close(store);
}

static enum st_rc prove(const struct aud_claim *claim, struct st_buf *out, struct st_err *err)
{
    st_buf_init(out, 65536);
    return aud_prove(log_.dir, claim, out, NULL, err);
}

static enum st_rc check(const struct st_buf *proof, struct aud_proven *out, struct st_err *err)
{
    char key[600];

    snprintf(key, sizeof key, "%s/checkpoint.pub", log_.copy); /* where a stranger has it from */
    return aud_proof_check(st_buf_view(proof), key, out, err);
}

static uint64_t size_of_log(void)
{
    struct aud_verdict verdict = at_clean(&log_);

    return verdict.records;
}

T_TEST(every_record_is_proven_in_every_tree)
{
    make_log(3, 3, 0);
    for (uint64_t size = 1; size <= size_of_log(); size++) {
        for (uint64_t seq = 1; seq <= size_of_log(); seq++) {
            struct st_err err = ST_ERR_INIT;
            struct aud_proven proven;
            struct st_buf proof;
            char number[24];
            bool is_in = seq <= size;

            snprintf(number, sizeof number, "%llu", (unsigned long long)seq);
            T_CHECK((prove(&(struct aud_claim){ .record = number, .size = size }, &proof, &err) == ST_OK) == is_in,
                    "%s of %llu: %s", number, (unsigned long long)size, err.what);
            T_CHECK(is_in || err.code == ST_E_LIMIT, "said so");
            if (is_in) {
                T_OK(check(&proof, &proven, &err), err);
                T_CHECK(proven.seq == seq && proven.size == size && strcmp(proven.origin, "stoa/test") == 0, "what");
                T_CHECK(st_span_find(st_buf_view(&proof), ST_SPAN("secret-rule")) == ST_SPAN_NPOS &&
                            st_span_find(st_buf_view(&proof), ST_SPAN("p-")) == ST_SPAN_NPOS,
                        "nothing of the record");
            }
            st_buf_fini(&proof);
        }
    }
}

T_TEST(every_tree_is_proven_to_go_on_from_every_older_one)
{
    for (uint64_t size = 1; size <= size_of_log(); size++) {
        for (uint64_t since = 1; since <= size_of_log(); since++) {
            struct st_err err = ST_ERR_INIT;
            struct aud_proven proven;
            struct st_buf proof;

            T_CHECK((prove(&(struct aud_claim){ .since = since, .size = size }, &proof, &err) == ST_OK) ==
                        (since <= size),
                    "%llu, %llu: %s", (unsigned long long)since, (unsigned long long)size, err.what);
            if (since <= size) {
                T_OK(check(&proof, &proven, &err), err);
                T_CHECK(proven.seq == 0 && proven.since == since && proven.size == size, "what");
            }
            st_buf_fini(&proof);
        }
    }
}

T_TEST(no_byte_of_a_proof_can_be_another)
{
    static const struct aud_claim claims[] = { { .record = "5" }, { .since = 3 } };

    for (size_t c = 0; c < ST_LEN(claims); c++) {
        struct st_err err = ST_ERR_INIT;
        struct aud_proven proven;
        struct st_buf proof;

        T_OK(prove(&claims[c], &proof, &err), err);
        for (size_t i = 0; i < proof.n; i++) {
            proof.p[i] ^= 1;
            T_CHECK(check(&proof, &proven, &err) == ST_ERR && (err.code == ST_E_INTEGRITY || err.code == ST_E_SYNTAX),
                    "byte %zu of claim %zu: %s", i, c, err.what);
            proof.p[i] ^= 1;
        }
        for (size_t n = 0; n < proof.n; n++) {
            struct st_buf cut = proof;

            cut.n = n;
            T_CHECK(check(&cut, &proven, &err) == ST_ERR, "%zu bytes", n);
        }
        st_buf_fini(&proof);
    }
}

T_TEST(what_cannot_be_proven_is_said)
{
    static const struct aud_claim claims[] = {
        { .record = "0" }, { .record = "999" },
        { .record = "x" }, { .record = "00112233445566778899aabbccddeeff0011223344556677" },
        { .since = 999 },  { .record = "1", .size = 999 }
    };

    for (size_t c = 0; c < ST_LEN(claims); c++) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf proof;

        T_CHECK(prove(&claims[c], &proof, &err) == ST_ERR && err.code == ST_E_LIMIT, "claim %zu: %s", c, err.what);
        T_CHECK(proof.n == 0, "nothing is written");
        st_buf_fini(&proof);
    }
}

T_TEST(a_record_is_named_by_its_id_too)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_proven proven;
    struct st_buf proof;
    char hex[49] = "";
    uint8_t id[24] = "unit test writer"; /* and its counter */

    id[16] = 6;
    st_hex(st_span(id, sizeof id), hex);
    T_OK(prove(&(struct aud_claim){ .record = hex }, &proof, &err), err);
    T_OK(check(&proof, &proven, &err), err);
    T_CHECK(proven.seq > 6 && proven.seq < 12, "%llu", (unsigned long long)proven.seq);
    st_buf_fini(&proof);
}

T_TEST(a_changed_log_proves_nothing)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf proof;
    struct db *db = NULL;
    char month[700];

    at_month(&log_, month, sizeof month);
    T_OK(db_open(month, &db_log, DB_WRITE, &db, NULL, &err), err);
    T_OK(db_run(db_q(db, "UPDATE record SET subject = 'other'"), &err), err);
    db_close(db);
    T_CHECK(prove(&(struct aud_claim){ .record = "9" }, &proof, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "%s",
            err.what);
    st_buf_fini(&proof);
}

T_TEST(what_retention_leaves_is_proven)
{
    uint64_t kept = 0, size;

    make_log(6, 3, (int64_t)(2 * MONTH_MS));
    size = 18; /* and what the recorder itself added */
    for (uint64_t seq = 1; seq <= size; seq++) {
        struct st_err err = ST_ERR_INIT;
        struct aud_proven proven;
        struct st_buf proof;
        char number[24];

        snprintf(number, sizeof number, "%llu", (unsigned long long)seq);
        if (prove(&(struct aud_claim){ .record = number }, &proof, &err) == ST_OK) {
            T_OK(check(&proof, &proven, &err), err);
            kept++;
        } else {
            T_CHECK(err.code == ST_E_LIMIT && kept == 0, "record %s: %s", number, err.what);
        }
        st_buf_fini(&proof);
    }
    T_CHECK(kept > 3 && kept < 16, "%llu", (unsigned long long)kept);
}
