/* SPDX-License-Identifier: Apache-2.0 */
/* shortlist - a set may hold too many heads, never too few, and gives them in their order. */
#include "host/adapter.h"
#include "lua_t.h"

#define MANY 150u

struct named {
    struct lp_head head;
    const char *name;
};

static struct lp_request request(const char *method, const char *path)
{
    return (struct lp_request){ .method = st_span_str(method), .path = st_span_str(path) };
}

static void make(struct lp_shortlist *out, struct st_arena *arena, const struct named *list, size_t n)
{
    struct lp_conf c = { .arena = arena };

    lp_shortlist_make(&c, out, list, sizeof *list, n);
}

T_TEST(what_is_left_is_what_the_bytes_allow)
{
    static const char *const POST[] = { "POST", NULL }, *const READS[] = { "GET", "HEAD", NULL };
    static const char *const LOGIN[] = { "/login", "/session/new", NULL }, *const TREE[] = { "/api/**", NULL };
    static const char *const ANY_FIRST[] = { "/**/edit", NULL }, *const ROOT[] = { "/", NULL };
    static const char *const SLASH[] = { "/Up/", NULL };
    static const struct named LIST[] = {
        { { .paths = LOGIN, .methods = POST }, "l" },
        { { .paths = TREE }, "t" },
        { { .paths = ANY_FIRST, .methods = READS }, "e" },
        { { .paths = ROOT }, "r" },
        { { .paths = SLASH }, "s" },
        { { .methods = READS }, "m" },
    };
    static const struct {
        const char *method, *path, *left;
    } CASES[] = {
        { "POST", "/login", "lr" },       { "POST", "/login/", "lr" }, { "post", "/LOGIN", "lr" },
        { "POST", "/session/new", "lr" }, { "POST", "/sea", "r" },     { "GET", "/login", "rm" },
        { "GET", "/api/x", "trm" },       { "POST", "/api/x", "tr" },  { "HEAD", "/w/edit", "erm" },
        { "PUT", "/up", "rs" },           { "PUT", "/up/", "rs" },     { "GET", "/", "terms" },
        { "POST", "/%6cogin", "ltrs" },   { "GET", "", "terms" },      { "", "/zz", "rm" },
        { "WEBSOCKET", "/7", "r" },
    };
    struct st_arena *arena = st_arena_new(65536);
    struct lp_shortlist list;

    make(&list, arena, LIST, ST_LEN(LIST));
    for (size_t i = 0; i < ST_LEN(CASES); i++) {
        struct lp_request req = request(CASES[i].method, CASES[i].path);
        struct lp_glimpse glimpse = lp_glimpse_of(&req);
        size_t left = 0, wanted = strlen(CASES[i].left);

        for (size_t k = 0; (k = lp_shortlist_next(&list, glimpse, k)) < list.n; k++, left++)
            T_CHECK(strchr(CASES[i].left, LIST[k].name[0]) != NULL, "%s %s: %s is left", CASES[i].method, CASES[i].path,
                    LIST[k].name);
        T_CHECK(left == wanted, "%s %s: %zu left, not %zu", CASES[i].method, CASES[i].path, left, wanted);
    }
    st_arena_free(arena);
}

T_TEST(long_lists_keep_their_order)
{
    static const char *const EVEN[] = { "/even", NULL }, *const ODD[] = { "/odd", NULL };
    static struct named list[MANY];
    struct lp_request req = request("GET", "/odd");
    struct st_arena *arena = st_arena_new(65536);
    struct lp_shortlist all, none;
    size_t wanted = 1;

    for (size_t i = 0; i < MANY; i++)
        list[i].head.paths = i % 2 == 0 ? EVEN : ODD;
    make(&all, arena, list, MANY);
    for (size_t k = 0; (k = lp_shortlist_next(&all, lp_glimpse_of(&req), k)) < MANY; k++, wanted += 2)
        T_CHECK(k == wanted, "%zu, not %zu", k, wanted);
    T_CHECK(wanted == MANY + 1, "ends at %zu", wanted);
    make(&none, arena, list, 0);
    T_CHECK(lp_shortlist_next(&none, lp_glimpse_of(&req), 0) == 0, "an empty list leaves something");
    st_arena_free(arena);
}
