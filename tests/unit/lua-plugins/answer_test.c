/* SPDX-License-Identifier: Apache-2.0 */
/* answer - what a platform's answer adds to an activity, and what it must not. */
#include "lua_t.h"

struct asked {
    struct lp_set *set;
    struct st_arena *arena;
    struct lp_request req;
    const struct lp_route *route;
    struct lp_activity activity;
};

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

static void ask(struct asked *a)
{
    struct flt_input in = { .body = ST_SPAN("thing_id=t3_ab&text=Thanks"),
                            .content_type = ST_SPAN("application/x-www-form-urlencoded") };
    struct st_err err = ST_ERR_INIT;
    struct flt_doc *doc;
    bool needs_body;

    a->req = (struct lp_request){ ST_SPAN("POST"), ST_SPAN("oauth.reddit.com"), ST_SPAN("/api/comment"), ST_SPAN_NONE,
                                  in.content_type };
    T_OK(flt_decode(a->arena, &in, &doc, &err), err);
    a->route = lp_route_find(a->set, &a->req, doc, &needs_body);
    T_CHECK(a->route != NULL, "no route");
    T_OK(lp_activity_read(a->set, a->route, &(struct lp_exchange){ &a->req, doc }, a->arena, &a->activity, &err), err);
}

static const char good[] = "{\"json\":{\"data\":{\"things\":[{\"data\":{\"name\":\"t1_c\",\"author\":\"ana\"}}]}}}";

T_TEST(only_a_success_that_names_something_confirms)
{
    static const struct {
        unsigned status;
        const char *type, *body, *id, *parent;
    } cases[] = {
        { 200, "application/json", good, "t1_c", "t3_ab" },
        { 201, "application/json", good, "t1_c", "t3_ab" },
        { 199, "application/json", good, "t3_ab", "t3_ab" },
        { 302, "application/json", good, "t3_ab", "t3_ab" },
        { 403, "application/json", good, "t3_ab", "t3_ab" },
        { 200, "application/json", "", "t3_ab", "t3_ab" },
        { 200, "application/json", "{\"json\":{\"errors\":[[\"RATELIMIT\",\"wait\",\"x\"]]}}", "t3_ab", "t3_ab" },
        { 200, "application/json", "{\"json\":{\"data\":{\"things\":[{\"data\":{\"na", "t3_ab", "t3_ab" },
        { 200, "application/json", "\xff\xfe{", "t3_ab", "t3_ab" },
        { 200, "text/html", "<title>t</title>", "t3_ab", "t3_ab" },
    };
    struct asked a = { .set = shipped() };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct lp_answer answer = { .status = cases[i].status,
                                    .content_type = st_span_str(cases[i].type),
                                    .body = st_span_str(cases[i].body),
                                    .plain_limit = 1u << 20 };
        struct st_err err = ST_ERR_INIT;

        a.arena = st_arena_new(1u << 20);
        ask(&a);
        T_OK(lp_answer_read(a.route, &a.req, &answer, a.arena, &a.activity, &err), err);
        T_CHECK(st_span_eq(a.activity.object_id, st_span_str(cases[i].id)), "%u %s: %.*s", cases[i].status,
                cases[i].body, (int)a.activity.object_id.n, (const char *)a.activity.object_id.p);
        T_CHECK(st_span_eq(a.activity.parent_id, st_span_str(cases[i].parent)), "%u %s: parent", cases[i].status,
                cases[i].body);
        T_CHECK((a.activity.phase == LP_CONFIRM) == (strcmp(cases[i].id, "t1_c") == 0), "%u %s: phase", cases[i].status,
                cases[i].body);
        st_arena_free(a.arena);
    }
    lp_set_release(a.set);
}

T_TEST(an_answer_survives_every_oom)
{
    struct asked a = { .set = shipped() };

    for (int nth = 1;; nth++) {
        struct lp_answer answer = { .status = 200,
                                    .content_type = ST_SPAN("application/json"),
                                    .body = st_span_str(good),
                                    .plain_limit = 1u << 20 };
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;
        bool failed;

        a.arena = st_arena_new(1u << 20);
        ask(&a);
        t_fail_alloc(nth);
        rc = lp_answer_read(a.route, &a.req, &answer, a.arena, &a.activity, &err);
        failed = t_alloc_failed();
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK ? st_span_eq(a.activity.object_id, ST_SPAN("t1_c")) : err.code == ST_E_NOMEM,
                "allocation %d: %s", nth, st_e_name(err.code));
        st_arena_free(a.arena);
        if (!failed)
            break;
    }
    lp_set_release(a.set);
}
