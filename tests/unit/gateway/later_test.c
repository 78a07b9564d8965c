/* SPDX-License-Identifier: Apache-2.0 */
/* later_test - in order, once, cancellable, and never the same round again. */
#include "gateway/later.h"
#include "house.h"

static int calls[3], order[16], n_calls;
static struct later *queue;
static struct later_item items[3];

static void call(void *ctx)
{
    int number = (int)(intptr_t)ctx;

    calls[number]++;
    order[n_calls++] = number;
    if (number == 0) {
        later_cancel(&items[1]); /* one that waits in the same round */
        if (calls[0] == 1)
            later_call(queue, &items[0]);
    }
}

T_TEST(rounds)
{
    struct fam_child *child = house_child();

    queue = later_new(fam_base(child));
    for (int i = 0; i < 3; i++)
        items[i] = (struct later_item){ .fn = call, .ctx = (void *)(intptr_t)i };
    for (int i = 0; i < 3; i++)
        later_call(queue, &items[i]);
    later_call(queue, &items[2]);
    event_base_loop(fam_base(child), EVLOOP_ONCE);
    T_CHECK(calls[0] == 1 && calls[1] == 0 && calls[2] == 1, "%d %d %d", calls[0], calls[1], calls[2]);
    event_base_loop(fam_base(child), EVLOOP_ONCE);
    T_CHECK(calls[0] == 2 && calls[2] == 1, "asked again for the next round");
    T_CHECK(order[0] == 0 && order[1] == 2, "order");
    later_call(queue, &items[1]); /* the tail is cut off and another put there */
    later_cancel(&items[1]);
    later_call(queue, &items[2]);
    later_free(queue);
    T_CHECK(calls[1] == 0 && calls[2] == 2, "what is queued at the end is called");
    fam_child_free(child);
}
