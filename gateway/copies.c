/* SPDX-License-Identifier: Apache-2.0 */
/* copies - see copies.h: nobody waits for what the curator finds, so it is woken for many posts at once.
 *
 * A message for each post costs two processes a wake-up each time, more than the curator's look at a short post. So
 * copies are packed one behind the other and sent when there is enough of them, or when the first has waited a moment.
 */
#include "gateway/copies.h"
#include "base/clock.h"
#include "base/hash.h"
#include "gateway/process.h"
#include "gateway/worker.h"
#include <stdlib.h>

#define COPIES_MAGIC  0x636f7079u
#define CURATOR_BYTES (8u * 1024u * 1024u)
#define ENOUGH        32768u /* bytes that are sent at once */
#define WAIT_MS       20u

struct copies {
    unsigned magic;
    struct fam_child *child;
    struct worker_counts *counts;
    struct fam_link *curator; /* NULL: away */
    struct st_buf waiting;    /* packed copies */
    uint64_t n_waiting;
    struct st_timer due;
};

static void send_waiting(void *ctx)
{
    struct copies *copies = ctx;
    struct st_err err = ST_ERR_INIT;

    ST_CHECK(copies, COPIES_MAGIC);
    st_timer_disarm(fam_timers(copies->child), &copies->due);
    if (copies->n_waiting > 0 &&
        (copies->curator == NULL ||
         fam_link_send(copies->curator, FAM_MSG_ITEM, 0, st_buf_view(&copies->waiting), &err) != ST_OK))
        copies->counts->items_dropped += copies->n_waiting;
    copies->n_waiting = 0;
    st_buf_fini(&copies->waiting); /* wiped; a worker at rest holds no text */
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    (void)ctx;
    (void)msg; /* it only listens */
}

static void on_closed(void *ctx)
{
    (void)ctx; /* sending fails until a new channel comes; copies are dropped and counted */
}

struct copies *copies_new(struct fam_child *child, struct worker_counts *counts)
{
    struct copies *copies = calloc(1, sizeof *copies);

    if (copies == NULL)
        return NULL;
    *copies = (struct copies){ .magic = COPIES_MAGIC, .child = child, .counts = counts };
    copies->due = (struct st_timer){ .fn = send_waiting, .ctx = copies };
    st_buf_init(&copies->waiting, IPC_MAX);
    return copies;
}

void copies_free(struct copies *copies)
{
    if (copies == NULL)
        return;
    send_waiting(copies);
    fam_link_free(copies->curator);
    copies->magic = 0;
    free(copies);
}

void copies_peer(struct copies *copies, int fd)
{
    ST_CHECK(copies, COPIES_MAGIC);
    fam_link_free(copies->curator);
    copies->curator = fam_link_new(copies->child, fd, CURATOR_BYTES, on_message, on_closed, copies);
}

/* Behind what waits. false: no room for it, and nothing has changed. */
static bool pack(struct st_buf *to, const struct copy *copy)
{
    size_t before = to->n;

    st_pack_str(to, copy->platform);
    st_pack_str(to, copy->kind);
    st_pack_str(to, copy->person);
    st_pack_span(to, copy->url);
    st_pack_span(to, copy->title);
    st_pack_span(to, copy->author);
    st_pack_span(to, copy->lang);
    st_pack_span(to, copy->content_type);
    st_pack_span(to, st_span_sub(copy->text, 0, COPY_TEXT_MAX));
    st_pack_span(to, copy->words);
    st_pack_u64(to, copy->dwell_ms);
    st_pack_u64(to, copy->length_ms);
    st_pack_u8(to, copy->is_html);
    st_pack_span(to, copy->object_id);
    st_pack_u8(to, copy->is_gone);
    if (to->failed == ST_E_NONE)
        return true;
    if (to->n > before)
        st_wipe(to->p + before, to->n - before);
    to->n = before;
    to->failed = ST_E_NONE;
    return false;
}

void copies_add(struct copies *copies, const struct copy *copy)
{
    struct st_err ignored;
    bool is_packed;

    ST_CHECK(copies, COPIES_MAGIC);
    if (copies->curator == NULL || fam_link_is_closed(copies->curator)) {
        copies->counts->items_dropped++;
        return;
    }
    is_packed = pack(&copies->waiting, copy);
    if (!is_packed && copies->n_waiting > 0) {
        send_waiting(copies);
        is_packed = pack(&copies->waiting, copy);
    }
    if (!is_packed) {
        copies->counts->items_dropped++;
        return;
    }
    copies->counts->items++;
    copies->n_waiting++;
    if (copies->waiting.n >= ENOUGH ||
        (copies->n_waiting == 1 && st_timer_arm(fam_timers(copies->child), &copies->due, WAIT_MS, &ignored) != ST_OK))
        send_waiting(copies);
}
