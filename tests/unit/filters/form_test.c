/* SPDX-License-Identifier: Apache-2.0 */
/* form_test - urlencoded bodies and queries. */
#include "decode_helper.h"

static const struct {
    const char *body, *fields;
} rows[] = {
    { "a=b", "a=b" },
    { "a=b&c=d", "a=b|c=d" },
    { "a=b+c%20d%2B", "a=b c d+" },
    { "%61=x", "a=x" },
    { "a=%C3%BC%e2%82%ac", "a=ü€" },
    { "a=100%", "a=100%" },
    { "a=%4", "a=%4" },
    { "a=%zz%41", "a=%zzA" },
    { "a=%FC", "a=ü" },
    { "a=%80uro", "a=€uro" },
    { "a=b=c", "a=b=c" },
    { "a=&b=", "a=|b=" },
    { "&&a=b&&", "a=b" },
    { "=x", "=x" },
    { "only text%20here", "=only text here" },
    { "DE89+3704+0044=1", "DE89 3704 0044/@key=DE89 3704 0044|DE89 3704 0044=1" },
    { "v=%7B%22input%22%3A%7B%22text%22%3A%22hi%22%7D%7D", "v/input/text=hi" },
    { "v={\"a\":\"x%2By\"}", "v/a=x+y" },
    { "f=%5B%22%5B%5C%22deep%5C%22%5D%22%5D", "f/#/#=deep" },
    { "v=%7Bnot+json%7D", "v={not json}" },
};

T_TEST(form_rows)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc =
            decode_as(arena, "application/x-www-form-urlencoded; charset=UTF-8", text_span(rows[i].body));

        T_CHECK(strcmp(show(doc), rows[i].fields) == 0, "%s gives %s", rows[i].body, show(doc));
        T_CHECK(doc->receipt.coverage == FLT_FULLY, "%s", rows[i].body);
        T_CHECK(doc->n == 0 || (doc->fields[0].chain[0] == FLT_CODEC_FORM && doc->fields[0].place == FLT_IN_BODY),
                "row %zu", i);
        check_maps(doc);
        st_arena_free(arena);
    }
}

T_TEST(query_fields_stand_under_a_question_mark)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_input in = { .query = ST_SPAN("q=a+b&variables=%7B%22t%22%3A%22x%22%7D&flag"),
                            .body = ST_SPAN("q=body"),
                            .content_type = ST_SPAN("application/x-www-form-urlencoded"),
                            .plain_limit = 1000 };
    struct flt_doc *doc = decode_in(arena, &in);

    T_CHECK(strcmp(show(doc), "?q=a b|?variables/t=x|?=flag|q=body") == 0, "%s", show(doc));
    T_CHECK(doc->fields[0].place == FLT_IN_QUERY && doc->fields[2].place == FLT_IN_QUERY &&
                doc->fields[3].place == FLT_IN_BODY,
            "place");
    T_CHECK(doc->fields[1].depth == 2 && doc->fields[1].chain[0] == FLT_CODEC_QUERY &&
                doc->fields[1].chain[1] == FLT_CODEC_JSON,
            "chain");
    check_maps(doc);
    st_arena_free(arena);
}

T_TEST(form_cut_at_every_byte)
{
    static const char body[] = "a=%C3%BC+x&b=%7B%22k%22%3A%22%5Cu00fc%22%7D&DE89370400440532=1&c=%FC%80";

    for (size_t n = 0; n < sizeof body; n++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        uint8_t *exact = malloc(n > 0 ? n : 1);

        memcpy(exact, body, n);
        check_maps(decode_as(arena, "application/x-www-form-urlencoded", st_span(exact, n)));
        st_arena_free(arena);
        free(exact);
    }
}

T_TEST(form_likely)
{
    static const struct {
        const char *text;
        bool maybe, sure;
    } looks[] = {
        { "a=b", true, false },
        { "a=b&c=d", true, true },
        { "a=%20", true, true },
        { "x = y", false, false },
        { "", false, false },
        { "=x&y=z", false, false },
        { "a=b\nc=d&e", false, false },
        { "{\"a=b\":1}", false, false },
        { "https://example.org/?a=b&c=d", false, false },
        { "text ohne Gleichheit", false, false },
    };

    for (size_t i = 0; i < ST_LEN(looks); i++) {
        T_CHECK(flt_form_likely(text_span(looks[i].text), false) == looks[i].maybe, "%s", looks[i].text);
        T_CHECK(flt_form_likely(text_span(looks[i].text), true) == looks[i].sure, "%s", looks[i].text);
    }
}
