/* SPDX-License-Identifier: Apache-2.0 */
/* listen - accept, and survive a lack of descriptors.
 *
 * A bounded number is taken per wake-up, so that a flood of connections does not starve those that are there. When the
 * process is out of descriptors, the reserve is given up for a moment to take the waiting client and end it cleanly,
 * and accepting pauses: a loop that fails and is woken again at once would burn the core (sslsplit ended there). When
 * memory is at its ceiling, accepting pauses too, and clients wait where the kernel keeps them.
 */
#include "gateway/listen.h"
#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTENER_MAGIC 0x6c697374u
#define PER_WAKE       64
#define PAUSE_MS       200u

struct listener {
    unsigned magic;
    struct link_loop *loop;
    int fd, reserve; /* reserve: a descriptor to spare, -1 when even that is gone */
    struct event *readable;
    struct st_timer pause;
    listener_f *on_connection;
    void *ctx;
};

static void pause_for_a_while(struct listener *listener)
{
    struct st_err ignored;

    if (st_timer_arm(listener->loop->timers, &listener->pause, PAUSE_MS, &ignored) == ST_OK)
        event_del(listener->readable);
}

static void on_pause_over(void *ctx)
{
    struct listener *listener = ctx;

    ST_CHECK(listener, LISTENER_MAGIC);
    if (listener->reserve < 0)
        listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (budget_level(listener->loop->budget) == BUDGET_FULL)
        pause_for_a_while(listener);
    else
        event_add(listener->readable, NULL);
}

/* Out of descriptors: one client is ended, all wait. */
static void pause_accepting(struct listener *listener)
{
    int fd;

    if (listener->reserve >= 0)
        close(listener->reserve);
    fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ST_LOG(ACCEPT_PAUSED, ST_NUM("errno", EMFILE));
    listener->on_connection(listener->ctx, -1, NULL);
    pause_for_a_while(listener);
}

static void wait_for_memory(struct listener *listener)
{
    ST_LOG(ACCEPT_PAUSED, ST_NUM("errno", ENOMEM));
    listener->on_connection(listener->ctx, -1, NULL);
    pause_for_a_while(listener);
}

static void take(struct listener *listener)
{
    for (int i = 0; i < PER_WAKE; i++) {
        struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
        socklen_t len = sizeof from;
        int fd;

        if (budget_level(listener->loop->budget) == BUDGET_FULL) {
            wait_for_memory(listener);
            return;
        }
        fd = accept4(listener->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            listener->on_connection(listener->ctx, fd, (const struct sockaddr *)&from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(listener);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct listener *listener = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(listener, LISTENER_MAGIC);
    take(listener);
}

struct listener *listener_new(struct link_loop *loop, int fd, listener_f *on_connection, void *ctx)
{
    struct listener *listener = calloc(1, sizeof *listener);
    int flags = fcntl(fd, F_GETFL);

    if (listener == NULL || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        free(listener);
        close(fd);
        return NULL;
    }
    listener->magic = LISTENER_MAGIC;
    listener->loop = loop;
    listener->fd = fd;
    listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->on_connection = on_connection;
    listener->ctx = ctx;
    listener->pause = (struct st_timer){ .fn = on_pause_over, .ctx = listener };
    listener->readable = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, listener);
    if (listener->readable == NULL || event_add(listener->readable, NULL) != 0) {
        listener_free(listener);
        return NULL;
    }
    return listener;
}

void listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    ST_CHECK(listener, LISTENER_MAGIC);
    st_timer_disarm(listener->loop->timers, &listener->pause);
    if (listener->readable != NULL)
        event_free(listener->readable);
    if (listener->reserve >= 0)
        close(listener->reserve);
    close(listener->fd);
    listener->magic = 0;
    free(listener);
}
