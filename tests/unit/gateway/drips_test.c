/* SPDX-License-Identifier: Apache-2.0 */
/* drips_test - what one person sends to one place in pieces is found with its last piece, and nobody else's is. */
#include "../filters/benign.h"
#include "base/clock.h"
#include "gateway/chain.h"
#include "gateway/drips.h"
#include "house.h"

static struct generation *gen;
static struct flt_scanner *scanner;

static void once(void)
{
    struct st_err err = ST_ERR_INIT;

    if (gen != NULL)
        return;
    gen = house_generation(HOUSE_OPEN_TESTS, "");
    T_OK(flt_scanner_new(pol_set_packs(gen->policies), &scanner, &err), err);
}

struct say {
    const char *person, *thread, *text;
};

/* One message; answers how many findings its text makes with those before. */
static size_t said(struct drips *drips, const struct say *say, struct flt_finding *out)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    uint32_t typed = 0;
    struct lp_activity activity = { .platform = "forum",
                                    .kind = "message",
                                    .parent_id = st_span_str(say->thread),
                                    .text = st_span_str(say->text),
                                    .typed = &typed,
                                    .n_typed = 1 };
    struct drip_case c = { .person = st_span_str(say->person),
                           .host = ST_SPAN("forum.test"),
                           .path = ST_SPAN("/say"),
                           .activity = &activity,
                           .scanner = scanner,
                           .arena = arena };
    struct flt_findings findings = { .n = 0 };
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_text_doc(arena, activity.text, &doc, &err), err);
    c.doc = doc;
    T_OK(drips_look(drips, &c, &findings, &err), err);
    if (findings.n > 0)
        *out = findings.items[0];
    T_OK(drips_note(drips, &c, &err), err);
    st_arena_free(arena);
    return findings.n;
}

static struct drips drips_of(size_t n)
{
    struct drips drips = { .n = 0 };

    once();
    drips_limit(&drips, n, 300000);
    return drips;
}

T_TEST(a_number_in_pieces_is_found_with_its_last_piece)
{
    static const char *const talks[][24] = {
        { "4", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1" },
        { "4111", "1111", "1111", "1111" },
        { "take my card,", "4111 1111", "1111 1111 ok?" },
        { "the IBAN is DE02 1203 0000", "0000 2020 51" },
        { "AKIA", "Q3EGRRN7XYJ7MZ2P is for you" },
    };

    for (size_t i = 0; i < ST_LEN(talks); i++) {
        struct drips drips = drips_of(64);

        for (size_t k = 0; talks[i][k] != NULL; k++) {
            struct say say = { "ana", "t1", talks[i][k] };
            bool is_last = talks[i][k + 1] == NULL;
            struct flt_finding f;
            size_t n = said(&drips, &say, &f);

            T_CHECK((n > 0) == is_last, "talk %zu, message %zu: %zu findings", i, k, n);
            T_CHECK(n == 0 || (f.from == 0 && f.to > 0 && f.to <= strlen(talks[i][k])), "%u-%u", f.from, f.to);
        }
        drips_fini(&drips);
    }
}

T_TEST(pieces_of_others_elsewhere_or_long_ago_are_none)
{
    static const struct {
        struct say first, second;
        uint64_t turn_ms;
        size_t found;
    } cases[] = {
        { { "ana", "t1", "4111 1111" }, { "ana", "t1", "1111 1111" }, 299000, 1 },
        { { "ana", "t1", "4111 1111" }, { "ben", "t1", "1111 1111" }, 0, 0 },
        { { "ana", "t1", "4111 1111" }, { "ana", "t2", "1111 1111" }, 0, 0 },
        { { "ana", "t1", "4111 1111" }, { "ana", "t1", "1111 1111" }, 300001, 0 },
        { { "ana", "t1", "card 4111 1111 1111 1111" }, { "ana", "t1", "thanks" }, 0, 0 },
        { { "ana", "t1", "thanks" }, { "ana", "t1", "card 4111 1111 1111 1111" }, 0, 0 },
        { { "ana", "t1", "see ticket 4711, it is about the" }, { "ana", "t1", "2026 report" }, 0, 0 },
        /* a draft that is sent again with each key */
        { { "ana", "t1", "411111111111111" }, { "ana", "t1", "4111111111111112" }, 0, 0 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct drips drips = drips_of(64);
        struct flt_finding f;
        size_t n;

        (void)said(&drips, &cases[i].first, &f);
        st_clock_turn(cases[i].turn_ms);
        n = said(&drips, &cases[i].second, &f);
        T_CHECK(n == cases[i].found, "case %zu: %zu findings", i, n);
        drips_fini(&drips);
    }
}

/* What people write one after another in a thread. */
T_TEST(ordinary_talk_makes_nothing)
{
    struct drips drips = drips_of(64);
    size_t found = 0;
    struct st_buf post;

    st_buf_init(&post, 65536);
    for (unsigned i = 0; i < 2000; i++) {
        struct flt_finding f;

        st_buf_reset(&post);
        benign_post(i, &post);
        st_buf_byte(&post, 0);
        found += said(&drips, &(struct say){ "ana", "t1", (const char *)post.p }, &f);
    }
    T_CHECK(found == 0, "%zu findings in 2000 posts", found);
    st_buf_fini(&post);
    drips_fini(&drips);
}

static size_t kept(const struct drips *drips, const char *text)
{
    size_t n = 0;

    for (size_t i = 0; drips->items != NULL && i < drips->n; i++)
        n += st_span_find(st_span(drips->items[i].text, DRIP_KEPT), st_span_str(text)) != ST_SPAN_NPOS;
    return n;
}

/* However many people there are, and however much they write: no more than was given; what is due is wiped. */
T_TEST(the_table_has_a_ceiling_and_is_wiped)
{
    struct st_timers *timers = st_timers_new(4);
    struct drips drips = drips_of(64);
    struct flt_finding f;
    char person[16], text[700];

    drips.timers = timers;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(person, sizeof person, "p%u", i);
        (void)said(&drips, &(struct say){ person, "t", i % 2 == 0 ? text : "secret" }, &f);
        (void)said(&drips, &(struct say){ person, "t", "\xc3\xa4\xc3\xb6" }, &f);
    }
    T_CHECK(drips.n == 64 && kept(&drips, "secret") > 0 && kept(&drips, "secret") <= 64, "%zu", drips.n);
    st_clock_turn(200000);
    (void)said(&drips, &(struct say){ "ana", "t", "hello" }, &f);
    st_clock_turn(100001);
    st_timers_fire(timers);
    T_CHECK(kept(&drips, "secret") == 0 && kept(&drips, "hello") == 1, "%zu are still there", kept(&drips, "secret"));
    st_clock_turn(300001);
    st_timers_fire(timers);
    T_CHECK(kept(&drips, "hello") == 0 && st_timers_next(timers) == UINT64_MAX, "and nothing is waited for");
    drips_limit(&drips, 0, 1000);
    T_CHECK(drips.items == NULL && said(&drips, &(struct say){ "ana", "t", "hello" }, &f) == 0, "nothing is kept");
    drips_fini(&drips);
    st_timers_free(timers);
}

T_TEST(zz_the_shared_generation_ends)
{
    flt_scanner_free(scanner);
    generation_release(gen);
}
