/* SPDX-License-Identifier: Apache-2.0 */
/* lookup - the rule of a request, asked at once or in two steps: what a head tells is kept in pages, which nobody sees.
 */
#include "lua_t.h"

#define RULES 40u /* with one head: more than a sight holds */

static const char beginning[] =
    "local rules = {}\n"
    "for i = 0, 39 do\n"
    "  rules[#rules + 1] = { id = 'r' .. i, match = { method = 'POST', body = { has = { 'k' .. i } } },\n"
    "    activity = { kind = 'post' }, deny = 'page' }\n"
    "end\n";
static const char adapter[] =
    "return { api = 1, id = 'many', version = '1', title = 'Many', hosts = { 'many.test' }, rules = rules,\n"
    "tests = { { name = 'a', method = 'POST', host = 'many.test', path = '/x', type = 'application/json',\n"
    "  body = '{\"k3\":\"x\"}', expect = { rule = 'r3' } } } }\n";
static const char last[] =
    "rules[#rules + 1] = { id = 'last', match = { method = 'POST' }, activity = { kind = 'post' },\n"
    "  deny = 'page' }\n";

static struct lp_set *many(bool has_last)
{
    const char *dir = lt_dir(has_last ? "last" : "many");
    char text[2048];
    struct lp_set *set;

    (void)snprintf(text, sizeof text, "%s%s%s", beginning, has_last ? last : "", adapter);
    lt_write(dir, "platforms/many.lua", text);
    set = lt_load(dir, NULL);
    T_CHECK(set != NULL, "%s", lt_said);
    return set;
}

static const struct lp_request head = { { (const uint8_t *)"POST", 4 },
                                        { (const uint8_t *)"many.test", 9 },
                                        { (const uint8_t *)"/x", 2 },
                                        { NULL, 0 },
                                        { (const uint8_t *)"application/json", 16 } };

static void check(const struct lp_set *set, const struct lp_sight *sight, const char *key, const char *rule)
{
    struct st_arena *arena = st_arena_new(1u << 20);
    char body[64];
    struct flt_input in = { .content_type = head.content_type, .plain_limit = 1u << 20 };
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;
    const struct lp_route *r;
    bool needs_body;

    (void)snprintf(body, sizeof body, "{\"%s\":\"x\"}", key);
    in.body = st_span_str(body);
    T_OK(flt_decode(arena, &in, &doc, &err), err);
    r = lp_route_seen(set, &head, sight, doc, &needs_body);
    T_CHECK(strcmp(r != NULL ? lp_route_id(r) : "none", rule) == 0, "%s: %s", key, r != NULL ? lp_route_id(r) : "none");
    T_CHECK(!needs_body && r == lp_route_find(set, &head, doc, NULL), "%s: the two ways differ", key);
    st_arena_free(arena);
}

#define ANY(id, host)                                                                                                \
    "local known = { '" host "' }\nreturn { api = 1, id = '" id "', version = '1', title = 'Any', anywhere = true, " \
    "hosts = known,\nsecret = { { host = known, path = '/enter' } },\nrules = { { id = 'look', match = { method = "  \
    "'GET', host = known, path = '/t/*' }, activity = { kind = 'view' } } }, tests = {} }"

struct bound_case {
    struct lp_bound bound[2];
    const char *host, *platform, *said;
};

static void check_bound(const char *dir, const struct bound_case *c)
{
    const char *const dirs[] = { dir, NULL };
    const struct lp_sources sources = { .dirs = dirs, .bound = c->bound, .n_bound = c->bound[1].hosts != NULL ? 2 : 1 };
    struct lp_request req = { .method = ST_SPAN("GET"), .host = st_span_str(c->host), .path = ST_SPAN("/t/1") };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    const char *platform;

    if (lp_set_load(&sources, &set, diag, &err) != ST_OK) {
        T_CHECK(c->said != NULL && st_diag_count(diag) == 1 && strcmp(st_diag_at(diag, 0)->text, c->said) == 0,
                "%s: %s", c->host, st_diag_count(diag) > 0 ? st_diag_at(diag, 0)->text : err.what);
        T_CHECK(st_diag_at(diag, 0)->line == 7 && strcmp(st_diag_at(diag, 0)->file, "stoa.yaml") == 0, "%s", c->host);
    } else {
        platform = lp_host_platform(set, req.host);
        T_CHECK(c->said == NULL && strcmp(platform != NULL ? platform : "", c->platform) == 0, "%s: %s", c->host,
                platform != NULL ? platform : "nobody's");
        T_CHECK((lp_route_find(set, &req, NULL, NULL) != NULL) == (platform != NULL), "%s: its rules hold there",
                c->host);
        req.path = ST_SPAN("/enter");
        T_CHECK(lp_is_secret_path(set, &req) == (platform != NULL), "%s: so do its login paths", c->host);
    }
    lp_set_release(set);
    st_diag_free(diag);
}

T_TEST(a_site_says_what_runs_on_its_hosts)
{
    static const char *const forum[] = { "forum.test", "*.talk.test", NULL };
    static const char *const wiki[] = { "wiki.test", "x.talk.test", NULL };
    static const char *const known[] = { "two.test", NULL };
#define AT .file = "stoa.yaml", .pos = { 7, 3 }
    static const struct bound_case cases[] = {
        { { { "one", AT, .hosts = forum } }, "forum.test", "one", NULL },
        { { { "one", AT, .hosts = forum } }, "forum.test.", "one", NULL },
        { { { "one", AT, .hosts = forum } }, "a.b.talk.test", "one", NULL },
        { { { "one", AT, .hosts = forum } }, "talk.test", "", NULL },
        { { { "one", AT, .hosts = forum } }, "one.test", "one", NULL },
        { { { "one", AT, .hosts = forum } }, "other.test", "", NULL },
        { { { "one", AT, .hosts = forum }, { "two", AT, .hosts = wiki } }, "x.talk.test", "two", NULL },
        { { { "one", AT, .hosts = forum }, { "two", AT, .hosts = wiki } }, "y.talk.test", "one", NULL },
        { { { "one", AT, .hosts = known } }, "two.test", "one", NULL }, /* whatever the other one claims */
        { { { "one", AT, .hosts = forum }, { "one", AT, .hosts = forum } }, "forum.test", "one", NULL },
        { { { "one", AT, .hosts = wiki }, { "two", AT, .hosts = wiki + 1 } },
          "x.talk.test",
          NULL,
          "platforms: 'x.talk.test' is named for two platforms; leave one of them out" },
        { { { "onee", AT, .hosts = forum } },
          "forum.test",
          NULL,
          "platforms: there is no adapter 'onee'; did you mean 'one'?" },
        { { { "discourse", AT, .hosts = forum } },
          "forum.test",
          NULL,
          "platforms: there is no adapter 'discourse'; `stoa adapter list` names them all" },
    };
    const char *dir = lt_dir("bound");

    lt_write(dir, "platforms/one.lua", ANY("one", "one.test"));
    lt_write(dir, "platforms/two.lua", ANY("two", "two.test"));
    for (size_t i = 0; i < ST_LEN(cases); i++)
        check_bound(dir, &cases[i]);
}

T_TEST(more_rules_than_a_page_holds_are_all_asked)
{
    for (int has_last = 0; has_last < 2; has_last++) {
        struct lp_set *set = many(has_last == 1);
        struct lp_sight sight;
        bool needs_body;
        const struct lp_route *r;

        lp_look(set, &head, &sight);
        T_CHECK(sight.n == LP_SIGHT_RULES && !sight.is_whole, "%zu rules", sight.n);
        for (unsigned i = 0; i < RULES; i++) {
            char key[8], rule[8];

            (void)snprintf(key, sizeof key, "k%u", i);
            (void)snprintf(rule, sizeof rule, "r%u", i);
            check(set, &sight, key, rule);
        }
        check(set, &sight, "other", has_last == 1 ? "last" : "none");
        r = lp_route_seen(set, &head, &sight, NULL, &needs_body);
        T_CHECK(needs_body && (r != NULL) == (has_last == 1), "before the body");
        lp_set_release(set);
    }
}

T_TEST(a_head_that_no_rule_knows_is_seen_whole)
{
    struct lp_set *set = many(false);
    struct lp_request other = head;
    struct lp_sight sight;
    bool needs_body = true;

    other.method = ST_SPAN("GET");
    lp_look(set, &other, &sight);
    T_CHECK(sight.n == 0 && sight.is_whole, "%zu rules", sight.n);
    T_CHECK(lp_route_seen(set, &other, &sight, NULL, &needs_body) == NULL && !needs_body, "a rule");
    lp_set_release(set);
}
