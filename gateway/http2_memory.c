/* SPDX-License-Identifier: Apache-2.0 */
/* http2_memory - nghttp2's allocations, counted per session and held under a ceiling.
 *
 * Queues, header tables and streams inside the library grow with what a peer does; with an allocator of our own their
 * sum has a limit, whatever frame made them grow, and the figure is a metric. An allocation that fails is the end of
 * the session: nghttp2 1.52 may leave an item with two owners then (seen in the out-of-memory sweep), so it is not
 * called again, and its blocks, which hang in a list, are freed from here instead of by nghttp2_session_del.
 *
 * One block of a session is a frame's size, 16 KiB, of which most sessions fill a few hundred bytes. It comes in pages
 * of its own: one out of the heap would have been somebody's before, and all of it would count.
 */
#include "gateway/http2_parts.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define OWN_PAGES 16384u /* blocks from this size on */

struct http2_chunk {
    struct http2_chunk *prev, *next;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

static struct http2_chunk *chunk_of(void *p)
{
    return (struct http2_chunk *)(void *)((uint8_t *)p - offsetof(struct http2_chunk, data));
}

static void *failed(struct http2 *session, enum st_e code, size_t size)
{
    session->state = SESSION_LOST;
    session->err = (struct st_err){ code, "http2.memory", "memory of the session", (int64_t)size };
    return NULL;
}

static struct http2_chunk *chunk_new(size_t size)
{
    void *p;

    if (size < OWN_PAGES)
        return malloc(sizeof(struct http2_chunk) + size);
    p = mmap(NULL, sizeof(struct http2_chunk) + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED ? p : NULL;
}

static void chunk_free(struct http2_chunk *chunk)
{
    if (chunk->size < OWN_PAGES)
        free(chunk);
    else
        (void)munmap(chunk, sizeof *chunk + chunk->size);
}

static void *take(size_t size, void *ctx)
{
    struct http2 *session = ctx;
    size_t limit = session->limits.memory;
    struct http2_chunk *chunk;

    if (size > limit || session->held > limit - size)
        return failed(session, ST_E_LIMIT, size);
    if ((chunk = chunk_new(size)) == NULL)
        return failed(session, ST_E_NOMEM, size);
    chunk->size = size;
    chunk->prev = NULL;
    chunk->next = session->chunks;
    if (chunk->next != NULL)
        chunk->next->prev = chunk;
    session->chunks = chunk;
    session->held += size;
    return chunk->data;
}

static void give_back(void *p, void *ctx)
{
    struct http2 *session = ctx;
    struct http2_chunk *chunk;

    if (p == NULL)
        return;
    chunk = chunk_of(p);
    if (session->state == SESSION_LOST)
        return; /* http2_memory_fini has them all */
    if (chunk->prev != NULL)
        chunk->prev->next = chunk->next;
    else
        session->chunks = chunk->next;
    if (chunk->next != NULL)
        chunk->next->prev = chunk->prev;
    session->held -= chunk->size;
    chunk_free(chunk);
}

static void *take_zeroed(size_t n, size_t size, void *ctx)
{
    void *p;

    if (size > 0 && n > SIZE_MAX / size)
        return NULL;
    if ((p = take(n * size, ctx)) != NULL)
        memset(p, 0, n * size);
    return p;
}

static void *resize(void *p, size_t size, void *ctx)
{
    void *grown = take(size, ctx);
    size_t before;

    if (grown == NULL || p == NULL)
        return grown;
    before = chunk_of(p)->size;
    memcpy(grown, p, before < size ? before : size);
    give_back(p, ctx);
    return grown;
}

void http2_memory_init(struct http2 *session)
{
    session->mem = (nghttp2_mem){ session, take, give_back, take_zeroed, resize };
}

void http2_memory_fini(struct http2 *session)
{
    while (session->chunks != NULL) {
        struct http2_chunk *next = session->chunks->next;

        chunk_free(session->chunks);
        session->chunks = next;
    }
    session->held = 0;
}

size_t http2_memory(const struct http2 *session)
{
    ST_CHECK(session, HTTP2_MAGIC);
    return session->held;
}
