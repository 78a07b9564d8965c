/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit tests share: a fresh log, entries in one line, a small data file to break. */
#ifndef STOA_TESTS_UNIT_AUDIT_T_H
#define STOA_TESTS_UNIT_AUDIT_T_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "t.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct at_log {
    char dir[512], copy[512];
    struct aud_options options;
};

static inline void at_fresh(struct at_log *log)
{
    static unsigned count;

    count++;
    snprintf(log->dir, sizeof log->dir, "%s/log%u", t_tmpdir(), count);
    snprintf(log->copy, sizeof log->copy, "%s/copy%u", t_tmpdir(), count);
    log->options = (struct aud_options){ .dir = log->dir,
                                         .checkpoint_copy = log->copy,
                                         .origin = "stoa/test",
                                         .checkpoint_ms = 60000,
                                         .checkpoint_records = 1000000 };
}

static inline struct aud_store *at_open(struct at_log *log)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_store *store = NULL;

    T_OK(aud_open(&log->options, &store, NULL, &err), err);
    return store;
}

/* Each checkpoint is a log line; how many a test makes depends on time. Anything else was not announced. */
static inline void at_quiet_sink(void *ctx, enum st_event event, const char *line)
{
    (void)ctx;
    T_CHECK(event == ST_EV_CHECKPOINT, "%s", line);
}
static inline void at_quiet(void)
{
    st_log_sink(at_quiet_sink, NULL);
}

static inline void at_entry(struct aud_entry *entry, enum aud_kind kind, uint64_t number, const char *person,
                            const char *subject, const char *details)
{
    aud_entry_init(entry, kind);
    memcpy(entry->id, "unit test writer", 16);
    memcpy(entry->id + 16, &number, 8);
    entry->wall_ms = st_clock_wall_ms();
    snprintf(entry->person, sizeof entry->person, "%s", person);
    snprintf(entry->subject, sizeof entry->subject, "%s", subject);
    st_buf_str(&entry->details, details);
}

static inline enum st_rc at_try(struct aud_store *store, enum aud_kind kind, uint64_t number, const char *person,
                                const char *subject, const char *details, struct st_err *err)
{
    struct aud_entry entry;
    enum st_rc rc;

    at_entry(&entry, kind, number, person, subject, details);
    rc = aud_append(store, &entry, err);
    aud_entry_fini(&entry);
    return rc;
}

static inline void at_add(struct aud_store *store, enum aud_kind kind, uint64_t number, const char *person,
                          const char *subject, const char *details)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(at_try(store, kind, number, person, subject, details, &err), err);
}

static inline void at_commit(struct aud_store *store)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(aud_commit(store, &err), err);
}

#define AT_DECISION \
    "{\"platform\":\"linkedin\",\"activity\":\"post\",\"verdict\":\"block\",\"detectors\":[\"pii.de.iban\"]}"

static inline struct aud_verdict at_clean(struct at_log *log)
{
    struct aud_verdict verdict;
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = aud_verify(log->dir, log->copy, &verdict, NULL, &err);

    T_CHECK(rc == ST_OK && verdict.problem == NULL, "%s at %llu (%s: %s %lld)", verdict.problem ? verdict.problem : "-",
            (unsigned long long)verdict.bad_seq, err.where, err.what, (long long)err.num);
    return verdict;
}

static inline uint64_t at_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The one month's file of a log whose clock nobody turned. */
static inline void at_month(const struct at_log *log, char *out, size_t size)
{
    char stamp[32];

    st_clock_rfc3339(st_clock_wall_ms(), stamp, sizeof stamp);
    snprintf(out, size, "%s/log-%.7s.db", log->dir, stamp);
}

static inline void at_flip(const char *path, uint64_t at, uint8_t mask)
{
    int fd = open(path, O_RDWR);
    uint8_t byte = 0;

    T_CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1, "cannot read %s at %llu", path, (unsigned long long)at);
    byte ^= mask;
    T_CHECK(pwrite(fd, &byte, 1, (off_t)at) == 1, "cannot write");
    close(fd);
}

static inline bool at_has(const char *path, const void *needle, size_t n)
{
    struct st_buf bytes;
    uint8_t chunk[65536];
    int fd = open(path, O_RDONLY);
    ssize_t got;
    bool has;

    st_buf_init(&bytes, 64u << 20);
    while (fd >= 0 && (got = read(fd, chunk, sizeof chunk)) > 0)
        st_buf_put(&bytes, chunk, (size_t)got);
    if (fd >= 0)
        close(fd);
    has = st_span_find(st_buf_view(&bytes), st_span(needle, n)) != ST_SPAN_NPOS;
    st_buf_fini(&bytes);
    return has;
}
#endif
