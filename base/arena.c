/* SPDX-License-Identifier: Apache-2.0 */
/* arena - bump allocation in a chain of blocks, all freed at once.
 *
 * Blocks double from 4 to 256 KiB, clamped to what the ceiling leaves; a big request gets a block of its own size. The
 * cleanups live in the arena itself, so registering one needs no second owner; they run before any block goes, last
 * registered first, and may still read arena memory. Blocks are wiped, since what people typed is parsed in here.
 * Under AddressSanitizer every allocation is followed by a poisoned gap, so an overrun inside a block is seen.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_ASAN)
#include <sanitizer/asan_interface.h>
#define GAP            16u
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define GAP            0u
#define POISON(p, n)   ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

#define ARENA_MAGIC 0x4172656eu
#define BLOCK_MIN   4096u
#define BLOCK_MAX   (256u * 1024u)

struct block {
    struct block *next;
    size_t used, cap; /* of data */
    alignas(max_align_t) uint8_t data[];
};

struct cleanup {
    struct cleanup *next;
    st_cleanup_f *fn;
    void *obj;
};

struct st_arena {
    unsigned magic;
    enum st_e failed;     /* why the last allocation answered NULL */
    struct block *blocks; /* the first one is being filled */
    struct cleanup *cleanups;
    size_t limit, taken, next_size;
};

struct st_arena *st_arena_new(size_t limit)
{
    struct st_arena *arena = calloc(1, sizeof *arena);

    if (arena == NULL)
        return NULL;
    arena->magic = ARENA_MAGIC;
    arena->limit = limit;
    arena->next_size = BLOCK_MIN;
    return arena;
}

void st_arena_free(struct st_arena *arena)
{
    if (arena == NULL)
        return;
    ST_CHECK(arena, ARENA_MAGIC);
    while (arena->cleanups != NULL) {
        struct cleanup *c = arena->cleanups;
        arena->cleanups = c->next; /* first, so that a cleanup may register another */
        c->fn(c->obj);
    }
    while (arena->blocks != NULL) {
        struct block *b = arena->blocks;
        arena->blocks = b->next;
        UNPOISON(b->data, b->cap);
        explicit_bzero(b->data, b->used);
        free(b);
    }
    arena->magic = 0;
    free(arena);
}

/* A block with room for `need` bytes; NULL with arena->failed set. */
static struct block *block_new(struct st_arena *arena, size_t need)
{
    size_t left = arena->limit - arena->taken;
    size_t size = arena->next_size;
    struct block *b;

    if (left < sizeof *b || need > left - sizeof *b) {
        arena->failed = ST_E_LIMIT;
        return NULL;
    }
    if (size < need + sizeof *b)
        size = need + sizeof *b;
    if (size > left)
        size = left;
    if ((b = malloc(size)) == NULL) {
        arena->failed = ST_E_NOMEM;
        return NULL;
    }
    *b = (struct block){ .cap = size - sizeof *b };
    POISON(b->data, b->cap);
    arena->taken += size;
    if (arena->next_size < BLOCK_MAX)
        arena->next_size *= 2;
    return b;
}

/* Not zeroed: a block is cleared as far as it is used, and not where a copy follows at once. */
void *st_arena_room(struct st_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct block *b;
    size_t need;
    void *p;

    ST_CHECK(arena, ARENA_MAGIC);
    if (size > arena->limit) { /* also keeps the rounding below from wrapping */
        arena->failed = ST_E_LIMIT;
        return NULL;
    }
    if (__builtin_add_overflow(size, GAP + align - 1, &need)) {
        arena->failed = ST_E_LIMIT;
        return NULL;
    }
    need = need / align * align;
    b = arena->blocks;
    if (b == NULL || b->cap - b->used < need) {
        if ((b = block_new(arena, need)) == NULL)
            return NULL;
        if (arena->blocks != NULL && arena->blocks->cap - arena->blocks->used > b->cap - need) {
            b->next = arena->blocks->next; /* a big one: the block before has more room left, keep filling that */
            arena->blocks->next = b;
        } else {
            b->next = arena->blocks;
            arena->blocks = b;
        }
    }
    p = b->data + b->used;
    b->used += need;
    UNPOISON(p, size);
    return p;
}

void *st_arena_alloc(struct st_arena *arena, size_t size)
{
    void *p = st_arena_room(arena, size);

    return p != NULL ? memset(p, 0, size) : NULL;
}

void *st_arena_dup(struct st_arena *arena, const void *p, size_t n)
{
    void *copy = st_arena_room(arena, n);

    if (copy != NULL && n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *st_arena_str(struct st_arena *arena, struct st_span s)
{
    char *copy;

    if (s.n == SIZE_MAX) {
        arena->failed = ST_E_LIMIT;
        return NULL;
    }
    if ((copy = st_arena_room(arena, s.n + 1)) == NULL)
        return NULL;
    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}

enum st_rc st_arena_fail(const struct st_arena *arena, struct st_err *err, const char *where)
{
    ST_CHECK(arena, ARENA_MAGIC);
    if (arena->failed == ST_E_LIMIT)
        return st_fail_at(err, ST_E_LIMIT, where, "arena is full", (int64_t)arena->limit);
    return st_fail_at(err, ST_E_NOMEM, where, "arena block", (int64_t)arena->next_size);
}

enum st_rc st_arena_cleanup(struct st_arena *arena, st_cleanup_f *fn, void *obj, struct st_err *err)
{
    struct cleanup *c = st_arena_alloc(arena, sizeof *c);

    if (c == NULL)
        return st_arena_fail(arena, err, "arena.cleanup");
    *c = (struct cleanup){ arena->cleanups, fn, obj };
    arena->cleanups = c;
    return ST_OK;
}

size_t st_arena_used(const struct st_arena *arena)
{
    ST_CHECK(arena, ARENA_MAGIC);
    return arena->taken;
}
