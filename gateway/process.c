/* SPDX-License-Identifier: Apache-2.0 */
/* process - the run-time that every process of the family shares.
 *
 * A child reads its channel and turns messages into calls of its role's fam_ops. Generations come in two steps: PREPARE
 * loads one beside the one in force and answers with every mistake it found, COMMIT puts it in force; the first COMMIT
 * starts the role. Time is st_clock: before the loop sleeps it asks the timer heap when to wake, so a turned clock
 * fires what has become due. When the supervisor is gone a child finishes what it can within a moment and ends. When
 * you add a message of the supervisor, add a handler to the table below.
 */
#include "gateway/process.h"
#include "base/diag.h"
#include "base/log.h"
#include "gateway/sandbox.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CHILD_MAGIC      0x6368696cu
#define CHILD_TIMERS     (1u << 20)
#define CHANNEL_QUEUE    (4u << 20)
#define DIAG_TEXT_MAX    (100u << 10)
#define ORPHAN_DRAIN_MS  2000
#define DRAIN_GRACE_MS   1000 /* after the time it was given, a child ends whatever it does */
#define LONGEST_SLEEP_MS 3600000u

struct fam_child {
    unsigned magic;
    const struct fam_ops *ops;
    void *self;
    unsigned number;
    struct event_base *base;
    struct event *wake;
    struct st_timers *timers;
    struct st_timer overdue; /* the drain's last word */
    struct fam_link *channel;
    int journal, kept;
    struct generation *current, *prepared;
    enum { CHILD_WAITING, CHILD_STARTED, CHILD_DRAINING, CHILD_DONE } state;
    int exit_code;
    uint8_t *scratch;
};

const char *fam_role_name(enum fam_role role)
{
    static const char *const names[] = {
#define X(id, name) name,
        FAM_ROLES(X)
#undef X
    };

    return (size_t)role < ST_LEN(names) ? names[role] : "unknown";
}

struct event_base *fam_base(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->base;
}

struct st_timers *fam_timers(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->timers;
}

struct generation *fam_generation(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->current;
}

unsigned fam_number(const struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->number;
}

int fam_journal(const struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->journal;
}

int fam_kept(const struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->kept;
}

uint8_t *fam_scratch(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    return child->scratch;
}

void fam_done(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    child->state = CHILD_DONE;
    event_base_loopbreak(child->base);
}

static void on_overdue(void *ctx)
{
    fam_done(ctx);
}

static void begin_drain(struct fam_child *child, uint64_t within_ms)
{
    struct st_err err = ST_ERR_INIT;

    if (child->state == CHILD_DRAINING || child->state == CHILD_DONE)
        return;
    if (child->state == CHILD_WAITING || child->ops->drain == NULL) {
        fam_done(child);
        return;
    }
    child->state = CHILD_DRAINING;
    if (st_timer_arm(child->timers, &child->overdue, within_ms + DRAIN_GRACE_MS, &err) != ST_OK) {
        fam_done(child);
        return;
    }
    child->ops->drain(child->self, within_ms);
}

static void end_badly(struct fam_child *child, const struct st_err *err)
{
    ST_LOG(PROCESS_DIED, ST_LIT("why", "start"), ST_ERRF(err));
    child->exit_code = 1;
    fam_done(child);
}

static void answer(struct fam_child *child, enum fam_message type, uint64_t id, const struct st_buf *body)
{
    struct st_err err = ST_ERR_INIT;

    if (fam_link_send(child->channel, type, id, body != NULL ? st_buf_view(body) : ST_SPAN_NONE, &err) == ST_ERR &&
        err.code != ST_E_CLOSED)
        end_badly(child, &err); /* the supervisor would wait for ever */
}

/* ---- generations ------------------------------------------------------------------------------------------------ */

/* At least one line, so that a failure without a diagnostic is told too. */
static char *diag_text(const struct st_diag *diag, const struct st_err *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&text, &n);

    if (file == NULL)
        return NULL;
    if (diag != NULL)
        st_diag_print(diag, file);
    if (diag == NULL || st_diag_count(diag) == 0)
        fprintf(file, "%s: %s (%lld)\n", err->where, err->what, (long long)err->num);
    fclose(file);
    return text;
}

static enum st_rc load_generation(struct fam_child *child, const char *path, uint64_t number, struct st_diag *diag,
                                  struct st_err *err)
{
    switch (child->ops->role) {
    case FAM_KEYHOLDER:
    case FAM_RECORDER:
    case FAM_EXTRACTOR: return generation_load_config(path, number, &child->prepared, diag, err);
    case FAM_SUPERVISOR:
    case FAM_WORKER:
    case FAM_CURATOR: break;
    }
    return generation_load(path, number, &child->prepared, diag, err);
}

static void drop_prepared(struct fam_child *child)
{
    generation_release(child->prepared);
    child->prepared = NULL;
}

/* Loads the set and lets the role look at it; owns key_fd. */
static enum st_rc load_and_look(struct fam_child *child, const char *path, uint64_t number, int key_fd,
                                struct st_diag *diag, struct st_err *err)
{
    struct st_diag *found = st_diag_new();
    enum st_rc rc = load_generation(child, path, number, diag, err);

    if (rc == ST_OK && child->ops->prepare != NULL) {
        rc = child->ops->prepare(child->self, child->prepared, key_fd, found, err);
        key_fd = -1; /* prepare owns it */
        if (found != NULL && diag != NULL)
            generation_diag_move(path, found, diag);
    }
    if (key_fd >= 0)
        close(key_fd);
    st_diag_free(found);
    return rc;
}

static void on_prepare(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    struct st_err err = ST_ERR_INIT;
    struct st_diag *diag = st_diag_new();
    struct st_buf body;
    char dir[4096], path[4096 + 16], *text = NULL;
    enum st_rc rc;

    st_unpack_str(u, dir, sizeof dir);
    drop_prepared(child);
    snprintf(path, sizeof path, "%s/stoa.yaml", dir);
    if (st_unpack_done(u)) {
        rc = load_and_look(child, path, msg->id, msg->fd, diag, &err);
    } else {
        rc = st_fail(&err, ST_E_PROTO, "process.prepare", "malformed message", 0);
        if (msg->fd >= 0)
            close(msg->fd);
    }
    st_buf_init(&body, IPC_MAX);
    st_pack_u8(&body, rc == ST_OK);
    if (rc != ST_OK) {
        drop_prepared(child);
        text = diag_text(diag, &err);
    }
    st_pack_span(&body, st_span_sub(st_span_str(text), 0, DIAG_TEXT_MAX));
    answer(child, FAM_MSG_PREPARED, msg->id, &body);
    st_buf_fini(&body);
    free(text);
    st_diag_free(diag);
}

static void on_commit(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    struct st_err err = ST_ERR_INIT;
    struct generation *old = child->current;
    uint64_t number = st_unpack_u64(u);

    (void)msg;
    if (!st_unpack_done(u) || child->prepared == NULL || child->prepared->number != number)
        return;
    child->current = child->prepared;
    child->prepared = NULL;
    if (child->state == CHILD_WAITING) {
        child->state = CHILD_STARTED;
        if (child->ops->start(child->self, child, &err) != ST_OK)
            end_badly(child, &err);
        else
            answer(child, FAM_MSG_STARTED, 0, NULL);
    } else if (child->ops->generation != NULL) {
        child->ops->generation(child->self, child->current);
    }
    generation_release(old);
}

static void on_abort(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    (void)msg, (void)u;
    drop_prepared(child);
}

/* ---- the other messages ------------------------------------------------------------------------------------------ */

static void on_listener(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    char address[128];

    st_unpack_str(u, address, sizeof address);
    if (msg->fd < 0)
        return;
    if (st_unpack_done(u) && child->ops->listener != NULL && child->state == CHILD_STARTED)
        child->ops->listener(child->self, msg->fd, address);
    else
        close(msg->fd);
}

static void on_peer(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    uint8_t role = st_unpack_u8(u);
    unsigned number = st_unpack_u32(u);

    if (msg->fd < 0)
        return;
    if (st_unpack_done(u) && child->ops->peer != NULL && child->state != CHILD_WAITING)
        child->ops->peer(child->self, (enum fam_role)role, number, msg->fd);
    else
        close(msg->fd);
}

static void on_drain(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    uint64_t within_ms = st_unpack_u64(u);

    (void)msg;
    if (st_unpack_done(u))
        begin_drain(child, within_ms);
}

static void on_tickets(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    struct st_span key = st_unpack_span(u), before = st_unpack_span(u);

    (void)msg;
    if (st_unpack_done(u) && child->ops->tickets != NULL && child->state != CHILD_WAITING)
        child->ops->tickets(child->self, key, before);
}

static void on_notices(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    unsigned use = st_unpack_u8(u);

    if (msg->fd < 0)
        return;
    if (st_unpack_done(u) && child->ops->notices != NULL && child->state != CHILD_WAITING)
        child->ops->notices(child->self, use, msg->fd);
    else
        close(msg->fd);
}

static void on_clock(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    uint64_t ms = st_unpack_u64(u);

    (void)msg;
    if (st_unpack_done(u) && child->current != NULL && child->current->config->test_clock)
        st_clock_turn(ms);
}

static void on_status(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    struct st_buf json, body;

    (void)u;
    st_buf_init(&json, IPC_MAX / 2);
    st_buf_init(&body, IPC_MAX);
    if (child->ops->status != NULL && child->state != CHILD_WAITING)
        child->ops->status(child->self, &json);
    if (json.n == 0 || json.failed != ST_E_NONE) {
        st_buf_reset(&json);
        st_buf_str(&json, "{}");
    }
    st_pack_span(&body, st_buf_view(&json));
    answer(child, FAM_MSG_STATUS_IS, msg->id, &body);
    st_buf_fini(&json);
    st_buf_fini(&body);
}

static void on_request(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u)
{
    struct st_span json = st_unpack_span(u);
    struct st_buf reply, body;
    bool is_ok = false;

    st_buf_init(&reply, IPC_MAX - 64);
    st_buf_init(&body, IPC_MAX);
    if (st_unpack_done(u) && child->ops->request != NULL && child->state == CHILD_STARTED)
        is_ok = child->ops->request(child->self, json, &reply);
    if (reply.n == 0 || reply.failed != ST_E_NONE) {
        is_ok = false;
        st_buf_reset(&reply);
        st_buf_str(&reply, "{\"ok\":false,\"error\":\"the process cannot answer this\"}");
    }
    st_pack_u8(&body, is_ok);
    st_pack_span(&body, st_buf_view(&reply));
    answer(child, FAM_MSG_REPLY, msg->id, &body);
    st_buf_fini(&reply);
    st_buf_fini(&body);
}

typedef void handler_f(struct fam_child *child, const struct ipc_msg *msg, struct st_unpack *u);
static const struct handler {
    handler_f *fn;
    bool takes_fd;
} handlers[] = {
    [FAM_MSG_PREPARE] = { on_prepare, true },  [FAM_MSG_COMMIT] = { on_commit, false },
    [FAM_MSG_ABORT] = { on_abort, false },     [FAM_MSG_LISTENER] = { on_listener, true },
    [FAM_MSG_PEER] = { on_peer, true },        [FAM_MSG_DRAIN] = { on_drain, false },
    [FAM_MSG_CLOCK] = { on_clock, false },     [FAM_MSG_STATUS] = { on_status, false },
    [FAM_MSG_REQUEST] = { on_request, false }, [FAM_MSG_TICKETS] = { on_tickets, false },
    [FAM_MSG_NOTICES] = { on_notices, true },
};

static void on_channel(void *ctx, const struct ipc_msg *msg)
{
    struct fam_child *child = ctx;
    struct st_unpack u = st_unpack(msg->body);
    const struct handler *handler = msg->type < ST_LEN(handlers) ? &handlers[msg->type] : &handlers[FAM_NONE];

    ST_CHECK(child, CHILD_MAGIC);
    if (msg->fd >= 0 && !handler->takes_fd)
        close(msg->fd);
    if (handler->fn != NULL)
        handler->fn(child, msg, &u);
}

static void on_channel_closed(void *ctx)
{
    struct fam_child *child = ctx;

    ST_CHECK(child, CHILD_MAGIC);
    begin_drain(child, ORPHAN_DRAIN_MS);
}

/* ---- birth, loop, death --------------------------------------------------------------------------------------------
 */

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what, (void)ctx; /* the loop fires the timers */
}

struct fam_child *fam_child_new(const struct fam_ops *ops, void *self, unsigned number, int channel)
{
    struct fam_child *child = calloc(1, sizeof *child);

    if (child == NULL)
        goto fail;
    *child = (struct fam_child){
        .magic = CHILD_MAGIC, .ops = ops, .self = self, .number = number, .journal = -1, .kept = -1
    };
    child->overdue = (struct st_timer){ .fn = on_overdue, .ctx = child };
    if ((child->scratch = malloc(IPC_SCRATCH)) == NULL || (child->base = event_base_new()) == NULL ||
        (child->timers = st_timers_new(CHILD_TIMERS)) == NULL ||
        (child->wake = event_new(child->base, -1, 0, on_wake, child)) == NULL)
        goto fail;
    if (channel < 0)
        return child;
    child->channel = fam_link_new(child, channel, CHANNEL_QUEUE, on_channel, on_channel_closed, child);
    channel = -1; /* owned by the link, or closed */
    if (child->channel == NULL)
        goto fail;
    fam_link_take_fds(child->channel);
    return child;
fail:
    if (channel >= 0)
        close(channel);
    fam_child_free(child);
    return NULL;
}

void fam_child_free(struct fam_child *child)
{
    if (child == NULL)
        return;
    ST_CHECK(child, CHILD_MAGIC);
    fam_link_free(child->channel);
    drop_prepared(child);
    generation_release(child->current);
    st_timers_free(child->timers);
    if (child->wake != NULL)
        event_free(child->wake);
    if (child->base != NULL)
        event_base_free(child->base);
    free(child->scratch);
    child->magic = 0;
    free(child);
}

int fam_child_loop(struct fam_child *child)
{
    ST_CHECK(child, CHILD_MAGIC);
    while (child->state != CHILD_DONE) {
        uint64_t ms = st_timers_next(child->timers);
        struct timeval tv;

        if (ms > LONGEST_SLEEP_MS)
            ms = LONGEST_SLEEP_MS;
        tv = (struct timeval){ .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
        if (event_add(child->wake, &tv) != 0 || event_base_loop(child->base, EVLOOP_ONCE) < 0)
            return 1;
        st_timers_fire(child->timers);
    }
    return child->exit_code;
}

/* A terminal's Ctrl-C and a service manager's SIGTERM reach the whole group; only the supervisor acts on them. */
static void ignore_signals(void)
{
    /* SIGXFSZ: a file at its limit is an error of the write, as a full disk is, and no reason to die. */
    const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ };
    struct sigaction sa = { .sa_handler = SIG_IGN };

    for (size_t i = 0; i < ST_LEN(numbers); i++)
        sigaction(numbers[i], &sa, NULL);
}

int fam_child_main(const struct fam_ops *ops, void *self, unsigned number)
{
    static struct fam_child *child; /* never freed: the role's own objects use its base until the process ends */
    struct st_err err = ST_ERR_INIT;
    char name[16];
    int code;

    st_log_process(fam_role_name(ops->role), (int)number);
    snprintf(name, sizeof name, "stoad-%.9s", fam_role_name(ops->role));
    prctl(PR_SET_NAME, name, 0, 0, 0);
    ignore_signals();
    if (sandbox_enter(ops->role, &err) != ST_OK) {
        ST_LOG(PROCESS_DIED, ST_LIT("why", "sandbox"), ST_ERRF(&err));
        return 1;
    }
    if ((child = fam_child_new(ops, self, number, FAM_CHANNEL)) == NULL) {
        ST_LOG(OOM, ST_NUM("number", number));
        return 1;
    }
    if (fcntl(FAM_JOURNAL, F_GETFD) >= 0)
        child->journal = FAM_JOURNAL;
    if (ops->role == FAM_CURATOR && fcntl(FAM_KEPT, F_GETFD) >= 0)
        child->kept = FAM_KEPT;
    code = fam_child_loop(child);
    /* Answers that the channel did not take yet are given up: the supervisor knows by our exit. */
    generation_release(child->prepared);
    child->prepared = NULL;
    return code;
}
