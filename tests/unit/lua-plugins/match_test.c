/* SPDX-License-Identifier: Apache-2.0 */
/* match - routes, secret paths, activities and refusals of the shipped adapters, beyond the files' own tests. */
#include "base/json.h"
#include "host/adapter.h"
#include "lua_t.h"

static struct lp_set *shipped(void)
{
    static const char *const dirs[] = { "lua-plugins", NULL };
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;

    T_OK(lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, diag, &err), err);
    st_diag_free(diag);
    return set;
}

static struct lp_request request(const char *method, const char *host, const char *path, const char *query,
                                 const char *type)
{
    return (struct lp_request){ st_span_str(method), st_span_str(host), st_span_str(path), st_span_str(query),
                                st_span_str(type) };
}

T_TEST(the_last_part_of_a_path_is_its_name)
{
    static const char *const CASES[][2] = {
        { "a", "a" },   { "a/b", "b" },  { "?q", "q" },    { "blocks/#", "blocks" }, { "blocks/#/#", "blocks" },
        { "#/t", "t" }, { "#", "#" },    { "#/#", "#/#" }, /* the leaves of an array that is the whole body */
        { "", "" },     { "?a/#", "a" },
    };

    for (size_t i = 0; i < ST_LEN(CASES); i++) {
        struct st_span part = lp_last_part(st_span_str(CASES[i][0]));

        T_CHECK(st_span_eq(part, st_span_str(CASES[i][1])), "%s gives %.*s", CASES[i][0], (int)part.n,
                (const char *)part.p);
    }
}

T_TEST(secret_paths)
{
    static const struct {
        const char *host, *path, *query;
        bool is_secret;
    } cases[] = {
        { "wiki.test", "/index.php", "title=Special:UserLogin", true },
        { "wiki.test", "/w/index.php", "returnto=X&title=Special%3AUserLogin%2Freturn", true },
        { "wiki.test", "/w/index.php", "title=special:userlogin", true },
        { "wiki.test", "/w/index.php", "title=Special:UserLogi", false },
        { "wiki.test", "/w/index.php", "x=title&y=Special:UserLogin", false },
        { "wiki.test", "/wiki/Special:UserLogin", "", true },
        { "wiki.test", "/wiki/%53pecial:UserLogin", "", true },
        { "wiki.test", "/wiki/Special:UserLogin/x", "", true },
        { "wiki.test", "/wiki/Special:UserLoginx", "", false },
        { "wiki.test", "/api.php", "action=clientlogin&format=json", true },
        { "wiki.test", "/api.php", "action=edit", false },
        { "www.youtube.com", "/index.php", "title=Special:UserLogin", false }, /* claimed by another platform */
        { "www.youtube.com", "/signin", "", true },
        { "shop.test", "/login", "", true },
        { "shop.test", "/de/account/login", "", true },
        { "shop.test", "/login/step2", "", true },
        { "shop.test", "/blogin", "", false },
        { "shop.test", "/", "", false },
        { "shop.test", "", "", false },
        { "shop.test", "/%", "%=%", false },
        { "shop.test", "/ucp.php", "mode=login", true },
    };
    struct lp_set *set = shipped();

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_request req = request("POST", cases[i].host, cases[i].path, cases[i].query, "");

        T_CHECK(lp_is_secret_path(set, &req) == cases[i].is_secret, "%s%s?%s", cases[i].host, cases[i].path,
                cases[i].query);
    }
    lp_set_release(set);
}

T_TEST(a_route_without_the_body_says_whether_it_needs_one)
{
    static const struct {
        const char *method, *host, *path, *query, *type, *route;
        bool needs_body;
    } cases[] = {
        { "POST", "wiki.test", "/index.php", "title=X&action=submit", "multipart/form-data; boundary=B", "form", true },
        { "POST", "wiki.test", "/api.php", "action=edit", "application/x-www-form-urlencoded", "api-edit-query", true },
        { "GET", "wiki.test", "/index.php", "title=X", "", "view", false },
        { "GET", "wiki.test", "/index.php", "title=X&action=history", "", NULL, false },
        { "GET", "shop.test", "/x", "", "", NULL, false },
        { "GET", "oauth.reddit.com", "/r/all/comments/ab1/", "", "", "view", false },
        { "GET", "oauth.reddit.com", "/r/all/comments/", "", "", "community", false }, /* '*' is a segment */
        { "POST", "shop.test", "/x", "", "application/json", "write", false },
        { "POST", "www.youtube.com", "/youtubei/v1/comment/create_comment", "", "application/json", "comment", false },
        { "POST", "www.youtube.com", "/youtubei/v1/log_event", "", "application/json", NULL, false },
        { "POST", "www.youtube.com", "/youtubei/v1/search", "", "application/json", NULL, true },
    };
    struct lp_set *set = shipped();

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_request req = request(cases[i].method, cases[i].host, cases[i].path, cases[i].query, cases[i].type);
        bool needs_body;
        const struct lp_route *r = lp_route_find(set, &req, NULL, &needs_body);

        T_CHECK(cases[i].route == NULL ? r == NULL : r != NULL && strcmp(r->id, cases[i].route) == 0, "%s%s: %s",
                cases[i].host, cases[i].path, r != NULL ? r->id : "none");
        T_CHECK(needs_body == cases[i].needs_body, "%s%s?%s", cases[i].host, cases[i].path, cases[i].query);
    }
    lp_set_release(set);
}

static const char message[] = "A bank account \"DE\\89\" <b>\n";

T_TEST(refusals_are_valid_in_their_shape)
{
    static const struct {
        const char *method, *host, *path, *query, *type;
        unsigned status;
        bool is_page;
    } cases[] = {
        { "POST", "www.youtube.com", "/youtubei/v1/comment/create_comment", "", "application/json", 403, false },
        { "POST", "wiki.test", "/api.php", "action=edit", "application/x-www-form-urlencoded", 200, false },
        { "POST", "shop.test", "/x", "", "application/json", 403, false },
        { "POST", "shop.test", "/x", "", "multipart/form-data", 403, true },
    };
    struct lp_set *set = shipped();

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_request req = request(cases[i].method, cases[i].host, cases[i].path, cases[i].query, cases[i].type);
        struct st_arena *arena = st_arena_new(1u << 20);
        struct st_err err = ST_ERR_INIT;
        struct lp_denial d;
        bool needs_body;
        json_t *json = NULL;

        T_OK(lp_deny(lp_route_find(set, &req, NULL, &needs_body), arena, message, "R-1", &d, &err), err);
        T_CHECK(d.status == cases[i].status && d.is_page == cases[i].is_page, "%s: %u", cases[i].path, d.status);
        if (!d.is_page) {
            T_OK(st_json_read(d.body, "refusal", &json, NULL, &err), err);
            T_CHECK(st_span_find(d.body, ST_SPAN("R-1")) != ST_SPAN_NPOS, "no id");
            json_decref(json);
        }
        st_arena_free(arena);
    }
    lp_set_release(set);
}

static const struct lp_activity *act(struct lp_set *set, struct st_arena *arena, const struct lp_request *req,
                                     const char *body, struct flt_doc **doc)
{
    static struct lp_activity a;
    struct flt_input in = {
        .query = req->query, .body = st_span_str(body), .content_type = req->content_type, .plain_limit = 1u << 20
    };
    struct st_err err = ST_ERR_INIT;
    const struct lp_route *r;
    bool needs_body;

    T_OK(flt_decode(arena, &in, doc, &err), err);
    r = lp_route_find(set, req, *doc, &needs_body);
    T_CHECK(r != NULL && !needs_body, "no route");
    return lp_activity_read(set, r, &(struct lp_exchange){ req, *doc }, arena, &a, &err) == ST_OK ? &a : NULL;
}

T_TEST(titles_and_urls_are_canonical)
{
    static const struct {
        const char *path, *query, *title, *url;
    } cases[] = {
        { "/index.php", "title=A_B", "A B", "https://wiki.test/index.php?title=A_B" },
        { "/index.php", "title=A+B&oldid=7", "A B", "https://wiki.test/index.php?title=A_B" },
        { "/index.php", "title=A%26b%3D1", "A&b=1", "https://wiki.test/index.php?title=A%26b%3D1" },
        { "/wiki/A/B", "", "A/B", "https://wiki.test/wiki/A/B" },
        { "/w/index.php/%C3%9Cber", "x=1", "Über", "https://wiki.test/w/index.php/%C3%9Cber" },
        { "/index.php", "title=100%", "100%", "https://wiki.test/index.php?title=100%25" },
    };
    struct lp_set *set = shipped();

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_request req = request("GET", "wiki.test", cases[i].path, cases[i].query, "");
        struct flt_doc *doc;
        const struct lp_activity *a = act(set, arena, &req, "", &doc);

        T_CHECK(a != NULL && st_span_eq(a->title, st_span_str(cases[i].title)), "%s: %.*s", cases[i].path,
                (int)a->title.n, (const char *)a->title.p);
        T_CHECK(st_span_eq(a->url, st_span_str(cases[i].url)), "%s?%s: %.*s", cases[i].path, cases[i].query,
                (int)a->url.n, (const char *)a->url.p);
        st_arena_free(arena);
    }
    lp_set_release(set);
}

T_TEST(secrets_of_a_login_body_are_marked_before_anything_is_read)
{
    struct lp_set *set = shipped();
    struct st_arena *arena = st_arena_new(1u << 20);
    struct lp_request req = request("POST", "wiki.test", "/api.php", "", "application/x-www-form-urlencoded");
    struct flt_doc *doc;

    T_CHECK(act(set, arena, &req, "action=login&lgname=Ana&lgpassword=hush&text=long+enough", &doc) == NULL, "seen");
    for (size_t i = 0; i < doc->n; i++)
        T_CHECK(doc->fields[i].is_secret, "field %zu is shown", i);
    st_arena_free(arena);
    lp_set_release(set);
}

T_TEST(odd_watch_pings)
{
    static const struct {
        const char *query;
        size_t n;
        uint64_t length_ms;
        bool is_final;
    } cases[] = {
        { "docid=a&st=0,10,20&et=5,15,25&len=30.5", 3, 30500, false },
        { "docid=a&st=5&et=0", 0, 0, false },
        { "docid=a&st=x&et=1", 0, 0, false },
        { "docid=a&st=0,1&et=2", 1, 0, false },
        { "docid=a&st=&et=", 0, 0, false },
        { "docid=a&st=0.123456&et=1.9999&final=1", 1, 0, true },
        { "docid=a&st=0&et=99999999999999999999", 0, 0, false },
        { "docid=a", 0, 0, false },
        { "docid=a&st=0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
          "0,0,0,"
          "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0&et=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
          "1,1,1"
          ",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
          64, 0, false },
    };
    struct lp_set *set = shipped();

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_request req = request("GET", "www.youtube.com", "/api/stats/watchtime", cases[i].query, "");
        struct flt_doc *doc;
        const struct lp_activity *a = act(set, arena, &req, "", &doc);

        T_CHECK(a != NULL && a->n_intervals == cases[i].n, "%s: %zu intervals", cases[i].query, a->n_intervals);
        T_CHECK(a->length_ms == cases[i].length_ms && a->is_final == cases[i].is_final, "%s: %llu", cases[i].query,
                (unsigned long long)a->length_ms);
        T_CHECK(strcmp(a->kind, cases[i].is_final ? "watch.end" : "watch.progress") == 0, "%s", a->kind);
        st_arena_free(arena);
    }
    lp_set_release(set);
}

T_TEST(an_activity_survives_every_oom)
{
    struct lp_set *set = shipped();

    for (int nth = 1;; nth++) {
        struct st_arena *arena = st_arena_new(1u << 20);
        struct lp_request req =
            request("POST", "wiki.test", "/index.php", "title=A_B&action=submit", "application/x-www-form-urlencoded");
        struct flt_input in = { .query = req.query,
                                .body = ST_SPAN("wpTextbox1=some+text&wpSummary=x&wpEditToken=y"),
                                .content_type = req.content_type,
                                .plain_limit = 1u << 20 };
        struct st_err err = ST_ERR_INIT;
        struct flt_doc *doc;
        struct lp_activity a;
        bool needs_body, is_end;
        enum st_rc rc;

        T_OK(flt_decode(arena, &in, &doc, &err), err);
        t_fail_alloc(nth);
        rc = lp_activity_read(set, lp_route_find(set, &req, doc, &needs_body), &(struct lp_exchange){ &req, doc },
                              arena, &a, &err);
        is_end = !t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK || err.code == ST_E_NOMEM, "%s", err.what);
        st_arena_free(arena);
        if (is_end)
            break;
    }
    lp_set_release(set);
}

T_TEST(an_arena_that_is_full_is_an_error)
{
    struct lp_set *set = shipped();
    struct lp_request req = request("POST", "shop.test", "/x", "", "application/x-www-form-urlencoded");
    struct flt_input in = { .body = ST_SPAN("text=some+longer+text"),
                            .content_type = req.content_type,
                            .plain_limit = 1u << 20 };
    struct st_arena *arena = st_arena_new(1u << 20), *small = st_arena_new(64);
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;
    struct lp_activity a;
    bool needs_body;

    T_OK(flt_decode(arena, &in, &doc, &err), err);
    T_CHECK(lp_activity_read(set, lp_route_find(set, &req, doc, &needs_body), &(struct lp_exchange){ &req, doc }, small,
                             &a, &err) == ST_ERR &&
                err.code == ST_E_LIMIT,
            "%s", err.what);
    st_arena_free(small);
    st_arena_free(arena);
    lp_set_release(set);
}

T_TEST(a_wrong_platform_file_is_explained)
{
#define FORUM "return { api = 1, id = 'forum', version = '1', title = 'F', hosts = { 'forum.test' }, "
    static const struct {
        const char *source, *said;
    } cases[] = {
        { "return 5", "must return a table" },
        { FORUM "}", "'tests' is missing" },
        { FORUM "tests = {}, rule = {} }", "unknown key 'rule'" },
        { FORUM "tests = {}, rules = { { id = 'x' } } }", "'match' is missing" },
        { FORUM "tests = {}, rules = { { id = 'x', match = { path = 'x' }, ignore = true } } }",
          "must begin with '/'" },
        { FORUM "tests = {}, rules = { { id = 'x', match = {} } } }", "needs 'activity'" },
        { FORUM "tests = {}, rules = { { id = 'x', match = {}, activity = { kind = 'comnent' } } } }",
          "did you mean 'comment'?" },
        { FORUM "tests = {}, rules = { { id = 'x', match = { query = { a = 1 } }, ignore = true } } }",
          "'a' must be true" },
        { FORUM "tests = {}, rules = { { id = 'x', match = {}, ignore = true, deny = { status = 99, body = '' } } } }",
          "between 200 and 599" },
        { FORUM "tests = { { name = 'n', host = 'forum.test', path = '/', expect = { rule = 'r' } } } }",
          "rule should be 'r', is 'none'" },
        { FORUM "tests = {}, secret = { {} } }", "needs 'path' or 'query'" },
        { FORUM "tests = {}, hosts = 5 }", "'hosts' must be a string or a list" },
        { "return { api = 1, id = 'Forum X', version = '1', title = 'F', hosts = 'x', tests = {} }", "'id' must be" },
        { "return setmetatable({}, { __index = function() while true do end end })", "'id' is missing" },
        { "local t = {} t.rules = t return t", "'id' is missing" },
        { "return { rules = setmetatable({}, { __len = function() return 1e9 end }) }", "'id' is missing" },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const char *dir = lt_dir("platform");

        lt_write(dir, "platforms/forum.lua", cases[i].source);
        T_CHECK(lt_load(dir, NULL) == NULL, "loaded: %s", cases[i].source);
        T_CHECK(strstr(lt_said, cases[i].said) != NULL, "%s said: %s", cases[i].source, lt_said);
    }
}

T_TEST(globs)
{
    static const struct {
        const char *glob, *name;
        bool held;
    } cases[] = { { "*pass*", "userPassword", true }, { "*pass*", "pas", false },  { "pass", "PASS", true },
                  { "pass", "passx", false },         { "*_id", "post_id", true }, { "*_id", "post_ids", false },
                  { "raw*", "rawText", true },        { "*", "x", true },          { "*", "", true } };

    for (size_t i = 0; i < ST_LEN(cases); i++)
        T_CHECK(lp_glob(cases[i].glob, st_span_str(cases[i].name)) == cases[i].held, "%s %s", cases[i].glob,
                cases[i].name);
}
