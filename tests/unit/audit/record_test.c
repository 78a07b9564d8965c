/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry may carry, and that it survives the way to the recorder. */
#include "audit_t.h"

static const struct {
    enum aud_kind kind;
    const char *details;
    enum st_e expect;
} cases[] = {
    { AUD_DECISION, "", ST_E_NONE },
    { AUD_DECISION, "{}", ST_E_NONE },
    { AUD_DECISION, AT_DECISION, ST_E_NONE },
    { AUD_DECISION, "{\"findings\":3,\"bytes\":9007199254740992}", ST_E_NONE },
    { AUD_DECISION, "{\"findings\":-1}", ST_E_PROTO },
    { AUD_DECISION, "{\"findings\":9007199254740993}", ST_E_PROTO },
    { AUD_DECISION, "{\"findings\":\"3\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"findings\":3.5}", ST_E_PROTO },
    { AUD_DECISION, "{\"text\":\"hello\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"url\":\"https://a.example/\"}", ST_E_PROTO }, /* known, but not in a decision */
    { AUD_DECISION, "{\"title\":\"x\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":\"my card is 4111\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":\"ana@example.org\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":\"\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":\"a\\u0000b\"}", ST_E_SYNTAX },
    { AUD_DECISION,
      "{\"rule\":\"gr\xc3\xbc\xc3\x9f"
      "e\"}",
      ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":null}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":{\"a\":1}}", ST_E_PROTO },
    { AUD_DECISION, "{\"rule\":\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345\"}", ST_E_LIMIT },
    { AUD_DECISION, "{\"detectors\":[\"a\",\"b c\"]}", ST_E_PROTO },
    { AUD_DECISION, "{\"detectors\":\"a\"}", ST_E_PROTO },
    { AUD_DECISION, "{\"detectors\":[]}", ST_E_NONE },
    { AUD_DECISION, "{\"rule\":\"a\",\"rule\":\"b\"}", ST_E_SYNTAX },
    { AUD_DECISION, "[]", ST_E_PROTO },
    { AUD_DECISION, "{", ST_E_SYNTAX },
    { AUD_RESOURCE,
      "{\"url\":\"https://a.example/x/y\",\"title\":\"Gr\xc3\xbc\xc3\x9f"
      "e, Welt\",\"tags\":[\"rust\"]}",
      ST_E_NONE },
    { AUD_RESOURCE, "{\"url\":\"https://www.youtube.com/watch?v=dQw4w9WgXcQ\"}", ST_E_NONE },
    { AUD_RESOURCE, "{\"url\":\"https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PL1\"}", ST_E_NONE },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/?q=secret\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/?v=1&token=2\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/?v=1?q=2\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/?\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example?v=1\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/?vv=1\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://u:p@a.example/\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/#frag\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"javascript:alert(1)\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"url\":\"https://a.example/a b\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"title\":\"two\\nlines\"}", ST_E_PROTO },
    { AUD_RESOURCE, "{\"verdict\":\"block\"}", ST_E_PROTO },
    { AUD_LEARNING, "{\"intervals\":[[0,5000],[7000,9000]],\"final\":true}", ST_E_NONE },
    { AUD_LEARNING, "{\"intervals\":[[5,1]]}", ST_E_PROTO },
    { AUD_LEARNING, "{\"intervals\":[[1,2,3]]}", ST_E_PROTO },
    { AUD_LEARNING, "{\"intervals\":[1,2]}", ST_E_PROTO },
    { AUD_LEARNING, "{\"final\":1}", ST_E_PROTO },
};

T_TEST(only_what_the_list_allows_is_a_detail)
{
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_err err = ST_ERR_INIT;
        struct aud_entry entry;
        enum st_rc rc;

        at_entry(&entry, cases[i].kind, i, cases[i].kind == AUD_LEARNING ? "ana" : "", "thing", cases[i].details);
        rc = aud_entry_check(&entry, &err);
        T_CHECK((rc == ST_OK) == (cases[i].expect == ST_E_NONE) && (rc == ST_OK || err.code == cases[i].expect),
                "%s: %s, %s", cases[i].details, st_e_name(err.code), err.what);
        aud_entry_fini(&entry);
    }
}

T_TEST(the_frame_of_an_entry_is_checked_too)
{
    static const struct {
        enum aud_kind kind;
        const char *person, *subject;
        bool ok;
    } frames[] = {
        { AUD_DECISION, "", "rule-1", true },
        { AUD_DECISION, "Ana Müller", "rule-1", true },
        { AUD_DECISION, "ana", "a rule", false },
        { AUD_RESOURCE, "ana", "yt:1", false },
        { AUD_LEARNING, "", "yt:1", false },
        { (enum aud_kind)99, "", "x", false },
        { AUD_SYSTEM, "", "", true },
    };

    for (size_t i = 0; i < ST_LEN(frames); i++) {
        struct aud_entry entry;
        at_entry(&entry, frames[i].kind, i, frames[i].person, frames[i].subject, "{}");
        T_CHECK((aud_entry_check(&entry, NULL) == ST_OK) == frames[i].ok, "case %zu", i);
        aud_entry_fini(&entry);
    }
}

T_TEST(an_entry_arrives_as_it_was_sent_and_never_half)
{
    struct aud_entry entry, back;
    struct st_err err = ST_ERR_INIT;
    struct st_buf packed;

    at_entry(&entry, AUD_DECISION, 77, "ana", "rule-1", AT_DECISION);
    st_buf_init(&packed, 65536);
    aud_entry_pack(&entry, &packed);
    T_OK(st_buf_done(&packed, &err, "test"), err);
    T_OK(aud_entry_unpack(st_buf_view(&packed), &back, &err), err);
    T_CHECK(memcmp(back.id, entry.id, AUD_ID_LEN) == 0 && back.kind == entry.kind && back.wall_ms == entry.wall_ms,
            "frame");
    T_CHECK(strcmp(back.person, "ana") == 0 && strcmp(back.subject, "rule-1") == 0, "names");
    T_CHECK(st_span_eq(st_buf_view(&back.details), st_buf_view(&entry.details)), "details");
    aud_entry_fini(&back);
    for (size_t n = 0; n < packed.n; n++)
        T_CHECK(aud_entry_unpack(st_span(packed.p, n), &back, &err) == ST_ERR, "cut at %zu", n);
    st_buf_byte(&packed, 0);
    T_CHECK(aud_entry_unpack(st_buf_view(&packed), &back, &err) == ST_ERR, "one byte too many");
    st_buf_fini(&packed);
    aud_entry_fini(&entry);
}

T_TEST(every_detail_has_its_help)
{
    struct st_buf text;

    st_buf_init(&text, 65536);
    aud_fields_describe(&text);
    T_CHECK(st_span_find(st_buf_view(&text), ST_SPAN("verdict id decision - ")) != ST_SPAN_NPOS, "verdict");
    st_buf_fini(&text);
}
