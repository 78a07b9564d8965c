/* SPDX-License-Identifier: Apache-2.0 */
/* decode_test - the driver: which codec reads what, what the receipt says, ceilings, memory that runs out, any bytes.
 */
#include "decode_helper.h"

static const struct {
    const char *type, *body, *fields;
    enum flt_codec codec; /* outermost of the first field */
    enum flt_coverage coverage;
    enum flt_reason reason;
} rows[] = {
    /* declared and true */
    { "application/json", "{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "application/vnd.linkedin.normalized+json; charset=utf-8", "{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY,
      FLT_REASON_NONE },
    { "Application/JSON", "\"x\"", "=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "for(;;);{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "for(;;);no JSON", "=for(;;);no JSON", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "hello", "=hello", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/html; charset=utf-8", "<p>hi</p>", "=<p>hi</p>", FLT_CODEC_HTML, FLT_FULLY, FLT_REASON_NONE },
    { "application/xml", "<a>hi</a>", "=<a>hi</a>", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "image/svg+xml", "<svg/>", "=<svg/>", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "application/xml", "<!DOCTYPE a><a>hi</a>", "=<!DOCTYPE a><a>hi</a>", FLT_CODEC_TEXT, FLT_FULLY,
      FLT_REASON_NONE },
    { "application/xml", "\n<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>", "=\n<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>",
      FLT_CODEC_TEXT, FLT_PARTLY, FLT_REASON_SYNTAX },
    { "text/plain", "a <!DOCTYPE a [<!ENTITY b 'x'>]>", "=a <!DOCTYPE a [<!ENTITY b 'x'>]>", FLT_CODEC_TEXT, FLT_FULLY,
      FLT_REASON_NONE },
    /* missing or wrong */
    { "text/plain;charset=UTF-8", "{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "{\"a\":\"x\"}\n{\"a\":\"y\"}\n", "#/a=x|#/a=y", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "{\"a\":\"x\"}\n{nope", "={\"a\":\"x\"}\n{nope", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "[just a note] and more", "=[just a note] and more", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "a=x&b=y%20z", "a=x|b=y z", FLT_CODEC_FORM, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "a=x", "=a=x", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "", "a=x", "a=x", FLT_CODEC_FORM, FLT_FULLY, FLT_REASON_NONE },
    { "", "  {\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "", "hello", "=hello", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "image/png", "{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "application/octet-stream", "hello", "=hello", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "garbage", "hello", "=hello", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "application/x-www-form-urlencoded", "{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "application/x-www-form-urlencoded", "[x]=1&y=2", "[x]=1|y=2", FLT_CODEC_FORM, FLT_FULLY, FLT_REASON_NONE },
    { "application/json", "a=x", "a=x", FLT_CODEC_FORM, FLT_PARTLY, FLT_REASON_SYNTAX },
    { "application/json", "plain words", "=plain words", FLT_CODEC_TEXT, FLT_PARTLY, FLT_REASON_SYNTAX },
    /* typed text that is JSON, and one that names a secret */
    { "application/json", "{\"text\":\"{\\\"a\\\":\\\"x\\\"}\"}", "text/a=x", FLT_CODEC_JSON, FLT_FULLY,
      FLT_REASON_NONE },
    { "application/json", "{\"text\":\"{\\\"key\\\":\\\"x\\\"}\"}", "text/key=x|text={\"key\":\"x\"}", FLT_CODEC_JSON,
      FLT_FULLY, FLT_REASON_NONE },
    /* charsets */
    { "text/plain", "\xEF\xBB\xBFhi", "=hi", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "application/json", "\xEF\xBB\xBF{\"a\":\"x\"}", "a=x", FLT_CODEC_JSON, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=iso-8859-1", "gr\xFC\xDF", "=grüß", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=\"windows-1252\"", "\x80 5", "=€ 5", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "gr\xFC\xDF euch", "=grüß euch", FLT_CODEC_TEXT, FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=utf-8", "gr\xFC\xDF", "=gr??", FLT_CODEC_TEXT, FLT_PARTLY, FLT_REASON_CHARSET },
    { "application/json; charset=utf-8", "{\"a\":\"\xFF\"}", "a=?", FLT_CODEC_JSON, FLT_PARTLY, FLT_REASON_CHARSET },
    { "text/plain; charset=shift_jis", "abc", "=abc", FLT_CODEC_TEXT, FLT_PARTLY, FLT_REASON_CHARSET },
    { "text/plain; charset=utf-7", "+AEE-", "=+AEE-", FLT_CODEC_TEXT, FLT_PARTLY, FLT_REASON_CHARSET },
};

T_TEST(decode_rows)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc = decode_as(arena, rows[i].type, text_span(rows[i].body));

        T_CHECK(strcmp(show(doc), rows[i].fields) == 0, "%s: %s gives %s", rows[i].type, rows[i].body, show(doc));
        T_CHECK(doc->fields[0].chain[0] == rows[i].codec, "%s: %s is %s", rows[i].type, rows[i].body,
                flt_codec_name(doc->fields[0].chain[0]));
        T_CHECK(doc->receipt.coverage == rows[i].coverage && doc->receipt.reason == rows[i].reason, "%s: %s: %s %s",
                rows[i].type, rows[i].body, flt_coverage_name(doc->receipt.coverage),
                flt_reason_name(doc->receipt.reason));
        check_maps(doc);
        st_arena_free(arena);
    }
}

static const struct {
    const char *type, *bytes;
    size_t n;
    const char *text; /* NULL: no text at all */
    enum flt_coverage coverage;
    enum flt_reason reason;
} binaries[] = {
    { "image/png", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16, NULL, FLT_NOT, FLT_REASON_MEDIA },
    { "", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16, NULL, FLT_NOT, FLT_REASON_MEDIA },
    { "text/plain", "PK\x03\x04\0\0\0\0", 8, NULL, FLT_NOT, FLT_REASON_MEDIA },
    { "video/mp4",
      "\0\0\0\x18"
      "ftypmp42",
      12, NULL, FLT_NOT, FLT_REASON_MEDIA },
    { "application/x-protobuf",
      "\x0A\x04"
      "DE89\xFF\0",
      8,
      "\x0A\x04"
      "DE89?",
      FLT_PARTLY, FLT_REASON_TYPE },
    { "text/plain", "\xFF\xFEh\0i\0", 6, "hi", FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=utf-8", "\xFE\xFF\0h\0i\xD8\x3D\xDE\0", 10, "hi😀", FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "h\0e\0y\0!\0", 8, "hey!", FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=utf-16be", "\0h\0i", 4, "hi", FLT_FULLY, FLT_REASON_NONE },
    { "text/plain; charset=utf-16", "\0h\0i\0", 5, "hi\uFFFD", FLT_FULLY, FLT_REASON_NONE },
    { "text/plain", "\xFF\xFE\x3D\xD8h\0", 6, "\uFFFDh", FLT_FULLY, FLT_REASON_NONE },
    { "application/json", "\xFF\xFE\"\0x\0\"\0", 8, "x", FLT_FULLY, FLT_REASON_NONE },
};

T_TEST(decode_binaries)
{
    for (size_t i = 0; i < ST_LEN(binaries); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc = decode_as(arena, binaries[i].type, st_span(binaries[i].bytes, binaries[i].n));
        struct st_span text = doc->n > 0 ? doc->fields[0].text : ST_SPAN_NONE;

        T_CHECK(doc->n == 1, "row %zu has %zu fields", i, doc->n);
        T_CHECK(binaries[i].text == NULL ? text.n == 0 : st_span_starts(text, text_span(binaries[i].text)),
                "row %zu: %s", i, show(doc));
        T_CHECK(doc->receipt.coverage == binaries[i].coverage && doc->receipt.reason == binaries[i].reason,
                "row %zu: %s %s", i, flt_coverage_name(doc->receipt.coverage), flt_reason_name(doc->receipt.reason));
        T_CHECK(doc->receipt.inspected == (binaries[i].coverage == FLT_NOT ? 0 : binaries[i].n), "row %zu", i);
        check_maps(doc);
        st_arena_free(arena);
    }
}

T_TEST(decode_nothing)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = decode_as(arena, "application/json", ST_SPAN_NONE);

    T_CHECK(doc->n == 0 && doc->receipt.coverage == FLT_FULLY && doc->receipt.bytes == 0, "empty body");
    st_arena_free(arena);
}

/* The field ceiling: what found no room is text of the last field. */
static void check_next(const struct flt_doc *doc, const struct flt_field *last)
{
    const struct flt_field *before = last - 1;
    char next[32];
    size_t at;

    if (last == doc->fields || before->text.n < 2)
        return; /* all its texts are the same */
    snprintf(next, sizeof next, "f%lu", strtoul((const char *)before->text.p + 1, NULL, 10) + 1);
    at = st_span_find(last->text, text_span(next));
    T_CHECK(at == 0 || (at == 2 && last->text.p[1] == '='), "the rest begins at %.20s, not at %s",
            (const char *)last->text.p, next);
}

static void check_many(struct st_span body, struct st_span query, const char *type)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_input in = { .query = query, .body = body, .plain_limit = 8u << 20 };
    const struct flt_field *last = NULL;
    struct flt_doc *doc;

    in.content_type = text_span(type);
    doc = decode_in(arena, &in);
    T_CHECK(doc->n <= FLT_FIELDS_MAX, "%zu fields", doc->n);
    T_CHECK(doc->receipt.coverage == FLT_PARTLY && doc->receipt.reason == FLT_REASON_FIELDS, "%s: %s", type,
            flt_reason_name(doc->receipt.reason));
    for (size_t i = 0; i < doc->n; i++) {
        if ((doc->fields[i].place == FLT_IN_QUERY) == (query.n > 0))
            last = &doc->fields[i];
    }
    T_CHECK(last != NULL && st_span_find(last->text, ST_SPAN("LAST")) != ST_SPAN_NPOS, "%s: the rest is lost", type);
    T_CHECK(body.n == 0 || query.n == 0 || has_field(doc, "b", "body"), "the query leaves no room for the body");
    check_next(doc, last);
    check_maps(doc);
    st_arena_free(arena);
}

#define MANY (FLT_FIELDS_MAX + 1000)

T_TEST(decode_too_many_fields)
{
    struct st_buf body, nested;

    st_buf_init(&body, 4u << 20);
    st_buf_init(&nested, 4u << 20);
    st_buf_byte(&body, '[');
    for (int i = 0; i < MANY; i++)
        st_buf_fmt(&body, "\"f%d\",", i);
    st_buf_str(&body, "\"LAST\"]");
    check_many(st_buf_view(&body), ST_SPAN_NONE, "application/json");
    st_buf_str(&nested, "v=");
    st_buf_span(&nested, st_buf_view(&body));
    check_many(st_buf_view(&nested), ST_SPAN_NONE, "application/x-www-form-urlencoded");
    st_buf_reset(&nested);
    for (size_t i = 0; i < body.n; i++) {
        st_buf_byte(&nested, body.p[i]);
        st_buf_byte(&nested, 0);
    }
    check_many(st_buf_view(&nested), ST_SPAN_NONE, "application/json");
    st_buf_reset(&body);
    for (int i = 0; i < MANY; i++)
        st_buf_fmt(&body, "a=f%d&", i);
    st_buf_str(&body, "z=LAST");
    check_many(st_buf_view(&body), ST_SPAN_NONE, "application/x-www-form-urlencoded");
    check_many(ST_SPAN("b=body"), st_buf_view(&body), "application/x-www-form-urlencoded");
    st_buf_reset(&body);
    for (int i = 0; i < MANY; i++)
        st_buf_fmt(&body, "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nf\r\n");
    st_buf_str(&body, "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nLAST\r\n--X--");
    check_many(st_buf_view(&body), ST_SPAN_NONE, "multipart/form-data; boundary=X");
    st_buf_reset(&body);
    for (int i = 0; i < MANY; i++)
        st_buf_str(&body, "{\"a\":\"f\"}\n");
    st_buf_str(&body, "{\"a\":\"LAST\"}\n");
    check_many(st_buf_view(&body), ST_SPAN_NONE, "application/x-ndjson");
    st_buf_fini(&body);
    st_buf_fini(&nested);
}

T_TEST(text_doc)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc = NULL;

    T_OK(flt_text_doc(arena, ST_SPAN("a\xFFz"), &doc, &err), err);
    T_CHECK(doc->n == 1 && st_span_eq(doc->fields[0].text, ST_SPAN("a?z")) && doc->fields[0].depth == 1, "%s",
            show(doc));
    check_maps(doc);
    T_OK(flt_text_doc(arena, ST_SPAN_NONE, &doc, &err), err);
    T_CHECK(doc->n == 1 && doc->fields[0].text.n == 0, "empty");
    st_arena_free(arena);
}

static const char mixed[] =
    "--X\r\nContent-Disposition: form-data; name=\"j\"\r\n\r\n{\"k\":\"\\u00fc\",\"n\":[\"a\",1234567]}\r\n"
    "--X\r\nContent-Disposition: form-data; name=\"DE89370400440532\"; filename=\"a%22.txt\"\r\n"
    "Content-Type: text/plain; charset=latin1\r\n\r\n\xFC\xFC\r\n--X--\r\n";

T_TEST(decode_survives_every_oom)
{
    static const struct {
        const char *type, *coding;
        struct st_span body;
    } inputs[] = {
        { "multipart/form-data; boundary=X", "", { (const uint8_t *)mixed, sizeof mixed - 1 } },
        { "text/plain", "deflate", { (const uint8_t *)"\x01\x05\x00\xFA\xFFhello", 10 } },
        { "text/plain", "", { (const uint8_t *)"\xFF\xFEh\0i\0", 6 } },
    };

    for (size_t i = 0; i < ST_LEN(inputs); i++) {
        for (int nth = 1;; nth++) {
            struct flt_input in = { .query = ST_SPAN("q=%7B%22a%22%3A%22x%22%7D&r=%FC"),
                                    .body = inputs[i].body,
                                    .plain_limit = 4096 };
            struct st_arena *arena = st_arena_new(1u << 20);
            struct st_err err = ST_ERR_INIT;
            struct flt_doc *doc = NULL;
            enum st_rc rc;

            in.content_type = text_span(inputs[i].type);
            in.content_encoding = text_span(inputs[i].coding);
            t_fail_alloc(nth);
            rc = flt_decode(arena, &in, &doc, &err);
            t_fail_alloc(0);
            if (rc == ST_OK) {
                T_CHECK(doc->receipt.coverage == FLT_FULLY && doc->n >= 2, "input %zu", i);
                st_arena_free(arena);
                T_CHECK(nth > 1, "nothing was allocated");
                break;
            }
            T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
            st_arena_free(arena);
        }
    }
}

T_TEST(decode_stays_in_its_arena)
{
    for (size_t limit = 512; limit < (1u << 20); limit *= 2) {
        struct st_arena *arena = st_arena_new(limit);
        struct flt_input in = { .body = { (const uint8_t *)mixed, sizeof mixed - 1 }, .plain_limit = 4096 };
        struct st_err err = ST_ERR_INIT;
        struct flt_doc *doc = NULL;

        in.content_type = ST_SPAN("multipart/form-data; boundary=X");
        if (arena == NULL)
            continue;
        if (flt_decode(arena, &in, &doc, &err) != ST_OK)
            T_CHECK(err.code == ST_E_LIMIT, "limit %zu: %s", limit, st_e_name(err.code));
        st_arena_free(arena);
    }
}

/* Any bytes under any type: no crash, maps right, and a receipt when it is not read to the end. */
T_TEST(decode_random_bytes)
{
    static const char *const types[] = { "application/json",
                                         "application/x-www-form-urlencoded",
                                         "text/plain",
                                         "",
                                         "multipart/form-data; boundary=X",
                                         "text/plain; charset=utf-16le",
                                         "text/html; charset=latin1",
                                         "application/octet-stream" };
    static const char alphabet[] = "{}[]\",:\\u00e9ud83dX--\r\n %41=&+?x1234567890\xC3\xBC\xF0\x9F\x98\x80\xFF";
    static const char *const codings[] = { "", "", "", "gzip", "br", "zstd", "deflate" };

    t_seed(7);
    for (int round = 0; round < 4000; round++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        size_t n = t_below(200);
        uint8_t *bytes = malloc(n > 0 ? n : 1), *query = malloc(16);
        struct flt_input in = { .body = { bytes, n }, .query = { query, t_below(16) }, .plain_limit = 1u << 16 };

        for (size_t i = 0; i < n; i++)
            bytes[i] = round % 4 == 0 ? (uint8_t)t_rand() : (uint8_t)alphabet[t_below(sizeof alphabet - 1)];
        for (size_t i = 0; i < 16; i++)
            query[i] = (uint8_t)alphabet[t_below(sizeof alphabet - 1)];
        in.content_type = text_span(types[t_below(ST_LEN(types))]);
        in.content_encoding = text_span(codings[t_below(ST_LEN(codings))]);
        check_maps(decode_in(arena, &in));
        st_arena_free(arena);
        free(bytes);
        free(query);
    }
}

/* Unicode 15, table 3-7: the edges of what is well-formed. */
T_TEST(utf8_good)
{
    static const struct {
        const char *bytes;
        size_t good;
    } edges[] = {
        { "", 0 },
        { "abcdefghijk", 11 },
        { "abcdefgh\xC3\xBC", 10 },
        { "\x7F\xC2\x80\xDF\xBF", 5 },
        { "\xC0\x80", 0 },
        { "\xC1\xBF", 0 },
        { "\xE0\x9F\xBF", 0 },
        { "\xE0\xA0\x80", 3 },
        { "\xED\x9F\xBF", 3 },
        { "\xED\xA0\x80", 0 },
        { "\xEF\xBF\xBF", 3 },
        { "\xF0\x8F\xBF\xBF", 0 },
        { "\xF0\x90\x80\x80", 4 },
        { "\xF4\x8F\xBF\xBF", 4 },
        { "\xF4\x90\x80\x80", 0 },
        { "\xF5\x80\x80\x80", 0 },
        { "\x80", 0 },
        { "a\xE2\x82", 1 },
        { "a\xE2\x28\xA1", 1 },
        { "a\xF0\x9F\x98", 1 },
    };

    for (size_t i = 0; i < ST_LEN(edges); i++)
        T_CHECK(flt_utf8_good(text_span(edges[i].bytes)) == edges[i].good, "row %zu", i);
}

T_TEST(names)
{
    T_CHECK(strcmp(flt_codec_name(FLT_CODEC_MULTIPART), "multipart") == 0, "codec");
    T_CHECK(strcmp(flt_reason_name(FLT_REASON_BOMB), "decompression-ratio") == 0, "reason");
    T_CHECK(strcmp(flt_coverage_name(FLT_PARTLY), "partly") == 0, "coverage");
    T_CHECK(strcmp(flt_codec_name((enum flt_codec)99), "?") == 0, "unknown");
}
