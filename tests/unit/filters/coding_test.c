/* SPDX-License-Identifier: Apache-2.0 */
/* coding_test - content codings: each, stacked, cut at every byte, and bombs. */
#include "decode_helper.h"
#include <zlib.h>
#include <zstd.h>

#define PLAIN "{\"text\":\"IBAN DE89 3704 0044 0532 0130 00 and some more words so that there is something to pack\"}"

/* The room links no brotli encoder: PLAIN and 16 MiB of zeros, packed by `brotli -q 11`. */
static const char br_plain[] =
    "\x1B\x61\x00\xE0\x8D\x53\x2C\x6C\x92\x59\xDE\x52\xBD\x10\x8F\x7B\x83\xC6\x08\x8A\xD4\xCC\xA6\x9A"
    "\x10\x81\x96\x9C\xE8\x81\x71\xAD\xE5\x31\x3D\xEB\x7B\x8C\x2D\xE7\x7B\x86\x2C\x83\x3D\xFE\x95\xD9"
    "\xEA\x42\x1F\x29\x43\x91\x06\xD2\x40\x90\xC7\x89\x97\xF8\xBA\x63\x9F\x6B\xE1\x54\x62\x8D\x78\xE7"
    "\x44\xE4\xD7\x3E";
static const char br_zeros[] =
    "\xCB\xFF\xFF\x3F\xF8\x27\x00\xE2\xB1\x40\x20\xF7\xFE\x2F\xFF\xFF\xFF\xF0\x4F\x00\xC4\x61\x11\x80"
    "\xEE\xFD\x1F";

static void pack_zlib(struct st_span in, int bits, struct st_buf *out)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
    size_t room = in.n + in.n / 100 + 128;

    T_CHECK(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
    z.next_out = st_buf_room(out, room);
    z.avail_out = (uInt)room;
    T_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END, "deflate");
    out->n += room - z.avail_out;
    deflateEnd(&z);
}

static void pack(const char *coding, struct st_span in, struct st_buf *out)
{
    size_t room = in.n + in.n / 100 + 1024, n = room;
    uint8_t *to;

    st_buf_reset(out);
    if (strcmp(coding, "gzip") == 0) {
        pack_zlib(in, 31, out);
    } else if (strcmp(coding, "deflate") == 0) {
        pack_zlib(in, 15, out);
    } else if (strcmp(coding, "raw") == 0) {
        pack_zlib(in, -15, out);
    } else if (strcmp(coding, "br") == 0) {
        if (st_span_eq(in, ST_SPAN(PLAIN)))
            st_buf_put(out, br_plain, sizeof br_plain - 1);
        else
            st_buf_put(out, br_zeros, sizeof br_zeros - 1);
    } else {
        to = st_buf_room(out, room);
        n = ZSTD_compress(to, room, in.p, in.n, 3);
        T_CHECK(!ZSTD_isError(n), "zstd");
        out->n += n;
    }
}

static struct flt_doc *decode_coded(struct st_arena *arena, const char *encoding, struct st_span body, size_t limit)
{
    struct flt_input in = { .body = body, .content_type = ST_SPAN("application/json"), .plain_limit = limit };

    in.content_encoding = text_span(encoding);
    return decode_in(arena, &in);
}

static const struct {
    const char *packs[3], *encoding;
} chains[] = {
    { { "gzip" }, "gzip" },
    { { "gzip" }, "x-gzip" },
    { { "gzip" }, "GZip" },
    { { "gzip" }, " identity, gzip ," },
    { { "deflate" }, "deflate" },
    { { "raw" }, "deflate" },
    { { "br" }, "br" },
    { { "zstd" }, "zstd" },
    { { "br", "gzip" }, "br, gzip" },
    { { "zstd", "raw", "gzip" }, "zstd,deflate, gzip" },
};

T_TEST(coding_chains)
{
    for (size_t i = 0; i < ST_LEN(chains); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf a, b, swap;
        struct flt_doc *doc;

        st_buf_init(&a, 1u << 20);
        st_buf_init(&b, 1u << 20);
        st_buf_str(&a, PLAIN);
        for (size_t j = 0; j < 3 && chains[i].packs[j] != NULL; j++) {
            pack(chains[i].packs[j], st_buf_view(&a), &b);
            swap = a;
            a = b;
            b = swap;
        }
        doc = decode_coded(arena, chains[i].encoding, st_buf_view(&a), 4096);
        T_CHECK(doc->was_coded && st_span_eq(doc->plain, ST_SPAN(PLAIN)), "%s", chains[i].encoding);
        T_CHECK(doc->n == 1 && doc->receipt.coverage == FLT_FULLY && doc->receipt.inspected == a.n, "%s",
                chains[i].encoding);
        check_maps(doc);
        st_buf_fini(&a);
        st_buf_fini(&b);
        st_arena_free(arena);
    }
}

T_TEST(coding_members_follow_each_other)
{
    static const char *const codings[] = { "gzip", "zstd" };

    for (size_t i = 0; i < ST_LEN(codings); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf a, b;
        struct flt_doc *doc;

        st_buf_init(&a, 1u << 20);
        st_buf_init(&b, 1u << 20);
        pack(codings[i], ST_SPAN("[\"a\","), &a);
        pack(codings[i], ST_SPAN("\"b\"]"), &b);
        st_buf_span(&a, st_buf_view(&b));
        doc = decode_coded(arena, codings[i], st_buf_view(&a), 4096);
        T_CHECK(strcmp(show(doc), "#=a|#=b") == 0, "%s: %s", codings[i], show(doc));
        st_buf_fini(&a);
        st_buf_fini(&b);
        st_arena_free(arena);
    }
}

T_TEST(coding_cut_at_every_byte)
{
    static const char *const codings[] = { "gzip", "deflate", "raw", "br", "zstd" };

    for (size_t i = 0; i < ST_LEN(codings); i++) {
        struct st_buf packed;

        st_buf_init(&packed, 1u << 20);
        pack(codings[i], ST_SPAN(PLAIN), &packed);
        for (size_t n = 1; n <= packed.n + 1; n++) { /* the last round has a byte too many */
            struct st_arena *arena = st_arena_new(ARENA_MAX);
            uint8_t *exact = calloc(1, n);
            struct flt_doc *doc;

            memcpy(exact, packed.p, n <= packed.n ? n : packed.n);
            doc = decode_coded(arena, strcmp(codings[i], "raw") == 0 ? "deflate" : codings[i], st_span(exact, n), 4096);
            T_CHECK((doc->receipt.coverage == FLT_FULLY) == (n == packed.n), "%s cut at %zu of %zu: %s %s", codings[i],
                    n, packed.n, flt_coverage_name(doc->receipt.coverage), flt_reason_name(doc->receipt.reason));
            T_CHECK(n == packed.n || doc->receipt.reason == FLT_REASON_SYNTAX, "%s cut at %zu: %s", codings[i], n,
                    flt_reason_name(doc->receipt.reason));
            T_CHECK(n < packed.n || st_span_find(doc->fields[0].text, ST_SPAN("DE89")) != ST_SPAN_NPOS, "%s at %zu",
                    codings[i], n);
            st_arena_free(arena);
            free(exact);
        }
        st_buf_fini(&packed);
    }
}

T_TEST(coding_bombs)
{
    static const char *const codings[] = { "gzip", "deflate", "br", "zstd" };
    uint8_t *zeros = calloc(1, 16u << 20);

    for (size_t i = 0; i < ST_LEN(codings); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf packed;
        struct flt_doc *doc;

        st_buf_init(&packed, 32u << 20);
        pack(codings[i], st_span(zeros, 16u << 20), &packed);
        doc = decode_coded(arena, codings[i], st_buf_view(&packed), 64u << 20);
        T_CHECK(doc->receipt.reason == FLT_REASON_BOMB && doc->receipt.coverage != FLT_FULLY, "%s: %s", codings[i],
                flt_reason_name(doc->receipt.reason));
        T_CHECK(doc->plain.n <= 4u << 20, "%s made %zu bytes", codings[i], doc->plain.n);
        st_arena_free(arena);
        arena = st_arena_new(ARENA_MAX); /* and below the grace of the ratio the ceiling holds */
        doc = decode_coded(arena, codings[i], st_buf_view(&packed), 100000);
        T_CHECK(doc->receipt.reason == FLT_REASON_SIZE && doc->plain.n <= 100001, "%s: %s %zu", codings[i],
                flt_reason_name(doc->receipt.reason), doc->plain.n);
        st_arena_free(arena);
        st_buf_fini(&packed);
    }
    free(zeros);
}

T_TEST(coding_ceiling_is_exact)
{
    for (size_t limit = sizeof PLAIN - 3; limit <= sizeof PLAIN; limit++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf packed;
        struct flt_doc *doc;

        st_buf_init(&packed, 1u << 20);
        pack("br", ST_SPAN(PLAIN), &packed);
        doc = decode_coded(arena, "br", st_buf_view(&packed), limit);
        T_CHECK((doc->receipt.reason == FLT_REASON_SIZE) == (limit < sizeof PLAIN - 1), "limit %zu", limit);
        doc = decode_coded(arena, "", ST_SPAN(PLAIN), limit);
        T_CHECK((doc->receipt.reason == FLT_REASON_SIZE) == (limit < sizeof PLAIN - 1), "limit %zu, not coded", limit);
        T_CHECK(!doc->was_coded && doc->plain.n == sizeof PLAIN - 1, "plain");
        st_buf_fini(&packed);
        st_arena_free(arena);
    }
}

T_TEST(coding_unknown)
{
    static const struct {
        const char *encoding;
        struct st_span body;
        enum flt_coverage coverage;
        size_t n;
    } rows[] = {
        { "compress", { (const uint8_t *)"\x1F\x9D\x90\0\1\2", 6 }, FLT_NOT, 0 },
        { "rot13", { (const uint8_t *)"IBAN DE89", 9 }, FLT_PARTLY, 1 },
        { "gzip, gzip, gzip, gzip", { (const uint8_t *)"IBAN DE89", 9 }, FLT_PARTLY, 1 },
        { "gzip;q=1", { (const uint8_t *)"IBAN DE89", 9 }, FLT_PARTLY, 1 },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc = decode_coded(arena, rows[i].encoding, rows[i].body, 4096);

        T_CHECK(doc->receipt.reason == FLT_REASON_CODING && doc->receipt.coverage == rows[i].coverage, "%s: %s",
                rows[i].encoding, flt_coverage_name(doc->receipt.coverage));
        T_CHECK(doc->n == rows[i].n && !doc->was_coded, "%s", rows[i].encoding);
        st_arena_free(arena);
    }
}
