/* SPDX-License-Identifier: Apache-2.0 */
/* The comment at the top of ledger.c is enough: a checker in another language, written from it alone, agrees with
 * ours about good logs and bad ones, over months, erasures and retention. */
#include "audit_t.h"
#include <sys/wait.h>

static int ask_stranger(struct at_log *log, uint64_t *bad_seq)
{
    char command[1400], line[1024] = "";
    unsigned long long seq = 0;
    FILE *p;
    int status;

    snprintf(command, sizeof command, "/usr/bin/python3 tests/scenario/audit_check.py '%s' '%s'", log->dir, log->copy);
    T_CHECK((p = popen(command, "r")) != NULL, "python");
    T_CHECK(fgets(line, sizeof line, p) != NULL,
            "no answer: python3 and python3-cryptography are needed (tools/setup)");
    status = pclose(p);
    T_CHECK(strstr(line, "\"bad_seq\": ") != NULL &&
                sscanf(strstr(line, "\"bad_seq\": "), "\"bad_seq\": %llu", &seq) == 1,
            "%s", line);
    *bad_seq = seq;
    return WEXITSTATUS(status);
}

static void fill(struct aud_store *store, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++) {
        at_add(store, AUD_DECISION, i, i % 3 ? "Ana M\xc3\xbcller" : "", "rule", AT_DECISION);
        if (i % 8 == 0)
            at_commit(store);
    }
    at_commit(store);
}

T_TEST(a_stranger_agrees)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    struct aud_verdict verdict;
    uint64_t bad;
    char month[600];

    at_quiet();
    at_fresh(&log);
    log.options.retention_ms = (int64_t)(40ull * 24 * 3600 * 1000);
    store = at_open(&log);
    T_CHECK(ask_stranger(&log, &bad) == 0, "an empty log");
    for (uint64_t m = 0; m < 4; m++) {
        fill(store, m * 100 + 1, 37);
        T_OK(aud_checkpoint(store, true, &err), err);
        fill(store, m * 100 + 50, 11);
        if (m < 3)
            st_clock_turn((uint64_t)31 * 24 * 3600 * 1000);
    }
    T_OK(aud_consent_set(store, "ben", "learning", true, "ben", &err), err);
    T_OK(aud_erase(store, "Ana M\xc3\xbcller", &err), err);
    T_CHECK(ask_stranger(&log, &bad) == 0, "four months, beside the running recorder");
    T_OK(aud_retain(store, &err), err);
    T_CHECK(ask_stranger(&log, &bad) == 0, "after retention");
    aud_close(store);
    verdict = at_clean(&log);
    T_CHECK(verdict.records > 50 && ask_stranger(&log, &bad) == 0, "closed");

    at_month(&log, month, sizeof month);
    for (uint64_t at = at_size(month) - 1; at > at_size(month) - 2000; at -= 100) { /* the last leaf page: rows */
        int theirs;
        enum st_rc ours;
        at_flip(month, at, 4);
        theirs = ask_stranger(&log, &bad);
        ours = aud_verify(log.dir, log.copy, &verdict, NULL, &err);
        T_CHECK(theirs != 0 ? ours == ST_ERR : true, "byte %llu: the stranger found what we did not",
                (unsigned long long)at);
        T_CHECK(bad == 0 || bad == verdict.bad_seq, "byte %llu: record %llu here, %llu there", (unsigned long long)at,
                (unsigned long long)verdict.bad_seq, (unsigned long long)bad);
        at_flip(month, at, 4);
    }
}
