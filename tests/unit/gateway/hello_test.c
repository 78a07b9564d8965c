/* SPDX-License-Identifier: Apache-2.0 */
/* hello - a ClientHello cut at every byte, spread over records, sized as browsers send it, and everything that is none.
 */
#include "t.h"

#include "base/buf.h"
#include "gateway/hello.c"

#define ROOM (8 * HELLO_MAX)

static void u8(struct st_buf *b, unsigned v)
{
    st_buf_byte(b, (uint8_t)v);
}

static void u16(struct st_buf *b, unsigned v)
{
    u8(b, v >> 8);
    u8(b, v & 0xff);
}

static void ext(struct st_buf *b, unsigned type, const void *p, size_t n)
{
    u16(b, type);
    u16(b, (unsigned)n);
    st_buf_put(b, p, n);
}

static void server_name(struct st_buf *b, const char *name)
{
    struct st_buf body;

    st_buf_init(&body, 65536);
    u16(&body, (unsigned)strlen(name) + 3);
    u8(&body, 0);
    u16(&body, (unsigned)strlen(name));
    st_buf_str(&body, name);
    ext(b, 0, body.p, body.n);
    st_buf_fini(&body);
}

static void padding(struct st_buf *b, unsigned type, size_t n)
{
    static uint8_t zeros[65536];

    ext(b, type, zeros, n);
}

#define ALPN_BOTH "\x00\x0c\x02h2\x08http/1.1"
#define ALPN_OLD  "\x00\x09\x08http/1.1"
#define VERSIONS  "\x06\x8a\x8a\x03\x04\x03\x03"

/* The handshake message around a list of extensions. */
static void message(struct st_buf *out, const struct st_buf *exts)
{
    struct st_buf body;

    st_buf_init(&body, ROOM);
    u16(&body, 0x0303);
    for (int i = 0; i < 32; i++)
        u8(&body, (unsigned)i);
    u8(&body, 32); /* session id */
    for (int i = 0; i < 32; i++)
        u8(&body, 0xaa);
    u16(&body, 4);
    u16(&body, 0x4a4a); /* GREASE */
    u16(&body, 0x1301);
    u8(&body, 1);
    u8(&body, 0);
    if (exts != NULL) {
        u16(&body, (unsigned)exts->n);
        st_buf_span(&body, st_buf_view(exts));
    }
    u8(out, 1);
    u8(out, (unsigned)(body.n >> 16));
    u16(out, (unsigned)(body.n & 0xffff));
    st_buf_span(out, st_buf_view(&body));
    st_buf_fini(&body);
}

/* In `parts` records of nearly the same size, none over 16 KiB. */
static void records(struct st_buf *out, const struct st_buf *msg, size_t parts)
{
    size_t done = 0;

    if (parts > msg->n)
        parts = msg->n;
    if (parts < (msg->n + 16383) / 16384)
        parts = (msg->n + 16383) / 16384;
    for (size_t i = 0; i < parts; i++) {
        size_t n = (msg->n - done) / (parts - i);

        u8(out, 22);
        u16(out, 0x0301);
        u16(out, (unsigned)n);
        st_buf_put(out, msg->p + done, n);
        done += n;
    }
}

/* As Chromium sends it: GREASE first and last, a big key share, ECH GREASE, the name somewhere behind. */
static void chromium(struct st_buf *exts)
{
    padding(exts, 0x3a3a, 0);
    padding(exts, 51, 1263); /* key_share with X25519MLKEM768 */
    padding(exts, 0xfe0d, 250);
    ext(exts, 16, ALPN_BOTH, sizeof ALPN_BOTH - 1);
    server_name(exts, "WWW.Example.COM");
    ext(exts, 43, VERSIONS, sizeof VERSIONS - 1);
    padding(exts, 0x6a6a, 1);
}

static void build(struct st_buf *out, void (*fill)(struct st_buf *exts), size_t parts)
{
    struct st_buf exts, msg;

    st_buf_init(&exts, ROOM);
    st_buf_init(&msg, ROOM);
    fill(&exts);
    message(&msg, &exts);
    records(out, &msg, parts);
    st_buf_fini(&exts);
    st_buf_fini(&msg);
}

static void check_chromium(const struct hello *h)
{
    T_CHECK(h->kind == HELLO_TLS && strcmp(h->sni, "www.example.com") == 0, "sni '%s'", h->sni);
    T_CHECK(h->has_alpn && h->offers_h2 && h->offers_http1 && h->has_ech, "alpn and ech");
    T_CHECK(h->max_version == 0x0304, "version %04x", h->max_version);
}

T_TEST(a_browsers_hello_is_read_whatever_the_cut)
{
    for (size_t parts = 1; parts <= 8; parts++) {
        struct st_err err = ST_ERR_INIT;
        struct st_buf b;
        struct hello h;

        st_buf_init(&b, ROOM);
        build(&b, chromium, parts);
        T_CHECK(b.n > 1600, "as big as a real one: %zu", b.n);
        for (size_t cut = 0; cut < b.n; cut++) {
            uint8_t *exact = malloc(cut + 1); /* so that reading past the cut is seen */

            memcpy(exact, b.p, cut);
            T_CHECK(hello_parse(st_span(exact, cut), &h, &err) == ST_AGAIN, "%zu records, cut at %zu", parts, cut);
            free(exact);
        }
        T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
        check_chromium(&h);
        st_buf_str(&b, "more"); /* early data after it, in a record of its own, is not looked at */
        T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
        st_buf_fini(&b);
    }
}

T_TEST(one_byte_per_record_is_allowed)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf b;
    struct hello h;

    st_buf_init(&b, ROOM);
    build(&b, chromium, ROOM);
    T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
    check_chromium(&h);
    st_buf_fini(&b);
}

static void nothing(struct st_buf *exts)
{
    (void)exts;
}

static void old(struct st_buf *exts)
{
    server_name(exts, "old.example");
    ext(exts, 16, ALPN_OLD, sizeof ALPN_OLD - 1);
}

static void huge(struct st_buf *exts)
{
    padding(exts, 21, 60000);
    server_name(exts, "huge.example");
}

static void huge_ticket(struct st_buf *exts)
{
    padding(exts, 41, 65500); /* with the rest beyond 64 KiB */
    server_name(exts, "x.example");
}

T_TEST(what_is_absent_is_absent)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf b, msg;
    struct hello h;

    st_buf_init(&b, ROOM);
    st_buf_init(&msg, ROOM);
    build(&b, nothing, 1);
    T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
    T_CHECK(h.sni[0] == '\0' && !h.has_alpn && !h.offers_h2 && !h.has_ech && h.max_version == 0x0303, "empty list");
    st_buf_reset(&b);
    message(&msg, NULL);
    records(&b, &msg, 1);
    T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
    T_CHECK(h.kind == HELLO_TLS && h.sni[0] == '\0', "no list at all");
    st_buf_reset(&b);
    build(&b, old, 3);
    T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
    T_CHECK(strcmp(h.sni, "old.example") == 0 && h.has_alpn && !h.offers_h2 && h.offers_http1, "http/1.1 only");
    st_buf_fini(&b);
    st_buf_fini(&msg);
}

T_TEST(the_ceiling_is_64_KiB)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf b;
    struct hello h;

    st_buf_init(&b, ROOM);
    build(&b, huge, 1);
    T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
    T_CHECK(strcmp(h.sni, "huge.example") == 0, "'%s'", h.sni);
    st_buf_reset(&b);
    build(&b, huge_ticket, 1);
    T_CHECK(hello_parse(st_buf_view(&b), &h, &err) == ST_ERR && err.code == ST_E_LIMIT, "%s", err.what);
    T_CHECK(hello_parse(st_span(b.p, 9), &h, &err) == ST_AGAIN || err.code == ST_E_LIMIT, "told early or late");
    st_buf_fini(&b);
}

T_TEST(names_are_names)
{
    static const struct {
        const char *sent, *read;
    } cases[] = {
        { "example.com", "example.com" },
        { "EXAMPLE.com.", "example.com" },
        { "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "_dmarc.a-b.example", "_dmarc.a-b.example" },
        { "localhost", "localhost" },
        { "", "" },
        { ".", "" },
        { "a..b", "" },
        { ".a", "" },
        { "192.0.2.1", "" },
        { "a.b.1", "" },
        { "::1", "" },
        { "exa mple.com", "" },
        { "b\xc3\xbc"
          "cher.example",
          "" },
        { "example.com\n", "" },
        { "a/../../b", "" },
    };
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_buf exts, msg, b;
        struct hello h;

        st_buf_init(&exts, ROOM);
        st_buf_init(&msg, ROOM);
        st_buf_init(&b, ROOM);
        server_name(&exts, cases[i].sent);
        message(&msg, &exts);
        records(&b, &msg, 2);
        T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
        T_CHECK(strcmp(h.sni, cases[i].read) == 0, "case %zu: '%s'", i, h.sni);
        st_buf_fini(&exts);
        st_buf_fini(&msg);
        st_buf_fini(&b);
    }
}

T_TEST(a_NUL_or_an_overlong_name_is_no_name)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf exts, msg, b;
    struct hello h;

    for (int i = 0; i < 2; i++) {
        st_buf_init(&exts, ROOM);
        st_buf_init(&msg, ROOM);
        st_buf_init(&b, ROOM);
        if (i == 0) {
            ext(&exts, 0,
                "\0\x09\0\0\x06"
                "a.b\0.c",
                11);
        } else {
            char name[300] = "";
            for (size_t k = 0; k < 260; k++)
                name[k] = k % 10 == 9 ? '.' : 'a';
            server_name(&exts, name);
        }
        message(&msg, &exts);
        records(&b, &msg, 1);
        T_OK(hello_parse(st_buf_view(&b), &h, &err), err);
        T_CHECK(h.sni[0] == '\0', "case %d: '%s'", i, h.sni);
        st_buf_fini(&exts);
        st_buf_fini(&msg);
        st_buf_fini(&b);
    }
}

T_TEST(other_protocols_are_told_apart_at_once)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum hello_kind kind;
    } cases[] = {
        { "GET / HTTP/1.1\r\n", 16, HELLO_HTTP },
        { "PROPFIND *", 10, HELLO_HTTP },
        { "get HTTP://a.test/", 18, HELLO_HTTP },
        { "CONNECT a.test:1", 16, HELLO_HTTP },
        { "PRI * HTTP/2.0\r\n", 16, HELLO_HTTP },
        { "EHLO host.test\r\n", 16, HELLO_OTHER },
        { "SSH-2.0-OpenSSH_9.2\r\n", 21, HELLO_OTHER },
        { "SSH-2.0-OpenSSH_9.2p1 Debian", 28, HELLO_OTHER },
        { "AAAAAAAAAAAAAAAAAAAAAAAAA", 25, HELLO_OTHER }, /* no method is that long */
        { " / HTTP/1.1", 11, HELLO_OTHER },
        { "\x80\x2e\x01\x03\x01", 5, HELLO_OTHER },         /* SSL 2.0 hello */
        { "\x16\x02\x00\x00\x05\x01", 6, HELLO_OTHER },     /* not version 3 */
        { "\x16\x03\x05\x00\x05\x01", 6, HELLO_OTHER },     /* 3.5 */
        { "\x15\x03\x01\x00\x02\x02\x28", 7, HELLO_OTHER }, /* an alert first */
        { "\x16\x03\x01\x00\x05\x02", 6, HELLO_OTHER },     /* a ServerHello */
        { "\0", 1, HELLO_OTHER },
    };
    static const char *const undecided[] = { "", "G", "GET", "GET ", "EHLO h", "GET htt", "CONNECT ", "\x16\x03" };
    struct st_err err = ST_ERR_INIT;
    struct hello h;

    for (size_t i = 0; i < ST_LEN(undecided); i++)
        T_CHECK(hello_parse(st_span_str(undecided[i]), &h, &err) == ST_AGAIN, "undecided %zu", i);
    for (size_t i = 0; i < ST_LEN(cases); i++) {
        T_OK(hello_parse(st_span(cases[i].bytes, cases[i].n), &h, &err), err);
        T_CHECK(h.kind == cases[i].kind, "case %zu: %d", i, (int)h.kind);
    }
}

static void two_names(struct st_buf *exts)
{
    ext(exts, 0,
        "\0\x0a\0\0\x02"
        "aa\0\0\x02"
        "bb",
        12);
}

static void two_extensions(struct st_buf *exts)
{
    server_name(exts, "a.example");
    server_name(exts, "b.example");
}

static void long_inside(struct st_buf *exts)
{
    ext(exts, 0,
        "\0\xff\0\0\x02"
        "aa",
        7);
}

static void rest_inside(struct st_buf *exts)
{
    ext(exts, 16, ALPN_OLD "x", sizeof ALPN_OLD);
}

static void odd_versions(struct st_buf *exts)
{
    ext(exts, 43, "\x03\x03\x04\x03", 4);
}

T_TEST(broken_hellos_are_refused)
{
    static void (*const cases[])(struct st_buf * exts) = { two_names, two_extensions, long_inside, rest_inside,
                                                           odd_versions };
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(cases); i++) {
        struct st_buf b;
        struct hello h;

        st_buf_init(&b, ROOM);
        build(&b, cases[i], 2);
        T_CHECK(hello_parse(st_buf_view(&b), &h, &err) == ST_ERR && err.code == ST_E_SYNTAX, "case %zu", i);
        st_buf_fini(&b);
    }
}

T_TEST(broken_records_are_refused)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf b;
    struct hello h;
    size_t n;

    st_buf_init(&b, ROOM);
    build(&b, chromium, 1);
    n = b.n;
    b.p[3] = 0x40; /* 16385 and more */
    b.p[4] = 0x01;
    T_CHECK(hello_parse(st_buf_view(&b), &h, &err) == ST_ERR, "a record over 2^14");
    b.p[3] = b.p[4] = 0;
    T_CHECK(hello_parse(st_buf_view(&b), &h, &err) == ST_ERR, "an empty record");
    st_buf_reset(&b);
    build(&b, chromium, 1);
    st_buf_byte(&b, 0);
    b.p[3] = (uint8_t)((n - 4) >> 8);
    b.p[4] = (uint8_t)(n - 4);
    for (size_t cut = n; cut <= b.n; cut++)
        T_CHECK(hello_parse(st_span(b.p, cut), &h, &err) == ST_ERR, "something behind it in its record, cut %zu", cut);
    st_buf_reset(&b);
    build(&b, chromium, 2);
    b.p[5 + (((size_t)b.p[3] << 8) | b.p[4])] = 23; /* the second record is application data */
    T_CHECK(hello_parse(st_buf_view(&b), &h, &err) == ST_ERR, "another type in between");
    st_buf_fini(&b);
}

T_TEST(random_damage_never_reads_outside)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf b;
    struct hello h;

    st_buf_init(&b, ROOM);
    build(&b, chromium, 3);
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + t_below(b.n);
        uint8_t *copy = malloc(n);

        memcpy(copy, b.p, n);
        for (int i = 0; i < 3; i++)
            copy[t_below(n)] = (uint8_t)t_rand();
        if (hello_parse(st_span(copy, n), &h, &err) == ST_OK)
            T_CHECK(memchr(h.sni, 0, sizeof h.sni) != NULL, "terminated");
        free(copy);
    }
    st_buf_fini(&b);
}
