/* SPDX-License-Identifier: Apache-2.0 */
/* target - where a request wants to go: authority, absolute and origin form, strictly (RFC 9112 §3.2). */
#ifndef STOA_GATEWAY_TARGET_H
#define STOA_GATEWAY_TARGET_H
#include "base/err.h"
#include "base/span.h"

struct target {
    char host[256];      /* lower case, no trailing dot, no brackets; "" when the form has none */
    uint16_t port;       /* 0: not said */
    bool is_https;       /* absolute form */
    struct st_span path; /* with query; borrowed; "/" when absolute form has none */
};
/* "host:port", "[::1]:443", "host"; a name is a name or an address, nothing else. ST_E_SYNTAX, num 400. */
ST_MUST enum st_rc target_authority(struct st_span text, struct target *out, struct st_err *err);
/* "http://host:port/path?query": host, port and path. User information is refused. */
ST_MUST enum st_rc target_absolute(struct st_span text, struct target *out, struct st_err *err);
/* Splits path?query. */
void target_split(struct st_span path, struct st_span *only_path, struct st_span *query);
#endif
