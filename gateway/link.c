/* SPDX-License-Identifier: Apache-2.0 */
/* link - the only file that reads and writes the data path's sockets.
 *
 * Raw events and nonblocking descriptors; TLS (tls.h) is a filter between the owner's buffers and the wire's, so its
 * records leave in one writev with whatever else is queued, and one read takes as much as the kernel has. The callbacks
 * note the fact and call on_event; nothing is freed in one: link_free silences the link and leaves the rest to `later`.
 * A link whose `in` is at the watermark stops reading its socket and goes on in link_update, also with bytes that the
 * TLS layer has already taken.
 */
#include "gateway/link.h"
#include "base/clock.h"
#include "gateway/later.h"
#include "gateway/tls.h"
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define LINK_MAGIC    0x6c6e6b64
#define READ_CHUNK    65536u
#define READ_ROUNDS   4u     /* reads per wake-up: one busy link does not starve the others */
#define FINISH_WITHIN 2000u  /* from our end to theirs */
#define FINISH_MS     30000u /* unless the loop says otherwise */
#define TLS_STATE     16384u /* what OpenSSL holds for one connection, about */

struct link {
    unsigned magic;
    struct link_loop *loop;
    int fd;
    enum link_state state;
    struct st_err err;
    struct event *readable, *writable;
    struct evbuffer *in, *out;            /* the owner's */
    struct evbuffer *from_wire, *to_wire; /* with TLS: sealed bytes; without: NULL */
    struct tls *tls;                      /* owned */
    struct tls *outer;                    /* owned; around tls: its records are what the socket carries; NULL */
    struct evbuffer *outer_in, *outer_out;
    bool wire_ended;             /* the peer closed its side of the socket */
    bool is_lent;                /* someone else reads and writes the socket */
    bool is_reading, is_writing; /* events registered */
    bool wants_end, said_end, is_lingering;
    struct link *next_finishing, **in_finishing; /* in_finishing NULL: not in the list */
    struct address own;                          /* our end of a connection that we made, when they are watched */
    struct link *next_own, **in_own;             /* in_own NULL: not in the list */
    link_event_f *on_event;                      /* NULL: freed or finishing */
    void *ctx;
    struct later_item again, gone; /* on_event is due; memory is due */
    struct st_timer deadline;      /* of link_finish */
    size_t share;                  /* of the loop's budget */
};

static void watch(struct link *link);
static void finish_step(struct link *link);

static void tell(void *ctx)
{
    struct link *link = ctx;

    ST_CHECK(link, LINK_MAGIC);
    if (link->on_event != NULL)
        link->on_event(link->ctx);
}

static void tell_soon(struct link *link)
{
    if (link->on_event != NULL)
        later_call(link->loop->later, &link->again);
}

/* The only writer of link->state but for creation. */
static void enter(struct link *link, enum link_state next)
{
    link->state = next;
    if (next == LINK_CLOSED)
        watch(link);
}

static void fail(struct link *link, const struct st_err *err)
{
    if (link->state == LINK_CLOSED)
        return;
    link->err = *err;
    enter(link, LINK_CLOSED);
}

/* ---- the wire --------------------------------------------------------------------------------------------------- */

static struct evbuffer *wire_out(struct link *link)
{
    return link->tls != NULL ? link->to_wire : link->out;
}

static struct evbuffer *wire_in(struct link *link)
{
    return link->tls != NULL ? link->from_wire : link->in;
}

static size_t watermark(const struct link *link)
{
    return budget_level(link->loop->budget) == BUDGET_EASY ? LINK_WATERMARK : LINK_WATERMARK_TIGHT;
}

static void count_share(struct link *link)
{
    size_t held = evbuffer_get_length(link->in) + evbuffer_get_length(link->out);

    held += evbuffer_get_length(link->from_wire) + evbuffer_get_length(link->to_wire);
    if (link->outer != NULL)
        held += evbuffer_get_length(link->outer_in) + evbuffer_get_length(link->outer_out) + TLS_STATE;
    budget_hold(link->loop->budget, &link->share, held + (link->tls != NULL ? TLS_STATE : 0));
}

/* What the socket itself carries. */
static struct evbuffer *socket_out(struct link *link)
{
    return link->outer != NULL ? link->outer_out : wire_out(link);
}

static struct evbuffer *socket_in(struct link *link)
{
    return link->outer != NULL ? link->outer_in : wire_in(link);
}

static bool can_read(const struct link *link)
{
    return (link->state == LINK_OPEN || link->state == LINK_HANDSHAKE) && !link->wire_ended &&
           evbuffer_get_length(link->in) < watermark(link) && !link->is_lent;
}

/* Registers exactly the events that the state asks for. */
static void watch(struct link *link)
{
    bool wants_read = can_read(link);
    bool wants_write =
        link->state == LINK_CONNECTING || (link->state != LINK_CLOSED && evbuffer_get_length(socket_out(link)) > 0);

    if (wants_read != link->is_reading) {
        (void)(wants_read ? event_add(link->readable, NULL) : event_del(link->readable));
        link->is_reading = wants_read;
    }
    if (wants_write != link->is_writing) {
        (void)(wants_write ? event_add(link->writable, NULL) : event_del(link->writable));
        link->is_writing = wants_write;
    }
}

/* The records of the inner TLS into those of the outer. */
static void seal_outer(struct link *link)
{
    struct st_err err = ST_ERR_INIT;

    while (link->outer != NULL && evbuffer_get_length(link->to_wire) > 0 &&
           evbuffer_get_length(link->outer_out) < LINK_WATERMARK) {
        if (tls_write(link->outer, link->to_wire, &err) != ST_OK) {
            fail(link, &err);
            return;
        }
    }
}

/* And the other way; what the outer one has to say ends the wire as the socket's end does. */
static void open_outer(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc;

    if (link->outer == NULL || link->state == LINK_CLOSED)
        return;
    rc = tls_read(link->outer, link->from_wire, LINK_WATERMARK, &err);
    if (rc == ST_ERR && err.code == ST_E_CLOSED)
        link->wire_ended = true;
    else if (rc == ST_ERR)
        fail(link, &err);
}

static void read_wire(struct link *link)
{
    static uint8_t chunk[READ_CHUNK];
    struct st_err err = ST_ERR_INIT;

    for (unsigned round = 0; round < READ_ROUNDS && can_read(link); round++) {
        ssize_t n = read(link->fd, chunk, sizeof chunk);

        if (n > 0 && evbuffer_add(socket_in(link), chunk, (size_t)n) != 0) {
            (void)st_fail(&err, ST_E_NOMEM, "link.read", "buffer", n);
            fail(link, &err);
        } else if (n == 0) {
            link->wire_ended = true;
        } else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            (void)st_fail(&err, ST_E_CLOSED, "link.read", "the connection broke", errno);
            fail(link, &err);
        }
        if (n < (ssize_t)sizeof chunk)
            return; /* a short read: the kernel has no more */
    }
}

/* The peer takes no more. It may have said why: an early answer to an upload is read before the link is given up. */
static void write_failed(struct link *link, int cause)
{
    struct st_err err = ST_ERR_INIT, ignored;

    read_wire(link);
    open_outer(link);
    if (link->tls != NULL && link->state != LINK_HANDSHAKE)
        (void)(tls_read(link->tls, link->in, LINK_WATERMARK, &ignored) == ST_OK);
    (void)st_fail(&err, ST_E_CLOSED, "link.write", "the peer does not take more", cause);
    fail(link, &err);
}

static void write_wire(struct link *link)
{
    struct evbuffer *out = socket_out(link);

    seal_outer(link);
    while (evbuffer_get_length(out) > 0) {
        int n = evbuffer_write(out, link->fd);

        if (n > 0) {
            seal_outer(link);
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            write_failed(link, errno);
        return;
    }
}

/* ---- TLS as a filter -------------------------------------------------------------------------------------------- */

static void filter_handshake(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = tls_handshake(link->tls, &err);

    if (rc == ST_OK) {
        enter(link, LINK_OPEN);
        return;
    }
    if (rc == ST_AGAIN && link->wire_ended)
        rc = st_fail(&err, ST_E_CLOSED, "link.handshake", "the peer went away in the handshake", 0);
    if (rc == ST_ERR) {
        write_wire(link); /* our alert says why */
        fail(link, &err);
    }
}

static void filter_read(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = tls_read(link->tls, link->in, watermark(link), &err);

    if ((rc == ST_ERR && err.code == ST_E_CLOSED) || (rc == ST_AGAIN && link->wire_ended))
        enter(link, LINK_ENDED); /* many servers cut without close_notify; message lengths say whether all came */
    else if (rc == ST_ERR)
        fail(link, &err);
}

static void filter_write(struct link *link)
{
    struct st_err err = ST_ERR_INIT;

    if (evbuffer_get_length(link->to_wire) < watermark(link) && tls_write(link->tls, link->out, &err) == ST_ERR)
        fail(link, &err);
}

static void say_end(struct link *link)
{
    if (!link->wants_end || link->said_end || link->state == LINK_CLOSED || link_unsent(link) > 0)
        return;
    link->said_end = true;
    if (link->tls != NULL) {
        tls_say_end(link->tls);
        write_wire(link);
    }
    if (link->outer != NULL) {
        tls_say_end(link->outer);
        write_wire(link);
    }
    (void)shutdown(link->fd, SHUT_WR);
}

/* Moves bytes as far as they go, in both directions. */
static void pump(struct link *link)
{
    size_t before;

    if (link->state == LINK_CLOSED || link->state == LINK_CONNECTING)
        return;
    do {
        before = link->outer != NULL ? evbuffer_get_length(link->outer_in) : 0;
        open_outer(link);
        if (link->state == LINK_HANDSHAKE)
            filter_handshake(link);
        if (link->tls != NULL && link->state == LINK_OPEN && evbuffer_get_length(link->in) < watermark(link))
            filter_read(link);
    } while (link->outer != NULL && link->state == LINK_OPEN && evbuffer_get_length(link->outer_in) > 0 &&
             evbuffer_get_length(link->outer_in) < before && evbuffer_get_length(link->in) < watermark(link));
    if (link->tls == NULL && link->state == LINK_OPEN && link->wire_ended)
        enter(link, LINK_ENDED);
    do {
        before = evbuffer_get_length(link->out);
        if (link->tls != NULL && (link->state == LINK_OPEN || link->state == LINK_ENDED))
            filter_write(link);
        if (link->state != LINK_CLOSED)
            write_wire(link);
    } while (link->state != LINK_CLOSED && link->state != LINK_HANDSHAKE && evbuffer_get_length(link->out) > 0 &&
             evbuffer_get_length(link->out) < before && evbuffer_get_length(socket_out(link)) == 0);
    say_end(link);
    watch(link);
    count_share(link);
}

/* ---- callbacks: note the fact, call the one step ---------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct link *link = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(link, LINK_MAGIC);
    read_wire(link);
    pump(link);
    tell(link);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct link *link = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(link, LINK_MAGIC);
    if (link->state == LINK_CONNECTING)
        finish_step(link);
    pump(link);
    tell(link);
}

/* The connect is decided. */
static void finish_step(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    int cause = 0;
    socklen_t len = sizeof cause;

    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0)
        cause = errno;
    if (cause == 0) {
        enter(link, LINK_OPEN);
        return;
    }
    (void)st_fail(&err, ST_E_IO, "link.connect", "the origin does not answer", cause);
    fail(link, &err);
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
    watch(link);
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
    watch(link);
    *out = link;
    return ST_OK;
}

static void leave_finishing(struct link *link)
{
    if (link->in_finishing == NULL)
        return;
    *link->in_finishing = link->next_finishing;
    if (link->next_finishing != NULL)
        link->next_finishing->in_finishing = link->in_finishing;
    link->in_finishing = NULL;
    if (link->loop->finishing == NULL && link->loop->on_finished != NULL)
        link->loop->on_finished(link->loop->ctx);
}

static void join_finishing(struct link *link)
{
    link->next_finishing = link->loop->finishing;
    link->in_finishing = &link->loop->finishing;
    if (link->next_finishing != NULL)
        link->next_finishing->in_finishing = &link->next_finishing;
    link->loop->finishing = link;
}

void link_free_finishing(struct link_loop *loop)
{
    while (loop->finishing != NULL)
        link_free(loop->finishing);
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    ST_CHECK(link, LINK_MAGIC);
    leave_finishing(link);
    link->on_event = NULL;
    enter(link, LINK_CLOSED);
    later_cancel(&link->again);
    later_call(link->loop->later, &link->gone);
}

static uint64_t finish_ms(const struct link *link)
{
    return link->loop->finish_ms > 0 ? link->loop->finish_ms : FINISH_MS;
}

static void finishing_event(void *ctx)
{
    struct link *link = ctx;
    struct st_err ignored;

    evbuffer_drain(link->in, evbuffer_get_length(link->in)); /* nobody reads this any more */
    watch(link);
    if (link->state == LINK_CLOSED || (link->said_end && link->state == LINK_ENDED))
        link_free(link);
    else if (!link->said_end && st_timer_arm(link->loop->timers, &link->deadline, finish_ms(link), &ignored) != ST_OK)
        link_free(link);
    else if (link->said_end && !link->is_lingering) {
        link->is_lingering = true;
        if (st_timer_arm(link->loop->timers, &link->deadline, FINISH_WITHIN, &ignored) != ST_OK)
            link_free(link);
    }
}

static void finishing_late(void *ctx)
{
    link_free(ctx);
}

void link_finish(struct link *link)
{
    struct st_err err;

    if (link == NULL)
        return;
    ST_CHECK(link, LINK_MAGIC);
    link->on_event = finishing_event;
    link->ctx = link;
    link->deadline = (struct st_timer){ .fn = finishing_late, .ctx = link };
    link->is_lent = false;
    if (link->state == LINK_CLOSED || link->state == LINK_CONNECTING ||
        st_timer_arm(link->loop->timers, &link->deadline, finish_ms(link), &err) != ST_OK) {
        link_free(link);
        return;
    }
    join_finishing(link);
    link_end(link);
    tell_soon(link);
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

size_t link_unsent(const struct link *link)
{
    return evbuffer_get_length(link->out) + evbuffer_get_length(link->to_wire) +
           (link->outer != NULL ? evbuffer_get_length(link->outer_out) : 0);
}

bool link_is_full(const struct link *link)
{
    return link_unsent(link) >= watermark(link);
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
    return link->state == LINK_OPEN && link->tls == NULL && !link->wants_end && evbuffer_get_length(link->in) == 0 &&
           link_unsent(link) == 0;
}

void link_lend(struct link *link)
{
    assert(link_is_bare(link));
    link->is_lent = true;
    watch(link);
}

/* The TLS that is there goes to the outside. Out of memory: the inner handshake finds no buffers and the link closes.
 */
static void push_outer(struct link *link)
{
    struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
    struct st_err err = ST_ERR_INIT;

    assert(link->outer == NULL);
    if (in == NULL || out == NULL) {
        if (in != NULL)
            evbuffer_free(in);
        (void)st_fail(&err, ST_E_NOMEM, "link.tls", "buffer", 0);
        fail(link, &err);
        return;
    }
    link->outer = link->tls;
    link->outer_in = link->from_wire;
    link->outer_out = link->to_wire;
    link->tls = NULL;
    link->from_wire = in;
    link->to_wire = out;
}

void link_start_tls(struct link *link, struct tls *tls)
{
    ST_CHECK(link, LINK_MAGIC);
    if (link->tls != NULL)
        push_outer(link);
    if (link->tls != NULL) { /* it did not work */
        tls_free(tls);
        return;
    }
    link->tls = tls;
    tls_attach(tls, link->from_wire, link->to_wire);
    (void)evbuffer_add_buffer(link->from_wire, link->in);
    (void)evbuffer_add_buffer(link->to_wire, link->out); /* what is owed in clear goes first */
    if (link->state != LINK_CLOSED)
        enter(link, LINK_HANDSHAKE);
    pump(link);
    tell_soon(link);
}

void link_update(struct link *link)
{
    enum link_state before = link->state;
    size_t had = evbuffer_get_length(link->in);
    bool was_full = link_is_full(link);

    ST_CHECK(link, LINK_MAGIC);
    pump(link);
    /* what the kernel took at once makes no event: a producer that stopped at the watermark must hear of it here */
    if (link->state != before || evbuffer_get_length(link->in) != had || (was_full && !link_is_full(link)))
        tell_soon(link);
}

void link_end(struct link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    link->wants_end = true;
    pump(link);
}
