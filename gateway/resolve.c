/* SPDX-License-Identifier: Apache-2.0 */
/* resolve - c-ares inside the event loop, with a small cache.
 *
 * c-ares opens and closes its own sockets and says which to watch; each gets an event. Its queries cannot be cancelled
 * one by one, so a query hangs on a `wait` that c-ares owns: who gives up cuts the tie and the answer falls into the
 * void. Fixed hosts carry a port of their own ("127.0.0.1:8443"), for tests and for split networks. Answers come in
 * alternating families, the first as the system's sorting gave it.
 */
#include "gateway/resolve.h"
#include "base/clock.h"
#include "base/table.h"
#include "policies/policies.h"
#include <ares.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLVER_MAGIC 0x7265736fu
#define SOCKETS_MAX    32
#define CACHE_MAX      4096u
#define FIXED_MAX      1024u
#define TTL_MIN_S      1
#define TTL_MAX_S      300

struct cached {
    uint64_t until_ms;
    struct resolve_list list; /* ports as given for fixed hosts, 0 otherwise */
};

struct watched {
    struct resolver *resolver;
    struct event *event; /* NULL: free place */
    ares_socket_t fd;
};

struct resolver {
    unsigned magic;
    struct link_loop *loop;
    ares_channel channel;
    struct st_table *cache, *fixed;
    struct watched sockets[SOCKETS_MAX];
    struct st_timer timer;
    bool has_library, has_channel, is_retired;
    size_t waiting; /* queries that c-ares has */
    struct later_item gone;
};

struct resolve_wait { /* c-ares holds it until it answered */
    struct resolver *resolver;
    struct resolve_query *query; /* NULL: nobody waits any more */
};

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void set_port(struct resolve_addr *addr, uint16_t port)
{
    if (addr->at.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&addr->at)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&addr->at)->sin_port = htons(port);
}

static uint16_t get_port(const struct resolve_addr *addr)
{
    return ntohs(addr->at.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&addr->at)->sin6_port
                                                : ((const struct sockaddr_in *)&addr->at)->sin_port);
}

static bool read_address(const char *text, struct resolve_addr *out)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out->at;
    struct sockaddr_in *four = (struct sockaddr_in *)&out->at;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        out->at.ss_family = AF_INET;
        out->len = sizeof *four;
        return true;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        out->at.ss_family = AF_INET6;
        out->len = sizeof *six;
        return true;
    }
    return false;
}

/* "127.0.0.1", "127.0.0.1:8443", "::1", "[::1]:8443" */
static bool read_address_and_port(const char *text, struct resolve_addr *out)
{
    struct st_span s = st_span_str(text), port = ST_SPAN_NONE;
    const char *colon = strrchr(text, ':');
    char host[64];
    uint64_t number;

    if (s.n > 0 && s.p[0] == '[') {
        size_t end = st_span_chr(s, ']');

        if (end == ST_SPAN_NPOS || end + 1 >= s.n || s.p[end + 1] != ':')
            return false;
        port = st_span_sub(s, end + 2, s.n);
        s = st_span_sub(s, 1, end - 1);
    } else if (colon != NULL && strchr(text, ':') == colon) {
        port = st_span_str(colon + 1);
        s = st_span_sub(s, 0, (size_t)(colon - text));
    }
    if (s.n >= sizeof host)
        return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)s.n, (const char *)s.p);
    if (!read_address(host, out))
        return false;
    if (port.n > 0) {
        if (!st_span_u64(port, &number) || number == 0 || number > 65535)
            return false;
        set_port(out, (uint16_t)number);
    }
    return true;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void deliver(void *ctx)
{
    struct resolve_query *query = ctx;

    query->on_done(query->ctx);
}

static void answer(struct resolver *resolver, struct resolve_query *query, const struct resolve_list *list)
{
    query->found = *list;
    for (size_t i = 0; i < query->found.n; i++) {
        if (get_port(&query->found.addr[i]) == 0)
            set_port(&query->found.addr[i], query->port);
    }
    if (list->n == 0)
        (void)st_fail(&query->err, ST_E_DNS, "resolve", "the name has no address", 0);
    later_call(resolver->loop->later, &query->item);
}

/* Takes the addresses in alternating families, beginning with the first one's. */
static int sort_answers(const struct ares_addrinfo *info, struct resolve_list *list)
{
    const struct ares_addrinfo_node *next[2] = { info->nodes, info->nodes };
    int ttl = TTL_MAX_S, family = info->nodes != NULL ? info->nodes->ai_family : AF_INET;

    while (list->n < RESOLVE_MAX && (next[0] != NULL || next[1] != NULL)) {
        int side = family == AF_INET6;
        const struct ares_addrinfo_node *node = next[side];

        while (node != NULL && node->ai_family != family)
            node = node->ai_next;
        next[side] = node != NULL ? node->ai_next : NULL;
        family = family == AF_INET6 ? AF_INET : AF_INET6;
        if (node == NULL)
            continue;
        if (node->ai_addrlen > sizeof list->addr[0].at)
            continue;
        memcpy(&list->addr[list->n].at, node->ai_addr, node->ai_addrlen);
        list->addr[list->n++].len = (socklen_t)node->ai_addrlen;
        if (node->ai_ttl < ttl)
            ttl = node->ai_ttl;
    }
    return ttl < TTL_MIN_S ? TTL_MIN_S : ttl;
}

static void remember(struct resolver *resolver, const char *host, const struct resolve_list *list, int ttl_s)
{
    struct cached *cached = calloc(1, sizeof *cached);
    struct st_err ignored;

    if (cached == NULL)
        return;
    cached->until_ms = st_clock_ms() + (uint64_t)ttl_s * 1000;
    cached->list = *list;
    for (size_t i = 0; i < list->n; i++)
        set_port(&cached->list.addr[i], 0);
    if (st_table_put(resolver->cache, st_span_str(host), cached, &ignored) != ST_OK)
        free(cached);
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
    struct resolve_wait *wait = ctx;
    struct resolve_query *query = wait->query;
    struct resolve_list list = { .n = 0 };
    int ttl = 0;

    (void)timeouts;
    wait->resolver->waiting--;
    if (status == ARES_SUCCESS && info != NULL)
        ttl = sort_answers(info, &list);
    if (info != NULL)
        ares_freeaddrinfo(info);
    if (query != NULL) {
        query->wait = NULL;
        if (list.n > 0)
            remember(wait->resolver, query->host, &list, ttl);
        answer(wait->resolver, query, &list);
    }
    if (wait->resolver->is_retired && wait->resolver->waiting == 0)
        later_call(wait->resolver->loop->later, &wait->resolver->gone);
    free(wait);
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static void plan_timer(struct resolver *resolver)
{
    struct timeval tv, *next = ares_timeout(resolver->channel, NULL, &tv);
    struct st_err ignored;

    if (next == NULL)
        st_timer_disarm(resolver->loop->timers, &resolver->timer);
    else if (st_timer_arm(resolver->loop->timers, &resolver->timer,
                          (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1, &ignored) != ST_OK)
        return; /* the next packet plans it again */
}

static void on_timer(void *ctx)
{
    struct resolver *resolver = ctx;

    ST_CHECK(resolver, RESOLVER_MAGIC);
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    plan_timer(resolver);
}

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
    struct watched *watched = ctx;
    struct resolver *resolver = watched->resolver;

    ST_CHECK(resolver, RESOLVER_MAGIC);
    ares_process_fd(resolver->channel, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    plan_timer(resolver);
}

/* c-ares says what it wants to hear of a socket; neither: it is about to close it. */
static void on_interest(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct resolver *resolver = ctx;
    struct watched *place = NULL;

    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        struct watched *w = &resolver->sockets[i];

        if (w->event != NULL && w->fd == fd) {
            event_free(w->event);
            w->event = NULL;
        }
        if (w->event == NULL && place == NULL)
            place = w;
    }
    if ((!readable && !writable) || place == NULL)
        return; /* no place: the query runs into its timeout */
    *place = (struct watched){ .resolver = resolver, .fd = fd };
    place->event =
        event_new(resolver->loop->base, fd, (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0)),
                  on_socket, place);
    if (place->event != NULL)
        event_add(place->event, NULL);
}

static enum st_rc open_channel(struct resolver *resolver, const char *servers, struct st_err *err)
{
    struct ares_options options = { .timeout = 1500, .tries = 3, .sock_state_cb = on_interest };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;

    options.sock_state_cb_data = resolver;
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return st_fail(err, ST_E_NOMEM, "resolve.open", "c-ares does not start", 0);
    resolver->has_library = true;
    if (ares_init_options(&resolver->channel, &options, mask) != ARES_SUCCESS)
        return st_fail(err, ST_E_CONFIG, "resolve.open", "the system's resolver settings cannot be read", 0);
    resolver->has_channel = true;
    if (servers != NULL && ares_set_servers_ports_csv(resolver->channel, servers) != ARES_SUCCESS)
        return st_fail(err, ST_E_CONFIG, "resolve.open", "resolver.servers is not a list of addresses", 0);
    return ST_OK;
}

static enum st_rc load_fixed(struct resolver *resolver, const struct st_list *hosts, struct st_err *err)
{
    const struct st_pair *pairs = hosts->items;

    for (size_t i = 0; i < hosts->n; i++) {
        struct cached *cached = calloc(1, sizeof *cached);

        if (cached == NULL)
            return st_fail(err, ST_E_NOMEM, "resolve.hosts", "host", sizeof *cached);
        cached->list.n = 1;
        cached->list.is_fixed = true;
        if (!read_address_and_port(pairs[i].value.s, &cached->list.addr[0])) {
            free(cached);
            return st_fail(err, ST_E_CONFIG, "resolve.hosts", "resolver.hosts: not an address", i);
        }
        if (st_table_put(resolver->fixed, st_span_str(pairs[i].key.s), cached, err) != ST_OK) {
            free(cached);
            return ST_ERR;
        }
    }
    return ST_OK;
}

static void resolver_gone(void *resolver)
{
    resolver_free(resolver);
}

enum st_rc resolver_new(struct link_loop *loop, const struct pol_config *config, struct resolver **out,
                        struct st_err *err)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);

    if (resolver == NULL)
        return st_fail(err, ST_E_NOMEM, "resolve.new", "resolver", sizeof *resolver);
    resolver->magic = RESOLVER_MAGIC;
    resolver->loop = loop;
    resolver->timer = (struct st_timer){ .fn = on_timer, .ctx = resolver };
    resolver->gone = (struct later_item){ .fn = resolver_gone, .ctx = resolver };
    resolver->cache = st_table_new(CACHE_MAX, true, free);
    resolver->fixed = st_table_new(FIXED_MAX, false, free);
    if (resolver->cache == NULL || resolver->fixed == NULL) {
        resolver_free(resolver);
        return st_fail(err, ST_E_NOMEM, "resolve.new", "table", 0);
    }
    if (open_channel(resolver, config->resolver.servers.s, err) != ST_OK ||
        load_fixed(resolver, &config->resolver.hosts, err) != ST_OK) {
        resolver_free(resolver);
        return ST_ERR;
    }
    *out = resolver;
    return ST_OK;
}

void resolver_retire(struct resolver *resolver)
{
    ST_CHECK(resolver, RESOLVER_MAGIC);
    resolver->is_retired = true;
    if (resolver->waiting == 0)
        later_call(resolver->loop->later, &resolver->gone);
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    ST_CHECK(resolver, RESOLVER_MAGIC);
    resolver->is_retired = false;
    later_cancel(&resolver->gone);
    if (resolver->has_channel)
        ares_destroy(resolver->channel);
    if (resolver->has_library)
        ares_library_cleanup();
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (resolver->sockets[i].event != NULL)
            event_free(resolver->sockets[i].event);
    }
    st_timer_disarm(resolver->loop->timers, &resolver->timer);
    st_table_free(resolver->cache);
    st_table_free(resolver->fixed);
    resolver->magic = 0;
    free(resolver);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static const struct cached *known(struct resolver *resolver, const char *host)
{
    const struct cached *cached = st_table_get(resolver->fixed, st_span_str(host));

    if (cached != NULL)
        return cached;
    cached = st_table_get(resolver->cache, st_span_str(host));
    return cached != NULL && cached->until_ms > st_clock_ms() ? cached : NULL;
}

void resolve_start(struct resolver *resolver, struct resolve_query *query)
{
    const struct cached *cached = known(resolver, query->host);
    struct resolve_list list = { .n = 0 };
    struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

    ST_CHECK(resolver, RESOLVER_MAGIC);
    query->item = (struct later_item){ .fn = deliver, .ctx = query };
    query->wait = NULL;
    if (cached != NULL) {
        answer(resolver, query, &cached->list);
        return;
    }
    if (read_address(query->host, &list.addr[0])) {
        list.n = 1;
        answer(resolver, query, &list);
        return;
    }
    if ((query->wait = calloc(1, sizeof *query->wait)) == NULL) {
        answer(resolver, query, &list);
        return;
    }
    query->wait->resolver = resolver;
    query->wait->query = query;
    resolver->waiting++;
    ares_getaddrinfo(resolver->channel, query->host, NULL, &hints, on_answer, query->wait);
    plan_timer(resolver);
}

void resolve_cancel(struct resolve_query *query)
{
    later_cancel(&query->item);
    if (query->wait != NULL)
        query->wait->query = NULL;
    query->wait = NULL;
}
