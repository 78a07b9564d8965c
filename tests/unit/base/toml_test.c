/* SPDX-License-Identifier: Apache-2.0 */
/* toml - what is read is read rightly; what is not understood is refused with its line; cut and broken files too. */
#include "t.h"
#include "base/toml.h"

struct parsed {
    struct st_arena *arena;
    struct st_diag *diag;
    struct st_toml *root;
    struct st_err err;
    enum st_rc rc;
};

static struct parsed parse(struct st_span text)
{
    struct parsed p = { .arena = st_arena_new(1u << 20), .diag = st_diag_new() };

    p.rc = st_toml_parse("f", text, p.arena, &p.root, p.diag, &p.err);
    return p;
}

static void done(struct parsed *p)
{
    st_arena_free(p->arena);
    st_diag_free(p->diag);
}

static const char GOOD[] = "# of the house\n"
                           "title = \"a \\\"b\\\" \\u00e4\\n\"\r\n"
                           "'a key' = -1_000.5e1\n"
                           "list = [ 'one', # first\n  '''\ntwo'' ''', true, [ 1, 2, ], { x = 1, \"y z\" = 'q' } ]\n"
                           "a.b.c = false\n"
                           "[extend]\nuse = true\n"
                           "[[rules]]\nid = 'first'\nregex = '''\\d{3}'\"\"'''''\n"
                           "[rules.allow]\nwords = []\n"
                           "[[rules]]\nid = \"second\"\n"
                           "[[rules.lists]]\nn = 1\n[[rules.lists]]\nn = 2\n"
                           "[extend.more]\nx = \"\"\"a \\\n   b\"\"\"\n";

static const struct st_toml *at(const struct st_toml *of, const char *key)
{
    const struct st_toml *found = st_toml_get(of, key);

    assert_non_null(found);
    return found;
}

T_TEST(what_is_read_is_read_rightly)
{
    struct parsed p = parse(st_span(GOOD, sizeof GOOD - 1));
    const struct st_toml *item;

    T_CHECK(p.rc == ST_OK, "%s", st_diag_at(p.diag, 0) != NULL ? st_diag_at(p.diag, 0)->text : p.err.what);
    assert_string_equal(at(p.root, "title")->s, "a \"b\" \u00e4\n");
    assert_true(at(p.root, "a key")->number == -10005.0);
    item = at(p.root, "list")->first;
    assert_string_equal(item->s, "one");
    item = item->next;
    assert_string_equal(item->s, "two'' ");
    item = item->next;
    assert_true(item->kind == ST_TOML_BOOL && item->number == 1);
    item = item->next;
    assert_true(item->kind == ST_TOML_ARRAY && item->first->next->number == 2 && item->first->next->next == NULL);
    assert_string_equal(at(item->next, "y z")->s, "q");
    assert_true(at(at(at(p.root, "a"), "b"), "c")->kind == ST_TOML_BOOL);
    item = at(p.root, "rules")->first;
    assert_string_equal(at(item, "regex")->s, "\\d{3}'\"\"''");
    assert_true(at(at(item, "allow"), "words")->first == NULL);
    assert_int_equal(item->line, 10);
    assert_true(at(at(item->next, "lists")->first->next, "n")->number == 2);
    assert_string_equal(at(at(at(p.root, "extend"), "more"), "x")->s, "a b");
    assert_null(st_toml_get(p.root, "nothing"));
    assert_null(st_toml_get(at(p.root, "title"), "nothing"));
    done(&p);
}

T_TEST(what_is_not_understood_is_refused_with_its_line)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } table[] = {
        { "a = 1\na = 2\n", 2, "'a' has its value on line 1 already" },
        { "a = 1979-05-27\n", 1, "this value is not understood" },
        { "a = 07\n", 1, "this value is not understood" },
        { "a = 0x1f\n", 1, "this value is not understood" },
        { "a = inf\n", 1, "this value is not understood" },
        { "a = 1__0\n", 1, "this value is not understood" },
        { "a = .5\n", 1, "this value is not understood" },
        { "a = true_1\n", 1, "true or false was expected" },
        { "a = \"x\n\"\n", 2, "the string has no end" },
        { "\na = '''x", 2, "the string has no end" },
        { "a = \"\\d\"\n", 1, "unknown escape in a string; a pattern is best between ''' and '''" },
        { "a = \"\\u0000\"\n", 1, "this code point is no character of a text" },
        { "a = \"\\ud800\"\n", 1, "this code point is no character of a text" },
        { "a = \"\\u12\"\n", 1, "\\u takes 4 hex digits" },
        { "a = 'x\x01'\n", 1, "a control character in a string" },
        { "a = [1 2]\n", 1, "a comma or ] is expected in this array" },
        { "a = {x = 1 y = 2}\n", 1, "a comma or } is expected in this table" },
        { "a = 1 b = 2\n", 1, "the end of the line is expected here" },
        { "a\n", 1, "= is expected behind 'a'" },
        { "= 1\n", 1, "a name is expected here" },
        { "\"\"\"a\"\"\" = 1\n", 1, "a name has one quote on each side" },
        { "[a\n", 1, "] is expected at the end of this header" },
        { "[[a]\n", 1, "]] is expected at the end of this header" },
        { "[a]\n[a]\n", 2, "'a' has its value on line 1 already" },
        { "a = 1\n[a.b]\n", 2, "'a' has its value on line 1 already" },
        { "a = [1]\n[[a]]\n", 2, "'a' has its value on line 1 already, which is no list of tables" },
        { "a = {}\n[a.b]\n", 2, "'a' has its value on line 1 already" },
        { "x = 1\n\xff = 1\n", 2, "the file is no text in UTF-8" },
    };

    for (size_t i = 0; i < ST_LEN(table); i++) {
        struct parsed p = parse(st_span_str(table[i].text));
        const struct st_diag_item *item = st_diag_at(p.diag, 0);

        T_CHECK(p.rc == ST_ERR && p.err.code == ST_E_CONFIG && item != NULL, "%zu: taken", i);
        T_CHECK(item->line == table[i].line && strncmp(item->text, table[i].says, strlen(table[i].says)) == 0,
                "%zu: %u: %s", i, item->line, item->text);
        done(&p);
    }
}

T_TEST(depth_has_its_end)
{
    char text[4096];
    size_t n = 0;
    struct parsed p;

    n = (size_t)snprintf(text, sizeof text, "a = ");
    memset(text + n, '[', 2000);
    p = parse(st_span(text, n + 2000));
    assert_int_equal(p.rc, ST_ERR);
    done(&p);
}

T_TEST(a_file_may_be_cut_or_broken_anywhere)
{
    for (size_t n = 0; n < sizeof GOOD; n++) {
        char copy[sizeof GOOD];
        struct parsed p = parse(st_span(GOOD, n));

        done(&p);
        for (unsigned c = 0; c < 256; c += 17) {
            memcpy(copy, GOOD, sizeof GOOD);
            copy[n] = (char)c;
            p = parse(st_span(copy, sizeof GOOD - 1));
            T_CHECK(p.rc == ST_OK || st_diag_count(p.diag) > 0, "at %zu: refused without a word", n);
            done(&p);
        }
    }
}

T_TEST(reading_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        struct st_toml *root;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = st_toml_parse("f", st_span(GOOD, sizeof GOOD - 1), arena, &root, diag, &err);
        t_fail_alloc(0);
        st_arena_free(arena);
        st_diag_free(diag);
        if (rc == ST_OK)
            break;
        T_CHECK(err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
    }
}
