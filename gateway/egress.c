/* SPDX-License-Identifier: Apache-2.0 */
/* egress - the gateway stands inside, so a name must not lead anyone to where only the gateway may go.
 *
 * Never reached: the gateway's own listeners, what is no host at all, and upstream.never (by default the gateway's
 * own loopback and link-local networks with their metadata services). A client whose connection was brought here has
 * already chosen an address. When it is one of the name's, that one is taken: the client could have gone there itself.
 * When it is not, the client's resolver knows other addresses than ours, or the name is a lie; either way the bytes go
 * where the name leads and never to the address, and not to a private one: a forged name opens no internal host.
 * Addresses that the operator has written into resolver.hosts are exempt but for the listeners.
 */
#include "gateway/egress.h"
#include "policies/policies.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETWORK(text)   \
    {                   \
        .s = "" text "" \
    }
static struct st_str no_host[] = { NETWORK("0.0.0.0/8"), NETWORK("224.0.0.0/3"), NETWORK("::"), NETWORK("ff00::/8") };
static struct st_str private[] = { NETWORK("10.0.0.0/8"),    NETWORK("172.16.0.0/12"), NETWORK("192.168.0.0/16"),
                                   NETWORK("100.64.0.0/10"), NETWORK("127.0.0.0/8"),   NETWORK("169.254.0.0/16"),
                                   NETWORK("::1"),           NETWORK("fc00::/7"),      NETWORK("fe80::/10") };
static struct st_str loopback[] = { NETWORK("127.0.0.0/8"), NETWORK("::1") };
static const struct st_list no_hosts = { .items = no_host, .n = ST_LEN(no_host) };
static const struct st_list loopbacks = { .items = loopback, .n = ST_LEN(loopback) };
static const struct st_list privates = { .items = private, .n = ST_LEN(private) };

/* An address of this host: the kernel would send to it from that same address, or from another of loopback. Asking
 * sends nothing. */
static bool is_own(const struct resolve_addr *to, const struct address *a)
{
    int fd = socket(to->at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof from;
    bool is_known = fd >= 0 && connect(fd, (const struct sockaddr *)&to->at, to->len) == 0 &&
                    getsockname(fd, (struct sockaddr *)&from, &len) == 0;
    struct address source = address_of((const struct sockaddr *)&from);

    if (fd >= 0)
        close(fd);
    return pol_networks_have(&loopbacks, a->bytes) || (is_known && address_is_same_host(&source, a));
}

/* "127.0.0.1:3128", "[::1]:3128" as the config loader has checked it; "0.0.0.0" and "[::]" stand for all of this
 * host's of their family. */
static bool is_listener(const struct st_list *listen, const struct resolve_addr *to, const struct address *a)
{
    struct st_span every = to->at.ss_family == AF_INET6 ? ST_SPAN("::") : ST_SPAN("0.0.0.0");
    char host[INET6_ADDRSTRLEN];

    address_text(a, host);
    for (size_t i = 0; i < listen->n; i++) {
        struct st_span text = st_span_str(((const struct pol_listen *)listen->items)[i].address.s), port;
        const char *colon = strrchr((const char *)text.p, ':');
        uint64_t number;

        if (colon == NULL)
            continue;
        port = st_span_str(colon + 1);
        text = st_span_sub(text, 0, text.n - port.n - 1);
        if (st_span_starts(text, ST_SPAN("[")))
            text = st_span_sub(text, 1, text.n - 2);
        if (!st_span_u64(port, &number) || number != a->port)
            continue;
        if (st_span_eq(text, st_span_str(host)) || (st_span_eq(text, every) && is_own(to, a)))
            return true;
    }
    return false;
}

static bool is_open(const struct pol_config *config, const struct address *near, const struct resolve_list *list,
                    const struct resolve_addr *to)
{
    const struct address found = address_of((const struct sockaddr *)&to->at), *a = &found;

    if (is_listener(&config->listen, to, a))
        return false;
    if (list->is_fixed)
        return true;
    if (pol_networks_have(&no_hosts, a->bytes) || pol_networks_have(&config->upstream.never, a->bytes))
        return false;
    return near->port == 0 || address_is_same_host(near, a) || !pol_networks_have(&privates, a->bytes);
}

enum st_rc egress_filter(const struct pol_config *config, const struct address *near, struct resolve_list *list,
                         struct st_err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct address a = address_of((const struct sockaddr *)&list->addr[i].at);

        if (!is_open(config, near, list, &list->addr[i]))
            continue;
        list->addr[kept++] = list->addr[i];
        if (near->port != 0 && address_is_same_host(near, &a)) {
            list->addr[0] = list->addr[i];
            kept = 1;
            break;
        }
    }
    list->n = kept;
    return kept > 0
               ? ST_OK
               : st_fail(err, ST_E_DENIED, "upstream.resolve", "no address of the name may be reached from here", 0);
}
