/* SPDX-License-Identifier: Apache-2.0 */
/* socketio - packets, payloads and events as the clients write them, and what no client writes. */
#include "wire_helper.h"

#define TEXT     "text/plain;charset=UTF-8"
#define BIN      "application/octet-stream"
#define FORM     "application/x-www-form-urlencoded"
#define POLL     "EIO=3&transport=polling&sid=ab"
#define POLL4    "EIO=4&transport=polling&sid=ab"
#define BYTES(s) s, sizeof(s) - 1

static const struct wire_row rows[] = {
    /* WebSocket messages */
    { "", TEXT, "42[\"topics.post\",{\"title\":\"a \\\"b\\\"\",\"tags\":[\"x\"]}]", 0,
      "@event=topics.post|topics.post/#/title=a \"b\"|topics.post/#/tags/#=x", FLT_FULLY },
    { "", TEXT, "4217[\"preview\",\"text\"]", 0, "@event=preview|preview/@id=17|preview/#=text", FLT_FULLY },
    { "", TEXT, "42/admin,5[\"e\",1,\"two\",null]", 0, "@space=/admin|@event=e|e/@id=5|e/#=two", FLT_FULLY },
    { "", TEXT, "42[\"t\\u006fpics.post\",\"x\"]", 0, "@event=topics.post|topics.post/#=x", FLT_FULLY },
    { "", TEXT, "42[\"a/b\",\"x\"]", 0, "@event=a/b|@other/#=x", FLT_FULLY },
    { "", TEXT, "42[\"\",\"x\"]", 0, "@event=|@other/#=x", FLT_FULLY },
    { "", TEXT, "42[1,\"x\"]", 0, "@other/#=x", FLT_FULLY },
    { "", TEXT, "42[\"e\",\"{\\\"k\\\":\\\"deep\\\"}\"]", 0, "@event=e|e/#/k=deep", FLT_FULLY },
    { "", TEXT, "42 [\"e\"]", 0, "=42 [\"e\"]", FLT_PARTLY },
    { "", TEXT, "431[null,{\"k\":\"v\"}]", 0, "@answer/@id=1|@answer/#/k=v", FLT_FULLY },
    { "", TEXT, "451-[\"e\",{\"_placeholder\":true,\"num\":0,\"t\":\"x\"}]", 0, "@event=e|e/#/t=x", FLT_FULLY },
    { "", TEXT, "4599-[\"e\"]", 0, "=4599-[\"e\"]", FLT_PARTLY },
    { "", TEXT, "45[\"e\"]", 0, "=45[\"e\"]", FLT_PARTLY },
    { "", TEXT, "40/room?token=x", 0, "@space=/room?token=x", FLT_FULLY },
    { "", TEXT, "40{\"auth\":\"x\"}", 0, "@connect/auth=x", FLT_FULLY },
    { "", TEXT, "41", 0, "", FLT_FULLY },
    { "", TEXT, "2probe", 0, "", FLT_FULLY },
    { "", TEXT, "2 DE89", 0, "@packet= DE89", FLT_FULLY },
    { "", TEXT, "5", 0, "", FLT_FULLY },
    { "", TEXT, "4hello", 0, "@message=hello", FLT_FULLY },
    { "", TEXT, "b4aGVsbG8gdGhlcmU=", 0, "@attachment/@seen=hello there", FLT_FULLY },
    { "", TEXT, "b4a", 0, "=b4a", FLT_PARTLY },
    { "", TEXT, "9hello", 0, "=9hello", FLT_PARTLY },
    { "", TEXT, "42[\"e\",\"x\"", 0, "=42[\"e\",\"x\"", FLT_PARTLY },
    { "", TEXT, "42[\"e\",\"x\"]y", 0, "=42[\"e\",\"x\"]y", FLT_PARTLY },
    { "", TEXT, "421234567890123456[\"e\"]", 0, "=421234567890123456[\"e\"]", FLT_PARTLY },
    { "", BIN, BYTES("\4{\"k\":\"an attachment\"}"), "@attachment/k=an attachment", FLT_FULLY },
    /* polls of engine.io 3: lengths are UTF-16 units */
    { POLL, TEXT, "19:42[\"e\",{\"t\":\"x y\"}]1:2", 0, "@event=e|e/#/t=x y", FLT_FULLY },
    { POLL, TEXT, "12:42[\"e\",\"\xF0\x9F\x98\x80\"]14:42[\"e\",\"g\xC4\x84r\xC4\x85\"]", 0,
      "@event=e|e/#=\xF0\x9F\x98\x80|@event=e|e/#=g\xC4\x84r\xC4\x85", FLT_FULLY },
    { POLL, TEXT, "15:42[\"e\",\"gr\xC3\x83\xC2\xBCn\"]", 0, "@event=e|e/#=gr\xC3\xBCn", FLT_FULLY }, /* UTF-8 twice */
    { POLL, TEXT, "14:42[\"e\",\"gr\xC3\xBCn\"]", 0, "@event=e|e/#=gr\xC3\xBCn", FLT_FULLY },         /* once */
    { POLL, TEXT, "0:", 0, "", FLT_FULLY },
    { POLL, TEXT, "8:42[\"e\",1]", 0, "=8:42[\"e\",1]", FLT_PARTLY },
    { POLL, TEXT, "09:42[\"e\",1]", 0, "=09:42[\"e\",1]", FLT_PARTLY },
    { POLL, TEXT, " 1:2", 0, "= 1:2", FLT_PARTLY },
    { POLL, TEXT, "1:2x", 0, "=1:2x", FLT_PARTLY },
    { "EIO=3&EIO=4", TEXT, "1:2", 0, "=1:2", FLT_PARTLY },
    { POLL, BIN, "1:2", 0, "=1:2", FLT_PARTLY },
    /* engine.io 4 */
    { POLL4, TEXT,
      "42[\"e\",\"x\"]\x1E"
      "42[\"f\",\"y\"]\x1E"
      "baGVsbG8gdGhlcmU=",
      0, "@event=e|e/#=x|@event=f|f/#=y|@attachment/@seen=hello there", FLT_FULLY },
    { POLL4, TEXT, "3\x1E", 0, "=3\x1E", FLT_PARTLY },
    /* forms of pages without XHR: newlines are escaped once more */
    { POLL, FORM, "d=18%3A42%5B%22e%22%2C%22a%5C%5Cnb+c%22%5D%5C%5Cn", 0, "d=18:42[\"e\",\"a\\\\nb c\"]\\\\n",
      FLT_PARTLY },
    { POLL, FORM, "d=16%3A42%5B%22e%22%2C%22a%5C%5Cnb+c%22%5D", 0, "@event=e|e/#=a\nb c", FLT_FULLY },
    { POLL, FORM, "d=1%3A2&e=DE89", 0, "d=1:2|e=DE89", FLT_PARTLY },
    { POLL4, FORM, "d=42%5B%22e%22%2C%22x%22%5D", 0, "@event=e|e/#=x", FLT_FULLY },
};

T_TEST(socketio_rows)
{
    check_rows(rows, ST_LEN(rows), FLT_WIRE_SOCKETIO);
}

T_TEST(socketio_cut_at_every_byte)
{
    check_cuts(rows, ST_LEN(rows), FLT_WIRE_SOCKETIO);
}

T_TEST(socketio_survives_every_oom)
{
    for (size_t i = 0; i < ST_LEN(rows); i++)
        check_every_oom(&rows[i], FLT_WIRE_SOCKETIO);
}

static const struct {
    struct wire_row row;
    const char *path, *word, *want;
    size_t want_n;
} masked[] = {
    { { "", TEXT, "427[\"e\",{\"t\":\"a DE89 b\"}]", 0, "", FLT_FULLY },
      "e/#/t",
      "DE89",
      BYTES("427[\"e\",{\"t\":\"a [<\\\"m\\\\\xC3\xBC\\n&'>] b\"}]") },
    { { POLL, TEXT, "22:42[\"e\",{\"t\":\"a DE89\"}]1:2", 0, "", FLT_FULLY }, "e/#/t", "DE89", BYTES("") },
    { { POLL, TEXT, "1:217:42[\"e\",\"gr\xC3\x83\xC2\xBC DE\"]1:3", 0, "", FLT_FULLY }, "e/#", "DE", BYTES("") },
    { { POLL, BIN,
        BYTES("\0\1\3\xFF"
              "42[\"e\",\"DE9\"]"
              "\0\1\xFF"
              "2"),
        "", FLT_FULLY },
      "e/#",
      "DE9",
      BYTES("") },
    { { POLL4, TEXT,
        "2\x1E"
        "42[\"e\",\"DE89\"]",
        0, "", FLT_FULLY },
      "e/#",
      "DE89",
      BYTES("") },
    { { POLL, FORM, "d=17%3A42%5B%22e%22%2C%22a%5C%5CnDE+c%22%5D", 0, "", FLT_FULLY }, "e/#", "DE", BYTES("") },
};

/* What was masked reads as before but for the mask, and every length counts what it says. */
T_TEST(socketio_writes_lengths_anew)
{
    for (size_t i = 0; i < ST_LEN(masked); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = row_input(&masked[i].row, FLT_WIRE_SOCKETIO);
        struct flt_doc *doc = decode_in(arena, &in), *again;
        const struct flt_field *before = field_at(doc, masked[i].path), *after;
        struct st_buf out;
        size_t at;

        st_buf_init(&out, 1u << 20);
        T_CHECK(before != NULL && doc->receipt.coverage == FLT_FULLY, "row %zu: %s", i, show(doc));
        T_CHECK(mask_field(doc, masked[i].path, masked[i].word, &out), "row %zu: not written", i);
        T_CHECK(masked[i].want_n == 0 || st_span_eq(st_buf_view(&out), st_span(masked[i].want, masked[i].want_n)),
                "row %zu gives %.*s", i, (int)out.n, (const char *)out.p);
        in.body = st_buf_view(&out);
        again = decode_in(arena, &in);
        after = field_at(again, masked[i].path);
        T_CHECK(again->receipt.coverage == FLT_FULLY && again->n == doc->n && after != NULL, "row %zu gives %.*s", i,
                (int)out.n, (const char *)out.p);
        at = st_span_find(before->text, text_span(masked[i].word));
        T_CHECK(st_span_eq(st_span_sub(before->text, 0, at), st_span_sub(after->text, 0, at)) &&
                    st_span_starts(st_span_sub(after->text, at, after->text.n), text_span("[<\"m\\ü\n&'>]")) &&
                    st_span_ends(after->text, st_span_sub(before->text, at + strlen(masked[i].word), before->text.n)),
                "row %zu: %.*s", i, (int)after->text.n, (const char *)after->text.p);
        st_buf_fini(&out);
        st_arena_free(arena);
    }
}

T_TEST(socketio_numbers_and_spaces_are_not_written_over)
{
    static const struct wire_row fixed[] = { { "", TEXT, "42123456789012345[\"e\"]", 0, "", FLT_FULLY },
                                             { "", TEXT, "42/DE89,[\"e\"]", 0, "", FLT_FULLY } };
    static const char *const paths[] = { "e/@id", "@space" }, *const words[] = { "123456789012345", "DE89" };

    for (size_t i = 0; i < ST_LEN(fixed); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = row_input(&fixed[i], FLT_WIRE_SOCKETIO);
        struct flt_doc *doc = decode_in(arena, &in);
        struct st_buf out;

        st_buf_init(&out, 4096);
        T_CHECK(has_field(doc, paths[i], i == 0 ? words[0] : "/DE89"), "%s", show(doc));
        T_CHECK(!mask_field(doc, paths[i], words[i], &out), "%s was written", paths[i]);
        st_buf_fini(&out);
        st_arena_free(arena);
    }
}

static const struct {
    const char *query, *type, *body;
    size_t body_n;
    const char *want;
    size_t want_n;
} polls[] = {
    { POLL, TEXT, BYTES("1:3"), BYTES("8:43[\"no\"]1:3") },
    { POLL, BIN,
      BYTES("\0\1\xFF"
            "3"),
      BYTES("\0\x08\xFF"
            "43[\"no\"]\0\1\xFF"
            "3") },
    { POLL4, TEXT, BYTES("2"),
      BYTES("43[\"no\"]\x1E"
            "2") },
    { POLL4, TEXT, BYTES("bAQI="),
      BYTES("43[\"no\"]\x1E"
            "bAQI=") },
    { POLL4, TEXT, BYTES("ok"), "", 0 },
    { POLL4, TEXT, BYTES("42[\"x\"]"),
      BYTES("43[\"no\"]\x1E"
            "42[\"x\"]") },
    { POLL, "text/html", BYTES("ok"), "", 0 },
    { POLL, TEXT, BYTES("ok"), "", 0 },
    { POLL, "text/javascript", BYTES("___eio[0](\"1:3\");"), "", 0 },
};

T_TEST(socketio_answers_ride_in_a_poll)
{
    for (size_t i = 0; i < ST_LEN(polls); i++) {
        struct flt_input in = { .query = text_span(polls[i].query),
                                .body = st_span(polls[i].body, polls[i].body_n),
                                .content_type = text_span(polls[i].type),
                                .wire = FLT_WIRE_SOCKETIO };
        struct st_err err = ST_ERR_INIT;
        struct st_buf out;
        enum st_rc rc;

        st_buf_init(&out, 4096);
        rc = flt_wire_insert(&in, ST_SPAN("43[\"no\"]"), &out, &err);
        T_CHECK(rc == (polls[i].want_n > 0 ? ST_OK : ST_AGAIN) &&
                    st_span_eq(st_buf_view(&out), st_span(polls[i].want, polls[i].want_n)),
                "poll %zu gives %.*s", i, (int)out.n, (const char *)out.p);
        st_buf_fini(&out);
    }
}

T_TEST(socketio_idles_in_the_place_of_a_message)
{
    static const struct {
        const char *query, *type;
        struct st_span want;
    } idles[] = { { POLL, TEXT, ST_SPAN("1:2") },
                  { POLL, BIN,
                    ST_SPAN("\0\1\xFF"
                            "2") },
                  { POLL, FORM, ST_SPAN("d=1%3A2") },
                  { POLL4, TEXT, ST_SPAN("6") },
                  { "EIO=3&transport=polling", TEXT, ST_SPAN_NONE } };

    for (size_t i = 0; i < ST_LEN(idles); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = { .query = text_span(idles[i].query),
                                .body = ST_SPAN("1:2"),
                                .content_type = text_span(idles[i].type),
                                .wire = FLT_WIRE_SOCKETIO };
        struct st_err err = ST_ERR_INIT;
        struct flt_idle idle;

        T_OK(flt_wire_idle(arena, &in, decode_in(arena, &in), &idle, &err), err);
        T_CHECK(st_span_eq(idle.body, idles[i].want) && (idle.body.n == 0 || st_span_eq(idle.session, ST_SPAN("ab"))),
                "idle %zu", i);
        st_arena_free(arena);
    }
}
