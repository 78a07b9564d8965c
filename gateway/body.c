/* SPDX-License-Identifier: Apache-2.0 */
/* body - what a person typed or uploads, kept for the moments until it is judged.
 *
 * Beyond limit.body_memory it goes to a file without a name (O_TMPFILE), in blocks of 64 KiB sealed under a random key
 * that exists in this struct only: after a crash, or on a disk that is sold, nothing of it can be read. The block
 * number is bound into each seal, so blocks cannot change places. Memory is wiped when freed.
 */
#include "gateway/body.h"
#include "base/hash.h"
#include "gateway/budget.h"
#include "policies/policies.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MAGIC 0x626f6479u
#define BLOCK      65536u
#define SEALED     (BLOCK + ST_SEAL_EXTRA)
#define TIGHT_BODY 65536u
#define EXPECT_MAX 64u

struct body {
    unsigned magic;
    struct body_limits limits;
    struct st_buf memory; /* all of it, or the last block that is not yet full */
    uint64_t size, blocks;
    int fd; /* -1: not spooled */
    uint8_t key[ST_SEAL_KEY_LEN];
    uint8_t *sealed, *plain; /* one block each; only when spooled */
    uint64_t plain_block;    /* which one is in plain, from 1; 0: none */
    size_t share;            /* of limits.spool */
};

struct body_limits body_limits_now(const struct pol_config *config, const struct budget *budget, struct budget *spool,
                                   const char *dir)
{
    size_t memory = (size_t)config->limit.body_memory;

    if (budget_level(budget) != BUDGET_EASY && memory > TIGHT_BODY)
        memory = TIGHT_BODY;
    return (struct body_limits){ memory, (uint64_t)config->limit.body_max, dir, 0, spool };
}

struct body *body_new(const struct body_limits *limits)
{
    struct body *body = calloc(1, sizeof *body);

    if (body == NULL)
        return NULL;
    body->magic = BODY_MAGIC;
    body->limits = *limits;
    body->fd = -1;
    st_buf_init(&body->memory, limits->memory > 2 * BLOCK ? limits->memory : 2 * BLOCK);
    return body;
}

void body_free(struct body *body)
{
    if (body == NULL)
        return;
    ST_CHECK(body, BODY_MAGIC);
    st_buf_fini(&body->memory);
    if (body->plain != NULL)
        st_wipe(body->plain, BLOCK);
    free(body->plain);
    free(body->sealed);
    if (body->fd >= 0)
        close(body->fd);
    budget_hold(body->limits.spool, &body->share, 0);
    st_wipe(body->key, sizeof body->key);
    body->magic = 0;
    free(body);
}

/* ---- the spool -------------------------------------------------------------------------------------------------- */

static enum st_rc spool_open(struct body *body, struct st_err *err)
{
    if (mkdir(body->limits.dir, 0700) != 0 && errno != EEXIST)
        return st_fail(err, ST_E_IO, "body.spool", "no folder", errno);
    body->sealed = malloc(SEALED);
    body->plain = malloc(BLOCK);
    if (body->sealed == NULL || body->plain == NULL)
        return st_fail(err, ST_E_NOMEM, "body.spool", "block", SEALED);
    if (st_random(body->key, sizeof body->key, err) != ST_OK)
        return ST_ERR;
    body->fd = open(body->limits.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return body->fd >= 0 ? ST_OK : st_fail(err, ST_E_IO, "body.spool", "no file", errno);
}

static struct st_span block_name(const uint64_t *number)
{
    return st_span(number, sizeof *number);
}

static enum st_rc write_all(int fd, const uint8_t *p, size_t n, struct st_err *err)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return st_fail(err, ST_E_IO, "body.spool", "cannot write", errno);
        p += put;
        n -= (size_t)put;
    }
    return ST_OK;
}

/* Seals the first n bytes of memory as the next block. All but the last block are full. */
static enum st_rc spool_block(struct body *body, size_t n, struct st_err *err)
{
    if (st_seal(body->key, st_span(body->memory.p, n), block_name(&body->blocks), body->sealed, err) != ST_OK ||
        write_all(body->fd, body->sealed, n + ST_SEAL_EXTRA, err) != ST_OK)
        return ST_ERR;
    body->blocks++;
    st_buf_drop(&body->memory, n);
    return ST_OK;
}

static enum st_rc spool_full_blocks(struct body *body, struct st_err *err)
{
    while (body->memory.n >= BLOCK) {
        if (spool_block(body, BLOCK, err) != ST_OK)
            return ST_ERR;
    }
    return ST_OK;
}

/* Brings block `number` to plain. */
static enum st_rc unspool(struct body *body, uint64_t number, size_t *n, struct st_err *err)
{
    uint64_t left = body->size - number * BLOCK;
    size_t want = left < BLOCK ? (size_t)left : BLOCK;
    ssize_t got;

    *n = want;
    if (body->plain_block == number + 1)
        return ST_OK;
    do
        got = pread(body->fd, body->sealed, want + ST_SEAL_EXTRA, (off_t)(number * SEALED));
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)(want + ST_SEAL_EXTRA))
        return st_fail(err, ST_E_IO, "body.spool", "cannot read", got < 0 ? errno : 0);
    body->plain_block = 0;
    if (st_unseal(body->key, st_span(body->sealed, (size_t)got), block_name(&number), body->plain, err) != ST_OK)
        return ST_ERR;
    body->plain_block = number + 1;
    return ST_OK;
}

/* ---- for the txn ------------------------------------------------------------------------------------------------ */

/* Room for what was announced, at once: growing would copy it over and over. But no more than EXPECT_MAX times what
 * came, since an announcement costs nothing. */
static enum st_rc make_room(struct body *body, size_t came, struct st_err *err)
{
    uint64_t want = body->limits.length;

    if (body->memory.p != NULL || want <= came || want > body->limits.memory)
        return ST_OK;
    if (st_buf_room(&body->memory, want / EXPECT_MAX < came ? (size_t)want : came * EXPECT_MAX) != NULL)
        return ST_OK;
    return st_buf_done(&body->memory, err, "body.add");
}

/* Of a spool file for so many bytes. */
static size_t on_disk(uint64_t size)
{
    return (size_t)((size + BLOCK - 1) / BLOCK * SEALED);
}

enum st_rc body_add(struct body *body, struct st_span data, struct st_err *err)
{
    ST_CHECK(body, BODY_MAGIC);
    if (data.n > body->limits.max - body->size)
        return st_fail(err, ST_E_LIMIT, "body.add", "body is larger than limit.body_max", body->limits.max);
    if (body_is_full(body, data.n) && !budget_take(body->limits.spool, &body->share, on_disk(body->size + data.n)))
        return st_fail(err, ST_E_LIMIT, "body.add", "spool files are beyond limit.spool", (int64_t)body->size);
    body->size += data.n;
    if (make_room(body, data.n, err) != ST_OK)
        return ST_ERR;
    if (body->fd < 0 && body_is_full(body, data.n)) {
        if (spool_open(body, err) != ST_OK)
            return ST_ERR;
    }
    while (data.n > 0) {
        size_t n = body->fd < 0 || data.n < BLOCK ? data.n : BLOCK;

        if (body->fd >= 0 && spool_full_blocks(body, err) != ST_OK)
            return ST_ERR;
        st_buf_span(&body->memory, st_span_sub(data, 0, n));
        if (st_buf_done(&body->memory, err, "body.add") != ST_OK)
            return ST_ERR;
        data = st_span_sub(data, n, data.n - n);
    }
    return ST_OK;
}

enum st_rc body_seal(struct body *body, struct st_err *err)
{
    ST_CHECK(body, BODY_MAGIC);
    if (body->fd < 0)
        return ST_OK;
    if (spool_full_blocks(body, err) != ST_OK)
        return ST_ERR;
    return body->memory.n > 0 ? spool_block(body, body->memory.n, err) : ST_OK;
}

uint64_t body_size(const struct body *body)
{
    ST_CHECK(body, BODY_MAGIC);
    return body->size;
}

bool body_is_full(const struct body *body, size_t n)
{
    return body->fd >= 0 || n > body->limits.memory - body->memory.n;
}

bool body_is_spooled(const struct body *body)
{
    return body->fd >= 0;
}

size_t body_memory(const struct body *body)
{
    return sizeof *body + body->memory.cap + (body->fd >= 0 ? SEALED + BLOCK : 0);
}

enum st_rc body_whole(struct body *body, struct st_buf *whole, struct st_span *out, struct st_err *err)
{
    struct st_span part;

    ST_CHECK(body, BODY_MAGIC);
    if (body->fd < 0) {
        *out = st_buf_view(&body->memory);
        return ST_OK;
    }
    for (uint64_t at = 0; at < body->size; at += part.n) {
        if (body_read(body, at, &part, err) != ST_OK)
            return ST_ERR;
        st_buf_span(whole, part);
    }
    *out = st_buf_view(whole);
    return st_buf_done(whole, err, "body.whole");
}

enum st_rc body_read(struct body *body, uint64_t from, struct st_span *out, struct st_err *err)
{
    size_t n = 0, skip = (size_t)(from % BLOCK);

    ST_CHECK(body, BODY_MAGIC);
    *out = ST_SPAN_NONE;
    if (from >= body->size)
        return ST_OK;
    if (body->fd < 0) {
        *out = st_span_sub(st_buf_view(&body->memory), (size_t)from, BLOCK);
        return ST_OK;
    }
    if (unspool(body, from / BLOCK, &n, err) != ST_OK)
        return ST_ERR;
    *out = st_span(body->plain + skip, n - skip);
    return ST_OK;
}
