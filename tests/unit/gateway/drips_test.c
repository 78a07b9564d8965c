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
struct how {
    enum lp_phase phase;
    uint8_t confidence; /* of the adapter's rule; 0: nobody knows the phase */
    uint32_t masked_to; /* of the text, from its first digit on; 0: nothing is masked */
};

/* One message; answers how many findings its text makes with those before. */
static size_t said_so(struct drips *drips, const struct say *say, struct how how, struct flt_finding *out)
{
    struct st_arena *arena = st_arena_new(16u << 20);
    uint32_t typed = 0;
    struct lp_activity activity = { .platform = "forum",
                                    .kind = "message",
                                    .phase = how.phase,
                                    .confidence = how.confidence,
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
    struct flt_finding first = { .from = (uint32_t)strcspn(say->text, "0123456789"), .to = how.masked_to };
    const struct flt_findings leaves = { .items = &first, .n = 1 };
    struct flt_findings findings = { .n = 0 };
    const bool masked = true;
    struct flt_doc *doc = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(flt_text_doc(arena, activity.text, &doc, &err), err);
    c.doc = doc;
    T_OK(drips_look(drips, &c, &findings, &err), err);
    if (findings.n > 0)
        *out = findings.items[0];
    T_OK(drips_note(drips, &c, &leaves, how.masked_to > 0 ? &masked : NULL, &err), err);
    st_arena_free(arena);
    return findings.n;
}

static size_t said(struct drips *drips, const struct say *say, struct flt_finding *out)
{
    return said_so(drips, say, (struct how){ LP_COMMIT, 0, 0 }, out);
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

T_TEST(drafts_are_told_by_the_adapter_or_else_by_their_beginning)
{
    static const struct {
        struct {
            const char *text;
            struct how how;
        } says[3];
        size_t found; /* with the last of them */
    } cases[] = {
        /* each key sends it all, and at last it is posted: shorter, longer, with its end alone kept */
        { { { "card 411111111111111", { LP_DRAFT, 100, 0 } },
            { "card 41111111111111", { LP_DRAFT, 100, 0 } },
            { "card 4111111111111112", { LP_COMMIT, 100, 0 } } },
          0 },
        { { { "a card is 4111 1111", { LP_DRAFT, 100, 0 } },
            { "a card is 4111 1111", { LP_COMMIT, 100, 0 } },
            { "1111 1111 ok?", { LP_COMMIT, 100, 0 } } },
          1 },
        /* the second goes on the first, which was posted */
        { { { "card", { LP_COMMIT, 100, 0 } },
            { "41", { LP_COMMIT, 100, 0 } },
            { "41753124681392", { LP_COMMIT, 100, 0 } } },
          1 },
        { { { "card", { LP_COMMIT, 50, 0 } },
            { "41", { LP_COMMIT, 50, 0 } },
            { "41753124681392", { LP_COMMIT, 50, 0 } } },
          0 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct drips drips = drips_of(64);
        struct flt_finding f;
        size_t n = 0;

        for (size_t k = 0; k < ST_LEN(cases[i].says); k++)
            n = said_so(&drips, &(struct say){ "ana", "t1", cases[i].says[k].text }, cases[i].says[k].how, &f);
        T_CHECK(n == cases[i].found, "case %zu: %zu findings", i, n);
        drips_fini(&drips);
    }
}

/* A draft longer than what is kept of it is sent again and again. */
T_TEST(a_long_draft_is_no_text_before_itself)
{
    static const struct how draft = { LP_DRAFT, 100, 0 };
    struct drips drips = drips_of(64);
    struct flt_finding f;
    struct st_buf text;
    size_t kept = 0;

    st_buf_init(&text, 1024);
    while (text.n < 600) {
        st_buf_str(&text, "more and more words ");
        st_buf_byte(&text, 0);
        T_CHECK(said_so(&drips, &(struct say){ "ana", "t1", (const char *)text.p }, draft, &f) == 0, "a finding");
        text.n--;
    }
    for (size_t i = 0; i < drips.n; i++)
        kept += drips.items[i].n;
    T_CHECK(kept > 100 && kept <= 120, "%zu bytes are kept of it", kept);
    st_buf_fini(&text);
    drips_fini(&drips);
}

/* What leaves of a masked text is remembered, what is masked is not. */
T_TEST(the_rest_of_a_masked_text_may_be_a_piece)
{
    static const struct {
        const char *first, *second;
        uint32_t masked_to;
        size_t found;
    } cases[] = {
        { "card 4111 1111 1111 1111 and then 5500 0000", "0000 0004", 24, 1 },
        { "card 4111 1111 1111 1111", "and a half", 24, 0 },
        { "card 4111 1111", "1111 1111", 14, 0 },
        { "card 4111 1111", "1111 1111", 0, 1 },
    };

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        const struct how how = { LP_COMMIT, 100, cases[i].masked_to };
        struct drips drips = drips_of(64);
        struct flt_finding f;
        size_t n;

        (void)said_so(&drips, &(struct say){ "ana", "t1", cases[i].first }, how, &f);
        n = said(&drips, &(struct say){ "ana", "t1", cases[i].second }, &f);
        T_CHECK(n == cases[i].found, "case %zu: %zu findings", i, n);
        drips_fini(&drips);
    }
}

/* What people write one after another in a thread; a number among it is seen all the same. */
T_TEST(ordinary_talk_makes_nothing)
{
    struct drips drips = drips_of(64);
    struct flt_finding f;
    size_t found = 0;
    struct st_buf post;

    st_buf_init(&post, 65536);
    for (unsigned i = 0; i < 2000; i++) {
        st_buf_reset(&post);
        benign_post(i, &post);
        st_buf_byte(&post, 0);
        found += said(&drips, &(struct say){ "ana", "t1", (const char *)post.p }, &f);
    }
    T_CHECK(found == 0, "%zu findings in 2000 posts", found);
    T_CHECK(said(&drips, &(struct say){ "ana", "t1", "my card is 4111 1111" }, &f) == 0 &&
                said(&drips, &(struct say){ "ana", "t1", "1111 1111" }, &f) == 1,
            "a number behind it is not seen");
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

static size_t places(const struct drips *drips)
{
    size_t n = 0;

    for (size_t i = 0; i < drips->n; i++)
        n += drips->items[i].key != 0;
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
    T_CHECK(drips.n == 64 && places(&drips) == 64 && kept(&drips, "secret") > 8 && kept(&drips, "secret") < 56 &&
                kept(&drips, "\xc3\xa4\xc3\xb6") == 64,
            "%zu places, %zu with the one text", places(&drips), kept(&drips, "secret"));
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
