/* SPDX-License-Identifier: Apache-2.0 */
/* Appending, handing over twice, persons, months, retention, and what a stranger's files get: nothing. */
#include "audit/learning.h"
#include "audit_t.h"
#include <sqlite3.h>
#include <sys/wait.h>

struct seen {
    uint64_t n, opened;
    char last_subject[64], last_pseudonym[32], last_details[512];
    enum aud_kind last_kind;
};

static bool see(void *ctx, const struct aud_record *record)
{
    struct seen *seen = ctx;

    seen->n++;
    seen->opened += record->details.n > 0;
    seen->last_kind = record->kind;
    snprintf(seen->last_subject, sizeof seen->last_subject, "%s", record->subject);
    snprintf(seen->last_pseudonym, sizeof seen->last_pseudonym, "%s", record->pseudonym);
    snprintf(seen->last_details, sizeof seen->last_details, "%.*s", (int)record->details.n,
             (const char *)record->details.p);
    return true;
}

static struct seen read_all(struct at_log *log, int kind, uint64_t last)
{
    struct aud_filter filter = { .kind = kind, .last = last };
    struct st_err err = ST_ERR_INIT;
    struct seen seen = { 0 };

    T_OK(aud_read(log->dir, &filter, see, &seen, NULL, &err), err);
    return seen;
}

/* One number out of a database of ours, by a second opinion. */
static int64_t ask(const struct at_log *log, const char *file, const char *sql)
{
    char path[700];
    sqlite3 *lite = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t answer = -1;

    snprintf(path, sizeof path, "%s/%s", log->dir, file);
    T_CHECK(sqlite3_open_v2(path, &lite, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "open %s", path);
    T_CHECK(sqlite3_prepare_v2(lite, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(lite));
    if (sqlite3_step(stmt) == SQLITE_ROW)
        answer = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(lite);
    return answer;
}

T_TEST(what_was_committed_is_read_back_and_verifies)
{
    struct at_log log;
    struct aud_store *store;
    struct aud_verdict verdict;
    struct seen seen;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    for (uint64_t i = 1; i <= 250; i++) {
        at_add(store, AUD_DECISION, i, i % 3 ? "ana" : "", "pii.iban", AT_DECISION);
        if (i % 50 == 0)
            at_commit(store);
    }
    seen = read_all(&log, -1, 0); /* beside the running recorder */
    T_CHECK(seen.n == 250 && seen.opened == 83, "%llu read, %llu open", (unsigned long long)seen.n,
            (unsigned long long)seen.opened);
    T_CHECK(read_all(&log, -1, 7).n == 7, "the last seven");
    T_CHECK(read_all(&log, AUD_SYSTEM, 0).n == 0, "none of that kind");
    at_clean(&log);
    aud_close(store);
    verdict = at_clean(&log);
    T_CHECK(verdict.records == 250 && verdict.checkpoints == 2, "%llu records, %llu checkpoints (with the copy)",
            (unsigned long long)verdict.records, (unsigned long long)verdict.checkpoints);
    store = at_open(&log); /* and goes on */
    at_add(store, AUD_SYSTEM, 251, "", "worker", "{\"signal\":9}");
    aud_close(store); /* commits what waits */
    T_CHECK(at_clean(&log).records == 251, "went on");
}

T_TEST(an_entry_handed_over_twice_is_one_record)
{
    struct at_log log;
    struct aud_store *store;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    for (int round = 0; round < 3; round++) {
        for (uint64_t i = 1; i <= 10; i++) {
            at_add(store, AUD_DECISION, i, "ana", "r", AT_DECISION);
            at_add(store, AUD_DECISION, i, "ana", "r", AT_DECISION); /* in one batch too */
        }
        at_commit(store);
        if (round == 1) { /* and over a restart */
            aud_close(store);
            store = at_open(&log);
        }
    }
    aud_close(store);
    T_CHECK(at_clean(&log).records == 10, "ten");
}

T_TEST(bad_entries_and_forged_consent_are_refused)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_CHECK(at_try(store, AUD_DECISION, 1, "ana", "r", "{\"text\":\"my card\"}", &err) == ST_ERR &&
                err.code == ST_E_PROTO,
            "text");
    T_CHECK(at_try(store, AUD_CONSENT, 2, "ana", "r", "{\"granted\":true,\"scope\":\"learning\"}", &err) == ST_ERR &&
                err.code == ST_E_DENIED,
            "consent");
    T_CHECK(at_try(store, AUD_ERASURE, 3, "ana", "r", "{}", &err) == ST_ERR && err.code == ST_E_DENIED, "erasure");
    at_commit(store);
    aud_close(store);
    T_CHECK(at_clean(&log).records == 0, "nothing");
}

#define WATCH(intervals)                                                                                     \
    "{\"platform\":\"youtube\",\"activity\":\"watch.progress\",\"playback\":\"p1\",\"title\":\"Lifetimes\"," \
    "\"intervals\":" intervals "}"

T_TEST(learning_is_kept_only_for_who_opted_in)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    int64_t earlier;
    bool in = true;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    at_add(store, AUD_LEARNING, 1, "ana", "yt:1", WATCH("[[0,1000]]"));
    at_commit(store);
    T_OK(aud_consent_get(store, "ana", "learning", &in, &err), err);
    T_CHECK(!in && read_all(&log, -1, 0).n == 0, "no consent, no trace");
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM person") == 0, "not even a key");

    earlier = st_clock_wall_ms();
    st_clock_turn(10);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    T_OK(aud_consent_get(store, "ana", "learning", &in, &err), err);
    T_CHECK(in, "in");
    at_add(store, AUD_LEARNING, 2, "ana", "yt:1", WATCH("[[0,1000],[5000,6000]]"));
    at_add(store, AUD_LEARNING, 3, "ana", "yt:1", WATCH("[[500,2000]]"));
    at_add(store, AUD_LEARNING, 4, "ben", "yt:1", WATCH("[[0,9000]]"));
    at_commit(store);
    {
        struct aud_entry before; /* done before she said yes, handed over after */
        at_entry(&before, AUD_LEARNING, 9, "ana", "yt:1", WATCH("[[0,90000]]"));
        before.wall_ms = earlier;
        T_OK(aud_append(store, &before, &err), err);
        aud_entry_fini(&before);
    }
    at_commit(store);
    T_CHECK(read_all(&log, AUD_LEARNING, 0).n == 2, "ana's two");
    T_CHECK(ask(&log, "stoa.db", "SELECT watched_ms FROM learning") == 3000, "union");
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM learning") == 1, "one row");

    T_OK(aud_consent_set(store, "ana", "learning", false, "ana", &err), err);
    at_add(store, AUD_LEARNING, 5, "ana", "yt:2", WATCH("[[0,1000]]"));
    at_commit(store);
    T_CHECK(read_all(&log, AUD_LEARNING, 0).n == 2, "out again");
    aud_close(store);
    at_clean(&log);
}

T_TEST(no_identity_and_no_detail_of_a_person_is_in_any_log_file)
{
    struct at_log log;
    struct aud_store *store;
    char month[600], core[600];

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    at_add(store, AUD_DECISION, 1, "Ana.Identity", "r", "{\"policy\":\"plantedpolicy\"}");
    aud_close(store);
    at_month(&log, month, sizeof month);
    snprintf(core, sizeof core, "%s/stoa.db", log.dir);
    T_CHECK(at_has(month, "p-", 2) && !at_has(month, "Ana.Identity", 12) && !at_has(core, "Ana.Identity", 12),
            "identity");
    T_CHECK(!at_has(month, "plantedpolicy", 13), "details are sealed");
}

T_TEST(erasing_destroys_the_key_for_good_and_the_log_stays_valid)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    struct seen seen = { 0 };
    uint8_t wrapped[60];
    char core[600], wal[600], old_pseudonym[32];
    sqlite3 *lite = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t before_erasure;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    at_add(store, AUD_LEARNING, 1, "ana", "yt:1", WATCH("[[0,1000]]"));
    at_add(store, AUD_DECISION, 2, "ana", "r", AT_DECISION);
    at_add(store, AUD_DECISION, 3, "ben", "r", AT_DECISION);
    at_commit(store);
    T_OK(aud_read_person(store, &(struct aud_look){ "ana", "dpo", "request-17" }, see, &seen, &err), err);
    T_CHECK(seen.n == 4 && seen.opened == 4, "%llu records, %llu open", (unsigned long long)seen.n,
            (unsigned long long)seen.opened);
    T_CHECK(read_all(&log, AUD_ACCESS, 0).n == 1, "the look left a record");
    snprintf(old_pseudonym, sizeof old_pseudonym, "%s", seen.last_pseudonym);

    snprintf(core, sizeof core, "%s/stoa.db", log.dir);
    snprintf(wal, sizeof wal, "%s/stoa.db-wal", log.dir);
    T_CHECK(sqlite3_open_v2(core, &lite, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, "open");
    sqlite3_prepare_v2(lite, "SELECT wrapped FROM person WHERE pseudonym = ?", -1, &stmt, NULL);
    sqlite3_bind_text(stmt, 1, old_pseudonym, -1, SQLITE_STATIC);
    T_CHECK(sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == sizeof wrapped, "wrapped key");
    memcpy(wrapped, sqlite3_column_blob(stmt, 0), sizeof wrapped);
    sqlite3_finalize(stmt);
    sqlite3_close(lite);
    T_CHECK(at_has(core, wrapped, sizeof wrapped) || at_has(wal, wrapped, sizeof wrapped), "the key is there before");

    before_erasure = st_clock_wall_ms();
    st_clock_turn(5);
    T_OK(aud_erase(store, "ana", &err), err);
    T_CHECK(!at_has(core, wrapped, sizeof wrapped) && !at_has(wal, wrapped, sizeof wrapped), "no byte of it after");
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM learning") == 0, "projection gone");
    T_CHECK(read_all(&log, AUD_ERASURE, 0).n == 1, "recorded");
    memset(&seen, 0, sizeof seen);
    T_OK(aud_read_person(store, &(struct aud_look){ "ana", "dpo", "check" }, see, &seen, &err), err);
    T_CHECK(seen.n == 6 && seen.opened == 2, "%llu records, %llu open: the two looks", (unsigned long long)seen.n,
            (unsigned long long)seen.opened);

    /* A late event from before the erasure says nothing of her; learning has no consent any more; new ones get a new
     * key. */
    st_clock_turn(5);
    {
        struct aud_entry late;
        at_entry(&late, AUD_DECISION, 20, "ana", "r", AT_DECISION);
        late.wall_ms = before_erasure;
        T_OK(aud_append(store, &late, &err), err);
        aud_entry_fini(&late);
    }
    at_add(store, AUD_LEARNING, 21, "ana", "yt:1", WATCH("[[0,1000]]"));
    at_add(store, AUD_DECISION, 22, "ana", "r", AT_DECISION);
    at_commit(store);
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM person WHERE wrapped IS NULL") == 1, "the tombstone stays");
    memset(&seen, 0, sizeof seen);
    T_OK(aud_read_person(store, &(struct aud_look){ "ana", "dpo", "check" }, see, &seen, &err), err);
    T_CHECK(seen.n == 8 && seen.opened == 4, "%llu, %llu", (unsigned long long)seen.n, (unsigned long long)seen.opened);
    T_OK(aud_rebuild(store, &err), err);
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM learning") == 0, "not brought back");
    aud_close(store);
    at_clean(&log);
}

T_TEST(projections_are_the_same_when_made_anew)
{
    static const char sum[] =
        "SELECT coalesce(sum(watched_ms * 7 + count * 3 + dwell_ms + length(intervals) * 11 + length(title)), 0)"
        " + (SELECT count(*) * 1000003 FROM resource) + (SELECT count(*) * 10007 FROM resource_tag)"
        " + (SELECT sum(granted) * 101 FROM consent) FROM learning";
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    int64_t before;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    T_OK(aud_consent_set(store, "ben", "learning", true, "hr", &err), err);
    for (uint64_t i = 1; i <= 60; i++) {
        char details[300];
        snprintf(details, sizeof details,
                 "{\"playback\":\"p%llu\",\"dwell_ms\":%llu,\"intervals\":[[%llu,%llu]],\"title\":\"T%llu\"}",
                 (unsigned long long)(i % 4), (unsigned long long)i, (unsigned long long)(i * 700 % 5000),
                 (unsigned long long)(i * 700 % 5000 + 900), (unsigned long long)i);
        at_add(store, AUD_LEARNING, i, i % 2 ? "ana" : "ben", i % 3 ? "yt:1" : "yt:2", details);
        if (i % 7 == 0)
            at_commit(store);
    }
    at_add(store, AUD_RESOURCE, 100, "", "yt:1",
           "{\"url\":\"https://y.example/"
           "1\",\"title\":\"One\",\"tags\":[\"rust\",\"memory\"],\"topic\":\"rust\",\"rule\":\"rust-talks\"}");
    at_add(store, AUD_RESOURCE, 101, "", "yt:1", "{\"tags\":[\"rust\"],\"level\":\"basic\",\"rule\":\"other\"}");
    at_commit(store);
    before = ask(&log, "stoa.db", sum);
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM resource_tag") == 4, "tags");
    T_OK(aud_rebuild(store, &err), err);
    T_CHECK(before > 0 && ask(&log, "stoa.db", sum) == before, "rebuilt: %lld", (long long)before);
    ask(&log, "stoa.db", "DELETE FROM learning"); /* as after a power cut between the two files' commits */
    ask(&log, "stoa.db", "UPDATE meta SET value = 0 WHERE name = 'projected'");
    aud_close(store);
    store = at_open(&log);
    T_CHECK(ask(&log, "stoa.db", sum) == before, "caught up at opening");
    aud_close(store);
}

T_TEST(intervals_are_a_union)
{
    struct learn_spans spans = { .n = 0 };
    bool seen[400] = { false };
    uint64_t plain = 0;

    for (int round = 0; round < 60; round++) {
        uint64_t from = t_below(380), to = from + t_below(12);
        learn_union(&spans, from, to);
        for (uint64_t i = from; i < to; i++)
            seen[i] = true;
        plain = 0;
        for (size_t i = 0; i < ST_LEN(seen); i++)
            plain += seen[i];
        T_CHECK(learn_total(&spans) == plain, "round %d: %llu, %llu", round, (unsigned long long)learn_total(&spans),
                (unsigned long long)plain);
        for (size_t i = 1; i < spans.n; i++)
            T_CHECK(spans.at[i - 1].to < spans.at[i].from, "sorted and apart");
    }
    spans.n = 0;
    for (uint64_t i = 0; i < 2 * LEARN_SPANS; i++)
        learn_union(&spans, i * 10, i * 10 + 1);
    T_CHECK(spans.n == LEARN_SPANS && learn_total(&spans) == LEARN_SPANS, "ceiling");
    learn_union(&spans, 0, 10000000);
    T_CHECK(spans.n == 1, "all in one");
}

static const uint64_t month_ms = (uint64_t)31 * 24 * 3600 * 1000;

static unsigned count_files(const char *dir, const char *prefix)
{
    unsigned n = 0;
    char command[800];
    FILE *p;

    snprintf(command, sizeof command, "ls -A '%s' | grep -c '^%s'", dir, prefix);
    if ((p = popen(command, "r")) != NULL) {
        if (fscanf(p, "%u", &n) != 1)
            n = 0;
        pclose(p);
    }
    return n;
}

T_TEST(months_roll_and_old_ones_go)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    struct aud_verdict verdict;

    at_quiet();
    at_fresh(&log);
    log.options.retention_ms = (int64_t)(70ull * 24 * 3600 * 1000);
    store = at_open(&log);
    for (uint64_t month = 0; month < 5; month++) {
        for (uint64_t i = 0; i < 20; i++)
            at_add(store, AUD_DECISION, month * 100 + i, "ana", "r", AT_DECISION);
        at_commit(store);
        for (uint64_t i = 0; i < 20; i++) /* again, from before the roll: the id is in the month before */
            if (month > 0)
                at_add(store, AUD_DECISION, (month - 1) * 100 + i, "ana", "r", AT_DECISION);
        if (month % 2 == 1) {
            aud_close(store);
            store = at_open(&log);
        }
        st_clock_turn(month_ms);
    }
    aud_close(store);
    store = at_open(&log);
    verdict = at_clean(&log);
    T_CHECK(count_files(log.dir, "log-.*db$") >= 5, "five files");
    T_OK(aud_retain(store, &err), err);
    T_CHECK(count_files(log.dir, "log-.*db$") <= 4, "%u files", count_files(log.dir, "log-.*db$"));
    verdict = at_clean(&log);
    T_CHECK(read_all(&log, AUD_SYSTEM, 0).n >= 2, "said so");
    T_OK(aud_retain(store, &err), err);
    T_OK(aud_rebuild(store, &err), err);
    aud_close(store);
    T_CHECK(at_clean(&log).records == verdict.records, "twice is once");
    at_quiet();
}

/* What a store's tables say, in one number. */
static const char told[] = "SELECT coalesce(sum(watched_ms * 7 + count * 3 + dwell_ms + length(intervals) * 11), 0)"
                           " + (SELECT value * 1009 FROM meta WHERE name = 'projected') + (SELECT "
                           "coalesce(sum(granted), 0) * 101 FROM consent)"
                           " FROM learning";

T_TEST(a_rebuild_that_fails_halfway_changes_nothing)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    char stamp[32], name[64];
    int64_t before;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    for (uint64_t i = 0; i < 3; i++) {
        at_add(store, AUD_LEARNING, i + 1, "ana", "yt:1", WATCH("[[0,1000]]"));
        at_commit(store);
        if (i == 1)
            st_clock_rfc3339(st_clock_wall_ms(), stamp, sizeof stamp);
        st_clock_turn(month_ms);
    }
    aud_close(store);
    store = at_open(&log);
    before = ask(&log, "stoa.db", told);
    snprintf(name, sizeof name, "log-%.7s.db", stamp);
    ask(&log, name, "DELETE FROM tree WHERE at = 'now'"); /* the month in the middle has no sense any more */
    T_CHECK(aud_rebuild(store, &err) == ST_ERR, "made anew from what cannot be read");
    T_CHECK(before > 0 && ask(&log, "stoa.db", told) == before, "as it was: %lld", (long long)before);
    aud_close(store);
}

/* An event that comes late is in the log of a later month than its own. */
T_TEST(a_rebuild_does_not_bring_back_what_retention_took)
{
    struct at_log log;
    struct aud_store *store;
    struct aud_entry late;
    struct st_err err = ST_ERR_INIT;
    int64_t long_ago_ms;

    at_quiet();
    at_fresh(&log);
    log.options.retention_ms = (int64_t)(70ull * 24 * 3600 * 1000);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    st_clock_turn(1000);
    long_ago_ms = st_clock_wall_ms();
    at_add(store, AUD_LEARNING, 1, "ana", "yt:1", WATCH("[[0,1000]]"));
    at_commit(store);
    st_clock_turn(month_ms);
    at_entry(&late, AUD_LEARNING, 2, "ana", "yt:2", WATCH("[[0,1000]]"));
    late.wall_ms = long_ago_ms;
    T_OK(aud_append(store, &late, &err), err);
    aud_entry_fini(&late);
    at_add(store, AUD_LEARNING, 3, "ana", "yt:3", WATCH("[[0,1000]]"));
    at_commit(store);
    for (uint64_t i = 0; i < 2; i++) {
        st_clock_turn(i * (uint64_t)log.options.retention_ms); /* the second time the first month goes */
        at_add(store, AUD_DECISION, 10 + i, "ana", "r", AT_DECISION);
        at_commit(store);
        T_OK(aud_retain(store, &err), err);
        T_OK(aud_rebuild(store, &err), err);
        T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM learning") == (i == 0 ? 3 : 1), "round %d: %lld", (int)i,
                (long long)ask(&log, "stoa.db", "SELECT count(*) FROM learning"));
    }
    aud_close(store);
}

T_TEST(an_id_handed_over_again_after_midnight_of_the_last_day_is_one_record)
{
    struct at_log log;
    struct aud_store *store;
    char stamp[32], next[LED_MONTH];

    at_quiet();
    st_clock_rfc3339(st_clock_wall_ms(), stamp, sizeof stamp);
    stamp[7] = 0;
    led_month_next(stamp, next);
    st_clock_turn((uint64_t)(led_month_ms(next) - st_clock_wall_ms()) - 5000);
    at_fresh(&log);
    store = at_open(&log);
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    at_commit(store);
    st_clock_turn(10000);
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    at_add(store, AUD_DECISION, 2, "ana", "r", AT_DECISION);
    at_commit(store);
    aud_close(store);
    store = at_open(&log); /* and a restart does not forget the month before */
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    aud_close(store);
    T_CHECK(count_files(log.dir, "log-.*db$") == 2 && at_clean(&log).records == 2, "two months, two records");
}

T_TEST(a_second_writer_is_kept_out)
{
    struct at_log log;
    struct aud_store *store, *second = NULL;
    struct st_err err = ST_ERR_INIT;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    T_CHECK(aud_open(&log.options, &second, NULL, &err) == ST_ERR && err.code == ST_E_UNAVAILABLE, "%s", err.what);
    aud_close(store);
    store = at_open(&log);
    aud_close(store);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    T_CHECK(f != NULL, "%s", path);
    fputs(text, f);
    fclose(f);
}

T_TEST(a_strangers_file_is_refused_untouched)
{
    for (int round = 0; round < 3; round++) {
        struct at_log log;
        struct aud_store *store = NULL;
        struct st_err err = ST_ERR_INIT;
        struct st_diag *diag = st_diag_new();
        char path[600], before[700];
        struct stat a, b;

        at_quiet();
        at_fresh(&log);
        T_CHECK(mkdir(log.dir, 0700) == 0, "dir");
        snprintf(path, sizeof path, "%s/stoa.db", log.dir);
        if (round == 0)
            write_file(path, "not a database at all, and not short either: more than seventy-two bytes of plain text");
        if (round >= 1) {
            sqlite3 *lite = NULL;
            T_CHECK(sqlite3_open(path, &lite) == SQLITE_OK, "open");
            sqlite3_exec(lite, "CREATE TABLE t (a)", NULL, NULL, NULL);
            if (round == 2) /* ours, but from the future */
                sqlite3_exec(lite, "PRAGMA application_id=0x53746f43; PRAGMA user_version=99", NULL, NULL, NULL);
            sqlite3_close(lite);
        }
        T_CHECK(stat(path, &a) == 0, "stat");
        T_CHECK(aud_open(&log.options, &store, diag, &err) == ST_ERR && err.code == ST_E_CONFIG, "round %d: %s %s",
                round, st_e_name(err.code), err.what);
        T_CHECK(st_diag_count(diag) == 1, "one line");
        T_CHECK(stat(path, &b) == 0 && a.st_size == b.st_size && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec, "untouched");
        snprintf(before, sizeof before, "%s-wal", path);
        T_CHECK(access(before, F_OK) != 0 && count_files(log.dir, "") == 1, "nothing beside it");
        st_diag_free(diag);
    }
}

T_TEST(keys_are_private_and_their_loss_is_no_new_start)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    char path[600];
    struct stat st;

    at_quiet();
    at_fresh(&log);
    aud_close(at_open(&log));
    snprintf(path, sizeof path, "%s/keys/pseudonym.key", log.dir);
    T_CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 32, "mode");
    T_CHECK(chmod(path, 0644) == 0, "chmod");
    T_CHECK(aud_open(&log.options, &store, NULL, &err) == ST_ERR && err.code == ST_E_CONFIG, "readable by others");
    T_CHECK(unlink(path) == 0, "unlink");
    T_CHECK(aud_open(&log.options, &store, NULL, &err) == ST_ERR && err.code == ST_E_CONFIG, "missing: %s", err.what);
}

T_TEST(the_keys_of_another_log_are_refused)
{
    static const char *const names[] = { "master.key", "pseudonym.key" };

    at_quiet();
    for (size_t i = 0; i < ST_LEN(names); i++) {
        struct at_log log;
        struct aud_store *store;
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        char path[600];

        at_fresh(&log);
        aud_close(at_open(&log));
        snprintf(path, sizeof path, "%s/keys/%s", log.dir, names[i]);
        at_flip(path, 0, 1);
        T_CHECK(aud_open(&log.options, &store, diag, &err) == ST_ERR && err.code == ST_E_CONFIG, "%s", names[i]);
        T_CHECK(st_diag_count(diag) == 1, "said what to do");
        at_flip(path, 0, 1);
        aud_close(at_open(&log));
        st_diag_free(diag);
    }
}

/* Counts what was logged; every event that no test here expects still fails it. */
static unsigned logged[ST_EV_COUNT];

static void count_event(void *ctx, enum st_event event, const char *line)
{
    (void)ctx;
    T_CHECK(event == ST_EV_CHECKPOINT || event == ST_EV_CHECKPOINT_COPY_AWAY || event == ST_EV_CHECKPOINT_COPY_BACK ||
                event == ST_EV_AUDIT_DAMAGED,
            "%s", line);
    logged[event]++;
}

static void count_events(void)
{
    memset(logged, 0, sizeof logged);
    st_log_sink(count_event, NULL);
}

T_TEST(a_checkpoint_is_signed_when_it_is_due_and_not_before)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    static const struct {
        uint64_t records, turn_ms, is_signed; /* added, then waited; up to here it is signed */
    } steps[] = { { 2, 0, 0 }, { 0, 59000, 0 }, { 0, 2000, 2 }, { 2, 0, 2 }, { 1, 0, 5 }, { 0, 90000, 5 } };

    at_quiet();
    at_fresh(&log);
    log.options.checkpoint_records = 3;
    store = at_open(&log);
    for (size_t i = 0; i < ST_LEN(steps); i++) {
        struct aud_status status;

        for (uint64_t k = 0; k < steps[i].records; k++)
            at_add(store, AUD_DECISION, i * 100 + k, "ana", "r", AT_DECISION);
        at_commit(store);
        st_clock_turn(steps[i].turn_ms);
        T_OK(aud_checkpoint(store, false, &err), err);
        aud_status(store, &status);
        T_CHECK(status.signed_records == steps[i].is_signed, "step %zu: %llu", i,
                (unsigned long long)status.signed_records);
    }
    aud_close(store);
}

T_TEST(a_copy_that_stays_away_stops_neither_commits_nor_checkpoints)
{
    struct at_log log;
    struct aud_store *store;
    struct aud_status status;
    struct st_err err = ST_ERR_INIT;
    char checkpoints[600], copied[600];
    FILE *in_the_way;

    count_events();
    at_fresh(&log);
    in_the_way = fopen(log.copy, "w"); /* where the folder should be, so that nobody can make it, root neither */
    T_CHECK(in_the_way != NULL && fclose(in_the_way) == 0, "file");
    store = at_open(&log);
    for (uint64_t month = 0; month < 3; month++) {
        at_add(store, AUD_DECISION, month, "ana", "r", AT_DECISION);
        at_commit(store);
        T_OK(aud_checkpoint(store, true, &err), err);
        aud_status(store, &status);
        T_CHECK(status.signed_records == month + 1, "signed here: %llu", (unsigned long long)status.signed_records);
        st_clock_turn(month_ms);
    }
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", log.dir);
    T_CHECK(count_files(log.dir, "log-.*db$") == 3 && count_files(checkpoints, "0") == 3, "months and checkpoints");
    T_CHECK(logged[ST_EV_CHECKPOINT_COPY_AWAY] == 1 && logged[ST_EV_CHECKPOINT_COPY_BACK] == 0, "said once, not %u",
            logged[ST_EV_CHECKPOINT_COPY_AWAY]);

    T_CHECK(unlink(log.copy) == 0, "the share is back");
    T_OK(aud_checkpoint(store, false, &err), err);
    T_CHECK(logged[ST_EV_CHECKPOINT_COPY_BACK] == 1 && count_files(log.copy, "0") == 3, "and gets what it missed");
    at_add(store, AUD_DECISION, 9, "ana", "r", AT_DECISION);
    at_commit(store);
    T_OK(aud_checkpoint(store, true, &err), err);
    T_CHECK(count_files(log.copy, "0") == 4, "in step again");

    snprintf(copied, sizeof copied, "%s/%020d", log.copy, 1); /* somebody empties the place; nobody looks for an hour */
    T_CHECK(unlink(copied) == 0, "unlink");
    for (uint64_t hour = 0; hour < 2; hour++) {
        st_clock_turn(hour * 3600 * 1000);
        at_add(store, AUD_DECISION, 10 + hour, "ana", "r", AT_DECISION);
        at_commit(store);
        T_OK(aud_checkpoint(store, true, &err), err);
        T_CHECK((access(copied, F_OK) == 0) == (hour == 1), "hour %llu", (unsigned long long)hour);
    }
    aud_close(store);
    T_CHECK(at_clean(&log).checkpoints == 12, "both folders");
    T_CHECK(logged[ST_EV_CHECKPOINT_COPY_AWAY] == 1 && logged[ST_EV_CHECKPOINT_COPY_BACK] == 1, "nothing said twice");
    at_quiet();
}

/* The copy is what betrays a rewritten log, so the rewritten one must not reach it. */
T_TEST(a_copy_is_never_written_over)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    char here[600], there[600];
    uint64_t size;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    aud_close(store);
    snprintf(here, sizeof here, "%s/checkpoints/%020d", log.dir, 1);
    snprintf(there, sizeof there, "%s/%020d", log.copy, 1);
    size = at_size(there);
    T_CHECK(size > 0 && at_size(here) == size && truncate(here, 0) == 0, "copied, then rewritten");
    store = at_open(&log); /* compares all names again */
    T_OK(aud_checkpoint(store, true, &err), err);
    T_CHECK(at_size(there) == size, "the older word stays");
    aud_close(store);
}

T_TEST(checkpoints_that_were_not_copied_outlive_their_month)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    char checkpoints[600];
    FILE *in_the_way;

    count_events();
    at_fresh(&log);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", log.dir);
    log.options.retention_ms = (int64_t)month_ms;
    in_the_way = fopen(log.copy, "w");
    T_CHECK(in_the_way != NULL && fclose(in_the_way) == 0, "file");
    store = at_open(&log);
    for (uint64_t month = 0; month < 4; month++) {
        at_add(store, AUD_DECISION, month, "ana", "r", AT_DECISION);
        at_commit(store);
        T_OK(aud_checkpoint(store, true, &err), err);
        st_clock_turn(month_ms);
    }
    T_OK(aud_retain(store, &err), err);
    T_CHECK(count_files(log.dir, "log-.*db$") < 4, "months went");
    T_CHECK(access(checkpoints, F_OK) == 0 && count_files(checkpoints, "0*1$") == 1, "the first checkpoint waits");
    T_CHECK(unlink(log.copy) == 0, "the share is back");
    T_OK(aud_checkpoint(store, true, &err), err);
    T_CHECK(count_files(log.copy, "0*1$") == 1, "and gets it");
    aud_close(store);
    at_quiet();
}

T_TEST(a_damaged_key_or_record_holds_up_nobody_else)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    struct seen seen = { 0 };
    char stamp[32], month[40];

    count_events();
    at_fresh(&log);
    store = at_open(&log);
    T_OK(aud_consent_set(store, "ana", "learning", true, "ana", &err), err);
    T_OK(aud_consent_set(store, "ben", "learning", true, "ben", &err), err);
    at_add(store, AUD_LEARNING, 1, "ana", "yt:1", WATCH("[[0,1000]]"));
    at_add(store, AUD_LEARNING, 2, "ben", "yt:1", WATCH("[[0,1000]]"));
    at_add(store, AUD_LEARNING, 3, "ben", "yt:2", WATCH("[[0,1000]]"));
    at_commit(store);
    aud_close(store);
    st_clock_rfc3339(st_clock_wall_ms(), stamp, sizeof stamp);
    snprintf(month, sizeof month, "log-%.7s.db", stamp);
    ask(&log, "stoa.db",
        "UPDATE person SET wrapped = zeroblob(60) WHERE made_ms = (SELECT min(made_ms) FROM person)"
        " AND pseudonym = (SELECT pseudonym FROM consent ORDER BY seq LIMIT 1)");
    ask(&log, month, "UPDATE record SET details = zeroblob(80) WHERE subject = 'yt:2'");
    ask(&log, "stoa.db", "UPDATE meta SET value = 0 WHERE name = 'projected'");
    ask(&log, "stoa.db", "DELETE FROM learning");

    store = at_open(&log);
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM learning") == 1, "what is whole is projected");
    at_add(store, AUD_DECISION, 4, "ana", "r", AT_DECISION);
    at_add(store, AUD_DECISION, 5, "ben", "r", AT_DECISION);
    at_commit(store);
    T_CHECK(logged[ST_EV_AUDIT_DAMAGED] > 0, "said");
    T_CHECK(ask(&log, "stoa.db", "SELECT count(*) FROM person WHERE epoch = 2") == 1, "ana has a new key");
    T_OK(aud_read_person(store, &(struct aud_look){ "ana", "dpo", "check" }, see, &seen, &err), err);
    T_CHECK(seen.n == 4 && seen.opened == 2, "%llu records, %llu open: the new one and the look",
            (unsigned long long)seen.n, (unsigned long long)seen.opened);
    memset(&seen, 0, sizeof seen);
    T_OK(aud_read_person(store, &(struct aud_look){ "ben", "dpo", "check" }, see, &seen, &err), err);
    T_CHECK(seen.n == 5 && seen.opened == 4, "%llu records, %llu open: all but the changed one",
            (unsigned long long)seen.n, (unsigned long long)seen.opened);
    aud_close(store);
    at_quiet();
}

/* Three records, so that a failure in the second or third has to take the first back too; closing tries once more. */
T_TEST(opening_and_committing_survive_every_oom)
{
    struct at_log log;

    at_quiet();
    at_fresh(&log);
    aud_close(at_open(&log));
    for (int nth = 1;; nth++) {
        struct aud_store *store = NULL;
        struct st_err err = ST_ERR_INIT;
        struct aud_entry entries[3];
        bool is_end;
        enum st_rc rc;

        for (size_t i = 0; i < ST_LEN(entries); i++)
            at_entry(&entries[i], AUD_DECISION, (uint64_t)nth * 10 + i, i % 2 ? "ana" : "ben", "r", AT_DECISION);
        t_fail_alloc(nth);
        rc = aud_open(&log.options, &store, NULL, &err);
        for (size_t i = 0; i < ST_LEN(entries) && rc == ST_OK; i++)
            rc = aud_append(store, &entries[i], &err);
        if (rc == ST_OK)
            rc = aud_commit(store, &err);
        is_end = rc == ST_OK && !t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s %s", nth, err.where, err.what);
        aud_close(store);
        for (size_t i = 0; i < ST_LEN(entries); i++)
            aud_entry_fini(&entries[i]);
        if (is_end)
            break;
    }
    at_clean(&log);
}
