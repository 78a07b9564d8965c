/* SPDX-License-Identifier: Apache-2.0 */
/* later - the zero-time event of STYLE §5.
 *
 * The queue is taken as a whole before it runs, so what an item asks for goes to the next turn of the loop: sockets get
 * their turn in between, and an item that asks for itself again cannot hold the process.
 */
#include "gateway/later.h"
#include <event2/event.h>
#include <stdlib.h>

#define LATER_MAGIC 0x6c617465u

struct later {
    unsigned magic;
    struct event *event;
    struct later_item *head, **tail;
};

static void append(struct later *later, struct later_item *item)
{
    item->next = NULL;
    item->later = later;
    item->link = later->tail;
    *later->tail = item;
    later->tail = &item->next;
}

/* Runs what is queued now. A round's items stay cancellable until they are called. */
static void run(struct later *later)
{
    struct later_item *round = later->head;

    if (round == NULL)
        return;
    later->head = NULL;
    later->tail = &later->head;
    round->link = &round;
    while (round != NULL) {
        struct later_item *item = round;

        later_cancel(item);
        item->fn(item->ctx);
    }
}

static void on_zero(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    run(ctx);
}

struct later *later_new(struct event_base *base)
{
    struct later *later = calloc(1, sizeof *later);

    if (later == NULL)
        return NULL;
    later->magic = LATER_MAGIC;
    later->tail = &later->head;
    if ((later->event = evtimer_new(base, on_zero, later)) == NULL) {
        free(later);
        return NULL;
    }
    return later;
}

void later_free(struct later *later)
{
    if (later == NULL)
        return;
    ST_CHECK(later, LATER_MAGIC);
    while (later->head != NULL)
        run(later);
    event_free(later->event);
    later->magic = 0;
    free(later);
}

void later_call(struct later *later, struct later_item *item)
{
    static const struct timeval ZERO = { 0, 0 };

    ST_CHECK(later, LATER_MAGIC);
    if (item->link != NULL)
        return;
    if (later->head == NULL)
        event_add(later->event, &ZERO);
    append(later, item);
}

void later_cancel(struct later_item *item)
{
    if (item->link == NULL)
        return;
    *item->link = item->next;
    if (item->next != NULL)
        item->next->link = item->link;
    else if (item->later->tail == &item->next)
        item->later->tail = item->link;
    item->next = NULL;
    item->link = NULL;
}

bool later_is_due(const struct later_item *item)
{
    return item->link != NULL;
}
