/* SPDX-License-Identifier: Apache-2.0 */
/* xmpp - stanzas as clients write them, over both carriers, and XML that no XMPP stream may hold. */
#include "wire_helper.h"

#define TYPE "text/xml; charset=utf-8"

/* An empty query is a message of a WebSocket; BOSH rows have one. */
static const struct wire_row rows[] = {
    { "", TYPE, "<message to='a@b'><body>a &lt;b&gt; &#x41;&#66; &amp;c</body></message>", 0,
      "message/@to=a@b|message/body=a <b> AB &c", FLT_FULLY },
    { "", TYPE, "<c:message xmlns:c=\"jabber:client\"><c:body>x</c:body></c:message>", 0,
      "message/@c=jabber:client|message/body=x", FLT_FULLY },
    { "", TYPE, "<message><body><![CDATA[a <b> & c]]></body></message>", 0, "message/body=a <b> & c", FLT_FULLY },
    { "", TYPE, "<message>\n <subject>s</subject>\n <body/>\n</message> ", 0, "message/subject=s", FLT_FULLY },
    { "", TYPE, "<message><body>41<x/>11</body></message>", 0, "message/body=41|message/body=11|@seen=\n\n4111\n\n",
      FLT_FULLY },
    { "", TYPE, "<message><body>41<![CDATA[11]]></body></message>", 0,
      "message/body=41|message/body=11|@seen=\n\n4111\n\n", FLT_FULLY },
    { "", TYPE, "<m><x><y>41</y>11</x></m>", 0, "m/x/y=41|m/x=11|@seen=\n\n\n4111\n\n", FLT_FULLY },
    { "", TYPE, "<m><body><p>41</p>11</body><x><v>41</v><v>11</v></x></m>", 0,
      "m/body/p=41|m/body=11|m/x/v=41|m/x/v=11", FLT_FULLY },
    { "", TYPE, "<m><html><body><p>41<b>11</b></p></body></html></m>", 0,
      "m/html/body/p=41|m/html/body/p/b=11|@seen=\n\n\n\n4111\n\n\n\n", FLT_FULLY },
    { "", TYPE, "<message><x><url>https://a.test/b?c=1&amp;d=2</url></x></message>", 0,
      "message/x/url=https://a.test/b?c=1&d=2", FLT_FULLY },
    { "", TYPE, "<auth mechanism='PLAIN'>AGEAYg==</auth>", 0, "auth/@mechanism=PLAIN|auth=AGEAYg==", FLT_FULLY },
    { "", TYPE, "<message><json>{\"k\":\"v\"}</json></message>", 0, "message/json/k=v", FLT_FULLY },
    { "bosh", TYPE, "<body rid='12' sid='s-1' xmlns='h'><message><body>x</body></message><presence/></body>", 0,
      "@bosh/@rid=12|@bosh/@sid=s-1|@bosh/@xmlns=h|message/body=x", FLT_FULLY },
    { "bosh", TYPE, "<body rid='13' sid='s-1'/>", 0, "@bosh/@rid=13|@bosh/@sid=s-1", FLT_FULLY },
    /* what is no XMPP */
    { "", TYPE, "<?xml version='1.0'?><message><body>x</body></message>", 0,
      "=<?xml version='1.0'?><message><body>x</body></message>", FLT_NOT },
    { "", TYPE, "<!DOCTYPE m [<!ENTITY e 'DE89'>]><m>&e;</m>", 0, "=<!DOCTYPE m [<!ENTITY e 'DE89'>]><m>&e;</m>",
      FLT_NOT },
    { "", TYPE, "<m>&e;</m>", 0, "=<m>&e;</m>", FLT_NOT },
    { "", TYPE, "<m>&#0;</m>", 0, "=<m>&#0;</m>", FLT_NOT },
    { "", TYPE, "<m>&#xD800;</m>", 0, "=<m>&#xD800;</m>", FLT_NOT },
    { "", TYPE, "<m>&#x000000000000041;</m>", 0, "=<m>&#x000000000000041;</m>", FLT_NOT },
    { "", TYPE, "<m>a & b</m>", 0, "=<m>a & b</m>", FLT_NOT },
    { "", TYPE, "<m>a ]]> b</m>", 0, "=<m>a ]]> b</m>", FLT_NOT },
    { "", TYPE, "<m><!-- DE89 --></m>", 0, "=<m><!-- DE89 --></m>", FLT_NOT },
    { "", TYPE, "<m><?pi DE89?></m>", 0, "=<m><?pi DE89?></m>", FLT_NOT },
    { "", TYPE, "<m a='1' a='2'/>", 0, "=<m a='1' a='2'/>", FLT_NOT },
    { "", TYPE, "<m a='1'b='2'/>", 0, "=<m a='1'b='2'/>", FLT_NOT },
    { "", TYPE, "<m a=1/>", 0, "=<m a=1/>", FLT_NOT },
    { "", TYPE, "<m a='<'/>", 0, "=<m a='<'/>", FLT_NOT },
    { "", TYPE, "<m a", 0, "=<m a", FLT_NOT },
    { "", TYPE, "<m></n>", 0, "=<m></n>", FLT_NOT },
    { "", TYPE, "<m><n></m>", 0, "=<m><n></m>", FLT_NOT },
    { "", TYPE, "<m/><m/>", 0, "=<m/><m/>", FLT_NOT },
    { "", TYPE, "<m/>x", 0, "=<m/>x", FLT_NOT },
    { "", TYPE, "<![CDATA[x]]>", 0, "=<![CDATA[x]]>", FLT_NOT },
    { "", TYPE, "</m>", 0, "=</m>", FLT_NOT },
    { "", TYPE, "<", 0, "=<", FLT_NOT },
    { "", TYPE, "text", 0, "=text", FLT_NOT },
    { "", TYPE, "<m>\x01</m>", 0, "=<m>\x01</m>", FLT_NOT },
};

T_TEST(xmpp_rows)
{
    check_rows(rows, ST_LEN(rows), FLT_WIRE_XMPP);
}

T_TEST(xmpp_cut_at_every_byte)
{
    check_cuts(rows, ST_LEN(rows), FLT_WIRE_XMPP);
}

T_TEST(xmpp_survives_every_oom)
{
    for (size_t i = 0; i < ST_LEN(rows); i++)
        check_every_oom(&rows[i], FLT_WIRE_XMPP);
}

T_TEST(xmpp_nests_so_deep_and_no_deeper)
{
    for (unsigned depth = FLT_DEPTH_MAX - 2; depth <= FLT_DEPTH_MAX + 1; depth++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = { .content_type = text_span(TYPE), .wire = FLT_WIRE_XMPP, .is_message = true };
        struct flt_doc *doc;
        struct st_buf body;

        st_buf_init(&body, 4096);
        for (unsigned i = 0; i < depth; i++)
            st_buf_str(&body, "<a>");
        for (unsigned i = 0; i < depth; i++)
            st_buf_str(&body, "</a>");
        in.body = st_buf_view(&body);
        doc = decode_in(arena, &in);
        T_CHECK((doc->receipt.coverage == FLT_FULLY) == (depth < FLT_DEPTH_MAX), "depth %u: %s", depth,
                flt_coverage_name(doc->receipt.coverage));
        st_buf_fini(&body);
        st_arena_free(arena);
    }
}

static const struct {
    struct wire_row row;
    const char *path, *want;
} masked[] = {
    { { "", TYPE, "<m><body>a DE89 b</body></m>", 0, "", FLT_FULLY },
      "m/body",
      "<m><body>a [&lt;&quot;m\\ü\n&amp;&#39;&gt;] b</body></m>" },
    { { "", TYPE, "<m to='DE89'/>", 0, "", FLT_FULLY }, "m/@to", "<m to='[&lt;&quot;m\\ü\n&amp;&#39;&gt;]'/>" },
    { { "", TYPE, "<m><![CDATA[DE89]>]]></m>", 0, "", FLT_FULLY },
      "m",
      "<m><![CDATA[]]>[&lt;&quot;m\\ü\n&amp;&#39;&gt;]<![CDATA[]>]]></m>" },
};

T_TEST(xmpp_writes_text_that_still_parses)
{
    for (size_t i = 0; i < ST_LEN(masked); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = row_input(&masked[i].row, FLT_WIRE_XMPP);
        struct flt_doc *doc = decode_in(arena, &in);
        struct st_buf out;

        st_buf_init(&out, 4096);
        T_CHECK(mask_field(doc, masked[i].path, "DE89", &out), "row %zu: not written", i);
        T_CHECK(st_span_eq(st_buf_view(&out), text_span(masked[i].want)), "row %zu gives %.*s", i, (int)out.n,
                (const char *)out.p);
        in.body = st_buf_view(&out);
        T_CHECK(decode_in(arena, &in)->receipt.coverage == FLT_FULLY, "row %zu no longer parses", i);
        st_buf_fini(&out);
        st_arena_free(arena);
    }
}

T_TEST(xmpp_text_cut_by_markup_is_seen_whole_and_not_written)
{
    static const struct wire_row cut = { "", TYPE, "<m><body>DE<i/>89</body></m>", 0, "", FLT_FULLY };
    struct st_arena *arena = st_arena_new(ARENA_MAX);
    struct flt_input in = row_input(&cut, FLT_WIRE_XMPP);
    struct flt_doc *doc = decode_in(arena, &in);
    struct st_buf out;

    st_buf_init(&out, 4096);
    T_CHECK(field_at(doc, "@seen") != NULL &&
                st_span_find(field_at(doc, "@seen")->text, ST_SPAN("DE89")) != ST_SPAN_NPOS,
            "%s", show(doc));
    T_CHECK(!mask_field(doc, "@seen", "DE89", &out), "was written");
    st_buf_fini(&out);
    st_arena_free(arena);
}

T_TEST(xmpp_answers_ride_in_a_bosh_body)
{
    static const struct {
        const char *body, *want;
    } answers[] = { { "<body xmlns='h'/>", "<body xmlns='h'><e/></body>" },
                    { "<body a='>' b=\"/>\">x</body>", "<body a='>' b=\"/>\"><e/>x</body>" },
                    { "<body>do not terminate</body>", "<body><e/>do not terminate</body>" },
                    { "<body type='terminate'/>", "" },
                    { "<html/>", "" },
                    { "<body a='", "" } };

    for (size_t i = 0; i < ST_LEN(answers); i++) {
        struct flt_input in = { .body = text_span(answers[i].body), .wire = FLT_WIRE_XMPP };
        struct st_err err = ST_ERR_INIT;
        struct st_buf out;
        enum st_rc rc;

        st_buf_init(&out, 4096);
        rc = flt_wire_insert(&in, ST_SPAN("<e/>"), &out, &err);
        T_CHECK(rc == (answers[i].want[0] != 0 ? ST_OK : ST_AGAIN) &&
                    st_span_eq(st_buf_view(&out), text_span(answers[i].want)),
                "answer %zu gives %.*s", i, (int)out.n, (const char *)out.p);
        st_buf_fini(&out);
    }
}

T_TEST(xmpp_idles_in_the_place_of_a_stanza)
{
    static const struct {
        const char *body, *want;
    } idles[] = { { "<body rid='12' sid='s-1' key='ab' xmlns='h'><m>DE89</m></body>",
                    "<body xmlns=\"http://jabber.org/protocol/httpbind\" rid=\"12\" sid=\"s-1\" key=\"ab\"/>" },
                  { "<body rid='12' sid='DE89 37'><m/></body>", "" },
                  { "<body rid='1x' sid='s'><m/></body>", "" },
                  { "<body rid='12'><m/></body>", "" } };

    for (size_t i = 0; i < ST_LEN(idles); i++) {
        struct st_arena *arena = st_arena_new(ARENA_MAX);
        struct flt_input in = { .body = text_span(idles[i].body),
                                .content_type = text_span(TYPE),
                                .wire = FLT_WIRE_XMPP };
        struct st_err err = ST_ERR_INIT;
        struct flt_idle idle;

        T_OK(flt_wire_idle(arena, &in, decode_in(arena, &in), &idle, &err), err);
        T_CHECK(st_span_eq(idle.body, text_span(idles[i].want)), "idle %zu gives %.*s", i, (int)idle.body.n,
                (const char *)idle.body.p);
        st_arena_free(arena);
    }
}
