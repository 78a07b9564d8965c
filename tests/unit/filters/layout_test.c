/* SPDX-License-Identifier: Apache-2.0 */
/* layout_test - what values are called in tables, settings and documents, and where they stand in the file.
 *
 * A row is shown as path=place, each place being the file's bytes there, so that a wrong offset shows.
 */
#include "filters/filters.h"
#include "t.h"

#define ARENA_MAX (64u << 20)

static char shown[65536];

/* The label before a value is in no file. */
static void show_field(const struct flt_doc *doc, size_t i, struct st_span text)
{
    const struct flt_field *f = &doc->fields[i];
    struct flt_finding all = { .field = (uint32_t)i, .from = 0, .to = (uint32_t)f->text.n };
    size_t n = strlen(shown);
    uint32_t from, to;

    if ((!flt_layout_place(doc, &all, &from, &to) && f->text.n > 0) || to > text.n)
        t_failed(__FILE__, __LINE__, "place", "field %zu: %u to %u of %zu: %.*s", i, from, to, text.n, (int)text.n,
                 (const char *)text.p);
    (void)snprintf(shown + n, sizeof shown - n, "%s%.*s=%.*s", n > 0 ? "|" : "", (int)f->path.n,
                   f->path.n > 0 ? (const char *)f->path.p : "", (int)(to - from), (const char *)text.p + from);
}

static void show(enum flt_layout layout, struct st_span text)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct flt_laid *laid = NULL;
    struct flt_doc *doc;
    enum st_rc rc = ST_AGAIN;

    shown[0] = '\0';
    T_OK(flt_layout_open(arena, layout, text, &laid, &err), err);
    while (laid != NULL && (rc = flt_layout_next(laid, arena, &doc, &err)) == ST_OK)
        for (size_t i = 0; i < doc->n; i++)
            show_field(doc, i, text);
    T_CHECK(rc == ST_AGAIN, "%s", err.what);
    st_arena_free(arena);
}

static const struct {
    enum flt_layout layout;
    const char *text, *fields;
} rows[] = {
    { FLT_LAYOUT_CSV, "name,iban\nAnna,DE02\nBob,GB29\n", "name=Anna|iban=DE02|name=Bob|iban=GB29" },
    { FLT_LAYOUT_CSV, "name;iban\r\nAnna;DE02\r\n", "name=Anna|iban=DE02" },
    { FLT_LAYOUT_CSV, "name\tiban\nAnna\t DE02 ", "name=Anna|iban=DE02" },
    { FLT_LAYOUT_CSV, "iban\nDE02\n\nGB29", "iban=DE02|iban=GB29" },
    { FLT_LAYOUT_CSV, "a,\"b c\"\n\"x,\n1\",\"says \"\"hi\"\" x\"", "a=x,\n1|b c=says \"\"hi\"\" x" },
    { FLT_LAYOUT_CSV, "a,b\n\"open,to the end", "a=open,to the end" },
    { FLT_LAYOUT_CSV, "a,b\n111,222,333", "a=111|b=222|=333" },
    { FLT_LAYOUT_CSV, "4111,1111\n1111,1111", "" },
    { FLT_LAYOUT_CSV, "a\n{\"card\":\"4111\"}", "a/card=4111" },
    { FLT_LAYOUT_CSV, "a,b\nx,\"{\"\"card\"\":\"\"4111\"\"}\"", "b/card=4111" },
    { FLT_LAYOUT_CSV, "\xEF\xBB\xBFiban,b\nDE02,x", "iban=DE02" },
    { FLT_LAYOUT_YAML, "a: 111\nb:\n  c: \"222\"\n  d:\n    - 333\n    - e: 444 # no\n      f: 555\ng: 666",
      "a=111|b/c=222|b/d=333|b/d/e=444|b/d/f=555|g=666" },
    { FLT_LAYOUT_YAML, "a:\n- 111\n- 222\nb: |\n  one\n  two: 333\n# c: 444\nc: http://x",
      "a=111|a=222|b=one|b/two=333|c=http://x" },
    { FLT_LAYOUT_YAML, "- a: 111\n  b: 222\n- a: 333", "a=111|b=222|a=333" },
    { FLT_LAYOUT_YAML, "'a b': {c: 111}\n[1, 2]: 3333", "a b={c: 111}|a b=[1, 2]: 3333" },
    { FLT_LAYOUT_ENV, "# x=1\nexport A_B=\"one two\"\nC='333'\nD=444 # e\nF=#555", "A_B=one two|C=333|D=444|F=#555" },
    { FLT_LAYOUT_INI, "x=111\n[s one]\n; y=2\ny = 222\nz: 333\n[[t]]\na=444", "x=111|s one/y=222|s one/z=333|t/a=444" },
    { FLT_LAYOUT_SETTINGS, "a.b=111\n! no=1\nc : 222\njust words", "a.b=111|c=222|=just words" },
    { FLT_LAYOUT_XML,
      "<?xml version='1.0'?><r><n:a b='111' c=\"222>\">333</n:a><!-- <d>444</d> --><e><![CDATA[<555>]]></e></r>",
      "r/a/b=111|r/a/c=222>|r/a=333|r/e=<555>" },
    { FLT_LAYOUT_XML, "<a><b/><c x='111'/> 222 </a></z><d>333", "a/c/x=111|a=222|d=333" },
    { FLT_LAYOUT_XML, "<a b=111 c>222</a><", "a=222" },
    { FLT_LAYOUT_JSON, "{\"a\":{\"b\":\"111\"},\"c\":[2222222]}", "a/b=111|c/#=2222222" },
    { FLT_LAYOUT_JSON, "{\"a\":\"111\"}\n{\"a\":\"222\"}\n", "#/a=111|#/a=222" },
    { FLT_LAYOUT_FORM, "a=1%31&b=222", "a=1%31|b=222" },
    { FLT_LAYOUT_TEXT, "a=111", "" },
};

T_TEST(values_have_names_and_places)
{
    for (size_t i = 0; i < ST_LEN(rows); i++) {
        show(rows[i].layout, st_span_str(rows[i].text));
        T_CHECK(strcmp(shown, rows[i].fields) == 0, "%s gives %s", rows[i].text, shown);
    }
}

T_TEST(values_in_utf16_have_places_too)
{
    static const char text[] = "\xFF\xFEi\0b\0a\0n\0\n\0D\0E\0\x30\0\x32\0";

    show(FLT_LAYOUT_CSV, st_span(text, sizeof text - 1));
    T_CHECK(strncmp(shown, "iban=D", 6) == 0, "%s", shown);
}

static const struct {
    const char *name, *text;
    enum flt_layout layout;
} kinds[] = {
    { "x/a.csv", "any", FLT_LAYOUT_CSV },
    { "A.YML", "any", FLT_LAYOUT_YAML },
    { ".env.local", "any", FLT_LAYOUT_ENV },
    { "app.properties", "any", FLT_LAYOUT_SETTINGS },
    { "my.cnf", "any", FLT_LAYOUT_INI },
    { "x.config", "<a/>", FLT_LAYOUT_XML },
    { "x.config", "a=1", FLT_LAYOUT_TEXT },
    { "x.ndjson", "any", FLT_LAYOUT_LINES },
    { "", " {\"a\":1}", FLT_LAYOUT_JSON },
    { "", "{\"a\":1}\r\n{\"a\":2}", FLT_LAYOUT_LINES },
    { "", "<?xml version=\"1.0\"?><a/>", FLT_LAYOUT_XML },
    { "", "a=1&b=2", FLT_LAYOUT_FORM },
    { "", "name,iban\nAnna,DE02\nBob,GB29", FLT_LAYOUT_CSV },
    { "", "Hello, world\nand this, that, more", FLT_LAYOUT_TEXT },
    { "", "4111,22\n1,2", FLT_LAYOUT_TEXT },
    { "", "name,iban", FLT_LAYOUT_TEXT },
    { "", "one line", FLT_LAYOUT_TEXT },
    { "", "", FLT_LAYOUT_TEXT },
    { "main.c", "int main(void);\n", FLT_LAYOUT_TEXT },
};

T_TEST(a_layout_is_told_by_name_or_first_lines)
{
    for (size_t i = 0; i < ST_LEN(kinds); i++) {
        enum flt_layout is = flt_layout_of(st_span_str(kinds[i].name), st_span_str(kinds[i].text));

        T_CHECK(is == kinds[i].layout, "%s \"%s\" is %s", kinds[i].name, kinds[i].text, flt_layout_name(is));
    }
}

/* Whatever stands there: it ends, and every place lies in the file. */
T_TEST(any_bytes_are_read_to_their_end)
{
    static const char signs[] = "ab1 :=-#\"'<>/[]{},;|!&\n\n\t\r\\%\xC3\xBC";
    char text[200];

    for (unsigned round = 0; round < 4000; round++) {
        size_t n = t_below(sizeof text);

        for (size_t i = 0; i < n; i++)
            text[i] = signs[t_below(sizeof signs - 1)];
        show((enum flt_layout)t_below(FLT_LAYOUTS_END), st_span(text, n));
    }
}

T_TEST(a_long_table_is_read_in_portions)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct flt_laid *laid = NULL;
    struct flt_doc *doc;
    struct st_buf text;
    size_t values = 0, portions = 0;

    st_buf_init(&text, 1u << 20);
    st_buf_str(&text, "a,b\n");
    for (unsigned i = 0; i < 20000; i++)
        st_buf_fmt(&text, "%u,%u\n", 100 + i, 200 + i);
    T_OK(flt_layout_open(arena, FLT_LAYOUT_CSV, st_buf_view(&text), &laid, &err), err);
    for (; flt_layout_next(laid, arena, &doc, &err) == ST_OK; portions++)
        values += doc->n;
    T_CHECK(values == 40000 && portions > 10, "%zu in %zu", values, portions);
    st_buf_fini(&text);
    st_arena_free(arena);
}

T_TEST(a_row_of_any_length_keeps_its_names)
{
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct st_err err = ST_ERR_INIT;
    struct flt_laid *laid = NULL;
    struct flt_doc *doc;
    struct st_buf text;
    size_t named = 0, unnamed = 0;

    st_buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < 20000; i++)
        st_buf_fmt(&text, "%sc%u", i > 0 ? "," : "", i % 1000);
    for (unsigned i = 0; i < 20000; i++)
        st_buf_fmt(&text, "%s%u", i > 0 ? "," : "\n", 1000 + i % 1000);
    T_CHECK(flt_layout_of(ST_SPAN("x.txt"), st_buf_view(&text)) == FLT_LAYOUT_CSV, "no table");
    T_OK(flt_layout_open(arena, FLT_LAYOUT_CSV, st_buf_view(&text), &laid, &err), err);
    while (flt_layout_next(laid, arena, &doc, &err) == ST_OK)
        for (size_t i = 0; i < doc->n; i++) {
            struct st_span path = doc->fields[i].path, value = doc->fields[i].text;
            char label[32];

            if (path.n == 0) {
                unnamed++;
                continue;
            }
            named++;
            (void)snprintf(label, sizeof label, "%.*s: ", (int)path.n, (const char *)path.p);
            T_CHECK(st_span_starts(value, st_span_str(label)), "%s %.*s", label, (int)value.n, (const char *)value.p);
            (void)snprintf(label, sizeof label, "%lu", 1000 + strtoul((const char *)path.p + 1, NULL, 10));
            T_CHECK(st_span_ends(value, st_span_str(label)), "%s %.*s", label, (int)value.n, (const char *)value.p);
        }
    T_CHECK(named == 16384 && unnamed == 20000 - 16384, "%zu with a name, %zu without", named, unnamed);
    st_buf_fini(&text);
    st_arena_free(arena);
}

T_TEST(opening_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_laid *laid = NULL;
        struct flt_doc *doc = NULL;
        struct st_err err = ST_ERR_INIT;
        bool failed;

        t_fail_alloc(nth);
        failed = flt_layout_open(arena, FLT_LAYOUT_CSV, ST_SPAN("a,b\n\"1\"\"1\",222\n"), &laid, &err) != ST_OK ||
                 flt_layout_next(laid, arena, &doc, &err) != ST_OK;
        T_CHECK(failed == t_alloc_failed(), "allocation %d", nth);
        T_CHECK(!failed || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        t_fail_alloc(0);
        st_arena_free(arena);
        if (!failed)
            break;
    }
}
