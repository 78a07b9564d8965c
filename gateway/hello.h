/* SPDX-License-Identifier: Apache-2.0 */
/* hello - what a client speaks by its first bytes; reads a TLS ClientHello before anyone decides what to do with the
 * connection (RFC 8446 §4.1.2, RFC 6066 §3).
 *
 * Modern hellos exceed one segment and their SNI floats (measured: beyond byte 1000 in half of Chromium's), so the
 * hello is reassembled across segments and TLS records, up to 64 KiB, before anything in it is looked at.
 */
#ifndef STOA_GATEWAY_HELLO_H
#define STOA_GATEWAY_HELLO_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>

#define HELLO_MAX      65536u
#define HELLO_TLS_BYTE 22 /* begins a TLS handshake, and nothing else that a client says first */

enum hello_kind {
    HELLO_TLS,   /* a whole ClientHello */
    HELLO_HTTP,  /* the first bytes begin a request in HTTP/1 or the preface of HTTP/2 */
    HELLO_OTHER, /* something else */
};
struct hello {
    enum hello_kind kind;
    char sni[256];                /* lower case, no trailing dot; "" when absent or not a host name */
    bool offers_h2, offers_http1; /* ALPN */
    bool has_alpn, has_ech;
    uint16_t max_version; /* 0x0303, 0x0304 */
};
/* Looks at all bytes received so far (from the first). ST_OK: *out is set; ST_AGAIN: more is needed; ST_ERR: malformed
 * or longer than HELLO_MAX. Reads only; the caller keeps the bytes for a later splice or handshake. */
ST_MUST enum st_rc hello_parse(struct st_span bytes, struct hello *out, struct st_err *err);
#endif
