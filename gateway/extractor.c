/* SPDX-License-Identifier: Apache-2.0 */
/* extractor - starts stoa-extract for the documents that workers hand over, one process for each file.
 *
 * It sees no byte of a file: a worker's descriptor goes to the helper as its input, and what the helper wrote to a
 * descriptor of its own goes back. At most limit.extractors are at work, the others wait in the order in which they
 * came; each has limit.extract from its arrival on, after which it is killed with whatever it started. A worker that
 * dies or loses interest takes its files with it.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/process.h"
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX 256
#define QUEUE_BYTES (1u << 20)
#define JOBS_MAX    1024u /* of all workers */

struct extractor;
struct ext_peer {
    struct extractor *ex;
    unsigned number;
    struct fam_link *link;
};

struct job { /* one file */
    struct job *next;
    struct extractor *ex;
    struct ext_peer *peer;
    uint64_t id;
    int file, made, pid; /* pid 0: waits for its turn */
    struct st_timer deadline;
};

struct extractor {
    struct fam_child *child;
    struct event *reaper;
    struct ext_peer peers[WORKERS_MAX];
    struct job *jobs; /* in the order of their coming */
    size_t n_jobs, n_running;
    uint64_t opened, late, refused;
};

static const struct pol_config *config_of(const struct extractor *ex)
{
    return fam_generation(ex->child)->config;
}

static void answer(struct ext_peer *peer, uint64_t id, enum flt_reason why, int made)
{
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    st_buf_init(&body, 16);
    st_pack_u8(&body, (uint8_t)why);
    if (peer->link != NULL &&
        fam_link_pass(peer->link, FAM_MSG_EXTRACTED, id, st_buf_view(&body), made, &err) == ST_ERR)
        fam_link_pause(peer->link, true); /* it does not read, or is gone: it asks no more over this channel */
    st_buf_fini(&body);
}

/* Takes it out, ends its helper, and frees it. */
static void job_free(struct job *job)
{
    struct extractor *ex = job->ex;
    struct job **at = &ex->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    ex->n_jobs--;
    st_timer_disarm(fam_timers(ex->child), &job->deadline);
    if (job->pid > 0) {
        (void)flt_extract_end(job->pid);
        ex->n_running--;
    }
    close(job->file);
    if (job->made >= 0)
        close(job->made);
    free(job);
}

static void start_waiting(struct extractor *ex);

/* The end of a job that its worker still waits for. */
static void job_done(struct job *job, enum flt_reason why)
{
    struct extractor *ex = job->ex;

    answer(job->peer, job->id, why, job->made);
    job_free(job);
    start_waiting(ex);
}

static void on_deadline(void *ctx)
{
    struct job *job = ctx;

    job->ex->late++;
    job_done(job, FLT_REASON_LATE);
}

static enum st_rc job_start(struct job *job, struct st_err *err)
{
    const struct pol_config *config = config_of(job->ex);
    const struct flt_extract_limits limits = { .text = (size_t)config->limit.extract_text,
                                               .depth = (unsigned)config->limit.extract_depth,
                                               .pictures = config->pictures };

    job->made = memfd_create("made", MFD_CLOEXEC);
    if (job->made < 0)
        return st_fail(err, ST_E_IO, "extractor.start", "no memory file", errno);
    return flt_extract_start(job->file, job->made, &limits, &job->pid, err);
}

static void start_waiting(struct extractor *ex)
{
    struct st_err err = ST_ERR_INIT;
    struct job *job = ex->jobs, *next;

    for (; job != NULL && ex->n_running < (size_t)config_of(ex)->limit.extractors; job = next) {
        next = job->next;
        if (job->pid > 0)
            continue;
        if (job_start(job, &err) == ST_OK) {
            ex->n_running++;
            ex->opened++;
            continue;
        }
        ST_LOG(EXTRACT_FAILED, ST_ERRF(&err));
        job->pid = 0;
        answer(job->peer, job->id, FLT_REASON_FAILED, -1);
        job_free(job);
    }
}

static void on_reaped(struct job *job, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    kill(-job->pid, SIGKILL); /* whatever it has left behind */
    job->pid = 0;
    job->ex->n_running--;
    if (code == FLT_EXTRACT_NONE)
        ST_LOG(EXTRACT_FAILED, ST_LIT("why", "stoa-extract is not beside stoad; install Stoa again"));
    job_done(job, code == FLT_EXTRACT_NONE ? FLT_REASON_UNOPENED : FLT_REASON_NONE);
}

static void on_child(evutil_socket_t number, short what, void *ctx)
{
    struct extractor *ex = ctx;
    struct job *job = ex->jobs, *next;
    int status;

    (void)number, (void)what;
    for (; job != NULL; job = next) {
        next = job->next;
        if (job->pid > 0 && waitpid(job->pid, &status, WNOHANG) == job->pid)
            on_reaped(job, status);
    }
}

/* ---- workers ------------------------------------------------------------------------------------------------------
 */

static struct job *job_new(struct ext_peer *peer, const struct ipc_msg *msg)
{
    struct extractor *ex = peer->ex;
    struct job *job = ex->n_jobs < JOBS_MAX ? calloc(1, sizeof *job) : NULL, **at = &ex->jobs;
    struct st_err err = ST_ERR_INIT;

    if (job == NULL)
        return NULL;
    *job = (struct job){ .ex = ex, .peer = peer, .id = msg->id, .file = msg->fd, .made = -1 };
    job->deadline = (struct st_timer){ .fn = on_deadline, .ctx = job };
    if (st_timer_arm(fam_timers(ex->child), &job->deadline, (uint64_t)config_of(ex)->limit.extract_ms, &err) != ST_OK) {
        free(job);
        return NULL;
    }
    while (*at != NULL)
        at = &(*at)->next;
    *at = job;
    ex->n_jobs++;
    return job;
}

static void drop_jobs(struct ext_peer *peer, uint64_t id, bool all)
{
    for (struct job *job = peer->ex->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->peer == peer && (all || job->id == id))
            job_free(job);
    }
    start_waiting(peer->ex);
}

static void on_message(void *ctx, const struct ipc_msg *msg)
{
    struct ext_peer *peer = ctx;

    if (msg->type == FAM_MSG_EXTRACT && msg->fd >= 0) {
        if (job_new(peer, msg) != NULL) {
            start_waiting(peer->ex);
            return;
        }
        peer->ex->refused++;
        answer(peer, msg->id, FLT_REASON_LATE, -1); /* its turn would never come */
    } else if (msg->type == FAM_MSG_EXTRACT_END) {
        drop_jobs(peer, msg->id, false);
    }
    if (msg->fd >= 0)
        close(msg->fd);
}

static void on_closed(void *ctx)
{
    drop_jobs(ctx, 0, true);
}

static void peer(void *self, enum fam_role role, unsigned number, int fd)
{
    struct extractor *ex = self;
    struct ext_peer *p = number < WORKERS_MAX ? &ex->peers[number] : NULL;

    if (role != FAM_WORKER || p == NULL) {
        close(fd);
        return;
    }
    if (p->link != NULL)
        drop_jobs(p, 0, true);
    fam_link_free(p->link);
    *p = (struct ext_peer){ .ex = ex, .number = number };
    p->link = fam_link_new(ex->child, fd, QUEUE_BYTES, on_message, on_closed, p);
    if (p->link != NULL)
        fam_link_take_fds(p->link);
}

/* ---- the role -----------------------------------------------------------------------------------------------------
 */

static enum st_rc start(void *self, struct fam_child *child, struct st_err *err)
{
    struct extractor *ex = self;

    ex->child = child;
    if ((ex->reaper = evsignal_new(fam_base(child), SIGCHLD, on_child, ex)) == NULL || event_add(ex->reaper, NULL) != 0)
        return st_fail(err, ST_E_NOMEM, "extractor.start", "signal", 0);
    return ST_OK;
}

static void generation(void *self, struct generation *gen)
{
    (void)gen;
    start_waiting(self); /* there may be more of them now */
}

static void drain(void *self, uint64_t within_ms)
{
    (void)within_ms; /* workers have ended: nobody waits for an answer */
    fam_done(((struct extractor *)self)->child);
}

static void status(void *self, struct st_buf *json)
{
    struct extractor *ex = self;
    struct st_json w;

    st_json_init(&w, json);
    st_json_object(&w, NULL);
    st_json_int(&w, "opened", (int64_t)ex->opened);
    st_json_int(&w, "running", (int64_t)ex->n_running);
    st_json_int(&w, "waiting", (int64_t)(ex->n_jobs - ex->n_running));
    st_json_int(&w, "late", (int64_t)ex->late);
    st_json_int(&w, "refused", (int64_t)ex->refused);
    st_json_end(&w);
}

static void extractor_fini(struct extractor *ex)
{
    while (ex->jobs != NULL)
        job_free(ex->jobs);
    for (size_t i = 0; i < WORKERS_MAX; i++)
        fam_link_free(ex->peers[i].link);
    if (ex->reaper != NULL)
        event_free(ex->reaper);
}

int fam_extractor_main(unsigned number)
{
    static struct extractor ex;
    static const struct fam_ops ops = {
        .role = FAM_EXTRACTOR, .start = start, .generation = generation, .peer = peer, .drain = drain, .status = status
    };
    int code = fam_child_main(&ops, &ex, number);

    extractor_fini(&ex);
    return code;
}
