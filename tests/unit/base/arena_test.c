/* SPDX-License-Identifier: Apache-2.0 */
/* arena - alignment, zeroing, the ceiling, cleanups in reverse, and memory running out at every point. */
#include "t.h"

#include "base/arena.h"

T_TEST(pieces_are_aligned_zeroed_and_apart)
{
    struct st_arena *arena = st_arena_new(8u << 20);
    uint8_t *before = NULL;
    size_t before_n = 0;

    for (int i = 0; i < 2000; i++) {
        size_t n = t_below(i % 50 == 0 ? 20000 : 200);
        uint8_t *p = st_arena_alloc(arena, n);

        T_CHECK(p != NULL, "allocation %d of %zu", i, n);
        T_CHECK((uintptr_t)p % _Alignof(max_align_t) == 0, "allocation %d is not aligned", i);
        for (size_t j = 0; j < n; j++)
            T_CHECK(p[j] == 0, "allocation %d is not zeroed at %zu", i, j);
        memset(p, 0xaa, n);
        for (size_t j = 0; j < before_n; j++)
            T_CHECK(before[j] == 0xaa, "allocation %d changed the one before", i);
        before = p;
        before_n = n;
    }
    T_CHECK(st_arena_used(arena) <= 8u << 20, "used %zu", st_arena_used(arena));
    st_arena_free(arena);
    st_arena_free(NULL);
}

T_TEST(ceiling_holds_and_says_so)
{
    static const size_t limits[] = { 0, 1, 100, 4096, 5000, 100000 };

    for (size_t i = 0; i < ST_LEN(limits); i++) {
        struct st_arena *arena = st_arena_new(limits[i]);
        struct st_err err = ST_ERR_INIT;
        size_t got = 0;

        while (st_arena_alloc(arena, 48) != NULL)
            got += 48;
        T_CHECK(st_arena_used(arena) <= limits[i], "limit %zu: used %zu", limits[i], st_arena_used(arena));
        T_CHECK(limits[i] < 4096 || got >= limits[i] / 2, "limit %zu: only %zu bytes to be had", limits[i], got);
        T_CHECK(st_arena_fail(arena, &err, "test") == ST_ERR, "limit %zu", limits[i]);
        T_CHECK(err.code == ST_E_LIMIT, "limit %zu: %s", limits[i], err.what);
        T_CHECK(st_arena_alloc(arena, SIZE_MAX) == NULL, "SIZE_MAX");
        T_CHECK(st_arena_alloc(arena, SIZE_MAX - 15) == NULL, "nearly SIZE_MAX");
        T_CHECK(st_arena_str(arena, st_span("", SIZE_MAX)) == NULL, "a string of SIZE_MAX");
        st_arena_free(arena);
    }
}

T_TEST(no_ceiling_does_not_wrap)
{
    struct st_arena *arena = st_arena_new(SIZE_MAX);
    struct st_err err = ST_ERR_INIT;

    T_CHECK(st_arena_alloc(arena, SIZE_MAX) == NULL, "SIZE_MAX");
    T_CHECK(st_arena_fail(arena, &err, "test") == ST_ERR && err.code == ST_E_LIMIT, "%s", err.what);
    T_CHECK(st_arena_alloc(arena, 100) != NULL, "still usable");
    st_arena_free(arena);
}

T_TEST(big_pieces_do_not_waste_the_block_in_use)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    size_t before;

    T_CHECK(st_arena_alloc(arena, 16) != NULL, "small");
    T_CHECK(st_arena_alloc(arena, 100000) != NULL, "big");
    before = st_arena_used(arena);
    for (int i = 0; i < 50; i++)
        T_CHECK(st_arena_alloc(arena, 16) != NULL, "small %d", i);
    T_CHECK(st_arena_used(arena) == before, "grew from %zu to %zu", before, st_arena_used(arena));
    st_arena_free(arena);
}

T_TEST(copies)
{
    struct st_arena *arena = st_arena_new(65536);
    char *s = st_arena_str(arena, ST_SPAN("ab\0c"));
    uint8_t *d = st_arena_dup(arena, "xyz", 3);

    T_CHECK(memcmp(s, "ab\0c", 5) == 0, "a string keeps its bytes and ends in NUL");
    T_CHECK(memcmp(d, "xyz", 3) == 0, "bytes");
    T_CHECK(st_arena_str(arena, ST_SPAN_NONE)[0] == '\0', "the empty string");
    T_CHECK(st_arena_dup(arena, NULL, 0) != NULL, "nothing, but a place");
    st_arena_free(arena);
}

static char order[8];

static void note(void *obj)
{
    strncat(order, obj, 1);
}

T_TEST(cleanups_run_backwards_with_arena_memory_still_there)
{
    struct st_arena *arena = st_arena_new(65536);
    struct st_err err = ST_ERR_INIT;

    order[0] = '\0';
    for (const char *c = "abc"; *c != '\0'; c++)
        T_OK(st_arena_cleanup(arena, note, st_arena_str(arena, st_span(c, 1)), &err), err);
    st_arena_free(arena);
    T_CHECK(strcmp(order, "cba") == 0, "ran as %s", order);
}

T_TEST(out_of_memory_is_not_a_limit)
{
    for (int nth = 1; nth < 6; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct st_arena *arena;
        bool failed = false;

        t_fail_alloc(nth);
        arena = st_arena_new(1u << 20);
        for (int i = 0; arena != NULL && i < 100 && !failed; i++)
            failed = st_arena_alloc(arena, 1000) == NULL;
        t_fail_alloc(0);
        T_CHECK((arena == NULL) == (nth == 1), "allocation %d", nth);
        if (failed) {
            T_CHECK(st_arena_fail(arena, &err, "test") == ST_ERR && err.code == ST_E_NOMEM, "allocation %d: %s", nth,
                    err.what);
            T_CHECK(st_arena_alloc(arena, 1000) != NULL, "allocation %d: usable again", nth);
        }
        T_CHECK(failed || nth == 1, "allocation %d never failed", nth);
        st_arena_free(arena);
    }
}
