/* SPDX-License-Identifier: Apache-2.0 */
/* value - the forms of a source one by one, with what a peer might send instead. */
#include "host/value.h"
#include "lua_t.h"

static bool is(struct st_span got, const char *wanted)
{
    return wanted == NULL ? got.n == 0 : st_span_eq(got, st_span_str(wanted));
}

T_TEST(scalars_of_json)
{
    static const struct {
        const char *json, *path, *value;
    } cases[] = {
        { "{\"a\":1}", "a", "1" },
        { "{\"a\":{\"b\":true}}", "a/b", "true" },
        { "{\"a\":\"x\"}", "a", "x" },
        { "{\"a\":null}", "a", NULL },
        { "{\"a\":null,\"b\":[{\"c\":2.5}]}", "b/#/c", "2.5" },
        { "[{\"x\":{}},{\"id\":7}]", "#/id", "7" },
        { "{\"x\":{\"id\":9},\"id\":7}", "id", "7" },
        { "{\"x\":{\"id\":9},\"id\":7}", "*/id", "9" },
        { " { \"a\" : [ 1 , 2 ] } ", "a/#", "1" },
        { "{\"q\":\"}\\\"]\",\"a\":3}", "a", "3" },
        { "{\"a\":1", "a", "1" },
        { "{\"a\"", "a", NULL },
        { "{\"a\":\"", "a", "" },
        { "{\"a\":{", "a", NULL },
        { "{\"a\" 1}", "a", NULL },
        { "\"\\", "a", NULL },
        { "7", "a", NULL },
        { "", "a", NULL },
        { "]", "a", NULL },
        { "{,}", "a", NULL },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_span got = ST_SPAN_NONE, json = st_span_str(cases[i].json);
        uint8_t *copy = malloc(json.n + 1); /* so that a step behind the end is seen */

        memcpy(copy, json.p, json.n);
        (void)lp_json_scalar(st_span(copy, json.n), cases[i].path, &got);
        T_CHECK(is(got, cases[i].value), "%s %s: '%.*s'", cases[i].json, cases[i].path, (int)got.n,
                (const char *)got.p);
        free(copy);
    }
}

T_TEST(deep_json_ends)
{
    char deep[4096];
    struct st_span got;

    memset(deep, '[', sizeof deep);
    T_CHECK(!lp_json_scalar(st_span(deep, sizeof deep), "#/#/#", &got), "found something");
}

T_TEST(fields_of_packed_messages)
{
    static const struct {
        const char *base64, *path, *value;
    } cases[] = {
        { "EgtkUXc0dzlXZ1hjUSoCCABQBw%3D%3D", "2", "dQw4w9WgXcQ" },
        { "EgtkUXc0dzlXZ1hjUSoCCABQBw==", "2", "dQw4w9WgXcQ" },
        { "EgtkUXc0dzlXZ1hjUSoCCABQBw", "3", NULL },
        { "CgQSAmFi", "1.2", "ab" },
        { "Q2dRU0FtRmk=", "1.2", "ab" }, /* twice */
        { "Q2dRU0FtRmk%3D", "1.2", "ab" },
        { "QUFBQUFBQUFBQUFBQUFBQQ==", "1.2", NULL },
        { "CgQSAmFi", "1.3", NULL },
        { "CgQSAmFi", "1.2.1", NULL },
        { "CgQSAgAB", "1.2", NULL }, /* no name */
        { "Ev8B", "2", NULL },       /* longer than what is there */
        { "////////////////", "2", NULL },
        { "", "2", NULL },
        { "!", "2", NULL },
        { "CgQSAmFi", "", NULL },
        { "CgQSAmFi", "x", NULL },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        uint8_t room[64];
        struct st_span got =
            st_span(room, lp_packed_get(st_span_str(cases[i].base64), cases[i].path, room, sizeof room));

        T_CHECK(is(got, cases[i].value), "%s %s: '%.*s'", cases[i].base64, cases[i].path, (int)got.n,
                (const char *)got.p);
    }
}

T_TEST(paths_of_fields)
{
    static const struct {
        const char *pattern, *path;
        bool held;
    } cases[] = {
        { "a/b", "a/b", true },
        { "a/*", "a/b", true },
        { "a/*", "a", false },
        { "a/**", "a/b/c", true },
        { "a/**", "a", true },
        { "**", "x", true },
        { "a/**/d", "a/b/c/d", true },
        { "a/**/d", "a/d", true },
        { "a/**/d", "a/d/e", false },
        { "**/d", "a/b/d", true },
        { "**/d", "d", true },
        { "**/d", "ad", false },
        { "a/**/x/**/y", "a/x/x/y", true },
        { "a/**/x/**/y", "a/y/x", false },
        { "a", "a/b", false },
        { "a/b", "a", false },
        { "", "", true },
        { "a/#/b", "a/#/b", true },
        { "a/**/#", "a/#/#", true },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++)
        T_CHECK(lp_path_match(cases[i].pattern, st_span_str(cases[i].path)) == cases[i].held, "%s %s", cases[i].pattern,
                cases[i].path);
}

T_TEST(parts_of_paths)
{
    static const struct {
        const char *pattern, *path, *value;
    } cases[] = {
        { "/r/*/c/{}/**", "/r/a/c/b/d/", "b" },
        { "/r/*/c/{}", "/r/a/c/b", "b" },
        { "/r/*/c/{}", "/r/a/c/b/", "b" },
        { "/r/{}/c", "/r/a/c", "a" },
        { "/r/{}/c", "/r/a/d", NULL },
        { "/r/{}/c", "/r//c", NULL },
        { "/{}", "/a/b", "a/b" },
        { "/r/{}", "/s/a", NULL },
        { "/**/w/{}/x", "/a/w/b/x", "b" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_span got = ST_SPAN_NONE;

        if (!lp_path_capture(cases[i].pattern, st_span_str(cases[i].path), &got))
            got = ST_SPAN_NONE;
        T_CHECK(is(got, cases[i].value), "%s %s: '%.*s'", cases[i].pattern, cases[i].path, (int)got.n,
                (const char *)got.p);
    }
}

T_TEST(sources_in_templates)
{
    static const struct {
        const char *source, *value;
    } cases[] = {
        { "=word", "word" },
        { "?id", "7 8" },
        { "?none", NULL },
        { "/2", "b c" },
        { "/9", NULL },
        { "/a/{}/d", "b c" },
        { "+{/1}/{?id}#{host}", "a/7 8#h.test" },
        { "+{/1}/{?none}", NULL },
        { "+t3_{/a/{}/d}", "t3_b c" }, /* but a path in them may have its mark */
        { "+t3_{/x/{}/d}", NULL },
        { "t3_>field", "x.json" },
        { "t4_>field", NULL },
        { "t3_>field<.json", "x" },
        { "field<.xml", "t3_x.json" },
        { "%number", "12" },
        { "%flag", "false" },
        { "@none:2", NULL },
        { "@field", NULL },
        { "+{+{+{+{+{=x}", "{+{+{+{=x" }, /* braces do not nest */
        { ">>>>>>>>field", NULL },
        { "+{", "{" },
        { "+{}", "{}" },
        { "", NULL },
        { "field", "t3_x.json" },
    };
    struct st_arena *arena = st_arena_new(1u << 20);
    struct lp_request req = { ST_SPAN("POST"), ST_SPAN("h.test"), ST_SPAN("/a/b%20c/d"), ST_SPAN("id=7+8"),
                              ST_SPAN("application/json") };
    struct flt_input in = { .query = req.query,
                            .body = ST_SPAN("{\"field\":\"t3_x.json\",\"number\":12,\"flag\":false}"),
                            .content_type = req.content_type };
    struct lp_reader r = { .req = &req, .arena = arena };
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_decode(arena, &in, &r.doc, &err), err);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_span got = lp_value_of(&r, (const char *const[]){ cases[i].source, NULL });

        T_CHECK(is(got, cases[i].value), "%s: '%.*s'", cases[i].source, (int)got.n, (const char *)got.p);
    }
    T_CHECK(is(lp_url_of(&r, (const char *const[]){ "https://{host}/{none}", "https://{host}/{/2}?a={?id}", NULL }),
               "https://h.test/b%20c?a=7%208"),
            "a URL");
    T_CHECK(
        is(lp_url_of(&r, (const char *const[]){ "{=https://x.test/@a?b=<c>}", NULL }), "https://x.test/@a?b=%3Cc%3E"),
        "an address as it was given");
    st_arena_free(arena);
}
