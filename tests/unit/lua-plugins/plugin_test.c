/* SPDX-License-Identifier: Apache-2.0 */
/* plugin - settings and who gave them, a plugin's own tests, its page, what it costs. */
#include "host/set.h"
#include "host/trial.h"
#include "lua_t.h"

#define HEAD "return { api = 1, name = 'test.one', version = '1', title = 'One', "
#define SETTINGS                                                                                                  \
    "config = { names = stoa.schema.list { default = { 'a' }, help = 'Names | words.' },"                         \
    " day = stoa.schema.string { default = '2027-01-31', format = 'date', help = { en = 'Day.', de = 'Tag.' } }," \
    " n = stoa.schema.integer { default = 3, min = 1, max = 9 }, share = stoa.schema.number { default = 0.5 },"   \
    " on = stoa.schema.boolean { default = true },"                                                               \
    " how = stoa.schema.string { default = 'b', choices = { 'b', 'c' } } }, "

static struct lp_plugin *load(const char *source, const struct lp_given *given, size_t n, struct st_arena *arena)
{
    static const struct lp_libs libs = { .n = 0 };
    const char *dir = lt_dir("plugin");
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_plugin *p = NULL;
    char path[768];
    size_t used = 0;

    lt_write(dir, "detect/one.lua", source);
    (void)snprintf(path, sizeof path, "%s/detect/one.lua", dir);
    char *kept = st_arena_str(arena, st_span_str(path));
    const struct lp_chosen chosen = { .given = given, .n_given = n };
    const struct lp_plugin_source from = { .path = kept, .libs = &libs, .chosen = &chosen, .n_chosen = 1 };

    if (lp_plugin_load(&from, arena, &p, diag, &err) != ST_OK)
        T_CHECK(err.code == ST_E_CONFIG || err.code == ST_E_PLUGIN, "%s: %s", err.where, err.what);
    else if (lp_plugin_check(p, diag, &err) != ST_OK)
        T_CHECK(err.code == ST_E_CONFIG, "%s: %s", err.where, err.what);
    lt_said[0] = '\0';
    for (size_t i = 0; st_diag_at(diag, i) != NULL; i++)
        used += (size_t)snprintf(lt_said + used, sizeof lt_said - used, "%u:%u: %s\n", st_diag_at(diag, i)->line,
                                 st_diag_at(diag, i)->col, st_diag_at(diag, i)->text);
    st_diag_free(diag);
    return p;
}

T_TEST(what_is_given_reaches_the_plugin)
{
    static const char *const names[] = { "x", "y", NULL }, *const one[] = { "z", NULL }, *const seven[] = { "7", NULL },
                             *const off[] = { "false", NULL }, *const day[] = { "2031-12-01", NULL },
                             *const share[] = { "0.25", NULL };
    const struct lp_given given[] = {
        { .name = "names", .items = names, .n = 2, .is_list = true },
        { .name = "n", .items = seven, .n = 1 },
        { .name = "on", .items = off, .n = 1 },
        { .name = "day", .items = day, .n = 1 },
        { .name = "share", .items = share, .n = 1 },
    };
    const struct lp_given alone = { .name = "names", .items = one, .n = 1 };
    struct st_arena *arena = st_arena_new(1u << 20);
    struct lp_plugin *p;

    p = load(HEAD SETTINGS "load = function(c) assert(#c.names == 2 and c.names[2] == 'y' and c.n == 7 and"
                           " math.type(c.n) == 'integer' and c.on == false and c.day == '2031-12-01' and"
                           " c.share == 0.25 and c.how == 'b' and not pcall(function() c.n = 1 end)) end }",
             given, ST_LEN(given), arena);
    T_CHECK(p != NULL && lt_said[0] == '\0', "%s", lt_said);
    lp_plugin_free(p);
    p = load(HEAD SETTINGS "load = function(c) assert(#c.names == 1 and c.names[1] == 'z') end }", &alone, 1, arena);
    T_CHECK(p != NULL, "one text is no list of one: %s", lt_said);
    lp_plugin_free(p);
    st_arena_free(arena);
}

T_TEST(what_does_not_fit_is_told_where_it_was_given)
{
    static const struct {
        const char *name, *value, *said;
        bool is_list;
    } cases[] = {
        { "nmaes", "x", "7:3: plugin test.one has no setting 'nmaes'; did you mean 'names'?", false },
        { "n", "0", "7:3: setting 'n' of plugin test.one: expected a whole number from 1 to 9, found '0'", false },
        { "n", "10", "expected a whole number from 1 to 9", false },
        { "n", "1.5", "expected a whole number", false },
        { "n", "0x7", "expected a whole number", false },
        { "n", "7 ", "expected a whole number", false },
        { "n", "", "expected a whole number", false },
        { "n", "7", "expected a whole number", true },
        { "share", "nan", "expected a number", false },
        { "share", "1e999", "expected a number", false },
        { "on", "yes", "expected true or false", false },
        { "day", "2027-13-01", "expected a date such as 2027-01-15", false },
        { "day", "2027-1-01", "expected a date", false },
        { "day", "2027-01-00", "expected a date", false },
        { "how", "d", "one of: b, c, found 'd'", false },
        { "how", "b", "expected text", true },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *const items[] = { cases[i].value, NULL };
        const struct lp_given given = { cases[i].name, "stoa.yaml", { 7, 3 }, items, 1, cases[i].is_list };
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_plugin *p = load(HEAD SETTINGS "}", &given, 1, arena);

        T_CHECK(p == NULL && strstr(lt_said, cases[i].said) != NULL, "%s = %s: %s", cases[i].name, cases[i].value,
                lt_said);
        st_arena_free(arena);
    }
}

T_TEST(a_plugins_own_tests_are_held_to)
{
#define BLOCKS                                                                                                       \
    HEAD "permissions = { 'text.read', 'actor.groups', 'verdict.block' }, activity = function(a, ctx) "              \
         "if a.text == 'loop' then error('mine') end "                                                               \
         "if a.text == 'no' and not a.actor:in_group('staff') or a:has_finding('x.*') or ctx.today == '2000-01-01' " \
         "then ctx:block { reason = 'r' } end end, tests = { "
    static const struct {
        const char *source, *said; /* NULL: they hold */
    } cases[] = {
        { BLOCKS "{ name = 'a', text = 'no', verdict = 'block', reason = 'r' }, { name = 'b', text = 'yes' },"
                 " { name = 'c', text = 'no', groups = { 'staff' } },"
                 " { name = 'd', findings = { 'x.y' }, verdict = 'block' },"
                 " { name = 'e', today = '2000-01-01', verdict = 'block' } } }",
          NULL },
        { BLOCKS "{ name = 'a', text = 'no' } } }", "test 'a': the verdict should be 'allow', is 'block'" },
        { BLOCKS "{ name = 'a', text = 'no', verdict = 'block', reason = 'q' } } }",
          "test 'a': the reason should be 'q', is 'r'" },
        { BLOCKS "{ name = 'a', text = 'loop' } } }", "1:0: test 'a': mine" },
        { BLOCKS "{ name = 'a', verdict = 'blok' } } }",
          "tests[1]: 'verdict' cannot be 'blok'; did you mean 'block'?" },
        { BLOCKS "{ name = 'a', kind = 'psot' } } }", "did you mean 'post'?" },
        { BLOCKS "{ text = 'a' } } }", "'name' is missing" },
        { BLOCKS "{ name = 'a', txet = 'b' } } }", "unknown key 'txet'" },
        { BLOCKS "{ name = 'a', config = { n = 1 } } } }", "has no setting 'n'" },
        { BLOCKS "1 } }", "must be a table" },
        { HEAD SETTINGS "load = function(c) n = (n or 0) + 1 assert(n == 1) if c.n == 9 then error('nine') end end,"
                        " activity = function() end, tests = { { name = 'a', config = { n = 9 } } } }",
          "1:0: nine" },
        { HEAD SETTINGS "tests = { { name = 'a', config = { n = 12 } } } }", "expected a whole number from 1 to 9" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_plugin *p = load(cases[i].source, NULL, 0, arena);

        if (cases[i].said == NULL)
            T_CHECK(p != NULL && lt_said[0] == '\0', "case %zu: %s", i, lt_said);
        else
            T_CHECK(strstr(lt_said, cases[i].said) != NULL, "case %zu should say %s: %s", i, cases[i].said, lt_said);
        lp_plugin_free(p);
        st_arena_free(arena);
    }
}

T_TEST(a_plugin_that_fails_its_tests_does_not_load)
{
    const char *dir = lt_dir("failing");
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    const char *const dirs[] = { dir, NULL };
    struct lp_set *set = NULL;

    lt_write(dir, "detect/one.lua", HEAD "activity = function() end, tests = { { name = 'a', verdict = 'note' } } }");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "should be 'note', is 'allow'") != NULL, "%s", lt_said);
    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs, .skip_tests = true }, &set, diag, &err), err);
    T_CHECK(lp_set_test(set, "test.one", diag, &err) == ST_ERR && err.code == ST_E_CONFIG, "one: %s", err.what);
    T_CHECK(lp_set_test(set, NULL, diag, &err) == ST_ERR && st_diag_count(diag) == 2, "all: %s", err.what);
    T_CHECK(lp_set_test(set, "test.two", diag, &err) == ST_ERR && strstr(err.what, "no plugin") != NULL, "no one");
    lp_set_release(set);
    st_diag_free(diag);
}

T_TEST(a_site_chooses)
{
    static const char *const seven[] = { "7", NULL };
    const struct lp_given given = { "n", "stoa.yaml", { 5, 9 }, seven, 1, false };
    const struct lp_chosen good[] = { { "test.one", "stoa.yaml", { 4, 11 }, true, &given, 1 } },
                           twice[] = { good[0], { "test.one", "stoa.yaml", { 6, 11 }, false, NULL, 0 } },
                           other[] = { { "test.onne", "stoa.yaml", { 4, 11 }, true, NULL, 0 } };
    const struct {
        const struct lp_chosen *list;
        size_t n;
        const char *said;
    } wrong[] = { { twice, 2, "there are two entries for 'test.one'" },
                  { other, 1, "there is no plugin 'test.onne'; did you mean 'test.one'?" } };
    const char *dir = lt_dir("chosen");
    const char *const dirs[] = { dir, NULL }, *const disable[] = { "test.one", NULL };
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    lt_write(dir, "detect/one.lua", HEAD SETTINGS "enabled = false, load = function(c) assert(c.n == 7) end }");
    T_CHECK(lt_load(dir, NULL) == NULL, "its default is 3");
    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs, .chosen = good, .n_chosen = 1 }, &set, NULL, &err), err);
    T_CHECK(set->plugins[0]->is_enabled, "named is on");
    lp_set_release(set);
    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs, .disable = disable, .chosen = good, .n_chosen = 1 }, &set,
                     NULL, &err),
         err);
    T_CHECK(!set->plugins[0]->is_enabled, "left out is off");
    lp_set_release(set);
    lt_write(dir, "detect/one.lua", HEAD SETTINGS "}");
    for (size_t i = 0; i < ST_LEN(wrong); i++) {
        const struct lp_sources sources = { .dirs = dirs, .chosen = wrong[i].list, .n_chosen = wrong[i].n };
        struct st_diag *diag = st_diag_new();

        T_CHECK(lp_set_load(&sources, &set, diag, &err) == ST_ERR && err.code == ST_E_CONFIG, "loaded");
        T_CHECK(st_diag_count(diag) == 1 && strstr(st_diag_at(diag, 0)->text, wrong[i].said) != NULL &&
                    st_diag_at(diag, 0)->col == 11,
                "%s", st_diag_at(diag, 0)->text);
        st_diag_free(diag);
    }
}

static void keep_advice(void *ctx, const char *file, const char *advice)
{
    (void)file;
    st_buf_fmt(ctx, "%s\n", advice);
}

T_TEST(a_page_and_advice_come_from_the_manifest)
{
    static const char *const page[] = { "# One\n",
                                        "`test.one` 1; switched off.",
                                        "- `text.read`: reads what people type",
                                        "| `day` | date | 2027-01-31 | Tag. |",
                                        "| `names` | list | a | Names \\| words. |",
                                        "- `activity`, at most 2 ms",
                                        "It may hold 512 KiB",
                                        "the message is blocked" };
    static const char *const advice[] = { "its title is in English only", "has no summary", "has no license",
                                          "has no tests" };
    const char *dir = lt_dir("page");
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_about about;
    struct lp_set *set;
    struct st_buf text;

    lt_write(dir, "detect/one.lua",
             HEAD SETTINGS
             "permissions = { 'text.read' }, enabled = false, on_failure = 'block', limits = { time = '2ms',"
             " memory = '512KiB' }, activity = function() end }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL && lp_plugin_count(set) == 1, "%s", lt_said);
    T_OK(lp_plugin_about(set, 0, arena, &about, &err), err);
    T_CHECK(strcmp(about.hooks[0], "activity") == 0 && about.hooks[1] == NULL, "%s", about.hooks[0]);
    T_CHECK(strcmp(about.permissions[0], "text.read") == 0 && about.permissions[1] == NULL && !about.is_enabled,
            "about");
    st_buf_init(&text, 1u << 16);
    lp_plugin_manual(set, 0, true, &text);
    for (size_t i = 0; i < ST_LEN(page); i++)
        T_CHECK(st_span_find(st_buf_view(&text), st_span_str(page[i])) != ST_SPAN_NPOS, "no %s in\n%.*s", page[i],
                (int)text.n, (const char *)text.p);
    st_buf_reset(&text);
    lp_plugin_advise(set, 0, keep_advice, &text);
    for (size_t i = 0; i < ST_LEN(advice); i++)
        T_CHECK(st_span_find(st_buf_view(&text), st_span_str(advice[i])) != ST_SPAN_NPOS, "no advice: %s", advice[i]);
    st_buf_fini(&text);
    lp_set_release(set);
    st_arena_free(arena);
}

T_TEST(a_profile_counts_calls_and_failures)
{
    const struct lp_profile_load load = { .rounds = 10, .text = ST_SPAN("fine\n\nbad\n") };
    const char *dir = lt_dir("profile");
    struct st_arena *arena = st_arena_new(64u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_profiles rows;
    struct lp_set *set;

    lt_write(dir, "detect/one.lua",
             HEAD
             "permissions = { 'text.read' }, load = function() end, activity = function(a) assert(a.text ~= 'bad') end,"
             " tests = { { name = 'a', text = 'x' } } }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    T_OK(lp_plugin_profile(set, 0, &load, arena, &rows, &err), err);
    T_CHECK(rows.n == 2 && strcmp(rows.items[0].hook, "load") == 0 && rows.items[0].calls == 3, "%zu rows", rows.n);
    T_CHECK(rows.items[1].calls == 30 && rows.items[1].failed == 10, "%zu calls, %zu failed", rows.items[1].calls,
            rows.items[1].failed);
    T_CHECK(rows.items[1].median_ns > 0 && rows.items[1].median_ns <= rows.items[1].p99_ns, "not in order");
    T_CHECK(rows.items[1].memory > 0 && rows.items[1].memory_most >= rows.items[1].memory, "memory");
    lp_set_release(set);
    st_arena_free(arena);
}
