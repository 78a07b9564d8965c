/* SPDX-License-Identifier: Apache-2.0 */
/* link_finish - the end of a link: what is owed is written, the end is said, and the peer gets time to end as well.
 *
 * A link that finishes belongs to nobody but the loop's list; whatever still arrives is thrown away. A peer that was
 * answered in the middle of an upload is heard out for a while: a reset on top of the answer could take it away again
 * (RFC 9112 §9.6), and many clients look at an answer only when they have sent everything.
 */
#include "gateway/link_parts.h"
#include <assert.h>
#include <event2/buffer.h>

#define FINISH_WITHIN 2000u  /* without a byte, from our end to theirs */
#define FINISH_MS     30000u /* unless the loop says otherwise */

void link_end_enter(struct link *link, enum link_end_state next)
{
    assert(next > link->end);
    link->end = next;
}

void link_leave_finishing(struct link *link)
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

void link_end(struct link *link)
{
    ST_CHECK(link, LINK_MAGIC);
    if (link->end == LINK_END_OPEN)
        link_end_enter(link, LINK_END_WANTED);
    link_pump(link);
}

static uint64_t finish_ms(const struct link *link)
{
    return link->loop->finish_ms > 0 ? link->loop->finish_ms : FINISH_MS;
}

static void wait_for(struct link *link, uint64_t ms)
{
    struct st_err ignored;

    if (ms == 0 || st_timer_arm(link->loop->timers, &link->deadline, ms, &ignored) != ST_OK)
        link_free(link);
}

/* Our end is said, and the peer has not ended: how long it still may take. */
static uint64_t linger_ms(const struct link *link)
{
    uint64_t now = st_clock_ms(), left = link->linger_until_ms > now ? link->linger_until_ms - now : 0;

    return left < FINISH_WITHIN ? left : FINISH_WITHIN;
}

static void finishing_event(void *ctx)
{
    struct link *link = ctx;
    bool has_sent = evbuffer_get_length(link->in) > 0;

    evbuffer_drain(link->in, evbuffer_get_length(link->in)); /* nobody reads this any more */
    link_watch(link);
    if (link->state == LINK_CLOSED || (link->end >= LINK_END_SAID && link->state == LINK_ENDED)) {
        link_free(link);
        return;
    }
    if (link->end == LINK_END_SAID) {
        link_end_enter(link, LINK_END_LINGERING);
        link->linger_until_ms = st_clock_ms() + finish_ms(link);
        wait_for(link, linger_ms(link));
    } else if (link->end != LINK_END_LINGERING) {
        wait_for(link, finish_ms(link));
    } else if (has_sent) {
        wait_for(link, linger_ms(link));
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
    link_tell_soon(link);
}
