/* SPDX-License-Identifier: Apache-2.0 */
/* profile - what a plugin costs: its tests and posts played in rounds, CPU time of every call, and memory.
 *
 * The time is that of a whole call as the gateway makes it, the watchdog's own included. Each case is played on a copy
 * with the case's settings; the loads of the copies are the samples of the load hook.
 */
#include "set.h"
#include "trial.h"
#include <stdlib.h>
#include <string.h>

#define CASE_ARENA  ((size_t)1 << 20)
#define SAMPLES_MAX 200000u
#define POSTS_MAX   1000u

struct samples {
    uint64_t *ns;
    size_t n, failed;
};
struct profiler {
    const struct lp_plugin *plugin;
    const struct lp_profile_load *load;
    struct samples hooks[LP_HOOK_COUNT];
    size_t used, most; /* memory */
    struct st_err *err;
};

static void take_sample(struct samples *to, uint64_t since, enum st_rc rc)
{
    if (to->n < SAMPLES_MAX)
        to->ns[to->n++] = lp_cpu_ns() - since;
    to->failed += rc != ST_OK;
}

static enum st_rc play_round(struct profiler *f, struct lp_plugin *copy, const struct lp_case *k)
{
    struct st_arena *arena = st_arena_new(CASE_ARENA);
    struct st_err why = ST_ERR_INIT;
    struct lp_outcome outcome;
    uint64_t since;
    enum st_rc rc;

    if (arena == NULL)
        return st_fail(f->err, ST_E_NOMEM, "lua.profile", "arena", 0);
    since = lp_cpu_ns();
    rc = lp_trial_play(copy, k, arena, &outcome, &why);
    take_sample(&f->hooks[k->hook], since, rc);
    st_arena_free(arena);
    return rc == ST_OK || why.code == ST_E_PLUGIN ? ST_OK : st_fail(f->err, why.code, "lua.profile", "play", why.num);
}

static enum st_rc play_case(struct profiler *f, const struct lp_case *k)
{
    struct st_arena *arena = st_arena_new(CASE_ARENA);
    struct lp_plugin *copy = NULL;
    uint64_t since = lp_cpu_ns();
    enum st_rc rc;

    if (arena == NULL)
        return st_fail(f->err, ST_E_NOMEM, "lua.profile", "arena", 0);
    rc = lp_trial_copy(f->plugin, k, arena, &copy, NULL, f->err);
    take_sample(&f->hooks[LP_HOOK_LOAD], since, rc);
    for (unsigned i = 0; i < f->load->rounds && rc == ST_OK; i++)
        rc = play_round(f, copy, k);
    if (rc == ST_OK) {
        f->used = copy->state->used > f->used ? copy->state->used : f->used;
        f->most = copy->state->most > f->most ? copy->state->most : f->most;
    }
    lp_plugin_free(copy);
    st_arena_free(arena);
    return rc;
}

static enum st_rc play_posts(struct profiler *f, struct st_arena *arena)
{
    struct st_span rest = f->load->text, line;
    enum st_rc rc = ST_OK;

    for (size_t n = 0; rc == ST_OK && n < POSTS_MAX && st_span_next(&rest, '\n', &line); n++) {
        struct lp_case post = { .name = "",
                                .hook = LP_HOOK_ACTIVITY,
                                .platform = "generic",
                                .kind = "post",
                                .audience = "public",
                                .url = "",
                                .title = "",
                                .author = "",
                                .lang = "",
                                .host = "",
                                .finding = "",
                                .method = "GET",
                                .path = "/",
                                .record = "{}",
                                .statement = "{}",
                                .kept = "{}" };

        if (st_span_trim(line).n == 0)
            continue;
        post.text = st_arena_str(arena, line);
        rc = post.text != NULL ? play_case(f, &post) : st_arena_fail(arena, f->err, "lua.profile");
    }
    return rc;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void put_rows(struct profiler *f, struct lp_profiles *out)
{
    for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++) {
        struct samples *s = &f->hooks[hook];

        if ((f->plugin->hooks & LP_HOOK_BIT(hook)) == 0 || s->n == 0)
            continue;
        qsort(s->ns, s->n, sizeof s->ns[0], by_size);
        out->items[out->n++] = (struct lp_profile){ .hook = lp_hook_name((enum lp_hook)hook),
                                                    .calls = s->n,
                                                    .failed = s->failed,
                                                    .median_ns = s->ns[s->n / 2],
                                                    .p99_ns = s->ns[s->n - 1 - s->n / 100],
                                                    .budget_ns = (uint64_t)f->plugin->time_us[hook] * 1000,
                                                    .memory = f->used,
                                                    .memory_most = f->most,
                                                    .memory_cap = f->plugin->memory };
    }
}

enum st_rc lp_plugin_profile(const struct lp_set *set, size_t i, const struct lp_profile_load *load,
                             struct st_arena *arena, struct lp_profiles *out, struct st_err *err)
{
    struct profiler f = { .plugin = set->plugins[i], .load = load, .err = err };
    enum st_rc rc = ST_OK;

    out->n = 0;
    if ((out->items = st_arena_alloc(arena, LP_HOOK_COUNT * sizeof *out->items)) == NULL)
        return st_arena_fail(arena, err, "lua.profile");
    for (unsigned hook = 0; hook < LP_HOOK_COUNT; hook++)
        if ((f.hooks[hook].ns = st_arena_room(arena, SAMPLES_MAX * sizeof(uint64_t))) == NULL)
            return st_arena_fail(arena, err, "lua.profile");
    for (size_t k = 0; k < f.plugin->n_cases && rc == ST_OK; k++)
        rc = play_case(&f, &f.plugin->cases[k]);
    if (rc == ST_OK)
        rc = play_posts(&f, arena);
    if (rc == ST_OK)
        put_rows(&f, out);
    return rc;
}
