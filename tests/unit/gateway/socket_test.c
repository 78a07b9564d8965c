/* SPDX-License-Identifier: Apache-2.0 */
/* socket_test - a WebSocket between a client and an origin that are two buffers each: what arrives where, at every cut
 * and with little room.
 *
 * Peers speak and listen with the codec (ws.h), which ws_test.c has proved against frames written by hand.
 */
#include "gateway/later.h"
#include "gateway/socket.h"
#include "house.h"
#include "house_worker.h"

#define SECRET "pay DE02 1203 0000 0000 2020 51 now"
#define CARD   "my card 4111 1111 1111 1111, lol"

static const struct ws_deflate PLAIN, TAKEOVER = { true, false, false, 15, 15 }, ALONE = { true, true, true, 15, 15 };
static const struct ws_limits WIDE = { UINT64_MAX / 4, 0, 0, 100000, 100000 };

struct pipe { /* what one peer says, and what it hears */
    struct st_buf said, heard;
    size_t taken, given; /* of said; by the last read */
    size_t room;         /* each time it is asked */
    bool has_ended, was_ended;
};
struct rig {
    struct front front;
    struct back back;
    struct worker worker;
    struct rules rules;
    struct socket *socket;
    struct st_arena *arena;
    struct pipe client, origin;
    bool client_is_gone;
    struct ws_writer *speaks; /* the client's */
    size_t cut;               /* bytes of said that a read gives at most; 0: all */
    int recorder[2];
    unsigned steps;
};
static struct generation *gen;
static struct flt_scanner *scanner;

/* ---- front and back ---- */

static struct rig *rig_of_front(struct front *front)
{
    return (struct rig *)front;
}

static struct rig *rig_of_back(struct back *back)
{
    return (struct rig *)((char *)back - offsetof(struct rig, back));
}

static enum st_rc pipe_read(struct rig *r, struct pipe *p, size_t max, struct http1_event *event)
{
    size_t n = p->said.n - p->taken;

    n = n < max ? n : max;
    n = r->cut > 0 && n > r->cut ? r->cut : n;
    *event = (struct http1_event){ .kind = HTTP1_DATA, .data = st_span_sub(st_buf_view(&p->said), p->taken, n) };
    p->given = n;
    if (n > 0)
        return ST_OK;
    event->kind = HTTP1_END;
    return p->has_ended ? ST_OK : ST_AGAIN;
}

static enum st_rc front_read(struct front *front, struct st_arena *arena, size_t max, struct http1_event *event,
                             struct st_err *err)
{
    struct rig *r = rig_of_front(front);
    enum st_rc rc = pipe_read(r, &r->client, max, event);

    (void)arena;
    if (rc == ST_AGAIN && r->client_is_gone)
        return st_fail(err, ST_E_CLOSED, "test", "gone", 0);
    return rc;
}

static void front_took(struct front *front)
{
    rig_of_front(front)->client.taken += rig_of_front(front)->client.given;
}

static enum st_rc pipe_data(struct pipe *p, struct st_span data)
{
    T_CHECK(data.n <= p->room, "%zu bytes into a room of %zu", data.n, p->room);
    T_CHECK(!p->was_ended, "bytes after the end");
    st_buf_span(&p->heard, data);
    return ST_OK;
}

static enum st_rc front_data(struct front *front, struct st_span data, struct st_err *err)
{
    (void)err;
    return pipe_data(&rig_of_front(front)->client, data);
}

static enum st_rc front_end(struct front *front, const struct http_field *trailers, size_t n, struct st_err *err)
{
    (void)trailers, (void)n, (void)err;
    rig_of_front(front)->client.was_ended = true;
    return ST_OK;
}

static size_t front_room(struct front *front)
{
    return rig_of_front(front)->client.room;
}

static bool front_is_gone(const struct front *front)
{
    return ((const struct rig *)front)->client_is_gone;
}

static enum st_rc back_read(struct back *back, struct st_arena *arena, size_t max, struct http1_event *event,
                            struct st_err *err)
{
    (void)arena, (void)err;
    return pipe_read(rig_of_back(back), &rig_of_back(back)->origin, max, event);
}

static void back_took(struct back *back)
{
    rig_of_back(back)->origin.taken += rig_of_back(back)->origin.given;
}

static enum st_rc back_data(struct back *back, struct st_span data, struct st_err *err)
{
    (void)err;
    return pipe_data(&rig_of_back(back)->origin, data);
}

static enum st_rc back_end(struct back *back, const struct http_field *trailers, size_t n, struct st_err *err)
{
    (void)trailers, (void)n, (void)err;
    T_CHECK(!rig_of_back(back)->origin.was_ended, "ended twice");
    rig_of_back(back)->origin.was_ended = true;
    return ST_OK;
}

static size_t back_room(struct back *back)
{
    return rig_of_back(back)->origin.room;
}

static void back_flush(struct back *back)
{
    (void)back;
}

static const struct front_ops FRONT = { .read = front_read,
                                        .took = front_took,
                                        .data = front_data,
                                        .end = front_end,
                                        .room = front_room,
                                        .is_gone = front_is_gone };
static const struct back_ops BACK = {
    .read = back_read, .took = back_took, .data = back_data, .end = back_end, .room = back_room, .flush = back_flush
};

/* ---- the rig ---- */

static void on_event(void *ctx)
{
    ((struct rig *)ctx)->steps++;
}

static void once(void)
{
    struct st_err err = ST_ERR_INIT;

    if (gen != NULL)
        return;
    gen = house_generation(HOUSE_OPEN_TESTS, "limit:\n  body_memory: 64KiB\n  body_max: 256KiB\n");
    T_OK(flt_scanner_new(pol_set_packs(gen->policies), &scanner, &err), err);
}

static void setup_at(struct rig *r, const char *path, const struct ws_deflate *deflate)
{
    struct socket_open open = { .person = "ana", .host = "site.test", .on_event = on_event };
    struct st_err err = ST_ERR_INIT;

    once();
    memset(r, 0, sizeof *r);
    r->front.ops = &FRONT;
    r->back.ops = &BACK;
    r->rules = (struct rules){ .refs = 1, .gen = gen, .scanner = scanner };
    r->worker.rules = &r->rules;
    r->worker.child = house_child();
    r->worker.loop.timers = fam_timers(r->worker.child);
    r->worker.outbox = outbox_new(r->worker.child, 1 << 20);
    T_OK(ipc_pair(r->recorder, &err), err);
    outbox_peer(r->worker.outbox, r->recorder[0]);
    (void)snprintf(r->worker.spool_dir, sizeof r->worker.spool_dir, "%s/spool", t_tmpdir());
    r->arena = st_arena_new(1 << 20);
    st_buf_init(&r->client.said, 8 << 20);
    st_buf_init(&r->client.heard, 8 << 20);
    st_buf_init(&r->origin.said, 8 << 20);
    st_buf_init(&r->origin.heard, 8 << 20);
    r->client.room = r->origin.room = SIZE_MAX;
    r->speaks = ws_writer_new(WS_FROM_CLIENT, deflate, true);
    open.worker = &r->worker;
    open.front = &r->front;
    open.back = &r->back;
    open.arena = r->arena;
    open.req = (struct lp_request){ ST_SPAN("GET"), ST_SPAN("site.test"), st_span_str(path), ST_SPAN(""), ST_SPAN("") };
    open.deflate = *deflate;
    open.ctx = r;
    r->socket = socket_new(&open);
    T_CHECK(r->socket != NULL && r->speaks != NULL, "socket");
}

static void setup(struct rig *r, const struct ws_deflate *deflate)
{
    setup_at(r, "/chat", deflate);
}

static void teardown(struct rig *r)
{
    socket_free(r->socket);
    T_CHECK(r->rules.refs == 1, "%u references to the rules", r->rules.refs);
    T_CHECK(r->worker.counts.sockets == 1 && r->worker.counts.sockets_open == 0, "counters");
    ws_writer_free(r->speaks);
    st_buf_fini(&r->client.said);
    st_buf_fini(&r->client.heard);
    st_buf_fini(&r->origin.said);
    st_buf_fini(&r->origin.heard);
    st_arena_free(r->arena);
    outbox_free(r->worker.outbox);
    close(r->recorder[1]);
    fam_child_free(r->worker.child);
}

static void say(struct rig *r, struct ws_part part)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ws_write(r->speaks, &r->client.said, &part, &err), err);
}

static void say_text(struct rig *r, const char *text, bool is_deflated)
{
    say(r, (struct ws_part){ true, true, true, is_deflated, st_span_str(text) });
}

static void ping(struct rig *r, const char *payload)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ws_write_ping(r->speaks, &r->client.said, st_span_str(payload), &err), err);
}

/* What a peer heard, as text; is_whole: the bytes end between messages. */
static const char *heard(const struct pipe *p, enum ws_from from, const struct ws_deflate *deflate)
{
    static struct st_buf text;
    struct ws *ws = ws_new(from, &WIDE, deflate);
    struct st_span in = st_buf_view(&p->heard);
    struct st_err err = ST_ERR_INIT;
    struct ws_event event;
    enum st_rc rc;
    size_t used;

    st_buf_fini(&text);
    st_buf_init(&text, 8 << 20);
    while ((rc = ws_feed(ws, in, &used, &event, &err)) == ST_OK) {
        in = st_span_sub(in, used, in.n - used);
        switch (event.kind) {
        case WS_MESSAGE_BEGIN: st_buf_str(&text, event.is_text ? "text " : "binary "); break;
        case WS_DATA: st_buf_span(&text, event.data); break;
        case WS_MESSAGE_END: st_buf_byte(&text, '|'); break;
        case WS_PING: st_buf_str(&text, "<ping "); break;
        case WS_PONG: st_buf_str(&text, "<pong "); break;
        case WS_CLOSE: st_buf_fmt(&text, "<close %u ", event.code); break;
        }
        if (event.kind >= WS_PING) {
            st_buf_span(&text, event.data);
            st_buf_byte(&text, '>');
        }
    }
    if (rc == ST_ERR)
        st_buf_fmt(&text, "!%s", err.what);
    ws_free(ws);
    st_buf_byte(&text, 0);
    return (const char *)text.p;
}

#define ORIGIN_HEARD(r, want, deflate)                                         \
    do {                                                                       \
        const char *got_ = heard(&(r)->origin, WS_FROM_CLIENT, deflate);       \
        T_CHECK(strcmp(got_, want) == 0, "the origin heard \"%.200s\"", got_); \
    } while (0)
#define CLIENT_HEARD(r, want)                                                  \
    do {                                                                       \
        const char *got_ = heard(&(r)->client, WS_FROM_SERVER, NULL);          \
        T_CHECK(strcmp(got_, want) == 0, "the client heard \"%.200s\"", got_); \
    } while (0)
#define STOPPED "<close 1008 This was not sent. It contains: IBAN.>"

static bool has(const struct st_buf *buf, const char *part)
{
    return st_span_find(st_buf_view(buf), st_span_str(part)) != ST_SPAN_NPOS;
}

/* ---- messages ---- */

T_TEST(what_may_go_arrives_at_every_cut_and_room)
{
    static const size_t SIZES[] = { 1, 2, 3, 7, 16, SIZE_MAX };

    for (size_t i = 0; i < ST_LEN(SIZES) * 2; i++) {
        const struct ws_deflate *deflate = i % 2 == 0 ? &PLAIN : &TAKEOVER;
        struct rig r;

        setup(&r, deflate);
        r.cut = r.origin.room = SIZES[i / 2];
        say_text(&r, "hello", true);
        say(&r, (struct ws_part){ true, true, false, true, ST_SPAN("one ") });
        ping(&r, "pp");
        say(&r, (struct ws_part){ true, false, false, true, ST_SPAN("two ") });
        say(&r, (struct ws_part){ true, false, true, true, ST_SPAN("three") });
        say_text(&r, "", true);
        say(&r, (struct ws_part){ false, true, true, true, ST_SPAN("\x01\x02") });
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        ORIGIN_HEARD(&r, "text hello|<ping pp>text one two three|text |binary \x01\x02|", deflate);
        T_CHECK(r.client.heard.n == 0, "the client heard something");
        T_CHECK(outbox_pending(r.worker.outbox) == 0, "ordinary messages left a record");
        T_CHECK(r.worker.counts.socket_messages == 4, "%llu messages",
                (unsigned long long)r.worker.counts.socket_messages);
        teardown(&r);
    }
}

/* The one invariant. */
T_TEST(what_is_blocked_never_leaves_at_any_cut)
{
    for (size_t cut = 1; cut < sizeof SECRET; cut++) {
        struct rig r;

        setup(&r, &PLAIN);
        r.cut = cut;
        say(&r, (struct ws_part){ true, true, false, false, st_span_sub(ST_SPAN(SECRET), 0, cut) });
        ping(&r, "p");
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "cut %zu: ended", cut);
        say(&r, (struct ws_part){ true, false, true, false, st_span_sub(ST_SPAN(SECRET), cut, sizeof SECRET) });
        say_text(&r, "what follows", false);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "cut %zu: ended", cut);
        ORIGIN_HEARD(&r, "<ping p><close 1001 >", &PLAIN);
        CLIENT_HEARD(&r, STOPPED);
        T_CHECK(outbox_pending(r.worker.outbox) == 1, "no record");
        teardown(&r);
    }
}

T_TEST(what_is_redacted_goes_on_masked_and_the_next_compressed_ones_stay_readable)
{
    static const struct ws_deflate *const AGREED[] = { &PLAIN, &TAKEOVER, &ALONE };

    for (size_t i = 0; i < ST_LEN(AGREED); i++) {
        struct rig r;

        setup(&r, AGREED[i]);
        say_text(&r, "before before before", true);
        say_text(&r, CARD, true);
        say_text(&r, "before before after", true); /* with takeover, the sender points back over the card */
        say_text(&r, "my card is gone, lol", true);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        ORIGIN_HEARD(&r,
                     "text before before before|text my card [card], lol|text before before after|"
                     "text my card is gone, lol|",
                     AGREED[i]);
        T_CHECK(!has(&r.origin.heard, "4111"), "the number left");
        teardown(&r);
    }
}

/* A message that is untouched costs no deflate: its bytes are the client's but for the mask. */
T_TEST(compressed_messages_go_on_as_they_came)
{
    struct ws *reader = ws_new(WS_FROM_CLIENT, &WIDE, &TAKEOVER);
    struct st_buf raw;
    struct ws_event event;
    struct st_err err = ST_ERR_INIT;
    struct rig r;
    size_t used;

    setup(&r, &TAKEOVER);
    st_buf_init(&raw, 65536);
    say_text(&r, "the same the same the same", true);
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    T_CHECK(r.origin.heard.n == r.client.said.n, "%zu bytes of %zu", r.origin.heard.n, r.client.said.n);
    ws_keep_raw(reader, &raw);
    T_CHECK(ws_feed(reader, st_buf_view(&r.origin.heard), &used, &event, &err) == ST_OK && event.is_deflated, "plain");
    ws_free(reader);
    st_buf_fini(&raw);
    teardown(&r);
}

/* ---- control frames ---- */

T_TEST(what_is_written_into_control_frames_is_judged_too)
{
    struct st_err err = ST_ERR_INIT;
    struct rig r;

    setup(&r, &PLAIN);
    ping(&r, SECRET);
    T_OK(ws_write_pong(r.speaks, &r.client.said, ST_SPAN(CARD), &err), err);
    ping(&r, "a harmless one, but long");
    T_OK(ws_write_close(r.speaks, &r.client.said, 1000, ST_SPAN(SECRET), &err), err);
    say_text(&r, "after the close", false);
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    ORIGIN_HEARD(&r, "<ping a harmless one, but long><close 1000 >", &PLAIN);
    T_CHECK(r.worker.counts.socket_dropped == 3, "%llu", (unsigned long long)r.worker.counts.socket_dropped);
    st_buf_str(&r.origin.said, "\x88\x02\x03\xe8");
    r.origin.has_ended = true;
    T_CHECK(socket_step(r.socket) == SOCKET_FINISHED, "not over");
    CLIENT_HEARD(&r, "<close 1000 >");
    T_CHECK(r.client.was_ended, "the client's side is open");
    teardown(&r);
}

T_TEST(broken_frames_end_both_sides_with_the_code_that_is_due)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *client;
    } TABLE[] = {
        { "\x81\x05hello", 7, "<close 1002 mask is on the wrong side>" },
        { "\x83\x80\0\0\0\0", 6, "<close 1002 opcode is reserved>" },
        { "\xc1\x80\0\0\0\0", 6, "<close 1002 reserved bit without an agreement>" },
        { "\x81\x81\0\0\0\0\xff", 7, "<close 1007 text is not UTF-8>" },
        { "\x88\x82\0\0\0\0\x03\xed", 8, "<close 1002 close code may not be sent>" },
    };

    t_ignore_log(ST_EV_PROTOCOL_ERROR); /* each worker tells it once a minute */
    for (size_t i = 0; i < ST_LEN(TABLE); i++) {
        struct rig r;

        setup(&r, &PLAIN);
        st_buf_put(&r.client.said, TABLE[i].bytes, TABLE[i].n);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "case %zu", i);
        ORIGIN_HEARD(&r, "<close 1001 >", &PLAIN);
        CLIENT_HEARD(&r, TABLE[i].client);
        st_buf_str(&r.origin.said, "\x88\x02\x03\xe9");
        T_CHECK(socket_step(r.socket) == SOCKET_FINISHED, "case %zu: both have closed", i);
        teardown(&r);
    }
}

/* ---- down ---- */

T_TEST(what_the_origin_says_arrives_as_it_was_said)
{
    struct st_buf said;
    struct rig r;

    st_buf_init(&said, 65536);
    for (int i = 0; i < 40; i++)
        st_buf_fmt(&said, "\x01\x03one\x89\x01p%c\x7e%c%c%0200d\x80\x7f%c%c%c%c%c%c%c%c!", 0, 0, 200, i, 0, 0, 0, 0, 0,
                   0, 0, 1);
    setup(&r, &TAKEOVER);
    r.cut = 5;
    r.client.room = 3;
    st_buf_span(&r.origin.said, st_buf_view(&said));
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    T_CHECK(st_span_eq(st_buf_view(&r.client.heard), st_buf_view(&said)), "%zu of %zu bytes", r.client.heard.n, said.n);
    teardown(&r);
    st_buf_fini(&said);
}

T_TEST(the_gateways_own_close_waits_for_a_gap)
{
    static const char SAID[] = "\x01\x05hello\x80\x06 there";

    for (size_t cut = 1; cut < sizeof SAID; cut++) {
        struct st_span whole = st_span(SAID, sizeof SAID - 1);
        bool is_gap = cut == 7 || cut == 15;
        struct rig r;

        setup(&r, &PLAIN);
        st_buf_span(&r.origin.said, st_span_sub(whole, 0, cut));
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        say_text(&r, SECRET, false);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        T_CHECK(has(&r.client.heard, "not sent") == is_gap, "cut %zu: the close frame %s", cut,
                is_gap ? "is missing" : "is inside a frame");
        st_buf_span(&r.origin.said, st_span_sub(whole, cut, whole.n));
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        T_CHECK(strstr(heard(&r.client, WS_FROM_SERVER, NULL), STOPPED) != NULL, "cut %zu: no close", cut);
        teardown(&r);
    }
}

/* ---- sizes ---- */

static void say_large(struct rig *r, size_t pieces, const char *end)
{
    static char piece[10000];

    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < pieces; i++)
        say(r, (struct ws_part){ true, i == 0, false, true, st_span(piece, sizeof piece) });
    say(r, (struct ws_part){ true, false, true, true, st_span_str(end) });
}

T_TEST(a_message_beyond_memory_waits_on_disk_and_arrives_whole)
{
    static const struct ws_deflate *const AGREED[] = { &PLAIN, &TAKEOVER };

    for (size_t i = 0; i < 2 * ST_LEN(AGREED); i++) {
        struct rig r;

        setup(&r, AGREED[i / 2]);
        r.origin.room = 5000;
        say_large(&r, 20, i % 2 == 0 ? " the end" : " " SECRET);
        say_text(&r, "next", true);
        say_text(&r, SECRET, true);
        say_text(&r, "never read", true);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        if (i % 2 == 0) {
            const char *got = heard(&r.origin, WS_FROM_CLIENT, AGREED[i / 2]);

            T_CHECK(strlen(got) == strlen("text ") + 200000 + strlen(" the end|text next|<close 1001 >") &&
                        strstr(got, "x the end|text next|<close 1001 >") != NULL,
                    "%zu bytes", strlen(got));
        } else {
            ORIGIN_HEARD(&r, "<close 1001 >", AGREED[i / 2]);
        }
        teardown(&r);
    }
}

T_TEST(a_message_that_is_too_large_ends_the_socket)
{
    struct rig r;

    setup(&r, &PLAIN);
    say_large(&r, 27, "");
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    ORIGIN_HEARD(&r, "<close 1001 >", &PLAIN);
    T_CHECK(strstr(heard(&r.client, WS_FROM_SERVER, NULL), "<close 1009 ") != NULL, "not 1009");
    T_CHECK(outbox_pending(r.worker.outbox) == 1, "no record");
    teardown(&r);
}

T_TEST(a_message_that_inflates_too_much_ends_the_socket)
{
    static char zeros[4 << 20];
    struct rig r;

    setup(&r, &TAKEOVER);
    say(&r, (struct ws_part){ false, true, true, true, st_span(zeros, sizeof zeros) });
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    ORIGIN_HEARD(&r, "<close 1001 >", &TAKEOVER);
    T_CHECK(strstr(heard(&r.client, WS_FROM_SERVER, NULL), "<close 1009 ") != NULL, "not 1009");
    T_CHECK(outbox_pending(r.worker.outbox) == 1, "no record");
    teardown(&r);
}

/* ---- any conversation ---- */

/* One message, ping or card at random; what the origin is to hear of it goes into `want`. */
static void say_something(struct rig *r, struct st_buf *want, bool may_redact)
{
    static const char *const TEXTS[] = { "", "hello", "a longer text, of the kind that people write",
                                         "before, before" };
    static char large[90000];
    const char *text = TEXTS[t_below(ST_LEN(TEXTS))];
    bool is_deflated = t_below(2) == 0;
    uint64_t kind = t_below(10);

    if (kind == 0) {
        ping(r, "p");
        st_buf_str(want, "<ping p>");
    } else if (kind == 1 && may_redact) {
        say_text(r, CARD, is_deflated);
        st_buf_str(want, "text my card [card], lol|");
    } else if (kind == 2) {
        memset(large, 'a' + (int)t_below(26), sizeof large);
        say(r, (struct ws_part){ false, true, true, is_deflated, st_span(large, sizeof large) });
        st_buf_str(want, "binary ");
        st_buf_put(want, large, sizeof large);
        st_buf_byte(want, '|');
    } else {
        size_t n = strlen(text), half = n > 0 ? t_below(n) : 0;

        say(r, (struct ws_part){ true, true, false, is_deflated, st_span(text, half) });
        say(r, (struct ws_part){ true, false, true, is_deflated, st_span(text + half, n - half) });
        st_buf_fmt(want, "text %s|", text);
    }
}

T_TEST(any_conversation_at_any_pace_arrives_up_to_what_is_blocked)
{
    static const struct ws_deflate *const AGREED[] = { &PLAIN, &TAKEOVER, &ALONE };

    for (uint64_t seed = 1; seed <= 120; seed++) {
        const struct ws_deflate *deflate = AGREED[seed % 3];
        bool is_blocked;
        struct st_buf want;
        struct rig r;

        t_seed(seed);
        setup(&r, deflate);
        st_buf_init(&want, 8 << 20);
        for (uint64_t n = t_below(12); n > 0; n--)
            say_something(&r, &want, true);
        is_blocked = t_below(2) == 0;
        if (is_blocked)
            say_text(&r, SECRET, t_below(2) == 0);
        for (uint64_t n = t_below(4); is_blocked && n > 0; n--)
            say_text(&r, "after it", true);
        st_buf_str(&want, is_blocked ? "<close 1001 >" : "");
        st_buf_byte(&want, 0);
        for (int step = 0; step < 40; step++) { /* little room at first, at last as much as it takes */
            r.cut = step < 39 ? 1 + t_below(5000) : 0;
            r.origin.room = step < 39 ? t_below(3) * t_below(3000) : SIZE_MAX;
            r.client.room = step < 39 ? t_below(2) * t_below(100) : SIZE_MAX;
            T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
        }
        T_CHECK(strcmp(heard(&r.origin, WS_FROM_CLIENT, deflate), (char *)want.p) == 0, "the origin heard \"%.300s\"",
                heard(&r.origin, WS_FROM_CLIENT, deflate));
        T_CHECK(has(&r.client.heard, "not sent") == is_blocked, "the client was told wrongly");
        st_buf_fini(&want);
        teardown(&r);
    }
}

/* ---- refusals in the place of an answer ---- */

#define CHAT   "/xmpp-websocket"
#define WAITED 10000 /* for the origin to answer */

static void say_stanza(struct rig *r, int number, const char *text)
{
    char stanza[512];

    (void)snprintf(
        stanza, sizeof stanza,
        "<message xmlns=\"jabber:client\" to=\"bo@site.test\" type=\"chat\" id=\"m%d\"><body>%s</body></message>",
        number, text);
    say_text(r, stanza, false);
}

static void step(struct rig *r)
{
    st_timers_fire(r->worker.loop.timers);
    T_CHECK(socket_step(r->socket) == SOCKET_GOES_ON, "ended");
}

/* How often the part stands in what a peer heard. */
static unsigned count(const struct pipe *p, enum ws_from from, const char *part)
{
    const char *at = heard(p, from, NULL);
    unsigned n = 0;

    for (; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

/* The origin answers the nth of the questions that it heard. */
static void answer_question(struct rig *r, unsigned nth)
{
    static const struct ws_deflate NONE;
    struct ws_writer *writer = ws_writer_new(WS_FROM_SERVER, &NONE, false);
    const char *at = heard(&r->origin, WS_FROM_CLIENT, NULL);
    struct st_err err = ST_ERR_INIT;
    char stanza[256];

    for (unsigned i = 0; i <= nth; i++)
        T_CHECK((at = strstr(at, "type=\"get\" id=\"")) != NULL && (at += 15) != NULL, "question %u", i);
    (void)snprintf(stanza, sizeof stanza, "<iq xmlns=\"jabber:client\" type=\"result\" id=\"%.36s\"/>", at);
    T_OK(ws_write(writer, &r->origin.said, &(struct ws_part){ true, true, true, false, st_span_str(stanza) }, &err),
         err);
    ws_writer_free(writer);
}

#define QUESTIONS(r)   count(&(r)->origin, WS_FROM_CLIENT, "urn:xmpp:ping")
#define REFUSALS(r)    count(&(r)->client, WS_FROM_SERVER, "policy-violation")
#define REFUSED(r, id) (count(&(r)->client, WS_FROM_SERVER, "id=\"" id "\"") == 1)

T_TEST(a_question_that_is_not_answered_is_given_up_in_time)
{
    struct rig r;

    setup_at(&r, CHAT, &PLAIN);
    say_stanza(&r, 1, SECRET);
    step(&r);
    st_clock_turn(WAITED / 2);
    say_stanza(&r, 2, SECRET);
    step(&r);
    T_CHECK(QUESTIONS(&r) == 2 && REFUSALS(&r) == 0, "%u questions", QUESTIONS(&r));
    st_clock_turn(WAITED / 2 - 500);
    step(&r);
    T_CHECK(REFUSALS(&r) == 0, "before its time");
    st_clock_turn(501);
    step(&r);
    T_CHECK(REFUSALS(&r) == 1 && REFUSED(&r, "m1"), "the older one");
    answer_question(&r, 0); /* late: nobody knows it any more, so it goes on */
    answer_question(&r, 1);
    step(&r);
    T_CHECK(REFUSALS(&r) == 2 && REFUSED(&r, "m2"), "the younger one, in its answer's place");
    T_CHECK(count(&r.client, WS_FROM_SERVER, "type=\"result\"") == 1, "the late answer, and not the other");
    st_clock_turn(2 * WAITED);
    step(&r);
    T_CHECK(REFUSALS(&r) == 2, "told twice");
    teardown(&r);
}

T_TEST(nothing_is_read_while_four_questions_wait)
{
    struct rig r;

    setup_at(&r, CHAT, &PLAIN);
    for (int i = 1; i <= 6; i++)
        say_stanza(&r, i, SECRET);
    say_stanza(&r, 7, "good morning");
    step(&r);
    T_CHECK(QUESTIONS(&r) == 4 && !has(&r.origin.heard, "none of it"), "%u questions", QUESTIONS(&r));
    answer_question(&r, 2);
    step(&r);
    T_CHECK(QUESTIONS(&r) == 5 && REFUSED(&r, "m3"), "%u questions", QUESTIONS(&r));
    answer_question(&r, 0);
    step(&r);
    T_CHECK(QUESTIONS(&r) == 6 && count(&r.origin, WS_FROM_CLIENT, "good morning") == 0, "%u questions", QUESTIONS(&r));
    st_clock_turn(WAITED + 1);
    step(&r);
    step(&r);
    T_CHECK(REFUSALS(&r) == 6 && count(&r.origin, WS_FROM_CLIENT, "good morning") == 1, "%u refusals", REFUSALS(&r));
    teardown(&r);
}

T_TEST(an_origin_that_ends_leaves_no_refusal_untold)
{
    struct rig r;

    setup_at(&r, CHAT, &PLAIN);
    say_stanza(&r, 1, SECRET);
    say_stanza(&r, 2, SECRET);
    step(&r);
    T_CHECK(QUESTIONS(&r) == 2 && REFUSALS(&r) == 0, "%u questions", QUESTIONS(&r));
    r.origin.has_ended = true;
    for (int i = 0; i < 5 && !r.client.was_ended; i++)
        (void)socket_step(r.socket);
    T_CHECK(r.client.was_ended && REFUSED(&r, "m1") && REFUSED(&r, "m2"), "%u refusals", REFUSALS(&r));
    teardown(&r);
}

T_TEST(a_file_that_is_announced_is_answered)
{
    struct rig r;

    setup_at(&r, CHAT, &PLAIN);
    say_text(&r,
             "<iq xmlns=\"jabber:client\" type=\"get\" id=\"u1\" to=\"up.site.test\"><request "
             "xmlns=\"urn:xmpp:http:upload:0\" filename=\"" SECRET ".pdf\" size=\"9\"/></iq>",
             false);
    step(&r);
    T_CHECK(QUESTIONS(&r) == 1 && !has(&r.origin.heard, "1203"), "%u questions", QUESTIONS(&r));
    answer_question(&r, 0);
    step(&r);
    T_CHECK(REFUSALS(&r) == 1 && REFUSED(&r, "u1"), "who asks for a place waits for an answer");
    teardown(&r);
}

/* ---- time and ends ---- */

T_TEST(a_quiet_socket_ends_after_its_time_and_a_ping_is_no_quiet)
{
    struct rig r;

    setup(&r, &PLAIN);
    for (int i = 0; i < 80; i++) { /* more than an hour */
        st_clock_turn(55000);
        ping(&r, "");
        st_timers_fire(r.worker.loop.timers);
        T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended after %d pings", i);
    }
    T_CHECK(r.client.heard.n == 0, "closed");
    st_clock_turn(3600000 + 1);
    st_timers_fire(r.worker.loop.timers);
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "no time to answer");
    CLIENT_HEARD(&r, "<close 1001 >");
    T_CHECK(strstr(heard(&r.origin, WS_FROM_CLIENT, NULL), "<close 1001 >") != NULL, "the origin was not told");
    st_clock_turn(3001);
    st_timers_fire(r.worker.loop.timers);
    T_CHECK(socket_step(r.socket) == SOCKET_FINISHED, "nobody answered");
    teardown(&r);
}

T_TEST(a_drain_closes_at_its_deadline)
{
    struct rig r;

    setup(&r, &PLAIN);
    r.worker.is_draining = true;
    r.worker.drain_by_ms = st_clock_ms() + 5000;
    say_text(&r, "still working", false);
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    ORIGIN_HEARD(&r, "text still working|", &PLAIN);
    T_CHECK(r.client.heard.n == 0, "closed at once");
    st_clock_turn(5001);
    st_timers_fire(r.worker.loop.timers);
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "no time to answer");
    CLIENT_HEARD(&r, "<close 1001 >");
    teardown(&r);
}

T_TEST(peers_that_leave_without_a_word)
{
    struct rig r;

    setup(&r, &PLAIN); /* the origin */
    st_buf_str(&r.origin.said, "\x81\x02hi");
    r.origin.has_ended = true;
    T_CHECK(socket_step(r.socket) == SOCKET_FINISHED, "goes on");
    CLIENT_HEARD(&r, "text hi|");
    teardown(&r);
    setup(&r, &PLAIN); /* the client, in the middle of a message */
    say_text(&r, "last words", false);
    say(&r, (struct ws_part){ true, true, false, false, ST_SPAN("half") });
    r.client.has_ended = true;
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "the origin may still answer");
    ORIGIN_HEARD(&r, "text last words|", &PLAIN);
    T_CHECK(r.origin.was_ended, "the origin was not told");
    teardown(&r);
    setup(&r, &PLAIN); /* a reset */
    say_text(&r, "last words", false);
    r.client_is_gone = true;
    T_CHECK(socket_step(r.socket) == SOCKET_CUT, "goes on");
    ORIGIN_HEARD(&r, "text last words|", &PLAIN);
    teardown(&r);
}

T_TEST(a_side_without_room_stops_the_other)
{
    struct rig r;

    setup(&r, &PLAIN);
    r.client.room = r.origin.room = 0;
    for (int i = 0; i < 20000; i++)
        say_text(&r, "a message of a client that writes a lot", false);
    st_buf_str(&r.origin.said, "\x81\x02hi");
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    T_CHECK(r.client.taken < (1 << 18), "%zu bytes were read", r.client.taken);
    T_CHECK(r.origin.taken == 0 && r.origin.heard.n == 0, "the origin was read");
    r.client.room = r.origin.room = 1000;
    T_CHECK(socket_step(r.socket) == SOCKET_GOES_ON, "ended");
    T_CHECK(r.client.taken == r.client.said.n, "%zu of %zu bytes", r.client.taken, r.client.said.n);
    CLIENT_HEARD(&r, "text hi|");
    teardown(&r);
}

static void quiet(void *ctx, enum st_event event, const char *line)
{
    (void)ctx, (void)event, (void)line; /* which allocation is worth a line is not the question here */
}

T_TEST(every_oom_ends_the_socket_and_leaks_nothing)
{
    st_log_sink(quiet, NULL);
    for (int nth = 1; nth < 400; nth++) {
        struct rig r;

        setup(&r, &TAKEOVER);
        say_text(&r, SECRET, true);
        t_fail_alloc(nth);
        (void)socket_step(r.socket);
        t_fail_alloc(0);
        T_CHECK(!has(&r.origin.heard, "1203") && strstr(heard(&r.origin, WS_FROM_CLIENT, &TAKEOVER), "DE02") == NULL,
                "allocation %d: it left", nth);
        teardown(&r);
    }
}

T_TEST(zz_leaves_nothing)
{
    flt_scanner_free(scanner);
    generation_release(gen);
}
