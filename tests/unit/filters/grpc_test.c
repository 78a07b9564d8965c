/* SPDX-License-Identifier: Apache-2.0 */
/* grpc - messages behind lengths: plain, packed, as base64, as JSON, broken off; each is read or the receipt says no.
 */
#include "base/hash.h"
#include "decode_helper.h"

#define ARENA (32u << 20)
#define TEXT  "pay DE02 1203 0000 0000 2020 51 now, please; this is long enough to be worth the packing of it"

enum packing { PLAIN, GZIP, DEFLATE, ODD };

static void put_message(struct st_buf *out, uint8_t flags, struct st_span bytes)
{
    st_buf_byte(out, flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        st_buf_byte(out, (uint8_t)(bytes.n >> shift));
    st_buf_span(out, bytes);
}

static void put_packed(struct st_buf *out, enum packing how, struct st_span bytes)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf packed;

    st_buf_init(&packed, 8u << 20);
    if (how == PLAIN || how == ODD)
        st_buf_span(&packed, bytes);
    else
        T_OK(flt_coding_pack(bytes, how == GZIP, &packed, &err), err);
    put_message(out, how != PLAIN, st_buf_view(&packed));
    st_buf_fini(&packed);
}

static bool holds(const struct flt_doc *doc, const char *text)
{
    for (size_t i = 0; i < doc->n; i++)
        if (st_span_find(doc->fields[i].text, text_span(text)) != ST_SPAN_NPOS)
            return true;
    return false;
}

T_TEST(every_message_is_read)
{
    static const struct {
        const char *type, *text, *found;
        enum packing how;
        enum flt_coverage coverage;
        enum flt_reason reason;
    } rows[] = {
        { "application/grpc", "\n\x20" TEXT, TEXT, PLAIN, FLT_PARTLY, FLT_REASON_TYPE },
        { "application/grpc", "\n\x20" TEXT, TEXT, GZIP, FLT_PARTLY, FLT_REASON_TYPE },
        { "application/grpc+proto", "\n\x20" TEXT, TEXT, DEFLATE, FLT_PARTLY, FLT_REASON_TYPE },
        { "application/connect+proto", "\n\x20" TEXT, TEXT, GZIP, FLT_PARTLY, FLT_REASON_TYPE },
        { "application/grpc+json; charset=utf-8", "{\"a\":\"p\\u0061y " TEXT "\"}", "pay pay", GZIP, FLT_FULLY, 0 },
        { "application/connect+json", "{\"a\":\"p\\u0061y " TEXT "\"}", "pay pay", PLAIN, FLT_FULLY, 0 },
        { "application/grpc", "\xFF\x06\0\0sNaPpY, which nobody unpacks", NULL, ODD, FLT_PARTLY, FLT_REASON_CODING },
    };

    for (size_t i = 0; i < ST_LEN(rows); i++) {
        struct st_arena *arena = st_arena_new(ARENA);
        struct flt_doc *doc;
        struct st_buf body;
        struct st_span text = rows[i].how == ODD ? st_span(rows[i].text, 30) : text_span(rows[i].text);

        st_buf_init(&body, 1u << 20);
        if (rows[i].how != ODD)
            put_packed(&body, PLAIN, text_span(rows[i].text[0] == '{' ? "{\"first\":1}" : "first"));
        put_packed(&body, rows[i].how, text);
        doc = decode_as(arena, rows[i].type, st_buf_view(&body));
        T_CHECK(rows[i].found == NULL || holds(doc, rows[i].found), "row %zu: %s", i, show(doc));
        T_CHECK(doc->receipt.coverage == rows[i].coverage && doc->receipt.reason == rows[i].reason, "row %zu: %s %s", i,
                flt_coverage_name(doc->receipt.coverage), flt_reason_name(doc->receipt.reason));
        st_buf_fini(&body);
        st_arena_free(arena);
    }
}

T_TEST(base64_in_chunks_is_read)
{
    struct st_arena *arena = st_arena_new(ARENA);
    struct st_buf frame, body;
    struct flt_doc *doc;
    char chunk[2048];

    st_buf_init(&frame, 1u << 20);
    st_buf_init(&body, 1u << 20);
    for (int i = 0; i < 3; i++) {
        st_buf_reset(&frame);
        put_packed(&frame, i == 1 ? GZIP : PLAIN, i == 1 ? text_span(TEXT) : text_span("beside it"));
        st_buf_span(&body, st_span(chunk, st_base64(st_buf_view(&frame), chunk)));
    }
    doc = decode_as(arena, "application/grpc-web-text+proto", st_buf_view(&body));
    T_CHECK(holds(doc, TEXT) && holds(doc, "beside it"), "%s", show(doc));
    doc = decode_as(arena, "application/grpc-web-text", text_span("AAAA*AAA"));
    T_CHECK(doc->receipt.coverage != FLT_FULLY && doc->receipt.reason == FLT_REASON_SYNTAX, "no base64");
    st_buf_fini(&frame);
    st_buf_fini(&body);
    st_arena_free(arena);
}

T_TEST(what_is_cut_or_no_message_is_read_as_it_stands)
{
    struct st_arena *arena = st_arena_new(ARENA);
    struct flt_doc *doc;
    struct st_buf body;

    st_buf_init(&body, 1u << 20);
    put_packed(&body, GZIP, text_span(TEXT));
    put_message(&body, 0, text_span("the second, which is cut here: " TEXT));
    for (size_t cut = 0; cut <= body.n; cut++) {
        doc = decode_as(arena, "application/grpc", st_span_sub(st_buf_view(&body), 0, cut));
        T_CHECK(cut == 0 || doc->receipt.coverage != FLT_FULLY, "cut at %zu", cut);
    }
    T_CHECK(holds(doc, "cut here: " TEXT) && holds(doc, TEXT), "%s", show(doc));
    st_buf_span(&body, text_span("\x10 behind: DE89 3704"));
    doc = decode_as(arena, "application/grpc", st_buf_view(&body));
    T_CHECK(holds(doc, TEXT) && holds(doc, "DE89 3704"), "%s", show(doc));
    T_CHECK((doc->receipt.others & 1u << FLT_REASON_SYNTAX) != 0 || doc->receipt.reason == FLT_REASON_SYNTAX, "told");
    st_buf_fini(&body);
    st_arena_free(arena);
}

T_TEST(all_messages_together_have_one_limit)
{
    struct st_arena *arena = st_arena_new(ARENA);
    struct st_buf words, body;
    struct flt_doc *doc;

    st_buf_init(&words, 8u << 20);
    st_buf_init(&body, 32u << 20);
    for (uint32_t i = 0; i < 4u << 20; i++) /* no bomb by its ratio */
        st_buf_byte(&words, (uint8_t)('a' + (i * 2654435761u >> 13) % 26));
    for (int i = 0; i < 3; i++) /* the limit is two of them */
        put_packed(&body, GZIP, st_buf_view(&words));
    doc = decode_as(arena, "application/grpc", st_buf_view(&body));
    T_CHECK((doc->receipt.others & 1u << FLT_REASON_SIZE) != 0 && st_arena_used(arena) < 20u << 20, "%zu bytes",
            st_arena_used(arena));
    st_buf_fini(&words);
    st_buf_fini(&body);
    st_arena_free(arena);
}

T_TEST(no_form_of_it_is_a_film)
{
    static const char film[] = "\0\0\0\0ftypmp42 and the rest";

    T_CHECK(flt_is_media(text_span("application/octet-stream"), st_span(film, sizeof film - 1)), "it looks like one");
    T_CHECK(!flt_is_media(text_span("application/grpc+proto"), st_span(film, sizeof film - 1)), "it is a message");
    T_CHECK(flt_body_codec(text_span("application/grpc-web-text"), text_span("AAAAAAVoZWxsbw==")) == FLT_CODEC_FILE,
            "read whole");
}
