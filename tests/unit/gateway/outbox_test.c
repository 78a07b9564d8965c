/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - a record is kept until it is acknowledged, whatever happens to the recorder meanwhile. */
#include "t.h"

#include <event2/event.h>
#include <unistd.h>

#include "base/diag.h"

#include "gateway/outbox.c"

static const struct fam_ops ops = { .role = FAM_WORKER };
static uint8_t scratch[IPC_SCRATCH];

struct rig {
    struct fam_child *child;
    struct outbox *box;
    int recorder; /* our end */
};

static void open_rig(struct rig *r, size_t ceiling)
{
    *r = (struct rig){ .recorder = -1 };
    r->child = fam_child_new(&ops, NULL, 0, -1);
    r->box = outbox_new(r->child, ceiling);
    T_CHECK(r->child != NULL && r->box != NULL, "rig");
}

static void close_rig(struct rig *r)
{
    outbox_free(r->box);
    fam_child_free(r->child);
    if (r->recorder >= 0)
        close(r->recorder);
}

static void new_recorder(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    if (r->recorder >= 0)
        close(r->recorder);
    T_OK(ipc_pair(fds, &err), err);
    r->recorder = fds[1];
    outbox_peer(r->box, fds[0]);
}

static void turn(struct rig *r)
{
    for (int i = 0; i < 5; i++)
        event_base_loop(fam_base(r->child), EVLOOP_NONBLOCK);
}

static enum st_rc add(struct rig *r, const char *subject, uint8_t id[AUD_ID_LEN], struct st_err *err)
{
    struct aud_entry entry;
    enum st_rc rc;

    aud_entry_init(&entry, AUD_DECISION);
    snprintf(entry.subject, sizeof entry.subject, "%s", subject);
    st_buf_str(&entry.details, "{\"verdict\":\"block\"}");
    rc = outbox_add(r->box, &entry, err);
    if (id != NULL)
        memcpy(id, entry.id, AUD_ID_LEN);
    aud_entry_fini(&entry);
    return rc;
}

/* The next record that arrives; false when there is none. */
static bool receive(struct rig *r, uint64_t *counter, struct aud_entry *entry)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    struct st_unpack u;

    if (ipc_recv(r->recorder, scratch, &msg, &err) != ST_OK)
        return false;
    T_CHECK(msg.type == FAM_MSG_RECORD, "type %u", msg.type);
    u = st_unpack(msg.body);
    T_OK(aud_entry_unpack(st_unpack_span(&u), entry, &err), err);
    T_CHECK(st_unpack_done(&u), "all of it");
    *counter = msg.id;
    return true;
}

static void acknowledge_all(struct rig *r, const uint64_t *counters, size_t n)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    st_buf_init(&body, IPC_MAX);
    st_pack_u64(&body, n);
    for (size_t i = 0; i < n; i++)
        st_pack_u64(&body, counters[i]);
    T_OK(ipc_send(r->recorder, FAM_MSG_RECORDED, 0, st_buf_view(&body), -1, &err), err);
    st_buf_fini(&body);
    turn(r);
}

T_TEST(a_record_is_in_the_socket_before_add_returns)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    uint8_t id[AUD_ID_LEN];
    uint64_t counter;
    struct rig r;

    open_rig(&r, 65536);
    new_recorder(&r);
    T_OK(add(&r, "one", id, &err), err); /* the loop has not turned */
    T_CHECK(receive(&r, &counter, &entry) && strcmp(entry.subject, "one") == 0, "it is there");
    T_CHECK(memcmp(entry.id, id, AUD_ID_LEN) == 0, "with the id that the caller sees");
    aud_entry_fini(&entry);
    T_CHECK(outbox_pending(r.box) == 1, "and kept");
    acknowledge_all(&r, &counter, 1);
    T_CHECK(outbox_pending(r.box) == 0, "until it is committed");
    close_rig(&r);
}

T_TEST(ids_are_of_one_writer_and_count)
{
    struct st_err err = ST_ERR_INIT;
    uint8_t a[AUD_ID_LEN], b[AUD_ID_LEN], c[AUD_ID_LEN];
    struct rig r, other;

    t_expect_log(ST_EV_RECORDER_AWAY);
    t_expect_log(ST_EV_RECORDER_AWAY);
    open_rig(&r, 65536);
    open_rig(&other, 65536);
    T_OK(add(&r, "a", a, &err), err);
    T_OK(add(&r, "b", b, &err), err);
    T_OK(add(&other, "c", c, &err), err);
    T_CHECK(memcmp(a, b, INSTANCE_LEN) == 0 && memcmp(a, b, AUD_ID_LEN) != 0, "one instance, two counters");
    T_CHECK(memcmp(a, c, INSTANCE_LEN) != 0, "another instance");
    close_rig(&r);
    close_rig(&other);
}

T_TEST(a_new_recorder_gets_everything_again_in_order)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    uint64_t counters[10];
    struct rig r;

    open_rig(&r, 65536);
    new_recorder(&r);
    for (int i = 0; i < 10; i++) {
        char name[8];

        snprintf(name, sizeof name, "%d", i);
        T_OK(add(&r, name, NULL, &err), err);
    }
    for (int i = 0; i < 4; i++) {
        T_CHECK(receive(&r, &counters[i], &entry), "%d", i);
        aud_entry_fini(&entry);
    }
    acknowledge_all(&r, counters + 1, 2); /* out of order: 1 and 2 */
    T_CHECK(outbox_pending(r.box) == 8, "%zu wait", outbox_pending(r.box));
    t_expect_log(ST_EV_RECORDER_AWAY);
    close(r.recorder); /* kill -9 */
    r.recorder = -1;
    turn(&r);
    T_OK(add(&r, "10", NULL, &err), err);
    t_expect_log(ST_EV_RECORDER_BACK);
    new_recorder(&r);
    for (int i = 0; i < 11; i++) {
        char name[8];
        uint64_t counter;

        if (i == 1 || i == 2)
            continue;
        snprintf(name, sizeof name, "%d", i);
        T_CHECK(receive(&r, &counter, &entry), "record %d", i);
        T_CHECK(strcmp(entry.subject, name) == 0, "in order: %s is '%s'", name, entry.subject);
        aud_entry_fini(&entry);
        acknowledge_all(&r, &counter, 1);
    }
    T_CHECK(outbox_pending(r.box) == 0, "all are committed");
    close_rig(&r);
}

T_TEST(the_ceiling_holds_and_is_told)
{
    struct st_err err = ST_ERR_INIT;
    struct rig r;
    size_t n = 0;

    t_expect_log(ST_EV_RECORDER_AWAY);
    open_rig(&r, 4096);
    while (add(&r, "x", NULL, &err) == ST_OK)
        n++;
    T_CHECK(err.code == ST_E_LIMIT && n > 3 && n == outbox_pending(r.box), "%zu: %s", n, err.what);
    T_CHECK(r.box->bytes <= 4096, "%zu bytes", r.box->bytes);
    close_rig(&r);
}

T_TEST(a_full_socket_does_not_lose_the_rest)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    uint64_t counter, got = 0;
    struct rig r;

    open_rig(&r, 8u << 20);
    new_recorder(&r);
    for (int i = 0; i < 20000; i++)
        T_OK(add(&r, "x", NULL, &err), err);
    while (outbox_pending(r.box) > 0) {
        T_CHECK(receive(&r, &counter, &entry), "after %llu", (unsigned long long)got);
        aud_entry_fini(&entry);
        T_CHECK(counter == ++got, "in order, each once");
        acknowledge_all(&r, &counter, 1);
    }
    T_CHECK(got == 20000, "%llu", (unsigned long long)got);
    close_rig(&r);
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

T_TEST(idle_is_told_once)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    uint64_t counters[2];
    struct rig r;
    int called = 0;

    open_rig(&r, 65536);
    new_recorder(&r);
    outbox_on_idle(r.box, count, &called);
    for (int i = 0; i < 2; i++) {
        T_OK(add(&r, "x", NULL, &err), err);
        T_CHECK(receive(&r, &counters[i], &entry), "%d", i);
        aud_entry_fini(&entry);
    }
    acknowledge_all(&r, counters, 1);
    T_CHECK(called == 0, "one still waits");
    acknowledge_all(&r, counters + 1, 1);
    T_CHECK(called == 1, "%d", called);
    T_OK(add(&r, "x", NULL, &err), err);
    T_CHECK(receive(&r, &counters[0], &entry), "again");
    aud_entry_fini(&entry);
    acknowledge_all(&r, counters, 1);
    T_CHECK(called == 1, "only once: %d", called);
    close_rig(&r);
}

T_TEST(nonsense_from_the_recorder_changes_nothing)
{
    struct st_err err = ST_ERR_INIT;
    const uint64_t unknown[] = { 99, 0, 1u << 20 };
    struct rig r;

    open_rig(&r, 65536);
    new_recorder(&r);
    T_OK(add(&r, "x", NULL, &err), err);
    acknowledge_all(&r, unknown, 3);
    T_OK(ipc_send(r.recorder, FAM_MSG_RECORDED, 0, ST_SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -1, &err), err);
    T_OK(ipc_send(r.recorder, FAM_MSG_LEAF, 0, ST_SPAN("x"), -1, &err), err);
    T_OK(ipc_send(r.recorder, FAM_MSG_RECORDED, 0, ST_SPAN_NONE, -1, &err), err);
    turn(&r);
    T_CHECK(outbox_pending(r.box) == 1, "%zu", outbox_pending(r.box));
    close_rig(&r);
}

T_TEST(add_survives_every_oom)
{
    for (int nth = 1;; nth++) {
        struct st_err err = ST_ERR_INIT;
        struct aud_entry entry;
        struct rig r;
        enum st_rc rc;

        open_rig(&r, 65536);
        new_recorder(&r);
        aud_entry_init(&entry, AUD_SYSTEM);
        t_fail_alloc(nth);
        rc = outbox_add(r.box, &entry, &err);
        t_fail_alloc(0);
        T_CHECK(rc == ST_OK ? outbox_pending(r.box) == 1 : err.code == ST_E_NOMEM && outbox_pending(r.box) == 0,
                "allocation %d: %s", nth, err.what);
        aud_entry_fini(&entry);
        close_rig(&r);
        if (rc == ST_OK)
            break;
        T_CHECK(nth < 50, "never ends");
    }
}

/* A worker with a journal is killed: what was not acknowledged is in it, and an heir hands it over under the same ids.
 */
T_TEST(what_a_killed_process_left_is_inherited)
{
    struct st_err err = ST_ERR_INIT;
    struct rig dead, heir;
    uint8_t ids[5][AUD_ID_LEN];
    uint64_t counter;
    int fd;

    T_OK(journal_create(&fd, &err), err);
    open_rig(&dead, 65536);
    new_recorder(&dead);
    T_OK(outbox_keep(dead.box, dup(fd), &err), err);
    for (int i = 0; i < 5; i++)
        T_OK(add(&dead, "left", ids[i], &err), err);
    close_rig(&dead);

    open_rig(&heir, 65536);
    new_recorder(&heir);
    T_OK(outbox_inherit(heir.box, fd, &err), err);
    T_CHECK(outbox_pending(heir.box) == 5, "%zu inherited", outbox_pending(heir.box));
    for (int i = 0; i < 5; i++) {
        struct aud_entry entry;

        T_CHECK(receive(&heir, &counter, &entry), "record %d", i);
        T_CHECK(memcmp(entry.id, ids[i], AUD_ID_LEN) == 0, "record %d keeps the id of its writer", i);
        aud_entry_fini(&entry);
        acknowledge_all(&heir, &counter, 1);
    }
    T_CHECK(outbox_pending(heir.box) == 0, "all acknowledged");
    close_rig(&heir);
    close(fd);
}

T_TEST(what_was_acknowledged_is_not_inherited)
{
    struct st_err err = ST_ERR_INIT;
    struct rig dead, heir;
    struct aud_entry entry;
    uint64_t counter;
    int fd;

    T_OK(journal_create(&fd, &err), err);
    open_rig(&dead, 65536);
    new_recorder(&dead);
    T_OK(outbox_keep(dead.box, dup(fd), &err), err);
    T_OK(add(&dead, "done", NULL, &err), err);
    T_CHECK(receive(&dead, &counter, &entry), "it arrived");
    aud_entry_fini(&entry);
    acknowledge_all(&dead, &counter, 1);
    close_rig(&dead);
    open_rig(&heir, 65536);
    T_OK(outbox_inherit(heir.box, fd, &err), err);
    T_CHECK(outbox_pending(heir.box) == 0, "nothing is left");
    close_rig(&heir);
    close(fd);
}

/* Long use: the journal is rewritten when full, and always holds what waits. */
T_TEST(a_full_journal_is_rewritten_with_what_waits)
{
    struct st_err err = ST_ERR_INIT;
    struct rig writer, heir;
    uint64_t counter;
    int fd;

    T_OK(journal_create(&fd, &err), err);
    open_rig(&writer, 65536);
    new_recorder(&writer);
    T_OK(outbox_keep(writer.box, dup(fd), &err), err);
    T_OK(add(&writer, "stays", NULL, &err), err);
    for (size_t i = 0; i < 1 + JOURNAL_BYTES / 64; i++) { /* more than a half holds */
        struct aud_entry entry;

        T_OK(add(&writer, "goes", NULL, &err), err);
        while (receive(&writer, &counter, &entry)) {
            bool goes = strcmp(entry.subject, "goes") == 0;

            aud_entry_fini(&entry);
            if (goes)
                acknowledge_all(&writer, &counter, 1);
        }
    }
    T_CHECK(outbox_pending(writer.box) == 1, "only the first waits");
    close_rig(&writer);
    t_expect_log(ST_EV_RECORDER_AWAY);
    open_rig(&heir, JOURNAL_BYTES);
    T_OK(outbox_inherit(heir.box, fd, &err), err);
    T_CHECK(outbox_pending(heir.box) >= 1, "it is in the journal");
    close_rig(&heir);
    close(fd);
}
