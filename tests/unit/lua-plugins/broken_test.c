/* SPDX-License-Identifier: Apache-2.0 */
/* broken - which files can be left out, what stands in for a plugin among them, and that it errs on the strict side. */
#include "host/objects.h"
#include "host/set.h"
#include "lua_t.h"

#define HEAD   "api = 1, name = 'test.one', version = '1', title = 'One', "
#define SYNTAX " oops oops }"
#define H(x)   LP_HOOK_BIT(LP_HOOK_##x)

static struct st_arena *arena;
static struct lp_left left;

/* Loads all but what is wrong. */
static struct lp_set *most(const char *dir)
{
    const char *const dirs[] = { dir, NULL };
    struct lp_sources sources = { .dirs = dirs };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    arena = st_arena_new(1u << 20);
    left.n = 0;
    if (lp_set_load_most(&sources, &left, arena, &set, diag, &err) != ST_OK)
        T_CHECK(err.code == ST_E_CONFIG && st_diag_count(diag) > 0, "%s: %s", err.where, err.what);
    st_diag_free(diag);
    return set;
}

static void done(struct lp_set *set)
{
    lp_set_release(set);
    st_arena_free(arena);
}

T_TEST(what_a_broken_file_says_of_failing_holds)
{
    static const struct {
        const char *source;
        enum lp_on_failure on_failure;
        uint32_t hooks;
        bool is_blind;
    } cases[] = {
        { "", LP_SKIP, 0, false },
        { "this is no Lua", LP_SKIP, 0, false },
        { "return { " HEAD "activity = function() end" SYNTAX, LP_SKIP, H(ACTIVITY), false },
        { "return { " HEAD "on_failure = 'block', activity = function() end" SYNTAX, LP_BLOCK, H(ACTIVITY), false },
        { "return { " HEAD "on_failure = \"coach\", record = f" SYNTAX, LP_COACH, H(RECORD), false },
        { "return { " HEAD "on_failure = 'skip'" SYNTAX, LP_SKIP, 0, false },
        { "local p = {} p.on_failure = 'block' function p.connect(c) end function p:request(r) end" SYNTAX, LP_BLOCK,
          H(CONNECT) | H(REQUEST), false },
        { "return { ['on_failure'] = 'block', [\"finding\"] = function() end" SYNTAX, LP_BLOCK, H(FINDING), false },
        { "return { on_failure --[[ = 'skip' ]] = -- 'skip'\n 'block'" SYNTAX, LP_BLOCK, 0, false },
        { "return { on_failure = 'skip', x = { on_failure = 'block' }" SYNTAX, LP_BLOCK, 0, false },
        { "local how = 'skip' return { on_failure = how" SYNTAX, LP_BLOCK, 0, false },
        { "return { on_failure = 'Block'" SYNTAX, LP_BLOCK, 0, false },
        { "return { on_failure = 'blo", LP_BLOCK, 0, false },
        { "return { on_failure =", LP_BLOCK, 0, false },
        { "return { on_failure", LP_BLOCK, 0, false },
        { "-- on_failure = 'block'\nlocal s = \"on_failure = 'block'\" return { activity == connect" SYNTAX, LP_SKIP, 0,
          false },
        { "return { on_failure = 'block', detectors = { a = {} }" SYNTAX, LP_BLOCK, H(FINDING), true },
        /* it runs, and is wrong all the same: then the table counts, and not how its functions are called */
        { "local function request() end return { " HEAD "on_failure = 'block', nonsense = 1, record = request }",
          LP_BLOCK, H(RECORD), false },
        { "return { " HEAD "on_failure = 'block', activity = 'x' }", LP_BLOCK, H(ACTIVITY), false },
        { "return { " HEAD "on_failure = 'bloc' }", LP_BLOCK, 0, false },
        { "return { " HEAD "on_failure = 'block', load = function() error 'no' end }", LP_BLOCK, H(LOAD), false },
        { "return { " HEAD "on_failure = 'block', activity = function() end, tests = { { name = 'a', text = 'b', "
          "verdict = 'block' } } }",
          LP_BLOCK, H(ACTIVITY), false },
        { "return { " HEAD "on_failure = 'block', detectors = { a = { label = 'x.a', pattern = '(' } } }", LP_BLOCK,
          H(FINDING), true },
        { "error 'on purpose' return { on_failure = 'block' }", LP_BLOCK, 0, false },
        { "while true do end return { on_failure = 'block' }", LP_BLOCK, 0, false },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("broken");
        const struct lp_plugin *p;
        struct lp_set *set;

        lt_write(dir, "detect/one.lua", cases[i].source);
        set = most(dir);
        T_CHECK(set != NULL && set->n_plugins == 1 && left.n == 1, "%s", cases[i].source);
        p = set->plugins[0];
        T_CHECK(p->broken != NULL && p->on_failure == cases[i].on_failure, "%s: %s", cases[i].source,
                lp_on_failure_name(p->on_failure));
        T_CHECK(p->hooks == cases[i].hooks && p->is_blind == cases[i].is_blind, "%s: hooks %x", cases[i].source,
                p->hooks);
        T_CHECK(p->is_enabled == (p->on_failure != LP_SKIP), "%s", cases[i].source);
        done(set);
    }
}

/* The verdict for a message with a finding or without. */
static uint8_t verdict(struct lp_set *set, bool is_found)
{
    static const struct flt_rule rule = { .id = "pii.iban", .pack = "bank", .severity = FLT_HIGH };
    struct flt_finding finding = { .rule = &rule, .confidence = 90 };
    struct flt_findings findings = { .items = &finding, .n = is_found };
    struct lp_activity a = { .platform = "forum", .kind = "post", .audience = "public" };
    const struct lp_seen seen = { .activity = &a, .findings = &findings };
    struct st_err err = ST_ERR_INIT;
    struct lp_opinion opinion = { 0 };

    T_OK(lp_hook_finding(set, &seen, &findings, arena, &opinion, &err), err);
    T_OK(lp_hook_activity(set, &seen, arena, &opinion, &err), err);
    return opinion.verdict;
}

T_TEST(a_guard_that_is_broken_still_guards)
{
    static const struct {
        const char *source;
        uint8_t plain, found; /* verdicts */
    } cases[] = {
        { "return { " HEAD "activity = function() end" SYNTAX, 0, 0 },
        { "return { " HEAD "on_failure = 'coach', activity = function() end" SYNTAX, 2, 2 },
        { "return { " HEAD "on_failure = 'block', activity = function() end" SYNTAX, 4, 4 },
        { "return { " HEAD "on_failure = 'block', finding = function() end" SYNTAX, 0, 4 },
        { "return { " HEAD "on_failure = 'block', detectors = { a = { label = 'x.a' } }" SYNTAX, 4, 4 },
        { "return { " HEAD "on_failure = 'skip', detectors = { a = { label = 'x.a' } }" SYNTAX, 0, 0 },
        { "return { " HEAD "on_failure = 'block', connect = function() end" SYNTAX, 0, 0 },
        { "return { " HEAD "enabled = false, on_failure = 'block', activity = function() end, nonsense = 1 }", 0, 0 },
    };
    const char *plugin;

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("guard");
        const struct lp_connection connection = { .host = ST_SPAN("a.test"), .port = 443, .route = LP_WAY_PASS };
        struct lp_set *set;

        lt_write(dir, "detect/one.lua", cases[i].source);
        set = most(dir);
        T_CHECK(set != NULL, "%s", cases[i].source);
        T_CHECK(verdict(set, false) == cases[i].plain && verdict(set, true) == cases[i].found, "%s: %u %u",
                cases[i].source, verdict(set, false), verdict(set, true));
        T_CHECK((lp_hook_connect(set, &connection, &plugin) == LP_WAY_BLOCK) ==
                    (strstr(cases[i].source, "connect") != NULL),
                "%s", cases[i].source);
        done(set);
    }
}

T_TEST(detectors_of_a_broken_plugin_stay_known)
{
    static const char *const failures[] = { "skip", "block" };

    for (size_t i = 0; i < ST_LEN(failures); i++) {
        const char *dir = lt_dir("detectors");
        static const struct flt_rule rule = { .id = "x.part" };
        const struct flt_hit_asked hit = { .text = ST_SPAN("P1"), .rule = &rule };
        const struct flt_given *given;
        struct lp_set *set;
        char source[512];
        size_t n;

        (void)snprintf(source, sizeof source,
                       "return { " HEAD "on_failure = '%s', detectors = { part = { label = 'x.part', pattern = "
                       "'\\\\bP[0-9]{6}\\\\b', validate = function() return false end } }, nonsense = 1 }",
                       failures[i]);
        lt_write(dir, "detect/one.lua", source);
        set = most(dir);
        T_CHECK(set != NULL && left.n == 1, "%s", source);
        given = lp_detectors(set, &n);
        T_CHECK(n == 1, "%s: policies may name it", source);
        set->plugins[0]->is_live = true;
        T_CHECK(given[0].ask(given[0].ctx, &hit) == (i == 0 ? 0 : FLT_SAID_YES), "%s", source);
        done(set);
    }
}

T_TEST(what_needs_a_file_that_was_left_out_counts_with_its_own_on_failure)
{
    static const struct {
        const char *lib, *first, *second;
        uint8_t wanted;
    } cases[] = {
        { "return {}", "return { api = 1, name = 'test.a', version = '1', title = 'A' oops",
          "return { " HEAD "needs = { plugins = { 'test.a' } }, on_failure = 'block', activity = function() end }", 4 },
        { "return {}", "return { api = 1, name = 'test.a', version = '1', title = 'A' oops",
          "return { " HEAD "needs = { plugins = { 'test.a' } }, activity = function() end }", 0 },
        { "return oops oops", "return { api = 1, name = 'test.a', version = '1', title = 'A' }",
          "local m = stoa.lib('shared') return { " HEAD "on_failure = 'block', activity = function() end }", 4 },
        { "return oops oops", "return { api = 1, name = 'test.a', version = '1', title = 'A' }",
          "local m = stoa.lib('shared') return { " HEAD "needs = { modules = { 'shared' } }, on_failure = 'block', "
          "activity = function() end }",
          4 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("needs-left");
        struct lp_set *set;

        lt_write(dir, "lib/shared.lua", cases[i].lib);
        lt_write(dir, "detect/a.lua", cases[i].first);
        lt_write(dir, "detect/one.lua", cases[i].second);
        set = most(dir);
        T_CHECK(set != NULL && set->n_plugins == 2, "case %zu", i);
        T_CHECK(verdict(set, false) == cases[i].wanted, "case %zu: %u", i, verdict(set, false));
        done(set);
    }
}

T_TEST(rules_are_left_out_by_file)
{
    const char *dir = lt_dir("rules");
    struct lp_set *set;

    lt_write(dir, "curation/bad.curate.lua",
             "curate 'one' { title = 'One', when = phrase 'a' }\ncurate 'two' { title = 'Two', when = nil, x = 1 }");
    lt_write(dir, "curation/good.curate.lua", "curate 'three' { title = 'Three', when = phrase 'b' }");
    lt_write(dir, "curation/json.curate.json", "[{]");
    lt_write(dir, "curation/untrue.curate.lua",
             "curate 'four' { title = 'Four', when = phrase 'b', test = { { 'c', match = true } } }");
    T_CHECK(lt_load(dir, NULL) == NULL && strstr(lt_said, "should match, and does not") != NULL,
            "a reload takes none of it: %s", lt_said);
    set = most(dir);
    T_CHECK(set != NULL && left.n == 3 && lp_curate_count(set) == 1, "%zu left out", left.n);
    done(set);
}

#define GENERIC                                                                                                   \
    "return { api = 1, id = 'generic', version = '1', title = 'Any', fallback = true, secret = { { path = "       \
    "'/login' } }, text_names = { '*text*' }, rules = { { id = 'write', match = { method = 'POST' }, activity = " \
    "{ kind = 'post' } } }, tests = {} }"
#define BOARD  "api = 1, id = 'board', version = '1', title = 'Board', hosts = { 'board.test', '*.board.test' }, "
#define SECRET "secret = { { path = '/enter' } }, "
#define CHECK(path, wanted) \
    "{ name = 'one', method = 'POST', host = 'board.test', path = '" path "', expect = { " wanted " } }"

static bool is_secret(struct lp_set *set, const char *path)
{
    const struct lp_request req = { .method = ST_SPAN("POST"),
                                    .host = ST_SPAN("board.test"),
                                    .path = st_span_str(path) };

    return lp_is_secret_path(set, &req);
}

T_TEST(hosts_of_a_broken_adapter_go_to_the_fallback)
{
    static const struct {
        const char *source, *id;
        bool enters_unread;
    } cases[] = {
        { "return { " BOARD SECRET "oops oops }", "board", false }, /* its text is no word about what stays unread */
        { "return { " BOARD SECRET "rules = { { id = 'x' } }, tests = { " CHECK("/enter", "secret = true") " } }",
          "board", false }, /* what else may be wrong in it? */
        { "return { " BOARD SECRET "rules = {}, tests = { " CHECK("/enter", "secret = true") ", " CHECK(
              "/post", "none = false, rule = 'x'") " } }",
          "board", true },
        { "return { " BOARD SECRET "rules = {}, tests = { " CHECK("/enter", "none = true") " } }", "board", false },
        { "local h = 1 return { id = 'board', hosts = --[[ which? ]] 'board.test' oops", "board", false },
        { "local hosts = { \"board.test\"; -- and\n 'a.test', } return { id = 'board', hosts = hosts oops", "board",
          false },
        { "return { ['hosts'] = { 'board.test' }, oops oops", "board", false },
        { "return { hosts = here.they.are oops", NULL, false },
        { "hosts == { 'board.test' } oops", NULL, false },
        { "return {} oops", NULL, false },
        { "", NULL, false },
        { "return { hosts = { 'board.test'", "board", false },
        { "return { hosts =", NULL, false },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("adapter"), *id;
        const struct lp_request req = { .method = ST_SPAN("POST"),
                                        .host = ST_SPAN("board.test"),
                                        .path = ST_SPAN("/x") };
        const struct lp_route *route;
        struct lp_set *set;

        lt_write(dir, "platforms/generic.lua", GENERIC);
        lt_write(dir, "platforms/board.lua", cases[i].source);
        set = most(dir);
        T_CHECK(set != NULL && left.n == 1, "%s", cases[i].source);
        id = lp_host_platform(set, req.host);
        T_CHECK((id == NULL) == (cases[i].id == NULL) && (id == NULL || strcmp(id, cases[i].id) == 0), "%s: %s",
                cases[i].source, id != NULL ? id : "nobody's");
        route = lp_route_find(set, &req, NULL, NULL);
        T_CHECK(route != NULL && strcmp(lp_route_platform(route), "generic") == 0, "%s", cases[i].source);
        T_CHECK(is_secret(set, "/login") && is_secret(set, "/enter") == cases[i].enters_unread, "%s", cases[i].source);
        done(set);
    }
}

T_TEST(an_adapter_of_an_earlier_folder_takes_over)
{
    char first[512];
    const char *own = lt_dir("takes-over"), *const dirs[] = { first, own, NULL };
    struct lp_sources sources = { .dirs = dirs };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    const struct lp_request req = { .method = ST_SPAN("POST"), .host = ST_SPAN("new.test"), .path = ST_SPAN("/enter") };

    (void)snprintf(first, sizeof first, "%s", own);
    own = lt_dir("takes-over-own"); /* the same buffer */
    lt_write(first, "platforms/board.lua",
             "return { " BOARD SECRET "rules = { { id = 'a', match = { method = 'GET' }, "
             "ignore = true } }, tests = {} }");
    lt_write(first, "platforms/generic.lua", GENERIC);
    lt_write(own, "platforms/board.lua", "return { hosts = { 'new.test' } oops");
    lt_write(own, "platforms/generic.lua", "return { fallback = true oops");
    arena = st_arena_new(1u << 20);
    left.n = 0;
    T_OK(lp_set_load_most(&sources, &left, arena, &set, diag, &err), err);
    T_CHECK(left.n == 2 && set->adapters.n == 2 && lp_platform_about(set, 0).broken == NULL, "%zu", left.n);
    T_CHECK(strcmp(lp_host_platform(set, req.host), "board") == 0 && lp_is_secret_path(set, &req),
            "its hosts are wider");
    T_CHECK(lp_host_platform(set, ST_SPAN("www.board.test")) != NULL, "and as wide as they were");
    st_diag_free(diag);
    done(set);
}

T_TEST(without_its_fallback_nothing_starts)
{
    const char *dir = lt_dir("fallback");
    struct lp_set *set;

    lt_write(dir, "platforms/generic.lua", "return { fallback = true oops");
    set = most(dir);
    T_CHECK(set == NULL, "nothing would be read");
    done(set);
    lt_write(dir, "platforms/generic.lua",
             "return { api = 1, id = 'generic', version = '1', title = 'Any', fallback = "
             "true, tests = {}, oops = 1 }");
    set = most(dir);
    T_CHECK(set == NULL, "nothing would be read");
    done(set);
}

T_TEST(a_plugin_that_needs_a_broken_adapter_counts_with_its_on_failure)
{
    const char *dir = lt_dir("needs-adapter");
    struct lp_set *set;

    lt_write(dir, "platforms/board.lua", "return { hosts = { 'board.test' } oops");
    lt_write(dir, "detect/one.lua",
             "return { " HEAD "needs = { platforms = { 'board' } }, on_failure = 'block', activity = function() end }");
    set = most(dir);
    T_CHECK(set != NULL && verdict(set, false) == 4, "the guard is there");
    done(set);
}

T_TEST(two_broken_files_do_not_hide_each_other)
{
    const char *dir = lt_dir("names");
    struct lp_set *set;

    lt_write(dir, "detect/a b.lua", "return { on_failure = 'block', activity = 1 oops");
    lt_write(dir, "detect/a-b.lua", "return { oops");
    lt_write(dir, "detect/c.lua", "return { api = 1, name = 'a-b.lua', version = '1', title = 'C' }");
    set = most(dir);
    T_CHECK(set != NULL && set->n_plugins == 3 && left.n == 2, "%zu", set != NULL ? set->n_plugins : 0);
    T_CHECK(verdict(set, false) == 4, "the guard is there");
    done(set);
}
