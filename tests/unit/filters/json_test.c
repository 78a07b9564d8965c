/* SPDX-License-Identifier: Apache-2.0 */
/* json_test - the offset-preserving scanner: what becomes a field, where it stands, what is refused and where. */
#include "decode_helper.h"

static const struct {
    const char *body, *fields;
} good[] = {
    { "{\"a\":\"x\"}", "a=x" },
    { " [ \"x\" , \"y\" ] ", "#=x|#=y" },
    { "\"alone\"", "=alone" },
    { "{\"blocks\":[{\"text\":\"hi\"},{\"text\":\"ho\"}]}", "blocks/#/text=hi|blocks/#/text=ho" },
    { "{\"a\":{\"b\":{\"c\":\"deep\"}},\"d\":\"after\"}", "a/b/c=deep|d=after" },
    { "{\"a\":{},\"b\":[],\"c\":\"x\"}", "c=x" },
    { "{\"t\":\"a\\\"b\\\\c\\/d\\n\\t\"}", "t=a\"b\\c/d\n\t" },
    { "{\"t\":\"\\u00fc\\u20AC\\ud83d\\ude00\"}", "t=ü€😀" },
    { "{\"t\":\"\\ud83dx\\ude00\"}", "t=\uFFFDx\uFFFD" },
    { "{\"t\":\"\\ud83d\\u0041\"}", "t=\uFFFDA" },
    { "{\"n\":4111111111111111,\"m\":12,\"f\":-1.5e10,\"k\":[true,false,null]}", "n=4111111111111111|f=-1.5e10" },
    { "{\"\\u0061\\/b\":\"x\"}", "a/b=x" },
    { "{\"a\":\"1\",\"a\":\"2\"}", "a=1|a=2" },
    { "{\"\":\"empty key\"}", "=empty key" },
    { "{\"DE89 3704 0044\":1}", "DE89 3704 0044/@key=DE89 3704 0044" },
    { "{\"t\":\"\"}", "t=" },
    { "{\"j\":\"{\\\"a\\\":\\\"x\\\"}\"}", "j/a=x" },
    { "{\"j\":\"[not json]\"}", "j=[not json]" },
    { "{\"j\":\"[1]\"}", "j=[1]" },
    { ")]}'\n{\"a\":\"x\"}", "a=x" }, /* guards against scripts of other sites */
    { ")]}',\n[\"x\"]", "#=x" },
    { "for (;;);{\"a\":\"x\"}", "a=x" },
    { "while(1);[\"x\"]", "#=x" },
    { "{\"j\":\"{\\\"k\\\":\\\"{\\\\\\\"l\\\\\\\":\\\\\\\"deep\\\\\\\"}\\\"}\"}", "j/k/l=deep" },
};

T_TEST(json_good)
{
    for (size_t i = 0; i < ST_LEN(good); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc = decode_as(arena, "application/json", text_span(good[i].body));

        T_CHECK(strcmp(show(doc), good[i].fields) == 0, "%s gives %s", good[i].body, show(doc));
        T_CHECK(doc->receipt.coverage == FLT_FULLY && doc->receipt.reason == FLT_REASON_NONE, "%s: %s", good[i].body,
                flt_reason_name(doc->receipt.reason));
        T_CHECK(doc->receipt.bytes == strlen(good[i].body) && doc->receipt.inspected == doc->receipt.bytes, "row %zu",
                i);
        check_maps(doc);
        st_arena_free(arena);
    }
}

static const struct {
    const char *body;
    size_t at;
} bad[] = {
    { "", 0 },
    { "{", 1 },
    { "[", 1 },
    { "{\"a\"", 4 },
    { "{\"a\":", 5 },
    { "{\"a\":}", 5 },
    { "{\"a\":\"x}", 5 },
    { "{\"a\":\"x\"", 8 },
    { "{\"a\":\"x\",}", 9 },
    { "[\"x\",]", 5 },
    { "[\"x\" \"y\"]", 5 },
    { "{a:1}", 1 },
    { "{'a':1}", 1 },
    { "[\"\\x41\"]", 1 },
    { "[\"\\u12G4\"]", 1 },
    { "[\"\\u123\"]", 1 },
    { "[\"tab\there\"]", 1 },
    { "[\"line\nhere\"]", 1 },
    { "[01]", 2 },
    { "[1.]", 1 },
    { "[.5]", 1 },
    { "[+1]", 1 },
    { "[1e]", 1 },
    { "[-]", 1 },
    { "[tru]", 1 },
    { "[NaN]", 1 },
    { "[\"x\"}", 4 },
    { "{\"a\":1]", 6 },
    { "[/*c*/1]", 1 },
    { "\"\\", 0 },
};

T_TEST(json_bad_says_where)
{
    for (size_t i = 0; i < ST_LEN(bad); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc doc = { .n = 0 };
        struct flt_dec dec = { .arena = arena, .doc = &doc, .full_at = ST_SPAN_NPOS, .limit = 100 };
        struct flt_piece piece = { text_span(bad[i].body), NULL, 0 };
        struct flt_json_end end;
        struct st_err err = ST_ERR_INIT;

        st_buf_init(&dec.fields, 1u << 20);
        st_buf_init(&dec.path, 1u << 20);
        st_buf_init(&dec.text, 1u << 20);
        flt_build_init(&dec.build, arena, 1u << 20);
        flt_dec_push(&dec, FLT_CODEC_JSON);
        T_OK(flt_json(&dec, &piece, &end, &err), err);
        T_CHECK(!end.has_value && end.reason == FLT_REASON_SYNTAX, "%s was taken", bad[i].body);
        T_CHECK(end.at == bad[i].at, "%s stops at %zu, not %zu", bad[i].body, end.at, bad[i].at);
        T_CHECK(dec.path.n == 0, "%s leaves a path", bad[i].body);
        st_buf_fini(&dec.fields);
        st_buf_fini(&dec.path);
        st_buf_fini(&dec.text);
        flt_build_fini(&dec.build);
        st_arena_free(arena);
    }
}

T_TEST(json_broken_is_read_as_text_from_there)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = decode_as(arena, "application/json", text_span("{\"a\":\"x\",\"b\":\"DE89 }"));

    T_CHECK(strcmp(show(doc), "a=x|=\"DE89 }") == 0, "%s", show(doc));
    T_CHECK(doc->receipt.coverage == FLT_PARTLY && doc->receipt.reason == FLT_REASON_SYNTAX, "receipt");
    T_CHECK(doc->fields[1].chain[0] == FLT_CODEC_TEXT, "chain");
    check_maps(doc);
    st_arena_free(arena);
}

T_TEST(json_depth)
{
    for (size_t depth = 63; depth <= 66; depth++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf body;
        struct flt_doc *doc;

        st_buf_init(&body, 4096);
        for (size_t i = 0; i < depth; i++)
            st_buf_byte(&body, '[');
        st_buf_str(&body, "\"secret text\"");
        for (size_t i = 0; i < depth; i++)
            st_buf_byte(&body, ']');
        doc = decode_as(arena, "application/json", st_buf_view(&body));
        T_CHECK((doc->receipt.coverage == FLT_FULLY) == (depth <= FLT_DEPTH_MAX), "depth %zu", depth);
        T_CHECK(depth <= FLT_DEPTH_MAX || doc->receipt.reason == FLT_REASON_DEPTH, "depth %zu", depth);
        T_CHECK(doc->n == 1 && st_span_find(doc->fields[0].text, ST_SPAN("secret text")) != ST_SPAN_NPOS, "depth %zu",
                depth);
        check_maps(doc);
        st_buf_fini(&body);
        st_arena_free(arena);
    }
}

/* A JSON string holding s. */
static void quote_once(struct st_buf *out, struct st_span s)
{
    st_buf_str(out, "{\"k\":\"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            st_buf_byte(out, '\\');
        st_buf_byte(out, s.p[i]);
    }
    st_buf_str(out, "\"}");
}

T_TEST(json_nesting_three_levels_then_text)
{
    static const char *const paths[] = { "k", "k/k", "k/k/k", "k/k/k/k", "k/k/k/k" };

    for (size_t levels = 1; levels <= 5; levels++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct st_buf a, b, swap;
        struct flt_doc *doc;

        st_buf_init(&a, 1u << 20);
        st_buf_init(&b, 1u << 20);
        st_buf_str(&a, "DE89");
        for (size_t i = 0; i < levels; i++) {
            st_buf_reset(&b);
            quote_once(&b, st_buf_view(&a));
            swap = a;
            a = b;
            b = swap;
        }
        doc = decode_as(arena, "application/json", st_buf_view(&a));
        T_CHECK(doc->n == 1 && st_span_eq(doc->fields[0].path, text_span(paths[levels - 1])), "%zu levels: %s", levels,
                show(doc));
        T_CHECK((doc->receipt.reason == FLT_REASON_DEPTH) == (levels == 5), "%zu levels: %s", levels,
                flt_reason_name(doc->receipt.reason));
        check_maps(doc);
        st_buf_fini(&a);
        st_buf_fini(&b);
        st_arena_free(arena);
    }
}

T_TEST(json_lines)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = decode_as(arena, "application/x-ndjson", text_span("{\"a\":\"x\"}\n\r\n{\"a\":\"y\"}\r\n"));

    T_CHECK(strcmp(show(doc), "#/a=x|#/a=y") == 0, "%s", show(doc));
    T_CHECK(doc->receipt.coverage == FLT_FULLY, "receipt");
    check_maps(doc);
    doc = decode_as(arena, "application/json", text_span("{\"a\":\"x\"}\n{bad DE89}\n{\"a\":\"y\"}"));
    T_CHECK(strcmp(show(doc), "#/a=x|#={bad DE89}|#/a=y") == 0, "%s", show(doc));
    T_CHECK(doc->receipt.coverage == FLT_PARTLY && doc->receipt.reason == FLT_REASON_SYNTAX, "receipt");
    check_maps(doc);
    st_arena_free(arena);
}

T_TEST(json_borrows_what_has_no_escape)
{
    static const char body[] = "{\"a\":\"plain text, quite long so that a copy would be seen\"}";
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = decode_as(arena, "application/json", text_span(body));

    T_CHECK(doc->n == 1 && doc->fields[0].text.p == doc->plain.p + 6, "copied");
    st_arena_free(arena);
}

T_TEST(json_cut_at_every_byte)
{
    static const char body[] =
        "{\"t\":\"a\\u00fc\\ud83d\\ude00\\n\",\"j\":\"{\\\"k\\\":[\\\"x\\\\u0041\\\",-1.25e+100]}\","
        "\"DE89370400440532\":[null,true,{\"u\":\"\xC3\xBC\"}]}";

    for (size_t n = 0; n < sizeof body; n++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        uint8_t *exact = malloc(n + 1);
        struct flt_doc *doc;

        memcpy(exact, body, n);
        exact = realloc(exact, n > 0 ? n : 1); /* a read past the end is seen */
        doc = decode_as(arena, "application/json", st_span(exact, n));
        T_CHECK(n == 0 || (doc->receipt.coverage == FLT_FULLY) == (n == sizeof body - 1), "cut at %zu", n);
        check_maps(doc);
        st_arena_free(arena);
        free(exact);
    }
}
