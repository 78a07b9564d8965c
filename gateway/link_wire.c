/* SPDX-License-Identifier: Apache-2.0 */
/* link_wire - from the socket into the owner's buffers and back, through no, one or two layers of TLS.
 *
 * TLS is a filter between two buffers: its records leave in one writev with whatever else is queued, and one read takes
 * as much as the kernel has. link_pump moves bytes in both directions until a ceiling or the peer stops it; whatever
 * happened, it ends with the events that the new state asks for. What an owner gives in small pieces is written at the
 * end of the round, by a zero-time event: many small answers become one record and one writev, and peers that sleep are
 * woken once for all that the round has for them.
 */
#include "gateway/link_parts.h"
#include "gateway/tls.h"
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <unistd.h>

#define READ_CHUNK  65536u
#define READ_ROUNDS 4u     /* reads per wake-up: one busy link does not starve the others */
#define TLS_STATE   16384u /* what OpenSSL holds for one connection, about */
#define WRITE_SOON  65536u /* so much does not wait for the end of the round */
#define MUCH        16384u /* bytes that are worth being opened and sealed where they stand; a record's worth */

/* ---- what the socket carries --------------------------------------------------------------------------------------
 */

static struct evbuffer *wire_out(struct link *link)
{
    return link->tls != NULL ? link->to_wire : link->out;
}

static struct evbuffer *wire_in(struct link *link)
{
    return link->tls != NULL ? link->from_wire : link->in;
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

static size_t watermark(const struct link *link)
{
    return budget_level(link->loop->budget) == BUDGET_EASY ? LINK_WATERMARK : LINK_WATERMARK_TIGHT;
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

static void count_share(struct link *link)
{
    size_t held = evbuffer_get_length(link->in) + evbuffer_get_length(link->out);

    held += evbuffer_get_length(link->from_wire) + evbuffer_get_length(link->to_wire);
    if (link->outer != NULL)
        held += evbuffer_get_length(link->outer_in) + evbuffer_get_length(link->outer_out) + TLS_STATE;
    budget_hold(link->loop->budget, &link->share, held + (link->tls != NULL ? TLS_STATE : 0));
}

static bool can_read(const struct link *link)
{
    return (link->state == LINK_OPEN || link->state == LINK_HANDSHAKE) && !link->wire_ended &&
           evbuffer_get_length(link->in) < watermark(link) && !link->is_lent;
}

void link_watch(struct link *link)
{
    bool wants_read = can_read(link);
    bool wants_write =
        link->state == LINK_CONNECTING ||
        (link->state != LINK_CLOSED && evbuffer_get_length(socket_out(link)) > 0 && !later_is_due(&link->flush));

    if (wants_read != link->is_reading) {
        (void)(wants_read ? event_add(link->readable, NULL) : event_del(link->readable));
        link->is_reading = wants_read;
    }
    if (wants_write != link->is_writing) {
        (void)(wants_write ? event_add(link->writable, NULL) : event_del(link->writable));
        link->is_writing = wants_write;
    }
}

/* ---- the socket ---------------------------------------------------------------------------------------------------
 */

/* The records of the inner TLS into those of the outer. */
static void seal_outer(struct link *link)
{
    struct st_err err = ST_ERR_INIT;

    while (link->outer != NULL && evbuffer_get_length(link->to_wire) > 0 &&
           evbuffer_get_length(link->outer_out) < LINK_WATERMARK) {
        if (tls_write(link->outer, link->to_wire, &err) != ST_OK) {
            link_fail(link, &err);
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
        link_fail(link, &err);
}

/* The peer takes no more. It may have said why: an early answer to an upload is read before the link is given up. */
static void write_failed(struct link *link, int cause)
{
    struct st_err err = ST_ERR_INIT, ignored;

    link_read_wire(link);
    open_outer(link);
    if (link->tls != NULL && link->state != LINK_HANDSHAKE)
        (void)(tls_read(link->tls, link->in, LINK_WATERMARK, &ignored) == ST_OK);
    (void)st_fail(&err, ST_E_CLOSED, "link.write", "the peer does not take more", cause);
    link_fail(link, &err);
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

/* ---- TLS as a filter ----------------------------------------------------------------------------------------------
 */

static void filter_handshake(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = tls_handshake(link->tls, &err);

    if (rc == ST_OK) {
        link_enter(link, LINK_OPEN);
        return;
    }
    if (rc == ST_AGAIN && link->wire_ended)
        rc = st_fail(&err, ST_E_CLOSED, "link.handshake", "the peer went away in the handshake", 0);
    if (rc == ST_ERR) {
        write_wire(link); /* our alert says why */
        link_fail(link, &err);
    }
}

static void filter_read(struct link *link)
{
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = tls_read(link->tls, link->in, watermark(link), &err);

    if ((rc == ST_ERR && err.code == ST_E_CLOSED) || (rc == ST_AGAIN && link->wire_ended))
        link_enter(link, LINK_ENDED); /* many servers cut without close_notify; message lengths say whether all came */
    else if (rc == ST_ERR)
        link_fail(link, &err);
}

static void filter_write(struct link *link)
{
    struct st_err err = ST_ERR_INIT;

    if (evbuffer_get_length(link->to_wire) < watermark(link) && tls_write(link->tls, link->out, &err) == ST_ERR)
        link_fail(link, &err);
}

static void say_end(struct link *link)
{
    if (link->end != LINK_END_WANTED || link->state == LINK_CLOSED || link_unsent(link) > 0)
        return;
    link_end_enter(link, LINK_END_SAID);
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

static void pump_in(struct link *link)
{
    size_t before;

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
        link_enter(link, LINK_ENDED);
}

static void pump_out(struct link *link)
{
    size_t before;

    do {
        before = link_unsent(link); /* link_send may have sealed more than filter_write would add to */
        if (link->tls != NULL && (link->state == LINK_OPEN || link->state == LINK_ENDED))
            filter_write(link);
        if (link->state != LINK_CLOSED)
            write_wire(link);
    } while (link->state != LINK_CLOSED && link->state != LINK_HANDSHAKE && evbuffer_get_length(link->out) > 0 &&
             link_unsent(link) < before && evbuffer_get_length(socket_out(link)) == 0);
    say_end(link);
}

/* What was just read, to be opened where it stands: only what is left of it is copied. While a link is open pump_in
 * writes nothing to the socket, so nobody reads anew into the same place. */
static bool take(struct link *link, const uint8_t *read, size_t n)
{
    struct evbuffer *to = socket_in(link);
    size_t left;

    if (n < MUCH || link->tls == NULL || link->state != LINK_OPEN || evbuffer_get_length(to) > 0)
        return evbuffer_add(to, read, n) == 0;
    if (evbuffer_add_reference(to, read, n, NULL, NULL) != 0)
        return false;
    pump_in(link);
    left = evbuffer_get_length(to);
    (void)evbuffer_drain(to, left);
    return evbuffer_add(to, read + n - left, left) == 0;
}

void link_read_wire(struct link *link)
{
    static uint8_t chunk[READ_CHUNK];
    struct st_err err = ST_ERR_INIT;

    for (unsigned round = 0; round < READ_ROUNDS && can_read(link); round++) {
        ssize_t n = read(link->fd, chunk, sizeof chunk);

        if (n > 0 && !take(link, chunk, (size_t)n)) {
            (void)st_fail(&err, ST_E_NOMEM, "link.read", "buffer", n);
            link_fail(link, &err);
        } else if (n == 0) {
            link->wire_ended = true;
        } else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            (void)st_fail(&err, ST_E_CLOSED, "link.read", "the connection broke", errno);
            link_fail(link, &err);
        }
        if (n < (ssize_t)sizeof chunk)
            return; /* a short read: the kernel has no more */
    }
}

bool link_send(struct link *link, struct st_span bytes)
{
    bool is_open = link->tls != NULL && (link->state == LINK_OPEN || link->state == LINK_ENDED);
    size_t before = evbuffer_get_length(link->out);
    struct st_err err = ST_ERR_INIT;

    ST_CHECK(link, LINK_MAGIC);
    if (is_open && bytes.n >= (before > 0 ? 2 * MUCH : MUCH)) {
        filter_write(link);
        if (link->state != LINK_CLOSED && evbuffer_get_length(link->out) == 0 &&
            evbuffer_get_length(link->to_wire) < watermark(link) && tls_seal(link->tls, &bytes, &err) == ST_ERR)
            link_fail(link, &err);
    }
    return bytes.n == 0 || evbuffer_add(link->out, bytes.p, bytes.n) == 0;
}

static bool is_alive(const struct link *link)
{
    return link->state != LINK_CLOSED && link->state != LINK_CONNECTING;
}

void link_pump(struct link *link)
{
    if (!is_alive(link))
        return;
    later_cancel(&link->flush);
    pump_in(link);
    pump_out(link);
    link_watch(link);
    count_share(link);
}

void link_look(struct link *link)
{
    enum link_state before = link->state;
    size_t had = evbuffer_get_length(link->in);

    ST_CHECK(link, LINK_MAGIC);
    if (!is_alive(link))
        return;
    link_read_wire(link);
    link_pump(link);
    if (link->state != before || evbuffer_get_length(link->in) != had)
        link_tell_soon(link);
}

/* The end of the round. */
void link_flush(void *ctx)
{
    struct link *link = ctx;
    enum link_state before = link->state;
    bool was_full = link_is_full(link), is_drained;

    ST_CHECK(link, LINK_MAGIC);
    link_pump(link);
    /* what the kernel took at once makes no event: who waits for an empty wire must hear of it here */
    is_drained = link->tls == NULL && link_unsent(link) == 0;
    if (link->on_event != NULL && (link->state != before || is_drained || (was_full && !link_is_full(link))))
        link->on_event(link->ctx);
}

void link_update(struct link *link)
{
    enum link_state before = link->state;
    size_t had = evbuffer_get_length(link->in);
    bool was_full = link_is_full(link);

    ST_CHECK(link, LINK_MAGIC);
    if (!is_alive(link))
        return;
    pump_in(link);
    if (link_unsent(link) >= WRITE_SOON || link->state == LINK_CLOSED)
        pump_out(link);
    else if (link_unsent(link) > 0)
        later_call(link->loop->later, &link->flush);
    link_watch(link);
    count_share(link);
    /* a producer that stopped at the watermark must hear when the kernel took it at once */
    if (link->state != before || evbuffer_get_length(link->in) != had || (was_full && !link_is_full(link)))
        link_tell_soon(link);
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
        link_fail(link, &err);
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
        link_enter(link, LINK_HANDSHAKE);
    link_pump(link);
    link_tell_soon(link);
}
