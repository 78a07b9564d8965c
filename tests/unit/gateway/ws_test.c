/* SPDX-License-Identifier: Apache-2.0 */
/* ws_test - the WebSocket codec as conversations: frames in, messages out, cut in every way; and what it refuses.
 *
 * Frames are written here by hand (put), not by the writer, so that a mistake both halves share does not hide.
 */
#include "base/clock.h"
#include "gateway/ws.h"
#include "gateway/ws_deflate.h"
#include "gateway/ws_frame.h"
#include "t.h"

static const struct ws_limits LIMITS = { 1 << 20, 200, 65536, 50, 10 };
static const struct ws_deflate TAKEOVER = { true, false, false, 15, 15 };
static const struct ws_deflate ALONE = { true, true, true, 15, 15 };
static const uint8_t MASK[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void put(struct st_buf *out, uint8_t first, bool is_masked, struct st_span payload)
{
    uint8_t mask_bit = is_masked ? 0x80 : 0;

    st_buf_byte(out, first);
    if (payload.n < 126) {
        st_buf_byte(out, (uint8_t)(mask_bit | payload.n));
    } else if (payload.n < 65536) {
        st_buf_byte(out, mask_bit | 126);
        st_buf_byte(out, (uint8_t)(payload.n >> 8));
        st_buf_byte(out, (uint8_t)payload.n);
    } else {
        st_buf_byte(out, mask_bit | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            st_buf_byte(out, (uint8_t)((uint64_t)payload.n >> shift));
    }
    if (is_masked)
        st_buf_put(out, MASK, 4);
    for (size_t i = 0; i < payload.n; i++)
        st_buf_byte(out, is_masked ? payload.p[i] ^ MASK[i & 3] : payload.p[i]);
}

/* ---- conversations ---- */

static void note(struct st_buf *text, const struct ws_event *event, bool *in_data)
{
    if (*in_data && event->kind != WS_DATA)
        st_buf_byte(text, '|');
    *in_data = event->kind == WS_DATA;
    switch (event->kind) {
    case WS_MESSAGE_BEGIN:
        st_buf_str(text, event->is_text ? "text" : "binary");
        st_buf_str(text, event->is_deflated ? "*|" : "|");
        break;
    case WS_DATA: st_buf_span(text, event->data); break;
    case WS_MESSAGE_END: st_buf_str(text, "end|"); break;
    case WS_PING:
        st_buf_str(text, "ping ");
        st_buf_span(text, event->data);
        st_buf_byte(text, '|');
        break;
    case WS_PONG:
        st_buf_str(text, "pong ");
        st_buf_span(text, event->data);
        st_buf_byte(text, '|');
        break;
    case WS_CLOSE:
        st_buf_fmt(text, "close %u ", event->code);
        st_buf_span(text, event->data);
        st_buf_byte(text, '|');
        break;
    }
}

struct seen {
    struct st_buf text;
    struct st_err err;
    enum st_rc rc;
    bool is_idle;
};

/* Feeds in pieces of step bytes (0: of random sizes), each in its own allocation. */
static struct seen talk(enum ws_from from, const struct ws_deflate *deflate, struct st_span in, size_t step)
{
    struct ws *ws = ws_new(from, &LIMITS, deflate);
    struct seen seen = { .err = ST_ERR_INIT };
    struct ws_event event;
    bool in_data = false;
    size_t n;

    st_buf_init(&seen.text, 64 << 20);
    for (size_t at = 0; at < in.n && seen.rc != ST_ERR; at += n) {
        size_t want = step > 0 ? step : 1 + t_below(40), used = 0;
        uint8_t *piece;
        struct st_span rest;

        n = in.n - at < want ? in.n - at : want;
        piece = malloc(n);
        memcpy(piece, in.p + at, n);
        rest = st_span(piece, n);
        while ((seen.rc = ws_feed(ws, rest, &used, &event, &seen.err)) == ST_OK) {
            note(&seen.text, &event, &in_data);
            rest = st_span_sub(rest, used, rest.n - used);
        }
        T_CHECK(seen.rc == ST_ERR || used == rest.n, "again, but %zu of %zu used", used, rest.n);
        free(piece);
    }
    seen.is_idle = ws_is_idle(ws);
    st_buf_byte(&seen.text, 0);
    ws_free(ws);
    return seen;
}

struct piece {
    uint8_t first;
    struct st_span payload;
};
#define P(first, literal)         \
    {                             \
        (first), ST_SPAN(literal) \
    }

static struct st_buf frames(enum ws_from from, const struct piece *pieces, size_t n)
{
    struct st_buf out;

    st_buf_init(&out, 64 << 20);
    for (size_t i = 0; i < n && pieces[i].first != 0xff; i++)
        put(&out, pieces[i].first, from == WS_FROM_CLIENT, pieces[i].payload);
    return out;
}

static const struct good {
    const char *want;
    struct piece pieces[7];
} GOOD[] = {
    { "text|Hello|end|", { P(0x81, "Hello"), P(0xff, "") } },
    { "binary|Hello|end|", { P(0x82, "Hello"), P(0xff, "") } },
    { "text|end|text|x|end|", { P(0x81, ""), P(0x81, "x"), P(0xff, "") } },
    { "text|Hello|end|", { P(0x01, "Hell"), P(0x80, "o"), P(0xff, "") } },
    { "text|Hell|ping p|o|end|", { P(0x01, "Hell"), P(0x89, "p"), P(0x80, "o"), P(0xff, "") } },
    { "text|Hell|close 1001 bye|",
      { P(0x01, "Hell"),
        P(0x88, "\x03\xe9"
                "bye"),
        P(0x80, "o"), P(0xff, "") } },
    { "text|Hell|pong |o|end|", { P(0x01, "Hell"), P(0x8a, ""), P(0x00, ""), P(0x00, "o"), P(0x80, ""), P(0xff, "") } },
    { "ping |close 1005 |", { P(0x89, ""), P(0x88, ""), P(0x81, "late"), P(0xff, "") } },
    { "close 4999 |", { P(0x88, "\x13\x87"), P(0xff, "") } },
    { "close 3000 \xc3\xa9|", { P(0x88, "\x0b\xb8\xc3\xa9"), P(0xff, "") } },
    { "text|\xe2\x82\xac|end|", { P(0x01, "\xe2"), P(0x00, "\x82"), P(0x80, "\xac"), P(0xff, "") } },
    { "text|\xf4\x8f\xbf\xbf|end|", { P(0x81, "\xf4\x8f\xbf\xbf"), P(0xff, "") } },
    { "binary|\xff\xfe|end|", { P(0x82, "\xff\xfe"), P(0xff, "") } },
};

/* The examples of RFC 7692 §7.2.3, and what peers do. */
static const struct good GOOD_DEFLATED[] = {
    { "text*|Hello|end|", { P(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), P(0xff, "") } },
    { "text*|Hello|end|", { P(0x41, "\xf2\x48\xcd"), P(0x80, "\xc9\xc9\x07\x00"), P(0xff, "") } },
    { "text*|Hello|end|", { P(0xc1, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), P(0xff, "") } },
    { "text*|Hello|end|", { P(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), P(0xff, "") } },
    { "text*|Hello|end|", { P(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), P(0xff, "") } },
    { "text*|Hello|end|text|plain|end|", { P(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), P(0x81, "plain"), P(0xff, "") } },
    { "text*|end|text*|end|text*|Hello|end|",
      { P(0xc1, ""), P(0xc1, "\x00"), P(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), P(0xff, "") } },
    { "binary*|Hello|ping x|end|",
      { P(0x42, "\xf2\x48\xcd\xc9\xc9\x07"), P(0x89, "x"), P(0x80, "\x00"), P(0xff, "") } },
};

static void check_good(const struct good *table, size_t n, const struct ws_deflate *deflate)
{
    for (size_t i = 0; i < 2 * n; i++) {
        enum ws_from from = i < n ? WS_FROM_CLIENT : WS_FROM_SERVER;
        const struct good *good = &table[i % n];
        struct st_buf in = frames(from, good->pieces, ST_LEN(good->pieces));

        for (size_t step = 1; step <= in.n; step++) {
            struct seen seen = talk(from, deflate, st_buf_view(&in), step);

            T_CHECK(strcmp((char *)seen.text.p, good->want) == 0, "case %zu step %zu: %s (%s)", i, step,
                    (char *)seen.text.p, seen.err.what);
            T_CHECK(seen.is_idle, "case %zu step %zu is not idle", i, step);
            st_buf_fini(&seen.text);
        }
        st_buf_fini(&in);
    }
}

T_TEST(legal_conversations_at_every_cut)
{
    check_good(GOOD, ST_LEN(GOOD), NULL);
    check_good(GOOD, ST_LEN(GOOD), &TAKEOVER);
    check_good(GOOD_DEFLATED, ST_LEN(GOOD_DEFLATED), &TAKEOVER);
    check_good(GOOD_DEFLATED, ST_LEN(GOOD_DEFLATED), &ALONE);
}

T_TEST(a_second_message_may_point_into_the_first_one_only_with_takeover)
{
    static const struct good TWICE[] = { { "text*|Hello|end|text*|Hello|end|",
                                           { P(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), P(0xc1, "\xf2\x00\x11\x00\x00"),
                                             P(0xff, "") } } };
    /* The first one ends its deflate stream; the window goes on. */
    static const struct good ENDED[] = { { "text*|Hello|end|text*|Hello|end|",
                                           { P(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
                                             P(0xc1, "\xf2\x00\x11\x00\x00"), P(0xff, "") } } };
    struct st_buf in = frames(WS_FROM_SERVER, TWICE[0].pieces, ST_LEN(TWICE[0].pieces));
    struct seen seen = talk(WS_FROM_SERVER, &ALONE, st_buf_view(&in), in.n);

    check_good(TWICE, 1, &TAKEOVER);
    check_good(ENDED, 1, &TAKEOVER);
    T_CHECK(seen.rc == ST_ERR && seen.err.num == WS_CLOSE_DATA, "went through: %s", (char *)seen.text.p);
    st_buf_fini(&seen.text);
    st_buf_fini(&in);
}

/* ---- refusals ---- */

static const struct bad {
    unsigned code;
    struct piece pieces[4];
} BAD[] = {
    { 1002, { P(0x83, "x"), P(0xff, "") } }, /* reserved opcodes */
    { 1002, { P(0x87, ""), P(0xff, "") } },
    { 1002, { P(0x8b, ""), P(0xff, "") } },
    { 1002, { P(0x8f, ""), P(0xff, "") } },
    { 1002, { P(0xc1, "x"), P(0xff, "") } }, /* reserved bits without an agreement */
    { 1002, { P(0xa1, "x"), P(0xff, "") } },
    { 1002, { P(0x91, "x"), P(0xff, "") } },
    { 1002, { P(0xc9, "x"), P(0xff, "") } },
    { 1002, { P(0x80, "x"), P(0xff, "") } }, /* a fragment of nothing */
    { 1002, { P(0x00, "x"), P(0xff, "") } },
    { 1002, { P(0x01, "x"), P(0x81, "y"), P(0xff, "") } }, /* a message inside a message */
    { 1002, { P(0x01, "x"), P(0x02, "y"), P(0xff, "") } },
    { 1002, { P(0x09, "x"), P(0xff, "") } }, /* control frames in pieces */
    { 1002, { P(0x08, ""), P(0xff, "") } },
    { 1002, { P(0x88, "x"), P(0xff, "") } },        /* half a code */
    { 1002, { P(0x88, "\x03\xe7"), P(0xff, "") } }, /* 999 */
    { 1002, { P(0x88, "\x03\xec"), P(0xff, "") } }, /* 1004 */
    { 1002, { P(0x88, "\x03\xed"), P(0xff, "") } }, /* 1005 */
    { 1002, { P(0x88, "\x03\xee"), P(0xff, "") } }, /* 1006 */
    { 1002, { P(0x88, "\x03\xf7"), P(0xff, "") } }, /* 1015 */
    { 1002, { P(0x88, "\x07\xd0"), P(0xff, "") } }, /* 2000 */
    { 1002, { P(0x88, "\x13\x88"), P(0xff, "") } }, /* 5000 */
    { 1002, { P(0x88, "\xff\xff"), P(0xff, "") } },
    { 1007, { P(0x88, "\x03\xe8\xff"), P(0xff, "") } }, /* reasons that are no text */
    { 1007, { P(0x88, "\x03\xe8\xe2\x82"), P(0xff, "") } },
    { 1007, { P(0x81, "\xff"), P(0xff, "") } }, /* UTF-8 */
    { 1007, { P(0x81, "\xc0\xaf"), P(0xff, "") } },
    { 1007, { P(0x81, "\xed\xa0\x80"), P(0xff, "") } },
    { 1007, { P(0x81, "\xf4\x90\x80\x80"), P(0xff, "") } },
    { 1007, { P(0x81, "\xe2\x82"), P(0xff, "") } },
    { 1007, { P(0x01, "\xe2"), P(0x80, "x"), P(0xff, "") } },
    { 1007, { P(0x01, "\xf0\x80"), P(0x80, "\x80\x80"), P(0xff, "") } }, /* told before the end */
};
static const struct bad BAD_DEFLATED[] = {
    { 1002, { P(0x41, "\xf2"), P(0xc0, "\x48"), P(0xff, "") } }, /* RSV1 belongs to the first fragment */
    { 1002, { P(0xe1, "\xf2"), P(0xff, "") } },
    { 1002, { P(0xc9, "x"), P(0xff, "") } },
    { 1007, { P(0xc1, "\xff\xff\xff"), P(0xff, "") } }, /* no deflate */
    { 1007, { P(0xc1, "\xf2\x48\xcd"), P(0xff, "") } }, /* ends inside a block */
    { 1007, { P(0xc1, "\x00\x05\x00\xfa\xffHe"), P(0xff, "") } },
    { 1007, { P(0xc1, "\x02\x03\x00\x00"), P(0xff, "") } },
};

static void check_bad(const struct bad *table, size_t n, const struct ws_deflate *deflate)
{
    for (size_t i = 0; i < 2 * n; i++) {
        enum ws_from from = i < n ? WS_FROM_CLIENT : WS_FROM_SERVER;
        const struct bad *bad = &table[i % n];
        struct st_buf in = frames(from, bad->pieces, ST_LEN(bad->pieces));

        for (size_t step = 1; step <= in.n; step++) {
            struct seen seen = talk(from, deflate, st_buf_view(&in), step);

            T_CHECK(seen.rc == ST_ERR && seen.err.num == bad->code, "case %zu step %zu: rc %d, code %d, %s", i, step,
                    (int)seen.rc, (int)seen.err.num, (char *)seen.text.p);
            st_buf_fini(&seen.text);
        }
        st_buf_fini(&in);
    }
}

T_TEST(illegal_frames_name_their_close_code_at_every_cut)
{
    check_bad(BAD, ST_LEN(BAD), NULL);
    check_bad(BAD_DEFLATED, ST_LEN(BAD_DEFLATED), &TAKEOVER);
    check_bad(BAD_DEFLATED, ST_LEN(BAD_DEFLATED), &ALONE);
}

T_TEST(raw_heads_that_lie)
{
    static const struct {
        enum ws_from from;
        unsigned code;
        struct st_span in;
    } table[] = {
        { WS_FROM_CLIENT, 1002, { (const uint8_t *)"\x81\x01x", 3 } },         /* no mask */
        { WS_FROM_SERVER, 1002, { (const uint8_t *)"\x81\x81\0\0\0\0x", 7 } }, /* a mask */
        { WS_FROM_SERVER, 1002, { (const uint8_t *)"\x81\x7e\x00\x7d", 4 } },  /* long forms */
        { WS_FROM_SERVER, 1002, { (const uint8_t *)"\x81\x7f\0\0\0\0\0\0\xff\xff", 10 } },
        { WS_FROM_SERVER, 1002, { (const uint8_t *)"\x81\x7f\x80\0\0\0\0\1\0\0", 10 } }, /* sign bit */
        { WS_FROM_SERVER, 1002, { (const uint8_t *)"\x89\x7e\x00\x7e", 4 } },            /* long control */
        { WS_FROM_SERVER, 1009, { (const uint8_t *)"\x81\x7f\0\0\0\0\0\x10\0\1", 10 } }, /* 1 MiB + 1 */
        { WS_FROM_SERVER, 1009, { (const uint8_t *)"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10 } },
    };

    for (size_t i = 0; i < ST_LEN(table); i++) {
        for (size_t step = 1; step <= table[i].in.n; step++) {
            struct seen seen = talk(table[i].from, NULL, table[i].in, step);

            T_CHECK(seen.rc == ST_ERR && seen.err.num == table[i].code, "case %zu: rc %d code %d", i, (int)seen.rc,
                    (int)seen.err.num);
            st_buf_fini(&seen.text);
        }
    }
}

T_TEST(a_failed_socket_stays_failed)
{
    struct ws *ws = ws_new(WS_FROM_SERVER, &LIMITS, NULL);
    struct ws_event event;
    struct st_err err;
    size_t used;

    T_CHECK(ws_feed(ws, ST_SPAN("\x83\x00"), &used, &event, &err) == ST_ERR, "taken");
    T_CHECK(ws_feed(ws, ST_SPAN("\x81\x00"), &used, &event, &err) == ST_ERR, "came back");
    T_CHECK(!ws_is_idle(ws), "idle");
    ws_free(ws);
}

/* ---- ceilings ---- */

static struct st_buf deflated_zeros(size_t n)
{
    struct ws_squeeze *squeeze = ws_squeeze_new(15);
    static uint8_t zeros[65536];
    struct st_buf packed, out;
    struct st_err err;

    st_buf_init(&packed, 64 << 20);
    st_buf_init(&out, 64 << 20);
    for (size_t at = 0; at < n; at += sizeof zeros)
        T_CHECK(ws_squeeze_step(squeeze, st_span(zeros, sizeof zeros), at + sizeof zeros >= n, &packed, &err) == ST_OK,
                "deflate");
    put(&out, 0xc2, true, st_buf_view(&packed));
    ws_squeeze_free(squeeze);
    st_buf_fini(&packed);
    return out;
}

T_TEST(a_deflate_bomb_ends_with_1009_before_it_grows)
{
    struct st_buf in = deflated_zeros(64 << 20);
    struct seen seen = talk(WS_FROM_CLIENT, &TAKEOVER, st_buf_view(&in), 4096);

    T_CHECK(seen.rc == ST_ERR && seen.err.num == WS_CLOSE_SIZE && seen.err.code == ST_E_LIMIT, "rc %d", (int)seen.rc);
    T_CHECK(seen.text.n <= LIMITS.ratio_grace + LIMITS.ratio * 1024, "%zu bytes came out", seen.text.n);
    st_buf_fini(&seen.text);
    st_buf_fini(&in);
}

T_TEST(fragments_add_up_to_the_ceiling)
{
    static uint8_t part[65536];
    struct st_buf in;
    struct seen seen;

    st_buf_init(&in, 64 << 20);
    put(&in, 0x02, false, st_span(part, sizeof part));
    for (size_t i = 0; i < 15; i++)
        put(&in, 0x00, false, st_span(part, sizeof part));
    put(&in, 0x80, false, ST_SPAN_NONE);
    seen = talk(WS_FROM_SERVER, NULL, st_buf_view(&in), 10000);
    T_CHECK(seen.rc == ST_AGAIN && seen.is_idle, "exactly the ceiling was refused");
    st_buf_fini(&seen.text);
    in.n -= 2;
    put(&in, 0x80, false, ST_SPAN("x"));
    seen = talk(WS_FROM_SERVER, NULL, st_buf_view(&in), 10000);
    T_CHECK(seen.rc == ST_ERR && seen.err.num == WS_CLOSE_SIZE, "one more was taken");
    st_buf_fini(&seen.text);
    st_buf_fini(&in);
}

T_TEST(a_flood_of_small_frames_ends_with_1008)
{
    static const uint8_t FLOODS[] = { 0x89, 0x8a, 0x00 };

    for (size_t kind = 0; kind < ST_LEN(FLOODS); kind++) {
        struct ws *ws = ws_new(WS_FROM_SERVER, &LIMITS, NULL);
        struct st_buf in;
        struct ws_event event;
        struct st_err err = ST_ERR_INIT;
        size_t used, frames = 0;
        enum st_rc rc = ST_AGAIN;

        st_buf_init(&in, 1024);
        put(&in, 0x01, false, ST_SPAN("x"));
        while (rc != ST_ERR && frames < 1000) {
            struct st_span rest = st_buf_view(&in);

            while ((rc = ws_feed(ws, rest, &used, &event, &err)) == ST_OK)
                rest = st_span_sub(rest, used, rest.n);
            st_buf_reset(&in);
            put(&in, FLOODS[kind], false, ST_SPAN_NONE);
            frames++;
        }
        T_CHECK(err.num == WS_CLOSE_POLICY && frames >= LIMITS.controls && frames < LIMITS.controls + 20,
                "kind %zu: %zu frames, code %d", kind, frames, (int)err.num);
        st_buf_fini(&in);
        ws_free(ws);
    }
}

T_TEST(keep_alives_over_hours_cost_nothing)
{
    struct ws *ws = ws_new(WS_FROM_SERVER, &LIMITS, NULL);
    struct ws_event event;
    struct st_err err;
    size_t used;

    for (size_t i = 0; i < 1000; i++) {
        T_CHECK(ws_feed(ws, ST_SPAN("\x89\x00"), &used, &event, &err) == ST_OK, "ping %zu", i);
        st_clock_turn(1000);
    }
    ws_free(ws);
}

/* ---- there and back ---- */

struct copy { /* what a reader made of a stream */
    struct st_buf text;
    size_t messages, pings;
};

static void read_all(struct ws *ws, struct st_span in, struct copy *copy)
{
    struct ws_event event;
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = ST_AGAIN;

    while (in.n > 0) {
        size_t n = 1 + t_below(in.n), used;
        struct st_span rest = st_span_sub(in, 0, n);

        while ((rc = ws_feed(ws, rest, &used, &event, &err)) == ST_OK) {
            if (event.kind == WS_DATA)
                st_buf_span(&copy->text, event.data);
            copy->messages += event.kind == WS_MESSAGE_END;
            copy->pings += event.kind == WS_PING;
            rest = st_span_sub(rest, used, rest.n);
        }
        T_CHECK(rc == ST_AGAIN, "%s: %s %d", err.where, err.what, (int)err.num);
        in = st_span_sub(in, n, in.n);
    }
}

static void random_text(struct st_buf *out, size_t n)
{
    static const char *const WORDS[] = { "learning ",          "message ", "{\"text\":\"",
                                         "\xc3\xa9t\xc3\xa9 ", "4711 ",    "\xf0\x9f\x98\x80" };

    while (out->n < n)
        st_buf_str(out, WORDS[t_below(ST_LEN(WORDS))]);
}

static void write_randomly(struct ws_writer *writer, struct st_buf *out, struct st_span data, bool is_deflated,
                           size_t *pings)
{
    struct ws_part part = { .is_text = true, .is_first = true, .is_deflated = is_deflated };
    struct st_err err = ST_ERR_INIT;

    while (!part.is_last) {
        size_t n = t_below(4) == 0 ? data.n : t_below(data.n + 1);

        part.data = st_span_sub(data, 0, n);
        data = st_span_sub(data, n, data.n);
        part.is_last = data.n == 0;
        T_OK(ws_write(writer, out, &part, &err), err);
        part.is_first = false;
        if (t_below(6) == 0) {
            T_OK(ws_write_ping(writer, out, ST_SPAN("still there?"), &err), err);
            (*pings)++;
        }
    }
}

T_TEST(what_is_written_is_read_whatever_was_agreed)
{
    static const struct ws_deflate AGREED[] = { { 0 },
                                                { true, false, false, 15, 15 },
                                                { true, true, true, 15, 15 },
                                                { true, false, true, 9, 12 },
                                                { true, false, false, 8, 8 } };

    t_seed(20261);
    for (size_t round = 0; round < 120; round++) {
        const struct ws_deflate *agreed = &AGREED[round % ST_LEN(AGREED)];
        enum ws_from from = t_below(2) ? WS_FROM_CLIENT : WS_FROM_SERVER;
        struct ws_writer *writer = ws_writer_new(from, agreed, t_below(2));
        struct ws_limits limits = { 1 << 22, 0, 0, 1000, 10 };
        struct ws *ws = ws_new(from, &limits, agreed);
        struct st_buf wire, sent;
        struct copy copy = { 0 };
        size_t messages = 1 + t_below(8), pings = 0;

        st_buf_init(&wire, 64 << 20);
        st_buf_init(&sent, 64 << 20);
        st_buf_init(&copy.text, 64 << 20);
        for (size_t i = 0; i < messages; i++) {
            struct st_buf text;

            st_buf_init(&text, 1 << 20);
            random_text(&text, t_below(3) ? t_below(300) : t_below(150000));
            st_buf_span(&sent, st_buf_view(&text));
            write_randomly(writer, &wire, st_buf_view(&text), t_below(4) > 0, &pings);
            st_buf_fini(&text);
        }
        read_all(ws, st_buf_view(&wire), &copy);
        T_CHECK(copy.messages == messages && copy.pings == pings, "round %zu: %zu of %zu", round, copy.messages,
                messages);
        T_CHECK(st_span_eq(st_buf_view(&copy.text), st_buf_view(&sent)), "round %zu differs", round);
        T_CHECK(ws_is_idle(ws), "round %zu is not idle", round);
        st_buf_fini(&wire);
        st_buf_fini(&sent);
        st_buf_fini(&copy.text);
        ws_free(ws);
        ws_writer_free(writer);
    }
}

/* A relay: raw while nothing was changed, then compressed anew; the far reader keeps one window over both. */
T_TEST(raw_messages_keep_the_window_and_new_ones_may_follow)
{
    struct ws_writer *origin = ws_writer_new(WS_FROM_SERVER, &TAKEOVER, true);
    struct ws_writer *relay = ws_writer_new(WS_FROM_SERVER, &TAKEOVER, false);
    struct ws *near = ws_new(WS_FROM_SERVER, &LIMITS, &TAKEOVER), *far = ws_new(WS_FROM_SERVER, &LIMITS, &TAKEOVER);
    struct copy seen = { 0 }, got = { 0 };
    struct st_err err = ST_ERR_INIT;
    struct st_buf raw;

    st_buf_init(&raw, 1 << 16);
    st_buf_init(&seen.text, 1 << 20);
    st_buf_init(&got.text, 1 << 20);
    ws_keep_raw(near, &raw);
    for (size_t i = 0; i < 12; i++) {
        struct ws_part part = { true, true, true, true, ST_SPAN("the same words again and again, 4711") };
        struct st_buf wire, out;

        st_buf_init(&wire, 1 << 16);
        st_buf_init(&out, 1 << 16);
        T_OK(ws_write(origin, &wire, &part, &err), err);
        read_all(near, st_buf_view(&wire), &seen);
        T_CHECK(i == 0 || raw.n < 20, "message %zu did not use the window: %zu", i, raw.n);
        if (i < 6)
            T_OK(ws_write_raw(relay, &out, true, st_buf_view(&raw), &err), err);
        else
            T_OK(ws_write(relay, &out, &part, &err), err);
        read_all(far, st_buf_view(&out), &got);
        st_buf_fini(&wire);
        st_buf_fini(&out);
    }
    T_CHECK(got.messages == 12 && st_span_eq(st_buf_view(&got.text), st_buf_view(&seen.text)), "they differ");
    st_buf_fini(&raw);
    st_buf_fini(&seen.text);
    st_buf_fini(&got.text);
    ws_free(near);
    ws_free(far);
    ws_writer_free(origin);
    ws_writer_free(relay);
}

T_TEST(close_frames_are_cut_at_a_character)
{
    struct ws_writer *writer = ws_writer_new(WS_FROM_SERVER, NULL, false);
    struct st_buf out, reason;
    struct st_err err = ST_ERR_INIT;
    struct seen seen;

    st_buf_init(&out, 1024);
    st_buf_init(&reason, 1024);
    st_buf_str(&reason, "x");
    for (size_t i = 0; i < 100; i++)
        st_buf_str(&reason, "\xe2\x82\xac");
    T_OK(ws_write_close(writer, &out, 1008, st_buf_view(&reason), &err), err);
    seen = talk(WS_FROM_SERVER, NULL, st_buf_view(&out), out.n);
    T_CHECK(seen.rc == ST_AGAIN && out.n == 2 + 2 + 121, "rc %d n %zu", (int)seen.rc, out.n);
    st_buf_fini(&seen.text);
    st_buf_reset(&out);
    T_OK(ws_write_close(writer, &out, WS_CLOSE_NONE, ST_SPAN_NONE, &err), err);
    T_CHECK(out.n == 2, "%zu", out.n);
    T_CHECK(ws_write_ping(writer, &out, st_buf_view(&reason), &err) == ST_ERR, "a long ping");
    st_buf_fini(&out);
    st_buf_fini(&reason);
    ws_writer_free(writer);
}

T_TEST(utf8_in_pieces_agrees_with_utf8_at_once)
{
    static const uint8_t LEADS[] = { 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2,
                                     0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff };

    t_seed(3629);
    for (size_t round = 0; round < 20000; round++) {
        uint8_t bytes[12];
        size_t n = 1 + t_below(sizeof bytes), cut, good = 0;
        struct st_span rest;
        struct ws_utf8 utf8 = { 0 };
        bool is_good;

        for (size_t i = 0; i < n; i++)
            bytes[i] = t_below(4) ? LEADS[t_below(ST_LEN(LEADS))] : 'a';
        for (rest = st_span(bytes, n); rest.n > 0 && st_span_utf8(rest) > 0;)
            rest = st_span_sub(rest, st_span_utf8(rest), rest.n);
        good = rest.n == 0;
        cut = t_below(n + 1);
        is_good = ws_utf8_feed(&utf8, st_span(bytes, cut)) && ws_utf8_feed(&utf8, st_span(bytes + cut, n - cut)) &&
                  utf8.need == 0;
        T_CHECK(is_good == (good == 1), "round %zu", round);
    }
}

/* ---- handshake ---- */

T_TEST(keys)
{
    char key[WS_KEY_LEN + 1], accept[WS_ACCEPT_LEN + 1];
    struct st_err err = ST_ERR_INIT;

    T_OK(ws_accept(ST_SPAN("dGhlIHNhbXBsZSBub25jZQ=="), accept, &err), err);
    T_CHECK(strcmp(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == 0, "%s", accept);
    T_OK(ws_key(key, &err), err);
    T_CHECK(ws_is_key(st_span_str(key)), "%s", key);
    T_CHECK(!ws_is_key(ST_SPAN("")) && !ws_is_key(ST_SPAN("dGhlIHNhbXBsZSBub25jZ===")) &&
                !ws_is_key(ST_SPAN("dGhlIHNhbXBsZSBub25jZQ==x")) && !ws_is_key(ST_SPAN("dGhlIHNhbXBsZSBub25jZSEh")),
            "a bad key");
    T_CHECK(ws_accept(ST_SPAN("x"), accept, &err) == ST_ERR, "a bad key");
}

T_TEST(offers_are_written_anew)
{
    static const struct {
        const char *in, *want; /* NULL: malformed */
    } table[] = {
        { "", "" },
        { "permessage-deflate", "permessage-deflate" },
        { "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits" },
        { " , PerMessage-Deflate ;CLIENT_max_window_bits = 10,,", "permessage-deflate; client_max_window_bits=10" },
        { "permessage-deflate; server_max_window_bits=\"12\"", "permessage-deflate; server_max_window_bits=12" },
        { "x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover; server_no_context_takeover",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover" },
        { "permessage-deflate; server_max_window_bits=10, permessage-deflate",
          "permessage-deflate; server_max_window_bits=10, permessage-deflate" },
        { "permessage-bzip2; x=\"y\"; z", "" },
        { "permessage-deflate; server_max_window_bits=7", "" },
        { "permessage-deflate; server_max_window_bits=16", "" },
        { "permessage-deflate; server_max_window_bits=09", "" },
        { "permessage-deflate; server_max_window_bits", "" },
        { "permessage-deflate; server_no_context_takeover=1", "" },
        { "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "" },
        { "permessage-deflate; level=9, permessage-deflate", "permessage-deflate" },
        { "permessage-deflate;", NULL },
        { "permessage-deflate; a=", NULL },
        { "permessage-deflate; a=\"b", NULL },
        { "permessage-deflate; a=\"b c\"", NULL },
        { "permessage-deflate x", NULL },
        { "; x", NULL },
    };

    for (size_t i = 0; i < ST_LEN(table); i++) {
        struct st_buf out;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc;

        st_buf_init(&out, 4096);
        rc = ws_filter_offer(st_span_str(table[i].in), &out, &err);
        T_CHECK((rc == ST_OK) == (table[i].want != NULL), "case %zu: %d", i, (int)rc);
        st_buf_byte(&out, 0);
        T_CHECK(rc != ST_OK || strcmp((char *)out.p, table[i].want) == 0, "case %zu: %s", i, (char *)out.p);
        st_buf_fini(&out);
    }
}

T_TEST(answers_have_to_fit_the_offer)
{
    static const struct {
        const char *offer, *answer;
        int want; /* -1 refused, 0 off, 1 on */
        struct ws_deflate deflate;
    } table[] = {
        { "permessage-deflate", "", 0, { 0 } },
        { "permessage-deflate", "permessage-deflate", 1, { true, false, false, 15, 15 } },
        { "permessage-deflate; client_max_window_bits",
          "permessage-deflate; client_max_window_bits=9; server_max_window_bits=10; server_no_context_takeover; "
          "client_no_context_takeover",
          1,
          { true, true, true, 9, 10 } },
        { "permessage-deflate; server_max_window_bits=10, permessage-deflate",
          "permessage-deflate",
          1,
          { true, false, false, 15, 15 } },
        { "", "permessage-deflate", -1, { 0 } },
        { "permessage-deflate", "permessage-deflate, permessage-deflate", -1, { 0 } },
        { "permessage-deflate", "permessage-deflate; client_max_window_bits=10", -1, { 0 } },
        { "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits", -1, { 0 } },
        { "permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=11", -1, { 0 } },
        { "permessage-deflate; server_no_context_takeover", "permessage-deflate", -1, { 0 } },
        { "permessage-deflate; server_max_window_bits=10", "permessage-deflate", -1, { 0 } },
        { "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=11", -1, { 0 } },
        { "permessage-deflate", "x-other", -1, { 0 } },
        { "permessage-deflate", "permessage-deflate; mode=fast", -1, { 0 } },
        { "permessage-deflate", "permessage-deflate;", -1, { 0 } },
    };

    for (size_t i = 0; i < ST_LEN(table); i++) {
        struct ws_deflate got;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc = ws_read_answer(st_span_str(table[i].answer), st_span_str(table[i].offer), &got, &err);

        T_CHECK((rc == ST_OK) == (table[i].want >= 0), "case %zu: %d", i, (int)rc);
        T_CHECK(rc != ST_OK || memcmp(&got, &table[i].deflate, sizeof got) == 0, "case %zu differs", i);
    }
}

/* ---- memory ---- */

T_TEST(the_codec_survives_every_oom)
{
    struct ws_part part = { true, true, true, true, ST_SPAN("Hello, hello, hello") };

    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct ws_event event;
        struct st_buf wire;
        struct ws_writer *writer;
        struct ws *ws;
        size_t used, at = 0;
        enum st_rc rc;

        st_buf_init(&wire, 4096);
        t_fail_alloc(nth);
        writer = ws_writer_new(WS_FROM_CLIENT, &TAKEOVER, true);
        ws = ws_new(WS_FROM_CLIENT, &LIMITS, &TAKEOVER);
        rc = writer == NULL || ws == NULL ? ST_ERR : ws_write(writer, &wire, &part, &err);
        if (writer == NULL || ws == NULL)
            err.code = ST_E_NOMEM;
        while (rc == ST_OK) {
            rc = ws_feed(ws, st_span_sub(st_buf_view(&wire), at, wire.n), &used, &event, &err);
            at += used;
        }
        T_CHECK(rc == ST_AGAIN || err.code == ST_E_NOMEM, "allocation %d: %s", nth, err.what);
        st_buf_fini(&wire);
        ws_free(ws);
        ws_writer_free(writer);
        if (!t_alloc_failed())
            break;
    }
    t_fail_alloc(0);
}
