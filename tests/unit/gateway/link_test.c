/* SPDX-License-Identifier: Apache-2.0 */
/* link_test - two links over a socket pair, in clear and with TLS: bytes, ends, watermarks, verification, resumption.
 */
#include "base/clock.h"
#include "gateway/later.h"
#include "gateway/link.h"
#include "gateway/tls.h"
#include "house.h"
#include "policies/policies.h"
#include <event2/buffer.h>
#include <sys/socket.h>

struct pair {
    struct fam_child *child;
    struct link_loop loop;
    struct link *a, *b;
    int events_a, events_b;
};

static void count(void *ctx)
{
    (*(int *)ctx)++;
}

static void setup(struct pair *p)
{
    int fds[2];

    memset(p, 0, sizeof *p);
    p->child = house_child();
    p->loop = (struct link_loop){ .base = fam_base(p->child), .timers = fam_timers(p->child) };
    p->loop.later = later_new(p->loop.base);
    T_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    p->a = link_new(&p->loop, fds[0], count, &p->events_a);
    p->b = link_new(&p->loop, fds[1], count, &p->events_b);
}

static void teardown(struct pair *p)
{
    link_free(p->a);
    link_free(p->b);
    later_free(p->loop.later);
    T_CHECK(p->loop.links == 0, "%llu links left", (unsigned long long)p->loop.links);
    fam_child_free(p->child);
}

static size_t in_b(const struct pair *p)
{
    return evbuffer_get_length(link_in(p->b));
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 % 251);
}

static void put(struct link *link, size_t n)
{
    char block[1000];

    for (size_t at = 0; at < n; at += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (char)byte_at(at + i);
        evbuffer_add(link_out(link), block, n - at < sizeof block ? n - at : sizeof block);
    }
    link_update(link);
}

/* The same in pieces of all sizes, each from memory that is gone at once; goes on where the link is full. */
static void send_pieces(struct link *link, size_t n)
{
    static const size_t SIZES[] = { 1, 16384, 5, 70000, 16383, 65536, 20000, 300, 32768, 32767, 300000, 49152 };
    size_t at = 0;

    for (size_t k = 0; at < n; k++) {
        size_t size = SIZES[k % ST_LEN(SIZES)] < n - at ? SIZES[k % ST_LEN(SIZES)] : n - at;
        uint8_t *piece = malloc(size);

        for (size_t i = 0; piece != NULL && i < size; i++)
            piece[i] = byte_at(at + i);
        T_CHECK(piece != NULL && link_send(link, st_span(piece, size)), "piece %zu", k);
        free(piece);
        at += size;
        if (k % 3 == 0)
            link_update(link);
    }
    link_update(link);
}

/* More than is sealed at once; nothing else happens on the link afterwards. */
static void send_whole(struct link *link, size_t n)
{
    uint8_t *whole = malloc(n);

    for (size_t i = 0; whole != NULL && i < n; i++)
        whole[i] = byte_at(i);
    T_CHECK(whole != NULL && link_send(link, st_span(whole, n)), "%zu bytes", n);
    free(whole);
    link_update(link);
}

/* Takes everything through and checks it byte by byte; b drains slowly. */
static void check_arrival(struct pair *p, size_t n)
{
    size_t got = 0;

    while (got < n) {
        uint8_t block[50000];
        int m;

        HOUSE_TURN_UNTIL(p->child, in_b(p) > 0);
        event_base_loop(p->loop.base, EVLOOP_NONBLOCK); /* more than is taken: it fills up to its ceiling */
        T_CHECK(in_b(p) <= LINK_WATERMARK + 65536 * 4, "%zu bytes were taken in", in_b(p));
        m = evbuffer_remove(link_in(p->b), block, sizeof block);
        for (int i = 0; i < m; i++)
            T_CHECK(block[i] == byte_at(got + (size_t)i), "byte %zu", got + (size_t)i);
        got += (size_t)m;
        link_update(p->b);
    }
}

static void check_stream(struct pair *p, size_t n)
{
    put(p->a, n);
    check_arrival(p, n);
}

T_TEST(bytes_arrive_and_the_end_does)
{
    struct pair p;

    setup(&p);
    check_stream(&p, 3000000);
    link_end(p.a);
    HOUSE_TURN_UNTIL(p.child, link_state(p.b) == LINK_ENDED);
    T_CHECK(link_state(p.a) == LINK_OPEN, "half closed");
    evbuffer_add(link_out(p.b), "still here", 10);
    link_update(p.b);
    HOUSE_TURN_UNTIL(p.child, evbuffer_get_length(link_in(p.a)) == 10);
    teardown(&p);
}

T_TEST(pieces_of_all_sizes_keep_their_order)
{
    struct pair p;

    setup(&p);
    send_pieces(p.a, 3000000);
    check_arrival(&p, 3000000);
    teardown(&p);
}

T_TEST(a_full_input_stops_the_reading)
{
    struct pair p;

    setup(&p);
    put(p.a, 4000000);
    for (int i = 0; i < 50; i++)
        event_base_loop(p.loop.base, EVLOOP_NONBLOCK);
    T_CHECK(in_b(&p) >= LINK_WATERMARK && in_b(&p) < 2 * LINK_WATERMARK + 65536, "%zu", in_b(&p));
    T_CHECK(link_is_full(p.a), "the writer must see it");
    teardown(&p);
}

T_TEST(a_finished_link_delivers_what_it_owes)
{
    struct pair p;
    size_t got = 0;

    setup(&p);
    put(p.a, 1000000);
    link_finish(p.a);
    p.a = NULL;
    while (link_state(p.b) != LINK_ENDED || in_b(&p) > 0) {
        event_base_loop(p.loop.base, EVLOOP_NONBLOCK);
        got += in_b(&p);
        evbuffer_drain(link_in(p.b), in_b(&p));
        link_update(p.b);
    }
    T_CHECK(got == 1000000, "%zu", got);
    link_end(p.b);
    HOUSE_TURN_UNTIL(p.child, p.loop.links == 1);
    teardown(&p);
}

T_TEST(a_finished_link_waits_its_time_for_who_does_not_read)
{
    struct pair p;

    setup(&p);
    p.loop.finish_ms = 1000;
    put(p.a, 4000000);
    link_finish(p.a);
    p.a = NULL;
    for (int i = 0; i < 50; i++)
        event_base_loop(p.loop.base, EVLOOP_NONBLOCK);
    T_CHECK(p.loop.links == 2, "it still owes");
    st_clock_turn(1001);
    HOUSE_TURN_UNTIL(p.child, p.loop.links == 1);
    teardown(&p);
}

/* A round of the clock in which b sends, or is silent. */
static void pass(struct pair *p, size_t sent, uint64_t ms)
{
    put(p->b, sent);
    for (int i = 0; i < 50; i++)
        event_base_loop(p->loop.base, EVLOOP_NONBLOCK);
    st_clock_turn(ms);
    for (int i = 0; i < 50; i++) {
        st_timers_fire(fam_timers(p->child));
        event_base_loop(p->loop.base, EVLOOP_NONBLOCK);
    }
}

T_TEST(a_finished_link_hears_out_who_still_sends)
{
    static const struct {
        int rounds; /* in which the peer sends */
        size_t links;
    } CASES[] = { { 0, 2 }, { 4, 2 }, { 7, 1 } }; /* the last: longer than anybody is heard */

    for (size_t i = 0; i < ST_LEN(CASES); i++) {
        struct pair p;

        setup(&p);
        p.loop.finish_ms = 10000;
        put(p.a, 1000);
        link_finish(p.a);
        p.a = NULL;
        HOUSE_TURN_UNTIL(p.child, link_state(p.b) == LINK_ENDED);
        for (int round = 0; round < CASES[i].rounds && p.loop.links == 2; round++)
            pass(&p, 1000, 1500);
        T_CHECK(p.loop.links == CASES[i].links, "case %zu: %llu", i, (unsigned long long)p.loop.links);
        pass(&p, 0, 2001);
        T_CHECK(p.loop.links == 1, "case %zu: it is silent", i);
        teardown(&p);
    }
}

T_TEST(links_count_in_the_budget_and_are_smaller_when_it_is_tight)
{
    struct budget budget = { .max = 1u << 20 };
    struct pair p;

    setup(&p);
    p.loop.budget = &budget;
    put(p.a, 4000000);
    for (int i = 0; i < 50; i++)
        event_base_loop(p.loop.base, EVLOOP_NONBLOCK);
    T_CHECK(in_b(&p) >= LINK_WATERMARK_TIGHT && in_b(&p) <= 2 * LINK_WATERMARK_TIGHT, "%zu", in_b(&p));
    T_CHECK(budget.held > 3000000 && budget.peak <= 4000000 + 2 * LINK_WATERMARK_TIGHT, "%zu held", budget.held);
    teardown(&p);
    T_CHECK(budget.held == 0, "%zu held", budget.held);
}

T_TEST(a_reset_is_told_with_its_cause)
{
    struct pair p;

    setup(&p);
    link_free(p.a);
    p.a = NULL;
    put(p.b, 100000);
    HOUSE_TURN_UNTIL(p.child, link_state(p.b) == LINK_CLOSED);
    T_CHECK(link_err(p.b)->code == ST_E_CLOSED, "%s", link_err(p.b)->what);
    teardown(&p);
}

/* ---- TLS -------------------------------------------------------------------------------------------------------- */

static struct st_arena *arena;
static struct tls_context *ctx;
static struct tls_ca *ca;

/* A configuration is all that TLS asks for: packs and plugins take seconds, and have deadlines of their own. */
static void tls_once(void)
{
    static struct pol_config config;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    char cert[1024], key[1024], path[1024];

    if (arena == NULL) {
        arena = st_arena_new(4u << 20);
        T_OK(pol_config_load(house_files(path, HOUSE_OPEN_TESTS, ""), arena, &config, diag, &err), err);
    }
    house_path(cert, "ca.crt");
    house_path(key, "ca.key");
    if (ca == NULL)
        T_OK(tls_ca_load(cert, key, open(key, O_RDONLY | O_CLOEXEC), &ca, diag, &err), err);
    if (ctx == NULL)
        ctx = house_tls(&config);
    st_diag_free(diag);
}

static struct tls_leaf *mint(struct tls_ca *by, const char *name)
{
    struct st_err err = ST_ERR_INIT;
    struct tls_leaf *leaf = NULL;
    struct st_buf der;

    st_buf_init(&der, 65536);
    T_OK(tls_ca_mint(by, name, tls_leaf_key(ctx), 86400000, &der, &err), err);
    T_OK(tls_leaf_read(ctx, st_buf_view(&der), tls_ca_cert(by), &leaf, &err), err);
    st_buf_fini(&der);
    return leaf;
}

static void shake(struct pair *p, struct tls_ca *by, const char *leaf_name, const char *wanted)
{
    struct st_err err = ST_ERR_INIT;
    struct tls_leaf *leaf = mint(by, leaf_name);
    struct tls *client = NULL, *server = NULL;

    setup(p);
    T_OK(tls_accept(ctx, leaf, &server, &err), err);
    T_OK(tls_connect(ctx, wanted, 443, &client, &err), err);
    tls_leaf_release(leaf);
    link_start_tls(p->a, client);
    link_start_tls(p->b, server);
}

T_TEST(tls_carries_bytes_both_ends_and_an_end)
{
    struct pair p;

    tls_once();
    shake(&p, ca, "site.test", "site.test");
    HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_OPEN && link_state(p.b) == LINK_OPEN);
    check_stream(&p, 3000000);
    send_pieces(p.a, 3000000);
    check_arrival(&p, 3000000);
    send_whole(p.a, 1000000);
    check_arrival(&p, 1000000);
    evbuffer_add(link_out(p.b), "back", 4);
    link_update(p.b);
    HOUSE_TURN_UNTIL(p.child, evbuffer_get_length(link_in(p.a)) == 4);
    link_end(p.a);
    HOUSE_TURN_UNTIL(p.child, link_state(p.b) == LINK_ENDED);
    teardown(&p);
}

T_TEST(tls_resumes_with_the_same_origin_only)
{
    struct pair p;

    tls_once();
    for (int i = 0; i < 3; i++) {
        shake(&p, ca, "again.test", "again.test");
        HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_OPEN && link_state(p.b) == LINK_OPEN);
        T_CHECK(tls_was_resumed(link_tls(p.a)) == (i > 0), "round %d", i);
        check_stream(&p, 1000);
        evbuffer_add(link_out(p.b), "x", 1); /* brings the ticket along */
        link_update(p.b);
        HOUSE_TURN_UNTIL(p.child, evbuffer_get_length(link_in(p.a)) == 1);
        teardown(&p);
    }
    shake(&p, ca, "other.test", "other.test");
    HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_OPEN);
    T_CHECK(!tls_was_resumed(link_tls(p.a)), "another name");
    teardown(&p);
}

T_TEST(tls_refuses_wrong_names_and_strangers)
{
    static const char *const WRONG[][2] = { { "site.test", "other.test" },
                                            { "site.test", "127.0.0.1" },
                                            { "127.0.0.1", "127.0.0.2" },
                                            { "site.test", "a.site.test" } };
    struct st_diag *diag = st_diag_new();
    struct tls_ca *stranger = NULL;
    struct st_err err = ST_ERR_INIT;
    char cert[1024], key[1024];
    struct pair p;

    tls_once();
    for (size_t i = 0; i < ST_LEN(WRONG); i++) {
        shake(&p, ca, WRONG[i][0], WRONG[i][1]);
        HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_CLOSED);
        T_CHECK(link_err(p.a)->code == ST_E_CERT, "%s for %s: %s", WRONG[i][0], WRONG[i][1], link_err(p.a)->what);
        T_CHECK(evbuffer_get_length(link_in(p.b)) == 0, "a byte left");
        teardown(&p);
    }
    house_ca("stranger.crt", "stranger.key");
    house_path(cert, "stranger.crt");
    house_path(key, "stranger.key");
    T_OK(tls_ca_load(cert, key, open(key, O_RDONLY | O_CLOEXEC), &stranger, diag, &err), err);
    shake(&p, stranger, "stranger.test", "stranger.test"); /* a name without a session: those skip the certificate */
    HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_CLOSED);
    T_CHECK(link_err(p.a)->code == ST_E_CERT, "%s", link_err(p.a)->what);
    teardown(&p);
    shake(&p, ca, "127.0.0.1", "127.0.0.1");
    HOUSE_TURN_UNTIL(p.child, link_state(p.a) == LINK_OPEN);
    teardown(&p);
    tls_ca_free(stranger);
    st_diag_free(diag);
}

T_TEST(tls_says_why_a_certificate_is_bad)
{
    for (int64_t num = 0; num < 100; num++) {
        T_CHECK(tls_cert_reason(num, false)[0] != '\0' && tls_cert_reason(num, true)[0] != '\0', "%lld",
                (long long)num);
    }
}

T_TEST(zz_tls_leaves_nothing)
{
    tls_context_free(ctx);
    tls_ca_free(ca);
    st_arena_free(arena);
    ctx = NULL;
    ca = NULL;
    arena = NULL;
}
