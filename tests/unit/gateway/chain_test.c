/* SPDX-License-Identifier: Apache-2.0 */
/* chain_test - the same facts give the same verdict; what cannot be looked into gets the policy's failure verdict. */
#include "gateway/chain.h"
#include "house.h"

static struct generation *gen;
static struct flt_scanner *scanner;

static void once(void)
{
    struct st_err err = ST_ERR_INIT;

    if (gen != NULL)
        return;
    gen = house_generation(HOUSE_OPEN_TESTS, "");
    T_OK(flt_scanner_new(pol_set_packs(gen->policies), &scanner, &err), err);
}

static struct chain_in post(const char *path, const char *type, const char *body)
{
    struct chain_in in = { .gen = gen, .scanner = scanner, .plain_limit = 1 << 20, .body = st_span_str(body) };
    struct st_span whole = st_span_str(path);
    size_t at = st_span_chr(whole, '?');

    in.req.method = ST_SPAN("POST");
    in.req.host = ST_SPAN("forum.test");
    in.req.path = at == ST_SPAN_NPOS ? whole : st_span_sub(whole, 0, at);
    in.req.query = at == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(whole, at + 1, whole.n);
    in.req.content_type = st_span_str(type);
    return in;
}

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

T_TEST(verdicts)
{
    static const struct {
        const char *path, *type, *body;
        enum pol_verdict verdict;
        size_t findings;
    } TABLE[] = {
        { "/post", JSON, "{\"text\":\"good morning\"}", POL_ALLOW, 0 },
        { "/post", JSON, "{\"text\":\"DE02 1203 0000 0000 2020 51\"}", POL_BLOCK, 1 },
        { "/post", JSON, "{\"text\":\"DE02 1203 0000 0000 2020 52\"}", POL_ALLOW, 0 },
        { "/post", JSON, "{\"a\":{\"b\":[\"\\u0044E02120300000000202051\"]}}", POL_BLOCK, 1 },
        { "/post", FORM, "a=1&text=DE02%20120300000000202051", POL_BLOCK, 1 },
        { "/post", FORM, "text=my+card+4111+1111+1111+1111", POL_REDACT, 1 },
        { "/post", "text/plain", "DE02 1203 0000 0000 2020 51 and 4111 1111 1111 1111", POL_BLOCK, 2 },
        { "/post?text=DE02120300000000202051", JSON, "", POL_BLOCK, 1 },
        { "/post", JSON, "", POL_ALLOW, 0 },
        { "/DE02120300000000202051", "", "", POL_BLOCK, 1 },
        { "/a/b/pay%20DE02%201203%200000%200000%202020%2051/c", "", "", POL_BLOCK, 1 },
        { "/pay/DE02120300000000202051", JSON, "{\"text\":\"good morning\"}", POL_BLOCK, 1 },
        { "/card/4539-1488-0343-6467", "", "", POL_REDACT, 1 },
        { "/DE02120300000000202052", "", "", POL_ALLOW, 0 },
        { "/posts/4111111111111111/comments", "", "", POL_REDACT, 1 }, /* the policy asks for no confidence */
        { "/u/123e4567-e89b-12d3-a456-426614174000/7061234567890123456", "", "", POL_ALLOW, 0 },
        { "/4111/1111/1111/1111", "", "", POL_REDACT, 1 },
        { "/2026/11/30/4111/1111", "", "", POL_ALLOW, 0 },
        { "/services/T00000000/B00000000/XXXXXXXXXXXX12345678XXXX", "", "", POL_ALLOW, 0 },
    };

    once();
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct chain_in in = post(TABLE[i].path, TABLE[i].type, TABLE[i].body);
        struct st_arena *arena = st_arena_new(8 << 20);
        struct chain_out out;

        chain_run(&in, arena, &out);
        T_CHECK(out.failed == CHAIN_NONE, "case %zu: %s failed: %s", i, chain_stage_name(out.failed), out.err.what);
        T_CHECK(out.judgement.verdict == TABLE[i].verdict, "case %zu: %s", i, pol_verdict_name(out.judgement.verdict));
        T_CHECK(out.findings.n == TABLE[i].findings, "case %zu: %zu findings", i, out.findings.n);
        T_CHECK(out.judgement.is_recorded == (TABLE[i].verdict != POL_ALLOW), "case %zu: record", i);
        st_arena_free(arena);
    }
}

T_TEST(a_page_with_no_meaning_costs_nothing)
{
    struct chain_in in;
    struct st_arena *arena = st_arena_new(1 << 20);
    struct chain_out out;

    once();
    in = post("/some/page?x=1", "", "");
    in.req.method = ST_SPAN("GET");
    chain_run(&in, arena, &out);
    T_CHECK(out.route == NULL && out.doc == NULL && out.judgement.verdict == POL_ALLOW && !out.judgement.is_recorded,
            "seen");
    T_CHECK(st_arena_used(arena) == 0, "%zu bytes", st_arena_used(arena));
    st_arena_free(arena);
}

T_TEST(redaction_is_written_back)
{
    struct st_arena *arena = st_arena_new(8 << 20);
    struct st_buf body, query;
    struct chain_out out;
    struct chain_in in;

    once();
    st_buf_init(&body, 65536);
    st_buf_init(&query, 65536);
    in = post("/post", JSON, "{\"text\":\"card 4111 1111 1111 1111, ok\",\"n\":1}");
    chain_run(&in, arena, &out);
    T_CHECK(chain_redact(&in, &out, &body, &query), "%s", out.err.what);
    st_buf_byte(&body, 0);
    T_CHECK(strstr((char *)body.p, "4111") == NULL && strstr((char *)body.p, ", ok\",\"n\":1}") != NULL, "%s",
            (char *)body.p);
    st_buf_fini(&body);
    st_buf_fini(&query);
    st_arena_free(arena);
}

T_TEST(a_path_cannot_be_written_anew)
{
    struct st_arena *arena = st_arena_new(8 << 20);
    struct st_buf body, query;
    struct chain_out out;
    struct chain_in in;

    once();
    st_buf_init(&body, 65536);
    st_buf_init(&query, 65536);
    in = post("/card/4539-1488-0343-6467", JSON, "{\"text\":\"hello\"}");
    chain_run(&in, arena, &out);
    T_CHECK(out.judgement.verdict == POL_REDACT, "%s", pol_verdict_name(out.judgement.verdict));
    T_CHECK(!chain_redact(&in, &out, &body, &query) && out.judgement.verdict == POL_BLOCK, "it went on");
    st_buf_fini(&body);
    st_buf_fini(&query);
    st_arena_free(arena);
}

T_TEST(what_does_not_fit_is_a_block)
{
    struct st_arena *arena = st_arena_new(8 << 20);
    struct st_buf body, query;
    struct chain_out out;
    struct chain_in in;

    once();
    st_buf_init(&body, 10); /* no room for the redacted body */
    st_buf_init(&query, 10);
    in = post("/post", JSON, "{\"text\":\"card 4111 1111 1111 1111, ok\",\"n\":1}");
    chain_run(&in, arena, &out);
    T_CHECK(!chain_redact(&in, &out, &body, &query) && out.judgement.verdict == POL_BLOCK,
            "half a redaction was taken");
    T_CHECK(out.judgement.message.en != NULL, "no message");
    st_buf_fini(&body);
    st_buf_fini(&query);
    st_arena_free(arena);
}

/* An arena of every size: whatever stage it breaks, the answer is never a quiet allow. */
T_TEST(every_ceiling_fails_closed)
{
    bool was_whole = false;

    once();
    for (size_t limit = 0; limit < (1 << 20) && !was_whole; limit += 4096) {
        struct chain_in in = post("/post", JSON, "{\"text\":\"DE02 1203 0000 0000 2020 51\"}");
        struct st_arena *arena = st_arena_new(limit);
        struct chain_out out;

        if (arena == NULL)
            continue;
        chain_run(&in, arena, &out);
        T_CHECK(out.judgement.verdict == POL_BLOCK, "arena of %zu: %s after %s", limit,
                pol_verdict_name(out.judgement.verdict), chain_stage_name(out.failed));
        T_CHECK(out.judgement.is_recorded && out.judgement.message.en != NULL, "arena of %zu: no record", limit);
        was_whole = out.failed == CHAIN_NONE;
        st_arena_free(arena);
    }
    T_CHECK(was_whole, "never whole");
}

T_TEST(every_oom_fails_closed)
{
    once();
    for (int nth = 1; nth < 10000; nth++) {
        struct chain_in in = post("/post", JSON, "{\"text\":\"DE02 1203 0000 0000 2020 51\"}");
        struct st_arena *arena = st_arena_new(1 << 20);
        struct chain_out out;

        t_fail_alloc(nth);
        chain_run(&in, arena, &out);
        T_CHECK(out.judgement.verdict == POL_BLOCK, "allocation %d: %s", nth, pol_verdict_name(out.judgement.verdict));
        st_arena_free(arena);
        if (!t_alloc_failed())
            break;
    }
    t_fail_alloc(0);
}

T_TEST(what_was_not_held_is_not_written_anew)
{
    struct st_arena *arena = st_arena_new(1 << 20);
    struct st_buf body, query;
    struct chain_out out;
    struct chain_in in;

    once();
    st_buf_init(&body, 65536);
    st_buf_init(&query, 65536);
    in = post("/post?q=4111+1111+1111+1111", "text/plain", "");
    chain_run(&in, arena, &out);
    in.not_held = FLT_REASON_SIZE; /* with failure.size: allow the body follows as it came */
    T_CHECK(!chain_redact(&in, &out, &body, &query) && out.judgement.verdict == POL_BLOCK,
            "a length of 0 before a body");
    st_buf_fini(&body);
    st_buf_fini(&query);
    st_arena_free(arena);
}

T_TEST(what_no_rule_knows_is_scanned_by_its_query)
{
    static const struct {
        const char *target;
        enum pol_verdict verdict;
    } TABLE[] = { { "/some/page?q=DE02120300000000202051", POL_BLOCK },
                  { "/some/page?q=DE02+1203+0000+0000+2020+51", POL_BLOCK },
                  { "/some/page?q=%44E02120300000000202051", POL_BLOCK },
                  { "/some/page?X-Amz-Signature=DE02120300000000202051", POL_ALLOW },
                  { "/some/page?user_password=DE02120300000000202051", POL_ALLOW },
                  { "/some/page?q=DE03120300000000202051", POL_ALLOW } };

    once();
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct st_arena *arena = st_arena_new(1 << 20);
        struct chain_in in = post(TABLE[i].target, "", "");
        struct chain_out out;

        in.req.method = ST_SPAN("GET");
        chain_run(&in, arena, &out);
        T_CHECK(out.judgement.verdict == TABLE[i].verdict, "case %zu: %s", i, pol_verdict_name(out.judgement.verdict));
        st_arena_free(arena);
    }
}

T_TEST(what_was_not_held_is_judged_unread)
{
    struct st_arena *arena = st_arena_new(1 << 20);
    struct chain_out out;
    struct chain_in in;

    once();
    in = post("/post", "text/plain", "");
    in.not_held = FLT_REASON_SIZE;
    in.not_held_bytes = 99999999;
    chain_run(&in, arena, &out);
    T_CHECK(out.receipt.coverage == FLT_NOT && out.receipt.reason == FLT_REASON_SIZE && out.receipt.bytes == 99999999,
            "receipt");
    T_CHECK(out.judgement.verdict == POL_BLOCK, "%s", pol_verdict_name(out.judgement.verdict));
    st_arena_free(arena);
}

/* "just talk " many times, in base64 of gzip */
#define PACKED                                                                                             \
    "H4sIAAAAAAACA+3GIQEAMAgAsCpUu+W4Q//HwGxqOa+jT91IMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzNb" \
    "3Ae9j4VYIE4AAA=="

/* More is packed into it than is looked into: the receipt says so, and the policy's failure verdict applies. */
T_TEST(a_text_of_too_many_readings_is_partly_inspected)
{
    static const char BODY[] =
        PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED
               " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED " " PACKED;
    struct chain_in in;
    struct st_arena *arena = st_arena_new(8 << 20);
    struct chain_out out;

    once();
    in = post("/post", "text/plain", BODY);
    chain_run(&in, arena, &out);
    T_CHECK(out.receipt.coverage == FLT_PARTLY && out.receipt.reason == FLT_REASON_READINGS, "%s, %s",
            flt_coverage_name(out.receipt.coverage), flt_reason_name(out.receipt.reason));
    T_CHECK(out.judgement.verdict == POL_BLOCK, "verdict %d", out.judgement.verdict);
    st_arena_free(arena);
}

/* What a path says beyond its ceiling is not left out silently. */
T_TEST(a_path_of_too_many_numbers_is_partly_inspected)
{
    struct chain_in in;
    struct st_arena *arena = st_arena_new(8 << 20);
    struct chain_out out;
    struct st_buf path;

    once();
    st_buf_init(&path, 1u << 16);
    for (unsigned n = 0; n <= FLT_PATH_FIELDS_MAX; n++)
        st_buf_span(&path, ST_SPAN("/x/5500/0000/0000/0004"));
    in = post("/post", "text/plain", "hello");
    in.req.path = st_buf_view(&path);
    chain_run(&in, arena, &out);
    T_CHECK(out.receipt.coverage == FLT_PARTLY && out.receipt.reason == FLT_REASON_FIELDS, "%s, %s",
            flt_coverage_name(out.receipt.coverage), flt_reason_name(out.receipt.reason));
    T_CHECK(out.judgement.verdict == POL_BLOCK, "verdict %d", out.judgement.verdict);
    st_buf_fini(&path);
    st_arena_free(arena);
}

T_TEST(zz_leaves_nothing)
{
    flt_scanner_free(scanner);
    generation_release(gen);
}
