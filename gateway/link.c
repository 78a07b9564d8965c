/* SPDX-License-Identifier: Apache-2.0 */
/* link - a socket's birth, its events and its death.
 *
 * The callbacks note the fact, move bytes (link_wire.c) and call on_event; nothing is freed in one: link_free silences
 * the link and leaves the rest to `later`. A link whose `in` is at the watermark stops reading its socket and goes on
 * in link_update, also with bytes that the TLS layer has already taken. How a link ends when its owner is done with it
 * is link_finish.c.
 */
#include "gateway/link_parts.h"
#include "gateway/tls.h"
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

static void tell(void *ctx)
{
    struct link *link = ctx;

    ST_CHECK(link, LINK_MAGIC);
    if (link->on_event != NULL)
        link->on_event(link->ctx);
}

void link_tell_soon(struct link *link)
{
    if (link->on_event != NULL)
        later_call(link->loop->later, &link->again);
}

void link_enter(struct link *link, enum link_state next)
{
    link->state = next;
    if (next == LINK_CLOSED)
        link_watch(link);
}

void link_fail(struct link *link, const struct st_err *err)
{
    if (link->state == LINK_CLOSED)
        return;
    link->err = *err;
    link_enter(link, LINK_CLOSED);
}

/* ---- callbacks: note the fact, call the one step ---------------------------------------------------------------- */

/* The connect is decided. */
static void connected(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    int cause = 0;
    socklen_t len = sizeof cause;

    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0)
        cause = errno;
    if (cause == 0) {
        link_enter(link, LINK_OPEN);
        return;
    }
    (void)st_fail(&err, ST_E_IO, "link.connect", "the origin does not answer", cause);
    link_fail(link, &err);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct link *link = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(link, LINK_MAGIC);
    link_read_wire(link);
    link_pump(link);
    tell(link);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct link *link = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(link, LINK_MAGIC);
    if (link->state == LINK_CONNECTING)
        connected(link);
    link_pump(link);
    tell(link);
}

/* ---- birth and death -------------------------------------------------------------------------------------------- */

static void join_own(struct link *link)
{
    struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof at;
    struct link **list;

    if (!link->loop->watches_own || getsockname(link->fd, (struct sockaddr *)&at, &len) != 0)
        return;
    link->own = address_of((const struct sockaddr *)&at);
    list = &link->loop->own[link->own.port & (LINK_OWN - 1)];
    link->next_own = *list;
    link->in_own = list;
    if (link->next_own != NULL)
        link->next_own->in_own = &link->next_own;
    *list = link;
}

bool link_is_ours(const struct link_loop *loop, const struct address *from)
{
    for (const struct link *link = loop->own[from->port & (LINK_OWN - 1)]; link != NULL; link = link->next_own)
        if (address_is_same(&link->own, from))
            return true;
    return false;
}

static void leave_own(struct link *link)
{
    if (link->in_own == NULL)
        return;
    *link->in_own = link->next_own;
    if (link->next_own != NULL)
        link->next_own->in_own = link->in_own;
    link->in_own = NULL;
}

static void link_gone(void *ctx)
{
    struct link *link = ctx;

    ST_CHECK(link, LINK_MAGIC);
    leave_own(link);
    later_cancel(&link->again);
    later_cancel(&link->flush);
    st_timer_disarm(link->loop->timers, &link->deadline);
    budget_hold(link->loop->budget, &link->share, 0);
    if (link->readable != NULL)
        event_free(link->readable);
    if (link->writable != NULL)
        event_free(link->writable);
    tls_free(link->tls);
    tls_free(link->outer);
    for (struct evbuffer **b = (struct evbuffer *[]){ link->in, link->out, link->from_wire, link->to_wire,
                                                      link->outer_in, link->outer_out, NULL };
         *b; b++)
        evbuffer_free(*b);
    close(link->fd);
    link->loop->links--;
    link->magic = 0;
    free(link);
}

struct link *link_new(struct link_loop *loop, int fd, link_event_f *on_event, void *ctx)
{
    struct link *link = calloc(1, sizeof *link);
    int on = 1;

    if (link == NULL) {
        close(fd);
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link->magic = LINK_MAGIC;
    link->loop = loop;
    loop->links++;
    link->fd = fd;
    link->state = LINK_OPEN;
    link->on_event = on_event;
    link->ctx = ctx;
    link->again = (struct later_item){ .fn = tell, .ctx = link };
    link->flush = (struct later_item){ .fn = link_flush, .ctx = link };
    link->gone = (struct later_item){ .fn = link_gone, .ctx = link };
    link->in = evbuffer_new();
    link->out = link->in != NULL ? evbuffer_new() : NULL;
    link->from_wire = link->out != NULL ? evbuffer_new() : NULL;
    link->to_wire = link->from_wire != NULL ? evbuffer_new() : NULL;
    link->readable = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, link);
    link->writable = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_writable, link);
    if (link->to_wire == NULL || link->readable == NULL || link->writable == NULL) {
        link_gone(link);
        return NULL;
    }
    link_watch(link);
    return link;
}

enum st_rc link_connect(struct link_loop *loop, const struct sockaddr *to, socklen_t len, struct link_owner owner,
                        struct link **out, struct st_err *err)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct link *link;

    if (fd < 0)
        return st_fail(err, ST_E_IO, "link.connect", "no socket", errno);
    if (connect(fd, to, len) != 0 && errno != EINPROGRESS) {
        int cause = errno;

        close(fd);
        return st_fail(err, ST_E_IO, "link.connect", "the origin does not answer", cause);
    }
    if ((link = link_new(loop, fd, owner.on_event, owner.ctx)) == NULL)
        return st_fail(err, ST_E_NOMEM, "link.connect", "link", 0);
    link->state = LINK_CONNECTING;
    join_own(link);
    link_watch(link);
    *out = link;
    return ST_OK;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    ST_CHECK(link, LINK_MAGIC);
    link_leave_finishing(link);
    link->on_event = NULL;
    if (later_is_due(&link->flush)) /* it would have gone in this round: also before a cut */
        link_pump(link);
    link_enter(link, LINK_CLOSED);
    later_cancel(&link->again);
    later_call(link->loop->later, &link->gone);
}

void link_own(struct link *link, link_event_f *on_event, void *ctx)
{
    ST_CHECK(link, LINK_MAGIC);
    later_cancel(&link->again);
    link->on_event = on_event;
    link->ctx = ctx;
}

/* ---- for the owner ---------------------------------------------------------------------------------------------- */

enum link_state link_state(const struct link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    return link->state;
}

const struct st_err *link_err(const struct link *link)
{
    return &link->err;
}

struct evbuffer *link_in(struct link *link)
{
    return link->in;
}

struct evbuffer *link_out(struct link *link)
{
    return link->out;
}

struct tls *link_tls(const struct link *link)
{
    return link->tls;
}

int link_fd(const struct link *link)
{
    return link->fd;
}

bool link_is_bare(const struct link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    return link->state == LINK_OPEN && link->tls == NULL && link->end == LINK_END_OPEN &&
           evbuffer_get_length(link->in) == 0 && link_unsent(link) == 0;
}

void link_lend(struct link *link)
{
    assert(link_is_bare(link));
    link->is_lent = true;
    link_watch(link);
}
