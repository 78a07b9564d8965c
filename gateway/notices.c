/* SPDX-License-Identifier: Apache-2.0 */
/* notices - a table of slots in a memfd, without a lock: see notices.h for the idea.
 *
 * A slot's tag is a phase and a turn. Who moves it from FREE (or from READY, when it is out of date) to FILLING, or
 * from READY to TAKING, by compare-and-swap owns the slot until it stores the next phase; the turn makes a tag that was
 * seen before the slot's next use fail to swap. Nobody ever waits: a killed worker blocks no other one, it costs at
 * worst the one slot that it was copying. What other processes wrote is not believed: lengths are bounded before they
 * are used.
 */
#include "gateway/notices.h"
#include "base/clock.h"
#include "gateway/shared.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE_MAGIC   0x6e746365u
#define NOTICES_MAGIC 0x6e746373u

enum phase { FREE, FILLING, READY, TAKING };
#define PHASE_BITS 2

struct slot {
    _Atomic uint64_t tag;    /* turn << PHASE_BITS | phase */
    _Atomic uint64_t due_ms; /* on st_clock */
    _Atomic uint64_t order;  /* of table->order */
    _Atomic uint32_t n;      /* bytes of its text */
    struct notices_key key;
};

struct table { /* the texts follow the slots */
    uint32_t magic;
    _Atomic uint64_t order;
    struct slot slots[];
};

static const struct kind {
    struct shared_kind shared;
    size_t count, text_max;
    uint64_t life_ms;
} KINDS[] = {
#define X(id, name, count, text, life) \
    { { name, TABLE_MAGIC, sizeof(struct table) + (count) * (sizeof(struct slot) + (text)) }, count, text, life },
    NOTICES_USES(X)
#undef X
};

struct notices {
    unsigned magic;
    int fd;
    const struct kind *kind;
    struct table *table;
};

enum st_rc notices_key(struct st_span host, struct st_span session, struct st_span person, struct notices_key *out,
                       struct st_err *err)
{
    const struct st_span parts[] = { host, ST_SPAN("\0"), session, ST_SPAN("\0"), person };

    return st_sha256(parts, ST_LEN(parts), out->digest, err);
}

enum st_rc notices_create(enum notices_use use, int *fd, struct st_err *err)
{
    return shared_create(&KINDS[use].shared, fd, err);
}

enum st_rc notices_open(enum notices_use use, int fd, struct notices **out, struct st_err *err)
{
    struct notices *notices = calloc(1, sizeof *notices);
    void *at = NULL;

    if (notices == NULL)
        return st_fail(err, ST_E_NOMEM, "notices.open", "notices", sizeof *notices);
    if (shared_map(&KINDS[use].shared, fd, PROT_READ | PROT_WRITE, &at, err) != ST_OK) {
        free(notices);
        return ST_ERR;
    }
    *notices = (struct notices){ NOTICES_MAGIC, fd, &KINDS[use], at };
    *out = notices;
    return ST_OK;
}

void notices_close(struct notices *notices)
{
    if (notices == NULL)
        return;
    ST_CHECK(notices, NOTICES_MAGIC);
    munmap(notices->table, notices->kind->shared.bytes);
    close(notices->fd);
    notices->magic = 0;
    free(notices);
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

static enum phase phase_of(uint64_t tag)
{
    return (enum phase)(tag & ((1u << PHASE_BITS) - 1));
}

/* The only writer of a tag but for `release`; true: the slot is ours. */
static bool claim(struct slot *slot, uint64_t seen, enum phase next)
{
    uint64_t turn = (seen >> PHASE_BITS) + (next == FILLING);

    return atomic_compare_exchange_strong_explicit(&slot->tag, &seen, turn << PHASE_BITS | next, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

static void release(struct slot *slot, enum phase next)
{
    uint64_t tag = atomic_load_explicit(&slot->tag, memory_order_relaxed);

    atomic_store_explicit(&slot->tag, tag >> PHASE_BITS << PHASE_BITS | next, memory_order_release);
}

static bool is_due(const struct slot *slot)
{
    return atomic_load_explicit(&slot->due_ms, memory_order_relaxed) <= st_clock_ms();
}

static bool is_for(const struct slot *slot, uint64_t tag, const struct notices_key *key)
{
    return phase_of(tag) == READY && !is_due(slot) && memcmp(&slot->key, key, sizeof *key) == 0;
}

static uint8_t *text_of(const struct notices *notices, const struct slot *slot)
{
    uint8_t *texts = (uint8_t *)&notices->table->slots[notices->kind->count];

    return texts + (size_t)(slot - notices->table->slots) * notices->kind->text_max;
}

static void put_text(const struct notices *notices, const struct slot *slot, struct st_buf *text)
{
    size_t n = atomic_load_explicit(&slot->n, memory_order_relaxed);

    st_buf_put(text, text_of(notices, slot), n < notices->kind->text_max ? n : notices->kind->text_max);
}

/* The newest of a session, NULL when there is none; *tag: as it was seen. */
static struct slot *newest(struct notices *notices, const struct notices_key *key, uint64_t *tag)
{
    struct slot *found = NULL;
    uint64_t best = 0;

    for (size_t i = 0; i < notices->kind->count; i++) {
        struct slot *slot = &notices->table->slots[i];
        uint64_t seen = atomic_load_explicit(&slot->tag, memory_order_acquire);
        uint64_t order = atomic_load_explicit(&slot->order, memory_order_relaxed);

        if (!is_for(slot, seen, key) || (found != NULL && order < best))
            continue;
        found = slot;
        best = order;
        *tag = seen;
    }
    return found;
}

/* ---- what workers do -------------------------------------------------------------------------------------------- */

enum st_rc notices_put(struct notices *notices, const struct notices_key *key, struct st_span text, struct st_err *err)
{
    struct table *table = notices->table;

    ST_CHECK(notices, NOTICES_MAGIC);
    if (text.n > notices->kind->text_max)
        return st_fail(err, ST_E_LIMIT, "notices.put", "the text is too long", text.n);
    for (size_t i = 0; i < notices->kind->count; i++) {
        struct slot *slot = &table->slots[i];
        uint64_t seen = atomic_load_explicit(&slot->tag, memory_order_acquire);

        if (phase_of(seen) != FREE && (phase_of(seen) != READY || !is_due(slot)))
            continue;
        if (!claim(slot, seen, FILLING))
            continue;
        slot->key = *key;
        if (text.n > 0)
            memcpy(text_of(notices, slot), text.p, text.n);
        atomic_store_explicit(&slot->n, (uint32_t)text.n, memory_order_relaxed);
        atomic_store_explicit(&slot->due_ms, st_clock_ms() + notices->kind->life_ms, memory_order_relaxed);
        atomic_store_explicit(&slot->order, atomic_fetch_add(&table->order, 1), memory_order_relaxed);
        release(slot, READY);
        return ST_OK;
    }
    return st_fail(err, ST_E_LIMIT, "notices.put", "too many wait", notices->kind->count);
}

bool notices_are_none(const struct notices *notices)
{
    ST_CHECK(notices, NOTICES_MAGIC);
    return atomic_load_explicit(&notices->table->order, memory_order_relaxed) == 0;
}

bool notices_has(struct notices *notices, const struct notices_key *key)
{
    uint64_t tag;

    ST_CHECK(notices, NOTICES_MAGIC);
    return newest(notices, key, &tag) != NULL;
}

bool notices_take(struct notices *notices, const struct notices_key *key, struct st_buf *text)
{
    struct slot *slot;
    uint64_t tag;

    ST_CHECK(notices, NOTICES_MAGIC);
    while ((slot = newest(notices, key, &tag)) != NULL) {
        if (!claim(slot, tag, TAKING)) /* another worker was faster; there are others, or none */
            continue;
        put_text(notices, slot, text);
        st_wipe(text_of(notices, slot), notices->kind->text_max);
        release(slot, FREE);
        return true;
    }
    return false;
}

bool notices_read(struct notices *notices, const struct notices_key *key, struct st_buf *text)
{
    struct slot *slot;
    uint64_t tag;

    ST_CHECK(notices, NOTICES_MAGIC);
    while ((slot = newest(notices, key, &tag)) != NULL) {
        put_text(notices, slot, text);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&slot->tag, memory_order_relaxed) == tag) /* nobody wrote meanwhile */
            return true;
        st_buf_reset(text);
    }
    return false;
}
