/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header - the PROXY protocol's header, version 1 (text) and 2 (binary): who the client of a load balancer is. */
#ifndef STOA_GATEWAY_PROXY_HEADER_H
#define STOA_GATEWAY_PROXY_HEADER_H
#include "base/err.h"
#include "base/span.h"
#include <stdbool.h>
#include <sys/socket.h>

#define PROXY_HEADER_MAX 4096u /* with its TLVs; the text form has at most 107 bytes */

struct proxy_header {
    bool has_addresses;               /* false: LOCAL or UNKNOWN, the connection speaks for itself (a health check) */
    struct sockaddr_storage from, to; /* the client, and where it connected to; AF_INET or AF_INET6, both the same */
    size_t n;                         /* bytes of the header, TLVs included; what follows is the client's */
};
/* Looks at all bytes received so far. ST_OK: *out is set; ST_AGAIN: more is needed; ST_ERR: it is no such header, or
 * one for something else than TCP, or longer than PROXY_HEADER_MAX. */
ST_MUST enum st_rc proxy_header_parse(struct st_span bytes, struct proxy_header *out, struct st_err *err);
#endif
