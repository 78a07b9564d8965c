/* SPDX-License-Identifier: Apache-2.0 */
/* journal - a memfd with a head and two halves; see journal.h for the idea.
 *
 * Layout: struct head, then half 0, then half 1, JOURNAL_BYTES each. A half holds records one after another: u32
 * length, bytes. The order of stores matters (release) since the reader looks at what a killed writer left.
 */
#include "gateway/journal.h"
#include "gateway/shared.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define JOURNAL_MAGIC 0x6a726e6cu
#define WRITER_MAGIC  0x6a777274u
#define HEAD_BYTES    4096u
#define TOTAL_BYTES   (HEAD_BYTES + 2 * JOURNAL_BYTES)

struct head {
    uint32_t magic;
    _Atomic uint32_t in_force; /* 0 or 1 */
    _Atomic uint64_t used[2];  /* bytes of each half that hold whole records */
};
_Static_assert(sizeof(struct head) <= HEAD_BYTES, "the head has a page of its own");

struct journal {
    unsigned magic;
    int fd;
    struct head *head;
    uint32_t writing; /* the half that appends go to */
};

static uint8_t *half(const struct head *head, uint32_t which)
{
    return (uint8_t *)head + HEAD_BYTES + which * JOURNAL_BYTES;
}

static const struct shared_kind KIND = { "stoa-journal", JOURNAL_MAGIC, TOTAL_BYTES };

enum st_rc journal_create(int *fd, struct st_err *err)
{
    return shared_create(&KIND, fd, err);
}

static struct head *map(int fd, int protection, struct st_err *err)
{
    void *at = NULL;

    return shared_map(&KIND, fd, protection, &at, err) == ST_OK ? at : NULL;
}

enum st_rc journal_read(int fd, journal_record_f *fn, void *ctx, struct st_err *err)
{
    struct head *head = map(fd, PROT_READ, err);
    uint64_t used, at = 0;
    const uint8_t *bytes;
    uint32_t which;

    if (head == NULL)
        return ST_ERR;
    which = atomic_load_explicit(&head->in_force, memory_order_acquire) & 1u;
    used = atomic_load_explicit(&head->used[which], memory_order_acquire);
    bytes = half(head, which);
    if (used > JOURNAL_BYTES)
        used = 0;
    while (used - at > sizeof(uint32_t)) {
        uint32_t n;

        memcpy(&n, bytes + at, sizeof n);
        at += sizeof n;
        if (n > used - at)
            break;
        fn(ctx, st_span(bytes + at, n));
        at += n;
    }
    munmap(head, TOTAL_BYTES);
    return ST_OK;
}

enum st_rc journal_open(int fd, struct journal **out, struct st_err *err)
{
    struct journal *journal = calloc(1, sizeof *journal);

    if (journal == NULL)
        return st_fail(err, ST_E_NOMEM, "journal.open", "journal", sizeof *journal);
    if ((journal->head = map(fd, PROT_READ | PROT_WRITE, err)) == NULL) {
        free(journal);
        return ST_ERR;
    }
    journal->magic = WRITER_MAGIC;
    journal->fd = fd;
    journal->writing = atomic_load_explicit(&journal->head->in_force, memory_order_relaxed) & 1u;
    *out = journal;
    return ST_OK;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    ST_CHECK(journal, WRITER_MAGIC);
    munmap(journal->head, TOTAL_BYTES);
    close(journal->fd);
    journal->magic = 0;
    free(journal);
}

enum st_rc journal_append(struct journal *journal, struct st_span record, struct st_err *err)
{
    const uint32_t n = (uint32_t)record.n;
    struct head *head = journal->head;
    uint64_t used;
    uint8_t *at;

    ST_CHECK(journal, WRITER_MAGIC);
    used = atomic_load_explicit(&head->used[journal->writing], memory_order_relaxed);
    if (record.n > JOURNAL_BYTES || sizeof n + record.n > JOURNAL_BYTES - used) {
        journal->writing = atomic_load_explicit(&head->in_force, memory_order_relaxed) & 1u; /* a rewrite is given up */
        return st_fail(err, ST_E_LIMIT, "journal.append", "the journal is full", record.n);
    }
    at = half(head, journal->writing) + used;
    memcpy(at, &n, sizeof n);
    memcpy(at + sizeof n, record.p, record.n);
    atomic_store_explicit(&head->used[journal->writing], used + sizeof n + record.n, memory_order_release);
    return ST_OK;
}

void journal_clear(struct journal *journal)
{
    ST_CHECK(journal, WRITER_MAGIC);
    atomic_store_explicit(&journal->head->used[journal->writing], 0, memory_order_release);
}

void journal_begin(struct journal *journal)
{
    ST_CHECK(journal, WRITER_MAGIC);
    journal->writing ^= 1u;
    atomic_store_explicit(&journal->head->used[journal->writing], 0, memory_order_release);
}

void journal_end(struct journal *journal)
{
    ST_CHECK(journal, WRITER_MAGIC);
    atomic_store_explicit(&journal->head->in_force, journal->writing, memory_order_release);
}
