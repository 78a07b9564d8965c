/* SPDX-License-Identifier: Apache-2.0 */
/* hooks - what it costs to ask plugins that have nothing to say, hook by hook, without a network.
 *
 * One plugin with five empty hooks, and five plugins with an empty `activity`, are asked as the chain asks them.
 * Printed is CPU time a call, the best of some rounds, since a shared machine only ever adds. It is no test: a hook
 * that became dear shows as a figure that rose. `hooks [NAME]`: all of them unless one is named.
 */
#include "lua-plugins/plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CALLS  20000u
#define ROUNDS 15

static struct lp_set *one, *five; /* a plugin with five hooks; five plugins with one */

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "hooks: %s\n", what);
    exit(1);
}

static struct lp_set *load(const char *dir, unsigned plugins, const char *hooks)
{
    const char *const dirs[] = { dir, NULL };
    struct st_err err = ST_ERR_INIT;
    struct lp_set *set = NULL;
    char path[256];

    (void)snprintf(path, sizeof path, "%s/detect", dir);
    must(mkdir(dir, 0700) == 0 && mkdir(path, 0700) == 0, "mkdir");
    for (unsigned i = 0; i < plugins; i++) {
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/detect/%u.lua", dir, i);
        must((file = fopen(path, "w")) != NULL, path);
        fprintf(file, "return { api = 1, name = 'bench.p%u', version = '1', title = 'P', %s }\n", i, hooks);
        fclose(file);
    }
    must(lp_set_load(&(struct lp_sources){ .dirs = dirs }, &set, NULL, &err) == ST_OK, "load");
    return set;
}

/* ---- what is asked ----------------------------------------------------------------------------------------------- */

static struct lp_activity post = { .platform = "forum",
                                   .kind = "post",
                                   .audience = "public",
                                   .confidence = 100,
                                   .text = ST_SPAN("Has anybody tried this with a newer kernel?") };
static const struct lp_request req = { .method = ST_SPAN("POST"),
                                       .host = ST_SPAN("forum.test"),
                                       .path = ST_SPAN("/posts"),
                                       .content_type = ST_SPAN("application/json") };
static const struct lp_connection connection = { .host = ST_SPAN("forum.test"), .port = 443, .route = LP_WAY_INSPECT };

static void ask_connect(struct st_arena *arena)
{
    const char *plugin;

    (void)arena;
    must(lp_hook_connect(one, &connection, &plugin) == LP_WAY_OPEN, "connect");
}

static struct st_span no_header(const void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return ST_SPAN_NONE;
}

static void ask_request(struct st_arena *arena)
{
    const struct lp_asked asked = { .req = &req, .platform = "forum", .header = no_header };
    struct st_err err = ST_ERR_INIT;
    const struct lp_facts *facts;

    must(lp_hook_request(one, &asked, arena, &facts, &err) == ST_OK, "request");
}

static void ask_finding(struct st_arena *arena)
{
    static const struct flt_rule rule = { .id = "pii.iban", .pack = "bank", .severity = FLT_HIGH };
    struct flt_finding finding = { .rule = &rule, .confidence = 90 };
    struct flt_findings findings = { .items = &finding, .n = 1 };
    const struct lp_seen seen = { .activity = &post, .findings = &findings };
    struct lp_opinion opinion = { 0 };
    struct st_err err = ST_ERR_INIT;

    must(lp_hook_finding(one, &seen, &findings, arena, &opinion, &err) == ST_OK, "finding");
}

static void ask_activity_of(struct lp_set *set, struct st_arena *arena)
{
    const struct flt_findings none = { .n = 0 };
    const struct lp_seen seen = { .activity = &post, .findings = &none };
    struct lp_opinion opinion = { 0 };
    struct st_err err = ST_ERR_INIT;

    must(lp_hook_activity(set, &seen, arena, &opinion, &err) == ST_OK, "activity");
}

static void ask_activity(struct st_arena *arena)
{
    ask_activity_of(one, arena);
}

static void ask_five(struct st_arena *arena)
{
    ask_activity_of(five, arena);
}

static void ask_record(struct st_arena *arena)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf details;

    (void)arena;
    st_buf_init(&details, 4096);
    st_buf_str(&details, "{\"platform\":\"forum\",\"activity\":\"post\",\"host\":\"forum.test\",\"verdict\":\"note\"}");
    must(lp_hook_record(one, "decision", &details, &err) == ST_OK, "record");
    st_buf_fini(&details);
}

static const struct {
    const char *name;
    void (*ask)(struct st_arena *arena);
} asks[] = { { "connect", ask_connect },   { "request", ask_request }, { "finding", ask_finding },
             { "activity", ask_activity }, { "record", ask_record },   { "five", ask_five } };

static double cost(void (*ask)(struct st_arena *arena))
{
    double best = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct st_arena *arena = st_arena_new((size_t)64 << 20);
        double since = now_ns(), took;

        for (unsigned i = 0; i < CALLS; i++)
            ask(arena);
        took = (now_ns() - since) / CALLS;
        best = round == 0 || took < best ? took : best;
        st_arena_free(arena);
    }
    return best;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/stoa-bench-hooks-XXXXXX", path[64], clear[64];

    must(mkdtemp(dir) != NULL, "mkdtemp");
    (void)snprintf(path, sizeof path, "%s/one", dir);
    one = load(path, 1,
               "connect = function() end, request = function() end, finding = function() end, activity = function() "
               "end, record = function() end");
    (void)snprintf(path, sizeof path, "%s/five", dir);
    five = load(path, 5, "activity = function() end");
    (void)snprintf(clear, sizeof clear, "rm -r '%s'", dir);
    must(system(clear) == 0, "rm");
    for (size_t i = 0; i < ST_LEN(asks); i++)
        if (argc < 2 || strcmp(argv[1], asks[i].name) == 0)
            printf("%-10s %7.0f ns\n", asks[i].name, cost(asks[i].ask));
    lp_set_release(one);
    lp_set_release(five);
    return 0;
}
