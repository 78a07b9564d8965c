/* SPDX-License-Identifier: Apache-2.0 */
/* drift_test - an adapter that finds no text any more is told once; one that finds some is not. */
#include "base/json.h"
#include "gateway/drift.h"
#include "house.h"

static struct generation *gen;
static struct flt_scanner *scanner;
static const char *claims; /* the host */

/* One post of a Mastodon client, or of what it has become. */
static void say(struct drift *drift, const char *path, const char *body)
{
    struct chain_in in = { .gen = gen, .scanner = scanner, .plain_limit = 1 << 20, .body = st_span_str(body) };
    struct st_arena *arena = st_arena_new(8 << 20);
    struct st_err err = ST_ERR_INIT;
    struct chain_out out;

    if (gen == NULL) {
        in.gen = gen = house_generation(HOUSE_OPEN_TESTS, "");
        T_OK(flt_scanner_new(pol_set_packs(gen->policies), &scanner, &err), err);
        in.scanner = scanner;
    }
    in.req = (struct lp_request){ .method = ST_SPAN("POST"),
                                  .host = ST_SPAN("forum.test"),
                                  .path = st_span_str(path),
                                  .content_type = ST_SPAN("application/json") };
    chain_run(&in, arena, &out);
    drift_note(drift, &out, claims);
    st_arena_free(arena);
}

static void say_often(struct drift *drift, unsigned times, const char *body)
{
    for (unsigned i = 0; i < times; i++)
        say(drift, "/api/v1/statuses", body);
}

#define OLD "{\"status\":\"hello there\"}"
#define NEW "{\"words\":{\"v\":\"hello there\"}}"

T_TEST(a_row_without_text_is_told_once)
{
    static struct drift drift;

    say_often(&drift, 3, OLD);
    say_often(&drift, DRIFT_ROW - 1, NEW);
    T_CHECK(drift.n == 1 && drift.items[0].silent.state == DRIFT_QUIET, "%zu adapters", drift.n);
    t_expect_log(ST_EV_ADAPTER_DRIFT);
    say_often(&drift, DRIFT_ROW, NEW);
    T_CHECK(drift.items[0].silent.state == DRIFT_TOLD, "not told");
    T_CHECK(drift.items[0].matched == 2 * DRIFT_ROW + 2 && drift.items[0].decoded == drift.items[0].matched &&
                drift.items[0].text_found == 3,
            "%llu matched, %llu with text", (unsigned long long)drift.items[0].matched,
            (unsigned long long)drift.items[0].text_found);
}

T_TEST(text_between_ends_the_row)
{
    static struct drift drift;

    for (int i = 0; i < 3; i++) {
        say_often(&drift, DRIFT_ROW - 1, NEW);
        say_often(&drift, 1, OLD);
    }
    t_expect_log(ST_EV_ADAPTER_DRIFT);
    say_often(&drift, DRIFT_ROW, NEW);
    say_often(&drift, 1, OLD); /* mended */
    T_CHECK(drift.items[0].silent.state == DRIFT_QUIET, "still told");
}

T_TEST(what_has_no_text_by_nature_and_the_fallback_say_nothing)
{
    static struct drift drift;
    struct st_buf b;
    struct st_json w;

    for (unsigned i = 0; i < 2 * DRIFT_ROW; i++) {
        say(&drift, "/api/v1/statuses/1/favourite", "{}");
        say(&drift, "/nothing/known", "{\"text\":\"a longer message\"}");
    }
    st_buf_init(&b, 4096);
    st_json_init(&w, &b);
    st_json_object(&w, NULL);
    drift_status(&drift, &w);
    st_json_end(&w);
    T_CHECK(st_span_eq(st_buf_view(&b),
                       ST_SPAN("{\"mastodon\":{\"matched\":40,\"decoded\":40,\"text_found\":0,\"unknown\":0}}")),
            "%.*s", (int)b.n, (const char *)b.p);
    st_buf_fini(&b);
}

static void say_strangely(struct drift *drift, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        say(drift, "/new/way", "{\"text\":\"a longer message\"}");
}

T_TEST(a_platform_that_writes_elsewhere_is_told_once)
{
    static struct drift drift;

    claims = "mastodon";
    say_strangely(&drift, DRIFT_ROW - 1);
    say_often(&drift, 1, OLD); /* the old way still works: these are other things */
    say_strangely(&drift, DRIFT_ROW - 1);
    T_CHECK(drift.n == 1 && drift.items[0].strange.state == DRIFT_QUIET, "%zu adapters", drift.n);
    t_expect_log(ST_EV_ADAPTER_UNKNOWN);
    say_strangely(&drift, DRIFT_ROW);
    T_CHECK(drift.items[0].unknown == 3 * DRIFT_ROW - 2 && drift.items[0].matched == 1, "%llu unknown",
            (unsigned long long)drift.items[0].unknown);
    say_often(&drift, 1, OLD);
    T_CHECK(drift.items[0].strange.state == DRIFT_QUIET, "still told");
    claims = NULL;
}
