/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder dies, the disk fails: nothing that was acknowledged is lost, and what failed may simply come again. */
#include "audit_t.h"
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROUNDS 14

/* Appends and commits for ever; after each commit says over the pipe how far it is. */
static void child_main(struct at_log *log, int say, uint64_t from)
{
    struct aud_store *store = NULL;
    struct st_err err = ST_ERR_INIT;

    st_log_sink(NULL, NULL);
    if (aud_open(&log->options, &store, NULL, &err) != ST_OK)
        _exit(3);
    for (uint64_t i = from;; i++) {
        struct aud_entry entry;
        char person[32];
        snprintf(person, sizeof person, "person%u", (unsigned)(i % 40));
        at_entry(&entry, AUD_DECISION, i, person, "r", AT_DECISION);
        if (aud_append(store, &entry, &err) != ST_OK)
            _exit(4);
        aud_entry_fini(&entry);
        if (i % 5 == 0) {
            if (aud_commit(store, &err) != ST_OK || aud_checkpoint(store, i % 25 == 0, &err) != ST_OK)
                _exit(5);
            if (write(say, &i, sizeof i) != sizeof i)
                _exit(6);
        }
    }
}

struct ids {
    uint64_t highest, n;
};

static bool count_id(void *ctx, const struct aud_record *record)
{
    struct ids *ids = ctx;

    ids->n++;
    ids->highest = record->seq;
    return true;
}

T_TEST(killed_at_any_moment_nothing_acknowledged_is_lost)
{
    struct at_log log;
    uint64_t acknowledged = 0;

    at_quiet();
    at_fresh(&log);
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2], status;
        uint64_t got;
        pid_t child;
        struct ids ids = { 0 };
        struct aud_filter filter = { .kind = -1 };
        struct st_err err = ST_ERR_INIT;

        T_CHECK(pipe(fds) == 0, "pipe");
        child = fork();
        T_CHECK(child >= 0, "fork");
        if (child == 0) {
            close(fds[0]);
            child_main(&log, fds[1], acknowledged + 1); /* as the workers do: what was not acknowledged comes again */
        }
        close(fds[1]);
        for (uint64_t n = t_below(30); n > 0 && read(fds[0], &got, sizeof got) == sizeof got; n--)
            acknowledged = got;
        for (uint64_t spin = t_below(3000000); spin > 0; spin--) /* and then anywhere in the next one */
            __asm__ volatile("");
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        T_CHECK(WIFSIGNALED(status), "the child ended by itself: %d", WEXITSTATUS(status));
        while (read(fds[0], &got, sizeof got) == sizeof got)
            acknowledged = got;
        close(fds[0]);
        aud_close(at_open(&log)); /* recovers; also when the kill came while the files were being made */
        T_OK(aud_read(log.dir, &filter, count_id, &ids, NULL, &err), err);
        T_CHECK(ids.n >= acknowledged && ids.n == ids.highest, "round %d: %llu there, %llu acknowledged", round,
                (unsigned long long)ids.n, (unsigned long long)acknowledged);
        at_clean(&log);
        if (ids.n > acknowledged)
            acknowledged = ids.n - ids.n % 5; /* ids are numbers in order here: hand over a few again */
    }
    T_CHECK(acknowledged > 0, "some rounds got somewhere");
}

/* ---- a disk that fails: a VFS in front of the real one --------------------------------------------------------------
 */

static int fail_after = -1; /* calls until failure; -1: never */
static int fail_code;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static sqlite3_io_methods real_io, main_io, side_io; /* databases have locks, files beside them have none */

static bool shim_fails(void)
{
    if (fail_after < 0)
        return false;
    if (fail_after > 0)
        fail_after--;
    return fail_after == 0;
}

static int shim_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    if (shim_fails()) {
        if (n > 1) /* half of it reaches the disk */
            real_io.xWrite(file, p, n / 2, at);
        return fail_code;
    }
    return real_io.xWrite(file, p, n, at);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    return shim_fails() ? SQLITE_IOERR_FSYNC : real_io.xSync(file, flags);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int rc = real_open(vfs, name, file, flags, out);

    if (rc == SQLITE_OK && file->pMethods != NULL) {
        sqlite3_io_methods *shim = flags & SQLITE_OPEN_MAIN_DB ? &main_io : &side_io;
        real_io = *file->pMethods; /* writing and syncing are the same for all */
        *shim = real_io;
        shim->xWrite = shim_write;
        shim->xSync = shim_sync;
        file->pMethods = shim;
    }
    return rc;
}

static void shim_install(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    static sqlite3_vfs shim;

    shim = *real;
    real_open = real->xOpen;
    shim.zName = "failing";
    shim.xOpen = shim_open;
    T_CHECK(sqlite3_vfs_register(&shim, 1) == SQLITE_OK, "vfs");
}

static void shim_remove(void)
{
    fail_after = -1;
    T_CHECK(sqlite3_vfs_unregister(sqlite3_vfs_find("failing")) == SQLITE_OK, "vfs");
}

struct opened {
    uint64_t n, open;
};

static bool count_open(void *ctx, const struct aud_record *record)
{
    struct opened *opened = ctx;

    opened->n++;
    opened->open += record->details.n > 0;
    return true;
}

T_TEST(a_failing_disk_is_reported_and_the_batch_is_kept)
{
    static const int codes[] = { SQLITE_IOERR_WRITE, SQLITE_FULL };
    struct at_log log;
    struct aud_store *store;
    uint64_t number = 0, failures = 0, looks = 0, full = 0;

    at_quiet();
    at_fresh(&log);
    shim_install();
    store = at_open(&log);
    for (size_t c = 0; c < ST_LEN(codes); c++)
        for (int after = 1; after <= 24; after++) {
            struct st_err err = ST_ERR_INIT;
            struct aud_status status;
            char person[32];

            for (int i = 0; i < 4; i++) {
                number++;
                snprintf(person, sizeof person, "p%llu", (unsigned long long)(number / 3)); /* new keys fail too */
                at_add(store, AUD_DECISION, number, person, "r", AT_DECISION);
            }
            fail_code = codes[c];
            fail_after = after;
            if (aud_commit(store, &err) == ST_OK) {
                fail_after = -1;
                continue;
            }
            failures++;
            T_CHECK(err.num == EIO || (err.num == ENOSPC && codes[c] == SQLITE_FULL), "errno %lld", (long long)err.num);
            full += err.num == ENOSPC;
            T_CHECK(err.code == ST_E_IO, "after %d: %s, %s", after, st_e_name(err.code), err.what);
            aud_status(store, &status);
            T_CHECK(status.waiting == 4, "kept");
            fail_after = -1;
            at_commit(store);
            aud_status(store, &status);
            T_CHECK(status.waiting == 0 && status.records == number, "all there: %llu of %llu",
                    (unsigned long long)status.records, (unsigned long long)number);
        }
    T_CHECK(full > 0, "a full disk is never said to be one");
    for (uint64_t p = 0; p <= number / 3; p++) { /* no key was used that did not reach the disk */
        struct opened opened = { 0 };
        struct st_err err = ST_ERR_INIT;
        char person[32];
        snprintf(person, sizeof person, "p%llu", (unsigned long long)p);
        T_OK(aud_read_person(store, &(struct aud_look){ person, "dpo", "test" }, count_open, &opened, &err), err);
        T_CHECK(opened.n > 1 && opened.open == opened.n, "%s: %llu of %llu", person, (unsigned long long)opened.open,
                (unsigned long long)opened.n);
        looks++;
    }
    T_CHECK(failures >= 12, "the shim failed only %llu times", (unsigned long long)failures);
    aud_close(store);
    shim_remove();
    T_CHECK(at_clean(&log).records == number + looks, "clean");
}

T_TEST(a_full_disk_freed_again_goes_on)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    struct rlimit limit, was;
    char wal[700], month[600];

    at_quiet();
    at_fresh(&log);
    signal(SIGXFSZ, SIG_IGN);
    store = at_open(&log);
    at_add(store, AUD_DECISION, 1, "ana", "r", AT_DECISION);
    at_commit(store);
    at_month(&log, month, sizeof month);
    snprintf(wal, sizeof wal, "%s-wal", month);
    T_CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0, "limit");
    limit = was;
    limit.rlim_cur = at_size(wal) + 2000;
    T_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "limit");
    for (uint64_t i = 2; i <= 100; i++)
        at_add(store, AUD_DECISION, i, "ana", "r", AT_DECISION);
    T_CHECK(aud_commit(store, &err) == ST_ERR && err.code == ST_E_IO, "%s", err.what);
    T_CHECK(aud_commit(store, &err) == ST_ERR, "and again");
    T_CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0, "limit");
    at_commit(store);
    aud_close(store);
    T_CHECK(at_clean(&log).records == 100, "all hundred");
}

T_TEST(a_batch_has_a_ceiling_and_says_so)
{
    struct at_log log;
    struct aud_store *store;
    struct st_err err = ST_ERR_INIT;
    uint64_t n = 0;

    at_quiet();
    at_fresh(&log);
    store = at_open(&log);
    while (n < 100000 && at_try(store, AUD_SYSTEM, n, "", "worker", "{\"signal\":9}", &err) == ST_OK)
        n++;
    T_CHECK(n == 16384 && err.code == ST_E_LIMIT, "%llu", (unsigned long long)n);
    at_commit(store);
    at_add(store, AUD_SYSTEM, n, "", "worker", "{}");
    aud_close(store);
    T_CHECK(at_clean(&log).records == n + 1, "all");
}
