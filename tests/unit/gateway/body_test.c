/* SPDX-License-Identifier: Apache-2.0 */
/* body_test - what is put in comes out, whatever the pieces, in memory and on disk; and nothing of it is on disk. */
#include "gateway/body.c"
#include "t.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)t_rand();
}

T_TEST(comes_out_as_it_went_in)
{
    static const size_t SIZES[] = { 0, 1, 1000, 65535, 65536, 65537, 131072, 200000, 1000000 };
    static const size_t MEMORY[] = { 0, 1000, 65536, 100000, 2000000 };
    static const size_t PIECES[] = { 999, 65536, 70000, 1000000 };

    t_seed(1);
    for (size_t i = 0; i < ST_LEN(SIZES) * ST_LEN(MEMORY) * ST_LEN(PIECES); i++) {
        size_t size = SIZES[i % ST_LEN(SIZES)], memory = MEMORY[i / ST_LEN(SIZES) % ST_LEN(MEMORY)];
        size_t piece = PIECES[i / ST_LEN(SIZES) / ST_LEN(MEMORY)];
        /* announced: nothing, too little, what comes, more */
        const uint64_t length[] = { 0, size / 2, size, 3 * size };
        struct body_limits limits = { memory, 1000000, t_tmpdir(), length[i % ST_LEN(length)], NULL };
        struct body *body = body_new(&limits);
        uint8_t *data = malloc(size + 1);
        struct st_buf whole;
        struct st_span out;
        struct st_err err = ST_ERR_INIT;

        fill(data, size);
        for (size_t at = 0; at < size; at += piece)
            T_OK(body_add(body, st_span(data + at, size - at < piece ? size - at : piece), &err), err);
        T_OK(body_seal(body, &err), err);
        T_CHECK(body_size(body) == size, "size");
        T_CHECK(body_is_spooled(body) == (size > memory), "size %zu memory %zu", size, memory);
        st_buf_init(&whole, size);
        T_OK(body_whole(body, &whole, &out, &err), err);
        T_CHECK(st_span_eq(out, st_span(data, size)), "whole differs: size %zu memory %zu piece %zu", size, memory,
                piece);
        for (size_t at = 0; at < size; at += out.n) {
            T_OK(body_read(body, at, &out, &err), err);
            T_CHECK(out.n > 0 && memcmp(out.p, data + at, out.n) == 0, "part at %zu differs", at);
        }
        T_CHECK(body_add(body, st_span(data, 1), &err) == (size == 1000000 ? ST_ERR : ST_OK), "ceiling");
        st_buf_fini(&whole);
        body_free(body);
        free(data);
    }
}

T_TEST(nothing_readable_is_on_disk)
{
    struct body_limits limits = { 10, 1000000, t_tmpdir(), 0, NULL };
    struct body *body = body_new(&limits);
    struct st_err err = ST_ERR_INIT;
    uint8_t raw[200000];
    struct st_span out;
    ssize_t n;

    for (int i = 0; i < 10000; i++)
        T_OK(body_add(body, ST_SPAN("planted-secret"), &err), err);
    T_OK(body_seal(body, &err), err);
    n = pread(body->fd, raw, sizeof raw, 0);
    T_CHECK(n > 140000, "%zd bytes on disk", n);
    T_CHECK(st_span_find(st_span(raw, (size_t)n), ST_SPAN("planted")) == ST_SPAN_NPOS, "found in the spool");
    raw[70000] ^= 1;
    T_CHECK(pwrite(body->fd, raw, (size_t)n, 0) == n, "write");
    T_OK(body_read(body, 0, &out, &err), err);
    T_CHECK(body_read(body, BLOCK, &out, &err) == ST_ERR && err.code == ST_E_INTEGRITY, "a flipped bit was taken");
    body_free(body);
}

T_TEST(a_missing_folder_is_an_error)
{
    struct body_limits limits = { 10, 1000000, "/nonexistent/spool", 0, NULL };
    struct body *body = body_new(&limits);
    struct st_err err = ST_ERR_INIT;

    T_CHECK(body_add(body, ST_SPAN("12345678901"), &err) == ST_ERR && err.code == ST_E_IO, "%s", err.what);
    body_free(body);
}

T_TEST(all_spool_files_together_have_a_ceiling)
{
    struct budget spool = { .max = 4 * SEALED };
    struct body_limits limits = { 10, 10 * BLOCK, t_tmpdir(), 0, &spool };
    struct body *one = body_new(&limits), *two = body_new(&limits);
    struct st_err err = ST_ERR_INIT;
    uint8_t piece[BLOCK] = { 0 };

    T_OK(body_add(one, st_span(piece, BLOCK), &err), err);
    T_OK(body_add(one, st_span(piece, 1), &err), err);
    T_OK(body_add(two, st_span(piece, 9), &err), err);
    T_CHECK(spool.held == 2 * SEALED, "%zu: what is in memory takes up no disk", spool.held);
    T_OK(body_add(two, st_span(piece, BLOCK), &err), err);
    T_CHECK(spool.held == 4 * SEALED && spool.refused == 0, "%zu", spool.held);
    T_CHECK(body_add(two, st_span(piece, BLOCK), &err) == ST_ERR && err.code == ST_E_LIMIT, "beyond the ceiling");
    T_CHECK(body_size(two) == BLOCK + 9 && spool.held == 4 * SEALED && spool.refused == 1, "it holds what it had");
    T_OK(body_seal(two, &err), err);
    body_free(one);
    T_CHECK(spool.held == 2 * SEALED && spool.peak == 4 * SEALED, "%zu", spool.held);
    body_free(two);
    T_CHECK(spool.held == 0, "%zu", spool.held);
}

T_TEST(an_announcement_alone_takes_no_memory)
{
    struct body_limits limits = { 1000000, 1000000, t_tmpdir(), 1000000, NULL };
    struct body *body = body_new(&limits);
    struct st_err err = ST_ERR_INIT;
    uint8_t piece[16384] = { 0 };

    T_OK(body_add(body, st_span(piece, 100), &err), err);
    T_CHECK(body->memory.cap >= 100 && body->memory.cap <= 2 * 100 * EXPECT_MAX, "%zu for 100 bytes", body->memory.cap);
    body_free(body);
    T_CHECK((body = body_new(&limits)) != NULL, "body");
    T_OK(body_add(body, st_span(piece, sizeof piece), &err), err);
    T_CHECK(body->memory.cap >= 1000000, "%zu, so it grows on the way", body->memory.cap);
    body_free(body);
}
