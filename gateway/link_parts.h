/* SPDX-License-Identifier: Apache-2.0 */
/* link_parts - what the link's own files share: link.c (life), link_wire.c (bytes), link_finish.c (the end). */
#ifndef STOA_GATEWAY_LINK_PARTS_H
#define STOA_GATEWAY_LINK_PARTS_H
#include "base/clock.h"
#include "gateway/later.h"
#include "gateway/link.h"

#define LINK_MAGIC 0x6c6e6b64u

struct event;

enum link_end_state { /* of our direction */
                      LINK_END_OPEN,
                      LINK_END_WANTED,    /* the owner puts nothing more into out */
                      LINK_END_SAID,      /* all is written, and the peer was told */
                      LINK_END_LINGERING, /* of a link that finishes: the peer has its time to end, too */
};

struct link {
    unsigned magic;
    struct link_loop *loop;
    int fd;
    enum link_state state;
    enum link_end_state end;
    struct st_err err;
    struct event *readable, *writable;
    struct evbuffer *in, *out;            /* the owner's */
    struct evbuffer *from_wire, *to_wire; /* with TLS: sealed bytes; without: empty */
    struct tls *tls;                      /* owned */
    struct tls *outer;                    /* owned; around tls: its records are what the socket carries; NULL */
    struct evbuffer *outer_in, *outer_out;
    bool wire_ended;                             /* the peer closed its side of the socket */
    bool is_lent;                                /* someone else reads and writes the socket */
    bool is_reading, is_writing;                 /* events registered */
    struct link *next_finishing, **in_finishing; /* in_finishing NULL: not in the list */
    struct address own;                          /* our end of a connection that we made, when they are watched */
    struct link *next_own, **in_own;             /* in_own NULL: not in the list */
    link_event_f *on_event;                      /* NULL: freed or finishing */
    void *ctx;
    struct later_item again, flush, gone; /* on_event is due; out is to be written; memory is due */
    struct st_timer deadline;             /* of link_finish */
    uint64_t linger_until_ms;             /* LINGERING: however much the peer still sends */
    size_t share;                         /* of the loop's budget */
};

/* link.c */
void link_enter(struct link *link, enum link_state next);    /* the only writer of link->state but for creation */
void link_fail(struct link *link, const struct st_err *err); /* CLOSED, and why; the first cause stays */
void link_tell_soon(struct link *link);                      /* on_event, from a zero-time event */

/* link_wire.c */
void link_watch(struct link *link);     /* registers exactly the events that the state asks for */
void link_read_wire(struct link *link); /* from the socket only; nothing is opened */
void link_pump(struct link *link);      /* bytes as far as they go, in both directions */
void link_flush(void *link);            /* the same, and the owner hears of it */

/* link_finish.c */
void link_end_enter(struct link *link, enum link_end_state next); /* the only writer of link->end; forward only */
void link_leave_finishing(struct link *link);                     /* not in the list is fine */
#endif
