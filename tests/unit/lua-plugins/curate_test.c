/* SPDX-License-Identifier: Apache-2.0 */
/* curate - conditions one by one, the tag that comes out, the explanation, and files that are wrong. */
#include "base/buf.h"
#include "lua_t.h"

static struct lp_item item(const char *text)
{
    return (struct lp_item){ .platform = "mediawiki",
                             .kind = "view",
                             .url = ST_SPAN("https://wiki.test/Pods?x=1"),
                             .title = ST_SPAN("Über Pods"),
                             .author = ST_SPAN("Ana Müller"),
                             .lang = ST_SPAN("de-AT"),
                             .text = st_span_str(text),
                             .dwell_ms = 120000,
                             .length_ms = 60000,
                             .has_age = true,
                             .age_ms = 86400000,
                             .learners = 7 };
}

/* The tags' rules, but for "z". */
static void tags_of(struct lp_set *set, const struct lp_item *it, char *out, size_t size)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_err err = ST_ERR_INIT;
    struct lp_tag *tags;
    size_t n, at = 0;

    out[0] = '\0';
    T_OK(lp_curate(set, it, arena, &tags, &n, &err), err);
    for (size_t i = 0; i < n; i++)
        if (strcmp(tags[i].rule, "z") != 0)
            at += (size_t)snprintf(out + at, size - at, "%s ", tags[i].rule);
    st_arena_free(arena);
}

/* What the curator says of what the worker hands over is what it says of the whole item. */
static enum lp_curable check_words(struct lp_set *worker, struct lp_set *curator, const struct lp_item *it)
{
    char want[128], got[128] = "";
    struct lp_item copy = *it;
    enum lp_curable wanted;
    struct st_buf words;

    st_buf_init(&words, 4096);
    wanted = lp_curate_may(worker, it, &words);
    tags_of(curator, it, want, sizeof want);
    if (wanted == LP_CURATE_WORDS) {
        copy.text = ST_SPAN_NONE;
        copy.words = st_buf_view(&words);
    }
    if (wanted != LP_CURATE_NO)
        tags_of(curator, &copy, got, sizeof got);
    T_CHECK(strcmp(want, got) == 0, "\"%.*s\": %s, not %s", (int)it->text.n, (const char *)it->text.p, got, want);
    st_buf_fini(&words);
    return wanted;
}

T_TEST(each_condition_alone)
{
    static const struct {
        const char *when;
        bool held;
    } cases[] = {
        { "phrase 'container orchestration'", true },
        { "phrase 'CONTAINER ORCHESTRATION'", true },
        { "phrase 'orchestra'", false },
        { "phrase 'über pods'", true },
        { "phrase 'ÜBER'", true },
        { "phrase { 'nothing', 'grüße' }", true },
        { "phrase 'c++'", true },
        { "hashtag 'k8s'", true },
        { "hashtag 'k8'", false },
        { "hashtag 'tag'", false },
        { "platform 'mediawiki'", true },
        { "platform { 'x', 'youtube' }", false },
        { "kind 'view'", true },
        { "kind 'vie'", false },
        { "lang 'de'", true },
        { "lang 'DE-at'", true },
        { "lang 'd'", false },
        { "author 'ana *'", true },
        { "author 'ana'", false },
        { "author 'ANA MÜLLER'", true },
        { "author 'ana mÜ*'", true },
        { "author 'ana mö*'", false },
        { "url 'wiki.test/pods*'", true },
        { "url '*pods'", false },
        { "url 'https://wiki.test/*'", true },
        { "url 'http://wiki.test/*'", false },
        { "url '*.test/*'", true },
        { "dwell '2m'", true },
        { "dwell '121s'", false },
        { "length(10)", true },
        { "length(10000)", false },
        { "length '1m'", true },
        { "length '2m'", false },
        { "trust 'unknown'", true },
        { "trust { 'high', 'low' }", false },
        { "age '1d'", true },
        { "age '23h'", false },
        { "learners(7)", true },
        { "learners(8)", false },
        { "dead()", false },
        { "~dead()", true },
        { "~phrase 'pods'", false },
        { "phrase 'pods' & kind 'view'", true },
        { "phrase 'nope' | kind 'view'", true },
        { "phrase 'nope' | kind 'post'", false },
        { "all_of { kind 'view', lang 'de', ~lang 'en' }", true },
        { "any_of { kind 'post', phrase 'nope' }", false },
        { "where(function(a) return a.text:find('Grüße') and a.lang == 'de-AT' and a.dwell_ms == 120000 end)", true },
        { "where(function(a) return a.nothing end)", false },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_item it = item("Grüße! Container\torchestration is not container orchestration. #K8s a#tag, C++.");
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        const char *dir = lt_dir("conditions");
        struct lp_set *set;
        struct lp_tag *tags;
        size_t n;
        char source[512];

        (void)snprintf(source, sizeof source, "curate 'r' { title = 'R', when = %s, tag = { topic = 't' } }",
                       cases[i].when);
        lt_write(dir, "curation/one.curate.lua", source);
        set = lt_load(dir, NULL);
        T_CHECK(set != NULL, "%s: %s", cases[i].when, lt_said);
        T_OK(lp_curate(set, &it, arena, &tags, &n, &err), err);
        T_CHECK((n == 1) == cases[i].held, "%s: %zu", cases[i].when, n);
        check_words(set, set, &it);
        lp_set_release(set);
        st_arena_free(arena);
    }
}

/* Any text, against rules whose conditions are joined in every way; the curator may have other files before them. */
T_TEST(the_words_of_a_text_stand_for_it)
{
    static const char *const rules =
        "curate 'a' { title = 'A', when = phrase 'pods' & ~phrase { 'we hire', 'hire' }, tag = { topic = 'a' } }\n"
        "curate 'b' { title = 'B', when = ~(hashtag 'k8s' | phrase { 'k8s', '++' }), tag = { topic = 'b' } }\n"
        "curate 'c' { title = 'C', when = hashtag { 'go', 'pods' } | length(60), tag = { topic = 'c' } }\n"
        "curate 'd' { title = 'D', when = kind 'post' & (phrase 'go' | ~hashtag 'go'), tag = { topic = 'd' } }\n"
        "curate 'e' { title = 'E', when = kind 'view' & phrase '#k8s' & learners(2 + 3), tag = { topic = 'e' } }\n"
        "curate 'f' { title = 'F', when = length(20) & where(function(a) return a.text:find 'hire' end) & phrase 'go',"
        " tag = { topic = 'f' } }\n";
    static const char *const parts[] = { "pods", "we ", "hire", "#", "k8s", "++", "Go", " ", ", ", "x", "ü", "\n" };
    const char *dir = lt_dir("words"), *other = lt_dir("other");
    struct lp_set *worker, *curator;
    unsigned seed = 7, told[3] = { 0 };

    lt_write(dir, "curation/rules.curate.lua", rules);
    lt_write(other, "curation/a.curate.lua",
             "curate 'z' { title = 'Z', when = phrase { 'pods', 'zzz', 'go', 'x' }, tag = { topic = 'z' } }");
    lt_write(other, "curation/rules.curate.lua", rules);
    worker = lt_load(dir, NULL);
    curator = lt_load(other, NULL);
    T_CHECK(worker != NULL && curator != NULL, "%s", lt_said);
    for (unsigned n = 0; n < 3000; n++) {
        struct lp_item it = item("");
        char text[128] = "";

        for (unsigned i = (seed = seed * 1103515245 + 12345) >> 16 & 15; i > 0; i--)
            (void)strcat(text, parts[((seed = seed * 1103515245 + 12345) >> 16) % ST_LEN(parts)]);
        it.text = st_span_str(text);
        it.title = n % 3 ? ST_SPAN("") : ST_SPAN("x #go");
        it.kind = n % 2 ? "post" : "view";
        told[check_words(worker, curator, &it)]++;
    }
    T_CHECK(told[LP_CURATE_NO] > 100 && told[LP_CURATE_WORDS] > 100 && told[LP_CURATE_TEXT] > 100, "%u, %u, %u",
            told[0], told[1], told[2]);
    lp_set_release(worker);
    lp_set_release(curator);
}

T_TEST(what_is_not_known_has_no_answer)
{
    static const struct {
        const char *when;
        enum lp_says says;
        unsigned lacks;
    } cases[] = {
        { "phrase 'pods'", LP_SAYS_YES, 0 }, /* in the title */
        { "phrase 'orchestration'", LP_SAYS_NOTHING, LP_LACKS_BIT(LP_LACK_TEXT) },
        { "~phrase 'pods'", LP_SAYS_NO, 0 },
        { "~phrase 'we are hiring'", LP_SAYS_NOTHING, LP_LACKS_BIT(LP_LACK_TEXT) },
        { "phrase 'orchestration' & kind 'post'", LP_SAYS_NO, 0 },
        { "phrase 'orchestration' | kind 'view'", LP_SAYS_YES, 0 },
        { "phrase 'orchestration' & dwell '1m'", LP_SAYS_NOTHING,
          LP_LACKS_BIT(LP_LACK_TEXT) | LP_LACKS_BIT(LP_LACK_DWELL) },
        { "url 'wiki.test/*' & lang 'de' & length '1m'", LP_SAYS_YES, 0 },
        { "length(10)", LP_SAYS_NOTHING, LP_LACKS_BIT(LP_LACK_TEXT) },
        { "where(function() error 'nobody asks' end)", LP_SAYS_NOTHING, LP_LACKS_BIT(LP_LACK_WHERE) },
        { "where(function() return true end) & lang 'en'", LP_SAYS_NO, 0 },
        { "platform 'youtube'", LP_SAYS_NO, 0 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_item it = item("");
        const char *dir = lt_dir("known");
        char source[512];
        struct lp_set *set;
        struct lp_said said;

        (void)snprintf(source, sizeof source, "curate 'r' { title = 'R', when = %s }", cases[i].when);
        lt_write(dir, "curation/one.curate.lua", source);
        set = lt_load(dir, NULL);
        T_CHECK(set != NULL, "%s: %s", cases[i].when, lt_said);
        said = lp_curate_say(set, 0, &it, LP_LACKS_BIT(LP_LACK_TEXT) | LP_LACKS_BIT(LP_LACK_DWELL));
        T_CHECK(said.says == cases[i].says && said.lacks == cases[i].lacks, "%s: %d, %x", cases[i].when, (int)said.says,
                said.lacks);
        lp_set_release(set);
    }
}

static unsigned any(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % below;
}

static struct lp_set *rule_of_chance(unsigned *seed, char *source, size_t size)
{
    static const char *const leaves[] = { "phrase 'pods'",  "hashtag 'k8s'", "url 'wiki.test/p*'", "author 'ana *'",
                                          "kind 'view'",    "lang 'de'",     "dwell '2m'",         "length '1m'",
                                          "length(6)",      "age '2d'",      "learners(6)",        "dead()",
                                          "trust 'unknown'" };
    const char *dir = lt_dir("parts");
    size_t at = (size_t)snprintf(source, size, "curate 'r' { title = 'R', when = ");

    for (unsigned i = 0; i < 4; i++) {
        at += (size_t)snprintf(source + at, size - at, "%s%s%s",
                               i == 0         ? ""
                               : any(seed, 2) ? " & "
                                              : " | ",
                               any(seed, 3) == 0 ? "~" : "", i == 2 ? "(" : "");
        at += (size_t)snprintf(source + at, size - at, "%s", leaves[any(seed, ST_LEN(leaves))]);
    }
    (void)snprintf(source + at, size - at, ") }");
    lt_write(dir, "curation/one.curate.lua", source);
    return lt_load(dir, NULL);
}

static struct lp_item without(struct lp_item it, unsigned lacks)
{
    it.text = lacks & LP_LACKS_BIT(LP_LACK_TEXT) ? ST_SPAN_NONE : it.text;
    it.kind = lacks & LP_LACKS_BIT(LP_LACK_KIND) ? "" : it.kind;
    it.url = lacks & LP_LACKS_BIT(LP_LACK_URL) ? ST_SPAN_NONE : it.url;
    it.author = lacks & LP_LACKS_BIT(LP_LACK_AUTHOR) ? ST_SPAN_NONE : it.author;
    it.dwell_ms = lacks & LP_LACKS_BIT(LP_LACK_DWELL) ? 0 : it.dwell_ms;
    it.learners = lacks & LP_LACKS_BIT(LP_LACK_LEARNERS) ? 0 : it.learners;
    return it;
}

/* Whatever is missing: what is said all the same is what the whole item gets. */
T_TEST(what_is_said_of_a_part_holds_of_the_whole)
{
    struct st_err err = ST_ERR_INIT;
    unsigned seed = 11, told[3] = { 0 };

    for (unsigned n = 0; n < 60; n++) {
        char source[512];
        struct lp_set *set = rule_of_chance(&seed, source, sizeof source);

        T_CHECK(set != NULL, "%s: %s", source, lt_said);
        for (unsigned k = 0; k < 40; k++) {
            struct lp_item whole = item(any(&seed, 2) ? "a post on #k8s" : ""), part;
            unsigned lacks = any(&seed, 1u << LP_LACK_COUNT);
            struct st_arena *arena = st_arena_new(1u << 20);
            struct lp_tag *tags;
            struct lp_said said;
            size_t held;

            whole.title = any(&seed, 2) ? ST_SPAN("Pods") : ST_SPAN_NONE;
            whole.kind = any(&seed, 2) ? "view" : "post";
            whole.dwell_ms = any(&seed, 2) ? 120000 : 1000;
            part = without(whole, lacks);
            T_OK(lp_curate(set, &whole, arena, &tags, &held, &err), err);
            said = lp_curate_say(set, 0, &part, lacks);
            told[said.says]++;
            T_CHECK(said.says == LP_SAYS_NOTHING ? (said.lacks & ~lacks) == 0 && said.lacks != 0
                                                 : (said.says == LP_SAYS_YES) == (held == 1),
                    "%s with %x: %d", source, lacks, (int)said.says);
            st_arena_free(arena);
        }
        lp_set_release(set);
    }
    T_CHECK(told[0] > 100 && told[1] > 100 && told[2] > 100, "%u, %u, %u", told[0], told[1], told[2]);
}

T_TEST(a_tag_carries_all_of_its_rule)
{
    static const char *const dirs[] = { "lua-plugins", NULL };
    struct lp_item it = item("An introduction to container orchestration");
    struct st_arena *arena = st_arena_new(1u << 20);
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    struct lp_tag *tags;
    size_t n;

    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err), err);
    T_OK(lp_curate(set, &it, arena, &tags, &n, &err), err);
    T_CHECK(n == 1, "%zu rules", n);
    T_CHECK(strcmp(tags[0].rule, "kubernetes-basics") == 0 && strcmp(tags[0].topic, "cloud/kubernetes") == 0, "%s",
            tags[0].rule);
    T_CHECK(strcmp(tags[0].level, "beginner") == 0 && strcmp(tags[0].skill, "skills:container-platforms") == 0, "%s",
            tags[0].skill);
    T_CHECK(strcmp(tags[0].queue, "platform-academy") == 0 && strcmp(tags[0].verb, "experienced") == 0, "%s",
            tags[0].verb);
    T_CHECK(tags[0].credit_dwell_ms == 120000 && tags[0].expire_ms == 180ull * 86400000, "%llu",
            (unsigned long long)tags[0].expire_ms);
    lp_set_release(set);
    st_diag_free(diag);
    st_arena_free(arena);
}

static void tell(void *ctx, const char *rule, unsigned depth, const char *node, bool held)
{
    st_buf_fmt(ctx, "%s %u %s: %s\n", rule, depth, node, held ? "yes" : "no");
}

T_TEST(an_explanation_goes_node_by_node)
{
    struct lp_item it = item("pods");
    struct st_err err = ST_ERR_INIT;
    const char *dir = lt_dir("explain");
    struct lp_set *set;
    struct st_buf said;

    lt_write(dir, "curation/one.curate.lua",
             "curate 'r' { title = 'R', when = (hashtag 'a' | phrase { 'pods', 'b' }) & ~kind 'post' & dwell '2h'"
             " & where(function() return true end), tag = { topic = 't' } }");
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    st_buf_init(&said, 4096);
    T_OK(lp_curate_explain(set, &it, tell, &said, &err), err);
    st_buf_byte(&said, 0);
    T_CHECK(strcmp((char *)said.p, "r 0 all of: no\nr 1 all of: no\nr 2 all of: yes\nr 3 any of: yes\n"
                                   "r 4 hashtag \"a\": no\nr 4 phrase \"pods\", \"b\": yes\nr 3 not: yes\n"
                                   "r 4 kind \"post\": no\nr 2 dwell \"2h\": no\nr 1 custom condition: yes\n") == 0,
            "%s", (char *)said.p);
    st_buf_fini(&said);
    lp_set_release(set);
}

T_TEST(a_failing_where_is_logged_and_does_not_match)
{
    static const char *const bodies[] = { "error('x')",
                                          "while true do end",
                                          "return phrase 'x'",
                                          "return kind & kind",
                                          "local t = {} while true do t = { t } end",
                                          "curate 'late' {}" };

    for (size_t i = 0; i < ST_LEN(bodies); i++) {
        struct lp_item it = item("pods");
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        const char *dir = lt_dir("where");
        struct lp_set *set;
        struct lp_tag *tags;
        char source[256];
        size_t n;

        (void)snprintf(source, sizeof source,
                       "curate 'r' { title = 'R', when = where(function() %s end), tag = { topic = 't' } }", bodies[i]);
        lt_write(dir, "curation/one.curate.lua", source);
        set = lt_load(dir, NULL);
        T_CHECK(set != NULL, "%s", lt_said);
        t_expect_log(ST_EV_PLUGIN_FAILED);
        T_OK(lp_curate(set, &it, arena, &tags, &n, &err), err);
        T_CHECK(n == 0, "%s matched", bodies[i]);
        lp_set_release(set);
        st_arena_free(arena);
    }
}

T_TEST(a_wrong_rule_is_explained)
{
    static const struct {
        const char *source, *said;
    } cases[] = {
        { "curate 'r' { title = 'R', tag = { topic = 't' } }", "'when' is missing" },
        { "curate 'r' { title = 'R', when = 'x' }", "a condition is expected" },
        { "curate 'r' { title = 'R', when = phrase '' }", "needs a word" },
        { "curate 'r' { title = 'R', when = phrase {} }", "needs a word" },
        { "curate 'r' { title = 'R', when = phrase(1) }", "needs a string" },
        { "curate 'r' { title = 'R', when = dwell 'long' }", "a duration such as" },
        { "curate 'r' { title = 'R', when = phrase 'x' & 1 }", "a condition is expected" },
        { "curate 'r' { title = 'R', when = phrase 'x', tags = {} }",
          "unknown key 'tags', did you mean 'tag'?; known: title" },
        { "curate 'r' { title = 'R', when = hashtg 'x' }",
          "1: there is no condition 'hashtg'; did you mean 'hashtag'?" },
        { "curate 'r' { title = 'R', when = contains_the_words 'x' }",
          "there is no condition 'contains_the_words'; docs/" },
        { "curate 'r' { title = 'R', when = phrase 'x', credit = { when = phrase 'y' } }",
          "must be a dwell condition" },
        { "curate 'r' { title = 'R', when = phrase 'x', test = { { 'y' } } }", "should match, and does not" },
        { "curate 'r' { title = 'R', when = trust 'some' }", "trust is \"high\", \"low\" or" },
        { "curate 'r' { title = 'R', when = age(7) }", "a duration such as" },
        { "curate 'r' { title = 'R', when = learners(4) }", "from 5 to 64: fewer people say who they are" },
        { "curate 'r' { title = 'R', when = dead 'x' }", "dead() takes nothing" },
        { "curate 'r' { title = 'R', when = phrase 'x', test = { { 'x', trust = 'so' } } }", "'trust' is high" },
        { "curate 'r' { title = 'R', when = age '1d', test = { { 'x', age = '2d' } } }", "should match, and does not" },
        { "curate 'r' { when = phrase 'x' }", "'title' is missing" },
        { "curate '' {}", "needs a name" },
        { "curate(1)", "string expected" },
        { "local c = phrase 'x' for _ = 1, 60 do c = c & c end", "more than 4096 parts" },
        { "for i = 1, 5000 do phrase('w' .. i) end", "more than 4096 conditions" },
        { "curate 'r' { title = 'R', when = phrase 'x' } curate 'r' { title = 'R', when = phrase 'x' }",
          "already there" },
        { "setmetatable(phrase 'x', {})", "table expected" },
        { "while true do end", "longer than its time budget" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("wrong");

        lt_write(dir, "curation/one.curate.lua", cases[i].source);
        T_CHECK(lt_load(dir, NULL) == NULL, "loaded: %s", cases[i].source);
        T_CHECK(strstr(lt_said, cases[i].said) != NULL, "%s said: %s", cases[i].source, lt_said);
    }
}

T_TEST(curating_survives_every_oom)
{
    static const char *const dirs[] = { "tests/lua/reload", NULL };
    struct lp_item it = item("one two");
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err), err);
    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_tag *tags;
        size_t n = 0;
        bool is_end;

        t_fail_alloc(nth);
        if (lp_curate(set, &it, arena, &tags, &n, &err) != ST_OK)
            T_CHECK(err.code == ST_E_NOMEM, "%s", err.what);
        is_end = !t_alloc_failed();
        t_fail_alloc(0);
        st_arena_free(arena);
        if (is_end) {
            T_CHECK(n == 1, "%zu rules", n);
            break;
        }
        if (n == 0 && err.code == ST_E_NONE)
            t_expect_log(ST_EV_PLUGIN_FAILED);
        err.code = ST_E_NONE;
    }
    lp_set_release(set);
    st_diag_free(diag);
}

/* With the lists of a site; what a test of a rule says of its item comes first. */
T_TEST(trust_is_what_the_lists_say_of_the_host)
{
    static const char *const trusted[] = { "wiki.test", "*.docs.test", NULL }, *const doubtful[] = { "x.docs.test",
                                                                                                     NULL };
    static const struct {
        const char *url, *trust;
    } cases[] = {
        { "https://wiki.test/Pods?x=1", "high" },
        { "https://WIKI.test:8443/", "high" },
        { "https://a.docs.test", "high" },
        { "https://docs.test/", "unknown" },
        { "https://adocs.test/", "unknown" },
        { "https://x.docs.test/", "low" },
        { "https://wiki.test.evil.test/", "unknown" },
        { "https://evil.test/wiki.test", "unknown" },
        { "", "unknown" },
    };
    const char *dir = lt_dir("trust"), *const dirs[] = { dir, NULL };
    const struct lp_sources sources = { .dirs = dirs, .trusted = trusted, .doubtful = doubtful };
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    lt_write(dir, "curation/one.curate.lua",
             "for _, word in ipairs { 'high', 'low', 'unknown' } do\n"
             "  curate(word) { title = 'T', when = trust(word), test = { { 'x', trust = word } } }\nend");
    T_OK(lp_set_load(&sources, &set, NULL, &err), err);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_item it = item("x");
        struct lp_tag *tags;
        size_t n;

        it.url = st_span_str(cases[i].url);
        T_OK(lp_curate(set, &it, arena, &tags, &n, &err), err);
        T_CHECK(n == 1 && strcmp(tags[0].rule, cases[i].trust) == 0, "%s: %s", cases[i].url,
                n > 0 ? tags[0].rule : "none");
        st_arena_free(arena);
    }
    lp_set_release(set);
}
