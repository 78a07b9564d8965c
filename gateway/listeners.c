/* SPDX-License-Identifier: Apache-2.0 */
/* listeners - the supervisor opens the listening sockets; the workers share them.
 *
 * They are opened before anything is started, so that a busy port is said before a process exists; they stay open over
 * reloads and deaths of workers, so that no connection is refused meanwhile. A reload may add some; taking one away
 * needs a restart, since connections may already wait in it.
 */
#include "gateway/supervisor.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static int open_socket(const struct addrinfo *ai, bool is_tproxy)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, why;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (ai->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (is_tproxy && setsockopt(fd, ai->ai_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                ai->ai_family == AF_INET6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof on) != 0) {
        why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* address was checked by the config loader: "127.0.0.1:3128" or "[::1]:3128". */
static int open_address(const char *address, bool is_tproxy)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    struct addrinfo *ai = NULL;
    const char *colon = strrchr(address, ':');
    char host[128];
    size_t n;
    int fd;

    if (colon == NULL || (n = (size_t)(colon - address)) >= sizeof host) {
        errno = EINVAL;
        return -1;
    }
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        address++;
        n -= 2;
    }
    memcpy(host, address, n);
    host[n] = '\0';
    if (getaddrinfo(host, colon + 1, &hints, &ai) != 0) {
        errno = EINVAL;
        return -1;
    }
    fd = open_socket(ai, is_tproxy);
    freeaddrinfo(ai);
    return fd;
}

static const struct listener *opened(const struct supervisor *sup, const char *address)
{
    for (size_t i = 0; i < sup->n_listeners; i++)
        if (strcmp(sup->listeners[i].address, address) == 0)
            return &sup->listeners[i];
    return NULL;
}

static const char *advice(int why)
{
    switch (why) {
    case EADDRINUSE: return "stop the program that uses it, or choose another port";
    case EACCES: return "ports below 1024 need root";
    case EPERM: return "kind tproxy needs root (CAP_NET_ADMIN) at the start";
    case EADDRNOTAVAIL: return "no interface of this host has this address";
    default: return "correct the address";
    }
}

enum st_rc listeners_open(struct supervisor *sup, const struct pol_config *config, const char *file,
                          struct st_diag *diag, struct st_err *err)
{
    sup->n_old_listeners = sup->n_listeners;
    for (size_t i = 0; i < config->listen.n; i++) {
        const struct pol_listen *entry = (const struct pol_listen *)config->listen.items + i;
        const struct st_str *address = &entry->address;
        const struct listener *there = opened(sup, address->s);
        struct listener *l = &sup->listeners[sup->n_listeners];
        bool is_tproxy = entry->kind == POL_TPROXY;

        if (there != NULL && there->is_tproxy == is_tproxy)
            continue;
        if (there != NULL) {
            st_diag_add(diag, file, entry->pos.line, entry->pos.col,
                        "%s is open already; to make it kind tproxy or another one, restart", address->s);
            return st_fail(err, ST_E_CONFIG, "listeners.open", "a listener's kind is fixed while running", 0);
        }
        if (sup->n_listeners == SUP_LISTENERS_MAX || strlen(address->s) >= sizeof l->address) {
            st_diag_add(diag, file, address->pos.line, address->pos.col, "expected at most %d listeners",
                        SUP_LISTENERS_MAX);
            return st_fail(err, ST_E_CONFIG, "listeners.open", "too many listeners", SUP_LISTENERS_MAX);
        }
        if ((l->fd = open_address(address->s, is_tproxy)) < 0) {
            st_diag_add(diag, file, address->pos.line, address->pos.col, "cannot listen on %s: %s; %s", address->s,
                        strerror(errno), advice(errno));
            return st_fail(err, ST_E_CONFIG, "listeners.open", "cannot listen", errno);
        }
        memcpy(l->address, address->s, strlen(address->s) + 1);
        l->is_tproxy = is_tproxy;
        sup->n_listeners++;
    }
    return ST_OK;
}

bool listeners_match(const struct supervisor *sup, const struct pol_config *config)
{
    size_t found = 0;

    for (size_t i = 0; i < config->listen.n; i++)
        found += opened(sup, ((const struct pol_listen *)config->listen.items)[i].address.s) != NULL;
    return found >= sup->n_listeners;
}

void listeners_forget_new(struct supervisor *sup)
{
    while (sup->n_listeners > sup->n_old_listeners)
        close(sup->listeners[--sup->n_listeners].fd);
}

void listeners_close(struct supervisor *sup)
{
    sup->n_old_listeners = 0;
    listeners_forget_new(sup);
}
