/* SPDX-License-Identifier: Apache-2.0 */
/* redact_test - masks written back: a table of what a person would check by eye, and the property over random nested
 * documents: decoding the redacted message gives the same fields, but for the masked range. */
#include "decode_helper.h"

#define MASK "[<\"m&sk\"\\ü>]"

static const struct flt_rule rule = { .id = "test.rule", .mask = MASK };
static const struct flt_rule plain_rule = { .id = "test.plain", .mask = "[iban]" };

struct setup {
    struct st_arena *arena;
    struct flt_doc *doc;
    struct flt_finding items[8];
    struct flt_findings findings;
    bool mark[8];
    struct st_buf out, query;
};

static void start(struct setup *s, const struct flt_input *in)
{
    *s = (struct setup){ .arena = st_arena_new(ARENA_MAX) };
    s->doc = decode_in(s->arena, in);
    s->findings.items = s->items;
    st_buf_init(&s->out, 16u << 20);
    st_buf_init(&s->query, 1u << 20);
}

static void stop(struct setup *s)
{
    st_buf_fini(&s->out);
    st_buf_fini(&s->query);
    st_arena_free(s->arena);
}

/* Marks the word in whichever field has it; false when none has. */
static bool find(struct setup *s, const char *word, const struct flt_rule *by)
{
    for (size_t i = 0; i < s->doc->n; i++) {
        size_t at = st_span_find(s->doc->fields[i].text, text_span(word));

        if (at == ST_SPAN_NPOS)
            continue;
        s->items[s->findings.n] = (struct flt_finding){ .rule = by,
                                                        .field = (uint32_t)i,
                                                        .from = (uint32_t)at,
                                                        .to = (uint32_t)(at + strlen(word)),
                                                        .confidence = 90 };
        s->mark[s->findings.n++] = true;
        return true;
    }
    return false;
}

static const struct {
    const char *type, *body, *word, *want;
} rows[] = {
    { "text/plain", "my DE89 lol", "DE89", "my [iban] lol" },
    { "application/json", "{\"t\":\"my DE89 lol\",\"u\":1}", "DE89", "{\"t\":\"my [iban] lol\",\"u\":1}" },
    { "application/json", "{\"t\":\"my \\u0044E8\\u0039\\n\"}", "DE89", "{\"t\":\"my [iban]\\n\"}" },
    { "application/json", "{\"n\":4111111111111111}", "111111", "{\"n\":\"[iban]\"}" },
    { "application/json", "{\"j\":\"{\\\"t\\\":\\\"DE89\\\"}\"}", "DE89", "{\"j\":\"{\\\"t\\\":\\\"[iban]\\\"}\"}" },
    { "application/json", "{\"j\":\"{\\\"n\\\":4111111111}\"}", "4111111111",
      "{\"j\":\"{\\\"n\\\":\\\"[iban]\\\"}\"}" },
    { "application/json", "{\"DE89 3704\":\"x\"}", "DE89 3704", "{\"[iban]\":\"x\"}" },
    { "application/x-www-form-urlencoded", "a=my+DE%389+lol&b=x", "DE89", "a=my+%5Biban%5D+lol&b=x" },
    { "application/x-www-form-urlencoded", "v=%7B%22t%22%3A%22DE89%22%7D", "DE89",
      "v=%7B%22t%22%3A%22%5Biban%5D%22%7D" },
    { "application/x-www-form-urlencoded", "DE89", "DE89", "%5Biban%5D" },
    { "multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=a\r\n\r\nDE89\r\n--X--", "DE89",
      "--X\r\nContent-Disposition: form-data; name=a\r\n\r\n[iban]\r\n--X--" },
    { "multipart/form-data; boundary=X",
      "--X\r\nContent-Disposition: form-data; name=a; filename=\"DE89370400440532.txt\"\r\n\r\nhi\r\n--X--",
      "DE89370400440532", "--X\r\nContent-Disposition: form-data; name=a; filename=\"[iban].txt\"\r\n\r\nhi\r\n--X--" },
    { "application/json", "{\"t\":\"a\"} DE89", "DE89", "{\"t\":\"a\"} [iban]" },
    { "text/plain; charset=latin1", "gr\xFC\xDF DE89", "DE89", "gr\xFC\xDF [iban]" },
    /* CDATA begins and ends as it did, and a mask ends none */
    { "text/plain", "<a>x DE89<![CDATA[ 37]]></a>", "DE89<![CDATA[ 37", "<a>x [iban]<![CDATA[]]></a>" },
    { "text/plain", "<a><![CDATA[x DE]]>89</a>", "DE]]>89", "<a><![CDATA[x [iban]]]></a>" },
    { "text/plain", "<a>D<![CDATA[E]]>8</a>", "D<![CDATA[E]]>8", "<a>[iban]<![CDATA[]]></a>" },
    { "application/json", "{\"h\":\"DE89<![CDATA[ 37 x]]>\"}", "DE89<![CDATA[ 37", "{\"h\":\"[iban]<![CDATA[ x]]>\"}" },
    { "text/plain", "<![CDATA[DE89]> x]]>", "DE89", "<![CDATA[[iban] ]> x]]>" },
    { "text/plain", "<![CDATA[DE89]]>", "DE89", "<![CDATA[[iban]]]>" },
};

T_TEST(redact_rows)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct flt_input in = { .body = text_span(rows[i].body), .plain_limit = 4096 };
        struct st_err err = ST_ERR_INIT;
        struct setup s;

        in.content_type = text_span(rows[i].type);
        start(&s, &in);
        T_CHECK(find(&s, rows[i].word, &plain_rule), "%s: %s", rows[i].body, show(s.doc));
        T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
        T_CHECK(st_span_eq(st_buf_view(&s.out), text_span(rows[i].want)), "%s gives %.*s", rows[i].body, (int)s.out.n,
                (const char *)s.out.p);
        stop(&s);
    }
}

T_TEST(redact_quotes_in_every_layer)
{
    static const struct {
        const char *type, *body, *want;
    } quoted[] = {
        { "application/json", "[\"DE89\"]", "[\"[<\\\"m&sk\\\"\\\\ü>]\"]" },
        { "application/x-www-form-urlencoded", "a=DE89", "a=%5B%3C%22m%26sk%22%5C%C3%BC%3E%5D" },
        { "text/html", "<p>DE89", "<p>[&lt;&quot;m&amp;sk&quot;\\ü&gt;]" },
        { "text/plain; charset=latin1", "DE89", "[<\"m&sk\"\\\xFC>]" },
    };

    for (size_t i = 0; i < ST_LEN(quoted); i++) {
        struct flt_input in = { .body = text_span(quoted[i].body), .plain_limit = 4096 };
        struct st_err err = ST_ERR_INIT;
        struct setup s;

        in.content_type = text_span(quoted[i].type);
        start(&s, &in);
        T_CHECK(find(&s, "DE89", &rule), "%s", quoted[i].body);
        T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
        T_CHECK(st_span_eq(st_buf_view(&s.out), text_span(quoted[i].want)), "%s gives %.*s", quoted[i].body,
                (int)s.out.n, (const char *)s.out.p);
        stop(&s);
    }
}

T_TEST(redact_query_and_body_apart)
{
    struct flt_input in = { .query = ST_SPAN("q=DE89&x=1"),
                            .body = ST_SPAN("AT61"),
                            .content_type = ST_SPAN("text/plain"),
                            .plain_limit = 4096 };
    struct st_err err = ST_ERR_INIT;
    struct setup s;

    start(&s, &in);
    T_CHECK(find(&s, "DE89", &plain_rule) && find(&s, "AT61", &plain_rule), "%s", show(s.doc));
    T_CHECK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err) == ST_ERR && err.code == ST_E_UNSUPPORTED,
            "no place for the query");
    T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, &s.query, &err), err);
    T_CHECK(st_span_eq(st_buf_view(&s.out), ST_SPAN("[iban]")), "body");
    T_CHECK(st_span_eq(st_buf_view(&s.query), ST_SPAN("q=%5Biban%5D&x=1")), "query");
    st_buf_reset(&s.out);
    st_buf_reset(&s.query);
    s.mark[0] = s.mark[1] = false;
    T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, &s.query, &err), err);
    T_CHECK(st_span_eq(st_buf_view(&s.out), in.body) && st_span_eq(st_buf_view(&s.query), in.query), "not marked");
    stop(&s);
}

T_TEST(redact_several_and_overlapping)
{
    struct flt_input in = { .body = ST_SPAN("[\"one two three\",\"\\u00fcx\"]"),
                            .content_type = ST_SPAN("application/json"),
                            .plain_limit = 4096 };
    struct st_err err = ST_ERR_INIT;
    struct setup s;

    start(&s, &in);
    T_CHECK(find(&s, "three", &plain_rule) && find(&s, "one", &plain_rule) && find(&s, "ne t", &plain_rule), "find");
    T_CHECK(find(&s, "\xC3", &plain_rule) && find(&s, "\xBC", &plain_rule), "halves of a character");
    T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
    T_CHECK(st_span_eq(st_buf_view(&s.out), ST_SPAN("[\"[iban]wo [iban]\",\"[iban]x\"]")), "%.*s", (int)s.out.n,
            (const char *)s.out.p);
    stop(&s);
}

T_TEST(redact_says_when_it_cannot)
{
    static const struct {
        const char *type, *coding;
        struct st_span body;
    } cannot[] = {
        { "text/plain; charset=koi8-r", "", { (const uint8_t *)"DE89 \xD0", 6 } },
        { "text/plain; charset=latin1", "", { (const uint8_t *)"DE89 \x80", 6 } },
        { "text/plain",
          "deflate",
          { (const uint8_t *)"\x01\x06\x00\xF9\xFF"
                             "DE89",
            9 } },
    };
    static const struct flt_rule greek = { .id = "test.greek", .mask = "[λ]" };

    for (size_t i = 0; i < ST_LEN(cannot); i++) {
        struct flt_input in = { .body = cannot[i].body, .plain_limit = 4096 };
        struct st_err err = ST_ERR_INIT;
        struct setup s;

        in.content_type = text_span(cannot[i].type);
        in.content_encoding = text_span(cannot[i].coding);
        start(&s, &in);
        T_CHECK(find(&s, "DE89", &greek), "row %zu: %s", i, show(s.doc));
        T_CHECK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err) == ST_ERR && err.code == ST_E_UNSUPPORTED,
                "row %zu: %.*s", i, (int)s.out.n, (const char *)s.out.p);
        s.mark[0] = false; /* a body that was read only in part does not go on without its coding */
        T_CHECK((flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err) == ST_ERR) == (i == 2), "row %zu", i);
        stop(&s);
    }
}

T_TEST(redact_survives_every_oom)
{
    struct flt_input in = { .body = ST_SPAN("{\"j\":\"{\\\"t\\\":\\\"DE89\\\"}\"}"),
                            .content_type = ST_SPAN("text/plain"),
                            .plain_limit = 4096 };
    struct setup s;

    start(&s, &in);
    T_CHECK(find(&s, "DE89", &rule), "%s", show(s.doc));
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;

        st_buf_fini(&s.out);
        st_buf_init(&s.out, 4096);
        t_fail_alloc(nth);
        rc = flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err);
        t_fail_alloc(0);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
    stop(&s);
}

/* ---- the property ---- */

static const char *const pieces[] = { "a", "Z", "7", " ", "\"", "\\", "/", "\n", "&", "=", "%",  "+", "ü",
                                      "ß", "€", "😀", "{", "}",  "[",  "]", "é",  "-", "@", "\t", "<", "中" };

static void random_text(struct st_buf *out)
{
    size_t n = t_below(20);

    st_buf_byte(out, 'x'); /* so that no text looks like JSON by chance */
    for (size_t i = 0; i < n; i++)
        st_buf_str(out, pieces[t_below(ST_LEN(pieces))]);
}

/* s as the inside of a JSON string, each character escaped in one of the ways there are. */
static void random_quote(struct st_span s, struct st_buf *out)
{
    while (s.n > 0) {
        size_t n = to_boundary(s, 1);
        unsigned cp = n == 1 ? s.p[0] : n == 2 ? (unsigned)(s.p[0] & 0x1F) << 6 | (s.p[1] & 0x3F) : 0;
        uint64_t how = t_below(3);

        if (n <= 2 && (how == 0 || s.p[0] < 0x20))
            st_buf_fmt(out, how == 1 ? "\\u%04X" : "\\u%04x", cp);
        else if (s.p[0] == '"' || s.p[0] == '\\' || (s.p[0] == '/' && how == 1))
            st_buf_fmt(out, "\\%c", s.p[0]);
        else
            st_buf_put(out, s.p, n);
        s = st_span_sub(s, n, s.n - n);
    }
}

static void random_value(unsigned depth, unsigned nested, struct st_buf *out)
{
    struct st_buf inner;
    uint64_t kind = t_below(depth > 4 ? 2 : 6);
    size_t n = t_below(4);

    st_buf_init(&inner, 16u << 20);
    if (kind <= 1) {
        if (kind == 1 && nested < FLT_NEST_MAX) {
            st_buf_str(&inner, "{\"n\":");
            random_value(depth + 2, nested + 1, &inner);
            st_buf_byte(&inner, '}');
        } else {
            random_text(&inner);
        }
        st_buf_byte(out, '"');
        random_quote(st_buf_view(&inner), out);
        st_buf_byte(out, '"');
    } else if (kind == 2) {
        st_buf_fmt(out, "%llu", (unsigned long long)(t_rand() >> t_below(60)));
    } else {
        st_buf_byte(out, kind == 3 ? '[' : '{');
        for (size_t i = 0; i < n; i++) {
            st_buf_str(out, i > 0 ? " , " : "");
            if (kind != 3)
                st_buf_fmt(out, "\"k%zu\":", i);
            random_value(depth + 1, nested, out);
        }
        st_buf_byte(out, kind == 3 ? ']' : '}');
    }
    st_buf_fini(&inner);
}

static void random_percent(struct st_span s, struct st_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' && t_below(2) == 0)
            st_buf_byte(out, '+');
        else if (strchr("&=%+#", s.p[i]) != NULL || s.p[i] >= 0x7F || t_below(4) == 0)
            st_buf_fmt(out, "%%%02x", s.p[i]);
        else
            st_buf_byte(out, s.p[i]);
    }
}

static const char *random_message(struct st_buf *body)
{
    struct st_buf value;
    uint64_t kind = t_below(4);

    st_buf_init(&value, 16u << 20);
    if (kind == 0) {
        random_value(0, 0, body);
    } else if (kind == 1) {
        for (int i = 0; i < 3; i++) {
            st_buf_reset(&value);
            if (t_below(2) == 0)
                random_text(&value);
            else
                random_value(0, 1, &value);
            st_buf_fmt(body, "&f%d=", i);
            random_percent(st_buf_view(&value), body);
        }
    } else if (kind == 2) {
        for (int i = 0; i < 3; i++) {
            st_buf_fmt(body, "--X\r\nContent-Disposition: form-data; name=\"f%d\"\r\n%s\r\n", i,
                       i == 1 ? "Content-Type: application/json\r\n" : "");
            random_value(0, 1, body);
            st_buf_str(body, "\r\n");
        }
        st_buf_str(body, "--X--\r\n");
    } else {
        random_text(&value);
        st_buf_span(body, st_buf_view(&value));
    }
    st_buf_fini(&value);
    return kind == 0   ? "application/json"
           : kind == 1 ? "application/x-www-form-urlencoded"
           : kind == 2 ? "multipart/form-data; boundary=X"
                       : "text/plain; charset=utf-8";
}

static void check_again(const struct setup *s, const struct flt_finding *finding, const struct flt_doc *again)
{
    T_CHECK(again->n == s->doc->n, "%zu fields became %zu:\n%.*s", s->doc->n, again->n, (int)s->out.n,
            (const char *)s->out.p);
    T_CHECK(again->receipt.coverage == FLT_FULLY, "%s", flt_reason_name(again->receipt.reason));
    for (size_t i = 0; i < again->n; i++) {
        struct st_span before = s->doc->fields[i].text;
        bool is_number = s->doc->fields[i].map->layer == FLT_LAYER_NUMBER;
        struct st_buf want;

        st_buf_init(&want, 1u << 20);
        if (i != finding->field) {
            st_buf_span(&want, before);
        } else {
            st_buf_span(&want, st_span_sub(before, 0, is_number ? 0 : finding->from));
            st_buf_str(&want, MASK);
            st_buf_span(&want, st_span_sub(before, finding->to, is_number ? 0 : before.n - finding->to));
        }
        T_CHECK(st_span_eq(again->fields[i].path, s->doc->fields[i].path), "path of field %zu", i);
        T_CHECK(st_span_eq(st_buf_view(&want), again->fields[i].text), "field %zu is \"%.*s\", not \"%.*s\"", i,
                (int)again->fields[i].text.n, (const char *)again->fields[i].text.p, (int)want.n, (const char *)want.p);
        st_buf_fini(&want);
    }
}

T_TEST(redact_property)
{
    size_t tried = 0;

    t_seed(20261124);
    for (int round = 0; round < 3000; round++) {
        struct st_buf body;
        struct flt_input in = { .plain_limit = 1u << 20 };
        struct st_err err = ST_ERR_INIT;
        struct flt_finding *finding;
        struct setup s;

        st_buf_init(&body, 16u << 20);
        in.content_type = text_span(random_message(&body));
        in.body = st_buf_view(&body);
        start(&s, &in);
        if (s.doc->n > 0) {
            finding = &s.items[0];
            finding->rule = &rule;
            finding->field = (uint32_t)t_below(s.doc->n);
            finding->from = (uint32_t)to_boundary(s.doc->fields[finding->field].text,
                                                  t_below(s.doc->fields[finding->field].text.n + 1));
            finding->to = (uint32_t)to_boundary(s.doc->fields[finding->field].text,
                                                finding->from +
                                                    t_below(s.doc->fields[finding->field].text.n - finding->from + 1));
            s.mark[0] = true;
            s.findings.n = 1;
            check_maps(s.doc);
            T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
            in.body = st_buf_view(&s.out);
            check_again(&s, finding, decode_in(s.arena, &in));
            tried++;
        }
        stop(&s);
        st_buf_fini(&body);
    }
    T_CHECK(tried > 2000, "only %zu documents had a field", tried);
}

/* ---- where somebody counts ---- */

static size_t length_of(struct st_span text, enum flt_keep keep)
{
    size_t n = 0;

    for (size_t i = 0, len; i < text.n; i += len) {
        len = to_boundary(text, i + 1) - i;
        n += keep == FLT_KEEP_BYTES ? len : len == 4 ? 2 : 1;
    }
    return n;
}

static void keep_all(const struct flt_doc *doc, enum flt_keep keep)
{
    for (size_t i = 0; i < doc->n; i++)
        doc->fields[i].keep = keep;
}

T_TEST(redact_keeps_the_length)
{
    static const struct {
        const char *type, *body, *word, *want;
        enum flt_keep keep;
    } kept[] = {
        { "text/plain", "my DE89 3704 lol", "DE89 3704", "my [iban]*** lol", FLT_KEEP_BYTES },
        { "text/plain", "my DE89 lol", "DE89", "my **** lol", FLT_KEEP_UTF16 },
        { "text/plain", "zwölf 😀!", "ölf 😀!", "zw[iban]*", FLT_KEEP_UTF16 },
        { "text/plain", "zwölf 😀!", "ölf 😀!", "zw[iban]****", FLT_KEEP_BYTES },
        { "application/json", "{\"t\":\"\\u00f6\\ud83d\\ude00DE89 3704\"}", "😀DE89", "{\"t\":\"\\u00f6[iban] 3704\"}",
          FLT_KEEP_UTF16 },
        { "application/json", "{\"n\":4111111111111111}", "111111", "{\"n\":\"[iban]**********\"}", FLT_KEEP_UTF16 },
        { "application/x-www-form-urlencoded", "a=my+DE%389+3704+lol&b=x", "DE89 3704", "a=my+%5Biban%5D***+lol&b=x",
          FLT_KEEP_BYTES },
    };

    for (size_t i = 0; i < ST_LEN(kept); i++) {
        struct flt_input in = { .body = text_span(kept[i].body), .plain_limit = 4096 };
        struct st_err err = ST_ERR_INIT;
        struct setup s;

        in.content_type = text_span(kept[i].type);
        start(&s, &in);
        keep_all(s.doc, kept[i].keep);
        T_CHECK(find(&s, kept[i].word, &plain_rule), "%s: %s", kept[i].body, show(s.doc));
        T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
        T_CHECK(st_span_eq(st_buf_view(&s.out), text_span(kept[i].want)), "%s gives %.*s", kept[i].body, (int)s.out.n,
                (const char *)s.out.p);
        stop(&s);
    }
}

/* Two findings anywhere in a field, perhaps over one another: all fields are what they were, but for them, and as long.
 */
T_TEST(redact_keeps_lengths_property)
{
    size_t tried = 0;

    t_seed(20261130);
    for (int round = 0; round < 2000; round++) {
        enum flt_keep keep = t_below(2) == 0 ? FLT_KEEP_BYTES : FLT_KEEP_UTF16;
        struct flt_input in = { .plain_limit = 1u << 20 };
        struct st_err err = ST_ERR_INIT;
        struct flt_doc *again;
        struct st_buf body;
        struct setup s;
        uint32_t field;

        st_buf_init(&body, 16u << 20);
        in.content_type = text_span(random_message(&body));
        in.body = st_buf_view(&body);
        start(&s, &in);
        field = s.doc->n > 0 ? (uint32_t)t_below(s.doc->n) : 0;
        for (uint32_t from = 0; s.doc->n > 0 && s.findings.n < 2; s.findings.n++) { /* in order, as a scan has them */
            struct st_span text = s.doc->fields[field].text;
            size_t at = to_boundary(text, from + t_below(text.n - from + 1));

            s.items[s.findings.n] =
                (struct flt_finding){ .rule = t_below(2) == 0 ? &rule : &plain_rule,
                                      .field = field,
                                      .from = (uint32_t)at,
                                      .to = (uint32_t)to_boundary(text, at + t_below(text.n - at + 1)) };
            s.mark[s.findings.n] = true;
            from = (uint32_t)at;
        }
        if (s.doc->n > 0) {
            keep_all(s.doc, keep);
            T_OK(flt_redact(s.doc, &s.findings, s.mark, &s.out, NULL, &err), err);
            in.body = st_buf_view(&s.out);
            again = decode_in(s.arena, &in);
            if (again->n != s.doc->n && st_span_starts(in.content_type, ST_SPAN("text/"))) { /* without its blanks */
                T_CHECK(length_of(st_buf_view(&s.out), keep) == length_of(st_buf_view(&body), keep), "round %d", round);
                again = s.doc; /* a text may look like a form: nothing more to compare */
            }
            T_CHECK(again->n == s.doc->n, "round %d: %zu fields became %zu", round, s.doc->n, again->n);
            for (size_t i = 0; i < again->n; i++) {
                struct st_span was = s.doc->fields[i].text, is = again->fields[i].text;
                bool is_number = s.doc->fields[i].map->layer == FLT_LAYER_NUMBER;
                size_t front = is_number || i != field ? 0 : s.items[0].from;

                T_CHECK(length_of(was, keep) == length_of(is, keep), "round %d: \"%.*s\" became \"%.*s\"", round,
                        (int)was.n, (const char *)was.p, (int)is.n, (const char *)is.p);
                T_CHECK(i == field ? st_span_starts(is, st_span_sub(was, 0, front)) : st_span_eq(is, was),
                        "round %d: field %zu", round, i);
            }
            tried++;
        }
        stop(&s);
        st_buf_fini(&body);
    }
    T_CHECK(tried > 1200, "only %zu documents had a field", tried);
}
