/* SPDX-License-Identifier: Apache-2.0 */
/* copies - posts leave in one message, after a moment or when there is enough; without a curator they are counted. */
#include "t.h"

#include <unistd.h>

#include "gateway/process.h"

#include "gateway/copies.c"

static const struct fam_ops ops = { .role = FAM_WORKER };
static uint8_t scratch[IPC_SCRATCH];
static char text[COPY_TEXT_MAX];

struct rig {
    struct fam_child *child;
    struct worker_counts counts;
    struct copies *copies;
    int sup, curator;
};

static void open_rig(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    *r = (struct rig){ .sup = -1, .curator = -1 };
    T_OK(ipc_pair(fds, &err), err);
    r->sup = fds[0];
    r->child = fam_child_new(&ops, r, 0, fds[1]);
    r->copies = copies_new(r->child, &r->counts);
    T_CHECK(r->child != NULL && r->copies != NULL, "memory");
    memset(text, 'x', sizeof text);
}

static void meet_curator(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    copies_peer(r->copies, fds[0]);
    r->curator = fds[1];
}

static void close_rig(struct rig *r)
{
    copies_free(r->copies);
    fam_child_free(r->child);
    close(r->sup);
    if (r->curator >= 0)
        close(r->curator);
}

static void add(struct rig *r, size_t n)
{
    const struct copy copy = { .platform = "p", .kind = "post", .person = "", .text = st_span(text, n) };

    copies_add(r->copies, &copy);
}

/* Bytes of the next message; 0: there is none. */
static size_t received(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;

    return ipc_recv(r->curator, scratch, &msg, &err) == ST_OK ? msg.body.n : 0;
}

T_TEST(short_ones_wait_a_moment_and_go_together)
{
    struct rig r;
    size_t n;

    open_rig(&r);
    meet_curator(&r);
    add(&r, 100);
    add(&r, 100);
    T_CHECK(received(&r) == 0, "not yet");
    st_clock_turn(WAIT_MS);
    st_timers_fire(fam_timers(r.child));
    n = received(&r);
    T_CHECK(n > 200 && n < 400 && received(&r) == 0, "both: %zu", n);
    T_CHECK(r.counts.items == 2 && r.counts.items_dropped == 0, "counted");
    close_rig(&r);
}

T_TEST(enough_goes_at_once_and_none_is_cut)
{
    struct rig r;

    open_rig(&r);
    meet_curator(&r);
    add(&r, ENOUGH - 1000);
    T_CHECK(received(&r) == 0, "not yet");
    add(&r, sizeof text);
    T_CHECK(received(&r) > ENOUGH - 1000 + sizeof text && r.copies->n_waiting == 0, "both");
    close_rig(&r);
}

T_TEST(what_waits_is_sent_at_the_end)
{
    struct rig r;

    open_rig(&r);
    meet_curator(&r);
    add(&r, 10);
    copies_free(r.copies);
    r.copies = NULL;
    T_CHECK(received(&r) > 10, "sent");
    close_rig(&r);
}

T_TEST(without_a_curator_they_are_dropped_and_one_too_long_leaves_the_others)
{
    const struct copy huge = { .url = st_span(text, sizeof text),
                               .title = st_span(text, sizeof text),
                               .text = st_span(text, sizeof text) };
    struct rig r;

    open_rig(&r);
    add(&r, 10);
    T_CHECK(r.counts.items == 0 && r.counts.items_dropped == 1, "nobody there");
    meet_curator(&r);
    add(&r, 10);
    copies_add(r.copies, &huge);
    T_CHECK(r.counts.items == 1 && r.counts.items_dropped == 2, "too long");
    T_CHECK(received(&r) > 10 && received(&r) == 0, "the one before it");
    add(&r, 10);
    close(r.curator);
    r.curator = -1;
    st_clock_turn(WAIT_MS);
    st_timers_fire(fam_timers(r.child));
    T_CHECK(r.counts.items_dropped == 3, "it went away");
    close_rig(&r);
}
