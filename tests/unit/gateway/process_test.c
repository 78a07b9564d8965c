/* SPDX-License-Identifier: Apache-2.0 */
/* process - a fake role over a socketpair: generations in two steps, every message in every state, the end. */
#include "t.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "gateway/process.c"

static uint8_t scratch[IPC_SCRATCH];

struct seen { /* what the role was told */
    unsigned starts, generations, listeners, peers, drains, prepares, tickets;
    uint64_t generation, within_ms;
    enum fam_role peer_role;
    unsigned peer_number;
    int key_fd;
    char address[128];
    bool refuses, cannot_start;
    struct fam_child *child;
};

static enum st_rc role_start(void *self, struct fam_child *child, struct st_err *err)
{
    struct seen *s = self;

    s->starts++;
    s->child = child;
    s->generation = fam_generation(child)->number;
    return s->cannot_start ? st_fail(err, ST_E_IO, "test.start", "on purpose", 0) : ST_OK;
}

static void role_generation(void *self, struct generation *gen)
{
    struct seen *s = self;

    s->generations++;
    s->generation = gen->number;
}

static void role_listener(void *self, int fd, const char *address)
{
    struct seen *s = self;

    s->listeners++;
    snprintf(s->address, sizeof s->address, "%s", address);
    close(fd);
}

static void role_peer(void *self, enum fam_role role, unsigned number, int fd)
{
    struct seen *s = self;

    s->peers++;
    s->peer_role = role;
    s->peer_number = number;
    close(fd);
}

static void role_tickets(void *self, struct st_span key, struct st_span before)
{
    struct seen *s = self;

    s->tickets++;
    T_CHECK(st_span_eq(key, ST_SPAN("new")) && st_span_eq(before, ST_SPAN("old")), "the keys");
}

static void role_drain(void *self, uint64_t within_ms)
{
    struct seen *s = self;

    s->drains++;
    s->within_ms = within_ms;
}

static void role_status(void *self, struct st_buf *json)
{
    (void)self;
    st_buf_str(json, "{\"n\":1}");
}

static bool role_request(void *self, struct st_span json, struct st_buf *answer)
{
    (void)self;
    st_buf_span(answer, json);
    return true;
}

static enum st_rc role_prepare(void *self, struct generation *gen, int key_fd, struct st_diag *diag, struct st_err *err)
{
    struct seen *s = self;

    s->prepares++;
    s->key_fd = key_fd;
    if (key_fd >= 0)
        close(key_fd);
    if (!s->refuses)
        return ST_OK;
    st_diag_add(diag, gen->config->state_dir.s, 0, 0, "no thank you");
    return st_fail(err, ST_E_CONFIG, "test.prepare", "on purpose", 0);
}

static const struct fam_ops ops = { .role = FAM_RECORDER, /* loads the config only */
                                    .start = role_start,
                                    .generation = role_generation,
                                    .listener = role_listener,
                                    .peer = role_peer,
                                    .tickets = role_tickets,
                                    .drain = role_drain,
                                    .status = role_status,
                                    .request = role_request,
                                    .prepare = role_prepare };

struct rig {
    struct seen seen;
    struct fam_child *child;
    int sup;          /* the supervisor's end */
    unsigned started; /* how often it was heard */
};

static void open_rig(struct rig *r)
{
    struct st_err err = ST_ERR_INIT;
    int fds[2];

    *r = (struct rig){ .sup = -1 };
    T_OK(ipc_pair(fds, &err), err);
    r->sup = fds[0];
    r->child = fam_child_new(&ops, &r->seen, 7, fds[1]);
    T_CHECK(r->child != NULL, "child");
}

static void close_rig(struct rig *r)
{
    fam_child_free(r->child);
    if (r->sup >= 0)
        close(r->sup);
}

static void turn(struct rig *r)
{
    for (int i = 0; i < 5; i++) {
        event_base_loop(r->child->base, EVLOOP_NONBLOCK);
        st_timers_fire(r->child->timers);
    }
}

static const char *make_set(const char *name, const char *yaml)
{
    static char dir[256];
    char path[300];
    FILE *file;

    snprintf(dir, sizeof dir, "%s/%s", t_tmpdir(), name);
    mkdir(dir, 0700);
    snprintf(path, sizeof path, "%s/stoa.yaml", dir);
    file = fopen(path, "w");
    fputs(yaml, file);
    fclose(file);
    return dir;
}

#define GOOD "version: 1\nlisten:\n  - address: 127.0.0.1:3128\ntest_clock: true\n"
#define CALM "version: 1\nlisten:\n  - address: 127.0.0.1:3128\n"

static void tell(struct rig *r, enum fam_message type, uint64_t id, struct st_buf *body, int fd)
{
    struct st_err err = ST_ERR_INIT;

    T_OK(ipc_send(r->sup, (uint16_t)type, id, body != NULL ? st_buf_view(body) : ST_SPAN_NONE, fd, &err), err);
    if (body != NULL)
        st_buf_fini(body);
    turn(r);
}

static void send_u64(struct rig *r, enum fam_message type, uint64_t v)
{
    struct st_buf body;

    st_buf_init(&body, 64);
    st_pack_u64(&body, v);
    tell(r, type, 0, &body, -1);
}

static void hear(struct rig *r, struct ipc_msg *msg)
{
    struct st_err err = ST_ERR_INIT;

    do {
        T_OK(ipc_recv(r->sup, scratch, msg, &err), err);
        r->started += msg->type == FAM_MSG_STARTED;
    } while (msg->type == FAM_MSG_STARTED);
}

/* Answers what PREPARED said: true for ok; text gets the diagnostics. */
static bool prepare(struct rig *r, const char *dir, uint64_t number, int fd, char *text, size_t size)
{
    struct ipc_msg msg;
    struct st_buf body;
    struct st_unpack u;
    bool ok;

    st_buf_init(&body, IPC_MAX);
    st_pack_str(&body, dir);
    tell(r, FAM_MSG_PREPARE, number, &body, fd);
    hear(r, &msg);
    T_CHECK(msg.type == FAM_MSG_PREPARED && msg.id == number, "type %u id %llu", msg.type, (unsigned long long)msg.id);
    u = st_unpack(msg.body);
    ok = st_unpack_u8(&u) != 0;
    st_unpack_str(&u, text, size);
    T_CHECK(st_unpack_done(&u), "well-formed");
    return ok;
}

T_TEST(a_generation_comes_in_two_steps)
{
    char text[4096];
    struct rig r;

    open_rig(&r);
    T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
    T_CHECK(r.seen.prepares == 1 && r.seen.starts == 0 && fam_generation(r.child) == NULL, "not yet in force");
    send_u64(&r, FAM_MSG_COMMIT, 2);
    T_CHECK(r.seen.starts == 0, "another number commits nothing");
    send_u64(&r, FAM_MSG_COMMIT, 1);
    T_CHECK(r.seen.starts == 1 && r.seen.generation == 1, "started with it");
    T_CHECK(fam_number(r.child) == 7, "number");
    send_u64(&r, FAM_MSG_COMMIT, 1);
    T_CHECK(r.seen.generations == 0, "a second commit without a prepare is nothing");
    T_CHECK(prepare(&r, make_set("two", GOOD), 2, -1, text, sizeof text), "%s", text);
    tell(&r, FAM_MSG_ABORT, 0, NULL, -1);
    send_u64(&r, FAM_MSG_COMMIT, 2);
    T_CHECK(r.seen.generations == 0 && fam_generation(r.child)->number == 1, "aborted");
    T_CHECK(prepare(&r, make_set("three", GOOD), 3, -1, text, sizeof text), "%s", text);
    send_u64(&r, FAM_MSG_COMMIT, 3);
    T_CHECK(r.seen.generations == 1 && r.seen.generation == 3 && r.seen.starts == 1, "swapped");
    close_rig(&r);
}

T_TEST(a_bad_generation_is_said_and_the_old_one_stays)
{
    char text[4096];
    struct rig r;

    open_rig(&r);
    T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
    send_u64(&r, FAM_MSG_COMMIT, 1);
    T_CHECK(!prepare(&r, make_set("bad", GOOD "wat: 1\n"), 2, -1, text, sizeof text), "accepted");
    T_CHECK(strstr(text, "bad/stoa.yaml:5:1: ") != NULL && strstr(text, "wat") != NULL, "%s", text);
    send_u64(&r, FAM_MSG_COMMIT, 2);
    T_CHECK(fam_generation(r.child)->number == 1, "the old one");
    T_CHECK(!prepare(&r, "/nonexistent", 3, -1, text, sizeof text) && text[0] != '\0', "a missing folder");
    r.seen.refuses = true;
    T_CHECK(!prepare(&r, make_set("two", GOOD), 4, -1, text, sizeof text), "the role said no");
    T_CHECK(strstr(text, "no thank you") != NULL, "%s", text);
    close_rig(&r);
}

T_TEST(the_key_rides_along)
{
    char text[4096];
    struct rig r;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    open_rig(&r);
    T_CHECK(prepare(&r, make_set("one", GOOD), 1, fd, text, sizeof text), "%s", text);
    T_CHECK(r.seen.key_fd >= 0, "handed on");
    T_CHECK(prepare(&r, make_set("one", GOOD), 2, -1, text, sizeof text), "%s", text);
    T_CHECK(r.seen.key_fd == -1, "none");
    close(fd);
    close_rig(&r);
}

static int open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

T_TEST(descriptors_reach_the_role_or_are_closed)
{
    struct st_buf body;
    char text[4096];
    struct rig r;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), before;

    open_rig(&r);
    before = open_fds();
    for (int round = 0; round < 2; round++) {
        st_buf_init(&body, 256);
        st_pack_str(&body, "127.0.0.1:3128");
        tell(&r, FAM_MSG_LISTENER, 0, &body, fd);
        st_buf_init(&body, 256);
        st_pack_u8(&body, FAM_WORKER);
        st_pack_u32(&body, 3);
        tell(&r, FAM_MSG_PEER, 0, &body, fd);
        tell(&r, FAM_MSG_ABORT, 0, NULL, fd);    /* expects none */
        tell(&r, FAM_MSG_LISTENER, 0, NULL, fd); /* malformed */
        tell(&r, FAM_MSG_PEER, 0, NULL, fd);
        tell(&r, (enum fam_message)999, 0, NULL, fd);
        T_CHECK(r.seen.listeners == (unsigned)round && r.seen.peers == (unsigned)round, "round %d", round);
        T_CHECK(open_fds() == before, "round %d: %d descriptors, before %d", round, open_fds(), before);
        if (round == 0) {
            T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
            send_u64(&r, FAM_MSG_COMMIT, 1);
            before = open_fds();
        }
    }
    T_CHECK(strcmp(r.seen.address, "127.0.0.1:3128") == 0, "%s", r.seen.address);
    T_CHECK(r.seen.peer_role == FAM_WORKER && r.seen.peer_number == 3, "peer");
    close(fd);
    close_rig(&r);
}

T_TEST(status_and_requests_are_answered_in_any_state)
{
    struct ipc_msg msg;
    struct st_buf body;
    struct st_unpack u;
    char text[4096];
    struct rig r;

    open_rig(&r);
    for (int round = 0; round < 2; round++) {
        bool ok;

        tell(&r, FAM_MSG_STATUS, 5, NULL, -1);
        hear(&r, &msg);
        u = st_unpack(msg.body);
        T_CHECK(msg.type == FAM_MSG_STATUS_IS && msg.id == 5, "status");
        T_CHECK(st_span_eq(st_unpack_span(&u), round == 0 ? ST_SPAN("{}") : ST_SPAN("{\"n\":1}")), "round %d", round);
        st_buf_init(&body, 256);
        st_pack_span(&body, ST_SPAN("{\"do\":\"x\"}"));
        tell(&r, FAM_MSG_REQUEST, 6, &body, -1);
        hear(&r, &msg);
        u = st_unpack(msg.body);
        ok = st_unpack_u8(&u) != 0;
        T_CHECK(msg.type == FAM_MSG_REPLY && msg.id == 6 && ok == (round == 1), "reply, round %d", round);
        if (round == 0) {
            T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
            send_u64(&r, FAM_MSG_COMMIT, 1);
        }
    }
    close_rig(&r);
}

static void fired(void *ctx)
{
    ++*(int *)ctx;
}

T_TEST(started_is_said_once_and_keys_come_after_it)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;
    struct ipc_msg msg;
    char text[4096];
    struct rig r;

    open_rig(&r);
    for (int round = 0; round < 4; round++) {
        st_buf_init(&body, 256);
        st_pack_span(&body, ST_SPAN("new"));
        if (round != 1) /* malformed: the key before is missing */
            st_pack_span(&body, ST_SPAN("old"));
        tell(&r, FAM_MSG_TICKETS, 0, &body, -1);
        T_CHECK(r.seen.tickets == (round < 2 ? 0u : (unsigned)round - 1), "round %d: %u", round, r.seen.tickets);
        if (round != 1)
            continue;
        T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text) && r.started == 0, "not yet");
        send_u64(&r, FAM_MSG_COMMIT, 1);
        T_CHECK(prepare(&r, make_set("one", GOOD), 2, -1, text, sizeof text) && r.started == 1, "%u", r.started);
        send_u64(&r, FAM_MSG_COMMIT, 2);
    }
    T_CHECK(ipc_recv(r.sup, scratch, &msg, &err) == ST_AGAIN, "once, and for the first generation only");
    close_rig(&r);
    open_rig(&r);
    r.seen.cannot_start = true;
    t_expect_log(ST_EV_PROCESS_DIED);
    T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
    send_u64(&r, FAM_MSG_COMMIT, 1);
    T_CHECK(ipc_recv(r.sup, scratch, &msg, &err) != ST_OK, "never by a role that cannot");
    close_rig(&r);
}

T_TEST(the_clock_turns_only_where_it_may)
{
    static const char *const sets[] = { CALM, GOOD };

    for (size_t i = 0; i < 2; i++) {
        struct st_err err = ST_ERR_INIT;
        int count = 0;
        struct st_timer timer = { .fn = fired, .ctx = &count };
        char text[4096];
        struct rig r;

        open_rig(&r);
        T_CHECK(prepare(&r, make_set("clock", sets[i]), 1, -1, text, sizeof text), "%s", text);
        send_u64(&r, FAM_MSG_COMMIT, 1);
        T_OK(st_timer_arm(fam_timers(r.child), &timer, 3600000, &err), err);
        send_u64(&r, FAM_MSG_CLOCK, 3599000);
        T_CHECK(count == 0, "too early");
        send_u64(&r, FAM_MSG_CLOCK, 2000);
        T_CHECK(count == (int)i, "fired %d times", count);
        st_timer_disarm(fam_timers(r.child), &timer);
        close_rig(&r);
    }
}

static void start(struct rig *r)
{
    char text[4096];

    open_rig(r);
    T_CHECK(prepare(r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
    send_u64(r, FAM_MSG_COMMIT, 1);
}

T_TEST(a_drain_ends_when_the_role_says_so_or_late)
{
    struct rig r;

    start(&r);
    send_u64(&r, FAM_MSG_DRAIN, 5000);
    T_CHECK(r.seen.drains == 1 && r.seen.within_ms == 5000 && r.child->state == CHILD_DRAINING, "draining");
    send_u64(&r, FAM_MSG_DRAIN, 1);
    T_CHECK(r.seen.drains == 1, "once");
    fam_done(r.child);
    T_CHECK(fam_child_loop(r.child) == 0, "ends");
    close_rig(&r);

    start(&r);
    send_u64(&r, FAM_MSG_DRAIN, 5000);
    st_clock_turn(5000 + DRAIN_GRACE_MS + 1);
    T_CHECK(fam_child_loop(r.child) == 0, "a role that never finishes is ended");
    close_rig(&r);

    open_rig(&r);
    send_u64(&r, FAM_MSG_DRAIN, 5000);
    T_CHECK(r.seen.drains == 0 && fam_child_loop(r.child) == 0, "nothing was started: ends at once");
    close_rig(&r);
}

T_TEST(without_a_supervisor_it_drains)
{
    struct rig r;

    start(&r);
    close(r.sup);
    r.sup = -1;
    turn(&r);
    T_CHECK(r.seen.drains == 1 && r.seen.within_ms == ORPHAN_DRAIN_MS, "drains: %u", r.seen.drains);
    close_rig(&r);
}

T_TEST(a_role_that_cannot_start_ends_with_an_error)
{
    char text[4096];
    struct rig r;

    t_expect_log(ST_EV_PROCESS_DIED);
    open_rig(&r);
    r.seen.cannot_start = true;
    T_CHECK(prepare(&r, make_set("one", GOOD), 1, -1, text, sizeof text), "%s", text);
    send_u64(&r, FAM_MSG_COMMIT, 1);
    T_CHECK(fam_child_loop(r.child) == 1, "exit code");
    close_rig(&r);
}

/* ---- links ----------------------------------------------------------------------------------------------------------
 */

static void count_message(void *ctx, const struct ipc_msg *msg)
{
    (void)msg;
    ++*(int *)ctx;
}

static void note_closed(void *ctx)
{
    *(int *)ctx += 1000;
}

T_TEST(a_link_queues_in_order_up_to_its_ceiling)
{
    struct st_err err = ST_ERR_INIT;
    static uint8_t body[60000];
    struct fam_link *link;
    struct ipc_msg msg;
    uint64_t sent = 0, got = 0;
    struct rig r;
    int fds[2], seen = 0;

    open_rig(&r);
    T_OK(ipc_pair(fds, &err), err);
    link = fam_link_new(r.child, fds[0], 1u << 20, count_message, note_closed, &seen);
    while (fam_link_send(link, FAM_MSG_ITEM, sent, st_span(body, sizeof body), &err) == ST_OK)
        sent++;
    T_CHECK(err.code == ST_E_LIMIT && !fam_link_is_idle(link), "%s", err.what);
    T_CHECK(sent > 17, "socket and queue took %llu", (unsigned long long)sent);
    while (got < sent) {
        while (ipc_recv(fds[1], scratch, &msg, &err) == ST_OK)
            T_CHECK(msg.id == got++ && msg.body.n == sizeof body, "in order");
        turn(&r);
    }
    T_CHECK(fam_link_is_idle(link), "idle again");
    T_CHECK(fam_link_send(link, FAM_MSG_ITEM, 0, st_span(body, IPC_MAX + 1), &err) == ST_ERR, "never too long a one");
    fam_link_free(link);
    close(fds[1]);
    close_rig(&r);
}

T_TEST(what_the_dead_left_is_read_before_its_end)
{
    struct st_err err = ST_ERR_INIT;
    struct fam_link *link;
    struct rig r;
    int fds[2], seen = 0;

    open_rig(&r);
    T_OK(ipc_pair(fds, &err), err);
    for (int i = 0; i < 200; i++)
        T_OK(ipc_send(fds[1], FAM_MSG_RECORD, 1, ST_SPAN("x"), -1, &err), err);
    link = fam_link_new(r.child, fds[0], 65536, count_message, note_closed, &seen);
    close(fds[1]);
    fam_link_pause(link, true);
    turn(&r);
    T_CHECK(seen == 0 && !fam_link_is_closed(link), "paused");
    T_CHECK(fam_link_send(link, FAM_MSG_RECORDED, 1, ST_SPAN_NONE, &err) == ST_ERR, "nobody to answer to");
    fam_link_pause(link, false);
    turn(&r);
    turn(&r);
    T_CHECK(seen == 1200, "%d", seen);
    T_CHECK(fam_link_is_closed(link), "closed");
    T_CHECK(fam_link_send(link, FAM_MSG_RECORDED, 1, ST_SPAN_NONE, &err) == ST_ERR && err.code == ST_E_CLOSED,
            "closed");
    fam_link_free(link);
    close_rig(&r);
}

T_TEST(random_messages_do_no_harm)
{
    struct st_err err = ST_ERR_INIT;
    struct ipc_msg msg;
    uint8_t body[64];
    struct rig r;

    start(&r);
    for (int i = 0; i < 5000 && r.child->state == CHILD_STARTED; i++) {
        uint16_t type = (uint16_t)t_below(FAM_MSG_ITEM + 3);
        size_t n = t_below(sizeof body);

        if (type == FAM_MSG_CLOCK || type == FAM_MSG_DRAIN)
            continue;
        for (size_t k = 0; k < n; k++)
            body[k] = (uint8_t)t_rand();
        T_OK(ipc_send(r.sup, type, t_rand(), st_span(body, n), -1, &err), err);
        turn(&r);
        while (ipc_recv(r.sup, scratch, &msg, &err) == ST_OK)
            ;
    }
    T_CHECK(r.child->state == CHILD_STARTED && fam_generation(r.child)->number == 1, "as before");
    close_rig(&r);
}
