/* SPDX-License-Identifier: Apache-2.0 */
/* journal - what a killed writer leaves behind is whole, whatever it was doing. */
#include "gateway/journal.h"
#include "t.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct read {
    uint64_t n, last, first;
    bool in_order;
};

static void on_record(void *ctx, struct st_span record)
{
    struct read *read = ctx;
    uint64_t number;

    T_CHECK(record.n >= sizeof number, "a record of %zu bytes", record.n);
    memcpy(&number, record.p, sizeof number);
    for (size_t i = sizeof number; i < record.n; i++)
        T_CHECK(record.p[i] == (uint8_t)number, "byte %zu of record %llu", i, (unsigned long long)number);
    read->in_order = read->n == 0 || (read->in_order && number == read->last + 1);
    if (read->n++ == 0)
        read->first = number;
    read->last = number;
}

static struct read read_all(int fd)
{
    struct read read = { .in_order = true };
    struct st_err err = ST_ERR_INIT;

    T_OK(journal_read(fd, on_record, &read, &err), err);
    return read;
}

static enum st_rc append_number(struct journal *journal, uint64_t number, size_t n, struct st_err *err)
{
    uint8_t bytes[2048];

    memset(bytes, (int)(uint8_t)number, sizeof bytes);
    memcpy(bytes, &number, sizeof number);
    return journal_append(journal, st_span(bytes, n), err);
}

static struct journal *open_new(int *fd)
{
    struct st_err err = ST_ERR_INIT;
    struct journal *journal = NULL;

    T_OK(journal_create(fd, &err), err);
    T_OK(journal_open(dup(*fd), &journal, &err), err);
    return journal;
}

T_TEST(records_are_read_in_order)
{
    struct st_err err = ST_ERR_INIT;
    int fd;
    struct journal *journal = open_new(&fd);

    T_CHECK(read_all(fd).n == 0, "a new journal is empty");
    for (uint64_t i = 1; i <= 1000; i++)
        T_OK(append_number(journal, i, 8 + i % 100, &err), err);
    T_CHECK(read_all(fd).n == 1000 && read_all(fd).in_order, "found %llu", (unsigned long long)read_all(fd).n);
    journal_clear(journal);
    T_CHECK(read_all(fd).n == 0, "cleared");
    journal_close(journal);
    close(fd);
}

T_TEST(a_full_journal_says_so_and_a_rewrite_makes_room)
{
    struct st_err err = ST_ERR_INIT;
    int fd;
    struct journal *journal = open_new(&fd);
    uint64_t i = 1;

    while (append_number(journal, i, 2000, &err) == ST_OK)
        i++;
    T_CHECK(err.code == ST_E_LIMIT && i > JOURNAL_BYTES / 2100, "%llu fitted", (unsigned long long)i);
    journal_begin(journal);
    T_OK(append_number(journal, i - 1, 100, &err), err);
    T_CHECK(read_all(fd).n == i - 1, "before the end the old half is in force");
    journal_end(journal);
    T_CHECK(read_all(fd).n == 1 && read_all(fd).first == i - 1, "only the rewritten one is left");
    T_OK(append_number(journal, i, 100, &err), err);
    T_CHECK(read_all(fd).n == 2 && read_all(fd).in_order, "appends go on behind it");
    journal_close(journal);
    close(fd);
}

/* The child appends numbers and rewrites its last 50 when full; it is killed somewhere. */
static void write_until_killed(int fd)
{
    struct st_err err = ST_ERR_INIT;
    struct journal *journal = NULL;

    if (journal_open(fd, &journal, &err) != ST_OK)
        _exit(1);
    for (uint64_t i = 1;; i++) {
        if (append_number(journal, i, 8 + i % 1900, &err) == ST_OK)
            continue;
        journal_begin(journal);
        for (uint64_t k = i - 50; k <= i; k++)
            if (append_number(journal, k, 8 + k % 1900, &err) != ST_OK)
                _exit(2);
        journal_end(journal);
    }
}

T_TEST(a_kill_at_any_moment_leaves_whole_records)
{
    t_seed(7);
    for (int round = 0; round < 40; round++) {
        struct st_err err = ST_ERR_INIT;
        struct read read;
        int fd, status;
        pid_t child;

        T_OK(journal_create(&fd, &err), err);
        child = fork();
        if (child == 0)
            write_until_killed(fd);
        for (uint64_t spin = t_below(3000000); spin > 0; spin--)
            __asm__ volatile("");
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        T_CHECK(WIFSIGNALED(status), "round %d: the writer failed: %d", round, status);
        read = read_all(fd);
        T_CHECK(read.in_order, "round %d: %llu records, last %llu", round, (unsigned long long)read.n,
                (unsigned long long)read.last);
        close(fd);
    }
}

/* Whoever rewrites a full journal and finds no room in the other half either must not go on in that half. */
T_TEST(a_rewrite_without_room_is_given_up)
{
    struct st_err err = ST_ERR_INIT;
    struct journal *journal;
    uint64_t n = 0, again = 0;
    int fd;

    journal = open_new(&fd);
    while (append_number(journal, n, 1000, &err) == ST_OK)
        n++;
    journal_begin(journal);
    while (append_number(journal, again, 1100, &err) == ST_OK)
        again++;
    T_CHECK(again < n && read_all(fd).n == n, "%llu of %llu", (unsigned long long)again, (unsigned long long)n);
    T_OK(append_number(journal, n, 8, &err), err);
    T_CHECK(read_all(fd).n == n + 1, "what is taken is what is read: %llu", (unsigned long long)read_all(fd).n);
    journal_close(journal);
    close(fd);
}

T_TEST(what_is_no_journal_is_refused_and_a_lying_one_is_bounded)
{
    struct st_err err = ST_ERR_INIT;
    struct read read = { 0 };
    int fd = memfd_create("other", MFD_CLOEXEC);
    uint64_t used[] = { 1, 3, 4, 5, 100, JOURNAL_BYTES, JOURNAL_BYTES + 1, UINT64_MAX };

    T_CHECK(journal_read(fd, on_record, &read, &err) == ST_ERR && read.n == 0, "an empty file");
    T_CHECK(ftruncate(fd, (off_t)(4096 + 2 * JOURNAL_BYTES)) == 0, "room");
    T_CHECK(journal_read(fd, on_record, &read, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "zeroes");
    close(fd);
    T_OK(journal_create(&fd, &err), err);
    T_CHECK(pwrite(fd, "\xff\xff\xff\xff", 4, 4096) == 4, "a length of 4 GiB");
    for (size_t i = 0; i < ST_LEN(used); i++) {
        T_CHECK(pwrite(fd, &used[i], 8, 8) == 8, "used");
        T_CHECK(read_all(fd).n == 0, "used %llu", (unsigned long long)used[i]);
    }
    close(fd);
}

T_TEST(open_survives_every_oom)
{
    struct st_err err = ST_ERR_INIT;
    struct journal *journal = NULL;
    int fd;

    T_OK(journal_create(&fd, &err), err);
    t_fail_alloc(1);
    T_CHECK(journal_open(fd, &journal, &err) == ST_ERR && err.code == ST_E_NOMEM, "%s", err.what);
    t_fail_alloc(0);
    T_OK(journal_open(fd, &journal, &err), err);
    journal_close(journal);
}
