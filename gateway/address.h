/* SPDX-License-Identifier: Apache-2.0 */
/* address - one form for IPv4 and IPv6, to compare, to look up and to show. */
#ifndef STOA_GATEWAY_ADDRESS_H
#define STOA_GATEWAY_ADDRESS_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;     /* 0: there is none, and no address either */
};
/* port 0 for what is neither IPv4 nor IPv6. */
struct address address_of(const struct sockaddr *sa);
bool address_is_same_host(const struct address *a, const struct address *b); /* ports aside */
bool address_is_same(const struct address *a, const struct address *b);
void address_text(const struct address *a, char out[INET6_ADDRSTRLEN]); /* without the port; "192.0.2.7", "::1" */
#endif
