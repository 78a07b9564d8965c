/* SPDX-License-Identifier: Apache-2.0 */
/* fam_link - one seqpacket channel to a process of the family, inside an event loop.
 *
 * A message goes to the kernel at once when nothing waits before it; what the socket does not take is queued in order,
 * up to a ceiling. Reading takes whole messages, a bounded number per wake-up so that one busy sibling cannot starve
 * the rest of the loop. A peer's death is told once, through on_closed; the link itself lives until its owner frees it,
 * and never from inside its own callbacks.
 */
#include "base/hash.h"
#include "gateway/process.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINK_MAGIC     0x6c696e6bu
#define LINK_PER_WAKE  64
#define PACKET_COST(n) ((n) + sizeof(struct packet))

struct packet {
    struct packet *next;
    uint16_t type;
    uint64_t id;
    int fd; /* owned; -1 */
    size_t n;
    uint8_t bytes[];
};

struct fam_link {
    unsigned magic;
    struct fam_child *child;
    int fd;
    struct event *readable, *writable;
    struct packet *head, **tail;
    size_t queued, limit;
    fam_message_f *on_message;
    fam_closed_f *on_closed;
    void *ctx;
    bool is_closed, takes_fds, is_paused;
    unsigned calling; /* depth of callbacks: freeing inside one is a bug */
};

static void packet_free(struct packet *packet)
{
    if (packet->fd >= 0)
        close(packet->fd);
    st_wipe(packet->bytes, packet->n);
    free(packet);
}

static void queue_clear(struct fam_link *link)
{
    while (link->head != NULL) {
        struct packet *packet = link->head;

        link->head = packet->next;
        packet_free(packet);
    }
    link->tail = &link->head;
    link->queued = 0;
}

static void link_closed(struct fam_link *link)
{
    if (link->is_closed)
        return;
    link->is_closed = true;
    event_del(link->readable);
    event_del(link->writable);
    queue_clear(link);
    if (link->on_closed != NULL) {
        link->calling++;
        link->on_closed(link->ctx);
        link->calling--;
    }
}

static void flush(struct fam_link *link)
{
    struct st_err err = ST_ERR_INIT;

    while (link->head != NULL) {
        struct packet *packet = link->head;
        enum st_rc rc =
            ipc_send(link->fd, packet->type, packet->id, st_span(packet->bytes, packet->n), packet->fd, &err);

        if (rc == ST_AGAIN)
            return;
        if (rc == ST_ERR) { /* gone: the reading side finds out and says so, after what the peer left behind */
            queue_clear(link);
            event_del(link->writable);
            return;
        }
        link->head = packet->next;
        if (link->head == NULL)
            link->tail = &link->head;
        link->queued -= PACKET_COST(packet->n);
        packet_free(packet);
    }
    event_del(link->writable);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct fam_link *link = ctx;

    (void)fd, (void)what;
    ST_CHECK(link, LINK_MAGIC);
    flush(link);
}

static void deliver(struct fam_link *link, struct ipc_msg *msg)
{
    if (msg->fd >= 0 && !link->takes_fds) {
        close(msg->fd);
        msg->fd = -1;
    }
    link->calling++;
    link->on_message(link->ctx, msg);
    link->calling--;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct fam_link *link = ctx;

    (void)fd, (void)what;
    ST_CHECK(link, LINK_MAGIC);
    for (int i = 0; i < LINK_PER_WAKE && !link->is_closed && !link->is_paused; i++) {
        struct ipc_msg msg;
        struct st_err err = ST_ERR_INIT;
        enum st_rc rc = ipc_recv(link->fd, fam_scratch(link->child), &msg, &err);

        if (rc == ST_AGAIN)
            return;
        if (rc == ST_ERR) {
            link_closed(link);
            return;
        }
        deliver(link, &msg);
    }
}

struct fam_link *fam_link_new(struct fam_child *child, int fd, size_t queue_bytes, fam_message_f *on_message,
                              fam_closed_f *on_closed, void *ctx)
{
    struct fam_link *link = calloc(1, sizeof *link);

    if (link == NULL) {
        close(fd);
        return NULL;
    }
    *link = (struct fam_link){ .magic = LINK_MAGIC, .child = child, .fd = fd, .limit = queue_bytes };
    link->tail = &link->head;
    link->on_message = on_message;
    link->on_closed = on_closed;
    link->ctx = ctx;
    link->readable = event_new(fam_base(child), fd, EV_READ | EV_PERSIST, on_readable, link);
    link->writable = event_new(fam_base(child), fd, EV_WRITE | EV_PERSIST, on_writable, link);
    if (link->readable == NULL || link->writable == NULL || event_add(link->readable, NULL) != 0) {
        fam_link_free(link);
        return NULL;
    }
    return link;
}

void fam_link_free(struct fam_link *link)
{
    if (link == NULL)
        return;
    ST_CHECK(link, LINK_MAGIC);
    assert(link->calling == 0);
    if (link->readable != NULL)
        event_free(link->readable);
    if (link->writable != NULL)
        event_free(link->writable);
    queue_clear(link);
    close(link->fd);
    link->magic = 0;
    free(link);
}

static enum st_rc enqueue(struct fam_link *link, const struct ipc_msg *msg, struct st_err *err)
{
    struct packet *packet;

    if (msg->body.n > IPC_MAX)
        return st_fail(err, ST_E_LIMIT, "family.send", "message is too long", msg->body.n);
    if (PACKET_COST(msg->body.n) > link->limit - link->queued)
        return st_fail(err, ST_E_LIMIT, "family.send", "queue is full", link->queued);
    if ((packet = malloc(PACKET_COST(msg->body.n))) == NULL)
        return st_fail(err, ST_E_NOMEM, "family.send", "packet", msg->body.n);
    *packet = (struct packet){ .type = msg->type, .id = msg->id, .fd = -1, .n = msg->body.n };
    if (msg->body.n > 0)
        memcpy(packet->bytes, msg->body.p, msg->body.n);
    if (msg->fd >= 0 && (packet->fd = fcntl(msg->fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        packet_free(packet);
        return st_fail(err, ST_E_IO, "family.send", "descriptor", errno);
    }
    *link->tail = packet;
    link->tail = &packet->next;
    link->queued += PACKET_COST(packet->n);
    if (event_add(link->writable, NULL) != 0) {
        queue_clear(link); /* nothing would ever send it */
        return st_fail(err, ST_E_NOMEM, "family.send", "event", 0);
    }
    return ST_OK;
}

enum st_rc fam_link_pass(struct fam_link *link, enum fam_message type, uint64_t id, struct st_span body, int fd,
                         struct st_err *err)
{
    struct ipc_msg msg = { .type = (uint16_t)type, .id = id, .body = body, .fd = fd };

    ST_CHECK(link, LINK_MAGIC);
    if (link->is_closed)
        return st_fail(err, ST_E_CLOSED, "family.send", "the peer is gone", 0);
    if (link->head == NULL) {
        enum st_rc rc = ipc_send(link->fd, msg.type, id, body, fd, err);

        if (rc != ST_AGAIN)
            return rc;
    }
    return enqueue(link, &msg, err);
}

enum st_rc fam_link_send(struct fam_link *link, enum fam_message type, uint64_t id, struct st_span body,
                         struct st_err *err)
{
    return fam_link_pass(link, type, id, body, -1, err);
}

bool fam_link_is_idle(const struct fam_link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    return link->head == NULL;
}

bool fam_link_is_closed(const struct fam_link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    return link->is_closed;
}

void fam_link_take_fds(struct fam_link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    link->takes_fds = true;
}

void fam_link_pause(struct fam_link *link, bool is_paused)
{
    ST_CHECK(link, LINK_MAGIC);
    if (link->is_paused == is_paused || link->is_closed)
        return;
    link->is_paused = is_paused;
    if (is_paused)
        event_del(link->readable);
    else if (event_add(link->readable, NULL) != 0) /* no memory for an event that was there before */
        link_closed(link);
}
