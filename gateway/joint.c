/* SPDX-License-Identifier: Apache-2.0 */
/* joint - two sockets joined inside the kernel with splice(2).
 *
 * splice(2) wants a pipe between two sockets. A flow (one direction) holds one only while bytes are in it, so that a
 * connection that is idle costs no descriptor of its own, and a pipe's size is all that a slow reader can pile up:
 * while it is not empty, nothing more is read. Without a descriptor for a pipe the flow copies, one bounded piece at a
 * time. An end is handed on as an end: half-closed connections are legal. What one side had sent before the other
 * broke is not waited for, but what is there is delivered. Its owner lets go of it from within on_event, so joint_free
 * takes the events away and leaves the memory to `later`.
 */
#include "gateway/joint.h"
#include "gateway/later.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOINT_MAGIC 0x6a6f696eu
#define PIPES_IDLE  64
#define PIECE       65536u
#define ROUNDS      8 /* of a flow per wake-up: one busy connection does not starve the others */

struct joint_pipes {
    int fds[PIPES_IDLE][2];
    size_t n;
};

enum flow_state {
    FLOW_OPEN,
    FLOW_ENDED, /* its source says no more; what is held is still due */
    FLOW_DONE,  /* and the end was handed on */
};

struct flow {
    struct joint *joint;
    enum flow_state state;
    int from, to;
    struct event *readable, *writable; /* of from; of to */
    bool is_reading, is_writing;       /* events registered */
    int pipe[2];                       /* -1: none */
    size_t held;                       /* in the pipe, or in kept */
    uint8_t *kept;                     /* owned; without a pipe */
    size_t kept_from;
};

enum joint_state {
    JOINT_MOVES,
    JOINT_BROKEN, /* one side is gone; what was there of the other's was delivered */
};

struct joint {
    unsigned magic;
    enum joint_state state; /* written by joint_enter only */
    struct joint_pipes *pipes;
    struct link_loop *loop;
    struct link_owner owner;
    struct flow flows[2];
    uint64_t bytes;
    struct later_item gone;
};

/* ---- pipes ------------------------------------------------------------------------------------------------------ */

struct joint_pipes *joint_pipes_new(void)
{
    return calloc(1, sizeof(struct joint_pipes));
}

void joint_pipes_free(struct joint_pipes *pipes)
{
    for (size_t i = 0; pipes != NULL && i < pipes->n; i++) {
        close(pipes->fds[i][0]);
        close(pipes->fds[i][1]);
    }
    free(pipes);
}

static bool take_pipe(struct flow *flow)
{
    struct joint_pipes *pipes = flow->joint->pipes;

    if (flow->pipe[0] >= 0)
        return true;
    if (pipes->n > 0) {
        memcpy(flow->pipe, pipes->fds[--pipes->n], sizeof flow->pipe);
        return true;
    }
    if (pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC) == 0)
        return true;
    flow->pipe[0] = flow->pipe[1] = -1;
    return false;
}

static void give_pipe_back(struct flow *flow)
{
    struct joint_pipes *pipes = flow->joint->pipes;

    if (flow->pipe[0] < 0)
        return;
    if (flow->held == 0 && pipes->n < PIPES_IDLE) {
        memcpy(pipes->fds[pipes->n++], flow->pipe, sizeof flow->pipe);
    } else {
        close(flow->pipe[0]);
        close(flow->pipe[1]);
    }
    flow->pipe[0] = flow->pipe[1] = -1;
}

/* ---- one direction ---------------------------------------------------------------------------------------------- */

static ssize_t read_copy(struct flow *flow)
{
    static uint8_t piece[PIECE];
    ssize_t n = read(flow->from, piece, sizeof piece);

    if (n <= 0)
        return n;
    if ((flow->kept = malloc((size_t)n)) == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(flow->kept, piece, (size_t)n);
    flow->kept_from = 0;
    return n;
}

static ssize_t write_copy(struct flow *flow)
{
    ssize_t n = write(flow->to, flow->kept + flow->kept_from, flow->held);

    if (n > 0)
        flow->kept_from += (size_t)n;
    if (n > 0 && (size_t)n == flow->held) {
        free(flow->kept);
        flow->kept = NULL;
    }
    return n;
}

static bool is_later(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* ST_AGAIN: the source has nothing now. */
static enum st_rc fill(struct flow *flow)
{
    ssize_t n = take_pipe(flow)
                    ? splice(flow->from, NULL, flow->pipe[1], NULL, PIECE, SPLICE_F_NONBLOCK | SPLICE_F_MOVE)
                    : read_copy(flow);

    if (is_later(n))
        return ST_AGAIN;
    if (n < 0)
        return ST_ERR;
    flow->held = (size_t)n;
    if (n == 0)
        flow->state = FLOW_ENDED;
    return ST_OK;
}

/* ST_AGAIN: the sink takes nothing now. */
static enum st_rc drain(struct flow *flow)
{
    ssize_t n = flow->kept == NULL
                    ? splice(flow->pipe[0], NULL, flow->to, NULL, flow->held, SPLICE_F_NONBLOCK | SPLICE_F_MOVE)
                    : write_copy(flow);

    if (is_later(n))
        return ST_AGAIN;
    if (n <= 0)
        return ST_ERR;
    flow->held -= (size_t)n;
    flow->joint->bytes += (uint64_t)n;
    return ST_OK;
}

/* As far as it goes, but not for ever. ST_ERR: one side broke. */
static enum st_rc move(struct flow *flow)
{
    enum st_rc rc = ST_OK;

    for (int round = 0; round < ROUNDS && rc == ST_OK && flow->state != FLOW_DONE; round++) {
        if (flow->held == 0 && flow->state == FLOW_OPEN)
            rc = fill(flow);
        if (rc == ST_OK && flow->held > 0)
            rc = drain(flow);
        if (rc == ST_OK && flow->held == 0 && flow->state == FLOW_ENDED) {
            (void)shutdown(flow->to, SHUT_WR);
            flow->state = FLOW_DONE;
        }
    }
    if (flow->held == 0)
        give_pipe_back(flow);
    return rc;
}

static void joint_enter(struct joint *joint, enum joint_state next)
{
    assert(next >= joint->state); /* both sides may break */
    joint->state = next;
}

static void set_event(struct event *event, bool *is_on, bool wants)
{
    if (*is_on == wants)
        return;
    (void)(wants ? event_add(event, NULL) : event_del(event));
    *is_on = wants;
}

static void watch(struct flow *flow)
{
    bool is_alive = flow->joint->state == JOINT_MOVES && flow->state != FLOW_DONE;

    set_event(flow->readable, &flow->is_reading, is_alive && flow->held == 0 && flow->state == FLOW_OPEN);
    set_event(flow->writable, &flow->is_writing, is_alive && flow->held > 0);
}

static struct flow *other(struct flow *flow)
{
    return &flow->joint->flows[flow == &flow->joint->flows[0]];
}

static void step(struct flow *flow)
{
    struct joint *joint = flow->joint;
    enum flow_state before = flow->state;
    uint64_t bytes = joint->bytes;

    if (move(flow) == ST_ERR) {
        (void)move(other(flow)); /* what is there already */
        joint_enter(joint, JOINT_BROKEN);
        watch(other(flow));
    }
    watch(flow);
    if (joint->state == JOINT_BROKEN || joint->bytes != bytes || flow->state != before)
        joint->owner.on_event(joint->owner.ctx);
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
    struct flow *flow = ctx;

    (void)fd;
    (void)what;
    ST_CHECK(flow->joint, JOINT_MAGIC);
    step(flow);
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static bool open_flow(struct joint *joint, size_t i, int from, int to)
{
    struct flow *flow = &joint->flows[i];

    flow->joint = joint;
    flow->from = from;
    flow->to = to;
    flow->readable = event_new(joint->loop->base, from, EV_READ | EV_PERSIST, on_ready, flow);
    flow->writable = event_new(joint->loop->base, to, EV_WRITE | EV_PERSIST, on_ready, flow);
    return flow->readable != NULL && flow->writable != NULL;
}

static void joint_gone(void *ctx)
{
    struct joint *joint = ctx;

    ST_CHECK(joint, JOINT_MAGIC);
    joint->magic = 0;
    free(joint);
}

struct joint *joint_new(struct link_loop *loop, struct joint_pipes *pipes, int a, int b, struct link_owner owner)
{
    struct joint *joint = calloc(1, sizeof *joint);

    if (joint == NULL)
        return NULL;
    joint->magic = JOINT_MAGIC;
    joint->loop = loop;
    joint->pipes = pipes;
    joint->owner = owner;
    joint->gone = (struct later_item){ .fn = joint_gone, .ctx = joint };
    for (size_t i = 0; i < 2; i++)
        joint->flows[i].pipe[0] = joint->flows[i].pipe[1] = -1;
    if (!open_flow(joint, 0, a, b) || !open_flow(joint, 1, b, a)) {
        joint_free(joint);
        return NULL;
    }
    watch(&joint->flows[0]);
    watch(&joint->flows[1]);
    return joint;
}

void joint_free(struct joint *joint)
{
    if (joint == NULL)
        return;
    ST_CHECK(joint, JOINT_MAGIC);
    for (size_t i = 0; i < 2; i++) {
        struct flow *flow = &joint->flows[i];

        if (flow->readable != NULL)
            event_free(flow->readable);
        if (flow->writable != NULL)
            event_free(flow->writable);
        give_pipe_back(flow);
        free(flow->kept);
    }
    later_call(joint->loop->later, &joint->gone);
}

enum st_rc joint_outcome(const struct joint *joint)
{
    ST_CHECK(joint, JOINT_MAGIC);
    if (joint->state == JOINT_BROKEN)
        return ST_ERR;
    return joint->flows[0].state == FLOW_DONE && joint->flows[1].state == FLOW_DONE ? ST_OK : ST_AGAIN;
}

uint64_t joint_bytes(const struct joint *joint)
{
    return joint->bytes;
}
