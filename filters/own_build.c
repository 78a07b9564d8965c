/* SPDX-License-Identifier: Apache-2.0 */
/* own_build - writes a file of keyed hashes in bounded memory, however many cells there are.
 *
 * Cells come in any order. Each goes to one of 256 parts by the first byte of its hash; a part's cells are collected in
 * memory and written to a nameless temporary file in pieces. At the end the parts are taken in order, sorted one at a
 * time, and their hashes appended to the result; the references wait in the temporary file until all hashes are there.
 * Memory is the parts' buffers (6 MiB), the largest part, the index and the filter. Both files hold hashes only, never
 * a value. The head is written last, and the file gets its name after that.
 */
#include "base/clock.h"
#include "base/file.h"
#include "filters/own_table.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTS      256u
#define PIECE      2048u      /* cells of a part that are written at once */
#define SEEN       65536u     /* marks that are remembered, so that one comes once: most come again and again */
#define OUT        (1u << 18) /* bytes of a section that are written at once; a multiple of ST_SUM_STEP */
#define PER_BUCKET 8u

struct cell {
    uint64_t hash;
    uint32_t ref;
} __attribute__((packed));

struct part {
    struct cell *cells; /* PIECE of them; owned */
    uint32_t n, n_pieces, room;
    uint32_t *pieces; /* their numbers in the temporary file; owned */
};

struct stream { /* a section that grows; where it is and how long it has become */
    int fd;
    uint64_t at, len, sum;
    size_t n;
    uint8_t bytes[OUT];
};

struct own_build {
    char to[PATH_MAX], temp[PATH_MAX];
    int spill, out;
    uint32_t n_pieces;
    struct part parts[PARTS];
    uint64_t cells, marks; /* as they came */
    uint64_t seen[SEEN];
    struct cell *sorted; /* a part; owned */
    size_t sorted_room;
    uint32_t *index; /* owned */
    uint8_t *filter; /* owned */
    uint64_t blocks;
    struct stream hashes, refs;
    enum st_rc rc; /* the first failure stays */
    struct st_err err;
};

static void failed(struct own_build *b, enum st_e code, const char *what, int64_t num)
{
    if (b->rc == ST_OK)
        b->rc = st_fail_at(&b->err, code, "own.build", what, num);
}

static void put_at(struct own_build *b, int fd, struct st_span s, uint64_t at)
{
    while (s.n > 0 && b->rc == ST_OK) {
        ssize_t got = pwrite(fd, s.p, s.n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            failed(b, ST_E_IO, "the file cannot be written, is the disk full?", errno);
            return;
        }
        at += (uint64_t)got;
        s = st_span_sub(s, (size_t)got, s.n);
    }
}

static void take_at(struct own_build *b, void *to, size_t n, uint64_t at)
{
    uint8_t *bytes = to;

    while (n > 0 && b->rc == ST_OK) {
        ssize_t got = pread(b->spill, bytes, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            failed(b, ST_E_IO, "the temporary file cannot be read", errno);
            return;
        }
        bytes += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
}

/* A new file beside `to`; its name in temp. */
static int make_beside(const char *to, char *temp, size_t size)
{
    const char *slash = strrchr(to, '/'), *name = slash == NULL ? to : slash + 1;
    int n = snprintf(temp, size, "%.*s.%s.XXXXXX", (int)(name - to), to, name);

    if (n < 0 || (size_t)n >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(temp, O_CLOEXEC); /* 0600 */
}

enum st_rc own_build_new(const char *to, struct own_build **out, struct st_err *err)
{
    struct own_build *b = calloc(1, sizeof *b);

    if (b == NULL)
        return st_fail(err, ST_E_NOMEM, "own.build", "builder", sizeof *b);
    b->out = -1;
    if ((size_t)snprintf(b->to, sizeof b->to, "%s", to) >= sizeof b->to)
        errno = ENAMETOOLONG;
    else if ((b->spill = make_beside(to, b->temp, sizeof b->temp)) >= 0) {
        (void)unlink(b->temp);
        b->out = make_beside(to, b->temp, sizeof b->temp);
    } else
        b->temp[0] = '\0';
    if (b->out < 0) {
        int why = errno;

        b->temp[0] = '\0';
        own_build_free(b);
        return st_fail(err, ST_E_IO, "own.build", "the file cannot be made", why);
    }
    *out = b;
    return ST_OK;
}

void own_build_free(struct own_build *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < PARTS; i++) {
        free(b->parts[i].cells);
        free(b->parts[i].pieces);
    }
    free(b->sorted);
    free(b->index);
    free(b->filter);
    if (b->spill > 0)
        close(b->spill);
    if (b->out > 0)
        close(b->out);
    if (b->temp[0] != '\0')
        (void)unlink(b->temp);
    free(b);
}

/* ---- cells as they come ------------------------------------------------------------------------------------------ */

static void spill(struct own_build *b, struct part *part)
{
    if (part->n_pieces == part->room) {
        uint32_t room = part->room == 0 ? 64 : 2 * part->room;
        uint32_t *pieces = realloc(part->pieces, room * sizeof *pieces);

        if (pieces == NULL) {
            failed(b, ST_E_NOMEM, "pieces", room);
            return;
        }
        part->pieces = pieces;
        part->room = room;
    }
    put_at(b, b->spill, st_span(part->cells, PIECE * sizeof *part->cells),
           (uint64_t)b->n_pieces * PIECE * sizeof *part->cells);
    part->pieces[part->n_pieces++] = b->n_pieces++;
    part->n = 0;
}

void own_build_add(struct own_build *b, uint64_t hash, uint32_t ref)
{
    struct part *part = &b->parts[hash >> 56];

    if (b->rc != ST_OK)
        return;
    if (ref == OWN_REF_NONE) {
        if (b->seen[hash % SEEN] == hash)
            return;
        b->seen[hash % SEEN] = hash;
        b->marks++;
    } else if (++b->cells > OWN_CELLS_MAX) {
        failed(b, ST_E_LIMIT, "more cells than a file can hold", OWN_CELLS_MAX);
        return;
    }
    if (part->cells == NULL && (part->cells = malloc(PIECE * sizeof *part->cells)) == NULL) {
        failed(b, ST_E_NOMEM, "part", 0);
        return;
    }
    part->cells[part->n++] = (struct cell){ hash, ref };
    if (part->n == PIECE)
        spill(b, part);
}

/* ---- the result -------------------------------------------------------------------------------------------------- */

static void flush(struct own_build *b, struct stream *s)
{
    struct st_span bytes = st_span(s->bytes, s->n);

    s->sum = st_sum64(s->sum, bytes);
    put_at(b, s->fd, bytes, s->at + s->len);
    s->len += s->n;
    s->n = 0;
}

static void append(struct own_build *b, struct stream *s, const void *p, size_t n)
{
    memcpy(s->bytes + s->n, p, n); /* n divides OUT */
    s->n += n;
    if (s->n == OUT)
        flush(b, s);
}

static int by_hash(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->ref > y->ref) - (x->ref < y->ref);
}

/* All of a part into b->sorted, in order; answers how many. */
static size_t gather(struct own_build *b, struct part *part)
{
    size_t n = (size_t)part->n_pieces * PIECE + part->n, at = 0;

    if (n > b->sorted_room) {
        free(b->sorted);
        b->sorted = malloc(n * sizeof *b->sorted);
        b->sorted_room = b->sorted != NULL ? n : 0;
        if (b->sorted == NULL)
            failed(b, ST_E_NOMEM, "the largest part", (int64_t)n);
    }
    for (uint32_t i = 0; i < part->n_pieces && b->rc == ST_OK; i++, at += PIECE)
        take_at(b, b->sorted + at, PIECE * sizeof *b->sorted, (uint64_t)part->pieces[i] * PIECE * sizeof *b->sorted);
    if (b->rc != ST_OK || n == 0)
        return 0;
    if (part->n > 0)
        memcpy(b->sorted + at, part->cells, part->n * sizeof *b->sorted);
    qsort(b->sorted, n, sizeof *b->sorted, by_hash);
    return n;
}

static void write_part(struct own_build *b, struct part *part, struct own_head *head)
{
    size_t n = gather(b, part);
    uint64_t last = 0;

    for (size_t i = 0; i < n && b->rc == ST_OK; i++) {
        const struct cell *c = &b->sorted[i];
        uint64_t hash = c->hash;
        uint32_t ref = c->ref;

        own_filter_add(b->filter, b->blocks, hash);
        if (ref == OWN_REF_NONE || (i > 0 && by_hash(c, c - 1) == 0))
            continue;
        head->values += head->cells == 0 || hash != last;
        last = hash;
        append(b, &b->hashes, &hash, sizeof hash);
        append(b, &b->refs, &ref, sizeof ref);
        b->index[(hash >> (64 - head->index_bits)) + 1]++;
        head->cells++;
    }
}

/* Room for the sections before the hashes. */
static void plan(struct own_build *b, struct own_head *head, struct st_span names)
{
    uint64_t marked = b->cells + b->marks;

    head->index_bits = 1;
    while (head->index_bits < OWN_BITS_MAX && b->cells >> head->index_bits > PER_BUCKET)
        head->index_bits++;
    b->blocks = marked * OWN_FILTER / 8 / OWN_BLOCK + 1;
    head->len[OWN_NAMES] = names.n;
    head->len[OWN_INDEX] = 4 * ((UINT64_C(1) << head->index_bits) + 1);
    head->len[OWN_SIEVE] = b->blocks * OWN_BLOCK;
    head->at[OWN_NAMES] = OWN_HEAD;
    head->at[OWN_INDEX] = own_aligned(OWN_HEAD + names.n);
    head->at[OWN_SIEVE] = own_aligned(head->at[OWN_INDEX] + head->len[OWN_INDEX]);
    head->at[OWN_HASHES] = head->at[OWN_SIEVE] + head->len[OWN_SIEVE];
    b->index = calloc(1, head->len[OWN_INDEX]);
    b->filter = calloc(1, head->len[OWN_SIEVE]);
    if (b->index == NULL || b->filter == NULL)
        failed(b, ST_E_NOMEM, "index and filter", (int64_t)(head->len[OWN_INDEX] + head->len[OWN_SIEVE]));
    b->hashes.fd = b->out;
    b->hashes.at = head->at[OWN_HASHES];
    b->refs.fd = b->spill;
    b->refs.at = (uint64_t)b->n_pieces * PIECE * sizeof(struct cell);
}

/* From the temporary file to behind the hashes. */
static void move_refs(struct own_build *b, struct own_head *head)
{
    uint64_t at = b->refs.at, left = b->refs.len, to = head->at[OWN_REFS];

    while (left > 0 && b->rc == ST_OK) {
        size_t n = left < OUT ? (size_t)left : OUT;

        take_at(b, b->refs.bytes, n, at);
        put_at(b, b->out, st_span(b->refs.bytes, n), to);
        at += n;
        to += n;
        left -= n;
    }
}

static void write_head(struct own_build *b, struct own_head *head, struct st_span names)
{
    const struct st_span sections[] = { names, st_span(b->index, head->len[OWN_INDEX]),
                                        st_span(b->filter, head->len[OWN_SIEVE]) };
    uint8_t page[OWN_HEAD] = { 0 };
    uint64_t sum;

    for (size_t i = 0; i < ST_LEN(sections); i++) {
        head->sum[i] = st_sum64(0, sections[i]);
        put_at(b, b->out, sections[i], head->at[i]);
    }
    head->magic = OWN_MAGIC;
    head->size = head->at[OWN_REFS] + head->len[OWN_REFS];
    head->built_ms = st_clock_wall_ms();
    memcpy(page, head, sizeof *head);
    sum = st_sum64(0, st_span(page, OWN_HEAD_SUM));
    memcpy(page + OWN_HEAD_SUM, &sum, sizeof sum);
    put_at(b, b->out, st_span(page, sizeof page), 0);
    if (b->rc == ST_OK && ftruncate(b->out, (off_t)head->size) != 0)
        failed(b, ST_E_IO, "the file cannot be written", errno);
}

void own_put_name(struct st_buf *out, uint32_t type, uint32_t cells, struct st_span name)
{
    uint16_t n = (uint16_t)(name.n < UINT16_MAX ? name.n : UINT16_MAX);

    st_buf_put(out, &type, sizeof type);
    st_buf_put(out, &cells, sizeof cells);
    st_buf_put(out, &n, sizeof n);
    st_buf_put(out, name.p, n);
    st_buf_byte(out, 0);
}

enum st_rc own_build_done(struct own_build *b, struct own_head *head, struct st_span names, struct st_err *err)
{
    plan(b, head, names);
    for (size_t i = 0; i < PARTS && b->rc == ST_OK; i++)
        write_part(b, &b->parts[i], head);
    if (b->rc == ST_OK) {
        flush(b, &b->hashes);
        flush(b, &b->refs);
        for (uint64_t i = 0; i < UINT64_C(1) << head->index_bits; i++)
            b->index[i + 1] += b->index[i];
        head->len[OWN_HASHES] = b->hashes.len;
        head->sum[OWN_HASHES] = b->hashes.sum;
        head->len[OWN_REFS] = b->refs.len;
        head->sum[OWN_REFS] = b->refs.sum;
        head->at[OWN_REFS] = own_aligned(head->at[OWN_HASHES] + head->len[OWN_HASHES]);
        move_refs(b, head);
        write_head(b, head, names);
    }
    if (b->rc == ST_OK && fsync(b->out) != 0)
        failed(b, ST_E_IO, "the file cannot be written, is the disk full?", errno);
    if (b->rc == ST_OK && rename(b->temp, b->to) != 0)
        failed(b, ST_E_IO, "the file cannot get its name", errno);
    if (b->rc == ST_OK)
        b->temp[0] = '\0';
    else if (err != NULL)
        *err = b->err;
    return b->rc;
}
