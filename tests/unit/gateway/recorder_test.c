/* SPDX-License-Identifier: Apache-2.0 */
/* recorder - the role with a real database: acknowledged only after the commit, nothing of a dead sibling lost, a store
 * that fails for a while, requests about people. */
#include "t.h"

#include <event2/event.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/diag.h"

#include "audit/audit.h"

/* The store, with a switch for failing. */
static enum st_e commit_fails, append_fails;
static unsigned commits;

static enum st_rc test_commit(struct aud_store *store, struct st_err *err)
{
    commits++;
    return commit_fails != ST_E_NONE ? st_fail(err, commit_fails, "test.commit", "on purpose", 0)
                                     : aud_commit(store, err);
}

static enum st_rc test_append(struct aud_store *store, const struct aud_entry *entry, struct st_err *err)
{
    return append_fails != ST_E_NONE ? st_fail(err, append_fails, "test.append", "on purpose", 0)
                                     : aud_append(store, entry, err);
}

/* A group waits long enough for the time that the test itself takes not to end it: only after() does. */
#define SLOWER 20u
static enum st_rc slow_arm(struct st_timers *timers, struct st_timer *timer, uint64_t in_ms, struct st_err *err);

#define aud_commit   test_commit
#define aud_append   test_append
#define st_timer_arm slow_arm
#include "gateway/recorder.c"
#undef aud_commit
#undef aud_append
#undef st_timer_arm

static enum st_rc slow_arm(struct st_timers *timers, struct st_timer *timer, uint64_t in_ms, struct st_err *err)
{
    return st_timer_arm(timers, timer, in_ms == GROUP_MS ? in_ms * SLOWER : in_ms, err);
}

static const struct fam_ops ops = { .role = FAM_RECORDER,
                                    .start = start,
                                    .peer = peer,
                                    .drain = drain,
                                    .status = status,
                                    .request = request,
                                    .prepare = prepare };
static uint8_t scratch[IPC_SCRATCH];
static int serial;

struct rig {
    struct recorder rec;
    struct fam_child *child;
    int sup;
    char dir[256];
};

static void turn(struct rig *r)
{
    for (int i = 0; i < 8; i++) {
        event_base_loop(fam_base(r->child), EVLOOP_NONBLOCK);
        st_timers_fire(fam_timers(r->child));
    }
}

static void tell(struct rig *r, enum fam_message type, uint64_t id, struct st_buf *body, int fd)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ipc_send(r->sup, (uint16_t)type, id, st_buf_view(body), fd, &err), err);
    st_buf_fini(body);
    turn(r);
}

static void hear(struct rig *r, struct ipc_msg *msg)
{
    struct st_err err = ST_ERR_INIT;

    do
        T_OK(ipc_recv(r->sup, scratch, msg, &err), err);
    while (msg->type == FAM_MSG_STARTED);
}

static void open_rig(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    struct st_buf body;
    char path[300];
    FILE *file;
    int fds[2];

    commit_fails = append_fails = ST_E_NONE;
    *r = (struct rig){ .sup = -1 };
    snprintf(r->dir, sizeof r->dir, "%s/rec%d", t_tmpdir(), ++serial);
    mkdir(r->dir, 0700);
    snprintf(path, sizeof path, "%s/stoa.yaml", r->dir);
    file = fopen(path, "w");
    fputs("version: 1\nlisten:\n  - address: 127.0.0.1:3128\nstate_dir: .\ntest_clock: true\n", file);
    fclose(file);
    T_OK(ipc_pair(fds, &err), err);
    r->sup = fds[0];
    r->child = fam_child_new(&ops, &r->rec, 0, fds[1]);
    st_buf_init(&body, 4096);
    st_pack_str(&body, r->dir);
    tell(r, FAM_MSG_PREPARE, 1, &body, -1);
    hear(r, &msg);
    T_CHECK(msg.body.n > 0 && msg.body.p[0] == 1, "prepared: %.*s", (int)msg.body.n, (const char *)msg.body.p);
    st_buf_init(&body, 64);
    st_pack_u64(&body, 1);
    tell(r, FAM_MSG_COMMIT, 0, &body, -1);
    commits = 0;
}

static void close_rig(struct rig *r)
{
    struct aud_status log;

    aud_status(r->rec.store, &log);
    if (log.records > log.signed_records)
        t_expect_log(ST_EV_CHECKPOINT); /* the last one, on closing */
    recorder_fini(&r->rec);
    fam_child_free(r->child);
    close(r->sup);
}

static int new_peer(struct rig *r, enum fam_role role, unsigned number)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    int fds[2];

    T_OK(ipc_pair(fds, &err), err);
    st_buf_init(&body, 64);
    st_pack_u8(&body, (uint8_t)role);
    st_pack_u32(&body, number);
    tell(r, FAM_MSG_PEER, 0, &body, fds[0]);
    close(fds[0]);
    return fds[1];
}

static void send_record(int fd, uint64_t counter, const char *details)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_entry entry;
    struct st_buf packed, body;

    aud_entry_init(&entry, AUD_DECISION);
    entry.wall_ms = st_clock_wall_ms();
    entry.id[0] = (uint8_t)fd;
    memcpy(entry.id + 16, &counter, 8);
    snprintf(entry.person, sizeof entry.person, "ana");
    snprintf(entry.subject, sizeof entry.subject, "rule-%llu", (unsigned long long)counter);
    st_buf_str(&entry.details, details);
    st_buf_init(&packed, IPC_MAX);
    st_buf_init(&body, IPC_MAX);
    aud_entry_pack(&entry, &packed);
    st_pack_span(&body, st_buf_view(&packed));
    T_OK(ipc_send(fd, FAM_MSG_RECORD, counter, st_buf_view(&body), -1, &err), err);
    aud_entry_fini(&entry);
    st_buf_fini(&packed);
    st_buf_fini(&body);
}

#define GOOD "{\"verdict\":\"block\"}"

/* How many acknowledgements have arrived. */
static uint64_t acknowledged(int fd)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    uint64_t n = 0;

    while (ipc_recv(fd, scratch, &msg, &err) == ST_OK) {
        struct st_unpack u = st_unpack(msg.body);
        uint64_t here = st_unpack_u64(&u);

        T_CHECK(msg.type == FAM_MSG_RECORDED, "type %u", msg.type);
        for (uint64_t i = 0; i < here; i++)
            (void)st_unpack_u64(&u);
        T_CHECK(st_unpack_done(&u), "well-formed");
        n += here;
    }
    return n;
}

static bool count_one(void *ctx, const struct aud_record *record)
{
    *(uint64_t *)ctx += record->kind == AUD_DECISION;
    return true;
}

static uint64_t stored(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    struct aud_filter filter = { .kind = -1 };
    struct st_diag *diag = st_diag_new();
    char dir[300];
    uint64_t n = 0;

    snprintf(dir, sizeof dir, "%s/audit", r->dir);
    T_OK(aud_read(dir, &filter, count_one, &n, diag, &err), err);
    st_diag_free(diag);
    return n;
}

static void after(struct rig *r, uint64_t ms)
{
    st_clock_turn(ms);
    turn(r);
}

T_TEST(records_are_committed_in_groups_and_acknowledged_after)
{
    struct rig r;
    int fd;

    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    for (uint64_t i = 1; i <= 5; i++)
        send_record(fd, i, GOOD);
    turn(&r);
    T_CHECK(commits == 0 && acknowledged(fd) == 0, "not yet");
    after(&r, SLOWER * GROUP_MS + 1);
    T_CHECK(commits == 1 && acknowledged(fd) == 5 && stored(&r) == 5, "%u commits", commits);
    for (uint64_t i = 6; i < 6 + 2 * GROUP_RECORDS; i++) {
        send_record(fd, i, GOOD);
        turn(&r);
    }
    T_CHECK(commits == 3 && acknowledged(fd) == 2 * GROUP_RECORDS, "a full group does not wait: %u", commits);
    T_CHECK(stored(&r) == 5 + 2 * GROUP_RECORDS, "stored");
    close(fd);
    close_rig(&r);
}

T_TEST(a_record_that_comes_twice_is_written_once)
{
    struct rig r;
    int fd;

    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    send_record(fd, 1, GOOD);
    send_record(fd, 1, GOOD);
    after(&r, SLOWER * GROUP_MS + 1);
    send_record(fd, 1, GOOD);
    turn(&r);
    after(&r, SLOWER * GROUP_MS + 1);
    T_CHECK(acknowledged(fd) == 3 && stored(&r) == 1, "%llu", (unsigned long long)stored(&r));
    close(fd);
    close_rig(&r);
}

T_TEST(what_a_dead_worker_left_is_recorded_though_its_successor_is_there)
{
    struct rig r;
    int fd, next;

    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    for (uint64_t i = 1; i <= 150; i++)
        send_record(fd, i, GOOD);
    close(fd); /* kill -9 */
    next = new_peer(&r, FAM_WORKER, 0);
    turn(&r);
    after(&r, SLOWER * GROUP_MS + 1);
    T_CHECK(stored(&r) == 150, "%llu", (unsigned long long)stored(&r));
    T_CHECK(acknowledged(next) == 0, "the successor is not told about them");
    close(next);
    close_rig(&r);
}

T_TEST(a_database_that_fails_loses_nothing)
{
    struct rig r;
    int fd;

    t_expect_log(ST_EV_RECORD_FAILED); /* once, not per try */
    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    commit_fails = ST_E_IO;
    for (uint64_t i = 1; i <= GROUP_RECORDS + 150; i++)
        send_record(fd, i, GOOD);
    for (int i = 0; i < 6; i++)
        after(&r, RETRY_MS + 1);
    T_CHECK(acknowledged(fd) == 0 && commits > 3, "tried %u times", commits);
    T_CHECK(r.rec.is_paused && r.rec.n_batch == GROUP_RECORDS, "reading has stopped: %zu", r.rec.n_batch);
    commit_fails = ST_E_NONE;
    for (int i = 0; i < 6; i++)
        after(&r, RETRY_MS + 1);
    T_CHECK(acknowledged(fd) == GROUP_RECORDS + 150 && stored(&r) == GROUP_RECORDS + 150, "all, in the end");
    T_CHECK(!r.rec.is_paused, "reads on");
    close(fd);
    close_rig(&r);
}

static void cannot_be_taken_now(enum st_e why)
{
    struct rig r;
    int fd;

    t_expect_log(ST_EV_RECORD_FAILED);
    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    append_fails = why;
    for (uint64_t i = 1; i <= 10; i++)
        send_record(fd, i, GOOD);
    close(dup(fd));
    turn(&r);
    after(&r, RETRY_MS + 1);
    T_CHECK(r.rec.is_paused && acknowledged(fd) == 0, "waits");
    append_fails = ST_E_NONE;
    after(&r, RETRY_MS + 1);
    after(&r, SLOWER * GROUP_MS + 1);
    after(&r, SLOWER * GROUP_MS + 1);
    T_CHECK(acknowledged(fd) == 10 && stored(&r) == 10, "%llu stored", (unsigned long long)stored(&r));
    close(fd);
    close_rig(&r);
}

T_TEST(a_record_that_cannot_be_taken_now_is_kept)
{
    static const enum st_e whys[] = { ST_E_IO, ST_E_NOMEM, ST_E_LIMIT, ST_E_UNAVAILABLE, ST_E_INTEGRITY };

    for (size_t i = 0; i < ST_LEN(whys); i++)
        cannot_be_taken_now(whys[i]);
}

T_TEST(what_can_never_be_written_is_not_asked_for_again)
{
    static char long_one[4096];
    const char *const bad[] = { "{\"secret\":\"4111\"}", "nonsense", "[]", long_one };
    struct st_err err = ST_ERR_INIT;
    struct rig r;
    int fd;

    snprintf(long_one, sizeof long_one, "{\"rule\":\"%3000d\"}", 1);
    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    for (size_t i = 0; i < ST_LEN(bad); i++) {
        t_expect_log(ST_EV_RECORD_FAILED);
        send_record(fd, i + 1, bad[i]);
    }
    t_expect_log(ST_EV_RECORD_FAILED);
    T_OK(ipc_send(fd, FAM_MSG_RECORD, 77, ST_SPAN("junk"), -1, &err), err);
    T_OK(ipc_send(fd, FAM_MSG_ITEM, 78, ST_SPAN("other"), -1, &err), err);
    turn(&r);
    after(&r, SLOWER * GROUP_MS + 1);
    T_CHECK(acknowledged(fd) == 5 && stored(&r) == 0 && r.rec.refused == 5, "refused");
    close(fd);
    close_rig(&r);
}

static bool ask(struct rig *r, const char *json, char *text, size_t size)
{
    struct st_unpack u;
    struct ipc_msg msg;
    struct st_buf body;
    bool ok;

    st_buf_init(&body, 4096);
    st_pack_span(&body, st_span_str(json));
    tell(r, FAM_MSG_REQUEST, 9, &body, -1);
    hear(r, &msg);
    T_CHECK(msg.type == FAM_MSG_REPLY && msg.id == 9, "reply");
    u = st_unpack(msg.body);
    ok = st_unpack_u8(&u) != 0;
    st_unpack_str(&u, text, size);
    return ok;
}

T_TEST(requests_about_people_are_answered)
{
    static char text[IPC_MAX];
    struct rig r;
    int fd;

    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    T_CHECK(ask(&r, "{\"do\":\"consent_get\",\"person\":\"ana\"}", text, sizeof text), "%s", text);
    T_CHECK(strstr(text, "\"granted\":false") != NULL, "%s", text);
    T_CHECK(ask(&r, "{\"do\":\"consent\",\"person\":\"ana\",\"granted\":true}", text, sizeof text), "%s", text);
    T_CHECK(ask(&r, "{\"do\":\"consent_get\",\"person\":\"ana\"}", text, sizeof text), "%s", text);
    T_CHECK(strstr(text, "\"granted\":true") != NULL, "%s", text);
    send_record(fd, 1, GOOD);
    turn(&r);
    T_CHECK(ask(&r, "{\"do\":\"read\",\"person\":\"ana\",\"by\":\"dpo\"}", text, sizeof text), "%s", text);
    T_CHECK(strstr(text, "\"verdict\":\"block\"") != NULL, "what waited is there: %s", text);
    T_CHECK(ask(&r, "{\"do\":\"erase\",\"person\":\"ana\"}", text, sizeof text), "%s", text);
    T_CHECK(ask(&r, "{\"do\":\"read\",\"person\":\"ana\",\"by\":\"dpo\"}", text, sizeof text), "%s", text);
    T_CHECK(strstr(text, "\"verdict\":\"block\"") == NULL, "erased: %s", text);
    close(fd);
    close_rig(&r);
}

T_TEST(a_long_reading_comes_in_parts)
{
    static char text[IPC_MAX];
    char request_text[128];
    unsigned parts = 0, records = 0;
    long long next = 1;
    struct rig r;
    int fd;

    t_expect_log(ST_EV_CHECKPOINT); /* of the first thousand */
    open_rig(&r);
    fd = new_peer(&r, FAM_WORKER, 0);
    for (uint64_t i = 1; i <= 1500; i++) {
        send_record(fd, i, GOOD);
        turn(&r);
        if (i % 100 == 0)
            (void)acknowledged(fd);
    }
    while (next > 0) {
        char *more;

        snprintf(request_text, sizeof request_text, "{\"do\":\"read\",\"person\":\"ana\",\"from_seq\":%lld}", next);
        T_CHECK(ask(&r, request_text, text, sizeof text), "%s", text);
        for (const char *at = text; (at = strstr(at, "\"verdict\"")) != NULL; at++)
            records++;
        more = strstr(text, "\"next_seq\":");
        next = more != NULL ? strtoll(more + 11, NULL, 10) : 0;
        parts++;
    }
    T_CHECK(records == 1500 && parts > 1, "%u records in %u parts", records, parts);
    close(fd);
    close_rig(&r);
}

T_TEST(bad_requests_are_refused)
{
    static const char *const bad[] = { "",
                                       "x",
                                       "[]",
                                       "{\"do\":\"consent\"}",
                                       "{\"do\":\"consent\",\"person\":\"\"}",
                                       "{\"do\":\"consent\",\"person\":1}",
                                       "{\"do\":\"consent\",\"person\":\"a\"}",
                                       "{\"do\":\"consent\",\"person\":\"a\",\"granted\":\"yes\"}",
                                       "{\"do\":\"zap\",\"person\":\"a\"}",
                                       "{\"person\":\"a\"}" };
    char text[4096];
    struct rig r;

    open_rig(&r);
    for (size_t i = 0; i < ST_LEN(bad); i++)
        T_CHECK(!ask(&r, bad[i], text, sizeof text) && strstr(text, "\"error\":") != NULL, "case %zu: %s", i, text);
    close_rig(&r);
}

T_TEST(a_drain_waits_for_what_is_on_the_way)
{
    struct st_buf body;
    struct rig r;
    int worker, sup;

    open_rig(&r);
    worker = new_peer(&r, FAM_WORKER, 0);
    sup = new_peer(&r, FAM_SUPERVISOR, 0);
    for (uint64_t i = 1; i <= 120; i++)
        send_record(worker, i, GOOD);
    close(worker);
    send_record(sup, 1, GOOD);
    st_buf_init(&body, 64);
    st_pack_u64(&body, 10000);
    tell(&r, FAM_MSG_DRAIN, 0, &body, -1);
    T_CHECK(fam_child_loop(r.child) == 0, "ends");
    T_CHECK(acknowledged(sup) == 1 && stored(&r) == 121, "%llu", (unsigned long long)stored(&r));
    close(sup);
    close_rig(&r);
}
