/* SPDX-License-Identifier: Apache-2.0 */
/* multipart_test - form-data and its relatives, and every way a delimiter can be wrong. */
#include "decode_helper.h"

#define TYPE       "multipart/form-data; boundary=XX"
#define PART(name) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n"

static const struct {
    const char *type, *body, *fields;
    enum flt_coverage coverage;
    enum flt_reason reason;
} rows[] = {
    { TYPE, PART("a") "\r\nhello\r\n--XX--\r\n", "a=hello", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("a") "\r\nhello\r\n--XX--", "a=hello", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("a") "\r\n\r\n--XX--\r\n", "a=", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("a") "\r\none\r\n" PART("b") "\r\ntwo\r\nlines\r\n--XX--\r\n", "a=one|b=two\r\nlines", FLT_FULLY,
      FLT_REASON_NONE },
    { "multipart/form-data; boundary=\"XX\"",
      PART("a") "\r\nhello\r\n--XX  \r\nContent-Disposition: form-data; "
                "name=b\r\n\r\nx\r\n--XX--\r\n",
      "a=hello|b=x", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("blocks") "\r\n[{\"text\":\"hi\"}]\r\n--XX--\r\n", "blocks/#/text=hi", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("j") "Content-Type: application/json\r\n\r\n{\"a\":\"x\"}\r\n--XX--\r\n", "j/a=x", FLT_FULLY,
      FLT_REASON_NONE },
    { TYPE, PART("j") "Content-Type: application/json\r\n\r\n{bad}\r\n--XX--\r\n", "j={bad}", FLT_PARTLY,
      FLT_REASON_SYNTAX },
    { TYPE, PART("a%22b") "\r\nx\r\n--XX--\r\n", "a\"b=x", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("a\\\"b") "\r\nx\r\n--XX--\r\n", "a\"b=x", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("t") "Content-Type: text/plain; charset=iso-8859-1\r\n\r\ngr\xFC\xDF\r\n--XX--\r\n", "t=grüß",
      FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("_charset_") "\r\nwindows-1252\r\n" PART("t") "\r\n\x80 5\r\n--XX--\r\n",
      "_charset_=windows-1252|t=€ 5", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("t") "Content-Type: text/plain; charset=koi8-r\r\n\r\nabc \xD0\r\n--XX--\r\n", "t=abc ?", FLT_PARTLY,
      FLT_REASON_CHARSET },
    { TYPE, PART("t") "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--XX--\r\n", "t=aGVsbG8=", FLT_PARTLY,
      FLT_REASON_CODING },
    { TYPE, PART("t") "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n--XX--\r\n", "t=x", FLT_FULLY, FLT_REASON_NONE },
    /* outside the parts */
    { TYPE, "DE89 outside\r\n" PART("a") "\r\nx\r\n--XX--\r\n", "=DE89 outside\r\n|a=x", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, PART("a") "\r\nx\r\n--XX--\r\nDE89 behind", "a=x|=DE89 behind", FLT_FULLY, FLT_REASON_NONE },
    { TYPE, "\r\n" PART("a") "\r\nx\r\n--XX--\r\n\r\n", "a=x", FLT_FULLY, FLT_REASON_NONE },
    { "multipart/related; boundary=XX", "--XX\r\nContent-Type: application/json\r\n\r\n{\"title\":\"x\"}\r\n--XX--\r\n",
      "#/title=x", FLT_FULLY, FLT_REASON_NONE },
    /* broken */
    { TYPE, PART("a") "\r\nhello", "=" PART("a") "\r\nhello", FLT_PARTLY, FLT_REASON_SYNTAX },
    { TYPE, PART("a") "\r\nx\r\n--XXY\r\n--XX--\r\n", "=" PART("a") "\r\nx\r\n--XXY\r\n--XX--\r\n", FLT_PARTLY,
      FLT_REASON_SYNTAX },
    { TYPE, "--XX\nContent-Disposition: form-data; name=\"a\"\n\nx\n--XX--\n",
      "=--XX\nContent-Disposition: form-data; name=\"a\"\n\nx\n--XX--\n", FLT_PARTLY, FLT_REASON_SYNTAX },
    { TYPE, "no delimiter DE89", "=no delimiter DE89", FLT_PARTLY, FLT_REASON_SYNTAX },
    { "multipart/form-data", PART("a") "\r\nx\r\n--XX--\r\n", "=" PART("a") "\r\nx\r\n--XX--\r\n", FLT_PARTLY,
      FLT_REASON_SYNTAX },
    { TYPE, PART("a") "Content-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--XX--\r\n",
      "=Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx", FLT_PARTLY,
      FLT_REASON_SYNTAX },
    { TYPE, "--XX\r\nno colon\r\n\r\nx\r\n--XX--\r\n", "=no colon\r\n\r\nx", FLT_PARTLY, FLT_REASON_SYNTAX },
    { TYPE, "--XX\r\nA: b\r\n folded\r\n\r\nx\r\n--XX--\r\n", "=A: b\r\n folded\r\n\r\nx", FLT_PARTLY,
      FLT_REASON_SYNTAX },
    { TYPE, PART("m") "Content-Type: multipart/mixed; boundary=YY\r\n\r\n--YY\r\n\r\nx\r\n--YY--\r\n--XX--\r\n",
      "m=--YY\r\n\r\nx\r\n--YY--", FLT_PARTLY, FLT_REASON_TYPE },
};

T_TEST(multipart_rows)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_doc *doc = decode_as(arena, rows[i].type, text_span(rows[i].body));

        T_CHECK(strcmp(show(doc), rows[i].fields) == 0, "row %zu gives %s", i, show(doc));
        T_CHECK(doc->receipt.coverage == rows[i].coverage && doc->receipt.reason == rows[i].reason, "row %zu: %s %s", i,
                flt_coverage_name(doc->receipt.coverage), flt_reason_name(doc->receipt.reason));
        check_maps(doc);
        st_arena_free(arena);
    }
}

T_TEST(multipart_files)
{
    static const char body[] =
        PART("text") "\r\nsee file\r\n"
                     "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.txt\"\r\n"
                     "Content-Type: text/plain\r\n\r\nIBAN DE89\r\n"
                     "--XX\r\nContent-Disposition: form-data; name=\"pic\"; filename=\"DE89370400440532.png\"\r\n"
                     "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1A\n\0\0\0\rIHDR\r\n"
                     "--XX\r\nContent-Disposition: form-data; name=\"fake\"; filename=\"x.png\"\r\n"
                     "Content-Type: image/png\r\n\r\nthis is no picture\r\n"
                     "--XX--\r\n";
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_doc *doc = decode_as(arena, TYPE, st_span(body, sizeof body - 1));

    T_CHECK(has_field(doc, "text", "see file"), "%s", show(doc));
    T_CHECK(has_field(doc, "file", "IBAN DE89"), "%s", show(doc));
    T_CHECK(st_span_eq(field_at(doc, "file")->name, ST_SPAN("notes.txt")), "name");
    T_CHECK(field_at(doc, "file")->depth == 2 && field_at(doc, "file")->chain[1] == FLT_CODEC_TEXT, "chain");
    T_CHECK(has_field(doc, "pic/@name", "DE89370400440532.png"), "%s", show(doc));
    T_CHECK(has_field(doc, "pic", ""), "%s", show(doc));
    T_CHECK(has_field(doc, "fake", "this is no picture"), "%s", show(doc));
    T_CHECK(st_span_eq(field_at(doc, "text")->name, ST_SPAN_NONE), "no name");
    T_CHECK(doc->receipt.coverage == FLT_PARTLY && doc->receipt.reason == FLT_REASON_MEDIA, "receipt");
    T_CHECK(doc->receipt.inspected < doc->receipt.bytes, "inspected %llu of %llu",
            (unsigned long long)doc->receipt.inspected, (unsigned long long)doc->receipt.bytes);
    check_maps(doc);
    st_arena_free(arena);
}

T_TEST(multipart_cut_at_every_byte)
{
    static const char body[] =
        "\r\n" PART("a") "\r\n{\"k\":\"\\u00fc\"}\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; "
                         "filename=\"a%22b\xFF.txt\"\r\nContent-Type: text/plain; charset=latin1\r\n\r\n\xFC\r\n"
                         "--XX--\r\nend";

    for (size_t n = 0; n < sizeof body; n++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        uint8_t *exact = malloc(n > 0 ? n : 1);
        struct flt_doc *doc;

        memcpy(exact, body, n);
        doc = decode_as(arena, TYPE, st_span(exact, n));
        T_CHECK(n == 0 || doc->n > 0 || n <= 2, "cut at %zu: nothing was read", n);
        check_maps(doc);
        st_arena_free(arena);
        free(exact);
    }
}
