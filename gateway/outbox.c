/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - records on their way to the recorder; kept until it says that they are committed.
 *
 * An id is this process's instance (16 random bytes, drawn once) and a counter, so that handing a record over twice
 * writes it once. A record is in the journal before outbox_add returns, and in the socket unless that is full or the
 * recorder is away; then it waits here, and a new channel gets everything again. The list has a ceiling in bytes; what
 * happens beyond it is the caller's policy (failure.recorder), not a decision of this file.
 */
#include "gateway/outbox.h"
#include "base/log.h"
#include "gateway/process.h"
#include <stdlib.h>
#include <string.h>

#define OUTBOX_MAGIC 0x6f757462u
#define INSTANCE_LEN 16

struct letter {
    struct letter *next;
    uint64_t counter;
    bool is_sent; /* over the present channel */
    size_t n;
    uint8_t bytes[];
};

struct outbox {
    unsigned magic;
    struct fam_child *child;
    struct fam_link *link; /* NULL or closed: the recorder is away */
    uint8_t instance[INSTANCE_LEN];
    bool has_instance, is_away; /* is_away: said so in the log */
    uint64_t counter;
    struct letter *head, **tail;
    size_t count, bytes, ceiling;
    struct journal *journal; /* NULL: the process has none */
    outbox_idle_f *on_idle;
    void *idle_ctx;
};

static size_t letter_cost(const struct letter *letter)
{
    return sizeof *letter + letter->n;
}

struct outbox *outbox_new(struct fam_child *child, size_t ceiling)
{
    struct outbox *box = calloc(1, sizeof *box);

    if (box == NULL)
        return NULL;
    box->magic = OUTBOX_MAGIC;
    box->child = child;
    box->ceiling = ceiling;
    box->tail = &box->head;
    return box;
}

static void letter_free(struct letter *letter)
{
    st_wipe(letter->bytes, letter->n); /* an identity in clear is inside */
    free(letter);
}

void outbox_free(struct outbox *box)
{
    if (box == NULL)
        return;
    ST_CHECK(box, OUTBOX_MAGIC);
    fam_link_free(box->link);
    journal_close(box->journal);
    while (box->head != NULL) {
        struct letter *letter = box->head;

        box->head = letter->next;
        letter_free(letter);
    }
    box->magic = 0;
    free(box);
}

static bool is_connected(const struct outbox *box)
{
    return box->link != NULL && !fam_link_is_closed(box->link);
}

static void say_away(struct outbox *box)
{
    if (box->is_away)
        return;
    box->is_away = true;
    ST_LOG(RECORDER_AWAY, ST_NUM("waiting", box->count));
}

/* Sends what was not yet sent over this channel, in order. One message at most waits in the link's own queue: what is
 * here need not be there a second time. */
static void push(struct outbox *box)
{
    if (!is_connected(box))
        return;
    for (struct letter *l = box->head; l != NULL; l = l->next) {
        struct st_err err = ST_ERR_INIT;

        if (l->is_sent)
            continue;
        if (!fam_link_is_idle(box->link))
            return;
        if (fam_link_send(box->link, FAM_MSG_RECORD, l->counter, st_span(l->bytes, l->n), &err) != ST_OK)
            return; /* tried again with the next acknowledgement, record or channel */
        l->is_sent = true;
    }
}

/* Acknowledgements come nearly in order, so the search ends at the first entries. */
static void acknowledge(struct outbox *box, uint64_t counter)
{
    for (struct letter **at = &box->head; *at != NULL; at = &(*at)->next) {
        struct letter *letter = *at;

        if (letter->counter != counter)
            continue;
        *at = letter->next;
        if (box->tail == &letter->next)
            box->tail = at;
        box->count--;
        box->bytes -= letter_cost(letter);
        letter_free(letter);
        if (box->count == 0 && box->journal != NULL)
            journal_clear(box->journal);
        return;
    }
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct outbox *box = ctx;
    struct st_unpack u = st_unpack(msg->body);
    uint64_t n;
    size_t before;

    ST_CHECK(box, OUTBOX_MAGIC);
    if (msg->type != FAM_MSG_RECORDED)
        return;
    before = box->count;
    n = st_unpack_u64(&u);
    for (uint64_t i = 0; i < n && !u.bad; i++) {
        uint64_t counter = st_unpack_u64(&u);

        if (!u.bad)
            acknowledge(box, counter);
    }
    push(box);
    if (before > 0 && box->count == 0 && box->on_idle != NULL) {
        outbox_idle_f *fn = box->on_idle;

        box->on_idle = NULL;
        fn(box->idle_ctx);
    }
}

static void on_closed(void *ctx)
{
    struct outbox *box = ctx;

    ST_CHECK(box, OUTBOX_MAGIC);
    if (box->count > 0)
        say_away(box);
}

void outbox_peer(struct outbox *box, int fd)
{
    ST_CHECK(box, OUTBOX_MAGIC);
    fam_link_free(box->link);
    box->link = fam_link_new(box->child, fd, box->ceiling + IPC_MAX, on_message, on_closed, box);
    for (struct letter *l = box->head; l != NULL; l = l->next)
        l->is_sent = false;
    if (box->link != NULL && box->is_away) {
        box->is_away = false;
        ST_LOG(RECORDER_BACK, ST_NUM("waiting", box->count));
    }
    push(box);
}

static enum st_rc give_id(struct outbox *box, struct aud_entry *entry, struct st_err *err)
{
    if (!box->has_instance) {
        if (st_random(box->instance, INSTANCE_LEN, err) != ST_OK)
            return ST_ERR;
        box->has_instance = true;
    }
    box->counter++;
    memcpy(entry->id, box->instance, INSTANCE_LEN);
    for (int i = 0; i < 8; i++)
        entry->id[INSTANCE_LEN + i] = (uint8_t)(box->counter >> (8 * i));
    return ST_OK;
}

enum st_rc outbox_keep(struct outbox *box, int fd, struct st_err *err)
{
    ST_CHECK(box, OUTBOX_MAGIC);
    return fd < 0 ? ST_OK : journal_open(fd, &box->journal, err);
}

/* A full journal still holds what was acknowledged since: only what waits is written into its other half. */
static enum st_rc write_down(struct outbox *box, struct st_span body, struct st_err *err)
{
    if (box->journal == NULL || journal_append(box->journal, body, err) == ST_OK)
        return ST_OK;
    journal_begin(box->journal);
    for (const struct letter *l = box->head; l != NULL; l = l->next)
        if (journal_append(box->journal, st_span(l->bytes, l->n), err) != ST_OK)
            return ST_ERR;
    journal_end(box->journal);
    return journal_append(box->journal, body, err);
}

/* One more letter at the end of the list, written down, and sent when that can be. */
static enum st_rc post(struct outbox *box, struct st_span body, struct st_err *err)
{
    struct letter *letter;

    if (sizeof *letter + body.n > box->ceiling - box->bytes)
        return st_fail(err, ST_E_LIMIT, "outbox.post", "too many records wait for the recorder", box->count);
    if ((letter = malloc(sizeof *letter + body.n)) == NULL)
        return st_fail(err, ST_E_NOMEM, "outbox.post", "record", body.n);
    *letter = (struct letter){ .counter = box->counter, .n = body.n };
    memcpy(letter->bytes, body.p, body.n);
    if (write_down(box, body, err) != ST_OK) {
        letter_free(letter);
        return ST_ERR;
    }
    *box->tail = letter;
    box->tail = &letter->next;
    box->count++;
    box->bytes += letter_cost(letter);
    push(box);
    if (!is_connected(box))
        say_away(box);
    return ST_OK;
}

struct heir {
    struct outbox *box;
    struct st_err err; /* of the first that could not be taken */
};

static void inherit(void *ctx, struct st_span body)
{
    struct heir *heir = ctx;

    heir->box->counter++;
    if (heir->err.code == ST_E_NONE)
        (void)!post(heir->box, body, &heir->err);
}

enum st_rc outbox_inherit(struct outbox *box, int fd, struct st_err *err)
{
    struct heir heir = { .box = box, .err = ST_ERR_INIT };

    ST_CHECK(box, OUTBOX_MAGIC);
    if (journal_read(fd, inherit, &heir, err) != ST_OK)
        return ST_ERR;
    if (heir.err.code == ST_E_NONE)
        return ST_OK;
    if (err != NULL)
        *err = heir.err;
    return ST_ERR;
}

enum st_rc outbox_add(struct outbox *box, struct aud_entry *entry, struct st_err *err)
{
    enum st_rc rc = ST_ERR;
    struct st_buf packed, body;

    ST_CHECK(box, OUTBOX_MAGIC);
    st_buf_init(&packed, IPC_MAX);
    st_buf_init(&body, IPC_MAX);
    if (give_id(box, entry, err) != ST_OK)
        goto out;
    aud_entry_pack(entry, &packed);
    st_pack_span(&body, st_buf_view(&packed));
    if (st_buf_done(&packed, err, "outbox.add") != ST_OK || st_buf_done(&body, err, "outbox.add") != ST_OK)
        goto out;
    rc = post(box, st_buf_view(&body), err);
out:
    st_buf_fini(&packed);
    st_buf_fini(&body);
    return rc;
}

size_t outbox_pending(const struct outbox *box)
{
    ST_CHECK(box, OUTBOX_MAGIC);
    return box->count;
}

void outbox_on_idle(struct outbox *box, outbox_idle_f *fn, void *ctx)
{
    ST_CHECK(box, OUTBOX_MAGIC);
    box->on_idle = fn;
    box->idle_ctx = ctx;
}
