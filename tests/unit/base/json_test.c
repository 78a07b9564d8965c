/* SPDX-License-Identifier: Apache-2.0 */
/* json - what is refused, and that everything the writer writes reads back the same. */
#include "t.h"

#include <math.h>

#include "base/json.h"

T_TEST(reading_is_strict)
{
    static const struct {
        struct st_span text;
        enum st_e code;
    } rows[] = {
        { { (const uint8_t *)"{\"a\":1}", 7 }, ST_E_NONE },
        { { (const uint8_t *)"[]", 2 }, ST_E_NONE },
        { { (const uint8_t *)" [] \n", 5 }, ST_E_NONE },
        { { (const uint8_t *)"{\"a\":1,\"a\":1}", 13 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[1,]", 4 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[] x", 4 }, ST_E_SYNTAX },
        { { (const uint8_t *)"", 0 }, ST_E_SYNTAX },
        { { NULL, 0 }, ST_E_SYNTAX },
        { { (const uint8_t *)"1", 1 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[\"\xff\"]", 5 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[\"\\u0000\"]", 10 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[\"\\ud800\"]", 10 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[123456789012345678901234567890]", 32 }, ST_E_SYNTAX },
        { { (const uint8_t *)"[1e999]", 7 }, ST_E_SYNTAX },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_err err = ST_ERR_INIT;
        json_t *root = NULL;
        enum st_rc rc = st_json_read(rows[i].text, "f", &root, NULL, &err);

        T_CHECK((rc == ST_OK) == (rows[i].code == ST_E_NONE) && err.code == rows[i].code, "row %zu: %s", i, err.what);
        T_CHECK((root != NULL) == (rc == ST_OK), "row %zu", i);
        json_decref(root);
    }
}

T_TEST(mistakes_have_a_place)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    json_t *root;

    T_CHECK(st_json_read(ST_SPAN("{\n \"a\": x}"), "rules.json", &root, diag, &err) == ST_ERR, "accepted");
    T_CHECK(st_diag_count(diag) == 1 && st_diag_at(diag, 0)->line == 2 && st_diag_at(diag, 0)->col > 1, "place");
    T_CHECK(strcmp(st_diag_at(diag, 0)->file, "rules.json") == 0, "file");
    st_diag_free(diag);
}

T_TEST(written_shape)
{
    struct st_err err = ST_ERR_INIT;
    struct st_json w;
    struct st_buf buf;
    static const char expected[] =
        "{\"i\":-9223372036854775808,\"r\":0.25,\"nan\":null,\"t\":true,\"n\":null,\"s\":\"x\","
        "\"e\":{},\"l\":[1,[],{\"a\":\"b\"},false]}";

    st_buf_init(&buf, 1000);
    st_json_init(&w, &buf);
    st_json_object(&w, NULL);
    st_json_int(&w, "i", INT64_MIN);
    st_json_real(&w, "r", 0.25);
    st_json_real(&w, "nan", NAN);
    st_json_bool(&w, "t", true);
    st_json_str(&w, "n", NULL);
    st_json_str(&w, "s", "x");
    st_json_object(&w, "e");
    st_json_end(&w);
    st_json_array(&w, "l");
    st_json_int(&w, NULL, 1);
    st_json_array(&w, NULL);
    st_json_end(&w);
    st_json_object(&w, NULL);
    st_json_str(&w, "a", "b");
    st_json_end(&w);
    st_json_bool(&w, NULL, false);
    st_json_end(&w);
    st_json_end(&w);
    T_OK(st_buf_done(&buf, &err, "test"), err);
    T_CHECK(st_span_eq(st_buf_view(&buf), st_span_str(expected)), "%.*s", (int)buf.n, (const char *)buf.p);
    st_buf_fini(&buf);
}

T_TEST(deepest_nesting_is_written)
{
    struct st_json w;
    struct st_buf buf;

    st_buf_init(&buf, 1000);
    st_json_init(&w, &buf);
    for (int i = 0; i < ST_JSON_DEPTH; i++)
        st_json_array(&w, NULL);
    st_json_int(&w, NULL, 1);
    for (int i = 0; i < ST_JSON_DEPTH; i++)
        st_json_end(&w);
    T_CHECK(buf.n == 2 * ST_JSON_DEPTH + 1, "%zu", buf.n);
    st_buf_fini(&buf);
}

/* Random bytes, many of them broken UTF-8: what is written reads back; well-formed text reads back the same. */
T_TEST(every_span_reads_back)
{
    static const char *const pieces[] = { "a",         "\"",   "\\",       "\n",
                                          "\x01",      "\x7f", "\xc3\xa4", "\xf0\x9f\x98\x80",
                                          "</script>", "\xff", "\xe2\x82", "\xed\xa0\x80" };

    for (int round = 0; round < 5000; round++) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf text, out;
        json_t *root = NULL;
        struct st_json w;
        bool whole = true;

        st_buf_init(&text, 1000);
        st_buf_init(&out, 20000);
        for (uint64_t n = t_below(12); n > 0; n--) {
            size_t which = t_below(ST_LEN(pieces));
            whole = whole && which < 9;
            st_buf_str(&text, pieces[which]);
        }
        st_json_init(&w, &out);
        st_json_array(&w, NULL);
        st_json_span(&w, NULL, st_buf_view(&text));
        st_json_end(&w);
        T_OK(st_json_read(st_buf_view(&out), "f", &root, NULL, &err), err);
        if (whole) {
            const json_t *s = json_array_get(root, 0);
            T_CHECK(st_span_eq(st_span(json_string_value(s), json_string_length(s)), st_buf_view(&text)),
                    "round %d: %.*s", round, (int)out.n, (const char *)out.p);
        }
        json_decref(root);
        st_buf_fini(&text);
        st_buf_fini(&out);
    }
}

T_TEST(bad_utf8_becomes_one_replacement_per_byte)
{
    struct st_json w;
    struct st_buf buf;

    st_buf_init(&buf, 100);
    st_json_init(&w, &buf);
    st_json_span(&w, NULL, ST_SPAN("a\xff\xc3z"));
    T_CHECK(st_span_eq(st_buf_view(&buf), ST_SPAN("\"a\xef\xbf\xbd\xef\xbf\xbdz\"")), "%.*s", (int)buf.n,
            (const char *)buf.p);
    st_buf_fini(&buf);
}
