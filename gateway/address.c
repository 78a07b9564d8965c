/* SPDX-License-Identifier: Apache-2.0 */
/* address - one form for IPv4 and IPv6, to compare, to look up and to show.
 *
 * A client that comes over a socket for both families must be the same person as over one for IPv4, and a network in
 * stoa.yaml must mean the same hosts; so there is one form, 16 bytes, and IPv4 lies in it as ::ffff:a.b.c.d (RFC 4291).
 */
#include "gateway/address.h"
#include <arpa/inet.h>
#include <string.h>

static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct address address_of(const struct sockaddr *sa)
{
    struct address out = { .port = 0 };

    if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;

        memcpy(out.bytes, &six->sin6_addr, sizeof out.bytes);
        out.port = ntohs(six->sin6_port);
    } else if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)sa;

        memcpy(out.bytes, MAPPED, sizeof MAPPED);
        memcpy(out.bytes + sizeof MAPPED, &four->sin_addr, 4);
        out.port = ntohs(four->sin_port);
    }
    return out;
}

bool address_is_same_host(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool address_is_same(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_is_same_host(a, b);
}

void address_text(const struct address *a, char out[INET6_ADDRSTRLEN])
{
    bool is_four = memcmp(a->bytes, MAPPED, sizeof MAPPED) == 0;

    out[0] = '\0';
    (void)inet_ntop(is_four ? AF_INET : AF_INET6, a->bytes + (is_four ? sizeof MAPPED : 0), out, INET6_ADDRSTRLEN);
}
