/* SPDX-License-Identifier: Apache-2.0 */
/* hello - puts a ClientHello together again and reads what the route needs from it.
 *
 * The bytes come as a run of TLS records (RFC 8446 §5.1) that hold a run of handshake messages (§4); the ClientHello
 * may be cut anywhere, by segments and by records. So: walk the records, copy their fragments into one buffer, and
 * parse only when the whole message is there. A name that is not a plain DNS name counts as absent; the route then
 * decides by the address. Whatever breaks the format is refused: behind us a real TLS stack would refuse it as well.
 */
#include "gateway/hello.h"
#include <string.h>

#define RECORD_HEADER     5u
#define HANDSHAKE_HEADER  4u
#define FRAGMENT_MAX      16384u /* RFC 8446 §5.1 */
#define METHOD_MAX        24u
#define TYPE_CLIENT_HELLO 1
#define EXT_SERVER_NAME   0
#define EXT_ALPN          16
#define EXT_VERSIONS      43
#define EXT_ECH           0xfe0d
#define TLS12             0x0303
#define TLS13             0x0304

struct reader { /* fail-late: after the end everything reads as zero or empty */
    struct st_span rest;
    bool is_bad;
};

static struct st_span take(struct reader *r, size_t n)
{
    struct st_span out = ST_SPAN_NONE;

    if (n > r->rest.n) {
        r->is_bad = true;
        r->rest.n = 0;
        return out;
    }
    out = st_span(r->rest.p, n);
    r->rest = st_span_sub(r->rest, n, r->rest.n);
    return out;
}

static unsigned number(struct reader *r, size_t bytes)
{
    struct st_span s = take(r, bytes);
    unsigned v = 0;

    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

/* A vector with a length of `bytes` bytes before it (RFC 8446 §3.4). */
static struct reader vector(struct reader *r, size_t bytes)
{
    return (struct reader){ .rest = take(r, number(r, bytes)) };
}

static enum st_rc malformed(struct st_err *err, int64_t at)
{
    return st_fail(err, ST_E_SYNTAX, "hello.parse", "ClientHello is malformed", at);
}

/* ---- extensions ----------------------------------------------------------------------------------------------------
 */

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Lower case, without the trailing dot; "" when it is not a DNS name (RFC 6066: no IP literals; an all-number last
 * label is one). */
static void copy_name(struct st_span name, char out[256])
{
    size_t n = name.n;
    bool has_letter = false, is_empty_label = true;

    out[0] = '\0';
    if (n > 0 && name.p[n - 1] == '.')
        n--;
    if (n == 0 || n > 253)
        return;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + 'a' - 'A');
        if (!is_name_byte(c) || (c == '.' && is_empty_label)) {
            out[0] = '\0';
            return;
        }
        is_empty_label = c == '.';
        has_letter = c == '.' ? false : has_letter || c < '0' || c > '9';
        out[i] = (char)c;
    }
    out[has_letter && !is_empty_label ? n : 0] = '\0';
}

static bool read_server_name(struct reader *ext, struct hello *out)
{
    struct reader list = vector(ext, 2);
    bool has_host = false;

    while (list.rest.n > 0 && !list.is_bad) {
        unsigned type = number(&list, 1);
        struct reader name = vector(&list, 2);

        if (type != 0)
            continue;
        if (has_host) /* RFC 6066: one of a type; two would let two parsers disagree */
            return false;
        has_host = true;
        copy_name(name.rest, out->sni);
    }
    return !list.is_bad && !ext->is_bad && ext->rest.n == 0;
}

static bool read_alpn(struct reader *ext, struct hello *out)
{
    struct reader list = vector(ext, 2);

    out->has_alpn = true;
    while (list.rest.n > 0 && !list.is_bad) {
        struct st_span name = vector(&list, 1).rest;

        out->offers_h2 |= st_span_eq(name, ST_SPAN("h2"));
        out->offers_http1 |= st_span_eq(name, ST_SPAN("http/1.1"));
    }
    return !list.is_bad && !ext->is_bad && ext->rest.n == 0;
}

static bool read_versions(struct reader *ext, struct hello *out)
{
    struct reader list = vector(ext, 1);

    while (list.rest.n > 0 && !list.is_bad) {
        unsigned version = number(&list, 2);

        if ((version == TLS12 || version == TLS13) && version > out->max_version) /* GREASE is neither */
            out->max_version = (uint16_t)version;
    }
    return !list.is_bad && !ext->is_bad && ext->rest.n == 0;
}

static bool read_extension(unsigned type, struct reader *ext, struct hello *out)
{
    switch (type) {
    case EXT_SERVER_NAME: return read_server_name(ext, out);
    case EXT_ALPN: return read_alpn(ext, out);
    case EXT_VERSIONS: return read_versions(ext, out);
    case EXT_ECH: out->has_ech = true; return true; /* also Chromium's GREASE of it: not told apart on purpose */
    default: return true;
    }
}

static bool is_known(unsigned type, unsigned *seen)
{
    static const unsigned known[] = { EXT_SERVER_NAME, EXT_ALPN, EXT_VERSIONS, EXT_ECH };

    for (unsigned i = 0; i < ST_LEN(known); i++) {
        if (known[i] != type)
            continue;
        if ((*seen & 1u << i) != 0)
            return false;
        *seen |= 1u << i;
    }
    return true;
}

static enum st_rc parse_body(struct st_span body, struct hello *out, struct st_err *err)
{
    struct reader r = { .rest = body }, all;
    unsigned seen = 0, legacy = number(&r, 2);

    take(&r, 32);  /* random */
    vector(&r, 1); /* session id */
    vector(&r, 2); /* cipher suites */
    vector(&r, 1); /* compression */
    if (r.is_bad || legacy < 0x0301)
        return malformed(err, legacy);
    if (r.rest.n > 0) {
        all = vector(&r, 2);
        if (r.is_bad || r.rest.n > 0)
            return malformed(err, (int64_t)r.rest.n);
        while (all.rest.n > 0) {
            unsigned type = number(&all, 2);
            struct reader ext = vector(&all, 2);

            if (all.is_bad || !is_known(type, &seen) || !read_extension(type, &ext, out))
                return malformed(err, type);
        }
    }
    if (out->max_version == 0) /* no supported_versions: the old field says it */
        out->max_version = legacy > TLS12 ? TLS12 : (uint16_t)legacy;
    return ST_OK;
}

/* ---- records
 * --------------------------------------------------------------------------------------------------------- */

/* What the first bytes cannot be a TLS handshake record any more. SSL 2.0 hellos are among them: nothing in use sends
 * one. */
static bool is_other(struct st_span b)
{
    size_t len = b.n >= RECORD_HEADER ? (size_t)b.p[3] << 8 | b.p[4] : 0;

    if ((b.n > 1 && b.p[1] != 3) || (b.n > 2 && b.p[2] > 4))
        return true;
    return b.n > RECORD_HEADER && len > 0 && len <= FRAGMENT_MAX && b.p[RECORD_HEADER] != TYPE_CLIENT_HELLO;
}

/* Gathers fragments into whole until the ClientHello is complete. ST_AGAIN: bytes end before it does. */
static enum st_rc gather(struct st_span bytes, uint8_t *whole, size_t *message_len, struct st_err *err)
{
    struct st_span rest = bytes;
    size_t have = 0, need = 0;

    for (;;) {
        size_t len, part;

        if (rest.n < RECORD_HEADER)
            return ST_AGAIN;
        len = (size_t)rest.p[3] << 8 | rest.p[4];
        if (rest.p[0] != HELLO_TLS_BYTE || rest.p[1] != 3 || len == 0 || len > FRAGMENT_MAX)
            return malformed(err, rest.p[0]);
        rest = st_span_sub(rest, RECORD_HEADER, rest.n);
        part = len < rest.n ? len : rest.n;
        if (part > HELLO_MAX - have)
            return st_fail(err, ST_E_LIMIT, "hello.parse", "ClientHello is too long", (int64_t)(have + part));
        memcpy(whole + have, rest.p, part);
        have += part;
        rest = st_span_sub(rest, part, rest.n);
        if (have >= HANDSHAKE_HEADER) {
            need = HANDSHAKE_HEADER + ((size_t)whole[1] << 16 | (size_t)whole[2] << 8 | whole[3]);
            if (need > HELLO_MAX)
                return st_fail(err, ST_E_LIMIT, "hello.parse", "ClientHello is too long", (int64_t)need);
            *message_len = need;
            if (have >= need) /* nothing may follow it in its record */
                return have > need || part < len ? malformed(err, (int64_t)(have - need)) : ST_OK;
        }
        if (part < len)
            return ST_AGAIN;
    }
}

static bool is_token_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A method, a space, and the start of a target (RFC 9112 §3): a path, "*", "http…", or anything after CONNECT. The
 * greeting of another protocol may look like a method, but no target follows it. ST_AGAIN: it may still be either. */
static enum st_rc guess_http(struct st_span b, struct hello *out)
{
    struct st_span target, scheme = ST_SPAN("http");
    size_t n = 0;

    while (n < b.n && n <= METHOD_MAX && is_token_byte(b.p[n]))
        n++;
    if (n == b.n && n <= METHOD_MAX)
        return ST_AGAIN;
    out->kind = HELLO_OTHER;
    if (n == 0 || n > METHOD_MAX || b.p[n] != ' ')
        return ST_OK;
    target = st_span_sub(b, n + 1, scheme.n);
    if (target.n == 0)
        return ST_AGAIN;
    if (target.p[0] == '/' || target.p[0] == '*' || st_span_eq(st_span_sub(b, 0, n), ST_SPAN("CONNECT")) ||
        st_span_ieq(target, scheme))
        out->kind = HELLO_HTTP;
    else if (st_span_istarts(scheme, target))
        return ST_AGAIN;
    return ST_OK;
}

enum st_rc hello_parse(struct st_span bytes, struct hello *out, struct st_err *err)
{
    static uint8_t whole[HELLO_MAX]; /* one process, one thread, one call at a time */
    size_t len = 0;
    enum st_rc rc;

    *out = (struct hello){ .kind = HELLO_TLS };
    if (bytes.n > 0 && bytes.p[0] != HELLO_TLS_BYTE)
        return guess_http(bytes, out);
    if (is_other(bytes)) {
        out->kind = HELLO_OTHER;
        return ST_OK;
    }
    rc = gather(bytes, whole, &len, err);
    if (rc != ST_OK)
        return rc;
    return parse_body(st_span(whole + HANDSHAKE_HEADER, len - HANDSHAKE_HEADER), out, err);
}
