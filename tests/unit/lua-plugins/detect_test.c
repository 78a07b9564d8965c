/* SPDX-License-Identifier: Apache-2.0 */
/* detect - a plugin's own detectors: what matches, what the validator says, and what stands in for it. */
#include "host/detect.h"
#include "lua_t.h"

#define HEAD                                                                                            \
    "local s, allow = stoa.schema\n"                                                                    \
    "local plugin = { api = 1, name = 'acme.numbers', version = '1', title = { en = 'ACME numbers' }, " \
    "license = 'Apache-2.0', permissions = { 'text.read' },\n"
#define CHECKED                                                                                                    \
    HEAD "config = { allow = s.list { of = s.string(), default = {}, help = { en = 'Published numbers.' } } } }\n" \
         "function plugin.load(conf) allow = stoa.set(conf.allow) end\n"                                           \
         "plugin.detectors = { customer_number = { pattern = [[\\b[A-Z]\\d{7}\\b]],\n"                             \
         "  label = 'internal.customer_id', severity = 'medium', validate = function(hit)\n"                       \
         "    if allow:has(hit.text) then return false end\n"                                                      \
         "    local sum = 0\n"                                                                                     \
         "    for i = 2, 7 do sum = sum + (hit.text:byte(i) - 48) * (9 - i) end\n"                                 \
         "    return math.fmod(sum, 10) == hit.text:byte(8) - 48 end } }\n"

static struct lp_set *load(const char *test, const char *source)
{
    const char *dir = lt_dir(test);

    lt_write(dir, "detect/one.lua", source);
    return lt_load(dir, NULL);
}

struct scan {
    struct lp_set *set;
    struct flt_packs *packs;
    struct flt_scanner *scanner;
    struct st_arena *arena;
    struct flt_findings findings;
    struct flt_doc *doc;
};

static void begin(struct scan *s, const char *test, const char *source)
{
    static const char *const nowhere[] = { NULL };
    struct flt_sources from = { .dirs = nowhere };
    struct st_err err = ST_ERR_INIT;

    *s = (struct scan){ .set = load(test, source) };
    T_CHECK(s->set != NULL, "%s: %s", test, lt_said);
    from.given = lp_detectors(s->set, &from.n_given);
    T_OK(flt_packs_load_all(&from, &s->packs, NULL, &err), err);
    T_OK(lp_set_settle(s->set, s->packs, &err), err);
    T_OK(flt_scanner_new(s->packs, &s->scanner, &err), err);
}

/* The findings as "label text confidence", one after another. */
static const char *found(struct scan *s, const char *text)
{
    static char said[4096];
    struct st_err err = ST_ERR_INIT;
    size_t used = 0;

    st_arena_free(s->arena);
    s->arena = st_arena_new(16u << 20);
    T_OK(flt_text_doc(s->arena, st_span_str(text), &s->doc, &err), err);
    T_OK(flt_scan(s->scanner, s->arena, s->doc, &s->findings, NULL, &err), err);
    said[0] = '\0';
    for (size_t i = 0; i < s->findings.n && used < sizeof said - 200; i++) {
        struct st_span value = flt_finding_value(s->doc, &s->findings.items[i]);

        used += (size_t)snprintf(said + used, sizeof said - used, "%s%s %.*s %u", i > 0 ? ", " : "",
                                 s->findings.items[i].rule->id, (int)value.n, (const char *)value.p,
                                 s->findings.items[i].confidence);
    }
    return said;
}

static void end(struct scan *s)
{
    flt_scanner_free(s->scanner);
    flt_packs_release(s->packs);
    lp_set_release(s->set);
    st_arena_free(s->arena);
}

static void expect(struct scan *s, const char *text, const char *wanted)
{
    const char *got = found(s, text);

    T_CHECK(strcmp(got, wanted) == 0, "in '%s': '%s', not '%s'", text, got, wanted);
}

T_TEST(a_pattern_finds_and_lua_decides)
{
    struct scan s;

    begin(&s, "decides", CHECKED "return plugin");
    expect(&s, "Ask about K1234567 today", "internal.customer_id K1234567 85");
    expect(&s, "K1234563", "");
    expect(&s, "XK1234567 and K12345670", "");
    expect(&s, "K1234567,K1234567;\nN0000000 K1234567",
           "internal.customer_id K1234567 85, internal.customer_id K1234567 85, internal.customer_id N0000000 85, "
           "internal.customer_id K1234567 85");
    T_CHECK(strcmp(s.findings.items[0].rule->mask, "[customer_id]") == 0 &&
                s.findings.items[0].rule->severity == FLT_MEDIUM &&
                strcmp(s.findings.items[0].rule->title_de, "ACME numbers") == 0,
            "what the manifest leaves out");
    end(&s);
}

T_TEST(a_validator_gives_the_confidence)
{
    struct scan s;

    begin(&s, "confidence",
          HEAD "detectors = { any = { label = 'x.any', pattern = 'n[0-9]{1,4}', validate = function(hit)\n"
               " if hit.label == 'x.any' and #hit.text > 3 then return 99 end\n"
               " return hit.text == 'n1' and 0 or hit.text == 'n2' and 40 or hit.text ~= 'n3' and true or nil end },\n"
               " plain = { label = 'x.plain', pattern = 'zz[0-9]{2}', confidence = { base = 77 } } } }\nreturn plugin");
    expect(&s, "n123", "x.any n123 99");
    expect(&s, "n1 n2 n3", "");
    expect(&s, "n4", "x.any n4 85");
    expect(&s, "n12345", "x.any n1234 99");
    expect(&s, "zz12zz13", "x.plain zz12 77, x.plain zz13 77");
    end(&s);
}

/* The second of two that overlap is the one with the right sum. */
T_TEST(of_matches_that_overlap_each_is_asked)
{
    struct scan s;

    begin(&s, "overlap",
          HEAD "detectors = { any = { label = 'x.pair', pattern = '[0-9]{2}', validate = function(hit)\n"
               " return hit.text == '23' end } } }\nreturn plugin");
    expect(&s, "123", "x.pair 23 85");
    expect(&s, "0000000012340000", "x.pair 23 85");
    end(&s);
}

T_TEST(another_finder_and_a_pack_s_validator_are_data)
{
    struct scan s;

    begin(&s, "finder",
          HEAD "detectors = { card = { label = 'x.card', find = 'digits', lengths = { '16' }, first = { '4' }, "
               "validate = 'luhn', severity = 'high', mask = '[card]', confidence = { base = 60, validated = 90 } } } }"
               "\nreturn plugin");
    expect(&s, "4539578763621487", "");
    T_CHECK(strncmp(found(&s, "4539578763621486"), "x.card", 6) == 0, "not found");
    end(&s);
}

T_TEST(what_fails_counts_as_the_plugin_says)
{
    static const struct {
        const char *on_failure, *wanted;
    } cases[] = { { "skip", "" }, { "coach", "x.bad 12 85" }, { "block", "x.bad 12 85" } };
    static const char *const bodies[] = { "error('no')", "while true do end",  "return 'yes'",
                                          "return 101",  "return hit.nothing", "return ctx.block" };
    char source[1024];
    struct scan s;

    for (size_t i = 0; i < ST_LEN(cases) * ST_LEN(bodies); i++) {
        (void)snprintf(source, sizeof source,
                       HEAD "on_failure = '%s', detectors = { bad = { label = 'x.bad', pattern = '[0-9]{2}',\n"
                            "validate = function(hit, ctx) %s end } } }\nreturn plugin",
                       cases[i / ST_LEN(bodies)].on_failure, bodies[i % ST_LEN(bodies)]);
        begin(&s, "failure", source);
        t_expect_log(ST_EV_PLUGIN_FAILED);
        expect(&s, "12", cases[i / ST_LEN(bodies)].wanted);
        end(&s);
    }
}

/* Nobody gets past a validator with a crowd in front. */
T_TEST(beyond_what_is_asked_all_are_findings)
{
    char text[FLT_ASKS_MAX * 5 + 64], *to = text;
    struct scan s;

    begin(&s, "crowd",
          HEAD "detectors = { any = { label = 'x.n', pattern = [[\\bk[0-9]{2}\\b]], validate = function(hit)\n"
               " return hit.text == 'k99' end } } }\nreturn plugin");
    for (unsigned i = 0; i < FLT_ASKS_MAX; i++)
        to += sprintf(to, "k%02u, ", i);
    expect(&s, text, "");
    (void)sprintf(to, "k98, k99");
    expect(&s, text, "x.n k98 85, x.n k99 85");
    expect(&s, "k98, k99", "x.n k99 85");
    end(&s);
}

T_TEST(what_is_wrong_is_said)
{
    static const struct {
        const char *manifest, *said;
    } cases[] = {
        { "validate = function() end", "'validate' belongs into one of the 'detectors'" },
        { "detectors = { a = { pattern = 'x{2}' } }", "detectors.a: 'label' is missing" },
        { "detectors = { a = { label = 'X', pattern = 'x{2}' } }", "'X' is no rule id" },
        { "detectors = { a = { label = 'x.a', patternn = 'x{2}' } }", "did you mean \"pattern\"?" },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2' , severity = 'bad' } }",
          "detectors: severity: expected one of" },
        { "detectors = { a = { label = 'x.a', pattern = 'x(' } }", "the pattern does not compile" },
        { "detectors = { a = { label = 'x.a', pattern = 'x+' } }", "bound its repeats" },
        { "detectors = { a = { label = 'x.a' } }", "the rule needs a pattern" },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2}', validate = 7 } }", "unknown validator '7'" },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2}', tags = { type } } }", "cannot be a " },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2}', max = 1.5 } }", "'max' is no whole number" },
        { "detectors = { a = { label = 'x.a', id = 'x', pattern = 'x{2}' } }", "a plugin's detector has its 'label'" },
        { "detectors = { A = { label = 'x.a', pattern = 'x{2}' } }", "lower-case letters, digits and _" },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2}' }, b = { label = 'x.a', pattern = 'y{2}' } }",
          "the rule id 'x.a' is taken" },
        { "detectors = { a = 7 }", "detectors" },
        { "detectors = { a = { label = 'x.a', pattern = 'x{2}', examples = { match = { 'y' }, miss = { 'z' } } } }",
          "does not find this example" },
    };
    char source[1024];

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        (void)snprintf(source, sizeof source, HEAD "%s }\nreturn plugin", cases[i].manifest);
        T_CHECK(load("wrong", source) == NULL, "%s loads", cases[i].manifest);
        T_CHECK(strstr(lt_said, cases[i].said) != NULL, "%s: %s", cases[i].manifest, lt_said);
    }
}

T_TEST(its_own_tests_look_for_it)
{
    static const struct {
        const char *tests, *said;
    } cases[] = {
        { "{ name = 'found', hook = 'validate', text = 'Ask about K1234567', findings = { 'internal.customer_id' } }",
          NULL },
        { "{ name = 'published', hook = 'validate', text = 'K1234567', config = { allow = { 'K1234567' } } }", NULL },
        { "{ name = 'not found', hook = 'validate', text = 'K1234561', findings = { 'internal.customer_id' } }",
          "the finding should be 'internal.customer_id', is 'missing'" },
        { "{ name = 'too much', hook = 'validate', text = 'K1234567' }", "the finding should be 'fewer'" },
    };
    char source[2048];

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_set *set;

        (void)snprintf(source, sizeof source, CHECKED "plugin.tests = { %s }\nreturn plugin", cases[i].tests);
        set = load("tests", source);
        T_CHECK((set != NULL) == (cases[i].said == NULL), "%s: %s", cases[i].tests, lt_said);
        T_CHECK(cases[i].said == NULL || strstr(lt_said, cases[i].said) != NULL, "%s", lt_said);
        lp_set_release(set);
    }
}

T_TEST(detectors_survive_every_oom)
{
    const char *dir = lt_dir("oom"), *const dirs[] = { dir, NULL };

    lt_write(dir, "detect/one.lua", CHECKED "return plugin");
    for (int nth = 560;; nth += nth < 700 ? 1 : 13) { /* what comes before is in load_survives_every_oom */
        struct st_diag *diag = st_diag_new();
        struct st_err err = ST_ERR_INIT;
        struct lp_set *set = NULL;
        bool is_end;
        enum st_rc rc;

        t_fail_alloc(nth);
        rc = lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err);
        is_end = !t_alloc_failed();
        t_fail_alloc(0);
        lp_set_release(set);
        st_diag_free(diag);
        if (is_end) {
            T_OK(rc, err);
            break;
        }
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "allocation %d: %s %s", nth, err.where, err.what);
    }
}

T_TEST(what_packs_try_on_their_own_examples_is_no_message)
{
    struct scan s;
    static const struct flt_rule rule = { .id = "x.part" };
    const struct flt_hit_asked hit = { .rule = &rule, .text = ST_SPAN("P123456") };
    struct lp_plugin *p;

    begin(&s, "not-live",
          "return { api = 1, name = 'test.one', version = '1', title = 'One', on_failure = 'block', "
          "detectors = { part = { label = 'x.part', pattern = 'P[0-9]{6}', "
          "validate = function() error 'no' end } } }");
    p = s.set->plugins[0];
    T_CHECK(p->is_live && p->failure.n == 0, "it failed %u times before there was a message", p->failure.n);
    p->is_live = false;
    T_CHECK(s.set->given[0].ask(s.set->given[0].ctx, &hit) == 0 && p->failure.n == 0, "asked");
    t_expect_log(ST_EV_PLUGIN_FAILED);
    p->is_live = true;
    T_CHECK(strstr(found(&s, "part P123456"), "x.part") != NULL && p->failure.n == 1, "once it counts");
    end(&s);
}
