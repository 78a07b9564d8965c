/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header - reads what a load balancer says about its client (The PROXY protocol, versions 1 & 2, §2.1 and §2.2).
 *
 * The header decides who a person is, so nothing in it is guessed: single spaces, addresses in the one form of their
 * family, ports without leading zeros, the whole line within 107 bytes; in the binary form version, command, family and
 * length have to fit together. Bytes that cannot become a header any more are refused at once, so that a client that
 * speaks something else is not waited for. TLVs are skipped unread: nothing in them may change who it is.
 */
#include "gateway/proxy_header.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define TEXT_MAX     107u /* §2.1: "PROXY UNKNOWN" with two longest addresses and ports, CR LF included */
#define BINARY_FIXED 16u
#define INET4_BLOCK  12u
#define INET6_BLOCK  36u

static const uint8_t SIGNATURE[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

static enum st_rc malformed(struct st_err *err, int64_t at)
{
    return st_fail(err, ST_E_SYNTAX, "proxy.header", "the PROXY header is malformed", at);
}

static void fill(struct sockaddr_storage *out, int family, const void *address, uint16_t port)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    struct sockaddr_in *four = (struct sockaddr_in *)out;

    memset(out, 0, sizeof *out);
    out->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        memcpy(&six->sin6_addr, address, sizeof six->sin6_addr);
        six->sin6_port = htons(port);
    } else {
        memcpy(&four->sin_addr, address, sizeof four->sin_addr);
        four->sin_port = htons(port);
    }
}

/* ---- version 1 -------------------------------------------------------------------------------------------------- */

/* The next word; each is followed by one space but the last. */
static struct st_span word(struct st_span *rest, bool is_last)
{
    size_t end = is_last ? rest->n : st_span_chr(*rest, ' ');
    struct st_span out = end == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(*rest, 0, end);

    *rest = end == ST_SPAN_NPOS ? ST_SPAN_NONE : st_span_sub(*rest, end + 1, rest->n);
    return out;
}

static bool read_address(struct st_span text, int family, uint8_t out[16])
{
    char s[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof s || st_span_chr(text, '\0') != ST_SPAN_NPOS)
        return false;
    memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    return inet_pton(family, s, out) == 1;
}

static bool read_port(struct st_span text, uint16_t *out)
{
    uint64_t number;

    if (text.n == 0 || text.n > 5 || (text.n > 1 && text.p[0] == '0') || !st_span_u64(text, &number) || number > 65535)
        return false;
    *out = (uint16_t)number;
    return true;
}

/* line: behind "PROXY ", without CR LF. */
static enum st_rc read_line(struct st_span line, struct proxy_header *out, struct st_err *err)
{
    uint8_t from[16], to[16];
    uint16_t from_port, to_port;
    struct st_span name;
    int family;

    if (st_span_eq(line, ST_SPAN("UNKNOWN")) || st_span_starts(line, ST_SPAN("UNKNOWN ")))
        return ST_OK; /* §2.1: whatever follows is ignored */
    name = word(&line, false);
    family = st_span_eq(name, ST_SPAN("TCP4")) ? AF_INET : st_span_eq(name, ST_SPAN("TCP6")) ? AF_INET6 : AF_UNSPEC;
    if (family == AF_UNSPEC || !read_address(word(&line, false), family, from) ||
        !read_address(word(&line, false), family, to) || !read_port(word(&line, false), &from_port) ||
        !read_port(word(&line, true), &to_port))
        return malformed(err, 1);
    out->has_addresses = true;
    fill(&out->from, family, from, from_port);
    fill(&out->to, family, to, to_port);
    return ST_OK;
}

static enum st_rc parse_text(struct st_span bytes, struct proxy_header *out, struct st_err *err)
{
    static const struct st_span START = { (const uint8_t *)"PROXY ", 6 };
    struct st_span seen = st_span_sub(bytes, 0, TEXT_MAX);
    size_t end;

    if (!st_span_starts(START, st_span_sub(bytes, 0, START.n)))
        return malformed(err, 0);
    end = st_span_chr(seen, '\n'); /* the first ends the line, whatever follows: the answer is the same at any cut */
    if (end == ST_SPAN_NPOS)
        return seen.n == TEXT_MAX ? malformed(err, 1) : ST_AGAIN;
    if (seen.p[end - 1] != '\r')
        return malformed(err, 1);
    out->n = end + 1;
    return read_line(st_span_sub(seen, START.n, end - 1 - START.n), out, err);
}

/* ---- version 2 -------------------------------------------------------------------------------------------------- */

static uint16_t number(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The address block for TCP over IPv4 or IPv6. */
static enum st_rc read_block(uint8_t family, struct st_span block, struct proxy_header *out, struct st_err *err)
{
    bool is_six = family == 0x21;
    size_t n = is_six ? 16 : 4;

    if (family != 0x11 && family != 0x21) /* UNSPEC says nothing; a datagram or a path is not how a client came here */
        return family == 0x00 ? ST_OK : malformed(err, family);
    if (block.n < (is_six ? INET6_BLOCK : INET4_BLOCK))
        return malformed(err, (int64_t)block.n);
    out->has_addresses = true;
    fill(&out->from, is_six ? AF_INET6 : AF_INET, block.p, number(block.p + 2 * n));
    fill(&out->to, is_six ? AF_INET6 : AF_INET, block.p + n, number(block.p + 2 * n + 2));
    return ST_OK;
}

static enum st_rc parse_binary(struct st_span bytes, struct proxy_header *out, struct st_err *err)
{
    uint8_t command;

    if (bytes.n < BINARY_FIXED)
        return ST_AGAIN;
    command = bytes.p[12];
    if (command != 0x20 && command != 0x21) /* version 2; LOCAL or PROXY */
        return malformed(err, command);
    out->n = BINARY_FIXED + number(bytes.p + 14);
    if (out->n > PROXY_HEADER_MAX)
        return st_fail(err, ST_E_LIMIT, "proxy.header", "the PROXY header is too long", (int64_t)out->n);
    if (bytes.n < out->n)
        return ST_AGAIN;
    if (command == 0x20) /* LOCAL: the balancer's own connection, whatever the block says */
        return ST_OK;
    return read_block(bytes.p[13], st_span_sub(bytes, BINARY_FIXED, out->n - BINARY_FIXED), out, err);
}

enum st_rc proxy_header_parse(struct st_span bytes, struct proxy_header *out, struct st_err *err)
{
    size_t n = bytes.n < sizeof SIGNATURE ? bytes.n : sizeof SIGNATURE;

    memset(out, 0, sizeof *out);
    if (n == 0)
        return ST_AGAIN;
    if (memcmp(bytes.p, SIGNATURE, n) != 0)
        return parse_text(bytes, out, err);
    return n < sizeof SIGNATURE ? ST_AGAIN : parse_binary(bytes, out, err);
}
