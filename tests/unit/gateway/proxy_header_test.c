/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header - good headers of both versions cut at every byte, and everything that must not pass for one. */
#include "t.h"

#include "gateway/address.h"
#include "gateway/proxy_header.h"
#include <stdio.h>
#include <string.h>

#define SIG    "\r\n\r\n\0\r\nQUIT\n"
#define FOUR   "\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"
#define LIT(s) s, sizeof(s) - 1

struct good {
    const char *bytes;
    size_t n, header;      /* header: its length */
    const char *from, *to; /* NULL: none */
    unsigned from_port, to_port;
};

static const struct good goods[] = {
    { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET"), 45, "192.0.2.7", "198.51.100.1", 56324, 443 },
    { LIT("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n"), 44, "2001:db8::7", "2001:db8::1", 1, 65535 },
    { LIT("PROXY UNKNOWN\r\n\x16\x03"), 15, NULL, NULL, 0, 0 },
    { LIT("PROXY UNKNOWN ffff::1 :: 1 x\r\n"), 30, NULL, NULL, 0, 0 },
    { LIT(SIG "\x21\x11\x00\x0c" FOUR "\x16"), 28, "192.0.2.7", "198.51.100.1", 56324, 443 },
    { LIT(SIG "\x21\x11\x00\x13" FOUR "\x02\x00\x04host"), 35, "192.0.2.7", "198.51.100.1", 56324, 443 },
    { LIT(SIG "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
              "\xdc\x04\x01\xbb"),
      52, "2001:db8::7", "2001:db8::1", 56324, 443 },
    { LIT(SIG "\x20\x00\x00\x00"), 16, NULL, NULL, 0, 0 },
    { LIT(SIG "\x20\x11\x00\x0c" FOUR), 28, NULL, NULL, 0, 0 }, /* LOCAL: the block does not count */
    { LIT(SIG "\x21\x00\x00\x02xy"), 18, NULL, NULL, 0, 0 },    /* UNSPEC */
};

static void check_address(size_t i, const struct sockaddr_storage *at, const char *host, unsigned port)
{
    struct address a = address_of((const struct sockaddr *)at);
    char text[INET6_ADDRSTRLEN];

    address_text(&a, text);
    T_CHECK(strcmp(text, host) == 0 && a.port == port, "case %zu: %s port %u", i, text, a.port);
}

T_TEST(good_headers_are_read_whatever_the_cut)
{
    struct proxy_header h;
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(goods); i++) {
        const struct good *g = &goods[i];

        for (size_t cut = 0; cut < g->header; cut++)
            T_CHECK(proxy_header_parse(st_span(g->bytes, cut), &h, &err) == ST_AGAIN, "case %zu cut at %zu", i, cut);
        T_OK(proxy_header_parse(st_span(g->bytes, g->n), &h, &err), err);
        T_CHECK(h.n == g->header && h.has_addresses == (g->from != NULL), "case %zu: %zu bytes", i, h.n);
        if (g->from != NULL) {
            check_address(i, &h.from, g->from, g->from_port);
            check_address(i, &h.to, g->to, g->to_port);
        }
    }
}

T_TEST(what_is_no_header_is_refused)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        { LIT("GET / HTTP/1.1\r\n") },
        { LIT("P ") },
        { LIT("proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n") },
        { LIT("PROXY TCP4  192.0.2.7 198.51.100.1 56324 443\r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 056 443\r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n") },
        { LIT("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n") },
        { LIT("PROXY TCP4 192.0.2 198.51.100.1 1 443\r\n") },
        { LIT("PROXY TCP4 ::1 ::1 1 443\r\n") },
        { LIT("PROXY TCP6 192.0.2.7 198.51.100.1 1 443\r\n") },
        { LIT("PROXY UDP4 192.0.2.7 198.51.100.1 1 443\r\n") },
        { LIT("PROXY UNKNOWNX\r\n") },
        { LIT("PROXY UNKNOWN \n\r\n") },
        { LIT("PROXY \r\n") },
        { LIT("PROXY TCP4 1\0002.0.2.7 198.51.100.1 1 443\r\n") },
        { LIT(SIG "\x11\x11\x00\x0c" FOUR) }, /* version 1 in binary */
        { LIT(SIG "\x22\x11\x00\x0c" FOUR) }, /* no such command */
        { LIT(SIG "\x21\x12\x00\x0c" FOUR) }, /* a datagram */
        { LIT(SIG "\x21\x31\x00\x02/a") },    /* a path */
        { LIT(SIG "\x21\x11\x00\x0b" FOUR) }, /* too short for its addresses */
        { LIT(SIG "\x21\x21\x00\x0c" FOUR) },
        { LIT(SIG "\x21\x11\xff\xff" FOUR) }, /* beyond the ceiling: at once, not after 64 KiB */
    };
    struct proxy_header h;
    struct st_err err = ST_ERR_INIT;

    for (size_t i = 0; i < ST_LEN(bad); i++)
        T_CHECK(proxy_header_parse(st_span(bad[i].bytes, bad[i].n), &h, &err) == ST_ERR, "case %zu", i);
}

T_TEST(a_line_without_end_is_bounded)
{
    char line[200] = "PROXY UNKNOWN ";
    struct proxy_header h;
    struct st_err err = ST_ERR_INIT;

    memset(line + 14, 'x', sizeof line - 14);
    T_CHECK(proxy_header_parse(st_span(line, 106), &h, &err) == ST_AGAIN, "106 bytes may become one");
    T_CHECK(proxy_header_parse(st_span(line, 107), &h, &err) == ST_ERR, "107 bytes cannot");
    memcpy(line + 105, "\r\n", 2);
    T_OK(proxy_header_parse(st_span(line, sizeof line), &h, &err), err);
    T_CHECK(h.n == 107, "%zu", h.n);
}
